//! Fetches lists from the web.
//!
//! Redirects are followed by hand: never to anything but the web, never from `https` down
//! to `http`, and a password given for one server is not shown to another. No error says
//! more of an address than its public part, because query strings carry tokens.
//!
//! A [`Fetcher`] is polite: a few requests at once in all, one at a time for each host, and
//! a server that asks for a pause gets it. It is fair as well: everybody but the house has a few
//! of the requests and never all of them, and smaller lists. What has been fetched before is asked
//! for with its [`Validators`], so that an unchanged list costs an empty answer.

mod reach;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{
    ACCEPT, DATE, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
    LOCATION, RETRY_AFTER,
};
use reqwest::{Client, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::Url;

use crate::clock::Clock;
use crate::http::{self, BodyError};
use crate::source::{PERSONS_SIZE_LIMIT, SIZE_LIMIT};
use crate::store::{HOUSE, Owner};

pub use reach::{Private, Reach, Resolver, is_public};

/// How often an address may point elsewhere.
const REDIRECTS: usize = 5;
/// How many requests are under way at once, to all hosts together.
const AT_ONCE: usize = 10;
/// How many of these one person has.
const EACH: usize = 3;
/// The longest pause that a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// The longest mark that is kept for a server.
const VALIDATOR_LIMIT: usize = 1024;
/// More hosts or people than there are at once; beyond it, idle ones are forgotten.
const MANY: usize = 1000;

#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("this address was not found (404). Check it; the list may have moved")]
    NotFound,
    #[error("the server wants a sign-in for this address ({0}), so it is not public")]
    Denied(u16),
    #[error("the server is busy or has a fault ({0}). Nothing was changed; try again later")]
    Busy(u16),
    #[error("the server answered {0}, which is not a list. Nothing was changed; check the address")]
    Status(u16),
    #[error("the address redirects more than {REDIRECTS} times; use the one that it ends at")]
    Redirects,
    #[error("the address redirects to nowhere that can be read; check it in a browser")]
    BadRedirect,
    #[error(
        "the address redirects from https to unprotected http, where the list could be changed on \
         its way. Nothing was fetched; ask the publisher for an https address"
    )]
    Downgrade,
    #[error("the answer is larger than {} MiB, which no blocklist is", .0 >> 20)]
    TooLarge(usize),
    #[error("the server did not answer in time. Nothing was changed; try again later")]
    Timeout,
    #[error(
        "this address leads into a private network ({0}), where no public list is. Nothing was \
         fetched. If it is your own, allow it with --allow-private"
    )]
    Private(String),
    #[error("the server could not be reached. Check the address and your connection ({0})")]
    Unreachable(String),
    #[error("the connection broke off. Nothing was changed; try again later ({0})")]
    Broken(String),
}

impl From<reqwest::Error> for FetchError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            return FetchError::Timeout;
        }
        if let Some(private) = refused(&error) {
            return FetchError::Private(private.0.clone());
        }
        let unreachable = error.is_connect();
        let why = innermost(&error.without_url());
        if unreachable { FetchError::Unreachable(why) } else { FetchError::Broken(why) }
    }
}

impl From<BodyError> for FetchError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge(limit) => FetchError::TooLarge(limit),
            BodyError::Broken(error) => error.into(),
        }
    }
}

/// The resolver's refusal, where that is what went wrong.
fn refused(error: &reqwest::Error) -> Option<&Private> {
    let mut reason: &dyn std::error::Error = error;
    loop {
        if let Some(private) = reason.downcast_ref() {
            return Some(private);
        }
        reason = reason.source()?;
    }
}

/// The reason at the bottom of an error: the ones above only say that there is one.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut reason = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    reason.to_string()
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    pub url: Url,
    /// The content types that are wanted, where the server makes a difference.
    pub accept: Option<&'static str>,
    /// The marks of what is there already.
    pub validators: Validators,
    pub auth: Option<Auth>,
    /// The most bytes that are read, after unpacking.
    pub limit: usize,
    /// Sent with `POST`, for servers that are read that way.
    pub json: Option<serde_json::Value>,
}

impl Request {
    pub fn get(url: Url) -> Self {
        Request {
            url,
            accept: None,
            validators: Validators::default(),
            auth: None,
            limit: SIZE_LIMIT,
            json: None,
        }
    }
}

/// Whether a file has not been changed for a minute. A date of change has whole seconds
/// only, and a second change within one would go unnoticed for ever (RFC 9110, 8.8.2.2).
fn is_settled(last_modified: &str, date: Option<&str>) -> bool {
    let moment = |text: &str| DateTime::parse_from_rfc2822(text).ok();
    match (moment(last_modified), date.and_then(moment)) {
        (Some(changed), Some(now)) => (now - changed).num_seconds() >= 60,
        _ => false,
    }
}

