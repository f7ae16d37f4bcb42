//! What was done: runs with their progress, backups, restoring and undoing.

use axum::Router;

use super::site::Site;

pub fn routes() -> Router<Site> {
    Router::new()
}
