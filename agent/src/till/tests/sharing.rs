//! Two tills of one shop with the line between them at hand: what one writes the other hears when
//! the test says so.

use super::*;
use crate::store::till::{Compacting, FOLDED_CARTS, read, rebuild};
use commerce::cart::{Cart, CartState, Line};
use commerce::fact::PaymentOutcome;
use commerce::sale::ReceiptNumber;
use sync::space::End;
use sync::store::AlarmKind;

const ROLL: &str = "9520000100377";

/// A till of the shop with an open shift.
fn till(number: u8) -> Shop {
    let mut shop = Shop::till(number);
    let float = shop.money("100.00");
    shop.ok("201", Command::OpenShift { float });
    shop.effects.clear();
    shop
}

impl Shop {
    /// Hears everything that `other` has written.
    fn hear(&mut self, other: &Self) {
        let from = other.till.store.connection();
        let replica = other.till.store.replica();
        let now = self.now;
        let carts = self.till.store.act(now, |act| act.hear(from, replica)).unwrap();
        self.till.folded(now, carts, &mut self.effects).unwrap();
        self.till.follow_carts(now, &mut self.effects);
    }

    /// What the till answers to another that asks for a cart.
    fn claimed_by(&mut self, from: ReplicaId, cart: CartId) -> Result<(), String> {
        let (reply, effects) = self.till.hear(self.now, PeerWord::ClaimAsked { from, cart });
        self.effects.extend(effects);
        match reply.unwrap() {
            PeerReply::Claim(granted) => granted,
            other => panic!("{other:?}"),
        }
    }

    fn parked(&mut self, codes: &[&str], label: &str) -> CartId {
        codes.iter().for_each(|code| drop(self.scan(code)));
        let cart = self.till.current().unwrap();
        self.ok("101", Command::Park { cart, label: label.into() });
        cart
    }

    /// Pays a cart in cash.
    fn pay(&mut self, cart: CartId) -> commerce::sale::ReceiptNumber {
        let amount = self.money("50.00");
        let tender = Command::Tender { cart, tender: "cash".into(), amount, reference: None };
        let reply = self.ok("101", tender);
        self.sold(reply)
    }

    /// The replica that the till last asked for a cart, and which.
    fn asked(&self) -> Option<(ReplicaId, CartId)> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::AskClaim { holder, cart } => Some((*holder, *cart)),
            _ => None,
        })
    }

    fn rows(&self, table: &str) -> i64 {
        let conn = self.till.store.connection();
        conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }

    fn dump(&self) -> Vec<String> {
        let conn = self.till.store.connection();
        let mut all = Vec::new();
        for table in FOLDED_CARTS {
            let mut statement = conn.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = statement.column_count();
            let rows = statement.query_map([], |row| {
                (0..columns)
                    .map(|column| row.get(column))
                    .collect::<Result<Vec<rusqlite::types::Value>, _>>()
            });
            all.extend(rows.unwrap().map(|row| format!("{table} {:?}", row.unwrap())));
        }
        all.sort();
        all
    }

    /// Folding everything again comes to the same.
    fn assert_folds_again(&self) {
        let live = self.dump();
        rebuild(self.till.store.connection(), &mut |_| {}).unwrap();
        assert_eq!(self.dump(), live);
    }
}

/// Both hear each other until neither has anything to say.
fn meet(a: &mut Shop, b: &mut Shop) {
    for _ in 0..6 {
        a.hear(b);
        b.hear(a);
    }
    a.assert_folds_again();
    b.assert_folds_again();
}

/// What a till shows of the shop's carts: number, lines with their quantities, label.
fn shown(shop: &Shop) -> Vec<(String, Vec<String>, CartState)> {
    let conn = shop.till.store.connection();
    let carts = read::carts(conn, shop.till.settings.store.currency).unwrap();
    let line = |line: &commerce::cart::Line| {
        format!("{} {} {}", line.number, line.item.sku, line.quantity)
    };
    carts
        .iter()
        .map(|shared| {
            let lines = shared.cart.live_lines().map(line).collect();
            (shared.cart.id.to_string(), lines, shared.cart.state.clone())
        })
        .collect()
}

