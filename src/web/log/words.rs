//! What happened, in words.

use serde_json::Value;

use crate::policy::Terms;
use crate::store::{Event, EventKind};
use crate::text::{count, fit, last_day, plain};
use crate::web::words;

/// Of a stranger's words, in columns.
const LONGEST: usize = 300;

/// Each kind of event by itself, to choose from.
pub const fn kind(kind: EventKind) -> &'static str {
    match kind {
        EventKind::SignedIn => "connected",
        EventKind::SignedOut => "signed out",
        EventKind::Subscribed => "list followed on a target, or its terms changed",
        EventKind::Unsubscribed => "list no longer followed on a target",
        EventKind::Policy => "policy changed",
        EventKind::Excepted => "exception made",
        EventKind::ExceptionEnded => "exception ended",
        EventKind::Dismissed => "suggestion turned down",
        EventKind::Undismissed => "may be suggested again",
        EventKind::Adopted => "block handed to lists",
        EventKind::Released => "block made a person\u{2019}s own",
        EventKind::Dated => "dates set",
        EventKind::Undated => "dates taken back",
        EventKind::LiftedByHand => "Hedgerow\u{2019}s block lifted by hand",
        EventKind::ChangedByHand => "Hedgerow\u{2019}s block changed by hand",
        EventKind::LiftedOwn => "own block lifted by hand",
        EventKind::ListFollowed => "list followed",
        EventKind::ListLeft => "list no longer followed",
        EventKind::ListAccepted => "held version of a list accepted",
        EventKind::ListRejected => "held version of a list rejected",
        EventKind::ListChanged => "new version of a list",
        EventKind::ListHeld => "version of a list held",
        EventKind::RunBegun => "run begun",
        EventKind::RunResumed => "run resumed",
        EventKind::RunFinished => "run ended",
        EventKind::RunAbandoned => "run given up",
        EventKind::Overridden => "guard let go of",
        EventKind::Blocked => "blocked",
        EventKind::Changed => "block changed",
        EventKind::Lifted => "block lifted",
        EventKind::Refused => "refused by the server",
        EventKind::LeftAlone => "left alone",
        EventKind::Refollowed => "followed again",
        EventKind::Waiting => "waits for a person",
        EventKind::TokenMade => "token made",
        EventKind::TokenEnded => "token ended",
        EventKind::Published => "published",
        EventKind::Republished => "publication changed",
        EventKind::Unpublished => "no longer published",
        EventKind::Reset => "name given to another",
    }
}

/// What happened, in a sentence that needs no more than what stands beside it: who, when,
/// where, and in which run.
pub fn says(event: &Event) -> String {
    let about = |text: &Option<String>| plain(text.as_deref().unwrap_or("?")).into_owned();
    let (domain, list) = (about(&event.domain), about(&event.list));
    let word = |name: &str| said(&event.detail, name);
    match event.kind {
        EventKind::SignedIn => match word("account") {
            Some(account) => format!("Connected as {account}"),
            None => "Connected".to_owned(),
        },
        EventKind::SignedOut => "Signed out".to_owned(),
        EventKind::Subscribed => {
            let terms = serde_json::from_value::<Terms>(event.detail["terms"].clone());
            let how = terms.map(|terms| format!(". {}", words::terms(&terms))).unwrap_or_default();
            format!("Follows the list {list}{how}")
        }
        EventKind::Unsubscribed => {
            let kept = event.detail["kept"] == true;
            let blocks = if kept { "; blocks that stood for it alone are kept" } else { "" };
            format!("Follows the list {list} no longer{blocks}")
        }
        EventKind::Policy => "Changed what the lists come to together".to_owned(),
        EventKind::Excepted => excepted(event, &domain),
        EventKind::ExceptionEnded => format!("Ended the exception for {domain}"),
        EventKind::Dismissed => format!("Turned {domain} down"),
        EventKind::Undismissed => format!("Let {domain} be suggested again"),
        EventKind::Adopted => format!("Let lists have the block of {domain}"),
        EventKind::Released => format!("Made the block of {domain} a person\u{2019}s own"),
        EventKind::Dated => dated(event, &domain),
        EventKind::Undated => format!("Took the dates of {domain} back"),
        EventKind::LiftedByHand => {
            format!(
                "Hedgerow\u{2019}s block of {domain} was lifted by hand; this is when it was seen"
            )
        }
        EventKind::ChangedByHand => {
            format!(
                "Hedgerow\u{2019}s block of {domain} was changed by hand; this is when it was seen"
            )
        }
        EventKind::LiftedOwn => {
            format!("A person\u{2019}s own block of {domain} was lifted; this is when it was seen")
        }
        EventKind::ListFollowed => format!("Began to follow the list {list}"),
        EventKind::ListLeft => format!("Stopped following the list {list}"),
        EventKind::ListAccepted => format!("Accepted the held version of {list}"),
        EventKind::ListRejected => format!("Rejected the held version of {list}"),
        EventKind::ListChanged => changed(event, &list),
        EventKind::ListHeld => format!("A new version of {list} is held until somebody decides"),
        EventKind::RunBegun => {
            let steps = event.detail["steps"].as_u64().and_then(|n| usize::try_from(n).ok());
            steps.map_or_else(
                || "Began a run".to_owned(),
                |steps| format!("Began a run of {}", count(steps, "change")),
            )
        }
        EventKind::RunResumed => "Went on with the run".to_owned(),
        EventKind::RunFinished => ended(event),
        EventKind::RunAbandoned => "Gave the run up; what it had done stays".to_owned(),
        EventKind::Overridden => match (word("guard"), &event.domain) {
            (Some(guard), _) => {
                let title = guard.parse().map_or(guard.as_str(), |guard| words::guard(guard).0);
                format!("Let go of the guard \u{201c}{title}\u{201d}")
            }
            (None, _) => format!("Said yes to {domain} by name"),
        },
        EventKind::Blocked => format!("Blocked {domain}{}", for_list(event)),
        EventKind::Changed => format!("Changed the block of {domain}{}", for_list(event)),
        EventKind::Lifted => format!("Lifted the block of {domain}{}", for_list(event)),
        EventKind::Refused => format!("The server refused: {domain}{}", because(event)),
        EventKind::LeftAlone => format!("Left {domain} alone{}", because(event)),
        EventKind::Refollowed => match (word("account"), word("became").as_deref()) {
            (Some(account), Some("following")) => format!("Followed {account} again"),
            (Some(account), Some("requested")) => format!("Asked to follow {account} again"),
            (Some(account), Some(why)) => format!("Could not follow {account} again: {why}"),
            _ => "Followed somebody again".to_owned(),
        },
        EventKind::Waiting => {
            let rows = event.detail["rows"].as_u64().and_then(|n| usize::try_from(n).ok());
            match rows.unwrap_or(0) {
                0 => "Nothing waits for a person any more".to_owned(),
                1 => "1 change waits for a person".to_owned(),
                rows => format!("{rows} changes wait for a person"),
            }
        }
        EventKind::TokenMade => named("Made the token", word("token")),
        EventKind::TokenEnded => named("Ended the token", word("token")),
        EventKind::Published => named("Published", word("title")),
        EventKind::Republished => named("Changed what is published as", word("title")),
        EventKind::Unpublished => named("Ended the publication", word("title")),
        EventKind::Reset => {
            "The name is another account\u{2019}s or server\u{2019}s now; what was \
                             remembered of the one before is forgotten"
                .to_owned()
        }
    }
}

