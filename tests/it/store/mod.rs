//! The store's promises, each kept on both databases.

mod events;
mod keeping;
mod lists;
mod lock;
mod opening;
pub mod owners;
pub mod place;

use chrono::{DateTime, TimeDelta, Utc};
use hedgerow::block::Level;
use hedgerow::store::{
    Action, Ending, NewBackup, NewRun, NewStep, NewTarget, RunStatus, StepCounts, StepStatus,
    StoreError,
};

use place::on_both;

/// With more digits than PostgreSQL keeps.
fn moment(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + second, 123_456_789).unwrap()
}

fn kept(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + second, 123_456_000).unwrap()
}

fn target(name: &str) -> NewTarget {
    NewTarget {
        name: name.to_owned(),
        level: Level::Account,
        base_url: "https://social.example/".to_owned(),
        domain: "example".to_owned(),
        account: Some("me@example".to_owned()),
        software: "mastodon".to_owned(),
        version: "4.6.5".to_owned(),
        scopes: "read:blocks write:blocks".to_owned(),
        client_id: "id".to_owned(),
        client_secret: "v1.00000000.AAAA".to_owned(),
        token: "v1.00000000.BBBB".to_owned(),
        created_at: moment(0),
    }
}

fn new_run(target: &str, second: i64) -> NewRun {
    NewRun {
        target: target.to_owned(),
        level: Level::Instance,
        mode: "merge".to_owned(),
        plan: r#"{"steps":[]}"#.to_owned(),
        plan_sha256: "ab".repeat(32),
        backup_id: None,
        actor: "ann".to_owned(),
        created_at: moment(second),
    }
}

fn new_backup(target: &str, second: i64) -> NewBackup {
    NewBackup {
        target: target.to_owned(),
        level: Level::Instance,
        taken_at: moment(second),
        blocks: 3,
        sha256: "cd".repeat(32),
        path: "/b/1.json".to_owned(),
        csv_path: "/b/1.csv".to_owned(),
        reason: "before merge".to_owned(),
    }
}

const STEPS: [NewStep<'static>; 3] = [
    NewStep { action: Action::Add, domain: "bad.example", lists: "one, two" },
    NewStep { action: Action::Update, domain: "Worse.example", lists: "two" },
    NewStep { action: Action::Remove, domain: "good.example", lists: "" },
];

#[test]
fn a_target_comes_back_as_it_was_saved() {
    on_both(async |place| {
        let store = place.open().await;
        assert_eq!(store.target("me").await.unwrap(), None);
        let id = store.save_target(&target("me")).await.unwrap();
        let row = store.target("me").await.unwrap().unwrap();
        assert_eq!((row.id, row.level, row.created_at), (id, Level::Account, kept(0)));
        assert_eq!((row.name.as_str(), row.domain.as_str()), ("me", "example"));
        assert_eq!(row.account.as_deref(), Some("me@example"));
        assert_eq!((row.software.as_str(), row.version.as_str()), ("mastodon", "4.6.5"));
        assert_eq!(
            (row.client_id.as_str(), row.scopes.as_str()),
            ("id", "read:blocks write:blocks")
        );
        assert_eq!(row.client_secret, "v1.00000000.AAAA");
        assert_eq!(row.token, "v1.00000000.BBBB");
        assert_eq!(row.base_url, "https://social.example/");
    });
}

#[test]
fn saving_a_target_again_replaces_it_and_keeps_its_id() {
    on_both(async |place| {
        let store = place.open().await;
        let id = store.save_target(&target("me")).await.unwrap();
        store.save_target(&target("other")).await.unwrap();
        let changed = NewTarget {
            level: Level::Instance,
            account: None,
            token: "v1.00000000.CCCC".to_owned(),
            ..target("me")
        };
        assert_eq!(store.save_target(&changed).await.unwrap(), id);
        let row = store.target("me").await.unwrap().unwrap();
        assert_eq!((row.level, row.account), (Level::Instance, None));
        assert_eq!(row.token, "v1.00000000.CCCC");
        assert_eq!(store.target("other").await.unwrap().unwrap().token, "v1.00000000.BBBB");
    });
}

