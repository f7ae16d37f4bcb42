//! Fetches a list from the web.
//!
//! Redirects are followed by hand: never to anything but the web, never from `https` down
//! to `http`, and a password given for one server is not shown to another. No error says
//! more of an address than its public part, because query strings carry tokens.

use reqwest::header::LOCATION;
use reqwest::{Client, Response, StatusCode};
use url::Url;

use crate::http::{self, BodyError};

/// How often an address may point elsewhere.
const REDIRECTS: usize = 5;

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

/// The reason at the bottom of an error: the ones above only say that there is one.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut reason = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    reason.to_string()
}

/// Fetches an address; the answer has at most `limit` bytes.
pub async fn fetch(url: &Url, limit: usize) -> Result<Vec<u8>, FetchError> {
    let client = http::client()?;
    let response = follow(&client, url.clone()).await?;
    Ok(http::body(response, limit).await?)
}

async fn follow(client: &Client, mut url: Url) -> Result<Response, FetchError> {
    for _ in 0..=REDIRECTS {
        // A user name in the address becomes an `Authorization` header, not a part of it.
        let response = client.get(url.clone()).send().await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        if !status.is_redirection() {
            return Err(refusal(status));
        }
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        url = location.ok_or(FetchError::BadRedirect).and_then(|to| redirected(&url, to))?;
    }
    Err(FetchError::Redirects)
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

fn refusal(status: StatusCode) -> FetchError {
    let code = status.as_u16();
    match code {
        404 | 410 => FetchError::NotFound,
        401 | 403 | 407 => FetchError::Denied(code),
        408 | 425 | 429 | 500..=599 => FetchError::Busy(code),
        _ => FetchError::Status(code),
    }
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
mod tests {
    use axum::Router;
    use axum::extract::Request;
    use axum::http::header::AUTHORIZATION;
    use axum::response::{IntoResponse, Redirect};
    use axum::routing::get;

    use super::*;

    /// A server with an answer for each path, and its address.
    async fn server() -> Url {
        let app = Router::new()
            .route("/list", get(|| async { "bad.example\n" }))
            .route("/hop", get(|| async { Redirect::temporary("list") }))
            .route("/loop", get(|| async { Redirect::temporary("/loop") }))
            .route("/file", get(|| async { Redirect::temporary("file:///etc/passwd") }))
            .route("/nowhere", get(|| async { StatusCode::FOUND.into_response() }))
            .route("/busy", get(|| async { StatusCode::TOO_MANY_REQUESTS }))
            .route("/denied", get(|| async { StatusCode::FORBIDDEN }))
            .route(
                "/who",
                get(|request: Request| async move {
                    let sent = request.headers().get(AUTHORIZATION);
                    sent.and_then(|v| v.to_str().ok()).unwrap_or("nobody").to_owned()
                }),
            )
            .route("/back", get(|| async { Redirect::temporary("/who") }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Url::parse(&format!("http://{address}/")).unwrap()
    }

    #[tokio::test]
    async fn answers_are_followed_limited_and_explained() {
        let base = server().await;
        let get = async |path: &str| fetch(&base.join(path).unwrap(), 100).await;
        assert_eq!(get("list").await.unwrap(), b"bad.example\n");
        assert_eq!(get("hop").await.unwrap(), b"bad.example\n");
        assert!(matches!(get("loop").await, Err(FetchError::Redirects)));
        assert!(matches!(get("file").await, Err(FetchError::BadRedirect)));
        assert!(matches!(get("nowhere").await, Err(FetchError::BadRedirect)));
        assert!(matches!(get("missing").await, Err(FetchError::NotFound)));
        assert!(matches!(get("busy").await, Err(FetchError::Busy(429))));
        assert!(matches!(get("denied").await, Err(FetchError::Denied(403))));
        let small = fetch(&base.join("list").unwrap(), 3).await;
        assert!(matches!(small, Err(FetchError::TooLarge(3))));
    }

    #[tokio::test]
    async fn passwords_reach_their_own_server_only() {
        let mut with_password = server().await;
        with_password.set_username("alice").unwrap();
        with_password.set_password(Some("s3cret")).unwrap();
        // "alice:s3cret"
        let want = b"Basic YWxpY2U6czNjcmV0";
        for path in ["who", "back"] {
            assert_eq!(fetch(&with_password.join(path).unwrap(), 100).await.unwrap(), want);
        }
        let other = redirected(&with_password, "http://other.example/who").unwrap();
        assert_eq!(other.as_str(), "http://other.example/who");
        let planted = redirected(&other, "http://eve:x@other.example/").unwrap();
        assert_eq!(planted.as_str(), "http://other.example/");
    }

    #[tokio::test]
    async fn errors_show_no_secret() {
        let url = Url::parse("http://u:s3cret@127.0.0.1:1/list?token=s3cret").unwrap();
        let error = fetch(&url, 100).await.unwrap_err();
        assert!(matches!(error, FetchError::Unreachable(_)), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
        // An error that has the address and no reason below it.
        let busy = server().await.join("busy?token=s3cret").unwrap();
        let answer = http::client().unwrap().get(busy).send().await.unwrap();
        let error = FetchError::from(answer.error_for_status().unwrap_err());
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
        let shown = public_address(&url);
        assert_eq!(shown, "http://127.0.0.1:1/list?…");
    }

    #[test]
    fn https_is_never_left_for_http() {
        let from = Url::parse("https://lists.example/a").unwrap();
        assert!(matches!(redirected(&from, "http://lists.example/a"), Err(FetchError::Downgrade)));
        assert_eq!(redirected(&from, "../b?c").unwrap().as_str(), "https://lists.example/b?c");
    }
}
