//! Actions whose result comes from outside: data actions, tables, what the caller enters.

use super::{ActionRun, End, GivenKind, Go, Need, Run, on, ways};
use crate::flow::{
    input::DataActionAnswer,
    model::{Action, ActionKind, Collect, Lookup, WhenWritten, display_name},
    value::Val,
};
use serde_json::Value as Json;

impl Run {
    /// The answer that was given for an action; of several under one name the next, whichever action of that name it is. One that
    /// has none of the members that the action awaits says nothing, which is noted.
    pub(super) fn answer_for(&mut self, action: &Action, asked: Option<&str>) -> Option<DataActionAnswer> {
        let means = |name: &str| ways::named(action, name) || asked == Some(name);
        let names = || self.inputs.lookups.iter().map(|(name, _)| name.as_str());
        // Its own name comes before that of what it asks.
        let name = names().find(|name| ways::is_own_name(action, name)).or_else(|| names().find(|name| means(name)));
        let name = name?.to_owned();
        let given = self.inputs.lookups.iter().filter(|(own, _)| *own == name).count();
        let place = self.turn(GivenKind::Answer, &name, given)?;
        let answer = self.inputs.lookups.iter().filter(|(own, _)| *own == name).nth(place)?.1.clone();
        if let (DataActionAnswer::Ok(Json::Object(members)), Some(awaited)) = (&answer, awaited(action))
            && !members.is_empty()
            && !awaited.iter().any(|(name, into)| fits(members, name) || members.contains_key(*into))
        {
            self.doubt(format!(
                "the answer given for {} has none of the members that it awaits: {}",
                display_name(action),
                awaited.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
            ));
        }
        Some(answer)
    }

    /// The result within an answer.
    pub(super) fn given_result(&self, answer: Option<&DataActionAnswer>) -> Option<Json> {
        match answer {
            Some(DataActionAnswer::Ok(json)) => Some(json.clone()),
            _ => None,
        }
    }

    pub(super) fn look_up(&mut self, action: &Action, lookup: &Lookup, step: &mut ActionRun) -> Go {
        let Some(answer) = self.answer_for(action, Some(&lookup.name)) else {
            let action = display_name(action).to_owned();
            return Go::End(End::Needs(Need::Lookup { name: lookup.name.clone(), action, table: lookup.table }));
        };
        let outputs: &[&str] = match (&answer, lookup.table) {
            (DataActionAnswer::Ok(Json::Null) | DataActionAnswer::NotFound, true) => &["notFound"],
            (DataActionAnswer::Ok(_) | DataActionAnswer::Found, true) => &["found", "success"],
            (DataActionAnswer::Error, true) => &["failure", "error"],
            (DataActionAnswer::Timeout, true) if action.branches.iter().any(|branch| branch.is("timeout")) => {
                &["timeout"]
            }
            (DataActionAnswer::Timeout, true) => {
                let what = format!(
                    "{} asks a table and has no output timeout; it has {}",
                    display_name(action),
                    ways::outputs(action).join(", ")
                );
                return Go::End(End::Undecided(what));
            }
            (DataActionAnswer::Ok(_) | DataActionAnswer::Found, false) => &["success", "found"],
            (DataActionAnswer::Timeout, false) => &["timeout", "failure"],
            (DataActionAnswer::Error, false) => &["failure", "error"],
            (DataActionAnswer::NotFound, false) => {
                let what = format!("{} is a data action and has no output notFound", display_name(action));
                return Go::End(End::Undecided(what));
            }
        };
        self.looked_up(action, lookup, outputs[0], self.given_result(Some(&answer)).as_ref(), step);
        self.output(action, outputs, step)
    }

    /// What a data action or table leaves in variables when it takes this output.
    pub(super) fn looked_up(
        &mut self,
        action: &Action,
        lookup: &Lookup,
        output: &str,
        result: Option<&Json>,
        step: &mut ActionRun,
    ) {
        if is_failure(output) {
            for (_, into) in &lookup.errors {
                self.unknown_by(action, into, step);
            }
            self.write(action, true, None, step);
            return;
        }
        if output.eq_ignore_ascii_case("notFound") {
            return;
        }
        for (member, into) in &lookup.outputs {
            self.result(action, member, into, result, step);
        }
        if let Some(whole) = &lookup.whole {
            match result {
                Some(json) => self.assign(whole, Val::from_json(json), step),
                None => self.unknown_by(action, whole, step),
            }
        }
        self.write(action, false, result, step);
    }

