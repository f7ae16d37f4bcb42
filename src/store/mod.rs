//! What Hedgerow remembers: who is signed in, what was blocked before, what each run did.
//!
//! `SQLite` in one file by default, PostgreSQL by URL. Every statement is written once, in
//! the SQL that both understand, and every test runs on both: that is what checks it.
//! A row is checked on its way out. Whoever edits the database by hand gets an error that
//! names the place, and never a run that does something else than it says.

mod backups;
mod dates;
mod error;
mod events;
mod exceptions;
mod holdings;
mod keeping;
mod lists;
mod lock;
mod now;
mod old_versions;
mod open;
mod people;
mod proposals;
mod publications;
mod readings;
mod runs;
mod seen;
mod snapshots;
mod steps;
mod subscriptions;
mod targets;
mod together;
mod tokens;
mod touched;

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};

use crate::block::Level;

pub use backups::{Backup, NewBackup};
pub use dates::BlockDate;
pub use error::StoreError;
pub use events::{Event, EventFilter, EventKind, NewEvent};
pub use exceptions::NewException;
pub use lists::{FollowedList, ListId, NewList, Visit};
pub use lock::TargetLock;
pub use now::TargetNow;
pub use old_versions::COMPARED_WITH;
pub use people::{Session, Who};
pub use proposals::{ProposalId, Proposed};
pub use publications::{NewPublication, PublicationId, PublicationRow, Visibility};
pub use runs::{Ending, NewRun, Run, RunId, RunStatus, StepCounts};
pub use snapshots::{NewSnapshot, Snapshot, SnapshotId, Standing};
pub use steps::{Action, NewStep, Step, StepStatus};
pub use subscriptions::{Others, Subscription};
pub use targets::{NewTarget, TargetRow};
pub use tokens::{Bearer, Scope, Token, TokenId};
pub use touched::DomainStep;

use together::Together;

/// One of the two databases: their pools, or a transaction on one of them.
enum Either<S, P> {
    Sqlite(S),
    Postgres(P),
}

type Db = Either<SqlitePool, PgPool>;
type Tx = Either<Transaction<'static, Sqlite>, Transaction<'static, Postgres>>;

/// Runs the same text on whichever database it is: the body is compiled for both.
macro_rules! on {
    ($db:expr, |$c:ident| $body:expr) => {
        match $db {
            $crate::store::Either::Sqlite($c) => $body,
            $crate::store::Either::Postgres($c) => $body,
        }
    };
}
use on;

/// How many rows a statement by itself changes; the values stand in the order of their numbers.
macro_rules! reached {
    ($store:expr, $sql:expr, $($value:expr),+ $(,)?) => {
        $crate::store::on!(&$store.write, |pool| {
            let done = sqlx::query($sql)$(.bind($value))+.execute(pool).await;
            done.map(|done| done.rows_affected())
        })
    };
}
use reached;

/// An enum that the database keeps as words.
macro_rules! words {
    (
        $(#[$doc:meta])*
        pub enum $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal,)+ }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$each])* #[serde(rename = $word)] $variant,)+ }

        impl $name {
            pub const ALL: &[$name] = &[$($name::$variant,)+];

            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }

            pub(crate) fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }

        crate::policy::described!($name { $($word,)+ });

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}
use words;

/// The open database. Cloning it is cheap and shares the connections.
#[derive(Clone)]
pub struct Store {
    /// `SQLite` has one writer, which must not wait behind a reader's connection, so the
    /// two have pools of their own. On PostgreSQL they are the same pool.
    read: Db,
    write: Db,
    /// The address without a password.
    shown: String,
    /// Those who ask how their targets stand.
    standing: Arc<Together<now::Asked, (TargetRow, TargetNow)>>,
    /// Whose rows every statement reads and writes. What is not anybody's is said where it is:
    /// who may come in ([`Store::person`], [`Store::session`]), what the house's lists say
    /// ([`Store::list`], [`Store::see`]), and one run at a time on an account or server
    /// ([`Store::lock_target`]).
    owner: Owner,
}

/// Who owns what is kept: a person's number, or [`HOUSE`].
pub type Owner = i64;

/// Whoever runs this Hedgerow: the command line, `sync`, and `serve` on one's own machine.
pub const HOUSE: Owner = 0;

/// Whoever has not signed in: they own nothing, see what is offered to all, and may reach the
/// public internet and nothing else.
pub const NOBODY: Owner = -1;

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.shown).finish()
    }
}

impl<S: Clone, P: Clone> Clone for Either<S, P> {
    fn clone(&self) -> Self {
        match self {
            Either::Sqlite(inner) => Either::Sqlite(inner.clone()),
            Either::Postgres(inner) => Either::Postgres(inner.clone()),
        }
    }
}

impl Store {
    /// Where the data is, in words that may be shown to anyone.
    pub fn address(&self) -> &str {
        &self.shown
    }

    /// The same database as somebody else sees it: their rows, and nobody else's.
    #[must_use]
    pub fn of(&self, owner: Owner) -> Store {
        Store { owner, ..self.clone() }
    }

    pub fn owner(&self) -> Owner {
        self.owner
    }

    /// Ends all connections. `SQLite` then folds its journal back into the one file.
    pub async fn close(self) {
        on!(&self.read, |pool| pool.close().await);
        on!(&self.write, |pool| pool.close().await);
    }

    /// A transaction that may read and then write what follows from it. `SQLite` takes its
    /// write lock at once: a lock taken later fails under concurrency however long the
    /// busy time-out is. On PostgreSQL the reads must say `FOR UPDATE`.
    async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match &self.write {
            Either::Sqlite(pool) => Either::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?),
            Either::Postgres(pool) => Either::Postgres(pool.begin().await?),
        })
    }
}

impl Tx {
    async fn commit(self) -> Result<(), StoreError> {
        Ok(on!(self, |tx| tx.commit().await)?)
    }
}

/// PostgreSQL keeps microseconds. `SQLite` does as it does, so that a time that was
/// written equals itself when it is read.
fn stored_time(moment: DateTime<Utc>) -> DateTime<Utc> {
    moment.trunc_subsecs(6)
}

fn level_from(word: &str) -> Option<Level> {
    [Level::Account, Level::Instance].into_iter().find(|level| level_word(*level) == word)
}

const fn level_word(level: Level) -> &'static str {
    match level {
        Level::Account => "account",
        Level::Instance => "instance",
    }
}
