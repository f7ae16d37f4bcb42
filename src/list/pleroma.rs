//! What the policies of Pleroma and Akkoma mean for a block, in whatever notation they are
//! written.

use std::borrow::Cow;

use hashbrown::HashMap;

use super::Released;
use super::rows::{Row, Rows};
use crate::block::Severity;

/// One of the keys of `mrf_simple`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// `reject`: all contact cut.
    Suspend,
    /// `federated_timeline_removal`: hidden from public places.
    Silence,
    /// `media_removal`.
    RejectMedia,
    /// `report_removal`.
    RejectReports,
    /// `accept`: where it is not empty, the server talks to no other.
    Allow,
    /// What Mastodon has no block for.
    NoCounterpart,
}

impl Action {
    fn severity(self) -> Severity {
        match self {
            Action::Suspend => Severity::Suspend,
            Action::Silence => Severity::Silence,
            _ => Severity::Noop,
        }
    }
}

/// What a key of `mrf_simple` asks for, or nothing for a key that is not known. Atoms may
/// keep their colon.
pub(super) fn action(word: &str) -> Option<Action> {
    Some(match word.trim_start_matches(':') {
        "reject" => Action::Suspend,
        "federated_timeline_removal" => Action::Silence,
        "media_removal" => Action::RejectMedia,
        "report_removal" => Action::RejectReports,
        "accept" => Action::Allow,
        "media_nsfw"
        | "followers_only"
        | "avatar_removal"
        | "banner_removal"
        | "background_removal"
        | "reject_deletes"
        | "handle_threads"
        | "quarantined_instances" => Action::NoCounterpart,
        _ => return None,
    })
}

/// The policies of one server, until all of them are known: it lists a domain once under
/// each action, and together they are one block.
#[derive(Default)]
pub(super) struct Policies {
    found: Vec<Found>,
    /// Where in `found` the block of a name stands. The spelling decides: what is written
    /// differently is put together by [`Rows`], which then says that it was.
    places: HashMap<String, usize>,
}

struct Found {
    line: u32,
    name: String,
    what: What,
}

enum What {
    Block(Wanted),
    Release(String),
    Rejected(Cow<'static, str>),
}

#[derive(Default)]
struct Wanted {
    actions: Vec<Action>,
    comment: String,
    /// The action that the comment was given for; the strictest one's stays.
    comment_for: Option<Severity>,
}

impl Wanted {
    fn add(&mut self, action: Action, reason: &str) {
        let severity = Some(action.severity());
        if !reason.trim().is_empty() && severity > self.comment_for {
            reason.clone_into(&mut self.comment);
            self.comment_for = severity;
        }
        self.actions.push(action);
    }

    fn severity(&self) -> Option<Severity> {
        self.actions.iter().map(|action| action.severity()).max()
    }

    fn asks_for(&self, action: Action) -> &'static str {
        if self.actions.contains(&action) { "true" } else { "" }
    }
}

impl Policies {
    /// A domain that stands under `key`, which means `action`.
    pub fn add(&mut self, line: u32, key: &str, action: Action, name: &str, reason: &str) {
        let what = match action {
            Action::NoCounterpart => {
                let key = key.trim_start_matches(':');
                let why = format!("{key} has no counterpart among Mastodon's blocks");
                What::Rejected(why.into())
            }
            Action::Allow => What::Release(reason.to_owned()),
            _ => {
                let spelling = name.trim().to_lowercase();
                let place = self.places.get(&spelling).copied();
                if let Some(Found { what: What::Block(wanted), .. }) =
                    place.and_then(|place| self.found.get_mut(place))
                    && !wanted.actions.contains(&action)
                {
                    return wanted.add(action, reason);
                }
                self.places.insert(spelling, self.found.len());
                let mut wanted = Wanted::default();
                wanted.add(action, reason);
                What::Block(wanted)
            }
        };
        self.found.push(Found { line, name: name.to_owned(), what });
    }

    /// Something under one of the keys that cannot be used.
    pub fn reject(&mut self, line: u32, value: &str, why: &'static str) {
        let what = What::Rejected(why.into());
        self.found.push(Found { line, name: value.to_owned(), what });
    }

    pub fn len(&self) -> usize {
        self.found.len()
    }

    pub fn into_rows(self, rows: &mut Rows) {
        let mut allows = false;
        for found in self.found {
            let row = Row { line: found.line, domain: &found.name, ..Row::default() };
            match found.what {
                What::Rejected(why) => rows.reject(found.line, &found.name, why.into_owned()),
                What::Release(reason) => {
                    if !std::mem::replace(&mut allows, true) {
                        let why = "this server talks only to the servers under accept; they are \
                                   read as servers that are not to be blocked";
                        rows.remark(found.line, "accept", why.to_owned());
                    }
                    rows.release(&Row { public_comment: &reason, ..row }, Released::Allowed);
                }
                What::Block(wanted) => rows.take(&Row {
                    severity: wanted.severity().map(Severity::as_str),
                    reject_media: wanted.asks_for(Action::RejectMedia),
                    reject_reports: wanted.asks_for(Action::RejectReports),
                    public_comment: &wanted.comment,
                    ..row
                }),
            }
            if rows.is_full() {
                break;
            }
        }
    }
}
