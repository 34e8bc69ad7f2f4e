//! The longer texts of `--help` and of the manual pages.

use crate::{config, exit::Exit};
use std::fmt::Write as _;

pub(super) const ABOUT: &str = "\
Sidetone shows the participant attributes of live Genesys Cloud conversations as they change, and lets them be edited in \
place: it sends the edit, and says when it has been seen on the notification stream again.

Without a command it opens the terminal UI on the organisation that is configured. The other commands do the same \
work without a screen, for scripts and tests.";

pub(super) const WATCH: &str = "\
Follow the conversations that the watch options name, and print every change: conversations, participants, attributes. \
With --json one object a line, made for other programs.

  sidetone watch --queue Billing
  sidetone watch --all-queues --filter '!customer_tier' --json
  sidetone watch --flow MainIVR --until customer_tier=gold --timeout 90s

Filter expressions: words match anywhere; key=value, key!=value, key~regex, !key (absent), key? (present); queue: flow: \
state: purpose: media: from: to: id: age>2m; a space is and, | is or, ( ) group, \"...\" quotes.";

pub(super) const GET: &str = "\
Read one conversation and print its participants with their attributes.

With --key the bare value is printed, for scripts: tier=$(sidetone get CONVERSATION --key customer_tier)";

pub(super) const EXPORT: &str = "\
Hand a call, or all calls that the watch options name, on to others: JSON for programs, CSV for a spreadsheet, Markdown \
for a ticket, HTML as a report of one call that needs no network. With the findings of the rules; with --recording also \
with the history.

  sidetone export CONVERSATION --out call.html
  sidetone export --all-queues --out calls.csv
  sidetone export --recording FILE CONVERSATION >> ticket.md

Personal data is masked unless --unmasked says otherwise: card numbers, national ids, e-mail addresses, telephone numbers, \
and the names of people. How much was masked is said on stderr.";

pub(super) const SET: &str = "\
Edit attributes of one participant: read the current attributes, send them with the changes in one PATCH, and wait until \
the values are seen on the notification stream or in a read. The API's 202 is an acceptance, not a result.

  sidetone set CONVERSATION customer_tier=gold --if customer_tier=silver
  sidetone set CONVERSATION --from payload.json --dry-run

Exit codes: 0 every value was seen; 5 an expected value was not there, nothing was sent; 7 accepted, but not seen within \
the confirmation time (confirm_ms of the profile, 10 s) or something else is there; 3 refused; 4 no such thing.";
pub(super) const WHY: &str = "\
Say why a key is there, missing or changed on a live or ended call: the flow and version it ran, the action that set, \
skipped or never reached the key, the output that was taken, and how sure that is. Needs nothing switched on; with the \
platform's execution data it says what the flow did rather than what it can do.

  sidetone why CONVERSATION customer_tier
  sidetone why CONVERSATION --json

Exit codes: 0 the key is there, or no key was named; 6 it is missing, wrong or unknown; 4 there is no such call.";

pub(super) const COLLECT: &str = "\
Follow the conversations that the watch options name, for days and without a screen, and keep what was seen of each call in \
the history store: ids, queue, flow and version, milestones, and for each key whether it was there, never its value.

  sidetone collect --all-queues
  sidetone collect --flow MainIVR --store history.sqlite --metrics 127.0.0.1:9464

SIGTERM ends it cleanly; started again, it continues, and shows the hole in between.";

pub(super) const SINCE: &str = "\
Say since when, on which flow version and on what share of calls a key is present, missing or changed, from the history \
store that 'sidetone collect' fills.

  sidetone since customer_tier --flow MainIVR --days 14

Exit codes: 0 answered; 2 there is no history store; 4 the key was never seen.";

pub(super) const STORE: &str = "\
Say what the history store keeps of calls, remove old ones or one conversation, or print all as CSV.

  sidetone store info
  sidetone store prune --keep-days 30
  sidetone store forget CONVERSATION
  sidetone store export > calls.csv";

pub(super) const LOGIN: &str = "\
Sign in with the browser: authorization code with PKCE, for a \"Code Authorization\" client whose redirect is \
http://localhost (any port). Without a browser on this machine, open the printed address elsewhere and paste the address \
that it ended on.

With --secret, or --from-gc, the secret of a client-credentials client is kept instead. Tokens and secrets are kept in a \
file that only its owner can read; never in the configuration.";

pub(super) const CHECK: &str = "\
Find what is wrong with the attributes of live calls: keys that are expected and absent, on the wrong participant or nearly \
spelled right, values that are wrappers, unfilled templates or personal data, and more (--rules lists all).

