//! Why a domain is blocked, or is not: everything that is remembered of it.
//!
//! Nothing is asked of anybody. What a target holds is known from the ledger, from the last
//! run, from the last reading, and from the newest backup, and is as old as they are; what lists say is known from
//! the versions that were kept.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use chrono::{DateTime, Utc};
use compact_str::CompactString;
use serde::Serialize;

use crate::app::App;
use crate::backup::Backup;
use crate::block::{Level, Rule, Severity, State};
use crate::domain::Domain;
use crate::exception::Exception;
use crate::follow::Lists;
use crate::follow::history::in_force_since;
use crate::keep;
use crate::ledger::{Claim, Dismissal, Holding, Ledger, Owner, Why};
use crate::list::{Document, bundled};
use crate::policy::{Agreement, Mode, Share, Verdict, Voice, decide};
use crate::store::{
    Action, BlockDate, DomainStep, Event, EventFilter, FollowedList, StepStatus, Store, TargetRow,
};

/// Everything that is known of one domain.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = KnownOfDomain)]
pub struct Account {
    pub domain: Domain,
    pub targets: Vec<OnTarget>,
    pub lists: Vec<InList>,
    /// Also those of domains above and below that touch it.
    pub exceptions: Vec<Exception>,
    /// Steps of runs, newest first.
    pub runs: Vec<Deed>,
    /// What people did and decided, newest first.
    pub events: Vec<Event>,
}

/// How it stands on one target.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OnTarget {
    pub target: String,
    pub level: Level,
    pub stands: Stands,
    /// When that was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<i64>,
    /// The lists that it stands for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Claim>,
    /// What stood there before Hedgerow raised it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Rule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turned_down: Option<TurnedDown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review_at: Option<DateTime<Utc>>,
    /// What the lists that it follows say now, and what that comes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lists_now: Option<ListsNow>,
    /// Blocks above it, which reach it where the target is an instance, nearest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub above: Vec<Relative>,
    /// Blocks below it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub below: Vec<Relative>,
}

/// What the lists of a target say of a domain now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ListsNow {
    pub voices: Vec<Said>,
    pub comes_to: ComesTo,
    /// How many lists, or how much of their weight, have to agree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Voice)]
