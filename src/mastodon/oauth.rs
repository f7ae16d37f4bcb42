//! Signing in: an app, a browser, a code, a token.
//!
//! Three requests are all there is to it, so no OAuth crate stands between a reader and
//! what is sent where. No request here follows a redirect, since each carries a secret.
//! The app asks for the least that it can work with, and a token that grants less than
//! was asked for is not kept.

mod loopback;
mod pending;
mod pkce;
mod scopes;

use reqwest::{Client, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;

use super::wire::{self, Answer, Trouble, at, host};
use crate::text::{fit, plain};

pub use loopback::Loopback;
pub use pending::{Granted, Pending, Server};
pub use pkce::{LoginState, Pkce};
pub use scopes::{Access, refollow_scopes, scopes, with_impact};

/// The redirect address that makes every Mastodon show the code, to be copied by hand.
pub const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

const CLIENT_NAME: &str = "Hedgerow";

#[derive(Debug, thiserror::Error)]
pub enum OAuthError {
    #[error(transparent)]
    Trouble(#[from] Trouble),
    #[error(
        "Access was denied in the browser, so Hedgerow is not signed in. If that was a mistake, \
         sign in again and choose Authorize."
    )]
    Denied,
    #[error(
        "Nobody answered in the browser in time, so Hedgerow is not signed in. Run the same \
         command again."
    )]
    TimedOut,
    #[error("{host} refused {what}: {words}")]
    Refused { host: String, what: &'static str, words: String },
    #[error(
        "{host} did not accept the code. It may have been mistyped, used already, or be older \
         than ten minutes. Sign in again for a new one."
    )]
    CodeRefused { host: String },
    #[error("{host} no longer knows Hedgerow as an app. Sign in again (`hedgerow login {host}`).")]
    AppForgotten { host: String },
    #[error(
        "{host} no longer accepts this sign-in; somebody may have revoked it. Sign in again \
         (`hedgerow login {host}`)."
    )]
    TokenRefused { host: String },
    #[error(
        "{host} granted less than Hedgerow needs (missing: {missing}), so the sign-in was not \
         kept. Sign in again and leave all permissions on."
    )]
    TooFewScopes { host: String, missing: String },
    #[error(
        "Hedgerow cannot wait for the browser on this machine: {0}. Sign in by copying the code \
         instead."
    )]
    NoLoopback(std::io::Error),
}

/// Hedgerow as one server knows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct App {
    pub client_id: String,
    #[serde(with = "pending::exposed")]
    pub client_secret: SecretString,
    /// What it was registered with: the most that may be asked for, word by word.
    pub scopes: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Token {
    pub access_token: SecretString,
    /// As granted, separated by spaces.
    pub scope: String,
}

/// Whose token it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The name without a domain, as on the person's own server.
    pub acct: String,
    pub url: String,
    /// The role's permission bits, since 4.0.
    pub role_permissions: Option<u64>,
    pub role_name: Option<String>,
}

impl Identity {
    /// Whether the role may manage the server's blocks.
    pub fn can_manage_federation(&self) -> bool {
        const ADMINISTRATOR: u64 = 1;
        const MANAGE_FEDERATION: u64 = 1 << 5;
        self.role_permissions.is_some_and(|bits| bits & (ADMINISTRATOR | MANAGE_FEDERATION) != 0)
    }
}

#[derive(Deserialize)]
struct AppAnswer {
    client_id: String,
    client_secret: String,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    scope: Option<String>,
}

#[derive(Deserialize)]
struct Failure {
    error: String,
}

#[derive(Deserialize)]
struct Account {
    acct: String,
    #[serde(default)]
    url: String,
    role: Option<Role>,
}

#[derive(Deserialize)]
struct Role {
    #[serde(default)]
    name: String,
    permissions: Option<Bits>,
}

/// Mastodon writes the bits as text, since they outgrow what JavaScript can count.
#[derive(Deserialize)]
#[serde(untagged)]
enum Bits {
    Text(String),
    Number(u64),
}

/// Registers Hedgerow as an app. A server that does not know one of the scopes refuses
/// them all, so one refusal is answered with their older, wider forms.
pub async fn register(
    client: &Client,
    base: &Url,
    redirect_uris: &[&str],
    scopes: &[&str],
) -> Result<App, OAuthError> {
    let url = at(base, "/api/v1/apps");
    let mut asked = scopes.to_vec();
    loop {
        let form = [
            ("client_name", CLIENT_NAME),
            ("redirect_uris", &redirect_uris.join("\n")),
            ("scopes", &asked.join(" ")),
        ];
        let answer = wire::send(client.post(url.clone()).form(&form), &url).await?;
        let wider = scopes::wider(&asked);
        if answer.status == StatusCode::UNPROCESSABLE_ENTITY && wider != asked {
            asked = wider;
            continue;
        }
        let app: AppAnswer = accept(&answer, &url, "to register Hedgerow as an app", &[])?;
        return Ok(App {
            client_id: app.client_id,
            client_secret: app.client_secret.into(),
            scopes: asked.into_iter().map(str::to_owned).collect(),
        });
    }
}

