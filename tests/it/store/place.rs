//! A fresh database of each kind for every case.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;

use hedgerow::block::hex;
use hedgerow::clock::random;
use hedgerow::store::Store;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

const LOCAL: &str = "postgres://postgres@127.0.0.1:5432/postgres";

/// An empty place for a database, and the ways around the store to look into it.
pub struct Place {
    pub url: String,
    pub file: Option<PathBuf>,
}

impl Place {
    pub async fn open(&self) -> Store {
        Store::open(&self.url).await.unwrap()
    }

    pub fn is_postgres(&self) -> bool {
        self.file.is_none()
    }

    /// Runs a statement behind the store's back.
    pub async fn sql(&self, sql: &str) {
        self.try_sql(sql).await.unwrap();
    }

    /// Runs a statement behind the store's back, which the database may refuse.
    pub async fn try_sql(&self, sql: &str) -> Result<(), sqlx::Error> {
        if self.is_postgres() {
            return postgres(&self.url, sql).await;
        }
        let mut db = SqliteConnection::connect(&self.url).await?;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut db).await?;
        db.close().await
    }

    /// Makes a database as the first `migrations` left it.
    pub async fn make_old(&self, migrations: i64) {
        let mut all = if self.is_postgres() {
            sqlx::migrate!("migrations/postgres")
        } else {
            sqlx::migrate!("migrations/sqlite")
        };
        all.migrations.to_mut().retain(|migration| migration.version <= migrations);
        if let Some(file) = &self.file {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
            let mut db = SqliteConnection::connect_with(&options).await.unwrap();
            all.run(&mut db).await.unwrap();
            db.close().await.unwrap();
        } else {
            let mut db = PgConnection::connect(&self.url).await.unwrap();
            all.run(&mut db).await.unwrap();
            db.close().await.unwrap();
        }
    }

    /// Runs a statement behind the store's back and does not commit it yet.
    pub async fn begin(&self, sql: &str) -> Held {
        if self.is_postgres() {
            let mut db = PgConnection::connect(&self.url).await.unwrap();
            let sql = AssertSqlSafe(format!("BEGIN; {sql}"));
            sqlx::raw_sql(sql).execute(&mut db).await.unwrap();
            Held::Postgres(db)
        } else {
            let mut db = SqliteConnection::connect(&self.url).await.unwrap();
            let sql = AssertSqlSafe(format!("BEGIN IMMEDIATE; {sql}"));
            sqlx::raw_sql(sql).execute(&mut db).await.unwrap();
            Held::Sqlite(db)
        }
    }
}

/// A transaction that somebody else has open.
pub enum Held {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Held {
    pub async fn commit(self) {
        match self {
            Held::Sqlite(mut db) => sqlx::raw_sql("COMMIT").execute(&mut db).await.map(drop),
            Held::Postgres(mut db) => sqlx::raw_sql("COMMIT").execute(&mut db).await.map(drop),
        }
        .unwrap();
    }
}

async fn postgres(url: &str, sql: &str) -> Result<(), sqlx::Error> {
    let mut db = PgConnection::connect(url).await?;
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut db).await?;
    db.close().await
}

fn run(test: &impl AsyncFn(&Place), place: &Place) -> std::thread::Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    catch_unwind(AssertUnwindSafe(|| runtime.block_on(test(place))))
}

/// Runs the case on `SQLite` and on PostgreSQL. Where no PostgreSQL answers, that half is
/// skipped and says so; a machine that sets `CI` must have one.
#[expect(clippy::needless_pass_by_value, reason = "every case is written where it is passed")]
pub fn on_both(test: impl AsyncFn(&Place)) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deep/er/hedgerow.db");
    let place = Place { url: format!("sqlite:{}", file.display()), file: Some(file) };
    run(&test, &place).unwrap_or_else(|panic| resume_unwind(panic));

    let base = std::env::var("HEDGEROW_TEST_POSTGRES_URL").unwrap_or_else(|_| LOCAL.to_owned());
    let schema = format!("hedgerow_test_{}", hex(&random::<8>().unwrap()));
    let admin = |sql: String| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(postgres(&base, &sql))
    };
    if let Err(error) = admin(format!("CREATE SCHEMA {schema}")) {
        assert!(std::env::var_os("CI").is_none(), "no PostgreSQL for the tests: {error}");
        println!("skipped: no PostgreSQL answers, set HEDGEROW_TEST_POSTGRES_URL ({error})");
        return;
    }
    let joint = if base.contains('?') { '&' } else { '?' };
    let place = Place { url: format!("{base}{joint}options[search_path]={schema}"), file: None };
    let outcome = run(&test, &place);
    let dropped = admin(format!("DROP SCHEMA {schema} CASCADE"));
    outcome.unwrap_or_else(|panic| resume_unwind(panic));
    dropped.unwrap();
}