/// A word of an event's detail, as it may be shown.
fn said(detail: &Value, name: &str) -> Option<String> {
    let text = detail.get(name)?.as_str()?;
    Some(fit(&plain(text), LONGEST)).filter(|text| !text.is_empty())
}

fn named(deed: &str, name: Option<String>) -> String {
    name.map_or_else(|| deed.to_owned(), |name| format!("{deed} \u{201c}{name}\u{201d}"))
}

fn because(event: &Event) -> String {
    let why = said(&event.detail, "error").or_else(|| said(&event.detail, "why"));
    why.map_or_else(String::new, |why| format!(" ({})", words::told(&why)))
}

fn for_list(event: &Event) -> String {
    let lists = said(&event.detail, "lists")
        .or_else(|| event.list.as_deref().map(|list| plain(list).into_owned()));
    lists.map_or_else(String::new, |lists| format!(", for {lists}"))
}

fn excepted(event: &Event, domain: &str) -> String {
    let below = if event.detail["subdomains"] == true { " and what is below it" } else { "" };
    let mut text = match &event.list {
        Some(list) => format!("Does not hear what {} says of {domain}{below}", plain(list)),
        None => format!("Made an exception: no list blocks {domain}{below}"),
    };
    if let Some(until) = moment(&event.detail["until"]) {
        text += &format!(", until {}", last_day(until));
    }
    text + &said(&event.detail, "reason").map_or_else(String::new, |why| format!(": {why}"))
}

fn dated(event: &Event, domain: &str) -> String {
    let mut days = Vec::new();
    if let Some(at) = moment(&event.detail["expires"]) {
        days.push(format!("its last day is {}", last_day(at)));
    }
    if let Some(at) = moment(&event.detail["review"]) {
        days.push(format!("to be looked at again on {}", at.format("%Y-%m-%d")));
    }
    days.extend(said(&event.detail, "reason"));
    format!("Set dates for the block of {domain}: {}", days.join("; "))
}

fn changed(event: &Event, list: &str) -> String {
    let number = |name: &str| event.detail.get(name).and_then(Value::as_u64);
    match (number("added"), number("removed"), number("regraded")) {
        (Some(added), Some(removed), Some(regraded)) => {
            format!("A new version of {list}: {added} added, {removed} dropped, {regraded} changed")
        }
        _ => format!("A new version of {list}"),
    }
}

fn ended(event: &Event) -> String {
    let verified = event.detail["verified"].as_bool();
    let how = match (event.detail["ending"].as_str(), verified) {
        (Some("stopped"), _) => "The run was interrupted",
        (_, Some(true)) => "The run ended, and the server was read again and is as planned",
        (_, Some(false)) => "The run ended, and the server is not as planned",
        _ => "The run ended",
    };
    let why = said(&event.detail, "message").map(|why| words::told(&why));
    why.map_or_else(|| how.to_owned(), |why| format!("{how}: {why}"))
}

fn moment(value: &Value) -> Option<chrono::DateTime<chrono::Utc>> {
    value.as_str()?.parse().ok()
}
