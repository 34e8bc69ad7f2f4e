//! Notification channels: twenty per client, a thousand topics each, one socket each, nothing kept while no socket is there.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use indexmap::IndexMap;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_util::sync::CancellationToken;

use super::{ids::uuid, topics};

/// Channels per client; one more evicts the oldest, unconnected ones first.
pub const MAX_CHANNELS: usize = 20;
/// Topics per channel.
pub const MAX_TOPICS: usize = 1000;
/// Frames that may wait for a slow reader before its socket is closed; the bytes are bounded as well.
const MAX_WAITING: usize = 50_000;

/// What a socket is told to do.
#[derive(Debug, Clone)]
pub enum Order {
    /// Send a text frame, not before the delay (ms) has passed.
    Text(Utf8Bytes, u64),
    /// Send a binary frame.
    Binary(Vec<u8>),
    /// Neither read nor write for so many ms.
    Stall(u64),
    /// Close in good order.
    Close,
    /// Break the connection, in the middle of a frame if so said.
    Reset {
        /// Send half a frame first.
        mid_frame: bool,
    },
}

/// The sending end of a connected socket.
pub struct Socket {
    number: u64,
    orders: mpsc::Sender<Order>,
    waiting: SocketBacklog,
}

/// What waits for a socket, counted on both sides, and the end of a socket whose reader does not read.
#[derive(Clone, Default)]
pub struct SocketBacklog {
    bytes: Arc<AtomicUsize>,
    /// Cancelled when too much waits.
    pub overrun: CancellationToken,
}

impl SocketBacklog {
    /// So many bytes have been sent.
    pub fn sent(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Order {
    /// Bytes that it puts on the wire.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Text(text, _) => text.len(),
            Self::Binary(bytes) => bytes.len(),
            Self::Stall(_) | Self::Close | Self::Reset { .. } => 0,
        }
    }
}

/// A channel.
pub struct Channel {
    /// Token or user that made it.
    pub owner: String,
    /// The token that made it.
    pub token: String,
    /// End of its life, ms since 1970.
    pub expires: i64,
    /// Last use, ms since 1970.
    pub used: i64,
    /// Subscription entries as given, each with the topics it stands for.
    pub topics: IndexMap<String, Vec<String>>,
    socket: Option<Socket>,
}

impl Channel {
    /// Whether a socket is open on it.
    pub fn is_connected(&self) -> bool {
        self.socket.is_some()
    }
}

/// All channels, with an index from topic to channels.
pub struct Channels {
    channels: IndexMap<String, Channel>,
    by_topic: HashMap<String, HashSet<String>>,
    lifetime_ms: i64,
    waiting_bytes: usize,
    sockets: u64,
    rng: fastrand::Rng,
}

impl Channels {
    /// Channels that live `lifetime_ms` after their creation or last subscription; a socket for which more than
    /// `waiting_bytes` wait is closed.
    pub fn new(seed: u64, lifetime_ms: i64, waiting_bytes: usize) -> Self {
        Self {
            channels: IndexMap::new(),
            by_topic: HashMap::new(),
            lifetime_ms,
            waiting_bytes,
            sockets: 0,
            rng: fastrand::Rng::with_seed(seed ^ 0xc4a0_0e15),
        }
    }

    /// A new channel; evicts the oldest unused one when the owner has twenty.
    pub fn create(&mut self, owner: &str, token: &str, at: i64) -> String {
        self.expire(at);
        let mine = self.channels.iter().filter(|(_, channel)| channel.owner == owner);
        if mine.clone().count() >= MAX_CHANNELS {
            let oldest = mine.min_by_key(|(_, c)| (c.is_connected(), c.used)).map(|(id, _)| id.clone());
            oldest.iter().for_each(|id| self.remove(id));
        }
        let id = format!("streaming-5-{}", uuid(&mut self.rng).simple());
        let channel = Channel {
            owner: owner.to_owned(),
            token: token.to_owned(),
            expires: at + self.lifetime_ms,
            used: at,
            topics: IndexMap::new(),
            socket: None,
        };
        self.channels.insert(id.clone(), channel);
        id
    }

    /// A channel that is still alive.
    pub fn get(&self, id: &str, at: i64) -> Option<&Channel> {
        self.channels.get(id).filter(|channel| channel.expires > at)
    }

