//! What blocking would cut.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::Domain;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impact {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cuts: BTreeMap<Domain, Cut>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unknown: BTreeSet<Domain>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_unknown: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    pub following: usize,
    pub followers: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<usize>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Person>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Person {
    pub acct: String,
    pub id: String,
    pub following: bool,
    pub follower: bool,
}

impl Cut {
    pub fn relations(&self) -> usize {
        self.following + self.followers
    }
}

impl Impact {
    pub fn is_empty(&self) -> bool {
        self.cuts.is_empty() && self.unknown.is_empty() && self.why_unknown.is_none()
    }
}
