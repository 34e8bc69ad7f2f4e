//! The terminal UI: from the settings to the shell.

use super::{
    Context, expectations, lookup, note, recorder,
    terminal_env::{Background, TerminalEnv},
};
use crate::{
    app::{
        self,
        calls::Sort,
        keymap::{BadBinding, Keymap},
        settings::{Band, Label},
        views::CallsView,
    },
    commands::options::{UiOptions, WatchOptions},
    config::{self, File, LabelColor, Problem, Settings, SortBy},
    domain::{Board, filter::Filter, outbox::Cell},
    exit::{Exit, Failure},
    genesys::{
        Client,
        client::{NextTry, Retrying},
        feed::FeedOptions,
    },
    live::{Live, targets::Targets},
    ndjson,
    recording::{Header, Reserved},
    shell::{self, BackendSetup, Connected},
    ui::Theme,
};
use jiff::tz::TimeZone;
use std::{
    io::{self, IsTerminal},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::mpsc;

/// `sidetone` without a command.
pub async fn run(watch: WatchOptions, shown: UiOptions, context: &Context) -> anyhow::Result<Exit> {
    let expectations = shown.expect.as_deref().map(expectations::load).transpose()?;
    // A recording that cannot be made is told before anything is connected.
    let recording = shown.record.as_deref().map(|file| recorder::reserve(file, None)).transpose()?;
    let settings = context.settings()?;
    let (failures, failed) = mpsc::unbounded_channel();
    // Without a screen nobody needs to know.
    let retrying = Retrying(Arc::new(move |next| drop(failures.send(next))));
    let client = lookup::reporting_client(&settings, Some(retrying))?;
    need_terminal()?;
    let mut options = options(&settings, context)?;
    options.settings.expectations = expectations.unwrap_or_default();
    if let Some(name) = &shown.view {
        options.view = Some(view_named(name, &options.settings.views)?);
    }
    options.settings.trap = watch.trap(Filter::default(), client.clock().now());
    super::audit::age(context, &settings);
    if options.view.is_none() {
        options.view = last_look(&options.settings, context);
    }
    options.persistence =
        Some(shell::Persistence::open(&context.paths.state, &settings.who(), &settings.organisation()));
    options.settings.keeps = true;
    // Without a choice, the picker is opened.
    self::watch(client, watch, options, recording, Some(failed)).await
}

/// The UI on a client. `recording`: where the session is kept from the beginning.
/// `failures`: its requests that failed and are tried again.
pub async fn watch(
    client: Client,
    wanted: WatchOptions,
    options: shell::ShellOptions,
    recording: Option<Reserved>,
    failures: Option<mpsc::UnboundedReceiver<NextTry>>,
) -> anyhow::Result<Exit> {
    let (own, wanted) = (client.clone(), wanted.wanted());
    let recording = Arc::new(Mutex::new(recording));
    let connect: shell::Connect = Box::new(move || {
        let (client, wanted, recording) = (own.clone(), wanted.clone(), Arc::clone(&recording));
        Box::pin(async move {
            let targets = Targets::resolve(&client, &wanted).await?;
            let at = client.clock().now();
            let mut live = Live::start(client, &targets, FeedOptions::newest());
            let reserved = recording.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(reserved) = reserved {
                let recorder = reserved.begin(&Header::new(at, targets.lines()), at)?;
                live.start_recording(recorder, &Board::default(), None);
            }
            Ok(Connected { live, targets })
        })
    });
    Ok(ended(shell::run(options, BackendSetup { client, player: None, connect, failures }).await?))
}

/// How the program ends after the UI did.
pub fn ended(ended: shell::Ended) -> Exit {
    if let Some(recorded) = ended.recorded {
        note(recorded);
    }
    let is_kept = ended.unsaved.is_none();
    if let Some(unsaved) = ended.unsaved {
        tell_unsaved(&unsaved);
    }
    match ended.exit {
        app::AppExit::Quit if !is_kept => Exit::Failed,
        app::AppExit::Quit => Exit::Done,
        app::AppExit::Interrupted => Exit::Interrupted,
        app::AppExit::Terminated => Exit::Terminated,
    }
}

/// Prints what is nowhere else any more, a JSON object a line: nothing in it controls a terminal, and it can be read back exactly.
fn tell_unsaved(shell::Unsaved { why, state }: &shell::Unsaved) {
    note(format_args!("drafts could not be kept on disk: {why}. Nothing else has these texts any more:"));
    let line = |cell: &Cell, text: &str| Unsaved {
        conversation_id: cell.conversation.as_str().to_owned(),
        participant_id: cell.participant.as_str().to_owned(),
        key: cell.key.as_str().to_owned(),
        text: text.to_owned(),
    };
    let edits = state.edits.iter().map(|edit| line(&edit.cell, &edit.mine));
    let losses = state.losses.iter().map(|loss| line(&loss.cell, loss.theirs.as_str()));
    let mut err = io::stderr().lock();
    for line in edits.chain(losses) {
        // Whoever cannot be told here cannot be told at all.
        ndjson::print(&mut err, &line).ok();
    }
}

/// A text that is nowhere else.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Unsaved {
    conversation_id: String,
    participant_id: String,
    key: String,
    text: String,
}

