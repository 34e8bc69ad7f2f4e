//! Integration tests, one binary: each file of this directory is a module.

mod support;

mod cli;
mod config;
mod flow;
