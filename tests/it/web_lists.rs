//! The lists' pages: following, deciding, comparing, and what none of them ever does.

use std::sync::Arc;

use hedgerow::app::App;
use hedgerow::fetch::Reach;
use hedgerow::keep::whose;
use hedgerow::mastodon::client::Silent;
use hedgerow::stop::stop;
use hedgerow::web::Settings;

use crate::command::Machine;
use crate::fake::{Fake, Version};
use crate::publisher::Publisher;
use crate::web::{Page, Site, on_both};

pub fn app(machine: &Machine) -> App {
    let database = machine.database_url().map(str::to_owned);
    App::new(Some(machine.data_dir()), database, None, Reach::Anywhere).unwrap()
}

/// The pages of whoever runs it, who may have lists of this machine read.
pub async fn house(machine: &Machine) -> Site {
    Site::of(app(machine), Settings::default()).entered().await
}

/// The same with an account that is connected, and its number.
pub async fn house_with(machine: &Machine, fake: &Fake, level: &str) -> (Site, String) {
    let fields = [("server", &*fake.url()), ("level", level)];
    let (site, answer) = house(machine).await.approved(fake, "/connect", &fields).await;
    let path = answer.is(303).headers["location"].to_str().unwrap().to_owned();
    let number = path.split('/').nth(2).unwrap().to_owned();
    (site, number)
}

/// Has everything of the first target read, as its page would.
pub async fn read_target(machine: &Machine) {
    let app = app(machine);
    let store = app.store().await.unwrap();
    let row = store.targets().await.unwrap().remove(0);
    let (_stopper, stop) = stop();
    let target = app.server(&row, &stop, Arc::new(Silent)).unwrap();
    let state = target.read().await.unwrap();
    store.save_reading(&row.name, &whose(target.identity()), &state).await.unwrap();
}

/// A list of so many servers, from a number on.
fn list(from: usize, size: usize) -> String {
    let rows = (from..from + size).map(|n| format!("host{n}.example,suspend,reason {n}\n"));
    format!("domain,severity,public_comment\n{}", rows.collect::<String>())
}

fn to(page: &Page) -> &str {
    page.headers["location"].to_str().unwrap()
}

/// How the versions of a list stand, newest first, as the command line tells it.
fn standings(machine: &Machine, name: &str) -> Vec<String> {
    let history = machine.run(&["lists", "history", name, "--json"]).exits(0).json();
    let versions = history["versions"].as_array().unwrap().clone();
    versions.iter().map(|version| version["standing"].as_str().unwrap().to_owned()).collect()
}

