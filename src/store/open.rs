//! Finding, making and bringing up to date the database that an address names.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool};
use tokio::sync::Mutex;
use url::Url;

use super::{Either, HOUSE, Store, StoreError};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// How long a statement waits for another process's write to end.
const BUSY: Duration = Duration::from_secs(5);
const CONNECT: Duration = Duration::from_secs(10);
const SQLITE_READERS: u32 = 4;
/// How many rows `SQLite`'s own thread gets ready for who reads them. With few, the two
/// threads wake each other for most of the time.
const ROWS_AHEAD: usize = 2_000;
const POSTGRES_CONNECTIONS: u32 = 8;

/// Closing any handle on a file drops all locks that this process has on it, so a file
/// must not be made (opened, closed) while another task is opening it as a database.
static OPENING: Mutex<()> = Mutex::const_new(());

impl Store {
    /// Opens the database at a path, `sqlite:PATH` or `postgres://…`, making the file and
    /// its folder where they are missing, and brings its tables up to date.
    pub async fn open(url: &str) -> Result<Store, StoreError> {
        match Address::parse(url)? {
            Address::File(path) => open_sqlite(&path).await,
            Address::Postgres(url) => open_postgres(&url).await,
        }
    }
}

#[derive(Debug, PartialEq)]
enum Address {
    File(PathBuf),
    Postgres(Url),
}

impl Address {
    /// An address with an unknown scheme is an error and never a file of that name: a
    /// mistyped `postgress://` must not look like a new installation.
    fn parse(text: &str) -> Result<Address, StoreError> {
        let text = text.trim();
        let bad = |why: &str| Err(StoreError::Address(format!("{why} {USAGE}")));
        match scheme(text) {
            Some("postgres" | "postgresql") => match Url::parse(text) {
                Ok(url) if url.has_host() || url.query().is_some() => Ok(Address::Postgres(url)),
                _ => bad("That PostgreSQL address cannot be read."),
            },
            Some("sqlite") => {
                let path = text.get("sqlite:".len()..).unwrap_or_default();
                let path = path.strip_prefix("//").unwrap_or(path);
                if path.is_empty() || path.starts_with(':') || path.contains('?') {
                    return bad("A database needs a file to live in.");
                }
                Ok(Address::File(path.into()))
            }
            Some(other) => bad(&format!("Hedgerow has no database called {other:?}.")),
            None if text.is_empty() => bad("No database was named."),
            None => Ok(Address::File(text.into())),
        }
    }
}

const USAGE: &str = "Give the path of a file, or an address such as \
     postgres://user@localhost/hedgerow. (A file whose name has a colon in it is written \
     ./like:this.)";

/// The scheme of an address. One letter is no scheme but a Windows drive.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let word = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    (scheme.len() > 1 && !scheme.starts_with('.') && scheme.chars().all(word)).then_some(scheme)
}

async fn open_sqlite(path: &Path) -> Result<Store, StoreError> {
    let shown = path.display().to_string();
    let failed = |cause| StoreError::Open {
        shown: shown.clone(),
        cause,
        next: "Check that this file is Hedgerow's own database and that you may write to it.",
    };
    let _opening = OPENING.lock().await;
    make_file(path).map_err(|cause| StoreError::Place { path: path.to_owned(), cause })?;
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY).foreign_keys(true);
    let writing =
        options.clone().journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Normal);
    // The connection stays for good: with the last one the journal's files go away, and
    // a reader may not be able to make them again.
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false);
    let writer =
        patiently(|| writer.clone().connect_with(writing.clone())).await.map_err(failed)?;
    migrate_sqlite(&writer, &shown).await?;
    // A file does not hang up, so nobody needs to ask each time whether it is still there, and
    // none is closed for its age: see `open_postgres`.
    let reader = SqlitePoolOptions::new()
        .max_connections(SQLITE_READERS)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_lazy_with(options.read_only(true).row_buffer_size(ROWS_AHEAD));
    Ok(Store {
        read: Either::Sqlite(reader),
        write: Either::Sqlite(writer),
        shown,
        standing: Arc::default(),
        owner: HOUSE,
    })
}

