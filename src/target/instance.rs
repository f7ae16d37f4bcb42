//! A Mastodon server's own domain blocks: `/api/v1/admin/domain_blocks`, since 4.0.
//!
//! A server carries a block out again at every edit, changed or not, and an edit by
//! DELETE and POST would start over with everything. So only fields that differ are sent,
//! by PUT, and only if any differ.

mod cuts;

use std::sync::Arc;

use async_trait::async_trait;
use compact_str::CompactString;
use hashbrown::HashMap;
use reqwest::{Method, StatusCode};
use serde::Deserialize;

use super::{
    Capabilities, MASTODON_BUDGET, Matching, Target, TargetError, TargetRef, Writes, Written,
};
use crate::block::{Block, Level, Rule, Severity, State};
use crate::domain::Domain;
use crate::impact::Impact;
use crate::mastodon::client::{Answer, Api};
use crate::mastodon::peers;
use crate::plan::Change;

const PATH: &str = "/api/v1/admin/domain_blocks";

/// What 4.3 and later grant; older servers make 200 of it by themselves.
const PAGE: usize = 500;

pub struct Instance {
    identity: TargetRef,
    api: Arc<Api>,
    nested: bool,
}

impl Instance {
    /// `nested` tells whether the server takes a stricter block of a subdomain while a
    /// block of its parent stands; Mastodon does since 4.2.9.
    pub fn new(identity: TargetRef, api: Arc<Api>, nested: bool) -> Self {
        Instance { identity, api, nested }
    }

    async fn add(&self, domain: &Domain, rule: &Rule) -> Result<Written, TargetError> {
        let flag = |on: bool| if on { "true" } else { "false" };
        let mut form = vec![
            ("domain", domain.as_str()),
            ("severity", rule.severity.as_str()),
            ("reject_media", flag(rule.reject_media)),
            ("reject_reports", flag(rule.reject_reports)),
            ("obfuscate", flag(rule.obfuscate)),
        ];
        form.extend(rule.public_comment.as_deref().map(|text| ("public_comment", text)));
        form.extend(rule.private_comment.as_deref().map(|text| ("private_comment", text)));
        let answer = self.api.send(Method::POST, self.api.url(PATH), &form).await?;
        if answer.status.is_success() {
            return self.confirmed(&answer, domain.as_str());
        }
        match answer.json::<Conflict>("an error") {
            Ok(Conflict { existing_domain_block: existing }) => self.settle(domain, rule, existing),
            Err(_) => Err(self.refused(domain.as_str(), &answer)),
        }
    }

    /// A 422 that names an existing block. Its text speaks of "stricter limits" whatever
    /// the existing block is, so the block itself is looked at.
    fn settle(&self, domain: &Domain, rule: &Rule, existing: Row) -> Result<Written, TargetError> {
        let existing = existing.into_block()?;
        let Some(there) = existing.rule else { return Ok(Written::AlreadySo) };
        if existing.name == domain.as_str() {
            if there == *rule {
                return Ok(Written::AlreadySo);
            }
            return Ok(Written::LeftAlone(format!(
                "somebody has blocked {domain} meanwhile, with other settings"
            )));
        }
        let parent = crate::text::plain(&existing.name).into_owned();
        if there.covers(rule) {
            return Ok(Written::LeftAlone(format!("the block of {parent} covers {domain} now")));
        }
        Err(TargetError::Refused(format!(
            "{} takes no block of {domain} while {parent} is blocked",
            self.api.host()
        )))
    }

    async fn update(
        &self,
        domain: &Domain,
        before: &Rule,
        after: &Rule,
        current: &State,
    ) -> Result<Written, TargetError> {
        let Some(url) = self.row(domain.as_str(), current) else {
            return Ok(Written::LeftAlone(format!("the block of {domain} was lifted meanwhile")));
        };
        let flag = |on: bool| if on { "true" } else { "false" };
        let mut form = Vec::new();
        let mut differs = |name, was: &str, is: &'_ str| {
            if was != is {
                form.push((name, is.to_owned()));
            }
        };
        differs("severity", before.severity.as_str(), after.severity.as_str());
        differs("reject_media", flag(before.reject_media), flag(after.reject_media));
        differs("reject_reports", flag(before.reject_reports), flag(after.reject_reports));
        differs("obfuscate", flag(before.obfuscate), flag(after.obfuscate));
        let text = |comment: &Option<CompactString>| comment.clone().unwrap_or_default();
        differs("public_comment", &text(&before.public_comment), &text(&after.public_comment));
        differs("private_comment", &text(&before.private_comment), &text(&after.private_comment));
        let form: Vec<(&str, &str)> =
            form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        if form.is_empty() {
            return Ok(Written::AlreadySo);
        }
        let answer = self.api.send(Method::PUT, url, &form).await?;
        match answer.status {
            StatusCode::NOT_FOUND => {
                Ok(Written::LeftAlone(format!("the block of {domain} was lifted meanwhile")))
            }
            status if status.is_success() => self.confirmed(&answer, domain.as_str()),
            _ => Err(self.refused(domain.as_str(), &answer)),
        }
    }

    async fn remove(&self, name: &str, current: &State) -> Result<Written, TargetError> {
        let Some(url) = self.row(name, current) else { return Ok(Written::AlreadySo) };
        let answer = self.api.send(Method::DELETE, url, &[]).await?;
        match answer.status {
            // The answer to an earlier attempt was lost, or somebody was quicker.
            StatusCode::NOT_FOUND => Ok(Written::AlreadySo),
            status if status.is_success() => Ok(Written::Done),
            _ => Err(self.refused(name, &answer)),
        }
    }

    fn row(&self, name: &str, current: &State) -> Option<url::Url> {
        let id = current.find(name)?.id.as_ref()?;
        let mut url = self.api.url(PATH);
        url.path_segments_mut().ok()?.push(id);
        Some(url)
    }

    /// A server that accepts everything and does nothing gives itself away here.
    fn confirmed(&self, answer: &Answer, name: &str) -> Result<Written, TargetError> {
        let row: Row = answer.json("the block that was set")?;
        if row.domain == name {
            return Ok(Written::Done);
        }
        Err(TargetError::Refused(format!(
            "{} answered for {} when asked to block {name}",
            self.api.host(),
            crate::text::plain(&row.domain)
        )))
    }

    fn refused(&self, name: &str, answer: &Answer) -> TargetError {
        let name = crate::text::plain(name);
        TargetError::Refused(format!("{} refused {name}: {}", self.api.host(), answer.complaint()))
    }
}

