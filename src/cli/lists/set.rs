use std::fmt;

use anyhow::Result;
use serde::Serialize;

use super::followed;
use super::settings::SettingsArgs;
use crate::app::App;
use crate::cli::Reply;
use crate::follow::{Settings, settings_of};
use crate::source::Source;

/// Change how a list is followed: its address, its format, what is held
///
/// The versions that were kept stay, and the next one is compared with the one in force.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow lists set garden-fence --max-removed-percent 30
  hedgerow lists set ours --address https://lists.example/new.csv")]
pub struct Args {
    /// A list you follow
    #[arg(value_name = "NAME")]
    name: String,

    /// Where the list is now
    #[arg(long, value_name = "ADDRESS")]
    address: Option<String>,

    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Serialize)]
struct Set {
    name: String,
    address: String,
    settings: Settings,
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = &self.settings.limits;
        writeln!(f, "{} is read from {}.", self.name, self.address)?;
        writeln!(
            f,
            "A version is held if more than {} % of its domains or {} of them go, if it grows by \
             more\nthan {} % or {} domains, or if more than {} % change their severity.",
            limits.removed_percent,
            limits.removed_rows,
            limits.added_percent,
            limits.added_rows,
            limits.regraded_percent
        )
    }
}

impl Args {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let lists = app.lists().await?;
        let list = followed(&lists.store, &self.name).await?;
        let mut settings = settings_of(&list)?;
        self.settings.put(&mut settings, &lists).await?;
        let source = match &self.address {
            Some(address) => Source::parse(address)?,
            None => Source::kept_as(&list.source)?,
        };
        lists.save(&list, &source, &settings).await?;
        Reply::ok(Set { name: list.name, address: source.address(), settings })
    }
}
