//! A real browser walks the main ways: the real program on one side, a Mastodon with its
//! pages for approval on the other.
//!
//! Every page that a journey [looks at](Browser::looks) is looked at in daylight and in the
//! dark, on a desk and on a phone: nothing may be wider than the screen, axe-core may have
//! nothing to say, and the browser itself nothing to complain about. With
//! `HEDGEROW_LOOKS=folder` set, a picture of each of these is kept there; with
//! `HEDGEROW_SCREENSHOTS=1`, those that stand in `docs/` are taken anew.

mod axe;
mod door;
mod driver;
mod entry;
mod held;
mod instance;
mod keys;
mod lists;
mod pages;
mod plan;
mod serve;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use fantoccini::{Client, Locator};
use serde_json::{Value, json};

pub use driver::{Setup, on_browser};
pub use serve::Serving;

use crate::gate::PATIENCE;

/// A screen, as CSS sees it.
#[derive(Clone, Copy)]
pub struct Screen {
    name: &'static str,
    width: u32,
    height: u32,
    touch: bool,
}

pub const DESK: Screen = Screen { name: "desk", width: 1280, height: 900, touch: false };
pub const PHONE: Screen = Screen { name: "phone", width: 390, height: 844, touch: true };
/// The keys that a page has to be usable with.
#[derive(Clone, Copy)]
pub enum Key {
    Tab,
    Enter,
}

/// What stands in `docs/`.
const PICTURE: Screen = Screen { name: "picture", width: 1000, height: 700, touch: false };

/// One browser with nothing in it yet, and one journey.
pub struct Browser {
    client: Client,
    journey: &'static str,
    setup: Setup,
    home: PathBuf,
    /// What was wrong with the pages so far.
    wrong: Mutex<Vec<String>>,
}

impl Browser {
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// The path of the page and what is asked of it.
    pub async fn place(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        url[url::Position::BeforePath..].to_owned()
    }

    /// Waits until the page has this text on it, as a person sees it.
    #[track_caller]
    pub fn says(&self, text: &str) -> impl Future<Output = ()> {
        let whence = std::panic::Location::caller();
        async move {
            let until = Instant::now() + PATIENCE;
            let mut seen = self.text().await;
            while !seen.contains(text) {
                assert!(Instant::now() < until, "{whence}: {text:?} is not in:\n{seen}");
                tokio::time::sleep(Duration::from_millis(50)).await;
                seen = self.text().await;
            }
        }
    }

    #[track_caller]
    pub fn says_nothing_of(&self, text: &str) -> impl Future<Output = ()> {
        let whence = std::panic::Location::caller();
        async move {
            // The page that said it may still stand there for a moment.
            let until = Instant::now() + PATIENCE;
            let mut seen = self.text().await;
            while seen.is_empty() || seen.contains(text) {
                assert!(Instant::now() < until, "{whence}: {text:?} is in:\n{seen}");
                tokio::time::sleep(Duration::from_millis(50)).await;
                seen = self.text().await;
            }
        }
    }

