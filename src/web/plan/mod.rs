//! The plan that waits for a person, and their word on each of its rows.

use axum::Router;

use super::site::Site;

pub fn routes() -> Router<Site> {
    Router::new()
}
