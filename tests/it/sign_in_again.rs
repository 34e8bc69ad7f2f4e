//! A token that is revoked while the program runs on a terminal: the screen and the draft stay, the operator signs in,
//! and it goes on.

use crate::{pty::Tty, support::Center};
use portable_pty::CommandBuilder;
use sidetone::{
    genesys::{
        client::{ClientOptions, transport},
        signin::{
            SignIn,
            store::{KeptSignIn, SignInStore},
        },
    },
    sim::faults::TimedFault,
};

fn browser(url: &str) -> (u16, String) {
    let tls = transport::tls(&transport::TransportOptions::default()).expect("TLS");
    let builder = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy();
    let client = builder.redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let answer = client.get(url).send().await.expect("an answer");
        let to = answer.headers().get("location").map(|to| to.to_str().expect("an address").to_owned());
        (answer.status().as_u16(), to.unwrap_or_default())
    })
}

/// Tokens of a user, without one to renew them with.
fn signed_in(center: &Center, state: &std::path::Path) {
    let sim = &center.sim;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (sign_in, url) = runtime.block_on(async {
        let begun = SignIn::begin(&sim.api_url, &sim.login_url, &sim.client_id, ClientOptions::default()).await;
        let begun = begun.expect("a sign-in");
        let url = begun.url().to_string();
        (begun, url)
    });
    let (_, back) = browser(&url);
    let mut tokens = runtime.block_on(sign_in.finish(async { Some(back) })).expect("tokens");
    tokens.refresh = None;
    let kept = KeptSignIn { tokens: Some(tokens), secret: None };
    SignInStore::within(state).save(&sim.login_url, &sim.client_id, &kept).expect("kept");
}

#[test]
fn a_revoked_sign_in_is_mended_without_leaving() {
    let center = Center::new(&[]);
    let call = center.call(&[("customer_tier", "gold")]);
    let program = center.program();
    signed_in(&center, &program.home().join("state"));
    let (api, login) = (&center.sim.api_url, &center.sim.login_url);
    let id = &center.sim.client_id;
    program.configure(&format!(
        "[profile.test]\napi_url = \"{api}\"\nlogin_url = \"{login}\"\nclient_id = \"{id}\"\ngrant = \"pkce\"\n"
    ));
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_sidetone"));
    command.args(["--profile", "test", "--all-queues"]);
    let mut tty = Tty::spawn(&program, command, 120, 36);
    tty.shows("live ·");
    tty.shows("gold");
    tty.keys("\r");
    tty.shows("set to empty");
    tty.keys("e-mine");
    tty.shows("gold-mine");
    tty.keys("\u{1b}");
    tty.shows("draft, not sent");
    center.sim.happen(TimedFault::Revoke);
    tty.shows("signed out");
    tty.shows("Enter opens the browser to sign in.");
    // It opened by itself: what is typed within a second may have been meant for what was there before.
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    center.sim.set(call, "customer", [("seen_meanwhile", "yes")]);
    tty.keys("\r");
    tty.shows("paste the address it ended on");
    tty.wait_for("the whole address", |s| s.contains("code_challenge_method=S256"));
    let screen = tty.text();
    let address = &screen[screen.find("http://127.0.0.1").expect("the address")..];
    let address: String = address.lines().take_while(|l| !l.trim_start().starts_with("> ")).map(str::trim).collect();
    let (status, back) = browser(&address);
    assert_eq!(status, 302, "{address}");
    assert_eq!(browser(&back).0, 200);
    tty.shows("Signed in again.");
    tty.wait_for("what was missed", |s| s.contains("seen_meanwhile") && s.contains("yes"));
    tty.wait_for("the draft", |s| s.contains("gold-mine"));
    tty.keys("S");
    tty.shows("Send");
    tty.keys("\r");
    tty.shows("✓ seen ");
    assert_eq!(center.value(call, "customer_tier").as_deref(), Some("gold-mine"));
    tty.keys("q");
    tty.ends_with(0);
}
