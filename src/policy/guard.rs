//! What holds a change back until a person says otherwise.

use serde::{Deserialize, Serialize};

use super::worded;

worded! {
    /// Each guard has a name, by which it is overridden for one run.
    pub enum Guard {
        /// More is blocked or raised at once than [`Limits`] allow.
        MostAdds = "most-adds",
        /// More is lifted or weakened at once than [`Limits`] allow.
        MostRemoves = "most-removes",
        /// The newest version of the list that asks for it is held.
        HeldList = "held-list",
        /// The target's own server, or something above it.
        OwnDomain = "own-domain",
        /// It cuts people who are followed or who follow.
        Relationships = "relationships",
        /// One of the largest servers.
        LargeServers = "large-servers",
        /// Strangers share the domain, and the block would reach them all.
        PublicSuffix = "public-suffix",
        /// The block of a parent does it anyway.
        Redundant = "redundant",
    }
}

/// How much one run may change. Percentages are of the blocks on the target, and mean
/// nothing on a small one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    pub adds: usize,
    pub adds_percent: usize,
    pub removes: usize,
    pub removes_percent: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { adds: 1000, adds_percent: 100, removes: 100, removes_percent: 20 }
    }
}

impl Limits {
    /// Up to so many blocks, a percentage says nothing (after octoDNS).
    pub const SMALL: usize = 10;

    /// Why so many blocks at once are too many on a target with `there` blocks.
    pub fn too_many_adds(&self, adds: usize, there: usize) -> Option<String> {
        too_many(adds, there, self.adds, self.adds_percent)
    }

    pub fn too_many_removes(&self, removes: usize, there: usize) -> Option<String> {
        too_many(removes, there, self.removes, self.removes_percent)
    }
}

fn too_many(count: usize, there: usize, most: usize, percent: usize) -> Option<String> {
    if count > most {
        return Some(format!("{count} at once, and at most {most} are allowed"));
    }
    (there > Limits::SMALL && count * 100 > there * percent).then(|| {
        let share = count * 100 / there;
        format!(
            "{count} at once are {share} % of {there} blocks, and at most {percent} % are allowed"
        )
    })
}

worded! {
    /// What becomes of a block that would cut too many people.
    pub enum LossThen {
        Hold = "hold",
        Skip = "skip",
        /// On instances: limit the domain instead of suspending it, which cuts nobody.
        Limit = "limit",
    }
}

worded! {
    /// What becomes of a block of which nobody can tell whom it would cut, when nobody
    /// watches.
    pub enum Unknown {
        Hold = "hold",
        Apply = "apply",
    }
}

/// How many people one block may cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Loss {
    /// People followed and people following, together.
    pub most: usize,
    pub then: LossThen,
    pub unknown: Unknown,
}

impl Default for Loss {
    fn default() -> Self {
        Loss { most: 0, then: LossThen::Hold, unknown: Unknown::Hold }
    }
}

/// Servers so large that blocking one by accident would be a catastrophe. Threads is not
/// among them: blocking it is what many people come for.
pub const LARGEST: [&str; 30] = [
    "chaos.social",
    "fosstodon.org",
    "hachyderm.io",
    "infosec.exchange",
    "lemmy.ml",
    "lemmy.world",
    "mas.to",
    "mastodon.art",
    "mastodon.cloud",
    "mastodon.gamedev.place",
    "mastodon.ie",
    "mastodon.nl",
    "mastodon.nu",
    "mastodon.online",
    "mastodon.scot",
    "mastodon.social",
    "mastodon.uno",
    "mastodon.world",
    "mastodonapp.uk",
    "mathstodon.xyz",
    "misskey.io",
    "mstdn.ca",
    "mstdn.jp",
    "mstdn.social",
    "norden.social",
    "pixelfed.social",
    "social.vivaldi.net",
    "techhub.social",
    "troet.cafe",
    "universeodon.com",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_mean_nothing_on_a_small_target() {
        let limits = Limits::default();
        assert_eq!(limits.too_many_removes(10, 10), None);
        let says = limits.too_many_removes(3, 11).unwrap();
        assert_eq!(says, "3 at once are 27 % of 11 blocks, and at most 20 % are allowed");
        assert_eq!(limits.too_many_removes(2, 11), None);
        assert!(limits.too_many_removes(101, 20_000).is_some());
        assert_eq!(limits.too_many_adds(1000, 0), None);
        assert!(limits.too_many_adds(1001, 0).is_some());
    }

    #[test]
    fn guards_are_known_by_their_names() {
        for guard in Guard::ALL {
            assert_eq!(guard.as_str().parse(), Ok(*guard));
        }
        assert!("everything".parse::<Guard>().unwrap_err().contains("most-adds"));
    }

    #[test]
    fn the_largest_servers_are_in_order_and_can_be_searched() {
        assert!(LARGEST.is_sorted());
    }
}
