//! The command line: every action, searched, and commands with an argument.

use super::{CommandOutcome, Popup};
use crate::app::{
    Model,
    editor::Editor,
    keymap::{BINDINGS, Command, Scope},
    popups::command_line::{CommandEntry, Hit, TypedRequest, meant, parse, search},
};

/// The command line.
#[derive(Debug)]
pub struct CommandPalette {
    /// What is typed.
    pub query: Editor,
    /// What matches, best first.
    pub found: Vec<Hit>,
    /// Which of them is selected; none where the first is not to be run by a guess.
    pub selected: Option<usize>,
    /// What is wrong with the argument, or missing.
    pub mistake: Option<String>,
    /// Whose actions are offered.
    pub scopes: Vec<Scope>,
    /// How far back in what was entered before, and what stood there before that.
    recalled: Option<(usize, String)>,
}

impl CommandPalette {
    /// All actions of these scopes.
    pub(in crate::app) fn new(scopes: Vec<Scope>) -> Self {
        let query = Editor::new("", false);
        let mut palette = Self { query, found: Vec::new(), selected: None, mistake: None, scopes, recalled: None };
        palette.search();
        palette
    }

    /// That nothing matches what is typed, and what it may have been meant to be.
    pub fn no_match(&self) -> String {
        let line = self.query.text();
        let meant = meant(&line, &self.scopes).map(|meant| format!(" Did you mean `{meant}`?"));
        format!("No command matches `{}`.{}", line.trim(), meant.unwrap_or_default())
    }

    fn search(&mut self) {
        self.found = search(&self.query.text(), &self.scopes);
        self.selected = self.found.first().filter(|hit| !hit.held_back).map(|_| 0);
    }

    /// Takes in what stands in the line now.
    fn read(&mut self, model: &Model) {
        match parse(&self.query.text(), model) {
            Some((verb, result)) => {
                self.found = search(verb.name, &self.scopes).into_iter().take(1).collect();
                self.selected = Some(0);
                self.mistake = result.err();
            }
            None => {
                self.mistake = None;
                self.search();
            }
        }
    }

    /// The line entered one step before, or after, the one that stands there.
    fn recall(&mut self, model: &Model, older: bool) {
        let (back, typed) = match self.recalled.take() {
            None => (0, self.query.text()),
            Some((back, typed)) if older => (back + 1, typed),
            Some((0, typed)) => {
                self.query.replace(&typed);
                return self.read(model);
            }
            Some((back, typed)) => (back - 1, typed),
        };
        let last = (0..=back).rev().find_map(|back| Some((back, model.entered.get(back)?)));
        if let Some((back, line)) = last {
            self.query.replace(line);
            self.recalled = Some((back, typed));
        }
        self.read(model);
    }

    fn accept(&mut self, model: &mut Model) -> CommandOutcome {
        let line = self.query.text();
        if let Some((_, result)) = parse(&line, model) {
            return match result {
                Ok(request) => {
                    model.entered.push(&line);
                    CommandOutcome::Ask(request)
                }
                Err(mistake) => {
                    self.mistake = Some(mistake);
                    CommandOutcome::Stay
                }
            };
        }
        let Some(hit) = self.selected.and_then(|at| self.found.get(at)).copied() else {
            let line = line.trim();
            self.mistake = Some(match self.found.first() {
                Some(Hit { elsewhere: Some(scope), entry, .. }) => elsewhere(*entry, *scope),
                Some(hit) => format!("`{line}` may mean {}: type its name, or select it with ↓.", hit.entry.name()),
                None => {
                    match line.split_whitespace().next().filter(|name| BINDINGS.iter().any(|b| b.action == *name)) {
                        Some(name) => format!("{name} takes no argument."),
                        None => self.no_match(),
                    }
                }
            });
            return CommandOutcome::Stay;
        };
        if let Some(scope) = hit.elsewhere {
            self.mistake = Some(elsewhere(hit.entry, scope));
            return CommandOutcome::Stay;
        }
        match hit.entry {
            CommandEntry::Verb(_) => {
                // It needs its argument first.
                self.query.replace(&format!("{} ", hit.entry.name()));
                self.read(model);
                CommandOutcome::Stay
            }
            CommandEntry::Action(index) => {
                let binding = &BINDINGS[index];
                if !model.meets(binding.when) {
                    self.mistake = Some(model.why_not(binding.when));
                    return CommandOutcome::Stay;
                }
                // By its name it is done, by its key it is turned round.
                if binding.command == Command::Mask {
                    let unmasks = hit.synonym == Some("unmask");
                    model.entered.push(if unmasks { "unmask" } else { binding.action });
                    return CommandOutcome::Ask(TypedRequest::Mask(!unmasks));
                }
                model.entered.push(binding.action);
                CommandOutcome::Run(binding.command)
            }
        }
    }
}

/// Where it works.
fn elsewhere(entry: CommandEntry, scope: Scope) -> String {
    format!("{} works on the {} screen.", entry.name(), scope.title())
}

impl Popup for CommandPalette {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        let last = self.found.len().saturating_sub(1);
        let at_top = self.selected.is_none_or(|at| at == 0);
        match command {
            Command::Up if self.recalled.is_some() || at_top => self.recall(model, true),
            Command::Down if self.recalled.is_some() => self.recall(model, false),
            Command::Up => self.selected = self.selected.map(|at| at - 1),
            Command::Down => self.selected = Some(self.selected.map_or(0, |at| (at + 1).min(last))),
            Command::Complete => {
                if let Some(hit) = self.found.get(self.selected.unwrap_or(0)) {
                    let space = if hit.entry.argument().is_some() { " " } else { "" };
                    self.query.replace(&format!("{}{space}", hit.entry.name()));
                    self.recalled = None;
                    self.read(model);
                }
            }
            Command::Accept => return self.accept(model),
            _ => return CommandOutcome::Close,
        }
        CommandOutcome::Stay
    }

    fn text(&mut self) -> Option<&mut Editor> {
        Some(&mut self.query)
    }

    fn edited(&mut self, model: &mut Model) {
        self.recalled = None;
        self.read(model);
    }
}
