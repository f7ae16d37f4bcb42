//! The audit log on pages.

use crate::fake::{Fake, Version};
use crate::web::{Site, on_both};

#[test]
fn what_was_done_is_told_newest_first_and_narrowed() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        let inside = Site::over(machine).entered().await;
        inside.get("/log").await.is(200).says("Nothing has happened yet");
        let fields = [("server", &*fake.url())];
        let (site, answer) = inside.approved(&fake, "/connect", &fields).await;
        let target = answer.is(303).headers["location"].to_str().unwrap().to_owned();
        site.send(&format!("{target}/lists/subscribe"), &[("list", "threads")]).await.is(303);
        machine.run(&["apply", "me@home.example", "--yes"]).exits(0);
        let reason = "why <b>not\u{202e}</b>";
        let fields = [("domain", "friend.example"), ("reason", reason)];
        site.send("/exceptions", &fields).await.is(303);
        let page = site.get("/log").await.is(200);
        let page =
            page.says("Connected as me@home.example").says("Blocked threads.net, for threads");
        let page = page.says("Began a run of 1 change").says("is as planned");
        assert!(page.text.contains("why &#60;b&#62;not&#60;/b&#62;") && !page.text.contains("<b>"));
        let at = |text: &str| page.text.find(text).unwrap_or_else(|| panic!("{text}"));
        assert!(at("no list blocks friend.example") < at("Blocked threads.net"));
        assert!(at("Blocked threads.net") < at("Connected as"));
        let number = target.trim_start_matches("/targets/");
        for (query, there, not) in [
            ("kind=blocked", "Blocked threads.net", "Connected as"),
            ("domain=Threads.NET", "Blocked threads.net", "Connected as"),
            ("domain=friend.example", "friend.example", "Blocked threads.net"),
            ("list=threads", "Follows the list threads", "Blocked threads.net"),
            ("run=1", "Blocked threads.net", "Connected as"),
            (&*format!("target={number}"), "Connected as", "friend.example"),
        ] {
            let page = site.get(&format!("/log?{query}")).await.is(200).says(there);
            let table = page.text.split("<tbody>").nth(1).unwrap();
            assert!(!table.contains(not), "{query}: {table}");
        }
        for query in
            ["run=x", "run=-1", "domain=%22%3E%3Cscript%3E", "list=a%00b", "kind=blocked&run=9"]
        {
            site.get(&format!("/log?{query}")).await.is(200).says("Nothing fits");
        }
        site.get("/log?kind=nonsense&before=x").await.is(200).says("Connected as");
        site.get("/log?target=99").await.is(404);
        let page = site.get(&format!("{target}/log")).await.is(200).says("Connected as");
        let table = page.text.split("<tbody>").nth(1).unwrap();
        assert!(!table.contains("friend.example"), "that is about all targets");
    });
}

#[test]
fn a_long_log_is_paged_by_its_events() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        let (site, target) = Site::shared(machine).connected(&fake).await;
        let number = target.trim_start_matches("/targets/");
        let many: String = (0..120).map(|n| format!("d{n:03}.example\n")).collect();
        let fields = [("target", number), ("domain", &*many)];
        site.send("/exceptions/dismiss", &fields).await.is(303);
        let first = site.get(&format!("{target}/log?kind=dismissed")).await.is(200);
        assert_eq!(first.text.matches("Turned d").count(), 100);
        let older = first.text.split("rel=\"next\" href=\"").nth(1).unwrap();
        let older = older.split('"').next().unwrap().replace("&#38;", "&");
        let second = site.get(&older).await.is(200).says("This is where it began.");
        assert_eq!(second.text.matches("Turned d").count(), 20);
        for n in 0..120 {
            let says = format!("Turned d{n:03}.example down");
            let found = [&first, &second].map(|page| page.text.contains(&says));
            assert!(found[0] != found[1], "{says} stands on one of the two: {found:?}");
        }
    });
}

#[test]
fn everybody_sees_their_own_log() {
    on_both(async |machine| {
        let (one, other) = (Fake::start(Version::V4_6), Fake::start(Version::V4_3));
        let site = Site::shared(machine);
        let (mine, target) = site.connected(&one).await;
        let (theirs, _) = site.connected(&other).await;
        mine.send("/exceptions", &[("domain", "secret.example")]).await.is(303);
        mine.get("/log").await.is(200).says("secret.example");
        let page = theirs.get("/log").await.is(200).says("Connected as");
        assert!(!page.text.contains("secret.example"));
        let page = theirs.get("/log?domain=secret.example").await.is(200);
        page.says("Nothing fits");
        theirs.get(&format!("{target}/log")).await.is(404);
        let number = target.trim_start_matches("/targets/");
        theirs.get(&format!("/log?target={number}")).await.is(404);
        site.get("/log").await.is(303);
    });
}
