//! What is one owner's, no other sees or changes: every method of the store is tried.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use compact_str::CompactString;
use hedgerow::block::{Block, Level, State};
use hedgerow::domain::Domain;
use hedgerow::exception::Exception;
use hedgerow::ledger::{Delta, Dismissal, Holding, Why};
use hedgerow::policy::{Policy, Terms};
use hedgerow::store::{
    BlockDate, Ending, EventFilter, EventKind, FollowedList, HOUSE, NewBackup, NewEvent,
    NewException, NewList, NewPublication, NewRun, NewSnapshot, NewStep, NewTarget, Owner, Scope,
    Standing, StepStatus, Store, StoreError, Visibility, Visit,
};

use super::place::on_both;
use super::{STEPS, moment, new_backup, new_run, target};

const ANN: Owner = 1;
const BOB: Owner = 2;

/// Says about a method that it is not about anybody's rows, and where that is tested.
const FOR_EVERYBODY: [&str; 13] = [
    // The database itself.
    "open",
    "close",
    // Who may come in is looked up before anybody knows whose rows to read.
    "person",
    "session",
    "forget_sessions",
    "bearer",
    // Everybody gets a turn in the nightly round, and each sees only what is theirs.
    "owners_that_follow",
    // The house learns a number and nobody's name: `strangers.rs`.
    "others_that_follow",
    // What is published is for whoever has the address.
    "publication_at",
    // One run at a time on an account or a server, whoever asks: `lock.rs`.
    "lock_target",
    // The dictionary: `only_what_the_houses_lists_say_is_looked_up_by_all`, below.
    "see",
    "see_blocked",
    "seen_by_digest",
];

/// The other half of the dictionary.
const ALSO: &str = "seen_by_mask";

/// The methods of the store, as its source has them.
fn methods() -> BTreeSet<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store");
    let mut found = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for line in text.lines() {
            if let Some(rest) = line.trim_start().strip_prefix("pub async fn ") {
                found.insert(rest.split(['(', '<']).next().unwrap().to_owned());
            }
        }
    }
    assert!(found.len() > 60, "{found:?}");
    found
}

/// What one owner's rows are numbered.
#[derive(Debug, Clone)]
pub struct Ids {
    pub target: i64,
    pub backup: i64,
    /// One that is done, and one that is not.
    pub runs: [i64; 2],
    pub list: FollowedList,
    pub sha256: String,
    pub exception: i64,
    pub proposal: i64,
    pub session: String,
    pub token: i64,
    pub publication: i64,
}

fn domain(name: &str) -> Domain {
    Domain::from_stored(name).unwrap()
}

fn visit(mark: &str) -> Visit {
    Visit { at: moment(0), etag: Some(mark.to_owned()), last_modified: None, cursor: None }
}

fn version(bytes: &[u8], standing: Standing) -> NewSnapshot<'_> {
    NewSnapshot {
        bytes,
        fetched_at: moment(0),
        standing,
        why: "[]".to_owned(),
        format: None,
        entries: 1,
        rejected: 0,
    }
}

fn list(name: &str, mark: &str) -> NewList {
    let source = format!("https://lists.example/{mark}");
    NewList { name: name.to_owned(), source, settings: "{}".to_owned() }
}

fn exception(mark: &str) -> NewException {
    NewException {
        target: None,
        domain: domain("friend.example"),
        subdomains: false,
        list: None,
        reason: Some(mark.to_owned()),
        until: None,
        created_at: moment(0),
        made_by: mark.to_owned(),
    }
}

fn date(mark: &str) -> BlockDate {
    BlockDate {
        domain: domain("bad.example"),
        expires_at: None,
        review_at: Some(moment(9)),
        reason: Some(mark.to_owned()),
        made_by: mark.to_owned(),
        created_at: moment(0),
    }
}

fn delta(mark: &str) -> Delta {
    let holding = Holding { row: Some(mark.into()), ..Holding::of_a_person(moment(1)) };
    let dismissal = Dismissal { why: Why::Said, at: moment(1), said: None };
    let name = CompactString::from(format!("{mark}.example"));
    Delta {
        holdings: [(name.clone(), Some(holding))].into(),
        dismissals: [(name, Some(dismissal))].into(),
        told: Vec::new(),
    }
}

