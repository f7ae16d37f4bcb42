//! Lists for programs: followed in another way, decided about, compared, and let go.

use serde_json::{Value, json};

use crate::fake::{Fake, Version};
use crate::keeping::{ME, padded};
use crate::web::{Site, on_both as on_both_machines};
use crate::web_api::{Program, number};
use crate::web_proposals::on_both;

fn column(page: &Value, name: &str) -> Vec<String> {
    let rows = page["items"].as_array().unwrap();
    rows.iter().map(|row| row[name].as_str().unwrap().to_owned()).collect()
}

#[test]
fn how_a_list_is_followed_is_seen_and_changed() {
    on_both(async |room| {
        room.scene.follow("garden", &padded(&["a.example,suspend,"]));
        let bot = Program::of(&room.site, "bot", true).await;
        let at = "/api/v1/lists/garden/settings";
        let before = bot.get(at).await.is(200);
        assert_eq!(before["limits"]["removed_percent"], 20);
        let limits = json!({ "limits": { "removed_percent": 1, "removed_rows": 1 } });
        let after = bot.put(at, limits).await.is(200);
        assert_eq!(after["limits"]["removed_percent"], 1);
        assert_eq!(after["limits"]["added_rows"], 500, "what is left out gets its default");
        assert_eq!(after["address"], before["address"]);
        assert_eq!(bot.get(at).await.is(200), after);
        for (body, says) in [
            (json!({ "address": "/etc/passwd" }), "address"),
            (json!({ "address": "https://me:secret@lists.example/x.csv" }), "password"),
            (json!({ "format": "prose" }), "prose"),
            (json!({ "limits": { "removed": 1 } }), "removed"),
            (json!({ "auth": "bearer:env:HOME" }), "auth"),
        ] {
            bot.put(at, body).await.wrong(422, says);
        }
        assert_eq!(bot.get(at).await.is(200), after, "nothing of that was taken");
        bot.get("/api/v1/lists/threads/settings").await.wrong(404, "no such list");

        // The new limits count: a version that loses many is held, and no word on another one
        // lets it in.
        room.scene.publish("garden", &["a.example,suspend,"]);
        let held = bot.post("/api/v1/lists/garden/update", json!({})).await.is(200);
        assert_eq!(held["outcome"], "held");
        let versions = bot.get("/api/v1/lists/garden/versions").await.is(200);
        assert_eq!(versions["items"][0]["acceptable"], true);
        assert_eq!(versions["items"][1]["acceptable"], false, "it is in force");
        let version = number(&held["version"]);
        for word in ["accept", "reject"] {
            let say = format!("/api/v1/lists/garden/{word}");
            bot.post(&say, json!({})).await.wrong(422, "version");
            let wrong = json!({ "version": version - 1 });
            bot.post(&say, wrong).await.wrong(409, "does not wait");
        }
        assert_eq!(bot.get("/api/v1/lists/garden").await.is(200)["held"], version);
        let way = bot.get("/api/v1/lists/garden/difference?limit=1").await.is(200);
        assert_eq!((&way["removed"], &way["rows"]["total"]), (&json!(20), &json!(20)));
        let word = json!({ "version": version });
        let kept = bot.post("/api/v1/lists/garden/accept", word).await.is(200);
        assert_eq!((&kept["in_force"], &kept["acceptable"]), (&json!(true), &json!(false)));
        assert_eq!(bot.get("/api/v1/lists/garden").await.is(200)["entries"], 1);
        let old = versions["items"][1]["version"].clone();
        let entries = bot.get(&format!("/api/v1/lists/garden/entries?version={old}")).await.is(200);
        assert_eq!(entries["total"], 21);
        bot.get("/api/v1/lists/garden/entries?version=4711").await.wrong(404, "no such version");
        bot.get("/api/v1/lists/threads/entries?version=1").await.wrong(404, "no such version");
    });
}

