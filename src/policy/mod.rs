//! How a target takes what lists say: which it follows and how, what several lists
//! together come to, and where it stops and asks.
//!
//! All of it is data, kept as JSON beside the target. [`decide`] makes one answer of many
//! lists' words, [`Guard`] names what holds a change back.

mod decide;
mod guard;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::block::Severity;
use crate::text::count;

pub use decide::{Verdict, Voice, decide};
pub use guard::{Guard, LARGEST, Limits, Loss, LossThen, Unknown};

/// Describes such an enum for programs: its words are all it can be.
macro_rules! described {
    ($name:ident { $($word:literal,)+ }) => {
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some([$($word,)+]))
                    .build()
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }
    };
}
pub(crate) use described;

/// An enum that stands as one word in settings, on the command line and in messages.
macro_rules! worded {
    (
        $(#[$doc:meta])*
        pub enum $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal,)+ }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$each])* #[serde(rename = $word)] $variant,)+ }

        impl $name {
            pub const ALL: &[$name] = &[$($name::$variant,)+];

            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }
        }

        crate::policy::described!($name { $($word,)+ });

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                $name::ALL.iter().find(|known| known.as_str() == word).copied().ok_or_else(|| {
                    let words: Vec<&str> = $name::ALL.iter().map(|known| known.as_str()).collect();
                    format!("choose one of: {}", words.join(", "))
                })
            }
        }
    };
}
pub(crate) use worded;

worded! {
    /// What becomes of a list's wishes when nobody watches.
    pub enum Mode {
        /// Done by `sync`, within the guards.
        Auto = "auto",
        /// Shown, and done by a person.
        Review = "review",
        /// Reported, and never done.
        Watch = "watch",
    }
}

worded! {
    /// What a list's word is worth where several have to agree.
    pub enum Share {
        /// It asks, and counts towards agreement.
        Member = "member",
        /// It asks, counts, and needs nobody's agreement.
        Alone = "alone",
        /// It asks for nothing by itself and only counts.
        Support = "support",
    }
}

worded! {
    /// What a list's retraction does to the blocks that were set for it.
    pub enum Retractions {
        Follow = "follow",
        /// A person decides.
        Ask = "ask",
        Ignore = "ignore",
    }
}

worded! {
    /// Which severity several lists come to.
    pub enum Choice {
        Strictest = "strictest",
        Mildest = "mildest",
        /// The strictest that as many lists ask for as have to agree.
        Agreed = "agreed",
    }
}

worded! {
    /// What a list can say of a domain.
    pub enum Said {
        Nothing = "none",
        Noop = "noop",
        Silence = "silence",
        Suspend = "suspend",
    }
}

worded! {
    /// What a list's word is taken as.
    pub enum Taken {
        Ignore = "ignore",
        Noop = "noop",
        Silence = "silence",
        Suspend = "suspend",
    }
}

/// How one target follows one list. The default is the cautious one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Terms {
    pub mode: Mode,
    /// How much it counts for where lists have to agree.
    #[schema(maximum = 1000)]
    pub weight: u32,
    pub share: Share,
    /// It never asks for more than this.
    // The strictest there is caps nothing.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "capping")]
    pub cap: Option<Severity>,
    /// What single words are taken as, before the cap.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<Said, Taken>,
    pub retractions: Retractions,
    /// So many days a domain has to be off the list before its retraction counts.
    #[schema(maximum = 3650)]
    pub grace_days: u32,
}

impl Terms {
    pub const MOST_WEIGHT: u32 = 1_000;
    pub const MOST_GRACE_DAYS: u32 = 3_650;
}

fn capping<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Severity>, D::Error> {
    let cap = Option::<Severity>::deserialize(from)?;
    Ok(cap.filter(|cap| *cap != Severity::Suspend))
}

impl Default for Terms {
    fn default() -> Self {
        Terms {
            mode: Mode::Review,
            weight: 1,
            share: Share::Member,
            cap: None,
            map: BTreeMap::new(),
            retractions: Retractions::Ask,
            grace_days: 7,
        }
    }
}

impl Terms {
    /// What a list is taken to ask for: nothing at all where its word is ignored, and
    /// `Some(None)` where it gives no severity.
    pub fn take(&self, said: Option<Severity>) -> Option<Option<Severity>> {
        let word = match said {
            None => Said::Nothing,
            Some(Severity::Noop) => Said::Noop,
            Some(Severity::Silence) => Said::Silence,
            Some(Severity::Suspend) => Said::Suspend,
        };
        let taken = match self.map.get(&word) {
            None => said,
            Some(Taken::Ignore) => return None,
            Some(Taken::Noop) => Some(Severity::Noop),
            Some(Taken::Silence) => Some(Severity::Silence),
            Some(Taken::Suspend) => Some(Severity::Suspend),
        };
        Some(match self.cap {
            Some(cap) => taken.map(|severity| severity.min(cap)),
            None => taken,
        })
    }

