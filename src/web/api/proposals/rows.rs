//! The rows of a plan, each by itself.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::block::{Rule, Severity};
use crate::combine::Asks;
use crate::desk::{At, Context, Place, Word};
use crate::domain::Domain;
use crate::impact::Known;
use crate::plan::{Direction, Hold, Plan, Reason, Row as PlanRow};
use crate::policy::worded;
use crate::web::words;

worded! {
    /// What becomes of a row.
    pub enum Group {
        /// It waits for a person.
        Held = "held",
        Remove = "remove",
        Lower = "lower",
        Raise = "raise",
        /// Neither stricter nor milder, such as another comment.
        Edit = "edit",
        Add = "add",
        /// Asked for, and not done.
        Skipped = "skipped",
        /// Asked for, and there already.
        Unchanged = "unchanged",
    }
}

/// Something that is said with a word for programs and a sentence for people.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Said {
    pub code: String,
    pub says: String,
}

/// A list's request.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Asking {
    list: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<Severity>,
    /// What that is taken as, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_as: Option<Severity>,
    /// The list is only watched.
    watched: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

/// Whom a block would cut.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Cuts {
    /// Nobody can tell.
    unknown: bool,
    following: u64,
    followers: u64,
}

/// A row of a plan.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PlanRow)]
pub struct Row {
    pub domain: String,
    pub group: Group,
    /// What a held row would do.
    #[serde(skip_serializing_if = "Option::is_none")]
    would: Option<Group>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Rule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Rule>,
    asked_by: Vec<Asking>,
    /// Why it waits, or why it is not done, or why it is lifted.
    why: Vec<Said>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cuts: Option<Cuts>,
    /// What can be decided about it.
    words: Vec<Word>,
}

/// A row before it is written out.
pub struct Found<'a> {
    pub name: &'a str,
    pub group: Group,
    /// Where a word on it is said. Of what is there already nothing can be said.
    pub place: Option<Place>,
    asks: &'a Asks,
    part: Part<'a>,
    holds: &'a [Hold],
}

/// Which rows somebody looks for.
#[derive(Default)]
pub struct Filter<'a> {
    pub group: Option<Group>,
    pub search: Option<&'a str>,
    pub list: Option<&'a str>,
    pub cuts: Option<bool>,
}

