//! Integration tests, one binary: each file of this directory is a module.

mod support;

mod architecture;
mod check;
mod cli;
mod client;
#[cfg(unix)]
mod collect;
mod config;
mod connect;
mod docs;
#[cfg(target_os = "linux")]
mod ended_calls;
mod findings;
mod flood;
mod flow;
mod flow_certain;
mod flow_doubts;
mod flow_files;
mod flow_given;
mod flow_inputs;
mod flow_large;
mod flow_run;
mod flow_shapes;
mod flow_unknown;
mod headless;
#[cfg(unix)]
mod html_report;
mod keys;
mod limits;
mod lint;
mod ndjson;
mod old_reads;
#[cfg(unix)]
mod pty;
#[cfg(unix)]
mod pty_edits;
#[cfg(unix)]
mod pty_kept;
mod recording;
mod security;
#[cfg(unix)]
mod sign_in_again;
mod sim_channels;
mod sim_docs;
mod sim_execution;
mod sim_faults;
mod sim_flows;
mod sim_queries;
mod sim_routes;
mod sim_schema;
mod sim_server;
mod sim_session;
mod sim_topics;
mod sim_tutorial;
mod sim_write;
#[cfg(target_os = "linux")]
mod soak;
mod tuning;
mod who;
mod why;
mod words;
