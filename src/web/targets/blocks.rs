//! What is blocked on a target now: searched, filtered, sorted, and a page at a time.

use std::borrow::Cow;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::beside::Beside;
use super::head::{Head, Tab};
use super::view::{Order, Row, Sieve, Tally, View, Whose};
use crate::block::{Block, Level, Rule, Severity, State as Held};
use crate::store::RunId;
use crate::target::export;
use crate::text::{last_day, plain};
use crate::web::at::At;
use crate::web::fault::{Answer, Fault};
use crate::web::input::Query;
use crate::web::page;
use crate::web::paging::Paging;
use crate::web::site::Site;

/// Rows on a page.
const SIZE: u64 = 100;

/// What is looked for, as the address says it. What makes no sense is not looked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
    severity: String,
    whose: String,
    list: String,
    odd: String,
    sort: String,
    page: String,
}

#[derive(Template)]
#[template(path = "targets/blocks.html")]
pub(super) struct Blocks<'a> {
    pub head: Head,
    pub level: Level,
    pub seen: Option<Table<'a>>,
}

pub(super) struct Table<'a> {
    pub at: DateTime<Utc>,
    pub total: usize,
    pub found: u64,
    pub tally: Tally,
    /// The lists that blocks stand for: name, number, whether it is asked for.
    pub lists: Vec<(String, usize, bool)>,
    pub asked: Asked,
    /// Whether anything at all is looked for.
    pub narrowed: bool,
    pub rows: Vec<Shown<'a>>,
    pub paging: Paging,
    /// The address of this page, to come back to.
    pub here: String,
}

/// A block as a page shows it.
pub(super) struct Shown<'a> {
    pub name: Cow<'a, str>,
    /// Nothing can be decided about what is not a domain.
    pub is_domain: bool,
    pub effect: Effect<'a>,
    pub whose: Whose,
    pub lists: Vec<Cow<'a, str>>,
    pub run: Option<RunId>,
    pub since: Option<DateTime<Utc>>,
    pub raised_from: Option<Severity>,
    /// Its last day, and the day to look at it again.
    pub expires: Option<String>,
    pub review: Option<DateTime<Utc>>,
    pub dated: Option<Cow<'a, str>>,
    /// An exception speaks of it.
    pub excepted: bool,
}

/// What an instance's block does, in words.
#[derive(Default)]
pub(super) struct Effect<'a> {
    pub severity: Option<Severity>,
    pub flags: Vec<&'static str>,
    pub public_comment: Option<Cow<'a, str>>,
    pub private_comment: Option<Cow<'a, str>>,
}

pub async fn blocks(State(site): State<Site>, at: At, Query(asked): Query<Asked>) -> Answer {
    let head = Head::at(&site, &at, Tab::Blocks).await?;
    let At { person, row, now } = &at;
    let Some(view) = site.views().at(site.desk(), &at).await? else {
        let page = Blocks { head, level: row.level, seen: None };
        return Ok(page::html(StatusCode::OK, &page));
    };
    let beside = if now.has_dates || now.has_exceptions {
        Beside::read(&person.app, &row.name).await?
    } else {
        Beside::default()
    };
    let seen = Some(Table::of(&view, asked, &beside, row.id));
    Ok(page::html(StatusCode::OK, &Blocks { head, level: row.level, seen }))
}

/// All blocks as a file that a server's import page takes, and so does Hedgerow.
pub async fn file(State(site): State<Site>, At { person, row, .. }: At) -> Answer {
    let state = site.desk().reading(&person.app, &row).await?.ok_or(Fault::Missing)?;
    Ok(as_file(&state))
}

/// The blocks as a file.
pub fn as_file(state: &Held) -> Response {
    let name = match state.level {
        Level::Account => "blocked_domains.csv",
        Level::Instance => "domain_blocks.csv",
    };
    let text = export(state.level, &state.blocks);
    page::download_as("text/csv; charset=utf-8", name, text)
}

