//! One run: what it did, how it ended, and what can be done about it.

use std::collections::HashSet;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::view::{Again, RunLine, StepView, given_up, left_again, sentence, status_of};
use super::{SIZE, find, head, skipped};
use crate::apply::{done, plan_of};
use crate::desk::Ended;
use crate::plan::{Change, Plan, relations};
use crate::store::{Run, StepCounts, StepStatus, TargetRow};
use crate::text::plain;
use crate::web::fault::{Answer, Fault};
use crate::web::input::{Path, Query};
use crate::web::page;
use crate::web::paging::Paging;
use crate::web::site::Site;
use crate::web::targets::Head;
use crate::web::visitor::Person;
use crate::web::words;

/// So many differences, and people a domain, stand on the page.
const SHOWN: usize = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    page: String,
    show: String,
}

#[derive(Template)]
#[template(path = "runs/run.html")]
#[expect(clippy::struct_excessive_bools, reason = "parts of a page, each there or not")]
struct RunPage {
    head: Option<Head>,
    target: String,
    line: RunLine,
    sentence: String,
    message: Option<String>,
    finished_at: Option<DateTime<Utc>>,
    tiles: Vec<(i64, &'static str, &'static str)>,
    differences: Vec<String>,
    more_differences: usize,
    decided: Vec<String>,
    cuts: Option<String>,
    cut: Vec<CutView>,
    backup: Option<i64>,
    is_unfinished: bool,
    is_at_work: bool,
    can_undo: bool,
    counts: StepCounts,
    again: Option<Again>,
    /// Whom the person can follow again by now.
    lost: Vec<String>,
    followed: Option<Followed>,
    steps: Vec<StepView>,
    show: String,
    paging: Paging,
    /// What it was to do can be read.
    has_plan: bool,
}

struct CutView {
    domain: String,
    says: String,
    names: Vec<String>,
}

struct Followed {
    says: String,
    refused: Vec<String>,
    not_given_back: Option<String>,
}

pub async fn show(
    State(site): State<Site>,
    person: Person,
    Path(run): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    let (run, row) = find(&person, &run).await?;
    let store = person.app.store().await?;
    let wanted = status_of(&asked.show);
    let of = |number: i64| u64::try_from(number).unwrap_or(0);
    let total = wanted.map_or(of(run.steps.total), |status| of(run.steps.of(status)));
    let show = if wanted.is_some() { asked.show } else { String::new() };
    let paging =
        Paging::new(asked.page.parse().ok(), SIZE.into(), total, vec![("show", show.clone())]);
    let states: Vec<StepStatus> = wanted.into_iter().collect();
    let steps = store.steps_page(run.id, &states, skipped(&paging), SIZE).await?;
    let head = head(&site, &person, row.as_ref()).await?;
    let plan = plan_of(&store, run.id).await?.ok();
    let at_work = row.as_ref().and_then(|row| site.desk().busy(person.owner(), &row.name));
    let differing = not_as_planned(&site, &person, &run, row.as_ref(), plan.as_ref()).await?;
    let lost = lost(&site, &person, &run, row.as_ref(), plan.as_ref()).await?;
    let is_unfinished = run.status.is_unfinished();
    let decided = plan.as_ref().map(decided).unwrap_or_default();
    let (cuts, cut) = match &plan {
        Some(plan) if plan.summary.following + plan.summary.followers > 0 => {
            cut_off(plan, &done(&store, run.id, plan).await?)
        }
        _ => Default::default(),
    };
    let page = RunPage {
        target: plain(&run.target).into_owned(),
        line: RunLine::of(&run),
        sentence: sentence(&run),
        message: message(&run),
        finished_at: run.finished_at,
        tiles: tiles(&run),
        more_differences: differing.len().saturating_sub(SHOWN),
        differences: differing.into_iter().take(SHOWN).collect(),
        decided,
        cuts,
        cut,
        backup: run.backup_id,
        is_unfinished,
        is_at_work: at_work.is_some_and(|job| job.status().run == Some(run.id)),
        can_undo: row.is_some() && !is_unfinished && run.steps.done > 0,
        counts: run.steps,
        again: row.as_ref().and_then(|_| left_again(&run)),
        lost,
        followed: row.as_ref().and_then(|row| followed(&site, &person, row, run.id)),
        steps: steps.iter().map(StepView::of).collect(),
        show,
        paging,
        has_plan: plan.is_some(),
        head,
    };
    Ok(page::html(StatusCode::OK, &page))
}

