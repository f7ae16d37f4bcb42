//! Letting a list go, and what that means for the targets that are kept in step with it.

use anyhow::Result;

use crate::app::App;
use crate::follow::FollowError;
use crate::keep;
use crate::ledger::{Holding, Owner};
use crate::store::{EventKind, FollowedList, NewEvent, Others, Store, TargetRow};
use crate::text::count;
use crate::verb::subscribe::unsubscribe;

#[derive(Debug, thiserror::Error)]
pub enum StopError {
    #[error(
        "{} follows {list}, and without it could not be kept in step. Have it let go first: \
         hedgerow unsubscribe {} {list}",
        .targets.join(", "),
        .targets.first().map_or("", String::as_str)
    )]
    Followed { list: String, targets: Vec<String> },
}

/// Other people's targets that follow a list of the house, which nobody but them can have let go.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{who} of this Hedgerow {follow} {list}, with {targets}. Nothing would be lifted there, but no \
     plan could be made until they let the list go. Nothing was done. To stop all the same: hedgerow \
     lists remove {list} --anyway",
    who = count(others.people, "other user"),
    follow = if others.people == 1 { "follows" } else { "follow" },
    targets = count(others.targets, "target")
)]
pub struct OthersFollow {
    pub list: String,
    pub others: Others,
}

/// A target that follows a list, and what stands there for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follower {
    pub target: TargetRow,
    /// Blocks that stand for the list, among others or alone.
    pub blocks: usize,
    /// Those that stand for no other.
    pub alone: usize,
}

/// The targets that follow a list.
pub async fn followers(app: &App, list: &str) -> Result<Vec<Follower>> {
    let store = app.store().await?;
    let mut found = Vec::new();
    for name in store.subscribers(list).await? {
        let Some(target) = store.target(&name).await? else { continue };
        let whose = keep::whose(&app.identity(&target)?);
        let ledger = store.ledger(&name, &whose, app.clock.now()).await?;
        let ours = |holding: &&Holding| {
            holding.owner == Owner::Hedgerow
                && holding.claims.iter().any(|claim| claim.list.as_str() == list)
        };
        let standing: Vec<&Holding> = ledger.holdings.values().filter(ours).collect();
        let alone = standing.iter().filter(|holding| holding.claims.len() == 1).count();
        found.push(Follower { target, blocks: standing.len(), alone });
    }
    Ok(found)
}

/// Has targets let go of a list, and then stops following it. With `keep` the blocks that stand
/// for it alone become the person's own, or else the next plan offers to lift them. Where a
/// target follows it that is not among these, or anybody else's, nothing is done at all.
pub async fn stop_everywhere(
    app: &App,
    list: &FollowedList,
    targets: &[TargetRow],
    keep: bool,
) -> Result<()> {
    stop_everywhere_knowing(app, list, targets, keep, 0).await
}

/// The same for whoever knows that so many targets of other people follow it too.
pub async fn stop_everywhere_knowing(
    app: &App,
    list: &FollowedList,
    targets: &[TargetRow],
    keep: bool,
    others: usize,
) -> Result<()> {
    let store = app.store().await?;
    unless_more_follow(&store, list, others).await?;
    let mut unnamed = store.subscribers(&list.name).await?;
    unnamed.retain(|name| !targets.iter().any(|target| target.name == *name));
    if !unnamed.is_empty() {
        return Err(StopError::Followed { list: list.name.clone(), targets: unnamed }.into());
    }
    for target in targets {
        unsubscribe(app, target, &list.name, keep).await?;
    }
    stop_knowing(app, list, others).await
}

async fn unless_more_follow(store: &Store, list: &FollowedList, known: usize) -> Result<()> {
    let others = store.others_that_follow(&list.name).await?;
    if others.targets > known {
        return Err(OthersFollow { list: list.name.clone(), others }.into());
    }
    Ok(())
}

/// Stops following a list, and forgets its versions. Blocks that it brought stay.
pub async fn stop(app: &App, list: &FollowedList) -> Result<()> {
    stop_knowing(app, list, 0).await
}

/// The same for whoever knows that so many targets of other people follow it.
pub async fn stop_knowing(app: &App, list: &FollowedList, others: usize) -> Result<()> {
    let store = app.store().await?;
    if list.is_shared_with(store.owner()) {
        return Err(FollowError::NotYours(list.name.clone()).into());
    }
    let targets = store.subscribers(&list.name).await?;
    if !targets.is_empty() {
        return Err(StopError::Followed { list: list.name.clone(), targets }.into());
    }
    unless_more_follow(&store, list, others).await?;
    store.delete_list(&list.name).await?;
    let event = NewEvent::new(app.clock.now(), app.actor(), EventKind::ListLeft);
    store.log(&[event.list(&list.name)]).await?;
    Ok(())
}
