//! The public lists that are known, and what to know about them before using one.
//!
//! Each is a file `lists/catalogue/NAME.toml`, written for people and put into the program
//! when it is built. A [`Listing`] describes a list and never contains it: what others
//! publish is fetched from where they publish it. Lists that must not be used stand here
//! as well, because old guides point to them and a warning has to come from somewhere.

mod address;
mod found;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

pub use found::{Found, find_any, search};

/// What is known of one list. Texts are the project's own words, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// What it is called on the command line: the name of its file, in kebab-case, and no
    /// bundled list's name.
    pub name: String,
    /// What its readers call it.
    pub title: String,
    pub maintainer: String,
    /// A page about it.
    pub home: String,
    /// Where it is: `https://…`, `instance:HOST` for what a server publishes of its own
    /// blocks, or `fires:https://…`.
    pub address: String,
    /// Where a reader has to complete the address: what to put in for the word in braces. Such a list cannot be read by its name alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill_in: Option<String>,
    /// Other files of the same maker: the list in another format, a mirror, a sister.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forms: Vec<Form>,
    /// Where the maintainer publishes what was taken off the list. Read as a list of blocks
    /// it would do the opposite of what is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retractions: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    pub status: Status,
    pub advice: Advice,
    /// What it is for.
    pub purpose: String,
    /// How a server gets on it.
    pub criteria: String,
    /// How often it changes.
    pub updates: String,
    /// How it is written.
    pub format: String,
    /// What its maintainer allows others to do with it; `none stated` where nothing is.
    pub licence: String,
    /// How many domains it had when it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domains: Option<u32>,
    /// When it was last seen or known to be there: `2026-02-26`, `2026-02` or `2026`, as
    /// exactly as is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
    /// What its maintainer asks of readers, and what is good to know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
    /// What it does that hardly anybody wants. Shown before everything else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Another address of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// How it differs.
    pub what: String,
    pub address: String,
}

/// How the maintainer signs a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Of the signature.
    pub address: String,
    /// The address of the public key.
    pub public_key: String,
    pub method: String,
}

/// How a list is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Somebody looks after it.
    Alive,
    /// It has not changed for long, and nobody has said that it ended.
    Dormant,
    /// Its maintainer has ended it; the last state may still be served.
    Retired,
    /// Gone, with or without a word.
    Dead,
    /// Never meant to be used.
    Joke,
}

/// What Hedgerow does when somebody wants to follow a list.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Advice {
    /// It is offered to everybody.
    Offer,
    /// Its notices and warnings are shown, and a person has to agree.
    Ask,
    /// It is there to be compared with.
    CompareOnly,
    /// It is refused unless a person insists.
    Never,
}

/// The files. A test holds this against the folder.
macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../lists/catalogue/", $name, ".toml")))),*]
    };
}

const FILES: &[(&str, &str)] = files![
    "1sland-fires",
    "ai-blocklist",
    "bad-space-20",
    "bad-space-50",
    "bad-space-70",
    "bad-space-90",
    "chaos-social",
    "fedi-health",
    "fedinuke",
    "fediseer",
    "garden-fence",
    "iftas-aud",
    "iftas-cariad",
    "iftas-dni",
    "lists-d",
    "lists-d-bots",
    "lists-d-threads",
    "mastodon-online",
    "mastodon-social",
    "oliphant-max",
    "oliphant-tier0",
    "pelago",
    "rapidblock",
    "seirdy-bridges",
    "seirdy-bsl",
    "seirdy-corpo",
    "seirdy-spammy-subdomains",
    "seirdy-tier0",
    "soapblock",
    "the-best-list",
];

/// Read at the first question about it, and not when the program starts.
static ALL: LazyLock<Vec<Listing>> = LazyLock::new(|| {
    // Every file parses: a test reads them one by one.
    FILES.iter().filter_map(|(_, text)| toml::from_str(text).ok()).collect()
});

/// Every list that is known, by name.
pub fn all() -> &'static [Listing] {
    &ALL
}

/// The list with that name, whatever its case.
pub fn find(name: &str) -> Option<&'static Listing> {
    all().iter().find(|list| list.name.eq_ignore_ascii_case(name))
}

/// The list at that address, be it its own or that of another of its forms. Spellings
/// that lead to the same file are the same address.
pub fn by_address(wanted: &str) -> Option<&'static Listing> {
    let wanted = address::key(wanted);
    let is_there = |list: &&Listing| list.addresses().any(|own| address::key(own) == wanted);
    all().iter().find(is_there)
}

/// The list whose retractions are published at that address. Nobody should block what
/// stands there.
pub fn by_retractions(wanted: &str) -> Option<&'static Listing> {
    let wanted = address::key(wanted);
    all()
        .iter()
        .find(|list| list.retractions.as_deref().is_some_and(|own| address::key(own) == wanted))
}

impl Listing {
    /// Where blocks can be read: its address and those of its forms.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        let forms = self.forms.iter().map(|form| form.address.as_str());
        std::iter::once(self.address.as_str()).chain(forms)
    }

    /// Whether a person has to insist before it is followed.
    pub fn needs_insistence(&self) -> bool {
        self.advice == Advice::Never || self.status.is_over()
    }
}

impl Status {
    /// Whether nobody will ever change the list again.
    pub fn is_over(self) -> bool {
        matches!(self, Status::Retired | Status::Dead | Status::Joke)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Status::Alive => "alive",
            Status::Dormant => "dormant",
            Status::Retired => "retired",
            Status::Dead => "dead",
            Status::Joke => "a joke",
        })
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Advice::Offer => "offered",
            Advice::Ask => "look first",
            Advice::CompareOnly => "compare only",
            Advice::Never => "never",
        })
    }
}
