//! Both databases, the journal, payments that need someone, print jobs that are stuck.

use super::{Check, DoctorOptions};
use crate::home::Home;
use crate::plural::counted;
use crate::store::backup::quick_check_file;
use crate::store::till::{Inspection, JobState, PaymentState};
use crate::upkeep::verify::{VerifyReport, verify_inspection};
use crate::upkeep::{Seen, UpkeepError, Watch, seen};
use commerce::{Currency, Money};
use jiff::{SignedDuration, Timestamp};

/// A journal with more entries is verified at its end only, unless all of it is asked for: at
/// 60 µs a seal this many take a second or two.
pub(super) const WHOLE: u64 = 20_000;
/// Entries verified at the end of a longer one.
const TAIL: u64 = 2_000;
/// Jobs looked at.
const JOBS: u32 = 1_000;
/// A payment may be with its customer for so long while the till runs.
const UNDER_WAY: SignedDuration = SignedDuration::from_mins(6);

/// What later checks need of `till.db`.
#[derive(Default)]
pub(super) struct Look {
    /// The open database.
    pub inspection: Option<Inspection>,
    /// When the journal's last entry was written.
    pub last_entry: Option<Timestamp>,
}

/// Checks `till.db` and `catalogue.db`.
pub(super) fn check(
    home: &Home,
    options: &DoctorOptions,
    running: bool,
    currency: Option<Currency>,
    watch: Watch<'_>,
    checks: &mut Vec<Check>,
) -> Look {
    checks.push(catalogue(home));
    // Before the database: a running till may write it at any time.
    let seen = seen(home);
    let witnessed = matches!(seen, Ok(Seen::Witness(_)));
    let Some(inspection) = till_db(home, witnessed, checks) else { return Look::default() };
    checks.push(match seen.and_then(|seen| journal(&inspection, &seen, options.full, watch)) {
        Ok(found) => Check::ok("journal", found),
        Err(error) => {
            Check::problem("journal", error, "run `till journal verify`; see docs/recovery.md")
        }
    });
    let last_entry = inspection.streams().ok().and_then(|streams| {
        let clock = streams.iter().map(|known| known.clock).max()?;
        Timestamp::from_millisecond(i64::try_from(clock.ms()).ok()?).ok()
    });
    if let Some(currency) = currency {
        let since = running.then(|| options.now - UNDER_WAY);
        checks.push(payments(&inspection, currency, since));
    }
    checks.push(jobs(&inspection, running));
    checks.push(carts(&inspection));
    Look { inspection: Some(inspection), last_entry }
}

fn till_db(home: &Home, witnessed: bool, checks: &mut Vec<Check>) -> Option<Inspection> {
    let file = home.till_db();
    if !file.exists() {
        checks.push(if witnessed {
            let found = format!("{} is missing, but this till has sold before", file.display());
            Check::problem("till.db", found, "run `till restore` with the latest backup")
        } else {
            let found = format!("{} is not there yet", file.display());
            Check::warning("till.db", found, "start `till run` once")
        });
        return None;
    }
    let looked = Inspection::open(&file).and_then(|looking| {
        let found = looking.quick_check()?;
        Ok((looking, found))
    });
    let restore = "keep the file, and run `till restore` with the latest backup";
    match looked {
        Ok((looking, None)) => {
            checks.push(Check::ok("till.db", "opens, and every page is in order"));
            Some(looking)
        }
        Ok((_, Some(found))) => {
            checks.push(Check::problem("till.db", format!("is damaged: {found}"), restore));
            None
        }
        Err(error) if error.is_corrupt() => {
            checks.push(Check::problem("till.db", error, restore));
            None
        }
        Err(error) => {
            checks.push(Check::problem("till.db", error, "see what is said of the file"));
            None
        }
    }
}

fn catalogue(home: &Home) -> Check {
    let file = home.catalogue_db();
    if !file.exists() {
        let found = format!("{} is not there yet", file.display());
        return Check::problem("catalogue.db", found, "import the store: `till import store FILE`");
    }
    match quick_check_file(&file) {
        Ok(None) => Check::ok("catalogue.db", "opens, and every page is in order"),
        Ok(Some(found)) => {
            let remedy = "keep the file aside, then restore a backup or import everything again";
            Check::problem("catalogue.db", format!("is damaged: {found}"), remedy)
        }
        Err(error) => Check::problem("catalogue.db", error, "see what is said of the file"),
    }
}

