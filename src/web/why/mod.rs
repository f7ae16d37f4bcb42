//! Why a domain is blocked, or is not.

use axum::Router;

use super::site::Site;

pub fn routes() -> Router<Site> {
    Router::new()
}
