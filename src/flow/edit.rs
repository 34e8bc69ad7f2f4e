//! Inserts a Set Participant Data action into a flow file. Everything else stays byte for byte as it is: the edit is made
//! in the text, not by writing the parsed file out again.

mod place;
mod write;

use super::expr::{self, types};
use super::keys::{Keys, SetWhen, keys};
use super::model::{ActionKind, Flow, FlowFileForm, NotFound, Operand, display_name};
use super::value::Type;
use super::{FlowDocument, ReadError, export, open};
use std::{fmt, ops::Range};

/// What to insert.
#[derive(Clone, Debug)]
pub struct SetData<'a> {
    /// The attribute's name.
    pub key: &'a str,
    /// Its value.
    pub value: Operand,
    /// The action to insert it behind, by id, tracking number or name; without one, at the start of the flow.
    pub after: Option<&'a str>,
    /// Insert although the flow sets the key elsewhere.
    pub again: bool,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditOutcome {
    /// The action is in, under this id.
    Inserted {
        /// The new text of the file.
        text: String,
        /// The new action's id.
        id: String,
        /// What to know about it.
        notes: Vec<String>,
    },
    /// The flow does this already; nothing to change. The text says where.
    Already(String),
}

/// Why it was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditRefusal {
    /// The file is no flow.
    Read(ReadError),
    /// `after` names nothing.
    NoAction(String),
    /// What was asked for is wrong or cannot be done there.
    Refused(String),
}

impl fmt::Display for EditRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::NoAction(what) | Self::Refused(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for EditRefusal {}

fn refused<T>(what: impl Into<String>) -> Result<T, EditRefusal> {
    Err(EditRefusal::Refused(what.into()))
}

/// Reads a value as people type one on a command line: quoted text, a variable with its scope or anything with a call in
/// it is an Architect expression, the rest is the text itself.
pub fn value(text: &str) -> Operand {
    let trimmed = text.trim();
    let scopes = [
        "Flow.",
        "Task.",
        "State.",
        "Common.",
        "Slot.",
        "Call.",
        "Session.",
        "Message.",
        "Email.",
        "Chat.",
        "Survey.",
        "Workitem.",
    ];
    // Names are not case-sensitive; in another case only what is a name and nothing else is one, and no sentence.
    let name = trimmed.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.') && !trimmed.ends_with('.');
    let lower = trimmed.to_lowercase();
    let scoped =
        scopes.iter().any(|scope| trimmed.starts_with(scope) || name && lower.starts_with(&scope.to_lowercase()));
    let call = trimmed.find('(').is_some_and(|at| {
        at > 0 && trimmed[..at].chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
    });
    if scoped || call || trimmed.starts_with('"') || trimmed == "NOT_SET" {
        // A text literal is kept as its text; what does not parse stays an expression and is refused as one.
        Operand::expression(trimmed)
    } else {
        Operand::Literal(text.to_owned())
    }
}

/// The action that sets data in a kind of flow.
#[derive(Clone, Debug, PartialEq)]
pub enum Means {
    /// Set Participant Data.
    Participant,
    /// Set Conversation Data of this conversation.
    Conversation(Operand),
}

impl Means {
    /// The name that Architect gives the action.
    fn title(&self) -> &'static str {
        match self {
            Self::Participant => "Set Participant Data",
            Self::Conversation(_) => "Set Conversation Data",
        }
    }

    /// What a flow takes. Workflows and workitem flows have no conversation of their own, so theirs must be named.
    fn of(flow: &Flow) -> Result<Self, EditRefusal> {
        let kind = flow.kind.to_ascii_lowercase();
        if !kind.contains("workflow") && !kind.contains("workitem") {
            return Ok(Self::Participant);
        }
        let used = flow.actions.iter().find_map(|action| match &action.kind {
            ActionKind::SetConversation(of) => Some(&of.conversation),
            ActionKind::GetConversation(of) => Some(&of.conversation),
            _ => None,
        });
        if let Some(used) = used.filter(|used| !matches!(used, Operand::Unset | Operand::NotSet)) {
            return Ok(Self::Conversation(used.clone()));
        }
        let named =
            flow.variables.iter().find(|variable| variable.name.to_ascii_lowercase().ends_with(".conversationid"));
        match named {
            Some(variable) => Ok(Self::Conversation(Operand::Variable(variable.name.clone()))),
            None => refused(format!(
                "a {} belongs to no conversation, so Set Participant Data has nobody to set on; Set Conversation Data needs \
                 the id of one: declare an input variable Flow.conversationId and give it to the flow",
                flow.kind
            )),
        }
    }
}