#[test]
fn targets_are_ordered_by_the_bytes_of_their_names_and_can_go() {
    on_both(async |place| {
        let store = place.open().await;
        if place.is_postgres() {
            // Whether the order below proves anything depends on the server's own locale.
            place
                .sql(
                    "SELECT 1 / COUNT(*) FROM information_schema.columns
                WHERE table_schema = current_schema() AND table_name = 'target'
                AND column_name = 'name' AND collation_name = 'C'",
                )
                .await;
        }
        for name in ["b", "a_c", "B", "a-b", "é"] {
            store.save_target(&target(name)).await.unwrap();
        }
        let names = async || -> Vec<String> {
            store.targets().await.unwrap().into_iter().map(|row| row.name).collect()
        };
        assert_eq!(names().await, ["B", "a-b", "a_c", "b", "é"]);
        assert!(store.delete_target("a_c").await.unwrap());
        assert!(!store.delete_target("a_c").await.unwrap());
        assert_eq!(names().await, ["B", "a-b", "b", "é"]);
    });
}

#[test]
fn a_run_is_written_with_its_steps_and_counts_them() {
    on_both(async |place| {
        let store = place.open().await;
        let backup = store.insert_backup(&new_backup("me", 0)).await.unwrap();
        let new = NewRun { backup_id: Some(backup), ..new_run("me", 1) };
        let id = store.begin_run(&new, &STEPS).await.unwrap();
        let run = store.run(id).await.unwrap().unwrap();
        assert_eq!((run.id, run.target.as_str(), run.mode.as_str()), (id, "me", "merge"));
        assert_eq!((run.level, run.backup_id), (Level::Instance, Some(backup)));
        assert_eq!((run.status, run.verified, run.message), (RunStatus::Running, None, None));
        assert_eq!((run.created_at, run.finished_at), (kept(1), None));
        assert_eq!(run.actor, "ann");
        assert_eq!(run.steps, StepCounts { total: 3, pending: 3, ..StepCounts::default() });
        assert_eq!(store.plan(id).await.unwrap(), Some(new.plan));
        let steps = store.steps(id).await.unwrap();
        let seen: Vec<_> =
            steps.iter().map(|s| (s.seq, s.action, s.domain.as_str(), s.lists.as_str())).collect();
        let wanted: Vec<_> =
            (0..).zip(STEPS).map(|(seq, s)| (seq, s.action, s.domain, s.lists)).collect();
        assert_eq!(seen, wanted);
        assert!(steps.iter().all(|s| s.status == StepStatus::Pending && s.attempts == 0));
        assert_eq!(
            (store.run(id + 1).await.unwrap(), store.plan(id + 1).await.unwrap()),
            (None, None)
        );
    });
}

#[test]
fn a_run_with_a_backup_that_does_not_exist_is_not_written_at_all() {
    on_both(async |place| {
        let store = place.open().await;
        let new = NewRun { backup_id: Some(99), ..new_run("me", 1) };
        assert!(matches!(store.begin_run(&new, &STEPS).await, Err(StoreError::Query(_))));
        assert_eq!(store.runs(9).await.unwrap(), []);
        assert!(store.begin_run(&new_run("me", 1), &STEPS).await.is_ok());
    });
}

