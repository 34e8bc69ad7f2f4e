//! Personal data on a screen, masked: callers' numbers too, which the operator saw.

use crate::domain::mask;
use ratatui::buffer::Buffer;

/// Masks personal data, and these names, in the letters of a screen with `mark`; how many places there were.
pub fn cover(screen: &mut Buffer, mark: char, names: &[&str]) -> usize {
    let mut places = 0;
    for y in super::rows(screen) {
        // Each character with the cell it stands in: a cell may hold several.
        let line: Vec<(u16, char)> =
            super::cells(screen, y).flat_map(|(x, cell)| cell.symbol().chars().map(move |c| (x, c))).collect();
        let text: String = line.iter().map(|(_, c)| c).collect();
        places += mask::find(&text).len();
        let mut hide: Vec<bool> = text.chars().zip(mask::mask_with(&text, mark).chars()).map(|(a, b)| a != b).collect();
        places += cut_numbers(&line, &mut hide);
        places += names_in(&line, names, &mut hide);
        for ((x, _), _) in line.iter().zip(&hide).filter(|(_, hide)| **hide) {
            let x = screen.area.left() + x;
            screen[(x, y)].set_char(mark);
        }
    }
    places
}

/// Where a name stands, whole or cut short by an ellipsis; not as a part of a longer word.
fn names_in(line: &[(u16, char)], names: &[&str], hide: &mut [bool]) -> usize {
    /// Characters of a cut name by which it is known.
    const SHORTEST: usize = 3;
    let mut places = 0;
    for name in names {
        let name: Vec<char> = crate::domain::text::visible(name).chars().collect();
        for start in 0..line.len() {
            if start > 0 && line[start - 1].1.is_alphanumeric() {
                continue;
            }
            let same = line[start..].iter().zip(&name).take_while(|((_, there), c)| there == *c).count();
            let after = line.get(start + same).map(|(_, c)| *c);
            let whole = same == name.len() && !after.is_some_and(char::is_alphanumeric);
            let cut = same >= SHORTEST && matches!(after, Some('…' | '~'));
            if same > 0 && (whole || cut) {
                let letters = (start..start + same).filter(|i| line[*i].1.is_alphanumeric());
                let hidden = letters.map(|i| !std::mem::replace(&mut hide[i], true)).filter(|new| *new).count();
                places += usize::from(hidden > 0);
            }
        }
    }
    places
}

/// A telephone number that is cut has lost the end by which it is known for one.
fn cut_numbers(line: &[(u16, char)], hide: &mut [bool]) -> usize {
    let mut places = 0;
    let number = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '(' | ')' | '.');
    for start in 0..line.len() {
        if line[start].1 != '+' || !line.get(start + 1).is_some_and(|(_, c)| c.is_ascii_digit()) {
            continue;
        }
        let end = (start + 1..line.len()).find(|i| !number(line[*i].1)).unwrap_or(line.len());
        if line.get(end).is_some_and(|(_, c)| matches!(c, '…' | '~')) {
            places += usize::from(!hide[start + 1..end].contains(&true));
            (start + 1..end).filter(|i| line[*i].1.is_ascii_digit()).for_each(|i| hide[i] = true);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::{layout::Rect, style::Style};

    #[test]
    fn numbers_are_covered_where_they_stand_cut_ones_too() {
        let mut screen = Buffer::empty(Rect::new(0, 0, 60, 2));
        screen.set_string(0, 0, "02:14  界  +1 317 555 0123  Billing  rest", Style::new());
        screen.set_string(0, 1, "+49 30 1234… tier gold  4242 4242 4242 4242", Style::new());
        assert_eq!(cover(&mut screen, '•', &[]), 3);
        let text = super::super::text(&screen);
        assert!(!text.contains("317") && !text.contains("1234") && !text.contains("4242 4"), "{text}");
        assert!(text.contains("02:14  界") && text.contains("Billing  rest") && text.contains("tier gold"), "{text}");
    }
    #[test]
    fn names_are_covered_whole_and_cut() {
        let mut screen = Buffer::empty(Rect::new(0, 0, 60, 2));
        screen.set_string(0, 0, "customer Dana Winter  Winterberg  Dana Win… rest", Style::new());
        screen.set_string(0, 1, "漢 李雷  agent Al  Alarm", Style::new());
        assert_eq!(cover(&mut screen, '•', &["Dana Winter", "李雷", "Al"]), 4);
        let text = super::super::text(&screen);
        assert!(!text.contains("Dana") && !text.contains("李雷") && !text.contains(" Al "), "{text}");
        assert!(text.contains("customer •••• ••••••  Winterberg") && text.contains("Alarm"), "{text}");
    }
}
