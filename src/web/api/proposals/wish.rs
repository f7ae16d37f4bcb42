//! What a plan is to bring about, as programs say it.

#![expect(unused_qualifications, reason = "the derive writes them")]

use std::borrow::Cow;

use serde::Deserialize;
use utoipa::openapi::{OneOfBuilder, RefOr, Schema};

use super::super::input::{domain, domains, tagged};
use super::super::problem::Problem;
use crate::app::App;
use crate::block::Severity;
use crate::desk::Wish;
use crate::keep::Intent;
use crate::list::bundled;
use crate::plan::Lowering;
use crate::policy::{Agreement, Choice, Comments, Guard};
use crate::store::Store;

/// Most names in one request.
const MOST: usize = 10_000;

/// What a plan is to bring about.
#[derive(Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Wished {
    /// What lists ask for.
    Lists(Box<OfLists>),
    /// A backup of this target, by its number.
    Restore(Restore),
    /// A run taken back, or what it did to some domains.
    Undo(Undo),
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    backup: i64,
    /// Domains that are left as they are now.
    #[serde(default)]
    #[schema(max_items = 10000)]
    aside: Vec<String>,
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Undo {
    run: i64,
    #[serde(default)]
    #[schema(max_items = 10000)]
    only: Vec<String>,
}

/// Everything can be left out: then it is what the target follows.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ListsWish)]
#[expect(clippy::struct_excessive_bools, reason = "wishes, each of which stands for itself")]
pub struct OfLists {
    /// Names of lists for this once. None: those that the target follows.
    #[schema(max_items = 50)]
    lists: Vec<String>,
    /// Make the target equal to the lists, instead of only adding.
    overwrite: bool,
    /// Domains that are not to be blocked in this run.
    #[schema(max_items = 10000)]
    allow: Vec<String>,
    /// Names of lists of what is not to be blocked.
    #[schema(max_items = 50)]
    allow_lists: Vec<String>,
    /// Existing blocks that an overwrite may weaken.
    #[schema(max_items = 10000)]
    lower: Vec<String>,
    /// An overwrite may weaken all of them.
    lower_all: bool,
    min_severity: Option<Severity>,
    /// What lists are taken to ask for where they do not say.
    severity: Option<Severity>,
    /// Take a hidden name for the only known one that would look like it.
    guess: bool,
    /// Ask nobody for newer versions of lists.
    offline: bool,
    /// Guards that are let go of.
    overrides: Vec<Guard>,
    /// Domains that are agreed to by name.
    #[schema(max_items = 10000)]
    accept: Vec<String>,
    /// Domains that are left as they are in this run, whatever would change there.
    #[schema(max_items = 10000)]
    aside: Vec<String>,
    choice: Option<Choice>,
    agreement: Option<Agreement>,
    comments: Option<Comments>,
    /// On an account, block the known hosts below a domain too.
    subdomains: bool,
}

impl utoipa::PartialSchema for Wished {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new()
            .description(Some(
                "What a plan is to bring about: what lists ask for, a backup of this \
                               target, or a run taken back.",
            ))
            .item(tagged::<OfLists>("what", "lists"))
            .item(tagged::<Restore>("what", "restore"))
            .item(tagged::<Undo>("what", "undo"))
            .into()
    }
}

impl utoipa::ToSchema for Wished {
    fn name() -> Cow<'static, str> {
        "Wish".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        <OfLists as utoipa::ToSchema>::schemas(schemas);
    }
}

impl Wished {
    pub async fn checked(self, app: &App, target: &str) -> Result<Wish, Problem> {
        let store = app.store().await?;
        match self {
            Wished::Lists(lists) => lists.checked(&store).await,
            Wished::Restore(Restore { backup, aside }) => {
                let found = store.backup(backup).await?;
                found.filter(|found| found.target == target).ok_or_else(|| {
                    Problem::input("backup: there is none of this target with that number")
                })?;
                Ok(Wish::Restore { backup, aside: few("aside", &aside)? })
            }
            Wished::Undo(Undo { run, only }) => {
                let found = store.run(run).await?;
                found.filter(|found| found.target == target).ok_or_else(|| {
                    Problem::input("run: there is none on this target with that number")
                })?;
                Ok(Wish::Undo { run, only: few("only", &only)? })
            }
        }
    }
}

impl OfLists {
    async fn checked(self, store: &Store) -> Result<Wish, Problem> {
        known_lists(store, "lists", &self.lists).await?;
        known_lists(store, "allow_lists", &self.allow_lists).await?;
        super::super::input::agreement(self.agreement)?;
        let lower = if self.lower_all {
            Lowering::All
        } else if self.lower.is_empty() {
            Lowering::None
        } else {
            Lowering::Named(few("lower", &self.lower)?)
        };
        Ok(Wish::Lists(Box::new(Intent {
            lists: self.lists,
            overwrite: self.overwrite,
            allow: few("allow", &self.allow)?,
            allow_lists: self.allow_lists,
            lower,
            min_severity: self.min_severity,
            severity: self.severity,
            guess: self.guess,
            offline: self.offline,
            unattended: false,
            overrides: self.overrides,
            accept: few("accept", &self.accept)?,
            aside: few("aside", &self.aside)?,
            choice: self.choice,
            agreement: self.agreement,
            comments: self.comments,
            subdomains: self.subdomains,
        })))
    }
}

fn few(field: &str, names: &[String]) -> Result<Vec<crate::domain::Domain>, Problem> {
    if names.len() > MOST {
        return Err(Problem::input(format!("{field}: at most {MOST} names at once")));
    }
    if let [one] = names {
        return Ok(vec![domain(field, one)?]);
    }
    domains(field, names)
}

/// A name from a stranger is a list that is followed or comes with Hedgerow, and never a file
/// or an address.
pub async fn known_lists(store: &Store, field: &str, names: &[String]) -> Result<(), Problem> {
    const MOST: usize = 50;
    if names.len() > MOST {
        return Err(Problem::input(format!("{field}: at most {MOST} lists at once")));
    }
    for name in names {
        if bundled::find(name).is_none() && store.list(name).await?.is_none() {
            let name = crate::text::plain(name);
            return Err(Problem::input(format!(
                "{field}: there is no list {name} that you follow, nor one that comes with Hedgerow"
            )));
        }
    }
    Ok(())
}
