//! Brings the lists that somebody names together: finds out what each name means, fetches
//! what has to be fetched, all at once, and folds everything into one wish.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use arcstr::ArcStr;
use futures_util::future::join_all;

use crate::app::App;
use crate::combine::{Combined, Read};
use crate::domain::Domain;
use crate::follow::{InForce, Outcome};
use crate::list::{Document, Entry, Hidden, ReadError, catalogue};
use crate::policy::Terms;
use crate::source::{DocumentError, Loaded, SIZE_LIMIT, Source, SourceError};
use crate::spelling::closest;
use crate::store::{FollowedList, HOUSE, Store};
use crate::text::plain;
use crate::unmask::{Finding, Known, Questions, find};

/// What a name on the command line or in a form stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    Followed(Box<FollowedList>),
    Source(Source),
}

/// A name that stands for no list, though it nearly does.
#[derive(Debug, thiserror::Error)]
pub enum NameError {
    #[error("there is no list {name:?}. Did you mean {near}, which you follow?", name = plain(.name))]
    Near { name: String, near: String },
    #[error(
        "{0} is a known list and you do not follow it. See `hedgerow lists info {0}`, then \
         follow it with `hedgerow lists add {0}`"
    )]
    NotFollowed(String),
}

/// A list that was fetched, or lies here.
pub enum Ready {
    /// It needs no network and is read when it is its turn.
    Here(Source),
    Loaded(Box<Loaded>),
    InForce(Box<InForce>),
}

/// All lists, folded together, and what is to be said about them.
pub struct Gathered {
    pub combined: Combined,
    /// Lists that are not as new as they could be.
    pub notices: Vec<String>,
    /// The lists whose newest version waits for a decision.
    pub held: BTreeSet<ArcStr>,
    /// Names that nobody has recognised yet, by the list's place.
    hidden: HashMap<u32, Vec<Hidden>>,
}

/// A list that hides its names, of which none is known here.
#[derive(Debug, thiserror::Error)]
#[error("{0}: every name in it is hidden, and none of them was recognised. Nothing was changed")]
pub struct AllHidden(pub String);

impl Chosen {
    /// Reads an argument. A word is the name of a bundled list, of one that is followed, or
    /// of a file, in this order; a file with such a name is reached as `./NAME`. Only the house
    /// can name files.
    pub async fn parse(app: &App, arg: &str) -> Result<Chosen> {
        let house = app.owner() == HOUSE;
        if is_word(arg)
            && crate::list::bundled::find(arg).is_none()
            && let Some(store) = app.existing_store().await?
        {
            if let Some(list) = store.list(&arg.to_lowercase()).await? {
                return Ok(Chosen::Followed(Box::new(list)));
            }
            let known: Vec<String> = store.lists().await?.into_iter().map(|l| l.name).collect();
            let near = closest(arg, known.iter().map(String::as_str));
            // Whether there is a file of that name only the house may find out.
            let is_file = house && std::path::Path::new(arg).exists();
            if let (Some(near), false) = (near.first(), is_file) {
                return Err(
                    NameError::Near { name: arg.to_owned(), near: (*near).to_owned() }.into()
                );
            }
        }
        let source = Source::parse_for(app.owner(), arg);
        let unknown = matches!(
            source,
            Err(SourceError::Unknown { .. } | SourceError::UnknownElsewhere { .. })
        );
        if let (true, Some(listing)) = (unknown, catalogue::find(arg)) {
            return Err(NameError::NotFollowed(listing.name.clone()).into());
        }
        Ok(Chosen::Source(source?))
    }

    pub fn name(&self) -> String {
        match self {
            Chosen::Followed(list) => list.name.clone(),
            Chosen::Source(source) => source.name(),
        }
    }

    /// Fetches what is not here. A followed list is asked for again unless `offline`; when
    /// that fails, the version in force is used and says so.
    pub async fn ready(self, app: &App, offline: bool) -> Result<Ready> {
        match self {
            Chosen::Source(source @ (Source::Bundled(_) | Source::File(_))) => {
                Ok(Ready::Here(source))
            }
            Chosen::Source(source) if offline => {
                bail!("{} is not followed, so it cannot be read offline", source.address())
            }
            Chosen::Source(source) => {
                let loaded = source.load(&app.fetcher()?).await?;
                Ok(Ready::Loaded(Box::new(loaded)))
            }
            Chosen::Followed(list) => {
                let lists = app.lists().await?;
                let list = if offline {
                    *list
                } else {
                    let outcome = lists.update(&list).await?;
                    if let Outcome::Failed { says, .. } = &outcome {
                        tracing::info!(list = list.name, says, "the last good copy is used");
                    }
                    let again = lists.store.list(&list.name).await?;
                    again.context("the list was removed while it was fetched")?
                };
                Ok(Ready::InForce(Box::new(lists.in_force(&list).await?)))
            }
        }
    }
}

fn is_word(arg: &str) -> bool {
    !arg.contains(['/', '\\', ':']) && !arg.is_empty()
}

impl Ready {
    /// How many bytes of it are held.
    fn size(&self) -> usize {
        match self {
            Ready::Here(_) => 0,
            Ready::Loaded(loaded) => loaded.bytes.len(),
            Ready::InForce(list) => list.loaded.bytes.len(),
        }
    }

    /// The list as it was loaded.
    pub fn loaded(self) -> Result<Loaded> {
        match self {
            Ready::Here(source) => source.read_local().transpose()?.context("a local list"),
            Ready::Loaded(loaded) => Ok(*loaded),
            Ready::InForce(list) => Ok(list.loaded),
        }
    }

