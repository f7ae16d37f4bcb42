//! Following again whom a block has cut off: `POST /api/v1/accounts/:id/follow`.

use reqwest::Method;
use serde::Deserialize;

use super::client::Api;
use super::follows::path;
use crate::target::TargetError;

/// What became of one wish to follow somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refollow {
    Following,
    /// They approve their followers by hand, or their server has not answered yet.
    Requested,
    /// In the server's words, or in ours where it has none.
    Refused(String),
}

#[derive(Deserialize)]
struct Relationship {
    #[serde(default)]
    following: bool,
    #[serde(default)]
    requested: bool,
}

/// Follows an account that the server knows by this id. Doing it twice is safe.
///
/// A server refuses with 403 to follow somebody who has blocked one or whom one blocks
/// (`app/services/follow_service.rb`), so that is no reason to leave out the others. It also
/// lets nobody follow more than 400 accounts a day (`app/lib/rate_limiter.rb`).
pub async fn follow(api: &Api, id: &str) -> Result<Refollow, TargetError> {
    let Some(path) = path(id, "follow") else {
        return Ok(Refollow::Refused("the backup has no usable number of this account".to_owned()));
    };
    let answer = match api.ask(Method::POST, api.url(&path), &[]).await {
        Ok(answer) => answer,
        Err(TargetError::Refused(why)) => return Ok(Refollow::Refused(why)),
        Err(error) => return Err(error),
    };
    if !answer.status.is_success() {
        return Ok(Refollow::Refused(answer.complaint()));
    }
    let now: Relationship = answer.json("what is between you and an account")?;
    Ok(match now {
        Relationship { following: true, .. } => Refollow::Following,
        Relationship { requested: true, .. } => Refollow::Requested,
        _ => Refollow::Refused("the server took the wish and follows nobody".to_owned()),
    })
}
