//! What a run did, as a text to post.

use axum::Json;
use serde::{Deserialize, Serialize};

use super::super::auth::Caller;
use super::super::input::{Asked, At};
use super::super::problem::Reply;
use super::find;
use crate::verb::announce;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Speaker {
    /// Who speaks; without it the account or the server that the run was on.
    #[serde(rename = "as")]
    whom: Option<String>,
}

/// A text to post.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Announcement {
    run: i64,
    markdown: String,
}

/// What a run did, as a text to post
///
/// For people to know whom you block now and why: Markdown, with names that make no links and
/// reasons that mention nobody. Blocks that are obfuscated are named as your server shows them.
/// Nothing is posted by it.
#[utoipa::path(get, path = "/api/v1/runs/{run}/announcement", tag = "runs",
    params(("run" = i64, Path, minimum = 1, description = "Its number"), Speaker),
    responses((status = 200, body = Announcement)))]
pub async fn announcement(
    caller: Caller,
    At(run): At<i64>,
    Asked(speaker): Asked<Speaker>,
) -> Reply<Json<Announcement>> {
    let run = find(&caller, run).await?;
    let written = announce::write(&caller.app, &run, speaker.whom.as_deref()).await?;
    Ok(Json(Announcement { run: run.id, markdown: written.markdown }))
}
