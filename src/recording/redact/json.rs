//! Rewrites the strings and numbers of a JSON text and leaves every other byte as it is: white space, order, duplicate
//! keys and the spelling of numbers all survive, because a copy must show the same faults as its original.

use std::borrow::Cow;

/// Deeper text is not taken for JSON.
const DEPTH: usize = 128;

/// Something of a JSON text that may be replaced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Leaf<'a> {
    /// The name of an object's member.
    Key(&'a str),
    /// A string value.
    Text(&'a str),
    /// A number, as written.
    Number(&'a str),
}

/// Walks `json`. `visit` gets the names of the members that lead to the leaf, and the leaf; what it returns takes the
/// leaf's place (for a number: must be a number). `None` when the text is not JSON.
pub(super) fn rewrite(json: &str, visit: &mut Visit<'_>) -> Option<String> {
    let mut walk = Walk { json, at: 0, copied: 0, out: String::with_capacity(json.len()), path: Vec::new(), visit };
    walk.space();
    walk.value(0)?;
    walk.space();
    if walk.at != json.len() {
        return None;
    }
    walk.out.push_str(&json[walk.copied..]);
    Some(walk.out)
}

/// Sees a leaf and says what takes its place, `None` for no change.
pub(super) type Visit<'v> = dyn FnMut(&[String], Leaf<'_>) -> Option<String> + 'v;

struct Walk<'a, 'v> {
    json: &'a str,
    at: usize,
    copied: usize,
    out: String,
    path: Vec<String>,
    visit: &'a mut Visit<'v>,
}

impl<'a> Walk<'a, '_> {
    fn peek(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        if depth > DEPTH {
            return None;
        }
        match self.peek()? {
            b'{' => self.members(b'}', depth, true),
            b'[' => self.members(b']', depth, false),
            b'"' => {
                let (start, text) = self.string()?;
                let new = (self.visit)(&self.path, Leaf::Text(&text));
                self.put_string(start, new)
            }
            b'-' | b'0'..=b'9' => {
                let start = self.at;
                while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
                    self.at += 1;
                }
                let number = &self.json[start..self.at];
                serde_json::from_str::<serde_json::Number>(number).ok()?;
                if let Some(new) = (self.visit)(&self.path, Leaf::Number(number)) {
                    self.put(start, &new);
                }
                Some(())
            }
            _ => {
                let rest = &self.json[self.at..];
                let word = ["true", "false", "null"].into_iter().find(|word| rest.starts_with(word))?;
                self.at += word.len();
                Some(())
            }
        }
    }

    fn members(&mut self, end: u8, depth: usize, named: bool) -> Option<()> {
        self.at += 1;
        self.space();
        if self.take(end).is_some() {
            return Some(());
        }
        loop {
            self.space();
            if named {
                let (start, key) = self.string()?;
                let new = (self.visit)(&self.path, Leaf::Key(&key));
                self.put_string(start, new)?;
                self.path.push(key.into_owned());
                self.space();
                self.take(b':')?;
                self.space();
            }
            self.value(depth + 1)?;
            if named {
                self.path.pop();
            }
            self.space();
            if self.take(b',').is_none() {
                return self.take(end);
            }
        }
    }

    /// The string that begins here, and where it began.
    fn string(&mut self) -> Option<(usize, Cow<'a, str>)> {
        let start = self.at;
        self.take(b'"')?;
        let mut plain = true;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    plain = false;
                    self.at += 2;
                }
                0..0x20 => return None,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        let quoted = self.json.get(start..self.at)?;
        let text = if plain {
            Cow::Borrowed(&quoted[1..quoted.len() - 1])
        } else {
            Cow::Owned(serde_json::from_str::<String>(quoted).ok()?)
        };
        Some((start, text))
    }

    fn put_string(&mut self, start: usize, new: Option<String>) -> Option<()> {
        if let Some(new) = new {
            let quoted = serde_json::to_string(&new).ok()?;
            self.put(start, &quoted);
        }
        Some(())
    }

    fn put(&mut self, start: usize, new: &str) {
        self.out.push_str(&self.json[self.copied..start]);
        self.out.push_str(new);
        self.copied = self.at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_what_is_replaced_changes() {
        let json = " { \"a\" : [ 1.50e3 , \"x\\u0041\" , null ] , \"a\":true,\"b\":{} ,\"c\":-0 } ";
        assert_eq!(rewrite(json, &mut |_, _| None).unwrap(), json);
        let mut seen = Vec::new();
        let new = rewrite(json, &mut |path, leaf| {
            seen.push(format!("{} {leaf:?}", path.join(".")));
            match leaf {
                Leaf::Text(text) => Some(format!("<{text}\">")),
                Leaf::Number(_) => Some("7".into()),
                Leaf::Key(key) => (key == "b").then(|| "B".into()),
            }
        });
        let expected = " { \"a\" : [ 7 , \"<xA\\\">\" , null ] , \"a\":true,\"B\":{} ,\"c\":7 } ";
        assert_eq!(new.unwrap(), expected);
        assert_eq!(
            seen,
            [
                " Key(\"a\")",
                "a Number(\"1.50e3\")",
                "a Text(\"xA\")",
                " Key(\"a\")",
                " Key(\"b\")",
                " Key(\"c\")",
                "c Number(\"-0\")"
            ]
        );
    }

    #[test]
    fn what_is_not_json_is_not_touched() {
        for text in ["", "{", "{\"a\":}", "[1,]", "\"a", "\"\\x\"", "nul", "1 2", "{\"a\":1,}", "--1", "\"\n\"", "\"\\"]
        {
            assert_eq!(rewrite(text, &mut |_, _| None), None, "{text}");
        }
        assert_eq!(rewrite(&"[".repeat(100_000), &mut |_, _| None), None);
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(text in "[\\[\\]{}\",:0-9a-z\\\\ .-]{0,24}") {
            let json = serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok();
            let ours = rewrite(&text, &mut |_, _| None);
            prop_assert_eq!(ours.is_some(), json);
            prop_assert!(ours.is_none_or(|ours| ours == text));
        }
    }
}
