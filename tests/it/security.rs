//! What an auditor tries: secrets in whatever the program leaves behind, files that others can read, files that somebody
//! else wrote. [`TRIED`] is the table of docs/security-and-privacy.md; each of its rows names tests, and they are looked up.

use crate::support::{Center, Output, Program, assert_section};
use std::{
    io::Read,
    path::{Path, PathBuf},
};

/// What was tried, what came of it, and the tests that show it.
const TRIED: &[(&str, &str, &[&str])] = &[
    (
        "find a secret or a token in output, files, the log at trace level, a recording, the history, a hook's environment, a report of a crash",
        "none is there",
        &["no_secret_is_left_anywhere", "debug_shows_no_secret", "no_secret_gets_out"],
    ),
    (
        "find one in the environment of the editor, the browser, the clipboard's tool, a hook, the command that prints the secret",
        "it is taken out",
        &[
            "the_editor_gets_no_secret",
            "the_browser_gets_no_secret",
            "the_clipboard_s_tool_gets_no_secret",
            "a_hook_hears_of_a_finding_masked_and_sees_no_secret",
            "the_command_that_prints_the_secret_gets_no_other",
            "a_child_gets_no_secret",
            "the_address_of_a_proxy_loses_who_signs_in",
        ],
    ),
    (
        "have a program started by a configuration that was handed over, by a recording, or by the demo",
        "hooks are not run",
        &["hooks_of_a_named_file_are_run_only_when_that_is_allowed", "a_replay_runs_no_hook_and_writes_no_store"],
    ),
    (
        "read personal data in what a hook receives, ids or values in the figures of a collector",
        "masked unless asked for; none are there",
        &[
            "personal_data_is_masked_unless_asked_for",
            "a_hook_hears_of_a_finding_masked_and_sees_no_secret",
            "the_figures_hold_no_ids_and_no_values",
        ],
    ),
    (
        "put a password into the configuration of the history store, or see one",
        "refused there, and never shown",
        &["what_cannot_be_is_named_with_its_line", "an_address_is_shown_without_who_signs_in"],
    ),
    ("get an image of the memory by a crash", "core dumps are off", &["a_crash_leaves_no_image_of_the_memory"]),
    (
        "hand over a configuration that sends the environment's secret elsewhere",
        "refused, or asked first",
        &["a_foreign_configuration_gets_no_secret", "an_address_of_the_file_itself_is_astray_whatever_client_it_names"],
    ),
    (
        "put a name and a password into an address",
        "refused, and not shown",
        &[
            "an_address_with_a_password_is_refused_and_not_shown",
            "a_name_or_a_password_in_an_address_is_refused_and_not_shown",
            "a_password_in_a_region_s_address_is_refused_and_not_shown",
        ],
    ),
    (
        "control the terminal, a spreadsheet, a ticket, a browser by a value, a key, a name, an address or an id",
        "drawn, escaped or marked; read back unchanged where the form is data",
        &[
            "no_output_holds_a_byte_that_acts",
            "hostile_values_put_no_control_bytes_on_the_terminal",
            "no_part_of_a_cell_is_a_formula",
            "every_text_comes_back",
        ],
    ),
    (
        "hide a card number behind separators, percent-encoding, digits of other scripts",
        "masked",
        &["what_looks_personal", "separators_hide_nothing"],
    ),
    (
        "find the name of a person in a masked export or picture",
        "masked",
        &["names_are_masked_in_every_export", "names_are_covered_whole_and_cut"],
    ),
    (
        "link two redacted copies of one recording",
        "nothing but its structure is common",
        &["two_copies_cannot_be_linked"],
    ),
    (
        "find a moment of the recording in a copy whose times were moved",
        "none is there",
        &["no_moment_of_the_recording_is_in_a_copy_whose_times_are_moved"],
    ),
    (
        "read the state, the log, an export or a recording as another user",
        "modes are 0700 and 0600, and repaired",
        &[
            "what_is_kept_is_the_owner_s_alone",
            "any_command_repairs_what_others_could_use",
            "a_directory_that_others_can_use_is_repaired_and_no_link_is_followed",
            "nobody_else_can_read_it",
        ],
    ),
    (
        "have a file written through a link",
        "refused, or the link itself is replaced",
        &["no_link_is_written_through", "a_directory_that_others_can_use_is_repaired_and_no_link_is_followed"],
    ),
    (
        "put a link in the place of the stored sign-ins or the saved views",
        "refused",
        &["stored_sign_ins_are_not_read_through_a_link", "saved_views_are_not_read_through_a_link"],
    ),
    (
        "fill the memory by a large or deep local file",
        "refused above its limit",
        &[
            "local_files_have_limits",
            "more_than_the_limit_is_refused_before_it_is_kept",
            "a_configuration_that_is_no_plain_file_is_refused",
        ],
    ),
    (
        "end a sign-in from another page, by another name of this machine, or without its state",
        "refused, and nothing of it is shown",
        &["only_an_answer_to_this_sign_in_ends_it"],
    ),
    (
        "lead an encrypted API's client to a plain or a local socket",
        "not opened",
        &["an_address_that_the_api_gave_is_no_worse_than_its_own"],
    ),
    ("reach another route by an id of one or two dots", "refused", &["an_id_of_dots_is_refused"]),
    (
        "edit although a safety switch was meant to be on",
        "an unknown word ends with 2",
        &["a_switch_with_an_unknown_word_is_refused", "a_switch_with_an_unknown_word_ends_every_command"],
    ),
    (
        "write to the organisation without a line in the audit file",
        "`set` sends nothing",
        &["no_link_is_written_through"],
    ),
];

