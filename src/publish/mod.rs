//! Blocks that somebody publishes for others to subscribe to.
//!
//! A [`Publication`] says what is published and how much of it others get to see. Its
//! [`Content`] is made from what a target was last seen to block, or from lists as they are in
//! force, and is the same bytes for as long as those are: subscribers ask for it every hour.

mod content;
mod rows;

use serde::{Deserialize, Serialize};

use crate::block::Severity;
use crate::policy::{Agreement, Choice, worded};
use crate::store::{PublicationId, PublicationRow, StoreError, Visibility};

pub use content::{Content, File, Form, PublishError, Source, find};
pub use rows::Row;

/// What is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case", deny_unknown_fields)]
pub enum What {
    /// What a target was last seen to block.
    Target {
        /// Its name.
        target: String,
        /// Which account or server that was: a name can be given to another one later, whose
        /// blocks nobody has published.
        whose: String,
    },
    /// Lists together, as a target that follows them would take them.
    Lists(Together),
}

/// Several lists, and what they come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Together {
    /// Names of lists that are followed, or that come with Hedgerow.
    pub lists: Vec<String>,
    /// How many have to agree; without it, one is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
    #[serde(default = "strictest")]
    pub severity: Choice,
}

fn strictest() -> Choice {
    Choice::Strictest
}

worded! {
    /// Which names are hidden behind stars, as Mastodon does it.
    pub enum Obfuscate {
        /// Those that are marked so where they are blocked, and those that every list hides that
        /// names them.
        Marked = "marked",
        All = "all",
        None = "none",
    }
}

/// How much others get to see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    pub public_comments: bool,
    /// Comments that were written for moderators' eyes only.
    pub private_comments: bool,
    pub obfuscate: Obfuscate,
    /// The mildest block that is published.
    pub min_severity: Severity,
    /// Whether the page says which target or which lists it is made from.
    pub name_source: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            public_comments: true,
            private_comments: false,
            obfuscate: Obfuscate::Marked,
            min_severity: Severity::Silence,
            name_source: false,
        }
    }
}

/// What is published at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    pub id: PublicationId,
    pub owner: i64,
    pub slug: String,
    pub title: String,
    pub what: What,
    pub options: Options,
    pub visibility: Visibility,
    pub created_at: chrono::DateTime<chrono::Utc>,
    pub changed_at: chrono::DateTime<chrono::Utc>,
    /// It has ended then.
    pub revoked_at: Option<chrono::DateTime<chrono::Utc>>,
}

impl TryFrom<PublicationRow> for Publication {
    type Error = StoreError;

    fn try_from(row: PublicationRow) -> Result<Self, StoreError> {
        let damaged = |column: &str| StoreError::Damaged {
            table: "publication",
            column: column.to_owned(),
            id: row.id.to_string(),
        };
        Ok(Publication {
            what: serde_json::from_str(&row.what).map_err(|_| damaged("what"))?,
            options: serde_json::from_str(&row.options).map_err(|_| damaged("options"))?,
            id: row.id,
            owner: row.owner,
            slug: row.slug,
            title: row.title,
            visibility: row.visibility,
            created_at: row.created_at,
            changed_at: row.changed_at,
            revoked_at: row.revoked_at,
        })
    }
}
