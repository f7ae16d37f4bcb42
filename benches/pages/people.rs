//! A thousand people with a server each, and what is kept of it: what is blocked there, whose
//! it is, and a plan that waits.

use std::path::Path;

use async_trait::async_trait;
use axum::extract::FromRef;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use axum_extra::extract::PrivateCookieJar;
use axum_extra::extract::cookie::{Cookie, Key};
use hedgerow::app::App;
use hedgerow::block::{Block, Level, Rule, Severity, State, hex};
use hedgerow::clock::{Clock, SystemClock};
use hedgerow::desk::{Memory, Wish};
use hedgerow::fetch::Reach;
use hedgerow::follow::Settings;
use hedgerow::keep::{self, Intent, whose};
use hedgerow::ledger::{Delta, Done, settle};
use hedgerow::plan::{Change, Plan};
use hedgerow::policy::{Guard, Mode, Retractions, Terms};
use hedgerow::source::Source;
use hedgerow::store::{NewTarget, Store};
use hedgerow::target::{
    Capabilities, Kind, Matching, Target, TargetError, TargetRef, Writes, Written,
};
use hedgerow::web::Site;
use sha2::{Digest, Sha256};

use crate::load::Failure;

const NAME: &str = "home.example";

/// What one of them has on their server.
pub struct Kept {
    state: State,
    taken: Delta,
    plan: Vec<u8>,
    wish: String,
}

/// Somebody with a browser.
pub struct Person {
    pub cookie: String,
    /// The number of their target.
    pub target: i64,
}

/// A server that costs no network.
struct Quiet(TargetRef, State);

#[async_trait]
impl Target for Quiet {
    fn identity(&self) -> &TargetRef {
        &self.0
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            level: Level::Instance,
            rules: true,
            matching: Matching::WithSubdomains,
            nested: true,
            writes: Writes::Single,
            page_size: 500,
            budget: None,
        }
    }

    async fn read(&self) -> Result<State, TargetError> {
        Ok(self.1.clone())
    }

    async fn write(&self, _: &[Change], _: &State) -> Result<Written, TargetError> {
        Ok(Written::AlreadySo)
    }
}

fn identity() -> TargetRef {
    TargetRef {
        name: NAME.to_owned(),
        kind: Kind::Mastodon,
        level: Level::Instance,
        address: "https://home.example/".to_owned(),
        account: None,
        own: hedgerow::domain::Domain::from_stored(NAME).into_iter().collect(),
    }
}

/// Makes, in a folder of its own, a server with `blocks` blocks, half of them for lists, and a
/// plan that adds `adds`.
pub async fn keep(folder: &Path, blocks: usize, adds: usize) -> Result<Kept, Failure> {
    let app = App::new(Some(folder.join("data")), None, None, Reach::PublicOnly)?;
    let (store, now) = (app.store().await?, SystemClock.now());
    follow(&app, folder, "garden", 0..blocks / 2).await?;
    let intent = Intent { offline: true, overrides: vec![Guard::MostAdds], ..Intent::default() };
    let empty = Quiet(identity(), State::new(Level::Instance, now, Vec::new()));
    let first = keep::plan(&app, &empty, &intent).await?;
    let expected = first.expected(now);
    let changes = first.changes();
    let done = Done { run: 1, plan: &first, changes: &changes, found: Some(&expected), now };
    let ledger = store.ledger(NAME, &whose(&identity()), now).await?;
    let taken = settle(&ledger, &done, |_| true);
    store.take(NAME, &taken, &[]).await?;
    let own = (0..blocks - blocks / 2).map(|number| Block {
        name: format!("own{number}.example").into(),
        rule: Some(Rule::new(Severity::Silence)),
        id: None,
        created_at: None,
    });
    let all = expected.blocks.into_iter().chain(own).collect();
    let target = Quiet(identity(), State::new(Level::Instance, now, all));
    follow(&app, folder, "orchard", blocks..blocks + adds).await?;
    let plan = keep::plan(&app, &target, &intent).await?;
    println!(
        "a server with {} blocks; its plan adds {}, holds {}",
        target.1.blocks.len(),
        plan.summary.add,
        plan.summary.held
    );
    let wish = serde_json::to_string(&Wish::Lists(Box::new(intent)))?;
    store.close().await;
    Ok(Kept { state: target.1, taken, plan: packed(&plan)?, wish })
}

