//! Looking once more, for what was wished last.

use std::sync::Arc;

use super::{Desk, Ended, Job, Wish};
use crate::app::App;
use crate::keep::Intent;
use crate::store::TargetRow;

impl Desk {
    /// Reads the target and the lists once more, and plans what was wished last: what the plan
    /// that waits is for or, where one could not be made, what that was for. What was said about
    /// rows counts on.
    pub async fn plan_once_more(
        self: &Arc<Self>,
        app: &App,
        row: &TargetRow,
    ) -> anyhow::Result<Arc<Job>> {
        let waiting = self.waiting(app, &row.name).await?;
        let last = self.job(app.owner(), &row.name);
        let failed = last.filter(|job| matches!(job.status().ended, Some(Ended::Failed(_))));
        let wish = match (failed.and_then(|job| job.wish().cloned()), waiting) {
            (Some(wish), _) => wish,
            (None, None) => Wish::following(),
            (None, Some(proposal)) => match &proposal.wish {
                Wish::Lists(intent) => {
                    Wish::Lists(Box::new(Intent { offline: false, ..(**intent).clone() }))
                }
                other => other.clone(),
            },
        };
        Ok(self.plan(app, row, wish)?)
    }
}
