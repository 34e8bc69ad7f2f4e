//! Draws the pictures of the documentation: the real screens on the demo's simulator, as SVG.
//!
//! `cargo run --example pictures` writes them to assets/pictures.

use anyhow::{Context, Result};
use ratatui::{buffer::Buffer, layout::Rect};
use sidetone::{
    app::{Model, Msg, keymap::Keymap, settings::Settings, update},
    commands::options::WatchOptions,
    export::screen::{DARK, LIGHT, svg},
    genesys::{Auth, Client, Connection, client::Priority, feed::FeedOptions},
    live::{self, LinkEvent, Live, targets::Targets},
    sim,
    ui::{self, Theme},
};
use std::{path::Path, time::Duration};

/// Columns and rows.
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 36), (200, 60)];
/// How long the contact centre is watched before the picture is taken.
const WATCHED: Duration = Duration::from_secs(12);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let running = sim::start(sim::Options { calls: Some(26), speed: 2.0, ..sim::Options::default() }).await?;
    let auth = Auth::ClientCredentials { id: running.client_id.clone(), secret: running.client_secret.clone().into() };
    let client = Client::new(Connection::to_urls(&running.api_url, &running.login_url, auth)?);
    let watch = WatchOptions { all_queues: true, flow: vec!["*".into()], ..WatchOptions::default() };
    let targets = Targets::resolve(&client, &watch.wanted()).await?;
    let clock = client.clock();
    let mut live = Live::start(client, &targets, FeedOptions::default());
    let settings = Settings { org: "demo".into(), region: "simulated".into(), ..Settings::default() };
    let mut model = Model::new(clock.now(), Rect::new(0, 0, 120, 36), settings, Keymap::default());
    live::learn(&mut model.monitor.board.names, &targets);
    while clock.now().mono < WATCHED {
        let heard = tokio::time::timeout(Duration::from_millis(100), live.next(&model));
        let (at, msg) = match heard.await {
            Ok(Some((at, LinkEvent::Update(update)))) => (at, Msg::Update(Box::new(update))),
            Ok(Some((at, LinkEvent::Link(link)))) => (at, Msg::Link(link)),
            Ok(Some(_)) => continue,
            Ok(None) => anyhow::bail!("the link ended"),
            Err(_) => (clock.now(), Msg::Time),
        };
        for effect in update(&mut model, at, msg) {
            if let sidetone::app::Effect::Read { conversation, asked, write: None } = effect {
                live.read(conversation, Some(asked), Priority::Background);
            }
        }
    }
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/pictures");
    std::fs::create_dir_all(&directory)?;
    take(&mut model, clock.now(), "calls", &directory)?;
    for key in ["down", "down", "enter", "down", "down"] {
        // Nothing is sent: the pictures are of what is there.
        _ = update(&mut model, clock.now(), Msg::Key(key.parse().ok().context("a key")?));
        model.prepare(clock.now());
    }
    take(&mut model, clock.now(), "call", &directory)?;
    running.shutdown().await;
    Ok(())
}

/// One screen in all sizes, dark and light.
fn take(model: &mut Model, at: sidetone::domain::At, name: &str, directory: &Path) -> Result<()> {
    for (width, height) in SIZES {
        _ = update(model, at, Msg::Resize(width, height));
        model.prepare(at);
        let mut screen = Buffer::empty(Rect::new(0, 0, width, height));
        ui::view(model, Theme::Terminal, &mut screen);
        for (palette, word) in [(&DARK, "dark"), (&LIGHT, "light")] {
            let file = directory.join(format!("{name}-{width}x{height}-{word}.svg"));
            std::fs::write(&file, svg(&screen, palette)).with_context(|| file.display().to_string())?;
        }
    }
    Ok(())
}
