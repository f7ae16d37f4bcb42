//! Opening: new, old and strange databases, alone and at the same time.

use std::process::{Command, Stdio};

use hedgerow::store::{Store, StoreError};

use super::place::on_both;
use super::{STEPS, new_run, target};

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
