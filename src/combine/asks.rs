//! Who asks for a domain, a million times over.

use std::fmt;
use std::sync::Arc;

use arcstr::ArcStr;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::block::Severity;

/// One list's request for one domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// The list's [`super::ListUse::name`].
    pub list: ArcStr,
    /// Absent where the list gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// What that is taken as, where a cap or a mapping makes something else of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_as: Option<Severity>,
    /// The list is only watched, and its word counts for nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub watched: bool,
    /// The list's public reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<ArcStr>,
}

/// All lists' requests for one domain, in the order of the lists.
///
/// Twenty long lists make a million requests for a fifth as many domains. They lie in a few
/// shared rows, and this points to the last of one domain's in such a row.
#[derive(Clone, Default)]
pub struct Asks {
    pub(super) row: Option<Arc<Row>>,
    pub(super) last: u32,
}

/// Requests for many domains, each pointing to the one before it for the same domain.
pub(super) struct Row {
    pub requests: Vec<Request>,
    /// Of the lists, by [`Request::place`].
    pub names: Arc<[ArcStr]>,
}

#[derive(Clone)]
pub(crate) struct Request {
    pub comment: Option<ArcStr>,
    /// Of the same domain, or [`NONE`].
    pub previous: u32,
    /// Which list asks.
    pub place: u32,
    pub severity: Option<Severity>,
    /// The severity after the list's cap and mapping.
    pub taken: Option<Severity>,
    pub reject_media: Option<bool>,
    pub reject_reports: Option<bool>,
    pub obfuscate: Option<bool>,
    /// Whether the word counts; that of a list that is only watched does not.
    pub heard: bool,
    /// The list hides the name, and it was recognised.
    pub revealed: bool,
}

/// Larger than any place in a row.
pub(super) const NONE: u32 = u32::MAX;

impl Asks {
    pub fn is_empty(&self) -> bool {
        self.unordered().next().is_none()
    }

    /// What each list that is heard is taken to give, in no order.
    pub fn severities(&self) -> impl Iterator<Item = Option<Severity>> {
        self.heard().map(|request| request.taken)
    }

    /// The requests that count, in no order.
    pub(crate) fn heard(&self) -> impl Iterator<Item = &Request> {
        self.unordered().filter(|request| request.heard)
    }

    /// Whether a list's request is among those that count.
    pub fn heard_from(&self, list: &str) -> bool {
        self.heard().any(|request| self.name(request.place) == Some(list))
    }

    /// The list at a place.
    pub(crate) fn name(&self, place: u32) -> Option<&str> {
        Some(self.row.as_ref()?.names.get(place as usize)?.as_str())
    }

    /// The requests of those lists only that `keep` keeps.
    #[must_use]
    pub(crate) fn of(&self, keep: impl Fn(&str) -> bool) -> Asks {
        let Some(row) = &self.row else { return Asks::default() };
        let kept = |request: &&Request| self.name(request.place).is_some_and(&keep);
        let mut kept: Vec<Request> = self.unordered().filter(kept).cloned().collect();
        kept.reverse();
        let mut last = NONE;
        for (at, request) in (0..).zip(&mut kept) {
            request.previous = last;
            last = at;
        }
        Asks { row: Some(Arc::new(Row { requests: kept, names: row.names.clone() })), last }
    }

    pub fn iter(&self) -> impl Iterator<Item = Ask> {
        self.ordered().into_iter().map(|(list, request)| Ask {
            list: list.clone(),
            severity: request.severity,
            taken_as: request.taken_as(),
            watched: !request.heard,
            comment: request.comment.clone(),
        })
    }

    pub(super) fn unordered(&self) -> impl Iterator<Item = &Request> {
        let requests = self.row.as_ref().map_or(&[][..], |row| &row.requests[..]);
        let at = |at: u32| requests.get(at as usize);
        std::iter::successors(at(self.last), move |request| at(request.previous))
    }

    /// Which thread was first is chance; the order of the lists is not.
    pub(crate) fn ordered(&self) -> Vec<(&ArcStr, &Request)> {
        let Some(row) = &self.row else { return Vec::new() };
        let mut ordered: Vec<_> = self
            .unordered()
            .filter_map(|request| Some((row.names.get(request.place as usize)?, request)))
            .collect();
        ordered.sort_unstable_by_key(|(_, request)| request.place);
        ordered
    }
}

impl Request {
    fn taken_as(&self) -> Option<Severity> {
        self.taken.filter(|taken| Some(*taken) != self.severity)
    }
}

impl Ask {
    /// The severity that counts.
    pub fn taken(&self) -> Option<Severity> {
        self.taken_as.or(self.severity)
    }
}

impl FromIterator<Ask> for Asks {
    fn from_iter<I: IntoIterator<Item = Ask>>(asks: I) -> Self {
        let (mut requests, mut names) = (Vec::new(), Vec::new());
        let mut last = NONE;
        for (place, ask) in (0u32..).zip(asks) {
            let taken = ask.taken();
            let Ask { list, severity, comment, watched, .. } = ask;
            names.push(list);
            requests.push(Request {
                comment,
                previous: last,
                place,
                severity,
                taken,
                reject_media: None,
                reject_reports: None,
                obfuscate: None,
                heard: !watched,
                revealed: false,
            });
            last = place;
        }
        Asks { row: Some(Arc::new(Row { requests, names: names.into() })), last }
    }
}

impl PartialEq for Asks {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Asks {}

impl fmt::Debug for Asks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for Asks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// [`Ask`] without its own copies.
        #[derive(Serialize)]
        struct Borrowed<'a> {
            list: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            severity: Option<Severity>,
            #[serde(skip_serializing_if = "Option::is_none")]
            taken_as: Option<Severity>,
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            watched: bool,
            #[serde(skip_serializing_if = "Option::is_none")]
            comment: Option<&'a str>,
        }
        serializer.collect_seq(self.ordered().into_iter().map(|(list, request)| Borrowed {
            list,
            severity: request.severity,
            taken_as: request.taken_as(),
            watched: !request.heard,
            comment: request.comment.as_deref(),
        }))
    }
}

impl<'de> Deserialize<'de> for Asks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Ask>::deserialize(deserializer)?.into_iter().collect())
    }
}
