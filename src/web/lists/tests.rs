//! Each page with sample data, as it is written.

use std::sync::Arc;

use askama::Template;
use chrono::{DateTime, Utc};

use super::compare::{Choice as Boxed, Compare, Compared};
use super::deeds::Sure;
use super::diff::{Diff, Wanted as Ends};
use super::entries::Entries;
use super::follow::{AddForm, Typed};
use super::known::{self, About, Along, Known};
use super::one::{HeldView, One, change, chart};
use super::overview::{Choice, FollowedRow, KnownRow, Overview, TargetLink};
use super::settings::{Changed, SettingsView};
use super::versions::{History, rows};
use super::would::{Group, GroupRow, Outcome, Planned, Would};
use super::{Head, Which};
use crate::block::Level;
use crate::follow::Settings;
use crate::follow::guard::Limits;
use crate::follow::history::Difference;
use crate::list::catalogue;
use crate::list::{Document, bundled, read};
use crate::store::{FollowedList, HOUSE, Others, Snapshot, Standing, TargetRow};
use crate::verb::lists::add;
use crate::verb::lists::overview::Followed;
use crate::verb::lists::stop::Follower;
use crate::web::paging::Paging;

/// What a page has between the parts that all pages have.
fn main_of(page: &impl Template) -> String {
    let html = page.render().unwrap();
    let main = html.split("<main id=\"main\">").nth(1).unwrap().split("</main>").next().unwrap();
    let lines = main.lines().map(str::trim_end).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

fn at(day: &str) -> DateTime<Utc> {
    format!("{day}T09:30:00Z").parse().unwrap()
}

fn document(text: &str) -> Document {
    read(text.as_bytes()).unwrap()
}

fn old() -> Document {
    document(
        "domain,severity,public_comment\nspam.example,suspend,spam\nmild.example,silence,rude\n\
         gone.example,suspend,was bad\n",
    )
}

fn new() -> Document {
    document(
        "domain,severity,public_comment\nspam.example,suspend,spam\nmild.example,suspend,\"<b>worse\
         </b> \u{202e}now\"\nnew.example,silence,\n*.many.example,suspend,all of it\nb**d.example,suspend,x\n",
    )
}

fn list() -> FollowedList {
    FollowedList {
        id: 1,
        owner: HOUSE,
        name: "fence".to_owned(),
        source: "https://lists.example/fence.csv?token=s3cret".to_owned(),
        settings: Settings::default().to_json(),
        created_at: at("2026-01-01"),
        tried_at: Some(at("2026-03-03")),
        succeeded_at: Some(at("2026-03-03")),
        failure: None,
        failures: 0,
        etag: None,
        last_modified: None,
        cursor: None,
        latest: 4,
        current: 2,
        held: Some(4),
    }
}

fn snapshot(id: i64, day: &str, entries: i64, standing: Standing) -> Snapshot {
    let shrunk = r#"[{"concern":"shrunk","removed":25,"of":30}]"#;
    Snapshot {
        id,
        list_id: 1,
        sha256: format!("{id:064}"),
        fetched_at: at(day),
        standing,
        why: if standing == Standing::Good { "[]" } else { shrunk }.to_owned(),
        format: Some("fediblockhole-csv".to_owned()),
        entries,
        rejected: 1,
        decided_at: (standing == Standing::Rejected).then(|| at("2026-02-21")),
    }
}

/// Newest first.
fn snapshots() -> Vec<Snapshot> {
    vec![
        snapshot(4, "2026-03-01", 5, Standing::Held),
        snapshot(3, "2026-02-20", 4, Standing::Rejected),
        snapshot(2, "2026-02-01", 30, Standing::Good),
        snapshot(1, "2026-01-01", 28, Standing::Good),
    ]
}

fn target() -> TargetRow {
    TargetRow {
        id: 7,
        name: "me@home.example".to_owned(),
        level: Level::Account,
        base_url: "https://home.example".to_owned(),
        domain: "home.example".to_owned(),
        account: Some("me@home.example".to_owned()),
        software: "mastodon".to_owned(),
        version: "4.6.5".to_owned(),
        scopes: String::new(),
        client_id: String::new(),
        client_secret: String::new(),
        token: String::new(),
        created_at: at("2026-01-01"),
    }
}

fn head(page: &str) -> Head {
    Head::of(&Which::Followed(Box::new(list())), page)
}

fn one(shared: bool) -> One {
    let now = at("2026-03-03");
    let about = Followed::new(list(), &snapshots(), HOUSE, now).unwrap();
    One {
        head: head(""),
        about: None,
        health: super::overview::health(&about, shared),
        size: about.size(),
        list: about,
        shared,
        held: Some(HeldView {
            version: 4,
            fetched_at: at("2026-03-01"),
            concerns: vec!["25 domains of 30 are gone (83 %)".to_owned()],
            change: Some(change(&Difference::between(&old(), &new()))),
            acceptable: true,
        }),
        chart: chart(&snapshots(), now),
        versions: rows(&list(), &snapshots()).unwrap(),
        more: 3,
        followers: vec![Follower { target: target(), blocks: 3, alone: 2 }],
        settings: SettingsView {
            limits: Limits::default(),
            format: None,
            formats: vec![("plain-text", "plain text".to_owned(), false)],
            auth: None,
            signed: false,
            file: false,
            refused: false,
            form: Changed::of(&Limits::default(), None),
        },
        problem: None,
    }
}

fn form(typed: Typed) -> AddForm {
    let form = AddForm::new(typed);
    let formats = form.formats.into_iter().take(2).collect();
    AddForm { formats, ..form }
}

#[test]
fn the_page_of_a_followed_list() {
    let page = main_of(&one(false));
    assert!(!page.contains("s3cret"), "{page}");
    insta::assert_snapshot!(page);
}

#[test]
fn the_page_of_a_list_that_the_house_follows() {
    let page = main_of(&one(true));
    assert!(!page.contains("<form"), "{page}");
    insta::assert_snapshot!(page);
}

#[test]
fn all_lists() {
    let row = FollowedRow {
        href: "/lists/fence".to_owned(),
        name: "fence".to_owned(),
        title: Some("Garden Fence"),
        size: "30 domains".to_owned(),
        growth: Some(2),
        health: "well".to_owned(),
        ill: false,
        held: true,
        changed_at: at("2026-02-01"),
        read_at: Some(at("2026-03-03")),
        shared: false,
        targets: vec![TargetLink {
            href: "/targets/7/lists".to_owned(),
            name: "me@home.example".to_owned(),
        }],
    };
    let known = |name: &'static str, along: bool, at_once: bool| KnownRow {
        href: format!("/lists/{name}"),
        name,
        title: "A list",
        mark: "offered".to_owned(),
        warn: !along && !at_once,
        size: "87 domains".to_owned(),
        purpose: "What it is for.".to_owned(),
        warnings: if at_once { vec![] } else { vec!["It blocks allies."] },
        followed: None,
        along,
        at_once,
    };
    let choice = |value, chosen| Choice { value, label: "all", chosen };
    let page = |followed| Overview {
        followed,
        known: vec![
            known("one", false, true),
            known("two", false, false),
            known("three", true, false),
        ],
        q: "<fence>".to_owned(),
        searched: true,
        kinds: vec![choice("", false), choice("ask", true)],
        states: vec![choice("", true)],
        form: form(Typed::default()),
    };
    insta::assert_snapshot!("all_lists", main_of(&page(vec![row])));
    insta::assert_snapshot!("no_list_yet", main_of(&Overview { known: vec![], ..page(vec![]) }));
}

