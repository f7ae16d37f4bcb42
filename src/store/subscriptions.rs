//! Which target follows which list, and on what terms.

use chrono::{DateTime, Utc};

use super::error::RowOf;
use super::{HOUSE, Owner, Store, StoreError, on, reached, stored_time};
use crate::policy::Terms;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub target: String,
    pub list: String,
    pub terms: Terms,
    pub created_at: DateTime<Utc>,
}

/// How many people other than the house follow one of its lists, and on how many targets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Others {
    pub people: usize,
    pub targets: usize,
}

#[derive(sqlx::FromRow)]
struct Record {
    target: String,
    list: String,
    terms: String,
    created_at: DateTime<Utc>,
}

impl TryFrom<Record> for Subscription {
    type Error = StoreError;

    fn try_from(r: Record) -> Result<Self, StoreError> {
        let row = RowOf::new("subscription", &format_args!("{}/{}", r.target, r.list));
        Ok(Subscription {
            terms: row.need("terms", serde_json::from_str(&r.terms).ok())?,
            target: r.target,
            list: r.list,
            created_at: r.created_at,
        })
    }
}

impl Store {
    /// The lists that a target follows, ordered by name.
    pub async fn subscriptions(&self, target: &str) -> Result<Vec<Subscription>, StoreError> {
        self.subscriptions_of(Some(target)).await
    }

    /// What all targets follow, ordered by target and list.
    pub async fn all_subscriptions(&self) -> Result<Vec<Subscription>, StoreError> {
        self.subscriptions_of(None).await
    }

    /// Who follows anything, the house aside.
    pub async fn owners_that_follow(&self) -> Result<Vec<Owner>, StoreError> {
        const SQL: &str = "
            SELECT DISTINCT owner FROM subscription WHERE owner <> $1 ORDER BY owner";
        Ok(on!(&self.read, |pool| sqlx::query_scalar(SQL).bind(HOUSE).fetch_all(pool).await)?)
    }

    async fn subscriptions_of(
        &self,
        target: Option<&str>,
    ) -> Result<Vec<Subscription>, StoreError> {
        const SQL: &str = "
            SELECT * FROM subscription WHERE owner = $2 AND ($1 IS NULL OR target = $1)
            ORDER BY target, list";
        let records: Vec<Record> = on!(&self.read, |pool| {
            sqlx::query_as(SQL).bind(target).bind(self.owner).fetch_all(pool).await
        })
        .map_err(StoreError::reading("subscription"))?;
        records.into_iter().map(Subscription::try_from).collect()
    }

    /// The targets that follow a list, ordered by name.
    pub async fn subscribers(&self, list: &str) -> Result<Vec<String>, StoreError> {
        const SQL: &str =
            "SELECT target FROM subscription WHERE list = $1 AND owner = $2 ORDER BY target";
        Ok(on!(&self.read, |pool| {
            sqlx::query_scalar(SQL).bind(list).bind(self.owner).fetch_all(pool).await
        })?)
    }

    /// Who else follows a list of the house. Of what is a person's own nobody else can.
    pub async fn others_that_follow(&self, list: &str) -> Result<Others, StoreError> {
        const SQL: &str = "
            SELECT COUNT(DISTINCT owner), COUNT(*) FROM subscription
            WHERE list = $1 AND owner <> $2 AND NOT EXISTS (
                SELECT 1 FROM followed_list AS own
                WHERE own.owner = subscription.owner AND own.name = subscription.list)";
        if self.owner != HOUSE {
            return Ok(Others::default());
        }
        let (people, targets): (i64, i64) = on!(&self.read, |pool| {
            sqlx::query_as(SQL).bind(list).bind(HOUSE).fetch_one(pool).await
        })?;
        let number = |count: i64| usize::try_from(count).unwrap_or(0);
        Ok(Others { people: number(people), targets: number(targets) })
    }

    /// Follows a list, or follows it on other terms from now on: the day on which the
    /// target began to follow it stays.
    pub async fn save_subscription(
        &self,
        target: &str,
        list: &str,
        terms: &Terms,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        const SQL: &str = "
            INSERT INTO subscription (target, list, terms, created_at, owner)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (owner, target, list) DO UPDATE SET terms = excluded.terms";
        reached!(self, SQL, target, list, terms.to_json(), stored_time(now), self.owner)?;
        Ok(())
    }

    /// Stops following a list, and says whether the target did.
    pub async fn delete_subscription(&self, target: &str, list: &str) -> Result<bool, StoreError> {
        const SQL: &str = "DELETE FROM subscription WHERE target = $1 AND list = $2 AND owner = $3";
        Ok(reached!(self, SQL, target, list, self.owner)? > 0)
    }
}
