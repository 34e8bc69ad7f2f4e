//! Whether the form fits the target.

use super::*;

const ARCHITECT: &str =
    "in Architect, each key and value is a row of Set Participant Data, and there is no JSON to wrap";

impl Judge<'_> {
    pub(super) fn form(&mut self) {
        use Severity::{Error, Info};
        let form = &self.payload.form;
        if self.target == PayloadTarget::Cxone {
            self.add(
                "unverified",
                Info,
                "",
                "CXone is another vendor's platform (its tool is Studio, not Architect): which format its scripts take, whether keys must be literal, and what an outer data object does was not checked",
                "ask CXone's own documentation; what follows is true of Genesys Cloud",
            );
        }
        match form {
            PayloadForm::Flat | PayloadForm::PairList | PayloadForm::Lines | PayloadForm::Csv => self.flat_form(),
            PayloadForm::Attributes if self.target == PayloadTarget::Architect => {
                self.add("wrong-form", Error, "/attributes", format!("\"attributes\" belongs to the API; {ARCHITECT}"), "enter the keys and values themselves")
            }
            PayloadForm::Attributes => self.add("form", Info, "", format!("right for the API: {BODY}"), "for Architect, enter the keys and values as rows"),
            PayloadForm::Data | PayloadForm::ParticipantData => {
                let wrapper = self.payload.unwrapped.iter().find(|what| what.contains("wrapper")).cloned().unwrap_or_default();
                self.add(
                    "wrapped-payload",
                    Error,
                    "",
                    format!("{wrapper} means nothing to Genesys Cloud: the API knows \"attributes\" alone, so nothing in it would be set; {ARCHITECT}"),
                    format!("{BODY}; --fix prints the keys and values"),
                );
            }
            PayloadForm::Flow(FlowFileForm::Tutorial) => self.add(
                "tutorial-flow-action",
                Error,
                "",
                "\"type\":\"setParticipantData\" with \"settings\" and \"nextActionId\" is not a format of the platform: its own JSON has \"__type\":\"SetAttributesAction\" with \"variables\", Archy YAML has setParticipantData with attributes; and PUT /api/v2/flows/{id} takes no actions at all",
                "write it in Archy YAML and publish that; 'sidetone flow set-data' inserts the action",
            ),
            PayloadForm::Flow(form) if self.target == PayloadTarget::Api => self.add(
                "wrong-form",
                Error,
                "",
                format!("a flow's action ({form}) is not a body for the API: sent there, nothing would be set"),
                format!("{BODY}; --fix prints the keys whose values are literals"),
            ),
            PayloadForm::Flow(form) => {
                let sets = if self.payload.pairs.is_empty() { ", which sets no participant data" } else { "" };
                self.add("form", Info, "", format!("a flow's action ({form}){sets}: right in a flow, not a body for the API"), "'sidetone flow keys' and 'sidetone flow simulate' read whole flows");
            }
            PayloadForm::DataAction if matches!(self.target, PayloadTarget::Api | PayloadTarget::Architect) => self.add(
                "wrong-form",
                Error,
                "",
                "an exported data action: it is imported under Integrations, and a flow calls it; it is neither a body for the API nor rows of Set Participant Data",
                BODY,
            ),
            PayloadForm::DataAction => {
                let message = match self.payload.pairs.len() {
                    0 if !self.payload.around.contains("/participants/") => {
                        "an exported data action; its request is not one that sets participant data".to_owned()
                    }
                    0 => "an exported data action; its request sends no keys that can be seen here".to_owned(),
                    n => format!("an exported data action; its request sends {n} {}", if n == 1 { "key" } else { "keys" }),
                };
                self.add("form", Info, "", message, "what its request sends is judged below; its ${input…} are filled when it runs");
            }
            PayloadForm::Conversation => self.add(
                "wrong-form",
                Error,
                "",
                "a conversation as the API reads it, or a notification about one: attributes stand on each of its participants, and none of it is a body to send",
                format!("copy the \"attributes\" of one participant; {BODY}"),
            ),
            PayloadForm::Prose => self.add("form", Info, "", "text without a payload", "what it says is answered below"),
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
        let map = !matches!(
            form,
            PayloadForm::Flow(_) | PayloadForm::DataAction | PayloadForm::Conversation | PayloadForm::Prose
        );
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

    pub(super) fn flat_form(&mut self) {
        use Severity::{Error, Info};
        let what = self.payload.form.to_string();
        match self.target {
            PayloadTarget::Api => self.add(
                "wrong-form",
                Error,
                "",
                format!("{what} is not the API's body: without \"attributes\" nothing would be set"),
                format!("{BODY}; 'sidetone set --from' takes it as it is"),
            ),
            PayloadTarget::Architect | PayloadTarget::Cxone => {
                self.add(
                    "form",
                    Info,
                    "",
                    format!("{what}: right for Architect's Set Participant Data, a row for each"),
                    "names are entered without quotes as literals",
                );
            }
            PayloadTarget::Any => self.add(
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
}