/// Said once at the start: why there are letters where others see lines and marks.
const NO_UTF8: &str = "The locale is not UTF-8, so ASCII characters are drawn. LC_ALL=C.UTF-8 draws lines and marks.";

/// The UI needs a terminal to read keys from and to draw on.
pub fn need_terminal() -> Result<(), Failure> {
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return Ok(());
    }
    Err(Exit::Usage
        .because("the terminal UI needs a terminal on stdin and stdout")
        .remedy("in a script, use sidetone watch, get or set"))
}

/// What is wrong with `[keys]`, with its line.
fn bad_keys(bad: &BadBinding, settings: &Settings, context: &Context) -> String {
    // Of two actions that claim one key, the later line is the one that did it.
    let line = bad.actions().filter_map(|action| settings.key_lines.get(action)).max();
    let place = line.map_or(String::new(), |line| format!("{}:{line}: ", context.paths.config.display()));
    format!("{place}[keys]: {bad}")
}

/// Everything in the file that the screens could not use, with its line: wrong keys, clashes, filters of views.
pub fn problems(file: &File) -> Vec<Problem> {
    let mut good: Vec<(String, Vec<String>)> = file.keys.iter().map(|(a, k)| (a.clone(), k.clone())).collect();
    let mut bad: Vec<BadBinding> = Vec::new();
    // Each by itself; whether one claims the key of another shows with all of them.
    good.retain(|own| match Keymap::with(std::slice::from_ref(own)) {
        Ok(_) | Err(BadBinding::Clash { .. }) => true,
        Err(wrong) => {
            bad.push(wrong);
            false
        }
    });
    while let Err(wrong) = Keymap::with(&good) {
        let before = good.len();
        // The other clashes are found without the one that did it: the later of its lines.
        let last = wrong.actions().filter(|a| file.keys.contains_key(*a)).max_by_key(|a| file.key_lines.get(*a));
        let last = last.map(ToOwned::to_owned);
        bad.push(wrong);
        good.retain(|(action, _)| Some(action) != last.as_ref());
        if good.len() == before {
            break;
        }
    }
    let line = |bad: &BadBinding| bad.actions().filter_map(|action| file.key_lines.get(action)).max().copied();
    let of_key = |bad: &BadBinding| Problem { line: line(bad).unwrap_or(1), message: format!("[keys]: {bad}") };
    let of_view = |(name, view): (&String, &config::View)| {
        let filter = view.filter.as_deref()?;
        let mistake = filter.parse::<Filter>().err()?;
        let line = file.view_lines.get(name).copied().unwrap_or(1);
        Some(Problem { line, message: bad_view(name, filter, &mistake.message) })
    };
    bad.iter().map(of_key).chain(file.view.iter().filter_map(of_view)).collect()
}

fn bad_view(name: &str, filter: &str, message: &str) -> String {
    format!("view {name:?}: filter {filter:?}: {message}")
}

