//! The `sidetone` program.

fn main() {}
