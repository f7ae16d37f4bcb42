//! The plan page and the new file: the same as the command line's, byte for byte.

use crate::command::Machine;
use crate::web::{Page, Sent, Site, on_both};

const INSTANCE: &str = "\u{feff}#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\r\n\
     mild.example,silence,TRUE,false,\"two\nlines, \"\"quoted\"\"\",false\r\n\
     harsh.example,suspend,false,false,old,false\r\n\
     *.odd.example,suspend,false,false,,false\r\n\
     forgotten.example,suspend,false,false,,true\r\n";

const LIST: &str = "domain,severity,public_comment\nspam.example,suspend,spam\n\
     mild.example,suspend,worse now\nharsh.example,silence,calmer\nmastodon.social,silence,\n";

/// Has the machine follow two lists, and opens its pages.
fn following(machine: &Machine) -> Site {
    machine.write("list.csv", LIST);
    machine.run(&["lists", "add", "list.csv", "--name", "neighbours"]).exits(0);
    machine.write("plain.txt", "unsaid.example\n");
    machine.run(&["lists", "add", "plain.txt", "--name", "plain"]).exits(0);
    Site::over(machine)
}

/// Looks, and takes the file that the plan page offers.
async fn download(site: &Site, sent: Sent) -> Page {
    let plan = site.post("/look", sent).await.is(200);
    site.post("/file", Sent::of(&plan)).await.is(200)
}

#[track_caller]
fn is_file(page: &Page, name: &str, content: &str) {
    assert_eq!(page.headers["content-type"], "text/csv; charset=utf-8", "{}", page.text);
    let disposition = format!("attachment; filename=\"{name}\"");
    assert_eq!(page.headers["content-disposition"].to_str().unwrap(), disposition);
    assert_eq!(page.text, content);
}

#[test]
fn the_file_is_the_command_lines_byte_for_byte() {
    let account = "#domain\r\nb\u{fc}cher.example\nTROLL.example\r\n*.odd.example\nnoise.example";
    for (content, mode, more) in [
        (account, "merge", &[][..]),
        (account, "overwrite", &["--override", "most-removes"]),
        (INSTANCE, "merge", &[]),
        (INSTANCE, "overwrite", &["--lower", "harsh.example"]),
        (INSTANCE, "overwrite", &["--accept", "mastodon.social", "--allow", "threads.net"]),
        ("", "merge", &[]),
        (account, "merge", &["--min-severity", "suspend"]),
        (INSTANCE, "merge", &["--severity", "suspend"]),
    ] {
        on_both(async |machine| {
            let site = following(machine);
            machine.write("export.csv", content);
            let mut args =
                vec!["apply", "export.csv", "-l", "threads", "-l", "neighbours", "-l", "plain"];
            args.extend(["--mode", mode, "--server", "home.example", "--yes", "--offline"]);
            args.extend(more);
            machine.run(&args).exits(0);
            let mut sent = Sent::default()
                .file("export.csv", content)
                .with("list", "threads")
                .with("list", "neighbours")
                .with("list", "plain")
                .with("mode", mode)
                .with("server", "home.example");
            for pair in more.chunks(2) {
                let box_of = |option: &str| match option {
                    "--min-severity" => "only-suspended".to_owned(),
                    "--severity" => "unsaid-suspended".to_owned(),
                    other => other.trim_start_matches("--").to_owned(),
                };
                sent = sent.with(&box_of(pair[0]), pair[1]);
            }
            let name = if mode == "merge" { "export-merged.csv" } else { "export-overwritten.csv" };
            is_file(&download(&site, sent).await, name, &machine.read(name));
        });
    }
}

#[test]
fn more_rows_than_the_import_page_takes_come_as_several_files() {
    on_both(async |machine| {
        let export: String = (0..20_000).map(|n| format!("host-{n}.example\n")).collect();
        machine.write("big.csv", &export);
        machine.run(&["apply", "big.csv", "-l", "threads", "--yes"]).exits(0);
        let site = Site::over(machine);
        let sent = Sent::default().file("big.csv", &export).with("list", "threads");
        let plan = site.post("/look", sent).await.is(200).says("Download big-merged-2.csv");
        for (part, name) in [("1", "big-merged-1.csv"), ("2", "big-merged-2.csv")] {
            let page = site.post("/file", Sent::of(&plan).with("part", part)).await;
            is_file(&page, name, &machine.read(name));
        }
    });
}

