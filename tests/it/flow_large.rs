//! Large flows: what they cost in memory, and that both forms of one are one flow.

#[path = "../../examples/large_flow/shape.rs"]
mod shape;

use crate::support::{Output, Program, count};
use std::{io::Read, path::Path};

/// The peak of `flow keys --json` on a file, in bytes. It prints more than a pipe holds, so it waits with all of it in memory.
#[cfg(target_os = "linux")]
fn keys(program: &Program, file: &Path) -> u64 {
    let mut child = program
        .command(&["flow", "keys", file.to_str().expect("a plain path"), "--json"])
        .spawn()
        .expect("the program starts");
    let mut out = child.stdout.take().expect("stdout");
    out.read_exact(&mut [0]).expect("the beginning of what it prints");
    let most = crate::support::memory(child.id(), "VmHWM").expect("it runs") * 1024;
    assert!(std::io::copy(&mut out, &mut std::io::sink()).expect("the rest") > 1 << 16);
    assert_eq!(Output::of(child).code, Some(0));
    most
}

/// Memory is taken in pages and by several threads: two runs of one file differ by so much.
#[cfg(target_os = "linux")]
const PAGES: u64 = 256 << 10;

/// The program itself takes some; what counts is what a larger file costs more. `SIDETONE_LARGE`: its actions.
#[cfg(target_os = "linux")]
#[test]
fn json_costs_three_times_its_size_and_yaml_eight() {
    let program = Program::new();
    let most = count("SIDETONE_LARGE", 3_000, 100_000);
    let counts = [(most / 5).min(1_000), most];
    for (name, write, times) in [("f.json", shape::json as fn(usize) -> String, 3), ("f.yaml", shape::yaml, 8)] {
        let file = program.home().join(name);
        let cost = counts.map(|count| {
            let text = write(count);
            std::fs::write(&file, &text).expect("a file");
            (text.len() as u64, keys(&program, &file))
        });
        let (size, memory) = (cost[1].0 - cost[0].0, cost[1].1.saturating_sub(cost[0].1));
        assert!(memory > size / 2, "{name}: {cost:?} is not measured");
        assert!(memory <= size * times + PAGES, "{name}: {memory} bytes for {size} ({cost:?})");
    }
}

#[test]
fn both_forms_of_a_large_flow_are_one_flow() {
    let found = [shape::json(400), shape::yaml(400)].map(|text| {
        let flow = sidetone::flow::read(&text).expect("a flow");
        assert_eq!((flow.actions.len(), flow.remarks.len()), (400, 0));
        let keys = sidetone::flow::keys::keys(&flow);
        let told = keys.by_key.iter().map(|(key, uses)| {
            let set = uses.set.iter().map(|one| (one.when.word(), one.value.clone(), one.path.to_string()));
            (key.clone(), set.collect::<Vec<_>>())
        });
        let lost = sidetone::flow::losses::losses(&flow, &keys);
        (told.collect::<Vec<_>>(), lost.len())
    });
    assert_eq!(found[0], found[1]);
    assert_eq!(found[0].0.len(), 4 * 50);
}
