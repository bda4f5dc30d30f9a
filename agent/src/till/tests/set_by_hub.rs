//! What the hub sets takes effect at a running till: the receipt's footer, by chain, store and till.

use super::*;
use crate::store::catalogue::Downstream;
use crate::store::catalogue::downstream::testing::{Hub, root};
use crate::store::catalogue::downstream::{Delivered, Word};
use std::sync::Arc;
use sync::batch::Batch;
use sync::settings::{Scope, Value};
use sync::trust::Trust;

const FOOTER: &str = "receipt.footer";

/// A till with the writer of the hub's streams beside it.
struct Rig {
    shop: Shop,
    downstream: Downstream,
    hub: Hub,
}

impl Rig {
    fn new() -> Self {
        let shop = Shop::till(3);
        let catalogue = OpenOptions::new(shop.till.catalogue().file());
        let downstream = Downstream::open(&catalogue, shop.now).unwrap();
        Self { shop, downstream, hub: Hub::new(9, 10) }
    }

    fn take(&mut self, run: Batch) -> Delivered {
        let mut trust = Trust::new(Some(root().public()));
        for paper in self.hub.papers() {
            trust.admit(&paper).unwrap();
        }
        let (sender, trust) = ("the hub".to_owned(), Arc::new(trust));
        self.downstream.hear(self.shop.now, Word::Run { sender, run, trust }).unwrap()
    }

    fn set(&mut self, scope: Scope, value: Option<Value>) {
        let run = self.hub.set(scope, FOOTER, value);
        assert_eq!(self.take(run).suspicions, []);
    }

    /// The footer once the till has done something, and whether it told of new settings.
    fn footer(&mut self) -> (String, bool) {
        self.shop.effects.clear();
        self.shop.event(Event::Operator(None)).unwrap();
        let told = self.shop.effects.contains(&Effect::Changed(Change::Settings));
        (self.shop.till.settings().store.receipt_footer.clone(), told)
    }
}

fn text(text: &str) -> Option<Value> {
    Some(Value::Text(text.into()))
}

#[test]
fn a_footer_counts_when_it_comes_the_narrowest_scopes_first() {
    let mut rig = Rig::new();
    let imported = rig.footer().0;
    assert!(!imported.is_empty());
    let store = |code: &str| Scope::Store(code.into());
    let till = |number| Scope::Till("HH01".into(), number);
    for (scope, value, expected) in [
        (Scope::Chain, text("chain"), "chain"),
        (store("HH02"), text("another store"), "chain"),
        (store("HH01"), text("store\nsecond line\n"), "store\nsecond line"),
        (till(4), text("another till"), "store\nsecond line"),
        (till(3), text("till"), "till"),
        (Scope::Chain, text("chain again"), "till"),
        (till(3), None, "store\nsecond line"),
        (store("HH01"), None, "chain again"),
        (Scope::Chain, None, imported.as_str()),
    ] {
        rig.set(scope.clone(), value.clone());
        assert_eq!(rig.footer(), (expected.to_owned(), true), "{scope:?} {value:?}");
    }
    assert!(!rig.footer().1, "nothing new, nothing told");
    rig.set(Scope::Chain, text("chain"));
    let shop = rig.shop.restart();
    assert_eq!(shop.till.settings().store.receipt_footer, "chain");
}

#[test]
fn what_cannot_be_printed_changes_nothing() {
    let mut rig = Rig::new();
    let imported = rig.footer().0;
    let long = "x".repeat(501);
    for value in [Some(Value::Number(1)), Some(Value::Flag(true)), text(&long), text("a\u{7}b")] {
        rig.set(Scope::Chain, value.clone());
        assert_eq!(rig.footer().0, imported, "{value:?}");
    }
}

#[test]
fn a_key_that_nobody_knows_is_kept_and_damage_is_told() {
    let mut rig = Rig::new();
    let run = rig.hub.set(Scope::Chain, "loyalty.points_per_euro", Some(Value::Number(3)));
    assert_eq!(rig.take(run).suspicions, []);
    let kept = sync::store::settings_kept(rig.downstream.connection()).unwrap();
    let points = kept.at("HH01", 3).get("loyalty.points_per_euro").copied().cloned();
    assert_eq!(points, Some(Value::Number(3)));
    let run = rig.hub.set_body(&[0x80]);
    let delivered = rig.take(run);
    assert_eq!(delivered.suspicions.len(), 1);
    assert!(delivered.suspicions[0].why.contains("does not count"), "{delivered:?}");
}

/// `[112, [[[9], "a", null], [[1], "receipt.footer", [1, "new"]]]]`: a scope that this version lacks
/// beside what it has.
#[test]
fn what_a_newer_hub_wrote_is_kept_and_folded_once_updated() {
    let mut rig = Rig::new();
    let mut body = vec![0x82, 0x18, 0x70, 0x82, 0x83, 0x81, 0x09, 0x61, b'a', 0xf6];
    body.extend([0x83, 0x81, 0x01, 0x6e]);
    body.extend(FOOTER.as_bytes());
    body.extend([0x82, 0x01, 0x63]);
    body.extend(b"new");
    let run = rig.hub.set_body(&body);
    assert_eq!(rig.take(run.clone()).suspicions, []);
    assert_eq!(rig.footer().0, "new", "what it can read counts");
    let conn = rig.downstream.connection();
    let unread =
        || -> i64 { conn.query_row("SELECT count(*) FROM unread", [], |row| row.get(0)).unwrap() };
    assert_eq!(unread(), 1);
    let stored: Vec<u8> = conn
        .query_row("SELECT body FROM entry ORDER BY position DESC LIMIT 1", [], |row| row.get(0))
        .unwrap();
    assert_eq!(stored, run.entries[0].body, "bit for bit");
    // As an update would find it: noted as unread, not in the table, readable now.
    conn.execute("DELETE FROM setting", []).unwrap();
    let catalogue = OpenOptions::new(rig.shop.till.catalogue().file());
    rig.downstream = Downstream::open(&catalogue, rig.shop.now).unwrap();
    assert_eq!(rig.footer().0, "new");
}
