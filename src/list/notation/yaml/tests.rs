use proptest::prelude::*;

use super::super::super::{Verdict, read as read_list, read_as};
use super::super::tests::{counts_add_up, domains, names_of};
use super::*;
use crate::block::Severity;

fn yaml(text: &str) -> Document {
    let document = read_list(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    assert_eq!(document.format, Format::Yaml, "{text:?}");
    document
}

#[test]
fn a_list_of_maps_is_read_by_its_keys() {
    let document = yaml(
        "# mine\n- hostname: bad.example\n  public_comment: spam, mostly\n  severity: suspend\n  \
         tags: [a, {b: c}]\n- severity: limit\n  \"Domain\": \"\\u0441\\u0440\\u0451\\u0442.example\"\n  \
         reject-media: yes\n  private_comment: ~\n- domain: third.example\n  comment: >\n    over\n    lines\n",
    );
    let [bad, idn, third] = &document.entries[..] else { panic!("{document:?}") };
    assert_eq!((bad.line, bad.severity), (2, Some(Severity::Suspend)));
    assert_eq!(bad.public_comment.as_deref(), Some("spam, mostly"));
    assert_eq!((idn.line, idn.domain.as_str()), (6, "xn--p1abe3d.example"));
    assert_eq!((idn.severity, idn.reject_media), (Some(Severity::Silence), Some(true)));
    assert_eq!(idn.private_comment, None);
    assert_eq!((third.severity, third.public_comment.as_deref()), (None, Some("over lines")));
    assert_eq!(document.counts.rejected, 0, "{:?}", document.problems);
}

#[test]
fn keys_say_what_the_lists_below_them_are_for() {
    let document = yaml(
        "---\nversion: 3\nblocklist:\n  - a.example\n  - hostname: b.example\nsilence: [c.example, \"*.d.example\"]\n\
         nested:\n  suspended_instances:\n    - e.example\nallowlist:\n  - good.example\n\
         removed:\n  - old.example\nfriends:\n  - f.example\ng.example: suspend\n",
    );
    let asked: Vec<_> = document.entries.iter().map(|e| (e.domain.as_str(), e.severity)).collect();
    assert_eq!(
        asked,
        [
            ("a.example", None),
            ("b.example", None),
            ("c.example", Some(Severity::Silence)),
            ("d.example", Some(Severity::Silence)),
            ("e.example", Some(Severity::Suspend)),
        ]
    );
    let released: Vec<_> = document.releases.iter().map(|r| (r.domain.as_str(), r.how)).collect();
    let want = [("good.example", Released::Allowed), ("old.example", Released::Retracted)];
    assert_eq!(released, want);
    let rejected: Vec<_> = document
        .problems
        .iter()
        .filter(|p| p.verdict == Verdict::Rejected)
        .map(|p| p.value.as_str())
        .collect();
    assert_eq!(rejected, ["f.example", "g.example"]);
}

#[test]
fn who_publishes_the_list_is_not_on_it() {
    let document = yaml("host: lists.example\nblocklist:\n- bad.example\n");
    assert_eq!(names_of(&document), ["bad.example"]);
}

#[test]
fn rows_that_are_not_certain_are_rejected() {
    for (row, word) in [
        ("- severity: suspend", "no domain is given"),
        ("- domain: x.example\n  severity: susped", "not a severity"),
        ("- domain: x.example\n  severity:", "no severity given"),
        ("- domain: x.example\n  <<: *a", "not followed"),
        ("- *a", "not followed"),
        ("- [x.example]", "a list within the list"),
        ("- u@x.example", "an account"),
        ("- x.example, y.example", "more than one name"),
        ("- domain: [x.example]", "no domain is given"),
    ] {
        let document = yaml(&format!("- domain: ok.example\n  severity: &a suspend\n{row}\n"));
        assert_eq!(names_of(&document), ["ok.example"], "{row}");
        let rejected = document.problems.iter().filter(|p| p.verdict == Verdict::Rejected);
        let [problem] = rejected.collect::<Vec<_>>()[..] else { panic!("{row}: {document:?}") };
        assert!(problem.line == 3 && problem.why.contains(word), "{row}: {problem:?}");
    }
}

#[test]
fn half_a_document_is_none() {
    let refused = |text: &str| read_as(text.as_bytes(), Some(Format::Yaml)).unwrap_err();
    let format = Format::Yaml;
    let broken = "- domain: a.example\n- domain: \"b.example\n";
    assert!(matches!(refused(broken), ReadError::Damaged { .. }), "{}", refused(broken));
    assert_eq!(refused("blocklist: []\n"), ReadError::NoRows);
    let deep = "- ".repeat(100);
    assert_eq!(refused(&deep), ReadError::Damaged { format, line: 1 });
    let long = format!("- [{}]\n", "a,".repeat(feed::PIECE));
    assert_eq!(refused(&long), ReadError::TooLarge { format, limit: feed::PIECE });
    let large = "# comment\n".repeat(LIMIT / 10 + 1);
    assert_eq!(refused(&large), ReadError::TooLarge { format, limit: LIMIT });
}

#[test]
fn aliases_of_aliases_cost_nothing() {
    let mut text = "- &a0 [x.example]\n".to_owned();
    for level in 1..40 {
        let before = level - 1;
        text += &format!("- &a{level} [*a{before}, *a{before}, *a{before}, *a{before}]\n");
    }
    let refused = read_as(text.as_bytes(), Some(Format::Yaml)).unwrap_err();
    assert!(matches!(refused, ReadError::NoEntries { rows: 40, .. }), "{refused}");
}

proptest! {
    #[test]
    fn any_document_is_counted_once(
        body in "(- |  |hostname: |severity: |suspend|blocklist:|allow: |---|\\[|\\]|\\{|\\}|,|[a-c]\\.social|A\\.social|u@a\\.social|\"|'|&a |\\*a|>|\\||: |é|~|\n){0,60}",
    ) {
        counts_add_up(&body, Format::Yaml)?;
        counts_add_up(&format!("- hostname: x.social\n{body}"), Format::Yaml)?;
    }

    #[test]
    fn what_is_written_is_read(names in domains(), comment in "[ -~]{0,30}") {
        let quoted = comment.replace('\\', "\\\\").replace('"', "\\\"");
        let rows: String = names
            .iter()
            .map(|name| format!("- hostname: {name}\n  severity: silence\n  public_comment: \"{quoted}\"\n"))
            .collect();
        let document = yaml(&rows);
        prop_assert_eq!(names_of(&document), names.clone());
        let kept = document.entries[0].public_comment.as_deref().unwrap_or_default();
        let nothing = ["null", "none"].contains(&comment.trim().to_lowercase().as_str());
        prop_assert_eq!(kept, if nothing { "" } else { comment.trim() });
        let bare: String = names.iter().map(|name| format!("- {name}\n")).collect();
        prop_assert_eq!(names_of(&yaml(&format!("blocklist:\n{bare}"))), names);
    }
}
