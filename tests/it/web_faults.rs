//! What went wrong, as a page tells it: whose fault it was, what was done, and what to do next.

use serde_json::json;
use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::command::Machine;
use crate::fake::{AdminBlock, Fake, Fault};
use crate::gate::Gate;
use crate::keeping::{HOME, ME};
use crate::web::{Site, on_both as on_machines};
use crate::web_api::Program;
use crate::web_lists::house;
use crate::web_proposals::{Room, on_both, to};

fn answer(status: u16, body: &serde_json::Value) -> Fault {
    Fault::Answer(status, "application/json", body.to_string(), vec![])
}

/// The next request that fits comes back as if the sign-in had been revoked.
fn revoked(fake: &Fake, method: &str, path: &str) {
    fake.fail(method, path, answer(401, &json!({ "error": "The access token was revoked" })));
}

fn number(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

/// A run that has blocked a domain, by its address.
async fn blocked(room: &Room, domain: &str) -> String {
    room.scene.follow("garden", &[&format!("{domain},suspend,")]);
    let mut page = room.plan(ME, &[("list", "garden")]).await;
    if page.text.contains("id=\"held\"") {
        let accept = format!("accept 1 {domain}");
        page = room.says(ME, &page, &[("row", &accept), ("of", "held")]).await;
    }
    room.apply(ME, &page).await.0
}

/// A run that has cut off these people and was taken back since.
async fn cut_off(room: &Room, people: &[&str]) -> String {
    room.scene.fake.world().follows = people.iter().map(|who| (*who).to_owned()).collect();
    let run = blocked(room, "bad.example").await;
    let page = room.plan(ME, &[("undo", number(&run))]).await;
    room.apply(ME, &page).await;
    run
}

#[test]
fn a_server_that_does_not_help_is_named_whatever_was_asked_of_it() {
    on_both(async |room| {
        let fake = &room.scene.fake;
        let (run, path) = (blocked(&room, "a.example").await, room.path(ME).await);
        let program = Program::of(&room.site, "bot", true).await;
        for fields in [[("undo", number(&run))], [("restore", "1")]] {
            revoked(fake, "GET", "/api/v1/domain_blocks");
            room.site.send(&format!("{path}/plan"), &fields).await.is(303);
            let page = room.ended(ME).await.is(200).says("The other server did not help");
            let page = page.says("does not accept the sign-in any more");
            assert!(!page.text.contains("broken here"), "{fields:?}: {}", page.text);
            let job = program.job(number(&path).parse().unwrap()).await;
            assert_eq!(job["error"]["code"], "other_server", "{fields:?}: {job}");
        }
        // The same where a plan that was looked at is to be carried out.
        let page = room.plan(ME, &[("undo", number(&run))]).await;
        revoked(fake, "GET", "/api/v1/domain_blocks");
        room.press(ME, &page).await.is(303);
        let page = room.ended(ME).await.is(200).says("The other server did not help");
        assert!(!page.text.contains("has changed"), "{}", page.text);
        assert_eq!((fake.faults_left(), room.scene.mine()), (0, vec!["a.example".to_owned()]));
    });
}

#[test]
fn a_backup_that_is_damaged_or_cannot_be_written_is_told() {
    on_both(async |room| {
        blocked(&room, "a.example").await;
        let (path, folder) = (room.path(ME).await, room.scene.machine.data_dir().join("backups"));
        for (file, bytes) in room.scene.machine.kept() {
            if file.starts_with(&folder) && file.extension().unwrap() == "json" {
                let text = String::from_utf8(bytes).unwrap();
                std::fs::write(&file, text.replace("home.example", "away.example")).unwrap();
            }
        }
        room.site.send(&format!("{path}/plan"), &[("restore", "1")]).await.is(303);
        let page = room.ended(ME).await.is(200).says("file is damaged, so nothing was done");
        assert!(!page.text.contains("broken here"), "{}", page.text);
        // Where backups lie there is no room for any.
        std::fs::remove_dir_all(&folder).unwrap();
        std::fs::write(&folder, "").unwrap();
        let says = "No backup could be written, so nothing was changed. Whoever runs this server \
                    finds the cause in its log.";
        room.scene.follow("more", &["b.example,suspend,"]);
        let page = room.plan(ME, &[("list", "more")]).await;
        room.press(ME, &page).await.is(303);
        let page = room.ended(ME).await.is(200).says(says);
        assert!(!page.text.contains("Another backup may do"), "{}", page.text);
        room.site.send(&format!("{path}/backups"), &[]).await.is(303);
        let page = room.ended(ME).await.is(200).says(says);
        assert!(!page.text.contains(&*folder.to_string_lossy()), "{}", page.text);
        assert_eq!(room.scene.mine(), ["a.example"]);
    });
}

#[test]
fn a_run_that_somebody_else_works_on_cannot_be_given_up() {
    on_both(async |room| {
        let fake = &room.scene.fake;
        room.scene.follow("garden", &["a.example,suspend,", "b.example,suspend,"]);
        let page = room.plan(ME, &[("list", "garden")]).await;
        revoked(fake, "POST", "/api/v1/domain_blocks");
        room.press(ME, &page).await.is(303);
        let run = room.worked(ME).await;
        let folder = room.scene.machine.data_dir().join("locks");
        let locks: Vec<std::fs::File> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| std::fs::File::open(file.unwrap().path()).unwrap())
            .collect();
        assert!(!locks.is_empty());
        for lock in &locks {
            lock.lock().unwrap();
        }
        room.site.send(&format!("{run}/abandon"), &[]).await.is(303);
        let page = room.ended(ME).await.is(200).says("Another run is working on this target");
        assert!(!page.text.contains("broken here"), "{}", page.text);
        drop(locks);
        room.site.send(&format!("{run}/abandon"), &[]).await.is(303);
        assert_eq!(room.worked(ME).await, run);
    });
}

