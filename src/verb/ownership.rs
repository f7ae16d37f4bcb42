//! Whose a block is, changed on purpose.

use std::collections::BTreeMap;

use anyhow::Result;
use compact_str::CompactString;

use crate::app::App;
use crate::block::State;
use crate::domain::Domain;
use crate::keep;
use crate::ledger::{Delta, Holding};
use crate::store::{EventKind, NewEvent, TargetRow};

#[derive(Debug, thiserror::Error)]
pub enum OwnershipError {
    #[error(
        "{domain} is no block of your own that a list of {target} asks for; `hedgerow adopt \
         {target}` shows those that are"
    )]
    NotAsked { domain: Domain, target: String },
    #[error(
        "No list is followed here, so there is none that could have a block. Follow one first."
    )]
    FollowsNothing,
    #[error("Nobody has looked yet what is blocked there. Read the blocks first.")]
    NotRead,
    #[error("Hedgerow has not put a block of {name} on {target}; it is not touched")]
    NotHedgerows { name: String, target: String },
}

/// Which blocks.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    All,
    These(&'a [Domain]),
}

/// Lets lists have blocks that were a person's own. `yours` is what [`keep::adoptable`] found.
pub async fn adopt(
    app: &App,
    target: &str,
    mut yours: BTreeMap<CompactString, Holding>,
    which: Which<'_>,
) -> Result<Vec<String>> {
    if let Which::These(domains) = which {
        if let Some(domain) = domains.iter().find(|domain| !yours.contains_key(domain.as_str())) {
            let (domain, target) = (domain.clone(), target.to_owned());
            return Err(OwnershipError::NotAsked { domain, target }.into());
        }
        yours.retain(|name, _| domains.iter().any(|domain| domain.as_str() == name));
    }
    let names: Vec<String> = yours.keys().map(ToString::to_string).collect();
    let events = events(app, target, &names, EventKind::Adopted);
    let mut delta = Delta::default();
    delta.holdings.extend(yours.into_iter().map(|(name, holding)| (name, Some(holding))));
    app.store().await?.take(target, &delta, &events).await?;
    Ok(names)
}

/// Lets lists have blocks that were a person's own, of those that a target was last `seen` to
/// hold: nobody is asked, and the lists are heard as they spoke last.
pub async fn adopt_seen(
    app: &App,
    target: &TargetRow,
    seen: Option<&State>,
    which: Which<'_>,
) -> Result<Vec<String>> {
    if app.store().await?.subscriptions(&target.name).await?.is_empty() {
        return Err(OwnershipError::FollowsNothing.into());
    }
    let seen = seen.ok_or(OwnershipError::NotRead)?;
    let yours = keep::adoptable_in(app, &app.identity(target)?, seen, true).await?;
    adopt(app, &target.name, yours, which).await
}

/// Makes blocks a person's own that Hedgerow had put there.
pub async fn release(app: &App, target: &TargetRow, which: Which<'_>) -> Result<Vec<String>> {
    let (store, now) = (app.store().await?, app.clock.now());
    let whose = keep::whose(&app.identity(target)?);
    let ledger = store.ledger(&target.name, &whose, now).await?;
    let names: Vec<String> = match which {
        Which::All => {
            let owned = ledger.holdings.keys().filter(|name| ledger.owned(name).is_some());
            owned.map(ToString::to_string).collect()
        }
        Which::These(domains) => domains.iter().map(ToString::to_string).collect(),
    };
    if let Some(name) = names.iter().find(|name| ledger.owned(name).is_none()) {
        let (name, target) = (name.clone(), target.name.clone());
        return Err(OwnershipError::NotHedgerows { name, target }.into());
    }
    let events = events(app, &target.name, &names, EventKind::Released);
    let mut delta = Delta::default();
    let theirs = names.iter().map(|name| (name.into(), Some(Holding::of_a_person(now))));
    delta.holdings.extend(theirs);
    store.take(&target.name, &delta, &events).await?;
    Ok(names)
}

fn events(app: &App, target: &str, names: &[String], kind: EventKind) -> Vec<NewEvent> {
    let event = |name: &String| {
        NewEvent::new(app.clock.now(), app.actor(), kind).target(target).domain(name)
    };
    names.iter().map(event).collect()
}
