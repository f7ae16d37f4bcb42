//! Collections: the datasets of FIRES, and what else ActivityPub keeps in collections.

use super::super::error::ReadError;
use super::super::rows::{Row, Rows};
use super::super::{Format, Released};
use super::reader::{Reader, Sample, Top};
use super::walk::{Item, Piece, elements, is_text, text, with_tags};

pub(super) const DATASET: ReadError = ReadError::NotItself {
    what: "the description of a FIRES dataset",
    next: "use the address that it gives as \"snapshot\"",
};

fn items<'a>(top: &Top<'a>) -> Option<Piece<'a>> {
    top.item.get("orderedItems").or_else(|| top.item.get("items"))
}

/// What a collection is one of.
pub(super) fn kind(top: &Top<'_>) -> Result<Format, ReadError> {
    const ACTORS: [&str; 5] = ["Person", "Service", "Group", "Organization", "Application"];
    const POSTS: [&str; 4] = ["Create", "Announce", "Note", "Article"];
    let is_fires = top.item.has("dataset") || top.item.text("@context").contains("fires");
    let Some(sample) = items(top).map(Sample::of) else {
        return Err(if is_fires { DATASET } else { NO_ITEMS });
    };
    if sample.says("type", &["Dataset", "Label"]) {
        return Err(DATASET);
    }
    if is_fires || sample.has_any(&["entityKind", "entityKey"]) {
        return Ok(Format::Fires);
    }
    let id = top.item.text("id");
    let posts = ["outbox.json", "likes.json", "bookmarks.json"].iter().any(|end| id.ends_with(end));
    if posts || sample.says("type", &POSTS) {
        return Err(ReadError::OtherExport { what: "an archive of posts" });
    }
    if sample.is_bare() || sample.says("type", &ACTORS) {
        return Err(ReadError::FollowList);
    }
    Err(ReadError::Json { says: None })
}

const NO_ITEMS: ReadError = ReadError::NotItself {
    what: "the cover of a collection and has nothing in it",
    next: "use the address that it gives as \"first\"",
};

/// A snapshot of a dataset, or changes to it: of what is said about a server, the last
/// counts.
pub(super) fn fires<'a>(reader: &mut Reader<'a>, top: &Top<'a>) -> Result<(), ReadError> {
    let items = items(top).ok_or(ReadError::NotThisFormat { format: Format::Fires })?;
    reader.objects(items, change);
    Ok(())
}

fn change(rows: &mut Rows, line: u32, item: &Item<'_>) {
    let name = item.name("entityKey");
    let mut reject = |why: &str| rows.reject(line, &name, why.to_owned());
    let kind = item.text("type");
    if kind == "Tombstone" {
        return reject("a change that was deleted; it names the change, not a server");
    }
    match &*item.text("entityKind") {
        "domain" => {}
        "actor" => {
            return reject("an account, not a server; a domain block would hit everyone there");
        }
        _ => return reject("neither a server nor an account, as far as this version knows"),
    }
    let comment = with_tags(item.text("comment"), labels(item).into());
    let row =
        Row { line, domain: &name, public_comment: &comment, replaces: true, ..Row::default() };
    if kind == "Retraction" {
        return rows.release(&row, Released::Retracted);
    }
    if !matches!(&*kind, "Recommendation" | "Advisory") {
        return reject("a kind of change that this version does not know");
    }
    match item.text("recommendedPolicy").to_ascii_lowercase().as_str() {
        "drop" | "reject" => rows.take(&Row { severity: Some("suspend"), ..row }),
        "filter" => rows.take(&Row { severity: Some("silence"), ..row }),
        "accept" => rows.release(&row, Released::Allowed),
        "" => reject("advice without a recommendation"),
        _ => reject("a policy that this version does not know"),
    }
}

/// What the labels are called. They are addresses; of one that was not looked up, the end
/// may still be a word.
fn labels(item: &Item<'_>) -> String {
    if let Some(names) = item.get("labelNames") {
        return text(names).into_owned();
    }
    let labels = item.get("labels").into_iter().flat_map(elements).filter(|label| is_text(label));
    let names = labels.filter_map(|label| readable(&text(label)).map(str::to_owned));
    names.collect::<Vec<_>>().join(", ")
}

/// The last part of an address, if it is words and not a number or an identifier.
fn readable(address: &str) -> Option<&str> {
    let last = address.trim_end_matches('/').rsplit('/').next()?;
    let is_word = last.len() <= 40 && last.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-');
    (is_word && last.bytes().filter(u8::is_ascii_alphabetic).count() >= 3).then_some(last)
}
