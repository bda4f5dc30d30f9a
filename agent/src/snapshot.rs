//! `till snapshot`: what a snapshot's file is, and taking it up, for people.
//!
//! Files and tables are [`crate::store::catalogue::snapshot`]'s. Called by the command line.

use crate::home::{Home, HomeError};
use crate::store::catalogue::snapshot::{TakeError, Taken, look, take};
use crate::store::open::OpenOptions;
use crate::store::till::{Inspection, TillStoreError};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use sync::log::{StreamKind, Zone};
use sync::snapshot::Form;
use sync::trust::Trust;

/// Why a snapshot was not taken up or looked at.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The till knows no chain whose hub could have sealed it.
    #[error(
        "this till is not enrolled, so it can't tell whose snapshot that is: see `till enrol --help`"
    )]
    NotEnrolled,
    /// The till's folder.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The till's papers can't be read.
    #[error(transparent)]
    Till(#[from] TillStoreError),
    /// It has prices that do not count in this store.
    #[error(
        "the snapshot has prices of zone {0}, which is none of this till's: take one of its own zones, or set `price_zones` in [till]"
    )]
    OtherZone(u16),
    /// It was refused.
    #[error(transparent)]
    Refused(#[from] TakeError),
}

/// What became of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TakenReport {
    /// Whether it is the catalogue now; false when what was here stood there already.
    pub replaced: bool,
    /// Entries of the hub's that were missing.
    pub entries: u64,
    /// Items in it.
    pub items: u64,
}

impl fmt::Display for TakenReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.replaced {
            return writeln!(f, "the catalogue stands there already: nothing was to be done");
        }
        writeln!(
            f,
            "the catalogue has {} items now, {} entries of the hub's further than before",
            self.items, self.entries
        )?;
        writeln!(f, "names can be searched for once a running till has indexed them")
    }
}

/// What a snapshot is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SnapshotShown {
    /// Its name.
    pub id: String,
    /// When it was made.
    pub made_at: String,
    /// The store it is for; absent when it is for all.
    pub store: Option<String>,
    /// The currency of its prices.
    pub currency: String,
    /// Its items.
    pub items: u64,
    /// The schema of its catalogue.
    pub schema: u32,
    /// `file`, or so many pages.
    pub form: String,
    /// Where the hub's streams stand in it.
    pub streams: Vec<String>,
    /// Why this till does not believe it; absent when it does.
    pub disbelieved: Option<String>,
}

impl fmt::Display for SnapshotShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let store = self.store.as_deref().unwrap_or("all stores");
        writeln!(f, "snapshot {} of {}", self.id, self.made_at)?;
        writeln!(f, "for {store}, prices in {}, {} items", self.currency, self.items)?;
        writeln!(f, "schema {}, as {}", self.schema, self.form)?;
        for stream in &self.streams {
            writeln!(f, "  {stream}")?;
        }
        match &self.disbelieved {
            None => writeln!(f, "sealed by a hub of this till's chain"),
            Some(why) => writeln!(f, "not to be taken up here: {why}"),
        }
    }
}

