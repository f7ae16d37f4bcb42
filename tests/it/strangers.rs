//! What a stranger, or one among many, can do to everybody else: use up what there is, or learn
//! what is not theirs.

use axum::http::Request;
use chrono::DateTime;
use hedgerow::app::App;
use hedgerow::block::hex;
use hedgerow::domain::Domain;
use hedgerow::fetch::Reach;
use hedgerow::gather::Gathered;
use hedgerow::policy::Terms;
use hedgerow::source::SourceError;
use hedgerow::store::{NewList, NewSnapshot, Standing, Store, Visit};
use hedgerow::unmask::mask;
use hedgerow::web::Settings;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::command::Machine;
use crate::fake::{Fake, Version};
use crate::publisher::Publisher;
use crate::web::{Sent, Site, on_both};
use crate::web_lists::{app, house};

fn upload() -> Sent {
    Sent::default().file("mine.csv", "mine.example\n")
}

#[tokio::test]
async fn a_form_with_more_fields_than_a_page_has_is_refused() {
    let machine = Machine::new();
    let site = Site::over(&machine);
    let many = |name: &str, number: usize| {
        (0..number).fold(upload().with("list", "threads"), |sent, n| {
            sent.with(name, &format!("x{n}.example"))
        })
    };
    for (name, number) in [("list", 1000), ("accept", 20_000), ("lower", 20_000), ("x", 20_000)] {
        let page = site.post("/look", many(name, number)).await.is(413);
        page.says("more than the page sends").says("Nothing was done");
    }
    for name in ["accept", "except", "lower"] {
        let page = site.post("/look", many(name, 10_000).with("mode", "overwrite")).await;
        page.is(200).says("threads.net");
    }
}

/// A list in which one name is hidden behind its mask, with the digest beside it.
fn hiding(name: &str) -> String {
    let digest = hex(&Sha256::digest(name));
    json!([
        { "domain": mask(name), "digest": digest, "severity": "suspend", "comment": "" },
        { "domain": "plain.example", "severity": "suspend", "comment": "" },
    ])
    .to_string()
}

#[test]
fn a_visitor_learns_nothing_that_only_the_house_knows() {
    on_both(async |machine| {
        machine
            .write("fence.csv", "domain,severity\nfriend.example,suspend\nbad.example,suspend\n");
        machine.write("hiding.json", hiding("secret-name.example"));
        for list in ["fence.csv", "hiding.json"] {
            let name = list.split('.').next().unwrap();
            machine.run(&["lists", "add", list, "--name", name]).exits(0);
        }
        let reason = ["exceptions", "add", "friend.example", "--reason", "my cousin's server"];
        machine.run(&reason).exits(0);
        // A target of the house blocks it, and no list names it.
        let blocked = Domain::from_stored("secret-name.example").unwrap();
        app(machine).store().await.unwrap().see_blocked([&blocked]).await.unwrap();
        let sent = || upload().with("list", "fence").with("list", "hiding");

        let page = Site::shared(machine).post("/look", sent()).await.is(200);
        let page = page.says("bad.example").says("plain.example").says("Block 3 domains");
        for secret in ["cousin", "secret-name", "exception"] {
            assert!(!page.text.contains(secret), "{secret} is in {}", page.text);
        }
        // On one's own machine whoever visits is oneself.
        let page = Site::over(machine).post("/look", sent()).await.is(200);
        page.says("secret-name.example").says("your exception").says("Block 3 domains");
    });
}

#[test]
fn where_the_houses_lists_lie_nobody_else_is_told() {
    on_both(async |machine| {
        let file = machine.write("private-folder.csv", "bad.example\n");
        machine.run(&["lists", "add", "private-folder.csv", "--name", "fence"]).exits(0);
        std::fs::remove_file(&file).unwrap();
        machine.run(&["lists", "update", "fence"]);
        let names = ["fence".to_owned()];
        let notices = async |app: &App| {
            Gathered::read(app, &names, Vec::new(), true).await.unwrap().notices.join(" ")
        };
        let house = app(machine);
        let told = notices(&house).await;
        assert!(told.contains("private-folder"), "{told}");
        let told = notices(&house.of(7, "ann@home.example")).await;
        assert!(told.starts_with("fence could not be fetched. The copy that was read"), "{told}");

        let page = Site::shared(machine).post("/look", upload().with("list", "fence")).await;
        let page = page.is(200).says("fence could not be fetched. The copy");
        assert!(!page.text.contains("private-folder"), "{}", page.text);
        let fake = Fake::start(Version::V4_6);
        let (inside, _) = Site::shared(machine).connected(&fake).await;
        for path in ["/lists", "/lists/fence"] {
            let page = inside.get(path).await.is(200).says("could not be read, 1 time in a row");
            assert!(!page.text.contains("private-folder"), "{}", page.text);
        }
    });
}

fn visit() -> Visit {
    Visit { at: DateTime::UNIX_EPOCH, etag: None, last_modified: None, cursor: None }
}

async fn keep(store: &Store, name: &str, bytes: &[u8]) {
    let first = NewSnapshot {
        bytes,
        fetched_at: DateTime::UNIX_EPOCH,
        standing: Standing::Good,
        why: "[]".to_owned(),
        format: None,
        entries: 1,
        rejected: 0,
    };
    let list = NewList {
        name: name.to_owned(),
        source: format!("https://lists.example/{name}"),
        settings: "{}".to_owned(),
    };
    store.add_list(&list, &visit(), &first).await.unwrap();
}

