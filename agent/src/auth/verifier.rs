//! PIN verifiers: argon2id with the till's pepper, in PHC string form.
//!
//! A PIN has few digits, so a verifier alone could be tried out; without the pepper, which is in
//! a file of its own and in no backup, it cannot. Each verifier names its pepper by a `keyid`, so
//! that one whose pepper is gone is told from a wrong PIN.

use super::AuthError;
use argon2::password_hash::phc::{Ident, Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, KeyId, Params, ParamsBuilder, Version};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use std::sync::{Mutex, PoisonError};

/// 19 MiB, twice, one lane: what OWASP asks for as a minimum, some 20 ms on a till's processor.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The most bytes a key's name may have.
const KEY_ID: usize = 8;

/// The memory every check works in. Allocated anew each time, the allocator would keep a block for
/// each thread that ever checked a PIN.
static WORK: Mutex<Vec<Block>> = Mutex::new(Vec::new());

/// The verifier of a PIN, with a salt from the system's random source.
///
/// # Errors
/// When the random source fails.
pub fn make_verifier(pin: &str, pepper: &[u8; 32]) -> Result<String, AuthError> {
    let mut salt = [0; 16];
    SystemRandom::new()
        .fill(&mut salt)
        .map_err(|_| AuthError::Hash("the system's random source failed".to_owned()))?;
    let mut params = ParamsBuilder::new();
    params.m_cost(MEMORY_KIB).t_cost(PASSES).p_cost(LANES).keyid(key_id(pepper)?);
    let params = params.build().map_err(failed)?;
    let hash = PasswordHash {
        algorithm: Ident::new(Algorithm::Argon2id.as_str()).map_err(failed)?,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(failed)?,
        salt: Some(Salt::new(&salt).map_err(failed)?),
        hash: Some(digest(pin, &salt, pepper, params)?),
    };
    Ok(hash.to_string())
}

/// Whether a verifier was made with this pepper: with another one no PIN ever matches it.
#[must_use]
pub fn made_with(verifier: &str, pepper: &[u8; 32]) -> bool {
    let Ok(ours) = key_id(pepper) else { return false };
    PasswordHash::new(verifier)
        .ok()
        .and_then(|known| Params::try_from(&known).ok())
        .is_some_and(|params| params.keyid() == ours.as_bytes())
}

/// The first eight bytes of a hash keyed with the pepper: names it and tells nothing of it.
fn key_id(pepper: &[u8; 32]) -> Result<KeyId, AuthError> {
    let named = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, pepper), b"pin.pepper");
    KeyId::new(named.as_ref().get(..KEY_ID).unwrap_or_default()).map_err(failed)
}

/// Whether `pin` is the one that `verifier` was made of.
///
/// # Errors
/// When the verifier is not one.
pub(super) fn verify(pin: &str, verifier: &str, pepper: &[u8; 32]) -> Result<bool, AuthError> {
    let known = PasswordHash::new(verifier).map_err(failed)?;
    let (Some(salt), Some(hash)) = (&known.salt, &known.hash) else {
        return Err(AuthError::Hash("a verifier without salt or hash".to_owned()));
    };
    if known.algorithm.as_str() != Algorithm::Argon2id.as_str() {
        return Err(AuthError::Hash(format!("a verifier of another kind, {}", known.algorithm)));
    }
    let params = Params::try_from(&known).map_err(failed)?;
    // The comparison of outputs takes the same time wherever they differ.
    Ok(digest(pin, salt, pepper, params)? == *hash)
}

fn digest(pin: &str, salt: &[u8], pepper: &[u8; 32], params: Params) -> Result<Output, AuthError> {
    if params.m_cost() > MEMORY_KIB {
        return Err(AuthError::Hash("a verifier that asks for more memory than Till's".to_owned()));
    }
    let argon2 =
        Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params.clone())
            .map_err(failed)?;
    let mut work = WORK.lock().unwrap_or_else(PoisonError::into_inner);
    if work.len() < params.block_count() {
        work.resize(params.block_count(), Block::new());
    }
    let mut out = [0; Params::DEFAULT_OUTPUT_LEN];
    argon2
        .hash_password_into_with_memory(pin.as_bytes(), salt, &mut out, work.as_mut_slice())
        .map_err(failed)?;
    Output::new(&out).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> AuthError {
    AuthError::Hash(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pin_with_the_pepper_verifies() {
        let (pepper, other) = ([7; 32], [8; 32]);
        let verifier = make_verifier("4826", &pepper).unwrap();
        assert!(verifier.starts_with("$argon2id$v=19$m=19456,t=2,p=1,keyid="), "{verifier}");
        assert!(made_with(&verifier, &pepper) && !made_with(&verifier, &other));
        assert!(!made_with("not a verifier", &pepper));
        assert!(verify("4826", &verifier, &pepper).unwrap());
        assert!(!verify("4827", &verifier, &pepper).unwrap());
        assert!(!verify("4826", &verifier, &other).unwrap(), "another till's pepper");
        assert!(verify("4826", "not a verifier", &pepper).is_err());
        assert_ne!(verifier, make_verifier("4826", &pepper).unwrap(), "the salt differs");
    }
}
