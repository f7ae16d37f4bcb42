//! A sign-in half way: what has to be remembered while the person is in the browser.
//!
//! It can be written down and read back, for a face that hears of the answer in another
//! request than the one that asked. What is written has the secrets in it, so it belongs
//! somewhere sealed.

use reqwest::Client;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{App, LoginState, OAuthError, Pkce, authorize_url, exchange, register, revoke};
use crate::block::Level;
use crate::mastodon::discovery::ServerInfo;
use crate::mastodon::wire::{Trouble, host};

/// The most that it comes to when it is written down: it has to fit in a cookie.
const LIMIT: usize = 2000;

/// What is remembered of a server that somebody signs in to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Where its API is. This is who was asked.
    #[serde(with = "address")]
    pub base: Url,
    /// The domain in its handles, as the server says. It proves nothing.
    pub domain: String,
    pub software: String,
    pub version: String,
}

impl From<&ServerInfo> for Server {
    fn from(info: &ServerInfo) -> Self {
        Server {
            base: info.base.clone(),
            domain: info.domain.clone(),
            software: info.software.clone(),
            version: info.version_text.clone(),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pending {
    pub server: Server,
    pub level: Level,
    pub state: LoginState,
    app: App,
    pkce: Pkce,
    redirect_uri: String,
}

/// What a way of signing in yields.
#[derive(Debug, Clone)]
pub struct Granted {
    pub token: SecretString,
    pub scopes: String,
    /// Empty for a token that was given: it belongs to somebody else's app.
    pub client_id: String,
    pub client_secret: SecretString,
}

impl Pending {
    /// Registers an app for this one sign-in.
    pub async fn begin(
        client: &Client,
        server: &ServerInfo,
        level: Level,
        scopes: &[&str],
        redirect_uri: &str,
        random: [[u8; 32]; 2],
    ) -> Result<Pending, OAuthError> {
        let [pkce, state] = random;
        let pending = Pending {
            app: register(client, &server.base, &[redirect_uri], scopes).await?,
            server: server.into(),
            level,
            state: LoginState::new(state),
            pkce: Pkce::new(pkce),
            redirect_uri: redirect_uri.to_owned(),
        };
        if serde_json::to_string(&pending).map_or(0, |text| text.len()) > LIMIT {
            let why = "its names and keys are too long".to_owned();
            return Err(Trouble::Unusable { host: host(&server.base), why }.into());
        }
        Ok(pending)
    }

    /// The page where the person signs in and allows the access.
    pub fn authorize_url(&self) -> Url {
        let Pending { server, app, redirect_uri, state, pkce, .. } = self;
        authorize_url(&server.base, app, redirect_uri, state, pkce)
    }

    /// Turns the code that the browser brought into a token.
    pub async fn exchange(
        &self,
        client: &Client,
        code: &SecretString,
    ) -> Result<Granted, OAuthError> {
        let Pending { server, app, redirect_uri, pkce, .. } = self;
        let token = exchange(client, &server.base, app, redirect_uri, code, pkce).await?;
        Ok(Granted {
            token: token.access_token,
            scopes: token.scope,
            client_id: app.client_id.clone(),
            client_secret: app.client_secret.clone(),
        })
    }
}

impl Granted {
    /// A token that was made elsewhere.
    pub fn given(token: SecretString) -> Self {
        Granted {
            token,
            scopes: String::new(),
            client_id: String::new(),
            client_secret: SecretString::default(),
        }
    }

    /// Makes the token useless. Each browser sign-in is an app of its own, so no other ends
    /// with it.
    pub async fn revoke(&self, client: &Client, base: &Url) -> Result<(), OAuthError> {
        let registered = App {
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
            scopes: Vec::new(),
        };
        revoke(client, base, &registered, &self.token).await
    }
}

mod address {
    use serde::{Deserialize, Deserializer, Serializer, de};
    use url::Url;

    pub fn serialize<S: Serializer>(url: &Url, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(url.as_str())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Url, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

/// A secret in what is written down, and there alone.
pub(super) mod exposed {
    use secrecy::{ExposeSecret, SecretString};
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(secret: &SecretString, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(secret.expose_secret())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
        String::deserialize(from).map(SecretString::from)
    }
}
