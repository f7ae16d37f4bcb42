//! One piece of work in the background, and how far it is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::proposal::Wish;
use crate::apply::{Pace, Progress, Report};
use crate::mastodon::client::Patience;
use crate::plan::Change;
use crate::policy::worded;
use crate::stop::{Stop, Stopper, stop};
use crate::store::{ProposalId, RunId};
use crate::verb::refollow::{RefollowError, Refollowed};

worded! {
    /// What is being done.
    pub enum Work {
        /// The target is read.
        Read = "read",
        /// The target and its lists are read, and a plan is made.
        Plan = "plan",
        /// A plan is carried out.
        Apply = "apply",
        /// A run that was interrupted is given up.
        Abandon = "abandon",
        /// What the target holds is saved.
        BackUp = "back-up",
        /// People are followed again whom a run had cut off.
        Refollow = "refollow",
    }
}

/// How far a job is. Cheap to clone, so that many can watch.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    pub work: Work,
    /// The run, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    pub done: usize,
    /// 0 until it is known.
    pub total: usize,
    /// In seconds, at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<u64>,
    /// What was done last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Why it waits, if the other server made it wait since the last step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits: Option<String>,
    /// Until when.
    #[serde(skip)]
    until: Option<Instant>,
    /// Somebody asked it to stop, and it has not yet.
    pub stopping: bool,
    #[serde(skip)]
    pub ended: Option<Ended>,
}

/// What a job came to.
#[derive(Debug, Clone)]
pub enum Ended {
    /// The target was read.
    Read,
    /// A plan waits.
    Proposed(ProposalId),
    /// A run came to its end, which need not be a good one.
    Ran(Arc<Report>),
    /// A run was given up.
    Abandoned(RunId),
    /// A backup was made.
    BackedUp(i64),
    /// People were followed again whom a run had cut off. The second is why the right to do
    /// so could not be given back.
    Refollowed(RunId, Arc<Refollowed>, Option<Arc<RefollowError>>),
    Failed(Arc<anyhow::Error>),
}

/// Work that goes on whoever watches.
pub struct Job {
    status: watch::Sender<Status>,
    pace: Mutex<Pace>,
    stopper: Stopper,
    stop: Stop,
    wish: OnceLock<Wish>,
    told: AtomicBool,
}

impl Job {
    pub(super) fn new(work: Work, run: Option<RunId>) -> Job {
        let status = Status {
            work,
            run,
            done: 0,
            total: 0,
            left: None,
            domain: None,
            waits: None,
            until: None,
            stopping: false,
            ended: None,
        };
        let (stopper, stop) = stop();
        let wish = OnceLock::new();
        let (pace, told) = (Mutex::new(Pace::of(0)), AtomicBool::new(false));
        Job { status: watch::Sender::new(status), pace, stopper, stop, wish, told }
    }

    /// What the plan is to bring about, where one is made.
    pub fn wish(&self) -> Option<&Wish> {
        self.wish.get()
    }

    pub(super) fn set_wish(&self, wish: Wish) {
        // It is made for one.
        let _ = self.wish.set(wish);
    }

    pub fn status(&self) -> Status {
        let mut status = self.status.borrow().clone();
        if status.until.is_some_and(|until| until <= Instant::now()) {
            status.waits = None;
        }
        status
    }

    /// Every status from now on; the last one has [`Status::ended`].
    pub fn watch(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    pub fn is_over(&self) -> bool {
        self.status.borrow().ended.is_some()
    }

    /// A person has read how it ended, so that nobody has to point it out any more.
    pub fn note_told(&self) {
        self.told.store(true, Ordering::Relaxed);
    }

    pub fn is_told(&self) -> bool {
        self.told.load(Ordering::Relaxed)
    }

    /// Asks it to stop after the step that is under way. A run can be resumed.
    pub fn ask_to_stop(&self) {
        self.stopper.ask();
        self.status.send_modify(|status| status.stopping = true);
    }

    /// Waits until it has ended.
    pub async fn over(&self) -> Status {
        let mut watch = self.watch();
        // The sender lives as long as the job does.
        let ended = watch.wait_for(|status| status.ended.is_some()).await;
        ended.map_or_else(|_| self.status(), |status| status.clone())
    }

    pub(super) fn stop(&self) -> &Stop {
        &self.stop
    }

    pub(super) fn end(&self, ended: Ended) {
        self.status.send_modify(|status| {
            (status.waits, status.left) = (None, None);
            status.ended = Some(ended);
        });
    }

    fn pace(&self) -> std::sync::MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Patience for Job {
    fn waiting(&self, duration: Duration, why: &str) {
        self.pace().wait(duration);
        let says = format!("{}: {}", crate::text::rough(duration), crate::text::plain(why));
        let until = Instant::now().checked_add(duration);
        self.status.send_modify(|status| (status.waits, status.until) = (Some(says), until));
    }
}

impl Progress for Job {
    fn began(&self, run: RunId) {
        self.status.send_modify(|status| status.run = Some(run));
    }

    fn begin(&self, total: usize) {
        *self.pace() = Pace::of(total);
        self.status.send_modify(|status| (status.done, status.total) = (0, total));
    }

    fn step(&self, done: usize, change: &Change, outlook: Option<Duration>) {
        let left = self.pace().left(done, outlook).as_secs_f64().ceil();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "seconds that are left are few and never negative"
        )]
        let left = left as u64;
        self.status.send_modify(|status| {
            status.done = done;
            status.left = Some(left);
            status.domain = Some(change.name().to_owned());
            status.waits = None;
        });
    }

    fn end(&self) {}
}
