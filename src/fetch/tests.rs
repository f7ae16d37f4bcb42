use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{Request as Asked, State};
use axum::http::header::{AUTHORIZATION, CONTENT_ENCODING};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};

use super::*;
use crate::clock::{SystemClock, TestClock};

/// How many requests are being answered, and how many at most were at once.
#[derive(Default)]
struct Traffic {
    now: AtomicUsize,
    most: AtomicUsize,
    all: AtomicUsize,
}

/// A server with an answer for each path, and its address.
async fn server() -> (Url, Arc<Traffic>) {
    let traffic = Arc::new(Traffic::default());
    let header = |asked: &Asked, name: HeaderName| {
        let value = asked.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or("nobody").to_owned()
    };
    let app = Router::new()
        .route("/list", get(|| async { "bad.example\n" }))
        .route("/hop", get(|| async { Redirect::temporary("list") }))
        .route("/loop", get(|| async { Redirect::temporary("/loop") }))
        .route("/file", get(|| async { Redirect::temporary("file:///etc/passwd") }))
        .route("/nowhere", get(|| async { StatusCode::FOUND.into_response() }))
        .route("/inside", get(|| async { Redirect::temporary("http://[::ffff:10.0.0.1]/") }))
        .route("/busy", get(|| async { StatusCode::TOO_MANY_REQUESTS }))
        .route("/denied", get(|| async { StatusCode::FORBIDDEN }))
        .route("/not-modified", get(|| async { StatusCode::NOT_MODIFIED }))
        .route(
            "/marked",
            get(move |asked: Asked| async move {
                let known = header(&asked, IF_NONE_MATCH) == "\"v1\""
                    && header(&asked, IF_MODIFIED_SINCE) == "Mon, 23 Nov 2026 00:00:00 GMT";
                let marks = [(ETAG, "\"v1\""), (LAST_MODIFIED, "Mon, 23 Nov 2026 00:00:00 GMT")];
                if known {
                    (StatusCode::NOT_MODIFIED, marks, "").into_response()
                } else {
                    (marks, "bad.example\n").into_response()
                }
            }),
        )
        .route("/absurd", get(|| async { ([(ETAG, "x".repeat(5000))], "bad.example\n") }))
        .route("/who", get(move |asked: Asked| async move { header(&asked, AUTHORIZATION) }))
        .route("/back", get(|| async { Redirect::temporary("/who") }))
        .route("/json", post(|body: String| async move { body }))
        .route("/json-elsewhere", post(|| async { Redirect::temporary("/json") }))
        .route("/bomb/{coding}", get(bomb))
        .route("/later/{wait}", get(later))
        .route("/slow", get(slow))
        .with_state(traffic.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (Url::parse(&format!("http://{address}/")).unwrap(), traffic)
}

/// 8 MiB of zeros, packed into very little.
async fn bomb(axum::extract::Path(coding): axum::extract::Path<String>) -> impl IntoResponse {
    let zeros = vec![0u8; 8 << 20];
    let packed = match coding.as_str() {
        "gzip" => {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            std::io::Write::write_all(&mut packer, &zeros).unwrap();
            packer.finish().unwrap()
        }
        "br" => {
            let mut packed = Vec::new();
            let options = brotli::enc::BrotliEncoderParams { quality: 5, ..Default::default() };
            brotli::BrotliCompress(&mut &zeros[..], &mut packed, &options).unwrap();
            packed
        }
        _ => zstd::bulk::compress(&zeros, 3).unwrap(),
    };
    assert!(packed.len() < 1 << 16);
    ([(CONTENT_ENCODING, coding)], packed)
}

/// Busy at the first request, and there at the second.
async fn later(
    State(traffic): State<Arc<Traffic>>,
    axum::extract::Path(wait): axum::extract::Path<String>,
) -> impl IntoResponse {
    if traffic.all.fetch_add(1, Ordering::SeqCst) == 0 {
        (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, wait)], "").into_response()
    } else {
        "bad.example\n".into_response()
    }
}

async fn slow(State(traffic): State<Arc<Traffic>>) -> &'static str {
    let now = traffic.now.fetch_add(1, Ordering::SeqCst) + 1;
    traffic.most.fetch_max(now, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(20)).await;
    traffic.now.fetch_sub(1, Ordering::SeqCst);
    "bad.example\n"
}

fn fetcher() -> Fetcher {
    Fetcher::new(Reach::Anywhere, Arc::new(SystemClock)).unwrap()
}