/// How a server marks a version of what it serves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    pub etag: Option<String>,
    pub last_modified: Option<String>,
}

impl Validators {
    /// What an answer says of its version. Marks of absurd length are not kept.
    fn of(headers: &HeaderMap) -> Self {
        let kept = |name: HeaderName| {
            let value = headers.get(name)?.to_str().ok()?;
            (!value.is_empty() && value.len() <= VALIDATOR_LIMIT).then(|| value.to_owned())
        };
        let etag = kept(ETAG);
        let last_modified = kept(LAST_MODIFIED).filter(|date| {
            etag.is_some() || is_settled(date, headers.get(DATE).and_then(|v| v.to_str().ok()))
        });
        Validators { etag, last_modified }
    }

    fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}

/// A sign-in for one server.
#[derive(Debug, Clone)]
pub enum Auth {
    Basic { user: String, password: SecretString },
    Bearer(SecretString),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The version that the validators name is the newest.
    Unchanged,
    Fetched(Fetched),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    pub bytes: Vec<u8>,
    pub validators: Validators,
    /// Where the redirects ended.
    pub url: Url,
}

/// Fetches lists, politely, for the house or for somebody else.
pub struct Fetcher {
    client: Client,
    reach: Reach,
    clock: Arc<dyn Clock>,
    queues: Arc<Queues>,
    /// How many requests whoever it fetches for has at once. The house has all.
    own: Option<Arc<Semaphore>>,
    /// The largest list that is fetched for them.
    limit: usize,
}

/// What everybody's requests wait in.
struct Queues {
    at_once: Semaphore,
    hosts: Places<String>,
    people: Places<Owner>,
}

/// One queue for each.
struct Places<K>(Mutex<HashMap<K, Arc<Semaphore>>>);

impl<K: Eq + Hash> Places<K> {
    fn of(&self, key: K, turns: usize) -> Arc<Semaphore> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() > MANY {
            places.retain(|_, place| Arc::strong_count(place) > 1);
        }
        places.entry(key).or_insert_with(|| Arc::new(Semaphore::new(turns))).clone()
    }
}

impl Fetcher {
    /// For the house.
    pub fn new(reach: Reach, clock: Arc<dyn Clock>) -> Result<Fetcher, FetchError> {
        Fetcher::resolving(reach, clock, Resolver::new(reach))
    }

    fn resolving(
        reach: Reach,
        clock: Arc<dyn Clock>,
        resolver: Resolver,
    ) -> Result<Fetcher, FetchError> {
        Ok(Fetcher {
            client: http::client_resolving(Arc::new(resolver))?,
            reach,
            clock,
            queues: Arc::new(Queues {
                at_once: Semaphore::new(AT_ONCE),
                hosts: Places(Mutex::default()),
                people: Places(Mutex::default()),
            }),
            own: None,
            limit: SIZE_LIMIT,
        })
    }

    /// The same for somebody else, who waits in the same queues.
    #[must_use]
    pub fn of(&self, owner: Owner) -> Fetcher {
        let (own, limit) = match owner {
            HOUSE => (None, SIZE_LIMIT),
            owner => (Some(self.queues.people.of(owner, EACH)), PERSONS_SIZE_LIMIT),
        };
        let (client, reach, clock) = (self.client.clone(), self.reach, self.clock.clone());
        Fetcher { client, reach, clock, queues: self.queues.clone(), own, limit }
    }

    /// The largest list that it fetches, after unpacking.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Fetches what is asked for, through redirects. A pause that the server asks for is
    /// granted once.
    pub async fn fetch(&self, request: &Request) -> Result<Answer, FetchError> {
        match self.follow(request).await {
            Err(Stop::Pause(code, pause)) => {
                self.clock.sleep(pause.min(LONGEST_PAUSE)).await;
                let again = if pause > LONGEST_PAUSE {
                    return Err(FetchError::Busy(code));
                } else {
                    self.follow(request).await
                };
                again.map_err(FetchError::from)
            }
            done => done.map_err(FetchError::from),
        }
    }

