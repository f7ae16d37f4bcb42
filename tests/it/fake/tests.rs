//! The fake, as a client without any patience sees it.

use std::time::Duration;

use super::{AdminBlock, Fake, Fault, Moment, Version};
use crate::gate::Gate;
use crate::raw::{self, Seen};

fn ask(fake: &Fake, method: &str, target: &str, token: &str, form: &str) -> Option<Seen> {
    raw::ask(&fake.url(), method, target, token, form)
}

const USER: &str = "/api/v1/domain_blocks";
const ADMIN: &str = "/api/v1/admin/domain_blocks";

#[test]
fn a_full_page_has_a_next_one_even_if_that_is_empty() {
    let fake = Fake::start(Version::V4_6);
    for n in 0..4 {
        fake.world().block_for_account(&format!("host{n}.example"));
    }
    let token = fake.account_token();
    let first = ask(&fake, "GET", &format!("{USER}?limit=4"), &token, "").unwrap();
    assert_eq!(first.json().as_array().unwrap().len(), 4);
    assert_eq!(first.json()[0], "host3.example");
    let next = first.head.split_once("max_id=").unwrap().1.split_once('>').unwrap().0;
    let target = format!("{USER}?limit=4&max_id={next}");
    let last = ask(&fake, "GET", &target, &token, "").unwrap();
    assert_eq!(last.body, "[]");
    assert!(!last.head.contains("Link:"));
}

#[test]
fn a_name_that_is_not_canonical_is_stored_and_severs_nothing() {
    let fake = Fake::start(Version::V4_6);
    fake.world().follows = vec!["friend@bad.example".to_owned()];
    let token = fake.account_token();
    let block = |raw: &str| ask(&fake, "POST", USER, &token, &format!("domain={raw}")).unwrap();
    assert_eq!(block("Bad.Example").status, 200);
    assert_eq!(fake.world().account_domains(), ["bad.example"]);
    assert_eq!(fake.world().follows.len(), 1);
    assert_eq!(block("Bad.Example").status, 422);
    assert_eq!(block("bad.example").status, 200);
    assert_eq!(fake.world().follows.len(), 0);
}

#[test]
fn conflicts_are_settled_as_each_version_does() {
    for (version, child) in [(Version::V4_2, 422), (Version::V4_3, 200)] {
        let fake = Fake::start(version);
        fake.world().block_for_all(AdminBlock::new("bad.example", "silence"));
        let token = fake.admin_token();
        let post = |form: &str| ask(&fake, "POST", ADMIN, &token, form).unwrap();
        let same = post("domain=bad.example&severity=suspend");
        assert_eq!(same.status, 422);
        assert_eq!(same.json()["existing_domain_block"]["domain"], "bad.example");
        assert_eq!(post("domain=sub.bad.example&severity=suspend").status, child);
        assert_eq!(post("domain=mild.bad.example&severity=noop").status, 422);
    }
}

#[test]
fn only_those_get_in_who_may() {
    let fake = Fake::start(Version::V4_6);
    let get = |path: &str, token: &str| ask(&fake, "GET", path, token, "").unwrap().status;
    assert_eq!(get(USER, "wrong"), 401);
    assert_eq!(get(USER, &fake.token("read:accounts")), 403);
    let admin = fake.admin_token();
    assert_eq!(get(ADMIN, &admin), 200);
    fake.world().role = 16;
    assert_eq!(get(ADMIN, &admin), 403);
    fake.world().disabled = true;
    assert_eq!(get("/api/v1/accounts/verify_credentials", &admin), 403);
}

#[test]
fn windows_are_fixed_and_say_when_they_end() {
    let fake = Fake::start(Version::V4_6);
    fake.world().limit = Some((2, Duration::from_hours(1)));
    let token = fake.account_token();
    let get = || ask(&fake, "GET", USER, &token, "").unwrap();
    assert!(get().head.contains("X-RateLimit-Remaining: 1"));
    assert_eq!(get().status, 200);
    let refused = get();
    assert_eq!(refused.status, 429);
    assert!(!refused.head.contains("Retry-After"));
    assert!(refused.head.contains(":00:00.000000Z"));
}

#[test]
fn faults_hit_once_and_cuts_leave_or_lose_the_effect() {
    let fake = Fake::start(Version::V4_6);
    let token = fake.account_token();
    let block = |raw: &str| ask(&fake, "POST", USER, &token, &format!("domain={raw}"));
    fake.fail("POST", USER, Fault::CutBefore);
    assert!(block("a.example").is_none());
    assert_eq!(fake.world().account_domains().len(), 0);
    fake.fail("POST", USER, Fault::CutAfter);
    assert!(block("a.example").is_none());
    assert_eq!(fake.world().account_domains(), ["a.example"]);
    assert_eq!(block("b.example").unwrap().status, 200);
}

#[test]
fn a_held_request_waits_for_the_test() {
    for (moment, effect) in [(Moment::Before, 1), (Moment::After, 2)] {
        let fake = Fake::start(Version::V4_6);
        let token = fake.account_token();
        fake.hold(2, moment);
        std::thread::scope(|scope| {
            let block = |raw: &str| ask(&fake, "POST", USER, &token, &format!("domain={raw}"));
            assert!(block("a.example").is_some());
            let held = scope.spawn(move || block("b.example").is_none());
            fake.held();
            assert_eq!(fake.world().account_domains().len(), effect);
            fake.let_go();
            assert!(held.join().unwrap());
        });
    }
}

