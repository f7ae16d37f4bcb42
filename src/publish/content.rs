//! The bytes that subscribers get.

use std::fmt::Write;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::rows::{Row, of_lists, of_state};
use super::{Publication, Together, What};
use crate::app::App;
use crate::block::{Level, Severity, State, hex};
use crate::desk::Desk;
use crate::gather::Gathered;
use crate::keep;
use crate::list::write::write;
use crate::list::{Entry, Format, bundled};
use crate::policy::worded;
use crate::store::{FollowedList, Store};

#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The target is gone, was never read, or its name is somebody else's by now.
    #[error("There is nothing to publish: the target is gone, or was not read yet.")]
    NoReading,
    #[error("There is nothing to publish: the list {0} is not followed any more.")]
    NoList(String),
}

worded! {
    /// What other software subscribes to.
    pub enum Form {
        /// Mastodon's admin CSV.
        Csv = "csv",
        /// One name a line.
        Text = "text",
        /// `/api/v1/instance/domain_blocks`.
        Json = "json",
    }
}

/// One of the forms, and what identifies it.
#[derive(Debug, Clone)]
pub struct File {
    pub bytes: Arc<[u8]>,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    pub entries: usize,
}

/// A publication, written out.
#[derive(Debug, Clone)]
pub struct Content {
    pub csv: File,
    pub text: File,
    pub json: File,
    /// Domains that are published in any way.
    pub entries: usize,
    /// Of them, those whose names are hidden: only the JSON has them.
    pub hidden: usize,
    /// When what it is made from was last another, at the latest.
    pub modified: DateTime<Utc>,
    /// Where the blocks are one account's, their server's, or nobody's but lists'.
    pub level: Option<Level>,
}

impl Content {
    pub fn file(&self, form: Form) -> &File {
        match form {
            Form::Csv => &self.csv,
            Form::Text => &self.text,
            Form::Json => &self.json,
        }
    }

    /// About how much memory it takes.
    pub fn size(&self) -> usize {
        self.csv.bytes.len() + self.text.bytes.len() + self.json.bytes.len()
    }
}

/// What a publication is made from now, found without reading it.
pub enum Source {
    State(Arc<State>),
    Lists { lists: Vec<FollowedList>, together: Together, since: DateTime<Utc> },
}

/// Finds what a publication is made from. `app` is that of its owner.
pub async fn find(app: &App, desk: &Desk, what: &Publication) -> anyhow::Result<Source> {
    let store = app.store().await?;
    match &what.what {
        What::Target { target, whose } => {
            let row = store.target(target).await?.ok_or(PublishError::NoReading)?;
            if keep::whose(&app.identity(&row)?) != *whose {
                return Err(PublishError::NoReading.into());
            }
            let state = desk.reading(app, &row).await?.ok_or(PublishError::NoReading)?;
            Ok(Source::State(state))
        }
        What::Lists(together) => followed(&store, together, what.created_at).await,
    }
}

async fn followed(
    store: &Store,
    together: &Together,
    made: DateTime<Utc>,
) -> anyhow::Result<Source> {
    let (mut lists, mut since) = (Vec::new(), made);
    for name in &together.lists {
        if bundled::find(name).is_some() {
            continue;
        }
        let list = store.list(name).await?.ok_or_else(|| PublishError::NoList(name.clone()))?;
        if let Some(current) = store.snapshot(list.current).await? {
            since = since.max(current.decided_at.unwrap_or(current.fetched_at));
        }
        lists.push(list);
    }
    Ok(Source::Lists { lists, together: together.clone(), since })
}

impl Source {
    /// Changes whenever the content could be another.
    pub fn stamp(&self, what: &Publication) -> String {
        let mut stamp = what.changed_at.to_rfc3339();
        match self {
            Source::State(state) => {
                let _ = write!(stamp, " {} {}", state.sha256, state.taken_at.to_rfc3339());
            }
            Source::Lists { lists, .. } => {
                for list in lists {
                    let _ = write!(stamp, " {}:{}", list.id, list.current);
                }
            }
        }
        stamp
    }

    /// Writes the content.
    pub async fn content(self, app: &App, what: &Publication) -> anyhow::Result<Content> {
        let (rows, modified, level) = match self {
            Source::State(state) => {
                (of_state(&state, &what.options), state.taken_at, Some(state.level))
            }
            Source::Lists { together, since, .. } => {
                let mut gathered = Gathered::read(app, &together.lists, Vec::new(), true).await?;
                let store = app.store().await?;
                gathered.unmask(Some(&store), std::iter::empty(), false).await?;
                (of_lists(gathered.combined, &together, &what.options), since, None)
            }
        };
        Ok(written(&rows, modified.max(what.changed_at), level))
    }
}

