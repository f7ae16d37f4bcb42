use std::fmt;

use anyhow::Result;
use serde::Serialize;

use super::Reply;
use crate::app::App;
use crate::block::Level;
use crate::text::{fit, plain};

/// List the accounts and instances that you have signed in to
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow targets
  hedgerow targets --json")]
pub struct Args {}

#[derive(Serialize)]
struct Targets {
    targets: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    level: Level,
    server: String,
    account: Option<String>,
    software: String,
    version: String,
    scopes: String,
    signed_in_at: chrono::DateTime<chrono::Utc>,
}

impl fmt::Display for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.targets.is_empty() {
            return writeln!(
                f,
                "You have not signed in anywhere. `hedgerow login SERVER` does; a CSV file that \
                 your\nserver exported needs no sign-in."
            );
        }
        writeln!(f, "{:<32} {:<9} SERVER", "TARGET", "LEVEL")?;
        for row in &self.targets {
            let host = row.server.split("://").last().unwrap_or_default().trim_end_matches('/');
            let server = format!("{host} ({} {})", row.software, row.version);
            let (name, server) = (plain(&row.name), plain(&server));
            writeln!(f, "{:<32} {:<9} {}", fit(&name, 32), row.level, fit(&server, 36))?;
        }
        Ok(())
    }
}

impl Args {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let rows = app.store().await?.targets().await?;
        let row = |row: crate::store::TargetRow| Row {
            name: row.name,
            level: row.level,
            server: row.base_url,
            account: row.account,
            software: row.software,
            version: row.version,
            scopes: row.scopes,
            signed_in_at: row.created_at,
        };
        Reply::ok(Targets { targets: rows.into_iter().map(row).collect() })
    }
}
