//! A plan that waits for a person: what they wish, and what it comes to.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::memory::{Memory, Remembering};
use super::outline::Outline;
use crate::app::App;
use crate::domain::Domain;
use crate::keep::{self, Intent};
use crate::plan::Plan;
use crate::store::{ProposalId, Proposed, RunId, Store, StoreError};
use crate::target::Target;
use crate::verb::{restore, undo};
use std::sync::OnceLock;

/// How long it counts whom the server said that a plan would cut. After that people may have
/// followed others.
const COUNTS: TimeDelta = TimeDelta::minutes(15);

/// What a plan is to bring about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Wish {
    /// What lists ask for: those that the target follows, or some for this once.
    Lists(Box<Intent>),
    /// A backup, by its number, but for domains that are left as they are.
    Restore {
        backup: i64,
        #[serde(default)]
        aside: Vec<Domain>,
    },
    /// A run taken back, or what it did to some domains.
    Undo {
        run: RunId,
        #[serde(default)]
        only: Vec<Domain>,
    },
}

impl Wish {
    /// The lists that the target follows.
    pub fn following() -> Wish {
        Wish::Lists(Box::default())
    }

    /// The intent that a person's word on rows can be added to.
    pub fn intent(&self) -> Option<&Intent> {
        match self {
            Wish::Lists(intent) => Some(intent),
            Wish::Restore { .. } | Wish::Undo { .. } => None,
        }
    }

    /// Makes the plan. Reads and writes nothing but what planning does, and from memory it
    /// writes nothing.
    async fn plan(&self, app: &App, target: &dyn Target, again: bool) -> anyhow::Result<Plan> {
        Ok(match self {
            // The lists as they were a moment ago, so that only the wish makes a difference.
            Wish::Lists(intent) if again => {
                let intent = Intent { offline: true, ..(**intent).clone() };
                keep::plan_again(app, target, &intent).await?
            }
            Wish::Lists(intent) => keep::plan(app, target, intent).await?,
            Wish::Restore { backup, aside } => {
                let (_, backup) = restore::backup(&app.store().await?, *backup).await?;
                let aside = aside.iter().cloned().collect();
                restore::plan(app, target, &backup, &aside).await?
            }
            Wish::Undo { run, only } => {
                let (run, was) = undo::run_to_undo(app, *run).await?;
                undo::plan_on(app, target, &run, &was, only).await?.0
            }
        })
    }
}

/// A plan that waits, with all that is needed to make it again for another wish.
#[derive(Debug)]
pub struct Proposal {
    pub id: ProposalId,
    pub target: String,
    pub wish: Wish,
    /// Grows with every change.
    pub revision: i64,
    pub plan: Plan,
    pub created_at: DateTime<Utc>,
    /// The run that has it by now, or is about to.
    pub taken: Option<Taken>,
    memory: Memory,
    outline: OnceLock<Outline>,
}

/// A proposal that a run has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The run is about to begin.
    Soon,
    By(RunId),
}

#[derive(Serialize, Deserialize)]
struct Kept {
    plan: Plan,
    memory: Memory,
}

impl Kept {
    async fn make(
        wish: &Wish,
        app: &App,
        live: &dyn Target,
        memory: Memory,
    ) -> anyhow::Result<Kept> {
        let again = memory.is_any();
        let target = Remembering::new(live, memory);
        let plan = wish.plan(app, &target, again).await?;
        Ok(Kept { plan, memory: target.memory() })
    }

