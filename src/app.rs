//! What every face of Hedgerow starts from: where things are kept, and how a name on the
//! command line becomes a target.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result, bail};
use reqwest::Client;
use secrecy::SecretString;
use tokio::sync::OnceCell;
use url::Url;

use crate::apply::{Engine, Progress};
use crate::block::Level;
use crate::clock::{Clock, SystemClock};
use crate::domain::Domain;
use crate::fetch::{Fetcher, Private, Reach, Resolver};
use crate::follow::{Lists, Shelf};
use crate::http;
use crate::mastodon::client::{Api, Patience};
use crate::mastodon::version::Version;
use crate::stop::Stop;
use crate::store::{HOUSE, Owner, Store, TargetRow};
use crate::target::{Account, CsvFile, Instance, Kind, Target, TargetRef};
use crate::text::{fit, plain};
use crate::vault::Vault;

#[derive(Clone)]
pub struct App {
    data_dir: PathBuf,
    database_url: Option<String>,
    key: Option<SecretString>,
    /// Where lists may be fetched from.
    reach: Reach,
    fetcher: Arc<OnceLock<Fetcher>>,
    /// Opened at its first use, and shared from then on.
    store: Arc<OnceCell<Store>>,
    /// Versions of lists that were looked at lately.
    shelf: Arc<Shelf>,
    /// Whose targets, runs and decisions it is about.
    owner: Owner,
    actor: String,
    pub clock: Arc<dyn Clock>,
}

/// A target that was opened, and what only its kind has.
pub enum Opened {
    Server(Box<dyn Target>),
    File(Box<CsvFile>),
}

impl Opened {
    pub fn target(&self) -> &dyn Target {
        match self {
            Opened::Server(target) => target.as_ref(),
            Opened::File(file) => file.as_ref(),
        }
    }
}

/// Why a target is not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{0}")]
    Unknown(String),
    #[error("this was done on a file of the machine that Hedgerow runs on, which is not yours")]
    File,
    #[error("{0}, so this server does not ask it")]
    Private(Private),
}

/// What a CSV file cannot tell about itself.
#[derive(Debug, Clone, Default)]
pub struct FileHints {
    pub level: Option<Level>,
    /// The server that the file was exported from.
    pub server: Option<Domain>,
}

impl FileHints {
    /// What was known of a target when a plan or a backup was made of it.
    pub fn of(target: &TargetRef) -> Self {
        FileHints { level: Some(target.level), server: target.own.first().cloned() }
    }
}

impl App {
    pub fn new(
        data_dir: Option<PathBuf>,
        database_url: Option<String>,
        key: Option<SecretString>,
        reach: Reach,
    ) -> Result<App> {
        let data_dir = match data_dir {
            Some(given) if given.as_os_str().is_empty() => {
                bail!("--data-dir (HEDGEROW_DATA_DIR) is empty; name a folder or leave it out")
            }
            Some(given) => std::path::absolute(given)?,
            None => directories::ProjectDirs::from("", "", "hedgerow")
                .context("no home folder is known; say where to keep things with --data-dir")?
                .data_dir()
                .to_owned(),
        };
        let clock = Arc::new(SystemClock);
        let (fetcher, store, shelf) = (Arc::default(), Arc::default(), Arc::default());
        let (owner, actor) = (HOUSE, actor());
        Ok(App { data_dir, database_url, key, reach, fetcher, store, shelf, owner, actor, clock })
    }

    /// The same for somebody else: what it opens is theirs, and nobody else's. `actor` is how
    /// the record of what was done calls them.
    #[must_use]
    pub fn of(&self, owner: Owner, actor: &str) -> App {
        App { owner, actor: actor.to_owned(), ..self.clone() }
    }

    pub fn owner(&self) -> Owner {
        self.owner
    }

