use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::State as Held;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::json;

use super::*;
use crate::clock::SystemClock;
use crate::fetch::Reach;
use crate::list::{Document, Format, Released, read};

/// A server with a document for each path and query, that remembers what it was asked.
#[derive(Default)]
struct Fake {
    documents: HashMap<String, Value>,
    asked: Vec<String>,
}

type Shared = Arc<Mutex<Fake>>;

async fn answer(Held(fake): Held<Shared>, uri: Uri) -> Response {
    let mut fake = fake.lock().unwrap();
    let target = uri.to_string();
    fake.asked.push(target.clone());
    match fake.documents.get(&target) {
        Some(document) => Json(document.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

struct Test {
    base: Url,
    fake: Shared,
    fetcher: Fetcher,
}

impl Test {
    async fn start() -> Test {
        let fake = Shared::default();
        let app = Router::new().fallback(answer).with_state(fake.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        let fetcher = Fetcher::new(Reach::Anywhere, Arc::new(SystemClock)).unwrap();
        let test = Test { base, fake, fetcher };
        test.serve(
            "/datasets/1",
            json!({
                "type": "Dataset",
                "endpoints": { "snapshot": test.at("/datasets/1/snapshot"),
                               "changes": test.at("/datasets/1/changes") },
            }),
        );
        test.serve("/labels/1", json!({ "type": "Label", "name": "Spam" }));
        test.serve("/labels/2", json!({ "type": "Label", "nameMap": { "en": "Hate \u{1b}[2J" } }));
        test
    }

    fn at(&self, path: &str) -> String {
        self.base.join(path).unwrap().to_string()
    }

    fn serve(&self, target: &str, document: Value) {
        self.fake.lock().unwrap().documents.insert(target.to_owned(), document);
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.fake.lock().unwrap().asked)
    }

    fn item(&self, number: u32, kind: &str, key: &str, policy: &str, labels: &[u32]) -> Value {
        let labels: Vec<String> = labels.iter().map(|n| self.at(&format!("/labels/{n}"))).collect();
        json!({
            "id": self.at(&format!("/datasets/1/changes/c{number}")),
            "type": kind,
            "entityKind": "domain",
            "entityKey": key,
            "recommendedPolicy": policy,
            "labels": labels,
        })
    }

    async fn follow(&self, path: &str, last: Option<&Dataset>) -> Result<Followed, FiresError> {
        let url = self.base.join(path).unwrap();
        follow(&self.fetcher, &url, None, last).await
    }

    async fn changed(&self, last: Option<&Dataset>) -> Dataset {
        match self.follow("/datasets/1", last).await.unwrap() {
            Followed::Changed(dataset) => dataset,
            Followed::Unchanged => panic!("something has changed"),
        }
    }

    /// A snapshot of two pages, with the cursor c3 behind it.
    fn serve_snapshot(&self) {
        let items = [
            self.item(1, "Recommendation", "bad.example", "drop", &[1]),
            self.item(2, "Recommendation", "loud.example", "filter", &[1, 2]),
        ];
        self.serve(
            "/datasets/1/snapshot",
            json!({
                "type": "OrderedCollection",
                "dataset": self.at("/datasets/1"),
                "changes": self.at("/datasets/1/changes?limit=9&since=c3"),
                "orderedItems": items,
                "next": "/datasets/1/snapshot?page=2",
            }),
        );
        let back = self.item(3, "Retraction", "back.example", "", &[]);
        self.serve(
            "/datasets/1/snapshot?page=2",
            json!({ "type": "OrderedCollectionPage", "orderedItems": [back] }),
        );
    }

    fn serve_changes(&self, since: &str, items: &[Value]) {
        let target = format!("/datasets/1/changes?limit=9&since={since}");
        let page = json!({ "type": "OrderedCollectionPage", "orderedItems": items });
        self.serve(&target, page);
    }
}

fn document(dataset: &Dataset) -> Document {
    let document = read(&dataset.bytes).unwrap();
    assert_eq!(document.format, Format::Fires);
    document
}

/// `name severity (comment)` of each entry.
fn entries(dataset: &Dataset) -> Vec<String> {
    let document = document(dataset);
    let entries = document.entries.iter().map(|entry| {
        let severity = entry.severity.map_or("", crate::block::Severity::as_str);
        let comment = entry.public_comment.as_deref().unwrap_or_default();
        format!("{} {severity} ({comment})", entry.domain)
    });
    entries.collect()
}

#[tokio::test]
async fn a_dataset_is_read_once_and_then_followed_by_its_changes() {
    let test = Test::start().await;
    test.serve_snapshot();
    let first = test.changed(None).await;
    assert_eq!(
        entries(&first),
        ["bad.example suspend (Spam)", "loud.example silence (Spam, Hate [2J)"]
    );
    let releases = document(&first).releases;
    assert_eq!(
        (releases[0].domain.as_str(), releases[0].how),
        ("back.example", Released::Retracted)
    );

    test.asked();
    test.serve_changes("c3", &[]);
    let again = test.follow("/datasets/1", Some(&first)).await.unwrap();
    assert_eq!(again, Followed::Unchanged);
    assert_eq!(test.asked(), ["/datasets/1/changes?limit=9&since=c3"]);

    test.serve_changes(
        "c3",
        &[
            test.item(4, "Recommendation", "new.example", "drop", &[2]),
            test.item(5, "Retraction", "bad.example", "", &[]),
            test.item(6, "Recommendation", "loud.example", "drop", &[]),
            test.item(7, "Recommendation", "back.example", "accept", &[]),
        ],
    );
    let second = test.changed(Some(&first)).await;
    assert_eq!(entries(&second), ["loud.example suspend ()", "new.example suspend (Hate [2J)"]);
    let how: Vec<_> =
        document(&second).releases.iter().map(|r| (r.domain.to_string(), r.how)).collect();
    assert_eq!(
        how,
        [
            ("back.example".to_owned(), Released::Allowed),
            ("bad.example".to_owned(), Released::Retracted)
        ]
    );
    // The labels' names are known by now, and the next question follows the last change.
    assert_eq!(test.asked(), ["/datasets/1/changes?limit=9&since=c3"]);
    test.serve_changes("c7", &[]);
    assert_eq!(test.follow("/datasets/1", Some(&second)).await.unwrap(), Followed::Unchanged);
}

#[tokio::test]
async fn no_change_is_skipped_between_pages() {
    let test = Test::start().await;
    test.serve_snapshot();
    let first = test.changed(None).await;
    let item = |number: u32, key: &str| test.item(number, "Recommendation", key, "drop", &[]);
    // The server says to go on after c5, which would leave c5 out; c4 is meant.
    test.serve(
        "/datasets/1/changes?limit=9&since=c3",
        json!({ "orderedItems": [item(4, "four.example")],
                "next": "/datasets/1/changes?limit=9&since=c5" }),
    );
    test.serve_changes("c5", &[item(6, "six.example")]);
    test.serve(
        "/datasets/1/changes?limit=9&since=c4",
        json!({ "orderedItems": [item(5, "five.example"), item(6, "six.example")],
                "next": "/datasets/1/changes?limit=9&since=c6" }),
    );
    test.serve(
        "/datasets/1/changes?limit=9&since=c6",
        json!({ "orderedItems": [], "next": "/datasets/1/changes?limit=9&since=c6" }),
    );
    let second = test.changed(Some(&first)).await;
    let names: Vec<String> =
        document(&second).entries.iter().map(|entry| entry.domain.to_string()).collect();
    for name in ["four.example", "five.example", "six.example"] {
        assert!(names.iter().any(|known| known == name), "{name}: {names:?}");
    }
}

#[tokio::test]
async fn an_older_server_and_a_doubled_snapshot_are_understood() {
    let test = Test::start().await;
    let old = |published: &str, kind: &str| {
        json!({ "type": kind, "published": published, "entity_kind": "domain",
                "entity_key": "a.example", "recommended_policy": "drop" })
    };
    let items = [old("2026-02-01", "Retraction"), old("2026-01-01", "Recommendation")];
    test.serve("/datasets/1/snapshot", json!({ "type": "Collection", "orderedItems": items }));
    let read = document(&test.changed(None).await);
    assert_eq!(read.releases.len(), 1, "{read:?}");
    assert_eq!(read.entries, []);
}

#[tokio::test]
async fn a_tombstone_leaves_nothing() {
    let test = Test::start().await;
    test.serve_snapshot();
    let first = test.changed(None).await;
    let id = test.at("/datasets/1/changes/c1");
    let tombstone = json!({ "id": id, "type": "Tombstone" });
    test.serve_changes("c3", &[tombstone]);
    let second = test.changed(Some(&first)).await;
    assert_eq!(entries(&second), ["loud.example silence (Spam, Hate [2J)"]);
    assert!(!String::from_utf8(second.bytes).unwrap().contains("bad.example"));
}

#[tokio::test]
async fn a_forgotten_cursor_costs_a_snapshot_and_equal_states_are_equal_bytes() {
    let test = Test::start().await;
    test.serve_snapshot();
    let first = test.changed(None).await;
    // No document stands at the cursor, so the server answers that it does not know it.
    let again = test.changed(Some(&first)).await;
    assert_eq!(again, first);
    for path in ["/datasets/1/snapshot", "/datasets/1/changes"] {
        let page = json!({
            "type": "OrderedCollectionPage", "dataset": test.at("/datasets/1"), "orderedItems": [],
        });
        if path.ends_with("changes") {
            test.serve(path, page);
        }
        let Ok(Followed::Changed(other)) = test.follow(path, None).await else { panic!("{path}") };
        assert_eq!(entries(&other), entries(&first), "{path}");
    }
}

#[tokio::test]
async fn hostile_pages_are_not_followed() {
    let test = Test::start().await;
    let snapshot = |next: &str| {
        json!({ "type": "Collection", "orderedItems": [], "next": next,
                "changes": "https://elsewhere.example/changes" })
    };
    test.serve("/datasets/1/snapshot", snapshot("https://elsewhere.example/"));
    let error = test.follow("/datasets/1", None).await.unwrap_err();
    assert!(matches!(error, FiresError::Elsewhere), "{error}");
    let mut circle = snapshot("/datasets/1/snapshot");
    circle["orderedItems"] = json!([test.item(1, "Recommendation", "a.example", "drop", &[])]);
    test.serve("/datasets/1/snapshot", circle);
    let error = test.follow("/datasets/1", None).await.unwrap_err();
    assert!(matches!(error, FiresError::Endless), "{error}");
    for page in 0..600 {
        let next = json!({ "orderedItems": [], "next": format!("/p/{}", page + 1) });
        test.serve(&format!("/p/{page}"), next);
    }
    test.serve("/datasets/1/snapshot", snapshot("/p/0"));
    let error = test.follow("/datasets/1", None).await.unwrap_err();
    assert!(matches!(error, FiresError::Endless), "{error}");
    // A cursor on another server is none.
    let mut page = snapshot("");
    page.as_object_mut().unwrap().remove("next");
    test.serve("/datasets/1/snapshot", page);
    assert_eq!(test.changed(None).await.cursor, None);
}

#[tokio::test]
async fn what_is_no_dataset_says_what_it_is() {
    let test = Test::start().await;
    let all = [json!({ "type": "Dataset", "id": test.at("/datasets/1"), "name": "DNI" })];
    test.serve("/datasets", json!({ "type": "Collection", "items": all }));
    let error = test.follow("/datasets", None).await.unwrap_err().to_string();
    assert!(error.contains("choose one:\n  fires:http://127.0.0.1"), "{error}");
    assert!(error.contains("/datasets/1  DNI"), "{error}");
    test.serve("/other", json!({ "name": "a label" }));
    let error = test.follow("/other", None).await.unwrap_err();
    assert!(matches!(error, FiresError::NotADataset(_)), "{error}");
    test.serve("/list", json!(["a.example"]));
    assert!(test.follow("/list", None).await.is_err());
}