#[async_trait]
impl Target for Instance {
    fn identity(&self) -> &TargetRef {
        &self.identity
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            level: Level::Instance,
            rules: true,
            matching: Matching::WithSubdomains,
            nested: self.nested,
            writes: Writes::Single,
            page_size: PAGE,
            budget: Some(MASTODON_BUDGET),
        }
    }

    async fn read(&self) -> Result<State, TargetError> {
        let mut first = self.api.url(PATH);
        first.query_pairs_mut().append_pair("limit", &self.capabilities().page_size.to_string());
        let mut seen: HashMap<CompactString, Block> = HashMap::new();
        self.api
            .pages(first, "blocked domains", |rows: Vec<Row>| {
                let mut new = 0;
                for row in rows {
                    let block = row.into_block()?;
                    new += usize::from(seen.insert(block.name.clone(), block).is_none());
                }
                Ok(new)
            })
            .await?;
        let blocks = seen.into_values().collect();
        Ok(State::new(Level::Instance, self.api.clock().now(), blocks))
    }

    async fn write(&self, changes: &[Change], current: &State) -> Result<Written, TargetError> {
        let mut written = Written::AlreadySo;
        for change in changes {
            written = match change {
                Change::Add { domain, rule: Some(rule) } => self.add(domain, rule).await?,
                Change::Add { domain, rule: None } => {
                    return Err(TargetError::Refused(format!("{domain}: no severity is planned")));
                }
                Change::Update { domain, before, after } => {
                    self.update(domain, before, after, current).await?
                }
                Change::Remove { name, .. } => self.remove(name, current).await?,
            };
        }
        Ok(written)
    }

    async fn impact(&self, domains: &[Domain]) -> Result<Impact, TargetError> {
        // Whoever takes a block below another is new enough to count below a domain.
        cuts::of(&self.api, domains, self.nested).await
    }

    async fn known_below(&self, domains: &[Domain]) -> Result<Vec<Domain>, TargetError> {
        peers::below(&self.api, domains).await
    }

    fn outlook(&self, writes: usize) -> Option<std::time::Duration> {
        self.api.outlook(writes)
    }
}

/// `serializers/rest/admin/domain_block_serializer.rb`.
#[derive(Deserialize)]
struct Row {
    /// A string in Mastodon; imitators send a number.
    id: serde_json::Value,
    domain: CompactString,
    severity: String,
    #[serde(default)]
    reject_media: bool,
    #[serde(default)]
    reject_reports: bool,
    #[serde(default)]
    obfuscate: bool,
    public_comment: Option<CompactString>,
    private_comment: Option<CompactString>,
    created_at: Option<CompactString>,
}

#[derive(Deserialize)]
struct Conflict {
    existing_domain_block: Row,
}

impl Row {
    fn into_block(self) -> Result<Block, TargetError> {
        let severity = match self.severity.as_str() {
            "noop" => Severity::Noop,
            "silence" => Severity::Silence,
            "suspend" => Severity::Suspend,
            other => {
                return Err(TargetError::Fatal(format!(
                    "The server has a block with the severity {:?}, which this version of Hedgerow \
                     does not know. Nothing was changed.",
                    crate::text::plain(other)
                )));
            }
        };
        let said = |comment: Option<CompactString>| comment.filter(|text| !text.is_empty());
        let id = match self.id {
            serde_json::Value::String(id) => id.into(),
            other => CompactString::from(other.to_string()),
        };
        Ok(Block {
            name: self.domain,
            rule: Some(Rule {
                severity,
                reject_media: self.reject_media,
                reject_reports: self.reject_reports,
                obfuscate: self.obfuscate,
                public_comment: said(self.public_comment),
                private_comment: said(self.private_comment),
            }),
            id: Some(id),
            created_at: self.created_at,
        })
    }
}
