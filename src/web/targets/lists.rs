//! Which lists a target follows and how, and what they come to together.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use serde::Deserialize;

use super::head::{Head, Tab};
use super::policy::{PolicyForm, PolicyView};
use super::terms::{TermsForm, TermsView};
use super::view::Stands;
use crate::block::Level;
use crate::policy::Policy;
use crate::store::Subscription;
use crate::text::plain;
use crate::verb::subscribe::SubscribeError;
use crate::verb::{policy, subscribe};
use crate::web::at::At;
use crate::web::entry::back_to;
use crate::web::fault::{Answer, Fault};
use crate::web::input::Form;
use crate::web::offers::{self, Offer};
use crate::web::page;
use crate::web::site::Site;
use crate::web::visitor::Person;
use crate::web::words;

#[derive(Template)]
#[template(path = "targets/lists.html")]
pub(super) struct Lists {
    pub head: Head,
    pub level: Level,
    pub rows: Vec<Row>,
    /// What could be followed too: name and words.
    pub offers: Vec<(String, String)>,
    /// Blocks that stand only for lists which are not followed any more.
    pub left_behind: usize,
    pub policy: PolicyView,
}

/// A list that is followed.
pub(super) struct Row {
    /// As it is called in an address and a form.
    pub name: String,
    pub title: String,
    pub size: String,
    /// It is not here to be read any more.
    pub gone: bool,
    /// Its newest version waits for a decision.
    pub held: bool,
    pub failing: bool,
    pub says: String,
    pub terms: TermsView,
    pub stands: Stands,
}

pub async fn lists(State(site): State<Site>, at: At) -> Answer {
    let head = Head::at(&site, &at, Tab::Lists).await?;
    let view = site.views().at(site.desk(), &at).await?;
    let At { person, row, .. } = at;
    let store = person.app.store().await?;
    let subscriptions = store.subscriptions(&row.name).await?;
    let mut known = offers::all(&person.app).await?;
    let mut rows = Vec::new();
    for subscription in &subscriptions {
        let stands = view.as_ref().map(|view| view.stands_for(&subscription.list));
        let at = known.iter().position(|offer| offer.name == subscription.list);
        let offer = at.map(|at| known.remove(at));
        let kept = store.list(&subscription.list).await?;
        let (waits, failing) = kept
            .as_ref()
            .map_or((false, false), |list| (list.held.is_some(), list.failure.is_some()));
        rows.push(Row {
            held: waits,
            failing,
            ..Row::of(subscription, offer.as_ref(), stands.unwrap_or_default())
        });
    }
    let follows: BTreeSet<&str> = subscriptions.iter().map(|s| s.list.as_str()).collect();
    let left = view.map_or(0, |view| view.left_behind(|list| follows.contains(list)));
    let names: Vec<String> = subscriptions.iter().map(|s| s.list.clone()).collect();
    let policy = store.policy(&row.name).await?;
    let page = Lists {
        head,
        level: row.level,
        rows,
        offers: known
            .into_iter()
            .map(|offer| (offer.name, format!("{} ({})", plain(&offer.title), offer.size)))
            .collect(),
        left_behind: left,
        policy: PolicyView::of(&policy, row.level, &names),
    };
    Ok(page::html(StatusCode::OK, &page))
}

impl Row {
    pub fn of(subscription: &Subscription, offer: Option<&Offer>, stands: Stands) -> Row {
        let Subscription { list, terms, .. } = subscription;
        Row {
            name: plain(list).into_owned(),
            title: offer.map_or_else(|| plain(list).into_owned(), |o| plain(&o.title).into_owned()),
            size: offer.map_or_else(String::new, |offer| offer.size.clone()),
            gone: offer.is_none(),
            held: false,
            failing: false,
            says: words::terms(terms),
            terms: TermsView::of(terms),
            stands,
        }
    }
}

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

/// Changes how a list is followed.
pub async fn terms(
    State(site): State<Site>,
    At { person, row, .. }: At,
    Form(form): Form<TermsForm>,
) -> Answer {
    let terms = form.terms()?;
    follows(&person, &row.name, &form.list).await?;
    subscribe::subscribe(&person.app, &row.name, &form.list, false, |now| *now = terms).await?;
    site.desk().plan_again(&person.app, &row).await?;
    Ok(Redirect::to(&here(row.id)).into_response())
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

/// Changes what all lists come to.
pub async fn change(
    State(site): State<Site>,
    At { person, row, .. }: At,
    Form(form): Form<PolicyForm>,
) -> Answer {
    let store = person.app.store().await?;
    let lists = store.subscriptions(&row.name).await?;
    let lists: Vec<String> = lists.into_iter().map(|subscription| subscription.list).collect();
    let before: Policy = store.policy(&row.name).await?;
    let after = form.policy(row.level, &lists, &before)?;
    policy::change(&person.app, &row.name, |now| *now = after).await?;
    site.desk().plan_again(&person.app, &row).await?;
    Ok(Redirect::to(&here(row.id)).into_response())
}

fn here(target: i64) -> String {
    format!("/targets/{target}/lists")
}
