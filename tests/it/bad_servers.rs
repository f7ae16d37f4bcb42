//! Servers that fail, lie, stall and lead astray: a clear word, nothing written, nothing
//! lost.

use std::time::{Duration, Instant};

use crate::command::{Machine, Said};
use crate::fake::{AdminBlock, Fake, Fault, Version};
use crate::mock::{Mock, TOKEN};
use crate::raw::ask;

const USER: &str = "/api/v1/domain_blocks";
const ADMIN: &str = "/api/v1/admin/domain_blocks";

/// A signed-in account with a few blocks, and what applying `threads` says.
struct Scene {
    fake: Fake,
    machine: Machine,
}

impl Scene {
    fn new(version: Version) -> Scene {
        let (fake, machine) = (Fake::start(version), Machine::new());
        for n in 0..5 {
            fake.world().block_for_account(&format!("host{n}.example"));
        }
        machine.login(&fake.url(), &fake.account_token(), &[]).exits(0);
        Scene { fake, machine }
    }

    fn apply(&self) -> Said {
        self.machine.run(&["apply", "me@home.example", "--list", "threads", "--yes"])
    }

    /// Nothing reached the server and nothing is left behind to resume.
    #[track_caller]
    fn untouched(&self) {
        assert_eq!(self.fake.writes().len(), 0);
        self.machine.run(&["resume"]).exits(0).says("nothing to resume");
    }
}

fn page(body: &str) -> Fault {
    Fault::Answer(200, "text/html", body.to_owned(), Vec::new())
}

#[test]
fn a_list_that_cannot_be_known_whole_changes_nothing() {
    let json = |body: &str| Fault::Answer(200, "application/json", body.to_owned(), Vec::new());
    for (fault, says) in [
        (page("<html>welcome</html>"), "a web page"),
        (json("{}"), "something else"),
        (json("[\"a.example\", 7]"), "something else"),
        (Fault::Truncated, "something else"),
        (Fault::Endless, "larger than 16 MiB"),
        (
            Fault::Answer(
                302,
                "text/html",
                String::new(),
                vec![("Location", "https://elsewhere.example/api".to_owned())],
            ),
            "hedgerow login elsewhere.example",
        ),
        (Fault::Answer(404, "application/json", "{}".to_owned(), Vec::new()), "Is it a Mastodon"),
    ] {
        let scene = Scene::new(Version::V4_6);
        scene.fake.fail("GET", USER, fault);
        scene.apply().exits(1).says(says);
        scene.untouched();
    }
}

#[test]
fn pages_that_never_end_or_lead_elsewhere_are_not_followed() {
    let scene = Scene::new(Version::V4_6);
    scene.fake.world().endless = true;
    scene.apply().exits(1).says("without end");
    scene.untouched();

    let scene = Scene::new(Version::V4_6);
    for n in 0..300 {
        scene.fake.world().block_for_account(&format!("more{n}.example"));
    }
    let thief = Fake::start(Version::V4_6);
    scene.fake.world().links_to = Some(thief.url());
    scene.apply().exits(1).says("The sign-in is not sent there");
    assert_eq!(thief.requests().len(), 0);
    scene.untouched();
    scene.fake.world().links_to = Some(scene.fake.url());
    scene.apply().exits(0).says("Verified");
}

#[test]
fn a_server_that_sends_more_than_memory_holds_is_left() {
    let rows = |from: usize, many: usize| {
        let names = (from..from + many).map(|n| format!("\"{n}.example\"")).collect::<Vec<_>>();
        format!("[{}]", names.join(","))
    };
    let next = |scene: &Scene| {
        vec![("Link", format!("<{}{USER}?max_id=1>; rel=\"next\"", scene.fake.url()))]
    };
    let full = |scene: &Scene, body: String| {
        scene.fake.fail("GET", USER, Fault::Answer(200, "application/json", body, next(scene)));
    };

    let scene = Scene::new(Version::V4_6);
    full(&scene, rows(0, 50_001));
    let said = scene.apply().exits(1).says("50000 rows on one page");
    said.says("nothing was changed");
    scene.untouched();

    // Somebody may send everything at once.
    let scene = Scene::new(Version::V4_6);
    let all = Fault::Answer(200, "application/json", rows(0, 50_000), Vec::new());
    scene.fake.fail("GET", USER, all);
    scene.machine.run(&["plan", "me@home.example", "--list", "threads"]).exits(2);

    let scene = Scene::new(Version::V4_6);
    for page in 0..21 {
        full(&scene, rows(page * 50_000, 50_000));
    }
    scene.apply().exits(1).says("more than a million rows");
    scene.untouched();

    let scene = Scene::new(Version::V4_6);
    for page in 0..9 {
        full(&scene, format!("[\"{page}.{}\"]", "x".repeat(15 << 20)));
    }
    scene.apply().exits(1).says("more than 128 MiB");
    scene.untouched();
}

