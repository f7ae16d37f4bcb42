//! Servers that speak Mastodon's API: what they are, and how somebody signs in to them.

pub mod discovery;
pub mod oauth;
pub mod version;
mod wire;

pub use wire::Trouble;
