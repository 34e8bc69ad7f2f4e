//! The payload in a text around it: a request, a curl command, a program, a forum post.

use super::code::{self, Language};
use super::shell::{self, Hidden, Shell};
use super::{Explained, Form, NoPayload, Was, blank, pointer, shapes};
use regex::Regex;
use std::{collections::HashSet, sync::LazyLock};

/// How many opening braces in a text are tried as the start of its JSON.
const TRIES: usize = 200;

/// A piece of the text that reads as a map, and how much it looks like the payload.
struct Candidate {
    explained: Explained,
    score: u32,
    /// Where it stands in the text.
    span: std::ops::Range<usize>,
    /// The variable that it is assigned to.
    assigned: Option<String>,
}

/// The best candidate of a text, or of the text without the quoting of a shell or a web page.
pub fn payload(text: &str) -> Option<Explained> {
    let plain = shell::documents(text);
    let python = code::dicts(&plain.text);
    let command = shell::is_command(text);
    let language = Language::of(text);
    let variants = [(Hidden { text: python.unwrap_or_else(|| plain.text.clone()), ..plain }, None)].into_iter();
    let unquoted = unquoted(text, command).map(|(hidden, what)| (hidden, Some(what)));
    // In a command, what is quoted for the shell is the payload, and braces beside it are the shell's own.
    let variants: Vec<_> =
        if command { unquoted.chain(variants).collect() } else { variants.chain(unquoted).collect() };
    for (hidden, what) in variants {
        let text = &hidden.text;
        if let Some(mut explained) = best(text, language).or_else(|| assignments(text, language)) {
            hidden.mark(&mut explained);
            if let Some(what) = what {
                explained.unwrapped.insert(0, what.into());
            }
            return Some(explained);
        }
    }
    None
}

/// A JSON text that is quoted for a shell, a program or a web page, without the quoting.
pub fn unquoted_json(text: &str) -> Option<(String, &'static str)> {
    unquoted(text, false)
        .map(|(hidden, what)| (hidden.text, what))
        .find(|(text, _)| serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok())
}

/// The text without a layer of quoting, for each kind that it shows signs of. In a command, what stands in double quotes is
/// the shell's to fill.
fn unquoted(text: &str, command: bool) -> impl Iterator<Item = (Hidden, &'static str)> {
    let bare = |text: String| Hidden { text, ..Hidden::default() };
    let squeezed = |sign: &str| Regex::new(sign).is_ok_and(|sign| sign.is_match(text));
    let backslash = squeezed(r#"[\{\[,:]\s*\\""#).then(|| {
        let hidden = if command { shell::hide(text, 0, Shell::Posix) } else { bare(text.to_owned()) };
        (Hidden { text: without_backslashes(&hidden.text), ..hidden }, "the backslashes before its quotes")
    });
    let caret = squeezed(r#"\{\s*\^""#)
        .then(|| (bare(text.replace("^\"", "\"").replace("^{", "{").replace("^}", "}")), "the carets of cmd"));
    let tick = squeezed("\\{\\s*`\"").then(|| {
        let hidden = shell::hide(text, 0, Shell::PowerShell);
        (Hidden { text: hidden.text.replace("`\"", "\""), ..hidden }, "the backticks of PowerShell")
    });
    let double = squeezed(r#"\{\s*""[^"]"#).then(|| (bare(text.replace("\"\"", "\"")), "the doubled quotes"));
    let entity = squeezed("\\{\\s*(?:&quot;|&#34;|&#39;)").then(|| {
        let plain = text.replace("&quot;", "\"").replace("&#34;", "\"").replace("&#39;", "'");
        (bare(plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")), "the entities of a web page")
    });
    [backslash, caret, tick, double, entity].into_iter().flatten()
}

fn without_backslashes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\\', Some('"' | '\\')) => out.extend(characters.next()),
            _ => out.push(character),
        }
    }
    out
}

fn best(text: &str, language: Language) -> Option<Explained> {
    let named = named_as_attributes(text);
    let mut best: Option<Candidate> = None;
    for (at, _) in text.match_indices('{').take(TRIES) {
        let Some(mut candidate) = candidate(text, at, language) else { continue };
        if candidate.assigned.as_ref().is_some_and(|name| named.contains(name))
            && candidate.explained.form == Form::Flat
        {
            as_attributes(&mut candidate.explained);
            candidate.score = 95;
        }
        if best.as_ref().is_none_or(|best| candidate.score > best.score) {
            best = Some(candidate);
        }
    }
    best.map(|Candidate { mut explained, span, assigned, .. }| {
        if let Some(name) = assigned {
            set_later(&mut explained, &name, &text[span.end..], language);
        }
        explained.unwrapped.insert(0, "the text around the JSON".into());
        let around = format!("{}\n{}", &text[..span.start], &text[span.end..]);
        explained.around = format!("{around}{}", explained.around);
        explained
    })
}

