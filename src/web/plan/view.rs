//! A plan as its page shows it: first in one sentence, then in groups, those of most
//! consequence first, a page of each.

use std::collections::BTreeSet;

use askama::Template;
use chrono::{DateTime, Utc};

use super::filter::Asked;
use super::rows::RowView;
use super::word::OnPage;
use crate::block::Level;
use crate::desk::{Context, Found, Group, Outline, Proposal, Wish, Word, Words, endable};
use crate::plan::{Plan, relations};
use crate::policy::Guard;
use crate::store::Run;
use crate::text::{ago, count, plain};
use crate::web::at::At;
use crate::web::fault::Fault;
use crate::web::paging::Paging;
use crate::web::rows::{Tile, tiles};
use crate::web::targets::Head;
use crate::web::words;

/// Rows of each group where all groups are shown, and of one that is shown alone.
const FEW: usize = 50;
const MANY: u64 = 200;

#[derive(Template)]
#[template(path = "plan/plan.html")]
pub struct PlanPage<'a> {
    pub(super) head: Head,
    pub(super) id: i64,
    pub(super) revision: i64,
    pub(super) checksum: String,
    /// What the plan is about.
    pub(super) about: String,
    pub(super) headline: String,
    pub(super) sentence: Option<String>,
    pub(super) tiles: Vec<Tile>,
    pub(super) notices: Vec<String>,
    pub(super) problem: Option<String>,
    pub(super) note: Option<String>,
    pub(super) guards: Vec<GuardView>,
    pub(super) groups: Vec<GroupView<'a>>,
    pub(super) legend: Vec<(&'static str, &'static str)>,
    pub(super) lists: Vec<String>,
    pub(super) asked: Asked,
    pub(super) apply: Option<Apply>,
    pub(super) is_outdated: bool,
    pub(super) is_empty: bool,
    /// Only a part of a run is taken back, or of a backup brought back: what the page says of
    /// that, and what its button does.
    pub(super) part: Option<(&'static str, &'static str)>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) ago: String,
    /// The filter leaves nothing of a plan that has something.
    pub(super) nothing_found: bool,
    /// What the lists come to, where there is nothing to do.
    pub(super) comes_to: Vec<String>,
}

pub struct Apply {
    pub deeds: String,
    /// What the person has to agree to, word by word, where follows end.
    pub cuts: Option<String>,
    /// What the box beside it stands for.
    pub agreed: String,
    /// How many of the blocks cut nobody knows whom.
    pub unknown: Option<String>,
}

pub struct GuardView {
    pub guard: &'static str,
    pub title: &'static str,
    pub means: &'static str,
    pub let_go: String,
    pub holds: String,
    pub is_let_go: bool,
}

pub struct GroupView<'a> {
    pub group: Group,
    pub title: String,
    pub says: &'static str,
    pub rows: Vec<RowView<'a>>,
    /// How many rows there are, whatever stands on this page.
    pub total: usize,
    pub all: Vec<(Word, String)>,
    /// Where all of them can be seen, if not here.
    pub more: Option<String>,
    pub paging: Option<Paging>,
}

/// No plan waits.
#[derive(Template)]
#[template(path = "plan/empty.html")]
pub struct Empty {
    pub(super) head: Head,
    pub(super) problem: Option<String>,
    pub(super) follows: Vec<String>,
    pub(super) unfinished: Option<Run>,
}

impl Empty {
    pub async fn of(at: &At, head: Head, problem: Option<String>) -> Result<Empty, Fault> {
        let store = at.person.app.store().await?;
        let follows = store.subscriptions(&at.row.name).await?.into_iter();
        Ok(Empty {
            head,
            problem,
            follows: follows.map(|s| plain(&s.list).into_owned()).collect(),
            unfinished: store.unfinished_run(&at.row.name).await?,
        })
    }
}

