//! What is decided about domains: exceptions made and ended, suggestions turned down.

use axum::extract::State;
use serde::Deserialize;

use super::{Asked, show, target, turned_down};
use crate::domain::Domain;
use crate::exception::ExceptionId;
use crate::store::TargetRow;
use crate::text::plain;
use crate::verb::exceptions::{self, Excepting};
use crate::web::entry::{back_to, inside};
use crate::web::fault::{Answer, Fault};
use crate::web::input::Form;
use crate::web::site::Site;
use crate::web::targets::{day, named, reason};
use crate::web::visitor::Person;

/// So many domains are decided about at once.
const MOST: usize = 1_000;
/// A list's name, in letters.
const LONGEST_NAME: usize = 200;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ExceptForm {
    pub domain: Vec<String>,
    pub subdomains: Option<String>,
    /// A target's number or name; nothing for all.
    pub target: String,
    pub list: String,
    pub until: String,
    pub reason: String,
    pub back: String,
}

impl ExceptForm {
    /// What was typed as the domain, or as several of them, in the one line of a field.
    pub fn typed(&self) -> String {
        let words: Vec<&str> = words(&self.domain).collect();
        words.join(" ")
    }

    /// The page that it was sent from, if that was another one.
    pub fn origin(&self) -> Option<&str> {
        Some(inside(&self.back)).filter(|path| *path != "/")
    }
}

/// Makes exceptions. A form that cannot be taken comes back as it was, wherever it stood: other
/// pages have fewer fields, and it still leads back to them.
pub async fn except(
    State(site): State<Site>,
    person: Person,
    Form(form): Form<ExceptForm>,
) -> Answer {
    match make(&site, &person, &form).await {
        Ok(()) => Ok(back_to(&form.back, "/exceptions")),
        Err(fault) => {
            let problem = fault.above_form()?;
            show(&person, form, &Asked::default(), Some(problem)).await
        }
    }
}

async fn make(site: &Site, person: &Person, form: &ExceptForm) -> Result<(), Fault> {
    let domains = domains(&form.domain)?;
    let target = match form.target.as_str() {
        "" => None,
        text => Some(target(person, text).await?),
    };
    if form.list.chars().count() > LONGEST_NAME {
        return Err(Fault::input("No list has such a long name."));
    }
    let new = |domain: Domain| -> Result<Excepting, Fault> {
        Ok(Excepting {
            target: target.as_ref().map(|row| row.name.clone()),
            domain,
            subdomains: form.subdomains.is_some(),
            list: Some(plain(&form.list).into_owned()).filter(|list| !list.is_empty()),
            reason: Some(reason(&form.reason)?),
            until: day(&form.until)?,
        })
    };
    let new: Vec<Excepting> = domains.into_iter().map(new).collect::<Result<_, _>>()?;
    exceptions::except_all(&person.app, new).await?;
    let name = target.as_ref().map(|row| row.name.as_str());
    Ok(site.desk().plan_all_again(&person.app, name).await?)
}

#[derive(Debug, Deserialize)]
pub struct EndForm {
    exception: ExceptionId,
    #[serde(default)]
    back: String,
}

/// Ends an exception: lists may block the domain again.
pub async fn end(State(site): State<Site>, person: Person, Form(form): Form<EndForm>) -> Answer {
    let gone = exceptions::remove(&person.app, form.exception).await?;
    site.desk().plan_all_again(&person.app, gone.target.as_deref()).await?;
    Ok(back_to(&form.back, "/exceptions"))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DismissForm {
    target: String,
    domain: Vec<String>,
    back: String,
}

/// Turns domains down. A form that cannot be taken comes back as it was.
pub async fn dismiss(
    State(site): State<Site>,
    person: Person,
    Form(form): Form<DismissForm>,
) -> Answer {
    let row = target(&person, &form.target).await?;
    match turn_down(&site, &person, &row, &form.domain).await {
        Ok(()) => Ok(back_to(&form.back, &here(row.id))),
        Err(fault) => {
            let problem = fault.above_form()?;
            let asked = turned_down::Asked::on(form.target);
            turned_down::show(&person, asked, form.domain.join("\n"), Some(problem)).await
        }
    }
}

async fn turn_down(
    site: &Site,
    person: &Person,
    row: &TargetRow,
    named: &[String],
) -> Result<(), Fault> {
    exceptions::dismiss(&person.app, row, &domains(named)?).await?;
    Ok(site.desk().plan_again(&person.app, row).await?)
}

pub async fn undismiss(
    State(site): State<Site>,
    person: Person,
    Form(form): Form<DismissForm>,
) -> Answer {
    let row = target(&person, &form.target).await?;
    exceptions::undismiss(&person.app, &row, &domains(&form.domain)?).await?;
    site.desk().plan_again(&person.app, &row).await?;
    Ok(back_to(&form.back, &here(row.id)))
}

fn here(target: i64) -> String {
    format!("/exceptions/turned-down?target={target}")
}

/// What stands in fields, each of which may have several words in it.
fn words(fields: &[String]) -> impl Iterator<Item = &str> {
    fields.iter().flat_map(|field| field.split_whitespace())
}

/// Domains from fields, each of which may have several in it, one a line.
fn domains(fields: &[String]) -> Result<Vec<Domain>, Fault> {
    let words: Vec<&str> = words(fields).collect();
    if words.is_empty() {
        return Err(Fault::input("No domain was named. Write it as bad.example."));
    }
    if words.len() > MOST {
        return Err(Fault::input(format!("At most {MOST} domains can be named at once.")));
    }
    let domain = |word: &str| {
        // What a server has stored, and what was turned down, need not be what one would type.
        let stored = Domain::from_stored(word).filter(|domain| domain.as_str().contains('.'));
        stored.map_or_else(|| named(word), Ok)
    };
    words.into_iter().map(domain).collect()
}
