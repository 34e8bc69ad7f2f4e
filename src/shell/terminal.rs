//! The terminal itself: taken at the start, given back exactly as found on every way out.

use crate::app::{
    Msg,
    key::{Code, Key},
    msg::Mouse,
};
use crossterm::{
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
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// The terminal is ours; read by the panic hook and where the process is about to die.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// What gives the terminal back, ready to be written: nothing is allocated when a process is about to die.
static GIVE_BACK: OnceLock<Vec<u8>> = OnceLock::new();

/// What the loop needs of a terminal.
pub(super) trait Terminal {
    /// Where frames are written.
    fn out(&mut self) -> &mut impl Write;

    /// Takes the terminal: at the start, after it was given back, and after something else changed it.
    ///
    /// # Errors
    /// It cannot be set up or written to.
    fn enter(&mut self) -> io::Result<()>;

    /// Gives the terminal back as it was.
    fn leave(&mut self);

    /// Takes the mouse, or lets it go.
    ///
    /// # Errors
    /// It cannot be written to.
    fn mouse(&mut self, taken: bool) -> io::Result<()> {
        match taken {
            true => execute!(self.out(), EnableMouseCapture),
            false => execute!(self.out(), DisableMouseCapture),
        }
    }

    /// Columns and rows.
    ///
    /// # Errors
    /// They cannot be had.
    fn size(&self) -> io::Result<(u16, u16)>;

    /// Writes bytes of our own at once.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out().write_all(bytes)?;
        self.out().flush()
    }
}

/// The process's own terminal, given back when this is dropped.
pub(super) struct OwnTerminal {
    out: BufWriter<Stdout>,
    mouse: bool,
}

impl OwnTerminal {
    /// Takes the terminal: raw mode, the alternate screen, bracketed paste, the mouse if wanted.
    pub(super) fn take(mouse: bool) -> io::Result<Self> {
        GIVE_BACK.get_or_init(give_back);
        restore_on_panic();
        let mut terminal = Self { out: BufWriter::with_capacity(64 * 1024, io::stdout()), mouse };
        terminal.enter()?;
        Ok(terminal)
    }
}

impl Terminal for OwnTerminal {
    fn out(&mut self) -> &mut impl Write {
        &mut self.out
    }

    fn enter(&mut self) -> io::Result<()> {
        TAKEN.store(true, Ordering::SeqCst);
        terminal::enable_raw_mode()?;
        queue!(self.out, EnterAlternateScreen, EnableBracketedPaste, Hide)?;
        if self.mouse {
            queue!(self.out, EnableMouseCapture)?;
        }
        self.out.flush()
    }

    fn mouse(&mut self, taken: bool) -> io::Result<()> {
        self.mouse = taken;
        match taken {
            true => execute!(self.out, EnableMouseCapture),
            false => execute!(self.out, DisableMouseCapture),
        }
    }

    fn leave(&mut self) {
        // Whatever fails here, there is nobody left to tell.
        _ = self.out.flush();
        restore();
    }

    fn size(&self) -> io::Result<(u16, u16)> {
        terminal::size()
    }
}

impl Drop for OwnTerminal {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The sequence that makes a terminal notify (OSC 9): what controls a terminal is drawn visibly, so nothing ends it early.
pub fn notification(text: &str) -> String {
    let text = crate::domain::text::cut(text, 160);
    format!("\x1b]9;Sidetone: {text}\x07")
}

fn give_back() -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    _ = queue!(
        bytes,
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableBracketedPaste,
        ResetColor,
        LeaveAlternateScreen,
        Show
    );
    bytes
}

/// Puts the terminal back, once. It locks nothing that a dying thread may hold.
pub(super) fn restore() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut bytes = GIVE_BACK.get().map(Vec::as_slice).unwrap_or_default();
    // Each step is tried whatever became of the others.
    #[cfg(unix)]
    while let Ok(n @ 1..) = rustix::io::retry_on_intr(|| rustix::io::write(rustix::stdio::stdout(), bytes)) {
        bytes = &bytes[n..];
    }
    #[cfg(not(unix))]
    {
        _ = io::stdout().write_all(std::mem::take(&mut bytes));
        _ = io::stdout().flush();
    }
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
