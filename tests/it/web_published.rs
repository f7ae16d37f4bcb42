//! What is published: to whom, how much of it, and that nobody gets anything else.

use axum::http::Request;
use hedgerow::block::{Severity, hex};
use hedgerow::list::read;
use hedgerow::unmask::mask;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::command::Machine;
use crate::fake::{AdminBlock, Fake, Version};
use crate::web::{Page, Site, on_both};
use crate::web_api::Program;

/// The form as a page would send it back, with these answers.
fn form<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("title", "Our blocks"),
        ("agree", "1"),
        ("choice", "strictest"),
        ("obfuscate", "marked"),
        ("least", "silence"),
        ("comments", "yes"),
        ("visibility", "private"),
    ];
    fields.retain(|(name, _)| !more.iter().any(|(other, _)| name == other));
    fields.extend(more);
    fields
}

/// The path of the newest address on the page of publications.
async fn address(inside: &Site) -> String {
    let page = inside.get("/published").await.is(200);
    let address = page.text.split("class=\"address\">").nth(1).unwrap();
    let address = address.split('<').next().unwrap();
    address.trim_start_matches("http://127.0.0.1:8787").to_owned()
}

async fn with(site: &Site, path: &str, headers: &[(&str, &str)]) -> Page {
    let mut request = Request::get(path).header("host", "127.0.0.1:8787");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    site.ask(request, Vec::new()).await
}

#[test]
fn an_accounts_blocks_are_private_and_can_be_subscribed_to() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        fake.world().block_for_account("bad.example");
        let (inside, target) = Site::shared(machine).connected(&fake).await;
        let id = target.rsplit('/').next().unwrap().to_owned();
        inside.get("/published").await.is(200).says("Nothing of yours is published");
        inside.get("/published/new").await.is(200).says("a private matter");
        inside.send("/published", &form(&[("from", &id)])).await.is(303);
        let bot = Program::of(&inside, "bot", true).await;
        let number = id.parse().unwrap();
        let path = address(&inside).await;
        assert!(path.len() > "/p/".len() + 40, "{path}");
        let stranger = inside.without_cookies();
        if bot.get(&format!("/api/v1/targets/{id}/blocks")).await.status == 409 {
            stranger.get(&format!("{path}/domains.txt")).await.is(503).says("Keep what you have");
        }
        bot.post(&format!("/api/v1/targets/{id}/read"), json!({})).await.is(202);
        bot.job(number).await;

        let text = stranger.get(&format!("{path}/domains.txt")).await.is(200);
        assert_eq!(text.text, "bad.example\n");
        let header = |name: &str| text.headers[name].to_str().unwrap();
        assert_eq!(header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(header("access-control-allow-origin"), "*");
        assert_eq!(header("cross-origin-resource-policy"), "cross-origin");
        assert_eq!(header("cache-control"), "private, no-cache");
        assert_eq!(header("x-robots-tag"), "noindex, nofollow");
        let tag = header("etag").to_owned();
        assert!(tag.starts_with('"') && tag.len() == 66, "{tag}");

        // Who has it gets no second copy, until it changes.
        let again =
            with(&stranger, &format!("{path}/domains.txt"), &[("if-none-match", &tag)]).await;
        let again = again.is(304);
        assert!(again.text.is_empty());
        assert_eq!(again.headers["etag"], tag.as_str());
        assert_eq!(again.headers["cache-control"], "private, no-cache");
        let dated = [("if-modified-since", header("last-modified"))];
        with(&stranger, &format!("{path}/domains.txt"), &dated).await.is(304);
        fake.world().block_for_account("worse.example");
        bot.post(&format!("/api/v1/targets/{id}/read"), json!({})).await.is(202);
        bot.job(number).await;
        let new = with(&stranger, &format!("{path}/domains.txt"), &[("if-none-match", &tag)]).await;
        assert_eq!(new.is(200).text, "bad.example\nworse.example\n");

        // Nobody is told whose it is.
        for rest in ["", "/mastodon.csv", "/domain_blocks.json", "/api/v1/instance/domain_blocks"] {
            let page = stranger.get(&format!("{path}{rest}")).await.is(200);
            for name in ["home.example", "me@", "Our account"] {
                assert!(!page.text.contains(name), "{name} is in {rest}: {}", page.text);
            }
        }
        stranger.get(&format!("{path}x")).await.is(404);
        stranger.get(&format!("{path}/other.csv")).await.is(404);

        // Everybody may read it only once its owner has thought about it.
        let edit = inside.get("/published").await.is(200);
        let edit = edit.text.split("href=\"/published/").nth(2).unwrap();
        let edit = format!("/published/{}", edit.split('"').next().unwrap());
        let page = inside.get(&edit).await.is(200).says("Change a publication");
        page.says("As it was last read: 2 blocks.").says("As it is now, it has 2 domains.");
        inside.get("/published").await.is(200).says("\u{201d}, 2 domains, for good");
        let public = form(&[("from", &id), ("visibility", "public"), ("slug", "our-blocks")]);
        inside.send(&edit, &public).await.is(422).says("a private matter");
        let sure = [&public[..], &[("sure", "yes")]].concat();
        inside.send(&edit, &sure).await.is(303);
        stranger.get(&path).await.is(404);
        let open = stranger.get("/p/our-blocks/domains.txt").await.is(200);
        assert_eq!(open.headers["cache-control"], "public, no-cache");
        assert!(!open.headers.contains_key("x-robots-tag"));

        // Private again: another address, and the public one is gone.
        inside.send(&edit, &form(&[("from", &id)])).await.is(303);
        stranger.get("/p/our-blocks/domains.txt").await.is(404);
        let hidden = address(&inside).await;
        assert_ne!(hidden, path);
        stranger.get(&format!("{hidden}/domains.txt")).await.is(200);
        inside.send(&format!("{edit}/end"), &[]).await.is(303);
        stranger.get(&format!("{hidden}/domains.txt")).await.is(410).says("has ended");
        inside.send(&format!("{edit}/end"), &[]).await.is(303);
        let log = bot.get("/api/v1/events").await.is(200);
        let kinds: Vec<&str> =
            log["items"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
        for kind in ["published", "republished", "unpublished", "token-made"] {
            assert!(kinds.contains(&kind), "{kind} is not in {kinds:?}");
        }
        assert!(!log.to_string().contains(&hidden["/p/".len()..]), "the log is no place for it");
    });
}

