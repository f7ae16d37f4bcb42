//! Whether a new version of a list may replace the old one without anybody looking.
//!
//! Publishers make mistakes: in September 2024 a list of 34 servers was empty for five
//! hours, with a flawless answer from its server, and whoever followed it blindly lifted
//! every block. What looks like a mistake is held: the last good version stays in force
//! until the publisher puts it right or a person decides.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::history::Difference;
use crate::list::{Document, Format, Purpose, ReadError};
use crate::text::count;

/// How far a list may move from one version to the next. The defaults, and why they are
/// what they are, stand in `docs/lists.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ListLimits)]
pub struct Limits {
    /// Domains that may go, in percent of the old version.
    pub removed_percent: u32,
    /// Domains that may go, however long the list is.
    pub removed_rows: usize,
    /// Domains that may come, in percent of the old version.
    pub added_percent: u32,
    pub added_rows: usize,
    /// Domains that may change their severity, in percent of those that stay.
    pub regraded_percent: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            removed_percent: 20,
            removed_rows: 100,
            added_percent: 50,
            added_rows: 500,
            regraded_percent: 20,
        }
    }
}

/// Of a handful of domains, a percentage says nothing: so many may always move.
const ALWAYS_REMOVED: usize = 2;
const ALWAYS_ADDED: usize = 10;
const ALWAYS_REGRADED: usize = 5;

/// What speaks against a new version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "concern", rename_all = "kebab-case")]
pub enum Concern {
    Emptied {
        was: usize,
    },
    WebPage,
    Unreadable {
        says: String,
    },
    Shrunk {
        removed: usize,
        of: usize,
    },
    Grown {
        added: usize,
        of: usize,
    },
    Regraded {
        changed: usize,
        of: usize,
    },
    Format {
        was: Format,
        is: Format,
    },
    Purpose {
        was: Purpose,
        is: Purpose,
    },
    /// Step by step, none of which was too large by itself.
    Since {
        at: DateTime<Utc>,
        what: Box<Concern>,
    },
    Unsigned {
        says: String,
    },
    Key {
        was: String,
        is: String,
    },
}

impl Concern {
    /// Whether a person may let the version into force in spite of it. What cannot be
    /// read cannot be in force.
    pub fn can_be_accepted(&self) -> bool {
        !matches!(self, Concern::WebPage | Concern::Unreadable { .. })
    }
}

impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |part: usize, of: usize| part * 100 / of.max(1);
        match self {
            Concern::Emptied { was } => {
                write!(f, "it is empty; it had {}", count(*was, "domain"))
            }
            Concern::WebPage => f.write_str("it is a web page now and not a list"),
            Concern::Unreadable { says } => write!(f, "it cannot be read: {says}"),
            Concern::Shrunk { removed, of } => write!(
                f,
                "{} of {of} are gone ({} %)",
                count(*removed, "domain"),
                percent(*removed, *of)
            ),
            Concern::Grown { added, of } => write!(
                f,
                "{} are new, and it had {of} (+{} %)",
                count(*added, "domain"),
                percent(*added, *of)
            ),
            Concern::Regraded { changed, of } => {
                write!(f, "{} of {of} have another severity", count(*changed, "domain"))
            }
            Concern::Format { was, is } => write!(f, "it was {was} and is {is} now"),
            Concern::Purpose { was, is } => {
                write!(f, "it was {} and is {} now", purpose(*was), purpose(*is))
            }
            Concern::Since { at, what } => write!(f, "since {}, {what}", at.format("%Y-%m-%d")),
            Concern::Unsigned { says } => write!(f, "its signature does not hold: {says}"),
            Concern::Key { was, is } => {
                write!(f, "it is signed with another key: {is} instead of {was}")
            }
        }
    }
}

fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Blocks => "a list of blocks",
        Purpose::Exceptions => "an allowlist",
        Purpose::Retractions => "a list of retractions",
    }
}

/// What speaks against `new` as the successor of `old`, what it says of its signature
/// aside. `old` is nothing where an empty version is in force.
pub fn judge(
    old: Option<&Document>,
    new: &Result<Document, ReadError>,
    limits: &Limits,
) -> Vec<Concern> {
    let was = old.map_or(0, names);
    let new = match new {
        Ok(new) => new,
        Err(ReadError::Empty | ReadError::NoRows | ReadError::NoEntries { rows: 0, .. }) => {
            return if was == 0 { Vec::new() } else { vec![Concern::Emptied { was }] };
        }
        Err(ReadError::Html { .. }) => return vec![Concern::WebPage],
        Err(error) => return vec![Concern::Unreadable { says: error.to_string() }],
    };
    if names(new) == 0 && was > 0 {
        return vec![Concern::Emptied { was }];
    }
    // After an accepted emptiness any beginning is a new one.
    let Some(old) = old.filter(|_| was > 0) else { return Vec::new() };
    let mut concerns = Vec::new();
    if old.purpose() != new.purpose() {
        concerns.push(Concern::Purpose { was: old.purpose(), is: new.purpose() });
    }
    if !old.format.is_akin_to(new.format) {
        concerns.push(Concern::Format { was: old.format, is: new.format });
    }
    concerns.extend(moved(&Difference::between(old, new), limits));
    concerns
}

