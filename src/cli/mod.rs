//! The command line: one verb a file, each a struct of arguments and a `run`.
//!
//! A verb returns a reply, data that is printed once, here, as JSON or as text. The
//! exit code says what a script needs to know; see [`Exit`].

mod adopt;
mod announce;
mod apply;
mod backups;
mod check;
mod dates;
mod doctor;
mod exceptions;
mod lists;
mod log;
mod login;
mod options;
mod plan;
mod policy;
mod progress;
mod refollow;
mod replay;
mod restore;
mod resume;
mod runs;
mod serve;
mod subscribe;
mod sync;
mod targets;
mod tokens;
mod undo;
mod why;

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use secrecy::SecretString;
use serde::Serialize;

use crate::app::App;
use crate::fetch::Reach;
use crate::web::Config;

/// Shared blocklists for your fediverse account or server: shown before anything happens,
/// backed up, applied, verified, and undone if you change your mind.
#[derive(Parser)]
#[command(name = "hedgerow", version, arg_required_else_help = true)]
#[command(after_help = AFTER_HELP)]
struct Cli {
    /// Print machine-readable JSON instead of text
    #[arg(long, global = true)]
    json: bool,

    /// Where everything is kept: database, key, backups
    #[arg(long, global = true, env = "HEDGEROW_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// A PostgreSQL address, if SQLite is outgrown (postgres://…)
    #[arg(long, global = true, env = "HEDGEROW_DATABASE_URL", hide_env_values = true)]
    #[arg(value_name = "URL", hide_short_help = true)]
    database_url: Option<String>,

    /// Let lists be fetched from addresses inside this network, which are refused otherwise
    #[arg(long, global = true, env = "HEDGEROW_ALLOW_PRIVATE", hide_short_help = true)]
    #[arg(value_parser = clap::builder::FalseyValueParser::new())]
    allow_private: bool,

    /// The key that seals sign-ins, as 64 hex digits or base64; otherwise a key file is kept
    #[arg(skip = std::env::var("HEDGEROW_KEY").ok().map(SecretString::from))]
    key: Option<SecretString>,

    #[command(subcommand)]
    verb: Verb,
}

/// A database that was slow for once is nothing to tell whoever types a command.
const LOGGED: &str = "warn,sqlx=error";

const AFTER_HELP: &str = "\
Pre-block Threads with the file that your server exports, and no sign-in at all:
  hedgerow apply blocked_domains.csv --list threads

Or sign in, look, and apply:
  hedgerow login example.social
  hedgerow plan  me@example.social --list threads
  hedgerow apply me@example.social --list threads

Or do it in a browser:
  hedgerow serve

Or have it follow lists, and bring it into step every night:
  hedgerow subscribe me@example.social threads --mode auto
  hedgerow sync

Exit codes: 0 done, or nothing to do; 1 error; 2 changes are pending;
3 held back: by a guard, or because the target is not as it was.";

#[derive(Subcommand)]
enum Verb {
    Lists(lists::Args),
    Check(check::Args),
    Login(login::LoginArgs),
    Logout(login::LogoutArgs),
    Targets(targets::Args),
    Plan(plan::Args),
    Apply(apply::Args),
    Resume(resume::Args),
    Runs(runs::Args),
    Undo(undo::Args),
    Subscribe(subscribe::SubscribeArgs),
    Unsubscribe(subscribe::UnsubscribeArgs),
    Subscriptions(subscribe::SubscriptionsArgs),
    Policy(policy::Args),
    Sync(sync::Args),
    Exceptions(exceptions::Args),
    #[command(name = "date")]
    Date(dates::Args),
    Adopt(adopt::AdoptArgs),
    Release(adopt::ReleaseArgs),
    Why(why::Args),
    Log(log::Args),
    Announce(announce::Args),
    Backup(backups::BackupArgs),
    Backups(backups::BackupsArgs),
    Restore(restore::Args),
    Doctor(doctor::Args),
    Serve(serve::Args),
    Tokens(tokens::Args),
    #[command(hide = true)]
    Replay(replay::Args),
}

/// What the process reports to whoever called it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Ok = 0,
    Error = 1,
    /// There are changes, and they were not made.
    Pending = 2,
    /// Held back: the target is not what it was when the plan was made, or a guard or a held
    /// list stands in the way.
    Held = 3,
}

/// What a verb has to say.
struct Reply {
    exit: Exit,
    body: Box<dyn Body>,
}

/// Something that can be said as text and as JSON.
trait Body {
    fn text(&self, out: &mut dyn Write) -> io::Result<()>;
    fn json(&self, out: &mut dyn Write) -> io::Result<()>;
}

impl<T: Serialize + Display> Body for T {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let text = self.to_string();
        out.write_all(text.as_bytes())?;
        if text.is_empty() || text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") }
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        out.write_all(b"\n")
    }
}

/// A sentence for people, and the same in fields for scripts.
#[derive(Serialize)]
struct Noted {
    #[serde(flatten)]
    fields: serde_json::Value,
    says: String,
}

impl Display for Noted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", crate::plan::wrapped(&self.says, ""))
    }
}

