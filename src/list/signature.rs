//! Signatures of lists.
//!
//! `RapidBlock` publishes beside `blocklist.json` a file `blocklist.json.sig`: Ed25519,
//! over the SHA-256 digest of the list's bytes and not over the bytes themselves, key and
//! signature in base64 on a line each.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, UnparsedPublicKey};
use sha2::{Digest, Sha256};

/// Why a list is not known to come from its publisher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error(
        "the publisher's key is damaged: it should be 44 letters and digits. Nothing was changed; \
         copy it again from where the publisher shows it"
    )]
    Key,
    #[error(
        "the list's signature is damaged: it should be 88 letters and digits. Nothing was changed; \
         load it again, and see that it is not a web page"
    )]
    Signature,
    #[error(
        "the list is not the one that its publisher signed: it was altered on the way, or list, \
         signature and key do not belong together. Nothing was changed; load all of them again, \
         and do not use the list if that does not help"
    )]
    Mismatch,
}

/// Whether the bytes of a list are those that the owner of the key has signed.
pub fn verify_signature(
    bytes: &[u8],
    signature_base64: &str,
    public_key_base64: &str,
) -> Result<(), SignatureError> {
    let key: [u8; 32] = decoded(public_key_base64).ok_or(SignatureError::Key)?;
    let signature: [u8; 64] = decoded(signature_base64).ok_or(SignatureError::Signature)?;
    UnparsedPublicKey::new(&ED25519, key)
        .verify(&Sha256::digest(bytes), &signature)
        .map_err(|_| SignatureError::Mismatch)
}

/// Exactly as many bytes as there should be.
fn decoded<const N: usize>(base64: &str) -> Option<[u8; N]> {
    STANDARD.decode(base64.trim()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use ring::signature::{Ed25519KeyPair, KeyPair};

    use super::*;

    const LIST: &[u8] = b"{\"blocks\":{}}\n";

    fn signed(seed: u8, bytes: &[u8]) -> (String, String) {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        let signature = pair.sign(&Sha256::digest(bytes));
        (STANDARD.encode(signature.as_ref()), STANDARD.encode(pair.public_key().as_ref()))
    }

    #[test]
    fn the_digest_is_what_is_signed() {
        let (signature, key) = signed(7, LIST);
        assert_eq!(verify_signature(LIST, &signature, &key), Ok(()));
        assert_eq!(
            verify_signature(LIST, &format!("{signature}\r\n"), &format!(" {key}\n")),
            Ok(())
        );
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let over_bytes = STANDARD.encode(pair.sign(LIST).as_ref());
        assert_eq!(verify_signature(LIST, &over_bytes, &key), Err(SignatureError::Mismatch));
    }

    #[test]
    fn any_altered_byte_and_any_other_key_is_a_mismatch() {
        let (signature, key) = signed(7, LIST);
        for at in 0..LIST.len() {
            let mut altered = LIST.to_vec();
            altered[at] ^= 1;
            let result = verify_signature(&altered, &signature, &key);
            assert_eq!(result, Err(SignatureError::Mismatch), "byte {at}");
        }
        let (other_signature, other_key) = signed(8, LIST);
        for (signature, key) in [(&signature, &other_key), (&other_signature, &key)] {
            assert_eq!(verify_signature(LIST, signature, key), Err(SignatureError::Mismatch));
        }
    }

    #[test]
    fn what_is_no_key_or_signature_is_named() {
        let (signature, key) = signed(7, LIST);
        for garbage in ["", "no base64!", "AAAA", "<!DOCTYPE html>", signature.as_str()] {
            assert_eq!(verify_signature(LIST, &signature, garbage), Err(SignatureError::Key));
        }
        for garbage in ["", "no base64!", "AAAA", key.as_str(), &signature[..86]] {
            assert_eq!(verify_signature(LIST, garbage, &key), Err(SignatureError::Signature));
        }
        let text = SignatureError::Mismatch.to_string();
        assert!(text.contains("Nothing was changed"), "{text}");
    }
}
