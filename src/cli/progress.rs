//! How far a run has come: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::apply::{Pace, Progress};
use crate::mastodon::client::Patience;
use crate::plan::Change;
use crate::text::{fit, plain, rough};

/// Without a terminal a line is printed so often at most, so that a log stays readable.
const LINE_EVERY: Duration = Duration::from_secs(10);

pub struct Reporter {
    bar: ProgressBar,
    terminal: bool,
    quiet: bool,
    pace: Mutex<Pace>,
    said: Mutex<Instant>,
}

impl Reporter {
    /// `quiet` is for `--json`: no lines, and a bar only where somebody watches.
    pub fn new(quiet: bool) -> Self {
        let (pace, said) = (Mutex::new(Pace::of(0)), Mutex::new(Instant::now()));
        let terminal = std::io::stderr().is_terminal();
        Reporter { bar: ProgressBar::hidden(), terminal, quiet, pace, said }
    }

    fn pace(&self) -> std::sync::MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Patience for Reporter {
    fn waiting(&self, duration: Duration, why: &str) {
        self.pace().wait(duration);
        let text = format!("waiting {}: {}", rough(duration), plain(why));
        if self.terminal {
            self.bar.set_message(fit(&text, 50));
        } else if !self.quiet {
            eprintln!("{text}");
        }
    }
}

impl Progress for Reporter {
    fn begin(&self, total: usize) {
        *self.pace() = Pace::of(total);
        *self.said.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        if self.terminal && total > 1 {
            self.bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
            self.bar.set_length(total as u64);
            let style = ProgressStyle::with_template("{bar:20} {pos}/{len}  {msg}");
            self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        }
    }

    fn step(&self, done: usize, change: &Change, outlook: Option<Duration>) {
        let (left, total) = {
            let pace = self.pace();
            (pace.left(done, outlook), pace.total())
        };
        if self.terminal {
            self.bar.set_position(done as u64);
            let name = fit(&plain(change.name()), 30);
            self.bar.set_message(format!("about {} left  {name}", rough(left)));
        } else if !self.quiet {
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            if said.elapsed() >= LINE_EVERY {
                *said = Instant::now();
                eprintln!("{done} of {total} done, about {} left", rough(left));
            }
        }
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}
