//! A target's pages: blocks, subscriptions, policy.

use std::sync::Arc;
use std::time::Duration;

use hedgerow::app::App;
use hedgerow::desk::{Desk, Wish};
use hedgerow::fetch::Reach;
use hedgerow::keep::Intent;

use crate::command::Machine;
use crate::fake::{AdminBlock, Fake, Version};
use crate::web::{Page, Site, on_both};

/// Whoever runs this, so that the command line is about the same, with a server connected.
async fn server(machine: &Machine, fake: &Fake) -> (Site, String) {
    let inside = Site::over(machine).entered().await;
    let fields = [("server", &*fake.url()), ("level", "instance")];
    let (inside, answer) = inside.approved(fake, "/connect", &fields).await;
    (inside, answer.is(303).headers["location"].to_str().unwrap().to_owned())
}

/// Has the target read, and waits until it was.
async fn read(site: &Site, target: &str) -> Page {
    let before = site.get(&format!("{target}/blocks")).await.is(200).text;
    let answer = site.send(&format!("{target}/read"), &[]).await.is(303);
    assert_eq!(answer.headers["location"], format!("{target}/work"));
    for _ in 0..5000 {
        let page = site.get(&format!("{target}/blocks")).await.is(200);
        let busy = page.text.contains("being read right now");
        if page.text.contains("As of") && page.text != before && !busy {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it was not read:\n{}", site.get(target).await.text);
}

fn writes(fake: &Fake) -> usize {
    fake.requests().iter().filter(|request| request.is_write()).count()
}

/// What a page says in its rows for a domain.
#[track_caller]
fn row(page: &Page, domain: &str) -> String {
    let found = page.text.split("<tr>").find(|row| row.contains(&format!("<bdi>{domain}</bdi>")));
    let found = found.unwrap_or_else(|| panic!("{domain} is not in:\n{}", page.text));
    found.split("</tr>").next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_first_visit_says_what_can_be_done_and_looking_changes_nothing() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        fake.world().block_for_account("bad.example");
        fake.world().block_for_account("xn--bcher-kva.example");
        let (site, target) = Site::shared(machine).connected(&fake).await;
        site.get("/targets").await.is(200).says("Nobody has looked yet").says("Connect another");
        let page = site.get(&target).await.is(200).says("Connected. Nothing has been changed.");
        let page = page.says("See what is blocked").says("Follow lists");
        assert!(page.text.contains("name=\"list\" value=\"threads\">Block Threads</button>"));
        for tab in ["blocks", "lists", "plan", "runs", "backups", "log"] {
            assert!(page.text.contains(&format!("href=\"{target}/{tab}\"")), "{tab}");
        }
        assert!(page.text.contains(&format!("href=\"{target}\" aria-current=\"page\"")));
        let page = read(&site, &target).await.says("2 blocks");
        assert!(row(&page, "bad.example").contains("yours"));
        let found = site.get(&format!("{target}/blocks?q=B%C3%BCcher")).await.is(200);
        row(&found.says("1 of 2"), "xn--bcher-kva.example");
        site.get(&target).await.is(200).says("2 blocks").says("Block Threads");
        site.get("/targets").await.is(200).says("2 blocks");
        assert_eq!(writes(&fake), 0);
        fake.world().block_for_account("threads.net");
        // The same reading until somebody asks for another.
        site.get(&target).await.says("2 blocks");
        read(&site, &target).await.says("3 blocks");
        site.get(&target).await.is(200).says("Threads is blocked here.");
    });
}

#[test]
fn blocks_are_found_by_what_people_write() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        let comment = "Gr\u{f6}\u{df}e z\u{e4}hlt".to_owned();
        for block in [
            AdminBlock { private_comment: comment, ..AdminBlock::new("a.example", "suspend") },
            AdminBlock::new("xn--bcher-kva.example", "suspend"),
            AdminBlock::new("bucher.example", "suspend"),
        ] {
            fake.world().block_for_all(block);
        }
        let (site, target) = server(machine, &fake).await;
        read(&site, &target).await;
        for (looked_for, found) in [
            ("gr%C3%B6%C3%9Fe", "a.example"),
            ("GR%C3%96%C3%9Fe+Z%C3%84", "a.example"),
            ("B%C3%BCch", "xn--bcher-kva.example"),
            ("b%C3%BCcher.example", "xn--bcher-kva.example"),
            ("xn--bcher", "xn--bcher-kva.example"),
        ] {
            let page = site.get(&format!("{target}/blocks?q={looked_for}")).await.is(200);
            row(&page.says("1 of 3"), found);
        }
    });
}

