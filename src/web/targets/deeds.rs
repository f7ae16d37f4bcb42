//! What is decided about a target's lists: which it follows and how, and what they come to.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use serde::Deserialize;

use super::lists::{Sent, show};
use super::policy::PolicyForm;
use super::terms::TermsForm;
use crate::policy::Policy;
use crate::text::plain;
use crate::verb::subscribe::SubscribeError;
use crate::verb::{policy, subscribe};
use crate::web::at::At;
use crate::web::entry::back_to;
use crate::web::fault::{Answer, Fault};
use crate::web::input::Form;
use crate::web::site::Site;
use crate::web::visitor::Person;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListForm {
    list: String,
    back: String,
    keep: String,
}

/// Follows one more list, on careful terms.
pub async fn follow(
    State(site): State<Site>,
    At { person, row, .. }: At,
    Form(form): Form<ListForm>,
) -> Answer {
    let app = &person.app;
    if form.list.is_empty() {
        return Err(Fault::input("No list was chosen."));
    }
    let list = match subscribe::followable(app, &plain(&form.list)).await {
        Ok(list) => list,
        Err(error) if error.is::<SubscribeError>() => return Err(unknown(&form.list)),
        Err(error) => return Err(error.into()),
    };
    subscribe::subscribe(app, &row.name, &list, false, |_| {}).await?;
    site.desk().plan_again(&person.app, &row).await?;
    Ok(back_to(&form.back, &here(row.id)))
}

fn unknown(list: &str) -> Fault {
    let list = crate::text::fit(&plain(list), 80);
    Fault::input(format!(
        "There is no list \u{201c}{list}\u{201d} here. Follow it on the page with all lists first, so \
         that each version of it is kept and looked at."
    ))
}

/// Changes how a list is followed. Terms that cannot be taken come back as they were.
pub async fn terms(State(site): State<Site>, at: At, Form(form): Form<TermsForm>) -> Answer {
    match follow_so(&site, &at, &form).await {
        Ok(()) => Ok(Redirect::to(&here(at.row.id)).into_response()),
        Err(fault) => {
            let problem = fault.above_form()?;
            show(&site, &at, Some((Sent::Terms(form), problem))).await
        }
    }
}

async fn follow_so(site: &Site, at: &At, form: &TermsForm) -> Result<(), Fault> {
    let At { person, row, .. } = at;
    let terms = form.terms()?;
    follows(person, &row.name, &form.list).await?;
    subscribe::subscribe(&person.app, &row.name, &form.list, false, |now| *now = terms).await?;
    Ok(site.desk().plan_again(&person.app, row).await?)
}

/// Somebody may have left the list on another page meanwhile.
async fn follows(person: &Person, target: &str, list: &str) -> Result<(), Fault> {
    let all = person.app.store().await?.subscriptions(target).await?;
    if all.iter().any(|subscription| subscription.list == list) {
        return Ok(());
    }
    Err(Fault::conflict("That list is not followed here any more. Nothing was changed."))
}

/// Follows a list no longer. What becomes of its blocks has to be said.
pub async fn leave(
    State(site): State<Site>,
    At { person, row, .. }: At,
    Form(form): Form<ListForm>,
) -> Answer {
    let keep = match form.keep.as_str() {
        "yes" => true,
        "no" => false,
        _ => return Err(Fault::input("It was not said what becomes of the list\u{2019}s blocks.")),
    };
    follows(&person, &row.name, &form.list).await?;
    subscribe::unsubscribe(&person.app, &row, &form.list, keep).await?;
    site.desk().plan_again(&person.app, &row).await?;
    Ok(back_to(&form.back, &here(row.id)))
}

/// Changes what all lists come to. A policy that cannot be taken comes back as it was.
pub async fn change(State(site): State<Site>, at: At, Form(form): Form<PolicyForm>) -> Answer {
    match keep(&site, &at, &form).await {
        Ok(()) => Ok(Redirect::to(&here(at.row.id)).into_response()),
        Err(fault) => {
            let problem = fault.above_form()?;
            show(&site, &at, Some((Sent::Policy(form), problem))).await
        }
    }
}

async fn keep(site: &Site, at: &At, form: &PolicyForm) -> Result<(), Fault> {
    let At { person, row, .. } = at;
    let store = person.app.store().await?;
    let lists = store.subscriptions(&row.name).await?;
    let lists: Vec<String> = lists.into_iter().map(|subscription| subscription.list).collect();
    let before: Policy = store.policy(&row.name).await?;
    let after = form.policy(row.level, &lists, &before)?;
    policy::change(&person.app, &row.name, |now| *now = after).await?;
    Ok(site.desk().plan_again(&person.app, row).await?)
}

fn here(target: i64) -> String {
    format!("/targets/{target}/lists")
}
