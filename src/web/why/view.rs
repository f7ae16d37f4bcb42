//! What is remembered of a domain, in sentences and tables.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::block::{Level, Severity};
use crate::domain::Domain;
use crate::ledger::{Owner, Why as Turned};
use crate::policy::Mode;
use crate::store::{Action, Event, StepStatus};
use crate::text::{last_day, plain};
use crate::web::log::says;
use crate::web::runs::became;
use crate::why::{Account, ComesTo, Deed, InList, ListsNow, OnTarget, Relative, Said, Stands};

pub struct View {
    pub domain: String,
    /// As people write it, where that is something else.
    pub unicode: Option<String>,
    pub targets: Vec<TargetView>,
    pub lists: Vec<ListRow>,
    pub exceptions: Vec<ExceptionRow>,
    pub runs: Vec<RunRow>,
    pub people: Vec<PeopleRow>,
    /// For the form that makes an exception.
    pub choices: Vec<(i64, String)>,
}

pub struct TargetView {
    pub number: Option<i64>,
    pub name: String,
    /// It is blocked there, it is not, or that is not known.
    pub stands: &'static str,
    pub lines: Vec<Line>,
    pub voices: Vec<Voice>,
}

/// A sentence, perhaps with a time in it.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    pub before: String,
    pub at: Option<DateTime<Utc>>,
    pub after: String,
}

/// What one list of a target says now.
pub struct Voice {
    pub list: String,
    pub says: &'static str,
    pub taken: String,
}

pub struct ListRow {
    pub list: String,
    /// Where the list names another domain, above or below.
    pub names: Option<String>,
    pub says: String,
    pub from: DateTime<Utc>,
    pub until: Option<DateTime<Utc>>,
    pub reason: String,
    pub followed_by: String,
}

pub struct ExceptionRow {
    pub domain: String,
    pub reach: String,
    /// Its last day.
    pub until: Option<String>,
    pub reason: String,
}

pub struct RunRow {
    pub run: i64,
    pub at: DateTime<Utc>,
    pub target: String,
    pub what: String,
    pub lists: String,
}

pub struct PeopleRow {
    pub at: DateTime<Utc>,
    pub who: String,
    pub what: String,
    pub on: String,
}

fn line(text: impl Into<String>) -> Line {
    Line { before: text.into(), at: None, after: String::new() }
}

fn dated(before: impl Into<String>, at: DateTime<Utc>, after: impl Into<String>) -> Line {
    Line { before: before.into(), at: Some(at), after: after.into() }
}

impl View {
    pub fn of(account: &Account, numbers: &HashMap<String, i64>) -> View {
        let Account { domain, targets, lists, exceptions, runs, events } = account;
        let unicode = Some(domain.unicode()).filter(|unicode| unicode != domain.as_str());
        let target = |on: &OnTarget| TargetView {
            number: numbers.get(&on.target).copied(),
            name: plain(&on.target).into_owned(),
            stands: match on.stands {
                Stands::Blocked => "blocked",
                Stands::NotBlocked => "not blocked",
                Stands::Unknown => "not known",
            },
            lines: lines(on, domain),
            voices: on.lists_now.as_ref().map_or_else(Vec::new, |now| voices(now, on.level)),
        };
        let exception = |exception: &crate::exception::Exception| {
            let below = if exception.subdomains { " and everything below it" } else { "" };
            let on = exception.target.as_deref().map_or("everywhere".into(), plain);
            let list = exception.list.as_deref();
            let against = list.map_or(String::new(), |list| format!(", against {}", plain(list)));
            ExceptionRow {
                domain: format!("{}{below}", exception.domain),
                reach: format!("{on}{against}"),
                until: exception.until.map(last_day),
                reason: plain(exception.reason.as_deref().unwrap_or_default()).into_owned(),
            }
        };
        let mut choices: Vec<(i64, String)> =
            numbers.iter().map(|(name, id)| (*id, plain(name).into_owned())).collect();
        choices.sort();
        View {
            domain: domain.as_str().to_owned(),
            unicode: unicode.map(|name| plain(&name).into_owned()),
            targets: targets.iter().map(target).collect(),
            lists: lists.iter().flat_map(|list| list_rows(list, domain)).collect(),
            exceptions: exceptions.iter().map(exception).collect(),
            runs: runs.iter().map(run).collect(),
            // What runs did stands in a table of its own.
            people: events.iter().filter(|event| event.run.is_none()).map(person).collect(),
            choices,
        }
    }
}

/// How it stands on one target, in sentences.
fn lines(on: &OnTarget, domain: &Domain) -> Vec<Line> {
    let mut lines = vec![standing(on)];
    match on.owner {
        Some(Owner::Person) => {
            lines.push(line("It is a block of your own; no list changes it."));
        }
        Some(Owner::Hedgerow) => lines.extend(ours(on)),
        None => {}
    }
    if let Some(now) = &on.lists_now {
        lines.push(line(comes_to(now, on.level)));
    }
    if let Some(turned) = &on.turned_down {
        let how = match turned.why {
            Turned::Said => "you turned it down",
            Turned::Lifted => "it was lifted by hand",
            Turned::Undone => "you took it back",
            Turned::Expired => "its last day came",
        };
        let before = format!("It is not suggested, because {how} on");
        lines.push(dated(before, turned.at, ", until a list says more."));
    }
    if let Some(at) = on.expires_at {
        lines.push(line(format!("Its last day is {}.", last_day(at))));
    }
    if let Some(at) = on.review_at {
        lines.push(dated("You want to look at it again on", at, "."));
    }
    if !on.above.is_empty() {
        let reaches = match on.level {
            Level::Instance => "which reaches it too",
            Level::Account => "which does not reach it, because an account blocks exact names",
        };
        lines.push(line(format!("Above it {} blocked, {reaches}.", names(&on.above))));
    }
    if !on.below.is_empty() {
        lines.push(line(format!("Below {domain} {} blocked.", names(&on.below))));
    }
    lines
}

