//! One request and its answer: bounded, never redirected to a stranger, and with errors
//! that can be shown to anyone.

use std::error::Error as _;

use reqwest::{RequestBuilder, StatusCode, header};
use serde::de::DeserializeOwned;
use url::{Position, Url};

use super::discovery::is_loopback;
use crate::http::{BodyError, body};
use crate::text::{fit, plain};

/// No answer that sign-in needs is near this size.
const LIMIT: usize = 1 << 20;
/// Of a server's own words.
const WORDS: usize = 200;

/// Why a server could not be talked to.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error(
        "{host} cannot be reached: {why}. Check the name for typing errors and that you are \
         online, then try again."
    )]
    Unreachable { host: String, why: String },
    #[error("{host} took too long to answer. Try again in a few minutes.")]
    Slow { host: String },
    #[error(
        "{host} answered with error {status}, so it may be down or busy. Try again in a few \
         minutes."
    )]
    Down { host: String, status: u16 },
    #[error("{host} sent an answer that cannot be used: {why}. Check the name of the server.")]
    Unusable { host: String, why: String },
    #[error(
        "{host} sends its visitors on to {to}. Hedgerow does not follow by itself, because your \
         sign-in would go there too. If {to} is your server, sign in there (`hedgerow login \
         {to}`)."
    )]
    Moved { host: String, to: String },
}

/// An answer that arrived whole, whatever its status.
pub(super) struct Answer {
    pub status: StatusCode,
    pub bytes: Vec<u8>,
    /// Where a redirect within the same server leads.
    pub onward: Option<Url>,
}

impl Answer {
    pub fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.bytes).ok()
    }

    /// The server's own explanation, safe to show: without what we sent in confidence,
    /// which it might repeat.
    pub fn words(&self, secrets: &[&str]) -> String {
        #[derive(serde::Deserialize)]
        struct Said {
            error: Option<String>,
            error_description: Option<String>,
        }
        let said = self.json::<Said>().and_then(|said| said.error_description.or(said.error));
        let mut words = said.unwrap_or_else(|| format!("error {}", self.status.as_u16()));
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            words = words.replace(secret, "…");
        }
        fit(&plain(&words), WORDS)
    }
}

/// A server's host, with the port if it is unusual.
pub(super) fn bare_host(url: &Url) -> String {
    url[Position::BeforeHost..Position::AfterPort].to_owned()
}

/// A server as a person would type it. One on this machine keeps its `http://`, without
/// which it would be taken for an encrypted one.
pub(super) fn host(url: &Url) -> String {
    let plain = url.scheme() == "http" && is_loopback(url);
    format!("{}{}", if plain { "http://" } else { "" }, bare_host(url))
}

/// An absolute path on the server.
pub(super) fn at(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(path);
    url.set_query(None);
    url
}

/// Sends a request to `url`'s server. A redirect to another server is an error, and so
/// is an answer that says the server is in no state to be asked.
pub(super) async fn send(request: RequestBuilder, url: &Url) -> Result<Answer, Trouble> {
    let host = host(url);
    let answer = request.send().await.map_err(|error| failed(&host, &error))?;
    let status = answer.status();
    let mut onward = None;
    if status.is_redirection() {
        let to = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
        let to = to.and_then(|to| url.join(to).ok()).filter(Url::has_host);
        match to {
            Some(to) if to.origin() == url.origin() => onward = Some(to),
            Some(to) => return Err(moved(&host, &to)),
            None => {
                let why = "a redirect to nowhere".to_owned();
                return Err(Trouble::Unusable { host, why });
            }
        }
    }
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Trouble::Down { host, status: status.as_u16() });
    }
    match body(answer, LIMIT).await {
        Ok(bytes) => Ok(Answer { status, bytes, onward }),
        Err(BodyError::Broken(error)) => Err(failed(&host, &error)),
        Err(error @ BodyError::TooLarge(_)) => {
            Err(Trouble::Unusable { host, why: error.to_string() })
        }
    }
}

pub(super) fn moved(from: &str, to: &Url) -> Trouble {
    Trouble::Moved { host: from.to_owned(), to: host(to) }
}

/// The innermost cause says what happened; the outer ones repeat the address, which may
/// carry more than its host.
fn failed(host: &str, error: &reqwest::Error) -> Trouble {
    let host = host.to_owned();
    if error.is_timeout() {
        return Trouble::Slow { host };
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let why = if error.source().is_none() { "no answer".into() } else { cause.to_string() };
    Trouble::Unreachable { host, why: fit(&plain(&why), WORDS) }
}