    pub(super) fn result(
        &mut self,
        action: &Action,
        member: &str,
        into: &str,
        result: Option<&Json>,
        step: &mut ActionRun,
    ) {
        match result {
            Some(json) => {
                // By the member, or by the variable that takes it.
                let own = json.get(member).or_else(|| json.get(into));
                let value = own.map_or_else(|| Val::Data(json.clone()).below(member), Val::from_json);
                self.assign(into, value, step);
            }
            None => self.unknown_by(action, into, step),
        }
    }

    /// The variables that an action writes, from its result or else unknown. What this step has written already stays.
    pub(super) fn write(&mut self, action: &Action, failure: bool, result: Option<&Json>, step: &mut ActionRun) {
        let when = if failure { WhenWritten::Failed } else { WhenWritten::Done };
        for write in action.writes.iter().filter(|write| write.when == when) {
            if step.assigned.iter().any(|(name, _)| name.eq_ignore_ascii_case(&write.variable)) {
                continue;
            }
            let given = result.filter(|json| json.get(&write.from).or_else(|| json.get(&write.variable)).is_some());
            self.result(action, &write.from, &write.variable, given, step);
        }
    }

    /// What an action mentions in a shape that is not read is unknown behind it, whatever it came to.
    pub(super) fn perhaps_written(&mut self, action: &Action, step: &mut ActionRun) {
        for write in action.writes.iter().filter(|write| write.when == WhenWritten::Perhaps) {
            self.unknown_by(action, &write.variable, step);
        }
    }

    /// Makes all slots unknown: which of them an action writes is not read.
    pub(super) fn unknown_slots(&mut self, action: &Action, step: &mut ActionRun) {
        let slots = self.globals.keys().filter(|name| name.starts_with("slot.")).cloned();
        for slot in slots.collect::<Vec<_>>() {
            self.unknown_by(action, &slot, step);
        }
    }

    /// A variable whose new value only this action knows; what was given for it counts as that.
    pub(super) fn unknown_by(&mut self, action: &Action, variable: &str, step: &mut ActionRun) {
        let value = match self.given(variable) {
            Some(value) => {
                step.notes.push(format!("{variable} as given"));
                value
            }
            None => Val::by(display_name(action)),
        };
        self.assign(variable, value, step);
    }

    /// Takes what the caller enters; nothing entered is a failure.
    pub(super) fn collect(&mut self, action: &Action, it: &Collect, step: &mut ActionRun) -> Go {
        let Some(digits) = self.inputs.digits.pop_front() else {
            let menu = display_name(action).to_owned();
            return Go::End(End::Needs(Need::Digit { menu, choices: Vec::new() }));
        };
        self.changed();
        if let Some(end) = unfit(action, it, &digits) {
            return Go::End(end);
        }
        let into = it.into.as_deref().filter(|name| !name.is_empty());
        if digits.is_empty() {
            if let Some(name) = into {
                self.unknown_by(action, name, step);
            }
            return self.output(action, &["failure"], step);
        }
        if let Some(name) = into {
            self.assign(name, Val::Text(digits), step);
        }
        self.write(action, false, None, step);
        self.output(action, &["success"], step)
    }

    /// An action that asks somebody: with a result it goes the way that a result has.
    pub(super) fn asked(&mut self, action: &Action, answer: Option<DataActionAnswer>, step: &mut ActionRun) -> Go {
        let good = ["found", "success"].into_iter().find(|good| action.branches.iter().any(|branch| branch.is(good)));
        match (answer, good) {
            (None, _) => self.ask(action, step),
            (Some(DataActionAnswer::Ok(Json::Null) | DataActionAnswer::NotFound), _) => {
                self.by_name(action, "notFound", step)
            }
            (Some(DataActionAnswer::Timeout), _) => self.by_name(action, "timeout", step),
            (Some(DataActionAnswer::Error), _) => {
                self.write(action, true, None, step);
                self.by_name(action, "failure", step)
            }
            (Some(answer), good) => {
                self.write(action, false, self.given_result(Some(&answer)).as_ref(), step);
                good.map_or_else(|| on(action), |good| self.output(action, &[good], step))
            }
        }
    }

