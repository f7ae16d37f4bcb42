//! Every domain that was ever read: the dictionary in which hidden names are looked up.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::{Store, StoreError, on};
use crate::block::hex;
use crate::domain::Domain;
use crate::unmask::mask;

/// Rows per statement: three variables each, of the 32,766 that `SQLite` takes.
const CHUNK: usize = 5_000;

impl Store {
    /// Remembers domains; those that are known already are left as they are.
    pub async fn see<'a>(
        &self,
        domains: impl IntoIterator<Item = &'a Domain>,
    ) -> Result<(), StoreError> {
        let rows: Vec<(&str, String, String)> = domains
            .into_iter()
            .map(Domain::as_str)
            .map(|name| (name, hex(&Sha256::digest(name)), mask(name)))
            .collect();
        let mut tx = self.begin().await?;
        for chunk in rows.chunks(CHUNK) {
            on!(&mut tx, |c| {
                let mut query =
                    sqlx::QueryBuilder::new("INSERT INTO seen_domain (domain, digest, mask) ");
                query.push_values(chunk, |mut row, (name, digest, mask)| {
                    row.push_bind(*name).push_bind(digest).push_bind(mask);
                });
                query.push(" ON CONFLICT (domain) DO NOTHING");
                query.build().execute(&mut **c).await.map(drop)
            })?;
        }
        tx.commit().await
    }

    /// The known domains among those with these digests, by digest.
    pub async fn seen_by_digest(
        &self,
        digests: &[String],
    ) -> Result<HashMap<String, Vec<Domain>>, StoreError> {
        self.seen("SELECT digest, domain FROM seen_domain WHERE digest IN (", digests).await
    }

    /// The known domains that Mastodon would mask as one of these, by mask.
    pub async fn seen_by_mask(
        &self,
        masks: &[String],
    ) -> Result<HashMap<String, Vec<Domain>>, StoreError> {
        self.seen("SELECT mask, domain FROM seen_domain WHERE mask IN (", masks).await
    }

    async fn seen(
        &self,
        select: &'static str,
        keys: &[String],
    ) -> Result<HashMap<String, Vec<Domain>>, StoreError> {
        let mut found: HashMap<String, Vec<Domain>> = HashMap::new();
        for chunk in keys.chunks(CHUNK) {
            let rows: Vec<(String, String)> = on!(&self.read, |pool| {
                let mut query = sqlx::QueryBuilder::new(select);
                let mut list = query.separated(", ");
                for key in chunk {
                    list.push_bind(key);
                }
                query.push(") ORDER BY domain");
                query.build_query_as().fetch_all(pool).await
            })
            .map_err(StoreError::reading("seen_domain"))?;
            for (key, name) in rows {
                found.entry(key).or_default().extend(Domain::from_stored(&name));
            }
        }
        Ok(found)
    }
}
