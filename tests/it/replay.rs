//! Histories and invented stories, replayed: nothing of what must never happen happens.

use hedgerow::block::Level;
use hedgerow::replay::{Chance, Harm, histories, invent};

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
