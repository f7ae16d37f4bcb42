//! Who did what, and when: a record to which rows are only ever added.
//!
//! What a run does is entered in the same transaction as the run's own rows, and what
//! changes the ledger in the same as the ledger, so that neither can be without the other.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::error::RowOf;
use super::{Either, Owner, Store, StoreError, Tx, on, stored_time, words};
use crate::ledger::Hand;

/// Rows per statement: nine variables each, of the 32,766 that `SQLite` takes.
const CHUNK: usize = 1000;

words! {
    /// What happened.
    pub enum EventKind {
        SignedIn = "signed-in",
        SignedOut = "signed-out",
        Subscribed = "subscribed",
        Unsubscribed = "unsubscribed",
        Policy = "policy",
        Excepted = "excepted",
        ExceptionEnded = "exception-ended",
        Dismissed = "dismissed",
        Undismissed = "undismissed",
        /// A person's block became Hedgerow's.
        Adopted = "adopted",
        /// Hedgerow's block became a person's.
        Released = "released",
        Dated = "dated",
        Undated = "undated",
        LiftedByHand = "lifted-by-hand",
        ChangedByHand = "changed-by-hand",
        LiftedOwn = "lifted-own",
        ListFollowed = "list-followed",
        ListLeft = "list-left",
        ListAccepted = "list-accepted",
        ListRejected = "list-rejected",
        ListChanged = "list-changed",
        ListHeld = "list-held",
        RunBegun = "run-begun",
        RunResumed = "run-resumed",
        RunFinished = "run-finished",
        RunAbandoned = "run-abandoned",
        /// A guard would have held something, and a person had it done.
        Overridden = "overridden",
        Blocked = "blocked",
        Changed = "changed",
        Lifted = "lifted",
        /// The server did not do it.
        Refused = "refused",
        /// Somebody else had changed it meanwhile.
        LeftAlone = "left-alone",
        Refollowed = "refollowed",
        /// What waits for a person after a `sync` is not what waited after the one before.
        Waiting = "waiting",
        /// A key to the API was made, or taken back.
        TokenMade = "token-made",
        TokenEnded = "token-ended",
        /// Blocks were published, the publication was changed, or it has ended.
        Published = "published",
        Republished = "republished",
        Unpublished = "unpublished",
        /// A name was given to another account or server, and what was kept of the one
        /// before was forgotten.
        Reset = "reset",
    }
}

impl From<Hand> for EventKind {
    fn from(hand: Hand) -> Self {
        match hand {
            Hand::Lifted => EventKind::LiftedByHand,
            Hand::Changed => EventKind::ChangedByHand,
            Hand::LiftedOwn => EventKind::LiftedOwn,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    pub at: DateTime<Utc>,
    /// A person's name, or the part of Hedgerow that acted by itself.
    pub actor: String,
    pub kind: EventKind,
    pub target: Option<String>,
    pub domain: Option<String>,
    pub list: Option<String>,
    pub run: Option<i64>,
    /// An object; empty where there is nothing to add.
    pub detail: Value,
}

impl NewEvent {
    /// Who cannot be named did it as `unknown`.
    pub fn new(at: DateTime<Utc>, actor: impl Into<String>, kind: EventKind) -> Self {
        let actor = Some(actor.into()).filter(|name| !name.is_empty());
        NewEvent {
            at,
            actor: actor.unwrap_or_else(|| "unknown".to_owned()),
            kind,
            target: None,
            domain: None,
            list: None,
            run: None,
            detail: Value::Object(serde_json::Map::new()),
        }
    }

    #[must_use]
    pub fn target(self, name: impl Into<String>) -> Self {
        NewEvent { target: Some(name.into()), ..self }
    }

    #[must_use]
    pub fn domain(self, name: impl Into<String>) -> Self {
        NewEvent { domain: Some(name.into()), ..self }
    }

    #[must_use]
    pub fn list(self, name: impl Into<String>) -> Self {
        NewEvent { list: Some(name.into()), ..self }
    }

    #[must_use]
    pub fn run(self, id: i64) -> Self {
        NewEvent { run: Some(id), ..self }
    }

    /// An object. Members that are `null` are left out.
    #[must_use]
    pub fn detail(self, mut detail: Value) -> Self {
        if let Value::Object(members) = &mut detail {
            members.retain(|_, value| !value.is_null());
        }
        NewEvent { detail, ..self }
    }
}

/// As JSON, one line of an export.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Event {
    /// Grows with time.
    pub id: i64,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub kind: EventKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<i64>,
    #[serde(skip_serializing_if = "is_nothing")]
    #[schema(value_type = Object)]
    pub detail: Value,
}

fn is_nothing(detail: &Value) -> bool {
    detail.is_null() || detail.as_object().is_some_and(serde_json::Map::is_empty)
}

/// Which events to read. By default all of them, oldest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventFilter<'a> {
    pub target: Option<&'a str>,
    pub domain: Option<&'a str>,
    pub list: Option<&'a str>,
    pub run: Option<i64>,
    pub kind: Option<EventKind>,
    /// In who did it, or in the target, domain or list that it is about; capitals and small
    /// letters are the same where they are plain Latin ones.
    pub text: Option<&'a str>,
    /// What happened before this one, whatever the order is.
    pub before: Option<i64>,
    /// Goes on after this one, in the order that is asked for.
    pub after_id: Option<i64>,
    pub limit: Option<u32>,
    pub newest_first: bool,
}

