//! How a program sends what it holds: by which method, as an object or as a text, and how often made to one.

use super::{Severity, Trouble};
use regex::Regex;
use std::sync::LazyLock;

/// What takes a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sink {
    /// Makes JSON of an object by itself: `json=` of requests, `json:` of got.
    Json,
    /// Sends an object as a form, and a text as it is: `data=` of requests.
    PayloadForm,
    /// The member `attributes` of a body.
    Member,
    /// Sends a text as it is, and an object as `[object Object]`: `body:` of fetch, `send(…)`.
    Raw,
    /// Sends an object as a form: `data:` of jQuery.
    Fields,
    /// Goes into the address: `params=`.
    Address,
}

/// How deep variables are followed.
const NAMES: usize = 8;

/// What is wrong with the way that a body takes from where it stands to where it is sent. `span` is where it stands, `text` says
/// whether it is JSON as a text already.
pub fn troubles(program: &str, span: std::ops::Range<usize>, text: bool) -> Vec<Trouble> {
    let mut found = Vec::new();
    let (encoded, before) = encoders(&program[..span.start]);
    if let Some(printed) = printer(before).filter(|_| !text && encoded == 0) {
        found.push(printed_as(printed));
        return found;
    }
    let mut uses = vec![(encoded + usize::from(text), before, None)];
    let mut names: Vec<String> = Vec::new();
    while let Some((count, before, name)) = uses.pop() {
        if let Some(trouble) = sink(before, program).and_then(|sink| wrong(sink, count)).or_else(|| twice(count)) {
            if !found.contains(&trouble) {
                found.push(trouble);
            }
            continue;
        }
        let Some(next) = assigned(before).filter(|next| Some(next) != name.as_ref() && !names.contains(next)) else {
            continue;
        };
        if names.len() >= NAMES {
            break;
        }
        // `body = json.dumps(body)`: from there on it is a text.
        let mut again = 0;
        for (before, behind) in mentions(program, &next, span.end) {
            let (more, before) = encoders(before);
            let texts = count + again + more;
            let printed = printer(before).or_else(|| behind.starts_with(".toString(").then_some("toString()"));
            let printed = printed.or_else(|| in_template(before, behind).then_some("the template"));
            if let Some(printed) = printed.filter(|_| texts == 0) {
                let trouble = printed_as(printed);
                if !found.contains(&trouble) {
                    found.push(trouble);
                }
                continue;
            }
            if assigned(before).as_ref() == Some(&next) {
                again += more;
            } else {
                uses.push((texts, before, Some(next.clone())));
            }
        }
        names.push(next);
    }
    found
}

/// Whether a variable is used behind this byte for anything but to be changed.
pub fn is_used(program: &str, name: &str, from: usize) -> bool {
    mentions(program, name, from).next().is_some()
}

/// What stands before and behind each use of a variable behind this byte. Where it is assigned or changed is none.
fn mentions<'t>(program: &'t str, name: &str, from: usize) -> impl Iterator<Item = (&'t str, &'t str)> {
    let word = Regex::new(&format!(r"(?:^|[^\w.$])({})(\W|$)", regex::escape(name))).ok();
    let mut found = Vec::new();
    let mut at = from;
    while let Some(hit) = word.as_ref().and_then(|word| word.captures_at(program, at)).and_then(|hit| hit.get(1)) {
        let behind = program[hit.end()..].trim_start();
        let changed = behind.starts_with(['[', '.'])
            || behind.starts_with('=') && !behind.starts_with("==")
            || behind.starts_with(":=");
        let encodes = [".to_json", ".ToString", ".toString("].iter().any(|method| behind.starts_with(method));
        if !changed || encodes {
            found.push((&program[..hit.start()], &program[hit.end()..]));
        }
        at = hit.end();
    }
    found.into_iter()
}

/// How many functions that make JSON stand right before, and the text before them.
pub fn encoders(before: &str) -> (usize, &str) {
    static ENCODER: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?:\bJSON\.stringify|\b(?:ujson|orjson|simplejson|json)\.dumps|\bdumps|\bjson_encode|\bJSON\.generate)\(\s*$").ok()
    });
    let (mut count, mut before) = (0, before);
    while let Some(found) = ENCODER.as_ref().and_then(|encoder| encoder.find(before)) {
        before = &before[..found.start()];
        count += 1;
    }
    (count, before)
}

/// Whether what stands behind this text is made to JSON and given to a body's `attributes`.
pub fn is_encoded_member(before: &str) -> bool {
    let (count, before) = encoders(before);
    count > 0 && sink(before, "") == Some(Sink::Member)
}

/// An object is made to a text that is no JSON.
fn printed_as(by: &str) -> Trouble {
    Trouble::error(
        "not-as-json",
        format!("{by} makes a text of the object that is not JSON"),
        "JSON.stringify(…) in JavaScript, json.dumps(…) in Python",
    )
}

