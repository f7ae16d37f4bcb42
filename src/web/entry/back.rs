//! Signing in with one's own server, and connecting one: two halves with the other server in
//! between.
//!
//! What has to be remembered meanwhile goes into a sealed cookie of the browser that asked. An
//! answer is taken from that browser only, for ten minutes, once. Chromium lets no form of
//! ours lead to another site, however many redirects later, so a page with a link stands in
//! between; it also says what will be asked for.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::PrivateCookieJar;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{SignIn, inside};
use crate::app::App;
use crate::block::Level;
use crate::clock::random;
use crate::mastodon::discovery::{ServerInfo, discover, parse_server};
use crate::mastodon::oauth::{Access, Pending};
use crate::store::{NOBODY, Owner, RunId, TargetRow};
use crate::text::{fit, plain};
use crate::verb::refollow;
use crate::verb::sign_in::{self, Asking};
use crate::web::fault::{Answer, Fault};
use crate::web::input::{Form, Query};
use crate::web::limits::Address;
use crate::web::page;
use crate::web::runs;
use crate::web::site::Site;
use crate::web::visitor::{Person, browser};

/// How long an approval may take. The other server's code is valid for no longer.
const PATIENCE: TimeDelta = TimeDelta::minutes(10);

/// What an approval is for.
#[derive(Serialize, Deserialize)]
enum Purpose {
    SignIn {
        next: String,
    },
    Connect {
        owner: Owner,
        impact: bool,
    },
    /// Following people again whom a run had cut off.
    Refollow {
        owner: Owner,
        run: RunId,
    },
}

#[derive(Serialize, Deserialize)]
struct Waiting {
    purpose: Purpose,
    pending: Pending,
    since: DateTime<Utc>,
}

#[derive(Deserialize)]
pub struct Server {
    server: String,
    #[serde(default)]
    next: String,
}

/// A link to the page may name the server, and what to look after there.
#[derive(Deserialize)]
pub struct Named {
    server: Option<String>,
    #[serde(default)]
    level: String,
    #[serde(default)]
    impact: String,
}

/// Where to sign in to a target's server again.
pub fn connect_again(target: &TargetRow) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::from("/connect?"));
    // A plain name for what is nearly always one.
    let server = target.base_url.trim_end_matches('/');
    let server = server.strip_prefix("https://").unwrap_or(server);
    query.append_pair("server", server).append_pair("level", &target.level.to_string());
    if target.scopes.split_whitespace().any(|scope| scope == "admin:read") {
        query.append_pair("impact", "yes");
    }
    query.finish()
}

#[derive(Deserialize)]
pub struct Connecting {
    server: String,
    #[serde(default)]
    level: String,
    #[serde(default)]
    impact: Option<String>,
}

#[derive(Template)]
#[template(path = "entry/connect.html")]
struct Connect {
    server: String,
    instance: bool,
    impact: bool,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "entry/approve.html")]
struct Approve {
    host: String,
    address: String,
    /// What Hedgerow will be able to do, and what not.
    may: Vec<&'static str>,
    may_not: &'static str,
    signing_in: bool,
}

/// The first half of signing in.
pub async fn sign_in(
    State(site): State<Site>,
    from: Address,
    jar: PrivateCookieJar,
    headers: HeaderMap,
    Form(Server { server, next }): Form<Server>,
) -> Answer {
    if !site.settings().is_shared() {
        return Err(Fault::Missing);
    }
    site.limits().sign_in(from)?;
    let (app, next) = (site.app_of(NOBODY, Some("nobody")), inside(&next).to_owned());
    let asked = ask(&site, &app, &headers, &server, Level::Account, Access::Identify, false).await;
    let pending = match asked {
        Ok(pending) => pending,
        Err(fault) => {
            let (status, problem) = fault.above_form()?;
            let shared = true;
            return Ok(page::html(
                status,
                &SignIn { shared, next, server, problem: Some(problem) },
            ));
        }
    };
    keep(&site, jar, Purpose::SignIn { next }, pending)
}

pub async fn connect(
    person: Person,
    Query(Named { server, level, impact }): Query<Named>,
) -> Response {
    // Most people connect the account that they have signed in with.
    let own = || person.name.rsplit_once('@').map(|(_, domain)| domain.to_owned());
    let server = server.or_else(own).unwrap_or_default();
    let instance = level == Level::Instance.to_string();
    let impact = !impact.is_empty();
    page::html(StatusCode::OK, &Connect { server, instance, impact, problem: None })
}

