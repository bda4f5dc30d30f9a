//! Who may use the till, and what there is to sell.

use super::Check;
use crate::auth::made_with;
use crate::home::Home;
use crate::store::catalogue::{Catalogue, Staff};
use crate::store::glance::glance;
use crate::store::open::{OpenOptions, StoreError};
use crate::store::till::Inspection;
use crate::till::{Settings, SettingsError};
use commerce::staff::Role;
use jiff::Timestamp;

/// Numbers named in one finding; the rest is counted.
const NAMED: usize = 10;

/// What was imported.
pub(super) struct Shop {
    /// The settings, where they are complete.
    pub settings: Option<Settings>,
    /// Why not.
    why: Option<String>,
}

/// Loads the settings without making or changing the file.
pub(super) fn load(home: &Home) -> Shop {
    let file = home.catalogue_db();
    if !file.exists() {
        return Shop { settings: None, why: None };
    }
    let catalogue = Catalogue::open(&OpenOptions::new(&file).read_only());
    match catalogue.map_err(Into::into).and_then(|catalogue| Settings::load(&catalogue)) {
        Ok(settings) => Shop { settings: Some(settings), why: None },
        // What is wrong with the file itself is said once, of the file.
        Err(SettingsError::Store(_)) => Shop { settings: None, why: None },
        Err(error) => Shop { settings: None, why: Some(error.to_string()) },
    }
}

/// Checks settings, goods and staff.
pub(super) fn check(
    shop: Shop,
    home: &Home,
    looking: Option<&Inspection>,
    now: Timestamp,
) -> Vec<Check> {
    let Shop { settings, why } = shop;
    let mut checks = Vec::new();
    if let Some(why) = why {
        checks.push(Check::problem("settings", why, "import what is missing; see docs/formats.md"));
    }
    if home.catalogue_db().exists() {
        checks.extend(goods(home));
    }
    if let Some(settings) = settings {
        checks.push(staff(&settings.staff, looking, home.known_pepper(), now));
    }
    checks
}

fn goods(home: &Home) -> Option<Check> {
    Some(match glance(&home.catalogue_db()) {
        Ok(found) if found.items == 0 => {
            Check::problem("goods", "no items", "run `till import catalogue FILE`")
        }
        Ok(found) if !found.priced => {
            let text = format!("{} items, none with a price", found.items);
            Check::problem("goods", text, "run `till import prices FILE`")
        }
        Ok(found) if found.untaxed > 0 => {
            let text = format!(
                "{} of {} items are in a tax class that this store has not, and cannot be sold",
                found.untaxed, found.items
            );
            Check::problem("goods", text, "import taxes with every class, or these items anew")
        }
        Ok(found) => Check::ok("goods", format!("{} items, with prices", found.items)),
        Err(StoreError::Corrupt { .. }) => return None,
        Err(error) => Check::problem("goods", error, "see what is said of the file"),
    })
}

fn staff(
    staff: &[Staff],
    looking: Option<&Inspection>,
    pepper: Option<[u8; 32]>,
    now: Timestamp,
) -> Check {
    if staff.is_empty() {
        return Check::problem("staff", "nobody", "run `till import staff FILE`");
    }
    if !staff.iter().any(|person| person.role == Role::Administrator) {
        let found = format!("{} people, no administrator among them", staff.len());
        return Check::problem("staff", found, "import staff with an administrator");
    }
    let Some(looking) = looking else {
        return Check::ok("staff", format!("{} people", staff.len()));
    };
    let (mut without, mut lost, mut locked) = (Vec::new(), Vec::new(), Vec::new());
    let mut administrator = false;
    for person in staff {
        match looking.pin(person.id.as_str()) {
            Err(error) => return Check::problem("staff", error, "run `till journal verify`"),
            Ok(None) => without.push(person.id.as_str()),
            // Without the file each PIN is lost; that is said of the file.
            Ok(Some(pin)) if pepper.is_some_and(|known| !made_with(&pin.verifier, &known)) => {
                lost.push(person.id.as_str());
            }
            Ok(Some(pin)) => {
                administrator |= person.role == Role::Administrator;
                if pin.locked_until > now.as_millisecond() {
                    locked.push(person.id.as_str());
                }
            }
        }
    }
    if !lost.is_empty() {
        let found = format!("set under another pin.pepper: the PINs of {}", some(&lost));
        let remedy = if administrator {
            "put the right file back, or an administrator sets these PINs anew"
        } else {
            "put the right file back; else the next start shows a code to set an administrator's PIN"
        };
        return Check::problem("staff", found, remedy);
    }
    if !administrator {
        let found = "no administrator has a PIN, so nobody can set the others'";
        return Check::problem("staff", found, "set the first administrator's PIN");
    }
    if !without.is_empty() {
        let found = format!("without a PIN: {}", some(&without));
        return Check::warning("staff", found, "an administrator sets their PINs");
    }
    if !locked.is_empty() {
        let found = format!("locked out after wrong PINs: {}", some(&locked));
        return Check::warning("staff", found, "wait, or an administrator sets a new PIN");
    }
    Check::ok("staff", format!("{} people, all with a PIN", staff.len()))
}

fn some(ids: &[&str]) -> String {
    let named = ids.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match ids.len().checked_sub(NAMED) {
        Some(rest) if rest > 0 => format!("{named} and {rest} more"),
        _ => named,
    }
}
