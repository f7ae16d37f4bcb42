//! What a person's accounts and servers block, and which lists they follow.
//!
//! All pages of one target share a [`Head`]. What is blocked is shown as it was last seen,
//! joined with what is known of each block ([`view`]); only the desk asks a server.

mod beside;
mod block;
mod blocks;
mod deeds;
mod head;
mod lists;
mod overview;
mod policy;
mod terms;
mod view;

use axum::Router;
use axum::routing::{get, post};

use super::site::Site;

pub use beside::Beside;
pub use block::{MOST_REASON, day, named, reason};
pub use blocks::as_file;
pub use head::{Head, Tab, name_of};
pub use policy::{MOST_BLOCKS, MOST_PERCENT};
pub use view::{Order, Sieve, Stands, View, Views, Whose};

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/targets", get(overview::targets))
        .route("/targets/{target}", get(overview::overview))
        .route("/targets/{target}/read", post(overview::read))
        .route("/targets/{target}/sign-out", post(overview::sign_out))
        .route("/targets/{target}/blocks", get(blocks::blocks))
        .route("/targets/{target}/blocks.csv", get(blocks::file))
        .route("/targets/{target}/blocks/own", post(block::own))
        .route("/targets/{target}/block", get(block::block))
        .route("/targets/{target}/block/date", post(block::date))
        .route("/targets/{target}/lists", get(lists::lists))
        .route("/targets/{target}/lists/subscribe", post(deeds::follow))
        .route("/targets/{target}/lists/terms", post(deeds::terms))
        .route("/targets/{target}/lists/unsubscribe", post(deeds::leave))
        .route("/targets/{target}/policy", post(deeds::change))
}

#[cfg(test)]
mod tests;
