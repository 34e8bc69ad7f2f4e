//! A cheap look at a frame: its topic and the conversation it is about, without parsing the rest. Used to choose how
//! to decode, and by a reader that has fallen behind to keep only the newest frame of each conversation.

use memchr::memchr2;

/// What the first bytes of a frame tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head<'a> {
    /// The topic name as written.
    pub topic: &'a str,
    /// The `id` or `conversationId` of the body, when it stands before any nested value.
    pub conversation: Option<&'a str>,
    /// Where the body begins, when it comes after the topic.
    pub body: Option<usize>,
}

/// Reads topic and conversation id, or `None` when the frame is not laid out as the platform lays them out (topic
/// first, plain strings): such a frame needs the full parser.
pub fn head(raw: &str) -> Option<Head<'_>> {
    let mut cursor = Cursor { text: raw, at: 0 };
    cursor.byte(b'{')?;
    let mut topic = None;
    loop {
        let key = cursor.key()?;
        match key {
            "topicName" => topic = Some(cursor.string()?),
            "eventBody" => {
                let topic = topic?;
                cursor.spaces();
                let body = cursor.at;
                return Some(Head { topic, conversation: cursor.body_id(), body: Some(body) });
            }
            _ => {
                if cursor.scalar().is_none() {
                    return topic.map(|topic| Head { topic, conversation: None, body: None });
                }
            }
        }
        if cursor.byte(b',').is_none() {
            return topic.map(|topic| Head { topic, conversation: None, body: None });
        }
    }
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.at..]
    }

    fn spaces(&mut self) {
        self.at += self.rest().iter().take_while(|b| b.is_ascii_whitespace()).count();
    }

    fn byte(&mut self, wanted: u8) -> Option<()> {
        self.spaces();
        (self.rest().first() == Some(&wanted)).then(|| self.at += 1)
    }

    /// A string without escapes; anything else is left to the full parser.
    fn string(&mut self) -> Option<&'a str> {
        self.byte(b'"')?;
        let length = memchr2(b'"', b'\\', self.rest()).filter(|at| self.rest()[*at] == b'"')?;
        let text = self.text.get(self.at..self.at + length)?;
        self.at += length + 1;
        Some(text)
    }

    fn key(&mut self) -> Option<&'a str> {
        let key = self.string()?;
        self.byte(b':')?;
        Some(key)
    }

    /// Steps over a plain string, a number or a literal.
    fn scalar(&mut self) -> Option<()> {
        self.spaces();
        match self.rest().first()? {
            b'"' => self.string().map(|_| ()),
            b'{' | b'[' => None,
            _ => {
                self.at += self.rest().iter().position(|b| matches!(b, b',' | b'}'))?;
                Some(())
            }
        }
    }

    fn body_id(&mut self) -> Option<&'a str> {
        self.byte(b'{')?;
        loop {
            let key = self.key()?;
            if key == "id" || key == "conversationId" {
                return self.string();
            }
            self.scalar()?;
            self.byte(b',')?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_topic_and_id() {
        let raw =
            r#" { "topicName" : "t", "version":"2", "eventBody": {"eventTime": 12, "conversationId":"c", "x":[]}}"#;
        assert_eq!(head(raw), Some(Head { topic: "t", conversation: Some("c"), body: Some(50) }));
    }

    #[test]
    fn gives_up_on_other_layouts() {
        assert_eq!(head(r#"{"eventBody":{"id":"c"},"topicName":"t"}"#), None);
        assert_eq!(head(r#"{"topicName":"a\"b"}"#), None);
        assert_eq!(head("[]"), None);
        assert_eq!(head(""), None);
        let nested = r#"{"topicName":"t","eventBody":{"participants":[],"id":"c"}}"#;
        assert_eq!(head(nested), Some(Head { topic: "t", conversation: None, body: Some(29) }));
        assert_eq!(head(r#"{"topicName":"t"}"#), Some(Head { topic: "t", conversation: None, body: None }));
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,200}") {
            let _ = head(&text);
        }

        #[test]
        fn never_panics_on_near_json(text in r#"[{}\[\]":,\\a-c0-9 ü]{0,80}"#) {
            let _ = head(&text);
            let _ = head(&format!(r#"{{"topicName":"t",{text}"#));
        }
    }
}
