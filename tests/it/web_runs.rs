//! What was done: backups, bringing one back, following people again.

use crate::fake::Fault;
use crate::gate::Gate;
use crate::keeping::{HOME, ME};
use crate::web_proposals::{Room, field, on_both, to};

#[test]
fn a_backup_is_made_given_away_and_brought_back() {
    on_both(async |room| {
        let path = room.path(ME).await;
        room.site.get(&format!("{path}/backups")).await.is(200).says("There is none yet");
        room.scene.fake.world().block_for_account("mine.example");
        room.site.send(&format!("{path}/backups"), &[]).await.is(303);
        assert_eq!(room.worked(ME).await, format!("{path}/backups?note=made"));
        let page = room.site.get(&format!("{path}/backups?note=made")).await.is(200);
        let page = page.says("by hand");
        let id = field(&page, "restore");
        let csv = room.site.get(&format!("/backups/{id}.csv")).await.is(200);
        assert_eq!(csv.text, "mine.example\n");
        assert!(csv.headers["content-disposition"].to_str().unwrap().contains(".csv"));
        let json = room.site.get(&format!("/backups/{id}.json")).await.is(200);
        assert!(json.text.contains("hedgerow-backup/1"));
        // Lost by hand, and brought back.
        room.scene.fake.world().account_blocks.clear();
        let page = room.plan(ME, &[("restore", &id)]).await.says("Adds 1 domain.");
        let words = page.text.split("name=\"row\" value=\"").skip(1);
        let words: Vec<&str> = words.map(|rest| rest.split(' ').next().unwrap()).collect();
        assert_eq!(words, ["ignore"]);
        room.apply(ME, &page).await.1.says("done and verified").says("Brought back from a backup");
        assert_eq!(room.scene.mine(), ["mine.example"]);
        // It is not another target's.
        let other = format!("{}/plan", room.path(HOME).await);
        room.site.send(&other, &[("restore", &id)]).await.is(404);
        // A file that was tampered with is not given away.
        for (file, bytes) in room.scene.machine.kept() {
            if file.to_string_lossy().contains("backups") && file.extension().unwrap() == "json" {
                let text = String::from_utf8(bytes).unwrap();
                std::fs::write(&file, text.replace("mine.example", "thine.example")).unwrap();
            }
        }
        let page = room.site.get(&format!("/backups/{id}.json")).await.is(422).says("damaged");
        assert!(!page.text.contains("/backups/me@"), "no path of this machine: {}", page.text);
    });
}

#[test]
fn a_part_of_a_run_is_taken_back() {
    on_both(async |room| {
        room.scene.follow("garden", &["a.example,suspend,", "b.example,suspend,"]);
        let page = room.plan(ME, &[("list", "garden")]).await;
        let (run, _) = room.apply(ME, &page).await;
        let id = run.rsplit('/').next().unwrap();
        let page = room.plan(ME, &[("undo", id)]).await.says("Lifts 2 domains.");
        let page = room.says(ME, &page, &[("row", "ignore 1 a.example"), ("of", "removes")]).await;
        let page = page.says("Lifts 1 domain.").says("Only a part of the run is taken back");
        let path = room.path(ME).await;
        let sent = [("proposal", &*field(&page, "proposal")), ("row", "ignore 1 b.example")];
        room.site
            .send(&format!("{path}/plan/decide"), &sent)
            .await
            .is(422)
            .says("Let go of the plan");
        let page = room.says(ME, &page, &[("what", "everything")]).await.says("Lifts 2 domains.");
        let page = room.says(ME, &page, &[("row", "ignore 1 a.example"), ("of", "removes")]).await;
        room.apply(ME, &page).await;
        assert_eq!(room.scene.mine(), ["a.example"]);
        // Another target's run is not taken back here.
        let other = format!("{}/plan", room.path(HOME).await);
        room.site.send(&other, &[("undo", id)]).await.is(404);
    });
}

