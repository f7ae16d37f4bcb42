//! What went wrong, for programs: one shape for everything.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::web::fault::Fault;
use crate::web::frame::only_looks;

/// An error as an answer.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    approval: Option<Approval>,
}

/// What a person has to approve in a browser before a program can go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Approval {
    /// To be opened in any browser. It shows a code once the person has approved.
    pub address: String,
    /// To be sent back with the code, within ten minutes.
    pub ticket: String,
}

/// What a handler gives.
pub type Reply<T> = Result<T, Problem>;

/// Every error has this shape.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Error)]
pub struct Shape {
    pub error: What,
}

#[derive(Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ErrorDetail)]
pub struct What {
    /// A word for programs, such as `not_found`.
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// With the code `approval_needed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
}

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Problem {
        Problem { status, code, message: message.into(), approval: None }
    }

    pub fn of(status: StatusCode, message: impl Into<String>) -> Problem {
        Problem::new(status, code(status), message)
    }

    /// Not there, or somebody else's.
    pub fn missing(what: &str) -> Problem {
        Problem::of(StatusCode::NOT_FOUND, format!("There is no such {what}."))
    }

    /// A value that can be read and not be used.
    pub fn input(message: impl Into<String>) -> Problem {
        Problem::of(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    /// A question that is wrongly put.
    pub fn question(message: impl Into<String>) -> Problem {
        Problem::of(StatusCode::BAD_REQUEST, message)
    }

    pub fn conflict(message: impl Into<String>) -> Problem {
        Problem::of(StatusCode::CONFLICT, message)
    }

    /// The same, with what is to be known before it.
    #[must_use]
    pub fn after(self, says: &str) -> Problem {
        Problem { message: format!("{says} {}", self.message), ..self }
    }

    /// A person has to allow it first, in a browser.
    pub fn approval(message: impl Into<String>, approval: Approval) -> Problem {
        let problem = Problem::new(StatusCode::CONFLICT, "approval_needed", message);
        Problem { approval: Some(approval), ..problem }
    }

    /// The same inside another answer.
    pub fn what(self) -> What {
        let Problem { code, message, approval, .. } = self;
        What { code: code.to_owned(), message, approval }
    }

    /// What stands for a page that programs cannot read.
    pub fn in_place_of(status: StatusCode) -> Problem {
        let says = match status {
            StatusCode::REQUEST_TIMEOUT if !only_looks() => {
                "The request was given up after a minute. It may have been carried out all the \
                 same; look before you send it again."
            }
            StatusCode::REQUEST_TIMEOUT => "The request was given up after a minute.",
            StatusCode::FORBIDDEN => "Requests of another site's pages are not answered.",
            StatusCode::MISDIRECTED_REQUEST => "This server answers under its own name only.",
            StatusCode::NOT_FOUND => "There is no such address; see /api/openapi.json.",
            StatusCode::METHOD_NOT_ALLOWED => "This address does not take this method.",
            StatusCode::PAYLOAD_TOO_LARGE => "The request is too large.",
            StatusCode::TOO_MANY_REQUESTS => "That was too often in a short time.",
            _ => "Something is broken here. The cause is in the server's log.",
        };
        Problem::of(status, says)
    }
}

fn code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "bad_request",
        StatusCode::UNAUTHORIZED => "unauthorized",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        StatusCode::REQUEST_TIMEOUT => "timeout",
        StatusCode::CONFLICT => "conflict",
        StatusCode::GONE => "gone",
        StatusCode::PAYLOAD_TOO_LARGE => "too_large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported_media_type",
        StatusCode::MISDIRECTED_REQUEST => "misdirected",
        StatusCode::UNPROCESSABLE_ENTITY => "invalid",
        StatusCode::TOO_MANY_REQUESTS => "too_many_requests",
        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => "other_server",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        _ => "broken",
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Problem {
        match fault {
            Fault::Missing => Problem::missing("thing, or it is not yours"),
            Fault::Told { status, says, .. } => Problem::of(status, says),
            Fault::Broken(error) => {
                tracing::error!(error = format!("{error:#}"), "a request could not be answered");
                Problem::in_place_of(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Problem {
    fn from(error: E) -> Problem {
        let error: anyhow::Error = error.into();
        Problem::from(Fault::of(&error).unwrap_or(Fault::Broken(error)))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status;
        let mut response = (status, Json(Shape { error: self.what() })).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let asks = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, asks);
        }
        response
    }
}