#[test]
fn the_form_with_what_went_wrong() {
    let typed = Typed {
        list: "https://lists.example/\"><script>".to_owned(),
        name: "a b".to_owned(),
        ..Typed::default()
    };
    let form = AddForm { problem: Some("That is no name.".to_owned()), ..form(typed) };
    let page = Overview {
        followed: vec![],
        known: vec![],
        q: String::new(),
        searched: false,
        kinds: vec![],
        states: vec![],
        form,
    };
    let page = main_of(&page);
    assert!(!page.contains("<script"), "{page}");
    insta::assert_snapshot!(page);
}

#[test]
fn a_known_list_with_what_is_to_be_read_first() {
    for name in ["seirdy-tier0", "lists-d-threads", "fediseer"] {
        let listing = catalogue::find(name).unwrap();
        let typed = Typed { list: name.to_owned(), ..Typed::default() };
        let form = form(typed);
        let form = match add::look(name) {
            Ok(looked) => form.about(&looked),
            Err(_) => form,
        };
        let known = Known {
            head: Head::of(&Which::Listed(listing), ""),
            about: About::of(listing),
            form: AddForm { fixed: true, ..form },
            gap: listing.fill_in.as_deref(),
            followed: None,
        };
        insta::assert_snapshot!(format!("known_{name}"), main_of(&known));
    }
    let _ = known::form(catalogue::find("garden-fence").unwrap());
}

