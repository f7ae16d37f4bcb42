//! What the policies of Pleroma and Akkoma mean for a block, in whatever notation they are
//! written.

use super::Released;
use super::actions::{Action, Gathered};
use super::rows::{Row, Rows};

/// What becomes of the servers under one policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Block(Action),
    /// Where there are any, the server talks to no other.
    Accept,
    /// No block can do it; it says what is done.
    Other(&'static str),
}

/// What a key of `mrf_simple` means, or nothing for a key that is not known. Atoms may
/// keep their colon.
pub(super) fn meaning(policy: &str) -> Option<Meaning> {
    use Meaning as M;
    Some(match policy.trim_start_matches(':') {
        "reject" => M::Block(Action::Suspend),
        "federated_timeline_removal" => M::Block(Action::Silence),
        "media_removal" => M::Block(Action::RejectMedia),
        "report_removal" => M::Block(Action::RejectReports),
        "accept" => M::Accept,
        "media_nsfw" => M::Other("its media is only marked as sensitive there"),
        "followers_only" => M::Other("its posts are only hidden from those who do not follow"),
        "avatar_removal" => M::Other("only the avatars of its people are left out there"),
        "banner_removal" => M::Other("only the banners of its people are left out there"),
        "background_removal" => M::Other("only the backgrounds of its people are left out there"),
        "reject_deletes" => M::Other("only its wishes to delete something are ignored there"),
        "handle_threads" => M::Other("only its threads are treated in another way there"),
        "quarantined_instances" => M::Other("it only gets no private posts from there"),
        _ => return None,
    })
}

/// Why a policy that means something else becomes no block.
pub(super) fn beyond_a_block(what: &str) -> String {
    format!("{what}, and a block cannot do that")
}

/// What is to be said of a server that accepts some servers only.
pub(super) const ACCEPTS: &str = "the server speaks only with those that it accepts; the rest of \
     the world is blocked there, and no list can say that";

/// The policies of one server, until all of them are known: it lists a domain once under
/// each, and together they are one block.
#[derive(Default)]
pub(super) struct Policies {
    blocks: Gathered<'static>,
    accepted: Vec<(u32, String, String)>,
    rejected: Vec<(u32, String, String)>,
}

impl Policies {
    /// A domain under a policy with that meaning.
    pub fn add(&mut self, line: u32, meaning: Meaning, name: &str, reason: &str) {
        let (name, reason) = (name.to_owned(), reason.to_owned());
        match meaning {
            Meaning::Block(action) => self.blocks.add(line, name.into(), action, reason.into()),
            Meaning::Accept => self.accepted.push((line, name, reason)),
            Meaning::Other(what) => self.rejected.push((line, name, beyond_a_block(what))),
        }
    }

    /// Something under one of the policies that cannot be used.
    pub fn reject(&mut self, line: u32, value: &str, why: &'static str) {
        self.rejected.push((line, value.to_owned(), why.to_owned()));
    }

    pub fn len(&self) -> usize {
        self.blocks.len() + self.accepted.len() + self.rejected.len()
    }

    /// What is accepted comes first: a domain that is rejected as well is rejected.
    pub fn into_rows(self, rows: &mut Rows) {
        if let Some((line, ..)) = self.accepted.first() {
            rows.remark(*line, "accept", ACCEPTS.to_owned());
        }
        for (line, domain, reason) in &self.accepted {
            let row = Row { line: *line, domain, public_comment: reason, ..Row::default() };
            rows.release(&row, Released::Allowed);
        }
        self.blocks.take_all(rows);
        for (line, value, why) in self.rejected {
            rows.reject(line, &value, why);
        }
    }
}
