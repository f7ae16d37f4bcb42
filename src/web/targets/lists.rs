//! Which lists a target follows and how, and what they come to together.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;

use super::head::{Head, Tab};
use super::policy::{PolicyForm, PolicyView};
use super::terms::{TermsForm, TermsView};
use super::view::Stands;
use crate::block::Level;
use crate::store::Subscription;
use crate::text::plain;
use crate::web::at::At;
use crate::web::fault::Answer;
use crate::web::offers::{self, Offer};
use crate::web::page;
use crate::web::site::Site;
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
    pub problem: Option<String>,
}

/// A form that could not be taken.
pub(super) enum Sent {
    Terms(TermsForm),
    Policy(PolicyForm),
}

impl Lists {
    /// Where on the page the form is that could not be taken. A list that is followed no more has
    /// none.
    fn place_of_form(&self) -> String {
        match self.rows.iter().position(|row| row.terms.refused) {
            Some(at) => format!("list-{}", at + 1),
            None if self.policy.refused => "policy-title".to_owned(),
            None => String::new(),
        }
    }
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
    show(&site, &at, None).await
}

/// The page, with a form that could not be taken, if there is one, and why.
pub(super) async fn show(
    site: &Site,
    at: &At,
    refused: Option<(Sent, (StatusCode, String))>,
) -> Answer {
    let head = Head::at(site, at, Tab::Lists).await?;
    let view = site.views().at(site.desk(), at).await?;
    let At { person, row, .. } = at;
    let (sent, problem) = refused.unzip();
    let (status, problem) = problem.unzip();
    let (sent_terms, sent_policy) = match sent {
        Some(Sent::Terms(form)) => (Some(form), None),
        Some(Sent::Policy(form)) => (None, Some(form)),
        None => (None, None),
    };
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
        let mut row = Row::of(subscription, offer.as_ref(), stands.unwrap_or_default());
        (row.held, row.failing) = (waits, failing);
        let sent = sent_terms.as_ref().filter(|form| form.list == subscription.list);
        row.terms = TermsView::of(&subscription.terms, sent);
        rows.push(row);
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
        policy: PolicyView::of(&policy, sent_policy, row.level, &names),
        problem,
    };
    Ok(page::html(status.unwrap_or_default(), &page))
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
            terms: TermsView::of(terms, None),
            stands,
        }
    }
}
