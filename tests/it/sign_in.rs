//! Signing in as a person does, with a browser that is three requests long.

use std::io::{BufRead, BufReader, Write};
use std::process::Child;

use crate::command::{Machine, Said};
use crate::fake::{Fake, Version};
use crate::raw::ask;

/// Reads the address that the program prints.
fn address(child: &mut Child) -> (url::Url, BufReader<std::process::ChildStderr>) {
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    loop {
        let mut line = String::new();
        assert!(lines.read_line(&mut line).unwrap() > 0, "no address was printed");
        if let Ok(url) = url::Url::parse(line.trim()) {
            return (url, lines);
        }
    }
}

/// Opens the address, presses a button, and goes where the server sends the browser.
fn approve(fake: &Fake, address: &url::Url, more: &str) -> url::Url {
    let query = address.query().unwrap();
    let page = ask(&fake.url(), "GET", &format!("/oauth/authorize?{query}"), "", "").unwrap();
    assert_eq!(page.status, 200, "{}", page.body);
    let form = format!("{query}{more}");
    let seen = ask(&fake.url(), "POST", "/oauth/authorize", "", &form).unwrap();
    url::Url::parse(seen.header("location").unwrap_or("about:blank")).unwrap()
}

fn visit(url: &url::Url) -> crate::raw::Seen {
    let origin = format!("http://127.0.0.1:{}", url.port().unwrap());
    let target = format!("{}?{}", url.path(), url.query().unwrap());
    ask(&origin, "GET", &target, "", "").unwrap()
}

fn finish(child: Child) -> Said {
    Said::from(child.wait_with_output().unwrap())
}

#[test]
fn a_browser_on_this_machine() {
    for version in Version::ALL {
        let narrow = if version == Version::V4_0 { "" } else { ":domain_blocks" };
        let write = format!("admin:write{narrow} ");
        for (flags, name, scopes) in [
            (&[][..], "me@home.example", "read:blocks write:blocks read:accounts".to_owned()),
            (&["--admin"], "home.example", format!("admin:read{narrow} {write}")),
            (&["--admin", "--impact"], "home.example", format!("admin:read {write}")),
        ] {
            let (fake, machine) = (Fake::start(version), Machine::new());
            let url = fake.url();
            let mut args = vec!["login", &url];
            args.extend(flags);
            let mut child = machine.start(&args);
            let (address, _stderr) = address(&mut child);
            let asked = address.query_pairs().find(|(name, _)| name == "scope").unwrap().1;
            assert!(asked.starts_with(&scopes), "{asked}");
            assert!(!asked.split(' ').any(|scope| ["read", "write", "follow"].contains(&scope)));
            let back = approve(&fake, &address, "");
            // Somebody else's page cannot slip a code in.
            let mut forged = back.clone();
            forged.query_pairs_mut().clear().append_pair("code", "x").append_pair("state", "y");
            assert_eq!(visit(&forged).status, 400);
            let page = visit(&back);
            assert_eq!(page.status, 200);
            assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
            finish(child).exits(0);
            machine.run(&["targets"]).exits(0).says(name).says(version.number());
            machine.run(&["doctor"]).exits(0).says("signed in, 0 blocks there");
            machine.run(&["plan", name, "-l", "threads"]).exits(2);
        }
    }
}

#[test]
fn the_right_to_count_for_everybody_is_for_instances_alone() {
    let machine = Machine::new();
    let said = machine.run(&["login", "home.example", "--impact"]);
    assert_ne!(said.code, 0);
    said.says("--admin");
    machine.run(&["login", "--help"]).exits(0).says("whom you follow").says("read reports");
}

#[test]
fn a_code_copied_from_a_browser_elsewhere() {
    let (fake, machine) = (Fake::start(Version::V4_6), Machine::new());
    let mut child = machine.start(&["login", &fake.url(), "--code"]);
    let (address, _stderr) = address(&mut child);
    let query = address.query().unwrap();
    let page = ask(&fake.url(), "POST", "/oauth/authorize", "", query).unwrap();
    let code = page.body.split('"').nth(1).unwrap();
    writeln!(child.stdin.take().unwrap(), "{code}").unwrap();
    finish(child).exits(0).says("Signed in as me@home.example");
}

