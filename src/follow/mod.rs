//! Lists that somebody follows: fetched again and again, each version kept, and a version
//! that looks like a mistake held until somebody decides.
//!
//! A list is asked for with the marks of what is there already, so that an unchanged list
//! costs one small request. What was fetched is compared with the version in force by
//! [`guard`], and a good one takes its place. Whoever uses a list gets the version in
//! force, and is told when it is not the newest.

pub mod guard;
pub mod history;
mod settings;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::block::hex;
use crate::clock::Clock;
use crate::fetch::{Auth, Fetcher, Validators};
use crate::list::signature::verify_signature;
use crate::list::{Counts, Document, Format, Purpose, ReadError, read_as};
use crate::secret::SecretError;
use crate::source::fires::Dataset;
use crate::source::{Got, Loaded, Source, SourceError};
use crate::store::{
    FollowedList, NewList, NewSnapshot, Snapshot, SnapshotId, Standing, Store, StoreError, Visit,
};
use crate::text::{ago, count};
use guard::{Concern, judge};
use history::Difference;
pub use settings::{Settings, Signed};

#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Secret(#[from] SecretError),
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
    fetcher: Arc<Fetcher>,
    clock: Arc<dyn Clock>,
}

/// What an update found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// The version in force is the newest.
    Unchanged,
    /// A new version is in force.
    Changed {
        version: SnapshotId,
        entries: usize,
        added: usize,
        removed: usize,
        regraded: usize,
    },
    /// The newest version waits for a decision.
    Held {
        version: SnapshotId,
        since: DateTime<Utc>,
        concerns: Vec<Concern>,
    },
    /// The newest version was turned down, and nothing newer was published.
    Rejected {
        version: SnapshotId,
    },
    Failed {
        says: String,
        failures: i64,
        last_success: Option<DateTime<Utc>>,
    },
}

/// The version of a list that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    pub loaded: Loaded,
    pub snapshot: Snapshot,
    pub format: Option<Format>,
    /// Why it is not the newest that could be, for people.
    pub note: Option<String>,
}

impl InForce {
    /// Reads it. A version that is empty because somebody accepted it so is an empty
    /// document and no error.
    pub fn document(&self) -> Result<Document, ReadError> {
        match read_as(&self.loaded.bytes, self.format) {
            Err(error) if self.snapshot.entries == 0 && is_empty(&error) => Ok(empty()),
            other => other,
        }
    }
}

fn is_empty(error: &ReadError) -> bool {
    matches!(error, ReadError::Empty | ReadError::NoRows | ReadError::NoEntries { rows: 0, .. })
}

fn empty() -> Document {
    Document {
        format: Format::PlainText,
        counts: Counts::default(),
        entries: Vec::new(),
        releases: Vec::new(),
        hidden: Vec::new(),
        problems: Vec::new(),
        problems_left_out: 0,
    }
}

/// What was added, for those who added it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    pub document: Document,
    pub version: SnapshotId,
}

impl Lists {
    pub fn new(store: Store, fetcher: Arc<Fetcher>, clock: Arc<dyn Clock>) -> Self {
        Lists { store, fetcher, clock }
    }

