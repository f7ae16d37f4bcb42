//! Pages as answers, those that only say something, and what pages load: style sheet and script.

use std::sync::LazyLock;

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::frame;
use crate::block::hex;

const STYLE: &str = include_str!("../../templates/static/style.css");

const SCRIPT: &str = include_str!("../../templates/static/hedgerow.js");

static STYLE_ADDRESS: LazyLock<String> = LazyLock::new(|| address("style", STYLE, "css"));
static SCRIPT_ADDRESS: LazyLock<String> = LazyLock::new(|| address("hedgerow", SCRIPT, "js"));

/// The content is in the address, so a browser may keep it for good. Snapshots of pages are
/// not about the style sheet, so in unit tests it is left out.
fn address(name: &str, content: &str, ending: &str) -> String {
    if cfg!(test) {
        return format!("/static/{name}.{ending}");
    }
    let hash = hex(&Sha256::digest(content.as_bytes()));
    format!("/static/{name}-{}.{ending}", hash.get(..16).unwrap_or_default())
}

pub fn style_address() -> &'static str {
    &STYLE_ADDRESS
}

pub fn script_address() -> &'static str {
    &SCRIPT_ADDRESS
}

pub async fn style() -> Response {
    kept("text/css; charset=utf-8", STYLE)
}

pub async fn script() -> Response {
    kept("text/javascript; charset=utf-8", SCRIPT)
}

fn kept(kind: &'static str, content: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, content).into_response()
}

/// Bytes of a page with a table, so that it need not be moved while it grows.
const USUAL: usize = 48 << 10;

/// A template as an answer.
pub fn html(status: StatusCode, page: &impl Template) -> Response {
    let mut html = String::with_capacity(USUAL);
    match page.render_into(&mut html) {
        Ok(()) => {
            let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
            (status, kind, html).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            (StatusCode::INTERNAL_SERVER_ERROR, "Something is broken here.\n").into_response()
        }
    }
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    title: &'a str,
    text: &'a str,
    home: &'a str,
}

/// A page that only says something.
pub fn message(status: StatusCode, title: &str, text: &str) -> Response {
    html(status, &Message { title, text, home: "/" })
}

pub fn not_found() -> Response {
    message(
        StatusCode::NOT_FOUND,
        "There is no such page",
        "The address may be mistyped. Everything starts at the front page.",
    )
}

/// An address that only a form leads to, opened by hand or again after a while.
pub fn not_so(path: &str) -> Response {
    let (title, says) = match path {
        "/look" | "/file" => (
            "This page needs your file",
            "Nothing is kept between two visits, so a plan cannot be opened by its address. Bring \
             the file again on the front page.",
        ),
        _ => (
            "There is no page here",
            "This address belongs to a button. Go back and use the button there; nothing was done.",
        ),
    };
    message(StatusCode::METHOD_NOT_ALLOWED, title, says)
}

/// What stands after the question mark is not what the page can be asked.
pub fn not_asked() -> Response {
    message(
        StatusCode::BAD_REQUEST,
        "This address cannot be read",
        "What stands in it after the question mark is not what this page can be asked. Go back and \
         use the links there, or leave that part away. Nothing was done.",
    )
}

/// A form that only somebody who is signed in can send.
pub fn signed_out() -> Response {
    message(
        StatusCode::UNAUTHORIZED,
        "You are signed out",
        "Nothing was done. Sign in, then send the form again.",
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

pub fn wrong_name(origin: &str) -> Response {
    let text = format!("This server answers under its own name only. Open {origin}/ instead.");
    let (title, home) = ("Not under this name", format!("{origin}/"));
    html(StatusCode::MISDIRECTED_REQUEST, &Message { title, text: &text, home: &home })
}

/// A form may have been taken before something went wrong.
const UNSURE: &str = "It is not certain whether what you asked for was done. Look before you \
                      try again: open the page that you came from anew.";

pub fn too_slow() -> Response {
    let then = if frame::only_looks() { "Nothing was changed; try again." } else { UNSURE };
    let says = format!("The request was given up after a minute. {then}");
    message(StatusCode::REQUEST_TIMEOUT, "This took too long", &says)
}

pub fn too_much() -> Response {
    message(
        StatusCode::PAYLOAD_TOO_LARGE,
        "That is too large",
        "An export of domain blocks has at most 2 MiB here. Nothing was read. Is it the right \
         file?",
    )
}

/// A form without a file.
pub fn too_long() -> Response {
    message(
        StatusCode::PAYLOAD_TOO_LARGE,
        "That is too long",
        "A form may have 8 MiB here. Nothing was done with it. Go back and send less at once.",
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
    let so = if frame::only_looks() { "Nothing was changed." } else { UNSURE };
    let says = format!("{so} Whoever runs this server finds the cause in its log.");
    message(StatusCode::INTERNAL_SERVER_ERROR, "Something is broken here", &says)
}

/// A CSV from here, as a new file for the person's own machine.
pub fn download(name: &str, text: String) -> Response {
    download_as("text/csv; charset=utf-8", name, text)
}

/// Text of any kind as a new file.
pub fn download_as(kind: &str, name: &str, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        // The name has only letters, digits, and `._-` in it.
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use askama::Template;

    use super::Message;
    use crate::web::frame::{Frame, around};

    #[tokio::test]
    async fn a_page_that_only_says_something_for_a_visitor_and_for_somebody_signed_in() {
        let text = "Look at \u{201c}it\u{201d}.";
        let page = Message { title: "There is no <such> page", text, home: "/" };
        insta::assert_snapshot!(page.render().unwrap());
        let frame = Frame { name: Some("<me>@home.example".to_owned()), place: "lists".to_owned() };
        insta::assert_snapshot!(around(frame, async { page.render().unwrap() }).await);
    }
}
