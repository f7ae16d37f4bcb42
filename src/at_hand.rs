//! What is kept at hand, so that a page need not be worked out anew for whoever turns it.
//!
//! Such a cache holds few things, of which one can be nearly as large as all others together.
//! It weighs them, and what was not used for longest goes first.

use std::hash::Hash;

use quick_cache::Weighter;
use quick_cache::sync::{Cache, EntryAction, EntryResult};

/// So few things are expected that the cache is one shelf and not several, of which each would
/// be too small for one long plan.
const FEW: usize = 32;

/// What was looked for last, and what was found: whoever turns a page looks for the same once
/// more.
pub(crate) fn findings<K: Eq + Hash, V: Clone>() -> Cache<K, V> {
    const SEARCHES: usize = 8;
    Cache::new(SEARCHES)
}

/// A cache that holds so much, by the weight of each thing.
pub(crate) fn at_hand<K, V, W>(most: u64, weight: W) -> Cache<K, V, W>
where
    K: Eq + Hash,
    V: Clone,
    W: Weighter<K, V> + Clone,
{
    Cache::with_weighter(FEW, most, weight)
}

/// What is at hand, if it fits, or else what `read` brings and is at hand from then on. Where
/// many ask at once, one of them reads, and the others wait for that.
pub(crate) async fn once<K, V, W, E>(
    cache: &Cache<K, V, W>,
    key: &K,
    fits: impl Fn(&V) -> bool,
    read: impl Future<Output = Result<Option<V>, E>>,
) -> Result<Option<V>, E>
where
    K: Eq + Hash + Clone,
    V: Clone,
    W: Weighter<K, V> + Clone,
{
    let known = cache.entry_async(key, |_, value| {
        if fits(value) { EntryAction::Retain(value.clone()) } else { EntryAction::ReplaceWithGuard }
    });
    match known.await {
        EntryResult::Retained(known) => Ok(Some(known)),
        EntryResult::Vacant(place) | EntryResult::Replaced(place, _) => {
            let value = read.await?;
            if let Some(value) = &value {
                // Somebody may have put a newer one there meanwhile.
                let _ = place.insert(value.clone());
            }
            Ok(value)
        }
        // Nothing here removes an entry or sets a limit of time.
        EntryResult::Removed(..) | EntryResult::Timeout => read.await,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn of_many_who_ask_at_once_one_reads_and_what_does_not_fit_is_read_again() {
        let (cache, reads) = (findings::<u8, u32>(), AtomicU32::new(0));
        let ask = |least: u32| {
            let read = async {
                tokio::task::yield_now().await;
                Ok::<_, ()>(Some(reads.fetch_add(1, Ordering::SeqCst) + 1))
            };
            once(&cache, &7, move |value| *value >= least, read)
        };
        let all = futures_util::future::join_all((0..20).map(|_| ask(1))).await;
        assert!(all.iter().all(|one| *one == Ok(Some(1))), "{all:?}");
        assert_eq!(ask(1).await, Ok(Some(1)));
        assert_eq!(ask(2).await, Ok(Some(2)));
        assert_eq!(ask(1).await, Ok(Some(2)));
        // Whoever fails leaves the place to the next.
        let failed = once(&cache, &8, |_| true, async { Err("no") }).await;
        assert_eq!(failed, Err("no"));
        let nothing = once(&cache, &8, |_| true, async { Ok::<_, ()>(None) }).await;
        assert_eq!(nothing, Ok(None));
        assert_eq!(once(&cache, &8, |_| true, async { Ok::<_, ()>(Some(3)) }).await, Ok(Some(3)));
    }
}
