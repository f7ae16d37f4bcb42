//! The pages with sample data.

use askama::Template;

use super::deeds::ExceptForm;
use super::turned_down::{self, TurnedDown, why};
use super::*;
use crate::domain::Domain;
use crate::ledger::Why;

fn at(day: u32) -> DateTime<Utc> {
    format!("2026-11-{day:02}T10:00:00Z").parse().unwrap()
}

fn choice() -> Choice {
    Choice { value: "3".to_owned(), says: "me@home.example".to_owned(), chosen: true }
}

#[test]
fn exceptions_that_hold_and_one_that_ended() {
    let exception = |id, until| Exception {
        id,
        target: (id == 1).then(|| "me@home.example".to_owned()),
        domain: Domain::from_stored("friend.example").unwrap(),
        subdomains: id == 1,
        list: (id == 2).then(|| "harsh".to_owned()),
        reason: Some("my <i>sister</i>\u{202e}".to_owned()),
        until: Some(until),
        created_at: at(1),
        made_by: "me".to_owned(),
    };
    let rows =
        vec![Row::of(&exception(1, at(20)), &[], at(5)), Row::of(&exception(2, at(3)), &[], at(5))];
    let page = Exceptions {
        problem: None,
        form: ExceptForm { domain: vec!["\"typed".to_owned()], ..ExceptForm::default() },
        targets: vec![choice()],
        lists: Vec::new(),
        q: String::new(),
        total: 2,
        rows,
        paging: Paging::new(None, SIZE, 2, Vec::new()),
    };
    insta::assert_snapshot!(page.render().unwrap());
}

#[test]
fn what_was_turned_down_and_why() {
    let row = |reason: Why| turned_down::Row {
        domain: format!("{reason}.example"),
        why: why(reason),
        at: at(2),
        lists: vec!["one".to_owned(), "<two>".to_owned()],
    };
    let page = TurnedDown {
        problem: None,
        typed: String::new(),
        targets: vec![choice(), choice()],
        chosen: Some((3, "me@home.example".to_owned())),
        q: String::new(),
        total: 4,
        rows: Why::ALL.iter().map(|why| row(*why)).collect(),
        paging: Paging::new(None, SIZE, 4, Vec::new()),
    };
    insta::assert_snapshot!(page.render().unwrap());
}

#[test]
fn no_exception_yet_and_nothing_connected() {
    let page = Exceptions {
        problem: Some("<x> is not a domain.".to_owned()),
        form: ExceptForm {
            reason: "</input><script>".to_owned(),
            back: "/why?domain=\"x".to_owned(),
            ..ExceptForm::default()
        },
        targets: Vec::new(),
        lists: vec![Choice { says: "<harsh>".to_owned(), ..choice() }],
        q: String::new(),
        total: 0,
        rows: Vec::new(),
        paging: Paging::new(None, SIZE, 0, Vec::new()),
    };
    insta::assert_snapshot!("problem", page.render().unwrap());
    let page = |chosen: Option<(i64, String)>, q: &str, total| TurnedDown {
        problem: None,
        typed: String::new(),
        targets: if chosen.is_some() { vec![choice()] } else { Vec::new() },
        chosen,
        q: q.to_owned(),
        total,
        rows: Vec::new(),
        paging: Paging::new(None, SIZE, 0, Vec::new()),
    };
    insta::assert_snapshot!("nothing-connected", page(None, "", 0).render().unwrap());
    let me = || Some((3, "<me>@home.example".to_owned()));
    insta::assert_snapshot!("nothing-turned-down", page(me(), "", 0).render().unwrap());
    insta::assert_snapshot!("not-found", page(me(), "<x>", 4).render().unwrap());
    let wrong = TurnedDown {
        problem: Some("\u{201c}<b>\u{201d} cannot be taken as a domain.".to_owned()),
        typed: "a.example\n<b></textarea>".to_owned(),
        ..page(me(), "", 0)
    };
    insta::assert_snapshot!("not-turned-down", wrong.render().unwrap());
}
