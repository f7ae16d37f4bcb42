//! YAML: a list of maps with a name each, or of bare names, perhaps under a key that says
//! what the list is for.
//!
//! The parser hands out events, so nothing is kept but the row that is being read. Aliases
//! are not followed: nobody needs them for a list, and a few lines of them can stand for
//! more rows than there are servers.

mod feed;
mod keys;

use std::borrow::Cow;

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::super::decode::{self, Source};
use super::super::detect::is_domain_column;
use super::super::error::ReadError;
use super::super::rows::{Row, Rows};
use super::super::{Format, Released};
use super::Document;
use feed::Feed;
use keys::{Field, Section};

/// The largest document that is read, in bytes. The parser needs a second for it.
const LIMIT: usize = 8 << 20;
/// Lists are nested a handful of levels deep.
const MOST_LEVELS: usize = 32;

pub(super) fn is_it(sample: &str) -> bool {
    let lines = || {
        let lines = decode::lines(sample).map(|line| decode::clip(line.text, 200));
        lines.filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
    };
    let Some(first) = lines().next() else { return false };
    let starts = |line: &str| line.starts_with("- ") || keys::key(line).is_some();
    first.starts_with("%YAML")
        || (first.trim_end() == "---" && lines().nth(1).is_some_and(starts))
        || (first.starts_with("- ") && lines().take(20).any(names_a_domain))
        || has_keyed_list(lines())
}

/// `blocklist:` and a list below it, where nothing stands above but other keys.
fn has_keyed_list<'a>(lines: impl Iterator<Item = &'a str>) -> bool {
    let mut bare = false;
    for line in lines {
        if bare && line.trim_start().starts_with("- ") {
            return true;
        }
        match keys::key(line) {
            Some(value) => bare = value.is_empty(),
            // What belongs to the key above.
            None if line.starts_with(' ') => bare = line.trim_end().ends_with(':'),
            None => return false,
        }
    }
    false
}

/// `- hostname: bad.example`, or `  hostname: …` below another key.
fn names_a_domain(line: &str) -> bool {
    let line = line.trim_start();
    let line = line.strip_prefix("- ").unwrap_or(line).trim_start();
    let Some((key, value)) = line.split_once(':') else { return false };
    is_domain_column(key.trim_matches(['"', '\''])) && value.starts_with(' ')
}

pub(super) fn read(source: &Source<'_>) -> Result<Document, ReadError> {
    let text = &source.text;
    if text.len() > LIMIT {
        return Err(ReadError::TooLarge { format: Format::Yaml, limit: LIMIT });
    }
    let feed = Feed::new(text);
    let mut parser = Parser::new_from_iter(feed.characters());
    let rows = Rows::new(source.guessed, decode::estimate_lines(text) / 3);
    let mut reader = Reader { rows, levels: Vec::new(), lists: false };
    while let Some(event) = parser.next_event() {
        feed.refill();
        let (event, span) = event.map_err(|error| {
            if feed.ran_out() {
                return ReadError::TooLarge { format: Format::Yaml, limit: feed::PIECE };
            }
            damaged(error.marker().line())
        })?;
        let line = u32::try_from(span.start.line()).unwrap_or(u32::MAX);
        if !reader.take(event, line) {
            return Err(damaged(span.start.line()));
        }
        if reader.rows.is_full() {
            break;
        }
    }
    reader.rows.finish(Format::Yaml, reader.lists)
}

fn damaged(line: usize) -> ReadError {
    ReadError::Damaged { format: Format::Yaml, line: u32::try_from(line).unwrap_or(u32::MAX) }
}

/// What is open at the current place.
enum Level {
    /// A list of rows.
    List(Section),
    /// A map that is a row of a list.
    Row { section: Section, item: Box<Item>, key: Option<Field> },
    /// A map that holds lists; the key whose value comes next.
    Map(Option<Section>),
    /// What nothing is read from, with all that is in it.
    Other,
}

/// The fields of a row, as far as they have been read.
#[derive(Default)]
struct Item {
    line: u32,
    domain: Option<String>,
    severity: Option<String>,
    reject_media: String,
    reject_reports: String,
    obfuscate: String,
    public_comment: String,
    private_comment: String,
    digest: String,
    /// A field refers to another place of the document.
    has_alias: bool,
}

struct Reader {
    rows: Rows,
    levels: Vec<Level>,
    /// Whether there was a list that is read, with rows or without.
    lists: bool,
}

