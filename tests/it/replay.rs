//! Histories and invented stories, replayed: nothing of what must never happen happens.

use hedgerow::block::Level;
use hedgerow::policy::{Mode, Retractions, Terms};
use hedgerow::replay::{Chance, Harm, Story, histories, invent};

use crate::shared::shared;

#[test]
fn thousands_of_invented_steps_do_no_harm() {
    for level in [Level::Account, Level::Instance] {
        let (mut steps, mut lifted, mut by_hand) = (0, 0, 0);
        for seed in 0..25 {
            let outcome = invent(level, seed, 150);
            assert_eq!(outcome.harm, Harm::default(), "{level} {seed}: {outcome:?}");
            steps += outcome.steps;
            lifted += outcome.lifted;
            by_hand += outcome.by_hand;
        }
        // A story in which nothing happens proves nothing.
        assert!(steps > 3000 && lifted > 150 && by_hand > 1000, "{steps} {lifted} {by_hand}");
    }
}

#[test]
fn the_incidents_of_real_lists_do_no_harm() {
    let Some(root) = shared("lists/incidents") else { return };
    let stories = histories(&root).unwrap();
    let dni = stories.iter().find(|story| story.name == "dni").unwrap();
    assert_eq!(dni.versions.len(), 3);
    for level in [Level::Account, Level::Instance] {
        for seed in 0..20 {
            let outcome = dni.replay(level, &mut Chance::new(seed));
            assert_eq!(outcome.harm, Harm::default(), "{level} {seed}: {outcome:?}");
            assert_eq!(outcome.held_versions, 1, "the emptied one is held");
            assert!(outcome.added >= 30, "{outcome:?}");
        }
    }
}

/// The union that others made of the emptied list, on the days around that.
#[test]
fn the_outage_of_a_union_does_no_harm() {
    let Some(root) = shared("lists/incidents") else { return };
    let read = |name: &str| std::fs::read(root.join(name)).unwrap();
    let before = read("unified_tier0-before-dni-outage.csv");
    let during = read("unified_tier0-during-dni-outage.csv");
    let day = |day: i64| chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(19_970 + day);
    let terms = Terms {
        mode: Mode::Auto,
        retractions: Retractions::Follow,
        grace_days: 0,
        ..Terms::default()
    };
    let versions = vec![
        (day(0), before.clone()),
        (day(1), during.clone()),
        (day(2), before.clone()),
        (day(3), during),
        (day(9), before),
    ];
    let story = Story { name: "union".to_owned(), terms, versions };
    for level in [Level::Account, Level::Instance] {
        for seed in 0..10 {
            let outcome = story.replay(level, &mut Chance::new(seed));
            assert_eq!(outcome.harm, Harm::default(), "{level} {seed}: {outcome:?}");
            assert!(outcome.added > 300 && outcome.lifted > 0, "{outcome:?}");
        }
    }
}
