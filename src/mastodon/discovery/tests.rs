use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::*;
use crate::http;

const INDEX: &str = "/.well-known/nodeinfo";
const NODE: &str = "/nodeinfo/2.0";
const META: &str = "/.well-known/oauth-authorization-server";
const LINKS: &str = r#"{"links":[{"rel":"http://nodeinfo.diaspora.software/ns/schema/2.0",
                  "href":"/nodeinfo/2.0"}]}"#;

/// A server with these pages, and every other one missing.
async fn serve(pages: Vec<(&'static str, Response)>) -> Url {
    let mut router = Router::new();
    for (path, page) in pages {
        let (parts, body) = page.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let page = move || async move { (parts.status, parts.headers, bytes) };
        router = router.route(path, get(page));
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://127.0.0.1:{port}").parse().unwrap()
}

fn json(text: &str) -> Response {
    text.to_owned().into_response()
}

fn to(place: &str) -> Response {
    (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, place.to_owned())]).into_response()
}

fn node(name: &str) -> Response {
    json(&format!(r#"{{"software":{{"name":"{name}","version":"4.6.5"}}}}"#))
}

const V2: &str =
    r#"{"domain":"Example.social","version":"4.6.5+glitch","api_versions":{"mastodon":11}}"#;

async fn find(pages: Vec<(&'static str, Response)>) -> Result<ServerInfo, DiscoveryError> {
    discover(&http::client().unwrap(), &serve(pages).await).await
}

#[tokio::test]
async fn a_mastodon_server_is_described() {
    let meta = r#"{"scopes_supported":["read","profile"]}"#;
    let pages = vec![
        (INDEX, json(LINKS)),
        (NODE, node("mastodon")),
        ("/api/v2/instance", json(V2)),
        (META, json(meta)),
    ];
    let info = find(pages).await.unwrap();
    assert_eq!(
        (info.domain.as_str(), info.version_text.as_str()),
        ("example.social", "4.6.5+glitch")
    );
    assert_eq!(info.version, Version::parse("4.6.5").unwrap());
    assert_eq!((info.software.as_str(), info.api_version), ("mastodon", Some(11)));
    assert_eq!(info.scopes_supported.unwrap(), ["read", "profile"]);
}

#[tokio::test]
async fn an_old_or_bare_server_is_described_from_what_it_has() {
    let v1 = r#"{"uri":"https://example.social/","version":"3.5.3","title":"x"}"#;
    let info = find(vec![("/api/v1/instance", json(v1))]).await.unwrap();
    assert_eq!((info.domain.as_str(), info.software.as_str()), ("example.social", "mastodon"));
    assert_eq!((info.api_version, info.scopes_supported.clone()), (None, None));
    assert!(!info.has_admin_blocks());

    let private = || StatusCode::UNAUTHORIZED.into_response();
    let pages = vec![
        (INDEX, json(LINKS)),
        (NODE, node("hometown")),
        ("/api/v2/instance", private()),
        ("/api/v1/instance", private()),
    ];
    let info = find(pages).await.unwrap();
    assert_eq!(info.domain, wire::bare_host(&info.base));
    assert_eq!(host(&info.base), format!("http://{}", info.domain));
    assert_eq!(info.version_text, "4.6.5");
}

#[tokio::test]
async fn other_software_is_refused_by_its_name() {
    let pages = vec![
        (INDEX, json(LINKS)),
        (NODE, node("Akkoma\\u001b[2J")),
        ("/api/v2/instance", json(V2)),
    ];
    let error = find(pages).await.unwrap_err();
    assert!(error.to_string().contains("runs Akkoma[2J."), "{error}");
    let imitation = r#"{"uri":"x.example","version":"2.7.2 (compatible; Pleroma 2.9.1)"}"#;
    let error = find(vec![("/api/v1/instance", json(imitation))]).await.unwrap_err();
    assert!(error.to_string().contains("runs Pleroma 2.9.1."), "{error}");
}

#[tokio::test]
async fn what_is_no_fediverse_server_is_said_to_be_none() {
    assert!(matches!(find(vec![]).await, Err(DiscoveryError::NoServer { .. })));
    let page = || json("<!doctype html><title>A shop</title>");
    let shop = vec![(INDEX, page()), ("/api/v2/instance", page()), ("/api/v1/instance", page())];
    assert!(matches!(find(shop).await, Err(DiscoveryError::NoServer { .. })));
    let private = StatusCode::FORBIDDEN.into_response();
    let closed = find(vec![("/api/v2/instance", private)]).await;
    assert!(matches!(closed, Err(DiscoveryError::NoServer { .. })));
    let base = "http://127.0.0.1:1".parse().unwrap();
    let error = discover(&http::client().unwrap(), &base).await.unwrap_err();
    assert!(matches!(error, DiscoveryError::Trouble(Trouble::Unreachable { .. })), "{error}");
    assert!(error.to_string().contains("127.0.0.1:1 cannot be reached"), "{error}");
}

#[tokio::test]
async fn no_redirect_leads_to_another_server() {
    for page in [INDEX, NODE, "/api/v2/instance", META] {
        let mut pages = vec![
            (INDEX, json(LINKS)),
            (NODE, node("mastodon")),
            ("/api/v2/instance", json(V2)),
            (META, json("{}")),
        ];
        for (path, answer) in &mut pages {
            if *path == page {
                *answer = to("https://social.example/elsewhere?code=1");
            }
        }
        let error = find(pages).await.unwrap_err();
        assert!(error.to_string().ends_with("(`hedgerow login social.example`)."), "{error}");
    }
}

#[tokio::test]
async fn a_redirect_within_the_server_is_followed_but_not_in_circles() {
    let pages =
        vec![("/api/v2/instance", to("/api/v2/instance/")), ("/api/v2/instance/", json(V2))];
    assert_eq!(find(pages).await.unwrap().domain, "example.social");
    let circle = vec![(INDEX, to(INDEX))];
    let error = find(circle).await.unwrap_err();
    assert!(error.to_string().contains("in a circle"), "{error}");
}

#[tokio::test]
async fn a_server_in_trouble_or_without_end_is_not_mistaken_for_another() {
    let busy = StatusCode::SERVICE_UNAVAILABLE.into_response();
    let error = find(vec![(INDEX, busy)]).await.unwrap_err();
    assert!(matches!(error, DiscoveryError::Trouble(Trouble::Down { status: 503, .. })), "{error}");
    let endless = json(&" ".repeat((1 << 20) + 1));
    let error = find(vec![(INDEX, endless)]).await.unwrap_err();
    assert!(error.to_string().contains("larger than 1 MiB"), "{error}");
    let odd = r#"{"domain":"x.example","version":"nightly"}"#;
    let error = find(vec![("/api/v2/instance", json(odd))]).await.unwrap_err();
    assert!(matches!(error, DiscoveryError::Version { .. }), "{error}");
}
