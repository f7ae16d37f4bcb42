//! What a block would cut, as every version of the server tells it and as far as a sign-in
//! may ask.

use std::sync::Arc;

use hedgerow::block::Level;
use hedgerow::clock::TestClock;
use hedgerow::domain::Domain;
use hedgerow::impact::{Cut, Impact, Known, Person};
use hedgerow::mastodon::client::{Api, Silent};
use hedgerow::mastodon::refollow::{Refollow, follow};
use hedgerow::stop::Stop;
use hedgerow::target::{Account, Instance, Kind, Target, TargetError, TargetRef};

use crate::fake::{Fake, Fault, Version};

const PREVIEW: &str = "/api/v1/domain_blocks/preview";
const MEASURES: &str = "/api/v1/admin/measures";

fn api(fake: &Fake, token: String) -> Arc<Api> {
    let clock = Arc::new(TestClock::at("2026-11-01T10:00:00Z".parse().unwrap()));
    let base = fake.url().parse().unwrap();
    let api = Api::new(base, token.into(), clock, Stop::never(), Arc::new(Silent)).unwrap();
    Arc::new(api)
}

fn identity(fake: &Fake, level: Level) -> TargetRef {
    TargetRef {
        name: "home".to_owned(),
        kind: Kind::Mastodon,
        level,
        address: fake.url(),
        account: None,
        own: Vec::new(),
    }
}

fn account(fake: &Fake, scopes: &str) -> Account {
    Account::new(identity(fake, Level::Account), api(fake, fake.token(scopes)))
}

fn instance(fake: &Fake, scopes: &str) -> Instance {
    let nested = fake.world().version >= Version::V4_3;
    Instance::new(identity(fake, Level::Instance), api(fake, fake.token(scopes)), nested)
}

const NEW: &str = "read:blocks write:blocks read:accounts";
/// What was asked of 4.3 and later before follows were of interest.
const OLD: &str = "read:blocks write:blocks profile";

fn domain(name: &str) -> Domain {
    Domain::from_stored(name).unwrap()
}

fn domains(names: &[&str]) -> Vec<Domain> {
    names.iter().map(|name| domain(name)).collect()
}

