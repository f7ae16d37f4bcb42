//! How long the rest of a run will take.

use std::time::{Duration, Instant};

/// What the estimate rests on.
pub struct Pace {
    started: Instant,
    /// Time spent waiting for the server's window, which is no measure of its speed.
    waited: Duration,
    total: usize,
}

impl Pace {
    /// So many steps, from now on.
    pub fn of(total: usize) -> Pace {
        Pace { started: Instant::now(), waited: Duration::ZERO, total }
    }

    pub fn total(&self) -> usize {
        self.total
    }

    pub fn wait(&mut self, duration: Duration) {
        self.waited += duration;
    }

    /// An estimate that knows the server's limit: what the rest takes at the speed seen so
    /// far, but never less than the windows that have to be waited for.
    pub fn left(&self, done: usize, outlook: Option<Duration>) -> Duration {
        let busy = self.started.elapsed().saturating_sub(self.waited);
        let each = busy / u32::try_from(done.max(1)).unwrap_or(u32::MAX);
        let rest = u32::try_from(self.total.saturating_sub(done)).unwrap_or(u32::MAX);
        (each * rest).max(outlook.unwrap_or_default())
    }
}
