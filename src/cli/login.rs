use std::fmt;
use std::io::{IsTerminal, Read, Write};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::Client;
use secrecy::SecretString;
use serde::Serialize;

use super::Reply;
use crate::app::App;
use crate::block::Level;
use crate::clock::random;
use crate::mastodon::discovery::{ServerInfo, discover, parse_server};
use crate::mastodon::oauth::{Access, Granted, Loopback, OUT_OF_BAND, Server};
use crate::text::plain;
use crate::verb::sign_in::{self, Asking, LacksFederation, SignedIn, Told};

/// How long somebody may take in the browser. The code is valid for ten minutes.
const PATIENCE: Duration = Duration::from_mins(10);

/// Where a token may stand if it is not typed in.
const TOKEN_VARIABLE: &str = "HEDGEROW_TOKEN";

/// Sign in to a server, for your own account or for the whole instance
///
/// Opens nothing by itself: it prints an address, you approve there, and the browser hands
/// the answer back to this machine. It asks for the rights to read and change domain blocks
/// and to see whose sign-in it is; for an account, also to read whom you follow and who
/// follows you, so that a plan can show whom a block would cut. The sign-in is kept encrypted
/// and never printed.
#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[command(after_help = "\
Examples:
  hedgerow login example.social
  hedgerow login example.social --admin
  hedgerow login example.social --admin --impact
  hedgerow login example.social --code          # no browser on this machine
  hedgerow login example.social --token-stdin < token.txt

A token can also stand in the environment as HEDGEROW_TOKEN.")]
pub struct LoginArgs {
    /// Your server, such as example.social
    server: String,
    /// For the whole instance instead of your own account; needs the role's permission
    /// "Manage Federation"
    #[arg(long)]
    admin: bool,
    /// Also ask for the right to count the follows that a block would cut for everybody on
    /// the instance. Mastodon gives it only together with the right to read reports and
    /// people's e-mail and IP addresses, which Hedgerow does not read
    #[arg(long, requires = "admin")]
    impact: bool,
    /// What to call the target [default: user@server, or the server for an instance]
    #[arg(long)]
    name: Option<String>,
    /// Copy a code from the browser, which may be on another machine
    #[arg(long, conflicts_with = "token_stdin")]
    code: bool,
    /// Read a token from standard input instead of signing in
    #[arg(long)]
    token_stdin: bool,
    /// Ask only for the right to read: for plans and backups
    #[arg(long)]
    read_only: bool,
}

/// Forget a sign-in and have the server revoke it
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow logout me@example.social")]
pub struct LogoutArgs {
    /// A name from `hedgerow targets`
    target: String,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Done(SignedIn);

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SignedIn { target, account, software, version, .. } = &self.0;
        let (account, target) = (plain(account), plain(target));
        writeln!(f, "Signed in as {account} ({software} {version}).")?;
        writeln!(f, "See what a list would do: hedgerow plan {target} --list threads")
    }
}

impl LoginArgs {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let base = parse_server(&self.server)?;
        let client = crate::http::client()?;
        let server = discover(&client, &base).await?;
        let level = if self.admin { Level::Instance } else { Level::Account };
        let access = if self.read_only { Access::ReadOnly } else { Access::ReadWrite };
        let asking = Asking::of(&server, level, access, self.impact)?;
        // Before the browser opens: a vault that cannot be opened would waste the approval.
        let (store, _) = (app.store().await?, app.vault()?);
        let granted = match self.given_token()? {
            Some(token) => Granted::given(token),
            None => sign_in_for(&client, &server, &asking, self.code).await?,
        };
        let server = Server::from(&server);
        let signed_in = sign_in::keep(app, &client, &server, level, &granted, self.name).await?;
        store.close().await;
        if let Some(lacks) = &signed_in.lacks {
            warn_of_role(lacks);
        }
        Reply::ok(Done(signed_in))
    }

    fn given_token(&self) -> Result<Option<SecretString>> {
        let text = if self.token_stdin {
            if std::io::stdin().is_terminal() {
                eprintln!("Paste the token and end with Ctrl-D:");
            }
            let mut text = String::new();
            std::io::stdin().take(4096).read_to_string(&mut text)?;
            text
        } else {
            match std::env::var(TOKEN_VARIABLE) {
                Ok(text) if !self.code => text,
                _ => return Ok(None),
            }
        };
        let token = text.trim();
        if token.is_empty() || token.contains(|c: char| c.is_whitespace() || c.is_control()) {
            bail!("what was given is not a token: it has to be one word");
        }
        Ok(Some(token.to_owned().into()))
    }
}

/// Has a person approve this in a browser: on this machine, or, with `code`, on any.
pub(super) async fn sign_in_for(
    client: &Client,
    server: &ServerInfo,
    asking: &Asking,
    code: bool,
) -> Result<Granted> {
    let random = [random()?, random()?];
    let listener = if code { None } else { Some(Loopback::bind().await?) };
    let redirect = listener.as_ref().map_or_else(|| OUT_OF_BAND.to_owned(), Loopback::redirect_uri);
    let pending = sign_in::begin(client, server, asking, &redirect, random).await?;
    let url = pending.authorize_url();
    eprintln!("Open this address in your browser and approve:\n\n  {url}\n");
    let code = match listener {
        Some(listener) => {
            eprintln!(
                "Waiting for your answer there. No browser on this machine? Stop with Ctrl-C \
                 and use --code."
            );
            listener.wait(&pending.state, PATIENCE).await?
        }
        None => typed_code()?,
    };
    Ok(pending.exchange(client, &code).await?)
}

fn typed_code() -> Result<SecretString> {
    eprint!("Then copy the code that it shows to here: ");
    std::io::stderr().flush()?;
    let mut code = String::new();
    std::io::stdin().read_line(&mut code)?;
    let code = code.trim();
    if code.is_empty() {
        bail!("no code was given; run the same command again");
    }
    Ok(code.to_owned().into())
}

/// Says at once what the server would say at the first look at its blocks. The sign-in is
/// kept: a permission can be given later.
fn warn_of_role(lacks: &LacksFederation) {
    eprintln!(
        "Warning: your role on {} ({}) does not include \"Manage Federation\". Until an \
         administrator gives it that, the server will refuse everything.",
        lacks.domain,
        plain(lacks.role.as_deref().unwrap_or("none"))
    );
}

impl LogoutArgs {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let store = app.store().await?;
        let name = &self.target;
        let row = store
            .target(name)
            .await?
            .with_context(|| format!("There is no target {name}; see `hedgerow targets`."))?;
        let told = match sign_in::sign_out(app, &crate::http::client()?, &row).await? {
            Told::NotOurs => {
                "The token was not made by Hedgerow, so it stays valid where it came from."
                    .to_owned()
            }
            Told::Revoked => "The server has revoked it.".to_owned(),
            Told::ByHand { why, at } => {
                eprintln!("{}", super::message(&why));
                format!("The server was not told. Revoke it there: {at}")
            }
        };
        store.close().await;
        Reply::ok(format!("Signed out of {}. {told} Its backups and runs are kept.", plain(name)))
    }
}
