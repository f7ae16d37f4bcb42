use std::collections::BTreeSet;

use super::*;
use crate::list::read;

/// A list of these domains and severities.
fn list(rows: &[(&str, &str)]) -> Document {
    let rows: String = rows.iter().map(|(name, severity)| format!("{name},{severity}\n")).collect();
    read(format!("domain,severity\n{rows}").as_bytes()).unwrap()
}

/// A list that gives no severities.
fn plain(domains: &[&str]) -> Document {
    read(domains.join("\n").as_bytes()).unwrap()
}

fn named<'a>(lists: &'a [(&'a str, Document)]) -> Vec<Named<'a>> {
    lists.iter().map(|(name, document)| Named { name, document }).collect()
}

fn three() -> [(&'static str, Document); 3] {
    [
        (
            "big",
            list(&[
                ("d.example", "suspend"),
                ("c.example", "suspend"),
                ("b.example", "silence"),
                ("a.example", "suspend"),
            ]),
        ),
        ("small", list(&[("b.example", "suspend"), ("c.example", "suspend")])),
        ("plain", plain(&["b.example", "z.example", "y.example"])),
    ]
}

#[test]
fn numbers_of_a_small_case_are_right() {
    let lists = three();
    let result = compare(&named(&lists));
    assert_eq!(result.union, 6);
    let sizes: Vec<_> = result.lists.iter().map(|l| (l.name.as_str(), l.domains)).collect();
    assert_eq!(sizes, [("big", 4), ("small", 2), ("plain", 3)]);
    let only: Vec<Vec<&str>> =
        result.lists.iter().map(|l| l.only.iter().map(Domain::as_str).collect()).collect();
    assert_eq!(only, [vec!["a.example", "d.example"], vec![], vec!["y.example", "z.example"]]);
    let pair = |one: &str, other: &str, shared, union, jaccard, into, back, differ| Pair {
        one: one.into(),
        other: other.into(),
        shared,
        union,
        jaccard,
        one_in_other: into,
        other_in_one: back,
        differ,
    };
    assert_eq!(
        result.pairs,
        [
            pair("big", "small", 2, 4, 0.5, 0.5, 1.0, 1),
            pair("big", "plain", 1, 6, 0.1667, 0.25, 0.3333, 0),
            pair("small", "plain", 1, 4, 0.25, 0.5, 0.3333, 0),
        ]
    );
    let at_least = |lists, domains| AtLeast { lists, domains };
    assert_eq!(result.in_at_least, [at_least(2, 2), at_least(3, 1)]);
    let asked = |list: &str, severity| Asked { list: list.into(), severity };
    assert_eq!(
        result.differ,
        [Differing {
            domain: Domain::from_stored("b.example").unwrap(),
            severities: vec![asked("big", Severity::Silence), asked("small", Severity::Suspend)],
        }],
        "a list without severities disagrees with nobody"
    );
}

#[test]
fn one_list_and_lists_with_nothing_in_common_compare_too() {
    let lists = [("one", list(&[("a.example", "suspend")])), ("two", plain(&["b.example"]))];
    let alone = compare(&named(&lists)[..1]);
    assert_eq!((alone.union, alone.pairs.len(), alone.in_at_least.len()), (1, 0, 0));
    let result = compare(&named(&lists));
    assert!((result.pairs[0].jaccard, result.pairs[0].shared) == (0.0, 0));
    let table = Table { comparison: &result, only: false, differ: true }.to_string();
    assert!(table.contains("Together they name 2 domains, and share none of them."), "{table}");
    assert!(table.contains("Nowhere do they ask for different severities."), "{table}");
    assert_eq!(compare(&[]).union, 0);
}

/// Twenty lists of which each has the numbers from its own up that it divides.
fn many() -> Vec<(String, Document)> {
    (1..=20)
        .map(|step| {
            let severity = if step % 3 == 0 { "silence" } else { "suspend" };
            let rows: Vec<String> =
                (step..400).step_by(step).map(|n| format!("s{n}.example")).collect();
            let rows: Vec<(&str, &str)> = rows.iter().map(|row| (row.as_str(), severity)).collect();
            (format!("every-{step}"), list(&rows))
        })
        .collect()
}

#[test]
fn the_quick_way_and_the_simple_way_agree() {
    let lists = many();
    let named: Vec<Named<'_>> =
        lists.iter().map(|(name, document)| Named { name, document }).collect();
    let result = compare(&named);
    let sets: Vec<BTreeSet<&str>> = lists
        .iter()
        .map(|(_, document)| document.entries.iter().map(|e| e.domain.as_str()).collect())
        .collect();
    let union: BTreeSet<&str> = sets.iter().flatten().copied().collect();
    assert_eq!(result.union, union.len());
    let mut pairs = result.pairs.iter();
    for (at, one) in sets.iter().enumerate() {
        let others = || sets.iter().enumerate().filter(|(other, _)| *other != at);
        let only: Vec<&str> = one
            .iter()
            .filter(|domain| others().all(|(_, other)| !other.contains(*domain)))
            .copied()
            .collect();
        let found: Vec<&str> = result.lists[at].only.iter().map(Domain::as_str).collect();
        assert_eq!(found, only);
        for (later, other) in others().filter(|(other, _)| *other > at) {
            let pair = pairs.next().unwrap();
            assert_eq!(pair.shared, one.intersection(other).count());
            assert_eq!(pair.union, one.union(other).count());
            let unlike = (at + 1) % 3 == 0;
            let disagree = if unlike == ((later + 1) % 3 == 0) { 0 } else { pair.shared };
            assert_eq!(pair.differ, disagree, "{} {}", pair.one, pair.other);
        }
    }
    assert_eq!(pairs.next(), None);
    for AtLeast { lists, domains } in &result.in_at_least {
        let stands_in = |domain: &&&str| sets.iter().filter(|s| s.contains(**domain)).count();
        assert_eq!(union.iter().filter(|d| stands_in(d) >= *lists).count(), *domains);
    }
    assert_eq!(compare(&named), result, "twice the same");
}

fn width(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap_or_default()
}

#[test]
fn few_lists_make_a_matrix_and_many_make_rows_within_eighty_columns() {
    let lists = three();
    let result = compare(&named(&lists));
    let table = Table { comparison: &result, only: true, differ: true }.to_string();
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = table.lines().map(words).collect();
    for line in [
        "1 big 4 2",
        "1 – 2 50 % 1 25 %",
        "2 2 100 % – 1 50 %",
        "3 1 33 % 1 33 % –",
        "2 0.50 – 0.25",
        "Together they name 6 domains: 2 in 2 lists or more, 1 in all 3.",
        "Only in small (0 domains):",
        "- b.example: silence in big, suspend in small",
    ] {
        assert!(lines.iter().any(|l| l == line), "{line:?} is not in:\n{table}");
    }
    let quiet = Table { comparison: &result, only: false, differ: false }.to_string();
    assert!(quiet.contains("They disagree on the severity of 1 domain"), "{quiet}");

    let mut lists = many();
    lists[0].0 = "a-name-that-is-quite-a-bit-longer-than-there-is-room-for.csv".to_owned();
    let named: Vec<Named<'_>> =
        lists.iter().map(|(name, document)| Named { name, document }).collect();
    for number in [6, 7, 20] {
        let result = compare(&named[..number]);
        let table = Table { comparison: &result, only: true, differ: true }.to_string();
        assert!(width(&table) < 80, "{number}: {}\n{table}", width(&table));
        assert_eq!(table.contains("A IN B"), number > 6, "{table}");
    }
    let result = compare(&named);
    let table = Table { comparison: &result, only: false, differ: false }.to_string();
    assert!(table.contains("… and 140 more pairs; --json has all."), "{table}");
}

#[test]
fn only_what_is_whole_is_a_hundred_percent() {
    let names: Vec<String> = (0..1000).map(|number| format!("s{number}.example")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let lists = [("all", plain(&names)), ("most", plain(&names[1..])), ("one", plain(&names[..1]))];
    let result = compare(&named(&lists));
    let table = Table { comparison: &result, only: false, differ: false }.to_string();
    let wanted = ["999  99 %", "999 100 %", "1   1 %", "1 100 %", "0   0 %"];
    for wanted in wanted {
        assert!(table.contains(wanted), "{wanted:?} is not in:\n{table}");
    }
}
