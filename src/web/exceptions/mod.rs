//! What must not be blocked, and what was turned down.

use axum::Router;

use super::site::Site;

pub fn routes() -> Router<Site> {
    Router::new()
}
