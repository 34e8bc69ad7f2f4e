//! What to say of a name that is not a region.

use crate::genesys::{REGIONS, Region};

/// That this is not a region.
pub(super) fn invalid_region(text: &str) -> String {
    format!("{text:?} is not a valid region of the platform")
}

/// The nearest regions, else all of them.
pub(super) fn known_regions(text: &str) -> String {
    let near = Region::nearest(text);
    if near.is_empty() {
        let all: Vec<String> = REGIONS.iter().map(|r| r.dashed()).collect();
        return format!("known are {}, and their domains", all.join(", "));
    }
    let near: Vec<String> = near.iter().map(|r| format!("{} ({})", r.dashed(), r.domain)).collect();
    format!("did you mean {}?", near.join(" or "))
}
