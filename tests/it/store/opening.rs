//! Opening: new, old and strange databases, alone and at the same time.

use std::process::{Command, Stdio};

use hedgerow::block::{Level, State, hex};
use hedgerow::ledger::Owner;
use hedgerow::store::{EventFilter, NewList, NewSnapshot, Standing, Store, StoreError, Visit};
use sha2::{Digest, Sha256};

use super::place::{Place, on_both};
use super::{STEPS, kept, moment, new_run, target};

const CHILD: &str = "HEDGEROW_TEST_CHILD_OPENS";

/// Not a case of its own: the processes that the next case starts run this.
#[tokio::test]
async fn child() {
    let Ok(url) = std::env::var(CHILD) else { return };
    let store = Store::open(&url).await.unwrap();
    let name = format!("from-{}", std::process::id());
    store.save_target(&target(&name)).await.unwrap();
    store.close().await;
}

#[test]
fn eight_processes_open_a_new_database_at_once() {
    on_both(async |place| {
        let exe = std::env::current_exe().unwrap();
        let children: Vec<_> = (0..8)
            .map(|_| {
                Command::new(&exe)
                    .args(["--exact", "store::opening::child", "--nocapture"])
                    .env(CHILD, &place.url)
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
                    .unwrap()
            })
            .collect();
        for child in children {
            let out = child.wait_with_output().unwrap();
            assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
            assert!(String::from_utf8_lossy(&out.stdout).contains("1 passed"));
        }
        assert_eq!(place.open().await.targets().await.unwrap().len(), 8);
    });
}

#[test]
fn eight_handles_open_a_new_database_at_once() {
    on_both(async |place| {
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..8 {
            let url = place.url.clone();
            tasks.spawn(async move {
                let store = Store::open(&url).await.unwrap();
                store.save_target(&target(&n.to_string())).await.unwrap();
                store.targets().await.unwrap();
            });
        }
        tasks.join_all().await;
        assert_eq!(place.open().await.targets().await.unwrap().len(), 8);
    });
}

#[test]
fn what_was_written_is_there_after_reopening() {
    on_both(async |place| {
        let store = place.open().await;
        store.save_target(&target("me")).await.unwrap();
        let run = store.begin_run(&new_run("me", 0), &STEPS).await.unwrap();
        let before = (store.targets().await.unwrap(), store.run(run).await.unwrap());
        store.close().await;
        for _ in 0..2 {
            let store = place.open().await;
            assert_eq!((store.targets().await.unwrap(), store.run(run).await.unwrap()), before);
            assert_eq!(store.steps(run).await.unwrap().len(), 3);
            store.close().await;
        }
    });
}

#[test]
fn a_database_of_a_newer_hedgerow_is_left_alone() {
    on_both(async |place| {
        place.open().await.save_target(&target("me")).await.unwrap();
        let success = if place.is_postgres() { "TRUE" } else { "1" };
        let blob = if place.is_postgres() { "'\\x00'" } else { "x'00'" };
        place
            .sql(&format!(
                "INSERT INTO _sqlx_migrations
                     (version, description, success, checksum, execution_time)
                 VALUES (9999, 'later', {success}, {blob}, 0)"
            ))
            .await;
        let error = Store::open(&place.url).await.unwrap_err();
        assert!(matches!(error, StoreError::Migrate { .. }), "{error}");
        assert!(error.to_string().contains("newer Hedgerow"), "{error}");
    });
}

const LISTED: &[u8] = b"bad.example\n";

