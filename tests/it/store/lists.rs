//! Followed lists: versions, decisions, and every domain ever seen.

use hedgerow::domain::Domain;
use hedgerow::store::{NewList, NewSnapshot, Standing, Store, StoreError, Visit};

use super::place::on_both;
use super::{kept, moment};

fn new_list(name: &str) -> NewList {
    NewList {
        name: name.to_owned(),
        source: format!("https://lists.example/{name}.csv?token=1"),
        settings: "{}".to_owned(),
    }
}

fn visit(second: i64) -> Visit {
    Visit {
        at: moment(second),
        etag: Some(format!("\"{second}\"")),
        last_modified: None,
        cursor: Some(format!("cursor-{second}")),
    }
}

fn version(bytes: &[u8], second: i64, standing: Standing) -> NewSnapshot<'_> {
    NewSnapshot {
        bytes,
        fetched_at: moment(second),
        standing,
        why: r#"[{"concern":"web-page"}]"#.to_owned(),
        format: Some("user-csv".to_owned()),
        entries: 1,
        rejected: 2,
    }
}

async fn add(store: &Store, name: &str, bytes: &[u8]) -> i64 {
    let first = version(bytes, 0, Standing::Good);
    store.add_list(&new_list(name), &visit(0), &first).await.unwrap()
}

fn domains(names: &[&str]) -> Vec<Domain> {
    names.iter().map(|name| Domain::from_stored(name).unwrap()).collect()
}

#[test]
fn a_list_comes_back_as_it_was_kept() {
    on_both(async |place| {
        let store = place.open().await;
        assert_eq!(store.list("a").await.unwrap(), None);
        let id = add(&store, "a", b"bad.example\n").await;
        let list = store.list("a").await.unwrap().unwrap();
        assert_eq!((list.id, list.name.as_str()), (id, "a"));
        assert_eq!(list.source, "https://lists.example/a.csv?token=1");
        assert_eq!((list.tried_at, list.succeeded_at), (Some(kept(0)), Some(kept(0))));
        assert_eq!(list.etag.as_deref(), Some("\"0\""));
        assert_eq!(list.cursor.as_deref(), Some("cursor-0"));
        assert_eq!((list.latest, list.held), (list.current, None));
        let first = store.snapshot(list.current).await.unwrap().unwrap();
        assert_eq!((first.entries, first.rejected, first.fetched_at), (1, 2, kept(0)));
        assert_eq!(store.content(&first.sha256).await.unwrap(), b"bad.example\n");
        let other = version(b"x", 1, Standing::Good);
        let again = store.add_list(&new_list("a"), &visit(1), &other).await;
        assert!(matches!(again, Err(StoreError::Taken(name)) if name == "a"));
        let names: Vec<_> = store.lists().await.unwrap().into_iter().map(|l| l.name).collect();
        assert_eq!(names, ["a"]);
    });
}

#[test]
fn what_is_held_waits_beside_what_is_in_force() {
    on_both(async |place| {
        let store = place.open().await;
        let id = add(&store, "a", b"one\n").await;
        let before = store.list("a").await.unwrap().unwrap();
        let held = version(b"two\n", 1, Standing::Held);
        let held = store.list_changed(id, before.latest, &visit(1), &held).await.unwrap().unwrap();
        let list = store.list("a").await.unwrap().unwrap();
        assert_eq!((list.current, list.latest, list.held), (before.current, held, Some(held)));
        // A better one ends the wait.
        let good = version(b"three\n", 2, Standing::Good);
        let good = store.list_changed(id, held, &visit(2), &good).await.unwrap().unwrap();
        let list = store.list("a").await.unwrap().unwrap();
        assert_eq!((list.current, list.latest, list.held), (good, good, None));
        let standings: Vec<_> =
            store.snapshots(id).await.unwrap().into_iter().map(|s| s.standing).collect();
        assert_eq!(standings, [Standing::Good, Standing::Superseded, Standing::Good]);
        assert!(!store.decide_held(id, held, true, moment(3)).await.unwrap(), "it waits no more");
    });
}

