//! Any server as a list: what it publishes of its own blocks.
//!
//! The software is found by nodeinfo, and each is asked at the address where it publishes
//! them. What comes back is a document in the software's own shape, which the readers of
//! lists understand; several pages are put together into one such document.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use url::Url;

use crate::fetch::{Answer, FetchError, Fetched, Fetcher, Request, Validators};
use crate::list::Format;
use crate::mastodon::discovery::is_loopback;
use crate::nodeinfo::{Index, NodeInfo};
use crate::text::{fit, plain};

/// The most pages that are read of one server.
const MOST_PAGES: usize = 1000;
/// A page of Misskey's, the longest it gives.
const PAGE: usize = 100;
/// What all pages of one server take at most.
const PAGES_LIMIT: usize = 16 << 20;
/// A nodeinfo document; Pleroma puts its whole list into it.
const NODEINFO_LIMIT: usize = 8 << 20;

const DOMAIN_BLOCKS: &str = "/api/v1/instance/domain_blocks";

/// What a server publishes, and what it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceAnswer {
    /// The name in its nodeinfo, in lower case.
    pub software: String,
    pub answer: Answer,
}

#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(
        "this server runs {software} and does not show its list to the public. Ask its admins for \
         a copy, or choose another list"
    )]
    Hidden { software: String },
    #[error("this server runs {software}, which publishes no list of its blocks")]
    NoList { software: String },
    #[error(
        "no fediverse server that publishes its blocks answers here. Check the name: it is the \
         part of a handle after the last @, such as mastodon.social"
    )]
    Unknown,
    #[error("this server says that it is really {0}; use that name")]
    Elsewhere(String),
    #[error("the server's answer is not what {software} says there. Nothing was changed")]
    Odd { software: String },
    #[error("the server's list goes on without end, so it was not used")]
    Endless,
}

/// Reads what the server of that name publishes. `validators` count where a single request
/// tells everything.
pub async fn read(
    fetcher: &Fetcher,
    host: &str,
    validators: &Validators,
) -> Result<InstanceAnswer, InstanceError> {
    let https = Url::parse(&format!("https://{host}/")).map_err(|_| InstanceError::Unknown)?;
    // A server on this machine is one that somebody is trying out.
    let http = Url::parse(&format!("http://{host}/")).map_err(|_| InstanceError::Unknown)?;
    let base = if is_loopback(&https) { http } else { https };
    let mut server = Server { fetcher, base, validators, software: "unknown software".to_owned() };
    let nodeinfo = server.nodeinfo().await?;
    let answer = server.list(nodeinfo).await?;
    Ok(InstanceAnswer { software: server.software, answer })
}

struct Server<'a> {
    fetcher: &'a Fetcher,
    base: Url,
    validators: &'a Validators,
    software: String,
}