    /// What fetches lists, for whoever uses this. All wait in the same queues, so that they can be
    /// polite to each host and fair to each other.
    pub fn fetcher(&self) -> Result<Fetcher> {
        if let Some(all) = self.fetcher.get() {
            return Ok(all.of(self.owner));
        }
        let fetcher = Fetcher::new(self.reach, self.clock.clone())?;
        Ok(self.fetcher.get_or_init(|| fetcher).of(self.owner))
    }

    /// The lists that are followed.
    pub async fn lists(&self) -> Result<Lists> {
        let (store, fetcher) = (self.store().await?, self.fetcher()?);
        Ok(Lists::new(store, fetcher, self.clock.clone(), self.shelf.clone()))
    }

    /// The store, if there is one already: reading a file must not leave a database behind.
    pub async fn existing_store(&self) -> Result<Option<Store>> {
        if self.database_url.is_none() && !self.database().exists() {
            return Ok(None);
        }
        self.store().await.map(Some)
    }

    fn database(&self) -> PathBuf {
        self.data_dir.join("hedgerow.db")
    }

    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The store, made if it is not there yet.
    pub async fn store(&self) -> Result<Store> {
        let file = format!("sqlite:{}", self.database().display());
        let address = self.database_url.as_deref().unwrap_or(&file);
        Ok(self.store.get_or_try_init(|| Store::open(address)).await?.of(self.owner))
    }

    /// Who is using Hedgerow, for the record of what was done.
    pub fn actor(&self) -> &str {
        &self.actor
    }

    pub fn vault(&self) -> Result<Vault> {
        crate::backup::create_private_dir(&self.data_dir)
            .with_context(|| self.data_dir.display().to_string())?;
        Ok(Vault::load(self.key.as_ref(), &self.data_dir.join("key"))?)
    }

    /// What a secret of a target is sealed with, so that it cannot be moved to another, nor to
    /// another person's of the same name.
    pub fn secret_name(&self, target: &str, column: &str) -> String {
        match self.owner {
            HOUSE => format!("target/{target}/{column}"),
            owner => format!("owner/{owner}/target/{target}/{column}"),
        }
    }

    /// What asks servers. For all but the house it goes no further than lists may be
    /// fetched from; of an address that holds a number instead of a name, ask
    /// [`App::may_ask`] first.
    pub fn client(&self) -> Result<Client> {
        Ok(if self.owner == HOUSE {
            http::client()?
        } else {
            http::client_resolving(Arc::new(Resolver::new(self.reach)))?
        })
    }

    /// Whether a server at this address may be asked.
    pub fn may_ask(&self, url: &Url) -> Result<()> {
        if self.owner != HOUSE {
            self.reach.allows(url).map_err(OpenError::Private)?;
        }
        Ok(())
    }

    /// Opens a target by its name or, where such a file exists, the path of an export. Only the
    /// house has files here: a name of anybody else is a name and nothing more.
    pub async fn open(
        &self,
        name: &str,
        hints: &FileHints,
        stop: &Stop,
        patience: Arc<dyn Patience>,
    ) -> Result<Opened> {
        let path = Path::new(name);
        if self.owner == HOUSE && path.is_file() {
            let own = hints.server.iter().cloned().collect();
            let file = CsvFile::open(path, hints.level, own, self.clock.clone())?;
            return Ok(Opened::File(Box::new(file)));
        }
        Ok(Opened::Server(self.signed_in(name, stop, patience).await?))
    }

    /// Opens what a plan or a backup was made of.
    pub async fn reopen(
        &self,
        known: &TargetRef,
        stop: &Stop,
        patience: Arc<dyn Patience>,
    ) -> Result<Opened> {
        match known.kind {
            Kind::Csv if self.owner != HOUSE => Err(OpenError::File.into()),
            Kind::Csv => self.open(known.handle(), &FileHints::of(known), stop, patience).await,
            Kind::Mastodon => {
                Ok(Opened::Server(self.signed_in(known.handle(), stop, patience).await?))
            }
        }
    }

