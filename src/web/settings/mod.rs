//! A person's own affairs: the browsers they are signed in on, and the keys of their programs.

mod tokens;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use serde::Deserialize;

use super::fault::{Answer, Fault};
use super::page;
use super::site::Site;
use super::visitor::{Person, alive_since};
use crate::store::{Session, Token};
use crate::web::input::Form;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/settings", get(settings))
        .route("/settings/tokens", post(tokens::make))
        .route("/settings/tokens/end", post(tokens::end))
        .route("/settings/sessions/end", post(end))
        .route("/settings/sessions/end-others", post(end_others))
}

#[derive(Template)]
#[template(path = "settings/settings.html")]
struct Settings {
    name: String,
    house: bool,
    sessions: Vec<(Session, bool)>,
    tokens: Vec<Token>,
    /// The token that was asked for, and what is wrong with that.
    wanted: tokens::Wanted,
    problem: Option<String>,
}

async fn settings(State(site): State<Site>, person: Person) -> Answer {
    shown(&site, &person, tokens::Wanted::default(), None).await
}

async fn shown(
    site: &Site,
    person: &Person,
    wanted: tokens::Wanted,
    problem: Option<(StatusCode, String)>,
) -> Answer {
    let since = alive_since(site.app().clock.now());
    let store = person.app.store().await?;
    let here = |session: Session| {
        let here = session.digest == person.digest;
        (session, here)
    };
    let sessions = store.sessions(since).await?.into_iter().map(here).collect();
    let (name, house) = (person.name.clone(), person.is_house());
    let tokens = store.tokens().await?;
    let (status, problem) = problem.unzip();
    let page = Settings { name, house, sessions, tokens, wanted, problem };
    Ok(page::html(status.unwrap_or_default(), &page))
}

#[derive(Deserialize)]
struct Ended {
    /// The digest proves nothing, so a page may show it.
    session: String,
}

async fn end(
    State(site): State<Site>,
    person: Person,
    Form(Ended { session }): Form<Ended>,
) -> Answer {
    site.end_session(&person.app, &session).await?;
    Ok(Redirect::to("/settings").into_response())
}

async fn end_others(State(site): State<Site>, person: Person) -> Answer {
    site.end_other_sessions(&person.app, &person.digest).await?;
    Ok(Redirect::to("/settings").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browsers_that_somebody_is_signed_in_on() {
        let session = |digest: &str, browser: &str| Session {
            digest: digest.to_owned(),
            browser: browser.to_owned(),
            created_at: "2026-11-01T08:00:00Z".parse().unwrap(),
            used_at: "2026-11-02T09:30:00Z".parse().unwrap(),
        };
        let page = Settings {
            name: "me@home.example".to_owned(),
            house: false,
            sessions: vec![
                (session("ab", "Firefox <on> a desk"), true),
                (session("cd", "A telephone"), false),
            ],
            tokens: vec![Token {
                id: 3,
                name: "a <bot>".to_owned(),
                scope: crate::store::Scope::Write,
                created_at: "2026-11-01T08:00:00Z".parse().unwrap(),
                used_at: None,
            }],
            wanted: tokens::Wanted::default(),
            problem: None,
        };
        insta::assert_snapshot!(page.render().unwrap());
        let house = Settings {
            name: "whoever runs it".to_owned(),
            house: true,
            sessions: vec![(session("ab", "Firefox on a desk"), true)],
            tokens: Vec::new(),
            wanted: tokens::Wanted { name: "<bot>".to_owned(), write: Some("yes".to_owned()) },
            problem: Some("There is a token <bot> already.".to_owned()),
        };
        insta::assert_snapshot!("house", house.render().unwrap());
    }
}
