//! The door that needs no account: a file is brought, and a new one taken away.
//!
//! Somebody brings an export, chooses lists, looks at the plan, and takes a new file away. A
//! request carries all that it needs, so nothing of it is kept: not the file, not the choices,
//! not the plan. What a visitor can name is a list that comes with the program or that this
//! installation follows, never an address or a path, and nothing is fetched for a visitor. What
//! else is the house's is nothing of theirs, unless the house is all that can come here.

mod choices;
mod form;
mod rows;
#[cfg(test)]
mod tests;
mod view;

use askama::Template;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use self::choices::{Choices, Problem, wanted};
use self::form::{Form, Upload};
use self::view::{PlanPage, Shown};
use crate::app::App;
use crate::gather::Gathered;
use crate::keep;
use crate::plan::{Plan, differences};
use crate::source::DocumentError;
use crate::store::NOBODY;
use crate::target::CsvFile;
use crate::web::fault::Answer;
use crate::web::limits::Address;
use crate::web::offers::{self, Offer};
use crate::web::page;
use crate::web::site::Site;

/// A form as the extractor gives it.
type Sent = Result<Multipart, MultipartRejection>;

#[derive(Template)]
#[template(path = "door/door.html")]
struct Door {
    problem: Option<String>,
    choices: Choices,
    /// A file that came with a form that led to nothing, so that it need not be found again.
    held: Option<Upload>,
}

/// A plan, and the file that it comes to.
struct Looked {
    plan: Plan,
    files: Vec<(String, String)>,
}

/// As whom a visitor looks. On one's own machine that is whoever runs it, with their exceptions;
/// where many come, it is nobody, who has what is offered to all and nothing else.
fn visitors(site: &Site) -> App {
    if site.settings().is_shared() {
        site.app_of(NOBODY, Some("nobody"))
    } else {
        site.app().clone()
    }
}

pub async fn door(State(site): State<Site>) -> Response {
    match offers::all(&visitors(&site)).await {
        Ok(offers) => {
            let choices = Choices::fresh(offers);
            page::html(StatusCode::OK, &Door { problem: None, choices, held: None })
        }
        Err(error) => broken(&error),
    }
}

/// Whether a page could be shown right now.
pub async fn ready(State(site): State<Site>) -> Response {
    match offers::all(&visitors(&site)).await {
        Ok(_) => "ready\n".into_response(),
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "The lists cannot be read; see the log.\n")
                .into_response()
        }
    }
}

pub async fn look(State(site): State<Site>, from: Address, sent: Sent) -> Answer {
    site.limits().upload(from)?;
    Ok(answer(&visitors(&site), sent, false).await)
}

pub async fn file(State(site): State<Site>, from: Address, sent: Sent) -> Answer {
    site.limits().upload(from)?;
    Ok(answer(&visitors(&site), sent, true).await)
}

async fn answer(app: &App, sent: Sent, download: bool) -> Response {
    let Ok(sent) = sent else { return page::garbled() };
    let offers = match offers::all(app).await {
        Ok(offers) => offers,
        Err(error) => return broken(&error),
    };
    let mut form = match Form::read(sent, offers.len()).await {
        Ok(form) => form,
        Err(answer) => return answer,
    };
    let (looked, problem) = match look_again(app, &mut form, &offers).await {
        Ok(looked) => looked,
        Err(problem) => {
            let Problem { status, says } = problem;
            let choices = Choices::again(&form, offers);
            // A file that cannot be read is not worth carrying on.
            let held = form.file.filter(|upload| is_export(app, upload) && !form.without_file);
            return page::html(status, &Door { problem: Some(says), choices, held });
        }
    };
    let Looked { plan, mut files } = looked;
    // What is downloaded is what was looked at, or it is looked at first.
    let wanted = download && problem.is_none();
    let is_seen = wanted && is_seen(app, &mut form, &offers, &plan).await;
    let part = form.part.clamp(1, files.len()) - 1;
    if is_seen && !plan.is_empty() {
        let (name, text) = files.swap_remove(part);
        return page::download(&name, text);
    }
    let names = files.into_iter().map(|(name, _)| name).collect();
    let changed = wanted && !is_seen;
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let choices = Choices::again(&form, offers);
    let shown = Shown { form: &form, choices, names, changed, problem };
    page::html(status, &PlanPage::of(&plan, shown))
}

/// What the form comes to. Beside a plan that is looked at, the server's name is asked for: one
/// that is none leaves the plan as it is, and is told there.
async fn look_again(
    app: &App,
    form: &mut Form,
    offers: &[Offer],
) -> Result<(Looked, Option<String>), Problem> {
    let problem = match look_at(app, form, offers).await {
        Ok(looked) => return Ok((looked, None)),
        Err(problem) if form.seen.is_empty() || form.server.is_empty() => return Err(problem),
        Err(problem) => problem,
    };
    match without_server(app, form, offers).await {
        Ok(looked) => Ok((looked, Some(problem.says))),
        Err(_) => Err(problem),
    }
}

