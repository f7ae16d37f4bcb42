//! Errors of the verbs that have words of their own here, where those of the command line would
//! name what to type, or not fit a page.

use std::error::Error;

use axum::http::StatusCode;

use super::{Fault, not_given_back, told};
use crate::follow::FollowError;
use crate::gather::NameError;
use crate::target::TargetError;
use crate::text::{count, people, plain};
use crate::verb::dates::DateError;
use crate::verb::lists::add::AddError;
use crate::verb::lists::stop::OthersFollow;
use crate::verb::ownership::OwnershipError;
use crate::verb::refollow::RefollowError;
use crate::verb::subscribe::SubscribeError;
use crate::web::words;

/// What a page says, if it is one of them.
pub(super) fn words(cause: &(dyn Error + 'static)) -> Option<Fault> {
    if let Some(error) = cause.downcast_ref::<FollowError>() {
        return followed(error);
    }
    if let Some(error) = cause.downcast_ref::<AddError>() {
        return added(error);
    }
    if let Some(error) = cause.downcast_ref::<RefollowError>() {
        return refollowed(error);
    }
    if let Some(OthersFollow { list, others }) = cause.downcast_ref() {
        return Some(Fault::conflict(format!(
            "Other people follow {list} here, with {}. Nothing was changed. Look at the page again; \
             it says what that means.",
            count(others.targets, "target")
        )));
    }
    if let Some(OwnershipError::NotRead) = cause.downcast_ref() {
        let says = OwnershipError::NotRead.to_string();
        return Some(Fault::told(StatusCode::CONFLICT, "That did not work yet", says));
    }
    let says = subscribed(cause).or_else(|| dated(cause)).or_else(|| owned(cause));
    says.or_else(|| named(cause)).map(Fault::input)
}

fn subscribed(cause: &(dyn Error + 'static)) -> Option<String> {
    Some(match cause.downcast_ref::<SubscribeError>()? {
        SubscribeError::NotFollowed(list) => format!(
            "A target follows lists that you follow, so that each version is kept and looked at. \
             Follow the list {} first.",
            plain(list)
        ),
        SubscribeError::NotSubscribed { target, list, follows } => {
            format!("{target} does not follow the list {}. It follows {follows}.", plain(list))
        }
    })
}

fn dated(cause: &(dyn Error + 'static)) -> Option<String> {
    Some(match cause.downcast_ref::<DateError>()? {
        DateError::NoDay => {
            "No day was given. Name its last day, a day to look again, or both.".to_owned()
        }
        DateError::NoSuchDay => "There is no such day.".to_owned(),
        DateError::Over => {
            "That day is over. To lift the block now, lift it on the server.".to_owned()
        }
        DateError::NoDate { domain, target } => {
            format!("The block of {domain} has no date on {target}.")
        }
    })
}

fn owned(cause: &(dyn Error + 'static)) -> Option<String> {
    let error = cause.downcast_ref::<OwnershipError>()?;
    if let OwnershipError::NotAsked { domain, target } = error {
        return Some(format!(
            "{domain} is no block of your own that a list of {target} asks for. Nothing was changed."
        ));
    }
    Some(words::told(&error.to_string()))
}

/// What is wrong with a list that is to be followed, or followed in another way.
fn added(error: &AddError) -> Option<Fault> {
    match error {
        AddError::Source(error) => told(error),
        AddError::Follow(error) => followed(error),
        AddError::Store(error) => told(error),
        AddError::Password => {
            Some(Fault::input("The address has a password in it, which would be kept in the open."))
        }
        input => Some(Fault::input(words::sentence(&words::told(&input.to_string())))),
    }
}

fn named(cause: &(dyn Error + 'static)) -> Option<String> {
    Some(match cause.downcast_ref::<NameError>()? {
        NameError::Near { name, near } => format!(
            "There is no list \u{201c}{}\u{201d}. Did you mean {near}, which you follow?",
            plain(name)
        ),
        NameError::NotFollowed(name) => {
            format!("You do not follow the list {name}. Read about it, and follow it first.")
        }
    })
}

/// What is so about a list. Where the database is at fault, only the log tells.
fn followed(error: &FollowError) -> Option<Fault> {
    Some(match error {
        FollowError::Store(error) => return told(error),
        FollowError::Settings(_) => return None,
        FollowError::NoVersion { .. } => Fault::Missing,
        FollowError::Source(error) => Fault::input(words::told(&error.to_string())),
        FollowError::Secret(error) => Fault::input(words::told(&error.to_string())),
        FollowError::NotYours(list) => Fault::input(format!(
            "The list {list} is followed by whoever runs this Hedgerow, who alone decides about \
             it. To decide for yourself, follow its address as a list of your own."
        )),
        FollowError::Unreadable { name, error } => Fault::input(format!(
            "The list {name} is not followed: {}",
            words::told(&error.to_string())
        )),
        FollowError::Damaged { name, error } => Fault::input(format!(
            "The version of the list {name} that is in force can no longer be read, so nothing was \
             done with it: {}. Stop following the list, then follow it again.",
            words::told(&error.to_string()).trim_end_matches('.')
        )),
        FollowError::Unsigned { name, why } => Fault::input(format!(
            "The list {name} is not followed: its signature does not hold ({}).",
            words::told(why)
        )),
        FollowError::NothingHeld(name) => Fault::conflict(format!(
            "No version of the list {name} is held, so there is nothing to decide."
        )),
        FollowError::NotThatOne => Fault::conflict(
            "The version that you looked at does not wait for a decision any more. Look at the \
             list again.",
        ),
        FollowError::Unacceptable { name, concern } => Fault::conflict(format!(
            "The held version of the list {name} cannot come into force: {}. Reject it. If the list \
             has moved, stop following it and follow its new address.",
            words::told(&concern.to_string()).trim_end_matches('.')
        )),
    })
}

fn refollowed(error: &RefollowError) -> Option<Fault> {
    match error {
        RefollowError::SignIn(error) => told(error),
        RefollowError::Other(error) => Fault::of(error),
        RefollowError::Kept { failed, at, .. } => {
            let fault = refollowed(failed).unwrap_or_else(|| {
                let says = "People could not be followed again. Whoever runs this server finds the \
                            cause in its log.";
                Fault::told(StatusCode::INTERNAL_SERVER_ERROR, "Something is broken here", says)
            });
            Some(fault.and(&not_given_back(at)))
        }
        RefollowError::SomebodyElse { account, target } => Some(Fault::input(format!(
            "Your browser is signed in to that server as {}, and this run was on {target}. Sign in \
             there as the right account, then press \u{201c}Follow \u{2026} again\u{201d} on the \
             page of the run once more. Nobody was followed.",
            plain(account)
        ))),
        RefollowError::Interrupted { so_far, source } => {
            let far = match *so_far {
                0 => "Nobody is followed again yet".to_owned(),
                1 => "1 person is followed again".to_owned(),
                more => format!("{} are followed again", people(more)),
            };
            let (status, then) = match source {
                TargetError::Stopped => (StatusCode::CONFLICT, "it was stopped".to_owned()),
                other => {
                    let says = words::told(&other.to_string());
                    let says = format!("the server did not help: {}", says.trim_end_matches('.'));
                    (StatusCode::BAD_GATEWAY, says)
                }
            };
            let says = format!(
                "{far}. Then {then}. Press \u{201c}Follow \u{2026} again\u{201d} on the page of the \
                 run for the rest."
            );
            Some(Fault::told(status, "Not everybody is followed again", says))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Domain;
    use crate::follow::guard::Concern;
    use crate::list::ReadError;

    #[test]
    fn what_the_command_line_would_have_typed_is_said_in_other_words() {
        let domain = || Domain::from_stored("bad.example").unwrap();
        let name = || "garden".to_owned();
        let unavailable = || TargetError::Unavailable("It is away; see `hedgerow doctor`.".into());
        let errors: Vec<anyhow::Error> = vec![
            SubscribeError::NotFollowed(name()).into(),
            SubscribeError::NotSubscribed {
                target: "me@home.example".into(),
                list: name(),
                follows: "no list".into(),
            }
            .into(),
            DateError::NoDay.into(),
            DateError::NoSuchDay.into(),
            DateError::Over.into(),
            DateError::NoDate { domain: domain(), target: name() }.into(),
            OwnershipError::NotAsked { domain: domain(), target: "home.example".into() }.into(),
            OwnershipError::NotHedgerows { name: name(), target: "home.example".into() }.into(),
            NameError::Near { name: name(), near: name() }.into(),
            NameError::NotFollowed(name()).into(),
            FollowError::NotYours(name()).into(),
            FollowError::Unreadable { name: name(), error: ReadError::Empty }.into(),
            FollowError::Damaged { name: name(), error: ReadError::NoRows }.into(),
            FollowError::Unsigned { name: name(), why: "another key".into() }.into(),
            FollowError::NothingHeld(name()).into(),
            FollowError::NotThatOne.into(),
            OwnershipError::NotRead.into(),
            OwnershipError::FollowsNothing.into(),
            AddError::Password.into(),
            AddError::Name("a b".to_owned()).into(),
            AddError::NameOfBundled(name()).into(),
            FollowError::Unacceptable { name: name(), concern: Concern::WebPage }.into(),
            RefollowError::Interrupted { so_far: 0, source: unavailable() }.into(),
            RefollowError::Interrupted { so_far: 2, source: TargetError::Stopped }.into(),
        ];
        let says: Vec<String> = errors
            .iter()
            .map(|error| match Fault::of(error) {
                Some(Fault::Told { says, .. }) => says,
                other => format!("{error:?}: {other:?}"),
            })
            .collect();
        for says in &says {
            assert!(!["`", "hedgerow ", "--"].iter().any(|it| says.contains(it)), "{says}");
            assert!(says.ends_with(['.', '?']) && !says.contains(".."), "{says}");
        }
        insta::assert_snapshot!(says.join("\n"));
    }
}
