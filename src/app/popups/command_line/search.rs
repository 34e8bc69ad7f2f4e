//! Which actions match what is typed, best first.

use super::{VERBS, Verb, synonyms};
use crate::app::keymap::{BINDINGS, Command, Scope};

/// What a row of the command line runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandEntry {
    /// The action in this row of [`BINDINGS`].
    Action(usize),
    /// The command in this row of [`VERBS`], which needs an argument.
    Verb(usize),
}

impl CommandEntry {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Action(index) => BINDINGS[index].action,
            Self::Verb(index) => VERBS[index].name,
        }
    }

    /// What it does, in a line.
    pub fn help(self) -> &'static str {
        match self {
            Self::Action(index) => BINDINGS[index].help,
            Self::Verb(index) => VERBS[index].help,
        }
    }

    /// The argument it takes.
    pub fn argument(self) -> Option<&'static str> {
        verb(self.name()).map(|verb| verb.argument)
    }

    fn is_risky(self) -> bool {
        matches!(self, Self::Action(index) if is_risky(BINDINGS[index].command))
    }
}

fn verb(name: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.name == name)
}

/// One that sends, writes a file, throws something away or ends the program: it is never a guess.
fn is_risky(command: Command) -> bool {
    use Command as C;
    matches!(
        command,
        C::Quit
            | C::Interrupt
            | C::Suspend
            | C::Record
            | C::Export
            | C::SaveView
            | C::Review
            | C::Blank
            | C::Undo
            | C::When
            | C::Discard
            | C::Mine
            | C::SendLater
            | C::SendBoth
    )
}

/// How well something matches, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Quality {
    Name,
    Synonym,
    NamePrefix,
    SynonymPrefix,
    NameLetters,
    SynonymLetters,
    Words,
}

impl Quality {
    /// What was typed is not the beginning of anything: a guess.
    fn is_guess(self) -> bool {
        self >= Self::NameLetters
    }
}

/// A row of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What it runs.
    pub entry: CommandEntry,
    /// The other word that matched, where its name did not.
    pub synonym: Option<&'static str>,
    /// Enter does not run it unless it was selected: it does something that is never a guess.
    pub held_back: bool,
    /// It works on this screen, which is another one.
    pub elsewhere: Option<Scope>,
}

/// What matches `query` among the actions of these scopes and the commands with an argument. An exact name or the beginning of one comes
/// first, then letters of names and synonyms in their order, then whole words of the description.
pub fn search(query: &str, scopes: &[Scope]) -> Vec<Hit> {
    let query = query.trim().to_lowercase();
    let mut entries: Vec<CommandEntry> = Vec::new();
    for scope in scopes {
        let here = BINDINGS.iter().enumerate().filter(|(_, b)| b.scope == *scope && b.command != Command::Palette);
        for (index, binding) in here {
            if !entries.iter().any(|e| e.name() == binding.action) {
                entries.push(CommandEntry::Action(index));
            }
        }
    }
    let verbs =
        (0..VERBS.len()).map(CommandEntry::Verb).filter(|verb| !entries.iter().any(|e| e.name() == verb.name()));
    let verbs: Vec<CommandEntry> = verbs.collect();
    entries.extend(verbs);
    let mut found: Vec<(Quality, usize, usize, Hit)> = Vec::new();
    for (order, entry) in entries.into_iter().enumerate() {
        let Some((quality, spread, synonym)) = quality(entry, &query) else { continue };
        let held_back = quality.is_guess() && entry.is_risky();
        found.push((quality, spread, order, Hit { entry, synonym, held_back, elsewhere: None }));
    }
    found.sort_by_key(|(quality, spread, order, hit)| (quality.is_guess(), hit.held_back, *quality, *spread, *order));
    let mut hits: Vec<Hit> = found.into_iter().map(|(.., hit)| hit).collect();
    hits.extend(elsewhere(&query, scopes, &hits));
    hits
}

/// What a line was probably meant to be that matches nothing: its first word is nearly the name of something.
pub fn meant(line: &str, scopes: &[Scope]) -> Option<String> {
    let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    let word = word.to_lowercase();
    let actions = BINDINGS.iter().filter(|b| scopes.contains(&b.scope)).map(|b| b.action);
    let names = VERBS.iter().map(|verb| verb.name).chain(actions);
    let near = names.map(|name| (strsim::damerau_levenshtein(name, &word), name)).min_by_key(|(far, _)| *far)?;
    let most = if word.chars().count() < 5 { 1 } else { 2 };
    let space = if rest.is_empty() { "" } else { " " };
    (near.0 <= most && word.chars().count() > 2).then(|| format!("{}{space}{}", near.1, rest.trim()))
}

