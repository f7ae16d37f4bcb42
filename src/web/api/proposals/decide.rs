//! A person's word on the rows of a plan, said by a program.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use super::super::auth::Writer;
use super::super::input::{At, Body, domains};
use super::super::problem::{Problem, Reply};
use super::{Waiting, waiting};
use crate::desk::Wish;
use crate::domain::Domain;
use crate::policy::Guard;
use crate::verb::exceptions::{Excepting, dismiss, except};
use crate::web::site::Site;

/// Most names in one request.
const MOST: usize = 10_000;

/// What is decided. Names are those of rows of the plan.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decisions {
    /// Of the plan that was looked at. If it is another by now, nothing is done.
    revision: i64,
    /// Do these though they are held.
    #[serde(default)]
    #[schema(max_items = 10000)]
    accept: Vec<String>,
    /// No list blocks these on this target from now on.
    #[serde(default)]
    #[schema(max_items = 10000)]
    except: Vec<String>,
    /// Not these. New blocks of lists that the target follows are turned down until a list says
    /// more than now; any other change is left out of this plan.
    #[serde(default)]
    #[schema(max_items = 10000)]
    ignore: Vec<String>,
    /// Let go of these guards for this plan.
    #[serde(default)]
    overrides: Vec<Guard>,
}

/// Decide about rows of the plan
///
/// The plan is made again at once, from what is known, and has another checksum. What is
/// excepted or ignored stays so whatever becomes of the plan.
#[utoipa::path(post, path = "/api/v1/targets/{target}/proposal/decisions", tag = "proposals",
    params(("target" = i64, Path, minimum = 1, description = "The target's number")),
    request_body = Decisions, responses((status = 200, body = Waiting)))]
pub async fn decide(
    State(site): State<Site>,
    Writer(caller): Writer,
    At(target): At<i64>,
    Body(decisions): Body<Decisions>,
) -> Reply<Json<Waiting>> {
    let (app, row) = (&caller.app, caller.target(target).await?);
    let proposal = waiting(&site, &caller, &row).await?;
    let Decisions { revision, accept, except: excepted, ignore, overrides } = decisions;
    if [&accept, &excepted, &ignore].iter().any(|names| names.len() > MOST) {
        return Err(Problem::input(format!("accept, except, ignore: at most {MOST} names each")));
    }
    let accept = domains("accept", &accept)?;
    let excepted = domains("except", &excepted)?;
    let ignored = domains("ignore", &ignore)?;
    if proposal.revision != revision {
        return Err(Problem::conflict("The plan is another one by now. Look at it again."));
    }
    let Wish::Lists(intent) = &proposal.wish else {
        let says = "A plan that restores or takes back is applied as a whole, or let go of.";
        return Err(Problem::conflict(says));
    };
    let mut intent = intent.clone();
    let known = super::rows::all(&proposal.plan);
    let in_plan = |name: &str| known.iter().any(|found| found.name == name);
    let all = accept.iter().chain(&excepted).chain(&ignored);
    if let Some(odd) = all.clone().find(|domain| !in_plan(domain.as_str())) {
        return Err(Problem::input(format!("{odd} is in no row of this plan")));
    }
    // A new block of a list that is followed is turned down; any other change is left out of
    // this plan.
    let is_new = |domain: &&Domain| known.iter().any(|f| f.name == domain.as_str() && f.is_add());
    let following = intent.lists.is_empty();
    let (turned_down, aside): (Vec<Domain>, Vec<Domain>) =
        ignored.iter().cloned().partition(|domain| following && is_new(&domain));
    drop(known);
    for domain in &excepted {
        except(app, Excepting::of(domain.clone(), Some(row.name.clone()))).await?;
    }
    if !turned_down.is_empty() {
        dismiss(app, &row, &turned_down).await?;
    }
    intent.aside.extend(aside);
    intent.aside.sort_unstable();
    intent.aside.dedup();
    intent.accept.retain(|known| !excepted.contains(known) && !ignored.contains(known));
    intent.accept.extend(accept);
    intent.accept.sort_unstable();
    intent.accept.dedup();
    intent.overrides.extend(overrides);
    intent.overrides.sort_unstable();
    intent.overrides.dedup();
    let revised = site.desk().revise(app, &row, &proposal, Wish::Lists(intent)).await?;
    Ok(Json(Waiting::of(&revised)))
}
