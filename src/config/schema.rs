//! Every key of the configuration file: the one table behind the check for misspelt keys, `config init` and
//! docs/configuration.md.

use std::fmt::Write as _;

/// The tables of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Before the first table.
    Top,
    /// `[profile.NAME]`.
    Profile,
    /// `[ui]`.
    Ui,
    /// `[view.NAME]`.
    View,
    /// `[findings]`, and `[profile.NAME.findings]` over it.
    Findings,
    /// `[audit]`.
    Audit,
    /// `[store]`.
    Store,
    /// `[hooks]`.
    Hooks,
}

/// One key.
#[derive(Debug)]
pub struct Setting {
    /// Its table.
    pub section: Section,
    /// Its name.
    pub key: &'static str,
    /// A valid value, as TOML.
    pub sample: &'static str,
    /// What holds without it.
    pub default: &'static str,
    /// What it does, one line.
    pub help: &'static str,
}

const fn top(key: &'static str, sample: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { section: Section::Top, key, sample, default, help }
}

const fn profile(key: &'static str, sample: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { section: Section::Profile, key, sample, default, help }
}

const fn ui(key: &'static str, sample: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { section: Section::Ui, key, sample, default, help }
}

const fn view(key: &'static str, sample: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { section: Section::View, key, sample, default, help }
}

const fn findings(key: &'static str, sample: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { section: Section::Findings, key, sample, default, help }
}

const fn store(key: &'static str, sample: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { section: Section::Store, key, sample, default, help }
}

const fn hooks(key: &'static str, sample: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { section: Section::Hooks, key, sample, default, help }
}

/// All keys but those of `[keys]`, which are the names of actions.
pub const SETTINGS: &[Setting] = &[
    top(
        "default_profile",
        "\"acme\"",
        "the only profile there is",
        "profile used without --profile and SIDETONE_PROFILE",
    ),
    profile("region", "\"us-east-1\"", "none", "region key in either spelling, or domain"),
    profile("api_url", "\"https://api.example.com\"", "from the region", "address of the API, instead of a region"),
    profile("login_url", "\"https://login.example.com\"", "from the region", "address of the login server"),
    profile(
        "client_id",
        "\"00000000-0000-0000-0000-000000000000\"",
        "none",
        "OAuth client; never write its secret here",
    ),
    profile(
        "client_secret_command",
        "\"pass show genesys/acme\"",
        "none",
        "command whose first line of output is the secret of client_id",
    ),
    profile("grant", "\"client-credentials\"", "client-credentials", "how to sign in: client-credentials or pkce"),
    profile("read_only", "false", "false", "refuse every edit"),
    profile("mask", "true", "as [ui] mask", "mask personal data; cannot undo [ui] mask = true"),
    profile(
        "write",
        "\"merged\"",
        "merged",
        "what an edit sends: merged (the fresh map with the edits laid over it) or changed (the changed keys only)",
    ),
    profile(
        "route",
        "\"attributes\"",
        "attributes",
        "where an edit goes: attributes (…/participants/{id}/attributes), participant (…/participants/{id}) or media \
         (…/calls/…)",
    ),
    profile(
        "confirm_ms",
        "10000",
        "10000",
        "milliseconds to wait for an accepted value to be seen before the alarm or exit 7",
    ),
    profile("theme", "\"production\"", "as [ui] theme", "theme of this profile"),
    profile(
        "label",
        "\"PRODUCTION\"",
        "none; PRODUCTION with theme = \"production\"",
        "a word in the header, in a band of colour, and in the question before an edit is sent",
    ),
    profile("label_color", "\"red\"", "red", "colour of that band: red, yellow, green, blue, magenta or cyan"),
    ui(
        "theme",
        "\"auto\"",
        "auto",
        "auto (light on a light background, else terminal), terminal (its own sixteen colours), dark, light, high-contrast, \
         mono (no colour) or production (auto, with the header as a red band)",
    ),
    ui(
        "columns",
        "[\"customer_tier\", \"ivr_choice\"]",
        "chosen from what calls carry",
        "attribute keys shown as columns",
    ),
    ui("mouse", "true", "true", "use the mouse"),
    ui("confirm", "true", "true", "show the change and ask once before an edit is sent"),
    ui("mask", "true", "true", "mask personal data on screen and in exports"),
    ui("notify", "false", "false", "alerts notify through the terminal too (OSC 9), beside the bell"),
    ui("ascii", "false", "false", "draw with ASCII characters only"),
    view("filter", "\"!customer_tier\"", "all calls", "which calls the view shows, as a filter expression"),
    view("columns", "[\"customer_tier\"]", "chosen from what calls carry", "attribute keys shown as columns, in order"),
    view("sort", "\"activity\"", "age", "sort by age, activity, at, to, from or media"),
    view("sort_key", "\"customer_tier\"", "by `sort`", "sort by the value of this key instead"),
    view("reverse", "false", "false", "reverse the sort"),
    view("hide_ended", "false", "false", "hide calls that have ended"),
    view("widths", "{ customer_tier = 20 }", "as wide as the values", "widths of attribute columns"),
    findings(
        "ignore",
        "[\"trace_*\"]",
        "none",
        "attribute keys that no rule looks at; * at the end stands for anything",
    ),
    findings(
        "personal-data-in-clear",
        "\"off\"",
        "as the rule says",
        "off, info, warn or error; so for each rule that 'sidetone check --rules' names",
    ),
    Setting {
        section: Section::Audit,
        key: "keep_days",
        sample: "365",
        default: "365",
        help: "days after which a line of the audit file is removed",
    },
    store("enabled", "false", "false", "keep what watch sees, too; collect always does (docs/history.md)"),
    store(
        "path",
        "\"history.sqlite\"",
        "history.sqlite",
        "the SQLite file; without a directory, in the state directory",
    ),
    store(
        "url",
        "\"postgres://sidetone@db.example.com/history\"",
        "none",
        "a PostgreSQL server instead, for several people or machines; its password is in SIDETONE_STORE_PASSWORD",
    ),
    store("keep_days", "90", "90", "days after which collect removes a call"),
    store("values", "[\"customer_tier\"]", "none", "keys whose values are kept as they are; of others, a salted hash"),
    hooks(
        "command",
        "[\"/usr/local/bin/notify\", \"--stdin\"]",
        "none",
        "program and arguments, started without a shell; it reads one JSON object from stdin",
    ),
    hooks("url", "\"https://chat.example.com/hook\"", "none", "where that object is posted instead, or as well"),
    hooks(
        "on",
        "[\"finding\", \"alert\", \"presence-drop\"]",
        "all three",
        "of what is told: findings, alerts, keys whose presence fell with a new flow version",
    ),
    hooks("severity", "\"warn\"", "warn", "the least severity of findings that are told: info, warn or error"),
    hooks("mask", "true", "true", "mask personal data in what is told"),
    hooks("timeout_ms", "10000", "10000", "milliseconds after which a run is ended"),
];

