//! Who asks: the token in the request, and nothing else.
//!
//! A browser's session is worth nothing here, so no page elsewhere can have a browser send
//! a request in somebody's name.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::{Json, Router};
use chrono::TimeDelta;
use serde::Serialize;

use super::problem::{Problem, Reply};
use crate::app::App;
use crate::store::{Scope, TargetRow, Token};
use crate::verb::token;
use crate::web::site::Site;

/// How exactly it is known when a token was used: each note is a write.
const NOTED: TimeDelta = TimeDelta::minutes(5);

/// A program, with the library as it may use it.
#[derive(Clone)]
pub struct Caller {
    pub app: App,
    pub token: Token,
    /// How whom it acts for is called.
    name: String,
}

/// A program that may change things.
pub struct Writer(pub Caller);

fn unauthorized(says: &str) -> Problem {
    Problem::of(StatusCode::UNAUTHORIZED, says)
}

impl FromRequestParts<Site> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Caller, Problem> {
        const NONE: &str =
            "Send a token as `Authorization: Bearer hr_…`; make one on the page Settings.";
        let mut sent = parts.headers.get_all(header::AUTHORIZATION).iter();
        let sent = sent.next().filter(|_| sent.next().is_none());
        let sent = sent.and_then(|sent| sent.to_str().ok()).ok_or_else(|| unauthorized(NONE))?;
        let (scheme, secret) = sent.split_once(' ').ok_or_else(|| unauthorized(NONE))?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(unauthorized(NONE));
        }
        let wrong = || unauthorized("This token is not known here, or was taken back.");
        let digest = token::digest(secret.trim()).ok_or_else(wrong)?;
        let store = site.app().store().await?;
        let bearer = store.bearer(&digest).await?.ok_or_else(wrong)?;
        site.limits().api(bearer.token.id)?;
        let now = site.app().clock.now();
        if bearer.token.used_at.is_none_or(|used| used + NOTED < now) {
            store.of(bearer.owner).touch_token(bearer.token.id, now).await?;
        }
        let app = site.app_of(bearer.owner, bearer.account.as_deref());
        let name = bearer.account.unwrap_or_else(|| "this machine".to_owned());
        Ok(Caller { app, token: bearer.token, name })
    }
}

impl FromRequestParts<Site> for Writer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Writer, Problem> {
        let caller = Caller::from_request_parts(parts, site).await?;
        if caller.token.scope == Scope::Write {
            return Ok(Writer(caller));
        }
        let says = "This token may only read. Make one that may write, too.";
        Err(Problem::of(StatusCode::FORBIDDEN, says))
    }
}

impl Caller {
    /// One of their targets.
    pub async fn target(&self, id: i64) -> Result<TargetRow, Problem> {
        let row = self.app.store().await?.target_by_id(id).await?;
        row.ok_or_else(|| Problem::missing("target"))
    }
}

pub fn routes() -> Router<Site> {
    Router::new().route("/me", axum::routing::get(me))
}

/// Whom a token acts for, and what it may do.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Me {
    /// `user@domain`, or "this machine" for whoever runs this Hedgerow.
    name: String,
    token: String,
    scope: Scope,
}

/// Whom this token acts for
#[utoipa::path(get, path = "/api/v1/me", tag = "token", responses((status = 200, body = Me)))]
pub async fn me(caller: Caller) -> Reply<Json<Me>> {
    let Caller { name, token, .. } = caller;
    Ok(Json(Me { name, token: token.name, scope: token.scope }))
}