async fn fetch(url: &Url, limit: usize) -> Result<Vec<u8>, FetchError> {
    let request = Request { limit, ..Request::get(url.clone()) };
    match fetcher().fetch(&request).await? {
        Answer::Fetched(fetched) => Ok(fetched.bytes),
        Answer::Unchanged => panic!("nothing was known before"),
    }
}

#[tokio::test]
async fn answers_are_followed_limited_and_explained() {
    let (base, _) = server().await;
    let get = async |path: &str| fetch(&base.join(path).unwrap(), 100).await;
    assert_eq!(get("list").await.unwrap(), b"bad.example\n");
    assert_eq!(get("hop").await.unwrap(), b"bad.example\n");
    assert!(matches!(get("loop").await, Err(FetchError::Redirects)));
    assert!(matches!(get("file").await, Err(FetchError::BadRedirect)));
    assert!(matches!(get("nowhere").await, Err(FetchError::BadRedirect)));
    assert!(matches!(get("missing").await, Err(FetchError::NotFound)));
    assert!(matches!(get("busy").await, Err(FetchError::Busy(429))));
    assert!(matches!(get("denied").await, Err(FetchError::Denied(403))));
    assert!(matches!(get("not-modified").await, Err(FetchError::Status(304))));
    let small = fetch(&base.join("list").unwrap(), 3).await;
    assert!(matches!(small, Err(FetchError::TooLarge(3))));
}

#[tokio::test]
async fn what_is_unchanged_is_not_sent_again() {
    let (base, _) = server().await;
    let mut request = Request::get(base.join("marked").unwrap());
    let fetcher = fetcher();
    let Answer::Fetched(first) = fetcher.fetch(&request).await.unwrap() else { panic!() };
    assert_eq!(first.bytes, b"bad.example\n");
    assert_eq!(first.validators.etag.as_deref(), Some("\"v1\""));
    request.validators = first.validators;
    assert_eq!(fetcher.fetch(&request).await.unwrap(), Answer::Unchanged);
    let headers = |last_modified: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, "Mon, 23 Nov 2026 00:01:00 GMT".parse().unwrap());
        headers.insert(LAST_MODIFIED, last_modified.parse().unwrap());
        Validators::of(&headers).last_modified
    };
    assert!(headers("Mon, 23 Nov 2026 00:00:00 GMT").is_some());
    assert_eq!(headers("Mon, 23 Nov 2026 00:00:01 GMT"), None, "it may change again this second");
    request.url = base.join("absurd").unwrap();
    let Answer::Fetched(absurd) = fetcher.fetch(&request).await.unwrap() else { panic!() };
    assert_eq!(absurd.validators, Validators::default());
}

#[tokio::test]
async fn what_is_packed_counts_unpacked() {
    let (base, _) = server().await;
    for coding in ["gzip", "br", "zstd"] {
        let url = base.join(&format!("bomb/{coding}")).unwrap();
        let error = fetch(&url, 1 << 20).await.unwrap_err();
        assert!(matches!(error, FetchError::TooLarge(_)), "{coding}: {error}");
    }
}

#[tokio::test]
async fn a_pause_that_is_asked_for_is_granted_once() {
    let clock = Arc::new(TestClock::at(DateTime::from_timestamp(1_790_000_000, 0).unwrap()));
    let start = clock.now();
    let wait = async |wait: &str| {
        let (base, _) = server().await;
        let url = base.join(&format!("later/{wait}")).unwrap();
        let fetcher = Fetcher::new(Reach::Anywhere, clock.clone()).unwrap();
        fetcher.fetch(&Request::get(url)).await
    };
    assert!(matches!(wait("30").await, Ok(Answer::Fetched(_))));
    assert_eq!((clock.now() - start).num_seconds(), 30);
    assert!(matches!(wait("3600").await, Err(FetchError::Busy(503))));
    let mut headers = HeaderMap::new();
    headers.insert(RETRY_AFTER, "Mon, 21 Sep 2026 14:13:25 GMT".parse().unwrap());
    assert_eq!(pause(&headers, start), Some(Duration::from_secs(5)));
}

