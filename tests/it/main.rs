//! All integration tests in one binary: one link instead of ten.
// `cfg(test)` tells clippy that the helpers, too, may unwrap.
#![cfg(test)]

mod bad_servers;
mod command;
mod conformance;
mod csv_target;
mod decisions;
mod fake;
mod following;
mod impact;
mod keeping;
mod keeping_hunt;
mod kill;
mod lists;
mod lists_faces;
mod mock;
mod plan_laws;
mod publisher;
mod raw;
mod readme;
mod replay;
mod shared;
mod sign_in;
mod store;
mod sync_laws;
mod web;
mod web_plan;
