//! What only shows when the pairs are seen together.

use super::*;

impl Judge<'_> {
    /// What only shows when the pairs are seen together.
    pub(super) fn together(&mut self) {
        use Severity::{Error, Info, Warn};
        let payload = self.payload;
        let mut first: HashMap<&str, &Pair> = HashMap::new();
        let mut folded: HashMap<String, &Pair> = HashMap::new();
        let mut composed: HashMap<String, &Pair> = HashMap::new();
        let flow = matches!(payload.form, PayloadForm::Flow(_));
        for pair in payload.pairs.iter().filter(|pair| pair.was != Was::ComputedKey) {
            if let Some(before) = first.insert(&pair.key, pair) {
                // A flow may set a key on several ways.
                if !flow {
                    let message = format!(
                        "{} occurs twice ({} and {}); most readers keep the last and say nothing",
                        pair.key, before.path, pair.path
                    );
                    self.on("duplicate-key", Error, pair, message, "keep one");
                }
                continue;
            }
            // Composed and decomposed letters look the same and are different bytes.
            if let Some(before) = composed.insert(pair.key.nfc().collect::<String>(), pair) {
                let message = format!(
                    "{} ({}) and {} ({}) look the same and are two attributes: one is written with composed letters (NFC), the other with decomposed ones (NFD)",
                    before.key, before.path, pair.key, pair.path
                );
                self.on(
                    "near-miss",
                    Warn,
                    pair,
                    message,
                    "write the key in one encoding everywhere, best composed (NFC)",
                );
            } else if let Some(before) = folded.insert(pair.key.to_lowercase(), pair) {
                let message = format!(
                    "{} and {} differ only in case and are two attributes: keys are case-sensitive",
                    before.key, pair.key
                );
                self.on("case-mismatch", Warn, pair, message, "spell the key the same way everywhere");
            }
        }
        let capital = payload.pairs.iter().find(|pair| {
            pair.was != Was::ComputedKey
                && pair.key.chars().any(char::is_uppercase)
                && pair.key.contains('_')
                && template(&pair.key).is_none()
        });
        if let Some(pair) = capital
            && !self.findings.iter().any(|finding| finding.rule == "case-mismatch")
        {
            let message =
                format!("keys are case-sensitive: what reads {} does not find {}", pair.key.to_lowercase(), pair.key);
            self.on("case-mismatch", Info, pair, message, "compare with the flow, script or report that reads it");
        }
        let map = !matches!(
            payload.form,
            PayloadForm::Flow(_) | PayloadForm::DataAction | PayloadForm::Conversation | PayloadForm::Prose
        );
        if payload.pairs.is_empty() && payload.beside.is_empty() && map {
            self.add("empty-payload", Warn, "", "there is nothing to set. That this clears the attributes has no source; if a PATCH merges, it does nothing", "'sidetone set --blank KEY' empties a key");
        }
        if first.len() > 50 {
            self.add(
                "too-many",
                Info,
                "",
                format!(
                    "{} keys: bot flows set at most 50; for voice flows and the API no limit is published",
                    first.len()
                ),
                "split it where a bot flow sets it",
            );
        }
    }
}
