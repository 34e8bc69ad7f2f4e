//! Writes a flow of any size, for measuring what reading and running it costs:
//!
//! ```text
//! cargo run --example large_flow -- json 100000 >large.json
//! /usr/bin/time -v target/release/sidetone flow keys large.json >/dev/null
//! ```

use std::io::Write as _;

mod shape;

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let form = args.next().unwrap_or_default();
    let count = args.next().and_then(|count| count.parse().ok());
    let text = match (form.as_str(), count) {
        ("json", Some(count)) => shape::json(count),
        ("yaml", Some(count)) => shape::yaml(count),
        _ => {
            eprintln!("usage: large_flow json|yaml ACTIONS");
            std::process::exit(2);
        }
    };
    std::io::stdout().lock().write_all(text.as_bytes())
}
