//! What looks like a mistake waits for a person: a list that suddenly drops most of what it
//! named, and a run that would lift too much.

use crate::browser::driver::WITH_SCRIPTS;
use crate::browser::lists::list;
use crate::browser::plan::connected;
use crate::browser::{Browser, Serving, on_browser};
use crate::command::Machine;
use crate::fake::{Fake, Version};

#[test]
fn a_list_that_drops_most_of_its_domains_lifts_nothing_before_a_person_says_so() {
    on_browser("held", WITH_SCRIPTS, async |browser| {
        let (machine, fake) = (Machine::new(), Fake::start(Version::V4_6));
        machine.write("garden.csv", list("mill", 0..30));
        machine.run(&["lists", "add", "garden.csv", "--name", "garden"]).exits(0);
        let serving = Serving::alone(&machine);
        connected(browser, &serving, &fake).await;
        let terms = ["--mode", "auto", "--retractions", "follow", "--grace", "0"];
        let follow = ["subscribe", "me@home.example", "garden"];
        machine.run(&[&follow[..], &terms[..]].concat()).exits(0);
        applies_all(browser, &serving, &fake).await;
        machine.write("garden.csv", list("mill", 0..10));
        machine.run(&["lists", "update"]);
        is_held(browser, &serving).await;
        assert_eq!(fake.world().account_blocks.len(), 30);
        comes_into_force(browser, &serving).await;
        assert_eq!(fake.world().account_blocks.len(), 30, "until here nothing was changed");
        is_let_go(browser, &serving).await;
        assert_eq!(fake.world().account_blocks.len(), 10);
    });
}

async fn applies_all(browser: &Browser, serving: &Serving, fake: &Fake) {
    browser.open(&serving.at("/targets/1/plan")).await;
    browser.press("Make a plan").await;
    browser.says("Adds 30 domains.").await;
    browser.press("Block 30 domains").await;
    browser.says("done and verified").await;
    assert_eq!(fake.world().account_blocks.len(), 30);
}

/// The version before it stays in force, and every page says so.
async fn is_held(browser: &Browser, serving: &Serving) {
    browser.open(&serving.at("/targets/1/lists")).await;
    browser.says("Its newest version is held, because it looks like a mistake.").await;
    browser.looks("lists").await;
    browser.open(&serving.at("/targets/1/plan")).await;
    browser.press("Make a plan").await;
    browser.says("Nothing to change").await;
    browser.looks("plan-held").await;
}

async fn comes_into_force(browser: &Browser, serving: &Serving) {
    browser.open(&serving.at("/lists/garden")).await;
    browser.says("A new version is held").await;
    browser.looks("list-held").await;
    browser.press_css("button[name=word][value=accept]").await;
    browser.says("Names 10 domains").await;
    browser.says_nothing_of("A new version is held").await;
    browser.open(&serving.at("/targets/1/plan")).await;
    browser.press("Look again").await;
    browser.says("20 rows waiting for you, and nothing else to change").await;
    browser.looks("plan-guard").await;
}

async fn is_let_go(browser: &Browser, serving: &Serving) {
    browser.press("Take 20 rows into this plan").await;
    browser.says("Lifts 20 domains.").await;
    browser.looks("plan-let-go").await;
    browser.press("Lift 20 blocks").await;
    browser.says("done and verified").await;
    browser.open(&serving.at("/targets/1/blocks")).await;
    browser.says("10 blocks").await;
}
