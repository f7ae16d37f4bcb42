//! Keeping accounts and instances in step with lists, from the command line, night by night.

use serde_json::{Value, json};

use crate::command::{Machine, Said};
use crate::fake::{AdminBlock, Fake, Moment, Version};
use crate::publisher::Publisher;
use crate::shared::shared;
use crate::store::place::on_both;

pub const ME: &str = "me@home.example";
pub const HOME: &str = "home.example";

/// A person with an account and an instance, who follows one list.
pub struct Scene {
    pub fake: Fake,
    pub publisher: Publisher,
    pub machine: Machine,
}

impl Scene {
    pub fn new() -> Scene {
        Scene::on(Machine::new())
    }

    pub fn on(machine: Machine) -> Scene {
        let scene =
            Scene { fake: Fake::start(Version::V4_6), publisher: Publisher::start(), machine };
        let Scene { fake, machine, .. } = &scene;
        machine.login(&fake.url(), &fake.account_token(), &[]).exits(0);
        let admin = fake.token("admin:read admin:write:domain_blocks read:accounts");
        machine.login(&fake.url(), &admin, &["--admin"]).exits(0);
        scene
    }

    pub fn publish(&self, name: &str, rows: &[&str]) {
        let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
        self.publisher
            .publish(&format!("/{name}.csv"), format!("domain,severity,public_comment\n{text}"));
    }

    pub fn follow(&self, name: &str, rows: &[&str]) {
        self.publish(name, rows);
        let address = self.publisher.url(&format!("/{name}.csv"));
        self.machine.run(&["lists", "add", &address, "--name", name]).exits(0);
    }

    pub fn run(&self, args: &[&str]) -> Said {
        self.machine.run(args)
    }

    pub fn subscribe(&self, target: &str, list: &str, more: &[&str]) {
        self.run(&[&["subscribe", target, list], more].concat()).exits(0);
    }

    pub fn auto(&self, target: &str, list: &str) {
        let more = ["--mode", "auto", "--retractions", "follow", "--grace", "0"];
        self.subscribe(target, list, &more);
    }

    pub fn sync(&self) -> Said {
        self.run(&["sync"])
    }

    pub fn mine(&self) -> Vec<String> {
        self.fake.world().account_domains()
    }

    pub fn all(&self) -> Vec<(String, String)> {
        let world = self.fake.world();
        let row = |b: &AdminBlock| (b.domain.clone(), b.severity.clone());
        let mut rows: Vec<_> = world.admin_blocks.iter().map(row).collect();
        rows.sort();
        rows
    }

    pub fn events(&self, args: &[&str]) -> Vec<Value> {
        let said = self.run(&[&["log", "--json"], args].concat()).exits(0);
        said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Rows among many others, so that a few that go are no reason to hold a version.
pub fn padded<'a>(rows: &[&'a str]) -> Vec<&'a str> {
    const MANY: [&str; 20] = [
        "pad0.example,noop,",
        "pad1.example,noop,",
        "pad2.example,noop,",
        "pad3.example,noop,",
        "pad4.example,noop,",
        "pad5.example,noop,",
        "pad6.example,noop,",
        "pad7.example,noop,",
        "pad8.example,noop,",
        "pad9.example,noop,",
        "pada.example,noop,",
        "padb.example,noop,",
        "padc.example,noop,",
        "padd.example,noop,",
        "pade.example,noop,",
        "padf.example,noop,",
        "padg.example,noop,",
        "padh.example,noop,",
        "padi.example,noop,",
        "padj.example,noop,",
    ];
    rows.iter().copied().chain(MANY).collect()
}

