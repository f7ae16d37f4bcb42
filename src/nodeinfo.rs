//! Nodeinfo: how a server of the fediverse says what it runs.

use serde::Deserialize;

/// `/.well-known/nodeinfo`: where the documents are.
#[derive(Debug, Deserialize)]
pub struct Index {
    links: Vec<Link>,
}

#[derive(Debug, Deserialize)]
struct Link {
    rel: String,
    href: String,
}

impl Index {
    /// Where the document is. All versions 2 say the same of the software, and everybody
    /// has 2.0, so that one comes first.
    pub fn document(&self) -> Option<&str> {
        let links = || self.links.iter().filter(|link| link.rel.contains("nodeinfo"));
        let link = links().find(|link| link.rel.ends_with("/2.0"));
        let link = link.or_else(|| links().find(|link| link.rel.contains("/2.")));
        link.map(|link| link.href.as_str())
    }
}

/// A document, as far as it is of use here.
#[derive(Debug, Deserialize)]
pub struct NodeInfo {
    pub software: Software,
}

#[derive(Debug, Deserialize)]
pub struct Software {
    /// In whatever case the server likes.
    pub name: String,
    #[serde(default)]
    pub version: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_version_comes_first_and_any_other_second_one_next() {
        let document = |rels: &[&str]| {
            let links: Vec<_> = rels
                .iter()
                .map(|rel| serde_json::json!({ "rel": rel, "href": format!("/{rel}") }))
                .collect();
            let index: Index =
                serde_json::from_value(serde_json::json!({ "links": links })).unwrap();
            index.document().map(str::to_owned)
        };
        let schema =
            |version: &str| format!("http://nodeinfo.diaspora.software/ns/schema/{version}");
        let (one, two, newer) = (schema("1.0"), schema("2.0"), schema("2.1"));
        assert_eq!(document(&[&one, &newer, &two]), Some(format!("/{two}")));
        assert_eq!(document(&[&one, &newer]), Some(format!("/{newer}")));
        assert_eq!(document(&[&one, "https://other.example/2.0"]), None);
    }
}