/// Two processes that open a new file at once both want to give it its journal. `SQLite` lets
/// the second of them not wait, but fail.
async fn patiently<A>(open: impl Fn() -> A) -> Result<SqlitePool, sqlx::Error>
where
    A: Future<Output = Result<SqlitePool, sqlx::Error>>,
{
    let until = Instant::now() + BUSY;
    loop {
        match open().await {
            Err(error) if is_busy(&error) && Instant::now() < until => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            answer => return answer,
        }
    }
}

/// `SQLITE_BUSY`, whatever it is about.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.and_then(|code| code.parse().ok()).is_some_and(|code: u32| code & 0xff == 5)
}

/// `SQLite`'s migrator has no lock of its own. Under the write lock, the second of two
/// processes that open a new file waits and then finds the work done.
async fn migrate_sqlite(pool: &SqlitePool, shown: &str) -> Result<(), StoreError> {
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    SQLITE
        .run_direct(None, &mut *tx, false)
        .await
        .map_err(|cause| StoreError::Migrate { shown: shown.to_owned(), cause })?;
    Ok(tx.commit().await?)
}

async fn open_postgres(url: &Url) -> Result<Store, StoreError> {
    let shown = without_secrets(url);
    let failed = |cause| StoreError::Open {
        shown: shown.clone(),
        cause,
        next: "Check that PostgreSQL is running there and that the name, password and database \
             are right.",
    };
    let options = PgConnectOptions::from_str(url.as_str()).map_err(failed)?;
    // No connection is closed for its age. What looks for old ones counts the idle ones while
    // others take them, and once in a long while counts below none and never ends. One that the
    // server has hung up is noticed when it is asked for.
    let pool: PgPool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(CONNECT)
        .connect_with(options)
        .await
        .map_err(failed)?;
    POSTGRES
        .run(&pool)
        .await
        .map_err(|cause| StoreError::Migrate { shown: shown.clone(), cause })?;
    Ok(Store {
        read: Either::Postgres(pool.clone()),
        write: Either::Postgres(pool),
        shown,
        standing: Arc::default(),
        owner: HOUSE,
    })
}

/// Host and database only: a password can also be in the query.
fn without_secrets(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("postgres://{}{port}{}", url.host_str().unwrap_or_default(), url.path())
}

/// Makes the file, and the folders above it, for the owner's eyes only. `SQLite` gives its
/// journal the same mode.
fn make_file(path: &Path) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new();
    file.write(true).create_new(true);
    let mut folder = std::fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        file.mode(0o600);
        folder.mode(0o700);
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        folder.create(parent)?;
    }
    match file.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_files_or_postgres_and_nothing_else() {
        let file = |path: &str| Address::File(path.into());
        for (text, path) in [
            ("hedgerow.db", "hedgerow.db"),
            (" /var/lib/hedgerow.db ", "/var/lib/hedgerow.db"),
            ("sqlite:a/b.db", "a/b.db"),
            ("sqlite:///a/b.db", "/a/b.db"),
            (r"C:\hedgerow.db", r"C:\hedgerow.db"),
            ("./odd:name.db", "./odd:name.db"),
        ] {
            assert_eq!(Address::parse(text).unwrap(), file(path), "{text}");
        }
        for text in ["postgres://me@db.example/hedgerow", "postgresql:///x?host=/run/pg"] {
            assert!(matches!(Address::parse(text), Ok(Address::Postgres(_))), "{text}");
        }
        for text in ["", "mysql://x", "postgress://x/y", "sqlite:", "sqlite::memory:", "postgres:"]
        {
            assert!(matches!(Address::parse(text), Err(StoreError::Address(_))), "{text}");
        }
    }

    #[test]
    fn a_shown_address_has_no_password_in_any_place() {
        let url =
            Url::parse("postgres://me:hunter2@db.example:5433/hedge?password=hunter2").unwrap();
        assert_eq!(without_secrets(&url), "postgres://db.example:5433/hedge");
    }
}
