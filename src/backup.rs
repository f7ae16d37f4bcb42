//! Backups: the whole state of a target in a file of its own.
//!
//! A backup is two files beside each other: JSON with every field that the target showed,
//! and the CSV that the server's own import page takes, for the day on which Hedgerow is
//! not at hand. The JSON also keeps the follows that the change was about to cut, since
//! nothing else will remember them. A third, `.sha256`, lets `sha256sum -c` check the JSON. All are written
//! and synced before the first change leaves.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::block::{State, hex};
use crate::impact::Impact;
use crate::target::{TargetRef, export};
use crate::whole_file::{self, Readable};

const FORMAT: &str = "hedgerow-backup/1";

/// The content of the JSON file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Always `hedgerow-backup/1`.
    pub format: String,
    pub target: TargetRef,
    /// Why it was made: `before merge`, `by hand`.
    pub reason: String,
    pub taken_at: DateTime<Utc>,
    pub state: State,
    /// What the change that it was made for would cut; nothing in one made by hand, or by a
    /// Hedgerow that did not look yet.
    #[serde(default, skip_serializing_if = "Impact::is_empty")]
    pub cuts: Impact,
}

/// A backup that lies on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    pub path: PathBuf,
    pub csv_path: PathBuf,
    /// Of the JSON file's bytes, in hexadecimal.
    pub sha256: String,
}

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{path}: {error}")]
    Io { path: String, error: std::io::Error },
    #[error("{path} is not a backup of Hedgerow: {why}")]
    NotABackup { path: String, why: String },
    #[error("{path} is damaged: {why}. Use another backup (`hedgerow backups` shows them).")]
    Damaged { path: String, why: String },
}

impl Backup {
    pub fn new(target: TargetRef, state: State, reason: &str) -> Self {
        let taken_at = state.taken_at;
        let (format, reason) = (FORMAT.to_owned(), reason.to_owned());
        Backup { format, target, reason, taken_at, state, cuts: Impact::default() }
    }

    #[must_use]
    pub fn with_cuts(self, cuts: Impact) -> Self {
        Backup { cuts, ..self }
    }

    /// Writes the files into `directory`, which is made if need be and closed to others:
    /// whom somebody blocks is nobody else's business.
    pub fn save(&self, directory: &Path) -> Result<Saved, BackupError> {
        let io = |path: &Path| {
            let path = path.display().to_string();
            move |error| BackupError::Io { path, error }
        };
        create_private_dir(directory).map_err(io(directory))?;
        let json = serde_json::to_vec_pretty(self).unwrap_or_default();
        let sha256 = hex(&Sha256::digest(&json));
        let stem = format!(
            "{}-{}-{}",
            file_name(&self.target.name),
            self.taken_at.format("%Y%m%dT%H%M%S%3fZ"),
            &sha256[..8]
        );
        let path = directory.join(format!("{stem}.json"));
        let csv_path = directory.join(format!("{stem}.csv"));
        let sum_path = directory.join(format!("{stem}.json.sha256"));
        let importable = self.state.blocks.iter().filter(|block| block.domain().is_some());
        let csv = export(self.state.level, importable);
        let put = |path: &Path, content: &[u8]| {
            whole_file::write(path, content, Readable::ByOwner).map_err(io(path))
        };
        put(&csv_path, csv.as_bytes())?;
        put(&sum_path, format!("{sha256}  {stem}.json\n").as_bytes())?;
        put(&path, &json)?;
        Ok(Saved { path, csv_path, sha256 })
    }

    /// Reads a backup and checks it against itself and, where given, against the sum that
    /// was noted when it was made.
    pub fn load(path: &Path, sha256: Option<&str>) -> Result<Backup, BackupError> {
        let shown = path.display().to_string();
        let bytes =
            std::fs::read(path).map_err(|error| BackupError::Io { path: shown.clone(), error })?;
        let backup: Backup = serde_json::from_slice(&bytes).map_err(|error| {
            let why = error.to_string();
            if String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).contains("hedgerow-backup/")
            {
                BackupError::Damaged { path: shown.clone(), why }
            } else {
                BackupError::NotABackup { path: shown.clone(), why }
            }
        })?;
        if backup.format != FORMAT {
            let why = format!("it is of the form {:?}, not {FORMAT:?}", backup.format);
            return Err(BackupError::NotABackup { path: shown, why });
        }
        let found = hex(&Sha256::digest(&bytes));
        let noted = sha256.map(str::to_owned).or_else(|| noted_sum(path));
        if noted.is_some_and(|noted| noted != found) {
            let why = "its SHA-256 is not the one noted when it was made".to_owned();
            return Err(BackupError::Damaged { path: shown, why });
        }
        let ordered = backup.state.blocks.is_sorted_by(|a, b| a.name < b.name);
        if !ordered || State::digest(&backup.state.blocks) != backup.state.sha256 {
            let why = "the blocks in it do not match their checksum".to_owned();
            return Err(BackupError::Damaged { path: shown, why });
        }
        Ok(backup)
    }
}

