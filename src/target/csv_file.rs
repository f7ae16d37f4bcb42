//! A CSV file exported by hand, for servers that give no token or people who want none.
//!
//! The file itself is never touched. What an apply writes is a new file beside it, in the
//! one form that the server's import page takes on every version: for an account no
//! header and one canonical domain a line (a header would be read as a domain before
//! Mastodon 4.2, and one unusable line ends an import half-way); for an instance the
//! columns of Mastodon's own export, in lower case.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use compact_str::CompactString;

use super::{Capabilities, Kind, Matching, Target, TargetError, TargetRef, Writes, Written};
use crate::block::{Block, Level, Rule, Severity, State};
use crate::clock::Clock;
use crate::domain::Domain;
use crate::list::ReadError;
use crate::plan::{Change, Mode};
use crate::whole_file::{self, Readable};

/// What Mastodon's import pages take at most (`form/import.rb`).
pub const MOST_ROWS: usize = 20_000;

/// The columns of Mastodon's export of an instance's blocks.
const COLUMNS: [&str; 6] =
    ["#domain", "#severity", "#reject_media", "#reject_reports", "#public_comment", "#obfuscate"];

const WEB_PAGE: &str = "it is a web page, perhaps the one on which your server offers its exports. \
                        Download the file of blocked domains itself there, and take that. Nothing \
                        was changed";

/// Why a file is not taken as a target.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    #[error("{path}: {error}")]
    Unreadable { path: String, error: std::io::Error },
    #[error("{path} is not an export of domain blocks: {why}")]
    NotAnExport { path: String, why: String },
}

pub struct CsvFile {
    identity: TargetRef,
    path: PathBuf,
    state: State,
    /// The names in the order of the file.
    order: Vec<CompactString>,
    clock: Arc<dyn Clock>,
    output: Mutex<Vec<PathBuf>>,
    wanted_output: PathBuf,
}

impl CsvFile {
    /// Reads an export. `level` overrides what the content says, for an instance's file
    /// that is still empty; `own` are the server's own names, which a file does not tell.
    pub fn open(
        path: &Path,
        level: Option<Level>,
        own: Vec<Domain>,
        clock: Arc<dyn Clock>,
    ) -> Result<CsvFile, CsvError> {
        let shown = path.display().to_string();
        let bytes = std::fs::read(path)
            .map_err(|error| CsvError::Unreadable { path: shown.clone(), error })?;
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let file = CsvFile::from_bytes(&shown, bytes, level, own, clock)?;
        let identity = TargetRef { address: absolute.display().to_string(), ..file.identity };
        Ok(CsvFile {
            identity,
            wanted_output: beside(path, Mode::Merge),
            path: path.into(),
            ..file
        })
    }

    /// The same for an export that somebody handed over under a name and that lies nowhere.
    pub fn from_bytes(
        name: &str,
        bytes: Vec<u8>,
        level: Option<Level>,
        own: Vec<Domain>,
        clock: Arc<dyn Clock>,
    ) -> Result<CsvFile, CsvError> {
        let shown = name.to_owned();
        let wrong = |why: String| CsvError::NotAnExport { path: shown.clone(), why };
        match crate::list::wrong_kind(&bytes) {
            None => {}
            // In the words for a list, an address would be wrong.
            Some(ReadError::Html { .. }) => return Err(wrong(WEB_PAGE.to_owned())),
            Some(why) => return Err(wrong(why.to_string())),
        }
        let text = String::from_utf8(bytes)
            .map_err(|_| wrong("it is not UTF-8 text; export it again".to_owned()))?;
        let text = text.trim_start_matches('\u{feff}');
        let (found, blocks) = parse(text).map_err(wrong)?;
        let level = level.unwrap_or(found);
        if level != found && !blocks.is_empty() {
            return Err(wrong(format!("it is an {found}'s export, and --level says {level}")));
        }
        let order = blocks.iter().map(|block| block.name.clone()).collect();
        let path = PathBuf::from(name);
        Ok(CsvFile {
            identity: TargetRef {
                name: shown.clone(),
                kind: Kind::Csv,
                level,
                address: shown,
                account: None,
                own,
            },
            wanted_output: beside(&path, Mode::Merge),
            path,
            state: State::new(level, clock.now(), blocks),
            order,
            clock,
            output: Mutex::new(Vec::new()),
        })
    }

    /// Where [`Target::write`] is to put the new file; without this it is put beside the
    /// export, and never over another file.
    pub fn write_to(&mut self, output: Option<PathBuf>, mode: Mode) {
        self.wanted_output = output.unwrap_or_else(|| beside(&self.path, mode));
    }

