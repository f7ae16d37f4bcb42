//! The last day of a block, and the day to look at it again.

use anyhow::Result;
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::json;

use crate::app::App;
use crate::domain::Domain;
use crate::store::{BlockDate, EventKind, NewEvent};

#[derive(Debug, thiserror::Error)]
pub enum DateError {
    #[error("name a day with --expires or --review")]
    NoDay,
    #[error("there is no such day")]
    NoSuchDay,
    #[error("that day is over; to lift the block now, lift it on the server")]
    Over,
    #[error("{domain} has no date on {target}")]
    NoDate { domain: Domain, target: String },
}

/// Days that somebody wants to give a block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dating {
    /// The last day of the block.
    pub expires: Option<NaiveDate>,
    /// The day to look at it again.
    pub review: Option<NaiveDate>,
    pub reason: Option<String>,
}

/// The moment at which a day is over, in UTC.
pub fn end_of(day: NaiveDate) -> Option<DateTime<Utc>> {
    Some(day.checked_add_days(Days::new(1))?.and_hms_opt(0, 0, 0)?.and_utc())
}

/// Notes the dates of a domain's block, in the place of earlier ones.
pub async fn set(app: &App, target: &str, domain: &Domain, new: Dating) -> Result<BlockDate> {
    let Dating { expires, review, reason } = new;
    if expires.is_none() && review.is_none() {
        return Err(DateError::NoDay.into());
    }
    let now = app.clock.now();
    let expires_at = expires.map(|day| end_of(day).ok_or(DateError::NoSuchDay)).transpose()?;
    if expires_at.is_some_and(|at| at <= now) {
        return Err(DateError::Over.into());
    }
    let date = BlockDate {
        domain: domain.clone(),
        expires_at,
        review_at: review.and_then(|day| Some(day.and_hms_opt(0, 0, 0)?.and_utc())),
        reason: reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty()),
        made_by: app.actor().to_owned(),
        created_at: now,
    };
    let store = app.store().await?;
    store.save_date(target, &date).await?;
    let detail = json!({
        "expires": date.expires_at, "review": date.review_at, "reason": date.reason,
    });
    let event = NewEvent::new(now, app.actor(), EventKind::Dated);
    store.log(&[event.target(target).domain(domain.as_str()).detail(detail)]).await?;
    Ok(date)
}

/// Forgets the dates of a domain's block.
pub async fn clear(app: &App, target: &str, domain: &Domain) -> Result<()> {
    let store = app.store().await?;
    if !store.delete_date(target, domain).await? {
        let (domain, target) = (domain.clone(), target.to_owned());
        return Err(DateError::NoDate { domain, target }.into());
    }
    let event = NewEvent::new(app.clock.now(), app.actor(), EventKind::Undated);
    Ok(store.log(&[event.target(target).domain(domain.as_str())]).await?)
}
