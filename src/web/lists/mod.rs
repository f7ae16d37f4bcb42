//! The lists: the catalogue, those that are followed, their versions, and how they compare.

use axum::Router;

use super::site::Site;

pub fn routes() -> Router<Site> {
    Router::new()
}