    /// All of them in one line.
    pub fn in_words(&self) -> String {
        let mut words = vec![match self.mode {
            Mode::Auto => "acts by itself".to_owned(),
            Mode::Review => "waits for your review".to_owned(),
            Mode::Watch => "only watched".to_owned(),
        }];
        if self.weight != 1 {
            words.push(format!("weight {}", self.weight));
        }
        match self.share {
            Share::Member => {}
            Share::Alone => words.push("needs nobody's agreement".to_owned()),
            Share::Support => words.push("only supports others".to_owned()),
        }
        if let Some(cap) = self.cap {
            words.push(format!("at most {cap}"));
        }
        for (said, taken) in &self.map {
            words.push(format!("{said} is taken as {taken}"));
        }
        words.push(match (self.retractions, self.grace_days) {
            (Retractions::Ignore, _) => "retractions are ignored".to_owned(),
            (how, 0) => format!("retractions: {how}"),
            (how, days) => format!("retractions: {how} after {}", count(days as usize, "day")),
        });
        words.join(", ")
    }

    /// Whether it asks for anything or counts for anything at all.
    pub fn speaks(&self) -> bool {
        self.mode != Mode::Watch
    }
}

/// `suspend=silence`, `none=suspend`, `noop=ignore`: one entry of [`Terms::map`].
pub fn mapping(text: &str) -> Result<(Said, Taken), String> {
    let (said, taken) = text
        .split_once('=')
        .ok_or("write what the list says and what it is taken as, such as suspend=silence")?;
    Ok((said.trim().parse()?, taken.trim().parse()?))
}

/// How many lists have to agree before a domain is blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// So many lists, whatever their weight (those of weight 0 aside).
    Lists(u32),
    /// So much of the weight of all lists, in percent.
    Percent(u32),
}

impl Agreement {
    pub const MOST_LISTS: u32 = 100;

    /// Whether lists can ever agree so.
    pub fn can_be(self) -> bool {
        match self {
            Agreement::Lists(lists) => (1..=Agreement::MOST_LISTS).contains(&lists),
            Agreement::Percent(percent) => (1..=100).contains(&percent),
        }
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Agreement::Lists(n) => write!(f, "at least {n} lists"),
            Agreement::Percent(p) => write!(f, "lists with {p} % of the weight"),
        }
    }
}

/// Which comments a block gets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Comments {
    /// The lists' different ones, joined.
    #[default]
    Merged,
    None,
    /// Those of one list; merged where it says nothing.
    Of(String),
}

impl FromStr for Comments {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "merged" => Comments::Merged,
            "none" => Comments::None,
            list => Comments::Of(list.to_owned()),
        })
    }
}

impl fmt::Display for Comments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Comments::Merged => "merged",
            Comments::None => "none",
            Comments::Of(list) => list,
        })
    }
}

/// What a target makes of all its lists together, and what it is careful about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    pub severity: Choice,
    /// Without it, one list is enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
    pub comments: Comments,
    pub limits: Limits,
    pub loss: Loss,
    /// On accounts, block the known hosts below a domain too.
    pub subdomains: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            severity: Choice::Strictest,
            agreement: None,
            comments: Comments::Merged,
            limits: Limits::default(),
            loss: Loss::default(),
            subdomains: false,
        }
    }
}

impl Policy {
    pub fn to_json(&self) -> String {
        // Plain data under plain names has nothing that could fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Terms {
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_at_the_strictest_is_read_as_none() {
        let cap = |text: &str| serde_json::from_str::<Terms>(text).unwrap().cap;
        assert_eq!(cap(r#"{"cap":"suspend"}"#), None);
        assert_eq!(cap(r#"{"cap":"silence"}"#), Some(Severity::Silence));
        assert_eq!((cap(r#"{"cap":null}"#), cap("{}")), (None, None));
    }

    #[test]
    fn a_word_is_mapped_and_then_capped() {
        let mut terms = Terms { cap: Some(Severity::Silence), ..Terms::default() };
        assert_eq!(terms.take(Some(Severity::Suspend)), Some(Some(Severity::Silence)));
        assert_eq!(terms.take(Some(Severity::Noop)), Some(Some(Severity::Noop)));
        assert_eq!(terms.take(None), Some(None));
        terms.map.extend([mapping("none=suspend").unwrap(), mapping("noop = ignore").unwrap()]);
        assert_eq!(terms.take(None), Some(Some(Severity::Silence)));
        assert_eq!(terms.take(Some(Severity::Noop)), None);
        for wrong in ["suspend", "suspend=", "block=noop", "none=none"] {
            assert!(mapping(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn settings_are_kept_in_words_and_unknown_ones_are_errors() {
        let terms = Terms { mode: Mode::Auto, ..Terms::default() };
        let json = terms.to_json();
        assert!(json.contains(r#""mode":"auto""#), "{json}");
        assert_eq!(serde_json::from_str::<Terms>(&json).unwrap(), terms);
        assert!(serde_json::from_str::<Terms>(r#"{"mod":"auto"}"#).is_err());
        let policy = Policy { agreement: Some(Agreement::Percent(50)), ..Policy::default() };
        assert_eq!(serde_json::from_str::<Policy>(&policy.to_json()).unwrap(), policy);
    }
}
