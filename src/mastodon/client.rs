//! Requests to a Mastodon API on behalf of one token.
//!
//! All patience lives here: pacing by the rate-limit headers, waiting out refusals,
//! repeating what failed on the way. Everything this crate sends may be repeated safely,
//! so a lost answer is simply asked for again. What comes back is either an answer to
//! judge (2xx, 404, 422, and a 403 to whoever can do without) or an error with the next step in words; nothing here looks at
//! a server's error text, which is in the language of the account.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, LINK, LOCATION};
use reqwest::{Client, Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use url::Url;

use super::oauth::{self, OAuthError};
use super::pace::{Window, wait_after_refusal};
use super::rows::{MOST_ON_A_PAGE, Rows, Taken};
use crate::clock::Clock;
use crate::http;
use crate::stop::Stop;
use crate::target::TargetError;
use crate::text::{fit, plain};

/// The largest page that is read. 500 admin blocks with long comments are under 1 MiB.
const BODY_LIMIT: usize = 16 << 20;

/// Attempts at one request before giving up on a server that fails.
const ATTEMPTS: u32 = 5;

/// Attempts at one request that is refused for asking too often. Each waits for a whole
/// window, so a server that never relents is left after about an hour.
const REFUSALS: u32 = 12;

/// More pages than any server has.
const MOST_PAGES: usize = 5_000;

/// Hears of every long wait, for whoever is watching.
pub trait Patience: Send + Sync {
    fn waiting(&self, duration: Duration, why: &str);
}

/// Nobody is watching.
pub struct Silent;

impl Patience for Silent {
    fn waiting(&self, _: Duration, _: &str) {}
}

/// One server, one token.
pub struct Api {
    client: Client,
    base: Url,
    /// For messages: the name to sign in to again.
    host: String,
    token: SecretString,
    clock: Arc<dyn Clock>,
    stop: Stop,
    patience: Arc<dyn Patience>,
    window: Mutex<Option<Window>>,
}

/// A response that was read to its end.
pub struct Answer {
    pub status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    /// The body as `T`; `what` names it in the error.
    pub fn json<T: DeserializeOwned>(&self, what: &str) -> Result<T, TargetError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let html = self.headers.get(CONTENT_TYPE).is_some_and(|kind| {
                kind.to_str().is_ok_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"))
            });
            let saw = if html || self.body.trim_ascii_start().starts_with(b"<") {
                "a web page".to_owned()
            } else {
                format!("something else ({error})")
            };
            TargetError::Fatal(format!(
                "The server should have answered with {what} and sent {saw}. Nothing can be done \
                 safely with that. Check the address with `hedgerow doctor`."
            ))
        })
    }

    /// What the server says went wrong, made safe for a terminal.
    pub fn complaint(&self) -> String {
        #[derive(serde::Deserialize)]
        struct Complaint {
            error: String,
        }
        let text = serde_json::from_slice::<Complaint>(&self.body).map(|c| c.error);
        let text = text.unwrap_or_else(|_| format!("HTTP status {}", self.status.as_u16()));
        fit(&plain(&text), 200)
    }
}

/// One attempt's failure.
enum Trouble {
    /// The server, or the way to it, failed; the text says how.
    Failed(String, Option<StatusCode>),
    TooOften(HeaderMap),
    Final(TargetError),
}

/// What became of a list that can be done without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pages {
    /// It was read to the last of so many pages.
    Whole(usize),
    NotAllowed,
    TooMany,
}

/// How the reading of a list of pages ended.
enum Walk {
    /// With the last of so many pages.
    Whole(usize),
    Refused(Answer),
    /// With a page that is no page of this list.
    Unreadable(TargetError),
    TooLong,
    Repeats,
    /// With a page of more than anybody has; the text says how much.
    TooMuch(String),
}

impl Api {
    pub fn new(
        base: Url,
        token: SecretString,
        clock: Arc<dyn Clock>,
        stop: Stop,
        patience: Arc<dyn Patience>,
    ) -> Result<Api, TargetError> {
        let client = http::client()
            .map_err(|error| TargetError::Fatal(format!("no HTTP client: {error}")))?;
        Ok(Api::with(client, base, token, clock, stop, patience))
    }

