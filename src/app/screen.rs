//! The screens.

/// Which screen is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Screen {
    /// Every live conversation.
    #[default]
    Calls,
    /// One conversation.
    Call,
    /// Every change of every call.
    Timeline,
    /// Findings over all calls.
    Diagnose,
    /// A flow's keys against its calls.
    Flow,
    /// Why a key is there, missing or changed.
    Why,
    /// Since when a key is there or missing.
    Since,
}

impl Screen {
    /// What the header calls it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Calls => "Calls",
            Self::Call => "Call",
            Self::Timeline => "Timeline",
            Self::Diagnose => "Diagnose",
            Self::Flow => "Flow",
            Self::Why => "Why",
            Self::Since => "Since",
        }
    }
}
