use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use super::options::{FileOptions, ListOptions, stop_on_interrupt};
use super::plan::{ROWS, Shown};
use super::progress::Reporter;
use super::{Coded, Exit, Reply, confirm};
use crate::app::{App, FileHints, Opened};
use crate::apply::{ApplyError, Outcome, Report};
use crate::import_page;
use crate::plan::{Mode, Plan, Summary, Table};
use crate::stop::Stop;
use crate::text::{count, plain};
use crate::verb::refollow::Refollowed;

/// Change a target as lists ask, or as a saved plan says
///
/// The plan is shown first, and you are asked. Before the first change the target is
/// backed up, and afterwards it is read again and compared with the plan. An apply that
/// was interrupted, however that happened, goes on with `hedgerow resume`.
///
/// With a CSV export as TARGET nothing is sent anywhere: a new CSV for your server's
/// import page is written beside it.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow apply blocked_domains.csv --list threads --yes
  hedgerow apply me@example.social --list threads
  hedgerow apply me@example.social --accept bad.example
  hedgerow apply plan.json

What a block cuts does not come back: see `What a block does` in the README.

Exit codes: 0 done and verified, or nothing to do; 1 error, or not all went as
planned; 2 you were not asked, or said no; 3 the target has changed since the
plan was made, or there are only changes that are held.")]
pub struct Args {
    /// A name from `hedgerow targets`, the path of a CSV export, or a saved plan
    #[arg(value_name = "TARGET|PLAN-FILE")]
    target: String,
    #[command(flatten)]
    lists: ListOptions,
    #[command(flatten)]
    file: FileOptions,
    #[command(flatten)]
    run: RunOptions,
}

#[derive(clap::Args)]
pub struct RunOptions {
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Where to write the new CSV, if the target is one
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// What became of an apply, a resume or a restore.
#[derive(Serialize)]
pub struct Applied {
    target: String,
    mode: Mode,
    summary: Summary,
    checksum: String,
    #[serde(flatten)]
    report: Option<Report>,
    /// The new CSV files, where the target is one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<PathBuf>,
    /// What is left for a person to do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<String>,
    /// Whom an undo has followed again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refollowed: Option<Refollowed>,
}

impl Args {
    pub(super) async fn run(self, app: &App, json: bool) -> Result<Reply> {
        let reporter = Arc::new(Reporter::new(json));
        let stop = stop_on_interrupt();
        if let Some(plan) = saved_plan(Path::new(&self.target))? {
            if !self.lists.is_empty() {
                bail!("{} is a plan and has its lists in it; leave --list out", self.target);
            }
            let (name, hints) = (plan.target.handle(), FileHints::of(&plan.target));
            let opened = app.open(name, &hints, &stop, reporter.clone()).await?;
            if opened.target().identity().address != plan.target.address {
                bail!("the plan was made for {}, not for {name}", plan.target.address);
            }
            return self.run.carry_out(app, opened, plan, &reporter, &stop, json).await?.reply();
        }
        let opened = app.open(&self.target, &self.file.hints(), &stop, reporter.clone()).await?;
        let plan = self.lists.plan(app, &opened).await?;
        self.run.carry_out(app, opened, plan, &reporter, &stop, json).await?.reply()
    }
}

/// A plan, if that is what the file holds.
fn saved_plan(path: &Path) -> Result<Option<Plan>> {
    if !path.is_file() {
        return Ok(None);
    }
    let shown = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("{shown} cannot be read"))?;
    if !Plan::is_plan(&bytes) {
        return Ok(None);
    }
    Ok(Some(Plan::from_json(&bytes).with_context(|| format!("{shown} was not applied"))?))
}

/// What became of the question whether to carry a plan out.
pub enum Ran {
    Applied(Box<Applied>),
    /// Nobody said yes.
    NotAsked(Reply),
}

impl Ran {
    pub fn reply(self) -> Result<Reply> {
        match self {
            Ran::Applied(applied) => applied.reply(),
            Ran::NotAsked(reply) => Ok(reply),
        }
    }
}

impl RunOptions {
    pub fn output(&self) -> Option<&PathBuf> {
        self.output.as_ref()
    }

    pub fn yes(&self) -> bool {
        self.yes
    }

    /// Shows a plan, asks, and carries it out.
    pub(super) async fn carry_out(
        self,
        app: &App,
        mut opened: Opened,
        plan: Plan,
        reporter: &Arc<Reporter>,
        stop: &Stop,
        json: bool,
    ) -> Result<Ran> {
        if !json {
            eprint!("{}", Table { plan: &plan, rows: ROWS });
        }
        if plan.is_empty() {
            return Ok(Ran::Applied(Box::new(Applied::nothing(&plan))));
        }
        if !self.yes && !confirm(&question(&plan))? {
            eprintln!("Nothing was changed. Add --yes to apply without being asked.");
            let reply = if json {
                Shown { plan, rows: 0, saved: None }.reply()
            } else {
                Reply::with(Exit::Pending, "")
            };
            return Ok(Ran::NotAsked(reply?));
        }
        if let Opened::File(file) = &mut opened {
            file.write_to(self.output, plan.mode);
        } else if self.output.is_some() {
            bail!("--output is for a CSV target; {} is changed on its server", plan.target);
        }
        let store = app.store().await?;
        let engine = app.engine(&store, opened.target(), stop, reporter.as_ref());
        let report = engine.apply(&plan).await.map_err(coded)?;
        Ok(Ran::Applied(Box::new(Applied::new(&plan, report, &opened))))
    }
}

