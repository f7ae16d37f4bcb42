//! Who can come in: the browsers that somebody is signed in on, and the tokens of programs.
//!
//! All of it can be seen and taken back here. A token is made by a person only: a program whose
//! token got out could otherwise make one that outlives it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{delete, get};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::auth::{Caller, Writer};
use super::input::{Asked, At, Page, Part};
use super::problem::{Problem, Reply};
use crate::store::{self, Scope, TokenId};
use crate::verb::token;
use crate::web::site::Site;
use crate::web::visitor::alive_since;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/tokens", get(tokens))
        .route("/tokens/{token}", delete(end_token))
        .route("/sessions", get(sessions).delete(end_sessions))
        .route("/sessions/{session}", delete(end_session))
}

/// A token, without its secret.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Token {
    id: TokenId,
    name: String,
    scope: Scope,
    created_at: DateTime<Utc>,
    /// When it was last used, to five minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    used_at: Option<DateTime<Utc>>,
    /// It is the one that asks.
    current: bool,
}

/// The tokens of programs
#[utoipa::path(get, path = "/api/v1/tokens", tag = "access", params(Part),
    responses((status = 200, body = Page<Token>)))]
pub async fn tokens(caller: Caller, Asked(part): Asked<Part>) -> Reply<Json<Page<Token>>> {
    let span = part.span()?;
    let rows = caller.app.store().await?.tokens().await?;
    let token = |row: store::Token| Token {
        current: row.id == caller.token.id,
        id: row.id,
        name: row.name,
        scope: row.scope,
        created_at: row.created_at,
        used_at: row.used_at,
    };
    Ok(Json(span.page(rows.into_iter(), token)))
}

/// Take a token back
///
/// It is worth nothing from then on, be it the one that asks.
#[utoipa::path(delete, path = "/api/v1/tokens/{token}", tag = "access",
    params(("token" = i64, Path, minimum = 1, description = "Its number")),
    responses((status = 204)))]
pub async fn end_token(Writer(caller): Writer, At(id): At<TokenId>) -> Reply<StatusCode> {
    if token::end(&caller.app, id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::missing("token"))
}

/// A browser that somebody is signed in on.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Session {
    /// It proves nothing, and nobody can sign in with it.
    id: String,
    /// What the browser calls itself, shortened.
    browser: String,
    created_at: DateTime<Utc>,
    used_at: DateTime<Utc>,
}

/// The browsers that you are signed in on, the last one first
#[utoipa::path(get, path = "/api/v1/sessions", tag = "access", params(Part),
    responses((status = 200, body = Page<Session>)))]
pub async fn sessions(
    State(site): State<Site>,
    caller: Caller,
    Asked(part): Asked<Part>,
) -> Reply<Json<Page<Session>>> {
    let span = part.span()?;
    let since = alive_since(site.app().clock.now());
    let rows = caller.app.store().await?.sessions(since).await?;
    let session = |row: store::Session| Session {
        id: row.digest,
        browser: row.browser,
        created_at: row.created_at,
        used_at: row.used_at,
    };
    Ok(Json(span.page(rows.into_iter(), session)))
}

/// Sign a browser out
#[utoipa::path(delete, path = "/api/v1/sessions/{session}", tag = "access",
    params(("session" = String, Path, description = "Its id")),
    responses((status = 204)))]
pub async fn end_session(
    State(site): State<Site>,
    Writer(caller): Writer,
    At(id): At<String>,
) -> Reply<StatusCode> {
    if site.end_session(&caller.app, &id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::missing("session"))
}

/// What became of all browsers.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SignedOut {
    /// How many were signed in.
    ended: u64,
}

/// Sign all browsers out
#[utoipa::path(delete, path = "/api/v1/sessions", tag = "access",
    responses((status = 200, body = SignedOut)))]
pub async fn end_sessions(
    State(site): State<Site>,
    Writer(caller): Writer,
) -> Reply<Json<SignedOut>> {
    // A program is no browser, so there is none to be left out.
    let ended = site.end_other_sessions(&caller.app, "").await?;
    Ok(Json(SignedOut { ended }))
}
