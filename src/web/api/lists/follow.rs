//! Following a list, and letting it go.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use super::super::auth::Writer;
use super::super::input::{Asked, At, Body};
use super::super::problem::{Problem, Reply};
use super::{List, followed, own};
use crate::follow::FollowError;
use crate::list::Format;
use crate::store::{StoreError, TargetRow};
use crate::text::plain;
use crate::verb::lists::add::AddError;
use crate::verb::lists::remote::{self, Wanted};
use crate::verb::lists::stop::{OthersFollow, StopError, followers, stop_everywhere_knowing};
use crate::web::fault::Fault;
use crate::web::limits::Address;
use crate::web::patience::{PATIENCE, patiently};
use crate::web::site::Site;

/// A list to follow.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewList)]
pub struct New {
    /// A name from the catalogue, an address, `instance:HOST`, or `fires:URL`.
    #[schema(min_length = 1, max_length = 2000, example = "https://lists.example/blocklist.csv")]
    list: String,
    /// What to call it.
    #[schema(max_length = 60)]
    name: Option<String>,
    /// What it is to be read as, whatever it looks like.
    format: Option<Format>,
    /// You have read the catalogue's warnings about it and agree.
    #[serde(default)]
    agree: bool,
    /// Follow it although it has ended, or was never meant to be used.
    #[serde(default)]
    anyway: bool,
}

fn refused(error: AddError) -> Problem {
    match error {
        AddError::Advised { title, why, .. } => Problem::conflict(format!(
            "{title} should not be followed. {why} With `anyway` it is followed all the same."
        )),
        AddError::Unread(notices) => {
            let says = format!("Read this, and say `agree`: {}", plain(&notices.join(" ")));
            Problem::conflict(says)
        }
        AddError::Retractions(title) => Problem::conflict(format!(
            "These are the servers that {title} has taken back; they are no list to block from."
        )),
        AddError::TooMany => {
            Problem::conflict(format!("You follow {} lists already.", remote::MOST))
        }
        AddError::Store(StoreError::Taken(name))
        | AddError::Follow(FollowError::Store(StoreError::Taken(name))) => {
            Problem::conflict(format!("There is already a list with the name {name}."))
        }
        other => Problem::from(other),
    }
}

/// Follow a list
///
/// It is fetched now, and each version is kept. Nothing is changed on any target.
#[utoipa::path(post, path = "/api/v1/lists", tag = "lists", request_body = New,
    responses((status = 201, body = List)))]
pub async fn follow(
    State(site): State<Site>,
    Writer(caller): Writer,
    from: Address,
    Body(new): Body<New>,
) -> Reply<(StatusCode, Json<List>)> {
    site.limits().fetch(from)?;
    let New { list, name, format, agree, anyway } = new;
    let (app, wanted) = (caller.app, Wanted { list, name, format, agree, anyway });
    let ready = remote::ready(&app, app.lists().await?, &wanted).await.map_err(refused)?;
    let asked = app.clone();
    let done = patiently(async move { ready.follow(&asked).await }).await?;
    let name = done.ok_or_else(too_slow)?.map_err(refused)?;
    let store = app.store().await?;
    let list = followed(&store, &name).await?;
    let list = List::followed(&store, list, app.clock.now()).await?;
    Ok((StatusCode::CREATED, Json(list)))
}

fn too_slow() -> Problem {
    let says = format!(
        "Its server did not answer within {} seconds, so the list is not followed. Try again \
         later.",
        PATIENCE.as_secs()
    );
    Fault::told(StatusCode::GATEWAY_TIMEOUT, "The list did not come in time", says).into()
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Leaving {
    /// The numbers of the targets that are to let it go too, with commas between them.
    #[param(example = "1,2")]
    targets: Option<String>,
    /// With targets it has to be said: the blocks that stand for it alone become your own, or
    /// else the next plan offers to lift them.
    keep: Option<bool>,
    /// So many targets of other people follow it as well, as you know. Without it, it is let go
    /// only where there are none.
    #[param(minimum = 0)]
    others: Option<usize>,
}

/// Stop following a list
///
/// Its versions are forgotten; blocks that it brought stay. 409 while a target follows it that
/// is not among those that are to let it go.
#[utoipa::path(delete, path = "/api/v1/lists/{list}", tag = "lists",
    params(("list" = String, Path, description = "Its name"), Leaving),
    responses((status = 204)))]
pub async fn leave(
    State(site): State<Site>,
    Writer(caller): Writer,
    At(name): At<String>,
    Asked(Leaving { targets, keep, others }): Asked<Leaving>,
) -> Reply<StatusCode> {
    let app = &caller.app;
    let list = own(&app.store().await?, &name).await?;
    let following = followers(app, &list.name).await?;
    let mut rows: Vec<TargetRow> = Vec::new();
    for word in targets.iter().flat_map(|targets| targets.split(',')) {
        let is_it = |row: &TargetRow| row.id.to_string() == word.trim();
        let row = following.iter().map(|follower| &follower.target).find(|row| is_it(row));
        let says = "targets: one of them does not follow the list";
        rows.push(row.cloned().ok_or_else(|| Problem::input(says))?);
    }
    let keep = match (keep, rows.is_empty()) {
        (Some(keep), _) => keep,
        (None, true) => true,
        (None, false) => {
            return Err(Problem::input("keep: say what becomes of the list's blocks"));
        }
    };
    let done = stop_everywhere_knowing(app, &list, &rows, keep, others.unwrap_or(0)).await;
    done.map_err(|error| {
        if let Some(OthersFollow { others, .. }) = error.downcast_ref() {
            return Problem::conflict(format!(
                "Other people follow it for {targets} targets, which could not be kept in step \
                 without it. With `others={targets}` it is let go all the same.",
                targets = others.targets
            ));
        }
        match error.downcast_ref::<StopError>() {
            Some(StopError::Followed { targets, .. }) => Problem::conflict(plain(&format!(
                "Targets follow it: {}. Name them in `targets`, or have them let it go first.",
                targets.join(", ")
            ))),
            None => Problem::from(error),
        }
    })?;
    for row in &rows {
        site.desk().plan_again(app, row).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
