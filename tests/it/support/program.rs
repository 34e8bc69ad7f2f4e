//! The real binary, run with a home of its own and none of this machine's settings.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Longer than anything takes that goes well.
const PATIENCE: Duration = Duration::from_secs(180);

/// A home directory and the variables that runs of the program see.
pub struct Program {
    home: TempDir,
    variables: Vec<(String, String)>,
}

/// What a run left.
#[derive(Debug)]
pub struct Output {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Program {
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().expect("a temporary directory"), variables: Vec::new() }
    }

    /// The directory of all its files.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Sets a variable for the runs that follow.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes the configuration file.
    pub fn configure(&self, text: &str) -> &Self {
        std::fs::write(self.home().join("config.toml"), text).expect("the configuration file");
        self
    }

    /// The command, to be run or spawned by the caller.
    pub fn command(&self, args: &[&str]) -> Command {
        // Another build, to see a test fail on it.
        let binary = std::env::var("SIDETONE_BINARY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_sidetone").into());
        let mut command = Command::new(binary);
        command.args(args).env_clear().env("SIDETONE_HOME", self.home()).current_dir(self.home());
        // Windows programs do not start without these.
        for name in ["SystemRoot", "TEMP", "TMP"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.envs(self.variables.iter().map(|(n, v)| (n, v)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end and reads its output as JSON lines.
    pub fn json(&self, args: &[&str]) -> (Option<i32>, Vec<serde_json::Value>) {
        let output = self.run(args);
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        (output.code, output.stdout.lines().map(parse).collect())
    }

    /// Runs it to its end.
    pub fn run(&self, args: &[&str]) -> Output {
        Output::of(self.command(args).spawn().expect("the program starts"))
    }
}

/// A run that goes on: its lines are read one by one.
pub struct Followed {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
    stderr: Option<std::thread::JoinHandle<String>>,
}

impl Program {
    /// Starts a run whose stdout is read line by line.
    pub fn follow(&self, args: &[&str]) -> Followed {
        let mut child = self.command(args).spawn().expect("the program starts");
        let (out, mut err) = (child.stdout.take().expect("stdout"), child.stderr.take().expect("stderr"));
        let (tell, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        let stderr = Some(std::thread::spawn(move || {
            let mut text = String::new();
            _ = err.read_to_string(&mut text);
            text
        }));
        Followed { child, lines, stderr }
    }
}

impl Followed {
    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Reads lines until one contains `text`; all that were read.
    pub fn until(&self, text: &str) -> Vec<String> {
        let mut seen = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            let found = line.contains(text);
            seen.push(line);
            if found {
                return seen;
            }
        }
        panic!("no line with {text:?} came; these did: {seen:#?}");
    }

    /// Reads so many lines.
    pub fn take(&self, count: usize) -> Vec<String> {
        let line = |_| self.lines.recv_timeout(PATIENCE).expect("another line");
        (0..count).map(line).collect()
    }

    /// Sends a signal.
    #[cfg(unix)]
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a process id");
        rustix::process::kill_process(pid, signal).expect("the program runs");
    }

    /// Waits for its end: the exit code, the lines that were not read yet, and what stderr told.
    pub fn end(mut self) -> (Option<i32>, Vec<String>, String) {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            match self.child.try_wait().expect("a child of ours") {
                Some(status) => break status,
                None if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(5)),
                None => {
                    _ = self.child.kill();
                    panic!("the program did not end");
                }
            }
        };
        let rest = std::iter::from_fn(|| self.lines.recv_timeout(PATIENCE).ok()).collect();
        (status.code(), rest, self.stderr.take().and_then(|told| told.join().ok()).unwrap_or_default())
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        // One that has ended already is no trouble.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

impl Output {
    /// Waits for the end of a run; one that does not end is killed, and the test fails.
    pub fn of(mut child: Child) -> Self {
        let read = |pipe: Option<Box<dyn Read + Send>>| {
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                if let Some(mut pipe) = pipe {
                    pipe.read_to_end(&mut bytes).expect("output can be read");
                }
                String::from_utf8(bytes).expect("output is UTF-8")
            })
        };
        let stdout = read(child.stdout.take().map(|pipe| Box::new(pipe) as _));
        let stderr = read(child.stderr.take().map(|pipe| Box::new(pipe) as _));
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            match child.try_wait().expect("a child of ours") {
                Some(status) => break status,
                None if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(2)),
                None => {
                    _ = child.kill();
                    panic!("the program did not end: {:?} {:?}", stdout.join(), stderr.join());
                }
            }
        };
        let text = |reader: std::thread::JoinHandle<String>| reader.join().expect("a reader");
        Self { code: code(status), stdout: text(stdout), stderr: text(stderr) }
    }
}

fn code(status: ExitStatus) -> Option<i32> {
    status.code()
}
