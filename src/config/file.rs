//! The configuration file: its types, and errors that name the line and the nearest right key.

use super::{
    findings::{self, FindingsTable},
    history::{self, HooksTable, StoreTable},
    problem::{Problem, check_keys, line_of, nearest},
    setting::{THEMES, names, settings_table},
    views::{self, Views},
};
use crate::genesys;
use serde::Deserialize;
use std::{collections::BTreeMap, path::Path};
use toml::de::{DeTable, DeValue};

/// Name of a profile.
pub type ProfileName = String;

/// `[keys]`: the name of an action, and the keys that shall trigger it. The key map knows the actions.
pub type Keys = BTreeMap<String, Vec<String>>;

settings_table! {
    /// A whole file.
    #[derive(Debug, Default, PartialEq, Deserialize)]
    pub struct File in Top, TOP_SETTINGS {
        /// profile used without --profile and SIDETONE_PROFILE
        default_profile: ProfileName, "the only profile there is", "\"acme\"";
    } and {
        /// Profiles by name.
        profile: BTreeMap<ProfileName, Profile>,
        /// `[ui]`.
        ui: UiTable,
        /// `[keys]`.
        keys: Keys,
        /// On which line each key of `[keys]` stands: the key map judges them, and says where.
        #[serde(skip)]
        key_lines: BTreeMap<String, usize>,
        /// On which line the filter of each view stands.
        #[serde(skip)]
        view_lines: BTreeMap<String, usize>,
        /// `[findings]`.
        findings: FindingsTable,
        /// `[view.NAME]`.
        view: Views,
        /// `[audit]`.
        audit: AuditTable,
        /// `[store]`.
        store: StoreTable,
        /// `[hooks]`.
        hooks: HooksTable,
    }
}

settings_table! {
    /// `[audit]`.
    #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
    pub struct AuditTable in Audit, AUDIT_SETTINGS {
        /// days after which a line of the audit file is removed
        keep_days: u32, "365", "365";
    }
}

settings_table! {
    /// `[profile.NAME]`.
    #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
    pub struct Profile in Profile, PROFILE_SETTINGS {
        /// region key in either spelling, or domain
        region: String, "none", "\"us-east-1\"";
        /// address of the API, instead of a region
        api_url: String, "from the region", "\"https://api.example.com\"";
        /// address of the login server
        login_url: String, "from the region", "\"https://login.example.com\"";
        /// OAuth client; never write its secret here
        client_id: String, "none", "\"00000000-0000-0000-0000-000000000000\"";
        /// command whose first line of output is the secret of client_id
        client_secret_command: String, "none", "\"pass show genesys/acme\"";
        /// how to sign in: client-credentials or pkce
        grant: Grant, "client-credentials", "\"client-credentials\"";
        /// refuse every edit
        read_only: bool, "false", "false";
        /// mask personal data; cannot undo `[ui] mask = true`
        mask: bool, "as [ui] mask", "true";
        /// what an edit sends: merged (the current attributes with the changes) or changed (the changed keys only)
        write: WriteSetting, "merged", "\"merged\"";
        /// where an edit goes: attributes (…/participants/{id}/attributes), participant (…/participants/{id}) or media
        /// (…/calls/…)
        route: RouteSetting, "attributes", "\"attributes\"";
        /// milliseconds to wait for an accepted value to be seen before the alarm or exit 7
        confirm_ms: u64, "10000", "10000";
        /// theme of this profile
        theme: String, "as [ui] theme", "\"production\"";
        /// a word in the header, in a band of colour, and in the question before an edit is sent
        label: String, "none; PRODUCTION with theme = \"production\"", "\"PRODUCTION\"";
        /// colour of that band: red, yellow, green, blue, magenta or cyan
        label_color: LabelColor, "red", "\"red\"";
    } and {
        /// `[profile.NAME.findings]`, laid over `[findings]`.
        findings: FindingsTable,
    }
}

