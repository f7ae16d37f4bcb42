//! How fast a server wants to be asked.
//!
//! Mastodon counts requests in fixed windows aligned to the clock and says on every
//! answer how many are left and when the window ends, as an ISO date. A refused request
//! (429) carries no `Retry-After`; the proxies in front of servers send answers of their
//! own, in HTML, sometimes with one.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// Requests left over in each window for the person's own use of the same token.
const HEADROOM: u32 = 2;

/// No server's word makes us wait longer than this before we ask again.
const LONGEST_WAIT: Duration = Duration::from_mins(15);

/// The length of Mastodon's windows (`config/initializers/rack_attack.rb`), which no
/// header tells.
const WINDOW: Duration = Duration::from_mins(5);

/// What the last answer said about the current window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub limit: u32,
    pub remaining: u32,
    /// By our own clock.
    pub resets_at: DateTime<Utc>,
}

impl Window {
    /// Reads the `X-RateLimit-*` headers. The end of the window is taken relative to the
    /// answer's own `Date`, so that a server whose clock is off cannot stall us.
    pub fn from_headers(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Window> {
        let text = |name: &str| headers.get(name)?.to_str().ok();
        let limit = text("x-ratelimit-limit")?.trim().parse().ok()?;
        let remaining = text("x-ratelimit-remaining")?.trim().parse().ok()?;
        let reset = DateTime::parse_from_rfc3339(text("x-ratelimit-reset")?.trim()).ok()?;
        let servers_now = headers.get(DATE).and_then(|date| http_date(date.to_str().ok()?));
        let ahead = reset.to_utc() - servers_now.unwrap_or(now);
        Some(Window { limit, remaining, resets_at: now + ahead })
    }

    /// How long to hold the next request back.
    pub fn wait(&self, now: DateTime<Utc>) -> Option<Duration> {
        let headroom = HEADROOM.min(self.limit / 2);
        let until = (self.resets_at - now).to_std().ok()?;
        (self.remaining <= headroom).then(|| until.min(LONGEST_WAIT))
    }

    /// The least time that `requests` more will take, by the budget alone.
    pub fn outlook(&self, requests: usize, now: DateTime<Utc>) -> Duration {
        let requests = u32::try_from(requests).unwrap_or(u32::MAX);
        let headroom = HEADROOM.min(self.limit / 2);
        let reset = (self.resets_at - now).to_std().unwrap_or_default();
        let left = if reset.is_zero() { self.limit } else { self.remaining };
        let left = left.saturating_sub(headroom);
        if requests <= left {
            return Duration::ZERO;
        }
        let per_window = self.limit.saturating_sub(headroom).max(1);
        reset + WINDOW * ((requests - left - 1) / per_window)
    }
}

/// How long to wait after a refusal for asking too often (429, or a proxy's 503).
pub fn wait_after_refusal(headers: &HeaderMap, now: DateTime<Utc>, attempt: u32) -> Duration {
    let window = Window::from_headers(headers, now)
        .and_then(|window| (window.resets_at - now).to_std().ok());
    let asked = headers.get(RETRY_AFTER).and_then(|value| {
        let value = value.to_str().ok()?.trim();
        value
            .parse()
            .map(Duration::from_secs)
            .ok()
            .or_else(|| (http_date(value)? - now).to_std().ok())
    });
    // Nobody says how long: five seconds, then twice as long each time.
    let guess = || Duration::from_secs(5) * 2u32.saturating_pow(attempt.min(8));
    window.or(asked).unwrap_or_else(guess).min(LONGEST_WAIT)
}

fn http_date(text: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(text.trim(), "%a, %d %b %Y %H:%M:%S GMT")
        .ok()
        .map(|date| date.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn waits_for_the_end_of_a_used_up_window_by_the_servers_clock() {
        let now = at("2026-08-08T12:03:20Z");
        let headers = headers(&[
            ("x-ratelimit-limit", "300"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "2026-08-08T10:05:00.000000Z"),
            ("date", "Sat, 08 Aug 2026 10:03:20 GMT"),
        ]);
        let window = Window::from_headers(&headers, now).unwrap();
        assert_eq!(window.wait(now), Some(Duration::from_secs(100)));
        assert_eq!(Window { remaining: 3, ..window }.wait(now), None);
        assert_eq!(wait_after_refusal(&headers, now, 0), Duration::from_secs(100));
    }

    #[test]
    fn the_outlook_counts_whole_windows() {
        let now = at("2026-08-08T10:04:00Z");
        let window =
            Window { limit: 300, remaining: 102, resets_at: now + chrono::TimeDelta::minutes(1) };
        assert_eq!(window.outlook(100, now), Duration::ZERO);
        assert_eq!(window.outlook(101, now), Duration::from_mins(1));
        assert_eq!(window.outlook(100 + 298 + 1, now), Duration::from_mins(6));
    }

    #[test]
    fn a_refusal_without_a_word_is_waited_out_with_growing_patience() {
        let now = at("2026-08-08T10:00:00Z");
        let nothing = HeaderMap::new();
        assert_eq!(wait_after_refusal(&nothing, now, 0), Duration::from_secs(5));
        assert_eq!(wait_after_refusal(&nothing, now, 2), Duration::from_secs(20));
        assert_eq!(wait_after_refusal(&nothing, now, 30), LONGEST_WAIT);
        let seconds = headers(&[("retry-after", "7")]);
        assert_eq!(wait_after_refusal(&seconds, now, 0), Duration::from_secs(7));
        let date = headers(&[("retry-after", "Sat, 08 Aug 2026 10:00:09 GMT")]);
        assert_eq!(wait_after_refusal(&date, now, 0), Duration::from_secs(9));
    }
}
