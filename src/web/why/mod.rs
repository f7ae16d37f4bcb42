//! Why a domain is blocked, or is not: one box, and everything that is remembered.

pub mod asked;
#[cfg(test)]
mod tests;
mod view;

use std::collections::HashMap;

use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use serde::Deserialize;

use self::view::View;
use super::fault::Answer;
use super::page;
use super::site::Site;
use super::visitor::Person;
use crate::text::{fit, plain};
use crate::web::input::Query;
use crate::why::why as account;

pub fn routes() -> Router<Site> {
    Router::new().route("/why", get(why))
}

#[derive(Template)]
#[template(path = "why/why.html")]
struct Why {
    /// As it was pasted.
    asked: String,
    problem: Option<String>,
    view: Option<View>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    domain: String,
}

async fn why(person: Person, Query(Asked { domain }): Query<Asked>) -> Answer {
    let asked = fit(plain(&domain).trim(), 300);
    if asked.is_empty() {
        let empty = Why { asked, problem: None, view: None };
        return Ok(page::html(StatusCode::OK, &empty));
    }
    let domain = match asked::domain(&domain) {
        Ok(domain) => domain,
        Err(refusal) => {
            let problem = format!("That names no server: {refusal}.");
            let page = Why { asked, problem: Some(problem), view: None };
            return Ok(page::html(StatusCode::UNPROCESSABLE_ENTITY, &page));
        }
    };
    let store = person.app.store().await?;
    let targets = store.targets().await?;
    let numbers: HashMap<String, i64> = targets.into_iter().map(|row| (row.name, row.id)).collect();
    let told = account(&person.app, &domain).await?;
    let view = Some(View::of(&told, &numbers));
    Ok(page::html(StatusCode::OK, &Why { asked, problem: None, view }))
}