/// A run that cut a follow and was taken back, so that somebody can be followed again.
async fn cut_and_taken_back(room: &Room) -> String {
    room.scene.fake.world().follows = vec!["friend@bad.example".to_owned()];
    room.scene.follow("garden", &["bad.example,suspend,"]);
    let page = room.plan(ME, &[("list", "garden")]).await;
    let page = room.says(ME, &page, &[("row", "accept 1 bad.example"), ("of", "held")]).await;
    let (run, _) = room.apply(ME, &page).await;
    let page = room.plan(ME, &[("undo", run.rsplit('/').next().unwrap())]).await;
    room.apply(ME, &page).await;
    run
}

fn broken() -> Fault {
    Fault::Answer(400, "application/json", "{\"error\":\"not today\"}".to_owned(), Vec::new())
}

#[test]
fn the_right_to_follow_is_given_back_whatever_comes_of_it() {
    const AT: &str = "/oauth/authorized_applications";
    on_both(async |room| {
        let fake = &room.scene.fake;
        let run = cut_and_taken_back(&room).await;
        let again = format!("{run}/refollow");
        let app = room.site.site().app().clone();
        let row = room.row(ME).await;
        let tokens = fake.tokens();

        // Something else has begun on the target while the approval was on its way.
        for kept in [false, true] {
            let gate = Gate::default();
            fake.fail("GET", "/api/v1/domain_blocks", Fault::Held(gate.clone()));
            let busy = room.site.site().desk().read(&app, &row).unwrap();
            gate.reached(1);
            if kept {
                fake.fail("POST", "/oauth/revoke", broken());
            }
            let (_, answer) = room.site.approved(fake, &again, &[]).await;
            let answer = answer.is(409);
            assert_eq!(answer.text.contains("could not be given back"), kept, "{}", answer.text);
            assert_eq!(answer.text.contains(AT), kept, "{}", answer.text);
            assert_eq!(fake.tokens(), tokens + usize::from(kept));
            gate.open();
            busy.over().await;
        }
        // It began, and failed half-way.
        for kept in [false, true] {
            fake.fail("GET", "/api/v1/accounts/verify_credentials", broken());
            if kept {
                fake.fail("POST", "/oauth/revoke", broken());
            }
            room.site.approved(fake, &again, &[]).await.1.is(303);
            let page = room.ended(ME).await.says("The other server did not help");
            assert_eq!(page.text.contains("could not be given back"), kept, "{}", page.text);
            assert_eq!(page.text.contains(AT), kept, "{}", page.text);
            assert_eq!(fake.tokens(), tokens + 1 + usize::from(kept));
        }
        assert!(fake.world().follows.is_empty());
    });
}

#[test]
fn people_are_followed_again_once_the_block_is_gone() {
    on_both(async |room| {
        let fake = &room.scene.fake;
        fake.world().follows = vec!["friend@bad.example".to_owned()];
        room.scene.follow("garden", &["bad.example,suspend,"]);
        let page = room.plan(ME, &[("list", "garden")]).await;
        let page = room.says(ME, &page, &[("row", "accept 1 bad.example"), ("of", "held")]).await;
        let (run, page) = room.apply(ME, &page).await;
        assert!(!page.text.contains("/refollow"), "the block is still there");
        assert!(fake.world().follows.is_empty());
        room.site
            .send(&format!("{run}/refollow"), &[])
            .await
            .is(422)
            .says("nobody to follow again");
        let id = run.rsplit('/').next().unwrap();
        let page = room.plan(ME, &[("undo", id)]).await;
        room.apply(ME, &page).await;
        let tokens = fake.tokens();
        let (inside, answer) = room.site.approved(fake, &format!("{run}/refollow"), &[]).await;
        assert_eq!(to(&answer.is(303)), format!("{}/work", room.path(ME).await));
        let _ = inside;
        assert_eq!(room.worked(ME).await, run);
        room.site.get(&run).await.is(200).says("You follow 1 person again");
        assert_eq!(fake.world().follows, ["friend@bad.example"]);
        assert_eq!(fake.tokens(), tokens, "the right to follow was given back");
    });
}