/// Whether a name is all of a place in a template that is given to something, `` body: `${b}` ``.
fn in_template(before: &str, behind: &str) -> bool {
    let Some(begin) = before.trim_end().strip_suffix("${") else { return false };
    let Some(tick) = begin.rfind('`') else { return false };
    behind.trim_start().starts_with('}')
        && begin[..tick].trim_end().ends_with([':', '=', '('])
        && !begin[..tick].trim_end().ends_with(".log(")
}

/// A function right before that makes some other text of an object.
fn printer(before: &str) -> Option<&str> {
    static PRINTER: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?:^|[^\w.])((?:str|repr|String|new\s+URLSearchParams|qs\.stringify|querystring\.stringify|urlencode|urllib\.parse\.urlencode|http_build_query)\()\s*$").ok()
    });
    let found = PRINTER.as_ref()?.captures(before)?.get(1)?;
    Some(found.as_str().trim_end_matches('('))
}

/// What takes what stands behind this text.
fn sink(before: &str, program: &str) -> Option<Sink> {
    static SINK: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"(?:\b(json["']?\s*[:=])|\b(data\s*=)|\b(body["']?\s*:|content\s*=)|(\.send\()|(\battributes["']?\]?\s*(?:[:=]|=>))|(\bdata["']?\s*:)|(\bparams["']?\s*[:=]))\s*[furbFURB$@]{0,2}$"#).ok()
    });
    let found = SINK.as_ref()?.captures(before)?;
    let has = |word: &str| program.contains(word);
    let requests = has("requests.") || has("httpx.") || has("session.") || has("Session(");
    match () {
        () if found.get(5).is_some() => Some(Sink::Member),
        () if found.get(1).is_some() => Some(Sink::Json),
        () if found.get(7).is_some() => Some(Sink::Address),
        () if found.get(6).is_some() => has(".ajax(").then_some(Sink::Fields),
        () if found.get(2).is_some() => requests.then_some(Sink::PayloadForm),
        // With `json: true` the old `request` makes JSON itself; other libraries take objects.
        () if found.get(3).is_some() => (has("fetch(") && !has("json: true")).then_some(Sink::Raw),
        () => has("XMLHttpRequest").then_some(Sink::Raw),
    }
}

fn wrong(sink: Sink, texts: usize) -> Option<Trouble> {
    match (sink, texts) {
        (Sink::Json, 1) => Some(Trouble::encoded("json makes JSON of what it gets, and this is a JSON text already")),
        (Sink::Member, 1) => {
            Some(Trouble::encoded("attributes is one JSON text and not an object: none of the keys in it would be set"))
        }
        (Sink::PayloadForm, 0) => Some(Trouble::error(
            "not-as-json",
            "data= sends an object as a form, and the API takes JSON",
            "json=…, or data=json.dumps(…) with Content-Type application/json",
        )),
        (Sink::Fields, 0) => Some(Trouble::error(
            "not-as-json",
            "jQuery sends an object as a form, and the API takes JSON",
            "data: JSON.stringify(…), contentType: \"application/json\"",
        )),
        (Sink::Address, _) => Some(Trouble::error(
            "not-as-json",
            "params go into the address, so none of it is the body",
            "json=… in Python; the second argument of axios.patch(…)",
        )),
        (Sink::Raw, 0) => Some(Trouble::error(
            "not-as-json",
            "an object is sent as the text [object Object], for nothing makes JSON of it",
            "body: JSON.stringify(…)",
        )),
        _ => None,
    }
}

fn twice(texts: usize) -> Option<Trouble> {
    (texts > 1).then(|| Trouble::encoded(format!("it is stringified {texts} times: a receiver sees one text, no keys")))
}

/// The variable that what stands behind this text is assigned to.
fn assigned(before: &str) -> Option<String> {
    static ASSIGNED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"([A-Za-z_$][\w$]*)(?:\s*:\s*[A-Za-z_][\w\[\], <>]*)?\s*:?=\s*(?:await\s+)?[furbFURB$@]{0,2}$").ok()
    });
    let mut from = before.len().saturating_sub(120);
    while !before.is_char_boundary(from) {
        from += 1;
    }
    Some(ASSIGNED.as_ref()?.captures(&before[from..])?[1].to_owned())
}

