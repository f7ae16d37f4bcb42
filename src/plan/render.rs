//! A plan for eyes: one sentence, notices, and a table that fits 80 columns with the
//! rows of most consequence first.

use std::borrow::Cow;
use std::fmt::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::{Add, Cause, Direction, Plan, Remove, Row, Skipped, Update};
use crate::block::{Rule, Severity};
use crate::combine::Asks;
use crate::text::{count, fit, plain};

const DOMAIN: usize = 32;
const EFFECT: usize = 22;
const WIDTH: usize = 79;

/// The printable form of a plan.
pub struct Table<'a> {
    pub plan: &'a Plan,
    /// At most this many rows of changes, and as many of skips.
    pub rows: usize,
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = self.plan;
        writeln!(f, "{}", wrapped(&plain(&plan.sentence()), ""))?;
        for notice in &plan.notices {
            writeln!(f, "{}", wrapped(&format!("! {}", plain(notice)), "  "))?;
        }
        cuts(f, plan, self.rows)?;
        let changes = rows(plan);
        if !changes.is_empty() {
            writeln!(f, "\n{:<7} {:<DOMAIN$} {:<EFFECT$} ASKED BY", "DO", "DOMAIN", "WHAT")?;
            for row in changes.iter().take(self.rows) {
                writeln!(f, "{row}")?;
            }
            more(f, changes.len(), self.rows, "change")?;
        }
        held(f, plan, self.rows)?;
        if !plan.skipped.is_empty() {
            writeln!(f, "\nSkipped:")?;
            for skipped in plan.skipped.iter().take(self.rows) {
                writeln!(f, "{}", skipped_row(skipped))?;
            }
            more(f, plan.skipped.len(), self.rows, "skip")?;
        }
        Ok(())
    }
}

/// Whom the plan cuts off, and whom it would where that is held.
fn cuts(f: &mut fmt::Formatter<'_>, plan: &Plan, most: usize) -> fmt::Result {
    const NAMES: usize = 5;
    let held = plan.held.iter().map(|held| held.row.name());
    let held = held.filter_map(|name| plan.impact.cuts.get_key_value(name));
    let all: Vec<_> = plan.cuts().into_iter().chain(held).collect();
    let all: Vec<_> = all.into_iter().filter(|(_, cut)| cut.relations() > 0).collect();
    if all.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n{:<DOMAIN$} {:>9} {:>9}  WHO", "CUTS", "FOLLOWED", "FOLLOWERS")?;
    for (domain, cut) in all.iter().take(most) {
        // Whom you follow yourself comes first.
        let (followed, others) = cut.people.iter().partition::<Vec<_>, _>(|who| who.following);
        let mut who: Vec<&str> =
            followed.into_iter().chain(others).map(|person| person.acct.as_str()).collect();
        let rest = who.len().saturating_sub(NAMES);
        who.truncate(NAMES);
        let mut who: Vec<String> =
            who.into_iter().map(|acct| acct.split('@').next().unwrap_or(acct).to_owned()).collect();
        who.extend((rest > 0).then(|| format!("{rest} more")));
        let name = fit(&plain(domain.as_str()), DOMAIN);
        let line = format!("{name:<DOMAIN$} {:>9} {:>9}  ", cut.following, cut.followers);
        let left = WIDTH.saturating_sub(line.width());
        writeln!(f, "{}", format!("{line}{}", fit(&plain(&who.join(", ")), left)).trim_end())?;
    }
    more(f, all.len(), most, "domain")
}

/// What waits, by its reasons: whole groups have the same ones.
fn held(f: &mut fmt::Formatter<'_>, plan: &Plan, most: usize) -> fmt::Result {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for held in &plan.held {
        let why: Vec<String> = held.why.iter().map(ToString::to_string).collect();
        let why = why.join("; ");
        let row = held_row(&held.row);
        match groups.iter_mut().find(|(known, _)| *known == why) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((why, vec![row])),
        }
    }
    for (why, rows) in groups {
        let head = format!("Held, {}:", plain(&why));
        writeln!(f, "\n{}", wrapped(&head, "  "))?;
        for row in rows.iter().take(most) {
            writeln!(f, "{row}")?;
        }
        more(f, rows.len(), most, "held change")?;
    }
    Ok(())
}

fn held_row(held: &Row) -> String {
    match held {
        Row::Add(add) => {
            let effect = add.rule.as_ref().map_or("block".into(), describe);
            row("add", add.domain.as_str(), &effect, &askers(&add.asked_by))
        }
        Row::Update(update) => {
            let verb = match update.direction() {
                Direction::Lower => "lower",
                Direction::Raise => "raise",
                Direction::Edit => "edit",
            };
            let effect = transition(&update.before, &update.after);
            row(
                verb,
                update.domain.as_str(),
                &effect,
                &reason(update.because.as_ref(), &update.asked_by),
            )
        }
        Row::Remove(remove) => {
            let effect = lifts(remove);
            row(
                "remove",
                &remove.domain,
                &effect,
                &reason(remove.because.as_ref(), &remove.asked_by),
            )
        }
    }
}

pub(crate) fn lifts(remove: &Remove) -> String {
    match &remove.before {
        Some(rule) => format!("lifts {}", describe(rule)),
        None => "lifts the block".to_owned(),
    }
}