#[test]
fn the_documentation_tells_what_was_tried() {
    let mut table = String::from("| tried | outcome | shown by the tests |\n|---|---|---|\n");
    let sources = sources(Path::new(env!("CARGO_MANIFEST_DIR")));
    for (what, outcome, tests) in TRIED {
        for test in *tests {
            assert!(sources.contains(&format!("fn {test}(")), "there is no test {test}");
        }
        let tests: Vec<String> = tests.iter().map(|test| format!("`{test}`")).collect();
        table += &format!("| {what} | {outcome} | {} |\n", tests.join(", "));
    }
    assert_section("docs/security-and-privacy.md", "tried", &table);
    assert_section("docs/security-and-privacy.md", "masking", &sidetone::domain::mask::document());
}

/// All sources, one text.
fn sources(root: &Path) -> String {
    let files = files(&root.join("src")).into_iter().chain(files(&root.join("tests/it")));
    files
        .filter(|file| file.extension().is_some_and(|end| end == "rs"))
        .map(|file| std::fs::read_to_string(file).expect("a source"))
        .collect()
}

/// Every file below a directory.
fn files(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The bytes of a file, also as they are when it is a recording.
fn contents(file: &Path) -> Vec<u8> {
    let mut bytes = std::fs::read(file).expect("a file");
    let mut plain = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b])
        && flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut plain).is_ok()
    {
        bytes.append(&mut plain);
    }
    bytes
}

fn holds(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}

/// A token of this contact centre, got as any program gets one.
fn token(center: &Center) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let tls = sidetone::genesys::client::transport::tls(&Default::default()).expect("TLS");
        let client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().expect("a client");
        let request = client
            .post(format!("{}/oauth/token", center.sim.login_url))
            .basic_auth(&center.sim.client_id, Some(&center.sim.client_secret))
            .form(&[("grant_type", "client_credentials")]);
        let answer: serde_json::Value = request.send().await.expect("an answer").json().await.expect("JSON");
        answer["access_token"].as_str().expect("a token").to_owned()
    })
}

