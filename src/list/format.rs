//! The shapes in which lists are published.

use serde::{Deserialize, Serialize};

macro_rules! formats {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $family:ident, $says:literal;)+) => {
        /// How a source was understood.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Format { $($(#[$doc])* $variant,)+ }

        impl Format {
            pub const ALL: &'static [Format] = &[$(Format::$variant,)+];

            /// The name that `--format` takes and JSON shows.
            pub const fn word(self) -> &'static str {
                match self { $(Format::$variant => $word,)+ }
            }

            pub const fn family(self) -> Family {
                match self { $(Format::$variant => Family::$family,)+ }
            }
        }

        crate::policy::described!(Format { $($word,)+ });

        impl std::fmt::Display for Format {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(match self { $(Format::$variant => $says,)+ })
            }
        }
    };
}

/// Formats between which a publisher may move without the list becoming another one: a
/// header that changes from `domain` to `#domain` is an edit, a table that becomes a web
/// service's answer is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    Table,
    Lines,
    /// What a server says of its own blocks.
    Server,
    /// A document of its own kind, which turns into no other by itself.
    Document,
}

formats! {
    /// `#domain,#severity,…` as Mastodon's admin pages export it.
    MastodonAdminCsv = "mastodon-admin-csv", Table, "Mastodon\u{2019}s CSV for instances";
    /// `domain,severity,…` with the columns in any order, as FediBlockHole writes it.
    FediblockholeCsv = "fediblockhole-csv", Table, "FediBlockHole\u{2019}s CSV";
    /// One domain a line, with or without a header, as Mastodon exports a user's blocks.
    UserCsv = "user-csv", Lines, "one domain a line";
    /// One domain a line, with comments.
    PlainText = "plain-text", Lines, "plain text";
    /// `pattern,reason` without a header, as Friendica exports its blocks.
    FriendicaCsv = "friendica-csv", Document, "Friendica\u{2019}s CSV";
    /// `GET /api/v1/instance/domain_blocks` of Mastodon and others.
    InstanceBlocks = "instance-blocks", Server, "a server\u{2019}s public blocks (JSON)";
    /// `GET /api/v1/admin/domain_blocks` of Mastodon.
    AdminBlocks = "admin-blocks", Server, "Mastodon\u{2019}s admin API (JSON)";
    /// `GET /api/v1/domain_blocks` of a Mastodon account.
    UserBlocks = "user-blocks", Server, "an account\u{2019}s blocks (JSON)";
    /// `suspended_at` and no severity: `GoToSocial` and what it exports.
    Gotosocial = "gotosocial", Server, "GoToSocial\u{2019}s JSON";
    /// The policies in the nodeinfo or instance document of Pleroma and Akkoma.
    PleromaNodeinfo = "pleroma-nodeinfo", Server, "Pleroma\u{2019}s public policies (JSON)";
    /// `mrf_simple` as the admin API of Pleroma and Akkoma has it.
    PleromaAdmin = "pleroma-admin", Server, "Pleroma\u{2019}s admin API (JSON)";
    /// `mrf_simple` as written in an Elixir or Nix configuration.
    PleromaConfig = "pleroma-config", Document, "a Pleroma configuration";
    /// `POST /api/federation/instances` of Misskey and its family, or `admin/meta`.
    Misskey = "misskey", Server, "Misskey\u{2019}s JSON";
    /// `federated_instances` of Lemmy and `PieFed`.
    Lemmy = "lemmy", Server, "Lemmy\u{2019}s JSON";
    /// `/api/defederated` of Mbin.
    Mbin = "mbin", Server, "Mbin\u{2019}s JSON";
    /// Censures of Fediseer.
    Fediseer = "fediseer", Document, "Fediseer\u{2019}s JSON";
    /// The signed list of rapidblock.org.
    Rapidblock = "rapidblock", Document, "RapidBlock\u{2019}s JSON";
    /// A snapshot or changes of a FIRES dataset.
    Fires = "fires", Document, "a FIRES dataset";
    /// `[{"instance", "tags", "receipts", …}]` as chaos.social publishes its decisions.
    Chaos = "chaos", Document, "chaos.social\u{2019}s JSON";
    /// `[{"instance", "url"}]`.
    Bookwyrm = "bookwyrm", Document, "BookWyrm\u{2019}s JSON";
    /// A log of blocks and unblocks that servers of `PeerTube` subscribe to.
    PeertubeLog = "peertube-log", Document, "PeerTube\u{2019}s action log (JSON)";
    /// A backup of Pixelfed's admin pages.
    Pixelfed = "pixelfed", Document, "Pixelfed\u{2019}s backup (JSON)";
    /// An export of `PieFed`'s admin pages.
    Piefed = "piefed", Document, "PieFed\u{2019}s export (JSON)";
    /// A table in a page of documentation.
    Markdown = "markdown", Document, "a Markdown table";
    /// `- hostname: …` with severity and comment.
    Yaml = "yaml", Document, "YAML";
    /// `0.0.0.0 name`.
    Hosts = "hosts", Document, "a hosts file";
    /// `||name^`.
    Adblock = "adblock", Document, "an ad blocker\u{2019}s filter list";
}

impl Format {
    /// Whether a list that was `self` may become `other` without being another list.
    pub fn is_akin_to(self, other: Format) -> bool {
        self == other || (self.family() == other.family() && self.family() != Family::Document)
    }

    pub fn from_word(word: &str) -> Option<Format> {
        Format::ALL.iter().copied().find(|format| format.word().eq_ignore_ascii_case(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_what_json_shows() {
        for format in Format::ALL {
            assert_eq!(serde_json::to_value(format).unwrap(), format.word());
            assert_eq!(Format::from_word(format.word()), Some(*format));
        }
    }

    #[test]
    fn a_header_may_change_its_style_and_a_list_not_its_kind() {
        assert!(Format::FediblockholeCsv.is_akin_to(Format::MastodonAdminCsv));
        assert!(Format::UserCsv.is_akin_to(Format::PlainText));
        assert!(!Format::MastodonAdminCsv.is_akin_to(Format::UserCsv));
        assert!(!Format::Hosts.is_akin_to(Format::Markdown));
        assert!(Format::Hosts.is_akin_to(Format::Hosts));
    }
}
