//! `till enrol accept` and `till enrol paper`: what an authority sent, checked and taken up.
//!
//! On a stopped till, for the papers go through the one writer of `till.db`. Nothing is written
//! before everything was checked. Papers come first, `chain.root` last: a till that was cut off
//! between is not enrolled, says so, and takes the same bundle again.

use super::{EnrolError, Who};
use crate::home::{Enrolment, Home, HomeError, Lock, replace_file};
use crate::plural::counted;
use jiff::Timestamp;
use serde::Serialize;
use std::fmt;
use sync::enrol::{Bundle, Certificate, Own};
use sync::log::SealKey;
use sync::store::Machine;
use sync::trust::{Admitted, Statement, Trust, read};

/// What was taken up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Accepted {
    /// The chain.
    pub chain: String,
    /// The till's name in it.
    pub thing: String,
    /// The chain's root key.
    pub root: String,
    /// Until when the certificate is valid.
    pub until: String,
    /// Papers that were not known here.
    pub new_papers: usize,
}

/// Takes up a bundle; `_lock` keeps a till from running meanwhile.
///
/// # Errors
/// When it does not fit this till, or something can't be written. A bundle that is refused leaves
/// everything as it was.
pub fn accept(
    home: &Home,
    lock: &Lock,
    who: &Who,
    machine: Machine,
    bundle: &[u8],
    now: Timestamp,
) -> Result<Accepted, EnrolError> {
    let bundle = Bundle::decode(bundle)?;
    let connections = home.connection_key()?.ok_or(EnrolError::NoRequest)?;
    let own = Own {
        store: &who.store,
        thing: &who.thing,
        number: who.number,
        key: home.sealing_key()?.public(),
        tls: connections.hash(),
        root: known_root(home)?,
    };
    let certificate = bundle.check(&own, now)?;
    let new_papers = keep_papers(home, lock, &own, machine, &bundle, now)?;
    write_files(home, &own, &bundle)?;
    Ok(Accepted {
        chain: bundle.chain,
        thing: who.thing.clone(),
        root: bundle.root.to_string(),
        until: certificate.until.to_string(),
        new_papers,
    })
}

/// The root of the chain the till is in. What can't be read any more is replaced by the bundle.
fn known_root(home: &Home) -> Result<Option<SealKey>, HomeError> {
    match home.enrolment() {
        Ok(enrolment) => Ok(enrolment.map(|enrolment| enrolment.root)),
        Err(HomeError::BadEnrolment { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn keep_papers(
    home: &Home,
    lock: &Lock,
    own: &Own<'_>,
    machine: Machine,
    bundle: &Bundle,
    now: Timestamp,
) -> Result<usize, EnrolError> {
    let mut store = home.till_store(Some(lock), machine, own.store, own.number, now)?;
    let mut trust = Trust::new(Some(bundle.root));
    store.load_trust(&mut trust)?;
    let mut with = trust.clone();
    for paper in &bundle.papers {
        // Each was admitted once already, in the bundle's check; what counts is what all come to.
        with.admit(paper)?;
    }
    if with.till_by_tls(own.tls).is_none_or(|paper| paper.key != own.key) {
        return Err(EnrolError::Outdated);
    }
    store.declare_self(&mut trust)?;
    let papers = bundle.papers.clone();
    let new = store.admit(now, &mut trust, "the chain's authority", papers)?.new;
    Ok(new.len())
}

fn write_files(home: &Home, own: &Own<'_>, bundle: &Bundle) -> Result<(), HomeError> {
    home.clear_enrolment()?;
    replace_file(&home.tls_pem(), bundle.certificate_pem.as_bytes())?;
    replace_file(&home.chain_pem(), bundle.ca_pem.as_bytes())?;
    home.write_enrolment(&Enrolment {
        chain: bundle.chain.clone(),
        store: own.store.to_owned(),
        thing: own.thing.to_owned(),
        number: own.number,
        root: bundle.root,
        key: own.key,
    })
}

/// Takes up one paper that an authority wrote, such as a revocation; says what it states.
///
/// # Errors
/// When the till is in no chain, or the paper is not by one who may issue it.
pub fn admit_paper(
    home: &Home,
    lock: &Lock,
    who: &Who,
    machine: Machine,
    paper: &[u8],
    now: Timestamp,
) -> Result<String, EnrolError> {
    let enrolment = home.enrolment()?.ok_or(EnrolError::NotEnrolled)?;
    let says = says(&read(paper)?.statement);
    let mut store = home.till_store(Some(lock), machine, &who.store, who.number, now)?;
    let mut trust = Trust::new(Some(enrolment.root));
    store.load_trust(&mut trust)?;
    match trust.clone().admit(paper)? {
        Admitted::Known => return Ok(format!("{says}: known here already")),
        Admitted::NotTheirs { issuer } => return Err(EnrolError::NotTheirs(issuer.to_string())),
        Admitted::New => {}
        other => return Err(EnrolError::NotTaken(format!("{other:?}"))),
    }
    store.admit(now, &mut trust, "a paper put in by hand", vec![paper.to_vec()])?;
    Ok(says)
}

/// What a statement says, in words.
pub(super) fn says(statement: &Statement) -> String {
    match statement {
        Statement::Store { store, key, .. } => format!("the key of store {store} is {key}"),
        Statement::Hub { key, .. } => format!("a hub's key is {key}"),
        Statement::Till(till) => {
            format!("`{}` is till {} of store {}", till.thing, till.number, till.store)
        }
        Statement::Incarnation { replica, .. } => format!("replica {replica} is its issuer's"),
        Statement::Revoked(revoked) => {
            format!("the key {} is revoked ({})", revoked.key, revoked.why)
        }
    }
}

/// The certificate that the till shows, where there is one that can be read.
pub(super) fn certificate(home: &Home) -> Option<Result<Certificate, String>> {
    let pem = std::fs::read(home.tls_pem()).ok()?;
    Some(Certificate::read(&pem).map_err(|error| error.to_string()))
}

impl fmt::Display for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "This till is `{}` of {}.", self.thing, self.chain)?;
        writeln!(f, "Its certificate is valid until {}.", self.until)?;
        writeln!(f, "The chain's root key is {};", self.root)?;
        writeln!(f, "it must be the one that `till authority list` shows.")?;
        let papers = counted(self.new_papers, "new paper", "new papers");
        writeln!(f, "{papers}. Start the till again: `till run`")
    }
}
