//! The examples of docs/decisions.md, replayed.

use chrono::TimeDelta;
use hedgerow::block::{Level, Rule, Severity};
use hedgerow::domain::Domain;
use hedgerow::list::{Document, Entry, Format};
use hedgerow::plan::Aim;
use hedgerow::policy::{Agreement, Choice, Terms};
use hedgerow::replay::{Listed, Step, World};

use crate::plan_laws::now;

const NAME: &str = "bad.example";

fn severity(cell: &str) -> Option<Severity> {
    let word = cell.split([' ', ',']).next().unwrap();
    if word == "–" {
        return None;
    }
    Some(Severity::from_word(word).unwrap_or_else(|| panic!("{cell:?} is no severity")))
}

fn document(says: Option<Severity>) -> Document {
    let entry = |severity| Entry {
        domain: Domain::from_stored(NAME).unwrap(),
        line: 1,
        covers_subdomains: false,
        shared_by_strangers: false,
        severity: Some(severity),
        reject_media: None,
        reject_reports: None,
        obfuscate: None,
        public_comment: None,
        private_comment: None,
    };
    Document::of(Format::FediblockholeCsv, says.map(entry).into_iter().collect())
}

/// `one = auto, follow, grace 7; agreed in 2`.
fn settings(text: &str, world: &mut World) -> Vec<(String, Terms)> {
    let mut lists = Vec::new();
    for part in text.split(';').map(str::trim) {
        if let Some(lists) = part.strip_prefix("agreed in ") {
            world.policy.severity = Choice::Agreed;
            world.policy.agreement = Some(Agreement::Lists(lists.parse().unwrap()));
            continue;
        }
        let (name, terms) = part.split_once(" = ").unwrap();
        let terms: Vec<&str> = terms.split(", ").collect();
        let [mode, retractions, grace] = terms[..] else { panic!("{part:?}") };
        let terms = Terms {
            mode: mode.parse().unwrap(),
            retractions: retractions.parse().unwrap(),
            grace_days: grace.strip_prefix("grace ").unwrap().parse().unwrap(),
            ..Terms::default()
        };
        lists.push((name.to_owned(), terms));
    }
    lists
}

fn replay(example: &str, rows: &[Vec<String>]) {
    let mut world = World::new(Level::Instance);
    let lists = settings(example, &mut world);
    for row in rows {
        let at = now() + TimeDelta::days(row[0].parse().unwrap());
        let listed: Vec<Listed> = lists
            .iter()
            .zip(&row[1..])
            .map(|((name, terms), cell)| Listed {
                name: name.clone(),
                terms: terms.clone(),
                document: document(severity(cell)),
                held: false,
            })
            .collect();
        let (hand, then) = (row[row.len() - 2].as_str(), row[row.len() - 1].as_str());
        let attended = hand == "applied";
        match hand {
            "–" | "applied" => {}
            "lifted" => world.lift_by_hand(NAME),
            other => world.set_by_hand(NAME, Rule::new(severity(other).unwrap())),
        }
        let step = Step { attended, aim: Aim::Sync, ..Step::default() };
        let (plan, _) = world.step(&listed, &step, at);
        assert_eq!(world.severity(NAME), severity(then), "{example}: {row:?}");
        assert_eq!(!plan.held.is_empty(), then.contains("waits"), "{example}: {row:?}");
    }
}

#[test]
fn every_example_goes_as_the_page_says() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/decisions.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut examples = 0;
    for part in page.split("<!-- replay: ").skip(1) {
        let (example, rest) = part.split_once(" -->").unwrap();
        let table = rest.trim_start().lines().take_while(|line| line.starts_with('|'));
        let cells = |line: &str| {
            line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
        };
        let rows: Vec<Vec<String>> = table.skip(2).map(cells).collect();
        assert!(rows.len() > 1, "{example}");
        replay(example, &rows);
        examples += 1;
    }
    assert!(examples >= 7, "{examples} examples");
}
