//! FIRES datasets: followed change by change.
//!
//! A dataset offers a snapshot, which is its latest word on every server, and its changes
//! since any of them. The snapshot is read once. After that, one request asks for the
//! changes since the last one that is known; they are folded into the state (`state`),
//! so that what is kept is always a snapshot, read and compared like any other list.

mod state;

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value};
use url::Url;

use crate::fetch::{Answer, Auth, FetchError, Fetcher, Request};
use crate::text::{fit, plain};
use state::State;

/// The most pages that are read at once.
const MOST_PAGES: usize = 500;
/// The largest page.
const PAGE_LIMIT: usize = 8 << 20;
/// The most labels whose names are looked up at once; the rest waits for the next time.
const MOST_LABELS: usize = 50;
const LABEL_LIMIT: usize = 64 << 10;
const ACCEPT: &str = "application/ld+json, application/json;q=0.9";

/// The state of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// One FIRES collection, as the reader of lists reads it.
    pub bytes: Vec<u8>,
    /// Where the changes after this state are.
    pub cursor: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum FiresError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("this is no FIRES dataset: {0}. Nothing was changed; check the address")]
    NotADataset(String),
    #[error("there are several datasets at this address; choose one:{0}")]
    Several(String),
    #[error("the dataset points to another server for its pages, so it was not followed there")]
    Elsewhere,
    #[error("the dataset's pages go on without end, so they were not used")]
    Endless,
}

/// What following a dataset brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    Unchanged,
    Changed(Dataset),
}

/// Reads a dataset for the first time, or what has changed since `last`. The address is
/// the dataset's, its snapshot's, or one of its changes'.
pub async fn follow(
    fetcher: &Fetcher,
    dataset: &Url,
    auth: Option<&Auth>,
    last: Option<&Dataset>,
) -> Result<Followed, FiresError> {
    let server = Server { fetcher, auth, dataset };
    let known = last.and_then(|last| Some((last, server.own(last.cursor.as_deref()?).ok()?)));
    if let Some((last, cursor)) = known
        && let Some(state) = State::parse(&last.bytes)
    {
        match server.changes(cursor.clone(), state).await {
            // The server has forgotten that change, and the snapshot tells it all anyway.
            Err(FiresError::Fetch(
                FetchError::NotFound | FetchError::Status(_) | FetchError::Denied(_),
            )) => {}
            followed => return followed,
        }
    }
    server.snapshot(last).await
}

struct Server<'a> {
    fetcher: &'a Fetcher,
    auth: Option<&'a Auth>,
    dataset: &'a Url,
}

/// What a chain of pages held.
#[derive(Default)]
struct Pages {
    items: Vec<Map<String, Value>>,
    /// The snapshot's link to the changes after it.
    changes: Option<String>,
}

impl Server<'_> {
    async fn snapshot(&self, last: Option<&Dataset>) -> Result<Followed, FiresError> {
        let mut address = self.dataset.clone();
        let mut document = self.get(&address, PAGE_LIMIT).await?;
        // A page of changes tells only a part; its dataset tells where the whole is.
        let is_changes = document.contains_key("partOf")
            || address.path().trim_end_matches('/').ends_with("/changes");
        if is_changes && let Some(dataset) = document.get("dataset").and_then(Value::as_str) {
            address = self.own(dataset)?;
            document = self.get(&address, PAGE_LIMIT).await?;
        }
        if let Some(endpoints) = document.get("endpoints") {
            let snapshot = endpoints["snapshot"].as_str();
            let snapshot = snapshot
                .ok_or_else(|| FiresError::NotADataset("it names no snapshot".to_owned()))?;
            address = self.own(snapshot)?;
            document = self.get(&address, PAGE_LIMIT).await?;
        } else if !items(&document).is_some_and(|items| is_about_servers(items)) {
            return Err(not_a_dataset(&document));
        }
        let pages = self.pages(&address, document).await?;
        let cursor = pages.changes.as_deref().and_then(|link| self.own(link).ok());
        let names = last.and_then(|last| State::parse(&last.bytes)).map(State::into_label_names);
        let mut state = State::new(self.dataset, names.unwrap_or_default());
        state.fold(oldest_first(pages.items));
        self.finish(state, cursor).await
    }

    async fn changes(&self, cursor: Url, mut state: State) -> Result<Followed, FiresError> {
        let first = self.get(&cursor, PAGE_LIMIT).await?;
        let pages = self.pages(&cursor, first).await?;
        if pages.items.is_empty() {
            return Ok(Followed::Unchanged);
        }
        let next = pages.items.iter().rev().find_map(change_id);
        let next = next.map_or_else(|| cursor.clone(), |id| since(&cursor, &id));
        state.fold(pages.items);
        self.finish(state, Some(next)).await
    }

    async fn finish(&self, mut state: State, cursor: Option<Url>) -> Result<Followed, FiresError> {
        let names = self.label_names(&state).await;
        state.name_labels(names);
        let cursor = cursor.map(String::from);
        Ok(Followed::Changed(Dataset { bytes: state.to_bytes(), cursor }))
    }

    /// All items from a page on, in order.
    async fn pages(&self, address: &Url, first: Map<String, Value>) -> Result<Pages, FiresError> {
        let mut pages = Pages::default();
        let mut seen: HashSet<Url> = HashSet::from([address.clone()]);
        let (mut page, mut size) = (first, 0);
        for _ in 0..MOST_PAGES {
            if pages.changes.is_none() {
                pages.changes = page.get("changes").and_then(Value::as_str).map(str::to_owned);
            }
            let next = match page.get("next").or_else(|| page.get("first")) {
                // A collection may have its first page in it.
                Some(Value::Object(inner)) => Next::Here(inner.clone()),
                Some(Value::String(link)) => {
                    let last = items(&page).and_then(|items| items.last());
                    Next::At(unskipped(self.own(link)?, last))
                }
                _ => Next::End,
            };
            let is_empty = items(&page).is_some_and(Vec::is_empty);
            let own = page.remove("orderedItems").or_else(|| page.remove("items"));
            for item in own.and_then(into_array).unwrap_or_default() {
                if let Value::Object(item) = item {
                    pages.items.push(item);
                }
            }
            page = match next {
                Next::End => return Ok(pages),
                Next::Here(inner) => inner,
                // The end of a feed may point to itself, to be asked again later.
                Next::At(url) if is_empty && seen.contains(&url) => return Ok(pages),
                Next::At(url) if !seen.insert(url.clone()) => return Err(FiresError::Endless),
                Next::At(url) => {
                    let (page, bytes) = self.sized(&url, PAGE_LIMIT).await?;
                    // What it comes to is kept as one list.
                    size += bytes;
                    if size > self.fetcher.limit() {
                        return Err(FiresError::Endless);
                    }
                    page
                }
            };
        }
        Err(FiresError::Endless)
    }

    /// The names of labels that are not known yet. A label that cannot be read keeps its
    /// address, and the list is none the worse.
    async fn label_names(&self, state: &State) -> BTreeMap<String, String> {
        let mut names = BTreeMap::new();
        for label in state.unnamed_labels().into_iter().take(MOST_LABELS) {
            let Ok(url) = self.own(&label) else { continue };
            let Ok(document) = self.get(&url, LABEL_LIMIT).await else { continue };
            let name = document
                .get("name")
                .and_then(Value::as_str)
                .or_else(|| document.get("nameMap")?.as_object()?.values().next()?.as_str());
            if let Some(name) = name.map(|name| fit(&plain(name), 80)) {
                names.insert(label, name);
            }
        }
        names
    }

    /// A link, if it leads to the dataset's own server.
    fn own(&self, link: &str) -> Result<Url, FiresError> {
        let url = self.dataset.join(link).map_err(|_| FiresError::Elsewhere)?;
        if url.origin() == self.dataset.origin() { Ok(url) } else { Err(FiresError::Elsewhere) }
    }

    async fn get(&self, url: &Url, limit: usize) -> Result<Map<String, Value>, FiresError> {
        Ok(self.sized(url, limit).await?.0)
    }

    /// A document, and how many bytes it has.
    async fn sized(
        &self,
        url: &Url,
        limit: usize,
    ) -> Result<(Map<String, Value>, usize), FiresError> {
        let (accept, auth) = (Some(ACCEPT), self.auth.cloned());
        let request = Request { accept, auth, limit, ..Request::get(url.clone()) };
        let Answer::Fetched(fetched) = self.fetcher.fetch(&request).await? else {
            return Err(FetchError::Status(304).into());
        };
        let document = serde_json::from_slice(&fetched.bytes)
            .map_err(|_| FiresError::NotADataset("it is not JSON".to_owned()))?;
        Ok((document, fetched.bytes.len()))
    }
}

