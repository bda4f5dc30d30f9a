//! `till authority enrol`: a request granted, if nobody else has the name or the number.

use super::{AuthorityFolder, EnrolError, seed, term};
use crate::enrol::read_file;
use crate::home::{replace_file, write_new};
use jiff::Timestamp;
use ring::rand::SystemRandom;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use sync::enrol::Request;
use sync::log::{SealKey, SealingKey, Seed};
use sync::trust::{Statement, TillPaper, read};
use sync::wire::MAX_PAPER_BYTES;

/// How a request is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrantOptions {
    /// How long the certificate is valid.
    pub days: u16,
    /// Whether the till takes the place of one with its name or number.
    pub replace: bool,
    /// When.
    pub now: Timestamp,
}

/// What was granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GrantReport {
    /// The till's name.
    pub thing: String,
    /// Its store's code.
    pub store: String,
    /// Its number.
    pub number: u16,
    /// Until when its certificate is valid.
    pub until: String,
    /// The tills whose place it took.
    pub replaced: Vec<String>,
    /// The chain's root key.
    pub root: String,
    /// The bundle.
    pub bundle: PathBuf,
}

impl AuthorityFolder {
    /// Grants a request and writes the bundle to `out`, else to `THING.bundle` where the command is
    /// run. Granting one again is harmless, and renews
    /// its certificate.
    ///
    /// # Errors
    /// When another till has its name or number and it does not replace that one, its key was
    /// revoked, or a file can't be written.
    pub fn grant(
        &self,
        request: &[u8],
        out: Option<&Path>,
        options: GrantOptions,
    ) -> Result<GrantReport, EnrolError> {
        let request = Request::decode(request)?;
        let named = || format!("{}.bundle", request.thing).into();
        let out = out.map_or_else(named, Path::to_owned);
        let tills = self.tills()?;
        let gone = self.displaced(&request, &tills, options.replace)?;
        let serial = serial(options.now, tills.values().map(|(_, paper)| paper), &request);
        let (signer, paper) = self.store_key(&request.store, options.now)?;
        let mut papers = vec![paper];
        let stays = |paper: &TillPaper| {
            let displaced = gone.iter().any(|gone| gone.thing == paper.thing);
            paper.store == request.store && paper.thing != request.thing && !displaced
        };
        papers.extend(self.revocations()?.into_iter().map(|(bytes, _)| bytes));
        let mates = tills.values().filter(|(_, paper)| stays(paper));
        papers.extend(mates.map(|(bytes, _)| bytes.clone()));
        let term = term(options.now, i32::from(options.days));
        let desk = self.authority.desk(&signer, &papers);
        let granted = desk.grant(&request, term, serial, &SystemRandom::new())?;
        for paper in &gone {
            self.retire(paper)?;
        }
        let file = self.file("tills", &format!("{}.paper", request.thing));
        replace_file(&file, &granted.paper)?;
        // Last: whoever has the bundle is in the register.
        replace_file(&out, &granted.bundle.encode())?;
        Ok(GrantReport {
            thing: request.thing,
            store: request.store,
            number: request.number,
            until: term.until.to_string(),
            replaced: gone.into_iter().map(|paper| paper.thing).collect(),
            root: self.authority.root().to_string(),
            bundle: out,
        })
    }

    /// The tills that have to go for this one to come.
    fn displaced(
        &self,
        request: &Request,
        tills: &BTreeMap<String, (Vec<u8>, TillPaper)>,
        replace: bool,
    ) -> Result<Vec<TillPaper>, EnrolError> {
        if self.revocations()?.iter().any(|(_, revoked)| revoked.key == request.key) {
            return Err(EnrolError::RevokedKey);
        }
        let tls = request.tls()?;
        let mut gone = Vec::new();
        for (_, paper) in tills.values() {
            let same_number = paper.store == request.store && paper.number == request.number;
            let same_keys = paper.key == request.key && paper.tls == tls;
            let what = match paper.thing == request.thing {
                true if same_number && same_keys => continue,
                true => "this name",
                false if paper.key == request.key || paper.tls == tls => "this key",
                false if same_number => "this number",
                false => continue,
            };
            if !replace {
                let (wanted, held) = (format!("`{}`", request.thing), described(paper));
                return Err(EnrolError::Held { wanted, held, what });
            }
            gone.push(paper.clone());
        }
        Ok(gone)
    }

    /// A store's key and its paper, made when its first till comes.
    fn store_key(&self, store: &str, now: Timestamp) -> Result<(SealingKey, Vec<u8>), EnrolError> {
        let key_file = self.file("stores", &format!("{store}.key"));
        if !key_file.exists() {
            let made = SealingKey::generate(&SystemRandom::new());
            let (_, seed) = made.map_err(sync::enrol::AuthorityError::from)?;
            write_new(&key_file, seed.expose())?;
        }
        let key = SealingKey::from_seed(&Seed::new(seed(&key_file)?))
            .map_err(sync::enrol::AuthorityError::from)?;
        let paper_file = self.file("stores", &format!("{store}.paper"));
        if paper_file.exists() {
            let paper = read_file(&paper_file, MAX_PAPER_BYTES)?;
            if is_paper_of(&paper, store, key.public()) {
                return Ok((key, paper));
            }
            let detail = "is not the paper of the key beside it".to_owned();
            return Err(EnrolError::BadRegister { file: paper_file, detail });
        }
        let paper = self.authority.store_paper(store, key.public(), serial_at(now))?;
        replace_file(&paper_file, &paper)?;
        Ok((key, paper))
    }
}

fn is_paper_of(bytes: &[u8], store: &str, key: SealKey) -> bool {
    let says = |statement: &Statement| {
        matches!(statement, Statement::Store { store: named, key: signed, .. }
            if named == store && *signed == key)
    };
    read(bytes).is_ok_and(|paper| says(&paper.statement))
}

/// The instant in milliseconds, so that papers of several authorities follow each other; always
/// above the last one about this thing or key.
fn serial<'a>(
    now: Timestamp,
    known: impl Iterator<Item = &'a TillPaper>,
    request: &Request,
) -> u64 {
    let about = |paper: &&TillPaper| paper.thing == request.thing || paper.key == request.key;
    let last = known.filter(about).map(|paper| paper.serial).max();
    serial_at(now).max(last.map_or(0, |last| last.saturating_add(1)))
}

pub(super) fn serial_at(now: Timestamp) -> u64 {
    u64::try_from(now.as_millisecond()).unwrap_or(0)
}

pub(super) fn described(paper: &TillPaper) -> String {
    format!("`{}` (till {} of store {})", paper.thing, paper.number, paper.store)
}

impl fmt::Display for GrantReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { thing, store, number, until, .. } = self;
        writeln!(f, "`{thing}` is till {number} of store {store}; its certificate ends {until}.")?;
        for replaced in &self.replaced {
            writeln!(f, "It takes the place of `{replaced}`, whose paper is kept in former/.")?;
        }
        writeln!(f, "The chain's root key is {}", self.root)?;
        let bundle = self.bundle.display();
        writeln!(f, "Take {bundle} to that till, stop it, and run: till enrol accept {bundle}")
    }
}