#[test]
fn a_persons_list_is_only_so_large() {
    on_both(async |machine| {
        let publisher = Publisher::start();
        let row = "long-enough-a-name.example\n";
        publisher.publish("/large.txt", row.repeat((8 << 20) / row.len() + 1));
        let address = publisher.url("/large.txt");
        let fake = Fake::start(Version::V4_6);
        let (inside, _) = Site::shared(machine).connected(&fake).await;
        let follow = [("list", &*address), ("name", "large")];
        inside.send("/lists", &follow).await.is(422).says("larger than 8 MiB");
        house(machine).await.send("/lists", &follow).await.is(303);
    });
}

#[test]
fn a_persons_lists_are_only_so_large_together() {
    on_both(async |machine| {
        let app = app(machine).of(7, "ann@home.example");
        let store = app.store().await.unwrap();
        let text = format!("bad.example\n{}", format!("#{}\n", "x".repeat(1022)).repeat(7 << 10));
        let names: Vec<String> = (0..10).map(|n| format!("list{n}")).collect();
        for name in &names {
            keep(&store, name, text.as_bytes()).await;
        }
        let read = async |names: &[String]| Gathered::read(&app, names, Vec::new(), true).await;
        assert!(read(&names[..9]).await.is_ok());
        let error = read(&names).await.err().unwrap();
        assert!(matches!(error.downcast_ref(), Some(SourceError::TooMuch)), "{error:#}");
    });
}

#[tokio::test]
async fn what_waits_for_an_approval_is_in_a_cookie_of_this_very_host() {
    let machine = Machine::new();
    let fake = Fake::start(Version::V4_6);
    let public = Some("https://blocks.example".parse().unwrap());
    let app = App::new(Some(machine.data_dir()), None, None, Reach::Anywhere).unwrap();
    let site = Site::of(app, Settings { public, ..Settings::default() });
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("server", &fake.url())
        .finish();
    let asked = Request::post("/sign-in")
        .header("host", "blocks.example")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded");
    let answer = site.ask(asked, body.into_bytes()).await.is(303);
    let set = answer.headers["set-cookie"].to_str().unwrap();
    assert!(set.starts_with("__Host-hedgerow-back="), "{set}");
    assert!(set.contains("Secure") && set.contains("Path=/") && !set.contains("Domain"), "{set}");
    let page = async |site: &Site| {
        site.ask(Request::get("/approve").header("host", "blocks.example"), Vec::new()).await
    };
    page(&site.after(&answer)).await.is(200);
    // One that another site of the same domain could have set is not taken.
    let value = site.after(&answer).cookies()["__Host-hedgerow-back"].clone();
    let asked = Request::get("/approve").header("host", "blocks.example");
    let planted = asked.header("cookie", format!("hedgerow-back={value}"));
    site.ask(planted, Vec::new()).await.is(410);
    page(&site).await.is(410);
}

#[test]
fn a_list_that_other_people_follow_is_not_let_go_unawares() {
    on_both(async |machine| {
        machine.write("fence.csv", "bad.example\n");
        machine.run(&["lists", "add", "fence.csv", "--name", "fence"]).exits(0);
        let house_app = app(machine);
        let store = house_app.store().await.unwrap();
        let now = house_app.clock.now();
        for (owner, target) in [(7, "ann@home.example"), (7, "home.example"), (8, "bob@b.example")]
        {
            let theirs = store.of(owner);
            theirs.save_subscription(target, "fence", &Terms::default(), now).await.unwrap();
        }
        // Whoever has their own list of that name does not mind.
        let carl = store.of(9);
        keep(&carl, "fence", b"bad.example\n").await;
        carl.save_subscription("carl@c.example", "fence", &Terms::default(), now).await.unwrap();

        let said = machine.run(&["lists", "remove", "fence"]).exits(1);
        let said = said.says("2 other users of this Hedgerow follow fence").says("3 targets");
        said.says("Nothing was done").says("hedgerow lists remove fence --anyway");
        let site = house(machine).await;
        let page = site.get("/lists/fence/stop").await.is(200);
        let page = page.says("2 other users of this server follow it, with 3 targets");
        assert!(page.text.contains("name=\"others\" value=\"3\""), "{}", page.text);
        // A page that told of fewer does not count.
        for known in ["", "2"] {
            let sent = [("others", known)];
            let sent = if known.is_empty() { &[][..] } else { &sent[..] };
            let refused = site.send("/lists/fence/stop", sent).await.is(409);
            refused
                .says("Other people follow fence here, with 3 targets")
                .says("Nothing was changed");
        }
        assert!(store.list("fence").await.unwrap().is_some());
        site.send("/lists/fence/stop", &[("others", "3")]).await.is(303);
        assert!(store.list("fence").await.unwrap().is_none());
        // A person's own list is nobody else's business.
        assert!(carl.list("fence").await.unwrap().is_some());

        machine.run(&["lists", "add", "fence.csv", "--name", "fence"]).exits(0);
        machine.run(&["lists", "remove", "fence", "--anyway"]).exits(0).says("no longer follow");
    });
}
