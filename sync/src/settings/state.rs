//! What settings come to: for each scope and key the value that was written last.

use super::{Marker, Scope, Setting, Value};
use crate::register::{self, Register};
use crdts::LWWReg;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// A setting as it is kept, with the marker that it counts by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What was set last.
    pub setting: Setting,
    /// When, and by which of the hub's incarnations.
    pub marker: Marker,
}

/// All settings of a chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    registers: BTreeMap<(Scope, String), Register<Value>>,
}

impl Settings {
    /// Folds what an entry set; the order in which entries come means nothing. Gives what is to be
    /// kept anew.
    pub fn apply(&mut self, marker: Marker, settings: &[Setting]) -> Vec<Kept> {
        let mut changed = Vec::new();
        for Setting { scope, key, value } in settings {
            let id = (scope.clone(), key.clone());
            let after = match self.registers.entry(id) {
                Entry::Vacant(empty) => empty.insert(LWWReg { val: value.clone(), marker }),
                Entry::Occupied(known) => {
                    let known = known.into_mut();
                    let before = known.clone();
                    register::write(known, value.clone(), marker);
                    if *known == before {
                        continue;
                    }
                    known
                }
            };
            let value = after.val.clone();
            let setting = Setting { scope: scope.clone(), key: key.clone(), value };
            changed.push(Kept { setting, marker: after.marker });
        }
        changed
    }

    /// What counts at a till: of each key the narrowest scope's value that covers it.
    #[must_use]
    pub fn at(&self, store: &str, till: u16) -> BTreeMap<&str, &Value> {
        let set = self.registers.iter().filter(|((scope, _), _)| scope.covers(store, till));
        // Scopes stand in order, the widest first, so that a narrower one's value comes later.
        let set =
            set.filter_map(|((_, key), register)| Some((key.as_str(), register.val.as_ref()?)));
        set.collect()
    }
}

/// What was kept, read back.
impl FromIterator<Kept> for Settings {
    fn from_iter<I: IntoIterator<Item = Kept>>(kept: I) -> Self {
        let mut settings = Self::default();
        for Kept { setting, marker } in kept {
            settings.apply(marker, &[setting]);
        }
        settings
    }
}
