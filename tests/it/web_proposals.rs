//! The plan of a target: looked at, decided on row by row, applied, watched, taken back.

use std::time::Duration;

use hedgerow::store::TargetRow;

use crate::command::Machine;
use crate::fake::Fault;
use crate::gate::Gate;
use crate::keeping::{HOME, ME, Scene};
use crate::store::place;
use crate::web::{Page, Site};

/// Somebody who runs Hedgerow on their machine, signed in, with an account and a server.
pub struct Room {
    pub scene: Scene,
    pub site: Site,
}

impl Room {
    pub async fn on(machine: Machine) -> Room {
        let scene = Scene::on(machine);
        let site = Site::at_home(&scene.machine).entered().await;
        Room { scene, site }
    }

    pub async fn row(&self, name: &str) -> TargetRow {
        let store = self.site.site().app().store().await.unwrap();
        store.target(name).await.unwrap().unwrap()
    }

    /// The address of a target.
    pub async fn path(&self, name: &str) -> String {
        format!("/targets/{}", self.row(name).await.id)
    }

    /// Has a plan made and looks at it.
    pub async fn plan(&self, target: &str, fields: &[(&str, &str)]) -> Page {
        let path = self.path(target).await;
        let begun = self.site.send(&format!("{path}/plan"), fields).await.is(303);
        assert_eq!(to(&begun), format!("{path}/work"));
        assert_eq!(self.worked(target).await, format!("{path}/plan"));
        self.site.get(&format!("{path}/plan")).await.is(200)
    }

    /// Waits until the work has ended, and tells where it leads.
    pub async fn worked(&self, target: &str) -> String {
        let page = self.ended(target).await;
        assert_eq!(page.status, 303, "{}", page.text);
        to(&page)
    }

