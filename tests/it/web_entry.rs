//! Signing in with one's own server, connecting one, and what nobody gets that way.

use hedgerow::app::App;
use hedgerow::fetch::Reach;
use hedgerow::web::Settings;

use crate::command::Machine;
use crate::fake::{Fake, Version};
use crate::web::{Site, on_both};

/// A server for many people, which asks nobody on this machine.
fn strict(machine: &Machine) -> Site {
    let database = machine.database_url().map(str::to_owned);
    let app = App::new(Some(machine.data_dir()), database, None, Reach::PublicOnly).unwrap();
    let public = Some("http://127.0.0.1:8787".parse().unwrap());
    Site::of(app, Settings { public, ..Settings::default() })
}

#[test]
fn somebody_signs_in_with_their_own_server_and_no_key_is_kept() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        let site = Site::shared(machine);
        site.get("/settings").await.is(303);
        let page = site.get("/sign-in?next=/settings").await.is(200);
        page.says("Hedgerow never sees your password").says("value=\"/settings\"");
        let fields = [("server", &*fake.url()), ("next", "/settings")];
        let (inside, answer) = site.approved(&fake, "/sign-in", &fields).await;
        assert_eq!(answer.is(303).headers["location"], "/settings");
        inside.get("/settings").await.is(200).says("me@home.example").says("this one");
        assert_eq!(fake.tokens(), 0, "the right to know who it is was given back");
        let asked = fake.requests();
        let scopes = asked.iter().find_map(|r| r.param("scopes")).unwrap();
        assert!(["profile", "read:accounts"].contains(&scopes), "{scopes}");
        // The same answer again is worth nothing.
        inside.get("/back?code=x&state=y").await.is(410).says("has run out");
    });
}

#[test]
fn an_account_is_connected_and_belongs_to_whoever_connected_it() {
    on_both(async |machine| {
        let (one, other) = (Fake::start(Version::V4_6), Fake::start(Version::V4_3));
        let site = Site::shared(machine);
        let (first, _) = site.approved(&one, "/sign-in", &[("server", &one.url())]).await;
        let (second, _) = site.approved(&other, "/sign-in", &[("server", &other.url())]).await;
        let (first, answer) = first.approved(&one, "/connect", &[("server", &one.url())]).await;
        let target = answer.is(303).headers["location"].to_str().unwrap().to_owned();
        assert!(target.starts_with("/targets/"), "{target}");
        assert_eq!(one.tokens(), 1);
        // Both servers say that this is me@home.example, and still these are two people.
        first.get("/settings").await.is(200).says("me@home.example");
        second.get("/settings").await.is(200).says("me@home.example");
        second.get(&target).await.is(404);
    });
}

#[test]
fn an_approval_comes_back_to_the_browser_that_asked_and_to_nobody_else() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        let site = Site::shared(machine);
        let asked = site.send("/sign-in", &[("server", &fake.url())]).await.is(303);
        let waiting = site.after(&asked);
        waiting.get("/back?code=stolen&state=guessed").await.is(400).says("Not your answer");
        site.get("/back?code=stolen&state=guessed").await.is(410).says("has run out");
        waiting.get("/back?error=access_denied").await.is(400);
        site.get("/approve").await.is(410);
        // A cookie that somebody made up is none.
        let cookie = asked.headers["set-cookie"].to_str().unwrap().to_owned();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        assert!(!cookie.contains("secret-of"), "the cookie is sealed: {cookie}");
    });
}

#[test]
fn what_a_visitor_types_is_not_asked_inside_this_network() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        let site = strict(machine);
        let url = fake.url();
        for server in [&*url, "127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1:80"] {
            let page = site.send("/sign-in", &[("server", server)]).await;
            assert!(
                page.status.is_client_error() || page.status == 502,
                "{server}: {}",
                page.status
            );
            page.says("Hedgerow never sees your password");
        }
        assert_eq!(fake.requests().len(), 0);
    });
}

#[test]
fn signing_in_can_be_tried_only_so_often() {
    on_both(async |machine| {
        let site = strict(machine);
        let mut last = site.send("/sign-in", &[("server", "")]).await;
        // What is tried slowly is not too much: more of it is allowed all the time.
        for _ in 0..200 {
            if last.status == 429 {
                break;
            }
            last = site.send("/sign-in", &[("server", "")]).await;
        }
        last.is(429).says("Try again in");
    });
}

#[test]
fn on_ones_own_machine_only_the_link_signs_in() {
    on_both(async |machine| {
        let fake = Fake::start(Version::V4_6);
        let site = Site::over(machine);
        site.get("/sign-in").await.is(200).says("has printed a link");
        site.send("/sign-in", &[("server", &fake.url())]).await.is(404);
        site.get("/connect").await.is(303);
        site.send("/connect", &[("server", &fake.url())]).await.is(401).says("You are signed out");
        let inside = site.entered().await;
        inside.get("/connect").await.is(200).says("Connecting changes nothing");
        inside.get("/connect?server=home.example").await.is(200).says("value=\"home.example\"");
        let (inside, answer) = inside
            .approved(&fake, "/connect", &[("server", &fake.url()), ("level", "instance")])
            .await;
        assert!(answer.is(303).headers["location"].to_str().unwrap().starts_with("/targets/"));
        machine.run(&["targets"]).exits(0).says("home.example");
        inside.send("/settings/sessions/end-others", &[]).await.is(303);
        inside.get("/settings").await.is(200).says("whoever runs this Hedgerow");
    });
}
