//! What every page has at hand: the library, the settings, and the keys.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Result;
use axum::extract::FromRef;
use axum_extra::extract::cookie::Key;
use tokio::sync::Notify;
use url::Url;

use super::entry::Link;
use super::limits::Limits;
use super::published::Shelf;
use super::targets::Views;
use super::visitor::Sessions;
use crate::app::App;
use crate::desk::Desk;

/// How a server is reached.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// What browsers call it, where it stands behind a proxy: `https://`, a host, no path.
    pub public: Option<Url>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8787), public: None }
    }
}

impl Settings {
    /// Whether many people share it, each with what is theirs.
    pub fn is_shared(&self) -> bool {
        self.public.is_some()
    }

    /// Whether all that comes and goes is encrypted on its way.
    pub fn is_https(&self) -> bool {
        self.public.as_ref().is_some_and(|url| url.scheme() == "https")
    }

    /// The beginning of every address, without a slash at its end.
    pub fn origin(&self) -> String {
        match &self.public {
            Some(url) => url.origin().ascii_serialization(),
            None => format!("http://{}", self.listen),
        }
    }
}

/// Cloning it is cheap.
#[derive(Clone)]
pub struct Site(Arc<Inner>);

struct Inner {
    app: Arc<App>,
    settings: Settings,
    key: Key,
    link: Link,
    /// A browser of whoever runs this has been signed out.
    left: Notify,
    limits: Limits,
    desk: Arc<Desk>,
    views: Views,
    shelf: Shelf,
    sessions: Sessions,
}

impl Site {
    /// Makes the key that seals cookies, if there is none yet.
    pub fn new(app: Arc<App>, settings: Settings) -> Result<Site> {
        let key = Key::from(app.vault()?.cookie_key());
        let (link, limits, desk) = (Link::default(), Limits::default(), Arc::default());
        let (views, shelf, sessions) = (Views::default(), Shelf::default(), Sessions::default());
        let left = Notify::new();
        let inner = Inner { app, settings, key, link, left, limits, desk, views, shelf, sessions };
        Ok(Site(Arc::new(inner)))
    }

    /// As whoever runs this. What belongs to somebody goes through `visitor::Person`.
    pub fn app(&self) -> &App {
        &self.0.app
    }

    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Where the work goes on that takes longer than an answer may.
    pub fn desk(&self) -> &Arc<Desk> {
        &self.0.desk
    }

    /// What targets block, joined with what is known of it.
    pub(super) fn views(&self) -> &Views {
        &self.0.views
    }

    pub(super) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    pub(super) fn link(&self) -> &Link {
        &self.0.link
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(super) fn shelf(&self) -> &Shelf {
        &self.0.shelf
    }

    /// Waits until a browser of whoever runs this was signed out, and a new way in is needed.
    pub async fn house_left(&self) {
        self.0.left.notified().await;
    }

    pub(super) fn note_house_left(&self) {
        self.0.left.notify_one();
    }

    /// A new address that signs whoever runs this in, once. Earlier ones end with it.
    pub fn way_in(&self) -> Result<String> {
        Ok(format!("{}/enter/{}", self.settings().origin(), self.link().renew()?))
    }
}

impl FromRef<Site> for Key {
    fn from_ref(site: &Site) -> Key {
        site.0.key.clone()
    }
}
