//! One journey for every kind of target: look, apply, look again, go back.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::command::Machine;
use crate::fake::{AdminBlock, Fake, Version};
use crate::mock::{Mock, TOKEN};
use crate::raw::ask;
use crate::store::place::on_both;

/// What is blocked and how; an account's blocks have no severity.
type Blocks = BTreeMap<String, String>;

/// A target, and a way to see what it holds that is not Hedgerow's.
trait Ground {
    /// Puts blocks there before anything else happens.
    fn seed(&self, machine: &Machine, blocks: &[(&str, &str)]);
    /// The target's name for the command line, signed in if need be.
    fn name(&self, machine: &Machine) -> String;
    /// What an apply or a restore led to; `file` is the new file where there is one.
    fn blocks(&self, machine: &Machine, file: Option<&str>) -> Blocks;
    fn is_instance(&self) -> bool;
}

const SEED: [(&str, &str); 3] =
    [("keep.example", "suspend"), ("mild.example", "silence"), ("parent.example", "suspend")];

const LIST: &str = "\
domain,severity,reject_media,public_comment
mild.example,suspend,,worse now
new.example,silence,true,spam
parent.example,silence,,
deep.sub.new.example,suspend,,
home.example,suspend,,
B\u{fc}cher.example,suspend,,
friends.example,suspend,,
cf,suspend,,
";

fn journey(ground: &dyn Ground) {
    journey_on(&Machine::new(), ground);
}

fn journey_on(machine: &Machine, ground: &dyn Ground) {
    ground.seed(machine, &SEED);
    machine.write("list.csv", LIST);
    let name = ground.name(machine);
    let own = ["--server", "home.example"];
    let before = ground.blocks(machine, None);

    // A plan reads and changes nothing.
    let mut args =
        vec!["plan", &name, "--list", "list.csv", "--allow", "friends.example", "--json"];
    args.extend(own);
    let plan = machine.run(&args).exits(2).json();
    assert_eq!(ground.blocks(machine, None), before);
    let instance = ground.is_instance();
    let count = |what: &str| plan["summary"][what].as_u64().unwrap();
    let raised = u64::from(instance);
    assert_eq!((count("add"), count("update"), count("remove")), (3, raised, 0), "{plan}");
    assert_eq!((count("unchanged"), count("skipped")), (2 - raised, 2), "{plan}");
    assert_eq!(plan["skipped"][0]["reason"], "allowed");
    assert_eq!(plan["skipped"][1]["reason"], "own-domain");

    // The apply does what the plan said.
    args[0] = "apply";
    args.push("--yes");
    let applied = machine.run(&args).exits(0).json();
    assert_eq!(applied["outcome"]["state"], "verified", "{applied}");
    let file = applied["files"][0].as_str();
    let after = ground.blocks(machine, file);
    let mut want = before.clone();
    let severity = |word: &str| if instance { word.to_owned() } else { String::new() };
    want.insert("deep.sub.new.example".to_owned(), severity("suspend"));
    want.insert("new.example".to_owned(), severity("silence"));
    want.insert("xn--bcher-kva.example".to_owned(), severity("suspend"));
    want.insert("mild.example".to_owned(), severity("suspend"));
    assert_eq!(after, want);
    let now = file.unwrap_or(&name).to_owned();

    // Doing it again finds nothing to do.
    args[1] = &now;
    assert_eq!(machine.run(&args).exits(0).json()["summary"]["add"], 0);

    // Overwriting with another list lifts what it does not name, and can be undone.
    machine.write("other.csv", "domain,severity\nkeep.example,suspend\n");
    let overwrite = machine
        .run(&["apply", &now, "-l", "other.csv", "--mode", "overwrite", "--yes", "--json"])
        .exits(0)
        .json();
    let file = overwrite["files"][0].as_str();
    let left = ground.blocks(machine, file);
    assert_eq!(left.keys().collect::<Vec<_>>(), ["keep.example"]);
    let now = file.unwrap_or(&name).to_owned();
    let backup = overwrite["backup"]["id"].to_string();
    let restored =
        machine.run(&["restore", &backup, "--target", &now, "--yes", "--json"]).exits(0).json();
    assert_eq!(ground.blocks(machine, restored["files"][0].as_str()), after);

    // And so can the first apply.
    let now = restored["files"][0].as_str().unwrap_or(&name).to_owned();
    let backup = applied["backup"]["id"].to_string();
    machine.run(&["backup", "verify", &backup]).exits(0);
    let restored =
        machine.run(&["restore", &backup, "--target", &now, "--yes", "--json"]).exits(0).json();
    assert_eq!(ground.blocks(machine, restored["files"][0].as_str()), before);

    let runs = machine.run(&["runs", "--json"]).exits(0).json();
    assert!(runs["runs"].as_array().unwrap().iter().all(|run| run["verified"] == true), "{runs}");
}

struct OnFake {
    fake: Fake,
    instance: bool,
}

