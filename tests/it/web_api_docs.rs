//! The examples of docs/api.md, run in their order by a shell, against a server that listens and
//! a Mastodon. What an answer is said to be, it has to be.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use hedgerow::app::App;
use hedgerow::fetch::Reach;
use hedgerow::web::{Server, Settings};
use serde_json::Value;

use crate::command::Machine;
use crate::fake::{Fake, Version};
use crate::publisher::Publisher;
use crate::raw::ask;
use crate::web::on_both;

/// What is done between two fences, or what comes of it.
#[derive(Debug, PartialEq)]
enum Block {
    /// Commands of this program.
    Console(String),
    Shell(String),
    /// What the last command before it prints, as far as it is shown.
    Json(Value),
}

fn blocks(text: &str) -> Vec<Block> {
    let (mut found, mut open): (Vec<Block>, Option<(String, String)>) = (Vec::new(), None);
    for line in text.lines().map(str::trim_start) {
        match (line.strip_prefix("```"), open.take()) {
            (Some(kind), None) => open = Some((kind.to_owned(), String::new())),
            (Some(""), Some((kind, inner))) => found.push(match kind.as_str() {
                "console" => Block::Console(inner),
                "sh" => Block::Shell(inner),
                "json" => Block::Json(serde_json::from_str(&inner).unwrap()),
                other => panic!("nobody runs {other:?}"),
            }),
            (Some(kind), Some(_)) => panic!("a fence in a fence: {kind}"),
            (None, Some((kind, inner))) => open = Some((kind, inner + line + "\n")),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    found
}

/// Whether an answer is as it is shown. More may be in it, and `…` stands for any text.
fn is_as_shown(shown: &Value, told: &Value) -> bool {
    match (shown, told) {
        (Value::Object(shown), Value::Object(told)) => shown
            .iter()
            .all(|(name, shown)| told.get(name).is_some_and(|told| is_as_shown(shown, told))),
        (Value::Array(shown), Value::Array(told)) => {
            shown.len() == told.len()
                && shown.iter().zip(told).all(|(shown, told)| is_as_shown(shown, told))
        }
        (Value::String(any), Value::String(_)) if any == "…" => true,
        _ => shown == told,
    }
}

#[test]
fn an_answer_is_held_against_what_is_shown_of_it() {
    let is = |shown: &str, told: &str| {
        is_as_shown(&serde_json::from_str(shown).unwrap(), &serde_json::from_str(told).unwrap())
    };
    assert!(is(r#"{"a": [{"b": "…"}]}"#, r#"{"a": [{"b": "x", "c": 1}], "d": 2}"#));
    for (shown, told) in [
        (r#"{"a": 1}"#, r#"{"a": 2}"#),
        (r#"{"a": 1}"#, r#"{"b": 1}"#),
        (r#"{"a": [1]}"#, r#"{"a": [1, 2]}"#),
        (r#"{"a": "…"}"#, r#"{"a": 1}"#),
    ] {
        assert!(!is(shown, told), "{shown} {told}");
    }
    let text = "```sh\none \\\n  two\n```\n  ```json\n  {}\n  ```\n";
    let shell = Block::Shell("one \\\ntwo\n".to_owned());
    assert_eq!(blocks(text), [shell, Block::Json(serde_json::json!({}))]);
}

/// A shell that stays, so that what one example puts into a variable is there in the next.
struct Shell {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Shell {
    fn start(variables: &[(&str, &str)]) -> Shell {
        let mut child = Command::new("sh")
            .arg("-u")
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Shell { child, input, output: BufReader::new(output) }
    }

    /// What the commands print. `curl` ends what it prints without a new line.
    fn run(&mut self, script: &str) -> String {
        const END: &str = "-- that is all --";
        writeln!(self.input, "{script}\necho; echo '{END}' $?").unwrap();
        self.input.flush().unwrap();
        let mut said = String::new();
        loop {
            let from = said.len();
            assert!(self.output.read_line(&mut said).unwrap() > 0, "{script} ended it: {said}");
            if let Some(code) = said[from..].trim().strip_prefix(END) {
                assert_eq!(code.trim(), "0", "{script}: {said}");
                said.truncate(from);
                return said;
            }
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The last answer that was printed, if it is in JSON. What `curl` prints ends without a new
/// line, so several answers can stand on one.
fn last(said: &str) -> Option<Value> {
    let line = said.trim_end().lines().next_back()?;
    let answers = serde_json::Deserializer::from_str(line).into_iter::<Value>();
    answers.collect::<Result<Vec<Value>, _>>().ok()?.pop()
}

/// Somebody opens the address, approves, and reads the code.
fn approved(fake: &Fake, address: &str) -> String {
    let query = url::Url::parse(address).unwrap().query().unwrap().to_owned();
    let page = ask(&fake.url(), "POST", "/oauth/authorize", "", &query).unwrap();
    page.body.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[test]
fn every_example_does_what_it_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/api.md");
    let blocks = blocks(&std::fs::read_to_string(path).unwrap());
    assert!(blocks.len() > 25, "docs/api.md has {} blocks", blocks.len());
    on_both(async |machine| run(machine, &blocks).await);
}

async fn run(machine: &Machine, blocks: &[Block]) {
    let (fake, publisher) = (Fake::start(Version::V4_6), Publisher::start());
    fake.world().block_for_account("own.example");
    fake.world().follows.push("friend@threads.net".to_owned());
    machine.login(&fake.url(), &fake.account_token(), &[]).exits(0);
    let list = |many: usize| -> String { (0..many).map(|n| format!("bad{n}.example\n")).collect() };
    publisher.publish("/ours.txt", list(40));

    let database = machine.database_url().map(str::to_owned);
    let app = App::new(Some(machine.data_dir()), database, None, Reach::Anywhere).unwrap();
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), false).await.unwrap();
    let listen = server.address();
    let settings = Settings { listen, ..Settings::default() };
    let site = hedgerow::web::Site::new(Arc::new(app), settings).unwrap();
    let (stopper, stop) = hedgerow::stop::stop();
    let serving = tokio::spawn(server.run(site, stop));

    let mut shell: Option<Shell> = None;
    let mut told = Value::Null;
    for block in blocks {
        match block {
            Block::Console(lines) => {
                let mut token = String::new();
                for line in lines.lines() {
                    let words = line.strip_prefix("$ hedgerow ").unwrap();
                    let words: Vec<&str> = words.split(' ').chain(["--json"]).collect();
                    let made = machine.run(&words).exits(0).json();
                    made["token"].as_str().unwrap().clone_into(&mut token);
                }
                let list = publisher.url("/ours.txt");
                shell = Some(Shell::start(&[("TOKEN", &token), ("list", &list)]));
            }
            Block::Shell(script) => {
                let shell = shell.as_mut().unwrap();
                let script = script.replace("http://127.0.0.1:8787", &format!("http://{listen}"));
                if script.contains("$code") {
                    let address = told["error"]["approval"]["address"].as_str().unwrap();
                    shell.run(&format!("code='{}'", approved(&fake, address)));
                }
                if script.contains("/update") {
                    publisher.publish("/ours.txt", list(20));
                }
                let said = shell.run(&script);
                told = last(&said).unwrap_or_default();
                let wrong = told.get("error").is_some();
                let expected = script.contains("refollow") || script.contains("4711");
                assert!(!wrong || expected, "{script} says {said}");
            }
            Block::Json(shown) => {
                assert!(is_as_shown(shown, &told), "the page says\n{shown:#}\nand it is\n{told:#}");
            }
        }
    }
    drop(shell);
    stopper.ask();
    serving.await.unwrap().unwrap();
    assert_eq!(fake.world().account_domains(), ["own.example"]);
    assert_eq!(fake.world().follows, ["friend@threads.net"]);
}
