//! Commands with an argument: `:sort age`, `:filter customer_tier=gold`.

use crate::app::{Model, calls::Sort, screen::Screen};
use crate::domain::{
    ConversationId,
    filter::{ChangeFilter, Filter},
    outbox::Cell,
    text,
};

/// A command that takes an argument.
#[derive(Debug)]
pub struct Verb {
    /// Its name.
    pub name: &'static str,
    /// What stands after it.
    pub argument: &'static str,
    /// What it does, in a line.
    pub help: &'static str,
    read: fn(&str, &Model) -> Result<TypedRequest, String>,
}

/// All of them. `sort`, `filter`, `columns`, `since`, `why` and `flow` are actions too, without an argument.
pub const VERBS: &[Verb] = &[
    Verb { name: "sort", argument: "COLUMN [reverse]", help: "sort the calls by a column", read: sort },
    Verb { name: "filter", argument: "EXPRESSION", help: "show only the calls that match", read: filter },
    Verb { name: "queue", argument: "NAME", help: "show only the calls of a queue", read: queue },
    Verb { name: "call", argument: "ID", help: "open a call by its id, or the beginning of it", read: call },
    Verb { name: "since", argument: "KEY", help: "since when a key is there or missing", read: since },
    Verb { name: "why", argument: "KEY", help: "why a key of this call is as it is", read: why },
    Verb { name: "flow", argument: "NAME", help: "a flow's keys on its live calls", read: flow },
    Verb { name: "view", argument: "NAME", help: "show the calls in a saved view", read: view },
    Verb { name: "columns", argument: "KEY…", help: "show these attributes as columns", read: columns },
    Verb { name: "width", argument: "KEY [COLUMNS]", help: "set a column's width; no number: automatic", read: width },
    Verb { name: "theme", argument: "NAME", help: "use other colors until the program ends", read: theme },
];

/// Themes that can be named.
pub const THEMES: [&str; 5] = ["terminal", "dark", "light", "high-contrast", "mono"];

/// What a command with its argument asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum TypedRequest {
    /// Sort the calls, in reverse or not.
    Sort(Sort, bool),
    /// Show only the calls that match, as it was typed.
    Filter(String),
    /// Show the calls of the queue of this name.
    Queue(String),
    /// Open this call.
    Call(ConversationId),
    /// Ask since when this key is there or missing.
    Since(String),
    /// Ask why this key of this call is as it is.
    Why(Cell),
    /// Show the flow of this name.
    Flow(String),
    /// Mask personal data, or show it.
    Mask(bool),
    /// Show this view.
    View(String),
    /// Show these keys as columns.
    Columns(Vec<String>),
    /// Draw the column of this key so wide, or as wide as its values.
    Width(String, Option<u16>),
    /// Use these colors.
    Theme(&'static str),
}

/// The command of a line, and what is asked for; `None` when the line is not a command with an argument.
///
/// The error says what is wrong with the argument, or what is missing.
pub fn parse(line: &str, model: &Model) -> Option<(&'static Verb, Result<TypedRequest, String>)> {
    let (name, argument) = line.trim_start().split_once(char::is_whitespace)?;
    let verb = VERBS.iter().find(|verb| verb.name == name.to_lowercase())?;
    Some((verb, (verb.read)(argument.trim(), model)))
}

/// One of `words` by its whole text, without regard to case, or by a beginning that only one has.
fn one_of<'a>(typed: &str, words: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let lower = typed.to_lowercase();
    let mut same =
        words.clone().filter(|word| *word == typed).chain(words.clone().filter(|w| w.to_lowercase() == lower));
    same.next().or_else(|| {
        let only = |mut begins: Vec<&'a str>| if begins.len() == 1 { begins.pop() } else { None };
        let exact = words.clone().filter(|word| word.starts_with(typed)).collect();
        only(exact).or_else(|| only(words.filter(|word| word.to_lowercase().starts_with(&lower)).collect()))
    })
}

