//! The whole way of an event, from the socket of a loopback server onto a board, against a tokio-tungstenite client that
//! reads and drops. The server is that of the flood example.

use crate::{
    event::QUEUE,
    frames::{Rendered, What},
    mix::Size,
    ratios::Ratios,
    server::{self, Load},
};
use criterion::{Criterion, Throughput};
use futures_util::StreamExt;
use sidetone::{
    commands::options::WatchOptions,
    domain::Board,
    genesys::{Auth, Client, Connection, feed::FeedOptions},
    live::{LinkEvent, Live, targets::Targets},
};
use std::{
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

const CALLS: u64 = 1_000;
const EVENTS: u64 = 30_000;

/// Lives of calls.
fn load() -> Load {
    static MADE: LazyLock<Arc<Rendered>> =
        LazyLock::new(|| Arc::new(Rendered::new(What::Mix(Size::Bytes(4_000)), CALLS as usize, EVENTS)));
    Load::Rendered(Arc::clone(&MADE))
}

/// From the first event to the last.
pub fn bench(criterion: &mut Criterion, ratios: &mut Ratios) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let mut group = criterion.benchmark_group("pipeline");
    group.throughput(Throughput::Elements(CALLS + EVENTS)).sample_size(10);
    group.bench_function("read_and_drop", |bench| bench.iter_custom(|n| repeat(n, || read_and_drop(&runtime))));
    group.bench_function("onto_a_board", |bench| bench.iter_custom(|n| repeat(n, || onto_a_board(&runtime))));
    ratios.add("pipeline/onto_a_board", "pipeline/read_and_drop", "at most 5 (0.2 of its events a second)");
    group.finish();
}

fn repeat(n: u64, mut once: impl FnMut() -> Duration) -> Duration {
    (0..n).map(|_| once()).sum()
}

fn read_and_drop(runtime: &Runtime) -> Duration {
    runtime.block_on(async {
        let server = server::start(load()).await.expect("the server");
        let url = format!("ws://{}/channels/flood", server.addr);
        let (mut socket, _) = tokio_tungstenite::connect_async_with_config(url, None, true).await.expect("a socket");
        let mut begin = None;
        for _ in 0..CALLS + EVENTS {
            let message = socket.next().await.expect("a message").expect("a message");
            begin.get_or_insert_with(Instant::now);
            std::hint::black_box(message);
        }
        begin.expect("there were messages").elapsed()
    })
}

fn onto_a_board(runtime: &Runtime) -> Duration {
    runtime.block_on(async {
        let server = server::start(load()).await.expect("the server");
        let url = format!("http://{}", server.addr);
        let auth = Auth::ClientCredentials { id: "bench".into(), secret: "sample".to_owned().into() };
        let client = Client::new(Connection::to_urls(&url, &url, auth).expect("the addresses"));
        let options = WatchOptions { queue: vec![QUEUE.into()], ..WatchOptions::default() };
        let targets = Targets::resolve(&client, &options.wanted()).await.expect("the queue");
        let mut live = Live::start(client, &targets, FeedOptions::default());
        let (mut board, mut left, mut begin) = (Board::default(), CALLS + EVENTS, None);
        while left > 0 {
            let mut next = live.next(&board).await;
            while let Some((at, heard)) = next {
                if let LinkEvent::Update(update) = heard {
                    begin.get_or_insert_with(Instant::now);
                    board.apply(at, update, &());
                    left -= 1;
                }
                next = if left > 0 { live.try_next(&board) } else { None };
            }
        }
        begin.expect("there were updates").elapsed()
    })
}
