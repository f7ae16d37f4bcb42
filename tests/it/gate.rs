//! A gate that what is under way waits at until the test lets it through: it stays under way
//! while the test looks at it, on a slow machine too. A client gives up after its own patience
//! (30 s here), so nothing long is done before a gate is opened.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// How long a test waits for what has to come. Only a test that fails waits so long.
pub const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<(Mutex<Passage>, Condvar)>);

#[derive(Debug, Default)]
struct Passage {
    /// How many have come, how many of them may go on, and how many have.
    come: usize,
    may: usize,
    gone: usize,
}

impl Gate {
    /// Waits here until the test lets one more through.
    pub fn enter(&self) {
        let (passage, changed) = &*self.0;
        let mut now = passage.lock().unwrap();
        now.come += 1;
        changed.notify_all();
        let mut now = changed.wait_while(now, |now| now.gone >= now.may).unwrap();
        now.gone += 1;
    }

    /// Waits until so many have come since the gate was made.
    #[track_caller]
    pub fn reached(&self, number: usize) {
        let (passage, changed) = &*self.0;
        let now = passage.lock().unwrap();
        let (now, _) = changed.wait_timeout_while(now, PATIENCE, |now| now.come < number).unwrap();
        assert!(now.come >= number, "{} of {number} have come to the gate", now.come);
    }

    /// Lets so many more through.
    pub fn pass(&self, number: usize) {
        let (passage, changed) = &*self.0;
        let mut now = passage.lock().unwrap();
        now.may = now.may.saturating_add(number);
        changed.notify_all();
    }

    /// Lets everybody through from now on.
    pub fn open(&self) {
        self.pass(usize::MAX);
    }
}
