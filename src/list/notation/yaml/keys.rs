//! What keys mean: of a list, and of a field in a row.

use super::super::super::detect::is_domain_column;
use crate::block::Severity;

/// What a list is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Section {
    Blocks(Option<Severity>),
    Allowed,
    Retracted,
    /// A key that does not say.
    Unknown(String),
}

impl Section {
    pub fn new(key: &str) -> Self {
        let word = tidy(key);
        match word.as_str() {
            "blocklist" | "blocklists" | "block_list" | "blocks" | "block" | "blocked"
            | "blocked_instances" | "blocked_domains" | "blocked_servers" | "blocked_hosts"
            | "domain_blocks" | "instance_blocks" | "domains" | "instances" | "servers"
            | "hosts" | "denylist" | "deny" | "denied" | "blacklist" | "fediblock" => {
                Section::Blocks(None)
            }
            "allowlist" | "allow" | "allowed" | "allows" | "whitelist" | "accept" | "accepted"
            | "exceptions" | "allowed_instances" | "allowed_domains" | "domain_allows" => {
                Section::Allowed
            }
            "retractions" | "retracted" | "removed" | "unblocked" | "unblock" => Section::Retracted,
            _ => {
                // `suspended_instances` is about what its first word says.
                let word = word.strip_suffix("_instances").unwrap_or(&word);
                let word = word.strip_suffix("_domains").unwrap_or(word);
                // `none:` is no list of servers to note.
                match Severity::from_word(word).filter(|severity| *severity > Severity::Noop) {
                    Some(severity) => Section::Blocks(Some(severity)),
                    None if word == "noop" => Section::Blocks(Some(Severity::Noop)),
                    None => Section::Unknown(key.to_owned()),
                }
            }
        }
    }
}

/// A field of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// One that is read, by its usual name.
    Known(&'static str),
    Other,
}

impl Field {
    pub fn new(key: &str) -> Self {
        let word = tidy(key);
        Field::Known(match word.as_str() {
            name if is_domain_column(name) => "domain",
            "severity" | "block_type" => "severity",
            "reject_media" => "reject_media",
            "reject_reports" => "reject_reports",
            "obfuscate" => "obfuscate",
            "private_comment" => "private_comment",
            "digest" => "digest",
            "public_comment" | "comment" | "reason" => "public_comment",
            _ => return Field::Other,
        })
    }
}

fn tidy(key: &str) -> String {
    super::decode::clip(key.trim(), 64).to_lowercase().replace([' ', '-'], "_")
}

/// What stands behind the key on a line that begins with one: `blocklist:` has nothing.
pub(super) fn key(line: &str) -> Option<&str> {
    let (key, value) = line.split_once(':')?;
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '"' | '\'' | ' ');
    let is_key = !key.is_empty() && !key.starts_with([' ', '-']) && key.chars().all(word);
    let value = value.split(" #").next().unwrap_or_default();
    (is_key && (value.is_empty() || value.starts_with(' '))).then(|| value.trim())
}
