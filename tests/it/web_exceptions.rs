//! Exceptions, and what was turned down.

use crate::command::Machine;
use crate::fake::{Fake, Version};
use crate::web::{Site, on_both};

/// Whoever runs this, with their account connected.
async fn account(machine: &Machine, fake: &Fake) -> (Site, String) {
    let inside = Site::over(machine).entered().await;
    let (inside, answer) = inside.approved(fake, "/connect", &[("server", &fake.url())]).await;
    let target = answer.is(303).headers["location"].to_str().unwrap().to_owned();
    (inside, target.trim_start_matches("/targets/").to_owned())
}

#[test]
fn exceptions_are_made_seen_and_ended() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        let (site, target) = account(machine, &fake).await;
        site.get("/exceptions").await.is(200).says("There is no exception yet");
        let fields = [
            ("domain", "Threads.NET"),
            ("subdomains", "yes"),
            ("target", &*target),
            ("until", "2099-01-31"),
            ("reason", "my <i>sister\u{202e}</i> is there"),
        ];
        let answer = site.send("/exceptions", &fields).await.is(303);
        assert_eq!(answer.headers["location"], "/exceptions");
        let page = site.get("/exceptions").await.is(200).says("1 exception").says("threads.net");
        let page = page.says("me@home.example").says("Until 2099-01-31").says("and below");
        assert!(
            page.text.contains("my &#60;i&#62;sister&#60;/i&#62;") && !page.text.contains("<i>")
        );
        machine.run(&["exceptions"]).exits(0).says("threads.net and below, on me@home.example");
        machine
            .run(&["plan", "me@home.example", "--list", "threads"])
            .exits(0)
            .says("your exception");
        let back = [("domain", "a.example"), ("back", "/why?domain=a.example")];
        let answer = site.send("/exceptions", &back).await.is(303);
        assert_eq!(answer.headers["location"], "/why?domain=a.example");
        let several = [("domain", "b.example\r\nc.example"), ("domain", "d.example")];
        site.send("/exceptions", &several).await.is(303);
        site.get("/exceptions").await.says("5 exceptions");
        site.get("/exceptions?q=SISTER").await.says("threads.net");
        site.get("/exceptions?q=nobody").await.says("None of them is like that");
        site.send("/exceptions/end", &[("exception", "1")]).await.is(303);
        site.send("/exceptions/end", &[("exception", "1")]).await.is(404);
        site.get("/exceptions").await.says("4 exceptions");
        machine.run(&["plan", "me@home.example", "--list", "threads"]).exits(2).says("threads.net");
        machine.run(&["log"]).exits(0).says("excepted").says("exception-ended");
    });
}

#[test]
fn a_form_that_cannot_be_taken_comes_back_as_it_was() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        let (site, target) = account(machine, &fake).await;
        let long = "x".repeat(501);
        for (domain, until, reason, says) in [
            ("", "", "r", "No domain was named"),
            ("not a domain!", "", "r", "cannot be taken as a domain"),
            ("a.example", "2001-01-01", "r", "That day is over"),
            ("a.example", "soon", "r", "is not a day"),
            ("a.example", "", &*long, "500 letters"),
            ("\"><script>x</script>", "", "r", "cannot be taken as a domain"),
        ] {
            let fields =
                [("domain", domain), ("until", until), ("reason", reason), ("target", &*target)];
            let page = site.send("/exceptions", &fields).await.is(422).says(says);
            assert!(
                page.text.contains(&format!("name=\"reason\" id=\"reason\" value=\"{reason}\""))
            );
            assert!(page.text.contains(&format!("<option value=\"{target}\" selected>")));
            assert!(!page.text.contains("<script>x"));
        }
        let other = [("domain", "a.example"), ("target", "99")];
        site.send("/exceptions", &other).await.is(404);
        site.send("/exceptions/end", &[("exception", "none")]).await.is(400);
        let many = "a.example ".repeat(1_001);
        site.send("/exceptions", &[("domain", &*many)]).await.is(422).says("At most 1000");
        site.get("/exceptions?page=-1&target=%22&domain=%3Cb%3E").await.is(200);
        machine.run(&["exceptions"]).exits(0).says("There are no exceptions");
    });
}

#[test]
fn suggestions_are_turned_down_and_let_in_again() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        let (site, target) = account(machine, &fake).await;
        let here = format!("/exceptions/turned-down?target={target}");
        site.get("/exceptions/turned-down").await.is(200).says("Nothing is turned down");
        machine.run(&["subscribe", "me@home.example", "meta"]).exits(0);
        let fields = [("target", &*target), ("domain", "threads.net facebook.com")];
        let answer = site.send("/exceptions/dismiss", &fields).await.is(303);
        assert_eq!(answer.headers["location"], here);
        let page = site.get(&here).await.is(200).says("2 domains on").says("you turned it down");
        assert!(page.text.contains("threads.net"));
        machine.run(&["plan", "me@home.example"]).exits(2).says("you turned it down on");
        site.get(&format!("{here}&q=face")).await.says("facebook.com");
        let again = [("target", &*target), ("domain", "threads.net")];
        site.send("/exceptions/undismiss", &again).await.is(303);
        let page = site.send("/exceptions/undismiss", &again).await.is(422);
        let page = page.says("threads.net was not turned down");
        assert!(!page.text.contains("--target"), "{}", page.text);
        site.get(&here).await.says("1 domain on");
        let nothing = [("target", &*target), ("domain", " ")];
        site.send("/exceptions/dismiss", &nothing).await.is(422);
        site.send("/exceptions/dismiss", &[("domain", "a.example")]).await.is(404);
        site.get("/exceptions/turned-down?target=99").await.is(404);
        machine.run(&["log", "--domain", "threads.net"]).exits(0).says("undismissed");
    });
}

