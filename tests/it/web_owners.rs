//! Every address of the pages, as somebody else and as nobody: what is one person's stays theirs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use axum::http::Request;
use hedgerow::app::App;
use hedgerow::clock::{Clock, SystemClock};
use hedgerow::fetch::Reach;
use hedgerow::store::{Scope, Store};
use hedgerow::verb::token;
use sqlx::{Connection, PgConnection};

use crate::command::Machine;
use crate::fake::{Fake, Version};
use crate::store::owners::{Ids, furnish, read};
use crate::web::{Page, Site, on_both};

/// What is in everything that is the first person's, and in nothing else.
const MARK: &str = "hers-alone";

/// Who may come through an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    /// Anybody. It shows nothing of a person's.
    ToAll,
    /// Whoever is signed in, and shows what is theirs.
    Inside,
    /// The owner of what the address names. For everybody else it is not there.
    ToOwner,
}
use Open::{Inside, ToAll, ToOwner};

/// One method of one address, with a form that its owner could send.
type Door = (&'static str, &'static str, Open, &'static [(&'static str, &'static str)]);

/// All of them. `{target}` and the like become the first person's, in forms too.
#[rustfmt::skip]
const DOORS: &[Door] = &[
    ("get", "/", ToAll, &[]),
    ("get", "/door", ToAll, &[]),
    ("post", "/look", ToAll, &[]),
    ("post", "/file", ToAll, &[]),
    ("get", "/healthz", ToAll, &[]),
    ("get", "/readyz", ToAll, &[]),
    ("get", "/enter/{secret}", ToAll, &[]),
    ("get", "/sign-in", ToAll, &[]),
    ("post", "/sign-in", ToAll, &[("server", "")]),
    ("post", "/sign-out", ToAll, &[]),
    ("get", "/approve", ToAll, &[]),
    ("get", "/back", ToAll, &[]),
    ("get", "/connect", Inside, &[]),
    ("post", "/connect", Inside, &[("server", "")]),

    ("get", "/settings", Inside, &[]),
    ("post", "/settings/sessions/end", Inside, &[("session", "{session}")]),
    ("post", "/settings/sessions/end-others", Inside, &[]),
    ("post", "/settings/tokens", Inside, &[("name", "more"), ("scope", "read")]),
    ("post", "/settings/tokens/end", Inside, &[("token", "{token}")]),

    ("get", "/lists", Inside, &[]),
    ("post", "/lists", Inside, &[("address", "")]),
    ("get", "/lists/compare", Inside, &[("list", "mine")]),
    ("get", "/lists/{name}", ToOwner, &[]),
    ("get", "/lists/{name}/entries", ToOwner, &[]),
    ("get", "/lists/{name}/versions", ToOwner, &[]),
    ("get", "/lists/{name}/diff", ToOwner, &[]),
    ("get", "/lists/{name}/would", ToOwner, &[("target", "{target}")]),
    ("post", "/lists/{name}/update", ToOwner, &[]),
    ("post", "/lists/{name}/decide", ToOwner, &[("version", "{version}"), ("word", "accept")]),
    ("post", "/lists/{name}/settings", ToOwner, &[("removed_percent", ""), ("removed_rows", ""),
        ("added_percent", ""), ("added_rows", ""), ("regraded_percent", "")]),
    ("get", "/lists/{name}/stop", ToOwner, &[]),
    ("post", "/lists/{name}/stop", ToOwner, &[]),

    ("get", "/why", Inside, &[("domain", "bad.example")]),

    ("get", "/targets", Inside, &[]),
    ("get", "/targets/{target}", ToOwner, &[]),
    ("get", "/targets/{target}/block", ToOwner, &[("domain", "{domain}")]),
    ("post", "/targets/{target}/block/date", ToOwner, &[("domain", "{domain}")]),
    ("get", "/targets/{target}/blocks", ToOwner, &[]),
    ("get", "/targets/{target}/blocks.csv", ToOwner, &[]),
    ("post", "/targets/{target}/blocks/own", ToOwner, &[("domain", "{domain}")]),
    ("get", "/targets/{target}/lists", ToOwner, &[]),
    ("post", "/targets/{target}/lists/subscribe", ToOwner, &[("list", "{list}")]),
    ("post", "/targets/{target}/lists/terms", ToOwner, &[("list", "{list}")]),
    ("post", "/targets/{target}/lists/unsubscribe", ToOwner, &[("list", "{list}")]),
    ("post", "/targets/{target}/policy", ToOwner, &[]),
    ("post", "/targets/{target}/read", ToOwner, &[]),
    ("post", "/targets/{target}/sign-out", ToOwner, &[]),
    ("get", "/targets/{target}/log", ToOwner, &[]),
    ("get", "/targets/{target}/runs", ToOwner, &[]),
    ("get", "/targets/{target}/backups", ToOwner, &[]),
    ("post", "/targets/{target}/backups", ToOwner, &[]),
    ("get", "/targets/{target}/plan", ToOwner, &[]),
    ("post", "/targets/{target}/plan", ToOwner, &[]),
    ("get", "/targets/{target}/plan/new", ToOwner, &[]),
    ("post", "/targets/{target}/plan/again", ToOwner, &[("proposal", "{proposal}")]),
    ("post", "/targets/{target}/plan/decide", ToOwner, &[("proposal", "{proposal}")]),
    ("post", "/targets/{target}/plan/apply", ToOwner, &[("proposal", "{proposal}")]),
    ("post", "/targets/{target}/plan/drop", ToOwner, &[("proposal", "{proposal}")]),
    ("get", "/targets/{target}/work", ToOwner, &[]),
    ("get", "/targets/{target}/work/events", ToOwner, &[]),
    ("post", "/targets/{target}/work/stop", ToOwner, &[]),

    ("get", "/runs/{run}", ToOwner, &[]),
    ("get", "/runs/{run}/announcement", ToOwner, &[("as", "us")]),
    ("get", "/runs/{run}/announcement.md", ToOwner, &[("as", "us")]),
    ("post", "/runs/{run}/resume", ToOwner, &[]),
    ("post", "/runs/{run}/abandon", ToOwner, &[]),
    ("post", "/runs/{run}/refollow", ToOwner, &[]),
    ("get", "/backups/{backup}", ToOwner, &[]),

    ("get", "/exceptions", Inside, &[]),
    ("post", "/exceptions", Inside, &[("domain", "{domain}"), ("target", "{target}")]),
    ("post", "/exceptions/end", Inside, &[("exception", "{exception}"), ("id", "{exception}")]),
    ("get", "/exceptions/turned-down", Inside, &[("target", "{target}")]),
    ("post", "/exceptions/dismiss", Inside, &[("target", "{target}"), ("domain", "{domain}")]),
    ("post", "/exceptions/undismiss", Inside, &[("target", "{target}"), ("domain", "{domain}")]),
    ("get", "/log", Inside, &[]),

    ("get", "/published", Inside, &[]),
    ("post", "/published", Inside, &[]),
    ("get", "/published/new", Inside, &[]),
    ("get", "/published/{publication}", ToOwner, &[]),
    ("post", "/published/{publication}", ToOwner, &[]),
    ("post", "/published/{publication}/end", ToOwner, &[]),
    ("get", "/p/{slug}", ToAll, &[]),
    ("get", "/p/{slug}/mastodon.csv", ToAll, &[]),
    ("get", "/p/{slug}/domains.txt", ToAll, &[]),
    ("get", "/p/{slug}/domain_blocks.json", ToAll, &[]),
    ("get", "/p/{slug}/api/v1/instance/domain_blocks", ToAll, &[]),
    ("get", "/api/openapi.json", ToAll, &[]),
];

/// Programs come with a token, and a browser's session is worth nothing there. All of these are
/// tried by themselves: whatever names something is its owner's.
fn is_for_programs(path: &str) -> bool {
    path.starts_with("/api/v1/")
}

/// The addresses in the source whose text is not written there: the style sheet and the script.
const COMPUTED: usize = 2;

/// The text between the bracket at the beginning and the one that closes it.
fn inside(text: &str) -> &str {
    let (mut depth, mut quoted) = (0, false);
    for (place, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return &text[1..place];
                }
            }
            _ => {}
        }
    }
    panic!("a bracket is not closed: {text}");
}

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            // What tests put together is no part of the site.
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
            found.push((path.to_string_lossy().into_owned(), text));
        }
    }
}