fn state(mark: &str) -> State {
    let name = CompactString::from(format!("{mark}.example"));
    let block = Block { name, rule: None, id: None, created_at: None };
    State::new(Level::Account, moment(1), vec![block])
}

fn policy(mark: &str) -> Policy {
    Policy { subdomains: mark == "of-2", ..Policy::default() }
}

fn event(mark: &str) -> NewEvent {
    NewEvent::new(moment(1), mark, EventKind::Policy).target("me").domain("bad.example")
}

fn run(mark: &str) -> NewRun {
    NewRun { plan: format!("{{\"of\":\"{mark}\"}}"), actor: mark.to_owned(), ..new_run("me", 1) }
}

fn backup(mark: &str) -> NewBackup {
    NewBackup { reason: mark.to_owned(), ..new_backup("me", 1) }
}

fn signed_in(mark: &str) -> NewTarget {
    NewTarget { token: mark.to_owned(), ..target("me") }
}

fn publication(mark: &str) -> NewPublication {
    NewPublication {
        slug: format!("slug-{mark}"),
        title: mark.to_owned(),
        what: "{}".to_owned(),
        options: "{}".to_owned(),
        visibility: Visibility::Private,
    }
}

fn steps(mark: &str) -> Vec<NewStep<'_>> {
    STEPS.iter().map(|step| NewStep { lists: mark, ..*step }).collect()
}

/// Gives an owner one of everything, under names that all owners use.
pub async fn furnish(store: &Store, mark: &str) -> Ids {
    let target = store.save_target(&signed_in(mark)).await.unwrap();
    let backup = store.insert_backup(&backup(mark)).await.unwrap();
    let done = store.begin_run(&run(mark), &steps(mark)).await.unwrap();
    store.mark_steps(done, &[0, 1, 2], StepStatus::Done, None, moment(2)).await.unwrap();
    store.finish_run(done, Ending::Done, Some(true), Some(mark), moment(2)).await.unwrap();
    let open = store.begin_run(&run(mark), &steps(mark)).await.unwrap();
    store.mark_step(open, 0, StepStatus::Done, None, moment(2)).await.unwrap();
    let first = version(mark.as_bytes(), Standing::Good);
    let id = store.add_list(&list("mine", mark), &visit(mark), &first).await.unwrap();
    let latest = store.list("mine").await.unwrap().unwrap().latest;
    let next = format!("{mark} held");
    let held = version(next.as_bytes(), Standing::Held);
    store.list_changed(id, latest, &visit(mark), &held).await.unwrap().unwrap();
    let list = store.list("mine").await.unwrap().unwrap();
    let sha256 = store.snapshot(list.current).await.unwrap().unwrap().sha256;
    store.save_subscription("me", "mine", &Terms::default(), moment(0)).await.unwrap();
    store.save_policy("me", &policy(mark)).await.unwrap();
    store.ledger("me", mark, moment(0)).await.unwrap();
    store.take("me", &delta(mark), &[event(mark)]).await.unwrap();
    let told = |_, _: &NewException| event(mark);
    let made = store.add_exceptions(&[exception(mark)], told).await.unwrap();
    let exception = made[0];
    store.save_date("me", &date(mark)).await.unwrap();
    store.save_reading("me", mark, &state(mark)).await.unwrap();
    let proposal = store.propose("me", mark, mark.as_bytes(), moment(0)).await.unwrap();
    store.begin_session(mark, mark, moment(0)).await.unwrap();
    let token = store.add_token("mine", mark, Scope::Read, moment(0)).await.unwrap();
    let publication = store.add_publication(&publication(mark), moment(0)).await.unwrap();
    let (runs, session) = ([done, open], mark.to_owned());
    Ids { target, backup, runs, list, sha256, exception, proposal, session, token, publication }
}

pub type Seen = BTreeMap<&'static str, String>;

/// What a method has shown, whatever it was.
#[expect(clippy::needless_pass_by_value, reason = "every answer is written where it is asked for")]
fn put<T: Debug>(seen: &mut Seen, method: &'static str, shown: Result<T, StoreError>) {
    let entry = seen.entry(method).or_default();
    entry.push_str(&format!("{shown:?}\n"));
}