settings_table! {
    /// `[ui]`.
    #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
    pub struct UiTable in Ui, UI_SETTINGS {
        /// auto (light on a light background, else terminal), terminal (its own sixteen colours), dark, light, high-contrast,
        /// mono (no colour) or production (auto, with the header as a red band)
        theme: String, "auto", "\"auto\"";
        /// attribute keys shown as columns
        columns: Vec<String>, "chosen from the keys of the calls", "[\"customer_tier\", \"ivr_choice\"]";
        /// use the mouse
        mouse: bool, "true", "true";
        /// show the change and ask once before an edit is sent
        confirm: bool, "true", "true";
        /// mask personal data on screen and in exports
        mask: bool, "true", "true";
        /// alerts notify through the terminal too (OSC 9), beside the bell
        notify: bool, "false", "false";
        /// draw with ASCII characters only
        ascii: bool, "false", "false";
    }
}

/// The colour of the band under a label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LabelColor {
    /// Red.
    #[default]
    Red,
    /// Yellow.
    Yellow,
    /// Green.
    Green,
    /// Blue.
    Blue,
    /// Magenta.
    Magenta,
    /// Cyan.
    Cyan,
}

/// How to sign in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grant {
    /// With a client id and its secret.
    #[default]
    ClientCredentials,
    /// In the browser, with `sidetone login`.
    Pkce,
}

/// What an edit sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WriteSetting {
    /// Current attributes + your changes: right whether the server merges or replaces.
    #[default]
    Merged,
    /// The changed keys only.
    Changed,
}

/// Where an edit goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RouteSetting {
    /// `/conversations/{id}/participants/{pid}/attributes`.
    #[default]
    Attributes,
    /// `/conversations/{id}/participants/{pid}`, as tutorials in circulation show it.
    Participant,
    /// `/conversations/{calls|…}/{id}/participants/{pid}/attributes`.
    Media,
}

