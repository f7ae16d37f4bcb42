//! What lists say: what is followed and known, how it changes, and what it would do.

use std::fmt::Write;

use crate::browser::driver::WITH_SCRIPTS;
use crate::browser::{Serving, on_browser};
use crate::command::Machine;

/// A list of so many domains, each with its reason.
pub fn list(word: &str, numbers: impl IntoIterator<Item = usize>) -> String {
    numbers.into_iter().fold("domain,severity,public_comment\n".to_owned(), |mut text, number| {
        let severity = ["suspend", "silence"][number % 2];
        let reason = ["harassment", "spam", "threats", "hate speech"][number % 4];
        writeln!(text, "{word}{number}.example,{severity},{reason}").unwrap();
        text
    })
}

/// A machine that follows three lists, two of which have much in common, and one of which has
/// changed since it was first read.
pub fn followed() -> Machine {
    let machine = Machine::new();
    machine.write("garden.csv", list("mill", 0..120));
    machine.write("orchard.csv", list("mill", 40..200));
    machine.write("meadow.csv", list("mill", (0..240).step_by(6)));
    for name in ["garden", "orchard", "meadow"] {
        machine.run(&["lists", "add", &format!("{name}.csv"), "--name", name]).exits(0);
    }
    machine.write("garden.csv", list("mill", (0..60).chain(70..150)));
    machine.run(&["lists", "update"]).exits(0);
    machine
}

#[test]
fn lists_are_looked_at_from_all_sides() {
    on_browser("lists", WITH_SCRIPTS, async |browser| {
        let machine = followed();
        let serving = Serving::alone(&machine);
        browser.open(&serving.way_in).await;
        browser.says("Signed in as").await;
        for (name, path, says) in [
            ("overview", "/lists", "garden"),
            ("search", "/lists?q=bridge", "Bridges to Bluesky"),
            ("nothing", "/lists?q=nosuchlist", "No list is known for that"),
            ("one", "/lists/garden", "garden"),
            ("bundled", "/lists/threads", "Threads"),
            ("entries", "/lists/garden/entries", "mill1.example"),
            ("versions", "/lists/garden/versions", "garden"),
            ("diff", "/lists/garden/diff", "garden"),
            ("would", "/lists/garden/would", "garden"),
            ("compare", "/lists/compare?list=garden&list=orchard&list=meadow", "orchard"),
            ("compare-none", "/lists/compare", "ompare"),
            ("stop", "/lists/meadow/stop", "meadow"),
        ] {
            browser.open(&serving.at(path)).await;
            browser.says(says).await;
            browser.looks(name).await;
            if name == "compare" {
                browser.shot("serve-compare").await;
            }
        }
    });
}
