//! The command line as a user meets it.

use crate::support::Program;

#[test]
fn the_version_is_one_line() {
    let output = Program::new().run(&["--version"]);
    assert_eq!(output.code, Some(0));
    assert_eq!(output.stdout, format!("sidetone {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_usage_is_told_on_stderr_with_code_2() {
    for args in [&["no-such-command"][..], &["--no-such-option"], &["completions", "no-such-shell"], &["config"]] {
        let output = Program::new().run(args);
        assert_eq!(output.code, Some(2), "{args:?}");
        assert_eq!(output.stdout, "", "{args:?}");
        assert!(!output.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn a_closed_stdout_ends_quietly_with_0() {
    for args in [&["completions", "bash"][..], &["man"], &["info"], &["--help"], &["config", "path"]] {
        let program = Program::new();
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = program.command(args).stdout(writer).spawn().unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert_eq!(output.stderr, b"", "{args:?}");
    }
}

#[test]
fn completions_and_manual_pages_name_every_command() {
    let program = Program::new();
    let help = program.run(&["--help"]).stdout;
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|l| *l != "Commands:")
        .skip(1)
        .take_while(|l| !l.is_empty())
        .filter_map(|l| l.split_whitespace().next())
        .collect();
    assert!(commands.len() >= 4, "{commands:?}");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = program.run(&["completions", shell]);
        assert_eq!(script.code, Some(0));
        for command in &commands {
            assert!(script.stdout.contains(command), "{shell}: {command}");
        }
    }
    assert!(program.run(&["man"]).stdout.contains("EXIT") || program.run(&["man"]).stdout.contains("Exit codes"));
    let pages = program.home().join("pages");
    assert_eq!(program.run(&["man", "--out", pages.to_str().unwrap()]).code, Some(0));
    for command in &commands {
        assert!(pages.join(format!("sidetone-{command}.1")).is_file(), "{command}");
    }
}
