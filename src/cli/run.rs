//! From a command line to an exit code: the runtime, signals, the log, and how an error is told.

use super::{Cli, CliCommand};
use crate::{
    commands::{
        Context, audit, check, collect, completions, config, demo, doctor, export, flow, get, info, lint, login,
        logout, man, note,
        options::{UiOptions, WatchOptions},
        record, redact, replay, set, sim, since, store, ui, watch, why,
    },
    config::{Env, Paths, check_switches},
    domain::text::{is_hidden, visible_lines},
    exit::{Exit, Failure},
    logging,
};
use clap::CommandFactory;
use std::{
    io::{self, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};
use tokio::task::block_in_place;

/// How long a command may go on after a signal before the program ends without it.
const GRACE: Duration = Duration::from_millis(500);

/// The program after its command line was read.
pub fn main(cli: Cli) -> Exit {
    keep_to_ourselves();
    outlive_file_limits();
    let env = Env::of_process();
    let paths = check_switches(&env).and_then(|_| Paths::new(cli.global.config.as_deref(), &env));
    let result = paths.map_err(anyhow::Error::from).and_then(|paths| {
        paths.repair();
        let context = Context { global: cli.global, env, paths };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
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

/// Files that anything here creates are their owner's alone (the log too, which a library opens), and a crash leaves no image
/// of a memory that holds tokens.
fn keep_to_ourselves() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, umask};
        let before = umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
        umask(before | rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
        let maximum = getrlimit(Resource::Core).maximum;
        // Where it cannot be lowered it was not ours to lower.
        _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum });
    }
}

/// A file that may not grow any more (`ulimit -f`) is an error of the one who writes it, and not the end of the program.
fn outlive_file_limits() {
    #[cfg(unix)]
    {
        // A handler rather than ignoring it: the programs that are started from here get the default back.
        let heard = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        if let Err(error) = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, heard) {
            note(format_args!("a limit on the size of files would end the program: {error}"));
        }
    }
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
    command: Option<CliCommand>,
    watch: WatchOptions,
    shown: UiOptions,
    context: &Context,
) -> anyhow::Result<Exit> {
    let Some(command) = command else { return screen(ui::run(watch, shown, context), context).await };
    if watch != WatchOptions::default() || shown != UiOptions::default() {
        return Err(Exit::Usage.because("watch options belong after the command: sidetone watch --queue NAME").into());
    }
    if let CliCommand::Demo(args) = command {
        return screen(demo::run(args, context), context).await;
    }
    if let CliCommand::Set(args) = command {
        // Tells at the end what a signal broke off.
        let _log = logging::start(context.global.log_level.into(), &context.paths).map_err(note).ok();
        return set::run(args, context, signals(GRACE)?).await;
    }
    if let CliCommand::Collect(args) = command {
        // Stores what it saw last before it ends.
        let _log = logging::start(context.global.log_level.into(), &context.paths).map_err(note).ok();
        return collect::run(args, context, signals(collect::GRACE)?).await;
    }
    if let CliCommand::Watch(args) = command {
        // Ends its hooks and stores what it saw last before it ends.
        let _log = logging::start(context.global.log_level.into(), &context.paths).map_err(note).ok();
        return watch::run(args, context, signals(collect::GRACE)?).await;
    }
    let signal = signals(GRACE)?;
    tokio::select! {
        result = run(command, context) => result,
        exit = signal => Ok(exit),
    }
}

