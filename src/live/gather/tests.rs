//! How many requests an answer costs, counted at the simulator.

use super::{GatherCache, earlier, flows};
use crate::{
    domain::{ConversationId, testing::entry},
    genesys::{Auth, Client, Connection, client::Priority},
    sim::{self, Running, Scenario, SimOptions},
};
use std::{fmt::Write as _, time::Duration};

/// Asking once a second whether the records are rendered: the simulator has them the first time.
const POLL: u64 = 1;

/// Calls that go through so many flows, each of which sets a key of its own, into a queue.
fn scenario(flows: usize) -> Scenario {
    let mut text = String::from(
        "[organization]\nname = \"Small\"\ndomain = \"small.example\"\n[[queue]]\nname = \"Q\"\n[[caller]]\nname = \"C\"\n\
         number = \"+15550100001\"\n",
    );
    let mut steps = String::new();
    for n in 0..flows {
        // The last one transfers into the queue, the others give the call to the next.
        let transfer =
            if n + 1 == flows { r#", {"id": "b", "type": "transferToAcd", "settings": {"queue": "Q"}}"# } else { "" };
        _ = write!(
            text,
            "[[flow]]\nname = \"F{n}\"\ntype = \"inboundcall\"\nversion = 3\ndefinition = '''{{\"actions\": [{{\"id\": \"a\", \"type\": \
             \"setParticipantData\", \"settings\": {{\"key\": \"k{n}\", \"value\": \"v\"}}, \"nextActionId\": \"b\"}}{transfer}]}}'''\n"
        );
        _ = write!(
            steps,
            "{{ at = \"{}ms\", do = \"flow\", name = \"F{n}\" }}, {{ at = \"{}ms\", set = {{ k{n} = \"v\" }} }},",
            n * 100,
            n * 100 + 50
        );
    }
    let end = flows * 100;
    _ = write!(
        text,
        "[[story]]\nname = \"s\"\nsteps = [{steps} {{ at = \"{end}ms\", do = \"queue\", name = \"Q\" }}, {{ at = \"10m\", do = \"end\" }}]\n"
    );
    sim::scenario::parse(&text).expect("a scenario")
}

/// Calls through one flow that sets half as many keys as it has actions, each behind a decision; the call has the first of them.
fn large(actions: usize) -> Scenario {
    let mut list = String::new();
    for n in 0..actions / 2 {
        let next = n + 1;
        _ = write!(
            list,
            r#"{{"id": "d{n}", "type": "decision", "settings": {{"expression": "x == '{n}'", "trueActionId": "s{n}", "falseActionId": "d{next}"}}}},
               {{"id": "s{n}", "type": "setParticipantData", "settings": {{"key": "k{n}", "value": "v"}}, "nextActionId": "d{next}"}},"#
        );
    }
    let last = actions / 2;
    _ = write!(list, r#"{{"id": "d{last}", "type": "transferToAcd", "settings": {{"queue": "Q"}}}}"#);
    let text = format!(
        r#"[organization]
name = "Small"
domain = "small.example"
[[queue]]
name = "Q"
[[caller]]
name = "C"
number = "+15550100001"
[[flow]]
name = "F"
type = "inboundcall"
version = 3
definition = '''{{"actions": [{}]}}'''
[[story]]
name = "s"
steps = [{{ at = "0ms", do = "flow", name = "F" }}, {{ at = "50ms", set = {{ k0 = "v" }} }}, {{ at = "100ms", do = "queue", name = "Q" }}, {{ at = "10m", do = "end" }}]
"#,
        // A text in three quotes has none within; it needs no escapes else.
        list.replace("'", "\\u0027")
    );
    sim::scenario::parse(&text).expect("a scenario")
}

struct Bench {
    sim: Running,
    client: Client,
}

impl Bench {
    async fn new(scenario: Scenario, faults: &[&str]) -> Self {
        let faults = faults.iter().map(|spec| spec.parse().expect("a fault")).collect();
        let sim = sim::start(SimOptions { scenario, calls: Some(0), faults, ..SimOptions::default() })
            .await
            .expect("it starts");
        let auth = Auth::ClientCredentials { id: sim.client_id.clone(), secret: sim.client_secret.clone().into() };
        let client = Client::new(Connection::to_urls(&sim.api_url, &sim.login_url, auth).expect("addresses"));
        // What comes before any answer: the token.
        client.organization().await.expect("the organization");
        Self { sim, client }
    }

    /// A call whose flows have ended.
    async fn call(&self) -> ConversationId {
        let id = self.sim.begin("s").expect("the story");
        let in_queue = || {
            let call = self.sim.rest(id).expect("the call");
            call["participants"].as_array().expect("people").iter().any(|who| who["purpose"] == "acd")
        };
        let wait = async {
            while !in_queue() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), wait).await.expect("it reaches the queue");
        ConversationId::new(id.to_string())
    }

    /// Requests that it takes to find out what the call's flows were, and how many were found with their records.
    async fn cost(&self, known: &GatherCache, call: &ConversationId) -> (u64, usize, usize) {
        let snapshot = self.client.conversation(call, Priority::Interactive).await.expect("the call");
        let conversation = entry([snapshot]).conversation;
        let before = self.sim.requests();
        let mut gathered = flows(&self.client, known, &conversation).await;
        earlier(&self.client, known, &mut gathered).await;
        let defined = gathered.flows.iter().filter(|flow| flow.definition.is_some()).count();
        let recorded = gathered.flows.iter().filter(|flow| flow.run.is_some()).count();
        assert!(gathered.flows.iter().all(|flow| flow.name.version == "3"), "{:?}", gathered.flows);
        (self.sim.requests() - before, defined, recorded)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_cold_answer_takes_eight_requests_at_most_and_three_for_each_further_flow() {
    let mut before = None;
    for flows in 1..=3 {
        let bench = Bench::new(scenario(flows), &[]).await;
        let call = bench.call().await;
        let (cost, defined, recorded) = bench.cost(&GatherCache::default(), &call).await;
        assert_eq!((defined, recorded), (flows, flows));
        // With the token and the conversation itself.
        assert!(cost - POLL + 2 <= 8 + 3 * (flows as u64 - 1), "{cost} requests for {flows} flows");
        assert!(before.is_none_or(|before| cost - before <= 3), "{before:?}, then {cost}");
        before = Some(cost);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_warm_answer_takes_three_requests_at_most() {
    let bench = Bench::new(scenario(2), &[]).await;
    let known = GatherCache::default();
    let (first, second) = (bench.call().await, bench.call().await);
    bench.cost(&known, &first).await;
    // The same versions on another call: the list of its runs, the job, and its records.
    let (cost, defined, recorded) = bench.cost(&known, &second).await;
    assert_eq!((cost - POLL, defined, recorded), (4, 2, 2), "three for one flow, and a record for each further one");
    // The same calls again: whether there are more runs by now.
    for call in [&first, &second] {
        assert_eq!(bench.cost(&known, call).await, (1, 2, 2));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn without_records_an_answer_takes_no_more_and_keeps_what_it_can() {
    let bench = Bench::new(scenario(1), &["execution-off"]).await;
    let (known, call) = (GatherCache::default(), bench.call().await);
    // The version before it is asked for once, though there is none.
    assert_eq!(bench.cost(&known, &call).await, (5, 1, 0));
    assert_eq!(bench.cost(&known, &call).await, (3, 1, 0));
}

/// A flow of 5,000 actions costs no more requests than a small one, and an answer takes little time of its own: the figure is
/// printed, for time depends on the machine
/// (`SIDETONE_ACTIONS=5000 cargo test --release --lib -- gather::tests::a_large_flow --nocapture`).
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[allow(clippy::print_stdout, reason = "the figure is for docs/design/why.md")]
async fn a_large_flow_is_answered_with_as_few_requests() {
    use crate::why::{KnownCall, Verdict, WhyQuestion, explain};
    let size = crate::testing::count("SIDETONE_ACTIONS", 400, 5_000) as usize;
    let bench = Bench::new(large(size), &[]).await;
    let known = GatherCache::default();
    let (first, second) = (bench.call().await, bench.call().await);
    let (cold, defined, recorded) = bench.cost(&known, &first).await;
    assert_eq!((defined, recorded), (1, 1));
    assert!(cold - POLL + 2 <= 8, "{cold} requests cold");
    let (warm, ..) = bench.cost(&known, &second).await;
    assert!(warm - POLL <= 3, "{warm} requests warm");
    let snapshot = bench.client.conversation(&first, Priority::Interactive).await.expect("the call");
    let conversation = entry([snapshot]).conversation;
    let gathered = flows(&bench.client, &known, &conversation).await;
    let actions = gathered.flows[0].definition.as_ref().map_or(0, |flow| flow.actions.len());
    assert!(actions >= size, "{actions}");
    let call = KnownCall { conversation: &conversation, changes: &[], flows: &gathered.flows };
    for key in ["k0", &format!("k{}", size / 2 - 1), "never"] {
        let begun = std::time::Instant::now();
        let answer = explain(&WhyQuestion { key: key.to_owned(), on: "customer".to_owned() }, &call);
        println!("{key}: {actions} actions, {cold} requests cold and {warm} warm, own time {:?}", begun.elapsed());
        assert_eq!(answer.verdict == Verdict::Present, key == "k0", "{answer:#?}");
    }
}

#[test]
fn no_more_is_kept_than_is_allowed_and_nothing_that_may_change() {
    use super::{DEFINITIONS, RUNS, execution::Run};
    use std::sync::Arc;
    let known = GatherCache::default();
    let definition = Arc::new(crate::flow::read(include_str!("../../../assets/flows/main-ivr.json")).expect("a flow"));
    for n in 0..DEFINITIONS + 3 {
        known.learn_definition(&n.to_string(), "1.0", &definition);
    }
    assert!(known.definition("0", "1.0").is_none() && known.definition("3", "1.0").is_some());
    assert!(known.definition("3", "2.0").is_none(), "another version is another flow");
    let run = |id: usize, ended: bool, truncated: bool| {
        let ended = ended.then(|| "2026-11-20T12:00:00Z".parse().expect("a time"));
        Arc::new(Run { execution_id: id.to_string(), ended, truncated, ..Run::default() })
    };
    known.learn_run(&run(1, false, false));
    known.learn_run(&run(2, true, true));
    assert!(known.run("1").is_none() && known.run("2").is_none(), "they may be told whole later");
    (0..RUNS + 3).for_each(|n| known.learn_run(&run(n, true, false)));
    assert!(known.run("0").is_none() && known.run("3").is_some());
}