    /// Follows a list. It has to be readable now: who follows an address that answers with
    /// a web page has mistyped it.
    pub async fn add(
        &self,
        name: &str,
        source: &Source,
        settings: &Settings,
    ) -> Result<Added, FollowError> {
        let auth = auth(settings)?;
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

    /// Asks for a list again, and keeps what is new.
    pub async fn update(&self, list: &FollowedList) -> Result<Outcome, FollowError> {
        let settings = settings_of(list)?;
        let source = Source::kept_as(&list.source)?;
        let latest = self.version(list, list.latest).await?;
        match self.ask(list, &latest, &source, &settings).await {
            Err(says) => self.failed(list, says).await,
            Ok(Got::Unchanged) => {
                let validators = validators(list);
                let visit = visit(self.clock.now(), &validators, list.cursor.clone());
                self.store.list_unchanged(list.id, &visit).await?;
                settled(list, &latest)
            }
            Ok(Got::New { bytes, validators, cursor }) => {
                let visit = visit(self.clock.now(), &validators, cursor);
                if hex(&Sha256::digest(&bytes)) == latest.sha256 {
                    self.store.list_unchanged(list.id, &visit).await?;
                    return settled(list, &latest);
                }
                self.changed(list, &settings, &visit, bytes).await
            }
        }
    }

    /// Asks the source. What goes wrong is said in words, to be kept with the list.
    async fn ask(
        &self,
        list: &FollowedList,
        latest: &Snapshot,
        source: &Source,
        settings: &Settings,
    ) -> Result<Got, String> {
        let auth = auth(settings).map_err(|error| error.to_string())?;
        let dataset = match source {
            Source::Fires(_) => {
                let bytes = self.store.content(&latest.sha256).await.map_err(|e| e.to_string())?;
                Some(Dataset { bytes, cursor: list.cursor.clone() })
            }
            _ => None,
        };
        source
            .fetch(&self.fetcher, auth.as_ref(), &validators(list), dataset.as_ref())
            .await
            .map_err(|error| error.to_string())
    }

    async fn failed(&self, list: &FollowedList, says: String) -> Result<Outcome, FollowError> {
        self.store.list_failed(list.id, self.clock.now(), &says).await?;
        let failures = list.failures + 1;
        Ok(Outcome::Failed { says, failures, last_success: list.succeeded_at })
    }

    async fn changed(
        &self,
        list: &FollowedList,
        settings: &Settings,
        visit: &Visit,
        bytes: Vec<u8>,
    ) -> Result<Outcome, FollowError> {
        let current = self.in_force(list).await?;
        let before = current
            .document()
            .map_err(|error| FollowError::Damaged { name: list.name.clone(), error })?;
        let before = Some(before).filter(|document| !names_nothing(document));
        let new = read_as(&bytes, settings.format);
        let mut concerns = judge(before.as_ref(), &new, &settings.limits);
        concerns.extend(self.unsigned(settings, &bytes).await);
        let snapshot = snapshot(&bytes, visit.at, &new, &concerns);
        let Some(version) = self.store.list_changed(list.id, list.latest, visit, &snapshot).await?
        else {
            // Another process was faster and has kept what it found.
            return Ok(Outcome::Unchanged);
        };
        if !concerns.is_empty() {
            return Ok(Outcome::Held { version, since: visit.at, concerns });
        }
        // What is good and cannot be read is empty, and was before.
        let new = new.unwrap_or_else(|_| empty());
        self.store.see(domains(&new)).await?;
        let way = Difference::between(before.as_ref().unwrap_or(&empty()), &new);
        Ok(Outcome::Changed {
            version,
            entries: way.after,
            added: way.added.len(),
            removed: way.removed.len(),
            regraded: way.regraded.len(),
        })
    }

    /// What is wrong with the signature, if the list has to have one.
    async fn unsigned(&self, settings: &Settings, bytes: &[u8]) -> Option<Concern> {
        let signed = settings.signed.as_ref()?;
        let signature = match self.small(&signed.signature).await {
            Ok(signature) => signature,
            Err(says) => return Some(Concern::Unsigned { says }),
        };
        let why = verify_signature(bytes, &signature, &signed.key).err()?;
        if let Some(address) = &signed.key_address
            && let Ok(key) = self.small(address).await
            && key != signed.key
            && verify_signature(bytes, &signature, &key).is_ok()
        {
            return Some(Concern::Key { was: signed.key.clone(), is: key });
        }
        Some(Concern::Unsigned { says: why.to_string() })
    }

    /// A signature or a key.
    pub async fn small(&self, address: &str) -> Result<String, String> {
        let source = Source::kept_as(address).map_err(|error| error.to_string())?;
        let loaded = source.load(&self.fetcher).await.map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&loaded.bytes);
        Ok(text.trim().chars().take(1000).collect())
    }

    /// The version in force, and why it is not the newest.
    pub async fn in_force(&self, list: &FollowedList) -> Result<InForce, FollowError> {
        let snapshot = self.version(list, list.current).await?;
        let bytes = self.store.content(&snapshot.sha256).await?;
        let source = Source::kept_as(&list.source)?;
        let loaded = Loaded {
            name: list.name.clone(),
            address: source.address(),
            sha256: snapshot.sha256.clone(),
            bytes,
        };
        let note = self.note(list, &snapshot).await?;
        let format = settings_of(list)?.format;
        Ok(InForce { loaded, snapshot, format, note })
    }

