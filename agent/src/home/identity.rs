//! Who the till is in its chain, as `chain.root` says once the till was enrolled.
//!
//! The file is written last and taken away first, so that whoever finds it finds the certificate
//! beside it whole. What is written is [`crate::enrol`]'s; links and the doctor read it.

use super::{Home, HomeError, io, replace_file, write_new};
use ring::rand::SystemRandom;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::PathBuf;
use sync::enrol::ConnectionKey;
use sync::log::SealKey;
use sync::trust::is_name;
use zeroize::Zeroizing;

/// The form that this version writes.
const FORMAT: u32 = 1;

/// The longest file that is read, in bytes: names of 64 and two keys in hex are under 1 KB.
const MAX_BYTES: u64 = 4 * 1024;

/// What a link needs to speak for this till.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The till's certificate, then those between it and the chain's authority.
    pub certificate_pem: PathBuf,
    /// Its private key.
    pub key_pem: PathBuf,
    /// The chain's authority, to which a peer's certificate must lead.
    pub ca_pem: PathBuf,
    /// The public key that the chain's papers lead to.
    pub root: SealKey,
    /// The chain's name.
    pub chain: String,
    /// The store's code.
    pub store: String,
    /// The till's name among the chain's things.
    pub thing: String,
}

/// What a till was enrolled as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The chain's name.
    pub chain: String,
    /// The store's code.
    pub store: String,
    /// The till's name among the chain's things.
    pub thing: String,
    /// Its number in the store.
    pub number: u16,
    /// The public key that the chain's papers lead to.
    pub root: SealKey,
    /// The public key of the log that was signed for.
    pub key: SealKey,
}

impl Home {
    /// The private key of the till's connections.
    #[must_use]
    pub fn tls_key(&self) -> PathBuf {
        self.file("tls.key")
    }

    /// The key of the till's connections, where there is one.
    ///
    /// # Errors
    /// When the file can't be read or holds no such key.
    pub fn connection_key(&self) -> Result<Option<ConnectionKey>, HomeError> {
        let path = self.tls_key();
        let text = match fs::read_to_string(&path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(&path)(error)),
        };
        let key = ConnectionKey::from_pem(&text);
        key.map(Some).map_err(|source| HomeError::BadKey { file: path, source })
    }

    /// The same, made at the first call.
    ///
    /// # Errors
    /// As [`Home::connection_key`], or when it can't be made.
    pub fn make_connection_key(&self) -> Result<ConnectionKey, HomeError> {
        if let Some(key) = self.connection_key()? {
            return Ok(key);
        }
        let file = self.tls_key();
        let key = ConnectionKey::generate(&SystemRandom::new())
            .map_err(|source| HomeError::BadKey { file: file.clone(), source })?;
        write_new(&file, key.pem().as_bytes())?;
        Ok(key)
    }

    /// The till's certificate.
    #[must_use]
    pub fn tls_pem(&self) -> PathBuf {
        self.file("tls.pem")
    }

    /// The chain's authority.
    #[must_use]
    pub fn chain_pem(&self) -> PathBuf {
        self.file("chain.pem")
    }

    /// What a link needs to speak for this till; `None` until it was enrolled.
    ///
    /// # Errors
    /// When `chain.root` is there and can't be read.
    pub fn identity(&self) -> Result<Option<Identity>, HomeError> {
        Ok(self.enrolment()?.map(|enrolment| Identity {
            certificate_pem: self.tls_pem(),
            key_pem: self.tls_key(),
            ca_pem: self.chain_pem(),
            root: enrolment.root,
            chain: enrolment.chain,
            store: enrolment.store,
            thing: enrolment.thing,
        }))
    }

    /// What the till was enrolled as; `None` until it was.
    ///
    /// # Errors
    /// When `chain.root` is there and can't be read.
    pub fn enrolment(&self) -> Result<Option<Enrolment>, HomeError> {
        let path = self.chain_root();
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(&path)(error)),
        };
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(io(&path))?;
        let refused = |detail: String| HomeError::BadEnrolment { file: path.clone(), detail };
        if bytes.len() as u64 > MAX_BYTES {
            return Err(refused(format!("it has more than {MAX_BYTES} bytes")));
        }
        read(&bytes).map(Some).map_err(refused)
    }

    /// Writes down what the till was enrolled as: from here on links speak for it.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn write_enrolment(&self, enrolment: &Enrolment) -> Result<(), HomeError> {
        let written = Written {
            format: FORMAT,
            chain: enrolment.chain.clone(),
            store: enrolment.store.clone(),
            thing: enrolment.thing.clone(),
            number: enrolment.number,
            root: enrolment.root.to_string(),
            key: enrolment.key.to_string(),
        };
        let mut text = serde_json::to_vec_pretty(&written).expect("strings and numbers are JSON");
        text.push(b'\n');
        replace_file(&self.chain_root(), &text)
    }

    /// Takes back that the till was enrolled, before its certificate is exchanged.
    ///
    /// # Errors
    /// When the file can't be taken away.
    pub fn clear_enrolment(&self) -> Result<(), HomeError> {
        let path = self.chain_root();
        match fs::remove_file(&path) {
            Ok(()) => super::sync_folder(self.folder()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(io(&path)(error)),
        }
    }

    fn chain_root(&self) -> PathBuf {
        self.file("chain.root")
    }
}

