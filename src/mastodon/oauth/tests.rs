use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::*;
use crate::http;

type Fields = HashMap<String, String>;
type Answer = (u16, &'static str);

/// A server that gives the prepared answers in turn and remembers what it was sent.
#[derive(Clone, Default)]
struct Fake {
    answers: Arc<Mutex<Vec<Answer>>>,
    asked: Arc<Mutex<Vec<Fields>>>,
}

impl Fake {
    fn answer(&self, fields: Fields) -> Response {
        self.asked.lock().unwrap().push(fields);
        let (status, text) = self.answers.lock().unwrap().remove(0);
        let status = StatusCode::from_u16(status).unwrap();
        if status.is_redirection() {
            return (status, [(header::LOCATION, text)]).into_response();
        }
        (status, text).into_response()
    }

    fn asked(&self) -> Vec<Fields> {
        self.asked.lock().unwrap().clone()
    }
}

async fn fake(answers: &[Answer]) -> (Fake, Client, Url) {
    let fake = Fake::default();
    fake.answers.lock().unwrap().extend_from_slice(answers);
    let form =
        |State(fake): State<Fake>, Form(fields): Form<Fields>| async move { fake.answer(fields) };
    let whoami = |State(fake): State<Fake>, headers: HeaderMap| async move {
        let token = headers[header::AUTHORIZATION].to_str().unwrap().to_owned();
        fake.answer(Fields::from([("authorization".to_owned(), token)]))
    };
    let router = Router::new()
        .route("/api/v1/apps", post(form))
        .route("/oauth/token", post(form))
        .route("/oauth/revoke", post(form))
        .route("/api/v1/accounts/verify_credentials", get(whoami))
        .with_state(fake.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (fake, http::client().unwrap(), base)
}

fn app() -> App {
    App {
        client_id: "cid".to_owned(),
        client_secret: "app-secret".into(),
        scopes: vec!["read:blocks".to_owned(), "profile".to_owned()],
    }
}

const APP: Answer = (200, r#"{"id":"1","client_id":"cid","client_secret":"app-secret"}"#);
const UNKNOWN: Answer = (422, r#"{"error":"unknown scope"}"#);

#[tokio::test]
async fn registering_falls_back_once_to_wider_scopes() {
    let (server, client, base) = fake(&[UNKNOWN, APP]).await;
    let scopes = ["admin:read:domain_blocks", "profile"];
    let redirects = [OUT_OF_BAND, "http://127.0.0.1/callback"];
    let app = register(&client, &base, &redirects, &scopes).await.unwrap();
    assert_eq!(app.scopes, ["admin:read", "read:accounts"]);
    assert_eq!((app.client_id.as_str(), app.client_secret.expose_secret()), ("cid", "app-secret"));
    assert!(!format!("{app:?}").contains("app-secret"));
    let asked = server.asked();
    assert_eq!(asked[0]["scopes"], "admin:read:domain_blocks profile");
    assert_eq!(asked[1]["scopes"], "admin:read read:accounts");
    assert_eq!(asked[1]["redirect_uris"], redirects.join("\n"));

    let (server, client, base) = fake(&[UNKNOWN, UNKNOWN]).await;
    let error = register(&client, &base, &redirects, &scopes).await.unwrap_err();
    assert!(error.to_string().ends_with("unknown scope"), "{error}");
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn the_authorize_page_is_asked_for_exactly_what_was_registered() {
    let base = "https://example.social/".parse().unwrap();
    let (state, pkce) = (LoginState::new([1; 32]), Pkce::new([2; 32]));
    let url = authorize_url(&base, &app(), "http://127.0.0.1:9/callback", &state, &pkce);
    let fields: Fields = url.query_pairs().into_owned().collect();
    assert!(url.as_str().starts_with("https://example.social/oauth/authorize?response_type=code"));
    assert_eq!(fields["scope"], "read:blocks profile");
    assert_eq!(fields["redirect_uri"], "http://127.0.0.1:9/callback");
    assert_eq!(
        (&*fields["state"], &*fields["code_challenge"]),
        (state.as_str(), &*pkce.challenge())
    );
    assert_eq!(fields["code_challenge_method"], "S256");
    assert!(!url.as_str().contains("app-secret"));
    assert!(!url.as_str().contains(pkce.verifier().expose_secret()));
}

async fn try_exchange(answer: Answer) -> (Fake, Result<Token, OAuthError>) {
    let (server, client, base) = fake(&[answer]).await;
    let pkce = Pkce::new([2; 32]);
    let code = " c0de\n".into();
    let token = exchange(&client, &base, &app(), OUT_OF_BAND, &code, &pkce).await;
    (server, token)
}

#[tokio::test]
async fn a_code_becomes_a_token_that_grants_what_was_asked_for() {
    let granted = r#"{"access_token":"t0ken","token_type":"Bearer","scope":"profile read:blocks"}"#;
    let (server, token) = try_exchange((200, granted)).await;
    let token = token.unwrap();
    assert_eq!(
        (token.access_token.expose_secret(), &*token.scope),
        ("t0ken", "profile read:blocks")
    );
    assert!(!format!("{token:?}").contains("t0ken"));
    let asked = &server.asked()[0];
    assert_eq!((&*asked["code"], &*asked["client_secret"]), ("c0de", "app-secret"));
    assert_eq!(asked["code_verifier"], Pkce::new([2; 32]).verifier().expose_secret());
    let (_, token) = try_exchange((200, r#"{"access_token":"t0ken"}"#)).await;
    assert_eq!(token.unwrap().scope, "read:blocks profile");
    let (_, less) = try_exchange((200, r#"{"access_token":"t0ken","scope":"profile"}"#)).await;
    assert!(less.unwrap_err().to_string().contains("missing: read:blocks"));
}

#[tokio::test]
async fn a_failed_exchange_says_why_and_never_what_was_secret() {
    for (answer, wanted) in [
        (
            (400, r#"{"error":"invalid_grant","error_description":"c0de"}"#),
            "older than ten minutes",
        ),
        ((401, r#"{"error":"invalid_client"}"#), "no longer knows Hedgerow"),
        (
            (403, r#"{"error":"x","error_description":"c0de app-secret \u001b[2Jno"}"#),
            ": … … [2Jno",
        ),
        ((403, "<html>"), "error 403"),
        ((200, "<html>t0ken"), "was not understood"),
        ((503, ""), "may be down or busy"),
        (
            (307, "https://other.example/oauth/token"),
            "sign in there (`hedgerow login other.example`)",
        ),
        ((307, "/elsewhere"), "error 307"),
    ] {
        let (server, outcome) = try_exchange(answer).await;
        let error = outcome.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains(wanted), "{answer:?}: {text}");
        for secret in ["c0de", "app-secret", "t0ken", Pkce::new([2; 32]).verifier().expose_secret()]
        {
            assert!(!text.contains(secret), "{text}");
        }
        assert_eq!(server.asked().len(), 1, "the code was sent twice");
    }
}

#[tokio::test]
async fn the_owner_of_a_token_and_their_role() {
    let who = async |answer: Answer| {
        let (server, client, base) = fake(&[answer]).await;
        let outcome = who_am_i(&client, &base, &"t0ken".into()).await;
        assert_eq!(server.asked()[0]["authorization"], "Bearer t0ken");
        outcome
    };
    let text = r#"{"id":"1","username":"me","acct":"me","url":"https://example.social/@me",
                   "role":{"id":"3","name":"Helper","permissions":"32","color":""}}"#;
    let me = who((200, text)).await.unwrap();
    assert_eq!((me.acct.as_str(), me.url.as_str()), ("me", "https://example.social/@me"));
    assert_eq!((me.role_permissions, me.role_name.as_deref()), (Some(32), Some("Helper")));
    assert!(me.can_manage_federation());
    for (role, may) in [
        (r#"{"permissions":"1"}"#, true),
        (r#"{"permissions":1048575,"name":"Owner"}"#, true),
        (r#"{"permissions":"65536","name":""}"#, false),
        (r#"{"permissions":"many"}"#, false),
        ("null", false),
    ] {
        let text = format!(r#"{{"acct":"me","role":{role}}}"#).leak();
        let me = who((200, text)).await.unwrap();
        assert_eq!(me.can_manage_federation(), may, "{role}");
    }
    let error = who((401, r#"{"error":"The access token is invalid"}"#)).await.unwrap_err();
    assert!(matches!(error, OAuthError::TokenRefused { .. }));
    let error = who((403, r#"{"error":"t0ken is outside the scopes"}"#)).await.unwrap_err();
    assert!(error.to_string().ends_with(": … is outside the scopes"), "{error}");
}

#[tokio::test]
async fn revoking_sends_the_token_and_reports_a_refusal() {
    let (server, client, base) = fake(&[(200, "{}"), (403, r#"{"error":"t0ken"}"#)]).await;
    let token = "t0ken".into();
    revoke(&client, &base, &app(), &token).await.unwrap();
    assert_eq!(server.asked()[0]["token"], "t0ken");
    let error = revoke(&client, &base, &app(), &token).await.unwrap_err();
    assert!(error.to_string().ends_with("to revoke the sign-in: …"), "{error}");
}