#[test]
fn who_may_not_is_told_why_and_what_next() {
    let scene = Scene::new(Version::V4_6);
    scene.fake.revoke_all();
    scene.apply().exits(1).says("does not accept the sign-in any more").says("hedgerow login");

    let scene = Scene::new(Version::V4_6);
    scene.fake.world().german = true;
    scene.fake.world().disabled = true;
    scene.apply().exits(1).says("disabled, has moved");

    let scene = Scene::new(Version::V4_6);
    let weak = scene.fake.token("read:blocks read:accounts");
    scene.machine.login(&scene.fake.url(), &weak, &[]).exits(0);
    scene.apply().exits(1).says("was not granted the right");
    assert_eq!(scene.fake.world().account_domains().len(), 5);

    let scene = Scene::new(Version::V4_6);
    let admin = scene.fake.admin_token();
    scene.fake.world().role = 16;
    let said = scene.machine.login(&scene.fake.url(), &admin, &["--admin"]);
    said.exits(0).says("Manage Federation");
    scene
        .machine
        .run(&["plan", "home.example", "-l", "threads"])
        .exits(1)
        .says("Manage Federation");
}

#[test]
fn what_fails_on_the_way_is_tried_again() {
    let html = |status| Fault::Answer(status, "text/html", "<h1>busy</h1>".to_owned(), Vec::new());
    let soon = vec![("Retry-After", "1".to_owned())];
    for fault in [
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::Short,
        html(502),
        html(503),
        Fault::Answer(429, "text/html", "<h1>slow</h1>".to_owned(), soon.clone()),
        Fault::Answer(503, "text/html", String::new(), soon),
        Fault::Answer(500, "application/json", "{}".to_owned(), Vec::new()),
    ] {
        let scene = Scene::new(Version::V4_6);
        scene.fake.fail("POST", USER, fault.clone());
        scene.apply().exits(0).says("Verified");
        assert_eq!(scene.fake.world().account_domains().len(), 6, "{fault:?}");
    }
}

#[test]
fn an_answer_lost_on_an_instance_is_not_a_conflict() {
    let (fake, machine) = (Fake::start(Version::V4_6), Machine::new());
    fake.world().block_for_all(AdminBlock::new("old.example", "suspend"));
    machine.login(&fake.url(), &fake.admin_token(), &["--admin"]).exits(0);
    fake.fail("POST", ADMIN, Fault::CutAfter);
    fake.fail("DELETE", ADMIN, Fault::CutAfter);
    machine
        .run(&["apply", "home.example", "-l", "threads", "--mode", "overwrite", "--yes"])
        .exits(0)
        .says("Verified");
    assert_eq!(fake.world().admin_blocks.len(), 1);
    assert!(fake.world().admin_block("threads.net").is_some());
}

#[test]
fn a_server_that_stays_down_stops_the_run_and_it_goes_on_later() {
    let scene = Scene::new(Version::V4_6);
    for _ in 0..5 {
        let down = Fault::Answer(502, "text/html", "<h1>down</h1>".to_owned(), Vec::new());
        scene.fake.fail("POST", USER, down);
    }
    scene.apply().exits(1).says("HTTP status 502").says("hedgerow resume 1");
    scene.machine.run(&["doctor"]).exits(1).says("run 1 was interrupted");
    scene.machine.run(&["resume"]).exits(0).says("Verified");
    assert_eq!(scene.fake.world().account_domains().len(), 6);
}

#[test]
fn a_server_that_says_yes_to_everything_is_found_out() {
    let scene = Scene::new(Version::V4_6);
    for _ in 0..1 {
        let yes = Fault::Answer(200, "application/json", "{}".to_owned(), Vec::new());
        scene.fake.fail("POST", USER, yes);
    }
    scene.apply().exits(1).says("not as planned").says("threads.net is not blocked any more");

    let scene = Scene::new(Version::V4_6);
    scene.fake.world().lies = true;
    scene.apply().exits(1).says("Nothing can be done safely");
    scene.machine.login(&scene.fake.url(), "x", &[]).exits(1);
}

#[test]
fn limits_are_kept_and_waited_out() {
    let scene = Scene::new(Version::V4_6);
    let list: String = (0..12).map(|n| format!("new{n}.example\n")).collect();
    scene.machine.write("list.txt", list);
    scene.fake.world().limit = Some((6, Duration::from_secs(2)));
    let started = Instant::now();
    scene
        .machine
        .run(&["apply", "me@home.example", "-l", "list.txt", "--yes"])
        .exits(0)
        .says("waiting")
        .says("Verified");
    // 15 requests, of which each window grants 4 beside the headroom.
    assert!(started.elapsed() > Duration::from_secs(4));
    let refused = scene.fake.requests().iter().filter(|r| r.status == 429).count();
    assert!(refused <= 2, "{refused} requests were refused");
}

#[test]
fn one_refused_domain_does_not_hold_up_the_others() {
    let scene = Scene::new(Version::V4_6);
    scene.machine.write("list.txt", "a.example\nb.example\nc.example\n");
    let no = "{\"error\":\"\u{1b}[31mNein\"}".to_owned();
    scene.fake.fail("POST", USER, Fault::Answer(422, "application/json", no, Vec::new()));
    let said = scene.machine.run(&["apply", "me@home.example", "-l", "list.txt", "--yes"]);
    assert!(!said.stdout.contains('\u{1b}'));
    said.exits(1).says("Failed: 127.0.0.1 refused a.example").says("a.example is not blocked");
    assert_eq!(scene.fake.world().account_domains().len(), 7);
}