    async fn note(
        &self,
        list: &FollowedList,
        current: &Snapshot,
    ) -> Result<Option<String>, FollowError> {
        let name = &list.name;
        let now = self.clock.now();
        let failed = list.failure.as_ref().map(|says| {
            let read = ago(now, list.succeeded_at.unwrap_or(current.fetched_at));
            let says = says.trim_end_matches('.');
            format!("{name} could not be fetched ({says}). The copy that was read {read} is used.")
        });
        if let Some(held) = list.held {
            let held = self.version(list, held).await?;
            let concerns = concerns_of(list, &held)?;
            let held = format!(
                "The newest version of {name} is held: {}. The one before it, fetched {}, is \
                 used; look at `hedgerow lists diff {name}`, then decide with `hedgerow lists \
                 accept {name}` or `reject`.",
                joined(&concerns),
                ago(now, current.fetched_at)
            );
            return Ok(Some(failed.map_or(held.clone(), |failed| format!("{failed} {held}"))));
        }
        Ok(failed)
    }

    async fn version(&self, list: &FollowedList, id: SnapshotId) -> Result<Snapshot, FollowError> {
        let found = self.store.snapshot(id).await?.filter(|snapshot| snapshot.list_id == list.id);
        found.ok_or_else(|| FollowError::NoVersion { name: list.name.clone(), which: id })
    }

    /// What a version says, whether it is in force or not.
    pub async fn read(
        &self,
        list: &FollowedList,
        version: &Snapshot,
    ) -> Result<Document, FollowError> {
        let bytes = self.store.content(&version.sha256).await?;
        match read_as(&bytes, settings_of(list)?.format) {
            Err(error) if is_empty(&error) => Ok(empty()),
            Err(error) => Err(FollowError::Unreadable { name: list.name.clone(), error }),
            Ok(document) => Ok(document),
        }
    }

    /// Lets the held version come into force. A new key that it is signed with is the
    /// list's key from now on.
    pub async fn accept(&self, list: &FollowedList) -> Result<Snapshot, FollowError> {
        let held = self.held(list).await?;
        let concerns = concerns_of(list, &held)?;
        if let Some(concern) = concerns.iter().find(|concern| !concern.can_be_accepted()) {
            let (name, concern) = (list.name.clone(), concern.clone());
            return Err(FollowError::Unacceptable { name, concern });
        }
        let document = self.read(list, &held).await?;
        self.decide(list, &held, true).await?;
        self.store.see(domains(&document)).await?;
        let mut settings = settings_of(list)?;
        for concern in concerns {
            if let (Concern::Key { is, .. }, Some(signed)) = (concern, &mut settings.signed) {
                signed.key = is;
                let settings = settings.to_json();
                self.store.save_list_settings(list.id, &list.source, &settings).await?;
            }
        }
        self.version(list, held.id).await
    }

    /// Turns the held version down. It is not offered again; a later one is.
    pub async fn reject(&self, list: &FollowedList) -> Result<Snapshot, FollowError> {
        let held = self.held(list).await?;
        self.decide(list, &held, false).await?;
        self.version(list, held.id).await
    }

    async fn held(&self, list: &FollowedList) -> Result<Snapshot, FollowError> {
        match list.held {
            Some(held) => self.version(list, held).await,
            None => Err(FollowError::NothingHeld(list.name.clone())),
        }
    }

    async fn decide(
        &self,
        list: &FollowedList,
        held: &Snapshot,
        accept: bool,
    ) -> Result<(), FollowError> {
        let now = self.clock.now();
        let decided = self.store.decide_held(list.id, held.id, accept, now).await?;
        decided.then_some(()).ok_or_else(|| FollowError::NothingHeld(list.name.clone()))
    }
}

/// What it means that the newest version is still the newest.
fn settled(list: &FollowedList, latest: &Snapshot) -> Result<Outcome, FollowError> {
    Ok(match latest.standing {
        Standing::Held => Outcome::Held {
            version: latest.id,
            since: latest.fetched_at,
            concerns: concerns_of(list, latest)?,
        },
        Standing::Rejected => Outcome::Rejected { version: latest.id },
        Standing::Good | Standing::Superseded => Outcome::Unchanged,
    })
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

fn auth(settings: &Settings) -> Result<Option<Auth>, SecretError> {
    settings.auth.as_ref().map(crate::secret::AuthRef::resolve).transpose()
}

fn validators(list: &FollowedList) -> Validators {
    Validators { etag: list.etag.clone(), last_modified: list.last_modified.clone() }
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
fn domains(document: &Document) -> Box<dyn Iterator<Item = &crate::domain::Domain> + '_> {
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