/// `to` claims a cart of `from`'s, which answers as it will over a link.
fn claim(from: &mut Shop, to: &mut Shop, cart: CartId) -> Result<(), String> {
    to.ok("101", Command::Claim { cart });
    assert_eq!(to.asked(), Some((from.till.store.replica(), cart)));
    from.claimed_by(to.till.store.replica(), cart)
}

#[test]
fn a_parked_cart_is_seen_claimed_recalled_and_sold_elsewhere() {
    let (mut one, mut two) = (till(1), till(2));
    let cart = one.parked(&["101", ROLL], "blue coat");
    assert_eq!(cart.to_string(), "1-1");
    meet(&mut one, &mut two);
    assert_eq!(shown(&one), shown(&two));
    let view = two.till.view(cart, None).unwrap();
    assert_eq!((view.cart.lines.len(), view.elsewhere.unwrap().till), (2, Some(1)));
    let edit = Command::SetQuantity { cart, line: 1, quantity: "2".into() };
    assert!(two.refused("101", edit.clone()).contains("cart 1-1 is held by till 1"));

    assert_eq!(two.ok("102", Command::Recall { cart }), Reply::ClaimAsked(cart));
    let (holder, asked) = two.asked().unwrap();
    assert_eq!((holder, asked), (one.till.store.replica(), cart));
    one.claimed_by(two.till.store.replica(), cart).unwrap();
    assert!(one.refused("101", edit.clone()).contains("cart 1-1 is held by"));
    // Whoever stops in between has lost nothing.
    let mut one = one.restart();
    two.hear(&one);
    assert_eq!(two.till.current(), Some(cart), "recalled as soon as it is here");
    let mut two = two.restart();
    meet(&mut one, &mut two);
    assert_eq!(one.rows("claim"), 1, "the former holder's claim is over");
    assert_eq!(one.till.view(cart, None).unwrap().elsewhere.unwrap().till, Some(2));
    two.ok("101", edit);
    two.scan("102");
    meet(&mut one, &mut two);
    assert_eq!(shown(&one), shown(&two));
    assert_eq!(one.till.view(cart, None).unwrap().cart.lines.len(), 3);
    two.pay(cart);
    meet(&mut one, &mut two);
    for shop in [&one, &two] {
        for table in ["claim", "cart_line", "offer", "answer", "contested", "settlement"] {
            assert_eq!(shop.rows(table), 0, "{table}");
        }
    }
}

#[test]
fn a_holder_that_hears_of_a_taking_and_its_end_at_once_has_the_cart_no_more() {
    let (mut one, mut two) = (till(1), till(2));
    let granted = one.parked(&["101"], "blue coat");
    let forced = one.parked(&["101"], "hat");
    two.hear(&one);
    claim(&mut one, &mut two, granted).unwrap();
    two.hear(&one);
    two.ask("101", Some("301"), Command::ForceClaim { cart: forced }).unwrap();
    for cart in [granted, forced] {
        two.ok("101", Command::Recall { cart });
        two.pay(cart);
    }
    one.ok("101", Command::Recall { cart: forced });
    one.scan("102");
    let now = two.now;
    two.till.store.compact_workspace(now, u64::MAX).unwrap();
    meet(&mut one, &mut two);
    let late: Vec<_> = one.till.carts().map(|cart| cart.state.clone()).collect();
    assert_eq!(late, [CartState::Parked { label: "late for 1-2".into() }]);
    assert_eq!(shown(&one), shown(&two));
    assert_eq!((one.rows("claim"), two.rows("claim")), (1, 1));
    assert_eq!((one.rows("contested"), two.rows("contested")), (0, 0));
}

