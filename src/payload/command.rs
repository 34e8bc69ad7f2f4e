//! What a command sends: `curl` and `wget` as a shell reads them. A body that the shell or the program changes is judged by
//! what arrives, not by what it looks like.

mod words;

use super::shell::{self, Hidden};
use super::{Explained, NoPayload, Severity, Trouble, shapes};
use regex::Regex;
use std::sync::LazyLock;
pub use words::Dialect;
use words::{Line, Word};

/// Options of curl with one letter that take a value.
const SHORT: &str = "AbcCdDeEFHKmoPQrtTuUwxXyYz";
/// Long options that take a value, beside those of data.
const LONG: [&str; 26] = [
    "request",
    "url",
    "header",
    "user",
    "user-agent",
    "output",
    "cookie",
    "cookie-jar",
    "max-time",
    "connect-timeout",
    "cacert",
    "cert",
    "key",
    "proxy",
    "retry",
    "retry-delay",
    "retry-max-time",
    "write-out",
    "referer",
    "oauth2-bearer",
    "resolve",
    "interface",
    "form",
    "form-string",
    "upload-file",
    "config",
];

/// A piece of the body.
enum Piece {
    Text(Word),
    /// What a file holds, or stdin (`-`); whether curl takes the line ends out of it.
    File(String, bool),
    /// Percent-encoded.
    Encoded,
}

/// What a command is told to send.
#[derive(Default)]
struct Request {
    method: Option<String>,
    urls: Vec<String>,
    content_type: Option<String>,
    /// Each with whether it is joined without `&`.
    pieces: Vec<(Piece, bool)>,
    json: bool,
    multipart: bool,
    in_address: bool,
    upload: Option<String>,
    /// An option that the program refuses.
    refused: Option<String>,
}

/// The payload of the commands in a text; nothing where there is none that sends something.
pub fn of(text: &str) -> Option<Result<Explained, NoPayload>> {
    let plain = entities(text);
    let text = plain.as_deref().unwrap_or(text);
    let mut found: Vec<Result<Explained, NoPayload>> = Vec::new();
    let mut behind = 0;
    for start in starts(text) {
        if start < behind {
            continue;
        }
        let dialect = Dialect::of(text);
        // In a page, or in a template of JavaScript, a command may stand between two backticks.
        let ticks = text[..start].ends_with('`').then(|| text[start..].find('`')).flatten();
        let text = ticks.map_or(text, |end| &text[..start + end]);
        let line = words::line(text, start, dialect);
        behind = start + line.length;
        // `--next` begins another request.
        let name = line.words.first().cloned().into_iter();
        for words in line.words.iter().skip(1).collect::<Vec<_>>().split(|word| word.text == "--next") {
            let words: Vec<Word> = name.clone().chain(words.iter().map(|word| (*word).clone())).collect();
            let Some(request) = request(&words) else { continue };
            found.push(judge(text, start, &line, &request, dialect));
        }
    }
    if found.is_empty() {
        return None;
    }
    let mut first = found.remove(0);
    let pairs =
        |one: &Explained| one.pairs.iter().map(|pair| (pair.key.clone(), pair.value.clone())).collect::<Vec<_>>();
    if let Ok(explained) = &mut first {
        let same =
            |other: &Result<Explained, NoPayload>| other.as_ref().is_ok_and(|other| pairs(other) == pairs(explained));
        if !found.iter().all(same) {
            explained.troubles.push(Trouble::several(found.len() + 1, "commands"));
        }
    }
    Some(first)
}

/// The text without the entities of a web page.
fn entities(text: &str) -> Option<String> {
    (text.contains("&quot;") || text.contains("&#34;")).then(|| {
        let plain = text.replace("&quot;", "\"").replace("&#34;", "\"").replace("&#39;", "'");
        plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    })
}

