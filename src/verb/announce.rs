//! What a run did, as a text for people to read. Whoever asks for it posts it, or does not.

use crate::announce::announce;
use crate::app::App;
use crate::apply::{done, plan_of};
use crate::block::Level;
use crate::plan::{Plan, PlanFileError};
use crate::store::{Run, RunId, StoreError};

#[derive(Debug, thiserror::Error)]
pub enum AnnounceError {
    #[error("the plan of run {run} cannot be read")]
    Unreadable { run: RunId, source: PlanFileError },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

/// A run as a text to post.
#[derive(Debug)]
pub struct Announcement {
    /// Who speaks.
    pub whom: String,
    pub markdown: String,
}

/// Writes what a run did, or has done so far. Where nobody is named, the account or the server
/// that it was on speaks.
pub async fn write(
    app: &App,
    run: &Run,
    whom: Option<&str>,
) -> Result<Announcement, AnnounceError> {
    let store = app.store().await?;
    let plan = plan_of(&store, run.id)
        .await?
        .map_err(|source| AnnounceError::Unreadable { run: run.id, source })?;
    let done = done(&store, run.id, &plan).await?;
    let named = whom.map(str::trim).filter(|whom| !whom.is_empty());
    let whom = named.map_or_else(|| of_itself(run, &plan), str::to_owned);
    let markdown = announce(&done, &whom, run.created_at);
    Ok(Announcement { whom, markdown })
}

/// How whatever the run was on is known to others, who have not chosen its name here.
fn of_itself(run: &Run, plan: &Plan) -> String {
    let known = match plan.target.level {
        Level::Account => plan.target.account.clone(),
        Level::Instance => plan.target.own.first().map(ToString::to_string),
    };
    known.unwrap_or_else(|| run.target.clone())
}
