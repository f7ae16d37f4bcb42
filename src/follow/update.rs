//! Asking for a list again, and keeping what is new.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::guard::{Concern, judge};
use super::history::{Difference, in_force_since};
use super::{
    FollowError, Lists, Settings, concerns_of, domains, empty, names_nothing, settings_of,
    snapshot, visit,
};
use crate::block::hex;
use crate::fetch::Validators;
use crate::list::signature::verify_signature;
use crate::list::{Document, read_as};
use crate::source::fires::Dataset;
use crate::source::{Got, Source};
use crate::store::{
    COMPARED_WITH, EventKind, FollowedList, NewEvent, Snapshot, SnapshotId, Standing, Visit,
};

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

impl Lists {
    /// Asks for a list again, and keeps what is new. A list of the house is as the house has
    /// found it.
    pub async fn update(&self, list: &FollowedList) -> Result<Outcome, FollowError> {
        let latest = self.version(list, list.latest).await?;
        if list.is_shared_with(self.store.owner()) {
            return settled(list, &latest);
        }
        let settings = settings_of(list)?;
        let source = self.source(&list.source)?;
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
        let auth = self.auth(settings).map_err(|error| error.to_string())?;
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
        if concerns.is_empty()
            && let Some((at, earlier)) = self.earlier(list, &current.snapshot, visit.at).await?
        {
            let since = |what| Concern::Since { at, what: Box::new(what) };
            concerns.extend(judge(Some(&earlier), &new, &settings.limits).into_iter().map(since));
        }
        concerns.extend(self.unsigned(settings, &bytes).await);
        let snapshot = snapshot(&bytes, visit.at, &new, &concerns);
        let Some(version) = self.store.list_changed(list.id, list.latest, visit, &snapshot).await?
        else {
            // Another process was faster and has kept what it found.
            return Ok(Outcome::Unchanged);
        };
        if !concerns.is_empty() {
            let outcome = Outcome::Held { version, since: visit.at, concerns };
            return self.told(list, EventKind::ListHeld, outcome, visit.at).await;
        }
        // What is good and cannot be read is empty, and was before.
        let new = new.unwrap_or_else(|_| empty());
        self.store.see(domains(&new)).await?;
        let way = Difference::between(before.as_ref().unwrap_or(&empty()), &new);
        let outcome = Outcome::Changed {
            version,
            entries: way.after,
            added: way.added.len(),
            removed: way.removed.len(),
            regraded: way.regraded.len(),
        };
        self.told(list, EventKind::ListChanged, outcome, visit.at).await
    }

    /// Writes down what the publisher did.
    async fn told(
        &self,
        list: &FollowedList,
        kind: EventKind,
        outcome: Outcome,
        at: DateTime<Utc>,
    ) -> Result<Outcome, FollowError> {
        let event = NewEvent::new(at, "its publisher", kind).list(&list.name);
        self.store.log(&[event.detail(json!(outcome))]).await?;
        Ok(outcome)
    }

    /// What was in force a week ago, or since a person last accepted a version: a list must
    /// not go step by step where it may not go at once.
    async fn earlier(
        &self,
        list: &FollowedList,
        current: &Snapshot,
        now: DateTime<Utc>,
    ) -> Result<Option<(DateTime<Utc>, Document)>, FollowError> {
        let snapshots = self.store.snapshots(list.id).await?;
        let mut earlier = None;
        for snapshot in snapshots.iter().filter(|snapshot| in_force_since(snapshot).is_some()) {
            earlier = Some(snapshot);
            if snapshot.decided_at.is_some() || now - snapshot.fetched_at >= COMPARED_WITH {
                break;
            }
        }
        match earlier.filter(|earlier| earlier.id != current.id) {
            None => Ok(None),
            Some(earlier) => Ok(Some((earlier.fetched_at, self.read(list, earlier).await?))),
        }
    }

    /// What is wrong with the signature, if the list has to have one.
    pub(super) async fn unsigned(&self, settings: &Settings, bytes: &[u8]) -> Option<Concern> {
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
        let source = self.source(address).map_err(|error| error.to_string())?;
        let loaded = source.load(&self.fetcher).await.map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&loaded.bytes);
        Ok(text.trim().chars().take(1000).collect())
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

fn validators(list: &FollowedList) -> Validators {
    Validators { etag: list.etag.clone(), last_modified: list.last_modified.clone() }
}
