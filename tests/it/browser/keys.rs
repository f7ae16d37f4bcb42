//! Without a mouse: everything can be reached, in the order in which it is read, and one sees
//! where one is.

use crate::browser::driver::WITH_SCRIPTS;
use crate::browser::{Browser, Key, Serving, on_browser};
use crate::command::Machine;

/// What has the focus: how it is called, where it begins, and whether one sees that it has it.
async fn focus(browser: &Browser) -> (String, f64, bool) {
    let script = "const one = document.activeElement;
        if (one === document.body) return ['BODY', 0, false];
        const style = getComputedStyle(one);
        const at = one.getBoundingClientRect();
        const seen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
        const name = one.id || one.textContent.trim() || one.name || one.tagName;
        return [name, at.top + scrollY, seen && at.width > 0 && at.left >= 0];";
    let found = browser.run(script).await;
    (found[0].as_str().unwrap().to_owned(), found[1].as_f64().unwrap(), found[2] == true)
}

#[test]
fn the_front_door_opens_without_a_mouse() {
    on_browser("keys", WITH_SCRIPTS, async |browser| {
        let machine = Machine::new();
        let serving = Serving::alone(&machine);
        browser.open(&serving.at("/")).await;
        browser.key(Key::Tab).await;
        let (name, _, seen) = focus(browser).await;
        assert!(name == "Skip to the content" && seen, "{name}");
        browser.key(Key::Enter).await;
        // The next one is in the content, and not in the head of the page.
        browser.key(Key::Tab).await;
        let (name, ..) = focus(browser).await;
        assert_eq!(name, "Block Threads for my account");
        browser.key(Key::Enter).await;
        browser.says("Nothing is blocked yet").await;
    });
}

#[test]
fn the_focus_goes_down_the_page_and_can_be_seen() {
    on_browser("focus", WITH_SCRIPTS, async |browser| {
        let machine = Machine::new();
        let serving = Serving::alone(&machine);
        browser.open(&serving.at("/")).await;
        let (mut names, mut last) = (Vec::new(), 0.0);
        loop {
            browser.key(Key::Tab).await;
            let (name, top, seen) = focus(browser).await;
            if name == "BODY" || names.first() == Some(&name) {
                break;
            }
            assert!(seen, "one does not see that {name} has the focus");
            // Two that stand beside each other may begin a little apart.
            assert!(top >= last - 60.0, "{name} stands above {names:?}");
            names.push(name);
            last = top;
            assert!(names.len() < 80, "{names:?}");
        }
        for name in ["file", "server", "allow", "See the difference"] {
            assert!(names.iter().any(|n| n == name), "{name} cannot be reached: {names:?}");
        }
    });
}
