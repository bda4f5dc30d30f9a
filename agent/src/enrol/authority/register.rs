//! Which tills an authority has enrolled: their papers in its folder are the register.

use super::{AuthorityFolder, EnrolError, io};
use crate::enrol::read_file;
use crate::plural::counted;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use sync::trust::{Revocation, Statement, TillPaper, read};
use sync::wire::MAX_PAPER_BYTES;

/// The most papers that are read from a folder: a large chain's tills.
const MAX_PAPERS: usize = 20_000;

/// Tills and revocations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// The chain's name.
    pub chain: String,
    /// Its root key.
    pub root: String,
    /// The tills that are enrolled, by name.
    pub tills: Vec<Listed>,
    /// The keys that are revoked, with why.
    pub revoked: Vec<(String, String)>,
}

/// A till in the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Its name.
    pub thing: String,
    /// Its store's code.
    pub store: String,
    /// Its number.
    pub number: u16,
    /// When its paper was issued.
    pub since: String,
    /// The key of its journal.
    pub key: String,
}

impl AuthorityFolder {
    /// What `till authority list` shows.
    ///
    /// # Errors
    /// When the register can't be read.
    pub fn list(&self) -> Result<Listing, EnrolError> {
        let listed = |paper: TillPaper| Listed {
            since: when(paper.serial),
            key: paper.key.to_string(),
            thing: paper.thing,
            store: paper.store,
            number: paper.number,
        };
        let revoked = self.revocations()?.into_iter();
        Ok(Listing {
            chain: self.authority.ca().chain().to_owned(),
            root: self.authority.root().to_string(),
            tills: self.tills()?.into_values().map(|(_, paper)| listed(paper)).collect(),
            revoked: revoked.map(|(_, it)| (it.key.to_string(), it.why)).collect(),
        })
    }

    /// The tills that are enrolled, by thing, with their papers' bytes.
    pub(super) fn tills(&self) -> Result<BTreeMap<String, (Vec<u8>, TillPaper)>, EnrolError> {
        let mut tills = BTreeMap::new();
        for (file, bytes, statement) in self.papers("tills")? {
            let Statement::Till(paper) = statement else {
                let detail = "is not the paper of a till".to_owned();
                return Err(EnrolError::BadRegister { file, detail });
            };
            tills.insert(paper.thing.clone(), (bytes, paper));
        }
        Ok(tills)
    }

    /// The revocations, with their papers' bytes.
    pub(super) fn revocations(&self) -> Result<Vec<(Vec<u8>, Revocation)>, EnrolError> {
        let mut revocations = Vec::new();
        for (file, bytes, statement) in self.papers("revoked")? {
            let Statement::Revoked(paper) = statement else {
                let detail = "is no revocation".to_owned();
                return Err(EnrolError::BadRegister { file, detail });
            };
            revocations.push((bytes, paper));
        }
        Ok(revocations)
    }

    /// All papers in a folder, by file name.
    fn papers(&self, folder: &str) -> Result<Vec<(PathBuf, Vec<u8>, Statement)>, EnrolError> {
        let folder = self.folder.join(folder);
        let mut files = Vec::new();
        for entry in fs::read_dir(&folder).map_err(io(&folder))? {
            let path = entry.map_err(io(&folder))?.path();
            if path.extension().is_some_and(|end| end == "paper") {
                files.push(path);
            }
            if files.len() > MAX_PAPERS {
                let detail = format!("holds more than {MAX_PAPERS} papers");
                return Err(EnrolError::BadRegister { file: folder, detail });
            }
        }
        files.sort();
        let each = |file: PathBuf| {
            let bytes = read_file(&file, MAX_PAPER_BYTES)?;
            match read(&bytes) {
                Ok(paper) => Ok((file, bytes, paper.statement)),
                Err(error) => Err(EnrolError::BadRegister { file, detail: error.to_string() }),
            }
        };
        files.into_iter().map(each).collect()
    }

    /// Moves a till's paper out of the register.
    pub(super) fn retire(&self, paper: &TillPaper) -> Result<(), EnrolError> {
        let from = self.file("tills", &format!("{}.paper", paper.thing));
        let to = self.file("former", &format!("{}-{}.paper", paper.thing, paper.serial));
        fs::rename(&from, to).map_err(io(&from))?;
        crate::home::sync_folder(&self.folder.join("former"))?;
        Ok(crate::home::sync_folder(&self.folder.join("tills"))?)
    }
}

/// Serials of papers are the milliseconds at which they were issued, or a little more.
fn when(serial: u64) -> String {
    let ms = i64::try_from(serial).ok();
    let at = ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
    at.map_or_else(|| serial.to_string(), |at| at.strftime("%Y-%m-%d %H:%MZ").to_string())
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, root key {}", self.chain, self.root)?;
        for Listed { thing, store, number, since, key } in &self.tills {
            writeln!(f, "{thing:<24} store {store}, till {number}, since {since}, key {key}")?;
        }
        for (key, why) in &self.revoked {
            writeln!(f, "{:<24} key {key}: {why}", "revoked")?;
        }
        let tills = counted(self.tills.len(), "till", "tills");
        writeln!(f, "{tills}, {} revoked", counted(self.revoked.len(), "key", "keys"))
    }
}