/// The first half of connecting a server.
pub async fn begin(
    State(site): State<Site>,
    from: Address,
    person: Person,
    jar: PrivateCookieJar,
    headers: HeaderMap,
    Form(Connecting { server, level, impact }): Form<Connecting>,
) -> Answer {
    site.limits().sign_in(from)?;
    let instance = level == "instance";
    let level = if instance { Level::Instance } else { Level::Account };
    let impact = instance && impact.is_some();
    let app = &person.app;
    match ask(&site, app, &headers, &server, level, Access::ReadWrite, impact).await {
        Ok(pending) => {
            keep(&site, jar, Purpose::Connect { owner: person.owner(), impact }, pending)
        }
        Err(fault) => {
            let (status, problem) = fault.above_form()?;
            let problem = Some(problem);
            Ok(page::html(status, &Connect { server, instance, impact, problem }))
        }
    }
}

/// Asks a target's server for the right to follow people.
pub async fn ask_to_refollow(
    site: &Site,
    jar: PrivateCookieJar,
    headers: &HeaderMap,
    person: &Person,
    row: &TargetRow,
    run: RunId,
) -> Answer {
    let back = format!("{}/back", origin(site, headers));
    let pending = refollow::ask(&person.app, row, &back, [random()?, random()?]).await?;
    keep(site, jar, Purpose::Refollow { owner: person.owner(), run }, pending)
}

/// Finds the server and registers with it.
async fn ask(
    site: &Site,
    app: &App,
    headers: &HeaderMap,
    server: &str,
    level: Level,
    access: Access,
    impact: bool,
) -> Result<Pending, Fault> {
    let client = app.client()?;
    // A vault that cannot be opened would waste the approval.
    app.vault()?;
    let base = parse_server(server.trim())?;
    app.may_ask(&base).map_err(|error| Fault::input(format!("{error}.")))?;
    let server: ServerInfo = discover(&client, &base).await?;
    let asking = Asking::of(&server, level, access, impact)
        .map_err(|error| Fault::input(crate::web::words::told(&error.to_string())))?;
    let back = format!("{}/back", origin(site, headers));
    Ok(sign_in::begin(&client, &server, &asking, &back, [random()?, random()?]).await?)
}

/// How this browser calls this server: on one machine there are several names for it, and a
/// cookie belongs to one.
fn origin(site: &Site, headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    match (site.settings().is_shared(), host) {
        (false, Some(host)) => format!("http://{host}"),
        _ => site.settings().origin(),
    }
}

/// Which cookie it is kept in. As with that of a session, the `__Host-` in front keeps what stands
/// under other names of this domain from setting it.
fn cookie(site: &Site) -> &'static str {
    if site.settings().is_https() { "__Host-hedgerow-back" } else { "hedgerow-back" }
}

fn keep(site: &Site, jar: PrivateCookieJar, purpose: Purpose, pending: Pending) -> Answer {
    let waiting = Waiting { purpose, pending, since: site.app().clock.now() };
    let cookie = site.cookie(cookie(site), serde_json::to_string(&waiting)?);
    Ok((jar.add(cookie), Redirect::to("/approve")).into_response())
}

fn waiting(site: &Site, jar: &PrivateCookieJar) -> Result<Waiting, Fault> {
    let kept = jar.get(cookie(site));
    let waiting = kept.and_then(|kept| serde_json::from_str::<Waiting>(kept.value()).ok());
    let fresh = |waiting: &Waiting| waiting.since + PATIENCE > site.app().clock.now();
    waiting.filter(fresh).ok_or_else(|| {
        Fault::told(
            StatusCode::GONE,
            "This sign-in has run out",
            "Nothing was connected. An approval has to come back within ten minutes, to the same \
             browser, under the same address. Begin again.",
        )
    })
}

/// The page in between.
pub async fn approve(State(site): State<Site>, jar: PrivateCookieJar) -> Answer {
    let Waiting { purpose, pending, .. } = waiting(&site, &jar)?;
    let signing_in = matches!(purpose, Purpose::SignIn { .. });
    let (may, may_not) = match (&purpose, pending.level) {
        (Purpose::SignIn { .. }, _) => (
            vec!["see who you are, once"],
            "It keeps no key to your account, and can neither read nor change anything there.",
        ),
        (Purpose::Refollow { .. }, _) => (
            vec!["follow those again whom a run had cut off", "see who you are"],
            "It follows nobody else, and gives the right back as soon as it has done so.",
        ),
        (_, Level::Account) => (
            vec![
                "read and change the domains that you block",
                "see whom you follow and who follows you, because that is what a block cuts",
            ],
            "It cannot post, follow anybody, or read your messages.",
        ),
        (Purpose::Connect { impact: false, .. }, Level::Instance) => (
            vec!["read and change the domain blocks of the whole server"],
            "It cannot see reports, accounts or anybody's address. Your role there needs \u{201c}Manage \
             Federation\u{201d}.",
        ),
        (Purpose::Connect { impact: true, .. }, Level::Instance) => (
            vec![
                "read and change the domain blocks of the whole server",
                "count the follows that a block would cut, for which Mastodon has only the right to \
                 read everything that admins can read",
            ],
            "It reads no reports and nobody's address. Your role there needs \u{201c}Manage \
             Federation\u{201d} and \u{201c}View Dashboard\u{201d}.",
        ),
    };
    let address = pending.authorize_url().to_string();
    let host = fit(&plain(pending.server.base.host_str().unwrap_or_default()), 80);
    Ok(page::html(StatusCode::OK, &Approve { host, address, may, may_not, signing_in }))
}

