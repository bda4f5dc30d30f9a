//! Whether the till still is who the chain signed for: its keys, its certificate, its name.
//!
//! A till in no chain has nothing to be said of. None of this stops sales; it stops links.

use super::{Check, DoctorOptions};
use crate::config::Config;
use crate::enrol::topics;
use crate::home::{Enrolment, Home};
use crate::till::Settings;
use jiff::{SignedDuration, Timestamp};
use std::fs;
use sync::enrol::{Certificate, CertificateError};

/// A certificate is renewed by hand, and shops close for holidays.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How the same steps as the first time mend what is wrong.
const AGAIN: &str = "run `till enrol request`, have it granted, and accept the bundle";

/// Checks what the till was enrolled as.
pub(super) fn check(
    config: &Config,
    home: &Home,
    settings: Option<&Settings>,
    options: &DoctorOptions,
) -> Option<Check> {
    let enrolment = match home.enrolment() {
        Ok(Some(enrolment)) => enrolment,
        Ok(None) => return home.tls_key().exists().then(waiting),
        Err(error) => return Some(problem(error, AGAIN)),
    };
    let wrong = other_name(config, settings, &enrolment)
        .or_else(|| other_keys(home, &enrolment))
        .or_else(|| certificate(home, options.now))
        .or_else(|| {
            let found = topics::unfit(config.hub.as_ref(), &enrolment.chain)?;
            Some(problem(found, topics::REMEDY))
        });
    Some(wrong.unwrap_or_else(|| {
        let Enrolment { thing, chain, .. } = &enrolment;
        Check::ok("enrolment", format!("`{thing}` of {chain}"))
    }))
}

fn problem(found: impl std::fmt::Display, remedy: &str) -> Check {
    Check::problem("enrolment", found, remedy)
}

fn waiting() -> Check {
    let found = "this till asked to be one of a chain and is in none yet";
    Check::warning("enrolment", found, "have its request granted, and run `till enrol accept`")
}

/// The till was set to another store, name or number since.
fn other_name(
    config: &Config,
    settings: Option<&Settings>,
    enrolment: &Enrolment,
) -> Option<Check> {
    let store = settings.map_or(enrolment.store.as_str(), |settings| &settings.store.code);
    let (thing, number) = (config.till.thing_in(store), config.till.number.get());
    if (store, &thing, number) == (&enrolment.store, &enrolment.thing, enrolment.number) {
        return None;
    }
    let found = format!(
        "enrolled as `{}`, till {} of store {}, but set up as `{thing}`, till {number} of store {store}",
        enrolment.thing, enrolment.number, enrolment.store
    );
    Some(problem(found, &format!("set it back in [till], or {AGAIN}")))
}

/// A key was lost and made anew, or put there from elsewhere. Nothing is made here: a missing
/// journal's key is said of the file.
fn other_keys(home: &Home, enrolment: &Enrolment) -> Option<Check> {
    if home.file("till.key").exists() {
        match home.sealing_key() {
            Ok(key) if key.public() == enrolment.key => {}
            Ok(_) => {
                let found =
                    "till.key is not the key that the chain signed for: what it seals waits";
                return Some(problem(found, AGAIN));
            }
            // Said of the file.
            Err(_) => return None,
        }
    }
    match home.connection_key() {
        Ok(Some(key)) => {
            let pem = fs::read(home.tls_pem()).unwrap_or_default();
            let read = Certificate::read(&pem).ok()?;
            let found = "tls.key is not the key of the certificate in tls.pem";
            (read.key != key.hash()).then(|| problem(found, AGAIN))
        }
        Ok(None) => Some(problem("tls.key is missing: this till can't connect", AGAIN)),
        Err(error) => Some(problem(error, AGAIN)),
    }
}

/// The certificate leads to the chain's authority, today and for a while.
fn certificate(home: &Home, now: Timestamp) -> Option<Check> {
    let (pem, ca) = match (fs::read(home.tls_pem()), fs::read(home.chain_pem())) {
        (Ok(pem), Ok(ca)) => (pem, ca),
        (Err(error), _) => return Some(problem(format!("tls.pem: {error}"), AGAIN)),
        (_, Err(error)) => return Some(problem(format!("chain.pem: {error}"), AGAIN)),
    };
    let judged = Certificate::verify(&pem, &ca, now).and_then(|()| Certificate::read(&pem));
    match judged {
        Ok(read) if read.until < now + RENEW_BEFORE => {
            let found = format!("the certificate is valid until {} only", read.until);
            Some(Check::warning("enrolment", found, format!("before then, {AGAIN}")))
        }
        Ok(_) => None,
        Err(CertificateError::NotYet(from)) => {
            let found = format!("the certificate is valid from {from} only");
            Some(problem(found, "set the machine's clock"))
        }
        Err(CertificateError::Expired(until)) => {
            let found =
                format!("the certificate was valid until {until}: no till talks to this one");
            Some(problem(found, AGAIN))
        }
        Err(error) => Some(problem(format!("tls.pem: {error}"), AGAIN)),
    }
}
