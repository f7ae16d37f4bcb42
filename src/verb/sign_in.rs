//! Signing in to a server, finding out who somebody is, and signing out.
//!
//! A sign-in has two halves with a browser in between: [`begin`] gives the address to open,
//! and [`finish`] or [`identify`] takes the code that comes back. Whoever calls them opens
//! the store and the vault first: one that cannot be opened would waste the approval.

use anyhow::Result;
use reqwest::Client;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;
use url::{Position, Url};

use crate::app::App;
use crate::block::Level;
use crate::mastodon::discovery::ServerInfo;
use crate::mastodon::oauth::{
    self, Access, Granted, Identity, OAuthError, Pending, Server, refollow_scopes, with_impact,
};
use crate::store::{EventKind, NewEvent, NewTarget, TargetRow};

/// What a server is asked for.
#[derive(Debug, Clone)]
pub struct Asking {
    level: Level,
    scopes: Vec<&'static str>,
}

#[derive(Debug, thiserror::Error)]
pub enum AskingError {
    #[error(
        "{domain} runs {software} {version}, which has no way to change the server's blocks from \
         outside; Mastodon has it since 4.0. Use its CSV export instead: `hedgerow apply \
         domain_blocks.csv`."
    )]
    NoAdminBlocks { domain: String, software: String, version: String },
}

/// A target that was just signed in to.
#[derive(Debug, Serialize)]
pub struct SignedIn {
    pub target: String,
    pub level: Level,
    pub server: String,
    pub account: String,
    pub software: String,
    pub version: String,
    #[serde(skip)]
    pub lacks: Option<LacksFederation>,
}

/// A role without "Manage Federation". The sign-in is kept all the same: a permission can be
/// given later, and until then the server refuses everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LacksFederation {
    pub domain: String,
    pub role: Option<String>,
}

/// Who came back from the browser.
#[derive(Debug, Clone)]
pub struct Person {
    pub identity: Identity,
    /// `user@domain`, for people to read. The domain is the server's word about itself: any
    /// server can call itself by another's name.
    pub account: String,
    pub server: Server,
}

/// What became of the token at a sign-out.
#[derive(Debug)]
pub enum Told {
    Revoked,
    /// It was not made by Hedgerow and stays valid where it came from.
    NotOurs,
    /// The server could not be told; at this address a person can revoke it.
    ByHand {
        why: anyhow::Error,
        at: String,
    },
}

impl Asking {
    /// For managing blocks, or with [`Access::Identify`] only for knowing who it is.
    pub fn of(
        server: &ServerInfo,
        level: Level,
        access: Access,
        impact: bool,
    ) -> Result<Asking, AskingError> {
        if level == Level::Instance && !server.has_admin_blocks() {
            return Err(AskingError::NoAdminBlocks {
                domain: server.domain.clone(),
                software: server.software.clone(),
                version: server.version_text.clone(),
            });
        }
        let scopes = oauth::scopes(level, server, access);
        Ok(Asking { level, scopes: if impact { with_impact(scopes) } else { scopes } })
    }

    /// For following people again; see [`super::refollow`].
    pub fn refollow() -> Asking {
        Asking { level: Level::Account, scopes: refollow_scopes().into() }
    }
}

impl Person {
    /// What nobody else can be: the name on the server that was really asked. This tells
    /// people apart, and not [`Person::account`].
    pub fn key(&self) -> String {
        let base = &self.server.base;
        let scheme = if base.scheme() == "https" { "" } else { "http://" };
        let host = &base[Position::BeforeHost..Position::AfterPort];
        format!("{}@{scheme}{host}", self.identity.acct)
    }
}

/// Registers with the server. The browser goes to [`Pending::authorize_url`] next.
pub async fn begin(
    client: &Client,
    server: &ServerInfo,
    asking: &Asking,
    redirect_uri: &str,
    random: [[u8; 32]; 2],
) -> Result<Pending, OAuthError> {
    Pending::begin(client, server, asking.level, &asking.scopes, redirect_uri, random).await
}

/// Takes the code and keeps the sign-in as a target.
pub async fn finish(
    app: &App,
    client: &Client,
    pending: &Pending,
    code: &SecretString,
    name: Option<String>,
) -> Result<SignedIn> {
    let granted = pending.exchange(client, code).await?;
    keep(app, client, &pending.server, pending.level, &granted, name).await
}

