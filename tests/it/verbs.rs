//! What both faces have Hedgerow do, called as a page would call it.

use std::sync::Arc;

use hedgerow::app::App;
use hedgerow::block::Level;
use hedgerow::fetch::Reach;
use hedgerow::mastodon::client::Silent;
use hedgerow::mastodon::discovery::{ServerInfo, discover};
use hedgerow::mastodon::oauth::{Access, OAuthError, Pending};
use hedgerow::store::EventFilter;
use hedgerow::verb::sign_in::{self, Asking, AskingError, Told};
use secrecy::SecretString;

use crate::command::Machine;
use crate::fake::{Fake, Version};
use crate::raw::ask;

const BACK: &str = "http://127.0.0.1:8787/sign-in/back";
const RANDOM: [[u8; 32]; 2] = [[1; 32], [2; 32]];

fn client() -> reqwest::Client {
    hedgerow::http::client().unwrap()
}

async fn info(fake: &Fake) -> ServerInfo {
    discover(&client(), &fake.url().parse().unwrap()).await.unwrap()
}

/// Sends the browser there and back, and writes the sign-in down meanwhile.
async fn approved(fake: &Fake, asking: &Asking) -> (Pending, SecretString) {
    let pending = sign_in::begin(&client(), &info(fake).await, asking, BACK, RANDOM).await.unwrap();
    let kept = serde_json::to_string(&pending).unwrap();
    assert!(kept.len() < 1000, "{} bytes", kept.len());
    let address = pending.authorize_url();
    let pending: Pending = serde_json::from_str(&kept).unwrap();
    assert_eq!(pending.authorize_url(), address);
    let query = address.query().unwrap();
    let seen = ask(&fake.url(), "POST", "/oauth/authorize", "", query).unwrap();
    let back: url::Url = seen.header("location").unwrap().parse().unwrap();
    assert!(back.as_str().starts_with(BACK), "{back}");
    let field = |name: &str| back.query_pairs().find(|(key, _)| key == name).unwrap().1;
    assert!(pending.state.matches(&field("state")));
    (pending, field("code").into_owned().into())
}

fn scopes(pending: &Pending) -> String {
    pending.authorize_url().query_pairs().find(|(name, _)| name == "scope").unwrap().1.into_owned()
}

fn anybody(machine: &Machine) -> App {
    let app = App::new(Some(machine.data_dir()), None, None, Reach::Anywhere).unwrap();
    app.of(7, "somebody")
}

#[tokio::test]
async fn who_somebody_is_takes_the_least_right_and_it_is_given_back() {
    for (version, scope) in [(Version::V4_0, "read:accounts"), (Version::V4_6, "profile")] {
        let fake = Fake::start(version);
        let asking =
            Asking::of(&info(&fake).await, Level::Account, Access::Identify, false).unwrap();
        let (pending, code) = approved(&fake, &asking).await;
        assert_eq!(scopes(&pending), scope);
        let person = sign_in::identify(&client(), &pending, &code).await.unwrap();
        assert_eq!(person.account, "me@home.example");
        // The domain is the server's claim; the key is who was asked.
        assert_eq!(person.key(), format!("me@{}", fake.url()));
        let revoked = |request: &crate::fake::Request| request.path == "/oauth/revoke";
        assert_eq!(fake.requests().iter().filter(|request| revoked(request)).count(), 1);
        assert_eq!(fake.tokens(), 0);
        // A code is good for one time.
        let again = sign_in::identify(&client(), &pending, &code).await;
        assert!(matches!(again, Err(OAuthError::CodeRefused { .. })), "{again:?}");
    }
}

#[tokio::test]
async fn a_sign_in_is_sealed_for_its_owner_and_a_sign_out_ends_it() {
    let (fake, machine) = (Fake::start(Version::V4_6), Machine::new());
    fake.world().role = 0;
    let app = anybody(&machine);
    let server = info(&fake).await;
    let asking = Asking::of(&server, Level::Instance, Access::ReadWrite, true).unwrap();
    let (pending, code) = approved(&fake, &asking).await;
    let done = sign_in::finish(&app, &client(), &pending, &code, None).await.unwrap();
    assert_eq!((done.target.as_str(), done.account.as_str()), ("home.example", "me@home.example"));
    assert_eq!(done.lacks.unwrap().domain, "home.example");
    let store = app.store().await.unwrap();
    let row = store.target("home.example").await.unwrap().unwrap();
    assert!(row.token.len() > 20 && !row.token.contains("token-"));
    // Whoever can write to the database cannot move it to somebody of the same name.
    let never = hedgerow::stop::Stop::never();
    let open = |app: &App| app.server(&row, &never, Arc::new(Silent)).map(|_| ());
    open(&app).unwrap();
    let error = open(&app.of(8, "other")).unwrap_err();
    assert!(error.is::<hedgerow::vault::VaultError>(), "{error:#}");

    assert_eq!(fake.tokens(), 1);
    let told = sign_in::sign_out(&app, &client(), &row).await.unwrap();
    assert!(matches!(told, Told::Revoked), "{told:?}");
    assert_eq!(fake.tokens(), 0);
    assert!(store.targets().await.unwrap().is_empty());
    let events = store.events(&EventFilter::default()).await.unwrap();
    let told: Vec<_> = events.iter().map(|event| (event.kind.as_str(), &*event.actor)).collect();
    assert_eq!(told, [("signed-in", "somebody"), ("signed-out", "somebody")]);
}

#[tokio::test]
async fn a_server_without_the_right_is_known_before_the_browser_opens() {
    let fake = Fake::start(Version::V4_6);
    let mut server = info(&fake).await;
    server.version = hedgerow::mastodon::version::Version::parse("3.5.1").unwrap();
    let refused = Asking::of(&server, Level::Instance, Access::ReadWrite, false);
    assert!(matches!(refused, Err(AskingError::NoAdminBlocks { .. })));
    assert!(Asking::of(&server, Level::Account, Access::ReadWrite, false).is_ok());
}
