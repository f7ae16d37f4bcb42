#![forbid(unsafe_code)]
//! Hedgerow: shared domain blocklists for a fediverse account or instance.
pub mod block;
pub mod combine;
pub mod domain;
pub mod http;
pub mod list;
pub mod plan;
pub mod target;
pub mod text;