#[test]
fn a_list_that_comes_along() {
    let list = bundled::find("threads").unwrap();
    let along = Along {
        head: Head::of(&Which::Bundled(list), ""),
        about: "What it does.",
        size: "1 domain".to_owned(),
        targets: vec!["me@home.example".to_owned()],
    };
    insta::assert_snapshot!(main_of(&along));
}

#[test]
fn what_a_list_names() {
    let page = main_of(&Entries::of(head("/entries"), &new(), "", None, Some(4)));
    assert!(!page.contains("<b>") && !page.contains('\u{202e}'), "{page}");
    insta::assert_snapshot!("entries", page);
    let none = Entries::of(head("/entries"), &new(), "\"><script>", None, None);
    insta::assert_snapshot!("entries_not_found", main_of(&none));
}

#[test]
fn versions_and_what_changed_between_two() {
    let history = History {
        head: head("/versions"),
        chart: chart(&snapshots(), at("2026-03-03")),
        versions: rows(&list(), &snapshots()).unwrap(),
        paging: Paging::new(None, 2, 4, vec![]),
    };
    insta::assert_snapshot!("versions", main_of(&history));
    let all = snapshots();
    let wanted = Ends::default();
    let diff = Diff::of(head("/versions"), (&all[2], &old()), (&all[0], &new()), &wanted);
    let choices = all.iter().map(|snapshot| (snapshot.id, snapshot.fetched_at)).collect();
    let diff = Diff { held: true, choices, ..diff };
    insta::assert_snapshot!("diff", main_of(&diff));
}

#[test]
fn lists_side_by_side() {
    let chosen = [("one".to_owned(), Arc::new(old())), ("two".to_owned(), Arc::new(new()))];
    let compare = Compare {
        choices: vec![Boxed { name: "one".to_owned(), chosen: true }],
        problem: None,
        result: Some(Compared::of(&chosen, Some(0b11), None)),
    };
    insta::assert_snapshot!(main_of(&compare));
    let alone = Compare {
        choices: vec![Boxed { name: "<one>".to_owned(), chosen: false }],
        problem: Some("Choose two to six lists."),
        result: None,
    };
    insta::assert_snapshot!("compare_none", main_of(&alone));
}

#[test]
fn what_a_list_would_do() {
    let row = |domain: &str, what: &str| GroupRow {
        domain: domain.to_owned(),
        what: what.to_owned().into(),
        reason: "spam".to_owned(),
    };
    let planned = Planned {
        number: 7,
        name: "me@home.example".to_owned(),
        read_at: at("2026-03-03"),
        headline: "It would block 2 domains".to_owned(),
        tiles: vec![(0, "to raise"), (2, "to add")],
        notices: vec!["Look at this.".to_owned()],
        groups: vec![Group {
            id: "added",
            title: "2 domains added".to_owned(),
            rows: vec![row("spam.example", "block")],
            more: 1,
        }],
        follows: false,
    };
    let targets =
        vec![(7, "me@home.example".to_owned(), true), (8, "home.example".to_owned(), false)];
    let page = |targets, outcome| Would {
        head: head("/would"),
        list: "fence".to_owned(),
        targets,
        outcome,
    };
    let planned = Outcome::Planned(Box::new(planned));
    insta::assert_snapshot!("would", main_of(&page(targets, planned)));
    let unread = Outcome::Unread { number: 7, name: "me@home.example".to_owned() };
    insta::assert_snapshot!("would_unread", main_of(&page(vec![], unread)));
    insta::assert_snapshot!("would_nowhere", main_of(&page(vec![], Outcome::NoTarget)));
}

#[test]
fn letting_a_list_go() {
    let followers = vec![Follower { target: target(), blocks: 3, alone: 2 }];
    let sure = |followers: Vec<Follower>, others: Others| {
        let alone = followers.iter().map(|follower| follower.alone).sum();
        Sure { head: head("/stop"), versions: 4, followers, alone, others }
    };
    let nobody = Others::default();
    insta::assert_snapshot!("stop", main_of(&sure(vec![], nobody)));
    insta::assert_snapshot!("stop_followed", main_of(&sure(followers.clone(), nobody)));
    let one = Others { people: 1, targets: 1 };
    insta::assert_snapshot!("stop_others", main_of(&sure(vec![], one)));
    let more = Others { people: 2, targets: 3 };
    insta::assert_snapshot!("stop_followed_by_others", main_of(&sure(followers, more)));
}
