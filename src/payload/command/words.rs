//! A command line as its shell splits it into words.

use crate::payload::shell::{self, BEGIN, END, Shell};
use regex::Regex;
use std::sync::LazyLock;

/// Whose rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// sh, bash, zsh.
    Posix,
    /// The command prompt of Windows.
    Cmd,
    /// PowerShell.
    PowerShell,
}

impl Dialect {
    /// By what only one of them has.
    pub fn of(text: &str) -> Self {
        static POWER: LazyLock<Option<Regex>> = LazyLock::new(|| {
            Regex::new(r#"(?i)[{,:\[]\s*`"|`[ \t]*\r?\n|\bInvoke-(?:RestMethod|WebRequest)\b|\$env:|@\{|ConvertTo-Json|@["']\r?\n|\bPS [A-Z]:\\|curl\.exe\b[^\n]*'\{\\""#)
                .ok()
        });
        static CMD: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r#"\^[ \t]*\r?\n|\^"|"\{\s*""|%[A-Za-z_]\w*%|\b[A-Z]:\\[^\n]*>"#).ok());
        let has = |sign: &LazyLock<Option<Regex>>| sign.as_ref().is_some_and(|sign| sign.is_match(text));
        match () {
            () if text.contains("PS C:\\") => Self::PowerShell,
            () if has(&CMD) => Self::Cmd,
            () if has(&POWER) => Self::PowerShell,
            () => Self::Posix,
        }
    }
}

/// A word. Its computed parts are hidden, as [`shell::Hidden`] has them.
#[derive(Clone, Debug, Default)]
pub struct Word {
    /// What the program gets.
    pub text: String,
    /// Bash makes several words of it: a comma stands in braces, outside quotes.
    pub expands: bool,
    /// Something is filled in outside quotes, where the shell splits it at its blanks.
    pub splits: bool,
}

/// A command line.
#[derive(Debug, Default)]
pub struct Line {
    /// The words.
    pub words: Vec<Word>,
    /// Bytes that it takes, its here-document included.
    pub length: usize,
    /// A quote that is never closed.
    pub unclosed: Option<char>,
    /// What stands for the computed parts.
    pub sources: Vec<String>,
    /// Where its words end: before its here-documents.
    end: usize,
    /// What it reads from stdin, where that stands in the text.
    pub input: Option<Word>,
}

/// The command line that begins at this byte.
pub fn line(text: &str, start: usize, dialect: Dialect) -> Line {
    let mut line = match dialect {
        Dialect::Cmd => cmd(&text[start..]),
        _ => Splitter::new(&text[start..], dialect).line(),
    };
    if line.input.is_none() && dialect == Dialect::Posix {
        line.input = piped(text, start, &mut line.sources);
    }
    line
}

struct Splitter<'t> {
    text: &'t str,
    at: usize,
    power: bool,
    line: Line,
    word: Option<Word>,
    braces: usize,
    /// Delimiters of here-documents that begin behind the line: whether it is quoted, and whether tabs are taken off.
    documents: Vec<(String, bool, bool)>,
    /// The next word is a here-string.
    here_string: bool,
    /// The next word names a file.
    skip: bool,
}

