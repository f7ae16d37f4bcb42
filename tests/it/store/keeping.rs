//! What is kept of a target: policy, subscriptions, ledger, exceptions and dates.

use arcstr::ArcStr;
use chrono::TimeDelta;
use compact_str::CompactString;
use hedgerow::block::{Rule, Severity};
use hedgerow::domain::Domain;
use hedgerow::exception::Exception;
use hedgerow::ledger::{Claim, Delta, Dismissal, Holding, Ledger, Owner, Why, Word, Words};
use hedgerow::policy::{Agreement, Comments, Mode, Policy, Said, Taken, Terms};
use hedgerow::store::{
    BlockDate, EventFilter, EventKind, NewEvent, NewException, Store, StoreError, Subscription,
};

use super::place::on_both;
use super::{kept, moment};

const ME: &str = "https://social.example/ me@social.example";
const OTHER: &str = "https://social.example/ you@social.example";

fn domain(name: &str) -> Domain {
    Domain::from_stored(name).unwrap()
}

fn claim(list: &'static str, severity: Severity) -> Claim {
    Claim {
        list: ArcStr::from(list),
        word: Word::new(severity),
        since: moment(1),
        less_since: None,
        once: false,
    }
}

/// One with everything in it that there is.
fn full() -> Holding {
    let comment = "Naïve “quotes”, \\ and \0 and \u{1f40d}; ".repeat(200);
    Holding {
        owner: Owner::Hedgerow,
        rule: Some(Rule {
            reject_media: true,
            reject_reports: true,
            obfuscate: true,
            public_comment: Some(comment.as_str().into()),
            private_comment: Some(" ".into()),
            ..Rule::new(Severity::Silence)
        }),
        before: Some(Rule::new(Severity::Noop)),
        row: Some("113".into()),
        run: Some(i64::MAX),
        since: kept(2),
        claims: vec![
            claim("a \"list\", they say", Severity::Suspend),
            Claim {
                word: Word {
                    severity: Severity::Noop,
                    reject_media: true,
                    reject_reports: true,
                    obfuscate: true,
                },
                less_since: Some(moment(3)),
                once: true,
                ..claim("lists.example/a.csv", Severity::Noop)
            },
        ],
    }
}

fn dismissal(said: Option<Words>) -> Dismissal {
    Dismissal { why: Why::Undone, at: kept(4), said }
}

/// A change that enters all of this.
fn delta(holdings: &[(&str, Holding)], dismissals: &[(&str, Dismissal)]) -> Delta {
    fn entered<V: Clone>(
        rows: &[(&str, V)],
    ) -> std::collections::BTreeMap<CompactString, Option<V>> {
        rows.iter().map(|(name, value)| ((*name).into(), Some(value.clone()))).collect()
    }
    Delta { holdings: entered(holdings), dismissals: entered(dismissals), told: Vec::new() }
}

async fn of(store: &Store, whose: &str) -> Ledger {
    store.ledger("me", whose, moment(9)).await.unwrap()
}

#[test]
fn a_ledger_comes_back_as_it_was_entered() {
    on_both(async |place| {
        let store = place.open().await;
        assert_eq!(of(&store, ME).await, Ledger::default());
        let silent = Word { obfuscate: true, ..Word::new(Severity::Silence) };
        let words = Words::from([("a".into(), silent), ("é".into(), Word::new(Severity::Noop))]);
        let mut change = delta(
            &[
                ("bad.example", full()),
                ("xn--bcher-kva.example", Holding::of_a_person(kept(5))),
                ("Odd_Name", Holding { claims: vec![], ..full() }),
            ],
            &[
                ("a.example", dismissal(None)),
                ("b.example", dismissal(Some(Words::new()))),
                ("xn--bcher-kva.example", dismissal(Some(words))),
            ],
        );
        let mut wanted = Ledger::default();
        wanted.take(&change);
        store.take("me", &change, &[]).await.unwrap();
        store.take("other", &delta(&[("bad.example", full())], &[]), &[]).await.unwrap();
        assert_eq!(of(&store, ME).await, wanted);

        // Changed, forgotten, and forgotten without having been there.
        change = delta(
            &[("bad.example", Holding { since: kept(6), ..Holding::of_a_person(kept(6)) })],
            &[("a.example", Dismissal { why: Why::Said, ..dismissal(None) })],
        );
        change.holdings.insert("Odd_Name".into(), None);
        change.holdings.insert("never.example".into(), None);
        change.dismissals.insert("b.example".into(), None);
        wanted.take(&change);
        store.take("me", &change, &[]).await.unwrap();
        assert_eq!((wanted.holdings.len(), wanted.dismissals.len()), (2, 2));
        assert_eq!(of(&store, ME).await, wanted);
        let other = store.ledger("other", ME, moment(9)).await.unwrap();
        assert_eq!(other.holdings["bad.example"], full());
    });
}

