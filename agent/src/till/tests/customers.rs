//! Customers at one till: what is refused, what is found, whose cart and sale it is.

use super::*;
use crate::store::till::{Compacting, read, rebuild};
use commerce::customer::CustomerId;
use commerce::fact::Fact;
use sync::customer::{Field, NoteId};

const ADA: CustomerId = CustomerId([1; 16]);
const NOBODY: CustomerId = CustomerId([9; 16]);

fn fields(fields: &[(Field, &str)]) -> std::collections::BTreeMap<Field, Option<String>> {
    fields.iter().map(|(field, text)| (*field, Some((*text).to_owned()))).collect()
}

fn about(customer: CustomerId, act: CustomerAct) -> Command {
    Command::Customer { customer, act }
}

/// A till that knows Ada.
fn shop() -> Shop {
    let mut shop = Shop::open();
    let ada = fields(&[(Field::NAME, "Ada Lovelace"), (Field::PHONE, "+44 20 123")]);
    shop.ok("101", about(ADA, CustomerAct::Create(ada)));
    shop
}

fn found(shop: &Shop, text: &str) -> Vec<CustomerId> {
    let found = read::find_customers(shop.till.store.connection(), text, None, 9).unwrap();
    found.into_iter().map(|found| found.id).collect()
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let mut shop = shop();
    let long = |bytes: usize| "x".repeat(bytes);
    let change = |field, text: &str| CustomerAct::Change(fields(&[(field, text)]));
    let nothing = || CustomerAct::Change(fields(&[]));
    let note = NoteId { replica: ReplicaId([1; 16]), counter: 1 };
    let wish = |sku: &str, remark: Option<String>| {
        let sku = sku.to_owned();
        CustomerAct::AddWish { sku, remark }
    };
    let consent = |purpose: String, source: String| {
        let given = true;
        CustomerAct::Consent { purpose, given, source }
    };
    for (customer, act, why) in [
        (ADA, CustomerAct::Create(fields(&[(Field::NAME, "Ada")])), "is there already"),
        (NOBODY, CustomerAct::Create(fields(&[])), "at least one of"),
        (NOBODY, change(Field::NAME, "Ada"), "is known here"),
        (NOBODY, CustomerAct::Erase, "is known here"),
        (ADA, nothing(), "at least one of"),
        (ADA, change(Field::NAME, " "), "1 to 200 bytes"),
        (ADA, change(Field::NAME, &long(201)), "1 to 200 bytes"),
        (ADA, change(Field::LOYALTY, &long(201)), "1 to 200 bytes"),
        (ADA, change(Field::EMAIL, "ada"), "name@example.com"),
        (ADA, change(Field::EMAIL, "a@b"), "name@example.com"),
        (ADA, change(Field::EMAIL, "a d@b.c"), "name@example.com"),
        (ADA, change(Field::EMAIL, "a@b@c.d"), "name@example.com"),
        (ADA, change(Field::PHONE, "call me"), "it has digits"),
        (ADA, change(Field::PHONE, "+"), "it has digits"),
        (ADA, change(Field::LANGUAGE, "d"), "de or en-GB"),
        (ADA, change(Field::LANGUAGE, "de_DE"), "de or en-GB"),
        (ADA, CustomerAct::AddNote(String::new()), "1 to 2000 bytes"),
        (ADA, CustomerAct::AddNote(long(2_001)), "1 to 2000 bytes"),
        (ADA, CustomerAct::EditNote(note, "text".into()), "has no note"),
        (ADA, CustomerAct::DropNote(note), "has no note"),
        (ADA, wish("NONE-1", None), "nothing in the catalogue"),
        (ADA, wish("BAK-001", Some(long(201))), "1 to 200 bytes"),
        (ADA, CustomerAct::DropWish("BAK-001".into()), "does not wish for BAK-001"),
        (ADA, consent(String::new(), "mail".into()), "a consent's purpose"),
        (ADA, consent("newsletter".into(), long(201)), "a consent's source"),
        (ADA, CustomerAct::Erase, "must approve it"),
    ] {
        let refusal = shop.refused("101", about(customer, act.clone()));
        assert!(refusal.contains(why), "{act:?}: {refusal}");
    }
    let cart = shop.scan("101").cart.id;
    let attached = shop.refused("101", Command::Attach { cart, customer: Some(NOBODY) });
    assert!(attached.contains("is known here"), "{attached}");
    let conn = shop.till.store.connection();
    let kind = sync::log::StreamKind::Customers;
    let stream = sync::store::find_stream(conn, shop.till.store.replica(), kind).unwrap();
    assert_eq!(
        sync::store::head(conn, &stream.unwrap()).unwrap().seq,
        1,
        "the entry that made her"
    );
}