pub fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn a_list_is_reviewed_first_and_acts_by_itself_when_it_may() {
    on_both(async |place| {
        let scene = Scene::on(Machine::with_database(&place.url));
        scene.follow("ours", &["bad.example,suspend,spam", "loud.example,silence,"]);
        scene.run(&["sync"]).exits(0);
        scene.run(&["plan", ME]).exits(1).says("follows no lists");
        scene.run(&["subscribe", ME, "ours"]).exits(0).says("waits for your review");
        scene.run(&["subscribe", HOME, "ours"]).exits(0);

        // Nothing happens by itself; what waits is said once, and its exit code every time.
        let said = scene.sync().exits(2).says("2 for review");
        assert_eq!(said.stdout.lines().count(), 2, "{}", said.stdout);
        let said = scene.sync().exits(2);
        assert_eq!(said.stdout, "");
        assert!(scene.mine().is_empty() && scene.all().is_empty());

        scene
            .run(&["plan", ME])
            .exits(2)
            .says("Keeping in step the account")
            .says("adds 2 domains");
        scene.run(&["apply", ME, "--yes"]).exits(0).says("Verified");
        assert_eq!(scene.mine(), ["bad.example", "loud.example"]);

        scene.auto(HOME, "ours");
        let said = scene.sync().exits(0).says("blocked 2, raised 0, lowered 0, lifted 0; verified");
        assert_eq!(said.stdout.lines().count(), 1, "{}", said.stdout);
        assert_eq!(scene.all(), pairs(&[("bad.example", "suspend"), ("loud.example", "silence")]));
        let quiet = scene.sync().exits(0);
        assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));

        // The list goes on: one is raised, one is let go, one is new.
        scene.publish("ours", &["loud.example,suspend,", "new.example,silence,"]);
        scene.sync().exits(2).says("blocked 1, raised 1, lowered 0, lifted 1; verified");
        assert_eq!(scene.all(), pairs(&[("loud.example", "suspend"), ("new.example", "silence")]));
        // The account still waits for its review.
        assert_eq!(scene.mine(), ["bad.example", "loud.example"]);
        let plan = scene.run(&["plan", ME, "--json"]).exits(2).json();
        assert_eq!(plan["summary"]["add"], 1, "{plan}");
        assert_eq!(plan["skipped"][0]["reason"], "in-grace", "{plan}");
    });
}

#[test]
fn what_a_person_decided_on_the_server_stays() {
    let scene = Scene::new();
    scene.fake.world().block_for_all(AdminBlock {
        private_comment: "ADMIN NOTE".to_owned(),
        ..AdminBlock::new("mine.example", "silence")
    });
    let rows = ["mine.example,suspend,worse", "a.example,suspend,", "b.example,suspend,"];
    scene.follow("ours", &padded(&rows));
    scene.auto(HOME, "ours");
    scene.sync().exits(0).says("blocked 22");
    // One is changed by hand, one is lifted by hand.
    {
        let mut world = scene.fake.world();
        let a = world.admin_blocks.iter_mut().find(|block| block.domain == "a.example").unwrap();
        "silence".clone_into(&mut a.severity);
        world.admin_blocks.retain(|block| block.domain != "b.example");
    }
    scene.run(&["plan", HOME]).exits(0).says("Somebody has changed blocks by hand");
    let left = pairs(&[("a.example", "silence"), ("mine.example", "silence")]);
    let theirs =
        || -> Vec<_> { scene.all().into_iter().filter(|row| !row.0.starts_with("pad")).collect() };
    for rows in [
        &["mine.example,suspend,worse", "a.example,suspend,", "b.example,suspend,"][..],
        // Everything is taken back, which is none of their business either.
        &["b.example,suspend,"],
    ] {
        scene.publish("ours", &padded(rows));
        scene.sync().exits(0);
        assert_eq!(theirs(), left);
    }
    let note = scene.fake.world().admin_block("mine.example").unwrap().private_comment.clone();
    assert_eq!(note, "ADMIN NOTE");
    // The list lets go of b and takes it up again: it has changed its mind, and a person is
    // asked.
    scene.publish("ours", &padded(&[]));
    scene.sync().exits(0);
    scene.publish("ours", &padded(&["b.example,suspend,"]));
    scene.sync().exits(2).says("1 turned down before");
    assert_eq!(theirs(), left);
    let hand: Vec<String> = scene
        .events(&[])
        .iter()
        .filter(|event| event["kind"].as_str().unwrap().ends_with("-by-hand"))
        .map(|event| {
            format!("{} {}", event["kind"].as_str().unwrap(), event["domain"].as_str().unwrap())
        })
        .collect();
    assert_eq!(hand, ["changed-by-hand a.example", "lifted-by-hand b.example"]);
}

