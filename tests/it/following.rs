//! Following lists: what is kept, what is held, and what a plan makes of it.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::command::{Machine, Said};
use crate::gate::Gate;
use crate::publisher::Publisher;
use crate::shared::shared;
use crate::store::place::on_both;

/// A list of so many servers, as FediBlockHole writes it.
fn list(size: usize) -> String {
    let rows = (0..size).map(|n| format!("host{n}.example,suspend,spam\n"));
    format!("domain,severity,public_comment\n{}", rows.collect::<String>())
}

fn update(machine: &Machine) -> Value {
    let said = machine.run(&["lists", "update", "--json"]);
    said.json()["lists"][0].clone()
}

fn standings(machine: &Machine, name: &str) -> Vec<String> {
    let history = machine.run(&["lists", "history", name, "--json"]).exits(0).json();
    let versions = history["versions"].as_array().unwrap().clone();
    versions.iter().map(|version| version["standing"].as_str().unwrap().to_owned()).collect()
}

/// How many domains a plan with the list adds, and its first notice.
fn planned(machine: &Machine, list: &str) -> (u64, Value) {
    machine.write("blocks.csv", "");
    let args = ["plan", "blocks.csv", "--level", "account", "--list", list, "--json"];
    let plan = machine.run(&args).json();
    (plan["summary"]["add"].as_u64().unwrap(), plan["notices"][0].clone())
}

#[test]
fn an_emptied_list_is_held_and_goes_on_when_it_returns() {
    on_both(async |place| {
        let publisher = Publisher::start();
        let machine = Machine::with_database(&place.url);
        publisher.publish("/dni.csv", list(34));
        machine.run(&["lists", "add", &publisher.url("/dni.csv")]).exits(0).says("34 domains");
        assert_eq!(planned(&machine, "dni").0, 34);

        publisher.publish("/dni.csv", "domain,severity\r\n");
        let held = machine.run(&["lists", "update"]).exits(3);
        held.says("dni: held").says("it is empty; it had 34 domains");
        // As long as it is empty it stays held, and costs an empty answer.
        publisher.asked();
        assert_eq!(update(&machine)["outcome"], "held");
        assert_eq!(publisher.asked().iter().map(|a| a.status).collect::<Vec<_>>(), [304]);
        let (adds, notice) = planned(&machine, "dni");
        assert_eq!(adds, 34);
        assert!(notice.as_str().unwrap().contains("is held: it is empty"), "{notice}");
        machine.run(&["lists"]).exits(0).says("held");

        // The header has another style, which is no reason to hold it.
        publisher.publish("/dni.csv", list(35).replace("domain,", "#domain,#"));
        let back = update(&machine);
        assert_eq!((&back["outcome"], &back["added"]), (&json!("changed"), &json!(1)));
        assert_eq!(standings(&machine, "dni"), ["good", "superseded", "good"]);
        let (adds, notice) = planned(&machine, "dni");
        assert_eq!((adds, notice), (35, Value::Null));
    });
}

#[test]
fn the_outage_of_september_2024_is_held() {
    let Some(root) = shared("lists/incidents") else { return };
    let read = |name: &str| std::fs::read(root.join(name)).unwrap();
    let publisher = Publisher::start();
    let machine = Machine::new();
    publisher.publish("/dni.csv", read("dni-2024-06-25-before.csv"));
    machine.run(&["lists", "add", &publisher.url("/dni.csv")]).exits(0);
    publisher.publish("/dni.csv", read("dni-2024-09-12-EMPTIED.csv"));
    assert_eq!(update(&machine)["concerns"], json!([{ "concern": "emptied", "was": 34 }]));
    assert_eq!(planned(&machine, "dni").0, 34);
    publisher.publish("/dni.csv", read("dni-2024-09-12-restored.csv"));
    let back = update(&machine);
    assert_eq!((&back["outcome"], &back["entries"]), (&json!("changed"), &json!(35)));
    // The union that others made of it lost a handful of its 397 rows, as on any day.
    publisher.publish("/all.csv", read("unified_tier0-before-dni-outage.csv"));
    machine.run(&["lists", "add", &publisher.url("/all.csv")]).exits(0);
    publisher.publish("/all.csv", read("unified_tier0-during-dni-outage.csv"));
    machine.run(&["lists", "update", "all"]).exits(0);
}