impl<'a> PlanPage<'a> {
    pub async fn of(
        at: &At,
        head: Head,
        proposal: &'a Proposal,
        asked: &Asked,
        problem: Option<String>,
    ) -> Result<PlanPage<'a>, Fault> {
        let app = &at.person.app;
        let exceptions =
            if at.now.has_exceptions { endable(app, proposal).await? } else { BTreeSet::new() };
        let is_outdated = proposal.is_older_than(at.now.last_run);
        let seen = Seen { now: app.clock.now(), is_outdated, exceptions };
        Ok(PlanPage::at(head, proposal, asked, problem, seen))
    }

    pub(super) fn at(
        head: Head,
        proposal: &'a Proposal,
        asked: &Asked,
        problem: Option<String>,
        seen: Seen,
    ) -> PlanPage<'a> {
        let (plan, outline) = (&proposal.plan, proposal.outline());
        let context = Context::of(proposal, seen.exceptions);
        let is_following = context.is_following();
        let (only, found) = (asked.only(), outline.find(plan, &proposal.wish, &asked.sought()));
        let groups: Vec<GroupView<'a>> = Group::ALL
            .iter()
            .filter(|group| only.is_none_or(|only| only == **group))
            .filter_map(|group| group_view(&context, &found, asked, *group, only.is_some()))
            .collect();
        let of_rows = groups.iter().flat_map(|group| &group.rows).flat_map(|row| row.words.iter());
        let of_all = groups.iter().flat_map(|group| group.all.iter().map(|(word, _)| *word));
        let used: Words = of_rows.chain(of_all).collect();
        let legend = used.iter().map(|word| (word.label(), word.means(is_following)));
        let is_empty = plan.is_empty();
        PlanPage {
            id: proposal.id,
            revision: proposal.revision,
            checksum: plan.checksum.clone(),
            about: about(proposal),
            headline: headline(plan),
            sentence: cuts_sentence(plan, outline),
            tiles: tiles(plan.summary, "waiting", "left as they are"),
            notices: plan
                .notices
                .iter()
                .filter_map(|notice| words::notice_with(notice, "when you choose lists for once"))
                .collect(),
            problem,
            note: note(asked, &proposal.wish),
            guards: guards(proposal),
            nothing_found: groups.is_empty() && (asked.is_filtered() || only.is_some()),
            groups,
            legend: legend.collect(),
            lists: plan.lists.iter().map(|list| list.name.to_string()).collect(),
            asked: asked.clone(),
            apply: (!is_empty && !seen.is_outdated).then(|| Apply::of(plan, outline.unknown)),
            is_outdated: seen.is_outdated,
            is_empty,
            part: part(&proposal.wish),
            created_at: proposal.created_at,
            ago: ago(seen.now, proposal.created_at),
            comes_to: if is_empty { comes_to(plan) } else { Vec::new() },
            head,
        }
    }

    /// Whether it ends follows.
    pub(super) fn does_cut(&self) -> bool {
        self.apply.as_ref().is_some_and(|apply| apply.cuts.is_some())
    }

    /// Whether there is enough of it to look for something.
    pub(super) fn is_long(&self) -> bool {
        let narrowed = self.asked.is_filtered() || self.asked.only().is_some();
        narrowed || self.groups.len() > 1 || self.groups.iter().any(|group| group.total > 10)
    }

    /// The page of a group that is shown alone, for a form to come back to.
    pub(super) fn page(&self) -> u64 {
        self.asked.page.unwrap_or(1)
    }
}

/// What the page tells besides the plan itself.
pub(super) struct Seen {
    pub now: DateTime<Utc>,
    pub is_outdated: bool,
    pub exceptions: BTreeSet<i64>,
}

/// What the box about cut follows stands for: exactly these numbers, or nothing.
pub fn agreed(plan: &Plan) -> String {
    let (following, followers) = (plan.summary.following, plan.summary.followers);
    if following + followers == 0 { String::new() } else { format!("{following}-{followers}") }
}

/// The numbers that a box stood for.
pub fn agreed_to(box_says: &str) -> (usize, usize) {
    let numbers = box_says.split_once('-');
    let numbers = numbers.and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    numbers.unwrap_or_default()
}

impl Apply {
    fn of(plan: &Plan, unknown: usize) -> Apply {
        let (following, followers) = (plan.summary.following, plan.summary.followers);
        let cuts = relations(plan.state.level, following, followers);
        Apply {
            deeds: plan.deeds(),
            cuts: (following + followers > 0)
                .then(|| format!("Cut {cuts}. They do not come back by themselves.")),
            agreed: agreed(plan),
            unknown: (unknown > 0)
                .then(|| format!("Whom {unknown} of the blocks would cut is not known.")),
        }
    }
}