/// Every method of every address that the source has.
fn routes() -> BTreeSet<(String, String)> {
    let mut files = Vec::new();
    sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/web")), &mut files);
    let (mut found, mut computed) = (BTreeSet::new(), 0);
    // The numbers have an address of their own, which visitors do not reach.
    for (file, text) in files.iter().filter(|(file, _)| !file.ends_with("web/metrics.rs")) {
        let below = if file.contains("/web/api/") { "/api/v1" } else { "" };
        for part in text.split(".route").skip(1).filter(|part| part.starts_with('(')) {
            let call = inside(part).trim_start();
            let Some(quoted) = call.strip_prefix('"') else {
                computed += 1;
                continue;
            };
            let (path, methods) = quoted.split_once('"').unwrap();
            let path =
                if path.starts_with("/api/") { path.into() } else { format!("{below}{path}") };
            let mut any = false;
            for method in ["get", "post", "put", "patch", "delete", "any"] {
                let call = format!("{method}(");
                let starts = |place: usize| {
                    !methods[..place].ends_with(|c: char| c.is_alphanumeric() || c == '_')
                };
                if methods.match_indices(&call).any(|(place, _)| starts(place)) {
                    found.insert((method.to_owned(), path.clone()));
                    any = true;
                }
            }
            assert!(any, "{file}: which methods has {path}?");
        }
        for unread in [".nest(", ".route_service(", "routes!("] {
            let nested = text.matches(unread).count();
            let known = file.contains("/web/api/") && unread == ".nest(" && nested <= 1;
            assert!(nested == 0 || known, "{file}: addresses in {unread} are not looked at here");
        }
    }
    assert_eq!(computed, COMPUTED, "an address is computed, and this test cannot see it");
    found
}

