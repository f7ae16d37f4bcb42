//! The lists that a visitor can choose: those that come along, and those that this
//! installation follows, as they were last read.

use anyhow::Result;

use crate::app::App;
use crate::list::catalogue::{self, Advice};
use crate::list::{self, bundled};
use crate::text::{ago, count};

pub struct Offer {
    pub name: String,
    pub title: String,
    pub size: String,
    /// One line on whether it is something for you.
    pub advice: String,
    /// What to know before using it.
    pub warning: Option<String>,
    /// What it does and what it does not do.
    pub about: &'static str,
}

pub async fn all(app: &App) -> Result<Vec<Offer>> {
    let mut offers: Vec<Offer> = bundled::all().iter().map(along).collect();
    let Some(store) = app.existing_store().await? else { return Ok(offers) };
    for list in store.lists().await? {
        // Such a name would be read as a path or an address.
        let is_word = !list.name.contains(['/', '\\', ':']);
        if !is_word || bundled::find(&list.name).is_some() {
            continue;
        }
        let known = catalogue::by_address(&list.source);
        let entries = store.snapshot(list.current).await?.map_or(0, |snapshot| snapshot.entries);
        let read = list.succeeded_at.map_or("never".to_owned(), |at| ago(app.clock.now(), at));
        let advice = match known.map(|known| (known.advice, known.purpose.as_str())) {
            Some((Advice::Offer | Advice::Ask, purpose)) => purpose.to_owned(),
            Some((Advice::CompareOnly, _)) => "For comparing rather than for blocking.".to_owned(),
            Some((Advice::Never, _)) => "Not for blocking.".to_owned(),
            None => "Followed here.".to_owned(),
        };
        offers.push(Offer {
            title: known.map_or(list.name.clone(), |known| known.title.clone()),
            size: count(usize::try_from(entries).unwrap_or(0), "domain"),
            advice: format!("{} Last read {read}.", sentence(&advice)),
            warning: known.and_then(|known| known.warnings.first().cloned()),
            about: "",
            name: list.name,
        });
    }
    Ok(offers)
}

fn along(list: &'static bundled::Bundled) -> Offer {
    let domains = list::read(list.csv).map_or(0, |document| document.entries.len());
    let about = list.about.trim_start_matches(list.title).trim();
    let lead = about.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    // A first sentence may be too short to tell anything.
    let end = lead.match_indices(". ").map(|(at, _)| at).find(|at| *at > 40);
    let first = end.and_then(|end| lead.get(..end)).unwrap_or(&lead);
    Offer {
        name: list.name.to_owned(),
        title: list.title.to_owned(),
        size: count(domains, "domain"),
        advice: sentence(first),
        warning: None,
        about,
    }
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}