#[test]
fn marks_count_attempts_and_replace_the_error() {
    on_both(async |place| {
        let store = place.open().await;
        let id = store.begin_run(&new_run("me", 0), &STEPS).await.unwrap();
        let other = store.begin_run(&new_run("other", 0), &STEPS).await.unwrap();
        store.mark_step(id, 1, StepStatus::Sent, None, moment(1)).await.unwrap();
        let text = Some("422:\u{1b}[31m\0no");
        store.mark_step(id, 1, StepStatus::Failed, text, moment(2)).await.unwrap();
        store.mark_step(id, 1, StepStatus::Sent, None, moment(3)).await.unwrap();
        let step = store.steps(id).await.unwrap().swap_remove(1);
        assert_eq!((step.status, step.attempts, step.error), (StepStatus::Sent, 2, None));
        store.mark_step(id, 1, StepStatus::Failed, text, moment(4)).await.unwrap();
        store.mark_step(id, 0, StepStatus::Done, None, moment(4)).await.unwrap();
        let step = store.steps(id).await.unwrap().swap_remove(1);
        assert_eq!((step.error.as_deref(), step.updated_at), (Some("422:[31mno"), kept(4)));
        let counts = store.run(id).await.unwrap().unwrap().steps;
        let wanted =
            StepCounts { total: 3, pending: 1, done: 1, failed: 1, ..StepCounts::default() };
        assert_eq!(counts, wanted);
        assert_eq!(store.run(other).await.unwrap().unwrap().steps.pending, 3);
        let missing = store.mark_step(id, 3, StepStatus::Done, None, moment(5)).await;
        assert!(matches!(missing, Err(StoreError::Missing { table: "step", .. })));
    });
}

#[test]
fn many_steps_are_marked_together_or_not_at_all() {
    on_both(async |place| {
        let store = place.open().await;
        let id = store.begin_run(&new_run("me", 0), &STEPS).await.unwrap();
        store.mark_steps(id, &[0, 2], StepStatus::Sent, None, moment(1)).await.unwrap();
        store.mark_steps(id, &[], StepStatus::Failed, None, moment(1)).await.unwrap();
        let wrong = store.mark_steps(id, &[1, 7], StepStatus::Skipped, Some("x"), moment(2)).await;
        assert!(matches!(wrong, Err(StoreError::Missing { .. })));
        let steps = store.steps(id).await.unwrap();
        let seen: Vec<_> = steps.iter().map(|s| (s.status, s.attempts)).collect();
        let (sent, pending) = ((StepStatus::Sent, 1), (StepStatus::Pending, 0));
        assert_eq!(seen, [sent, pending, sent]);
    });
}

#[test]
fn unfinished_runs_are_found_until_they_end_and_can_be_resumed() {
    on_both(async |place| {
        let store = place.open().await;
        assert_eq!(store.latest_unfinished().await.unwrap(), None);
        let one = store.begin_run(&new_run("me", 0), &STEPS).await.unwrap();
        let two = store.begin_run(&new_run("other", 1), &STEPS).await.unwrap();
        let three = store.begin_run(&new_run("me", 2), &[]).await.unwrap();
        let of = async |name: &str| store.unfinished_run(name).await.unwrap().map(|run| run.id);
        let latest = async || store.latest_unfinished().await.unwrap().map(|run| run.id);
        assert_eq!(
            (of("me").await, of("other").await, of("x").await),
            (Some(three), Some(two), None)
        );
        assert_eq!(latest().await, Some(three));

        let done = Some("3 of 3");
        store.finish_run(three, Ending::Done, Some(true), done, moment(5)).await.unwrap();
        store.finish_run(two, Ending::Failed, None, None, moment(5)).await.unwrap();
        store.finish_run(one, Ending::Stopped, None, Some("Ctrl-C"), moment(6)).await.unwrap();
        assert_eq!(
            (of("me").await, of("other").await, latest().await),
            (Some(one), None, Some(one))
        );
        let run = store.run(three).await.unwrap().unwrap();
        assert_eq!((run.status, run.verified), (RunStatus::Done, Some(true)));
        assert_eq!((run.message.as_deref(), run.finished_at), (done, Some(kept(5))));

        store.resume_run(one, "bob", moment(7)).await.unwrap();
        let run = store.run(one).await.unwrap().unwrap();
        assert_eq!((run.status, run.message, run.finished_at), (RunStatus::Running, None, None));
        assert_eq!(run.actor, "bob");
        for ended in [two, three] {
            assert!(matches!(
                store.resume_run(ended, "bob", moment(8)).await,
                Err(StoreError::Finished(_))
            ));
        }
        assert!(matches!(
            store.resume_run(99, "bob", moment(8)).await,
            Err(StoreError::Missing { .. })
        ));
        let missing = store.finish_run(99, Ending::Done, None, None, moment(7)).await;
        assert!(matches!(missing, Err(StoreError::Missing { .. })));
    });
}

