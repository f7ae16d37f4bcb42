//! A Mastodon that remembers: blocks, pages, limits and moods, in plain data.
//!
//! [`World`] is what the server knows, and [`routes::answer`] turns one request into one
//! answer, the way the versions of Mastodon do it. [`wire`] is the HTTP around it, written
//! by hand so that a test can break it anywhere: before a request takes effect, after it
//! did and before the answer leaves, in the middle of a body.

mod account;
mod admin;
mod known;
mod pages;
mod people;
mod routes;
mod sign_in;
mod tests;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

pub use wire::{Fault, Moment};

/// The versions whose differences matter, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    V4_0,
    V4_2,
    V4_3,
    V4_6,
}

impl Version {
    pub const ALL: [Version; 4] = [Version::V4_0, Version::V4_2, Version::V4_3, Version::V4_6];

    pub const fn number(self) -> &'static str {
        match self {
            Version::V4_0 => "4.0.2",
            Version::V4_2 => "4.2.8",
            Version::V4_3 => "4.3.23",
            Version::V4_6 => "4.6.5",
        }
    }
}

/// A row of `/api/v1/admin/domain_blocks`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminBlock {
    pub id: u64,
    pub domain: String,
    pub severity: String,
    pub reject_media: bool,
    pub reject_reports: bool,
    pub obfuscate: bool,
    pub public_comment: String,
    pub private_comment: String,
}

impl AdminBlock {
    pub fn new(domain: &str, severity: &str) -> Self {
        AdminBlock {
            id: 0,
            domain: domain.to_owned(),
            severity: severity.to_owned(),
            reject_media: false,
            reject_reports: false,
            obfuscate: false,
            public_comment: String::new(),
            private_comment: String::new(),
        }
    }
}

/// A request as the server understood it.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub form: BTreeMap<String, String>,
    pub token: Option<String>,
    /// Of the answer; 0 where none was sent.
    pub status: u16,
}

impl Request {
    /// What the request says under `name`, in its body or its address.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.form.get(name).or_else(|| self.query.get(name)).map(String::as_str)
    }

    pub fn is_write(&self) -> bool {
        self.path.contains("domain_blocks") && self.method != "GET"
    }
}

/// What the server knows, for tests to arrange and to look at.
#[expect(clippy::struct_excessive_bools, reason = "moods, each of which a test may set")]
pub struct World {
    pub version: Version,
    /// The domain in people's handles, which is not the host of the API.
    pub domain: String,
    pub account_blocks: Vec<(u64, String)>,
    pub admin_blocks: Vec<AdminBlock>,
    /// Whom the account follows, as `user@domain` with the domain in ASCII, oldest first.
    pub follows: Vec<String>,
    /// Who follows the account.
    pub followers: Vec<String>,
    /// Of those, and of anybody, who approves their followers by hand.
    pub locked: Vec<String>,
    /// Everybody's follows as local and remote, of which the account's own are no part.
    pub local_follows: Vec<(String, String)>,
    /// Who is followed from elsewhere, as local and remote.
    pub local_followers: Vec<(String, String)>,
    /// The servers that it has met, unless it keeps them to itself.
    pub peers: Option<Vec<String>>,
    /// The role's bits: 1 is administrator, 8 "View Dashboard", 32 "Manage Federation".
    pub role: u64,
    /// Disabled, moved, or waiting for approval: all the same to an app.
    pub disabled: bool,
    /// Errors come in the language of the account.
    pub german: bool,
    /// Requests per window and token.
    pub limit: Option<(u32, Duration)>,
    /// `Link` headers lead to this origin.
    pub links_to: Option<String>,
    /// Every page has a next one.
    pub endless: bool,
    /// Says 200 to everything and does nothing.
    pub lies: bool,
    tokens: BTreeMap<String, Vec<String>>,
    apps: BTreeMap<String, sign_in::App>,
    codes: BTreeMap<String, sign_in::Grant>,
    used: BTreeMap<(String, u64), u32>,
    next_id: u64,
    /// Everybody that was ever shown, in the order of their ids.
    shown: Vec<String>,
}

/// Ids of accounts begin here; the account itself is 1.
const FIRST_ACCOUNT: usize = 5000;

impl World {
    fn id(&mut self) -> u64 {
        // Rails leaves gaps.
        self.next_id += 3;
        self.next_id
    }

