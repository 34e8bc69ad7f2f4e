//! Object literals of JavaScript and Python, read as the JSON that they come nearest to.
//!
//! What people paste from an SDK's program: keys without quotes, single quotes, commas before a closing bracket, comments,
//! `None`, `True`. A value that is no literal (a variable, a call, a text put together) is kept as its source, marked.

use regex::Regex;
use std::sync::LazyLock;

/// Nesting beyond this is not read.
const DEPTH: usize = 32;

/// A literal as JSON.
#[derive(Debug, PartialEq, Eq)]
pub struct Literal {
    /// The JSON; where the literal holds code, the code's source as a text.
    pub json: String,
    /// JSON pointers of the texts that are code.
    pub code: Vec<String>,
    /// JSON pointers of the members whose key is code. It stands in brackets as their name.
    pub computed: Vec<String>,
    /// Bytes of the source that the literal takes.
    pub length: usize,
    /// All its members are bare names (`{a, b}`): a destructuring or a placeholder rather than a map.
    pub names_only: bool,
}

/// Whose literals they are, which decides what a bare name before a colon means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `{tier: 1}` has the key `tier`. Also what is no program at all.
    JavaScript,
    /// `{tier: 1}` has the key that the variable `tier` holds. So it has in a map of Go.
    Python,
}

impl Language {
    /// By what a program in Python has and one in JavaScript has not.
    pub fn of(text: &str) -> Self {
        static PYTHON: LazyLock<Option<Regex>> = LazyLock::new(|| {
            Regex::new(
                r#"(?m)^\s*(?:from\s+[\w.]+\s+import\s|import\s+[\w.]+\s*(?:as\s+\w+\s*)?$|def\s+\w+\s*\(.*\).*:\s*$|(?:if|for|while|with|try|elif|else|except)\b[^{;]*:\s*(?:#.*)?$|print\s*\()|\b(?:None|True|False)\b|\brequests\.\w+\(|\bjson\.dumps\(|\b(?:json|data|body|headers)\s*=\s*\w[\w.]*\s*[,)]|[\s{(\[,:=][fF]["']|\bself\.|\bdict\(|\bmap\[string\]|\*\*[a-z_]\w*\s*[,)}]"#,
            )
            .ok()
        });
        static JAVASCRIPT: LazyLock<Option<Regex>> = LazyLock::new(|| {
            Regex::new(r#"\b(?:const|let|var)\s+[\w{\[$]|=>|\bfunction\b|\bJSON\.|\brequire\(|`[^`]*\$\{"#).ok()
        });
        let has = |sign: &LazyLock<Option<Regex>>| sign.as_ref().is_some_and(|sign| sign.is_match(text));
        if has(&PYTHON) && !has(&JAVASCRIPT) { Self::Python } else { Self::JavaScript }
    }
}

/// Reads the literal `{…}` that `text` begins with; `None` when it is a block, a set or a placeholder.
pub fn literal(text: &str, language: Language) -> Option<Literal> {
    let mut reader = CodeReader::new(text, language);
    let named = reader.map("", 0)?;
    let CodeReader { json, code, computed, at: length, .. } = reader;
    Some(Literal { json, code, computed, length, names_only: !named })
}

/// The key that the expression in the brackets behind `attributes[` is, up to the closing one: `Err` with its source when it is
/// code. With it the bytes up to and with that bracket.
pub fn index(text: &str) -> Option<(Result<String, String>, usize)> {
    let end = expression_end(text, &[])?;
    let source = text[..end].trim();
    let closed = text[end..].starts_with(']') && !source.is_empty();
    closed.then(|| (texts(source).ok_or_else(|| source.to_owned()), end + 1))
}

/// The expression at the start of `text`, up to the comma, semicolon, line end or bracket that closes it.
pub fn expression(text: &str) -> &str {
    let end = expression_end(text, &STATEMENT).unwrap_or(text.len());
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
        let (text, length) = triple(rest).or_else(|| raw(rest)).or_else(|| prefixed(rest)).or_else(|| quoted(rest))?;
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
    (!inner.ends_with('\\') && !inner.contains('\n')).then(|| (inner.to_owned(), inner.len() + 3))
}

/// A text of Python with a letter before it that changes nothing here: `u"a"`, and `f"a"` where it computes nothing.
fn prefixed(text: &str) -> Option<(String, usize)> {
    let rest = text.strip_prefix(['f', 'F', 'u', 'U']).filter(|rest| rest.starts_with(['"', '\'']))?;
    let (inner, length) = quoted(rest)?;
    let computes = text.starts_with(['f', 'F']) && inner.contains(['{', '}']);
    (!computes).then_some((inner, length + 1))
}

/// The text with Python's `dict(a=1)` as `{"a": 1}`; nothing where there is none.
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

/// The text with PowerShell's `@{ a = 1; 'b' = 2 }` as `{"a": 1, 'b': 2}`; nothing where there is none.
pub fn hashtables(text: &str) -> Option<String> {
    let mut out = text.to_owned();
    let mut changed = false;
    // From the last, so that those within others are done before them.
    for (at, _) in text.rmatch_indices("@{") {
        let Some((members, end)) = pairs(&out[at + 2..]) else { continue };
        out.replace_range(at..at + 2 + end + 1, &format!("{{{members}}}"));
        changed = true;
    }
    changed.then_some(out)
}

/// The pairs of a hashtable as members, and where the brace stands that closes it.
fn pairs(text: &str) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut at = 0;
    loop {
        let rest = text[at..].trim_start_matches(|c: char| c.is_whitespace() || c == ';');
        at = text.len() - rest.len();
        if rest.starts_with('}') {
            return Some((out, at));
        }
        let equals = expression_end(rest, &['='])?;
        let key = rest[..equals].trim();
        let value = rest[equals..].strip_prefix('=')?;
        let value_end = expression_end(value, &STATEMENT)?;
        let source = value[..value_end].trim();
        let bare = key.chars().all(|c| c.is_alphanumeric() || c == '_');
        let key = if bare { format!("\"{key}\"") } else { key.to_owned() };
        // A variable in double quotes is filled in.
        let computed = source.starts_with('"') && source.contains('$') || source.contains('`');
        let source = if computed { format!("({source})") } else { source.to_owned() };
        out.push_str(&format!("{key}: {source}, "));
        at = text.len() - value.len() + value_end;
    }
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
        let end = expression_end(value, &[])?;
        // In quotes, for a bare name would be a variable's.
        out.push_str(&format!("\"{}\": {}, ", &rest[..length], value[..end].trim()));
        at = text.len() - value.len() + end;
        if text[at..].starts_with(',') {
            at += 1;
        }
    }
}