/// A target that has changed is no fault of anybody, and has an exit code of its own.
pub fn coded(error: ApplyError) -> anyhow::Error {
    let exit = match error {
        ApplyError::Stale(_) | ApplyError::Released(_) => Exit::Held,
        _ => return error.into(),
    };
    Coded { exit, error: error.into() }.into()
}

fn question(plan: &Plan) -> String {
    format!("\n{} on {}?", plan.deeds(), plain(&plan.target.to_string()))
}

impl Applied {
    pub fn nothing(plan: &Plan) -> Self {
        Applied {
            target: plan.target.name.clone(),
            mode: plan.mode,
            summary: plan.summary,
            checksum: plan.checksum.clone(),
            report: None,
            files: Vec::new(),
            steps: Vec::new(),
            refollowed: None,
        }
    }

    /// Whether all went as planned.
    pub fn is_well(&self) -> bool {
        self.report.as_ref().is_none_or(Report::is_verified)
    }

    pub fn new(plan: &Plan, report: Report, opened: &Opened) -> Self {
        let files = match opened {
            Opened::File(file) => file.written(),
            Opened::Server(_) => Vec::new(),
        };
        let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        let steps = if names.is_empty() { Vec::new() } else { import_page::steps(plan, &names) };
        Applied { report: Some(report), files, steps, ..Applied::nothing(plan) }
    }

    pub fn reply(self) -> Result<Reply> {
        let exit = match (self.is_well(), &self.report) {
            (false, _) => Exit::Error,
            // Nothing but what a guard holds: that is not the same as nothing to do.
            (true, None) if self.summary.held > 0 => Exit::Held,
            (true, _) => Exit::Ok,
        };
        Reply::with(exit, self)
    }
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(report) = &self.report else {
            let says = match (self.summary.held, self.mode) {
                (0, Mode::Undo) => "Nothing to take back: nothing of the run is left.".to_owned(),
                (0, _) => "Nothing to do: the target is as the lists want it.".to_owned(),
                (held, _) => format!("Nothing was changed: {} held.", are(held)),
            };
            writeln!(f, "{says}")?;
            return self.refollowed.iter().try_for_each(|refollowed| write!(f, "{refollowed}"));
        };
        if let Some(backup) = &report.backup {
            writeln!(f, "Backup {}: {}", backup.id, backup.path.display())?;
        }
        for file in &self.files {
            writeln!(f, "New file: {}", file.display())?;
        }
        for failure in &report.failed {
            writeln!(f, "Failed: {}", plain(&failure.why))?;
        }
        for failure in &report.left_alone {
            writeln!(f, "Left alone: {}: {}", plain(&failure.domain), plain(&failure.why))?;
        }
        let (run, done) = (report.run, count(report.done, "change"));
        match &report.outcome {
            Outcome::Verified if self.files.is_empty() => {
                writeln!(f, "Run {run}: {done} made. Verified: the target is as planned.")?;
            }
            Outcome::Verified => {
                writeln!(f, "Run {run}: {done} written. Verified: the new file is as planned.")?;
            }
            Outcome::Differs { differences } => {
                writeln!(f, "Run {run}: {done} made, and the target is not as planned:")?;
                for difference in differences.iter().take(ROWS) {
                    writeln!(f, "  {difference}")?;
                }
                if differences.len() > ROWS {
                    writeln!(f, "  … and {} more", differences.len() - ROWS)?;
                }
            }
            Outcome::Stopped { why } => {
                writeln!(f, "Run {run} stopped after {done} of {}: {}", report.total, plain(why))?;
                writeln!(f, "Go on with `hedgerow resume {run}`.")?;
            }
        }
        if self.summary.held > 0 {
            writeln!(f, "{} held; the plan says why.", are(self.summary.held))?;
        }
        let Summary { following, followers, remove, .. } = self.summary;
        if following + followers > 0 {
            let says = format!(
                "The blocks have cut {following} followed and {followers} following. Take them \
                 back with `hedgerow undo {run}`; followers do not come back by that."
            );
            writeln!(f, "{}", crate::plan::wrapped(&says, ""))?;
        }
        if remove > 0 && matches!(self.mode, Mode::Undo | Mode::Restore) {
            writeln!(f, "Follows that the blocks had cut have not come back by themselves.")?;
        }
        if let Some(refollowed) = &self.refollowed {
            write!(f, "{refollowed}")?;
        }
        if !self.steps.is_empty() {
            writeln!(f, "\nNothing is blocked yet. To bring it to your server:")?;
        }
        for (at, step) in self.steps.iter().enumerate() {
            let text = crate::plan::wrapped(&format!("{}. {step}", at + 1), "   ");
            writeln!(f, "{}", text.lines().map(plain).collect::<Vec<_>>().join("\n"))?;
        }
        Ok(())
    }
}

fn are(held: usize) -> String {
    format!("{} {}", count(held, "change"), if held == 1 { "is" } else { "are" })
}
