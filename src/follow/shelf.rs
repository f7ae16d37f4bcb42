//! Versions that somebody looked at lately, so that the next page of a long list, or the next
//! question about it, need not read all of it again.
//!
//! A version is known by the digest of its bytes, so the same one is there for everybody who
//! may see it, and nobody is handed one without having asked the store for its digest.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::{FollowError, Lists, empty, is_empty, settings_of};
use crate::at_hand::at_hand;
use crate::list::{Document, Format, read_as};
use crate::store::{FollowedList, Snapshot};

/// Rows that are kept at hand, of about two hundred bytes each.
const ROWS_AT_HAND: u64 = 400_000;

/// The digest of the bytes, and what they were read as.
type Key = (String, Option<Format>);

pub struct Shelf(Cache<Key, Arc<Document>, Rows>);

#[derive(Clone)]
struct Rows;

impl Weighter<Key, Arc<Document>> for Rows {
    fn weight(&self, _: &Key, document: &Arc<Document>) -> u64 {
        let Document { entries, releases, hidden, problems, .. } = document.as_ref();
        1 + (entries.len() + releases.len() + hidden.len() + problems.len()) as u64
    }
}

impl Default for Shelf {
    fn default() -> Self {
        Shelf(at_hand(ROWS_AT_HAND, Rows))
    }
}

impl Lists {
    /// What a version says, as [`Lists::read`] does, from the shelf if it stands there.
    pub async fn shelved(
        &self,
        list: &FollowedList,
        version: &Snapshot,
    ) -> Result<Arc<Document>, FollowError> {
        let format = settings_of(list)?.format;
        let key = (version.sha256.clone(), format);
        if let Some(known) = self.shelf.0.get(&key) {
            return Ok(known);
        }
        let bytes = Arc::new(self.store.content(&version.sha256).await?);
        let shared = bytes.clone();
        // A long list keeps a core busy for a while, and others have something to wait for.
        let read = tokio::task::spawn_blocking(move || read_as(&shared, format)).await;
        let document = match read.unwrap_or_else(|_| read_as(&bytes, format)) {
            Ok(document) => document,
            Err(error) if is_empty(&error) => empty(),
            Err(error) => return Err(FollowError::Unreadable { name: list.name.clone(), error }),
        };
        let document = Arc::new(document);
        self.shelf.0.insert(key, document.clone());
        Ok(document)
    }
}
