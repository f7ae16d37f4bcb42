//! Why a domain is blocked, or is not.

use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;

use super::auth::Caller;
use super::input::Asked;
use super::problem::{Problem, Reply};
use crate::text::plain;
use crate::web::site::Site;
use crate::web::why::asked;
use crate::why::{Account, why as tell};

pub fn routes() -> Router<Site> {
    Router::new().route("/why", get(why))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// A name, or a link or a handle with the name in it.
    #[param(max_length = 2000, example = "bad.example")]
    domain: String,
}

/// Everything that is known of a domain
///
/// Asks nobody: it tells what is remembered, and how old that is.
#[utoipa::path(get, path = "/api/v1/why", tag = "why", params(About),
    responses((status = 200, body = Account)))]
pub async fn why(caller: Caller, Asked(about): Asked<About>) -> Reply<Json<Account>> {
    let domain = asked::domain(&about.domain).map_err(|refusal| {
        Problem::input(format!("domain: {} ({refusal})", plain(&about.domain)))
    })?;
    Ok(Json(tell(&caller.app, &domain).await?))
}