#[test]
fn blocks_are_found_sorted_and_paged() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        for n in 0..230 {
            let severity = if n % 2 == 0 { "suspend" } else { "silence" };
            let public_comment = if n == 7 { "Spam, ALL day" } else { "" };
            let block = AdminBlock::new(&format!("b{n:03}.example"), severity);
            let public_comment = public_comment.to_owned();
            fake.world().block_for_all(AdminBlock { public_comment, ..block });
        }
        let odd = AdminBlock {
            reject_media: true,
            private_comment: "<script>alert(1)</script> \u{202e}gpj.exe".to_owned(),
            ..AdminBlock::new("*.odd.example", "noop")
        };
        fake.world().block_for_all(odd);
        let (site, target) = server(machine, &fake).await;
        let page = read(&site, &target).await.says("231 blocks").says("Rows 1 to 100 of 231");
        assert!(page.text.contains("&#60;script&#62;alert(1)"), "{}", page.text);
        assert!(!page.text.contains("<script>alert") && !page.text.contains('\u{202e}'));
        let odd = row(&page, "*.odd.example");
        assert!(odd.contains("no media") && odd.contains("not a domain"), "{odd}");
        let get = async |query: &str| site.get(&format!("{target}/blocks?{query}")).await.is(200);
        get("page=3").await.says("Rows 201 to 231 of 231");
        for page in ["0", "-1", "99999999999999999999", "nonsense", "4"] {
            get(&format!("page={page}")).await.says("of 231 · page");
        }
        get("severity=suspend").await.says("115 of 231");
        get("severity=hard").await.says("All 231");
        let found = get("q=all+DAY").await.says("1 of 231");
        assert!(row(&found, "b007.example").contains("Spam, ALL day"));
        get("q=%3Cscript%3E").await.says("1 of 231");
        get("q=b00&severity=silence&whose=yours&sort=severity").await.says("5 of 231");
        get("whose=hedgerow").await.says("No block fits").says("Show all");
        get("list=%22%3E%3Cimg+src%3Dx%3E").await.says("No block fits");
        get("odd=yes").await.says("1 of 231");
        let sorted = get("sort=severity").await;
        assert!(!sorted.text.contains("<bdi>b001.example"), "suspended ones come first");
        // What is typed comes back, and as text.
        let hostile = get("q=%22%3E%3Cscript%3Ex").await;
        assert!(hostile.text.contains("value=\"&#34;&#62;&#60;script&#62;x\""));
        let file = site.get(&format!("{target}/blocks.csv")).await.is(200);
        assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
        assert_eq!(file.text.lines().count(), 232);
        machine.write("mine.csv", &file.text);
        machine.run(&["check", "mine.csv"]).exits(0).says("230");
    });
}

