//! The rows of a target's ledger.
//!
//! A large server has tens of thousands of them, each with several lists' claims, and all
//! are read before anything is planned. So each row's JSON is parsed once, without copies,
//! and a list's name is kept once however many claims it has.

use std::borrow::Cow;

use arcstr::ArcStr;
use chrono::{DateTime, Utc};
use compact_str::CompactString;
use futures_util::TryStreamExt;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::error::RowOf;
use super::{Owner, StoreError, Tx, on, stored_time};
use crate::block::Severity;
use crate::ledger::{Claim, Dismissal, Holding, Word};

/// Rows per statement: ten variables each, of the 32,766 that `SQLite` takes.
const CHUNK: usize = 1000;

pub(super) type Map<V> = HashMap<CompactString, V, foldhash::fast::RandomState>;

/// Stands between the columns of a row. JSON writes it as an escape.
const SEPARATOR: &str = "\u{1f}";

/// Its columns come as one text: `SQLite` hands values over one by one between two threads,
/// and with eight values to a row that took much of the time.
#[derive(sqlx::FromRow)]
struct Record {
    since: DateTime<Utc>,
    packed: String,
}

/// A [`Claim`] as it is kept: without names for its parts, its times in nanoseconds. With
/// ten lists to a block, names and dates in words took most of the reading.
#[derive(Serialize, Deserialize)]
struct Packed<'a>(
    #[serde(borrow)] Cow<'a, str>,
    Severity,
    /// The flags, a bit each.
    u8,
    /// `since` and `less_since`.
    i64,
    Option<i64>,
);

const REJECT_MEDIA: u8 = 1;
const REJECT_REPORTS: u8 = 2;
const OBFUSCATE: u8 = 4;
const ONCE: u8 = 8;

/// The lists' names, each kept once.
#[derive(Default)]
struct Names(Vec<ArcStr>);

impl Names {
    /// There are few of them: a walk is faster than a digest.
    fn get(&mut self, name: &str) -> ArcStr {
        if let Some(known) = self.0.iter().find(|known| known.as_str() == name) {
            return known.clone();
        }
        let name = ArcStr::from(name);
        self.0.push(name.clone());
        name
    }
}

impl Record {
    fn parse(
        &self,
        target: &str,
        names: &mut Names,
    ) -> Result<(CompactString, Holding), StoreError> {
        let mut columns = self.packed.splitn(7, SEPARATOR);
        let domain = columns.next().unwrap_or_default();
        // Named only if it is damaged: there are many.
        let damaged = |column| {
            move || RowOf::new("holding", &format_args!("{target}/{domain}")).damaged(column)
        };
        let mut next = || columns.next().unwrap_or_default();
        if domain.is_empty() {
            return Err(damaged("domain")());
        }
        let holding = Holding {
            owner: next().parse().map_err(|_| damaged("keeper")())?,
            rule: read_json(next()).ok_or_else(damaged("rule"))?,
            before: read_json(next()).ok_or_else(damaged("before"))?,
            row: Some(next()).filter(|row| !row.is_empty()).map(CompactString::from),
            run: read_json(next()).ok_or_else(damaged("run_id"))?,
            since: self.since,
            claims: read_json::<Vec<Packed>>(next())
                .ok_or_else(damaged("claims"))?
                .into_iter()
                .map(|claim| claim.claim(names))
                .collect(),
        };
        Ok((domain.into(), holding))
    }
}

impl<'a> Packed<'a> {
    fn of(claim: &'a Claim) -> Self {
        let Claim { list, word, since, less_since, once } = claim;
        let flags = [
            (word.reject_media, REJECT_MEDIA),
            (word.reject_reports, REJECT_REPORTS),
            (word.obfuscate, OBFUSCATE),
            (*once, ONCE),
        ];
        let flags = flags.iter().map(|(on, bit)| if *on { *bit } else { 0 }).sum();
        let list = Cow::Borrowed(list.as_str());
        Packed(list, word.severity, flags, nanos(*since), less_since.map(nanos))
    }

    fn claim(self, names: &mut Names) -> Claim {
        let Packed(list, severity, flags, since, less_since) = self;
        let has = |bit: u8| flags & bit != 0;
        Claim {
            list: names.get(&list),
            word: Word {
                severity,
                reject_media: has(REJECT_MEDIA),
                reject_reports: has(REJECT_REPORTS),
                obfuscate: has(OBFUSCATE),
            },
            since: DateTime::from_timestamp_nanos(since),
            less_since: less_since.map(DateTime::from_timestamp_nanos),
            once: has(ONCE),
        }
    }
}

/// The years after 2262 are as far as 2262.
fn nanos(at: DateTime<Utc>) -> i64 {
    at.timestamp_nanos_opt().unwrap_or(i64::MAX)
}

fn read_json<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    serde_json::from_str(text).ok()
}

/// Plain data under plain names has nothing that could fail.
fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

