//! The configuration file and `config`, `info`.

use crate::support::{Program, assert_section};

#[test]
fn init_writes_a_private_file_that_checks_and_is_never_overwritten() {
    let program = Program::new();
    assert_eq!(program.run(&["config", "init"]).code, Some(0));
    let file = program.home().join("config.toml");
    assert_eq!(program.run(&["config", "path"]).stdout.trim_end(), file.to_str().unwrap());
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&file).unwrap()) & 0o777, 0o600);
    assert_eq!(program.run(&["config", "check"]).code, Some(0));
    program.configure("# mine\n");
    assert_eq!(program.run(&["config", "init"]).code, Some(2));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "# mine\n");
}

#[test]
fn a_misspelt_key_is_code_2_with_file_line_and_the_right_key() {
    let program = Program::new();
    program.configure("[profile.acme]\nregion = \"us-east-1\"\nread_olny = true\n");
    let output = program.run(&["config", "check"]);
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("config.toml:3: "), "{}", output.stderr);
    assert!(output.stderr.contains("\"read_only\""), "{}", output.stderr);
}

#[test]
fn a_named_file_must_exist() {
    let program = Program::new();
    assert_eq!(program.run(&["config", "check"]).code, Some(0));
    assert_eq!(program.run(&["config", "check", "--config", "missing.toml"]).code, Some(2));
}

#[test]
fn info_names_sources_and_no_secret() {
    let mut program = Program::new();
    program
        .set("GENESYS_CLIENT_ID", "some-client")
        .set("GENESYS_CLIENT_SECRET", "sample-hidden-1")
        .set("GENESYSCLOUD_ACCESS_TOKEN", "sample-hidden-2")
        .set("GENESYS_REGION", "eu_west_1");
    let output = program.run(&["info", "--read-only"]);
    assert_eq!(output.code, Some(0));
    assert!(output.stdout.contains("from GENESYS_REGION"), "{}", output.stdout);
    assert!(output.stdout.contains("yes, by --read-only"), "{}", output.stdout);
    assert!(!output.stdout.contains("sample-hidden"), "{}", output.stdout);
}

#[test]
fn the_documentation_lists_every_key_and_variable() {
    use sidetone::config::{Section, VARIABLES, settings};
    let mut table = String::from("| key | example | default | what it does |\n|---|---|---|---|\n");
    for s in settings() {
        let place = match s.section {
            Section::Top => "",
            Section::Profile => "[profile.NAME] ",
            Section::Ui => "[ui] ",
            Section::View => "[view.NAME] ",
            Section::Findings => "[findings] ",
            Section::Audit => "[audit] ",
            Section::Store => "[store] ",
            Section::Hooks => "[hooks] ",
        };
        table += &format!("| `{place}{}` | `{}` | {} | {} |\n", s.key, s.sample, s.default, s.help);
    }
    assert_section("docs/configuration.md", "settings", &table);
    let mut variables = String::from("| variable | what it is |\n|---|---|\n");
    for v in VARIABLES {
        variables += &format!("| `{}` | {} |\n", v.name, v.help);
    }
    assert_section("docs/configuration.md", "variables", &variables);
}

#[test]
fn check_judges_what_only_the_parts_that_use_it_know() {
    for (text, said) in [
        ("[keys]\nno-such-action = [\"x\"]\n", "no-such-action"),
        ("[profile.acme]\nregion = \"us-esat-1\"\n", "us-east-1"),
        ("[ui]\ntheme = \"teminal\"\n", "\"terminal\""),
        // Beside another mistake, too.
        (
            "default_profile = \"acne\"\n[profile.acme]\nmask = 3\n[profile.b]\n",
            "config.toml:1: default_profile: no profile",
        ),
    ] {
        let program = Program::new();
        program.configure(text);
        let output = program.run(&["config", "check"]);
        assert_eq!(output.code, Some(2), "{text}");
        assert!(output.stderr.contains(said), "{text}: {}", output.stderr);
    }
}

