//! A word on rows of the plan, said on its page.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::filter::Asked;
use super::{newest, to_run};
use crate::desk::{About, Decision, Group, Otherwise, Outcome, Proposal, Word};
use crate::domain::Domain;
use crate::policy::Guard;
use crate::web::at::At;
use crate::web::fault::{Answer, Fault};
use crate::web::input::Form;
use crate::web::site::Site;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    proposal: i64,
    /// Of which the form told.
    revision: i64,
    /// The row's own button: a word, its place on the page, and the domain.
    row: String,
    /// A word on a whole group, on named domains, or on a guard.
    what: String,
    domain: Vec<String>,
    /// The group that it is about.
    of: String,
    guard: String,
    q: String,
    list: String,
    group: String,
    page: String,
}

pub async fn decide(State(site): State<Site>, at: At, Form(sent): Form<Sent>) -> Answer {
    let asked = Asked {
        q: sent.q.clone(),
        list: sent.list.clone(),
        group: sent.group.clone(),
        page: sent.page.parse().ok(),
        ..Asked::default()
    };
    // What the word was said about may have gone on its way.
    let Some(proposal) = newest(&site, &at).await? else {
        return match site.desk().proposal_now(&at.person.app, &at.row.name, sent.proposal).await {
            Err(error) => to_run(at.row.id, error),
            Ok(_) => Err(Fault::conflict("Look at the plan again.")),
        };
    };
    if proposal.id != sent.proposal {
        return Ok(back(&at, &asked, "replaced", None, (0, 0)));
    }
    let (decision, note, anchor) = read(&sent, &proposal, &asked)?;
    // A word on a group was said of as many rows as its button told.
    let of_group = decision.words.iter().any(|(_, about)| matches!(about, About::Rows(_)));
    if of_group && proposal.revision != sent.revision {
        return Ok(back(&at, &asked, "changed", None, (0, 0)));
    }
    let decided = site.desk().decide(&at.person.app, &at.row, proposal, &decision).await?;
    let Outcome { decided, missed, proposal } = decided;
    match proposal.map_err(Fault::from) {
        // What lasts has been done, and the page says that the plan is out of date.
        Ok(_) | Err(Fault::Told { .. }) => {}
        Err(fault) => return Err(fault),
    }
    Ok(back(&at, &asked, &note, anchor, (decided, missed)))
}

fn back(
    at: &At,
    asked: &Asked,
    note: &str,
    anchor: Option<String>,
    (number, missed): (usize, usize),
) -> Response {
    let mut more = vec![("note", note.to_owned()), ("n", number.to_string())];
    if missed > 0 {
        more.push(("missed", missed.to_string()));
    }
    let anchor = anchor.map_or_else(String::new, |anchor| format!("#{anchor}"));
    let to = asked.address(at.row.id, &more) + &anchor;
    Redirect::to(&to).into_response()
}

fn unclear() -> Fault {
    Fault::input("The form does not say what to do. Go back and choose again; nothing was done.")
}

/// What was said, the note about it, and where on the page it was said.
fn read(
    sent: &Sent,
    proposal: &Proposal,
    asked: &Asked,
) -> Result<(Decision, String, Option<String>), Fault> {
    let guard = || sent.guard.parse::<Guard>().map_err(|_| unclear());
    let mut decision = Decision { otherwise: Otherwise::TheRest, ..Decision::default() };
    match sent.what.as_str() {
        "override" => decision.let_go.push(guard()?),
        "unoverride" => decision.hold_again.push(guard()?),
        "everything" => decision.everything = true,
        _ => {
            let (word, about, n) = words(sent, proposal, asked)?;
            decision.words.push((word, about));
            let place = n.map_or_else(String::new, |n| format!("-{n}"));
            let group = sent.of.parse::<Group>().ok();
            let anchor = group.map(|group| format!("{group}{place}"));
            return Ok((decision, word.as_str().to_owned(), anchor));
        }
    }
    Ok((decision, sent.what.clone(), None))
}

/// A word, what it is about, and the row's place in its group on the page.
fn words(
    sent: &Sent,
    proposal: &Proposal,
    asked: &Asked,
) -> Result<(Word, About, Option<usize>), Fault> {
    let domain = |name: &str| Domain::from_stored(name).ok_or_else(unclear);
    if !sent.row.is_empty() {
        let mut parts = sent.row.splitn(3, ' ');
        let mut next = || parts.next().ok_or_else(unclear);
        let word = next()?.parse().map_err(|_| unclear())?;
        let n = next()?.parse().map_err(|_| unclear())?;
        return Ok((word, About::Named(vec![domain(next()?)?]), Some(n)));
    }
    let word = sent.what.parse().map_err(|_| unclear())?;
    if !sent.domain.is_empty() {
        let domains: Result<_, Fault> = sent.domain.iter().map(|name| domain(name)).collect();
        return Ok((word, About::Named(domains?), None));
    }
    let group = sent.of.parse().map_err(|_| unclear())?;
    let rows =
        proposal.outline().find(&proposal.plan, &proposal.wish, &asked.sought()).of(group).to_vec();
    Ok((word, About::Rows(rows), None))
}