#[test]
fn a_change_and_its_events_are_entered_together_or_not_at_all() {
    on_both(async |place| {
        let store = place.open().await;
        let refuse = if place.is_postgres() {
            "ALTER TABLE event ADD CHECK (actor <> 'nobody')"
        } else {
            "CREATE TRIGGER nobody BEFORE INSERT ON event WHEN NEW.actor = 'nobody'
             BEGIN SELECT RAISE(ABORT, 'nobody'); END"
        };
        place.sql(refuse).await;
        let change = delta(&[("bad.example", full())], &[("a.example", dismissal(None))]);
        let event = |actor: &str| {
            NewEvent::new(moment(1), actor, EventKind::LiftedByHand).target("me").domain("x")
        };
        let events = [event("ann"), event("nobody")];
        let refused = store.take("me", &change, &events).await;
        assert!(matches!(refused, Err(StoreError::Query(_))));
        assert_eq!(of(&store, ME).await, Ledger::default());
        assert_eq!(store.events(&EventFilter::default()).await.unwrap(), []);
        store.take("me", &change, &events[..1]).await.unwrap();
        assert_eq!(of(&store, ME).await.holdings.len(), 1);
        assert_eq!(store.events(&EventFilter::default()).await.unwrap().len(), 1);
    });
}

#[test]
fn a_name_that_is_given_to_somebody_else_starts_anew() {
    on_both(async |place| {
        let store = place.open().await;
        let change = delta(&[("bad.example", full())], &[("a.example", dismissal(None))]);
        let date = BlockDate { domain: domain("bad.example"), ..date() };
        let policy = Policy { subdomains: true, ..Policy::default() };
        // Nobody has looked yet, so all of it is whoever's comes first.
        store.save_policy("me", &policy).await.unwrap();
        store.take("me", &change, &[]).await.unwrap();
        store.save_date("me", &date).await.unwrap();
        store.take("other", &change, &[]).await.unwrap();
        store.save_date("other", &date).await.unwrap();
        for _ in 0..2 {
            assert_eq!(of(&store, ME).await.holdings.len(), 1);
            assert_eq!(store.dates("me").await.unwrap().len(), 1);
        }
        assert_eq!(store.events(&EventFilter::default()).await.unwrap(), []);

        for _ in 0..2 {
            assert_eq!(of(&store, OTHER).await, Ledger::default());
        }
        assert_eq!(store.dates("me").await.unwrap(), []);
        assert_eq!(store.policy("me").await.unwrap(), policy);
        let events = store.events(&EventFilter::default()).await.unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!((events[0].kind, events[0].at), (EventKind::Reset, kept(9)));
        assert_eq!(events[0].target.as_deref(), Some("me"));
        let told = (&events[0].detail["was"], &events[0].detail["is"]);
        assert_eq!(told, (&ME.into(), &OTHER.into()));
        for table in ["holdings", "dismissals", "dates"] {
            assert_eq!(events[0].detail[table], 1, "{table}");
        }
        let other = store.ledger("other", OTHER, moment(9)).await.unwrap();
        assert_eq!((other.holdings.len(), other.dismissals.len()), (1, 1));
        assert_eq!(store.dates("other").await.unwrap().len(), 1);
    });
}

#[test]
fn two_who_find_a_name_given_away_tell_it_once() {
    on_both(async |place| {
        let store = place.open().await;
        of(&store, ME).await;
        store.take("me", &delta(&[("bad.example", full())], &[]), &[]).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let store = place.open().await;
            tasks.spawn(async move { of(&store, OTHER).await });
        }
        assert!(tasks.join_all().await.iter().all(|ledger| *ledger == Ledger::default()));
        assert_eq!(store.events(&EventFilter::default()).await.unwrap().len(), 1);
    });
}