/// One change of the text.
type TextChange = (Range<usize>, String);

/// Inserts the action, or says why not.
pub fn set_data(text: &str, wanted: &SetData<'_>) -> Result<EditOutcome, EditRefusal> {
    let document = open(text).map_err(EditRefusal::Read)?;
    let (form, tree) = document.tree().map_err(EditRefusal::Read)?;
    let flow = document.read_from(form, &tree).map_err(EditRefusal::Read)?;
    let mut notes = check_key(wanted.key)?;
    let after = match wanted.after {
        Some(name) => Some(find(&flow, name)?),
        None => None,
    };
    let here = after.or(flow.start).map(|at| flow.actions[at].container);
    notes.extend(check_value(&flow, wanted, here)?);
    if let (None, Some(doubt)) = (after, &flow.start_doubt) {
        return refused(format!("{doubt}, so where its start is, is not known; name an action with --after"));
    }
    if let Some(there) = already(&flow, wanted, after)? {
        return Ok(EditOutcome::Already(there));
    }
    let means = Means::of(&flow)?;
    let (changes, id) = place::changes(&document.text, &tree, &flow, wanted, &means, after)?;
    let mut edited = FlowDocument { form: document.form, text: apply(&document.text, changes).into() };
    verify(&flow, &edited, wanted, &id, &mut notes)?;
    about(&flow, wanted, &means, &mut notes);
    if document.form == FlowFileForm::Export {
        let newline = if text.ends_with("\r\n") {
            "\r\n"
        } else if text.ends_with('\n') {
            "\n"
        } else {
            ""
        };
        let quote = if text.trim_start_matches('\u{feff}').trim_start().starts_with('"') { "\"" } else { "" };
        edited.text = format!("{quote}{}{quote}{newline}", export::encode(&edited.text)).into();
    }
    let mark = if document.form != FlowFileForm::Export && text.starts_with('\u{feff}') { "\u{feff}" } else { "" };
    Ok(EditOutcome::Inserted { text: format!("{mark}{}", edited.text), id, notes })
}

/// What is not sure about the new action.
fn about(flow: &Flow, wanted: &SetData<'_>, means: &Means, notes: &mut Vec<String>) {
    if let Means::Conversation(conversation) = means {
        notes.push(format!(
            "a {} sets data by Set Conversation Data, here of the conversation {}",
            flow.kind,
            conversation.text()
        ));
    }
    if flow.kind.to_ascii_lowercase().contains("commonmodule") {
        notes.push(
            "whether a common module takes Set Participant Data depends on the flows it is for; Architect says so"
                .into(),
        );
    }
    let json = matches!(flow.form, FlowFileForm::Platform | FlowFileForm::Export);
    if json && matches!(wanted.value, Operand::Expression(_) | Operand::BuiltIn(_)) {
        notes.push("the value stands in the file as its source alone; Architect makes its expression tree".into());
    }
    let all = keys(flow);
    for (name, keys) in modules(&all) {
        if keys.by_key.get(wanted.key).is_some_and(|uses| !uses.set.is_empty()) {
            notes.push(format!("the common module {name} in this file sets {} too", wanted.key));
        }
    }
}

/// A unified diff of two texts. Of exports it is that of what they hold, a line for each member.
pub fn diff(old: &str, new: &str, name: &str) -> String {
    let shown = |text: &str| {
        let json = export::decode(text).ok().flatten()?;
        let value: serde_json::Value = serde_json::from_str(&json).ok()?;
        serde_json::to_string_pretty(&value).ok().map(|text| text + "\n")
    };
    if let (Some(old), Some(new)) = (shown(old), shown(new)) {
        let diff = similar::TextDiff::from_lines(&old, &new);
        return diff.unified_diff().context_radius(3).header(name, name).to_string();
    }
    let diff = similar::TextDiff::from_lines(old, new);
    diff.unified_diff().context_radius(3).header(name, name).to_string()
}

fn apply(text: &str, mut changes: Vec<TextChange>) -> String {
    changes.sort_by_key(|(range, _)| range.start);
    let mut out = String::with_capacity(text.len() + 512);
    let mut at = 0;
    for (range, new) in changes {
        out.push_str(&text[at..range.start]);
        out.push_str(&new);
        at = range.end;
    }
    out.push_str(&text[at..]);
    out
}

fn find(flow: &Flow, name: &str) -> Result<usize, EditRefusal> {
    flow.find(name).map_err(|error| match error {
        NotFound::None(Some(near)) => {
            EditRefusal::NoAction(format!("no action is called {name}; did you mean {near}?"))
        }
        NotFound::None(None) => {
            EditRefusal::NoAction(format!("no action is called {name}; 'sidetone flow keys' lists ids"))
        }
        NotFound::Many(ways) => EditRefusal::Refused(format!(
            "several actions are called {name}; name one by its id:\n  {}",
            ways.join("\n  ")
        )),
    })
}

