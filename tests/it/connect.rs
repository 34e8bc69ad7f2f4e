//! Being told why it does not connect: the real program before proxies that refuse, portals, nobody, and an ended token.

use crate::support::{Center, Program, side_by_side};
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
};

/// A server that answers every request with `answer`. Its port, and the first lines of the requests.
fn server(answer: &str) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let (seen, answer) = (Arc::clone(&asked), answer.to_owned());
    std::thread::spawn(move || {
        for tcp in listener.incoming().map_while(Result::ok) {
            let (seen, answer) = (Arc::clone(&seen), answer.clone());
            std::thread::spawn(move || {
                let mut from = BufReader::new(&tcp);
                let mut first = String::new();
                _ = from.read_line(&mut first);
                seen.lock().unwrap().push(first.trim().to_owned());
                let mut line = String::new();
                while from.read_line(&mut line).is_ok_and(|n| n > 2) {
                    line.clear();
                }
                _ = (&tcp).write_all(answer.as_bytes());
            });
        }
    });
    (port, asked)
}

fn page(status: &str, more: &str) -> String {
    let html = "<html><title>Sign in to Hotel WLAN</title></html>";
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\n{more}content-length: {}\r\nconnection: close\r\n\r\n{html}",
        html.len()
    )
}

/// A program of the region us-east-1 with a token, behind this proxy.
fn behind(port: u16) -> Program {
    let mut program = Program::new();
    program
        .set("GENESYS_REGION", "us-east-1")
        .set("GENESYS_ACCESS_TOKEN", "sample-token")
        .set("HTTPS_PROXY", &format!("http://operator:sample-password@127.0.0.1:{port}"));
    program
}

fn at(port: u16) -> Program {
    let mut program = Program::new();
    let url = format!("http://127.0.0.1:{port}");
    program.set("SIDETONE_API_URL", &url).set("SIDETONE_LOGIN_URL", &url).set("GENESYS_ACCESS_TOKEN", "sample-token");
    program
}

const CALL: &str = "1f1c3c9e-6a0b-4c8f-9d5e-0b9f6f2f7a11";

/// A proxy that wants another password, and one whose policy refuses: asked once, named, its password not shown.
#[test]
fn a_proxy_that_refuses_is_named_and_not_asked_again() {
    let refusals = [
        ("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n", "407, proxy"),
        ("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n", "policy"),
        (
            "HTTP/1.1 511 Network Authentication Required\r\ncontent-length: 0\r\n\r\n",
            "511: the network wants a sign-in",
        ),
        (
            "HTTP/1.1 302 Found\r\nlocation: http://portal.test/\r\ncontent-length: 0\r\n\r\n",
            "302: the network wants a sign-in",
        ),
    ];
    side_by_side(refusals, |(answer, words)| {
        let (port, asked) = server(answer);
        let program = behind(port);
        let told = program.run(&["get", CALL]);
        assert_eq!(told.code, Some(1), "{}", told.stderr);
        for part in [&format!("the proxy 127.0.0.1:{port} on the way to api.mypurecloud.com"), words, "HTTPS_PROXY"] {
            assert!(told.stderr.contains(part), "{part}: {}", told.stderr);
        }
        assert!(!told.stderr.contains("sample-password") && !told.stderr.contains("operator"), "{}", told.stderr);
        assert_eq!(asked.lock().unwrap().len(), 1, "{asked:?}");
        // `watch` reads names, opens a channel, asks again: none of that reaches the proxy a second time within a second. It says why,
        // once, and continues.
        let told = program.run(&["watch", "--json", "--queue", "Support", "--timeout", "3s"]);
        assert_eq!(told.code, Some(0), "{}", told.stderr);
        assert_eq!(told.stderr.matches(words).count(), 1, "{}", told.stderr);
        assert!(told.stderr.contains("rying again once a minute"), "{}", told.stderr);
        assert!(told.stderr.contains("nothing was received"), "{}", told.stderr);
        assert_eq!(asked.lock().unwrap().len(), 2, "{asked:?}");
        let told = program.run(&["doctor"]);
        assert!(told.code == Some(1) && told.stdout.contains(&format!("the proxy 127.0.0.1:{port}")), "{told:?}");
        assert_eq!(asked.lock().unwrap().len(), 3, "{asked:?}");
    });
}

