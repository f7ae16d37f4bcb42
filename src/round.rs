//! One target's turn in the nightly round, with nobody watching.
//!
//! The lists are fetched once for all targets. Then each target is locked, a round that was
//! interrupted is given up, the rest is planned as if nobody looked, carried out, and told in
//! one line. A target that fails does not keep the others from their turn.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::app::{App, FileHints};
use crate::apply::{ApplyError, Engine, Outcome, Progress, Report, plan_of};
use crate::block::hex;
use crate::follow;
use crate::keep::{self, Intent};
use crate::plan::{Hold, Plan, Summary};
use crate::stop::Stop;
use crate::store::{EventFilter, EventKind, NewEvent, RunId, Store};
use crate::text::count;

/// Who acts where nobody does.
pub const ACTOR: &str = "sync";

/// What fetching a list came to.
#[derive(Debug, Serialize)]
pub struct ListTurn {
    pub name: String,
    #[serde(flatten)]
    pub outcome: follow::Outcome,
    /// It was so the last time too.
    pub known: bool,
}

impl ListTurn {
    pub fn is_news(&self) -> bool {
        let changed =
            !matches!(self.outcome, follow::Outcome::Unchanged | follow::Outcome::Rejected { .. });
        changed && !self.known
    }
}

impl fmt::Display for ListTurn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.outcome {
            follow::Outcome::Unchanged => write!(f, "{name}: unchanged"),
            follow::Outcome::Rejected { .. } => {
                write!(f, "{name}: the newest version was rejected")
            }
            follow::Outcome::Changed { added, removed, regraded, .. } => {
                write!(f, "{name}: changed (+{added}, -{removed}, {regraded} regraded)")
            }
            follow::Outcome::Held { concerns, .. } => write!(
                f,
                "{name}: its newest version is held: {}; decide with `hedgerow lists diff {name}`",
                follow::joined(concerns)
            ),
            follow::Outcome::Failed { says, .. } => {
                write!(f, "{name}: could not be fetched ({says}); the last good copy is used")
            }
        }
    }
}

/// How a target's turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TurnKind {
    InStep,
    /// Something waits for a person.
    Review,
    /// A guard or a held list has held something, or another run was at work.
    Held,
    Failed,
}

/// What became of one target.
#[derive(Debug, Serialize)]
pub struct Turn {
    pub target: String,
    pub kind: TurnKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
    /// What waits and why, by the reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub held: BTreeMap<String, usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// The same waits since the last time.
    pub known: bool,
}

impl Turn {
    fn new(target: &str, kind: TurnKind) -> Turn {
        Turn {
            target: target.to_owned(),
            kind,
            summary: None,
            report: None,
            held: BTreeMap::new(),
            notices: Vec::new(),
            says: None,
            known: false,
        }
    }

    pub fn is_news(&self) -> bool {
        let done = self.report.is_some() || self.says.is_some();
        done || (self.kind != TurnKind::InStep && !self.known)
    }
}

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Turn { target, summary, report, held, says, .. } = self;
        let mut parts = Vec::new();
        if let (Some(report), Some(summary)) = (report, summary) {
            let Summary { add, raise, lower, remove, update, .. } = *summary;
            let mut done = vec![format!("blocked {add}"), format!("raised {raise}")];
            if update > raise + lower {
                done.push(format!("edited {}", update - raise - lower));
            }
            done.extend([format!("lowered {lower}"), format!("lifted {remove}")]);
            let how = match &report.outcome {
                Outcome::Verified if report.failed.is_empty() => "verified".to_owned(),
                Outcome::Verified => format!("{} refused", report.failed.len()),
                Outcome::Differs { differences } => {
                    format!("NOT as planned in {}", count(differences.len(), "domain"))
                }
                Outcome::Stopped { why } => format!("STOPPED: {why}"),
            };
            parts.push(format!("run {}: {}; {how}", report.run, done.join(", ")));
        }
        if !held.is_empty() {
            let reasons: Vec<String> =
                held.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
            parts.push(format!("waiting: {} (hedgerow plan {target})", reasons.join(", ")));
        }
        parts.extend(says.clone());
        if parts.is_empty() {
            parts.push("in step".to_owned());
        }
        write!(f, "{target}: {}", parts.join("; "))
    }
}

/// Fetches every list that these targets follow, once.
pub async fn update_lists(app: &App, targets: &[String], offline: bool) -> Result<Vec<ListTurn>> {
    let lists = app.lists().await?;
    let mut names = BTreeSet::new();
    for target in targets {
        names.extend(lists.store.subscriptions(target).await?.into_iter().map(|row| row.list));
    }
    let mut turns = Vec::new();
    let (mut followed, now) = (Vec::new(), app.clock.now());
    for name in names.iter().filter(|_| !offline) {
        // The others come with Hedgerow, and are as new as it is.
        followed.extend(lists.store.list(name).await?);
    }
    let updates = followed.iter().map(|list| lists.update(list));
    let outcomes = futures_util::future::join_all(updates).await;
    for (list, outcome) in followed.iter().zip(outcomes) {
        let outcome = outcome?;
        let known = match &outcome {
            follow::Outcome::Held { since, .. } => *since < now,
            follow::Outcome::Failed { failures, .. } => *failures > 1,
            _ => false,
        };
        turns.push(ListTurn { name: list.name.clone(), outcome, known });
    }
    Ok(turns)
}

