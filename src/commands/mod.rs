//! The commands, one file each, and what they share: settings, output, signals, the way errors are told.
//!
//! A command is `pub struct XArgs` (its options) and `pub async fn run(args, &Context) -> anyhow::Result<Exit>`.
//! Errors find their exit code through [`Exit::of`].

use crate::{
    cli::{Cli, Command, GlobalOptions, UiOptions, WatchOptions},
    config::{Env, Paths, Settings},
    domain::text::{is_hidden, visible_lines},
    exit::{Exit, Failure},
    logging,
};
use std::io::{self, IsTerminal, StdoutLock, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

pub mod check;
pub mod completions;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod export;
pub mod flow;
pub mod follow;
pub mod get;
pub mod info;
pub mod lint;
pub mod login;
pub mod logout;
pub mod man;
pub mod one;
pub mod paint;
mod printer;
pub mod record;
pub mod redact;
pub mod replay;
pub mod set;
pub mod sim;
pub mod surroundings;
pub mod ui;
pub mod watch;

/// How long a command may go on after a signal before the program ends without it.
const GRACE: Duration = Duration::from_millis(500);

/// What every command is given.
pub struct Context {
    /// Options of every command.
    pub global: GlobalOptions,
    /// The environment.
    pub env: Env,
    /// Where files are.
    pub paths: Paths,
}

impl Context {
    /// Reads and resolves the configuration. Commands that need none do not call this, so that a broken file does not
    /// stop them.
    pub fn settings(&self) -> Result<Settings, Failure> {
        Settings::load(&self.global, &self.env, &self.paths)
    }

    /// Whether stdout takes colour.
    pub fn color(&self) -> bool {
        self.global.color.allows(io::stdout().is_terminal(), self.env.get("NO_COLOR").is_some())
    }
}

/// Stdout, locked for one command's output. Use `writeln!(out, …)?`: a closed stdout then ends the program quietly.
pub fn stdout() -> StdoutLock<'static> {
    io::stdout().lock()
}

/// A remark to the operator; stdout is for results. What would control the terminal is made visible here, whoever says
/// it: names of files, messages of servers.
pub fn note(message: impl std::fmt::Display) {
    _ = writeln!(io::stderr().lock(), "sidetone: {}", visible_lines(&message.to_string()));
}

/// The program after its command line was read.
pub fn main(cli: Cli) -> Exit {
    let env = Env::of_process();
    let result = Paths::new(cli.global.config.as_deref(), &env).map_err(anyhow::Error::from).and_then(|paths| {
        let context = Context { global: cli.global, env, paths };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let command = AssertUnwindSafe(|| runtime.block_on(dispatch(cli.command, cli.watch, cli.ui, &context)));
        // The panic itself was told by its hook; all there is to do is to end with the code of a bug.
        let exit = catch_unwind(command).unwrap_or(Ok(Exit::Failed));
        // A blocking read of stdin may still be under way; the program does not wait for it.
        runtime.shutdown_background();
        exit
    });
    result.unwrap_or_else(|error| {
        let exit = Exit::of(&error);
        if exit != Exit::Done {
            tell(&error);
        }
        exit
    })
}

/// Prints the version, in the words of the parser of the command line.
pub fn version() -> Exit {
    // Only a closed stdout can fail here, and that ends quietly.
    _ = writeln!(io::stdout(), concat!("sidetone ", env!("CARGO_PKG_VERSION")));
    Exit::Done
}

/// A command line that was not understood, or a request for help or version.
pub fn usage(error: &clap::Error) -> Exit {
    let plain = error.render().to_string();
    if error.use_stderr() && plain.chars().any(|c| c != '\n' && is_hidden(c)) {
        // It repeats an argument that would control the terminal; then there is no colour either.
        _ = io::stderr().lock().write_all(visible_lines(&plain).as_bytes());
        return Exit::Usage;
    }
    // Only a closed stdout can fail here, and that ends quietly.
    _ = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}

/// Prints an error: what failed, why, and what to do. Made harmless here, so that no command has to think of it.
fn tell(error: &anyhow::Error) {
    let mut text = format!("sidetone: {error:#}\n");
    if let Some(advice) = error.chain().find_map(|cause| cause.downcast_ref::<Failure>()).and_then(Failure::advice) {
        advice.lines().for_each(|line| text.push_str(&format!("          {line}\n")));
    }
    _ = io::stderr().lock().write_all(visible_lines(&text).as_bytes());
}

async fn dispatch(
    command: Option<Command>,
    watch: WatchOptions,
    shown: UiOptions,
    context: &Context,
) -> anyhow::Result<Exit> {
    let Some(command) = command else { return screen(ui::run(watch, shown, context), context).await };
    if watch != WatchOptions::default() || shown != UiOptions::default() {
        return Err(Exit::Usage.because("watch options belong after the command: sidetone watch --queue NAME").into());
    }
    if let Command::Demo(args) = command {
        return screen(demo::run(args, context), context).await;
    }
    let signal = signals()?;
    tokio::select! {
        result = run(command, context) => result,
        exit = signal => Ok(exit),
    }
}

async fn run(command: Command, context: &Context) -> anyhow::Result<Exit> {
    let _log = logging::start(context.global.log_level, &context.paths).map_err(note).ok();
    match command {
        Command::Config(args) => config::run(args, context),
        Command::Login(args) => login::run(args, context).await,
        Command::Doctor(args) => doctor::run(args, context).await,
        Command::Logout(args) => logout::run(&args, context),
        Command::Info(args) => info::run(args, context),
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(args),
        Command::Check(args) => check::run(args, context).await,
        Command::Get(args) => get::run(args, context).await,
        Command::Export(args) => export::run(args, context).await,
        Command::Flow(args) => flow::run(args, context),
        Command::Watch(args) => watch::run(args, context).await,
        Command::Record(args) => record::run(args, context).await,
        Command::Replay(args) => replay::run(args, context).await,
        Command::Redact(args) => redact::run(args),
        Command::Lint(args) => lint::run(args, context),
        Command::Set(args) => set::run(args, context).await,
        Command::Sim(args) => sim::run(args).await,
        // Deals with signals itself: they must not end it before the terminal is put back.
        Command::Demo(args) => demo::run(args, context).await,
    }
}

/// A command with a screen: it deals with signals itself, so that the terminal is put back first.
async fn screen(command: impl Future<Output = anyhow::Result<Exit>>, context: &Context) -> anyhow::Result<Exit> {
    let _log = logging::start(context.global.log_level, &context.paths).map_err(note).ok();
    command.await
}

/// Resolves at the first SIGINT or SIGTERM. A command that cannot be stopped (it waits for stdin, say) is left behind
/// after [`GRACE`].
fn signals() -> io::Result<impl Future<Output = Exit>> {
    let (told, hear) = tokio::sync::oneshot::channel();
    let wait = first_signal()?;
    tokio::spawn(async move {
        let exit = wait.await;
        _ = told.send(exit);
        tokio::time::sleep(GRACE).await;
        std::process::exit(exit.code().into());
    });
    Ok(async move {
        match hear.await {
            Ok(exit) => exit,
            Err(_) => std::future::pending().await,
        }
    })
}

#[cfg(unix)]
fn first_signal() -> io::Result<impl Future<Output = Exit>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => Exit::Interrupted,
            _ = terminate.recv() => Exit::Terminated,
        }
    })
}

#[cfg(not(unix))]
fn first_signal() -> io::Result<impl Future<Output = Exit>> {
    Ok(async {
        _ = tokio::signal::ctrl_c().await;
        Exit::Interrupted
    })
}