/// What matches on other screens, by name: that it is there is worth knowing, and where.
fn elsewhere(query: &str, scopes: &[Scope], here: &[Hit]) -> Vec<Hit> {
    let mut found: Vec<(Quality, Hit)> = Vec::new();
    let others = BINDINGS.iter().enumerate().filter(|(_, b)| b.scope.is_one_screen() && !scopes.contains(&b.scope));
    for (index, binding) in others.filter(|_| !query.is_empty()) {
        let known = |hit: &Hit| hit.entry.name() == binding.action;
        if here.iter().any(known) || found.iter().any(|(_, hit)| known(hit)) {
            continue;
        }
        let entry = CommandEntry::Action(index);
        let quality = quality(entry, query).filter(|(quality, ..)| !quality.is_guess());
        if let Some((quality, _, synonym)) = quality {
            found.push((quality, Hit { entry, synonym, held_back: true, elsewhere: Some(binding.scope) }));
        }
    }
    found.sort_by_key(|(quality, _)| *quality);
    found.into_iter().map(|(_, hit)| hit).collect()
}

/// How well an entry matches, how far its letters are apart, and by which other word.
fn quality(entry: CommandEntry, query: &str) -> Option<(Quality, usize, Option<&'static str>)> {
    let name = entry.name();
    if query.is_empty() {
        return Some((Quality::NamePrefix, 0, None));
    }
    if name == query {
        return Some((Quality::Name, 0, None));
    }
    let words = synonyms::of(name);
    if let Some(word) = words.iter().find(|word| **word == query) {
        return Some((Quality::Synonym, 0, Some(word)));
    }
    if name.starts_with(query) {
        return Some((Quality::NamePrefix, name.len(), None));
    }
    if let Some(word) = words.iter().find(|word| word.starts_with(query)) {
        return Some((Quality::SynonymPrefix, word.len(), Some(word)));
    }
    if let Some(spread) = letters(name, query) {
        return Some((Quality::NameLetters, spread, None));
    }
    if let Some((spread, word)) = words.iter().filter_map(|word| Some((letters(word, query)?, *word))).min() {
        return Some((Quality::SynonymLetters, spread, Some(word)));
    }
    let help = entry.help().to_lowercase();
    let has = |wanted: &str| help.split(|c: char| !c.is_alphanumeric()).any(|word| word == wanted);
    query.split_whitespace().all(has).then_some((Quality::Words, 0, None))
}

/// The letters of `query` are in `word`, in this order, beginning at its start or after a `-`; how many others are between them. One
/// letter alone is no guess at all.
fn letters(word: &str, query: &str) -> Option<usize> {
    if query.chars().count() < 2 {
        return None;
    }
    let starts = word.char_indices().filter(|(at, _)| *at == 0 || word.as_bytes()[at - 1] == b'-');
    let spread = |start: usize| {
        let mut rest = word[start..].chars();
        let mut between = 0;
        for wanted in query.chars() {
            loop {
                match rest.next() {
                    Some(c) if c == wanted => break,
                    Some(_) => between += 1,
                    None => return None,
                }
            }
        }
        Some(between)
    };
    starts.filter_map(|(at, _)| spread(at)).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CALLS: &[Scope] = &[Scope::Calls, Scope::Screen, Scope::Always];

    fn names(query: &str) -> Vec<&'static str> {
        search(query, CALLS).iter().map(|hit| hit.entry.name()).collect()
    }

    #[test]
    fn a_name_its_beginning_and_a_synonym_come_before_guesses() {
        assert_eq!(names("q")[0], "quit");
        assert_eq!(names("so")[0], "sort");
        assert_eq!(names("sort")[0], "sort");
        assert_eq!(names("rec")[0], "record", "the beginning of its name is no guess");
        let hit = search("bells", CALLS)[0];
        assert_eq!((hit.entry.name(), hit.synonym), ("alerts", Some("bells")));
        assert_eq!(names("clmns")[0], "columns");
        assert_eq!(names("zzzz"), [""; 0]);
    }

    #[test]
    fn what_works_on_another_screen_is_listed_with_it_after_what_works_here() {
        let hits = search("undo", CALLS);
        let hit = hits.iter().find(|hit| hit.entry.name() == "undo").expect("it is listed");
        assert_eq!((hit.elsewhere, hit.held_back), (Some(Scope::Call), true));
        let sort = search("sort", CALLS);
        assert_eq!(sort[0].elsewhere, None);
        let first = sort.iter().position(|hit| hit.elsewhere.is_some()).unwrap_or(sort.len());
        assert!(sort[first..].iter().all(|hit| hit.elsewhere.is_some()), "{sort:?}");
    }

    #[test]
    fn words_of_the_description_are_found_whole() {
        assert!(names("clipboard").is_empty(), "no description on this screen has the word");
        assert!(names("queues users").contains(&"topics"));
        assert!(!names("queu").contains(&"columns"));
    }

    proptest! {
        /// Whatever is typed, what Enter would run as it stands is no guess at something that sends, writes a file or quits.
        #[test]
        fn a_guess_never_sends_writes_or_quits(query in "[a-z -]{0,12}") {
            let trimmed = query.trim();
            for scopes in [CALLS, &[Scope::Call, Scope::Screen, Scope::Always]] {
                let Some(hit) = search(&query, scopes).first().copied().filter(|hit| !hit.held_back) else { continue };
                if let CommandEntry::Action(index) = hit.entry && is_risky(BINDINGS[index].command) {
                    let words = std::iter::once(hit.entry.name()).chain(hit.synonym);
                    prop_assert!(words.into_iter().any(|w| w.starts_with(trimmed)), "{query:?} runs {}", hit.entry.name());
                }
            }
        }
    }
}
