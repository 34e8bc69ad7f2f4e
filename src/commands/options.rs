//! Options that several commands share, and what they mean to the modules below: plain types without a parser.

use crate::{
    config::Overrides,
    domain,
    exit::{Exit, Failure},
    genesys::discover::Wanted,
    logging::Level,
};
use clap::{Args, ValueEnum};
use std::{path::PathBuf, time::Duration};

/// Which conversations to watch. Options may be repeated and mixed.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[command(next_help_heading = "Watch options")]
pub struct WatchOptions {
    /// Watch the conversations of a queue, by name or id
    #[arg(
        long,
        value_name = "NAME|ID",
        long_help = "Watch the conversations of a queue, by name or id. Names are compared without regard to case; a \
                     unique beginning or a pattern with * is enough. May be repeated."
    )]
    pub queue: Vec<String>,
    /// Watch the conversations of a user, by id, e-mail address or "me"
    #[arg(
        long,
        value_name = "ID|EMAIL|me",
        long_help = "Watch the conversations of a user, by id, e-mail address or 'me' (the user who is signed in; there \
                     is none with client credentials). May be repeated."
    )]
    pub user: Vec<String>,
    /// Watch one conversation, by id or by the address of its page in the admin interface
    #[arg(
        long,
        value_name = "ID|URL",
        long_help = "Watch one conversation, by id or by the address of its page in the admin interface. Reaches calls \
                     that are in no queue. May be repeated."
    )]
    pub conversation: Vec<String>,
    /// Watch the calls of a flow, by name or id; they are found by polling
    #[arg(
        long,
        value_name = "NAME|ID",
        long_help = "Watch the calls of a flow, by name or id. A call that is still in its flow is in no queue topic, so \
                     such calls are found by polling within the rate limit. May be repeated."
    )]
    pub flow: Vec<String>,
    /// Watch every queue that the token may see
    #[arg(long)]
    pub all_queues: bool,
    /// Trap the next call: wait for one that begins from now on, and follow just that
    #[arg(
        long,
        long_help = "Trap the next call: wait for one that begins from now on and matches --from and --dnis (and --filter, \
                     where there is one), and follow just that. In the terminal UI the call is opened when it comes."
    )]
    pub next: bool,
    /// With --next: a part of the caller's number
    #[arg(long, value_name = "NUMBER", requires = "next")]
    pub from: Option<String>,
    /// With --next: a part of the number that was dialled
    #[arg(long, value_name = "NUMBER", requires = "next")]
    pub dnis: Option<String>,
}

impl WatchOptions {
    /// True when nothing was chosen.
    pub fn is_empty(&self) -> bool {
        let Self { queue, user, conversation, flow, all_queues, next: _, from: _, dnis: _ } = self;
        !all_queues && [queue, user, conversation, flow].into_iter().all(Vec::is_empty)
    }

    /// What is to be looked up and watched.
    pub fn wanted(&self) -> Wanted {
        Wanted {
            queues: self.queue.clone(),
            users: self.user.clone(),
            conversations: self.conversation.clone(),
            flows: self.flow.clone(),
            all_queues: self.all_queues,
            all_flows: false,
        }
    }

    /// The trap that is asked for, set now; `filter` must hold too.
    pub fn trap(&self, filter: domain::filter::Filter, now: domain::At) -> Option<domain::Trap> {
        self.next.then(|| domain::Trap::set(self.from.as_deref(), self.dnis.as_deref(), filter, now))
    }
}

/// Options of the terminal UI.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[command(next_help_heading = "Terminal UI")]
pub struct UiOptions {
    /// Show what calls lack of what this expectation file says (docs/findings.md)
    #[arg(long, value_name = "FILE")]
    pub expect: Option<PathBuf>,
    /// Begin with this view: filter, columns and order under a name
    #[arg(long, value_name = "NAME")]
    pub view: Option<String>,
    /// Keep the session in this file from the beginning, as 'record' does; R ends it
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
}

