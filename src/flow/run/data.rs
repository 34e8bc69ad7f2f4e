//! Participant data: what is set and read.

use super::{ReadAttribute, Run, SetAttribute, Step};
use crate::flow::{
    model::{Action, Assign, Conversation, Fetch, Form, Operand, display_name},
    value::{Val, Why},
};

impl Run {
    /// Sets participant data by conversation and participant id. Without the latter it is the customer's.
    pub(super) fn set_conversation(&mut self, action: &Action, it: &Conversation<Assign>, step: &mut Step) {
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
    }

    /// The participant that an action names, when it may be another than the customer.
    fn other_participant(&self, participant: Operand, step: &mut Step) -> Option<String> {
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
    pub(super) fn get_conversation(&mut self, action: &Action, it: &Conversation<Fetch>, step: &mut Step) -> bool {
        let mut all = true;
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

    pub(super) fn set(&mut self, assign: &Assign, step: &mut Step) {
        let value = match &assign.value {
            // Participant data are texts, however a file types the literal.
            Operand::Typed { text, .. } => Val::Text(text.clone()),
            other => self.value(other),
        };
        let key = self.key(&assign.key);
        let value = match &key {
            Some(_) => value,
            None => Val::unknown(unknown_key(&assign.key)),
        };
        match &value {
            Val::NotSet => {
                step.notes.push("a value that is not set; what the platform keeps then is not verified".into());
            }
            Val::Number(_) | Val::Bool(_) => {
                step.notes.push("not a text; participant data are texts, so use ToString(…)".into());
            }
            Val::Text(text) if self.flow.form != Form::Archy && (text.contains("{{") || text.contains("${")) => {
                step.notes.push("the placeholder is plain text to the platform and stays as it is".into());
            }
            _ => {}
        }
        let mut old = None;
        match &key {
            Some(key) => {
                old = self.attributes.insert(key.clone(), value.clone());
                if old.as_ref() != Some(&value) {
                    self.changed();
                }
            }
            None => {
                let named = !matches!(assign.key, Operand::Unset);
                self.hidden = Some(if named { assign.key.text().to_owned() } else { "the file names none".to_owned() });
            }
        }
        step.set.push(SetAttribute { key, value, old });
    }

    /// An attribute's name. A literal with a placeholder is shown as it stands, and doubted.
    fn key(&mut self, key: &Operand) -> Option<String> {
        let value = self.value(key);
        if let (Val::Unknown(_), Operand::Literal(text)) = (&value, key) {
            let doubt = format!("the key {text} is known only after substitution");
            if !self.doubts.contains(&doubt) {
                self.doubts.push(doubt);
            }
            return Some(text.clone());
        }
        value.text()
    }

    pub(super) fn get(&mut self, fetch: &Fetch, step: &mut Step) {
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

    fn attribute(&self, key: &str, step: &mut Step) -> Val {
        if let Some(why) = &self.hidden {
            return Val::Unknown(Why::Because(format!("a key that is not known was set before ({why})")));
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

fn unknown_key(key: &Operand) -> String {
    match key {
        Operand::Unset => "the file names no key".to_owned(),
        key => format!("the key {} is not known", key.text()),
    }
}
