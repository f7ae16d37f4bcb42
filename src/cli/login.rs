use std::fmt;
use std::io::{IsTerminal, Read, Write};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::Client;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;
use url::Url;

use super::Reply;
use crate::app::{App, secret_name};
use crate::block::Level;
use crate::clock::random;
use crate::mastodon::discovery::{ServerInfo, discover, parse_server};
use crate::mastodon::oauth::{self, Access, Identity, LoginState, Loopback, OUT_OF_BAND, Pkce};
use crate::store::{EventKind, NewEvent, NewTarget};
use crate::text::plain;

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

/// What a way of signing in yields.
pub(super) struct Granted {
    pub(super) token: SecretString,
    pub(super) scopes: String,
    /// Empty for a token that was given: it belongs to somebody else's app.
    pub(super) client_id: String,
    pub(super) client_secret: SecretString,
}

impl Granted {
    /// Makes the token useless. Each browser sign-in is an app of its own, so no other ends
    /// with it.
    pub(super) async fn revoke(&self, client: &Client, base: &Url) -> Result<()> {
        let registered = oauth::App {
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
            scopes: Vec::new(),
        };
        Ok(oauth::revoke(client, base, &registered, &self.token).await?)
    }
}

#[derive(Serialize)]
struct SignedIn {
    target: String,
    level: Level,
    server: String,
    account: String,
    software: String,
    version: String,
}

impl fmt::Display for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (account, target) = (plain(&self.account), plain(&self.target));
        writeln!(f, "Signed in as {account} ({} {}).", self.software, self.version)?;
        writeln!(f, "See what a list would do: hedgerow plan {target} --list threads")
    }
}

impl LoginArgs {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let base = parse_server(&self.server)?;
        let client = crate::http::client()?;
        let server = discover(&client, &base).await?;
        let level = if self.admin { Level::Instance } else { Level::Account };
        if self.admin && !server.has_admin_blocks() {
            bail!(
                "{} runs {} {}, which has no way to change the server's blocks from outside; \
                 Mastodon has it since 4.0. Use its CSV export instead: `hedgerow apply \
                 domain_blocks.csv`.",
                server.domain,
                server.software,
                server.version_text
            );
        }
        // Before the browser opens: a vault that cannot be opened would waste the approval.
        let (store, vault) = (app.store().await?, app.vault()?);
        let granted = match self.given_token()? {
            Some(token) => Granted {
                token,
                scopes: String::new(),
                client_id: String::new(),
                client_secret: String::new().into(),
            },
            None => sign_in_for(&client, &server, &self.scopes(level, &server), self.code).await?,
        };
        let me = oauth::who_am_i(&client, &server.base, &granted.token).await?;
        if self.admin {
            warn_of_role(&me, &server);
        }
        let account = format!("{}@{}", me.acct, server.domain);
        let name = self.name.clone().unwrap_or_else(|| match level {
            Level::Account => account.clone(),
            Level::Instance => server.domain.clone(),
        });
        let seal =
            |column: &str, secret: &SecretString| vault.seal(&secret_name(&name, column), secret);
        store
            .save_target(&NewTarget {
                name: name.clone(),
                level,
                base_url: server.base.to_string(),
                domain: server.domain.clone(),
                account: Some(account.clone()),
                software: server.software.clone(),
                version: server.version_text.clone(),
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
        store.close().await;
        Reply::ok(SignedIn {
            target: name,
            level,
            server: server.base.to_string(),
            account,
            software: server.software,
            version: server.version_text,
        })
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

    fn scopes(&self, level: Level, server: &ServerInfo) -> Vec<&'static str> {
        let access = if self.read_only { Access::ReadOnly } else { Access::ReadWrite };
        let scopes = oauth::scopes(level, server, access);
        if self.impact { oauth::with_impact(scopes) } else { scopes }
    }
}

/// Has a person approve these scopes in a browser: on this machine, or, with `code`, on any.
pub(super) async fn sign_in_for(
    client: &Client,
    server: &ServerInfo,
    scopes: &[&str],
    code: bool,
) -> Result<Granted> {
    let base = &server.base;
    let (pkce, state) = (Pkce::new(random()?), LoginState::new(random()?));
    let listener = if code { None } else { Some(Loopback::bind().await?) };
    let redirect = listener.as_ref().map_or_else(|| OUT_OF_BAND.to_owned(), Loopback::redirect_uri);
    let registered = oauth::register(client, base, &[&redirect], scopes).await?;
    let url = oauth::authorize_url(base, &registered, &redirect, &state, &pkce);
    eprintln!("Open this address in your browser and approve:\n\n  {url}\n");
    let code = match listener {
        Some(listener) => {
            eprintln!(
                "Waiting for your answer there. No browser on this machine? Stop with Ctrl-C \
                 and use --code."
            );
            listener.wait(&state, PATIENCE).await?
        }
        None => typed_code()?,
    };
    let token = oauth::exchange(client, base, &registered, &redirect, &code, &pkce).await?;
    Ok(Granted {
        token: token.access_token,
        scopes: token.scope,
        client_id: registered.client_id,
        client_secret: registered.client_secret,
    })
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
fn warn_of_role(me: &Identity, server: &ServerInfo) {
    if me.role_permissions.is_some() && !me.can_manage_federation() {
        let role = me.role_name.as_deref().filter(|role| !role.is_empty()).unwrap_or("none");
        eprintln!(
            "Warning: your role on {} ({}) does not include \"Manage Federation\". Until an \
             administrator gives it that, the server will refuse everything.",
            server.domain,
            plain(role)
        );
    }
}

impl LogoutArgs {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let store = app.store().await?;
        let name = &self.target;
        let row = store
            .target(name)
            .await?
            .with_context(|| format!("There is no target {name}; see `hedgerow targets`."))?;
        let by_hand = || {
            format!(
                "The server was not told. Revoke it there: {}oauth/authorized_applications",
                row.base_url
            )
        };
        let told = if row.client_id.is_empty() {
            "The token was not made by Hedgerow, so it stays valid where it came from.".to_owned()
        } else {
            match self.revoke(app, &row).await {
                Ok(()) => "The server has revoked it.".to_owned(),
                Err(error) => {
                    eprintln!("{}", super::message(&error));
                    by_hand()
                }
            }
        };
        store.delete_target(name).await?;
        let event = NewEvent::new(app.clock.now(), app.actor(), EventKind::SignedOut);
        store.log(&[event.target(name)]).await?;
        store.close().await;
        Reply::ok(format!("Signed out of {}. {told} Its backups and runs are kept.", plain(name)))
    }

    async fn revoke(&self, app: &App, row: &crate::store::TargetRow) -> Result<()> {
        let vault = app.vault()?;
        let open = |column: &str, sealed: &str| vault.open(&secret_name(&row.name, column), sealed);
        let granted = Granted {
            token: open("token", &row.token)?,
            scopes: row.scopes.clone(),
            client_id: row.client_id.clone(),
            client_secret: open("client_secret", &row.client_secret)?,
        };
        granted.revoke(&crate::http::client()?, &Url::parse(&row.base_url)?).await
    }
}
