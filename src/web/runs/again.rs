//! Following people again whom a run had cut off.
//!
//! It needs a right that nothing else here has, so the server is asked for it now; it is used
//! once and given back.

use axum::extract::State;
use axum::http::HeaderMap;
use axum_extra::extract::PrivateCookieJar;
use secrecy::SecretString;

use super::with_target;
use crate::apply::plan_of;
use crate::impact;
use crate::mastodon::oauth::Pending;
use crate::store::{RunId, TargetRow};
use crate::verb::refollow::Right;
use crate::verb::undo;
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
    if lost(&site, &person, &row, run.id).await?.is_empty() {
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
    run: RunId,
) -> Result<Vec<impact::Person>, Fault> {
    let app = &person.app;
    let store = app.store().await?;
    let run = store.run(run).await?.filter(|run| run.target == row.name).ok_or(Fault::Missing)?;
    let plan = plan_of(&store, run.id).await??;
    let state = site.desk().reading(app, row).await?;
    Ok(undo::lost_for_now(app, &run, &plan, state.as_deref()).await?.people)
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
    let lost = lost(site, person, &row, found.id).await?;
    if lost.is_empty() {
        return Err(nobody());
    }
    let (client, base) = (person.app.client()?, pending.server.base.clone());
    let granted = pending.exchange(&client, code).await?;
    let right = Right { client, base, granted };
    let Err(busy) = site.desk().refollow(&person.app, &row, found.id, right.clone(), lost) else {
        return Ok(format!("/targets/{}/work", row.id));
    };
    match right.give_back().await {
        Ok(()) => Err(busy.into()),
        Err(kept) => {
            tracing::info!(%kept, "a right to follow people was not given back");
            Err(Fault::from(busy).and(&not_given_back(&right.revocable_at())))
        }
    }
}