#[test]
fn no_secret_is_left_anywhere() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold"), ("card", "4242 4242 4242 4242")]).to_string();
    let secret = center.sim.client_secret.clone();
    let token = token(&center);
    let mut with_token = Program::new();
    with_token
        .set("SIDETONE_API_URL", &center.sim.api_url)
        .set("SIDETONE_LOGIN_URL", &center.sim.login_url)
        .set("GENESYS_ACCESS_TOKEN", &token);
    let queue = center.queue();
    let runs: &[&[&str]] = &[
        &["get", &call],
        &["get", &call, "--json"],
        &["set", &call, "tier=silver", "--json"],
        &["set", &call, "tier=x", "--dry-run"],
        &["get", "no-such-call"],
        &["watch", "--queue", &queue, "--count", "1", "--json", "--record", "watched.rec"],
        // On a busy machine it ends before it is connected, and keeps nothing.
        &["record", "kept.rec", "--queue", &queue, "--timeout", "1s"],
        &["check", &call],
        &["export", &call, "--out", "call.html"],
        &["doctor"],
        &["info"],
        &["config", "check"],
        &["audit", "show"],
    ];
    for program in [center.program(), with_token] {
        program.configure("[hooks]\ncommand = [\"sh\", \"-c\", \"env > seen.part; mv seen.part seen-by-the-hook\"]\n");
        for run in runs {
            let output = program.run(&[run, &["--log-level", "trace"][..]].concat());
            for text in [&output.stdout, &output.stderr] {
                assert!(!text.contains(&secret) && !text.contains(&token), "{run:?}: {text}");
            }
        }
        #[cfg(unix)]
        {
            // 'watch' has run it, too.
            std::fs::remove_file(program.home().join("seen-by-the-hook")).expect("what it saw");
            let collecting = program.follow(&["collect", "--queue", &queue, "--log-level", "trace"]);
            let deadline = std::time::Instant::now() + std::time::Duration::from_secs(180);
            while !program.home().join("seen-by-the-hook").exists() {
                assert!(std::time::Instant::now() < deadline, "no hook was run");
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            collecting.signal(rustix::process::Signal::TERM);
            let (code, _, stderr) = collecting.end();
            assert_eq!(code, Some(143), "{stderr}");
            assert!(!stderr.contains(&secret) && !stderr.contains(&token), "{stderr}");
            assert!(program.home().join("state/history.sqlite").exists());
        }
        let files = files(program.home());
        assert!(files.iter().any(|file| file.ends_with("watched.rec")) && files.len() > 3, "{files:?}");
        for file in files {
            let bytes = contents(&file);
            assert!(!holds(&bytes, &secret) && !holds(&bytes, &token), "{}", file.display());
            assert!(!holds(&bytes, "Bearer ") && !holds(&bytes, "Basic "), "{}", file.display());
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_crash_leaves_no_image_of_the_memory() {
    let center = Center::new(&[]);
    let program = center.program();
    let followed = program.follow(&["watch", "--queue", &center.queue(), "--json"]);
    followed.until("\"live\"");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", followed.id())).expect("its limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a line");
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    followed.signal(rustix::process::Signal::ABORT);
    let (_, _, stderr) = followed.end();
    assert!(!stderr.contains(&center.sim.client_secret));
    let files = files(program.home());
    assert!(files.iter().all(|file| !file.to_string_lossy().contains("core")), "{files:?}");
}

#[cfg(unix)]
#[test]
fn the_editor_gets_no_secret() {
    use crate::pty::Tty;
    use portable_pty::CommandBuilder;
    let center = Center::new(&[]);
    center.call(&[("tier", "gold")]);
    let program = Program::new();
    std::fs::write(program.home().join("editor.sh"), "env > environment; printf edited > \"$1\"").expect("a script");
    let line = format!(
        "VISUAL='sh editor.sh' GENESYS_CLIENT_ID={} GENESYS_CLIENT_SECRET={} GENESYSCLOUD_ACCESS_TOKEN= GENESYS_REFRESH_TOKEN=sesame \
         exec {} --all-queues --api-url {} --login-url {}",
        center.sim.client_id,
        center.sim.client_secret,
        env!("CARGO_BIN_EXE_sidetone"),
        center.sim.api_url,
        center.sim.login_url
    );
    let mut shell = CommandBuilder::new("sh");
    shell.args(["-c", &line]);
    let mut tty = Tty::spawn(&program, shell, 120, 36);
    tty.shows("live ·");
    tty.shows("+1 555");
    tty.keys("\r");
    tty.shows("set to empty");
    tty.keys("E");
    tty.shows("edited");
    let environment = std::fs::read_to_string(program.home().join("environment")).expect("what the editor saw");
    assert!(environment.contains("GENESYS_CLIENT_ID="), "{environment}");
    for secret in [center.sim.client_secret.as_str(), "GENESYS_CLIENT_SECRET", "sesame"] {
        assert!(!environment.contains(secret), "{environment}");
    }
    tty.keys("q");
    tty.shows("1 draft");
    tty.keys("\r");
    tty.ends_with(0);
}

/// A directory with a program of this name that writes down its environment; the PATH with it in front.
#[cfg(unix)]
fn spy(program: &Program, name: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = program.home().join("bin");
    std::fs::create_dir_all(&dir).expect("a directory");
    let script = format!("#!/bin/sh\ncat < /dev/null\nenv > {}/environment.part\n", program.home().display());
    let script = script + &format!("mv {0}/environment.part {0}/environment\n", program.home().display());
    std::fs::write(dir.join(name), script).expect("a script");
    std::fs::set_permissions(dir.join(name), std::fs::Permissions::from_mode(0o755)).expect("a program");
    format!("{}:/usr/bin:/bin", dir.display())
}

/// What the spy saw; it holds the client's id and nothing secret.
#[cfg(unix)]
fn seen_by_the_spy(program: &Program, secret: &str) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(180);
    let file = program.home().join("environment");
    while !file.exists() {
        assert!(std::time::Instant::now() < deadline, "it was not started");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let environment = std::fs::read_to_string(file).expect("what it saw");
    assert!(environment.contains("GENESYS_CLIENT_ID="), "{environment}");
    for hidden in [secret, "GENESYS_CLIENT_SECRET", "sesame"] {
        assert!(!environment.contains(hidden), "{environment}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_browser_gets_no_secret() {
    let center = Center::new(&[]);
    let mut program = center.program();
    let path = spy(&program, "xdg-open");
    program.set("PATH", &path).set("GENESYS_REFRESH_TOKEN", "sesame");
    let sim = &center.sim;
    let _login = program.follow(&["login", "--client-id", &sim.client_id]);
    seen_by_the_spy(&program, &sim.client_secret);
}

#[cfg(target_os = "linux")]
#[test]
fn the_clipboard_s_tool_gets_no_secret() {
    use crate::pty::Tty;
    use portable_pty::CommandBuilder;
    let center = Center::new(&[]);
    center.call(&[("tier", "gold")]);
    let program = Program::new();
    let path = spy(&program, "wl-copy");
    let line = format!(
        "PATH='{path}' WAYLAND_DISPLAY=wayland-0 GENESYS_CLIENT_ID={} GENESYS_CLIENT_SECRET={} GENESYS_REFRESH_TOKEN=sesame \
         exec {} --all-queues --api-url {} --login-url {}",
        center.sim.client_id,
        center.sim.client_secret,
        env!("CARGO_BIN_EXE_sidetone"),
        center.sim.api_url,
        center.sim.login_url
    );
    let mut shell = CommandBuilder::new("sh");
    shell.args(["-c", &line]);
    let mut tty = Tty::spawn(&program, shell, 120, 36);
    tty.shows("live ·");
    tty.shows("+1 555");
    tty.keys("\r");
    tty.shows("add a key");
    tty.keys("y");
    seen_by_the_spy(&program, &center.sim.client_secret);
    tty.keys("q");
    tty.ends_with(0);
}

#[cfg(unix)]
#[test]
fn the_command_that_prints_the_secret_gets_no_other() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]).to_string();
    let mut program = Program::new();
    let sim = &center.sim;
    program
        .set("SIDETONE_STORE_PASSWORD", "sesame-store")
        .set("GENESYS_REFRESH_TOKEN", "sesame-refresh")
        .set("VAULT_TOKEN", "its-own")
        .set("HTTPS_PROXY", "http://operator:sesame-proxy@proxy.test:3128")
        .set("all_proxy", "operator:sesame-proxy@proxy.test:1080");
    program.configure(&format!(
        "[profile.x]\napi_url = '{}'\nlogin_url = '{}'\nclient_id = '{}'\n\
         client_secret_command = 'env > environment; printf {}'\n",
        sim.api_url, sim.login_url, sim.client_id, sim.client_secret
    ));
    let output = program.run(&["get", &call, "--key", "tier"]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), "gold\n"), "{}", output.stderr);
    let environment = std::fs::read_to_string(program.home().join("environment")).expect("what it saw");
    for kept in ["VAULT_TOKEN=its-own", "HTTPS_PROXY=http://proxy.test:3128", "all_proxy=proxy.test:1080"] {
        assert!(environment.contains(kept), "{environment}");
    }
    assert!(!environment.contains("sesame"), "{environment}");
}

