//! What the readers of notations have to hold to, all of them.

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::super::{Document, Format, Verdict, read_as};

pub(super) fn names_of(document: &Document) -> Vec<String> {
    document.entries.iter().map(|entry| entry.domain.to_string()).collect()
}

pub(super) fn verdicts(document: &Document) -> Vec<((u32, &str), Verdict)> {
    let problems = document.problems.iter();
    problems.map(|p| ((p.line, p.value.as_str()), p.verdict)).collect()
}

/// Reads the text as the format, and checks that each row met one fate.
pub(super) fn counts_add_up(text: &str, format: Format) -> Result<(), TestCaseError> {
    let Ok(document) = read_as(text.as_bytes(), Some(format)) else { return Ok(()) };
    let counts = document.counts;
    prop_assert_eq!(document.format, format);
    prop_assert_eq!(
        counts.taken + counts.repaired,
        document.entries.len() + document.releases.len() + counts.duplicates
    );
    let rejected = document.problems.iter().filter(|p| p.verdict == Verdict::Rejected);
    prop_assert_eq!(rejected.count(), counts.rejected);
    prop_assert!(document.problems.is_sorted_by_key(|p| p.line));
    prop_assert!(document.entries.is_sorted_by_key(|e| e.line));
    Ok(())
}

/// Names that need no repair, each once.
pub(super) fn domains() -> impl Strategy<Value = Vec<String>> {
    let name = "[a-z][a-z0-9]{0,12}(\\.[a-z][a-z0-9]{0,8}){0,2}\\.(social|example|xyz)";
    prop::collection::btree_set(name, 1..30).prop_map(|names| names.into_iter().collect())
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for format in Format::ALL.iter().filter(|format| super::reads(**format)) {
            let _ = read_as(&bytes, Some(*format)).map_err(|error| error.to_string());
        }
    }
}

#[test]
fn lists_of_other_kinds_are_left_to_their_readers() {
    for text in [
        "x.example\ny.example\n",
        "# a list\nx.example # why\n",
        "#domain,#severity\nx.example,suspend\n",
        "domain,reason\nx.example,spam\n",
        "x.example,suspend\ny.example,silence\n",
        "x.example,true\ny.example,true\n",
        "x.example,allow\ny.example,trolls\nz.example,spam\n",
        "a.example,b.example\nc.example,d.example\n",
        "u@x.example,hello\nv@y.example,there\n",
        "Account address,Show boosts\nu@x.example,true\n",
        "- x.example\n- y.example\n",
        "One | two\nx.example\n",
        "Dear reader,\nwe reject: spam\n\n- none\n",
    ] {
        assert_eq!(super::recognise(text), None, "{text:?}");
    }
}