/// What every reading method shows, by its names and by these numbers.
pub async fn read(store: &Store, ids: &Ids, mark: &str) -> Seen {
    let mut seen = Seen::new();
    let s = &mut seen;
    put(s, "target", store.target("me").await);
    put(s, "target_by_id", store.target_by_id(ids.target).await);
    put(s, "target_now", store.target_now(ids.target).await);
    put(s, "targets", store.targets().await);
    put(s, "backup", store.backup(ids.backup).await);
    put(s, "backups", store.backups(None).await);
    put(s, "backups", store.backups(Some("me")).await);
    put(s, "backups_page", store.backups_page(Some("me"), 0, 100).await);
    put(s, "count_backups", store.count_backups(None).await);
    put(s, "runs", store.runs(100).await);
    put(s, "runs_page", store.runs_page(Some("me"), 0, 100).await);
    put(s, "runs_page", store.runs_page(None, 0, 100).await);
    put(s, "count_runs", store.count_runs(None).await);
    put(s, "last_run_on", store.last_run_on("me").await);
    let sum = "ab".repeat(32);
    put(s, "run_of_plan", store.run_of_plan("me", &sum, moment(-1)).await);
    put(s, "unfinished_run", store.unfinished_run("me").await);
    put(s, "latest_unfinished", store.latest_unfinished().await);
    for run in ids.runs {
        put(s, "run", store.run(run).await);
        put(s, "plan", store.plan(run).await);
        put(s, "steps", store.steps(run).await);
        put(s, "steps_page", store.steps_page(run, &[StepStatus::Done], 0, 100).await);
    }
    put(s, "domain_steps", store.domain_steps("bad.example").await);
    put(s, "later_steps", store.later_steps("me", ids.runs[0]).await);
    put(s, "list", store.list("mine").await);
    put(s, "lists", store.lists().await);
    put(s, "snapshot", store.snapshot(ids.list.current).await);
    put(s, "snapshots", store.snapshots(ids.list.id).await);
    put(s, "content", store.content(&ids.sha256).await.map(String::from_utf8));
    put(s, "subscriptions", store.subscriptions("me").await);
    put(s, "all_subscriptions", store.all_subscriptions().await);
    put(s, "subscribers", store.subscribers("mine").await);
    put(s, "policy", store.policy("me").await);
    put(s, "ledger", store.ledger("me", mark, moment(0)).await);
    put(s, "exceptions", store.exceptions(None).await);
    put(s, "exceptions", store.exceptions(Some("me")).await);
    put(s, "dates", store.dates("me").await);
    put(s, "events", store.events(&EventFilter::default()).await);
    let about = EventFilter { domain: Some("bad.example"), ..EventFilter::default() };
    put(s, "events", store.events(&about).await);
    put(s, "reading", store.reading("me", mark).await);
    put(s, "reading_at", store.reading_at("me", mark).await);
    put(s, "proposal", store.proposal(ids.proposal).await);
    put(s, "open_proposal", store.open_proposal("me").await);
    put(s, "proposal_standing", store.proposal_standing(ids.proposal).await);
    put(s, "stranded_proposal", store.stranded_proposal("me").await);
    put(s, "dismissals", store.dismissals("me", mark, moment(0)).await);
    put(s, "tokens", store.tokens().await);
    put(s, "publication", store.publication(ids.publication).await);
    put(s, "publications", store.publications().await);
    put(s, "sessions", store.sessions(moment(-1)).await);
    seen
}

/// The writing methods, each with a person's hand on what is another owner's.
const WRITES: [&str; 43] = [
    "save_target",
    "delete_target",
    "insert_backup",
    "begin_run",
    "resume_run",
    "finish_run",
    "mark_step",
    "mark_steps",
    "log",
    "save_policy",
    "take",
    "add_list",
    "delete_list",
    "save_list_settings",
    "list_failed",
    "list_unchanged",
    "list_changed",
    "decide_held",
    "save_subscription",
    "delete_subscription",
    "add_exceptions",
    "delete_exceptions",
    "save_date",
    "delete_date",
    "propose",
    "revise",
    "take_proposal",
    "proposal_became",
    "reopen_proposal",
    "drop_proposal",
    "save_reading",
    "begin_session",
    "touch_session",
    "end_session",
    "end_other_sessions",
    "add_token",
    "touch_token",
    "delete_token",
    "add_publication",
    "change_publication",
    "revoke_publication",
    // It reads, and forgets where the name is another's now.
    "ledger",
    "forget_sessions",
];