/// A web page in place of the platform is told as such at any status, and not asked for again.
#[test]
fn a_page_in_place_of_the_platform_is_recognised_at_any_status() {
    let elsewhere = "location: http://portal.test/\r\n";
    let pages = [
        ("200 OK", ""),
        ("302 Found", elsewhere),
        ("401 Unauthorized", ""),
        ("403 Forbidden", ""),
        ("404 Not Found", ""),
        ("511 Network Authentication Required", ""),
    ];
    side_by_side(pages, |(status, more)| {
        let (port, asked) = server(&page(status, more));
        let told = at(port).run(&["get", CALL]);
        assert_eq!(told.code, Some(1), "{status}: {}", told.stderr);
        assert!(told.stderr.contains("a web page came in place"), "{status}: {}", told.stderr);
        assert_eq!(asked.lock().unwrap().len(), 1, "{status}: {asked:?}");
        let told = at(port).run(&["doctor"]);
        assert_eq!(told.code, Some(1), "{status}: {told:?}");
        let api = told.stdout.lines().find(|line| line.contains("FAIL")).unwrap_or_default();
        assert!(api.contains("api") && api.contains("a web page came in place"), "{status}: {}", told.stdout);
        if status.starts_with("511") {
            assert!(told.stdout.contains("the network wants a sign-in of its own"), "{}", told.stdout);
        }
    });
}

/// Plain HTTP where TLS is expected: the cause first, and one try.
#[test]
fn what_does_not_speak_tls_is_told_as_such_and_not_asked_again() {
    let center = Center::new(&[]);
    let mut program = Program::new();
    let url = center.sim.api_url.replace("http://", "https://");
    program.set("SIDETONE_API_URL", &url).set("SIDETONE_LOGIN_URL", &url).set("GENESYS_ACCESS_TOKEN", "sample-token");
    let told = program.run(&["get", CALL]);
    assert_eq!(told.code, Some(1), "{}", told.stderr);
    let there = url.trim_start_matches("https://");
    let words = format!("no secure connection to {there}: what answers there does not speak TLS");
    assert!(told.stderr.contains(&words) && told.stderr.contains("https://"), "{}", told.stderr);
    assert!(!told.stderr.contains("try 2") && !told.stderr.contains("VPN"), "{}", told.stderr);
}

#[test]
fn an_ended_token_of_the_environment_is_named_once() {
    let center = Center::new(&[]);
    let mut program = Program::new();
    program
        .set("SIDETONE_API_URL", &center.sim.api_url)
        .set("SIDETONE_LOGIN_URL", &center.sim.login_url)
        .set("GENESYS_ACCESS_TOKEN", "sample-token-that-has-ended");
    let told = program.run(&["get", CALL]);
    assert_eq!(told.code, Some(3), "{}", told.stderr);
    assert!(told.stderr.contains("GENESYS_ACCESS_TOKEN) has expired or was revoked"), "{}", told.stderr);
    assert!(!told.stderr.contains("sample-token"), "{}", told.stderr);
    // The report says it once, and of the rest that it was not tried.
    let told = program.run(&["doctor"]);
    assert_eq!(told.code, Some(3), "{told:?}");
    assert_eq!(told.stdout.matches("has expired or was revoked").count(), 1, "{}", told.stdout);
    assert_eq!(told.stdout.matches("401 bad.credentials").count(), 1, "{}", told.stdout);
    assert!(told.stdout.matches("not tried: no valid token").count() >= 3, "{}", told.stdout);
}

