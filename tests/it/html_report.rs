//! The HTML report in a real browser, where one is installed: nothing on the console, nothing asked of a network, nothing
//! wider than the window, light and dark, wide and narrow, and printed. `SIDETONE_BROWSER`: 4 is all of it, 1 a narrow window.

use crate::support::{Program, count};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The browser of this machine.
fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).flat_map(|dir| BROWSERS.map(|name| dir.join(name))).find(|file| file.is_file())
}

/// What the browser prints of a page, and what it says beside it.
fn open(browser: &Path, home: &Path, page: &Path, args: &[&str]) -> (String, String) {
    let profile = format!("--user-data-dir={}", home.join("browser").display());
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--enable-logging=stderr"])
        .args(["--host-resolver-rules=MAP * ~NOTFOUND", &profile])
        .args(args)
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("the browser starts");
    (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Lines of a page on the browser's console.
fn console(stderr: &str) -> Vec<&str> {
    stderr.lines().filter(|line| line.contains("CONSOLE")).collect()
}

#[test]
fn the_report_is_quiet_whole_and_inside_its_window_in_a_browser() {
    let Some(browser) = browser() else {
        eprintln!("not run: no Chromium here");
        return;
    };
    let program = Program::new();
    let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/format-1.sidetone");
    let lines = std::fs::read_to_string(recording.replace(".sidetone", ".ndjson")).expect("its changes");
    let id = lines.split("\"conversationId\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a call");
    let report = program.run(&["export", id, "--recording", recording, "--format", "html"]);
    assert_eq!(report.code, Some(0), "{}", report.stderr);
    assert!(report.stdout.contains("<h2>Journey</h2>"), "the journey is in it");
    let page = program.home().join("report.html");
    std::fs::write(&page, &report.stdout).expect("a page");
    // As it is: its policy forbids all requests and scripts, and one that was tried would be on the console.
    let (dom, stderr) = open(&browser, program.home(), &page, &["--dump-dom"]);
    assert!(dom.contains("<h2>Attributes</h2>"), "{stderr}");
    assert_eq!(console(&stderr), [""; 0]);
    for attribute in ["src=", "href=\"http", "@import", "url("] {
        assert!(!dom.contains(attribute), "{attribute} asks for something");
    }
    // Measured in a copy: the report itself runs nothing.
    let policy = report.stdout.find("<meta http-equiv").expect("a policy");
    let end = policy + report.stdout[policy..].find('>').expect("its end") + 1;
    let script = "<script>document.title = [document.documentElement.scrollWidth, innerWidth, \
                  matchMedia('(prefers-color-scheme: dark)').matches, getComputedStyle(document.body).backgroundColor, \
                  getComputedStyle(document.body).color].join('|')</script></body>";
    let copy = format!("{}{}", &report.stdout[..policy], &report.stdout[end..]).replace("</body>", script);
    let probe = program.home().join("probe.html");
    std::fs::write(&probe, copy).expect("a page");
    let mut grounds = Vec::new();
    let windows = [
        &["--dump-dom", "--window-size=500,900"][..],
        &["--dump-dom", "--window-size=1280,900"],
        &["--dump-dom", "--window-size=1280,900", "--blink-settings=preferredColorScheme=0"],
    ];
    let looks = count("SIDETONE_BROWSER", 1, 4);
    for args in windows.into_iter().take(looks) {
        let (dom, stderr) = open(&browser, program.home(), &probe, args);
        let title = dom.split("<title>").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default();
        let parts: Vec<&str> = title.split('|').collect();
        let [wide, window, dark, ground, ink] = parts[..] else { panic!("{args:?}: {title:?} {stderr}") };
        let (wide, window): (u32, u32) = (wide.parse().expect("a width"), window.parse().expect("a width"));
        assert!(wide <= window, "{args:?}: {wide} of {window}");
        assert_ne!(ground, ink);
        grounds.push((dark.to_owned(), ground.to_owned()));
    }
    if looks <= windows.len() {
        return;
    }
    assert_eq!(grounds[0], grounds[1]);
    let [(light, ground), .., (dark, other)] = &grounds[..] else { panic!("{grounds:?}") };
    assert_eq!((light.as_str(), dark.as_str()), ("false", "true"), "both were looked at");
    assert_ne!(ground, other, "dark is dark");
    let pdf = program.home().join("report.pdf");
    let (_, stderr) = open(&browser, program.home(), &page, &[&format!("--print-to-pdf={}", pdf.display())]);
    assert!(pdf.metadata().is_ok_and(|pdf| pdf.len() > 4_000), "{stderr}");
}
