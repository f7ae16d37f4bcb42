//! Keys with which programs use the API that `serve` has.

use std::fmt;

use anyhow::Result;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;

use super::Reply;
use crate::app::App;
use crate::store::{Scope, Token};
use crate::text::{fit, plain};
use crate::verb::token;

/// List the tokens with which programs use the API, make one, or take one back
///
/// The API is what `hedgerow serve` answers below /api/v1; see docs/api.md. A token acts for
/// whoever runs this Hedgerow. People who sign in with their own server make theirs on the
/// page "Settings".
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow tokens
  hedgerow tokens add backup-script
  hedgerow tokens add moderation-bot --write")]
pub struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Make a token and print it, once
    #[command(after_help = "\
Examples:
  hedgerow tokens add backup-script
  hedgerow tokens add moderation-bot --write --json")]
    Add {
        /// What it is for, so that you know it again
        name: String,
        /// Let it change things; otherwise it only reads
        #[arg(long)]
        write: bool,
    },
    /// Take a token back: whatever uses it is out from then on
    #[command(after_help = "Example:\n  hedgerow tokens remove moderation-bot")]
    Remove {
        /// As `hedgerow tokens` shows it
        name: String,
    },
}

#[derive(Serialize)]
struct Tokens {
    tokens: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    name: String,
    scope: Scope,
    created_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_at: Option<DateTime<Utc>>,
}

impl From<Token> for Row {
    fn from(token: Token) -> Self {
        let Token { id, name, scope, created_at, used_at } = token;
        Row { id, name, scope, created_at, used_at }
    }
}

impl fmt::Display for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tokens.is_empty() {
            return writeln!(f, "There are no tokens. `hedgerow tokens add NAME` makes one.");
        }
        writeln!(f, "{:<32} {:<6} {:<11} LAST USED", "TOKEN", "MAY", "MADE")?;
        for row in &self.tokens {
            let used = row.used_at.map_or("never".to_owned(), |at| at.format("%F").to_string());
            let (name, made) = (fit(&plain(&row.name), 32), row.created_at.format("%F"));
            writeln!(f, "{name:<32} {:<6} {made:<11} {used}", row.scope)?;
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Made {
    id: i64,
    name: String,
    scope: Scope,
    token: String,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.token)?;
        writeln!(f, "\nThis is shown once and kept nowhere. Send it with every request:")?;
        writeln!(f, "  Authorization: Bearer {}…", self.token.get(..6).unwrap_or_default())?;
        writeln!(f, "`hedgerow tokens remove` takes it back.")
    }
}

impl Args {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let store = app.store().await?;
        match self.verb {
            None => {
                let tokens = store.tokens().await?.into_iter().map(Row::from).collect();
                Reply::ok(Tokens { tokens })
            }
            Some(Verb::Add { name, write }) => {
                let scope = if write { Scope::Write } else { Scope::Read };
                let token::Made { token, secret } = token::make(app, &name, scope).await?;
                Reply::ok(Made { id: token.id, name: token.name, scope, token: secret })
            }
            Some(Verb::Remove { name }) => {
                let tokens = store.tokens().await?;
                let Some(token) = tokens.into_iter().find(|token| token.name == name) else {
                    anyhow::bail!("There is no token {}; see `hedgerow tokens`.", plain(&name));
                };
                token::end(app, token.id).await?;
                let says = format!("The token {} is worth nothing any more.", plain(&name));
                Reply::noted(says, json!({ "removed": token.id, "name": name }))
            }
        }
    }
}
