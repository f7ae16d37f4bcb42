//! What comes in, strictly: what is not known is an error that names it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};

use super::problem::Problem;
use crate::domain::Domain;
use crate::policy::Agreement;
use crate::web::site::Site;
use crate::web::targets::MOST_REASON;

/// Most rows of one answer.
pub const MOST: u64 = 1000;
const USUAL: u64 = 100;

/// A body of JSON.
pub struct Body<T>(pub T);

/// The question after the path.
pub struct Asked<T>(pub T);

/// The numbers and names in the path.
pub struct At<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Site> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, site: &Site) -> Result<Body<T>, Problem> {
        let (head, body) = request.into_parts();
        let mut whole = Request::new(body);
        // How long it may be stands there.
        whole.extensions_mut().clone_from(&head.extensions);
        let bytes = Bytes::from_request(whole, site).await;
        let bytes = bytes.map_err(|rejected| Problem::in_place_of(rejected.status()))?;
        // The reader takes a list for an object, its members in their order.
        let is_object = bytes.trim_ascii_start().starts_with(b"{");
        let read = Json::<T>::from_request(Request::from_parts(head, bytes.into()), site).await;
        let read = read.map_err(|rejected: JsonRejection| {
            let status = match rejected.status() {
                StatusCode::PAYLOAD_TOO_LARGE => StatusCode::PAYLOAD_TOO_LARGE,
                StatusCode::UNSUPPORTED_MEDIA_TYPE => StatusCode::UNSUPPORTED_MEDIA_TYPE,
                StatusCode::UNPROCESSABLE_ENTITY => StatusCode::UNPROCESSABLE_ENTITY,
                _ => StatusCode::BAD_REQUEST,
            };
            Problem::of(status, said(&rejected.body_text()))
        })?;
        if !is_object {
            return Err(Problem::input("The body has to be an object."));
        }
        Ok(Body(read.0))
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<Site> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Asked<T>, Problem> {
        let read = Query::<T>::from_request_parts(parts, site).await;
        read.map(|Query(asked)| Asked(asked))
            .map_err(|rejected: QueryRejection| Problem::question(said(&rejected.body_text())))
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<Site> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<At<T>, Problem> {
        let read = Path::<T>::from_request_parts(parts, site).await;
        read.map(|Path(at)| At(at)).map_err(|_: PathRejection| Problem::missing("address"))
    }
}

/// The reader's words on one line, without what belongs to the reader.
fn said(text: &str) -> String {
    let text = text.rsplit("into the target type: ").next().unwrap_or(text);
    let text = text.trim_start_matches("Failed to deserialize query string: ");
    crate::text::plain(text).into_owned()
}

/// Which part of many rows is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    limit: u64,
    offset: u64,
}

impl Span {
    pub fn of(limit: Option<u64>, offset: Option<u64>) -> Result<Span, Problem> {
        let limit = limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(Problem::question(format!("limit: a number from 1 to {MOST}")));
        }
        let offset = offset.unwrap_or(0);
        if i64::try_from(offset).is_err() {
            return Err(Problem::question("offset: too large a number"));
        }
        Ok(Span { limit, offset })
    }

    /// The rows that were asked for, out of all.
    pub fn page<T, R>(self, rows: impl ExactSizeIterator<Item = T>, row: impl Fn(T) -> R) -> Page<R>
    where
        R: utoipa::ToSchema,
    {
        let (rows, total, limit, offset) = self.cut(rows);
        Page { items: rows.into_iter().map(row).collect(), total, limit, offset }
    }

    /// How many rows stand before the first, for the store. There are never more than that.
    pub fn skipped(self) -> u32 {
        u32::try_from(self.offset).unwrap_or(u32::MAX)
    }

    /// How many rows at most, for the store.
    pub fn most(self) -> u32 {
        u32::try_from(self.limit).unwrap_or(u32::MAX)
    }

    /// A page of rows that the store has cut already, out of so many.
    pub fn of_all<R>(self, total: i64, rows: impl Iterator<Item = R>) -> Page<R>
    where
        R: utoipa::ToSchema,
    {
        let Span { limit, offset } = self;
        Page { items: rows.collect(), total: u64::try_from(total).unwrap_or(0), limit, offset }
    }

    /// The same rows as they are, with all the numbers of a [`Page`].
    pub fn cut<I>(self, rows: I) -> (Vec<I::Item>, u64, u64, u64)
    where
        I: IntoIterator<IntoIter: ExactSizeIterator>,
    {
        let (rows, Span { limit, offset }) = (rows.into_iter(), self);
        let total = rows.len() as u64;
        let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        (rows.skip(number(offset)).take(number(limit)).collect(), total, limit, offset)
    }
}