#[test]
fn what_the_command_line_does_shows_at_once() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        fake.world().block_for_all(AdminBlock::new("own.example", "suspend"));
        let (site, target) = server(machine, &fake).await;
        let page = read(&site, &target).await.says("1 block");
        assert!(row(&page, "own.example").contains("yours"));
        site.send(&format!("{target}/lists/subscribe"), &[("list", "threads")]).await.is(303);
        machine.run(&["subscriptions", "home.example"]).exits(0).says("threads");
        machine.run(&["apply", "home.example", "--yes"]).exits(0);
        let page = site.get(&format!("{target}/blocks")).await.is(200).says("2 blocks");
        let found = row(&page, "threads.net");
        assert!(found.contains(">Hedgerow</span>, for ") && found.contains("run 1"), "{found}");
        assert!(found.contains("name=\"release\" value=\"threads.net\""), "{found}");
        site.get(&format!("{target}/blocks?list=threads")).await.says("1 of 2");
        site.get(&format!("{target}/blocks?whose=hedgerow")).await.says("1 of 2");
        site.get(&target).await.says("1 block");
        // Its own row again by hand, which a round sees and a page after it.
        fake.world().admin_blocks.retain(|block| block.domain != "own.example");
        machine.run(&["sync"]).exits(0);
        site.get(&format!("{target}/blocks")).await.is(200).says("1 block");
        machine.run(&["release", "home.example", "threads.net"]).exits(0);
        let page = site.get(&format!("{target}/blocks")).await.is(200);
        assert!(row(&page, "threads.net").contains("lists ask for it too"));
    });
}

#[test]
fn blocks_change_hands_one_by_one_and_many_at_once() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        fake.world().block_for_all(AdminBlock::new("own.example", "suspend"));
        let (site, target) = server(machine, &fake).await;
        machine.run(&["subscribe", "home.example", "meta"]).exits(0);
        machine.run(&["apply", "home.example", "--yes"]).exits(0);
        let own = format!("{target}/blocks/own");
        let blocks = format!("{target}/blocks");
        let back = ("back", "/targets/1/blocks?q=threads");
        let answer = site.send(&own, &[("release", "threads.net"), back]).await.is(303);
        assert_eq!(answer.headers["location"], back.1);
        assert!(row(&site.get(&blocks).await, "threads.net").contains("yours"));
        machine.run(&["why", "threads.net"]).exits(0).says("your own");
        site.get(&format!("{target}/blocks?whose=asked")).await.says("1 of 6");
        let many = [("domain", "facebook.com"), ("domain", "instagram.com"), ("do", "release")];
        let answer = site.send(&own, &many).await.is(303);
        assert_eq!(answer.headers["location"], blocks);
        site.get(&format!("{target}/blocks?whose=yours")).await.says("4 of 6");
        // Nothing is done where one of them cannot be.
        let some = [("domain", "threads.net"), ("domain", "own.example"), ("do", "adopt")];
        let page = site.send(&own, &some).await.is(422).says("own.example is no block of your own");
        assert!(!page.text.contains("hedgerow adopt"), "no commands on a page: {}", page.text);
        site.get(&format!("{target}/blocks?whose=yours")).await.says("4 of 6");
        site.send(&own, &[("adopt", "threads.net")]).await.is(303);
        assert!(row(&site.get(&blocks).await, "threads.net").contains(">Hedgerow</span>"));
        site.get(&format!("{target}/blocks?whose=yours")).await.says("3 of 6");
        // Twice is once, and nonsense is nothing.
        site.send(&own, &[("release", "threads.net")]).await.is(303);
        site.send(&own, &[("release", "threads.net")]).await.is(422);
        for bad in [&[("do", "adopt")][..], &[], &[("adopt", "a b")], &[("do", "burn")]] {
            site.send(&own, bad).await.is(422);
        }
        for elsewhere in ["//evil.example/", "https://evil.example", "javascript:x"] {
            let fields = [("adopt", "threads.net"), ("back", elsewhere)];
            let answer = site.send(&own, &fields).await.is(303);
            assert_eq!(answer.headers["location"], blocks, "{elsewhere}");
            site.send(&own, &[("release", "threads.net")]).await.is(303);
        }
        assert_eq!(writes(&fake), 5, "only the run has written");
    });
}

