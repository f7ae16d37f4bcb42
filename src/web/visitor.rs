//! Who asks: the session behind a cookie, and what a page gets to know of it.
//!
//! The cookie holds a random id, sealed, and the database holds the id's digest. Neither is
//! worth anything without the other and the key.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::PrivateCookieJar;
use axum_extra::extract::cookie::{Cookie, Key, SameSite};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use super::fault::Fault;
use super::frame::{self, Frame};
use super::page;
use super::site::Site;
use crate::app::{App, UNKNOWN};
use crate::block::hex;
use crate::clock::random;
use crate::store::{HOUSE, Owner, Who};

/// A session ends when nobody has used it for so long.
const IDLE: TimeDelta = TimeDelta::days(30);
/// How exactly it is known when a session was used: each note is a write.
const NOTED: TimeDelta = TimeDelta::hours(1);

/// So long a session counts that was just looked up: whoever opens a page has the next one
/// soon. What ends here ends at once; this is only for what ends elsewhere.
const MOMENT: TimeDelta = TimeDelta::seconds(5);
/// Sessions that are remembered for that moment.
const LOOKED_UP: usize = 10_000;

/// Sessions that were looked up a moment ago, by their digests, and when that was.
pub struct Sessions {
    known: Cache<String, (Who, DateTime<Utc>)>,
    /// How often some were ended.
    ended: AtomicU64,
}

impl Default for Sessions {
    fn default() -> Sessions {
        Sessions { known: Cache::new(LOOKED_UP), ended: AtomicU64::new(0) }
    }
}

impl Sessions {
    fn forget(&self) {
        self.ended.fetch_add(1, Ordering::SeqCst);
        self.known.clear();
    }

    fn known(&self, digest: &str, now: DateTime<Utc>) -> Option<Who> {
        let (who, at) = self.known.get(digest)?;
        (at <= now && now - at < MOMENT).then_some(who)
    }

    fn ended(&self) -> u64 {
        self.ended.load(Ordering::SeqCst)
    }

    /// Remembers one, unless any has ended since it was asked for: it may have been this one.
    fn keep(&self, digest: &str, who: &Who, now: DateTime<Utc>, ended: u64) {
        self.known.insert(digest.to_owned(), (who.clone(), now));
        if self.ended() != ended {
            self.known.remove(digest);
        }
    }
}

/// Somebody who is signed in, with the library as they may use it.
#[derive(Clone)]
pub struct Person {
    pub app: App,
    /// How they are called: `user@domain`.
    pub name: String,
    /// Of their session.
    pub digest: String,
}

impl Person {
    pub fn owner(&self) -> Owner {
        self.app.owner()
    }

    /// Whether it is the person who runs this.
    pub fn is_house(&self) -> bool {
        self.owner() == HOUSE
    }
}

/// When a session must have been used last to be alive.
pub fn alive_since(now: DateTime<Utc>) -> DateTime<Utc> {
    now - IDLE
}