/// `Adds 41 domains, raises 3, lifts 2.`
pub(super) fn headline(plan: &Plan) -> String {
    let sum = plan.summary;
    let edited = sum.update - sum.raise - sum.lower;
    let parts = [
        (sum.add, "adds"),
        (sum.raise, "raises"),
        (sum.lower, "lowers"),
        (edited, "edits"),
        (sum.remove, "lifts"),
    ];
    let mut text = String::new();
    for (number, verb) in parts.into_iter().filter(|(number, _)| *number > 0) {
        let what = if text.is_empty() { count(number, "domain") } else { number.to_string() };
        let comma = if text.is_empty() { "" } else { ", " };
        text.push_str(&format!("{comma}{verb} {what}"));
    }
    if text.is_empty() {
        return match sum.held {
            0 => "Nothing to change".to_owned(),
            held => format!("{} waiting for you, and nothing else to change", count(held, "row")),
        };
    }
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text + "."
}

fn cuts_sentence(plan: &Plan, outline: &Outline) -> Option<String> {
    let (following, followers) = (plan.summary.following, plan.summary.followers);
    let waits = if plan.summary.held > 0 { " Rows that wait for you are not counted." } else { "" };
    if following + followers > 0 {
        let cuts = relations(plan.state.level, following, followers);
        return Some(format!("Cuts {cuts}.{waits}"));
    }
    (outline.cutting > 0 && outline.unknown == 0)
        .then(|| format!("Cuts nobody, as far as your server tells.{waits}"))
}

fn about(proposal: &Proposal) -> String {
    let plan = &proposal.plan;
    let names: Vec<String> = plan.lists.iter().map(|list| plain(&list.name).into_owned()).collect();
    match &proposal.wish {
        Wish::Restore { backup, aside } if aside.is_empty() => format!("Back to backup {backup}"),
        Wish::Restore { backup, aside } => {
            format!("Back to backup {backup}, but for {}", count(aside.len(), "domain"))
        }
        Wish::Undo { run, only } if only.is_empty() => format!("Taking back run {run}"),
        Wish::Undo { run, only } => {
            format!("Taking back {} of run {run}", count(only.len(), "change"))
        }
        Wish::Lists(intent) if intent.lists.is_empty() => {
            format!("In step with {}: {}", count(names.len(), "list"), names.join(", "))
        }
        Wish::Lists(intent) if intent.overwrite => {
            format!("Made equal, this once, to {}", names.join(", "))
        }
        Wish::Lists(_) => format!("Merging, this once, {}", names.join(", ")),
    }
}

fn part(wish: &Wish) -> Option<(&'static str, &'static str)> {
    match wish {
        Wish::Undo { only, .. } if !only.is_empty() => {
            Some(("Only a part of the run is taken back.", "Take all of it back"))
        }
        Wish::Restore { aside, .. } if !aside.is_empty() => {
            Some(("Only a part of the backup is brought back.", "Bring all of it back"))
        }
        _ => None,
    }
}

fn comes_to(plan: &Plan) -> Vec<String> {
    let lists = plan
        .lists
        .iter()
        .map(|list| format!("{} names {}", plain(&list.name), count(list.entries, "domain")));
    lists.collect()
}

fn guards(proposal: &Proposal) -> Vec<GuardView> {
    let let_go = proposal.plan.overrides.iter().map(|guard| (*guard, 0, true));
    let holding = proposal.outline().guards.iter().map(|(guard, number)| (*guard, *number, false));
    let can = matches!(proposal.wish, Wish::Lists(_));
    let mut found: Vec<(Guard, usize, bool)> = holding.chain(let_go).filter(|_| can).collect();
    found.sort_by_key(|(guard, ..)| *guard);
    found.dedup_by_key(|(guard, ..)| *guard);
    let view = |(guard, number, is_let_go): (Guard, usize, bool)| {
        let (title, means) = words::guard(guard);
        let let_go = format!("Take {} into this plan", count(number, "row"));
        let holds =
            if is_let_go { String::new() } else { format!("Holds {}.", count(number, "row")) };
        GuardView { guard: guard.as_str(), title, means, let_go, holds, is_let_go }
    };
    found.into_iter().map(view).collect()
}