    /// Channels of an owner.
    pub fn of<'a>(&'a self, owner: &'a str, at: i64) -> impl Iterator<Item = (&'a String, &'a Channel)> {
        self.channels.iter().filter(move |(_, c)| c.owner == owner && c.expires > at)
    }

    /// Ids of all channels.
    pub fn ids(&self) -> Vec<String> {
        self.channels.keys().cloned().collect()
    }

    /// Adds entries to the subscriptions or replaces them; `false` if that would be too many. Extends the channel's life.
    pub fn subscribe(&mut self, id: &str, entries: &[String], replace: bool, at: i64) -> bool {
        let lifetime = self.lifetime_ms;
        let Some(channel) = self.channels.get_mut(id) else { return false };
        let mut topics = if replace { IndexMap::new() } else { channel.topics.clone() };
        topics.extend(entries.iter().map(|entry| (entry.clone(), topics::expand(entry))));
        if topics.len() > MAX_TOPICS {
            return false;
        }
        let before = std::mem::replace(&mut channel.topics, topics);
        channel.expires = at + lifetime;
        channel.used = at;
        for topic in before.values().flatten() {
            Self::unlink(&mut self.by_topic, topic, id);
        }
        for topic in channel.topics.values().flatten() {
            self.by_topic.entry(topic.clone()).or_default().insert(id.to_owned());
        }
        true
    }

    /// Ends a channel: its socket is closed, its id no longer known.
    pub fn remove(&mut self, id: &str) {
        let Some(channel) = self.channels.shift_remove(id) else { return };
        for topic in channel.topics.values().flatten() {
            Self::unlink(&mut self.by_topic, topic, id);
        }
        if let Some(socket) = channel.socket {
            // A full queue means that the reader is gone or stuck; dropping the sender ends the socket either way.
            let _ = socket.orders.try_send(Order::Close);
        }
    }

    fn unlink(by_topic: &mut HashMap<String, HashSet<String>>, topic: &str, id: &str) {
        if let Some(ids) = by_topic.get_mut(topic) {
            ids.remove(id);
            if ids.is_empty() {
                by_topic.remove(topic);
            }
        }
    }

    /// Ends the channels whose time is over.
    pub fn expire(&mut self, at: i64) {
        let over: Vec<String> =
            self.channels.iter().filter(|(_, c)| c.expires <= at).map(|(id, _)| id.clone()).collect();
        over.iter().for_each(|id| self.remove(id));
    }

    /// When the next channel ends.
    pub fn next_end(&self) -> Option<i64> {
        self.channels.values().map(|channel| channel.expires).min()
    }

    /// Connects a socket; one that was there before is closed. `None`: there is no such channel.
    pub fn connect(&mut self, id: &str, at: i64) -> Option<(u64, mpsc::Receiver<Order>, SocketBacklog)> {
        self.get(id, at)?;
        let channel = self.channels.get_mut(id)?;
        self.sockets += 1;
        let (orders, inbox) = mpsc::channel(MAX_WAITING);
        channel.used = at;
        let waiting = SocketBacklog::default();
        let socket = Socket { number: self.sockets, orders, waiting: waiting.clone() };
        if let Some(old) = channel.socket.replace(socket) {
            // As above: a full queue ends with the dropped sender.
            let _ = old.orders.try_send(Order::Close);
        }
        Some((self.sockets, inbox, waiting))
    }

    /// A socket has closed.
    pub fn disconnect(&mut self, id: &str, number: u64) {
        if let Some(channel) = self.channels.get_mut(id)
            && channel.socket.as_ref().is_some_and(|socket| socket.number == number)
        {
            channel.socket = None;
        }
    }

    /// Whether any connected channel has the topic.
    pub fn wanted(&self, topic: &str) -> bool {
        let connected = |id: &String| self.channels.get(id).is_some_and(Channel::is_connected);
        self.by_topic.get(topic).is_some_and(|ids| ids.iter().any(connected))
    }

    /// Sends a frame to every connected channel with the topic.
    pub fn publish(&mut self, topic: &str, frame: &Utf8Bytes, delay_ms: u64) {
        let Some(ids) = self.by_topic.get(topic) else { return };
        for id in ids {
            if let Some(channel) = self.channels.get_mut(id) {
                Self::order(channel, Order::Text(frame.clone(), delay_ms), self.waiting_bytes);
            }
        }
    }

    /// Gives an order to every connected socket; how many there were.
    pub fn order_all(&mut self, order: &Order) -> usize {
        let most = self.waiting_bytes;
        let connected = self.channels.values_mut().filter(|c| c.is_connected());
        connected.map(|channel| Self::order(channel, order.clone(), most)).count()
    }

    /// Channels with a socket, and the number of that socket.
    pub fn connected(&self) -> Vec<(String, u64)> {
        self.channels.iter().filter_map(|(id, c)| Some((id.clone(), c.socket.as_ref()?.number))).collect()
    }

    /// Gives an order to a socket if its channel still has it.
    pub fn order_socket(&mut self, id: &str, number: u64, order: Order) {
        if let Some(channel) = self.channels.get_mut(id)
            && channel.socket.as_ref().is_some_and(|socket| socket.number == number)
        {
            Self::order(channel, order, self.waiting_bytes);
        }
    }

    /// Gives an order to the socket of one channel.
    pub fn order_one(&mut self, id: &str, order: Order) {
        if let Some(channel) = self.channels.get_mut(id) {
            Self::order(channel, order, self.waiting_bytes);
        }
    }

    fn order(channel: &mut Channel, order: Order, most: usize) {
        let Some(socket) = &channel.socket else { return };
        let waiting = socket.waiting.bytes.fetch_add(order.bytes(), Ordering::Relaxed) + order.bytes();
        if waiting > most || socket.orders.try_send(order).is_err() {
            // The reader does not read: the connection is cut, and what waits for it is dropped.
            socket.waiting.overrun.cancel();
            channel.socket = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE: &str = "v2.routing.queues.9a1f0c55-3c2d-4e57-8a55-1d2c3b4a5f60.conversations";

    #[test]
    fn the_21st_channel_evicts_the_oldest_unconnected() {
        let mut channels = Channels::new(1, 1000, 1 << 20);
        let first = channels.create("me", "t", 0);
        let second = channels.create("me", "t", 1);
        for i in 2..20 {
            channels.create("me", "t", i);
        }
        let _inbox = channels.connect(&first, 0).unwrap();
        channels.create("other", "t", 30);
        channels.create("me", "t", 31);
        assert!(channels.get(&first, 40).is_some());
        assert!(channels.get(&second, 40).is_none());
    }

    #[test]
    fn only_connected_channels_get_frames() {
        let mut channels = Channels::new(1, 1000, 1 << 20);
        let id = channels.create("me", "t", 0);
        assert!(channels.subscribe(&id, &[QUEUE.to_owned()], false, 0));
        assert!(!channels.wanted(QUEUE));
        channels.publish(QUEUE, &"lost".into(), 0);
        let (_, mut inbox, _) = channels.connect(&id, 0).unwrap();
        channels.publish(QUEUE, &"seen".into(), 0);
        let Ok(Order::Text(text, _)) = inbox.try_recv() else { panic!("no frame") };
        assert_eq!(text.as_str(), "seen");
    }

    #[test]
    fn a_second_socket_takes_the_channel() {
        let mut channels = Channels::new(1, 1000, 1 << 20);
        let id = channels.create("me", "t", 0);
        let (first, mut old, _) = channels.connect(&id, 0).unwrap();
        let (_, _new, _) = channels.connect(&id, 0).unwrap();
        assert!(matches!(old.try_recv(), Ok(Order::Close)));
        channels.disconnect(&id, first);
        assert!(channels.get(&id, 0).unwrap().is_connected());
    }

    #[test]
    fn a_socket_that_nobody_reads_is_cut_off() {
        let mut channels = Channels::new(1, 1000, 1000);
        let id = channels.create("me", "t", 0);
        assert!(channels.subscribe(&id, &[QUEUE.to_owned()], false, 0));
        let (_, mut inbox, waiting) = channels.connect(&id, 0).unwrap();
        let frame: Utf8Bytes = "x".repeat(400).into();
        channels.publish(QUEUE, &frame, 0);
        channels.publish(QUEUE, &frame, 0);
        let Ok(order) = inbox.try_recv() else { panic!("no frame") };
        waiting.sent(order.bytes());
        channels.publish(QUEUE, &frame, 0);
        assert!(!waiting.overrun.is_cancelled(), "what was sent does not wait any more");
        channels.publish(QUEUE, &frame, 0);
        assert!(waiting.overrun.is_cancelled());
        assert!(!channels.get(&id, 0).unwrap().is_connected());
    }

    #[test]
    fn put_replaces_and_post_adds() {
        let mut channels = Channels::new(1, 1000, 1 << 20);
        let id = channels.create("me", "t", 0);
        let other = QUEUE.replace("9a1f", "9a1e");
        assert!(channels.subscribe(&id, &[QUEUE.to_owned()], false, 0));
        assert!(channels.subscribe(&id, std::slice::from_ref(&other), false, 0));
        assert_eq!(channels.get(&id, 0).unwrap().topics.len(), 2);
        assert!(channels.subscribe(&id, &[other], true, 500));
        assert_eq!(channels.get(&id, 1200).unwrap().topics.len(), 1);
        let many: Vec<String> = (0..1001).map(|i| format!("v2.users.{}.presence", uuid::Uuid::from_u128(i))).collect();
        assert!(!channels.subscribe(&id, &many, true, 600));
    }
}
