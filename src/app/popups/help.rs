//! The keys of a screen, searched where that is wished.

use super::{CommandOutcome, Popup};
use crate::app::{
    Model,
    editor::Editor,
    key::Key,
    keymap::{Binding, Command, Scope},
};

/// What the mouse does: it is not in the table of actions.
const MOUSE: [(&str, &str); 4] = [
    ("click", "select; on a column head: sort by it"),
    ("2 clicks", "open a call, edit a value"),
    ("wheel", "scroll"),
    ("shift-drag", "select text: that is the terminal's"),
];

/// The screens that have keys of their own.
const OTHERS: [Scope; 7] =
    [Scope::Calls, Scope::Call, Scope::Timeline, Scope::Diagnose, Scope::Flow, Scope::Why, Scope::Since];

/// The help overlay.
#[derive(Debug)]
pub struct Help {
    /// Rows scrolled away.
    pub scroll: usize,
    /// Whose keys are shown.
    pub scopes: Vec<Scope>,
    /// What is searched for.
    pub query: Editor,
    /// The search has the keyboard.
    pub typing: bool,
}

/// A row of the help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpRow {
    /// Keys, as they are drawn; empty for a heading.
    pub keys: String,
    /// What they do, or the heading.
    pub text: String,
}

impl Help {
    /// Of these scopes.
    pub(in crate::app) fn new(scopes: Vec<Scope>) -> Self {
        Self { scroll: 0, scopes, query: Editor::new("", false), typing: false }
    }

    /// Headings and keys; movement is one row, whatever the table says of each key.
    pub fn rows(&self, model: &Model) -> Vec<HelpRow> {
        let query = self.query.text().trim().to_lowercase();
        let mut rows = Vec::new();
        for scope in &self.scopes {
            let all = actions(model, *scope, !query.is_empty());
            let moves = |command: &Command| *scope == Scope::Screen && is_movement(*command);
            let movement: Vec<&str> = all
                .iter()
                .filter(|(b, _)| moves(&b.command))
                .filter_map(|(_, row)| row.keys.split(' ').next_back())
                .collect();
            let words = "up, down, by pages, to the ends".to_owned();
            let movement = (!movement.is_empty()).then(|| HelpRow { keys: movement.join(" "), text: words });
            let others = all.iter().filter(|(b, _)| !moves(&b.command)).map(|(b, row)| (b.action, row.clone()));
            let of_scope = movement.into_iter().map(|row| ("move scroll", row)).chain(others);
            // What holds always and what holds on every screen is one thing to whoever reads it.
            let title = if *scope == Scope::Always { "" } else { scope.title() };
            push(&mut rows, title, of_scope, &query);
        }
        if !query.is_empty() {
            // What works on other screens is found by what it does, not by the name of its screen.
            let others = OTHERS.iter().filter(|scope| !self.scopes.contains(scope));
            for scope in others {
                let of_scope = actions(model, *scope, true);
                let of_scope = of_scope.into_iter().filter(|(b, row)| {
                    !is_movement(b.command)
                        && [b.action, row.text.as_str()].iter().any(|text| text.to_lowercase().contains(&query))
                });
                let of_scope: Vec<_> = of_scope.map(|(b, row)| (b.action, row)).collect();
                push(&mut rows, &format!("On the {} screen", scope.title()), of_scope.into_iter(), &query);
            }
        }
        let mouse =
            MOUSE.iter().map(|(keys, text)| ("mouse", HelpRow { keys: (*keys).to_owned(), text: (*text).to_owned() }));
        push(&mut rows, "Mouse", mouse, &query);
        rows
    }
}

