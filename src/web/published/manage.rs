//! What somebody publishes: seen, made, changed and ended by them.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};

use super::fault::{Answer, Fault};
use super::form::{Offers, Sent};
use super::open::content_of;
use super::page;
use crate::publish::{Content, Publication};
use crate::store::{PublicationId, TargetRow, Visibility};
use crate::verb::publish as verb;
use crate::web::input::{Form, Path};
use crate::web::site::Site;
use crate::web::visitor::Person;

#[derive(Template)]
#[template(path = "published/published.html")]
struct Published {
    rows: Vec<Row>,
}

struct Row {
    what: Publication,
    address: String,
    /// Nothing where there is nothing to publish any more.
    content: Option<Arc<Content>>,
}

impl Row {
    fn public(&self) -> bool {
        self.what.visibility == Visibility::Public
    }
}

pub async fn all(State(site): State<Site>, person: Person) -> Answer {
    let mut rows = Vec::new();
    for row in person.app.store().await?.publications().await? {
        let what = Publication::try_from(row)?;
        let address = format!("{}/p/{}", site.settings().origin(), what.slug);
        let content = content_of(&site, &what).await;
        rows.push(Row { what, address, content });
    }
    Ok(page::html(StatusCode::OK, &Published { rows }))
}

#[derive(Template)]
#[template(path = "published/form.html")]
struct Edit {
    /// What is changed; nothing where it is new.
    known: Option<PublicationId>,
    /// How many domains it has by now.
    now: Option<usize>,
    origin: String,
    sent: Sent,
    offers: Offers,
    /// How many blocks each target was last seen to have, by its number.
    seen: HashMap<i64, usize>,
    problem: Option<String>,
}

impl Edit {
    async fn of(
        site: &Site,
        person: &Person,
        known: Option<&Publication>,
        offers: Offers,
        sent: Sent,
    ) -> Edit {
        let now = match known {
            Some(known) => content_of(site, known).await.map(|content| content.entries),
            None => None,
        };
        let (known, origin) = (known.map(|known| known.id), site.settings().origin());
        let seen = offers.seen(site, &person.app).await;
        Edit { known, now, origin, sent, offers, seen, problem: None }
    }

    fn blocks(&self, row: &TargetRow) -> Option<usize> {
        self.seen.get(&row.id).copied()
    }
}

pub async fn new(State(site): State<Site>, person: Person) -> Answer {
    let offers = Offers::of(&person.app).await?;
    let edit = Edit::of(&site, &person, None, offers, Sent::fresh()).await;
    Ok(page::html(StatusCode::OK, &edit))
}

async fn find(person: &Person, id: PublicationId) -> Result<Publication, Fault> {
    let row = person.app.store().await?.publication(id).await?;
    let row = row.filter(|row| row.revoked_at.is_none()).ok_or(Fault::Missing)?;
    Ok(row.try_into()?)
}

pub async fn one(
    State(site): State<Site>,
    person: Person,
    Path(id): Path<PublicationId>,
) -> Answer {
    let known = find(&person, id).await?;
    let offers = Offers::of(&person.app).await?;
    let sent = Sent::of(&known, &offers.targets);
    let edit = Edit::of(&site, &person, Some(&known), offers, sent).await;
    Ok(page::html(StatusCode::OK, &edit))
}

pub async fn add(State(site): State<Site>, person: Person, Form(sent): Form<Sent>) -> Answer {
    keep(&site, &person, None, sent).await
}

pub async fn change(
    State(site): State<Site>,
    person: Person,
    Path(id): Path<PublicationId>,
    Form(sent): Form<Sent>,
) -> Answer {
    let known = find(&person, id).await?;
    keep(&site, &person, Some(known), sent).await
}

