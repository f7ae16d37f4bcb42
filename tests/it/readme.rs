//! Every session in the README is run, in its order, on one machine and against one
//! server, and has to say what the README says it says.

use std::io::{BufRead, BufReader, Read};
use std::process::Child;

use crate::command::{Machine, Said};
use crate::fake::{AdminBlock, Fake, Version};
use crate::raw::ask;

/// A command of the README, the exit code it ends with, and what it prints.
struct Session {
    command: String,
    code: i32,
    output: Vec<String>,
}

/// The `console` blocks that show a session. `? 2` gives an exit code other than 0.
fn sessions(text: &str) -> Vec<Session> {
    let mut sessions = Vec::new();
    for block in text.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap();
        let mut lines = block.lines();
        let Some(command) = lines.next().and_then(|line| line.strip_prefix("$ ")) else { continue };
        let mut output: Vec<String> = lines.map(str::to_owned).collect();
        let code = output
            .first()
            .and_then(|line| line.strip_prefix("? "))
            .map(|code| code.parse().unwrap());
        if code.is_some() {
            output.remove(0);
        }
        let command = command.to_owned();
        sessions.push(Session { command, code: code.unwrap_or(0), output });
    }
    sessions
}

/// `[..]` stands for anything on a line, and alone on a line for any lines.
fn matches(want: &[String], got: &[&str]) -> bool {
    match want.split_first() {
        None => got.is_empty(),
        Some((line, rest)) if line == "[..]" => {
            (0..=got.len()).any(|skip| matches(rest, &got[skip..]))
        }
        Some((line, rest)) => got
            .split_first()
            .is_some_and(|(first, others)| line_matches(line, first) && matches(rest, others)),
    }
}

fn line_matches(want: &str, got: &str) -> bool {
    let mut parts = want.split("[..]");
    let first = parts.next().unwrap();
    let Some(mut rest) = got.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

/// Signs in with the browser that the README speaks of.
pub fn sign_in(fake: &Fake, mut child: Child) -> Said {
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    let address = loop {
        let from = said.len();
        assert!(stderr.read_line(&mut said).unwrap() > 0, "{said}");
        if let Ok(url) = url::Url::parse(said[from..].trim())
            && url.query().is_some()
        {
            break url;
        }
    };
    let form = address.query().unwrap();
    let back = ask(&fake.url(), "POST", "/oauth/authorize", "", form).unwrap();
    let back = url::Url::parse(back.header("location").unwrap()).unwrap();
    let origin = format!("http://127.0.0.1:{}", back.port().unwrap());
    let target = format!("{}?{}", back.path(), back.query().unwrap());
    assert_eq!(ask(&origin, "GET", &target, "", "").unwrap().status, 200);
    stderr.read_to_string(&mut said).unwrap();
    let mut done = Said::from(child.wait_with_output().unwrap());
    done.stderr = said;
    done
}

#[test]
fn every_session_says_what_it_says() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let sessions = sessions(&text);
    assert!(sessions.len() >= 10, "the README has {} sessions", sessions.len());

    let (fake, machine) = (Fake::start(Version::V4_6), Machine::new());
    machine.write("blocked_domains.csv", "troll.example\nnoise.example\n");
    machine.write(
        "shared-list.csv",
        "domain,severity,public_comment\nspam.example,suspend,spam\nmild.example,suspend,\n\
         Loud.Example,silence,\ncf,suspend,\nodd.example,susped,\nsub.spam.example,suspend,\n",
    );
    fake.world().block_for_account("own.example");
    fake.world().block_for_all(AdminBlock::new("mild.example", "silence"));

    for Session { command, code, output } in sessions {
        let words: Vec<String> = command
            .split(' ')
            .skip(1)
            .map(|word| match word {
                // The test's server is not in the DNS.
                "home.example" if command.contains("login") => fake.url(),
                word => word.to_owned(),
            })
            .collect();
        let said = if command.contains("login") {
            sign_in(&fake, machine.start(&words))
        } else {
            machine.run(&words)
        };
        assert_eq!(said.code, code, "{command}\n{}{}", said.stdout, said.stderr);
        let all = format!("{}{}", said.stderr, said.stdout);
        let got: Vec<&str> = all.lines().collect();
        assert!(
            matches(&output, &got),
            "$ {command}\nsays:\n{all}\nbut the README says:\n{}",
            output.join("\n")
        );
    }
}

#[test]
fn patterns_match_what_they_should_and_no_more() {
    assert!(line_matches("a[..]c", "abbbc") && !line_matches("a[..]c", "abbbcd"));
    assert!(line_matches("same", "same") && !line_matches("same", "same "));
    let want = ["x".to_owned(), "[..]".to_owned(), "z".to_owned()];
    assert!(matches(&want, &["x", "1", "2", "z"]) && !matches(&want, &["x", "1"]));
}