#[test]
fn whoever_cannot_be_followed_again_is_told_why() {
    on_both(async |room| {
        let fake = &room.scene.fake;
        let run = cut_off(&room, &["one@bad.example", "two@bad.example"]).await;
        let refollow = format!("{run}/refollow");
        let me = "/api/v1/accounts/verify_credentials";
        revoked(fake, "GET", me);
        room.site.approved(fake, &refollow, &[]).await.1.is(303);
        let page = room.ended(ME).await.is(200).says("The other server did not help");
        page.says("no longer accepts this sign-in");
        let other = json!({ "id": "9", "acct": "other", "url": "https://home.example/@other" });
        fake.fail("GET", me, answer(200, &other));
        room.site.approved(fake, &refollow, &[]).await.1.is(303);
        let page = room.ended(ME).await.is(200);
        let page = page.says(
            "Your browser is signed in to that server as other@home.example, and this run was on \
             me@home.example. Sign in there as the right account, then press \u{201c}Follow \u{2026} again\u{201d} \
             on the page of the run once more. Nobody was followed.",
        );
        assert!(!page.text.contains("broken here"), "{}", page.text);
        assert!(fake.world().follows.is_empty());
        // The first of them is followed, and then the server does not answer.
        fake.fail("POST", "/api/v1/accounts/", Fault::Nothing);
        revoked(fake, "POST", "/api/v1/accounts/");
        room.site.approved(fake, &refollow, &[]).await.1.is(303);
        let page = room.ended(ME).await.is(200).says("1 person is followed again. Then");
        let page = page.says("does not accept the sign-in any more").says("for the rest.");
        assert!(page.text.contains(&format!("href=\"{run}\"")), "{}", page.text);
        assert_eq!(fake.world().follows.len(), 1);
        // Whoever is followed while it is stopped stays followed, and that is said.
        let gate = Gate::default();
        fake.fail("POST", "/api/v1/accounts/", Fault::Held(gate.clone()));
        room.site.approved(fake, &refollow, &[]).await.1.is(303);
        let page = room.site.get(&format!("{}/work", room.path(ME).await)).await.is(200);
        let page = page.says("Stop. Who is followed again by then stays followed.");
        assert!(!page.text.contains("Nothing is changed by it"), "{}", page.text);
        gate.open();
        assert_eq!(room.worked(ME).await, run);
        assert_eq!(fake.faults_left(), 0);
    });
}

