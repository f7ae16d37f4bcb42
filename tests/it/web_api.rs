//! The API: who may use it, what it does, and whether it is as its own document says.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::http::Request;
use hedgerow::app::App;
use hedgerow::fetch::Reach;
use hedgerow::web::{Server, Settings};
use serde_json::{Value, json};

use crate::command::Machine;
use crate::fake::{Fake, Version};
use crate::store::owners::{Seen, furnish, read};
use crate::web::{Page, Site, on_both};

/// A program with a token.
pub struct Program {
    site: Site,
    token: String,
}

/// An answer in JSON.
pub struct Told {
    pub status: u16,
    pub body: Value,
}

impl Program {
    /// One of whoever is signed in here.
    pub async fn of(inside: &Site, name: &str, write: bool) -> Program {
        let mut fields = vec![("name", name)];
        if write {
            fields.push(("write", "yes"));
        }
        let page = inside.send("/settings/tokens", &fields).await.is(200);
        let token = page.text.split("hr_").nth(1).unwrap();
        let token = format!("hr_{}", token.split(['<', '&']).next().unwrap());
        Program { site: inside.without_cookies(), token }
    }

    pub async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Told {
        let page = self.raw(method, path, body).await;
        let body = if page.text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&page.text)
                .unwrap_or_else(|e| panic!("{path}: {e}: {}", page.text))
        };
        Told { status: page.status.as_u16(), body }
    }

    pub async fn raw(&self, method: &str, path: &str, body: Option<Value>) -> Page {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "127.0.0.1:8787")
            .header("authorization", format!("Bearer {}", self.token));
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        self.site.ask(request, body).await
    }

    pub async fn get(&self, path: &str) -> Told {
        self.ask("GET", path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Told {
        self.ask("POST", path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Told {
        self.ask("PUT", path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Told {
        self.ask("DELETE", path, None).await
    }

    /// Has a plan made, and carried out as it is; the number of the run.
    pub async fn applied(&self, target: i64, wish: Value) -> i64 {
        let at = |rest: &str| format!("/api/v1/targets/{target}/proposal{rest}");
        self.post(&at(""), wish).await.is(202);
        assert_eq!(self.job(target).await["state"], "done");
        let plan = self.get(&at("")).await.is(200);
        let (checksum, summary) = (&plan["checksum"], &plan["summary"]);
        let agreed = json!({
            "checksum": checksum,
            "following": summary["following"],
            "followers": summary["followers"],
        });
        self.post(&at("/apply"), agreed).await.is(202);
        let job = self.job(target).await;
        job["run"].as_i64().unwrap_or_else(|| panic!("no run: {job}"))
    }

    /// Waits until the target's job has ended.
    pub async fn job(&self, target: i64) -> Value {
        loop {
            let job = self.get(&format!("/api/v1/targets/{target}/job")).await.is(200);
            if job["state"] != "running" {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Told {
    #[track_caller]
    pub fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// An error of the one shape.
    #[track_caller]
    pub fn wrong(self, status: u16, says: &str) {
        assert_eq!(self.status, status, "{}", self.body);
        let message = self.body["error"]["message"].as_str().unwrap();
        assert!(self.body["error"]["code"].is_string());
        assert!(message.contains(says), "{says:?} is not in {message:?}");
    }
}

pub fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("no number: {value}"))
}

#[test]
fn a_plan_is_made_looked_at_applied_and_taken_back() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        fake.world().block_for_account("own.example");
        let (inside, _) = Site::shared(machine).connected(&fake).await;
        let bot = Program::of(&inside, "bot", true).await;
        assert_eq!(bot.get("/api/v1/me").await.is(200)["scope"], "write");
        let targets = bot.get("/api/v1/targets").await.is(200);
        assert_eq!(
            (&targets["total"], &targets["items"][0]["level"]),
            (&json!(1), &json!("account"))
        );
        let id = number(&targets["items"][0]["id"]);
        let at = |rest: &str| format!("/api/v1/targets/{id}{rest}");
        bot.get(&at("/blocks")).await.wrong(409, "read it first");
        assert_eq!(bot.post(&at("/read"), json!({})).await.is(202)["work"], "read");
        assert_eq!(bot.job(id).await["state"], "done");
        let blocks = bot.get(&at("/blocks?search=OWN")).await.is(200);
        assert_eq!(blocks["items"][0]["domain"], "own.example");
        assert_eq!(blocks["items"][0]["owner"], "person");

        let wish = json!({ "what": "lists", "lists": ["threads"] });
        bot.get(&at("/proposal")).await.wrong(404, "make one");
        bot.post(&at("/proposal"), wish.clone()).await.is(202);
        let job = bot.job(id).await;
        let plan = bot.get(&at("/proposal")).await.is(200);
        assert_eq!(job["proposal"], plan["id"]);
        assert_eq!(plan["summary"]["add"], 1);
        let rows = bot.get(&at("/proposal/rows?group=add")).await.is(200);
        assert_eq!(
            (&rows["total"], &rows["items"][0]["domain"]),
            (&json!(1), &json!("threads.net"))
        );
        assert_eq!(rows["items"][0]["asked_by"][0]["list"], "threads");
        assert_eq!(fake.world().account_domains(), ["own.example"], "planning changes nothing");

        let wrong = json!({ "checksum": "0".repeat(64) });
        bot.post(&at("/proposal/apply"), wrong).await.wrong(409, "not the one");
        let agreed = json!({ "checksum": plan["checksum"] });
        bot.post(&at("/proposal/apply"), agreed.clone()).await.is(202);
        let again = bot.post(&at("/proposal/apply"), agreed).await;
        assert!(matches!(again.status, 404 | 409), "{}", again.body);
        let run = number(&bot.job(id).await["run"]);
        assert_eq!(fake.world().account_domains(), ["own.example", "threads.net"]);
        let told = bot.get(&format!("/api/v1/runs/{run}")).await.is(200);
        assert_eq!((&told["status"], &told["verified"]), (&json!("done"), &json!(true)));
        let steps = bot.get(&format!("/api/v1/runs/{run}/steps")).await.is(200);
        assert_eq!(steps["items"][0]["lists"], json!(["threads"]));
        assert_eq!(bot.get(&format!("/api/v1/runs?target={id}")).await.is(200)["total"], 1);

        let backups = bot.get(&format!("/api/v1/backups?target={id}")).await.is(200);
        let backup = number(&backups["items"][0]["id"]);
        let file = bot.get(&format!("/api/v1/backups/{backup}/file")).await.is(200);
        assert_eq!(file["state"]["blocks"][0]["name"], "own.example");
        let csv = bot.raw("GET", &format!("/api/v1/backups/{backup}/file?form=csv"), None).await;
        assert_eq!(csv.is(200).text.trim(), "own.example");

        bot.post(&format!("/api/v1/runs/{run}/undo"), json!({})).await.is(202);
        bot.job(id).await;
        let plan = bot.get(&at("/proposal")).await.is(200);
        assert_eq!((&plan["mode"], &plan["summary"]["remove"]), (&json!("undo"), &json!(1)));
        let agreed = json!({ "checksum": plan["checksum"] });
        bot.post(&at("/proposal/apply"), agreed).await.is(202);
        bot.job(id).await;
        assert_eq!(fake.world().account_domains(), ["own.example"]);
        bot.post(&format!("/api/v1/backups/{backup}/restore"), json!({})).await.is(202);
        bot.job(id).await;
        bot.ask("DELETE", &at("/proposal"), None).await.is(204);
        bot.get(&at("/proposal")).await.wrong(404, "no such");
        let events = bot.get("/api/v1/events?domain=threads.net&limit=1").await.is(200);
        assert_eq!(events["items"][0]["kind"], "lifted");
        let rest = format!("/api/v1/events?domain=threads.net&before={}", events["next"]);
        assert_eq!(bot.get(&rest).await.is(200)["items"][0]["kind"], "blocked");
        let why = bot.get("/api/v1/why?domain=threads.net").await.is(200);
        assert_eq!(why["runs"].as_array().unwrap().len(), 2);
        assert_eq!(bot.ask("DELETE", &at(""), None).await.is(200)["key_revoked"], true);
        assert_eq!(fake.tokens(), 0);
    });
}

#[test]
fn rows_are_decided_about_one_by_one() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        machine.write("shared.csv", "one.example\ntwo.example\nthree.example\nfour.example\n");
        machine.run(&["lists", "add", "shared.csv", "--name", "shared"]).exits(0);
        machine.login(&fake.url(), &fake.account_token(), &[]).exits(0);
        fake.world().follows.push("friend@four.example".to_owned());
        let inside = Site::over(machine).entered().await;
        let bot = Program::of(&inside, "bot", true).await;
        let id = number(&bot.get("/api/v1/targets").await.is(200)["items"][0]["id"]);
        let at = |rest: &str| format!("/api/v1/targets/{id}{rest}");
        let terms =
            bot.ask("PUT", &at("/subscriptions/shared"), Some(json!({ "weight": 2 }))).await;
        assert_eq!(terms.is(200)["terms"]["weight"], 2);
        bot.ask("PUT", &at("/subscriptions/nothing"), Some(json!({}))).await.wrong(422, "follow");
        let odd = json!({ "agreement": { "percent": 101 } });
        bot.ask("PUT", &at("/policy"), Some(odd)).await.wrong(422, "agreement");
        bot.post(&at("/proposal"), json!({ "what": "lists" })).await.is(202);
        assert_eq!(bot.job(id).await["state"], "done");
        let plan = bot.get(&at("/proposal")).await.is(200);
        let adds = number(&plan["summary"]["add"]);
        let words = json!({
            "revision": plan["revision"], "except": ["one.example"], "ignore": ["two.example"],
        });
        let decide = at("/proposal/decisions");
        let now = bot.post(&decide, words.clone()).await.is(200);
        assert_eq!(number(&now["summary"]["add"]), adds - 2);
        assert_ne!(now["checksum"], plan["checksum"]);
        bot.post(&decide, words).await.wrong(409, "another one");
        let odd = json!({ "revision": now["revision"], "accept": ["nowhere.example"] });
        bot.post(&decide, odd).await.wrong(422, "no row");
        let rows = bot.get(&at("/proposal/rows?group=skipped")).await.is(200);
        let why: Vec<&str> = rows["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["why"][0]["code"].as_str().unwrap())
            .collect();
        assert_eq!(why, ["excepted", "turned-down"]);
        let exceptions = bot.get("/api/v1/exceptions").await.is(200);
        assert_eq!(
            (&exceptions["total"], &exceptions["items"][0]["target"]),
            (&json!(1), &json!(id))
        );
        let turned = bot.get(&at("/dismissals")).await.is(200);
        assert_eq!(turned["items"][0]["domain"], "two.example");
        let agreed = json!({ "checksum": now["checksum"] });
        bot.post(&at("/proposal/apply"), agreed).await.is(202);
        let job = bot.job(id).await;
        assert_eq!(job["state"], "done", "{job}");
        let stands = fake.world().account_domains();
        assert!(stands.contains(&"three.example".to_owned()), "{stands:?}");
        for other in ["one.example", "two.example"] {
            assert!(!stands.contains(&other.to_owned()), "{stands:?}");
        }
        let would = bot.get(&format!("/api/v1/lists/shared/would?target={id}")).await.is(200);
        assert_eq!(would["summary"]["unchanged"].as_i64(), i64::try_from(stands.len()).ok());
        bot.ask("DELETE", &at("/dismissals/two.example"), None).await.is(204);
        bot.ask("DELETE", &at("/dismissals/two.example"), None).await.wrong(404, "no such");
        let end = format!("/api/v1/exceptions/{}", exceptions["items"][0]["id"]);
        bot.ask("DELETE", &end, None).await.is(204);
        bot.ask("DELETE", &end, None).await.wrong(404, "no such");
        bot.ask("DELETE", "/api/v1/lists/shared", None).await.wrong(409, "Targets follow it");
        let left = bot.ask("DELETE", &at("/subscriptions/shared?keep=true"), None).await.is(200);
        assert_eq!(
            (&left["kept"], left["alone"].as_i64()),
            (&json!(true), i64::try_from(stands.len()).ok())
        );
        bot.ask("DELETE", "/api/v1/lists/shared", None).await.is(204);
    });
}

#[test]
fn a_token_does_what_it_may_for_its_owner_and_nothing_else() {
    on_both(async |machine| {
        let (one, other) = (Fake::start(Version::V4_6), Fake::start(Version::V4_3));
        let site = Site::shared(machine);
        let (first, _) = site.connected(&one).await;
        let (second, _) = site.connected(&other).await;
        let reader = Program::of(&first, "reader", false).await;
        let stranger = Program::of(&second, "stranger", true).await;
        let id = number(&reader.get("/api/v1/targets").await.is(200)["items"][0]["id"]);
        let theirs = format!("/api/v1/targets/{id}");
        reader.post(&format!("{theirs}/read"), json!({})).await.wrong(403, "may only read");
        stranger.get(&theirs).await.wrong(404, "no such target");
        stranger.post(&format!("{theirs}/read"), json!({})).await.wrong(404, "no such target");

        // The secret is nowhere in what is kept, and its form alone is worth nothing.
        let page = first.get("/settings").await.is(200).says("reader").says("may only read");
        assert!(!page.text.contains(&reader.token));
        for (_, bytes) in machine.kept() {
            let secret = reader.token.as_bytes();
            assert!(!bytes.windows(secret.len()).any(|part| part == secret));
        }
        let changed = |token: &str| Program { site: site.clone(), token: token.to_owned() };
        for token in ["", "hr_", &format!("hr_{}", "a".repeat(43)), &reader.token[3..]] {
            changed(token).get("/api/v1/me").await.wrong(401, "oken");
        }

        // A browser's session is none here, and neither is a token in a browser.
        let answer = first.get("/api/v1/targets").await.is(401);
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        assert!(!reader.raw("GET", "/settings", None).await.status.is_success());

        // Somebody else cannot take it back; its owner can, and then it is worth nothing.
        let number = page.text.split("name=\"token\" value=\"").nth(1).unwrap();
        let number = number.split('"').next().unwrap();
        second.send("/settings/tokens/end", &[("token", number)]).await.is(303);
        reader.get("/api/v1/me").await.is(200);
        first.send("/settings/tokens/end", &[("token", number)]).await.is(303);
        reader.get("/api/v1/me").await.wrong(401, "taken back");
        first.send("/settings/tokens", &[("name", " ")]).await.is(422).says("needs a name");
        first.send("/settings/tokens", &[("name", "x")]).await.is(200);
        let wrong = [("name", "x"), ("write", "yes")];
        let page = first.send("/settings/tokens", &wrong).await.is(422).warns("is taken");
        let page = page.keeps("name", "x");
        let write = page.text.split("id=\"token-write\"").nth(1).unwrap();
        assert!(write.split('>').next().unwrap().contains("checked"), "{}", page.text);
        let long = "\"><b>".repeat(20);
        let page = first.send("/settings/tokens", &[("name", &*long)]).await.is(422);
        let page = page.keeps("name", &"&#34;&#62;&#60;b&#62;".repeat(20));
        let write = page.text.split("id=\"token-write\"").nth(1).unwrap();
        assert!(!write.split('>').next().unwrap().contains("checked"), "{}", page.text);
    });
}

#[tokio::test]
async fn what_cannot_be_used_is_named() {
    let (machine, fake) = (Machine::new(), Fake::start(Version::V4_6));
    let (inside, _) = Site::shared(&machine).connected(&fake).await;
    let bot = Program::of(&inside, "bot", true).await;
    let id = number(&bot.get("/api/v1/targets").await.is(200)["items"][0]["id"]);
    let at = format!("/api/v1/targets/{id}");
    bot.get("/api/v1/targets?limit=0").await.wrong(400, "limit");
    bot.get("/api/v1/targets?limt=3").await.wrong(400, "limt");
    bot.get("/api/v1/targets?offset=x").await.wrong(400, "offset");
    bot.get("/api/v1/targets/x").await.wrong(404, "no such");
    bot.get("/api/v1/targets/9999999999999999999999").await.wrong(404, "no such");
    bot.get("/api/v1/nowhere").await.wrong(404, "openapi.json");
    let odd = bot.raw("PATCH", &at, None).await.is(405);
    assert_eq!(odd.headers["content-type"], "application/json");
    assert!(odd.headers["allow"].to_str().unwrap().contains("GET"));
    let propose = format!("{at}/proposal");
    for (body, status, says) in [
        (json!({}), 422, "what"),
        (json!({ "what": "everything" }), 422, "everything"),
        (json!({ "what": "lists", "list": [] }), 422, "list"),
        (json!({ "what": "lists", "lists": ["/etc/passwd"] }), 422, "lists"),
        (json!({ "what": "lists", "lists": ["http://127.0.0.1/x"] }), 422, "lists"),
        (json!({ "what": "lists", "allow": ["not a domain!"] }), 422, "allow"),
        (json!({ "what": "lists", "overrides": ["all"] }), 422, "all"),
        (json!({ "what": "restore", "backup": 4711 }), 422, "backup"),
        (json!({ "what": "undo", "run": 1 }), 422, "run"),
    ] {
        bot.post(&propose, body).await.wrong(status, says);
    }
    let request = || {
        Request::post(propose.as_str())
            .header("host", "127.0.0.1:8787")
            .header("authorization", format!("Bearer {}", bot.token))
    };
    let site = inside.without_cookies();
    site.ask(request(), b"{}".to_vec()).await.is(415);
    let json = || request().header("content-type", "application/json");
    site.ask(json(), b"{".to_vec()).await.is(400);
    let large = site.ask(json(), vec![b' '; 9 << 20]).await.is(413);
    assert_eq!(large.headers["content-type"], "application/json");
    // A page elsewhere gets nothing, whatever token it has.
    let foreign = request().header("sec-fetch-site", "cross-site");
    let refused = site.ask(foreign, b"{}".to_vec()).await.is(403);
    assert!(refused.text.starts_with("{\"error\":"), "{}", refused.text);
    assert_eq!(fake.requests().iter().filter(|request| request.is_write()).count(), 0);
}

#[test]
fn lists_are_read_and_compared() {
    on_both(async |machine| {
        machine.write("shared.csv", "domain,severity\na.example,suspend\nb.example,silence\n");
        machine.run(&["lists", "add", "shared.csv", "--name", "shared"]).exits(0);
        let inside = Site::over(machine).entered().await;
        let bot = Program::of(&inside, "bot", true).await;
        let lists = bot.get("/api/v1/lists").await.is(200);
        assert_eq!(lists["items"][0]["name"], "shared");
        let entries = bot.get("/api/v1/lists/shared/entries?search=b.").await.is(200);
        assert_eq!(
            entries["items"],
            json!([{
                "domain": "b.example", "severity": "silence", "covers_subdomains": false,
                "shared_by_strangers": false
            }])
        );
        machine.write("shared.csv", "domain,severity\na.example,silence\nc.example,suspend\n");
        let update = bot.post("/api/v1/lists/shared/update", json!({})).await.is(200);
        assert_eq!(update["outcome"], "changed");
        let way = bot.get("/api/v1/lists/shared/difference").await.is(200);
        assert_eq!(
            [&way["added"], &way["removed"], &way["regraded"]],
            [1, 1, 1].map(Value::from).each_ref()
        );
        assert_eq!(way["rows"]["items"][0]["domain"], "c.example");
        assert_eq!(bot.get("/api/v1/lists/shared/versions").await.is(200)["total"], 2);
        let word = json!({ "version": update["version"] });
        bot.post("/api/v1/lists/shared/accept", word).await.wrong(409, "does not wait");
        bot.get("/api/v1/lists/nothing").await.wrong(404, "no such list");
        let overlap = bot.get("/api/v1/comparison?lists=shared,threads").await.is(200);
        assert_eq!(overlap["pairs"][0]["shared"], 0);
        bot.get("/api/v1/comparison?lists=shared").await.wrong(422, "at least two");
        bot.get("/api/v1/comparison?lists=shared,./shared.csv").await.wrong(422, "no list");
        let known = bot.get("/api/v1/catalogue?search=threads").await.is(200);
        assert!(known["items"].as_array().unwrap().iter().any(|list| list["name"] == "threads"));
    });
}

/// Every address of the document, its numbers and names put in.
fn operations(document: &Value, put: impl Fn(&str) -> String) -> Vec<(String, String, bool)> {
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let names = path.contains('{');
        let part = |part: &str| match part.strip_prefix('{') {
            Some(name) => put(name.trim_end_matches('}')),
            None => part.to_owned(),
        };
        let address = path.split('/').map(part).collect::<Vec<_>>().join("/");
        for method in methods.as_object().unwrap().keys().filter(|key| *key != "parameters") {
            found.push((method.to_uppercase(), address.clone(), names));
        }
    }
    found
}

#[test]
fn what_is_somebodys_is_not_there_for_another_program() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        let database = machine.database_url().map(str::to_owned);
        let app = App::new(Some(machine.data_dir()), database, None, Reach::Anywhere).unwrap();
        let hers = app.store().await.unwrap().of(77);
        let ids = furnish(&hers, "hers-alone").await;
        let (inside, _) = Site::shared(machine).connected(&fake).await;
        let bot = Program::of(&inside, "bot", true).await;
        // Sessions that nobody has used for long have ended by now.
        let before = read(&hers, &ids, "hers-alone").await;
        let document = bot.get("/api/openapi.json").await.is(200);
        let put = |name: &str| match name {
            "target" => ids.target.to_string(),
            "run" => ids.runs[0].to_string(),
            "backup" => ids.backup.to_string(),
            "exception" => ids.exception.to_string(),
            "list" => "mine".to_owned(),
            "domain" => "bad.example".to_owned(),
            // There is none of hers; another test has one.
            _ => "1".to_owned(),
        };
        let bodies = [
            json!({}),
            json!({ "what": "lists" }),
            json!({ "checksum": "0".repeat(64) }),
            json!({ "revision": 1 }),
            json!({ "review": "2030-01-01" }),
        ];
        for (method, address, names) in operations(&document, put) {
            // Of lists it can be seen which of hers there are only through what follows them.
            for body in &bodies {
                let body = (method != "GET" && method != "DELETE").then(|| body.clone());
                let told = bot.ask(&method, &address, body).await;
                assert!(!told.body.to_string().contains("hers-alone"), "{method} {address}");
                if names {
                    let odd = matches!(told.status, 400 | 404 | 422);
                    assert!(odd, "{method} {address}: {} {}", told.status, told.body);
                }
            }
            if names && matches!(method.as_str(), "GET" | "DELETE") && !address.contains("/would") {
                let told = bot.ask(&method, &address, None).await;
                assert_eq!(told.status, 404, "{method} {address}: {}", told.body);
            }
        }
        // What has no order of its own may be written in any.
        let letters = |seen: Seen| -> Vec<(&'static str, Vec<char>)> {
            let sorted = |text: String| {
                let mut letters: Vec<char> = text.chars().collect();
                letters.sort_unstable();
                letters
            };
            seen.into_iter().map(|(method, text)| (method, sorted(text))).collect()
        };
        let after = letters(read(&hers, &ids, "hers-alone").await);
        for (then, now) in letters(before).into_iter().zip(after) {
            assert!(then == now, "{} shows something else", then.0);
        }
    });
}