    /// As [`Api::new`], through a client that may have a say in where it goes.
    pub fn with(
        client: Client,
        base: Url,
        token: SecretString,
        clock: Arc<dyn Clock>,
        stop: Stop,
        patience: Arc<dyn Patience>,
    ) -> Api {
        let host = base.host_str().unwrap_or_default().to_owned();
        let window = Mutex::new(None);
        Api { client, base, host, token, clock, stop, patience, window }
    }

    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// The least time that so many requests will take.
    pub fn outlook(&self, requests: usize) -> Option<Duration> {
        let window = (*self.lock())?;
        Some(window.outlook(requests, self.clock.now()))
    }

    pub fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }

    /// Sends a request, as often as it takes, and returns an answer of 2xx, 404 or 422.
    pub async fn send(
        &self,
        method: Method,
        url: Url,
        form: &[(&str, &str)],
    ) -> Result<Answer, TargetError> {
        let path = url.path().to_owned();
        let answer = self.ask(method, url, form).await?;
        if answer.status == StatusCode::FORBIDDEN {
            return Err(TargetError::Fatal(self.why_forbidden(&path).await));
        }
        Ok(answer)
    }

    /// As [`Api::send`], for what can be done without: a 403 is an answer like a 404.
    pub async fn ask(
        &self,
        method: Method,
        url: Url,
        form: &[(&str, &str)],
    ) -> Result<Answer, TargetError> {
        let (mut failures, mut refusals) = (0, 0);
        loop {
            self.keep_pace().await?;
            match self.attempt(method.clone(), url.clone(), form).await {
                Ok(answer) => return Ok(answer),
                Err(Trouble::Final(error)) => return Err(error),
                Err(Trouble::TooOften(headers)) => {
                    if refusals == REFUSALS {
                        return Err(TargetError::Unavailable(format!(
                            "{} keeps asking us to slow down. Go on later (`hedgerow resume`).",
                            self.host
                        )));
                    }
                    let wait = wait_after_refusal(&headers, self.clock.now(), refusals);
                    self.wait(wait, "the server asks us to slow down").await?;
                    refusals += 1;
                }
                Err(Trouble::Failed(how, status)) => {
                    failures += 1;
                    if failures == ATTEMPTS {
                        return Err(self.gave_up(&how, status));
                    }
                    tracing::debug!(host = %self.host, %how, failures, "trying again");
                    self.wait(Duration::from_millis(500) * 2u32.pow(failures - 1), &how).await?;
                }
            }
        }
    }

    /// A 500 can be the fault of one domain (a name that the server cannot normalise), so
    /// the others are still worth trying; an unreachable server is not.
    fn gave_up(&self, how: &str, status: Option<StatusCode>) -> TargetError {
        let text = format!("{}: {how}, {ATTEMPTS} times.", self.host);
        if status == Some(StatusCode::INTERNAL_SERVER_ERROR) {
            TargetError::Refused(text)
        } else {
            TargetError::Unavailable(format!("{text} Try again later; nothing is lost."))
        }
    }

    async fn attempt(
        &self,
        method: Method,
        url: Url,
        form: &[(&str, &str)],
    ) -> Result<Answer, Trouble> {
        let mut request = self.client.request(method, url).bearer_auth(self.token.expose_secret());
        if !form.is_empty() {
            request = request.form(form);
        }
        let failed = |error: reqwest::Error| Trouble::Failed(failure(&error), None);
        let response = request.send().await.map_err(failed)?;
        let (status, headers) = (response.status(), response.headers().clone());
        if let Some(window) = Window::from_headers(&headers, self.clock.now()) {
            *self.lock() = Some(window);
        }
        if status.is_redirection() {
            return Err(Trouble::Final(self.redirected(&headers)));
        }
        let body = http::body(response, BODY_LIMIT).await.map_err(|error| match error {
            http::BodyError::Broken(error) => failed(error),
            http::BodyError::TooLarge(_) => Trouble::Final(TargetError::Fatal(format!(
                "{}: {error}. That is no list of blocks; nothing was used of it.",
                self.host
            ))),
        })?;
        let answer = Answer { status, headers, body };
        match status.as_u16() {
            200..300 | 403 | 404 | 422 => Ok(answer),
            401 => Err(Trouble::Final(self.signed_out())),
            429 => Err(Trouble::TooOften(answer.headers)),
            503 if answer.headers.contains_key(reqwest::header::RETRY_AFTER) => {
                Err(Trouble::TooOften(answer.headers))
            }
            408 | 500..600 => Err(Trouble::Failed(
                format!("the server failed with HTTP status {}", status.as_u16()),
                Some(status),
            )),
            _ => Err(Trouble::Final(TargetError::Refused(format!(
                "{} refused: {}",
                self.host,
                answer.complaint()
            )))),
        }
    }

    fn signed_out(&self) -> TargetError {
        TargetError::Fatal(format!(
            "{0} does not accept the sign-in any more: it was revoked, or it has expired. Sign in \
             again (`hedgerow login {0}`); what is left to do can then be resumed.",
            self.host
        ))
    }

    /// A 403 has one of several causes, and only its text, in any language, tells them
    /// apart. Who we are to the server does too: an account that is disabled or has moved
    /// may not even ask that, and a role shows its permissions.
    async fn why_forbidden(&self, path: &str) -> String {
        let host = &self.host;
        let admin = path.contains("/admin/");
        match oauth::who_am_i(&self.client, &self.base, &self.token).await {
            Err(OAuthError::Refused { .. }) => format!(
                "{host} allows this sign-in nothing at all: the account is disabled, has moved, \
                 waits for approval, or has to confirm its address. Look at it in the browser; \
                 then go on (`hedgerow resume`) or sign in again."
            ),
            Ok(me) if admin && me.role_permissions.is_some() && !me.can_manage_federation() => {
                format!(
                    "Your role on {host} does not include \"Manage Federation\", which blocking \
                     for the whole server needs. Ask an administrator for it."
                )
            }
            _ => format!(
                "The sign-in on {host} was not granted the right to do this. Sign in again \
                 (`hedgerow login {host}{}`) and approve what it asks for.",
                if admin { " --admin" } else { "" }
            ),
        }
    }

    fn redirected(&self, headers: &HeaderMap) -> TargetError {
        let to = headers
            .get(LOCATION)
            .and_then(|to| self.base.join(to.to_str().ok()?).ok())
            .and_then(|to| to.host_str().map(str::to_owned))
            .unwrap_or_else(|| "another address".to_owned());
        TargetError::Fatal(format!(
            "{} sends us on to {to}. The sign-in is not for that address, so it was not sent \
             there. If the server has moved, sign in at its new address (`hedgerow login {to}`).",
            self.host
        ))
    }

    async fn keep_pace(&self) -> Result<(), TargetError> {
        let now = self.clock.now();
        let wait = self.lock().and_then(|window| window.wait(now));
        if let Some(wait) = wait {
            self.wait(wait, "the server's limit for this window is used up").await?;
            // What the new window holds is known from the next answer.
            *self.lock() = None;
        }
        if self.stop.is_asked() { Err(TargetError::Stopped) } else { Ok(()) }
    }

    async fn wait(&self, duration: Duration, why: &str) -> Result<(), TargetError> {
        if duration > Duration::from_secs(1) {
            self.patience.waiting(duration, why);
        }
        tokio::select! {
            () = self.clock.sleep(duration) => Ok(()),
            () = self.stop.asked() => Err(TargetError::Stopped),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Window>> {
        // The lock is held for single assignments, which cannot panic.
        self.window.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Reads all pages of a list, from `first` along the `Link` headers. The links are
    /// followed on the same origin only: elsewhere the token has no business.
    ///
    /// `take` gets each page and returns how many rows were new to it.
    pub async fn pages<T: DeserializeOwned>(
        &self,
        first: Url,
        what: &str,
        mut take: impl FnMut(Vec<T>) -> Result<usize, TargetError>,
    ) -> Result<(), TargetError> {
        let path = first.path().to_owned();
        match self.walk(first, what, MOST_PAGES, &mut take).await? {
            Walk::Whole(_) => Ok(()),
            Walk::Refused(answer) if answer.status == StatusCode::FORBIDDEN => {
                Err(TargetError::Fatal(self.why_forbidden(&path).await))
            }
            Walk::Refused(answer) => Err(TargetError::Fatal(format!(
                "{} has no {what} to read ({}). Is it a Mastodon server?",
                self.host,
                answer.complaint()
            ))),
            Walk::Unreadable(error) => Err(error),
            Walk::TooLong | Walk::Repeats => Err(TargetError::Fatal(format!(
                "{} sends the same page of {what} without end, so the whole list cannot be known. \
                 Nothing was changed.",
                self.host
            ))),
            Walk::TooMuch(how) => Err(TargetError::Fatal(format!(
                "{} sends {how} of {what}, which is more than any server has. Nothing was used of \
                 it and nothing was changed. Check the address with `hedgerow doctor`, or ask its \
                 admins.",
                self.host
            ))),
        }
    }

    /// As [`Api::pages`], for what can be done without, and never more than `most` pages.
    /// Unless it was read whole, what was taken until then is not the whole list.
    pub async fn pages_if_allowed<T: DeserializeOwned>(
        &self,
        first: Url,
        what: &str,
        most: usize,
        mut take: impl FnMut(Vec<T>) -> Result<usize, TargetError>,
    ) -> Result<Pages, TargetError> {
        match self.walk(first, what, most, &mut take).await {
            Ok(Walk::Whole(pages)) => Ok(Pages::Whole(pages)),
            Ok(Walk::TooLong | Walk::Repeats | Walk::TooMuch(_)) => Ok(Pages::TooMany),
            Ok(Walk::Refused(_) | Walk::Unreadable(_)) | Err(TargetError::Refused(_)) => {
                Ok(Pages::NotAllowed)
            }
            Err(error) => Err(error),
        }
    }

    async fn walk<T: DeserializeOwned>(
        &self,
        first: Url,
        what: &str,
        most: usize,
        take: &mut impl FnMut(Vec<T>) -> Result<usize, TargetError>,
    ) -> Result<Walk, TargetError> {
        let mut next = Some(first);
        let mut taken = Taken::default();
        for read in 0..most {
            let Some(url) = next.take() else { return Ok(Walk::Whole(read)) };
            let answer = self.ask(Method::GET, url, &[]).await?;
            if !answer.status.is_success() {
                return Ok(Walk::Refused(answer));
            }
            let rows: Rows<T, MOST_ON_A_PAGE> = match answer.json(what) {
                Ok(rows) => rows,
                Err(error) => return Ok(Walk::Unreadable(error)),
            };
            let Rows(Some(rows)) = rows else {
                let how = format!("more than {MOST_ON_A_PAGE} rows on one page");
                return Ok(Walk::TooMuch(how));
            };
            if let Err(how) = taken.page(rows.len(), answer.body.len()) {
                return Ok(Walk::TooMuch(how));
            }
            let empty = rows.is_empty();
            let new = take(rows)?;
            next = self.next_page(&answer)?;
            if new == 0 && !empty && next.is_some() {
                return Ok(Walk::Repeats);
            }
        }
        Ok(if next.is_none() { Walk::Whole(most) } else { Walk::TooLong })
    }

    fn next_page(&self, answer: &Answer) -> Result<Option<Url>, TargetError> {
        let mut links = answer.headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
        let Some(target) = links.find_map(next_link) else { return Ok(None) };
        let url = self.base.join(target).ok();
        match url.filter(|url| url.origin() == self.base.origin()) {
            Some(url) => Ok(Some(url)),
            None => Err(TargetError::Fatal(format!(
                "{} says that its list goes on at another address ({}). The sign-in is not sent \
                 there. Nothing was changed.",
                self.host,
                fit(&plain(target), 100)
            ))),
        }
    }
}

/// What went wrong on the way, without the address: that one may hold a token.
fn failure(error: &reqwest::Error) -> String {
    use std::error::Error;
    let kind = if error.is_timeout() {
        "it took too long to answer"
    } else if error.is_connect() {
        "it cannot be reached"
    } else {
        "the connection broke"
    };
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(Error::source) {
        cause = Some(deeper);
    }
    cause.map_or_else(|| kind.to_owned(), |cause| format!("{kind} ({})", plain(&cause.to_string())))
}

/// The target of `rel="next"` in a `Link` header.
fn next_link(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let (target, after) = after.split_once('>')?;
        let params = after.split_once('<').map_or(after, |(params, _)| params);
        let is_next = params.split([';', ',']).any(|param| {
            param.trim().split_once('=').is_some_and(|(name, value)| {
                name.trim().eq_ignore_ascii_case("rel")
                    && value.trim().trim_matches('"').eq_ignore_ascii_case("next")
            })
        });
        if is_next {
            return Some(target);
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::next_link;

    #[test]
    fn the_next_link_is_found_among_others() {
        let header =
            "<https://a.example/x?max_id=1,2>; rel=\"next\", <https://a.example/y>; rel=\"prev\"";
        assert_eq!(next_link(header), Some("https://a.example/x?max_id=1,2"));
        assert_eq!(next_link("<https://a.example/y>; rel=\"prev\""), None);
        assert_eq!(next_link("<z>; rel=next"), Some("z"));
        assert_eq!(next_link("nonsense <"), None);
    }
}
