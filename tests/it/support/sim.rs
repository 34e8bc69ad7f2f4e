//! A simulator with a plain HTTP and websocket client that shares nothing with the program's own.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use sidetone::sim::{self, Running, SimOptions, SimTuning};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

/// Longer than anything on loopback takes.
pub const SOON: Duration = Duration::from_secs(30);

/// A running simulator and a token for it.
pub struct Sim {
    pub running: Running,
    pub http: reqwest::Client,
    pub token: String,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
}

/// Options without calls of their own and with short times.
pub fn quiet() -> SimOptions {
    SimOptions { calls: Some(0), tuning: SimTuning { apply_ms: 20, ..SimTuning::default() }, ..SimOptions::default() }
}

fn http() -> reqwest::Client {
    // Another test may have installed it before.
    _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

impl Sim {
    pub async fn start(options: SimOptions) -> Self {
        let running = sim::start(options).await.unwrap();
        let mut sim = Self { running, http: http(), token: String::new() };
        let answer = sim.form(&[("grant_type", "client_credentials")], true).await;
        sim.token = answer.body["access_token"].as_str().unwrap().to_owned();
        sim
    }

    /// Asks the token endpoint, with the client's Basic header or without.
    pub async fn form(&self, fields: &[(&str, &str)], basic: bool) -> Answer {
        let mut request = self.http.post(format!("{}/oauth/token", self.running.login_url)).form(fields);
        if basic {
            request = request.basic_auth(&self.running.client_id, Some(&self.running.client_secret));
        }
        read(request).await
    }

    /// A token of a user, by code and PKCE.
    pub async fn sign_in(&self) -> Answer {
        let verifier = oauth2::PkceCodeVerifier::new("v".repeat(64));
        let challenge = oauth2::PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        let redirect = "http://localhost:8085/done";
        let query = [
            ("client_id", self.running.client_id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", redirect),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("state", "s-1"),
        ];
        let answer = read(self.http.get(format!("{}/oauth/authorize", self.running.login_url)).query(&query)).await;
        assert_eq!(answer.status, 302);
        let location = url::Url::parse(answer.headers["location"].to_str().unwrap()).unwrap();
        let pairs: HashMap<String, String> = location.query_pairs().into_owned().collect();
        assert_eq!(pairs["state"], "s-1");
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", self.running.client_id.as_str()),
            ("code", pairs["code"].as_str()),
            ("redirect_uri", redirect),
            ("code_verifier", verifier.secret()),
        ];
        self.form(&form, false).await
    }

    pub async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.ask_as(&self.token, method, path, body).await
    }

    pub async fn ask_as(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        read(self.request(token, method, path, body)).await
    }

    /// The request alone, for those that get no proper answer.
    pub fn request(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.running.api_url);
        let request = self.http.request(method.parse().unwrap(), url).bearer_auth(token);
        match body {
            Some(body) => request.json(&body),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None).await
    }

    /// A new channel: its id and address.
    pub async fn channel(&self) -> (String, String) {
        let answer = self.ask("POST", "/api/v2/notifications/channels", None).await;
        let text = |field: &str| answer.body[field].as_str().unwrap().to_owned();
        (text("id"), text("connectUri"))
    }

    pub async fn subscribe(&self, channel: &str, topics: &[String]) -> Answer {
        let body: Vec<Value> = topics.iter().map(|topic| json!({"id": topic})).collect();
        self.ask("POST", &format!("/api/v2/notifications/channels/{channel}/subscriptions"), Some(json!(body))).await
    }

    /// A socket on a new channel with these topics; the channel's id.
    pub async fn listen(&self, topics: &[String]) -> (Socket, String) {
        let (id, uri) = self.channel().await;
        if !topics.is_empty() {
            assert_eq!(self.subscribe(&id, topics).await.status, 200);
        }
        let socket = Socket::connect(&uri).await.unwrap();
        (socket, id)
    }
}

async fn read(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Answer { status, headers, body, text }
}

