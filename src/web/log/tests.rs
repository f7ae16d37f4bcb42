//! The page with one event of each kind.

use askama::Template;
use serde_json::json;

use super::*;
use crate::policy::Terms;

#[test]
fn each_kind_of_event_is_told_in_words() {
    let at: DateTime<Utc> = "2026-11-01T10:00:00Z".parse().unwrap();
    let detail = json!({
        "account": "me@home.example", "terms": Terms::default(), "kept": true,
        "subdomains": true, "until": "2027-02-01T00:00:00Z", "reason": "be<cause\u{202e}",
        "expires": "2027-03-02T00:00:00Z", "review": "2027-01-01T00:00:00Z",
        "added": 3, "removed": 2, "regraded": 1, "steps": 1, "ending": "failed",
        "verified": false, "message": "2 domains not as planned", "guard": "most-adds",
        "lists": "one, two", "error": "no; see `hedgerow doctor`", "became": "requested",
        "rows": 2,
    });
    let event = |(id, kind): (i64, EventKind)| Event {
        id,
        at,
        actor: "me@home.example".to_owned(),
        kind,
        target: Some("gone.example".to_owned()),
        domain: Some("bad.example".to_owned()),
        list: Some("<list>".to_owned()),
        run: Some(7),
        detail: detail.clone(),
    };
    let events = (1..).zip(EventKind::ALL.iter().copied()).map(event);
    let rows: Vec<Row> = events.map(|event| Row::of(&event, &HashMap::new(), false)).collect();
    let said: Vec<&str> = rows.iter().map(|row| row.says.as_str()).collect();
    insta::assert_snapshot!("words", said.join("\n"));
    let page = Log {
        head: None,
        asked: Asked { domain: "\"x".to_owned(), ..Asked::default() },
        targets: vec![("3".to_owned(), "me@home.example".to_owned(), true)],
        kinds: vec![("blocked", "blocked", true)],
        narrowed: true,
        rows: rows.into_iter().take(3).collect(),
        here: "/log".to_owned(),
        older: Some("/log?domain=%22x&before=3".to_owned()),
        newest: Some("/log?domain=%22x".to_owned()),
    };
    insta::assert_snapshot!("page", page.render().unwrap());
}

#[test]
fn a_log_in_which_nothing_stands_yet_and_one_in_which_nothing_fits() {
    let page = |head, narrowed| Log {
        head,
        asked: Asked::default(),
        targets: Vec::new(),
        kinds: Vec::new(),
        narrowed,
        rows: Vec::new(),
        here: "/targets/3/log".to_owned(),
        older: None,
        newest: None,
    };
    let head = Head::sample(crate::block::Level::Instance, Tab::Log);
    insta::assert_snapshot!("of-target", page(Some(head), false).render().unwrap());
    let nothing = page(None, true).render().unwrap();
    assert!(nothing.contains("Nothing fits"), "{nothing}");
}

#[test]
fn nothing_in_the_words_names_a_command() {
    let at: DateTime<Utc> = "2026-11-01T10:00:00Z".parse().unwrap();
    for kind in EventKind::ALL {
        let detail = json!({ "error": "Refused; see `hedgerow doctor`", "message": "2 domains not as planned; see `hedgerow runs`" });
        let (target, domain, list, run) = (None, None, None, None);
        let actor = String::new();
        let event = Event { id: 1, at, actor, kind: *kind, target, domain, list, run, detail };
        let says = says(&event);
        assert!(!says.contains('`') && !says.contains(" --"), "{kind}: {says}");
    }
}