#[test]
fn every_address_is_in_the_table() {
    let known: BTreeSet<(String, String)> =
        DOORS.iter().map(|(method, path, ..)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(known.len(), DOORS.len(), "one is there twice");
    let routes = routes();
    let pages: BTreeSet<_> =
        routes.iter().filter(|(_, path)| !is_for_programs(path)).cloned().collect();
    let gone: Vec<_> = known.difference(&pages).collect();
    assert!(gone.is_empty(), "these are gone: {gone:#?}");
    let missing: Vec<_> = pages.difference(&known).collect();
    assert!(missing.is_empty(), "say in DOORS who may come through these: {missing:#?}");
    assert!(routes.len() > 15, "the source is not read as it should be");
}

/// Puts the first person's numbers and names in.
fn filled(text: &str, ids: &Ids) -> String {
    let values = BTreeMap::from([
        ("{target}", ids.target.to_string()),
        ("{run}", ids.runs[1].to_string()),
        ("{backup}", ids.backup.to_string()),
        ("{exception}", ids.exception.to_string()),
        ("{proposal}", ids.proposal.to_string()),
        ("{version}", ids.list.held.unwrap().to_string()),
        ("{session}", ids.session.clone()),
        ("{name}", "mine".to_owned()),
        ("{list}", "mine".to_owned()),
        ("{domain}", "bad.example".to_owned()),
        ("{seq}", "0".to_owned()),
        ("{secret}", "guessed".to_owned()),
        ("{slug}", "guessed".to_owned()),
        ("{publication}", ids.publication.to_string()),
        ("{token}", ids.token.to_string()),
    ]);
    let filled = values.iter().fold(text.to_owned(), |text, (name, is)| text.replace(name, is));
    assert!(!filled.contains('{'), "what stands for the rest of {filled}?");
    filled
}

async fn knock(site: &Site, door: &Door, ids: &Ids) -> Page {
    let (method, path, _, fields) = door;
    let path = filled(path, ids);
    let fields = fields.iter().map(|(name, value)| (*name, filled(value, ids)));
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = Request::builder().header("host", "127.0.0.1:8787");
    if *method == "get" {
        let uri = if form.is_empty() { path } else { format!("{path}?{form}") };
        return site.ask(request.uri(uri), Vec::new()).await;
    }
    let request = request
        .method(method.to_uppercase().as_str())
        .uri(path)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded");
    site.ask(request, form.into_bytes()).await
}

fn library(machine: &Machine) -> App {
    let database = machine.database_url().map(str::to_owned);
    App::new(Some(machine.data_dir()), database, None, Reach::Anywhere).unwrap()
}

/// A site on which somebody has one of everything.
struct House {
    site: Site,
    store: Store,
    ids: Ids,
    /// What every method of the store shows her.
    before: BTreeMap<&'static str, String>,
}

impl House {
    async fn furnished(machine: &Machine) -> House {
        let site = Site::shared(machine);
        let fake = Fake::start(Version::V4_6);
        let (inside, _) = site.approved(&fake, "/sign-in", &[("server", &fake.url())]).await;
        inside.get("/settings").await.is(200);
        let store = library(machine).store().await.unwrap().of(1);
        let mut ids = furnish(&store, MARK).await;
        // A browser that was used just now: the old one goes when the next person comes in.
        store.end_session(MARK).await.unwrap();
        ids.session = format!("{MARK}-today");
        store.begin_session(&ids.session, MARK, SystemClock.now()).await.unwrap();
        let before = read(&store, &ids, MARK).await;
        assert!(before["target"].contains(MARK) && before["sessions"].contains(MARK));
        House { site, store, ids, before }
    }

    /// Nobody saw anything of hers, and nothing of hers has changed.
    async fn kept(&self, door: &Door, page: &Page) {
        assert!(!page.text.contains(MARK), "{door:?} shows what is hers: {}", page.text);
        let after = read(&self.store, &self.ids, MARK).await;
        for (method, shown) in &self.before {
            assert_eq!(&after[method], shown, "{door:?} has changed {method}");
        }
    }
}

fn doors() -> impl Iterator<Item = &'static Door> {
    DOORS.iter()
}

