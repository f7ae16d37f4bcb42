//! Lists that somebody follows: fetched again and again, each version kept, and a version
//! that looks like a mistake held until somebody decides.
//!
//! A list is asked for with the marks of what is there already, so that an unchanged list
//! costs one small request. What was fetched is compared with the version in force by
//! [`guard`], and a good one takes its place. Whoever uses a list gets the version in
//! force, and is told when it is not the newest.
//!
//! A person uses what the house follows as it is in force: to fetch it and to decide about it
//! is the house's. What they follow themselves is read from the internet and nowhere else.

mod decide;
pub mod guard;
pub mod history;
mod in_force;
mod settings;
mod shelf;
mod update;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::clock::Clock;
use crate::fetch::{Auth, Fetcher, Validators};
use crate::list::{Document, Format, Purpose, ReadError, read_as};
use crate::secret::SecretError;
use crate::source::{Got, Source, SourceError};
use crate::store::{
    FollowedList, HOUSE, NewList, NewSnapshot, Snapshot, SnapshotId, Standing, Store, StoreError,
    Visit,
};
use crate::text::{ago, count};
use guard::Concern;
pub use in_force::InForce;
pub use settings::{Settings, Signed};
pub use shelf::Shelf;
pub use update::Outcome;

#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(
        "{0} is followed by whoever runs this Hedgerow, who alone decides about it. To decide for \
         yourself, follow its address as a list of your own"
    )]
    NotYours(String),
    #[error("{name} is not followed: {error}")]
    Unreadable { name: String, error: ReadError },
    #[error(
        "the version of {name} that is in force can no longer be read ({error}). Nothing was \
         changed; remove the list and add it again"
    )]
    Damaged { name: String, error: ReadError },
    #[error("{name} is not followed: its signature does not hold ({why})")]
    Unsigned { name: String, why: String },
    #[error(
        "the settings of the list {0} are damaged. Stop following it with `hedgerow lists remove \
         {0}` and add it again"
    )]
    Settings(String),
    #[error("no version of the list {0} is held, so there is nothing to decide")]
    NothingHeld(String),
    #[error(
        "the version that you looked at does not wait for a decision any more; look at the list \
         again"
    )]
    NotThatOne,
    #[error(
        "the held version of {name} cannot come into force: {concern}. Reject it with `hedgerow \
         lists reject {name}`; if the list has moved, remove it and add its new address"
    )]
    Unacceptable { name: String, concern: Concern },
    #[error("there is no version {which} of the list {name}; see `hedgerow lists history {name}`")]
    NoVersion { name: String, which: SnapshotId },
}

/// The lists of one store.
pub struct Lists {
    pub store: Store,
    fetcher: Fetcher,
    clock: Arc<dyn Clock>,
    shelf: Arc<Shelf>,
}

fn is_empty(error: &ReadError) -> bool {
    matches!(error, ReadError::Empty | ReadError::NoRows | ReadError::NoEntries { rows: 0, .. })
}

fn empty() -> Document {
    Document::of(Format::PlainText, Vec::new())
}

/// What was added, for those who added it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    pub document: Document,
    pub version: SnapshotId,
}

impl Lists {
    pub fn new(store: Store, fetcher: Fetcher, clock: Arc<dyn Clock>, shelf: Arc<Shelf>) -> Self {
        Lists { store, fetcher, clock, shelf }
    }

    /// Follows a list. It has to be readable now: who follows an address that answers with
    /// a web page has mistyped it.
    pub async fn add(
        &self,
        name: &str,
        source: &Source,
        settings: &Settings,
    ) -> Result<Added, FollowError> {
        let source = source.clone().open_to(self.store.owner())?;
        let auth = self.auth(settings)?;
        let none = Validators::default();
        let got = source.fetch(&self.fetcher, auth.as_ref(), &none, None).await?;
        let Got::New { bytes, validators, cursor } = got else {
            return Err(SourceError::Unasked { address: source.address() }.into());
        };
        let document = read_as(&bytes, settings.format)
            .map_err(|error| FollowError::Unreadable { name: name.to_owned(), error })?;
        if let Some(why) = self.unsigned(settings, &bytes).await {
            return Err(FollowError::Unsigned { name: name.to_owned(), why: why.to_string() });
        }
        let now = self.clock.now();
        let new =
            NewList { name: name.to_owned(), source: source.kept(), settings: settings.to_json() };
        let visit = visit(now, &validators, cursor);
        let first = snapshot(&bytes, now, &Ok(document.clone()), &[]);
        self.store.add_list(&new, &visit, &first).await?;
        self.store.see(domains(&document)).await?;
        let kept = self.store.list(name).await?;
        let version = kept.map(|list| list.current).unwrap_or_default();
        Ok(Added { document, version })
    }

