//! HTTP/1.1 by hand, one thread a connection, one request a connection.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use super::routes::{Answer, answer};
use super::{Request, World};
use crate::gate::{Gate, PATIENCE};

/// What can go wrong with one request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Another answer instead, with no effect: status, content type, body, more headers.
    Answer(u16, &'static str, String, Vec<(&'static str, String)>),
    /// Nothing goes wrong with this one, and the next fault waits for the next request.
    Nothing,
    /// The request waits at a gate before it takes effect.
    Held(Gate),
    /// The connection breaks before the request takes effect.
    CutBefore,
    /// The request takes effect and its answer is lost.
    CutAfter,
    /// The body ends in the middle, and the header admits it.
    Short,
    /// The body ends in the middle, and the header says that this is all.
    Truncated,
    /// A body that never seems to end.
    Endless,
}

/// When a held request is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    Before,
    After,
}

pub struct Wire {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    world: Arc<Mutex<World>>,
    faults: Mutex<Vec<(String, String, Fault)>>,
    log: Mutex<Vec<Request>>,
    hold: Mutex<Hold>,
    changed: Condvar,
    over: AtomicBool,
}

#[derive(Default)]
struct Hold {
    /// Requests to let pass until the held one, and when to hold it.
    wanted: Option<(usize, Moment)>,
    reached: bool,
    released: bool,
}

impl Wire {
    pub fn start(world: Arc<Mutex<World>>) -> Wire {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            world,
            faults: Mutex::default(),
            log: Mutex::default(),
            hold: Mutex::default(),
            changed: Condvar::new(),
            over: AtomicBool::new(false),
        });
        let served = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if served.over.load(Ordering::SeqCst) {
                    break;
                }
                let shared = served.clone();
                std::thread::spawn(move || {
                    // A client that goes away is part of the tests.
                    let _ = shared.serve(stream);
                });
            }
        });
        Wire { address, shared }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn fail(&self, method: &str, path: &str, fault: Fault) {
        let mut faults = self.shared.faults.lock().unwrap();
        faults.push((method.to_owned(), path.to_owned(), fault));
    }

    pub fn faults_left(&self) -> usize {
        self.shared.faults.lock().unwrap().len()
    }

    pub fn hold(&self, number: usize, moment: Moment) {
        *self.shared.hold.lock().unwrap() =
            Hold { wanted: Some((number, moment)), reached: false, released: false };
    }

    #[track_caller]
    pub fn held(&self) {
        let hold = self.shared.hold.lock().unwrap();
        let (hold, _) =
            self.shared.changed.wait_timeout_while(hold, PATIENCE, |hold| !hold.reached).unwrap();
        assert!(hold.reached, "the request to hold did not come: {:?}", hold.wanted);
    }

    pub fn let_go(&self) {
        self.shared.hold.lock().unwrap().released = true;
        self.shared.changed.notify_all();
    }

    pub fn requests(&self) -> Vec<Request> {
        self.shared.log.lock().unwrap().clone()
    }

    pub fn forget_requests(&self) {
        self.shared.log.lock().unwrap().clear();
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        self.let_go();
        // One more connection wakes the listener, so that it sees that it is over.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let Some(mut request) = read(&stream)? else { return Ok(()) };
        let cut = self.pause_here(Moment::Before);
        if cut {
            return stream.shutdown(Shutdown::Both);
        }
        let fault = self.fault_for(&request);
        match &fault {
            Some(Fault::CutBefore) => return stream.shutdown(Shutdown::Both),
            Some(Fault::Held(gate)) => gate.enter(),
            _ => {}
        }
        let response = match &fault {
            Some(Fault::Answer(status, kind, body, headers)) => Answer {
                status: *status,
                kind,
                body: body.clone(),
                headers: headers.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect(),
            },
            _ => answer(&mut self.world.lock().unwrap(), &request),
        };
        request.status = response.status;
        self.log.lock().unwrap().push(request);
        if self.pause_here(Moment::After) || matches!(fault, Some(Fault::CutAfter)) {
            return stream.shutdown(Shutdown::Both);
        }
        write(stream, &response, fault.as_ref())
    }

    /// Counts the request, and holds it if it is the one. True if its connection is to
    /// break.
    fn pause_here(&self, moment: Moment) -> bool {
        let mut hold = self.hold.lock().unwrap();
        match &mut hold.wanted {
            Some((left, wanted)) if *wanted == moment => {
                *left -= 1;
                if *left > 0 {
                    return false;
                }
            }
            _ => return false,
        }
        hold.wanted = None;
        hold.reached = true;
        self.changed.notify_all();
        drop(self.changed.wait_while(hold, |hold| !hold.released).unwrap());
        true
    }

    fn fault_for(&self, request: &Request) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let at = faults.iter().position(|(method, path, _)| {
            (method == "*" || *method == request.method) && request.path.starts_with(path.as_str())
        })?;
        Some(faults.remove(at).2)
    }
}

fn read(stream: &TcpStream) -> std::io::Result<Option<Request>> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
    let (mut length, mut token) = (0, None);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap_or(0),
            "authorization" => token = value.strip_prefix("Bearer ").map(str::to_owned),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Ok(Some(Request {
        method: method.to_owned(),
        path: path.trim_end_matches('/').to_owned(),
        query: pairs(query.as_bytes()),
        form: pairs(&body),
        token,
        status: 0,
    }))
}

/// What Rails collects in an array (`keys[]`) stands in one text, with spaces between.
fn pairs(encoded: &[u8]) -> BTreeMap<String, String> {
    let mut pairs: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(encoded).into_owned() {
        match pairs.get_mut(&name) {
            Some(all) if name.ends_with("[]") => *all = format!("{all} {value}"),
            _ => drop(pairs.insert(name, value)),
        }
    }
    pairs
}

fn write(mut stream: TcpStream, answer: &Answer, fault: Option<&Fault>) -> std::io::Result<()> {
    let body = answer.body.as_bytes();
    let half = &body[..body.len() / 2];
    let (sent, length) = match fault {
        Some(Fault::Short) => (half, body.len()),
        Some(Fault::Truncated) => (half, half.len()),
        Some(Fault::Endless) => (body, usize::MAX >> 1),
        _ => (body, body.len()),
    };
    let date = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now());
    let mut head = format!(
        "HTTP/1.1 {} Status\r\nContent-Type: {}\r\nContent-Length: {length}\r\n\
         Connection: close\r\nDate: {}\r\n",
        answer.status,
        answer.kind,
        date.format("%a, %d %b %Y %H:%M:%S GMT")
    );
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(head.as_bytes())?;
    stream.write_all(b"\r\n")?;
    stream.write_all(sent)?;
    while let Some(Fault::Endless) = fault {
        stream.write_all(&[b' '; 8192])?;
    }
    stream.flush()?;
    stream.shutdown(Shutdown::Write)
}