/// Asks as a program does, with a token or without.
async fn ask(site: &Site, method: &str, path: &str, token: Option<&str>, ids: &Ids) -> Page {
    let path = filled(path, ids);
    let mut request = Request::builder()
        .method(method.to_uppercase().as_str())
        .uri(if path == "/api/v1/why" { format!("{path}?domain=bad.example") } else { path })
        .header("host", "127.0.0.1:8787");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = if method == "get" || method == "delete" { "" } else { "{}" };
    if !body.is_empty() {
        request = request.header("content-type", "application/json");
    }
    site.ask(request, body.into()).await
}

#[test]
fn a_program_reaches_what_is_its_owners_and_nothing_else() {
    on_both(async |machine| {
        let house = House::furnished(machine).await;
        let fake = Fake::start(Version::V4_6);
        house.site.approved(&fake, "/sign-in", &[("server", &fake.url())]).await;
        let stranger = library(machine).of(2, "a stranger");
        let token = token::make(&stranger, "all", Scope::Write).await.unwrap().secret;
        for (method, path) in routes().into_iter().filter(|(_, path)| is_for_programs(path)) {
            let door: Door = ("", "", ToOwner, &[]);
            let page = ask(&house.site, &method, &path, None, &house.ids).await;
            assert_eq!(page.status, 401, "{method} {path} as nobody: {}", page.text);
            house.kept(&door, &page).await;
            let page = ask(&house.site, &method, &path, Some(&token), &house.ids).await;
            let (status, text) = (page.status, &page.text);
            let named = path.contains('{');
            // A form without its fields may be turned away before anybody looks whose it is.
            let asks = ["get", "delete"].contains(&&*method) && !path.ends_with("/would");
            match (named, asks) {
                (true, true) => assert_eq!(status, 404, "{method} {path}: {text}"),
                (true, false) => {
                    assert!(status.is_client_error(), "{method} {path}: {status} {text}");
                }
                (false, _) => {
                    assert!(!status.is_server_error(), "{method} {path}: {status} {text}");
                }
            }
            assert!(status != 401 && status != 403, "{method} {path}: {text}");
            house.kept(&door, &page).await;
        }
    });
}