    /// Plain data under plain names has nothing that could fail.
    fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl Proposal {
    /// Plans what `wish` says on a target and keeps it, in place of what waited there before.
    pub(super) async fn make(app: &App, live: &dyn Target, wish: Wish) -> anyhow::Result<Proposal> {
        let (store, now) = (app.store().await?, app.clock.now());
        let kept = Kept::make(&wish, app, live, Memory::default()).await?;
        let identity = live.identity();
        store.save_reading(&identity.name, &keep::whose(identity), &kept.plan.state).await?;
        let text = serde_json::to_string(&wish).unwrap_or_default();
        let id = store.propose(&identity.name, &text, &kept.to_json(), now).await?;
        let Kept { plan, memory } = kept;
        let (target, created_at) = (identity.name.clone(), now);
        let outline = OnceLock::new();
        let taken = None;
        Ok(Proposal { id, target, wish, revision: 1, plan, created_at, taken, memory, outline })
    }

    /// One with this plan, to show.
    #[cfg(test)]
    pub(crate) fn sample(wish: Wish, plan: Plan) -> Proposal {
        let (target, created_at) = (plan.target.name.clone(), plan.created_at);
        let (memory, outline, taken) = (Memory::default(), OnceLock::new(), None);
        Proposal { id: 7, target, wish, revision: 2, plan, created_at, taken, memory, outline }
    }

    /// Whether the last run on the target, told by when it began and ended, has worked on it
    /// since it was read for this plan.
    pub fn is_older_than(&self, last: Option<(DateTime<Utc>, Option<DateTime<Utc>>)>) -> bool {
        let read_at = self.plan.state.taken_at;
        last.is_some_and(|(_, ended)| ended.is_none_or(|ended| ended > read_at))
    }

    /// The rows of the plan in the order of their consequence; worked out once.
    pub fn outline(&self) -> &Outline {
        self.outline.get_or_init(|| Outline::of(&self.plan, &self.wish))
    }

    /// The same for another wish, from what is known. Nothing where somebody was faster.
    pub(super) async fn revise(
        &self,
        app: &App,
        live: &dyn Target,
        wish: Wish,
    ) -> anyhow::Result<Option<Proposal>> {
        let kept = self.again(app, live, &wish).await?;
        self.keep(app, wish, kept).await
    }

    /// Puts what it comes to now in the place of the plan, if that is something else than
    /// somebody has seen: a person may have decided something elsewhere meanwhile, or follow
    /// others than they did.
    pub(super) async fn refresh(
        &self,
        app: &App,
        live: &dyn Target,
    ) -> anyhow::Result<Option<Proposal>> {
        let memory = self.memory.with(self.plan.state.clone());
        let old = self.plan.state.taken_at + COUNTS < app.clock.now();
        let memory = if old { memory.without_impact() } else { memory };
        let kept = Kept::make(&self.wish, app, live, memory).await?;
        if kept.plan.checksum == self.plan.checksum && cuts_alike(&kept.plan, &self.plan) {
            return Ok(None);
        }
        self.keep(app, self.wish.clone(), kept).await
    }

    async fn again(&self, app: &App, live: &dyn Target, wish: &Wish) -> anyhow::Result<Kept> {
        let memory = self.memory.with(self.plan.state.clone());
        Kept::make(wish, app, live, memory).await
    }

    async fn keep(&self, app: &App, wish: Wish, kept: Kept) -> anyhow::Result<Option<Proposal>> {
        let text = serde_json::to_string(&wish).unwrap_or_default();
        let store = app.store().await?;
        if !store.revise(self.id, self.revision, &text, &kept.to_json()).await? {
            return Ok(None);
        }
        let Kept { plan, memory } = kept;
        let revision = self.revision + 1;
        Ok(Some(Proposal {
            id: self.id,
            target: self.target.clone(),
            created_at: self.created_at,
            taken: None,
            outline: OnceLock::new(),
            wish,
            revision,
            plan,
            memory,
        }))
    }

    /// A proposal as the store has it, whole unless a run has its plan. The second is what is
    /// left of it then.
    pub(super) async fn read(
        store: &Store,
        id: ProposalId,
    ) -> Result<Option<Result<Proposal, Taken>>, StoreError> {
        let Some(found) = store.proposal(id).await? else { return Ok(None) };
        let Proposed { target, wish, revision, plan, created_at, taken_at, run, .. } = found;
        let taken = match (run, taken_at) {
            (Some(run), _) => return Ok(Some(Err(Taken::By(run)))),
            (None, Some(_)) => Some(Taken::Soon),
            (None, None) => None,
        };
        let damaged = |column: &str| StoreError::Damaged {
            table: "proposal",
            column: column.to_owned(),
            id: id.to_string(),
        };
        let wish = serde_json::from_str(&wish).map_err(|_| damaged("wish"))?;
        let kept = serde_json::from_slice(&plan).map_err(|_| damaged("packed"))?;
        let Kept { plan, memory } = kept;
        let outline = OnceLock::new();
        let read =
            Proposal { id, target, wish, revision, plan, created_at, taken, memory, outline };
        Ok(Some(Ok(read)))
    }
}

/// Whether both plans cut the same people, as far as anybody knows.
fn cuts_alike(a: &Plan, b: &Plan) -> bool {
    a.cuts() == b.cuts() && a.impact.unknown == b.impact.unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_of_older_versions_are_read() {
        let read = |text: &str| serde_json::from_str::<Wish>(text).unwrap();
        let restore = read(r#"{"what":"restore","backup":3}"#);
        assert_eq!(restore, Wish::Restore { backup: 3, aside: Vec::new() });
        let aside = vec![Domain::from_stored("a.example").unwrap()];
        let now = Wish::Restore { backup: 3, aside };
        assert_eq!(read(&serde_json::to_string(&now).unwrap()), now);
        assert_eq!(read(r#"{"what":"undo","run":2}"#), Wish::Undo { run: 2, only: Vec::new() });
    }
}