#[test]
fn a_list_is_let_go_with_the_targets_that_follow_it() {
    on_both(async |room| {
        room.scene.follow("garden", &["a.example,suspend,", "b.example,suspend,"]);
        room.scene.subscribe(ME, "garden", &[]);
        let bot = Program::of(&room.site, "bot", true).await;
        let id = room.row(ME).await.id;
        bot.applied(id, json!({ "what": "lists" })).await;
        let followers = bot.get("/api/v1/lists/garden/followers").await.is(200);
        assert_eq!(
            followers["items"],
            json!([{ "target": id, "name": ME, "blocks": 2, "alone": 2 }])
        );
        let none = bot.get("/api/v1/lists/threads/followers").await.is(200);
        assert_eq!(none["total"], 0);
        bot.delete("/api/v1/lists/garden").await.wrong(409, ME);
        let with = |more: &str| format!("/api/v1/lists/garden?targets={id}{more}");
        bot.delete(&with("")).await.wrong(422, "what becomes");
        bot.delete(&with(",4711&keep=true")).await.wrong(422, "does not follow");
        assert_eq!(bot.get("/api/v1/lists/garden").await.is(200)["followed_by"], json!([ME]));
        bot.delete(&with("&keep=true")).await.is(204);
        bot.get("/api/v1/lists/garden").await.wrong(404, "no such list");
        let tally = bot.get(&format!("/api/v1/targets/{id}/tally")).await.is(200);
        assert_eq!((&tally["person"], &tally["hedgerow"]), (&json!(2), &json!(0)));
    });
}

#[test]
fn everything_that_a_list_says_is_told() {
    on_both(async |room| {
        room.scene.publisher.publish(
            "/odd.csv",
            "domain,severity,public_comment\nbad.example,suspend,spam <b>here</b>\n\
             worse.example,susped,\n*.below.example,silence,\n",
        );
        let bot = Program::of(&room.site, "bot", true).await;
        let address = room.scene.publisher.url("/odd.csv");
        let new = json!({ "list": address, "name": "odd" });
        let list = bot.post("/api/v1/lists", new.clone()).await.is(201);
        assert_eq!((&list["entries"], &list["rejected"]), (&json!(2), &json!(1)));
        assert_eq!((&list["failures"], &list["shared"]), (&json!(0), &json!(false)));
        bot.post("/api/v1/lists", new).await.wrong(409, "already a list");
        for (body, status, says) in [
            (json!({ "list": "/etc/passwd" }), 422, "address"),
            (json!({ "list": address, "name": "../x" }), 422, "name"),
            (json!({ "list": address, "name": "threads" }), 422, "comes with"),
            (json!({ "list": address, "format": "prose" }), 422, "prose"),
        ] {
            bot.post("/api/v1/lists", body).await.wrong(status, says);
        }
        let found = bot.get("/api/v1/lists/odd/entries?search=SPAM").await.is(200);
        assert_eq!(column(&found, "domain"), ["bad.example"]);
        assert_eq!(found["items"][0]["comment"], "spam <b>here</b>");
        let found = bot.get("/api/v1/lists/ODD/entries?search=below").await.is(200);
        assert_eq!(found["items"][0]["covers_subdomains"], true);
        let problems = bot.get("/api/v1/lists/odd/problems").await.is(200);
        let rejected: Vec<&Value> = problems["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| row["verdict"] == "rejected")
            .collect();
        assert_eq!((rejected.len(), &rejected[0]["line"]), (1, &json!(3)), "{problems}");

        // What is not to be blocked stands after what is.
        let rapid = r#"{"@spec": "https://rapidblock.example/", "blocks": {
            "bad.example": {"isBlocked": true, "reason": "spam"},
            "old.example": {"isBlocked": false, "reason": "better now"}
        }}"#;
        room.scene.publisher.publish("/rapid.json", rapid);
        let address = room.scene.publisher.url("/rapid.json");
        bot.post("/api/v1/lists", json!({ "list": address, "name": "rapid" })).await.is(201);
        let entries = bot.get("/api/v1/lists/rapid/entries").await.is(200);
        assert_eq!(column(&entries, "domain"), ["bad.example", "old.example"]);
        let [first, second] = [0, 1].map(|at| &entries["items"][at]);
        assert_eq!((&first["released"], &second["released"]), (&Value::Null, &json!("retracted")));
        assert_eq!(second["comment"], "better now");

        let known = bot.get("/api/v1/catalogue/garden-fence").await.is(200);
        assert_eq!(known["followed_as"], Value::Null);
        assert!(known["criteria"].is_string());
        bot.get("/api/v1/catalogue/nothing").await.wrong(404, "no such list");

        let id = room.row(ME).await.id;
        let rows = format!("/api/v1/lists/odd/would/rows?target={id}");
        bot.get(&rows).await.wrong(409, "read it first");
        bot.post(&format!("/api/v1/targets/{id}/read"), json!({})).await.is(202);
        bot.job(id).await;
        let would = bot.get(&rows).await.is(200);
        assert!(column(&would, "domain").contains(&"bad.example".to_owned()), "{would}");
        let adds = bot.get(&format!("{rows}&group=add&limit=1")).await.is(200);
        assert_eq!(column(&adds, "group"), ["add"]);
        bot.get("/api/v1/lists/odd/would/rows").await.wrong(400, "target");
    });
}