/// Keeps what was sent, or shows it again with what is wrong.
async fn keep(site: &Site, person: &Person, known: Option<Publication>, sent: Sent) -> Answer {
    let offers = Offers::of(&person.app).await?;
    let kept = match sent.wanted(&person.app, &offers, known.as_ref()) {
        Err(fault) => Err(fault),
        Ok(wanted) => match &known {
            Some(known) => verb::change(&person.app, known, &wanted).await.map_err(Fault::from),
            None => verb::publish(&person.app, &wanted).await.map(drop).map_err(Fault::from),
        },
    };
    match kept {
        Ok(()) => Ok(Redirect::to("/published").into_response()),
        Err(fault) => {
            let (status, says) = fault.above_form()?;
            let edit = Edit::of(site, person, known.as_ref(), offers, sent).await;
            Ok(page::html(status, &Edit { problem: Some(says), ..edit }))
        }
    }
}

pub async fn end(person: Person, Path(id): Path<PublicationId>) -> Answer {
    // Somebody else's is not there, and what has ended may end twice.
    person.app.store().await?.publication(id).await?.ok_or(Fault::Missing)?;
    verb::end(&person.app, id).await?;
    Ok(Redirect::to("/published").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Level;
    use crate::policy::Choice;
    use crate::publish::{File, Together, What};
    use crate::store::TargetRow;

    fn at() -> chrono::DateTime<chrono::Utc> {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn publication(visibility: Visibility) -> Publication {
        let lists = vec!["garden".to_owned(), "<meadow>".to_owned()];
        Publication {
            id: 4,
            owner: 7,
            slug: "our-blocks".to_owned(),
            title: "Our <script>alert(1)</script>".to_owned(),
            what: What::Lists(Together { lists, agreement: None, severity: Choice::Strictest }),
            options: crate::publish::Options { private_comments: true, ..Default::default() },
            visibility,
            created_at: at(),
            changed_at: at(),
            revoked_at: None,
        }
    }

    fn target(id: i64, level: Level) -> TargetRow {
        TargetRow {
            id,
            name: "<me>@home.example".to_owned(),
            level,
            base_url: "https://home.example/".to_owned(),
            domain: "home.example".to_owned(),
            account: None,
            software: "Mastodon".to_owned(),
            version: "4.6.5".to_owned(),
            scopes: String::new(),
            client_id: String::new(),
            client_secret: String::new(),
            token: String::new(),
            created_at: at(),
        }
    }

    #[test]
    fn what_is_published_and_that_nothing_is() {
        let file = || File { bytes: vec![b'x'; 64].into(), sha256: "0".repeat(64), entries: 3 };
        let content = Content {
            csv: file(),
            text: file(),
            json: file(),
            entries: 3,
            hidden: 1,
            modified: at(),
            level: Some(Level::Instance),
        };
        let row = |visibility, content: Option<Content>| Row {
            what: publication(visibility),
            address: "https://blocks.example/p/our-blocks".to_owned(),
            content: content.map(Arc::new),
        };
        let rows = vec![row(Visibility::Public, Some(content)), row(Visibility::Private, None)];
        insta::assert_snapshot!("published", Published { rows }.render().unwrap());
        insta::assert_snapshot!("nothing", Published { rows: Vec::new() }.render().unwrap());
    }

    #[test]
    fn the_form_before_and_after_something_went_wrong() {
        let edit = |known, sent, problem: Option<&str>| Edit {
            known,
            now: known.map(|_| 3),
            origin: "https://blocks.example".to_owned(),
            sent,
            offers: Offers {
                targets: vec![target(1, Level::Account), target(2, Level::Instance)],
                lists: vec!["garden".to_owned(), "<meadow>".to_owned()],
            },
            seen: [(1, 40)].into(),
            problem: problem.map(str::to_owned),
        };
        let fresh = edit(None, Sent::fresh(), None);
        insta::assert_snapshot!("new", fresh.render().unwrap());
        let sent = Sent::of(&publication(Visibility::Public), &[]);
        let again = edit(Some(4), sent, Some("The name <our-blocks> is taken."));
        insta::assert_snapshot!("change", again.render().unwrap());
    }
}