/// Values of `theme`.
pub const THEMES: &[&str] = &["auto", "terminal", "dark", "light", "high-contrast", "mono", "production"];

/// The keys of one section.
pub(super) fn keys_of(section: Section) -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().filter(move |s| s.section == section).map(|s| s.key)
}

/// A complete configuration file with every setting commented out: what `config init` writes.
pub fn template() -> String {
    let mut text = String::from(
        "# Configuration of sidetone. Check it with 'sidetone config check'.\n\
         # The secret of an OAuth client does not belong here: set GENESYS_CLIENT_SECRET, or client_secret_command.\n",
    );
    for (section, title) in [
        (Section::Top, ""),
        (Section::Profile, "\n# Any number of profiles.\n[profile.acme]"),
        (Section::Ui, "\n[ui]"),
        (Section::View, "\n# Views: --view missing-tier, or V on the screen. Any number.\n[view.missing-tier]"),
        (Section::Findings, "\n# Rules; [profile.acme.findings] takes the same, for that profile alone.\n[findings]"),
        (Section::Audit, "\n[audit]"),
        (Section::Store, "\n[store]"),
        (Section::Hooks, "\n[hooks]"),
    ] {
        if !title.is_empty() {
            _ = writeln!(text, "{title}");
        }
        for setting in SETTINGS.iter().filter(|s| s.section == section) {
            _ = writeln!(
                text,
                "# {}; default: {}\n# {} = {}",
                setting.help, setting.default, setting.key, setting.sample
            );
        }
    }
    text.push_str(
        "\n# Keys of the terminal UI: the name of an action, as the command palette shows it, and its keys.\n[keys]\n\
         # quit = [\"q\", \"ctrl-c\"]\n",
    );
    text
}