#[test]
fn a_foreign_configuration_gets_no_secret() {
    let theirs = Center::new(&[]);
    let mut program = Program::new();
    program.set("GENESYS_CLIENT_ID", "mine").set("GENESYS_CLIENT_SECRET", "sesame");
    let file = program.home().join("theirs.toml");
    // Ids of clients are no secret: a file may name none, another, or the operator's own.
    for client in ["", "client_id = 'theirs'\n", "client_id = 'mine'\n"] {
        let (api, login) = (&theirs.sim.api_url, &theirs.sim.login_url);
        for addresses in [
            format!("api_url = '{api}'\nlogin_url = '{login}'"),
            format!("region = 'us-east-1'\nlogin_url = '{login}'"),
        ] {
            std::fs::write(&file, format!("[profile.x]\n{addresses}\n{client}")).expect("a file");
            for command in [&["doctor"][..], &["get", "c"]] {
                let output = program.run(&[command, &["--config", "theirs.toml"]].concat());
                let said = format!("{}{}", output.stdout, output.stderr);
                assert_eq!(output.code, Some(2), "{addresses}{client}: {said}");
                assert!(said.contains("GENESYS_CLIENT_SECRET") && said.contains("http://127.0.0.1"), "{said}");
                assert!(!said.contains("sesame"), "{said}");
            }
        }
    }
    // Nor does the password of the history go to a server that such a file names.
    std::fs::write(&file, "[store]\nurl = 'postgres://u@127.0.0.1:9/h'\n").expect("a file");
    program.set("SIDETONE_STORE_PASSWORD", "sesame-store");
    let output = program.run(&["store", "info", "--config", "theirs.toml"]);
    assert_eq!(output.code, Some(2), "{}", output.stderr);
    assert!(output.stderr.contains("would send SIDETONE_STORE_PASSWORD"), "{}", output.stderr);
    assert_eq!(theirs.sim.requests(), 0, "nothing was sent");
    // What the operator names as well is the operator's.
    let text = format!("[profile.x]\napi_url = '{0}'\nlogin_url = '{0}'\n", theirs.sim.api_url);
    std::fs::write(&file, text).expect("a file");
    program.set("SIDETONE_API_URL", &theirs.sim.api_url);
    assert_ne!(program.run(&["get", "c", "--config", "theirs.toml"]).code, Some(2));
}