impl Ground for OnFake {
    fn seed(&self, _: &Machine, blocks: &[(&str, &str)]) {
        for (domain, severity) in blocks {
            if self.instance {
                self.fake.world().block_for_all(AdminBlock::new(domain, severity));
            } else {
                self.fake.world().block_for_account(domain);
            }
        }
    }

    fn name(&self, machine: &Machine) -> String {
        let (token, more): (String, &[&str]) = if self.instance {
            (self.fake.admin_token(), &["--admin"])
        } else {
            (self.fake.account_token(), &[])
        };
        machine.login(&self.fake.url(), &token, more).exits(0);
        if self.instance { "home.example".to_owned() } else { "me@home.example".to_owned() }
    }

    fn blocks(&self, _: &Machine, _: Option<&str>) -> Blocks {
        let world = self.fake.world();
        if self.instance {
            let row = |b: &AdminBlock| (b.domain.clone(), b.severity.clone());
            return world.admin_blocks.iter().map(row).collect();
        }
        world.account_domains().into_iter().map(|domain| (domain, String::new())).collect()
    }

    fn is_instance(&self) -> bool {
        self.instance
    }
}

struct OnMock {
    mock: Mock,
    instance: bool,
}

impl OnMock {
    fn path(&self) -> &'static str {
        if self.instance { "/api/v1/admin/domain_blocks" } else { "/api/v1/domain_blocks" }
    }
}

impl Ground for OnMock {
    fn seed(&self, _: &Machine, blocks: &[(&str, &str)]) {
        for (domain, severity) in blocks {
            let form = format!("domain={domain}&severity={severity}");
            let seen = ask(&self.mock.url, "POST", self.path(), TOKEN, &form).unwrap();
            assert_eq!(seen.status, 200);
        }
    }

    fn name(&self, machine: &Machine) -> String {
        let more: &[&str] =
            if self.instance { &["--admin", "--name", "mock"] } else { &["--name", "mock"] };
        machine.login(&self.mock.url, TOKEN, more).exits(0);
        "mock".to_owned()
    }

    fn blocks(&self, _: &Machine, _: Option<&str>) -> Blocks {
        let target = format!("{}?limit=200", self.path());
        let rows = ask(&self.mock.url, "GET", &target, TOKEN, "").unwrap().json();
        let row = |row: &Value| match row {
            Value::String(domain) => (domain.clone(), String::new()),
            row => {
                let text = |name: &str| row[name].as_str().unwrap().to_owned();
                (text("domain"), text("severity"))
            }
        };
        rows.as_array().unwrap().iter().map(row).collect()
    }

    fn is_instance(&self) -> bool {
        self.instance
    }
}

struct OnFile {
    instance: bool,
}

impl OnFile {
    fn file(&self) -> &'static str {
        if self.instance { "domain_blocks.csv" } else { "blocked_domains.csv" }
    }
}

impl Ground for OnFile {
    fn seed(&self, machine: &Machine, blocks: &[(&str, &str)]) {
        let mut text = String::new();
        if self.instance {
            text.push_str(
                "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\n",
            );
        }
        for (domain, severity) in blocks {
            text.push_str(domain);
            if self.instance {
                text.push_str(&format!(",{severity},false,false,,false"));
            }
            text.push('\n');
        }
        machine.write(self.file(), text);
    }

    fn name(&self, _: &Machine) -> String {
        self.file().to_owned()
    }

    fn blocks(&self, machine: &Machine, file: Option<&str>) -> Blocks {
        let text = machine.read(file.unwrap_or(self.file()));
        text.lines()
            .skip(usize::from(self.instance))
            .map(|line| {
                let mut cells = line.split(',');
                let mut cell = || cells.next().unwrap_or_default().to_owned();
                (cell(), cell())
            })
            .collect()
    }

    fn is_instance(&self) -> bool {
        self.instance
    }
}

#[test]
fn accounts_of_every_version() {
    for version in Version::ALL {
        journey(&OnFake { fake: Fake::start(version), instance: false });
    }
}

#[test]
fn instances_of_every_version() {
    for version in Version::ALL {
        journey(&OnFake { fake: Fake::start(version), instance: true });
    }
}

#[test]
fn accounts_whose_server_speaks_another_language() {
    let fake = Fake::start(Version::V4_6);
    fake.world().german = true;
    journey(&OnFake { fake, instance: true });
}

#[test]
fn exports_of_both_kinds() {
    journey(&OnFile { instance: false });
    journey(&OnFile { instance: true });
}

#[test]
fn runs_and_backups_in_either_database() {
    on_both(async |place| {
        let machine = Machine::with_database(&place.url);
        journey_on(&machine, &OnFake { fake: Fake::start(Version::V4_6), instance: true });
        assert!(!machine.data_dir().join("hedgerow.db").exists());
    });
}

#[test]
fn a_server_that_nobody_here_wrote() {
    for instance in [false, true] {
        let Some(mock) = Mock::start() else { return };
        journey(&OnMock { mock, instance });
    }
}