impl File {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// The error of syntax; else all misspelt keys and all values that cannot be, by line.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let (file, problems) = Self::survey(text);
        if problems.is_empty() { Ok(file) } else { Err(problems) }
    }

    /// Reads the text of a file as far as it can be read: what is right in it, and everything that is wrong, by line.
    pub(super) fn survey(text: &str) -> (Self, Vec<Problem>) {
        let table = match DeTable::parse(text) {
            Ok(table) => table,
            Err(e) => {
                let line = e.span().map_or(1, |span| line_of(text, span.start));
                return (Self::default(), vec![Problem { line, message: on_one_line(&e) }]);
            }
        };
        let mut problems = unknown_keys(text, table.get_ref());
        let (wrong, rest) = wrong_types(text, &problems);
        problems.extend(wrong);
        problems.sort_by_key(|p| p.line);
        let mut file: Self = toml::from_str(&rest).unwrap_or_default();
        let line = |name: &toml::Spanned<toml::de::DeString<'_>>| line_of(text, name.span().start);
        let table_named = |wanted: &str| {
            let found = table.get_ref().iter().find(|(name, _)| name.get_ref() == wanted);
            found.and_then(|(_, value)| if let DeValue::Table(table) = value.get_ref() { Some(table) } else { None })
        };
        if let Some(keys) = table_named("keys") {
            file.key_lines = keys.keys().map(|name| (name.get_ref().to_string(), line(name))).collect();
        }
        if let Some(views) = table_named("view") {
            let of_filter = |view: &DeValue<'_>| {
                let DeValue::Table(view) = view else { return None };
                view.iter().find(|(key, _)| key.get_ref() == "filter").map(|(key, _)| line(key))
            };
            let of = |(name, view): (&toml::Spanned<toml::de::DeString<'_>>, &toml::Spanned<DeValue<'_>>)| {
                (name.get_ref().to_string(), of_filter(view.get_ref()).unwrap_or_else(|| line(name)))
            };
            file.view_lines = views.iter().map(of).collect();
        }
        (file, problems)
    }

    /// Which profiles there are, or the one that was meant.
    pub(super) fn profiles_there(&self, name: &str) -> String {
        match nearest(name, self.profile.keys().map(String::as_str)) {
            Some(near) => format!("did you mean {near:?}?"),
            None if self.profile.is_empty() => "the configuration file has no profiles".to_owned(),
            None => format!("there are: {}", self.profile.keys().cloned().collect::<Vec<_>>().join(", ")),
        }
    }

    /// A default profile that is none: what `config check` finds beside other mistakes.
    pub(super) fn bad_default(text: &str, file: &Self) -> Option<Problem> {
        let table = DeTable::parse(text).ok()?;
        let (key, value) = table.get_ref().iter().find(|(name, _)| name.get_ref() == "default_profile")?;
        let DeValue::String(name) = value.get_ref() else { return None };
        // A profile in which something is wrong is there all the same.
        let of = table.get_ref().iter().find(|(name, _)| name.get_ref() == "profile").map(|(_, of)| of.get_ref());
        let is_there = matches!(of, Some(DeValue::Table(of)) if of.keys().any(|key| key.get_ref() == name));
        let message = format!("default_profile: no profile {name:?}; {}", file.profiles_there(name.as_ref()));
        (!is_there).then(|| Problem { line: line_of(text, key.span().start), message })
    }

    /// Regions that are none, of any profile: what `config check` finds and only a connection would.
    pub(super) fn bad_regions(text: &str) -> Vec<Problem> {
        let Ok(table) = DeTable::parse(text) else { return Vec::new() };
        let profiles = table.get_ref().iter().filter(|(name, _)| name.get_ref() == "profile");
        let mut problems = Vec::new();
        for (_, profiles) in profiles {
            let DeValue::Table(profiles) = profiles.get_ref() else { continue };
            for (profile, table) in profiles {
                let DeValue::Table(table) = table.get_ref() else { continue };
                let region = table.iter().find(|(key, _)| key.get_ref() == "region");
                let Some((_, value)) = region else { continue };
                let DeValue::String(region) = value.get_ref() else { continue };
                // An address with a password is not shown.
                if region.contains('@') || genesys::Region::find(region).is_some() {
                    continue;
                }
                let message = format!(
                    "region in [profile.{}]: {}; {}",
                    profile.get_ref(),
                    super::region::invalid_region(region),
                    super::region::known_regions(region)
                );
                problems.push(Problem { line: line_of(text, value.span().start), message });
            }
        }
        problems
    }
}

/// The message of the reader, in words of people.
fn on_one_line(error: &toml::de::Error) -> String {
    let message = error.message().trim_end().replace('\n', "; ");
    const WORDS: [(&str, &str); 13] = [
        ("expected u64", "expected a whole number from 0 on"),
        ("expected u32", "expected a whole number from 0 on"),
        ("expected u16", "expected a whole number from 0 to 65535"),
        ("expected u8", "expected a whole number from 0 to 255"),
        ("expected usize", "expected a whole number from 0 on"),
        ("expected i64", "expected a whole number"),
        ("expected f64", "expected a number"),
        ("expected a boolean", "expected true or false"),
        ("expected a sequence", "expected a list: [\"…\"]"),
        ("expected a string", "expected text in quotes"),
        ("expected a map", "expected a table"),
        ("invalid type: integer", "not the number"),
        ("invalid value: integer", "not the number"),
    ];
    let said = WORDS.iter().fold(message, |message, (from, to)| message.replace(from, to));
    said.replace("invalid type: string", "not the text").replace("invalid type: ", "not a ").replace('`', "")
}

