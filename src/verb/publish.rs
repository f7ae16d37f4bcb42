//! Publishing blocks, changing what is published, and ending it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::app::App;
use crate::block::Level;
use crate::clock::random;
use crate::follow::settings_of;
use crate::keep;
use crate::list::bundled;
use crate::policy::Agreement;
use crate::publish::{Options, Publication, What};
use crate::store::{
    EventKind, NewEvent, NewPublication, PublicationId, Store, StoreError, TargetRow, Visibility,
};
use crate::text::plain;

/// So many at a time.
pub const MOST: usize = 50;
const TITLE: usize = 100;
const LISTS: usize = 50;

#[derive(Debug, thiserror::Error)]
pub enum PublishingError {
    #[error("A publication needs a title of at most {TITLE} letters.")]
    Title,
    #[error(
        "An address is 3 to 40 small letters, digits and hyphens, such as our-blocks; {0:?} is not."
    )]
    Slug(String),
    #[error("Choose at least one list, and at most {LISTS}.")]
    HowMany,
    #[error("There is no list {0} that you follow, and none of that name comes with Hedgerow.")]
    NoList(String),
    #[error("As many lists as you have chosen can never agree so much.")]
    Agreement,
    #[error(
        "The blocks of an account are a private matter: everybody could read whom this person keeps \
         away. Say that you have thought about it, or keep it private."
    )]
    UnsurePublic,
    #[error(
        "The list {0} is read with a key, so its publisher does not show it to everybody. Say that \
         you are sure that you may publish it, or keep it private."
    )]
    UnsureList(String),
    #[error(
        "Private comments were written for moderators only. Say that you are sure that others may \
         read them."
    )]
    UnsureComments,
    #[error("There are {MOST} publications already. End those that nobody needs any more.")]
    TooMany,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Chance(#[from] std::io::Error),
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

/// What somebody wants to publish.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub title: String,
    pub what: What,
    pub options: Options,
    pub visibility: Visibility,
    /// Of a public one, its address; of a private one it is chosen by chance.
    pub slug: Option<String>,
    /// They have read what it means.
    pub sure: bool,
}

/// A target as something to publish.
pub fn target(app: &App, row: &TargetRow) -> anyhow::Result<What> {
    Ok(What::Target { target: row.name.clone(), whose: keep::whose(&app.identity(row)?) })
}

pub async fn publish(app: &App, wanted: &Wanted) -> Result<PublicationId, PublishingError> {
    let (store, now) = (app.store().await?, app.clock.now());
    if store.publications().await?.len() >= MOST {
        return Err(PublishingError::TooMany);
    }
    let new = checked(&store, wanted, None).await?;
    let id = store.add_publication(&new, now).await?;
    log(app, &store, EventKind::Published, id, &new).await?;
    Ok(id)
}

/// Changes a publication. Who makes it private gets a new address, because the old one is
/// known.
pub async fn change(
    app: &App,
    known: &Publication,
    wanted: &Wanted,
) -> Result<(), PublishingError> {
    let (store, now) = (app.store().await?, app.clock.now());
    let new = checked(&store, wanted, Some(known)).await?;
    store.change_publication(known.id, &new, now).await?;
    log(app, &store, EventKind::Republished, known.id, &new).await
}

/// Ends a publication for good, and says whether there was one.
pub async fn end(app: &App, id: PublicationId) -> Result<bool, PublishingError> {
    let (store, now) = (app.store().await?, app.clock.now());
    if !store.revoke_publication(id, now).await? {
        return Ok(false);
    }
    let event = NewEvent::new(now, app.actor(), EventKind::Unpublished);
    store.log(&[event.detail(json!({ "publication": id }))]).await?;
    Ok(true)
}

async fn log(
    app: &App,
    store: &Store,
    kind: EventKind,
    id: PublicationId,
    new: &NewPublication,
) -> Result<(), PublishingError> {
    let event = NewEvent::new(app.clock.now(), app.actor(), kind);
    // The address of a private one is a secret, which a log is no place for.
    let address = (new.visibility == Visibility::Public).then_some(&new.slug);
    let detail = json!({
        "publication": id, "title": new.title, "visibility": new.visibility, "address": address,
    });
    store.log(&[event.detail(detail)]).await?;
    Ok(())
}

async fn checked(
    store: &Store,
    wanted: &Wanted,
    known: Option<&Publication>,
) -> Result<NewPublication, PublishingError> {
    let title = plain(wanted.title.trim()).into_owned();
    if title.is_empty() || title.chars().count() > TITLE {
        return Err(PublishingError::Title);
    }
    let public = wanted.visibility == Visibility::Public;
    match &wanted.what {
        What::Target { target, .. } => {
            let row = store.target(target).await?;
            let account = row.is_none_or(|row| row.level == Level::Account);
            if public && account && !wanted.sure {
                return Err(PublishingError::UnsurePublic);
            }
        }
        What::Lists(together) => {
            let lists = &together.lists;
            if lists.is_empty() || lists.len() > LISTS {
                return Err(PublishingError::HowMany);
            }
            let never = match together.agreement {
                Some(Agreement::Lists(n)) => n == 0 || n as usize > lists.len(),
                Some(Agreement::Percent(p)) => p == 0 || p > 100,
                None => false,
            };
            if never {
                return Err(PublishingError::Agreement);
            }
            for name in lists.iter().filter(|name| bundled::find(name).is_none()) {
                let list = store.list(name).await?;
                let list = list.ok_or_else(|| PublishingError::NoList(plain(name).into_owned()))?;
                let locked = settings_of(&list).map_err(anyhow::Error::from)?.auth.is_some();
                if public && locked && !wanted.sure {
                    return Err(PublishingError::UnsureList(list.name));
                }
            }
        }
    }
    if wanted.options.private_comments && !wanted.sure {
        return Err(PublishingError::UnsureComments);
    }
    let json = |value: serde_json::Result<String>| value.map_err(anyhow::Error::from);
    Ok(NewPublication {
        slug: slug(wanted, known)?,
        title,
        what: json(serde_json::to_string(&wanted.what))?,
        options: json(serde_json::to_string(&wanted.options))?,
        visibility: wanted.visibility,
    })
}

fn slug(wanted: &Wanted, known: Option<&Publication>) -> Result<String, PublishingError> {
    let kept = known.filter(|known| known.visibility == wanted.visibility);
    match (wanted.visibility, &wanted.slug, kept) {
        (Visibility::Private, _, Some(known)) | (Visibility::Public, None, Some(known)) => {
            Ok(known.slug.clone())
        }
        (Visibility::Private, _, None) => Ok(URL_SAFE_NO_PAD.encode(random::<32>()?)),
        (Visibility::Public, slug, _) => {
            let slug = slug.as_deref().unwrap_or_default().trim();
            // Shorter than those of private ones, so that the two cannot be taken for another.
            let fits = (3..=40).contains(&slug.len())
                && !slug.starts_with('-')
                && !slug.ends_with('-')
                && slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            fits.then(|| slug.to_owned())
                .ok_or_else(|| PublishingError::Slug(plain(slug).into_owned()))
        }
    }
}