/// The card terminal was asked for money on a cart that another till took meanwhile, and says no.
#[test]
fn a_claim_that_waited_for_a_payment_is_given_up_once_it_is_over() {
    let (mut one, mut two) = (till(1), till(2));
    let cart = one.parked(&["101"], "blue coat");
    two.hear(&one);
    one.ok("101", Command::Recall { cart });
    let intent = one.pay_by_card(cart);
    two.ask("101", Some("301"), Command::ForceClaim { cart }).unwrap();
    one.hear(&two);
    assert!(one.till.carts().any(|it| it.id == cart), "money may be on its way");
    let report =
        PaymentReport::Ended(PaymentOutcome::Declined { code: 5, text: "declined".into() });
    one.event(Event::Payment { intent, report }).unwrap();
    assert!(one.till.carts().all(|it| it.id != cart));
    assert!(one.till.elsewhere().any(|it| it.cart.id == cart));
}

#[test]
fn a_cart_in_somebodys_hands_is_not_granted() {
    let (mut one, mut two) = (till(1), till(2));
    let open = one.scan("101").cart.id;
    meet(&mut one, &mut two);
    let refused = claim(&mut one, &mut two, open).unwrap_err();
    assert!(refused.contains("at the till that holds it"), "{refused}");
    let word = PeerWord::ClaimRefused { cart: open, why: refused.clone() };
    two.effects.extend(two.till.hear(two.now, word).1);
    assert!(two.effects.contains(&Effect::Changed(Change::ClaimRefused(open, refused))));
    let amount = one.money("0.10");
    let tender = Command::Tender { cart: open, tender: "cash".into(), amount, reference: None };
    one.ok("101", tender);
    let mut one = one.restart();
    one.till.current = None;
    let refused = claim(&mut one, &mut two, open).unwrap_err();
    assert!(refused.contains("is being paid"), "{refused}");
    let gone = CartId(99);
    let refused = one.claimed_by(replica_of(2), gone).unwrap_err();
    assert!(refused.contains("there is no cart"), "{refused}");
}

#[test]
fn a_forced_claim_needs_a_manager_and_two_sales_of_one_cart_are_told() {
    let (mut one, mut two) = (till(1), till(2));
    let cart = one.parked(&["101"], "blue coat");
    two.hear(&one);
    let force = Command::ForceClaim { cart };
    assert!(two.ask("101", None, force.clone()).is_err());
    two.ask("101", Some("301"), force).unwrap();
    two.ok("101", Command::Recall { cart });
    let here = two.pay(cart);
    // The line is down: the first till knows of nothing.
    one.ok("101", Command::Recall { cart });
    let there = one.pay(cart);
    let mut two = two.restart();
    meet(&mut one, &mut two);
    for shop in [&one, &two] {
        let sold = read::sold_twice(shop.till.store.connection()).unwrap();
        let receipts: Vec<_> = sold.into_iter().map(|sold| sold.receipt).collect();
        assert_eq!(receipts, [there.clone(), here.clone()]);
        assert_eq!((shop.rows("claim"), shop.rows("settlement")), (0, 0));
        assert!(shop.effects.contains(&Effect::Changed(Change::Alarm)));
    }
    let told = |shop: &Shop| {
        let alarms = sync::store::alarms(shop.till.store.connection()).unwrap();
        let told = |it: sync::store::Alarm| (it.kind.unwrap(), it.subject, it.detail, it.times);
        alarms.into_iter().map(told).collect::<Vec<_>>()
    };
    for shop in [&mut one, &mut two] {
        let (kind, subject, detail, times) = told(shop).swap_remove(0);
        assert_eq!((kind, subject, times), (AlarmKind::PaidTwice, format!("cart {cart}"), 1));
        assert!(detail.contains(&here.to_string()) && detail.contains(&there.to_string()));
        shop.till.see_alarm(1, shop.now).unwrap();
    }
    // Neither a rebuild nor what both say again shows it again.
    let (mut one, mut two) = (one.restart(), two.restart());
    for shop in [&mut one, &mut two] {
        shop.assert_folds_again();
        let now = shop.now;
        shop.till.store.compact_workspace(now, u64::MAX).unwrap();
    }
    meet(&mut one, &mut two);
    for shop in [&one, &two] {
        let alarms = sync::store::alarms(shop.till.store.connection()).unwrap();
        assert!(alarms.iter().all(|alarm| alarm.seen_at_ms.is_some()), "{alarms:?}");
    }
}