pub(super) async fn read(
    tx: &mut Tx,
    owner: Owner,
    target: &str,
) -> Result<Map<Holding>, StoreError> {
    const SQL: &str = "
        SELECT since, domain || $2 || keeper || $2 || COALESCE(rule, 'null') || $2
            || COALESCE(before, 'null') || $2 || COALESCE(row_id, '') || $2
            || COALESCE(CAST(run_id AS TEXT), 'null') || $2 || claims AS packed
        FROM holding WHERE owner = $3 AND target = $1";
    let mut names = Names::default();
    let mut holdings = Map::default();
    // Each row is parsed while the database gets the next ones ready.
    on!(tx, |c| {
        let mut records =
            sqlx::query_as(SQL).bind(target).bind(SEPARATOR).bind(owner).fetch(&mut **c);
        while let Some(record) = records.try_next().await.map_err(StoreError::reading("holding"))? {
            let (name, holding) = Record::parse(&record, target, &mut names)?;
            holdings.insert(name, holding);
        }
    });
    Ok(holdings)
}

pub(super) async fn save(
    tx: &mut Tx,
    owner: Owner,
    target: &str,
    holdings: &[(&CompactString, &Holding)],
) -> Result<(), StoreError> {
    for chunk in holdings.chunks(CHUNK) {
        on!(&mut *tx, |c| {
            let mut query = sqlx::QueryBuilder::new(
                "INSERT INTO holding
                     (owner, target, domain, keeper, rule, before, row_id, run_id, since,
                      claims) ",
            );
            query.push_values(chunk, |mut row, (name, holding)| {
                row.push_bind(owner)
                    .push_bind(target)
                    .push_bind(name.as_str())
                    .push_bind(holding.owner.as_str())
                    .push_bind(holding.rule.as_ref().map(json))
                    .push_bind(holding.before.as_ref().map(json))
                    .push_bind(holding.row.as_deref())
                    .push_bind(holding.run)
                    .push_bind(stored_time(holding.since))
                    .push_bind(json(&holding.claims.iter().map(Packed::of).collect::<Vec<_>>()));
            });
            query.push(
                " ON CONFLICT (owner, target, domain) DO UPDATE SET
                     keeper = excluded.keeper, rule = excluded.rule, before = excluded.before,
                     row_id = excluded.row_id, run_id = excluded.run_id,
                     since = excluded.since, claims = excluded.claims",
            );
            query.build().execute(&mut **c).await.map(drop)
        })?;
    }
    Ok(())
}

pub(super) async fn read_dismissals(
    tx: &mut Tx,
    owner: Owner,
    target: &str,
) -> Result<Map<Dismissal>, StoreError> {
    #[derive(sqlx::FromRow)]
    struct Record {
        domain: String,
        why: String,
        at: DateTime<Utc>,
        said: Option<String>,
    }
    const SQL: &str =
        "SELECT domain, why, at, said FROM dismissal WHERE target = $1 AND owner = $2";
    let records: Vec<Record> =
        on!(tx, |c| { sqlx::query_as(SQL).bind(target).bind(owner).fetch_all(&mut **c).await })
            .map_err(StoreError::reading("dismissal"))?;
    let kept = |record: Record| {
        let row = RowOf::new("dismissal", &format_args!("{target}/{}", record.domain));
        let dismissal = Dismissal {
            why: row.need("why", record.why.parse().ok())?,
            at: record.at,
            said: row.need("said", read_json(record.said.as_deref().unwrap_or("null")))?,
        };
        let name = (!record.domain.is_empty()).then(|| record.domain.into());
        Ok((row.need("domain", name)?, dismissal))
    };
    records.into_iter().map(kept).collect()
}

pub(super) async fn save_dismissals(
    tx: &mut Tx,
    owner: Owner,
    target: &str,
    dismissals: &[(&CompactString, &Dismissal)],
) -> Result<(), StoreError> {
    for chunk in dismissals.chunks(CHUNK) {
        on!(&mut *tx, |c| {
            let mut query = sqlx::QueryBuilder::new(
                "INSERT INTO dismissal (owner, target, domain, why, at, said) ",
            );
            query.push_values(chunk, |mut row, (name, dismissal)| {
                row.push_bind(owner)
                    .push_bind(target)
                    .push_bind(name.as_str())
                    .push_bind(dismissal.why.as_str())
                    .push_bind(stored_time(dismissal.at))
                    .push_bind(dismissal.said.as_ref().map(json));
            });
            query.push(
                " ON CONFLICT (owner, target, domain) DO UPDATE SET
                     why = excluded.why, at = excluded.at, said = excluded.said",
            );
            query.build().execute(&mut **c).await.map(drop)
        })?;
    }
    Ok(())
}

/// `delete` is a statement up to its `WHERE`.
pub(super) async fn forget(
    tx: &mut Tx,
    delete: &'static str,
    owner: Owner,
    target: &str,
    domains: &[&CompactString],
) -> Result<(), StoreError> {
    for chunk in domains.chunks(CHUNK) {
        on!(&mut *tx, |c| {
            let mut query = sqlx::QueryBuilder::new(delete);
            query.push(" WHERE owner = ").push_bind(owner);
            query.push(" AND target = ").push_bind(target).push(" AND domain IN (");
            let mut list = query.separated(", ");
            for domain in chunk {
                list.push_bind(domain.as_str());
            }
            query.push(")");
            query.build().execute(&mut **c).await.map(drop)
        })?;
    }
    Ok(())
}