/// The page where the person signs in and allows the access.
pub fn authorize_url(
    base: &Url,
    app: &App,
    redirect_uri: &str,
    state: &LoginState,
    pkce: &Pkce,
) -> Url {
    let mut url = at(base, "/oauth/authorize");
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &app.client_id)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("scope", &app.scopes.join(" "))
        .append_pair("state", state.as_str())
        .append_pair("code_challenge", &pkce.challenge())
        .append_pair("code_challenge_method", "S256");
    url
}

/// Turns the code into a token, and keeps it only if it grants all that was asked for.
pub async fn exchange(
    client: &Client,
    base: &Url,
    app: &App,
    redirect_uri: &str,
    code: &SecretString,
    pkce: &Pkce,
) -> Result<Token, OAuthError> {
    let url = at(base, "/oauth/token");
    let (secret, code) = (app.client_secret.expose_secret(), code.expose_secret().trim());
    let verifier = pkce.verifier().expose_secret();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("client_id", &app.client_id),
        ("client_secret", secret),
        ("code_verifier", verifier),
    ];
    let answer = wire::send(client.post(url.clone()).form(&form), &url).await?;
    match answer.json::<Failure>().as_ref().map(|failure| failure.error.as_str()) {
        Some("invalid_grant") => return Err(OAuthError::CodeRefused { host: host(&url) }),
        Some("invalid_client") => return Err(OAuthError::AppForgotten { host: host(&url) }),
        _ => {}
    }
    let token: TokenAnswer = accept(&answer, &url, "to sign you in", &[code, secret, verifier])?;
    let asked = app.scopes.join(" ");
    // A server that does not say what it granted has granted what was asked for.
    let scope = token.scope.unwrap_or_else(|| asked.clone());
    let missing = scopes::missing(&scope, &asked);
    if !missing.is_empty() {
        // What is too little for us may be much for others.
        if let Err(error) = revoke(client, base, app, &token.access_token.into()).await {
            tracing::info!(%error, "a token with too few scopes was not revoked");
        }
        return Err(OAuthError::TooFewScopes { host: host(&url), missing: missing.join(" ") });
    }
    Ok(Token { access_token: token.access_token.into(), scope })
}

/// Makes a token useless. Also succeeds if it was already.
pub async fn revoke(
    client: &Client,
    base: &Url,
    app: &App,
    token: &SecretString,
) -> Result<(), OAuthError> {
    let url = at(base, "/oauth/revoke");
    let (secret, token) = (app.client_secret.expose_secret(), token.expose_secret());
    let form = [("client_id", app.client_id.as_str()), ("client_secret", secret), ("token", token)];
    let answer = wire::send(client.post(url.clone()).form(&form), &url).await?;
    if answer.status.is_success() {
        return Ok(());
    }
    Err(refused(&answer, &url, "to revoke the sign-in", &[secret, token]))
}

/// Asks whose token this is and what their role may do.
pub async fn who_am_i(
    client: &Client,
    base: &Url,
    token: &SecretString,
) -> Result<Identity, OAuthError> {
    let url = at(base, "/api/v1/accounts/verify_credentials");
    let token = token.expose_secret();
    let request: RequestBuilder = client.get(url.clone()).bearer_auth(token);
    let answer = wire::send(request, &url).await?;
    if answer.status == StatusCode::UNAUTHORIZED {
        return Err(OAuthError::TokenRefused { host: host(&url) });
    }
    let account: Account = accept(&answer, &url, "to say whose sign-in this is", &[token])?;
    let short = |text: &str| fit(&plain(text), 200);
    Ok(Identity {
        acct: short(&account.acct),
        url: short(&account.url),
        role_permissions: account.role.as_ref().and_then(|role| {
            match role.permissions.as_ref()? {
                Bits::Text(text) => text.parse().ok(),
                Bits::Number(bits) => Some(*bits),
            }
        }),
        role_name: account.role.map(|role| short(&role.name)).filter(|name| !name.is_empty()),
    })
}

fn accept<T: DeserializeOwned>(
    answer: &Answer,
    url: &Url,
    what: &'static str,
    secrets: &[&str],
) -> Result<T, OAuthError> {
    if !answer.status.is_success() {
        return Err(refused(answer, url, what, secrets));
    }
    answer.json().ok_or_else(|| {
        let why = format!("its answer when asked {what} was not understood");
        Trouble::Unusable { host: host(url), why }.into()
    })
}

fn refused(answer: &Answer, url: &Url, what: &'static str, secrets: &[&str]) -> OAuthError {
    OAuthError::Refused { host: host(url), what, words: answer.words(secrets) }
}

#[cfg(test)]
mod tests;