    /// The files that were written; more than one if the import page would refuse so many
    /// rows at once.
    pub fn written(&self) -> Vec<PathBuf> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<PathBuf>> {
        self.output.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// What [`Target::write`] would write, without a disk: files that the import page takes,
    /// by the names that they would get, and what they come to when they are read again.
    pub fn in_memory(
        &self,
        mode: Mode,
        changes: &[Change],
    ) -> Result<(Vec<(PathBuf, String)>, State), TargetError> {
        let files = self.contents(&beside(&self.path, mode), changes);
        let state = self.read_again(&files)?;
        Ok((files, state))
    }

    fn contents(&self, output: &Path, changes: &[Change]) -> Vec<(PathBuf, String)> {
        let blocks = self.result(changes);
        let blocks: Vec<&Block> = blocks.iter().filter(|block| block.domain().is_some()).collect();
        let mut parts: Vec<&[&Block]> = blocks.chunks(MOST_ROWS).collect();
        if parts.is_empty() {
            parts.push(&[]);
        }
        let many = parts.len() > 1;
        let content = |(at, part): (usize, &[&Block])| {
            let path = numbered(output, many.then_some(at + 1));
            (path, export(self.identity.level, part.iter().copied()))
        };
        parts.into_iter().enumerate().map(content).collect()
    }

    fn read_again(&self, files: &[(PathBuf, String)]) -> Result<State, TargetError> {
        let mut blocks = Vec::new();
        for (path, text) in files {
            let wrong = |why| TargetError::Fatal(format!("{}: {why}", path.display()));
            let (_, part) = parse(text).map_err(wrong)?;
            blocks.extend(part);
        }
        // What is no domain cannot be imported and was left out on purpose; it stays where
        // it is on the server.
        blocks.extend(self.state.blocks.iter().filter(|b| b.domain().is_none()).cloned());
        Ok(State::new(self.identity.level, self.clock.now(), blocks))
    }

    /// The state after `changes`, in the order of the file, with what is new at its end.
    fn result(&self, changes: &[Change]) -> Vec<Block> {
        let mut rules: hashbrown::HashMap<&str, Option<Rule>> =
            self.state.blocks.iter().map(|b| (b.name.as_str(), b.rule.clone())).collect();
        let mut new = Vec::new();
        for change in changes {
            match change {
                Change::Add { domain, rule } => {
                    rules.insert(domain.as_str(), rule.clone());
                    new.push(domain.as_str());
                }
                Change::Update { domain, after, .. } => {
                    rules.insert(domain.as_str(), Some(after.clone()));
                }
                Change::Remove { name, .. } => {
                    rules.remove(name.as_str());
                }
            }
        }
        new.sort_unstable();
        let names = self.order.iter().map(CompactString::as_str).chain(new);
        names
            .filter_map(|name| {
                let rule = rules.remove(name)?;
                Some(Block { name: name.into(), rule, id: None, created_at: None })
            })
            .collect()
    }
}

#[async_trait]
impl Target for CsvFile {
    fn identity(&self) -> &TargetRef {
        &self.identity
    }

    fn capabilities(&self) -> Capabilities {
        let instance = self.identity.level == Level::Instance;
        Capabilities {
            level: self.identity.level,
            rules: instance,
            matching: if instance { Matching::WithSubdomains } else { Matching::ExactHost },
            nested: true,
            writes: Writes::Bulk,
            page_size: 0,
            budget: None,
        }
    }

    async fn read(&self) -> Result<State, TargetError> {
        Ok(State { taken_at: self.clock.now(), ..self.state.clone() })
    }

    async fn write(&self, changes: &[Change], _: &State) -> Result<Written, TargetError> {
        let failed = |error: std::io::Error| {
            TargetError::Fatal(format!("{}: {error}", self.wanted_output.display()))
        };
        let mut written = Vec::new();
        for (path, text) in self.contents(&self.wanted_output, changes) {
            written.push(put(&path, text.as_bytes()).map_err(failed)?);
        }
        *self.lock() = written;
        Ok(Written::Done)
    }

