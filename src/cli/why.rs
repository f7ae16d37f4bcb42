use std::fmt;

use anyhow::Result;
use serde::Serialize;

use super::Reply;
use super::options::domain;
use crate::app::App;
use crate::block::Level;
use crate::domain::Domain;
use crate::ledger::{Owner, Why as Turned};
use crate::plan::wrapped;
use crate::store::Event;
use crate::text::{last_day, plain};
use crate::why::{Account, ComesTo, InList, ListsNow, OnTarget, Relative, Said, Stands, why};

/// Tell why a domain is blocked, or is not: by which run, for which lists, and since when
///
/// Asks nobody: it tells what is remembered, and how old that is.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow why threads.net
  hedgerow why sub.bad.example --json")]
pub struct Args {
    /// Such as threads.net
    #[arg(value_parser = domain)]
    domain: Domain,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Told(Account);

impl Args {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        Reply::ok(Told(why(app, &self.domain).await?))
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Account { domain, targets, lists, exceptions, runs, events } = &self.0;
        writeln!(f, "{domain}")?;
        for target in targets {
            write!(f, "\nOn {}: ", plain(&target.target))?;
            on_target(f, target)?;
        }
        if targets.is_empty() {
            writeln!(f, "\nYou have signed in nowhere, so it is blocked nowhere by Hedgerow.")?;
        }
        if lists.is_empty() {
            writeln!(f, "\nNo list that you follow has ever named it.")?;
        } else {
            writeln!(f, "\nWhat lists say:")?;
        }
        for list in lists {
            in_list(f, list, domain)?;
        }
        for exception in exceptions {
            let below = if exception.subdomains { " and below" } else { "" };
            let on = exception.target.as_deref().unwrap_or("all targets");
            write!(
                f,
                "\nException {} for {}{below}, on {}",
                exception.id,
                exception.domain,
                plain(on)
            )?;
            if let Some(list) = &exception.list {
                write!(f, ", only against {}", plain(list))?;
            }
            if let Some(until) = exception.until {
                write!(f, ", until {}", last_day(until))?;
            }
            let reason = exception.reason.as_deref().map(plain);
            writeln!(f, "{}", reason.map_or_else(String::new, |reason| format!(": {reason}")))?;
        }
        if !runs.is_empty() {
            writeln!(f, "\nRuns:")?;
        }
        for deed in runs {
            let day = deed.at.format("%Y-%m-%d %H:%M");
            let lists = if deed.lists.is_empty() {
                String::new()
            } else {
                format!(" for {}", plain(&deed.lists))
            };
            let (run, mode, action, status) =
                (deed.run, plain(&deed.mode), deed.action, deed.status);
            writeln!(
                f,
                "  {day}  run {run} ({mode}) on {}: {action}, {status}{lists}",
                plain(&deed.target)
            )?;
        }
        // What runs did stands above.
        let decided: Vec<&Event> = events.iter().filter(|event| event.run.is_none()).collect();
        if !decided.is_empty() {
            writeln!(f, "\nPeople:")?;
        }
        for event in decided {
            let day = event.at.format("%Y-%m-%d %H:%M");
            let on = event
                .target
                .as_deref()
                .map_or_else(String::new, |name| format!(" on {}", plain(name)));
            writeln!(f, "  {day}  {}{on}, {}", event.kind, plain(&event.actor))?;
        }
        Ok(())
    }
}

