//! The latest word of a dataset on every server.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use url::Url;

/// What of an item is added here, for the reader of lists.
const LABEL_NAMES: &str = "labelNames";

/// Names that servers used before the protocol had its own.
const OLD_NAMES: [(&str, &str); 4] = [
    ("entity_kind", "entityKind"),
    ("entity_key", "entityKey"),
    ("recommended_policy", "recommendedPolicy"),
    ("recommended_filters", "recommendedFilters"),
];

/// One item for each server or account that the dataset speaks of, ordered, so that equal
/// states are equal bytes.
pub(super) struct State {
    dataset: String,
    /// By kind and key.
    items: BTreeMap<(String, String), Map<String, Value>>,
    /// What labels are called, by their address.
    label_names: BTreeMap<String, String>,
}

impl State {
    pub fn new(dataset: &Url, label_names: BTreeMap<String, String>) -> Self {
        State { dataset: dataset.to_string(), items: BTreeMap::new(), label_names }
    }

    /// Reads what [`State::to_bytes`] wrote.
    pub fn parse(bytes: &[u8]) -> Option<State> {
        let mut document: Map<String, Value> = serde_json::from_slice(bytes).ok()?;
        let label_names = serde_json::from_value(document.remove(LABEL_NAMES)?).ok()?;
        let dataset = document.get("dataset")?.as_str()?.to_owned();
        let mut state = State { dataset, items: BTreeMap::new(), label_names };
        let items: Vec<Map<String, Value>> =
            serde_json::from_value(document.remove("orderedItems")?).ok()?;
        state.fold(items);
        Some(state)
    }

    pub fn into_label_names(self) -> BTreeMap<String, String> {
        self.label_names
    }

    /// Takes changes in, the oldest first. A retraction stays as the last word on its
    /// server. A tombstone says that a change never was, and nothing remains of it.
    pub fn fold(&mut self, changes: Vec<Map<String, Value>>) {
        for mut change in changes {
            for (old, name) in OLD_NAMES {
                if let Some(value) = change.remove(old) {
                    change.entry(name).or_insert(value);
                }
            }
            let text = |key: &str| change.get(key).and_then(Value::as_str).map(str::to_owned);
            let entity = text("entityKind").zip(text("entityKey"));
            if text("type").as_deref() == Some("Tombstone") {
                let id = text("id");
                if let Some(entity) = &entity {
                    self.items.remove(entity);
                }
                self.items.retain(|_, item| {
                    id.is_none() || item.get("id").and_then(Value::as_str) != id.as_deref()
                });
            } else if let Some(entity) = entity {
                change.remove(LABEL_NAMES);
                self.items.insert(entity, change);
            }
        }
    }

    /// The labels that have no name here yet.
    pub fn unnamed_labels(&self) -> BTreeSet<String> {
        let labels = self.items.values().flat_map(labels);
        labels.filter(|label| !self.label_names.contains_key(*label)).map(str::to_owned).collect()
    }

    pub fn name_labels(&mut self, names: BTreeMap<String, String>) {
        self.label_names.extend(names);
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let items: Vec<Value> = self.items.values().map(|item| self.shown(item)).collect();
        let document = json!({
            "@context": "https://fires.fedimod.org/context/fires.jsonld",
            "type": "Collection",
            "dataset": self.dataset,
            LABEL_NAMES: self.label_names,
            "orderedItems": items,
        });
        format!("{document:#}\n").into_bytes()
    }

    /// The item with its labels' names beside it, where all of them are known.
    fn shown(&self, item: &Map<String, Value>) -> Value {
        let mut item = item.clone();
        let names: Option<Vec<&String>> =
            labels(&item).map(|label| self.label_names.get(label)).collect();
        if let Some(names) = names.filter(|names| !names.is_empty()) {
            let names = json!(names);
            item.insert(LABEL_NAMES.to_owned(), names);
        }
        Value::Object(item)
    }
}

fn labels(item: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let labels = item.get("labels").and_then(Value::as_array);
    labels.into_iter().flatten().filter_map(Value::as_str)
}