impl<'t> Splitter<'t> {
    fn new(text: &'t str, dialect: Dialect) -> Self {
        let power = dialect == Dialect::PowerShell;
        Self {
            text,
            at: 0,
            power,
            line: Line::default(),
            word: None,
            braces: 0,
            documents: Vec::new(),
            here_string: false,
            skip: false,
        }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn push(&mut self, character: char) {
        self.word.get_or_insert_default().text.push(character);
    }

    fn hide(&mut self, length: usize) {
        let source = self.rest()[..length].to_owned();
        self.at += length;
        let number = self.line.sources.len();
        self.line.sources.push(source);
        self.word.get_or_insert_default().text.push_str(&format!("{BEGIN}{number}{END}"));
    }

    fn end_word(&mut self) {
        self.braces = 0;
        let Some(word) = self.word.take() else { return };
        if std::mem::take(&mut self.skip) {
            return;
        }
        if std::mem::take(&mut self.here_string) {
            self.line.input = Some(word);
        } else {
            self.line.words.push(word);
        }
    }

    fn line(mut self) -> Line {
        while let Some(character) = self.rest().chars().next() {
            let length = character.len_utf8();
            let escape = if self.power { '`' } else { '\\' };
            match character {
                '\n' => break,
                ' ' | '\t' | '\r' => {
                    self.end_word();
                    self.at += length;
                }
                _ if character == escape => {
                    let rest = &self.rest()[length..];
                    let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
                    // With blanks behind it, a line is meant to go on as well.
                    if rest[blank..].starts_with('\n') {
                        self.end_word();
                        self.at += length + blank + 1;
                        continue;
                    }
                    self.at += length;
                    if let Some(next) = self.rest().chars().next() {
                        self.push(next);
                        self.at += next.len_utf8();
                    }
                }
                ';' | '|' | ')' => break,
                '&' if !self.power || self.word.is_none() => break,
                '#' if self.word.is_none() => {
                    self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                    break;
                }
                '\'' => self.single(),
                '"' => self.double(),
                '@' if self.power && self.word.is_none() && self.here() => {}
                '$' if !self.power && self.rest().starts_with("$'") => self.ansi(),
                '$' if !self.power && self.rest().starts_with("$\"") => self.at += 1,
                '$' | '`' => {
                    self.computed();
                    if !self.power
                        && let Some(word) = &mut self.word
                    {
                        word.splits |= word.text.ends_with(END);
                    }
                }
                '<' if !self.power => self.input(),
                '>' if !self.power => {
                    self.end_word();
                    self.skip = true;
                    self.at += if self.rest().starts_with(">>") || self.rest().starts_with(">&") { 2 } else { 1 };
                }
                _ => {
                    match character {
                        '{' => self.braces += 1,
                        '}' => self.braces = self.braces.saturating_sub(1),
                        ',' | '.'
                            if self.braces > 0
                                && !self.power
                                && (character == ',' || self.rest().starts_with("..")) =>
                        {
                            self.word.get_or_insert_default().expands = true
                        }
                        _ => {}
                    }
                    self.push(character);
                    self.at += length;
                }
            }
            if self.line.unclosed.is_some() {
                break;
            }
        }
        self.end_word();
        self.line.end = self.at;
        self.read_documents();
        self.line.length = self.at;
        self.line
    }

    fn computed(&mut self) {
        let shell = if self.power { Shell::PowerShell } else { Shell::Posix };
        match shell::computed(self.rest(), shell) {
            0 => {
                self.push(if self.rest().starts_with('`') { '`' } else { '$' });
                self.at += 1;
            }
            length => self.hide(length),
        }
    }

    fn single(&mut self) {
        self.at += 1;
        self.word.get_or_insert_default();
        loop {
            let Some(end) = self.rest().find('\'') else {
                self.line.unclosed = Some('\'');
                return;
            };
            let inner = &self.rest()[..end];
            self.word.get_or_insert_default().text.push_str(inner);
            self.at += end + 1;
            if !(self.power && self.rest().starts_with('\'')) {
                return;
            }
            self.push('\'');
            self.at += 1;
        }
    }

    fn double(&mut self) {
        self.at += 1;
        self.word.get_or_insert_default();
        while let Some(character) = self.rest().chars().next() {
            let next = self.rest()[character.len_utf8()..].chars().next();
            match character {
                '"' if self.power && next == Some('"') => {
                    self.push('"');
                    self.at += 2;
                }
                '"' => {
                    self.at += 1;
                    return;
                }
                '`' if self.power => {
                    self.at += 1;
                    match next {
                        Some('n') => self.push('\n'),
                        Some('t') => self.push('\t'),
                        Some('r') => self.push('\r'),
                        Some('\n') | None => {}
                        Some(other) => self.push(other),
                    }
                    self.at += next.map_or(0, char::len_utf8);
                }
                '\\' if !self.power && matches!(next, Some('$' | '`' | '"' | '\\' | '\n')) => {
                    self.at += 2;
                    if let Some(next) = next.filter(|next| *next != '\n') {
                        self.push(next);
                    }
                }
                '$' | '`' => self.computed(),
                _ => {
                    self.push(character);
                    self.at += character.len_utf8();
                }
            }
        }
        self.line.unclosed = Some('"');
    }

    /// `$'…'`: escapes as in C.
    fn ansi(&mut self) {
        self.at += 2;
        self.word.get_or_insert_default();
        while let Some(character) = self.rest().chars().next() {
            self.at += character.len_utf8();
            match character {
                '\'' => return,
                '\\' => {
                    let Some(next) = self.rest().chars().next() else { break };
                    self.at += next.len_utf8();
                    let (digits, radix) = match next {
                        'x' => (2, 16),
                        'u' => (4, 16),
                        'U' => (8, 16),
                        '0'..='7' => {
                            self.at -= 1;
                            (3, 8)
                        }
                        _ => (0, 0),
                    };
                    if digits > 0 {
                        let number: String =
                            self.rest().chars().take(digits).take_while(|c| c.is_digit(radix)).collect();
                        self.at += number.len();
                        let value = u32::from_str_radix(&number, radix).ok().and_then(char::from_u32);
                        self.push(value.unwrap_or('\u{fffd}'));
                        continue;
                    }
                    let escaped = match next {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        'a' => '\u{7}',
                        'b' => '\u{8}',
                        'e' | 'E' => '\u{1b}',
                        'f' => '\u{c}',
                        'v' => '\u{b}',
                        '\\' | '\'' | '"' | '?' => next,
                        other => {
                            self.push('\\');
                            other
                        }
                    };
                    self.push(escaped);
                }
                other => self.push(other),
            }
        }
        self.line.unclosed = Some('\'');
    }

    /// PowerShell's here-string.
    fn here(&mut self) -> bool {
        let rest = self.rest();
        let Some(quote) = ["@'", "@\""].into_iter().find(|quote| rest.starts_with(quote)) else { return false };
        let Some(begin) = rest.find('\n').filter(|begin| rest[2..*begin].trim().is_empty()) else { return false };
        let close = format!("\n{}@", &quote[1..]);
        let Some(end) = rest[begin..].find(&close) else { return false };
        let inner = rest.get(begin + 1..begin + end).unwrap_or_default();
        let hidden = if quote == "@\"" {
            shell::hide_from(inner, Shell::PowerShell, &mut self.line.sources)
        } else {
            inner.to_owned()
        };
        self.word.get_or_insert_default().text.push_str(&hidden);
        self.at += begin + end + close.len();
        true
    }

    /// `< file`, `<<< text`, `<<EOF`, `<(command)`.
    fn input(&mut self) {
        let rest = self.rest();
        if rest.starts_with("<(") {
            let length = shell::computed(&format!("${}", &rest[1..]), Shell::Posix);
            if length > 0 {
                return self.hide(length);
            }
        }
        self.end_word();
        if rest.starts_with("<<<") {
            self.at += 3;
            self.here_string = true;
        } else if let Some(begin) = rest.strip_prefix("<<") {
            let tabs = begin.starts_with('-');
            let name = begin.trim_start_matches('-').trim_start_matches([' ', '\t']);
            let length =
                name.find(|c: char| c.is_whitespace() || matches!(c, ';' | '|' | '&' | ')')).unwrap_or(name.len());
            let delimiter = &name[..length];
            let plain = delimiter.trim_matches(['\'', '"']).trim_start_matches('\\');
            self.documents.push((plain.to_owned(), plain != delimiter, tabs));
            self.at += rest.len() - name.len() + length;
        } else {
            self.skip = true;
            self.at += 1;
        }
    }

    /// The here-documents, which begin on the next line.
    fn read_documents(&mut self) {
        for (delimiter, quoted, tabs) in std::mem::take(&mut self.documents) {
            let Some(begin) = self.rest().find('\n').map(|end| self.at + end + 1) else { return };
            let (inner, length) = document(&self.text[begin..], &delimiter, tabs);
            let text = if quoted { inner } else { shell::hide_from(&inner, Shell::Posix, &mut self.line.sources) };
            self.line.input = Some(Word { text, ..Word::default() });
            self.at = begin + length;
        }
    }
}

/// The lines up to the delimiter, and the bytes that they and it take.
fn document(text: &str, delimiter: &str, tabs: bool) -> (String, usize) {
    let (mut inner, mut length) = (String::new(), 0);
    for line in text.split_inclusive('\n') {
        length += line.len();
        let shown = if tabs { line.trim_start_matches('\t') } else { line };
        if shown.trim_end_matches(['\n', '\r']).trim() == delimiter {
            break;
        }
        inner.push_str(shown);
    }
    (inner, length)
}

/// What is piped into the command by `echo`, `printf` or `cat <<EOF`, where one of these stands right before the pipe.
fn piped(text: &str, start: usize, sources: &mut Vec<String>) -> Option<Word> {
    let before = text[..start].trim_end().strip_suffix('|')?;
    let mut begins: Vec<usize> =
        ["echo ", "printf ", "cat <<"].iter().flat_map(|word| before.match_indices(word)).map(|(at, _)| at).collect();
    begins.sort_unstable();
    // A here-document stands behind the whole line.
    let (begin, line) = begins.into_iter().rev().find_map(|begin| {
        let line = Splitter::new(&text[begin..], Dialect::Posix).line();
        (line.unclosed.is_none() && begin + line.end <= before.len()).then_some((begin, line))
    })?;
    // Another command between them makes of it what it likes.
    if !before[begin + line.end..].trim().is_empty() {
        return None;
    }
    let shift = sources.len();
    let moved = |text: &str| moved(text, shift);
    sources.extend(line.sources.iter().cloned());
    let mut words = line.words.iter().map(|word| moved(&word.text));
    let input = match words.next()?.as_str() {
        "cat" => moved(&line.input?.text),
        "echo" => {
            let words: Vec<String> = words.collect();
            let options =
                words.iter().take_while(|word| matches!(word.as_str(), "-n" | "-e" | "-en" | "-ne" | "-E")).count();
            let joined = words[options..].join(" ");
            if words[..options].iter().any(|option| option.contains('e')) { unescaped(&joined)? } else { joined }
        }
        _ => {
            let words: Vec<String> = words.collect();
            let (format, arguments) = words.split_first()?;
            printed(format, arguments)?
        }
    };
    Some(Word { text: input, ..Word::default() })
}

/// What `printf` prints; nothing where it is not followed.
fn printed(format: &str, arguments: &[String]) -> Option<String> {
    let mut out = String::new();
    let mut arguments = arguments.iter();
    let mut parts = format.split('%');
    out.push_str(&unescaped(parts.next()?)?);
    while let Some(part) = parts.next() {
        if let Some(rest) = part.strip_prefix('s') {
            out.push_str(arguments.next().map_or("", String::as_str));
            out.push_str(&unescaped(rest)?);
        } else if part.is_empty() {
            out.push('%');
            out.push_str(&unescaped(parts.next()?)?);
        } else {
            return None;
        }
    }
    // With more of them the format begins anew.
    arguments.next().is_none().then_some(out)
}

/// A text without its escapes, as `printf` and `echo -e` read them; nothing where one is not known.
fn unescaped(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        out.push(match characters.next()? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            '\\' => '\\',
            '"' => '"',
            _ => return None,
        });
    }
    Some(out)
}

