//! A person's word on the rows of a plan, whoever says it: each word from a program, all of a
//! request or nothing, whole groups, and a restore of which rows are left out.

use hedgerow::store::{EventFilter, EventKind};
use serde_json::{Value, json};

use crate::fake::AdminBlock;
use crate::keeping::{HOME, ME};
use crate::web::Page;
use crate::web_api::{Program, Told};
use crate::web_proposals::{Room, field, on_both, rows};

/// A target as a program decides about its plan.
struct Desk {
    bot: Program,
    id: i64,
}

impl Desk {
    async fn of(room: &Room, target: &str) -> Desk {
        let bot = Program::of(&room.site, "bot", true).await;
        Desk { bot, id: room.row(target).await.id }
    }

    fn at(&self, rest: &str) -> String {
        format!("/api/v1/targets/{}{rest}", self.id)
    }

    async fn plan(&self, wish: Value) -> Value {
        self.bot.post(&self.at("/proposal"), wish).await.is(202);
        let job = self.bot.job(self.id).await;
        assert_eq!(job["state"], "done", "{job}");
        self.now().await
    }

    async fn now(&self) -> Value {
        self.bot.get(&self.at("/proposal")).await.is(200)
    }

    async fn says(&self, mut what: Value) -> Told {
        if what.get("revision").is_none() {
            what["revision"] = self.now().await["revision"].clone();
        }
        self.bot.post(&self.at("/proposal/decisions"), what).await
    }

    async fn apply(&self) {
        let agreed = json!({ "checksum": self.now().await["checksum"] });
        self.bot.post(&self.at("/proposal/apply"), agreed).await.is(202);
        let job = self.bot.job(self.id).await;
        assert_eq!(job["state"], "done", "{job}");
    }

    /// The rows of a group, and what can be said of each.
    async fn rows(&self, group: &str) -> Vec<(String, String)> {
        let path = self.at(&format!("/proposal/rows?group={group}"));
        let rows = self.bot.get(&path).await.is(200);
        let words = |row: &Value| {
            let words: Vec<&str> = row["words"]
                .as_array()
                .unwrap()
                .iter()
                .map(|word| word.as_str().unwrap())
                .collect();
            (row["domain"].as_str().unwrap().to_owned(), words.join(" "))
        };
        rows["items"].as_array().unwrap().iter().map(words).collect()
    }
}

fn told(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter().map(|(name, words)| ((*name).to_owned(), (*words).to_owned())).collect()
}

#[test]
fn a_program_says_every_word_that_the_page_has_and_several_at_once() {
    on_both(async |room| {
        let scene = &room.scene;
        scene.follow(
            "garden",
            &[
                "a.example,suspend,",
                "b.example,suspend,",
                "c.example,suspend,",
                "mastodon.social,suspend,",
                "old.example,suspend,",
                "older.example,suspend,",
            ],
        );
        scene.subscribe(ME, "garden", &["--retractions", "follow", "--grace", "0"]);
        let desk = Desk::of(&room, ME).await;
        desk.plan(json!({ "what": "lists" })).await;
        desk.says(json!({ "ignore": ["a.example", "b.example", "c.example"] })).await.is(200);
        desk.apply().await;
        assert_eq!(scene.mine(), ["old.example", "older.example"]);
        scene.publish(
            "garden",
            &[
                "a.example,suspend,",
                "b.example,suspend,",
                "c.example,suspend,",
                "mastodon.social,suspend,",
            ],
        );
        let plan = desk.plan(json!({ "what": "lists" })).await;
        let turned_down = ["a.example", "b.example", "c.example"].map(|name| (name, "unignore"));
        assert_eq!(desk.rows("skipped").await, told(&turned_down));
        assert_eq!(
            desk.rows("remove").await,
            told(&[("old.example", "ignore keep"), ("older.example", "ignore keep")])
        );
        assert_eq!(desk.rows("held").await, told(&[("mastodon.social", "accept except ignore")]));
        // All of it in one planning.
        let all = json!({
            "unignore": ["a.example", "b.example", "c.example"],
            "keep": ["old.example"], "ignore": ["older.example"],
            "accept": ["mastodon.social"],
        });
        let now = desk.says(all).await.is(200);
        let revision = |plan: &Value| plan["revision"].as_i64().unwrap();
        assert_eq!(revision(&now), revision(&plan) + 1);
        assert_eq!((&now["summary"]["add"], &now["summary"]["remove"]), (&json!(4), &json!(0)));
        assert_eq!(desk.rows("held").await, told(&[("older.example", "unignore")]));
        assert_eq!(desk.rows("add").await[3].1, "unaccept except ignore");
        let back = json!({
            "unaccept": ["mastodon.social"], "except": ["a.example", "b.example"],
            "unignore": ["older.example"],
        });
        let now = desk.says(back).await.is(200);
        assert_eq!((&now["summary"]["add"], &now["summary"]["held"]), (&json!(1), &json!(1)));
        assert_eq!(
            desk.rows("skipped").await,
            told(&[("a.example", "unexcept"), ("b.example", "unexcept")])
        );
        desk.says(json!({ "unexcept": ["b.example"] })).await.is(200);
        let exceptions = desk.bot.get("/api/v1/exceptions").await.is(200);
        assert_eq!(
            (&exceptions["total"], &exceptions["items"][0]["domain"]),
            (&json!(1), &json!("a.example"))
        );
        // Guards are let go of and hold again.
        let free = desk.says(json!({ "overrides": ["large-servers"] })).await.is(200);
        assert_eq!(free["summary"]["held"], 0);
        let held = desk.says(json!({ "hold_again": ["large-servers"] })).await.is(200);
        assert_eq!(held["summary"]["held"], 1);
        desk.apply().await;
        assert_eq!(scene.mine(), ["b.example", "c.example", "old.example"]);
    });
}