/// The actions of a scope: those that go together in one row; those without a key, which have their name for the command line, only
/// where they are searched for.
fn actions(model: &Model, scope: Scope, searched: bool) -> Vec<(&'static Binding, HelpRow)> {
    let (keymap, ascii) = (&model.keymap, model.settings.ascii);
    let labels = |keys: &[Key]| keys.iter().map(|k| k.label(ascii)).collect::<Vec<_>>();
    let scopes = [scope];
    let mut all = keymap.rows(&scopes);
    let mut out = Vec::new();
    while let Some((_, binding, keys)) = all.next() {
        let mut row = HelpRow { keys: labels(keys).join(" "), text: model.help_of(binding).to_owned() };
        if binding.pair
            && let Some((_, other, others)) = all.next()
        {
            let first = [keys, others].into_iter().filter_map(|keys| labels(keys).into_iter().next());
            row = HelpRow {
                keys: first.collect::<Vec<_>>().join(" "),
                text: format!("{}, {}", binding.help, other.help),
            };
        }
        if row.keys.is_empty() {
            row.keys = format!(":{}", binding.action);
            if !searched {
                continue;
            }
        }
        out.push((binding, row));
    }
    out
}

fn is_movement(command: Command) -> bool {
    use Command as C;
    matches!(command, C::Up | C::Down | C::PageUp | C::PageDown | C::First | C::Last)
}

/// Adds the rows that match below their heading; none, no heading.
fn push<'a>(rows: &mut Vec<HelpRow>, title: &str, of_scope: impl Iterator<Item = (&'a str, HelpRow)>, query: &str) {
    let matches = |(action, row): &(&str, HelpRow)| {
        [*action, row.text.as_str(), row.keys.as_str(), title].iter().any(|text| text.to_lowercase().contains(query))
    };
    let found: Vec<HelpRow> = of_scope.filter(matches).map(|(_, row)| row).collect();
    if !found.is_empty() && !title.is_empty() {
        rows.push(HelpRow { keys: String::new(), text: title.to_owned() });
    }
    rows.extend(found);
}

impl Popup for Help {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        let page = model.page();
        let rows = self.rows(model).len();
        self.scroll = match command {
            Command::Up => self.scroll.saturating_sub(1),
            Command::Down => self.scroll + 1,
            Command::PageUp => self.scroll.saturating_sub(page),
            Command::PageDown => self.scroll + page,
            Command::Filter => {
                self.typing = true;
                0
            }
            Command::Accept => {
                self.typing = false;
                0
            }
            // The search first, then the help.
            _ if self.typing || !self.query.text().is_empty() => {
                self.typing = false;
                self.query.replace("");
                0
            }
            _ => return CommandOutcome::Close,
        };
        self.scroll = self.scroll.min(rows.saturating_sub(page / 2));
        CommandOutcome::Stay
    }

    fn text(&mut self) -> Option<&mut Editor> {
        self.typing.then_some(&mut self.query)
    }

    fn edited(&mut self, _model: &mut Model) {
        self.scroll = 0;
    }
}

#[cfg(test)]
mod tests {
    use crate::app::{popups::Overlay, testing::Desk};

    fn rows(desk: &Desk) -> Vec<String> {
        let Some(Overlay::Help(help)) = desk.model.overlays.last() else { return Vec::new() };
        help.rows(&desk.model).into_iter().map(|row| format!("{} {}", row.keys, row.text)).collect()
    }

    #[test]
    fn the_help_is_searched_and_escape_leads_out_step_by_step() {
        let mut desk = Desk::busy(120, 36);
        desk.keys("?");
        let all = rows(&desk);
        assert_eq!(all.iter().filter(|row| row.contains("by pages")).count(), 1, "movement is one row: {all:?}");
        assert!(all.iter().any(|row| row.starts_with("shift-drag")), "the mouse is in it");
        desk.keys("/record");
        let found = rows(&desk);
        assert!(found.len() < all.len() && found.iter().any(|row| row.starts_with("R ")), "{found:?}");
        desk.keys("q<enter>");
        assert_eq!(rows(&desk), [""; 0], "q is a letter while the search is typed: nothing matches");
        desk.keys("<esc>");
        assert_eq!(rows(&desk), all);
        desk.keys("<esc>");
        assert!(desk.model.overlays.is_empty());
    }
}
