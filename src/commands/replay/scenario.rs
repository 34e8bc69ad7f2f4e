//! Stories as a scenario file, without personal data unless asked for.

use super::story::{CallStory, StoryAct, bare};
use crate::{
    domain::{ConversationId, mask},
    format::toml::{self, comment},
    recording::redact::Masker,
};
use indexmap::{IndexMap, IndexSet};
use std::fmt::Write;
use std::time::Duration;

/// The text of a scenario, and how many values were replaced in it.
pub(super) struct ScenarioText {
    pub text: String,
    pub replaced: usize,
}

/// Writes stories down. `exact`: values that look personal stay as they are. `from`: the name of the recording.
pub(super) fn write(stories: &IndexMap<ConversationId, CallStory>, exact: bool, from: &str) -> ScenarioText {
    let mut cast = Cast::of(stories, exact);
    let mut out = String::new();
    let one = if stories.len() == 1 { "one call" } else { "calls" };
    // Writing to a string does not fail.
    _ = writeln!(out, "# Made by sidetone replay --to-scenario from {one} of {}. Play it with", comment(from));
    _ = writeln!(out, "# sidetone demo --scenario FILE, or sidetone sim --scenario FILE. Fields: docs/simulator.md.\n");
    _ = writeln!(
        out,
        "calls = {}\n\n[organization]\nname = \"Recorded\"\ndomain = \"recorded.example\"",
        stories.len()
    );
    for queue in &cast.queues {
        _ = writeln!(out, "\n[[queue]]\nname = {}", toml::string(queue));
    }
    let queues = toml::list(cast.queues.iter().map(String::as_str));
    let agents = cast.agents.len().max(1);
    for nth in 1..=agents {
        _ = writeln!(out, "\n[[user]]\nname = {}", toml::string(&cast.agent(nth)));
        _ = writeln!(out, "email = \"agent{nth}@example.com\"\nqueues = {queues}");
    }
    for flow in &cast.flows {
        _ = writeln!(out, "\n[[flow]]\nname = {}", toml::string(flow));
    }
    // Simulated calls choose their callers themselves.
    for nth in 1..=stories.len().clamp(1, 20) {
        _ = writeln!(out, "\n[[caller]]\nname = \"Caller {nth}\"\nnumber = \"+1555010{nth:04}\"");
        _ = writeln!(out, "email = \"caller{nth}@example.com\"");
    }
    for (nth, (id, story)) in stories.iter().enumerate() {
        out.push('\n');
        for what in &story.left_out {
            _ = writeln!(out, "# Left out: {}.", comment(what));
        }
        let name = format!("call {}", nth + 1);
        let to = if exact || mask::looks_personal(&story.to).is_none() { story.to.clone() } else { "+15550100".into() };
        _ = writeln!(
            out,
            "[[story]]\nname = {}\nmedia = {}\nto = {}",
            toml::string(&name),
            toml::string(story.media),
            toml::string(&to)
        );
        out.push_str("steps = [\n");
        for (at, act) in &story.steps {
            _ = writeln!(out, "  {{ at = {}, {} }},", toml::string(&offset(*at)), cast.act(act, id, story));
        }
        out.push_str("]\n");
    }
    ScenarioText { text: out, replaced: cast.replaced.len() }
}

/// Who and what takes part.
struct Cast {
    queues: IndexSet<String>,
    flows: IndexSet<String>,
    agents: IndexSet<String>,
    exact: bool,
    masker: Masker,
    replaced: IndexSet<String>,
}

impl Cast {
    fn of(stories: &IndexMap<ConversationId, CallStory>, exact: bool) -> Self {
        let (mut queues, mut flows, mut agents) = (IndexSet::new(), IndexSet::new(), IndexSet::new());
        let mut originals = Vec::new();
        for story in stories.values() {
            originals.extend([story.caller.0.clone(), bare(&story.caller.1).to_owned()]);
            for (_, act) in &story.steps {
                match act {
                    StoryAct::Flow(name) => {
                        flows.insert(name.clone());
                    }
                    StoryAct::Queue(name) | StoryAct::Transfer(name) => {
                        queues.insert(name.clone());
                    }
                    StoryAct::Alert(name) | StoryAct::Answer(name) | StoryAct::Consult(name) => {
                        agents.insert(name.clone());
                    }
                    StoryAct::Set(_, values) => originals.extend(values.iter().map(|(_, value)| value.clone())),
                    _ => {}
                }
            }
        }
        originals.retain(|text| mask::looks_personal(text).is_some());
        let masker = Masker::new(originals.iter().map(String::as_str));
        Self { queues, flows, agents, exact, masker, replaced: IndexSet::new() }
    }

    /// The name of the agent with this number.
    fn agent(&self, nth: usize) -> String {
        match self.agents.get_index(nth - 1).filter(|name| self.exact && !name.is_empty()) {
            Some(name) => name.clone(),
            None => format!("Agent {nth}"),
        }
    }