/// One run names everything that is wrong, whoever judges it, by line.
#[test]
fn check_names_all_mistakes_in_the_order_of_their_lines() {
    let program = Program::new();
    program.configure(
        "[profile.acme]\nregion = \"nowhere-9\"\nread_olny = true\nconfirm_ms = -1\n\n[profile.other]\nregion = \"us-esat-1\"\n\n\
         [keys]\nopeen = [\"o\"]\nsort = [\"notakey\"]\nreverse = [\"c\"]\nquit = 3\n\n[view.bad]\nfilter = \"state:foo\"\n\n\
         [ui]\ntheme = \"teminal\"\n",
    );
    let output = program.run(&["config", "check"]);
    assert_eq!(output.code, Some(2));
    let places: Vec<(u32, &str)> = output
        .stderr
        .lines()
        .filter_map(|line| line.split_once("config.toml:")?.1.split_once(": "))
        .filter_map(|(line, rest)| Some((line.parse().ok()?, rest)))
        .collect();
    let lines: Vec<u32> = places.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 3, 4, 7, 10, 11, 12, 13, 16, 19], "{}", output.stderr);
    for (line, part) in [
        (2, "\"nowhere-9\" is not a valid region"),
        (3, "\"read_only\""),
        (4, "a whole number from 0 on"),
        (7, "us-east-1"),
        (10, "no action is called `opeen`; did you mean `open`?"),
        (11, "`notakey` is not a key"),
        (12, "`c` is claimed by both"),
        (16, "not a state"),
        (19, "\"terminal\""),
    ] {
        assert!(places.iter().any(|(at, rest)| *at == line && rest.contains(part)), "{line} {part}: {}", output.stderr);
    }
    assert!(!output.stderr.contains("u64") && !output.stderr.contains("is no "), "{}", output.stderr);
}

#[test]
fn the_configuration_turns_rules_off_and_weighs_them() {
    let center = crate::support::Center::new(&[]);
    let call = center.call(&[("note", "undefined"), ("trace_id", "{{x}}")]);
    let program = center.program();
    let id = call.to_string();
    let found = || {
        let (code, lines) = program.json(&["check", &id, "--json"]);
        let about = |line: &serde_json::Value| {
            (line["type"] == "finding").then(|| format!("{} {}", line["key"].as_str().unwrap_or(""), line["severity"]))
        };
        (code, lines.iter().filter_map(about).collect::<Vec<_>>())
    };
    let (code, mut plain) = found();
    assert_eq!(code, Some(0));
    // Both are of one moment, and nothing orders them.
    plain.sort();
    assert_eq!(plain, ["note \"warn\"", "trace_id \"warn\""]);
    program.configure("[findings]\nunresolved-template = 'off'\n");
    assert_eq!(found(), (Some(0), vec![]));
    program.configure(
        "[findings]\nunresolved-template = 'off'\nignore = ['trace_*']\n\
         [profile.only.findings]\nunresolved-template = 'error'\n",
    );
    assert_eq!(found(), (Some(6), vec!["note \"error\"".to_owned()]));
}

#[test]
fn mistakes_in_keys_are_told_with_file_and_line() {
    for (keys, line, part) in [
        ("# ours\nqiut = [\"q\"]", 3, "did you mean `quit`?"),
        ("sort = [\"s\"]\nquit = []", 3, "needs at least one key"),
        ("sort = [\"ctrl\"]", 2, "is not a key"),
        ("sort = [\"c\"]", 2, "is claimed by both"),
    ] {
        let program = Program::new();
        program.configure(&format!("[keys]\n{keys}\n"));
        let told = program.run(&["config", "check"]);
        assert_eq!(told.code, Some(2), "{keys}");
        assert!(told.stderr.contains(&format!("config.toml:{line}: [keys]: ")), "{keys}: {}", told.stderr);
        assert!(told.stderr.contains(part), "{keys}: {}", told.stderr);
    }
}
