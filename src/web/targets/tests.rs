//! The pages with sample data.

use std::sync::Arc;

use askama::Template;
use chrono::{DateTime, Utc};

use super::beside::Beside;
use super::block::{DateForm, Page};
use super::blocks::{Asked, Blocks, Shown, Table};
use super::head::{Head, News, Tab};
use super::lists::{Lists, Row};
use super::overview::{Card, Follows, Left, Overview, Seen, Targets};
use super::policy::{PolicyForm, PolicyView};
use super::terms::{TermsForm, TermsView};
use super::view::{Stands, View};
use crate::block::{Block, Level, Rule, Severity, State};
use crate::domain::Domain;
use crate::exception::{Exception, Exceptions};
use crate::ledger::{Claim, Holding, Ledger, Owner, Word};
use crate::policy::{Mode, Policy, Terms};
use crate::store::{BlockDate, Subscription, TargetRow};
use crate::web::words;

fn at(day: u32) -> DateTime<Utc> {
    format!("2026-11-{day:02}T10:00:00Z").parse().unwrap()
}

fn row(level: Level) -> TargetRow {
    TargetRow {
        id: 3,
        name: "home.example".to_owned(),
        level,
        base_url: "https://home.example/".to_owned(),
        domain: "home.example".to_owned(),
        account: Some("me@home.example".to_owned()),
        software: "Mastodon".to_owned(),
        version: "4.6.5".to_owned(),
        scopes: String::new(),
        client_id: String::new(),
        client_secret: String::new(),
        token: String::new(),
        created_at: at(1),
    }
}

fn head(level: Level, tab: Tab) -> Head {
    let news = News {
        says: "A plan waits for your decision. Nothing of it is done yet.".to_owned(),
        address: "/targets/3/plan".to_owned(),
        label: "Look at it",
        bad: false,
    };
    Head { news: Some(news), ..Head::quiet(&row(level), tab) }
}

fn view() -> View {
    let hostile = Rule {
        reject_media: true,
        public_comment: Some("<b>spam</b>\u{202e}".into()),
        private_comment: Some("seen in May".into()),
        ..Rule::new(Severity::Silence)
    };
    let block = |name: &str, rule: Rule| Block {
        name: name.into(),
        rule: Some(rule),
        id: None,
        created_at: Some("2026-05-01T00:00:00.000Z".into()),
    };
    let suspend = Rule::new(Severity::Suspend);
    let blocks = vec![
        block("bad.example", suspend.clone()),
        block("loud.example", hostile),
        block("*.odd.example", Rule::new(Severity::Noop)),
    ];
    let claim = Claim {
        list: "threads".into(),
        word: Word::new(Severity::Suspend),
        since: at(2),
        less_since: None,
        once: false,
    };
    let held = Holding {
        owner: Owner::Hedgerow,
        rule: Some(suspend),
        before: Some(Rule::new(Severity::Silence)),
        run: Some(12),
        claims: vec![claim],
        ..Holding::of_a_person(at(2))
    };
    let mut ledger = Ledger::default();
    ledger.holdings.insert("bad.example".into(), held);
    ledger.holdings.insert("loud.example".into(), Holding::of_a_person(at(2)));
    View::join(Arc::new(State::new(Level::Instance, at(6), blocks)), &ledger, 1)
}

fn domain(name: &str) -> Domain {
    Domain::from_stored(name).unwrap()
}

fn dates() -> Vec<BlockDate> {
    vec![BlockDate {
        domain: domain("loud.example"),
        expires_at: Some(at(30)),
        review_at: Some(at(20)),
        reason: Some("ask <them>".to_owned()),
        made_by: "me".to_owned(),
        created_at: at(1),
    }]
}

