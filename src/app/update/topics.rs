//! Choosing what is watched while the program runs.

use crate::app::{
    Effect, Model,
    popups::Overlay,
    topics::{Listing, Topics},
};

/// `t`: asks what there is.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    model.overlays.push(Overlay::Topics(Topics::waiting()));
    vec![Effect::ListTopics]
}

/// What there is to choose from has come.
pub(super) fn listed(model: &mut Model, listing: Listing) {
    let open = model.overlays.iter_mut().find_map(|o| match o {
        Overlay::Topics(topics) => Some(topics),
        _ => None,
    });
    if let Some(topics) = open {
        topics.listing = Some(listing);
    }
}