#[test]
fn the_incident_of_2024_lifts_nothing_though_everything_is_automatic() {
    let Some(root) = shared("lists/incidents") else { return };
    let read = |name: &str| std::fs::read(root.join(name)).unwrap();
    let scene = Scene::new();
    scene.publisher.publish("/dni.csv", read("dni-2024-06-25-before.csv"));
    scene.run(&["lists", "add", &scene.publisher.url("/dni.csv")]).exits(0);
    for target in [ME, HOME] {
        scene.auto(target, "dni");
    }
    // One of them is a name under which strangers register: on an instance it waits.
    scene.sync().exits(3).says("blocked 34").says("1 held by public-suffix");
    scene.run(&["apply", HOME, "--accept", "repl.co", "--yes"]).exits(0);
    scene.publisher.publish("/dni.csv", read("dni-2024-09-12-EMPTIED.csv"));
    for _ in 0..3 {
        scene.sync().exits(3);
        assert_eq!((scene.mine().len(), scene.all().len()), (34, 34));
    }
    // Even if somebody accepts the emptiness in a hurry, a guard is left.
    scene.run(&["lists", "accept", "dni"]).exits(0);
    scene.sync().exits(3).says("34 held by most-removes");
    assert_eq!((scene.mine().len(), scene.all().len()), (34, 34));
    scene.publisher.publish("/dni.csv", read("dni-2024-09-12-restored.csv"));
    scene.sync().exits(0);
    assert_eq!((scene.mine().len(), scene.all().len()), (35, 35));
}

