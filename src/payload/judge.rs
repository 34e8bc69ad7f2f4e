//! What is wrong with a payload, for which target, and what to do about it.

use super::{Explained, Form, Pair, Was, claims};
pub use crate::domain::findings::Severity;
use crate::domain::findings::{SYSTEM_PREFIXES, agent_panel_name};
use crate::domain::text::is_hidden;
use crate::domain::typed;
use crate::flow::model::Form as FlowForm;
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;

/// Whom a payload is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The API: the body of PATCH …/participants/{id}/attributes.
    Api,
    /// Architect's Set Participant Data.
    Architect,
    /// A CXone script. Nothing about it is verified.
    Cxone,
    /// The API or Architect, whichever it is right for.
    Any,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// One of [`RULES`] or of the claims.
    pub rule: &'static str,
    /// How grave.
    pub severity: Severity,
    /// JSON pointer into the payload; empty for the whole of it.
    pub path: String,
    /// The key it is about.
    pub key: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

/// A rule of `lint`, for the documentation.
pub struct Rule {
    /// Its stable name.
    pub id: &'static str,
    /// What it finds.
    pub what: &'static str,
    /// How grave at most.
    pub severity: Severity,
}

/// The rules, without those of the claims.
pub const RULES: &[Rule] = &[
    Rule { id: "form", what: "what the payload is and whom it is right for", severity: Severity::Info },
    Rule { id: "not-json", what: "text that does not parse", severity: Severity::Error },
    Rule { id: "wrong-form", what: "a format that the target does not take", severity: Severity::Error },
    Rule { id: "wrapped-payload", what: "a wrapper that nobody takes off", severity: Severity::Error },
    Rule {
        id: "participant-id-in-body",
        what: "participantId in the payload; it belongs in the path",
        severity: Severity::Error,
    },
    Rule { id: "beside-the-map", what: "members beside the attributes, which are lost", severity: Severity::Error },
    Rule { id: "double-encoded", what: "JSON within a JSON string", severity: Severity::Error },
    Rule { id: "not-a-string", what: "a number, boolean, null or nested value", severity: Severity::Error },
    Rule {
        id: "unresolved-template",
        what: "a placeholder in a key or a value, or what one leaves behind",
        severity: Severity::Error,
    },
    Rule { id: "duplicate-key", what: "one key twice", severity: Severity::Error },
    Rule {
        id: "case-mismatch",
        what: "keys that differ only in case, or that depend on their capitals",
        severity: Severity::Warn,
    },
    Rule {
        id: "near-miss",
        what: "spaces around a key, invisible characters in it, two keys that differ only in how their accents are encoded",
        severity: Severity::Warn,
    },
    Rule { id: "empty-key", what: "a key without a name, or with control characters", severity: Severity::Error },
    Rule { id: "dotted-key", what: "a name that scripts cannot read", severity: Severity::Info },
    Rule { id: "key-characters", what: "spaces and signs in keys, which are allowed", severity: Severity::Info },
    Rule {
        id: "agent-panel",
        what: "a key that agents see in their panel (conversationDetails.participantData.…)",
        severity: Severity::Info,
    },
    Rule {
        id: "typed-value",
        what: "a value that is not of the type it declares (number:abc)",
        severity: Severity::Warn,
    },
    Rule { id: "code-value", what: "a value that a program computes", severity: Severity::Info },
    Rule { id: "computed-key", what: "a key that a program or a flow computes", severity: Severity::Info },
    Rule { id: "system-prefix-edited", what: "a key that the platform writes itself", severity: Severity::Warn },
    Rule { id: "blank", what: "an empty value", severity: Severity::Info },
    Rule { id: "empty-payload", what: "nothing to set", severity: Severity::Warn },
    Rule { id: "too-long", what: "values longer than bot flows take", severity: Severity::Info },
    Rule { id: "too-many", what: "more keys than bot flows take", severity: Severity::Info },
    Rule { id: "tutorial-flow-action", what: "the flow format that only tutorials use", severity: Severity::Error },
    Rule { id: "unverified", what: "what no checked source settles", severity: Severity::Info },
];

