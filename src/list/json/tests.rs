//! What all the formats have in common, and what is no list at all. The meaning of each
//! format's words is tested beside its reader.

use proptest::prelude::*;

use super::super::{Counts, Document, Format, ReadError, Verdict, read, read_as};

/// Reads a document that is a list.
pub(super) fn document(json: &str) -> Document {
    read(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// `name severity flags`, one for each entry: `m` for media, `r` for reports.
pub(super) fn entries(document: &Document) -> Vec<String> {
    let flag = |flag: Option<bool>, letter| if flag == Some(true) { letter } else { "" };
    let shown = document.entries.iter().map(|entry| {
        let severity = entry.severity.map_or("-", |severity| severity.as_str());
        let flags = [flag(entry.reject_media, "m"), flag(entry.reject_reports, "r")].concat();
        format!("{} {severity} {flags}", entry.domain).trim_end().to_owned()
    });
    shown.collect()
}

/// `name how`, one for each release.
pub(super) fn releases(document: &Document) -> Vec<String> {
    document.releases.iter().map(|r| format!("{} {:?}", r.domain, r.how)).collect()
}

/// The public comments of the entries; empty where there is none.
pub(super) fn comments(document: &Document) -> Vec<&str> {
    document.entries.iter().map(|e| e.public_comment.as_deref().unwrap_or_default()).collect()
}

/// The values of the rejected rows.
pub(super) fn rejected(document: &Document) -> Vec<&str> {
    let problems = document.problems.iter().filter(|p| p.verdict == Verdict::Rejected);
    problems.map(|p| p.value.as_str()).collect()
}

/// The remarks about the whole document.
pub(super) fn remarks(document: &Document) -> Vec<&str> {
    let remarks = document.problems.iter().filter(|p| p.verdict == Verdict::Warning);
    remarks.map(|p| p.why.as_str()).collect()
}

fn refused(json: &str) -> ReadError {
    read(json.as_bytes()).map(|document| document.format).unwrap_err()
}

/// A document of each shape that is a list. `NAMES` stands for its entries, and the second
/// is one of them, with `NAME` for the name.
const SHAPES: [(Format, &str, &str); 24] = {
    use Format as F;
    [
        (F::InstanceBlocks, "[NAMES]", r#"{"domain":"NAME","severity":"suspend","comment":null}"#),
        (
            F::AdminBlocks,
            "[NAMES]",
            r#"{"id":"1","domain":"NAME","severity":"suspend","reject_media":false}"#,
        ),
        (F::UserBlocks, "[NAMES]", r#""NAME""#),
        (F::Gotosocial, "[NAMES]", r#"{"domain":"NAME","suspended_at":"2026-01-01","comment":""}"#),
        (F::Gotosocial, "[NAMES]", r#"{"domain":"NAME","public_comment":""}"#),
        (
            F::PleromaNodeinfo,
            r#"{"version":"2.0","metadata":{"federation":{"mrf_simple":{"reject":[NAMES]}}}}"#,
            r#""NAME""#,
        ),
        (
            F::PleromaNodeinfo,
            r#"{"pleroma":{"metadata":{"federation":{"mrf_simple":{"reject":[NAMES]}}}}}"#,
            r#""NAME""#,
        ),
        (
            F::PleromaAdmin,
            r#"{"configs":[{"key":":mrf_simple","value":[{"tuple":[":reject",[NAMES]]}]}]}"#,
            r#"{"tuple":["NAME","why"]}"#,
        ),
        (F::Misskey, "[NAMES]", r#"{"host":"NAME","isBlocked":true,"isSilenced":false}"#),
        (F::Misskey, r#"{"blockedHosts":[NAMES],"silencedHosts":[]}"#, r#""NAME""#),
        (
            F::Lemmy,
            r#"{"federated_instances":{"linked":[],"allowed":[],"blocked":[NAMES]}}"#,
            r#"{"id":7,"domain":"NAME"}"#,
        ),
        (F::Lemmy, r#"{"federated_instances":{"allowed":null,"blocked":[NAMES]}}"#, r#""NAME""#),
        (
            F::Lemmy,
            r#"{"items":[NAMES],"next_page":null}"#,
            r#"{"instance":{"domain":"NAME"},"blocked":{"instance_id":1}}"#,
        ),
        (F::Mbin, r#"{"instances":[NAMES]}"#, r#""NAME""#),
        (F::Mbin, r#"{"instances":[NAMES]}"#, r#"{"domain":"NAME","software":"mbin"}"#),
        (
            F::Fediseer,
            r#"{"instances":[NAMES],"total":9}"#,
            r#"{"domain":"NAME","censure_reasons":["spam",null]}"#,
        ),
        (F::Fediseer, r#"{"domains":[NAMES],"total":9}"#, r#""NAME""#),
        (
            F::Fires,
            r#"{"type":"Collection","items":[NAMES]}"#,
            r#"{"type":"Recommendation","entityKind":"domain","entityKey":"NAME","recommendedPolicy":"drop"}"#,
        ),
        (
            F::Rapidblock,
            r#"{"@spec":"https://rapidblock.example/","blocks":{NAMES}}"#,
            r#""NAME":{"isBlocked":true}"#,
        ),
        (F::Chaos, "[NAMES]", r#"{"instance":"NAME","tags":["spam"],"comment_en":null}"#),
        (F::Bookwyrm, "[NAMES]", r#"{"instance":"NAME","url":""}"#),
        (
            F::PeertubeLog,
            r#"{"name":"x","actions":[NAMES]}"#,
            r#"{"type":"block","target":"NAME","createdAt":"2026-01-01"}"#,
        ),
        (F::Pixelfed, r#"{"banned":[NAMES],"unlisted":[],"auto_cw":[]}"#, r#""NAME""#),
        (F::Piefed, r#"{"banned_instances":[NAMES],"banned_tags":[]}"#, r#""NAME""#),
    ]
};

fn fill(shape: &str, entry: &str, names: &[String], between: &str) -> String {
    let names: Vec<_> = names.iter().map(|name| entry.replace("NAME", name)).collect();
    shape.replace("NAMES", &names.join(between))
}

fn names(document: &Document) -> Vec<String> {
    document.entries.iter().map(|e| e.domain.to_string()).collect()
}

/// Each row is counted once, and what was not used is listed.
fn adds_up(document: &Document) {
    let Counts { taken, repaired, duplicates, rejected } = document.counts;
    let used = document.entries.len() + document.releases.len() + duplicates;
    assert_eq!(taken + repaired, used, "{document:?}");
    let listed = document.problems.iter().filter(|p| p.verdict == Verdict::Rejected).count();
    assert_eq!((listed, document.problems_left_out), (rejected, 0), "{document:?}");
    assert!(document.problems.is_sorted_by_key(|p| p.line), "{document:?}");
}

#[test]
fn each_shape_is_known_by_its_content_and_each_entry_by_its_line() {
    let two = ["one.example".to_owned(), "two.example".to_owned()];
    for (format, shape, entry) in SHAPES {
        let json = format!("\n {}", fill(shape, entry, &two, ",\n"));
        let read = document(&json);
        assert_eq!(read.format, format, "{json}");
        assert_eq!(names(&read), two, "{json}");
        let lines: Vec<_> = read.entries.iter().map(|e| e.line).collect();
        assert_eq!(lines, [2, 3], "{json}");
        assert_eq!(read.counts, Counts { taken: 2, ..Counts::default() }, "{json}");
        let forced = read_as(json.as_bytes(), Some(format));
        assert_eq!(forced.map(|forced| forced.entries), Ok(read.entries), "{json}");
    }
}

#[test]
fn a_list_without_entries_is_not_an_empty_wish() {
    for (_, shape, entry) in SHAPES {
        let json = fill(shape, entry, &[], "");
        assert_eq!(refused(&json), ReadError::NoRows, "{json}");
    }
    for json in ["[]", " [ ] ", "{\"federated_instances\":null}"] {
        assert_eq!(refused(json), ReadError::NoRows, "{json}");
    }
}

#[test]
fn a_format_that_is_forced_on_another_document_finds_nothing() {
    for (format, ..) in SHAPES {
        let error = read_as(br#"{"other":["x.example"]}"#, Some(format)).unwrap_err();
        assert_eq!(error, ReadError::NotThisFormat { format });
    }
}

#[test]
fn an_account_never_becomes_its_server() {
    let accounts = ["spam@one.example".to_owned(), "@spam@two.example".to_owned()];
    for (format, shape, entry) in SHAPES {
        let result = read(fill(shape, entry, &accounts, ",").as_bytes());
        let refused = matches!(result, Err(ReadError::FollowList | ReadError::NoEntries { .. }));
        assert!(refused, "{format:?}: {result:?}");
    }
}

#[test]
fn one_odd_entry_costs_its_row_and_not_the_file() {
    for (format, shape, entry) in SHAPES {
        if format == Format::Rapidblock {
            continue;
        }
        let good = |name: &str| entry.replace("NAME", name);
        let entries = [good("one.example"), "7".into(), "[[]]".into(), good("two.example")];
        let json = shape.replace("NAMES", &entries.join(","));
        let read = document(&json);
        assert_eq!((names(&read).len(), read.counts.rejected), (2, 2), "{json}: {read:?}");
        adds_up(&read);
    }
}

#[test]
fn a_damaged_document_is_not_read_in_part() {
    for (format, shape, entry) in SHAPES {
        let json = fill(shape, entry, &["one.example".into(), "two.example".into()], ",\n");
        let cut = &json[..json.len() - 1];
        let line = 2;
        assert_eq!(refused(cut), ReadError::BrokenJson { line }, "{format:?}");
        assert_eq!(refused(&format!("{json}]")), ReadError::BrokenJson { line }, "{format:?}");
    }
}

#[test]
fn commas_with_nothing_after_them_are_forgiven_with_a_word() {
    let json = "[{\"instance\":\"one.example\",\"tags\":[\"a,]\\\",}\",],},\n\
                {\"instance\":\"two.example\",\"tags\":[\"b\" , ] , }\n,\n]";
    let read = document(json);
    assert_eq!(comments(&read), ["a,]\",}", "b"]);
    assert_eq!(read.entries[1].line, 2);
    assert!(remarks(&read)[0].contains("commas with nothing after them"), "{read:?}");
    assert!(matches!(refused("[\"one.example\",,\"two.example\"]"), ReadError::BrokenJson { .. }));
}

#[test]
fn what_is_no_list_is_called_by_its_name() {
    use ReadError as E;
    let says = |text: &str| E::Json { says: Some(text.to_owned()) };
    let posts = || E::OtherExport { what: "an archive of posts" };
    for (json, want) in [
        (r#"{"error":"Too many requests"}"#, says("Too many requests")),
        (r#"{"error":{"message":"No such endpoint.","code":"X"}}"#, says("No such endpoint.")),
        (r#"{"message":"Not Found","documentation_url":"x","status":"404"}"#, says("Not Found")),
        (r#"{"fish":["x.example"]}"#, E::Json { says: None }),
        (r#"[{"fish":"x.example"}]"#, E::Json { says: None }),
        // What a server knows, and what it allows.
        (r#"[{"domain":"x.example"}]"#, E::Json { says: None }),
        (r#"[{"domain":"x.example","comment":"friends"}]"#, E::Json { says: None }),
        (r#"[{"id":"1","acct":"a@x.example","username":"a"}]"#, E::FollowList),
        (r#"{"type":"OrderedCollection","orderedItems":["https://x.example/a"]}"#, E::FollowList),
        (r#"{"type":"OrderedCollection","orderedItems":[{"type":"Person"}]}"#, E::FollowList),
        (r#"{"type":"OrderedCollection","orderedItems":[{"type":"Create"}]}"#, posts()),
        (r#"{"type":"OrderedCollection","id":"likes.json","orderedItems":["x"]}"#, posts()),
        (
            r#"[{"id":"1","domain":"mail.example","created_at":"x","history":[]}]"#,
            E::OtherExport { what: "a list of e-mail domains" },
        ),
    ] {
        assert_eq!(refused(json), want, "{json}");
    }
}

#[test]
fn pointers_to_lists_say_where_to_go() {
    for (json, what, next) in [
        (r#"{"type":"Dataset","endpoints":{"snapshot":"x"}}"#, "FIRES dataset", "snapshot"),
        (r#"{"dataset":{"endpoints":{"snapshot":"x"}}}"#, "FIRES dataset", "snapshot"),
        (r#"{"type":"Collection","items":[{"type":"Dataset"}]}"#, "FIRES dataset", "snapshot"),
        (r#"{"type":"OrderedCollection","first":"x"}"#, "cover of a collection", "first"),
        (r#"{"links":[{"rel":"x","href":"y"}]}"#, "table of contents", "addresses in it"),
        (
            r#"{"version":"2.0","software":{"name":"x"},"protocols":[],"metadata":{}}"#,
            "without its blocks",
            "does not publish its blocks",
        ),
        (r#"{"uri":"x","title":"y","version":"4.3"}"#, "without its blocks", "domain_blocks"),
        (r#"{"configs":[{"key":":mrf_keyword"}]}"#, "settings of a server", "all of its settings"),
    ] {
        let text = refused(json).to_string();
        assert!(text.contains(what) && text.contains(next), "{json}: {text}");
        assert!(text.contains("Nothing was changed"), "{json}: {text}");
    }
}

proptest! {
    #[test]
    fn any_values_in_any_shape_are_counted_once(
        at in 0..SHAPES.len(),
        parts in prop::collection::vec(prop_oneof![
            Just(None),
            "[a-z*.@: \u{200b}é]{0,14}|[ab]\\.(social|example)".prop_map(Some),
        ], 0..12),
        odd in "(\"[a-z.]{0,6}\"|null|true|-?[1-9]|\\[\\]|\\{\\}|\"\\\\u[d0][89a0][01a][0-9]\"|\\[null\\]|\\{\"[a-z]{1,3}\":\\[1\\]\\}){1}",
        member in "[A-Za-z_]{1,10}",
    ) {
        let (_, shape, entry) = SHAPES[at];
        let odd = if shape.contains("{NAMES}") { format!("\"{member}\":{odd}") } else { odd };
        let parts: Vec<_> = parts
            .iter()
            .map(|name| name.as_ref().map_or(odd.clone(), |name| entry.replace("NAME", name)))
            .collect();
        let json = shape.replace("NAMES", &parts.join(", \n"));
        if let Ok(read) = read(json.as_bytes()) {
            adds_up(&read);
        }
        for format in Format::ALL {
            if let Ok(read) = read_as(json.as_bytes(), Some(*format)) {
                adds_up(&read);
            }
        }
    }

    #[test]
    fn any_tokens_are_read_or_refused(
        tokens in "([\\[{]?(\\[|\\]|\\{|\\}|,|:|null|true|1|\"x\\.example\"|\"domain\"|\"severity\"|\"instances\"|\"type\"|\"blocked\"|\"configs\"|\"tuple\"|\"metadata\"|\"\\\\|\n)){0,40}",
    ) {
        for text in [format!("[{tokens}"), format!("{{\"{tokens}"), tokens] {
            let _ = read(text.as_bytes()).map_err(|error| error.to_string());
            for (format, ..) in SHAPES {
                if let Ok(read) = read_as(text.as_bytes(), Some(format)) {
                    adds_up(&read);
                }
            }
        }
    }

    #[test]
    fn each_shape_reads_back_the_same(
        want in prop::collection::btree_set("[a-z][a-z0-9]{0,12}(\\.[a-z]{1,8})?\\.(social|example)", 1..30),
        between in prop::sample::select(vec![",", ", ", ",\n", " ,\r\n\t"]),
    ) {
        let want: Vec<String> = want.into_iter().collect();
        for (format, shape, entry) in SHAPES {
            let read = document(&fill(shape, entry, &want, between));
            prop_assert_eq!(read.format, format);
            prop_assert_eq!(names(&read), want.clone());
            prop_assert_eq!(read.counts.taken, want.len());
        }
    }
}
