//! Letting a list go, and what that means for the targets that are kept in step with it.

use anyhow::Result;

use crate::app::App;
use crate::follow::FollowError;
use crate::keep;
use crate::ledger::{Holding, Owner};
use crate::store::{EventKind, FollowedList, NewEvent, TargetRow};
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
/// target follows it that is not among these, nothing is done at all.
pub async fn stop_everywhere(
    app: &App,
    list: &FollowedList,
    targets: &[TargetRow],
    keep: bool,
) -> Result<()> {
    let store = app.store().await?;
    let mut others = store.subscribers(&list.name).await?;
    others.retain(|name| !targets.iter().any(|target| target.name == *name));
    if !others.is_empty() {
        return Err(StopError::Followed { list: list.name.clone(), targets: others }.into());
    }
    for target in targets {
        unsubscribe(app, target, &list.name, keep).await?;
    }
    stop(app, list).await
}

/// Stops following a list, and forgets its versions. Blocks that it brought stay.
pub async fn stop(app: &App, list: &FollowedList) -> Result<()> {
    let store = app.store().await?;
    if list.is_shared_with(store.owner()) {
        return Err(FollowError::NotYours(list.name.clone()).into());
    }
    let targets = store.subscribers(&list.name).await?;
    if !targets.is_empty() {
        return Err(StopError::Followed { list: list.name.clone(), targets }.into());
    }
    store.delete_list(&list.name).await?;
    let event = NewEvent::new(app.clock.now(), app.actor(), EventKind::ListLeft);
    store.log(&[event.list(&list.name)]).await?;
    Ok(())
}