#[test]
fn a_password_in_a_region_s_address_is_refused_and_not_shown() {
    let mut program = Program::new();
    program.set("GENESYS_ACCESS_TOKEN", "t");
    let output = program.run(&["get", "c", "--region", "https://ada:sesame@apps.mypurecloud.com/"]);
    assert_eq!(output.code, Some(2), "{}", output.stderr);
    assert!(output.stderr.contains("before the @") && !output.stderr.contains("sesame"), "{}", output.stderr);
}

/// An unknown word in a safety switch ends every command, those too that never look at it.
#[test]
fn a_switch_with_an_unknown_word_ends_every_command() {
    let mut program = Program::new();
    program.set("SIDETONE_READ_ONLY", "maybe");
    for args in [&["redact", "in", "out"][..], &["audit", "show"], &["sim"], &["man"], &["config", "path"]] {
        let output = program.run(args);
        assert_eq!(output.code, Some(2), "{args:?}: {}", output.stderr);
        assert!(output.stderr.contains("SIDETONE_READ_ONLY is \"maybe\""), "{args:?}: {}", output.stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_configuration_that_is_no_plain_file_is_refused() {
    let program = Program::new();
    let fifo = program.home().join("fifo.toml");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().expect("mkfifo").success());
    for command in [&["config", "check"][..], &["get", "c"]] {
        let output = program.run(&[command, &["--config", "fifo.toml"]].concat());
        assert_eq!(output.code, Some(2), "{}", output.stderr);
        assert!(output.stderr.contains("not a plain file"), "{}", output.stderr);
    }
}

/// Whatever a command is for, what others could read or write in the state directory they cannot afterwards.
#[cfg(unix)]
#[test]
fn any_command_repairs_what_others_could_use() {
    use std::os::unix::fs::PermissionsExt as _;
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]).to_string();
    let program = center.program();
    let state = program.home().join("state");
    std::fs::create_dir_all(state.join("recordings")).expect("a directory");
    let (audit, recording) = (state.join("audit.jsonl"), state.join("recordings/a.sidetone"));
    let open = |path: &Path, mode: u32| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
    };
    let mode = |path: &Path| std::fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    for args in [&["get", &call][..], &["audit", "show"], &["audit", "prune"], &["info"]] {
        for file in [&audit, &recording] {
            std::fs::write(file, "").expect("a file");
            open(file, 0o666);
        }
        open(&state, 0o777);
        open(&state.join("recordings"), 0o777);
        assert_eq!(program.run(args).code, Some(0), "{args:?}");
        assert_eq!([mode(&state), mode(&state.join("recordings"))], [0o700; 2], "{args:?}");
        assert_eq!([mode(&audit), mode(&recording)], [0o600; 2], "{args:?}");
    }
}