fn tiles(run: &Run) -> Vec<(i64, &'static str, &'static str)> {
    let steps = run.steps;
    [
        (steps.done, "done", "done"),
        (steps.failed, "refused", "failed"),
        (steps.skipped, "left alone", "skipped"),
        (steps.sent, "sent, not answered", "sent"),
        (steps.pending, "not done", "pending"),
    ]
    .into_iter()
    .filter(|(number, what, _)| *number > 0 || *what == "done")
    .collect()
}

fn message(run: &Run) -> Option<String> {
    let message = run.message.as_deref().filter(|message| *message != "abandoned")?;
    // How many differ is said with the names.
    (run.verified != Some(false)).then(|| words::told(message))
}

/// What is not as the plan wanted it, if that is known.
async fn not_as_planned(
    site: &Site,
    person: &Person,
    run: &Run,
    row: Option<&TargetRow>,
    plan: Option<&Plan>,
) -> Result<Vec<String>, Fault> {
    let (Some(row), Some(plan)) = (row, plan) else { return Ok(Vec::new()) };
    let found = site.desk().not_as_planned(&person.app, row, run, plan).await?;
    Ok(found.iter().map(|one| plain(&one.to_string()).into_owned()).collect())
}

/// What was decided for the run.
fn decided(plan: &Plan) -> Vec<String> {
    let guards = plan.overrides.iter().map(|guard| {
        format!("The guard \u{201c}{}\u{201d} was let go of.", words::guard(*guard).0)
    });
    let accepted = (!plan.accepted.is_empty()).then(|| {
        let names: Vec<String> =
            plan.accepted.iter().map(|domain| plain(domain.as_str()).into_owned()).collect();
        format!("Accepted by name: {}.", names.join(", "))
    });
    guards.chain(accepted).collect()
}

/// Whom the run has cut off with what it has done, as it was counted before.
fn cut_off(plan: &Plan, done: &[Change]) -> (Option<String>, Vec<CutView>) {
    let done: HashSet<&str> = done.iter().map(Change::name).collect();
    let mut cuts = plan.cuts();
    cuts.retain(|(domain, cut)| cut.relations() > 0 && done.contains(domain.as_str()));
    if cuts.is_empty() {
        return (None, Vec::new());
    }
    let following = cuts.iter().map(|(_, cut)| cut.following).sum();
    let followers = cuts.iter().map(|(_, cut)| cut.followers).sum();
    let level = plan.state.level;
    let says = format!("Counted before the run: {}.", relations(level, following, followers));
    let view = |(domain, cut): (&crate::domain::Domain, &crate::impact::Cut)| CutView {
        domain: plain(domain.as_str()).into_owned(),
        says: relations(level, cut.following, cut.followers),
        names: cut.people.iter().take(SHOWN).map(|who| plain(&who.acct).into_owned()).collect(),
    };
    (Some(says), cuts.into_iter().map(view).collect())
}

/// Whom the person can follow again.
async fn lost(
    site: &Site,
    person: &Person,
    run: &Run,
    row: Option<&TargetRow>,
    plan: Option<&Plan>,
) -> Result<Vec<String>, Fault> {
    let (Some(row), Some(plan)) = (row, plan) else { return Ok(Vec::new()) };
    let lost = site.desk().lost(&person.app, row, run, plan).await?;
    Ok(lost.iter().map(|who| plain(&who.acct).into_owned()).collect())
}

