//! The pages: what every answer carries, who may ask, and what becomes of bad input.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::http::request::Builder;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::Response;
use futures_util::StreamExt;
use hedgerow::app::App;
use hedgerow::fetch::Reach;
use hedgerow::web::Settings;
use tower::ServiceExt;

use crate::command::{Machine, Said};
use crate::fake::Fake;
use crate::raw::ask;
use crate::store::place;

const BOUNDARY: &str = "----a-boundary-that-nobody-writes";

/// The pages over a machine's data folder.
#[derive(Clone)]
pub struct Site {
    router: Router,
    inner: hedgerow::web::Site,
    /// What the browser has been given.
    cookies: BTreeMap<String, String>,
}

fn app(machine: &Machine, reach: Reach) -> App {
    let database = machine.database_url().map(str::to_owned);
    App::new(Some(machine.data_dir()), database, None, reach).unwrap()
}

/// Runs the case with everything in `SQLite`, and again with everything in PostgreSQL.
#[expect(clippy::needless_pass_by_value, reason = "every case is written where it is passed")]
pub fn on_both(test: impl AsyncFn(&Machine)) {
    place::on_both(async |place| {
        let machine =
            if place.is_postgres() { Machine::with_database(&place.url) } else { Machine::new() };
        test(&machine).await;
    });
}

/// An answer, read to its end.
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

/// A form as a browser sends it.
#[derive(Clone, Default)]
pub struct Sent(Vec<u8>);

impl Sent {
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Sent {
        let name = name.replace('"', "%22");
        self.part(&format!("name=\"file\"; filename=\"{name}\""), content.as_ref())
    }

    pub fn with(self, name: &str, value: &str) -> Sent {
        self.part(&format!("name=\"{name}\""), value.as_bytes())
    }

    fn part(mut self, what: &str, content: &[u8]) -> Sent {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {what}\r\n\r\n");
        self.0.extend_from_slice(head.as_bytes());
        self.0.extend_from_slice(content);
        self.0.extend_from_slice(b"\r\n");
        self
    }

    /// What a page would send back: its hidden fields and what is ticked on it.
    pub fn of(page: &Page) -> Sent {
        let mut sent = Sent::default();
        for tag in page.text.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap()) {
            let value = |name: &str| {
                let rest = tag.split(&format!("{name}=\"")).nth(1)?;
                Some(rest.split('"').next().unwrap().replace("&#38;", "&"))
            };
            let kind = value("type").unwrap();
            let on = match kind.as_str() {
                "hidden" | "text" => true,
                "checkbox" | "radio" => tag.ends_with(" checked"),
                _ => false,
            };
            if let (true, Some(name)) = (on, value("name")) {
                sent = sent.with(&name, &value("value").unwrap_or_default());
            }
        }
        let area = page.text.split("</textarea>").next().unwrap().rsplit('>').next().unwrap();
        sent.with("allow", area.trim_start_matches('\n'))
    }
}

impl Site {
    pub fn over(machine: &Machine) -> Site {
        Site::of(app(machine, Reach::PublicOnly), Settings::default())
    }

    /// The same for many people, each with what is theirs. It may ask servers on this machine.
    pub fn shared(machine: &Machine) -> Site {
        let public = Some("http://127.0.0.1:8787".parse().unwrap());
        let settings = Settings { public, ..Settings::default() };
        Site::of(app(machine, Reach::Anywhere), settings)
    }

    /// Somebody who has signed in with this server and connected their account there, and the
    /// path of the target's page.
    pub async fn connected(&self, fake: &Fake) -> (Site, String) {
        let (inside, _) = self.approved(fake, "/sign-in", &[("server", &fake.url())]).await;
        let (inside, answer) = inside.approved(fake, "/connect", &[("server", &fake.url())]).await;
        (inside, answer.is(303).headers["location"].to_str().unwrap().to_owned())
    }

    /// Everything over a machine's data folder, for whoever runs it. It may ask servers on this
    /// machine.
    pub fn at_home(machine: &Machine) -> Site {
        Site::of(app(machine, Reach::Anywhere), Settings::default())
    }

    pub fn site(&self) -> &hedgerow::web::Site {
        &self.inner
    }

