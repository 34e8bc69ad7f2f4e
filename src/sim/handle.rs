//! A running simulator: where it is, how to sign in, and the strings for tests to pull.

use std::{sync::Arc, time::Duration};

use indexmap::IndexMap;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use uuid::Uuid;

use crate::flow::{input::Inputs, run::ActionRun};

use super::{
    channels::Order,
    faults::{Fault, TimedFault},
    render,
    shared::{App, SharedState},
    world::{Conversation, Placed, World, WorldChange},
};

/// A running simulator. It stops when it is shut down or dropped.
pub struct Running {
    /// Base address of the API, `http://127.0.0.1:PORT`.
    pub api_url: String,
    /// Base address of the authorization server.
    pub login_url: String,
    /// Client id that it knows.
    pub client_id: String,
    /// That client's secret: a sample, valid for this simulator only.
    pub client_secret: String,
    app: Arc<App>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.app.cancel.cancel();
    }
}

impl Running {
    pub(super) fn new(app: Arc<App>) -> Self {
        let url = format!("http://{}", app.base);
        let (client_id, client_secret) = {
            let state = app.lock();
            (state.auth.client_id().to_owned(), state.auth.client_secret().to_owned())
        };
        Self { api_url: url.clone(), login_url: url, client_id, client_secret, app }
    }

    /// The line that `sidetone sim` prints first.
    pub fn connection_line(&self) -> String {
        json!({
            "apiUrl": self.api_url,
            "loginUrl": self.login_url,
            "clientId": self.client_id,
            "clientSecret": self.client_secret,
        })
        .to_string()
    }

    /// Stops it and waits until every task has ended.
    pub async fn shutdown(self) {
        self.app.cancel.cancel();
        self.app.tasks.close();
        // A task blocked in a write to a peer that does not read is given up after a moment.
        let _ = tokio::time::timeout(Duration::from_secs(2), self.app.tasks.wait()).await;
    }

    /// Tasks that are running: connections, sockets, and two of its own.
    pub fn tasks(&self) -> usize {
        self.app.tasks.len()
    }

    /// Requests answered so far.
    pub fn requests(&self) -> u64 {
        self.app.lock().requests
    }

    /// PATCH requests that came so far, whatever became of them.
    pub fn writes(&self) -> u64 {
        self.app.lock().writes
    }

    /// Reads the world.
    pub fn with_world<T>(&self, read: impl FnOnce(&World) -> T) -> T {
        read(&self.app.lock().world)
    }

    /// Every conversation that is kept, as it is now.
    pub fn conversations(&self) -> Vec<Conversation> {
        self.with_world(|world| world.conversations().cloned().collect())
    }

    /// A conversation as `GET /api/v2/conversations/{id}` shows it.
    pub fn rest(&self, conversation: Uuid) -> Option<Value> {
        self.with_world(|world| Some(render::rest::conversation(world, world.conversation(conversation)?)))
    }

    /// Id of a queue by its name.
    pub fn queue_id(&self, name: &str) -> Option<Uuid> {
        self.with_world(|world| {
            let index = world.scenario().queues.iter().position(|queue| queue.name == name)?;
            Some(world.directory().queues[index])
        })
    }

    /// Id of a flow by its name.
    pub fn flow_id(&self, name: &str) -> Option<Uuid> {
        self.with_world(|world| {
            let index = world.scenario().flows.iter().position(|flow| flow.name == name)?;
            Some(world.directory().flows[index])
        })
    }

    /// Id of a user by name or e-mail address.
    pub fn user_id(&self, name: &str) -> Option<Uuid> {
        self.with_world(|world| {
            let index = world.scenario().users.iter().position(|user| user.name == name || user.email == name)?;
            Some(world.directory().users[index])
        })
    }

    fn change(&self, act: impl FnOnce(&mut SharedState, i64) -> Option<WorldChange>) -> bool {
        let now = self.app.now();
        let mut state = self.app.lock();
        let Some(notice) = act(&mut state, now) else { return false };
        self.app.tell(&mut state, Some(&notice));
        drop(state);
        self.app.wake.notify_one();
        true
    }

    /// Writes attributes at once, as a flow or another program would; `on` is a purpose or a participant id.
    pub fn set<K: Into<String>, V: Into<String>>(
        &self,
        conversation: Uuid,
        on: &str,
        values: impl IntoIterator<Item = (K, V)>,
    ) -> bool {
        let values: IndexMap<String, String> = values.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        self.change(|state, now| state.world.set(conversation, on, values, now))
    }