#[test]
fn twenty_thousand_holdings_are_read_at_once() {
    on_both(async |place| {
        let store = place.open().await;
        let lists = ["oliphant-tier0", "garden-fence", "iftas-dni", "seirdy-fediverse", "mine"];
        let rule =
            Rule { public_comment: Some("Hate speech".into()), ..Rule::new(Severity::Suspend) };
        let holding = Holding {
            rule: Some(rule),
            before: None,
            claims: lists.iter().map(|list| claim(list, Severity::Suspend)).collect(),
            ..full()
        };
        let names: Vec<String> = (0..20_000).map(|n| format!("host-{n}.bad.example")).collect();
        let rows: Vec<_> = names.iter().map(|name| (name.as_str(), holding.clone())).collect();
        store.take("me", &delta(&rows, &[]), &[]).await.unwrap();
        let ledger = of(&store, ME).await;
        assert_eq!(ledger.holdings.len(), 20_000);
        assert!(ledger.holdings.values().all(|read| *read == holding));
        let gone = Delta {
            holdings: names.iter().map(|name| (name.as_str().into(), None)).collect(),
            ..Delta::default()
        };
        store.take("me", &gone, &[]).await.unwrap();
        assert_eq!(of(&store, ME).await, Ledger::default());
    });
}

#[test]
fn a_policy_is_the_default_until_it_is_saved() {
    on_both(async |place| {
        let store = place.open().await;
        assert_eq!(store.policy("me").await.unwrap(), Policy::default());
        of(&store, ME).await;
        assert_eq!(store.policy("me").await.unwrap(), Policy::default());
        let policy = Policy {
            agreement: Some(Agreement::Percent(51)),
            comments: Comments::Of("a \"list\"".to_owned()),
            subdomains: true,
            ..Policy::default()
        };
        store.save_policy("me", &policy).await.unwrap();
        store.save_policy("other", &Policy::default()).await.unwrap();
        assert_eq!(store.policy("me").await.unwrap(), policy);
        assert_eq!(store.policy("other").await.unwrap(), Policy::default());
        // Saving it again does not forget who has the name.
        store.take("me", &delta(&[("bad.example", full())], &[]), &[]).await.unwrap();
        store.save_policy("me", &policy).await.unwrap();
        assert_eq!(of(&store, OTHER).await, Ledger::default());
    });
}

#[test]
fn subscriptions_are_ordered_and_keep_their_first_day() {
    on_both(async |place| {
        let store = place.open().await;
        let terms = Terms {
            mode: Mode::Auto,
            cap: Some(Severity::Silence),
            map: [(Said::Nothing, Taken::Suspend), (Said::Noop, Taken::Ignore)].into(),
            ..Terms::default()
        };
        let plain = Terms::default();
        for (target, list) in [("me", "b"), ("me", "a_c"), ("me", "a-b"), ("B", "b"), ("me", "B")] {
            store.save_subscription(target, list, &plain, moment(1)).await.unwrap();
        }
        store.save_subscription("me", "b", &terms, moment(2)).await.unwrap();
        let mine = store.subscriptions("me").await.unwrap();
        let names: Vec<&str> = mine.iter().map(|row| row.list.as_str()).collect();
        assert_eq!(names, ["B", "a-b", "a_c", "b"]);
        let wanted = Subscription {
            target: "me".to_owned(),
            list: "b".to_owned(),
            terms,
            created_at: kept(1),
        };
        assert_eq!((&mine[3], &mine[2].terms), (&wanted, &plain));
        let all = store.all_subscriptions().await.unwrap();
        assert_eq!((all.len(), all[0].target.as_str()), (5, "B"));
        assert_eq!(store.subscribers("b").await.unwrap(), ["B", "me"]);
        assert!(store.delete_subscription("me", "b").await.unwrap());
        assert!(!store.delete_subscription("me", "b").await.unwrap());
        assert_eq!(store.subscribers("b").await.unwrap(), ["B"]);
        assert_eq!(store.subscriptions("me").await.unwrap().len(), 3);
        assert_eq!(store.subscriptions("x").await.unwrap(), []);
    });
}

fn exception(target: Option<&str>, name: &str) -> NewException {
    NewException {
        target: target.map(str::to_owned),
        domain: domain(name),
        subdomains: false,
        list: None,
        reason: None,
        until: None,
        created_at: moment(1),
        made_by: "ann".to_owned(),
    }
}

fn told(kind: EventKind, domain: &Domain) -> NewEvent {
    NewEvent::new(moment(1), "ann", kind).domain(domain.as_str())
}

