//! Why a page could not be shown, for whoever asked for it.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::{page, words};
use crate::app::OpenError;
use crate::apply::ApplyError;
use crate::backup::BackupError;
use crate::desk::DeskError;
use crate::fetch::FetchError;
use crate::follow::FollowError;
use crate::gather::AllHidden;
use crate::gather::NameError;
use crate::keep::FollowsNothing;
use crate::mastodon::discovery::{AddressError, DiscoveryError};
use crate::mastodon::oauth::OAuthError;
use crate::plan::PlanFileError;
use crate::publish::PublishError;
use crate::secret::SecretError;
use crate::source::{DocumentError, SourceError};
use crate::store::StoreError;
use crate::target::TargetError;
use crate::verb::dates::DateError;
use crate::verb::exceptions::ExceptionError;
use crate::verb::lists::stop::OthersFollow;
use crate::verb::ownership::OwnershipError;
use crate::verb::publish::PublishingError;
use crate::verb::refollow::RefollowError;
use crate::verb::restore::RestoreError;
use crate::verb::subscribe::SubscribeError;
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
        Fault::Told { status, title: title.to_owned(), says: says.into() }
    }

    /// Another page that is open has done it already, or the ground has shifted.
    pub fn conflict(says: impl Into<String>) -> Fault {
        Fault::told(StatusCode::CONFLICT, "Something has changed meanwhile", says)
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
            _ => None,
        };
    }
    if let Some(error) = cause.downcast_ref::<RestoreError>() {
        return match error {
            RestoreError::NoSuchBackup(_) => Some(Fault::Missing),
            RestoreError::OtherLevel { .. } => Some(Fault::input(words(error))),
            _ => None,
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
                "The backup's file is damaged, so nothing was done with it. Use another backup.",
            ),
        });
    }
    if let Some(StoreError::Taken(_) | StoreError::NameTaken { .. }) = cause.downcast_ref() {
        return Some(Fault::input(words(cause)));
    }
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
    if let Some(error) = cause.downcast_ref::<OpenError>() {
        return Some(match error {
            OpenError::Unknown(_) => Fault::Missing,
            OpenError::File | OpenError::Private(_) => Fault::input(words(error)),
        });
    }
    if let Some(error) = cause.downcast_ref::<ApplyError>() {
        return match error {
            ApplyError::Store(_) | ApplyError::Backup(_) | ApplyError::Lock { .. } => None,
            other => Some(Fault::conflict(words(other))),
        };
    }
    if let Some(error) = cause.downcast_ref::<FollowError>() {
        return followed(error);
    }
    if let Some(error) = cause.downcast_ref::<RefollowError>() {
        return refollowing(error);
    }
    if let Some(OthersFollow { list, others }) = cause.downcast_ref() {
        return Some(Fault::conflict(format!(
            "Other people follow {list} here, with {}. Nothing was changed. Look at the page again; \
             it says what that means.",
            crate::text::count(others.targets, "target")
        )));
    }
    told_as_it_is(cause)
}

/// What went wrong with following people again.
fn refollowing(error: &RefollowError) -> Option<Fault> {
    match error {
        RefollowError::SomebodyElse { .. } => Some(Fault::input(words::told(&error.to_string()))),
        RefollowError::Interrupted { so_far, source } => {
            let far = crate::text::people(*so_far);
            told(source).map(|fault| fault.and(&format!("You follow {far} of them again so far.")))
        }
        RefollowError::Kept { failed, at, .. } => {
            let fault = refollowing(failed).unwrap_or_else(|| {
                let says = "People could not be followed again. Whoever runs this server finds the \
                            cause in its log.";
                Fault::told(StatusCode::INTERNAL_SERVER_ERROR, "Something is broken here", says)
            });
            Some(fault.and(&not_given_back(at)))
        }
        RefollowError::SignIn(error) => told(error),
        RefollowError::Other(_) => None,
    }
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
        || cause.is::<DateError>()
        || cause.is::<OwnershipError>()
        || cause.is::<SubscribeError>()
        || cause.is::<SourceError>()
        || cause.is::<SecretError>()
        || cause.is::<NameError>()
        || cause.is::<PlanFileError>();
    input.then(|| Fault::input(words))
}

/// What is wrong with something that is to be published, or with a token.
fn publishing(cause: &(dyn std::error::Error + 'static)) -> Option<Fault> {
    if let Some(error) = cause.downcast_ref::<PublishingError>() {
        return match error {
            PublishingError::Store(error) => told(error),
            PublishingError::Chance(_) | PublishingError::Other(_) => None,
            input => Some(Fault::input(input.to_string())),
        };
    }
    if let Some(error) = cause.downcast_ref::<TokenError>() {
        return match error {
            TokenError::Store(error) => told(error),
            TokenError::Chance(_) | TokenError::Other(_) => None,
            input => Some(Fault::input(input.to_string())),
        };
    }
    let nothing = cause.downcast_ref::<PublishError>()?;
    Some(Fault::conflict(nothing.to_string()))
}

/// What is so about a list. Where the database is at fault, only the log tells.
fn followed(error: &FollowError) -> Option<Fault> {
    let words = words::told(&error.to_string());
    match error {
        FollowError::Store(StoreError::Missing { .. }) | FollowError::NoVersion { .. } => {
            Some(Fault::Missing)
        }
        FollowError::NothingHeld(_) | FollowError::Unacceptable { .. } => {
            Some(Fault::conflict(words))
        }
        FollowError::Store(StoreError::Taken(_))
        | FollowError::Source(_)
        | FollowError::Secret(_)
        | FollowError::NotYours(_)
        | FollowError::Unreadable { .. }
        | FollowError::Damaged { .. }
        | FollowError::Unsigned { .. } => Some(Fault::input(words)),
        FollowError::Store(_) | FollowError::Settings(_) => None,
    }
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