#[derive(sqlx::FromRow)]
struct Record {
    id: i64,
    at: DateTime<Utc>,
    actor: String,
    kind: String,
    target: Option<String>,
    domain: Option<String>,
    list: Option<String>,
    run_id: Option<i64>,
    detail: String,
}

impl TryFrom<Record> for Event {
    type Error = StoreError;

    fn try_from(r: Record) -> Result<Self, StoreError> {
        let row = RowOf::new("event", &r.id);
        Ok(Event {
            kind: row.need("kind", EventKind::from_word(&r.kind))?,
            detail: row.need("detail", serde_json::from_str(&r.detail).ok())?,
            id: r.id,
            at: r.at,
            actor: r.actor,
            target: r.target,
            domain: r.domain,
            list: r.list,
            run: r.run_id,
        })
    }
}

/// Where a text is looked for.
const SEARCHED: [&str; 4] = ["actor", "target", "domain", "list"];

/// The pattern of everything with this text in it.
fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c.to_ascii_lowercase());
    }
    pattern + "%"
}

/// Adds events inside the transaction of what they tell of.
pub(super) async fn insert(
    tx: &mut Tx,
    owner: Owner,
    events: &[NewEvent],
) -> Result<(), StoreError> {
    for chunk in events.chunks(CHUNK) {
        on!(&mut *tx, |c| {
            let mut query = sqlx::QueryBuilder::new(
                "INSERT INTO event (owner, at, actor, kind, target, domain, list, run_id, detail) ",
            );
            query.push_values(chunk, |mut row, event| {
                row.push_bind(owner)
                    .push_bind(stored_time(event.at))
                    .push_bind(&event.actor)
                    .push_bind(event.kind.as_str())
                    .push_bind(&event.target)
                    .push_bind(&event.domain)
                    .push_bind(&event.list)
                    .push_bind(event.run)
                    .push_bind(event.detail.to_string());
            });
            query.build().execute(&mut **c).await.map(drop)
        })?;
    }
    Ok(())
}

impl Store {
    /// Adds events that tell of nothing else that the store keeps: all of them or none.
    pub async fn log(&self, events: &[NewEvent]) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        insert(&mut tx, self.owner, events).await?;
        tx.commit().await
    }

    pub async fn events(&self, filter: &EventFilter<'_>) -> Result<Vec<Event>, StoreError> {
        let records: Vec<Record> = on!(&self.read, |pool| {
            // One clause per filter, so that each kind of question can use its index.
            let mut query = sqlx::QueryBuilder::new("SELECT * FROM event WHERE owner = ");
            query.push_bind(self.owner);
            if let Some(target) = filter.target {
                query.push(" AND target = ").push_bind(target);
            }
            if let Some(domain) = filter.domain {
                query.push(" AND domain = ").push_bind(domain);
            }
            if let Some(list) = filter.list {
                query.push(" AND list = ").push_bind(list);
            }
            if let Some(run) = filter.run {
                query.push(" AND run_id = ").push_bind(run);
            }
            if let Some(kind) = filter.kind {
                query.push(" AND kind = ").push_bind(kind.as_str());
            }
            if let Some(text) = filter.text {
                let pattern = containing(text);
                // What is a small letter is not to depend on the server's own language.
                let plainly = match &self.read {
                    Either::Postgres(_) => " COLLATE \"C\") LIKE ",
                    Either::Sqlite(_) => ") LIKE ",
                };
                query.push(" AND (");
                for (n, column) in SEARCHED.into_iter().enumerate() {
                    query.push(if n > 0 { " OR LOWER(" } else { "LOWER(" }).push(column);
                    query.push(plainly).push_bind(pattern.clone()).push(" ESCAPE '!'");
                }
                query.push(")");
            }
            if let Some(id) = filter.before {
                query.push(" AND id < ").push_bind(id);
            }
            if let Some(id) = filter.after_id {
                query.push(if filter.newest_first { " AND id < " } else { " AND id > " });
                query.push_bind(id);
            }
            query.push(if filter.newest_first { " ORDER BY id DESC" } else { " ORDER BY id" });
            if let Some(limit) = filter.limit {
                query.push(" LIMIT ").push_bind(i64::from(limit));
            }
            query.build_query_as().fetch_all(pool).await
        })
        .map_err(StoreError::reading("event"))?;
        records.into_iter().map(Event::try_from).collect()
    }
}