/// Variables that are sent as the attributes: `attributes: tier_map`, `body.attributes = tier_map`, `{ attributes }`.
fn named_as_attributes(text: &str) -> HashSet<String> {
    static USE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"\battributes["']?\]?\s*(?:[:=]|=>)\s*([A-Za-z_$][\w$]*)\s*[,;})\n]"#).ok());
    let mut names: HashSet<String> =
        USE.iter().flat_map(|found| found.captures_iter(text)).map(|found| found[1].to_owned()).collect();
    names.insert("attributes".into());
    names
}

/// Turns a flat map into the body that its program builds.
fn as_attributes(explained: &mut Explained) {
    explained.form = Form::Attributes;
    for pair in &mut explained.pairs {
        pair.path = format!("/attributes{}", pair.path);
    }
}

fn candidate(text: &str, at: usize, language: Language) -> Option<Candidate> {
    let rest = &text[at..];
    let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<&serde_json::value::RawValue>();
    let (explained, length, names_only) = if let Some(Ok(raw)) = stream.next() {
        (shapes::json(raw.get()).ok()?, raw.get().len(), false)
    } else {
        let literal = code::literal(rest, language)?;
        let mut explained = shapes::json(&literal.json).ok()?;
        mark_code(&mut explained, &literal);
        (explained, literal.length, literal.names_only)
    };
    // A post that speaks of `{}` shows no payload, and a placeholder in an address is none.
    if rest[..length].trim_matches(['{', '}', ' ', '\n']).is_empty() || names_only {
        return None;
    }
    let before = &text[..at];
    let assigned = assigned_to(before);
    let settings = explained.pairs.iter().any(|pair| is_request_setting(&pair.key));
    let score = match explained.form {
        Form::Attributes => 100,
        Form::DataAction | Form::Conversation => 96,
        Form::Data | Form::ParticipantData => 80,
        Form::Flow(_) => 70,
        _ if settings => 5,
        _ if explained.participant.is_some() => 75,
        _ if is_sent(before) => 60,
        _ => 10,
    };
    Some(Candidate { explained, score, span: at..at + length, assigned })
}

/// Pairs whose value, or whose key, is code.
fn mark_code(explained: &mut Explained, literal: &code::Literal) {
    for pair in &mut explained.pairs {
        let below = format!("{}/", pair.path);
        if literal.computed.contains(&pair.path) {
            pair.was = Was::ComputedKey;
        } else if literal.code.iter().any(|path| *path == pair.path || path.starts_with(&below)) {
            pair.was = Was::Expression;
        }
    }
}

/// A member of a request's headers or options.
fn is_request_setting(name: &str) -> bool {
    ["authorization", "content-type", "accept", "method", "headers", "hostname", "url", "cache-control", "grant_type"]
        .iter()
        .any(|setting| name.eq_ignore_ascii_case(setting))
}

/// What stands before the map says that it is sent.
fn is_sent(before: &str) -> bool {
    static SENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"(?:(?:-d|--data(?:-raw|-binary|-ascii)?|--json|-Body)[ =]*\$?['"]?|(?:stringify|dumps)\(|\b(?:json|data|body|payload|content)["']?\]?\s*[:=]\s*['"]?)\s*$"#)
            .ok()
    });
    SENT.as_ref().is_some_and(|sent| sent.is_match(tail(before)))
}

/// The variable or member that the map is assigned to: `attributes` of `body.attributes = {`.
fn assigned_to(before: &str) -> Option<String> {
    static ASSIGNED: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"([A-Za-z_$][\w$]*)["']?\]?(?:\s*:\s*[A-Za-z_][\w\[\], <>]*)?\s*=\s*$"#).ok());
    let found = ASSIGNED.as_ref()?.captures(tail(before))?;
    Some(found[1].to_owned())
}

/// The last bytes of what stands before a map: enough for what is looked for there.
fn tail(before: &str) -> &str {
    let mut from = before.len().saturating_sub(120);
    while !before.is_char_boundary(from) {
        from += 1;
    }
    &before[from..]
}

