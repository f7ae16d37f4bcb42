//! Which lists a target follows, and how.

use anyhow::Result;
use serde_json::json;

use crate::app::App;
use crate::keep;
use crate::ledger::{Delta, Holding, Ledger, Owner};
use crate::list::bundled;
use crate::policy::Terms;
use crate::store::{EventKind, NewEvent, TargetRow};
use crate::text::plain;

#[derive(Debug, thiserror::Error)]
pub enum SubscribeError {
    #[error(
        "A target follows lists that you follow, so that each version is kept and looked at. \
         Follow it first: hedgerow lists add {}",
        plain(.0)
    )]
    NotFollowed(String),
    #[error("{target} does not follow {list}. It follows {follows}.")]
    NotSubscribed { target: String, list: String, follows: String },
}

/// What became of a list that was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubscribed {
    pub list: String,
    /// Blocks that stand for this list and no other.
    pub alone: usize,
    /// They are a person's own now.
    pub kept: bool,
}

/// A list that a target can follow, by the name that it has there: one that comes with
/// Hedgerow, or one whose versions are kept.
pub async fn followable(app: &App, name: &str) -> Result<String> {
    if let Some(list) = bundled::find(name) {
        return Ok(list.name.to_owned());
    }
    let known = app.store().await?.list(&name.to_lowercase()).await?;
    Ok(known.ok_or_else(|| SubscribeError::NotFollowed(name.to_owned()))?.name)
}

/// Has a target follow a list, or changes the terms on which it does. `set` gets those that
/// hold now: the default ones for a list that is new, or where it begins `afresh`.
pub async fn subscribe(
    app: &App,
    target: &str,
    list: &str,
    afresh: bool,
    set: impl FnOnce(&mut Terms),
) -> Result<Terms> {
    let store = app.store().await?;
    let known = store.subscriptions(target).await?;
    let known = known.into_iter().find(|subscription| subscription.list == list);
    let before = known.map(|known| known.terms);
    let mut terms = before.clone().filter(|_| !afresh).unwrap_or_default();
    set(&mut terms);
    if before.as_ref() != Some(&terms) {
        let now = app.clock.now();
        store.save_subscription(target, list, &terms, now).await?;
        let event = NewEvent::new(now, app.actor(), EventKind::Subscribed);
        let event = event.target(target).list(list).detail(json!({ "terms": terms }));
        store.log(&[event]).await?;
    }
    Ok(terms)
}

/// The names of the blocks that stand for this list and no other.
pub fn alone<'a>(ledger: &'a Ledger, list: &str) -> impl Iterator<Item = &'a str> {
    let stands = move |holding: &Holding| {
        holding.owner == Owner::Hedgerow
            && holding.claims.iter().all(|claim| claim.list.as_str() == list)
    };
    let held = ledger.holdings.iter().filter(move |(_, holding)| stands(holding));
    held.map(|(name, _)| name.as_str())
}

/// Has a target follow a list no longer. With `keep` the blocks that stand for it alone
/// become the person's own, or else the next plan offers to lift them.
pub async fn unsubscribe(
    app: &App,
    target: &TargetRow,
    list: &str,
    keep: bool,
) -> Result<Unsubscribed> {
    let (store, list, now) = (app.store().await?, list.to_lowercase(), app.clock.now());
    let whose = keep::whose(&app.identity(target)?);
    let ledger = store.ledger(&target.name, &whose, now).await?;
    if !store.delete_subscription(&target.name, &list).await? {
        let follows = store.subscriptions(&target.name).await?;
        let follows: Vec<String> = follows.into_iter().map(|known| known.list).collect();
        let follows = if follows.is_empty() { "no list".to_owned() } else { follows.join(", ") };
        let target = target.name.clone();
        return Err(SubscribeError::NotSubscribed { target, list, follows }.into());
    }
    let mut delta = Delta::default();
    let alone = alone(&ledger, &list);
    let theirs = alone.map(|name| (name.into(), Some(Holding::of_a_person(now))));
    delta.holdings.extend(theirs);
    let alone = delta.holdings.len();
    if !keep {
        delta = Delta::default();
    }
    let event = NewEvent::new(now, app.actor(), EventKind::Unsubscribed);
    let event = event.target(&target.name).list(&list).detail(json!({ "kept": keep }));
    store.take(&target.name, &delta, &[event]).await?;
    Ok(Unsubscribed { list, alone, kept: keep })
}
