//! Every setting of the configuration file, declared once with its type: the table behind the check for misspelt keys,
//! `config init` and docs/configuration.md.

use super::setting::{Section, Setting};
use super::{file, history, views};
use std::fmt::Write as _;

/// Those of `[findings]`, whose keys are keys of attributes and names of rules.
const FINDINGS: &[Setting] = &[
    Setting {
        section: Section::Findings,
        key: "ignore",
        sample: "[\"trace_*\"]",
        default: "none",
        help: "attribute keys that no rule looks at; * at the end stands for anything",
    },
    Setting {
        section: Section::Findings,
        key: "personal-data-in-clear",
        sample: "\"off\"",
        default: "as the rule says",
        help: "off, info, warn or error; so for each rule that 'sidetone check --rules' names",
    },
];

/// All settings but those of `[keys]`, which are the names of actions; each is declared where its type is.
pub fn settings() -> impl Iterator<Item = &'static Setting> {
    [
        file::TOP_SETTINGS,
        file::PROFILE_SETTINGS,
        file::UI_SETTINGS,
        views::SETTINGS,
        FINDINGS,
        file::AUDIT_SETTINGS,
        history::STORE_SETTINGS,
        history::HOOKS_SETTINGS,
    ]
    .into_iter()
    .flatten()
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
        for setting in settings().filter(|s| s.section == section) {
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
