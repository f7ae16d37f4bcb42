//! What comes in with a request of a browser: what cannot be read is answered by a page, and not
//! in the words of the library that reads it.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum_extra::extract as lenient;
use serde::de::DeserializeOwned;

use super::fault::Fault;
use super::page;
use crate::domain::Domain;
use crate::text::{fit, plain};

/// The names and numbers in the path. Where one cannot be read, there is no such page.
pub struct Path<T>(pub T);

/// What stands after the question mark. One name may stand there several times.
pub struct Query<T>(pub T);

/// What a form without a file has sent.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Path<T>, Fault> {
        let read = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        read.map(|path| Path(path.0)).map_err(|_| Fault::Missing)
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Query<T>, Response> {
        let read = lenient::Query::<T>::from_request_parts(parts, state).await;
        read.map(|query| Query(query.0)).map_err(|_| page::not_asked())
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Form<T>, Response> {
        let read = lenient::Form::<T>::from_request(request, state).await;
        read.map(|form| Form(form.0)).map_err(|rejected| {
            let status = rejected.into_response().status();
            if status == StatusCode::PAYLOAD_TOO_LARGE { page::too_long() } else { page::garbled() }
        })
    }
}

/// Domains that a person has written into a field about what is never to be blocked, one a line
/// or however they separate them.
pub fn spared(text: &str) -> Result<Vec<Domain>, String> {
    let words = text.split([' ', ',', ';', '\t', '\r', '\n']).filter(|word| !word.is_empty());
    let domain = |word: &str| match Domain::parse(word) {
        Ok(parsed) => Ok(parsed.domain),
        Err(why) => Err(format!(
            "{}, which is not to be blocked, is not a domain: {why}. Correct it or take it out.",
            fit(&plain(word), 60)
        )),
    };
    words.map(domain).collect()
}
