//! What a burst means: keys, or text that arrived as keys.
//!
//! Printable text with a line break in one read was pasted, not typed: as keys it could open a question and answer it. So was more
//! text than anybody types at a time. It is text where text is typed, and nothing elsewhere. The wheel and the arrow keys with an
//! Enter are keys, and so is one key that was held down.

use crate::{
    app::{
        Msg,
        key::{Code, Key},
    },
    shell::terminal,
};
use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};

/// Nobody types so many letters in one read.
const LONG: usize = 64;

/// How many letters, line breaks and tabs were read at once; a paste counts as two, whatever is in it. A letter with Alt counts,
/// for Escape and a letter that were read at once look the same.
pub(in super::super) fn letters(events: &[Event]) -> usize {
    let count = |msg: Msg| if matches!(msg, Msg::Paste(_)) { 2 } else { usize::from(typed(&msg).is_some()) };
    let with_alt = |event: &&Event| {
        matches!(event, Event::Key(key) if matches!(key.code, KeyCode::Char(_))
            && key.modifiers.contains(KeyModifiers::ALT) && key.kind != KeyEventKind::Release)
    };
    events.iter().filter_map(message).map(count).sum::<usize>() + events.iter().filter(with_alt).count()
}

/// The terminal calls a key of it repeated.
pub(in super::super) fn repeats(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event, Event::Key(key) if key.kind == KeyEventKind::Repeat))
}

/// The messages of a burst, in order.
pub(in super::super) fn messages(events: &[Event]) -> Vec<Msg> {
    let mut messages: Vec<Msg> = events.iter().filter_map(message).collect();
    // A paste that holds its own end marker goes on as keys: whatever comes with a paste is text of it.
    let paste = messages.iter().position(|msg| matches!(msg, Msg::Paste(_)));
    let mut tail = paste.map(|at| messages.split_off(at)).unwrap_or_default();
    let text = text_of(&messages);
    if was_pasted(&text) {
        messages.retain(|msg| !matches!(msg, Msg::Key(_)));
        messages.push(Msg::KeysAsText(text));
    } else if let Some(key) = held_down(&messages) {
        messages = vec![Msg::Repeated(key, messages.len())];
    }
    if !tail.is_empty() {
        let text = text_of(&tail);
        tail.retain(|msg| !matches!(msg, Msg::Key(_) | Msg::Paste(_)));
        messages.push(Msg::Paste(text));
        messages.append(&mut tail);
    }
    messages
}

/// Printable with a line break in it, or longer than what is typed while a program is busy.
fn was_pasted(text: &str) -> bool {
    let mut letters = text.chars().filter(|c| *c != '\n');
    let first = letters.next();
    let is_one_key = letters.all(|c| Some(c) == first);
    first.is_some() && (text.contains('\n') || (!is_one_key && text.chars().nth(LONG).is_some()))
}

/// The one key, where there is nothing but that, more often than anybody presses a key at once.
fn held_down(messages: &[Msg]) -> Option<Key> {
    let Some(Msg::Key(key)) = messages.get(LONG).filter(|msg| typed(msg).is_some_and(|c| c != '\n')) else {
        return None;
    };
    messages.iter().all(|msg| matches!(msg, Msg::Key(other) if other == key)).then_some(*key)
}

/// The character that a key types; Ctrl-J is the line break of a text.
fn typed(msg: &Msg) -> Option<char> {
    let Msg::Key(key) = msg else { return None };
    match key {
        Key { code: Code::Enter, ctrl: false, alt: false, .. } => Some('\n'),
        Key { code: Code::Char('j'), ctrl: true, alt: false, .. } => Some('\n'),
        Key { code: Code::Tab, shift: false, .. } => Some('\t'),
        key => key.typed(),
    }
}

fn text_of(messages: &[Msg]) -> String {
    let mut out = String::new();
    for msg in messages {
        match msg {
            Msg::Paste(text) => out.push_str(text),
            msg => out.extend(typed(msg)),
        }
    }
    out
}

