//! The record of who did what, and what runs enter into it.

use hedgerow::ledger::Hand;
use hedgerow::store::{
    Action, DomainStep, Ending, Event, EventFilter, EventKind, NewEvent, NewRun, StepStatus, Store,
};
use serde_json::json;

use super::place::on_both;
use super::{STEPS, kept, moment, new_backup, new_run};

async fn all(store: &Store) -> Vec<Event> {
    store.events(&EventFilter::default()).await.unwrap()
}

/// Kind, domain and detail of the events that tell of steps.
async fn of_steps(store: &Store) -> Vec<(EventKind, String, String)> {
    let events = all(store).await.into_iter();
    events.filter_map(|e| Some((e.kind, e.domain?, e.detail.to_string()))).collect()
}

fn told(kind: EventKind, domain: &str, detail: &str) -> (EventKind, String, String) {
    (kind, domain.to_owned(), detail.to_owned())
}

#[test]
fn events_come_back_as_they_were_logged() {
    on_both(async |place| {
        let store = place.open().await;
        let plain = NewEvent::new(moment(1), "", EventKind::SignedIn);
        let detail = json!({ "why": "“so” \0 🐍", "nothing": null, "deep": { "nothing": null } });
        let full = NewEvent::new(moment(2), "Ann", EventKind::from(Hand::LiftedOwn))
            .target("me")
            .domain("xn--bcher-kva.example")
            .list("a \"list\"")
            .run(7)
            .detail(detail);
        store.log(&[plain, full]).await.unwrap();
        store.log(&[]).await.unwrap();
        let events = all(&store).await;
        assert_eq!(events.len(), 2);
        assert!(events[0].id < events[1].id);
        let wanted = json!({
            "id": events[0].id,
            "at": "2026-09-21T14:13:21.123456Z",
            "actor": "unknown",
            "kind": "signed-in",
        });
        assert_eq!(serde_json::to_value(&events[0]).unwrap(), wanted);
        let wanted = json!({
            "id": events[1].id,
            "at": "2026-09-21T14:13:22.123456Z",
            "actor": "Ann",
            "kind": "lifted-own",
            "target": "me",
            "domain": "xn--bcher-kva.example",
            "list": "a \"list\"",
            "run": 7,
            "detail": { "why": "“so” \0 🐍", "deep": { "nothing": null } },
        });
        assert_eq!(serde_json::to_value(&events[1]).unwrap(), wanted);
    });
}

