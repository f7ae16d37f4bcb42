//! Writes entries in the formats that other software reads.
//!
//! No format becomes stricter on the way: where it has no severities, only what asks for a
//! full block is written, and a comment goes only where the format has a place for a
//! public one. Private comments and notes about lists stay here.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Entry, Format};
use crate::block::{Severity, hex};

/// The formats that can be written.
pub const WRITTEN: [Format; 8] = [
    Format::MastodonAdminCsv,
    Format::FediblockholeCsv,
    Format::UserCsv,
    Format::InstanceBlocks,
    Format::FriendicaCsv,
    Format::Bookwyrm,
    Format::PeertubeLog,
    Format::Pixelfed,
];

/// What was written, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub bytes: Vec<u8>,
    pub entries: usize,
    /// Entries that the format would have made stricter than they are.
    pub left_out: usize,
}

/// Writes the entries; nothing if the format is none of [`WRITTEN`]. `least` is the mildest
/// severity that may become a full block where the format knows no other; an entry without
/// a severity counts as one.
pub fn write(entries: &[Entry], format: Format, least: Severity) -> Option<Written> {
    let full = |entry: &&Entry| entry.severity.is_none_or(|severity| severity >= least);
    let has_severities = matches!(
        format,
        Format::MastodonAdminCsv
            | Format::FediblockholeCsv
            | Format::InstanceBlocks
            | Format::Pixelfed
    );
    let kept: Vec<&Entry> = entries.iter().filter(|entry| has_severities || full(entry)).collect();
    let bytes = match format {
        Format::MastodonAdminCsv => table(&kept, '#', "\n"),
        Format::FediblockholeCsv => table(&kept, ' ', "\r\n"),
        Format::UserCsv => lines(&kept, |entry| entry.domain.to_string()),
        Format::FriendicaCsv => {
            lines(&kept, |entry| format!("{},{}", entry.domain, quoted(comment(entry))))
        }
        Format::InstanceBlocks => pretty(&kept.iter().map(|entry| instance_block(entry)).collect()),
        Format::Bookwyrm => {
            let row = |entry: &&Entry| json!({ "instance": entry.domain, "url": "" });
            pretty(&kept.iter().map(row).collect())
        }
        Format::PeertubeLog => {
            let row = |entry: &&Entry| json!({ "type": "block", "target": entry.domain });
            pretty(&json!({ "actions": kept.iter().map(row).collect::<Vec<Value>>() }))
        }
        Format::Pixelfed => pixelfed(&kept),
        _ => return None,
    };
    Some(Written { bytes, entries: kept.len(), left_out: entries.len() - kept.len() })
}

fn comment(entry: &Entry) -> &str {
    entry.public_comment.as_deref().unwrap_or_default()
}

/// The severity in a format that has to have one: what a list does not say is the block
/// that its format means.
fn severity(entry: &Entry) -> &'static str {
    entry.severity.unwrap_or(Severity::Suspend).as_str()
}