/// The method that a program or a request names, when it is another than PATCH.
pub fn method(text: &str) -> Option<Trouble> {
    static OTHER: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r#"\b(PUT|POST|GET|DELETE)["'`]?\s+\S*/participants/[^/\s]+/attributes|(?i-u:\b(?:requests|axios|httpx|session|client|http|got|\$http)\.(put|post|get|delete)\(|\bmethod["']?\s*[:=]\s*["'`](put|post|get|delete)["'`]|-Method\s+['"]?(put|post|get|delete)\b|\brequest\(\s*["'](put|post|get|delete)["'])"#,
        )
        .ok()
    });
    if text.to_ascii_lowercase().contains("patch") {
        return None;
    }
    let found = OTHER.as_ref().and_then(|other| other.captures(text));
    if let Some(method) =
        found.and_then(|found| (1..=5).find_map(|group| found.get(group)).map(|it| it.as_str().to_ascii_uppercase()))
    {
        return Some(Trouble::method(Severity::Error, &format!("it sends {method}")));
    }
    static POWER: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?i)\b(?:Invoke-RestMethod|Invoke-WebRequest)\b").ok());
    let power = POWER.as_ref().is_some_and(|power| power.is_match(text));
    if power && !["-method", "-custommethod", "@params"].iter().any(|sign| text.to_ascii_lowercase().contains(sign)) {
        return Some(Trouble::method(Severity::Error, "without -Method it sends GET"));
    }
    let unnamed = text.contains("fetch(") && !text.contains("method");
    unnamed.then(|| Trouble::method(Severity::Error, "fetch without a method sends GET"))
}

/// What is wrong with a hashtable of PowerShell that nothing makes JSON of.
pub fn hashtable(text: &str) -> Option<Trouble> {
    static TWICE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)ConvertTo-Json\b[^|\n;]*\|\s*ConvertTo-Json\b|ConvertTo-Json\s*\(\s*ConvertTo-Json").ok()
    });
    static GIVEN: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?im)(\$\w+)\s*=[^;\n]*\bConvertTo-Json\b").ok());
    let again = |name: &str| {
        let again = Regex::new(&format!(
            r"(?i){}\b\s*\|\s*ConvertTo-Json|ConvertTo-Json\b[^\n;|)]*{}\b",
            regex::escape(name),
            regex::escape(name)
        ));
        again.is_ok_and(|again| again.is_match(text))
    };
    if TWICE.as_ref().is_some_and(|twice| twice.is_match(text))
        || GIVEN.iter().flat_map(|given| given.captures_iter(text)).any(|found| again(&found[1]))
    {
        return Some(Trouble::encoded("ConvertTo-Json makes a text of what is a JSON text already"));
    }
    let lower = text.to_ascii_lowercase();
    let sends = lower.contains("-body") && text.contains("@{") && !lower.contains("convertto-json");
    sends.then(|| {
        Trouble::error(
            "not-as-json",
            "a hashtable is sent as a form, and the API takes JSON",
            "-Body (@{…} | ConvertTo-Json)",
        )
    })
}

/// Whether this byte stands in a comment of a program: behind `//` or `#`, between `/*` and `*/`, in a text of Python that is
/// no value.
pub fn in_comment(text: &str, at: usize) -> bool {
    let before = &text[..at];
    if before.rfind("/*").is_some_and(|open| before.rfind("*/").is_none_or(|close| close < open)) {
        return true;
    }
    if before.rfind("<!--").is_some_and(|open| before.rfind("-->").is_none_or(|close| close < open)) {
        return true;
    }
    let line = &before[before.rfind('\n').map_or(0, |end| end + 1)..];
    if line_comment(line) {
        return true;
    }
    ["\"\"\"", "'''"].iter().any(|quotes| {
        let open = before.matches(quotes).count() % 2 == 1;
        let begin = before.rfind(quotes).filter(|_| open);
        begin.is_some_and(|begin| {
            let above = before[..begin].trim_end();
            let own_line = before[..begin].trim_end_matches([' ', '\t']).ends_with('\n') || begin == 0;
            own_line && !above.ends_with(['(', ',', '=', '[', ':', '+', '\\']) || above.ends_with("):")
        })
    })
}

/// Whether a comment begins in this part of a line, outside quotes.
fn line_comment(line: &str) -> bool {
    let mut quote = None;
    let mut previous = ' ';
    let mut characters = line.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match (quote, character) {
            (Some(_), '\\') => _ = characters.next(),
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            // An apostrophe opens nothing, nor does a quote without its end on the line.
            (None, '"' | '`' | '\'') => {
                let closes = line[at + 1..].contains(character);
                if closes && !(character == '\'' && previous.is_alphanumeric()) {
                    quote = Some(character);
                }
            }
            (None, '/') if previous != ':' && line[at..].starts_with("//") => return true,
            (None, '#') if previous.is_whitespace() => return true,
            _ => {}
        }
        previous = character;
    }
    false
}

/// The length of the comment that begins at this byte; 0 for none.
pub fn comment_length(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    let before = text[..at].chars().next_back();
    let to = |end: &str, missing: usize| rest.find(end).map_or(missing, |found| found + end.len());
    match () {
        () if rest.starts_with("/*") => to("*/", rest.len()),
        () if rest.starts_with("<!--") => to("-->", rest.len()),
        () if rest.starts_with("//") && before != Some(':') => rest.find('\n').unwrap_or(rest.len()),
        () if rest.starts_with('#') && before.is_none_or(char::is_whitespace) => rest.find('\n').unwrap_or(rest.len()),
        () => 0,
    }
}