fn missing<T: Debug>(result: &Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Missing { .. })), "{result:?}");
}

/// Does what the method does, to the other's rows where it takes a number, and to rows of the
/// same name where it takes a name.
async fn write(method: &str, me: &Store, theirs: &Ids) {
    let (mark, now, list) = ("of-1-again", moment(20), theirs.list.id);
    let [_, run_of_theirs] = theirs.runs;
    let held = theirs.list.held.unwrap();
    match method {
        "save_target" => drop(me.save_target(&signed_in(mark)).await.unwrap()),
        "delete_target" => assert!(me.delete_target("me").await.unwrap()),
        "insert_backup" => drop(me.insert_backup(&backup(mark)).await.unwrap()),
        "begin_run" => drop(me.begin_run(&run(mark), &steps(mark)).await.unwrap()),
        "resume_run" => missing(&me.resume_run(run_of_theirs, mark, now).await),
        "finish_run" => missing(&me.finish_run(run_of_theirs, Ending::Done, None, None, now).await),
        "mark_step" => {
            for status in [StepStatus::Sent, StepStatus::Failed] {
                missing(&me.mark_step(run_of_theirs, 1, status, Some(mark), now).await);
            }
        }
        "mark_steps" => {
            missing(&me.mark_steps(run_of_theirs, &[1, 2], StepStatus::Done, None, now).await);
        }
        "log" => me.log(&[event(mark)]).await.unwrap(),
        "save_policy" => me.save_policy("me", &Policy::default()).await.unwrap(),
        "take" => {
            let mut change = delta("of-2");
            change.holdings.values_mut().for_each(|holding| *holding = None);
            change.dismissals.values_mut().for_each(|dismissal| *dismissal = None);
            me.take("me", &change, &[]).await.unwrap();
            me.take("me", &delta("of-2"), &[event(mark)]).await.unwrap();
        }
        "add_list" => {
            let bytes = b"of-1 again";
            let first = version(bytes, Standing::Good);
            me.add_list(&self::list("more", mark), &visit(mark), &first).await.unwrap();
        }
        "delete_list" => {
            assert!(me.delete_list("mine").await.unwrap());
            assert!(!me.delete_list("mine").await.unwrap(), "only one's own is left");
        }
        "save_list_settings" => me.save_list_settings(list, "https://x/", "{}").await.unwrap(),
        "list_failed" => me.list_failed(list, now, mark).await.unwrap(),
        "list_unchanged" => me.list_unchanged(list, &visit(mark)).await.unwrap(),
        "list_changed" => {
            let new = version(b"of-1 changed", Standing::Good);
            missing(&me.list_changed(list, theirs.list.latest, &visit(mark), &new).await);
        }
        "decide_held" => {
            assert!(!me.decide_held(list, held, true, now).await.unwrap());
            assert!(!me.decide_held(list, held, false, now).await.unwrap());
        }
        "save_subscription" => {
            me.save_subscription("me", "other", &Terms::default(), now).await.unwrap();
        }
        "delete_subscription" => assert!(me.delete_subscription("me", "mine").await.unwrap()),
        "add_exceptions" => {
            let told = |_, _: &NewException| event(mark);
            drop(me.add_exceptions(&[exception(mark)], told).await.unwrap());
        }
        "delete_exceptions" => {
            let told = |_: &Exception| event(mark);
            assert_eq!(me.delete_exceptions(&[theirs.exception], told).await.unwrap(), []);
        }
        "save_date" => me.save_date("me", &date(mark)).await.unwrap(),
        "delete_date" => assert!(me.delete_date("me", &domain("bad.example")).await.unwrap()),
        "propose" => drop(me.propose("me", mark, b"again", now).await.unwrap()),
        "revise" => assert!(!me.revise(theirs.proposal, 1, mark, b"x").await.unwrap()),
        "take_proposal" => assert!(!me.take_proposal(theirs.proposal, 1, now).await.unwrap()),
        "proposal_became" => {
            me.proposal_became(theirs.proposal, run_of_theirs, now).await.unwrap();
        }
        "reopen_proposal" => assert!(!me.reopen_proposal(theirs.proposal).await.unwrap()),
        "drop_proposal" => assert!(!me.drop_proposal(theirs.proposal).await.unwrap()),
        "save_reading" => me.save_reading("me", mark, &state(mark)).await.unwrap(),
        "begin_session" => me.begin_session(mark, mark, now).await.unwrap(),
        "touch_session" => me.touch_session(&theirs.session, now).await.unwrap(),
        "end_session" => assert!(!me.end_session(&theirs.session).await.unwrap()),
        "end_other_sessions" => drop(me.end_other_sessions("").await.unwrap()),
        "add_token" => drop(me.add_token("more", mark, Scope::Write, now).await.unwrap()),
        "touch_token" => me.touch_token(theirs.token, now).await.unwrap(),
        "delete_token" => assert_eq!(me.delete_token(theirs.token).await.unwrap(), None),
        "add_publication" => drop(me.add_publication(&publication(mark), now).await.unwrap()),
        "change_publication" => {
            missing(&me.change_publication(theirs.publication, &publication(mark), now).await);
        }
        "revoke_publication" => {
            assert!(!me.revoke_publication(theirs.publication, now).await.unwrap());
        }
        "ledger" => drop(me.ledger("me", "somebody else", now).await.unwrap()),
        "forget_sessions" => drop(me.forget_sessions(moment(-9)).await.unwrap()),
        other => panic!("no case for {other}"),
    }
}

