//! What is kept of each target: its policy, and the ledger of its blocks.

use chrono::{DateTime, Utc};
use compact_str::CompactString;
use serde_json::json;

use super::error::RowOf;
use super::events::{self, EventKind, NewEvent};
use super::holdings::{self, Map};
use super::{Either, Owner, Store, StoreError, Tx, on, reached};
use crate::ledger::{Delta, Dismissal, Ledger};
use crate::policy::Policy;

/// Who acts where Hedgerow draws a conclusion by itself.
const ITSELF: &str = "hedgerow";

impl Store {
    /// What a target makes of its lists; the default where nobody has decided anything.
    pub async fn policy(&self, target: &str) -> Result<Policy, StoreError> {
        let text: Option<String> = on!(&self.read, |pool| {
            sqlx::query_scalar("SELECT policy FROM kept_target WHERE name = $1 AND owner = $2")
                .bind(target)
                .bind(self.owner)
                .fetch_optional(pool)
                .await
        })?;
        let Some(text) = text else { return Ok(Policy::default()) };
        let row = RowOf::new("kept_target", &target);
        row.need("policy", serde_json::from_str(&text).ok())
    }

    pub async fn save_policy(&self, target: &str, policy: &Policy) -> Result<(), StoreError> {
        const SQL: &str = "
            INSERT INTO kept_target (name, whose, policy, owner) VALUES ($1, '', $2, $3)
            ON CONFLICT (owner, name) DO UPDATE SET policy = excluded.policy";
        reached!(self, SQL, target, policy.to_json(), self.owner)?;
        Ok(())
    }

    /// What is remembered of a target's blocks.
    ///
    /// `whose` says which account or server has that name now. Where it was another one,
    /// what was remembered is about somebody else: it is forgotten, with an event.
    pub async fn ledger(
        &self,
        target: &str,
        whose: &str,
        now: DateTime<Utc>,
    ) -> Result<Ledger, StoreError> {
        let mut tx = self.about(target, whose, now).await?;
        let ledger = Ledger {
            holdings: holdings::read(&mut tx, self.owner, target).await?,
            dismissals: holdings::read_dismissals(&mut tx, self.owner, target).await?,
        };
        tx.commit().await?;
        Ok(ledger)
    }

    /// Of [`Store::ledger`] only what people did not want blocked.
    pub async fn dismissals(
        &self,
        target: &str,
        whose: &str,
        now: DateTime<Utc>,
    ) -> Result<Map<Dismissal>, StoreError> {
        let mut tx = self.about(target, whose, now).await?;
        let dismissals = holdings::read_dismissals(&mut tx, self.owner, target).await?;
        tx.commit().await?;
        Ok(dismissals)
    }

    /// A transaction in which everything that is kept under a name is about `whose`.
    async fn about(&self, target: &str, whose: &str, now: DateTime<Utc>) -> Result<Tx, StoreError> {
        let mut tx = self.glance().await?;
        let known: Option<String> = on!(&mut tx, |c| {
            sqlx::query_scalar("SELECT whose FROM kept_target WHERE name = $1 AND owner = $2")
                .bind(target)
                .bind(self.owner)
                .fetch_optional(&mut **c)
                .await
        })?;
        if known.as_deref() != Some(whose) {
            tx = self.hand_over(target, whose, now).await?;
        }
        Ok(tx)
    }

