//! Why a page could not be shown, for whoever asked for it.

mod own;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::{page, words};
use crate::app::OpenError;
use crate::apply::ApplyError;
use crate::backup::BackupError;
use crate::desk::{DecideError, DeskError};
use crate::fetch::FetchError;
use crate::gather::AllHidden;
use crate::keep::FollowsNothing;
use crate::mastodon::discovery::{AddressError, DiscoveryError};
use crate::mastodon::oauth::OAuthError;
use crate::plan::PlanFileError;
use crate::publish::PublishError;
use crate::secret::SecretError;
use crate::source::{DocumentError, SourceError};
use crate::store::StoreError;
use crate::target::TargetError;
use crate::verb::announce::AnnounceError;
use crate::verb::exceptions::ExceptionError;
use crate::verb::publish::PublishingError;
use crate::verb::restore::RestoreError;
use crate::verb::resume::ResumeError;
use crate::verb::token::TokenError;
use crate::verb::undo::UndoError;

#[derive(Debug)]
pub enum Fault {
    /// Not there, or somebody else's: nobody is told which.
    Missing,
    /// Something that the person can do something about.
    Told { status: StatusCode, title: String, says: String },
    /// The business of whoever runs this, and nobody else's.
    Broken(anyhow::Error),
}

/// What a page's handler gives.
pub type Answer = Result<Response, Fault>;

impl Fault {
    /// What was sent cannot be used as it is.
    pub fn input(says: impl Into<String>) -> Fault {
        Fault::told(StatusCode::UNPROCESSABLE_ENTITY, "That did not work yet", says)
    }

    pub fn told(status: StatusCode, title: &str, says: impl Into<String>) -> Fault {
        Fault::Told { status, title: title.to_owned(), says: words::sentence(&says.into()) }
    }

    /// Another page that is open has done it already, or the ground has shifted.
    pub fn conflict(says: impl Into<String>) -> Fault {
        Fault::told(StatusCode::CONFLICT, "Something has changed meanwhile", says)
    }

    /// Whether it was another server that did not help.
    pub fn is_another_servers(&self) -> bool {
        matches!(self, Fault::Told { status: StatusCode::BAD_GATEWAY, .. })
    }

    /// What to say above the form that was sent, with which the page comes back so that nothing
    /// is lost. What the person can do nothing about stays a page of its own.
    pub fn above_form(self) -> Result<(StatusCode, String), Fault> {
        match self {
            Fault::Told { status, says, .. } => Ok((status, says)),
            other => Err(other),
        }
    }

    /// Has more to say. What nobody is told stays so.
    #[must_use]
    pub fn and(self, more: &str) -> Fault {
        match self {
            Fault::Told { status, title, says } => {
                Fault::Told { status, title, says: format!("{says} {more}") }
            }
            other => other,
        }
    }
}

/// Errors whose words are for the person: those about their server, their list, their input.
/// Of all others only the log tells.
impl<E: Into<anyhow::Error>> From<E> for Fault {
    fn from(error: E) -> Fault {
        let error: anyhow::Error = error.into();
        Fault::of(&error).unwrap_or(Fault::Broken(error))
    }
}

impl Fault {
    /// What a person can be told of an error, if anything.
    pub fn of(error: &anyhow::Error) -> Option<Fault> {
        error.chain().find_map(told)
    }
}