#[test]
fn blocks_with_all_that_is_known_of_them() {
    let exception = Exception {
        id: 1,
        target: None,
        domain: domain("bad.example"),
        subdomains: false,
        list: None,
        reason: None,
        until: None,
        created_at: at(1),
        made_by: "me".to_owned(),
    };
    let beside = Beside::of(dates(), Exceptions::new([exception], at(5)));
    let view = view();
    let seen = Some(Table::of(&view, Asked::default(), &beside, 3));
    let page = Blocks { head: head(Level::Instance, Tab::Blocks), level: Level::Instance, seen };
    insta::assert_snapshot!(page.render().unwrap());
}

#[test]
fn an_overview_before_and_after_the_first_look() {
    let first = Overview {
        head: Head::quiet(&row(Level::Account), Tab::Overview),
        level: Level::Account,
        lacks: false,
        seen: None,
        follows: Vec::new(),
        threads: None,
        server: "home.example".to_owned(),
        again: "/connect?server=home.example&level=account".to_owned(),
    };
    insta::assert_snapshot!("first", first.render().unwrap());
    let view = view();
    let later = Overview {
        head: head(Level::Instance, Tab::Overview),
        level: Level::Instance,
        lacks: true,
        seen: Some(Seen { total: 3, at: at(6), tally: view.tally }),
        follows: vec![Follows {
            list: "threads".to_owned(),
            terms: words::terms(&Terms::default()),
            stands: view.stands_for("threads"),
        }],
        threads: Some(true),
        server: "home.example".to_owned(),
        again: "/connect?server=home.example&level=account".to_owned(),
    };
    insta::assert_snapshot!("later", later.render().unwrap());
}

#[test]
fn lists_with_their_terms_and_the_policy() {
    let subscription = Subscription {
        target: "home.example".to_owned(),
        list: "shared \u{202e}<list>".to_owned(),
        terms: Terms { mode: Mode::Auto, cap: Some(Severity::Silence), ..Terms::default() },
        created_at: at(1),
    };
    let row = Row::of(&subscription, None, Stands { all: 3, alone: 2 });
    let page = Lists {
        head: head(Level::Instance, Tab::Lists),
        level: Level::Instance,
        rows: vec![Row { held: true, failing: true, ..row }],
        offers: vec![("threads".to_owned(), "Threads (1 domain)".to_owned())],
        left_behind: 2,
        policy: PolicyView::of(&Policy::default(), None, Level::Instance, &["shared".to_owned()]),
        problem: None,
    };
    insta::assert_snapshot!(page.render().unwrap());
}

#[test]
fn blocks_of_which_none_fits_and_none_is_there_and_none_is_known() {
    let none = Beside::of(Vec::new(), Exceptions::new([], at(5)));
    let page =
        |level, seen| Blocks { head: head(level, Tab::Blocks), level, seen }.render().unwrap();
    let view = view();
    let asked = serde_json::json!({ "q": "\"><script>", "whose": "hedgerow" });
    let asked: Asked = serde_json::from_value(asked).unwrap();
    let fits = page(Level::Instance, Some(Table::of(&view, asked, &none, 3)));
    insta::assert_snapshot!("no-block-fits", fits);
    let state = Arc::new(State::new(Level::Account, at(6), Vec::new()));
    let empty = View::join(state, &Ledger::default(), 1);
    let empty = page(Level::Account, Some(Table::of(&empty, Asked::default(), &none, 3)));
    insta::assert_snapshot!("no-blocks", empty);
    insta::assert_snapshot!("unread", page(Level::Account, None));
}

#[test]
fn one_block_with_its_dates_and_one_that_is_not_there() {
    let view = view();
    let beside = Beside::of(dates(), Exceptions::new([], at(5)));
    let page = |level, name: &str, seen, row: Option<Shown<'_>>| {
        let page = Page {
            head: head(level, Tab::Blocks),
            level,
            name: name.to_owned(),
            seen,
            here: format!("/targets/3/block?domain={name}"),
            problem: None,
            form: beside.date(name).map(DateForm::of).unwrap_or_default(),
            dated: beside.date(name).is_some(),
            row,
        };
        page.render().unwrap()
    };
    for name in ["loud.example", "bad.example"] {
        let (block, row) = view.find(name).unwrap();
        let shown = Shown::of(&view, block, row, &beside);
        let page = page(Level::Instance, name, Some(at(6)), Some(shown));
        insta::assert_snapshot!(format!("block-{name}"), page);
    }
    let absent = page(Level::Account, "xn--bcher-kva.example", Some(at(6)), None);
    insta::assert_snapshot!("block-absent", absent);
    let unread = page(Level::Account, "bad.example", None, None);
    assert!(unread.contains("Nobody has looked yet"), "{unread}");
}

