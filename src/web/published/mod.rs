//! Blocks that are published for others to subscribe to.

mod form;
mod manage;
mod open;

use axum::Router;
use axum::routing::{get, post};

use super::site::Site;

pub use form::is_account;
pub use open::{Shelf, content_of};

use super::{fault, page};

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/published", get(manage::all).post(manage::add))
        .route("/published/new", get(manage::new))
        .route("/published/{publication}", get(manage::one).post(manage::change))
        .route("/published/{publication}/end", post(manage::end))
        .route("/p/{slug}", get(open::page))
        .route("/p/{slug}/mastodon.csv", get(open::csv))
        .route("/p/{slug}/domains.txt", get(open::text))
        .route("/p/{slug}/domain_blocks.json", get(open::json))
        .route("/p/{slug}/api/v1/instance/domain_blocks", get(open::json))
}
