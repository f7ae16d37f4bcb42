//! Offering to follow those again whom a run had cut off.

use std::sync::Arc;

use anyhow::Result;

use super::confirm;
use super::login::sign_in_for;
use super::progress::Reporter;
use crate::app::App;
use crate::mastodon::discovery::discover;
use crate::stop::Stop;
use crate::store::TargetRow;
use crate::text::{people, plain};
use crate::verb::refollow::{Lost, Refollowed, Right, follow_again};
use crate::verb::sign_in::Asking;

/// Says before the undo what it does not bring back.
pub fn warn(lost: &Lost, refollow: bool, run: i64) {
    if lost.followers > 0 {
        let came = if lost.followers == 1 { "does" } else { "do" };
        eprintln!(
            "{} followed you there, and {came} not come back by an undo.",
            people(lost.followers)
        );
    }
    if lost.following > 0 && !refollow {
        eprintln!(
            "You followed {} there. To follow them again: hedgerow undo {run} --refollow",
            people(lost.following)
        );
    }
}

/// Asks, has the right approved, follows, and gives the right back.
pub async fn offer(
    app: &App,
    row: &TargetRow,
    lost: Lost,
    yes: bool,
    code: bool,
    stop: &Stop,
    progress: Arc<Reporter>,
) -> Result<Option<Refollowed>> {
    if lost.people.is_empty() {
        let why = if lost.following > 0 {
            "the backup has only their number, not their names"
        } else {
            "the run had cut off nobody whom you followed, as far as its backup knows"
        };
        eprintln!("There is nobody to follow again: {why}.");
        return Ok(None);
    }
    for person in &lost.people {
        eprintln!("  {}", plain(&person.acct));
    }
    if !yes && !confirm(&format!("Follow {} again?", people(lost.people.len())))? {
        eprintln!("Nobody was followed. Add --yes to do it without being asked.");
        return Ok(None);
    }
    let client = crate::http::client()?;
    let base = url::Url::parse(&row.base_url)?;
    let server = discover(&client, &base).await?;
    let granted = sign_in_for(&client, &server, &Asking::refollow(), code).await?;
    let right = Right { client, base, granted };
    let (followed, given_back) = follow_again(app, &right, row, &lost.people, stop, progress).await;
    if let Err(error) = given_back.map_err(anyhow::Error::from) {
        eprintln!("The right to follow could not be given back: {error:#}");
        eprintln!("Revoke it there: {}", right.revocable_at());
    }
    Ok(Some(followed?))
}