/// As the desk keeps it.
fn packed(plan: &Plan) -> Result<Vec<u8>, Failure> {
    Ok(serde_json::to_vec(&serde_json::json!({ "plan": plan, "memory": Memory::default() }))?)
}

async fn follow(
    app: &App,
    folder: &Path,
    name: &str,
    rows: std::ops::Range<usize>,
) -> Result<(), Failure> {
    let mut text = "domain,severity,public_comment\n".to_owned();
    for number in rows {
        text += &format!(
            "host{number}.example,{},spam and harassment\n",
            ["suspend", "silence"][number % 2]
        );
    }
    let path = folder.join(format!("{name}.csv"));
    std::fs::write(&path, text)?;
    let source = Source::parse(&path.to_string_lossy())?;
    app.lists().await?.add(name, &source, &Settings::default()).await?;
    let terms = Terms { mode: Mode::Auto, retractions: Retractions::Follow, ..Terms::default() };
    app.store().await?.save_subscription(NAME, name, &terms, SystemClock.now()).await?;
    Ok(())
}

/// Signs in so many people, each with a server.
pub async fn sign_in(site: &Site, numbers: std::ops::Range<usize>) -> Result<Vec<Person>, Failure> {
    let (store, now) = (site.app().store().await?, SystemClock.now());
    let mut people = Vec::new();
    for number in numbers {
        let account = format!("person{number}@home.example");
        let owner = store.person(&format!("https://home.example/ {number}"), &account, now).await?;
        let secret = format!("a-secret-of-{number}");
        let digest = hex(&Sha256::digest(secret.as_bytes()));
        let own = store.of(owner);
        own.begin_session(&digest, "Firefox on Linux", now).await?;
        let text = str::to_owned;
        let new = NewTarget {
            name: text(NAME),
            level: Level::Instance,
            base_url: text("https://home.example/"),
            domain: text(NAME),
            account: Some(account),
            software: text("mastodon"),
            version: text("4.6.5"),
            scopes: text("admin:read:domain_blocks admin:write:domain_blocks"),
            client_id: text("client"),
            client_secret: text("sealed"),
            token: text("sealed"),
            created_at: now,
        };
        let target = own.save_target(&new).await?;
        people.push(Person { cookie: cookie(site, secret)?, target });
        if numbers_are_round(number) {
            println!("{} people", number + 1);
        }
    }
    Ok(people)
}

const fn numbers_are_round(number: usize) -> bool {
    (number + 1).is_multiple_of(500)
}

/// As the site itself gives it, on plain http.
fn cookie(site: &Site, secret: String) -> Result<String, Failure> {
    let jar = PrivateCookieJar::from_headers(&HeaderMap::new(), Key::from_ref(site));
    let answer = jar.add(Cookie::new("hedgerow", secret)).into_response();
    let set = answer.headers().get(header::SET_COOKIE).ok_or("no cookie")?.to_str()?;
    Ok(set.split(';').next().unwrap_or_default().to_owned())
}

impl Kept {
    /// Gives one of them what is kept here.
    pub async fn give(&self, all: &Store, number: usize) -> Result<(), Failure> {
        let now = SystemClock.now();
        let account = format!("person{number}@home.example");
        let owner = all.person(&format!("https://home.example/ {number}"), &account, now).await?;
        let store = all.of(owner);
        store.save_reading(NAME, &whose(&identity()), &self.state).await?;
        store.ledger(NAME, &whose(&identity()), now).await?;
        store.take(NAME, &self.taken, &[]).await?;
        store.propose(NAME, &self.wish, &self.plan, now).await?;
        Ok(())
    }
}