#[test]
fn a_run_is_written_as_a_text_to_post() {
    on_both(async |room| {
        let rows = ["bad.example,suspend,spam </textarea>", "loud.example,silence,"];
        room.scene.follow("garden", &rows);
        let page = room.plan(HOME, &[("list", "garden")]).await;
        let (run, page) = room.apply(HOME, &page).await;
        page.says(&format!("href=\"{run}/announcement\""));
        let writes = room.scene.fake.writes().len();
        let page = room.site.get(&format!("{run}/announcement")).await.is(200);
        let page = page.says("so that people know whom you block now and why");
        let page = page.says("Nothing is posted by Hedgerow");
        let page = page.says("servers that home.example treats differently from now on.");
        let page = page.says("| `bad.example` | spam &#38;lt;/textarea&#38;gt; |");
        let page = page.says("### Limited: 1 server");
        assert_eq!(field(&page, "as"), "home.example");
        assert_eq!(page.text.matches("</textarea>").count(), 1, "{}", page.text);

        let asked = "as=the+%3Cmods%3E+%26+%C3%BCs";
        let page = room.site.get(&format!("{run}/announcement?{asked}")).await.is(200);
        let page = page.says("servers that the &#38;lt;mods&#38;gt; &#38;amp; üs treats");
        assert_eq!(field(&page, "as"), "the &#60;mods&#62; &#38; üs");
        // The file has what the page shows.
        let to = page.text.split(&format!("href=\"{run}/announcement.md?")).nth(1).unwrap();
        let to = to.split('"').next().unwrap();
        let file = room.site.get(&format!("{run}/announcement.md?{to}")).await.is(200);
        assert_eq!(file.headers["content-type"], "text/markdown; charset=utf-8");
        let name = format!("attachment; filename=\"run-{}.md\"", run.rsplit('/').next().unwrap());
        assert_eq!(file.headers["content-disposition"], name.as_str());
        assert!(file.text.starts_with("## Changed on 20"), "{}", file.text);
        assert!(file.text.contains("the &lt;mods&gt; &amp; üs treats"), "{}", file.text);
        assert!(file.text.contains("| `bad.example` | spam &lt;/textarea&gt; |"), "{}", file.text);
        // Who names nobody has the server speak.
        let file = room.site.get(&format!("{run}/announcement.md?as=+")).await.is(200);
        assert!(file.text.contains("that home.example treats"), "{}", file.text);
        room.site.get("/runs/4711/announcement").await.is(404);
        room.site.get("/runs/4711/announcement.md").await.is(404);
        assert_eq!(room.scene.fake.writes().len(), writes, "nothing is posted");
    });
}

#[test]
fn what_the_server_refused_is_planned_again() {
    on_both(async |room| {
        room.scene.follow("garden", &["a.example,suspend,"]);
        room.scene.subscribe(ME, "garden", &[]);
        let page = room.plan(ME, &[]).await;
        let no = Fault::Answer(422, "application/json", "{\"error\":\"no\"}".into(), vec![]);
        room.scene.fake.fail("POST", "/api/v1/domain_blocks", no);
        let (run, page) = room.apply(ME, &page).await;
        let plan = format!("{}/plan", room.path(ME).await);
        let page = page.says("The server refused 1.");
        let page = page.says(&format!("planned again with <a href=\"{plan}\">the next plan</a>."));
        let told = format!("{run}/announcement");
        assert!(!page.text.contains(&told), "it has done nothing: {}", page.text);
        room.site.get(&told).await.is(200).says("Nothing was changed on");
        // And so it is.
        let page = room.plan(ME, &[]).await.says("Adds 1 domain.");
        let (_, page) = room.apply(ME, &page).await;
        assert!(!page.says("done and verified").text.contains("planned again"));
        assert_eq!(room.scene.mine(), ["a.example"]);
    });
}
