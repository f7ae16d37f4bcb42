//! Following a list, and following it in another way, for whoever asks over the network: an
//! address is one that the network leads to, and never a file on this machine.

use super::add::{self, AddError, Looked, New};
use crate::app::App;
use crate::follow::guard::Limits;
use crate::follow::{Lists, Settings, settings_of};
use crate::list::{Format, catalogue};
use crate::source::Source;
use crate::store::{FollowedList, HOUSE, StoreError};

/// Lists that one person may follow on a server that many share.
pub const MOST: usize = 100;

/// A list that somebody wants to follow.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// A name from the catalogue, or an address.
    pub list: String,
    pub name: Option<String>,
    pub format: Option<Format>,
    /// They have read what is to be read about it.
    pub agree: bool,
    /// They want it although nobody should.
    pub anyway: bool,
}

/// A list about which everything is well that can be known before its publisher is asked.
pub struct Ready {
    lists: Lists,
    looked: Looked,
    new: New,
    format: Option<Format>,
}

/// Checks what can be checked without asking anybody. `lists` are those of whoever asks.
pub async fn ready(app: &App, lists: Lists, wanted: &Wanted) -> Result<Ready, AddError> {
    let looked = add::look(wanted.list.trim())?;
    looked.advised(wanted.anyway)?;
    let notices = looked.notices();
    if !(notices.is_empty() || wanted.agree || wanted.anyway) {
        return Err(AddError::Unread(notices));
    }
    if let Some(listing) = catalogue::by_retractions(&looked.address) {
        return Err(AddError::Retractions(&listing.title));
    }
    let new = looked.named(wanted.name.as_deref(), Source::parse_remote(&looked.address)?)?;
    let mut followed = lists.store.lists().await?;
    followed.retain(|list| !list.is_shared_with(app.owner()));
    if followed.iter().any(|list| list.name == new.name) {
        return Err(StoreError::Taken(new.name).into());
    }
    if app.owner() != HOUSE && followed.len() >= MOST {
        return Err(AddError::TooMany);
    }
    Ok(Ready { lists, looked, new, format: wanted.format })
}

impl Ready {
    /// Where it is read from, as it can be shown.
    pub fn address(&self) -> String {
        self.new.source.address()
    }

    /// Asks its publisher, follows it, and gives the name that it has from then on.
    pub async fn follow(self, app: &App) -> Result<String, AddError> {
        let Ready { lists, looked, new, format } = self;
        let mut settings = Settings { format, ..Settings::default() };
        if let Some(known) = looked.signature() {
            settings.signed = Some(add::signed(&lists, &known.address, &known.public_key).await?);
        }
        add::follow(app, &lists, &new, &settings).await?;
        Ok(new.name)
    }
}

/// How a list is to be followed from now on.
#[derive(Debug, Clone)]
pub struct Change {
    /// Nothing where it stays where it is.
    pub address: Option<String>,
    pub format: Option<Format>,
    pub limits: Limits,
}

/// Follows a list in another way. The versions that were kept stay.
pub async fn change(lists: &Lists, list: &FollowedList, to: Change) -> Result<(), AddError> {
    let settings = Settings { format: to.format, limits: to.limits, ..settings_of(list)? };
    let source = match &to.address {
        None => Source::kept_as(&list.source)?,
        Some(address) => without_password(Source::parse_remote(address)?)?,
    };
    Ok(lists.save(list, &source, &settings).await?)
}

fn without_password(source: Source) -> Result<Source, AddError> {
    match &source {
        Source::Url(url) | Source::Fires(url) if url.password().is_some() => {
            Err(AddError::Password)
        }
        _ => Ok(source),
    }
}
