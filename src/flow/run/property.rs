//! A value for what is unknown never contradicts what a run had found certain without it.

use super::Run;
use crate::flow::{input::Inputs, read, value::Val};
use proptest::prelude::*;
use std::{fmt::Write, sync::Arc};

const VALUES: &[&str] = &[
    "\"x\"",
    "Flow.A",
    "Flow.B",
    "Flow.U",
    "Append(Flow.A, \"z\")",
    "If(true, \"t\", Flow.U)",
    "If(IsSet(Flow.U), \"s\", \"n\")",
    "If(Flow.U == \"x\", \"same\", \"same\")",
    "NOT_SET",
];

const CONDITIONS: &[&str] = &[
    "IsNotSetOrEmpty(Flow.A)",
    "IsSet(Flow.B)",
    "false and Flow.U == \"x\"",
    "true OR IsSet(Flow.U)",
    "IsSet(Flow.U)",
    "Flow.A == \"x\"",
    "IsSet(Flow.I)",
];

/// Writes random actions of the same indentation.
fn actions(rng: &mut fastrand::Rng, out: &mut String, indent: usize, depth: u8, looped: bool) {
    for _ in 0..rng.usize(1..4) {
        let value = VALUES[rng.usize(..VALUES.len())].replace('"', "\\\"");
        let condition = CONDITIONS[rng.usize(..CONDITIONS.len())].replace('"', "\\\"");
        let variable = ["Flow.A", "Flow.B"][rng.usize(..2)];
        let key = ["a", "b", "c"][rng.usize(..3)];
        let pad = " ".repeat(indent);
        let line = match rng.u8(..10) {
            0..3 => format!(
                "setParticipantData: {{attributes: [{{attribute: {{name: {{lit: {key}}}, value: {{exp: \"{value}\"}}}}}}]}}"
            ),
            3 | 4 => format!(
                "updateData: {{statements: [{{string: {{variable: {variable}, value: {{exp: \"{value}\"}}}}}}]}}"
            ),
            5 => format!(
                "getParticipantData: {{attributes: [{{attribute: {{name: {{lit: {key}}}, variable: {variable}}}}}]}}"
            ),
            6 => "callBotFlow: {name: Bot, intent: {var: Flow.U}}".to_owned(),
            7 if looped => ["loopExit: {name: Out}", "loopNext: {name: On}"][rng.usize(..2)].to_owned(),
            8 if depth > 0 => {
                let inner = " ".repeat(indent + 10);
                _ = write!(out, "{pad}- decision:\n{pad}    condition: {{exp: \"{condition}\"}}\n{pad}    outputs:\n");
                for (output, taken) in [("yes", true), ("no", rng.bool())] {
                    if taken {
                        _ = write!(out, "{pad}      {output}:\n{pad}        actions:\n");
                        actions(rng, out, inner.len(), depth - 1, looped);
                    }
                }
                continue;
            }
            9 if depth > 0 => {
                _ = write!(
                    out,
                    "{pad}- loop:\n{pad}    loopCount: {{lit: 2}}\n{pad}    currentIndex: {{var: Flow.I}}\n{pad}    outputs:\n{pad}      \
                     loop:\n{pad}        actions:\n"
                );
                actions(rng, out, indent + 10, depth - 1, true);
                continue;
            }
            _ => "playAudio: {name: Hum}".to_owned(),
        };
        _ = writeln!(out, "{pad}- {line}");
    }
}

fn flow(seed: u64) -> String {
    let mut text = "inboundCall:\n  name: P\n  startUpRef: /inboundCall/tasks/task[T]\n  variables:\n".to_owned();
    for name in ["Flow.A", "Flow.B", "Flow.U"] {
        _ = writeln!(text, "    - stringVariable: {{name: {name}, initialValue: {{noValue: true}}}}");
    }
    text += "    - integerVariable: {name: Flow.I, initialValue: {noValue: true}}\n  tasks:\n    - task:\n        name: T\n        \
             refId: T\n        actions:\n          - callBotFlow: {name: Bot, intent: {var: Flow.U}}\n";
    actions(&mut fastrand::Rng::with_seed(seed), &mut text, 10, 3, false);
    text
}

fn run(text: &str, given: Option<Val>) -> Run {
    let variables = given.into_iter().map(|value| ("Flow.U".to_owned(), value)).collect();
    let mut run = Run::new(Arc::new(read(text).unwrap()), Inputs { variables, ..Inputs::default() });
    while run.step().is_some() {}
    run
}

proptest! {
    #[test]
    fn what_is_certain_stays(seed: u64) {
        let text = flow(seed);
        let blind = run(&text, None);
        if !blind.end().is_some_and(super::End::complete) {
            prop_assert!(matches!(blind.end(), Some(super::End::Undecided(_))), "{:?}\n{text}", blind.end());
            return Ok(());
        }
        let values = [Val::NotSet, Val::Text(String::new()), Val::Text("x".into()), Val::Text("X".into()), Val::Text("s".into())];
        for value in values {
            let told = run(&text, Some(value.clone()));
            prop_assert_eq!(told.end(), blind.end(), "with {}\n{}", value, text);
            let keys = |run: &Run| run.attributes().map(|(key, _)| key.to_owned()).collect::<Vec<_>>();
            prop_assert_eq!(keys(&told), keys(&blind), "with {}\n{}", value, text);
            for ((key, before), (_, after)) in blind.attributes().zip(told.attributes()) {
                prop_assert!(before.is_unknown() || before == after, "{}: {} and {} with {}\n{}", key, before, after, value, text);
            }
            let certain = told.doubts().is_empty();
            prop_assert!(certain || !blind.doubts().is_empty(), "with {}\n{}", value, text);
        }
    }
}