    fn act(&mut self, act: &StoryAct, id: &ConversationId, story: &CallStory) -> String {
        let agent = |cast: &Self, name: &String| {
            let nth = cast.agents.get_index_of(name).map_or(1, |i| i + 1);
            toml::string(&cast.agent(nth))
        };
        match act {
            StoryAct::Flow(name) => format!("do = \"flow\", name = {}", toml::string(name)),
            StoryAct::Queue(name) => format!("do = \"queue\", name = {}", toml::string(name)),
            StoryAct::Transfer(name) => format!("do = \"transfer\", name = {}", toml::string(name)),
            StoryAct::Alert(name) => format!("do = \"alert\", name = {}", agent(self, name)),
            StoryAct::Answer(name) => format!("do = \"answer\", name = {}", agent(self, name)),
            StoryAct::Consult(name) => format!("do = \"consult\", name = {}", agent(self, name)),
            StoryAct::ConsultEnd => "do = \"consult-end\"".into(),
            StoryAct::Hold(on) => format!("do = \"{}\"", if *on { "hold" } else { "resume" }),
            StoryAct::Leave(purpose) => format!("do = \"leave\", on = {}", toml::string(purpose)),
            StoryAct::Lose(on, keys) => {
                let keys = toml::list(keys.iter().map(String::as_str));
                format!("do = \"lose\", on = {}, keys = {keys}", toml::string(on))
            }
            StoryAct::Set(on, values) => {
                // The API writes what is written and nothing back: what a flow wrote back was recorded as it came.
                let values: IndexMap<&String, String> =
                    values.iter().map(|(key, value)| (key, self.value(value, id, story))).collect();
                let values: Vec<String> = values
                    .iter()
                    .map(|(key, value)| format!("{} = {}", toml::string(key), toml::string(value)))
                    .collect();
                format!("on = {}, by = \"api\", set = {{ {} }}", toml::string(on), values.join(", "))
            }
            StoryAct::End => "do = \"end\"".into(),
        }
    }

    /// The template of a value: what belongs to the caller or the call becomes the place of it.
    fn value(&mut self, value: &str, id: &ConversationId, story: &CallStory) -> String {
        let (name, from) = (&story.caller.0, &story.caller.1);
        match value {
            "" => return String::new(),
            v if v == id.as_str() => return "%{id}".into(),
            _ if self.exact => {}
            v if v == name => return "%{name}".into(),
            v if v == from => return "%{from}".into(),
            v if v == bare(from) => return "%{number}".into(),
            v if mask::looks_personal(v).is_some() => {
                self.replaced.insert(v.to_owned());
                return literal(&self.masker.text(v));
            }
            _ => {}
        }
        literal(value)
    }
}

/// A value that is to be there as it is.
fn literal(value: &str) -> String {
    value.replace("%{", "%{pick:%}{")
}

/// Milliseconds, as far as they are needed.
fn offset(at: Duration) -> String {
    let ms = at.as_millis();
    if ms.is_multiple_of(1000) { format!("{}s", ms / 1000) } else { format!("{ms}ms") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::scenario::{self, Act as Does};
    use proptest::prelude::*;

    fn story(values: Vec<(String, String)>) -> IndexMap<ConversationId, CallStory> {
        let steps = vec![
            (Duration::ZERO, StoryAct::Set("customer".into(), values)),
            (Duration::from_millis(500), StoryAct::Flow("Main \"IVR\"".into())),
            (Duration::from_millis(1500), StoryAct::Queue("Billing".into())),
            (Duration::from_secs(2), StoryAct::Answer("Dana Example".into())),
            (Duration::from_secs(60), StoryAct::End),
        ];
        let caller = ("Dana Whitlock".into(), "tel:+15550102231".into());
        let story = CallStory { media: "call", to: "+15550100100".into(), caller, steps, ..CallStory::default() };
        [(ConversationId::from("7c1e"), story)].into_iter().collect()
    }

    fn set(text: &str) -> Vec<(String, String)> {
        let parsed = scenario::parse(text).unwrap_or_else(|e| panic!("{e:#}: {text}"));
        let Does::Set(writing) = &parsed.stories[0].steps[0].act else { panic!("{text}") };
        writing.values.iter().map(|(k, v)| (k.clone(), v.clone())).collect()
    }

    proptest! {
        #[test]
        fn every_value_comes_back(value in any::<String>(), key in "[^\\p{C}]{1,12}") {
            let facts = scenario::value::TemplateFacts {
                name: "", number: "", email: "", from: "", to: "", id: "7c1e", at: 0, n: 0,
            };
            let written = write(&story(vec![(key.clone(), value.clone())]), true, "x\n\u{1b}[2J");
            let (known, template) = set(&written.text).remove(0);
            let filled = scenario::value::fill(&template, &facts, &mut fastrand::Rng::with_seed(1));
            prop_assert_eq!((known, filled), (key, value));
            let bad = |c: char| crate::domain::text::is_hidden(c) && c != '\n';
            prop_assert!(!written.text.contains(bad));
        }
    }

    #[test]
    fn nobody_is_named_unless_asked_for() {
        let values = [
            ("caller", "Dana Whitlock"),
            ("ani", "+15550102231"),
            ("card", "4111 1111 1111 1111"),
            ("tier", "gold"),
            ("call_id", "7c1e"),
        ];
        let values: Vec<_> = values.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec();
        let written = write(&story(values.clone()), false, "x");
        for personal in ["Dana", "2231", "4111"] {
            assert!(!written.text.contains(personal), "{personal}: {}", written.text);
        }
        let set = set(&written.text);
        let of = |key: &str| set.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
        assert_eq!(
            [of("caller"), of("ani"), of("tier"), of("call_id")].map(Option::unwrap),
            ["%{name}", "%{number}", "gold", "%{id}"]
        );
        assert_eq!(of("card").map(mask::looks_personal), Some(mask::looks_personal("4111 1111 1111 1111")));
        assert_eq!(written.replaced, 1);
        let exact = write(&story(values), true, "x").text;
        assert!(exact.contains("Dana Whitlock") && exact.contains("Dana Example") && exact.contains("4111"));
    }
}