#[test]
fn events_are_filtered_and_read_page_by_page_in_both_directions() {
    on_both(async |place| {
        let store = place.open().await;
        let event = |n: i64| {
            NewEvent::new(moment(n), "ann", EventKind::Blocked)
                .target(["me", "you"][usize::from(n % 2 == 1)])
                .domain(format!("d{}.example", n % 3))
                .list(format!("l{}", n % 4))
                .run(n % 5)
                .detail(json!({ "n": n }))
        };
        let events: Vec<_> = (0..2_500).map(event).collect();
        store.log(&events).await.unwrap();
        let read = async |filter: EventFilter<'_>| -> Vec<(i64, i64)> {
            let events = store.events(&filter).await.unwrap();
            events.iter().map(|e| (e.id, e.detail["n"].as_i64().unwrap())).collect()
        };
        let everything = EventFilter::default();
        let numbers: Vec<i64> = read(everything).await.iter().map(|(_, n)| *n).collect();
        assert_eq!(numbers, (0..2_500).collect::<Vec<_>>());
        for (filter, every, rest) in [
            (EventFilter { target: Some("you"), ..everything }, 2, 1),
            (EventFilter { domain: Some("d2.example"), ..everything }, 3, 2),
            (EventFilter { list: Some("l3"), ..everything }, 4, 3),
            (EventFilter { run: Some(4), ..everything }, 5, 4),
            (EventFilter { target: Some("me"), domain: Some("d0.example"), ..everything }, 6, 0),
        ] {
            let mut wanted: Vec<i64> = (0..2_500).filter(|n| n % every == rest).collect();
            for newest_first in [false, true] {
                let (mut seen, mut after_id) = (Vec::new(), None);
                loop {
                    let page = EventFilter { after_id, limit: Some(99), newest_first, ..filter };
                    let page = read(page).await;
                    let Some((last, _)) = page.last() else { break };
                    after_id = Some(*last);
                    seen.extend(page.into_iter().map(|(_, n)| n));
                }
                assert_eq!(seen, wanted, "{filter:?}");
                wanted.reverse();
            }
        }
        // The page before one that is known, and a text in any part of what was done.
        let last = read(EventFilter { limit: Some(2_500), ..everything }).await[2_000].0;
        for (newest_first, wanted) in [(true, 1_999), (false, 0)] {
            let page =
                EventFilter { before: Some(last), limit: Some(3), newest_first, ..everything };
            let page = read(page).await;
            assert_eq!((page.len(), page[0].1), (3, wanted));
        }
        for (text, count) in [
            ("D2.EXAMPLE", 833),
            ("l3", 625),
            ("AnN", 2_500),
            ("yo", 1_250),
            ("", 2_500),
            ("%", 0),
            ("d_.example", 0),
            ("!", 0),
        ] {
            let found = read(EventFilter { text: Some(text), ..everything }).await;
            assert_eq!(found.len(), count, "{text}");
        }
        let odd = NewEvent::new(moment(1), "100 %_É! sure", EventKind::Policy);
        store.log(&[odd]).await.unwrap();
        for text in ["%_", "É!", "100 %", "SURE"] {
            let found = store.events(&EventFilter { text: Some(text), ..everything }).await;
            assert_eq!(found.unwrap().len(), 1, "{text}");
        }
        let none = EventFilter { limit: Some(0), ..everything };
        assert_eq!(read(none).await, []);
        assert_eq!(read(EventFilter { target: Some("m"), ..everything }).await, []);
    });
}

#[test]
fn events_are_never_changed_or_removed() {
    on_both(async |place| {
        let store = place.open().await;
        store.log(&[NewEvent::new(moment(1), "ann", EventKind::Reset)]).await.unwrap();
        let before = all(&store).await;
        let id = before[0].id;
        let mut attempts = vec!["UPDATE event SET actor = 'bob'", "DELETE FROM event"];
        let replace = format!(
            "INSERT OR REPLACE INTO event (id, at, actor, kind, detail)
             VALUES ({id}, '2026-01-01T00:00:00Z', 'bob', 'reset', '{{}}')"
        );
        attempts.push(if place.is_postgres() { "TRUNCATE event" } else { &replace });
        for sql in attempts {
            let error = place.try_sql(sql).await.expect_err(sql).to_string();
            assert!(error.contains("events are only added"), "{sql}: {error}");
        }
        assert_eq!(all(&store).await, before);
    });
}

#[test]
fn a_damaged_event_is_named() {
    on_both(async |place| {
        let store = place.open().await;
        for (n, column, kind, detail) in
            [(1, "kind", "Reset", "{}"), (2, "kind", "blown-up", "{}"), (3, "detail", "reset", "{")]
        {
            let insert = format!(
                "INSERT INTO event (owner, at, actor, kind, target, detail)
                 VALUES (0, '2026-01-01T00:00:00Z', 'bob', '{kind}', 't{n}', '{detail}')"
            );
            place.sql(&insert).await;
            let target = format!("t{n}");
            let filter = EventFilter { target: Some(&target), ..EventFilter::default() };
            let error = store.events(&filter).await.unwrap_err().to_string();
            let wanted = format!("table event, column {column}, id {n}.");
            assert!(error.contains(&wanted), "{error} does not say {wanted}");
        }
    });
}

