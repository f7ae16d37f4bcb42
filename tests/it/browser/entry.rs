//! Coming in: by the printed link, or with one's own server, which is asked on its own pages.

use crate::browser::driver::{WITH_SCRIPTS, WITHOUT_SCRIPTS};
use crate::browser::{Browser, Serving, on_browser};
use crate::command::Machine;
use crate::fake::{Fake, Version};

/// The same server under a name of another site, so that the browser does with its cookies and
/// redirects what it does on the internet.
fn elsewhere(fake: &Fake) -> String {
    fake.url().replace("127.0.0.1", "localhost")
}

#[test]
fn the_printed_link_signs_in_once() {
    on_browser("link", WITH_SCRIPTS, async |browser| {
        let machine = Machine::new();
        let serving = Serving::alone(&machine);
        browser.open(&serving.at("/settings")).await;
        browser.says("has printed a link").await;
        browser.looks("sign-in").await;
        browser.open(&serving.way_in).await;
        browser.says("Signed in as").await;
        assert_eq!(browser.place().await, "/targets");
        browser.open(&serving.at("/settings")).await;
        browser.says("You are signed in as whoever runs this Hedgerow").await;
        browser.looks("settings").await;
        browser.press("Sign out").await;
        browser.says("Only want to keep Threads away?").await;
        browser.open(&serving.way_in).await;
        browser.says("has been used").await;
        browser.looks("used-link").await;
        // Whoever has signed out is not locked out.
        browser.open(&serving.new_way_in()).await;
        browser.says("Signed in as").await;
    });
}

#[test]
fn somebody_signs_in_with_their_server_and_connects_it() {
    on_browser("sign-in", WITH_SCRIPTS, async |browser| comes_in(browser).await);
}

#[test]
fn somebody_signs_in_with_their_server_and_connects_it_without_scripts() {
    on_browser("sign-in-plain", WITHOUT_SCRIPTS, async |browser| comes_in(browser).await);
}

async fn comes_in(browser: &Browser) {
    let (machine, fake) = (Machine::new(), Fake::start(Version::V4_6));
    let serving = Serving::shared(&machine);
    browser.open(&serving.at("/settings")).await;
    browser.says("Hedgerow never sees your password").await;
    browser.looks("sign-in").await;
    browser.fill("#server", "no such server").await;
    browser.press("Continue").await;
    browser.says("no such server").await;
    browser.looks("sign-in-problem").await;
    browser.fill("#server", &elsewhere(&fake)).await;
    browser.press("Continue").await;
    browser.says("see who you are, once").await;
    browser.looks("approve").await;
    browser.press("Go to").await;
    browser.says("Authorization required").await;
    browser.press("Authorize").await;
    browser.says("You are signed in as me@home.example").await;
    assert_eq!(browser.place().await, "/settings");
    assert_eq!(fake.tokens(), 0, "the right to know who it is was given back");
    browser.looks("settings").await;
    connects(browser, &serving, &fake).await;
    browser.open(&serving.at("/settings")).await;
    browser.reload().await;
    browser.says("You are signed in as me@home.example").await;
    browser.press("Sign out").await;
    browser.says("Only want to keep Threads away?").await;
    // What was on the screen before is not there for whoever comes next.
    browser.back().await;
    browser.says("Hedgerow never sees your password").await;
    browser.says_nothing_of("me@home.example").await;
    browser.open(&serving.at("/settings")).await;
    browser.says("Hedgerow never sees your password").await;
}

async fn connects(browser: &Browser, serving: &Serving, fake: &Fake) {
    browser.open(&serving.at("/connect")).await;
    assert_eq!(browser.value("#server").await, "home.example");
    browser.looks("connect").await;
    browser.fill("#server", &elsewhere(fake)).await;
    browser.press("Continue").await;
    browser.says("It cannot post").await;
    browser.press("Go to").await;
    browser.press("Deny").await;
    browser.says("Nothing was connected").await;
    browser.looks("denied").await;
    assert_eq!(fake.tokens(), 0);
    browser.open(&serving.at("/connect")).await;
    browser.fill("#server", &elsewhere(fake)).await;
    browser.press("Continue").await;
    browser.press("Go to").await;
    browser.press("Authorize").await;
    browser.says("Signed in as me@home.example").await;
    let place = browser.place().await;
    assert!(place.starts_with("/targets/"), "{place}");
    assert_eq!(fake.tokens(), 1);
}