async fn except(store: &Store, new: &NewException) -> i64 {
    let told = |_, new: &NewException| told(EventKind::Excepted, &new.domain);
    store.add_exceptions(std::slice::from_ref(new), told).await.unwrap()[0]
}

async fn end(store: &Store, ids: &[i64]) -> Result<Vec<Exception>, StoreError> {
    let told = |gone: &Exception| told(EventKind::ExceptionEnded, &gone.domain);
    store.delete_exceptions(ids, told).await
}

#[test]
fn exceptions_hold_for_one_target_or_for_all() {
    on_both(async |place| {
        let store = place.open().await;
        let full = NewException {
            subdomains: true,
            list: Some("a \"list\"".to_owned()),
            reason: Some("Unsere Nachbarn 🏡\n".repeat(500)),
            until: Some(moment(2)),
            ..exception(Some("me"), "xn--bcher-kva.example")
        };
        let mine = except(&store, &full).await;
        let all = except(&store, &exception(None, "good.example")).await;
        let others = except(&store, &exception(Some("x"), "a.example")).await;
        let again = except(&store, &exception(None, "good.example")).await;
        let ids = async |target: Option<&str>| -> Vec<i64> {
            store.exceptions(target).await.unwrap().iter().map(|row| row.id).collect()
        };
        assert_eq!(ids(Some("me")).await, [all, again, mine]);
        assert_eq!(ids(Some("unknown")).await, [all, again]);
        assert_eq!(ids(None).await, [others, all, again, mine]);
        let wanted = Exception {
            id: mine,
            target: Some("me".to_owned()),
            domain: full.domain,
            subdomains: true,
            list: full.list,
            reason: full.reason,
            until: Some(kept(2)),
            created_at: kept(1),
            made_by: "ann".to_owned(),
        };
        assert_eq!(store.exceptions(Some("me")).await.unwrap()[2], wanted);
        assert_eq!(end(&store, &[mine]).await.unwrap(), [wanted]);
        assert_eq!(end(&store, &[mine]).await.unwrap(), []);
        let plain = end(&store, &[mine, all]).await.unwrap().pop().unwrap();
        assert_eq!((plain.target, plain.list, plain.reason, plain.until), (None, None, None, None));
        assert!(!plain.subdomains);
        assert_eq!(ids(Some("me")).await, [again]);
    });
}

#[test]
fn thousands_of_exceptions_are_made_and_ended_at_once_and_each_is_told() {
    on_both(async |place| {
        let store = place.open().await;
        let name = |n: usize| format!("host{:04}.example", (n * 7919) % 5000);
        let new: Vec<NewException> = (0..5000).map(|n| exception(Some("me"), &name(n))).collect();
        let event = |id: i64, new: &NewException| {
            told(EventKind::Excepted, &new.domain).detail(serde_json::json!({ "exception": id }))
        };
        let made = store.add_exceptions(&new, event).await.unwrap();
        let known = store.exceptions(Some("me")).await.unwrap();
        let by_id: std::collections::BTreeMap<i64, &Domain> =
            known.iter().map(|exception| (exception.id, &exception.domain)).collect();
        // Each number is that of its domain, and so is each event's.
        assert_eq!((made.len(), by_id.len()), (5000, 5000));
        assert!(made.iter().zip(&new).all(|(id, new)| by_id[id] == &new.domain));
        let filter = EventFilter { kind: Some(EventKind::Excepted), ..EventFilter::default() };
        let events = store.events(&filter).await.unwrap();
        assert_eq!(events.len(), 5000);
        for event in events {
            let id = event.detail["exception"].as_i64().unwrap();
            assert_eq!(event.domain.as_deref(), Some(by_id[&id].as_str()));
        }
        assert_eq!(end(&store, &made[1..]).await.unwrap().len(), 4999);
        assert_eq!(store.exceptions(None).await.unwrap().len(), 1);
    });
}

fn date() -> BlockDate {
    BlockDate {
        domain: domain("xn--bcher-kva.example"),
        expires_at: Some(kept(5)),
        review_at: Some(kept(4)),
        reason: Some("Bis zur Wahl – “dann” sehen wir. ".repeat(300)),
        made_by: "ann".to_owned(),
        created_at: kept(1),
    }
}

