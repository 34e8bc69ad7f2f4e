//! Choosing by name: exactly, without regard to case, by a unique beginning, or by a pattern. Pure.

use crate::genesys::{Error, ErrorKind};

/// Something that has an id and a name.
pub trait NamedChoice {
    /// Identity.
    fn id(&self) -> &str;
    /// What people call it.
    fn name(&self) -> &str;
    /// Another thing that people call it by: an e-mail address.
    fn alias(&self) -> Option<&str> {
        None
    }
}

/// The choices that `wanted` means. `what` is the word for one of them: `queue`.
///
/// # Errors
/// [`ErrorKind::NotFound`] with the nearest names; [`ErrorKind::Setup`] when a beginning is not unique.
pub fn pick<'a, T: NamedChoice>(what: &str, wanted: &str, choices: &'a [T]) -> Result<Vec<&'a T>, Error> {
    let wanted = wanted.trim();
    let tried = || format!("{what} {wanted:?}");
    if let Some(choice) = choices.iter().find(|c| c.id().eq_ignore_ascii_case(wanted)) {
        return Ok(vec![choice]);
    }
    let folded = wanted.to_lowercase();
    let names = |c: &'a T| [Some(c.name()), c.alias()].into_iter().flatten();
    if wanted.contains(['*', '?']) {
        let found: Vec<&T> = choices.iter().filter(|c| names(c).any(|n| matches(&folded, &n.to_lowercase()))).collect();
        if found.is_empty() {
            return Err(Error::new(ErrorKind::NotFound, tried(), format!("no {what} has a name like that")));
        }
        return Ok(found);
    }
    // Several of one name exist in several divisions; the exact case decides, else all of them are meant.
    let exact: Vec<&T> = choices.iter().filter(|c| names(c).any(|n| n == wanted)).collect();
    if !exact.is_empty() {
        return Ok(exact);
    }
    let alike: Vec<&T> = choices.iter().filter(|c| names(c).any(|n| n.to_lowercase() == folded)).collect();
    if !alike.is_empty() {
        return Ok(alike);
    }
    let begins: Vec<&T> = choices
        .iter()
        .filter(|c| !folded.is_empty() && names(c).any(|n| n.to_lowercase().starts_with(&folded)))
        .collect();
    match begins.len() {
        0 => Err(missing(what, tried(), &folded, choices)),
        1 => Ok(begins),
        _ => {
            let first: Vec<String> = begins.iter().take(5).map(|c| format!("{:?}", c.name())).collect();
            let more = if begins.len() > 5 { ", …" } else { "" };
            let message = format!("it may be any of {} {what}s: {}{more}", begins.len(), first.join(", "));
            Err(Error::new(ErrorKind::Setup, tried(), message)
                .with_remedy("Write more of the name, or add a * to mean all."))
        }
    }
}

fn missing<T: NamedChoice>(what: &str, tried: String, wanted: &str, choices: &[T]) -> Error {
    let mut near: Vec<(f64, &str)> = choices
        .iter()
        .map(|c| (strsim::jaro_winkler(&c.name().to_lowercase(), wanted), c.name()))
        .filter(|(score, _)| *score > 0.75)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let message = format!("there is no such {what} among the {} that are visible", choices.len());
    let error = Error::new(ErrorKind::NotFound, tried, message);
    match near[..] {
        [] => error,
        [(_, one)] => error.with_remedy(format!("Did you mean {one:?}?")),
        [(_, one), (_, two), ..] => error.with_remedy(format!("Did you mean {one:?} or {two:?}?")),
    }
}

/// `*` is any text, `?` any character.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where to go back to: after the last star, and how much text that star has taken.
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                back = Some((p + 1, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match back {
                Some((after, taken)) => {
                    back = Some((after, taken + 1));
                    p = after;
                    t = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Queue(&'static str, &'static str);
    impl NamedChoice for Queue {
        fn id(&self) -> &str {
            self.0
        }
        fn name(&self) -> &str {
            self.1
        }
    }

    const ALL: [Queue; 5] = [
        Queue("1", "Billing"),
        Queue("2", "Billing Nord"),
        Queue("3", "Technical Support"),
        Queue("4", "Web Support"),
        Queue("5", "Ärger"),
    ];

    fn found(wanted: &str) -> Vec<&'static str> {
        pick("queue", wanted, &ALL).unwrap().iter().map(|q| q.0).collect()
    }

    #[test]
    fn by_id_name_case_beginning_and_pattern() {
        assert_eq!(found("3"), ["3"]);
        assert_eq!(found("Billing"), ["1"]);
        assert_eq!(found("bILLING"), ["1"]);
        assert_eq!(found("tech"), ["3"]);
        assert_eq!(found("ärger"), ["5"]);
        assert_eq!(found("*support"), ["3", "4"]);
        assert_eq!(found("billing*"), ["1", "2"]);
        assert_eq!(found("*"), ["1", "2", "3", "4", "5"]);
    }

    #[test]
    fn what_is_not_there_is_guessed_and_what_is_not_unique_is_listed() {
        let error = pick("queue", "Biling", &ALL).err().unwrap();
        assert_eq!(error.exit_code(), 4);
        assert!(error.to_string().ends_with(r#"Did you mean "Billing" or "Billing Nord"?"#), "{error}");
        let error = pick("queue", "bil", &ALL).err().unwrap();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains(r#""Billing", "Billing Nord""#), "{error}");
        assert_eq!(pick("queue", "zzz*", &ALL).err().unwrap().exit_code(), 4);
        assert_eq!(pick("queue", "", &ALL).err().unwrap().exit_code(), 4);
    }

    proptest! {
        #[test]
        fn patterns_match_what_they_were_made_from(parts in prop::collection::vec("[ab]{0,3}", 1..5), fill in prop::collection::vec("[abc]{0,3}", 4)) {
            let pattern = parts.join("*");
            let mut text = parts[0].clone();
            for (part, fill) in parts[1..].iter().zip(&fill) {
                text.push_str(fill);
                text.push_str(part);
            }
            prop_assert!(matches(&pattern, &text));
            let longer = pattern.clone() + "x";
            prop_assert!(!matches(&longer, &text));
        }
    }
}
