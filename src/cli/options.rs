//! What `plan`, `apply` and others take in common: which lists, and what to make of them.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use crate::app::{App, FileHints, Opened};
use crate::block::{Level, Severity};
use crate::combine::{Combined, Read};
use crate::domain::Domain;
use crate::plan::{Lowering, Plan, Wishes, merge_or_overwrite};
use crate::source::{Loaded, Source, load_document};
use crate::stop::{Stop, stop};

/// A target that is a CSV file, and what the file does not tell.
#[derive(Args, Default)]
pub struct FileOptions {
    /// The server that a CSV export is from: it is never blocked, and the steps name it
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    server: Option<Domain>,

    /// What a CSV export holds, if it is still empty and does not tell
    #[arg(long, value_enum)]
    level: Option<LevelArg>,
}

#[derive(Clone, Copy, ValueEnum)]
enum LevelArg {
    Account,
    Instance,
}

impl FileOptions {
    pub fn hints(&self) -> FileHints {
        let level = self.level.map(|level| match level {
            LevelArg::Account => Level::Account,
            LevelArg::Instance => Level::Instance,
        });
        FileHints { level, server: self.server.clone() }
    }
}

/// The lists, and what is to be done with them.
#[derive(Args)]
pub struct ListOptions {
    /// A list: a bundled name (see `hedgerow lists`), a file, or an address; may be repeated
    #[arg(long = "list", short, value_name = "LIST")]
    lists: Vec<String>,

    /// merge adds and raises; overwrite makes the target equal to the lists
    #[arg(long, value_enum, default_value_t = ModeArg::Merge)]
    mode: ModeArg,

    /// Never block this domain, whatever the lists say; may be repeated
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    allow: Vec<Domain>,

    /// The severity for lists that give none, on an instance [default: silence]
    #[arg(long, value_enum)]
    severity: Option<SeverityArg>,

    /// Leave out what the lists ask for more mildly than this
    #[arg(long, value_enum)]
    min_severity: Option<SeverityArg>,

    /// With overwrite, let a list weaken the existing block of this domain, or of `all`
    #[arg(long, value_name = "DOMAIN")]
    lower: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ModeArg {
    Merge,
    Overwrite,
}

#[derive(Clone, Copy, ValueEnum)]
enum SeverityArg {
    Noop,
    Silence,
    Suspend,
}

impl From<SeverityArg> for Severity {
    fn from(arg: SeverityArg) -> Self {
        match arg {
            SeverityArg::Noop => Severity::Noop,
            SeverityArg::Silence => Severity::Silence,
            SeverityArg::Suspend => Severity::Suspend,
        }
    }
}

pub fn domain(text: &str) -> Result<Domain, String> {
    Domain::parse(text).map(|parsed| parsed.domain).map_err(|refusal| refusal.to_string())
}

impl ListOptions {
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    fn wishes(&self) -> Result<Wishes> {
        let overwrite = self.mode == ModeArg::Overwrite;
        if !overwrite && !self.lower.is_empty() {
            bail!("--lower weakens existing blocks, which merge never does; add --mode overwrite");
        }
        let lower = if self.lower.iter().any(|name| name == "all") {
            Lowering::All
        } else if self.lower.is_empty() {
            Lowering::None
        } else {
            let names = self
                .lower
                .iter()
                .map(|name| domain(name).map_err(|why| anyhow::anyhow!("--lower {name}: {why}")));
            Lowering::Named(names.collect::<Result<_>>()?)
        };
        Ok(Wishes {
            overwrite,
            allow: self.allow.clone(),
            lower,
            min_severity: self.min_severity.map(Severity::from),
            severity: self.severity.map(Severity::from),
        })
    }

    /// Reads the lists, reads the target, and plans.
    pub async fn plan(&self, app: &App, opened: &Opened) -> Result<Plan> {
        if self.is_empty() {
            bail!(
                "Which lists? Name at least one, such as --list threads; `hedgerow lists` shows \
                 those that come with Hedgerow."
            );
        }
        let wishes = self.wishes()?;
        let combined = combine(&self.lists).await?;
        let target = opened.target();
        let state = target.read().await?;
        let (identity, can) = (target.identity(), target.capabilities());
        Ok(merge_or_overwrite(combined, state, identity, can, &wishes, app.clock.now()))
    }
}

/// Reads all lists and folds them together. What has to be fetched is fetched first; then
/// all are read side by side.
async fn combine(names: &[String]) -> Result<Combined> {
    enum Ready {
        Here(Source),
        Fetched(Mutex<Option<Loaded>>),
    }
    let (mut ready, mut shown) = (Vec::new(), Vec::new());
    for name in names {
        let source = Source::parse(name)?;
        shown.push(source.name());
        ready.push(match &source {
            Source::Url(_) => Ready::Fetched(Mutex::new(Some(source.load().await?))),
            Source::Bundled(_) | Source::File(_) => Ready::Here(source),
        });
    }
    Combined::read(shown, |place| -> Result<Read> {
        let loaded = match &ready[place] {
            Ready::Here(source) => source.read_local().transpose()?,
            Ready::Fetched(loaded) => loaded.lock().ok().and_then(|mut loaded| loaded.take()),
        };
        let loaded = loaded.context("a list is read once only")?;
        let document = load_document(&loaded)?;
        Ok(Read { address: loaded.address, sha256: loaded.sha256, document })
    })
}

/// A stop that Ctrl-C asks for: once politely, a second time for good.
pub fn stop_on_interrupt() -> Stop {
    let (stopper, stop) = stop();
    tokio::spawn(async move {
        let mut asked = 0;
        while interrupted().await {
            asked += 1;
            stopper.ask();
            if asked == 1 && std::io::stderr().is_terminal() {
                eprintln!("\nStopping after the current change. Again to stop at once.");
            }
            if asked > 1 {
                // The journal says what was sent; `resume` finds out the rest.
                #[expect(clippy::disallowed_methods, reason = "the person insists")]
                std::process::exit(130);
            }
        }
    });
    stop
}

/// Waits for Ctrl-C or for the signal with which a system ends its services.
async fn interrupted() -> bool {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else { return false };
        tokio::select! {
            done = tokio::signal::ctrl_c() => done.is_ok(),
            _ = terminate.recv() => true,
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.is_ok()
}

/// Opens a target for a verb that only reads.
pub async fn open_quietly(app: &App, name: &str, file: &FileOptions) -> Result<Opened> {
    let silent = Arc::new(crate::mastodon::client::Silent);
    app.open(name, &file.hints(), &Stop::never(), silent).await
}