/// Every value that the types do not take, besides the lines that are `known` to be wrong: what was found is taken out and the rest is
/// read again. Offsets in what is left are those in the text.
fn wrong_types(text: &str, known: &[Problem]) -> (Vec<Problem>, String) {
    let mut left = text.to_owned();
    let mut problems: Vec<Problem> = Vec::new();
    while let Err(e) = toml::from_str::<File>(&left) {
        let Some(span) = e.span() else {
            problems.push(Problem { line: 1, message: on_one_line(&e) });
            break;
        };
        let line = line_of(text, span.start);
        // Of a whole table it is said where that begins: what was found in it is more exact.
        let from = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let is_table = text[from..].trim_start().starts_with('[');
        let next = text[span.start..].find("\n[").map_or(text.len(), |at| span.start + at);
        let last = if is_table { line_of(text, next) } else { line };
        if !known.iter().chain(&problems).any(|p| (line..=last).contains(&p.line)) {
            // The key, where the line begins with one.
            let key = text[from..].split(['=', '\n']).next().unwrap_or_default().trim();
            let is_key = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "_-.\"".contains(c));
            let key = if is_key && !is_table { format!("{key}: ") } else { String::new() };
            problems.push(Problem { line, message: format!("{key}{}", on_one_line(&e)) });
        }
        let rest = without_line(&left, span);
        if rest == left || DeTable::parse(&rest).is_err() {
            break;
        }
        left = rest;
    }
    (problems, left)
}

/// The text with spaces in the place of the lines of `span`, and of a whole table where that begins there: offsets and lines stay.
fn without_line(text: &str, span: std::ops::Range<usize>) -> String {
    let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let mut end = text[span.end..].find('\n').map_or(text.len(), |at| span.end + at);
    if text[start..].trim_start().starts_with('[') {
        end = text[end..].find("\n[").map_or(text.len(), |at| end + at);
    }
    let blank = text[start..end].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect::<String>();
    format!("{}{blank}{}", &text[..start], &text[end..])
}

/// Problems as lines of `FILE:LINE: message`.
pub(super) fn describe(path: &Path, problems: &[Problem]) -> String {
    let line = |p: &Problem| format!("{}:{}: {}", path.display(), p.line, p.message);
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn unknown_keys(text: &str, root: &DeTable<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let tables = ["profile", "ui", "keys", "view", "findings", "audit", "store", "hooks"];
    let top: Vec<&str> = names(TOP_SETTINGS).chain(tables).collect();
    check_keys(text, root, &top, "", &mut problems);
    for (name, value) in root {
        match (name.get_ref().as_ref(), value.get_ref()) {
            ("profile", DeValue::Table(profiles)) => {
                let keys: Vec<&str> = names(PROFILE_SETTINGS).chain(["findings"]).collect();
                for (name, profile) in profiles {
                    let section = format!(" in [profile.{}]", name.get_ref());
                    if let DeValue::Table(table) = profile.get_ref() {
                        check_keys(text, table, &keys, &section, &mut problems);
                        theme(text, table, &mut problems);
                        values(text, table, &section, &mut problems);
                        let own = table.iter().find(|(key, _)| key.get_ref() == "findings");
                        if let Some(DeValue::Table(own)) = own.map(|(_, value)| value.get_ref()) {
                            let section = format!(" in [profile.{}.findings]", name.get_ref());
                            findings::problems(text, own, &section, &mut problems);
                        }
                    }
                }
            }
            ("view", DeValue::Table(views)) => {
                let keys: Vec<&str> = names(views::SETTINGS).collect();
                for (name, view) in views {
                    if let DeValue::Table(table) = view.get_ref() {
                        check_keys(text, table, &keys, &format!(" in [view.{}]", name.get_ref()), &mut problems);
                    }
                }
            }
            ("ui", DeValue::Table(table)) => {
                check_keys(text, table, &names(UI_SETTINGS).collect::<Vec<_>>(), " in [ui]", &mut problems);
                theme(text, table, &mut problems);
            }
            ("audit", DeValue::Table(table)) => {
                check_keys(text, table, &names(AUDIT_SETTINGS).collect::<Vec<_>>(), " in [audit]", &mut problems);
            }
            ("store", DeValue::Table(table)) => {
                check_keys(
                    text,
                    table,
                    &names(history::STORE_SETTINGS).collect::<Vec<_>>(),
                    " in [store]",
                    &mut problems,
                );
                history::store_problems(text, table, &mut problems);
            }
            ("hooks", DeValue::Table(table)) => {
                check_keys(
                    text,
                    table,
                    &names(history::HOOKS_SETTINGS).collect::<Vec<_>>(),
                    " in [hooks]",
                    &mut problems,
                );
                history::hook_problems(text, table, &mut problems);
            }
            ("findings", DeValue::Table(table)) => findings::problems(text, table, " in [findings]", &mut problems),
            _ => {}
        }
    }
    problems.sort_by_key(|p| p.line);
    problems
}

fn theme(text: &str, table: &DeTable<'_>, problems: &mut Vec<Problem>) {
    let Some((_, value)) = table.iter().find(|(key, _)| key.get_ref() == "theme") else { return };
    let DeValue::String(name) = value.get_ref() else { return };
    if !THEMES.contains(&name.as_ref()) {
        let remedy = match nearest(name, THEMES.iter().copied()) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("known are {}", THEMES.join(", ")),
        };
        let line = line_of(text, value.span().start);
        problems.push(Problem { line, message: format!("unknown theme {name:?}; {remedy}") });
    }
}

