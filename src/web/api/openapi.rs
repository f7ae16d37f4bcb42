//! The document that describes the API, made of what stands at each handler.

use std::sync::LazyLock;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, OpenApi as Document, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use super::{
    access, auth, exceptions, follows, jobs, lists, log, problem, proposals, published, runs,
    targets, why,
};
use crate::web::site::Site;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Hedgerow",
        description = "Shared blocklists for fediverse accounts and instances: planned, backed \
                       up, applied, verified, undone. Every request carries a personal token, as \
                       `Authorization: Bearer hr_…`; `docs/api.md` tells how to get one.",
        license(name = "MIT OR Apache-2.0"),
    ),
    paths(
        auth::me,
        access::tokens, access::end_token,
        access::sessions, access::end_session, access::end_sessions,
        targets::list, targets::one, targets::forget, targets::read, targets::tally,
        targets::blocks, targets::one_block, targets::file,
        follows::list, follows::subscribe, follows::unsubscribe, follows::policy_of,
        follows::set_policy, follows::no_policy,
        exceptions::list, exceptions::except, exceptions::end, exceptions::dismissals,
        exceptions::dismiss, exceptions::undismiss, exceptions::dated, exceptions::date,
        exceptions::undate, exceptions::release, exceptions::adopt,
        jobs::job, jobs::events, jobs::stop,
        proposals::make, proposals::again, proposals::one, proposals::let_go, proposals::rows,
        proposals::decide, proposals::apply,
        runs::list, runs::one, runs::steps, runs::go_on, runs::abandon, runs::undo,
        runs::outcome, runs::cuts, runs::differences, runs::announcement, runs::lost,
        runs::follow_again, runs::back_up,
        runs::backups, runs::backup, runs::file, runs::bring_back,
        lists::list, lists::one, lists::follow, lists::leave, lists::followers,
        lists::settings, lists::change, lists::entries, lists::problems, lists::versions,
        lists::difference, lists::update, lists::accept, lists::reject,
        lists::what_if, lists::what_rows,
        lists::known, lists::one_known,
        lists::compare, lists::combinations, lists::domains_in, lists::differences,
        why::why,
        log::events,
        published::list, published::add, published::one, published::change, published::end,
    ),
    components(schemas(problem::Shape, runs::Form, targets::Sort)),
    security(("token" = [])),
    modifiers(&Everywhere),
)]
struct Api;

/// What every operation has.
struct Everywhere;

impl Modify for Everywhere {
    fn modify(&self, document: &mut Document) {
        let mut scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        scheme.description = Some("A personal token.".to_owned());
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
        for item in document.paths.paths.values_mut() {
            let operations =
                [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
            for operation in operations.into_iter().flatten() {
                // Clients that are made of the document name their functions by it.
                if let (Some([tag, ..]), Some(name)) =
                    (operation.tags.as_deref(), &mut operation.operation_id)
                {
                    *name = format!("{tag}_{name}");
                }
                let wrong = [
                    ("400", "The question cannot be read."),
                    ("401", "No token, or one that is not known."),
                    ("403", "The token may only read."),
                    ("404", "There is none, or it is somebody else's."),
                    ("405", "Not with this method."),
                    ("408", "It took longer than a minute."),
                    ("409", "Something stands in the way, or has changed meanwhile."),
                    ("413", "Too large."),
                    ("415", "The body has to be JSON."),
                    ("421", "The server is asked under a name that is not its own."),
                    ("422", "What was sent can be read and not be used."),
                    ("429", "Too often in a short time."),
                    ("500", "Something is broken here."),
                    ("502", "Another server did not help."),
                    ("503", "Not right now."),
                    ("504", "Another server did not answer in time."),
                ];
                for (status, says) in wrong {
                    let shape = Content::new(Some(Ref::from_schema_name("Error")));
                    let response = ResponseBuilder::new().description(says);
                    let response = response.content("application/json", shape).build();
                    let known = &mut operation.responses.responses;
                    known.entry(status.to_owned()).or_insert(RefOr::T(response));
                }
            }
        }
    }
}

static TEXT: LazyLock<String> =
    LazyLock::new(|| Api::openapi().to_pretty_json().unwrap_or_default());

pub fn routes() -> Router<Site> {
    Router::new().route("/api/openapi.json", get(document))
}

/// Anybody may read it: it tells nothing of anybody.
async fn document() -> ([(header::HeaderName, &'static str); 1], &'static str) {
    ([(header::CONTENT_TYPE, "application/json")], &TEXT)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::policy::Terms;
    use crate::web::api::input::MOST;

    #[test]
    fn the_document_is_the_one_in_the_repository() {
        insta::assert_snapshot!(TEXT.as_str());
    }

    /// What describes a field takes no constants, only numbers.
    #[test]
    fn the_limits_in_it_are_those_that_hold() {
        let document: Value = serde_json::from_str(&TEXT).unwrap();
        let terms = &document["components"]["schemas"]["Terms"]["properties"];
        assert_eq!(terms["weight"]["maximum"], Terms::MOST_WEIGHT);
        assert_eq!(terms["grace_days"]["maximum"], Terms::MOST_GRACE_DAYS);
        let paths = document["paths"].as_object().unwrap().values();
        let deeds = paths.flat_map(|path| path.as_object().unwrap().values());
        let given = deeds.filter_map(|deed| deed["parameters"].as_array()).flatten();
        let limits: Vec<&Value> = given.filter(|given| given["name"] == "limit").collect();
        assert!(limits.len() > 10, "{limits:?}");
        assert!(limits.iter().all(|limit| limit["schema"]["maximum"] == MOST), "{limits:?}");
    }
}
