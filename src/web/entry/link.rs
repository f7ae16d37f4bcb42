//! The address that signs in whoever runs this: printed where only they can read it, good
//! for one use.

use std::sync::{Mutex, PoisonError};

use crate::web::visitor::{digest, secret};

/// Only the digest is kept, and only in memory: a new start prints a new one.
#[derive(Default)]
pub struct Link(Mutex<Option<String>>);

impl Link {
    /// A new secret. The one before is worth nothing any more.
    pub fn renew(&self) -> std::io::Result<String> {
        let secret = secret()?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(digest(&secret));
        Ok(secret)
    }

    /// Whether this is the secret. If so, it is used up.
    pub fn take(&self, secret: &str) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Digests are compared, so the time that it takes tells nothing of the secret.
        let fits = kept.as_ref().is_some_and(|kept| *kept == digest(secret));
        if fits {
            *kept = None;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_good_once_and_only_the_newest() {
        let link = Link::default();
        assert!(!link.take(""));
        let [old, new] = [link.renew().unwrap(), link.renew().unwrap()];
        assert!(!link.take(&old));
        assert!(link.take(&new));
        assert!(!link.take(&new));
    }
}
