//! Whom an account follows and who follows it: `/api/v1/accounts/:id/following` and
//! `/followers`.

use hashbrown::HashSet;
use reqwest::Method;
use serde::Deserialize;

use super::client::{Api, Pages};
use crate::target::TargetError;

/// `DEFAULT_ACCOUNTS_LIMIT * 2` (`app/controllers/api/base_controller.rb`).
const PAGE: usize = 80;

/// The account of the token, as far as this matters here.
#[derive(Deserialize)]
pub struct Me {
    id: Id,
    #[serde(default, rename = "following_count")]
    following: usize,
    #[serde(default, rename = "followers_count")]
    followers: usize,
}

/// One row of a list.
#[derive(Deserialize)]
pub struct Row {
    id: Id,
    pub acct: String,
}

/// A string in Mastodon; imitators send a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Following,
    Followers,
}

impl Id {
    fn text(&self) -> String {
        match self {
            Id::Text(text) => text.clone(),
            Id::Number(number) => number.to_string(),
        }
    }
}

impl Row {
    pub fn id(&self) -> String {
        self.id.text()
    }
}

impl Me {
    /// How many pages both lists have, by the counts that the server keeps.
    pub fn pages(&self) -> usize {
        let pages = |rows: usize| rows.div_ceil(PAGE).max(1);
        pages(self.following) + pages(self.followers)
    }
}

/// Whose token it is, or nothing if it may not ask.
pub async fn me(api: &Api) -> Result<Option<Me>, TargetError> {
    let url = api.url("/api/v1/accounts/verify_credentials");
    match api.ask(Method::GET, url, &[]).await {
        Ok(answer) if answer.status.is_success() => Ok(answer.json("your account").ok()),
        Ok(_) | Err(TargetError::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads one of the lists, if the token may and it has no more than `most` pages.
pub async fn list(
    api: &Api,
    me: &Me,
    side: Side,
    most: usize,
    mut take: impl FnMut(Row),
) -> Result<Pages, TargetError> {
    let name = match side {
        Side::Following => "following",
        Side::Followers => "followers",
    };
    let Some(path) = path(&me.id.text(), name) else { return Ok(Pages::NotAllowed) };
    let mut first = api.url(&path);
    first.query_pairs_mut().append_pair("limit", &PAGE.to_string());
    let mut seen: HashSet<String> = HashSet::new();
    api.pages_if_allowed(first, "followed accounts", most, |rows: Vec<Row>| {
        let mut new = 0;
        for row in rows {
            if seen.insert(row.id()) {
                new += 1;
                take(row);
            }
        }
        Ok(new)
    })
    .await
}

/// The address of what belongs to an account. An id that is none must not lead elsewhere.
pub(super) fn path(id: &str, what: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (!id.is_empty() && id.chars().all(plain)).then(|| format!("/api/v1/accounts/{id}/{what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_list_is_one_page_at_least() {
        for (following, followers, pages) in [(0, 0, 2), (80, 81, 3), (170, 1, 4)] {
            let text = format!(
                r#"{{"id":"1","following_count":{following},"followers_count":{followers}}}"#
            );
            let me: Me = serde_json::from_str(&text).unwrap();
            assert_eq!(me.pages(), pages, "{text}");
        }
        assert_eq!(serde_json::from_str::<Me>(r#"{"id":7}"#).unwrap().id.text(), "7");
    }

    #[test]
    fn an_id_cannot_lead_to_another_address() {
        assert_eq!(path("12", "follow").unwrap(), "/api/v1/accounts/12/follow");
        for id in ["", "../statuses", "1/2", "1?x", "%2e", "1\u{e9}"] {
            assert_eq!(path(id, "follow"), None, "{id:?}");
        }
    }
}
