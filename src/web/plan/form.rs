//! Lists and terms for once, as the command line has them.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use crate::block::{Level, Severity};
use crate::keep::Intent;
use crate::policy::{Agreement, Choice, Comments};
use crate::text::{fit, plain};
use crate::web::at::At;
use crate::web::fault::Answer;
use crate::web::input::spared;
use crate::web::offers::{self, Offer};
use crate::web::page;
use crate::web::site::Site;
use crate::web::targets::{Head, Tab};

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Choices {
    /// None: those that the target follows.
    pub list: Vec<String>,
    pub mode: String,
    /// Domains, one a line.
    pub allow: String,
    /// Lists of what must not be blocked.
    pub allow_list: Vec<String>,
    pub min_severity: String,
    pub severity: String,
    pub combine: String,
    pub in_at_least: String,
    pub in_percent: String,
    pub comments: String,
    pub subdomains: String,
    pub guess: String,
    pub offline: String,
    pub restore: String,
    pub undo: String,
}

#[derive(Template)]
#[template(path = "plan/new.html")]
struct New {
    head: Head,
    offers: Vec<Offer>,
    choices: Choices,
    problem: Option<String>,
    is_account: bool,
    follows: bool,
}

impl New {
    fn has(&self, list: &str) -> bool {
        self.choices.list.iter().any(|chosen| chosen == list)
    }

    fn allows(&self, list: &str) -> bool {
        self.choices.allow_list.iter().any(|chosen| chosen == list)
    }
}

pub async fn page(State(site): State<Site>, at: At) -> Answer {
    shown(&site, &at, Choices::default(), None, StatusCode::OK).await
}

pub async fn again(site: &Site, at: &At, choices: Choices, problem: String) -> Answer {
    shown(site, at, choices, Some(problem), StatusCode::UNPROCESSABLE_ENTITY).await
}

async fn shown(
    site: &Site,
    at: &At,
    choices: Choices,
    problem: Option<String>,
    status: StatusCode,
) -> Answer {
    let At { person, row, .. } = at;
    let offers = offers::all(&person.app).await?;
    let follows = !person.app.store().await?.subscriptions(&row.name).await?.is_empty();
    let head = Head::at(site, at, Tab::Plan).await?;
    let is_account = row.level == Level::Account;
    Ok(page::html(status, &New { head, offers, choices, problem, is_account, follows }))
}

/// What the form wants, or what is wrong with it.
pub fn intent(choices: &Choices, offers: &[Offer]) -> Result<Intent, String> {
    // This is also what keeps paths and addresses out.
    let known = |name: &String| offers.iter().any(|offer| offer.name == *name);
    let named = choices.list.iter().chain(&choices.allow_list);
    if let Some(unknown) = named.into_iter().find(|name| !known(name)) {
        let name = fit(&plain(unknown), 60);
        return Err(format!("There is no list {name} here any more. Choose from those below."));
    }
    let overwrite = choices.mode == "overwrite";
    if overwrite && choices.list.is_empty() {
        return Err(
            "Which lists are your blocks to be made equal to? Choose at least one. With no \
                    list chosen, those that are followed keep your blocks in step by themselves."
                .to_owned(),
        );
    }
    let allow = spared(&choices.allow)?;
    let agreement = match (number(&choices.in_at_least)?, number(&choices.in_percent)?) {
        (Some(_), Some(_)) => {
            return Err(
                "Say how many lists have to agree, or with how much weight; not both.".to_owned()
            );
        }
        (lists, percent) => lists.map(Agreement::Lists).or(percent.map(Agreement::Percent)),
    };
    if !agreement.is_none_or(Agreement::can_be) {
        let most = Agreement::MOST_LISTS;
        return Err(format!("1 to {most} lists can agree, or 1 to 100 percent of their weight."));
    }
    let comments = match choices.comments.as_str() {
        "" => None,
        "merged" => Some(Comments::Merged),
        "none" => Some(Comments::None),
        list if offers.iter().any(|offer| offer.name == list) => {
            Some(Comments::Of(list.to_owned()))
        }
        _ => return Err("Choose whose comments a block gets from the list.".to_owned()),
    };
    Ok(Intent {
        lists: choices.list.clone(),
        overwrite,
        allow,
        allow_lists: choices.allow_list.clone(),
        min_severity: severity(&choices.min_severity)?,
        severity: severity(&choices.severity)?,
        choice: match choices.combine.as_str() {
            "" => None,
            word => Some(word.parse::<Choice>().map_err(|_| unclear("what lists come to"))?),
        },
        agreement,
        comments,
        subdomains: !choices.subdomains.is_empty(),
        guess: !choices.guess.is_empty(),
        offline: !choices.offline.is_empty(),
        ..Intent::default()
    })
}

fn unclear(what: &str) -> String {
    format!("Choose {what} from what the page offers.")
}

fn severity(word: &str) -> Result<Option<Severity>, String> {
    match word {
        "" => Ok(None),
        "noop" => Ok(Some(Severity::Noop)),
        "silence" => Ok(Some(Severity::Silence)),
        "suspend" => Ok(Some(Severity::Suspend)),
        _ => Err(unclear("a severity")),
    }
}

fn number(text: &str) -> Result<Option<u32>, String> {
    match text.trim() {
        "" => Ok(None),
        text => match text.parse::<u32>() {
            Ok(number) if number > 0 => Ok(Some(number)),
            _ => Err(format!("{} is not a number from 1 on.", fit(&plain(text), 20))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_for_once_with_what_was_typed() {
        let offer = |name: &str| Offer {
            name: name.to_owned(),
            title: format!("The <list> {name}"),
            size: "3 domains".to_owned(),
            advice: "Followed here.".to_owned(),
            warning: Some("Look first.".to_owned()),
            about: "",
        };
        let choices = Choices {
            list: vec!["garden".to_owned()],
            mode: "overwrite".to_owned(),
            allow: "<friend>.example".to_owned(),
            in_at_least: "2".to_owned(),
            ..Choices::default()
        };
        let page = New {
            head: Head::sample(Level::Account, Tab::Plan),
            offers: vec![offer("garden"), offer("meadow")],
            choices,
            problem: Some("There is no such domain.".to_owned()),
            is_account: true,
            follows: true,
        };
        insta::assert_snapshot!("for-once", page.render().unwrap());
        let server = New {
            head: Head::sample(Level::Instance, Tab::Plan),
            offers: vec![offer("garden")],
            choices: Choices::default(),
            problem: None,
            is_account: false,
            follows: false,
        };
        insta::assert_snapshot!("for-once-on-a-server", server.render().unwrap());
    }
}
