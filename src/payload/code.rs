//! Object literals of JavaScript and Python, read as the JSON that they come nearest to.
//!
//! What people paste from an SDK's program: keys without quotes, single quotes, commas before a closing bracket, comments,
//! `None`, `True`. A value that is no literal (a variable, a call, a text put together) is kept as its source, marked.

/// Nesting beyond this is not read.
const DEPTH: usize = 32;

/// A literal as JSON.
#[derive(Debug, PartialEq, Eq)]
pub struct Literal {
    /// The JSON; where the literal holds code, the code's source as a text.
    pub json: String,
    /// JSON pointers of the texts that are code.
    pub code: Vec<String>,
    /// Bytes of the source that the literal takes.
    pub length: usize,
    /// All its members are bare names (`{a, b}`): a destructuring or a placeholder rather than a map.
    pub names_only: bool,
}

/// Reads the literal `{…}` that `text` begins with; `None` when it is a block, a set or a placeholder.
pub fn literal(text: &str) -> Option<Literal> {
    let mut reader = Reader { text, at: 0, json: String::new(), code: Vec::new() };
    let named = reader.map("", 0)?;
    Some(Literal { json: reader.json, code: reader.code, length: reader.at, names_only: !named })
}

/// The expression at the start of `text`, up to the comma, semicolon, line end or bracket that closes it.
pub fn expression(text: &str) -> &str {
    let end = expression_end(text, true).unwrap_or(text.len());
    text[..end].trim()
}

/// The JSON of a single expression; `Err` with its source when it is code.
pub fn scalar(source: &str) -> Result<String, String> {
    let source = source.trim();
    if let Some(text) = texts(source) {
        return Ok(serde_json::Value::from(text).to_string());
    }
    match source {
        "true" | "True" => return Ok("true".into()),
        "false" | "False" => return Ok("false".into()),
        "null" | "None" => return Ok("null".into()),
        _ => {}
    }
    if serde_json::from_str::<serde_json::Number>(source).is_ok() {
        return Ok(source.to_owned());
    }
    Err(source.to_owned())
}

/// One text, or several in a row, which Python joins: `"a" 'b'`, `"""a"""`, `r'\d'`.
fn texts(source: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = source;
    while !rest.is_empty() {
        let (text, length) = triple(rest).or_else(|| raw(rest)).or_else(|| quoted(rest))?;
        out.push_str(&text);
        rest = rest[length..].trim_start();
    }
    (!source.is_empty()).then_some(out)
}

/// A text of Python in three quotes, where it has no escapes.
fn triple(text: &str) -> Option<(String, usize)> {
    let quotes = ["\"\"\"", "'''"].into_iter().find(|quotes| text.starts_with(quotes))?;
    let inner = &text[3..3 + text[3..].find(quotes)?];
    (!inner.contains('\\')).then(|| (inner.to_owned(), inner.len() + 6))
}

/// A raw text of Python.
fn raw(text: &str) -> Option<(String, usize)> {
    let quote = text.strip_prefix(['r', 'R'])?.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let inner = &text[2..2 + text[2..].find(quote)?];
    (!inner.contains(['\\', '\n'])).then(|| (inner.to_owned(), inner.len() + 3))
}

