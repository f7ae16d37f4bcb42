//! A decision that changes what a plan comes to, while a plan waits.
//!
//! What waits was made before the decision. It is planned again from what is known, so that
//! whoever looks next sees what it comes to now. Where that cannot be just now (a run has
//! worked on the target, the server does not answer), the plan waits on with every word that
//! was said in it: nothing is carried out before it was planned again. Only where there is
//! nothing left to plan it is let go of.

use std::time::Duration;

use super::{Desk, DeskError, Wish};
use crate::app::App;
use crate::store::TargetRow;
use crate::target::TargetError;

/// So long somebody waits for the page that says that their decision is kept. The server may
/// have to be asked whom new blocks would cut.
const PATIENCE: Duration = Duration::from_secs(10);

impl Desk {
    /// Plans again what waits on a target and comes from lists.
    pub async fn plan_again(&self, app: &App, row: &TargetRow) -> anyhow::Result<()> {
        let Ok(done) = tokio::time::timeout(PATIENCE, self.try_again(app, row)).await else {
            tracing::info!("a plan that waits could not be planned again in time");
            return Ok(());
        };
        done
    }

    /// The same on the target of this name, or on all of the owner's.
    pub async fn plan_all_again(&self, app: &App, target: Option<&str>) -> anyhow::Result<()> {
        for row in app.store().await?.targets().await? {
            if target.is_none_or(|name| name == row.name) {
                self.plan_again(app, &row).await?;
            }
        }
        Ok(())
    }

    async fn try_again(&self, app: &App, row: &TargetRow) -> anyhow::Result<()> {
        // Whoever was faster may have planned before this was decided.
        for _ in 0..2 {
            let Some(waiting) = self.waiting(app, &row.name).await? else { return Ok(()) };
            if !matches!(waiting.wish, Wish::Lists(_)) {
                return Ok(());
            }
            let Err(error) = self.revise(app, row, &waiting, waiting.wish.clone()).await else {
                return Ok(());
            };
            match error.downcast_ref() {
                Some(DeskError::Changed) => {}
                Some(_) => return Ok(()),
                None if error.chain().any(<dyn std::error::Error>::is::<TargetError>) => {
                    return Ok(());
                }
                None => {
                    tracing::info!(error = format!("{error:#}"), "a plan is let go of");
                    self.let_go(app, &waiting).await?;
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