fn check_key(key: &str) -> Result<Vec<String>, EditRefusal> {
    if key.is_empty() {
        return refused("the key is empty");
    }
    if key.contains("{{") || key.contains("${") {
        return refused(format!("the key {key} holds a placeholder, which nothing resolves"));
    }
    if key.chars().any(char::is_control) {
        return refused("the key holds a control character");
    }
    if key.trim() != key {
        return refused(format!("the key {key:?} begins or ends with a space; a reader would have to write it too"));
    }
    let mut notes = Vec::new();
    if key.contains('.') {
        notes.push(format!("scripts cannot read names with a dot ({key}); flows and the API can"));
    }
    Ok(notes)
}

/// Whether the value may stand in this container.
fn check_value(flow: &Flow, wanted: &SetData<'_>, here: Option<usize>) -> Result<Vec<String>, EditRefusal> {
    let mut notes = Vec::new();
    match &wanted.value {
        Operand::Unset | Operand::NotSet => {
            return refused("NOT_SET is not a value; an attribute cannot be removed, only set to another text");
        }
        Operand::Literal(text) | Operand::Typed { text, .. } | Operand::Template(text) => {
            if flow.form != FlowFileForm::Tutorial && (text.contains("{{") || text.contains("${")) {
                return refused(format!(
                    "{text} is a placeholder that Architect does not resolve; give an expression, such as Flow.Tier"
                ));
            }
            if flow.kind.to_ascii_lowercase().contains("bot") && text.chars().count() > 256 {
                notes.push("bot flows take values of at most 256 characters".into());
            }
        }
        Operand::Expression(text) | Operand::Variable(text) | Operand::BuiltIn(text) => {
            let parsed = match expr::parse(text) {
                Ok(parsed) => parsed,
                Err(error) => return refused(format!("{text} is not a valid Architect expression: {error}")),
            };
            if matches!(parsed, expr::Expr::Number(_) | expr::Expr::Bool(_)) {
                return refused(format!("{text} is not text, and participant data are texts; quote it: \"{text}\""));
            }
            if flow.form != FlowFileForm::Tutorial {
                check_type(flow, text, &parsed, here)?;
                match types::flaw(&parsed) {
                    Some(types::Flaw::Arguments(name, least)) => {
                        let noun = if least == 1 { "argument" } else { "arguments" };
                        return refused(format!("{text} is not valid: {name} takes at least {least} {noun}"));
                    }
                    Some(types::Flaw::Function(name)) => {
                        notes.push(format!(
                            "{name} is no function that is known here; Architect says whether it has it"
                        ));
                    }
                    None => {}
                }
                check_scopes(flow, &parsed)?;
            }
            if flow.form == FlowFileForm::Tutorial && !matches!(parsed, expr::Expr::Var(_)) {
                return refused("the tutorials' format has no expressions, only texts and {{placeholders}}");
            }
            let mut unknown = Vec::new();
            parsed.references(&mut |name| {
                let lower = name.to_lowercase();
                if ["flow.", "task.", "state.", "common."].iter().any(|scope| lower.starts_with(scope))
                    && !flow.variables.iter().any(|variable| {
                        // A task sees its own variables and those of the flow.
                        if variable.container.is_some() && variable.container != here {
                            return false;
                        }
                        // Names of variables are not case-sensitive.
                        let (name, own) = (name.to_lowercase(), variable.name.to_lowercase());
                        // Only what is no plain value has members.
                        let kind = if variable.collection { Type::List } else { Type::of(&variable.type_name) };
                        let plain = matches!(kind, Type::Text | Type::Integer | Type::Number | Type::Bool);
                        name.strip_prefix(own.as_str())
                            .is_some_and(|rest| rest.is_empty() || !plain && rest.starts_with('.'))
                    })
                {
                    unknown.push(name.to_owned());
                }
            });
            match unknown.first() {
                Some(name)
                    if flow.variables.is_empty()
                        && matches!(flow.form, FlowFileForm::Platform | FlowFileForm::Export) =>
                {
                    return refused(format!("the flow declares no variables, and so no {name}"));
                }
                Some(name) if !flow.variables.is_empty() => {
                    let lower = name.to_lowercase();
                    if let Some(other) = flow.variables.iter().find(|variable| variable.name.to_lowercase() == lower)
                        && let Some(task) = other.container.map(|at| &flow.containers[at].name)
                    {
                        return refused(format!("{name} belongs to {task}, and no other task sees it"));
                    }
                    let nearest = flow.variables.iter().max_by(|a, b| {
                        strsim::jaro_winkler(&a.name, name).total_cmp(&strsim::jaro_winkler(&b.name, name))
                    });
                    let near = nearest.map_or(String::new(), |variable| format!("; the nearest is {}", variable.name));
                    return refused(format!("the flow declares no variable {name}{near}"));
                }
                Some(name) => notes.push(format!("the file declares no variables, so {name} could not be checked")),
                None => {}
            }
        }
    }
    Ok(notes)
}

