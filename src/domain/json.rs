//! Just enough JSON to look into a value: is it JSON, and what are the outermost keys of an object. The domain has no
//! serialisation; what is read here is read in place.

/// Nesting beyond this is not looked at.
const DEPTH: usize = 128;

/// What a JSON value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    Text,
    /// A number, `true`, `false` or `null`.
    Scalar,
}

/// The shape of `text` if it is one JSON value (RFC 8259).
pub fn shape(text: &str) -> Option<Shape> {
    read(text, &mut |_, _| {})
}

/// The outermost keys of a JSON object, as written between their quotes, and the shapes of their values. `None` for
/// anything else.
pub fn fields(text: &str) -> Option<Vec<(&str, Shape)>> {
    // Most values are no objects: do not look further than the first character.
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let mut found = Vec::new();
    read(text, &mut |key, shape| found.push((key, shape))).filter(|shape| *shape == Shape::Object)?;
    Some(found)
}

/// Called for each outermost field: its key as written, and the shape of its value.
type OnField<'s, 'f> = dyn FnMut(&'s str, Shape) + 'f;

fn read<'s>(text: &'s str, on_field: &mut OnField<'s, '_>) -> Option<Shape> {
    let mut reader = Reader { text, at: 0 };
    reader.blanks();
    let shape = reader.value(0, on_field)?;
    reader.blanks();
    (reader.at == text.len()).then_some(shape)
}

struct Reader<'s> {
    text: &'s str,
    at: usize,
}

impl<'s> Reader<'s> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek() == Some(byte)).then(|| self.at += 1)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.text[self.at..].starts_with(word).then(|| self.at += word.len())
    }

    fn value(&mut self, depth: usize, on_field: &mut OnField<'s, '_>) -> Option<Shape> {
        if depth > DEPTH {
            return None;
        }
        match self.peek()? {
            b'{' => self.object(depth, on_field),
            b'[' => self.array(depth),
            b'"' => self.string().map(|_| Shape::Text),
            b't' => self.word("true").map(|()| Shape::Scalar),
            b'f' => self.word("false").map(|()| Shape::Scalar),
            b'n' => self.word("null").map(|()| Shape::Scalar),
            _ => self.number().map(|()| Shape::Scalar),
        }
    }

    fn object(&mut self, depth: usize, on_field: &mut OnField<'s, '_>) -> Option<Shape> {
        self.at += 1;
        self.blanks();
        if self.take(b'}').is_some() {
            return Some(Shape::Object);
        }
        loop {
            let key = self.string()?;
            self.blanks();
            self.take(b':')?;
            self.blanks();
            let shape = self.value(depth + 1, &mut |_, _| {})?;
            on_field(key, shape);
            self.blanks();
            if self.take(b'}').is_some() {
                return Some(Shape::Object);
            }
            self.take(b',')?;
            self.blanks();
        }
    }

    fn array(&mut self, depth: usize) -> Option<Shape> {
        self.at += 1;
        self.blanks();
        if self.take(b']').is_some() {
            return Some(Shape::Array);
        }
        loop {
            self.value(depth + 1, &mut |_, _| {})?;
            self.blanks();
            if self.take(b']').is_some() {
                return Some(Shape::Array);
            }
            self.take(b',')?;
            self.blanks();
        }
    }

    fn string(&mut self) -> Option<&'s str> {
        self.take(b'"')?;
        let start = self.at;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(&self.text[start..self.at - 1]);
                }
                b'\\' => {
                    self.at += 1;
                    match self.peek()? {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
                        b'u' => {
                            let digits = self.text.as_bytes().get(self.at + 1..self.at + 5)?;
                            if !digits.iter().all(u8::is_ascii_hexdigit) {
                                return None;
                            }
                            self.at += 5;
                        }
                        _ => return None,
                    }
                }
                0..=0x1f => return None,
                _ => self.at += 1,
            }
        }
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn number(&mut self) -> Option<()> {
        _ = self.take(b'-');
        if self.take(b'0').is_none() {
            self.digits()?;
        }
        if self.take(b'.').is_some() {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_outermost_keys() {
        let text = r#" {"data": {"a": {"b": 1}}, "n" : -1.5e3, "t":"x\"y", "l":[1,{}], "e":{}, "z":null} "#;
        let found = fields(text).unwrap();
        let expected = [
            ("data", Shape::Object),
            ("n", Shape::Scalar),
            ("t", Shape::Text),
            ("l", Shape::Array),
            ("e", Shape::Object),
            ("z", Shape::Scalar),
        ];
        assert_eq!(found, expected);
        assert_eq!(fields("[{\"data\":{}}]"), None);
        assert_eq!(fields("{\"data\":{}} trailing"), None);
        assert_eq!(fields("{data:1}"), None);
    }

    #[test]
    fn deep_nesting_is_left_alone() {
        assert_eq!(shape(&"[".repeat(1_000_000)), None);
        assert_eq!(shape(&format!("{}{}", "[".repeat(100), "]".repeat(100))), Some(Shape::Array));
    }

    proptest! {
        /// The same verdict as the library that reads the wire.
        #[test]
        fn agrees_with_serde_json(text in r#"([\[\]{}:,"\\ \n]|[0-9]|-|\.|e|true|null|"[a-z]*"|"a":|\\u00e9){0,12}"#) {
            let strict = serde_json::from_str::<serde_json::Value>(&text);
            // Numbers beyond what a double holds are JSON all the same.
            let overflow = strict.as_ref().is_err_and(|e| e.to_string().contains("out of range"));
            prop_assert_eq!(shape(&text).is_some(), strict.is_ok() || overflow, "{:?}", strict);
        }
    }
}
