//! What becomes of a program's map between its literal and its sending. Straight lines of the same block are followed; what
//! else touches the map makes its keys unknown.

mod blocks;

use super::code::{self, Language};
use super::{Explained, Pair, Was, members, pointer, sent};
pub use blocks::Blocks;
use regex::Regex;
use std::sync::LazyLock;

/// How many uses of a variable are looked at.
const USES: usize = 400;
/// How many names one map may go by.
const NAMES: usize = 8;

/// A variable that holds the map, or the body around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its name.
    pub name: String,
    /// The map is its member `attributes`.
    pub whole: bool,
}

impl Holder {
    /// The variable of what stands before a value, `body.attributes = `; `whole` where the value is a body with the map in it.
    pub fn assigned(before: &str, whole: bool) -> Option<Self> {
        static ASSIGNED: LazyLock<Option<Regex>> = LazyLock::new(|| {
            Regex::new(r#"([A-Za-z_$][\w$]*(?:\.[A-Za-z_]\w*)*?)(\.attributes|\[["']attributes["']\])?(?:\s*:\s*[A-Za-z_][\w\[\], <>]*)?\s*:?=\s*(?:await\s+)?\(?\s*$"#).ok()
        });
        let found = ASSIGNED.as_ref()?.captures(members::tail(before))?;
        Some(Self { name: found[1].to_owned(), whole: whole || found.get(2).is_some() })
    }
}

/// What one use of a variable does to the map.
enum KeyEffect {
    /// Puts these pairs in.
    Put(Vec<Pair>),
    /// Takes a key out.
    Take(String),
    /// Puts another map in its place; nothing where that is not known.
    Replace(Option<Vec<Pair>>),
    /// Something that is not followed; its source, where it may add keys.
    Unknown(Option<String>),
    /// A call that is not known, which may change it or send it.
    Call(String),
    /// Sends it, or makes a text of it.
    Send,
    /// The name stands for something else.
    Hidden,
}

struct Walk<'t> {
    text: &'t str,
    blocks: Blocks,
    language: Language,
    origin: usize,
    effects: Vec<(usize, KeyEffect)>,
    holders: Vec<(Holder, usize)>,
}

/// Carries out what the program does to the map in `explained`, whose literal stands at `span`.
pub fn follow(explained: &mut Explained, text: &str, span: std::ops::Range<usize>, holder: Holder, language: Language) {
    let (start, origin) = (span.start, span.end);
    let mut walk =
        Walk { text, blocks: Blocks::of(text), language, origin, effects: Vec::new(), holders: vec![(holder, start)] };
    let mut at = 0;
    while let Some((holder, from)) = walk.holders.get(at).cloned() {
        walk.uses(&holder, from, at == 0);
        at += 1;
    }
    walk.effects.sort_by_key(|(at, _)| *at);
    walk.carry_out(explained, start);
}

