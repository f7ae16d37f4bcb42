//! What must not be blocked, whatever lists say, and until when.
//!
//! An exception is a person's decision. It holds for one target or for all, for a domain
//! alone or with everything below it, against all lists or against one entry of one list.

use chrono::{DateTime, Utc};
use hashbrown::HashMap;
use serde::Serialize;

use crate::domain::Domain;

pub type ExceptionId = i64;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = KnownException)]
pub struct Exception {
    pub id: ExceptionId,
    /// The target's name; nothing for all targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    pub domain: Domain,
    /// Everything below the domain too.
    pub subdomains: bool,
    /// Only this list's word is not heard; others' is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// It ends by itself then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    /// Who made it.
    pub made_by: String,
}

impl Exception {
    pub fn is_in_force(&self, now: DateTime<Utc>) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Whether it speaks of this domain.
    pub fn covers(&self, domain: &Domain) -> bool {
        self.domain == *domain || (self.subdomains && domain.is_below(&self.domain))
    }
}

type Map<V> = HashMap<Domain, V, foldhash::fast::RandomState>;

/// The exceptions of one target, to be asked about many domains.
#[derive(Debug, Clone, Default)]
pub struct Exceptions {
    all: Vec<Exception>,
    /// By domain, those that hold against every list.
    whole: Map<usize>,
    /// Everything above such a domain.
    above: Map<usize>,
    /// By domain, those that hold against one list.
    of_a_list: Map<Vec<usize>>,
}

impl Exceptions {
    /// Those of `all` that hold now.
    pub fn new(all: impl IntoIterator<Item = Exception>, now: DateTime<Utc>) -> Self {
        let mut index = Exceptions::default();
        for exception in all.into_iter().filter(|exception| exception.is_in_force(now)) {
            let at = index.all.len();
            let domain = &exception.domain;
            if exception.list.is_some() {
                index.of_a_list.entry(domain.clone()).or_default().push(at);
            } else {
                for parent in domain.parents().filter_map(Domain::from_stored) {
                    index.above.insert(parent, at);
                }
                // One that reaches further is not hidden by one that does not.
                let wider = exception.subdomains;
                let place = index.whole.entry(domain.clone()).or_insert(at);
                if wider {
                    *place = at;
                }
            }
            index.all.push(exception);
        }
        index
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The exception that keeps this domain from being blocked.
    pub fn of(&self, domain: &Domain) -> Option<&Exception> {
        if self.whole.is_empty() {
            return None;
        }
        let own = self.whole.get(domain).map(|at| &self.all[*at]);
        let above = || {
            let parents = domain.parents().filter_map(Domain::from_stored);
            let mut parents =
                parents.filter_map(|parent| Some(&self.all[*self.whole.get(&parent)?]));
            parents.find(|exception| exception.subdomains)
        };
        own.or_else(above)
    }

    /// An exception below this domain, which a block that reaches subdomains would hit.
    pub fn below(&self, domain: &Domain) -> Option<&Exception> {
        self.above.get(domain).map(|at| &self.all[*at])
    }

    /// Whether any is against single lists.
    pub fn has_ignored_entries(&self) -> bool {
        !self.of_a_list.is_empty()
    }

    /// The exception for which this list's word on the domain is not heard.
    pub fn ignored(&self, list: &str, domain: &Domain) -> Option<&Exception> {
        let named = |domain: &Domain| {
            let found = self.of_a_list.get(domain)?.iter().map(|at| &self.all[*at]);
            Some(found.filter(|exception| exception.list.as_deref() == Some(list)))
        };
        let own = named(domain).and_then(|mut found| found.next());
        own.or_else(|| {
            let parents = domain.parents().filter_map(Domain::from_stored);
            let above = parents.filter_map(|parent| named(&parent)?.find(|e| e.subdomains));
            { above }.next()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(name: &str) -> Domain {
        Domain::from_stored(name).unwrap()
    }

    fn exception(name: &str) -> Exception {
        Exception {
            id: 1,
            target: None,
            domain: domain(name),
            subdomains: false,
            list: None,
            reason: None,
            until: None,
            created_at: DateTime::UNIX_EPOCH,
            made_by: "me".to_owned(),
        }
    }

    fn index(exceptions: impl IntoIterator<Item = Exception>) -> Exceptions {
        Exceptions::new(exceptions, "2026-11-01T00:00:00Z".parse().unwrap())
    }

    #[test]
    fn an_exception_is_exact_unless_it_says_otherwise() {
        let exact = index([exception("a.example")]);
        assert!(exact.of(&domain("a.example")).is_some());
        assert!(exact.of(&domain("sub.a.example")).is_none());
        let wide = Exception { subdomains: true, ..exception("a.example") };
        let wide = index([wide, exception("a.example")]);
        assert!(wide.of(&domain("deep.sub.a.example")).is_some());
        assert!(wide.of(&domain("other.example")).is_none());
    }

    #[test]
    fn what_a_block_would_reach_is_known() {
        let index = index([exception("friends.big.example")]);
        assert!(index.below(&domain("big.example")).is_some());
        assert!(index.below(&domain("friends.big.example")).is_none());
        assert!(index.of(&domain("big.example")).is_none());
    }

    #[test]
    fn one_entry_of_one_list_can_be_ignored() {
        let one = Exception { list: Some("l".to_owned()), ..exception("a.example") };
        let index = index([one]);
        assert!(index.ignored("l", &domain("a.example")).is_some());
        assert!(index.ignored("m", &domain("a.example")).is_none());
        assert!(index.of(&domain("a.example")).is_none());
        assert!(index.below(&domain("example")).is_none());
    }

    #[test]
    fn an_exception_ends_at_its_date() {
        let until = |at: &str| {
            index([Exception { until: Some(at.parse().unwrap()), ..exception("a.example") }])
        };
        assert!(until("2026-11-01T00:00:00Z").is_empty());
        assert!(!until("2026-11-01T00:00:01Z").is_empty());
    }
}
