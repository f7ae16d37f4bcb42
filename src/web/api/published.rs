//! What is published, and to whom.

#![expect(unused_qualifications, reason = "the derive writes them")]

use std::borrow::Cow;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::openapi::{OneOfBuilder, RefOr, Schema};

use super::auth::{Caller, Writer};
use super::input::{Asked, At, Body, Page, Part, tagged};
use super::problem::{Problem, Reply};
use crate::publish::{self, Options, Together};
use crate::store::{PublicationRow, Visibility};
use crate::verb::publish::{self as verb, Wanted};
use crate::web::published::content_of;
use crate::web::site::Site;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/publications", get(list).post(add))
        .route("/publications/{publication}", get(one).put(change).delete(end))
}

/// What is published.
#[derive(Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// What a target was last seen to block.
    Target(Target),
    /// Lists together.
    Lists(Together),
}

#[derive(Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PublicationTarget)]
pub struct Target {
    /// The target's number; absent where it is not connected any more.
    target: Option<i64>,
}

impl utoipa::PartialSchema for What {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new()
            .description(Some("What a target was last seen to block, or lists together."))
            .item(tagged::<Target>("what", "target"))
            .item(tagged::<Together>("what", "lists"))
            .into()
    }
}

impl utoipa::ToSchema for What {
    fn name() -> Cow<'static, str> {
        "PublicationSource".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        <Together as utoipa::ToSchema>::schemas(schemas);
    }
}

/// Blocks that others can subscribe to.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Publication {
    id: i64,
    title: String,
    source: What,
    options: Options,
    visibility: Visibility,
    /// Whoever knows the address of a private one can read it.
    address: String,
    /// What it comes to now; absent where there is nothing to publish any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Content>,
    created_at: DateTime<Utc>,
    changed_at: DateTime<Utc>,
}

/// How much is published.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = PublicationContent)]
pub struct Content {
    domains: u64,
    /// Of them, those whose names are hidden: only the JSON has them.
    hidden: u64,
    /// When what it is made from was last another, at the latest.
    modified_at: DateTime<Utc>,
}

/// What a publication is to be.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPublication)]
pub struct New {
    #[schema(min_length = 1, max_length = 100)]
    title: String,
    source: What,
    #[serde(default)]
    options: Options,
    #[serde(default = "private")]
    visibility: Visibility,
    /// The last part of a public one's address: 3 to 40 small letters, digits and hyphens. A
    /// private one gets an address that nobody can guess.
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{1,38}[a-z0-9]$")]
    slug: Option<String>,
    /// You have thought about it: an account's blocks are a private matter, private comments
    /// were written for moderators, and a list that is read with a key is not everybody's.
    #[serde(default)]
    sure: bool,
}

fn private() -> Visibility {
    Visibility::Private
}

impl New {
    /// `known` is what is changed: what it is made from stays, where no target is named.
    async fn wanted(self, caller: &Caller, known: Option<&publish::Publication>) -> Reply<Wanted> {
        let what = match (self.source, known.map(|known| &known.what)) {
            (What::Lists(together), _) => publish::What::Lists(together),
            (What::Target(Target { target: Some(id) }), _) => {
                let row = caller.app.store().await?.target_by_id(id).await?;
                let row = row.ok_or_else(|| Problem::input("source.target: there is none"))?;
                verb::target(&caller.app, &row)?
            }
            (What::Target(_), Some(what @ publish::What::Target { .. })) => what.clone(),
            (What::Target(_), _) => return Err(Problem::input("source.target: which one?")),
        };
        let New { title, options, visibility, slug, sure, .. } = self;
        Ok(Wanted { title, what, options, visibility, slug, sure })
    }
}

impl Publication {
    async fn of(site: &Site, caller: &Caller, row: PublicationRow) -> Reply<Publication> {
        let known = publish::Publication::try_from(row)?;
        let content = content_of(site, &known).await.map(|content| Content {
            domains: content.entries as u64,
            hidden: content.hidden as u64,
            modified_at: content.modified,
        });
        let source = match known.what {
            publish::What::Lists(together) => What::Lists(together),
            publish::What::Target { target, .. } => {
                let row = caller.app.store().await?.target(&target).await?;
                What::Target(Target { target: row.map(|row| row.id) })
            }
        };
        Ok(Publication {
            id: known.id,
            title: known.title,
            source,
            options: known.options,
            visibility: known.visibility,
            content,
            address: format!("{}/p/{}", site.settings().origin(), known.slug),
            created_at: known.created_at,
            changed_at: known.changed_at,
        })
    }
}

async fn find(caller: &Caller, id: i64) -> Reply<PublicationRow> {
    let row = caller.app.store().await?.publication(id).await?;
    row.filter(|row| row.revoked_at.is_none()).ok_or_else(|| Problem::missing("publication"))
}

/// What is published
#[utoipa::path(get, path = "/api/v1/publications", tag = "publications", params(Part),
    responses((status = 200, body = Page<Publication>)))]
pub async fn list(
    State(site): State<Site>,
    caller: Caller,
    Asked(part): Asked<Part>,
) -> Reply<Json<Page<Publication>>> {
    let rows = caller.app.store().await?.publications().await?;
    let (rows, total, limit, offset) = part.span()?.cut(rows);
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(Publication::of(&site, &caller, row).await?);
    }
    Ok(Json(Page { items, total, limit, offset }))
}

/// Publish something
#[utoipa::path(post, path = "/api/v1/publications", tag = "publications",
    request_body = New, responses((status = 201, body = Publication)))]
pub async fn add(
    State(site): State<Site>,
    Writer(caller): Writer,
    Body(new): Body<New>,
) -> Reply<(StatusCode, Json<Publication>)> {
    let id = verb::publish(&caller.app, &new.wanted(&caller, None).await?).await?;
    let row = find(&caller, id).await?;
    Ok((StatusCode::CREATED, Json(Publication::of(&site, &caller, row).await?)))
}

/// One publication
#[utoipa::path(get, path = "/api/v1/publications/{publication}", tag = "publications",
    params(("publication" = i64, Path, minimum = 1, description = "Its number")),
    responses((status = 200, body = Publication)))]
pub async fn one(
    State(site): State<Site>,
    caller: Caller,
    At(id): At<i64>,
) -> Reply<Json<Publication>> {
    let row = find(&caller, id).await?;
    Ok(Json(Publication::of(&site, &caller, row).await?))
}

/// Change a publication
///
/// Everything that is left out gets its default. What becomes private gets a new address,
/// because the old one is known.
#[utoipa::path(put, path = "/api/v1/publications/{publication}", tag = "publications",
    params(("publication" = i64, Path, minimum = 1, description = "Its number")),
    request_body = New, responses((status = 200, body = Publication)))]
pub async fn change(
    State(site): State<Site>,
    Writer(caller): Writer,
    At(id): At<i64>,
    Body(new): Body<New>,
) -> Reply<Json<Publication>> {
    let known = publish::Publication::try_from(find(&caller, id).await?)?;
    verb::change(&caller.app, &known, &new.wanted(&caller, Some(&known)).await?).await?;
    let row = find(&caller, id).await?;
    Ok(Json(Publication::of(&site, &caller, row).await?))
}

/// End a publication
///
/// Its address answers 410 from then on, and never belongs to anybody else.
#[utoipa::path(delete, path = "/api/v1/publications/{publication}", tag = "publications",
    params(("publication" = i64, Path, minimum = 1, description = "Its number")),
    responses((status = 204)))]
pub async fn end(Writer(caller): Writer, At(id): At<i64>) -> Reply<StatusCode> {
    if verb::end(&caller.app, id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::missing("publication"))
}
