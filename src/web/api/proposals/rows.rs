//! The rows of a plan, each by itself.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::block::{Rule, Severity};
use crate::combine::Asks;
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
}

/// A row before it is written out.
pub struct Found<'a> {
    pub name: &'a str,
    pub group: Group,
    pub asks: &'a Asks,
    part: Part<'a>,
    holds: &'a [Hold],
}

#[derive(Clone, Copy)]
enum Part<'a> {
    Add(&'a crate::plan::Add),
    Update(&'a crate::plan::Update),
    Remove(&'a crate::plan::Remove),
    Skipped(&'a Reason),
    Unchanged,
}

/// All rows, in the order of groups and, in each, of names.
pub fn all(plan: &Plan) -> Vec<Found<'_>> {
    let found = |part, name, group, asks| Found { name, group, asks, part, holds: &[] };
    let add = |add| found(Part::Add(add), add.domain.as_str(), Group::Add, &add.asked_by);
    let updated = |update| {
        let group = direction(update);
        found(Part::Update(update), update.domain.as_str(), group, &update.asked_by)
    };
    let remove = |remove| {
        found(Part::Remove(remove), remove.domain.as_str(), Group::Remove, &remove.asked_by)
    };
    let mut rows: Vec<Found<'_>> = Vec::new();
    for held in &plan.held {
        let held_row = match &held.row {
            PlanRow::Add(row) => add(row),
            PlanRow::Update(row) => updated(row),
            PlanRow::Remove(row) => remove(row),
        };
        rows.push(Found { group: Group::Held, holds: &held.why, ..held_row });
    }
    rows.extend(plan.remove.iter().map(remove));
    rows.extend(plan.update.iter().map(updated));
    rows.extend(plan.add.iter().map(add));
    rows.extend(plan.skipped.iter().map(|row| {
        let (name, part) = (row.domain.as_str(), Part::Skipped(&row.reason));
        Found { name, group: Group::Skipped, asks: &row.asked_by, part, holds: &[] }
    }));
    rows.extend(
        plan.unchanged.iter().map(|row| {
            found(Part::Unchanged, row.domain.as_str(), Group::Unchanged, &row.asked_by)
        }),
    );
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

impl Found<'_> {
    /// Whether it cuts people, or would.
    pub fn cuts(&self, plan: &Plan) -> bool {
        let domain = self.blocks();
        domain.is_some_and(|domain| plan.impact.cuts.get(domain).is_some_and(|c| c.relations() > 0))
    }

    /// Whether it would set a block where there is none.
    pub fn is_add(&self) -> bool {
        matches!(self.part, Part::Add(_))
    }

    fn blocks(&self) -> Option<&Domain> {
        match self.part {
            Part::Add(add) => Some(&add.domain),
            Part::Update(update) => Some(&update.domain),
            _ => None,
        }
    }

    pub fn row(&self, plan: &Plan) -> Row {
        let (before, after, because) = match self.part {
            Part::Add(add) => (None, add.rule.clone(), None),
            Part::Update(u) => (Some(u.before.clone()), Some(u.after.clone()), u.because.as_ref()),
            Part::Remove(remove) => (remove.before.clone(), None, remove.because.as_ref()),
            Part::Skipped(_) | Part::Unchanged => (None, None, None),
        };
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
