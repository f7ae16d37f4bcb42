//! A list of the catalogue that the person does not follow, and one that comes along.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::follow::{AddForm, Typed};
use super::{Head, Which};
use crate::list::bundled::Bundled;
use crate::list::catalogue::Listing;
use crate::text::count;
use crate::verb::lists::add;
use crate::web::fault::Fault;
use crate::web::page;
use crate::web::visitor::Person;

#[derive(Template)]
#[template(path = "lists/known.html")]
pub(super) struct Known {
    pub head: Head,
    pub about: About,
    pub form: AddForm,
    /// Its address has a gap, so it cannot be followed by its name.
    pub gap: Option<&'static str>,
    /// By what name it is followed already.
    pub followed: Option<(String, String)>,
}

/// What the catalogue knows of a list, for all pages that tell it.
pub struct About {
    pub listing: &'static Listing,
    pub mark: String,
    pub size: String,
    /// The page about it, where that can be opened.
    pub home: Option<&'static str>,
}

impl About {
    pub fn of(listing: &'static Listing) -> About {
        let size = match (listing.domains, &listing.seen) {
            (Some(n), Some(seen)) => format!("{} on {seen}", count(n as usize, "domain")),
            (Some(n), None) => count(n as usize, "domain"),
            (None, Some(seen)) => format!("not known; last seen {seen}"),
            (None, None) => "not known".to_owned(),
        };
        let mark = super::overview::mark(listing.advice, listing.status);
        let home = Some(listing.home.as_str()).filter(|home| home.starts_with("https://"));
        About { listing, mark, size, home }
    }
}

/// The page of a list that is only known.
pub(super) async fn page(
    person: &Person,
    listing: &'static Listing,
    form: AddForm,
) -> Result<Response, Fault> {
    let store = person.app.store().await?;
    let all = store.lists().await?;
    let is_it = |source: &str| {
        crate::list::catalogue::by_address(source).is_some_and(|it| it.name == listing.name)
    };
    // One of the house is there as well, and can be used.
    let followed = all.into_iter().find(|list| is_it(&list.source)).map(|list| list.name);
    let status = match &form.problem {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let known = Known {
        head: Head::of(&Which::Listed(listing), ""),
        about: About::of(listing),
        form: AddForm { fixed: true, ..form },
        gap: listing.fill_in.as_deref(),
        followed: followed.map(|name| (super::address(&name), name)),
    };
    Ok(page::html(status, &known))
}

/// The form with which a known list is followed.
pub(super) fn form(listing: &'static Listing) -> AddForm {
    let form = AddForm::new(Typed { list: listing.name.clone(), ..Typed::default() });
    match add::look(&listing.name) {
        Ok(looked) => form.about(&looked),
        Err(_) => form,
    }
}

#[derive(Template)]
#[template(path = "lists/along.html")]
pub(super) struct Along {
    pub head: Head,
    pub about: &'static str,
    pub size: String,
    pub targets: Vec<String>,
}

/// The page of a list that comes with Hedgerow.
pub(super) async fn along(person: &Person, list: &'static Bundled) -> Result<Response, Fault> {
    let targets = person.app.store().await?.subscribers(list.name).await?;
    let domains = crate::list::read(list.csv)?.entries.len();
    let along = Along {
        head: Head::of(&Which::Bundled(list), ""),
        about: list.about.trim_start_matches(list.title).trim(),
        size: count(domains, "domain"),
        targets,
    };
    Ok(page::html(StatusCode::OK, &along))
}
