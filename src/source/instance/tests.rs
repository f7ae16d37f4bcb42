use std::sync::Arc;

use axum::extract::{Path, RawQuery, Request as Asked, State};
use axum::http::header::{ETAG, IF_NONE_MATCH};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};

use super::*;
use crate::clock::SystemClock;
use crate::fetch::Reach;
use crate::list::{Document, Format, read as read_list};

/// What one server runs, and what it answers at each path.
struct Fake {
    software: &'static str,
    answers: Vec<(&'static str, &'static str)>,
    /// Where its nodeinfo says that it is.
    says: &'static str,
}

async fn answer(State(fake): State<Arc<Fake>>, method: Method, uri: Uri, asked: Asked) -> Response {
    let path = uri.path();
    if let Some((_, body)) = fake.answers.iter().find(|(own, _)| *own == path) {
        let mark = "\"v1\"";
        if asked.headers().get(IF_NONE_MATCH).is_some_and(|known| known == mark) {
            return (StatusCode::NOT_MODIFIED, [(ETAG, mark)]).into_response();
        }
        return ([(ETAG, mark)], *body).into_response();
    }
    match path {
        "/.well-known/nodeinfo" if !fake.software.is_empty() => Json(json!({ "links": [
            { "rel": "http://nodeinfo.diaspora.software/ns/schema/2.1", "href": "/no" },
            { "rel": "http://nodeinfo.diaspora.software/ns/schema/2.0",
              "href": format!("{}/nodeinfo/2.0", fake.says) },
        ]}))
        .into_response(),
        "/nodeinfo/2.0" => {
            Json(json!({ "software": { "name": fake.software, "version": "1" } })).into_response()
        }
        "/api/federation/instances" if method == Method::POST => {
            let body = axum::body::to_bytes(asked.into_body(), 10_000).await.unwrap();
            Json(federated(&serde_json::from_slice(&body).unwrap())).into_response()
        }
        "/api/v4/federated_instances" if fake.software == "lemmy" => {
            Json(paged(uri.query().unwrap_or_default())).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// 250 blocked servers, and two silenced, of which one is blocked as well.
fn federated(asked: &Value) -> Value {
    let offset = usize::try_from(asked["offset"].as_u64().unwrap()).unwrap();
    let names: Vec<String> = if asked["blocked"] == true {
        (0..250).map(|n| format!("host{n}.example")).collect()
    } else {
        vec!["host0.example".to_owned(), "loud.example".to_owned()]
    };
    let row = |host: &String| {
        let flag = if asked["blocked"] == true { "isBlocked" } else { "isSilenced" };
        json!({ "host": host, flag: true })
    };
    names.iter().skip(offset).take(100).map(row).collect()
}

/// Two pages of Lemmy 1.0.
fn paged(query: &str) -> Value {
    assert!(query.contains("kind=blocked"), "{query}");
    let server = |name: &str| json!({ "instance": { "domain": name }, "blocked": {} });
    if query.contains("page_cursor=P2") {
        json!({ "items": [server("b.example")], "next_page": null })
    } else {
        json!({ "items": [server("a.example")], "next_page": "P2" })
    }
}

async fn start(fake: Fake) -> String {
    let app = Router::new().fallback(answer).with_state(Arc::new(fake));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address.to_string()
}

async fn ask(host: &str, validators: &Validators) -> Result<InstanceAnswer, InstanceError> {
    let fetcher = Fetcher::new(Reach::Anywhere, Arc::new(SystemClock)).unwrap();
    read(&fetcher, host, validators).await
}

async fn document(
    software: &'static str,
    answers: &[(&'static str, &'static str)],
) -> Result<Document, InstanceError> {
    let host = start(Fake { software, answers: answers.to_vec(), says: "" }).await;
    let answer = ask(&host, &Validators::default()).await?;
    assert_eq!(answer.software, if software.is_empty() { "unknown software" } else { software });
    let Answer::Fetched(fetched) = answer.answer else { panic!("nothing was known before") };
    Ok(read_list(&fetched.bytes).unwrap_or_else(|error| panic!("{software}: {error}")))
}

fn names(document: &Document) -> Vec<&str> {
    document.entries.iter().map(|entry| entry.domain.as_str()).collect()
}

const BLOCKS: &str =
    r#"[{"domain":"bad.example","digest":"00","severity":"silence","comment":"spam"}]"#;

#[tokio::test]
async fn each_software_is_asked_where_it_publishes_its_list() {
    let both = ["a.example", "b.example"];
    for (software, path, body, format, want) in [
        ("mastodon", DOMAIN_BLOCKS, BLOCKS, Format::InstanceBlocks, &["bad.example"][..]),
        ("hometown", DOMAIN_BLOCKS, BLOCKS, Format::InstanceBlocks, &["bad.example"]),
        ("mitra", DOMAIN_BLOCKS, BLOCKS, Format::InstanceBlocks, &["bad.example"]),
        ("piefed", DOMAIN_BLOCKS, BLOCKS, Format::InstanceBlocks, &["bad.example"]),
        ("", DOMAIN_BLOCKS, BLOCKS, Format::InstanceBlocks, &["bad.example"]),
        (
            "gotosocial",
            DOMAIN_BLOCKS,
            r#"[{"domain":"a.example","suspended_at":"2026-01-01T00:00:00.000Z","comment":""}]"#,
            Format::Gotosocial,
            &both[..1],
        ),
        ("pleroma", DOMAIN_BLOCKS, BLOCKS, Format::InstanceBlocks, &["bad.example"]),
        (
            "rebased",
            "/nodeinfo/2.0",
            r#"{"version":"2.0","software":{"name":"rebased","version":"3"},"metadata":{
                "federation":{"mrf_simple":{"reject":["a.example","b.example"]}}}}"#,
            Format::PleromaNodeinfo,
            &both,
        ),
        (
            "akkoma",
            "/nodeinfo/2.0",
            r#"{"version":"2.0","software":{"name":"akkoma","version":"3"},"metadata":{
                "federation":{"mrf_simple":{"reject":["a.example"],"media_removal":["b.example"]}}}}"#,
            Format::PleromaNodeinfo,
            &both,
        ),
        (
            "lemmy",
            "/api/v3/federated_instances",
            r#"{"federated_instances":{"linked":[{"id":1,"domain":"good.example"}],
                "blocked":[{"id":2,"domain":"a.example"},{"id":3,"domain":"b.example"}]}}"#,
            Format::Lemmy,
            &both,
        ),
        ("lemmy", "/none", "", Format::Lemmy, &both),
        (
            "mbin",
            "/api/defederated",
            r#"{"instances":["a.example","b.example"]}"#,
            Format::Mbin,
            &both,
        ),
        (
            "peertube",
            "/api/v1/server/blocklist/public-log",
            r#"{"name":"x","actions":[{"type":"block","target":"a.example"}]}"#,
            Format::PeertubeLog,
            &both[..1],
        ),
        (
            "peertube",
            "/plugins/auto-mute/router/api/v1/mute-list",
            r#"{"data":[{"value":"a.example","action":"add"}]}"#,
            Format::PeertubeLog,
            &both[..1],
        ),
        (
            "friendica",
            "/blocklist/domain/download",
            "a.example,\"spam, a lot\"\nb.example,trolls\n",
            Format::FriendicaCsv,
            &both,
        ),
    ] {
        let document = document(software, &[(path, body)]).await.unwrap();
        assert_eq!(document.format, format, "{software}");
        assert_eq!(names(&document), want, "{software}");
    }
}