#[test]
fn what_became_of_a_step_is_told_once() {
    on_both(async |place| {
        use EventKind::{Blocked, Changed, LeftAlone, Lifted, Refused};
        let store = place.open().await;
        let id = store.begin_run(&new_run("me", 0), &STEPS).await.unwrap();
        let mark = async |seq, status, error| {
            store.mark_step(id, seq, status, error, moment(5)).await.unwrap();
        };
        let (bad, worse, good) = ("bad.example", "Worse.example", "good.example");
        mark(0, StepStatus::Sent, None).await;
        assert_eq!(of_steps(&store).await, []);
        for _ in 0..2 {
            mark(0, StepStatus::Done, None).await;
        }
        let mut wanted = vec![told(Blocked, bad, r#"{"lists":"one, two"}"#)];
        assert_eq!(of_steps(&store).await, wanted);
        // A second refusal is a second event only if it was tried again.
        for why in ["422\0", "500"] {
            mark(1, StepStatus::Failed, Some(why)).await;
        }
        wanted.push(told(Refused, worse, r#"{"error":"422","lists":"two"}"#));
        assert_eq!(of_steps(&store).await, wanted);
        assert_eq!(store.steps(id).await.unwrap()[1].error.as_deref(), Some("500"));
        mark(1, StepStatus::Sent, None).await;
        mark(1, StepStatus::Failed, Some("503")).await;
        wanted.push(told(Refused, worse, r#"{"error":"503","lists":"two"}"#));
        mark(2, StepStatus::Skipped, Some("no")).await;
        wanted.push(told(LeftAlone, good, r#"{"error":"no"}"#));
        assert_eq!(of_steps(&store).await, wanted);
        // Many at once, one of which is done already.
        store.mark_steps(id, &[2, 0, 1], StepStatus::Done, None, moment(6)).await.unwrap();
        wanted.push(told(Changed, worse, r#"{"lists":"two"}"#));
        wanted.push(told(Lifted, good, "{}"));
        assert_eq!(of_steps(&store).await, wanted);
        let events = all(&store).await;
        let last = events.last().unwrap();
        assert_eq!((last.actor.as_str(), last.at, last.run), ("ann", kept(6), Some(id)));
        assert_eq!((last.target.as_deref(), last.list.as_deref()), (Some("me"), None));
        // And not at all if one of them is not there.
        let other = store.begin_run(&new_run("me", 1), &STEPS).await.unwrap();
        store.mark_steps(other, &[0, 9], StepStatus::Done, None, moment(7)).await.unwrap_err();
        assert_eq!(of_steps(&store).await, wanted);
    });
}

#[test]
fn two_who_mark_the_same_step_tell_it_once() {
    on_both(async |place| {
        let store = place.open().await;
        let id = store.begin_run(&new_run("me", 0), &STEPS).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let store = place.open().await;
            tasks.spawn(async move {
                store.mark_steps(id, &[0, 1, 2], StepStatus::Done, None, moment(1)).await.unwrap();
            });
        }
        tasks.join_all().await;
        assert_eq!(of_steps(&store).await.len(), 3);
    });
}

#[test]
fn a_run_tells_when_it_begins_ends_and_is_taken_up_again() {
    on_both(async |place| {
        let store = place.open().await;
        let backup = store.insert_backup(&new_backup("me", 0)).await.unwrap();
        let new = NewRun { backup_id: Some(backup), ..new_run("me", 1) };
        let id = store.begin_run(&new, &STEPS).await.unwrap();
        store.finish_run(id, Ending::Stopped, None, Some("Ctrl-C\n"), moment(2)).await.unwrap();
        store.resume_run(id, "bob", moment(3)).await.unwrap();
        store.mark_step(id, 0, StepStatus::Done, None, moment(4)).await.unwrap();
        store.finish_run(id, Ending::Done, Some(true), None, moment(5)).await.unwrap();
        store.resume_run(id, "eve", moment(6)).await.unwrap_err();
        store.finish_run(99, Ending::Done, Some(true), None, moment(7)).await.unwrap_err();
        let seen: Vec<_> = all(&store)
            .await
            .into_iter()
            .map(|e| {
                assert_eq!((e.target.as_deref(), e.run), (Some("me"), Some(id)));
                (e.at, e.actor, e.kind, e.detail)
            })
            .collect();
        let begun =
            json!({ "mode": "merge", "steps": 3, "plan": "ab".repeat(32), "backup": backup });
        let event =
            |second, actor: &str, kind, detail| (kept(second), actor.to_owned(), kind, detail);
        let wanted = [
            event(1, "ann", EventKind::RunBegun, begun),
            event(
                2,
                "ann",
                EventKind::RunFinished,
                json!({ "ending": "stopped", "message": "Ctrl-C " }),
            ),
            event(3, "bob", EventKind::RunResumed, json!({})),
            event(4, "bob", EventKind::Blocked, json!({ "lists": "one, two" })),
            event(5, "bob", EventKind::RunFinished, json!({ "ending": "done", "verified": true })),
        ];
        assert_eq!(seen, wanted);
    });
}

#[test]
fn what_runs_did_to_a_domain_is_found_newest_first() {
    on_both(async |place| {
        let store = place.open().await;
        let one = store.begin_run(&new_run("me", 0), &STEPS).await.unwrap();
        let sync = NewRun { mode: "sync".to_owned(), ..new_run("you", 1) };
        let two = store.begin_run(&sync, &STEPS[..1]).await.unwrap();
        let three = store.begin_run(&new_run("me", 2), &STEPS).await.unwrap();
        store.mark_step(three, 0, StepStatus::Done, None, moment(3)).await.unwrap();
        store.mark_step(three, 1, StepStatus::Failed, None, moment(3)).await.unwrap();
        store.mark_step(three, 2, StepStatus::Sent, None, moment(3)).await.unwrap();
        store.mark_step(two, 0, StepStatus::Done, None, moment(3)).await.unwrap();
        let steps = store.domain_steps("bad.example").await.unwrap();
        assert_eq!(steps.iter().map(|step| step.run).collect::<Vec<_>>(), [three, two, one]);
        let wanted = DomainStep {
            run: two,
            target: "you".to_owned(),
            mode: "sync".to_owned(),
            action: Action::Add,
            status: StepStatus::Done,
            lists: "one, two".to_owned(),
            updated_at: kept(3),
        };
        assert_eq!(steps[1], wanted);
        assert_eq!(store.domain_steps("BAD.example").await.unwrap(), []);

        let later = async |target: &str, run| -> Vec<String> {
            let names = store.later_steps(target, run).await.unwrap();
            names.iter().map(ToString::to_string).collect()
        };
        assert_eq!(later("me", one).await, ["bad.example"]);
        assert_eq!(later("me", three).await, [""; 0]);
        assert_eq!(later("you", one).await, ["bad.example"]);
        place.sql("UPDATE step SET action = 'explode'").await;
        let error = store.domain_steps("bad.example").await.unwrap_err().to_string();
        assert!(error.contains(&format!("step, column action, id {three}/0.")), "{error}");
    });
}

#[test]
fn a_database_from_before_keeps_its_runs() {
    on_both(async |place| {
        place.make_old(2).await;
        place
            .sql(
                "INSERT INTO run (target, level, mode, plan, plan_sha256, status, created_at)
                 VALUES ('me', 'account', 'merge', '{}', '00', 'running', '2026-01-01T00:00:00Z');
                 INSERT INTO step (run_id, seq, action, domain, updated_at)
                 VALUES (1, 0, 'add', 'bad.example', '2026-01-01T00:00:00Z'),
                     (1, 1, 'remove', 'good.example', '2026-01-01T00:00:00Z')",
            )
            .await;
        let store = place.open().await;
        let run = store.latest_unfinished().await.unwrap().unwrap();
        assert_eq!((run.id, run.actor.as_str(), run.steps.total), (1, "", 2));
        let steps = store.steps(1).await.unwrap();
        assert!(steps.iter().all(|step| step.lists.is_empty()));
        assert_eq!(store.domain_steps("good.example").await.unwrap().len(), 1);
        store.mark_step(1, 1, StepStatus::Done, None, moment(1)).await.unwrap();
        let events = all(&store).await;
        assert_eq!((events.len(), events[0].actor.as_str()), (1, "unknown"));
        assert_eq!(events[0].kind, EventKind::Lifted);
    });
}