/// A text whose hidden parts are counted from another number.
fn moved(text: &str, shift: usize) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(begin) = rest.find(BEGIN) {
        out.push_str(&rest[..begin]);
        rest = &rest[begin + BEGIN.len_utf8()..];
        let end = rest.find(END).unwrap_or(rest.len());
        let number: usize = rest[..end].parse().unwrap_or_default();
        out.push_str(&format!("{BEGIN}{}{END}", number + shift));
        rest = rest.get(end + END.len_utf8()..).unwrap_or_default();
    }
    out + rest
}

/// What a variable or a command's output is, where the text says so (`BODY='{…}'` before it, `$(cat <<EOF …)`), and the sources of
/// what is hidden in that.
pub fn value_of(source: &str, text: &str) -> Option<(Word, Vec<String>)> {
    if let Some(command) = source.strip_prefix("$(").and_then(|inner| inner.strip_suffix(')')) {
        return output(command.trim());
    }
    let name = source.trim_start_matches('$').trim_matches(['{', '}']);
    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let assigned = Regex::new(&format!(r"(?m)(?:^|[\s;])\$?{}\s?=\s?", regex::escape(name))).ok()?;
    let mut all = assigned.find_iter(text);
    let found = all.next()?;
    // Which of several it is then, this cannot tell.
    if all.next().is_some() {
        return None;
    }
    let value = Splitter::new(&text[found.end()..], Dialect::of(text)).line();
    if value.unclosed.is_some() {
        return None;
    }
    let word = value.words.first()?;
    let hidden = shell::Hidden { text: String::new(), sources: value.sources.clone() };
    match hidden.whole(&word.text) {
        Some(whole) => output(whole.strip_prefix("$(")?.strip_suffix(')')?.trim()),
        None => Some((word.clone(), value.sources)),
    }
}

