//! Browsers, as far as a server can tell: connections that stay open, each of which asks for
//! the next page as soon as it has the one before.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Barrier;

pub type Failure = Box<dyn Error + Send + Sync>;

/// What one visitor asks for, and as whom.
#[derive(Clone)]
pub struct Visit {
    pub path: String,
    pub cookie: String,
}

/// One answer: until its first byte, until its last, and how large its body is.
#[derive(Clone, Copy)]
pub struct Answered {
    pub first: Duration,
    pub whole: Duration,
    pub size: usize,
}

/// All answers of one page.
pub struct Answers(Vec<Answered>);

impl Answers {
    /// Of so many in a hundred the time is no longer.
    pub fn whole(&self, percent: usize) -> Duration {
        let mut all: Vec<Duration> = self.0.iter().map(|answer| answer.whole).collect();
        all.sort_unstable();
        all[(all.len() * percent / 100).min(all.len() - 1)]
    }

    pub fn size(&self) -> usize {
        self.0.iter().map(|answer| answer.size).sum::<usize>() / self.0.len()
    }
}

/// Each visit on a connection of its own, all at once, so many times each. What is asked first
/// on each is not counted: the server may have to get it from the disk.
pub async fn load(server: SocketAddr, visits: &[Visit], times: usize) -> Result<Answers, Failure> {
    let start = Arc::new(Barrier::new(visits.len()));
    let tasks: Vec<_> = visits
        .iter()
        .cloned()
        .map(|visit| {
            let start = start.clone();
            tokio::spawn(async move {
                let mut connection = Connection::open(server).await?;
                connection.ask(&visit).await?;
                start.wait().await;
                let mut answers = Vec::with_capacity(times);
                for _ in 0..times {
                    answers.push(connection.ask(&visit).await?);
                }
                Ok::<_, Failure>(answers)
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await??);
    }
    Ok(Answers(all))
}

pub struct Connection {
    stream: TcpStream,
    server: SocketAddr,
    read: Vec<u8>,
}

impl Connection {
    pub async fn open(server: SocketAddr) -> Result<Connection, Failure> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, server, read: Vec::new() })
    }

    pub async fn ask(&mut self, visit: &Visit) -> Result<Answered, Failure> {
        let Visit { path, cookie } = visit;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\n\r\n", self.server);
        let start = Instant::now();
        self.stream.write_all(request.as_bytes()).await?;
        self.read.clear();
        self.more().await?;
        let first = start.elapsed();
        let head = loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let text = String::from_utf8_lossy(&self.read[..head]).to_ascii_lowercase();
        if !text.starts_with("http/1.1 200 ") {
            return Err(format!("{path} was answered with {text}").into());
        }
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        let size: usize = length.ok_or("no length")?.trim().parse()?;
        while self.read.len() < head + size {
            self.more().await?;
        }
        Ok(Answered { first, whole: start.elapsed(), size })
    }

    async fn more(&mut self) -> Result<(), Failure> {
        if self.stream.read_buf(&mut self.read).await? == 0 {
            return Err("the connection was closed".into());
        }
        Ok(())
    }
}
