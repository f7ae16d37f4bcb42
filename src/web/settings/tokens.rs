//! The keys of somebody's programs.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use serde::Deserialize;

use super::{Answer, Fault, Person, Site, page, shown};
use crate::store::{Scope, TokenId};
use crate::verb::token;
use crate::web::input::Form;

#[derive(Default, Deserialize)]
pub struct Wanted {
    pub name: String,
    pub write: Option<String>,
}

#[derive(Template)]
#[template(path = "settings/token.html")]
struct Made {
    name: String,
    secret: String,
    write: bool,
    origin: String,
}

/// Makes a token. It is the answer itself that shows it, once: an address that shows it again
/// is what must not be.
pub async fn make(State(site): State<Site>, person: Person, Form(wanted): Form<Wanted>) -> Answer {
    let write = wanted.write.is_some();
    let scope = if write { Scope::Write } else { Scope::Read };
    match token::make(&person.app, &wanted.name, scope).await {
        Ok(made) => {
            let (name, secret) = (made.token.name, made.secret);
            let origin = site.settings().origin();
            Ok(page::html(StatusCode::OK, &Made { name, secret, write, origin }))
        }
        Err(error) => {
            let problem = Fault::from(error).above_form()?;
            shown(&site, &person, wanted, Some(problem)).await
        }
    }
}

#[derive(Deserialize)]
pub struct Ended {
    token: TokenId,
}

pub async fn end(person: Person, Form(Ended { token }): Form<Ended>) -> Answer {
    token::end(&person.app, token).await?;
    Ok(Redirect::to("/settings").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_shown_with_what_to_do_with_it() {
        let made = Made {
            name: "a <bot>".to_owned(),
            secret: "hr_secret".to_owned(),
            write: true,
            origin: "https://blocks.example".to_owned(),
        };
        insta::assert_snapshot!(made.render().unwrap());
    }
}