/// Refuses what is no text: an attribute is one.
fn check_type(flow: &Flow, text: &str, parsed: &expr::Expr, here: Option<usize>) -> Result<(), EditRefusal> {
    let variable = |name: &str| {
        let found = flow.variables.iter().find(|variable| {
            (variable.container.is_none() || variable.container == here) && variable.name.eq_ignore_ascii_case(name)
        });
        match found {
            Some(list) if list.collection => Type::List,
            // Types of slots are the bot's own.
            Some(slot) if slot.name.to_ascii_lowercase().starts_with("slot.") => match Type::of(&slot.type_name) {
                Type::Object => Type::Other,
                kind => kind,
            },
            Some(variable) => Type::of(&variable.type_name),
            None => Type::Other,
        }
    };
    if let Some(what) = types::clash(parsed, &variable) {
        return refused(format!("{text} is not valid: {what}"));
    }
    match types::of(parsed, &variable) {
        Type::Text | Type::Other => Ok(()),
        kind @ (Type::Integer | Type::Number | Type::Bool) => refused(format!(
            "{text} is {}, and participant data are texts; give ToString({})",
            kind.word(),
            text.trim()
        )),
        kind => refused(format!("{text} is {}, and participant data are texts; give a text of it", kind.word())),
    }
}

/// Kinds of flow, each with the scope of built-in variables that only it has.
const SCOPES: [(&str, &[&str]); 7] = [
    ("slot.", &["bot"]),
    ("call.", &["call", "voice", "commonmodule"]),
    ("message.", &["message", "bot", "commonmodule"]),
    ("email.", &["email", "bot", "commonmodule"]),
    ("chat.", &["chat", "bot", "commonmodule"]),
    ("survey.", &["survey"]),
    ("workitem.", &["workitem"]),
];

/// Refuses variables of other kinds of flow.
fn check_scopes(flow: &Flow, parsed: &expr::Expr) -> Result<(), EditRefusal> {
    let kind = flow.kind.to_ascii_lowercase();
    let mut wrong = None;
    parsed.references(&mut |name| {
        let lower = name.to_ascii_lowercase();
        let scope = SCOPES.iter().find(|(scope, _)| lower.starts_with(scope));
        if scope.is_some_and(|(_, kinds)| !kind.is_empty() && !kinds.iter().any(|own| kind.contains(own))) {
            wrong.get_or_insert_with(|| name.to_owned());
        }
        if lower.starts_with("common.") && !kind.is_empty() && !kind.contains("commonmodule") {
            wrong.get_or_insert_with(|| name.to_owned());
        }
    });
    match wrong {
        Some(name) => refused(format!("a flow of the kind {} has no {name}", flow.kind)),
        None => Ok(()),
    }
}

