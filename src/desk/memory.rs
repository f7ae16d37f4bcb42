//! What was found out about a target while a plan was made, so that the plan can be made
//! again for another wish without asking the server again.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::block::State;
use crate::domain::Domain;
use crate::impact::Impact;
use crate::plan::Change;
use crate::target::{Capabilities, Target, TargetError, TargetRef, Written};

/// What a target answered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Kept with the plan and not here.
    #[serde(skip)]
    state: Option<State>,
    impact: Impact,
    /// The domains whose impact was asked for.
    asked: BTreeSet<Domain>,
    below: Vec<Domain>,
    /// The domains below which hosts were asked for.
    asked_below: BTreeSet<Domain>,
}

/// A target that answers from memory what it can, and asks the real one for the rest.
pub struct Remembering<'a> {
    live: &'a dyn Target,
    memory: Mutex<Memory>,
}

impl<'a> Remembering<'a> {
    pub fn new(live: &'a dyn Target, memory: Memory) -> Self {
        Remembering { live, memory: Mutex::new(memory) }
    }

    pub fn memory(self) -> Memory {
        self.memory.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// The same, with what the target held then.
    pub(super) fn with(&self, state: State) -> Memory {
        Memory { state: Some(state), ..self.clone() }
    }

    /// The same, but for whom a block would cut: that has to be asked again.
    pub(super) fn without_impact(self) -> Memory {
        Memory { impact: Impact::default(), asked: BTreeSet::new(), ..self }
    }

    /// Whether it knows what the target held.
    pub(super) fn is_any(&self) -> bool {
        self.state.is_some()
    }

    /// What is known of these, as if it had been asked for now.
    fn impact_of(&self, domains: &[Domain]) -> Impact {
        let Impact { cuts, unknown, why_unknown } = &self.impact;
        let asked: BTreeSet<&Domain> = domains.iter().collect();
        let wanted = |domain: &Domain| asked.contains(domain);
        let dark: BTreeSet<Domain> = unknown.iter().filter(|d| wanted(d)).cloned().collect();
        // Where some are unknown, it says why these are. Where none is, it is about the names.
        let about_these = !dark.is_empty() || unknown.is_empty();
        Impact {
            cuts: cuts
                .iter()
                .filter(|(domain, _)| wanted(domain))
                .map(|(domain, cut)| (domain.clone(), cut.clone()))
                .collect(),
            unknown: dark,
            why_unknown: why_unknown.clone().filter(|_| about_these && !domains.is_empty()),
        }
    }
}

#[async_trait]
impl Target for Remembering<'_> {
    fn identity(&self) -> &TargetRef {
        self.live.identity()
    }

    fn capabilities(&self) -> Capabilities {
        self.live.capabilities()
    }

    async fn read(&self) -> Result<State, TargetError> {
        if let Some(state) = &self.kept().state {
            return Ok(state.clone());
        }
        let state = self.live.read().await?;
        self.kept().state = Some(state.clone());
        Ok(state)
    }

    async fn write(&self, changes: &[Change], current: &State) -> Result<Written, TargetError> {
        self.live.write(changes, current).await
    }

    async fn read_back(&self) -> Result<State, TargetError> {
        self.live.read_back().await
    }

    async fn impact(&self, domains: &[Domain]) -> Result<Impact, TargetError> {
        let new: Vec<Domain> = {
            let kept = self.kept();
            domains.iter().filter(|domain| !kept.asked.contains(*domain)).cloned().collect()
        };
        if !new.is_empty() {
            let told = self.live.impact(&new).await?;
            let mut kept = self.kept();
            kept.impact.cuts.extend(told.cuts);
            kept.impact.unknown.extend(told.unknown);
            kept.impact.why_unknown = told.why_unknown.or(kept.impact.why_unknown.take());
            kept.asked.extend(new);
        }
        Ok(self.kept().impact_of(domains))
    }

    async fn known_below(&self, domains: &[Domain]) -> Result<Vec<Domain>, TargetError> {
        let new: Vec<Domain> = {
            let kept = self.kept();
            domains.iter().filter(|domain| !kept.asked_below.contains(*domain)).cloned().collect()
        };
        if !new.is_empty() {
            let told = self.live.known_below(&new).await?;
            let mut kept = self.kept();
            kept.below.extend(told);
            kept.below.sort_unstable();
            kept.below.dedup();
            kept.asked_below.extend(new);
        }
        let asked: BTreeSet<&str> = domains.iter().map(Domain::as_str).collect();
        let below = |host: &&Domain| host.parents().any(|parent| asked.contains(parent));
        Ok(self.kept().below.iter().filter(below).cloned().collect())
    }

    fn outlook(&self, writes: usize) -> Option<Duration> {
        self.live.outlook(writes)
    }
}