/// Attributes that a program sets one by one: `body.attributes["tier"] = "gold"`, `attributes.tier = 'gold'`.
fn assignments(text: &str, language: Language) -> Option<Explained> {
    // By the name itself, or by a variable that is sent as the attributes.
    let names: Vec<String> = named_as_attributes(text).iter().map(|name| regex::escape(name)).collect();
    let mut explained = blank(Form::Attributes);
    explained.pairs = set_one_by_one(text, &names.join("|"), "/attributes", language);
    explained.around = text.to_owned();
    explained.unwrapped.push("the program around the keys".into());
    (!explained.pairs.is_empty()).then_some(explained)
}

/// What a program sets in a map after it was written down: `attrs["b"] = 2` behind `attrs = {…}`. The last value of a key counts.
fn set_later(explained: &mut Explained, name: &str, behind: &str, language: Language) {
    let name = regex::escape(name);
    let whole = explained.pairs.first().is_some_and(|pair| pair.path.starts_with("/attributes/"));
    let (names, path) = match explained.form {
        // The map itself, which is sent as the attributes, or the `attributes` of a whole body.
        Form::Attributes if whole => (format!(r#"{name}(?:\.attributes|\[["']attributes["']\])?"#), "/attributes"),
        Form::Flat => (name, ""),
        _ => return,
    };
    for pair in set_one_by_one(behind, &names, path, language) {
        // The map within a body is set as a whole.
        if pair.key == "attributes" && path == "/attributes" {
            continue;
        }
        match explained.pairs.iter_mut().find(|known| known.path == pair.path) {
            Some(known) => *known = pair,
            None => explained.pairs.push(pair),
        }
    }
}

/// The pairs that are set in a map of one of these names.
fn set_one_by_one(text: &str, names: &str, above: &str, language: Language) -> Vec<super::Pair> {
    let set = Regex::new(&format!(
        r#"(?:\b|\B\$)(?:{names})(?:"\]|'\])?(?:(\[)|\.([A-Za-z_$][\w$]*)\s*=|\.put\(\s*"([^"\n]+)"\s*,)\s*"#
    ));
    let mut pairs = Vec::new();
    for found in set.iter().flat_map(|set| set.captures_iter(text)) {
        let mut rest = &text[found.get(0).map_or(0, |all| all.end())..];
        let name = (2..=3).find_map(|group| found.get(group)).map_or("", |key| key.as_str());
        let mut key = Ok(name.to_owned());
        if found.get(1).is_some() {
            let Some((name, length)) = code::index(rest) else { continue };
            let Some(value) = rest[length..].trim_start().strip_prefix('=') else { continue };
            (key, rest) = (name, value);
        }
        // `==` compares.
        if rest.starts_with('=') {
            continue;
        }
        let source = code::expression(rest.trim_start());
        let whole = |literal: &code::Literal| literal.length == source.len() && !literal.names_only;
        let map = code::literal(source, language).filter(whole).map(|literal| literal.json);
        let list = || serde_json::from_str(source).is_ok_and(|value: serde_json::Value| value.is_array());
        let json = map.or_else(|| list().then(|| source.to_owned()));
        let (was, value) = match json.map_or_else(|| code::scalar(source), Ok) {
            Ok(json) => match serde_json::from_str(&json) {
                Ok(serde_json::Value::String(text)) => (Was::Text, text),
                Ok(serde_json::Value::Bool(_)) => (Was::Bool, json),
                Ok(serde_json::Value::Null) => (Was::Null, json),
                Ok(serde_json::Value::Object(_) | serde_json::Value::Array(_)) => (Was::Nested, json),
                _ => (Was::Number, json),
            },
            Err(code) => (Was::Expression, code),
        };
        let (key, was) = match key {
            Ok(key) => (key, was),
            Err(source) => (format!("[{source}]"), Was::ComputedKey),
        };
        let path = pointer(above, &key);
        pairs.push(super::Pair { key, value, was, path });
    }
    pairs
}

/// A text that begins like JSON and is none: quoted for a shell or a page it still is a payload.
pub fn rescue(text: &str, error: NoPayload) -> Result<Explained, NoPayload> {
    let Some((plain, what)) = unquoted_json(text) else { return Err(error) };
    let mut explained = shapes::json(&plain).map_err(|_| error)?;
    explained.unwrapped.insert(0, what.into());
    Ok(explained)
}