#[tokio::test]
async fn every_operation_in_the_document_is_there_and_asks_for_a_token() {
    let machine = Machine::new();
    let site = Site::over(&machine);
    let document = site.get("/api/openapi.json").await.is(200);
    let document: Value = serde_json::from_str(&document.text).unwrap();
    assert_eq!(document["security"], json!([{ "token": [] }]));
    let (mut count, mut names) = (0, std::collections::BTreeSet::new());
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if method == "parameters" {
                continue;
            }
            count += 1;
            assert!(operation["summary"].is_string(), "{method} {path} says nothing of itself");
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{method} {path}: {name} is another's name");
            let address =
                path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
            let address = address.collect::<Vec<_>>().join("/");
            let request = Request::builder()
                .method(method.to_uppercase().as_str())
                .uri(address)
                .header("host", "127.0.0.1:8787")
                .header("content-type", "application/json");
            let answer = site.ask(request, b"{}".to_vec()).await.is(401);
            assert!(answer.text.contains("unauthorized"), "{method} {path}: {}", answer.text);
        }
    }
    assert!(count > 40, "{count} operations");
}

/// Where schemathesis is; on CI it has to be there.
fn schemathesis() -> Option<String> {
    let program = std::env::var("HEDGEROW_TEST_SCHEMATHESIS").ok();
    if program.is_none() {
        assert!(std::env::var_os("CI").is_none(), "HEDGEROW_TEST_SCHEMATHESIS is not set");
        eprintln!("skipped: schemathesis is missing; run tests/api/run.sh");
    }
    program
}

