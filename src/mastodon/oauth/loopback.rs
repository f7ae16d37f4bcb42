//! The page on this machine that the browser comes back to.
//!
//! It lives for one sign-in. Any page in the browser and any program on the machine can
//! call it, so it listens only to a call that has this sign-in's state, and only once.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use secrecy::SecretString;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{LoginState, OAuthError};
use crate::text::{fit, plain};

/// How long the browser has to take the page once the code is here.
const PARTING: Duration = Duration::from_secs(5);

const DONE: &str = "Hedgerow has its answer";
const DONE_TEXT: &str = "You can close this page and go back to the terminal.";
const DENIED: &str = "Hedgerow was not given access";
const STRANGE: &str = "This page is not for that";
const STRANGE_TEXT: &str = "It waits for one particular sign-in of Hedgerow, and this call does \
                            not belong to it. Go back to the terminal and open the address that \
                            is shown there.";

/// A waiting page on a free port.
#[derive(Debug)]
pub struct Loopback {
    listener: TcpListener,
    port: u16,
}

impl Loopback {
    pub async fn bind() -> Result<Self, OAuthError> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(OAuthError::NoLoopback)?;
        let port = listener.local_addr().map_err(OAuthError::NoLoopback)?.port();
        Ok(Loopback { listener, port })
    }

    /// Where the server is to send the browser. By number: Mastodon takes any port on a
    /// loopback address, but not on `localhost`.
    pub fn redirect_uri(&self) -> String {
        format!("http://127.0.0.1:{}/callback", self.port)
    }

    /// Waits for the code, for at most `limit`.
    pub async fn wait(
        self,
        state: &LoginState,
        limit: Duration,
    ) -> Result<SecretString, OAuthError> {
        let (sender, outcome) = oneshot::channel();
        let desk = Desk { state: state.clone(), sender: Mutex::new(Some(sender)) };
        let router = Router::new()
            .route("/callback", any(callback))
            .fallback(|| async { page(StatusCode::NOT_FOUND, STRANGE, STRANGE_TEXT) })
            .with_state(Arc::new(desk));
        let (stop, stopped) = oneshot::channel::<()>();
        // The set ends the server with this future, should somebody give up waiting.
        let mut server = JoinSet::new();
        server.spawn(async move {
            let stopped = async move { drop(stopped.await) };
            axum::serve(self.listener, router).with_graceful_shutdown(stopped).await
        });
        let outcome = timeout(limit, outcome).await;
        drop(stop);
        let _ = timeout(PARTING, server.join_next()).await;
        match outcome {
            Ok(Ok(outcome)) => outcome,
            _ => Err(OAuthError::TimedOut),
        }
    }
}

struct Desk {
    state: LoginState,
    sender: Mutex<Option<oneshot::Sender<Result<SecretString, OAuthError>>>>,
}

#[derive(Deserialize)]
struct Callback {
    state: String,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Whatever looks odd gets the same page and changes nothing: the person may still be
/// on the way.
async fn callback(
    State(desk): State<Arc<Desk>>,
    method: Method,
    query: Result<Query<Callback>, QueryRejection>,
) -> Response {
    let strange = || page(StatusCode::BAD_REQUEST, STRANGE, STRANGE_TEXT);
    // A preview of the address, by `HEAD`, must not use up the code.
    let Ok(Query(call)) = query else { return strange() };
    if method != Method::GET || !desk.state.matches(&call.state) {
        return strange();
    }
    let (title, outcome) = match (call.error.as_deref(), call.code.filter(|c| !c.is_empty())) {
        (None, Some(code)) => (DONE, Ok(code.into())),
        (Some("access_denied"), _) => (DENIED, Err(OAuthError::Denied)),
        (Some(error), _) => {
            let words = call.error_description.as_deref().unwrap_or(error);
            let words = fit(&plain(words), 200);
            let (host, what) = ("The server".to_owned(), "to sign you in");
            (DENIED, Err(OAuthError::Refused { host, what, words }))
        }
        (None, None) => return strange(),
    };
    let sender = desk.sender.lock().unwrap_or_else(PoisonError::into_inner).take();
    match sender {
        Some(sender) => {
            // Nobody is left to hear it only if they have stopped waiting.
            let _ = sender.send(outcome);
            page(StatusCode::OK, title, DONE_TEXT)
        }
        None => strange(),
    }
}

/// What the browser shows.
#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page<'a> {
    title: &'a str,
    text: &'a str,
}