    /// What can be seen, with its spaces as single ones.
    async fn text(&self) -> String {
        // While one page makes room for the next there may be none.
        let Ok(body) = self.client.find(Locator::Css("body")).await else { return String::new() };
        let text = body.text().await.unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Presses the first button or link that can be seen and whose text begins like this.
    pub async fn press(&self, text: &str) {
        let path = format!(
            "//*[self::button or self::a or self::summary or self::label][starts-with(\
             normalize-space(), \"{text}\")]"
        );
        self.press_at(Locator::XPath(&path), text).await;
    }

    /// The same with a selector of CSS.
    pub async fn press_css(&self, selector: &str) {
        self.press_at(Locator::Css(selector), selector).await;
    }

    async fn press_at(&self, locator: Locator<'_>, what: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            for element in self.client.find_all(locator).await.unwrap() {
                if element.is_displayed().await.unwrap_or(false) {
                    return element.click().await.unwrap();
                }
            }
            let seen = self.text().await;
            assert!(Instant::now() < until, "nothing to press is {what:?} in:\n{seen}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Types into a field, after what is there was taken out.
    pub async fn fill(&self, selector: &str, text: &str) {
        // The page that has it may still be on its way.
        let until = Instant::now() + PATIENCE;
        let field = loop {
            match self.client.find(Locator::Css(selector)).await {
                Ok(field) => break field,
                Err(error) => assert!(Instant::now() < until, "{selector}: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        if field.attr("type").await.unwrap().as_deref() != Some("file") {
            field.clear().await.unwrap();
        }
        field.send_keys(text).await.unwrap();
    }

    pub async fn value(&self, selector: &str) -> String {
        let field = self.client.find(Locator::Css(selector)).await.unwrap();
        field.prop("value").await.unwrap().unwrap_or_default()
    }

    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Presses a key, wherever the focus is.
    pub async fn key(&self, key: Key) {
        let (name, code, text) = match key {
            Key::Tab => ("Tab", 9, ""),
            Key::Enter => ("Enter", 13, "\r"),
        };
        let down = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
        for kind in [down, "keyUp"] {
            let event = json!({ "type": kind, "key": name, "text": text,
                "windowsVirtualKeyCode": code });
            self.devtools("Input.dispatchKeyEvent", event).await;
        }
    }

    pub async fn back(&self) {
        self.client.back().await.unwrap();
    }

    pub async fn reload(&self) {
        self.client.refresh().await.unwrap();
    }

    /// A file that the browser has saved, once it is there as a whole.
    pub async fn saved(&self, name: &str) -> String {
        let path = self.home.join("saved").join(name);
        let until = Instant::now() + PATIENCE;
        // The name is taken first, and filled at once when all has arrived.
        while !path.metadata().is_ok_and(|file| file.len() > 0) {
            assert!(Instant::now() < until, "{name} was not saved");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        std::fs::read_to_string(path).unwrap()
    }

    /// How many files the browser has saved.
    pub fn saved_files(&self) -> usize {
        std::fs::read_dir(self.home.join("saved")).map_or(0, Iterator::count)
    }

    /// A file to bring along.
    pub fn bring(&self, name: &str, content: &str) -> String {
        let path = self.home.join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub async fn use_screen(&self, screen: Screen) {
        let metrics = json!({ "width": screen.width, "height": screen.height,
            "deviceScaleFactor": 1, "mobile": screen.touch });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    async fn use_scheme(&self, scheme: &str) {
        let features = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// Looks at the page that is open in every light and size. What is wrong with it is told at
    /// the end of the journey, together with all other pages.
    pub async fn looks(&self, name: &str) {
        self.unfold(true).await;
        for scheme in ["light", "dark"] {
            self.use_scheme(scheme).await;
            for screen in [DESK, PHONE] {
                self.use_screen(screen).await;
                let place = self.place().await;
                let view = format!("{}: {name} {place} ({scheme}, {})", self.journey, screen.name);
                self.fits(&view, screen).await;
                if self.setup.scripts {
                    let found = axe::violations(self).await;
                    self.wrong(found.into_iter().map(|text| format!("{view}\n{text}")));
                }
                if let Some(folder) = std::env::var_os("HEDGEROW_LOOKS") {
                    let file = format!("{}-{name}-{scheme}-{}.png", self.journey, screen.name);
                    self.photograph(&Path::new(&folder).join(file), screen, 3000).await;
                }
            }
        }
        self.use_scheme("light").await;
        self.use_screen(self.setup.screen).await;
        self.unfold(false).await;
    }

    /// What is folded away is looked at too, and then folded again.
    async fn unfold(&self, open: bool) {
        if !self.setup.scripts {
            return;
        }
        let script = if open {
            "for (const one of document.querySelectorAll('details:not([open])')) {
                one.open = true; one.dataset.opened = 'yes'; }"
        } else {
            "for (const one of document.querySelectorAll('details[data-opened]')) {
                one.open = false; delete one.dataset.opened; }"
        };
        self.run(script).await;
    }

    fn wrong(&self, found: impl IntoIterator<Item = String>) {
        self.wrong.lock().unwrap().extend(found);
    }

    /// Nothing is wider than the screen, and text has room.
    async fn fits(&self, view: &str, screen: Screen) {
        let script = "const wide = document.scrollingElement.scrollWidth;
            const room = document.documentElement.clientWidth;
            if (wide <= room) return [];
            return [...document.body.querySelectorAll('*')]
                .filter((one) => one.getBoundingClientRect().right > room + 1)
                .slice(0, 5).map((one) => one.outerHTML.slice(0, 160));";
        let width = self.run("return document.documentElement.clientWidth").await;
        if width.as_u64().is_none_or(|width| width > u64::from(screen.width)) {
            self.wrong([format!("{view}\n  is laid out for a screen of {width} pixels")]);
        }
        let wide = self.run(script).await;
        let wide = wide.as_array().unwrap().iter().map(|one| {
            format!("{view}\n  wider than the screen: {}", one.as_str().unwrap_or_default())
        });
        self.wrong(wide);
    }

    /// A picture that stands in `docs/`, if pictures are to be taken.
    pub async fn shot(&self, name: &str) {
        let wanted = std::env::var_os("HEDGEROW_SCREENSHOTS").is_some_and(|on| on == "1");
        // The same journey without scripts looks the same.
        if !wanted || !self.setup.scripts {
            return;
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(format!("{name}.png"));
        self.use_scheme("light").await;
        self.use_screen(PICTURE).await;
        self.photograph(&path, PICTURE, 1500).await;
        self.use_screen(self.setup.screen).await;
        // A page has few colours; where the tool is at hand, the file has no more.
        let _ = std::process::Command::new("pngquant")
            .args(["--force", "--skip-if-larger", "--ext", ".png", "64"])
            .arg(&path)
            .status();
    }

    /// The page from its top, but no more of it than can be looked at.
    async fn photograph(&self, path: &Path, screen: Screen, most: u64) {
        let height = self.run("return document.documentElement.scrollHeight").await;
        let height = height.as_u64().unwrap().min(most);
        let what = json!({ "format": "png", "captureBeyondViewport": true, "clip":
            { "x": 0, "y": 0, "width": screen.width, "height": height, "scale": 1 } });
        let answer = self.devtools("Page.captureScreenshot", what).await;
        let picture = driver::decode(answer["data"].as_str().unwrap());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, picture).unwrap();
    }

    /// What the browser itself complains about: blocked scripts and styles, errors in ours,
    /// things that could not be loaded. A page whose own status is an error is none of these.
    async fn complaints(&self) -> Vec<String> {
        let log = self.client.issue_cmd(driver::Ask::console()).await.unwrap();
        let severe = log.as_array().into_iter().flatten().filter(|entry| {
            let says = entry["message"].as_str().unwrap_or_default();
            let own = says.contains("Failed to load resource") && !says.contains("/static/");
            entry["level"] == "SEVERE" && !own
        });
        severe.map(|entry| format!("{}: the browser says {entry}", self.journey)).collect()
    }

    async fn devtools(&self, method: &str, params: Value) -> Value {
        self.client.issue_cmd(driver::Ask::devtools(method, &params)).await.unwrap()
    }
}