#[test]
fn a_block_gets_dates_and_loses_them() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        fake.world().block_for_all(AdminBlock::new("own.example", "suspend"));
        let (site, target) = server(machine, &fake).await;
        read(&site, &target).await;
        let (date, page) =
            (format!("{target}/block/date"), format!("{target}/block?domain=own.example"));
        site.get(&page).await.is(200).says("Dates of this block").says("All that is known of it");
        let reason = "<b>my\u{202e} reason</b>";
        let fields = [
            ("domain", "own.example"),
            ("expires", "2099-03-01"),
            ("review", "2098-01-02"),
            ("reason", reason),
            ("back", &page),
        ];
        let answer = site.send(&date, &fields).await.is(303);
        assert_eq!(answer.headers["location"], page);
        let shown = site.get(&page).await.is(200).says("Its last day is 2099-03-01.");
        assert!(shown.text.contains("value=\"2098-01-02\"") && !shown.text.contains("<b>my"));
        let shown = site.get(&format!("{target}/blocks")).await;
        assert!(row(&shown, "own.example").contains("2099-03-01"));
        machine.run(&["date", "home.example"]).exits(0).says("last day 2099-03-01");
        for (expires, reason, says) in [
            ("", "", "No day was given"),
            ("tomorrow", "", "is not a day"),
            ("2001-01-01", "", "That day is over"),
            ("2099-02-30", "", "is not a day"),
            ("2099-01-01", &*"x".repeat(501), "500 letters"),
        ] {
            let fields = [("domain", "own.example"), ("expires", expires), ("reason", reason)];
            site.send(&date, &fields).await.is(422).warns(says);
        }
        // The form comes back as it was sent, whatever is kept.
        let wrong = [
            ("domain", "own.example"),
            ("expires", "2001-01-01"),
            ("review", "2097-05-06"),
            ("reason", "\"><b>another"),
            ("back", &page),
        ];
        let shown = site.send(&date, &wrong).await.is(422).warns("That day is over");
        let shown = shown.keeps("expires", "2001-01-01").keeps("review", "2097-05-06");
        let shown = shown.keeps("reason", "&#34;&#62;&#60;b&#62;another").keeps("back", &page);
        let shown = shown.says("Its last day is 2099-03-01.").says("Forget the dates");
        assert!(!shown.text.contains("<b>another"), "{}", shown.text);
        let other = [("domain", "other.example"), ("expires", "soon")];
        let shown = site.send(&date, &other).await.is(422).warns("is not a day");
        let shown = shown.keeps("expires", "soon").keeps("domain", "other.example");
        assert!(!shown.text.contains("Forget the dates"), "it has none");
        machine.run(&["date", "home.example"]).exits(0).says("last day 2099-03-01");
        site.send(&date, &[("domain", "own.example"), ("clear", "yes")]).await.is(303);
        site.send(&date, &[("domain", "own.example"), ("clear", "yes")]).await.is(422);
        machine.run(&["date", "home.example"]).exits(0).says("No block on home.example has a date");
        site.get(&format!("{target}/block?domain=a%00b")).await.is(422);
        site.get(&format!("{target}/block")).await.is(422).says("No domain was named");
        site.get(&format!("{target}/block?domain=other.example")).await.says("was not blocked");
    });
}