Every call is read once and judged by the milestones that are past; --follow keeps watching. Ends with 6 when something \
is an error, so that a deployment can be gated: sidetone check --queue Billing --expect ivr.toml --follow 2m

--learn proposes an expectation file from the calls that it sees.";

pub(super) const CONFIG: &str = "\
Create, check or locate the configuration file.

The file is optional: everything needed to connect can come from the environment. It is TOML, holds any number of \
profiles, and never a secret. An unknown or misspelt key is an error that names the nearest right one.";

pub(super) const INFO: &str = "\
Print the version, the paths in use, what the terminal can do, and what is configured, with the source of each \
setting. Secrets and tokens are never printed, only whether there is one. Good to attach to a bug report.";

pub(super) const LINT: &str = "\
Explain what is wrong with a participant-data payload: which format it has, whom it is right for, what would happen to it, \
and what would be right.

PAYLOAD is a file, - for stdin, or the JSON itself when it begins with { [ or \". Flow snippets, KEY=VALUE lines, a CSV \
header with a row, and JSON with text around it (a request, a post) are read too; advice in circulation is answered by \
name. What no checked source settles, all of CXone included, is marked as unverified.

Exits with 6 when an error was found; --strict counts warnings, too. --fix prints the keys and values as texts, in the \
form that the target takes: {\"attributes\":{…}} for --for api, else the flat object; findings then go to stderr.";

pub(super) const FLOW: &str = "\
Read, edit and run flow definitions. A flow file is the platform's latestconfiguration JSON, an Architect export \
(.i3InboundFlow and its family), Archy YAML, or the plain JSON of tutorials.

Everything happens on this machine: no organisation is asked, but by 'flow diff' for versions that it has, and no live flow is \
changed. PUT /api/v2/flows/{id} changes \
a flow's metadata only, and the platform has no endpoint that simulates flows; flows are published with Archy.";

pub(super) const RECORD: &str = "\
Keep a session in a file: every message and answer as it came, with its times, until Ctrl-C or --timeout.

The file is exact and holds customers' data: it is private (mode 0600) and is not for handing on. 'sidetone redact' \
makes a copy that is. Tokens never get into it. A recorder that is killed leaves a file that can be played up to its \
last half second.";

pub(super) const REPLAY: &str = "\
Play a recording again. Nothing is asked of any organisation and nothing is configured: a file from another machine \
plays here too.

With --headless the lines that 'watch' printed are printed again, the same bytes each time; the times in them are \
those of the recording.";

pub(super) const REDACT: &str = "\
Copy a recording so that it can be handed on: the same calls, shapes, lengths, times and findings, and no personal \
value. Names, addresses, numbers, ids and attribute values are replaced, each by the same made-up text wherever it \
stands. Keys stay; so do words such as undefined and null, which findings are about (docs/recording.md lists them). \
What was typed is left out.

The original is not changed. A copy of a copy is possible and pointless.";

pub(super) const COMPLETIONS: &str = "\
Print a completion script for a shell to stdout.

  bash        sidetone completions bash > ~/.local/share/bash-completion/completions/sidetone
  zsh         sidetone completions zsh > a directory of $fpath, as _sidetone
  fish        sidetone completions fish > ~/.config/fish/completions/sidetone.fish
  powershell  sidetone completions powershell >> $PROFILE
  elvish      sidetone completions elvish >> ~/.config/elvish/rc.elv";

pub(super) const MAN: &str = "\
Print the manual page of sidetone to stdout in roff, or write the pages of all commands into a directory.

  sidetone man | man -l -
  sidetone man --out ~/.local/share/man/man1";

pub(super) const DEMO: &str = "\
Open the terminal UI on a simulated contact centre in the same process, over real HTTP and a real websocket on this \
machine. Needs no account, no configuration and no network. Everything can be tried, edits too; nothing is real.";

/// Environment and exit codes, from the tables that the program itself uses.
pub(super) fn after_long_help() -> String {
    let mut text = String::from("Environment:\n");
    for variable in config::VARIABLES {
        _ = writeln!(text, "  {}\n          {}", variable.name, variable.help);
    }
    text.push_str(
        "\nA flag wins over the environment, the environment over the profile, the profile over the default; \
                   of read-only and masking\nthe strictest setting wins.\n\nExit codes:\n",
    );
    for (exit, meaning) in Exit::ALL {
        _ = writeln!(text, "  {:>3}  {meaning}", exit.code());
    }
    text.push_str("\nResults go to stdout, everything else to stderr.");
    text
}

pub const AUDIT: &str = "\
Show the audit file, or remove its old lines. Each step of each write is one line: when, whose token, where, which keys, old \
and new values (masked where masking is on), and what came of it. Lines older than [audit] keep_days (365) are removed when a \
program that writes begins.";