const BODY: &str = "the body of PATCH /api/v2/conversations/{conversationId}/participants/{participantId}/attributes is {\"attributes\":{\"key\":\"value\"}}";
const ARCHITECT: &str =
    "in Architect, each key and value is a row of Set Participant Data, and there is no JSON to wrap";

/// Judges a payload.
pub fn judge(payload: &Explained, target: Target) -> Vec<Finding> {
    let mut judge = Judge { payload, target, findings: Vec::new() };
    judge.form();
    judge.pairs();
    judge.together();
    judge.around();
    if target == Target::Cxone {
        for finding in &mut judge.findings {
            finding.severity = Severity::Info;
        }
    }
    judge.findings
}

struct Judge<'p> {
    payload: &'p Explained,
    target: Target,
    findings: Vec<Finding>,
}

impl Judge<'_> {
    fn add(
        &mut self,
        rule: &'static str,
        severity: Severity,
        path: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let (message, remedy) = (message.into(), remedy.into());
        self.findings.push(Finding { rule, severity, path: path.to_owned(), key: None, message, remedy });
    }

    fn on(
        &mut self,
        rule: &'static str,
        severity: Severity,
        pair: &Pair,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(rule, severity, &pair.path, message, remedy);
        if let Some(last) = self.findings.last_mut() {
            last.key = Some(pair.key.clone());
        }
    }

    fn form(&mut self) {
        use Severity::{Error, Info};
        let form = &self.payload.form;
        if self.target == Target::Cxone {
            self.add(
                "unverified",
                Info,
                "",
                "CXone is another vendor's platform (its tool is Studio, not Architect): which format its scripts take, whether keys must be literal, and what a data wrapper does was not checked",
                "ask CXone's own documentation; what follows is true of Genesys Cloud",
            );
        }
        match form {
            Form::Flat | Form::PairList | Form::Lines | Form::Csv => self.flat_form(),
            Form::Attributes if self.target == Target::Architect => {
                self.add("wrong-form", Error, "/attributes", format!("\"attributes\" belongs to the API; {ARCHITECT}"), "enter the keys and values themselves")
            }
            Form::Attributes => self.add("form", Info, "", format!("right for the API: {BODY}"), "for Architect, enter the keys and values as rows"),
            Form::Data | Form::ParticipantData => {
                let wrapper = self.payload.unwrapped.iter().find(|what| what.contains("wrapper")).cloned().unwrap_or_default();
                self.add(
                    "wrapped-payload",
                    Error,
                    "",
                    format!("{wrapper} means nothing to Genesys Cloud: the API knows \"attributes\" alone, so nothing in it would be set; {ARCHITECT}"),
                    format!("{BODY}; --fix prints the keys and values"),
                );
            }
            Form::Flow(FlowForm::Tutorial) => self.add(
                "tutorial-flow-action",
                Error,
                "",
                "\"type\":\"setParticipantData\" with \"settings\" and \"nextActionId\" is not a format of the platform: its own JSON has \"__type\":\"SetAttributesAction\" with \"variables\", Archy YAML has setParticipantData with attributes; and PUT /api/v2/flows/{id} takes no actions at all",
                "write it in Archy YAML and publish that; 'sidetone flow set-data' inserts the action",
            ),
            Form::Flow(form) if self.target == Target::Api => self.add(
                "wrong-form",
                Error,
                "",
                format!("a flow's action ({form}) is not a body for the API: sent there, nothing would be set"),
                format!("{BODY}; --fix prints the keys whose values are literals"),
            ),
            Form::Flow(form) => {
                let sets = if self.payload.pairs.is_empty() { ", which sets no participant data" } else { "" };
                self.add("form", Info, "", format!("a flow's action ({form}){sets}: right in a flow, not a body for the API"), "'sidetone flow keys' and 'sidetone flow simulate' read whole flows");
            }
            Form::DataAction if matches!(self.target, Target::Api | Target::Architect) => self.add(
                "wrong-form",
                Error,
                "",
                "an exported data action: it is imported under Integrations, and a flow calls it; it is neither a body for the API nor rows of Set Participant Data",
                BODY,
            ),
            Form::DataAction => {
                let message = match self.payload.pairs.len() {
                    0 if !self.payload.around.contains("/participants/") => {
                        "an exported data action; its request is not one that sets participant data".to_owned()
                    }
                    0 => "an exported data action; its request sends no keys that can be seen here".to_owned(),
                    n => format!("an exported data action; its request sends {n} {}", if n == 1 { "key" } else { "keys" }),
                };
                self.add("form", Info, "", message, "what its request sends is judged below; its ${input…} are filled when it runs");
            }
            Form::Conversation => self.add(
                "wrong-form",
                Error,
                "",
                "a conversation as the API reads it, or a notification about one: attributes stand on each of its participants, and none of it is a body to send",
                format!("copy the \"attributes\" of one participant; {BODY}"),
            ),
            Form::Prose => self.add("form", Info, "", "text without a payload", "what it says is answered below"),
        }
        if let Some(id) = &self.payload.participant {
            self.add(
                "participant-id-in-body",
                Error,
                "/participantId",
                format!("participantId ({id}) does not belong in the body: it is part of the path"),
                "PATCH /api/v2/conversations/{conversationId}/participants/{participantId}/attributes",
            );
        }
        let map = !matches!(form, Form::Flow(_) | Form::DataAction | Form::Conversation | Form::Prose);
        for pair in self.payload.pairs.iter().filter(|pair| map && pair.key == "participantId") {
            self.on(
                "participant-id-in-body",
                Severity::Warn,
                pair,
                "participantId stands among the attributes: it would be set as an attribute of that name, and says nothing about whom the others go to",
                "take it out of the attributes unless that is meant; whom they go to stands in the path: PATCH /api/v2/conversations/{conversationId}/participants/{participantId}/attributes",
            );
        }
        for (path, name) in &self.payload.beside {
            let version = if name == "version" { "; only secure and custom attributes have a version" } else { "" };
            self.add(
                "beside-the-map",
                Error,
                path,
                format!("{name} stands beside the attributes and is not set{version}"),
                "move it to the attributes, or leave it out",
            );
        }
        if self.payload.encoded {
            self.add(
                "double-encoded",
                Error,
                "",
                "this is JSON within a JSON text: a receiver sees one text, no keys",
                "send the JSON itself; do not stringify it twice",
            );
        }
        // The first wrapper is the form's; a second one is a mistake on top.
        let wrappers: Vec<&String> =
            self.payload.unwrapped.iter().filter(|what| what.starts_with("the wrapper")).collect();
        if let [_, second, ..] = wrappers.as_slice() {
            let message = format!("{second} stands in another wrapper: all of it would be one nested value");
            self.add("wrapped-payload", Error, "", message, BODY);
        }
    }

    fn flat_form(&mut self) {
        use Severity::{Error, Info};
        let what = self.payload.form.to_string();
        match self.target {
            Target::Api => self.add(
                "wrong-form",
                Error,
                "",
                format!("{what} is not the API's body: without \"attributes\" nothing would be set"),
                format!("{BODY}; 'sidetone set --from' takes it as it is"),
            ),
            Target::Architect | Target::Cxone => {
                self.add(
                    "form",
                    Info,
                    "",
                    format!("{what}: right for Architect's Set Participant Data, a row for each"),
                    "names are entered without quotes as literals",
                );
            }
            Target::Any => self.add(
                "form",
                Info,
                "",
                format!(
                    "{what}: right for Architect's Set Participant Data, a row for each, and for 'sidetone set --from'"
                ),
                format!("for the API, {BODY}"),
            ),
        }
    }

    fn pairs(&mut self) {
        let payload = self.payload;
        for pair in &payload.pairs {
            self.key(pair);
            self.value(pair);
        }
    }

    fn key(&mut self, pair: &Pair) {
        use Severity::{Error, Info, Warn};
        let key = &pair.key;
        if pair.was == Was::ComputedKey {
            let what = if matches!(self.payload.form, Form::Flow(_)) { "flow" } else { "program" };
            return self.on(
                "computed-key",
                Info,
                pair,
                format!("{key} is computed: what the key is called is known only in a run of the {what}"),
                "look at what it comes to; keys are case-sensitive",
            );
        }
        let computed = pair.was == Was::Expression
            && match self.payload.form {
                Form::DataAction => key.contains("${"),
                _ => key.starts_with("..."),
            };
        if computed {
            return;
        }
        if key.trim().is_empty() {
            return self.on("empty-key", Error, pair, "the key has no name", "name it");
        }
        if template(key).is_some() {
            return self.on("unresolved-template", Error, pair, format!("the key {key} holds a placeholder; nothing on the platform replaces it, and the key would be that very text"), "write the key itself");
        }
        if key.chars().any(char::is_control) {
            return self.on("empty-key", Error, pair, "the key holds a control character", "remove it");
        }
        if key.trim() != key || key.chars().any(is_hidden) {
            let what =
                if key.trim() != key { "begins or ends with a space" } else { "holds a character that cannot be seen" };
            self.on(
                "near-miss",
                Warn,
                pair,
                format!("the key {key:?} {what}; a reader that asks for it without does not find it"),
                "write it without",
            );
        }
        if matches!(key.as_str(), "attributes" | "data" | "participantData") && self.payload.form == Form::Flat {
            self.on(
                "wrapped-payload",
                Warn,
                pair,
                format!("\"{key}\" is taken for a key here, because it holds no object; it reads like a wrapper"),
                BODY,
            );
        }
        let system = SYSTEM_PREFIXES.into_iter().find(|prefix| key.starts_with(prefix));
        if let Some(prefix) = system {
            self.on(
                "system-prefix-edited",
                Warn,
                pair,
                format!("the platform writes keys that begin with {prefix} itself"),
                "choose another name unless this is meant",
            );
        }
        if let Some(name) = agent_panel_name(key) {
            self.on(
                "agent-panel",
                Info,
                pair,
                format!("{key} is shown to agents as {name}: a name with this prefix is the author's to set, its value may begin with a type such as number: or checkbox:"),
                "nothing to do",
            );
        } else if key.contains('.') {
            self.on(
                "dotted-key",
                Info,
                pair,
                format!("{key} is allowed, in flows and in the API; scripts cannot read names with a dot"),
                "use another sign where a script is to read it",
            );
        } else if key.chars().any(|next| !next.is_alphanumeric() && next != '_') {
            self.on(
                "key-characters",
                Info,
                pair,
                format!("{key} is allowed: keys need not be identifiers"),
                "nothing to do",
            );
        }
    }

    fn value(&mut self, pair: &Pair) {
        use Severity::{Error, Info, Warn};
        let (key, value) = (&pair.key, &pair.value);
        let schema = "values are texts by the API's schema; what the server does with anything else is not documented";
        match pair.was {
            Was::Number => {
                return self.on(
                    "not-a-string",
                    Error,
                    pair,
                    format!("{key} is the number {value}: {schema}"),
                    format!("\"{value}\", in quotes; in Architect ToString(…)"),
                );
            }
            Was::Bool => {
                return self.on(
                    "not-a-string",
                    Error,
                    pair,
                    format!("{key} is the boolean {value}: {schema} (an official sample sends one)"),
                    format!("\"{value}\", in quotes; in Architect ToString(…)"),
                );
            }
            Was::Null => {
                return self.on(
                    "not-a-string",
                    Error,
                    pair,
                    format!("{key} is null: {schema}, and there is no documented way to remove a key"),
                    "send \"\" to empty it, or leave it out",
                );
            }
            Was::Nested => {
                let (rule, message) = if matches!(key.as_str(), "attributes" | "data" | "participantData") {
                    (
                        "wrapped-payload",
                        format!("{key} is a wrapper among the attributes: it would be one nested value"),
                    )
                } else {
                    ("not-a-string", format!("{key} is an object or a list: {schema}"))
                };
                return self.on(rule, Error, pair, message, "one key for each text, or the JSON as one text in quotes");
            }
            Was::ComputedKey => return,
            Was::Expression if matches!(self.payload.form, Form::Flow(_) | Form::DataAction) => return,
            Was::Expression => {
                return self.on(
                    "code-value",
                    Info,
                    pair,
                    format!("{key} is {value} in the program: what it holds is not known here"),
                    "it must be a text when it is sent: String(…) in JavaScript, str(…) in Python",
                );
            }
            Was::Text => {}
        }
        if let Some(found) = template(value) {
            let own = matches!(self.payload.form, Form::Flow(FlowForm::Tutorial));
            let namespace = ["interaction.", "participant.", "conversation."].iter().any(|name| found.contains(name));
            let more = if namespace { "; that such names stand for participant data has no source" } else { "" };
            let message = if own {
                format!("{key} is {found}: Architect resolves no such placeholder and would store that very text{more}")
            } else {
                format!(
                    "{key} holds {found}, which neither the API nor Architect replaces: it is stored as that very text{more}"
                )
            };
            return self.on(
                "unresolved-template",
                Error,
                pair,
                message,
                "put the value in before sending; in Architect use an expression such as Flow.Tier",
            );
        }
        if matches!(value.as_str(), "undefined" | "null" | "NaN" | "NOT_SET" | "[object Object]" | "None") {
            self.on(
                "unresolved-template",
                Warn,
                pair,
                format!("{key} is the text {value}, which is what a missing value leaves behind"),
                "find out why the value is missing, or leave the key out",
            );
        } else if value.trim().is_empty() {
            self.on(
                "blank",
                Info,
                pair,
                format!("{key} is empty: the key stays, without a value"),
                "there is no documented way to remove a key",
            );
        }
        if agent_panel_name(key).is_some()
            && let Some((prefix, rest)) = typed::mismatch(value)
        {
            self.on(
                "typed-value",
                Warn,
                pair,
                format!("{key} is declared as {prefix} and holds {rest:?}, which is none"),
                format!("write {prefix}: and a value of that type, or the text alone"),
            );
        }
        let trimmed = value.trim_start();
        if ["{\"data\"", "{\"attributes\""].iter().any(|start| trimmed.replace(' ', "").starts_with(start)) {
            self.on(
                "wrapped-payload",
                Warn,
                pair,
                format!("{key} holds a whole payload as text: readers see one text, no keys"),
                "send its keys and values themselves",
            );
        }
        let length = value.chars().count();
        if length > 256 {
            let severity = if self.target == Target::Architect { Warn } else { Info };
            self.on("too-long", severity, pair, format!("{key} has {length} characters: bot flows take 256; for voice flows and the API no limit is published, only 413 for a body that is too large"), "shorten it where a bot flow sets it");
        }
    }

    /// What only shows when the pairs are seen together.
    fn together(&mut self) {
        use Severity::{Error, Info, Warn};
        let payload = self.payload;
        let mut first: HashMap<&str, &Pair> = HashMap::new();
        let mut folded: HashMap<String, &Pair> = HashMap::new();
        let mut composed: HashMap<String, &Pair> = HashMap::new();
        let flow = matches!(payload.form, Form::Flow(_));
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
        let map = !matches!(payload.form, Form::Flow(_) | Form::DataAction | Form::Conversation | Form::Prose);
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

    fn around(&mut self) {
        let payload = !self.payload.pairs.is_empty();
        for claim in claims::of(&self.payload.around) {
            if claim.applies(payload) {
                let so = if claim.holds { "That is so:" } else { "But" };
                let message = format!("it is said that {}. {so} {}", claim.claim, claim.answer);
                self.add(claim.rule, claim.severity, "", message, claim.remedy);
            }
        }
    }
}

/// The first placeholder in a text: `{{…}}`, `${…}` or `<%…%>`.
fn template(text: &str) -> Option<&str> {
    [("{{", "}}"), ("${", "}"), ("<%", "%>")].into_iter().find_map(|(open, close)| {
        let start = text.find(open)?;
        let end = text[start..].find(close)?;
        Some(&text[start..start + end + close.len()])
    })
}
