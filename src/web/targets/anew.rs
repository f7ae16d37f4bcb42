//! A decision that changes what a plan comes to, while a plan waits.
//!
//! What waits was made before the decision, and would do what was just decided against. So it
//! is planned again from what is known; and where that cannot be, it is let go of.

use crate::desk::{DeskError, Wish};
use crate::store::TargetRow;
use crate::web::fault::Fault;
use crate::web::site::Site;
use crate::web::visitor::Person;

/// Plans again what waits on a target and comes from lists.
pub async fn plan_again(site: &Site, person: &Person, row: &TargetRow) -> Result<(), Fault> {
    let (app, desk) = (&person.app, site.desk());
    let Some(waiting) = desk.waiting(app, &row.name).await? else { return Ok(()) };
    if !matches!(waiting.wish, Wish::Lists(_)) || waiting.taken.is_some() {
        return Ok(());
    }
    let Err(error) = desk.revise(app, row, &waiting, waiting.wish.clone()).await else {
        return Ok(());
    };
    if let Some(DeskError::Changed) = error.downcast_ref() {
        // Somebody was faster, and may have planned before this was decided.
        let Some(waiting) = desk.waiting(app, &row.name).await? else { return Ok(()) };
        if desk.revise(app, row, &waiting, waiting.wish.clone()).await.is_ok() {
            return Ok(());
        }
    }
    tracing::info!(error = format!("{error:#}"), "a plan that waited is let go of");
    app.store().await?.drop_proposal(waiting.id).await?;
    Ok(())
}

/// The same on the target of this name, or on all.
pub async fn plan_all_again(
    site: &Site,
    person: &Person,
    target: Option<&str>,
) -> Result<(), Fault> {
    for row in person.app.store().await?.targets().await? {
        if target.is_none_or(|name| name == row.name) {
            plan_again(site, person, &row).await?;
        }
    }
    Ok(())
}
