//! What is kept at hand, so that a page need not be worked out anew for whoever turns it.
//!
//! Such a cache holds few things, of which one can be nearly as large as all others together.
//! It weighs them, and what was not used for longest goes first.

use std::hash::Hash;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

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