/// Takes a snapshot up; a till may be running in `home`, whose store sells at the prices of `zones`. `progress` hears bytes done and in all.
///
/// # Errors
/// When it is refused; then the catalogue is as it was.
pub fn take_up(
    home: &Home,
    file: &Path,
    zones: &BTreeSet<Zone>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<TakenReport, SnapshotError> {
    let trust = trust(home)?;
    let (sealed, _) = look(file)?;
    let items = sealed.manifest().items;
    for head in &sealed.manifest().heads {
        if let StreamKind::Prices(zone) = head.stream.kind
            && !zones.contains(&zone)
        {
            return Err(SnapshotError::OtherZone(zone.number()));
        }
    }
    let taken = take(&OpenOptions::new(home.catalogue_db()), file, &trust, progress)?;
    Ok(match taken {
        Taken::Replaced { entries } => TakenReport { replaced: true, entries, items },
        Taken::Known => TakenReport { replaced: false, entries: 0, items },
    })
}

/// Looks at a snapshot without taking it up.
///
/// # Errors
/// When it is none, or the till's own files can't be read.
pub fn look_at(home: &Home, file: &Path) -> Result<SnapshotShown, SnapshotError> {
    let (sealed, _) = look(file)?;
    let disbelieved = match trust(home) {
        Ok(trust) => sealed.believe(&trust).err().map(|error| error.to_string()),
        Err(error @ SnapshotError::NotEnrolled) => Some(error.to_string()),
        Err(error) => return Err(error),
    };
    let manifest = sealed.manifest();
    let made_at = Timestamp::from_millisecond(manifest.made_ms);
    let head = |head: &sync::snapshot::StreamHead| format!("{} up to {}", head.stream, head.seq);
    Ok(SnapshotShown {
        id: sealed.id().to_string(),
        made_at: made_at.map_or_else(|_| "no known time".to_owned(), |at| at.to_string()),
        store: manifest.store.clone(),
        currency: manifest.currency.code().to_owned(),
        items: manifest.items,
        schema: manifest.schema,
        form: match &manifest.form {
            Form::File { .. } => "a file".to_owned(),
            Form::Pages { pages, .. } => format!("{} pages", pages.len()),
        },
        streams: manifest.heads.iter().map(head).collect(),
        disbelieved,
    })
}

/// Whose keys count for this till.
fn trust(home: &Home) -> Result<Trust, SnapshotError> {
    let enrolment = home.enrolment()?.ok_or(SnapshotError::NotEnrolled)?;
    let mut trust = Trust::new(Some(enrolment.root));
    if home.till_db().exists() {
        for paper in Inspection::open(&home.till_db())?.papers()? {
            // One that says nothing here is passed over.
            trust.admit(&paper).ok();
        }
    }
    Ok(trust)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::Enrolment;
    use std::fs::File;
    use sync::clock::Hlc;
    use sync::log::{Hash, ReplicaId, SealingKey, Seed, StreamId};
    use sync::snapshot::{Manifest, StreamHead, write_head};
    use sync::trust::{Statement, issue};

    fn key(number: u8) -> SealingKey {
        SealingKey::from_seed(&Seed::new([number; 32])).unwrap()
    }

    /// A snapshot's head, sealed by a hub of the chain whose root is `key(1)`; nothing follows it.
    fn snapshot(home: &Home, zone: u16) -> std::path::PathBuf {
        let hub = key(2);
        let replica = ReplicaId::of(&hub.public(), [9; 6]);
        let stream = StreamId { replica, kind: StreamKind::Prices(Zone::new(zone).unwrap()) };
        let (hash, clock) = (Hash([3; 32]), Hlc::from_ms(1));
        let seal = hub.seal(stream, 5, &hash);
        let papers = vec![
            issue(&Statement::Hub { key: hub.public(), serial: 1 }, &key(1)).unwrap(),
            issue(&Statement::Incarnation { replica, opened: clock }, &hub).unwrap(),
        ];
        let manifest = Manifest {
            schema: 6,
            made_ms: 1_700_000_000_000,
            currency: commerce::Currency::parse("EUR").unwrap(),
            store: None,
            items: 12,
            form: Form::Pages { plain: 1, pages: Vec::new() },
            heads: vec![StreamHead { stream, seq: 5, clock, hash, seal }],
            papers,
        };
        let file = home.file("some.snapshot");
        write_head(&manifest.seal(&hub).unwrap(), File::create(&file).unwrap()).unwrap();
        file
    }

    fn enrol(home: &Home, root: &SealingKey) {
        let enrolment = Enrolment {
            chain: "Hansa Kaffee".into(),
            store: "HH01".into(),
            thing: "hh01-till-3".into(),
            number: 3,
            root: root.public(),
            key: key(7).public(),
        };
        home.write_enrolment(&enrolment).unwrap();
    }

    #[test]
    fn shows_what_it_is_and_whether_this_till_believes_it() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path()).unwrap();
        let file = snapshot(&home, 3);
        let strange = look_at(&home, &file).unwrap();
        assert!(strange.disbelieved.unwrap().contains("not enrolled"));
        enrol(&home, &key(8));
        let other = look_at(&home, &file).unwrap();
        assert!(other.disbelieved.unwrap().contains("no hub of this chain"));
        enrol(&home, &key(1));
        let ours = look_at(&home, &file).unwrap();
        assert_eq!(ours.disbelieved, None);
        let text = ours.to_string();
        for says in ["for all stores", "EUR, 12 items", "0 pages", "prices of zone 3", "up to 5"] {
            assert!(text.contains(says), "{says} in {text}");
        }
    }

    #[test]
    fn refuses_before_anything_is_touched() {
        #[track_caller]
        fn check(home: &Home, file: &Path, zone: u16, says: &str) {
            let zones = [Zone::new(zone).unwrap()].into();
            let error = take_up(home, file, &zones, &mut |_, _| {}).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path()).unwrap();
        let file = snapshot(&home, 3);
        check(&home, &file, 3, "not enrolled");
        enrol(&home, &key(1));
        check(&home, &file, 4, "prices of zone 3, which is none of this till's");
        assert!(!home.catalogue_db().exists());
        check(&home, &file, 3, "holds others");
        std::fs::write(&file, "nonsense").unwrap();
        check(&home, &file, 3, "no snapshot");
    }
}
