//! What findings say, one copy of each text: what is found of one call is found of many, and its value is mostly masked.

use foldhash::fast::RandomState;
use std::{collections::HashSet, sync::Arc};

/// Texts that are kept before those that no finding says any more are looked for.
const FEW: usize = 1_024;

/// The texts. Values stand in them, which strangers choose.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    texts: HashSet<Arc<str>, RandomState>,
    /// How many there were after those that nothing says any more were let go.
    kept: usize,
}

impl Said {
    /// Has the text shared with all findings that say the same.
    pub(super) fn share(&mut self, text: &mut Arc<str>) {
        if let Some(known) = self.texts.get(&**text) {
            *text = Arc::clone(known);
            return;
        }
        if self.texts.len() >= FEW.max(2 * self.kept) {
            self.texts.retain(|text| Arc::strong_count(text) > 1);
            self.kept = self.texts.len();
        }
        self.texts.insert(Arc::clone(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_copy_is_kept_of_each_text_and_none_of_what_nothing_says_any_more() {
        let (mut said, mut texts): (Said, Vec<Arc<str>>) = Default::default();
        for n in 0..10 * FEW {
            let mut text = format!("{}", n % 2_000).into();
            said.share(&mut text);
            texts.push(text);
        }
        assert_eq!(said.texts.len(), 2_000);
        assert!(Arc::ptr_eq(&texts[7], &texts[2_007]));
        texts.clear();
        (0..5_000).for_each(|n| said.share(&mut format!("other {n}").into()));
        assert!(said.texts.len() <= 4_000, "{}", said.texts.len());
    }
}
