//! Lists as JSON: what servers answer and what other programs publish.

use super::decode::Source;
use super::error::ReadError;
use super::{Document, Format};

pub(super) fn read(source: &Source<'_>, forced: Option<Format>) -> Result<Document, ReadError> {
    let _ = forced;
    let says = serde_json::from_str::<serde_json::Value>(&source.text)
        .ok()
        .and_then(|value| value.get("error")?.as_str().map(str::to_owned));
    Err(ReadError::Json { says })
}
