//! What TLS refused, in words for a person.

use super::clock::timestamp;
use rustls::{AlertDescription, CertificateError, Error};
use std::io;

/// What went wrong, and with whose certificate.
pub(in crate::link) fn explain(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(why) => certificate(why),
        Error::AlertReceived(alert) => alert_received(*alert),
        Error::NoCertificatesPresented => "it showed no certificate".to_owned(),
        other => format!("TLS failed: {other}"),
    }
}

fn certificate(why: &CertificateError) -> String {
    match why {
        CertificateError::ExpiredContext { not_after, .. } => format!(
            "its certificate was valid until {}: renew it, or set this machine's clock",
            timestamp(*not_after)
        ),
        CertificateError::NotValidYetContext { not_before, .. } => format!(
            "its certificate is valid from {} only: set this machine's clock",
            timestamp(*not_before)
        ),
        // A certificate signed by a namesake of our authority comes out as a bad signature.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "its certificate was not issued by the authority that is trusted here".to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => format!(
            "its certificate is not for {} but for {}",
            expected.to_str(),
            presented.iter().map(|name| plain(name)).collect::<Vec<_>>().join(", ")
        ),
        other => format!("its certificate is refused: {other}"),
    }
}

/// A name as it stands in the certificate, out of `DnsName("till-3")`.
fn plain(name: &str) -> &str {
    let dns = name.strip_prefix("DnsName(\"").and_then(|name| name.strip_suffix("\")"));
    dns.unwrap_or(name)
}

/// Alerts are what the other side thinks of our certificate.
fn alert_received(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateExpired => refuses("it has expired"),
        // The latter where that authority is a namesake of one that it knows.
        AlertDescription::UnknownCA | AlertDescription::DecryptError => {
            refuses("it does not know the authority that issued it")
        }
        AlertDescription::CertificateRevoked => refuses("it was revoked"),
        AlertDescription::CertificateRequired
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::AccessDenied => refuses("its own log says why"),
        AlertDescription::NoApplicationProtocol => {
            "it speaks another protocol on this port".to_owned()
        }
        other => format!("it broke TLS off ({other:?})"),
    }
}

fn refuses(why: &str) -> String {
    format!("it refuses this till's certificate: {why}")
}

/// Whether the other side ended the line. What TLS and the system say of that is for programmers.
pub(in crate::link) fn closed(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(
        error.kind(),
        K::UnexpectedEof | K::ConnectionReset | K::ConnectionAborted | K::BrokenPipe
    )
}

/// The TLS error inside another one, if there is one: an I/O error hides it from `source`.
pub(in crate::link) fn cause<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a Error> {
    // No chain of errors is longer in practice; a bound, for the depth is not ours.
    const MAX_DEPTH: usize = 8;
    let mut next = Some(error);
    for _ in 0..MAX_DEPTH {
        let error = next?;
        if let Some(tls) = error.downcast_ref::<Error>() {
            return Some(tls);
        }
        next = match error.downcast_ref::<io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as _),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_told_in_words() {
        use AlertDescription as A;
        for (alert, says) in [
            (A::CertificateExpired, "it refuses this till's certificate: it has expired"),
            (A::CertificateRevoked, "it refuses this till's certificate: it was revoked"),
            (
                A::UnknownCA,
                "it refuses this till's certificate: it does not know the authority that issued it",
            ),
            (A::BadCertificate, "it refuses this till's certificate: its own log says why"),
            (A::CertificateUnknown, "it refuses this till's certificate: its own log says why"),
            (A::NoApplicationProtocol, "it speaks another protocol on this port"),
        ] {
            assert_eq!(explain(&Error::AlertReceived(alert)), says);
        }
    }
}
