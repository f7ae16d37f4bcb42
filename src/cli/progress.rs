//! How far a run has come: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::apply::Progress;
use crate::mastodon::client::Patience;
use crate::plan::Change;
use crate::text::{fit, plain};

/// Without a terminal a line is printed so often at most, so that a log stays readable.
const LINE_EVERY: Duration = Duration::from_secs(10);

pub struct Reporter {
    bar: ProgressBar,
    terminal: bool,
    quiet: bool,
    pace: Mutex<Pace>,
}

/// What the estimate rests on.
struct Pace {
    started: Instant,
    /// Time spent waiting for the server's window, which is no measure of its speed.
    waited: Duration,
    total: usize,
    said: Instant,
}

impl Reporter {
    /// `quiet` is for `--json`: no lines, and a bar only where somebody watches.
    pub fn new(quiet: bool) -> Self {
        let now = Instant::now();
        let pace = Pace { started: now, waited: Duration::ZERO, total: 0, said: now };
        let terminal = std::io::stderr().is_terminal();
        Reporter { bar: ProgressBar::hidden(), terminal, quiet, pace: Mutex::new(pace) }
    }

    fn pace(&self) -> std::sync::MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// An estimate that knows the server's limit: what the rest takes at the speed seen so
    /// far, but never less than the windows that have to be waited for.
    fn left(&self, done: usize, outlook: Option<Duration>) -> Duration {
        let pace = self.pace();
        let busy = pace.started.elapsed().saturating_sub(pace.waited);
        let each = busy / u32::try_from(done.max(1)).unwrap_or(u32::MAX);
        let rest = u32::try_from(pace.total.saturating_sub(done)).unwrap_or(u32::MAX);
        (each * rest).max(outlook.unwrap_or_default())
    }
}

impl Patience for Reporter {
    fn waiting(&self, duration: Duration, why: &str) {
        self.pace().waited += duration;
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
        let now = Instant::now();
        *self.pace() = Pace { started: now, waited: Duration::ZERO, total, said: now };
        if self.terminal && total > 1 {
            self.bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
            self.bar.set_length(total as u64);
            let style = ProgressStyle::with_template("{bar:20} {pos}/{len}  {msg}");
            self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        }
    }

    fn step(&self, done: usize, change: &Change, outlook: Option<Duration>) {
        let left = self.left(done, outlook);
        if self.terminal {
            self.bar.set_position(done as u64);
            let name = fit(&plain(change.name()), 30);
            self.bar.set_message(format!("about {} left  {name}", rough(left)));
        } else if !self.quiet {
            let mut pace = self.pace();
            if pace.said.elapsed() >= LINE_EVERY {
                pace.said = Instant::now();
                eprintln!("{done} of {} done, about {} left", pace.total, rough(left));
            }
        }
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// A time as people say it.
pub fn rough(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().ceil();
    match seconds {
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6000.0 => format!("{:.0} min", (s / 60.0).ceil()),
        s => format!("{:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_up() {
        assert_eq!(rough(Duration::from_millis(200)), "1 s");
        assert_eq!(rough(Duration::from_secs(101)), "2 min");
        assert_eq!(rough(Duration::from_secs(20_000)), "5.6 h");
    }
}
