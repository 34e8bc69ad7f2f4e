//! The command line as a user meets it.

use crate::support::Program;

#[test]
fn the_version_is_one_line() {
    // The last is answered by the parser, the others are not: they say the same.
    for args in [&["--version"][..], &["-V"], &["--color", "never", "--version"]] {
        let output = Program::new().run(args);
        assert_eq!(output.code, Some(0), "{args:?}");
        assert_eq!(output.stdout, format!("sidetone {}\n", env!("CARGO_PKG_VERSION")), "{args:?}");
    }
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
fn a_number_below_zero_and_a_recording_that_cannot_be_made_are_told_by_their_names() {
    for command in ["sim", "demo"] {
        let output = Program::new().run(&[command, "--calls", "-1"]);
        assert_eq!(output.code, Some(2));
        assert!(output.stderr.contains("'-1' for '--calls <N>'"), "{}", output.stderr);
    }
    let mut program = Program::new();
    program.set("GENESYS_ACCESS_TOKEN", "a").set("SIDETONE_API_URL", "http://127.0.0.1:9");
    std::fs::write(program.home().join("there.sidetone"), "kept").unwrap();
    let output = program.run(&["--all-queues", "--record", "there.sidetone"]);
    assert_eq!(output.code, Some(2), "{}", output.stderr);
    assert!(output.stderr.contains("there.sidetone") && output.stderr.contains("exists"), "{}", output.stderr);
}

#[test]
fn a_closed_stdout_ends_quietly_with_0() {
    for args in [&["completions", "bash"][..], &["--version"], &["man"], &["info"], &["--help"], &["config", "path"]] {
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

/// The commands of a command, hidden ones left out, as arguments to the program.
fn all(command: &clap::Command, path: &[&str], found: &mut Vec<Vec<String>>) {
    found.push(path.iter().map(|part| (*part).to_owned()).collect());
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help") {
        all(sub, &[path, &[sub.get_name()]].concat(), found);
    }
}

#[test]
fn the_documentation_shows_every_help_text() {
    use clap::CommandFactory;
    let mut commands = Vec::new();
    all(&sidetone::cli::Cli::command(), &[], &mut commands);
    assert!(commands.len() > 15, "{commands:?}");
    let program = Program::new();
    let mut text = String::new();
    for command in commands {
        let args: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let output = program.run(&args);
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{args:?}");
        // Global options are the same everywhere, and shown once.
        let help = match output.stdout.split_once("\nGlobal options:\n") {
            Some((own, rest)) if args.len() > 1 => {
                let after = rest.split_once("\n\n").map_or("", |(_, after)| after);
                let after = after.lines().skip_while(|l| l.is_empty() || l.starts_with("      ")).collect::<Vec<_>>();
                let after = after.join("\n");
                let options = "\nGlobal options: see above.\n";
                if after.trim().is_empty() { format!("{own}{options}") } else { format!("{own}{options}\n{after}\n") }
            }
            _ => output.stdout.clone(),
        };
        let title = [&["sidetone"], &args[..args.len() - 1]].concat().join(" ");
        let lines = help.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        text += &format!("## {title}\n\n```text\n{}\n```\n\n", lines.trim_end());
    }
    crate::support::assert_section("docs/commands.md", "help", &text);
}

#[test]
fn the_exit_codes_are_told_where_they_are_looked_for() {
    let help = Program::new().run(&["--help"]).stdout;
    for (exit, meaning) in sidetone::exit::Exit::ALL {
        assert!(help.contains(&format!("{:>3}  {meaning}", exit.code())), "{meaning}");
    }
}
