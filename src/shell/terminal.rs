//! The terminal itself: taken at the start, given back exactly as found on every way out.

use crate::app::{
    Msg,
    key::{Code, Key},
    msg::Mouse,
};
use crossterm::{
    clipboard::CopyToClipboard,
    cursor::{Hide, Show},
    event::{
        DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, KeyCode, KeyEvent,
        KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
    },
    execute, queue,
    style::ResetColor,
    terminal::{self, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen},
};
use std::{
    io::{self, BufWriter, Stdout, Write},
    panic,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

/// The terminal is ours; read by the panic hook.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while it is ours.
pub(super) struct Terminal {
    out: BufWriter<Stdout>,
    mouse: bool,
}

impl Terminal {
    /// Takes the terminal: raw mode, the alternate screen, bracketed paste, the mouse if wanted.
    pub(super) fn enter(mouse: bool) -> io::Result<Self> {
        restore_on_panic();
        let mut terminal = Self { out: BufWriter::with_capacity(64 * 1024, io::stdout()), mouse };
        terminal.enter_again()?;
        Ok(terminal)
    }

    /// Takes the terminal again after it was given back, or after something else changed it.
    pub(super) fn enter_again(&mut self) -> io::Result<()> {
        TAKEN.store(true, Ordering::SeqCst);
        terminal::enable_raw_mode()?;
        queue!(self.out, EnterAlternateScreen, EnableBracketedPaste, Hide)?;
        if self.mouse {
            queue!(self.out, EnableMouseCapture)?;
        }
        self.out.flush()
    }

    /// Gives the terminal back as it was.
    pub(super) fn leave(&mut self) {
        // Whatever fails here, there is nobody left to tell.
        _ = self.out.flush();
        restore();
    }

    /// Where frames are written.
    pub(super) fn out(&mut self) -> &mut impl Write {
        &mut self.out
    }

    /// Writes bytes of our own at once.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()
    }

    /// Asks the terminal to put text on the clipboard (OSC 52, base64), which works over ssh as well.
    pub(super) fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(self.out, CopyToClipboard::to_clipboard_from(text))
    }
}

/// The sequence that makes a terminal notify (OSC 9): what controls a terminal is drawn visibly, so nothing ends it early.
pub fn notification(text: &str) -> String {
    let text = crate::domain::text::cut(text, 160);
    format!("\x1b]9;Sidetone: {text}\x07")
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Puts the terminal back, once.
fn restore() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    // Each step is tried whatever became of the others.
    _ = execute!(
        out,
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableBracketedPaste,
        ResetColor,
        LeaveAlternateScreen,
        Show
    );
    _ = terminal::disable_raw_mode();
}

/// A panic of the thread that draws gives the terminal back before it says anything. One in a task is caught by the loop
/// and told there; printed, it would be lost under the next frame and leave the screen in disorder.
fn restore_on_panic() {
    let drawing = thread::current().id();
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !TAKEN.load(Ordering::SeqCst) {
            before(info);
        } else if thread::current().id() == drawing {
            restore();
            before(info);
        } else {
            tracing::error!("panic in a task: {info}");
        }
    }));
}

/// A key press in our own notation; nothing for releases (Windows tells them) and keys that we do not know.
pub(super) fn key(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let mut shift = event.modifiers.contains(KeyModifiers::SHIFT);
    let code = match event.code {
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => {
            shift = true;
            Code::Tab
        }
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Insert => Code::Insert,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::F(n) => Code::F(n),
        _ => return None,
    };
    let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    let alt = event.modifiers.contains(KeyModifiers::ALT);
    Some(Key::new(code, ctrl, alt, shift))
}

/// What the mouse did, as far as the program listens.
pub(super) fn mouse(event: MouseEvent) -> Option<Msg> {
    let what = match event.kind {
        MouseEventKind::Down(MouseButton::Left) => Mouse::Click,
        MouseEventKind::ScrollDown => Mouse::Down,
        MouseEventKind::ScrollUp => Mouse::Up,
        _ => return None,
    };
    Some(Msg::Mouse(what, event.column, event.row))
}

#[cfg(test)]
mod notification_tests {
    #[test]
    fn nothing_in_the_text_ends_or_leaves_the_notification() {
        let sequence = super::notification("tier\u{7}\u{1b}]0;own\u{9c} changed");
        let body = sequence.strip_prefix("\u{1b}]9;").and_then(|s| s.strip_suffix('\u{7}')).expect("one sequence");
        assert!(!body.chars().any(char::is_control), "{body:?}");
    }
}