/// Whether the flow does this already, at the place or, without a place, anywhere. A different value at the place, or the
/// key anywhere else, is refused unless it was asked for.
fn already(flow: &Flow, wanted: &SetData<'_>, after: Option<usize>) -> Result<Option<String>, EditRefusal> {
    let sets = |at: usize| {
        let mut list = flow.actions[at].kind.sets()?.iter();
        let own = list.find(|assign| matches!(&assign.key, Operand::Literal(key) if key == wanted.key))?;
        Some(own.value.clone())
    };
    let told = |at: usize| {
        let action = &flow.actions[at];
        format!("{} (id {}, line {})", display_name(action), action.id, action.line)
    };
    // At the place: the action itself and the run of Set Participant Data actions behind it.
    let mut here = after.or(flow.start);
    let mut first = true;
    let mut left = flow.actions.len();
    while let Some(at) = here.filter(|_| left > 0) {
        left -= 1;
        let data = matches!(flow.actions[at].kind, ActionKind::SetData(_) | ActionKind::SetConversation(_));
        if let Some(value) = sets(at) {
            if same(&value, &wanted.value) {
                return Ok(Some(told(at)));
            }
            if !wanted.again || after.is_some() {
                return refused(format!(
                    "{} sets {} to {} there; two actions in a row would leave only the last value",
                    told(at),
                    wanted.key,
                    shown(&value)
                ));
            }
        }
        if !data && !first && !matches!(flow.actions[at].kind, ActionKind::Passive) {
            break;
        }
        first = false;
        here = flow.actions[at].next;
    }
    if wanted.again {
        return Ok(None);
    }
    if let Some(unread) = flow.unread.first() {
        return refused(format!(
            "line {}: {}, so whether the flow sets {} already is not known; --again inserts it anyway",
            unread.line, unread.what, wanted.key
        ));
    }
    let keys = keys(flow);
    if let Some(uses) = keys.by_key.get(wanted.key) {
        if after.is_none()
            && let Some(one) =
                uses.set.iter().find(|one| one.value.as_ref().is_some_and(|value| same(value, &wanted.value)))
            && one.when == SetWhen::Always
        {
            return Ok(Some(told(one.action)));
        }
        if let Some(one) = uses.set.first() {
            return refused(format!("{} is set already by {}; --again inserts another", wanted.key, told(one.action)));
        }
    }
    let lower = wanted.key.to_lowercase();
    let twin = |keys: &Keys| keys.by_key.keys().find(|key| *key != wanted.key && key.to_lowercase() == lower).cloned();
    let refuse = |who: &str, twin: &str| {
        refused(format!(
            "{who} uses {twin}, which differs from {} only in case, and keys are case-sensitive; --again inserts it anyway",
            wanted.key
        ))
    };
    if let Some(twin) = twin(&keys) {
        return refuse("the flow", &twin);
    }
    for (name, keys) in modules(&keys) {
        if keys.by_key.get(wanted.key).is_some_and(|uses| !uses.set.is_empty()) {
            return refused(format!(
                "{} is set already by the common module {name} in this file; --again inserts another",
                wanted.key
            ));
        }
        if let Some(twin) = twin(keys) {
            return refuse(&format!("the common module {name} in this file"), &twin);
        }
    }
    Ok(None)
}

/// The common modules that a file carries, those within them included.
fn modules(keys: &Keys) -> Vec<(&str, &Keys)> {
    let mut found: Vec<(&str, &Keys)> = Vec::new();
    let mut work: Vec<&(String, Keys)> = keys.modules.iter().collect();
    while let Some((name, keys)) = work.pop() {
        found.push((name, keys));
        work.extend(&keys.modules);
    }
    found
}

fn same(there: &Operand, wanted: &Operand) -> bool {
    let bare = |text: &str| text.trim().trim_start_matches("{{").trim_end_matches("}}").trim().to_owned();
    match (there, wanted) {
        // A variable is written as a placeholder in the tutorials' form.
        (
            Operand::Template(there),
            Operand::Expression(wanted) | Operand::Variable(wanted) | Operand::BuiltIn(wanted),
        ) => bare(there) == bare(wanted),
        (Operand::Template(there), Operand::Literal(wanted)) => there == wanted,
        // Names of variables are not case-sensitive.
        (Operand::Variable(there), Operand::Variable(wanted)) => there.eq_ignore_ascii_case(wanted),
        _ => there == wanted,
    }
}

fn shown(value: &Operand) -> String {
    match value {
        Operand::Literal(text) => format!("{text:?}"),
        Operand::Unset | Operand::NotSet => "nothing".into(),
        other => other.text().to_owned(),
    }
}

/// Reads the edited file and compares: one action more, it sets the key, it is reached, it does not lead to itself, and
/// every other action leads where it led, or to the new one.
fn verify(
    old: &Flow,
    edited: &FlowDocument<'_>,
    wanted: &SetData<'_>,
    id: &str,
    notes: &mut Vec<String>,
) -> Result<(), EditRefusal> {
    let new =
        edited.read().map_err(|error| EditRefusal::Refused(format!("the edited file would not read: {error}")))?;
    let found = new.find(id).ok().filter(|at| {
        matches!(new.actions[*at].kind.sets(), Some([one]) if one.key.text() == wanted.key && same(&one.value, &wanted.value))
    });
    let Some(at) = found.filter(|_| new.actions.len() == old.actions.len() + 1) else {
        return refused("the file could not be edited without touching the rest of it");
    };
    if new.actions[at].next == Some(at) {
        return refused("the new action would lead to itself");
    }
    match keys(&new)
        .by_key
        .get(wanted.key)
        .and_then(|uses| uses.set.iter().find(|one| one.action == at))
        .map(|one| one.when)
    {
        Some(SetWhen::Never) => return refused("nothing leads to that place, so the action would never run"),
        Some(SetWhen::Conditional) => notes.push("it runs on some paths through the flow only".into()),
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests;