impl Server<'_> {
    /// The nodeinfo document, and from it what the server runs.
    async fn nodeinfo(&mut self) -> Result<Option<Fetched>, InstanceError> {
        let Some(index) = self.get_if_there("/.well-known/nodeinfo").await? else {
            return Ok(None);
        };
        // A domain that only has people's handles sends on to the server behind it.
        self.base = index.url;
        self.base.set_query(None);
        let Ok(index) = serde_json::from_slice::<Index>(&index.bytes) else { return Ok(None) };
        let Some(link) = index.document().and_then(|link| self.base.join(link).ok()) else {
            return Ok(None);
        };
        // A server on this machine knows itself by its public name.
        if link.host() != self.base.host() && !is_loopback(&self.base) {
            let name = link.host_str().unwrap_or_default();
            return Err(InstanceError::Elsewhere(fit(&plain(name), 80)));
        }
        let document = self.get_if_there(link.path()).await?;
        let read = |document: &Fetched| serde_json::from_slice::<NodeInfo>(&document.bytes).ok();
        if let Some(info) = document.as_ref().and_then(read) {
            self.software = fit(&plain(&info.software.name), 40).to_lowercase();
        }
        Ok(document)
    }

    async fn list(&self, nodeinfo: Option<Fetched>) -> Result<Answer, InstanceError> {
        match self.software.as_str() {
            "pleroma" | "akkoma" => self.pleroma(nodeinfo).await,
            "lemmy" => self.lemmy().await,
            "mbin" | "kbin" => self.shown("/api/defederated").await,
            "peertube" => self.peertube().await,
            "friendica" => self.shown("/blocklist/domain/download").await,
            "misskey" | "sharkey" | "firefish" | "calckey" | "iceshrimp" | "foundkey"
            | "cherrypick" | "catodon" | "magnetar" => self.misskey().await,
            "pixelfed" | "bookwyrm" | "takahe" | "writefreely" | "mobilizon" | "funkwhale"
            | "owncast" | "wordpress" | "ghost" | "nodebb" | "discourse" | "hubzilla" | "snac" => {
                Err(InstanceError::NoList { software: self.software.clone() })
            }
            // Mastodon and its forks, GoToSocial, PieFed, Mitra; and whoever imitates them.
            _ => match (self.shown(DOMAIN_BLOCKS).await, nodeinfo) {
                (Err(InstanceError::Hidden { .. }), None) => Err(InstanceError::Unknown),
                // A fork of Pleroma under another name.
                (Err(InstanceError::Hidden { .. }), Some(info)) if has_policies(&info.bytes) => {
                    Ok(unmarked(info))
                }
                (shown, _) => shown,
            },
        }
    }

    /// Newer Pleroma has the common endpoint, older and Akkoma say it in their nodeinfo.
    async fn pleroma(&self, nodeinfo: Option<Fetched>) -> Result<Answer, InstanceError> {
        match self.shown(DOMAIN_BLOCKS).await {
            Ok(Answer::Fetched(fetched)) if fetched.bytes.trim_ascii_start().starts_with(b"[") => {
                return Ok(Answer::Fetched(fetched));
            }
            Ok(Answer::Unchanged) => return Ok(Answer::Unchanged),
            Ok(Answer::Fetched(_)) | Err(InstanceError::Hidden { .. }) => {}
            Err(error) => return Err(error),
        }
        let hidden = || InstanceError::Hidden { software: self.software.clone() };
        nodeinfo.map(unmarked).ok_or_else(hidden)
    }

    /// 0.19 tells everything at once, 1.0 page by page.
    async fn lemmy(&self) -> Result<Answer, InstanceError> {
        match self.shown("/api/v3/federated_instances").await {
            Err(InstanceError::Hidden { .. }) => {}
            shown => return shown,
        }
        let mut servers = Vec::new();
        let mut size = 0;
        let mut cursor: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut url = self.at("/api/v4/federated_instances");
            url.query_pairs_mut().append_pair("kind", "blocked").append_pair("limit", "50");
            if let Some(cursor) = &cursor {
                url.query_pairs_mut().append_pair("page_cursor", cursor);
            }
            let mut page = self.json(&Request::get(url), &mut size).await?;
            let next = page["next_page"].as_str().map(str::to_owned);
            let Some(items) = page["items"].as_array_mut() else { return Err(self.odd()) };
            servers.append(items);
            if next.is_none() || next == cursor {
                return Ok(self.put_together(&json!({ "items": servers })));
            }
            cursor = next;
        }
        Err(InstanceError::Endless)
    }

    async fn peertube(&self) -> Result<Answer, InstanceError> {
        match self.shown("/api/v1/server/blocklist/public-log").await {
            // The plugin that came before the public log.
            Err(InstanceError::Hidden { .. }) => {
                self.shown("/plugins/auto-mute/router/api/v1/mute-list").await
            }
            shown => shown,
        }
    }

    /// The servers that are blocked and those that are silenced, each asked page by page.
    async fn misskey(&self) -> Result<Answer, InstanceError> {
        let mut hosts: BTreeMap<String, (bool, bool)> = BTreeMap::new();
        let mut size = 0;
        for asked in ["blocked", "silenced"] {
            let mut seen = 0;
            loop {
                let mut request = Request::get(self.at("/api/federation/instances"));
                request.json = Some(json!({ asked: true, "limit": PAGE, "offset": seen }));
                let page = self.json(&request, &mut size).await?;
                let Some(page) = page.as_array() else { return Err(self.odd()) };
                for server in page {
                    let is = |flag: &str| server[flag] == true;
                    let (blocked, silenced) = (is("isBlocked"), is("isSilenced"));
                    // Whoever does not understand the question answers with every server
                    // that it knows.
                    let (Some(host), true) = (server["host"].as_str(), blocked || silenced) else {
                        return Err(self.odd());
                    };
                    let known = hosts.entry(host.to_owned()).or_default();
                    *known = (known.0 || blocked, known.1 || silenced);
                }
                seen += page.len();
                if page.len() < PAGE {
                    break;
                }
                if seen > MOST_PAGES * PAGE {
                    return Err(InstanceError::Endless);
                }
            }
        }
        let row = |(host, (blocked, silenced)): (String, (bool, bool))| json!({ "host": host, "isBlocked": blocked, "isSilenced": silenced });
        Ok(self.put_together(&hosts.into_iter().map(row).collect()))
    }

    /// What stands at a path for everybody to see.
    async fn shown(&self, path: &str) -> Result<Answer, InstanceError> {
        let request =
            Request { validators: self.validators.clone(), ..Request::get(self.at(path)) };
        self.fetcher.fetch(&request).await.map_err(|error| self.hidden(error))
    }

    /// One page as JSON; `size` counts what all of them take.
    async fn json(&self, request: &Request, size: &mut usize) -> Result<Value, InstanceError> {
        let answer = self.fetcher.fetch(request).await.map_err(|error| self.hidden(error))?;
        let Answer::Fetched(page) = answer else { return Err(self.odd()) };
        *size += page.bytes.len();
        if *size > self.fetcher.limit().min(PAGES_LIMIT) {
            return Err(InstanceError::Endless);
        }
        serde_json::from_slice(&page.bytes).map_err(|_| self.odd())
    }

    async fn get_if_there(&self, path: &str) -> Result<Option<Fetched>, InstanceError> {
        let request = Request { limit: NODEINFO_LIMIT, ..Request::get(self.at(path)) };
        match self.fetcher.fetch(&request).await {
            Ok(Answer::Fetched(fetched)) => Ok(Some(fetched)),
            Ok(Answer::Unchanged)
            | Err(FetchError::NotFound | FetchError::Denied(_) | FetchError::Status(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn put_together(&self, document: &Value) -> Answer {
        let bytes = format!("{document:#}\n").into_bytes();
        let validators = Validators::default();
        Answer::Fetched(Fetched { bytes, validators, url: self.base.clone() })
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }

    fn hidden(&self, error: FetchError) -> InstanceError {
        match error {
            FetchError::NotFound | FetchError::Denied(_) => {
                InstanceError::Hidden { software: self.software.clone() }
            }
            error => error.into(),
        }
    }

    fn odd(&self) -> InstanceError {
        InstanceError::Odd { software: self.software.clone() }
    }
}

/// Whether a nodeinfo document says whom the server blocks.
fn has_policies(nodeinfo: &[u8]) -> bool {
    crate::list::read(nodeinfo).is_ok_and(|list| list.format == Format::PleromaNodeinfo)
}

/// What was not read at the address that is asked the next time has no marks for it.
fn unmarked(fetched: Fetched) -> Answer {
    Answer::Fetched(Fetched { validators: Validators::default(), ..fetched })
}

#[cfg(test)]
mod tests;
