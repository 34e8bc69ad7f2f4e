//! How the program is linked.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=SIDETONE_PIE");
    let is = |name: &str, wanted: &str| env::var(name).is_ok_and(|value| value == wanted);
    // At a fixed address the loader need not write 22,000 addresses into a hundred pages first: a quarter of the time of
    // `--version`. What it costs, and who should turn it off, is in docs/packaging.md.
    if is("PROFILE", "release")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && env::var_os("SIDETONE_PIE").is_none()
    {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