#[test]
fn a_target_follows_lists_on_terms_and_leaves_them() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        let (site, target) = server(machine, &fake).await;
        let lists = format!("{target}/lists");
        site.get(&lists).await.is(200).says("No list is followed here yet").says("Follow a list");
        let subscribe = format!("{lists}/subscribe");
        for bad in [
            "/etc/passwd",
            "./lists/threads.csv",
            "https://evil.example/l.csv",
            "garden-fence",
            "a\0b",
        ] {
            site.send(&subscribe, &[("list", bad)]).await.is(422).says("There is no list");
        }
        site.send(&subscribe, &[]).await.is(422).says("No list was chosen");
        site.send(&subscribe, &[("list", "META")]).await.is(303);
        site.send(&subscribe, &[("list", "meta"), ("back", "/lists/meta")]).await.is(303);
        let page = site.get(&lists).await.is(200).says("1 list followed here");
        let offers = page.text.split("id=\"new-list\"").nth(1).unwrap();
        let offers = offers.split("</select>").next().unwrap();
        assert!(offers.contains("\"threads\"") && !offers.contains("\"meta\""), "{offers}");
        machine.run(&["apply", "home.example", "--yes"]).exits(0);
        let terms = [
            ("list", "meta"),
            ("mode", "auto"),
            ("share", "member"),
            ("weight", "2"),
            ("cap", "silence"),
            ("retractions", "follow"),
            ("grace", "0"),
            ("map_none", "ignore"),
            ("map_noop", ""),
            ("map_silence", ""),
            ("map_suspend", ""),
        ];
        site.send(&format!("{lists}/terms"), &terms).await.is(303);
        let told = "acts by itself, weight 2, at most silence, none is taken as ignore, \
                    retractions: follow";
        let says = "What it asks for is done without asking you, within the guards, in the rounds \
                    that whoever runs Hedgerow has set up. Where there are none, it waits for you. \
                    Where a percentage of the lists has to agree, it weighs as much as 2 lists. It is never taken to ask \
                    for more than “silence”. Where it gives no severity, it is not heard. When it \
                    drops a domain, the next plan lifts the block.";
        machine.run(&["subscriptions", "home.example"]).exits(0).says(told);
        site.get(&lists)
            .await
            .says(says)
            .says("5 blocks here stand for it, 5 of them for it alone");
        let mut bad = terms;
        bad[3].1 = "many";
        bad[1].1 = "watch";
        bad[6].1 = "\"><b>";
        let page = site.send(&format!("{lists}/terms"), &bad).await.is(422);
        let page = page.warns("weight has to be a number").says(says).keeps("mode", "watch");
        let page = page.keeps("weight", "many").keeps("grace", "&#34;&#62;&#60;b&#62;");
        let page = page.keeps("cap", "silence").keeps("retractions", "follow");
        let page = page.keeps("map_none", "ignore").keeps("share", "member");
        assert_eq!(page.text.matches("<details open>").count(), 1, "{}", page.text);
        bad = terms;
        bad[0].1 = "threads";
        let page = site.send(&format!("{lists}/terms"), &bad).await.is(409);
        let page = page.warns("not followed here any more").keeps("mode", "auto");
        assert!(!page.text.contains("<details open>"), "{}", page.text);
        machine.run(&["subscriptions", "home.example"]).exits(0).says(told);
        let leave = format!("{lists}/unsubscribe");
        site.send(&leave, &[("list", "meta")]).await.is(422).says("It was not said");
        site.send(&leave, &[("list", "meta"), ("keep", "no")]).await.is(303);
        site.send(&leave, &[("list", "meta"), ("keep", "no")]).await.is(409);
        let says = "5 blocks stand only for lists that are not followed here any more";
        site.get(&lists).await.is(200).says(says);
        site.send(&subscribe, &[("list", "meta")]).await.is(303);
        site.send(&leave, &[("list", "meta"), ("keep", "yes")]).await.is(303);
        let page = site.get(&lists).await.is(200);
        assert!(!page.text.contains("stand only for lists"), "{}", page.text);
        site.get(&format!("{target}/blocks?whose=yours")).await.says("5 of 5");
        assert_eq!(fake.world().admin_blocks.len(), 5, "leaving lifts nothing");
    });
}

