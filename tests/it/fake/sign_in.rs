//! OAuth as Doorkeeper does it for Mastodon.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};
use url::Url;

use super::routes::Answer;
use super::{Request, Version, World};

pub struct App {
    secret: String,
    redirect_uris: Vec<String>,
    scopes: Vec<String>,
}

/// What a code is good for, once.
pub struct Grant {
    client_id: String,
    redirect_uri: String,
    scopes: Vec<String>,
    challenge: Option<String>,
}

const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

fn known(version: Version, scope: &str) -> bool {
    match scope {
        "read" | "write" | "follow" | "read:blocks" | "write:blocks" | "read:accounts"
        | "write:follows" | "admin:read" | "admin:write" => true,
        "admin:read:domain_blocks" | "admin:write:domain_blocks" => version > Version::V4_0,
        "profile" => version >= Version::V4_3,
        _ => false,
    }
}

pub fn metadata() -> Answer {
    Answer::json(
        200,
        &json!({
            "scopes_supported": ["read", "profile", "write", "read:accounts", "read:blocks",
                "write:blocks", "write:follows", "follow", "admin:read", "admin:read:domain_blocks",
                "admin:write", "admin:write:domain_blocks"],
            "code_challenge_methods_supported": ["S256"],
        }),
    )
}

pub fn register(world: &mut World, request: &Request) -> Answer {
    let words = |name: &str| -> Vec<String> {
        request.param(name).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    };
    let scopes = words("scopes");
    if !scopes.iter().all(|scope| known(world.version, scope)) {
        let text = "Validation failed: Scopes doesn't match configured on the server.";
        return Answer::error(world, 422, text);
    }
    let id = format!("client-{}", world.id());
    let secret = format!("secret-of-{id}");
    let app = App { secret: secret.clone(), redirect_uris: words("redirect_uris"), scopes };
    world.apps.insert(id.clone(), app);
    Answer::json(200, &json!({ "client_id": id, "client_secret": secret }))
}

/// Any port of a loopback address will do (RFC 8252).
fn same_redirect(registered: &str, given: &str) -> bool {
    let portless = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        (url.host_str() == Some("127.0.0.1")).then(|| url.set_port(None))?.ok()?;
        Some(url)
    };
    registered == given || portless(registered).is_some_and(|url| portless(given) == Some(url))
}

/// The page on which a person approves, as Doorkeeper writes it: what was asked for stands in
/// the form. A test without a browser presses its button by sending the address's query back
/// with POST.
pub fn page(world: &World, request: &Request) -> Answer {
    let grant = match check(world, request) {
        Err(refusal) => return refusal,
        Ok(grant) => grant,
    };
    let escaped =
        |text: &str| text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    let hidden: String = request
        .query
        .iter()
        .map(|(name, value)| {
            let (name, value) = (escaped(name), escaped(value));
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">\n")
        })
        .collect();
    let scopes: String =
        grant.scopes.iter().map(|scope| format!("<li>{}</li>\n", escaped(scope))).collect();
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <title>Authorization required</title></head>\n<body><main>\n\
         <h1>Authorization required</h1>\n<p>This app would like to:</p>\n<ul>\n{scopes}</ul>\n\
         <form method=\"post\" action=\"/oauth/authorize\">\n{hidden}\
         <button>Authorize</button>\n<button name=\"deny\" value=\"yes\">Deny</button>\n\
         </form>\n</main></body>\n</html>\n"
    );
    Answer::html(200, page)
}

fn check(world: &World, request: &Request) -> Result<Grant, Answer> {
    let wrong = |text: &str| Answer::html(400, format!("<p>{text}</p>"));
    let param = |name: &str| request.param(name).unwrap_or_default().to_owned();
    let client_id = param("client_id");
    let app = world.apps.get(&client_id).ok_or_else(|| wrong("unknown client"))?;
    let redirect_uri = param("redirect_uri");
    if !app.redirect_uris.iter().any(|known| same_redirect(known, &redirect_uri)) {
        return Err(wrong("the redirect uri is not valid"));
    }
    let scopes: Vec<String> = param("scope").split_whitespace().map(str::to_owned).collect();
    if scopes.is_empty() || !scopes.iter().all(|scope| app.scopes.contains(scope)) {
        return Err(wrong("the requested scope is invalid"));
    }
    let challenge = request.param("code_challenge").map(str::to_owned);
    if challenge.is_some() && request.param("code_challenge_method") != Some("S256") {
        return Err(wrong("the code challenge method must be S256"));
    }
    // Before 4.3 there is no column for it.
    let challenge = challenge.filter(|_| world.version >= Version::V4_3);
    Ok(Grant { client_id, redirect_uri, scopes, challenge })
}

pub fn approve(world: &mut World, request: &Request) -> Answer {
    let grant = match check(world, request) {
        Err(refusal) => return refusal,
        Ok(grant) => grant,
    };
    let code = format!("code-{}", world.id());
    let redirect_uri = grant.redirect_uri.clone();
    if redirect_uri == OUT_OF_BAND {
        world.codes.insert(code.clone(), grant);
        return Answer::html(200, format!("<input value=\"{code}\">"));
    }
    let mut to = Url::parse(&redirect_uri).unwrap();
    if request.param("deny").is_some() {
        to.query_pairs_mut().append_pair("error", "access_denied");
    } else {
        to.query_pairs_mut().append_pair("code", &code);
        world.codes.insert(code, grant);
    }
    to.query_pairs_mut().append_pair("state", request.param("state").unwrap_or_default());
    Answer::html(302, String::new()).header("Location", to.to_string())
}

pub fn exchange(world: &mut World, request: &Request) -> Answer {
    let refuse = |status, error: &str| {
        Answer::json(status, &json!({ "error": error, "error_description": "refused" }))
    };
    let Some(app) = request.param("client_id").and_then(|id| world.apps.get(id)) else {
        return refuse(401, "invalid_client");
    };
    if request.param("client_secret") != Some(&app.secret) {
        return refuse(401, "invalid_client");
    }
    let code = request.param("code").unwrap_or_default();
    let Some(grant) = world.codes.remove(code) else { return refuse(400, "invalid_grant") };
    let proof = request
        .param("code_verifier")
        .map(|verifier| URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())));
    let proven = grant.challenge.is_none() || grant.challenge == proof;
    let same = request.param("redirect_uri") == Some(&grant.redirect_uri);
    if !proven || !same || request.param("client_id") != Some(&grant.client_id) {
        return refuse(400, "invalid_grant");
    }
    let token = format!("token-{}", world.id());
    let scope = grant.scopes.join(" ");
    world.tokens.insert(token.clone(), grant.scopes);
    Answer::json(
        200,
        &json!({ "access_token": token, "token_type": "Bearer", "scope": scope, "created_at": 1 }),
    )
}

pub fn revoke(world: &mut World, request: &Request) -> Answer {
    let app = request.param("client_id").and_then(|id| world.apps.get(id));
    if app.is_none_or(|app| request.param("client_secret") != Some(&app.secret)) {
        return Answer::json(403, &json!({ "error": "unauthorized_client" }));
    }
    world.tokens.remove(request.param("token").unwrap_or_default());
    Answer::json(200, &json!({}))
}