#[test]
fn lists_are_compared_down_to_their_domains() {
    on_both(async |room| {
        room.scene.follow("one", &["a.example,suspend,", "b.example,suspend,"]);
        room.scene
            .follow("two", &["b.example,silence,", "c.example,suspend,", "d.example,suspend,"]);
        let bot = Program::of(&room.site, "bot", false).await;
        let lists = "lists=one,two,one";
        let all = bot.get(&format!("/api/v1/comparison?{lists}")).await.is(200);
        assert_eq!((&all["union"], &all["differ"]), (&json!(4), &json!(1)));
        assert_eq!(all["lists"].as_array().unwrap().len(), 2, "named twice, it is there once");
        let found = bot.get(&format!("/api/v1/comparison/combinations?{lists}")).await.is(200);
        assert_eq!(
            found["items"],
            json!([
                { "lists": ["two"], "domains": 2 },
                { "lists": ["one"], "domains": 1 },
                { "lists": ["one", "two"], "domains": 1 },
            ])
        );
        let only = bot.get(&format!("/api/v1/comparison/domains?{lists}&within=two")).await.is(200);
        assert_eq!(only["items"], json!(["c.example", "d.example"]));
        let both = bot.get(&format!("/api/v1/comparison/domains?{lists}&within=two,one")).await;
        assert_eq!(both.is(200)["items"], json!(["b.example"]));
        let odd = bot.get(&format!("/api/v1/comparison/domains?{lists}&within=three")).await;
        odd.wrong(422, "within");
        let differ = bot.get(&format!("/api/v1/comparison/differences?{lists}")).await.is(200);
        assert_eq!(differ["total"], 1);
        assert_eq!(
            differ["items"][0]["severities"],
            json!([{ "list": "one", "severity": "suspend" }, { "list": "two", "severity": "silence" }])
        );
    });
}

#[test]
fn of_what_the_house_follows_strangers_learn_what_it_names_and_no_more() {
    on_both_machines(async |machine| {
        machine.write("the-houses-list.csv", "a.example\nb.example\n");
        machine.run(&["lists", "add", "the-houses-list.csv", "--name", "house"]).exits(0);
        std::fs::remove_file(machine.path("the-houses-list.csv")).unwrap();
        machine.run(&["lists", "update"]);
        let fake = Fake::start(Version::V4_6);
        let (inside, _) = Site::shared(machine).connected(&fake).await;
        let bot = Program::of(&inside, "bot", true).await;
        let list = bot.get("/api/v1/lists/house").await.is(200);
        assert_eq!((&list["shared"], &list["entries"]), (&json!(true), &json!(2)));
        assert_eq!(list["failures"], 1);
        let all = bot.get("/api/v1/lists").await.is(200);
        for told in [&list, &all] {
            assert!(!told.to_string().contains("the-houses-list"), "{told}");
        }
        assert_eq!(bot.get("/api/v1/lists/house/entries").await.is(200)["total"], 2);
        for (method, path, body) in [
            ("GET", "settings", None),
            ("PUT", "settings", Some(json!({}))),
            ("POST", "update", Some(json!({}))),
            ("POST", "accept", Some(json!({ "version": 1 }))),
            ("DELETE", "", None),
        ] {
            let path = format!("/api/v1/lists/house/{path}");
            let told = bot.ask(method, path.trim_end_matches('/'), body).await;
            told.wrong(422, "whoever runs");
        }
    });
}