    pub fn of(app: App, settings: Settings) -> Site {
        let site = hedgerow::web::Site::new(Arc::new(app), settings).unwrap();
        Site { router: hedgerow::web::router(&site), inner: site, cookies: BTreeMap::new() }
    }

    /// The same for somebody who comes for the first time.
    pub fn without_cookies(&self) -> Site {
        Site { cookies: BTreeMap::new(), ..self.clone() }
    }

    /// The same in the browser of whoever runs it.
    pub async fn entered(&self) -> Site {
        let link = self.inner.way_in().unwrap();
        let path = link.trim_start_matches("http://127.0.0.1:8787");
        let answer = self.get(path).await.is(303);
        self.after(&answer)
    }

    /// The same browser with the cookies that an answer has set or taken back.
    pub fn after(&self, answer: &Page) -> Site {
        let mut cookies = self.cookies.clone();
        for set in answer.headers.get_all("set-cookie") {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            cookies.remove(name);
            if !set.contains("Max-Age=0") {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Site { cookies, ..self.clone() }
    }

    /// As a person who signs in, or connects something, does it: the form, the page with the
    /// link, the approval on the other server, and back.
    pub async fn approved(&self, fake: &Fake, path: &str, fields: &[(&str, &str)]) -> (Site, Page) {
        let answer = self.send(path, fields).await.is(303);
        assert_eq!(answer.headers["location"], "/approve");
        let site = self.after(&answer);
        let page = site.get("/approve").await.is(200);
        let link = page.text.split("class=\"button\" href=\"").nth(1).unwrap();
        let link = link.split('"').next().unwrap().replace("&#38;", "&");
        let query = url::Url::parse(&link).unwrap().query().unwrap().to_owned();
        let seen = ask(&fake.url(), "POST", "/oauth/authorize", "", &query).unwrap();
        let back = url::Url::parse(seen.header("location").unwrap()).unwrap();
        let answer = site.get(&back[url::Position::BeforePath..]).await;
        (site.after(&answer), answer)
    }

    /// What the browser sends.
    pub fn cookies(&self) -> &BTreeMap<String, String> {
        &self.cookies
    }

    /// The same browser with other values in its cookies.
    pub fn with_cookies(&self, value: impl Fn(&str) -> String) -> Site {
        let cookies = self.cookies.keys().map(|name| (name.clone(), value(name))).collect();
        Site { cookies, ..self.clone() }
    }

    async fn answer(&self, mut request: Builder, body: Vec<u8>) -> Response {
        for (name, value) in &self.cookies {
            request = request.header("cookie", format!("{name}={value}"));
        }
        self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap()
    }

    pub async fn ask(&self, request: Builder, body: Vec<u8>) -> Page {
        let (parts, body) = self.answer(request, body).await.into_parts();
        let bytes = axum::body::to_bytes(body, 64 << 20).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Page { status: parts.status, headers: parts.headers, text }
    }

    pub async fn get(&self, path: &str) -> Page {
        self.ask(Request::get(path).header("host", "127.0.0.1:8787"), Vec::new()).await
    }

    /// Opens what is told as it comes (server-sent events).
    pub async fn events(&self, path: &str) -> Events {
        let request = Request::get(path).header("host", "127.0.0.1:8787");
        let answer = self.answer(request, Vec::new()).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Events { body: answer.into_body().into_data_stream(), told: String::new() }
    }

    pub async fn post(&self, path: &str, sent: Sent) -> Page {
        self.ask(form(path), sent.closed()).await
    }

    /// Sends a form without a file, as browsers do by default.
    pub async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path)
            .header("host", "127.0.0.1:8787")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded");
        self.ask(request, body.into_bytes()).await
    }
}

fn form(path: &str) -> Builder {
    Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("host", "127.0.0.1:8787")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
}

/// What is told as it comes, and what of it has come.
pub struct Events {
    body: BodyDataStream,
    told: String,
}

impl Events {
    /// Waits until this was told.
    pub async fn says(&mut self, text: &str) {
        while !self.told.contains(text) {
            let more = self.body.next().await;
            let more = more.unwrap_or_else(|| panic!("{text:?} is not in:\n{}", self.told));
            self.told += std::str::from_utf8(&more.unwrap()).unwrap();
        }
    }