enum Next {
    End,
    Here(Map<String, Value>),
    At(Url),
}

fn into_array(value: Value) -> Option<Vec<Value>> {
    if let Value::Array(items) = value { Some(items) } else { None }
}

fn items(document: &Map<String, Value>) -> Option<&Vec<Value>> {
    document.get("orderedItems").or_else(|| document.get("items"))?.as_array()
}

/// The items of a snapshot. It has its newest first and each server once; should one stand
/// in it twice, the later word counts.
fn oldest_first(mut items: Vec<Map<String, Value>>) -> Vec<Map<String, Value>> {
    items.sort_by_key(|item| item.get("published").and_then(Value::as_str).map(str::to_owned));
    items
}

/// Whether these are words on servers; an empty collection may be.
fn is_about_servers(items: &[Value]) -> bool {
    items.first().is_none_or(|item| item.get("entityKey").is_some() || item["type"] == "Tombstone")
}

fn not_a_dataset(document: &Map<String, Value>) -> FiresError {
    let datasets = items(document).into_iter().flatten().filter(|item| item["type"] == "Dataset");
    let shown = datasets.take(10).map(|dataset| {
        let text = |key: &str| fit(&plain(dataset[key].as_str().unwrap_or("?")), 100);
        format!("\n  fires:{}  {}", text("id"), text("name"))
    });
    let shown: String = shown.collect();
    if shown.is_empty() {
        FiresError::NotADataset("it has neither a snapshot nor recommendations".to_owned())
    } else {
        FiresError::Several(shown)
    }
}

/// What the server calls a change: the end of its address.
fn change_id(item: &Map<String, Value>) -> Option<String> {
    let id = item.get("id")?.as_str()?.trim_end_matches('/');
    let id = id.rsplit(['/', '#']).next()?;
    (!id.is_empty()).then(|| id.to_owned())
}

/// The reference server names the first change of the next page as the one to begin after,
/// and so leaves it out. What is meant is the last change of this page.
fn unskipped(next: Url, last: Option<&Value>) -> Url {
    let said = next.query_pairs().find(|(name, _)| name == "since").map(|(_, id)| id.into_owned());
    match (said, last.and_then(Value::as_object).and_then(change_id)) {
        // Otherwise what this server begins after is no change's name.
        (Some(said), Some(last)) if said.len() == last.len() => since(&next, &last),
        _ => next,
    }
}

/// The address of the changes after a change; whatever else it asks stays.
fn since(changes: &Url, id: &str) -> Url {
    let mut url = changes.clone();
    let others: Vec<(String, String)> = changes
        .query_pairs()
        .filter(|(name, _)| name != "since")
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.query_pairs_mut().clear().extend_pairs(others).append_pair("since", id);
    url
}

#[cfg(test)]
mod tests;
