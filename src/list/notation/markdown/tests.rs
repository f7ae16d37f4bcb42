use proptest::prelude::*;

use super::super::super::{Verdict, read as read_list};
use super::super::tests::{counts_add_up, domains, names_of};
use super::*;

fn page(text: &str) -> Document {
    read_list(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

#[test]
fn each_table_is_read_by_its_own_header() {
    let document = page(
        "# Our rules\n\n| Sign | Meaning |\n| --- | --- |\n| ⛔ | suspended |\n\nText.\n\n\
         | Instance¹ | Status² | Reason |\n|:---|:---:|---|\n| bad.example | ⛔ | spam³ |\n\
         | loud.example, NOISY.example | 🔇 | |\n| odd.example | ✅ | fine |\n\n\
         Notes | Severity | `Host`\n--- | --- | ---\nhate | suspend | [worse.example](x)\n",
    );
    assert_eq!(document.format, Format::Markdown);
    let entries: Vec<_> = document
        .entries
        .iter()
        .map(|e| (e.line, e.domain.as_str(), e.severity, e.public_comment.as_deref()))
        .collect();
    assert_eq!(
        entries,
        [
            (11, "bad.example", Some(Severity::Suspend), Some("spam")),
            (12, "loud.example", Some(Severity::Silence), None),
            (12, "noisy.example", Some(Severity::Silence), None),
            (17, "worse.example", Some(Severity::Suspend), Some("hate")),
        ]
    );
    let problems: Vec<_> = document.problems.iter().map(|p| (p.line, p.verdict)).collect();
    assert_eq!(problems, [(3, Verdict::Warning), (12, Verdict::Repaired), (13, Verdict::Rejected)]);
}

#[test]
fn a_table_without_a_status_needs_a_heading_that_speaks_of_blocks() {
    let table = "| Domain | Reason |\n|---|---|\n| bad.example | spam |\n";
    for (heading, severity) in [
        ("## Silenced servers", Some(Severity::Silence)),
        ("Suspended\n---", Some(Severity::Suspend)),
        ("# Blocked", None),
    ] {
        let document = page(&format!("{heading}\n\n{table}"));
        assert_eq!(document.entries[0].severity, severity, "{heading:?}");
    }
    for heading in
        ["", "# Friends", "# Allowed servers", "# No longer blocked", "# Limited or suspended"]
    {
        let refused = read_list(format!("{heading}\n\n{table}").as_bytes()).unwrap_err();
        assert!(matches!(refused, ReadError::NoEntries { rows: 1, .. }), "{heading:?}: {refused}");
    }
}

#[test]
fn people_are_never_their_servers() {
    let people = "| Account | Status | Reason |\n|---|---|---|\n| @a@x.example | ⛔ | spam |\n| y.example | ⛔ | |\n";
    assert_eq!(read_list(people.as_bytes()), Err(ReadError::FollowList));
    let both = format!("{people}\n| Server | Status |\n|---|---|\n| bad.example | ⛔ |\n");
    let document = page(&both);
    assert_eq!(names_of(&document), ["bad.example"]);
    assert_eq!(document.counts.rejected, 2);
    let mixed = "| Instance | Status |\n|---|---|\n| a@x.example | ⛔ |\n| @b@y.example | ⛔ |\n| z.example | ⛔ |\n";
    assert_eq!(read_list(mixed.as_bytes()), Err(ReadError::FollowList));
}

#[test]
fn what_is_not_plain_is_rejected_with_its_line() {
    for (cell, word) in [
        ("gab.example/.ai, dev.gab.example", "more than one name"),
        ("a.example b.example", "more than one name"),
        ("~~a.example~~", "struck out"),
        ("ex\\*\\*\\*le.example", "obfuscated"),
        ("*ad.exampl*", "pattern"),
        ("Instance", "name of a column"),
        ("⛔", ""),
        ("com", "single label"),
    ] {
        let text =
            format!("| Instance | Status |\n|---|---|\n| ok.example | ⛔ |\n| {cell} | ⛔ |\n");
        let document = page(&text);
        assert_eq!(names_of(&document), ["ok.example"], "{cell:?}");
        let [problem] = &document.problems[..] else { panic!("{document:?}") };
        assert!(problem.line == 4 && problem.why.contains(word), "{cell:?}: {problem:?}");
    }
}

#[test]
fn a_table_that_lost_its_rows_is_an_error() {
    let empty = "# Blocked\n\n| Instance | Status |\n|---|---|\n\nNothing.\n";
    assert_eq!(read_list(empty.as_bytes()), Err(ReadError::NoRows));
}

proptest! {
    #[test]
    fn any_page_is_counted_once(
        body in "((# Blocked|# Fine|---|==)?\n?|\\|? ?(Instance|Account|[a-c]\\.social|A\\.social|u@a\\.social|\\[a\\.b\\]\\(c\\)|\\*\\*|²|⛔|suspended|\\\\|<br>|,|---|é)? ?\\|?){0,40}",
    ) {
        counts_add_up(&body, Format::Markdown)?;
        let table = format!("| Instance | Status |\n|---|---|\n| x.social | ⛔ |\n{body}");
        counts_add_up(&table, Format::Markdown)?;
    }

    #[test]
    fn what_is_written_is_read(names in domains()) {
        let rows: String = names.iter().map(|name| format!("| {name} | suspended | x |\n")).collect();
        let text = format!("| Domain | Severity | Comment |\n| --- | --- | --- |\n{rows}");
        let document = page(&text);
        prop_assert_eq!(names_of(&document), names);
        prop_assert_eq!(document.counts.rejected, 0);
    }
}
