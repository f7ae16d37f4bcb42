//! What must not be blocked, and what is turned down.

use anyhow::{Context, Result};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;

use super::dates::end_of;
use crate::app::App;
use crate::domain::Domain;
use crate::exception::{Exception, ExceptionId};
use crate::keep;
use crate::ledger::{Delta, Dismissal, Why};
use crate::store::{EventKind, NewEvent, NewException, TargetRow};

#[derive(Debug, thiserror::Error)]
pub enum ExceptionError {
    #[error("There is no exception {0}; see `hedgerow exceptions`.")]
    NoSuchException(ExceptionId),
    #[error("that day is over, so the exception would never hold")]
    Over,
    #[error("there is no such day")]
    NoSuchDay,
    #[error(
        "{domain} was not turned down on {target}; see `hedgerow exceptions --target {target}`."
    )]
    NotTurnedDown { domain: Domain, target: String },
}

/// An exception that somebody wants to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excepting {
    /// The target's name; nothing for all targets.
    pub target: Option<String>,
    pub domain: Domain,
    /// Everything below the domain too.
    pub subdomains: bool,
    /// Only do not hear what this list says of it.
    pub list: Option<String>,
    pub reason: Option<String>,
    /// The last day on which it holds.
    pub until: Option<NaiveDate>,
}

impl Excepting {
    /// The domain alone, for good, against all lists.
    pub fn of(domain: Domain, target: Option<String>) -> Excepting {
        Excepting { target, domain, subdomains: false, list: None, reason: None, until: None }
    }

    fn checked(self, app: &App, now: DateTime<Utc>) -> Result<NewException> {
        let Excepting { target, domain, subdomains, list, reason, until } = self;
        let until = until.map(|day| end_of(day).ok_or(ExceptionError::NoSuchDay)).transpose()?;
        if until.is_some_and(|until| until <= now) {
            return Err(ExceptionError::Over.into());
        }
        let reason = reason.map(|reason| reason.trim().to_owned());
        Ok(NewException {
            target,
            domain,
            subdomains,
            list: list.map(|list| list.to_lowercase()),
            reason: reason.filter(|reason| !reason.is_empty()),
            until,
            created_at: now,
            made_by: app.actor().to_owned(),
        })
    }
}

/// Makes an exception: from now on no plan blocks the domain.
pub async fn except(app: &App, new: Excepting) -> Result<ExceptionId> {
    let made = except_all(app, vec![new]).await?;
    made.first().copied().context("an exception has no number")
}

/// Makes several exceptions, or none of them. The numbers come in the same order.
pub async fn except_all(app: &App, new: Vec<Excepting>) -> Result<Vec<ExceptionId>> {
    let now = app.clock.now();
    let new = new.into_iter().map(|new| new.checked(app, now)).collect::<Result<Vec<_>>>()?;
    let event = |id, new: &NewException| {
        let event = NewEvent::new(now, app.actor(), EventKind::Excepted)
            .domain(new.domain.as_str())
            .detail(json!({
                "exception": id, "subdomains": new.subdomains, "until": new.until,
                "reason": new.reason,
            }));
        NewEvent { target: new.target.clone(), list: new.list.clone(), ..event }
    };
    Ok(app.store().await?.add_exceptions(&new, event).await?)
}

/// Ends an exception, and says what it was.
pub async fn remove(app: &App, id: ExceptionId) -> Result<Exception> {
    let gone = remove_all(app, &[id]).await?.pop();
    Ok(gone.ok_or(ExceptionError::NoSuchException(id))?)
}

/// Ends several exceptions, and says what they were. Those that have ended meanwhile are not
/// among them.
pub async fn remove_all(app: &App, ids: &[ExceptionId]) -> Result<Vec<Exception>> {
    let now = app.clock.now();
    let event = |gone: &Exception| {
        let event = NewEvent::new(now, app.actor(), EventKind::ExceptionEnded)
            .domain(gone.domain.as_str())
            .detail(json!({ "exception": gone.id }));
        NewEvent { target: gone.target.clone(), list: gone.list.clone(), ..event }
    };
    Ok(app.store().await?.delete_exceptions(ids, event).await?)
}

/// What was turned down on a target, ordered by domain.
pub async fn dismissed(app: &App, target: &TargetRow) -> Result<Vec<(String, Dismissal)>> {
    let whose = keep::whose(&app.identity(target)?);
    let found = app.store().await?.dismissals(&target.name, &whose, app.clock.now()).await?;
    let mut found: Vec<_> =
        found.into_iter().map(|(name, dismissal)| (name.to_string(), dismissal)).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

/// Turns domains down: they are not suggested again until a list says more than now.
pub async fn dismiss(app: &App, target: &TargetRow, domains: &[Domain]) -> Result<()> {
    let now = app.clock.now();
    // Makes sure that what is remembered is about whoever has the name now.
    let whose = keep::whose(&app.identity(target)?);
    app.store().await?.dismissals(&target.name, &whose, now).await?;
    let dismissal = Dismissal { why: Why::Said, at: now, said: None };
    turn(app, target, domains, Some(&dismissal), now).await
}

/// Lets domains be suggested again that were turned down, or lifted by hand.
pub async fn undismiss(app: &App, target: &TargetRow, domains: &[Domain]) -> Result<()> {
    let now = app.clock.now();
    let whose = keep::whose(&app.identity(target)?);
    let known = app.store().await?.dismissals(&target.name, &whose, now).await?;
    if let Some(domain) = domains.iter().find(|domain| !known.contains_key(domain.as_str())) {
        let (domain, target) = (domain.clone(), target.name.clone());
        return Err(ExceptionError::NotTurnedDown { domain, target }.into());
    }
    turn(app, target, domains, None, now).await
}

async fn turn(
    app: &App,
    target: &TargetRow,
    domains: &[Domain],
    dismissal: Option<&Dismissal>,
    now: DateTime<Utc>,
) -> Result<()> {
    let kind = if dismissal.is_some() { EventKind::Dismissed } else { EventKind::Undismissed };
    let (mut delta, mut events) = (Delta::default(), Vec::new());
    for domain in domains {
        let known = delta.dismissals.insert(domain.as_str().into(), dismissal.cloned());
        if known.is_none() {
            let event = NewEvent::new(now, app.actor(), kind);
            events.push(event.target(&target.name).domain(domain.as_str()));
        }
    }
    Ok(app.store().await?.take(&target.name, &delta, &events).await?)
}