    /// Takes keys away from a participant.
    pub fn remove(&self, conversation: Uuid, on: &str, keys: &[&str]) -> bool {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        self.change(|state, now| state.world.remove(conversation, on, &keys, now))
    }

    /// Places a conversation on which nothing happens by itself. `None` if the scenario has no callers.
    pub fn place(&self, placed: &Placed) -> Option<Uuid> {
        let mut id = None;
        self.change(|state, now| {
            id = state.world.place(placed, now);
            Some(WorldChange { conversation: id?, at: now, attributes: Vec::new() })
        });
        id
    }

    /// Starts a call that follows the story with this name.
    pub fn begin(&self, story: &str) -> Option<Uuid> {
        let mut id = None;
        self.change(|state, now| {
            let story = state.world.scenario().story(story)?;
            id = Some(state.world.begin(story, now, None));
            Some(WorldChange { conversation: id?, at: now, attributes: Vec::new() })
        });
        id
    }

    /// Starts a call in a flow that has a definition and lets the flow drive it, an action each `pace_ms`; without a pace,
    /// [`Running::step_flow`] moves it on.
    pub fn begin_flow(&self, flow: &str, inputs: Inputs, pace_ms: Option<i64>) -> Option<Uuid> {
        let mut id = None;
        self.change(|state, now| {
            let flow = state.world.scenario().flows.iter().position(|known| known.name == flow)?;
            id = state.world.begin_flow(flow, inputs, pace_ms, now);
            Some(WorldChange { conversation: id?, at: now, attributes: Vec::new() })
        });
        id
    }

    /// Runs the next action of a call that a flow drives; `None` when the flow has ended.
    pub fn step_flow(&self, conversation: Uuid) -> Option<ActionRun> {
        let now = self.app.now();
        let mut state = self.app.lock();
        let (step, notice) = state.world.step_flow(conversation, now)?;
        if let Some(notice) = notice {
            self.app.tell(&mut state, Some(&notice));
        }
        Some(step)
    }

    /// Hands a conversation to the queue of this name, and its agent leaves; false if there is no such queue or conversation.
    pub fn transfer(&self, conversation: Uuid, queue: &str) -> bool {
        self.change(|state, now| state.world.transfer(conversation, queue, now))
    }

    /// Publishes the next version of a flow that the scenario has; false if there is no such flow.
    pub fn publish(&self, flow: &str) -> bool {
        let mut state = self.app.lock();
        let Some(flow) = state.world.scenario().flows.iter().position(|known| known.name == flow) else { return false };
        state.world.publish(flow);
        self.app.tell(&mut state, None);
        true
    }

    /// Ends a conversation.
    pub fn hang_up(&self, conversation: Uuid) -> bool {
        self.change(|state, now| state.world.hang_up(conversation, now))
    }

    /// Sends a text frame as it is to every connected socket; how many there were.
    pub fn inject(&self, text: &str) -> usize {
        self.app.lock().channels.order_all(&Order::Text(Utf8Bytes::from(text), 0))
    }

    /// Makes a fault's event happen now: close, reset, steal, expire the tokens…
    pub fn happen(&self, event: TimedFault) {
        self.app.happen(event);
    }

    /// Adds a fault; its offsets count from the start of the simulator.
    pub fn add_fault(&self, fault: Fault) {
        self.app.lock().faults.add(fault);
        self.app.wake.notify_one();
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.app.lock().faults.clear();
    }

    /// Ms since the start, for the offsets of faults.
    pub fn elapsed_ms(&self) -> i64 {
        self.app.elapsed()
    }

    /// Changes the rate limit, requests a minute.
    pub fn set_rate_limit(&self, allowed: u32) {
        self.app.lock().limiter.set_allowed(allowed);
    }

    /// Sockets that are connected.
    pub fn connected(&self) -> usize {
        let (state, now) = (self.app.lock(), self.app.now());
        state.channels.ids().iter().filter(|id| state.channels.get(id, now).is_some_and(|c| c.is_connected())).count()
    }

    /// Topics subscribed to, over all channels.
    pub fn topics(&self) -> Vec<String> {
        let (state, now) = (self.app.lock(), self.app.now());
        let ids = state.channels.ids();
        let channels = ids.iter().filter_map(|id| state.channels.get(id, now));
        channels.flat_map(|channel| channel.topics.values().flatten().cloned()).collect()
    }
}