struct CodeReader<'t> {
    text: &'t str,
    at: usize,
    language: Language,
    json: String,
    code: Vec<String>,
    computed: Vec<String>,
}

impl<'t> CodeReader<'t> {
    fn new(text: &'t str, language: Language) -> Self {
        Self { text, at: 0, language, json: String::new(), code: Vec::new(), computed: Vec::new() }
    }

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
            let end = expression_end(rest, &[])?;
            let source = rest[spread.len()..end].trim().to_owned();
            self.at += end;
            self.put_name(&format!("...{source}"));
            self.put_code(&super::pointer(path, &format!("...{source}")), &source);
            return Some(true);
        }
        let (source, end) = self.key_source()?;
        // A text, or what stands in brackets and is one.
        let bare = source.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(source).trim();
        let name = match texts(bare) {
            Some(text) => Some(text),
            None if is_number(source) || is_name(source) && self.language == Language::JavaScript => {
                Some(source.to_owned())
            }
            None => None,
        };
        if !rest[end..].starts_with(':') {
            // A member by its name alone: the variable of that name.
            is_name(source).then_some(())?;
            self.at += end;
            self.put_name(source);
            self.put_code(&super::pointer(path, source), source);
            return Some(false);
        }
        // JavaScript computes a key only in brackets.
        let computed = name.is_none();
        if computed && self.language == Language::JavaScript && !source.starts_with('[') {
            return None;
        }
        self.at += end + 1;
        let name = name.unwrap_or_else(|| format!("[{bare}]"));
        self.put_name(&name);
        let path = super::pointer(path, &name);
        if computed {
            self.computed.push(path.clone());
        }
        self.blanks();
        self.value(&path, depth)?;
        Some(true)
    }

    /// The source of a key, and where it ends: before a colon, or what closes a member without one.
    fn key_source(&self) -> Option<(&'t str, usize)> {
        let rest = self.rest();
        let end = expression_end(rest, &[':'])?;
        let mut source = rest[..end].trim_end();
        // A comment between a key and its colon.
        while let Some(at) = ["/*", "//", "#"].iter().filter_map(|sign| source.find(sign)).min() {
            if texts(source).is_some() {
                break;
            }
            source = source[..at].trim_end();
        }
        (!source.is_empty() && !outside_quotes(source).contains(['{', '}', ';'])).then_some((source, end))
    }

    fn value(&mut self, path: &str, depth: usize) -> Option<()> {
        let end = expression_end(self.rest(), &[])?;
        let source = self.rest()[..end].trim().to_owned();
        (!source.is_empty()).then_some(())?;
        if source.starts_with('{') {
            let mut inner = CodeReader::new(&source, self.language);
            if inner.map(path, depth + 1).is_some() && inner.at == source.len() {
                self.json.push_str(&inner.json);
                self.code.append(&mut inner.code);
                self.computed.append(&mut inner.computed);
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
            '\\' => {
                let (escaped, length) = escape(&text[at..])?;
                out.extend(escaped);
                let end = at + length;
                while characters.clone().next().is_some_and(|(next, _)| next < end) {
                    characters.next();
                }
            }
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

/// What the escape at the start is, and its length; nothing for a line that goes on. `None` where languages differ.
pub fn escape(text: &str) -> Option<(Option<char>, usize)> {
    let next = text[1..].chars().next()?;
    let hexadecimal = |from: usize, count: usize| {
        let digits = text.get(from..from + count)?;
        u32::from_str_radix(digits, 16).ok()
    };
    Some(match next {
        'n' => (Some('\n'), 2),
        't' => (Some('\t'), 2),
        'r' => (Some('\r'), 2),
        'b' => (Some('\u{8}'), 2),
        'f' => (Some('\u{c}'), 2),
        'v' => (Some('\u{b}'), 2),
        '\n' => (None, 2),
        'x' => (Some(char::from_u32(hexadecimal(2, 2)?)?), 4),
        'u' if text[2..].starts_with('{') => {
            let end = text.find('}')?;
            (Some(char::from_u32(hexadecimal(3, end - 3)?)?), end + 1)
        }
        'u' => {
            let first = hexadecimal(2, 4)?;
            match char::from_u32(first) {
                Some(character) => (Some(character), 6),
                // Two of them are one character outside the basic plane.
                None => {
                    let second = text[6..].starts_with("\\u").then(|| hexadecimal(8, 4)).flatten()?;
                    let pair = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
                    (Some(char::decode_utf16(pair).next()?.ok()?), 12)
                }
            }
        }
        '"' | '\'' | '`' | '\\' | '/' | '$' => (Some(next), 2),
        _ => return None,
    })
}

/// Where an operand of `+` ends.
pub fn operand_end(text: &str) -> usize {
    expression_end(text, &['+', ';', '\n']).unwrap_or(text.len())
}

/// What ends a statement.
const STATEMENT: [char; 2] = [';', '\n'];

/// A source without what stands in quotes.
fn outside_quotes(mut source: &str) -> String {
    let mut out = String::new();
    while let Some(at) = source.find(['"', '\'', '`']) {
        out.push_str(&source[..at]);
        source = &source[at + quoted_length(&source[at..]).unwrap_or(source.len() - at)..];
    }
    out + source
}

fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$') && text.starts_with(|c: char| !c.is_ascii_digit())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Where the expression that `text` begins with ends: before a comma or a closing bracket of the level it stands on, or before
/// one of `ends` there. With a line end among those it may also end with the text.
fn expression_end(text: &str, ends: &[char]) -> Option<usize> {
    let statement = ends.contains(&'\n');
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
            end if depth == 0 && ends.contains(&end) => return Some(at),
            _ => {}
        }
        at += character.len_utf8();
    }
    statement.then_some(at)
}

/// The length of the quoted part that `text` begins with, templates included.
pub fn quoted_length(text: &str) -> Option<usize> {
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
        literal(text, Language::JavaScript).map(|literal| (literal.json, literal.code))
    }

    #[test]
    fn literals_of_two_languages() {
        for (source, json, code) in [
            ("{ a: 'b', }", r#"{"a":"b"}"#, &[][..]),
            ("{'a': 'it\\'s', \"b\": None, 'c': True}", r#"{"a":"it's","b":null,"c":true}"#, &[]),
            ("{ a: tier, b: { c: 1.50 } }", r#"{"a":"tier","b":{"c":1.50}}"#, &["/a"]),
            ("{ a: `x ${y}`, b: String(n, {c: 1}) }", r#"{"a":"`x ${y}`","b":"String(n, {c: 1})"}"#, &["/a", "/b"]),
            ("{ a: 'b', // why\n # and\n /* , */ c: \"d\" }", r#"{"a":"b","c":"d"}"#, &[]),
            ("{ [key]: 'v', ...rest }", r#"{"[key]":"v","...rest":"rest"}"#, &["/...rest"]),
            ("{ ['k']: 'v', 7: 'w', a /* why */ : 'b' }", r#"{"k":"v","7":"w","a":"b"}"#, &[]),
            ("{ attributes }", r#"{"attributes":"attributes"}"#, &["/attributes"]),
            ("{'a': f'{x}', **more}", r#"{"a":"f'{x}'","...more":"more"}"#, &["/a", "/...more"]),
            ("{a: ['x', 'y'], b: [\"x\"]}", r#"{"a":"['x', 'y']","b":["x"]}"#, &["/a"]),
        ] {
            let code = code.iter().map(|path| (*path).to_owned()).collect();
            assert_eq!(read(source), Some((json.to_owned(), code)), "{source}");
        }
        let names_only = |text| literal(text, Language::JavaScript).unwrap().names_only;
        assert!(names_only("{id}") && !names_only("{a: b}"));
    }

    #[test]
    fn keys_that_are_code_are_computed() {
        use Language::{JavaScript, Python};
        for (language, source, json, computed) in [
            (JavaScript, "{ k: 'gold' }", r#"{"k":"gold"}"#, &[][..]),
            (
                JavaScript,
                "{ [k]: 'gold', [`k${i}`]: 'x' }",
                r#"{"[k]":"gold","[`k${i}`]":"x"}"#,
                &["/[k]", "/[`k${i}`]"],
            ),
            (Python, "{k: 'gold', 'l': 1}", r#"{"[k]":"gold","l":1}"#, &["/[k]"]),
            (Python, "{f'k{i}': 'a', f'k': 'b'}", r#"{"[f'k{i}']":"a","k":"b"}"#, &["/[f'k{i}']"]),
            (
                Python,
                "{'a' 'b': 1, u'c': 2, P + 'd': 3, KEYS['e']: 4, name(x, y): 5}",
                r#"{"ab":1,"c":2,"[P + 'd']":3,"[KEYS['e']]":4,"[name(x, y)]":5}"#,
                &["/[P + 'd']", "/[KEYS['e']]", "/[name(x, y)]"],
            ),
            (Python, "{'attributes': {k: 'v'}}", r#"{"attributes":{"[k]":"v"}}"#, &["/attributes/[k]"]),
        ] {
            let found = literal(source, language).map(|literal| (literal.json, literal.computed));
            let computed = computed.iter().map(|path| (*path).to_owned()).collect();
            assert_eq!(found, Some((json.to_owned(), computed)), "{source}");
        }
        for (language, text) in [
            (Python, "import requests\nrequests.patch(url, json={k: 'v'})"),
            (Python, "body = {k: None}"),
            (JavaScript, "const body = {k: 'v'};"),
            (JavaScript, "{k: 'v'}"),
            (Python, "attributes := map[string]string{k: \"v\"}"),
            (JavaScript, "**Note** that {k: 'v'} works"),
            (Python, "def send(k):\n    api.patch(c, p, {'attributes': {k: 'true'}})"),
            (JavaScript, "await fetch(url, {body: JSON.stringify({k: 'v'})})"),
        ] {
            assert_eq!(Language::of(text), language, "{text}");
        }
    }

    #[test]
    fn blocks_sets_and_placeholders_are_none() {
        for source in ["{ return 1; }", "{'a', 'b'}", "{input.x}", "{{tier}}", "{ a: ", "{ a: 'b' ", "{\n  await x\n}"]
        {
            assert_eq!(read(source), None, "{source}");
            assert_eq!(literal(source, Language::Python), None, "{source}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_comes_out_is_json(text in r#"\{([a-z'":,{}\[\]()/#\\ \n$`.]|\*\*|é){0,24}"#) {
            for literal in [Language::JavaScript, Language::Python].into_iter().filter_map(|it| literal(&text, it)) {
                proptest::prop_assert!(serde_json::from_str::<serde_json::Value>(&literal.json).is_ok(), "{}", literal.json);
                proptest::prop_assert!(text.is_char_boundary(literal.length));
            }
            expression(&text);
        }
    }
}