/// Takes a table out of the database, as if something were broken there.
async fn without_table(machine: &Machine, table: &str) {
    let sql = format!("ALTER TABLE {table} RENAME TO {table}_gone");
    let sql = sqlx::AssertSqlSafe(sql);
    if let Some(url) = machine.database_url() {
        let mut db = PgConnection::connect(url).await.unwrap();
        sqlx::query(sql).execute(&mut db).await.unwrap();
    } else {
        let file = machine.data_dir().join("hedgerow.db");
        let mut db =
            SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap();
        sqlx::query(sql).execute(&mut db).await.unwrap();
    }
}

#[test]
fn what_breaks_while_something_is_changed_promises_nothing() {
    on_machines(async |machine| {
        let site = house(machine).await;
        site.get("/exceptions").await.is(200);
        without_table(machine, "exception").await;
        let page = site.get("/exceptions").await.is(500).says("Something is broken here");
        page.says("Nothing was changed");
        let page = site.send("/exceptions", &[("domain", "a.example")]).await.is(500);
        let page = page.says("It is not certain whether what you asked for was done");
        let page = page.says("before you try again");
        assert!(!page.text.contains("Nothing was changed"), "{}", page.text);
    });
}

#[test]
fn an_address_of_a_button_says_so() {
    on_machines(async |machine| {
        let site = house(machine).await;
        for path in ["/look", "/file"] {
            site.get(path).await.is(405).says("This page needs your file");
        }
        for path in ["/sign-out", "/targets/1/read", "/exceptions/end"] {
            let page = site.get(path).await.is(405);
            let page = page.says("This address belongs to a button. Go back and use the button");
            assert!(!page.text.contains("file"), "{path}: {}", page.text);
        }
    });
}

#[test]
fn a_page_names_no_command_and_speaks_in_sentences() {
    on_both(async |room| {
        let (site, path) = (&room.site, room.path(ME).await);
        room.scene.follow("garden", &["a.example,suspend,"]);
        let program = Program::of(site, "bot", true).await;
        let fields = [("list", "nobodys")];
        let page = site.send(&format!("{path}/lists/subscribe"), &fields).await.is(422);
        page.says("There is no list \u{201c}nobodys\u{201d} here.");
        let api = format!("/api/v1{path}/subscriptions/nobodys");
        let told = program.ask("PUT", &api, Some(json!({}))).await;
        assert!(!told.body.to_string().contains("hedgerow lists"), "{}", told.body);
        told.wrong(422, "Follow the list nobodys first.");
        for (path, fields, says) in [
            (
                "/exceptions",
                vec![("domain", "a.example"), ("until", "2001-01-01"), ("back", "/why")],
                "<p>That day is over, so the exception would never hold.</p>",
            ),
            (
                &*format!("{path}/block/date"),
                vec![("domain", "a.example"), ("expires", "2001-01-01")],
                "<p>That day is over. To lift the block now, lift it on the server.</p>",
            ),
            (
                &*format!("{path}/block/date"),
                vec![("domain", "a.example"), ("clear", "yes")],
                "<p>The block of a.example has no date on me@home.example.</p>",
            ),
        ] {
            let page = site.send(path, &fields).await;
            assert_eq!(page.status, 422, "{path}: {}", page.text);
            assert!(page.text.contains(says), "{path}: {}", page.text);
        }
    });
}