    /// Opens a target that somebody has signed in to, by its name and nothing else: a face
    /// that takes names from strangers must open no files.
    pub async fn signed_in(
        &self,
        name: &str,
        stop: &Stop,
        patience: Arc<dyn Patience>,
    ) -> Result<Box<dyn Target>> {
        let store = self.store().await?;
        let Some(row) = store.target(name).await? else {
            return Err(OpenError::Unknown(self.unknown(&store, name).await?).into());
        };
        self.server(&row, stop, patience)
    }

    /// What carries plans out on a target, in the name of whoever uses this.
    pub fn engine<'a>(
        &'a self,
        store: &'a Store,
        target: &'a dyn Target,
        stop: &'a Stop,
        progress: &'a dyn Progress,
    ) -> Engine<'a> {
        let (clock, actor) = (self.clock.as_ref(), self.actor());
        Engine { store, target, clock, stop, progress, actor, data_dir: self.data_dir() }
    }

    /// A target that somebody has signed in to.
    pub fn server(
        &self,
        row: &TargetRow,
        stop: &Stop,
        patience: Arc<dyn Patience>,
    ) -> Result<Box<dyn Target>> {
        let identity = self.identity(row)?;
        let base = base_of(row)?;
        let token = self.vault()?.open(&self.secret_name(&row.name, "token"), &row.token)?;
        self.may_ask(&base)?;
        let (client, clock) = (self.client()?, self.clock.clone());
        let api = Arc::new(Api::with(client, base, token, clock, stop.clone(), patience));
        Ok(match row.level {
            Level::Account => Box::new(Account::new(identity, api)),
            Level::Instance => Box::new(Instance::new(identity, api, takes_nested(&row.version))),
        })
    }

    /// Who a target is, without a request and without its secrets.
    pub fn identity(&self, row: &TargetRow) -> Result<TargetRef> {
        let base = base_of(row)?;
        let mut own: Vec<Domain> = Domain::from_stored(&row.domain).into_iter().collect();
        // The API may live under another name than the one in people's handles.
        own.extend(base.domain().and_then(Domain::from_stored).filter(|host| !own.contains(host)));
        Ok(TargetRef {
            name: row.name.clone(),
            kind: Kind::Mastodon,
            level: row.level,
            address: row.base_url.clone(),
            account: row.account.clone(),
            own,
        })
    }

    async fn unknown(&self, store: &Store, name: &str) -> Result<String> {
        let known: Vec<String> = store.targets().await?.into_iter().map(|row| row.name).collect();
        let file = Path::new(name).extension().is_some_and(|kind| kind.eq_ignore_ascii_case("csv"));
        let what = if file || name.contains('/') { "file" } else { "target" };
        let next = if known.is_empty() {
            "Sign in with `hedgerow login SERVER`, or give the path of a CSV file that your server \
             exported."
                .to_owned()
        } else {
            format!("There are: {}.", known.join(", "))
        };
        Ok(format!("There is no {what} {name}. {next}"))
    }
}

fn base_of(row: &TargetRow) -> Result<Url> {
    Url::parse(&row.base_url).context("the target's address is damaged")
}

/// Mastodon takes a stricter block below a parent's since 4.2.9 and 4.3.0.
fn takes_nested(version: &str) -> bool {
    const SINCE: Version = Version { major: 4, minor: 2, patch: 9, pre_release: false };
    Version::parse(version).is_none_or(|version| version >= SINCE)
}

/// What [`App::actor`] says where nothing tells who it is.
pub const UNKNOWN: &str = "unknown";

/// `HEDGEROW_ACTOR`, where a program acts for somebody, or else whoever is logged in.
fn actor() -> String {
    /// In columns: it stands beside what was done.
    const WIDTH: usize = 64;
    ["HEDGEROW_ACTOR", "USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .map(|name| fit(plain(&name).trim(), WIDTH))
        .find(|name| !name.is_empty())
        .unwrap_or_else(|| UNKNOWN.to_owned())
}