/// The second till takes a cart by force and recalls it; the first, which does not know, sells it.
fn paid_where_it_was_taken_from() -> (Shop, Shop, CartId, ReceiptNumber) {
    let (mut one, mut two) = (till(1), till(2));
    let cart = one.parked(&["101"], "blue coat");
    two.hear(&one);
    two.ask("101", Some("301"), Command::ForceClaim { cart }).unwrap();
    two.ok("101", Command::Recall { cart });
    one.ok("101", Command::Recall { cart });
    let receipt = one.pay(cart);
    meet(&mut one, &mut two);
    (one, two, cart, receipt)
}

/// The sale that is told of bears the cart's number by mistake, and this customer has not paid.
#[test]
fn a_manager_approves_that_a_cart_is_paid_again_and_it_is_told() {
    let (mut one, mut two, cart, there) = paid_where_it_was_taken_from();
    let amount = two.money("5.00");
    let tender = Command::Tender { cart, tender: "cash".into(), amount, reference: None };
    let reply = two.ask("101", Some("301"), tender).unwrap();
    let here = two.sold(reply);
    meet(&mut one, &mut two);
    for shop in [&one, &two] {
        let sold = read::sold_twice(shop.till.store.connection()).unwrap();
        let receipts: Vec<_> = sold.into_iter().map(|sold| sold.receipt).collect();
        assert_eq!(receipts, [there.clone(), here.clone()]);
    }
}

#[test]
fn a_cart_that_was_paid_where_it_was_taken_from_is_not_paid_again() {
    let (mut one, mut two, cart, receipt) = paid_where_it_was_taken_from();
    let amount = two.money("5.00");
    let tender = Command::Tender { cart, tender: "cash".into(), amount, reference: None };
    assert!(two.refused("101", tender.clone()).contains(&receipt.to_string()));
    assert!(two.ask("101", Some("201"), tender).is_err(), "a manager's to approve");
    two.ok("101", Command::Cancel { cart, reason: None });
    meet(&mut one, &mut two);
    assert_eq!((one.rows("claim"), two.rows("claim")), (0, 0));
    assert_eq!((one.rows("contested"), two.rows("contested")), (0, 0));
    assert!(read::sold_twice(two.till.store.connection()).unwrap().is_empty());
}

#[test]
fn a_cart_that_was_paid_beside_a_higher_claim_is_the_others_then() {
    let (mut one, mut two) = (till(1), till(2));
    let cart = one.parked(&["101"], "blue coat");
    two.hear(&one);
    one.ok("101", Command::Recall { cart });
    let amount = one.money("0.10");
    one.ok("101", Command::Tender { cart, tender: "cash".into(), amount, reference: None });
    two.ask("101", Some("301"), Command::ForceClaim { cart }).unwrap();
    meet(&mut one, &mut two);
    // Money was taken on it: it stays here until that is brought to an end.
    assert!(one.till.carts().any(|here| here.id == cart));
    one.pay(cart);
    assert!(one.till.elsewhere().any(|shared| shared.cart.id == cart));
    assert_eq!(shown(&one), shown(&two));
}

