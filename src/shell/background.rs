//! What background the terminal has: asked once (OSC 11), and the answer picked out of the keys as which it arrives. Nothing waits
//! for it, however late it comes, and a terminal that does not answer costs nothing.

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};

/// Asks for the colour of the background.
pub(super) const QUESTION: &[u8] = b"\x1b]11;?\x1b\\";
/// How an answer begins, after `ESC ]`.
const HEAD: &str = "11;rgb";
/// `11;rgba:` and four times four digits with their slashes.
const LONGEST: usize = 28;

/// What became of an event.
#[derive(Debug, PartialEq)]
pub(super) enum BackgroundOutcome {
    /// For the program; none while an answer may be under way.
    Events(Vec<Event>),
    /// The answer: light or not.
    Background(bool),
}

/// Listens for the answer.
#[derive(Debug, Default)]
pub(super) struct BackgroundListener {
    listening: bool,
    /// What may be the beginning of the answer, and the text of it after `ESC ]`.
    held: Vec<Event>,
    text: String,
}

impl BackgroundListener {
    /// The question was asked.
    pub(super) fn listen(&mut self) {
        self.listening = true;
    }

    /// Takes an event.
    pub(super) fn hear(&mut self, event: Event) -> BackgroundOutcome {
        if !self.listening {
            return BackgroundOutcome::Events(vec![event]);
        }
        let Event::Key(key) = &event else { return self.give_back(event) };
        let KeyCode::Char(c) = key.code else { return self.give_back(event) };
        if key.kind == KeyEventKind::Release {
            return self.give_back(event);
        }
        let (alt, ctrl) = (key.modifiers.contains(KeyModifiers::ALT), key.modifiers.contains(KeyModifiers::CONTROL));
        if self.held.is_empty() {
            if !(alt && c == ']') {
                return BackgroundOutcome::Events(vec![event]);
            }
            self.held.push(event);
            return BackgroundOutcome::Events(Vec::new());
        }
        // The end of the answer: BEL, or `ESC \`.
        if (ctrl && c == 'g') || (alt && c == '\\') {
            return match is_light(&self.text) {
                Some(light) => {
                    *self = Self::default();
                    BackgroundOutcome::Background(light)
                }
                None => self.give_back(event),
            };
        }
        self.text.push(c);
        let rest = self.text.strip_prefix(HEAD);
        let fits = match rest {
            Some(rest) => rest.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '/')),
            None => HEAD.starts_with(&self.text),
        };
        if alt || ctrl || !fits || self.text.len() > LONGEST {
            return self.give_back(event);
        }
        self.held.push(event);
        BackgroundOutcome::Events(Vec::new())
    }

    /// It was no answer: everything held, and this.
    fn give_back(&mut self, event: Event) -> BackgroundOutcome {
        self.text.clear();
        let mut events = std::mem::take(&mut self.held);
        events.push(event);
        BackgroundOutcome::Events(events)
    }
}

/// Whether `11;rgb:RRRR/GGGG/BBBB` is a light colour.
fn is_light(answer: &str) -> Option<bool> {
    let colors = answer.strip_prefix(HEAD)?.trim_start_matches('a').strip_prefix(':')?;
    let mut parts = colors.split('/').map(|part| {
        let most = 16_u32.checked_pow(u32::try_from(part.len()).ok()?)?.checked_sub(1).filter(|most| *most > 0)?;
        Some(f64::from(u32::from_str_radix(part, 16).ok()?) / f64::from(most))
    });
    let (red, green, blue) = (parts.next()??, parts.next()??, parts.next()??);
    Some(0.299 * red + 0.587 * green + 0.114 * blue > 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyEvent;

    /// The events as which these bytes arrive.
    fn events(text: &str) -> Vec<Event> {
        let mut alt = false;
        let mut out = Vec::new();
        for c in text.chars() {
            let (c, mut modifiers) = match c {
                '\x1b' => {
                    alt = true;
                    continue;
                }
                '\x07' => ('g', KeyModifiers::CONTROL),
                c => (c, KeyModifiers::NONE),
            };
            if std::mem::take(&mut alt) {
                modifiers |= KeyModifiers::ALT;
            }
            out.push(Event::Key(KeyEvent::new(KeyCode::Char(c), modifiers)));
        }
        out
    }

    fn hear(text: &str) -> (Vec<Event>, Option<bool>) {
        let mut listener = BackgroundListener::default();
        listener.listen();
        let (mut passed, mut background) = (Vec::new(), None);
        for event in events(text) {
            match listener.hear(event) {
                BackgroundOutcome::Events(events) => passed.extend(events),
                BackgroundOutcome::Background(light) => background = Some(light),
            }
        }
        (passed, background)
    }

    #[test]
    fn the_answer_is_taken_out_of_the_keys_around_it() {
        assert_eq!(hear("j\x1b]11;rgb:ffff/ffff/fFfF\x07k"), (events("jk"), Some(true)));
        assert_eq!(hear("\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\"), (Vec::new(), Some(false)));
        assert_eq!(hear("\x1b]11;rgba:fd/f6/e3/ff\x07"), (Vec::new(), Some(true)));
    }

    #[test]
    fn what_is_no_answer_arrives_whole_and_in_order() {
        for typed in ["jk", "\x1b]x", "\x1b]11;rgb:zz", "\x1b]11\x1b]12", "\x1b]11;rgb:\x07"] {
            assert_eq!(hear(typed), (events(typed), None), "{typed:?}");
        }
    }
}
