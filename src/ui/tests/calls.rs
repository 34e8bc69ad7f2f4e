//! Pictures of the Calls screen.

use super::{Theme, changed, draw, picture, rows};
use crate::app::{
    settings::AppSettings,
    testing::{Desk, leg},
};

#[test]
fn calls() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = Desk::busy(width, height);
        desk.keys("<down>");
        changed(&mut desk);
        insta::assert_snapshot!(format!("calls-{width}x{height}"), picture(&draw(&mut desk, Theme::Terminal)));
    }
}

#[test]
fn a_filter_that_matches_nothing_says_so() {
    for width in [80, 120, 200] {
        let mut desk = Desk::busy(width, 36);
        desk.keys(":filter customer_tier=tin<enter>");
        let shown = rows(&mut desk).join("\n");
        assert!(shown.contains("None of 6 calls matches `customer_tier=tin`. Esc clears the filter."), "{shown}");
        assert!(!shown.contains("No live calls"));
    }
}

#[test]
fn unsent_drafts_are_visible_on_calls() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = Desk::busy(width, height);
        desk.keys("<enter>e!<esc><down>e!<esc><esc>");
        let rows = rows(&mut desk);
        assert!(rows[0].contains("✎ 2 unsent"), "{}", rows[0]);
        assert_eq!(rows[4..].iter().filter(|row| row.starts_with('✎')).count(), 1, "{}", rows.join("\n"));
    }
}

/// Ten calls with more keys than any screen has columns.
fn many_columns(width: u16, height: u16) -> Desk {
    let expectations = crate::expectfile::parse("[[expect]]\nkey = \"customer_tier\"\nby = \"start\"\n").unwrap();
    let settings =
        AppSettings { org: "Halden".into(), region: "us-east-1".into(), expectations, ..AppSettings::default() };
    let mut desk = Desk::with(width, height, settings);
    for i in 0..10usize {
        let (reference, wait) = (format!("HH-82023{i:02}"), (i * 7).to_string());
        let mut attributes = vec![
            ("ivr_choice", ["account_balance", "payment", "report_outage"][i % 3]),
            ("language", ["en-US", "fr-CA"][i % 2]),
            ("lookup_status", ["ok", "timeout"][usize::from(i % 4 == 0)]),
            ("customer_ref", reference.as_str()),
            ("region_code", ["NE", "SW", "SE"][i % 3]),
            ("est_wait_s", wait.as_str()),
            ("business_hours", ["open", "closed"][i % 2]),
        ];
        if i % 4 != 0 {
            attributes.push(("customer_tier", ["gold", "silver", "bronze", "{{lookup.tier}}"][i % 4]));
        }
        let from = format!("tel:+1555010{:04}", 2231 + i * 611);
        let mut customer = leg("c", "customer", "Indianapolis IN", &attributes).from(&from);
        if i == 9 {
            customer = customer.left();
        }
        let legs = vec![customer, leg("q", "acd", "Billing Self Service", &[]).queue("q-billing")];
        desk.call(&format!("1000000{i}-1111-4222-8333-444455556666"), 40 + 53 * i as i64, legs);
    }
    desk.wait(9000);
    desk
}

#[test]
fn calls_sorted_scrolled_with_coverage_and_one_that_no_longer_matches() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        for (name, keys) in [
            ("sorted", ":sort customer_tier reverse<enter>"),
            ("scrolled", ">>z"),
            ("coverage", "%<down>"),
            ("sort-list", "s<down>"),
        ] {
            let mut desk = many_columns(width, height);
            desk.keys(keys);
            insta::assert_snapshot!(
                format!("calls-{name}-{width}x{height}"),
                picture(&draw(&mut desk, Theme::Terminal))
            );
        }
        let mut desk = many_columns(width, height);
        desk.keys("/customer_tier=silver<enter>");
        let silver = desk.model.calls.selected.clone().expect("one is selected");
        let all = desk.model.calls.rows.len();
        desk.call(
            silver.as_str(),
            93,
            vec![
                leg("c", "customer", "Indianapolis IN", &[("customer_tier", "gold")]).from("tel:+15550102842"),
                leg("q", "acd", "Billing Self Service", &[]).queue("q-billing"),
            ],
        );
        let text = rows(&mut desk).join("\n");
        assert_eq!((desk.model.calls.rows.len(), desk.model.calls.selected.as_ref()), (all, Some(&silver)));
        assert!(text.contains("no longer matches"), "{text}");
        desk.keys("<down>");
        assert!(!desk.model.calls.rows.contains(&silver), "it goes when the selection moves");
    }
}