/// Verifies the whole journal where that is quick or asked for, else the end of each stream.
fn journal(
    looking: &Inspection,
    seen: &Seen,
    full: bool,
    watch: Watch<'_>,
) -> Result<String, UpkeepError> {
    let streams = looking.streams()?;
    let entries: u64 = streams.iter().map(|known| known.seq).sum();
    if full || entries <= WHOLE {
        let VerifyReport { journals, zs, .. } = verify_inspection(looking, seen, watch)?;
        let receipts: u64 = journals.iter().map(|journal| journal.receipts).sum();
        let all = match entries {
            1 => "the 1 entry verifies".to_owned(),
            entries => format!("all {entries} entries verify"),
        };
        let receipts = counted(receipts, "receipt", "receipts");
        return Ok(format!("{all}: {receipts}, {}", counted(zs, "Z", "Zs")));
    }
    if let Seen::Witness(witness) = seen {
        let chain = witness.head;
        if looking.hash_at(chain.replica, chain.seq)? != Some(chain.hash) {
            return Err(UpkeepError::Elsewhere { replica: chain.replica, seq: chain.seq });
        }
    }
    let mut verified = 0;
    for known in &streams {
        verified += looking.verify_tail(known, TAIL)?;
    }
    Ok(format!("the last {verified} of {entries} entries verify; `till doctor --full` takes all"))
}

/// Payments whose outcome nobody knows, and money that stands in no sale. `since`: what began
/// later is under way.
fn payments(looking: &Inspection, currency: Currency, since: Option<Timestamp>) -> Check {
    let unsettled = match looking.unsettled_payments(currency) {
        Ok(unsettled) => unsettled,
        Err(error) => return Check::problem("payments", error, "run `till journal rebuild`"),
    };
    let late: Vec<_> =
        unsettled.iter().filter(|payment| since.is_none_or(|since| payment.at < since)).collect();
    if late.is_empty() {
        let found = match unsettled.len() {
            0 => "none without an end".to_owned(),
            young => format!(
                "{young} without an end, but younger than {} minutes: `till sell` shows how it stands",
                UNDER_WAY.as_mins()
            ),
        };
        return Check::ok("payments", found);
    }
    let describe = |intent: u64, state: PaymentState, asked: Money| match state {
        PaymentState::Approved => format!("payment {intent} of {asked} was taken for no sale"),
        _ => format!("nobody knows what became of payment {intent} of {asked}"),
    };
    let texts: Vec<String> =
        late.iter().map(|found| describe(found.intent, found.state, found.asked)).collect();
    let remedy = "a manager asks the terminal again, or looks at its journal, and then finishes, \
                  reverses or ends the payment by hand";
    Check::problem("payments", texts.join("; "), remedy)
}

/// Carts that were taken without a grant and then sold by both tills.
fn carts(looking: &Inspection) -> Check {
    let sold = match looking.sold_twice() {
        Ok(sold) => sold,
        Err(error) => return Check::problem("carts", error, "run `till journal rebuild`"),
    };
    if sold.is_empty() {
        return Check::ok("carts", "none was sold twice".to_owned());
    }
    let texts: Vec<String> = sold
        .iter()
        .map(|sold| format!("cart {} was sold at {}", sold.cart, sold.receipt))
        .collect();
    let remedy = "a manager compares the receipts of each cart and returns what was paid twice";
    Check::warning("carts", texts.join("; "), remedy)
}

fn jobs(looking: &Inspection, running: bool) -> Check {
    let jobs = match looking.jobs(JOBS) {
        Ok(jobs) => jobs,
        Err(error) => return Check::problem("print jobs", error, "run `till journal verify`"),
    };
    let stuck: Vec<_> = jobs
        .iter()
        .filter(|job| matches!(job.state, JobState::Unknown | JobState::NotPrinted))
        .collect();
    if let Some(first) = stuck.first() {
        let found =
            format!("{} need someone, the first: job {} ({})", stuck.len(), first.id, first.why);
        return Check::warning("print jobs", found, "look at the paper, then print or drop each");
    }
    let waiting = jobs.len();
    if running && waiting > 0 {
        let found = format!("{waiting} wait for the printer");
        return Check::warning("print jobs", found, "look at the printer");
    }
    Check::ok("print jobs", format!("{waiting} to be printed, none stuck"))
}