#[test]
fn an_address_with_a_password_is_refused_and_not_shown() {
    let mut program = Program::new();
    program.set("GENESYS_ACCESS_TOKEN", "t").set("SIDETONE_API_URL", "https://ada:sesame@api.example.com");
    for args in [&["info"][..], &["config", "check"], &["doctor"], &["get", "x"]] {
        let Output { code, stdout, stderr } = program.run(args);
        assert!(!stdout.contains("sesame") && !stderr.contains("sesame"), "{args:?}: {stdout}{stderr}");
        assert!(args == ["info"] || code == Some(2), "{args:?}: {code:?} {stderr}");
    }
}

#[test]
fn a_switch_with_an_unknown_word_is_refused() {
    for (word, code) in [
        ("1", 0),
        ("true", 0),
        ("YES", 0),
        ("on", 0),
        ("0", 0),
        ("false", 0),
        ("No", 0),
        ("off", 0),
        ("maybe", 2),
        ("2", 2),
        ("", 0),
    ] {
        let mut program = Program::new();
        program.set("SIDETONE_READ_ONLY", word);
        assert_eq!(program.run(&["config", "check"]).code, Some(code), "{word:?}");
    }
}

#[test]
fn an_id_of_dots_is_refused() {
    let center = Center::new(&[]);
    for id in [".", "..", "%2e%2E"] {
        for args in [&["get", id][..], &["watch", "--conversation", id, "--timeout", "1s"], &["set", id, "a=b"]] {
            let before = center.sim.requests();
            let output = center.program().run(args);
            assert_eq!(output.code, Some(2), "{args:?}: {}", output.stderr);
            assert!(center.sim.requests() <= before + 1, "at most a token was asked for");
        }
    }
}