impl Walk<'_> {
    /// Gathers what the uses of a name do. Of another name than the first, only those behind `from` count.
    fn uses(&mut self, holder: &Holder, from: usize, first: bool) {
        let Ok(word) = Regex::new(&format!(r"(?:^|[^\w.$]|\.\.\.|\*\*)({})(?:[^\w$]|$)", regex::escape(&holder.name)))
        else {
            return;
        };
        let mask = self.blocks.mask.clone();
        let declared = self.text[..from].rfind(&holder.name).unwrap_or(from);
        let mut at = 0;
        for _ in 0..USES {
            let Some(hit) = word.captures_at(&mask, at).and_then(|found| found.get(1)) else { return };
            at = hit.end();
            // Where it is declared is no use of it.
            if first && (declared..self.origin).contains(&hit.start()) || !first && hit.start() < from {
                continue;
            }
            self.one(holder, hit.start(), hit.end(), &mask);
        }
    }

    fn one(&mut self, holder: &Holder, start: usize, end: usize, mask: &str) {
        let stack = self.blocks.enclosing(start);
        let inner = stack.last().filter(|open| !self.blocks.is_block(**open)).copied();
        if self.blocks.is_parameter(start, end) {
            if !self.overwrites(start) {
                self.effects.push((start, KeyEffect::Hidden));
            }
            return;
        }
        let before = &mask[..start];
        let (rest, at_map) = self.member(holder, &self.text[end..]);
        let behind = rest.trim_start();
        // The name of a member.
        if inner.is_some_and(|open| mask[open..].starts_with('{')) && behind.starts_with(':') {
            return;
        }
        let assigns = |text: &str| text.starts_with('=') && !text.starts_with("==") && !text.starts_with("=>");
        if inner.is_none() || before.trim_end().ends_with("Object.assign(") {
            let source = || self.statement(start);
            let value = |text: &str| text.trim_start().trim_start_matches('=').trim_start().to_owned();
            let words = before.trim_end();
            let effect = if words.ends_with("Object.assign(") {
                let value = behind.trim_start_matches(',').trim_start();
                let length = code::expression(value).len();
                let one = !value[length..].trim_start().starts_with(',');
                Some(if one { self.merged(value) } else { KeyEffect::Unknown(Some(source())) })
            } else if words.ends_with("delete") || words.ends_with("del") {
                Some(match key(rest) {
                    Some((Ok(key), _)) if at_map => KeyEffect::Take(key),
                    _ => KeyEffect::Unknown(None),
                })
            } else if assigns(behind) && (!at_map || !holder.whole) {
                self.reassigned(holder, &value(behind), end)
            } else if assigns(behind) {
                Some(self.replaced(&value(behind)))
            } else if behind.starts_with("|=") || behind.starts_with("+=") {
                Some(self.merged(behind[2..].trim_start()))
            } else if let Some(call) = method(rest).filter(|_| at_map || holder.whole) {
                self.called(call, at_map, source())
            } else if let Some((key, length)) = key(rest).filter(|_| at_map) {
                self.written(key, rest[length..].trim_start())
            } else {
                None
            };
            if let Some(effect) = effect {
                self.effects.push((start, effect));
                return;
            }
        }
        // A member of it is read, or its map.
        if rest.starts_with(['.', '[']) && !behind.starts_with("...") {
            if let Some(call) = method(rest)
                && let Some(effect) = self.called(call, at_map, self.statement(start))
            {
                self.effects.push((start, effect));
            } else if let Some((key, length)) = key(rest).filter(|_| at_map)
                && let Some(effect) = self.written(key, rest[length..].trim_start())
            {
                self.effects.push((start, effect));
            }
            return;
        }
        self.read(holder, start, self.text.len() - rest.len(), at_map, &stack);
    }

    /// Where the name is a parameter of the function that the literal stands in, the literal overwrites it.
    fn overwrites(&self, parameter: usize) -> bool {
        let inside = self.blocks.around(self.origin);
        inside
            .iter()
            .any(|block| self.blocks.line_start(*block) <= parameter && parameter <= self.blocks.line_end(*block))
            && parameter < self.origin
    }

    /// Passes over `.attributes` of a body; whether what stands then is the map.
    fn member<'r>(&self, holder: &Holder, rest: &'r str) -> (&'r str, bool) {
        if !holder.whole {
            return (rest, true);
        }
        static INNER: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r#"^(?:\.attributes\b|\[["']attributes["']\])"#).ok());
        match INNER.as_ref().and_then(|inner| inner.find(rest)) {
            Some(found) => (&rest[found.end()..], true),
            None => (rest, false),
        }
    }

    fn statement(&self, start: usize) -> String {
        code::expression(&self.text[start..]).to_owned()
    }

    /// `name = …` once more.
    fn reassigned(&self, holder: &Holder, value: &str, end: usize) -> Option<KeyEffect> {
        if end < self.origin {
            return None;
        }
        let call = value.find('(').map_or("", |at| &value[..=at]);
        // `payload = json.dumps(payload)` makes a text of it.
        if sent::encoders(call).0 > 0 {
            return None;
        }
        let literal = code::literal(value, self.language).filter(|literal| !literal.names_only);
        Some(match literal {
            Some(_) if !holder.whole => self.replaced(value),
            _ => KeyEffect::Replace(None),
        })
    }

    fn replaced(&self, value: &str) -> KeyEffect {
        // A variable is that of the candidate itself, or unknown.
        if self.holders.iter().any(|(holder, _)| !holder.whole && code::expression(value) == holder.name) {
            return KeyEffect::Put(Vec::new());
        }
        let whole = code::literal(value, self.language).filter(|one| one.length == code::expression(value).len());
        KeyEffect::Replace(whole.and_then(|literal| members::pairs_of(&literal)))
    }

    fn merged(&self, value: &str) -> KeyEffect {
        match code::literal(value, self.language).and_then(|literal| members::pairs_of(&literal)) {
            Some(pairs) => KeyEffect::Put(pairs),
            None => KeyEffect::Unknown(Some(code::expression(value).to_owned())),
        }
    }

    /// A method of the map.
    fn called(&self, (name, arguments): (&str, &str), at_map: bool, source: String) -> Option<KeyEffect> {
        const READS: [&str; 30] = [
            "get",
            "keys",
            "values",
            "items",
            "copy",
            "entries",
            "has",
            "hasOwnProperty",
            "toString",
            "to_json",
            "ToString",
            "containsKey",
            "getOrDefault",
            "size",
            "isEmpty",
            "toJSON",
            "to_dict",
            "ContainsKey",
            "forEach",
            "map",
            "encode",
            "includes",
            "filter",
            "some",
            "every",
            "length",
            "strip",
            "trim",
            "to_s",
            "join",
        ];
        if READS.contains(&name) {
            return None;
        }
        if !at_map {
            return Some(KeyEffect::Unknown(Some(source)));
        }
        let first = code::expression(arguments);
        let text = code::scalar(first).ok().and_then(|json| serde_json::from_str::<String>(&json).ok());
        Some(match (name, text) {
            ("update" | "putAll", _) => self.merged(arguments),
            ("pop" | "remove" | "Remove" | "delete", Some(key)) => KeyEffect::Take(key),
            ("put" | "set" | "Add", Some(key)) => {
                let value = arguments[first.len()..].trim_start().strip_prefix(',').unwrap_or_default();
                KeyEffect::Put(vec![members::set_pair(Ok(key), code::expression(value), self.language)])
            }
            _ => KeyEffect::Unknown(Some(source)),
        })
    }

    /// What stands behind a member: a value for it, or another change of it.
    fn written(&self, key: Result<String, String>, behind: &str) -> Option<KeyEffect> {
        let assigned = behind.strip_prefix('=').filter(|rest| !rest.starts_with(['=', '>']));
        if let Some(value) = assigned {
            let value = code::expression(value.trim_start());
            return Some(KeyEffect::Put(vec![members::set_pair(key, value, self.language)]));
        }
        let changes =
            ["+=", "-=", "*=", "||=", "??=", "&&=", "|=", "++", "--"].iter().any(|sign| behind.starts_with(sign));
        changes.then(|| {
            let was = if key.is_ok() { Was::Expression } else { Was::ComputedKey };
            let value = code::expression(behind).to_owned();
            let key = key.unwrap_or_else(|source| format!("[{source}]"));
            KeyEffect::Put(vec![Pair { path: pointer("", &key), key, value, was }])
        })
    }

    /// The name stands as a value.
    fn read(&mut self, holder: &Holder, start: usize, end: usize, at_map: bool, stack: &[usize]) {
        let mask = self.blocks.mask.clone();
        let whole = holder.whole && !at_map;
        let mut outer = start;
        let mut member = self.text[..start].trim_end().to_owned();
        for open in stack.iter().rev() {
            if self.blocks.is_block(*open) {
                break;
            }
            if mask[*open..].starts_with('(') {
                let callee = callee(&mask[..*open]);
                if callee.is_empty() {
                    outer = *open;
                    continue;
                }
                // The body of the SDK, with the map in it.
                if callee.to_lowercase().ends_with("participantattributes") && !callee.to_lowercase().contains("patch")
                {
                    if let Some(mut next) = Holder::assigned(&self.text[..*open - callee.len()], true) {
                        next.whole = true;
                        if self.holders.iter().all(|(one, _)| *one != next) {
                            self.holders.push((next, start));
                        }
                    }
                    return;
                }
                let given = Holder::assigned(&self.text[..*open - callee.len()], false);
                if given.is_some_and(|given| given.name == holder.name) && matches!(calls(callee), Calls::Unknown) {
                    return;
                }
                let close = self.blocks.closing(*open).unwrap_or(self.text.len());
                let behind = self.text.get(close + 1..).unwrap_or_default();
                let effect = match calls(callee) {
                    Calls::Encodes => {
                        if changes_text(behind) {
                            self.effects.push((start, KeyEffect::Unknown(None)));
                        }
                        let text = self.text;
                        self.text_of(&text[..*open - callee.len()], close);
                        // A copy that is made by way of a text.
                        if mask[..*open].trim_end().ends_with("JSON.parse(JSON.stringify") {
                            self.effects.push((start, KeyEffect::Unknown(None)));
                        }
                        KeyEffect::Send
                    }
                    Calls::Sends => KeyEffect::Send,
                    Calls::Reads => return,
                    Calls::Unknown => KeyEffect::Call(code::expression(&self.text[*open - callee.len()..]).to_owned()),
                };
                self.effects.push((start, effect));
                return;
            }
            if mask[*open..].starts_with('{') && outer == start {
                member = self.text[*open + 1..start].trim_end().to_owned();
            }
            outer = *open;
        }
        let behind = self.text[end..].trim_start_matches([' ', '\t']);
        if behind.starts_with("| ConvertTo-Json") || behind.starts_with("|ConvertTo-Json") {
            self.effects.push((start, KeyEffect::Send));
            return;
        }
        let Some(mut next) = Holder::assigned(&self.text[..outer], whole) else { return };
        let alone =
            behind.is_empty() || behind.starts_with(['\n', '\r', ';', '}', ')', '#']) || behind.starts_with("//");
        let contained = outer != start && {
            let named = member.rsplit(['{', ',', '\n']).next().unwrap_or_default().trim();
            let named = named.trim_end_matches(':').trim().trim_matches(['"', '\'']);
            named == "attributes" || named.is_empty() && holder.name == "attributes"
        };
        if !(alone && outer == start || contained) || next == *holder {
            return;
        }
        next.whole |= contained;
        if self.holders.len() < NAMES && self.holders.iter().all(|(one, _)| *one != next) {
            self.holders.push((next, start));
        }
    }

    /// The variable that a text made of the map is given to: what changes that text changes what is sent.
    fn text_of(&mut self, before: &str, from: usize) {
        let Some(text) = Holder::assigned(before, false) else { return };
        if is_changed(&self.blocks, &text.name, from) {
            self.effects.push((from, KeyEffect::Unknown(None)));
        }
    }

    fn carry_out(self, explained: &mut Explained, start: usize) {
        let home = self.blocks.around(start);
        let is_send = |effect: &KeyEffect| matches!(effect, KeyEffect::Send);
        let certain = self.effects.iter().any(|(_, effect)| is_send(effect));
        let mut sends: Vec<usize> = Vec::new();
        let mut ordered = true;
        for (at, effect) in &self.effects {
            if !(is_send(effect) || !certain && matches!(effect, KeyEffect::Call(_))) {
                continue;
            }
            let own = self.blocks.around(*at);
            let within = own.starts_with(&home);
            match own.iter().skip(home.len()).find(|block| self.blocks.repeats(**block)) {
                None if within || home.starts_with(&own) => {
                    if *at >= self.origin {
                        sends.push(*at);
                    }
                }
                block => {
                    let block = block.or(own.last()).copied();
                    let calls = block.map(|block| self.blocks.calls_of(block)).unwrap_or_default();
                    let plain = |call: &usize| *call > self.origin && self.blocks.around(*call) == home;
                    ordered &= !calls.is_empty() && calls.iter().all(plain);
                    sends.extend(calls);
                }
            }
        }
        let (first, last) = (sends.iter().min().copied(), sends.iter().max().copied());
        for (at, effect) in self.effects {
            let own = self.blocks.around(at);
            let outside: Vec<usize> = own.iter().skip_while(|block| home.contains(block)).copied().collect();
            let elsewhere = outside.iter().any(|block| self.blocks.repeats(*block));
            // What runs before the literal, or behind the sending, is none of what is sent.
            let past = at < start && !elsewhere && at < self.origin;
            let late = ordered && last.is_some_and(|last| at > last) && !elsewhere;
            let call = matches!(effect, KeyEffect::Call(_));
            if (past || late) && !matches!(effect, KeyEffect::Hidden) || call && !certain {
                continue;
            }
            let straight = own == home && at >= self.origin && self.blocks.begins_statement(at);
            let between = first.is_some_and(|first| at > first) && first != last;
            let sure = straight && !between && (ordered || sends.is_empty());
            apply(explained, effect, sure);
        }
    }
}