#[tokio::test]
async fn misskeys_pages_become_one_list() {
    for software in ["misskey", "sharkey", "iceshrimp"] {
        let document = document(software, &[]).await.unwrap();
        assert_eq!(document.format, Format::Misskey);
        assert_eq!(document.entries.len(), 251);
        let severity = |name: &str| {
            let entry = document.entries.iter().find(|entry| entry.domain.as_str() == name);
            entry.and_then(|entry| entry.severity).map(crate::block::Severity::as_str)
        };
        assert_eq!(severity("host0.example"), Some("suspend"));
        assert_eq!(severity("host249.example"), Some("suspend"));
        assert_eq!(severity("loud.example"), Some("silence"));
    }
}

#[tokio::test]
async fn a_list_that_is_not_shown_is_an_error_in_plain_words() {
    for (software, words) in [
        ("mastodon", "runs mastodon and does not show its list"),
        ("mbin", "runs mbin and does not show its list"),
        ("peertube", "runs peertube and does not show its list"),
        ("pixelfed", "runs pixelfed, which publishes no list"),
        ("", "no fediverse server that publishes its blocks answers here"),
    ] {
        let error = document(software, &[]).await.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    // A server that ignores the question and shows everyone that it knows.
    let all = r#"[{"host":"good.example","isBlocked":false},{"host":"fine.example"}]"#;
    let odd = document("misskey", &[("/api/federation/instances", all)]).await.unwrap_err();
    assert!(matches!(odd, InstanceError::Odd { .. }), "{odd}");
    let odd = document("misskey", &[("/api/federation/instances", "{}")]).await.unwrap_err();
    assert!(matches!(odd, InstanceError::Odd { .. }), "{odd}");
}

#[tokio::test]
async fn what_is_unchanged_is_not_sent_again() {
    let answers = vec![(DOMAIN_BLOCKS, BLOCKS)];
    let host = start(Fake { software: "mastodon", answers, says: "" }).await;
    let first = ask(&host, &Validators::default()).await.unwrap();
    let Answer::Fetched(fetched) = first.answer else { panic!() };
    let again = ask(&host, &fetched.validators).await.unwrap();
    assert_eq!(again.answer, Answer::Unchanged);
}

#[tokio::test]
async fn a_server_on_this_machine_may_know_itself_by_its_public_name() {
    let answers = vec![(DOMAIN_BLOCKS, BLOCKS)];
    let fake = Fake { software: "mastodon", answers, says: "https://social.example" };
    let host = start(fake).await;
    assert_eq!(ask(&host, &Validators::default()).await.unwrap().software, "mastodon");
}

#[tokio::test]
async fn a_domain_that_has_only_handles_leads_to_the_server_behind_it() {
    let answers = vec![(DOMAIN_BLOCKS, BLOCKS)];
    let server = start(Fake { software: "mastodon", answers, says: "" }).await;
    let index = format!("http://{server}/.well-known/nodeinfo");
    let front = Router::new().route(
        "/.well-known/nodeinfo",
        axum::routing::get(move || async move { axum::response::Redirect::permanent(&index) }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, front).await });
    let found = ask(&host, &Validators::default()).await.unwrap();
    assert_eq!(found.software, "mastodon");
    assert!(matches!(found.answer, Answer::Fetched(fetched) if fetched.bytes == BLOCKS.as_bytes()));
}

#[tokio::test]
async fn a_list_without_end_is_given_up() {
    async fn page(RawQuery(query): RawQuery, Path(_): Path<String>) -> Response {
        let number = query
            .as_deref()
            .and_then(|q| q.rsplit_once('P'))
            .map_or(0, |(_, n)| n.parse::<usize>().unwrap());
        let next = format!("P{}", number + 1);
        Json(json!({ "items": [], "next_page": next })).into_response()
    }
    let app = Router::new()
        .route("/api/v4/{what}", axum::routing::get(page))
        .route(
            "/.well-known/nodeinfo",
            axum::routing::get(|| async {
                Json(json!({ "links": [{ "rel": "nodeinfo/2.0", "href": "/info" }] }))
            }),
        )
        .route(
            "/info",
            axum::routing::get(|| async { Json(json!({ "software": { "name": "Lemmy" } })) }),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let error = ask(&host, &Validators::default()).await.unwrap_err();
    assert!(matches!(error, InstanceError::Endless), "{error}");
}