#[test]
fn names_are_masked_in_every_export() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]);
    let rest = center.sim.rest(call).expect("the call");
    let participants = rest["participants"].as_array().expect("participants");
    let name =
        participants.iter().find(|p| p["purpose"] == "customer").and_then(|p| p["name"].as_str()).expect("a name");
    // In a value and in a key of the same call, too.
    let first = name.split(' ').next().expect("a word");
    let more =
        [("greeting".to_owned(), format!("Dear {first}, {name}")), (format!("{name}'s account"), "1".to_owned())];
    assert!(center.sim.set(call, "customer", more));
    let program = center.program();
    for form in ["json", "csv", "md", "html"] {
        let masked = program.run(&["export", &call.to_string(), "--format", form]);
        assert!(masked.code == Some(0) && !masked.stdout.contains(first), "{form}: {}", masked.stdout);
        let clear = program.run(&["export", &call.to_string(), "--format", form, "--unmasked"]);
        assert!(form == "md" || clear.stdout.contains(name), "{form}: {}", clear.stdout);
    }
}

#[cfg(unix)]
#[test]
fn what_is_kept_is_the_owner_s_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]).to_string();
    let program = center.program();
    for dir in ["state", "log"] {
        let dir = program.home().join(dir);
        std::fs::create_dir(&dir).expect("a directory");
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o777)).expect("a mode");
    }
    let old = program.home().join("log/sidetone.2026-11-01.log");
    std::fs::write(&old, "old\n").expect("a log");
    std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o644)).expect("a mode");
    assert_eq!(program.run(&["set", &call, "tier=silver"]).code, Some(0));
    assert_eq!(program.run(&["export", &call, "--out", "call.md"]).code, Some(0));
    let mode = |path: &Path| std::fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!([mode(&program.home().join("state")), mode(&program.home().join("log"))], [0o700; 2]);
    let files = files(program.home());
    assert!(
        files.iter().any(|file| file.ends_with("audit.jsonl"))
            && files.iter().filter(|f| f.starts_with(program.home().join("log"))).count() >= 2
    );
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[cfg(unix)]
#[test]
fn no_link_is_written_through() {
    use std::os::unix::fs::symlink;
    let center = Center::new(&[]);
    let id = center.call(&[("tier", "gold")]);
    let call = id.to_string();
    let program = center.program();
    let precious = program.home().join("precious");
    let intact = || assert_eq!(std::fs::read(&precious).expect("it is there"), b"precious");
    std::fs::write(&precious, "precious").expect("a file");
    for name in ["out.md", "out.rec"] {
        symlink(&precious, program.home().join(name)).expect("a link");
    }
    std::fs::create_dir(program.home().join("man")).expect("a directory");
    symlink(&precious, program.home().join("man/sidetone.1")).expect("a link");
    assert_eq!(program.run(&["man", "--out", "man"]).code, Some(0));
    intact();
    let page = std::fs::symlink_metadata(program.home().join("man/sidetone.1")).expect("a page");
    assert!(page.is_file() && page.len() > 100);
    assert_eq!(program.run(&["export", &call, "--out", "out.md"]).code, Some(2));
    intact();
    assert_eq!(program.run(&["export", &call, "--out", "out.md", "--force"]).code, Some(0));
    intact();
    assert_eq!(program.run(&["record", "out.rec", "--conversation", &call, "--timeout", "100ms"]).code, Some(2));
    intact();
    assert_eq!(
        program.run(&["record", "out.rec", "--conversation", &call, "--timeout", "100ms", "--force"]).code,
        Some(0)
    );
    intact();
    std::fs::remove_file(program.home().join("state/audit.jsonl")).ok();
    std::fs::create_dir_all(program.home().join("state")).expect("a directory");
    symlink(&precious, program.home().join("state/audit.jsonl")).expect("a link");
    // A write that cannot be in the audit file is not made, and what is not ours is not shown as ours.
    for args in [&["set", &call, "tier=silver"][..], &["audit", "show"], &["audit", "prune"]] {
        let output = program.run(args);
        assert_eq!(output.code, Some(1), "{args:?}: {}", output.stderr);
        assert!(output.stderr.contains("audit") && output.stderr.contains("is a link"), "{}", output.stderr);
        assert!(!output.stdout.contains("precious"), "{}", output.stdout);
    }
    intact();
    assert_eq!(center.value(id, "tier").as_deref(), Some("gold"));
    // A link in the place of a directory: nothing is written where it leads.
    let elsewhere = program.home().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("a directory");
    std::fs::remove_dir_all(program.home().join("log")).ok();
    symlink(&elsewhere, program.home().join("log")).expect("a link");
    let output = program.run(&["get", &call]);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stderr.contains("no log is written") && output.stderr.contains("is a link"), "{}", output.stderr);
    assert_eq!(std::fs::read_dir(&elsewhere).expect("a directory").count(), 0);
}