    /// Everything that was told, when it is over.
    pub async fn rest(mut self) -> String {
        while let Some(more) = self.body.next().await {
            self.told += std::str::from_utf8(&more.unwrap()).unwrap();
        }
        self.told
    }
}

impl Sent {
    fn closed(mut self) -> Vec<u8> {
        self.0.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        self.0
    }
}

impl Page {
    #[track_caller]
    pub fn is(self, status: u16) -> Page {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    #[track_caller]
    pub fn says(self, text: &str) -> Page {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&self.text).contains(&words(text)), "{text:?} is not in:\n{}", self.text);
        self
    }

    /// A form on it has this in the field of this name, or has chosen it, as the page writes it.
    #[track_caller]
    pub fn keeps(self, name: &str, value: &str) -> Page {
        let (name, chosen) = (format!(" name=\"{name}\""), format!(" value=\"{value}\""));
        let parts = |of: &'static str, end: &'static str| {
            let parts = self.text.split(of).skip(1);
            parts.map(move |part| part.split(end).next().unwrap())
        };
        let field = |tag: &str| tag.contains(&name) && tag.contains(&chosen);
        let choice = |select: &str| {
            select.split('>').next().unwrap().contains(&name)
                && select.contains(&format!("{chosen} selected"))
        };
        let found = parts("<input", ">").any(field) || parts("<select", "</select>").any(choice);
        assert!(found, "no field with{name} and{chosen} in:\n{}", self.text);
        self
    }

    /// What went wrong stands at its top, said at once to whoever listens.
    #[track_caller]
    pub fn warns(self, says: &str) -> Page {
        let main = self.text.split("<main").nth(1).unwrap_or_default();
        let alert =
            main.split("role=\"alert\"").nth(1).and_then(|alert| alert.split("</div>").next());
        let alert = alert.unwrap_or_else(|| panic!("no alert in:\n{}", self.text));
        assert!(alert.contains(says), "no alert says {says:?} in:\n{}", self.text);
        self.says("<title>Please look again ")
    }

    /// A page with the choices of `threads`, overwrite, a server and a domain on it.
    #[track_caller]
    fn keeps_the_choices(self) -> Page {
        for choice in [
            "value=\"meta\" id=\"list-2\" aria-describedby=\"advice-2\" checked",
            "aria-describedby=\"overwrite-says\" checked",
            "value=\"home.example\"",
            "friend.example",
        ] {
            assert!(self.text.contains(choice), "{choice} is not in:\n{}", self.text);
        }
        self
    }
}

fn chosen() -> Sent {
    chosen_with(Sent::default())
}

fn chosen_with(sent: Sent) -> Sent {
    sent.with("list", "meta")
        .with("mode", "overwrite")
        .with("server", "home.example")
        .with("allow", "friend.example\r\n")
}

#[test]
fn every_answer_tells_the_browser_what_never_to_do() {
    on_both(async |machine| {
        let site = Site::over(machine);
        let upload = Sent::default().file("a.csv", "bad.example\n").with("list", "threads");
        let pages = [
            site.get("/").await.is(200),
            site.get("/nowhere").await.is(404).says("There is no such page"),
            site.get("/look").await.is(405).says("This page needs your file"),
            site.get("/healthz").await.is(200).says("ok"),
            site.get("/readyz").await.is(200).says("ready"),
            site.post("/look", upload.clone()).await.is(200),
            site.post("/file", Sent::of(&site.post("/look", upload).await)).await.is(200),
            site.post("/look", Sent::default()).await.is(422),
            site.ask(form("/look"), b"nonsense".to_vec()).await.is(400),
        ];
        for page in &pages {
            let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
            let policy = header("content-security-policy");
            assert_eq!(
                policy,
                "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src \
             'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
            );
            assert_eq!(header("x-content-type-options"), "nosniff");
            assert_eq!(header("referrer-policy"), "same-origin");
            assert_eq!(header("cross-origin-opener-policy"), "same-origin");
            assert_eq!(header("cross-origin-resource-policy"), "same-origin");
            assert_eq!(header("cache-control"), "no-store");
            for never in ["<script>", "<style", " style=", " onclick", "javascript:"] {
                assert!(!page.text.contains(never), "{never}: {}", page.text);
            }
        }
        let front = &pages[0].text;
        let style = front.split("stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
        let sheet = site.get(style).await.is(200);
        assert_eq!(sheet.headers["cache-control"], "public, max-age=31536000, immutable");
        assert_eq!(sheet.headers["content-type"], "text/css; charset=utf-8");
        site.get("/static/style-0.css").await.is(404);
        let kept: Vec<_> = machine.kept().into_iter().map(|(path, _)| path).collect();
        assert_eq!(kept, [machine.data_dir().join("key")], "looking leaves nothing of it behind");
    });
}

#[test]
fn the_front_page_explains_itself_and_labels_everything() {
    on_both(async |machine| {
        let page = Site::over(machine).get("/").await.is(200);
        let page = page.says("do not come back by themselves").says("Block Threads for my account");
        let page =
            page.says("value=\"threads\" id=\"list-1\" aria-describedby=\"advice-1\" checked");
        for tag in page.text.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap()) {
            if tag.contains("type=\"hidden\"") {
                continue;
            }
            let id = tag.split("id=\"").nth(1).unwrap().split('"').next().unwrap();
            assert!(page.text.contains(&format!("<label for=\"{id}\"")), "{id} has no label");
        }
        for landmark in ["<html lang=\"en\">", "<main id=\"main\">", "href=\"#main\"", "<h1>"] {
            assert!(page.text.contains(landmark), "{landmark}");
        }
    });
}

