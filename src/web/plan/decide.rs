//! A word on rows of the plan, done.
//!
//! Some words last, whatever becomes of the plan: an exception, something turned down, a block
//! kept. They are done first, once. The others change what this plan is to bring about; if
//! somebody else has changed it meanwhile, they are said again of what there is now.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::filter::Asked;
use super::view::own_exceptions;
use super::word::{Context, Said, Word, wish_after};
use super::{newest, to_run};
use crate::desk::{DeskError, Group, Place, Proposal, Wish};
use crate::domain::Domain;
use crate::plan::Reason;
use crate::policy::Guard;
use crate::verb::exceptions::{self, Excepting};
use crate::verb::ownership::{self, Which};
use crate::web::at::At;
use crate::web::fault::{Answer, Fault};
use crate::web::input::Form;
use crate::web::site::Site;

/// How often a word is said again because others were faster.
const TRIES: usize = 5;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Decision {
    proposal: i64,
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

/// What a word is about.
enum About {
    Rows(Vec<Domain>),
    Group(Group),
}

pub async fn decide(State(site): State<Site>, at: At, Form(decision): Form<Decision>) -> Answer {
    let asked = Asked {
        q: decision.q.clone(),
        list: decision.list.clone(),
        group: decision.group.clone(),
        page: decision.page.parse().ok(),
        ..Asked::default()
    };
    // What the word was said about may have gone on its way.
    let Some(proposal) = newest(&site, &at).await? else {
        return match site.desk().proposal_now(&at.person.app, &at.row.name, decision.proposal).await
        {
            Err(error) => to_run(at.row.id, error),
            Ok(_) => Err(Fault::conflict("Look at the plan again.")),
        };
    };
    if proposal.id != decision.proposal {
        return Ok(back(&at, &asked, "replaced", None, 0, 0));
    }
    if let Some(said) = said_of_guards(&decision)? {
        revise(&site, &at, proposal, &said).await?;
        return Ok(back(&at, &asked, &decision.what, None, 0, 0));
    }
    let (word, about, n) = read(&decision)?;
    let found = rows(&at, &proposal, &asked, word, about).await?;
    let anchor = match n {
        Some(n) => format!("{}-{n}", decision.of),
        None => decision.of.clone(),
    };
    let anchor = decision.of.parse::<Group>().is_ok().then_some(anchor);
    let Found { lasting, said, number, missed } = found;
    if number > 0 {
        let lasts = lasting.do_it(&at).await?;
        match revise(&site, &at, proposal, &said).await {
            Ok(()) => {}
            // What lasts has been done, and the page says that the plan is out of date.
            Err(Fault::Told { .. }) if lasts => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(back(&at, &asked, word.as_str(), anchor, number, missed))
}

fn back(
    at: &At,
    asked: &Asked,
    note: &str,
    anchor: Option<String>,
    number: usize,
    missed: usize,
) -> Response {
    let mut more = vec![("note", note.to_owned()), ("n", number.to_string())];
    if missed > 0 {
        more.push(("missed", missed.to_string()));
    }
    let anchor = anchor.map_or_else(String::new, |anchor| format!("#{anchor}"));
    let to = asked.address(at.row.id, &more) + &anchor;
    Redirect::to(&to).into_response()
}

fn said_of_guards(decision: &Decision) -> Result<Option<Said>, Fault> {
    let guard = || decision.guard.parse::<Guard>().map_err(|_| unclear());
    Ok(match decision.what.as_str() {
        "override" => Some(Said::LetGo(guard()?)),
        "unoverride" => Some(Said::Guard(guard()?)),
        "everything" => Some(Said::Everything),
        _ => None,
    })
}

fn unclear() -> Fault {
    Fault::input("The form does not say what to do. Go back and choose again; nothing was done.")
}

/// What was said, of what, and the row's place on the page.
fn read(decision: &Decision) -> Result<(Word, About, Option<usize>), Fault> {
    let domain = |name: &str| Domain::from_stored(name).ok_or_else(unclear);
    if !decision.row.is_empty() {
        let mut parts = decision.row.splitn(3, ' ');
        let mut next = || parts.next().ok_or_else(unclear);
        let word = next()?.parse().map_err(|_| unclear())?;
        let n = next()?.parse().map_err(|_| unclear())?;
        return Ok((word, About::Rows(vec![domain(next()?)?]), Some(n)));
    }
    let word = decision.what.parse().map_err(|_| unclear())?;
    if !decision.domain.is_empty() {
        let domains: Result<_, Fault> = decision.domain.iter().map(|name| domain(name)).collect();
        return Ok((word, About::Rows(domains?), None));
    }
    let group = decision.of.parse().map_err(|_| unclear())?;
    Ok((word, About::Group(group), None))
}

/// What a word comes to, on the rows that it makes sense for.
struct Found {
    lasting: Lasting,
    said: Said,
    /// How many rows that is, and how many it makes no sense for any more.
    number: usize,
    missed: usize,
}

/// What stays so whatever becomes of the plan.
#[derive(Default)]
struct Lasting {
    except: Vec<Domain>,
    end: Vec<i64>,
    dismiss: Vec<Domain>,
    undismiss: Vec<Domain>,
    keep: Vec<Domain>,
}

impl Lasting {
    /// Says whether there was anything.
    async fn do_it(self, at: &At) -> Result<bool, Fault> {
        let Lasting { except, end, dismiss, undismiss, keep } = self;
        let At { person, row, .. } = at;
        let app = &person.app;
        let any = !(except.is_empty()
            && end.is_empty()
            && dismiss.is_empty()
            && undismiss.is_empty()
            && keep.is_empty());
        for domain in except {
            exceptions::except(app, Excepting::of(domain, Some(row.name.clone()))).await?;
        }
        for id in end {
            exceptions::remove(app, id).await?;
        }
        if !dismiss.is_empty() {
            exceptions::dismiss(app, row, &dismiss).await?;
        }
        if !undismiss.is_empty() {
            exceptions::undismiss(app, row, &undismiss).await?;
        }
        if !keep.is_empty() {
            ownership::release(app, row, Which::These(&keep)).await?;
        }
        Ok(any)
    }
}

async fn rows(
    at: &At,
    proposal: &Proposal,
    asked: &Asked,
    word: Word,
    about: About,
) -> Result<Found, Fault> {
    let plan = &proposal.plan;
    let exceptions = own_exceptions(at).await?;
    let context = Context { wish: &proposal.wish, plan, exceptions };
    let outline = proposal.outline();
    let whole = matches!(about, About::Group(_));
    let (places, asked_of): (Vec<Place>, usize) = match about {
        About::Group(group) => {
            let rows = outline.find(plan, &asked.sought()).of(group).to_vec();
            let number = rows.len();
            (rows, number)
        }
        About::Rows(domains) => {
            let wanted: BTreeSet<&str> = domains.iter().map(Domain::as_str).collect();
            let mut found: HashMap<&str, Place> = HashMap::new();
            for (_, place) in outline.all() {
                let Some(at) = place.of(plan) else { continue };
                // A name can stand in the plan twice; the row that takes the word is meant.
                if wanted.contains(at.name()) && context.takes(at, word) {
                    found.insert(at.name(), place);
                }
            }
            (found.into_values().collect(), wanted.len())
        }
    };
    let mut lasting = Lasting::default();
    let (mut domains, mut aside) = (BTreeSet::new(), BTreeSet::new());
    for place in places {
        let Some(at) = place.of(plan).filter(|at| context.takes(*at, word)) else { continue };
        let Some(domain) = Domain::from_stored(at.name()) else { continue };
        match word {
            Word::Except => lasting.except.push(domain.clone()),
            Word::Unexcept => {
                if let crate::desk::At::Skipped(skipped) = at
                    && let Reason::Excepted { exception, .. } = skipped.reason
                {
                    lasting.end.push(exception);
                }
            }
            Word::Ignore if context.is_turned_down(at) => lasting.dismiss.push(domain.clone()),
            Word::Ignore => {
                aside.insert(domain.clone());
            }
            Word::Unignore => {
                if let crate::desk::At::Skipped(skipped) = at
                    && let Reason::TurnedDown { .. } = skipped.reason
                {
                    lasting.undismiss.push(domain.clone());
                }
            }
            Word::Keep => lasting.keep.push(domain.clone()),
            Word::Accept | Word::Unaccept | Word::Lower | Word::Unlower => {}
        }
        domains.insert(domain);
    }
    let number = domains.len();
    // Of a whole group, rows that take no such word are not missed by anybody.
    let missed = if whole && number > 0 { 0 } else { asked_of - number };
    let said = match word {
        Word::Accept => Said::Accept(domains),
        Word::Unaccept => Said::Unaccept(domains),
        Word::Ignore if !aside.is_empty() => Said::Aside(aside),
        Word::Except | Word::Unexcept | Word::Ignore | Word::Keep => Said::Elsewhere(domains),
        Word::Unignore => Said::PutBack(domains),
        Word::Lower => Said::Lower(domains),
        Word::Unlower => Said::Unlower(domains),
    };
    Ok(Found { lasting, said, number, missed })
}

/// Plans again for what was said; on the newest plan, if others were faster.
async fn revise(
    site: &Site,
    at: &At,
    mut proposal: Arc<Proposal>,
    said: &Said,
) -> Result<(), Fault> {
    let At { person, row, .. } = at;
    for _ in 0..TRIES {
        let Some(wish): Option<Wish> = wish_after(&proposal, said) else {
            return Err(Fault::input(
                "That is all that this plan would do, so nothing would be left of it. Let go of \
                 the plan instead.",
            ));
        };
        match site.desk().revise(&person.app, row, &proposal, wish).await {
            Ok(_) => return Ok(()),
            Err(error) if matches!(error.downcast_ref(), Some(DeskError::Changed)) => {
                let now = newest(site, at).await?;
                proposal = now.filter(|now| now.id == proposal.id).ok_or_else(|| {
                    Fault::conflict(
                        "The plan has been replaced or handed to a run meanwhile. Look at it again.",
                    )
                })?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(DeskError::Changed.into())
}
