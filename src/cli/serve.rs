//! `serve`: the pages in a browser.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Result;
use serde_json::json;

use super::Reply;
use super::options::interrupted;
use crate::app::App;
use crate::stop::stop;
use crate::web::Server;

/// Work in a browser: bring an export, choose lists, look, take the new file away
///
/// The pages are for this machine only, need no account and no script, and keep nothing of
/// what is brought to them. They offer the lists that come with Hedgerow and those that you
/// follow, as they were last read.
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  hedgerow serve
  Open http://127.0.0.1:8787/ in your browser, drop the file that your server
  exports on the page, and follow it from there. Ctrl-C ends the server.

More:
  hedgerow serve --listen 127.0.0.1:0     takes any port that is free
  hedgerow lists add garden-fence         follows a list, which is then offered
  hedgerow lists update                   reads the lists that you follow again

From another machine, come through SSH, then open the same address there:
  ssh -L 8787:127.0.0.1:8787 YOU@THIS-MACHINE

For a supervisor: /healthz answers while the server runs, /readyz once its
lists can be read.

Exit codes: 0 ended as asked; 1 error, such as a port that is taken.")]
pub struct Args {
    /// Where to listen: an address of this machine and a port, or only the port
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8787")]
    #[arg(value_parser = address)]
    listen: SocketAddr,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let here = |port: u16| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let port = text.strip_prefix("localhost:").unwrap_or(text);
    if let Ok(port) = port.parse() {
        return Ok(here(port));
    }
    text.parse().map_err(|_| "write it as 127.0.0.1:8787".to_owned())
}

impl Args {
    pub(super) async fn run(self, app: App, json: bool) -> Result<Reply> {
        let server = Server::bind(self.listen).await?;
        let (stopper, stop) = stop();
        tokio::spawn(async move {
            interrupted().await;
            stopper.ask();
        });
        let url = server.url();
        let mut out = io::stdout();
        // Whoever started this waits for the line, and need not read on.
        let _ = if json {
            writeln!(out, "{}", json!({ "event": "listening", "address": url }))
        } else {
            writeln!(out, "Open {url} in your browser. Ctrl-C ends the server.")
        };
        let _ = out.flush();
        server.run(Arc::new(app), stop).await?;
        Reply::noted("The server has ended.", json!({ "event": "ended" }))
    }
}
