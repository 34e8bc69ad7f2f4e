//! Participant data: what is set and read.

use super::{ActionRun, End, ReadAttribute, Run, SetAttribute};
use crate::flow::{
    model::{Action, Assign, Conversation, Fetch, FlowFileForm, Operand, display_name},
    value::{Val, Why},
};

/// Scopes of built-in variables whose `ConversationId` is that of the conversation that the flow runs on.
const CONVERSATIONS: [&str; 5] = ["call", "chat", "email", "message", "session"];

/// A conversation as an action names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NamedData {
    /// By this id.
    Id(String),
    /// By what is not known, but written so.
    As(String),
}

/// Whether an action is about the conversation that the flow is about.
enum Which {
    This,
    Other(String),
    Perhaps(String),
    Unset,
}

fn shown(operand: &Operand, value: &Val) -> String {
    value.text().unwrap_or_else(|| operand.text().to_owned())
}

fn no_conversation(action: &Action) -> End {
    End::Undecided(format!(
        "{} names no conversation: its id is not set; give it with --input, or --choose '{}=failure'",
        display_name(action),
        display_name(action)
    ))
}

impl Run {
    /// Sets participant data by conversation and participant id. Without the latter it is the customer's. The end of the run
    /// where it cannot be told what becomes of it.
    pub(super) fn set_conversation(
        &mut self,
        action: &Action,
        it: &Conversation<Assign>,
        step: &mut ActionRun,
    ) -> Option<End> {
        match self.which(&it.conversation) {
            Which::This => {}
            Which::Unset => return Some(no_conversation(action)),
            Which::Other(id) => {
                step.notes.push(format!("on the conversation {id}, which is another one"));
                return None;
            }
            Which::Perhaps(id) => {
                let keys: Vec<String> = it.list.iter().map(|one| one.key.text().to_owned()).collect();
                step.notes.push(format!("on the conversation {id}, which may be another one"));
                let (name, keys) = (display_name(action), keys.join(", "));
                self.stray(format!("{name} sets {keys} on the conversation {id}, which may be another one"));
                return None;
            }
        }
        let on = self.other_participant(it.participant.clone(), step);
        for assign in &it.list {
            self.set(assign, step);
            if let Some(on) = &on {
                let key = step.set.last().and_then(|set| set.key.clone()).unwrap_or_else(|| "a key".into());
                let name = display_name(action);
                self.doubts
                    .push(format!("{key} is set by {name} on the participant {on}, who may not be the customer"));
            }
        }
        None
    }

    /// Which conversation an action names. A call has its own; a workflow or the like is taken to be about the one that its
    /// first action names.
    fn which(&mut self, operand: &Operand) -> Which {
        let value = self.value(operand);
        let named = match &value {
            Val::NotSet => return Which::Unset,
            Val::Unknown(_) => NamedData::As(operand.text().trim().to_lowercase()),
            known => NamedData::Id(known.to_string()),
        };
        let own = |text: &str| text.strip_suffix(".conversationid").is_some_and(|scope| CONVERSATIONS.contains(&scope));
        let source = operand.text().trim().to_lowercase();
        let first = match (&self.conversation, own(&source)) {
            (_, true) => return Which::This,
            (Some(first), _) => first.clone(),
            (None, _) if self.has_own_conversation() => match self.own_conversation() {
                Some(id) => NamedData::Id(id),
                None => return Which::Perhaps(shown(operand, &value)),
            },
            (None, _) => {
                self.conversation = Some(named);
                return Which::This;
            }
        };
        match (first, named) {
            (first, named) if first == named => Which::This,
            (NamedData::Id(_), NamedData::Id(id)) => Which::Other(id),
            _ => Which::Perhaps(shown(operand, &value)),
        }
    }

    /// Whether the flow runs on a conversation: all but workflows and work items do.
    fn has_own_conversation(&self) -> bool {
        let kind = self.flow.kind.to_lowercase();
        !kind.is_empty() && !["workflow", "workitem", "commonmodule"].iter().any(|other| kind.contains(other))
    }

    /// Its id, where it was given.
    fn own_conversation(&self) -> Option<String> {
        CONVERSATIONS.iter().find_map(|scope| self.given(&format!("{scope}.ConversationId"))?.text())
    }

    /// The participant that an action names, when it may be another than the customer.
    fn other_participant(&self, participant: Operand, step: &mut ActionRun) -> Option<String> {
        match self.value(&participant) {
            Val::NotSet => None,
            Val::Unknown(_) => Some(participant.text().to_owned()),
            // Which participant has this id nothing here tells.
            known => {
                step.notes.push(format!("on the participant {known}"));
                Some(known.to_string())
            }
        }
    }

