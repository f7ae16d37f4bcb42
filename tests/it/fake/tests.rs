//! The fake, as a client without any patience sees it.

use std::time::Duration;

use super::{AdminBlock, Fake, Fault, Moment, Version};
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
            assert!(fake.held(Duration::from_secs(10)));
            assert_eq!(fake.world().account_domains().len(), effect);
            fake.let_go();
            assert!(held.join().unwrap());
        });
    }
}
