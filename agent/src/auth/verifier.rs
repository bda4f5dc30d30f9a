//! PIN verifiers: argon2id with the till's pepper, in PHC string form.
//!
//! A PIN has few digits, so a verifier alone could be tried out; without the pepper, which is in
//! a file of its own and in no backup, it cannot.

use super::AuthError;
use argon2::password_hash::Error;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use ring::rand::{SecureRandom, SystemRandom};

/// 19 MiB, twice, one lane: what OWASP asks for as a minimum, some 20 ms on a till's processor.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The verifier of a PIN, with a salt from the system's random source.
///
/// # Errors
/// When the random source fails.
pub fn make_verifier(pin: &str, pepper: &[u8; 32]) -> Result<String, AuthError> {
    let mut salt = [0; 16];
    SystemRandom::new()
        .fill(&mut salt)
        .map_err(|_| AuthError::Hash("the system's random source failed".to_owned()))?;
    let hash = hasher(pepper)?.hash_password_with_salt(pin.as_bytes(), &salt).map_err(failed)?;
    Ok(hash.to_string())
}

/// Whether `pin` is the one that `verifier` was made of.
///
/// # Errors
/// When the verifier is not one.
pub(super) fn verify(pin: &str, verifier: &str, pepper: &[u8; 32]) -> Result<bool, AuthError> {
    match hasher(pepper)?.verify_password(pin.as_bytes(), verifier) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

fn hasher(pepper: &[u8; 32]) -> Result<Argon2<'_>, AuthError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|error| AuthError::Hash(error.to_string()))?;
    Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params)
        .map_err(|error| AuthError::Hash(error.to_string()))
}

fn failed(error: Error) -> AuthError {
    AuthError::Hash(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pin_with_the_pepper_verifies() {
        let (pepper, other) = ([7; 32], [8; 32]);
        let verifier = make_verifier("4826", &pepper).unwrap();
        assert!(verifier.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{verifier}");
        assert!(verify("4826", &verifier, &pepper).unwrap());
        assert!(!verify("4827", &verifier, &pepper).unwrap());
        assert!(!verify("4826", &verifier, &other).unwrap(), "another till's pepper");
        assert!(verify("4826", "not a verifier", &pepper).is_err());
        assert_ne!(verifier, make_verifier("4826", &pepper).unwrap(), "the salt differs");
    }
}