/// Why something is lifted or lowered, or who asks for it.
fn reason(because: Option<&Cause>, asked_by: &Asks) -> String {
    because.map_or_else(|| askers(asked_by), ToString::to_string)
}

fn more(f: &mut fmt::Formatter<'_>, total: usize, shown: usize, noun: &str) -> fmt::Result {
    if total > shown {
        writeln!(
            f,
            "… and {}; `hedgerow plan … --all` shows every row.",
            count(total - shown, &format!("more {noun}"))
        )?;
    }
    Ok(())
}

/// Removals, then what is lowered, raised, edited and added, each with the strictest
/// first.
fn rows(plan: &Plan) -> Vec<String> {
    let mut rows = Vec::with_capacity(plan.add.len() + plan.update.len() + plan.remove.len());
    for remove in &plan.remove {
        let why = reason(remove.because.as_ref(), &remove.asked_by);
        rows.push(row("remove", &remove.domain, &lifts(remove), &why));
    }
    for (direction, verb) in
        [(Direction::Lower, "lower"), (Direction::Raise, "raise"), (Direction::Edit, "edit")]
    {
        let mut updates: Vec<&Update> =
            plan.update.iter().filter(|update| update.direction() == direction).collect();
        updates.sort_by_key(|update| std::cmp::Reverse(update.after.severity));
        for update in updates {
            let effect = transition(&update.before, &update.after);
            let why = reason(update.because.as_ref(), &update.asked_by);
            rows.push(row(verb, update.domain.as_str(), &effect, &why));
        }
    }
    let mut adds: Vec<&Add> = plan.add.iter().collect();
    adds.sort_by_key(|add| std::cmp::Reverse(add.rule.as_ref().map(|rule| rule.severity)));
    for add in adds {
        let effect = add.rule.as_ref().map_or("block".into(), describe);
        rows.push(row("add", add.domain.as_str(), &effect, &askers(&add.asked_by)));
    }
    rows
}

fn row(verb: &str, domain: &str, effect: &str, askers: &str) -> String {
    let domain = fit(&plain(domain), DOMAIN);
    let effect = fit(effect, EFFECT);
    let mut row = format!("{verb:<7} {domain:<DOMAIN$} {effect:<EFFECT$} ");
    let left = WIDTH.saturating_sub(row.width());
    row.push_str(&fit(&plain(askers), left));
    row.truncate(row.trim_end().len());
    row
}

fn askers(asks: &Asks) -> String {
    asks.iter()
        .filter(|ask| !ask.watched)
        .map(|ask| ask.list.to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

/// A reason is never cut: it goes below the name where it does not fit beside it.
fn skipped_row(skipped: &Skipped) -> String {
    let name = format!("  {:<DOMAIN$} ", fit(&plain(&skipped.domain), DOMAIN));
    let reason = skipped.reason.to_string();
    let reason = plain(&reason);
    if name.width() + reason.width() <= WIDTH {
        format!("{name}{reason}")
    } else {
        format!("{}\n      {}", name.trim_end(), narrow(&reason, "      "))
    }
}

/// A rule in a few words: `silence, no media`.
pub(crate) fn describe(rule: &Rule) -> Cow<'static, str> {
    let weaker = rule.severity < Severity::Suspend;
    let (media, reports) = (weaker && rule.reject_media, weaker && rule.reject_reports);
    let mut text = Cow::Borrowed(rule.severity.as_str());
    if media {
        text += ", no media";
    }
    if reports {
        text += ", no reports";
    }
    text
}

pub(crate) fn transition(before: &Rule, after: &Rule) -> String {
    if before.severity != after.severity {
        return format!("{} → {}", before.severity, after.severity);
    }
    let mut parts = String::new();
    let mut part = |changed: bool, text: &str| {
        if changed {
            let separator = if parts.is_empty() { "" } else { ", " };
            let _ = write!(parts, "{separator}{text}");
        }
    };
    let flag = |on: bool, name: &str| format!("{}{name}", if on { "+" } else { "-" });
    part(before.reject_media != after.reject_media, &flag(!after.reject_media, "media"));
    part(before.reject_reports != after.reject_reports, &flag(!after.reject_reports, "reports"));
    part(before.obfuscate != after.obfuscate, &flag(after.obfuscate, "obfuscate"));
    part(
        before.public_comment != after.public_comment
            || before.private_comment != after.private_comment,
        "comment",
    );
    parts
}

/// Breaks a paragraph at 79 columns; later lines start with `indent`.
pub(crate) fn wrapped(text: &str, indent: &str) -> String {
    broken(text, indent, 0)
}

/// The same for a text whose first line is indented already.
fn narrow(text: &str, indent: &str) -> String {
    broken(text, indent, indent.len())
}

fn broken(text: &str, indent: &str, start: usize) -> String {
    let mut lines = String::new();
    let mut used = start;
    for word in text.split(' ') {
        let width = word.width();
        let begun = !lines.is_empty();
        if begun && used + 1 + width > WIDTH {
            lines.push('\n');
            lines.push_str(indent);
            used = indent.len();
        } else if begun {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(word);
        used += width;
    }
    lines
}
