//! Which part of a long plan somebody looks at.

use serde::{Deserialize, Serialize};

use crate::desk::{Group, Sought};

/// As it stands in the address, and in each form so that it is still so afterwards.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Asked {
    pub q: String,
    pub list: String,
    /// One group alone, with all its pages.
    pub group: String,
    #[serde(deserialize_with = "page")]
    pub page: Option<u64>,
    /// What has just become of a word.
    pub note: String,
    /// How many rows it was about.
    pub n: String,
    /// How many rows it could not be about any more.
    pub missed: String,
}

/// A number that is none is the first page.
fn page<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.and_then(|text| text.parse().ok()))
}

impl Asked {
    pub fn only(&self) -> Option<Group> {
        self.group.parse().ok()
    }

    pub fn text(&self) -> String {
        self.q.trim().to_lowercase()
    }

    pub fn is_filtered(&self) -> bool {
        !self.text().is_empty() || !self.list.is_empty()
    }

    /// What is looked for and where, for addresses.
    pub fn rest(&self, group: Option<Group>) -> Vec<(&'static str, String)> {
        let group = group.map_or(String::new(), |group| group.as_str().to_owned());
        vec![("group", group), ("q", self.q.trim().to_owned()), ("list", self.list.clone())]
    }

    /// The address of the plan as it is looked at.
    pub fn address(&self, target: i64, more: &[(&str, String)]) -> String {
        format!("/targets/{target}/plan{}", self.query(more))
    }

    /// What follows the plan's own address.
    pub fn query(&self, more: &[(&str, String)]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let page = self.page.filter(|page| *page > 1).map(|page| ("page", page.to_string()));
        let here = self.rest(self.only()).into_iter().chain(page);
        for (name, value) in here.filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, &value);
        }
        for (name, value) in more {
            query.append_pair(name, value);
        }
        let query = query.finish();
        if query.is_empty() { query } else { format!("?{query}") }
    }

    /// Which rows are looked for.
    pub fn sought(&self) -> Sought {
        Sought { text: self.text(), list: self.list.clone() }
    }
}