/// A kind of proxy that cannot be used is told at once, by every command, without its password.
#[test]
fn a_proxy_of_a_kind_that_cannot_be_used_is_named_before_anything_is_sent() {
    for (variable, scheme) in [("HTTPS_PROXY", "socks5"), ("ALL_PROXY", "socks5h"), ("HTTPS_PROXY", "https")] {
        let mut program = Program::new();
        program.set("GENESYS_REGION", "us-east-1").set("GENESYS_ACCESS_TOKEN", "sample-token");
        program.set(variable, &format!("{scheme}://operator:sample-password@127.0.0.1:1080"));
        for args in [&["get", CALL][..], &["watch", "--json", "--conversation", CALL], &["doctor"]] {
            let told = program.run(args);
            assert_eq!(told.code, Some(2), "{args:?}: {told:?}");
            let said = format!("{}{}", told.stdout, told.stderr);
            assert!(said.contains(&format!("the proxy {scheme}://127.0.0.1:1080 cannot be used")), "{said}");
            assert!(said.contains("http:// proxy") && !said.contains("sample-password"), "{said}");
            assert!(args[0] != "doctor" || told.stdout.starts_with("FAIL  proxy"), "{}", told.stdout);
        }
        // Where the proxy is not on the way, it does not matter.
        program.set("NO_PROXY", "mypurecloud.com").set("SIDETONE_API_URL", "http://127.0.0.1:9");
        let told = program.run(&["get", CALL, "--login-url", "http://127.0.0.1:9"]);
        assert_eq!(told.code, Some(1), "{}", told.stderr);
    }
}

/// A streaming host that is blocked ends nothing: `watch` says why, with the host, and goes on.
#[test]
fn watch_goes_on_where_the_streaming_host_is_blocked() {
    for (answer, words) in [
        (page("403 Forbidden", ""), "web page"),
        (page("407 Proxy Authentication Required", ""), "wants a name and a password"),
        (page("511 Network Authentication Required", ""), "web page"),
        (page("200 OK", ""), "web page"),
        (page("302 Found", "location: http://portal.test/\r\n"), "web page"),
    ] {
        let (port, _) = server(&answer);
        let center = Center::with(&[], |options| options.stream_url = Some(format!("ws://127.0.0.1:{port}")));
        let program = center.program();
        let args = ["watch", "--json", "--queue", &center.queue()];
        let mut child = program.command(&args).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("stderr")).lines().map_while(Result::ok);
        let told = lines.find(|line| line.contains("trying again once a minute"));
        let runs = child.try_wait().expect("a child of ours").is_none();
        _ = child.kill();
        _ = child.wait();
        let told = told.unwrap_or_default();
        assert!(runs && told.contains(words) && told.contains("127.0.0.1"), "{words}: {told}");
    }
    // The platform itself refuses: that does not pass.
    let center = Center::new(&["403=on=/notifications/channels"]);
    let told = center.program().run(&["watch", "--json", "--queue", &center.queue()]);
    assert_eq!(told.code, Some(3), "{told:?}");
    assert!(told.stderr.contains("403") && told.stderr.contains("/notifications/channels"), "{told:?}");
}

/// Who takes connections and says nothing, in the platform's place or in that of its notification stream: said soon, with its
/// address, while it is tried again.
#[test]
fn what_hangs_is_named_soon() {
    let silent = || TcpListener::bind("127.0.0.1:0").expect("a port");
    let (server, stream) = (silent(), silent());
    let (port, there) = (server.local_addr().unwrap().port(), stream.local_addr().unwrap());
    let center = Center::with(&[], |options| options.stream_url = Some(format!("ws://{there}")));
    let doctor = |program: Program| std::thread::spawn(move || program.run(&["doctor"]));
    let (before_server, before_stream) = (doctor(at(port)), doctor(center.program()));
    let mut watch = center.program().command(&["watch", "--json", "--all-queues"]).spawn().expect("the program starts");
    let mut lines = BufReader::new(watch.stderr.take().expect("stderr")).lines().map_while(Result::ok);

    let told = before_server.join().expect("an answer");
    assert_eq!(told.code, Some(1), "{told:?}");
    let first = told.stderr.lines().next().unwrap_or_default();
    let hangs = format!("127.0.0.1:{port} took the connection and did not answer within 4 s");
    assert!(first.contains(&hangs) && first.contains("; try 2 in "), "{told:?}");
    let fail = told.stdout.lines().find(|line| line.starts_with("FAIL")).unwrap_or_default();
    assert!(fail.contains(&hangs) && fail.contains(", 2 tries)"), "{fail}");
    assert_eq!(fail.matches("127.0.0.1").count(), 1, "{fail}");

    let told = before_stream.join().expect("an answer");
    assert_eq!(told.code, Some(1), "{told:?}");
    let hangs = format!("{there} took the connection and did not open the websocket within 4 s");
    assert!(told.stderr.contains(&format!("{hangs}; try 2 now")), "{told:?}");
    let fail = told.stdout.lines().find(|line| line.starts_with("FAIL")).unwrap_or_default();
    assert!(fail.contains(&format!("{hangs} (2 tries)")), "{fail}");
    assert_eq!(fail.matches("notifications").count(), 1, "{fail}");

    let hangs = format!("{there} took the connection and did not open the websocket within 8 s; try 2 at once");
    let line = lines.next().unwrap_or_default();
    let runs = watch.try_wait().expect("a child of ours").is_none();
    _ = watch.kill();
    _ = watch.wait();
    assert!(runs && line.contains(&hangs), "{line}");
}

