//! `till enrol show`: who this till is, until when, and what it knows of its chain. Works while it
//! sells, and changes nothing.

use super::EnrolError;
use super::accept::{certificate, says};
use crate::home::Home;
use crate::plural::counted;
use crate::store::till::Inspection;
use serde::Serialize;
use std::fmt;
use sync::trust::{Statement, read};

/// Who a till is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// What it was enrolled as; absent until it was.
    pub enrolled: Option<Enrolled>,
    /// What its papers say, without incarnations.
    pub papers: Vec<String>,
    /// How many incarnations its papers name.
    pub incarnations: usize,
}

/// What a till was enrolled as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Enrolled {
    /// The chain.
    pub chain: String,
    /// The store's code.
    pub store: String,
    /// The till's name.
    pub thing: String,
    /// Its number.
    pub number: u16,
    /// The chain's root key.
    pub root: String,
    /// The key of its journal that was signed for.
    pub key: String,
    /// Until when its certificate is valid, or why that can't be told.
    pub certificate: String,
}

/// Looks at the till in `home`.
///
/// # Errors
/// When a file can't be read.
pub fn show(home: &Home) -> Result<Shown, EnrolError> {
    let enrolled = home.enrolment()?.map(|enrolment| Enrolled {
        chain: enrolment.chain,
        store: enrolment.store,
        thing: enrolment.thing,
        number: enrolment.number,
        root: enrolment.root.to_string(),
        key: enrolment.key.to_string(),
        certificate: match certificate(home) {
            Some(Ok(read)) => format!("valid from {} until {}", read.from, read.until),
            Some(Err(error)) => format!("of no use: {error}"),
            None => "missing".to_owned(),
        },
    });
    let mut shown = Shown { enrolled, papers: Vec::new(), incarnations: 0 };
    if home.till_db().exists() {
        for paper in Inspection::open(&home.till_db())?.papers()? {
            match read(&paper)?.statement {
                Statement::Incarnation { .. } => shown.incarnations += 1,
                other => shown.papers.push(says(&other)),
            }
        }
    }
    Ok(shown)
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.enrolled {
            None => {
                writeln!(f, "This till is in no chain: it sells, and syncs with nobody.")?;
                writeln!(f, "`till enrol request` begins its enrolment.")?;
            }
            Some(enrolled) => {
                let Enrolled { chain, store, thing, number, root, key, certificate } = enrolled;
                writeln!(f, "This till is `{thing}`, till {number} of store {store}, in {chain}.")?;
                writeln!(f, "certificate   {certificate}")?;
                writeln!(f, "root key      {root}")?;
                writeln!(f, "journal's key {key}")?;
            }
        }
        for paper in &self.papers {
            writeln!(f, "paper         {paper}")?;
        }
        let papers = counted(self.papers.len(), "paper", "papers");
        let incarnations =
            counted(self.incarnations, "incarnation of a till", "incarnations of tills");
        writeln!(f, "{papers}, {incarnations}")
    }
}