pub fn digest(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// 256 bits that nobody can guess, in letters that are safe everywhere.
pub fn secret() -> std::io::Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

impl Site {
    /// The `__Host-` in front makes browsers insist on https and on this very host.
    fn cookie_name(&self) -> &'static str {
        if self.settings().is_https() { "__Host-hedgerow" } else { "hedgerow" }
    }

    /// A cookie with what every cookie here has. On plain http it goes to this machine only,
    /// where some browsers would not take it if it were marked for https.
    pub(super) fn cookie(&self, name: &'static str, value: String) -> Cookie<'static> {
        Cookie::build((name, value))
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.settings().is_https())
            .path("/")
            .build()
    }

    /// How `owner` is called where they are nobody's account.
    pub(super) fn app_of(&self, owner: Owner, account: Option<&str>) -> App {
        // A service has no login name.
        let house = Some(self.app().actor()).filter(|actor| *actor != UNKNOWN);
        let name = account.or(house).unwrap_or("whoever runs this");
        self.app().of(owner, name)
    }

    /// Signs `owner` in on the browser that asks.
    pub(super) async fn sign_in(
        &self,
        jar: PrivateCookieJar,
        owner: Owner,
        browser: &str,
    ) -> Result<PrivateCookieJar, Fault> {
        let store = self.app().store().await?.of(owner);
        let (secret, now) = (secret()?, self.app().clock.now());
        store.forget_sessions(alive_since(now)).await?;
        store.begin_session(&digest(&secret), &super::agent::told(browser), now).await?;
        let mut cookie = self.cookie(self.cookie_name(), secret);
        cookie.make_permanent();
        Ok(jar.add(cookie))
    }

    pub(super) fn sign_out(&self, jar: PrivateCookieJar) -> PrivateCookieJar {
        jar.remove(self.cookie(self.cookie_name(), String::new()))
    }

    /// Ends a session of whoever the library is for, at once, and says whether there was one.
    pub(super) async fn end_session(&self, app: &App, digest: &str) -> anyhow::Result<bool> {
        let ended = app.store().await?.end_session(digest).await?;
        self.forget_sessions_of(app);
        Ok(ended)
    }

    /// Ends all their sessions but one, at once, and says how many.
    pub(super) async fn end_other_sessions(&self, app: &App, digest: &str) -> anyhow::Result<u64> {
        let ended = app.store().await?.end_other_sessions(digest).await?;
        self.forget_sessions_of(app);
        Ok(ended)
    }

    fn forget_sessions_of(&self, app: &App) {
        self.sessions().forget();
        if app.owner() == HOUSE {
            self.note_house_left();
        }
    }

    async fn whose(&self, digest: &str, now: DateTime<Utc>) -> Result<Option<Who>, Fault> {
        if let Some(known) = self.sessions().known(digest, now) {
            return Ok(Some(known));
        }
        let (store, ended) = (self.app().store().await?, self.sessions().ended());
        let Some(who) = store.session(digest, alive_since(now)).await? else { return Ok(None) };
        if who.used_at + NOTED < now {
            store.of(who.owner).touch_session(digest, now).await?;
        }
        self.sessions().keep(digest, &who, now, ended);
        Ok(Some(who))
    }

    async fn who(&self, headers: &HeaderMap) -> Result<Option<Person>, Fault> {
        let jar = PrivateCookieJar::from_headers(headers, Key::from_ref(self));
        let Some(cookie) = jar.get(self.cookie_name()) else { return Ok(None) };
        let (digest, now) = (digest(cookie.value()), self.app().clock.now());
        let Some(who) = self.whose(&digest, now).await? else { return Ok(None) };
        let app = self.app_of(who.owner, who.account.as_deref());
        let name = who.account.unwrap_or_else(|| "this machine".to_owned());
        Ok(Some(Person { app, name, digest }))
    }
}

/// Finds out who asks, and tells the pages.
pub async fn known(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let person = match site.who(request.headers()).await {
        Ok(person) => person,
        Err(fault) => return fault.into_response(),
    };
    let place = request.uri().path().split('/').nth(1).unwrap_or_default().to_owned();
    let name = person.as_ref().map(|person| person.name.clone());
    let frame = Frame { name, place };
    if let Some(person) = person {
        request.extensions_mut().insert(person);
    }
    frame::around(frame, next.run(request)).await
}

impl<S: Sync> FromRequestParts<S> for Person {
    type Rejection = Response;

    /// Whoever is not signed in is sent to where they can.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Person, Response> {
        if let Some(person) = parts.extensions.get::<Person>() {
            return Ok(person.clone());
        }
        if parts.method != Method::GET {
            return Err(page::signed_out());
        }
        let next = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        Err(Redirect::to(&format!("/sign-in?next={next}")).into_response())
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Person {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Person>, Infallible> {
        Ok(parts.extensions.get::<Person>().cloned())
    }
}

/// What a browser calls itself.
pub fn browser(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|name| name.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_known_for_a_moment_and_never_after_one_has_ended() {
        let now = DateTime::UNIX_EPOCH;
        let who = Who { owner: 7, account: None, used_at: now };
        let sessions = Sessions::default();
        sessions.keep("a", &who, now, sessions.ended());
        assert_eq!(sessions.known("a", now), Some(who.clone()));
        assert_eq!(sessions.known("b", now), None);
        assert_eq!(sessions.known("a", now + MOMENT), None);
        sessions.forget();
        assert_eq!(sessions.known("a", now), None);
        // Asked for before another was ended, and answered after.
        let before = sessions.ended();
        sessions.forget();
        sessions.keep("a", &who, now, before);
        assert_eq!(sessions.known("a", now), None);
    }
}
