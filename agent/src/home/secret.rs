//! Secrets of 32 bytes in files that only the till's user can read.

use super::{HomeError, io, replace_file};
use ring::rand::{SecureRandom, SystemRandom};
use std::fs;
use std::path::Path;

/// The secret in `path`, made from the system's random source when the file is missing.
///
/// A file made by [`tempfile`] is readable by its owner only.
pub(super) fn load_or_make(path: &Path) -> Result<[u8; 32], HomeError> {
    match fs::read(path) {
        Ok(bytes) => bytes.try_into().map_err(|_| HomeError::BadSecret(path.to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut secret = [0; 32];
            SystemRandom::new().fill(&mut secret).map_err(|_| HomeError::NoRandom)?;
            replace_file(path, &secret)?;
            Ok(secret)
        }
        Err(error) => Err(io(path)(error)),
    }
}
