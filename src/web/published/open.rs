//! What whoever knows the address gets: a page that explains, and the files.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::fault::{Answer, Fault};
use super::page;
use crate::app::App;
use crate::at_hand::at_hand;
use crate::block::Level;
use crate::publish::{Content, Form, Publication, What, find};
use crate::store::{PublicationId, Visibility};
use crate::web::input::Path;
use crate::web::limits::Address;
use crate::web::shelter::CORP;
use crate::web::site::Site;

/// Bytes of publications that are kept at hand.
const AT_HAND: u64 = 64 << 20;

#[derive(Clone)]
struct Bytes;

impl Weighter<(PublicationId, String), Arc<Content>> for Bytes {
    fn weight(&self, _: &(PublicationId, String), content: &Arc<Content>) -> u64 {
        1 + content.size() as u64
    }
}

/// Publications as they were last written out. Many ask for the same.
pub struct Shelf(Cache<(PublicationId, String), Arc<Content>, Bytes>);

impl Default for Shelf {
    fn default() -> Self {
        Shelf(at_hand(AT_HAND, Bytes))
    }
}

/// A publication, and what it comes to now.
struct Found {
    what: Publication,
    content: Arc<Content>,
}

async fn look(site: &Site, slug: &str) -> Result<Found, Fault> {
    let store = site.app().store().await?;
    let row = store.publication_at(slug).await?.ok_or(Fault::Missing)?;
    let what = Publication::try_from(row)?;
    if what.revoked_at.is_some() {
        let says = "What was published here has ended. Please remove the address where you \
                    subscribe to it.";
        return Err(Fault::told(StatusCode::GONE, "This list has ended", says));
    }
    let app: App = site.app().of(what.owner, "a subscriber");
    let nothing = |error: anyhow::Error| {
        tracing::warn!(error = format!("{error:#}"), slug = what.id, "nothing to publish");
        let says = "What is published here cannot be read at the moment. Keep what you have.";
        Fault::told(StatusCode::SERVICE_UNAVAILABLE, "Not right now", says)
    };
    let source = find(&app, site.desk(), &what).await.map_err(nothing)?;
    let key = (what.id, source.stamp(&what));
    if let Some(content) = site.shelf().0.get(&key) {
        return Ok(Found { what, content });
    }
    let content = Arc::new(source.content(&app, &what).await.map_err(nothing)?);
    site.shelf().0.insert(key, content.clone());
    Ok(Found { what, content })
}

/// What a publication comes to now, for its owner.
pub async fn content_of(site: &Site, what: &Publication) -> Option<Arc<Content>> {
    look(site, &what.slug).await.ok().map(|found| found.content)
}

pub async fn csv(
    State(site): State<Site>,
    from: Address,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Answer {
    file(&site, from, &slug, &headers, Form::Csv).await
}

pub async fn text(
    State(site): State<Site>,
    from: Address,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Answer {
    file(&site, from, &slug, &headers, Form::Text).await
}

pub async fn json(
    State(site): State<Site>,
    from: Address,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Answer {
    file(&site, from, &slug, &headers, Form::Json).await
}

async fn file(site: &Site, from: Address, slug: &str, asked: &HeaderMap, form: Form) -> Answer {
    site.limits().published(from)?;
    let Found { what, content } = look(site, slug).await?;
    let file = content.file(form);
    let tag = format!("\"{}\"", file.sha256);
    let kind = match form {
        Form::Csv => "text/csv; charset=utf-8",
        Form::Text => "text/plain; charset=utf-8",
        Form::Json => "application/json; charset=utf-8",
    };
    let fresh = is_fresh(asked, &tag, content.modified);
    let mut response = if fresh {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, kind)], file.bytes.to_vec()).into_response()
    };
    let headers = response.headers_mut();
    let private = what.visibility == Visibility::Private;
    let keep = if private { "private, no-cache" } else { "public, no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(CORP, HeaderValue::from_static("cross-origin"));
    if private {
        let never = HeaderValue::from_static("noindex, nofollow");
        headers.insert(HeaderName::from_static("x-robots-tag"), never);
    }
    for (name, value) in [(header::ETAG, tag), (header::LAST_MODIFIED, http_date(content.modified))]
    {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    Ok(response)
}

/// As HTTP writes a time.
fn http_date(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Whether who asks has this already. A tag counts more than a time.
fn is_fresh(asked: &HeaderMap, tag: &str, modified: DateTime<Utc>) -> bool {
    let mut tags = asked.get_all(header::IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        return tags.filter_map(|tags| tags.to_str().ok()).any(|tags| {
            let mut tags = tags.split(',').map(str::trim);
            tags.any(|known| known == "*" || known.trim_start_matches("W/") == tag)
        });
    }
    let since = asked.get(header::IF_MODIFIED_SINCE).and_then(|since| since.to_str().ok());
    let since = since.and_then(|since| DateTime::parse_from_rfc2822(since).ok());
    since.is_some_and(|since| modified.timestamp() <= since.timestamp())
}

#[derive(Template)]
#[template(path = "published/open.html")]
struct Open<'a> {
    what: &'a Publication,
    content: &'a Content,
    address: String,
    /// What it is made from, if the owner has others know.
    source: Option<String>,
}

impl Open<'_> {
    fn private(&self) -> bool {
        self.what.visibility == Visibility::Private
    }

    fn kind(&self) -> &'static str {
        match self.content.level {
            Some(Level::Account) => "The servers that one account blocks.",
            Some(Level::Instance) => "The servers that one server blocks or limits.",
            None => "Several blocklists, put together.",
        }
    }
}

