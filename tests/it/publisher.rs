//! A web server that publishes lists: it marks their versions, can be told to fail, and
//! remembers who asked for what.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::gate::Gate;

#[derive(Default)]
struct State {
    files: HashMap<String, Vec<u8>>,
    /// What is answered instead of the file.
    broken: HashMap<String, (u16, String)>,
    asked: Vec<Asked>,
    patience: Duration,
    gate: Option<Gate>,
    now: usize,
    most: usize,
}

/// One request, and what it was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub path: String,
    pub authorization: Option<String>,
    pub status: u16,
}

pub struct Publisher {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Publisher {
    pub fn start() -> Publisher {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<Mutex<State>>::default();
        let served = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = served.clone();
                std::thread::spawn(move || serve(stream, &state));
            }
        });
        Publisher { address, state }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn publish(&self, path: &str, content: impl AsRef<[u8]>) {
        let mut state = self.state.lock().unwrap();
        state.broken.remove(path);
        state.files.insert(path.to_owned(), content.as_ref().to_vec());
    }

    pub fn breaks(&self, path: &str, status: u16, body: &str) {
        self.state.lock().unwrap().broken.insert(path.to_owned(), (status, body.to_owned()));
    }

    /// Takes so long for each answer.
    pub fn is_slow(&self, patience: Duration) {
        self.state.lock().unwrap().patience = patience;
    }

    /// Answers nobody before they were let through here.
    pub fn waits_at(&self, gate: &Gate) {
        self.state.lock().unwrap().gate = Some(gate.clone());
    }

    /// What was asked since the last time this was asked.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }

    /// How many requests were under way at once, at most.
    pub fn most_at_once(&self) -> usize {
        self.state.lock().unwrap().most
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let headers: HashMap<String, String> = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(": ").map(|(n, v)| (n.to_lowercase(), v.to_owned())))
        .collect();
    let (gate, patience) = {
        let mut state = state.lock().unwrap();
        state.now += 1;
        state.most = state.most.max(state.now);
        (state.gate.clone(), state.patience)
    };
    if let Some(gate) = gate {
        gate.enter();
    }
    std::thread::sleep(patience);
    let mut state = state.lock().unwrap();
    state.now -= 1;
    let (status, etag, body) = match (state.broken.get(&path), state.files.get(&path)) {
        (Some((status, body)), _) => (*status, String::new(), body.clone().into_bytes()),
        (None, None) => (404, String::new(), Vec::new()),
        (None, Some(file)) => {
            let mut hasher = DefaultHasher::new();
            file.hash(&mut hasher);
            let etag = format!("\"{:x}\"", hasher.finish());
            let known = headers.get("if-none-match") == Some(&etag);
            if known { (304, etag, Vec::new()) } else { (200, etag, file.clone()) }
        }
    };
    let authorization = headers.get("authorization").cloned();
    state.asked.push(Asked { path, authorization, status });
    drop(state);
    let mark = if etag.is_empty() { String::new() } else { format!("ETag: {etag}\r\n") };
    let head = format!(
        "HTTP/1.1 {status} X\r\nConnection: close\r\n{mark}Content-Length: {}\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
    // Whoever closes first with something unread resets the connection.
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let _ = stream.read(&mut [0; 64]);
}
