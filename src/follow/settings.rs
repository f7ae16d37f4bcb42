//! How one list is followed: what it is read as, how it is reached, what is held.

use serde::{Deserialize, Serialize};

use super::guard::Limits;
use crate::list::Format;
use crate::secret::AuthRef;

/// Kept as JSON beside the list. It holds no secret, only where one is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Read it as this, whatever it looks like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<AuthRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed: Option<Signed>,
    pub limits: Limits,
}

/// A list that its publisher signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// Where the signature is.
    pub signature: String,
    /// The key that has to have made it: Ed25519, in base64.
    pub key: String,
    /// Where the publisher keeps the key, to see whether it was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_address: Option<String>,
}

impl Settings {
    pub fn to_json(&self) -> String {
        // Plain data under plain names has nothing that could fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}
