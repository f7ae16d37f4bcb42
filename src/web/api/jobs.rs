//! What is being done on a target, or was done last.

use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};

use super::auth::{Caller, Writer};
use super::input::At;
use super::problem::{Problem, Reply, What};
use crate::apply::ApplyError;
use crate::desk::{Ended, Status, Work};
use crate::policy::worded;
use crate::text::plain;
use crate::verb::refollow::{RefollowError, Refollowed};
use crate::web::fault::Fault;
use crate::web::site::Site;
use crate::web::stream;

/// So much of what has changed is told.
const CHANGED: usize = 100;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/targets/{target}/job", get(job))
        .route("/targets/{target}/job/events", get(events))
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

/// Somebody who was not followed again, and why.
#[derive(PartialEq, Serialize, utoipa::ToSchema)]
pub struct Refused {
    account: String,
    why: String,
}

/// Who is followed again.
#[derive(PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = Refollowed)]
pub struct Again {
    following: Vec<String>,
    /// They approve their followers by hand, and were asked.
    requested: Vec<String>,
    refused: Vec<Refused>,
    /// The server knows that the right is not needed any more. Where it could not be told, take
    /// the right back there by hand, among the authorized applications.
    right_given_back: bool,
}

impl Again {
    fn of(done: &Refollowed, kept: Option<&RefollowError>) -> Again {
        let names = |names: &[String]| names.iter().map(|it| plain(it).into_owned()).collect();
        let refused = done.refused.iter().map(|one| Refused {
            account: plain(&one.account).into_owned(),
            why: plain(&one.why).into_owned(),
        });
        Again {
            following: names(&done.following),
            requested: names(&done.requested),
            refused: refused.collect(),
            right_given_back: kept.is_none(),
        }
    }
}

/// Work in the background.
#[derive(PartialEq, Serialize, utoipa::ToSchema)]
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
    /// Who is followed again by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    refollowed: Option<Again>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<What>,
    /// What has changed on the target since the plan was made, where that is the error; the
    /// first hundred.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changed: Vec<String>,
}

impl Job {
    pub fn of(status: &Status) -> Job {
        let (mut proposal, mut backup, mut run, mut error) = (None, None, status.run, None);
        let (mut refollowed, mut changed) = (None, Vec::new());
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
            Some(Ended::Abandoned(id)) => {
                run = Some(*id);
                Stage::Done
            }
            Some(Ended::Refollowed(id, done, kept)) => {
                run = Some(*id);
                refollowed = Some(Again::of(done, kept.as_deref()));
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
                error = Some(problem.what());
                if let Some(ApplyError::Stale(found)) =
                    why.chain().find_map(|cause| cause.downcast_ref())
                {
                    let told = found.iter().take(CHANGED);
                    changed = told.map(|one| plain(&one.to_string()).into_owned()).collect();
                }
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
            refollowed,
            error,
            changed,
        }
    }
}

/// How far the work on a target is
///
/// The last job is remembered until the next one, or until the server ends. Ask every few
/// seconds, or read the events.
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

/// What comes in a stream, as the document describes it.
pub struct JobEvent;

impl utoipa::PartialSchema for JobEvent {
    fn schema() -> RefOr<Schema> {
        let text = |says| ObjectBuilder::new().schema_type(Type::String).description(Some(says));
        ObjectBuilder::new()
            .property("event", text("What it is.").enum_values(Some(["status", "over"])))
            .property("data", text("A job in JSON."))
            .required("event")
            .required("data")
            .into()
    }
}

impl utoipa::ToSchema for JobEvent {}

/// How far the work on a target is, as it goes on
///
/// Server-sent events: `status` whenever something has changed, at most four times a second, and
/// at the end `over`; each with a job in JSON. The stream ends with it, or with the server.
#[utoipa::path(get, path = "/api/v1/targets/{target}/job/events", tag = "jobs",
    params(("target" = i64, Path, minimum = 1, description = "The target's number")),
    responses((status = 200, body = JobEvent, content_type = "text/event-stream")))]
pub async fn events(
    State(site): State<Site>,
    caller: Caller,
    At(target): At<i64>,
) -> Reply<Response> {
    let row = caller.target(target).await?;
    let job = site.desk().job(caller.app.owner(), &row.name);
    let job = job.ok_or_else(|| Problem::missing("job"))?;
    Ok(stream::of(site.clone(), job, Job::of, Job::of))
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