fn lines(entries: &[&Entry], line: impl Fn(&Entry) -> String) -> Vec<u8> {
    entries.iter().flat_map(|entry| (line(entry) + "\n").into_bytes()).collect()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// `mark` stands before each column's name, unless it is a space.
fn table(entries: &[&Entry], mark: char, end: &str) -> Vec<u8> {
    const COLUMNS: [&str; 6] =
        ["domain", "severity", "reject_media", "reject_reports", "public_comment", "obfuscate"];
    let names = COLUMNS.map(|name| format!("{mark}{name}").trim_start().to_owned());
    let flag = |flag: Option<bool>| match flag {
        Some(true) => "true",
        Some(false) => "false",
        None => "",
    };
    let rows = entries.iter().map(|entry| {
        let comment = comment(entry);
        let comment = if comment.is_empty() { String::new() } else { quoted(comment) };
        [
            entry.domain.as_str(),
            severity(entry),
            flag(entry.reject_media),
            flag(entry.reject_reports),
            &comment,
            flag(entry.obfuscate),
        ]
        .join(",")
    });
    let mut text = names.join(",") + end;
    rows.for_each(|row| {
        text += &row;
        text += end;
    });
    text.into_bytes()
}

fn instance_block(entry: &Entry) -> Value {
    json!({
        "domain": entry.domain,
        "digest": hex(&Sha256::digest(entry.domain.as_str())),
        "severity": severity(entry),
        "comment": comment(entry),
    })
}

fn pixelfed(entries: &[&Entry]) -> Vec<u8> {
    let with = |wanted: Severity| {
        let named = entries.iter().filter(|e| e.severity.unwrap_or(Severity::Suspend) == wanted);
        named.map(|entry| entry.domain.as_str()).collect::<Vec<&str>>()
    };
    pretty(&json!({
        "version": 1,
        "auto_cw": [],
        "unlisted": with(Severity::Silence),
        "banned": with(Severity::Suspend),
    }))
}

fn pretty(value: &Value) -> Vec<u8> {
    format!("{value:#}\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Domain;
    use crate::list::{Asked, read_as};

    fn severities() -> impl Strategy<Value = Severity> {
        prop::sample::select(vec![Severity::Noop, Severity::Silence, Severity::Suspend])
    }

    fn entries() -> impl Strategy<Value = Vec<Entry>> {
        let name = "[a-z]{1,8}(-[a-z]{1,4})?\\.(social|example|club)";
        let comment = "([a-zA-Z,;:!\"'|()#*é–-]{1,9}( [a-zA-Z,;\"'|é]{1,9}){0,3})?";
        let entry = (severities(), any::<Option<bool>>(), any::<Option<bool>>(), comment);
        prop::collection::btree_map(name, entry, 1..20).prop_map(|rows| {
            let entry = |(name, (severity, media, reports, comment)): (String, _)| {
                let comment: String = comment;
                let nothing = ["null", "none"].contains(&comment.to_lowercase().as_str());
                let asked = Asked {
                    severity: Some(severity),
                    reject_media: media,
                    reject_reports: reports,
                    public_comment: (!comment.is_empty() && !nothing).then(|| comment.into()),
                    ..Asked::default()
                };
                asked.of(Domain::from_stored(&name).unwrap(), 0)
            };
            rows.into_iter().map(entry).collect()
        })
    }

    /// What the format can hold of an entry.
    fn held(entry: &Entry, format: Format) -> Entry {
        let flags = matches!(format, Format::MastodonAdminCsv | Format::FediblockholeCsv);
        let severities =
            flags || matches!(format, Format::InstanceBlocks | Format::Pixelfed | Format::Markdown);
        let comments = severities && format != Format::Pixelfed || format == Format::FriendicaCsv;
        Entry {
            line: 0,
            severity: entry.severity.filter(|_| severities),
            reject_media: entry.reject_media.filter(|_| flags),
            reject_reports: entry.reject_reports.filter(|_| flags),
            public_comment: entry.public_comment.clone().filter(|_| comments),
            ..entry.clone()
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_the_same(entries in entries()) {
            for format in WRITTEN {
                let written = write(&entries, format, Severity::Suspend).unwrap();
                prop_assert_eq!(written.entries + written.left_out, entries.len());
                // A format without severities holds full blocks only, Pixelfed's no others.
                let fits = |entry: &&Entry| match format {
                    Format::Pixelfed => entry.severity != Some(Severity::Noop),
                    _ => held(entry, format).severity.is_some()
                        || entry.severity == Some(Severity::Suspend),
                };
                let mut want: Vec<Entry> =
                    entries.iter().filter(fits).map(|entry| held(entry, format)).collect();
                if want.is_empty() {
                    continue;
                }
                // Friendica's patterns are known by their reasons, and not every reason is words.
                let forced = (format == Format::FriendicaCsv).then_some(format);
                let document = read_as(&written.bytes, forced).unwrap();
                prop_assert_eq!(document.format, format);
                prop_assert_eq!(document.problems, []);
                let mut found: Vec<Entry> = document.entries;
                for entry in &mut found {
                    entry.line = 0;
                }
                found.sort_by(|a, b| a.domain.cmp(&b.domain));
                want.sort_by(|a, b| a.domain.cmp(&b.domain));
                prop_assert_eq!(found, want, "{}", String::from_utf8_lossy(&written.bytes));
            }
        }
    }

    #[test]
    fn nothing_becomes_stricter_unless_it_is_allowed_to() {
        let entry = |name: &str, severity| {
            let asked = Asked { severity, ..Asked::default() };
            asked.of(Domain::from_stored(name).unwrap(), 0)
        };
        let entries = [
            entry("a.example", Some(Severity::Suspend)),
            entry("b.example", Some(Severity::Silence)),
            entry("c.example", None),
        ];
        let names = |least| {
            let written = write(&entries, Format::UserCsv, least).unwrap();
            String::from_utf8(written.bytes).unwrap()
        };
        assert_eq!(names(Severity::Suspend), "a.example\nc.example\n");
        assert_eq!(names(Severity::Silence), "a.example\nb.example\nc.example\n");
        assert_eq!(write(&entries, Format::Fires, Severity::Suspend), None);
    }
}