#[test]
fn lines_of_a_holder_that_was_passed_over_come_as_offers() {
    let (mut one, mut two) = (till(1), till(2));
    let cart = one.parked(&["101"], "blue coat");
    two.hear(&one);
    two.ask("101", Some("301"), Command::ForceClaim { cart }).unwrap();
    one.ok("101", Command::Recall { cart });
    one.scan("102");
    let voided = one.scan(ROLL).cart.lines.last().unwrap().number;
    one.ok("101", Command::VoidLine { cart, line: voided, reason: Some("wrong-item".into()) });
    one.ok("101", Command::SetQuantity { cart, line: 1, quantity: "9".into() });
    let mut one = one.restart();
    meet(&mut one, &mut two);
    assert_eq!(one.till.current(), None, "it is not this till's any more");
    let lines = two.till.view(cart, None).unwrap().cart.lines;
    let skus: Vec<_> = lines.iter().map(|line| line.item.sku.as_str()).collect();
    assert_eq!(
        skus,
        ["BAK-001", "BAK-002"],
        "the added line is there, edits and voids are the holder's"
    );
    assert_eq!(lines[0].quantity.to_string(), "1 each");
    assert_eq!(shown(&one), shown(&two));
    assert_eq!((one.rows("offer"), two.rows("offer")), (0, 0));
}

#[test]
fn what_was_begun_before_a_forced_claim_is_brought_to_an_end() {
    let (mut one, mut two) = (till(1), till(2));
    let cart = one.scan("101").cart.id;
    let amount = one.money("0.10");
    let tender = |amount| Command::Tender { cart, tender: "cash".into(), amount, reference: None };
    one.ok("101", tender(amount));
    two.hear(&one);
    two.ask("101", Some("301"), Command::ForceClaim { cart }).unwrap();
    assert!(two.till.view(cart, None).unwrap().cart.tenders.is_empty(), "that money is elsewhere");
    meet(&mut one, &mut two);
    assert_eq!(one.till.view(cart, None).unwrap().cart.tenders.len(), 1);
    one.ok("101", Command::TakeBackTenders { cart });
    meet(&mut one, &mut two);
    assert!(one.refused("101", tender(amount)).contains("held by till 2"));
    assert_eq!((one.rows("claim"), two.rows("claim")), (1, 1));
}

#[test]
fn offered_lines_are_taken_by_whoever_holds_the_cart() {
    let (mut one, mut two) = (till(1), till(2));
    let cart = one.scan("101").cart.id;
    meet(&mut one, &mut two);
    let offer = |code: &str| Command::Offer { cart, code: code.into(), quantity: None };
    two.ok("101", offer("102"));
    two.ok("101", offer(ROLL));
    assert_eq!(read::offers(two.till.store.connection(), cart).unwrap().len(), 2);
    let amount = one.money("0.10");
    let tender = Command::Tender { cart, tender: "cash".into(), amount, reference: None };
    one.ok("101", tender);
    meet(&mut one, &mut two);
    assert_eq!(one.till.view(cart, None).unwrap().cart.lines.len(), 1, "not while it is paid");
    one.ok("101", Command::TakeBackTenders { cart });
    assert_eq!(one.till.view(cart, None).unwrap().cart.lines.len(), 3);
    let mut two = two.restart();
    meet(&mut one, &mut two);
    assert_eq!(shown(&one), shown(&two));
    assert_eq!((one.rows("offer"), two.rows("offer")), (0, 0));
    // A line taken off again does not come back.
    one.ok("101", Command::VoidLine { cart, line: 2, reason: Some("wrong-item".into()) });
    meet(&mut one, &mut two);
    assert_eq!(two.till.view(cart, None).unwrap().totals.lines.len(), 2);
    one.pay(cart);
    meet(&mut one, &mut two);
    assert_eq!((one.rows("answer"), two.rows("answer")), (0, 0), "no tombstone is left");
}

#[test]
fn a_line_that_comes_too_late_is_parked_once() {
    let (mut one, mut two) = (till(1), till(2));
    let cart = one.scan("101").cart.id;
    meet(&mut one, &mut two);
    two.ok("101", Command::Offer { cart, code: "102".into(), quantity: Some("3".into()) });
    one.pay(cart);
    let mut two = two.restart();
    meet(&mut one, &mut two);
    assert_eq!(shown(&one), shown(&two));
    let parked: Vec<_> = two.till.carts().collect();
    assert_eq!(parked.len(), 1);
    assert_eq!(parked[0].state, CartState::Parked { label: "late for 1-1".into() });
    assert_eq!(
        (parked[0].id.to_string(), parked[0].lines[0].item.sku.as_str()),
        ("2-1".into(), "BAK-002")
    );
    assert_eq!(two.scan("101").cart.id.to_string(), "2-2");
}