/// A websocket.
pub struct Socket(pub WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Connects; the error is the handshake's status, 0 when there was none.
    pub async fn connect(uri: &str) -> Result<Self, u16> {
        match tokio_tungstenite::connect_async(uri).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(_) => Err(0),
        }
    }

    pub async fn send(&mut self, value: Value) {
        self.0.send(Message::Text(value.to_string().into())).await.unwrap();
    }

    /// The next message as it is; `None` when the socket has ended.
    pub async fn message(&mut self, wait: Duration) -> Option<Message> {
        match tokio::time::timeout(wait, self.0.next()).await.expect("a message in time") {
            Some(Ok(message)) => Some(message),
            Some(Err(_)) | None => None,
        }
    }

    /// The next text frame.
    pub async fn frame(&mut self) -> Value {
        loop {
            match self.message(SOON).await.expect("the socket is open") {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Close(_) => panic!("the socket was closed"),
                _ => {}
            }
        }
    }

    /// The next frame that fits.
    pub async fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        let search = async {
            loop {
                let frame = self.frame().await;
                if fits(&frame) {
                    return frame;
                }
            }
        };
        tokio::time::timeout(2 * SOON, search).await.expect("the frame in time")
    }

    /// Whether nothing comes for a while.
    pub async fn is_silent(&mut self, wait: Duration) -> bool {
        tokio::time::timeout(wait, self.0.next()).await.is_err()
    }

    /// Reads on until the socket ends.
    pub async fn ended(&mut self) {
        while let Some(message) = self.message(SOON).await {
            if message.is_close() {
                break;
            }
        }
    }
}

/// The value of a key on the newest participant of a purpose, in anything that has participants.
pub fn attribute<'a>(conversation: &'a Value, purpose: &str, key: &str) -> Option<&'a str> {
    let participants = conversation["participants"].as_array()?;
    participants.iter().rfind(|p| p["purpose"] == purpose)?["attributes"][key].as_str()
}

type Validators = Mutex<HashMap<String, jsonschema::Validator>>;

static VALIDATORS: LazyLock<Validators> = LazyLock::new(Validators::default);
static REST: LazyLock<Value> = LazyLock::new(|| schema(include_str!("../../schemas/rest.json")));
static EVENTS: LazyLock<Value> = LazyLock::new(|| schema(include_str!("../../schemas/events.json")));

/// The schemas say nothing of further properties; a simulator that invents some must fail, so objects are closed.
fn schema(text: &str) -> Value {
    let mut schema: Value = serde_json::from_str(text).unwrap();
    for definition in schema["definitions"].as_object_mut().unwrap().values_mut() {
        if definition.get("properties").is_some() {
            definition["additionalProperties"] = json!(false);
        }
    }
    schema
}

/// Takes the definitions that a schema leads to: a validator of all of them takes its time.
fn reach(all: &Value, from: &Value, found: &mut serde_json::Map<String, Value>) {
    match from {
        Value::String(text) => {
            let Some(name) = text.strip_prefix("#/definitions/") else { return };
            if !found.contains_key(name) {
                let definition = all["definitions"][name].clone();
                found.insert(name.to_owned(), definition.clone());
                reach(all, &definition, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| reach(all, value, found)),
        Value::Object(map) => map.values().for_each(|value| reach(all, value, found)),
        _ => {}
    }
}

fn check(schema: &Value, name: String, reference: Value, instance: &Value) {
    let mut validators = VALIDATORS.lock().unwrap();
    let validator = validators.entry(name.clone()).or_insert_with(|| {
        let mut definitions = serde_json::Map::new();
        reach(schema, &reference, &mut definitions);
        let whole = json!({"$ref": reference, "definitions": definitions});
        jsonschema::options()
            .with_draft(jsonschema::Draft::Draft201909)
            .should_validate_formats(true)
            .build(&whole)
            .unwrap()
    });
    let errors: Vec<String> =
        validator.iter_errors(instance).map(|error| format!("{}: {error}", error.instance_path)).collect();
    drop(validators);
    assert!(errors.is_empty(), "{name}: {errors:#?}\n{instance:#}");
}

/// The value fits a model of the platform's API.
pub fn assert_model(model: &str, instance: &Value) {
    check(&REST, model.to_owned(), json!(format!("#/definitions/{model}")), instance);
}

/// The frame fits the envelope and its topic's model.
pub fn assert_event(frame: &Value) {
    let topic = frame["topicName"].as_str().expect("a topic");
    let id = topic.split('.').find(|part| part.len() == 36).unwrap_or("no id");
    let template = topic.replace(id, "{id}");
    if topic != "channel.metadata" {
        assert_eq!(frame["version"], "2");
        assert!(uuid::Uuid::parse_str(frame["metadata"]["CorrelationId"].as_str().unwrap()).is_ok());
    }
    let reference = EVENTS["topics"][&template]["$ref"].clone();
    assert!(reference.is_string(), "no model for {template}");
    check(&EVENTS, template, reference, &frame["eventBody"]);
}
