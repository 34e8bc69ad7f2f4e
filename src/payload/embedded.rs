//! The payload in a text around it: a request, a curl command, a program, a forum post.

use super::code::{self, Language};
use super::members::{mark_code, tail};
use super::shell::{self, Hidden, Shell, powershell};
use super::uses::{self, Holder};
use super::{Explained, NoPayload, PayloadForm, Trouble, Was, blank, command, joined, pointer, sent, shapes};
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
    /// It is JSON as a text of the program.
    text: bool,
    /// It is the map alone, which the program puts into a body.
    map: bool,
}

/// Candidates from this score on are maps of attributes.
const BODY: u32 = 95;
/// The score of a map of keys that is sent as it is.
const SENT: u32 = 60;

/// The best candidate of a text, or of the text without the quoting of a shell or a web page; an error where what is sent can be
/// seen and is none.
pub fn payload(text: &str) -> Option<Result<Explained, NoPayload>> {
    if let Some(sent) = command::of(text) {
        return Some(sent);
    }
    let power = powershell::texts(text);
    let plain = power.unwrap_or_else(|| shell::documents(text));
    let objects = code::dicts(&plain.text).or_else(|| code::hashtables(&plain.text));
    let command = shell::is_command(text);
    let language = Language::of(text);
    let variants = [(Hidden { text: objects.unwrap_or_else(|| plain.text.clone()), ..plain }, None)].into_iter();
    let unquoted = unquoted(text, command).map(|(hidden, what)| (hidden, Some(what)));
    // In a command, what is quoted for the shell is the payload, and braces beside it are the shell's own.
    let variants: Vec<_> =
        if command { unquoted.chain(variants).collect() } else { variants.chain(unquoted).collect() };
    let original = text.to_owned();
    for (hidden, what) in variants {
        let text = &hidden.text;
        if let Some(mut explained) = best(text, language).or_else(|| assignments(text, language)) {
            explained.troubles.extend(sent::method(text));
            explained.troubles.extend(sent::hashtable(&original));
            hidden.mark(&mut explained);
            if let Some(what) = what {
                explained.unwrapped.insert(0, what.into());
            }
            return Some(Ok(explained));
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
    let mut all: Vec<Candidate> = Vec::new();
    let mut comments: Vec<Candidate> = Vec::new();
    let mut behind = 0;
    for (at, _) in text.match_indices('{').take(TRIES) {
        if at < behind {
            continue;
        }
        let commented = sent::in_comment(text, at);
        let joined = joined_at(text, at, language).filter(|_| !commented);
        if let Some(joined) = &joined {
            behind = joined.span.end;
        }
        let Some(mut candidate) = joined.or_else(|| candidate(text, at, language)) else { continue };
        let sent_as = candidate.assigned.as_ref().is_some_and(|name| named.contains(name))
            || is_field(&text[..at])
            || sent::is_encoded_member(&text[..at]);
        if sent_as && candidate.explained.form == PayloadForm::Flat {
            as_attributes(&mut candidate.explained);
            candidate.score = BODY;
            candidate.map = true;
        }
        if commented { &mut comments } else { &mut all }.push(candidate);
    }
    if all.is_empty() && no_code(text) {
        all = comments;
    }
    let score = all.iter().map(|candidate| candidate.score).max()?;
    let body = all.iter().any(|one| one.explained.form == PayloadForm::Attributes && one.score >= BODY);
    let mut rivals: Vec<Candidate> = all
        .into_iter()
        .filter(|one| {
            if body { one.explained.form == PayloadForm::Attributes && one.score >= BODY } else { one.score == score }
        })
        .collect();
    let others: Vec<_> = rivals.iter().map(|one| (one.assigned.clone(), one.span.start, one.span.end)).collect();
    let several = if body || score == SENT { the_sent_first(text, &mut rivals) } else { None };
    let Candidate { mut explained, span, assigned, text: is_text, map, .. } = rivals.into_iter().next()?;
    if score < BODY
        && let Some(elsewhere) = attributes_elsewhere(text, &explained, language)
    {
        return Some(elsewhere);
    }
    explained.troubles.extend(several);
    explained.troubles.extend(sent::troubles(text, span.clone(), is_text));
    if is_text || sent::encoders(&text[..span.start]).0 > 0 {
        if uses::is_text_changed(text, span.clone()) {
            uses::unknown(&mut explained);
        }
    } else if matches!(explained.form, PayloadForm::Attributes | PayloadForm::Flat) {
        let blocks = uses::Blocks::of(text);
        let whole = explained.form == PayloadForm::Attributes && !map;
        let in_call = blocks.enclosing(span.start).last().is_some_and(|open| !blocks.is_block(*open));
        if let Some(holder) = Holder::assigned(&text[..span.start], whole).filter(|_| !in_call) {
            // Of several that one variable gets, the last is sent only where nothing is between them and on the same way.
            let sure = |other: &(usize, usize)| {
                other.1 <= span.start
                    && blocks.around(other.0) == blocks.around(span.start)
                    && !sent::is_used(&text[..span.start], &holder.name, other.1)
            };
            let twins: Vec<(usize, usize)> = others
                .iter()
                .filter(|one| one.0 == assigned && one.1 != span.start)
                .map(|one| (one.1, one.2))
                .collect();
            if !twins.iter().all(sure) {
                uses::unknown(&mut explained);
            }
            uses::follow(&mut explained, text, span.clone(), holder, language);
        }
    }
    explained.unwrapped.insert(0, "the text around the JSON".into());
    let around = format!("{}\n{}", &text[..span.start], &text[span.end..]);
    explained.around = format!("{around}{}", explained.around);
    Some(explained)
}

/// Puts the one that is sent first: the one whose variable is used, or the only one in place. What to say where several are
/// and differ.
fn the_sent_first(text: &str, rivals: &mut Vec<Candidate>) -> Option<Trouble> {
    let used = |one: &Candidate| match &one.assigned {
        Some(name) => sent::is_used(text, name, one.span.end),
        None => true,
    };
    if rivals.iter().any(used) {
        rivals.retain(|one| used(one));
    }
    // Of one variable the value that it got last.
    if let (Some(first), Some(last)) = (rivals.first(), rivals.last())
        && rivals.len() > 1
        && first.assigned.is_some()
        && rivals.iter().all(|one| one.assigned == last.assigned)
    {
        rivals.drain(..rivals.len() - 1);
    }
    let first = rivals.first()?;
    let differ = rivals.iter().any(|one| one.explained.pairs != first.explained.pairs);
    differ.then(|| Trouble::several(rivals.len(), "parts of this text"))
}

/// A map whose `attributes` are a variable, or a text that is made of an object.
fn attributes_elsewhere(text: &str, explained: &Explained, language: Language) -> Option<Explained> {
    let flat = matches!(explained.form, PayloadForm::Flat);
    let pair = explained.pairs.iter().find(|pair| flat && pair.key == "attributes" && pair.was == Was::Expression)?;
    let encoder = ["JSON.stringify(", "json.dumps("].into_iter().find_map(|encoder| pair.value.strip_prefix(encoder));
    let mut found = match encoder {
        Some(inner) => {
            let mut found = best(inner, language).unwrap_or_else(|| blank(PayloadForm::Attributes));
            as_attributes(&mut found);
            found.troubles.push(Trouble::encoded(
                "attributes is one JSON text and not an object: none of the keys in it would be set",
            ));
            found
        }
        None => assignments(text, language).unwrap_or_else(|| {
            let mut found = blank(PayloadForm::Attributes);
            let key = format!("...{}", pair.value);
            let path = pointer("/attributes", &key);
            found.pairs.push(super::Pair { key, value: pair.value.clone(), was: Was::Expression, path });
            found.around = text.to_owned();
            found
        }),
    };
    let beside = explained.pairs.iter().filter(|other| other.key != "attributes");
    found.beside.extend(beside.map(|other| (other.path.clone(), other.key.clone())));
    found.unwrapped.insert(0, "the text around the JSON".into());
    Some(found)
}

/// Whether a map is given to HTTPie's field `attributes`, or to that of the SDK for Go.
fn is_field(before: &str) -> bool {
    let before = before.trim_end_matches(['\'', '"']);
    let in_go = before.strip_suffix("map[string]string").map(|before| before.trim_end_matches(['&', ' ']));
    before.ends_with("attributes:=") || in_go.is_some_and(|before| before.ends_with("Attributes:"))
}

/// Whether a text is none of a program outside its comments.
fn no_code(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.trim_start();
        line.is_empty()
            || line.starts_with(['#', '*'])
            || line.starts_with("//")
            || line.starts_with("/*")
            || line.ends_with("*/")
    })
}