#[test]
fn a_form_from_another_site_is_refused() {
    on_both(async |machine| {
        let site = Site::over(machine);
        let sent = || chosen_with(Sent::default().file("a.csv", "bad.example\n")).closed();
        let from = |site: Option<&str>, origin: Option<&str>| {
            let mut request = Request::post("/look")
                .header("host", "localhost:8787")
                .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"));
            if let Some(site) = site {
                request = request.header("sec-fetch-site", site);
            }
            if let Some(origin) = origin {
                request = request.header("origin", origin);
            }
            request
        };
        for (of, origin, status) in [
            (Some("cross-site"), Some("https://evil.example"), 403),
            (Some("same-site"), Some("http://localhost:3000"), 403),
            (None, Some("https://evil.example"), 403),
            (None, Some("null"), 403),
            (Some("same-origin"), Some("null"), 200),
            (None, Some("http://localhost:8787"), 200),
            (None, None, 200),
        ] {
            let page = site.ask(from(of, origin), sent()).await.is(status);
            assert_eq!(page.text.contains("Another site has sent you here"), status == 403);
        }
    });
}

#[test]
fn only_this_machines_own_names_are_answered() {
    on_both(async |machine| {
        let site = Site::over(machine);
        for (host, status) in [
            ("127.0.0.1:8787", 200),
            ("localhost:8787", 200),
            ("LOCALHOST:8787", 200),
            ("[::1]:8787", 200),
            ("localhost", 421),
            ("localhost:80", 421),
            ("evil.example:8787", 421),
            ("127.0.0.1.evil.example:8787", 421),
            ("", 421),
        ] {
            let page =
                site.ask(Request::get("/").header("host", host), Vec::new()).await.is(status);
            assert_eq!(page.text.contains("Open http://127.0.0.1:8787/"), status == 421, "{host}");
            assert!(!page.text.contains("evil"));
        }
        site.ask(Request::get("/"), Vec::new()).await.is(421);
    });
}

#[test]
fn what_is_too_large_is_said_and_the_choices_come_back() {
    on_both(async |machine| {
        let site = Site::over(machine);
        let row = "long-enough-a-name.example\n";
        let large = row.repeat((2 << 20) / row.len() + 1);
        site.post("/look", chosen_with(Sent::default().file("a.csv", &large)))
            .await
            .is(413)
            .says("larger than 2 MiB")
            .keeps_the_choices();
        let fits = "a.example\n".repeat((2 << 20) / 10);
        site.post("/look", chosen_with(Sent::default().file("a.csv", fits))).await.is(200);
        let huge = chosen_with(Sent::default().file("a.csv", vec![b'a'; 9 << 20]));
        site.post("/look", huge).await.is(413).says("That is too large");
        site.post("/look", chosen().with("server", &"a".repeat(1 << 20))).await.is(413);
    });
}