/// What the screens need of the settings.
pub fn options(settings: &Settings, context: &Context) -> Result<shell::ShellOptions, Failure> {
    let keys: Vec<(String, Vec<String>)> = settings.keys.iter().map(|(a, k)| (a.clone(), k.clone())).collect();
    let keymap = Keymap::with(&keys).map_err(|bad| Exit::Usage.because(bad_keys(&bad, settings, context)))?;
    let terminal_env = TerminalEnv::of_process();
    let (theme, asks_background) = match settings.ui.theme.as_deref() {
        _ if !context.color() => (Theme::Mono, false),
        Some("mono") => (Theme::Mono, false),
        Some("terminal") => (Theme::Terminal, false),
        Some("dark") => (Theme::Dark, false),
        Some("light") => (Theme::Light, false),
        Some("high-contrast") => (Theme::HighContrast, false),
        // `auto` and `production`
        _ => match terminal_env.background() {
            Some(Background::Light) if terminal_env.has_256() => (Theme::Light, false),
            Some(_) => (Theme::Terminal, false),
            None => (Theme::Terminal, terminal_env.can_be_asked() && terminal_env.has_256()),
        },
    };
    let band = match settings.ui.label_color {
        LabelColor::Red => Band::Red,
        LabelColor::Yellow => Band::Yellow,
        LabelColor::Green => Band::Green,
        LabelColor::Blue => Band::Blue,
        LabelColor::Magenta => Band::Magenta,
        LabelColor::Cyan => Band::Cyan,
    };
    let address = settings.address.as_ref().map(|(address, _)| match address {
        crate::config::Address::Region(region) => region.clone(),
        crate::config::Address::Api(url) => url.trim_start_matches("https://").trim_start_matches("http://").to_owned(),
    });
    Ok(shell::ShellOptions {
        settings: app::settings::AppSettings {
            org: settings.profile.clone().unwrap_or_default(),
            region: address.unwrap_or_default(),
            production: settings.ui.label.clone().map(|word| Label { word, band }),
            policy: settings.policy(),
            mask: settings.ui.mask,
            confirm: settings.ui.confirm,
            notify: settings.ui.notify,
            mouse: settings.ui.mouse,
            copies_through: terminal_env.multiplexer.filter(|_| !shell::has_clipboard()),
            ascii: settings.ui.ascii || !terminal_env.utf8,
            hint: (!settings.ui.ascii && !terminal_env.utf8).then(|| NO_UTF8.to_owned()),
            zone: TimeZone::system(),
            columns: settings.ui.columns.clone(),
            views: views(settings, context)?,
            tuning: settings.tuning.clone(),
            ..app::settings::AppSettings::default()
        },
        keymap,
        theme,
        asks_background,
        view: None,
        mouse: settings.ui.mouse,
        persistence: None,
        demo: None,
        history: super::history::of(context, settings),
        state: context.paths.state.clone(),
    })
}

/// The views of the configuration, then those that were saved on the screen under other names.
fn views(settings: &Settings, context: &Context) -> Result<Vec<CallsView>, Failure> {
    let mut views: Vec<(String, config::View, bool)> =
        settings.views.iter().map(|(name, view)| (name.clone(), view.clone(), true)).collect();
    let state = &context.paths.state;
    match config::saved_views(state) {
        Ok(saved) => {
            let others = saved.into_iter().filter(|(name, _)| !settings.views.contains_key(name));
            views.extend(others.map(|(name, view)| (name, view, false)));
        }
        Err(e) => note(format_args!("the saved views in {} cannot be read: {e}", state.display())),
    }
    views.sort_by(|(a, ..), (b, ..)| a.cmp(b));
    let views = views.into_iter().map(|(name, view, configured)| {
        let filter = view.filter.clone().unwrap_or_default();
        if let Err(mistake) = filter.parse::<Filter>() {
            return Err(Exit::Usage.because(bad_view(&name, &filter, &mistake.message)));
        }
        Ok(CallsView { configured, ..look(name, view) })
    });
    views.collect()
}

/// A view of a file as the screen has it.
fn look(name: String, view: config::View) -> CallsView {
    let sort = match (view.sort_key, view.sort.unwrap_or_default()) {
        (Some(key), _) => Sort::Attribute(key.as_str().into()),
        (None, SortBy::Age) => Sort::Age,
        (None, SortBy::Activity) => Sort::Activity,
        (None, SortBy::At) => Sort::At,
        (None, SortBy::To) => Sort::To,
        (None, SortBy::From) => Sort::From,
        (None, SortBy::Media) => Sort::Media,
    };
    CallsView {
        name,
        configured: false,
        filter: view.filter.unwrap_or_default(),
        columns: view.columns,
        widths: view.widths.unwrap_or_default(),
        sort,
        reverse: view.reverse.unwrap_or(false),
        hides_ended: view.hide_ended.unwrap_or(false),
    }
}

/// How the Calls screen looked when this profile was shown last. A file that cannot be read is no reason not to start.
fn last_look(settings: &app::settings::AppSettings, context: &Context) -> Option<CallsView> {
    let state = &context.paths.state;
    match config::remembered(state, settings.kept_as()) {
        Ok(last) => last.map(|last| {
            let last = look(String::new(), last);
            // Without a choice of the operator's the configuration has a say.
            CallsView { columns: last.columns.clone().or_else(|| settings.columns.clone()), ..last }
        }),
        Err(e) => {
            note(format_args!("how the screen looked, kept in {}, cannot be read: {e}", state.display()));
            None
        }
    }
}

fn view_named(name: &str, views: &[CallsView]) -> Result<CallsView, Failure> {
    views.iter().find(|view| view.name == name).cloned().ok_or_else(|| {
        let there: Vec<&str> = views.iter().map(|view| view.name.as_str()).collect();
        let there = if there.is_empty() { "none is configured or saved".to_owned() } else { there.join(", ") };
        Exit::Usage.because(format!("there is no view {name:?}")).remedy(format!("there are: {there}"))
    })
}