/// The text of a program whose content begins with this brace: in quotes, or put together.
fn joined_at(text: &str, at: usize, language: Language) -> Option<Candidate> {
    let before = text[..at].trim_end();
    let quote = before.chars().next_back().filter(|quote| matches!(quote, '"' | '\'' | '`'))?;
    let triple: String = std::iter::repeat_n(quote, 3).collect();
    let first = if before.ends_with(&triple) { before.len() - 3 } else { before.len() - 1 };
    let mut joined = joined::at(text, first, language)?;
    let hidden = &joined.text;
    let read = shapes::json(&hidden.text).or_else(|error| {
        let quoted = shell::quoted_parts(&hidden.text);
        shapes::json(&quoted).map_err(|_| error)
    });
    let above = &text[..joined.span.start];
    let mut explained = match read {
        Ok(explained) => explained,
        Err(error) => {
            // A literal of a program, in quotes: it is sent as it stands, which is no JSON.
            let in_code = above.trim_end().ends_with(['(', ',', '=', ':', '+']);
            let literal = code::literal(&hidden.text, language).filter(|literal| !literal.names_only && in_code)?;
            let mut explained = shapes::json(&literal.json).ok()?;
            mark_code(&mut explained, &literal);
            let message = format!("the text that is sent is not JSON: {}", error.message);
            explained.troubles.push(Trouble::error(
                "not-json",
                message,
                error.hint.unwrap_or_else(|| "JSON.stringify(…) or json.dumps(…) writes it".into()),
            ));
            explained
        }
    };
    hidden.mark(&mut explained);
    if joined.changed {
        explained
            .pairs
            .iter_mut()
            .filter(|pair| pair.was != Was::ComputedKey)
            .for_each(|pair| pair.was = Was::Expression);
    }
    let settings = explained.pairs.iter().any(|pair| is_request_setting(&pair.key));
    let score = score(&explained, settings, is_sent(&text[..at]));
    joined.text = Hidden::default();
    let assigned = assigned_to(sent::encoders(above).1);
    Some(Candidate { explained, score, span: joined.span, assigned, text: true, map: false })
}