fn apply(explained: &mut Explained, effect: KeyEffect, sure: bool) {
    let above = if explained.form == super::PayloadForm::Attributes { "/attributes" } else { "" };
    match effect {
        KeyEffect::Put(pairs) => {
            if !sure && pairs.iter().any(|pair| pair.was == Was::ComputedKey) {
                unknown(explained);
            }
            for mut pair in pairs {
                pair.path = format!("{above}{}", pair.path);
                if !sure && pair.was != Was::ComputedKey {
                    pair.was = Was::Expression;
                }
                let spread = pair.key.starts_with("...") && pair.was == Was::Expression;
                match explained.pairs.iter_mut().find(|known| known.path == pair.path) {
                    Some(known) => *known = pair,
                    None => {
                        if spread {
                            unknown(explained);
                        }
                        explained.pairs.push(pair);
                    }
                }
            }
        }
        KeyEffect::Take(key) if sure => explained.pairs.retain(|pair| pair.key != key),
        KeyEffect::Take(key) => {
            let own = explained.pairs.iter_mut().filter(|pair| pair.key == key && pair.was != Was::ComputedKey);
            own.for_each(|pair| pair.was = Was::Expression);
        }
        KeyEffect::Replace(Some(pairs)) if sure => {
            explained.pairs.clear();
            apply(explained, KeyEffect::Put(pairs), true);
        }
        KeyEffect::Replace(_) | KeyEffect::Hidden => unknown(explained),
        KeyEffect::Unknown(source) => {
            unknown(explained);
            more(explained, above, source);
        }
        KeyEffect::Call(source) => {
            unknown(explained);
            more(explained, above, Some(source));
        }
        KeyEffect::Send => {}
    }
}