#[test]
fn a_person_accepts_or_rejects_what_is_held() {
    let publisher = Publisher::start();
    let machine = Machine::new();
    publisher.publish("/a.csv", list(100));
    machine.run(&["lists", "add", &publisher.url("/a.csv")]).exits(0);
    machine.run(&["lists", "accept", "a"]).exits(1).says("nothing to decide");

    publisher.publish("/a.csv", list(50));
    machine.run(&["lists", "update"]).exits(3).says("50 domains of 100 are gone (50 %)");
    let diff = machine.run(&["lists", "diff", "a", "--json"]).exits(0).json();
    assert_eq!(diff["removed"].as_array().unwrap().len(), 50);
    machine.run(&["lists", "reject", "a"]).exits(0).says("stays in force");
    assert_eq!(planned(&machine, "a").0, 100);
    // It is not offered again, and a later one is looked at anew.
    assert_eq!(update(&machine)["outcome"], "rejected");
    publisher.publish("/a.csv", list(60));
    machine.run(&["lists", "update"]).exits(3);
    machine.run(&["lists", "accept", "a"]).exits(0).says("60 domains");
    assert_eq!(planned(&machine, "a").0, 60);
    assert_eq!(standings(&machine, "a"), ["good", "rejected", "good"]);

    // What cannot be read cannot be accepted.
    publisher.publish("/a.csv", "<!doctype html><title>Moved</title>");
    machine.run(&["lists", "update"]).exits(3).says("it is a web page now");
    machine.run(&["lists", "accept", "a"]).exits(1).says("cannot come into force");
    assert_eq!(planned(&machine, "a").0, 60);

    // An emptiness can, if somebody says so.
    publisher.publish("/a.csv", "domain,severity\n");
    machine.run(&["lists", "update"]).exits(3);
    machine.run(&["lists", "accept", "a"]).exits(0).says("0 domains");
    assert_eq!(planned(&machine, "a").0, 0);
    publisher.publish("/a.csv", "# nothing\n");
    let empty = update(&machine);
    assert_eq!((&empty["outcome"], &empty["entries"]), (&json!("changed"), &json!(0)));
    publisher.publish("/a.csv", list(40));
    assert_eq!(update(&machine)["outcome"], "changed");
}

#[test]
fn a_broken_page_that_changes_all_the_time_does_not_fill_the_disk() {
    let publisher = Publisher::start();
    let machine = Machine::new();
    publisher.publish("/a.csv", list(10));
    machine.run(&["lists", "add", &publisher.url("/a.csv")]).exits(0);
    for number in 0..5 {
        publisher.publish("/a.csv", format!("<!doctype html>{number}"));
        machine.run(&["lists", "update"]).exits(3);
    }
    assert_eq!(standings(&machine, "a"), ["held", "good"]);
}

#[test]
fn a_list_does_not_shrink_step_by_step_unseen() {
    let publisher = Publisher::start();
    let machine = Machine::new();
    publisher.publish("/a.csv", list(100));
    machine.run(&["lists", "add", &publisher.url("/a.csv")]).exits(0);
    publisher.publish("/a.csv", list(85));
    assert_eq!(update(&machine)["outcome"], "changed");
    publisher.publish("/a.csv", list(72));
    let held = update(&machine);
    let what = json!({ "concern": "shrunk", "removed": 28, "of": 100 });
    assert_eq!(held["concerns"][0]["what"], what, "{held}");
    machine.run(&["lists", "update"]).exits(3).says("28 domains of 100 are gone (28 %)");
    // Who accepts it has seen it, and counts from there.
    machine.run(&["lists", "accept", "a"]).exits(0);
    publisher.publish("/a.csv", list(60));
    assert_eq!(update(&machine)["outcome"], "changed");
}