#[test]
fn dates_come_back_and_replace_each_other() {
    on_both(async |place| {
        let store = place.open().await;
        let empty = BlockDate {
            domain: domain("a.example"),
            expires_at: None,
            review_at: None,
            reason: None,
            made_by: "bob".to_owned(),
            created_at: kept(2),
        };
        for date in [date(), empty.clone()] {
            store.save_date("me", &date).await.unwrap();
        }
        store.save_date("other", &date()).await.unwrap();
        assert_eq!(store.dates("me").await.unwrap(), [empty.clone(), date()]);
        let changed = BlockDate { domain: date().domain, ..empty.clone() };
        store.save_date("me", &changed).await.unwrap();
        assert_eq!(store.dates("me").await.unwrap(), [empty.clone(), changed]);
        assert!(store.delete_date("me", &date().domain).await.unwrap());
        assert!(!store.delete_date("me", &date().domain).await.unwrap());
        assert_eq!(store.dates("me").await.unwrap(), [empty]);
        assert_eq!(store.dates("other").await.unwrap(), [date()]);
        // More digits than a database keeps are cut alike.
        let fine = kept(7) + TimeDelta::nanoseconds(789);
        let fine = BlockDate { expires_at: Some(fine), review_at: Some(fine), ..date() };
        store.save_date("me", &BlockDate { created_at: moment(7), ..fine }).await.unwrap();
        let read = store.dates("me").await.unwrap().swap_remove(1);
        let times = (read.expires_at, read.review_at, read.created_at);
        assert_eq!(times, (Some(kept(7)), Some(kept(7)), kept(7)));
    });
}

fn named(error: &StoreError, place: &str) {
    let text = error.to_string();
    assert!(text.contains(&format!("table {place}.")), "{text} does not say {place}");
}

#[test]
fn a_damaged_ledger_is_named_and_not_guessed_at() {
    on_both(async |place| {
        let store = place.open().await;
        of(&store, ME).await;
        let words = Some(Words::from([("a".into(), Word::new(Severity::Noop))]));
        let change = delta(&[("bad.example", full())], &[("bad.example", dismissal(words))]);
        for (table, column, value) in [
            ("holding", "keeper", "dog"),
            ("holding", "rule", "{}"),
            ("holding", "before", "x"),
            ("holding", "claims", ""),
            ("holding", "claims", r#"[["a","suspend",0,"soon",null]]"#),
            ("dismissal", "why", "said so"),
            ("dismissal", "said", "[]"),
        ] {
            store.take("me", &change, &[]).await.unwrap();
            assert_eq!(of(&store, ME).await.holdings.len(), 1);
            place.sql(&format!("UPDATE {table} SET {column} = '{value}'")).await;
            let error = store.ledger("me", ME, moment(9)).await.unwrap_err();
            named(&error, &format!("{table}, column {column}, id me/bad.example"));
        }
        store.take("me", &change, &[]).await.unwrap();
        for table in ["dismissal", "holding"] {
            place.sql(&format!("UPDATE {table} SET domain = ''")).await;
            let error = store.ledger("me", ME, moment(9)).await.unwrap_err();
            named(&error, &format!("{table}, column domain, id me/"));
        }
    });
}

#[test]
fn damaged_decisions_are_named_and_not_guessed_at() {
    on_both(async |place| {
        let store = place.open().await;
        store.save_policy("me", &Policy::default()).await.unwrap();
        place.sql(r#"UPDATE kept_target SET policy = '{"agreement":7}'"#).await;
        named(&store.policy("me").await.unwrap_err(), "kept_target, column policy, id me");

        store.save_subscription("me", "a", &Terms::default(), moment(1)).await.unwrap();
        place.sql(r#"UPDATE subscription SET terms = '{"mod":1}'"#).await;
        let wanted = "subscription, column terms, id me/a";
        named(&store.subscriptions("me").await.unwrap_err(), wanted);
        named(&store.all_subscriptions().await.unwrap_err(), wanted);

        let id = except(&store, &exception(None, "a.example")).await;
        place.sql("UPDATE exception SET domain = 'a b'").await;
        let wanted = format!("exception, column domain, id {id}");
        named(&store.exceptions(None).await.unwrap_err(), &wanted);
        named(&end(&store, &[id]).await.unwrap_err(), &wanted);

        store.save_date("me", &date()).await.unwrap();
        place.sql("UPDATE block_date SET domain = 'A..'").await;
        named(&store.dates("me").await.unwrap_err(), "block_date, column domain, id me/A..");
    });
}
