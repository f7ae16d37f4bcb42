//! The page with sample data, as it is written.

use std::collections::HashMap;

use askama::Template;
use chrono::{DateTime, Utc};

use super::Why;
use super::view::View;
use crate::block::{Level, Rule, Severity};
use crate::domain::Domain;
use crate::exception::Exception;
use crate::ledger::{Claim, Owner, Why as Turned, Word};
use crate::policy::{Agreement, Mode, Share};
use crate::store::{Action, Event, EventKind, StepStatus};
use crate::why::{
    Account, ComesTo, Deed, InList, ListsNow, OnTarget, Relative, Said, Span, Stands, TurnedDown,
};

fn main_of(page: &impl Template) -> String {
    let html = page.render().unwrap();
    let main = html.split("<main id=\"main\">").nth(1).unwrap().split("</main>").next().unwrap();
    let lines = main.lines().map(str::trim_end).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

fn at(day: &str) -> DateTime<Utc> {
    format!("{day}T09:30:00Z").parse().unwrap()
}

fn domain(name: &str) -> Domain {
    Domain::parse(name).unwrap().domain
}

fn rule(severity: Severity) -> Rule {
    Rule {
        severity,
        reject_media: false,
        reject_reports: false,
        obfuscate: false,
        public_comment: None,
        private_comment: None,
    }
}

fn on(target: &str, level: Level, stands: Stands) -> OnTarget {
    OnTarget {
        target: target.to_owned(),
        level,
        stands,
        as_of: None,
        rule: None,
        owner: None,
        since: None,
        run: None,
        claims: vec![],
        before: None,
        turned_down: None,
        expires_at: None,
        review_at: None,
        lists_now: None,
        above: vec![],
        below: vec![],
    }
}

#[expect(clippy::too_many_lines, reason = "one of everything")]
fn account() -> Account {
    let claim = |list: &str, less: Option<DateTime<Utc>>| Claim {
        list: list.into(),
        word: Word::new(Severity::Suspend),
        since: at("2026-01-02"),
        less_since: less,
        once: false,
    };
    let said = |list: &str, taken_as| Said {
        list: list.to_owned(),
        says: Some(Severity::Suspend),
        taken_as,
        weight: 2,
        share: Share::Member,
        mode: Mode::Watch,
    };
    let instance = OnTarget {
        as_of: Some(at("2026-03-01")),
        rule: Some(rule(Severity::Suspend)),
        owner: Some(Owner::Hedgerow),
        since: Some(at("2026-01-02")),
        run: Some(12),
        claims: vec![claim("fence", None), claim("<b>odd", Some(at("2026-02-02")))],
        before: Some(rule(Severity::Silence)),
        expires_at: Some("2027-01-01T00:00:00Z".parse().unwrap()),
        review_at: Some(at("2026-06-01")),
        lists_now: Some(ListsNow {
            voices: vec![said("fence", Some(Severity::Silence)), said("watched", None)],
            comes_to: ComesTo::TooFew { have: 1, need: 2 },
            agreement: Some(Agreement::Lists(2)),
        }),
        above: vec![Relative { domain: "example".into(), severity: Some(Severity::Silence) }],
        below: vec![
            Relative { domain: "a.bücher.example".into(), severity: None },
            Relative { domain: "b.bücher.example".into(), severity: None },
        ],
        ..on("home.example", Level::Instance, Stands::Blocked)
    };
    let own = OnTarget {
        as_of: Some(at("2026-03-01")),
        owner: Some(Owner::Person),
        ..on("me@home.example", Level::Account, Stands::Blocked)
    };
    let turned = OnTarget {
        turned_down: Some(TurnedDown { why: Turned::Lifted, at: at("2026-02-02") }),
        ..on("other@home.example", Level::Account, Stands::NotBlocked)
    };
    let unknown = on("new@home.example", Level::Account, Stands::Unknown);
    let event = |kind, target: Option<&str>| Event {
        id: 1,
        at: at("2026-02-02"),
        actor: "me\u{202e}@home.example".to_owned(),
        kind,
        target: target.map(str::to_owned),
        domain: Some("xn--bcher-kva.example".to_owned()),
        list: None,
        run: None,
        detail: serde_json::Value::Null,
    };
    Account {
        domain: domain("bücher.example"),
        targets: vec![instance, own, turned, unknown],
        lists: vec![InList {
            list: "fence".to_owned(),
            names: domain("www.bücher.example"),
            spans: vec![
                Span {
                    from: at("2026-01-01"),
                    until: Some(at("2026-02-01")),
                    severity: None,
                    reason: None,
                },
                Span {
                    from: at("2026-02-01"),
                    until: None,
                    severity: Some(Severity::Suspend),
                    reason: Some("<script>alert(1)</script>\u{1b}[2J".to_owned()),
                },
            ],
            followed_by: vec!["home.example".to_owned()],
        }],
        exceptions: vec![Exception {
            id: 3,
            target: None,
            domain: domain("bücher.example"),
            subdomains: true,
            list: Some("fence".to_owned()),
            reason: Some("friends".to_owned()),
            until: Some("2027-02-01T00:00:00Z".parse().unwrap()),
            created_at: at("2026-02-02"),
            made_by: "me".to_owned(),
        }],
        runs: vec![Deed {
            run: 12,
            target: "home.example".to_owned(),
            mode: "sync".to_owned(),
            action: Action::Update,
            status: StepStatus::Done,
            lists: "fence".to_owned(),
            at: at("2026-01-02"),
        }],
        events: vec![
            event(EventKind::Excepted, None),
            event(EventKind::Refused, Some("home.example")),
        ],
    }
}

#[test]
fn all_that_is_remembered_of_a_domain() {
    let numbers =
        HashMap::from([("home.example".to_owned(), 4), ("me@home.example".to_owned(), 5)]);
    let view = View::of(&account(), &numbers);
    let page =
        main_of(&Why { asked: "bücher.example".to_owned(), problem: None, view: Some(view) });
    assert!(!page.contains("<script") && !page.contains("<b>odd"), "{page}");
    assert!(!page.contains(['\u{202e}', '\u{1b}']), "{page}");
    insta::assert_snapshot!(page);
}

#[test]
fn an_empty_box_and_one_with_nonsense_in_it() {
    let empty = Why { asked: String::new(), problem: None, view: None };
    insta::assert_snapshot!("empty", main_of(&empty));
    let problem = Some("That names no server: no domain given.".to_owned());
    let nonsense = Why { asked: "\"><script>".to_owned(), problem, view: None };
    insta::assert_snapshot!("nonsense", main_of(&nonsense));
}