/// One row and more in every table that there was before rows had owners.
async fn fill_old(place: &Place) {
    let packed = hex(&zstd::bulk::compress(LISTED, 3).unwrap());
    let packed =
        if place.is_postgres() { format!("'\\x{packed}'") } else { format!("x'{packed}'") };
    let no = if place.is_postgres() { "FALSE" } else { "0" };
    let (sha256, size) = (hex(&Sha256::digest(LISTED)), LISTED.len());
    let now = "'2026-01-01T00:00:00Z'";
    let sql = format!(
        "INSERT INTO target (name, level, base_url, domain, account, software, version, scopes,
             client_id, client_secret, token, created_at)
         VALUES ('me', 'account', 'https://a.example/', 'a.example', 'me@a.example', 'mastodon',
                 '4.6.5', 'read', 'id', 'secret', 'token', {now}),
             ('gone', 'account', 'https://a.example/', 'a.example', NULL, 'mastodon', '4.6.5',
                 'read', 'id', 'secret', 'token', {now});
         DELETE FROM target WHERE name = 'gone';
         INSERT INTO backup (target, level, taken_at, blocks, sha256, path, csv_path, reason)
         VALUES ('me', 'account', {now}, 3, '{sha256}', '/b/1.json', '/b/1.csv', 'by hand');
         INSERT INTO run (target, level, mode, plan, plan_sha256, backup_id, status, created_at,
             actor)
         VALUES ('me', 'account', 'sync', '{{}}', 'ab', 1, 'running', {now}, 'ann');
         INSERT INTO step (run_id, seq, action, domain, updated_at, lists)
         VALUES (1, 0, 'add', 'bad.example', {now}, 'l'), (1, 1, 'add', 'b.example', {now}, 'l');
         INSERT INTO content (sha256, size, packed) VALUES ('{sha256}', {size}, {packed});
         INSERT INTO followed_list (name, source, settings, created_at, etag, latest_id,
             current_id)
         VALUES ('l', 'https://l.example/', '{{}}', {now}, 'mark', 2, 1),
             ('left', 'https://l.example/', '{{}}', {now}, NULL, 3, 3);
         INSERT INTO snapshot (list_id, sha256, fetched_at, standing, entries, rejected)
         VALUES (1, '{sha256}', {now}, 'good', 1, 0), (1, '{sha256}', {now}, 'rejected', 1, 0),
             (2, '{sha256}', {now}, 'good', 1, 0);
         DELETE FROM snapshot WHERE id = 3;
         DELETE FROM followed_list WHERE name = 'left';
         INSERT INTO seen_domain (domain, digest, mask) VALUES ('bad.example', 'd', 'm');
         INSERT INTO subscription (target, list, terms, created_at)
         VALUES ('me', 'l', '{{}}', {now});
         INSERT INTO kept_target (name, whose, policy)
         VALUES ('me', 'https://a.example/', '{{\"subdomains\":true}}');
         INSERT INTO holding (target, domain, owner, since, claims)
         VALUES ('me', 'bad.example', 'hedgerow', {now}, '[]'),
             ('me', 'odd.example', 'person', {now}, '[]');
         INSERT INTO dismissal (target, domain, why, at) VALUES ('me', 'x.example', 'said', {now});
         INSERT INTO exception (domain, subdomains, created_at, made_by)
         VALUES ('friend.example', {no}, {now}, 'ann');
         INSERT INTO block_date (target, domain, made_by, created_at)
         VALUES ('me', 'bad.example', 'ann', {now});
         INSERT INTO event (at, actor, kind, target, domain, list, detail)
         VALUES ({now}, 'ann', 'subscribed', 'me', NULL, 'l', '{{}}'),
             ({now}, 'ann', 'blocked', 'me', 'bad.example', NULL, '{{}}')"
    );
    place.sql(&sql).await;
}

