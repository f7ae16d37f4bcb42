//! Collections: the datasets of FIRES, and the lists of accounts and posts that have the
//! same outer form.

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
    if sample.is_empty() {
        return Err(ReadError::NoRows);
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

#[cfg(test)]
mod tests {
    use super::super::tests::{comments, document, entries, rejected, releases};
    use super::*;

    fn changes(items: &[&str]) -> super::super::Document {
        document(&format!(
            r#"{{"@context":"https://fires.example/ns","type":"OrderedCollectionPage","dataset":"x",
                "orderedItems":[{}]}}"#,
            items.join(",\n")
        ))
    }

    fn item(kind: &str, key: &str, more: &str) -> String {
        format!(r#"{{"type":"{kind}","entityKind":"domain","entityKey":"{key}"{more}}}"#)
    }

    #[test]
    fn policies_are_severities_or_the_opposite() {
        let policy = |key: &str, policy: &str| {
            item("Recommendation", key, &format!(r#","recommendedPolicy":"{policy}""#))
        };
        let items = [
            policy("a.example", "drop"),
            policy("b.example", "reject"),
            policy("c.example", "Filter"),
            policy("d.example", "accept"),
            policy("e.example", "frown"),
            item("Retraction", "f.example", r#","comment":"cleaned up""#),
            item("Advisory", "g.example", ""),
            item("Advisory", "h.example", r#","recommendedPolicy":"filter""#),
            item("Tombstone", "", ""),
            item("Novelty", "i.example", r#","recommendedPolicy":"drop""#),
            r#"{"type":"Recommendation","entityKind":"actor","entityKey":"https://j.example/who","recommendedPolicy":"drop"}"#.into(),
            r#"{"type":"Recommendation","entityKey":"k.example","recommendedPolicy":"drop"}"#.into(),
        ];
        let read = changes(&items.each_ref().map(String::as_str));
        let want =
            ["a.example suspend", "b.example suspend", "c.example silence", "h.example silence"];
        assert_eq!(entries(&read), want);
        assert_eq!(releases(&read), ["d.example Allowed", "f.example Retracted"]);
        assert_eq!(read.releases[1].reason.as_deref(), Some("cleaned up"));
        let want =
            ["e.example", "g.example", "", "i.example", "https://j.example/who", "k.example"];
        assert_eq!(rejected(&read), want);
        let advice = read.problems.iter().find(|p| p.value == "g.example").unwrap();
        assert_eq!(advice.why, "advice without a recommendation");
    }

    #[test]
    fn the_last_word_on_a_server_counts() {
        let policy = |policy: &str| {
            item("Recommendation", "a.example", &format!(r#","recommendedPolicy":"{policy}""#))
        };
        let read = changes(&[&policy("drop"), &policy("filter")]);
        assert_eq!((entries(&read), read.counts.duplicates), (vec!["a.example silence".into()], 1));
        let retraction = item("Retraction", "a.example", "");
        let read = changes(&[&policy("drop"), &retraction]);
        assert_eq!(
            (entries(&read).len(), releases(&read)),
            (0, vec!["a.example Retracted".into()])
        );
        let read = changes(&[&policy("drop"), &retraction, &policy("filter")]);
        assert_eq!((entries(&read), releases(&read).len()), (vec!["a.example silence".into()], 0));
    }

    #[test]
    fn labels_are_names_if_they_can_be_read() {
        let more = |labels: &str| {
            item("Recommendation", "a.example", &format!(r#","recommendedPolicy":"drop",{labels}"#))
        };
        for (labels, want) in [
            (
                r#""labels":["https://x.example/labels/hate-speech","https://x.example/labels/spam/"]"#,
                "hate-speech, spam",
            ),
            (r#""labels":["https://x.example/labels/019d358a-a17e-76ad-abbe-052cd3048c98"]"#, ""),
            (r#""labels":["https://x.example/labels/12",7,{}],"comment":"ads""#, "ads"),
            (
                r#""labels":["https://x.example/12"],"labelNames":["Hate speech","Spam"]"#,
                "Hate speech, Spam",
            ),
            (r#""comment":"ads","labels":["https://x.example/labels/spam"]"#, "ads (spam)"),
        ] {
            assert_eq!(comments(&changes(&[&more(labels)])), [want], "{labels}");
        }
        assert_eq!(readable("https://x.example/ab"), None);
    }
}
