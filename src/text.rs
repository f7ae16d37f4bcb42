//! Text from strangers, made safe and narrow for a terminal.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, SubsecRound, Utc};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::domain::is_invisible;

/// The text on one line, with nothing in it that a terminal would act on and nothing
/// that hides or reorders what a reader sees. Whatever a list or a server sent goes
/// through here before it is printed.
pub fn plain(text: &str) -> Cow<'_, str> {
    let is_clean = |byte: u8| (b' '..=b'~').contains(&byte);
    // Nearly all text is of this kind, and looking at bytes is ten times as fast.
    if text.bytes().all(is_clean) || !text.contains(|c: char| c.is_control() || is_invisible(c)) {
        return Cow::Borrowed(text);
    }
    let visible = text.chars().filter_map(|c| match c {
        '\n' | '\r' | '\t' => Some(' '),
        c if c.is_control() || is_invisible(c) => None,
        c => Some(c),
    });
    Cow::Owned(visible.collect())
}

/// The text cut to `width` columns, with an ellipsis where something is missing.
pub fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 0;
    let kept = text.chars().take_while(|c| {
        used += c.width().unwrap_or(0);
        used < width
    });
    let mut kept: String = kept.collect();
    kept.push('…');
    kept
}

/// `3 domains`, `1 domain`: a number and its noun.
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// `1 person`, `3 people`.
pub fn people(number: usize) -> String {
    format!("{number} {}", if number == 1 { "person" } else { "people" })
}

/// The last day before a moment at which something ends.
pub fn last_day(end: DateTime<Utc>) -> String {
    (end - chrono::TimeDelta::seconds(1)).format("%Y-%m-%d").to_string()
}

/// A moment for programs: `2026-11-25T20:00:00Z`. Tables have hundreds of these.
pub fn stamp(at: &DateTime<Utc>) -> impl fmt::Display + use<> {
    struct Stamp(NaiveDateTime);
    impl fmt::Display for Stamp {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{:?}Z", self.0)
        }
    }
    Stamp(at.naive_utc().trunc_subsecs(0))
}

/// How long ago something was: `today`, `3 days ago`. Whole days are enough for lists that
/// change by the week.
pub fn ago(now: DateTime<Utc>, then: DateTime<Utc>) -> String {
    let span = now - then;
    match (span.num_days(), span.num_hours(), span.num_minutes()) {
        (..0, ..) | (0, ..=0, ..=1) => "just now".to_owned(),
        (0, 0, minutes) => format!("{minutes} minutes ago"),
        (0, hours, _) => format!("{} ago", count(usize::try_from(hours).unwrap_or(0), "hour")),
        (days, ..) => format!("{} ago", count(usize::try_from(days).unwrap_or(0), "day")),
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

    #[test]
    fn escape_sequences_and_reordering_do_not_survive() {
        assert_eq!(plain("\u{1b}[2Jgone\u{202e}cod\u{7}\u{9b}31m"), "[2Jgonecod31m");
        assert_eq!(plain("a\r\nb\tc"), "a  b c");
        assert!(matches!(plain("ordinary ünïcode"), Cow::Borrowed(_)));
    }

    #[test]
    fn ages_are_said_in_whole_units() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        for (seconds, want) in [
            (-5, "just now"),
            (60, "just now"),
            (180, "3 minutes ago"),
            (3600, "1 hour ago"),
            (86_399, "23 hours ago"),
            (3 * 86_400, "3 days ago"),
        ] {
            assert_eq!(ago(now, now - chrono::TimeDelta::seconds(seconds)), want, "{seconds}");
        }
    }

    #[test]
    fn cut_text_never_takes_more_than_its_columns() {
        assert_eq!(fit("bad.example", 11), "bad.example");
        assert_eq!(fit("bad.example", 6), "bad.e…");
        assert_eq!(fit("例え.example", 5), "例え…");
        assert_eq!(count(1, "domain"), "1 domain");
        assert_eq!(count(0, "domain"), "0 domains");
    }
}