/// What `cat <<EOF`, `echo` or `printf` print.
fn output(command: &str) -> Option<(Word, Vec<String>)> {
    let line = Splitter::new(command, Dialect::Posix).line();
    if line.words.first()?.text == "cat" {
        return Some((line.input?, line.sources));
    }
    let mut sources = Vec::new();
    let text = format!("{command} |");
    let word = piped(&text, text.len(), &mut sources)?;
    Some((word, sources))
}

/// The command prompt: carets first, then what programs make of the quotes.
fn cmd(text: &str) -> Line {
    let mut line = Line::default();
    let (mut plain, mut quoted, mut length) = (String::new(), false, text.len());
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '^' if !quoted => match characters.next() {
                Some((_, '\r')) => {
                    characters.next_if(|(_, next)| *next == '\n');
                }
                Some((_, '\n')) | None => {}
                Some((_, next)) => plain.push(next),
            },
            '"' => {
                quoted = !quoted;
                plain.push('"');
            }
            '\n' | '\r' => {
                length = at;
                break;
            }
            '&' | '|' if !quoted => {
                length = at;
                break;
            }
            '%' => {
                let rest = &text[at + 1..];
                let name = rest
                    .find('%')
                    .filter(|end| *end > 0 && rest[..*end].chars().all(|c| c.is_alphanumeric() || c == '_'));
                match name {
                    Some(end) => {
                        plain.push_str(&format!("{BEGIN}{}{END}", line.sources.len()));
                        line.sources.push(format!("%{}%", &rest[..end]));
                        for _ in 0..=rest[..end].chars().count() {
                            characters.next();
                        }
                    }
                    None => plain.push('%'),
                }
            }
            other => plain.push(other),
        }
    }
    line.length = length;
    let (words, open) = arguments(&plain);
    line.words = words.into_iter().map(|text| Word { text, ..Word::default() }).collect();
    line.unclosed = open.then_some('"');
    line
}

/// A command line as the C runtime of Windows splits it; whether a quote stays open.
fn arguments(text: &str) -> (Vec<String>, bool) {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                let mut count = 1;
                while characters.next_if_eq(&'\\').is_some() {
                    count += 1;
                }
                let own = word.get_or_insert_default();
                if characters.peek() != Some(&'"') {
                    own.extend(std::iter::repeat_n('\\', count));
                    continue;
                }
                own.extend(std::iter::repeat_n('\\', count / 2));
                if count % 2 == 1 {
                    characters.next();
                    own.push('"');
                }
            }
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                word.get_or_insert_default().push('"');
            }
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' | '\t' if !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    (words, quoted)
}
