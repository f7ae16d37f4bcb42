//! Why a source is not a list.
//!
//! Whoever reads one of these has probably just tried to protect themselves and now sees
//! an error: each says what the file is, that nothing was done, and what to try next.

use super::{Format, Problem};
use crate::text::{count, fit, plain};

/// How many problems an error repeats. All of them would bury its own words.
const SHOWN: usize = 3;
/// How many problems go with the error about a list that has nothing else.
const KEPT: usize = 10;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("the list is empty, so there is nothing to do and nothing was changed")]
    Empty,
    #[error(
        "the list is well-formed and has not a single row. That is how a publisher\u{2019}s fault looks, so it \
         is not taken as a wish to lift every block. Nothing was changed; try again later or use \
         the last good copy"
    )]
    NoRows,
    #[error("{}", no_entries(*.rows, .problems))]
    NoEntries {
        rows: usize,
        /// The first ones only.
        problems: Vec<Problem>,
    },
    #[error(
        "this is a web page, not a list{}",
        if *.github {
            ". On GitHub, open the file, press \"Raw\" and use the address of the page that opens"
        } else {
            "; the address may be wrong, or the list may have moved. Open it in a browser and look \
             for the address of the list itself"
        }
    )]
    Html { github: bool },
    #[error("{}", json(.says.as_deref()))]
    Json {
        /// The server's own words, where it answered with an error.
        says: Option<String>,
    },
    #[error(
        "this is JSON that is damaged or ends too early: line {line} cannot be read. Nothing was \
         changed; load the list again"
    )]
    BrokenJson { line: u32 },
    #[error("this is {what}, not a list of servers to block. Nothing was changed; {next}")]
    NotItself {
        what: &'static str,
        /// What to do instead.
        next: &'static str,
    },
    #[error(
        "this cannot be read as {format}: the part in which the servers stand is missing. Nothing \
         was changed; leave the format away, and the content decides"
    )]
    NotThisFormat { format: Format },
    #[error("{0}")]
    NotText(NotText),
    #[error(
        "the list has more than {limit} rows, which no blocklist has. Nothing was changed; check \
         that this is the file you meant"
    )]
    TooManyRows { limit: usize },
    #[error(
        "the list is too large to be read as {format}: at most {} MB can be. Nothing was changed; \
         look for the same list as CSV or plain text", .limit >> 20
    )]
    TooLarge {
        format: Format,
        /// In bytes.
        limit: usize,
    },
    #[error(
        "the list is damaged: from line {line} on it cannot be read as {format}. A part of a list \
         would look like one that lifts blocks, so nothing was changed. Get the file again, or \
         tell its author"
    )]
    Damaged { format: Format, line: u32 },
    #[error(
        "this is a list of accounts, not of servers. Importing it would block the servers of the \
         people on it, perhaps of the people you follow. Nothing was changed; look for the file \
         of blocked domains"
    )]
    FollowList,
    #[error("this is {what}, not a list of servers to block. Nothing was changed")]
    OtherExport { what: &'static str },
    #[error(
        "this is an allowlist: it names servers that are not to be blocked. Blocking them would do \
         the opposite of what it is for, so nothing was changed. It can be used with --allow-list: \
         then no list blocks the servers on it"
    )]
    Allowlist,
    #[error(
        "this is a list of retractions: it names the servers that a list has let go. Blocking them \
         would do the opposite of what it is for, so nothing was changed. It can be used with \
         --allow-list: then no list blocks the servers on it. If they are meant to be blocked \
         after all, add a column \"severity\""
    )]
    Retractions,
    #[error(
        "this is a count of how many lists name each domain, not a list of blocks. Look for the \
         list that was made from it"
    )]
    Audit,
}

/// What bytes are when they are not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    #[error(
        "the file is very large and not written in UTF-8; save it again and choose the type \
         \"CSV UTF-8\""
    )]
    Foreign,
    #[error(
        "this is a spreadsheet or an archive, not a text file; open it and save the table as \
         \"CSV UTF-8\""
    )]
    Zip,
    #[error("this is a compressed file; unpack it first")]
    Gzip,
    #[error("this is not a text file; a list is saved as \"CSV UTF-8\" or plain text")]
    Binary,
}

impl ReadError {
    pub(super) fn no_entries(rows: usize, mut problems: Vec<Problem>) -> ReadError {
        problems.truncate(KEPT);
        ReadError::NoEntries { rows, problems }
    }
}

fn no_entries(rows: usize, problems: &[Problem]) -> String {
    if rows == 0 {
        return "there are only comments in it, and no domain; nothing was changed".to_owned();
    }
    let shown = problems.iter().take(SHOWN).map(|problem| {
        let value = fit(&plain(&problem.value), 60);
        format!("\n  line {}: {value:?}: {}", problem.line, problem.why)
    });
    format!(
        "no domain in it can be used ({} looked at){}\nNothing was changed. Check that this is \
         the file you meant",
        count(rows, "row"),
        shown.collect::<String>()
    )
}

fn json(says: Option<&str>) -> String {
    match says {
        Some(says) => format!(
            "the server answered with an error instead of a list: {:?}. Nothing was changed",
            fit(&plain(says), 160)
        ),
        None => "this is JSON of a kind that is not known. Known are the block lists of Mastodon, \
                 GoToSocial, Pleroma, Misskey, Lemmy, Mbin, PieFed, Pixelfed and PeerTube, and those \
                 of Fediseer, FIRES, RapidBlock, BookWyrm and chaos.social. Nothing was changed; look \
                 for the list in one of these forms, or as CSV or plain text"
            .to_owned(),
    }
}