#[test]
fn bounds_hold() {
    let mut shop = shop();
    for _ in 0..100 {
        shop.ok("101", about(ADA, CustomerAct::AddNote("tea".into())));
    }
    let refusal = shop.refused("101", about(ADA, CustomerAct::AddNote("more".into())));
    assert!(refusal.contains("at most 100 notes"), "{refusal}");
    let record = read::customer(shop.till.store.connection(), ADA).unwrap().unwrap();
    let note = record.notes().next().unwrap().0;
    shop.ok("101", about(ADA, CustomerAct::DropNote(note)));
    shop.ok("101", about(ADA, CustomerAct::AddNote("one more".into())));
}

#[test]
fn a_customer_is_found_changed_and_forgotten() {
    let mut shop = shop();
    let empty = CustomerAct::Change([(Field::PHONE, None)].into());
    for (text, expected) in [("ada", true), ("love ad", true), ("4420", true), ("grace", false)] {
        assert_eq!(!found(&shop, text).is_empty(), expected, "{text}");
    }
    shop.ok("101", about(ADA, empty));
    assert_eq!(found(&shop, "4420"), []);
    let wish = CustomerAct::AddWish { sku: "BAK-001".into(), remark: Some("six".into()) };
    shop.ok("101", about(ADA, wish));
    shop.ok("101", about(ADA, CustomerAct::DropWish("BAK-001".into())));
    let record = read::customer(shop.till.store.connection(), ADA).unwrap().unwrap();
    assert_eq!(record.wishes.members.len(), 0);
    // Each act told the screens.
    let told = shop.effects.iter().filter(|it| **it == Effect::Changed(Change::Customer(ADA)));
    assert_eq!(told.count(), 4);

    shop.ask("101", Some("301"), about(ADA, CustomerAct::Erase)).unwrap();
    assert_eq!(found(&shop, "ada"), []);
    let refusal = shop.refused("101", about(ADA, CustomerAct::AddNote("tea".into())));
    assert!(refusal.contains("was erased"), "{refusal}");
    let mut shop = shop.restart();
    let record = read::customer(shop.till.store.connection(), ADA).unwrap().unwrap();
    assert!(record.erased.is_some());
    shop.till.tidy(shop.now, Compacting::USUAL).unwrap();
    rebuild(shop.till.store.connection(), &mut |_| {}).unwrap();
    assert_eq!(read::customer(shop.till.store.connection(), ADA).unwrap(), Some(record));
}

#[test]
fn a_request_sent_twice_is_done_once() {
    let mut shop = Shop::open();
    let once = Once { key: "k1".into(), request: [1; 32] };
    let ask = |shop: &mut Shop, id: u8| {
        let act = CustomerAct::Create(fields(&[(Field::NAME, "Ada")]));
        let (by, once) = (StaffId::parse("101").unwrap(), Some(once.clone()));
        let command = about(CustomerId([id; 16]), act);
        let request = Request { by, approver: None, once, command };
        shop.event(Event::Command(Box::new(request))).unwrap()
    };
    assert_eq!(ask(&mut shop, 1), Reply::Customer(ADA));
    assert_eq!(ask(&mut shop, 2), Reply::Customer(ADA), "the second id was never used");
    assert_eq!(found(&shop, "ada"), [ADA]);
}

#[test]
fn a_cart_and_its_sale_bear_the_id_and_nothing_else() {
    let mut shop = shop();
    let cart = shop.scan("101").cart.id;
    shop.ok("101", Command::Attach { cart, customer: Some(ADA) });
    shop.ok("101", Command::Park { cart, label: "hat".into() });
    let parked = shop.refused("101", Command::Attach { cart, customer: None });
    assert!(parked.contains("parked"), "{parked}");
    let mut shop = shop.restart();
    rebuild(shop.till.store.connection(), &mut |_| {}).unwrap();
    let mut shop = {
        shop.till.store.compact_workspace(shop.now, u64::MAX).unwrap();
        shop.restart()
    };
    shop.ok("101", Command::Recall { cart });
    assert_eq!(shop.till.view(cart, None).unwrap().cart.customer, Some(ADA));
    let amount = shop.money("5.00");
    let tender = Command::Tender { cart, tender: "cash".into(), amount, reference: None };
    let reply = shop.ok("101", tender);
    let receipt = shop.sold(reply);
    let conn = shop.till.store.connection();
    let row = read::receipt(conn, receipt.series, receipt.number).unwrap().unwrap();
    let (Fact::Sold(sale), _) = read::fact(conn, row.series, row.seq).unwrap() else { panic!() };
    assert_eq!(sale.customer, Some(ADA));
    let journal =
        sync::store::open_stream(conn, shop.till.store.replica(), sync::log::StreamKind::Journal);
    let stored = sync::store::read_one(conn, &journal.unwrap(), row.seq).unwrap().unwrap();
    let holds = |text: &[u8]| stored.entry.body.windows(text.len()).any(|part| part == text);
    assert!(holds(&ADA.0));
    assert!(!holds(b"Ada"), "a name stands in the journal");
}