/// Values of a profile that are of the right type and cannot be.
fn values(text: &str, table: &DeTable<'_>, section: &str, problems: &mut Vec<Problem>) {
    for (name, value) in table {
        let flaw = match (name.get_ref().as_ref(), value.get_ref()) {
            ("api_url" | "login_url", DeValue::String(url)) => genesys::flaw(url),
            ("confirm_ms", DeValue::Integer(ms)) if ms.as_str() == "0" => {
                Some("0 leaves no time to see a value; the default is 10000".to_owned())
            }
            _ => None,
        };
        let line = line_of(text, value.span().start);
        problems.extend(flaw.map(|flaw| Problem { line, message: format!("{}{section}: {flaw}", name.get_ref()) }));
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema::{self, template};
    use super::*;

    #[test]
    fn a_misspelt_key_is_named_with_its_line_and_the_nearest_right_one() {
        let text = "[profile.acme]\nregion = \"us-east-1\"\nclientid = \"x\"\n[ui]\ncolums = []\n";
        let problems = File::parse(text).unwrap_err();
        assert_eq!(problems.len(), 2);
        assert_eq!(problems[0].line, 3);
        assert!(problems[0].message.contains("[profile.acme]") && problems[0].message.contains("\"client_id\""));
        assert_eq!(problems[1].line, 5);
        assert!(problems[1].message.contains("\"columns\""));
    }

    #[test]
    fn addresses_and_times_that_cannot_be_are_named_with_their_line() {
        let text = "[profile.a]\napi_url = 'x'\n[profile.b]\nlogin_url = 'http://example.com'\nconfirm_ms = 0\n";
        let problems = File::parse(text).unwrap_err();
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(
            told[0].starts_with("line 2: api_url in [profile.a]: ") && told[0].contains("not an address"),
            "{told:?}"
        );
        assert!(told[1].starts_with("line 4: login_url") && told[1].contains("without encryption"), "{told:?}");
        assert!(told[2].starts_with("line 5: confirm_ms"), "{told:?}");
        assert!(File::parse("[profile.a]\napi_url = 'http://127.0.0.1:1'\nconfirm_ms = 1\n").is_ok());
    }

    #[test]
    fn a_misspelt_table_is_named_too() {
        let problems = File::parse("[profiles.acme]\n").unwrap_err();
        assert!(problems[0].message.contains("\"profile\""), "{problems:?}");
    }

    #[test]
    fn a_secret_in_the_file_is_refused_with_advice() {
        let problems = File::parse("[profile.acme]\nclient_secret = \"sample\"\n").unwrap_err();
        assert!(problems[0].message.contains("do not belong"), "{problems:?}");
        assert!(!problems[0].message.contains("sample"));
    }

    #[test]
    fn an_unknown_theme_is_named_with_the_nearest() {
        let problems = File::parse("[ui]\nmouse = true\ntheme = \"highcontrast\"\n").unwrap_err();
        assert_eq!(problems[0].line, 3);
        assert!(problems[0].message.contains("\"high-contrast\""), "{problems:?}");
        let of_profile = File::parse("[profile.a]\ntheme = \"prodution\"\n").unwrap_err();
        assert!(of_profile[0].message.contains("\"production\""), "{of_profile:?}");
        let color = File::parse("[profile.a]\nlabel_color = \"rde\"\n").unwrap_err();
        assert!(color[0].line == 2 && color[0].message.contains("red"), "{color:?}");
    }

    #[test]
    fn wrong_types_and_syntax_name_their_line() {
        let wrong_type = File::parse("\n[profile.acme]\nread_only = \"yes\"\n").unwrap_err();
        assert_eq!(wrong_type[0].line, 3, "{wrong_type:?}");
        let wrong_value = File::parse("[profile.acme]\n\nwrite = \"merge\"\n").unwrap_err();
        assert_eq!(wrong_value[0].line, 3);
        assert!(wrong_value[0].message.contains("merged"), "{wrong_value:?}");
        let syntax = File::parse("[ui]\nmouse =\n").unwrap_err();
        assert_eq!(syntax[0].line, 2);
    }

    #[test]
    fn values_of_a_wrong_type_are_named_beside_misspelt_keys_and_each_other() {
        let text = "[profile.acme]\nread_only = \"yes\"\nclientid = \"x\"\nconfirm_ms = [1]\n\n[ui]\nmouse = 3\n\n\
                    [profiles.b]\nx = 1\n[keys]\nsort = 3\nquit = [\"q\"]\n";
        let problems = File::parse(text).unwrap_err();
        let lines: Vec<usize> = problems.iter().map(|p| p.line).collect();
        assert_eq!(lines, [2, 3, 4, 7, 9, 12], "{problems:?}");
        let several = "[ui]\ncolumns = [\n  \"a\",\n  3,\n]\nmouse = \"yes\"\n";
        let problems = File::parse(several).unwrap_err();
        assert!(problems.iter().any(|p| (2..=4).contains(&p.line)), "{problems:?}");
    }

    #[test]
    fn mistakes_are_in_words_of_people() {
        let said = |text: &str| File::parse(text).unwrap_err()[0].message.clone();
        assert_eq!(
            said("[profile.acme]\nread_only = \"yes\"\n"),
            "read_only: not the text \"yes\", expected true or false"
        );
        assert_eq!(
            said("[profile.acme]\nconfirm_ms = -1\n"),
            "confirm_ms: not the number -1, expected a whole number from 0 on"
        );
        assert_eq!(said("[ui]\ncolumns = \"tier\"\n"), "columns: not the text \"tier\", expected a list: [\"…\"]");
    }

    #[test]
    fn the_table_of_settings_and_the_types_agree() {
        let uncommented: String = template()
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest) if schema::settings().any(|s| rest.starts_with(&format!("{} = ", s.key))) => rest,
                _ => line,
            })
            .flat_map(|line| [line, "\n"])
            .collect();
        let file = File::parse(&uncommented).expect("every setting of the table is known to the types");
        let debug = format!("{file:?}");
        assert!(!debug.contains("None"), "a field of the types is missing from the table: {debug}");
    }

    #[test]
    fn what_init_writes_is_valid_and_changes_nothing() {
        let file = File::parse(&template()).unwrap();
        assert_eq!((file.default_profile, file.ui, file.keys.len()), (None, UiTable::default(), 0));
        assert_eq!(file.profile["acme"], Profile::default());
    }
}
