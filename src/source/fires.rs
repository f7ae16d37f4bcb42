//! FIRES datasets: followed change by change.

use url::Url;

use crate::fetch::{Auth, FetchError, Fetcher};

/// The state of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// One FIRES collection, as the reader of lists reads it.
    pub bytes: Vec<u8>,
    /// The last change that is in it.
    pub cursor: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum FiresError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    Unchanged,
    Changed(Dataset),
}

pub async fn follow(
    _fetcher: &Fetcher,
    _dataset: &Url,
    _auth: Option<&Auth>,
    _last: Option<&Dataset>,
) -> Result<Followed, FiresError> {
    Err(FetchError::NotFound.into())
}