#[test]
fn every_method_of_the_store_has_a_case() {
    let tried = [
        "target",
        "target_by_id",
        "target_now",
        "targets",
        "backup",
        "backups",
        "backups_page",
        "count_backups",
        "runs",
        "runs_page",
        "count_runs",
        "last_run_on",
        "run_of_plan",
        "unfinished_run",
        "latest_unfinished",
        "run",
        "plan",
        "steps",
        "steps_page",
        "domain_steps",
        "later_steps",
        "list",
        "lists",
        "snapshot",
        "snapshots",
        "content",
        "subscriptions",
        "all_subscriptions",
        "subscribers",
        "policy",
        "ledger",
        "exceptions",
        "dates",
        "events",
        "reading",
        "reading_at",
        "proposal",
        "open_proposal",
        "proposal_standing",
        "stranded_proposal",
        "dismissals",
        "tokens",
        "publication",
        "publications",
        "sessions",
    ];
    let mut known: BTreeSet<String> = FOR_EVERYBODY.map(str::to_owned).into();
    known.insert(ALSO.to_owned());
    known.extend(tried.map(str::to_owned));
    known.extend(WRITES.map(str::to_owned));
    let methods = methods();
    let untried: Vec<_> = methods.difference(&known).collect();
    assert!(untried.is_empty(), "give these a case in this file: {untried:?}");
    let gone: Vec<_> = known.difference(&methods).collect();
    assert!(gone.is_empty(), "these are gone: {gone:?}");
}

#[test]
fn nobody_sees_what_is_anothers() {
    on_both(async |place| {
        let store = place.open().await;
        let mut ids = BTreeMap::new();
        for (owner, mark) in [(HOUSE, "of-house"), (ANN, "of-1"), (BOB, "of-2")] {
            ids.insert(owner, furnish(&store.of(owner), mark).await);
        }
        let marks = ["of-house", "of-1", "of-2"];
        for (owner, mark) in [(HOUSE, "of-house"), (ANN, "of-1"), (BOB, "of-2")] {
            let own = read(&store.of(owner), &ids[&owner], mark).await;
            for (method, shown) in &own {
                let others = marks.iter().filter(|other| **other != mark);
                for other in others {
                    assert!(!shown.contains(other), "{method} of {mark} shows {other}: {shown}");
                }
            }
            // Each is there once, so nothing above was empty for nothing.
            for (method, count) in [("count_backups", 1), ("count_runs", 2)] {
                assert_eq!(own[method], format!("Ok({count})\n"));
            }
            for method in ["target_by_id", "plan", "content", "ledger", "events", "sessions"] {
                assert!(own[method].contains(mark), "{method} of {mark}: {}", own[method]);
            }
        }
        for (me, other) in [(ANN, BOB), (ANN, HOUSE), (HOUSE, ANN)] {
            let store = store.of(me);
            let theirs = &ids[&other];
            let whose = match other {
                HOUSE => "of-house",
                ANN => "of-1",
                _ => "of-2",
            };
            assert_eq!(store.target_by_id(theirs.target).await.unwrap(), None);
            assert_eq!(store.backup(theirs.backup).await.unwrap(), None);
            assert_eq!(store.proposal(theirs.proposal).await.unwrap(), None);
            assert_eq!(store.proposal_standing(theirs.proposal).await.unwrap(), None);
            assert_eq!(store.publication(theirs.publication).await.unwrap(), None);
            for run in theirs.runs {
                assert_eq!(store.run(run).await.unwrap(), None);
                assert_eq!(store.plan(run).await.unwrap(), None);
                assert_eq!(store.steps(run).await.unwrap(), []);
                assert_eq!(store.steps_page(run, &[], 0, 9).await.unwrap(), []);
            }
            // One's own ledger of a target of the same name is one's own still.
            assert_eq!(store.reading("me", whose).await.unwrap(), None);
            assert_eq!(store.reading_at("me", whose).await.unwrap(), None);
            // What the house follows is everybody's; what a person follows is theirs.
            let shared = other == HOUSE;
            let list = store.snapshots(theirs.list.id).await.unwrap();
            assert_eq!(list.len(), if shared { 2 } else { 0 });
            assert_eq!(store.snapshot(theirs.list.current).await.unwrap().is_some(), shared);
            assert_eq!(store.content(&theirs.sha256).await.is_ok(), shared);
        }
    });
}

