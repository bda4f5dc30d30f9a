//! The till's folder: who owns it, who may read its secrets, how much room its disk has.

use super::Check;
use crate::config::Config;
use crate::home::{Home, free_bytes};
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// What the till writes.
const FILES: [&str; 6] =
    ["till.db", "catalogue.db", "till.key", "pin.pepper", "tls.key", "till.witness"];
/// What nobody else may read.
const SECRETS: [&str; 3] = ["till.key", "pin.pepper", CONNECTIONS];
/// The key of connections: PEM, and there only once the till asked to be one of a chain.
const CONNECTIONS: &str = "tls.key";
/// The length of a secret, in bytes.
const SECRET_BYTES: u64 = 32;
/// Free disk below this many watermarks is worth a word before sales stop.
const NEARLY_FULL: u64 = 4;

/// The one check there is when the folder does not exist.
pub(super) fn missing(config: &Config) -> Option<Check> {
    let folder = &config.store.folder;
    let found = match fs::metadata(folder.as_path()) {
        Ok(found) if found.is_dir() => return None,
        Ok(_) => format!("{} is no folder", folder.display()),
        Err(error) => format!("{}: {error}", folder.display()),
    };
    let remedy = "set store.folder, or make the folder and give it to the till's user";
    Some(Check::problem("folder", found, remedy))
}

/// Checks owner, modes and room.
pub(super) fn check(config: &Config, home: &Home) -> Vec<Check> {
    let mut checks = vec![owner(home)];
    checks.extend(SECRETS.iter().filter_map(|name| secret(home, name)));
    checks.push(disk(free_bytes(home.folder()), config.store.disk_watermark_bytes()));
    checks
}

/// Every file belongs to whom the folder belongs to, who may write it; nobody else may.
fn owner(home: &Home) -> Check {
    let folder = home.folder();
    let Ok(whole) = fs::metadata(folder) else {
        return Check::problem("folder", folder.display(), "give the folder to the till's user");
    };
    let us = rustix::process::geteuid().as_raw();
    if us != 0 && whole.uid() != us {
        let found = format!("{} belongs to user {}, not {us}", folder.display(), whole.uid());
        return Check::problem("folder", found, "run the till and its commands as the same user");
    }
    if whole.mode() & 0o022 != 0 {
        let found = format!("{} can be written by others ({})", folder.display(), mode(&whole));
        return Check::problem("folder", found, format!("run `chmod 700 {}`", folder.display()));
    }
    let wrong = FILES.iter().find_map(|name| wrong_file(&home.file(name), &whole));
    wrong.unwrap_or_else(|| {
        let found = format!("{}, user {}, {}", folder.display(), whole.uid(), mode(&whole));
        Check::ok("folder", found)
    })
}

fn wrong_file(path: &Path, folder: &Metadata) -> Option<Check> {
    let found = fs::metadata(path).ok()?;
    if found.uid() != folder.uid() {
        let text = format!(
            "{} belongs to user {}, its folder to {}",
            path.display(),
            found.uid(),
            folder.uid()
        );
        let remedy = format!("run `chown {} {}`", folder.uid(), path.display());
        return Some(Check::problem("folder", text, remedy));
    }
    if found.mode() & 0o600 != 0o600 {
        let text = format!("{} may not be written by its owner ({})", path.display(), mode(&found));
        return Some(Check::problem(
            "folder",
            text,
            format!("run `chmod u+rw {}`", path.display()),
        ));
    }
    None
}

fn secret(home: &Home, name: &str) -> Option<Check> {
    let path = home.file(name);
    let Ok(found) = fs::metadata(&path) else {
        // Without a database the till never started, and makes its secrets when it does.
        let expected = name != CONNECTIONS && home.till_db().exists();
        return expected.then(|| lost_secret(&path, name));
    };
    if found.mode() & 0o077 != 0 {
        let text = format!("{} can be read by others ({})", path.display(), mode(&found));
        return Some(Check::problem(
            "secrets",
            text,
            format!("run `chmod 600 {}`", path.display()),
        ));
    }
    if name != CONNECTIONS && found.len() != SECRET_BYTES {
        let text = format!("{} has {} bytes, not {SECRET_BYTES}", path.display(), found.len());
        return Some(Check::problem("secrets", text, "put the right file back"));
    }
    Some(Check::ok("secrets", format!("{name} can be read by its owner only")))
}

fn lost_secret(path: &Path, name: &str) -> Check {
    let found = format!("{} is missing", path.display());
    if name == "pin.pepper" {
        let remedy = "put the file back; without it no PIN is right, and the next start shows a code to set an administrator's anew";
        return Check::warning("secrets", found, remedy);
    }
    let remedy = "put the file back; without it the next start begins a new receipt series";
    Check::problem("secrets", found, remedy)
}

fn disk(free: Option<u64>, watermark: u64) -> Check {
    let mib = |bytes: u64| bytes / (1024 * 1024);
    let Some(free) = free else {
        return Check::warning("disk", "the room left cannot be read", "look at it with `df`");
    };
    let found = format!("{} MiB free, sales stop below {} MiB", mib(free), mib(watermark));
    if free < watermark {
        return Check::problem("disk", found, "free some space: no new sale is begun until then");
    }
    if free < watermark.saturating_mul(NEARLY_FULL) {
        return Check::warning("disk", found, "free some space before the till stops selling");
    }
    Check::ok("disk", found)
}

fn mode(found: &Metadata) -> String {
    format!("mode {:o}", found.mode() & 0o777)
}

#[cfg(test)]
mod tests {
    use super::super::Outcome::{self, Ok, Problem, Warning};
    use super::disk;

    fn check(free: Option<u64>, expected: Outcome) {
        let found = disk(free, 64 << 20);
        assert_eq!(found.outcome, expected, "{free:?}: {}", found.found);
    }

    #[test]
    fn the_disk_warns_before_it_stops_sales() {
        check(None, Warning);
        check(Some(0), Problem);
        check(Some((64 << 20) - 1), Problem);
        check(Some(64 << 20), Warning);
        check(Some((256 << 20) - 1), Warning);
        check(Some(256 << 20), Ok);
    }
}