#[test]
fn every_chosen_column_can_be_reached_and_two_are_in_sight_at_least() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = many_columns(width, height);
        draw(&mut desk, Theme::Terminal);
        let keys = desk.model.calls.keys.clone();
        assert_eq!(keys.len(), 6);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..keys.len() {
            let heads = rows(&mut desk)[3].clone();
            let shown = desk.model.calls.columns.iter().filter_map(|c| match c.show {
                crate::app::calls::ColumnShows::Attribute(n) => Some(n),
                crate::app::calls::ColumnShows::Fact(_) => None,
            });
            let shown: Vec<usize> = shown.collect();
            assert!(shown.len() >= 2 || shown.last() == Some(&(keys.len() - 1)), "{width}: {heads}");
            seen.extend(shown);
            let right = desk.model.calls.more.1;
            assert_eq!(heads.contains('›'), right > 0, "{heads}");
            assert!(right == 0 || heads.contains(&format!("+{right}")), "{heads}");
            assert_eq!(heads.contains('‹'), desk.model.calls.more.0 > 0, "{heads}");
            desk.keys(">");
        }
        assert_eq!(seen.len(), keys.len(), "{width}: every key was in sight");
    }
    let mut desk = many_columns(200, 60);
    desk.keys("%%");
    let text = rows(&mut desk).join("\n");
    assert_eq!(desk.model.calls.more, (0, 0), "{text}");
    assert!(!text.contains('…'), "nothing is cut while space is free:\n{text}");
}

/// One long value among many does not take the room of a column, and a word says where a key is instead.
#[test]
fn the_medium_has_room_beside_one_long_value_and_a_key_elsewhere_says_where() {
    let mut desk = Desk::with(200, 60, super::call::expecting());
    for i in 0..20usize {
        let (reference, number) = (format!("HH-82023{i:02}"), format!("tel:+1555010{:04}", 2231 + i * 611));
        let tier = if i == 3 { "{{lookup_result.tier}}" } else { "silver" };
        let mut attributes = vec![
            ("ivr_choice", "account_balance"),
            ("language", "en-US"),
            ("lookup_status", "timeout"),
            ("customer_ref", reference.as_str()),
            ("region_code", "NE"),
        ];
        if i != 4 {
            attributes.push(("customer_tier", tier));
        }
        let on_ivr: &[(&str, &str)] = if i == 4 { &[("customer_tier", "gold")] } else { &[] };
        let legs = vec![
            leg("c", "customer", "Indianapolis IN", &attributes).from(&number),
            leg("i", "ivr", "Billing Self Service", on_ivr).left(),
            leg("q", "acd", "Billing Self Service", &[]).queue("q-billing"),
        ];
        desk.call(&format!("100000{i:02}-1111-4222-8333-444455556666"), 40 + 53 * i as i64, legs);
    }
    desk.wait(9000);
    let lines = rows(&mut desk);
    let text = lines.join("\n");
    assert!(lines[3].contains("media"), "{text}");
    assert!(text.contains("gold ✗ on ivr") && !text.contains("wrong-participant"), "{text}");
    assert!(text.contains("Alerts") && text.contains("none set"), "{text}");
    // The values of the changes begin in one column.
    let from = lines.iter().position(|line| line.contains("Changes of all calls"));
    for key in ["absent", "silver"] {
        assert!(!text.contains(&format!("{key}…")), "{text}");
    }
    assert!(from.is_some(), "{text}");
}

#[test]
fn the_changes_of_all_calls_have_their_values_in_one_column() {
    let mut desk = Desk::busy(200, 60);
    for (i, key) in ["tier", "queue_position", "last_interaction_id"].into_iter().enumerate() {
        desk.wait(1_000);
        desk.customer("7c1e0000-0000-4000-8000-000000000042", &[(key, "value")]);
        desk.wait(1_000);
        desk.customer("7c1e0000-0000-4000-8000-000000000042", &[(key, &format!("now{i}"))]);
    }
    let lines = rows(&mut desk);
    let column = |value: &str| {
        let line =
            lines.iter().find(|line| line.contains(value)).unwrap_or_else(|| panic!("{value}\n{}", lines.join("\n")));
        line[..line.rfind(value).unwrap()].chars().count()
    };
    assert_eq!(column("now0"), column("now1"));
    assert_eq!(column("now1"), column("now2"));
}

#[test]
fn a_selection_does_not_follow_an_ended_call_out_of_sight() {
    let mut desk = Desk::new(120, 24);
    let customer = |i: usize| leg("c", "customer", "Caller", &[]).from(&format!("tel:+1555010{i:04}"));
    for i in 0..40 {
        desk.call(&format!("call-{i:02}"), 60 + i as i64, vec![customer(i)]);
    }
    desk.keys("<home><down><down>");
    let (place, selected) = (desk.model.calls.position(), desk.model.calls.selected.clone().expect("one"));
    let i: usize = selected.as_str().trim_start_matches("call-").parse().expect("a number");
    desk.call(selected.as_str(), 60 + i as i64, vec![customer(i).left()]);
    desk.wait(10);
    let calls = &desk.model.calls;
    assert_eq!((calls.scroll, calls.position()), (0, place), "the live calls stay in sight");
    assert_ne!(calls.selected.as_ref(), Some(&selected));
    assert!(desk.notice().contains("has ended"), "{}", desk.notice());
    // Where its row is in sight, the selection keeps its call.
    let mut desk = Desk::new(120, 36);
    for i in 0..4 {
        desk.call(&format!("call-{i:02}"), 60 + i as i64, vec![customer(i)]);
    }
    desk.keys("<home>");
    let selected = desk.model.calls.selected.clone().expect("one");
    let i: usize = selected.as_str().trim_start_matches("call-").parse().expect("a number");
    desk.call(selected.as_str(), 60 + i as i64, vec![customer(i).left()]);
    desk.wait(10);
    assert_eq!(desk.model.calls.selected.as_ref(), Some(&selected));
}
