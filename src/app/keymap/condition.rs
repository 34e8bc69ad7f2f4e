//! When a binding makes sense; judged in [`crate::app::conditions`].

/// When a binding makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Always.
    Always,
    /// A call is selected.
    HasCall,
    /// Calls are filtered.
    HasFilter,
    /// A filter for calls is being typed.
    FiltersCalls,
    /// A cell of the call is selected.
    HasCell,
    /// The cell has an edit that is not being sent.
    HasDraft,
    /// There is something to review.
    HasDrafts,
    /// Something was sent that can be taken back.
    HasUndo,
    /// The cell has a draft, a failed edit or an armed one.
    HasUnsent,
    /// There is a draft on some call.
    HasAnyDraft,
    /// Values vanished or were reverted beside an edit.
    HasLosses,
    /// A finding is selected.
    HasFinding,
    /// There are findings.
    HasFindings,
    /// Two moments of one call are compared.
    ComparesMoments,
    /// A recording is played.
    IsReplay,
    /// Events come by themselves: they are not played.
    IsLive,
    /// An alert has fired.
    HasFired,
    /// There is a sign-in to renew.
    MaySignIn,
    /// The address of a sign-in is shown.
    HasAddress,
    /// A key of the flow is selected.
    HasFlowKey,
    /// The configuration of the flow is here.
    HasFlow,
    /// The flow is being run.
    HasShow,
    /// The Since screen has a line that can be opened.
    HasSinceLine,
    /// A flow runs on a call whose cells are about to be sent.
    FlowRuns,
    /// Not all attribute columns are in sight.
    HasMoreColumns,
    /// A call is ended, or ended calls are hidden.
    HasEnded,
    /// Changes are filtered.
    HasChangeFilter,
    /// A change is selected.
    HasChange,
    /// The list is one of views.
    PicksView,
}
