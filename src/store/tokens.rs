//! Keys with which programs use the API in somebody's name.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::error::RowOf;
use super::{HOUSE, Owner, Store, StoreError, on, reached, stored_time};
use crate::policy::worded;

worded! {
    /// What a token may do.
    pub enum Scope {
        /// Look at everything.
        Read = "read",
        /// Do everything.
        Write = "write",
    }
}

pub type TokenId = i64;

/// A token as its owner sees it: the secret is nowhere here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub id: TokenId,
    pub name: String,
    pub scope: Scope,
    pub created_at: DateTime<Utc>,
    /// When it was last noted as used.
    pub used_at: Option<DateTime<Utc>>,
}

/// Who uses a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    pub owner: Owner,
    /// `user@domain`; nothing for whoever runs this Hedgerow.
    pub account: Option<String>,
    pub token: Token,
}

#[derive(sqlx::FromRow)]
struct Record {
    id: i64,
    owner: i64,
    name: String,
    scope: String,
    created_at: DateTime<Utc>,
    used_at: Option<DateTime<Utc>>,
    account: Option<String>,
}

impl TryFrom<Record> for Bearer {
    type Error = StoreError;

    fn try_from(r: Record) -> Result<Self, StoreError> {
        let row = RowOf::new("token", &r.id);
        let scope = row.need("scope", r.scope.parse().ok())?;
        let Record { id, owner, name, created_at, used_at, account, .. } = r;
        Ok(Bearer { owner, account, token: Token { id, name, scope, created_at, used_at } })
    }
}

impl Store {
    /// Keeps a new token of the store's owner.
    pub async fn add_token(
        &self,
        name: &str,
        digest: &str,
        scope: Scope,
        now: DateTime<Utc>,
    ) -> Result<TokenId, StoreError> {
        const SQL: &str = "
            INSERT INTO token (owner, name, digest, scope, created_at)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT (owner, name) DO NOTHING RETURNING id";
        let id: Option<i64> = on!(&self.write, |pool| {
            sqlx::query_scalar(SQL)
                .bind(self.owner)
                .bind(name)
                .bind(digest)
                .bind(scope.as_str())
                .bind(stored_time(now))
                .fetch_optional(pool)
                .await
        })?;
        id.ok_or_else(|| StoreError::NameTaken { what: "token", name: name.to_owned() })
    }

    /// Whose token it is. The digest proves who asks, so this looks at everybody's.
    pub async fn bearer(&self, digest: &str) -> Result<Option<Bearer>, StoreError> {
        const SQL: &str = "
            SELECT token.id, token.owner, token.name, token.scope, token.created_at,
                token.used_at, person.account
            FROM token LEFT JOIN person ON person.id = token.owner
            WHERE token.digest = $1 AND (token.owner = $2 OR person.id IS NOT NULL)";
        let record: Option<Record> = on!(&self.read, |pool| {
            sqlx::query_as(SQL).bind(digest).bind(HOUSE).fetch_optional(pool).await
        })
        .map_err(StoreError::reading("token"))?;
        record.map(Bearer::try_from).transpose()
    }

    /// Notes that a token is in use.
    pub async fn touch_token(&self, id: TokenId, now: DateTime<Utc>) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE token SET used_at = $3 WHERE id = $1 AND owner = $2";
        reached!(self, SQL, id, self.owner, stored_time(now))?;
        Ok(())
    }

    /// The owner's tokens, ordered by name.
    pub async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        const SQL: &str = "
            SELECT id, owner, name, scope, created_at, used_at, NULL AS account
            FROM token WHERE owner = $1 ORDER BY name, id";
        let records: Vec<Record> =
            on!(&self.read, |pool| sqlx::query_as(SQL).bind(self.owner).fetch_all(pool).await)
                .map_err(StoreError::reading("token"))?;
        let token = |record| Bearer::try_from(record).map(|bearer| bearer.token);
        records.into_iter().map(token).collect()
    }

    /// Takes one of the owner's tokens back, and gives its name if there was one.
    pub async fn delete_token(&self, id: TokenId) -> Result<Option<String>, StoreError> {
        Ok(on!(&self.write, |pool| {
            sqlx::query_scalar("DELETE FROM token WHERE id = $1 AND owner = $2 RETURNING name")
                .bind(id)
                .bind(self.owner)
                .fetch_optional(pool)
                .await
        })?)
    }
}
