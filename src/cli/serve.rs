//! `serve`: the pages in a browser.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use anyhow::Result;
use serde_json::json;
use url::Url;

use super::Reply;
use super::options::interrupted;
use crate::app::App;
use crate::stop::{Stop, stop};
use crate::web::{Config, EXAMPLE, Metrics, Server, Settings, Site, public_url};

/// Work in a browser: see, plan, apply, undo; alone, or for many people behind a proxy
///
/// On your own machine it prints a link that signs you in, once. Without signing in, the pages
/// turn an export into a new file and keep nothing of it. With --public-url it serves people
/// who sign in with their own server, and each sees only what is theirs.
#[derive(clap::Args)]
#[command(after_help = HELP.as_str())]
pub struct Args {
    /// Where to listen: an address of this machine and a port, or only the port
    /// [default: 127.0.0.1:8787]
    #[arg(long, value_name = "ADDRESS:PORT", env = "HEDGEROW_LISTEN", value_parser = address)]
    listen: Option<SocketAddr>,
    /// What browsers call it, behind a proxy that speaks https, such as `https://blocks.example`
    #[arg(long, value_name = "URL", env = "HEDGEROW_PUBLIC_URL", value_parser = public_url)]
    public_url: Option<Url>,
    /// Where to answer Prometheus, at /metrics
    #[arg(long, value_name = "ADDRESS:PORT", env = "HEDGEROW_METRICS", value_parser = address)]
    metrics: Option<SocketAddr>,
    /// A file with these settings; flags and the environment come first
    #[arg(long, value_name = "FILE", env = "HEDGEROW_CONFIG")]
    config: Option<PathBuf>,
}

static HELP: LazyLock<String> = LazyLock::new(|| {
    format!(
        "\
Example:
  hedgerow serve
  Open the link that it prints. Ctrl-C ends the server.

A complete example, for a server of many people:
  hedgerow serve --config hedgerow.toml
{}
The proxy passes the host name on and sets X-Forwarded-For. With Caddy:

  blocks.example {{
    reverse_proxy 127.0.0.1:8787
  }}

Each setting can also stand in the environment: HEDGEROW_LISTEN,
HEDGEROW_PUBLIC_URL, HEDGEROW_METRICS, HEDGEROW_DATA_DIR,
HEDGEROW_DATABASE_URL, HEDGEROW_KEY, HEDGEROW_CONFIG.

More:
  hedgerow serve --listen 127.0.0.1:0     takes any port that is free
  hedgerow lists add garden-fence         follows a list, which is then offered
  ssh -L 8787:127.0.0.1:8787 YOU@HOST     brings the pages of another machine
                                          here, to http://127.0.0.1:8787/

For a supervisor: /healthz answers while the server runs, /readyz once it can
work. SIGTERM and Ctrl-C let what is under way come to an end.

Exit codes: 0 ended as asked; 1 error, such as a port that is taken.",
        EXAMPLE.lines().fold(String::new(), |text, line| format!("{text}\n  {line}")) + "\n"
    )
});

fn address(text: &str) -> Result<SocketAddr, String> {
    let here = |port: u16| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let port = text.strip_prefix("localhost:").unwrap_or(text);
    if let Ok(port) = port.parse() {
        return Ok(here(port));
    }
    text.parse().map_err(|_| "write it as 127.0.0.1:8787".to_owned())
}

impl Args {
    /// What the file says, if one was named.
    pub(super) fn config(&self) -> Result<Config> {
        self.config.as_deref().map_or_else(|| Ok(Config::default()), Config::read)
    }

    pub(super) async fn run(self, app: App, config: Config, json: bool) -> Result<Reply> {
        let usual = Settings::default();
        let listen = self.listen.or(config.listen).unwrap_or(usual.listen);
        let public = self.public_url.or(config.public_url);
        let server = Server::bind(listen, public.is_some()).await?;
        let metrics = match self.metrics.or(config.metrics) {
            Some(address) => Some(Metrics::bind(address).await?),
            None => None,
        };
        let settings = Settings { listen: server.address(), public };
        app.store().await?;
        let site = Site::new(Arc::new(app), settings)?;
        let (stopper, stop) = stop();
        tokio::spawn(async move {
            interrupted().await;
            stopper.ask();
        });
        tell(&site, metrics.as_ref(), json)?;
        let measured = measure(metrics, stop.clone());
        let serving = async { tokio::try_join!(server.run(site.clone(), stop), measured) };
        tokio::select! {
            ended = serving => drop(ended?),
            () = tell_again(&site, json) => {}
        }
        Reply::noted("The server has ended.", json!({ "event": "ended" }))
    }
}

async fn measure(metrics: Option<Metrics>, stop: Stop) -> Result<()> {
    match metrics {
        Some(metrics) => metrics.run(stop).await,
        None => Ok(()),
    }
}

/// Whoever runs this and signs out would not come in again without another link.
async fn tell_again(site: &Site, json: bool) {
    loop {
        site.house_left().await;
        let sign_in = match site.way_in() {
            Ok(sign_in) => sign_in,
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "no new link could be made");
                continue;
            }
        };
        let says = if json {
            format!("{}\n", json!({ "event": "signed out", "sign_in": sign_in }))
        } else {
            format!("\nSigned out. Open this once to sign in again:\n\n  {sign_in}\n")
        };
        // A terminal that takes nothing just now holds up nobody.
        let _ = tokio::task::spawn_blocking(move || {
            let mut out = io::stdout();
            out.write_all(says.as_bytes()).and_then(|()| out.flush())
        })
        .await;
    }
}

/// Whoever started this waits for the line, and need not read on.
fn tell(site: &Site, metrics: Option<&Metrics>, json: bool) -> Result<()> {
    let (address, sign_in) = (format!("{}/", site.settings().origin()), site.way_in()?);
    let metrics = metrics.map(Metrics::address).transpose()?;
    let mut out = io::stdout();
    let _ = if json {
        let event = json!({
            "event": "listening",
            "address": address,
            "sign_in": sign_in,
            "metrics": metrics.map(|address| format!("http://{address}/metrics")),
        });
        writeln!(out, "{event}")
    } else {
        let metrics =
            metrics.map_or_else(String::new, |at| format!("Metrics: http://{at}/metrics\n"));
        writeln!(
            out,
            "Hedgerow is at {address}\n{metrics}Open this once to sign in:\n\n  {sign_in}\n\nCtrl-C ends \
             the server."
        )
    };
    let _ = out.flush();
    Ok(())
}