/// What a terminal event means to the program; nothing for releases and focus.
fn message(event: &Event) -> Option<Msg> {
    match event {
        Event::Key(key) => terminal::key(*key).map(Msg::Key),
        Event::Mouse(mouse) => terminal::mouse(*mouse),
        Event::Paste(text) => Some(Msg::Paste(text.clone())),
        Event::Resize(width, height) => Some(Msg::Resize(*width, *height)),
        Event::FocusGained | Event::FocusLost => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyModifiers, MouseEvent, MouseEventKind};

    fn of(keys: &str) -> Vec<Event> {
        let code = |c| match c {
            '⏎' => KeyCode::Enter,
            '↓' => KeyCode::Down,
            '⎋' => KeyCode::Esc,
            c => KeyCode::Char(c),
        };
        keys.chars().map(|c| Event::Key(code(c).into())).collect()
    }

    fn told(events: &[Event]) -> String {
        let tell = |msg: &Msg| match msg {
            Msg::Key(key) => key.to_string(),
            Msg::Paste(text) => format!("paste {text:?}"),
            Msg::KeysAsText(text) => format!("text {text:?}"),
            Msg::Repeated(key, times) => format!("{key} × {times}"),
            Msg::Mouse(what, ..) => format!("{what:?}"),
            other => format!("{other:?}"),
        };
        messages(events).iter().map(tell).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn text_with_a_line_break_is_text_and_keys_are_keys() {
        assert_eq!(told(&of("fix tier⏎please⏎⏎yes⏎")), r#"text "fix tier\nplease\n\nyes\n""#);
        assert_eq!(told(&of("e⏎")), r#"text "e\n""#);
        assert_eq!(told(&of("jj")), "j j");
        assert_eq!(told(&of(&"ab".repeat(40))), format!("text {:?}", "ab".repeat(40)));
        assert_eq!(messages(&of(&"j".repeat(64))).len(), 64, "a key that is held down");
        assert_eq!(told(&of(&"j".repeat(500))), "j × 500");
        assert_eq!(told(&of(&"↓".repeat(99))), "down ".repeat(99).trim_end());
        assert_eq!(told(&of("⏎⏎")), "enter enter");
        assert_eq!(told(&of("↓↓⏎")), "down down enter");
        assert_eq!(told(&of("⎋⏎")), "esc enter");
        let wheel = MouseEvent { kind: MouseEventKind::ScrollDown, column: 1, row: 1, modifiers: KeyModifiers::NONE };
        let turned = [vec![Event::Mouse(wheel); 3], of("⏎")].concat();
        assert_eq!(told(&turned), "Down Down Down enter");
    }

    #[test]
    fn what_types_something_is_counted() {
        let paste = vec![Event::Paste(String::new())];
        for (events, count) in
            [(of("y"), 1), (of("⏎⏎"), 2), (of("↓⎋"), 0), (of("↓y"), 1), ([of("y"), paste].concat(), 3)]
        {
            assert_eq!(letters(&events), count, "{events:?}");
        }
        let alt = Event::Key(crossterm::event::KeyEvent::new(KeyCode::Char('y'), KeyModifiers::ALT));
        assert_eq!(letters(&[of("⏎"), vec![alt]].concat()), 2, "Escape and y look the same");
    }

    #[test]
    fn what_follows_a_paste_in_the_same_read_belongs_to_it() {
        let paste = |text: &str| vec![Event::Paste(text.into())];
        assert_eq!(told(&[paste("a"), of("⏎y⏎")].concat()), r#"paste "a\ny\n""#);
        assert_eq!(told(&[paste("a"), of("⏎"), paste("b")].concat()), r#"paste "a\nb""#);
        assert_eq!(told(&[of("↓"), paste("a")].concat()), r#"down paste "a""#);
        assert_eq!(told(&paste("a")), r#"paste "a""#);
    }
}
