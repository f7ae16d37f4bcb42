//! What a run's plan was to do beyond its steps, and what came of it.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::super::auth::Caller;
use super::super::input::{Asked, At, Page, Part};
use super::super::problem::{Problem, Reply};
use super::find;
use crate::apply::plan_of;
use crate::block::Block;
use crate::domain::Domain;
use crate::plan::{self, Plan};
use crate::policy::Guard;
use crate::store::{self, TargetRow};
use crate::text::plain;
use crate::web::site::Site;

/// A run with its plan, and its target if that is still connected.
async fn planned(caller: &Caller, run: i64) -> Reply<(store::Run, Plan, Option<TargetRow>)> {
    let run = find(caller, run).await?;
    let store = caller.app.store().await?;
    let plan = plan_of(&store, run.id).await?;
    let plan = plan.map_err(|_| Problem::conflict("The plan of this run cannot be read."))?;
    let row = store.target(&run.target).await?;
    Ok((run, plan, row))
}

/// What was decided for a run, and what came of it.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = RunOutcome)]
pub struct Outcome {
    /// The plan in one sentence.
    sentence: String,
    /// Guards that were let go of.
    overrides: Vec<Guard>,
    /// Domains that were agreed to by name.
    accepted: Vec<Domain>,
    /// Follows from here that its blocks were to end.
    following: u64,
    /// Follows from there that its blocks were to end.
    followers: u64,
    /// How many blocks were not as planned afterwards, as far as that is known.
    differences: u64,
    /// How many people could be followed again by now.
    lost: u64,
}

/// What was decided for a run, and what came of it
#[utoipa::path(get, path = "/api/v1/runs/{run}/outcome", tag = "runs",
    params(("run" = i64, Path, minimum = 1, description = "Its number")),
    responses((status = 200, body = Outcome)))]
pub async fn outcome(
    State(site): State<Site>,
    caller: Caller,
    At(run): At<i64>,
) -> Reply<Json<Outcome>> {
    let (run, plan, row) = planned(&caller, run).await?;
    let (mut differences, mut lost) = (0, 0);
    if let Some(row) = &row {
        let (desk, app) = (site.desk(), &caller.app);
        differences = desk.not_as_planned(app, row, &run, &plan).await?.len();
        lost = desk.lost(app, row, &run, &plan).await?.len();
    }
    Ok(Json(Outcome {
        sentence: plan.sentence(),
        following: plan.summary.following as u64,
        followers: plan.summary.followers as u64,
        differences: differences as u64,
        lost: lost as u64,
        overrides: plan.overrides,
        accepted: plan.accepted,
    }))
}

/// What a block was to cut.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = RunCut)]
pub struct Cut {
    domain: Domain,
    following: u64,
    followers: u64,
    /// Who they are, where the server tells more than numbers.
    people: Vec<String>,
}

/// Whom a run was to cut off, by domain
#[utoipa::path(get, path = "/api/v1/runs/{run}/cuts", tag = "runs",
    params(("run" = i64, Path, minimum = 1, description = "Its number"), Part),
    responses((status = 200, body = Page<Cut>)))]
pub async fn cuts(
    caller: Caller,
    At(run): At<i64>,
    Asked(part): Asked<Part>,
) -> Reply<Json<Page<Cut>>> {
    let span = part.span()?;
    let (_, plan, _) = planned(&caller, run).await?;
    let mut cuts = plan.cuts();
    cuts.retain(|(_, cut)| cut.relations() > 0);
    Ok(Json(span.page(cuts.into_iter(), |(domain, cut)| Cut {
        domain: domain.clone(),
        following: cut.following as u64,
        followers: cut.followers as u64,
        people: cut.people.iter().map(|who| plain(&who.acct).into_owned()).collect(),
    })))
}

/// A block that was not as planned.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = RunDifference)]
pub struct Difference {
    domain: String,
    says: String,
    /// It should have been blocked, and is or is not.
    expected: bool,
    found: bool,
}

impl From<plan::Difference> for Difference {
    fn from(one: plan::Difference) -> Difference {
        let there = |block: &Option<Block>| block.is_some();
        Difference {
            says: plain(&one.to_string()).into_owned(),
            expected: there(&one.expected),
            found: there(&one.found),
            domain: one.domain.into(),
        }
    }
}

/// What was not as planned after a run
///
/// As far as that is known: nothing where the target was read again since, or was as planned.
#[utoipa::path(get, path = "/api/v1/runs/{run}/differences", tag = "runs",
    params(("run" = i64, Path, minimum = 1, description = "Its number"), Part),
    responses((status = 200, body = Page<Difference>)))]
pub async fn differences(
    State(site): State<Site>,
    caller: Caller,
    At(run): At<i64>,
    Asked(part): Asked<Part>,
) -> Reply<Json<Page<Difference>>> {
    let span = part.span()?;
    let (run, plan, row) = planned(&caller, run).await?;
    let found = match &row {
        Some(row) => site.desk().not_as_planned(&caller.app, row, &run, &plan).await?,
        None => Vec::new(),
    };
    Ok(Json(span.page(found.into_iter(), Difference::from)))
}