fn written(rows: &[Row], modified: DateTime<Utc>, level: Option<Level>) -> Content {
    // A name that is hidden nobody can import. The JSON has its digest beside it.
    let open: Vec<Entry> = rows.iter().filter(|r| !r.hidden).map(|r| r.entry.clone()).collect();
    let in_format = |format| {
        // These two are among the formats that can be written.
        let done = write(&open, format, Severity::Suspend);
        done.map_or_else(|| file(Vec::new(), 0), |done| file(done.bytes, done.entries))
    };
    let mut json: Vec<_> = rows.iter().filter_map(Row::as_mastodon).collect();
    // As Mastodon orders them: what is only limited first.
    json.sort_by_key(|row| row["severity"] == "suspend");
    let count = json.len();
    Content {
        csv: in_format(Format::MastodonAdminCsv),
        text: in_format(Format::UserCsv),
        json: file(serde_json::to_vec(&json).unwrap_or_default(), count),
        entries: rows.len(),
        hidden: rows.len() - open.len(),
        modified,
        level,
    }
}

fn file(bytes: Vec<u8>, entries: usize) -> File {
    File { sha256: hex(&Sha256::digest(&bytes)), bytes: bytes.into(), entries }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{Block, Rule};
    use crate::list::read;
    use crate::publish::{Obfuscate, Options};

    fn state() -> State {
        let block = |name: &str, severity, obfuscate, comment: &str| {
            let rule = Rule {
                obfuscate,
                public_comment: Some(comment.into()),
                private_comment: Some("secret of moderators".into()),
                ..Rule::new(severity)
            };
            Block {
                name: name.into(),
                rule: Some(rule),
                id: Some("4711".into()),
                created_at: Some("2020-02-02".into()),
            }
        };
        let blocks = vec![
            block("harsh.example", Severity::Suspend, false, "spam, \"really\"\nand more"),
            block("limited.example", Severity::Silence, false, "loud"),
            block("note.example", Severity::Noop, false, "a note"),
            block("hidden-name.example", Severity::Suspend, true, "shy"),
            block("not a domain", Severity::Suspend, false, "x"),
        ];
        State::new(Level::Instance, DateTime::UNIX_EPOCH, blocks)
    }

    fn content(options: &Options) -> Content {
        written(&of_state(&state(), options), DateTime::UNIX_EPOCH, Some(Level::Instance))
    }

    fn text(file: &File) -> String {
        String::from_utf8(file.bytes.to_vec()).unwrap()
    }

    #[test]
    fn what_nobody_chose_to_show_is_nowhere() {
        let content = content(&Options::default());
        for file in [&content.csv, &content.text, &content.json] {
            let text = text(file);
            for secret in ["secret", "4711", "2020", "hidden-name.example", "note", "not a domain"]
            {
                assert!(!text.contains(secret), "{secret} is in {text}");
            }
        }
        assert_eq!((content.entries, content.hidden), (3, 1));
        insta::assert_snapshot!("csv", text(&content.csv));
        insta::assert_snapshot!("text", text(&content.text));
        insta::assert_snapshot!("json", text(&content.json));
    }

    #[test]
    fn the_owner_decides_about_comments_and_names() {
        let all = Options {
            private_comments: true,
            obfuscate: Obfuscate::None,
            min_severity: Severity::Noop,
            ..Options::default()
        };
        let open = content(&all);
        assert!(text(&open.csv).contains("hidden-name.example,suspend"));
        assert!(text(&open.csv).contains("loud; secret of moderators"));
        assert!(text(&open.csv).contains("note.example,noop"));
        assert!(!text(&open.json).contains("note.example"), "Mastodon shows no notes");
        let none = Options { public_comments: false, ..Options::default() };
        assert!(!text(&content(&none).csv).contains("spam"));
        let veiled = content(&Options { obfuscate: Obfuscate::All, ..Options::default() });
        assert_eq!((veiled.hidden, text(&veiled.text)), (3, String::new()));
        assert!(!text(&veiled.json).contains("limited.example"));
    }

    #[test]
    fn our_own_readers_read_it_again() {
        let content = content(&Options::default());
        for (file, want) in [(&content.csv, 2), (&content.text, 1), (&content.json, 2)] {
            let document = read(&file.bytes).unwrap();
            assert_eq!(document.entries.len(), want, "{}", text(file));
            let hidden = document.hidden.len();
            assert_eq!(hidden, usize::from(std::ptr::eq(file, &raw const content.json)));
        }
    }
}