/// Takes the code, asks whose it is, and gives the right back at once.
pub async fn identify(
    client: &Client,
    pending: &Pending,
    code: &SecretString,
) -> Result<Person, OAuthError> {
    let server = pending.server.clone();
    let granted = pending.exchange(client, code).await?;
    let identity = oauth::who_am_i(client, &server.base, &granted.token).await;
    if let Err(error) = granted.revoke(client, &server.base).await {
        // It can tell who somebody is and nothing more, and nobody keeps it.
        tracing::warn!("a token was not given back: {error}");
    }
    let identity = identity?;
    Ok(Person { account: format!("{}@{}", identity.acct, server.domain), identity, server })
}

/// Whoever signs in again means what they have, whatever they have called it. What is new is
/// called by its account or server.
async fn name_of(app: &App, server: &Server, level: Level, account: &str) -> Result<String> {
    let usual = match level {
        Level::Account => account,
        Level::Instance => &server.domain,
    };
    let known = app.store().await?.targets().await?.into_iter().filter(|known| {
        known.level == level
            && known.base_url == server.base.as_str()
            && (level == Level::Instance || known.account.as_deref() == Some(account))
    });
    let mut names: Vec<String> = known.map(|known| known.name).collect();
    names.sort_by_key(|name| name != usual);
    Ok(names.into_iter().next().unwrap_or_else(|| usual.to_owned()))
}

/// Keeps a token as a target, sealed: under this name, or the one that it has already, or the
/// account's or the server's own.
pub async fn keep(
    app: &App,
    client: &Client,
    server: &Server,
    level: Level,
    granted: &Granted,
    name: Option<String>,
) -> Result<SignedIn> {
    let (store, vault) = (app.store().await?, app.vault()?);
    let me = oauth::who_am_i(client, &server.base, &granted.token).await?;
    let account = format!("{}@{}", me.acct, server.domain);
    let name =
        if let Some(name) = name { name } else { name_of(app, server, level, &account).await? };
    let seal =
        |column: &str, secret: &SecretString| vault.seal(&app.secret_name(&name, column), secret);
    store
        .save_target(&NewTarget {
            name: name.clone(),
            level,
            base_url: server.base.to_string(),
            domain: server.domain.clone(),
            account: Some(account.clone()),
            software: server.software.clone(),
            version: server.version.clone(),
            scopes: granted.scopes.clone(),
            client_id: granted.client_id.clone(),
            client_secret: seal("client_secret", &granted.client_secret)?,
            token: seal("token", &granted.token)?,
            created_at: app.clock.now(),
        })
        .await?;
    let event = NewEvent::new(app.clock.now(), app.actor(), EventKind::SignedIn);
    let detail = json!({ "account": account, "server": server.domain, "level": level });
    store.log(&[event.target(&name).detail(detail)]).await?;
    let lacks =
        (level == Level::Instance && me.role_permissions.is_some() && !me.can_manage_federation())
            .then(|| LacksFederation { domain: server.domain.clone(), role: me.role_name });
    Ok(SignedIn {
        target: name,
        level,
        server: server.base.to_string(),
        account,
        software: server.software.clone(),
        version: server.version.clone(),
        lacks,
    })
}

/// Has the server revoke a token, and forgets the target. Its backups and runs are kept.
pub async fn sign_out(app: &App, client: &Client, row: &TargetRow) -> Result<Told> {
    let told = if row.client_id.is_empty() {
        Told::NotOurs
    } else {
        match revoke(app, client, row).await {
            Ok(()) => Told::Revoked,
            Err(why) => {
                Told::ByHand { why, at: format!("{}oauth/authorized_applications", row.base_url) }
            }
        }
    };
    let store = app.store().await?;
    store.delete_target(&row.name).await?;
    let event = NewEvent::new(app.clock.now(), app.actor(), EventKind::SignedOut);
    let detail = match &told {
        Told::Revoked => json!({ "token": "revoked" }),
        Told::NotOurs => json!({ "token": "not ours" }),
        Told::ByHand { at, .. } => json!({ "token": "not revoked", "revoke_at": at }),
    };
    store.log(&[event.target(&row.name).detail(detail)]).await?;
    Ok(told)
}

async fn revoke(app: &App, client: &Client, row: &TargetRow) -> Result<()> {
    let vault = app.vault()?;
    let open = |column: &str, sealed: &str| vault.open(&app.secret_name(&row.name, column), sealed);
    let granted = Granted {
        token: open("token", &row.token)?,
        scopes: row.scopes.clone(),
        client_id: row.client_id.clone(),
        client_secret: open("client_secret", &row.client_secret)?,
    };
    Ok(granted.revoke(client, &Url::parse(&row.base_url)?).await?)
}