#[test]
fn to_somebody_else_what_is_hers_is_not_there() {
    on_both(async |machine| {
        let house = House::furnished(machine).await;
        let fake = Fake::start(Version::V4_6);
        let site = &house.site;
        for door in doors() {
            // Some of what is tried signs the stranger out, or asks too often.
            let (stranger, _) =
                Site::shared(machine).approved(&fake, "/sign-in", &[("server", &fake.url())]).await;
            stranger.get("/settings").await.is(200);
            let page = knock(&stranger, door, &house.ids).await;
            let (method, path, open, _) = door;
            match open {
                ToOwner => assert_eq!(page.status, 404, "{method} {path}: {}", page.text),
                ToAll | Inside => {
                    assert!(!page.status.is_server_error(), "{method} {path}: {}", page.text);
                    assert_ne!(page.status, 401, "{method} {path}: {}", page.text);
                }
            }
            house.kept(door, &page).await;
        }
        site.get("/healthz").await.is(200);
    });
}

/// What a stranger must not read about the house.
const OF_THE_HOUSE: [&str; 2] = ["THE_HOUSES_SECRET", "the-houses-folder"];

#[test]
fn what_the_house_follows_is_shown_and_nobody_else_changes_it() {
    on_both(async |machine| {
        let store = library(machine).store().await.unwrap();
        let mut ids = furnish(&store, "of-the-house").await;
        let [secret, folder] = OF_THE_HOUSE;
        let settings = format!("{{\"auth\":\"bearer:env:{secret}\",\"limits\":{}}}", limits());
        let source = format!("/{folder}/list.csv");
        store.save_list_settings(ids.list.id, &source, &settings).await.unwrap();
        ids.list = store.list("mine").await.unwrap().unwrap();
        let before = read(&store, &ids, "of-the-house").await;
        let fake = Fake::start(Version::V4_6);
        for door in doors().filter(|(_, path, ..)| path.contains("{name}")) {
            let (stranger, _) =
                Site::shared(machine).approved(&fake, "/sign-in", &[("server", &fake.url())]).await;
            stranger.get("/settings").await.is(200);
            let page = knock(&stranger, door, &ids).await;
            let (method, path, ..) = door;
            assert!(!page.status.is_server_error(), "{method} {path}: {}", page.text);
            for never in OF_THE_HOUSE {
                assert!(!page.text.contains(never), "{method} {path} shows {never}: {}", page.text);
            }
            let after = read(&store, &ids, "of-the-house").await;
            // The old session goes when somebody comes in.
            for (seen, shown) in before.iter().filter(|(seen, _)| **seen != "sessions") {
                assert_eq!(&after[seen], shown, "{method} {path} has changed {seen}");
            }
        }
    });
}

/// As a list's settings keep them.
fn limits() -> String {
    let settings: serde_json::Value =
        serde_json::from_str(&hedgerow::follow::Settings::default().to_json()).unwrap();
    settings["limits"].to_string()
}

