//! Pages that no journey comes by.

use crate::browser::driver::WITH_SCRIPTS;
use crate::browser::{Serving, on_browser};
use crate::command::Machine;

#[test]
fn pages_that_say_that_something_is_not_so() {
    on_browser("errors", WITH_SCRIPTS, async |browser| {
        let machine = Machine::new();
        let serving = Serving::alone(&machine);
        for (name, path, says) in [
            ("missing", "/nowhere", "There is no such page"),
            ("by-hand", "/look", "This page needs your file"),
            ("ran-out", "/back?code=x&state=y", "has run out"),
        ] {
            browser.open(&serving.at(path)).await;
            browser.says(says).await;
            browser.looks(name).await;
        }
        browser.press("To the front page").await;
        browser.says("Only want to keep Threads away?").await;
        // Under another name nothing is answered but where to go.
        browser.open(&serving.at("/").replace("127.0.0.1", "other.localhost")).await;
        browser.says("Not under this name").await;
        browser.looks("other-name").await;
        browser.press("To the front page").await;
        browser.says("Only want to keep Threads away?").await;
    });
}

/// The look at a page has to see something, or all pages look well.
#[test]
fn a_bad_page_is_seen_to_be_one() {
    on_browser("bad", WITH_SCRIPTS, async |browser| {
        let page = "data:text/html,<meta name=viewport content='width=device-width'>\
                    <title>x</title><img src='data:,'><p style='width:2000px'>x";
        browser.open(page).await;
        browser.looks("bad").await;
        let wrong = std::mem::take(&mut *browser.wrong.lock().unwrap()).join("\n");
        for rule in ["image-alt", "html-has-lang", "wider than the screen"] {
            assert!(wrong.contains(rule), "{rule} is not in:\n{wrong}");
        }
    });
}

#[test]
fn every_page_of_somebody_who_is_signed_in() {
    on_browser("rooms", WITH_SCRIPTS, async |browser| {
        let machine = Machine::new();
        let serving = Serving::alone(&machine);
        browser.open(&serving.way_in).await;
        browser.says("Signed in as").await;
        for (name, path) in [("connect", "/connect"), ("settings", "/settings"), ("door", "/door")]
        {
            browser.open(&serving.at(path)).await;
            browser.says("Signed in as").await;
            browser.looks(name).await;
        }
    });
}