#[derive(Deserialize)]
pub struct Came {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

/// The second half of all three: signing in, connecting, following people again.
pub async fn back(
    State(site): State<Site>,
    from: Address,
    person: Option<Person>,
    jar: PrivateCookieJar,
    headers: HeaderMap,
    Query(came): Query<Came>,
) -> Answer {
    site.limits().sign_in(from)?;
    let Waiting { purpose, pending, .. } = waiting(&site, &jar)?;
    // Once: whatever comes of it, the same answer is not taken again.
    let jar = jar.remove(site.cookie(cookie(&site), String::new()));
    let answered = came.state.as_deref().is_some_and(|state| pending.state.matches(state));
    if !answered {
        let says = "The answer does not belong to what this browser asked for, so it was not used. \
                    Nothing was connected. Begin again.";
        return Ok(
            (jar, Fault::told(StatusCode::BAD_REQUEST, "Not your answer", says)).into_response()
        );
    }
    let Some(code) = came.code.filter(|_| came.error.is_none()) else {
        let says =
            "You did not approve it there, so nothing was connected and nothing was changed.";
        return Ok(
            (jar, Fault::told(StatusCode::OK, "Nothing was connected", says)).into_response()
        );
    };
    let code = SecretString::from(code);
    let done = match purpose {
        Purpose::SignIn { next } => {
            signed_in(&site, jar.clone(), &headers, &pending, &code, &next).await
        }
        Purpose::Refollow { owner, run } => match person.filter(|it| it.owner() == owner) {
            Some(person) => runs::follow(&site, &person, run, &pending, &code)
                .await
                .map(|to| (jar.clone(), Redirect::to(&to)).into_response()),
            None => Ok((jar.clone(), page::signed_out()).into_response()),
        },
        Purpose::Connect { owner, .. } => match person.filter(|person| person.owner() == owner) {
            Some(person) => connected(&person, &pending, &code)
                .await
                .map(|to| (jar.clone(), Redirect::to(&to)).into_response()),
            None => Ok((jar.clone(), page::signed_out()).into_response()),
        },
    };
    Ok(done.unwrap_or_else(|fault| (jar, fault).into_response()))
}

async fn signed_in(
    site: &Site,
    jar: PrivateCookieJar,
    headers: &HeaderMap,
    pending: &Pending,
    code: &SecretString,
    next: &str,
) -> Answer {
    let app = site.app_of(NOBODY, Some("nobody"));
    let who = sign_in::identify(&app.client()?, pending, code).await?;
    let store = site.app().store().await?;
    let owner = store.person(&who.key(), &who.account, app.clock.now()).await?;
    let jar = site.sign_in(jar, owner, browser(headers)).await?;
    Ok((jar, Redirect::to(inside(next))).into_response())
}

/// Where to go on.
async fn connected(
    person: &Person,
    pending: &Pending,
    code: &SecretString,
) -> Result<String, Fault> {
    let app = &person.app;
    let kept = sign_in::finish(app, &app.client()?, pending, code, None).await?;
    let row = app.store().await?.target(&kept.target).await?.ok_or(Fault::Missing)?;
    // A permission can be given later, so the sign-in is kept, and the page says what is missing.
    let lacks = if kept.lacks.is_some() { "?lacks=federation" } else { "" };
    Ok(format!("/targets/{}{lacks}", row.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_before_and_between() {
        let connect = Connect {
            server: "home.example".to_owned(),
            instance: true,
            impact: true,
            problem: Some("It does not answer.".to_owned()),
        };
        insta::assert_snapshot!(connect.render().unwrap());
        let approve = Approve {
            host: "home.example".to_owned(),
            address: "https://home.example/oauth/authorize?a=1&b=2".to_owned(),
            may: vec!["read and change the domains that you block"],
            may_not: "It cannot post.",
            signing_in: false,
        };
        insta::assert_snapshot!(approve.render().unwrap());
    }
}
