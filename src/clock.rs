//! Time and chance, the two things that a test must be able to hold still.
//!
//! Whatever needs the hour takes a [`Clock`], whatever needs a random number takes its
//! bytes as an argument, and only the program's edge asks the machine for either.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

#[async_trait]
pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;

    /// Returns when `span` has passed on this clock.
    async fn sleep(&self, span: Duration);

    /// Returns when this clock shows `moment` or later.
    async fn sleep_until(&self, moment: DateTime<Utc>) {
        // A machine that was suspended, or whose clock was set, wakes at the wrong hour.
        while let Ok(left) = (moment - self.now()).to_std() {
            if left.is_zero() {
                break;
            }
            self.sleep(left).await;
        }
    }
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else is given")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    async fn sleep(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}

/// A clock that moves only when somebody sleeps on it or pushes it, so that five hours
/// of pacing pass in no time.
#[derive(Debug)]
pub struct TestClock(Mutex<DateTime<Utc>>);

impl TestClock {
    pub fn at(now: DateTime<Utc>) -> Self {
        TestClock(Mutex::new(now))
    }

    pub fn advance(&self, span: Duration) {
        let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now += TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    async fn sleep(&self, span: Duration) {
        self.advance(span);
        // Others get their turn, as they would during a real wait.
        tokio::task::yield_now().await;
    }
}

/// Random bytes from the operating system.
pub fn random<const N: usize>() -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_test_clock_sleeps_in_no_time_and_never_into_the_past() {
        let start = DateTime::UNIX_EPOCH;
        let clock = TestClock::at(start);
        let later = start + TimeDelta::hours(5);
        clock.sleep_until(later).await;
        assert_eq!(clock.now(), later);
        clock.sleep_until(start).await;
        assert_eq!(clock.now(), later);
    }

    #[tokio::test(start_paused = true)]
    async fn the_system_clock_really_waits() {
        let before = tokio::time::Instant::now();
        SystemClock.sleep(Duration::from_secs(3)).await;
        assert_eq!(before.elapsed(), Duration::from_secs(3));
    }
}