impl Reader {
    /// Takes the next event, unless the document is nested too deep.
    fn take(&mut self, event: Event<'_>, line: u32) -> bool {
        match event {
            Event::Scalar(text, style, ..) => {
                let quoted = style != ScalarStyle::Plain;
                let text = if !quoted && text == "~" { Cow::Borrowed("") } else { text };
                self.scalar(&text, line);
            }
            Event::Alias(_) => self.alias(line),
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                if self.levels.len() >= MOST_LEVELS {
                    return false;
                }
                let level = self.open(matches!(event, Event::SequenceStart(..)), line);
                self.levels.push(level);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Level::Row { section, item, .. }) = self.levels.pop() {
                    self.row(&section, &item);
                }
            }
            _ => {}
        }
        true
    }

    /// What a list or a map is that begins here.
    fn open(&mut self, is_list: bool, line: u32) -> Level {
        match self.levels.last_mut() {
            None if is_list => {
                self.lists = true;
                Level::List(Section::Blocks(None))
            }
            None => Level::Map(None),
            Some(Level::List(section)) if !is_list => {
                let item = Box::new(Item { line, ..Item::default() });
                Level::Row { section: section.clone(), item, key: None }
            }
            Some(Level::List(_)) => {
                self.rows.reject(line, "", "a list within the list, and no name".to_owned());
                Level::Other
            }
            Some(Level::Map(key)) => match key.take() {
                Some(section) if is_list => {
                    self.lists = true;
                    Level::List(section)
                }
                Some(_) => Level::Map(None),
                None => Level::Other,
            },
            Some(Level::Row { key, .. }) => {
                // Tags, receipts and whatever else an author keeps with a row. Of the
                // fields that are read, none is a list.
                if let Some(Field::Known(name)) = key.take() {
                    let why = format!("{name} is a list here, and one word was expected");
                    self.rows.remark(line, name, why);
                }
                Level::Other
            }
            Some(Level::Other) => Level::Other,
        }
    }

    fn scalar(&mut self, text: &str, line: u32) {
        match self.levels.last_mut() {
            // The document is a single text: no list, unless it is one line of one.
            None => self.rows.take(&Row { line, domain: text, ..Row::default() }),
            Some(Level::Other) => {}
            Some(Level::List(section)) => {
                let item = Item { line, domain: Some(text.to_owned()), ..Item::default() };
                let section = section.clone();
                self.row(&section, &item);
            }
            Some(Level::Map(key)) => match key.take() {
                None => *key = Some(Section::new(text)),
                Some(section) => {
                    if let Section::Unknown(name) = section
                        && is_name(&name)
                    {
                        let why = "stands before a colon and not in a list, which is not read";
                        self.rows.reject(line, &name, why.to_owned());
                    }
                }
            },
            Some(Level::Row { item, key, .. }) => match key.take() {
                None => *key = Some(Field::new(text)),
                Some(Field::Known(name)) => item.set(name, text),
                Some(Field::Other) => {}
            },
        }
    }

    fn alias(&mut self, line: u32) {
        match self.levels.last_mut() {
            Some(Level::Row { item, key, .. }) => {
                item.has_alias = true;
                // A key that is an alias has a value, which is not read either.
                *key = if key.is_some() { None } else { Some(Field::Other) };
            }
            Some(Level::Map(key)) => {
                *key = if key.is_some() { None } else { Some(Section::Unknown(String::new())) };
            }
            Some(Level::Other) => {}
            Some(Level::List(_)) | None => self.rows.reject(line, "*", ALIAS.to_owned()),
        }
    }

    fn row(&mut self, section: &Section, item: &Item) {
        let Some(domain) = item.domain.as_deref() else {
            let why = "no domain is given; it is read from domain, instance, host or hostname";
            return self.rows.reject(item.line, "", why.to_owned());
        };
        if item.has_alias {
            return self.rows.reject(item.line, domain, ALIAS.to_owned());
        }
        let row = Row {
            line: item.line,
            domain,
            severity: item.severity.as_deref(),
            reject_media: &item.reject_media,
            reject_reports: &item.reject_reports,
            obfuscate: &item.obfuscate,
            public_comment: &item.public_comment,
            private_comment: &item.private_comment,
            digest: &item.digest,
            ..Row::default()
        };
        match section {
            Section::Blocks(severity) => {
                let severity = row.severity.or(severity.map(crate::block::Severity::as_str));
                self.rows.take(&Row { severity, ..row });
            }
            Section::Allowed => self.rows.release(&row, Released::Allowed),
            Section::Retracted => self.rows.release(&row, Released::Retracted),
            Section::Unknown(key) => {
                let key = crate::text::fit(&crate::text::plain(decode::clip(key, 200)), 40);
                let why = format!("stands under {key:?}, which does not say that it is blocked");
                self.rows.reject(item.line, domain, why);
            }
        }
    }
}

const ALIAS: &str = "refers to another place of the document, which is not followed; write it out";

impl Item {
    fn set(&mut self, name: &'static str, text: &str) {
        let field = match name {
            "domain" => return first(&mut self.domain, text),
            "severity" => return first(&mut self.severity, text),
            "reject_media" => &mut self.reject_media,
            "reject_reports" => &mut self.reject_reports,
            "obfuscate" => &mut self.obfuscate,
            "private_comment" => &mut self.private_comment,
            "digest" => &mut self.digest,
            _ => &mut self.public_comment,
        };
        if field.is_empty() {
            text.clone_into(field);
        }
    }
}

/// Of a field that is given twice, the first counts, as with columns.
fn first(field: &mut Option<String>, text: &str) {
    field.get_or_insert_with(|| text.to_owned());
}

/// Whether a key is the name of a server rather than a word.
fn is_name(key: &str) -> bool {
    key.contains('.') && !key.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests;