#[test]
fn saying_no_in_the_browser() {
    let (fake, machine) = (Fake::start(Version::V4_6), Machine::new());
    let mut child = machine.start(&["login", &fake.url()]);
    let (address, mut stderr) = address(&mut child);
    visit(&approve(&fake, &address, "&deny=1"));
    let status = child.wait().unwrap();
    let mut said = String::new();
    std::io::Read::read_to_string(&mut stderr, &mut said).unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(said.contains("Access was denied"), "{said}");
    machine.run(&["targets"]).exits(0).says("not signed in anywhere");
}

#[test]
fn a_token_is_kept_sealed_and_shown_nowhere() {
    let (fake, machine) = (Fake::start(Version::V4_6), Machine::new());
    let token = fake.account_token();
    let mut said = String::new();
    let mut keep = |one: Said| said.push_str(&(one.stdout + &one.stderr));
    keep(machine.login(&fake.url(), &token, &[]).exits(0));
    machine.write("list.txt", "a.example\n");
    keep(machine.run(&["plan", "me@home.example", "-l", "list.txt", "-o", "plan.json"]).exits(2));
    keep(machine.run(&["apply", "plan.json", "--yes", "--json"]).exits(0));
    for verb in ["targets", "runs", "backups", "doctor"] {
        keep(machine.run(&[verb, "--json"]).exits(0));
    }
    let mut noisy = machine.command(&["plan", "me@home.example", "-l", "threads"]);
    keep(Said::from(noisy.env("HEDGEROW_LOG", "trace").output().unwrap()));
    fake.revoke_all();
    keep(machine.run(&["plan", "me@home.example", "-l", "threads"]).exits(1));
    assert!(!said.contains(&token));
    assert!(!machine.read("plan.json").contains(&token));
    for (path, bytes) in machine.kept() {
        let found = bytes.windows(token.len()).any(|window| window == token.as_bytes());
        assert!(!found, "{} holds the token", path.display());
    }
    // Without the key the database is worth nothing.
    std::fs::remove_file(machine.data_dir().join("key")).unwrap();
    machine.run(&["plan", "me@home.example", "-l", "threads"]).exits(1).says("another key");
}

#[test]
fn a_token_from_the_environment() {
    let (fake, machine) = (Fake::start(Version::V4_6), Machine::new());
    let mut command = machine.command(&["login", &fake.url()]);
    command.env("HEDGEROW_TOKEN", fake.account_token());
    Said::from(command.output().unwrap()).exits(0).says("Signed in as me@home.example");
    machine.login(&fake.url(), "two words", &[]).exits(1).says("one word");
    machine.login(&fake.url(), "wrong", &[]).exits(1).says("no longer accepts");
    machine.login("http://social.example", "x", &[]).exits(1).says("https");
}

#[test]
fn signing_out_revokes() {
    let (fake, machine) = (Fake::start(Version::V4_6), Machine::new());
    let mut child = machine.start(&["login", &fake.url()]);
    let (address, _stderr) = address(&mut child);
    visit(&approve(&fake, &address, ""));
    finish(child).exits(0);
    machine.run(&["logout", "me@home.example"]).exits(0).says("The server has revoked it");
    machine.run(&["plan", "me@home.example", "-l", "threads"]).exits(1).says("no target");
    machine.run(&["logout", "me@home.example"]).exits(1);
    machine.login(&fake.url(), &fake.account_token(), &[]).exits(0);
    machine.run(&["logout", "me@home.example"]).exits(0).says("not made by Hedgerow");
}

#[test]
fn whoever_signs_in_again_has_what_they_had_whatever_they_have_called_it() {
    let machine = Machine::new();
    let fake = Fake::start(Version::V4_6);
    machine.login(&fake.url(), &fake.account_token(), &["--name", "mine"]).exits(0);
    machine.run(&["subscribe", "mine", "threads"]).exits(0);
    machine.login(&fake.url(), &fake.account_token(), &[]).exits(0).says("mine");
    let targets = || machine.run(&["targets"]).exits(0);
    targets().says("mine");
    assert!(!targets().stdout.contains("me@home.example "), "{}", targets().stdout);
    machine.run(&["plan", "mine"]).exits(2).says("threads.net");
    // Somebody who says a name means that one.
    machine.login(&fake.url(), &fake.account_token(), &["--name", "other"]).exits(0);
    targets().says("mine").says("other");
}
