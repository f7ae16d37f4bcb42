//! What programs do about targets, plans and runs, as people do it on the pages.

use serde_json::{Value, json};

use crate::fake::Fake;
use crate::keeping::{HOME, ME};
use crate::raw::ask;
use crate::web_api::{Program, number};
use crate::web_proposals::on_both;

/// Somebody opens the address, approves, and reads the code.
fn approved(fake: &Fake, address: &Value) -> String {
    let address = url::Url::parse(address.as_str().unwrap()).unwrap();
    let page = ask(&fake.url(), "POST", "/oauth/authorize", "", address.query().unwrap()).unwrap();
    page.body.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[test]
fn people_are_followed_again_with_a_right_that_only_a_person_gives() {
    on_both(async |room| {
        let fake = &room.scene.fake;
        fake.world().follows = vec!["friend@bad.example".to_owned()];
        room.scene.follow("garden", &["bad.example,suspend,"]);
        let bot = Program::of(&room.site, "bot", true).await;
        let id = room.row(ME).await.id;
        let wish = json!({ "what": "lists", "lists": ["garden"], "accept": ["bad.example"] });
        let run = bot.applied(id, wish).await;
        let again = format!("/api/v1/runs/{run}/refollow");
        assert_eq!(bot.get(&again).await.is(200)["total"], 0, "the block is still there");
        bot.post(&again, json!({})).await.wrong(422, "nobody to follow again");
        let outcome = bot.get(&format!("/api/v1/runs/{run}/outcome")).await.is(200);
        assert_eq!(
            [&outcome["following"], &outcome["lost"], &outcome["accepted"]],
            [&json!(1), &json!(0), &json!(["bad.example"])]
        );
        let cuts = bot.get(&format!("/api/v1/runs/{run}/cuts")).await.is(200);
        assert_eq!(cuts["items"][0]["people"], json!(["friend@bad.example"]));

        let undo = bot.applied(id, json!({ "what": "undo", "run": run })).await;
        let lost = bot.get(&again).await.is(200);
        assert_eq!(lost["items"], json!([{ "account": "friend@bad.example" }]));
        let reader = Program::of(&room.site, "reader", false).await;
        reader.post(&again, json!({})).await.wrong(403, "may only read");

        let tokens = fake.tokens();
        let asked = bot.post(&again, json!({})).await.is(409);
        assert_eq!(asked["error"]["code"], "approval_needed");
        let ticket = &asked["error"]["approval"]["ticket"];
        for secret in ["secret-of-", "client-"] {
            assert!(!ticket.as_str().unwrap().contains(secret), "{ticket}");
        }
        let code = approved(fake, &asked["error"]["approval"]["address"]);
        bot.post(&again, json!({ "code": code })).await.wrong(422, "one without the other");
        for bad in [json!("nonsense"), json!(format!("{}x", ticket.as_str().unwrap()))] {
            let sent = json!({ "code": code, "ticket": bad });
            bot.post(&again, sent).await.wrong(422, "ticket");
        }
        // It is good for this run only.
        let other = format!("/api/v1/runs/{undo}/refollow");
        let sent = json!({ "code": code, "ticket": ticket });
        bot.post(&other, sent.clone()).await.wrong(422, "nobody");
        assert!(fake.world().follows.is_empty());
        assert_eq!(bot.post(&again, sent.clone()).await.is(202)["work"], "refollow");
        let job = bot.job(id).await;
        assert_eq!((&job["state"], &job["run"]), (&json!("done"), &json!(run)));
        let done = &job["refollowed"];
        assert_eq!(done["following"], json!(["friend@bad.example"]));
        assert_eq!(done["right_given_back"], true);
        assert_eq!(fake.world().follows, ["friend@bad.example"]);
        assert_eq!(fake.tokens(), tokens, "the right to follow was given back");
        bot.post(&again, sent).await.wrong(502, "did not accept the code");
    });
}

#[test]
fn a_run_is_written_as_a_text_to_post() {
    on_both(async |room| {
        room.scene.follow("garden", &["bad.example,suspend,spam"]);
        let bot = Program::of(&room.site, "bot", true).await;
        let id = room.row(HOME).await.id;
        let run = bot.applied(id, json!({ "what": "lists", "lists": ["garden"] })).await;
        // Whoever may only read has it, too.
        let reader = Program::of(&room.site, "reader", false).await;
        let at = format!("/api/v1/runs/{run}/announcement");
        let told = reader.get(&at).await.is(200);
        assert_eq!(told["run"], run);
        let text = told["markdown"].as_str().unwrap();
        assert!(text.contains("that home.example treats") && text.contains("`bad.example` | spam"));
        let told = reader.get(&format!("{at}?as=the%20moderators")).await.is(200);
        assert!(
            told["markdown"].as_str().unwrap().contains("that the moderators treats"),
            "{told}"
        );
        // It is what the command line writes.
        let said =
            room.scene.run(&["announce", &run.to_string(), "--as", "the moderators", "--json"]);
        assert_eq!(said.exits(0).json()["markdown"], told["markdown"]);
        reader.get(&format!("{at}?whom=us")).await.wrong(400, "whom");
        reader.get("/api/v1/runs/4711/announcement").await.wrong(404, "no such run");
    });
}

#[test]
fn what_is_decided_holds_for_the_plan_that_waits() {
    on_both(async |room| {
        let rows = ["a.example,suspend,", "b.example,suspend,", "c.example,suspend,"];
        room.scene.follow("garden", &rows);
        room.scene.fake.world().block_for_account("c.example");
        let bot = Program::of(&room.site, "bot", true).await;
        let id = room.row(ME).await.id;
        let at = |rest: &str| format!("/api/v1/targets/{id}{rest}");
        let adopt = at("/blocks/c.example/adopt");
        bot.post(&adopt, json!({})).await.wrong(422, "No list is followed");
        bot.put(&at("/subscriptions/garden"), json!({})).await.is(200);
        bot.post(&adopt, json!({})).await.wrong(409, "Read the blocks first");
        bot.post(&at("/proposal"), json!({ "what": "lists" })).await.is(202);
        assert_eq!(bot.job(id).await["state"], "done");
        let asked = room.scene.fake.requests().len();
        let plan = async || {
            let plan = bot.get(&at("/proposal")).await.is(200);
            (number(&plan["summary"]["add"]), number(&plan["revision"]))
        };
        let (adds, mut revision) = plan().await;
        assert_eq!(adds, 2);
        let mut now = async |adds: i64| {
            let (found, later) = plan().await;
            assert_eq!(found, adds);
            assert!(later > revision, "it was not made again");
            revision = later;
        };
        let new = json!({ "domain": "a.example", "target": id });
        let made = bot.post("/api/v1/exceptions", new).await.is(201);
        now(1).await;
        bot.put(&at("/dismissals/b.example"), json!({})).await.is(204);
        now(0).await;
        bot.delete(&format!("/api/v1/exceptions/{}", made["id"])).await.is(204);
        now(1).await;
        bot.delete(&at("/dismissals/b.example")).await.is(204);
        now(2).await;
        bot.put(&at("/policy"), json!({ "agreement": { "lists": 2 } })).await.is(200);
        now(0).await;
        bot.delete(&at("/policy")).await.is(200);
        now(2).await;
        bot.put(&at("/subscriptions/garden"), json!({ "mode": "watch" })).await.is(200);
        now(0).await;
        bot.put(&at("/subscriptions/garden"), json!({})).await.is(200);
        now(2).await;
        let date = json!({ "review": "2099-01-01", "reason": "look" });
        bot.put(&at("/dates/c.example"), date).await.is(200);
        now(2).await;
        let block = bot.get(&at("/blocks/c.example")).await.is(200);
        assert!(block["review_at"].as_str().unwrap().starts_with("2099-01-01"), "{block}");
        bot.delete(&at("/dates/c.example")).await.is(204);
        now(2).await;
        bot.post(&adopt, json!({})).await.is(204);
        now(2).await;
        let block = bot.get(&at("/blocks/c.example")).await.is(200);
        assert_eq!((&block["owner"], &block["lists"]), (&json!("hedgerow"), &json!(["garden"])));
        bot.post(&at("/blocks/c.example/release"), json!({})).await.is(204);
        now(2).await;
        assert_eq!(room.scene.fake.requests().len(), asked, "nobody was asked for that");

        // Made again for the same wish, it still knows what was said about its rows.
        let revision = plan().await.1;
        let word = json!({ "revision": revision, "except": ["a.example"] });
        bot.post(&at("/proposal/decisions"), word).await.is(200);
        bot.post(&at("/proposal/again"), json!({})).await.is(202);
        assert_eq!(bot.job(id).await["work"], "plan");
        assert_eq!(plan().await.0, 1);
        // Without a list there is nothing left to plan.
        bot.delete(&at("/subscriptions/garden")).await.is(200);
        bot.get(&at("/proposal")).await.wrong(404, "make one");
    });
}

#[test]
fn runs_and_their_steps_come_in_parts() {
    on_both(async |room| {
        room.scene
            .follow("garden", &["a.example,suspend,", "b.example,suspend,", "c.example,silence,"]);
        room.scene.follow("other", &["d.example,suspend,"]);
        let bot = Program::of(&room.site, "bot", true).await;
        let id = room.row(ME).await.id;
        let one = bot.applied(id, json!({ "what": "lists", "lists": ["garden"] })).await;
        let two = bot.applied(id, json!({ "what": "lists", "lists": ["other"] })).await;
        let three = bot.applied(id, json!({ "what": "undo", "run": two })).await;
        let ids = |page: &Value| -> Vec<i64> {
            page["items"].as_array().unwrap().iter().map(|run| number(&run["id"])).collect()
        };
        for more in [String::new(), format!("&target={id}")] {
            let runs = bot.get(&format!("/api/v1/runs?limit=2{more}")).await.is(200);
            assert_eq!((ids(&runs), &runs["total"]), (vec![three, two], &json!(3)));
            let runs = bot.get(&format!("/api/v1/runs?limit=2&offset=2{more}")).await.is(200);
            assert_eq!((ids(&runs), &runs["total"]), (vec![one], &json!(3)));
            let far = format!("/api/v1/runs?offset=99999999999{more}");
            assert_eq!(ids(&bot.get(&far).await.is(200)), Vec::<i64>::new());
        }
        let home = room.row(HOME).await.id;
        assert_eq!(bot.get(&format!("/api/v1/runs?target={home}")).await.is(200)["total"], 0);
        let steps = format!("/api/v1/runs/{one}/steps");
        let page = bot.get(&format!("{steps}?limit=1&offset=1")).await.is(200);
        assert_eq!((&page["total"], &page["items"][0]["seq"]), (&json!(3), &json!(1)));
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
        let page = bot.get(&format!("{steps}?status=failed")).await.is(200);
        assert_eq!((&page["total"], &page["items"]), (&json!(0), &json!([])));
        let page = bot.get(&format!("{steps}?status=done&offset=2")).await.is(200);
        assert_eq!((&page["total"], &page["items"][0]["seq"]), (&json!(3), &json!(2)));
        let backups = bot.get("/api/v1/backups?limit=1&offset=1").await.is(200);
        assert_eq!((&backups["total"], backups["items"].as_array().unwrap().len()), (&json!(3), 1));
        let found = bot.get(&format!("/api/v1/runs/{one}/differences")).await.is(200);
        assert_eq!(found["total"], 0);
        bot.post(&format!("/api/v1/runs/{one}/resume"), json!({})).await.wrong(409, "its end");
        bot.post(&format!("/api/v1/runs/{one}/abandon"), json!({})).await.wrong(409, "its end");
    });
}

#[test]
fn what_was_not_as_planned_is_told_one_by_one() {
    on_both(async |room| {
        let fake = &room.scene.fake;
        room.scene.follow("garden", &["a.example,suspend,", "b.example,suspend,"]);
        let bot = Program::of(&room.site, "bot", true).await;
        let id = room.row(ME).await.id;
        bot.post(
            &format!("/api/v1/targets/{id}/proposal"),
            json!({
                "what": "lists", "lists": ["garden"]
            }),
        )
        .await
        .is(202);
        bot.job(id).await;
        let plan = bot.get(&format!("/api/v1/targets/{id}/proposal")).await.is(200);
        // Somebody else is at it: the plan is of a target that is not so any more.
        fake.world().block_for_account("b.example");
        let apply = format!("/api/v1/targets/{id}/proposal/apply");
        bot.post(&apply, json!({ "checksum": plan["checksum"] })).await.is(202);
        let job = bot.job(id).await;
        assert_eq!(job["state"], "failed");
        let changed = job["changed"][0].as_str().unwrap_or_else(|| panic!("{job}"));
        assert!(changed.contains("b.example"), "{job}");
        assert_eq!(room.scene.mine(), ["b.example"], "nothing was done");
    });
}

#[test]
fn a_job_is_watched_to_its_end() {
    on_both(async |room| {
        let bot = Program::of(&room.site, "bot", false).await;
        let id = room.row(ME).await.id;
        let events = format!("/api/v1/targets/{id}/job/events");
        bot.get(&events).await.wrong(404, "no such job");
        let writer = Program::of(&room.site, "writer", true).await;
        writer.post(&format!("/api/v1/targets/{id}/read"), json!({})).await.is(202);
        let told = bot.raw("GET", &events, None).await.is(200);
        assert_eq!(told.headers["content-type"], "text/event-stream");
        let (before, last) = told.text.trim_end().rsplit_once("event: over\ndata: ").unwrap();
        let last: Value = serde_json::from_str(last).unwrap();
        assert_eq!((&last["work"], &last["state"]), (&json!("read"), &json!("done")));
        for line in before.lines().filter_map(|line| line.strip_prefix("data: ")) {
            let status: Value = serde_json::from_str(line).unwrap();
            assert_eq!((&status["work"], &status["state"]), (&json!("read"), &json!("running")));
        }
        assert_eq!(last, bot.get(&format!("/api/v1/targets/{id}/job")).await.is(200));
    });
}

#[test]
fn blocks_are_counted_searched_and_given_away() {
    on_both(async |room| {
        for name in ["mine.example", "both.example"] {
            room.scene.fake.world().block_for_account(name);
        }
        room.scene.follow("garden", &["both.example,suspend,", "new.example,suspend,"]);
        let bot = Program::of(&room.site, "bot", true).await;
        let id = room.row(ME).await.id;
        let at = |rest: &str| format!("/api/v1/targets/{id}{rest}");
        for unread in ["/tally", "/blocks", "/blocks/mine.example", "/file"] {
            bot.get(&at(unread)).await.wrong(409, "read it first");
        }
        bot.put(&at("/subscriptions/garden"), json!({})).await.is(200);
        let run = bot.applied(id, json!({ "what": "lists" })).await;
        let tally = bot.get(&at("/tally")).await.is(200);
        assert_eq!(
            [&tally["total"], &tally["hedgerow"], &tally["person"], &tally["left_behind"]],
            [3, 1, 2, 0].map(Value::from).each_ref()
        );
        assert_eq!(tally["lists"], json!([{ "list": "garden", "blocks": 1, "alone": 1 }]));
        let names = async |query: &str| -> Vec<String> {
            let page = bot.get(&at(&format!("/blocks?{query}"))).await.is(200);
            let rows = page["items"].as_array().unwrap();
            rows.iter().map(|row| row["domain"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names("owner=hedgerow").await, ["new.example"]);
        assert_eq!(names("owner=person&search=MINE").await, ["mine.example"]);
        assert_eq!(names("list=garden").await, ["new.example"]);
        assert_eq!(names("asked=true").await, ["both.example"]);
        assert_eq!(names("odd=true").await, Vec::<String>::new());
        assert_eq!(names("limit=2").await, ["both.example", "mine.example"]);
        assert_eq!(names("sort=list").await[0], "new.example");
        let block = bot.get(&at("/blocks/new.example")).await.is(200);
        assert_eq!((&block["run"], &block["excepted"]), (&json!(run), &json!(false)));
        bot.post("/api/v1/exceptions", json!({ "domain": "new.example" })).await.is(201);
        let block = bot.get(&at("/blocks/new.example")).await.is(200);
        assert_eq!(block["excepted"], true);
        bot.get(&at("/blocks/nowhere.example")).await.wrong(404, "no such block");
        let file = bot.raw("GET", &at("/file"), None).await.is(200);
        assert_eq!(file.text, "both.example\nmine.example\nnew.example\n");
        assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
        let none = bot.get("/api/v1/exceptions?search=nothing").await.is(200);
        assert_eq!(none["total"], 0);
        let found = bot.get("/api/v1/exceptions?search=NEW").await.is(200);
        assert_eq!(found["total"], 1);
        let why = bot.get("/api/v1/why?domain=https://new.example/@somebody").await.is(200);
        assert_eq!(why["domain"], "new.example");
    });
}

#[test]
fn tokens_and_browsers_are_seen_and_taken_back() {
    on_both(async |room| {
        let bot = Program::of(&room.site, "bot", true).await;
        let reader = Program::of(&room.site, "reader", false).await;
        let tokens = bot.get("/api/v1/tokens").await.is(200);
        let rows = tokens["items"].as_array().unwrap();
        let of = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap();
        assert_eq!(
            (&of("bot")["current"], &of("reader")["current"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(of("reader")["scope"], "read");
        let end = format!("/api/v1/tokens/{}", of("reader")["id"]);
        reader.delete(&end).await.wrong(403, "may only read");
        bot.post("/api/v1/tokens", json!({ "name": "more" })).await.wrong(405, "method");
        bot.delete(&end).await.is(204);
        bot.delete(&end).await.wrong(404, "no such token");
        reader.get("/api/v1/me").await.wrong(401, "taken back");

        let sessions = bot.get("/api/v1/sessions").await.is(200);
        assert_eq!(sessions["total"], 1);
        room.site.get("/settings").await.is(200);
        let id = sessions["items"][0]["id"].as_str().unwrap();
        bot.delete(&format!("/api/v1/sessions/{id}")).await.is(204);
        bot.delete(&format!("/api/v1/sessions/{id}")).await.wrong(404, "no such session");
        room.site.get("/settings").await.is(303);
        let site = room.site.without_cookies().entered().await;
        site.get("/settings").await.is(200);
        assert_eq!(bot.delete("/api/v1/sessions").await.is(200)["ended"], 1);
        site.get("/settings").await.is(303);
        bot.get("/api/v1/me").await.is(200);
    });
}