    /// An action that is not interpreted here. Its outcome is asked for where it has several.
    pub(super) fn unknown_action(&mut self, action: &Action, step: &mut ActionRun) -> Go {
        step.interpreted = false;
        let answer = self.answer_for(action, None);
        if action.branches.is_empty() {
            step.notes.push(format!("{} is not interpreted here; passed over", action.type_name));
            if answer.is_none() {
                self.not_interpreted(action);
            }
            self.write(action, false, self.given_result(answer.as_ref()).as_ref(), step);
            return on(action);
        }
        if answer.is_none() {
            self.not_interpreted(action);
        }
        self.asked(action, answer, step)
    }

    /// What an action of an unknown type does to participant data nobody here knows.
    pub(super) fn not_interpreted(&mut self, action: &Action) {
        let kind = if action.type_name.is_empty() { "an action without a type" } else { &action.type_name };
        let name = display_name(action);
        let named = if name == kind { name.to_owned() } else { format!("{name} ({kind})") };
        self.unseen(format!("{named} is not interpreted here, so what it sets is not known"));
    }
}

/// The members of an answer that an action takes, each with the variable; `None` where it takes any, or none at all.
fn awaited(action: &Action) -> Option<Vec<(&str, &str)>> {
    let mut names: Vec<(&str, &str)> = match &action.kind {
        ActionKind::Lookup(lookup) if lookup.whole.is_some() => return None,
        ActionKind::Lookup(lookup) => {
            lookup.outputs.iter().map(|(member, into)| (member.as_str(), into.as_str())).collect()
        }
        ActionKind::CallFlow(call) => call.outputs.iter().map(|(name, into)| (name.as_str(), into.as_str())).collect(),
        _ => Vec::new(),
    };
    let written = action.writes.iter().filter(|write| write.when == WhenWritten::Done);
    for one in written.map(|write| (write.from.as_str(), write.variable.as_str())) {
        if !names.iter().any(|(_, into)| into.eq_ignore_ascii_case(one.1)) {
            names.push(one);
        }
    }
    (!names.is_empty()).then_some(names)
}

/// Whether an answer has a member, or the one that it is within.
fn fits(members: &serde_json::Map<String, Json>, name: &str) -> bool {
    members.contains_key(name) || name.split(['.', '[']).next().is_some_and(|first| members.contains_key(first))
}

/// Why what was entered cannot be what the action collected: no keys of a telephone, or too few or too many of them.
pub(super) fn unfit(action: &Action, it: &Collect, digits: &str) -> Option<End> {
    let count = u32::try_from(digits.chars().count()).unwrap_or(u32::MAX);
    let (least, most) = it.digits.unwrap_or((0, u32::MAX));
    let keys = digits.chars().all(|key| key.is_ascii_digit() || matches!(key, '*' | '#'));
    // Of a range the last key may be the one that ends the entry, and that is no part of it.
    let may_end = least < most && it.digits.is_some() && digits.contains(['*', '#']);
    if count == 0 || keys && !may_end && (least..=most).contains(&count) {
        return None;
    }
    let wanted = match it.digits {
        _ if !keys => "keys of a telephone".to_owned(),
        _ if may_end => "digits without the key that ends them".to_owned(),
        Some((least, most)) if least == most => format!("{most} digits"),
        _ => format!("{least} to {most} digits"),
    };
    let name = display_name(action);
    Some(End::Undecided(format!(
        "{name} collects {wanted}, and {digits:?} is something else; --press '' is no entry, which is its failure"
    )))
}

/// Whether an output means that the action did not do what it is for.
pub(super) fn is_failure(output: &str) -> bool {
    ["failure", "timeout", "error"].iter().any(|word| output.eq_ignore_ascii_case(word))
}
