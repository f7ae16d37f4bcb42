//! From a request to an answer.

use serde_json::{Value, json};

use super::{Request, Version, World, account, admin, known, people, sign_in};

pub struct Answer {
    pub status: u16,
    pub kind: &'static str,
    pub body: String,
    pub headers: Vec<(String, String)>,
}

impl Answer {
    pub fn json(status: u16, body: &Value) -> Answer {
        let kind = "application/json; charset=utf-8";
        Answer { status, kind, body: body.to_string(), headers: Vec::new() }
    }

    pub fn html(status: u16, body: String) -> Answer {
        Answer { status, kind: "text/html; charset=utf-8", body, headers: Vec::new() }
    }

    pub fn header(mut self, name: &str, value: String) -> Answer {
        self.headers.push((name.to_owned(), value));
        self
    }

    /// An error in the account's language, as every version words it.
    pub fn error(world: &World, status: u16, english: &str) -> Answer {
        let text = if world.german { "Etwas ist schiefgelaufen" } else { english };
        Answer::json(status, &json!({ "error": text }))
    }
}

pub fn answer(world: &mut World, request: &Request) -> Answer {
    if world.lies {
        return Answer::json(200, &json!({}));
    }
    let limited = request.path.starts_with("/api/");
    let headers = if limited { count(world, request) } else { Ok(Vec::new()) };
    let mut answer = match &headers {
        Err(_) => Answer::json(429, &json!({ "error": "Too many requests" })),
        Ok(_) => route(world, request),
    };
    let (Ok(more) | Err(more)) = headers;
    answer.headers.extend(more);
    answer
}

/// Fixed windows aligned to the clock; no `Retry-After` (`rack_attack.rb`).
fn count(world: &mut World, request: &Request) -> Result<Headers, Headers> {
    let Some((limit, window)) = world.limit else { return Ok(Vec::new()) };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let number = u64::try_from(now.as_millis() / window.as_millis()).unwrap();
    let key = (request.token.clone().unwrap_or_default(), number);
    let used = world.used.entry(key).or_default();
    *used += 1;
    let ends = i64::try_from(u128::from(number + 1) * window.as_millis()).unwrap();
    let ends = chrono::DateTime::from_timestamp_millis(ends).unwrap();
    let headers = vec![
        ("X-RateLimit-Limit".to_owned(), limit.to_string()),
        ("X-RateLimit-Remaining".to_owned(), limit.saturating_sub(*used).to_string()),
        ("X-RateLimit-Reset".to_owned(), ends.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()),
    ];
    if *used > limit { Err(headers) } else { Ok(headers) }
}

type Headers = Vec<(String, String)>;

fn route(world: &mut World, request: &Request) -> Answer {
    let path = request.path.as_str();
    match (request.method.as_str(), path) {
        ("GET", "/.well-known/nodeinfo") => Answer::json(
            200,
            &json!({ "links": [{
                "rel": "http://nodeinfo.diaspora.software/ns/schema/2.0",
                "href": "/nodeinfo/2.0",
            }]}),
        ),
        ("GET", "/nodeinfo/2.0") => {
            let version = world.version.number();
            Answer::json(200, &json!({ "software": { "name": "mastodon", "version": version } }))
        }
        ("GET", "/api/v2/instance") => {
            Answer::json(200, &json!({ "domain": world.domain, "version": world.version.number() }))
        }
        ("GET", "/.well-known/oauth-authorization-server") if world.version >= Version::V4_3 => {
            sign_in::metadata()
        }
        ("POST", "/api/v1/apps") => sign_in::register(world, request),
        ("GET", "/oauth/authorize") => sign_in::page(world, request),
        ("POST", "/oauth/authorize") => sign_in::approve(world, request),
        ("POST", "/oauth/token") => sign_in::exchange(world, request),
        ("POST", "/oauth/revoke") => sign_in::revoke(world, request),
        ("GET", "/api/v1/accounts/verify_credentials") => people::who_am_i(world, request),
        (_, path) if path.starts_with("/api/v1/accounts/") => {
            people::answer(world, request, path.trim_start_matches("/api/v1/accounts/"))
        }
        ("GET", "/api/v1/instance/peers") => known::peers(world),
        ("POST", "/api/v1/admin/measures") => known::measures(world, request),
        ("GET", "/api/v1/domain_blocks/preview") => people::preview(world, request),
        (_, "/api/v1/domain_blocks") => account::answer(world, request),
        (_, path) if path.starts_with("/api/v1/admin/domain_blocks") => {
            admin::answer(world, request)
        }
        _ => Answer::error(world, 404, "Record not found"),
    }
}

/// Who asks, and whether they may: the order of the checks is Mastodon's.
pub fn allow(world: &World, request: &Request, scopes: &[&str]) -> Result<(), Answer> {
    let Some(granted) = request.token.as_ref().and_then(|token| world.tokens.get(token)) else {
        return Err(Answer::error(world, 401, "The access token is invalid"));
    };
    if !scopes.iter().any(|scope| granted.iter().any(|granted| granted == scope)) {
        let text = "This action is outside the authorized scopes";
        return Err(Answer::error(world, 403, text));
    }
    if world.disabled {
        return Err(Answer::error(world, 403, "Your login is currently disabled"));
    }
    Ok(())
}