/// The text with Python's `dict(a=1)` as `{a: 1}`; nothing where there is none.
pub fn dicts(text: &str) -> Option<String> {
    let mut out = text.to_owned();
    let mut changed = false;
    // From the last, so that those within others are done before them.
    for (at, call) in text.rmatch_indices("dict(") {
        let word = out[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
        let begin = at + call.len();
        let Some(mut named) = Some(&out[begin..]).filter(|_| !word).and_then(arguments) else { continue };
        let end = begin + named.1;
        named.0.push('}');
        out.replace_range(at..=end, &format!("{{{}", named.0));
        changed = true;
    }
    changed.then_some(out)
}

/// Named arguments as members, and where the bracket stands that closes them.
fn arguments(text: &str) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut at = 0;
    loop {
        let rest = text[at..].trim_start();
        at = text.len() - rest.len();
        if rest.starts_with(')') {
            return Some((out, at));
        }
        let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
        let value = rest[length..].trim_start().strip_prefix('=').filter(|value| !value.starts_with('='))?;
        let end = expression_end(value, false)?;
        out.push_str(&format!("{}: {}, ", &rest[..length], value[..end].trim()));
        at = text.len() - value.len() + end;
        if text[at..].starts_with(',') {
            at += 1;
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    json: String,
    code: Vec<String>,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Passes over blanks and comments.
    fn blanks(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            let comment = comment(trimmed);
            if comment == 0 {
                return;
            }
            self.at += comment;
        }
    }

    fn take(&mut self, wanted: char) -> bool {
        let there = self.rest().starts_with(wanted);
        self.at += if there { wanted.len_utf8() } else { 0 };
        there
    }

    /// A map; whether some member has a value of its own.
    fn map(&mut self, path: &str, depth: usize) -> Option<bool> {
        if depth > DEPTH || !self.take('{') {
            return None;
        }
        self.json.push('{');
        let (mut named, mut first) = (false, true);
        loop {
            self.blanks();
            if self.take('}') {
                self.json.push('}');
                return Some(named || first);
            }
            if !first {
                self.json.push(',');
            }
            first = false;
            named |= self.member(path, depth)?;
            self.blanks();
            if !self.take(',') && !self.rest().starts_with('}') {
                return None;
            }
        }
    }

    /// One member; whether it has a value of its own.
    fn member(&mut self, path: &str, depth: usize) -> Option<bool> {
        let rest = self.rest();
        if let Some(spread) = ["...", "**"].into_iter().find(|spread| rest.starts_with(spread)) {
            let end = expression_end(rest, false)?;
            let source = rest[spread.len()..end].trim().to_owned();
            self.at += end;
            self.put_name(&format!("...{source}"));
            self.put_code(&super::pointer(path, &format!("...{source}")), &source);
            return Some(true);
        }
        let (name, computed) = if let Some((text, length)) = quoted(rest) {
            self.at += length;
            (text, false)
        } else if let Some(inner) = rest.strip_prefix('[') {
            let end = 1 + expression_end(inner, false)?;
            let source = rest[1..end].trim().to_owned();
            self.at += end;
            self.take(']').then_some(())?;
            (source, true)
        } else {
            let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
            (length > 0).then_some(())?;
            let name = rest[..length].to_owned();
            self.at += length;
            (name, false)
        };
        self.put_name(&name);
        let path = super::pointer(path, &name);
        if computed {
            self.code.push(path.clone());
        }
        self.blanks();
        if !self.take(':') {
            // A member by its name alone: the variable of that name.
            let identifier = !rest.starts_with(['"', '\'', '`', '['])
                && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$')
                && name.starts_with(|c: char| !c.is_ascii_digit());
            identifier.then_some(())?;
            self.put_code(&path, &name);
            return Some(false);
        }
        self.blanks();
        self.value(&path, depth)?;
        Some(true)
    }

    fn value(&mut self, path: &str, depth: usize) -> Option<()> {
        let end = expression_end(self.rest(), false)?;
        let source = self.rest()[..end].trim().to_owned();
        (!source.is_empty()).then_some(())?;
        if source.starts_with('{') {
            let mut inner = Reader { text: &source, at: 0, json: String::new(), code: Vec::new() };
            if inner.map(path, depth + 1).is_some() && inner.at == source.len() {
                self.json.push_str(&inner.json);
                self.code.append(&mut inner.code);
                self.at += end;
                return Some(());
            }
        }
        self.at += end;
        match scalar(&source) {
            Ok(json) => self.json.push_str(&json),
            Err(_) if serde_json::from_str::<&serde_json::value::RawValue>(&source).is_ok() => {
                self.json.push_str(&source);
            }
            Err(code) => self.put_code(path, &code),
        }
        Some(())
    }

    fn put_name(&mut self, name: &str) {
        self.json.push_str(&serde_json::Value::from(name).to_string());
        self.json.push(':');
    }

    fn put_code(&mut self, path: &str, source: &str) {
        self.json.push_str(&serde_json::Value::from(source).to_string());
        self.code.push(path.to_owned());
    }
}

/// The length of the comment that `text` begins with; 0 for none. One that does not end takes the rest.
fn comment(text: &str) -> usize {
    if text.starts_with("//") || text.starts_with('#') {
        text.find('\n').map_or(text.len(), |end| end + 1)
    } else if text.starts_with("/*") {
        text.find("*/").map_or(text.len(), |end| end + 2)
    } else {
        0
    }
}

/// A text in quotes at the start, without its escapes, and its length. A template with `${` in it is code.
fn quoted(text: &str) -> Option<(String, usize)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let mut out = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => match characters.next()?.1 {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'r' => out.push('\r'),
                'u' => {
                    let digits: String = (0..4).filter_map(|_| characters.next()).map(|(_, c)| c).collect();
                    out.push(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)?);
                }
                '\n' => {}
                other => out.push(other),
            },
            _ if character == quote => {
                let template = quote == '`' && out.contains("${");
                return (!template).then_some((out, at + 1));
            }
            '\n' if quote != '`' => return None,
            _ => out.push(character),
        }
    }
    None
}

