//! Two frames and their difference: what is already on the terminal is not written again, and a frame in which nothing changed writes
//! nothing at all.

use crossterm::{
    cursor::{Hide, MoveTo, Show},
    queue,
    terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate},
};
use ratatui::{
    backend::{Backend, CrosstermBackend},
    buffer::Buffer,
    layout::Rect,
};
use std::io::{self, Write};

/// What is on the terminal, and the next frame.
pub struct TerminalScreen {
    shown: Buffer,
    next: Buffer,
    cursor: Option<(u16, u16)>,
    /// What is on the terminal is not known: it is cleared first.
    unknown: bool,
}

impl TerminalScreen {
    /// A screen of this size with nothing known to be on it.
    pub fn new(width: u16, height: u16) -> Self {
        let area = Rect::new(0, 0, width, height);
        Self { shown: Buffer::empty(area), next: Buffer::empty(area), cursor: None, unknown: true }
    }

    /// The terminal has this size now.
    pub fn resize(&mut self, width: u16, height: u16) {
        *self = Self::new(width, height);
    }

    /// Something else may have written on the terminal.
    pub fn forget(&mut self) {
        self.unknown = true;
    }

    /// Draws a frame and writes what differs, in one write. `view` puts the frame into an empty buffer and tells where the
    /// cursor is to be, if anywhere.
    ///
    /// # Errors
    /// `out` cannot be written to.
    pub fn draw(
        &mut self,
        out: &mut impl Write,
        view: impl FnOnce(&mut Buffer) -> Option<(u16, u16)>,
    ) -> io::Result<()> {
        self.next.reset();
        let cursor = view(&mut self.next);
        if self.unknown {
            self.shown.reset();
        }
        let changes = self.shown.diff(&self.next);
        if changes.is_empty() && cursor == self.cursor && !self.unknown {
            return Ok(());
        }
        queue!(out, BeginSynchronizedUpdate)?;
        if self.unknown {
            queue!(out, Hide, Clear(ClearType::All))?;
        } else if self.cursor.is_some() {
            queue!(out, Hide)?;
        }
        CrosstermBackend::new(&mut *out).draw(changes.into_iter())?;
        if let Some((x, y)) = cursor {
            queue!(out, MoveTo(x, y), Show)?;
        }
        queue!(out, EndSynchronizedUpdate)?;
        out.flush()?;
        self.cursor = cursor;
        self.unknown = false;
        std::mem::swap(&mut self.shown, &mut self.next);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;

    fn written(screen: &mut TerminalScreen, text: &str, cursor: Option<(u16, u16)>) -> Vec<u8> {
        let mut out = Vec::new();
        screen
            .draw(&mut out, |buf| {
                buf.set_string(0, 0, text, Style::new());
                cursor
            })
            .unwrap();
        out
    }

    #[test]
    fn an_unchanged_frame_writes_nothing_and_a_cell_little() {
        let mut screen = TerminalScreen::new(80, 24);
        assert!(!written(&mut screen, "gold", None).is_empty());
        assert_eq!(written(&mut screen, "gold", None), b"");
        let one = written(&mut screen, "bold", None);
        assert!((1..100).contains(&one.len()), "{}", String::from_utf8_lossy(&one));
        screen.forget();
        assert!(written(&mut screen, "bold", None).windows(4).any(|w| w == b"\x1b[2J"));
        assert!(!written(&mut screen, "bold", Some((1, 0))).is_empty());
        assert_eq!(written(&mut screen, "bold", Some((1, 0))), b"");
    }
}