/// The number of the version that a page has in its form.
fn version(page: &Page) -> String {
    let rest = page.text.split("name=\"version\" value=\"").nth(1).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[test]
fn a_list_is_followed_updated_held_and_decided_about() {
    on_both(async |machine| {
        let publisher = Publisher::start();
        publisher.publish("/fence.csv", list(0, 30));
        let site = house(machine).await;
        site.get("/lists").await.is(200).says("None yet.");
        let sent = [("list", &*publisher.url("/fence.csv")), ("name", "Fence")];
        let followed = site.send("/lists", &sent).await.is(303);
        assert_eq!(to(&followed), "/lists/fence");
        site.get("/lists/fence").await.is(200).says("30 domains").says("no target yet");
        site.get("/lists").await.is(200).says("30 domains").says("well");

        publisher.publish("/fence.csv", list(2, 30));
        site.send("/lists/fence/update", &[]).await.is(303);
        assert_eq!(standings(machine, "fence"), ["good", "good"]);
        let diff = site.get("/lists/fence/diff").await.is(200).says("2 gone").says("2 new");
        diff.says("reason 0").says("reason 31").says("gone (was suspend)");

        publisher.publish("/fence.csv", list(2, 5));
        site.send("/lists/fence/update", &[]).await.is(303);
        assert_eq!(standings(machine, "fence"), ["held", "good", "good"]);
        site.get("/lists").await.is(200).says("held, waits for you");
        let page = site.get("/lists/fence").await.is(200).says("A new version is held");
        let page = page.says("25 domains of 30 are gone (83 %)").says("25 gone");
        let page = page.says("Use this version: 25 domains dropped, 0 new, 0 changed");
        site.get("/lists/fence/entries").await.is(200).says("It asks to block 30 domains");
        let held = version(&page);
        // A version that was not looked at is not decided about.
        let other = [("version", "999999"), ("word", "accept")];
        site.send("/lists/fence/decide", &other).await.is(409).says("Look at the list again");
        site.send("/lists/fence/decide", &[("version", &held), ("word", "hm")]).await.is(400);
        assert_eq!(standings(machine, "fence")[0], "held");
        let reject = [("version", &*held), ("word", "reject")];
        site.send("/lists/fence/decide", &reject).await.is(303);
        assert_eq!(standings(machine, "fence")[0], "rejected");
        // The same form again, and the other button of it.
        site.send("/lists/fence/decide", &reject).await.is(409);
        site.send("/lists/fence/decide", &[("version", &held), ("word", "accept")]).await.is(409);
        site.get("/lists/fence/entries").await.is(200).says("It asks to block 30 domains");

        publisher.publish("/fence.csv", list(2, 6));
        site.send("/lists/fence/update", &[]).await.is(303);
        let held = version(&site.get("/lists/fence").await.is(200));
        site.send("/lists/fence/decide", &[("version", &held), ("word", "accept")]).await.is(303);
        site.get("/lists/fence/entries").await.is(200).says("It asks to block 6 domains");
        let versions = site.get("/lists/fence/versions").await.is(200).says("rejected");
        assert!(versions.text.contains("class=\"mark rejected\""), "{}", versions.text);
        machine.run(&["log"]).exits(0).says("list-accepted").says("list-rejected");
    });
}

#[test]
fn what_cannot_be_followed_is_said_beside_what_was_typed() {
    on_both(async |machine| {
        let publisher = Publisher::start();
        publisher.publish("/good.csv", list(0, 3));
        publisher.publish("/page.csv", "<!doctype html><title>Hello</title>");
        let secret = machine.write("secret.csv", "secret.example\n");
        let site = house(machine).await;
        let url = |path: &str| publisher.url(path);
        site.send("/lists", &[("list", &*url("/good.csv"))]).await.is(303);
        let file = format!("file://{}", secret.display());
        for (address, name, says) in [
            ("", "", "Which list?"),
            ("no address", "", "That is no address"),
            (&*secret.display().to_string(), "", "That is no address"),
            (&*file, "", "That is no address"),
            (&*format!("fires:{file}"), "", "That is no address"),
            ("threads", "", "That is no address"),
            ("instance:", "", "is not the name of a server"),
            (&*url("/nowhere.csv"), "", "was not found (404)"),
            (&*url("/page.csv"), "", "not followed"),
            (&*url("/good.csv"), "good", "already"),
            (&*url("/good.csv"), "a b", "cannot be a list\u{2019}s name"),
            (&*url("/good.csv"), "..", "cannot be a list\u{2019}s name"),
            (&*url("/good.csv"), "threads", "comes with Hedgerow"),
            (&*url("/good.csv"), "<script>", "cannot be a list\u{2019}s name"),
            (&*url("/good.csv").replace("http://", "http://me:pw@"), "x", "has a password in it"),
            ("rapidblock", "", "should not be followed"),
            ("seirdy-tier0", "", "tick that you have"),
            ("https://seirdy.one/pb/tier0.csv", "", "tick that you have"),
            ("https://seirdy.one/pb/tier0-retractions.csv", "", "has taken back"),
            ("fediseer", "", "has a gap"),
        ] {
            let page = site.send("/lists", &[("list", address), ("name", name)]).await;
            let page = page.is(422).says(says);
            let typed = address.replace('&', "&#38;");
            // An address with a gap has no form on its page, but the way to the other one.
            assert!(
                address == "fediseer" || page.text.contains(&format!("value=\"{typed}\"")),
                "{address}: {}",
                page.text
            );
            assert_eq!(page.text.matches("<script").count(), 1, "{}", page.text);
        }
        let page = [("list", &*url("/good.csv")), ("name", "z"), ("format", "nonsense")];
        site.send("/lists", &page).await.is(422).says("There is no such format");
        let known = machine.run(&["lists", "--json"]).exits(0).json();
        let names: Vec<&str> = known["followed"]
            .as_array()
            .unwrap()
            .iter()
            .map(|l| l["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["good"]);
        // What is read as something else is not guessed.
        let forced = [("list", &*url("/good.csv")), ("name", "forced"), ("format", "hosts")];
        site.send("/lists", &forced).await.is(422).says("forced is not followed");
    });
}

#[test]
fn the_catalogue_is_searched_and_warns_first() {
    on_both(async |machine| {
        let site = house(machine).await;
        let all = site.get("/lists").await.is(200).says("Threads");
        assert!(all.text.contains("known-the-best-list"), "{}", all.text);
        let found = site.get("/lists?q=iftas&kind=offered").await.is(200).says("IFTAS");
        assert!(
            !found.text.contains("known-soapblock") && !found.text.contains("known-iftas-cariad")
        );
        let never = site.get("/lists?kind=never&state=over").await.is(200);
        assert!(never.text.contains("known-rapidblock") && !never.text.contains("known-iftas"));
        site.get("/lists?q=%3Cscript%3E&kind=zzz&state=%00").await.is(200).says("No list is known");
        let page =
            site.get("/lists/lists-d-threads").await.is(200).says("It blocks mastodon.social");
        page.says("follow it all the same").says("not to be used");
        site.get("/lists/seirdy-tier0").await.is(200).says("I have read this");
        site.get("/lists/threads").await.is(200).says("comes with Hedgerow").says("1 domain");
        site.get("/lists/threads/entries").await.is(200).says("threads.net");
        for missing in [
            "/lists/nothing",
            "/lists/..%2f..%2fetc",
            "/lists/rapidblock/entries",
            "/lists/threads/versions",
            "/lists/threads/diff",
            "/lists/threads/stop",
            "/lists/rapidblock/would",
            "/lists/threads/entries?version=abc%00",
        ] {
            let status = site.get(missing).await.status;
            assert!(status == 404 || status == 400, "{missing}: {status}");
        }
        for path in ["update", "decide", "settings", "stop"] {
            let sent = [
                ("version", "1"),
                ("word", "accept"),
                ("removed_percent", "1"),
                ("removed_rows", "1"),
                ("added_percent", "1"),
                ("added_rows", "1"),
                ("regraded_percent", "1"),
            ];
            site.send(&format!("/lists/threads/{path}"), &sent).await.is(404);
        }
    });
}

#[test]
fn lists_are_compared_and_every_number_has_its_domains() {
    on_both(async |machine| {
        let publisher = Publisher::start();
        let site = house(machine).await;
        for (name, from) in [("one", 0), ("two", 5), ("three", 8)] {
            let path = format!("/{name}.csv");
            publisher.publish(&path, list(from, 10));
            site.send("/lists", &[("list", &publisher.url(&path))]).await.is(303);
        }
        site.get("/lists/compare").await.is(200).says("Two to six lists");
        site.get("/lists/compare?list=one").await.is(422).says("Choose at least two");
        site.get("/lists/compare?list=one&list=one").await.is(422).says("Choose at least two");
        let page = site.get("/lists/compare?list=one&list=two&list=three").await.is(200);
        let page =
            page.says("Together they name 18 domains").says("only in one").says("in all of them");
        let page = page.says("in two, three and no other").says("5 (50 %)").says("2 (20 %)");
        assert_eq!(page.text.matches("<circle").count(), 3 * 5, "a row for each that there is");
        // In all three: host8 and host9, and no others.
        let shown = site.get("/lists/compare?list=one&list=two&list=three&show=7").await.is(200);
        let section = shown.text.split("id=\"shown\"").nth(1).unwrap();
        assert!(section.contains("2 domains in all of them"), "{section}");
        assert!(section.contains("host8.example") && section.contains("host9.example"));
        assert!(!section.contains("host7.example") && !section.contains("host10.example"));
        site.get("/lists/compare?list=one&list=two&show=99").await.is(200);
        let secret = machine.write("secret.csv", "secret.example\n");
        let file: String =
            url::form_urlencoded::byte_serialize(secret.display().to_string().as_bytes()).collect();
        site.get(&format!("/lists/compare?list=one&list={file}")).await.is(404);
        let page = site.get("/lists/compare?list=one&list=rapidblock").await.is(422);
        page.says("You do not follow rapidblock");
        let many: String =
            ["threads", "meta", "fedipact", "bluesky-bridges", "one", "two", "three"]
                .map(|name| format!("list={name}&"))
                .concat();
        site.get(&format!("/lists/compare?{many}")).await.is(422).says("six lists at most");
    });
}

#[test]
fn what_a_list_would_do_is_told_without_asking_anybody() {
    on_both(async |machine| {
        let (publisher, fake) = (Publisher::start(), Fake::start(Version::V4_6));
        publisher.publish("/fence.csv", list(0, 30));
        publisher.publish("/allow.csv", "domain,\nfriend.example,\nother.example,\n");
        fake.world().block_for_account("host3.example");
        fake.world().follows.push("friend@host4.example".to_owned());
        let alone = house(machine).await;
        alone.send("/lists", &[("list", &publisher.url("/fence.csv"))]).await.is(303);
        alone.get("/lists/fence/would").await.is(200).says("Nothing to try it on yet");
        let (site, number) = house_with(machine, &fake, "account").await;
        let page = site.get("/lists/fence/would").await.is(200).says("It is not known yet what");
        assert!(page.text.contains(&format!("action=\"/targets/{number}/read\"")));
        read_target(machine).await;
        fake.forget_requests();
        publisher.asked();
        let page = site.get("/lists/fence/would").await.is(200);
        let page = page.says("it would block 29 domains").says("<dt>there already</dt><dd>1</dd>");
        let page = page.says("nobody was asked").says("reason 4").says("and 4 more");
        assert!(page.text.contains(&format!("action=\"/targets/{number}/lists/subscribe\"")));
        assert!(page.text.contains(&format!("action=\"/targets/{number}/plan\"")));
        assert!(page.text.contains("name=\"list\" value=\"fence\""));
        assert_eq!(fake.requests().len(), 0, "the server was asked");
        assert_eq!(publisher.asked(), [], "the publisher was asked");
        assert_eq!(fake.world().account_domains(), ["host3.example"]);
        // A bundled list, an exception, a list that blocks nothing.
        site.get(&format!("/lists/threads/would?target={number}"))
            .await
            .is(200)
            .says("it would block 1 domain");
        machine.run(&["exceptions", "add", "host7.example"]).exits(0);
        site.get("/lists/fence/would").await.is(200).says("it would block 28 domains");
        site.send("/lists", &[("list", &publisher.url("/allow.csv"))]).await.is(303);
        site.get("/lists/allow/would").await.is(200).says("It would block nothing");
        for target in ["999999", "-1", "x", "%00", "99999999999999999999"] {
            site.get(&format!("/lists/fence/would?target={target}")).await.is(404);
        }
    });
}

#[test]
fn a_list_is_let_go_only_when_nothing_is_kept_in_step_with_it() {
    on_both(async |machine| {
        let (publisher, fake) = (Publisher::start(), Fake::start(Version::V4_6));
        publisher.publish("/fence.csv", list(0, 3));
        let (site, number) = house_with(machine, &fake, "account").await;
        site.send("/lists", &[("list", &publisher.url("/fence.csv"))]).await.is(303);
        let name = app(machine).store().await.unwrap().targets().await.unwrap().remove(0).name;
        machine.run(&["subscribe", &name, "fence", "--mode", "auto"]).exits(0);
        machine.run(&["sync", &name]).exits(0);
        assert_eq!(fake.world().account_domains().len(), 3);
        let page = site.get("/lists/fence/stop").await.is(200);
        let page = page.says("3 blocks stand for it, 3 of them for it alone");
        assert!(page.text.contains(&format!("/targets/{number}/lists")), "{}", page.text);
        assert!(!page.text.contains("<button>Stop following"), "{}", page.text);
        let target = ("target", &*number);
        site.send("/lists/fence/stop", &[target]).await.is(422).says("what becomes of");
        site.send("/lists/fence/stop", &[("keep", "no")]).await.is(409);
        site.send("/lists/fence/stop", &[("target", "999"), ("keep", "no")]).await.is(409);
        site.send("/lists/fence/stop", &[]).await.is(409).says("Nothing was changed");
        site.get("/lists").await.is(200).says(&name);
        let stopped = site.send("/lists/fence/stop", &[target, ("keep", "no")]).await.is(303);
        assert_eq!(to(&stopped), "/lists");
        let plan = machine.run(&["plan", &name, "--json"]).json();
        let waits =
            plan["summary"]["remove"].as_u64().unwrap() + plan["summary"]["held"].as_u64().unwrap();
        assert_eq!(waits, 3, "what stood for it alone is offered to be lifted: {plan}");
        site.get("/lists/fence").await.is(404);
        site.send("/lists/fence/stop", &[]).await.is(404);
        assert_eq!(fake.world().account_domains().len(), 3, "blocks stay");
        machine.run(&["log"]).exits(0).says("list-left").says("unsubscribed");
        // A list that nothing is kept in step with.
        site.send("/lists", &[("list", &publisher.url("/fence.csv"))]).await.is(303);
        site.get("/lists/fence/stop").await.is(200).says("Nothing is blocked or lifted");
        assert_eq!(to(&site.send("/lists/fence/stop", &[]).await.is(303)), "/lists");
        site.get("/lists/fence").await.is(404);
    });
}

#[test]
fn settings_are_kept_and_nonsense_is_not() {
    on_both(async |machine| {
        let publisher = Publisher::start();
        publisher.publish("/fence.csv", list(0, 100));
        publisher.publish("/moved.csv", list(0, 60));
        let site = house(machine).await;
        site.send("/lists", &[("list", &publisher.url("/fence.csv"))]).await.is(303);
        let all = |removed: &'static str, address: &str| {
            [
                ("removed_percent", removed),
                ("removed_rows", "1000"),
                ("added_percent", "50"),
                ("added_rows", "500"),
                ("regraded_percent", "20"),
                ("format", ""),
            ]
            .into_iter()
            .map(|(name, value)| (name, value.to_owned()))
            .chain([("address", address.to_owned())])
            .collect::<Vec<_>>()
        };
        let send = async |fields: Vec<(&'static str, String)>| {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
            site.send("/lists/fence/settings", &fields).await
        };
        let secret = machine.write("secret.csv", "secret.example\n");
        for (removed, address, says) in [
            ("many", "", "A limit is a whole number"),
            ("-1", "https://lists.example/new.csv", "A limit is a whole number"),
            ("99999999999999999999", "", "A limit is a whole number"),
            ("50", "nonsense", "That is no address."),
            ("50", &*secret.display().to_string(), "That is no address."),
            ("50", "https://me:pw@lists.example/x.csv", "a password in it"),
        ] {
            let page = send(all(removed, address)).await.is(422).warns(says);
            let page = page.keeps("removed_percent", removed).keeps("removed_rows", "1000");
            let page = page.keeps("regraded_percent", "20").keeps("address", address);
            let page = page.says("more than 20 % of its domains or 100 of them go");
            assert!(page.text.contains("<details open>"), "{}", page.text);
        }
        let mut other = all("\"><b>", "");
        other[5].1 = "plain-text".to_owned();
        let page = send(other).await.is(422).keeps("format", "plain-text");
        page.keeps("removed_percent", "&#34;&#62;&#60;b&#62;");
        send(all("50", &publisher.url("/moved.csv"))).await.is(303);
        site.get("/lists/fence").await.is(200).says("more than 50 % of its domains or 1000");
        // 40 of 100 go, which the new limit lets pass.
        site.send("/lists/fence/update", &[]).await.is(303);
        assert_eq!(standings(machine, "fence"), ["good", "good"]);
        site.get("/lists/fence/entries").await.is(200).says("60 domains");
    });
}

#[test]
fn lists_belong_to_whoever_follows_them_and_the_house_decides_about_its_own() {
    on_both(async |machine| {
        let publisher = Publisher::start();
        let (first, second) = (Fake::start(Version::V4_6), Fake::start(Version::V4_3));
        publisher.publish("/house.csv", list(0, 30));
        publisher.publish("/own.csv", list(100, 4));
        machine.write("file.csv", list(200, 2));
        machine.run(&["lists", "add", &publisher.url("/house.csv")]).exits(0);
        machine.run(&["lists", "add", "file.csv", "--name", "filed"]).exits(0);
        let site = Site::shared(machine);
        let (one, _) = site.connected(&first).await;
        let (two, _) = site.connected(&second).await;
        one.send("/lists", &[("list", &publisher.url("/own.csv"))]).await.is(303);
        one.get("/lists/own/entries").await.is(200).says("host100.example");
        // Nobody else has it, and nobody who is not signed in has any.
        let paths = ["", "/entries", "/versions", "/diff", "/would", "/stop"];
        let deeds = ["/update", "/decide", "/settings", "/stop"];
        let fields = [
            ("version", "1"),
            ("word", "accept"),
            ("removed_percent", "1"),
            ("removed_rows", "1"),
            ("added_percent", "1"),
            ("added_rows", "1"),
            ("regraded_percent", "1"),
        ];
        for path in paths {
            two.get(&format!("/lists/own{path}")).await.is(404);
            site.get(&format!("/lists/own{path}")).await.is(303);
        }
        for deed in deeds {
            two.send(&format!("/lists/own{deed}"), &fields).await.is(404);
            site.send(&format!("/lists/own{deed}"), &fields).await.is(401);
        }
        two.get("/lists/compare?list=own&list=house").await.is(404);
        assert!(!two.get("/lists").await.is(200).text.contains("own.csv"));
        site.send("/lists", &[("list", &publisher.url("/own.csv"))]).await.is(401);
        // What the house follows everybody can use, and nobody else can touch.
        let page =
            two.get("/lists/house").await.is(200).says("Whoever runs this server follows it");
        assert!(!page.text.contains("/lists/house/update") && !page.text.contains("/stop"));
        for deed in deeds {
            let page = two.send(&format!("/lists/house{deed}"), &fields).await.is(422);
            page.says("who alone decides about it");
        }
        two.get("/lists/house/stop").await.is(422);
        let page = two.get("/lists/filed").await.is(200).says("a file of whoever runs this server");
        assert!(!page.text.contains(&machine.path("").display().to_string()), "{}", page.text);
        machine.run(&["lists", "history", "house"]).exits(0);
        let all = two.get("/lists").await.is(200).says("followed for everybody here");
        assert!(!all.text.contains(&machine.path("").display().to_string()), "{}", all.text);
    });
}

#[tokio::test]
async fn a_long_list_full_of_traps_is_shown_a_page_at_a_time() {
    let (machine, publisher) = (Machine::new(), Publisher::start());
    let mut text = list(0, 50_000);
    text += "trap.example,suspend,\"<script>alert(1)</script> \u{202e}gpj\u{1b}[2J\"\n";
    text += "\"<img src=x onerror=alert(2)>\",suspend,\"x\"\n";
    publisher.publish("/long.csv", &text);
    let site = house(&machine).await;
    site.send("/lists", &[("list", &publisher.url("/long.csv"))]).await.is(303);
    let last = site.get("/lists/long/entries?page=99999999").await.is(200);
    last.says("Rows 50001 to 50001 of 50001");
    for page in 2..22 {
        site.get(&format!("/lists/long/entries?page={page}")).await.is(200).says("Rows");
    }
    let found = site.get("/lists/long/entries?q=TRAP").await.is(200).says("1 found");
    assert_eq!(found.text.matches("<script").count(), 1);
    assert!(!found.text.contains("<img"), "{}", found.text);
    for hidden in ['\u{202e}', '\u{1b}'] {
        assert!(!found.text.contains(hidden));
    }
    let odd = "/lists/long/entries?q=%22%3E%3Cscript%3E%00%E2%80%AE&page=-1";
    assert!(site.get(odd).await.status.is_client_error());
    let odd = "/lists/long/entries?q=%22%3E%3Cscript%3E%00%E2%80%AE";
    let odd = site.get(odd).await.is(200).says("Nothing on this list has");
    assert_eq!(odd.text.matches("<script").count(), 1);
}

#[tokio::test]
async fn a_slow_publisher_is_not_asked_for_ever() {
    let (machine, publisher) = (Machine::new(), Publisher::start());
    publisher.publish("/x.csv", list(0, 3));
    let site = house(&machine).await;
    // What is asked for slowly is not too much: more of it is allowed all the time.
    let mut asked = 0;
    while site.send("/lists", &[("list", "nonsense")]).await.status == 422 {
        asked += 1;
        assert!(asked < 500, "there is no end to it");
    }
    assert!(asked >= 30, "{asked}");
    site.send("/lists", &[("list", &publisher.url("/x.csv"))]).await.is(429).says("Try again in");
    assert_eq!(publisher.asked(), []);
}
