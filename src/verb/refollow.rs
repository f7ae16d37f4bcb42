//! Following those again whom a run had cut off.
//!
//! It needs a right that Hedgerow has no other use for, so it is asked for now, used once,
//! and given back.

use std::sync::Arc;

use reqwest::Client;
use serde::Serialize;
use serde_json::json;
use url::Url;

use crate::app::App;
use crate::impact::{Cut, Person};
use crate::mastodon::client::{Api, Patience};
use crate::mastodon::discovery::discover;
use crate::mastodon::oauth::{self, Granted, OAuthError, Pending};
use crate::mastodon::refollow::{Refollow, follow};
use crate::stop::Stop;
use crate::store::{EventKind, NewEvent, TargetRow};
use crate::target::TargetError;
use crate::text::{count, people, plain};
use crate::verb::sign_in::{self, Asking};

/// What a run's blocks had cut.
#[derive(Debug, Default)]
pub struct Lost {
    pub following: usize,
    pub followers: usize,
    /// Those of them who can be followed again.
    pub people: Vec<Person>,
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
    pub account: String,
    pub why: String,
}

#[derive(Debug, thiserror::Error)]
pub enum RefollowError {
    #[error(
        "the browser is signed in as {account}, and the run was on {target}; sign in there as the \
         right one and run this again",
        account = plain(.account)
    )]
    SomebodyElse { account: String, target: String },
    #[error("{} followed again so far; run the same command for the rest", people(*.so_far))]
    Interrupted { so_far: usize, source: TargetError },
    /// Neither could be done to its end: people followed, and the right given back. At this
    /// address a person can revoke it.
    #[error(
        "{failed}. The right to follow people could not be given back ({kept}); revoke it: {at}"
    )]
    Kept { failed: Box<RefollowError>, kept: Box<RefollowError>, at: String },
    #[error(transparent)]
    SignIn(#[from] OAuthError),
    #[error(transparent)]
    Other(#[from] anyhow::Error),
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
}

/// The right to follow people, on loan from the server at `base`.
#[derive(Clone)]
pub struct Right {
    pub client: Client,
    pub base: Url,
    pub granted: Granted,
}

impl Right {
    pub async fn give_back(&self) -> Result<(), OAuthError> {
        self.granted.revoke(&self.client, &self.base).await
    }

    /// Where a person can revoke it, if it cannot be given back.
    pub fn revocable_at(&self) -> String {
        let mut at = self.base.clone();
        at.set_path("/oauth/authorized_applications");
        at.into()
    }
}

/// Asks a target's server for the right to follow people. The person approves at
/// [`Pending::authorize_url`], and the code comes back to `redirect_uri`.
pub async fn ask(
    app: &App,
    row: &TargetRow,
    redirect_uri: &str,
    random: [[u8; 32]; 2],
) -> anyhow::Result<Pending> {
    let base = Url::parse(&row.base_url)?;
    app.may_ask(&base)?;
    let client = app.client()?;
    let server = discover(&client, &base).await?;
    Ok(sign_in::begin(&client, &server, &Asking::refollow(), redirect_uri, random).await?)
}

/// Follows these people with a right that was granted for it, and gives the right back, also
/// where following fails. The second answer is what became of that.
pub async fn follow_again(
    app: &App,
    right: &Right,
    row: &TargetRow,
    lost: &[Person],
    stop: &Stop,
    patience: Arc<dyn Patience>,
) -> (Result<Refollowed, RefollowError>, Result<(), RefollowError>) {
    let followed = follow_all(app, right, row, lost, stop, patience).await;
    (followed, right.give_back().await.map_err(RefollowError::from))
}

async fn follow_all(
    app: &App,
    Right { client, base, granted }: &Right,
    row: &TargetRow,
    lost: &[Person],
    stop: &Stop,
    patience: Arc<dyn Patience>,
) -> Result<Refollowed, RefollowError> {
    let me = oauth::who_am_i(client, base, &granted.token).await?;
    let account = format!("{}@{}", me.acct, row.domain);
    if row.account.as_deref().is_some_and(|known| known != account) {
        return Err(RefollowError::SomebodyElse { account, target: row.name.clone() });
    }
    let (base, token, clock) = (base.clone(), granted.token.clone(), app.clock.clone());
    let api = Api::with(client.clone(), base, token, clock, stop.clone(), patience);
    let store = app.store().await?;
    let mut done = Refollowed::default();
    for person in lost {
        let acct = person.acct.clone();
        let so_far = done.following.len() + done.requested.len();
        let became = follow(&api, &person.id)
            .await
            .map_err(|source| RefollowError::Interrupted { so_far, source })?;
        let says = match &became {
            Refollow::Following => "following".to_owned(),
            Refollow::Requested => "requested".to_owned(),
            Refollow::Refused(why) => why.clone(),
        };
        let event = NewEvent::new(app.clock.now(), app.actor(), EventKind::Refollowed);
        let detail = json!({ "account": acct, "became": says });
        let event = event.target(&row.name).detail(detail);
        store.log(&[event]).await.map_err(anyhow::Error::from)?;
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
