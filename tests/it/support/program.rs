//! The real binary, run with a home of its own and none of this machine's settings.

use std::{
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
};
use tempfile::TempDir;

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
        let mut command = Command::new(env!("CARGO_BIN_EXE_sidetone"));
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

    /// Runs it to its end.
    pub fn run(&self, args: &[&str]) -> Output {
        Output::of(self.command(args).spawn().expect("the program starts"))
    }
}

impl Output {
    /// Waits for the end of a run.
    pub fn of(child: Child) -> Self {
        let output = child.wait_with_output().expect("the program ends");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
        Self { code: code(output.status), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

fn code(status: ExitStatus) -> Option<i32> {
    status.code()
}
