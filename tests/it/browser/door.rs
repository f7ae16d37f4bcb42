//! The front door: a file, or the one press for Threads, and nothing kept.

use crate::browser::driver::{ON_A_PHONE, WITH_SCRIPTS, WITHOUT_SCRIPTS};
use crate::browser::{Browser, Key, Serving, on_browser};
use crate::command::Machine;

/// Somebody's blocks, as Mastodon exports them.
const EXPORT: &str = "loud.example\nspam.example\nthreads.example\n";

#[test]
fn threads_is_kept_away_with_one_press_and_without_a_file() {
    on_browser("threads", WITH_SCRIPTS, async |browser| threads(browser).await);
}

#[test]
fn threads_is_kept_away_with_one_press_and_without_scripts() {
    on_browser("threads-plain", WITHOUT_SCRIPTS, async |browser| threads(browser).await);
}

#[test]
fn threads_is_kept_away_with_one_press_on_a_phone() {
    on_browser("threads-phone", ON_A_PHONE, async |browser| threads(browser).await);
}

async fn threads(browser: &Browser) {
    let machine = Machine::new();
    let serving = Serving::alone(&machine);
    browser.open(&serving.at("/")).await;
    browser.says("Only want to keep Threads away?").await;
    browser.looks("door").await;
    browser.shot("serve-door").await;
    browser.press("Block Threads for my account").await;
    browser.says("Nothing is blocked yet").await;
    browser.says("threads.net").await;
    browser.looks("plan").await;
    assert_eq!(browser.saved_files(), 0);
    // Nothing has asked yet which server it is for.
    browser.fill("#server", "https://home.example/@me").await;
    if browser.setup.scripts {
        browser.press("Show the link").await;
    } else {
        // Enter does the same, and downloads nothing.
        browser.key(Key::Enter).await;
    }
    browser.says("https://home.example/settings/imports").await;
    browser.looks("plan-link").await;
    assert_eq!(browser.saved_files(), 0);
    browser.press("Download the file").await;
    assert_eq!(browser.saved("blocked_domains-merged.csv").await, "threads.net\n");
}

#[test]
fn a_file_is_compared_changed_and_taken_away() {
    on_browser("file", WITH_SCRIPTS, async |browser| file(browser).await);
}

#[test]
fn a_file_is_compared_changed_and_taken_away_without_scripts() {
    on_browser("file-plain", WITHOUT_SCRIPTS, async |browser| file(browser).await);
}

async fn file(browser: &Browser) {
    let machine = Machine::new();
    let list = "domain,severity,public_comment\nloud.example,suspend,harassment\n\
                mill.example,suspend,spam\npond.example,suspend,threats\n\
                friend.example,silence,noise\n";
    machine.write("garden.csv", list);
    machine.run(&["lists", "add", "garden.csv", "--name", "garden"]).exits(0);
    let serving = Serving::alone(&machine);
    browser.open(&serving.at("/")).await;
    browser.fill("#file", &browser.bring("blocked_domains.csv", EXPORT)).await;
    // The list for Threads comes along and is ticked already.
    browser.press_css("input[name=list][value=garden]").await;
    browser.fill("#server", "my server").await;
    browser.press("See the difference").await;
    browser.says("That did not work yet").await;
    browser.looks("problem").await;
    // What was chosen is still there.
    browser.says("blocked_domains.csv is still here").await;
    assert_eq!(browser.value("#server").await, "my server");
    browser.fill("#server", "home.example").await;
    browser.press("See the difference").await;
    browser.says("Block 4 domains").await;
    browser.says("mill.example").await;
    browser.says("friend.example").await;
    browser.looks("plan").await;
    browser.shot("serve-plan").await;
    // One of the two is not to be blocked after all.
    browser.press_css("input[name=except][value=\"friend.example\"]").await;
    browser.press("Look again").await;
    browser.says("Block 3 domains").await;
    browser.press("Download the file").await;
    let saved = browser.saved("blocked_domains-merged.csv").await;
    assert_eq!(saved, format!("{EXPORT}mill.example\npond.example\nthreads.net\n"));
}

#[test]
fn a_file_that_is_none_is_explained() {
    on_browser("no-file", WITH_SCRIPTS, async |browser| {
        let machine = Machine::new();
        let serving = Serving::alone(&machine);
        browser.open(&serving.at("/")).await;
        browser.press("See the difference").await;
        browser.says("No file was chosen").await;
        let page = "<!doctype html><title>Sign in</title>";
        browser.fill("#file", &browser.bring("export.csv", page)).await;
        browser.press("See the difference").await;
        browser.says("not an export of domain blocks").await;
        browser.looks("problem").await;
    });
}
