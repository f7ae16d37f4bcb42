//! Following people again whom a run had cut off.
//!
//! It needs a right that no sign-in here has, and only a person gives that, in a browser. A
//! program is told the address to open. What has to be remembered until the code comes back is
//! sealed, and kept by the program.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::super::auth::{Caller, Writer};
use super::super::input::{Asked, At, Body, Page, Part};
use super::super::jobs::Job;
use super::super::problem::{Approval, Problem, Reply};
use super::{find, target};
use crate::apply::plan_of;
use crate::clock::random;
use crate::impact;
use crate::mastodon::oauth::{OUT_OF_BAND, Pending};
use crate::store::{self, RunId, TargetRow};
use crate::text::plain;
use crate::verb::refollow;
use crate::web::limits::Address;
use crate::web::runs::with_right;
use crate::web::site::Site;

/// How long an approval may take. The other server's code is valid for no longer.
const PATIENCE: TimeDelta = TimeDelta::minutes(10);

const NOBODY: &str = "There is nobody to follow again: the backup knows of nobody, or the blocks \
                      are still there. Take the run back first.";

/// Somebody who was followed, and was cut off.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = LostPerson)]
pub struct Lost {
    /// `user@domain`
    account: String,
}

async fn people(
    site: &Site,
    caller: &Caller,
    row: &TargetRow,
    run: &store::Run,
) -> Reply<Vec<impact::Person>> {
    let plan = plan_of(&caller.app.store().await?, run.id).await??;
    Ok(site.desk().lost(&caller.app, row, run, &plan).await?)
}

/// Who would be followed again
///
/// Those whom a run had cut off, as its backup remembers, on domains that are not blocked any
/// more as far as was seen. Nobody while the blocks are there: take the run back first.
#[utoipa::path(get, path = "/api/v1/runs/{run}/refollow", tag = "runs",
    params(("run" = i64, Path, minimum = 1, description = "Its number"), Part),
    responses((status = 200, body = Page<Lost>)))]
pub async fn lost(
    State(site): State<Site>,
    caller: Caller,
    At(run): At<i64>,
    Asked(part): Asked<Part>,
) -> Reply<Json<Page<Lost>>> {
    let span = part.span()?;
    let run = find(&caller, run).await?;
    let row = target(&caller, &run.target).await?;
    let people = people(&site, &caller, &row, &run).await?;
    let lost = |who: impact::Person| Lost { account: plain(&who.acct).into_owned() };
    Ok(Json(span.page(people.into_iter(), lost)))
}

/// Nothing at first; then what a person has brought from the browser.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Approved {
    /// The code that the server has shown.
    #[schema(max_length = 1000)]
    code: Option<String>,
    /// As it came with the address.
    #[schema(max_length = 8000)]
    ticket: Option<String>,
}

/// What is sealed in a ticket.
#[derive(Serialize, Deserialize)]
struct Waiting {
    pending: Pending,
    since: DateTime<Utc>,
}

/// What a ticket is sealed with: it is good for one run of one person.
fn sealed_for(caller: &Caller, run: RunId) -> String {
    caller.app.secret_name(&format!("run {run}"), "refollow")
}

/// Follow people again
///
/// It needs a right that only a person gives. Asked without a code, the answer is 409 with the
/// code `approval_needed`, and in `approval` the address to open and a ticket. The server shows a
/// code there. Sent with the ticket, it begins a job: the people are followed, and the right is
/// given back.
#[utoipa::path(post, path = "/api/v1/runs/{run}/refollow", tag = "runs",
    params(("run" = i64, Path, minimum = 1, description = "Its number")),
    request_body = Approved, responses((status = 202, body = Job)))]
pub async fn follow_again(
    State(site): State<Site>,
    Writer(caller): Writer,
    from: Address,
    At(run): At<i64>,
    Body(approved): Body<Approved>,
) -> Reply<(StatusCode, Json<Job>)> {
    let run = find(&caller, run).await?;
    let row = target(&caller, &run.target).await?;
    let lost = people(&site, &caller, &row, &run).await?;
    if lost.is_empty() {
        return Err(Problem::input(NOBODY));
    }
    let (code, ticket) = match approved {
        Approved { code: Some(code), ticket: Some(ticket) } => (SecretString::from(code), ticket),
        Approved { code: None, ticket: None } => {
            site.limits().sign_in(from)?;
            return Err(ask(&caller, &row, run.id).await?);
        }
        _ => return Err(Problem::input("code, ticket: one without the other is of no use")),
    };
    let pending = opened(&caller, run.id, &ticket)?;
    let job = with_right(&site, &caller.app, &row, run.id, &pending, &code, lost).await?;
    Ok((StatusCode::ACCEPTED, Json(Job::of(&job.status()))))
}

/// Asks the server for the right, and says where a person gives it.
async fn ask(caller: &Caller, row: &TargetRow, run: RunId) -> Reply<Problem> {
    let (app, chance) = (&caller.app, [random()?, random()?]);
    // A vault that cannot be opened would waste the approval.
    let vault = app.vault()?;
    let pending = refollow::ask(app, row, OUT_OF_BAND, chance).await?;
    let address = pending.authorize_url().to_string();
    let waiting = serde_json::to_string(&Waiting { pending, since: app.clock.now() })?;
    let ticket = vault.seal(&sealed_for(caller, run), &SecretString::from(waiting))?;
    let says = "Following people needs a right that only you can give. Open the address in \
                `approval` and approve; then send the code that it shows with the ticket. Nobody \
                was followed yet.";
    Ok(Problem::approval(says, Approval { address, ticket }))
}

fn opened(caller: &Caller, run: RunId, ticket: &str) -> Reply<Pending> {
    let text = caller.app.vault()?.open(&sealed_for(caller, run), ticket).ok();
    let waiting = text.and_then(|it| serde_json::from_str::<Waiting>(it.expose_secret()).ok());
    let waiting = waiting
        .ok_or_else(|| Problem::input("ticket: it was not made here for this run; ask for one"))?;
    if waiting.since + PATIENCE <= caller.app.clock.now() {
        let says = "This approval has run out after ten minutes. Nobody was followed. Ask again.";
        return Err(Problem::conflict(says));
    }
    Ok(waiting.pending)
}
