//! The two one-time values of a sign-in. Their randomness is the caller's.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::pending::exposed;

/// Proves that whoever brings the code is who asked for it (RFC 7636). Servers before
/// 4.3 ignore it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pkce(#[serde(with = "exposed")] SecretString);

impl Pkce {
    pub fn new(random: [u8; 32]) -> Self {
        Pkce(URL_SAFE_NO_PAD.encode(random).into())
    }

    pub fn verifier(&self) -> &SecretString {
        &self.0
    }

    /// The `S256` challenge.
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.expose_secret()))
    }
}

/// Proves that a call to the waiting page belongs to this sign-in: only the browser that
/// was sent to the server has seen it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoginState(#[serde(with = "exposed")] SecretString);

impl LoginState {
    pub fn new(random: [u8; 32]) -> Self {
        LoginState(URL_SAFE_NO_PAD.encode(random).into())
    }

    pub fn as_str(&self) -> &str {
        self.0.expose_secret()
    }

    /// Compares digests, so that the time it takes tells nothing about the value.
    pub fn matches(&self, given: &str) -> bool {
        Sha256::digest(self.as_str()) == Sha256::digest(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_the_one_of_rfc_7636() {
        let octets = [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212,
            37, 77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
        ];
        let pkce = Pkce::new(octets);
        assert_eq!(pkce.verifier().expose_secret(), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(pkce.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_state_matches_itself_only_and_is_not_shown() {
        let state = LoginState::new([7; 32]);
        assert!(state.matches(state.as_str()) && !state.matches(""));
        assert!(!state.matches(LoginState::new([8; 32]).as_str()));
        assert!(!format!("{state:?} {:?}", Pkce::new([7; 32])).contains(state.as_str()));
    }
}
