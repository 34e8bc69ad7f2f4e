//! Signals that end the process and that nothing else here answers: the terminal is given back first.
//!
//! A thread waits for them. Most come from outside, and then it has time: it gives the terminal back and lets the signal do what it
//! does by default. There are two such threads, as the signal may be delivered to one of them. One that the process sends itself because it cannot go
//! on (`abort`, a bad access to a mapped file) ends it as soon as its handler returns. So the handler of those does not return before the terminal is back: after it has woken the
//! thread it writes to a pipe that is full, and waits there until the thread empties it.
//!
//! For SIGSEGV, SIGILL and SIGFPE there are no handlers: those of a bad instruction cannot be answered soundly. But somebody may send
//! them. So the main thread does nothing but wait for them, and the program runs in other threads, in which they are blocked: one that
//! is sent can reach nobody else, and one of a bad instruction still ends the process. The price is the line with which the standard
//! library tells an overflow of the stack.

use super::terminal;
use nix::sys::signal::{SigSet, Signal};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use signal_hook::{
    consts::{SIGABRT, SIGALRM, SIGBUS, SIGPROF, SIGQUIT, SIGSYS, SIGTRAP, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU},
    iterator::Signals,
    low_level,
};
use std::{
    io::{self, PipeReader, PipeWriter, Read, Write},
    os::fd::AsFd,
    panic, process,
    sync::Mutex,
    thread,
};

/// Those that somebody sends. SIGXFSZ is not among them: it is heard and ignored from the start of the program, so that a file
/// that may not grow is an error like a full disk.
const SENT: &[i32] = &[SIGALRM, SIGPROF, SIGQUIT, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU];
/// Those that the process sends itself, but for [`FAULTS`].
const OWN: &[i32] = &[SIGABRT, SIGBUS, SIGSYS, SIGTRAP];
/// Those of a bad instruction.
const FAULTS: [Signal; 3] = [Signal::SIGSEGV, Signal::SIGILL, Signal::SIGFPE];
/// What the main thread has by default.
const STACK: usize = 8 << 20;
/// Those that only Linux has: stack fault, input and output, power failure, and the real-time signals.
#[cfg(target_os = "linux")]
const LINUX: &[i32] = &[
    16, 29, 30, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59,
    60, 61, 62, 63, 64,
];
#[cfg(not(target_os = "linux"))]
const LINUX: &[i32] = &[];

/// From now on these signals give the terminal back before they end the process.
///
/// # Errors
/// No handler or thread can be set up.
pub(super) fn restore_on_death() -> io::Result<()> {
    static WATCHED: Mutex<bool> = Mutex::new(false);
    let mut watched = WATCHED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if *watched {
        return Ok(());
    }
    // Their own handlers first: they wake the threads, the ones of the gate then wait for them.
    let all = || Signals::new(SENT.iter().chain(OWN).chain(LINUX));
    let waiting = [all()?, all()?];
    let gate = gate()?;
    for signals in waiting {
        let gate = gate.try_clone()?;
        thread::Builder::new().name("deadly".into()).spawn(move || last_words(signals, gate))?;
    }
    *watched = true;
    Ok(())
}

/// Runs the program in a thread of its own while the main thread waits for [`FAULTS`]. Comes back only where that cannot be set up.
pub(super) fn beside_faults(run: fn() -> u8) {
    let program = move || {
        // What a panic says was said by then.
        process::exit(panic::catch_unwind(run).map_or(101, i32::from));
    };
    let faults: SigSet = FAULTS.into_iter().collect();
    // Before there is another thread: all that come later inherit it. Programs that are started do not.
    let blocked = faults.thread_block();
    let Ok(program) = thread::Builder::new().name("program".into()).stack_size(STACK).spawn(program) else {
        _ = faults.thread_unblock();
        return;
    };
    if let Ok(signal) = blocked.and_then(|()| faults.wait()) {
        terminal::restore();
        _ = low_level::emulate_default_handler(signal as i32);
        low_level::exit(128 + signal as i32);
    }
    _ = program.join();
}

/// Gives the terminal back and lets the signal end the process.
fn last_words(mut signals: Signals, mut gate: PipeReader) {
    static ONE: Mutex<()> = Mutex::new(());
    let Some(signal) = signals.forever().next() else { return };
    // The other thread must not end the process before this one is done.
    let _one = ONE.lock();
    terminal::restore();
    open(&mut gate);
    // The ones it does not know come back from here.
    _ = low_level::emulate_default_handler(signal);
    low_level::exit(128 + signal);
}

/// A pipe that is full, at which the handlers of [`OWN`] wait.
fn gate() -> io::Result<PipeReader> {
    let (gate, mut full) = io::pipe()?;
    for signal in OWN {
        low_level::pipe::register(*signal, full.try_clone()?)?;
    }
    blocking(&full, false)?;
    let filled = fill(&mut full);
    // Registering made it one that does not wait.
    blocking(&full, true)?;
    filled?;
    Ok(gate)
}

fn blocking(pipe: &impl AsFd, blocks: bool) -> io::Result<()> {
    let mut flags = fcntl_getfl(pipe)?;
    flags.set(OFlags::NONBLOCK, !blocks);
    Ok(fcntl_setfl(pipe, flags)?)
}

fn fill(pipe: &mut PipeWriter) -> io::Result<()> {
    for size in [4096, 1] {
        loop {
            match pipe.write(&[0; 4096][..size]) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// Lets everybody through who waits.
fn open(gate: &mut PipeReader) {
    let mut bytes = [0; 64 * 1024];
    _ = gate.read(&mut bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::mpsc, time::Duration};

    #[test]
    fn who_writes_to_the_gate_waits_until_it_is_opened() {
        let (mut gate, mut full) = io::pipe().unwrap();
        blocking(&full, false).unwrap();
        fill(&mut full).unwrap();
        blocking(&full, true).unwrap();
        let (through, passed) = mpsc::channel();
        let waits = thread::spawn(move || {
            full.write_all(b"X").unwrap();
            through.send(()).unwrap();
        });
        assert!(passed.recv_timeout(Duration::from_millis(50)).is_err());
        open(&mut gate);
        passed.recv().unwrap();
        waits.join().unwrap();
    }
}