impl Asked {
    fn sieve(&self) -> Sieve {
        Sieve {
            text: self.q.trim().to_lowercase(),
            severity: ["suspend", "silence", "noop"]
                .contains(&self.severity.as_str())
                .then(|| Severity::from_word(&self.severity))
                .flatten(),
            hedgerows: match self.whose.as_str() {
                "hedgerow" => Some(true),
                "yours" => Some(false),
                _ => None,
            },
            asked: self.whose == "asked",
            list: Some(self.list.clone()).filter(|list| !list.is_empty()),
            odd: !self.odd.is_empty(),
        }
    }

    fn order(&self) -> Order {
        match self.sort.as_str() {
            "severity" => Order::Severity,
            "since" => Order::Since,
            "list" => Order::List,
            _ => Order::Name,
        }
    }

    fn rest(&self) -> Vec<(&'static str, String)> {
        let Asked { q, severity, whose, list, odd, sort, page: _ } = self;
        [
            ("q", q),
            ("severity", severity),
            ("whose", whose),
            ("list", list),
            ("odd", odd),
            ("sort", sort),
        ]
        .map(|(name, value)| (name, value.clone()))
        .into()
    }
}

impl<'a> Table<'a> {
    /// Whether any block on the page is somebody's in this way, so that its button makes sense.
    fn has(&self, whose: Whose) -> bool {
        self.rows.iter().any(|row| row.whose == whose)
    }

    pub fn of(view: &'a View, asked: Asked, beside: &'a Beside, target: i64) -> Table<'a> {
        let sieve = asked.sieve();
        let narrowed = sieve != Sieve::default();
        let picked = view.pick(&sieve, asked.order());
        let paging = Paging::new(asked.page.parse().ok(), SIZE, picked.len() as u64, asked.rest());
        let from = usize::try_from(paging.skipped()).unwrap_or(usize::MAX);
        let rows = picked.iter().skip(from).take(usize::try_from(SIZE).unwrap_or(usize::MAX));
        let rows = rows.map(|at| {
            let (block, row) = view.row(*at);
            Shown::of(view, block, row, beside)
        });
        let list = |(name, stands): (&arcstr::ArcStr, super::view::Stands)| {
            (plain(name).into_owned(), stands.all, name.as_str() == asked.list)
        };
        Table {
            at: view.state.taken_at,
            total: view.state.blocks.len(),
            found: paging.total,
            tally: view.tally,
            lists: view.lists().map(list).collect(),
            narrowed,
            rows: rows.collect(),
            here: here(target, &asked, &paging),
            paging,
            asked,
        }
    }
}

/// The address of a page of the table.
fn here(target: i64, asked: &Asked, paging: &Paging) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(asked.rest().iter().filter(|(_, value)| !value.is_empty()));
    if paging.page > 1 {
        query.append_pair("page", &paging.page.to_string());
    }
    match query.finish().as_str() {
        "" => format!("/targets/{target}/blocks"),
        query => format!("/targets/{target}/blocks?{query}"),
    }
}

impl<'a> Shown<'a> {
    pub fn of(view: &'a View, block: &'a Block, row: &Row, beside: &'a Beside) -> Shown<'a> {
        let date = beside.date(&block.name);
        Shown {
            name: plain(&block.name),
            is_domain: block.domain().is_some(),
            effect: block.rule.as_ref().map(Effect::of).unwrap_or_default(),
            whose: row.whose,
            lists: view.lists_of(row).map(plain).collect(),
            run: row.run,
            since: row.since,
            raised_from: row.raised_from,
            expires: date.and_then(|date| date.expires_at).map(last_day),
            review: date.and_then(|date| date.review_at),
            dated: date.and_then(|date| date.reason.as_deref()).map(plain),
            excepted: beside.excepts(block),
        }
    }
}

impl<'a> Effect<'a> {
    pub fn of(rule: &'a Rule) -> Effect<'a> {
        // Under a suspension the flags mean nothing.
        let weaker = rule.severity != Severity::Suspend;
        let flags = [
            (rule.reject_media && weaker, "no media"),
            (rule.reject_reports && weaker, "no reports"),
            (rule.obfuscate, "name obfuscated"),
        ];
        Effect {
            severity: Some(rule.severity),
            flags: flags.into_iter().filter(|(on, _)| *on).map(|(_, word)| word).collect(),
            public_comment: rule.public_comment.as_deref().map(plain),
            private_comment: rule.private_comment.as_deref().map(plain),
        }
    }
}
