//! A person's word on a version that is held.

use super::guard::Concern;
use super::{FollowError, Lists, concerns_of, domains, settings_of};
use crate::store::{FollowedList, Snapshot};

impl Lists {
    /// Lets the held version come into force. A new key that it is signed with is the
    /// list's key from now on.
    pub async fn accept(&self, list: &FollowedList) -> Result<Snapshot, FollowError> {
        let held = self.held(list).await?;
        let concerns = concerns_of(list, &held)?;
        if let Some(concern) = concerns.iter().find(|concern| !concern.can_be_accepted()) {
            let (name, concern) = (list.name.clone(), concern.clone());
            return Err(FollowError::Unacceptable { name, concern });
        }
        let document = self.read(list, &held).await?;
        self.decide(list, &held, true).await?;
        self.store.see(domains(&document)).await?;
        let mut settings = settings_of(list)?;
        for concern in concerns {
            if let (Concern::Key { is, .. }, Some(signed)) = (concern, &mut settings.signed) {
                signed.key = is;
                let settings = settings.to_json();
                self.store.save_list_settings(list.id, &list.source, &settings).await?;
            }
        }
        self.version(list, held.id).await
    }

    /// Turns the held version down. It is not offered again; a later one is.
    pub async fn reject(&self, list: &FollowedList) -> Result<Snapshot, FollowError> {
        let held = self.held(list).await?;
        self.decide(list, &held, false).await?;
        self.version(list, held.id).await
    }

    async fn held(&self, list: &FollowedList) -> Result<Snapshot, FollowError> {
        self.own(list)?;
        match list.held {
            Some(held) => self.version(list, held).await,
            None => Err(FollowError::NothingHeld(list.name.clone())),
        }
    }

    async fn decide(
        &self,
        list: &FollowedList,
        held: &Snapshot,
        accept: bool,
    ) -> Result<(), FollowError> {
        let now = self.clock.now();
        let decided = self.store.decide_held(list.id, held.id, accept, now).await?;
        decided.then_some(()).ok_or_else(|| FollowError::NothingHeld(list.name.clone()))
    }
}
