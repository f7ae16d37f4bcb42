//! Coming in and going out.

mod back;
mod link;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::PrivateCookieJar;
use serde::Deserialize;

use super::fault::{Answer, Fault};
use super::limits::Address;
use super::page;
use super::site::Site;
use super::visitor::{Person, browser};
use crate::store::HOUSE;
use crate::web::input::{Path, Query};

pub use back::{approve, ask_to_refollow, back, begin, connect, connect_again, sign_in};
pub use link::Link;

#[derive(Template)]
#[template(path = "entry/sign_in.html")]
struct SignIn {
    shared: bool,
    next: String,
    server: String,
    problem: Option<String>,
}

#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

/// A path on this site, and never an address elsewhere.
pub fn inside(next: &str) -> &str {
    let is_path = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(['\\', '\r', '\n', '\t']);
    if is_path { next } else { "/" }
}

/// Where a form leads back to: the path on this site that it was on, or else `here`.
pub fn back_to(from: &str, here: &str) -> Response {
    let to = inside(from);
    Redirect::to(if to == "/" { here } else { to }).into_response()
}

pub async fn page(
    State(site): State<Site>,
    person: Option<Person>,
    Query(Next { next }): Query<Next>,
) -> Response {
    if person.is_some() {
        return Redirect::to(inside(&next)).into_response();
    }
    let shared = site.settings().is_shared();
    let next = inside(&next).to_owned();
    page::html(StatusCode::OK, &SignIn { shared, next, server: String::new(), problem: None })
}

/// The one-time link of whoever runs this.
pub async fn enter(
    State(site): State<Site>,
    from: Address,
    person: Option<Person>,
    jar: PrivateCookieJar,
    headers: HeaderMap,
    Path(secret): Path<String>,
) -> Answer {
    site.limits().sign_in(from)?;
    if site.link().take(&secret) {
        let jar = site.sign_in(jar, HOUSE, browser(&headers)).await?;
        return Ok((jar, Redirect::to("/")).into_response());
    }
    // Whoever comes back through the browser's history is in already.
    if person.is_some_and(|person| person.is_house()) {
        return Ok(Redirect::to("/").into_response());
    }
    Err(Fault::told(
        StatusCode::GONE,
        "This link has been used",
        "A link like this signs in once. `hedgerow serve` prints a new one whenever you sign out in \
         a browser, and when it is started again.",
    ))
}

pub async fn leave(
    State(site): State<Site>,
    person: Option<Person>,
    jar: PrivateCookieJar,
) -> Answer {
    if let Some(person) = person {
        site.end_session(&person.app, &person.digest).await?;
    }
    Ok((site.sign_out(jar), Redirect::to("/")).into_response())
}

#[cfg(test)]
mod tests {
    use askama::Template;

    use super::{SignIn, inside};

    #[test]
    fn the_sign_in_page_for_many_people_and_for_one() {
        let page = |shared, problem: Option<&str>| SignIn {
            shared,
            next: "/targets/1?page=2".to_owned(),
            server: "<home>.example".to_owned(),
            problem: problem.map(str::to_owned),
        };
        insta::assert_snapshot!(page(true, Some("There is no <such> server.")).render().unwrap());
        insta::assert_snapshot!(page(false, None).render().unwrap());
    }

    #[test]
    fn nobody_is_sent_elsewhere_after_signing_in() {
        for (next, want) in [
            ("/targets/1?page=2", "/targets/1?page=2"),
            ("", "/"),
            ("//evil.example/", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example/", "/"),
            ("/\t/evil.example", "/"),
            ("javascript:alert(1)", "/"),
        ] {
            assert_eq!(inside(next), want, "{next:?}");
        }
    }
}
