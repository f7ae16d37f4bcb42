//! How a target stands: what everybody who looks at it needs to know first, in one question.
//!
//! A page asks about the target, what waits on it, what goes on, and whether what it has at
//! hand is still true. One after another that is most of the time that a page takes.

use chrono::{DateTime, Utc};

use super::targets::Record as Target;
use super::{Db, Owner, ProposalId, RunId, Store, StoreError, TargetRow, on, together};

/// How a target stood when it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetNow {
    /// When it was last read, and whose name it was then.
    pub reading: Option<(DateTime<Utc>, String)>,
    /// Grows whenever its ledger changes.
    pub ledger_version: i64,
    /// The number and revision of the plan that waits.
    pub open_proposal: Option<(ProposalId, i64)>,
    pub unfinished_run: Option<RunId>,
    /// When the newest run began, and when it ended if it has.
    pub last_run: Option<(DateTime<Utc>, Option<DateTime<Utc>>)>,
    /// Whether there are exceptions that hold for it.
    pub has_exceptions: bool,
    /// Whether any of its blocks has a date.
    pub has_dates: bool,
}

#[derive(sqlx::FromRow)]
struct Record {
    #[sqlx(flatten)]
    target: Target,
    owner: i64,
    read_at: Option<DateTime<Utc>>,
    read_whose: Option<String>,
    ledger_version: Option<i64>,
    proposal_id: Option<i64>,
    proposal_revision: Option<i64>,
    unfinished_run: Option<i64>,
    run_at: Option<DateTime<Utc>>,
    run_ended: Option<DateTime<Utc>>,
    has_exceptions: bool,
    has_dates: bool,
}

impl Record {
    fn read(self) -> Result<(TargetRow, TargetNow), StoreError> {
        let r = self;
        let now = TargetNow {
            reading: r.read_at.zip(r.read_whose),
            ledger_version: r.ledger_version.unwrap_or_default(),
            open_proposal: r.proposal_id.zip(r.proposal_revision),
            unfinished_run: r.unfinished_run,
            last_run: r.run_at.map(|at| (at, r.run_ended)),
            has_exceptions: r.has_exceptions,
            has_dates: r.has_dates,
        };
        Ok((TargetRow::try_from(r.target)?, now))
    }
}

/// How targets stand, by whatever picks them.
///
/// The open proposal is looked for by itself: asked for in the join, `SQLite` would look at its
/// `taken_at`, which lies behind all of the packed plan.
macro_rules! standing {
    ($which:literal) => {
        concat!(
            "
            SELECT target.*,
                reading.taken_at AS read_at, reading.whose AS read_whose,
                kept_target.version AS ledger_version,
                proposal.id AS proposal_id, proposal.revision AS proposal_revision,
                (SELECT MAX(run.id) FROM run WHERE run.owner = target.owner
                    AND run.target = target.name AND run.status IN ('running', 'stopped'))
                    AS unfinished_run,
                last.created_at AS run_at, last.finished_at AS run_ended,
                EXISTS (SELECT 1 FROM exception WHERE exception.owner = target.owner
                    AND (exception.target IS NULL OR exception.target = target.name))
                    AS has_exceptions,
                EXISTS (SELECT 1 FROM block_date WHERE block_date.owner = target.owner
                    AND block_date.target = target.name) AS has_dates
            FROM ",
            $which,
            "
            LEFT JOIN reading ON reading.owner = target.owner AND reading.target = target.name
            LEFT JOIN kept_target
                ON kept_target.owner = target.owner AND kept_target.name = target.name
            LEFT JOIN proposal ON proposal.id = (SELECT open.id FROM proposal AS open
                WHERE open.owner = target.owner AND open.target = target.name
                    AND open.taken_at IS NULL)
            LEFT JOIN run AS last ON last.id = (SELECT MAX(run.id) FROM run
                WHERE run.owner = target.owner AND run.target = target.name)"
        )
    };
}

const ONE: &str =
    standing!("(SELECT * FROM target WHERE target.id = $1 AND target.owner = $2) AS target");

/// Of [`together::MOST`], by number and owner.
const SOME: &str = standing!(
    "(VALUES ($1, $2), ($3, $4), ($5, $6), ($7, $8), ($9, $10), ($11, $12), ($13, $14),
        ($15, $16)) AS asked
    JOIN target ON target.id = asked.column1 AND target.owner = asked.column2"
);

/// A target as an address names it: its number, and whose it has to be.
pub(super) type Asked = (i64, Owner);

type Standing = (TargetRow, TargetNow);

impl Store {
    /// The target with this number, which addresses of pages carry, and how it stands. While
    /// many look at theirs, some of them are asked for together.
    pub async fn target_now(&self, id: i64) -> Result<Option<Standing>, StoreError> {
        let read = self.read.clone();
        let some = move |asked: Vec<Asked>| {
            let read = read.clone();
            async move { standing_of(&read, &asked).await.map_err(|_| ()) }
        };
        match self.standing.ask((id, self.owner), some).await {
            Ok(found) => Ok(found),
            // Something is wrong with it, or with another one that was asked for with it.
            Err(()) => one(&self.read, (id, self.owner)).await,
        }
    }
}

async fn one(read: &Db, (id, owner): Asked) -> Result<Option<Standing>, StoreError> {
    let record: Option<Record> =
        on!(read, |pool| { sqlx::query_as(ONE).bind(id).bind(owner).fetch_optional(pool).await })
            .map_err(StoreError::reading("target"))?;
    record.map(Record::read).transpose()
}

async fn standing_of(
    read: &Db,
    asked: &[Asked],
) -> Result<together::Answers<Asked, Standing>, StoreError> {
    if let [asked] = asked {
        return Ok(one(read, *asked).await?.map(|found| (*asked, found)).into_iter().collect());
    }
    let records: Vec<Record> = on!(read, |pool| {
        let mut query = sqlx::query_as(SOME);
        for at in 0..together::MOST {
            let (id, owner) = asked.get(at).copied().unzip();
            query = query.bind(id).bind(owner);
        }
        query.fetch_all(pool).await
    })
    .map_err(StoreError::reading("target"))?;
    let read = |record: Record| {
        let owner = record.owner;
        let (row, now) = record.read()?;
        Ok(((row.id, owner), (row, now)))
    };
    records.into_iter().map(read).collect()
}
