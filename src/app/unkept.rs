//! What the disk does not take.

/// What cannot be kept on disk, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unkept {
    /// Drafts and alarms: the newest of them are in this program alone.
    pub drafts: Option<String>,
    /// The lines of the audit.
    pub audit: Option<String>,
}

impl Unkept {
    /// What to tell; nothing when everything can be kept.
    pub fn words(&self) -> Option<String> {
        let audit = |why: &String| format!("The audit file cannot be written: {why}");
        match (&self.drafts, &self.audit) {
            (Some(drafts), Some(why)) if drafts == why => {
                Some(format!("Neither drafts nor the audit can be kept on disk: {why}"))
            }
            (Some(drafts), why) => {
                let audit = why.as_ref().map(|why| format!(". {}", audit(why))).unwrap_or_default();
                Some(format!("Drafts cannot be kept on disk: {drafts}{audit}"))
            }
            (None, why) => why.as_ref().map(audit),
        }
    }
}
