//! What goes on with a target right now.
//!
//! The page shows how far it is and, without a script, asks again by itself every few seconds.
//! With one, the same words come as server-sent events.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use crate::apply::ApplyError;
use crate::desk::{DeskError, Ended, Status, Taken, Work};
use crate::store::{RunId, TargetRow};
use crate::text::{plain, rough};
use crate::web::at::At;
use crate::web::entry::connect_again;
use crate::web::fault::{Answer, Fault};
use crate::web::page;
use crate::web::site::Site;
use crate::web::stream;
use crate::web::targets::{Head, Tab};

/// How far a job is, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    pub headline: String,
    pub done: usize,
    /// 0 while it is not known.
    pub total: usize,
    pub far: String,
    pub left: String,
    pub waits: String,
    pub last: String,
}

#[derive(Template)]
#[template(path = "plan/work.html")]
struct WorkPage {
    head: Head,
    shown: Shown,
    can_stop: bool,
    stop_says: &'static str,
}

#[derive(Template)]
#[template(path = "plan/failed.html")]
struct Failed {
    head: Head,
    title: String,
    says: String,
    /// What has changed on the server, if that is what went wrong.
    differences: Vec<String>,
    more: usize,
    run: Option<RunId>,
    was_planning: bool,
    /// Where to sign in again, if it was the server that did not help.
    sign_in: Option<String>,
}

impl Shown {
    pub fn of(status: &Status) -> Shown {
        let headline = match (status.work, status.stopping) {
            (_, true) => "Stopping after the step that is under way",
            (Work::Read, _) => "Reading your server",
            (Work::Plan, _) => "Reading your server and the lists, to make a plan",
            (Work::Apply, _) if status.run.is_none() => "Looking once more and making a backup",
            (Work::Apply, _) if status.total > 0 && status.done == status.total => {
                "Reading your server again, to check that all is as planned"
            }
            (Work::Apply, _) => "Carrying the plan out",
            (Work::Abandon, _) => "Giving the run up",
            (Work::BackUp, _) => "Making a backup",
            (Work::Refollow, _) => "Following people again",
        };
        let Status { done, total, .. } = *status;
        let left = status.left.filter(|_| total > done).map(Duration::from_secs);
        Shown {
            headline: headline.to_owned(),
            done,
            total,
            far: if total > 0 { format!("{done} of {total}") } else { String::new() },
            left: left.map_or_else(String::new, |left| format!("about {} left", rough(left))),
            waits: status
                .waits
                .as_ref()
                .map_or_else(String::new, |waits| format!("Waits {}", plain(waits))),
            last: status
                .domain
                .as_ref()
                .map_or_else(String::new, |domain| format!("Last: {}", plain(domain))),
        }
    }
}

/// Where to go once a job has ended well.
fn next(target: i64, ended: &Ended) -> Option<String> {
    Some(match ended {
        Ended::Read => format!("/targets/{target}/blocks"),
        Ended::Proposed(_) => format!("/targets/{target}/plan"),
        Ended::Ran(report) => format!("/runs/{}", report.run),
        Ended::BackedUp(_) => format!("/targets/{target}/backups?note=made"),
        Ended::Abandoned(run) | Ended::Refollowed(run, ..) => format!("/runs/{run}"),
        Ended::Failed(error) => match error.downcast_ref() {
            Some(DeskError::Changed | DeskError::Outdated) => {
                format!("/targets/{target}/plan?note=changed")
            }
            Some(DeskError::Taken(Taken::By(run))) => format!("/runs/{run}"),
            _ => return None,
        },
    })
}

pub async fn show(State(site): State<Site>, at: At) -> Answer {
    let At { person, row, .. } = &at;
    let Some(job) = site.desk().job(person.owner(), &row.name) else {
        // It may have ended with the process; what waits or was interrupted is told there.
        return Ok(Redirect::to(&format!("/targets/{}/plan", row.id)).into_response());
    };
    let status = job.status();
    let Some(ended) = &status.ended else {
        let head = Head::quiet(row, Tab::Plan);
        let can_stop = !status.stopping && status.work != Work::Abandon;
        let stop_says = match status.work {
            Work::Apply => "Stop after this step. What is done stays, and you can go on later.",
            Work::Refollow => "Stop. Who is followed again by then stays followed.",
            Work::Read | Work::Plan | Work::Abandon | Work::BackUp => {
                "Stop. Nothing is changed by it."
            }
        };
        let shown = Shown::of(&status);
        return Ok(page::html(StatusCode::OK, &WorkPage { head, shown, can_stop, stop_says }));
    };
    if let Some(next) = next(row.id, ended) {
        return Ok(Redirect::to(&next).into_response());
    }
    let Ended::Failed(error) = ended else { return Err(Fault::Missing) };
    let head = Head::quiet(row, Tab::Plan);
    // From now on no other page points here.
    job.note_told();
    Ok(failed(head, row, &status, error))
}

