//! mastodon-mock, a server that nobody here wrote.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::raw::ask;

pub struct Mock {
    child: Child,
    pub url: String,
    // The server wants a configuration file; it goes with the server.
    _folder: tempfile::TempDir,
}

/// The token of its first account.
pub const TOKEN: &str = "mock_token";

const CONFIG: &str = "[faults]\nenabled = true\n";

impl Mock {
    /// Starts it, or says why not. On CI it has to be there.
    pub fn start() -> Option<Mock> {
        let Some(program) = find() else {
            assert!(std::env::var_os("CI").is_none(), "mastodon_mock is missing");
            eprintln!("skipped: mastodon_mock is missing; `pip install mastodon-mock==0.6.1`");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("mock.toml");
        std::fs::write(&config, CONFIG).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(program)
            .args(["serve", "--in-memory", "--domain", "home.example", "--host", "127.0.0.1"])
            .args(["--log-level", "critical", "--port", &port.to_string(), "--config"])
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mock = Mock { child, url: format!("http://127.0.0.1:{port}"), _folder: folder };
        let started = Instant::now();
        while ask(&mock.url, "GET", "/api/v2/instance", TOKEN, "").is_none() {
            assert!(started.elapsed() < Duration::from_mins(1), "mastodon_mock does not start");
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(mock)
    }

    /// Arranges a fault: see the mock's own `spec/fault_injection.md`.
    pub fn fault(&self, spec: &str) {
        let seen = ask(&self.url, "POST", "/api/v1/_mock/faults", TOKEN, spec).unwrap();
        assert_eq!(seen.status, 200, "{}", seen.body);
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn find() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("HEDGEROW_TEST_MASTODON_MOCK") {
        return Some(path.into());
    }
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).map(|path| path.join("mastodon_mock")).find(|p| p.is_file())
}