#[test]
fn local_files_have_limits() {
    let program = Program::new();
    let large = program.home().join("large");
    std::fs::File::create(&large).and_then(|file| file.set_len((16 << 20) + 1)).expect("a file");
    let large = large.to_str().expect("a path");
    for args in [
        &["lint", large][..],
        &["check", "--expect", large, "--all-queues"],
        &["sim", "--scenario", large],
        &["config", "check", "--config", large],
        &["set", "c", "--from", large],
    ] {
        let output = program.run(args);
        assert_eq!(output.code, Some(2), "{args:?}: {}", output.stderr);
        assert!(output.stderr.contains("larger than 16 MiB"), "{args:?}: {}", output.stderr);
    }
    // Depth: read without recursion, whatever it is.
    let deep = format!("{{\"k\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    let file = program.home().join("deep.json");
    std::fs::write(&file, &deep).expect("a file");
    assert_eq!(program.run(&["lint", file.to_str().expect("a path")]).code, Some(6));
    // YAML that would unfold without bound.
    let mut yaml = String::from("a0: &a0 [x, x]\n");
    (1..40).for_each(|n| yaml += &format!("a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1));
    let file = program.home().join("flow.yaml");
    std::fs::write(&file, yaml).expect("a file");
    let output = program.run(&["flow", "keys", file.to_str().expect("a path")]);
    assert_eq!(output.code, Some(2), "{}", output.stderr);
}

#[test]
fn the_audit_file_is_shown_and_pruned() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]).to_string();
    let program = center.program();
    let audit = program.home().join("state/audit.jsonl");
    std::fs::create_dir_all(program.home().join("state")).expect("a directory");
    let old = r#"{"time":"2020-01-01T00:00:00.000Z","who":"ada","org":"acme","changes":[],"outcome":"sent"}"#;
    std::fs::write(&audit, format!("{old}\n")).expect("a file");
    assert_eq!(program.run(&["audit", "show"]).stdout.lines().count(), 1);
    assert_eq!(program.run(&["set", &call, "tier=silver"]).code, Some(0));
    let shown = program.run(&["audit", "show", "--conversation", &call]);
    assert!(
        shown.stdout.lines().count() >= 2 && shown.stdout.contains("tier \"gold\" -> \"silver\""),
        "{}",
        shown.stdout
    );
    let (code, lines) = program.json(&["audit", "show", "--json"]);
    assert!(code == Some(0) && lines.iter().all(|line| line["time"] != "2020-01-01T00:00:00.000Z"), "{lines:?}");
    program.configure("[audit]\nkeep_days = 0\n");
    assert_eq!(program.run(&["audit", "prune"]).code, Some(0));
    assert_eq!(program.run(&["audit", "show"]).stdout, "");
}
