//! The choices of a form: checked, and as a page shows them again.

use axum::http::StatusCode;

use super::form::Form;
use crate::app::FileHints;
use crate::block::Severity;
use crate::domain::Domain;
use crate::keep::Intent;
use crate::plan::Lowering;
use crate::text::{fit, plain};
use crate::web::input::spared;
use crate::web::offers::Offer;

/// Why a form leads to no plan, for whoever sent it.
pub struct Problem {
    pub status: StatusCode,
    pub says: String,
}

impl Problem {
    pub fn with_input(says: impl Into<String>) -> Problem {
        Problem { status: StatusCode::UNPROCESSABLE_ENTITY, says: says.into() }
    }
}

/// The part of a page where choices are made.
#[expect(clippy::struct_excessive_bools, reason = "boxes of a form, each ticked or not")]
pub struct Choices {
    pub offers: Vec<(Offer, bool)>,
    pub overwrite: bool,
    pub only_suspended: bool,
    pub unsaid_suspended: bool,
    pub server: String,
    /// Whether the server is asked for among the choices, and not elsewhere on the page.
    pub asks_server: bool,
    pub allow: String,
}

impl Choices {
    /// Before anything was chosen: the one list that most people come for.
    pub fn fresh(offers: Vec<Offer>) -> Choices {
        let offers = offers.into_iter().map(|offer| {
            let chosen = offer.name == "threads";
            (offer, chosen)
        });
        Choices {
            offers: offers.collect(),
            overwrite: false,
            only_suspended: false,
            unsaid_suspended: false,
            server: String::new(),
            asks_server: true,
            allow: String::new(),
        }
    }

    pub fn again(form: &Form, offers: Vec<Offer>) -> Choices {
        let offers = offers.into_iter().map(|offer| {
            let chosen = form.lists.contains(&offer.name);
            (offer, chosen)
        });
        Choices {
            offers: offers.collect(),
            overwrite: form.overwrite,
            only_suspended: form.only_suspended,
            unsaid_suspended: form.unsaid_suspended,
            server: form.server.clone(),
            asks_server: true,
            allow: form.allow.clone(),
        }
    }
}

/// What a form wants, and what it tells about the file.
pub fn wanted(form: &Form, offers: &[Offer]) -> Result<(Intent, FileHints), Problem> {
    if form.lists.is_empty() {
        return Err(Problem::with_input(
            "No list was chosen. Tick at least one, then look again; your file and your other \
             choices are still here.",
        ));
    }
    // This is also what keeps paths and addresses out.
    if let Some(unknown) = form.lists.iter().find(|name| offers.iter().all(|o| o.name != **name)) {
        return Err(Problem::with_input(format!(
            "There is no list {} here any more. Choose from those below.",
            fit(&plain(unknown), 60)
        )));
    }
    let server = match form.server.trim() {
        "" => None,
        text => Some(host(text).ok_or_else(|| {
            let text = fit(&plain(text), 60);
            Problem::with_input(format!(
                "\u{201c}{text}\u{201d} is not the name of a server. Write it as in your address, such as \
                 mastodon.example, or leave it empty."
            ))
        })?),
    };
    let mut allow = spared(&form.allow).map_err(Problem::with_input)?;
    allow.extend(form.except.iter().cloned());
    let lower = if form.overwrite && !form.lower.is_empty() {
        Lowering::Named(form.lower.iter().cloned().collect())
    } else {
        Lowering::None
    };
    let intent = Intent {
        lists: form.lists.clone(),
        overwrite: form.overwrite,
        allow,
        lower,
        min_severity: form.only_suspended.then_some(Severity::Suspend),
        severity: form.unsaid_suspended.then_some(Severity::Suspend),
        // A visitor does not make this machine fetch anything.
        offline: true,
        overrides: form.overrides.iter().copied().collect(),
        accept: form.accept.iter().cloned().collect(),
        ..Intent::default()
    };
    Ok((intent, FileHints { level: form.level, server }))
}

/// People copy the whole address as easily as the name.
fn host(text: &str) -> Option<Domain> {
    let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
    let bare = bare.split(['/', '?', '#']).next().unwrap_or_default();
    let name = bare.rsplit('@').next().unwrap_or_default();
    Domain::parse(name).map(|parsed| parsed.domain).ok()
}
