//! Servers that speak Mastodon's API: what they are, how somebody signs in to them, and
//! how to ask them things patiently.

pub mod client;
pub mod discovery;
pub mod follows;
pub mod oauth;
pub mod pace;
pub mod peers;
pub mod refollow;
mod rows;
pub mod version;
mod wire;

pub use wire::Trouble;