/// `chain.root`, JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: u32,
    chain: String,
    store: String,
    thing: String,
    number: u16,
    root: String,
    key: String,
}

fn read(bytes: &[u8]) -> Result<Enrolment, String> {
    let written: Written = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if written.format != FORMAT {
        return Err(format!("its format is {}, this version knows {FORMAT}", written.format));
    }
    for name in [&written.store, &written.thing] {
        if !is_name(name) {
            return Err("its store or thing is no name".to_owned());
        }
    }
    let key = |text: &str| text.parse::<SealKey>().map_err(|error| error.to_string());
    Ok(Enrolment {
        root: key(&written.root)?,
        key: key(&written.key)?,
        chain: written.chain,
        store: written.store,
        thing: written.thing,
        number: written.number,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enrolment() -> Enrolment {
        Enrolment {
            chain: "Hansa Kaffee".into(),
            store: "HH01".into(),
            thing: "hh01-till-3".into(),
            number: 3,
            root: SealKey([1; 32]),
            key: SealKey([2; 32]),
        }
    }

    #[test]
    fn an_enrolment_comes_back_as_written_and_can_be_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path()).unwrap();
        assert_eq!(home.identity().unwrap(), None);
        home.clear_enrolment().unwrap();
        home.write_enrolment(&enrolment()).unwrap();
        assert_eq!(home.enrolment().unwrap(), Some(enrolment()));
        let identity = home.identity().unwrap().unwrap();
        assert_eq!(identity.certificate_pem, home.file("tls.pem"));
        assert_eq!((identity.root, identity.thing.as_str()), (SealKey([1; 32]), "hh01-till-3"));
        home.clear_enrolment().unwrap();
        assert_eq!(home.identity().unwrap(), None);
    }

    #[test]
    fn what_is_no_enrolment_is_refused() {
        fn check(home: &Home, text: &str, says: &str) {
            fs::write(home.file("chain.root"), text).unwrap();
            let error = home.identity().unwrap_err();
            assert!(matches!(error, HomeError::BadEnrolment { .. }), "{error}");
            assert!(error.to_string().contains(says), "{error}");
        }
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path()).unwrap();
        home.write_enrolment(&enrolment()).unwrap();
        let good = fs::read_to_string(home.file("chain.root")).unwrap();
        check(&home, "", "EOF");
        check(&home, &good.replace("\"format\": 1", "\"format\": 2"), "its format is 2");
        check(&home, &good.replace("HH01", "HH/01"), "no name");
        check(&home, &good.replace("0101", "01"), "public key");
        check(&home, &good.replace("\"chain\"", "\"chains\""), "unknown field");
        check(&home, &" ".repeat(5_000), "more than 4096 bytes");
    }
}
