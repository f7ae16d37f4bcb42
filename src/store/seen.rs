//! Every domain that the house has read: the dictionary in which hidden names are looked up.
//!
//! Who can look up can also ask: a list of one's own with masks or digests in it, made up for
//! the purpose, is answered with all names that fit. So nobody may look up what is not for
//! everybody. What the house's lists say is offered to everybody anyway. What the house's own
//! targets block is in the dictionary for the house alone. What a person reads, blocks or
//! follows is not entered: on a small server it would be plain who had. Their lists, and what
//! their target blocks, are still searched for each other's names while a plan is made.

use std::collections::{BTreeSet, HashMap};

use sha2::{Digest, Sha256};

use super::{HOUSE, Store, StoreError, on};
use crate::block::hex;
use crate::domain::Domain;
use crate::unmask::mask;

/// Rows per statement: four variables each, of the 32,766 that `SQLite` takes.
const CHUNK: usize = 5_000;

impl Store {
    /// Remembers what a list says. Only what the house follows is remembered.
    pub async fn see<'a>(
        &self,
        domains: impl IntoIterator<Item = &'a Domain>,
    ) -> Result<(), StoreError> {
        self.enter(domains, true).await
    }

    /// Remembers what a target of the house blocks, for the house alone.
    pub async fn see_blocked<'a>(
        &self,
        domains: impl IntoIterator<Item = &'a Domain>,
    ) -> Result<(), StoreError> {
        self.enter(domains, false).await
    }

    async fn enter<'a>(
        &self,
        domains: impl IntoIterator<Item = &'a Domain>,
        listed: bool,
    ) -> Result<(), StoreError> {
        const KNOWN: &str = " ON CONFLICT (domain) DO NOTHING";
        const KNOWN_AND_LISTED: &str = "
            ON CONFLICT (domain) DO UPDATE SET listed = TRUE WHERE NOT seen_domain.listed";
        if self.owner != HOUSE {
            return Ok(());
        }
        // In order: two who lock the same rows must not wait for each other.
        let names: BTreeSet<&str> = domains.into_iter().map(Domain::as_str).collect();
        let rows: Vec<(&str, String, String)> =
            names.into_iter().map(|name| (name, hex(&Sha256::digest(name)), mask(name))).collect();
        let mut tx = self.begin().await?;
        for chunk in rows.chunks(CHUNK) {
            on!(&mut tx, |c| {
                let mut query = sqlx::QueryBuilder::new(
                    "INSERT INTO seen_domain (domain, digest, mask, listed) ",
                );
                query.push_values(chunk, |mut row, (name, digest, mask)| {
                    row.push_bind(*name).push_bind(digest).push_bind(mask).push_bind(listed);
                });
                query.push(if listed { KNOWN_AND_LISTED } else { KNOWN });
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
                query.push(")");
                if self.owner != HOUSE {
                    query.push(" AND listed");
                }
                query.push(" ORDER BY domain");
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
