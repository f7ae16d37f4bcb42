//! The only place that builds an HTTP client.
//!
//! Every client has time-outs, follows no redirect by itself, and is read through
//! [`body`], which stops at a limit: a server that answers without end must not be able
//! to fill the memory of whoever asked it.

use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::Resolve;
use reqwest::{Client, ClientBuilder, Response, redirect};

/// How long a server may take to accept a connection, and how long it may be silent
/// within an answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest that one exchange may take as a whole. An admin's `DELETE` lifts a block
/// from every account of a domain before it answers, so this is generous.
pub const TOTAL_TIMEOUT: Duration = Duration::from_mins(2);

const USER_AGENT: &str = concat!("hedgerow/", env!("CARGO_PKG_VERSION"));

/// A client with this crate's limits. It never follows a redirect: the callers decide
/// whether the new address may be trusted with what they were about to send.
pub fn client() -> Result<Client, reqwest::Error> {
    builder().build()
}

/// As [`client`], with a say in where names lead. No proxy of the environment is used: it
/// would resolve the names itself.
pub fn client_resolving(resolver: Arc<dyn Resolve>) -> Result<Client, reqwest::Error> {
    builder().no_proxy().dns_resolver(resolver).build()
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
fn builder() -> ClientBuilder {
    // The second call and every later one returns an error that only says "already done".
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(USER_AGENT)
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(SILENCE_TIMEOUT)
        .timeout(TOTAL_TIMEOUT)
}

/// Why a body was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    #[error("the answer is larger than {} MiB", .0 >> 20)]
    TooLarge(usize),
    #[error(transparent)]
    Broken(#[from] reqwest::Error),
}

/// Reads a body of at most `limit` bytes after decompression.
pub async fn body(mut response: Response, limit: usize) -> Result<Vec<u8>, BodyError> {
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(BodyError::TooLarge(limit));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > limit {
            return Err(BodyError::TooLarge(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