#[test]
fn a_block_may_be_lowered_and_then_not() {
    on_both(async |room| {
        for name in ["a.example", "b.example"] {
            room.scene.fake.world().block_for_all(AdminBlock::new(name, "suspend"));
        }
        room.scene.follow("garden", &["a.example,silence,", "b.example,silence,"]);
        let desk = Desk::of(&room, HOME).await;
        let wish = json!({ "what": "lists", "lists": ["garden"], "overwrite": true });
        desk.plan(wish).await;
        let skipped = desk.rows("skipped").await;
        assert_eq!(skipped, told(&[("a.example", "lower"), ("b.example", "lower")]));
        // Where all of them take it, a whole group.
        let group = json!({ "groups": [{ "group": "skipped", "word": "lower" }] });
        assert_eq!(desk.says(group).await.is(200)["summary"]["lower"], 2);
        assert_eq!(desk.rows("lower").await[0].1, "ignore unlower");
        let now = desk.says(json!({ "unlower": ["a.example"] })).await.is(200);
        assert_eq!(now["summary"]["lower"], 1);
        desk.apply().await;
        assert_eq!(room.scene.all()[0].1, "suspend");
        assert_eq!(room.scene.all()[1].1, "silence");
    });
}

#[test]
fn what_makes_no_sense_is_named_and_nothing_of_the_request_is_done() {
    on_both(async |room| {
        let scene = &room.scene;
        scene.follow("garden", &["a.example,suspend,", "b.example,suspend,", "c.example,suspend,"]);
        scene.subscribe(ME, "garden", &[]);
        let desk = Desk::of(&room, ME).await;
        let plan = desk.plan(json!({ "what": "lists" })).await;
        let group = [json!({ "group": "add", "word": "accept" })];
        for (odd, says) in [
            (json!({ "accept": ["z.example"] }), "accept: z.example is in no row"),
            (
                json!({ "keep": ["c.example"] }),
                "keep: the row of c.example takes only except, ignore",
            ),
            (json!({ "except": ["b.example"] }), "b.example is named twice, for except and for"),
            (json!({ "unignore": ["c.example", "z.example"] }), "unignore: the row of c.example"),
            (json!({ "groups": group }), "accept: none of these rows takes this word"),
            (json!({ "everything": true }), "Only of a plan that restores or takes back"),
            (json!({ "except": ["not a name"] }), "except: not a name"),
        ] {
            let mut said = json!({ "except": ["a.example"], "ignore": ["b.example"] });
            for (name, value) in odd.as_object().unwrap() {
                let had = said.get_mut(name).and_then(Value::as_array_mut);
                match (had, value.as_array()) {
                    (Some(had), Some(more)) => had.extend(more.clone()),
                    _ => said[name] = value.clone(),
                }
            }
            desk.says(said).await.wrong(422, says);
        }
        let stale = json!({ "revision": 99, "except": ["a.example"] });
        desk.says(stale).await.wrong(409, "another one");
        desk.says(json!({ "burn": ["a.example"] })).await.wrong(422, "burn");
        assert_eq!(desk.now().await["revision"], plan["revision"]);
        assert_eq!(desk.bot.get("/api/v1/exceptions").await.is(200)["total"], 0);
        assert_eq!(desk.bot.get(&desk.at("/dismissals")).await.is(200)["total"], 0);
        // A run by somebody else: what a program says of the plan is about another target.
        scene.run(&["apply", ME, "--yes"]).exits(0);
        desk.says(json!({ "except": ["a.example"] })).await.wrong(409, "out of date");
        assert_eq!(desk.bot.get("/api/v1/exceptions").await.is(200)["total"], 0);
    });
}