#[test]
fn a_bad_file_or_word_is_explained_and_the_choices_come_back() {
    on_both(async |machine| {
        let site = Site::over(machine);
        let odd = "#domain,#severity\nbad.example,susped\n";
        for (content, says) in [
            (
                &b"<!doctype html><html><body>Sign in</body></html>"[..],
                "not an export of domain blocks: it is a web page, perhaps the one on which your \
                 server offers its exports. Download the file",
            ),
            (b"PK\x03\x04\x00\x00\x00\x00", "not an export of domain blocks"),
            (b"\xff\xfeb\x00a\x00d\x00", "not an export of domain blocks"),
            (b"b\xe4d.example\n", "UTF-8"),
            (odd.as_bytes(), "susped"),
        ] {
            let page =
                site.post("/look", chosen_with(Sent::default().file("a.csv", content))).await;
            let page = page.is(422).says(says).says("That did not work yet").keeps_the_choices();
            assert!(!page.text.contains("name=\"held\""), "it is of no use");
        }
        site.post("/look", chosen_with(Sent::default().file("", ""))).await.is(422).says("No file");
        let good = || Sent::default().file("mine.csv", "bad.example\n");
        for (name, value, says) in [
            ("server", "my server", "is not the name of a server"),
            ("allow", "good.example not_a_domain!", "not_a_domain!, which is not to be blocked"),
            ("list", "/etc/passwd", "There is no list /etc/passwd here"),
            ("list", "https://evil.example/list.csv", "There is no list https"),
            ("list", "./lists/threads.csv", "There is no list"),
            ("list", "garden-fence", "There is no list garden-fence here"),
        ] {
            let page = site.post("/look", good().with("list", "meta").with(name, value)).await;
            let page = page.is(422).says(says).says("mine.csv is still here");
            assert!(page.text.contains("name=\"held\" value=\"YmFkLmV4YW1wbGUK\""));
        }
    });
}

#[test]
fn a_list_that_cannot_be_used_is_named_and_nothing_is_lost() {
    on_both(async |machine| {
        machine
            .write("hidden.csv", "domain,severity\nb**d.example,suspend\nw**e.example,suspend\n");
        machine.run(&["lists", "add", "hidden.csv", "--name", "hidden"]).exits(0);
        let site = Site::over(machine);
        let sent = chosen_with(Sent::default().file("mine.csv", "x.example\n"));
        let page = site.post("/look", sent.with("list", "hidden")).await.is(503);
        let page = page.says("The list hidden cannot be read here").says("mine.csv is still here");
        let page = page.keeps_the_choices();
        assert!(!page.text.contains(&machine.data_dir().display().to_string()));
    });
}

#[test]
fn without_a_list_nothing_is_lost() {
    on_both(async |machine| {
        let site = Site::over(machine);
        let sent = Sent::default()
            .file("mine.csv", "bad.example\n")
            .with("mode", "overwrite")
            .with("server", "https://home.example/about")
            .with("allow", "friend.example");
        let page = site.post("/look", sent).await.is(422).says("No list was chosen");
        // The page as it came, with one box ticked and the empty field for a file.
        let again = Sent::of(&page).file("", "").with("list", "meta");
        let plan = site.post("/look", again).await.is(200).says("Overwriting mine.csv with 1 list");
        assert!(plan.text.contains("https://home.example/settings/imports"));
    });
}

#[test]
fn hostile_names_and_words_stay_text() {
    on_both(async |machine| {
        let list = "domain,severity,public_comment\nbad.example,suspend,\"<script>alert(1)</script> \
                \u{202e}gpj.exe\u{1b}[2J\"\n";
        machine.write("hostile.csv", list);
        machine.run(&["lists", "add", "hostile.csv", "--name", "hostile"]).exits(0);
        let site = Site::over(machine);
        let file = "#domain,#severity,#public_comment\n\"<img src=x onerror=alert(1)>\",suspend,x\n\
                \"\u{202e}evil\u{7}\",silence,\"</textarea><script>\"\n";
        let sent = Sent::default()
            .file("\"><script>alert(2)</script>.csv", file)
            .with("list", "hostile")
            .with("mode", "overwrite")
            .with("server", "")
            .with("allow", "ok.example");
        let plan = site.post("/look", sent.clone()).await.is(200).says("bad.example");
        let bad = sent.with("allow", "</textarea><script>alert(3)</script> \u{202e}x");
        let bad = bad.with("server", "\"><script>alert(4)</script>");
        let door = site.post("/look", bad).await.is(422);
        for page in [&plan.text, &door.text] {
            // The one that is the site's own.
            assert!(page.matches("<script").count() == 1 && !page.contains("<img"), "{page}");
        }
        for hidden in ['\u{202e}', '\u{1b}', '\u{7}'] {
            assert!(!plan.text.contains(hidden), "{hidden:?}");
        }
        assert!(plan.text.contains("&#60;script&#62;alert(1)"), "{}", plan.text);
    });
}