/// A part of many rows.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T: utoipa::ToSchema> {
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: u64,
    pub limit: u64,
    /// How many stand before the first one here.
    pub offset: u64,
}

/// Names with this in them, and which part of those rows.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Sought {
    /// Only rows with this in them.
    pub search: Option<String>,
    /// At most so many rows.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u64>,
    /// Leave so many out before the first.
    #[param(minimum = 0)]
    pub offset: Option<u64>,
}

impl Sought {
    pub fn span(&self) -> Result<Span, Problem> {
        Span::of(self.limit, self.offset)
    }

    /// In small letters; empty fits everything.
    pub fn text(&self) -> String {
        self.search.as_deref().unwrap_or_default().trim().to_lowercase()
    }
}

/// Only which part of all rows.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// At most so many rows.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u64>,
    /// Leave so many out before the first.
    #[param(minimum = 0)]
    pub offset: Option<u64>,
}

impl Part {
    pub fn span(&self) -> Result<Span, Problem> {
        Span::of(self.limit, self.offset)
    }
}

/// A domain that somebody wrote, in whatever form a name can be written.
pub fn domain(field: &str, text: &str) -> Result<Domain, Problem> {
    let refused = |why| Problem::input(format!("{field}: {} ({why})", crate::text::plain(text)));
    let parsed = Domain::parse(text).map_err(|refusal| refused(refusal.to_string()))?;
    if parsed.covers_subdomains {
        return Err(refused("write the name without a star".to_owned()));
    }
    Ok(parsed.domain)
}

/// The name of something that a server has stored, however odd, or that somebody wrote.
pub fn stored(field: &str, text: &str) -> Result<Domain, Problem> {
    Domain::from_stored(&text.trim().to_lowercase()).map_or_else(|| domain(field, text), Ok)
}

/// A reason of bearable length.
pub fn reason(text: Option<String>) -> Result<Option<String>, Problem> {
    let Some(text) = text else { return Ok(None) };
    if text.chars().count() > MOST_REASON {
        return Err(Problem::input(format!("reason: at most {MOST_REASON} letters")));
    }
    Ok(Some(crate::text::plain(&text).into_owned()))
}

pub fn domains(field: &str, names: &[String]) -> Result<Vec<Domain>, Problem> {
    names.iter().map(|name| domain(field, name)).collect()
}

/// How many have to agree, if that can ever be.
pub fn agreement(agreement: Option<Agreement>) -> Result<(), Problem> {
    let most = Agreement::MOST_LISTS;
    let says = format!("agreement: 1 to {most} lists, or 1 to 100 percent of the weight");
    agreement.is_none_or(Agreement::can_be).then_some(()).ok_or_else(|| Problem::input(says))
}

/// The description of an object that one of its words tells from others.
pub fn tagged<T: utoipa::PartialSchema>(tag: &str, word: &str) -> RefOr<Schema> {
    let mut schema = T::schema();
    if let RefOr::T(Schema::Object(object)) = &mut schema {
        let one = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([word])).build();
        object.properties.insert(tag.to_owned(), RefOr::T(Schema::Object(one)));
        object.required.push(tag.to_owned());
    }
    schema
}