    /// Reads participant data by conversation. What is not there may be on another conversation: it is unknown.
    /// Whether all of it is there.
    pub(super) fn get_conversation(&mut self, action: &Action, it: &Conversation<Fetch>, step: &mut ActionRun) -> bool {
        let mut all = true;
        if !matches!(self.which(&it.conversation), Which::This) {
            for fetch in &it.list {
                let value = self.given(&fetch.into).unwrap_or_else(|| Val::by(display_name(action)));
                all &= !value.is_unknown();
                step.read.push(ReadAttribute {
                    key: self.key(&fetch.key),
                    into: fetch.into.clone(),
                    value: value.clone(),
                });
                self.put(&fetch.into, value);
            }
            return all;
        }
        for fetch in &it.list {
            self.get(fetch, step);
            let missing = step.read.last_mut().filter(|read| read.value == Val::NotSet);
            if let Some(read) = missing {
                let value = self.given(&read.into).unwrap_or_else(|| Val::by(display_name(action)));
                read.value = value.clone();
                all &= !value.is_unknown();
                self.put(&fetch.into, value);
            }
        }
        all
    }

    pub(super) fn set(&mut self, assign: &Assign, step: &mut ActionRun) {
        let value = self.value(&assign.value);
        let key = self.key(&assign.key);
        let value = match &key {
            Some(_) => value,
            None => Val::unknown(unknown_key(&assign.key)),
        };
        let value = match value {
            value @ (Val::Text(_) | Val::NotSet | Val::Unknown(_)) => value,
            other => {
                step.notes.push("not a text; participant data are texts, so use ToString(…)".into());
                Val::unknown(format!(
                    "it gets {}, which is no text: an attribute is a text (ToString(…)), and what the platform \
                     would keep is not verified",
                    of_type(&other)
                ))
            }
        };
        match &value {
            Val::NotSet => {
                step.notes.push("a value that is not set; what the platform keeps then is not verified".into());
            }
            Val::Text(text)
                if self.flow.form != FlowFileForm::Archy && (text.contains("{{") || text.contains("${")) =>
            {
                step.notes.push("the placeholder is plain text to the platform and stays as it is".into());
            }
            _ => {}
        }
        let mut old = None;
        match &key {
            Some(key) => {
                self.set.insert(key.clone(), true);
                old = self.attributes.insert(key.clone(), value.clone());
                if old.as_ref() != Some(&value) {
                    self.changed();
                }
            }
            None => {
                let named = !assign.key.text().trim().is_empty();
                let why = if named { assign.key.text() } else { "the file names none" };
                self.stray(format!("a key is set that is not known ({why})"));
            }
        }
        step.set.push(SetAttribute { key, value, old });
    }

    /// An attribute's name. A literal with a placeholder is shown as it stands, and doubted.
    fn key(&mut self, key: &Operand) -> Option<String> {
        let value = self.value(key);
        if value.text().is_some_and(|name| name.trim().is_empty()) {
            return None;
        }
        if let (Val::Unknown(_), Operand::Literal(text)) = (&value, key) {
            let doubt = format!("the key {text} is known only after substitution");
            if !self.doubts.contains(&doubt) {
                self.doubts.push(doubt);
            }
            return Some(text.clone());
        }
        match value {
            Val::Text(name) => Some(name),
            _ => None,
        }
    }

    pub(super) fn get(&mut self, fetch: &Fetch, step: &mut ActionRun) {
        let key = self.key(&fetch.key);
        let value = match &key {
            None => Val::unknown(unknown_key(&fetch.key)),
            Some(key) => self.attribute(key, step),
        };
        if !fetch.into.is_empty() {
            self.put(&fetch.into, value.clone());
        }
        step.read.push(ReadAttribute { key, into: fetch.into.clone(), value });
    }

    fn attribute(&self, key: &str, step: &mut ActionRun) -> Val {
        if let Some(why) = self.may_have_changed(key) {
            return Val::Unknown(Why::Because(why.to_owned()));
        }
        self.attributes.get(key).cloned().unwrap_or_else(|| {
            let other = self.attributes.keys().find(|other| other.to_lowercase() == key.to_lowercase());
            step.notes.push(match other {
                Some(other) => format!("{key} is not there; {other} is, and keys are case-sensitive"),
                None => format!("{key} is not there"),
            });
            Val::NotSet
        })
    }
}

/// A value with its type, for people.
fn of_type(value: &Val) -> String {
    match value {
        Val::Number(number) => format!("the number {number}"),
        Val::Bool(value) => format!("the boolean {value}"),
        Val::Duration(_) => format!("a duration ({value})"),
        Val::Time(time) => format!("a date and time ({time})"),
        Val::Data(serde_json::Value::Array(_)) => "a list".to_owned(),
        Val::Data(serde_json::Value::Number(number)) => format!("the number {number}"),
        _ => "an object".to_owned(),
    }
}

fn unknown_key(key: &Operand) -> String {
    match key {
        key if key.text().trim().is_empty() => "the file names no key".to_owned(),
        key => format!("the key {} is not known", key.text()),
    }
}