#[test]
fn threads_is_one_click_and_no_file() {
    on_both(async |machine| {
        let site = Site::over(machine);
        let click = |level: &str| {
            Sent::default().with("without-file", "yes").with("list", "threads").with("level", level)
        };
        let plan = site.post("/look", click("account")).await.is(200);
        let plan = plan.says("<h1 id=\"headline\">Block 1 domain</h1>").says("No file was needed");
        let plan = plan.says("Download the file: block 1 domain").says("and “Merge”");
        let file = site.post("/file", Sent::of(&plan)).await;
        is_file(&file, "blocked_domains-merged.csv", "threads.net\n");
        let file = download(&site, click("instance")).await;
        assert!(file.text.starts_with("#domain,#severity,"));
        assert!(file.text.contains("\nthreads.net,suspend,"), "{}", file.text);
        // What nobody brought cannot be overwritten.
        let plan = site.post("/look", click("account").with("mode", "overwrite")).await.is(200);
        let plan = plan.says("choose \u{201c}Merge\u{201d}").says("would lift all of them");
        let file = site.post("/file", Sent::of(&plan)).await;
        is_file(&file, "blocked_domains-merged.csv", "threads.net\n");
    });
}

#[test]
fn the_servers_name_is_asked_for_at_the_step_that_needs_it() {
    on_both(async |machine| {
        let site = Site::over(machine);
        let click = Sent::default()
            .with("without-file", "yes")
            .with("list", "threads")
            .with("level", "account");
        let plan = site.post("/look", click).await.is(200);
        let plan = plan.says("Open your server\u{2019}s import page (Preferences");
        assert_eq!(plan.text.matches("name=\"server\"").count(), 1, "{}", plan.text);
        assert!(!plan.text.contains("YOUR-SERVER"), "{}", plan.text);
        let with = |server: &str| Sent::of(&plan).with("server", server);
        for path in ["/look", "/file"] {
            let page = site.post(path, with("my server")).await.is(422);
            let page = page
                .says("\u{201c}my server\u{201d} is not the name of a server")
                .says("Block 1 domain");
            assert!(page.text.contains("value=\"my server\""), "{}", page.text);
            site.post(path, Sent::of(&page).with("server", "home.example")).await.is(200);
        }
        let page = site.post("/look", with("https://home.example/@me")).await.is(200);
        page.says(">https://home.example/settings/imports</a>");
        // What was looked at is downloaded, also with a name that was typed since.
        let file = site.post("/file", with("home.example")).await;
        is_file(&file, "blocked_domains-merged.csv", "threads.net\n");
        // Unless the list names that very server.
        let page = site.post("/file", with("threads.net")).await.is(200);
        page.says("Something is different from what you looked at");
    });
}

#[test]
fn groups_stand_in_the_order_of_consequence() {
    on_both(async |machine| {
        let site = following(machine);
        let sent = Sent::default()
            .file("domain_blocks.csv", INSTANCE)
            .with("list", "neighbours")
            .with("list", "threads")
            .with("mode", "overwrite")
            .with("lower", "harsh.example")
            .with("allow", "threads.net")
            .with("server", "home.example");
        let plan = site.post("/look", sent).await.is(200);
        let plan = plan.says("Block 1 domain, change 2 blocks, lift 2 blocks");
        let plan = plan.says("https://home.example/admin/export_domain_blocks/new");
        let plan = plan.says("Change 2 blocks and lift 2 by hand");
        let order = ["held", "lifted", "lowered", "raised", "added", "skipped"];
        let at = |id: &str| {
            plan.text
                .find(&format!("id=\"{id}-title\""))
                .unwrap_or_else(|| panic!("{id}: {}", plan.text))
        };
        assert!(order.map(at).is_sorted());
        assert!(plan.text.contains("mastodon.social is one of the largest servers"));
        assert!(!plan.text.contains("--"), "an option of the command line is named");
        assert!(plan.text.contains("One of the largest servers"), "{}", plan.text);
        for raw in ["large-servers:", ">large-servers<"] {
            assert!(!plan.text.contains(raw), "the command line\u{2019}s word for a guard: {raw}");
        }
    });
}

