//! A finished run, entered into the ledger of its target.

use crate::block::State;
use crate::clock::Clock;
use crate::domain::Domain;
use crate::keep::whose;
use crate::ledger::{Done, settle};
use crate::plan::{Cause, Change, Plan, PlanFileError};
use crate::store::{RunId, StepStatus, Store, StoreError};
use crate::target::{Kind, TargetRef};

/// The plan of a run, and inside of that why it cannot be read.
pub async fn plan_of(store: &Store, run: RunId) -> Result<Result<Plan, PlanFileError>, StoreError> {
    let text = store.plan(run).await?.unwrap_or_default();
    Ok(Plan::from_json(text.as_bytes()))
}

/// What a run has done of its plan, in the plan's order.
pub async fn done(store: &Store, run: RunId, plan: &Plan) -> Result<Vec<Change>, StoreError> {
    let all = plan.changes();
    let steps = store.steps(run).await?;
    let done = steps.iter().filter(|step| step.status == StepStatus::Done);
    Ok(done.filter_map(|step| all.get(usize::try_from(step.seq).ok()?).cloned()).collect())
}

/// Enters what a run did. It comes once for each run, at its end: when the target was read
/// again, or when the run is given up. A file is nobody's target and has no ledger.
pub async fn enter(
    store: &Store,
    run: RunId,
    plan: &Plan,
    found: Option<&State>,
    clock: &dyn Clock,
) -> Result<(), StoreError> {
    if plan.target.kind == Kind::Csv {
        return Ok(());
    }
    let (name, now) = (&plan.target.name, clock.now());
    if let Some(row) = store.target(name).await? {
        let is = TargetRef {
            level: row.level,
            address: row.base_url,
            account: row.account,
            ..plan.target.clone()
        };
        if whose(&is) != whose(&plan.target) {
            // Somebody else has the name now, and the ledger is about them.
            return Ok(());
        }
    }
    let changes = done(store, run, plan).await?;
    let ledger = store.ledger(name, &whose(&plan.target), now).await?;
    let subscriptions = store.subscriptions(name).await?;
    let follows = |list: &str| subscriptions.iter().any(|known| known.list == list);
    let delta = settle(&ledger, &Done { run, plan, changes: &changes, found, now }, follows);
    store.take(name, &delta, &[]).await?;
    let expired = plan.remove.iter().filter(|row| row.because == Some(Cause::Expired));
    for domain in expired.filter_map(|row| Domain::from_stored(&row.domain)) {
        if changes.iter().any(|change| change.name() == domain.as_str()) {
            store.delete_date(name, &domain).await?;
        }
    }
    Ok(())
}

/// A block that the plan lifts or weakens for lists and that has become a person's since: a
/// plan may lie in a file for days.
pub async fn released(
    store: &Store,
    plan: &Plan,
    clock: &dyn Clock,
) -> Result<Option<String>, StoreError> {
    let for_lists = |because: Option<&Cause>| {
        matches!(
            because,
            Some(Cause::Retracted { .. } | Cause::Unsubscribed { .. } | Cause::Disagree)
        )
    };
    let lifted = plan.remove.iter().filter(|row| for_lists(row.because.as_ref()));
    let lowered = plan.update.iter().filter(|row| for_lists(row.because.as_ref()));
    let mut names: Vec<&str> = lifted.map(|row| row.domain.as_str()).collect();
    names.extend(lowered.map(|row| row.domain.as_str()));
    if names.is_empty() {
        return Ok(None);
    }
    let ledger = store.ledger(&plan.target.name, &whose(&plan.target), clock.now()).await?;
    Ok(names.into_iter().find(|name| ledger.owned(name).is_none()).map(str::to_owned))
}
