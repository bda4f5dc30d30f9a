//! The clock and the time zone. Till never sells at an earlier instant than the last entry, but
//! prices, trading days and receipts go by the machine's clock.

use super::{Check, DoctorOptions};
use crate::till::Settings;
use jiff::{SignedDuration, Timestamp};

/// The clock may be this far before the last entry: what a time server corrects.
const BEHIND: SignedDuration = SignedDuration::from_mins(5);
/// A till that sold nothing for longer is rare; a clock this far ahead is not.
const AHEAD: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Checks the clock against the build, the journal and the store's zone.
pub(super) fn check(
    options: &DoctorOptions,
    last_entry: Option<Timestamp>,
    settings: Option<&Settings>,
) -> Vec<Check> {
    let mut checks = vec![clock(options.now, options.built, last_entry)];
    if let Some(settings) = settings {
        checks.push(zone(options, settings));
    }
    checks
}

fn clock(now: Timestamp, built: Timestamp, last_entry: Option<Timestamp>) -> Check {
    let set = "set the machine's clock, and let a time server keep it";
    if now < built {
        let found = format!("the clock says {now}, but this program was made {built}");
        return Check::problem("clock", found, set);
    }
    let Some(last) = last_entry else {
        return Check::ok("clock", now);
    };
    let since = now.duration_since(last);
    if since < -BEHIND {
        let found = format!("the clock says {now}, but the journal's last entry is of {last}");
        return Check::problem("clock", found, set);
    }
    if since > AHEAD {
        let found = format!("the clock says {now}, and the journal's last entry is of {last}");
        return Check::warning("clock", found, "if the till was not idle so long, set the clock");
    }
    Check::ok("clock", format!("{now}, last entry {last}"))
}

fn zone(options: &DoctorOptions, settings: &Settings) -> Check {
    let store = &settings.store.time_zone;
    let name = store.iana_name().unwrap_or("unnamed");
    let Some(machine) = &options.zone else {
        return Check::ok("time zone", format!("the store's is {name}"));
    };
    let here = machine.to_offset(options.now);
    let there = store.to_offset(options.now);
    if here == there {
        return Check::ok("time zone", format!("{name}, {there}"));
    }
    let found = format!("the store's is {name} ({there}), the machine's clock shows {here}");
    let remedy = "receipts and trading days go by the store's; set the machine's to the same";
    Check::warning("time zone", found, remedy)
}