/// Where the expression that `text` begins with ends: before a comma or a closing bracket of the level it stands on; with
/// `statement`, also before a semicolon or a line end.
fn expression_end(text: &str, statement: bool) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        let rest = &text[at..];
        match character {
            '"' | '\'' | '`' => {
                at += quoted_length(rest)?;
                continue;
            }
            // `//` within a bare address is no comment, but code has its addresses in quotes.
            '/' | '#' if comment(rest) > 0 => {
                if statement && depth == 0 {
                    return Some(at);
                }
                at += comment(rest);
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return Some(at),
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => return Some(at),
            ';' | '\n' if statement && depth == 0 => return Some(at),
            _ => {}
        }
        at += character.len_utf8();
    }
    statement.then_some(at)
}

/// The length of the quoted part that `text` begins with, templates included.
fn quoted_length(text: &str) -> Option<usize> {
    let quote = text.chars().next()?;
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => _ = characters.next(),
            _ if character == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, Vec<String>)> {
        literal(text).map(|literal| (literal.json, literal.code))
    }

    #[test]
    fn literals_of_two_languages() {
        for (source, json, code) in [
            ("{ a: 'b', }", r#"{"a":"b"}"#, &[][..]),
            ("{'a': 'it\\'s', \"b\": None, 'c': True}", r#"{"a":"it's","b":null,"c":true}"#, &[]),
            ("{ a: tier, b: { c: 1.50 } }", r#"{"a":"tier","b":{"c":1.50}}"#, &["/a"]),
            ("{ a: `x ${y}`, b: String(n, {c: 1}) }", r#"{"a":"`x ${y}`","b":"String(n, {c: 1})"}"#, &["/a", "/b"]),
            ("{ a: 'b', // why\n # and\n /* , */ c: \"d\" }", r#"{"a":"b","c":"d"}"#, &[]),
            ("{ [key]: 'v', ...rest }", r#"{"key":"v","...rest":"rest"}"#, &["/key", "/...rest"]),
            ("{ attributes }", r#"{"attributes":"attributes"}"#, &["/attributes"]),
            ("{'a': f'{x}', **more}", r#"{"a":"f'{x}'","...more":"more"}"#, &["/a", "/...more"]),
            ("{a: ['x', 'y'], b: [\"x\"]}", r#"{"a":"['x', 'y']","b":["x"]}"#, &["/a"]),
        ] {
            let code = code.iter().map(|path| (*path).to_owned()).collect();
            assert_eq!(read(source), Some((json.to_owned(), code)), "{source}");
        }
        assert!(literal("{id}").unwrap().names_only && !literal("{a: b}").unwrap().names_only);
    }

    #[test]
    fn blocks_sets_and_placeholders_are_none() {
        for source in ["{ return 1; }", "{'a', 'b'}", "{input.x}", "{{tier}}", "{ a: ", "{ a: 'b' ", "{\n  await x\n}"]
        {
            assert_eq!(read(source), None, "{source}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_comes_out_is_json(text in r#"\{([a-z'":,{}\[\]()/#\\ \n$`.]|\*\*|é){0,24}"#) {
            if let Some(literal) = literal(&text) {
                proptest::prop_assert!(serde_json::from_str::<serde_json::Value>(&literal.json).is_ok(), "{}", literal.json);
                proptest::prop_assert!(text.is_char_boundary(literal.length));
            }
            expression(&text);
        }
    }
}
