//! The same for programs: JSON under `/api/v1`, described by a document of its own.
//!
//! Every handler says what it takes and gives, and [`openapi`] puts that together. Who asks is
//! in [`auth`], what comes in goes through [`input`], and what goes wrong is a [`problem`] of
//! one shape.

mod access;
mod auth;
mod exceptions;
mod follows;
mod input;
mod jobs;
mod lists;
mod log;
mod openapi;
pub(super) mod problem;
mod proposals;
mod published;
mod runs;
mod targets;
mod why;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::site::Site;
use problem::Problem;

pub fn routes() -> Router<Site> {
    let version = Router::new()
        .merge(auth::routes())
        .merge(access::routes())
        .merge(targets::routes())
        .merge(follows::routes())
        .merge(exceptions::routes())
        .merge(jobs::routes())
        .merge(proposals::routes())
        .merge(runs::routes())
        .merge(lists::routes())
        .merge(why::routes())
        .merge(log::routes())
        .merge(published::routes())
        .fallback(async || Problem::in_place_of(StatusCode::NOT_FOUND))
        .method_not_allowed_fallback(async || Problem::in_place_of(StatusCode::METHOD_NOT_ALLOWED));
    Router::new().nest("/api/v1", version).merge(openapi::routes())
}

/// What stands around all pages answers with pages. A program gets the same in its own form.
pub async fn spoken(request: Request, next: Next) -> Response {
    let of_program = request.uri().path().starts_with("/api/");
    let response = next.run(request).await;
    let is_page = || {
        let kind = response.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        !kind.starts_with("application/json")
    };
    let status = response.status();
    if !of_program || !(status.is_client_error() || status.is_server_error()) || !is_page() {
        return response;
    }
    let mut problem = Problem::in_place_of(status).into_response();
    if let Some(allow) = response.headers().get(header::ALLOW) {
        problem.headers_mut().insert(header::ALLOW, allow.clone());
    }
    problem
}