#[test]
fn what_was_there_before_there_were_owners_is_the_houses() {
    on_both(async |place| {
        place.make_old(3).await;
        fill_old(place).await;
        let store = place.open().await;
        let target = store.target("me").await.unwrap().unwrap();
        assert_eq!((target.id, target.token.as_str()), (1, "token"));
        assert_eq!(store.backup(1).await.unwrap().unwrap().path, "/b/1.json");
        let run = store.run(1).await.unwrap().unwrap();
        assert_eq!((run.backup_id, run.steps.total, run.actor.as_str()), (Some(1), 2, "ann"));
        assert_eq!(store.steps(1).await.unwrap()[1].domain, "b.example");
        let list = store.list("l").await.unwrap().unwrap();
        assert_eq!((list.id, list.owner, list.current, list.latest), (1, 0, 1, 2));
        assert_eq!(list.etag.as_deref(), Some("mark"));
        let versions = store.snapshots(1).await.unwrap();
        let standings: Vec<_> = versions.iter().map(|one| (one.id, one.standing)).collect();
        assert_eq!(standings, [(2, Standing::Rejected), (1, Standing::Good)]);
        assert_eq!(store.content(&versions[1].sha256).await.unwrap(), LISTED);
        let found = store.seen_by_mask(&["m".to_owned()]).await.unwrap();
        assert_eq!(found["m"][0].as_str(), "bad.example");
        assert_eq!(store.subscribers("l").await.unwrap(), ["me"]);
        assert!(store.policy("me").await.unwrap().subdomains);
        let ledger = store.ledger("me", "https://a.example/", moment(0)).await.unwrap();
        assert_eq!(ledger.holdings["bad.example"].owner, Owner::Hedgerow);
        assert_eq!(ledger.holdings["odd.example"].owner, Owner::Person);
        assert_eq!(ledger.dismissals.len(), 1);
        assert_eq!(store.exceptions(None).await.unwrap()[0].domain.as_str(), "friend.example");
        assert_eq!(store.dates("me").await.unwrap()[0].made_by, "ann");
        let of_list = EventFilter { list: Some("l"), ..EventFilter::default() };
        assert_eq!(store.events(&of_list).await.unwrap()[0].id, 1);
        assert_eq!(store.events(&EventFilter::default()).await.unwrap().len(), 2);

        // A person finds nothing of it but the list.
        let ann = store.of(1);
        assert_eq!(ann.targets().await.unwrap(), []);
        assert_eq!(ann.backups(None).await.unwrap(), []);
        assert_eq!(ann.runs(9).await.unwrap(), []);
        assert_eq!(ann.all_subscriptions().await.unwrap(), []);
        assert_eq!(ann.exceptions(None).await.unwrap(), []);
        assert_eq!(ann.events(&EventFilter::default()).await.unwrap(), []);
        assert!(ann.seen_by_mask(&["m".to_owned()]).await.unwrap().is_empty());
        assert_eq!(ann.list("l").await.unwrap(), Some(list));
    });
}

#[test]
fn what_was_read_before_its_table_was_built_anew_is_still_there() {
    on_both(async |place| {
        place.make_old(10).await;
        let state = State::new(Level::Account, kept(0), Vec::new());
        let json = serde_json::to_vec(&state).unwrap();
        let (size, packed) = (json.len(), hex(&zstd::bulk::compress(&json, 3).unwrap()));
        let packed =
            if place.is_postgres() { format!("'\\x{packed}'") } else { format!("x'{packed}'") };
        let now = "'2026-09-21T14:13:20.123456Z'";
        let sql = format!("INSERT INTO reading VALUES (0, 'me', 'whose', {now}, {size}, {packed})");
        place.sql(&sql).await;
        let store = place.open().await;
        assert_eq!(store.reading("me", "whose").await.unwrap(), Some(state));
        assert_eq!(store.reading_at("me", "whose").await.unwrap(), Some(kept(0)));
        // And there is one of each.
        let later = State::new(Level::Account, kept(9), Vec::new());
        store.save_reading("me", "whose", &later).await.unwrap();
        assert_eq!(store.reading("me", "whose").await.unwrap(), Some(later));
    });
}

