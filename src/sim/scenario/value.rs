//! Value templates of a scenario: text with `%{…}` places that are filled in from the call and from its random numbers.
//!
//! `%{number}` `%{name}` `%{email}` the caller · `%{from}` the caller's address · `%{to}` the dialled one · `%{id}` the
//! conversation · `%{uuid}` a fresh id · `%{time}` the moment in UTC · `%{n}` how often the beat ran · `%{digits:N}` N
//! random digits · `%{range:A-B}` a whole number · `%{pick:a|b|c}` one of them · `%{in:a|b|c}` each in turn with `%{n}` ·
//! `%{esc}` the escape character · `%{repeat:N:text}` text N times. Everything else, `{{…}}` included, is literal.

use anyhow::{Result, anyhow, bail, ensure};

/// What a template may refer to.
pub struct TemplateFacts<'a> {
    /// Caller's name.
    pub name: &'a str,
    /// Caller's number.
    pub number: &'a str,
    /// Caller's e-mail address.
    pub email: &'a str,
    /// Address the call comes from, as the platform shows it.
    pub from: &'a str,
    /// Address the call goes to.
    pub to: &'a str,
    /// Conversation id.
    pub id: &'a str,
    /// Moment in ms since 1970.
    pub at: i64,
    /// Repetition of the beat, from 0.
    pub n: u64,
}

/// Checks a template.
///
/// # Errors
/// A place that is unknown, malformed or never closed.
pub fn check(template: &str) -> Result<()> {
    let facts = TemplateFacts { name: "", number: "", email: "", from: "", to: "", id: "", at: 0, n: 0 };
    let mut rest = template;
    let mut rng = fastrand::Rng::with_seed(0);
    while let Some(start) = rest.find("%{") {
        let end = rest[start..].find('}').ok_or_else(|| anyhow!("%{{ is never closed"))? + start;
        let place = &rest[start + 2..end];
        fill_one(place, &facts, &mut rng).map_err(|e| anyhow!("%{{{place}}}: {e}"))?;
        rest = &rest[end + 1..];
    }
    Ok(())
}

/// Fills a checked template; a place that does not resolve stays as it is.
pub fn fill(template: &str, facts: &TemplateFacts<'_>, rng: &mut fastrand::Rng) -> String {
    if !template.contains("%{") {
        return template.to_owned();
    }
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(start) = rest.find("%{") {
        let Some(len) = rest[start..].find('}') else { break };
        out.push_str(&rest[..start]);
        match fill_one(&rest[start + 2..start + len], facts, rng) {
            Ok(text) => out.push_str(&text),
            Err(_) => out.push_str(&rest[start..=start + len]),
        }
        rest = &rest[start + len + 1..];
    }
    out.push_str(rest);
    out
}

fn fill_one(place: &str, facts: &TemplateFacts<'_>, rng: &mut fastrand::Rng) -> Result<String> {
    let (name, argument) = place.split_once(':').unwrap_or((place, ""));
    Ok(match name {
        "name" => facts.name.to_owned(),
        "number" => facts.number.to_owned(),
        "email" => facts.email.to_owned(),
        "from" => facts.from.to_owned(),
        "to" => facts.to.to_owned(),
        "id" => facts.id.to_owned(),
        "n" => facts.n.to_string(),
        "uuid" => crate::sim::ids::uuid(rng).to_string(),
        "time" => crate::sim::ids::iso(facts.at),
        "esc" => "\u{1b}".to_owned(),
        "digits" => {
            let count: usize = argument.parse()?;
            ensure!(count <= 64, "at most 64 digits");
            (0..count).map(|i| char::from(b'0' + rng.u8(if i == 0 { 1..10 } else { 0..10 }))).collect()
        }
        "range" => {
            let (low, high) = argument.split_once('-').ok_or_else(|| anyhow!("write range:1-9"))?;
            let (low, high): (i64, i64) = (low.parse()?, high.parse()?);
            ensure!(low <= high, "the range is empty");
            rng.i64(low..=high).to_string()
        }
        "pick" | "in" => {
            let choices: Vec<&str> = argument.split('|').collect();
            let index = if name == "pick" { rng.usize(0..choices.len()) } else { facts.n as usize % choices.len() };
            choices[index].to_owned()
        }
        "repeat" => {
            let (count, text) = argument.split_once(':').ok_or_else(|| anyhow!("write repeat:3:text"))?;
            let count: usize = count.parse()?;
            ensure!(count * text.len() <= 2_000_000, "too long");
            text.repeat(count)
        }
        _ => bail!("there is no such place"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str, n: u64) -> String {
        let facts = TemplateFacts {
            name: "Dana",
            number: "+1",
            email: "d@example.com",
            from: "tel:+1",
            to: "tel:+2",
            id: "x",
            at: 0,
            n,
        };
        fill(template, &facts, &mut fastrand::Rng::with_seed(1))
    }

    #[test]
    fn fills_places_and_leaves_other_text() {
        assert_eq!(filled("hello %{name}, {{lookup.tier}} 100%", 0), "hello Dana, {{lookup.tier}} 100%");
        assert_eq!(filled("%{in:a|b|c}", 4), "b");
        assert_eq!(filled("%{digits:6}", 0).len(), 6);
        assert_eq!(filled("%{repeat:3:ab}", 0), "ababab");
    }

    #[test]
    fn refuses_unknown_places() {
        assert!(check("%{nope}").is_err());
        assert!(check("%{digits:x}").is_err());
        assert!(check("%{name").is_err());
        assert!(check("{{name}}").is_ok());
    }
}
