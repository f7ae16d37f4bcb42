//! Following people again whom a run had cut off.
//!
//! It needs a right that nothing else here has, so the server is asked for it now; it is used
//! once and given back.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum_extra::extract::PrivateCookieJar;
use secrecy::SecretString;

use super::with_target;
use crate::app::App;
use crate::apply::plan_of;
use crate::desk::Job;
use crate::impact;
use crate::mastodon::oauth::Pending;
use crate::store::{Run, RunId, TargetRow};
use crate::verb::refollow::Right;
use crate::web::entry;
use crate::web::fault::{Answer, Fault, not_given_back};
use crate::web::input::Path;
use crate::web::limits::Address;
use crate::web::site::Site;
use crate::web::visitor::Person;

/// Asks the server for the right.
pub async fn begin(
    State(site): State<Site>,
    from: Address,
    person: Person,
    jar: PrivateCookieJar,
    headers: HeaderMap,
    Path(run): Path<String>,
) -> Answer {
    site.limits().sign_in(from)?;
    let (run, row) = with_target(&person, &run).await?;
    if lost(&site, &person, &row, &run).await?.is_empty() {
        return Err(nobody());
    }
    entry::ask_to_refollow(&site, jar, &headers, &person, &row, run.id).await
}

fn nobody() -> Fault {
    Fault::input(
        "There is nobody to follow again: the backup knows of nobody, or the blocks are still \
         there. Take the run back first.",
    )
}

async fn lost(
    site: &Site,
    person: &Person,
    row: &TargetRow,
    run: &Run,
) -> Result<Vec<impact::Person>, Fault> {
    let plan = plan_of(&person.app.store().await?, run.id).await??;
    Ok(site.desk().lost(&person.app, row, run, &plan).await?)
}

/// The server has answered: takes the right, and begins. Gives where to go on.
pub async fn follow(
    site: &Site,
    person: &Person,
    run: RunId,
    pending: &Pending,
    code: &SecretString,
) -> Result<String, Fault> {
    let (found, row) = with_target(person, &run.to_string()).await?;
    let lost = lost(site, person, &row, &found).await?;
    if lost.is_empty() {
        return Err(nobody());
    }
    with_right(site, &person.app, &row, found.id, pending, code, lost).await?;
    Ok(format!("/targets/{}/work", row.id))
}

/// Takes the right, and begins. Where that cannot be, the right is given back at once.
pub async fn with_right(
    site: &Site,
    app: &App,
    row: &TargetRow,
    run: RunId,
    pending: &Pending,
    code: &SecretString,
    lost: Vec<impact::Person>,
) -> Result<Arc<Job>, Fault> {
    let (client, base) = (app.client()?, pending.server.base.clone());
    let granted = pending.exchange(&client, code).await?;
    let right = Right { client, base, granted };
    let busy = match site.desk().refollow(app, row, run, right.clone(), lost) {
        Ok(job) => return Ok(job),
        Err(busy) => busy,
    };
    match right.give_back().await {
        Ok(()) => Err(busy.into()),
        Err(kept) => {
            tracing::info!(%kept, "a right to follow people was not given back");
            Err(Fault::from(busy).and(&not_given_back(&right.revocable_at())))
        }
    }
}