#[test]
fn a_table_that_was_built_anew_keeps_its_promises() {
    on_both(async |place| {
        place.make_old(3).await;
        fill_old(place).await;
        let store = place.open().await;
        // A number that was given once is not given again.
        assert_eq!(store.save_target(&target("new")).await.unwrap(), 3);
        assert_eq!(store.of(1).save_target(&target("me")).await.unwrap(), 4);
        let new = NewList {
            name: "new".to_owned(),
            source: "https://l.example/".to_owned(),
            settings: "{}".to_owned(),
        };
        let visit = Visit { at: moment(0), etag: None, last_modified: None, cursor: None };
        let first = NewSnapshot {
            bytes: LISTED,
            fetched_at: moment(0),
            standing: Standing::Good,
            why: "[]".to_owned(),
            format: None,
            entries: 1,
            rejected: 0,
        };
        assert_eq!(store.add_list(&new, &visit, &first).await.unwrap(), 3);
        let taken = store.add_list(&new, &visit, &first).await.unwrap_err();
        assert!(matches!(taken, StoreError::Taken(_)), "{taken}");
        assert_eq!(store.list("new").await.unwrap().unwrap().current, 4);
        // A version goes with its list, and what it contains with the last version.
        let sha256 = hex(&Sha256::digest(LISTED));
        assert!(store.delete_list("l").await.unwrap());
        assert_eq!(store.snapshots(1).await.unwrap(), []);
        assert!(store.content(&sha256).await.is_ok());
        assert!(store.delete_list("new").await.unwrap());
        assert!(matches!(store.content(&sha256).await, Err(StoreError::Missing { .. })));
        let orphan = "INSERT INTO snapshot (list_id, sha256, fetched_at, standing, entries,
            rejected) VALUES (77, 'x', '2026-01-01T00:00:00Z', 'good', 1, 0)";
        place.try_sql(orphan).await.unwrap_err();
        for sql in
            ["UPDATE event SET actor = 'bob'", "UPDATE event SET owner = 1", "DELETE FROM event"]
        {
            let error = place.try_sql(sql).await.unwrap_err();
            assert!(error.to_string().contains("events are only added"), "{sql}: {error}");
        }
        let event = "INSERT INTO event (owner, at, actor, kind, detail)
            VALUES (1, '2026-01-01T00:00:00Z', 'bob', 'policy', '{}')";
        place.sql(event).await;
        assert_eq!(store.of(1).events(&EventFilter::default()).await.unwrap()[0].id, 3);
    });
}

#[cfg(unix)]
#[test]
fn the_file_its_folder_and_its_journal_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    on_both(async |place| {
        let Some(file) = &place.file else { return };
        let store = place.open().await;
        store.save_target(&target("me")).await.unwrap();
        store.targets().await.unwrap();
        let folder = file.parent().unwrap();
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(folder), 0o700);
        assert_eq!(mode(folder.parent().unwrap()), 0o700);
        let mut seen = 0;
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(mode(&path), 0o600, "{}", path.display());
            seen += 1;
        }
        assert_eq!(seen, 3, "the file, its journal and the journal's index");
        store.close().await;
        assert_eq!(folder.read_dir().unwrap().count(), 1);
    });
}

#[tokio::test]
async fn what_is_no_database_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "not a database, however long this text may get to be ".repeat(99))
        .unwrap();
    let before = std::fs::read(&text).unwrap();
    let error = Store::open(text.to_str().unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("Hedgerow's own database"), "{error}");
    assert_eq!(std::fs::read(&text).unwrap(), before);

    let below = text.join("hedgerow.db");
    let error = Store::open(below.to_str().unwrap()).await.unwrap_err();
    assert!(matches!(error, StoreError::Place { .. }), "{error}");

    let error = Store::open("postgres://me:hunter2@127.0.0.1:1/x").await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("127.0.0.1:1/x") && !text.contains("hunter2"), "{text}");
    for unknown in ["mysql://me:hunter2@db/x", "postgress://me:hunter2@db/x"] {
        let error = Store::open(unknown).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}
