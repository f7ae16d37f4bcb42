//! What is being done on a target, or was done last.

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::auth::{Caller, Writer};
use super::input::At;
use super::problem::{Problem, Reply, What};
use crate::desk::{Ended, Status, Work};
use crate::policy::worded;
use crate::web::fault::Fault;
use crate::web::site::Site;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/targets/{target}/job", get(job))
        .route("/targets/{target}/job/stop", post(stop))
}

worded! {
    /// How it is with a job.
    pub enum Stage {
        Running = "running",
        /// It came to its end. That of a run need not be a good one: look at the run.
        Done = "done",
        Failed = "failed",
    }
}

/// Work in the background.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Job {
    work: Work,
    state: Stage,
    /// The run that a plan is carried out as.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<i64>,
    /// Steps that are done.
    done: u64,
    /// 0 until it is known.
    total: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds_left: Option<u64>,
    /// What was done last.
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
    /// Why it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits: Option<String>,
    /// Somebody asked it to stop.
    stopping: bool,
    /// The plan that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposal: Option<i64>,
    /// The backup that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<What>,
}

impl Job {
    pub fn of(status: &Status) -> Job {
        let (mut proposal, mut backup, mut run, mut error) = (None, None, status.run, None);
        let state = match &status.ended {
            None => Stage::Running,
            Some(Ended::Read) => Stage::Done,
            Some(Ended::Proposed(id)) => {
                proposal = Some(*id);
                Stage::Done
            }
            Some(Ended::Ran(report)) => {
                run = Some(report.run);
                Stage::Done
            }
            Some(Ended::Abandoned(id) | Ended::Refollowed(id, _, _)) => {
                run = Some(*id);
                Stage::Done
            }
            Some(Ended::BackedUp(id)) => {
                backup = Some(*id);
                Stage::Done
            }
            Some(Ended::Failed(why)) => {
                let problem = Fault::of(why).map_or_else(
                    || {
                        tracing::error!(error = format!("{why:#}"), "a job failed");
                        Problem::in_place_of(axum::http::StatusCode::INTERNAL_SERVER_ERROR)
                    },
                    Problem::from,
                );
                let (code, message) = (problem.code().to_owned(), problem.message().to_owned());
                error = Some(What { code, message });
                Stage::Failed
            }
        };
        Job {
            work: status.work,
            state,
            run,
            done: status.done as u64,
            total: status.total as u64,
            seconds_left: status.left,
            domain: status.domain.clone(),
            waits: status.waits.clone(),
            stopping: status.stopping,
            proposal,
            backup,
            error,
        }
    }
}

/// How far the work on a target is
///
/// The last job is remembered until the next one, or until the server ends. Ask every few
/// seconds.
#[utoipa::path(get, path = "/api/v1/targets/{target}/job", tag = "jobs",
    params(("target" = i64, Path, minimum = 1, description = "The target's number")),
    responses((status = 200, body = Job)))]
pub async fn job(
    State(site): State<Site>,
    caller: Caller,
    At(target): At<i64>,
) -> Reply<Json<Job>> {
    let row = caller.target(target).await?;
    let job = site.desk().job(caller.app.owner(), &row.name);
    let job = job.ok_or_else(|| Problem::missing("job"))?;
    Ok(Json(Job::of(&job.status())))
}

/// Stop the work after the step that is under way
///
/// A run that was stopped can be resumed.
#[utoipa::path(post, path = "/api/v1/targets/{target}/job/stop", tag = "jobs",
    params(("target" = i64, Path, minimum = 1, description = "The target's number")),
    responses((status = 200, body = Job)))]
pub async fn stop(
    State(site): State<Site>,
    Writer(caller): Writer,
    At(target): At<i64>,
) -> Reply<Json<Job>> {
    let row = caller.target(target).await?;
    let job = site.desk().busy(caller.app.owner(), &row.name);
    let job = job.ok_or_else(|| Problem::conflict("Nothing is being done on this target."))?;
    job.ask_to_stop();
    Ok(Json(Job::of(&job.status())))
}
