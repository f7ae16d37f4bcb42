//! Following a list, letting it go, and what it would do.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::super::auth::{Caller, Writer};
use super::super::input::{Asked, At, Body};
use super::super::problem::{Problem, Reply};
use super::super::proposals::known_lists;
use super::{List, followed};
use crate::follow::{FollowError, Settings};
use crate::list::{Format, catalogue};
use crate::plan::Summary;
use crate::source::Source;
use crate::store::{HOUSE, StoreError};
use crate::text::plain;
use crate::verb::lists::add::{self, AddError};
use crate::verb::lists::stop::{StopError, followers, stop};
use crate::verb::lists::would;
use crate::web::limits::Address;
use crate::web::site::Site;
use crate::web::words;

/// Lists that one person may follow on a server that many share.
const MOST_LISTS: usize = 100;

/// A list to follow.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewList)]
pub struct New {
    /// A name from the catalogue, an address, `instance:HOST`, or `fires:URL`.
    #[schema(min_length = 1, max_length = 2000, example = "garden-fence")]
    list: String,
    /// What to call it.
    #[schema(max_length = 60)]
    name: Option<String>,
    /// What it is to be read as, whatever it looks like, such as `plain-text`.
    format: Option<String>,
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
        AddError::Source(error) => Problem::from(error),
        AddError::Follow(FollowError::Store(StoreError::Taken(name))) => {
            Problem::conflict(format!("There is already a list with the name {name}."))
        }
        AddError::Follow(error) => Problem::from(error),
        AddError::Store(error) => Problem::from(error),
        told => Problem::input(words::sentence(&words::told(&told.to_string()))),
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
    let app = &caller.app;
    let looked = add::look(new.list.trim()).map_err(refused)?;
    looked.advised(new.anyway).map_err(refused)?;
    let notices = looked.notices();
    if !(notices.is_empty() || new.agree || new.anyway) {
        let says = format!("Read this, and say `agree`: {}", plain(&notices.join(" ")));
        return Err(Problem::conflict(says));
    }
    let format = new.format.as_deref().map(|word| {
        let known = Format::ALL.iter().find(|format| format.word() == word);
        known.copied().ok_or_else(|| Problem::input("format: it is not known"))
    });
    let settings = Settings { format: format.transpose()?, ..Settings::default() };
    if let Some(listing) = catalogue::by_retractions(&looked.address) {
        return Err(Problem::conflict(format!(
            "These are the servers that {} has taken back; they are no list to block from.",
            listing.title
        )));
    }
    let source = Source::parse_remote(&looked.address)?;
    let named = looked.named(new.name.as_deref(), source).map_err(refused)?;
    let lists = app.lists().await?;
    if app.owner() != HOUSE && lists.store.lists().await?.len() >= MOST_LISTS {
        return Err(Problem::conflict(format!("You follow {MOST_LISTS} lists already.")));
    }
    let mut settings = settings;
    if let Some(signature) = looked.signature() {
        let signed = add::signed(&lists, &signature.address, &signature.public_key).await;
        settings.signed = Some(signed.map_err(refused)?);
    }
    add::follow(app, &lists, &named, &settings).await.map_err(refused)?;
    let list = followed(&lists.store, &named.name).await?;
    let list = List::followed(&lists.store, list, app.clock.now()).await?;
    Ok((StatusCode::CREATED, Json(list)))
}

/// Stop following a list
///
/// Its versions are forgotten; blocks that it brought stay. 409 while a target follows it.
#[utoipa::path(delete, path = "/api/v1/lists/{list}", tag = "lists",
    params(("list" = String, Path, description = "Its name")), responses((status = 204)))]
pub async fn leave(Writer(caller): Writer, At(name): At<String>) -> Reply<StatusCode> {
    let list = followed(&caller.app.store().await?, &name).await?;
    let following = followers(&caller.app, &list.name).await?;
    if !following.is_empty() {
        let names: Vec<String> = following.into_iter().map(|f| f.target.name).collect();
        let says = format!("Targets follow it: {}. Have them let go first.", names.join(", "));
        return Err(Problem::conflict(plain(&says)));
    }
    stop(&caller.app, &list).await.map_err(|error| match error.downcast_ref::<StopError>() {
        Some(_) => Problem::conflict("A target follows it. Have it let go first."),
        None => Problem::from(error),
    })?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct On {
    /// The target's number.
    #[param(minimum = 1)]
    target: i64,
}

/// What a list would do.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Would {
    sentence: String,
    summary: Summary,
    notices: Vec<String>,
}

/// What a list would do to a target
///
/// By what the target was last seen to hold: nobody is asked, so nothing is said of follows.
#[utoipa::path(get, path = "/api/v1/lists/{list}/would", tag = "lists",
    params(("list" = String, Path, description = "Its name"), On),
    responses((status = 200, body = Would)))]
pub async fn what_if(
    State(site): State<Site>,
    caller: Caller,
    At(name): At<String>,
    Asked(On { target }): Asked<On>,
) -> Reply<Json<Would>> {
    let row = caller.target(target).await?;
    let store = caller.app.store().await?;
    known_lists(&store, "list", std::slice::from_ref(&name)).await?;
    let Some(seen) = site.desk().reading(&caller.app, &row).await? else {
        return Err(Problem::conflict("This target was not read yet; read it first."));
    };
    let plan = would::would(&caller.app, &row, seen, &name).await?;
    Ok(Json(Would {
        sentence: plan.sentence(),
        summary: plan.summary,
        notices: plan.notices.iter().filter_map(|notice| words::notice(notice)).collect(),
    }))
}
