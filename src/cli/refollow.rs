//! Following those again whom a run had cut off.
//!
//! It needs a right that Hedgerow has no other use for, so it is asked for now, used once,
//! and given back.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;

use super::confirm;
use super::login::sign_in_for;
use super::progress::Reporter;
use crate::app::App;
use crate::impact::{Cut, Person};
use crate::mastodon::client::Api;
use crate::mastodon::discovery::discover;
use crate::mastodon::oauth;
use crate::mastodon::refollow::{Refollow, follow};
use crate::stop::Stop;
use crate::store::{EventKind, NewEvent, TargetRow};
use crate::text::{count, people, plain};

/// What a run's blocks had cut.
#[derive(Debug, Default)]
pub struct Lost {
    following: usize,
    followers: usize,
    /// Those of them who can be followed again.
    people: Vec<Person>,
}

/// Who is followed again.
#[derive(Debug, Default, Serialize)]
pub struct Refollowed {
    pub following: Vec<String>,
    /// They approve their followers by hand.
    pub requested: Vec<String>,
    pub refused: Vec<Refusal>,
}

#[derive(Debug, Serialize)]
pub struct Refusal {
    account: String,
    why: String,
}

impl Lost {
    pub fn of(cuts: impl Iterator<Item = Cut>) -> Self {
        let mut lost = Lost::default();
        for cut in cuts {
            lost.following += cut.following;
            lost.followers += cut.followers;
            lost.people.extend(cut.people.into_iter().filter(|person| person.following));
        }
        lost
    }

    /// Says before the undo what it does not bring back.
    pub fn warn(&self, refollow: bool, run: i64) {
        if self.followers > 0 {
            let came = if self.followers == 1 { "does" } else { "do" };
            eprintln!(
                "{} followed you there, and {came} not come back by an undo.",
                people(self.followers)
            );
        }
        if self.following > 0 && !refollow {
            eprintln!(
                "You followed {} there. To follow them again: hedgerow undo {run} --refollow",
                people(self.following)
            );
        }
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
    let granted = sign_in_for(&client, &server, &oauth::refollow_scopes(), code).await?;
    let result = follow_all(app, row, &base, &granted.token, &lost.people, stop, progress).await;
    if let Err(error) = granted.revoke(&client, &base).await {
        eprintln!("The right to follow could not be given back: {error:#}");
        eprintln!("Revoke it there: {base}oauth/authorized_applications");
    }
    result.map(Some)
}

async fn follow_all(
    app: &App,
    row: &TargetRow,
    base: &url::Url,
    token: &SecretString,
    lost: &[Person],
    stop: &Stop,
    progress: Arc<Reporter>,
) -> Result<Refollowed> {
    let me = oauth::who_am_i(&crate::http::client()?, base, token).await?;
    let account = format!("{}@{}", me.acct, row.domain);
    if row.account.as_deref().is_some_and(|known| known != account) {
        bail!(
            "the browser is signed in as {}, and the run was on {}; sign in there as the right \
             one and run this again",
            plain(&account),
            row.name
        );
    }
    let api = Api::new(base.clone(), token.clone(), app.clock.clone(), stop.clone(), progress)?;
    let store = app.store().await?;
    let mut done = Refollowed::default();
    for person in lost {
        let acct = person.acct.clone();
        let became = follow(&api, &person.id).await.with_context(|| {
            let so_far = done.following.len() + done.requested.len();
            format!("{} followed again so far; run the same command for the rest", people(so_far))
        })?;
        let says = match &became {
            Refollow::Following => "following".to_owned(),
            Refollow::Requested => "requested".to_owned(),
            Refollow::Refused(why) => why.clone(),
        };
        let event = NewEvent::new(app.clock.now(), app.actor(), EventKind::Refollowed);
        let detail = json!({ "account": acct, "became": says });
        store.log(&[event.target(&row.name).detail(detail)]).await?;
        match became {
            Refollow::Following => done.following.push(acct),
            Refollow::Requested => done.requested.push(acct),
            Refollow::Refused(why) => done.refused.push(Refusal { account: acct, why }),
        }
    }
    Ok(done)
}

impl std::fmt::Display for Refollowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "You follow {} again.", people(self.following.len()))?;
        if !self.requested.is_empty() {
            let people = count(self.requested.len(), "request");
            writeln!(f, "{people} wait for an answer: {}", plain(&self.requested.join(", ")))?;
        }
        for Refusal { account, why } in &self.refused {
            writeln!(f, "Not followed: {}: {}", plain(account), plain(why))?;
        }
        Ok(())
    }
}
