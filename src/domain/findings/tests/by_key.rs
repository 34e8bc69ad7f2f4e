use super::*;
use proptest::prelude::*;

fn found_with(keys: &[&str]) -> Vec<String> {
    let attributes: Vec<(&str, &str)> = keys.iter().map(|k| (*k, "v")).collect();
    let mut desk = Desk::new();
    desk.event(0, customer(&attributes));
    desk.found()
}

#[test]
fn spellings_that_differ_in_case() {
    assert_eq!(found_with(&["customer_tier", "Customer_Tier"]), ["case-mismatch Customer_Tier@customer"]);
    assert_eq!(found_with(&["customer_tier", "customer_tier2", "tier"]), [] as [&str; 0]);
    // On different participants too: they are read by the same name.
    let mut desk = Desk::new();
    let people =
        vec![participant("p1", "customer", &[("ivr_choice", "1")]), participant("a", "agent", &[("IVR_Choice", "1")])];
    desk.event(0, snapshot("c", people));
    assert_eq!(desk.found(), ["case-mismatch IVR_Choice@agent"]);
    // The same key on two participants is no mismatch.
    let mut desk = Desk::new();
    desk.event(
        0,
        snapshot("c", vec![participant("p1", "customer", &[("k", "1")]), participant("a", "agent", &[("k", "1")])]),
    );
    assert_eq!(desk.found(), [] as [&str; 0]);
}

#[test]
fn an_expected_spelling_is_the_right_one() {
    let mut desk = Desk::expecting(vec![Expectation { required: false, ..Expectation::new("Customer_Tier") }]);
    desk.event(0, customer(&[("customer_tier", "gold"), ("Customer_Tier", "gold")]));
    assert_eq!(desk.found(), ["case-mismatch customer_tier@customer"]);
    assert!(desk.message(RuleId::CaseMismatch).contains("expected"));
    // Also where only the wrong one is there.
    let mut desk = Desk::expecting(vec![Expectation { required: false, ..Expectation::new("ivr_choice") }]);
    desk.event(0, customer(&[("IVR_Choice", "1")]));
    assert_eq!(desk.found(), ["case-mismatch IVR_Choice@customer"]);
}

#[test]
fn the_habit_of_other_calls_decides_between_spellings() {
    let mut desk = Desk::new();
    for id in ["a", "b", "d", "e"] {
        desk.event(0, snapshot(id, vec![participant("p1", "customer", &[("customer_tier", "gold")])]));
    }
    desk.event(0, customer(&[("Customer_Tier", "gold")]));
    assert_eq!(desk.found(), ["case-mismatch Customer_Tier@customer"]);
    assert!(desk.message(RuleId::CaseMismatch).contains("other calls"));
    // The wire may tell the wrong one first.
    let mut desk = Desk::new();
    for id in ["a", "b", "d", "e"] {
        desk.event(0, snapshot(id, vec![participant("p1", "customer", &[("customer_tier", "gold")])]));
    }
    desk.event(0, customer(&[("Customer_Tier", "gold"), ("customer_tier", "gold")]));
    assert_eq!(desk.found(), ["case-mismatch Customer_Tier@customer"]);
    // Two calls are no habit.
    let mut desk = Desk::new();
    for id in ["a", "b"] {
        desk.event(0, snapshot(id, vec![participant("p1", "customer", &[("customer_tier", "gold")])]));
    }
    desk.event(0, customer(&[("Customer_Tier", "gold")]));
    assert_eq!(desk.found(), [] as [&str; 0]);
}

#[test]
fn keys_that_only_look_alike() {
    for keys in [
        ["customer_tier", "customer tier"],
        ["customer_tier", "customerTier"],
        ["customer_tier", "customer-tier"],
        // A Cyrillic с, and a full-width letter.
        ["customer_tier", "\u{441}ustomer_tier"],
        ["customer_tier", "ｃustomer_tier"],
    ] {
        assert_eq!(found_with(&keys), [format!("near-miss {}@customer", keys[1])], "{keys:?}");
    }
    for keys in [
        ["crm.caseId", "context.caseId"],
        ["address1", "address2"],
        ["line_1", "line_11"],
        ["order_id", "order_ids"],
        ["имя", "name"],
        ["Account Balance", "AccountNumber"],
    ] {
        let found = found_with(&keys);
        assert!(!found.iter().any(|f| f.starts_with("near-miss")), "{found:?}");
    }
}

#[test]
fn keys_that_are_odd_by_themselves() {
    for key in [
        "customer_tier ",
        " x",
        "customer\u{200b}_tier",
        "tier\u{fe0f}",
        "customer\u{a0}tier",
        "cust\u{43e}mer",
        "tier\n",
        "",
    ] {
        assert_eq!(found_with(&[key]), [format!("near-miss {key}@customer")], "{key:?}");
    }
    for key in [
        "Account Balance",
        "имя",
        "κλειδί",
        "名前",
        "größe",
        "a",
        "CustomerTier",
        "x-y_z",
        "e\u{301}t\u{e9}",
        "kunde имя",
    ] {
        assert_eq!(found_with(&[key]), [] as [&str; 0], "{key:?}");
    }
}

