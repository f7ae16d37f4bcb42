//! The front page: the door for a visitor, and what waits for somebody who is signed in.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

use super::door;
use super::site::Site;
use super::visitor::Person;

pub async fn home(State(site): State<Site>, person: Option<Person>) -> Response {
    match person {
        None => door::door(State(site)).await,
        Some(_) => Redirect::to("/targets").into_response(),
    }
}
