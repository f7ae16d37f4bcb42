use std::fmt;
use std::io::{self, Write};

use anyhow::Result;

use super::options::domain;
use super::{Body, Exit, Reply};
use crate::app::App;
use crate::domain::Domain;
use crate::store::{Event, EventFilter};
use crate::text::{fit, plain};

/// Show what was decided and written, by whom or what, and when
///
/// The log only grows. With --json it is printed as JSON lines, one event a line, oldest
/// first.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow log
  hedgerow log --target example.social --domain bad.example
  hedgerow log --json > audit.jsonl
  hedgerow log --json --after 1200 >> audit.jsonl")]
pub struct Args {
    /// Only what concerns this target
    #[arg(long)]
    target: Option<String>,
    /// Only what concerns this domain
    #[arg(long, value_parser = domain)]
    domain: Option<Domain>,
    /// Only what concerns this list
    #[arg(long)]
    list: Option<String>,
    /// Only what belongs to this run
    #[arg(long)]
    run: Option<i64>,
    /// Only what came after the event with this number
    #[arg(long, value_name = "NUMBER")]
    after: Option<i64>,
    /// At most so many of the newest [default: 50, or all with --json]
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
}

struct Log(Vec<Event>);

impl Body for Log {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "{self}")
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        for event in &self.0 {
            serde_json::to_writer(&mut *out, event)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return writeln!(f, "Nothing was done yet.");
        }
        for event in &self.0 {
            let at = event.at.format("%Y-%m-%d %H:%M");
            let run = event.run.map(|run| format!("run {run}"));
            let about = [event.domain.clone(), event.list.clone(), event.target.clone(), run];
            let about: Vec<String> = about.into_iter().flatten().collect();
            let (actor, about) = (fit(&plain(&event.actor), 16), about.join(", "));
            let line = format!("{at}  {actor:<16} {:<17} {}", event.kind, plain(&about));
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

impl Args {
    pub(super) async fn run(self, app: &App, json: bool) -> Result<Reply> {
        let Some(store) = app.existing_store().await? else {
            return Reply::with(Exit::Ok, Log(Vec::new()));
        };
        let limit = self.limit.or((!json).then_some(50));
        let filter = EventFilter {
            target: self.target.as_deref(),
            domain: self.domain.as_ref().map(Domain::as_str),
            list: self.list.as_deref(),
            run: self.run,
            ..EventFilter::default()
        };
        let mut events = match (limit, self.after) {
            (_, Some(after)) => {
                store.events(&EventFilter { after_id: Some(after), limit, ..filter }).await?
            }
            (Some(_), None) => {
                let newest = EventFilter { newest_first: true, limit, ..filter };
                store.events(&newest).await?
            }
            (None, None) => store.events(&filter).await?,
        };
        events.sort_by_key(|event| event.id);
        Reply::with(Exit::Ok, Log(events))
    }
}