fn standing(on: &OnTarget) -> Line {
    let severity = on.rule.as_ref().map(|rule| rule.severity);
    let says = match (on.stands, severity) {
        (Stands::Unknown, _) => {
            return line(
                "Nothing was read there yet, so it is not known. Open its page and have its \
                 blocks read.",
            );
        }
        (Stands::NotBlocked, _) => "It is not blocked".to_owned(),
        (Stands::Blocked, None) => "It is blocked".to_owned(),
        (Stands::Blocked, Some(Severity::Suspend)) => "It is suspended".to_owned(),
        (Stands::Blocked, Some(Severity::Silence)) => "It is silenced".to_owned(),
        (Stands::Blocked, Some(Severity::Noop)) => {
            "A block of it is noted there that limits nothing by itself".to_owned()
        }
    };
    match on.as_of {
        Some(at) => dated(format!("{says}, as of"), at, "."),
        None => line(format!("{says}.")),
    }
}

/// A block that Hedgerow put there: since when, and for whom.
fn ours(on: &OnTarget) -> Vec<Line> {
    let run = on.run.map_or(String::new(), |run| format!(", last by run {run}"));
    let mut lines = vec![match on.since {
        Some(since) => dated("Hedgerow put it there on", since, format!("{run}.")),
        None => line(format!("Hedgerow put it there{run}.")),
    }];
    for claim in &on.claims {
        let once = if claim.once { ", applied once" } else { "" };
        let before = format!(
            "It stands for {}, which asks for {}{once}, since",
            plain(&claim.list),
            claim.word.severity
        );
        lines.push(match claim.less_since {
            Some(less) => dated(
                format!("It stood for {}, which asks for less since", plain(&claim.list)),
                less,
                ".",
            ),
            None => dated(before, claim.since, "."),
        });
    }
    if let Some(before) = &on.before {
        lines.push(line(format!("It stands over a block of your own: {}.", before.severity)));
    }
    lines
}

fn names(relatives: &[Relative]) -> String {
    const SHOWN: usize = 10;
    let name = |relative: &Relative| {
        let severity = relative.severity.map_or(String::new(), |s| format!(" ({s})"));
        format!("{}{severity}", plain(&relative.domain))
    };
    let shown: Vec<String> = relatives.iter().take(SHOWN).map(name).collect();
    let more = relatives.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    let verb = if relatives.len() == 1 { "is" } else { "are" };
    format!("{}{rest} {verb}", shown.join(", "))
}

/// What the lists that the target follows come to.
fn comes_to(now: &ListsNow, level: Level) -> String {
    let enough = now.agreement.map_or(String::new(), |it| format!(" It takes {it}."));
    let come = match now.comes_to {
        ComesTo::Block { .. } if level == Level::Account => "a block".to_owned(),
        ComesTo::Block { severity } => format!("{severity}"),
        ComesTo::TooFew { have, need } => format!("nothing, because only {have} of {need} agree"),
        ComesTo::Nothing => "nothing".to_owned(),
    };
    format!("The lists that it follows come to {come} now.{enough}")
}

fn voices(now: &ListsNow, level: Level) -> Vec<Voice> {
    let voice = |said: &Said| Voice {
        list: plain(&said.list).into_owned(),
        says: said.says.map_or("a block", |severity| severity.as_str()),
        taken: match (said.taken_as, said.mode) {
            (None, Mode::Watch) => "not heard, only watched".to_owned(),
            (None, _) => "not heard".to_owned(),
            (Some(_), _) if level == Level::Account => weight(said.weight),
            (Some(taken), _) => format!("{taken}{}", with(&weight(said.weight))),
        },
    };
    now.voices.iter().map(voice).collect()
}

fn weight(weight: u32) -> String {
    if weight == 1 { "heard".to_owned() } else { format!("heard with weight {weight}") }
}

fn with(text: &str) -> String {
    if text == "heard" { String::new() } else { format!(", {text}") }
}

fn list_rows(list: &InList, domain: &Domain) -> Vec<ListRow> {
    let followed = match list.followed_by.as_slice() {
        [] => "no target follows it".to_owned(),
        some => plain(&some.join(", ")).into_owned(),
    };
    let spans = list.spans.iter().rev();
    spans
        .map(|span| ListRow {
            list: plain(&list.list).into_owned(),
            names: (list.names != *domain).then(|| list.names.as_str().to_owned()),
            says: span.severity.map_or("a block".to_owned(), |severity| severity.to_string()),
            from: span.from,
            until: span.until,
            reason: plain(span.reason.as_deref().unwrap_or_default()).into_owned(),
            followed_by: followed.clone(),
        })
        .collect()
}

fn run(deed: &Deed) -> RunRow {
    let (did, was) = match deed.action {
        Action::Add => ("blocked it", "was to block it"),
        Action::Update => ("changed its block", "was to change its block"),
        Action::Remove => ("lifted its block", "was to lift its block"),
    };
    let what = match deed.status {
        StepStatus::Done => did.to_owned(),
        other => format!("{was}: {}", became(other)),
    };
    RunRow {
        run: deed.run,
        at: deed.at,
        target: plain(&deed.target).into_owned(),
        what,
        lists: plain(&deed.lists).into_owned(),
    }
}

fn person(event: &Event) -> PeopleRow {
    PeopleRow {
        at: event.at,
        who: plain(&event.actor).into_owned(),
        what: says(event),
        on: event.target.as_deref().map_or("everywhere".into(), plain).into_owned(),
    }
}