#[test]
fn the_program_serves_until_it_is_asked_to_end() {
    on_both(async |machine| {
        let mut server = machine.start(&["serve", "--listen", "127.0.0.1:0"]);
        let mut line = String::new();
        BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
        let origin = url.trim_end_matches('/').to_owned();
        let answer = ask(&origin, "GET", "/", "", "").unwrap();
        assert_eq!(answer.status, 200);
        let taken = origin.trim_start_matches("http://");
        machine.run(&["serve", "--listen", taken]).exits(1).says("is taken").says("127.0.0.1:0");
        let pid = server.id().to_string();
        assert!(std::process::Command::new("kill").arg(&pid).status().unwrap().success());
        Said::from(server.wait_with_output().unwrap()).exits(0).says("The server has ended.");
        let own_file = machine.data_dir().join("hedgerow.db").is_file();
        assert_eq!(own_file, machine.database_url().is_none(), "what is kept lies in one place");
    });
}

#[test]
fn whoever_runs_it_finds_its_numbers_at_an_address_of_their_own() {
    let machine = Machine::new();
    let args = ["serve", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--json"];
    let mut server = machine.start(&args);
    let mut line = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let told: serde_json::Value = serde_json::from_str(&line).unwrap();
    let origin = told["address"].as_str().unwrap().trim_end_matches('/');
    for (path, status) in [("/", 200), ("/", 200), ("/lists/no-such-list", 303), ("/wp-login", 404)]
    {
        assert_eq!(ask(origin, "GET", path, "", "").unwrap().status, status, "{path}");
    }
    // Not where everybody looks.
    assert_eq!(ask(origin, "GET", "/metrics", "", "").unwrap().status, 404);
    let metrics = told["metrics"].as_str().unwrap().trim_end_matches("/metrics");
    let numbers = ask(metrics, "GET", "/metrics", "", "").unwrap().body;
    for line in [
        "hedgerow_requests_total{method=\"GET\",route=\"/\",status=\"200\"} 2",
        "hedgerow_requests_total{method=\"GET\",route=\"/lists/{name}\",status=\"303\"} 1",
        "hedgerow_request_seconds_count{route=\"/\"} 2",
    ] {
        assert!(numbers.lines().any(|l| l == line), "{line} is not in\n{numbers}");
    }
    // What a visitor has typed is nobody's business.
    assert!(!numbers.contains("wp-login") && !numbers.contains("no-such-list"), "{numbers}");
    let pid = server.id().to_string();
    assert!(std::process::Command::new("kill").arg(&pid).status().unwrap().success());
    Said::from(server.wait_with_output().unwrap()).exits(0);
}

#[test]
fn other_machines_are_not_listened_to() {
    let machine = Machine::new();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
        machine
            .run(&["serve", "--listen", address])
            .exits(1)
            .says("come through SSH")
            .says("--public-url");
    }
    machine.run(&["serve", "--listen", "nonsense"]).exits(1).says("write it as 127.0.0.1:8787");
    machine.run(&["serve", "--help"]).exits(0).says("Ctrl-C ends the server");
}

#[test]
fn the_link_signs_in_once_and_signing_out_ends_it() {
    on_both(async |machine| {
        let site = Site::over(machine);
        site.get("/enter/guessed").await.is(410).says("has been used");
        let inside = site.entered().await;
        let link = inside.get("/").await.is(303);
        assert_eq!(link.headers["location"], "/targets");
        site.get("/").await.is(200).says("Only want to keep Threads away?");
        inside.send("/sign-out", &[]).await.is(303);
        // The cookie is still there, and worth nothing.
        inside.get("/").await.is(200).says("Only want to keep Threads away?");
    });
}