/// Where commands begin.
fn starts(text: &str) -> Vec<usize> {
    static COMMAND: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?m)(?:^|[\s;|&(`/])((?:curl|wget)(?:\.exe)?)[ \t\\^`]").ok());
    let all = COMMAND.iter().flat_map(|command| command.captures_iter(text));
    let all: Vec<usize> = all.filter_map(|found| found.get(1)).map(|name| name.start()).collect();
    // A prompt of root looks like a comment: such a line counts where there is no other.
    let commented = |at: &usize| {
        let line = &text[text[..*at].rfind('\n').map_or(0, |end| end + 1)..*at];
        line.trim_start().starts_with('#')
    };
    let (comments, plain): (Vec<usize>, Vec<usize>) = all.into_iter().partition(commented);
    if plain.is_empty() { comments } else { plain }
}

/// What a line sends; nothing where it sends no body.
fn request(words: &[Word]) -> Option<Request> {
    let mut request = Request::default();
    let mut words = words.iter();
    let wget = words.next()?.text.starts_with("wget");
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        if wget {
            request.wget(word, &mut words);
        } else if text.starts_with(['–', '—', '−']) && text.chars().nth(1).is_some_and(char::is_alphabetic) {
            request.refused = Some(text.to_owned());
        } else if let Some(long) = text.strip_prefix("--") {
            request.long(long, &mut words);
        } else if text.len() > 1 && text.starts_with('-') {
            request.short(word, &mut words);
        } else {
            request.urls.push(text.to_owned());
        }
    }
    let sends = !request.pieces.is_empty() || request.multipart || request.upload.is_some();
    (sends || request.refused.is_some()).then_some(request)
}

impl Request {
    fn long<'w>(&mut self, name: &str, words: &mut impl Iterator<Item = &'w Word>) {
        if let Some((option, _)) = name.split_once('=')
            && (LONG.contains(&option) || option.starts_with("data") || option == "json")
        {
            self.refused = Some(format!("--{option}="));
            return;
        }
        let data = matches!(name, "data" | "data-raw" | "data-binary" | "data-ascii" | "data-urlencode" | "json");
        if !data && !LONG.contains(&name) {
            self.in_address |= name == "get";
            return;
        }
        let Some(value) = words.next() else { return };
        match name {
            "data" | "data-ascii" => self.data(value.clone(), Some(true), false),
            "data-binary" => self.data(value.clone(), Some(false), false),
            "data-raw" => self.data(value.clone(), None, false),
            "json" => {
                self.json = true;
                self.data(value.clone(), Some(false), true);
            }
            "data-urlencode" => self.pieces.push((Piece::Encoded, false)),
            "request" => self.method = Some(value.text.clone()),
            "url" => self.urls.push(value.text.clone()),
            "header" => self.header(&value.text),
            "form" | "form-string" => self.multipart = true,
            "upload-file" => self.upload = Some(value.text.clone()),
            _ => {}
        }
    }

    fn short<'w>(&mut self, word: &Word, words: &mut impl Iterator<Item = &'w Word>) {
        let letters = &word.text[1..];
        for (at, letter) in letters.char_indices() {
            if !SHORT.contains(letter) {
                self.in_address |= letter == 'G';
                continue;
            }
            let rest = &letters[at + letter.len_utf8()..];
            let value = match rest {
                "" => words.next().cloned(),
                rest => Some(Word { text: rest.to_owned(), ..word.clone() }),
            };
            let Some(value) = value else { return };
            match letter {
                'd' => self.data(value, Some(true), false),
                'X' => self.method = Some(value.text),
                'H' => self.header(&value.text),
                'F' => self.multipart = true,
                'T' => self.upload = Some(value.text),
                _ => {}
            }
            return;
        }
    }

    fn wget<'w>(&mut self, word: &Word, words: &mut impl Iterator<Item = &'w Word>) {
        let Some(option) = word.text.strip_prefix("--") else {
            if !word.text.starts_with('-') {
                self.urls.push(word.text.clone());
            }
            return;
        };
        let (name, inline) = option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
        let takes = ["method", "body-data", "body-file", "post-data", "post-file", "header"].contains(&name);
        if !takes {
            return;
        }
        let value =
            inline.map(|value| Word { text: value.to_owned(), ..word.clone() }).or_else(|| words.next().cloned());
        let Some(value) = value else { return };
        match name {
            "method" => self.method = Some(value.text),
            "header" => self.header(&value.text),
            "body-file" | "post-file" => self.pieces.push((Piece::File(value.text, false), false)),
            _ => self.data(value, None, false),
        }
    }

    /// `files` says whether `@` names a file, and whether curl takes the line ends out of that.
    fn data(&mut self, word: Word, files: Option<bool>, json: bool) {
        let piece = match (word.text.strip_prefix('@'), files) {
            (Some(file), Some(joins)) => Piece::File(file.to_owned(), joins),
            _ => Piece::Text(word),
        };
        self.pieces.push((piece, json));
    }

    fn header(&mut self, header: &str) {
        if let Some((name, value)) = header.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-type")
        {
            self.content_type = Some(value.trim().to_owned());
        }
    }
}