fn failed(head: Head, row: &TargetRow, status: &Status, error: &anyhow::Error) -> Response {
    const MOST: usize = 20;
    let fault = Fault::of(error);
    let refused = fault.as_ref().is_some_and(Fault::is_another_servers);
    let sign_in = refused.then(|| connect_again(row));
    let (title, says) = match fault {
        Some(Fault::Told { title, says, .. }) => (title, says),
        Some(Fault::Missing) => ("It is not there any more".to_owned(), String::new()),
        Some(Fault::Broken(_)) | None => {
            tracing::error!(error = format!("{error:#}"), "work on a target ended early");
            let says = "Something is broken here. Whoever runs this server finds the cause in its \
                        log.";
            ("That did not work".to_owned(), says.to_owned())
        }
    };
    let (mut differences, mut says) = (Vec::new(), says);
    if let Some(ApplyError::Stale(found)) = error.chain().find_map(|cause| cause.downcast_ref()) {
        differences = found.iter().map(|one| plain(&one.to_string()).into_owned()).collect();
        says = String::from(
            "Your server is not as it was when the plan was made, so nothing was done. Look \
                again: the new plan starts from what is there now, and keeps what you have said.",
        );
    }
    let more = differences.len().saturating_sub(MOST);
    differences.truncate(MOST);
    let was_planning = matches!(status.work, Work::Plan | Work::Apply) && status.run.is_none();
    let run = status.run;
    let page = Failed { head, title, says, differences, more, run, was_planning, sign_in };
    page::html(StatusCode::OK, &page)
}

pub async fn stop(State(site): State<Site>, at: At) -> Answer {
    let At { person, row, .. } = &at;
    if let Some(job) = site.desk().busy(person.owner(), &row.name) {
        job.ask_to_stop();
    }
    Ok(Redirect::to(&format!("/targets/{}/work", row.id)).into_response())
}

pub async fn events(State(site): State<Site>, at: At) -> Answer {
    let At { person, row, .. } = &at;
    let job = site.desk().job(person.owner(), &row.name).ok_or(Fault::Missing)?;
    Ok(stream::of(site.clone(), job, Shown::of, |_| "over"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Level;

    #[test]
    fn work_under_way_and_work_that_failed() {
        let shown = Shown {
            headline: "Carrying the plan out".to_owned(),
            done: 12,
            total: 40,
            far: "12 of 40 done".to_owned(),
            left: "about 75 s left".to_owned(),
            waits: "40 s: the server takes no more for now".to_owned(),
            last: "<bad>.example".to_owned(),
        };
        let page = WorkPage {
            head: Head::sample(Level::Account, Tab::Plan),
            shown,
            can_stop: true,
            stop_says: "What is done stays.",
        };
        insta::assert_snapshot!("work", page.render().unwrap());
        let begun = WorkPage {
            head: Head::sample(Level::Account, Tab::Plan),
            shown: Shown {
                headline: "Reading the blocks".to_owned(),
                done: 0,
                total: 0,
                far: String::new(),
                left: String::new(),
                waits: String::new(),
                last: String::new(),
            },
            can_stop: false,
            stop_says: "",
        };
        insta::assert_snapshot!("work-begun", begun.render().unwrap());
        let failed = Failed {
            head: Head::sample(Level::Account, Tab::Plan),
            title: "Something has changed meanwhile".to_owned(),
            says: "Nothing was done.".to_owned(),
            differences: vec!["<weir>.example is blocked now".to_owned()],
            more: 3,
            run: None,
            was_planning: false,
            sign_in: None,
        };
        insta::assert_snapshot!("failed", failed.render().unwrap());
        let unplanned = Failed {
            head: Head::sample(Level::Instance, Tab::Plan),
            title: "No plan could be made".to_owned(),
            says: "The list <garden> cannot be read.".to_owned(),
            differences: Vec::new(),
            more: 0,
            run: Some(7),
            was_planning: true,
            sign_in: Some("/connect?server=home.example&level=instance".to_owned()),
        };
        insta::assert_snapshot!("unplanned", unplanned.render().unwrap());
    }
}