    /// Enters a change into a target's ledger and adds the events: everything or nothing.
    pub async fn take(
        &self,
        target: &str,
        delta: &Delta,
        events: &[NewEvent],
    ) -> Result<(), StoreError> {
        const CHANGED: &str = "
            INSERT INTO kept_target (name, whose, policy, version, owner)
            VALUES ($1, '', '{}', 1, $2)
            ON CONFLICT (owner, name) DO UPDATE SET version = kept_target.version + 1";
        let owner = self.owner;
        let mut tx = self.begin().await?;
        let (kept, gone) = parted(&delta.holdings);
        holdings::save(&mut tx, owner, target, &kept).await?;
        holdings::forget(&mut tx, "DELETE FROM holding", owner, target, &gone).await?;
        let (kept, gone) = parted(&delta.dismissals);
        holdings::save_dismissals(&mut tx, owner, target, &kept).await?;
        holdings::forget(&mut tx, "DELETE FROM dismissal", owner, target, &gone).await?;
        if !(delta.holdings.is_empty() && delta.dismissals.is_empty()) {
            on!(&mut tx, |c| {
                sqlx::query(CHANGED).bind(target).bind(owner).execute(&mut **c).await.map(drop)
            })?;
        }
        events::insert(&mut tx, owner, events).await?;
        tx.commit().await
    }

    /// A transaction whose reads all show the same moment.
    async fn glance(&self) -> Result<Tx, StoreError> {
        const SQL: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        Ok(match &self.read {
            Either::Sqlite(pool) => Either::Sqlite(pool.begin().await?),
            Either::Postgres(pool) => Either::Postgres(pool.begin_with(SQL).await?),
        })
    }

    /// Remembers who has the name now. The transaction is still open, so that what is read
    /// in it is theirs and nobody else's.
    async fn hand_over(
        &self,
        target: &str,
        whose: &str,
        now: DateTime<Utc>,
    ) -> Result<Tx, StoreError> {
        // An update that changes nothing, to lock the row that may be there.
        const LOCK: &str = "
            INSERT INTO kept_target (name, whose, policy, owner) VALUES ($1, '', '{}', $2)
            ON CONFLICT (owner, name) DO UPDATE SET name = excluded.name RETURNING whose";
        const NAMED: &str = "
            UPDATE kept_target SET whose = $2, version = version + 1
            WHERE name = $1 AND owner = $3";
        let mut tx = self.begin().await?;
        let known: String = on!(&mut tx, |c| {
            sqlx::query_scalar(LOCK).bind(target).bind(self.owner).fetch_one(&mut **c).await
        })?;
        if !known.is_empty() && known != whose {
            let mut gone = [0; 3];
            for (gone, delete) in gone.iter_mut().zip([
                "DELETE FROM holding WHERE owner = $1 AND target = $2",
                "DELETE FROM dismissal WHERE owner = $1 AND target = $2",
                "DELETE FROM block_date WHERE owner = $1 AND target = $2",
            ]) {
                *gone = clear(&mut tx, delete, self.owner, target).await?;
            }
            let [holdings, dismissals, dates] = gone;
            let detail = json!({
                "was": known,
                "is": whose,
                "holdings": holdings,
                "dismissals": dismissals,
                "dates": dates,
            });
            let reset = NewEvent::new(now, ITSELF, EventKind::Reset).target(target).detail(detail);
            events::insert(&mut tx, self.owner, &[reset]).await?;
        }
        on!(&mut tx, |c| {
            sqlx::query(NAMED)
                .bind(target)
                .bind(whose)
                .bind(self.owner)
                .execute(&mut **c)
                .await
                .map(drop)
        })?;
        Ok(tx)
    }
}

type Kept<'a, V> = Vec<(&'a CompactString, &'a V)>;

/// What is to be written and what is to go.
fn parted<'a, V>(
    changes: impl IntoIterator<Item = (&'a CompactString, &'a Option<V>)>,
) -> (Kept<'a, V>, Vec<&'a CompactString>) {
    let (mut kept, mut gone) = (Vec::new(), Vec::new());
    for (name, value) in changes {
        match value {
            Some(value) => kept.push((name, value)),
            None => gone.push(name),
        }
    }
    (kept, gone)
}

async fn clear(
    tx: &mut Tx,
    delete: &'static str,
    owner: Owner,
    target: &str,
) -> Result<u64, StoreError> {
    Ok(on!(tx, |c| {
        sqlx::query(delete)
            .bind(owner)
            .bind(target)
            .execute(&mut **c)
            .await
            .map(|done| done.rows_affected())
    })?)
}
