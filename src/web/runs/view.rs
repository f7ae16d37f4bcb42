//! Runs and their steps in words.

use chrono::{DateTime, Utc};

use crate::store::{Action, Run, RunStatus, Step, StepCounts, StepStatus};
use crate::text::{count, plain};

/// A run in one line.
pub struct RunLine {
    pub id: i64,
    pub created_at: DateTime<Utc>,
    pub actor: String,
    pub did: &'static str,
    pub state: &'static str,
    /// Whether it ended as planned.
    pub is_well: bool,
    pub far: String,
}

impl RunLine {
    pub fn of(run: &Run) -> RunLine {
        RunLine {
            id: run.id,
            created_at: run.created_at,
            actor: actor(run),
            did: did(&run.mode),
            state: state(run),
            is_well: run.status == RunStatus::Done,
            far: format!("{} of {}", run.steps.done, run.steps.total),
        }
    }
}

pub fn actor(run: &Run) -> String {
    if run.actor.is_empty() { "somebody".to_owned() } else { plain(&run.actor).into_owned() }
}

pub fn did(mode: &str) -> &'static str {
    match mode {
        "merge" => "Lists merged, once",
        "overwrite" => "Made equal to lists, once",
        "sync" => "Kept in step with lists",
        "restore" => "Brought back from a backup",
        "undo" => "A run taken back",
        _ => "A plan carried out",
    }
}

pub fn state(run: &Run) -> &'static str {
    match (run.status, run.verified) {
        (RunStatus::Running, _) => "under way, or interrupted",
        (RunStatus::Stopped, _) => "stopped",
        (RunStatus::Done, _) => "done and verified",
        (RunStatus::Failed, Some(false)) => "not as planned",
        (RunStatus::Failed, _) if run.message.as_deref() == Some("abandoned") => "given up",
        (RunStatus::Failed, _) => "not all was done",
    }
}

pub struct StepView {
    pub domain: String,
    pub what: &'static str,
    pub lists: String,
    pub became: &'static str,
    pub bad: bool,
    /// What the server said.
    pub says: String,
}

impl StepView {
    pub fn of(step: &Step) -> StepView {
        StepView {
            domain: plain(&step.domain).into_owned(),
            what: match step.action {
                Action::Add => "block",
                Action::Update => "change",
                Action::Remove => "lift",
            },
            lists: plain(&step.lists).into_owned(),
            became: became(step.status),
            bad: step.status == StepStatus::Failed,
            says: step.error.as_deref().map(|says| plain(says).into_owned()).unwrap_or_default(),
        }
    }
}

pub fn became(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Pending => "not done",
        StepStatus::Sent => "sent, not answered",
        StepStatus::Done => "done",
        StepStatus::Failed => "refused",
        StepStatus::Skipped => "left alone",
    }
}

/// The words by which steps can be looked for.
pub fn status_of(word: &str) -> Option<StepStatus> {
    Some(match word {
        "pending" => StepStatus::Pending,
        "sent" => StepStatus::Sent,
        "done" => StepStatus::Done,
        "failed" => StepStatus::Failed,
        "skipped" => StepStatus::Skipped,
        _ => return None,
    })
}

/// What a run has come to, in a sentence.
pub fn sentence(run: &Run) -> String {
    let steps = run.steps;
    let number = |n: i64| usize::try_from(n).unwrap_or(0);
    let of = |n: i64| format!("{} of {}", n, count(number(steps.total), "change"));
    let mut says = match (run.status, run.verified) {
        (RunStatus::Running, _) => format!("{} made so far.", of(steps.done)),
        (RunStatus::Stopped, _) => format!("Stopped after {}.", of(steps.done)),
        (_, Some(true)) => format!(
            "{} made. The server was read again afterwards and is as planned.",
            of(steps.done)
        ),
        (_, Some(false)) => format!(
            "{} made. The server was read again afterwards and is not as planned.",
            of(steps.done)
        ),
        (_, None) => format!("{} made. What stands on the server was not checked.", of(steps.done)),
    };
    if steps.failed > 0 {
        says.push_str(&format!(" The server refused {}.", steps.failed));
    }
    if steps.skipped > 0 {
        says.push_str(&format!(
            " {} left alone, because somebody else had changed {} meanwhile.",
            steps.skipped,
            if steps.skipped == 1 { "it" } else { "them" }
        ));
    }
    says
}

/// What giving a run up comes to, in numbers. Nothing, if it has nothing left to do.
pub fn given_up(steps: StepCounts) -> Option<String> {
    let is = |n: i64, one, many| if n == 1 { one } else { many };
    let parts = [
        (steps.done, is(steps.done, "stays", "stay")),
        (steps.sent, "may stand already"),
        (steps.pending, is(steps.pending, "is never made", "are never made")),
    ];
    if steps.sent + steps.pending == 0 {
        return None;
    }
    let mut parts = parts.into_iter().filter(|(number, _)| *number > 0);
    let first = parts.next().map(|(number, what)| {
        format!("{} {what}", count(usize::try_from(number).unwrap_or(0), "change"))
    });
    let rest = parts.map(|(number, what)| format!("{number} {what}"));
    Some(first.into_iter().chain(rest).collect::<Vec<_>>().join(", "))
}

/// How what was not done is tried again: words, those of a link, and what of the target's
/// addresses it leads to. A plan for the lists that are followed comes upon it by itself; any
/// other has to be asked for.
pub type Again = (String, &'static str, &'static str);

pub fn left_again(run: &Run) -> Option<Again> {
    let steps = run.steps;
    let what = match (steps.pending + steps.sent, steps.failed) {
        _ if run.status.is_unfinished() => return None,
        (0, 0) => return None,
        (0, _) => "What the server refused",
        _ => "What was not done",
    };
    let (how, link, path) = match run.mode.as_str() {
        "sync" => ("is planned again with", "the next plan", "/plan"),
        "restore" => ("is tried again if you bring", "the backup back", "/backups"),
        "undo" => ("is tried again if you take", "the run back", "/runs"),
        _ => ("is tried again if you choose", "the same lists once more", "/plan/new"),
    };
    Some((format!("{what} {how}"), link, path))
}
