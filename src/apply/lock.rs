//! One run per target at a time.

use std::fs::{File, TryLockError};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{ApplyError, Engine};
use crate::backup::create_private_dir;
use crate::block::hex;
use crate::keep::whose;
use crate::store::TargetLock;

/// Between the times that a lock is asked for, in milliseconds: 0.8 seconds in all.
const LETTING_GO: [u64; 4] = [20, 80, 200, 500];

/// Held while somebody works on a target. The system gives it back when the process ends,
/// however it ends. Where several machines share a database, the database keeps it too.
pub struct Lock {
    #[expect(dead_code, reason = "held for its lock, released on drop")]
    file: File,
    #[expect(dead_code, reason = "held for its lock, released on drop")]
    shared: TargetLock,
}

impl Engine<'_> {
    /// Locks the target. The one before may have let go, and the database or the
    /// system not have noticed yet, so it is asked for more than once.
    pub async fn lock(&self) -> Result<Lock, ApplyError> {
        for pause in LETTING_GO {
            match self.try_lock().await {
                Err(ApplyError::Busy) if !self.stop.is_asked() => {
                    self.clock.sleep(Duration::from_millis(pause)).await;
                }
                answer => return answer,
            }
        }
        self.try_lock().await
    }

    async fn try_lock(&self) -> Result<Lock, ApplyError> {
        let directory = self.data_dir.join("locks");
        let identity = self.target.identity();
        let whose = format!("{} {}", identity.level, whose(identity));
        let key = hex(&Sha256::digest(whose.as_bytes()));
        let path = directory.join(format!("{}.lock", &key[..16]));
        let failed = |error| ApplyError::Lock { path: path.display().to_string(), error };
        create_private_dir(&directory).map_err(failed)?;
        let file =
            File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => match self.store.lock_target(&whose).await? {
                Some(shared) => Ok(Lock { file, shared }),
                None => Err(ApplyError::Busy),
            },
            Err(TryLockError::WouldBlock) => Err(ApplyError::Busy),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}
