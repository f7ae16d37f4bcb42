//! What a list would do to a target, as it was last seen.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::super::auth::Caller;
use super::super::input::{Asked, At, Page, Span};
use super::super::problem::{Problem, Reply};
use super::super::proposals::{self, Group, Row, rows_of};
use super::followed;
use crate::desk::Wish;
use crate::list::bundled;
use crate::plan::{Plan, Summary};
use crate::verb::lists::would;
use crate::web::site::Site;
use crate::web::words;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct On {
    /// The target's number.
    #[param(minimum = 1)]
    target: i64,
}

/// What a list would do.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Would {
    sentence: String,
    summary: Summary,
    notices: Vec<String>,
}

async fn planned(site: &Site, caller: &Caller, name: &str, target: Option<i64>) -> Reply<Plan> {
    let name = match bundled::find(name) {
        Some(list) => list.name.to_owned(),
        None => followed(&caller.app.store().await?, name).await?.name,
    };
    let target = target.ok_or_else(|| Problem::question("target: on which one?"))?;
    let row = caller.target(target).await?;
    let Some(seen) = site.desk().reading(&caller.app, &row).await? else {
        return Err(Problem::conflict("This target was not read yet; read it first."));
    };
    Ok(would::would(&caller.app, &row, seen, &name).await?)
}

/// What a list would do to a target
///
/// By what the target was last seen to hold: nobody is asked, so nothing is said of follows.
#[utoipa::path(get, path = "/api/v1/lists/{list}/would", tag = "lists",
    params(("list" = String, Path, description = "Its name"), On),
    responses((status = 200, body = Would)))]
pub async fn what_if(
    State(site): State<Site>,
    caller: Caller,
    At(name): At<String>,
    Asked(On { target }): Asked<On>,
) -> Reply<Json<Would>> {
    let plan = planned(&site, &caller, &name, Some(target)).await?;
    Ok(Json(Would {
        sentence: plan.sentence(),
        summary: plan.summary,
        notices: plan.notices.iter().filter_map(|notice| words::notice(notice)).collect(),
    }))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// The target's number.
    #[param(minimum = 1)]
    target: Option<i64>,
    /// Only these.
    group: Option<Group>,
    /// Only names with this in them.
    search: Option<String>,
    /// At most so many rows.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// Leave so many out before the first.
    #[param(minimum = 0)]
    offset: Option<u64>,
}

/// What a list would do to a target, row by row
///
/// In the order of consequence, as the rows of a plan are.
#[utoipa::path(get, path = "/api/v1/lists/{list}/would/rows", tag = "lists",
    params(("list" = String, Path, description = "Its name"), Which),
    responses((status = 200, body = Page<Row>)))]
pub async fn what_rows(
    State(site): State<Site>,
    caller: Caller,
    At(name): At<String>,
    Asked(Which { target, group, search, limit, offset }): Asked<Which>,
) -> Reply<Json<Page<Row>>> {
    let span = Span::of(limit, offset)?;
    let plan = planned(&site, &caller, &name, target).await?;
    let which = proposals::Which { group, search, ..proposals::Which::default() };
    Ok(Json(rows_of(&Wish::following(), &plan, &which, span)))
}
