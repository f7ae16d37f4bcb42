//! The plan's page with sample data.

use std::collections::BTreeSet;

use askama::Template;
use chrono::{DateTime, Utc};

use super::filter::Asked;
use super::view::{Empty, PlanPage, Seen};
use crate::block::{Block, Level, Rule, Severity, State};
use crate::combine::{Combined, Read};
use crate::desk::{Proposal, Wish};
use crate::domain::Domain;
use crate::impact::{Cut, Impact, Person};
use crate::keep::Intent;
use crate::list::{Document, Entry, Format};
use crate::plan::{Aim, Draft, Plan, Wishes};
use crate::policy::Guard;
use crate::store::{Run, RunStatus, StepCounts};
use crate::target::{Capabilities, Kind, Matching, TargetRef, Writes};
use crate::web::targets::{Head, Tab};

fn at(day: u32) -> DateTime<Utc> {
    format!("2026-11-{day:02}T10:00:00Z").parse().unwrap()
}

fn domain(name: &str) -> Domain {
    Domain::from_stored(name).unwrap()
}

fn entry(name: &str, severity: Severity, comment: &str) -> Entry {
    Entry {
        domain: domain(name),
        line: 1,
        covers_subdomains: false,
        shared_by_strangers: false,
        severity: Some(severity),
        reject_media: None,
        reject_reports: None,
        obfuscate: None,
        public_comment: Some(comment.into()),
        private_comment: None,
    }
}

fn combined() -> Combined {
    let lists = [
        (
            "garden",
            vec![
                entry("pond.example", Severity::Suspend, "<b>spam</b>"),
                entry("weir.example", Severity::Suspend, "scraping"),
                entry("loud.example", Severity::Suspend, "worse now"),
                entry("mastodon.social", Severity::Silence, "large"),
            ],
        ),
        ("neighbours", vec![entry("pond.example", Severity::Silence, "noise\u{202e}")]),
    ];
    let names = lists.iter().map(|(name, _)| (*name).to_owned()).collect();
    let read = |place: usize| {
        let document = Document::of(Format::UserCsv, lists[place].1.clone());
        Ok::<_, ()>(Read { address: String::new(), sha256: String::new(), document })
    };
    Combined::read(names, read).unwrap()
}

fn state(level: Level) -> State {
    let block = |name: &str, severity| Block {
        name: name.into(),
        rule: (level == Level::Instance).then(|| Rule::new(severity)),
        id: None,
        created_at: None,
    };
    let blocks = vec![
        block("loud.example", Severity::Silence),
        block("forgotten.example", Severity::Suspend),
    ];
    State::new(level, at(20), blocks)
}

fn plan(level: Level, aim: Aim) -> Plan {
    let instance = level == Level::Instance;
    let can = Capabilities {
        level,
        rules: instance,
        matching: if instance { Matching::WithSubdomains } else { Matching::ExactHost },
        nested: true,
        writes: Writes::Single,
        page_size: 0,
        budget: None,
    };
    let target = TargetRef {
        name: "home.example".to_owned(),
        kind: Kind::Mastodon,
        level,
        address: "https://home.example".to_owned(),
        account: Some("me@home.example".to_owned()),
        own: vec![domain("home.example")],
    };
    let wishes = Wishes {
        aim,
        overrides: [Guard::Relationships].into(),
        accept: [domain("weir.example")].into(),
        ..Wishes::default()
    };
    let person = |acct: &str, following, follower| Person {
        acct: acct.to_owned(),
        id: "7".to_owned(),
        following,
        follower,
    };
    let people =
        vec![person("ann@pond.example", true, false), person("<bob>@pond.example", true, true)];
    let cut = Cut { following: 2, followers: 1, accounts: None, people };
    let mut impact = Impact::untold(&[domain("weir.example")], Some("Look there.".to_owned()));
    impact.cuts.insert(domain("pond.example"), cut);
    let state = state(level);
    Draft::new(combined(), &state, &target, can, &wishes, at(21)).finish(&impact)
}

fn page(level: Level, intent: Intent, aim: Aim, asked: &Asked) -> String {
    let proposal = Proposal::sample(Wish::Lists(Box::new(intent)), plan(level, aim));
    let seen = Seen { now: at(22), is_outdated: false, exceptions: BTreeSet::new() };
    PlanPage::at(Head::sample(level, Tab::Plan), &proposal, asked, None, seen).render().unwrap()
}

#[test]
fn a_plan_on_an_account_and_one_on_a_server() {
    let once = || Intent { lists: vec!["garden".to_owned()], ..Intent::default() };
    insta::assert_snapshot!("account", page(Level::Account, once(), Aim::Merge, &Asked::default()));
    let equal = Intent { overwrite: true, ..once() };
    let server = page(Level::Instance, equal, Aim::Overwrite, &Asked::default());
    insta::assert_snapshot!("server", server);
}

#[test]
fn a_filter_that_finds_nothing_and_no_plan_at_all() {
    let asked = Asked { q: "<nothing>".to_owned(), ..Asked::default() };
    let none = page(Level::Account, Intent::default(), Aim::Merge, &asked);
    insta::assert_snapshot!("nothing-found", none);
    let empty = Empty {
        head: Head::sample(Level::Account, Tab::Plan),
        problem: Some("It was replaced.".to_owned()),
        follows: vec!["garden".to_owned()],
        unfinished: None,
    };
    insta::assert_snapshot!("no-plan", empty.render().unwrap());
}

#[test]
fn no_plan_where_no_list_is_followed_and_where_a_run_waits() {
    let empty = |follows: &[&str], unfinished| Empty {
        head: Head::sample(Level::Instance, Tab::Plan),
        problem: None,
        follows: follows.iter().map(|list| (*list).to_owned()).collect(),
        unfinished,
    };
    insta::assert_snapshot!("follows-none", empty(&[], None).render().unwrap());
    let run = Run {
        id: 6,
        target: "home.example".to_owned(),
        level: Level::Instance,
        mode: "sync".to_owned(),
        plan_sha256: "ab".to_owned(),
        backup_id: Some(4),
        actor: "me".to_owned(),
        status: RunStatus::Stopped,
        verified: None,
        message: None,
        created_at: at(20),
        finished_at: None,
        steps: StepCounts { total: 40, done: 12, ..StepCounts::default() },
    };
    insta::assert_snapshot!("unfinished", empty(&["garden"], Some(run)).render().unwrap());
}
