//! What is done about one list: asked for again, decided about, let go.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::{Head, Which, address, own};
use crate::app::App;
use crate::follow::Outcome;
use crate::store::{FollowedList, Others, SnapshotId, TargetRow};
use crate::verb::lists::stop::{self, Follower, StopError, followers};
use crate::verb::lists::versions;
use crate::web::fault::{Answer, Fault};
use crate::web::input::{Form, Path};
use crate::web::limits::Address;
use crate::web::page;
use crate::web::patience::{PATIENCE, patiently};
use crate::web::site::Site;
use crate::web::visitor::Person;

pub(super) fn back(list: &FollowedList) -> Response {
    Redirect::to(&address(&list.name)).into_response()
}

/// Asks for the list again. What came of it stands on its page.
pub async fn update(
    State(site): State<Site>,
    person: Person,
    from: Address,
    Path(name): Path<String>,
) -> Answer {
    site.limits().fetch(from)?;
    let list = own(&person, &name).await?;
    fetch_again(&person.app, &list).await?;
    Ok(back(&list))
}

/// Asks the publisher of a list for what is new.
pub async fn fetch_again(app: &App, list: &FollowedList) -> Result<Outcome, Fault> {
    let (lists, asked) = (app.lists().await?, list.clone());
    let done = patiently(async move { lists.update(&asked).await }).await?;
    let in_time = done.ok_or_else(|| {
        Fault::told(
            StatusCode::GATEWAY_TIMEOUT,
            "The list did not come in time",
            format!(
                "Its server did not answer within {} seconds. Nothing was changed, and the version \
                 that is in force stays. Try again later.",
                PATIENCE.as_secs()
            ),
        )
    })?;
    Ok(in_time?)
}

#[derive(Deserialize)]
pub struct Decided {
    /// The version that the person has looked at.
    version: SnapshotId,
    word: String,
}

/// Lets the held version come into force, or turns it down.
pub async fn decide(
    person: Person,
    Path(name): Path<String>,
    Form(decided): Form<Decided>,
) -> Answer {
    let list = own(&person, &name).await?;
    let accept = match decided.word.as_str() {
        "accept" => true,
        "reject" => false,
        _ => return Ok(page::garbled()),
    };
    let lists = person.app.lists().await?;
    versions::decide(&person.app, &lists, &list, Some(decided.version), accept).await?;
    Ok(back(&list))
}

#[derive(Template)]
#[template(path = "lists/stop.html")]
pub(super) struct Sure {
    pub head: Head,
    pub versions: usize,
    pub followers: Vec<Follower>,
    /// Blocks that stand for the list alone, on all of them.
    pub alone: usize,
    /// Those of other people.
    pub others: Others,
}

/// Asks whether the list is to be let go, and says what that means.
pub async fn sure(person: Person, Path(name): Path<String>) -> Answer {
    let list = own(&person, &name).await?;
    let store = person.app.store().await?;
    let versions = store.snapshots(list.id).await?.len();
    let others = store.others_that_follow(&list.name).await?;
    let followers = followers(&person.app, &list.name).await?;
    let head = Head::of(&Which::Followed(Box::new(list)), "/stop");
    let alone = followers.iter().map(|follower| follower.alone).sum();
    Ok(page::html(StatusCode::OK, &Sure { head, versions, followers, alone, others }))
}

/// What is to become of blocks, and of which targets a page has told.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Stopped {
    target: Vec<i64>,
    /// How many of other people's it was.
    others: usize,
    keep: String,
}

/// Stops following the list, once the targets that the person was told of have let it go.
pub async fn stop(
    State(site): State<Site>,
    person: Person,
    Path(name): Path<String>,
    Form(stopped): Form<Stopped>,
) -> Answer {
    let list = own(&person, &name).await?;
    let mut targets: Vec<TargetRow> = Vec::new();
    for follower in followers(&person.app, &list.name).await? {
        if stopped.target.contains(&follower.target.id) {
            targets.push(follower.target);
        }
    }
    let keep = match stopped.keep.as_str() {
        "yes" => true,
        "no" => false,
        _ if targets.is_empty() => true,
        _ => return Err(Fault::input("It was not said what becomes of the list\u{2019}s blocks.")),
    };
    let done =
        stop::stop_everywhere_knowing(&person.app, &list, &targets, keep, stopped.others).await;
    match done {
        Ok(()) => {
            for target in &targets {
                site.desk().plan_again(&person.app, target).await?;
            }
            Ok(Redirect::to("/lists").into_response())
        }
        Err(error) if error.is::<StopError>() => Err(Fault::conflict(format!(
            "A target follows {} meanwhile, and could not be kept in step without it. Nothing was \
             changed.",
            list.name
        ))),
        Err(error) => Err(error.into()),
    }
}
