//! A person's word on the rows of a plan, said by a program.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use super::super::auth::Writer;
use super::super::input::{At, Body, domains};
use super::super::problem::{Problem, Reply};
use super::rows::{self, Filter, Group};
use super::{Waiting, waiting};
use crate::desk::{About, Decision, Outcome, Proposal, Word};
use crate::policy::Guard;
use crate::web::site::Site;

/// Most names of each word in one request, and most groups.
const MOST: usize = 10_000;
const MOST_GROUPS: usize = 100;

/// What is decided, all of it at once. Names are those of rows of the plan; which words a row
/// takes stands beside it.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decisions {
    /// Of the plan that was looked at. If it is another by now, nothing is done.
    revision: i64,
    /// Do these though they are held.
    #[serde(default)]
    #[schema(max_items = 10000)]
    accept: Vec<String>,
    /// Take back that these were accepted.
    #[serde(default)]
    #[schema(max_items = 10000)]
    unaccept: Vec<String>,
    /// No list blocks these on this target from now on.
    #[serde(default)]
    #[schema(max_items = 10000)]
    except: Vec<String>,
    /// End the exceptions of these.
    #[serde(default)]
    #[schema(max_items = 10000)]
    unexcept: Vec<String>,
    /// Not these. New blocks of lists that the target follows are turned down until a list says
    /// more than now; any other change is left out of this plan.
    #[serde(default)]
    #[schema(max_items = 10000)]
    ignore: Vec<String>,
    /// Take these into the plan again.
    #[serde(default)]
    #[schema(max_items = 10000)]
    unignore: Vec<String>,
    /// These blocks stay, and are the person's own from now on.
    #[serde(default)]
    #[schema(max_items = 10000)]
    keep: Vec<String>,
    /// These blocks may become milder.
    #[serde(default)]
    #[schema(max_items = 10000)]
    lower: Vec<String>,
    /// These are not to become milder.
    #[serde(default)]
    #[schema(max_items = 10000)]
    unlower: Vec<String>,
    /// Words on all rows of a group that take them and are not named above. Of a row that is in
    /// several of these, the first counts.
    #[serde(default)]
    #[schema(max_items = 100)]
    groups: Vec<Whole>,
    /// Let go of these guards for this plan.
    #[serde(default)]
    overrides: Vec<Guard>,
    /// Let these guards hold again.
    #[serde(default)]
    hold_again: Vec<Guard>,
    /// Leave nothing out of a plan that takes a run back or restores a backup. This is said
    /// alone.
    #[serde(default)]
    everything: bool,
}

/// A word on a whole group, or on those of its rows that are looked for.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GroupDecision)]
pub struct Whole {
    group: Group,
    word: Word,
    /// Only names with this in them.
    search: Option<String>,
    /// Only what this list asks for.
    list: Option<String>,
    /// Only what would cut people who are followed or who follow.
    cuts: Option<bool>,
}

impl Decisions {
    fn on(&self, proposal: &Proposal) -> Result<Decision, Problem> {
        let named = [
            (Word::Accept, &self.accept),
            (Word::Unaccept, &self.unaccept),
            (Word::Except, &self.except),
            (Word::Unexcept, &self.unexcept),
            (Word::Ignore, &self.ignore),
            (Word::Unignore, &self.unignore),
            (Word::Keep, &self.keep),
            (Word::Lower, &self.lower),
            (Word::Unlower, &self.unlower),
        ];
        let mut words = Vec::new();
        for (word, names) in named.into_iter().filter(|(_, names)| !names.is_empty()) {
            if names.len() > MOST {
                return Err(Problem::input(format!("{word}: at most {MOST} names at once")));
            }
            words.push((word, About::Named(domains(word.as_str(), names)?)));
        }
        if self.groups.len() > MOST_GROUPS {
            return Err(Problem::input(format!("groups: at most {MOST_GROUPS} at once")));
        }
        for Whole { group, word, search, list, cuts } in &self.groups {
            let (search, list) = (search.as_deref(), list.as_deref());
            let which = Filter { group: Some(*group), search, list, cuts: *cuts };
            let found = rows::found(&proposal.plan, &which);
            let places = found.into_iter().filter_map(|found| found.place).collect();
            words.push((*word, About::Rows(places)));
        }
        Ok(Decision {
            words,
            let_go: self.overrides.clone(),
            hold_again: self.hold_again.clone(),
            everything: self.everything,
            ..Decision::default()
        })
    }
}

/// Decide about rows of the plan
///
/// All of it, or nothing: a name that is in no row, or whose row does not take the word, is an
/// error, and then nothing is done. The plan is made again at once, from what is known, and has
/// another checksum. What is excepted, turned down or kept stays so whatever becomes of the plan.
#[utoipa::path(post, path = "/api/v1/targets/{target}/proposal/decisions", tag = "proposals",
    params(("target" = i64, Path, minimum = 1, description = "The target's number")),
    request_body = Decisions, responses((status = 200, body = Waiting)))]
pub async fn decide(
    State(site): State<Site>,
    Writer(caller): Writer,
    At(target): At<i64>,
    Body(decisions): Body<Decisions>,
) -> Reply<Json<Waiting>> {
    let (app, row) = (&caller.app, caller.target(target).await?);
    let proposal = waiting(&site, &caller, &row).await?;
    if proposal.revision != decisions.revision {
        return Err(Problem::conflict("The plan is another one by now. Look at it again."));
    }
    let decision = decisions.on(&proposal)?;
    let Outcome { proposal, .. } = site.desk().decide(app, &row, proposal, &decision).await?;
    let revised = proposal.map_err(|error| {
        Problem::from(error).after(
            "What was excepted, turned down or kept is done and stays so; the plan could not be \
             made again for it.",
        )
    })?;
    Ok(Json(Waiting::of(&revised)))
}
