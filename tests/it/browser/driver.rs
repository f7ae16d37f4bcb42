//! Debian's chromium through its driver: started for one journey, ended with it.

use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fantoccini::ClientBuilder;
use fantoccini::wd::WebDriverCompatibleCommand;
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::Method;
use serde_json::{Value, json};
use url::{ParseError, Url};

use super::{Browser, DESK, PHONE, Screen};
use crate::gate::PATIENCE;

/// What the browser of a journey is like.
#[derive(Clone, Copy)]
pub struct Setup {
    pub scripts: bool,
    pub screen: Screen,
}

pub const WITH_SCRIPTS: Setup = Setup { scripts: true, screen: DESK };
pub const WITHOUT_SCRIPTS: Setup = Setup { scripts: false, screen: DESK };
pub const ON_A_PHONE: Setup = Setup { scripts: true, screen: PHONE };

/// Headless, for root too, and without a word to anybody but the pages.
const FLAGS: [&str; 10] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--lang=en-GB",
];

/// A running chromedriver. It ends when it is dropped.
struct Driver {
    child: Child,
    url: String,
}

impl Driver {
    fn start(program: &Path, home: &Path) -> Driver {
        // Taken and given back: the driver wants a number.
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = std::fs::File::create(home.join("driver.log")).unwrap();
        let child = Command::new(program)
            .arg(format!("--port={free}"))
            .env("HOME", home)
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Driver { child, url: format!("http://127.0.0.1:{free}") }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Runs a journey in a browser of its own. Where there is no browser it is skipped and says so;
/// a machine that sets `CI` must have one.
#[expect(clippy::needless_pass_by_value, reason = "every journey is written where it is passed")]
pub fn on_browser(journey: &'static str, setup: Setup, walk: impl AsyncFn(&Browser)) {
    let Some(program) = find("chromedriver").filter(|_| super::axe::is_there()) else {
        assert!(std::env::var_os("CI").is_none(), "no chromedriver or no axe-core for the tests");
        println!("skipped: needs chromedriver, and axe-core in target/axe (.ci/run gets both)");
        return;
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let home = tempfile::tempdir().unwrap();
    let driver = Driver::start(&program, home.path());
    let browser = runtime.block_on(begin(journey, setup, &driver.url, home.path()));
    let outcome = catch_unwind(AssertUnwindSafe(|| runtime.block_on(walk(&browser))));
    runtime.block_on(async {
        if outcome.is_err() {
            remember(&browser).await;
        }
        let complaints = browser.complaints().await;
        browser.wrong.lock().unwrap().extend(complaints);
        browser.client.clone().close().await.unwrap();
    });
    drop(driver);
    outcome.unwrap_or_else(|panic| resume_unwind(panic));
    let wrong = browser.wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} things are wrong:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

async fn begin(journey: &'static str, setup: Setup, driver: &str, home: &Path) -> Browser {
    let saved = home.join("saved");
    std::fs::create_dir(&saved).unwrap();
    let profile = format!("--user-data-dir={}", home.join("profile").display());
    let flags: Vec<&str> = FLAGS.into_iter().chain([profile.as_str()]).collect();
    let scripts = if setup.scripts { 1 } else { 2 };
    let options = json!({
        "args": flags,
        "prefs": {
            "profile.managed_default_content_settings.javascript": scripts,
            "download.default_directory": saved,
            "download.prompt_for_download": false,
        },
    });
    let wanted = json!({
        "goog:chromeOptions": options,
        "goog:loggingPrefs": { "browser": "ALL" },
        "timeouts": { "script": 60_000, "pageLoad": 60_000 },
    });
    let Value::Object(wanted) = wanted else { unreachable!() };
    let mut builder = ClientBuilder::new(HttpConnector::new());
    builder.capabilities(wanted);
    let until = Instant::now() + PATIENCE;
    let client = loop {
        match builder.connect(driver).await {
            Ok(client) => break client,
            Err(error) if Instant::now() > until => {
                let log = std::fs::read_to_string(home.join("driver.log")).unwrap_or_default();
                panic!("no browser: {error}\n{log}");
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    let browser =
        Browser { client, journey, setup, home: home.to_owned(), wrong: Mutex::default() };
    browser.use_scheme("light").await;
    browser.use_screen(setup.screen).await;
    browser
}

/// Keeps what could be seen when a journey failed.
async fn remember(browser: &Browser) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    let (page, picture) = (browser.client.source().await, browser.client.screenshot().await);
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(browser.journey);
    std::fs::write(path.with_extension("html"), page.unwrap_or_default()).unwrap();
    std::fs::write(path.with_extension("png"), picture.unwrap_or_default()).unwrap();
    let place = browser.client.current_url().await.map_or(String::new(), String::from);
    println!("{} failed at {place}; see {}.png", browser.journey, path.display());
}

pub fn decode(base64: &str) -> Vec<u8> {
    STANDARD.decode(base64).unwrap()
}

/// What only this driver knows.
#[derive(Debug)]
pub struct Ask {
    path: &'static str,
    body: Value,
}

impl Ask {
    /// A command of the browser's tools for developers.
    pub fn devtools(method: &str, params: &Value) -> Ask {
        Ask { path: "goog/cdp/execute", body: json!({ "cmd": method, "params": params }) }
    }

    /// What stands in the console since the last time.
    pub fn console() -> Ask {
        Ask { path: "se/log", body: json!({ "type": "browser" }) }
    }
}

impl WebDriverCompatibleCommand for Ask {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