#[test]
fn agreement_and_watching_are_counted_and_explained() {
    let scene = Scene::new();
    scene.follow("one", &["both.example,suspend,", "only.example,suspend,"]);
    scene.follow("two", &["both.example,silence,"]);
    scene.follow("eyes", &["watched.example,suspend,", "both.example,suspend,seen"]);
    scene.run(&["policy", HOME, "--combine", "agreed", "--in-at-least", "2"]).exits(0);
    scene.subscribe(HOME, "one", &[]);
    scene.subscribe(HOME, "two", &[]);
    scene.subscribe(HOME, "eyes", &["--mode", "watch"]);
    let plan = scene.run(&["plan", HOME, "--json"]).exits(2).json();
    assert_eq!(plan["add"].as_array().unwrap().len(), 1, "{plan}");
    assert_eq!(plan["add"][0]["domain"], "both.example");
    assert_eq!(plan["add"][0]["rule"]["severity"], "silence", "what two of them agree on");
    let reasons: Vec<(&str, &str)> = plan["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["domain"].as_str().unwrap(), row["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(reasons, [("only.example", "too-few-agree"), ("watched.example", "watched")]);
    scene.run(&["plan", HOME]).exits(2).says("too few agree: 1 of 2").says("only watched");
    let why = scene.run(&["why", "both.example"]).exits(0);
    let why = why.says("Its lists come to silence, where it takes at least 2 lists");
    why.says("eyes says suspend, not heard; one says suspend; two says silence");
    let why = scene.run(&["why", "only.example", "--json"]).exits(0).json();
    let home = why["targets"].as_array().unwrap().iter().find(|t| t["target"] == HOME).unwrap();
    let want = json!({ "verdict": "too-few", "have": 1, "need": 2 });
    assert_eq!(home["lists_now"]["comes_to"], want);
    // For one run, or by another rule.
    let once = scene.run(&["plan", HOME, "--in-at-least", "1", "--json"]).exits(2).json();
    assert_eq!(once["summary"]["add"], 2);
    let heavy = scene.run(&["policy", HOME, "--in-percent", "60", "--json"]).exits(0).json();
    assert_eq!(heavy["policy"]["agreement"], json!({ "percent": 60 }));
    scene.subscribe(HOME, "one", &["--weight", "3", "--cap", "silence"]);
    let plan = scene.run(&["plan", HOME, "--json"]).exits(2).json();
    assert_eq!(plan["summary"]["add"], 2);
    assert_eq!(plan["add"][1]["asked_by"][0]["taken_as"], "silence", "{plan}");
    // The strictest there is caps nothing, so it is no choice; none takes a cap back.
    scene.run(&["subscribe", HOME, "one", "--cap", "suspend"]).exits(1).says("noop, silence, none");
    scene.subscribe(HOME, "one", &["--cap", "none"]);
    let plan = scene.run(&["plan", HOME, "--json"]).exits(2).json();
    assert!(plan["add"][1]["asked_by"][0].get("taken_as").is_none(), "{plan}");
}

#[test]
fn exceptions_stick_until_they_end() {
    on_both(async |place| {
        let scene = Scene::on(Machine::with_database(&place.url));
        scene.follow(
            "ours",
            &["a.example,suspend,", "sub.a.example,suspend,", "b.example,suspend,"],
        );
        scene.follow("more", &["b.example,suspend,"]);
        scene.auto(ME, "ours");
        scene.sync().exits(0).says("blocked 3");
        let add = |args: &[&str]| {
            scene.run(&[&["exceptions", "add"], args].concat()).exits(0);
        };
        add(&["a.example", "--subdomains", "--reason", "my sister", "--until", "2999-01-01"]);
        add(&["b.example", "--list", "ours", "--target", ME]);
        scene
            .run(&["exceptions"])
            .exits(0)
            .says("a.example and below, until 2999-01-01: my sister");
        scene.sync().exits(0).says("lifted 3");
        assert!(scene.mine().is_empty());
        // Another list is heard all the same.
        scene.auto(ME, "more");
        scene.sync().exits(0).says("blocked 1");
        assert_eq!(scene.mine(), ["b.example"]);
        // They hold for what is done once too, and end by their number or their date.
        let plan = ["plan", ME, "--list", "ours", "--json"];
        let reason = |at: usize| scene.run(&plan).json()["skipped"][at]["reason"].clone();
        assert_eq!(reason(0), "excepted");
        scene.run(&["exceptions", "remove", "1"]).exits(0);
        assert_ne!(reason(0), "excepted");
        add(&["a.example", "--until", "2999-01-01"]);
        assert_eq!(reason(0), "excepted");
        place.sql("UPDATE exception SET until = created_at").await;
        assert_ne!(reason(0), "excepted");
        scene.run(&["exceptions", "remove", "77"]).exits(1).says("There is no exception 77");
    });
}

#[test]
fn a_block_ends_on_its_last_day_and_does_not_come_back() {
    on_both(async |place| {
        let scene = Scene::on(Machine::with_database(&place.url));
        scene.fake.world().block_for_all(AdminBlock::new("wave.example", "silence"));
        scene.follow("ours", &["bad.example,suspend,"]);
        scene.auto(HOME, "ours");
        scene.sync().exits(0);
        for domain in ["wave.example", "bad.example"] {
            let args = ["date", HOME, domain, "--expires", "2999-01-01", "--reason", "spam wave"];
            scene.run(&args).exits(0);
        }
        scene.run(&["date", HOME, "bad.example", "--review", "2026-01-01"]).exits(0);
        scene.run(&["date", HOME]).exits(0).says("last day 2999-01-01; spam wave");
        scene.run(&["plan", HOME]).exits(0).says("1 block to be looked at again by now");
        scene.run(&["date", HOME, "bad.example", "--expires", "2999-01-01"]).exits(0);
        scene.sync().exits(0);
        place.sql("UPDATE block_date SET expires_at = created_at").await;
        scene.run(&["policy", HOME, "--most-removes-percent", "100"]).exits(0);
        scene.sync().exits(0).says("lifted 2");
        assert!(scene.all().is_empty());
        for _ in 0..2 {
            scene.sync().exits(0);
            assert!(scene.all().is_empty());
        }
        scene.run(&["date", HOME]).exits(0).says("has a date");
        scene.run(&["why", "bad.example"]).exits(0).says("its last day came");
    });
}

#[test]
fn an_undo_takes_back_one_run_and_what_it_cut_is_followed_again() {
    let scene = Scene::new();
    {
        let mut world = scene.fake.world();
        world.follows = vec!["friend@bad.example".to_owned(), "other@fine.example".to_owned()];
        world.followers = vec!["fan@bad.example".to_owned()];
        world.block_for_account("mine.example");
    }
    scene.follow("ours", &["bad.example,suspend,", "worse.example,suspend,"]);
    scene.subscribe(ME, "ours", &[]);
    scene
        .run(&["plan", ME])
        .exits(2)
        .says("it cuts 1 person you follow and 1 who follows you")
        .says("friend, fan");
    let said = scene.run(&["apply", ME, "--yes", "--accept", "bad.example"]).exits(0);
    said.says("Cuts 1 person").says("have cut 1 followed and 1 following. Take them back");
    assert_eq!(scene.fake.world().follows, ["other@fine.example"]);
    // Later a person lifts one by hand and blocks another.
    scene.fake.world().account_blocks.retain(|(_, domain)| domain != "worse.example");
    scene.fake.world().block_for_account("later.example");
    scene.sync();
    let said = scene.run(&["undo", "1", "--yes"]).exits(0);
    let said = said.says("removes 1, skips 0").says("1 person followed you there");
    said.says("hedgerow undo 1 --refollow");
    assert_eq!(scene.mine(), ["later.example", "mine.example"]);
    // It is not put back by the next night.
    scene.sync();
    assert_eq!(scene.mine(), ["later.example", "mine.example"]);

    let child = scene.machine.start(&["undo", "1", "--yes", "--refollow"]);
    let said = crate::readme::sign_in(&scene.fake, child).exits(0);
    said.says("You follow 1 person again");
    assert_eq!(scene.fake.world().follows, ["other@fine.example", "friend@bad.example"]);
    // The right was used once and given back.
    let requests = scene.fake.requests();
    let token = requests.iter().rev().find(|r| r.path.ends_with("/follow")).unwrap().token.clone();
    assert!(
        requests.iter().any(|r| r.path == "/oauth/revoke" && r.param("token") == token.as_deref())
    );
    assert_eq!(
        scene.events(&["--target", ME]).iter().filter(|e| e["kind"] == "refollowed").count(),
        1
    );
}

#[test]
fn guards_hold_until_they_are_named() {
    let scene = Scene::new();
    scene.follow(
        "ours",
        &[
            "mastodon.social,suspend,",
            "repl.co,suspend,",
            "home.example,suspend,",
            "a.example,suspend,",
            "sub.a.example,suspend,",
        ],
    );
    scene.subscribe(HOME, "ours", &[]);
    let plan = scene.run(&["plan", HOME, "--json"]).exits(2).json();
    let held: Vec<(&str, &str)> = plan["held"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["domain"].as_str().unwrap(), row["why"][0]["guard"].as_str().unwrap()))
        .collect();
    assert_eq!(held, [("mastodon.social", "large-servers"), ("repl.co", "public-suffix")]);
    let skipped: Vec<&str> = plan["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["reason"].as_str().unwrap())
        .collect();
    assert_eq!(skipped, ["own-domain", "covered-by-parent"]);
    for (guard, adds) in
        [("large-servers", 2), ("public-suffix", 2), ("own-domain", 2), ("redundant", 2)]
    {
        let one = scene.run(&["plan", HOME, "--override", guard, "--json"]).exits(2).json();
        assert_eq!(one["summary"]["add"], adds, "{guard}: {one}");
    }
    let one = scene.run(&["plan", HOME, "--accept", "mastodon.social", "--json"]).exits(2).json();
    assert_eq!(one["summary"]["add"], 2);
    scene.run(&["plan", HOME, "--override", "everything"]).exits(1).says("most-adds");
    let few = ["policy", HOME, "--most-adds", "0"];
    scene.run(&few).exits(0);
    scene.run(&["apply", HOME, "--yes"]).exits(3).says("most-adds: 1 at once, and at most 0");
    scene.run(&["apply", HOME, "--yes", "--override", "most-adds"]).exits(0);
    assert_eq!(scene.all(), pairs(&[("a.example", "suspend")]));
    let overridden = scene.events(&[]);
    assert!(
        overridden.iter().any(|e| e["kind"] == "overridden" && e["detail"]["guard"] == "most-adds")
    );
}

#[test]
fn an_instance_limits_instead_of_cutting_people_off() {
    let scene = Scene::new();
    {
        let mut world = scene.fake.world();
        world.peers = Some(vec!["bad.example".to_owned(), "sub.bad.example".to_owned()]);
        world.local_follows = vec![("ann".to_owned(), "friend@sub.bad.example".to_owned())];
    }
    scene.follow("ours", &["bad.example,suspend,", "other.example,suspend,"]);
    scene.auto(HOME, "ours");
    scene.sync().exits(3).says("1 held by relationships");
    assert_eq!(scene.all(), pairs(&[("other.example", "suspend")]));
    scene.run(&["policy", HOME, "--above-that", "limit"]).exits(0);
    scene.sync().exits(0);
    assert_eq!(scene.all(), pairs(&[("bad.example", "silence"), ("other.example", "suspend")]));
    assert_eq!(scene.fake.world().local_follows.len(), 1);
    // And it does not try again every night.
    let quiet = scene.sync().exits(0);
    assert_eq!(quiet.stdout, "");
}

#[test]
fn the_hosts_below_a_domain_are_offered_to_an_account() {
    let scene = Scene::new();
    let peers = ["bad.example", "social.bad.example", "fine.example"].map(str::to_owned);
    scene.fake.world().peers = Some(peers.to_vec());
    scene.follow("ours", &["bad.example,suspend,"]);
    scene.auto(ME, "ours");
    scene
        .run(&["plan", ME])
        .exits(2)
        .says("knows 1 host below these domains")
        .says("social.bad.example");
    scene.run(&["policy", ME, "--subdomains", "true"]).exits(0);
    scene.sync().exits(0).says("blocked 2");
    assert_eq!(scene.mine(), ["bad.example", "social.bad.example"]);
    // They go with the domain that they came with.
    scene.publish("ours", &["new.example,suspend,"]);
    scene.sync().exits(0).says("lifted 2");
    assert_eq!(scene.mine(), ["new.example"]);
}

#[test]
fn adopting_and_releasing_are_acts_of_their_own() {
    let scene = Scene::new();
    scene.fake.world().block_for_account("old.example");
    scene.fake.world().block_for_account("private.example");
    scene.follow("ours", &["old.example,suspend,", "new.example,suspend,"]);
    scene.auto(ME, "ours");
    scene.sync().exits(0);
    scene.run(&["adopt", ME]).exits(0).says("old.example").says("hedgerow adopt");
    scene.run(&["adopt", ME, "private.example"]).exits(1).says("no block of your own that a list");
    scene.run(&["adopt", ME, "--all"]).exits(0).says("1 block");
    scene.run(&["release", ME, "new.example"]).exits(0);
    scene.run(&["release", ME, "private.example"]).exits(1).says("is not touched");
    // A plan that was saved before does not lift what was released since.
    scene.publish("ours", &["else.example,suspend,"]);
    scene.run(&["plan", ME, "-o", "saved.json"]).exits(2).says("removes 1");
    scene.run(&["release", ME, "old.example"]).exits(0);
    let apply = ["apply", "saved.json", "--yes"];
    scene.run(&apply).exits(3).says("a block of old.example that it would lift");
    scene.run(&["adopt", ME]).exits(0).says("No block of your own");
    scene.publish("ours", &["old.example,suspend,", "else.example,suspend,"]);
    scene.run(&["adopt", ME, "old.example"]).exits(0).says("1 block");
    scene.publish("ours", &["else.example,suspend,"]);
    scene.run(&["policy", ME, "--most-removes-percent", "100"]).exits(0);
    scene.sync().exits(0).says("lifted 1");
    assert_eq!(scene.mine(), ["else.example", "new.example", "private.example"]);
    // Leaving the list offers to lift what stands for it, and a person decides.
    scene.run(&["unsubscribe", ME, "ours"]).exits(0).says("1 block stands for it alone");
    scene.follow("other", &["x.example,suspend,"]);
    scene.auto(ME, "other");
    scene.sync().exits(2).says("1 taken back by lists");
    scene.run(&["apply", ME, "--yes"]).exits(0);
    assert_eq!(scene.mine(), ["new.example", "private.example", "x.example"]);
    scene.run(&["unsubscribe", ME, "other", "--keep"]).exits(0).says("yours now");
    scene.run(&["subscriptions"]).exits(0).says("No target follows a list");
}

#[test]
fn what_an_overwrite_lifts_is_not_set_again_by_the_next_round() {
    let scene = Scene::new();
    scene.follow("ours", &["a.example,suspend,", "b.example,suspend,"]);
    scene.auto(HOME, "ours");
    scene.sync().exits(0).says("blocked 2");
    scene.machine.write("mine.txt", "a.example\n");
    let args = ["apply", HOME, "--list", "mine.txt", "--mode", "overwrite", "--yes"];
    scene.run(&args).exits(0);
    assert_eq!(scene.all(), pairs(&[("a.example", "suspend")]));
    scene.sync().exits(0);
    assert_eq!(scene.all(), pairs(&[("a.example", "suspend")]));
    scene.run(&["plan", HOME]).exits(0).says("you turned it down");
    scene.run(&["exceptions", "undismiss", HOME, "b.example"]).exits(0);
    scene.sync().exits(0).says("blocked 1");
}

#[test]
fn why_tells_the_whole_story() {
    let scene = Scene::new();
    scene.follow("ours", &["bad.example,silence,spam", "sub.bad.example,suspend,"]);
    scene.run(&["why", "bad.example"]).exits(0).says("not known");
    scene.auto(HOME, "ours");
    scene.sync().exits(0);
    scene.publish("ours", &["bad.example,suspend,hate", "sub.bad.example,suspend,"]);
    scene.sync().exits(0);
    scene.run(&["exceptions", "add", "ok.bad.example", "--reason", "a friend"]).exits(0);
    let said = scene.run(&["why", "bad.example"]).exits(0);
    let said = said.says("On home.example: suspend").says("Put there by Hedgerow");
    let said = said.says("ours: suspend").says("silence: spam").says("suspend: hate");
    let said = said.says("run 1 (sync) on home.example: add, done for ours");
    let said = said.says("run 2 (sync) on home.example: update, done for ours");
    said.says("Exception 1 for ok.bad.example").says("Blocked below it: sub.bad.example (suspend)");
    let json = scene.run(&["why", "sub.bad.example", "--json"]).exits(0).json();
    let home = json["targets"].as_array().unwrap().iter().find(|t| t["target"] == HOME).unwrap();
    assert_eq!(
        (&home["stands"], &home["above"][0]["domain"]),
        (&json!("blocked"), &json!("bad.example"))
    );
    let spans = json["lists"][1]["spans"].as_array().unwrap();
    assert_eq!(spans.len(), 2, "{json}");
    assert_eq!((&spans[0]["severity"], &spans[1]["reason"]), (&json!("silence"), &json!("hate")));
    assert!(spans[0]["until"] == spans[1]["from"] && spans[1]["until"].is_null());
    scene.run(&["why", "never.example"]).exits(0).says("No list that you follow has ever named it");
    scene.run(&["why", "not a domain"]).exits(1);
}

#[test]
fn the_log_has_every_decision_and_every_write_and_a_run_can_be_announced() {
    let scene = Scene::new();
    scene.follow("ours", &["bad.example,suspend,spam", "loud.example,silence,"]);
    scene.auto(HOME, "ours");
    scene.sync().exits(0);
    scene.run(&["exceptions", "dismiss", HOME, "x.example"]).exits(0);
    scene.run(&["exceptions", "undismiss", HOME, "x.example"]).exits(0);
    scene.run(&["undo", "1", "--yes", "--only", "loud.example"]).exits(0);
    let kinds: Vec<String> = scene
        .events(&["--target", HOME])
        .iter()
        .map(|event| event["kind"].as_str().unwrap().to_owned())
        .collect();
    let want = [
        "signed-in",
        "subscribed",
        "run-begun",
        "blocked",
        "blocked",
        "run-finished",
        "waiting",
        "dismissed",
        "undismissed",
        "run-begun",
        "lifted",
        "run-finished",
    ];
    let kinds: Vec<&str> =
        kinds.iter().map(String::as_str).filter(|kind| *kind != "waiting").collect();
    assert_eq!(kinds, want.into_iter().filter(|kind| *kind != "waiting").collect::<Vec<_>>());
    let write = &scene.events(&["--domain", "bad.example"])[0];
    assert_eq!((&write["actor"], &write["run"]), (&json!("sync"), &json!(1)), "{write}");
    let last = scene.events(&[]).last().unwrap()["id"].as_i64().unwrap();
    assert!(scene.events(&["--after", &last.to_string()]).is_empty());
    scene.run(&["log"]).exits(0).says("run-finished");
    scene
        .run(&["announce", "1"])
        .exits(0)
        .says("servers that home.example treats differently")
        .says("| `bad.example` | spam |")
        .says("### Limited: 1 server");
    scene.run(&["announce", "9"]).exits(1).says("There is no run 9");
}

#[test]
fn two_rounds_never_work_on_one_target() {
    on_both(async |place| {
        let scene = Scene::on(Machine::with_database(&place.url));
        scene.follow("ours", &["a.example,suspend,", "b.example,suspend,"]);
        scene.auto(HOME, "ours");
        // The first round stands in the middle of its work.
        scene.fake.hold(4, Moment::Before);
        let first = scene.machine.start(&["sync"]);
        scene.fake.held();
        scene.run(&["sync"]).exits(3).says("Another run is working on this target");
        scene.fake.let_go();
        let first = Said::from(first.wait_with_output().unwrap());
        first.exits(0).says("blocked 2");
    });
}

#[test]
fn what_a_killed_round_had_to_do_is_done_by_the_next() {
    let scene = Scene::new();
    let rows: Vec<String> = (0..8).map(|n| format!("host{n}.example,suspend,")).collect();
    scene.follow("ours", &rows.iter().map(String::as_str).collect::<Vec<_>>());
    scene.auto(HOME, "ours");
    scene.fake.hold(9, Moment::After);
    let mut first = scene.machine.start(&["sync"]);
    scene.fake.held();
    first.kill().unwrap();
    first.wait().unwrap();
    scene.fake.let_go();
    let some = scene.all().len();
    assert!((1..8).contains(&some), "{some}");
    scene.run(&["plan", HOME]).exits(1).says("was interrupted");
    scene.sync().exits(0);
    assert_eq!(scene.all().len(), 8);
    // What was done before the kill is Hedgerow's, and goes with the list.
    scene.publish("ours", &rows[..7].iter().map(String::as_str).collect::<Vec<_>>());
    scene.sync().exits(0).says("lifted 1");
    assert_eq!(scene.all().len(), 7);
}

#[test]
fn one_target_that_fails_does_not_keep_the_others_from_their_turn() {
    let scene = Scene::new();
    let dead = Fake::start(Version::V4_6);
    scene.machine.login(&dead.url(), &dead.account_token(), &["--name", "aaa"]).exits(0);
    scene.follow("ours", &["a.example,suspend,"]);
    scene.auto(ME, "ours");
    scene.auto("aaa", "ours");
    dead.revoke_all();
    let said = scene.sync().exits(1);
    said.says("aaa: ").says("does not accept the sign-in any more").says("me@home.example: run 1");
    assert_eq!(scene.mine(), ["a.example"]);
}
