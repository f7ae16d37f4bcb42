//! The real program, serving.

use std::cell::RefCell;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Stdio};

use serde_json::Value;

use crate::command::Machine;

/// A running `hedgerow serve`. It ends when it is dropped.
pub struct Serving {
    child: Child,
    told: RefCell<BufReader<ChildStdout>>,
    pub origin: String,
    /// The link that signs in whoever runs it.
    pub way_in: String,
}

impl Serving {
    /// For whoever started it.
    pub fn alone(machine: &Machine) -> Serving {
        Serving::start(machine, &["serve", "--json", "--listen", "127.0.0.1:0"])
    }

    /// For many people, who sign in with their own server.
    pub fn shared(machine: &Machine) -> Serving {
        // Taken and given back: the address has to be known beforehand.
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let public = format!("http://{free}");
        Serving::start(machine, &["serve", "--json", "--listen", &free, "--public-url", &public])
    }

    fn start(machine: &Machine, args: &[&str]) -> Serving {
        let log = std::fs::File::create(machine.path("serve.log")).unwrap();
        let mut command = machine.command(args);
        let mut child = command.stderr(Stdio::from(log)).spawn().unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        told.read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line)
            .unwrap_or_else(|e| panic!("{e}: {line}{}", machine.read("serve.log")));
        let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
        let origin = text("address").trim_end_matches('/').to_owned();
        Serving { child, told: told.into(), origin, way_in: text("sign_in") }
    }

    /// The link that is printed next.
    pub fn new_way_in(&self) -> String {
        let mut line = String::new();
        self.told.borrow_mut().read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        said["sign_in"].as_str().unwrap().to_owned()
    }

    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
