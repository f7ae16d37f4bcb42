//! What changed from one version of a list to another.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::block::Severity;
use crate::domain::Domain;
use crate::list::{Document, Purpose};
use crate::store::{Snapshot, SnapshotId, Standing};

/// A domain and what the list asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    pub domain: Domain,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
}

/// A domain that the list asks something else for than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Regraded {
    pub domain: Domain,
    pub before: Option<Severity>,
    pub after: Option<Severity>,
}

/// The way from one version to another, each part ordered by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// How many domains the older and the newer version name.
    pub before: usize,
    pub after: usize,
    pub added: Vec<Named>,
    pub removed: Vec<Named>,
    pub regraded: Vec<Regraded>,
    /// Domains that the newer version explicitly takes back and the older did not.
    pub retracted: Vec<Domain>,
}

impl Difference {
    /// Compares what two documents name for their purpose.
    pub fn between(old: &Document, new: &Document) -> Difference {
        let (before, after) = (named(old), named(new));
        let pick = |from: &Names<'_>, other: &Names<'_>| {
            let gone = from.iter().filter(|(domain, _)| !other.contains_key(*domain));
            let mut named: Vec<Named> = gone
                .map(|(domain, severity)| Named { domain: (*domain).clone(), severity: *severity })
                .collect();
            named.sort_by(|a, b| a.domain.cmp(&b.domain));
            named
        };
        let mut regraded: Vec<Regraded> = before
            .iter()
            .filter_map(|(domain, was)| {
                let is = after.get(domain).filter(|is| *is != was)?;
                Some(Regraded { domain: (*domain).clone(), before: *was, after: *is })
            })
            .collect();
        regraded.sort_by(|a, b| a.domain.cmp(&b.domain));
        Difference {
            before: before.len(),
            after: after.len(),
            added: pick(&after, &before),
            removed: pick(&before, &after),
            regraded,
            retracted: retracted(old, new),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.added.is_empty()
            && self.removed.is_empty()
            && self.regraded.is_empty()
            && self.retracted.is_empty()
    }
}

type Names<'a> = HashMap<&'a Domain, Option<Severity>>;

/// What a document names for its purpose.
fn named(document: &Document) -> Names<'_> {
    match document.purpose() {
        Purpose::Blocks => document.entries.iter().map(|e| (&e.domain, e.severity)).collect(),
        Purpose::Exceptions | Purpose::Retractions => {
            document.releases.iter().map(|release| (&release.domain, None)).collect()
        }
    }
}

fn retracted(old: &Document, new: &Document) -> Vec<Domain> {
    if new.purpose() != Purpose::Blocks {
        return Vec::new();
    }
    let known: HashSet<&Domain> = old.releases.iter().map(|release| &release.domain).collect();
    let fresh = new.releases.iter().map(|release| &release.domain);
    let fresh: BTreeSet<&Domain> = fresh.filter(|domain| !known.contains(domain)).collect();
    fresh.into_iter().cloned().collect()
}

/// How somebody names a version: by its number, or by a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Number(SnapshotId),
    /// What was in force at the end of that day.
    Day(NaiveDate),
}

impl Which {
    pub fn parse(text: &str) -> Result<Which, String> {
        if let Ok(number) = text.trim_start_matches('#').parse() {
            return Ok(Which::Number(number));
        }
        text.parse().map(Which::Day).map_err(|_| {
            "name a version by its number in `hedgerow lists history`, or a day as 2026-01-31"
                .to_owned()
        })
    }

    /// The version meant, among those of a list, newest first.
    pub fn find(self, snapshots: &[Snapshot]) -> Option<&Snapshot> {
        match self {
            Which::Number(id) => snapshots.iter().find(|snapshot| snapshot.id == id),
            Which::Day(day) => snapshots
                .iter()
                .find(|snapshot| in_force_since(snapshot).is_some_and(|at| at.date_naive() <= day)),
        }
    }
}

/// When a version came into force, if it ever did.
pub fn in_force_since(snapshot: &Snapshot) -> Option<DateTime<Utc>> {
    let since = snapshot.decided_at.unwrap_or(snapshot.fetched_at);
    (snapshot.standing == Standing::Good).then_some(since)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::read;

    fn difference(old: &str, new: &str) -> Difference {
        Difference::between(&read(old.as_bytes()).unwrap(), &read(new.as_bytes()).unwrap())
    }

    #[test]
    fn what_came_went_and_changed_is_told_apart() {
        let found = difference(
            "domain,severity\nb.example,silence\na.example,suspend\nstays.example,noop\n",
            "domain,severity\nstays.example,noop\nb.example,suspend\nd.example,noop\nc.example,noop\n",
        );
        let names =
            |named: &[Named]| named.iter().map(|n| n.domain.to_string()).collect::<Vec<_>>();
        assert_eq!(names(&found.added), ["c.example", "d.example"]);
        assert_eq!(names(&found.removed), ["a.example"]);
        assert_eq!(found.removed[0].severity, Some(Severity::Suspend));
        let [regraded] = &found.regraded[..] else { panic!("{found:?}") };
        assert_eq!(regraded.domain.as_str(), "b.example");
        assert_eq!(
            (regraded.before, regraded.after),
            (Some(Severity::Silence), Some(Severity::Suspend))
        );
        assert_eq!((found.before, found.after), (3, 4));
        assert!(difference("a.example\n", "a.example # why\n").is_empty());
    }

    fn snapshot(id: i64, day: &str, standing: Standing) -> Snapshot {
        Snapshot {
            id,
            list_id: 1,
            sha256: String::new(),
            fetched_at: format!("{day}T12:00:00Z").parse().unwrap(),
            standing,
            why: "[]".to_owned(),
            format: None,
            entries: 1,
            rejected: 0,
            decided_at: None,
        }
    }

    #[test]
    fn a_version_is_found_by_number_or_by_the_day_it_was_in_force() {
        let snapshots = [
            snapshot(4, "2026-03-01", Standing::Good),
            snapshot(3, "2026-02-10", Standing::Held),
            snapshot(2, "2026-02-01", Standing::Good),
        ];
        let find = |text: &str| Which::parse(text).unwrap().find(&snapshots).map(|s| s.id);
        assert_eq!(find("3"), Some(3));
        assert_eq!(find("#2"), Some(2));
        assert_eq!(find("2026-02-15"), Some(2), "the held one was never in force");
        assert_eq!(find("2026-03-01"), Some(4));
        assert_eq!(find("2026-01-31"), None);
        assert_eq!(find("9"), None);
        assert!(Which::parse("yesterday").unwrap_err().contains("2026-01-31"));
    }
}