/// Whether the plan was looked at. That the server is known since then changes nothing, as long
/// as no list names it.
async fn is_seen(app: &App, form: &mut Form, offers: &[Offer], plan: &Plan) -> bool {
    if plan.checksum == form.seen || form.server.is_empty() {
        return plan.checksum == form.seen;
    }
    let seen = without_server(app, form, offers).await;
    seen.is_ok_and(|it| it.plan.checksum == form.seen && it.plan.changes() == plan.changes())
}

async fn without_server(app: &App, form: &mut Form, offers: &[Offer]) -> Result<Looked, Problem> {
    let typed = std::mem::take(&mut form.server);
    let looked = look_at(app, form, offers).await;
    form.server = typed;
    looked
}

async fn look_at(app: &App, form: &Form, offers: &[Offer]) -> Result<Looked, Problem> {
    if form.file_too_large {
        return Err(Problem {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            says: "The file is larger than 2 MiB, which no export of domain blocks is. Nothing of \
                   it was kept. Is it the right one?"
                .to_owned(),
        });
    }
    let Some(upload) = &form.file else {
        return Err(Problem::with_input(
            "No file was chosen. Bring the CSV file that your server exports, or use the buttons \
             for Threads, which need none.",
        ));
    };
    let (intent, hints) = wanted(form, offers)?;
    let own = hints.server.into_iter().collect();
    let bytes = upload.bytes.clone();
    let file = CsvFile::from_bytes(&upload.name, bytes, hints.level, own, app.clock.clone())
        .map_err(|error| {
            Problem::with_input(format!(
                "{error}. Bring the file that your server gives under Preferences, Import and \
                 export, Data export, Domains you block; or, for a whole server, under Moderation, \
                 Federation, Export."
            ))
        })?;
    let plan = match keep::plan(app, &file, &intent).await {
        Ok(plan) => plan,
        Err(error) => return Err(unplanned(app, form, &error).await),
    };
    let made = file.in_memory(plan.mode, &plan.changes());
    let (files, state) = made.map_err(|error| unverified(&error.to_string()))?;
    let wrong = differences(&plan.expected(state.taken_at), &state);
    if !wrong.is_empty() {
        return Err(unverified(&format!("{wrong:?}")));
    }
    let named = |(path, text): (std::path::PathBuf, String)| (path.display().to_string(), text);
    Ok(Looked { plan, files: files.into_iter().map(named).collect() })
}

/// Says which list it is, and of the rest nothing: it is the business of whoever runs this.
async fn unplanned(app: &App, form: &Form, error: &anyhow::Error) -> Problem {
    tracing::warn!(error = format!("{error:#}"), "no plan");
    let status = StatusCode::SERVICE_UNAVAILABLE;
    if let Some(DocumentError { name, error }) = error.downcast_ref::<DocumentError>() {
        let says = format!(
            "The list {name} cannot be used: {error}. Choose others for now; your file and your \
             other choices are still here."
        );
        return Problem { status, says };
    }
    for name in &form.lists {
        if !is_usable(app, name).await {
            let says = format!(
                "The list {name} cannot be read here right now. Choose others for now; your file \
                 and your other choices are still here."
            );
            return Problem { status, says };
        }
    }
    let says = "No plan could be made, and nothing was changed. Whoever runs this server finds \
                the cause in its log.";
    Problem { status: StatusCode::INTERNAL_SERVER_ERROR, says: says.to_owned() }
}

/// Whether a list can be read by itself, and has a name in it that is not hidden.
async fn is_usable(app: &App, name: &String) -> bool {
    let Ok(store) = app.existing_store().await else { return false };
    let Ok(mut alone) = Gathered::read(app, std::slice::from_ref(name), Vec::new(), true).await
    else {
        return false;
    };
    alone.unmask(store.as_ref(), std::iter::empty(), false).await.is_ok()
}

fn unverified(why: &str) -> Problem {
    tracing::error!(why, "a new file is not as planned");
    Problem {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        says: "The new file was read again and is not what the plan says, so it is not given out. \
               This is a mistake in Hedgerow; please report it."
            .to_owned(),
    }
}

fn is_export(app: &App, upload: &Upload) -> bool {
    let bytes = upload.bytes.clone();
    CsvFile::from_bytes(&upload.name, bytes, None, Vec::new(), app.clock.clone()).is_ok()
}

fn broken(error: &anyhow::Error) -> Response {
    tracing::error!(error = format!("{error:#}"), "a page could not be made");
    page::broken()
}
