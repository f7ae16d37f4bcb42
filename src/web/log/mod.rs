//! Who did what, and when.

use axum::Router;

use super::site::Site;

pub fn routes() -> Router<Site> {
    Router::new()
}
