//! Variables that an action names in a place that is not known to write them.

use crate::flow::model::{ActionKind, VariableWrite, WhenWritten, own_variable};

/// Notes that an action of this kind may write the variable that a text names, when it names one that it is not known to write.
pub fn mentioned(writes: &mut Vec<VariableWrite>, kind: &ActionKind, text: &str) {
    let Some(name) = own_variable(text) else { return };
    let is = |variable: &str| own_variable(variable).unwrap_or(variable).eq_ignore_ascii_case(name);
    let pairs = |list: &[(String, String)]| list.iter().any(|(_, into)| is(into));
    let read = match kind {
        ActionKind::GetData(list) => list.iter().any(|one| is(&one.into)),
        ActionKind::GetConversation(of) => of.list.iter().any(|one| is(&one.into)),
        ActionKind::Update(list) => list.iter().any(|(variable, _)| is(variable)),
        ActionKind::Collect(it) => it.into.as_deref().is_some_and(is),
        ActionKind::Loop(it) => it.index.as_deref().is_some_and(is),
        ActionKind::Lookup(it) => pairs(&it.outputs) || pairs(&it.errors),
        ActionKind::CallFlow(it) => pairs(&it.outputs),
        _ => false,
    };
    if !read && !writes.iter().any(|write| is(&write.variable)) {
        writes.push(VariableWrite { variable: name.to_owned(), from: String::new(), when: WhenWritten::Perhaps });
    }
}
