//! What a target blocks: severities, rules, blocks, and the whole of them as a [`State`].

use std::fmt;

use chrono::{DateTime, Utc};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::Domain;

/// Whose block it is. The two match differently and cost differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// One person's block. It has only a domain and matches exactly that host.
    Account,
    /// A server's block. It has a [`Rule`] and matches the subdomains too.
    Instance,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Level::Account => "account",
            Level::Instance => "instance",
        })
    }
}

/// How hard an instance's block hits, in ascending strictness.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// No restriction by itself; a note, or a carrier of `reject_media`/`reject_reports`.
    Noop,
    /// Hidden from public places; Mastodon's pages call it "limit". Can be lifted.
    Silence,
    /// All contact cut and the data deleted. Follows do not come back.
    Suspend,
}

impl Severity {
    /// The word that Mastodon's API and CSV use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Noop => "noop",
            Severity::Silence => "silence",
            Severity::Suspend => "suspend",
        }
    }

    /// The severity that a list's word means, whatever its case, or nothing for a
    /// word that is not known: that one must become a rejected row, never a default.
    pub fn from_word(word: &str) -> Option<Self> {
        const WORDS: [(&str, Severity); 21] = [
            ("suspend", Severity::Suspend),
            ("suspended", Severity::Suspend),
            ("block", Severity::Suspend),
            ("blocked", Severity::Suspend),
            ("reject", Severity::Suspend),
            ("defederate", Severity::Suspend),
            ("defederated", Severity::Suspend),
            ("suspension", Severity::Suspend),
            ("drop", Severity::Suspend),
            // What admins draw in the tables on their pages.
            ("\u{26d4}", Severity::Suspend),
            ("\u{26d4}\u{fe0f}", Severity::Suspend),
            ("silence", Severity::Silence),
            ("silenced", Severity::Silence),
            ("limit", Severity::Silence),
            ("limited", Severity::Silence),
            ("filter", Severity::Silence),
            ("muted", Severity::Silence),
            ("\u{1f507}", Severity::Silence),
            ("\u{1f507}\u{fe0f}", Severity::Silence),
            ("noop", Severity::Noop),
            ("none", Severity::Noop),
        ];
        // What programs write, without a walk over all the words.
        match word {
            "suspend" => return Some(Severity::Suspend),
            "silence" => return Some(Severity::Silence),
            "noop" => return Some(Severity::Noop),
            _ => {}
        }
        let word = word.trim();
        WORDS.iter().find(|(known, _)| word.eq_ignore_ascii_case(known)).map(|(_, s)| *s)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What an instance does with a domain. Empty comments are `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Rule {
    pub severity: Severity,
    #[serde(default)]
    pub reject_media: bool,
    #[serde(default)]
    pub reject_reports: bool,
    #[serde(default)]
    pub obfuscate: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub public_comment: Option<CompactString>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub private_comment: Option<CompactString>,
}

impl Rule {
    pub const fn new(severity: Severity) -> Self {
        Rule {
            severity,
            reject_media: false,
            reject_reports: false,
            obfuscate: false,
            public_comment: None,
            private_comment: None,
        }
    }

    /// Whether this rule restricts everything that `other` restricts, as Mastodon
    /// decides it (`stricter_than?`, which includes equality): under `suspend` the
    /// reject flags have no meaning.
    pub fn covers(&self, other: &Rule) -> bool {
        if self.severity == Severity::Suspend {
            return true;
        }
        self.severity >= other.severity
            && (self.reject_media || !other.reject_media)
            && (self.reject_reports || !other.reject_reports)
    }
}

/// One block as a target holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// The name exactly as the target stores it, which need not be a [`Domain`].
    pub name: CompactString,
    /// Present on instances, absent on accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// The server's handle for the row, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<CompactString>,
    /// As the server gave it, kept word for word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<CompactString>,
}

impl Block {
    pub fn domain(&self) -> Option<Domain> {
        Domain::from_stored(&self.name)
    }
}

/// Everything a target blocks at one moment, ordered by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub level: Level,
    pub taken_at: DateTime<Utc>,
    /// [`State::digest`] of the blocks.
    pub sha256: String,
    pub blocks: Vec<Block>,
}

impl State {
    pub fn new(level: Level, taken_at: DateTime<Utc>, mut blocks: Vec<Block>) -> Self {
        blocks.sort_by(|a, b| a.name.cmp(&b.name));
        let sha256 = Self::digest(&blocks);
        State { level, taken_at, sha256, blocks }
    }

    /// SHA-256 over what the blocks do. Row ids and dates are left out: a block that
    /// was lifted and set again by hand is the same block to everyone concerned.
    pub fn digest(blocks: &[Block]) -> String {
        let mut hash = Sha256::new();
        for block in blocks {
            hash.update((block.name.len() as u64).to_le_bytes());
            hash.update(&block.name);
            // Serialising a `Rule` cannot fail: it has no maps and no foreign types.
            let rule = serde_json::to_vec(&block.rule).unwrap_or_default();
            hash.update((rule.len() as u64).to_le_bytes());
            hash.update(&rule);
        }
        hex(&hash.finalize())
    }

    pub fn find(&self, name: &str) -> Option<&Block> {
        self.blocks.binary_search_by(|b| b.name.as_str().cmp(name)).ok().map(|at| &self.blocks[at])
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_order_by_strictness_and_unknown_words_have_none() {
        assert!(Severity::Noop < Severity::Silence && Severity::Silence < Severity::Suspend);
        assert_eq!(Severity::from_word(" Limit "), Some(Severity::Silence));
        assert_eq!(Severity::from_word("defederate"), Some(Severity::Suspend));
        assert_eq!(Severity::from_word("⛔"), Some(Severity::Suspend));
        assert_eq!(Severity::from_word("🔇"), Some(Severity::Silence));
        for unknown in ["susped", "disconnect", "", "true"] {
            assert_eq!(Severity::from_word(unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn a_rule_covers_what_mastodon_says_it_covers() {
        let suspend = Rule::new(Severity::Suspend);
        let silence = Rule::new(Severity::Silence);
        let media = Rule { reject_media: true, ..silence.clone() };
        assert!(suspend.covers(&media) && !media.covers(&suspend));
        assert!(media.covers(&silence) && !silence.covers(&media));
        assert!(silence.covers(&silence));
    }

    #[test]
    fn the_digest_sees_rules_and_not_row_ids() {
        let block = |id: &str, rule| Block {
            name: "bad.example".into(),
            rule: Some(rule),
            id: Some(id.into()),
            created_at: None,
        };
        let one = [block("1", Rule::new(Severity::Silence))];
        let moved = [block("2", Rule::new(Severity::Silence))];
        let raised = [block("1", Rule::new(Severity::Suspend))];
        assert_eq!(State::digest(&one), State::digest(&moved));
        assert_ne!(State::digest(&one), State::digest(&raised));
    }
}
