//! The main journey: connect, look at a plan, say a word on two rows, apply, see it happen and
//! be checked, and take it back. With scripts, and without any.

use crate::browser::driver::{WITH_SCRIPTS, WITHOUT_SCRIPTS};
use crate::browser::{Browser, Serving, on_browser};
use crate::command::Machine;
use crate::fake::{Fake, Fault, Version};
use crate::gate::Gate;

const LIST: &str = "domain,severity,public_comment\n\
                    loud.example,suspend,harassment\n\
                    mill.example,suspend,spam\n\
                    pond.example,suspend,threats\n\
                    quarry.example,suspend,hate speech\n\
                    weir.example,suspend,harassment\n";

/// Somebody who blocks two domains, and follows and is followed at two that a list names.
fn world() -> Fake {
    let fake = Fake::start(Version::V4_6);
    let mut world = fake.world();
    world.block_for_account("loud.example");
    world.block_for_account("own.example");
    world.follows = ["ada@pond.example", "bea@friend.example"].map(str::to_owned).into();
    world.followers = ["cem@pond.example", "dan@weir.example"].map(str::to_owned).into();
    drop(world);
    fake
}

fn machine() -> Machine {
    let machine = Machine::new();
    machine.write("garden.csv", LIST);
    machine.run(&["lists", "add", "garden.csv", "--name", "garden"]).exits(0);
    machine
}

/// Signs in by the printed link and connects the account, each on the pages for it.
pub async fn connected(browser: &Browser, serving: &Serving, fake: &Fake) {
    browser.open(&serving.way_in).await;
    browser.says("Connect your account or your server").await;
    browser.looks("nothing-yet").await;
    browser.press("Connect").await;
    browser.fill("#server", &fake.url()).await;
    browser.press("Continue").await;
    browser.press("Go to").await;
    browser.press("Authorize").await;
    browser.says("Connected. Nothing has been changed.").await;
    browser.looks("connected").await;
}

#[test]
fn a_plan_is_looked_at_applied_checked_and_taken_back() {
    on_browser("plan", WITH_SCRIPTS, async |browser| journey(browser).await);
}

#[test]
fn a_plan_is_looked_at_applied_checked_and_taken_back_without_scripts() {
    on_browser("plan-plain", WITHOUT_SCRIPTS, async |browser| journey(browser).await);
}

async fn journey(browser: &Browser) {
    let (machine, fake) = (machine(), world());
    let serving = Serving::alone(&machine);
    connected(browser, &serving, &fake).await;
    let before = fake.world().account_domains();
    reads(browser).await;
    follows(browser).await;
    decides(browser).await;
    assert_eq!(fake.world().account_domains(), before, "until here nothing was changed");
    applies(browser, &fake).await;
    let after = fake.world().account_domains();
    let wanted = ["loud", "mill", "own", "pond", "quarry", "weir"];
    assert_eq!(after, wanted.map(|name| format!("{name}.example")));
    goes_back_and_applies_nothing_twice(browser, &fake).await;
    takes_back(browser).await;
    assert_eq!(fake.world().account_domains(), before);
    all_pages(browser, &serving).await;
}

async fn reads(browser: &Browser) {
    browser.press("See what is blocked").await;
    browser.says("2 blocks").await;
    browser.says("own.example").await;
    browser.looks("blocks").await;
}

/// Follows the list, and has a plan made for it.
async fn follows(browser: &Browser) {
    browser.press_css(".tabs a[href$='/lists']").await;
    browser.says("No list is followed here yet").await;
    browser.looks("no-lists").await;
    browser.press_css("#new-list option[value=garden]").await;
    browser.press("Follow it here").await;
    browser.says("1 list followed here").await;
    browser.looks("lists").await;
}

async fn decides(browser: &Browser) {
    browser.press("See what the lists would change").await;
    browser.says("Adds 2 domains.").await;
    browser.says("pond.example").await;
    browser.says("1 person you follow").await;
    browser.looks("plan").await;
    for domain in ["pond.example", "weir.example"] {
        browser.press(&format!("Accept {domain}")).await;
        browser.says("accepted by you").await;
    }
    browser.says("Adds 4 domains.").await;
    browser.looks("plan-accepted").await;
    browser.shot("serve-target-plan").await;
}

/// Applies the plan, and sees it go on.
async fn applies(browser: &Browser, fake: &Fake) {
    let gate = Gate::default();
    fake.fail("POST", "/api/v1/domain_blocks", Fault::Nothing);
    // More than there are: the client asks again if a page is looked at for too long.
    for _ in 0..9 {
        fake.fail("POST", "/api/v1/domain_blocks", Fault::Held(gate.clone()));
    }
    // A browser does not send it before the box is ticked that says what is lost.
    browser.press("Block 4 domains").await;
    browser.says("Nothing of it is done yet").await;
    browser.press_css(".agree input").await;
    browser.press("Block 4 domains").await;
    browser.says("Carrying the plan out").await;
    if browser.setup.scripts {
        browser.run("window.stayed = true").await;
    }
    browser.says("1 of 4").await;
    gate.pass(2);
    browser.says("3 of 4").await;
    if browser.setup.scripts {
        let stayed = browser.run("return window.stayed === true").await;
        assert_eq!(stayed, true, "the page was not loaded again to say so");
        browser.looks("work").await;
    }
    gate.open();
    browser.says("done and verified").await;
    assert_eq!(browser.place().await, "/runs/1");
    browser.looks("run").await;
    browser.shot("serve-run").await;
}