/// A watch that ends without ever having been connected says that this is why there is nothing.
#[test]
fn a_watch_that_was_never_connected_says_that_nothing_was_received() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    side_by_side([(None, 0), (Some("tier=gold"), 6)], |(until, code)| {
        // Long enough for a first try on a busy machine.
        let mut args = vec!["watch", "--json", "--conversation", CALL, "--timeout", "3s"];
        args.extend(until.into_iter().flat_map(|until| ["--until", until]));
        let told = at(port).run(&args);
        assert_eq!(told.code, Some(code), "{told:?}");
        let last = told.stderr.lines().last().unwrap_or_default();
        assert!(last.contains("nothing was received: there was no connection within 3s"), "{told:?}");
        assert!(told.stderr.contains(&format!("127.0.0.1:{port} refuses connections")), "{told:?}");
    });
    let center = Center::new(&[]);
    let told = center.program().run(&["watch", "--json", "--all-queues", "--timeout", "2s"]);
    assert!(told.code == Some(0) && !told.stderr.contains("nothing was received"), "{told:?}");
}

/// Nobody listens: three tries, each of the two waits with a line, the cause first, in less than three seconds.
#[test]
fn a_command_that_ends_gives_up_soon_and_says_so_meanwhile() {
    side_by_side([&["get", CALL][..], &["set", CALL, "tier=gold"]], gives_up_soon);
}

fn gives_up_soon(args: &[&str]) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let told = at(port).run(args);
    assert_eq!(told.code, Some(1), "{}", told.stderr);
    let lines: Vec<&str> = told.stderr.lines().collect();
    let retries: Vec<&&str> = lines.iter().filter(|line| line.contains("; try ")).collect();
    assert_eq!(retries.len(), 2, "{lines:?}");
    assert!(retries[0].contains("; try 2 in ") && retries[1].contains("; try 3 in "), "{retries:?}");
    assert!(retries.iter().all(|line| line.contains(&format!("127.0.0.1:{port}"))), "{retries:?}");
    assert!(
        told.stderr.contains(&format!("127.0.0.1:{port} refuses connections (GET /"))
            && told.stderr.contains(", 3 tries)"),
        "{}",
        told.stderr
    );
    assert!(!told.stderr.contains("client error") && !told.stderr.contains("tcp connect error"), "{}", told.stderr);
}

/// `watch` does not give up: it says that it goes on, and is there when somebody listens at last.
#[test]
fn what_goes_on_goes_on_trying() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let program = at(port);
    let mut child = program.command(&["watch", "--json", "--conversation", CALL]).spawn().expect("the program starts");
    let mut lines = BufReader::new(child.stderr.take().expect("stderr")).lines().map_while(Result::ok);
    // More tries than a command that ends would make.
    let fourth = lines.find(|line| line.contains("; try 4 in "));
    let runs = child.try_wait().expect("a child of ours").is_none();
    _ = child.kill();
    _ = child.wait();
    assert!(runs && fourth.is_some_and(|line| line.contains(&format!("127.0.0.1:{port}"))));
}