/// None of the values is known any more.
pub fn unknown(explained: &mut Explained) {
    let known = explained.pairs.iter_mut().filter(|pair| pair.was != Was::ComputedKey);
    known.for_each(|pair| pair.was = Was::Expression);
}

/// Keys that are not known may be there.
fn more(explained: &mut Explained, above: &str, source: Option<String>) {
    let Some(source) = source else { return };
    let key = format!("...{source}");
    let path = pointer(above, &key);
    if explained.pairs.iter().all(|pair| pair.path != path) {
        explained.pairs.push(Pair { key, value: source, was: Was::Expression, path });
    }
}

/// The key that is named at the start, `.tier` or `["tier"]`, and its length; `Err` with its source where it is computed.
fn key(rest: &str) -> Option<(Result<String, String>, usize)> {
    if let Some(inner) = rest.strip_prefix('[') {
        let (key, length) = code::index(inner)?;
        return Some((key, length + 1));
    }
    let name = rest.strip_prefix('.')?;
    let length = name.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(name.len());
    (length > 0).then(|| (Ok(name[..length].to_owned()), length + 1))
}

/// The method that is called at the start, and what stands behind its bracket.
fn method(rest: &str) -> Option<(&str, &str)> {
    let name = rest.strip_prefix('.')?;
    let length = name.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    let arguments = name[length..].strip_prefix('(')?;
    (length > 0).then(|| (&name[..length], arguments))
}