#[test]
fn boxes_are_heard_carried_on_and_can_be_taken_back() {
    on_both(async |machine| {
        let site = following(machine);
        let sent = Sent::default()
            .file("domain_blocks.csv", INSTANCE)
            .with("list", "neighbours")
            .with("mode", "merge");
        let first = site.post("/look", sent.clone()).await.is(200);
        let first = first.says("adds 1 domain, raises 1, removes 0, holds 1");
        let ticked =
            Sent::of(&first).with("accept", "mastodon.social").with("except", "spam.example");
        let second = site.post("/look", ticked.clone()).await.is(200);
        let second = second
            .says("adds 1 domain, raises 1, removes 0, skips")
            .says("you never want it blocked");
        // Carried on without being ticked again, and undone by not being ticked.
        let third = site.post("/look", Sent::of(&second)).await.is(200);
        assert_eq!(third.text, second.text);
        let guard = Sent::of(&first).with("override", "large-servers");
        site.post("/look", guard).await.is(200).says("adds 2 domains, raises 1, removes 0, skips");
        // A box that was ticked after looking is looked at before anything is downloaded.
        let unseen = site.post("/file", ticked).await.is(200);
        assert!(unseen.headers["content-type"].to_str().unwrap().starts_with("text/html"));
        let unseen = unseen.says("nothing was downloaded yet").says("mastodon.social");
        let file = site.post("/file", Sent::of(&unseen)).await.is(200);
        assert!(
            file.text.contains("mastodon.social,silence") && !file.text.contains("spam.example")
        );
    });
}

#[test]
fn an_exception_and_a_plan_without_changes_are_respected() {
    on_both(async |machine| {
        let site = following(machine);
        machine.run(&["exceptions", "add", "threads.net", "--reason", "friends"]).exits(0);
        let sent = Sent::default().file("a.csv", "bad.example\n").with("list", "threads");
        let plan = site.post("/look", sent).await.is(200).says("Nothing to change").says("friends");
        assert!(!plan.text.contains("formaction"), "there is nothing to download");
        let page = site.post("/file", Sent::of(&plan)).await.is(200);
        assert!(page.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    });
}

#[test]
fn a_long_plan_is_cut_on_the_page_and_whole_in_the_file() {
    on_both(async |machine| {
        let list: String = (0..900).map(|n| format!("host-{n}.example\n")).collect();
        machine.write("long.csv", &list);
        machine.run(&["lists", "add", "long.csv", "--name", "long"]).exits(0);
        let site = Site::over(machine);
        let except = (0..900).rev().take(2).map(|n| format!("host-{n}.example"));
        let mut sent = Sent::default().file("a.csv", "").with("list", "long");
        for name in except {
            sent = sent.with("except", &name);
        }
        let plan = site
            .post("/look", sent)
            .await
            .is(200)
            .says("… and 598 more")
            .says("Your file is empty");
        let file = site.post("/file", Sent::of(&plan)).await.is(200);
        assert_eq!(file.text.lines().count(), 898);
    });
}

#[test]
fn advice_names_the_boxes_of_the_page_and_no_option() {
    on_both(async |machine| {
        let site = following(machine);
        let sent = Sent::default().with("list", "neighbours").with("list", "plain");
        let account = sent.clone().file("a.csv", "bad.example\n");
        let plan = site.post("/look", account).await.is(200).says("tick “Only what lists suspend”");
        assert!(!plan.text.contains(" --"));
        let plan = site.post("/look", sent.file("b.csv", INSTANCE)).await.is(200);
        let plan = plan.says("tick “Suspend where a list gives no severity”");
        assert!(!plan.text.contains(" --"));
    });
}