#[test]
fn a_group_is_decided_about_but_for_those_that_are_named() {
    on_both(async |room| {
        room.scene.follow("garden", &["a.one.example,suspend,", "b.one.example,suspend,"]);
        room.scene.follow("meadow", &["c.two.example,suspend,", "d.two.example,suspend,"]);
        let desk = Desk::of(&room, ME).await;
        let lists = json!({ "what": "lists", "lists": ["garden", "meadow"] });
        desk.plan(lists).await;
        let said = json!({
            "except": ["a.one.example"],
            "groups": [
                { "group": "add", "word": "ignore", "list": "garden" },
                { "group": "add", "word": "except", "search": "C.TWO" },
                { "group": "add", "word": "ignore", "cuts": true, "search": "two" },
            ],
        });
        // The last finds nothing, so nothing at all is done.
        desk.says(said.clone()).await.wrong(422, "none of these rows");
        let mut said = said;
        said["groups"].as_array_mut().unwrap().pop();
        desk.says(said).await.is(200);
        let skipped: Vec<String> =
            desk.rows("skipped").await.into_iter().map(|(name, _)| name).collect();
        assert_eq!(skipped, ["a.one.example", "c.two.example"]);
        assert_eq!(desk.rows("held").await, told(&[("b.one.example", "unignore")]));
        assert_eq!(desk.rows("add").await, told(&[("d.two.example", "except ignore")]));
    });
}

#[test]
fn of_an_undo_everything_comes_back() {
    on_both(async |room| {
        room.scene.follow("garden", &["a.example,suspend,", "b.example,suspend,"]);
        room.scene.run(&["apply", ME, "--list", "garden", "--yes"]).exits(0);
        let desk = Desk::of(&room, ME).await;
        desk.plan(json!({ "what": "undo", "run": 1 })).await;
        assert_eq!(desk.rows("remove").await[0].1, "ignore");
        let part = desk.says(json!({ "ignore": ["a.example"] })).await.is(200);
        assert_eq!(part["summary"]["remove"], 1);
        desk.says(json!({ "ignore": ["b.example"] })).await.wrong(422, "nothing would be left");
        let both = json!({ "everything": true, "ignore": ["b.example"] });
        desk.says(both).await.wrong(422, "not together");
        desk.says(json!({ "overrides": ["most-adds"] })).await.wrong(422, "No guard holds");
        let all = desk.says(json!({ "everything": true })).await.is(200);
        assert_eq!(all["summary"]["remove"], 2);
    });
}

#[test]
fn rows_of_a_restore_are_left_out_and_put_back() {
    on_both(async |room| {
        let fake = &room.scene.fake;
        for name in ["a.example", "b.example", "big.example"] {
            fake.world().block_for_all(AdminBlock::new(name, "suspend"));
        }
        let path = room.path(HOME).await;
        room.site.send(&format!("{path}/backups"), &[]).await.is(303);
        room.worked(HOME).await;
        let backup = field(&room.site.get(&format!("{path}/backups")).await, "restore");
        fake.world().admin_blocks.clear();
        for name in ["new.example", "newer.example"] {
            fake.world().block_for_all(AdminBlock::new(name, "silence"));
        }

        let page = room.plan(HOME, &[("restore", &backup)]).await;
        let page = page.says("Adds 3 domains, lifts 2.");
        assert!(page.text.contains(">Ignore all 3</button>"), "{}", page.text);
        let page = room.says(HOME, &page, &[("row", "ignore 2 b.example"), ("of", "adds")]).await;
        let page = page.says("Ignored: 1 domain.").says(", but for 1 domain");
        let all = [("what", "ignore"), ("of", "removes")];
        let page = room.says(HOME, &page, &all).await.says("Adds 2 domains.");
        assert_eq!(rows(&page, "aside"), ["b.example", "new.example", "newer.example"]);
        let page = page.says("Only a part of the backup is brought back.");
        let page = room.says(HOME, &page, &[("row", "unignore 2 new.example")]).await;
        let page = page.says("Adds 2 domains, lifts 1.");
        let page = room.says(HOME, &page, &[("what", "everything")]).await;
        let page = page.says("All of the backup is brought back again.").says("lifts 2");
        assert!(rows(&page, "aside").is_empty(), "{}", page.text);
        assert!(!page.text.contains("Only a part"), "{}", page.text);

        // A program does the same, and another look at the server keeps what was said.
        let desk = Desk::of(&room, HOME).await;
        let groups = json!([{ "group": "remove", "word": "ignore", "search": "newer" }]);
        desk.says(json!({ "ignore": ["b.example"], "groups": groups })).await.is(200);
        let aside = [("b.example", "unignore"), ("newer.example", "unignore")];
        assert_eq!(desk.rows("held").await, told(&aside));
        room.site.send(&format!("{path}/plan/again"), &[]).await.is(303);
        room.worked(HOME).await;
        assert_eq!(desk.rows("held").await, told(&aside));
        desk.apply().await;
        let there =
            ["a.example", "big.example"].map(|name| (name.to_owned(), "suspend".to_owned()));
        let mut there = there.to_vec();
        there.push(("newer.example".to_owned(), "silence".to_owned()));
        assert_eq!(room.scene.all(), there);
        // Nothing but what was left out is left.
        let wish = json!({ "what": "restore", "backup": backup.parse::<i64>().unwrap() });
        let rest = desk.plan(wish.clone()).await;
        assert_eq!((&rest["summary"]["add"], &rest["summary"]["remove"]), (&json!(1), &json!(1)));
        let mut without = wish;
        without["aside"] = json!(["b.example", "newer.example"]);
        assert_eq!(desk.plan(without).await["summary"]["held"], 2);
        let page = room.site.get(&format!("{path}/plan")).await.says("2 rows waiting for you");
        assert!(page.text.contains("Bring all of it back"), "{}", page.text);
    });
}