impl Reply {
    /// Answers with a sentence, and with fields where a script asks.
    fn noted(says: impl Into<String>, fields: serde_json::Value) -> Result<Reply> {
        Reply::ok(Noted { fields, says: says.into() })
    }

    fn ok(body: impl Body + 'static) -> Result<Reply> {
        Reply::with(Exit::Ok, body)
    }

    #[expect(clippy::unnecessary_wraps, reason = "so that verbs end with it")]
    fn with(exit: Exit, body: impl Body + 'static) -> Result<Reply> {
        Ok(Reply { exit, body: Box::new(body) })
    }
}

/// An error that ends with another exit code than [`Exit::Error`].
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
struct Coded {
    exit: Exit,
    error: anyhow::Error,
}

/// The whole program.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            // clap's own code for a mistake is 2, which means something else here.
            return code(if error.use_stderr() { Exit::Error } else { Exit::Ok });
        }
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("HEDGEROW_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(LOGGED));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
    let json = cli.json;
    // One thread is enough for one person. Pages are for many.
    let mut runtime = match cli.verb {
        Verb::Serve(_) => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    let done = runtime
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run(cli)));
    let printed = done.and_then(|reply| {
        let exit = print(&reply, json)?;
        // The process ends here; taking a large plan apart first would only take time.
        std::mem::forget(reply);
        Ok(exit)
    });
    code(printed.unwrap_or_else(|error| complain(&error, json)))
}

async fn run(cli: Cli) -> Result<Reply> {
    let reach = if cli.allow_private { Reach::Anywhere } else { Reach::PublicOnly };
    let file = match &cli.verb {
        Verb::Serve(args) => args.config()?,
        _ => Config::default(),
    };
    let data_dir = cli.data_dir.or_else(|| file.data_dir.clone());
    let database_url = cli.database_url.or_else(|| file.database_url.clone());
    let app = App::new(data_dir, database_url, cli.key, reach)?;
    match cli.verb {
        Verb::Lists(args) => args.run(&app).await,
        Verb::Check(args) => args.run(&app).await,
        Verb::Login(args) => args.run(&app).await,
        Verb::Logout(args) => args.run(&app).await,

        Verb::Targets(args) => args.run(&app).await,
        Verb::Plan(args) => args.run(&app).await,
        Verb::Apply(args) => args.run(&app, cli.json).await,
        Verb::Resume(args) => args.run(&app, cli.json).await,
        Verb::Runs(args) => args.run(&app).await,
        Verb::Undo(args) => args.run(&app, cli.json).await,
        Verb::Subscribe(args) => args.run(&app).await,
        Verb::Unsubscribe(args) => args.run(&app).await,
        Verb::Subscriptions(args) => args.run(&app).await,
        Verb::Policy(args) => args.run(&app).await,
        Verb::Sync(args) => args.run(&app, cli.json).await,
        Verb::Exceptions(args) => args.run(&app).await,
        Verb::Date(args) => args.run(&app).await,
        Verb::Adopt(args) => args.run(&app).await,
        Verb::Release(args) => args.run(&app).await,
        Verb::Why(args) => args.run(&app).await,
        Verb::Log(args) => args.run(&app, cli.json).await,
        Verb::Announce(args) => args.run(&app).await,
        Verb::Backup(args) => args.run(&app).await,
        Verb::Backups(args) => args.run(&app).await,
        Verb::Restore(args) => args.run(&app, cli.json).await,
        Verb::Doctor(args) => args.run(&app).await,
        Verb::Serve(args) => args.run(app, file, cli.json).await,
        Verb::Tokens(args) => args.run(&app).await,
        Verb::Replay(args) => args.run(),
    }
}

fn print(reply: &Reply, json: bool) -> Result<Exit> {
    let mut out = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let written = if json { reply.body.json(&mut out) } else { reply.body.text(&mut out) };
    match written.and_then(|()| out.flush()) {
        // `hedgerow plan … | head` is no error.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(reply.exit),
        written => Ok(written.map(|()| reply.exit)?),
    }
}

/// Prints an error: as text on standard error, and as JSON on standard output where a
/// script is reading.
fn complain(error: &anyhow::Error, json: bool) -> Exit {
    let exit = error.downcast_ref::<Coded>().map_or(Exit::Error, |coded| coded.exit);
    let text = message(error);
    if json {
        let body = serde_json::json!({ "error": text });
        let _ = writeln!(io::stdout(), "{body}");
    }
    let _ = writeln!(io::stderr(), "error: {text}");
    exit
}

/// The error and its causes, a line each, safe for a terminal.
fn message(error: &anyhow::Error) -> String {
    let mut lines: Vec<String> = Vec::new();
    for cause in error.chain() {
        let text = cause.to_string();
        // Many errors repeat their cause's words.
        if !lines.iter().any(|line| line.contains(&text)) {
            lines.push(text);
        }
    }
    let text = lines.join("\n  because: ");
    text.lines().map(crate::text::plain).collect::<Vec<_>>().join("\n")
}

fn code(exit: Exit) -> ExitCode {
    ExitCode::from(exit as u8)
}

/// Asks a question on the terminal. Without one nobody can answer, and the answer is no.
fn confirm(question: &str) -> Result<bool> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(false);
    }
    eprint!("{question} [y/N] ");
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
