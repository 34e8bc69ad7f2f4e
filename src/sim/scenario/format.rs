//! The scenario file: TOML or JSON, unknown names refused, every reference checked.

use anyhow::{Context, Result, anyhow, bail, ensure};
use indexmap::IndexMap;
use serde::Deserialize;

use super::{
    Act, Beat, Caller, Media, Number, Plant, Queue, Scenario, ScenarioFlow, ScenarioStep, Story, User, Version,
    Writing, WrittenBy, value,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScenario {
    organization: RawOrganization,
    #[serde(default = "default_calls")]
    calls: usize,
    #[serde(default)]
    queue: Vec<RawQueue>,
    #[serde(default)]
    user: Vec<RawUser>,
    #[serde(default)]
    flow: Vec<RawFlow>,
    #[serde(default)]
    number: Vec<RawNumber>,
    #[serde(default)]
    caller: Vec<RawCaller>,
    #[serde(default)]
    bundle: IndexMap<String, IndexMap<String, String>>,
    #[serde(default)]
    story: Vec<RawStory>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOrganization {
    name: String,
    domain: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawQueue {
    name: String,
    #[serde(default)]
    description: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawUser {
    name: String,
    email: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    queues: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFlow {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default = "default_flow_type", rename = "type")]
    kind: String,
    #[serde(default = "one")]
    version: u32,
    #[serde(default)]
    publish: Vec<RawPublish>,
    #[serde(default)]
    definition: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPublish {
    at: Offset,
    version: u32,
    #[serde(default)]
    loses: Vec<String>,
    #[serde(default)]
    calls: u32,
    #[serde(default)]
    within: Option<Offset>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNumber {
    number: String,
    place: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCaller {
    name: String,
    number: String,
    #[serde(default)]
    email: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStory {
    name: String,
    #[serde(default = "default_media")]
    media: String,
    #[serde(default)]
    to: String,
    #[serde(default = "one")]
    weight: u32,
    steps: Vec<RawStep>,
    #[serde(default)]
    beats: Vec<RawBeat>,
    #[serde(default)]
    plants: Vec<RawPlant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    at: Offset,
    #[serde(default, rename = "do")]
    act: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    on: Option<String>,
    #[serde(default)]
    by: Option<String>,
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    set: IndexMap<String, String>,
    #[serde(default, rename = "use")]
    bundles: Vec<String>,
}

/// The fields that steps and beats share; serde can not flatten and refuse unknown fields at once.
struct RawWriting<'a> {
    on: &'a Option<String>,
    by: &'a Option<String>,
    action: &'a Option<String>,
    set: &'a IndexMap<String, String>,
    bundles: &'a [String],
}

macro_rules! writing {
    ($raw:expr) => {
        RawWriting { on: &$raw.on, by: &$raw.by, action: &$raw.action, set: &$raw.set, bundles: &$raw.bundles }
    };
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBeat {
    from: Offset,
    until: Offset,
    every: Offset,
    #[serde(default)]
    on: Option<String>,
    #[serde(default)]
    by: Option<String>,
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    set: IndexMap<String, String>,
    #[serde(default, rename = "use")]
    bundles: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlant {
    rule: String,
    key: String,
    #[serde(default = "customer")]
    on: String,
    #[serde(default)]
    from: Offset,
}

/// Seconds as a number, or text such as `500ms`, `4s`, `2m`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Offset {
    Seconds(f64),
    Text(String),
}

impl Default for Offset {
    fn default() -> Self {
        Offset::Seconds(0.0)
    }
}

impl Offset {
    fn ms(&self) -> Result<i64> {
        match self {
            Offset::Seconds(seconds) => {
                ensure!((0.0..=86_400.0).contains(seconds), "an offset lies between 0 and a day, not {seconds} s");
                Ok((seconds * 1000.0).round() as i64)
            }
            Offset::Text(text) => duration_ms(text),
        }
    }
}

/// Reads `500ms`, `4s`, `2.5s`, `2m`, `1h`; ms. At most a day.
pub fn duration_ms(text: &str) -> Result<i64> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = match unit {
        "ms" => 1.0,
        "s" => 1000.0,
        "m" => 60_000.0,
        "h" => 3_600_000.0,
        _ => bail!("{text:?} is not a duration: write 500ms, 10s, 2m or 1h"),
    };
    let number: f64 = number.parse().map_err(|_| anyhow!("{text:?} is not a duration: write 500ms, 10s, 2m or 1h"))?;
    let ms = number * factor;
    ensure!((0.0..=86_400_000.0).contains(&ms), "{text} is longer than a day");
    Ok(ms.round() as i64)
}

fn default_calls() -> usize {
    24
}
fn default_flow_type() -> String {
    "inboundcall".into()
}
fn default_media() -> String {
    "call".into()
}
fn customer() -> String {
    "customer".into()
}
fn one() -> u32 {
    1
}

/// Reads a scenario from TOML, or from JSON when the text begins with `{`.
///
/// # Errors
/// Syntax errors with their place, unknown fields, names that are defined nowhere, steps out of order.
pub fn parse(text: &str) -> Result<Scenario> {
    let raw: RawScenario = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).context("the scenario is not valid JSON for a scenario")?
    } else {
        toml::from_str(text).context("the scenario is not valid TOML for a scenario")?
    };
    let queues: Vec<Queue> =
        raw.queue.iter().map(|q| Queue { name: q.name.clone(), description: q.description.clone() }).collect();
    let queue = |name: &str| {
        queues.iter().position(|q| q.name == name).ok_or_else(|| anyhow!("there is no queue {name:?} in the scenario"))
    };
    let mut users = Vec::new();
    for user in &raw.user {
        let queues = user.queues.iter().map(|name| queue(name)).collect::<Result<Vec<_>>>();
        users.push(User {
            name: user.name.clone(),
            email: user.email.clone(),
            title: user.title.clone(),
            queues: queues.with_context(|| format!("user {:?}", user.name))?,
        });
    }
    let mut flows = Vec::new();
    for raw in &raw.flow {
        flows.push(flow(raw).with_context(|| format!("flow {:?}", raw.name))?);
    }
    let numbers = raw.number.iter().map(|n| Number { number: n.number.clone(), place: n.place.clone() }).collect();
    let callers: Vec<Caller> = raw
        .caller
        .iter()
        .map(|c| Caller { name: c.name.clone(), number: c.number.clone(), email: c.email.clone() })
        .collect();
    let names = Names { queues: &queues, users: &users, flows: &flows, bundles: &raw.bundle };
    let mut stories = Vec::new();
    for story in &raw.story {
        stories.push(names.story(story).with_context(|| format!("story {:?}", story.name))?);
    }
    ensure!(!callers.is_empty() || stories.is_empty(), "a scenario with stories needs at least one [[caller]]");
    unique("queue", queues.iter().map(|q| q.name.as_str()))?;
    unique("flow", flows.iter().map(|f| f.name.as_str()))?;
    unique("user e-mail", users.iter().map(|u| u.email.as_str()))?;
    unique("story", stories.iter().map(|s| s.name.as_str()))?;
    Ok(Scenario {
        organization: raw.organization.name,
        domain: raw.organization.domain,
        calls: raw.calls,
        queues,
        users,
        flows,
        numbers,
        callers,
        stories,
    })
}

fn flow(raw: &RawFlow) -> Result<ScenarioFlow> {
    let text = match &raw.definition {
        None => None,
        Some(serde_json::Value::String(text)) => Some(text.clone()),
        Some(value) => Some(value.to_string()),
    };
    let definition = text.as_deref().map(serde_json::from_str).transpose().context("the definition is not JSON")?;
    let program = text.as_deref().map(crate::flow::read).transpose();
    let program = program.map_err(|error| anyhow!("the definition does not read: {error}"))?;
    let mut versions = vec![Version { id: format!("{}.0", raw.version), ..Version::default() }];
    let (mut number, mut last) = (raw.version, 0);
    for publish in &raw.publish {
        let from = publish.at.ms()?;
        ensure!(from > last, "version {} is not published after the one before it", publish.version);
        ensure!(publish.version > number, "version {} is not above the one before it", publish.version);
        (number, last) = (publish.version, from);
        let within = publish.within.as_ref().map_or(Ok(0), Offset::ms)?;
        let (loses, calls) = (publish.loses.clone(), publish.calls as usize);
        versions.push(Version { id: format!("{number}.0"), from, loses, calls, within });
    }
    Ok(ScenarioFlow {
        name: raw.name.clone(),
        description: raw.description.clone(),
        kind: raw.kind.to_ascii_uppercase(),
        versions,
        definition,
        program,
    })
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    for name in names {
        ensure!(seen.insert(name), "two of one {what}: {name:?}");
    }
    Ok(())
}

struct Names<'a> {
    queues: &'a [Queue],
    users: &'a [User],
    flows: &'a [ScenarioFlow],
    bundles: &'a IndexMap<String, IndexMap<String, String>>,
}

impl Names<'_> {
    fn story(&self, raw: &RawStory) -> Result<Story> {
        let mut steps = Vec::new();
        for (i, step) in raw.steps.iter().enumerate() {
            let step = self.step(step).with_context(|| format!("step {}", i + 1))?;
            if let Some(last) = steps.last() {
                let last: &ScenarioStep = last;
                ensure!(last.at <= step.at, "step {} comes before the one above it", i + 1);
            }
            steps.push(step);
        }
        ensure!(
            matches!(steps.last(), Some(ScenarioStep { act: Act::End, .. })),
            "a story ends with a step do = \"end\""
        );
        let mut beats = Vec::new();
        for (i, beat) in raw.beats.iter().enumerate() {
            let context = || format!("beat {}", i + 1);
            let every = beat.every.ms().with_context(context)?;
            ensure!(every >= 100, "beat {}: every is at least 100ms", i + 1);
            beats.push(Beat {
                from: beat.from.ms().with_context(context)?,
                until: beat.until.ms().with_context(context)?,
                every,
                writing: self.writing(&writing!(beat)).with_context(context)?,
            });
        }
        let mut plants = Vec::new();
        for plant in &raw.plants {
            plants.push(Plant {
                rule: plant.rule.clone(),
                key: plant.key.clone(),
                on: plant.on.clone(),
                from: plant.from.ms()?,
            });
        }
        let media = match raw.media.as_str() {
            "call" => Media::Call,
            "callback" => Media::Callback,
            "message" => Media::Message,
            "email" => Media::Email,
            "chat" => Media::Chat,
            other => bail!("media {other:?}: one of call, callback, message, email, chat"),
        };
        ensure!(raw.weight > 0, "weight is at least 1");
        Ok(Story { name: raw.name.clone(), media, to: raw.to.clone(), weight: raw.weight, steps, beats, plants })
    }

    fn step(&self, raw: &RawStep) -> Result<ScenarioStep> {
        let name = || raw.name.as_deref().ok_or_else(|| anyhow!("name is missing"));
        let on = || raw.on.clone().unwrap_or_else(customer);
        let act = match raw.act.as_deref() {
            None | Some("set") => Act::Set(self.writing(&writing!(raw))?),
            Some("flow") => Act::Flow(self.flow(name()?)?),
            Some("queue") => Act::Queue(self.queue(name()?)?),
            Some("transfer") => Act::Transfer(self.queue(name()?)?),
            Some("alert") => Act::Alert(self.user(raw.name.as_deref())?),
            Some("answer") => Act::Answer(self.user(raw.name.as_deref())?),
            Some("consult") => Act::Consult(self.user(raw.name.as_deref())?),
            Some("consult-end") => Act::ConsultEnd,
            Some("hold") => Act::Hold,
            Some("resume") => Act::Resume,
            Some("get") => Act::Get(raw.keys.clone()),
            Some("lose") => Act::Lose { on: on(), keys: raw.keys.clone() },
            Some("join") => Act::Join(name()?.to_owned()),
            Some("become") => Act::Become { on: on(), purpose: name()?.to_owned() },
            Some("leave") => Act::Leave(on()),
            Some("end") => Act::End,
            Some(other) => bail!(
                "do = {other:?}: one of flow, queue, alert, answer, transfer, consult, consult-end, hold, resume, set, \
                 get, lose, join, become, leave, end"
            ),
        };
        Ok(ScenarioStep { at: raw.at.ms()?, act })
    }

    fn writing(&self, raw: &RawWriting<'_>) -> Result<Writing> {
        let mut values = IndexMap::new();
        for bundle in raw.bundles {
            let bundle = self.bundles.get(bundle).ok_or_else(|| anyhow!("there is no bundle {bundle:?}"))?;
            values.extend(bundle.clone());
        }
        values.extend(raw.set.clone());
        ensure!(!values.is_empty(), "nothing is set: give set or use");
        for (key, template) in &values {
            value::check(template).with_context(|| format!("value of {key:?}"))?;
        }
        let by = match raw.by.as_deref() {
            None | Some("flow") => WrittenBy::Flow,
            Some("agent") => WrittenBy::Agent,
            Some("api") => WrittenBy::Api,
            Some(other) => bail!("by = {other:?}: one of flow, agent, api"),
        };
        Ok(Writing {
            on: raw.on.clone().unwrap_or_else(customer),
            by,
            action: raw.action.clone().unwrap_or_else(|| "Set Participant Data".into()),
            values,
        })
    }

    fn queue(&self, name: &str) -> Result<usize> {
        let found = self.queues.iter().position(|q| q.name == name);
        found.ok_or_else(|| anyhow!("there is no queue {name:?} in the scenario"))
    }

    fn flow(&self, name: &str) -> Result<usize> {
        let found = self.flows.iter().position(|f| f.name == name);
        found.ok_or_else(|| anyhow!("there is no flow {name:?} in the scenario"))
    }

    fn user(&self, name: Option<&str>) -> Result<Option<usize>> {
        let Some(name) = name else { return Ok(None) };
        let found = self.users.iter().position(|u| u.name == name || u.email == name);
        found.map(Some).ok_or_else(|| anyhow!("there is no user {name:?} in the scenario"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
        [organization]
        name = "Small"
        domain = "small.example"
        [[queue]]
        name = "Q"
        [[caller]]
        name = "C"
        number = "+15550100001"
        [bundle.b]
        a = "1"
        [[story]]
        name = "s"
        steps = [{ at = 0, do = "queue", name = "Q" }, { at = "500ms", use = ["b"], set = { b = "2" } }, { at = "1m", do = "end" }]
    "#;

    #[test]
    fn reads_toml() {
        let scenario = parse(SMALL).unwrap();
        let story = &scenario.stories[0];
        assert_eq!(story.length(), 60_000);
        let Act::Set(writing) = &story.steps[1].act else { panic!("not a write") };
        assert_eq!(writing.values.len(), 2);
    }

    #[test]
    fn the_same_in_json() {
        let value: toml::Value = toml::from_str(SMALL).unwrap();
        let scenario = parse(&serde_json::to_string(&value).unwrap()).unwrap();
        assert_eq!(scenario.stories[0].steps, parse(SMALL).unwrap().stories[0].steps);
    }

    #[test]
    fn names_what_is_wrong() {
        for (from, to, expected) in [
            ("name = \"Q\" }", "name = \"R\" }", "no queue \"R\""),
            ("\"1m\"", "\"100ms\"", "before the one above"),
            ("use = [\"b\"]", "use = [\"c\"]", "no bundle \"c\""),
            ("do = \"end\"", "do = \"stop\"", "do = \"stop\""),
            ("name = \"Small\"", "name = \"Small\"\nsize = 3", "unknown field"),
            ("b = \"2\"", "b = \"%{nope}\"", "%{nope}"),
            ("at = 0", "when = 0, at = 0", "unknown field"),
        ] {
            assert!(SMALL.contains(from), "{from}");
            let error = format!("{:#}", parse(&SMALL.replace(from, to)).unwrap_err());
            assert!(error.contains(expected), "{error}");
        }
    }
}
