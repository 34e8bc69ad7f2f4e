//! A text editor the size of a cell or of a prompt: the text area of `tui-textarea`, with what a person calls a character
//! (a grapheme cluster) as the unit of moving and deleting.

use super::key::{Code, Key};
use tui_textarea::{CursorMove, DataCursor, Input, TextArea};
use unicode_segmentation::UnicodeSegmentation;

/// The text being typed, its cursor, its selection and its undo history.
#[derive(Debug)]
pub struct Editor {
    area: TextArea<'static>,
    multiline: bool,
}

impl Editor {
    /// An editor of this text with the cursor at its end. In a single-line one a newline that is pasted becomes a space.
    pub fn new(text: &str, multiline: bool) -> Self {
        let mut area = TextArea::new(text.split('\n').map(str::to_owned).collect());
        area.set_hard_tab_indent(true);
        area.move_cursor(CursorMove::Bottom);
        area.move_cursor(CursorMove::End);
        Self { area, multiline }
    }

    /// The whole text.
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// Its lines; at least one.
    pub fn lines(&self) -> &[String] {
        self.area.lines()
    }

    /// Line and character (not byte) of the cursor, both from 0.
    pub fn cursor(&self) -> (usize, usize) {
        let DataCursor(row, column) = self.area.cursor();
        (row, column)
    }

    /// Byte offset of the cursor in the text of a single line.
    pub fn offset(&self) -> usize {
        let (row, column) = self.cursor();
        let line = &self.area.lines()[row];
        line.char_indices().nth(column).map_or(line.len(), |(i, _)| i)
    }

    /// Start and end of the selection, as cursors, start first.
    pub fn selection(&self) -> Option<((usize, usize), (usize, usize))> {
        self.area.selection_range().filter(|(start, end)| start != end)
    }

    /// Takes a key; true when the text changed.
    pub fn key(&mut self, key: Key) -> bool {
        let before = self.area.cursor();
        match key.code {
            Code::Left | Code::Right if !key.ctrl && !key.alt => {
                self.step(key.code == Code::Right, key.shift);
                false
            }
            Code::Backspace if !key.ctrl && !key.alt && self.selection().is_none() => {
                let n = self.chars_before();
                if n == 0 {
                    return self.area.delete_char();
                }
                let (row, column) = self.cursor();
                self.put(row, column - n);
                self.area.delete_str(n)
            }
            Code::Delete if !key.ctrl && !key.alt && self.selection().is_none() => {
                let (row, _) = self.cursor();
                let n = self.chars_after();
                // At the very end there is nothing to delete; the text area would remember it as something to insert.
                if n == 0 && row + 1 == self.area.lines().len() { false } else { self.area.delete_str(n.max(1)) }
            }
            Code::Enter => self.newline(),
            Code::Char('m' | 'j') if key.ctrl => self.newline(),
            // The text area takes these for paging, the screen for other things.
            Code::Char('c' | 'v') if key.ctrl => false,
            Code::Backspace if key.ctrl => self.area.delete_word(),
            // As in every shell; the text area would undo, which Alt-U does here.
            Code::Char('u') if key.ctrl => self.area.delete_line_by_head(),
            Code::Char('u') if key.alt => self.area.undo(),
            _ => match input(key) {
                Some(input) => {
                    let changed = self.area.input(input);
                    self.snap(before);
                    changed
                }
                None => false,
            },
        }
    }

    /// Inserts a line break, where there may be one.
    pub fn newline(&mut self) -> bool {
        if self.multiline {
            self.area.insert_newline();
        }
        self.multiline
    }

    /// Inserts pasted text.
    pub fn paste(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text = if self.multiline { text } else { text.trim_end_matches('\n').replace('\n', " ") };
        self.area.insert_str(text);
    }

    /// Replaces everything; one step for undo.
    pub fn replace(&mut self, text: &str) {
        self.area.select_all();
        self.area.insert_str(text);
    }

    /// Moves the cursor to this character, extending a selection that was begun.
    fn put(&mut self, row: usize, column: usize) {
        if let (Ok(row), Ok(column)) = (u16::try_from(row), u16::try_from(column)) {
            return self.area.move_cursor(CursorMove::Jump(row, column));
        }
        // Beyond what a jump can say: on foot from the end, as a step forward measures the whole line.
        let lines = self.area.lines();
        let (up, back) = (lines.len() - 1 - row, lines[row].chars().count().saturating_sub(column));
        self.area.move_cursor(CursorMove::Bottom);
        (0..up).for_each(|_| self.area.move_cursor(CursorMove::Up));
        self.area.move_cursor(CursorMove::End);
        (0..back).for_each(|_| self.area.move_cursor(CursorMove::Back));
    }

    fn step(&mut self, forward: bool, select: bool) {
        if select && !self.area.is_selecting() {
            self.area.start_selection();
        } else if !select {
            self.area.cancel_selection();
        }
        let (row, column) = self.cursor();
        match if forward { self.chars_after() } else { self.chars_before() } {
            // Over the end of the line.
            0 if forward => {
                if row + 1 < self.area.lines().len() {
                    self.put(row + 1, 0);
                }
            }
            0 => {
                if let Some(above) = row.checked_sub(1) {
                    self.put(above, self.area.lines()[above].chars().count());
                }
            }
            n if forward => self.put(row, column + n),
            n => self.put(row, column - n),
        }
    }

    /// Characters of the cluster that ends at the cursor.
    fn chars_before(&self) -> usize {
        let (row, column) = self.cursor();
        let line = &self.area.lines()[row];
        let end = line.char_indices().nth(column).map_or(line.len(), |(i, _)| i);
        line[..end].graphemes(true).next_back().map_or(0, |g| g.chars().count())
    }

