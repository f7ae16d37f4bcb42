//! The main job on a file exported by hand: no sign-in, nothing sent.

use hedgerow::store::{EventFilter, Store};
use serde_json::json;

use crate::command::Machine;

#[test]
fn the_first_command_of_the_readme_does_the_main_job() {
    let machine = Machine::new();
    let export = "spam.example\nxn--bcher-kva.example\n";
    machine.write("blocked_domains.csv", export);
    let said = machine
        .run(&["apply", "blocked_domains.csv", "--list", "threads", "--yes"])
        .exits(0)
        .says("adds 1 domain")
        .says("Verified")
        .says("/settings/imports")
        .says("“Merge”");
    // No header, one canonical domain a line: what every version's import page takes.
    assert_eq!(machine.read("blocked_domains-merged.csv"), format!("{export}threads.net\n"));
    assert_eq!(machine.read("blocked_domains.csv"), export);
    assert!(said.stdout.contains("Backup 1: "));
    let kept = machine.kept();
    assert!(kept.iter().any(|(path, bytes)| {
        path.extension().is_some_and(|kind| kind == "csv") && bytes == export.as_bytes()
    }));
    machine.run(&["backup", "verify", "1"]).exits(0).says("is whole: 2 blocks");
}

#[tokio::test]
async fn the_record_says_who_had_what_done_and_for_which_lists() {
    let machine = Machine::new();
    machine.write("mine.csv", "");
    machine.write("other.csv", "threads.net\nbad.example\n");
    let args = ["apply", "mine.csv", "-l", "threads", "-l", "other.csv", "--yes"];
    let mut command = machine.command(&args);
    let name = format!("  {}\u{1b}[31m", "Ann ".repeat(99));
    let output = command.env("HEDGEROW_ACTOR", name).env("USER", "bob").output().unwrap();
    assert!(output.status.success());
    let database = machine.data_dir().join("hedgerow.db");
    let store = Store::open(database.to_str().unwrap()).await.unwrap();
    let run = store.run(1).await.unwrap().unwrap();
    assert!(run.actor.starts_with("Ann Ann ") && run.actor.ends_with('…'), "{}", run.actor);
    assert_eq!(run.actor.chars().count(), 64);
    let lists: Vec<_> =
        store.steps(1).await.unwrap().into_iter().map(|step| (step.domain, step.lists)).collect();
    let step = |domain: &str, lists: &str| (domain.into(), lists.to_owned());
    assert_eq!(
        lists,
        [step("bad.example", "other.csv"), step("threads.net", "threads, other.csv")]
    );
    let events = store.events(&EventFilter::default()).await.unwrap();
    assert!(events.iter().all(|event| event.actor == run.actor && event.run == Some(1)));
    let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["run-begun", "blocked", "blocked", "run-finished"]);
}

#[test]
fn applying_twice_writes_no_second_file_and_loses_nobodys() {
    let machine = Machine::new();
    machine.write("blocked_domains.csv", "");
    machine.write("blocked_domains-merged.csv", "precious.example\n");
    let args = ["apply", "blocked_domains.csv", "--list", "threads", "--yes", "--json"];
    let files = |machine: &Machine| machine.run(&args).exits(0).json()["files"].clone();
    assert_eq!(files(&machine), json!(["blocked_domains-merged-2.csv"]));
    assert_eq!(files(&machine), json!(["blocked_domains-merged-2.csv"]));
    assert_eq!(machine.read("blocked_domains-merged.csv"), "precious.example\n");
    machine
        .run(&["plan", "blocked_domains-merged-2.csv", "--list", "threads"])
        .exits(0)
        .says("Nothing to do");
}

#[test]
fn an_instances_export_keeps_its_columns_and_says_what_the_page_cannot_do() {
    let machine = Machine::new();
    machine.write(
        "domain_blocks.csv",
        "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\n\
         mild.example,silence,true,false,\"ads, spam\",true\n\
         cf,suspend,false,false,a decision of ours,false\n",
    );
    machine.write(
        "list.csv",
        "domain,severity,public_comment\nmild.example,suspend,worse now\nsub.cf,suspend,\n\
         new.example,silence,\nhome.example,suspend,\nexample.org,suspend,\n",
    );
    machine
        .run(&[
            "apply",
            "domain_blocks.csv",
            "-l",
            "list.csv",
            "--yes",
            "--server",
            "social.example.org",
        ])
        .exits(0)
        .says("adds 2 domains, raises 1")
        .says("the block of cf covers it")
        .says("your own server social.example.org lies below it")
        .says("https://social.example.org/admin/export_domain_blocks/new")
        .says("The page only adds. Change 1 block and lift 0 by hand");
    assert_eq!(
        machine.read("domain_blocks-merged.csv"),
        "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\n\
         mild.example,suspend,true,false,\"ads, spam\",true\n\
         cf,suspend,false,false,a decision of ours,false\n\
         home.example,suspend,false,false,,false\n\
         new.example,silence,false,false,,false\n",
    );
}

#[test]
fn overwrite_shows_removals_first_and_restore_undoes_it() {
    let machine = Machine::new();
    machine.write("blocked_domains.csv", "old.example\nthreads.net\n");
    let plan = machine
        .run(&["plan", "blocked_domains.csv", "--list", "meta", "--mode", "overwrite"])
        .exits(2);
    let row = |word: &str| plan.stdout.find(word).unwrap();
    assert!(row("remove  old.example") < row("add     facebook.com"));
    machine
        .run(&["apply", "blocked_domains.csv", "--list", "meta", "--mode", "overwrite", "--yes"])
        .exits(0)
        .says("“Overwrite”");
    assert!(!machine.read("blocked_domains-overwritten.csv").contains("old.example"));
    // The state of a file lies in the new file, so that is what is restored.
    machine.run(&["restore", "1", "--target", "blocked_domains-overwritten.csv", "--yes"]).exits(0);
    let mut restored: Vec<String> = machine
        .read("blocked_domains-overwritten-restored.csv")
        .lines()
        .map(str::to_owned)
        .collect();
    restored.sort();
    assert_eq!(restored, ["old.example", "threads.net"]);
}