#[test]
fn what_waits_at_a_gate_goes_on_and_is_answered() {
    let fake = Fake::start(Version::V4_6);
    let token = fake.account_token();
    let gate = Gate::default();
    fake.fail("POST", USER, Fault::Nothing);
    fake.fail("POST", USER, Fault::Held(gate.clone()));
    std::thread::scope(|scope| {
        let block = |raw: &str| ask(&fake, "POST", USER, &token, &format!("domain={raw}"));
        assert!(block("a.example").is_some());
        let waits = scope.spawn(move || block("b.example").unwrap().status);
        gate.reached(1);
        assert_eq!(fake.world().account_domains().len(), 1);
        gate.open();
        assert_eq!(waits.join().unwrap(), 200);
        assert_eq!(fake.world().account_domains().len(), 2);
    });
}

#[test]
fn follows_come_in_pages_with_names_in_unicode_and_are_cut_on_the_exact_host() {
    let fake = Fake::start(Version::V4_6);
    let names = ["a@bad.example", "b@sub.bad.example", "c@xn--bcher-kva.example"];
    fake.world().follows = names.map(str::to_owned).to_vec();
    fake.world().followers = vec!["d@bad.example".to_owned(), "e@fine.example".to_owned()];
    let token = fake.account_token();
    let get = |target: &str| ask(&fake, "GET", target, &token, "").unwrap();
    let first = get("/api/v1/accounts/1/following?limit=2");
    assert_eq!(first.json()[0]["acct"], "c@b\u{fc}cher.example");
    assert!(first.head.contains("max_id=2>; rel=\"next\""), "{}", first.head);
    let last = get("/api/v1/accounts/1/following?limit=2&max_id=2").json();
    assert_eq!(last[0]["acct"], "a@bad.example");
    let id = last[0]["id"].as_str().unwrap().to_owned();
    let me = get("/api/v1/accounts/verify_credentials").json();
    assert_eq!((&me["following_count"], &me["followers_count"]), (&3.into(), &2.into()));
    let preview = get(&format!("{USER}/preview?domain=Bad.Example")).json();
    assert_eq!(preview, serde_json::json!({ "following_count": 1, "followers_count": 1 }));
    ask(&fake, "POST", USER, &token, "domain=bad.example").unwrap();
    assert_eq!(fake.world().follows, names[1..]);
    assert_eq!(fake.world().followers, ["e@fine.example"]);

    let follow = |token: &str| {
        ask(&fake, "POST", &format!("/api/v1/accounts/{id}/follow"), token, "").unwrap()
    };
    assert_eq!(follow(&token).status, 403);
    let token = fake.token("write:follows");
    assert_eq!(follow(&token).status, 403);
    fake.world().account_blocks.clear();
    fake.world().locked = vec![names[0].to_owned()];
    assert_eq!(follow(&token).json()["requested"], true);
    fake.world().locked.clear();
    assert_eq!(follow(&token).json()["following"], true);
    assert_eq!(fake.world().follows.last().unwrap(), names[0]);
    assert_eq!(get(&format!("/api/v1/accounts/{id}")).json()["acct"], names[0]);
    assert_eq!(get("/api/v1/accounts/77").status, 404);
    let narrow = fake.token("profile");
    let refused = ask(&fake, "GET", "/api/v1/accounts/1/followers", &narrow, "").unwrap();
    assert_eq!(refused.status, 403);
}

#[test]
fn a_suspension_cuts_for_everybody_and_below_and_measures_count_it() {
    let pair = |local: &str, remote: &str| (local.to_owned(), remote.to_owned());
    let form = "keys[]=instance_accounts&keys[]=instance_follows&keys[]=instance_followers\
                &instance_accounts[domain]=bad.example&instance_follows[domain]=bad.example\
                &instance_followers[domain]=bad.example\
                &instance_follows[include_subdomains]=true";
    for (version, follows) in [(Version::V4_0, "1"), (Version::V4_2, "2")] {
        let fake = Fake::start(version);
        fake.world().follows = vec!["x@bad.example".to_owned()];
        fake.world().local_follows =
            vec![pair("ann", "x@bad.example"), pair("bob", "y@sub.bad.example")];
        fake.world().local_followers =
            vec![pair("ann", "x@bad.example"), pair("ann", "z@evil-bad.example")];
        let token = fake.token("admin:read admin:write");
        let post =
            |path: &str, token: &str, form: &str| ask(&fake, "POST", path, token, form).unwrap();
        let rows = post("/api/v1/admin/measures", &token, form).json();
        let totals: Vec<&str> =
            rows.as_array().unwrap().iter().map(|row| row["total"].as_str().unwrap()).collect();
        assert_eq!(totals, ["1", follows, "1"]);
        assert_eq!(post("/api/v1/admin/measures", &fake.admin_token(), form).status, 403);
        fake.world().role = 32;
        assert_eq!(post("/api/v1/admin/measures", &token, form).status, 403);

        assert_eq!(post(ADMIN, &token, "domain=bad.example").status, 200);
        assert_eq!(fake.world().local_follows.len(), 2);
        let id = fake.world().admin_block("bad.example").unwrap().id;
        let put = format!("{ADMIN}/{id}");
        assert_eq!(ask(&fake, "PUT", &put, &token, "severity=suspend").unwrap().status, 200);
        assert_eq!(fake.world().follows.len(), 0);
        assert_eq!(fake.world().local_follows.len(), 0);
        assert_eq!(fake.world().local_followers, [pair("ann", "z@evil-bad.example")]);
        assert_eq!(ask(&fake, "GET", "/api/v1/instance/peers", &token, "").unwrap().body, "[]");
        fake.world().peers = None;
        assert_eq!(ask(&fake, "GET", "/api/v1/instance/peers", "", "").unwrap().status, 404);
    }
}