    /// Follows a list in another way from now on, perhaps from another address.
    pub async fn save(
        &self,
        list: &FollowedList,
        source: &Source,
        settings: &Settings,
    ) -> Result<(), FollowError> {
        self.own(list)?;
        let source = source.clone().open_to(self.store.owner())?;
        if settings.auth.is_some() && self.store.owner() != HOUSE {
            return Err(SecretError::NotYours.into());
        }
        let kept = source.kept();
        Ok(self.store.save_list_settings(list.id, &kept, &settings.to_json()).await?)
    }

    /// Only its owner decides about a list.
    fn own(&self, list: &FollowedList) -> Result<(), FollowError> {
        if list.is_shared_with(self.store.owner()) {
            return Err(FollowError::NotYours(list.name.clone()));
        }
        Ok(())
    }

    /// Where a list is read from, as far as whoever asks may have it read.
    fn source(&self, kept: &str) -> Result<Source, SourceError> {
        Source::kept_as(kept)?.open_to(self.store.owner())
    }

    fn auth(&self, settings: &Settings) -> Result<Option<Auth>, SecretError> {
        settings.auth.as_ref().map(|auth| auth.resolve(self.store.owner())).transpose()
    }
}

/// Reads what was kept of a list's settings.
pub fn settings_of(list: &FollowedList) -> Result<Settings, FollowError> {
    serde_json::from_str(&list.settings).map_err(|_| FollowError::Settings(list.name.clone()))
}

/// Why a version was held.
pub fn concerns_of(list: &FollowedList, version: &Snapshot) -> Result<Vec<Concern>, FollowError> {
    serde_json::from_str(&version.why).map_err(|_| FollowError::Settings(list.name.clone()))
}

/// Several concerns as one sentence.
pub fn joined(concerns: &[Concern]) -> String {
    let words: Vec<String> = concerns.iter().map(ToString::to_string).collect();
    words.join("; ")
}

fn visit(at: DateTime<Utc>, validators: &Validators, cursor: Option<String>) -> Visit {
    let Validators { etag, last_modified } = validators.clone();
    Visit { at, etag, last_modified, cursor }
}

fn snapshot<'a>(
    bytes: &'a [u8],
    fetched_at: DateTime<Utc>,
    read: &Result<Document, ReadError>,
    concerns: &[Concern],
) -> NewSnapshot<'a> {
    let document = read.as_ref().ok();
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    NewSnapshot {
        bytes,
        fetched_at,
        standing: if concerns.is_empty() { Standing::Good } else { Standing::Held },
        why: serde_json::to_string(concerns).unwrap_or_default(),
        format: document.map(|document| document.format.word().to_owned()),
        entries: document.map_or(0, |document| number(domains(document).count())),
        rejected: document.map_or(0, |document| number(document.counts.rejected)),
    }
}

/// The domains that a document names for its purpose.
fn domains(document: &Document) -> Box<dyn Iterator<Item = &crate::domain::Domain> + Send + '_> {
    match document.purpose() {
        Purpose::Blocks => Box::new(document.entries.iter().map(|entry| &entry.domain)),
        _ => Box::new(document.releases.iter().map(|release| &release.domain)),
    }
}

fn names_nothing(document: &Document) -> bool {
    domains(document).next().is_none()
}

/// The health of a list in a few words.
pub fn health(list: &FollowedList, now: DateTime<Utc>) -> String {
    match (&list.failure, list.held) {
        (Some(_), _) => {
            let since = list
                .succeeded_at
                .map_or_else(String::new, |at| format!(", last read {}", ago(now, at)));
            format!("failed {}{since}", count(usize::try_from(list.failures).unwrap_or(0), "time"))
        }
        (None, Some(_)) => "held".to_owned(),
        (None, None) => "well".to_owned(),
    }
}