#[tokio::test]
async fn a_host_is_asked_one_thing_at_a_time_and_hosts_side_by_side() {
    let (one, traffic) = server().await;
    let fetcher = fetcher();
    let ask = async |base: &Url| fetcher.fetch(&Request::get(base.join("slow").unwrap())).await;
    let done = futures_util::future::join_all((0..8).map(|_| ask(&one))).await;
    assert!(done.iter().all(Result::is_ok));
    assert_eq!(traffic.most.load(Ordering::SeqCst), 1);
    // None of the others answers before all of them were asked.
    let (gate, asked) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut hosts = Vec::new();
    for _ in 0..8 {
        hosts.push(gated(gate.clone(), asked.clone()).await);
    }
    let list = |host: &Url| Request::get(host.join("list").unwrap());
    let lists: Vec<Request> = hosts.iter().map(list).collect();
    let answers = futures_util::future::join_all(lists.iter().map(|list| fetcher.fetch(list)));
    let opens = async {
        while asked.load(Ordering::SeqCst) < hosts.len() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        gate.add_permits(hosts.len());
    };
    let (answers, ()) = tokio::join!(answers, opens);
    assert!(answers.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_private_network_is_refused_at_the_start_and_at_every_redirect() {
    let (base, _) = server().await;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let guarded = Fetcher::new(Reach::PublicOnly, clock.clone()).unwrap();
    let error = guarded.fetch(&Request::get(base.join("list").unwrap())).await.unwrap_err();
    assert!(matches!(&error, FetchError::Private(ip) if ip == "127.0.0.1"), "{error}");
    // The name passes and leads to the test's server all the same, whose redirect does not.
    let port = base.port().unwrap();
    let resolver = Resolver::with(Reach::Anywhere, |_| {
        Box::pin(std::future::ready(Ok(vec!["127.0.0.1:0".parse().unwrap()])))
    });
    let lenient = Fetcher::resolving(Reach::PublicOnly, clock.clone(), resolver).unwrap();
    let url = Url::parse(&format!("http://lists.example:{port}/")).unwrap();
    let get = async |fetcher: &Fetcher, path: &str| {
        fetcher.fetch(&Request::get(url.join(path).unwrap())).await
    };
    assert!(matches!(get(&lenient, "list").await, Ok(Answer::Fetched(_))));
    let error = get(&lenient, "inside").await.unwrap_err();
    assert!(matches!(&error, FetchError::Private(_)), "{error}");
    // And the real resolver's check: the name leads inside.
    let resolver = Resolver::with(Reach::PublicOnly, |_| {
        Box::pin(std::future::ready(Ok(vec!["127.0.0.1:0".parse().unwrap()])))
    });
    let strict = Fetcher::resolving(Reach::PublicOnly, clock, resolver).unwrap();
    let error = get(&strict, "list").await.unwrap_err();
    assert!(matches!(&error, FetchError::Private(ip) if ip == "127.0.0.1"), "{error}");
}

#[tokio::test]
async fn passwords_reach_their_own_server_only() {
    let (base, _) = server().await;
    let mut with_password = base.clone();
    with_password.set_username("alice").unwrap();
    with_password.set_password(Some("s3cret")).unwrap();
    // "alice:s3cret"
    let want = b"Basic YWxpY2U6czNjcmV0";
    for path in ["who", "back"] {
        assert_eq!(fetch(&with_password.join(path).unwrap(), 100).await.unwrap(), want);
    }
    let other = redirected(&with_password, "http://other.example/who").unwrap();
    assert_eq!(other.as_str(), "http://other.example/who");
    let planted = redirected(&other, "http://eve:x@other.example/").unwrap();
    assert_eq!(planted.as_str(), "http://other.example/");

    // The second server is another origin, and hears nothing of the token.
    let (elsewhere, _) = server().await;
    let hop = Router::new().route(
        "/",
        get(move || async move { Redirect::temporary(elsewhere.join("who").unwrap().as_str()) }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, hop).await });
    let auth = Some(Auth::Bearer(SecretString::from("t0ken")));
    let ask = async |url: Url| {
        let request = Request { auth: auth.clone(), ..Request::get(url) };
        match fetcher().fetch(&request).await.unwrap() {
            Answer::Fetched(fetched) => String::from_utf8(fetched.bytes).unwrap(),
            Answer::Unchanged => panic!(),
        }
    };
    assert_eq!(ask(base.join("back").unwrap()).await, "Bearer t0ken");
    assert_eq!(ask(Url::parse(&format!("http://{address}/")).unwrap()).await, "nobody");
}

#[tokio::test]
async fn a_question_can_be_posted_and_is_not_handed_on() {
    let (base, _) = server().await;
    let json = Some(serde_json::json!({ "blocked": true }));
    let request = Request { json, ..Request::get(base.join("json").unwrap()) };
    let Answer::Fetched(fetched) = fetcher().fetch(&request).await.unwrap() else { panic!() };
    assert_eq!(fetched.bytes, br#"{"blocked":true}"#);
    let request = Request { url: base.join("json-elsewhere").unwrap(), ..request };
    assert!(matches!(fetcher().fetch(&request).await, Err(FetchError::BadRedirect)));
}

#[tokio::test]
async fn errors_show_no_secret() {
    let url = Url::parse("http://u:s3cret@127.0.0.1:1/list?token=s3cret").unwrap();
    let error = fetch(&url, 100).await.unwrap_err();
    assert!(matches!(error, FetchError::Unreachable(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    // An error that has the address and no reason below it.
    let busy = server().await.0.join("busy?token=s3cret").unwrap();
    let answer = http::client().unwrap().get(busy).send().await.unwrap();
    let error = FetchError::from(answer.error_for_status().unwrap_err());
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    let shown = public_address(&url);
    assert_eq!(shown, "http://127.0.0.1:1/list?…");
}

#[test]
fn https_is_never_left_for_http() {
    let from = Url::parse("https://lists.example/a").unwrap();
    assert!(matches!(redirected(&from, "http://lists.example/a"), Err(FetchError::Downgrade)));
    assert_eq!(redirected(&from, "../b?c").unwrap().as_str(), "https://lists.example/b?c");
}

#[tokio::test(start_paused = true)]
async fn redirects_share_the_time_of_one_exchange() {
    let app = Router::new().fallback(|| async {
        tokio::time::sleep(Duration::from_secs(25)).await;
        Redirect::temporary("/on")
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let start = Instant::now();
    let error = fetcher().fetch(&Request::get(url)).await.unwrap_err();
    assert!(matches!(error, FetchError::Timeout), "{error}");
    assert!(
        start.elapsed() <= http::TOTAL_TIMEOUT + Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn one_person_never_has_all_requests_and_others_go_on() {
    let house = fetcher();
    let (ann, bob) = (house.of(1), house.of(2));
    // Each of these keeps its request until it is let go.
    let gate = Arc::new(Semaphore::new(0));
    let asked = Arc::new(AtomicUsize::new(0));
    let mut hosts = Vec::new();
    for _ in 0..12 {
        hosts.push(gated(gate.clone(), asked.clone()).await);
    }
    let ask = async |fetcher: &Fetcher, base: &Url| {
        fetcher.fetch(&Request::get(base.join("list").unwrap())).await
    };
    let waiting = futures_util::future::join_all(hosts.iter().map(|host| ask(&ann, host)));
    let others = async {
        while asked.load(Ordering::SeqCst) < EACH {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let (free, _) = server().await;
        for other in [&bob, &house] {
            let answer = tokio::time::timeout(Duration::from_mins(1), ask(other, &free)).await;
            assert!(answer.expect("others need not wait").is_ok());
        }
        // Whoever signs in twice is one person all the same.
        let again = tokio::time::timeout(Duration::from_millis(50), ask(&house.of(1), &free)).await;
        assert!(again.is_err());
        assert_eq!(asked.load(Ordering::SeqCst), EACH);
        gate.add_permits(1000);
    };
    let (answers, ()) = tokio::join!(waiting, others);
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(asked.load(Ordering::SeqCst), 12);
}

/// A server that answers when it is let.
async fn gated(gate: Arc<Semaphore>, asked: Arc<AtomicUsize>) -> Url {
    let answer = async move || {
        asked.fetch_add(1, Ordering::SeqCst);
        gate.acquire().await.unwrap().forget();
        "bad.example\n"
    };
    let app = Router::new().route("/list", get(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    Url::parse(&format!("http://{address}/")).unwrap()
}

#[tokio::test]
async fn a_persons_list_is_smaller_than_the_houses() {
    let text = "x".repeat(PERSONS_SIZE_LIMIT + 1);
    let app = Router::new().route("/list", get(async move || text.clone()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/list", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let request = Request::get(Url::parse(&address).unwrap());
    let house = fetcher();
    assert!(matches!(house.fetch(&request).await, Ok(Answer::Fetched(_))));
    let refused = house.of(1).fetch(&request).await;
    assert!(matches!(refused, Err(FetchError::TooLarge(PERSONS_SIZE_LIMIT))));
}
