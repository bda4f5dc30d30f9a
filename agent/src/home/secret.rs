//! Secrets in files that only the till's user can read.

use super::{HomeError, folder_of, io, replace_file, sync_folder};
use ring::rand::{SecureRandom, SystemRandom};
use std::fs;
use std::io::Write as _;
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

/// Writes a secret to a new file, durable before this returns; one that is there is left as it is.
///
/// # Errors
/// [`HomeError::SecretThere`], or when it cannot be written.
pub fn write_new(path: &Path, secret: &[u8]) -> Result<(), HomeError> {
    let folder = folder_of(path);
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io(path))?;
    file.write_all(secret).map_err(io(path))?;
    file.as_file().sync_all().map_err(io(path))?;
    file.persist_noclobber(path).map_err(|failed| match failed.error.kind() {
        std::io::ErrorKind::AlreadyExists => HomeError::SecretThere(path.to_owned()),
        _ => io(path)(failed.error),
    })?;
    sync_folder(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt as _;

    #[test]
    fn a_secret_is_its_owners_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tls.key");
        write_new(&path, b"first").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(matches!(write_new(&path, b"second"), Err(HomeError::SecretThere(_))));
        assert_eq!(fs::read(&path).unwrap(), b"first");
    }
}