/// The function before a bracket, `requests.patch`.
fn callee(before: &str) -> &str {
    let begin = before
        .char_indices()
        .rev()
        .take_while(|(_, c)| c.is_alphanumeric() || matches!(c, '_' | '.' | '$'))
        .last()
        .map_or(before.len(), |(at, _)| at);
    &before[begin..]
}

enum Calls {
    /// Makes a text of what it gets.
    Encodes,
    /// Sends it.
    Sends,
    /// Changes nothing.
    Reads,
    /// May do anything.
    Unknown,
}

fn calls(callee: &str) -> Calls {
    const READS: [&str; 38] = [
        "log",
        "print",
        "println",
        "printf",
        "info",
        "debug",
        "warn",
        "error",
        "warning",
        "str",
        "repr",
        "String",
        "len",
        "keys",
        "values",
        "entries",
        "items",
        "freeze",
        "isinstance",
        "type",
        "if",
        "while",
        "for",
        "return",
        "switch",
        "assert",
        "pprint",
        "echo",
        "puts",
        "dict",
        "sorted",
        "list",
        "bool",
        "any",
        "all",
        "URLSearchParams",
        "structuredClone",
        "and",
    ];
    let last = callee.rsplit('.').next().unwrap_or(callee);
    let lower = last.to_lowercase();
    match () {
        () if matches!(last, "stringify" | "dumps" | "json_encode" | "generate") => Calls::Encodes,
        () if READS.contains(&last) => Calls::Reads,
        () if ["patch", "put", "post", "fetch", "send", "request", "ajax", "got", "axios", "participantattributes"]
            .iter()
            .any(|name| lower.starts_with(name) || lower.ends_with(name)) =>
        {
            Calls::Sends
        }
        () => Calls::Unknown,
    }
}