/// Options that every command takes.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub struct GlobalOptions {
    /// Refuse every edit
    #[arg(
        long,
        global = true,
        long_help = "Refuse every edit. Also set by the profile (read_only) or SIDETONE_READ_ONLY=1; any of the three is \
                     enough, none of them can undo another."
    )]
    pub read_only: bool,
    /// Use this profile of the configuration file
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        long_help = "Use this profile of the configuration file. 'collect' takes several, each named by an option of its own."
    )]
    pub profile: Vec<String>,
    /// Use this configuration file
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Run the hooks of the file that --config names
    #[arg(
        long,
        global = true,
        long_help = "Run the hooks of the file that --config (or SIDETONE_CONFIG) names. Without it only those of the \
                     configuration in its usual place are run, so that a file which somebody handed over starts nothing."
    )]
    pub allow_hooks: bool,
    /// Region of the organisation, e.g. us-east-1 or mypurecloud.com
    #[arg(
        long,
        global = true,
        value_name = "KEY|DOMAIN",
        long_help = "Region of the organisation: a key in either spelling (us-east-1, us_east_1) or its domain \
                     (mypurecloud.com)."
    )]
    pub region: Option<String>,
    /// Address of the API, instead of a region
    #[arg(
        long,
        global = true,
        value_name = "URL",
        long_help = "Address of the API instead of a region: a gateway, or the simulator. Plain http is accepted for \
                     this machine only."
    )]
    pub api_url: Option<String>,
    /// Address of the login server, instead of a region
    #[arg(long, global = true, value_name = "URL")]
    pub login_url: Option<String>,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t, hide_possible_values = false)]
    pub color: ColorWhen,
    /// Leave the mouse to the terminal
    #[arg(long, global = true)]
    pub no_mouse: bool,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// How much to write to the log file
    #[arg(long, global = true, value_name = "LEVEL", value_enum, default_value_t)]
    pub log_level: LogLevel,
}

impl GlobalOptions {
    /// What they say about settings.
    pub fn overrides(&self) -> Overrides {
        Overrides {
            read_only: self.read_only,
            profile: self.profile.first().cloned(),
            region: self.region.clone(),
            api_url: self.api_url.clone(),
            login_url: self.login_url.clone(),
            no_mouse: self.no_mouse,
            ascii: self.ascii,
            allow_hooks: self.allow_hooks,
        }
    }
}

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColorWhen {
    /// Whether to colour text written to something that is a `terminal` or not, with `no_color` set or not.
    /// The option is the later and more specific wish, so `always` wins over NO_COLOR.
    pub fn allows(self, terminal: bool, no_color: bool) -> bool {
        match self {
            Self::Auto => terminal && !no_color,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// `--log-level`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Failures only.
    Error,
    /// And what may become one.
    Warn,
    /// And what was done.
    #[default]
    Info,
    /// And why.
    Debug,
    /// And every frame's topic.
    Trace,
}

impl From<LogLevel> for Level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::Error,
            LogLevel::Warn => Self::Warn,
            LogLevel::Info => Self::Info,
            LogLevel::Debug => Self::Debug,
            LogLevel::Trace => Self::Trace,
        }
    }
}

/// Reads DUR of the contract, for clap.
pub fn duration(text: &str) -> Result<Duration, String> {
    domain::duration::parse(text).ok_or_else(|| domain::duration::FORMS.to_owned())
}

/// The usage error of commands that need to be told what to watch.
pub fn nothing_to_watch() -> Failure {
    Exit::Usage
        .because("nothing to watch was named")
        .remedy("name it with --queue, --user, --conversation, --flow or --all-queues")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_for_terminals_unless_told_otherwise() {
        assert!(ColorWhen::Auto.allows(true, false));
        assert!(!ColorWhen::Auto.allows(true, true));
        assert!(!ColorWhen::Auto.allows(false, false));
        assert!(ColorWhen::Always.allows(false, true));
        assert!(!ColorWhen::Never.allows(true, false));
    }
}
