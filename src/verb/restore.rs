//! Bringing a target back to a backup.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::app::App;
use crate::backup::{Backup, BackupError};
use crate::block::Level;
use crate::domain::Domain;
use crate::plan::{self, Plan};
use crate::store::{Store, StoreError};
use crate::target::{Target, TargetError};

#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error("There is no backup {0}; see `hedgerow backups`.")]
    NoSuchBackup(i64),
    #[error(
        "this is the backup of an {backup}, and {name} is an {target}; the two do not fit",
        backup = .of, target = .is
    )]
    OtherLevel { of: Level, name: String, is: Level },
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A backup by its number, checked, and where it lies.
pub async fn backup(store: &Store, id: i64) -> Result<(PathBuf, Backup), RestoreError> {
    let row = store.backup(id).await?.ok_or(RestoreError::NoSuchBackup(id))?;
    let backup = Backup::load(Path::new(&row.path), Some(&row.sha256))?;
    Ok((row.path.into(), backup))
}

/// Plans to bring a target back to a backup, which may be another's of the same level. The
/// domains in `aside` are left as they are now.
pub async fn plan(
    app: &App,
    target: &dyn Target,
    backup: &Backup,
    aside: &BTreeSet<Domain>,
) -> Result<Plan, RestoreError> {
    let (identity, can) = (target.identity(), target.capabilities());
    if identity.level != backup.state.level {
        let (of, is) = (backup.state.level, identity.level);
        return Err(RestoreError::OtherLevel { of, name: identity.name.clone(), is });
    }
    let state = target.read().await?;
    Ok(plan::restore(&backup.state, state, aside, identity, can, app.clock.now()))
}
