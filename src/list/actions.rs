//! Servers that name a domain once for each thing they do to it.

use std::borrow::Cow;

use hashbrown::HashMap;

use super::rows::{MOST_ROWS, Row, Rows};

/// What a server does to a domain, as far as a block can do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    RejectReports,
    RejectMedia,
    Silence,
    Suspend,
}

/// Several of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Actions(u8);

impl Actions {
    pub fn has(self, action: Action) -> bool {
        self.0 & (1 << action as u8) != 0
    }

    pub fn add(&mut self, action: Action) {
        self.0 |= 1 << action as u8;
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The row that does all of them.
    pub fn row(self, line: u32, domain: &str) -> Row<'_> {
        let flag = |action| if self.has(action) { "true" } else { "" };
        let severity = if self.has(Action::Suspend) {
            "suspend"
        } else if self.has(Action::Silence) {
            "silence"
        } else {
            "noop"
        };
        Row {
            line,
            domain,
            severity: Some(severity),
            reject_media: flag(Action::RejectMedia),
            reject_reports: flag(Action::RejectReports),
            ..Row::default()
        }
    }
}

impl FromIterator<Action> for Actions {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> Self {
        let mut all = Actions::default();
        actions.into_iter().for_each(|action| all.add(action));
        all
    }
}

/// The domains and what is done to each.
#[derive(Default)]
pub(super) struct Gathered<'a> {
    groups: Vec<Group<'a>>,
    places: HashMap<Cow<'a, str>, usize>,
}

struct Group<'a> {
    line: u32,
    name: Cow<'a, str>,
    actions: Actions,
    /// Why, with the action it was said about.
    reason: Option<(Action, Cow<'a, str>)>,
}

impl<'a> Gathered<'a> {
    /// A domain that is named twice for one action stands there twice.
    pub fn add(&mut self, line: u32, name: Cow<'a, str>, action: Action, reason: Cow<'a, str>) {
        if self.groups.len() > MOST_ROWS {
            return;
        }
        let reason = (!reason.trim().is_empty()).then_some((action, reason));
        if let Some(place) = self.places.get(&name)
            && let group = &mut self.groups[*place]
            && !group.actions.has(action)
        {
            group.actions.add(action);
            // The reason for the hardest of them is the one to show.
            if reason.as_ref().map(|(action, _)| *action) > group.reason.as_ref().map(|(a, _)| *a) {
                group.reason = reason;
            }
            return;
        }
        self.places.entry(name.clone()).or_insert(self.groups.len());
        let actions = Actions::from_iter([action]);
        self.groups.push(Group { line, name, actions, reason });
    }

    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Takes each domain as one row.
    pub fn take_all(self, rows: &mut Rows) {
        for group in &self.groups {
            let row = group.actions.row(group.line, &group.name);
            let public_comment = group.reason.as_ref().map_or("", |(_, reason)| reason);
            rows.take(&Row { public_comment, ..row });
            if rows.is_full() {
                return;
            }
        }
    }
}