#[test]
fn nobody_gets_in_where_somebody_has_to_be() {
    on_both(async |machine| {
        let house = House::furnished(machine).await;
        for door in doors() {
            let page = knock(&Site::shared(machine), door, &house.ids).await;
            let (method, path, open, _) = door;
            let sent = page.headers.get("location").map_or("", |to| to.to_str().unwrap());
            match open {
                ToAll => assert!(!page.status.is_server_error(), "{method} {path}: {}", page.text),
                Inside | ToOwner if *method == "get" => {
                    assert!(sent.starts_with("/sign-in?next="), "{method} {path}: {}", page.text);
                }
                Inside | ToOwner => assert_eq!(page.status, 401, "{method} {path}: {}", page.text),
            }
            house.kept(door, &page).await;
        }
    });
}

/// Names of fields that forms and addresses have anywhere, read from the source.
fn field_names() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/web")), &mut files);
    let mut names = BTreeSet::new();
    for (_, text) in &files {
        for part in text.split("Deserialize").skip(1).filter(|part| part.contains("struct ")) {
            let body = part.split('{').nth(1).unwrap_or_default().split('}').next().unwrap();
            for line in body.lines() {
                let line = line.trim().trim_start_matches("pub ").trim_start_matches("(super) ");
                let name = line.split(':').next().unwrap_or_default();
                if line.contains(':') && name.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
                    names.insert(name.to_owned());
                }
            }
        }
    }
    assert!(names.len() > 40 && names.contains("page"), "{names:?}");
    names
}

/// An answer of ours: a page, a way to one, or what the address is for.
#[track_caller]
fn is_ours(what: &str, page: &Page) {
    let kind = page.headers.get("content-type").map_or("", |kind| kind.to_str().unwrap());
    let is_page = kind.starts_with("text/html") && page.text.contains("<main id=\"main\">");
    let is_whole = page.status == 200 || page.status == 303;
    assert!(is_whole || is_page, "{what}: {} {}", page.status, page.text);
    // Around a form that comes back stands what its page shows, such as that a version of a list was
    // rejected. What is said of the form stands above it.
    let alert = page.text.split_once("role=\"alert\"");
    let says = alert.map_or(&*page.text, |(_, alert)| alert.split("</div>").next().unwrap());
    for word in ["deserialize", "rejected", "Invalid UTF-8", "body stream"] {
        assert!(!says.contains(word) || page.status == 200, "{what}: {}", page.text);
    }
}

#[test]
fn rubbish_in_an_address_or_a_form_is_answered_by_a_page() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        // The owner: to others what an address names is not there, whatever else stands in it.
        let enter = async || {
            let site = Site::shared(machine);
            site.approved(&fake, "/sign-in", &[("server", &fake.url())]).await.0
        };
        enter().await.get("/settings").await.is(200);
        let ids = furnish(&library(machine).store().await.unwrap().of(1), MARK).await;
        let names = field_names();
        let all = |value: &str| -> String {
            let pairs = names.iter().map(|name| (name, value));
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
        };
        let (words, minus) = (all("x"), all("-1"));
        let twice = format!("{words}&{minus}");
        let mut inside = enter().await;
        let pages = doors()
            .filter(|(_, path, ..)| !path.starts_with("/api") && !path.ends_with("/sign-out"));
        for (method, path, ..) in pages {
            let good = filled(path, &ids);
            let (begin, _) = path.split_once('{').unwrap_or((path, ""));
            let ending = path.rsplit_once('}').map_or("", |(_, ending)| ending);
            let mut paths = vec![good.clone()];
            if path.contains('{') {
                paths.extend(
                    ["x", "%FF", "-1", "99999999999999999999", "%00", "%3Cb%3E"]
                        .map(|odd| format!("{begin}{odd}{ending}")),
                );
            }
            for path in paths {
                let queries = ["", &words, &minus, &twice, "%FF=%FF", "&&==", "page=1&page=2"];
                for query in queries.iter().filter(|query| query.is_empty() || path == good) {
                    let what = format!("{method} {path}?{query}");
                    let page = if *method == "get" {
                        inside.get(&format!("{path}?{query}")).await
                    } else {
                        let request = Request::post(&path)
                            .header("host", "127.0.0.1:8787")
                            .header("sec-fetch-site", "same-origin")
                            .header("content-type", "application/x-www-form-urlencoded");
                        inside.ask(request, query.as_bytes().to_vec()).await
                    };
                    is_ours(&what, &page);
                }
            }
            if *method == "post" {
                for kind in ["application/json", "text/plain", "multipart/form-data"] {
                    let request = Request::post(&good)
                        .header("host", "127.0.0.1:8787")
                        .header("sec-fetch-site", "same-origin")
                        .header("content-type", kind);
                    let page = inside.ask(request, b"{}".to_vec()).await;
                    is_ours(&format!("{method} {good} as {kind}"), &page);
                }
                // Some of it signs out, or asks too often.
                inside = enter().await;
            }
        }
    });
}