/// Columns that are not attributes, by the words for them.
static FACTS: [(&str, Sort); 10] = [
    ("age", Sort::Age),
    ("change", Sort::Activity),
    ("activity", Sort::Activity),
    ("at", Sort::At),
    ("state", Sort::At),
    ("to", Sort::To),
    ("queue", Sort::To),
    ("from", Sort::From),
    ("caller", Sort::From),
    ("media", Sort::Media),
];

fn sort(argument: &str, model: &Model) -> Result<TypedRequest, String> {
    let mut words = argument.split_whitespace();
    let (column, direction) = (words.next().unwrap_or_default(), words.next());
    let reverse = match direction.map(str::to_lowercase).as_deref() {
        None | Some("asc") => false,
        Some(word) if "reverse".starts_with(word) || word == "desc" => true,
        Some(other) => return Err(format!("`{other}` is not a direction: write `reverse`, or nothing.")),
    };
    let there = crate::app::calls::keys_with_counts(&model.monitor.board);
    let shown = model.calls.keys.iter().filter(|shown| !there.iter().any(|(key, _)| key == *shown));
    let keys = shown.chain(there.iter().map(|(key, _)| key)).map(|key| key.as_str());
    let all = FACTS.iter().map(|(word, _)| *word).chain(keys);
    let known = "Sort by age, change, at, to, from, media, or a key.";
    if column.is_empty() {
        return Err(known.to_owned());
    }
    let Some(name) = one_of(column, all) else {
        return Err(format!("No column `{column}`: age, change, at, to, from, media, or a key."));
    };
    let fact = FACTS.iter().find(|(word, _)| *word == name).map(|(_, sort)| sort.clone());
    let sort = fact.unwrap_or_else(|| Sort::Attribute(name.into()));
    Ok(TypedRequest::Sort(sort, reverse))
}

fn filter(argument: &str, model: &Model) -> Result<TypedRequest, String> {
    let mistake = match model.screen {
        Screen::Timeline => argument.parse::<ChangeFilter>().err(),
        _ => argument.parse::<Filter>().err(),
    };
    match mistake {
        None => Ok(TypedRequest::Filter(argument.to_owned())),
        Some(mistake) => Err(format!("{mistake}.")),
    }
}

fn queue(argument: &str, _model: &Model) -> Result<TypedRequest, String> {
    match argument {
        "" => Err("Name the queue, or the beginning of its name.".to_owned()),
        name => Ok(TypedRequest::Queue(name.trim_matches('"').to_owned())),
    }
}

fn call(argument: &str, model: &Model) -> Result<TypedRequest, String> {
    if argument.is_empty() {
        return Err("Type the id of the call, or its beginning.".to_owned());
    }
    // An address that was pasted ends in the id.
    let id = argument.trim_end_matches('/').rsplit('/').next().unwrap_or(argument).to_lowercase();
    let ids = model.monitor.board.iter().map(|entry| &entry.conversation.id);
    let mut begins = ids.filter(|known| known.as_str().to_lowercase().starts_with(&id));
    match (begins.next(), begins.count()) {
        (Some(known), others) if others == 0 || known.as_str().len() == id.len() => {
            Ok(TypedRequest::Call(known.clone()))
        }
        (Some(_), others) => Err(format!("{} calls begin with `{id}`: type more of the id.", others + 1)),
        (None, _) => Err(format!("No call here has the id `{id}`.")),
    }
}

fn since(argument: &str, _model: &Model) -> Result<TypedRequest, String> {
    match argument {
        "" => Err("Name the key (names are case-sensitive).".to_owned()),
        key => Ok(TypedRequest::Since(key.to_owned())),
    }
}

/// On whoever carries the key, else on the caller.
fn why(argument: &str, model: &Model) -> Result<TypedRequest, String> {
    if argument.is_empty() {
        return Err("Name the key (names are case-sensitive).".to_owned());
    }
    let id = match model.screen {
        Screen::Call => model.call.as_ref().map(|call| &call.id),
        Screen::Why => model.why.cell.as_ref().map(|cell| &cell.conversation),
        Screen::Diagnose => model.diagnose.finding().map(|finding| &finding.conversation),
        Screen::Timeline => model.timeline.item().map(|item| &item.conversation),
        _ => model.calls.selected.as_ref(),
    };
    let call = id.and_then(|id| model.monitor.board.get(id.as_str())).map(|entry| &entry.conversation);
    let Some(call) = call else { return Err("No call is selected.".to_owned()) };
    let carrier = crate::app::calls::value(call, argument).map(|(participant, _)| participant);
    let Some(participant) = carrier.or_else(|| call.customer()) else {
        return Err("This call has no customer.".to_owned());
    };
    let (conversation, participant) = (call.id.clone(), participant.id.clone());
    Ok(TypedRequest::Why(Cell { conversation, participant, key: argument.into() }))
}