/// Of an error that only passes another one on, the other one has to be told: its place in the
/// chain is taken.
fn told(cause: &(dyn std::error::Error + 'static)) -> Option<Fault> {
    let words = |error: &dyn std::fmt::Display| words::told(&error.to_string());
    if let Some(StoreError::Missing { .. }) = cause.downcast_ref() {
        return Some(Fault::Missing);
    }
    if let Some(fault) = publishing(cause) {
        return Some(fault);
    }
    if let Some(StoreError::Finished(_)) = cause.downcast_ref() {
        return Some(Fault::conflict("This run has already come to its end."));
    }
    if let Some(error) = cause.downcast_ref::<UndoError>() {
        return match error {
            UndoError::NoSuchRun(_) => Some(Fault::Missing),
            UndoError::Unfinished(_) => Some(Fault::conflict(
                "This run has not come to its end. Go on with it or give it up; then it can be \
                 taken back.",
            )),
            UndoError::OnlyAFile(_) | UndoError::AnotherAccount { .. } => {
                Some(Fault::input(words(error)))
            }
            UndoError::Target(error) => told(error),
            UndoError::Store(error) => told(error),
            UndoError::Other(error) => Fault::of(error),
            UndoError::Unreadable { .. } => None,
        };
    }
    if let Some(error) = cause.downcast_ref::<RestoreError>() {
        return match error {
            RestoreError::NoSuchBackup(_) => Some(Fault::Missing),
            RestoreError::OtherLevel { .. } => Some(Fault::input(words(error))),
            RestoreError::Backup(error) => told(error),
            RestoreError::Target(error) => told(error),
            RestoreError::Store(error) => told(error),
        };
    }
    if let Some(error) = cause.downcast_ref::<ResumeError>() {
        return match error {
            ResumeError::Apply(error) => told(error),
            ResumeError::Store(error) => told(error),
            ResumeError::Other(error) => Fault::of(error),
            ResumeError::Unreadable { .. } => None,
        };
    }
    if let Some(error) = cause.downcast_ref::<AnnounceError>() {
        return match error {
            AnnounceError::Store(error) => told(error),
            AnnounceError::Other(error) => Fault::of(error),
            AnnounceError::Unreadable { .. } => None,
        };
    }
    if let Some(error) = cause.downcast_ref::<BackupError>() {
        // Where it lies is nobody's business but that of whoever runs this.
        return Some(match error {
            BackupError::Io { .. } => Fault::told(
                StatusCode::NOT_FOUND,
                "The backup is not there",
                "Its file cannot be read. Whoever runs this server may know where it went. Another \
                 backup may do.",
            ),
            BackupError::NotABackup { .. } | BackupError::Damaged { .. } => Fault::input(
                "The backup\u{2019}s file is damaged, so nothing was done with it. Use another backup.",
            ),
        });
    }
    if let Some(StoreError::Taken(_) | StoreError::NameTaken { .. }) = cause.downcast_ref() {
        return Some(Fault::input(words(cause)));
    }
    if let Some(fault) = proposed(cause) {
        return Some(fault);
    }
    if let Some(error) = cause.downcast_ref::<OpenError>() {
        return Some(match error {
            OpenError::Unknown(_) => Fault::Missing,
            OpenError::File | OpenError::Private(_) => Fault::input(words(error)),
        });
    }
    if let Some(error) = cause.downcast_ref::<ApplyError>() {
        return match error {
            ApplyError::Target(error) => told(error),
            ApplyError::Store(error) => told(error),
            ApplyError::Lock { .. } => None,
            ApplyError::Backup(error) => {
                tracing::error!(%error, "a backup could not be written");
                Some(Fault::told(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "No backup was made",
                    "No backup could be written, so nothing was changed. Whoever runs this server \
                     finds the cause in its log.",
                ))
            }
            other => Some(Fault::conflict(words(other))),
        };
    }
    own::words(cause).or_else(|| told_as_it_is(cause))
}

/// What is so about a plan that waits, or about the work on its target.
fn proposed(cause: &(dyn std::error::Error + 'static)) -> Option<Fault> {
    let words = |error: &dyn std::fmt::Display| words::told(&error.to_string());
    if let Some(error) = cause.downcast_ref::<DeskError>() {
        return Some(match error {
            DeskError::Gone => Fault::Missing,
            DeskError::Closing => {
                let title = "Not right now";
                Fault::told(StatusCode::SERVICE_UNAVAILABLE, title, words(error))
            }
            DeskError::Cuts(..) => Fault::input(words(error)),
            DeskError::Busy
            | DeskError::Changed
            | DeskError::Taken(_)
            | DeskError::Nothing
            | DeskError::Outdated => Fault::conflict(words(error)),
        });
    }
    if let Some(error) = cause.downcast_ref::<DecideError>() {
        return Some(match error {
            DecideError::Replaced => Fault::conflict(words(error)),
            _ => Fault::input(words(error)),
        });
    }
    None
}

/// What to do about a right that a server was not made to forget.
pub fn not_given_back(at: &str) -> String {
    format!(
        "The right to follow people could not be given back to your server. Revoke it there \
         yourself: {at}"
    )
}

/// Errors whose own words are what a person can do something with.
fn told_as_it_is(cause: &(dyn std::error::Error + 'static)) -> Option<Fault> {
    let words = words::told(&cause.to_string());
    if let Some(TargetError::Stopped) = cause.downcast_ref() {
        let says = "It was stopped before it had changed anything.";
        return Some(Fault::told(StatusCode::CONFLICT, "Stopped", says));
    }
    let theirs = cause.is::<TargetError>()
        || cause.is::<OAuthError>()
        || cause.is::<DiscoveryError>()
        || cause.is::<FetchError>()
        || cause.is::<DocumentError>();
    if theirs {
        let title = "The other server did not help";
        return Some(Fault::told(StatusCode::BAD_GATEWAY, title, words));
    }
    if let Some(ExceptionError::NoSuchException(_)) = cause.downcast_ref() {
        return Some(Fault::Missing);
    }
    if cause.is::<FollowsNothing>() {
        let says = "It follows no lists yet. Follow one, or choose lists for this once.";
        return Some(Fault::input(says));
    }
    let input = cause.is::<AddressError>()
        || cause.is::<AllHidden>()
        || cause.is::<ExceptionError>()
        || cause.is::<SourceError>()
        || cause.is::<SecretError>()
        || cause.is::<PlanFileError>();
    input.then(|| Fault::input(words))
}

/// What is wrong with something that is to be published, or with a token.
fn publishing(cause: &(dyn std::error::Error + 'static)) -> Option<Fault> {
    if let Some(error) = cause.downcast_ref::<PublishingError>() {
        return match error {
            PublishingError::Store(error) => told(error),
            PublishingError::Other(error) => Fault::of(error),
            PublishingError::Chance(_) => None,
            input => Some(Fault::input(input.to_string())),
        };
    }
    if let Some(error) = cause.downcast_ref::<TokenError>() {
        return match error {
            TokenError::Store(error) => told(error),
            TokenError::Other(error) => Fault::of(error),
            TokenError::Chance(_) => None,
            input => Some(Fault::input(input.to_string())),
        };
    }
    let nothing = cause.downcast_ref::<PublishError>()?;
    Some(Fault::conflict(nothing.to_string()))
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        match self {
            Fault::Missing => page::not_found(),
            Fault::Told { status, title, says } => page::message(status, &title, &says),
            Fault::Broken(error) => {
                tracing::error!(error = format!("{error:#}"), "a page could not be made");
                page::broken()
            }
        }
    }
}
