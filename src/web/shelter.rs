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
use super::{frame, page, visitor};

/// A whole request: the file, the same in base64 where a page carries it, and the choices.
/// Above what a file may have (`door::form::MOST_FILE`), so that a file that is too large is read past and the
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
        .layer(from_fn(by_method))
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

async fn by_method(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    frame::asked_by(&method, next.run(request)).await
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

    /// What a router of this one handler answers to a look and to a form.
    async fn both<H, T>(handler: H) -> [(StatusCode, HeaderMap, String); 2]
    where
        H: axum::handler::Handler<T, ()> + Clone,
        T: 'static,
    {
        let folder = tempfile::tempdir().unwrap();
        let reach = crate::fetch::Reach::PublicOnly;
        let app = crate::app::App::new(Some(folder.path().into()), None, None, reach).unwrap();
        let site = Site::new(Arc::new(app), crate::web::Settings::default()).unwrap();
        let router = Router::new().route("/", get(handler.clone()).post(handler));
        let router = around(router, &site);
        let ask = async |request: axum::http::request::Builder| {
            let request = request.uri("/").header("host", "localhost:8787");
            let request = request.header("sec-fetch-site", "same-origin");
            let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await;
            let (parts, body) = answer.unwrap().into_parts();
            let text = axum::body::to_bytes(body, 1 << 20).await.unwrap();
            (parts.status, parts.headers, String::from_utf8(text.to_vec()).unwrap())
        };
        [ask(Request::get("/")).await, ask(Request::post("/")).await]
    }

    #[track_caller]
    fn promises_only_what_is_so([look, form]: &[(StatusCode, HeaderMap, String); 2]) {
        assert!(look.2.contains("Nothing was changed"), "{}", look.2);
        assert!(!form.2.contains("Nothing was changed"), "{}", form.2);
        assert!(form.2.contains("It is not certain whether what you asked for was done"));
        assert!(form.2.contains("before you try again"), "{}", form.2);
    }

    #[tokio::test]
    async fn a_panic_becomes_a_plain_page_that_tells_nothing() {
        #[expect(clippy::panic, reason = "that is what is tested")]
        async fn panics() -> &'static str {
            panic!("a secret")
        }
        let answers = both(panics).await;
        for (status, headers, text) in &answers {
            assert_eq!(*status, 500);
            assert_eq!(headers[header::CONTENT_SECURITY_POLICY], POLICY);
            assert!(!text.contains("secret"), "{text}");
        }
        promises_only_what_is_so(&answers);
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_is_given_up() {
        async fn sleeps() -> &'static str {
            tokio::time::sleep(LONGEST * 2).await;
            "awake"
        }
        let answers = both(sleeps).await;
        assert!(answers.iter().all(|(status, ..)| *status == 408), "{answers:?}");
        promises_only_what_is_so(&answers);
    }

    #[test]
    fn the_plain_port_needs_no_number() {
        assert!(names("127.0.0.1:80".parse().unwrap()).contains(&"localhost".to_owned()));
        assert!(!names("127.0.0.1:81".parse().unwrap()).contains(&"localhost".to_owned()));
    }
}
