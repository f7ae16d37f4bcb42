//! Who may use the pages: people who signed in with their own server, and their browsers.

use chrono::{DateTime, Utc};

use super::{HOUSE, Owner, Store, StoreError, on, reached, stored_time};

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    pub owner: Owner,
    /// `user@domain`; nothing for whoever runs this Hedgerow.
    pub account: Option<String>,
    /// When the session was last noted as used.
    pub used_at: DateTime<Utc>,
}

/// A browser that is signed in, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub digest: String,
    /// What the browser called itself, shortened.
    pub browser: String,
    pub created_at: DateTime<Utc>,
    pub used_at: DateTime<Utc>,
}

impl Store {
    /// The number of somebody who has proved who they are. Whoever is new gets one.
    ///
    /// `identity` tells people apart; `account` is `user@domain` as their server writes it,
    /// which any server can write.
    pub async fn person(
        &self,
        identity: &str,
        account: &str,
        now: DateTime<Utc>,
    ) -> Result<Owner, StoreError> {
        const SQL: &str = "
            INSERT INTO person (identity, account, created_at) VALUES ($1, $2, $3)
            ON CONFLICT (identity) DO UPDATE SET account = excluded.account
            RETURNING id";
        Ok(on!(&self.write, |pool| {
            sqlx::query_scalar(SQL)
                .bind(identity)
                .bind(account)
                .bind(stored_time(now))
                .fetch_one(pool)
                .await
        })?)
    }

    /// Begins a session of the store's owner.
    pub async fn begin_session(
        &self,
        digest: &str,
        browser: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        const SQL: &str = "
            INSERT INTO session (digest, owner, browser, created_at, used_at)
            VALUES ($1, $2, $3, $4, $4)";
        reached!(self, SQL, digest, self.owner, browser, stored_time(now))?;
        Ok(())
    }

    /// Whose session it is, if it was used after `since`. The digest proves who asks, so this
    /// looks at everybody's.
    pub async fn session(
        &self,
        digest: &str,
        since: DateTime<Utc>,
    ) -> Result<Option<Who>, StoreError> {
        const SQL: &str = "
            SELECT session.owner, person.account, session.used_at FROM session
            LEFT JOIN person ON person.id = session.owner
            WHERE session.digest = $1 AND session.used_at > $2
                AND (session.owner = $3 OR person.id IS NOT NULL)";
        let found: Option<(Owner, Option<String>, DateTime<Utc>)> = on!(&self.read, |pool| {
            sqlx::query_as(SQL)
                .bind(digest)
                .bind(stored_time(since))
                .bind(HOUSE)
                .fetch_optional(pool)
                .await
        })?;
        Ok(found.map(|(owner, account, used_at)| Who { owner, account, used_at }))
    }

    /// Notes that a session is in use.
    pub async fn touch_session(&self, digest: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE session SET used_at = $3 WHERE digest = $1 AND owner = $2";
        reached!(self, SQL, digest, self.owner, stored_time(now))?;
        Ok(())
    }

    /// The owner's browsers that were used after `since`, the last one first.
    pub async fn sessions(&self, since: DateTime<Utc>) -> Result<Vec<Session>, StoreError> {
        const SQL: &str = "
            SELECT digest, browser, created_at, used_at FROM session
            WHERE owner = $1 AND used_at > $2 ORDER BY used_at DESC, digest";
        let rows: Vec<(String, String, DateTime<Utc>, DateTime<Utc>)> = on!(&self.read, |pool| {
            sqlx::query_as(SQL).bind(self.owner).bind(stored_time(since)).fetch_all(pool).await
        })?;
        let session = |(digest, browser, created_at, used_at)| Session {
            digest,
            browser,
            created_at,
            used_at,
        };
        Ok(rows.into_iter().map(session).collect())
    }

    /// Ends one of the owner's sessions, and says whether there was one.
    pub async fn end_session(&self, digest: &str) -> Result<bool, StoreError> {
        const SQL: &str = "DELETE FROM session WHERE digest = $1 AND owner = $2";
        Ok(reached!(self, SQL, digest, self.owner)? > 0)
    }

    /// Ends all of the owner's sessions but one.
    pub async fn end_other_sessions(&self, digest: &str) -> Result<u64, StoreError> {
        const SQL: &str = "DELETE FROM session WHERE digest <> $1 AND owner = $2";
        Ok(reached!(self, SQL, digest, self.owner)?)
    }

    /// Forgets everybody's sessions that nobody has used since.
    pub async fn forget_sessions(&self, since: DateTime<Utc>) -> Result<u64, StoreError> {
        const SQL: &str = "DELETE FROM session WHERE used_at <= $1";
        Ok(reached!(self, SQL, stored_time(since))?)
    }
}