#[test]
fn limits_can_be_set_for_each_list() {
    let publisher = Publisher::start();
    let machine = Machine::new();
    publisher.publish("/a.csv", list(100));
    let url = publisher.url("/a.csv");
    machine.run(&["lists", "add", &url, "--max-removed-percent", "60"]).exits(0);
    publisher.publish("/a.csv", list(50));
    machine.run(&["lists", "update"]).exits(0).says("50 gone");
    machine.run(&["lists", "set", "a", "--max-added", "5"]).exits(0).says("or 5 domains");
    publisher.publish("/a.csv", list(60));
    machine.run(&["lists", "update"]).exits(3).says("10 domains are new");
}

#[test]
fn a_source_that_fails_leaves_the_last_good_copy_in_use_and_says_how_old_it_is() {
    let publisher = Publisher::start();
    let machine = Machine::new();
    publisher.publish("/a.csv", list(10));
    machine.run(&["lists", "add", &publisher.url("/a.csv")]).exits(0);
    for (status, words) in [(500, "busy or has a fault"), (404, "not found"), (403, "sign-in")] {
        publisher.breaks("/a.csv", status, "");
        machine.run(&["lists", "update"]).exits(1).says(words);
        let (adds, notice) = planned(&machine, "a");
        assert_eq!(adds, 10);
        let notice = notice.as_str().unwrap();
        assert!(notice.contains("could not be fetched") && notice.contains("just now"), "{notice}");
    }
    machine.run(&["lists"]).exits(0).says("failed 6 times, last read just now");
    let info = machine.run(&["lists", "info", "a"]).exits(0);
    info.says("You follow a.").says("10 domains").says("Failure").says("sign-in");
    publisher.publish("/a.csv", list(10));
    machine.run(&["lists", "update"]).exits(0).says("a: unchanged");
    // Without a connection, on purpose.
    publisher.asked();
    machine.write("b.csv", "");
    let args = ["plan", "b.csv", "--level", "account", "--list", "a", "--offline"];
    machine.run(&args).exits(2).says("adds 10 domains");
    assert_eq!(publisher.asked(), []);
}

#[test]
fn an_unchanged_list_costs_one_conditional_request_and_no_version() {
    let publisher = Publisher::start();
    let machine = Machine::new();
    publisher.publish("/a.csv", list(10));
    machine.run(&["lists", "add", &publisher.url("/a.csv")]).exits(0);
    publisher.asked();
    for _ in 0..3 {
        machine.run(&["lists", "update"]).exits(0).says("unchanged");
    }
    let asked: Vec<u16> = publisher.asked().iter().map(|asked| asked.status).collect();
    assert_eq!(asked, [304, 304, 304]);
    assert_eq!(standings(&machine, "a"), ["good"]);
    // A version that returns is a version, and its content is kept once.
    for size in [9, 10] {
        publisher.publish("/a.csv", list(size));
        machine.run(&["lists", "update"]).exits(0);
    }
    let history = machine.run(&["lists", "history", "a", "--json"]).json();
    let digests: Vec<&Value> =
        history["versions"].as_array().unwrap().iter().map(|v| &v["sha256"]).collect();
    assert_eq!(digests.len(), 3);
    assert_eq!(digests[0], digests[2]);
}