/// Brings one target into step. What goes wrong is the turn's outcome.
pub async fn turn(app: &App, name: &str, stop: &Stop, progress: Arc<dyn Progress>) -> Turn {
    match try_turn(app, name, stop, progress).await {
        Ok(turn) => turn,
        Err(error) => {
            let kind = match error.downcast_ref::<ApplyError>() {
                Some(ApplyError::Busy | ApplyError::Stale(_)) => TurnKind::Held,
                _ => TurnKind::Failed,
            };
            let says = error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ");
            Turn { says: Some(says), ..Turn::new(name, kind) }
        }
    }
}

async fn try_turn(app: &App, name: &str, stop: &Stop, progress: Arc<dyn Progress>) -> Result<Turn> {
    let store = app.store().await?;
    let patience: Arc<dyn crate::mastodon::client::Patience> = progress.clone();
    let opened = app.open(name, &FileHints::default(), stop, patience).await?;
    let engine = app.engine(&store, opened.target(), stop, progress.as_ref());
    let engine = Engine { actor: ACTOR, ..engine };
    let lock = engine.lock().await?;
    let given_up = give_up_interrupted(&store, &engine, name).await?;
    let intent = Intent { unattended: true, offline: true, ..Intent::default() };
    let plan = keep::plan(app, opened.target(), &intent).await?;
    let mut turn = Turn::new(name, kind_of(&plan));
    turn.says = given_up.map(|run| format!("run {run} was interrupted, and the rest planned anew"));
    turn.held = reasons(&plan);
    turn.notices.clone_from(&plan.notices);
    turn.summary = Some(plan.summary);
    if plan.is_empty() {
        let whose = keep::whose(opened.target().identity());
        store.save_reading(name, &whose, &plan.state).await?;
    } else {
        let report = engine.apply_locked(&lock, &plan).await?;
        if !report.is_verified() {
            turn.kind = TurnKind::Failed;
        }
        turn.report = Some(report);
    }
    turn.known = remember(app, &store, &plan, name).await?;
    Ok(turn)
}

/// Gives an interrupted round up as far as it got. What it had still to do is planned anew:
/// an exception may have come since, or a list have changed its mind. What a person had
/// begun is theirs to go on with.
async fn give_up_interrupted(
    store: &Store,
    engine: &Engine<'_>,
    name: &str,
) -> Result<Option<RunId>> {
    let Some(run) = store.unfinished_run(name).await? else { return Ok(None) };
    if run.actor != ACTOR {
        return Err(ApplyError::Unfinished(run.id).into());
    }
    let plan = plan_of(store, run.id)
        .await?
        .with_context(|| format!("run {} cannot be given up", run.id))?;
    let ours = keep::whose(engine.target.identity()) == keep::whose(&plan.target);
    let found = if ours { Some(engine.target.read().await?) } else { None };
    Engine::abandon(store, &run, &plan, found.as_ref(), ACTOR, engine.clock).await?;
    Ok(Some(run.id))
}

fn kind_of(plan: &Plan) -> TurnKind {
    let guarded = |hold: &Hold| matches!(hold, Hold::Guard { .. });
    if plan.held.iter().any(|held| held.why.iter().any(guarded)) {
        TurnKind::Held
    } else if plan.held.is_empty() {
        TurnKind::InStep
    } else {
        TurnKind::Review
    }
}

/// Why rows wait, and how many. A row counts once: for a guard if one holds it, which a
/// review alone does not settle.
fn reasons(plan: &Plan) -> BTreeMap<String, usize> {
    let mut reasons = BTreeMap::new();
    for held in &plan.held {
        let guard = held.why.iter().find(|hold| matches!(hold, Hold::Guard { .. }));
        let reason = match guard.or(held.why.first()) {
            Some(Hold::Guard { guard, .. }) => format!("held by {guard}"),
            Some(Hold::Retraction { .. }) => "taken back by lists".to_owned(),
            Some(Hold::Decided) => "turned down before".to_owned(),
            Some(Hold::Aside) => "left out".to_owned(),
            Some(Hold::Waits { .. } | Hold::WaitsBelow { .. }) => "behind others".to_owned(),
            Some(Hold::Review { .. }) | None => "for review".to_owned(),
        };
        *reasons.entry(reason).or_default() += 1;
    }
    reasons
}

/// Notes what waits, and says whether just that waited the last time.
async fn remember(app: &App, store: &Store, plan: &Plan, name: &str) -> Result<bool> {
    let mut hash = Sha256::new();
    for held in &plan.held {
        hash.update(json!([held.row.name(), held.why]).to_string());
    }
    let waits = hex(&hash.finalize());
    let last = EventFilter {
        target: Some(name),
        kind: Some(EventKind::Waiting),
        newest_first: true,
        limit: Some(1),
        ..EventFilter::default()
    };
    let last = store.events(&last).await?;
    let known = last.first().map_or(plan.held.is_empty(), |event| event.detail["waits"] == waits);
    if !known {
        let detail = json!({ "waits": waits, "rows": plan.held.len() });
        let event = NewEvent::new(app.clock.now(), ACTOR, EventKind::Waiting).target(name);
        store.log(&[event.detail(detail)]).await?;
    }
    Ok(known)
}