    /// Characters of the cluster that begins at the cursor.
    fn chars_after(&self) -> usize {
        let (row, column) = self.cursor();
        let line = &self.area.lines()[row];
        let start = line.char_indices().nth(column).map_or(line.len(), |(i, _)| i);
        line[start..].graphemes(true).next().map_or(0, |g| g.chars().count())
    }

    /// Moves a cursor that came to rest inside a cluster to the end of it that lies in the direction it went.
    fn snap(&mut self, before: DataCursor) {
        let DataCursor(row, column) = self.area.cursor();
        let line = &self.area.lines()[row];
        let offset = line.char_indices().nth(column).map_or(line.len(), |(i, _)| i);
        // The common case costs nothing: ASCII has no clusters but CR LF, which no line contains.
        if line.is_ascii() {
            return;
        }
        let Some((start, cluster)) = line.grapheme_indices(true).find(|(i, g)| *i < offset && offset < i + g.len())
        else {
            return;
        };
        let back = line[start..offset].chars().count();
        let ahead = cluster.chars().count() - back;
        let to = if DataCursor(row, column) < before { column - back } else { column + ahead };
        self.put(row, to);
    }
}

fn input(key: Key) -> Option<Input> {
    use tui_textarea::Key as K;
    let code = match key.code {
        Code::Char(c) => K::Char(c),
        Code::Tab => K::Tab,
        Code::Backspace => K::Backspace,
        Code::Delete => K::Delete,
        Code::Up => K::Up,
        Code::Down => K::Down,
        Code::Left => K::Left,
        Code::Right => K::Right,
        Code::Home => K::Home,
        Code::End => K::End,
        Code::PageUp | Code::PageDown | Code::Esc | Code::Enter | Code::Insert | Code::F(_) => return None,
    };
    Some(Input { key: code, ctrl: key.ctrl, alt: key.alt, shift: key.shift })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::key::parse_script;
    use proptest::prelude::*;

    fn typed(text: &str, script: &str) -> String {
        let mut editor = Editor::new(text, true);
        parse_script(script).unwrap().into_iter().for_each(|k| {
            editor.key(k);
        });
        let (row, column) = editor.cursor();
        let mut lines: Vec<String> = editor.lines().to_vec();
        let at = lines[row].char_indices().nth(column).map_or(lines[row].len(), |(i, _)| i);
        lines[row].insert(at, '|');
        lines.join("\n")
    }

    #[test]
    fn a_cluster_is_one_step_and_one_deletion() {
        let family = "a👩\u{200d}👩\u{200d}👧e\u{301}";
        assert_eq!(typed(family, "<left>"), "a👩\u{200d}👩\u{200d}👧|e\u{301}");
        assert_eq!(typed(family, "<left><left>"), "a|👩\u{200d}👩\u{200d}👧e\u{301}");
        assert_eq!(typed(family, "<backspace><backspace>"), "a|");
        assert_eq!(typed(family, "<home><right><delete>"), "a|e\u{301}");
        assert_eq!(typed(family, "<backspace><alt-u>"), "a👩\u{200d}👩\u{200d}👧e\u{301}|");
    }

    #[test]
    fn a_word_motion_does_not_stop_inside_a_cluster() {
        assert_eq!(typed(" \u{301}", "<home><ctrl-right>"), " \u{301}|");
    }

    #[test]
    fn words_lines_and_selection() {
        assert_eq!(typed("gold silver", "<ctrl-left>x"), "gold x|silver");
        assert_eq!(typed("gold silver", "<ctrl-w>"), "gold |");
        assert_eq!(typed("gold silver", "<left><left><ctrl-u>"), "|er");
        assert_eq!(typed("gold silver", "<ctrl-u>x<alt-u><alt-u>"), "gold silver|");
        assert_eq!(typed("gold", "<shift-left><shift-left>x"), "gox|");
        assert_eq!(typed("gold", "<alt-enter>x<up>"), "g|old\nx");
        assert_eq!(typed("a\nb", "<home><backspace>"), "a|b");
    }

    #[test]
    fn a_prompt_stays_on_one_line() {
        let mut editor = Editor::new("", false);
        editor.paste("a\r\nb\n");
        editor.key("enter".parse().unwrap());
        assert_eq!(editor.text(), "a b");
    }

    #[test]
    fn a_word_motion_into_a_cluster_goes_on_to_its_end() {
        for (text, keys, column) in [("aé \u{200d}", "home ctrl-right", 4), (" \u{301}", "home ctrl-right", 2)] {
            let mut editor = Editor::new(text, true);
            for key in keys.split(' ') {
                editor.key(key.parse().unwrap());
            }
            assert_eq!(editor.cursor(), (0, column), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_keys_leave_the_cursor_on_a_cluster(
            text in "[a-c \u{301}👩\u{200d}👧🏽é\n]{0,12}",
            keys in prop::collection::vec(prop::sample::select(vec![
                "left", "right", "up", "down", "home", "end", "ctrl-left", "ctrl-right", "shift-left", "shift-right", "backspace", "delete",
                "ctrl-w", "ctrl-k", "ctrl-u", "ctrl-r", "ctrl-y", "alt-enter", "alt-b", "x",
            ]), 0..24),
        ) {
            let mut editor = Editor::new(&text, true);
            for key in keys {
                editor.key(key.parse().unwrap());
                if key.ends_with("left") || key.ends_with("right") || key == "up" || key == "down" {
                    let (row, column) = editor.cursor();
                    let line = &editor.lines()[row];
                    let offset = line.char_indices().nth(column).map_or(line.len(), |(i, _)| i);
                    let edges: Vec<usize> = line.grapheme_indices(true).map(|(i, _)| i).chain([line.len()]).collect();
                    prop_assert!(edges.contains(&offset), "{line:?} {offset}");
                }
            }
        }
    }
}