async fn run(command: CliCommand, context: &Context) -> anyhow::Result<Exit> {
    let _log = logging::start(context.global.log_level.into(), &context.paths).map_err(note).ok();
    match command {
        CliCommand::Config(args) => config::run(args, context),
        CliCommand::Login(args) => login::run(args, context).await,
        CliCommand::Doctor(args) => doctor::run(args, context).await,
        CliCommand::Logout(args) => logout::run(&args, context),
        CliCommand::Info(args) => info::run(args, context),
        CliCommand::Completions(args) => completions::run(args, Cli::command()),
        CliCommand::Man(args) => man::run(args, Cli::command()),
        CliCommand::Check(args) => check::run(args, context).await,
        CliCommand::Get(args) => get::run(args, context).await,
        CliCommand::Export(args) => export::run(args, context).await,
        CliCommand::Flow(args) => flow::run(args, context).await,
        CliCommand::Watch(args) => watch::run(args, context, std::future::pending()).await,
        CliCommand::Record(args) => record::run(args, context).await,
        CliCommand::Replay(args) => replay::run(args, context).await,
        CliCommand::Redact(args) => redact::run(args),
        CliCommand::Collect(args) => collect::run(args, context, std::future::pending()).await,
        CliCommand::Why(args) => why::run(args, context).await,
        // A server is asked by a runtime of its own, which may not be started on a thread that drives this one.
        CliCommand::Since(args) => block_in_place(|| since::run(args, context)),
        CliCommand::Store(args) => block_in_place(|| store::run(args, context)),
        CliCommand::Lint(args) => lint::run(args, context),
        CliCommand::Audit(args) => audit::run(args, context),
        CliCommand::Set(args) => set::run(args, context, std::future::pending()).await,
        CliCommand::Sim(args) => sim::run(args).await,
        // Deals with signals itself: they must not end it before the terminal is put back.
        CliCommand::Demo(args) => demo::run(args, context).await,
    }
}

/// A command with a screen: it deals with signals itself, so that the terminal is put back first.
async fn screen(command: impl Future<Output = anyhow::Result<Exit>>, context: &Context) -> anyhow::Result<Exit> {
    let _log = logging::start(context.global.log_level.into(), &context.paths).map_err(note).ok();
    command.await
}

/// Resolves at the first signal that ends programs: SIGINT, SIGTERM, SIGHUP or SIGQUIT. A command that cannot be stopped (it waits for stdin, say) is left behind
/// after `grace`.
fn signals(grace: Duration) -> io::Result<impl Future<Output = Exit>> {
    let (told, hear) = tokio::sync::oneshot::channel();
    let wait = first_signal()?;
    tokio::spawn(async move {
        let exit = wait.await;
        _ = told.send(exit);
        tokio::time::sleep(grace).await;
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
    let mut quit = signal(SignalKind::quit())?;
    // Under `nohup` it goes on being ignored.
    let mut hangup = if hears_hangup() { Some(signal(SignalKind::hangup())?) } else { None };
    Ok(async move {
        let hung_up = async {
            match &mut hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => Exit::Interrupted,
            _ = terminate.recv() => Exit::Terminated,
            _ = quit.recv() => Exit::Terminated,
            _ = hung_up => Exit::Terminated,
        }
    })
}

/// SIGHUP was not ignored when the program was started. Where the system does not tell, `nohup` is known by its leaving none of
/// the three streams on a terminal.
#[cfg(unix)]
fn hears_hangup() -> bool {
    use io::IsTerminal as _;
    let ignored = std::fs::read_to_string("/proc/self/status").ok().and_then(|status| is_hangup_ignored(&status));
    match ignored {
        Some(ignored) => !ignored,
        None => io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal(),
    }
}

/// The bit of SIGHUP among the signals that a process ignores (proc(5): `SigIgn`, a mask in hexadecimal).
#[cfg(unix)]
fn is_hangup_ignored(status: &str) -> Option<bool> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    let mask = u64::from_str_radix(mask.trim(), 16).ok()?;
    Some(mask >> (rustix::process::Signal::HUP.as_raw() - 1) & 1 == 1)
}

#[cfg(not(unix))]
fn first_signal() -> io::Result<impl Future<Output = Exit>> {
    Ok(async {
        _ = tokio::signal::ctrl_c().await;
        Exit::Interrupted
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::is_hangup_ignored;

    #[test]
    fn what_nohup_ignores_stays_ignored() {
        let status = |mask: &str| format!("Name:\tsidetone\nSigBlk:\t0000000000000000\nSigIgn:\t{mask}\nSigCgt:\t0\n");
        assert_eq!(is_hangup_ignored(&status("0000000000001001")), Some(true));
        assert_eq!(is_hangup_ignored(&status("0000000000001000")), Some(false));
        assert_eq!(is_hangup_ignored("Name:\tsidetone\n"), None);
    }
}