#[test]
fn runs_come_newest_first_and_no_more_than_asked() {
    on_both(async |place| {
        let store = place.open().await;
        let mut ids = Vec::new();
        for (second, steps) in [(0, 3), (1, 0), (2, 1)] {
            let run = new_run("me", second);
            ids.insert(0, store.begin_run(&run, &STEPS[..steps]).await.unwrap());
        }
        let runs = store.runs(2).await.unwrap();
        assert_eq!(runs.iter().map(|run| run.id).collect::<Vec<_>>(), ids[..2]);
        assert_eq!(runs.iter().map(|run| run.steps.total).collect::<Vec<_>>(), [1, 0]);
        assert_eq!(store.runs(100).await.unwrap().len(), 3);
        assert_eq!(store.runs(0).await.unwrap(), []);
        store.begin_run(&new_run("other", 3), &STEPS).await.unwrap();
        for (offset, limit, wanted) in [(0, 2, &ids[..2]), (1, 9, &ids[1..]), (3, 9, &[])] {
            let runs = store.runs_page(Some("me"), offset, limit).await.unwrap();
            assert_eq!(runs.iter().map(|run| run.id).collect::<Vec<_>>(), wanted);
        }
        let all = store.runs_page(None, 1, 2).await.unwrap();
        assert_eq!(all.iter().map(|run| run.id).collect::<Vec<_>>(), ids[..2]);
        assert_eq!(store.count_runs(None).await.unwrap(), 4);
        assert_eq!(store.count_runs(Some("me")).await.unwrap(), 3);
        assert_eq!(store.count_runs(Some("nobody")).await.unwrap(), 0);
    });
}

#[test]
fn steps_come_page_by_page_and_by_what_became_of_them() {
    on_both(async |place| {
        let store = place.open().await;
        let steps: Vec<NewStep<'_>> = (0..7).map(|n| STEPS[n % 3]).collect();
        let run = store.begin_run(&new_run("me", 0), &steps).await.unwrap();
        store.mark_steps(run, &[1, 4, 5], StepStatus::Done, None, moment(1)).await.unwrap();
        store.mark_step(run, 2, StepStatus::Failed, Some("no"), moment(1)).await.unwrap();
        let page = async |states: &[StepStatus], offset, limit| -> Vec<i64> {
            let steps = store.steps_page(run, states, offset, limit).await.unwrap();
            steps.into_iter().map(|step| step.seq).collect()
        };
        assert_eq!(page(&[], 0, 3).await, [0, 1, 2]);
        assert_eq!(page(&[], 6, 3).await, [6]);
        assert_eq!(page(&[], 7, 3).await, [0; 0]);
        assert_eq!(page(&[StepStatus::Done], 1, 9).await, [4, 5]);
        assert_eq!(page(&[StepStatus::Failed, StepStatus::Pending], 0, 3).await, [0, 2, 3]);
        assert_eq!(page(&[StepStatus::Skipped], 0, 3).await, [0; 0]);
    });
}

