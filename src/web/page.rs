//! Pages as answers, those that only say something, and the style sheet.

use std::sync::LazyLock;

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::block::hex;

const STYLE: &str = include_str!("../../templates/static/style.css");

/// The content is in the address, so a browser may keep it for good.
static STYLE_ADDRESS: LazyLock<String> = LazyLock::new(|| {
    let hash = hex(&Sha256::digest(STYLE.as_bytes()));
    format!("/static/style-{}.css", hash.get(..16).unwrap_or_default())
});

pub fn style_address() -> &'static str {
    &STYLE_ADDRESS
}

pub async fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, STYLE).into_response()
}

/// A template as an answer.
pub fn html(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => {
            let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
            (status, kind, html).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            let says = "Something is broken here. Nothing was changed.\n";
            (StatusCode::INTERNAL_SERVER_ERROR, says).into_response()
        }
    }
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    title: &'a str,
    text: &'a str,
}

fn message(status: StatusCode, title: &str, text: &str) -> Response {
    html(status, &Message { title, text })
}

pub fn not_found() -> Response {
    message(
        StatusCode::NOT_FOUND,
        "There is no such page",
        "The address may be mistyped. Everything starts at the front page.",
    )
}

/// An address that only a form leads to, opened by hand or again after a while.
pub fn not_so() -> Response {
    message(
        StatusCode::METHOD_NOT_ALLOWED,
        "This page needs your file",
        "Nothing is kept between two visits, so a plan cannot be opened by its address. Bring the \
         file again on the front page.",
    )
}

pub fn foreign() -> Response {
    message(
        StatusCode::FORBIDDEN,
        "Another site has sent you here",
        "The form was not sent from a page of this server, so nothing was done with it. Start at \
         the front page.",
    )
}

pub fn wrong_name(name: &str) -> Response {
    let text = format!(
        "This server answers to this machine only, under its own name. Open http://{name}/ instead."
    );
    message(StatusCode::MISDIRECTED_REQUEST, "Not under this name", &text)
}

pub fn too_slow() -> Response {
    message(
        StatusCode::REQUEST_TIMEOUT,
        "This took too long",
        "The request was given up after a minute. Nothing was changed; try again.",
    )
}

pub fn too_much() -> Response {
    message(
        StatusCode::PAYLOAD_TOO_LARGE,
        "That is too large",
        "An export of domain blocks has at most 2 MiB here. Nothing was read. Is it the right \
         file?",
    )
}

pub fn garbled() -> Response {
    message(
        StatusCode::BAD_REQUEST,
        "The form did not arrive whole",
        "Nothing was done with it. Go back and send it again.",
    )
}

pub fn broken() -> Response {
    message(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Something is broken here",
        "Nothing was changed, and nothing of yours was kept. Whoever runs this server finds the \
         cause in its log.",
    )
}

/// Text from here, as a new file for the person's own machine.
pub fn download(name: &str, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        // The name has only letters, digits, and `._-` in it.
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, text).into_response()
}