#[test]
fn the_policy_is_changed_and_says_what_it_means() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        let (site, target) = server(machine, &fake).await;
        let page = site.get(&format!("{target}/lists")).await.is(200);
        let page = page.says("One list is enough to block a domain.");
        page.says("A block that would cut any follow, in either direction, waits for you.");
        let fields = [
            ("agreement", "lists"),
            ("in_at_least", "3"),
            ("in_percent", "50"),
            ("severity", "agreed"),
            ("comments", "none"),
            ("most_adds", "10"),
            ("most_adds_percent", "20"),
            ("most_removes", "5"),
            ("most_removes_percent", "6"),
            ("most_lost", "7"),
            ("above_that", "limit"),
            ("unknown_loss", "apply"),
        ];
        site.send(&format!("{target}/policy"), &fields).await.is(303);
        let said = machine.run(&["policy", "home.example"]).exits(0);
        let said = said.says("at least 3 lists").says("the agreed of what they ask");
        said.says("at most 10 blocks (20 %").says("at most 7 follows; above that: limit");
        let page = site.get(&format!("{target}/lists")).await.is(200);
        page.says("A domain is blocked once 3 lists name it.").says("becomes a silence");
        for (at, bad, says) in [
            (1, "0", "The number of lists that have to agree has to be a number from 1"),
            (5, "-1", "has to be a number from 0"),
            (9, "", "has to be a number from 0"),
            (10, "maybe", "The form has a choice in it that there is not."),
            (4, "someone-elses", "Comments can be those of a list that is followed here."),
        ] {
            let mut fields = fields;
            for (at, other) in [(2, "51"), (3, "mildest"), (6, "21"), (8, "8"), (11, "hold")] {
                fields[at].1 = other;
            }
            fields[at].1 = bad;
            let page = site.send(&format!("{target}/policy"), &fields).await.is(422);
            let mut page = page.warns(says).says("A domain is blocked once 3 lists name it.");
            assert_eq!(page.text.matches("<details open>").count(), 1, "{}", page.text);
            assert!(page.text.contains("value=\"lists\" id=\"agree-lists\" checked"));
            // What there is not to choose cannot be chosen again.
            let offered = |(name, value): &(&str, &str)| {
                !["agreement", "maybe", "someone-elses"].iter().any(|it| it == name || it == value)
            };
            for (name, value) in fields.iter().filter(|field| offered(field)) {
                page = page.keeps(name, value);
            }
        }
        machine.run(&["policy", "home.example"]).exits(0).says("at least 3 lists");
    });
}

#[test]
fn signing_out_gives_the_right_back_and_leaves_the_blocks() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        fake.world().block_for_account("bad.example");
        let (site, target) = Site::shared(machine).connected(&fake).await;
        read(&site, &target).await;
        assert_eq!(fake.tokens(), 1);
        site.get(&target).await.says("The 1 block stays as it is.");
        let answer = site.send(&format!("{target}/sign-out"), &[]).await.is(303);
        let page = site.get(answer.headers["location"].to_str().unwrap()).await.is(200);
        page.says("signed out of <bdi>me@home.example</bdi>").says("has taken the right back");
        assert_eq!(fake.tokens(), 0);
        assert_eq!(fake.world().account_domains(), ["bad.example"]);
        site.get(&target).await.is(404);
        site.send(&format!("{target}/sign-out"), &[]).await.is(404);
        // Where the server cannot be told, the person is told how.
        let fields = [("server", &*fake.url())];
        let (site, answer) = site.approved(&fake, "/connect", &fields).await;
        let target = answer.is(303).headers["location"].to_str().unwrap().to_owned();
        let broken = crate::fake::Fault::Answer(500, "text/plain", "no".into(), Vec::new());
        fake.fail("POST", "/oauth/revoke", broken);
        site.send(&format!("{target}/sign-out"), &[]).await.is(303);
        let page = site.get("/targets?left=yes").await.says("could not be told");
        page.says(&format!("{}/oauth/authorized_applications", fake.url()));
    });
}

#[test]
fn what_is_somebody_elses_is_not_there() {
    on_both(async |machine| {
        let (one, other) = (Fake::start(Version::V4_6), Fake::start(Version::V4_3));
        one.world().block_for_account("bad.example");
        let site = Site::shared(machine);
        let (mine, target) = site.connected(&one).await;
        let (theirs, _) = site.connected(&other).await;
        read(&mine, &target).await;
        let domain = ("domain", "bad.example");
        for path in ["", "/blocks", "/blocks.csv", "/block?domain=bad.example", "/lists", "/log"] {
            let page = theirs.get(&format!("{target}{path}")).await.is(404);
            assert!(!page.text.contains("bad.example"));
            site.get(&format!("{target}{path}")).await.is(303);
        }
        for (path, fields) in [
            ("/read", vec![]),
            ("/sign-out", vec![]),
            ("/blocks/own", vec![("release", "bad.example")]),
            ("/block/date", vec![domain, ("expires", "2099-01-01")]),
            ("/lists/subscribe", vec![("list", "threads")]),
            ("/lists/terms", vec![("list", "threads")]),
            ("/lists/unsubscribe", vec![("list", "threads"), ("keep", "no")]),
            ("/policy", vec![("agreement", "one")]),
        ] {
            let path = format!("{target}{path}");
            let status = theirs.send(&path, &fields).await.status;
            // A form that lacks its fields is not even looked at.
            assert!(status == 404 || status == 422, "{path}: {status}");
            site.send(&path, &fields).await.is(401);
        }
        for bad in ["/targets/0", "/targets/-1", "/targets/x", "/targets/99999999999999999999"] {
            mine.get(bad).await.is(404);
        }
        assert_eq!(one.tokens(), 1);
        mine.get(&target).await.is(200).says("1 block");
    });
}