#[test]
fn a_saved_plan_is_applied_as_reviewed_or_not_at_all() {
    let machine = Machine::new();
    machine.write("blocked_domains.csv", "a.example\n");
    machine.run(&["plan", "blocked_domains.csv", "-l", "threads", "-o", "plan.json"]).exits(2);
    let plan = machine.read("plan.json");

    machine.write("edited.json", plan.replace("threads.net", "friends.example"));
    machine.run(&["apply", "edited.json", "--yes"]).exits(1).says("does not match its checksum");

    machine.write("blocked_domains.csv", "a.example\nb.example\n");
    machine
        .run(&["apply", "plan.json", "--yes"])
        .exits(3)
        .says("has changed since the plan was made")
        .says("b.example is blocked now");
    assert!(!machine.path("blocked_domains-merged.csv").exists());
    assert!(!machine.data_dir().join("backups").exists());

    machine.write("blocked_domains.csv", "a.example\n");
    machine.run(&["apply", "plan.json", "--yes"]).exits(0);
    assert_eq!(machine.read("blocked_domains-merged.csv"), "a.example\nthreads.net\n");
}

#[test]
fn nothing_is_done_unasked() {
    let machine = Machine::new();
    machine.write("blocked_domains.csv", "a.example\n");
    machine.run(&["apply", "blocked_domains.csv", "--list", "threads"]).exits(2).says("Add --yes");
    let said = machine.run(&["apply", "blocked_domains.csv", "--list", "threads", "--json"]);
    assert_eq!(said.exits(2).json()["summary"]["add"], 1);
    assert!(!machine.path("blocked_domains-merged.csv").exists());
    assert_eq!(machine.kept(), []);
}

#[test]
fn what_is_no_export_is_refused_by_name() {
    let machine = Machine::new();
    for (name, content, says) in [
        (
            "follows.csv",
            "Account address,Show boosts\nalice@good.example,true\n",
            "list of accounts",
        ),
        ("page.csv", "<!doctype html><html><body>404</body></html>", "web page"),
        ("error.csv", "{\"error\":\"nope\"}", "answered with an error"),
    ] {
        machine.write(name, content);
        for args in [["plan", name, "-l", "threads"], ["plan", "empty.csv", "-l", name]] {
            machine.write("empty.csv", "");
            machine.run(&args).exits(1).says(says);
        }
    }
    machine.write("bad.csv", "#domain,#severity\na.example,suspend\nb.example,susped\n");
    machine.run(&["plan", "bad.csv", "-l", "threads"]).exits(1).says("line 3");
    machine.run(&["plan", "missing.csv", "-l", "threads"]).exits(1).says("There is no file");
    machine.run(&["plan", "empty.csv", "-l", "thread"]).exits(1).says("threads");
    machine.run(&["plan", "empty.csv"]).exits(1).says("hedgerow lists");
}

#[test]
fn an_import_page_gets_no_more_rows_than_it_takes() {
    let machine = Machine::new();
    let many: String = (0..20_001).map(|n| format!("host{n:05}.example\n")).collect();
    machine.write("blocked_domains.csv", many);
    let said = machine.run(&["apply", "blocked_domains.csv", "-l", "threads", "--yes", "--json"]);
    let files = said.exits(0).json()["files"].clone();
    assert_eq!(files, json!(["blocked_domains-merged-1.csv", "blocked_domains-merged-2.csv"]));
    assert_eq!(machine.read("blocked_domains-merged-1.csv").lines().count(), 20_000);
    assert_eq!(machine.read("blocked_domains-merged-2.csv"), "host20000.example\nthreads.net\n");
}

#[test]
fn a_list_cannot_write_to_the_terminal() {
    let machine = Machine::new();
    machine.write("blocked_domains.csv", "");
    machine.write(
        "list.csv",
        "domain,severity,public_comment\n\u{1b}]0;owned\u{7}bad.example,suspend,\u{1b}[31mred\n",
    );
    for args in [
        vec!["check", "list.csv"],
        vec!["lists", "show", "list.csv"],
        vec!["plan", "blocked_domains.csv", "-l", "list.csv"],
    ] {
        let said = machine.run(&args);
        assert!(!said.stdout.contains('\u{1b}') && !said.stderr.contains('\u{1b}'), "{args:?}");
    }
}

#[test]
fn mistakes_on_the_command_line_do_not_look_like_pending_changes() {
    let machine = Machine::new();
    machine.run(&["plan"]).exits(1);
    machine.run(&["frobnicate"]).exits(1);
    machine.run(&["--help"]).exits(0);
    machine.run(&["--version"]).exits(0);
}

#[test]
fn every_command_teaches_by_example() {
    let machine = Machine::new();
    for verb in [
        "lists", "check", "login", "logout", "targets", "plan", "apply", "resume", "runs",
        "backup", "backups", "restore", "doctor",
    ] {
        let help = machine.run(&[verb, "--help"]).exits(0).stdout;
        assert!(help.contains("Examples:\n"), "{verb}");
        assert!(help.contains(&format!("  hedgerow {verb}")), "{verb}");
        // A table of options is broken for the terminal; what we wrote ourselves fits it.
        let examples = help.split("Examples:\n").nth(1).unwrap();
        assert!(examples.lines().all(|line| line.chars().count() <= 88), "{verb}:\n{examples}");
    }
}
