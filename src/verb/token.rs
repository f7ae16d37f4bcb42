//! Keys with which programs use the API.

use serde_json::json;

use crate::app::App;
use crate::block::hex;
use crate::clock::random;
use crate::store::{EventKind, NewEvent, Scope, StoreError, Token, TokenId};
use crate::text::plain;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// So many at a time: a person has to be able to tell them apart.
pub const MOST: usize = 50;
/// Of a name, in characters.
const NAME: usize = 60;
/// What every token begins with, so that those who find one know what it is.
const MARK: &str = "hr_";
/// Of 32 bytes in base64.
const LETTERS: usize = 43;

#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("A token needs a name of at most {NAME} letters, by which you know it again.")]
    Name,
    #[error("There are {MOST} tokens already. Take back those that nothing uses any more.")]
    TooMany,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Chance(#[from] std::io::Error),
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

/// A new token. The secret is nowhere else, and cannot be shown again.
pub struct Made {
    pub token: Token,
    pub secret: String,
}

/// What is kept of a token's secret, if it can be one at all.
pub fn digest(secret: &str) -> Option<String> {
    let letters = secret.strip_prefix(MARK)?;
    let fits = letters.len() == LETTERS
        && letters.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    fits.then(|| hex(&Sha256::digest(secret.as_bytes())))
}

/// Makes a token for whoever asks.
pub async fn make(app: &App, name: &str, scope: Scope) -> Result<Made, TokenError> {
    let name = plain(name.trim()).into_owned();
    if name.is_empty() || name.chars().count() > NAME {
        return Err(TokenError::Name);
    }
    let (store, now) = (app.store().await?, app.clock.now());
    if store.tokens().await?.len() >= MOST {
        return Err(TokenError::TooMany);
    }
    let secret = format!("{MARK}{}", URL_SAFE_NO_PAD.encode(random::<32>()?));
    let kept = hex(&Sha256::digest(secret.as_bytes()));
    let id = store.add_token(&name, &kept, scope, now).await?;
    let event = NewEvent::new(now, app.actor(), EventKind::TokenMade);
    store.log(&[event.detail(json!({ "token": name, "scope": scope }))]).await?;
    Ok(Made { token: Token { id, name, scope, created_at: now, used_at: None }, secret })
}

/// Takes a token back, and says whether there was one.
pub async fn end(app: &App, id: TokenId) -> Result<bool, TokenError> {
    let store = app.store().await?;
    let Some(name) = store.delete_token(id).await? else { return Ok(false) };
    let event = NewEvent::new(app.clock.now(), app.actor(), EventKind::TokenEnded);
    store.log(&[event.detail(json!({ "token": name }))]).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_token_is_looked_up() {
        let good = format!("hr_{}", "a".repeat(43));
        assert_eq!(digest(&good).map(|digest| digest.len()), Some(64));
        for bad in ["", "hr_", "hr_short", &good[1..], &format!("{good}a"), "hr_\u{e9}"] {
            assert_eq!(digest(bad), None, "{bad}");
        }
    }
}