    /// The id of a remote account, the same for as long as the server runs.
    pub fn account_id(&mut self, handle: &str) -> String {
        let known = self.shown.iter().position(|shown| shown == handle);
        let at = known.unwrap_or_else(|| {
            self.shown.push(handle.to_owned());
            self.shown.len() - 1
        });
        (FIRST_ACCOUNT + at).to_string()
    }

    fn handle(&self, id: &str) -> Option<String> {
        let at = id.parse::<usize>().ok()?.checked_sub(FIRST_ACCOUNT)?;
        self.shown.get(at).cloned()
    }

    /// Ends every follow between here and hosts that `gone` names.
    fn cut(&mut self, gone: impl Fn(&str) -> bool) {
        let stays = |handle: &String| !handle.split_once('@').is_some_and(|(_, host)| gone(host));
        self.follows.retain(stays);
        self.followers.retain(stays);
        self.local_follows.retain(|(_, remote)| stays(remote));
        self.local_followers.retain(|(_, remote)| stays(remote));
    }

    pub fn account_domains(&self) -> Vec<String> {
        let mut domains: Vec<String> =
            self.account_blocks.iter().map(|(_, domain)| domain.clone()).collect();
        domains.sort();
        domains
    }

    pub fn admin_block(&self, domain: &str) -> Option<&AdminBlock> {
        self.admin_blocks.iter().find(|block| block.domain == domain)
    }

    pub fn block_for_account(&mut self, domain: &str) {
        let id = self.id();
        self.account_blocks.push((id, domain.to_owned()));
    }

    pub fn block_for_all(&mut self, block: AdminBlock) {
        let id = self.id();
        self.admin_blocks.push(AdminBlock { id, ..block });
    }
}

fn is_at_or_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|head| head.is_empty() || head.ends_with('.'))
}

/// A running server. It ends when it is dropped.
pub struct Fake {
    world: Arc<Mutex<World>>,
    wire: wire::Wire,
}

impl Fake {
    pub fn start(version: Version) -> Fake {
        let world = World {
            version,
            domain: "home.example".to_owned(),
            account_blocks: Vec::new(),
            admin_blocks: Vec::new(),
            follows: Vec::new(),
            followers: Vec::new(),
            locked: Vec::new(),
            local_follows: Vec::new(),
            local_followers: Vec::new(),
            peers: Some(Vec::new()),
            role: 1,
            disabled: false,
            german: false,
            limit: None,
            links_to: None,
            endless: false,
            lies: false,
            tokens: BTreeMap::new(),
            apps: BTreeMap::new(),
            codes: BTreeMap::new(),
            used: BTreeMap::new(),
            next_id: 100,
            shown: Vec::new(),
        };
        let world = Arc::new(Mutex::new(world));
        Fake { wire: wire::Wire::start(world.clone()), world }
    }

    pub fn url(&self) -> String {
        self.wire.url()
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// A token of the account, with these scopes and no others.
    pub fn token(&self, scopes: &str) -> String {
        let mut world = self.world();
        let token = format!("token-{}", world.id());
        let scopes = scopes.split(' ').map(str::to_owned).collect();
        world.tokens.insert(token.clone(), scopes);
        token
    }

    pub fn account_token(&self) -> String {
        self.token("read:blocks write:blocks read:accounts")
    }

    pub fn admin_token(&self) -> String {
        self.token("admin:read:domain_blocks admin:write:domain_blocks read:accounts")
    }

    /// How many tokens are good.
    pub fn tokens(&self) -> usize {
        self.world().tokens.len()
    }

    pub fn revoke_all(&self) {
        self.world().tokens.clear();
    }

    /// Does this to the next requests that fit, once for each time it was called.
    pub fn fail(&self, method: &str, path: &str, fault: Fault) {
        self.wire.fail(method, path, fault);
    }

    /// How many faults have not struck yet.
    pub fn faults_left(&self) -> usize {
        self.wire.faults_left()
    }

    /// Holds the `number`-th request from now on (from 1) until the test has seen it, then
    /// breaks its connection. `After` lets it take effect first.
    pub fn hold(&self, number: usize, moment: Moment) {
        self.wire.hold(number, moment);
    }

    /// Waits until the held request is there.
    #[track_caller]
    pub fn held(&self) {
        self.wire.held();
    }

    pub fn let_go(&self) {
        self.wire.let_go();
    }

    /// Everything that was asked so far.
    pub fn requests(&self) -> Vec<Request> {
        self.wire.requests()
    }

    pub fn writes(&self) -> Vec<Request> {
        self.requests().into_iter().filter(Request::is_write).collect()
    }

    pub fn forget_requests(&self) {
        self.wire.forget_requests();
    }
}
