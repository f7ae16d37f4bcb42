//! The lists: the catalogue, those that are followed, their versions, and how they compare.
//!
//! A list goes by its name, be it one that the person follows, one that comes with Hedgerow,
//! or one that is only known. Names are looked up and never opened as files.

mod compare;
mod deeds;
mod diff;
mod entries;
mod follow;
mod known;
mod one;
mod overview;
mod settings;
#[cfg(test)]
mod tests;
mod versions;
mod would;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::fault::Fault;
use super::paging::Paging;
use super::site::Site;
use super::visitor::Person;
use crate::follow::{FollowError, Lists};
use crate::list::bundled::{self, Bundled};
use crate::list::catalogue::{self, Listing};
use crate::list::{self, Document};
use crate::store::{FollowedList, SnapshotId};

pub use self::deeds::fetch_again;
pub use self::diff::Reasons;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/lists", get(overview::overview).post(follow::follow))
        .route("/lists/compare", get(compare::compare))
        .route("/lists/{name}", get(one::one))
        .route("/lists/{name}/entries", get(entries::entries))
        .route("/lists/{name}/versions", get(versions::versions))
        .route("/lists/{name}/diff", get(diff::diff))
        .route("/lists/{name}/would", get(would::would))
        .route("/lists/{name}/update", post(deeds::update))
        .route("/lists/{name}/decide", post(deeds::decide))
        .route("/lists/{name}/settings", post(settings::settings))
        .route("/lists/{name}/stop", get(deeds::sure).post(deeds::stop))
}

/// A list that a page is about.
enum Which {
    Followed(Box<FollowedList>),
    Bundled(&'static Bundled),
    Listed(&'static Listing),
}

/// What goes by a name here.
async fn find(person: &Person, name: &str) -> Result<Which, Fault> {
    let name = name.to_lowercase();
    if let Some(list) = person.app.store().await?.list(&name).await? {
        return Ok(Which::Followed(Box::new(list)));
    }
    let along = bundled::find(&name).map(Which::Bundled);
    along.or_else(|| catalogue::find(&name).map(Which::Listed)).ok_or(Fault::Missing)
}

/// A list that the person follows.
async fn followed(person: &Person, name: &str) -> Result<FollowedList, Fault> {
    let list = person.app.store().await?.list(&name.to_lowercase()).await?;
    list.ok_or(Fault::Missing)
}

/// A list that the person decides about.
async fn own(person: &Person, name: &str) -> Result<FollowedList, Fault> {
    let list = followed(person, name).await?;
    if list.is_shared_with(person.owner()) {
        return Err(FollowError::NotYours(list.name).into());
    }
    Ok(list)
}

impl Which {
    fn name(&self) -> &str {
        match self {
            Which::Followed(list) => &list.name,
            Which::Bundled(list) => list.name,
            Which::Listed(list) => &list.name,
        }
    }

    /// What the catalogue knows of it.
    fn listing(&self) -> Option<&'static Listing> {
        match self {
            Which::Followed(list) => catalogue::by_address(&list.source),
            Which::Bundled(_) => None,
            Which::Listed(list) => Some(list),
        }
    }

    fn title(&self) -> String {
        match self {
            Which::Bundled(list) => list.title.to_owned(),
            other => {
                let known = other.listing().map(|listing| listing.title.clone());
                known.unwrap_or_else(|| other.name().to_owned())
            }
        }
    }

    /// What it says, of the version in force or of another one. Nothing where nothing is kept.
    async fn document(
        &self,
        lists: &Lists,
        version: Option<SnapshotId>,
    ) -> Result<Option<Arc<Document>>, Fault> {
        match self {
            Which::Followed(list) => {
                let id = version.unwrap_or(list.current);
                let found = lists.store.snapshot(id).await?;
                let found = found.filter(|snapshot| snapshot.list_id == list.id);
                Ok(Some(lists.shelved(list, &found.ok_or(Fault::Missing)?).await?))
            }
            Which::Bundled(list) => Ok(Some(Arc::new(list::read(list.csv)?))),
            Which::Listed(_) => Ok(None),
        }
    }
}

/// What all pages of one list begin with: its name, and the way to the others.
struct Head {
    name: String,
    title: String,
    over: &'static str,
    /// Address, name, whether it is the page.
    tabs: Vec<(String, &'static str, bool)>,
}

impl Head {
    fn of(which: &Which, page: &str) -> Head {
        let (over, pages): (_, &[(&str, &str)]) = match which {
            Which::Followed(_) => (
                "A list that you follow",
                &[
                    ("", "About it"),
                    ("/entries", "Domains"),
                    ("/versions", "Versions"),
                    ("/would", "What it would do"),
                ],
            ),
            Which::Bundled(_) => (
                "A list that comes with Hedgerow",
                &[("", "About it"), ("/entries", "Domains"), ("/would", "What it would do")],
            ),
            Which::Listed(_) => ("A list that you do not follow", &[]),
        };
        let base = address(which.name());
        let tab =
            |(path, label): &(&str, &'static str)| (format!("{base}{path}"), *label, *path == page);
        let tabs = pages.iter().map(tab).collect();
        Head { name: which.name().to_owned(), title: which.title(), over, tabs }
    }
}

/// Where a list's page is.
pub fn address(name: &str) -> String {
    let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    format!("/lists/{name}")
}

/// The rows of a page among all of them.
fn on_page<T>(paging: &Paging, rows: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    rows.skip(number(paging.skipped())).take(number(paging.size))
}

/// Does what keeps a core busy for a while, where others need not wait for it.
pub async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Fault> {
    Ok(tokio::task::spawn_blocking(work).await?)
}
