//! A short soak with real sockets: values that change all the time, the link broken several times a second, and in the end the
//! board shows what the simulator holds.

use super::{requests::placed, *};
use sidetone::{
    commands::options::WatchOptions,
    domain::{Board, HistoryLimits},
    genesys::client::Priority,
    live::{LinkEvent, Live, targets::Targets},
};
use std::collections::BTreeMap;

#[tokio::test]
async fn the_board_ends_equal_to_the_platform() {
    let faults = [
        "reset@400ms/1100ms",
        "cut@900ms/1300ms",
        "close@600ms/1700ms",
        "stall=700ms@1500ms",
        "socket-closing=300ms@2s",
        "unsubscribe@2500ms",
        "junk@300ms/900ms",
        "503=4,on=/conversations/",
        "half=2,on=/conversations/",
    ];
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let sim = start_tuned(&faults, |tuning| tuning.rate_limit = 100_000).await;
    let calls: Vec<uuid::Uuid> = (0..12).map(|_| sim.place(&placed()).expect("a call")).collect();
    let client = client(&sim);
    client.organization().await.expect("the limit is learned");
    let watch = WatchOptions { all_queues: true, ..WatchOptions::default() };
    let targets = Targets::resolve(&client, &watch.wanted()).await.expect("the queues");
    let mut live = Live::start(client.clone(), &targets, feed_options());
    let mut board = Board::new(HistoryLimits::default());
    let (mut gaps, mut updates, mut is_live, mut calm) = (0, 0, false, false);
    let end = tokio::time::Instant::now() + Duration::from_secs(4);
    let mut change = tokio::time::interval(Duration::from_millis(4));
    let mut random = sidetone::genesys::Random::new(5);
    // While it storms, and then until nothing has come for a while.
    loop {
        // Longer than a read takes that failed, waits and is tried again.
        let quiet = tokio::time::sleep(Duration::from_secs(3));
        let heard = tokio::select! {
            heard = live.next(&board) => Ok(heard),
            () = quiet, if calm => Err(()),
            _ = change.tick(), if !calm => {
                let (call, key) = (calls[random.number() as usize % calls.len()], random.number() % 5);
                sim.set(call, "customer", [(format!("k{key}"), (random.number() % 1000).to_string())]);
                if tokio::time::Instant::now() > end && gaps >= 5 {
                    calm = true;
                    sim.clear_faults();
                }
                continue;
            }
        };
        match heard {
            Err(()) if is_live => break,
            Err(()) => {}
            Ok(None) => panic!("the feed ended"),
            Ok(Some((at, heard))) => match heard {
                LinkEvent::Link(link) => {
                    is_live = link.is_live();
                    if matches!(link, Link::Gap { .. }) {
                        gaps += 1;
                        // The owner of the board asks for what it holds.
                        for entry in board.iter() {
                            live.read(entry.conversation.id.clone(), None, Priority::Background);
                        }
                    }
                }
                LinkEvent::Update(update) => {
                    updates += 1;
                    if let Some(again) = board.apply(at, update, &()).reread {
                        live.read(again, None, Priority::Background);
                    }
                }
                _ => {}
            },
        }
    }
    assert!(gaps >= 5 && updates > 100, "{gaps} gaps, {updates} updates");
    for call in sim.conversations().iter() {
        let id = call.id.to_string();
        let entry = board.get(&id).unwrap_or_else(|| panic!("{id} is not on the board"));
        for held in &call.participants {
            let shown = entry.conversation.participant(&held.id.to_string()).expect("the participant");
            let shown: BTreeMap<_, _> = shown.attributes.iter().map(|a| (a.key.as_str(), a.value.as_str())).collect();
            let held: BTreeMap<_, _> = held.attributes.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            assert_eq!(shown, held, "{id}");
        }
    }
    drop(live);
    drop(client);
    sim.shutdown().await;
    // A task that was told to end needs its turn; one that leaked never ends.
    let ended = async {
        while tasks() > before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(LONG, ended).await.is_ok(), "{} tasks are left of {before} before", tasks());
}
