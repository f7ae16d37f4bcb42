//! What a run did, as a text to copy or to take away as a file. Hedgerow posts nothing.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use super::{find, head};
use crate::block::Level;
use crate::text::plain;
use crate::verb::announce::{self, Announcement};
use crate::web::fault::Answer;
use crate::web::input::{Path, Query};
use crate::web::page;
use crate::web::site::Site;
use crate::web::targets::Head;
use crate::web::visitor::Person;

/// Lines of the text that are seen at once.
const SEEN: usize = 30;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    #[serde(rename = "as")]
    whom: String,
}

#[derive(Template)]
#[template(path = "runs/announcement.html")]
struct Page {
    head: Option<Head>,
    target: String,
    run: i64,
    is_account: bool,
    is_unfinished: bool,
    text: Announcement,
}

pub async fn show(
    State(site): State<Site>,
    person: Person,
    Path(run): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    let (run, row) = find(&person, &run).await?;
    let text = announce::write(&person.app, &run, Some(&asked.whom)).await?;
    let head = head(&site, &person, row.as_ref()).await?;
    let page = Page {
        head,
        target: plain(&run.target).into_owned(),
        run: run.id,
        is_account: run.level == Level::Account,
        is_unfinished: run.status.is_unfinished(),
        text,
    };
    Ok(page::html(StatusCode::OK, &page))
}

/// The same as a file.
pub async fn file(person: Person, Path(run): Path<String>, Query(asked): Query<Asked>) -> Answer {
    let (run, _) = find(&person, &run).await?;
    let text = announce::write(&person.app, &run, Some(&asked.whom)).await?;
    let name = format!("run-{}.md", run.id);
    Ok(page::download_as("text/markdown; charset=utf-8", &name, text.markdown))
}

impl Page {
    /// The text is seen as a whole, if it is not a long one.
    fn lines(&self) -> usize {
        (self.text.markdown.lines().count() + 1).min(SEEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::targets::Tab;

    #[test]
    fn a_text_that_cannot_get_out_of_its_field() {
        let text = Announcement {
            whom: "<me> & \"you\"@home.example".to_owned(),
            markdown: "## Changed\n\n</textarea><script>\n".to_owned(),
        };
        let head = Some(Head::sample(Level::Account, Tab::Runs));
        let target = "me@home.example".to_owned();
        let page = Page { head, target, run: 5, is_account: true, is_unfinished: false, text };
        insta::assert_snapshot!("announcement", page.render().unwrap());
        let elsewhere = Page { head: None, is_unfinished: true, ..page }.render().unwrap();
        assert!(elsewhere.contains("This run has not come to its end"), "{elsewhere}");
    }

    #[test]
    fn a_long_text_is_no_long_field() {
        let lines = |many: usize| {
            let text =
                Announcement { whom: String::new(), markdown: "| `bad.example` |\n".repeat(many) };
            let target = String::new();
            Page { head: None, target, run: 1, is_account: false, is_unfinished: false, text }
                .lines()
        };
        assert_eq!([lines(3), lines(3000)], [4, SEEN]);
    }
}