#[test]
fn backups_come_newest_first_for_one_target_or_all() {
    on_both(async |place| {
        let store = place.open().await;
        let mut ids = Vec::new();
        for (name, second) in [("me", 5), ("other", 1), ("me", 2), ("me", 5)] {
            ids.push(store.insert_backup(&new_backup(name, second)).await.unwrap());
        }
        let list = async |target: Option<&str>| -> Vec<i64> {
            store.backups(target).await.unwrap().into_iter().map(|b| b.id).collect()
        };
        assert_eq!(list(Some("me")).await, [ids[3], ids[0], ids[2]]);
        assert_eq!(list(None).await, [ids[3], ids[0], ids[2], ids[1]]);
        assert_eq!(list(Some("x")).await, [0; 0]);
        for (target, offset, limit, wanted) in [
            (Some("me"), 1, 1, vec![ids[0]]),
            (None, 2, 9, vec![ids[2], ids[1]]),
            (Some("me"), 3, 9, vec![]),
        ] {
            let page = store.backups_page(target, offset, limit).await.unwrap();
            assert_eq!(page.into_iter().map(|b| b.id).collect::<Vec<_>>(), wanted);
        }
        assert_eq!(store.count_backups(Some("me")).await.unwrap(), 3);
        assert_eq!(store.count_backups(None).await.unwrap(), 4);
        let backup = store.backup(ids[1]).await.unwrap().unwrap();
        assert_eq!((backup.target.as_str(), backup.taken_at, backup.blocks), ("other", kept(1), 3));
        assert_eq!((backup.path.as_str(), backup.csv_path.as_str()), ("/b/1.json", "/b/1.csv"));
        assert_eq!((backup.level, backup.reason.as_str()), (Level::Instance, "before merge"));
        assert_eq!(backup.sha256, "cd".repeat(32));
        assert_eq!(store.backup(999).await.unwrap(), None);
    });
}

#[test]
fn twenty_thousand_steps_are_no_trouble() {
    on_both(async |place| {
        let store = place.open().await;
        let names: Vec<_> = (0..20_000).map(|n| format!("bad{n}.example")).collect();
        let steps: Vec<_> = names
            .iter()
            .map(|domain| NewStep { action: Action::Add, domain, lists: "l" })
            .collect();
        let id = store.begin_run(&new_run("me", 0), &steps).await.unwrap();
        let read = store.steps(id).await.unwrap();
        assert_eq!(read.len(), 20_000);
        assert!((0..).zip(&names).zip(&read).all(|((n, name), s)| s.seq == n && s.domain == *name));
        let seqs: Vec<_> = (0..20_000).collect();
        store.mark_steps(id, &seqs, StepStatus::Done, None, moment(1)).await.unwrap();
        assert_eq!(store.run(id).await.unwrap().unwrap().steps.done, 20_000);
    });
}

#[test]
fn eight_writers_lose_nothing() {
    on_both(async |place| {
        let store = place.open().await;
        let steps: Vec<_> = STEPS.iter().copied().cycle().take(400).collect();
        let id = store.begin_run(&new_run("me", 0), &steps).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for writer in 0..8 {
            let (shared, own) = (store.clone(), place.open().await);
            tasks.spawn(async move {
                for seq in (writer..400).step_by(8) {
                    let now = moment(seq);
                    shared.mark_step(id, seq, StepStatus::Sent, None, now).await.unwrap();
                    own.mark_step(id, seq, StepStatus::Done, None, now).await.unwrap();
                }
                let run = new_run(&format!("t{writer}"), writer);
                let steps: Vec<_> = STEPS.iter().copied().cycle().take(1500).collect();
                own.begin_run(&run, &steps).await.unwrap()
            });
        }
        let ids = tasks.join_all().await;
        let steps = store.steps(id).await.unwrap();
        assert!(steps.iter().all(|s| s.status == StepStatus::Done && s.attempts == 1));
        for run in ids {
            assert_eq!(store.run(run).await.unwrap().unwrap().steps.total, 1500);
        }
        assert_eq!(store.runs(100).await.unwrap().len(), 9);
    });
}

