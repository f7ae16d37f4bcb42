//! What stands around every page: who may ask, how much, how long, and what the browser is
//! told never to do with the answer.

use std::any::Any;
use std::future::ready;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::{CsrfLayer, ProtectionError};

use super::site::Site;
use super::{page, visitor};

/// A whole request: the file, the same in base64 where a page carries it, and the choices.
/// Above [`super::form::MOST_FILE`], so that a file that is too large is read past and the
/// choices after it come back.
const MOST_BODY: usize = 8 << 20;

/// A plan of two full lists takes milliseconds; an upload over a slow tunnel does not.
const LONGEST: Duration = Duration::from_mins(1);

/// The one style sheet, the one script, and forms and streams of this very site.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; \
                      base-uri 'none'";

/// For a year, once somebody has come through https.
const HTTPS_ONLY: &str = "max-age=31536000";

/// Who may have an answer inside a page of theirs.
pub const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The same on every answer, errors included.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: with that a browser sends `Origin: null` with every form, and one
    // that sends no `Sec-Fetch-Site` either could not be told from a stranger's page.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (CORP, "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Puts the shelter around a router.
pub fn around(router: Router, site: &Site) -> Router {
    let refused = |_: ProtectionError| page::foreign();
    let mut csrf = CsrfLayer::new();
    if let Some(public) = &site.settings().public {
        // A proxy may pass another `Host` on than the one that the browser was asked for.
        let origin = public.origin().ascii_serialization();
        csrf = csrf.add_trusted_origin(origin).unwrap_or_default();
    }
    let secure = site.settings().is_https();
    router
        .layer(DefaultBodyLimit::max(MOST_BODY))
        .layer(from_fn_with_state(site.clone(), visitor::known))
        .layer(csrf.with_rejection_response(refused))
        .layer(from_fn_with_state(Arc::new(Names::of(site)), only_by_name))
        .layer(from_fn(in_time))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(super::api::spoken))
        .layer(CompressionLayer::new())
        .layer(map_response(move |response| ready(marked(response, secure))))
}

/// What the server can be called. A page elsewhere whose name suddenly resolves to this
/// machine would come with its own name instead.
struct Names {
    known: Vec<String>,
    /// Where to go instead.
    first: String,
}

impl Names {
    fn of(site: &Site) -> Names {
        let settings = site.settings();
        let known = match &settings.public {
            Some(public) => {
                let origin = public.origin().ascii_serialization();
                vec![origin.trim_start_matches("https://").trim_start_matches("http://").to_owned()]
            }
            None => names(settings.listen),
        };
        Names { first: settings.origin(), known }
    }
}

/// What a browser on this machine can call a server at `address`.
fn names(address: SocketAddr) -> Vec<String> {
    let port = address.port();
    let ip = SocketAddr::new(address.ip(), port).to_string();
    let mut names = vec![ip, format!("localhost:{port}"), format!("127.0.0.1:{port}")];
    names.push(format!("[::1]:{port}"));
    if port == 80 {
        let bare: Vec<String> =
            names.iter().filter_map(|n| n.strip_suffix(":80")).map(Into::into).collect();
        names.extend(bare);
    }
    names
}

async fn only_by_name(State(names): State<Arc<Names>>, request: Request, next: Next) -> Response {
    // A supervisor asks by whatever address it knows, and learns nothing else. Style and script
    // are the same for everybody, and the page that tells the right name has them too.
    let path = request.uri().path();
    if matches!(path, "/healthz" | "/readyz") || path.starts_with("/static/") {
        return next.run(request).await;
    }
    let host = host(request.headers());
    let known = host.is_some_and(|host| names.known.iter().any(|n| n.eq_ignore_ascii_case(host)));
    if known { next.run(request).await } else { page::wrong_name(&names.first) }
}

/// The one name that a request is for.
fn host(headers: &HeaderMap) -> Option<&str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    hosts.next().is_none().then_some(host)
}

async fn in_time(request: Request, next: Next) -> Response {
    tokio::time::timeout(LONGEST, next.run(request)).await.unwrap_or_else(|_| page::too_slow())
}

#[expect(clippy::needless_pass_by_value, reason = "the layer's signature")]
fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let says = panic.downcast_ref::<&str>().map(ToString::to_string);
    let says = says.or_else(|| panic.downcast_ref::<String>().cloned());
    tracing::error!(says, "a page panicked");
    page::broken()
}

fn marked(mut response: Response, secure: bool) -> Response {
    let keeps = matches!(response.status(), StatusCode::OK | StatusCode::NOT_MODIFIED);
    let headers = response.headers_mut();
    if secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HTTPS_ONLY));
    }
    for (name, value) in HEADERS {
        // What is published for everybody may be read from everywhere.
        let open = name == CORP && headers.get(&name).is_some_and(|value| value == "cross-origin");
        if !open {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    // What is packed on its way has other bytes than what the tag was made of.
    let packed = headers.contains_key(header::CONTENT_ENCODING);
    let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    let weak = tag.filter(|tag| packed && !tag.starts_with("W/")).map(|tag| format!("W/{tag}"));
    if let Some(weak) = weak.and_then(|weak| HeaderValue::from_str(&weak).ok()) {
        headers.insert(header::ETAG, weak);
    }
    // Pages hold somebody's blocks. Only what says otherwise may be kept.
    if !headers.contains_key(header::CACHE_CONTROL) || !keeps {
        let no_store = HeaderValue::from_static("no-store");
        response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_a_plain_page_that_tells_nothing() {
        #[expect(clippy::panic, reason = "that is what is tested")]
        async fn panics() -> &'static str {
            panic!("a secret")
        }
        let folder = tempfile::tempdir().unwrap();
        let reach = crate::fetch::Reach::PublicOnly;
        let app = crate::app::App::new(Some(folder.path().into()), None, None, reach).unwrap();
        let site = Site::new(Arc::new(app), crate::web::Settings::default()).unwrap();
        let router = around(Router::new().route("/", get(panics)), &site);
        let request = Request::get("/").header("host", "localhost:8787").body(Body::empty());
        let answer = router.oneshot(request.unwrap()).await.unwrap();
        assert_eq!(answer.status(), 500);
        assert_eq!(answer.headers()[header::CONTENT_SECURITY_POLICY], POLICY);
        let text = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let text = String::from_utf8(text.to_vec()).unwrap();
        assert!(text.contains("Nothing was changed") && !text.contains("secret"), "{text}");
    }

    #[test]
    fn the_plain_port_needs_no_number() {
        assert!(names("127.0.0.1:80".parse().unwrap()).contains(&"localhost".to_owned()));
        assert!(!names("127.0.0.1:81".parse().unwrap()).contains(&"localhost".to_owned()));
    }
}