pub struct Said {
    pub list: String,
    /// Absent where it gives none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says: Option<Severity>,
    /// Absent where it is not heard: it is only watched, its word is ignored, or an exception
    /// is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_as: Option<Severity>,
    pub weight: u32,
    pub share: Share,
    pub mode: Mode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum ComesTo {
    Block { severity: Severity },
    TooFew { have: u64, need: u64 },
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stands {
    Blocked,
    NotBlocked,
    /// Nothing was ever read of this target.
    Unknown,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TurnedDown {
    pub why: Why,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Relative {
    #[schema(value_type = String)]
    pub domain: CompactString,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
}

/// What a list has said over time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InList {
    pub list: String,
    /// The domain that it names: this one, or one above or below.
    pub names: Domain,
    pub spans: Vec<Span>,
    /// The targets that follow it.
    pub followed_by: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Span {
    pub from: DateTime<Utc>,
    /// Absent while it says so still.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Deed {
    pub run: i64,
    pub target: String,
    pub mode: String,
    pub action: Action,
    pub status: StepStatus,
    pub lists: String,
    pub at: DateTime<Utc>,
}

impl From<DomainStep> for Deed {
    fn from(step: DomainStep) -> Self {
        let DomainStep { run, target, mode, action, status, lists, updated_at } = step;
        Deed { run, target, mode, action, status, lists, at: updated_at }
    }
}

/// Tells everything that is remembered of a domain.
pub async fn why(app: &App, domain: &Domain) -> Result<Account> {
    let (mut targets, mut exceptions, mut runs, mut events) = (vec![], vec![], vec![], vec![]);
    let mut lists = Vec::new();
    if let Some(store) = app.existing_store().await? {
        runs = store.domain_steps(domain.as_str()).await?;
        let touches =
            |exception: &Exception| exception.covers(domain) || exception.domain.is_below(domain);
        exceptions = store.exceptions(None).await?.into_iter().filter(touches).collect();
        let newest = EventFilter {
            domain: Some(domain.as_str()),
            newest_first: true,
            ..EventFilter::default()
        };
        events = store.events(&newest).await?;
        let following = app.lists().await?;
        for list in store.lists().await? {
            let followed_by = store.subscribers(&list.name).await?;
            lists.extend(in_followed(&following, &list, domain, &followed_by).await?);
        }
        for list in bundled::all() {
            let followed_by = store.subscribers(list.name).await?;
            lists.extend(in_bundled(list, domain, &followed_by, app.clock.now())?);
        }
        for row in store.targets().await? {
            let mut target = on_target(app, &store, &row, domain, &runs).await?;
            target.lists_now = lists_now(&store, &row, domain, &lists, &exceptions).await?;
            targets.push(target);
        }
    } else {
        for list in bundled::all() {
            lists.extend(in_bundled(list, domain, &[], app.clock.now())?);
        }
    }
    let runs = runs.into_iter().map(Deed::from).collect();
    Ok(Account { domain: domain.clone(), targets, lists, exceptions, runs, events })
}

async fn on_target(
    app: &App,
    store: &Store,
    row: &TargetRow,
    domain: &Domain,
    runs: &[DomainStep],
) -> Result<OnTarget> {
    let identity = app.identity(row)?;
    let ledger = store.ledger(&row.name, &keep::whose(&identity), app.clock.now()).await?;
    let seen = last_seen(store, &row.name, &keep::whose(&identity)).await?;
    let holding = ledger.holdings.get(domain.as_str());
    let dates = store.dates(&row.name).await?;
    let date = dates.iter().find(|date| date.domain == *domain);
    let dismissal = ledger.dismissals.get(domain.as_str());
    let block = seen.as_ref().and_then(|state| state.find(domain.as_str()));
    let last = runs.iter().find(|step| step.target == row.name && step.status == StepStatus::Done);
    let known_at = seen.as_ref().map(|state| state.taken_at);
    let newer = last.filter(|step| known_at.is_none_or(|at| step.updated_at >= at));
    let (stands, as_of) = match (holding, newer, &seen) {
        (Some(_), ..) => (Stands::Blocked, newer.map(|step| step.updated_at).max(known_at)),
        (None, Some(step), _) if step.action == Action::Remove => {
            (Stands::NotBlocked, Some(step.updated_at))
        }
        (None, Some(step), _) => (Stands::Blocked, Some(step.updated_at)),
        (None, None, Some(_)) if block.is_some() => (Stands::Blocked, known_at),
        (None, None, Some(_)) => (Stands::NotBlocked, known_at),
        (None, None, None) => (Stands::Unknown, None),
    };
    let rule = holding.and_then(|holding| holding.rule.clone());
    let rule = rule.or_else(|| block.and_then(|block| block.rule.clone()));
    let (above, below) = relatives(&ledger, seen.as_ref(), domain);
    let owned = holding.filter(|holding| holding.owner == Owner::Hedgerow);
    Ok(OnTarget {
        target: row.name.clone(),
        level: row.level,
        stands,
        as_of,
        rule: rule.filter(|_| stands == Stands::Blocked),
        owner: match (stands, holding) {
            (Stands::Blocked, Some(holding)) => Some(holding.owner),
            (Stands::Blocked, None) => Some(Owner::Person),
            _ => None,
        },
        since: owned.map(|holding| holding.since),
        run: owned.and_then(|holding| holding.run),
        claims: owned.map_or_else(Vec::new, |holding| holding.claims.clone()),
        before: owned.and_then(|holding| holding.before.clone()),
        turned_down: dismissal
            .map(|&Dismissal { why, at, .. }| TurnedDown { why, at })
            .filter(|_| stands != Stands::Blocked),
        expires_at: date.and_then(|date: &BlockDate| date.expires_at),
        review_at: date.and_then(|date| date.review_at),
        lists_now: None,
        above,
        below,
    })
}

/// What the lists that a target follows come to for a domain, by its policy.
async fn lists_now(
    store: &Store,
    row: &TargetRow,
    domain: &Domain,
    lists: &[InList],
    exceptions: &[Exception],
) -> Result<Option<ListsNow>> {
    let policy = store.policy(&row.name).await?;
    let subscriptions = store.subscriptions(&row.name).await?;
    let heard = subscriptions.iter().filter(|subscription| subscription.terms.speaks());
    let total = heard.map(|subscription| u64::from(subscription.terms.weight)).sum();
    let (mut voices, mut spoken) = (Vec::new(), Vec::new());
    for subscription in subscriptions {
        let named = lists.iter().filter(|list| list.list == subscription.list);
        let mut named = named.filter(|list| list.names == *domain);
        let span = named.next().and_then(|list| list.spans.last());
        let Some(span) = span.filter(|span| span.until.is_none()) else { continue };
        let ignored = exceptions.iter().any(|exception| {
            exception.list.as_ref() == Some(&subscription.list)
                && exception.target.as_ref().is_none_or(|target| *target == row.name)
                && exception.covers(domain)
        });
        let terms = subscription.terms;
        let taken = terms.take(span.severity).filter(|_| terms.speaks() && !ignored);
        // An account has one kind of block, and a note is none.
        let taken = match row.level {
            Level::Instance => taken.map(|severity| severity.unwrap_or(Severity::Silence)),
            Level::Account => {
                taken.filter(|said| *said != Some(Severity::Noop)).map(|_| Severity::Suspend)
            }
        };
        let (weight, share) = (terms.weight, terms.share);
        spoken.extend(taken.map(|severity| Voice { severity, weight, share }));
        let (says, mode, list) = (span.severity, terms.mode, subscription.list);
        voices.push(Said { list, says, taken_as: taken, weight, share, mode });
    }
    if voices.is_empty() {
        return Ok(None);
    }
    let comes_to = match decide(&spoken, &policy, total) {
        Verdict::Block(severity) => ComesTo::Block { severity },
        Verdict::TooFew { have, need } => ComesTo::TooFew { have, need },
        Verdict::NotAsked => ComesTo::Nothing,
    };
    Ok(Some(ListsNow { voices, comes_to, agreement: policy.agreement }))
}

/// What stood on a target when it was last read or backed up.
async fn last_seen(store: &Store, target: &str, whose: &str) -> Result<Option<State>> {
    let backup = store.backups(Some(target)).await?.into_iter().next();
    let read_at = store.reading_at(target, whose).await?;
    let newer = |at: DateTime<Utc>| backup.as_ref().is_none_or(|backup| backup.taken_at <= at);
    if read_at.is_some_and(newer) {
        return Ok(store.reading(target, whose).await?);
    }
    let Some(backup) = backup else { return Ok(None) };
    // A backup that was moved away is no reason to tell nothing.
    Ok(Backup::load(Path::new(&backup.path), Some(&backup.sha256)).ok().map(|found| found.state))
}

fn relatives(
    ledger: &Ledger,
    seen: Option<&State>,
    domain: &Domain,
) -> (Vec<Relative>, Vec<Relative>) {
    let severity = |name: &str| {
        let holding = ledger.holdings.get(name).and_then(|h: &Holding| h.rule.as_ref());
        let block = || seen.and_then(|state| state.find(name)?.rule.as_ref());
        holding.or_else(block).map(|rule| rule.severity)
    };
    let held = |name: &str| {
        ledger.holdings.contains_key(name) || seen.is_some_and(|state| state.find(name).is_some())
    };
    let relative =
        |name: &str| Relative { domain: CompactString::from(name), severity: severity(name) };
    let above = domain.parents().filter(|name| held(name)).map(relative).collect();
    let tail = format!(".{domain}");
    let blocks = seen.into_iter().flat_map(|state| state.blocks.iter().map(|block| &block.name));
    let below: BTreeSet<&CompactString> =
        ledger.holdings.keys().chain(blocks).filter(|name| name.ends_with(&tail)).collect();
    (above, below.into_iter().map(|name| relative(name)).collect())
}

/// What the kept versions of a list say of a domain, of what is above it and below it.
async fn in_followed(
    lists: &Lists,
    list: &FollowedList,
    domain: &Domain,
    followed_by: &[String],
) -> Result<Vec<InList>> {
    let mut snapshots = lists.store.snapshots(list.id).await?;
    snapshots.reverse();
    let mut found: Vec<InList> = Vec::new();
    for snapshot in &snapshots {
        let Some(from) = in_force_since(snapshot) else { continue };
        let document = lists.shelved(list, snapshot).await?;
        let said = said(&document, domain);
        for known in &mut found {
            let still = said.iter().any(|(names, ..)| *names == known.names);
            if let (Some(last), false) = (known.spans.last_mut(), still) {
                last.until = last.until.or(Some(from));
            }
        }
        for (names, severity, reason) in said {
            let span = Span { from, until: None, severity, reason };
            let Some(known) = found.iter_mut().find(|known| known.names == names) else {
                let (list, followed_by) = (list.name.clone(), followed_by.to_vec());
                found.push(InList { list, names, spans: vec![span], followed_by });
                continue;
            };
            match known.spans.last_mut() {
                Some(open) if open.until.is_none() => {
                    if (open.severity, &open.reason) != (span.severity, &span.reason) {
                        open.until = Some(from);
                        known.spans.push(span);
                    }
                }
                _ => known.spans.push(span),
            }
        }
    }
    Ok(found)
}

fn in_bundled(
    list: &bundled::Bundled,
    domain: &Domain,
    followed_by: &[String],
    now: DateTime<Utc>,
) -> Result<Vec<InList>> {
    let document = crate::list::read(list.csv)?;
    let entry = |(names, severity, reason)| InList {
        list: list.name.to_owned(),
        names,
        spans: vec![Span { from: now, until: None, severity, reason }],
        followed_by: followed_by.to_vec(),
    };
    Ok(said(&document, domain).into_iter().map(entry).collect())
}

fn said(document: &Document, domain: &Domain) -> Vec<(Domain, Option<Severity>, Option<String>)> {
    let near = |other: &Domain| other == domain || domain.is_below(other) || other.is_below(domain);
    let entries = document.entries.iter().filter(|entry| near(&entry.domain));
    let mut said: Vec<_> = entries
        .map(|entry| {
            let reason = entry.public_comment.as_ref().map(ToString::to_string);
            (entry.domain.clone(), entry.severity, reason)
        })
        .collect();
    // The domain itself first, then what is above and below it.
    said.sort_by_key(|(name, ..)| (name != domain, !domain.is_below(name), name.clone()));
    said
}