#[test]
fn a_servers_blocks_show_what_their_owner_chose() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        let comments = |severity: &str, name: &str| AdminBlock {
            public_comment: "spam, \"a lot\"".to_owned(),
            private_comment: "reported by a victim".to_owned(),
            ..AdminBlock::new(name, severity)
        };
        fake.world().block_for_all(comments("suspend", "harsh.example"));
        fake.world().block_for_all(comments("silence", "loud.example"));
        fake.world().block_for_all(comments("noop", "note.example"));
        let shy = AdminBlock { obfuscate: true, ..comments("suspend", "hidden-name.example") };
        fake.world().block_for_all(shy);
        let token = fake.admin_token();
        machine.login(&fake.url(), &token, &["--admin"]).exits(0);
        let inside = Site::over(machine).entered().await;
        let bot = Program::of(&inside, "bot", true).await;
        let id = bot.get("/api/v1/targets").await.is(200)["items"][0]["id"].as_i64().unwrap();
        bot.post(&format!("/api/v1/targets/{id}/read"), json!({})).await.is(202);
        assert_eq!(bot.job(id).await["state"], "done");
        let new = |options: Value| {
            json!({
                "title": "Blocks", "source": { "what": "target", "target": id },
                "options": options, "visibility": "public", "slug": "home-blocks",
            })
        };
        let made = bot.post("/api/v1/publications", new(json!({}))).await.is(201);
        assert_eq!(made["address"], "http://127.0.0.1:8787/p/home-blocks");
        let at = format!("/api/v1/publications/{}", made["id"]);
        let stranger = inside.without_cookies();
        let file =
            async |name: &str| stranger.get(&format!("/p/home-blocks/{name}")).await.is(200).text;

        let csv = file("mastodon.csv").await;
        assert_eq!(
            csv,
            "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\n\
             harsh.example,suspend,false,false,\"spam, \"\"a lot\"\"\",false\n\
             loud.example,silence,false,false,\"spam, \"\"a lot\"\"\",false\n"
        );
        assert_eq!(file("domains.txt").await, "harsh.example\n");
        let blocks: Value = serde_json::from_str(&file("domain_blocks.json").await).unwrap();
        assert_eq!(blocks[0]["domain"], "loud.example", "what is limited comes first");
        assert_eq!(blocks.as_array().unwrap().len(), 3);
        assert!(blocks.to_string().contains("hidde******.***mple"));
        assert_eq!(file("api/v1/instance/domain_blocks").await, file("domain_blocks.json").await);
        for rest in ["mastodon.csv", "domains.txt", "domain_blocks.json"] {
            let text = file(rest).await;
            for secret in ["victim", "hidden-name", "note.example"] {
                assert!(!text.contains(secret), "{secret} is in {rest}");
            }
        }

        // Private comments only for those who say that they are sure.
        let private =
            json!({ "private_comments": true, "obfuscate": "none", "min_severity": "noop" });
        bot.ask("PUT", &at, Some(new(private.clone()))).await.wrong(422, "moderators");
        let mut sure = new(private);
        sure["sure"] = json!(true);
        bot.ask("PUT", &at, Some(sure)).await.is(200);
        let csv = file("mastodon.csv").await;
        assert!(
            csv.contains("reported by a victim") && csv.contains("hidden-name.example,suspend")
        );
        assert!(csv.contains("note.example,noop"));

        // Hedgerow itself can follow it, over the wire and as a file.
        let copy = machine.write("copy.csv", &csv);
        let checked = machine.run(&["check", copy.to_str().unwrap(), "--json"]).exits(0).json();
        assert_eq!(checked["format"], "mastodon-admin-csv");
        assert_eq!(checked["counts"]["taken"], 4);
        let document = read(csv.as_bytes()).unwrap();
        assert_eq!(document.entries[0].severity, Some(Severity::Suspend));

        // The name of another account is nobody's to publish.
        machine.run(&["logout", "home.example"]).exits(0);
        stranger.get("/p/home-blocks/mastodon.csv").await.is(503);
        let other = Fake::start(Version::V4_6);
        other.world().block_for_all(AdminBlock::new("theirs.example", "suspend"));
        let token = other.admin_token();
        machine.login(&other.url(), &token, &["--admin", "--name", "home.example"]).exits(0);
        let id = bot.get("/api/v1/targets").await.is(200)["items"][0]["id"].as_i64().unwrap();
        bot.post(&format!("/api/v1/targets/{id}/read"), json!({})).await.is(202);
        bot.job(id).await;
        stranger.get("/p/home-blocks/mastodon.csv").await.is(503);
    });
}

