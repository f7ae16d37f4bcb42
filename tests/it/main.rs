//! All integration tests in one binary: one link instead of ten.
// `cfg(test)` tells clippy that the helpers, too, may unwrap.
#![cfg(test)]

mod bad_servers;
mod browser;
mod command;
mod conformance;
mod csv_target;
mod decisions;
mod desk;
mod doors;
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
mod strangers;
mod sync_laws;
mod verbs;
mod web;
mod web_api;
mod web_decisions;
mod web_entry;
mod web_exceptions;
mod web_faults;
mod web_lists;
mod web_log;
mod web_owners;
mod web_plan;
mod web_proposals;
mod web_published;
mod web_runs;
mod web_targets;
mod web_why;
