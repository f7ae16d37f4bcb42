//! Any server as a list: what it publishes of its own blocks.

use crate::fetch::{Answer, FetchError, Fetcher, Validators};

/// What a server publishes, and what it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceAnswer {
    /// The name in its nodeinfo, in lower case.
    pub software: String,
    pub answer: Answer,
}

#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
}

pub async fn read(
    _fetcher: &Fetcher,
    _host: &str,
    _validators: &Validators,
) -> Result<InstanceAnswer, InstanceError> {
    Err(FetchError::NotFound.into())
}
