//! `lists search`, `lists info` and `lists compare`, as a person and as a script see them.

use std::path::Path;

use hedgerow::compare::{Comparison, Named, Pair, compare};
use hedgerow::list::{Document, catalogue, read};
use serde_json::json;

use crate::command::{Machine, Said};
use crate::shared::shared;

fn names(said: &Said) -> Vec<String> {
    let rows = said.json()["lists"].as_array().unwrap().clone();
    rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn fits_eighty_columns(said: &Said) {
    for line in said.stdout.lines().filter(|line| !line.contains("https://")) {
        assert!(line.chars().count() < 80, "{line}");
    }
}

#[test]
fn a_search_shows_what_is_offered_first_and_what_is_over_last() {
    let machine = Machine::new();
    let all = machine.run(&["lists", "search"]).exits(0);
    fits_eighty_columns(&all);
    let lines: Vec<&str> = all.stdout.lines().collect();
    assert!(lines[1].starts_with("threads ") && lines[1].contains("bundled"), "{}", lines[1]);
    assert!(lines[5].starts_with("garden-fence ") && lines[5].contains(" 143  offered"));
    let retired = lines.iter().position(|line| line.starts_with("oliphant-tier0 ")).unwrap();
    assert!(lines[retired].contains("retired"), "{}", lines[retired]);
    let after = lines.iter().filter(|line| line.contains("look first")).count();
    assert!(lines[retired..].iter().all(|line| !line.contains("look first")) && after > 5);
    assert_eq!(names(&machine.run(&["lists", "search", "--json"])).len(), lines.len() - 4);

    let found = machine.run(&["lists", "search", "IFTAS", "spam", "--json"]).exits(0);
    assert_eq!(
        found.json()["lists"],
        json!([{
            "name": "iftas-aud",
            "title": "IFTAS Abandoned and Unmanaged",
            "bundled": false,
            "status": "alive",
            "advice": "offer",
            "domains": 37,
            "seen": "2026-02-23",
            "address":
                "https://about.iftas.org/wp-content/uploads/2025/10/iftas-abandoned-unmanaged-latest.csv",
            "warnings": 0,
        }])
    );
    assert_eq!(names(&machine.run(&["lists", "search", "iftas spam", "--json"])), ["iftas-aud"]);
    let bundled = machine.run(&["lists", "search", "fedipact", "--json"]).exits(0).json();
    assert_eq!(bundled["lists"][0]["bundled"], json!(true));
    assert_eq!(bundled["lists"][0]["domains"], json!(5));

    machine
        .run(&["lists", "search", "no-such-list"])
        .exits(0)
        .says("No list is known for \"no-such-list\"");
    assert_eq!(names(&machine.run(&["lists", "search", "no-such-list", "--json"])), [""; 0]);
}

#[test]
fn info_warns_before_it_tells_anything_else() {
    let machine = Machine::new();
    for list in catalogue::all() {
        let said = machine.run(&["lists", "info", &list.name]).exits(0);
        fits_eighty_columns(&said);
        let second = said.stdout.lines().nth(1).unwrap().to_owned();
        assert_eq!(second.starts_with("! "), !list.warnings.is_empty(), "{}", said.stdout);
        let texts = [&list.purpose, &list.criteria, &list.licence, &list.address, &list.home];
        let forms = list.forms.iter().map(|form| &form.address);
        let said = texts
            .into_iter()
            .chain(list.warnings.iter().chain(&list.notices))
            .chain(list.retractions.iter().chain(forms))
            .fold(said, |said, text| said.says(text));
        if let Some(signature) = &list.signature {
            said.says(&signature.address).says(&signature.public_key);
        }
    }
    machine.run(&["lists", "info", "Oliphant-Tier0"]).exits(0).says("Status retired");
    machine
        .run(&["lists", "info", "https://seirdy.one/pb/tier0.csv"])
        .exits(0)
        .says("Seirdy’s tier 0 (seirdy-tier0)");
    machine
        .run(&["lists", "info", "fedipact"])
        .exits(0)
        .says("It comes with Hedgerow and has 5 domains");
}

#[test]
fn info_as_json_has_every_field_of_the_file() {
    let machine = Machine::new();
    let file = include_str!("../../lists/catalogue/rapidblock.toml");
    let mut want = serde_json::to_value(toml::from_str::<toml::Table>(file).unwrap()).unwrap();
    want["bundled"] = json!(false);
    assert_eq!(machine.run(&["lists", "info", "rapidblock", "--json"]).exits(0).json(), want);

    let bundled = machine.run(&["lists", "info", "threads", "--json"]).exits(0).json();
    assert_eq!((&bundled["name"], &bundled["bundled"]), (&json!("threads"), &json!(true)));
    assert!(bundled["about"].as_str().unwrap().contains("threads.net"));
}

#[test]
fn an_unknown_list_gets_the_closest_names_and_a_retractions_address_a_warning() {
    let machine = Machine::new();
    machine
        .run(&["lists", "info", "gardenfence"])
        .exits(1)
        .says("no list is known by the name \"gardenfence\". Did you mean garden-fence?")
        .says("hedgerow lists search");
    machine
        .run(&["lists", "info", "iftas"])
        .exits(1)
        .says("iftas-aud or iftas-dni or iftas-cariad");
    let nothing = machine.run(&["lists", "info", "quite-something-else"]).exits(1);
    assert!(!nothing.stderr.contains("Did you mean"), "{}", nothing.stderr);
    let json = machine.run(&["lists", "info", "gardenfence", "--json"]).exits(1).json();
    assert!(json["error"].as_str().unwrap().contains("garden-fence"), "{json}");

    machine
        .run(&["lists", "info", "https://seirdy.one/pb/tier0-retractions.csv"])
        .exits(1)
        .says("what was taken off the list seirdy-tier0");
    let secret = machine.run(&["lists", "info", "https://me:s3cret@lists.example/a.csv"]).exits(1);
    assert!(!secret.stderr.contains("s3cret"), "{}", secret.stderr);
}

const MINE: &str =
    "domain,severity\nspam.example,suspend\nmild.example,silence\nown.example,suspend\n";
const THEIRS: &str =
    "domain,severity\nmild.example,suspend\nspam.example,suspend\nex***le.example,suspend\n";

#[test]
fn two_lists_are_compared_as_text() {
    let machine = Machine::new();
    machine.write("mine.csv", MINE);
    machine.write("theirs.csv", THEIRS);
    let said = machine.run(&["lists", "compare", "mine.csv", "theirs.csv"]).exits(0);
    fits_eighty_columns(&said);
    let said = said
        .says("1 mine.csv 3 1")
        .says("2 theirs.csv 2 0")
        .says("1 – 2 67 %")
        .says("2 2 100 % –")
        .says("1 – 0.67")
        .says("Together they name 3 domains: 2 in both.")
        .says("They disagree on the severity of 1 domain")
        .says("1 row of theirs.csv could not be used");
    assert!(!said.stdout.contains("own.example") && !said.stdout.contains("mild.example"));

    let only = machine.run(&["lists", "compare", "mine.csv", "theirs.csv", "--only"]).exits(0);
    let only = only.says("Only in mine.csv (1 domain): own.example");
    assert!(!only.stdout.contains("mild.example"), "{}", only.stdout);
    machine
        .run(&["lists", "compare", "mine.csv", "theirs.csv", "--differ"])
        .exits(0)
        .says("- mild.example: silence in mine.csv, suspend in theirs.csv");
}

#[test]
fn two_lists_are_compared_as_json() {
    let machine = Machine::new();
    machine.write("mine.csv", MINE);
    machine.write("theirs.csv", THEIRS);
    let said = machine.run(&["lists", "compare", "mine.csv", "theirs.csv", "--json"]).exits(0);
    assert_eq!(
        said.json(),
        json!({
            "lists": [
                {"name": "mine.csv", "domains": 3, "rejected": 0, "only": ["own.example"]},
                {"name": "theirs.csv", "domains": 2, "rejected": 1, "only": []},
            ],
            "union": 3,
            "pairs": [{
                "one": "mine.csv", "other": "theirs.csv",
                "shared": 2, "union": 3, "jaccard": 0.6667,
                "one_in_other": 0.6667, "other_in_one": 1.0, "differ": 1,
            }],
            "in_at_least": [{"lists": 2, "domains": 2}],
            "differ": [{
                "domain": "mild.example",
                "severities": [
                    {"list": "mine.csv", "severity": "silence"},
                    {"list": "theirs.csv", "severity": "suspend"},
                ],
            }],
        })
    );
    let again = machine.run(&["lists", "compare", "mine.csv", "theirs.csv", "--json"]);
    assert_eq!(again.stdout, said.stdout);
}

#[test]
fn a_comparison_needs_two_lists_that_can_be_read() {
    let machine = Machine::new();
    machine.write("mine.csv", MINE);
    machine.write("empty.csv", "domain,severity\n");
    machine.run(&["lists", "compare", "mine.csv"]).exits(1);
    machine.run(&["lists", "compare", "mine.csv", "empty.csv"]).exits(1).says("empty.csv");
    machine.run(&["lists", "compare", "mine.csv", "none.csv"]).exits(1).says("no file");
    // The same file twice is a comparison like any other, under two names.
    machine
        .run(&["lists", "compare", "mine.csv", "mine.csv"])
        .exits(0)
        .says("mine.csv (2)")
        .says("3 100 %");
    machine.run(&["lists", "compare", "threads", "meta"]).exits(0).says("1 – 1 100 %");
}

fn document(root: &Path, name: &str) -> Document {
    read(&std::fs::read(root.join(name)).unwrap()).unwrap()
}

fn pair<'a>(result: &'a Comparison, one: &str, other: &str) -> &'a Pair {
    result.pairs.iter().find(|pair| pair.one == one && pair.other == other).unwrap()
}

