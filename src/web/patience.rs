//! Waiting for a list's publisher while somebody waits for the answer.

use std::time::Duration;

use tokio::task::JoinError;

/// How long a publisher may take. A request as a whole is given up a little later.
pub const PATIENCE: Duration = Duration::from_secs(45);

/// Does the work in a task of its own, so that it comes to its end even when whoever asked has
/// gone. Nothing where it took too long, and was given up.
pub async fn patiently<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<Option<T>, JoinError> {
    let done = tokio::spawn(async move { tokio::time::timeout(PATIENCE, work).await }).await?;
    Ok(done.ok())
}
