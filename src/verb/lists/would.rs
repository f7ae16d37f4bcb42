//! What a list would do to a target, by what the target was last seen to hold.
//!
//! Nobody is asked: the plan is made from the last reading, the version of the list that is in
//! force, and what people have decided. What a server alone can tell, such as whom a block
//! would cut, is not in it.

use std::sync::Arc;

use async_trait::async_trait;

use crate::app::App;
use crate::block::State;
use crate::domain::Domain;
use crate::impact::Impact;
use crate::keep::{self, Intent};
use crate::mastodon::client::Silent;
use crate::plan::{Change, Plan};
use crate::stop::stop;
use crate::store::TargetRow;
use crate::target::{Capabilities, Target, TargetError, TargetRef, Written};

/// Plans a list for once, on a target as it was last seen. `list` is the name of one that is
/// followed or comes along; a face that takes it from strangers checks that first.
pub async fn would(
    app: &App,
    row: &TargetRow,
    seen: Arc<State>,
    list: &str,
) -> anyhow::Result<Plan> {
    let (_stopper, stop) = stop();
    let live = app.server(row, &stop, Arc::new(Silent))?;
    let target = Seen { identity: live.identity().clone(), can: live.capabilities(), state: seen };
    let intent = Intent { lists: vec![list.to_owned()], offline: true, ..Intent::default() };
    keep::plan(app, &target, &intent).await
}

/// A target as it was last seen, which can be read and nothing else.
struct Seen {
    identity: TargetRef,
    can: Capabilities,
    state: Arc<State>,
}

#[async_trait]
impl Target for Seen {
    fn identity(&self) -> &TargetRef {
        &self.identity
    }

    fn capabilities(&self) -> Capabilities {
        self.can
    }

    async fn read(&self) -> Result<State, TargetError> {
        Ok(State::clone(&self.state))
    }

    async fn write(&self, _: &[Change], _: &State) -> Result<Written, TargetError> {
        Err(TargetError::Refused("this is a memory of a server".to_owned()))
    }

    /// Not unknown, which would be said row by row, but not asked for.
    async fn impact(&self, _: &[Domain]) -> Result<Impact, TargetError> {
        Ok(Impact::default())
    }
}
