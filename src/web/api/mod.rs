//! The same for programs: JSON under `/api/v1`, described by a document of its own.

use axum::Router;

use super::site::Site;

pub fn routes() -> Router<Site> {
    Router::new()
}