fn on_target(f: &mut fmt::Formatter<'_>, target: &OnTarget) -> fmt::Result {
    let as_of = target
        .as_of
        .map_or_else(String::new, |at| format!(" (as of {})", at.format("%Y-%m-%d %H:%M")));
    match target.stands {
        Stands::Unknown => writeln!(f, "not known; nothing was read there yet")?,
        Stands::NotBlocked => writeln!(f, "not blocked{as_of}")?,
        Stands::Blocked => {
            let how = target
                .rule
                .as_ref()
                .map_or_else(|| "blocked".to_owned(), |rule| rule.severity.to_string());
            writeln!(f, "{how}{as_of}")?;
        }
    }
    match target.owner {
        Some(Owner::Person) => writeln!(f, "  It is your own; no list changes it.")?,
        Some(Owner::Hedgerow) => {
            let since = target
                .since
                .map_or_else(String::new, |at| format!(" since {}", at.format("%Y-%m-%d")));
            let run = target.run.map_or_else(String::new, |run| format!(", last by run {run}"));
            writeln!(f, "  Put there by Hedgerow{since}{run}, for:")?;
            for claim in &target.claims {
                let less = claim.less_since.map_or_else(String::new, |at| {
                    format!("; it asks for less since {}", at.format("%Y-%m-%d"))
                });
                let once = if claim.once { ", applied once" } else { "" };
                let (list, severity) = (plain(&claim.list), claim.word.severity);
                writeln!(
                    f,
                    "    {list}: {severity}, since {}{once}{less}",
                    claim.since.format("%Y-%m-%d")
                )?;
            }
            if let Some(before) = &target.before {
                writeln!(f, "  It stands over your own: {}", before.severity)?;
            }
        }
        None => {}
    }
    if let Some(now) = &target.lists_now {
        lists_now(f, now, target.level)?;
    }
    if let Some(turned) = &target.turned_down {
        let how = match turned.why {
            Turned::Said => "you turned it down",
            Turned::Lifted => "it was lifted by hand",
            Turned::Undone => "you took it back",
            Turned::Expired => "its last day came",
        };
        writeln!(
            f,
            "  Not suggested: {how} ({}), until a list says more.",
            turned.at.format("%Y-%m-%d")
        )?;
    }
    if let Some(at) = target.expires_at {
        writeln!(f, "  Its last day is {}.", last_day(at))?;
    }
    if let Some(at) = target.review_at {
        writeln!(f, "  To be looked at again on {}.", at.format("%Y-%m-%d"))?;
    }
    let names = |relatives: &[Relative]| {
        let name = |relative: &Relative| {
            let severity = relative.severity.map_or_else(String::new, |s| format!(" ({s})"));
            format!("{}{severity}", plain(&relative.domain))
        };
        relatives.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    if !target.above.is_empty() {
        let reaches = match target.level {
            Level::Instance => "which reaches it",
            Level::Account => "which does not reach it on an account",
        };
        writeln!(f, "  Blocked above it: {}, {reaches}.", names(&target.above))?;
    }
    if !target.below.is_empty() {
        writeln!(f, "  Blocked below it: {}.", names(&target.below))?;
    }
    Ok(())
}

/// What the lists say now, one by one, and what that comes to.
fn lists_now(f: &mut fmt::Formatter<'_>, now: &ListsNow, level: Level) -> fmt::Result {
    let voice = |said: &Said| {
        let says = said.says.map_or("a block", |severity| severity.as_str());
        let taken = match said.taken_as {
            None => ", not heard".to_owned(),
            Some(taken) if level == Level::Instance && Some(taken) != said.says => {
                format!(", taken as {taken}")
            }
            Some(_) => String::new(),
        };
        let weight =
            if said.weight == 1 { String::new() } else { format!(", weight {}", said.weight) };
        format!("{} says {says}{taken}{weight}", plain(&said.list))
    };
    let voices: Vec<String> = now.voices.iter().map(voice).collect();
    let enough = now.agreement.map_or_else(String::new, |it| format!(", where it takes {it}"));
    let comes_to = match now.comes_to {
        ComesTo::Block { .. } if level == Level::Account => "a block".to_owned(),
        ComesTo::Block { severity } => severity.to_string(),
        ComesTo::TooFew { have, need } => format!("nothing: {have} of {need}"),
        ComesTo::Nothing => "nothing".to_owned(),
    };
    let says = format!("  Its lists come to {comes_to}{enough}: {}.", voices.join("; "));
    writeln!(f, "{}", wrapped(&says, "  "))
}

fn in_list(f: &mut fmt::Formatter<'_>, list: &InList, domain: &Domain) -> fmt::Result {
    let name = if list.names == *domain { String::new() } else { format!(" names {}", list.names) };
    let followed = if list.followed_by.is_empty() {
        "no target follows it".to_owned()
    } else {
        format!("followed by {}", plain(&list.followed_by.join(", ")))
    };
    writeln!(f, "  {}{name} ({followed})", plain(&list.list))?;
    for span in list.spans.iter().rev() {
        let severity = span.severity.map_or_else(|| "no severity".to_owned(), |s| s.to_string());
        let until =
            span.until.map_or_else(|| "now".to_owned(), |at| at.format("%Y-%m-%d").to_string());
        let reason = span
            .reason
            .as_deref()
            .map_or_else(String::new, |reason| format!(": {}", plain(reason)));
        writeln!(f, "    {} to {until}  {severity}{reason}", span.from.format("%Y-%m-%d"))?;
    }
    Ok(())
}