#[test]
fn a_run_that_somebody_else_is_ending_is_not_resumed() {
    on_both(async |place| {
        let store = place.open().await;
        let id = store.begin_run(&new_run("me", 0), &STEPS).await.unwrap();
        let ending =
            format!("UPDATE run SET status = 'done', finished_at = created_at WHERE id = {id}");
        let held = place.begin(&ending).await;
        let resuming = tokio::spawn(async move { store.resume_run(id, "bob", moment(8)).await });
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert!(!resuming.is_finished(), "it did not wait for the other");
        held.commit().await;
        assert!(matches!(resuming.await.unwrap(), Err(StoreError::Finished(_))));
    });
}

#[test]
fn a_damaged_row_is_named_and_not_guessed_at() {
    on_both(async |place| {
        let store = place.open().await;
        let target_id = store.save_target(&target("me")).await.unwrap();
        let run = store.begin_run(&new_run("me", 0), &STEPS).await.unwrap();
        let backup = store.insert_backup(&new_backup("me", 0)).await.unwrap();
        let named = |error: StoreError, table: &str, column: &str, id: String| {
            let text = error.to_string();
            let wanted = format!("table {table}, column {column}, id {id}.");
            assert!(text.contains(&wanted), "{text} does not say {wanted}");
        };

        place.sql("UPDATE target SET level = 'planet'").await;
        named(store.target("me").await.unwrap_err(), "target", "level", target_id.to_string());
        named(store.targets().await.unwrap_err(), "target", "level", target_id.to_string());
        place.sql("UPDATE target SET level = 'account', base_url = 'nowhere'").await;
        named(store.target("me").await.unwrap_err(), "target", "base_url", target_id.to_string());

        place.sql("UPDATE backup SET sha256 = 'xyz'").await;
        named(store.backup(backup).await.unwrap_err(), "backup", "sha256", backup.to_string());
        place
            .sql(
                "UPDATE backup SET sha256 = repeat_a, blocks = -1"
                    .replace("repeat_a", &format!("'{}'", "a".repeat(64)))
                    .as_str(),
            )
            .await;
        named(store.backups(None).await.unwrap_err(), "backup", "blocks", backup.to_string());

        place.sql("UPDATE step SET status = 'maybe' WHERE seq = 1").await;
        named(store.steps(run).await.unwrap_err(), "step", "status", format!("{run}/1"));
        named(store.runs(9).await.unwrap_err(), "step", "status", format!("{run}/…"));
        place.sql("UPDATE step SET status = 'done', action = 'explode' WHERE seq = 1").await;
        named(store.steps(run).await.unwrap_err(), "step", "action", format!("{run}/1"));

        place.sql("UPDATE run SET status = 'done'").await;
        named(store.run(run).await.unwrap_err(), "run", "finished_at", run.to_string());
        place.sql("UPDATE run SET status = 'gone'").await;
        named(store.run(run).await.unwrap_err(), "run", "status", run.to_string());
        named(
            store.resume_run(run, "bob", moment(8)).await.unwrap_err(),
            "run",
            "status",
            run.to_string(),
        );
        if !place.is_postgres() {
            place.sql("UPDATE run SET status = 'running', created_at = 'yesterday'").await;
            named(store.run(run).await.unwrap_err(), "run", "created_at", "unknown".to_owned());
        }
    });
}

#[test]
fn times_survive_the_turn_of_a_second() {
    on_both(async |place| {
        let store = place.open().await;
        let whole = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        for (n, at) in
            [whole, whole + TimeDelta::microseconds(1), whole + TimeDelta::milliseconds(5)]
                .into_iter()
                .enumerate()
        {
            let new = NewBackup {
                taken_at: at,
                blocks: i64::try_from(n).unwrap(),
                ..new_backup("me", 0)
            };
            store.insert_backup(&new).await.unwrap();
        }
        let blocks: Vec<_> = store.backups(None).await.unwrap().iter().map(|b| b.blocks).collect();
        assert_eq!(blocks, [2, 1, 0]);
    });
}