    /// The document, whatever it is for, with what it was read from.
    pub fn document(self) -> Result<(Loaded, Document)> {
        match self {
            Ready::InForce(list) => {
                let document = list.document().map_err(|error| named(&list.loaded, error))?;
                Ok((list.loaded, document))
            }
            other => {
                let loaded = other.loaded()?;
                let document =
                    crate::list::read(&loaded.bytes).map_err(|error| named(&loaded, error))?;
                Ok((loaded, document))
            }
        }
    }

    /// The document of a list that asks for blocks. Names that are all hidden may yet be
    /// recognised, and a followed list may be empty because somebody accepted it so.
    fn blocks(self) -> Result<(Loaded, Document)> {
        let may_be_empty = matches!(self, Ready::InForce(_));
        let (loaded, document) = self.document()?;
        let hopeful = !document.hidden.is_empty() && document.releases.is_empty();
        let accepted = may_be_empty && document.counts.rows() == 0;
        if document.entries.is_empty() && (hopeful || accepted) {
            return Ok((loaded, document));
        }
        let document = document.for_blocking().map_err(|error| named(&loaded, error))?;
        Ok((loaded, document))
    }
}

fn named(loaded: &Loaded, error: ReadError) -> DocumentError {
    DocumentError { name: loaded.name.clone(), error }
}

/// Makes lists ready, all at once. For people other than the house they have so many bytes
/// together and no more.
pub async fn make_ready(app: &App, names: &[String], offline: bool) -> Result<Vec<Ready>> {
    let mut chosen = Vec::with_capacity(names.len());
    for name in names {
        chosen.push(Chosen::parse(app, name).await?);
    }
    let taken = AtomicUsize::new(0);
    let ready = join_all(chosen.into_iter().map(async |chosen| {
        let ready = chosen.ready(app, offline).await?;
        let taken = taken.fetch_add(ready.size(), Ordering::Relaxed) + ready.size();
        if app.owner() != HOUSE && taken > SIZE_LIMIT {
            return Err(SourceError::TooMuch.into());
        }
        Ok(ready)
    }));
    ready.await.into_iter().collect()
}

impl Gathered {
    /// Reads all lists and folds them together, each on the terms at its place or on the
    /// default ones.
    pub async fn read(
        app: &App,
        names: &[String],
        terms: Vec<Terms>,
        offline: bool,
    ) -> Result<Gathered> {
        let ready = make_ready(app, names, offline).await?;
        let note = |ready: &Ready| match ready {
            Ready::InForce(list) => list.note.clone(),
            _ => None,
        };
        let notices = ready.iter().filter_map(note).collect();
        let waits = |ready: &Ready| match ready {
            Ready::InForce(list) if list.held => Some(ArcStr::from(list.loaded.name.as_str())),
            _ => None,
        };
        let held = ready.iter().filter_map(waits).collect();
        let shown = ready
            .iter()
            .map(|ready| match ready {
                Ready::Here(source) => source.name(),
                Ready::Loaded(loaded) => loaded.name.clone(),
                Ready::InForce(list) => list.loaded.name.clone(),
            })
            .collect();
        let ready: Vec<Mutex<Option<Ready>>> =
            ready.into_iter().map(|ready| Mutex::new(Some(ready))).collect();
        // It keeps all cores busy for a while, and others have something to wait for meanwhile.
        let folded = tokio::task::spawn_blocking(move || fold(terms, shown, &ready)).await;
        let (combined, hidden) = folded.context("reading the lists ended early")??;
        Ok(Gathered { combined, notices, held, hidden })
    }

    /// Recognises hidden names among those of the other lists, of `others`, and of all that
    /// the store has seen. Without `guess` only a digest counts.
    pub async fn unmask<'a>(
        &mut self,
        store: Option<&Store>,
        others: impl Iterator<Item = &'a Domain>,
        guess: bool,
    ) -> Result<()> {
        let questions = Questions::of(self.hidden.values().flatten(), guess);
        let mut known = Known::default();
        if !questions.is_empty() {
            known.learn(&questions, others);
            self.combined.for_each_domain(|domain| known.learn(&questions, [domain]));
            if let Some(store) = store {
                known.ask(&questions, store).await?;
            }
        }
        for (place, hidden) in std::mem::take(&mut self.hidden) {
            let found: Vec<Entry> = hidden
                .into_iter()
                .filter_map(|name| {
                    let listed = |domain: &Domain| self.combined.names(place, domain);
                    match find(&name, &known, listed) {
                        Finding::ByDigest(domain) | Finding::ByMask(domain) => {
                            Some(name.asks.of(domain, name.line))
                        }
                        _ => None,
                    }
                })
                .collect();
            self.combined.reveal(place, &found);
            if let Some(list) = self.combined.lists.get(place as usize)
                && list.entries == 0
            {
                return Err(AllHidden(list.name.to_string()).into());
            }
        }
        Ok(())
    }
}

/// Reads the lists that are ready, side by side, and sets their hidden names apart.
fn fold(
    terms: Vec<Terms>,
    names: Vec<String>,
    ready: &[Mutex<Option<Ready>>],
) -> Result<(Combined, HashMap<u32, Vec<Hidden>>)> {
    let hidden = Mutex::new(HashMap::new());
    let combined = Combined::read_on(terms, names, |place| -> Result<Read> {
        let ready = lock(&ready[place]).take().context("a list is read once only")?;
        let (loaded, mut document) = ready.blocks()?;
        if !document.hidden.is_empty() {
            let names = std::mem::take(&mut document.hidden);
            lock(&hidden).insert(u32::try_from(place).unwrap_or(u32::MAX), names);
        }
        let Loaded { address, sha256, .. } = loaded;
        Ok(Read { address, sha256, document })
    })?;
    Ok((combined, hidden.into_inner().unwrap_or_else(PoisonError::into_inner)))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
