//! The conditions of a question to the history store, as they are typed.

use super::SinceQuestion;

/// Names that are known to exist, to help with typing and to doubt what is not among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownNames {
    /// Flows.
    pub flows: Vec<String>,
    /// Queues.
    pub queues: Vec<String>,
}

impl KnownNames {
    /// What is said of the condition that is being typed, the last one: the names that begin like it, or that none does.
    pub fn remark(&self, text: &str) -> Option<String> {
        let word = split(text).pop().filter(|_| !text.ends_with(' '))?;
        let (name, typed) = word.split_once(':')?;
        let (names, what) = match name {
            "flow" => (&self.flows, "flow"),
            "queue" => (&self.queues, "queue"),
            _ => return None,
        };
        let is_glued = typed.contains(':') && !typed.starts_with('"');
        let typed = typed.trim_matches('"').to_lowercase();
        if is_glued || names.is_empty() || names.iter().any(|known| known.to_lowercase() == typed) {
            return None;
        }
        let alike: Vec<&str> =
            names.iter().filter(|known| known.to_lowercase().starts_with(&typed)).map(String::as_str).collect();
        Some(match alike.as_slice() {
            [] => format!("No {what} seen so far begins with {typed}: {}", names.join(", ")),
            alike => format!("{what}: {}", alike.join(", ")),
        })
    }
}

impl SinceQuestion {
    /// The question with these conditions in the place of its own.
    ///
    /// # Errors
    /// A condition that is not one; what it may be.
    pub fn with_filter(&self, text: &str) -> Result<Self, String> {
        let mut question = Self { key: self.key.clone(), on: "customer".to_owned(), ..Self::default() };
        for word in split(text) {
            let (name, value) = word.split_once(':').unwrap_or((word.as_str(), ""));
            // Only a name in quotes may have a colon.
            let glued = ["flow:", "queue:", "on:", "days:"].into_iter().find(|other| value.contains(other));
            if let Some(other) = glued.filter(|_| !value.starts_with('"')) {
                return Err(format!("a space is missing: write a space before {other}"));
            }
            let value = value.trim_matches('"');
            match name {
                "flow" if !value.is_empty() => question.flow = Some(value.to_owned()),
                "queue" if !value.is_empty() => question.queue = Some(value.to_owned()),
                "on" if !value.is_empty() => question.on = value.to_owned(),
                "days" => match value.parse() {
                    Ok(days @ 1..=36_500) => question.days = Some(days),
                    _ => return Err("days: takes a number from 1 on: days:14".to_owned()),
                },
                _ => return Err(format!("{word}: the filters here are flow:, queue:, on: and days:")),
            }
        }
        Ok(question)
    }
}

/// Words, with spaces inside double quotes kept.
fn split(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        if c == '"' {
            quoted = !quoted;
        }
        if c.is_whitespace() && !quoted {
            words.extend(Some(std::mem::take(&mut word)).filter(|w| !w.is_empty()));
        } else {
            word.push(c);
        }
    }
    words.extend(Some(word).filter(|w| !w.is_empty()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_written_as_they_are_read() {
        let asked = SinceQuestion { key: "tier".into(), on: "customer".into(), ..SinceQuestion::default() };
        let found = asked.with_filter("flow:MainIVR queue:\"Technical Support\" on:agent days:14").unwrap();
        assert_eq!(found.queue.as_deref(), Some("Technical Support"));
        assert_eq!(asked.with_filter(&found.filter()).unwrap(), found);
        assert_eq!(asked.with_filter("").unwrap(), asked);
        assert!(asked.with_filter("state:ivr").unwrap_err().contains("flow:, queue:, on: and days:"));
        assert!(asked.with_filter("days:0").is_err());
    }

    #[test]
    fn a_condition_that_is_glued_to_the_one_before_is_named() {
        let asked = SinceQuestion { key: "tier".into(), on: "customer".into(), ..SinceQuestion::default() };
        let mistake = asked.with_filter("flow:MainIVRqueue:Bill").unwrap_err();
        assert!(mistake.contains("space before queue:"), "{mistake}");
        assert!(asked.with_filter("flow:\"a queue:b\"").is_ok(), "a name in quotes may contain anything");
    }

    #[test]
    fn names_that_begin_alike_are_offered_and_unknown_ones_doubted() {
        let known = KnownNames { flows: vec!["MainIVR".into()], queues: vec!["Billing".into(), "Sales".into()] };
        assert_eq!(known.remark("flow:MainIVR queue:bil").as_deref(), Some("queue: Billing"));
        assert!(
            known.remark("queue:Nope").unwrap().starts_with("No queue seen so far begins with nope: Billing, Sales")
        );
        assert_eq!(known.remark("queue:Billing"), None);
        assert_eq!(known.remark("queue:bil "), None);
    }
}
