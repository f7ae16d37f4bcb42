//! A plan as a page shows it: in groups, those of most consequence first.

use std::collections::BTreeSet;

use askama::Template;

use super::choices::Choices;
use super::form::Form;
use super::rows::{Group, groups};
use crate::block::{Level, Rule, Severity};
use crate::import_page;
use crate::plan::{Hold, Plan};
use crate::policy::Guard;
use crate::text::{count, plain};
use crate::web::rows::{Tile, tiles};
use crate::web::words;

/// What was sent, to be carried on.
pub struct Shown<'a> {
    pub form: &'a Form,
    pub choices: Choices,
    /// The files that the plan comes to.
    pub names: Vec<String>,
    /// Something else was about to be downloaded than had been looked at.
    pub changed: bool,
    /// What is wrong with the server's name, which is asked for on the page.
    pub problem: Option<String>,
}

#[derive(Template)]
#[template(path = "door/plan.html")]
#[expect(clippy::struct_excessive_bools, reason = "parts of a page, each there or not")]
pub struct PlanPage {
    headline: String,
    sentence: String,
    checksum: String,
    problem: Option<String>,
    is_empty: bool,
    changed: bool,
    irreversible: bool,
    is_account: bool,
    notices: Vec<String>,
    tiles: Vec<Tile>,
    guards: Vec<LetGo>,
    groups: Vec<Group>,
    /// Choices about rows that do not stand on this page.
    hidden: Vec<(&'static str, String)>,
    names: Vec<String>,
    steps: Vec<Step>,
    choices: Choices,
    held_name: String,
    held: String,
    level: Option<&'static str>,
    without_file: bool,
}

struct LetGo {
    guard: &'static str,
    title: &'static str,
    says: &'static str,
    checked: bool,
}

/// A step on the server's import page.
struct Step {
    before: String,
    /// The address of that page, if the step names it and the server is known.
    link: Option<String>,
    after: String,
    /// The server has to be known for the link that belongs here.
    asks_server: bool,
}

impl PlanPage {
    pub fn of(plan: &Plan, shown: Shown<'_>) -> PlanPage {
        let Shown { form, mut choices, names, changed, problem } = shown;
        let steps = if plan.is_empty() { Vec::new() } else { steps(plan, &names) };
        choices.asks_server = !steps.iter().any(|step| step.asks_server);
        let groups = groups(plan, form);
        let headline = match (plan.is_empty(), plan.summary.held) {
            (false, _) => plan.deeds(),
            (true, 0) => "Nothing to change".to_owned(),
            (true, held) => {
                format!("{} held back, and nothing else to change", count(held, "change"))
            }
        };
        let suspends = |rule: &Rule| rule.severity == Severity::Suspend;
        let cuts = plan.add.iter().any(|add| add.rule.as_ref().is_none_or(suspends))
            || plan.update.iter().any(|u| suspends(&u.after) && !suspends(&u.before));
        PlanPage {
            headline,
            sentence: if form.without_file {
                "What you block already was not looked at.".to_owned()
            } else {
                plain(&plan.sentence()).into_owned()
            },
            checksum: plan.checksum.clone(),
            problem,
            is_empty: plan.is_empty(),
            changed,
            irreversible: cuts,
            is_account: plan.target.level == Level::Account,
            notices: notices(plan, form),
            tiles: tiles(plan.summary, "held back", "yours, kept"),
            guards: guards(plan),
            hidden: hidden(form, &groups),
            groups,
            steps,
            names,
            choices,
            held_name: form.file.as_ref().map_or(String::new(), |file| file.name.clone()),
            held: form.file.as_ref().map_or(String::new(), super::form::Upload::encoded),
            level: form.level.map(|level| match level {
                Level::Account => "account",
                Level::Instance => "instance",
            }),
            without_file: form.without_file,
        }
    }
}

fn notices(plan: &Plan, form: &Form) -> Vec<String> {
    let empty = form.file.as_ref().is_some_and(|file| file.bytes.is_empty());
    let about = match (form.without_file, empty) {
        (true, _) if plan.target.level == Level::Account => Some(
            "No file was needed: the new one has only what the list names. On your server choose \
             \u{201c}Merge\u{201d}, which leaves your other blocks as they are. \
             \u{201c}Overwrite\u{201d} would lift all of them.",
        ),
        (true, _) => Some(
            "No file was needed: the new one has only what the list names. Your other blocks stay \
             as they are.",
        ),
        (false, true) => Some(
            "Your file is empty. It is taken for the export of an account that blocks nothing.",
        ),
        (false, false) => None,
    };
    let said = plan.notices.iter().filter_map(|notice| words::notice(notice));
    about.map(str::to_owned).into_iter().chain(said).collect()
}

/// The guards that hold something, and those that were let go of.
fn guards(plan: &Plan) -> Vec<LetGo> {
    let mut found: BTreeSet<(&'static str, bool)> =
        plan.overrides.iter().map(|guard| (guard.as_str(), true)).collect();
    for hold in plan.held.iter().flat_map(|held| &held.why) {
        if let Hold::Guard { guard, .. } = hold {
            found.insert((guard.as_str(), false));
        }
    }
    let says = |(name, checked): (&'static str, bool)| {
        let guard: Guard = name.parse().ok()?;
        let (title, says) = (words::guard(guard).0, words::let_go(guard));
        Some(LetGo { guard: name, title, says, checked })
    };
    found.into_iter().filter_map(says).collect()
}

/// Choices that were made and have no box on this page, or they would be lost.
fn hidden(form: &Form, groups: &[Group]) -> Vec<(&'static str, String)> {
    let shown: BTreeSet<(&str, &str)> = groups
        .iter()
        .flat_map(|group| &group.rows)
        .filter_map(|row| Some((row.choice?.name, row.domain.as_str())))
        .collect();
    let all = [("accept", &form.accept), ("except", &form.except), ("lower", &form.lower)];
    let made = all.into_iter().flat_map(|(name, domains)| {
        domains.iter().map(move |domain| (name, domain.as_str().to_owned()))
    });
    made.filter(|(name, domain)| !shown.contains(&(name, domain.as_str()))).collect()
}

fn steps(plan: &Plan, names: &[String]) -> Vec<Step> {
    let address = import_page::address(plan);
    let known = !plan.target.own.is_empty();
    let step = |text: String| match text.split_once(&address) {
        Some((before, after)) if known => Step {
            before: before.to_owned(),
            link: Some(address.clone()),
            after: after.to_owned(),
            asks_server: false,
        },
        Some((before, after)) => Step {
            before: format!("{before}your server\u{2019}s import page"),
            link: None,
            after: after.to_owned(),
            asks_server: true,
        },
        None => Step { before: text, link: None, after: String::new(), asks_server: false },
    };
    import_page::steps(plan, names).into_iter().map(step).collect()
}