/// What was counted in the real lists by other means. There, the rows that only show who
/// blocks without reading were counted as well, so shares may differ by less than 0.01.
#[test]
fn real_lists_overlap_as_measured() {
    let Some(root) = shared("lists") else { return };
    let files = [
        ("tier0", "oliphant/seirdy-tier0.csv"),
        ("garden-fence", "gardenfence/gardenfence-mastodon.csv"),
        ("dni", "oliphant/dni.csv"),
        ("aud", "oliphant/iftas-aud.csv"),
        ("mastodon.social", "oliphant/mastodon.social.csv"),
        ("fedinuke", "seirdy/fedinuke-from-receipts.txt"),
    ];
    let documents = files.map(|(_, file)| document(&root, file));
    let lists: Vec<Named<'_>> = std::iter::zip(files, &documents)
        .map(|((name, _), document)| Named { name, document })
        .collect();
    let result = compare(&lists);
    // The pair; shared domains; Jaccard; the share of the second list in the first.
    for (one, other, count, jaccard, contained) in [
        ("tier0", "garden-fence", 121, 0.30, 0.85),
        ("tier0", "dni", 59, 0.15, 0.68),
        ("tier0", "aud", 2, 0.00, 0.05),
        ("tier0", "mastodon.social", 93, 0.17, 0.35),
        ("tier0", "fedinuke", 136, 0.36, 0.95),
        ("garden-fence", "dni", 48, 0.26, 0.55),
        ("garden-fence", "aud", 2, 0.01, 0.05),
        ("garden-fence", "mastodon.social", 71, 0.21, 0.27),
        ("garden-fence", "fedinuke", 76, 0.36, 0.53),
        ("aud", "mastodon.social", 3, 0.01, 0.01),
    ] {
        let measured = pair(&result, one, other);
        assert_eq!(measured.shared, count, "{measured:?}");
        assert!((measured.jaccard - jaccard).abs() < 0.01, "{measured:?}");
        assert!((measured.other_in_one - contained).abs() < 0.01, "{measured:?}");
    }
    let visible = pair(&result, "garden-fence", "mastodon.social").one_in_other;
    assert!((visible - 0.50).abs() < 0.01, "{visible}");
}
