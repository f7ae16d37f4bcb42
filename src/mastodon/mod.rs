//! Servers that speak Mastodon's client API: finding out what they are, signing in, and
//! asking them things.

pub mod client;
pub mod pace;
pub mod version;
