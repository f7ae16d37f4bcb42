//! The door and its plan with sample data.

use std::sync::Arc;

use askama::Template;
use chrono::{DateTime, Utc};

use super::Door;
use super::choices::Choices;
use super::form::{Form, Upload};
use super::view::{PlanPage, Shown};
use crate::block::Level;
use crate::clock::TestClock;
use crate::combine::{Combined, Read};
use crate::domain::Domain;
use crate::impact::Impact;
use crate::plan::{Aim, Draft, Lowering, Plan, Wishes};
use crate::policy::Guard;
use crate::target::{CsvFile, Target};
use crate::web::offers::Offer;

const LIST: &str = "domain,severity,public_comment\n\
                    a-name-that-is-quite-a-lot-longer.than-most-names-of-servers-are.example,suspend,\n\
                    bad.example,suspend,\"<script>alert(1)</script> \u{202e}gpj.exe\"\n\
                    calm.example,silence,calmer now\n\
                    friend.example,suspend,rude\n\
                    loud.example,suspend,worse now\n\
                    mastodon.social,silence,large\n";

const SERVER: &str = "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\n\
                      calm.example,suspend,false,false,\"<b>old</b>\u{202e}\",false\n\
                      forgotten.example,suspend,false,false,,false\n\
                      loud.example,silence,false,false,,false\n";

fn at() -> DateTime<Utc> {
    "2026-11-01T10:00:00Z".parse().unwrap()
}

fn domain(name: &str) -> Domain {
    Domain::from_stored(name).unwrap()
}

fn offers() -> Vec<Offer> {
    let offer = |name: &str, warning: Option<&str>| Offer {
        name: name.to_owned(),
        title: format!("The <list> {name}"),
        size: "1 domain".to_owned(),
        advice: "For most people.".to_owned(),
        warning: warning.map(str::to_owned),
        about: "What it does.\n",
    };
    vec![offer("threads", None), offer("garden", Some("Look first."))]
}

/// A plan for an export, by the list above.
async fn plan(level: Level, own: &[&str], file: &str, wishes: &Wishes) -> Plan {
    let own = own.iter().map(|name| domain(name)).collect();
    let clock = Arc::new(TestClock::at(at()));
    let file = CsvFile::from_bytes("mine.csv", file.into(), Some(level), own, clock).unwrap();
    let read = |_| {
        let document = crate::list::read(LIST.as_bytes())?;
        Ok::<_, crate::list::ReadError>(Read {
            address: String::new(),
            sha256: String::new(),
            document,
        })
    };
    let combined = Combined::read(vec!["gar<den>\u{202e}".to_owned()], read).unwrap();
    let state = file.read().await.unwrap();
    let draft = Draft::new(combined, &state, file.identity(), file.capabilities(), wishes, at());
    draft.finish(&Impact::default())
}

fn page(plan: &Plan, form: &Form, names: &[&str], changed: bool) -> String {
    let choices = Choices::again(form, offers());
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    let page = PlanPage::of(plan, Shown { form, choices, names, changed, problem: None })
        .render()
        .unwrap();
    assert!(!page.contains('\u{202e}') && page.matches("<script").count() == 1, "{page}");
    page
}

fn form() -> Form {
    Form {
        file: Some(Upload { name: "mine.csv".to_owned(), bytes: b"x.example\n".to_vec() }),
        lists: vec!["garden".to_owned()],
        allow: "</textarea><script>".to_owned(),
        ..Form::default()
    }
}

#[test]
fn the_door_before_and_after_something_went_wrong() {
    let door = |problem: Option<&str>| Door {
        problem: problem.map(str::to_owned),
        choices: Choices::fresh(offers()),
        held: None,
    };
    insta::assert_snapshot!("door", door(None).render().unwrap());
    insta::assert_snapshot!("again", door(Some("No <file> was chosen.")).render().unwrap());
}

#[tokio::test]
async fn a_plan_with_rows_of_every_kind() {
    let wishes = Wishes {
        aim: Aim::Overwrite,
        allow: vec![domain("friend.example")],
        lower: Lowering::Named(vec![domain("calm.example")]),
        overrides: [Guard::MostRemoves].into(),
        ..Wishes::default()
    };
    let plan = plan(Level::Instance, &["home.example"], SERVER, &wishes).await;
    let form = Form {
        overwrite: true,
        except: [domain("friend.example")].into(),
        lower: [domain("calm.example")].into(),
        overrides: [Guard::MostRemoves].into(),
        server: "home.example".to_owned(),
        ..form()
    };
    insta::assert_snapshot!("plan-server", page(&plan, &form, &["mine-overwritten.csv"], false));
}

#[tokio::test]
async fn a_plan_that_has_changed_and_one_of_several_files_and_one_without_changes() {
    let wishes = Wishes { accept: [domain("mastodon.social")].into(), ..Wishes::default() };
    let more = plan(Level::Account, &[], "own.example\n", &wishes).await;
    let accepted = Form { accept: [domain("mastodon.social")].into(), ..form() };
    insta::assert_snapshot!("plan-changed", page(&more, &accepted, &["mine-merged.csv"], true));
    let names = ["mine-merged-1.csv", "mine-merged-2.csv"];
    let files = page(&more, &accepted, &names, false);
    let files = files.split("id=\"steps-title\"").nth(1).unwrap();
    let files = files.split("</section>").next().unwrap();
    insta::assert_snapshot!("plan-files", files);
    let all = Wishes { min_severity: Some(crate::block::Severity::Suspend), ..Wishes::default() };
    let file = "bad.example\nfriend.example\nloud.example\n\
                a-name-that-is-quite-a-lot-longer.than-most-names-of-servers-are.example\n";
    let nothing = plan(Level::Account, &[], file, &all).await;
    let form = Form { only_suspended: true, ..form() };
    insta::assert_snapshot!("plan-nothing", page(&nothing, &form, &["mine-merged.csv"], false));
}
