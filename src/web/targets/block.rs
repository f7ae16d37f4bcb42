//! One block: whose it is, its dates, and whether it is to be at all.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;

use super::beside::Beside;
use super::blocks::Shown;
use super::head::{Head, Tab};
use super::view::Whose;
use crate::block::Level;
use crate::domain::{Domain, Parsed};
use crate::store::BlockDate;
use crate::text::{last_day, plain};
use crate::verb::dates::{self, Dating};
use crate::verb::ownership::{self, Which};
use crate::web::at::At;
use crate::web::entry::back_to;
use crate::web::fault::{Answer, Fault};
use crate::web::input::{Form, Query};
use crate::web::page;
use crate::web::site::Site;

/// In letters. What is longer is no reason but a story.
pub const MOST_REASON: usize = 500;
/// So many blocks at once are ticked on a page.
const MOST_TICKED: usize = 1_000;

#[derive(Template)]
#[template(path = "targets/block.html")]
pub(super) struct Page<'a> {
    pub head: Head,
    pub level: Level,
    pub name: String,
    pub seen: Option<DateTime<Utc>>,
    pub row: Option<Shown<'a>>,
    pub here: String,
    pub problem: Option<String>,
    pub form: DateForm,
    /// There are dates that could be forgotten.
    pub dated: bool,
}

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    domain: String,
}

pub async fn block(
    State(site): State<Site>,
    at: At,
    Query(Asked { domain }): Query<Asked>,
) -> Answer {
    show(&site, &at, &stored(&domain)?, None).await
}

/// The page of a block, with dates that could not be taken, if there are such, and why.
async fn show(
    site: &Site,
    at: &At,
    domain: &Domain,
    refused: Option<(DateForm, (StatusCode, String))>,
) -> Answer {
    let head = Head::at(site, at, Tab::Blocks).await?;
    let view = site.views().at(site.desk(), at).await?;
    let At { person, row, .. } = at;
    let beside = Beside::read(&person.app, &row.name).await?;
    let shown = view.as_ref().and_then(|view| {
        let (block, row) = view.find(domain.as_str())?;
        Some(Shown::of(view, block, row, &beside))
    });
    let date = beside.date(domain.as_str());
    let (sent, problem) = refused.unzip();
    let (status, problem) = problem.unzip();
    let page = Page {
        head,
        level: row.level,
        here: format!("/targets/{}/block?domain={domain}", row.id),
        name: domain.to_string(),
        seen: view.as_ref().map(|view| view.state.taken_at),
        row: shown,
        problem,
        form: sent.or_else(|| date.map(DateForm::of)).unwrap_or_default(),
        dated: date.is_some(),
    };
    Ok(page::html(status.unwrap_or_default(), &page))
}

fn table(target: i64) -> String {
    format!("/targets/{target}/blocks")
}

/// A form about whose blocks are: a button for one of them, or for all that are ticked.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Owning {
    domain: Vec<String>,
    adopt: Option<String>,
    release: Option<String>,
    r#do: Option<String>,
    back: String,
}

pub async fn own(
    State(site): State<Site>,
    At { person, row, .. }: At,
    Form(form): Form<Owning>,
) -> Answer {
    let Owning { domain, adopt, release, r#do, back: to } = form;
    let (domains, adopting) = match (adopt, release, r#do.as_deref()) {
        (Some(one), None, None) => (vec![one], true),
        (None, Some(one), None) => (vec![one], false),
        (None, None, Some("adopt")) => (domain, true),
        (None, None, Some("release")) => (domain, false),
        _ => return Err(Fault::input("It was not said what to do. Go back and try again.")),
    };
    if domains.is_empty() {
        return Err(Fault::input("No block was ticked. Go back and tick those that you mean."));
    }
    if domains.len() > MOST_TICKED {
        return Err(Fault::input("Those are too many at once."));
    }
    let domains: Vec<Domain> =
        domains.iter().map(|name| stored(name)).collect::<Result<_, Fault>>()?;
    let which = Which::These(&domains);
    if adopting {
        let seen = site.desk().reading(&person.app, &row).await?;
        ownership::adopt_seen(&person.app, &row, seen.as_deref(), which).await?;
    } else {
        ownership::release(&person.app, &row, which).await?;
    }
    site.desk().plan_again(&person.app, &row).await?;
    Ok(back_to(&to, &table(row.id)))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DateForm {
    domain: String,
    pub expires: String,
    pub review: String,
    pub reason: String,
    clear: Option<String>,
    back: String,
}

impl DateForm {
    /// What is kept, as the fields of the form have it.
    pub fn of(date: &BlockDate) -> DateForm {
        let BlockDate { expires_at, review_at, reason, .. } = date;
        DateForm {
            expires: expires_at.map_or_else(String::new, last_day),
            review: review_at.map_or_else(String::new, |at| at.format("%Y-%m-%d").to_string()),
            reason: plain(reason.as_deref().unwrap_or_default()).into_owned(),
            ..DateForm::default()
        }
    }
}

/// Keeps dates, or forgets them. Those that cannot be taken come back as they were.
pub async fn date(State(site): State<Site>, at: At, Form(form): Form<DateForm>) -> Answer {
    let domain = stored(&form.domain)?;
    match keep(&site, &at, &domain, &form).await {
        Ok(()) => Ok(back_to(&form.back, &table(at.row.id))),
        Err(fault) => {
            let problem = fault.above_form()?;
            show(&site, &at, &domain, Some((form, problem))).await
        }
    }
}

async fn keep(site: &Site, at: &At, domain: &Domain, form: &DateForm) -> Result<(), Fault> {
    let At { person, row, .. } = at;
    let app = &person.app;
    if form.clear.is_some() {
        dates::clear(app, &row.name, domain).await?;
    } else {
        let new = Dating {
            expires: day(&form.expires)?,
            review: day(&form.review)?,
            reason: Some(reason(&form.reason)?),
        };
        if new.expires.is_none() && new.review.is_none() {
            return Err(Fault::input(
                "No day was given. Name its last day, a day to look again, or both.",
            ));
        }
        dates::set(app, &row.name, domain, new).await?;
    }
    Ok(site.desk().plan_again(app, row).await?)
}

/// The name of a block that may stand there, however odd.
fn stored(text: &str) -> Result<Domain, Fault> {
    let text = text.trim().to_lowercase();
    Domain::from_stored(&text).map_or_else(|| named(&text), Ok)
}

/// A domain that somebody has typed.
pub fn named(text: &str) -> Result<Domain, Fault> {
    let Parsed { domain, .. } = Domain::parse(text.trim()).map_err(|refusal| {
        let text = crate::text::fit(&plain(text.trim()), 80);
        if text.is_empty() {
            return Fault::input("No domain was named. Write it as bad.example.");
        }
        Fault::input(format!("\u{201c}{text}\u{201d} cannot be taken as a domain: {refusal}."))
    })?;
    Ok(domain)
}

/// A day as browsers send it, or as somebody types it.
pub fn day(text: &str) -> Result<Option<NaiveDate>, Fault> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").map(Some).map_err(|_| {
        let text = crate::text::fit(&plain(text), 40);
        Fault::input(format!("\u{201c}{text}\u{201d} is not a day. Write it as 2027-01-31."))
    })
}

/// A reason of bearable length.
pub fn reason(text: &str) -> Result<String, Fault> {
    let text = text.trim();
    if text.chars().count() > MOST_REASON {
        return Err(Fault::input(format!("A reason can have {MOST_REASON} letters at most.")));
    }
    Ok(plain(text).into_owned())
}
