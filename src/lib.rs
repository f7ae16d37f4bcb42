#![forbid(unsafe_code)]
//! Hedgerow: shared domain blocklists for a fediverse account or instance.
pub mod block;
pub mod clock;
pub mod domain;
pub mod http;
pub mod list;
pub mod mastodon;
pub mod store;
pub mod text;
pub mod vault;