#[test]
fn a_button_for_a_group_says_how_many_of_its_rows_it_is_about() {
    on_both(async |room| {
        let scene = &room.scene;
        let stay = ["a.example,suspend,", "b.example,suspend,", "c.example,suspend,"];
        let then = [&stay[..], &["old.example,suspend,", "older.example,suspend,"]].concat();
        scene.follow("garden", &then);
        scene.subscribe(ME, "garden", &["--retractions", "follow", "--grace", "0"]);
        scene.run(&["policy", ME, "--most-removes", "1"]).exits(0);
        let page = room.plan(ME, &[]).await;
        room.apply(ME, &page).await.1.says("done and verified");
        // Two are dropped, and one is new; guards hold all of them.
        scene.publish("garden", &[&stay[..], &["mastodon.social,suspend,"]].concat());
        let page = room.plan(ME, &[]).await;
        assert_eq!(rows(&page, "held"), ["mastodon.social", "old.example", "older.example"]);
        let says = |page: &Page, text: &str| page.text.contains(&format!(">{text}</button>"));
        assert!(
            says(&page, "Ignore all 3") && says(&page, "Never block 1 of them"),
            "{}",
            page.text
        );
        let found = format!("{}/plan?q=old", room.path(ME).await);
        let found = room.site.get(&found).await.is(200);
        assert!(
            says(&found, "Ignore all 2") && !found.text.contains("Never block"),
            "{}",
            found.text
        );
        let all = [("what", "except"), ("of", "held")];
        let stale = page;
        let page = room.says(ME, &stale, &all).await.says("No list blocks 1 domain here");
        assert_eq!(rows(&page, "held"), ["old.example", "older.example"]);
        // A button is about the rows that it has told of, and not about what there is by now.
        let page = room.says(ME, &stale, &[("what", "ignore"), ("of", "held")]).await;
        assert_eq!(rows(&page, "held"), ["old.example", "older.example"]);
        let page = page.says("so nothing was done");
        assert!(says(&page, "Ignore all 2"), "{}", page.text);
    });
}

#[test]
fn thousands_are_excepted_at_once() {
    on_both(async |room| {
        let names: Vec<String> = (0..5000).map(|n| format!("h{n:04}.example,suspend,")).collect();
        room.scene.follow("long", &names.iter().map(String::as_str).collect::<Vec<_>>());
        room.scene.subscribe(ME, "long", &[]);
        let page = room.plan(ME, &[]).await;
        // Too many at once are held, and still can be excepted.
        assert!(page.text.contains(">Never block all 5000</button>"), "{}", page.text);
        let all = [("what", "except"), ("of", "held")];
        let page = room.says(ME, &page, &all).await.says("No list blocks 5000 domains here");
        assert_eq!(rows(&page, "skipped").len(), 50);
        let store = room.site.site().app().store().await.unwrap();
        let excepted = EventFilter {
            kind: Some(EventKind::Excepted),
            target: Some(ME),
            ..EventFilter::default()
        };
        assert_eq!(store.events(&excepted).await.unwrap().len(), 5000);
        // And ended at once, by name.
        let desk = Desk::of(&room, ME).await;
        let names: Vec<String> = (0..5000).map(|n| format!("h{n:04}.example")).collect();
        let now = desk.says(json!({ "unexcept": names })).await.is(200);
        assert_eq!(now["summary"]["held"], 5000);
        assert_eq!(desk.bot.get("/api/v1/exceptions").await.is(200)["total"], 0);
    });
}
