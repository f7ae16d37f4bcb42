//! Secrets by reference: where a password or token is kept, and never the thing itself.
//!
//! Settings are stored, shown and logged; a reference to a secret may be, a secret may not.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::fetch::Auth;
use crate::store::{HOUSE, Owner};
use crate::text::{fit, plain};

/// The longest secret that is read from a file.
const LIMIT: usize = 16 * 1024;

/// `env:NAME` or `file:PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    Env(String),
    File(PathBuf),
}

/// How to sign in at an address: `bearer:REF` or `basic:USER:REF`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthRef {
    Bearer(SecretRef),
    Basic { user: String, password: SecretRef },
}

/// The texts never repeat what was given: it may be the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error(
        "a secret is given by where it is kept: env:NAME for a variable of the environment, or \
         file:PATH. The secret itself must not stand on a command line"
    )]
    NotAReference,
    #[error(
        "a sign-in is written bearer:env:NAME, bearer:file:PATH, basic:USER:env:NAME or \
         basic:USER:file:PATH"
    )]
    NotASignIn,
    #[error("the variable {0} is not set, and a list's secret should be in it")]
    Unset(String),
    #[error("the file {path:?} with a list's secret cannot be read: {why}")]
    Unreadable { path: PathBuf, why: String },
    #[error(
        "only whoever runs this Hedgerow can follow a list that has to be signed in for: the \
         secret would be read from its machine"
    )]
    NotYours,
    #[error("{0} has more in it than one line of text, so it is no password or token")]
    NotOneLine(String),
    #[error("{0} is empty, and a list's secret should be in it")]
    Empty(String),
}

impl SecretRef {
    /// Reads the secret. One line break at the end belongs to the file and not to it.
    pub fn resolve(&self) -> Result<SecretString, SecretError> {
        let text = match self {
            SecretRef::Env(name) => {
                std::env::var(name).map_err(|_| SecretError::Unset(name.clone()))?
            }
            SecretRef::File(path) => {
                let unreadable = |why: String| SecretError::Unreadable { path: path.clone(), why };
                let text = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
                if text.len() > LIMIT {
                    return Err(unreadable("it is too large for a secret".to_owned()));
                }
                String::from_utf8(text).map_err(|_| unreadable("it is not text".to_owned()))?
            }
        };
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.is_empty() {
            return Err(SecretError::Empty(self.to_string()));
        }
        if text.contains(char::is_control) {
            return Err(SecretError::NotOneLine(self.to_string()));
        }
        Ok(SecretString::from(text))
    }
}

impl AuthRef {
    /// Reads the secret for whoever has said where it is. The environment and the files of
    /// this machine are the house's.
    pub fn resolve(&self, owner: Owner) -> Result<Auth, SecretError> {
        if owner != HOUSE {
            return Err(SecretError::NotYours);
        }
        Ok(match self {
            AuthRef::Bearer(token) => Auth::Bearer(token.resolve()?),
            AuthRef::Basic { user, password } => {
                Auth::Basic { user: user.clone(), password: password.resolve()? }
            }
        })
    }
}

impl FromStr for SecretRef {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() && name.chars().all(letter) => {
                Ok(SecretRef::Env(name.to_owned()))
            }
            Some(("file", path)) if !path.is_empty() => Ok(SecretRef::File(path.into())),
            _ => Err(SecretError::NotAReference),
        }
    }
}

impl FromStr for AuthRef {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        match text.split_once(':') {
            Some(("bearer", secret)) => Ok(AuthRef::Bearer(secret.parse()?)),
            Some(("basic", rest)) => {
                let (user, secret) = rest.split_once(':').ok_or(SecretError::NotASignIn)?;
                Ok(AuthRef::Basic { user: user.to_owned(), password: secret.parse()? })
            }
            _ => Err(SecretError::NotASignIn),
        }
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretRef::Env(name) => write!(f, "env:{name}"),
            SecretRef::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

impl fmt::Display for AuthRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AuthRef::Bearer(token) => write!(f, "bearer:{token}"),
            AuthRef::Basic { user, password } => {
                write!(f, "basic:{}:{password}", fit(&plain(user), 60))
            }
        }
    }
}

impl Serialize for AuthRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = match self {
            AuthRef::Bearer(token) => format!("bearer:{token}"),
            AuthRef::Basic { user, password } => format!("basic:{user}:{password}"),
        };
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for AuthRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn references_are_read_and_written_the_same() {
        for text in ["bearer:env:LIST_TOKEN", "basic:me:file:/run/secrets/list", "basic::env:X"] {
            let auth: AuthRef = text.parse().unwrap();
            assert_eq!(auth.to_string(), text);
            let json = serde_json::to_string(&auth).unwrap();
            assert_eq!(serde_json::from_str::<AuthRef>(&json).unwrap(), auth);
        }
    }

    #[test]
    fn a_secret_itself_is_refused_and_not_repeated() {
        for text in ["bearer:hunter2", "hunter2", "basic:me:hunter2", "bearer:env:hunter-2"] {
            let error = text.parse::<AuthRef>().unwrap_err();
            assert!(!error.to_string().contains("hunter"), "{error}");
        }
    }

    #[test]
    fn nobody_but_the_house_has_a_secret_read() {
        for text in ["bearer:env:CARGO_PKG_NAME", "basic:me:file:/etc/hostname"] {
            let auth: AuthRef = text.parse().unwrap();
            assert!(matches!(auth.resolve(1), Err(SecretError::NotYours)), "{text}");
        }
        let auth: AuthRef = "bearer:env:CARGO_PKG_NAME".parse().unwrap();
        assert!(auth.resolve(HOUSE).is_ok());
    }

    #[test]
    fn a_secret_is_read_from_where_it_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let file = SecretRef::File(path.clone());
        assert!(matches!(file.resolve(), Err(SecretError::Unreadable { .. })));
        std::fs::write(&path, "\n").unwrap();
        assert!(matches!(file.resolve(), Err(SecretError::Empty(_))));
        std::fs::write(&path, "hunter2\nX-Other: 1\n").unwrap();
        assert!(matches!(file.resolve(), Err(SecretError::NotOneLine(_))));
        std::fs::write(&path, "hunter2\r\n").unwrap();
        assert_eq!(file.resolve().unwrap().expose_secret(), "hunter2");
        let unset = SecretRef::Env("HEDGEROW_TEST_NOBODY_SETS_THIS".to_owned());
        assert!(matches!(unset.resolve(), Err(SecretError::Unset(_))));
        // Cargo sets this one for every test.
        assert!(SecretRef::Env("CARGO_PKG_NAME".to_owned()).resolve().is_ok());
    }
}
