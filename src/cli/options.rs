//! What `plan`, `apply` and others take in common: which lists, and what to make of them.

use std::sync::Arc;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::app::{App, FileHints, Opened};
use crate::block::{Level, Severity};
use crate::domain::Domain;
use crate::keep::{self, Intent};
use crate::plan::{Lowering, Plan};
use crate::policy::{Agreement, Choice, Comments, Guard};
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
    /// fires:URL; may be repeated [default: the lists that the target subscribes to]
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

    /// Let a guard not hold in this run: most-adds, most-removes, held-list, own-domain,
    /// relationships, large-servers, public-suffix or redundant; may be repeated
    #[arg(long = "override", value_name = "GUARD")]
    overrides: Vec<Guard>,

    /// Say yes to this domain by name: it is done though a guard would hold it, and though the
    /// block there is your own; may be repeated
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    accept: Vec<Domain>,

    /// Which severity several lists come to: strictest, mildest or agreed
    #[arg(long, value_name = "WHICH")]
    combine: Option<Choice>,

    /// Block only what at least so many lists name
    #[arg(long, value_name = "N", conflicts_with = "in_percent",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(Agreement::MOST_LISTS)))]
    in_at_least: Option<u32>,

    /// Block only what lists with so much of the weight name, in percent
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(1..=100))]
    in_percent: Option<u32>,

    /// Which comments a block gets: merged, none, or those of a LIST
    #[arg(long, value_name = "WHICH")]
    comments: Option<Comments>,

    /// On an account, block the hosts below a domain too that your server knows
    #[arg(long)]
    subdomains: bool,
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

/// How many lists have to agree, as it is written on the command line.
pub fn agreement(lists: Option<u32>, percent: Option<u32>) -> Option<Agreement> {
    lists.map(Agreement::Lists).or(percent.map(Agreement::Percent))
}

impl ListOptions {
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// What is wanted; what is wrong with the options is said before anything is fetched.
    pub fn intent(&self) -> Result<Intent> {
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
        Ok(Intent {
            lists: self.lists.clone(),
            overwrite,
            allow: self.allow.clone(),
            allow_lists: self.allow_list.clone(),
            lower,
            min_severity: self.min_severity.map(Severity::from),
            severity: self.severity.map(Severity::from),
            guess: self.guess_hidden_names,
            offline: self.offline,
            unattended: false,
            overrides: self.overrides.clone(),
            accept: self.accept.clone(),
            aside: Vec::new(),
            choice: self.combine,
            agreement: agreement(self.in_at_least, self.in_percent),
            comments: self.comments.clone(),
            subdomains: self.subdomains,
        })
    }

    /// Reads the lists, reads the target, and plans.
    pub async fn plan(&self, app: &App, opened: &Opened) -> Result<Plan> {
        keep::plan(app, opened.target(), &self.intent()?).await
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
            if asked == 1 {
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
pub(super) async fn interrupted() -> bool {
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
