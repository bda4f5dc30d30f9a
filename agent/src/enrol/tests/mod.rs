//! A chain's authority in a folder, and tills in theirs: the files that go to and fro.

mod authority;
mod till;

use super::accept::{Accepted, accept};
use super::ask::request;
use super::authority::{AuthorityFolder, GrantOptions, GrantReport};
use super::{EnrolError, Who};
use crate::home::Home;
use jiff::Timestamp;
use std::fs;
use std::path::PathBuf;
use sync::store::{BootId, Machine, MachineId};

const MACHINE: Machine = Machine { machine: MachineId([1; 16]), boot: BootId([2; 16]) };
const NOW: Timestamp = Timestamp::constant(1_795_000_000, 0);

/// Folders of an authority and of tills.
struct Chain {
    root: tempfile::TempDir,
}

impl Chain {
    fn new() -> Self {
        let chain = Self { root: tempfile::tempdir().unwrap() };
        AuthorityFolder::create(&chain.path("authority"), "Hansa Kaffee", NOW).unwrap();
        chain
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn authority(&self) -> AuthorityFolder {
        AuthorityFolder::open(&self.path("authority")).unwrap()
    }

    /// The folder of a till, by any name.
    fn till(&self, folder: &str) -> Home {
        Home::at(&self.path(folder)).unwrap()
    }

    fn ask(&self, folder: &str, who: &Who) -> Vec<u8> {
        let out = self.path("request");
        request(&self.till(folder), who, &out).unwrap();
        fs::read(&out).unwrap()
    }

    fn grant(&self, request: &[u8], replace: bool) -> Result<GrantReport, EnrolError> {
        let options = GrantOptions { days: 730, replace, now: NOW };
        self.authority().grant(request, Some(&self.path("bundle")), options)
    }

    fn bundle(&self) -> Vec<u8> {
        fs::read(self.path("bundle")).unwrap()
    }

    fn accept(&self, folder: &str, who: &Who) -> Result<Accepted, EnrolError> {
        let home = self.till(folder);
        let lock = home.lock().unwrap();
        accept(&home, &lock, who, MACHINE, &self.bundle(), NOW)
    }

    /// All three steps.
    fn enrol(&self, folder: &str, who: &Who) {
        let request = self.ask(folder, who);
        self.grant(&request, false).unwrap();
        self.accept(folder, who).unwrap();
    }
}

fn who(number: u16) -> Who {
    Who { store: "HH01".into(), thing: format!("hh01-till-{number}"), number }
}
