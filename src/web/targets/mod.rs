//! What a person's accounts and servers block, and which lists they follow.

mod head;

use axum::Router;

use super::site::Site;

pub use head::{Head, Tab};

pub fn routes() -> Router<Site> {
    Router::new()
}