fn score(explained: &Explained, settings: bool, sent: bool) -> u32 {
    match explained.form {
        PayloadForm::Attributes => 100,
        PayloadForm::DataAction | PayloadForm::Conversation => 96,
        PayloadForm::Data | PayloadForm::ParticipantData => 80,
        PayloadForm::Flow(_) => 70,
        _ if settings => 5,
        _ if explained.participant.is_some() => 75,
        _ if sent => SENT,
        _ => 10,
    }
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
    explained.form = PayloadForm::Attributes;
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
    let assigned = assigned_to(sent::encoders(before).1);
    let settings = explained.pairs.iter().any(|pair| is_request_setting(&pair.key));
    let score = score(&explained, settings, is_sent(before));
    Some(Candidate { explained, score, span: at..at + length, assigned, text: false, map: false })
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

/// Attributes that a program sets one by one: `body.attributes["tier"] = "gold"`, `attributes.tier = 'gold'`.
fn assignments(text: &str, language: Language) -> Option<Explained> {
    // By the name itself, or by a variable that is sent as the attributes.
    let names: Vec<String> = named_as_attributes(text).iter().map(|name| regex::escape(name)).collect();
    let set = Regex::new(&format!(
        r#"(?:([A-Za-z_$][\w$]*)(?:\.|\[["']))?(?:\b|\B\$)({})(?:["']\])?(?:\[|\.[A-Za-z_$][\w$]*\s*=|\.put\(|\.update\()"#,
        names.join("|")
    ))
    .ok()?;
    let mut explained = blank(PayloadForm::Attributes);
    let mut seen: Vec<Holder> = Vec::new();
    for found in set.captures_iter(text) {
        let (body, name) = (found.get(1), found.get(2)?);
        let holder = match body {
            Some(body) if name.as_str() == "attributes" => Holder { name: body.as_str().into(), whole: true },
            Some(body) => Holder { name: format!("{}.{}", body.as_str(), name.as_str()), whole: false },
            None => Holder { name: name.as_str().into(), whole: false },
        };
        let first = body.unwrap_or(name).start();
        if seen.contains(&holder) || sent::in_comment(text, first) {
            continue;
        }
        let declared =
            Regex::new(&format!(r"(?:^|[^\w.$]){}\s*(?::[^=\n]*)?:?=[^=]", regex::escape(&holder.name))).ok();
        let declared = declared.and_then(|declared| declared.find(&text[..first]));
        let (start, origin) = declared.map_or((first, first), |found| {
            let value = code::expression(&text[found.end() - 1..]);
            (found.end() - 1, (found.end() + value.len()).min(first))
        });
        uses::follow(&mut explained, text, start..origin, holder.clone(), language);
        seen.push(holder);
    }
    explained.around = text.to_owned();
    explained.unwrapped.push("the program around the keys".into());
    (!explained.pairs.is_empty()).then_some(explained)
}

/// A text that begins like JSON and is none: quoted for a shell or a page it still is a payload.
pub fn rescue(text: &str, error: NoPayload) -> Result<Explained, NoPayload> {
    let Some((plain, what)) = unquoted_json(text) else { return Err(error) };
    let mut explained = shapes::json(&plain).map_err(|_| error)?;
    explained.unwrapped.insert(0, what.into());
    Ok(explained)
}