#[test]
fn a_slip_of_the_pen_of_an_absent_expected_key() {
    let expecting = |key: &str| Desk::expecting(vec![Expectation { required: false, ..Expectation::new(key) }]);
    for (expected, key) in [
        ("customer_tier", "custmer_tier"),
        ("customer_tier", "customer_teir"),
        ("lookup", "lokup"),
        ("ivr_choice", "ivr_choise"),
    ] {
        let mut desk = expecting(expected);
        desk.event(0, customer(&[(key, "v")]));
        assert_eq!(desk.found(), [format!("near-miss {key}@customer")]);
    }
    for (expected, key) in [
        ("customer_tier", "customer_ref"),
        ("line1", "line2"),
        ("tier", "tire"),
        ("customer_tier", "customer_tier_old"),
        ("queue_position", "queue_length"),
    ] {
        let mut desk = expecting(expected);
        desk.event(0, customer(&[(key, "v")]));
        assert_eq!(desk.found(), [] as [&str; 0], "{expected} {key}");
    }
    // Where the expected key is there, the other one is another key.
    let mut desk = expecting("ivr_choice");
    desk.event(0, customer(&[("ivr_choice", "1"), ("ivr_choices", "1,2")]));
    assert_eq!(desk.found(), [] as [&str; 0]);
    // It ends when the right key comes.
    let mut desk = expecting("ivr_choice");
    desk.event(0, customer(&[("ivr_choise", "1")]));
    assert_eq!(desk.found(), ["near-miss ivr_choise@customer"]);
    desk.event(1_000, customer(&[("ivr_choise", "1"), ("ivr_choice", "1")]));
    assert_eq!(desk.found(), [] as [&str; 0]);
}

#[test]
fn dotted_keys() {
    assert_eq!(found_with(&["crm.caseId"]), ["dotted-key crm.caseId@customer"]);
    assert_eq!(
        found_with(&["context.email", "ivr.Language", "conversationDetails.participantData.Balance"]),
        [] as [&str; 0]
    );
    let mut desk = Desk::new();
    desk.event(0, customer(&[("crm.caseId", "1")]));
    assert_eq!(desk.severity(RuleId::DottedKey), Some(Severity::Info));
}

#[test]
fn a_twin_in_another_normal_form_is_named_as_one() {
    let mut desk = Desk::new();
    desk.event(0, customer(&[("caf\u{e9}", "1"), ("cafe\u{301}", "2")]));
    assert_eq!(desk.found(), ["near-miss cafe\u{301}@customer"]);
}

proptest! {
    /// Only the keys that came are examined where no other can be concerned; what is found is the same.
    #[test]
    fn keys_that_came_are_examined_by_themselves_and_nothing_is_missed(
        // Each event: the call, who has the keys, which keys, and whether there is a gap before it.
        events in prop::collection::vec((0..3u8, 0..3u8, prop::collection::vec(0..12usize, 0..5), prop::bool::weighted(0.1)), 1..24),
        rivals in any::<bool>(),
        bot in prop::option::of(0..24usize),
    ) {
        const KEYS: [&str; 12] = ["tier", "Tier", "a.b", " lead", "line1", "order id", "orderid", "order_id", "plan", "plаn", "x", "y"];
        let many: Vec<String> = (0..BOT_LIMIT).map(|n| format!("many{n}")).collect();
        let (mut one, mut other) = (Desk::new(), Desk::new());
        for (n, (call, on, keys, gap)) in events.into_iter().enumerate() {
            let keys = keys.into_iter().map(|key| KEYS[key]).filter(|key| rivals || !matches!(*key, "Tier" | "orderid" | "order_id" | "plаn"));
            let mut attributes: Vec<(&str, &str)> = keys.map(|key| (key, "v")).collect();
            attributes.sort_unstable();
            attributes.dedup();
            let has_bot = bot.is_some_and(|since| n >= since);
            let more = if has_bot { &many[..] } else { &[] };
            let all: Vec<(&str, &str)> = attributes.iter().copied().chain(more.iter().map(|key| (key.as_str(), "v"))).collect();
            let mut people = vec![participant("p1", "customer", if on == 0 { &all } else { more_of(&all, more.len()) })];
            people.extend((on > 0).then(|| participant("p2", if has_bot { "botflow" } else { "agent" }, &attributes)));
            let id = ["c", "d", "e"][usize::from(call)];
            other.examiner.doubt_keys();
            if gap {
                one.board.mark_stale(ms(n as u64 * 1_000));
                other.board.mark_stale(ms(n as u64 * 1_000));
            }
            one.event(n as u64 * 1_000, snapshot(id, people.clone()));
            other.event(n as u64 * 1_000, snapshot(id, people));
            let found = |desk: &Desk| {
                let told = desk.examiner.all().map(|f| format!("{} {:?} {} {:?}", f.conversation, f.participant, f.message, f.since));
                let mut told: Vec<String> = told.collect();
                told.sort();
                told
            };
            prop_assert_eq!(found(&one), found(&other));
        }
    }
}

/// Keys that are as many as a bot flow can write.
const BOT_LIMIT: usize = 50;

/// The last ones of these.
fn more_of<'a>(all: &'a [(&'a str, &'a str)], more: usize) -> &'a [(&'a str, &'a str)] {
    &all[all.len() - more..]
}
