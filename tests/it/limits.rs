//! What the program does not do without bounds: read answers, wait for its reader, connect before it knows where to write.

use crate::support::{Center, Output, Program};
use flate2::Compression;
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// A server that gives tokens; everything else is answered by what it was given, which is told the path.
struct Server {
    address: String,
    connections: Arc<AtomicUsize>,
}

impl Server {
    fn start(answer: impl Fn(&mut TcpStream, &str) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let connections = Arc::new(AtomicUsize::new(0));
        let (count, answer) = (connections.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                let answer = answer.clone();
                std::thread::spawn(move || serve(stream, &*answer));
            }
        });
        Self { address, connections }
    }

    fn program(&self) -> Program {
        let mut program = Program::new();
        program
            .set("SIDETONE_API_URL", &self.address)
            .set("SIDETONE_LOGIN_URL", &self.address)
            .set("GENESYS_CLIENT_ID", "an id")
            .set("GENESYS_CLIENT_SECRET", "a secret");
        program
    }
}

fn serve(mut stream: TcpStream, answer: &dyn Fn(&mut TcpStream, &str)) {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    while !request.windows(4).any(|w| w == b"\r\n\r\n") {
        match stream.read(&mut chunk) {
            Ok(n @ 1..) => request.extend_from_slice(&chunk[..n]),
            _ => return,
        }
    }
    if request.starts_with(b"POST /oauth/token") {
        let body = r#"{"access_token":"t-0123456789","token_type":"bearer","expires_in":3600}"#;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
        // Whoever has gone away needs no answer.
        write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()).ok();
    } else {
        let head = String::from_utf8_lossy(&request);
        answer(&mut stream, head.split(' ').nth(1).unwrap_or_default());
    }
}

/// So many MB of blanks in gzip, at best a thousandth of what they unfold to.
fn blanks(megabytes: usize, level: Compression) -> Vec<u8> {
    let mut member = flate2::write::GzEncoder::new(Vec::new(), level);
    member.write_all(&vec![b' '; megabytes << 20]).expect("memory takes it");
    member.finish().expect("memory takes it")
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_unfolds_to_gigabytes_costs_no_memory() {
    let packed = gigabytes();
    let server = Server::start(move |stream, _| unfolds(stream, &packed));
    let (output, most) = measured(&server.program(), &["get", "c-1"]);
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("the answer is larger than 16 MB"), "{}", output.stderr);
    assert!((1_000..100_000).contains(&most), "{most} kB");
}

/// The configuration of a flow may be larger than other answers, and is bounded, too.
#[cfg(target_os = "linux")]
#[test]
fn a_flow_may_be_larger_than_other_answers_and_is_bounded() {
    let (large, packed) = (blanks(17, Compression::fast()), blanks(66, Compression::fast()));
    let server = Server::start(move |stream, path| {
        if path.contains("/versions/1.0/") {
            unfolds(stream, &large);
        } else if path.contains("/versions/") {
            unfolds(stream, &packed);
        } else {
            let list = r#"{"entities":[{"id":"f-1","name":"Main"}],"pageNumber":1,"pageCount":1}"#;
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
            write!(stream, "{head}content-length: {}\r\n\r\n{list}", list.len()).ok();
        }
    });
    let program = server.program();
    let (output, most) = measured(&program, &["flow", "diff", "Main@2", "Main@2"]);
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("the answer is larger than 64 MB"), "{}", output.stderr);
    assert!((1_000..200_000).contains(&most), "{most} kB");
    // 17 MB are read to their end, and are no flow.
    let output = program.run(&["flow", "diff", "Main@1", "Main@1"]);
    assert_eq!(output.code, Some(2), "{output:?}");
    assert!(output.stderr.contains("Main@1") && !output.stderr.contains("larger"), "{}", output.stderr);
}

/// 2 GB in 2 MB.
#[cfg(target_os = "linux")]
fn gigabytes() -> Vec<u8> {
    // Members of 16 MB, one after the other.
    let packed = blanks(16, Compression::best()).repeat(128);
    assert!(packed.len() < 3 << 20, "{}", packed.len());
    packed
}

/// An answer in gzip. It may be hung up on in the middle.
#[cfg(target_os = "linux")]
fn unfolds(stream: &mut TcpStream, packed: &[u8]) {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n";
    write!(stream, "{head}connection: close\r\ncontent-length: {}\r\n\r\n", packed.len()).ok();
    stream.write_all(packed).ok();
}

/// Runs the program; the most memory that it held, in kB.
#[cfg(target_os = "linux")]
fn measured(program: &Program, args: &[&str]) -> (Output, u64) {
    let mut child = program.command(args).spawn().expect("the program starts");
    let mut most = 0;
    while child.try_wait().expect("a child").is_none() {
        most = most.max(crate::support::memory(child.id(), "VmHWM").unwrap_or(0));
        std::thread::sleep(Duration::from_millis(1));
    }
    (Output::of(child), most)
}

#[test]
fn a_watch_ends_in_time_though_nobody_reads() {
    let center = Center::new(&[]);
    let value = "x".repeat(3000);
    // More than a pipe holds.
    for _ in 0..60 {
        center.call(&[("long", value.as_str())]);
    }
    let begun = Instant::now();
    let program = center.program();
    let mut command = program.command(&["watch", "--all-queues", "--json", "--timeout", "2s"]);
    // Its pipe stays open and is never read.
    let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
    let pipe = child.stdout.take();
    let output = Output::of(child);
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    drop(pipe);
}

#[test]
fn a_recording_that_is_refused_connects_to_nobody() {
    let server = Server::start(|stream, _| {
        write!(stream, "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").ok();
    });
    let program = server.program();
    let there = program.home().join("there.rec");
    std::fs::write(&there, "precious").expect("a file");
    let file = there.to_str().expect("its name");
    let nowhere = program.home().join("no/such/directory.rec");
    let nowhere = nowhere.to_str().expect("its name");
    for args in [
        &["watch", "--all-queues", "--record", file][..],
        &["watch", "--all-queues", "--record", file, "--timeout", "1ms"],
        &["watch", "--all-queues", "--record", nowhere],
        &["record", file, "--all-queues"],
        &["record", file, "--all-queues", "--timeout", "1ms"],
        &["record", nowhere, "--all-queues", "--force"],
    ] {
        let output = program.run(args);
        assert_eq!(output.code, Some(2), "{args:?}: {output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 0);
    assert_eq!(std::fs::read(&there).expect("the file"), b"precious");
    // One that is not begun in the end leaves nothing, and what it was to replace stays.
    let new = program.home().join("new.rec");
    let new = new.to_str().expect("its name");
    let refuses = Server::start(|stream, _| {
        write!(stream, "HTTP/1.1 403 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").ok();
    });
    for args in [&["record", new, "--all-queues"][..], &["record", file, "--all-queues", "--force"]] {
        let mut command = program.command(args);
        command.env("SIDETONE_API_URL", &refuses.address).env("SIDETONE_LOGIN_URL", &refuses.address);
        let output = Output::of(command.spawn().expect("the program starts"));
        assert_eq!(output.code, Some(3), "{output:?}");
    }
    assert!(!Path::new(new).exists());
    assert_eq!(std::fs::read(&there).expect("the file"), b"precious");
}
