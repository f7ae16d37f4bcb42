//! What `plan`, `apply` and others take in common: which lists, and what to make of them.

use std::io::IsTerminal;
use std::sync::Arc;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::app::{App, FileHints, Opened};
use crate::block::{Block, Level, Severity};
use crate::domain::Domain;
use crate::gather::{Gathered, make_ready};
use crate::plan::{Aim, Draft, Lowering, Plan, Wishes};
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
    /// A list: one you follow, a bundled name, a file, an address, instance:HOST or
    /// fires:URL; may be repeated
    #[arg(long = "list", short, value_name = "LIST")]
    lists: Vec<String>,

    /// merge adds and raises; overwrite makes the target equal to the lists
    #[arg(long, value_enum, default_value_t = ModeArg::Merge)]
    mode: ModeArg,

    /// Never block this domain, whatever the lists say; may be repeated
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    allow: Vec<Domain>,

    /// Never block what this list names: an allowlist, a list of retractions, or any other;
    /// may be repeated
    #[arg(long, value_name = "LIST")]
    allow_list: Vec<String>,

    /// Take a hidden name (b**.example) for the only known one that would look like it
    #[arg(long)]
    guess_hidden_names: bool,

    /// Ask nobody for a newer version of the lists you follow
    #[arg(long)]
    offline: bool,

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
pub enum SeverityArg {
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

    fn wishes(&self, allow: Vec<Domain>) -> Result<Wishes> {
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
            aim: if overwrite { Aim::Overwrite } else { Aim::Merge },
            allow,
            lower,
            min_severity: self.min_severity.map(Severity::from),
            severity: self.severity.map(Severity::from),
            ..Wishes::default()
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
        // What is wrong with the options is said before anything is fetched.
        self.wishes(Vec::new())?;
        let mut gathered = Gathered::read(app, &self.lists, self.offline).await?;
        let wishes = self.wishes(self.allowed(app).await?)?;
        let target = opened.target();
        let state = target.read().await?;
        let here: Vec<Domain> = state.blocks.iter().filter_map(Block::domain).collect();
        let store = app.existing_store().await?;
        gathered.unmask(store.as_ref(), here.iter(), self.guess_hidden_names).await?;
        let (identity, can) = (target.identity(), target.capabilities());
        let Gathered { combined, notices, .. } = gathered;
        let draft = Draft::new(combined, &state, identity, can, &wishes, app.clock.now());
        let mut plan = draft.finish(&crate::impact::Impact::default());
        plan.notices.splice(0..0, notices);
        Ok(plan)
    }

    /// What must not be blocked, whatever the lists say.
    async fn allowed(&self, app: &App) -> Result<Vec<Domain>> {
        let mut allowed = self.allow.clone();
        for ready in make_ready(app, &self.allow_list, self.offline).await? {
            let (_, document) = ready.document()?;
            allowed.extend(document.releases.into_iter().map(|release| release.domain));
            allowed.extend(document.entries.into_iter().map(|entry| entry.domain));
        }
        Ok(allowed)
    }
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
