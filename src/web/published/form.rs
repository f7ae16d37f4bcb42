//! The form in which a publication is described.

use std::collections::HashMap;

use axum::http::StatusCode;
use serde::Deserialize;

use super::fault::Fault;
use crate::app::App;
use crate::block::{Level, Severity};
use crate::list::bundled;
use crate::policy::{Agreement, Choice};
use crate::publish::{Obfuscate, Options, Publication, Together, What};
use crate::store::{TargetRow, Visibility};
use crate::text::plain;
use crate::verb::publish::{self as verb, Wanted};
use crate::web::site::Site;

/// As it is sent. Boxes that are not ticked are not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Sent {
    pub title: String,
    /// `lists`, or the number of a target.
    pub from: String,
    #[serde(rename = "list")]
    pub lists: Vec<String>,
    /// How many lists have to agree.
    pub agree: String,
    pub choice: String,
    pub comments: Option<String>,
    pub private_comments: Option<String>,
    pub obfuscate: String,
    pub least: String,
    pub name_source: Option<String>,
    pub visibility: String,
    pub slug: String,
    pub sure: Option<String>,
}

/// What can be published.
pub struct Offers {
    pub targets: Vec<TargetRow>,
    pub lists: Vec<String>,
}

impl Offers {
    pub async fn of(app: &App) -> Result<Offers, Fault> {
        let store = app.store().await?;
        let mut lists: Vec<String> = store.lists().await?.into_iter().map(|l| l.name).collect();
        lists.extend(bundled::all().iter().map(|list| list.name.to_owned()));
        Ok(Offers { targets: store.targets().await?, lists })
    }

    /// How many blocks each target was last seen to have, by its number. It is told where it is
    /// at hand, and holds nobody up.
    pub async fn seen(&self, site: &Site, app: &App) -> HashMap<i64, usize> {
        let mut seen = HashMap::new();
        for row in &self.targets {
            match site.desk().reading(app, row).await {
                Ok(state) => seen.extend(state.map(|state| (row.id, state.blocks.len()))),
                Err(error) => tracing::error!(error = format!("{error:#}"), "no reading"),
            }
        }
        seen
    }
}

impl Sent {
    /// What the form shows before anybody has written into it.
    pub fn fresh() -> Sent {
        Sent { visibility: "private".to_owned(), agree: "1".to_owned(), ..Sent::of_options() }
    }

    fn of_options() -> Sent {
        let Options { public_comments, obfuscate, min_severity, .. } = Options::default();
        Sent {
            comments: public_comments.then(|| "yes".to_owned()),
            obfuscate: obfuscate.to_string(),
            least: min_severity.to_string(),
            choice: Choice::Strictest.to_string(),
            ..Sent::default()
        }
    }

    /// A publication as the form shows it.
    pub fn of(known: &Publication, targets: &[TargetRow]) -> Sent {
        let tick = |on: bool| on.then(|| "yes".to_owned());
        let mut sent = Sent {
            title: known.title.clone(),
            comments: tick(known.options.public_comments),
            private_comments: tick(known.options.private_comments),
            obfuscate: known.options.obfuscate.to_string(),
            least: known.options.min_severity.to_string(),
            name_source: tick(known.options.name_source),
            visibility: known.visibility.to_string(),
            agree: "1".to_owned(),
            choice: Choice::Strictest.to_string(),
            ..Sent::default()
        };
        if known.visibility == Visibility::Public {
            sent.slug.clone_from(&known.slug);
        }
        match &known.what {
            What::Target { target, .. } => {
                let row = targets.iter().find(|row| row.name == *target);
                sent.from = row.map(|row| row.id.to_string()).unwrap_or_default();
            }
            What::Lists(together) => {
                "lists".clone_into(&mut sent.from);
                sent.lists.clone_from(&together.lists);
                sent.choice = together.severity.to_string();
                if let Some(Agreement::Lists(lists)) = together.agreement {
                    sent.agree = lists.to_string();
                }
            }
        }
        sent
    }

    pub fn has(&self, list: &str) -> bool {
        self.lists.iter().any(|chosen| chosen == list)
    }

    pub fn is_from(&self, row: &TargetRow) -> bool {
        self.from == row.id.to_string()
    }

    /// `known` is what is changed: a share in percent that only the API can say stays.
    pub fn wanted(
        &self,
        app: &App,
        offers: &Offers,
        known: Option<&Publication>,
    ) -> Result<Wanted, Fault> {
        let what = if self.from == "lists" {
            What::Lists(Together {
                lists: self.lists.clone(),
                agreement: self.agreement(known)?,
                severity: word("How strict", &self.choice)?,
            })
        } else {
            let row = offers.targets.iter().find(|row| self.is_from(row));
            match (row, known) {
                (Some(row), _) => verb::target(app, row)?,
                (None, Some(known)) if self.from.is_empty() => known.what.clone(),
                _ => return Err(Fault::input("Choose what is to be published.")),
            }
        };
        let slug = self.slug.trim();
        Ok(Wanted {
            title: self.title.clone(),
            what,
            options: Options {
                public_comments: self.comments.is_some(),
                private_comments: self.private_comments.is_some(),
                obfuscate: word::<Obfuscate>("Hidden names", &self.obfuscate)?,
                min_severity: Severity::from_word(&self.least)
                    .ok_or_else(|| Fault::input("Choose what is published at least."))?,
                name_source: self.name_source.is_some(),
            },
            visibility: word("Who can read it", &self.visibility)?,
            slug: (!slug.is_empty()).then(|| slug.to_owned()),
            sure: self.sure.is_some(),
        })
    }

    fn agreement(&self, known: Option<&Publication>) -> Result<Option<Agreement>, Fault> {
        let kept = match known.map(|known| &known.what) {
            Some(What::Lists(Together {
                agreement: kept @ Some(Agreement::Percent(_)), ..
            })) => *kept,
            _ => None,
        };
        match self.agree.trim().parse::<u32>() {
            Ok(1) => Ok(kept),
            Ok(n) if n > 1 => Ok(Some(Agreement::Lists(n))),
            _ => Err(Fault::input("In how many lists a domain has to stand is a number from 1.")),
        }
    }
}

fn word<T: std::str::FromStr<Err = String>>(field: &str, text: &str) -> Result<T, Fault> {
    text.parse().map_err(|_| {
        let says = format!("{field}: {} is no choice here.", plain(text));
        Fault::told(StatusCode::UNPROCESSABLE_ENTITY, "That did not work yet", says)
    })
}

/// A target's blocks belong to one person.
pub fn is_account(row: &TargetRow) -> bool {
    row.level == Level::Account
}
