//! Having a plan made.

use axum::extract::State;

use super::form::{Choices, intent};
use super::watch;
use crate::desk::{DeskError, Wish};
use crate::web::at::At;
use crate::web::fault::{Answer, Fault};
use crate::web::input::Form;
use crate::web::offers;
use crate::web::site::Site;

pub async fn begin(State(site): State<Site>, at: At, Form(choices): Form<Choices>) -> Answer {
    let At { person, row, .. } = &at;
    let wish = match (choices.restore.as_str(), choices.undo.as_str()) {
        ("", "") => {
            let offers = offers::all(&person.app).await?;
            match intent(&choices, &offers) {
                Ok(intent) => Wish::Lists(Box::new(intent)),
                Err(problem) => return super::form::again(&site, &at, choices, problem).await,
            }
        }
        (backup, "") => {
            let backup = backup.parse().map_err(|_| Fault::Missing)?;
            let kept = person.app.store().await?.backup(backup).await?;
            kept.filter(|kept| kept.target == row.name).ok_or(Fault::Missing)?;
            Wish::Restore { backup, aside: Vec::new() }
        }
        (_, run) => {
            let run = run.parse().map_err(|_| Fault::Missing)?;
            let found = person.app.store().await?.run(run).await?;
            found.filter(|found| found.target == row.name).ok_or(Fault::Missing)?;
            Wish::Undo { run, only: Vec::new() }
        }
    };
    watch(row.id, site.desk().plan(&person.app, row, wish))
}

/// Reads the server and the lists again, for the wish that the plan was made for. What was said
/// about rows counts on.
pub async fn again(State(site): State<Site>, at: At) -> Answer {
    match site.desk().plan_once_more(&at.person.app, &at.row).await {
        Ok(job) => watch(at.row.id, Ok(job)),
        Err(error) => watch(at.row.id, Err(error.downcast::<DeskError>()?)),
    }
}