#[test]
fn lists_are_published_together() {
    on_both(async |machine| {
        machine.write("one.csv", "domain,severity\na.example,suspend\nb.example,silence\n");
        machine.write("two.csv", "domain,severity\na.example,silence\nc.example,suspend\n");
        for name in ["one", "two"] {
            machine.run(&["lists", "add", &format!("{name}.csv"), "--name", name]).exits(0);
        }
        let inside = Site::over(machine).entered().await;
        let both = [("from", "lists"), ("list", "one"), ("list", "two"), ("agree", "2")];
        inside.send("/published", &form(&both)).await.is(303);
        let (stranger, path) = (inside.without_cookies(), address(&inside).await);
        let csv = stranger.get(&format!("{path}/mastodon.csv")).await.is(200).text;
        assert_eq!(csv.lines().collect::<Vec<_>>()[1..], ["a.example,suspend,,,,"]);
        machine.write("two.csv", "domain,severity\na.example,silence\nb.example,suspend\n");
        machine.run(&["lists", "update", "two"]).exits(0);
        let csv = stranger.get(&format!("{path}/mastodon.csv")).await.is(200).text;
        let rows = ["a.example,suspend,,,,", "b.example,suspend,,,,"];
        assert_eq!(csv.lines().collect::<Vec<_>>()[1..], rows);
        for (more, says) in [
            (&[("from", "lists")][..], "at least one list"),
            (&[("from", "lists"), ("list", "one"), ("agree", "2")], "never agree"),
            (&[("from", "lists"), ("list", "one"), ("agree", "x")], "number from 1"),
            (&[("from", "lists"), ("list", "/etc/passwd")], "no list"),
            (&[("from", "77")], "what is to be published"),
            (&[("from", "lists"), ("list", "one"), ("title", " ")], "title"),
            (&[("from", "lists"), ("list", "one"), ("obfuscate", "x")], "no choice"),
            (
                &[("from", "lists"), ("list", "one"), ("visibility", "public"), ("slug", "A b")],
                "small letters",
            ),
        ] {
            let page = inside.send("/published", &form(more)).await.is(422).says(says);
            assert!(page.text.contains("role=\"alert\""));
        }
    });
}