#[test]
fn only_fields_that_differ_are_sent_and_nothing_if_none_does() {
    let (fake, machine) = (Fake::start(Version::V4_6), Machine::new());
    let ours = AdminBlock {
        reject_media: true,
        obfuscate: true,
        public_comment: "ours".to_owned(),
        private_comment: "ADMIN NOTE".to_owned(),
        ..AdminBlock::new("mild.example", "silence")
    };
    fake.world().block_for_all(ours.clone());
    fake.world().block_for_all(AdminBlock {
        domain: "hard.example".to_owned(),
        severity: "suspend".to_owned(),
        ..ours
    });
    machine.login(&fake.url(), &fake.admin_token(), &["--admin"]).exits(0);
    machine.write(
        "list.csv",
        "domain,severity,reject_media,reject_reports,public_comment,obfuscate\n\
         mild.example,suspend,false,false,theirs,false\nhard.example,silence,true,true,theirs,false\n",
    );
    machine.run(&["apply", "home.example", "-l", "list.csv", "--yes"]).exits(0);
    let writes = fake.writes();
    assert_eq!(writes.len(), 1);
    assert_eq!(writes[0].method, "PUT");
    let form: Vec<(&str, &str)> =
        writes[0].form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(form, [("severity", "suspend")]);
    let world = fake.world();
    let block = world.admin_block("mild.example").unwrap();
    assert_eq!(
        (block.public_comment.as_str(), block.private_comment.as_str()),
        ("ours", "ADMIN NOTE")
    );
}

#[test]
fn names_are_sent_so_that_follows_are_really_cut() {
    let scene = Scene::new(Version::V4_6);
    scene.fake.world().follows = vec!["friend@xn--bcher-kva.example".to_owned()];
    scene.machine.write("list.txt", "B\u{fc}cher.Example\n");
    let apply = ["apply", "me@home.example", "-l", "list.txt", "--yes"];
    // Nobody is cut off without a word.
    scene.machine.run(&apply).exits(3).says("it cuts 1 person you follow");
    assert_eq!(scene.fake.world().follows.len(), 1);
    let anyway = [&apply[..], &["--override", "relationships"]].concat();
    scene.machine.run(&anyway).exits(0);
    assert_eq!(scene.fake.world().follows.len(), 0);
    assert_eq!(scene.fake.writes()[0].param("domain"), Some("xn--bcher-kva.example"));
}

#[test]
fn a_preview_of_sixty_changes_costs_the_reads_and_nothing_else() {
    let scene = Scene::new(Version::V4_6);
    let list: String = (0..60).map(|n| format!("new{n}.example\n")).collect();
    scene.machine.write("list.txt", list);
    scene.fake.forget_requests();
    scene.machine.run(&["plan", "me@home.example", "-l", "list.txt"]).exits(2).says("adds 60");
    // The blocks, who is asking, the two lists of follows, and the hosts that are known: it
    // makes no difference how many changes there are.
    let asked = scene.fake.requests();
    let paths: Vec<&str> = asked.iter().map(|request| request.path.as_str()).collect();
    let me = "/api/v1/accounts";
    let [who, following, followers] =
        ["verify_credentials", "1/following", "1/followers"].map(|last| format!("{me}/{last}"));
    assert_eq!(paths, [USER, &who, &following, &followers, "/api/v1/instance/peers"]);
    assert!(asked.iter().all(|request| request.method == "GET"));
}

#[test]
fn the_faults_of_a_server_that_nobody_here_wrote() {
    let Some(mock) = Mock::start() else { return };
    let machine = Machine::new();
    machine.login(&mock.url, TOKEN, &["--name", "mock"]).exits(0);
    let fault = |effect: &str, method: &str| {
        mock.fault(&format!(
            "{{\"match\":{{\"methods\":[\"{method}\"],\"path\":\"{USER}\"}},\"effect\":{effect},\"count\":1}}"
        ));
    };
    machine.write("list.txt", "a.example\nb.example\n");
    let apply = |list: &str| machine.run(&["apply", "mock", "-l", list, "--yes"]);
    fault("{\"type\":\"status\",\"status\":503}", "POST");
    fault("{\"type\":\"ratelimit\",\"headers\":{\"Retry-After\":\"1\"}}", "POST");
    fault("{\"type\":\"latency\",\"delay_ms\":300}", "POST");
    apply("list.txt").exits(0).says("Verified");
    fault("{\"type\":\"malformed\"}", "GET");
    apply("threads").exits(1).says("Nothing can be done safely");
    apply("threads").exits(0).says("Verified");
    let rows = ask(&mock.url, "GET", USER, TOKEN, "").unwrap().json();
    assert_eq!(rows.as_array().unwrap().len(), 3);
}