async fn goes_back_and_applies_nothing_twice(browser: &Browser, fake: &Fake) {
    let writes = fake.writes().len();
    browser.reload().await;
    browser.says("done and verified").await;
    browser.back().await;
    browser.back().await;
    browser.reload().await;
    assert_eq!(fake.writes().len(), writes);
}

async fn takes_back(browser: &Browser) {
    browser.open(&here(browser, "/runs/1").await).await;
    browser.press("Plan to take it back").await;
    browser.says("Taking back run 1").await;
    browser.says("Lifts 4 domains.").await;
    browser.looks("plan-undo").await;
    browser.press("Lift 4 blocks").await;
    browser.says("done and verified").await;
    assert_eq!(browser.place().await, "/runs/2");
}

async fn here(browser: &Browser, path: &str) -> String {
    let url = browser.client.current_url().await.unwrap();
    format!("{}{path}", &url[..url::Position::BeforePath])
}

/// Excepts a domain, publishes the blocks to everybody, and makes a token for a program.
#[test]
fn blocks_are_published_domains_excepted_and_tokens_made() {
    on_browser("others", WITH_SCRIPTS, async |browser| {
        let (machine, fake) = (machine(), world());
        let serving = Serving::alone(&machine);
        connected(browser, &serving, &fake).await;
        reads(browser).await;
        excepts(browser, &serving).await;
        publishes(browser, &serving).await;
        makes_a_token(browser, &serving).await;
    });
}

async fn excepts(browser: &Browser, serving: &Serving) {
    browser.open(&serving.at("/exceptions")).await;
    browser.says("There is no exception yet").await;
    browser.looks("no-exceptions").await;
    browser.fill("#domain", "not a domain").await;
    browser.press("Make the exception").await;
    browser.says("What you entered is still in the form").await;
    browser.fill("#domain", "friend.example").await;
    browser.fill("#reason", "people I trust").await;
    browser.press("Make the exception").await;
    browser.says("1 exception").await;
    browser.looks("exceptions").await;
}

async fn publishes(browser: &Browser, serving: &Serving) {
    browser.open(&serving.at("/published")).await;
    browser.says("Nothing of yours is published.").await;
    browser.press("Publish something").await;
    browser.says("Publish it").await;
    browser.looks("publish").await;
    browser.fill("#title", "What I keep away").await;
    browser.press_css("#from-1").await;
    browser.press_css("#public").await;
    browser.fill("#slug", "kept-away").await;
    browser.press("Publish it").await;
    browser.says("concerns").await;
    browser.looks("publish-problem").await;
    browser.press_css("#sure").await;
    browser.press("Publish it").await;
    browser.says("Public: everybody can read it.").await;
    browser.looks("published").await;
    browser.press("See what others see").await;
    browser.says("What I keep away").await;
    browser.looks("open").await;
}

async fn makes_a_token(browser: &Browser, serving: &Serving) {
    browser.open(&serving.at("/settings")).await;
    browser.looks("settings").await;
    browser.fill("form[action='/settings/tokens'] input[type=text]", "my script").await;
    browser.press_css("form[action='/settings/tokens'] button").await;
    browser.says("It is shown now and never again").await;
    browser.looks("token").await;
    browser.press("I have kept it").await;
    browser.says("my script").await;
    browser.looks("settings-token").await;
}

async fn all_pages(browser: &Browser, serving: &Serving) {
    for (name, path) in [
        ("targets", "/targets"),
        ("target", "/targets/1"),
        ("target-lists", "/targets/1/lists"),
        ("target-blocks", "/targets/1/blocks"),
        ("target-block", "/targets/1/block?domain=own.example"),
        ("no-plan", "/targets/1/plan"),
        ("choose", "/targets/1/plan/new"),
        ("runs", "/targets/1/runs"),
        ("backups", "/targets/1/backups"),
        ("would", "/lists/garden/would"),
        ("why", "/why"),
        ("why-one", "/why?domain=pond.example"),
        ("why-nothing", "/why?domain=nowhere.example"),
        ("turned-down", "/exceptions/turned-down"),
        ("log", "/log"),
        ("target-log", "/targets/1/log"),
    ] {
        browser.open(&serving.at(path)).await;
        browser.says("Signed in as").await;
        browser.looks(name).await;
    }
}