/// A till that says so of another's incarnation, be it by a mistake, ends nothing.
#[test]
fn nobody_ends_another_tills_incarnation() {
    let (mut one, mut two) = (till(1), till(2));
    let cart = one.parked(&["101"], "blue coat");
    let replica = one.till.store.replica();
    let said = two.till.store.act(two.now, |act| {
        act.operate(sync::space::Operation::Succeeds { replica });
        Ok(())
    });
    said.unwrap();
    meet(&mut one, &mut two);
    assert!(one.till.carts().any(|held| held.id == cart), "its own");
    assert!(two.till.elsewhere().any(|shared| shared.cart.id == cart), "as others see it");
    let mut one = one.restart();
    one.ok("101", Command::Recall { cart });
    one.pay(cart);
}

/// The key was replaced: papers say that it is one till.
#[test]
fn an_incarnation_under_another_key_of_the_same_till_is_no_more() {
    let (mut one, mut two, mut three) = (till(1), till(2), till(3));
    let cart = one.parked(&["101"], "blue coat");
    three.hear(&one);
    assert!(three.till.elsewhere().any(|shared| shared.cart.id == cart));
    let replica = one.till.store.replica();
    let said = two.till.store.act(two.now, |act| {
        act.operate(sync::space::Operation::Succeeds { replica });
        Ok(())
    });
    said.unwrap();
    three.hear(&two);
    assert!(three.till.elsewhere().any(|shared| shared.cart.id == cart), "another till's");
    let conn = three.till.store.connection();
    let known = "INSERT INTO known_writer (stream, store, thing, till)
        SELECT local, 'HH01', 'till-1', 1 FROM stream
        WHERE replica IN (SELECT local FROM replica WHERE own = 0)";
    assert_eq!(conn.execute(known, []).unwrap(), 2);
    rebuild(conn, &mut |_| {}).unwrap();
    let three = three.restart();
    assert!(!three.till.elsewhere().any(|shared| shared.cart.id == cart));
}

#[test]
fn a_new_incarnation_goes_on_with_the_carts_of_the_one_before() {
    let (mut one, mut two) = (till(1), till(2));
    let cart = one.parked(&["101", "102"], "blue coat");
    meet(&mut one, &mut two);
    let Shop { folder, till, now, .. } = one;
    drop(till);
    let catalogue = Catalogue::open(&OpenOptions::new(folder.path().join("catalogue.db"))).unwrap();
    let store = Opened::open(&OpenOptions::new(folder.path().join("till.db"))).unwrap();
    let new = NewSeries {
        replica: life_of(1, 9),
        reason: SeriesReason::Restored,
        store: "HH01".into(),
        till: 1,
        above: 0,
    };
    let store = store.begin(key_of(1), 0, now, Some(new)).unwrap();
    let (till, effects) = Till::open(store, catalogue, 1, Box::new(|| None), now).unwrap();
    let mut one = Shop { folder, till, now, effects };
    assert_eq!(one.till.carts().count(), 1);
    meet(&mut one, &mut two);
    assert_eq!(shown(&one), shown(&two));
    assert_eq!(two.rows("claim"), 1);
    assert_eq!(two.till.elsewhere().next().unwrap().holder.replica, life_of(1, 9));
    let next = one.scan("101").cart.id;
    assert_eq!(next.to_string(), "1-2-2", "the series tells the two lives apart");
    one.ok("101", Command::Cancel { cart: next, reason: None });
    one.ok("101", Command::Recall { cart });
    one.pay(cart);
    meet(&mut one, &mut two);
    assert_eq!((one.rows("claim"), two.rows("claim")), (0, 0));
}