#[test]
fn a_failure_is_told_once_and_stays_on_its_page() {
    on_both(async |room| {
        let path = room.path(ME).await;
        room.scene.follow("garden", &["a.example,suspend,"]);
        revoked(&room.scene.fake, "GET", "/api/v1/domain_blocks");
        room.site.send(&format!("{path}/plan"), &[("list", "garden")]).await.is(303);
        let program = Program::of(&room.site, "bot", false).await;
        program.job(number(&path).parse().unwrap()).await;
        // A program has seen it, and the person has not.
        room.site.get(&path).await.is(200).says("No plan could be made.").says("See why");
        room.site.get("/targets").await.is(200).says("No plan could be made.");
        room.ended(ME).await.is(200).says("The other server did not help");
        for page in [&*path, "/targets", &*format!("{path}/blocks")] {
            let page = room.site.get(page).await.is(200);
            assert!(!page.text.contains("No plan could be made."), "{}", page.text);
        }
        // It can be read again until something else is done there.
        room.ended(ME).await.is(200).says("The other server did not help");
        let job = program.job(number(&path).parse().unwrap()).await;
        assert_eq!(job["state"], "failed");
    });
}

#[test]
fn guards_have_names_that_people_read() {
    on_both(async |room| {
        room.scene.follow("garden", &["mastodon.social,suspend,"]);
        let page = room.plan(ME, &[("list", "garden")]).await;
        let target = number(&room.path(ME).await).to_owned();
        let would = room.site.get(&format!("/lists/garden/would?target={target}")).await.is(200);
        let would = would.says("mastodon.social is one of the largest servers");
        assert!(!would.text.contains("large-servers"), "{}", would.text);
        let guard = [("what", "override"), ("guard", "large-servers")];
        let page = room.says(ME, &page, &guard).await;
        room.apply(ME, &page).await;
        let log = room.site.get("/log").await.is(200);
        let log = log.says("Let go of the guard \u{201c}One of the largest servers\u{201d}");
        assert!(!log.text.contains("large-servers"), "{}", log.text);
    });
}

#[test]
fn why_names_last_days_and_what_became_of_a_change() {
    on_both(async |room| {
        room.scene.fake.world().block_for_all(AdminBlock::new("old.example", "suspend"));
        let (site, path) = (&room.site, room.path(HOME).await);
        site.send(&format!("{path}/read"), &[]).await.is(303);
        room.worked(HOME).await;
        let fields = [("domain", "old.example"), ("expires", "2099-01-31"), ("reason", "")];
        site.send(&format!("{path}/block/date"), &fields).await.is(303);
        let fields = [("domain", "old.example"), ("until", "2098-12-31"), ("list", "garden")];
        site.send("/exceptions", &fields).await.is(303);
        let page = site.get("/why?domain=old.example").await.is(200);
        let page = page
            .says("Its last day is 2099-01-31.")
            .says("<td data-says=\"Until\">2098-12-31</td>");
        let page = page.says("Does not hear what garden says of old.example, until 2098-12-31");
        for late in ["2099-02-01", "2099-01-01"] {
            assert!(!page.text.contains(late), "{late}: {}", page.text);
        }
        room.scene.follow("garden", &["new.example,suspend,"]);
        let page = room.plan(HOME, &[("list", "garden")]).await;
        let no = answer(422, &json!({ "error": "Validation failed" }));
        room.scene.fake.fail("POST", "/api/v1/admin/domain_blocks", no);
        room.apply(HOME, &page).await;
        let page = site.get("/why?domain=new.example").await.is(200);
        page.says("was to block it: refused");
    });
}

/// A browser that never was here before gets pages as well.
#[test]
fn a_foreign_address_leads_to_a_page() {
    on_machines(async |machine| {
        let site = Site::shared(machine);
        for path in ["/p/%FF", "/enter/%FF", "/p/%FF/domains.txt", "/sign-in?next=%FF&next=2"] {
            let page = site.get(path).await;
            assert!(page.text.contains("<main id=\"main\">"), "{path}: {}", page.text);
        }
        assert_eq!(to(&site.get("/lists").await.is(303)), "/sign-in?next=%2Flists");
    });
}