/// The sum in the `.sha256` file beside a backup, if there is one.
fn noted_sum(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path.with_extension("json.sha256")).ok()?;
    Some(text.split_whitespace().next()?.to_owned())
}

/// A target's name as a part of a file name: paths and `@` stay readable, nothing escapes
/// the directory.
fn file_name(name: &str) -> String {
    let base = Path::new(name).file_name().map_or(name.into(), |base| base.to_string_lossy());
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-_.@".contains(c) { c } else { '_' };
    let text: String = base.chars().map(safe).take(80).collect();
    text.trim_start_matches('.').to_owned()
}

pub(crate) fn create_private_dir(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{Block, Level};
    use crate::domain::Domain;
    use crate::impact::{Cut, Person};
    use crate::target::Kind;

    fn backup(name: &str) -> Backup {
        let block =
            |name: &str| Block { name: name.into(), rule: None, id: None, created_at: None };
        let blocks = vec![block("bad.example"), block("*.odd.example")];
        let taken_at = "2026-11-01T10:00:00Z".parse().unwrap();
        let target = TargetRef {
            name: name.to_owned(),
            kind: Kind::Csv,
            level: Level::Account,
            address: String::new(),
            account: None,
            own: Vec::new(),
        };
        Backup::new(target, State::new(Level::Account, taken_at, blocks), "by hand")
    }

    #[test]
    fn what_was_saved_is_read_back_and_the_csv_holds_what_can_be_imported() {
        let directory = tempfile::tempdir().unwrap();
        let original = backup("../../etc/blocked domains.csv");
        let saved = original.save(directory.path()).unwrap();
        assert_eq!(saved.path.parent(), Some(directory.path()));
        assert_eq!(Backup::load(&saved.path, Some(&saved.sha256)).unwrap(), original);
        assert_eq!(std::fs::read_to_string(saved.csv_path).unwrap(), "bad.example\n");
    }

    #[test]
    fn who_was_to_be_cut_off_is_kept_and_old_backups_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let plain = backup("me").save(directory.path()).unwrap();
        let text = std::fs::read_to_string(&plain.path).unwrap();
        assert!(!text.contains("cuts"), "{text}");
        assert!(Backup::load(&plain.path, None).unwrap().cuts.is_empty());

        let (acct, id) = ("friend@bad.example".to_owned(), "7".to_owned());
        let people = vec![Person { acct, id, following: true, follower: false }];
        let domain = |name| Domain::from_stored(name).unwrap();
        let mut cuts = Impact::untold(&[domain("dark.example")], Some("Look.".to_owned()));
        cuts.cuts.insert(
            domain("bad.example"),
            Cut { following: 1, followers: 0, accounts: None, people },
        );
        let full = backup("me").with_cuts(cuts);
        let saved = full.save(directory.path()).unwrap();
        let loaded = Backup::load(&saved.path, Some(&saved.sha256)).unwrap();
        assert_eq!(loaded, full);
        assert_eq!(loaded.cuts.cuts[&domain("bad.example")].people[0].acct, "friend@bad.example");
    }

    #[test]
    fn damage_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let saved = backup("me").save(directory.path()).unwrap();
        let text = std::fs::read_to_string(&saved.path).unwrap();
        std::fs::write(&saved.path, text.replace("bad.example", "sad.example")).unwrap();
        assert!(matches!(Backup::load(&saved.path, None), Err(BackupError::Damaged { .. })));
        // Even where the noted sum is gone, the blocks have one of their own.
        std::fs::remove_file(saved.path.with_extension("json.sha256")).unwrap();
        assert!(matches!(Backup::load(&saved.path, None), Err(BackupError::Damaged { .. })));
        std::fs::write(&saved.path, &text[..text.len() / 2]).unwrap();
        assert!(matches!(Backup::load(&saved.path, None), Err(BackupError::Damaged { .. })));
        std::fs::write(&saved.path, "{}").unwrap();
        assert!(matches!(Backup::load(&saved.path, None), Err(BackupError::NotABackup { .. })));
    }
}
