use super::*;

fn faults(specs: &[&str]) -> Faults {
    Faults::new(specs.iter().map(|spec| spec.parse().unwrap()).collect())
}

#[test]
fn every_fault_of_the_table_parses() {
    let mut seen = 0;
    for line in HELP.lines().filter(|line| line.starts_with("- `")) {
        for spec in line.split('`').skip(1).step_by(2).filter(|spec| !spec.starts_with("v2.")) {
            spec.parse::<Fault>().unwrap_or_else(|e| panic!("{e:#}"));
            let name = spec.split(['=', '@']).next().unwrap_or_default();
            assert!(parse::KINDS.contains(&name), "{name}");
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen}");
}

#[test]
fn events_happen_once_or_periodically() {
    let mut f = faults(&["close@10s", "reset@5s/4s"]);
    assert_eq!(f.next_due(), Some(5000));
    assert_eq!(f.due(5000), [TimedFault::Reset]);
    assert_eq!(f.next_due(), Some(9000));
    assert_eq!(f.due(10_000), [TimedFault::Reset, TimedFault::Close]);
    assert_eq!(f.next_due(), Some(13_000));
}

#[test]
fn request_faults_count_and_choose() {
    let mut f = faults(&["500=2,on=/queues", "409=1"]);
    assert!(f.request(0, "GET", "/api/v2/users").is_empty());
    assert_eq!(f.request(0, "GET", "/api/v2/routing/queues"), [Broken::Status(500)]);
    assert_eq!(f.request(0, "GET", "/api/v2/routing/queues").len(), 1);
    assert!(f.request(0, "GET", "/api/v2/routing/queues").is_empty());
    assert_eq!(f.request(0, "PATCH", "/x/attributes"), [Broken::Status(409)]);
    assert!(f.request(0, "PATCH", "/x/attributes").is_empty());
}

#[test]
fn old_reads_are_reads_of_one_conversation() {
    let mut f = faults(&["old-read=1"]);
    let id = "/api/v2/conversations/6b24a5a6-6a2d-4b44-9d3e-1f1f6e4c8b01";
    assert!(f.request(0, "GET", "/api/v2/conversations").is_empty());
    assert!(f.request(0, "PATCH", &format!("{id}/participants/p/attributes")).is_empty());
    assert_eq!(f.request(0, "GET", id), [Broken::OldRead]);
    assert!(f.request(0, "GET", id).is_empty());
}

#[test]
fn states_last_for_their_window() {
    let f = faults(&["silence@10s..20s", "late=2s@5s"]);
    assert!(!f.silent(9_999) && f.silent(10_000) && !f.silent(20_000));
    let mut rng = fastrand::Rng::with_seed(1);
    assert_eq!(f.fate(0, &mut rng).late_ms, 0);
    assert_eq!(f.fate(6000, &mut rng), Fate { copies: 1, late_ms: 2000, overtaken: false });
    assert_eq!(f.fate(12_000, &mut rng).copies, 0);
}

#[test]
fn a_401_is_an_event_or_an_answer() {
    assert_eq!(faults(&["401@10s"]).due(10_000), [TimedFault::ExpireTokens]);
    for spec in ["401=1,on=/queues", "401=on=/queues"] {
        let mut f = faults(&[spec]);
        assert_eq!(f.request(0, "GET", "/api/v2/routing/queues"), [Broken::Status(401)]);
        assert!(f.request(0, "GET", "/api/v2/users").is_empty());
    }
}

#[test]
fn mistakes_are_explained() {
    for (spec, expected) in [
        ("clsoe", "did you mean \"close\"?"),
        ("bogus", "known are close, reset"),
        ("close@x", "\"x\" is not a duration"),
        ("close@5", "duration"),
        ("drop-frames=2", "share"),
        ("500=x", "number"),
        ("deny", "deny=PERMISSION"),
        ("deny=everything", "deny=routing:queue:view"),
        ("deny=nothing:here:x", "nothing here needs the permission nothing:here:x; known are analytics:"),
        ("deny=routing:queues:view", "did you mean routing:queue:view?"),
        ("close=banana", "takes no argument"),
        ("silence=5s@2s", "takes no argument"),
        ("execution-off=x", "takes no argument"),
        ("close=on=/queues", "chooses nothing"),
        ("403=queues,on=/x", "chooses nothing"),
        ("500=", "is empty"),
        ("500=2,", "is empty"),
        ("500=0", "number"),
        ("500=on=", "on=TEXT"),
        ("slow=1s,2s", "one argument too many"),
        ("", "there is no fault"),
        ("500@", "duration"),
    ] {
        let error = spec.parse::<Fault>().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