#[test]
fn a_name_that_every_list_hides_stays_hidden() {
    on_both(async |machine| {
        let digest = |name: &str| hex(&Sha256::digest(name));
        let row = |name: &str| json!({ "domain": mask(name), "digest": digest(name), "severity": "suspend" });
        let hiding = json!([row("first-secret.example"), row("told-elsewhere.example")]);
        machine.write("hiding.json", hiding.to_string());
        machine.write("open.csv", "domain,severity\ntold-elsewhere.example,suspend\n");
        machine.write("known.csv", "first-secret.example\n");
        // What the dictionary has of it is enough to recognise the name.
        for name in ["known.csv", "hiding.json", "open.csv"] {
            let short = name.split('.').next().unwrap();
            machine.run(&["lists", "add", name, "--name", short]).exits(0);
        }
        let inside = Site::over(machine).entered().await;
        let both = [("from", "lists"), ("list", "hiding"), ("list", "open")];
        inside.send("/published", &form(&both)).await.is(303);
        let (stranger, path) = (inside.without_cookies(), address(&inside).await);
        let file = async |name: &str| stranger.get(&format!("{path}/{name}")).await.is(200).text;
        for name in ["mastodon.csv", "domains.txt", "domain_blocks.json"] {
            let text = file(name).await;
            assert!(!text.contains("first-secret"), "{name}: {text}");
            assert!(text.contains("told-elsewhere.example"), "{name}: {text}");
        }
        let json = file("domain_blocks.json").await;
        assert!(json.contains(&mask("first-secret.example")), "{json}");
        assert!(json.contains(&digest("first-secret.example")), "{json}");
    });
}

#[test]
fn what_is_somebodys_is_nobody_elses_to_change() {
    on_both(async |machine| {
        let (one, other) = (Fake::start(Version::V4_6), Fake::start(Version::V4_3));
        let site = Site::shared(machine);
        let (first, _) = site.connected(&one).await;
        let (second, target) = site.connected(&other).await;
        let public = [("from", "lists"), ("list", "threads"), ("visibility", "public")];
        let taken = form(&[&public[..], &[("slug", "no-threads")]].concat());
        first.send("/published", &taken).await.is(303);
        let bot = Program::of(&first, "bot", true).await;
        let id = bot.get("/api/v1/publications").await.is(200)["items"][0]["id"].clone();
        let page = format!("/published/{id}");
        second.get(&page).await.is(404);
        second.send(&page, &form(&public)).await.is(404);
        second.send(&format!("{page}/end"), &[]).await.is(404);
        second.get("/published").await.is(200).says("Nothing of yours");
        let stranger = Program::of(&second, "stranger", true).await;
        stranger.get(&format!("/api/v1/publications/{id}")).await.wrong(404, "no such");
        stranger
            .ask("DELETE", &format!("/api/v1/publications/{id}"), None)
            .await
            .wrong(404, "no such");
        second.send("/published", &taken).await.is(422).says("is taken");
        // Nor can somebody publish what another has connected.
        let theirs = target.rsplit('/').next().unwrap();
        first.send("/published", &form(&[("from", theirs)])).await.is(422);
        // An address that was given up is nobody's, not even later.
        bot.ask("DELETE", &format!("/api/v1/publications/{id}"), None).await.is(204);
        second.send("/published", &taken).await.is(422).says("is taken");
        let nobody = site.without_cookies();
        nobody.get("/p/no-threads").await.is(410).says("has ended");
        nobody.get("/published").await.is(303);
        nobody.send("/published", &taken).await.is(401);
    });
}

#[tokio::test]
async fn a_title_and_a_comment_stay_text() {
    let machine = Machine::new();
    machine.write(
        "odd.csv",
        "domain,severity,public_comment\nodd.example,suspend,\"<script>alert(1)</script>\u{202e}=1+1\"\n",
    );
    machine.run(&["lists", "add", "odd.csv", "--name", "odd"]).exits(0);
    let inside = Site::over(&machine).entered().await;
    let fields = [("from", "lists"), ("list", "odd"), ("title", "<script>\u{202e}x")];
    inside.send("/published", &form(&fields)).await.is(303);
    let path = address(&inside).await;
    let page = inside.without_cookies().get(&path).await.is(200);
    assert!(page.text.matches("<script").count() == 1 && !page.text.contains('\u{202e}'));
    let csv = inside.without_cookies().get(&format!("{path}/mastodon.csv")).await.is(200);
    assert!(!csv.text.contains('\u{202e}'), "{}", csv.text);
}

#[tokio::test]
async fn it_can_be_asked_for_only_so_often() {
    let machine = Machine::new();
    let inside = Site::over(&machine).entered().await;
    inside.send("/published", &form(&[("from", "lists"), ("list", "threads")])).await.is(303);
    let path = format!("{}/domains.txt", address(&inside).await);
    inside.get(&path).await.is(200);
    // What is asked for slowly is not too much: more of it is allowed all the time.
    for _ in 0..2000 {
        if inside.get(&path).await.status == 429 {
            return;
        }
    }
    panic!("there is no end to it");
}