/// A page that loads nothing, runs nothing, and does not pass its address on.
fn page(status: StatusCode, title: &str, text: &str) -> Response {
    // Two strings of our own into memory: this cannot fail.
    let html = Page { title, text }.render().unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONNECTION, "close"),
    ];
    (status, headers, html).into_response()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::http;

    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn only_the_right_call_is_heard_and_only_once() {
        let state = LoginState::new([7; 32]);
        let loopback = Loopback::bind().await.unwrap();
        let (uri, right) = (loopback.redirect_uri(), state.as_str().to_owned());
        assert!(uri.starts_with("http://127.0.0.1:"));
        // Browsers open connections that they may never use.
        let _silent = tokio::net::TcpStream::connect(("127.0.0.1", loopback.port)).await.unwrap();
        let waiting = tokio::spawn(async move { loopback.wait(&state, LONG).await });
        let client = http::client().unwrap();
        for odd in [
            format!("{uri}?code=wrong&state=x"),
            format!("{uri}?code=wrong"),
            format!("{uri}?state={right}"),
            format!("{uri}?code=&state={right}"),
            format!("{uri}?code=a&code=b&state={right}"),
            format!("{uri}?error=access_denied&state=x"),
            uri.replace("callback", ""),
        ] {
            let answer = client.get(&odd).send().await.unwrap();
            assert!(answer.status().is_client_error(), "{odd}");
            assert!(answer.text().await.unwrap().contains(STRANGE));
        }
        let good = format!("{uri}?code=c0de%2B&state={right}");
        assert_eq!(client.head(&good).send().await.unwrap().status(), 400);
        assert_eq!(client.post(&good).send().await.unwrap().status(), 400);
        assert!(!waiting.is_finished());

        let answer = client.get(&good).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"));
        let text = answer.text().await.unwrap();
        assert!(text.contains("close this page and go back") && !text.contains("c0de"));
        assert_eq!(waiting.await.unwrap().unwrap().expose_secret(), "c0de+");
        assert!(client.get(&good).send().await.is_err(), "it still listens");
    }

    #[test]
    fn the_page_that_sends_people_back() {
        let page = Page { title: DONE, text: "<script>\u{201c}x\u{201d}</script>" };
        insta::assert_snapshot!(page.render().unwrap());
    }

    #[tokio::test]
    async fn a_refusal_and_silence_are_told_apart() {
        for (query, wanted) in [
            ("error=access_denied&error_description=x", "Access was denied in the browser"),
            (
                "error=invalid_scope&error_description=no%1B%5B2J+scope",
                "to sign you in: no[2J scope",
            ),
        ] {
            let state = LoginState::new([7; 32]);
            let loopback = Loopback::bind().await.unwrap();
            let url = format!("{}?{query}&state={}", loopback.redirect_uri(), state.as_str());
            let (outcome, page) = tokio::join!(loopback.wait(&state, LONG), async {
                http::client().unwrap().get(url).send().await.unwrap().text().await
            });
            let error = outcome.unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}");
            assert!(page.unwrap().contains(DENIED));
        }
        let state = LoginState::new([7; 32]);
        let soon = Duration::from_millis(20);
        let outcome = Loopback::bind().await.unwrap().wait(&state, soon).await;
        assert!(matches!(outcome, Err(OAuthError::TimedOut)));
    }
}