#[test]
fn a_decision_is_made_once() {
    on_both(async |place| {
        let store = place.open().await;
        for accept in [true, false] {
            let name = if accept { "a" } else { "b" };
            let id = add(&store, name, b"one\n").await;
            let before = store.list(name).await.unwrap().unwrap();
            let held = version(b"two\n", 1, Standing::Held);
            let held = store.list_changed(id, before.latest, &visit(1), &held).await.unwrap();
            let held = held.unwrap();
            assert!(store.decide_held(id, held, accept, moment(2)).await.unwrap());
            assert!(!store.decide_held(id, held, !accept, moment(3)).await.unwrap());
            let list = store.list(name).await.unwrap().unwrap();
            assert_eq!(list.held, None);
            assert_eq!(list.current, if accept { held } else { before.current });
            assert_eq!(store.snapshot(held).await.unwrap().unwrap().decided_at, Some(kept(2)));
        }
    });
}

#[test]
fn of_two_processes_that_find_a_version_one_keeps_it() {
    on_both(async |place| {
        let store = place.open().await;
        let id = add(&store, "a", b"one\n").await;
        let seen = store.list("a").await.unwrap().unwrap().latest;
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..4 {
            let store = place.open().await;
            tasks.spawn(async move {
                let new = version(b"two\n", n, Standing::Good);
                store.list_changed(id, seen, &visit(n), &new).await.unwrap().is_some()
            });
        }
        let kept = tasks.join_all().await.into_iter().filter(|kept| *kept).count();
        assert_eq!(kept, 1);
        assert_eq!(store.snapshots(id).await.unwrap().len(), 2);
    });
}

#[test]
fn failures_are_counted_until_an_answer_comes() {
    on_both(async |place| {
        let store = place.open().await;
        let id = add(&store, "a", b"one\n").await;
        for second in 1..=3 {
            store.list_failed(id, moment(second), "no\u{1b}[2J answer").await.unwrap();
        }
        let list = store.list("a").await.unwrap().unwrap();
        assert_eq!((list.failures, list.failure.as_deref()), (3, Some("no[2J answer")));
        assert_eq!((list.tried_at, list.succeeded_at), (Some(kept(3)), Some(kept(0))));
        store.list_unchanged(id, &visit(4)).await.unwrap();
        let list = store.list("a").await.unwrap().unwrap();
        assert_eq!((list.failures, list.failure, list.succeeded_at), (0, None, Some(kept(4))));
        // Another address has other marks.
        store.save_list_settings(id, "https://other.example/", "{\"x\":1}").await.unwrap();
        let list = store.list("a").await.unwrap().unwrap();
        assert_eq!((list.etag, list.cursor, list.settings.as_str()), (None, None, "{\"x\":1}"));
    });
}

#[test]
fn content_is_kept_once_checked_and_let_go_with_its_last_version() {
    on_both(async |place| {
        let store = place.open().await;
        add(&store, "a", b"same\n").await;
        add(&store, "b", b"same\n").await;
        let list = store.list("a").await.unwrap().unwrap();
        let sha256 = store.snapshot(list.current).await.unwrap().unwrap().sha256;
        assert!(store.delete_list("a").await.unwrap());
        assert!(!store.delete_list("a").await.unwrap());
        assert_eq!(store.snapshots(list.id).await.unwrap(), []);
        assert_eq!(store.content(&sha256).await.unwrap(), b"same\n", "b still has it");
        place.sql("UPDATE content SET size = size - 1").await;
        let damaged = store.content(&sha256).await;
        assert!(
            matches!(damaged, Err(StoreError::Damaged { table: "content", .. })),
            "{damaged:?}"
        );
        store.delete_list("b").await.unwrap();
        let gone = store.content(&sha256).await;
        assert!(matches!(gone, Err(StoreError::Missing { .. })), "{gone:?}");
    });
}

