//! The rows of a plan in groups, each with the box that a person can tick about it.

use std::borrow::Cow;

use super::form::Form;
use crate::combine::Asks;
use crate::domain::Domain;
use crate::plan::{Add, Direction, Held, Hold, Plan, Reason, Remove, Row, Skipped, Update};
use crate::policy::Guard;
use crate::text::plain;
use crate::web::rows::{effect_of_add, effect_of_remove, effect_of_update, names, voices};
use crate::web::words;

/// So many rows of a group stand on a page. The file always has all.
const MOST: usize = 300;

pub struct Group {
    pub id: &'static str,
    pub title: String,
    pub says: &'static str,
    pub rows: Vec<RowView>,
    /// How many more there are.
    pub more: usize,
}

pub struct RowView {
    pub domain: String,
    pub effect: Cow<'static, str>,
    pub lists: String,
    pub details: Vec<String>,
    pub choice: Option<Choice>,
}

/// A checkbox about one domain.
#[derive(Clone, Copy)]
pub struct Choice {
    pub name: &'static str,
    pub label: &'static str,
    pub checked: bool,
}

/// Those that have rows, the one of most consequence first.
pub fn groups(plan: &Plan, form: &Form) -> Vec<Group> {
    let updates = |wanted: Direction| {
        let mut updates: Vec<&Update> =
            plan.update.iter().filter(|update| update.direction() == wanted).collect();
        updates.sort_by_key(|update| std::cmp::Reverse(update.after.severity));
        updates
    };
    let mut adds: Vec<&Add> = plan.add.iter().collect();
    adds.sort_by_key(|add| std::cmp::Reverse(add.rule.as_ref().map(|rule| rule.severity)));
    let raised =
        updates(Direction::Raise).into_iter().map(|u| updated(u, Some(raise_choice(u, form))));
    let lowered =
        updates(Direction::Lower).into_iter().map(|u| updated(u, lower_choice(form, true)));
    let edited = updates(Direction::Edit).into_iter().map(|u| updated(u, None));
    [
        group(
            "held",
            "held back",
            "They wait for your word, and are not in the file.",
            plan.held.len(),
            plan.held.iter().map(|held| held_row(held, form)),
        ),
        group(
            "lifted",
            "to lift",
            "No list asks for them, or you never want them blocked. To keep all that you have, merge \
             instead of overwriting.",
            plan.remove.len(),
            plan.remove.iter().map(removed),
        ),
        group(
            "lowered",
            "to lower",
            "A list asks for less than stands there.",
            plan.summary.lower,
            lowered,
        ),
        group(
            "raised",
            "to raise",
            "A list asks for more than stands there.",
            plan.summary.raise,
            raised,
        ),
        group(
            "edited",
            "to edit",
            "Words about the block change. Whom it reaches stays the same.",
            plan.update.len() - plan.summary.lower - plan.summary.raise,
            edited,
        ),
        group(
            "added",
            "to add",
            if form.without_file { "The new file has them." } else { "They are not blocked yet." },
            plan.add.len(),
            adds.into_iter().map(|add| added(add, form)),
        ),
        group(
            "skipped",
            "skipped",
            "The lists name them, and it is not done.",
            plan.skipped.len(),
            plan.skipped.iter().map(|skipped| skipped_row(skipped, form)),
        ),
    ]
    .into_iter()
    .filter(|group| !group.rows.is_empty())
    .collect()
}

fn group(
    id: &'static str,
    what: &str,
    says: &'static str,
    total: usize,
    rows: impl Iterator<Item = RowView>,
) -> Group {
    let rows: Vec<RowView> = rows.take(MOST).collect();
    Group { id, title: format!("{total} {what}"), says, more: total - rows.len(), rows }
}

fn added(add: &Add, form: &Form) -> RowView {
    let effect = effect_of_add(add);
    let choice = if form.accept.contains(&add.domain) { ACCEPTED } else { EXCEPT };
    row(add.domain.as_str(), effect, &add.asked_by, Some(choice))
}

fn updated(update: &Update, choice: Option<Choice>) -> RowView {
    let effect = effect_of_update(update);
    row(update.domain.as_str(), effect, &update.asked_by, choice)
}

fn removed(remove: &Remove) -> RowView {
    row(&remove.domain, effect_of_remove(remove), &remove.asked_by, None)
}

fn held_row(held: &Held, form: &Form) -> RowView {
    let mut view = match &held.row {
        Row::Add(add) => added(add, form),
        Row::Update(update) => updated(update, None),
        Row::Remove(remove) => removed(remove),
    };
    let why: Vec<String> = held.why.iter().map(words::hold).collect();
    view.details.insert(0, why.join("; "));
    // A number that is too large is about all rows; a name can be agreed to by itself.
    let by_name = |hold: &Hold| match hold {
        Hold::Guard { guard, .. } => matches!(guard, Guard::LargeServers | Guard::PublicSuffix),
        _ => false,
    };
    view.choice = held.why.iter().all(by_name).then_some(Choice { checked: false, ..ACCEPTED });
    view
}

fn skipped_row(skipped: &Skipped, form: &Form) -> RowView {
    let domain = Domain::from_stored(&skipped.domain);
    let excepted = domain.is_some_and(|domain| form.except.contains(&domain));
    let choice = match skipped.reason {
        Reason::Allowed if excepted => Some(Choice { checked: true, ..EXCEPT }),
        Reason::WouldLower => lower_choice(form, false),
        _ => None,
    };
    row(&skipped.domain, words::reason(&skipped.reason).into(), &skipped.asked_by, choice)
}

const EXCEPT: Choice = Choice { name: "except", label: "never block", checked: false };
const ACCEPTED: Choice = Choice { name: "accept", label: "do it all the same", checked: true };

/// When overwriting, what no list may block is lifted, which is more than leaving it alone.
fn raise_choice(update: &Update, form: &Form) -> Choice {
    if form.accept.contains(&update.domain) {
        return ACCEPTED;
    }
    let label = if form.overwrite { "never block, so lift it" } else { "leave as it is" };
    Choice { label, ..EXCEPT }
}

fn lower_choice(form: &Form, checked: bool) -> Option<Choice> {
    form.overwrite.then_some(Choice { name: "lower", label: "let it be lowered", checked })
}

fn row(domain: &str, effect: Cow<'static, str>, asks: &Asks, choice: Option<Choice>) -> RowView {
    let voices = voices(asks);
    RowView {
        domain: plain(domain).into_owned(),
        effect,
        lists: names(&voices),
        details: voices.iter().map(ToString::to_string).collect(),
        choice,
    }
}
