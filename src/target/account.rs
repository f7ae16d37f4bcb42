//! One person's domain blocks on a Mastodon server: `/api/v1/domain_blocks`.
//!
//! The domain is sent in canonical form, always: the server stores a normalised name but
//! severs follows by the raw one, so that a block of `Example.COM` is stored and does
//! nothing (`app/controllers/api/v1/domain_blocks_controller.rb`, 3.5 to 4.7).

mod cuts;

use std::sync::Arc;

use async_trait::async_trait;
use compact_str::CompactString;
use hashbrown::HashSet;
use reqwest::Method;

use super::{
    Capabilities, MASTODON_BUDGET, Matching, Target, TargetError, TargetRef, Writes, Written,
};
use crate::block::{Block, Level, State};
use crate::domain::Domain;
use crate::impact::Impact;
use crate::mastodon::client::Api;
use crate::mastodon::peers;
use crate::plan::Change;

const PATH: &str = "/api/v1/domain_blocks";

/// `BLOCK_LIMIT * 2` in every version.
const PAGE: usize = 200;

pub struct Account {
    identity: TargetRef,
    api: Arc<Api>,
}

impl Account {
    pub fn new(identity: TargetRef, api: Arc<Api>) -> Self {
        Account { identity, api }
    }
}

#[async_trait]
impl Target for Account {
    fn identity(&self) -> &TargetRef {
        &self.identity
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            level: Level::Account,
            rules: false,
            matching: Matching::ExactHost,
            nested: true,
            writes: Writes::Single,
            page_size: PAGE,
            budget: Some(MASTODON_BUDGET),
        }
    }

    async fn read(&self) -> Result<State, TargetError> {
        let mut first = self.api.url(PATH);
        first.query_pairs_mut().append_pair("limit", &self.capabilities().page_size.to_string());
        let mut seen: HashSet<CompactString> = HashSet::new();
        self.api
            .pages(first, "blocked domains", |names: Vec<CompactString>| {
                Ok(names.into_iter().filter(|name| seen.insert(name.clone())).count())
            })
            .await?;
        let block = |name| Block { name, rule: None, id: None, created_at: None };
        let blocks = seen.into_iter().map(block).collect();
        Ok(State::new(Level::Account, self.api.clock().now(), blocks))
    }

    async fn write(&self, changes: &[Change], _: &State) -> Result<Written, TargetError> {
        for change in changes {
            let (method, mut url) = match change {
                Change::Add { .. } | Change::Update { .. } => (Method::POST, self.api.url(PATH)),
                Change::Remove { .. } => (Method::DELETE, self.api.url(PATH)),
            };
            let name = change.name();
            let form = [("domain", name)];
            let answer = if method == Method::DELETE {
                // Proxies may drop the body of a DELETE; a query is read by every version.
                url.query_pairs_mut().append_pair("domain", name);
                self.api.send(method, url, &[]).await?
            } else {
                self.api.send(method, url, &form).await?
            };
            if !answer.status.is_success() {
                return Err(TargetError::Refused(format!(
                    "{} refused {name}: {}",
                    self.api.host(),
                    answer.complaint()
                )));
            }
        }
        Ok(Written::Done)
    }

    async fn impact(&self, domains: &[Domain]) -> Result<Impact, TargetError> {
        cuts::of(&self.api, domains).await
    }

    async fn known_below(&self, domains: &[Domain]) -> Result<Vec<Domain>, TargetError> {
        peers::below(&self.api, domains).await
    }

    fn outlook(&self, writes: usize) -> Option<std::time::Duration> {
        self.api.outlook(writes)
    }
}