fn nothing(message: impl Into<String>, hint: impl Into<String>) -> NoPayload {
    NoPayload { message: message.into(), hint: Some(hint.into()) }
}

/// What the request sends, taken apart, with what is wrong about the way in which it is sent.
fn judge(text: &str, start: usize, line: &Line, request: &Request, dialect: Dialect) -> Result<Explained, NoPayload> {
    if let Some(option) = request.refused.as_ref().filter(|option| !option.starts_with('-')) {
        return Err(nothing(
            format!("{option} begins with a dash that is not a hyphen, so curl takes it for an address"),
            "a word processor or a web page has replaced it: write -",
        ));
    }
    if let Some(option) = &request.refused {
        return Err(nothing(
            format!("curl has no option {option}: a long option and its value are two words"),
            format!("write {} and the value behind a space", option.trim_end_matches('=')),
        ));
    }
    if let Some(quote) = line.unclosed {
        return Err(nothing(
            format!("a quote ({quote}) of this command is never closed, so the shell sends nothing"),
            "in single quotes, a ' is written '\\''; in double quotes, a \" is written \\\"",
        ));
    }
    if request.multipart {
        return Err(nothing(
            "-F sends a form (multipart/form-data), and the API takes JSON",
            "send the JSON with --data",
        ));
    }
    if let Some(file) = &request.upload {
        return Err(nothing(format!("the body is in the file {file}"), "'sidetone lint FILE' reads that"));
    }
    let (body, sources) = body(text, line, request)?;
    let mut body = body.text;
    let mut troubles = Vec::new();
    if dialect == Dialect::PowerShell {
        if body.contains("\\\"") && shapes::json(&body).is_err() {
            body = without_backslashes(&body);
        }
        troubles.push(Trouble {
            rule: "shell-quoting",
            severity: Severity::Warn,
            message: "PowerShell up to 7.2 takes the quotes within an argument of a program off, later ones leave them: what \
                      curl gets depends on the version"
                .into(),
            remedy: "send it with Invoke-RestMethod -Body, or from a file: curl.exe --data-binary '@body.json'".into(),
        });
    }
    let hidden = Hidden { text: String::new(), sources };
    let read = shapes::json(&body).or_else(|error| shapes::json(&shell::quoted_parts(&body)).map_err(|_| error));
    let mut explained = read.map_err(|error| {
        let sent = hidden.show(&body);
        let hint = match () {
            () if sent.starts_with('$') => {
                format!("in single quotes the shell fills nothing in: write \"{sent}\" in double quotes")
            }
            () if body.chars().any(|c| c.is_control()) && sent.contains('{') => {
                "a line end or a tab stands in a text as it is: JSON writes it as \\n or \\t".to_owned()
            }
            () if !sent.contains('{') && (sent.starts_with(['~', '/', '.']) || sent.ends_with(".json")) => {
                format!("curl takes that for the text itself; what a file holds is sent with -d @{sent}")
            }
            () if !sent.contains('{') && sent.contains('=') => {
                "this is a field of a form; JSON is '{\"attributes\":{\"key\":\"value\"}}'".to_owned()
            }
            () if sent.contains("\\\"") => {
                "in single quotes the shell leaves backslashes as they are: write \" without them".to_owned()
            }
            () if sent.contains('"') => {
                error.hint.unwrap_or_else(|| "put all of it in single quotes, and each ' within as '\\''".to_owned())
            }
            () if sent.contains('\'') => {
                "JSON has its texts in \", not in ': '{\"attributes\":{\"key\":\"value\"}}'".to_owned()
            }
            () => {
                "the shell takes quotes off that are not quoted themselves: put all of it in single quotes".to_owned()
            }
        };
        NoPayload {
            message: format!("what this command sends is not JSON: {} ({})", clip(&sent), error.message),
            hint: Some(hint),
        }
    })?;
    explained.unwrapped.insert(0, "the command around the JSON".into());
    explained.troubles.extend(troubles);
    method(request, &mut explained);
    content_type(request, &mut explained);
    let words: Vec<String> =
        line.words.iter().filter(|word| !body.contains(&word.text)).map(|word| hidden.show(&word.text)).collect();
    let around = format!("{}\n{}\n{}", &text[..start], words.join("\n"), &text[start + line.length..]);
    explained.around = around + &explained.around;
    hidden.mark(&mut explained);
    Ok(explained)
}