/// What has just become of following people again.
fn followed(site: &Site, person: &Person, row: &TargetRow, run: i64) -> Option<Followed> {
    let job = site.desk().job(person.owner(), &row.name)?;
    let Some(Ended::Refollowed(of, done, kept)) = job.status().ended else { return None };
    if of != run {
        return None;
    }
    let mut says = format!("You follow {} again.", crate::text::people(done.following.len()));
    if !done.requested.is_empty() {
        let names = plain(&done.requested.join(", ")).into_owned();
        says.push_str(&format!(" Asked, and waiting for an answer: {names}."));
    }
    let refused = done.refused.iter();
    Some(Followed {
        says,
        refused: refused
            .map(|one| format!("{}: {}", plain(&one.account), plain(&one.why)))
            .collect(),
        not_given_back: kept.map(|_| row.base_url.clone() + "oauth/authorized_applications"),
    })
}

impl RunPage {
    /// For addresses that only stand there where there is a target.
    fn target_id(&self) -> i64 {
        self.head.as_ref().map_or(0, |head| head.id)
    }

    fn given_up(&self) -> Option<String> {
        given_up(self.counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Level;
    use crate::web::targets::Tab;

    #[test]
    fn a_run_of_which_there_is_much_to_say() {
        let at: DateTime<Utc> = "2026-11-01T10:00:00Z".parse().unwrap();
        let line = RunLine {
            id: 5,
            created_at: at,
            actor: "<me>@home.example".to_owned(),
            did: "Kept in step with lists",
            state: "not as planned",
            is_well: false,
            far: "3 of 4".to_owned(),
        };
        let step = StepView {
            domain: "<bad>.example".to_owned(),
            what: "block",
            lists: "garden".to_owned(),
            became: "refused",
            bad: true,
            says: "<b>no</b>".to_owned(),
        };
        let cut = CutView {
            domain: "pond.example".to_owned(),
            says: "1 person you follow".to_owned(),
            names: vec!["<ann>@pond.example".to_owned()],
        };
        let followed = Followed {
            says: "You follow 1 person again.".to_owned(),
            refused: vec!["bob@pond.example: gone".to_owned()],
            not_given_back: Some("The right could not be given back.".to_owned()),
        };
        let page = RunPage {
            head: Some(Head::sample(Level::Account, Tab::Runs)),
            target: "me@home.example".to_owned(),
            line,
            sentence: "3 of 4 changes made.".to_owned(),
            message: Some("1 domain not as planned".to_owned()),
            finished_at: Some(at),
            tiles: vec![(3, "done", "done"), (1, "refused", "failed")],
            differences: vec!["weir.example is not blocked".to_owned()],
            more_differences: 2,
            decided: vec!["Accepted by name: pond.example.".to_owned()],
            cuts: Some("Counted before the run: 1 person you follow.".to_owned()),
            cut: vec![cut],
            backup: Some(4),
            is_unfinished: false,
            is_at_work: false,
            can_undo: true,
            counts: StepCounts { total: 4, done: 3, failed: 1, ..StepCounts::default() },
            again: Some((
                "What the server refused is planned again with".to_owned(),
                "the next plan",
                "/plan",
            )),
            lost: vec!["<ann>@pond.example".to_owned()],
            followed: Some(followed),
            steps: vec![step],
            show: "failed".to_owned(),
            has_plan: true,
            paging: Paging::new(None, 50, 120, vec![("show", "failed".to_owned())]),
        };
        insta::assert_snapshot!("run", page.render().unwrap());
        let stopped = RunPage {
            line: RunLine { state: "stopped", ..page.line },
            finished_at: None,
            differences: Vec::new(),
            cuts: None,
            lost: Vec::new(),
            followed: None,
            is_unfinished: true,
            can_undo: false,
            counts: StepCounts { total: 10, done: 3, sent: 1, pending: 6, ..StepCounts::default() },
            again: None,
            steps: Vec::new(),
            show: String::new(),
            ..page
        };
        insta::assert_snapshot!("stopped", stopped.render().unwrap());
        let elsewhere = RunPage { head: None, ..stopped }.render().unwrap();
        assert!(elsewhere.contains("What it worked on is not connected here"), "{elsewhere}");
    }
}