/// How many domains a document names for its purpose.
fn names(document: &Document) -> usize {
    document.entries.len().max(document.releases.len() * usize::from(document.entries.is_empty()))
}

fn moved(difference: &Difference, limits: &Limits) -> Vec<Concern> {
    let Difference { before, added, removed, regraded, .. } = difference;
    let (of, added, removed) = (*before, added.len(), removed.len());
    let share = |percent: u32, of: usize, always: usize| (of * percent as usize / 100).max(always);
    let mut concerns = Vec::new();
    if removed > share(limits.removed_percent, of, ALWAYS_REMOVED).min(limits.removed_rows) {
        concerns.push(Concern::Shrunk { removed, of });
    }
    if added > share(limits.added_percent, of, ALWAYS_ADDED).min(limits.added_rows) {
        concerns.push(Concern::Grown { added, of });
    }
    let staying = of - removed;
    if regraded.len() > share(limits.regraded_percent, staying, ALWAYS_REGRADED) {
        concerns.push(Concern::Regraded { changed: regraded.len(), of: staying });
    }
    concerns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::read;

    /// `sizes` domains from the number `from` on, each with a severity.
    fn list(from: usize, size: usize, severity: &str) -> Result<Document, ReadError> {
        let rows = (from..from + size).map(|n| format!("host{n}.example,{severity}\n"));
        read(format!("domain,severity\n{}", rows.collect::<String>()).as_bytes())
    }

    fn concerns(
        old: &Result<Document, ReadError>,
        new: &Result<Document, ReadError>,
    ) -> Vec<Concern> {
        judge(Some(old.as_ref().unwrap()), new, &Limits::default())
    }

    #[test]
    fn ordinary_weeks_pass() {
        let old = list(0, 100, "suspend");
        for new in [list(0, 100, "suspend"), list(1, 100, "suspend"), list(20, 80, "suspend")] {
            assert_eq!(concerns(&old, &new), []);
        }
        assert_eq!(concerns(&old, &list(0, 150, "suspend")), []);
        // Of five, two may go and ten may come.
        assert_eq!(concerns(&list(0, 5, "suspend"), &list(2, 13, "suspend")), []);
    }

    #[test]
    fn what_goes_or_comes_at_once_is_held() {
        let old = list(0, 100, "suspend");
        let gone = Concern::Shrunk { removed: 21, of: 100 };
        assert_eq!(concerns(&old, &list(21, 79, "suspend")), [gone]);
        let new = Concern::Grown { added: 51, of: 100 };
        assert_eq!(concerns(&old, &list(0, 151, "suspend")), [new]);
        // Of the same length, and another list.
        assert_eq!(concerns(&old, &list(1000, 100, "suspend")).len(), 2);
        let long = list(0, 5000, "suspend");
        let gone = Concern::Shrunk { removed: 101, of: 5000 };
        assert_eq!(concerns(&long, &list(101, 4899, "suspend")), [gone]);
        let gone = Concern::Shrunk { removed: 3, of: 5 };
        assert_eq!(concerns(&list(0, 5, "suspend"), &list(3, 2, "suspend")), [gone]);
    }

    #[test]
    fn emptiness_pages_and_errors_are_held() {
        let old = list(0, 3, "suspend");
        for empty in ["domain,severity\n", "", "# nothing\n", "[]"] {
            let new = read(empty.as_bytes());
            let found = concerns(&old, &new);
            assert_eq!(found, [Concern::Emptied { was: 3 }], "{empty:?}");
            assert!(found[0].can_be_accepted());
        }
        let page = concerns(&old, &read(b"<!doctype html>"));
        assert_eq!(page, [Concern::WebPage]);
        let error = concerns(&old, &read(br#"{"error":"too many requests"}"#));
        let [Concern::Unreadable { says }] = &error[..] else { panic!("{error:?}") };
        assert!(says.contains("too many requests"));
        assert!(!page[0].can_be_accepted() && !error[0].can_be_accepted());
    }

    #[test]
    fn another_severity_format_or_purpose_is_held() {
        let old = list(0, 100, "silence");
        let stricter = concerns(&old, &list(0, 100, "suspend"));
        assert_eq!(stricter, [Concern::Regraded { changed: 100, of: 100 }]);
        let names: String = (0..100).map(|n| format!("host{n}.example\n")).collect();
        let plain = concerns(&old, &read(names.as_bytes()));
        assert!(matches!(plain[0], Concern::Format { .. }), "{plain:?}");
        let allowed: String = (0..100).map(|n| format!("host{n}.example,\n")).collect();
        let allowed = concerns(&old, &read(format!("domain,\n{allowed}").as_bytes()));
        assert!(matches!(allowed[0], Concern::Purpose { .. }), "{allowed:?}");
    }

    #[test]
    fn a_header_may_change_its_style() {
        let old = read(b"domain,severity\na.example,suspend\nb.example,suspend\n");
        let new = read(b"#domain,#severity\na.example,suspend\nb.example,suspend\n");
        assert_eq!(concerns(&old, &new), []);
    }

    #[test]
    fn after_an_accepted_emptiness_a_list_may_begin_anew() {
        assert_eq!(judge(None, &list(0, 100, "suspend"), &Limits::default()), []);
    }
}