/// Whether a text that a program has is changed on its way: `b = JSON.stringify({…}).replace(…)`, `b += …`. `span` is where it, or
/// what it is made of, stands.
pub fn is_text_changed(text: &str, span: std::ops::Range<usize>) -> bool {
    let blocks = Blocks::of(text);
    let (encoded, before) = sent::encoders(&text[..span.start]);
    let mut end = span.end;
    if encoded > 0 {
        // Behind the bracket of each function that makes a text.
        let open = blocks.enclosing(span.start);
        for open in open.iter().rev().take(encoded) {
            end = blocks.closing(*open).map_or(text.len(), |close| (close + 1).min(text.len()));
            if changes_text(&text[end..]) {
                return true;
            }
        }
    }
    let in_call = blocks.enclosing(before.len()).last().is_some_and(|open| !blocks.is_block(*open));
    Holder::assigned(before, false).is_some_and(|holder| !in_call && is_changed(&blocks, &holder.name, end))
}

/// Whether the text in a variable is changed behind this byte, or another one put in its place.
fn is_changed(blocks: &Blocks, name: &str, from: usize) -> bool {
    let Ok(word) = Regex::new(&format!(r"(?:^|[^\w.$]){}\s*(\+=|=|\.\w+\()", regex::escape(name))) else {
        return false;
    };
    let from = from.min(blocks.mask.len());
    word.captures_iter(&blocks.mask[from..]).filter_map(|found| found.get(1)).any(|found| {
        let behind = &blocks.mask[from + found.start()..];
        let argument = blocks.enclosing(from + found.start()).last().is_some_and(|open| !blocks.is_block(*open));
        match found.as_str() {
            "=" if argument || behind.starts_with("==") || behind.starts_with("=>") => false,
            "=" => sent::encoders(&behind[..behind.find('(').map_or(0, |at| at + 1)]).0 == 0,
            "+=" => true,
            _ => changes_text(behind),
        }
    })
}

/// Whether a text is changed by what stands behind it: `.replace(…)`.
fn changes_text(behind: &str) -> bool {
    const SAME: [&str; 9] =
        ["encode", "trim", "strip", "getBytes", "toString", "to_string", "length", "ToString", "includes"];
    let name =
        behind.strip_prefix('.').and_then(|call| call.split(|c: char| !(c.is_alphanumeric() || c == '_')).next());
    name.is_some_and(|name| !name.is_empty() && !SAME.contains(&name))
}
