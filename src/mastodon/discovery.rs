//! What stands behind a server's name: which software, which version, which scopes.
//!
//! Nothing that a person typed is trusted to be a Mastodon server, and nothing that a
//! server says moves the sign-in to another one. Other software imitates this API well
//! enough to be signed in to and badly enough to lose blocks, so it is refused by name.

mod address;

use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::version::Version;
use super::wire::{self, Answer, Trouble, at, host};
use crate::nodeinfo::{Index, NodeInfo, Software};
use crate::text::{fit, plain};

pub use address::{AddressError, is_loopback, parse_server, server_of_handle};

/// What nodeinfo calls Mastodon and the forks that kept its API.
const MASTODONS: [&str; 3] = ["mastodon", "hometown", "glitch"];
const REDIRECTS: usize = 3;

#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    #[error(transparent)]
    Trouble(#[from] Trouble),
    #[error(
        "{host} runs {software}. This version of Hedgerow signs in to Mastodon only. You can \
         still make a list for it: see hedgerow --help"
    )]
    NotMastodon { host: String, software: String },
    #[error(
        "No fediverse server answers at {host}. Check the name: it is the part of your handle \
         after the last @, such as mastodon.social"
    )]
    NoServer { host: String },
    #[error(
        "{host} says that its version is {version:?}, which Hedgerow cannot read. Please report \
         this."
    )]
    Version { host: String, version: String },
}

/// A server that can be signed in to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerInfo {
    /// Where its API is.
    pub base: Url,
    /// The domain in its handles, which need not be the host of `base`.
    pub domain: String,
    pub software: String,
    pub version: Version,
    /// The version in the server's own words.
    pub version_text: String,
    /// `api_versions.mastodon`, since 4.3.
    pub api_version: Option<u32>,
    /// Since 4.3.
    pub scopes_supported: Option<Vec<String>>,
}

impl ServerInfo {
    /// Whether an instance's blocks can be managed with a token, which 4.0 began.
    pub fn has_admin_blocks(&self) -> bool {
        self.version.at_least(4, 0)
    }
}

/// `/api/v2/instance`, or `/api/v1/instance` with its older word for the domain.
#[derive(Deserialize)]
struct Instance {
    domain: Option<String>,
    uri: Option<String>,
    version: String,
    #[serde(default)]
    api_versions: ApiVersions,
}

#[derive(Deserialize, Default)]
struct ApiVersions {
    mastodon: Option<u32>,
}

#[derive(Deserialize)]
struct OAuthMetadata {
    scopes_supported: Option<Vec<String>>,
}

/// Asks a server what it is.
pub async fn discover(client: &Client, base: &Url) -> Result<ServerInfo, DiscoveryError> {
    let host = host(base);
    let software = nodeinfo(client, base).await?;
    if let Some(software) = &software {
        let name = software.name.to_ascii_lowercase();
        if !MASTODONS.contains(&name.as_str()) {
            return Err(DiscoveryError::NotMastodon { host, software: short(&software.name) });
        }
    }
    let (instance, private) = instance(client, base).await?;
    let (domain, version_text, api_version) = match (instance, &software) {
        (Some(it), _) => {
            let domain = it.domain.or(it.uri).as_deref().and_then(own_domain);
            (domain, it.version, it.api_versions.mastodon)
        }
        // Before 4.4, a server in limited federation shows this to nobody. It is still
        // known to be Mastodon, and its handles nearly always have its host's name.
        (None, Some(software)) if private => (None, software.version.clone(), None),
        (None, _) => return Err(DiscoveryError::NoServer { host }),
    };
    if let Some((_, imitator)) = version_text.split_once("compatible;") {
        let software = short(imitator.trim_matches([' ', ')']));
        return Err(DiscoveryError::NotMastodon { host, software });
    }
    let version_text = short(&version_text);
    let Some(version) = Version::parse(&version_text) else {
        return Err(DiscoveryError::Version { host, version: version_text });
    };
    let metadata: Option<OAuthMetadata> =
        read(&get(client, at(base, "/.well-known/oauth-authorization-server")).await?);
    Ok(ServerInfo {
        base: at(base, "/"),
        domain: domain.unwrap_or_else(|| wire::bare_host(base)),
        software: software.map_or_else(|| "mastodon".to_owned(), |it| short(&it.name)),
        version,
        version_text,
        api_version,
        scopes_supported: metadata.and_then(|metadata| metadata.scopes_supported),
    })
}

/// What nodeinfo says, if the server has it.
async fn nodeinfo(client: &Client, base: &Url) -> Result<Option<Software>, Trouble> {
    let index = get(client, at(base, "/.well-known/nodeinfo")).await?;
    let index = read::<Index>(&index);
    let link = index.as_ref().and_then(Index::document);
    let Some(href) = link.and_then(|link| base.join(link).ok()) else { return Ok(None) };
    // A server on this machine knows itself by its public name. Any other that points
    // elsewhere is only the front door of the one it points to.
    let url = if href.origin() == base.origin() || is_loopback(base) {
        at(base, href.path())
    } else if href.has_host() && href.host() != base.host() {
        return Err(wire::moved(&host(base), &href));
    } else {
        at(base, href.path())
    };
    Ok(read::<NodeInfo>(&get(client, url).await?).map(|info| info.software))
}

/// What the server says about itself, and whether it says so to its members only.
async fn instance(client: &Client, base: &Url) -> Result<(Option<Instance>, bool), Trouble> {
    let answer = get(client, at(base, "/api/v2/instance")).await?;
    if let Some(instance) = read(&answer) {
        return Ok((Some(instance), false));
    }
    let old = get(client, at(base, "/api/v1/instance")).await?;
    let private =
        |answer: &Answer| matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
    Ok((read(&old), private(&answer) || private(&old)))
}

/// A `GET` that follows redirects within the same server only.
async fn get(client: &Client, mut url: Url) -> Result<Answer, Trouble> {
    for _ in 0..REDIRECTS {
        let request = client.get(url.clone()).header("accept", "application/json");
        let answer = wire::send(request, &url).await?;
        match answer.onward {
            Some(onward) => url = onward,
            None => return Ok(answer),
        }
    }
    Err(Trouble::Unusable { host: host(&url), why: "it redirects in a circle".to_owned() })
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Option<T> {
    (answer.status == StatusCode::OK).then(|| answer.json()).flatten()
}

/// The server's name for itself as a plain host; version 1 sometimes has it as a URL.
fn own_domain(text: &str) -> Option<String> {
    let bare = text.trim().split_once("://").map_or(text.trim(), |(_, rest)| rest);
    let url = Url::parse(&format!("https://{bare}")).ok()?;
    Some(wire::bare_host(&url)).filter(|host| !host.is_empty())
}

fn short(text: &str) -> String {
    fit(&plain(text), 60)
}

#[cfg(test)]
mod tests;
