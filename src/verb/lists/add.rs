//! Following a list: what is to be known before, what it is called, and the first version.

use serde_json::json;

use super::remote::MOST;
use crate::app::App;
use crate::follow::{Added, FollowError, Lists, Settings, Signed};
use crate::list::bundled;
use crate::list::catalogue::{self, Advice, Listing, Signature, Status};
use crate::source::{Source, SourceError};
use crate::store::{EventKind, NewEvent, StoreError};
use crate::text::plain;

/// Names that other things have where lists are listed.
const RESERVED: [&str; 1] = ["compare"];

#[derive(Debug, thiserror::Error)]
pub enum AddError {
    #[error(
        "the address of {title} has a gap that you have to fill: {address} ({fill_in}). Give the \
         whole address, and a name with --name"
    )]
    Gap { title: &'static str, address: &'static str, fill_in: &'static str },
    #[error(
        "{title} should not be followed. {why} See `hedgerow lists info {name}`; with --anyway it \
         is followed all the same."
    )]
    Advised { title: &'static str, name: &'static str, why: String },
    #[error(
        "the address has a password in it, which would be kept. Leave it out and say where it is \
         kept, such as --auth basic:USER:file:PATH"
    )]
    Password,
    #[error("{0:?} cannot be a list's name; use letters, digits and hyphens")]
    Name(String),
    #[error("{0} is the name of a list that comes with Hedgerow; choose another with --name")]
    NameOfBundled(String),
    #[error("{0} comes with Hedgerow, so there is nothing to follow; use --list {0}")]
    Bundled(&'static str),
    #[error("read what is said about it first, and agree: {}", .0.join(" "))]
    Unread(Vec<&'static str>),
    #[error(
        "these are the servers that {0} has taken back; whoever blocks from it undoes the \
         corrections"
    )]
    Retractions(&'static str),
    #[error("you follow {MOST} lists, which is as many as you can here")]
    TooMany,
    /// The key that a list is signed with, or where it should be.
    #[error("{0}")]
    Key(String),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Follow(#[from] FollowError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What somebody named, and what the catalogue knows of it.
#[derive(Debug, Clone)]
pub struct Looked {
    pub listing: Option<&'static Listing>,
    /// Named by its name and not by its address.
    by_name: bool,
    pub address: String,
}

/// A list that is about to be followed.
#[derive(Debug, Clone)]
pub struct New {
    pub name: String,
    pub source: Source,
}

/// Looks a name or an address up.
pub fn look(arg: &str) -> Result<Looked, AddError> {
    let listing = catalogue::find(arg).or_else(|| catalogue::by_address(arg));
    let named = listing.filter(|listing| listing.name.eq_ignore_ascii_case(arg));
    if let Some(listing) = named
        && let Some(fill_in) = &listing.fill_in
    {
        let (title, address) = (&listing.title, &listing.address);
        return Err(AddError::Gap { title, address, fill_in });
    }
    let address = named.map_or(arg, |listing| &listing.address).to_owned();
    Ok(Looked { listing, by_name: named.is_some(), address })
}

impl Looked {
    /// Refuses what nobody should follow without insisting.
    pub fn advised(&self, anyway: bool) -> Result<(), AddError> {
        let Some(listing) = self.listing.filter(|_| !anyway) else { return Ok(()) };
        let ended = matches!(listing.status, Status::Retired | Status::Dead);
        if !ended && listing.advice != Advice::Never {
            return Ok(());
        }
        let why = listing.warnings.join(" ");
        let why = if why.is_empty() { "It has ended.".to_owned() } else { why };
        Err(AddError::Advised { title: &listing.title, name: &listing.name, why })
    }

    /// What a person has to have read before they follow it.
    pub fn notices(&self) -> Vec<&'static str> {
        let asks = self.listing.filter(|listing| listing.advice != Advice::Offer);
        asks.into_iter()
            .flat_map(|listing| listing.warnings.iter().chain(&listing.notices))
            .map(String::as_str)
            .collect()
    }

    /// How its publisher signs it, as far as that is known.
    pub fn signature(&self) -> Option<&'static Signature> {
        self.listing.filter(|_| self.by_name).and_then(|listing| listing.signature.as_ref())
    }

    /// What it will be called.
    pub fn named(&self, name: Option<&str>, source: Source) -> Result<New, AddError> {
        if let Source::Url(url) | Source::Fires(url) = &source
            && url.password().is_some()
        {
            return Err(AddError::Password);
        }
        let known = self.listing.map(|listing| listing.name.as_str());
        let name = match name.or(known) {
            Some(name) => checked_name(name),
            None => checked_name(&made_name(&source)),
        }?;
        if let Source::Bundled(list) = &source {
            return Err(AddError::Bundled(list.name));
        }
        Ok(New { name, source })
    }
}

/// Follows a list from its first version on, and writes that down.
pub async fn follow(
    app: &App,
    lists: &Lists,
    new: &New,
    settings: &Settings,
) -> Result<Added, AddError> {
    let added = lists.add(&new.name, &new.source, settings).await?;
    let event = NewEvent::new(app.clock.now(), app.actor(), EventKind::ListFollowed);
    let detail = json!({ "address": new.source.address() });
    lists.store.log(&[event.list(&new.name).detail(detail)]).await?;
    Ok(added)
}

/// The signature that a list has to have. `key` is the key in base64, or where it is.
pub async fn signed(lists: &Lists, signature: &str, key: &str) -> Result<Signed, AddError> {
    let signature = absolute(lists, signature)?;
    if is_key(key) {
        return Ok(Signed { signature, key: key.to_owned(), key_address: None });
    }
    let address = absolute(lists, key)?;
    let key = lists.small(&address).await.map_err(AddError::Key)?;
    Ok(Signed { signature, key, key_address: Some(address) })
}

/// 32 bytes in base64 are 44 letters, the last of them `=`.
fn is_key(text: &str) -> bool {
    text.len() == 44 && text.ends_with('=') && !text.contains(':')
}

/// An address as it can be kept, wherever the next command is run.
fn absolute(lists: &Lists, address: &str) -> Result<String, SourceError> {
    Ok(Source::parse_for(lists.store.owner(), address)?.kept())
}

/// A name that can stand on a command line and in an address, and is nobody else's.
fn checked_name(name: &str) -> Result<String, AddError> {
    let name = name.to_lowercase();
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    // A browser takes `..` for the folder above.
    let only_dots = name.chars().all(|c| c == '.');
    let reserved = RESERVED.contains(&name.as_str());
    if only_dots || name.len() > 60 || !name.chars().all(letter) || reserved {
        return Err(AddError::Name(plain(&name).into_owned()));
    }
    if bundled::find(&name).is_some() {
        return Err(AddError::NameOfBundled(name));
    }
    Ok(name)
}

/// A name made from where the list is.
fn made_name(source: &Source) -> String {
    let shown = source.name();
    let last = shown.rsplit('/').next().unwrap_or_default();
    let stem = match source {
        Source::Instance(_) => last,
        _ => last.rsplit_once('.').map_or(last, |(stem, _)| stem),
    };
    let letter = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    stem.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_words_that_no_bundled_list_has() {
        assert_eq!(checked_name("Garden-Fence").unwrap(), "garden-fence");
        for name in ["", "a b", "../x", "threads", "ä", "..", ".", "compare"] {
            assert!(checked_name(name).is_err(), "{name:?}");
        }
        let made = |arg: &str| made_name(&Source::parse(arg).unwrap());
        assert_eq!(made("https://lists.example/a/block list.csv"), "block-20list");
        assert_eq!(made("instance:chaos.social"), "chaos.social");
    }
}