#[test]
fn all_that_somebody_looks_after_and_that_it_is_nothing() {
    let nothing = Targets { cards: Vec::new(), left: None };
    insta::assert_snapshot!("nothing-connected", nothing.render().unwrap());
    let card = |id, news| Card {
        id,
        kind: "Account",
        name: "<me>@a-rather-long-name-for-a-server-but-people-have-them.example".to_owned(),
        software: "Mastodon <4.6>".to_owned(),
        seen: (id == 3).then(|| (1, at(6))),
        lists: if id == 3 { 2 } else { 0 },
        news,
    };
    let by_hand = Some("https://home.example/oauth/authorized_applications".to_owned());
    let left = Left { name: "<her>@home.example".to_owned(), by_hand, not_ours: false };
    let news = head(Level::Account, Tab::Overview).news;
    let page = Targets { cards: vec![card(3, news), card(4, None)], left: Some(left) };
    insta::assert_snapshot!("targets", page.render().unwrap());
    for (by_hand, not_ours, says) in [
        (None, true, "The token was not made by Hedgerow"),
        (None, false, "The server has taken the right back"),
    ] {
        let left = Some(Left { name: "her".to_owned(), by_hand, not_ours });
        let page = Targets { cards: Vec::new(), left }.render().unwrap();
        assert!(page.contains(says), "{page}");
    }
}

#[test]
fn an_account_that_follows_no_list_and_one_whose_list_is_gone() {
    let page = |rows, offers| Lists {
        head: Head::quiet(&row(Level::Account), Tab::Lists),
        level: Level::Account,
        rows,
        offers,
        left_behind: 0,
        policy: PolicyView::of(&Policy::default(), None, Level::Account, &[]),
        problem: None,
    };
    let offers = vec![("threads".to_owned(), "Threads (1 domain)".to_owned())];
    insta::assert_snapshot!("no-lists", page(Vec::new(), offers).render().unwrap());
    let subscription = Subscription {
        target: "me@home.example".to_owned(),
        list: "gone".to_owned(),
        terms: Terms::default(),
        created_at: at(1),
    };
    let gone = Row::of(&subscription, None, Stands { all: 1, alone: 0 });
    insta::assert_snapshot!("list-gone", page(vec![gone], Vec::new()).render().unwrap());
    let sent: TermsForm = serde_json::from_value(serde_json::json!({
        "list": "gone", "mode": "auto", "weight": "<b>", "grace": "", "map_noop": "suspend",
    }))
    .unwrap();
    let mut gone = Row::of(&subscription, None, Stands { all: 1, alone: 0 });
    gone.terms = TermsView::of(&subscription.terms, Some(&sent));
    let refused = Lists {
        problem: Some("The weight has to be a number from 0 to 1000.".to_owned()),
        ..page(vec![gone], Vec::new())
    };
    insta::assert_snapshot!("terms-refused", refused.render().unwrap());
    let sent: PolicyForm = serde_json::from_value(serde_json::json!({
        "agreement": "percent", "in_percent": "<b>", "most_lost": "2", "above_that": "skip",
        "subdomains": "yes",
    }))
    .unwrap();
    let refused = Lists {
        policy: PolicyView::of(&Policy::default(), Some(sent), Level::Account, &[]),
        problem: Some("The percentage has to be a number from 1 to 100.".to_owned()),
        ..page(Vec::new(), Vec::new())
    };
    insta::assert_snapshot!("policy-refused", refused.render().unwrap());
}