#[derive(Clone, Copy)]
enum Part<'a> {
    Add(&'a crate::plan::Add),
    Update(&'a crate::plan::Update),
    Remove(&'a crate::plan::Remove),
    Skipped(&'a Reason),
    Unchanged,
}

/// The rows that are looked for, in the order of [`all`].
pub fn found<'a>(plan: &'a Plan, filter: &Filter<'_>) -> Vec<Found<'a>> {
    let search = filter.search.unwrap_or_default().to_lowercase();
    let mut found = all(plan);
    found.retain(|found| {
        filter.group.is_none_or(|group| group == found.group)
            && found.name.contains(&search)
            && filter.list.is_none_or(|list| found.asks.iter().any(|ask| ask.list == list))
            && filter.cuts.is_none_or(|cuts| cuts == found.cuts(plan))
    });
    found
}

/// All rows, in the order of groups and, in each, of names.
fn all(plan: &Plan) -> Vec<Found<'_>> {
    let mut rows: Vec<Found<'_>> = Vec::new();
    rows.extend((0..plan.held.len()).filter_map(|at| Found::at(plan, Place::Held(at))));
    rows.extend((0..plan.remove.len()).filter_map(|at| Found::at(plan, Place::Remove(at))));
    rows.extend((0..plan.update.len()).filter_map(|at| Found::at(plan, Place::Update(at))));
    rows.extend((0..plan.add.len()).filter_map(|at| Found::at(plan, Place::Add(at))));
    rows.extend((0..plan.skipped.len()).filter_map(|at| Found::at(plan, Place::Skipped(at))));
    rows.extend(plan.unchanged.iter().map(|row| Found {
        name: row.domain.as_str(),
        group: Group::Unchanged,
        place: None,
        asks: &row.asked_by,
        part: Part::Unchanged,
        holds: &[],
    }));
    rows.sort_by(|a, b| (a.group, a.name).cmp(&(b.group, b.name)));
    rows
}

fn direction(update: &crate::plan::Update) -> Group {
    match update.direction() {
        Direction::Raise => Group::Raise,
        Direction::Lower => Group::Lower,
        Direction::Edit => Group::Edit,
    }
}

impl<'a> Found<'a> {
    fn at(plan: &'a Plan, place: Place) -> Option<Found<'a>> {
        let at = place.of(plan)?;
        let (group, part, holds): (Group, Part<'a>, &[Hold]) = match at {
            At::Add(add) => (Group::Add, Part::Add(add), &[]),
            At::Update(update) => (direction(update), Part::Update(update), &[]),
            At::Remove(remove) => (Group::Remove, Part::Remove(remove), &[]),
            At::Skipped(skipped) => (Group::Skipped, Part::Skipped(&skipped.reason), &[]),
            At::Held(held) => {
                let part = match &held.row {
                    PlanRow::Add(row) => Part::Add(row),
                    PlanRow::Update(row) => Part::Update(row),
                    PlanRow::Remove(row) => Part::Remove(row),
                };
                (Group::Held, part, &held.why)
            }
        };
        Some(Found { name: at.name(), group, place: Some(place), asks: at.asks(), part, holds })
    }

    /// Whether it cuts people, or would.
    fn cuts(&self, plan: &Plan) -> bool {
        let domain = self.blocks();
        domain.is_some_and(|domain| plan.impact.cuts.get(domain).is_some_and(|c| c.relations() > 0))
    }

    fn blocks(&self) -> Option<&'a Domain> {
        match self.part {
            Part::Add(add) => Some(&add.domain),
            Part::Update(update) => Some(&update.domain),
            _ => None,
        }
    }

    pub fn row(&self, context: &Context<'_>) -> Row {
        let plan = context.plan;
        let (before, after, because) = match self.part {
            Part::Add(add) => (None, add.rule.clone(), None),
            Part::Update(u) => (Some(u.before.clone()), Some(u.after.clone()), u.because.as_ref()),
            Part::Remove(remove) => (remove.before.clone(), None, remove.because.as_ref()),
            Part::Skipped(_) | Part::Unchanged => (None, None, None),
        };
        let at = self.place.and_then(|place| place.of(plan));
        let would = match self.part {
            Part::Add(_) => Some(Group::Add),
            Part::Update(update) => Some(direction(update)),
            Part::Remove(_) => Some(Group::Remove),
            Part::Skipped(_) | Part::Unchanged => None,
        };
        let told = |says: String| words::told(&says);
        let mut why: Vec<Said> =
            self.holds.iter().map(|hold| said(hold, "hold", told(hold.to_string()))).collect();
        why.extend(because.map(|cause| said(cause, "cause", told(cause.to_string()))));
        if let Part::Skipped(reason) = self.part {
            why.push(said(reason, "reason", words::reason(reason)));
        }
        let cuts = self.blocks().and_then(|domain| match plan.impact.of(domain) {
            Known::Nothing => Some(Cuts { unknown: true, following: 0, followers: 0 }),
            Known::NoCut => None,
            Known::Cut(cut) => Some(Cuts {
                unknown: false,
                following: cut.following as u64,
                followers: cut.followers as u64,
            }),
        });
        let asking = |ask: crate::combine::Ask| Asking {
            list: ask.list.to_string(),
            severity: ask.severity,
            taken_as: ask.taken_as,
            watched: ask.watched,
            comment: ask.comment.map(|comment| crate::text::plain(&comment).into_owned()),
        };
        Row {
            domain: self.name.to_owned(),
            group: self.group,
            would: would.filter(|_| self.group == Group::Held),
            before,
            after,
            asked_by: self.asks.iter().map(asking).collect(),
            why,
            cuts,
            words: at.map_or_else(Vec::new, |at| context.words(at).iter().collect()),
        }
    }
}

/// The word that a reason has in a plan's own JSON, and its sentence.
fn said(reason: &impl Serialize, tag: &str, says: String) -> Said {
    let code = serde_json::to_value(reason).ok().and_then(|value| match value.get(tag) {
        // Of guards there are many.
        Some(Value::String(word)) if word == "guard" => {
            value.get("guard").and_then(Value::as_str).map(str::to_owned)
        }
        Some(Value::String(word)) => Some(word.clone()),
        _ => None,
    });
    Said { code: code.unwrap_or_default(), says }
}