fn numbered(count: usize) -> Vec<Domain> {
    (0..count).map(|n| domain(&format!("host{n}.example"))).collect()
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// How many requests went to addresses that end like this.
fn asked(fake: &Fake, ending: &str) -> usize {
    fake.requests().iter().filter(|request| request.path.ends_with(ending)).count()
}

fn counts(impact: &Impact, name: &str) -> (usize, usize) {
    match impact.of(&domain(name)) {
        Known::Cut(cut) => (cut.following, cut.followers),
        other => panic!("{name}: {other:?}"),
    }
}

fn names(cut: &Cut) -> Vec<&str> {
    cut.people.iter().map(|person| person.acct.as_str()).collect()
}

/// 170 follows and 90 followers, of whom few are on the domains of the tests.
fn busy(version: Version) -> Fake {
    let fake = Fake::start(version);
    let mut follows = strings(&["old@bad.example", "idn@xn--bcher-kva.example"]);
    follows.extend((0..166).map(|n| format!("f{n}@fine.example")));
    follows.extend(strings(&["new@bad.example", "sub@sub.bad.example"]));
    let mut followers = strings(&["fan@bad.example"]);
    followers.extend((0..88).map(|n| format!("g{n}@evil-bad.example")));
    followers.push("new@bad.example".to_owned());
    fake.world().follows = follows;
    fake.world().followers = followers;
    fake
}

#[tokio::test]
async fn an_account_is_told_who_on_exactly_the_named_hosts() {
    for version in Version::ALL {
        let fake = busy(version);
        let account = account(&fake, NEW);
        let wanted = domains(&["bad.example", "xn--bcher-kva.example", "other.example"]);
        let impact = account.impact(&wanted).await.unwrap();
        assert_eq!(impact.why_unknown, None, "{version:?}");
        assert_eq!(counts(&impact, "bad.example"), (2, 2));
        let cut = &impact.cuts[&domain("bad.example")];
        assert_eq!(names(cut), ["fan@bad.example", "new@bad.example", "old@bad.example"]);
        let both = &cut.people[1];
        assert!(both.following && both.follower && !cut.people[0].following);
        let id = fake.world().account_id("new@bad.example");
        assert_eq!(both.id, id);
        let idn = &impact.cuts[&domain("xn--bcher-kva.example")];
        assert_eq!(names(idn), ["idn@b\u{fc}cher.example"]);
        assert_eq!(impact.of(&domain("other.example")), Known::NoCut);
        assert_eq!(impact.relations(), 5);
        assert_eq!((asked(&fake, "/following"), asked(&fake, "/followers")), (3, 2));
    }
}

#[tokio::test]
async fn a_few_blocks_that_cut_nothing_are_known_from_the_counts_alone() {
    for version in Version::ALL {
        let fake = busy(version);
        let account = account(&fake, NEW);
        let impact = account.impact(&domains(&["a.example", "b.example"])).await.unwrap();
        assert_eq!(impact, Impact::default());
        let lists = if version < Version::V4_3 { 5 } else { 0 };
        assert_eq!(asked(&fake, "/following") + asked(&fake, "/followers"), lists, "{version:?}");
        let previews = if version < Version::V4_3 { 1 } else { 2 };
        assert_eq!(asked(&fake, PREVIEW), previews);

        // As many domains as there are pages are looked up in the lists at once.
        fake.forget_requests();
        let impact = account.impact(&numbered(5)).await.unwrap();
        assert_eq!(impact, Impact::default());
        assert_eq!((asked(&fake, PREVIEW), asked(&fake, "/following")), (0, 3));
        assert_eq!(account.impact(&[]).await.unwrap(), Impact::default());
    }
}

#[tokio::test]
async fn an_old_sign_in_is_told_numbers_or_what_to_do() {
    for version in Version::ALL {
        let scopes = if version < Version::V4_3 { "read:blocks write:blocks" } else { OLD };
        for few in [true, false] {
            let fake = busy(version);
            let account = account(&fake, scopes);
            let mut wanted = domains(&["bad.example", "other.example"]);
            wanted.extend(numbered(if few { 0 } else { 20 }));
            let impact = account.impact(&wanted).await.unwrap();
            let why = impact.why_unknown.clone().unwrap();
            assert!(why.contains("(`hedgerow login 127.0.0.1`)"), "{why}");
            if version < Version::V4_3 {
                assert_eq!(impact.unknown.len(), wanted.len());
                assert_eq!(impact.of(&wanted[0]), Known::Nothing);
            } else {
                assert!(why.contains("only the numbers"), "{why}");
                assert_eq!(counts(&impact, "bad.example"), (2, 2));
                assert_eq!(impact.of(&wanted[1]), Known::NoCut);
                assert_eq!((impact.unknown.len(), asked(&fake, PREVIEW)), (0, wanted.len()));
                assert_eq!(impact.cuts[&wanted[0]].people, []);
            }
        }
    }
}

#[tokio::test]
async fn a_sign_in_that_only_reads_is_told_who() {
    let fake = busy(Version::V4_6);
    let reader = account(&fake, "read:blocks read:accounts");
    let impact = reader.impact(&domains(&["bad.example"])).await.unwrap();
    assert_eq!((counts(&impact, "bad.example"), impact.why_unknown), ((2, 2), None));
    let blind = account(&fake, "read:blocks");
    let impact = blind.impact(&domains(&["bad.example"])).await.unwrap();
    assert_eq!(impact.of(&domain("bad.example")), Known::Nothing);
}

#[tokio::test]
async fn too_many_domains_or_follows_are_not_asked_for_without_end() {
    let fake = busy(Version::V4_6);
    let old = account(&fake, OLD);
    let impact = old.impact(&numbered(260)).await.unwrap();
    assert_eq!((asked(&fake, PREVIEW), impact.unknown.len()), (250, 10));
    assert!(impact.unknown.contains(&domain("host255.example")));
    assert!(impact.why_unknown.unwrap().contains("sign in again"));

    fake.forget_requests();
    fake.world().follows.extend((0..32_000).map(|n| format!("h{n}@fine.example")));
    let popular = account(&fake, NEW);
    let impact = popular.impact(&domains(&["bad.example", "a.example"])).await.unwrap();
    assert_eq!(counts(&impact, "bad.example"), (2, 2));
    assert!(impact.why_unknown.unwrap().contains("too many follows"));
    assert_eq!(asked(&fake, "/following"), 0);
    let impact = popular.impact(&numbered(260)).await.unwrap();
    assert_eq!(impact.unknown.len(), 10);
    assert!(impact.why_unknown.unwrap().contains("fewer domains"));

    // A server that shows pages without end is left alone, and its counts are used.
    let fake = busy(Version::V4_6);
    fake.world().endless = true;
    let impact = account(&fake, NEW).impact(&domains(&["bad.example"])).await.unwrap();
    assert_eq!(counts(&impact, "bad.example"), (2, 2));
    assert!(impact.why_unknown.is_some() && asked(&fake, "/following") < 10);
}

#[tokio::test]
async fn what_the_lists_leave_out_is_counted_all_the_same() {
    let fake = busy(Version::V4_6);
    let json = r#"{"following_count":3,"followers_count":2}"#.to_owned();
    fake.fail("GET", PREVIEW, Fault::Answer(200, "application/json", json, Vec::new()));
    let impact = account(&fake, NEW).impact(&domains(&["bad.example"])).await.unwrap();
    assert_eq!(counts(&impact, "bad.example"), (3, 2));
    assert_eq!(impact.cuts[&domain("bad.example")].people.len(), 3);
}

#[tokio::test]
async fn servers_in_trouble_are_an_error_and_odd_answers_are_not() {
    let page = Fault::Answer(200, "text/html", "<html>".to_owned(), Vec::new());
    let wanted = domains(&["bad.example"]);
    for path in ["/api/v1/accounts/verify_credentials", "/api/v1/accounts/1/following"] {
        let fake = busy(Version::V4_6);
        fake.fail("GET", path, page.clone());
        let impact = account(&fake, NEW).impact(&wanted).await.unwrap();
        assert_eq!(counts(&impact, "bad.example"), (2, 2), "{path}");
        assert!(impact.why_unknown.is_some(), "{path}");
    }
    let down = Fault::Answer(502, "text/html", String::new(), Vec::new());
    for path in ["/api/v1/accounts/verify_credentials", PREVIEW, "/api/v1/accounts/1/following"] {
        let fake = busy(Version::V4_6);
        (0..5).for_each(|_| fake.fail("GET", path, down.clone()));
        let error = account(&fake, NEW).impact(&wanted).await.unwrap_err();
        assert!(matches!(error, TargetError::Unavailable(_)), "{path}: {error}");
    }
    let fake = busy(Version::V4_6);
    let account = account(&fake, NEW);
    fake.revoke_all();
    let error = account.impact(&wanted).await.unwrap_err();
    assert!(matches!(error, TargetError::Fatal(_)), "{error}");
}

const ADMIN: &str = "admin:read:domain_blocks admin:write:domain_blocks read:accounts";
const COUNTING: &str = "admin:read admin:write:domain_blocks read:accounts";

fn met(version: Version) -> Fake {
    let fake = Fake::start(version);
    let pair = |local: &str, remote: &str| (local.to_owned(), remote.to_owned());
    let mut world = fake.world();
    world.peers = Some(strings(&["bad.example", "a.sub.bad.example", "evil-bad.example", "x.q"]));
    world.local_follows = vec![
        pair("ann", "x@bad.example"),
        pair("bob", "x@bad.example"),
        pair("bob", "y@a.sub.bad.example"),
        pair("bob", "z@evil-bad.example"),
    ];
    world.local_followers = vec![pair("ann", "y@a.sub.bad.example")];
    drop(world);
    fake
}

#[tokio::test]
async fn an_instance_counts_for_everybody_and_below() {
    for version in Version::ALL {
        let fake = met(version);
        let instance = instance(&fake, COUNTING);
        let wanted = domains(&["bad.example", "sub.bad.example", "far.example"]);
        let impact = instance.impact(&wanted).await.unwrap();
        assert_eq!((&impact.why_unknown, impact.unknown.len()), (&None, 0), "{version:?}");
        let cut = Cut { following: 3, followers: 1, accounts: Some(2), people: Vec::new() };
        assert_eq!(impact.cuts[&wanted[0]], cut, "{version:?}");
        assert_eq!(counts(&impact, "sub.bad.example"), (1, 1));
        assert_eq!(impact.of(&wanted[2]), Known::NoCut);
        // One question a domain that the server has met, or before 4.2 a host.
        let nested = version >= Version::V4_3;
        assert_eq!(asked(&fake, MEASURES), if nested { 2 } else { 3 });
    }
}

#[tokio::test]
async fn an_instance_without_the_right_to_count_knows_what_it_never_met() {
    for (scopes, role) in [(ADMIN, 1), (COUNTING, 32)] {
        let fake = met(Version::V4_6);
        fake.world().role = role;
        let wanted = domains(&["bad.example", "evil-bad.example", "far.example"]);
        let impact = instance(&fake, scopes).impact(&wanted).await.unwrap();
        let why = impact.why_unknown.clone().unwrap();
        assert!(why.contains("(`hedgerow login 127.0.0.1 --admin --impact`)"), "{why}");
        assert_eq!(impact.of(&wanted[0]), Known::Nothing);
        assert_eq!(impact.of(&wanted[1]), Known::Nothing);
        assert_eq!(impact.of(&wanted[2]), Known::NoCut);
        assert_eq!(asked(&fake, MEASURES), 1);
    }
}

#[tokio::test]
async fn an_instance_that_hides_its_peers_counts_every_domain() {
    for version in Version::ALL {
        let fake = met(version);
        fake.world().peers = None;
        let instance = instance(&fake, COUNTING);
        let wanted = domains(&["bad.example", "far.example"]);
        let impact = instance.impact(&wanted).await.unwrap();
        if version >= Version::V4_3 {
            assert_eq!(counts(&impact, "bad.example"), (3, 1));
            assert_eq!(impact.of(&wanted[1]), Known::NoCut);
            assert_eq!(asked(&fake, MEASURES), 2);
        } else {
            assert_eq!(impact.unknown.len(), 2);
            assert!(impact.why_unknown.unwrap().contains("keeps the list"));
        }
        assert_eq!(instance.known_below(&wanted).await.unwrap(), []);
    }
}

#[tokio::test]
async fn an_instance_is_not_asked_without_end() {
    let fake = met(Version::V4_6);
    let wanted = numbered(260);
    fake.world().peers = Some(wanted.iter().map(ToString::to_string).collect());
    let impact = instance(&fake, COUNTING).impact(&wanted).await.unwrap();
    assert_eq!((asked(&fake, MEASURES), impact.unknown.len()), (250, 10));
    assert!(impact.why_unknown.unwrap().contains("fewer domains"));
}

#[tokio::test]
async fn hosts_below_are_known_to_accounts_and_instances() {
    let fake = met(Version::V4_6);
    fake.world().peers.as_mut().unwrap().push("www.a.sub.bad.example".to_owned());
    let wanted = domains(&["bad.example", "sub.bad.example"]);
    let below = domains(&["a.sub.bad.example", "www.a.sub.bad.example"]);
    assert_eq!(account(&fake, NEW).known_below(&wanted).await.unwrap(), below);
    assert_eq!(instance(&fake, ADMIN).known_below(&wanted).await.unwrap(), below);
}

#[tokio::test]
async fn whoever_was_cut_off_can_be_followed_again() {
    let fake = busy(Version::V4_6);
    let account = account(&fake, NEW);
    let impact = account.impact(&domains(&["bad.example"])).await.unwrap();
    let people = &impact.cuts[&domain("bad.example")].people;
    let followed: Vec<&Person> = people.iter().filter(|person| person.following).collect();
    fake.world().follows.retain(|handle| !handle.ends_with("@bad.example"));
    fake.world().locked = vec!["old@bad.example".to_owned()];

    let api = api(&fake, fake.token("write:follows read:accounts"));
    assert_eq!(follow(&api, &followed[0].id).await.unwrap(), Refollow::Following);
    assert_eq!(follow(&api, &followed[1].id).await.unwrap(), Refollow::Requested);
    assert_eq!(fake.world().follows.last().unwrap(), "new@bad.example");
    fake.world().block_for_account("bad.example");
    for (id, says) in [
        (followed[1].id.as_str(), "not allowed"),
        ("77", "not found"),
        ("../1", "no usable number"),
    ] {
        match follow(&api, id).await.unwrap() {
            Refollow::Refused(why) => assert!(why.contains(says), "{why}"),
            other => panic!("{id}: {other:?}"),
        }
    }
}