    async fn follow(&self, request: &Request) -> Result<Answer, Stop> {
        let mut url = request.url.clone();
        // Redirects share the time that one exchange may take; waiting for a turn is free.
        let mut left = http::TOTAL_TIMEOUT;
        for _ in 0..=REDIRECTS {
            self.reach.allows(&url).map_err(|private| FetchError::Private(private.0))?;
            let place = self.place(&url);
            // The queues that keep the fewest others waiting come first.
            let _own = match &self.own {
                Some(own) => own.acquire().await.ok(),
                None => None,
            };
            let (_turn, _room) = (place.acquire().await, self.queues.at_once.acquire().await);
            let start = Instant::now();
            let response = self.ask(request, &url, left).await?;
            let status = response.status();
            if status == StatusCode::NOT_MODIFIED && !request.validators.is_empty() {
                return Ok(Answer::Unchanged);
            }
            if status.is_success() {
                let validators = Validators::of(response.headers());
                let body = http::body(response, request.limit.min(self.limit)).await;
                let bytes = body.map_err(FetchError::from)?;
                return Ok(Answer::Fetched(Fetched { bytes, validators, url }));
            }
            if !is_redirect(status) {
                return Err(refusal(status, pause(response.headers(), self.clock.now())));
            }
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            // What was posted is not handed on.
            let location = location.filter(|_| request.json.is_none());
            url = location.ok_or(FetchError::BadRedirect).and_then(|to| redirected(&url, to))?;
            left = left.checked_sub(start.elapsed()).ok_or(FetchError::Timeout)?;
        }
        Err(FetchError::Redirects.into())
    }

    async fn ask(
        &self,
        request: &Request,
        url: &Url,
        left: Duration,
    ) -> Result<Response, FetchError> {
        // A user name in the address becomes an `Authorization` header, not a part of it.
        let mut ask = match &request.json {
            Some(body) => self.client.post(url.clone()).json(body),
            None => self.client.get(url.clone()),
        };
        if let Some(accept) = request.accept {
            ask = ask.header(ACCEPT, accept);
        }
        if let Some(etag) = &request.validators.etag {
            ask = ask.header(IF_NONE_MATCH, etag);
        }
        if let Some(date) = &request.validators.last_modified {
            ask = ask.header(IF_MODIFIED_SINCE, date);
        }
        if url.origin() == request.url.origin() {
            ask = match &request.auth {
                Some(Auth::Basic { user, password }) => {
                    ask.basic_auth(user, Some(password.expose_secret()))
                }
                Some(Auth::Bearer(token)) => ask.bearer_auth(token.expose_secret()),
                None => ask,
            };
        }
        Ok(ask.timeout(left).send().await?)
    }

    /// The queue in front of a host.
    fn place(&self, url: &Url) -> Arc<Semaphore> {
        let port = url.port_or_known_default().unwrap_or_default();
        let host = format!("{}:{port}", url.host_str().unwrap_or_default());
        self.queues.hosts.of(host, 1)
    }
}

/// Why a chain of redirects ended without an answer.
enum Stop {
    Error(FetchError),
    /// The server wants to be left alone for so long.
    Pause(u16, Duration),
}

impl From<FetchError> for Stop {
    fn from(error: FetchError) -> Self {
        Stop::Error(error)
    }
}

impl From<Stop> for FetchError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Error(error) => error,
            Stop::Pause(code, _) => FetchError::Busy(code),
        }
    }
}

/// `304` is no redirect, though it stands among them.
fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// How long the server asks to be left alone: seconds, or a date.
fn pause(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(text).ok()?;
    Some((date.to_utc() - now).to_std().unwrap_or_default())
}

fn redirected(from: &Url, location: &str) -> Result<Url, FetchError> {
    let mut to = from.join(location).map_err(|_| FetchError::BadRedirect)?;
    match (from.scheme(), to.scheme()) {
        ("https", "http") => return Err(FetchError::Downgrade),
        (_, "http" | "https") => {}
        _ => return Err(FetchError::BadRedirect),
    }
    // Whoever redirects may not choose a name and password; ours stay where they belong.
    let (user, password) =
        if to.origin() == from.origin() { (from.username(), from.password()) } else { ("", None) };
    to.set_username(user)
        .and_then(|()| to.set_password(password))
        .map_err(|()| FetchError::BadRedirect)?;
    Ok(to)
}

fn refusal(status: StatusCode, pause: Option<Duration>) -> Stop {
    let code = status.as_u16();
    if let (429 | 503, Some(pause)) = (code, pause) {
        return Stop::Pause(code, pause);
    }
    let error = match code {
        404 | 410 => FetchError::NotFound,
        401 | 403 | 407 => FetchError::Denied(code),
        408 | 425 | 429 | 500..=599 => FetchError::Busy(code),
        _ => FetchError::Status(code),
    };
    error.into()
}

/// An address as it may be shown and stored.
pub fn public_address(url: &Url) -> String {
    let mut shown = url.clone();
    // These fail only for addresses without a host, which have no password either.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.set_fragment(None);
    shown.set_query(None);
    let query = if url.query().is_some() { "?…" } else { "" };
    format!("{shown}{query}")
}

#[cfg(test)]
mod tests;