#[test]
fn a_compacted_stream_says_the_same_and_what_ended_leaves_nothing() {
    let (mut one, mut two) = (till(1), till(2));
    let kept = one.parked(&["101", ROLL], "blue coat");
    let value = commerce::discount::DiscountValue::Percent(Rate::parse_percent("10").unwrap());
    one.ok("101", Command::Recall { cart: kept });
    let line = Some(1);
    one.ok("101", Command::Discount { cart: kept, line, value, reason: "loyalty".into() });
    one.ok("101", Command::Park { cart: kept, label: "blue coat".into() });
    for _ in 0..30 {
        one.scan("101");
        let cart = one.scan("102").cart.id;
        one.ok("101", Command::Cancel { cart, reason: None });
    }
    meet(&mut one, &mut two);
    let before = shown(&one);
    let entries = "entry WHERE position >> 40 = (SELECT local FROM stream WHERE kind = 2 LIMIT 1)";
    assert!(one.rows(entries) > 90);
    let now = one.now;
    let gone = one.till.store.compact_workspace(now, u64::MAX).unwrap();
    assert!(gone > 90, "{gone}");
    assert_eq!(one.rows(entries), 1);
    assert_eq!(shown(&one), before);
    one.assert_folds_again();
    let stream = *one.till.store.workspace();
    sync::store::verify(one.till.store.connection(), &stream, None, &mut |_, _| {}).unwrap();
    // One who knew all of it, and one who knew nothing.
    let mut three = till(3);
    meet(&mut one, &mut two);
    meet(&mut one, &mut three);
    for shop in [&two, &three] {
        assert_eq!(shown(shop), before);
    }
    // A sibling that missed what was pruned begins anew at the checkpoint.
    let gone = one.parked(&["102"], "hat");
    one.ok("101", Command::Cancel { cart: gone, reason: None });
    let now = one.now;
    one.till.store.compact_workspace(now, u64::MAX).unwrap();
    meet(&mut one, &mut three);
    assert_eq!(shown(&three), before);
}

/// After 200,000 lines in and out nothing but a constant remains.
#[test]
fn what_ended_is_forgotten() {
    let mut shop = till(1);
    let rows = |shop: &Shop| -> Vec<i64> {
        let conn = shop.till.store.connection();
        let count = |table: &str| {
            conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
        };
        ["claim", "cart_line", "cart_discount", "cart_tender", "entry"].map(count).to_vec()
    };
    let line = shop.scan(ROLL).cart.lines[0].clone();
    let staying = shop.parked(&["101"], "stays");
    let by = StaffId::parse("101").unwrap();
    let mut lines_in_and_out = 0;
    let mut number = staying.0;
    let mut forgotten = Vec::new();
    while lines_in_and_out < 200_000 {
        // Each act is a cart of forty lines, opened and given up.
        for _ in 0..500 {
            number += 1;
            let mut cart = Cart::new(CartId(number), line_currency(&shop));
            cart.lines = (1..=40).map(|number| Line { number, ..line.clone() }).collect();
            let acted = shop.till.store.act(shop.now, |act| {
                act.open_cart(&cart, &by)?;
                cart.lines.iter().for_each(|line| act.put_line(cart.id, line));
                act.end_cart(cart.id, End::Cancelled)
            });
            acted.unwrap();
            lines_in_and_out += 40;
        }
        shop.till.tidy(shop.now, Compacting::USUAL).unwrap();
        forgotten.push(rows(&shop));
    }
    let (first, last) = (&forgotten[8], forgotten.last().unwrap());
    assert_eq!(first[..4], last[..4], "of the carts the one that lives");
    assert!(last[4] < 6_000, "{last:?}");
    let shop = shop.restart();
    assert_eq!(shop.till.carts().count(), 1);
    assert!(shop.till.view(staying, None).is_ok());
}

fn line_currency(shop: &Shop) -> commerce::Currency {
    shop.till.settings().store.currency
}