fn note(asked: &Asked, wish: &Wish) -> Option<String> {
    let number: usize = asked.n.parse().unwrap_or(0);
    let missed: usize = asked.missed.parse().unwrap_or(0);
    let rows = count(number, "domain");
    let mut says = match asked.note.as_str() {
        "accept" => format!("Accepted: {rows}."),
        "unaccept" => format!("Taken back: {rows}."),
        "except" => format!("No list blocks {rows} here from now on."),
        "unexcept" => format!("Lists may block {rows} here again."),
        "ignore" => format!("Ignored: {rows}."),
        "unignore" => format!("Put back: {rows}."),
        "keep" => format!("Your own from now on: {}.", count(number, "block")),
        "lower" | "unlower" => format!("Decided: {rows}."),
        "override" => "The guard is let go of, for this plan.".to_owned(),
        "unoverride" => "The guard holds again.".to_owned(),
        "everything" => match wish {
            Wish::Restore { .. } => "All of the backup is brought back again.".to_owned(),
            _ => "All of the run is taken back again.".to_owned(),
        },
        "changed" => {
            "Something is different from what you looked at, so nothing was done. This is \
                      what it comes to now."
                .to_owned()
        }
        "replaced" => "The plan that you looked at has been replaced, and nothing was done with \
                       it. This is what waits now."
            .to_owned(),
        "dropped" => "The plan is gone. Nothing of it was done.".to_owned(),
        _ => return None,
    };
    if missed > 0 {
        let were = if missed == 1 { "was" } else { "were" };
        says.push_str(&format!(
            " {} {were} left alone: the plan has changed since you looked at it.",
            count(missed, "row")
        ));
    }
    Some(says)
}

/// What a group is called, and what it means, for an account or a server.
const fn about_group(group: Group, level: Level) -> (&'static str, &'static str) {
    match (group, level) {
        (Group::Cuts, Level::Account) => (
            "blocks that end follows",
            "If you go on, these people and you lose each other, and followers do not come back.",
        ),
        (Group::Cuts, Level::Instance) => (
            "blocks that end follows",
            "If you go on, people here and there lose each other. Nobody can bring that back.",
        ),
        (Group::Held, _) => (
            "waiting for you",
            "Something speaks against them, as each row says. They are not done unless you \
             accept them or let their guard go.",
        ),
        (Group::Removes, _) => {
            ("to lift", "If you go on, these blocks go. What they kept away can come again.")
        }
        (Group::Lowers, _) => ("to lower", "These blocks do less than now."),
        (Group::Raises, _) => ("to raise", "These blocks do more than now."),
        (Group::Edits, _) => {
            ("to edit", "Words about the block change. Whom it reaches stays the same.")
        }
        (Group::Adds, _) => ("to add", "They are not blocked yet."),
        (Group::Aside, _) => ("left out by you", "Nothing is done about these, this once."),
        (Group::Skipped, _) => ("skipped", "The lists name them, and it is not done."),
    }
}

fn group_view<'a>(
    context: &Context<'a>,
    found: &Found,
    asked: &Asked,
    group: Group,
    alone: bool,
) -> Option<GroupView<'a>> {
    let words = found.words(group).iter();
    let (plan, found) = (context.plan, found.of(group));
    let total = found.len();
    if total == 0 {
        return None;
    }
    let paging =
        alone.then(|| Paging::new(asked.page, MANY, total as u64, asked.rest(Some(group))));
    let (from, size) = match &paging {
        Some(paging) => {
            (usize::try_from(paging.skipped()).unwrap_or(0), MANY.try_into().unwrap_or(FEW))
        }
        None => (0, FEW),
    };
    let shown = found.iter().skip(from).take(size).filter_map(|place| place.of(plan));
    let rows: Vec<RowView<'a>> =
        (1..).zip(shown).map(|(n, at)| RowView::of(context, at, n)).collect();
    let (mut what, says) = about_group(group, plan.state.level);
    if (group, total) == (Group::Cuts, 1) {
        what = "block that ends follows";
    }
    let more = (!alone && total > rows.len()).then(|| {
        let asked = Asked { group: group.as_str().to_owned(), page: None, ..asked.clone() };
        asked.query(&[])
    });
    Some(GroupView {
        group,
        title: format!("{total} {what}"),
        says,
        rows,
        total,
        all: words.map(|(word, number)| (*word, word.of_many(*number, total))).collect(),
        more,
        paging,
    })
}
