//! A look at the terminal: its colours, how wide it draws what Sidetone draws, and what its keys arrive as.

use super::terminal;
use crate::{
    app::settings::Band,
    domain::text,
    ui::{ASCII, SYMBOLS, Theme},
};
use crossterm::{
    cursor,
    event::{
        self, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, Event, KeyEventKind,
    },
    execute, queue,
    style::{PrintStyledContent, StyledContent},
    terminal::{self as raw, Clear, ClearType},
};
use ratatui::{
    backend::IntoCrossterm,
    style::{Color, Style},
};
use std::io::{self, IsTerminal, Write};

/// How to look.
#[derive(Clone, Copy, Debug)]
pub struct LookOptions {
    /// Colours may be used.
    pub color: bool,
    /// ASCII marks are chosen.
    pub ascii: bool,
}

/// Letters that terminals disagree about.
const SAMPLES: [(&str, &str); 8] = [
    ("accents", "éöñ"),
    ("combining", "e\u{301}o\u{308}"),
    ("wide", "漢字かな"),
    ("Hangul", "한국어"),
    ("ambiguous", "…·→°"),
    ("emoji", "📞✅"),
    ("Arabic", "سلام"),
    ("Thai", "สวัสดี"),
];

/// Columns and rows of the terminal, where there is one.
pub fn size() -> Option<(u16, u16)> {
    raw::size().ok()
}

/// Draws, measures and listens. Without a terminal on both sides it only draws.
///
/// # Errors
/// The terminal cannot be written to.
pub fn look(how: LookOptions) -> io::Result<()> {
    let mut out = io::stdout();
    let there = io::stdin().is_terminal() && out.is_terminal();
    colors(&mut out, how)?;
    widths(&mut out, how, there)?;
    if there { keys(&mut out) } else { writeln!(out, "\nkeys       (no terminal to read keys from)") }
}

fn put(out: &mut impl Write, style: Style, text: &str, how: LookOptions) -> io::Result<()> {
    if how.color {
        queue!(out, PrintStyledContent(StyledContent::new(style.into_crossterm(), text)))
    } else {
        write!(out, "{text}")
    }
}

fn colors(out: &mut impl Write, how: LookOptions) -> io::Result<()> {
    if !how.color {
        writeln!(
            out,
            "colours    off: NO_COLOR, --color never, or no terminal; meanings are shown by words and weight"
        )?;
    }
    write!(out, "the 16     ")?;
    for n in 0..16 {
        put(out, Style::new().bg(Color::Indexed(n)), "   ", how)?;
    }
    write!(out, "\nthe 256    ")?;
    for n in (16..232).step_by(6).chain(232..=255) {
        put(out, Style::new().bg(Color::Indexed(n)), " ", how)?;
    }
    writeln!(out, "\nthemes     each word must be easy to read in the theme you use")?;
    for (name, theme) in [
        ("terminal", Theme::Terminal),
        ("dark", Theme::Dark),
        ("light", Theme::Light),
        ("high-contrast", Theme::HighContrast),
        ("mono", Theme::Mono),
    ] {
        write!(out, "  {name:<15}")?;
        for (word, style) in [
            ("value", theme.text()),
            ("label", theme.quiet()),
            ("fresh", theme.fresh()),
            ("pending", theme.pending()),
            ("seen", theme.seen()),
            ("alarm", theme.alarm()),
            ("stale", theme.stale()),
            ("selection", theme.selected(theme.text())),
            (" PRODUCTION ", theme.band(Band::Red)),
        ] {
            put(out, theme.background().patch(style), word, how)?;
            put(out, theme.background(), " ", how)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Draws marks and letters and asks the terminal how wide they came out.
fn widths(out: &mut impl Write, how: LookOptions, there: bool) -> io::Result<()> {
    let marks = if how.ascii { ASCII.named() } else { SYMBOLS.named() };
    let mut rulers = there.then_some(());
    let mut wrong: Vec<String> = Vec::new();
    writeln!(out, "\nmarks      what each means; none may be a box or a question mark")?;
    for row in marks.chunks(4) {
        write!(out, "  ")?;
        for (mark, meaning) in row {
            write!(out, "{mark} {meaning:<16}")?;
        }
        writeln!(out)?;
    }
    writeln!(out, "letters    the walls must stand in one line")?;
    for (name, letters) in SAMPLES {
        let shown = text::visible(letters);
        let pad = " ".repeat(16_usize.saturating_sub(text::width(letters)));
        writeln!(out, "  {name:<12} │{shown}{pad}│")?;
    }
    out.flush()?;
    let samples = marks.iter().map(|(mark, _)| *mark).chain(SAMPLES.iter().map(|(_, letters)| *letters));
    for letters in samples {
        if rulers.is_none() {
            break;
        }
        match measure(out, &text::visible(letters)) {
            Ok(width) if usize::from(width) == text::width(letters) => {}
            Ok(width) => wrong.push(format!("{letters} takes {width} columns, not {}", text::width(letters))),
            Err(_) => rulers = None,
        }
    }
    match (rulers, wrong.as_slice()) {
        (None, _) => writeln!(out, "measured   the terminal does not answer; trust your eyes"),
        (Some(()), []) => writeln!(out, "measured   everything is as wide as Sidetone takes it to be"),
        (Some(()), wrong) => writeln!(
            out,
            "measured   {}\n           Lines with it will be out of place. Start with --ascii, or set ascii = true under [ui].",
            wrong.join("\n           ")
        ),
    }
}

/// Columns that the terminal takes for this text.
fn measure(out: &mut impl Write, text: &str) -> io::Result<u16> {
    let _raw = Raw::enter(out, false)?;
    write!(out, "\r{text}")?;
    out.flush()?;
    let column = cursor::position().map(|(column, _)| column);
    write!(out, "\r")?;
    execute!(out, Clear(ClearType::CurrentLine))?;
    column
}

/// Shows what keys, mouse and pastes arrive as.
fn keys(out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\nkeys       press some, click, paste; Esc ends")?;
    out.flush()?;
    let _raw = Raw::enter(out, true)?;
    loop {
        let line = match event::read()? {
            Event::Key(key) if key.kind == KeyEventKind::Release => continue,
            Event::Key(key) => match terminal::key(key) {
                Some(name) => format!("key    {name}"),
                None => format!("key    not used by Sidetone: {:?}", key.code),
            },
            Event::Mouse(mouse) if terminal::mouse(mouse).is_none() => continue,
            Event::Mouse(mouse) => format!("mouse  {:?} at column {}, row {}", mouse.kind, mouse.column, mouse.row),
            Event::Paste(text) => format!("paste  {} characters, as text", text.chars().count()),
            Event::Resize(columns, rows) => format!("size   {columns}x{rows}"),
            Event::FocusGained | Event::FocusLost => continue,
        };
        write!(out, "  {line}\r\n")?;
        out.flush()?;
        if line == "key    esc" || line == "key    ctrl-c" {
            return Ok(());
        }
    }
}

/// The terminal in raw mode, for as long as this lives.
struct Raw {
    listens: bool,
}

impl Raw {
    fn enter(out: &mut impl Write, listens: bool) -> io::Result<Self> {
        raw::enable_raw_mode()?;
        let raw = Self { listens };
        if listens {
            execute!(out, EnableBracketedPaste, EnableMouseCapture)?;
        }
        Ok(raw)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // Whatever fails here, there is nobody left to tell.
        if self.listens {
            _ = execute!(io::stdout(), DisableMouseCapture, DisableBracketedPaste);
        }
        _ = raw::disable_raw_mode();
    }
}