    async fn read_back(&self) -> Result<State, TargetError> {
        let mut files = Vec::new();
        for path in self.written() {
            let text = std::fs::read_to_string(&path)
                .map_err(|error| TargetError::Fatal(format!("{}: {error}", path.display())))?;
            files.push((path, text));
        }
        self.read_again(&files)
    }
}

/// Writes the CSV that the import page of a server takes on every version.
pub fn export<'a>(level: Level, blocks: impl IntoIterator<Item = &'a Block>) -> String {
    if level == Level::Account {
        return blocks.into_iter().flat_map(|block| [block.name.as_str(), "\n"]).collect();
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing into memory does not fail, and every record has the same six fields.
    let _ = writer.write_record(COLUMNS);
    for block in blocks {
        let Some(rule) = &block.rule else { continue };
        let flag = |on: bool| if on { "true" } else { "false" };
        let _ = writer.write_record([
            block.name.as_str(),
            rule.severity.as_str(),
            flag(rule.reject_media),
            flag(rule.reject_reports),
            rule.public_comment.as_deref().unwrap_or_default(),
            flag(rule.obfuscate),
        ]);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// An export as the server wrote it. Unlike a list it is a state and not a wish, so names
/// are taken as they are stored.
fn parse(text: &str) -> Result<(Level, Vec<Block>), String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut level = Level::Account;
    let mut columns: Vec<String> = Vec::new();
    let mut blocks = Vec::new();
    let mut seen = hashbrown::HashSet::new();
    for (at, record) in reader.records().enumerate() {
        let record = record.map_err(|error| format!("{error}"))?;
        let line = record.position().map_or(0, csv::Position::line);
        let first = record.get(0).unwrap_or_default();
        if at == 0 {
            let names: Vec<String> = record
                .iter()
                .map(|cell| cell.trim_start_matches('#').to_ascii_lowercase())
                .collect();
            if names.first().is_some_and(|name| name == "domain") {
                if names.iter().any(|name| name == "severity") {
                    level = Level::Instance;
                }
                columns = names;
                continue;
            }
        }
        if first.is_empty() {
            continue;
        }
        let name = match Domain::from_stored(first) {
            Some(domain) => domain.as_str().into(),
            None => {
                Domain::parse(first).map_or_else(|_| first.into(), |p| p.domain.as_str().into())
            }
        };
        let rule = match level {
            Level::Account => None,
            Level::Instance => Some(
                rule(&record, &columns)
                    .map_err(|why| format!("line {line} ({}): {why}", crate::text::plain(first)))?,
            ),
        };
        if seen.insert(CompactString::clone(&name)) {
            blocks.push(Block { name, rule, id: None, created_at: None });
        }
    }
    Ok((level, blocks))
}

fn rule(record: &csv::StringRecord, columns: &[String]) -> Result<Rule, String> {
    let cell =
        |name: &str| columns.iter().position(|column| column == name).and_then(|at| record.get(at));
    let severity = cell("severity").unwrap_or_default();
    let severity = Severity::from_word(severity)
        .ok_or_else(|| format!("{:?} is no severity", crate::text::plain(severity)))?;
    // As Mastodon reads them back: anything but these is true.
    let flag = |name: &str| {
        let value = cell(name).unwrap_or_default().to_ascii_lowercase();
        !matches!(value.as_str(), "" | "false" | "f" | "0" | "off")
    };
    let text = |name: &str| cell(name).filter(|text| !text.is_empty()).map(CompactString::from);
    Ok(Rule {
        severity,
        reject_media: flag("reject_media"),
        reject_reports: flag("reject_reports"),
        obfuscate: flag("obfuscate"),
        public_comment: text("public_comment"),
        private_comment: text("private_comment"),
    })
}

/// `blocked_domains.csv` becomes `blocked_domains-merged.csv`. The import page guesses
/// what a file is from the start of its name, so that stays.
fn beside(path: &Path, mode: Mode) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let what = match mode {
        Mode::Merge => "merged",
        Mode::Overwrite => "overwritten",
        Mode::Restore => "restored",
        Mode::Sync => "in-step",
        Mode::Undo => "undone",
    };
    path.with_file_name(format!("{stem}-{what}.csv"))
}

fn numbered(path: &Path, number: Option<usize>) -> PathBuf {
    let Some(number) = number else { return path.to_owned() };
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}-{number}.csv"))
}

/// Writes a file whole or not at all, and never over one with other content: that may be
/// the only copy of something.
fn put(path: &Path, content: &[u8]) -> std::io::Result<PathBuf> {
    let free = (1..10_000)
        .map(|n| numbered(path, (n > 1).then_some(n)))
        .find(|candidate| match std::fs::read(candidate) {
            Ok(there) => there == content,
            Err(_) => !candidate.exists(),
        })
        .unwrap_or_else(|| path.to_owned());
    whole_file::write(&free, content, Readable::AsUsual)?;
    Ok(free)
}