#[test]
fn ten_lists_are_fetched_side_by_side_and_one_host_in_turn() {
    let machine = Machine::new();
    let publishers: Vec<Publisher> = (0..10).map(|_| Publisher::start()).collect();
    let mut args = vec!["plan".to_owned(), "b.csv".to_owned(), "--level".to_owned()];
    args.push("account".to_owned());
    machine.write("b.csv", "");
    let gate = Gate::default();
    for publisher in &publishers {
        publisher.publish("/a.csv", list(5));
        publisher.waits_at(&gate);
        args.extend(["--list".to_owned(), publisher.url("/a.csv")]);
    }
    let plans = machine.start(&args);
    // None is answered before all were asked.
    gate.reached(publishers.len());
    gate.open();
    Said::from(plans.wait_with_output().unwrap()).exits(2).says("adds 5 domains");

    let publisher = &publishers[0];
    publisher.is_slow(Duration::from_millis(50));
    let mut args = args[..4].to_vec();
    for n in 0..5 {
        publisher.publish(&format!("/{n}.csv"), list(5));
        args.extend(["--list".to_owned(), publisher.url(&format!("/{n}.csv"))]);
    }
    machine.run(&args).exits(2);
    assert_eq!(publisher.most_at_once(), 1);
}

#[test]
fn a_sign_in_is_kept_by_reference_only() {
    let publisher = Publisher::start();
    let machine = Machine::new();
    publisher.publish("/a.csv", list(3));
    let secret = machine.write("secret", "hunter2\n");
    let url = publisher.url("/a.csv");
    let with = url.replace("http://", "http://me:hunter2@");
    machine.run(&["lists", "add", &with]).exits(1).says("has a password in it");
    let refused = machine.run(&["lists", "add", &url, "--auth", "bearer:hunter2"]).exits(1);
    assert!(refused.stderr.contains("must not stand on a command line"), "{}", refused.stderr);
    let auth = format!("basic:me:file:{}", secret.display());
    machine.run(&["lists", "add", &url, "--auth", &auth]).exits(0);
    // "me:hunter2"
    let sent = publisher.asked()[0].authorization.clone();
    assert_eq!(sent.as_deref(), Some("Basic bWU6aHVudGVyMg=="));
    for (path, bytes) in machine.kept() {
        let found = bytes.windows(7).any(|window| window == b"hunter2");
        assert!(!found, "the secret is in {}", path.display());
    }
    std::fs::remove_file(secret).unwrap();
    machine.run(&["lists", "update"]).exits(1).says("cannot be read");
}