    pub async fn ended(&self, target: &str) -> Page {
        let path = format!("{}/work", self.path(target).await);
        for _ in 0..5000 {
            let page = self.site.get(&path).await;
            let goes_on = page.status == 200 && page.text.contains("data-events=");
            if !goes_on {
                return page;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the work does not end");
    }

    /// Says something about rows of the plan that a page shows.
    pub async fn says(&self, target: &str, page: &Page, fields: &[(&str, &str)]) -> Page {
        let path = self.path(target).await;
        let (proposal, revision) = (field(page, "proposal"), field(page, "revision"));
        let mut all = vec![("proposal", &*proposal), ("revision", &*revision)];
        all.extend(fields);
        let answer = self.site.send(&format!("{path}/plan/decide"), &all).await.is(303);
        let next = to(&answer);
        assert!(next.starts_with(&format!("{path}/plan")), "{next}");
        self.site.get(next.split('#').next().unwrap()).await.is(200)
    }

    /// Presses the button that carries the plan out, with the box beside it ticked.
    pub async fn press(&self, target: &str, page: &Page) -> Page {
        let path = self.path(target).await;
        let (proposal, checksum) = (field(page, "proposal"), field(page, "checksum"));
        let cuts =
            if page.text.contains("name=\"cuts\"") { field(page, "cuts") } else { String::new() };
        let fields = [("proposal", &*proposal), ("checksum", &*checksum), ("cuts", &*cuts)];
        self.site.send(&format!("{path}/plan/apply"), &fields).await
    }

    /// The same, and waits for the run; its page.
    pub async fn apply(&self, target: &str, page: &Page) -> (String, Page) {
        let path = self.path(target).await;
        assert_eq!(to(&self.press(target, page).await.is(303)), format!("{path}/work"));
        let run = self.worked(target).await;
        let page = self.site.get(&run).await.is(200);
        (run, page)
    }

    async fn runs(&self, target: &str) -> usize {
        let store = self.site.site().app().store().await.unwrap();
        usize::try_from(store.count_runs(Some(target)).await.unwrap()).unwrap()
    }
}

pub fn to(page: &Page) -> String {
    page.headers["location"].to_str().unwrap().to_owned()
}

/// The value of a page's first field of this name.
pub fn field(page: &Page, name: &str) -> String {
    let tags = page.text.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap());
    let tag = tags.into_iter().find(|tag| tag.contains(&format!("name=\"{name}\"")));
    let tag = tag.unwrap_or_else(|| panic!("no field {name} in:\n{}", page.text));
    tag.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// The rows of a group on a page, by their domains.
pub fn rows(page: &Page, group: &str) -> Vec<String> {
    let Some(rest) = page.text.split(&format!("id=\"{group}\"")).nth(1) else { return Vec::new() };
    let section = rest.split("</section>").next().unwrap();
    let names = section.split("<th scope=\"row\"><bdi>").skip(1);
    names.map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

pub fn on_both(test: impl AsyncFn(Room)) {
    place::on_both(async |place| {
        let machine =
            if place.is_postgres() { Machine::with_database(&place.url) } else { Machine::new() };
        test(Room::on(machine).await).await;
    });
}

#[test]
fn a_plan_is_decided_on_row_by_row_carried_out_verified_and_taken_back() {
    on_both(async |room| {
        let fake = &room.scene.fake;
        fake.world().follows = vec!["friend@one.example".to_owned(), "pal@two.example".to_owned()];
        fake.world().followers = vec!["fan@two.example".to_owned(), "x@three.example".to_owned()];
        room.scene.follow(
            "garden",
            &[
                "one.example,suspend,",
                "two.example,suspend,",
                "three.example,suspend,",
                "four.example,suspend,spam",
            ],
        );
        room.scene.subscribe(ME, "garden", &[]);
        let page = room.plan(ME, &[]).await.says("Adds 1 domain.").says("friend@one.example");
        assert_eq!(rows(&page, "held"), ["one.example", "three.example", "two.example"]);
        assert_eq!(rows(&page, "adds"), ["four.example"]);
        let page = room.says(ME, &page, &[("row", "accept 1 one.example"), ("of", "held")]).await;
        let page = page.says("Accepted: 1 domain.").says("Cuts 1 person you follow.");
        let page = room
            .says(ME, &page, &[("what", "accept"), ("domain", "two.example"), ("of", "held")])
            .await;
        let page =
            page.says("Adds 3 domains.").says("Cuts 2 people you follow and 1 who follows you.");
        assert_eq!(rows(&page, "cuts"), ["two.example", "one.example"]);
        assert!(page.text.contains(">Block 3 domains</button>"), "{}", page.text);
        assert!(room.scene.mine().is_empty(), "looking changes nothing");

        // Whoever did not tick the box is asked again, and nothing is done.
        let path = room.path(ME).await;
        let sent =
            [("proposal", &*field(&page, "proposal")), ("checksum", &*field(&page, "checksum"))];
        room.site.send(&format!("{path}/plan/apply"), &sent).await.is(422).says("Tick the box");
        assert!(room.scene.mine().is_empty());

        let (run, done) = room.apply(ME, &page).await;
        done.says("done and verified").says("3 of 3 changes made").says("Whom it cut off");
        assert_eq!(room.scene.mine(), ["four.example", "one.example", "two.example"]);
        assert_eq!(fake.world().follows.len(), 0, "the follows are cut");
        room.site
            .get(&format!("{path}/runs"))
            .await
            .is(200)
            .says("done and verified")
            .says("3 of 3");
        room.site.get(&format!("{path}/plan")).await.is(200).says("No plan waits");

        let id = run.rsplit('/').next().unwrap().to_owned();
        let page =
            room.plan(ME, &[("undo", &id)]).await.says("Lifts 3 domains.").says("Taking back run");
        let (_, done) = room.apply(ME, &page).await;
        done.says("done and verified");
        assert!(room.scene.mine().is_empty());
        let seen = room.site.get(&run).await.is(200);
        seen.says("The blocks are gone, so you can follow again").says("friend@one.example");
    });
}

#[test]
fn a_decision_elsewhere_leaves_every_word_in_a_plan_that_is_out_of_date() {
    on_both(async |room| {
        room.scene.fake.world().follows = vec!["friend@one.example".to_owned()];
        room.scene.follow("garden", &["one.example,suspend,", "two.example,suspend,"]);
        room.scene.follow("other", &["three.example,suspend,"]);
        room.scene.subscribe(ME, "garden", &[]);
        let page = room.plan(ME, &[]).await;
        let accept = [("row", "accept 1 one.example"), ("of", "held")];
        room.says(ME, &page, &accept).await.says("accepted by you");
        // By night something is done there, and in the morning something is decided.
        room.scene.run(&["apply", ME, "--list", "other", "--yes"]).exits(0);
        let except = [("domain", "two.example"), ("target", "")];
        room.site.send("/exceptions", &except).await.is(303);
        let path = format!("{}/plan", room.path(ME).await);
        let page = room.site.get(&path).await.is(200).says("out of date");
        assert!(page.text.contains("accepted by you"), "{}", page.text);
        let fields = [("proposal", &*field(&page, "proposal"))];
        room.site.send(&format!("{path}/again"), &fields).await.is(303);
        room.worked(ME).await;
        let page = room.site.get(&path).await.is(200).says("accepted by you");
        assert_eq!(rows(&page, "cuts"), ["one.example"]);
        assert_eq!(rows(&page, "skipped"), ["two.example"]);
    });
}

#[test]
fn however_often_it_is_asked_for_one_run_comes_of_a_plan() {
    on_both(async |room| {
        room.scene.follow("garden", &["a.example,suspend,", "b.example,suspend,"]);
        let page = room.plan(ME, &[("list", "garden")]).await;
        // The run has not begun for as long as the server is not read.
        let gate = Gate::default();
        room.scene.fake.fail("GET", "/api/v1/domain_blocks", Fault::Held(gate.clone()));
        let (one, other) = tokio::join!(room.press(ME, &page), room.press(ME, &page));
        let work = format!("{}/work", room.path(ME).await);
        assert_eq!((to(&one.is(303)), to(&other.is(303))), (work.clone(), work));
        gate.open();
        let run = room.worked(ME).await;
        // Pressed again, much later, in a tab that was left open.
        for _ in 0..2 {
            assert_eq!(to(&room.press(ME, &page).await.is(303)), run);
        }
        assert_eq!(room.runs(ME).await, 1);
        let posts = room.scene.fake.writes();
        assert_eq!(posts.iter().filter(|request| request.method == "POST").count(), 2);
        // Words on it come too late, and lead to the run.
        let path = room.path(ME).await;
        let sent = [("proposal", &*field(&page, "proposal")), ("row", "ignore 1 a.example")];
        let late = room.site.send(&format!("{path}/plan/decide"), &sent).await.is(303);
        assert_eq!(to(&late), run);
    });
}

#[test]
fn what_has_changed_since_is_not_overridden() {
    on_both(async |room| {
        room.scene.follow("garden", &["a.example,suspend,", "b.example,suspend,"]);
        let page = room.plan(ME, &[("list", "garden")]).await;
        let page = room.says(ME, &page, &[("row", "ignore 1 b.example"), ("of", "adds")]).await;
        room.scene.fake.world().block_for_account("mine.example");
        let path = room.path(ME).await;
        assert_eq!(to(&room.press(ME, &page).await.is(303)), format!("{path}/work"));
        let page =
            room.ended(ME).await.is(200).says("Your server is not as it was").says("mine.example");
        assert!(!page.text.contains("hedgerow "), "no commands on a page");
        assert_eq!(room.scene.mine(), ["mine.example"]);
        // Looking again keeps what was said.
        room.site.send(&format!("{path}/plan/again"), &[]).await.is(303);
        assert_eq!(room.worked(ME).await, format!("{path}/plan"));
        let page = room.site.get(&format!("{path}/plan")).await.is(200);
        assert_eq!(
            (rows(&page, "adds"), rows(&page, "aside")),
            (vec!["a.example".into()], vec!["b.example".into()])
        );
        room.apply(ME, &page).await.1.says("done and verified");
        assert_eq!(room.scene.mine(), ["a.example", "mine.example"]);
    });
}

#[test]
fn it_is_stopped_in_the_middle_and_gone_on_with() {
    on_both(async |room| {
        room.scene
            .follow("garden", &["a.example,suspend,", "b.example,suspend,", "c.example,suspend,"]);
        let page = room.plan(ME, &[("list", "garden")]).await;
        let path = room.path(ME).await;
        // The second of three blocks is on its way.
        let gate = Gate::default();
        room.scene.fake.fail("POST", "/api/v1/domain_blocks", Fault::Nothing);
        room.scene.fake.fail("POST", "/api/v1/domain_blocks", Fault::Held(gate.clone()));
        room.press(ME, &page).await.is(303);
        gate.reached(1);
        let work = format!("{path}/work");
        room.site.get(&work).await.is(200).says("1 of 3");
        assert_eq!(to(&room.site.send(&format!("{work}/stop"), &[]).await.is(303)), work);
        room.site.get(&work).await.is(200).says("Stopping after the step that is under way");
        gate.open();
        let run = room.worked(ME).await;
        room.site.get(&run).await.is(200).says("stopped").says("Go on with it");
        assert_eq!(room.scene.mine().len(), 2);
        room.site.send(&format!("{run}/resume"), &[]).await.is(303);
        assert_eq!(room.worked(ME).await, run);
        room.site.get(&run).await.is(200).says("done and verified").says("3 of 3");
        assert_eq!(room.scene.mine().len(), 3);
        let posts = room.scene.fake.writes().iter().filter(|it| it.method == "POST").count();
        assert_eq!(posts, 3, "nothing is sent twice");
    });
}

#[test]
fn a_run_whose_connection_broke_is_gone_on_with_or_given_up() {
    on_both(async |room| {
        let fake = &room.scene.fake;
        room.scene
            .follow("garden", &["a.example,suspend,", "b.example,suspend,", "c.example,suspend,"]);
        let page = room.plan(ME, &[("list", "garden")]).await;
        let path = room.path(ME).await;
        // The second block takes effect, and everything after it fails.
        fake.fail("POST", "/api/v1/domain_blocks", Fault::Nothing);
        for _ in 0..40 {
            fake.fail(
                "POST",
                "/api/v1/domain_blocks",
                Fault::Answer(401, "application/json", "{\"error\":\"gone\"}".into(), vec![]),
            );
        }
        room.press(ME, &page).await.is(303);
        let run = room.worked(ME).await;
        let seen = room.site.get(&run).await.is(200).says("stopped").says("Go on with it");
        let seen = seen.says("Sign in again; what is left to do can then be resumed.");
        assert!(!seen.text.contains("hedgerow login"), "{}", seen.text);
        seen.says("Give it up: 1 change stays, 1 may stand already, 1 is never made");
        assert_eq!(room.scene.mine().len(), 1);
        // A plan for what is followed would take half a run for somebody's work by hand.
        room.site.get(&format!("{path}/plan")).await.is(200).says("was interrupted after 1 of 3");
        room.site.get(&format!("{path}/runs")).await.is(200).says("stopped");
        room.site.send(&format!("{run}/abandon"), &[]).await.is(303);
        assert_eq!(room.worked(ME).await, run);
        room.site.get(&run).await.is(200).says("given up");
        assert_eq!(room.scene.mine().len(), 1);
        // It has ended: nothing goes on with it, and pressing again leads to its page.
        assert_eq!(to(&room.site.send(&format!("{run}/resume"), &[]).await.is(303)), run);
    });
}

#[test]
fn what_the_server_refuses_is_told_in_its_words() {
    on_both(async |room| {
        let fake = &room.scene.fake;
        room.scene.follow("garden", &["a.example,suspend,", "b.example,suspend,"]);
        let page = room.plan(ME, &[("list", "garden")]).await;
        let says = "{\"error\":\"Validation failed: <b>no</b>\"}".to_owned();
        fake.fail(
            "POST",
            "/api/v1/domain_blocks",
            Fault::Answer(422, "application/json", says, vec![]),
        );
        let (run, page) = room.apply(ME, &page).await;
        let page = page.says("not as planned").says("Validation failed: &#60;b&#62;no");
        assert!(!page.text.contains("<b>no"), "{}", page.text);
        room.site.get(&format!("{run}?show=failed")).await.is(200).says("refused");
        // A server that cannot be read makes no plan, and says so.
        for _ in 0..20 {
            fake.fail(
                "GET",
                "/api/v1/domain_blocks",
                Fault::Answer(401, "text/html", "<h1>x</h1>".into(), vec![]),
            );
        }
        let path = room.path(ME).await;
        room.site.send(&format!("{path}/plan"), &[("list", "garden")]).await.is(303);
        let page = room.ended(ME).await.is(200).says("The other server did not help");
        // With what to do about it, and where.
        let page = page.says("Sign in again; what is left to do can then be resumed.");
        let page = page.says("Sign in to your server again").says("Look again");
        let (_, to) = page.text.split_once("href=\"/connect?").unwrap();
        let to = to.split('"').next().unwrap().replace("&#38;", "&");
        let asks = async |address: &str, server: &str, level: &str| {
            let page = room.site.get(address).await.is(200).text;
            let server = format!("id=\"server\" value=\"{server}");
            let level =
                format!("id=\"level-{level}\" aria-describedby=\"level-{level}-says\" checked");
            assert!(page.contains(&server) && page.contains(&level), "{page}");
        };
        asks(&format!("/connect?{to}"), "http://127.0.0.1:", "account").await;
        asks("/connect?server=a.example&level=instance", "a.example\"", "instance").await;
    });
}

#[test]
fn a_sign_in_that_was_revoked_is_told_to_whoever_carries_a_plan_out_too() {
    on_both(async |room| {
        room.scene.follow("garden", &["a.example,suspend,"]);
        let page = room.plan(ME, &[("list", "garden")]).await;
        for _ in 0..20 {
            room.scene.fake.fail(
                "GET",
                "/api/v1/domain_blocks",
                Fault::Answer(401, "text/html", "<h1>x</h1>".into(), vec![]),
            );
        }
        room.press(ME, &page).await.is(303);
        let page = room.ended(ME).await.is(200).says("Sign in again");
        page.says("Sign in to your server again");
        assert!(room.scene.mine().is_empty());
    });
}

#[test]
fn a_guard_holds_until_it_is_let_go_of() {
    on_both(async |room| {
        room.scene.follow("garden", &["mastodon.social,suspend,", "a.example,suspend,"]);
        let page = room.plan(ME, &[("list", "garden")]).await.says("One of the largest servers");
        assert_eq!(rows(&page, "held"), ["mastodon.social"]);
        let guard = [("what", "override"), ("guard", "large-servers")];
        let page = room.says(ME, &page, &guard).await.says("The guard is let go of");
        assert_eq!(rows(&page, "adds"), ["a.example", "mastodon.social"]);
        let guard = [("what", "unoverride"), ("guard", "large-servers")];
        let page = room.says(ME, &page, &guard).await;
        assert_eq!(rows(&page, "held"), ["mastodon.social"]);
        room.apply(ME, &page).await.1.says("done and verified");
        assert_eq!(room.scene.mine(), ["a.example"]);
    });
}

#[test]
fn what_is_excepted_or_turned_down_stays_so() {
    on_both(async |room| {
        room.scene
            .follow("garden", &["a.example,suspend,", "b.example,suspend,", "c.example,suspend,"]);
        room.scene.subscribe(ME, "garden", &[]);
        let page = room.plan(ME, &[]).await;
        let page = room.says(ME, &page, &[("row", "except 1 a.example"), ("of", "adds")]).await;
        let page = room.says(ME, &page, &[("row", "ignore 1 b.example"), ("of", "adds")]).await;
        assert_eq!(
            (rows(&page, "adds"), rows(&page, "skipped")),
            (vec!["c.example".into()], vec!["a.example".into(), "b.example".into()])
        );
        // Another plan knows of it, and so does the command line.
        let page = room.plan(ME, &[]).await;
        assert_eq!(rows(&page, "adds"), ["c.example"]);
        room.scene
            .run(&["exceptions", "--target", ME])
            .exits(0)
            .says("a.example, on me@home.example")
            .says("b.example");
        // Both can be taken back where they were made.
        let page =
            room.says(ME, &page, &[("row", "unexcept 1 a.example"), ("of", "skipped")]).await;
        let page =
            room.says(ME, &page, &[("row", "unignore 1 b.example"), ("of", "skipped")]).await;
        assert_eq!(rows(&page, "adds"), ["a.example", "b.example", "c.example"]);
        // A whole group at once, of those that are looked for.
        let all = [("what", "ignore"), ("of", "adds"), ("q", "B.EX")];
        let page = room.says(ME, &page, &all).await.says("Ignored: 1 domain.");
        let path = room.path(ME).await;
        assert_eq!(rows(&page, "skipped"), ["b.example"]);
        let page = room.site.get(&format!("{path}/plan")).await;
        room.apply(ME, &page).await;
        assert_eq!(room.scene.mine(), ["a.example", "c.example"]);
    });
}

#[test]
fn a_block_that_would_go_can_be_kept() {
    on_both(async |room| {
        let scene = &room.scene;
        scene.follow("garden", &["a.example,suspend,", "b.example,suspend,", "c.example,suspend,"]);
        scene.subscribe(ME, "garden", &["--retractions", "follow", "--grace", "0"]);
        let page = room.plan(ME, &[]).await;
        room.apply(ME, &page).await;
        scene.publish("garden", &["c.example,suspend,"]);
        let page = room.plan(ME, &[]).await.says("garden no longer asks for it");
        assert_eq!(rows(&page, "removes"), ["a.example", "b.example"]);
        let page = room.says(ME, &page, &[("row", "keep 1 a.example"), ("of", "removes")]).await;
        let page = page.says("Your own from now on: 1 block.");
        assert_eq!(rows(&page, "removes"), ["b.example"]);
        room.apply(ME, &page).await.1.says("done and verified");
        assert_eq!(scene.mine(), ["a.example", "c.example"]);
        room.plan(ME, &[]).await.says("Nothing to change").says("garden names 1 domain");
    });
}

#[test]
fn two_tabs_lose_nothing_of_each_other() {
    on_both(async |room| {
        room.scene
            .follow("garden", &["a.example,suspend,", "b.example,suspend,", "c.example,suspend,"]);
        let page = room.plan(ME, &[("list", "garden")]).await;
        let one = room.says(ME, &page, &[("row", "ignore 1 a.example"), ("of", "adds")]).await;
        // From the page as it was before.
        let other = room.says(ME, &page, &[("row", "ignore 2 b.example"), ("of", "adds")]).await;
        assert_eq!(rows(&other, "aside"), ["a.example", "b.example"]);
        let twice = room.says(ME, &page, &[("row", "ignore 1 a.example"), ("of", "adds")]).await;
        twice.says("1 row was left alone");
        // What the first tab shows is not what would be done now, so it does nothing.
        let path = room.path(ME).await;
        let pressed = room.press(ME, &one).await.is(303);
        assert_eq!(to(&pressed), format!("{path}/plan?note=changed"));
        assert!(room.scene.mine().is_empty());
        // At the same time, both count.
        let page = room.plan(ME, &[("list", "garden")]).await;
        let (a, b) = ([("row", "ignore 1 a.example")], [("row", "ignore 2 b.example")]);
        tokio::join!(room.says(ME, &page, &a), room.says(ME, &page, &b));
        let page = room.site.get(&format!("{path}/plan")).await;
        assert_eq!(rows(&page, "aside"), ["a.example", "b.example"]);
    });
}

#[test]
fn what_is_decided_elsewhere_counts_before_anything_is_done() {
    on_both(async |room| {
        room.scene.follow("garden", &["a.example,suspend,", "b.example,suspend,"]);
        let page = room.plan(ME, &[("list", "garden")]).await;
        room.scene.run(&["exceptions", "add", "a.example"]).exits(0);
        let path = room.path(ME).await;
        assert_eq!(to(&room.press(ME, &page).await.is(303)), format!("{path}/work"));
        assert_eq!(room.worked(ME).await, format!("{path}/plan?note=changed"));
        assert!(room.scene.mine().is_empty());
        let page = room.site.get(&format!("{path}/plan")).await.is(200);
        assert_eq!(rows(&page, "adds"), ["b.example"]);
        room.apply(ME, &page).await.1.says("done and verified");
        assert_eq!(room.scene.mine(), ["b.example"]);
    });
}

#[test]
fn a_run_by_somebody_else_makes_the_plan_out_of_date_and_teaches_it_nothing() {
    on_both(async |room| {
        room.scene.follow("garden", &["a.example,suspend,", "b.example,suspend,"]);
        room.scene.subscribe(ME, "garden", &[]);
        let page = room.plan(ME, &[]).await;
        room.scene.run(&["apply", ME, "--yes"]).exits(0);
        assert_eq!(room.scene.mine(), ["a.example", "b.example"]);
        // From memory these blocks are not there, as if somebody had lifted them by hand.
        let path = room.path(ME).await;
        let sent =
            [("proposal", &*field(&page, "proposal")), ("row", "ignore 1 a.example"), ("what", "")];
        let says = room.site.send(&format!("{path}/plan/decide"), &sent).await;
        assert!(says.status == 303 || says.status == 409, "{}", says.status);
        assert_eq!(to(&room.press(ME, &page).await.is(303)), format!("{path}/plan?note=changed"));
        room.site.get(&format!("{path}/plan")).await.is(200).says("A run has worked here since");
        let events = room.scene.events(&["--target", ME]);
        let by_hand = events.iter().any(|event| event["kind"] == "lifted-by-hand");
        assert!(!events.is_empty() && !by_hand, "{events:?}");
    });
}

#[test]
fn lists_are_chosen_for_once_and_nothing_else_is_read() {
    on_both(async |room| {
        let path = format!("{}/plan", room.path(HOME).await);
        let new = room.site.get(&format!("{path}/new")).await.is(200);
        new.says("Choose lists for once").says("Terms for this once");
        let secret = room.scene.machine.write("secret.csv", "secret.example\n");
        let secret = secret.to_str().unwrap();
        for list in [secret, "/etc/passwd", "https://127.0.0.1/x", "instance:127.0.0.1", "nothing"]
        {
            let page = room.site.send(&path, &[("list", list)]).await.is(422);
            page.says("There is no list").says("Choose from those below");
            room.site.send(&path, &[("list", "threads"), ("allow-list", list)]).await.is(422);
        }
        for (name, value) in [
            ("mode", "overwrite"),
            ("allow", "not a domain!"),
            ("in-percent", "101"),
            ("in-at-least", "-1"),
            ("severity", "kill"),
            ("combine", "x"),
            ("comments", "/etc/passwd"),
        ] {
            room.site.send(&path, &[(name, value)]).await.is(422);
        }
        room.site.send(&path, &[("undo", "99999")]).await.is(404);
        room.site.send(&path, &[("restore", "99999999999999999999")]).await.is(404);
        room.scene
            .fake
            .world()
            .block_for_all(crate::fake::AdminBlock::new("old.example", "suspend"));
        room.scene.fake.world().block_for_all(crate::fake::AdminBlock::new("a.example", "suspend"));
        room.scene.follow("garden", &["a.example,silence,", "b.example,suspend,"]);
        let fields = [("list", "garden"), ("mode", "overwrite"), ("severity", "suspend")];
        let page = room.plan(HOME, &fields).await.says("Made equal, this once, to garden");
        assert_eq!(
            (rows(&page, "removes"), rows(&page, "adds")),
            (vec!["old.example".into()], vec!["b.example".into()])
        );
        let page =
            room.says(HOME, &page, &[("row", "ignore 1 old.example"), ("of", "removes")]).await;
        assert_eq!(
            (rows(&page, "removes"), rows(&page, "aside")),
            (vec![], vec!["old.example".into()])
        );
        let page = room.says(HOME, &page, &[("row", "lower 1 a.example"), ("of", "skipped")]).await;
        assert_eq!(rows(&page, "lowers"), ["a.example"]);
        let (_, done) = room.apply(HOME, &page).await;
        done.says("done and verified");
        let want = [("a.example", "silence"), ("b.example", "suspend"), ("old.example", "suspend")];
        assert_eq!(room.scene.all(), want.map(|(a, b)| (a.to_owned(), b.to_owned())));
    });
}

#[test]
fn a_long_plan_is_paged_and_searched() {
    on_both(async |room| {
        let names: Vec<String> = (0..450).map(|n| format!("host{n:03}.example,suspend,")).collect();
        room.scene.follow("long", &names.iter().map(String::as_str).collect::<Vec<_>>());
        room.scene.follow("short", &["host007.example,suspend,", "own.example,suspend,"]);
        let odd = ["xn--bcher-kva.example,suspend,Harassment for years"];
        room.scene.follow("odd", &odd);
        room.plan(ME, &[("list", "odd")]).await;
        let path = format!("{}/plan", room.path(ME).await);
        for (text, found) in [("harassment", 1), ("b%C3%BCch", 1), ("xn--b", 1), ("spam", 0)] {
            let page = room.site.get(&format!("{path}?q={text}")).await.is(200);
            assert_eq!(rows(&page, "adds").len(), found, "{text}");
        }
        let page = room.plan(ME, &[("list", "long"), ("list", "short")]).await;
        assert_eq!(rows(&page, "adds").len(), 50);
        let page = page.says("Adds 451 domains.").says("All 451 of these, a page at a time");
        assert!(page.text.contains(&format!("href=\"{path}?group=adds\"")), "{}", page.text);
        let page = room.site.get(&format!("{path}?group=adds&page=3")).await.is(200);
        assert_eq!(rows(&page, "adds").len(), 51);
        let page = room.site.get(&format!("{path}?list=short")).await.is(200);
        assert_eq!(rows(&page, "adds"), ["host007.example", "own.example"]);
        let page = room.site.get(&format!("{path}?list=short&q=own")).await.is(200);
        assert_eq!(rows(&page, "adds"), ["own.example"]);
        room.site
            .get(&format!("{path}?q=%3Cscript%3E&page=-1&group=x"))
            .await
            .is(200)
            .says("No row of the plan fits");
        // All that are found at once, and only those.
        let all = [("what", "ignore"), ("of", "adds"), ("list", "short")];
        let page = room.says(ME, &page, &all).await.says("Ignored: 2 domains.");
        let _ = page;
        room.site.get(&path).await.is(200).says("Adds 449 domains.");
    });
}

#[test]
fn what_lists_and_forms_say_is_text_and_nothing_else() {
    on_both(async |room| {
        room.scene.follow(
            "garden",
            &["a.example,suspend,<script>alert(1)</script> \u{202e}gnp\u{7}", "b.example,suspend,"],
        );
        let page = room.plan(ME, &[("list", "garden")]).await;
        assert!(page.text.contains("&#60;script&#62;alert(1)"), "{}", page.text);
        for never in ["<script>alert", "\u{202e}", "\u{7}", " style=", "hedgerow plan", "--"] {
            assert!(!page.text.contains(never), "{never:?} in {}", page.text);
        }
        let path = format!("{}/plan/decide", room.path(ME).await);
        let proposal = field(&page, "proposal");
        for (name, value) in [
            ("row", "accept"),
            ("row", "accept x a.example"),
            ("row", "explode 1 a.example"),
            ("row", "ignore 1 <b>"),
            ("what", "ignore"),
            ("what", "override"),
            ("of", "adds"),
        ] {
            let sent = [("proposal", &*proposal), (name, value)];
            let says = room.site.send(&path, &sent).await.is(422);
            says.says("nothing was done");
        }
        // A row that is not there, or takes no such word.
        for row in ["ignore 1 z.example", "keep 1 a.example", "accept 1 a.example"] {
            room.says(ME, &page, &[("row", row)]).await.says("1 row was left alone");
        }
        room.site.send(&path, &[("proposal", "0"), ("row", "ignore 1 a.example")]).await.is(303);
        room.site.get(&room.path(ME).await.replace("/targets/", "/targets/9")).await.is(404);
        room.site.get("/runs/x").await.is(404);
        room.site.get("/runs/99999").await.is(404);
        room.site.get("/backups/1").await.is(404);
        room.site.get("/backups/99.csv").await.is(404);
    });
}

#[test]
fn progress_is_told_as_it_comes_and_ends() {
    on_both(async |room| {
        let fake = &room.scene.fake;
        room.scene.follow("garden", &["a.example,suspend,", "b.example,suspend,"]);
        let page = room.plan(ME, &[("list", "garden")]).await;
        let path = room.path(ME).await;
        let gate = Gate::default();
        fake.fail("POST", "/api/v1/domain_blocks", Fault::Held(gate.clone()));
        room.press(ME, &page).await.is(303);
        let shown = room.site.get(&format!("{path}/work")).await.is(200);
        let shown = shown.says("http-equiv=\"refresh\"").says("data-events=");
        assert!(shown.text.contains("/work/stop"), "{}", shown.text);
        // The plan is being carried out, so its page leads here.
        assert_eq!(
            to(&room.site.get(&format!("{path}/plan")).await.is(303)),
            format!("{path}/work")
        );
        let mut told = room.site.events(&format!("{path}/work/events")).await;
        told.says("\"total\":2").await;
        gate.open();
        let told = told.rest().await;
        assert!(told.trim_end().ends_with("event: over\ndata: \"over\""), "{told}");
        assert!(room.worked(ME).await.starts_with("/runs/"));
        room.site.get("/targets/99999/work/events").await.is(404);
    });
}