/// Somebody else's program reads the document and holds every answer against it.
#[tokio::test(flavor = "multi_thread")]
async fn the_api_is_as_its_document_says() {
    let Some(program) = schemathesis() else { return };
    let (machine, fake) = (Machine::new(), Fake::start(Version::V4_6));
    for name in ["own.example", "other.example", "third.example"] {
        fake.world().block_for_account(name);
    }
    machine.login(&fake.url(), &fake.account_token(), &[]).exits(0);
    machine.write("shared.csv", "domain,severity\na.example,suspend\nb.example,silence\n");
    machine.run(&["lists", "add", "shared.csv", "--name", "shared"]).exits(0);
    machine.run(&["subscribe", "me@home.example", "shared"]).exits(0);
    machine.run(&["apply", "me@home.example", "--list", "threads", "--yes"]).exits(0);
    machine.run(&["exceptions", "add", "friend.example"]).exits(0);
    let token = machine.run(&["tokens", "add", "contract", "--write", "--json"]).exits(0).json();
    let token = token["token"].as_str().unwrap().to_owned();

    let inside = Site::over(&machine).entered().await;
    let fields = [
        ("title", "All"),
        ("from", "lists"),
        ("list", "threads"),
        ("agree", "1"),
        ("choice", "strictest"),
        ("obfuscate", "none"),
        ("least", "silence"),
        ("visibility", "private"),
    ];
    inside.send("/published", &fields).await.is(303);
    let database = machine.database_url().map(str::to_owned);
    let app = App::new(Some(machine.data_dir()), database, None, Reach::Anywhere).unwrap();
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), false).await.unwrap();
    let listen = server.address();
    let settings = Settings { listen, ..Settings::default() };
    let site = hedgerow::web::Site::new(Arc::new(app), settings).unwrap();
    let (stopper, stop) = hedgerow::stop::stop();
    let serving = tokio::spawn(server.run(site, stop));

    let folder = tempfile::tempdir().unwrap();
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/schemathesis.toml");
    let run = Command::new(program)
        .args(["--config-file", config, "run"])
        .arg(format!("http://{listen}/api/openapi.json"))
        .args(["-H", &format!("Authorization: Bearer {token}")])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output();
    let run = tokio::task::block_in_place(|| run).unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    stopper.ask();
    serving.await.unwrap().unwrap();
    println!("{said}");
    assert!(run.status.success(), "{said}\n{}", String::from_utf8_lossy(&run.stderr));
}