pub async fn page(State(site): State<Site>, from: Address, Path(slug): Path<String>) -> Answer {
    site.limits().published(from)?;
    let Found { what, content } = look(&site, &slug).await?;
    let source = what.options.name_source.then(|| match &what.what {
        What::Target { target, .. } => target.clone(),
        What::Lists(together) => together.lists.join(", "),
    });
    let address = format!("{}/p/{}", site.settings().origin(), what.slug);
    let private = what.visibility == Visibility::Private;
    let page = Open { what: &what, content: &content, address, source };
    let mut response: Response = page::html(StatusCode::OK, &page);
    if private {
        let never = HeaderValue::from_static("noindex, nofollow");
        response.headers_mut().insert(HeaderName::from_static("x-robots-tag"), never);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_counts_more_than_a_time() {
        let modified: DateTime<Utc> = "2026-03-01T12:00:00.5Z".parse().unwrap();
        let date = http_date(modified);
        assert_eq!(date, "Sun, 01 Mar 2026 12:00:00 GMT");
        let fresh = |pairs: &[(HeaderName, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(name, value.parse().unwrap());
            }
            is_fresh(&headers, "\"abc\"", modified)
        };
        assert!(fresh(&[(header::IF_NONE_MATCH, "\"x\", W/\"abc\"")]));
        assert!(fresh(&[(header::IF_NONE_MATCH, "*")]));
        assert!(fresh(&[(header::IF_MODIFIED_SINCE, &date)]));
        assert!(!fresh(&[(header::IF_MODIFIED_SINCE, "Sun, 01 Mar 2026 11:59:59 GMT")]));
        let both = [(header::IF_NONE_MATCH, "\"old\""), (header::IF_MODIFIED_SINCE, &*date)];
        assert!(!fresh(&both));
        assert!(!fresh(&[]) && !fresh(&[(header::IF_MODIFIED_SINCE, "yesterday")]));
    }

    fn publication(visibility: Visibility, name_source: bool) -> Publication {
        let at = "2026-03-01T12:00:00Z".parse().unwrap();
        Publication {
            id: 1,
            owner: 7,
            slug: "our-blocks".to_owned(),
            title: "Our <blocks>".to_owned(),
            what: What::Target { target: "me@home.example".to_owned(), whose: String::new() },
            options: crate::publish::Options { name_source, ..Default::default() },
            visibility,
            created_at: at,
            changed_at: at,
            revoked_at: None,
        }
    }

    #[test]
    fn the_page_says_no_more_than_its_owner_chose() {
        let file = |entries| crate::publish::File {
            bytes: vec![b'x'; 2048].into(),
            sha256: "0".repeat(64),
            entries,
        };
        let content = Content {
            csv: file(40),
            text: file(31),
            json: file(42),
            entries: 42,
            hidden: 2,
            modified: "2026-03-01T12:00:00Z".parse().unwrap(),
            level: Some(Level::Instance),
        };
        let shown = |what: &Publication, source: Option<&str>| {
            let address = "https://blocks.example/p/our-blocks".to_owned();
            let source = source.map(str::to_owned);
            Open { what, content: &content, address, source }.render().unwrap()
        };
        let page = shown(&publication(Visibility::Private, false), None);
        assert!(!page.contains("home.example"));
        insta::assert_snapshot!("private", page);
        let public = publication(Visibility::Public, true);
        insta::assert_snapshot!("public", shown(&public, Some("me@home.example")));
    }
}
