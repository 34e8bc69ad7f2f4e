//! Lives of calls from the server of the flood example: every change is told, in order, by the shipped program and by the
//! client that the example compares it with.

#![allow(dead_code, reason = "shared with the flood example, which uses all of it")]

#[path = "../../../examples/flood/check.rs"]
mod check;
#[path = "../../../examples/flood/event.rs"]
mod event;
#[path = "../../../examples/flood/frames.rs"]
mod frames;
#[path = "../../../examples/flood/mix.rs"]
mod mix;
#[path = "../../../examples/plain_client.rs"]
mod plain_client;
#[path = "../../../examples/flood/server.rs"]
mod server;

use crate::support::Program;
use check::Teller;
use frames::{Rendered, What};
use mix::Size;
use server::Load;
use std::sync::Arc;

const CALLS: usize = 20;
const EVENTS: u64 = 600;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_in_the_lives_of_calls_is_told_in_order() {
    for size in [Size::Bytes(4_000), Size::Bytes(13_000), Size::Full(10)] {
        let rendered = Arc::new(Rendered::new(What::Mix(size), CALLS, EVENTS));
        let server = server::start(Load::Rendered(rendered.clone())).await.unwrap();
        let (api, socket) = (format!("http://{}", server.addr), format!("ws://{}{}", server.addr, server::CLOSING));
        let attributes = rendered.attributes.to_string();
        let told = tokio::task::spawn_blocking(move || {
            let mut program = Program::new();
            for (name, value) in [("SIDETONE_API_URL", &*api), ("SIDETONE_LOGIN_URL", &api)] {
                program.set(name, value);
            }
            program.set("GENESYS_CLIENT_ID", "flood").set("GENESYS_CLIENT_SECRET", "sample");
            let watched = program.run(&["watch", "--json", "--queue", event::QUEUE, "--count", &attributes]);
            assert_eq!(watched.code, Some(0), "{}", watched.stderr);
            let mut plain = Vec::new();
            plain_client::follow(&socket, &mut plain).unwrap();
            (watched.stdout, plain)
        });
        let (watched, plain) = told.await.unwrap();
        check::mix(watched.as_bytes(), Teller::Watch, size, CALLS, EVENTS).unwrap();
        check::mix(plain.as_slice(), Teller::Plain, size, CALLS, EVENTS).unwrap();
    }
}