#[test]
fn what_was_to_be_turned_down_comes_back_as_it_was_written() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        let (site, target) = account(machine, &fake).await;
        let here = format!("/exceptions/turned-down?target={target}");
        let many = "a.example\r\n".repeat(1_001);
        for (written, as_shown, says) in [
            ("a.example\r\nb_d!\r\nc.example", "a.example\r\nb_d!\r\nc.example", "b_d!"),
            (
                "a.example\r\n</textarea><script>x</script>",
                "a.example\r\n&#60;/textarea&#62;&#60;script&#62;x&#60;/script&#62;",
                "cannot be taken as a domain",
            ),
            (&many, &many, "At most 1000 domains"),
        ] {
            let fields = [("target", &*target), ("domain", written)];
            let page = site.send("/exceptions/dismiss", &fields).await.is(422).warns(says);
            let page = page.keeps("target", &target);
            let field = page.text.split("<textarea name=\"domain\"").nth(1).unwrap();
            let field = field.split_once('>').unwrap().1.split("</textarea>").next().unwrap();
            assert_eq!(field, as_shown);
            assert!(!page.text.contains("<script>x"), "{}", page.text);
        }
        let nothing = [("target", &*target), ("domain", " ")];
        site.send("/exceptions/dismiss", &nothing).await.is(422).warns("No domain was named");
        site.get(&here).await.is(200).says("Nothing is turned down on");
        let right = [("target", &*target), ("domain", "a.example\r\nbad.example\r\nc.example")];
        site.send("/exceptions/dismiss", &right).await.is(303);
        let page = site.get(&here).await.is(200).says("3 domains on");
        assert!(!page.text.contains("role=\"alert\""), "{}", page.text);
    });
}

#[test]
fn an_exception_begun_on_another_page_comes_back_and_leads_there_again() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        let (site, target) = account(machine, &fake).await;
        let sent = |until: &'static str, back: &'static str| {
            [
                ("domain", "a.example"),
                ("subdomains", "yes"),
                ("target", "1"),
                ("until", until),
                ("reason", "my <i>sister</i>"),
                ("back", back),
            ]
        };
        assert_eq!(target, "1");
        for back in ["/why?domain=a.example", "/targets/1/block?domain=a.example"] {
            let page = site.send("/exceptions", &sent("2001-01-01", back)).await.is(422);
            let page = page.says("That day is over").keeps("back", back);
            let page = page.keeps("domain", "a.example").keeps("until", "2001-01-01");
            let page =
                page.keeps("reason", "my &#60;i&#62;sister&#60;/i&#62;").keeps("target", "1");
            assert!(page.text.contains("value=\"yes\" id=\"subdomains\" checked"), "{}", page.text);
            let page = page.says("<title>Please look again ");
            assert!(page.text.contains(&format!("<a href=\"{back}\">")), "{}", page.text);
            let answer = site.send("/exceptions", &sent("2099-01-01", back)).await.is(303);
            assert_eq!(answer.headers["location"], back);
        }
        for back in ["https://evil.example/", "//evil.example", "javascript:evil.example"] {
            let page = site.send("/exceptions", &sent("2001-01-01", back)).await.is(422);
            assert!(!page.text.contains("evil.example"), "{}", page.text);
        }
        let page = site.send("/exceptions", &sent("soon", "/why?\"><script>x</script>")).await;
        let page = page.is(422).keeps("back", "/why?&#34;&#62;&#60;script&#62;x&#60;/script&#62;");
        assert!(!page.text.contains("<script>x"), "{}", page.text);
        // The field for a domain has one line.
        let several = [("domain", "b.example\r\nc.example"), ("domain", "d!e"), ("back", "/why")];
        let page = site.send("/exceptions", &several).await.is(422);
        page.keeps("domain", "b.example c.example d!e");
    });
}

#[test]
fn nobody_sees_or_ends_what_somebody_else_decided() {
    on_both(async |machine| {
        let (one, other) = (Fake::start(Version::V4_6), Fake::start(Version::V4_3));
        let site = Site::shared(machine);
        let (mine, target) = site.connected(&one).await;
        let (theirs, _) = site.connected(&other).await;
        let target = target.trim_start_matches("/targets/");
        mine.send("/exceptions", &[("domain", "secret.example")]).await.is(303);
        let down = [("target", target), ("domain", "down.example")];
        mine.send("/exceptions/dismiss", &down).await.is(303);
        let page = theirs.get("/exceptions").await.is(200).says("There is no exception yet");
        assert!(!page.text.contains("secret.example"));
        theirs.send("/exceptions/end", &[("exception", "1")]).await.is(404);
        theirs.get(&format!("/exceptions/turned-down?target={target}")).await.is(404);
        for path in ["/exceptions/dismiss", "/exceptions/undismiss"] {
            theirs.send(path, &down).await.is(404);
            site.send(path, &down).await.is(401);
        }
        let fields = [("domain", "x.example"), ("target", target)];
        theirs.send("/exceptions", &fields).await.is(404);
        site.send("/exceptions", &fields).await.is(401);
        site.get("/exceptions").await.is(303);
        mine.get("/exceptions").await.says("1 exception").says("secret.example");
        mine.get("/exceptions/turned-down").await.says("1 domain on");
    });
}
