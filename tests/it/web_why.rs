//! The page that says why.

use crate::command::Machine;
use crate::fake::{Fake, Version};
use crate::web::{Site, on_both};
use crate::web_lists::{app, house, house_with, read_target};

#[test]
fn a_block_is_told_with_its_run_its_lists_and_what_people_decided() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        fake.world().block_for_account("mine.example");
        let (site, number) = house_with(machine, &fake, "account").await;
        let page = site.get("/why?domain=threads.net").await.is(200);
        page.says("not known").says("Nothing was read there yet").says("no target follows it");
        read_target(machine).await;
        let page = site.get("/why?domain=threads.net").await.is(200);
        page.says("not blocked").says("It is not blocked, as of");
        let page = site.get("/why?domain=mine.example").await.is(200).says("It is blocked, as of");
        page.says("It is a block of your own; no list changes it");
        let name = app(machine).store().await.unwrap().targets().await.unwrap().remove(0).name;
        machine.run(&["subscribe", &name, "threads", "--mode", "auto"]).exits(0);
        machine.run(&["sync", &name]).exits(0);
        assert_eq!(fake.world().account_domains(), ["mine.example", "threads.net"]);
        fake.forget_requests();
        for pasted in [
            "threads.net",
            "https%3A%2F%2Fthreads.net%2F%40zuck",
            "%40zuck%40threads.net",
            "*.Threads.net.",
        ] {
            let page = site.get(&format!("/why?domain={pasted}")).await.is(200);
            let page = page.says("Why <bdi>threads.net</bdi>?").says("Hedgerow put it there on");
            let page = page.says("It stands for threads, which asks for suspend, since");
            let page = page.says("The lists that it follows come to a block now.");
            assert!(page.text.contains(&format!("href=\"/targets/{number}\"")), "{}", page.text);
            assert!(
                page.text.contains("href=\"/runs/1\"")
                    && page.text.contains("href=\"/lists/threads\"")
            );
            assert!(page.text.contains("name=\"domain\" value=\"threads.net\""), "{}", page.text);
        }
        assert_eq!(fake.requests().len(), 0, "nobody is asked");
        machine.run(&["exceptions", "add", "threads.net", "--reason", "<b>friends</b>"]).exits(0);
        let page = site.get("/why?domain=threads.net").await.is(200).says("everywhere");
        let page = page.says("Made an exception: no list blocks threads.net").says("for good");
        assert!(
            !page.text.contains("<b>friends") && page.text.contains("friends"),
            "{}",
            page.text
        );
        // A name above it is near, and says so.
        site.get("/why?domain=www.threads.net")
            .await
            .is(200)
            .says("Above it threads.net is blocked");
    });
}

#[test]
fn an_empty_box_and_nonsense_help_on() {
    on_both(async |machine| {
        let site = house(machine).await;
        site.get("/why").await.is(200).says("Try").says("A domain, a link");
        site.get("/why?domain=").await.is(200).says("Try");
        let page = site.get("/why?domain=nobody.example").await.is(200);
        page.says("Nothing is connected yet").says("has ever named it").says("None touches it");
        for (pasted, says) in [
            ("two%20words", "That names no server"),
            ("b***d.example", "obfuscated"),
            ("%5B%3A%3A1%5D", "IP address"),
            ("%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%E2%80%AE", "That names no server"),
        ] {
            let page = site.get(&format!("/why?domain={pasted}")).await.is(422).says(says);
            assert_eq!(page.text.matches("<script").count(), 1, "{}", page.text);
            assert!(!page.text.contains('\u{202e}'), "{}", page.text);
        }
        let long = format!("/why?domain={}", "a.".repeat(20_000));
        let status = site.get(&long).await.status;
        assert!(status == 422 || status == 414 || status == 400, "{status}");
    });
}

#[test]
fn nobody_learns_what_somebody_else_blocks() {
    on_both(async |machine| {
        let (first, second) = (Fake::start(Version::V4_6), Fake::start(Version::V4_3));
        first.world().block_for_account("mine.example");
        let site = Site::shared(machine);
        site.get("/why?domain=mine.example").await.is(303);
        let (one, path) = site.connected(&first).await;
        let (two, _) = site.connected(&second).await;
        let number = path.split('/').nth(2).unwrap();
        let page = one.get("/why?domain=mine.example").await.is(200);
        assert!(page.text.contains(&format!("/targets/{number}\"")), "{}", page.text);
        let page = two.get("/why?domain=mine.example").await.is(200);
        assert!(!page.text.contains(&format!("/targets/{number}\"")), "{}", page.text);
    });
}

#[tokio::test]
async fn a_name_in_unicode_is_the_name_in_punycode() {
    let machine = Machine::new();
    let site = house(&machine).await;
    let page = site.get("/why?domain=b%C3%BCcher.example").await.is(200);
    page.says("xn--bcher-kva.example").says("b\u{fc}cher.example");
}