/// What the address bar of a browser shows is a region, and what is nearly one gets a suggestion.
#[test]
fn a_browsers_address_is_a_region() {
    let (port, asked) = server("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    let program = behind(port);
    let told = program.run(&["get", CALL, "--region", "https://apps.mypurecloud.de/directory/#/engage/admin"]);
    assert!(told.stderr.contains("api.mypurecloud.de"), "{}", told.stderr);
    assert_eq!(*asked.lock().unwrap(), ["CONNECT api.mypurecloud.de:443 HTTP/1.1"]);
    let told = program.run(&["get", CALL, "--region", "https://apps.mypurcloud.de/"]);
    assert_eq!(told.code, Some(2), "{}", told.stderr);
    assert!(told.stderr.contains("mypurecloud.de") || told.stderr.contains("eu-central-1"), "{}", told.stderr);
}

/// A proxy that is down, or that does not reach the host at present: told with its address, tried again, never called a refusal.
#[test]
fn a_proxy_that_is_down_is_not_one_that_refuses() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let down = |port: u16| format!("the proxy 127.0.0.1:{port} on the way to api.mypurecloud.com cannot be reached");
    let mut cases = vec![(closed, None, down(closed), "Connection refused")];
    for (answer, words) in [
        ("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n", "502: it does not reach the host"),
        ("HTTP/1.1 503 Service Unavailable\r\n\r\n", "503: it does not reach the host"),
        ("SSH-2.0-OpenSSH_9\r\n\r\n", "what it answers is not HTTP"),
    ] {
        let (port, asked) = server(answer);
        cases.push((port, Some(asked), format!("the proxy 127.0.0.1:{port} on the way to api.mypurecloud.com"), words));
    }
    side_by_side(cases, |(port, asked, proxy, words)| {
        let program = behind(port);
        let told = program.run(&["get", CALL]);
        assert_eq!(told.code, Some(1), "{}", told.stderr);
        for part in [proxy.as_str(), words, "; try 3 in ", ", 3 tries)", "HTTPS_PROXY"] {
            assert!(told.stderr.contains(part), "{part}: {}", told.stderr);
        }
        assert!(!told.stderr.contains("refused: the proxy") && !told.stderr.contains("password"), "{}", told.stderr);
        if let Some(asked) = asked {
            assert_eq!(asked.lock().unwrap().len(), 3, "{asked:?}");
        }
        let mut child =
            program.command(&["watch", "--json", "--conversation", CALL]).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("stderr")).lines().map_while(Result::ok);
        let fourth = lines.find(|line| line.contains("; try 4 in "));
        let runs = child.try_wait().expect("a child of ours").is_none();
        _ = child.kill();
        _ = child.wait();
        assert!(runs && fourth.is_some_and(|line| line.contains(&proxy)));
    });
}

/// A web page at 502 or 503 passes, is told as one and with the address, at the sign-in too; no id is spoken of that is not there.
#[test]
fn a_page_at_a_passing_status_is_told_with_its_address() {
    let (port, _) = server(&page("502 Bad Gateway", ""));
    let url = format!("http://127.0.0.1:{port}");
    let mut program = Program::new();
    program.set("SIDETONE_API_URL", &url).set("SIDETONE_LOGIN_URL", &url);
    program.set("GENESYS_CLIENT_ID", "sample-client").set("GENESYS_CLIENT_SECRET", "sample-secret");
    for program in [program, at(port)] {
        let mut child = program.command(&["get", CALL]).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("stderr")).lines().map_while(Result::ok);
        let line = lines.next().expect("a line for the first retry");
        _ = child.kill();
        _ = child.wait();
        assert!(line.contains("a web page came in place") && line.contains(&format!("127.0.0.1:{port}")), "{line}");
        assert!(line.contains("; try 2 in ") && !line.contains("correlation"), "{line}");
    }
}

/// A server that takes the connection and never answers does not keep a command waiting long without a word.
#[test]
fn a_server_that_does_not_answer_is_told_within_ten_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let mut program = Program::new();
    program.set("SIDETONE_API_URL", &url).set("SIDETONE_LOGIN_URL", &url);
    program.set("GENESYS_CLIENT_ID", "sample-client").set("GENESYS_CLIENT_SECRET", "sample-secret");
    let token = at(listener.local_addr().expect("an address").port());
    side_by_side([program, token], |program| {
        let told = program.run(&["get", CALL]);
        assert_eq!(told.code, Some(1), "{}", told.stderr);
        let mut lines = told.stderr.lines();
        let first = lines.next().unwrap_or_default();
        assert!(first.contains("did not answer within 4 s (") && first.contains("; try 2 in "), "{}", told.stderr);
        assert!(
            lines.any(|line| line.contains("did not answer within 4 s (") && line.contains(", 2 tries)")),
            "{}",
            told.stderr
        );
    });
    drop(listener);
}
