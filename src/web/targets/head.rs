//! The heading that all pages of one target share.

use crate::block::Level;
use crate::desk::{Ended, Status, Work};
use crate::store::{TargetNow, TargetRow};
use crate::text::plain;
use crate::web::at::At;
use crate::web::fault::Fault;
use crate::web::site::Site;
use crate::web::visitor::Person;

/// The pages of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Overview,
    Blocks,
    Lists,
    Plan,
    Runs,
    Backups,
    Log,
}

impl Tab {
    pub const ALL: &'static [Tab] =
        &[Tab::Overview, Tab::Blocks, Tab::Lists, Tab::Plan, Tab::Runs, Tab::Backups, Tab::Log];

    pub const fn name(self) -> &'static str {
        match self {
            Tab::Overview => "Overview",
            Tab::Blocks => "Blocks",
            Tab::Lists => "Lists",
            Tab::Plan => "Plan",
            Tab::Runs => "Runs",
            Tab::Backups => "Backups",
            Tab::Log => "Log",
        }
    }

    /// What follows the target's own address.
    pub const fn path(self) -> &'static str {
        match self {
            Tab::Overview => "",
            Tab::Blocks => "/blocks",
            Tab::Lists => "/lists",
            Tab::Plan => "/plan",
            Tab::Runs => "/runs",
            Tab::Backups => "/backups",
            Tab::Log => "/log",
        }
    }
}

/// What `targets/head.html` shows; a page includes it from a field named `head`, and begins
/// with its own `h1` after it.
#[derive(Debug, Clone)]
pub struct Head {
    pub id: i64,
    /// Whose blocks these are: an account's or a server's.
    pub kind: &'static str,
    pub name: String,
    /// What somebody has called it on the command line, if that is another name.
    pub also: Option<String>,
    pub software: String,
    pub tab: Tab,
    /// What goes on there, or waits.
    pub news: Option<News>,
}

/// One line that says what goes on or waits, and where to see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    pub says: String,
    pub address: String,
    pub label: &'static str,
    /// Whether something went wrong.
    pub bad: bool,
}

impl Head {
    /// Costs one small question to the store: no plan is read for it.
    pub async fn of(
        site: &Site,
        person: &Person,
        row: &TargetRow,
        tab: Tab,
    ) -> Result<Head, Fault> {
        let now = person.app.store().await?.target_now(row.id).await?;
        let Some((row, now)) = now else { return Err(Fault::Missing) };
        Head::known(site, person, &row, &now, tab).await
    }

    /// The same for what was asked already.
    pub async fn at(site: &Site, at: &At, tab: Tab) -> Result<Head, Fault> {
        Head::known(site, &at.person, &at.row, &at.now, tab).await
    }

    async fn known(
        site: &Site,
        person: &Person,
        row: &TargetRow,
        now: &TargetNow,
        tab: Tab,
    ) -> Result<Head, Fault> {
        let news = News::of(site, person, row, now).await?;
        // On its own page the plan speaks for itself.
        let news = news.filter(|news| tab != Tab::Plan || !news.address.ends_with("/plan"));
        Ok(Head { news, ..Head::quiet(row, tab) })
    }

    /// That of a target in examples.
    #[cfg(test)]
    pub fn sample(level: Level, tab: Tab) -> Head {
        Head {
            id: 3,
            kind: "Account",
            also: None,
            name: format!("the {level} of <me>@home.example"),
            software: "mastodon 4.6.5".to_owned(),
            tab,
            news: None,
        }
    }

    /// Without what goes on there, for the page that shows just that.
    pub fn quiet(row: &TargetRow, tab: Tab) -> Head {
        let name = name_of(row);
        let also = plain(&row.name).into_owned();
        let (software, version) = (plain(&row.software), plain(&row.version));
        Head {
            id: row.id,
            kind: match row.level {
                Level::Account => "Account",
                Level::Instance => "Whole server",
            },
            also: (also != name).then_some(also),
            name,
            software: format!("{software} {version}"),
            tab,
            news: None,
        }
    }
}

/// How people call a target: the account, or the server.
pub fn name_of(row: &TargetRow) -> String {
    let name = match (row.level, &row.account) {
        (Level::Account, Some(account)) => account,
        _ => &row.domain,
    };
    plain(name).into_owned()
}

impl News {
    /// What is most urgent to know, if anything is.
    async fn of(
        site: &Site,
        person: &Person,
        row: &TargetRow,
        now: &TargetNow,
    ) -> Result<Option<News>, Fault> {
        let (id, owner) = (row.id, person.owner());
        let work = format!("/targets/{id}/work");
        if let Some(job) = site.desk().job(owner, &row.name) {
            let status = job.status();
            match &status.ended {
                None => return Ok(Some(News::line(under_way(&status), work, "Watch", false))),
                Some(Ended::Failed(_)) if !job.is_told() => {
                    return Ok(Some(News::line(failed(status.work), work, "See why", true)));
                }
                Some(_) => {}
            }
        }
        let unfinished = match now.unfinished_run {
            Some(run) => person.app.store().await?.run(run).await?,
            None => None,
        };
        if let Some(run) = unfinished.filter(|run| run.status.is_unfinished()) {
            let steps = run.steps;
            let says = format!(
                "Run {} has done {} of {} and has not finished.",
                run.id, steps.done, steps.total
            );
            return Ok(Some(News::line(
                says,
                format!("/runs/{}", run.id),
                "Go on or give up",
                true,
            )));
        }
        Ok(now.open_proposal.map(|_| {
            let says = "A plan waits for your decision. Nothing of it is done yet.".to_owned();
            News::line(says, format!("/targets/{id}/plan"), "Look at it", false)
        }))
    }

    fn line(says: String, address: String, label: &'static str, bad: bool) -> News {
        News { says, address, label, bad }
    }
}

fn under_way(status: &Status) -> String {
    match status.work {
        Work::Read => "The blocks are being read right now.".to_owned(),
        Work::Plan => "A plan is being made right now.".to_owned(),
        Work::Abandon => "A run is being given up right now.".to_owned(),
        Work::BackUp => "A backup is being made right now.".to_owned(),
        Work::Refollow => "People are being followed again right now.".to_owned(),
        Work::Apply if status.total == 0 => "A plan is being carried out right now.".to_owned(),
        Work::Apply => {
            let Status { done, total, .. } = status;
            format!("A plan is being carried out right now: {done} of {total}.")
        }
    }
}

fn failed(work: Work) -> String {
    match work {
        Work::Read => "The blocks could not be read.",
        Work::Plan => "No plan could be made.",
        Work::Apply => "A plan was not carried out to its end.",
        Work::Abandon => "A run was not given up.",
        Work::BackUp => "No backup was made.",
        Work::Refollow => "Not everybody was followed again.",
    }
    .to_owned()
}
