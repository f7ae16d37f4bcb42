//! How a list is followed, and by which targets.

use axum::Json;
use serde::{Deserialize, Serialize};

use super::super::auth::{Caller, Writer};
use super::super::input::{Asked, At, Body, Page, Part};
use super::super::problem::Reply;
use super::{followed, own};
use crate::follow::guard::Limits;
use crate::follow::settings_of;
use crate::list::{Format, bundled};
use crate::source::Source;
use crate::store::FollowedList;
use crate::text::plain;
use crate::verb::lists::remote;
use crate::verb::lists::stop::{Follower, followers as following};

/// How a list is followed.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ListSettings)]
pub struct Settings {
    /// Where it is read from, without secrets.
    address: String,
    /// What it is read as, whatever it looks like.
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format>,
    /// What a new version may change before it is held until somebody has looked.
    limits: Limits,
    /// Where the secret is kept that it is read with, and never the secret itself. It is set on
    /// the command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth: Option<String>,
    /// Its publisher signs it, and a version without the signature is held.
    signed: bool,
}

impl Settings {
    fn of(list: &FollowedList) -> Reply<Settings> {
        let settings = settings_of(list)?;
        Ok(Settings {
            address: Source::kept_as(&list.source)?.address(),
            format: settings.format,
            limits: settings.limits,
            auth: settings.auth.map(|auth| plain(&auth.to_string()).into_owned()),
            signed: settings.signed.is_some(),
        })
    }
}

/// How a list is followed
///
/// Only its owner is told.
#[utoipa::path(get, path = "/api/v1/lists/{list}/settings", tag = "lists",
    params(("list" = String, Path, description = "Its name")),
    responses((status = 200, body = Settings)))]
pub async fn settings(caller: Caller, At(name): At<String>) -> Reply<Json<Settings>> {
    Ok(Json(Settings::of(&own(&caller.app.store().await?, &name).await?)?))
}

/// How a list is to be followed from now on.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewListSettings)]
pub struct Change {
    /// Where it is now: an address, `instance:HOST`, or `fires:URL`. Left out, it stays where it
    /// is.
    #[schema(min_length = 1, max_length = 2000)]
    address: Option<String>,
    /// Left out, its content says what it is.
    format: Option<Format>,
    #[serde(default)]
    limits: Limits,
}

/// Change how a list is followed
///
/// The versions that were kept stay, and the next one is compared with the one in force.
#[utoipa::path(put, path = "/api/v1/lists/{list}/settings", tag = "lists",
    params(("list" = String, Path, description = "Its name")),
    request_body = Change, responses((status = 200, body = Settings)))]
pub async fn change(
    Writer(caller): Writer,
    At(name): At<String>,
    Body(change): Body<Change>,
) -> Reply<Json<Settings>> {
    let lists = caller.app.lists().await?;
    let list = own(&lists.store, &name).await?;
    let Change { address, format, limits } = change;
    remote::change(&lists, &list, remote::Change { address, format, limits }).await?;
    Ok(Json(Settings::of(&own(&lists.store, &name).await?)?))
}

/// A target that follows a list.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ListFollower)]
pub struct Following {
    target: i64,
    name: String,
    /// Blocks there that stand for the list, among others or alone.
    blocks: u64,
    /// Those that stand for no other.
    alone: u64,
}

/// The targets that follow a list, and what stands there for it
#[utoipa::path(get, path = "/api/v1/lists/{list}/followers", tag = "lists",
    params(("list" = String, Path, description = "Its name"), Part),
    responses((status = 200, body = Page<Following>)))]
pub async fn followers(
    caller: Caller,
    At(name): At<String>,
    Asked(part): Asked<Part>,
) -> Reply<Json<Page<Following>>> {
    let span = part.span()?;
    let name = match bundled::find(&name) {
        Some(list) => list.name.to_owned(),
        None => followed(&caller.app.store().await?, &name).await?.name,
    };
    let found = following(&caller.app, &name).await?;
    let shown = |Follower { target, blocks, alone }: Follower| Following {
        target: target.id,
        name: target.name,
        blocks: blocks as u64,
        alone: alone as u64,
    };
    Ok(Json(span.page(found.into_iter(), shown)))
}