#[test]
fn what_is_not_a_list_is_not_followed() {
    let publisher = Publisher::start();
    let machine = Machine::new();
    for (content, words) in [
        ("<!doctype html>", "is not followed: this is a web page"),
        (r#"{"error":"slow down"}"#, "slow down"),
        ("domain,severity\n", "not a single row"),
    ] {
        publisher.publish("/a.csv", content);
        machine.run(&["lists", "add", &publisher.url("/a.csv")]).exits(1).says(words);
    }
    machine.run(&["lists", "update"]).exits(0).says("You follow no list yet");
    machine.write("b.csv", "");
    let plan = ["plan", "b.csv", "--level", "account", "--list", "garden-fence"];
    machine.run(&plan).exits(1).says("follow it with `hedgerow lists add garden-fence`");
    let retired = machine.run(&["lists", "add", "oliphant-tier0"]).exits(1);
    retired.says("should not be followed").says("--anyway");
    machine.run(&["lists", "add", "fediseer", "--yes"]).exits(1).says("has a gap");
    publisher.publish("/a.csv", list(3));
    let url = publisher.url("/a.csv");
    machine.run(&["lists", "add", &url, "--name", "threads"]).exits(1).says("comes with Hedgerow");
    machine.run(&["lists", "add", &url]).exits(0);
    machine.run(&["lists", "add", &url]).exits(1).says("already a list with the name a");
    machine.run(&["lists", "update", "other"]).exits(1).says("You follow a.");
    machine.run(&["lists", "remove", "a"]).exits(0);
    machine.run(&["lists", "history", "a"]).exits(1);
}

#[test]
fn an_allowlist_and_retractions_are_exceptions() {
    let publisher = Publisher::start();
    let machine = Machine::new();
    publisher.publish("/allow.csv", "domain,\nhost1.example,\n");
    publisher.publish("/back.csv", "#domain,#reason\nhost2.example,apologised\n");
    machine.run(&["lists", "add", &publisher.url("/allow.csv")]).exits(0).says("an allowlist");
    machine.write("list.csv", list(4));
    machine.write("b.csv", "");
    let plan = |more: &[&str]| {
        let mut args = vec!["plan", "b.csv", "--level", "account", "--json"];
        args.extend(more);
        machine.run(&args)
    };
    let back = publisher.url("/back.csv");
    let said = plan(&["--list", "list.csv", "--allow-list", "allow", "--allow-list", &back]);
    let plan_json = said.exits(2).json();
    assert_eq!(plan_json["summary"]["add"], 2);
    assert_eq!(plan_json["skipped"][0]["reason"], "allowed");
    plan(&["--list", "allow"]).exits(1).says("this is an allowlist");
    plan(&["--list", &back]).exits(1).says("this is a list of retractions");
}

#[test]
fn hidden_names_are_recognised_by_what_was_ever_seen() {
    let publisher = Publisher::start();
    let machine = Machine::new();
    publisher
        .publish("/clear.csv", "domain,severity\ndajiaweibo.com,silence\nplain.example,noop\n");
    machine.run(&["lists", "add", &publisher.url("/clear.csv")]).exits(0);
    // The digest is that of dajiaweibo.com.
    let digest = "3752f63a7079d60c2de5dceb8bd7608e86a15544eb78a494a482041c3684b37f";
    let hidden = machine.write(
        "hidden.csv",
        format!(
            "domain,severity,digest\ndaji******.com,suspend,{digest}\nplai*.****ple,suspend,\n"
        ),
    );
    machine.write("b.csv", "");
    let plan = |more: &[&str]| {
        let mut args = vec!["plan", "b.csv", "--level", "account", "--json", "--list"];
        args.push(hidden.to_str().unwrap());
        args.extend(more);
        machine.run(&args).json()
    };
    let added = |plan: &Value| -> Vec<String> {
        let rows = plan["add"].as_array().unwrap();
        rows.iter().map(|row| row["domain"].as_str().unwrap().to_owned()).collect()
    };
    let careful = plan(&[]);
    assert_eq!(added(&careful), ["dajiaweibo.com"]);
    assert_eq!(careful["lists"][0]["rejected"], 1);
    assert_eq!(added(&plan(&["--guess-hidden-names"])), ["dajiaweibo.com", "plain.example"]);
    let check = machine.run(&["check", "hidden.csv"]).exits(0);
    check.says("recognised by the digest").says("no domain seen so far is the one");
}

/// A publisher's key, and what it signs: the SHA-256 digest of a list.
struct Signer(ring::signature::Ed25519KeyPair);

impl Signer {
    fn new(seed: u8) -> Signer {
        Signer(ring::signature::Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
    }

    fn key(&self) -> String {
        use ring::signature::KeyPair;
        BASE64.encode(self.0.public_key())
    }

    fn sign(&self, list: &str) -> String {
        BASE64.encode(self.0.sign(&Sha256::digest(list)))
    }
}

#[test]
fn a_signed_list_is_held_when_the_signature_or_the_key_changes() {
    let publisher = Publisher::start();
    let machine = Machine::new();
    let (old, new) = (Signer::new(1), Signer::new(2));
    let publish = |size: usize, signer: &Signer| {
        publisher.publish("/a.csv", list(size));
        publisher.publish("/a.csv.sig", signer.sign(&list(size)) + "\n");
    };
    publisher.publish("/key", old.key() + "\n");
    publish(10, &new);
    let (url, sig, key) =
        (publisher.url("/a.csv"), publisher.url("/a.csv.sig"), publisher.url("/key"));
    let add = ["lists", "add", &url, "--signature", &sig, "--key", &key];
    machine.run(&add).exits(1).says("its signature does not hold");
    publish(10, &old);
    machine.run(&add).exits(0);
    publish(11, &old);
    assert_eq!(update(&machine)["outcome"], "changed");

    // Somebody can write to the list and has no key.
    publisher.publish("/a.csv", list(12));
    assert_eq!(update(&machine)["concerns"][0]["concern"], "unsigned");
    // Somebody has a key of their own, and the published one is still the old one.
    publish(13, &new);
    assert_eq!(update(&machine)["concerns"][0]["concern"], "unsigned");
    // The publisher has changed the key.
    publisher.publish("/key", new.key());
    publish(14, &new);
    let held = update(&machine);
    assert_eq!(held["concerns"], json!([{ "concern": "key", "was": old.key(), "is": new.key() }]));
    assert_eq!(planned(&machine, "a").0, 11);
    machine.run(&["lists", "accept", "a"]).exits(0);
    publish(15, &new);
    assert_eq!(update(&machine)["outcome"], "changed");
    publisher.breaks("/a.csv.sig", 404, "");
    publisher.publish("/a.csv", list(16));
    assert_eq!(update(&machine)["concerns"][0]["concern"], "unsigned");
}

#[test]
fn versions_are_shown_by_number_and_by_day() {
    let publisher = Publisher::start();
    let machine = Machine::new();
    for size in [10, 11, 12] {
        publisher.publish("/a.csv", list(size));
        if size == 10 {
            machine.run(&["lists", "add", &publisher.url("/a.csv")]).exits(0);
            machine.run(&["lists", "diff", "a"]).exits(1).says("only one version of a so far");
        } else {
            machine.run(&["lists", "update"]).exits(0);
        }
    }
    let diff = |more: &[&str]| {
        let mut args = vec!["lists", "diff", "a", "--json"];
        args.extend(more);
        machine.run(&args).exits(0).json()
    };
    let added = |diff: &Value| diff["added"].as_array().unwrap().len();
    assert_eq!(added(&diff(&[])), 1);
    assert_eq!(added(&diff(&["1"])), 2);
    assert_eq!(added(&diff(&["#1", "2"])), 1);
    let back = diff(&["3", "1"]);
    assert_eq!((added(&back), back["removed"].as_array().unwrap().len()), (0, 2));
    let today = diff(&["1"])["to"]["fetched_at"].as_str().unwrap()[..10].to_owned();
    assert_eq!(added(&diff(&[&today])), 0, "today the newest is in force");
    machine.run(&["lists", "diff", "a", "2020-01-01"]).exits(1).says("no such version");
    machine.run(&["lists", "diff", "a", "last"]).exits(1).says("2026-01-31");
}

#[test]
fn a_list_is_written_for_other_software() {
    let machine = Machine::new();
    machine.write(
        "mixed.csv",
        "domain,severity,public_comment\na.example,suspend,spam\nb.example,silence,\n",
    );
    let export = |more: &[&str]| {
        let mut args = vec!["lists", "export", "mixed.csv", "--to"];
        args.extend(more);
        machine.run(&args)
    };
    let names = export(&["user-csv"]).exits(0);
    assert_eq!(names.stdout, "a.example\n");
    names.says("1 domain left out");
    let all = export(&["user-csv", "--min-severity", "silence"]).exits(0);
    assert_eq!(all.stdout, "a.example\nb.example\n");
    export(&["mastodon-admin-csv", "-o", "out.csv"]).exits(0).says("2 domains written");
    let back = machine.run(&["check", "out.csv", "--json"]).exits(0).json();
    assert_eq!(back["format"], "mastodon-admin-csv");
    assert_eq!(back["entries"][0]["public_comment"], "spam");
    export(&["fires"]).exits(1).says("can be read and not written");
    export(&["word"]).exits(1).says("there is no such format");
}