#[test]
fn what_waits_is_planned_again_after_a_decision() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        let (site, target) = server(machine, &fake).await;
        let database = machine.database_url().map(str::to_owned);
        let app = App::new(Some(machine.data_dir()), database, None, Reach::PublicOnly).unwrap();
        let store = app.store().await.unwrap();
        let row = store.target("home.example").await.unwrap().unwrap();
        let planned = async || {
            let waiting = Desk::default().waiting(&app, "home.example").await.unwrap();
            let names = |plan: &hedgerow::plan::Plan| {
                plan.add.iter().map(|add| add.domain.to_string()).collect::<Vec<_>>()
            };
            waiting.map(|waiting| names(&waiting.plan))
        };
        let desk = Arc::new(Desk::default());
        let lists = vec!["meta".to_owned()];
        let wish = Wish::Lists(Box::new(Intent { lists, ..Intent::default() }));
        desk.plan(&app, &row, wish).unwrap().over().await;
        assert_eq!(planned().await.unwrap().len(), 5);
        site.get(&target).await.is(200).says("A plan waits for your decision");
        let fields = [("domain", "threads.net"), ("target", ""), ("back", &*target)];
        site.send("/exceptions", &fields).await.is(303);
        let left = planned().await.unwrap();
        assert!(left.len() == 4 && !left.contains(&"threads.net".to_owned()), "{left:?}");
        // Where nothing is left to plan, the plan is let go of.
        site.send(&format!("{target}/lists/subscribe"), &[("list", "threads")]).await.is(303);
        desk.plan(&app, &row, Wish::following()).unwrap().over().await;
        assert!(planned().await.is_some());
        let leave = [("list", "threads"), ("keep", "no")];
        site.send(&format!("{target}/lists/unsubscribe"), &leave).await.is(303);
        assert_eq!(planned().await, None);
        assert_eq!(writes(&fake), 0);
    });
}

#[test]
fn a_role_that_may_not_change_blocks_is_pointed_out_on_arrival() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        fake.world().role = 8;
        let (site, target) = server(machine, &fake).await;
        let page =
            site.get(&target).await.is(200).says("does not include \u{201c}Manage Federation");
        page.says("See what is blocked");
        let bare = target.split('?').next().unwrap();
        let page = site.get(bare).await.is(200);
        assert!(!page.text.contains("Manage Federation"));
    });
}

#[test]
fn the_nightly_round_is_for_everybody_if_it_is_told_so() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        let (site, target) = Site::shared(machine).connected(&fake).await;
        let lists = format!("{target}/lists");
        site.send(&format!("{lists}/subscribe"), &[("list", "threads")]).await.is(303);
        let terms = [
            ("list", "threads"),
            ("mode", "auto"),
            ("share", "member"),
            ("weight", "1"),
            ("cap", ""),
            ("retractions", "ask"),
            ("grace", "7"),
            ("map_none", ""),
            ("map_noop", ""),
            ("map_silence", ""),
            ("map_suspend", ""),
        ];
        site.send(&format!("{lists}/terms"), &terms).await.is(303);
        machine.run(&["sync"]).exits(0);
        assert!(fake.writes().is_empty(), "the house's round is about what is the house's");
        let said = machine.run(&["sync", "--everybody"]).exits(0);
        assert_eq!(fake.world().account_domains(), ["threads.net"], "{}", said.stdout);
        said.says("blocked 1");
        site.get(&format!("{target}/log")).await.is(200).says("Blocked threads.net");
    });
}