#[test]
fn every_domain_that_was_seen_is_found_by_digest_and_by_mask() {
    on_both(async |place| {
        let store = place.open().await;
        let many: Vec<String> = (0..12_000).map(|n| format!("host{n}.example")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        store.see(&domains(&many)).await.unwrap();
        let names = domains(&["dajiaweibo.com", "ghetti.monster", "ghetto.monster"]);
        for _ in 0..2 {
            store.see(&names).await.unwrap();
        }
        let digest = "3752f63a7079d60c2de5dceb8bd7608e86a15544eb78a494a482041c3684b37f";
        let asked = [digest.to_owned(), "00".repeat(32)];
        let found = store.seen_by_digest(&asked).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[digest], names[..1]);
        let mask = "ghet**.****ter".to_owned();
        let found = store.seen_by_mask(std::slice::from_ref(&mask)).await.unwrap();
        assert_eq!(found[&mask], names[1..]);
        assert!(store.seen_by_digest(&[]).await.unwrap().is_empty());
    });
}

#[test]
fn of_a_persons_list_so_much_of_the_past_is_kept_and_of_the_houses_all() {
    const DAY: i64 = 24 * 60 * 60;
    async fn change(store: &Store, bytes: &[u8], at: i64, standing: Standing) -> i64 {
        let list = store.list("a").await.unwrap().unwrap();
        let new = version(bytes, at, standing);
        store.list_changed(list.id, list.latest, &visit(at), &new).await.unwrap().unwrap()
    }
    async fn kept_of(store: &Store) -> Vec<i64> {
        let list = store.list("a").await.unwrap().unwrap();
        store.snapshots(list.id).await.unwrap().into_iter().map(|kept| kept.id).collect()
    }
    on_both(async |place| {
        let house = place.open().await;
        let ann = house.of(1);
        add(&ann, "a", b"first\n").await;
        // One that was held and accepted, long ago.
        let accepted = change(&ann, b"accepted\n", 1, Standing::Held).await;
        let list = ann.list("a").await.unwrap().unwrap();
        assert!(ann.decide_held(list.id, accepted, true, moment(2)).await.unwrap());
        let early = change(&ann, b"early\n", 3, Standing::Good).await;
        let a_week_ago = change(&ann, b"a week ago\n", 4, Standing::Good).await;
        let mut newest = Vec::new();
        for n in 0..60 {
            let text = format!("{n}\n");
            newest.insert(0, change(&ann, text.as_bytes(), 7 * DAY + n, Standing::Good).await);
        }
        let kept = kept_of(&ann).await;
        // The newest is in force, and fifty old ones stand behind it.
        assert_eq!(kept[..51], newest[..51]);
        assert_eq!(kept[51..], [a_week_ago, accepted]);
        assert!(!kept.contains(&early));
        let current = ann.list("a").await.unwrap().unwrap().current;
        let current = ann.snapshot(current).await.unwrap().unwrap();
        assert_eq!(ann.content(&current.sha256).await.unwrap(), b"59\n");

        // A few large ones are as much as many small ones.
        let mut large = Vec::new();
        for n in 0..6u8 {
            let bytes = vec![n; 5 << 20];
            large.insert(0, change(&ann, &bytes, 20 * DAY + i64::from(n), Standing::Good).await);
        }
        let kept = kept_of(&ann).await;
        assert_eq!(kept[..4], large[..4], "one in force, three behind it");
        assert!(!kept.contains(&large[4]) && kept.contains(&accepted));

        add(&house, "a", b"first\n").await;
        for n in 0..60 {
            change(&house, format!("{n}\n").as_bytes(), 1 + n, Standing::Good).await;
        }
        assert_eq!(kept_of(&house).await.len(), 61);
    });
}
