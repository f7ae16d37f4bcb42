#![forbid(unsafe_code)]
//! Hedgerow: shared domain blocklists for a fediverse account or instance.
pub mod backup;
pub mod block;
pub mod clock;
pub mod combine;
pub mod domain;
pub mod http;
pub mod list;
pub mod mastodon;
pub mod plan;
pub mod stop;
pub mod target;
pub mod text;
