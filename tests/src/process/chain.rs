//! Tills of one chain, by the commands of the documentation: an authority, tills that it enrols, and
//! two of a shop that know each other's address.

use super::Place;
use anyhow::{Context as _, Result, ensure};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Makes a chain's authority in a new folder below `folder`.
///
/// # Errors
/// What `till` says.
pub fn new_authority(place: &Place, folder: &Path, chain: &str) -> Result<PathBuf> {
    let authority = folder.join("authority");
    place.till(&["authority", "new", &authority.to_string_lossy(), "--chain", chain])?;
    Ok(authority)
}

/// Enrols a till at an authority, as docs/configuration.md says.
///
/// # Errors
/// What `till` says.
pub fn enrol(authority: &Path, place: &Place, folder: &Path, number: usize) -> Result<()> {
    let file = |end: &str| folder.join(format!("{number}.{end}")).to_string_lossy().into_owned();
    let (request, bundle) = (file("request"), file("bundle"));
    place.till(&["enrol", "request", "--out", &request])?;
    let authority = authority.to_string_lossy();
    place.till(&["authority", "enrol", &authority, &request, "--out", &bundle])?;
    place.till(&["enrol", "accept", &bundle])?;
    Ok(())
}

/// Two enrolled tills of the demo store that link directly, and are not started.
///
/// # Errors
/// When something can't be made.
pub fn neighbours() -> Result<[Place; 2]> {
    let ports = [free_port()?, free_port()?];
    let places = [Place::demo()?, Place::demo()?];
    for (at, place) in places.iter().enumerate() {
        let [mine, theirs] = if at == 0 { ports } else { [ports[1], ports[0]] };
        let (number, other) = (at + 1, 2 - at);
        place.configure(&format!(
            "[till]\nnumber = {number}\n[link]\nlisten = \"127.0.0.1:{mine}\"\n\
             [[sibling]]\nthing = \"hh01-till-{other}\"\naddress = \"127.0.0.1:{theirs}\"\n"
        ))?;
    }
    let folder = tempfile::tempdir()?;
    let authority = new_authority(&places[0], folder.path(), "Demo")?;
    for (number, place) in (1..).zip(&places) {
        enrol(&authority, place, folder.path(), number)?;
    }
    Ok(places)
}

/// A port that nobody uses now.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Looks every `pause` until something is found.
///
/// # Errors
/// When it is not found within `patience`, or looking fails.
pub fn wait_for<T>(
    what: &str,
    (pause, patience): (Duration, Duration),
    mut look: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let begun = std::time::Instant::now();
    loop {
        if let Some(found) = look().with_context(|| what.to_owned())? {
            return Ok(found);
        }
        ensure!(begun.elapsed() < patience, "{what}: not within {patience:?}");
        std::thread::sleep(pause);
    }
}
