//! Hedgerow in a browser: pages that are whole without any script.
//!
//! `door` needs no account: a file is brought, and a new one taken away. Everything else is
//! for somebody who is signed in (`entry`), and sees what is theirs: `visitor::Person` has
//! the library as that person may use it. A handler takes what it needs from the request,
//! calls the library, and fills a page; what stands around all pages is in `shelter` and
//! `frame`, and what went wrong becomes a page in `fault`.

mod agent;
mod api;
mod at;
mod chart;
mod config;
mod door;
mod entry;
mod exceptions;
mod fault;
pub(crate) mod frame;
mod home;
mod input;
mod limits;
mod lists;
mod log;
mod metrics;
mod offers;
pub(crate) mod page;
mod paging;
mod patience;
mod plan;
mod published;
mod rows;
mod runs;
mod settings;
mod shelter;
mod site;
mod stream;
mod targets;
mod visitor;
mod why;
mod words;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::http::Uri;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use tokio::net::TcpListener;

use crate::stop::Stop;

pub use config::{Config, EXAMPLE, public_url};
pub use metrics::Metrics;
pub use site::{Settings, Site};

/// How long answers that are under way may take once the server is to end.
const PARTING: Duration = Duration::from_secs(5);

/// A server that has its port and does not answer yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Takes the port.
    ///
    /// Without a public address only this machine can be listened to: what is here speaks plain
    /// http, and a sign-in must not cross the network in the open.
    pub async fn bind(address: SocketAddr, public: bool) -> Result<Server> {
        if !public && !address.ip().is_loopback() {
            bail!(
                "{address} can be reached from other machines, over a network that anybody on it can \
                 read. Listen on 127.0.0.1:{port}, and come through SSH: ssh -L \
                 {port}:127.0.0.1:{port} YOU@THIS-MACHINE, then open http://127.0.0.1:{port}/ there. \
                 For many people, set --public-url and put a proxy with https in front",
                port = address.port()
            );
        }
        let listener = TcpListener::bind(address).await.map_err(|error| {
            if error.kind() != std::io::ErrorKind::AddrInUse {
                return anyhow::Error::from(error).context(format!("cannot listen on {address}"));
            }
            let free = SocketAddr::new(address.ip(), 0);
            anyhow::anyhow!(
                "{address} is taken, perhaps by another `hedgerow serve`. End that one, or choose \
                 another port; `--listen {free}` takes any that is free"
            )
        })?;
        let address = listener.local_addr().context("the port has no address")?;
        Ok(Server { listener, address })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until somebody asks to stop, and then finishes what is under way.
    pub async fn run(self, site: Site, stop: Stop) -> Result<()> {
        let clock = site.app().clock.clone();
        let (asked, desk) = (stop.clone(), site.desk().clone());
        let service = router(&site).into_make_service_with_connect_info::<SocketAddr>();
        let server = axum::serve(self.listener, service)
            .with_graceful_shutdown(async move { asked.asked().await });
        let closed = async {
            stop.asked().await;
            desk.close().await;
        };
        tokio::select! {
            (ended, ()) = async { tokio::join!(server.into_future(), closed) } => {
                ended.context("the server ended by itself")
            }
            () = async { stop.asked().await; clock.sleep(PARTING).await } => Ok(()),
        }
    }
}

/// All pages.
pub fn router(site: &Site) -> Router {
    let router = Router::new()
        .route("/", get(home::home))
        .route("/door", get(door::door))
        .route("/look", post(door::look))
        .route("/file", post(door::file))
        .route("/enter/{secret}", get(entry::enter))
        .route("/sign-in", get(entry::page).post(entry::sign_in))
        .route("/sign-out", post(entry::leave))
        .route("/connect", get(entry::connect).post(entry::begin))
        .route("/approve", get(entry::approve))
        .route("/back", get(entry::back))
        .merge(targets::routes())
        .merge(plan::routes())
        .merge(runs::routes())
        .merge(lists::routes())
        .merge(why::routes())
        .merge(exceptions::routes())
        .merge(log::routes())
        .merge(published::routes())
        .merge(settings::routes())
        .merge(api::routes())
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(door::ready))
        .route(page::style_address(), get(page::style))
        .route(page::script_address(), get(page::script))
        .route_layer(from_fn(metrics::counted))
        .fallback(|| async { page::not_found() })
        .method_not_allowed_fallback(async |uri: Uri| page::not_so(uri.path()))
        .with_state(site.clone());
    shelter::around(router, site)
}
