//! A target of the person who asks, by the number in the address.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::fault::Fault;
use super::visitor::Person;
use crate::store::{TargetNow, TargetRow};

/// For addresses with a `{target}` in them. Somebody else's target is not there.
pub struct At {
    pub person: Person,
    pub row: TargetRow,
    /// How it stood when the request came, for what only shows it.
    pub now: TargetNow,
}

impl<S: Send + Sync> FromRequestParts<S> for At {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<At, Response> {
        let person = <Person as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|_| Fault::Missing.into_response())?;
        let number = params.iter().find(|(name, _)| *name == "target");
        let number = number.and_then(|(_, number)| number.parse().ok());
        let number: i64 = number.ok_or_else(|| Fault::Missing.into_response())?;
        match find(&person, number).await {
            Ok((row, now)) => Ok(At { person, row, now }),
            Err(fault) => Err(fault.into_response()),
        }
    }
}

async fn find(person: &Person, number: i64) -> Result<(TargetRow, TargetNow), Fault> {
    person.app.store().await?.target_now(number).await?.ok_or(Fault::Missing)
}
