//! What a person's accounts and servers block, and which lists they follow.

use axum::Router;

use super::site::Site;

pub fn routes() -> Router<Site> {
    Router::new()
}