/// Everything that the database has, as bytes.
async fn stolen(machine: &Machine) -> Vec<u8> {
    let Some(url) = machine.database_url() else {
        // The key lies beside it, and is what the thief has not got.
        let files = std::fs::read_dir(machine.data_dir()).unwrap().map(|file| file.unwrap().path());
        let database = |path: &std::path::PathBuf| {
            path.file_name().unwrap().to_str().unwrap().starts_with("hedgerow.db")
        };
        let parts: Vec<Vec<u8>> =
            files.filter(database).map(|path| std::fs::read(path).unwrap()).collect();
        assert_eq!(parts.len(), 3, "the file, its journal and the journal's index");
        return parts.concat();
    };
    let mut db = PgConnection::connect(url).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.tables
         WHERE table_schema = current_schema()",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    assert!(tables.len() > 15, "{tables:?}");
    let mut all = String::new();
    for table in tables {
        let sql = format!("SELECT row_to_json(r)::text FROM \"{table}\" AS r");
        let rows: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&mut db).await.unwrap();
        all.push_str(&rows.join("\n"));
    }
    all.into_bytes()
}

#[test]
fn a_stolen_database_without_the_key_yields_no_token() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        let (inside, target) = Site::shared(machine).connected(&fake).await;
        let asked = fake.requests();
        let tokens: BTreeSet<String> =
            asked.iter().filter_map(|request| request.token.clone()).collect();
        let said: BTreeSet<String> = ["client_secret", "code", "code_verifier"]
            .into_iter()
            .flat_map(|name| asked.iter().filter_map(move |request| request.param(name)))
            .map(str::to_owned)
            .collect();
        assert!(tokens.len() >= 2 && said.len() >= 4, "{tokens:?} {said:?}");
        let cookies: Vec<String> = inside.cookies().values().cloned().collect();
        assert!(!cookies.is_empty());
        // It works, so what opens it is somewhere: in the browser and in the key.
        inside.get("/settings").await.is(200);
        let number: i64 = target.rsplit('/').next().unwrap().parse().unwrap();
        let app = library(machine);
        let row = app.store().await.unwrap().of(1).target_by_id(number).await.unwrap().unwrap();
        let has = |bytes: &[u8], text: &str| {
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        };
        let bytes = stolen(machine).await;
        assert!(has(&bytes, &row.token) && has(&bytes, "home.example"), "this is the database");
        for secret in tokens.iter().chain(&said).chain(&cookies) {
            assert!(secret.len() > 6, "{secret} may be anywhere");
            assert!(!has(&bytes, secret), "{secret} lies in the database");
        }
        // What the cookie holds is not there either, only its digest.
        let sessions: Vec<String> = {
            let sessions =
                app.store().await.unwrap().of(1).sessions(chrono::DateTime::UNIX_EPOCH).await;
            sessions.unwrap().into_iter().map(|session| session.digest).collect()
        };
        assert_eq!(sessions.len(), 1);
        assert!(has(&bytes, &sessions[0]));
        let forged = inside.with_cookies(|_| sessions[0].clone());
        forged.get("/settings").await.is(303);
    });
}
