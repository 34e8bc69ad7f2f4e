//! `sidetone demo`: the terminal UI on a simulator in the same process, over real HTTP and a real websocket.

mod past;

use super::{Context, sim, ui};
use crate::{
    app::flow::DemoStep,
    commands::options::WatchOptions,
    domain::ConversationId,
    exit::Exit,
    expectfile,
    flow::model::Flow,
    genesys::{Auth, Client, Connection},
    shell,
    sim::{self as simulator, Placed},
};
use anyhow::Context as _;
use clap::Args;
use std::{path::PathBuf, sync::Arc};
use uuid::Uuid;

/// Options of `demo`.
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// Scenario to play, TOML or JSON; a company of several queues if not given
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Calls alive at the start and from then on; the scenario's own number if not given
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub calls: Option<usize>,
    /// How many times faster than the scenario says
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = sim::speed)]
    pub speed: f64,
    /// Repeats a run: the same ids, callers and values
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// Starts the simulator, then the UI on it.
pub async fn run(args: DemoArgs, context: &Context) -> anyhow::Result<Exit> {
    ui::need_terminal()?;
    let settings = context.settings()?;
    let running = simulator::start(simulator::SimOptions {
        scenario: sim::scenario(args.scenario.as_ref())?,
        seed: args.seed.unwrap_or(sim::SEED),
        fresh: args.seed.is_none(),
        calls: args.calls,
        speed: args.speed,
        ..simulator::SimOptions::default()
    })
    .await
    .context("the simulator did not start")?;
    let auth = Auth::ClientCredentials { id: running.client_id.clone(), secret: running.client_secret.clone().into() };
    let connection = Connection::to_urls(&running.api_url, &running.login_url, auth)?;
    let mut options = ui::options(&settings, context)?;
    options.settings.tuning = options.settings.tuning.hastened(args.speed);
    options.settings.org = "demo".into();
    options.settings.region = "simulated".into();
    // Nobody's data is in here, and the point is to see.
    options.settings.mask = false;
    options.settings.production = None;
    if args.scenario.is_none() {
        let expected = include_str!("../../assets/scenarios/default.expect.toml");
        options.settings.expectations =
            expectfile::parse(expected).map_err(|p| anyhow::anyhow!("the demo's expectations: {p:?}"))?;
    }
    let everything = WatchOptions { all_queues: true, flow: vec!["*".into()], ..WatchOptions::default() };
    let running = Arc::new(running);
    options.demo = Some(Box::new(Simulated { running: running.clone(), call: None }));
    let client = Client::new(connection);
    let scenario = running.with_world(|world| Arc::clone(world.scenario()));
    options.history = Some(past::of(&scenario, flows(&running), client.clock().now().wall.as_millisecond()));
    let exit = ui::watch(client, everything, options, None, None).await;
    // The UI has ended, and what it had of the simulator with it, so this is the last one; if not, dropping stops the simulator too.
    if let Some(running) = Arc::into_inner(running) {
        running.shutdown().await;
    }
    exit
}

/// The scenario's flows as the simulator knows them.
fn flows(running: &simulator::Running) -> Vec<past::PastFlow> {
    running.with_world(|world| {
        let flows = world.scenario().flows.iter().enumerate();
        let past = flows.filter_map(|(index, flow)| {
            let version = flow.versions.first()?.id.split('.').next()?.parse().ok()?;
            let id = world.directory().flows.get(index)?.to_string();
            Some(past::PastFlow { index, id, name: flow.name.clone(), version })
        });
        past.collect()
    })
}

/// The simulator as the demo of a flow: the call that is shown is one of its calls.
struct Simulated {
    running: Arc<simulator::Running>,
    call: Option<Uuid>,
}

impl shell::Demo for Simulated {
    fn definition(&self, flow: &str) -> Option<Arc<Flow>> {
        self.running.with_world(|world| {
            let index = world.scenario().flows.iter().position(|known| known.name == flow)?;
            world.definition(index).cloned()
        })
    }

    fn act(&mut self, act: DemoStep) -> Option<ConversationId> {
        match act {
            DemoStep::Begin(flow) => {
                self.hang_up();
                self.call = self.running.place(&Placed { flow: Some(flow), ..Placed::default() });
                return self.call.map(|id| ConversationId::new(id.to_string()));
            }
            DemoStep::Set(values) => {
                if let Some(call) = self.call {
                    self.running.set(call, "customer", values);
                }
            }
            DemoStep::Transfer(queue) => {
                // A queue that the scenario does not have ends the call.
                if let Some(call) = self.call.take()
                    && !self.running.transfer(call, &queue)
                {
                    self.running.hang_up(call);
                }
            }
            DemoStep::End => self.hang_up(),
        }
        None
    }
}

impl Simulated {
    fn hang_up(&mut self) {
        if let Some(call) = self.call.take() {
            self.running.hang_up(call);
        }
    }
}