#[test]
fn nobody_changes_what_is_anothers() {
    on_both(async |place| {
        let store = place.open().await;
        for method in WRITES {
            place
                .sql(
                    "DELETE FROM token; DELETE FROM publication; DELETE FROM publication_past;
                     DELETE FROM proposal; DELETE FROM session; DELETE FROM reading;
                     DELETE FROM subscription; DELETE FROM kept_target; DELETE FROM holding;
                     DELETE FROM dismissal; DELETE FROM block_date; DELETE FROM exception;
                     DELETE FROM followed_list; DELETE FROM run; DELETE FROM backup;
                     DELETE FROM target",
                )
                .await;
            let mut ids = BTreeMap::new();
            for (owner, mark) in [(HOUSE, "of-house"), (ANN, "of-1"), (BOB, "of-2")] {
                ids.insert(owner, furnish(&store.of(owner), mark).await);
            }
            for (other, mark) in [(BOB, "of-2"), (HOUSE, "of-house")] {
                // What was done once cannot be done again with a name that is gone.
                if other == HOUSE
                    && method.starts_with("delete_")
                    && !["delete_exceptions", "delete_token"].contains(&method)
                {
                    continue;
                }
                let before = read(&store.of(other), &ids[&other], mark).await;
                let bystander = read(&store, &ids[&HOUSE], "of-house").await;
                write(method, &store.of(ANN), &ids[&other]).await;
                let after = read(&store.of(other), &ids[&other], mark).await;
                for (read, shown) in &before {
                    assert_eq!(&after[read], shown, "{method} of another changed {read}");
                }
                assert_eq!(read(&store, &ids[&HOUSE], "of-house").await, bystander, "{method}");
                if ["begin_session", "add_list", "add_token", "add_publication"].contains(&method) {
                    break;
                }
            }
        }
    });
}

#[test]
fn the_houses_lists_are_for_all_and_ones_own_comes_first() {
    on_both(async |place| {
        let store = place.open().await;
        let (ann, bob) = (store.of(ANN), store.of(BOB));
        for (owner, name, mark) in [
            (&store, "a", "house-a"),
            (&store, "z", "house-z"),
            (&ann, "m", "ann-m"),
            (&ann, "z", "ann-z"),
            (&bob, "a", "bob-a"),
        ] {
            let first = version(mark.as_bytes(), Standing::Good);
            owner.add_list(&list(name, mark), &visit(mark), &first).await.unwrap();
        }
        let names = async |store: &Store| -> Vec<String> {
            let lists = store.lists().await.unwrap();
            lists.iter().map(|list| list.source.rsplit('/').next().unwrap().to_owned()).collect()
        };
        assert_eq!(names(&store).await, ["house-a", "house-z"]);
        assert_eq!(names(&ann).await, ["ann-m", "ann-z", "house-a"]);
        assert_eq!(names(&bob).await, ["bob-a", "house-z"]);
        assert_eq!(names(&store.of(3)).await, ["house-a", "house-z"]);
        let shared = ann.list("a").await.unwrap().unwrap();
        assert!(shared.is_shared_with(ANN) && !shared.is_shared_with(HOUSE));
        let own = ann.list("z").await.unwrap().unwrap();
        assert!(!own.is_shared_with(ANN) && own.source.ends_with("ann-z"));
        assert_eq!(store.list("m").await.unwrap(), None);
        assert_eq!(bob.list("m").await.unwrap(), None);
        // Whoever lets go of their own has the house's again.
        assert!(ann.delete_list("z").await.unwrap());
        assert!(ann.list("z").await.unwrap().unwrap().source.ends_with("house-z"));
        assert!(!ann.delete_list("z").await.unwrap());
    });
}

