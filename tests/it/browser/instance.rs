//! A whole server, as those see it who answer for it: severities and comments, a run that is
//! stopped in the middle and given up, whom it cut, and the pages that come with that.

use crate::browser::driver::WITH_SCRIPTS;
use crate::browser::{Browser, Serving, on_browser};
use crate::command::Machine;
use crate::fake::{AdminBlock, Fake, Fault, Version};
use crate::gate::Gate;

const LIST: &str = "domain,severity,public_comment\n\
                    loud.example,suspend,\"harassment, for years\"\n\
                    mastodon.social,suspend,too large to moderate\n\
                    mill.example,silence,spam\n\
                    pond.example,suspend,threats\n";

const BLOCKS: &str = "/api/v1/admin/domain_blocks";

fn world() -> Fake {
    let fake = Fake::start(Version::V4_6);
    let mut world = fake.world();
    world.block_for_all(AdminBlock {
        reject_media: true,
        public_comment: "pictures of <b>everything</b>".to_owned(),
        private_comment: "see the talk of May".to_owned(),
        ..AdminBlock::new("loud.example", "silence")
    });
    world.block_for_all(AdminBlock { obfuscate: true, ..AdminBlock::new("own.example", "noop") });
    world.peers = Some(vec!["pond.example".to_owned()]);
    world.local_follows = vec![("ann".to_owned(), "ada@pond.example".to_owned())];
    drop(world);
    fake
}

#[test]
fn a_whole_server_is_looked_after() {
    on_browser("server", WITH_SCRIPTS, async |browser| {
        let (machine, fake) = (Machine::new(), world());
        machine.write("garden.csv", LIST);
        machine.run(&["lists", "add", "garden.csv", "--name", "garden"]).exits(0);
        let serving = Serving::alone(&machine);
        connects(browser, &serving, &fake).await;
        sees_blocks(browser, &serving).await;
        follows(browser, &serving).await;
        decides(browser).await;
        stops_and_gives_up(browser, &fake).await;
        is_told_what_failed(browser, &serving, &fake).await;
        all_pages(browser, &serving).await;
        signs_out(browser, &serving).await;
    });
}

async fn connects(browser: &Browser, serving: &Serving, fake: &Fake) {
    browser.open(&serving.way_in).await;
    browser.press("Connect").await;
    browser.fill("#server", &fake.url()).await;
    browser.press_css("#level-instance").await;
    browser.press_css("#impact").await;
    browser.press("Continue").await;
    browser.says("Go to").await;
    browser.looks("approve").await;
    browser.press("Go to").await;
    browser.press("Authorize").await;
    browser.says("Connected. Nothing has been changed.").await;
}

async fn sees_blocks(browser: &Browser, serving: &Serving) {
    browser.press("See what is blocked").await;
    browser.says("pictures of <b>everything</b>").await;
    browser.looks("blocks").await;
    browser.open(&serving.at("/targets/1/blocks?severity=noop")).await;
    browser.says("1 of 2").await;
    browser.looks("blocks-noted").await;
    browser.open(&serving.at("/targets/1/block?domain=loud.example")).await;
    browser.says("see the talk of May").await;
    browser.looks("block").await;
}

async fn follows(browser: &Browser, serving: &Serving) {
    browser.open(&serving.at("/targets/1/lists")).await;
    browser.press_css("#new-list option[value=garden]").await;
    browser.press("Follow it here").await;
    browser.says("1 list followed here").await;
    browser.looks("lists").await;
    browser.open(&serving.at("/lists/garden/stop")).await;
    browser.says("no block stands for it").await;
    browser.looks("stop").await;
    browser.open(&serving.at("/targets/1/lists")).await;
}

async fn decides(browser: &Browser) {
    browser.press("See what the lists would change").await;
    browser.says("mastodon.social").await;
    browser.looks("plan").await;
    for domain in ["pond.example", "loud.example"] {
        browser.press(&format!("Accept {domain}")).await;
        browser.says_nothing_of(&format!("Accept {domain}")).await;
    }
    browser.press("Ignore mastodon.social").await;
    browser.says_nothing_of("Ignore mastodon.social").await;
    browser.looks("plan-accepted").await;
}

/// The first of three changes is on its way when it is stopped.
async fn stops_and_gives_up(browser: &Browser, fake: &Fake) {
    let gate = Gate::default();
    for method in ["POST", "PUT"] {
        fake.fail(method, BLOCKS, Fault::Held(gate.clone()));
    }
    browser.press_css(".agree input").await;
    browser.press_css("form[action$='/plan/apply'] button").await;
    gate.reached(1);
    browser.says("0 of 3").await;
    browser.press("Stop").await;
    browser.says("Stopping after the step that is under way").await;
    gate.open();
    browser.says("Go on with it").await;
    browser.looks("stopped").await;
    browser.press("Give it up").await;
    browser.press("Give it up: 1 change stays, 2 are never made").await;
    browser.says("given up").await;
    browser.looks("given-up").await;
    browser.press("What it did, as a text to post").await;
    browser.says("What run 1 did, to post").await;
    browser.looks("announcement").await;
}

async fn is_told_what_failed(browser: &Browser, serving: &Serving, fake: &Fake) {
    fake.revoke_all();
    browser.open(&serving.at("/targets/1/plan")).await;
    browser.press("Make a plan").await;
    browser.says("The other server did not help").await;
    browser.looks("failed").await;
}

async fn all_pages(browser: &Browser, serving: &Serving) {
    for (name, path, says) in [
        ("target", "/targets/1", "and where each came from"),
        ("no-plan", "/targets/1/plan", "Make a plan"),
        ("choose", "/targets/1/plan/new", "Choose lists for once"),
        ("runs", "/targets/1/runs", "1 of 3"),
        ("backups", "/targets/1/backups", "One is made before every run"),
        ("why", "/why?domain=loud.example", "harassment, for years"),
        ("would", "/lists/garden/would", "it would"),
        ("known", "/lists/iftas-dni", "Follow it"),
        ("turned-down", "/exceptions/turned-down", "mastodon.social"),
        ("publish", "/published/new", "Publish it"),
        ("log", "/log", "Gave the run up"),
    ] {
        browser.open(&serving.at(path)).await;
        browser.says(says).await;
        browser.looks(name).await;
    }
}

async fn signs_out(browser: &Browser, serving: &Serving) {
    browser.open(&serving.at("/targets/1")).await;
    browser.press("Sign out of home.example").await;
    browser.press_css("form[action='/targets/1/sign-out'] button").await;
    browser.says("You are signed out of").await;
    browser.looks("signed-out").await;
}