fn flow(argument: &str, model: &Model) -> Result<TypedRequest, String> {
    let names = &model.monitor.board.names;
    let runs = model.monitor.board.iter().flat_map(|entry| &entry.conversation.flows);
    let known: std::collections::BTreeSet<&str> = runs.filter_map(|run| run.name(names)).collect();
    match one_of(argument, known.iter().copied()).filter(|_| !argument.is_empty()) {
        Some(name) => Ok(TypedRequest::Flow(name.to_owned())),
        None if known.is_empty() => Err("No call here is or was in a flow.".to_owned()),
        None => {
            let known: Vec<&str> = known.into_iter().collect();
            let unknown =
                if argument.is_empty() { String::new() } else { format!("No flow here is called `{argument}`. ") };
            Err(format!("{unknown}Flows: {}.", text::few(&known)))
        }
    }
}

fn view(argument: &str, model: &Model) -> Result<TypedRequest, String> {
    let names = || model.settings.views.iter().map(|view| view.name.as_str());
    match one_of(argument, names()).filter(|_| !argument.is_empty()) {
        Some(name) => Ok(TypedRequest::View(name.to_owned())),
        None if names().next().is_none() => Err("No views are saved yet: ctrl-s on Calls saves one.".to_owned()),
        None => {
            let names: Vec<&str> = names().collect();
            let unknown = if argument.is_empty() { String::new() } else { format!("No view is called `{argument}`. ") };
            Err(format!("{unknown}Views: {}.", text::few(&names)))
        }
    }
}

fn columns(argument: &str, model: &Model) -> Result<TypedRequest, String> {
    let keys: Vec<String> = argument.split([' ', ',']).filter(|key| !key.is_empty()).map(ToOwned::to_owned).collect();
    if keys.is_empty() {
        return Err("Name the keys, with a space between them.".to_owned());
    }
    let there =
        |key: &String| model.monitor.board.iter().any(|e| crate::app::calls::value(&e.conversation, key).is_some());
    match keys.iter().find(|key| !there(key) && !model.calls.expected.iter().any(|e| e.as_str() == key.as_str())) {
        Some(unknown) => Err(format!("No call here has an attribute `{unknown}` (names are case-sensitive).")),
        None => Ok(TypedRequest::Columns(keys)),
    }
}

fn width(argument: &str, model: &Model) -> Result<TypedRequest, String> {
    let (key, columns) = match argument.rsplit_once(char::is_whitespace) {
        Some((key, columns)) if columns.parse::<u16>().is_ok() => (key.trim(), columns.parse().ok()),
        _ => (argument, None),
    };
    let keys = || model.calls.keys.iter().map(|key| key.as_str());
    match (one_of(key, keys()).filter(|_| !key.is_empty()), columns) {
        (Some(_), Some(columns)) if !(4..=60).contains(&columns) => Err("A column is 4 to 60 wide.".to_owned()),
        (Some(key), columns) => Ok(TypedRequest::Width(key.to_owned(), columns)),
        (None, _) => {
            let keys: Vec<&str> = keys().collect();
            Err(format!("Name one of the columns: {}.", text::few(&keys)))
        }
    }
}

fn theme(argument: &str, _model: &Model) -> Result<TypedRequest, String> {
    match one_of(argument, THEMES.iter().copied()).filter(|_| !argument.is_empty()) {
        Some(name) => Ok(TypedRequest::Theme(name)),
        None if argument.is_empty() => Err(format!("Themes: {}.", THEMES.join(", "))),
        None => Err(format!("No theme is called `{argument}`. Themes: {}.", THEMES.join(", "))),
    }
}
