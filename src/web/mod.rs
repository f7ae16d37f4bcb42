//! Hedgerow in a browser: pages that this machine serves, whole without any script.
//!
//! What is here is the door that needs no account. Somebody brings an export, chooses lists,
//! looks at the plan, and takes a new file away. A request carries all that it needs, so
//! nothing of it is kept: not the file, not the choices, not the plan. What a visitor can
//! name is a list that comes with the program or that this installation follows, never an
//! address or a path, and nothing is fetched for a visitor.

mod choices;
mod form;
mod look;
mod offers;
mod page;
mod rows;
mod shelter;
mod view;
mod words;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::routing::{get, post};
use tokio::net::TcpListener;

use crate::app::App;
use crate::stop::Stop;

pub(crate) use page::style_address;

/// How long answers that are under way may take once the server is to end.
const PARTING: Duration = Duration::from_secs(5);

/// A server that has its port and does not answer yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Takes the port. Only this machine can be listened to: there is no sign-in here that
    /// would keep strangers out.
    pub async fn bind(address: SocketAddr) -> Result<Server> {
        if !address.ip().is_loopback() {
            bail!(
                "{address} can be reached from other machines, and these pages ask nobody who \
                 they are, so they are served to this machine only. Listen on 127.0.0.1:{port}. \
                 From another machine, come through SSH: ssh -L {port}:127.0.0.1:{port} \
                 YOU@THIS-MACHINE, then open http://127.0.0.1:{port}/ there",
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

    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Answers until somebody asks to stop, and then finishes what is under way.
    pub async fn run(self, app: Arc<App>, stop: Stop) -> Result<()> {
        let clock = app.clock.clone();
        let asked = stop.clone();
        let server = axum::serve(self.listener, router(app, self.address))
            .with_graceful_shutdown(async move { asked.asked().await });
        tokio::select! {
            ended = server.into_future() => ended.context("the server ended by itself"),
            () = async { stop.asked().await; clock.sleep(PARTING).await } => Ok(()),
        }
    }
}

/// All pages, for a server at `address`.
pub fn router(app: Arc<App>, address: SocketAddr) -> Router {
    let router = Router::new()
        .route("/", get(look::door))
        .route("/look", post(look::look))
        .route("/file", post(look::file))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(look::ready))
        .route(style_address(), get(page::style))
        .fallback(|| async { page::not_found() })
        .method_not_allowed_fallback(|| async { page::not_so() })
        .with_state(app);
    shelter::around(router, address)
}
