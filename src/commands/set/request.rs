//! What was asked for on the command line: which keys, which values, on which conditions.

use super::{NonTextArg, SetArgs, usage};
use crate::{
    domain::{outbox::NonText, text},
    exit::Failure,
    localfile,
};
use std::{io::Read, path::Path};

/// Keys to write, and what must hold before.
#[derive(Debug, Default)]
pub(super) struct SetRequest {
    /// Key and new value, each key once.
    pub pairs: Vec<(String, String)>,
    /// Key and the value it must have; `None`: it must be absent.
    pub only_if: Vec<(String, Option<String>)>,
    /// What becomes of untouched values that are not text.
    pub non_text: NonText,
    /// What was done to the payload, for people.
    pub notes: Vec<String>,
}

impl SetRequest {
    pub(super) fn of(args: &SetArgs) -> Result<Self, Failure> {
        let non_text = match args.non_text {
            None => NonText::Ask,
            Some(NonTextArg::Omit) => NonText::Omit,
            Some(NonTextArg::Convert) => NonText::Convert,
        };
        let mut request = Self { non_text, ..Self::default() };
        if let Some(file) = &args.from {
            request.load(file)?;
        }
        for pair in &args.pairs {
            let (key, value) = split(pair, "KEY=VALUE")?;
            request.add(key, value)?;
        }
        for key in &args.blank {
            request.add(key, "")?;
        }
        if request.pairs.is_empty() {
            return Err(usage("nothing to set was named").remedy("name it as KEY=VALUE, --blank KEY or --from FILE"));
        }
        for condition in &args.only_if {
            let (key, old) = match condition.strip_prefix('!') {
                Some(key) if !key.contains('=') => (key, None),
                _ => split(condition, "--if KEY=OLD").map(|(key, old)| (key, Some(old.to_owned())))?,
            };
            match request.only_if.iter().find(|(k, _)| k == key) {
                Some((_, known)) if *known != old => return Err(usage(format!("--if names {} twice", shown(key)))),
                Some(_) => {}
                None => request.only_if.push((key.to_owned(), old)),
            }
        }
        Ok(request)
    }

    fn add(&mut self, key: &str, value: &str) -> Result<(), Failure> {
        if key.is_empty() {
            return Err(usage("a key must not be empty"));
        }
        match self.pairs.iter().find(|(k, _)| k == key) {
            Some((_, known)) if known != value => Err(usage(format!("{} is given two values", shown(key)))),
            Some(_) => Ok(()),
            None => {
                self.pairs.push((key.to_owned(), value.to_owned()));
                Ok(())
            }
        }
    }

    fn load(&mut self, file: &Path) -> Result<(), Failure> {
        let mut text = String::new();
        let read = if file.as_os_str() == "-" {
            std::io::stdin().take(localfile::SMALL).read_to_string(&mut text).map(|_| ())
        } else {
            localfile::read_to_string(file, localfile::SMALL).map(|read| text = read)
        };
        read.map_err(|e| usage(format!("--from {}: {e}", file.display())))?;
        let wrong = |what: String| usage(format!("--from {}: {}", file.display(), text::visible_lines(&what)));
        let explained = crate::payload::explain(&text).map_err(|e| wrong(e.to_string()))?;
        let settable = explained.settable().map_err(|problems| wrong(problems.join("\n")))?;
        self.notes = settable.notes.iter().map(|n| text::visible(n).into_owned()).collect();
        for (key, value) in settable.pairs {
            self.add(&key, &value)?;
        }
        Ok(())
    }
}

fn split<'a>(text: &'a str, form: &str) -> Result<(&'a str, &'a str), Failure> {
    text.split_once('=').ok_or_else(|| usage(format!("{} has no =: write {form}", shown(text))))
}

fn shown(key: &str) -> String {
    format!("{:?}", text::cut(key, 60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: SetArgs,
    }

    fn request(args: &[&str]) -> Result<SetRequest, Failure> {
        SetRequest::of(&Line::parse_from([&["set", "c"], args].concat()).args)
    }

    #[test]
    fn everything_after_the_first_equals_sign_is_the_value() {
        let request = request(&["k=a=b", "empty=", "--blank", "gone", "--if", "k=old=1", "--if", "!other"]).unwrap();
        let pairs: Vec<(&str, &str)> = request.pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("k", "a=b"), ("empty", ""), ("gone", "")]);
        let conditions = [("k".to_owned(), Some("old=1".to_owned())), ("other".to_owned(), None)];
        assert_eq!(request.only_if, conditions);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for args in [&[][..], &["novalue"], &["=v"], &["k=1", "k=2"], &["k=1", "--blank", "k"], &["k=1", "--if", "k"]] {
            assert!(request(args).is_err(), "{args:?}");
        }
        assert!(request(&["k=1", "k=1"]).is_ok());
    }
}