/// The body as one text, and the sources of what is hidden in it.
fn body(text: &str, line: &Line, request: &Request) -> Result<(Word, Vec<String>), NoPayload> {
    let mut whole = Word::default();
    for (at, (piece, json)) in request.pieces.iter().enumerate() {
        if at > 0 && !json {
            whole.text.push('&');
        }
        match piece {
            Piece::Encoded => {
                return Err(nothing(
                    "--data-urlencode sends a form, and the API takes JSON",
                    "send the JSON with --data",
                ));
            }
            Piece::File(name, joins) if name == "-" => match &line.input {
                Some(input) if *joins => whole.text.push_str(&input.text.replace(['\n', '\r'], "")),
                Some(input) => whole.text.push_str(&input.text),
                None => {
                    return Err(nothing(
                        "the body is what the command reads from stdin, which is not here",
                        "give that to 'sidetone lint -'",
                    ));
                }
            },
            Piece::File(name, _) => {
                let name = Hidden { text: String::new(), sources: line.sources.clone() }.show(name);
                return Err(nothing(
                    format!("the body is in the file {name}, which is not read here"),
                    format!("'sidetone lint {name}' reads it"),
                ));
            }
            Piece::Text(word) if word.expands => {
                return Err(nothing(
                    format!(
                        "the shell expands the braces outside quotes: it makes several words of {}",
                        clip(&word.text)
                    ),
                    "put all of it in single quotes",
                ));
            }
            Piece::Text(word) => {
                whole.splits |= word.splits;
                whole.text.push_str(&word.text);
            }
        }
    }
    if request.in_address {
        return Err(nothing(
            "-G puts the data into the address, so no body is sent",
            "leave -G out and send it with -X PATCH",
        ));
    }
    if request.pieces.len() > 1 && shapes::json(&whole.text).is_err() {
        return Err(nothing(
            format!("curl joins the {} bodies with &, which makes no valid JSON", request.pieces.len()),
            "send all keys in one: {\"attributes\":{\"a\":\"1\",\"b\":\"2\"}}",
        ));
    }
    // All of it a variable or a command's output.
    let hidden = Hidden { text: String::new(), sources: line.sources.clone() };
    if let Some(source) = hidden.whole(&whole.text) {
        let value = words::value_of(source, text).ok_or_else(|| {
            nothing(
                format!("the body is {source}, and what that holds does not stand here"),
                "give the JSON itself, or the commands that make it",
            )
        })?;
        if whole.splits && value.0.text.contains(char::is_whitespace) {
            return Err(nothing(
                format!(
                    "{source} stands outside quotes, and what it holds has spaces: the shell makes several words of it"
                ),
                format!("put it in double quotes: \"{source}\""),
            ));
        }
        return Ok(value);
    }
    Ok((whole, line.sources.clone()))
}

fn method(request: &Request, explained: &mut Explained) {
    let route = request.urls.iter().any(|url| url.contains("/participants/"));
    let (method, given) = match &request.method {
        Some(method) => (method.as_str(), true),
        None => ("POST", false),
    };
    if method == "PATCH" || method.contains(shell::BEGIN) {
        return;
    }
    let said = if given { format!("it sends {method}") } else { "without -X it sends POST".to_owned() };
    let severity = if (given && !method.eq_ignore_ascii_case("PATCH")) || (!given && route) {
        Severity::Error
    } else {
        Severity::Warn
    };
    explained.troubles.push(Trouble::method(severity, &said));
}

fn content_type(request: &Request, explained: &mut Explained) {
    let said = match &request.content_type {
        None if request.json => return,
        Some(kind) if kind.to_ascii_lowercase().contains("json") || kind.contains(shell::BEGIN) => return,
        Some(kind) => format!("it is sent as {kind}"),
        None => "without a Content-Type, it is sent as a form (application/x-www-form-urlencoded)".to_owned(),
    };
    explained.troubles.push(Trouble {
        rule: "content-type",
        severity: Severity::Warn,
        message: format!("{said}; the API takes application/json"),
        remedy: "add -H 'Content-Type: application/json'".into(),
    });
}

fn without_backslashes(text: &str) -> String {
    text.replace("\\\\\"", "\u{0}").replace("\\\"", "\"").replace('\u{0}', "\\\"")
}

fn clip(text: &str) -> String {
    let mut short: String = text.chars().take(120).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