#[test]
fn what_two_follow_is_kept_until_neither_does() {
    on_both(async |place| {
        let store = place.open().await;
        let (ann, bob) = (store.of(ANN), store.of(BOB));
        let first = version(b"bad.example\n", Standing::Good);
        for owner in [&ann, &bob] {
            owner.add_list(&list("l", "l"), &visit("l"), &first).await.unwrap();
        }
        let version = bob.list("l").await.unwrap().unwrap().current;
        let sha256 = bob.snapshot(version).await.unwrap().unwrap().sha256;
        assert!(ann.content(&sha256).await.is_ok());
        assert!(ann.delete_list("l").await.unwrap());
        assert_eq!(bob.content(&sha256).await.unwrap(), b"bad.example\n");
        missing(&ann.content(&sha256).await);
        missing(&store.content(&sha256).await);
    });
}

#[test]
fn only_what_the_houses_lists_say_is_looked_up_by_all() {
    on_both(async |place| {
        let store = place.open().await;
        let ann = store.of(ANN);
        let names = ["listed.example", "blocked.example", "secret.example"].map(domain);
        let [listed, blocked, secret] = &names;
        store.see([listed]).await.unwrap();
        store.see_blocked([blocked, listed]).await.unwrap();
        ann.see([secret]).await.unwrap();
        ann.see_blocked([secret]).await.unwrap();
        let masks: Vec<String> =
            names.iter().map(|name| hedgerow::unmask::mask(name.as_str())).collect();
        let digests: Vec<String> = names
            .iter()
            .map(|name| {
                use sha2::Digest as _;
                hedgerow::block::hex(&sha2::Sha256::digest(name.as_str()))
            })
            .collect();
        let found = async |store: &Store| -> BTreeSet<String> {
            let by_mask = store.seen_by_mask(&masks).await.unwrap();
            let by_digest = store.seen_by_digest(&digests).await.unwrap();
            let of = |found: std::collections::HashMap<String, Vec<Domain>>| -> BTreeSet<String> {
                found.into_values().flatten().map(|domain| domain.to_string()).collect()
            };
            assert_eq!(of(by_mask), of(by_digest.clone()));
            of(by_digest)
        };
        let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(found(&store).await, all(&["blocked.example", "listed.example"]));
        assert_eq!(found(&ann).await, all(&["listed.example"]));
        // What a list says later on is for all from then on.
        store.see([blocked, blocked]).await.unwrap();
        assert_eq!(found(&ann).await, all(&["blocked.example", "listed.example"]));
    });
}

#[test]
fn many_who_ask_at_once_how_their_targets_stand_each_see_their_own() {
    on_both(async |place| {
        let store = place.open().await;
        let (ann, bob) = (store.of(ANN), store.of(BOB));
        let mut numbers = Vec::new();
        for (owner, mark) in [(&ann, "ann"), (&bob, "bob")] {
            numbers.push(furnish(owner, mark).await.target);
            for number in 0..10 {
                numbers.push(owner.save_target(&target(&format!("{mark}{number}"))).await.unwrap());
            }
        }
        // One after another, each is asked for alone.
        let mut alone = Vec::new();
        for who in [&ann, &bob, &store] {
            for number in &numbers {
                alone.push(who.target_now(*number).await.unwrap());
            }
        }
        assert_eq!(alone.iter().flatten().count(), 22);
        let at_once = [&ann, &bob, &store].into_iter().flat_map(|who| {
            numbers.iter().map(async |number| who.target_now(*number).await.unwrap())
        });
        assert_eq!(futures_util::future::join_all(at_once).await, alone);
    });
}
