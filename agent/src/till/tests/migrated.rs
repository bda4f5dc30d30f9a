//! A till's database as each released schema left it, opened by the code of today. A fixture is
//! written once, by the version whose name it bears, and never changed.

use super::*;
use crate::store::till::{read, rebuild};
use commerce::customer::CustomerId;
use commerce::shift::TotalKind;
use drivers::terminal::command::Command as Terminal;
use drivers::terminal::intent::{Kind as Order, Mark};
use sync::customer::Field;

const ROLL: &str = "9520000100377";

const ADA: CustomerId = CustomerId([7; 16]);

/// The first schema that knows customers.
const WITH_CUSTOMERS: u32 = 7;

fn fixture(version: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests-data/migrations/till-v{version}.db"))
}

/// The tables and indexes of a file, as SQL.
fn schema(conn: &rusqlite::Connection) -> Vec<(String, String)> {
    let sql = "SELECT name, coalesce(sql, '') FROM sqlite_schema ORDER BY name";
    let mut statement = conn.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// Sales in cash and by card, one returned; a customer with a cart parked, one partly paid; a refund that the
/// terminal was asked for and has not answered.
fn busy_shop() -> Shop {
    let mut shop = Shop::open();
    let (five, part) = (shop.money("5.00"), shop.money("1.00"));
    let by = |cart, tender: &str, amount| Command::Tender {
        cart,
        tender: tender.into(),
        amount,
        reference: (tender == "voucher").then(|| "V-7701".into()),
    };
    let cart = shop.scan(ROLL).cart.id;
    let reply = shop.ok("101", by(cart, "cash", five));
    shop.sold(reply);
    let cart = shop.scan(ROLL).cart.id;
    let due = shop.till.view(cart, None).unwrap().totals.due;
    let mark = Mark { terminal_id: Some(52), trace: Some(41), receipt_no: Some(7) };
    shop.event(Event::Baseline(Baseline::Last(mark))).unwrap();
    let intent = shop.pay_by_card(cart);
    let reply = shop.approve(intent, due, 8);
    let of = shop.sold(reply);
    let values = [(Field::NAME, Some("Ada".to_owned()))].into();
    shop.ok("101", Command::Customer { customer: ADA, act: CustomerAct::Create(values) });
    let parked = shop.scan("2110001004827").cart.id;
    shop.ok("101", Command::Attach { cart: parked, customer: Some(ADA) });
    shop.ok("101", Command::Park { cart: parked, label: "blue coat".into() });
    let cart = shop.scan("101").cart.id;
    shop.scan(ROLL);
    let reason = "price-match".to_owned();
    let price = UnitPrice::parse("0.30", due.currency()).unwrap();
    let line = 1;
    shop.ask("101", Some("301"), Command::OverridePrice { cart, line, price, reason }).unwrap();
    shop.ok("101", by(cart, "voucher", part));
    shop.ok("101", Command::Refund { of, lines: vec![(1, "1".into())], reason: "faulty".into() });
    shop
}

#[test]
#[ignore = "writes the fixture of the present schema, once"]
fn write_fixture() {
    let shop = busy_shop();
    let version = crate::store::till::MIGRATIONS.last().unwrap().version;
    let file = fixture(version);
    assert!(!file.exists(), "a fixture is never changed");
    let conn = shop.till.store.connection();
    conn.execute("VACUUM INTO ?1", [file.to_str().unwrap()]).unwrap();
}

#[test]
fn a_till_of_every_schema_goes_on_where_it_was() {
    // The first version holds the log's own tables only; no till ever sold with it.
    let versions = crate::store::till::MIGRATIONS.iter().map(|migration| migration.version);
    for version in versions.filter(|version| *version > 1) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(fixture(version), folder.path().join("till.db")).unwrap();
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let mut catalogue =
            Catalogue::open(&OpenOptions::new(folder.path().join("catalogue.db"))).unwrap();
        import_demo(&mut catalogue, now);
        let store = Opened::open(&OpenOptions::new(folder.path().join("till.db"))).unwrap();
        let store = store.begin(key(), 0, now, None).unwrap();
        let (till, effects) = Till::open(store, catalogue, 1, Box::new(|| None), now).unwrap();
        let mut shop = Shop { folder, till, now, effects };

        let conn = shop.till.store.connection();
        for stream in sync::store::streams(conn).unwrap() {
            sync::store::verify(conn, &stream, None, &mut |_, _| {}).unwrap();
        }
        let totals = read::shift_totals(conn, 1).unwrap();
        let sales = totals.iter().find(|total| total.kind == TotalKind::Sales).unwrap();
        assert_eq!(sales.count, 2);
        assert_eq!(schema(conn), schema(Shop::closed().till.store.connection()));
        let mut carts = shop.till.carts();
        let (parked, open) = (carts.next().unwrap(), carts.next().unwrap());
        assert_eq!(parked.lines[0].quantity.to_string(), "0.482 kg");
        assert_eq!(parked.customer, (version >= WITH_CUSTOMERS).then_some(ADA));
        let ada = read::customer(conn, ADA).unwrap().map(|ada| ada.fields.len());
        assert_eq!(ada, (version >= WITH_CUSTOMERS).then_some(1));
        assert_eq!((open.lines.len(), open.tenders[0].amount.minor()), (2, 100));
        assert!(open.lines[0].price_override.is_some());
        let cart = open.id;
        drop(carts);

        // The refund under way is asked about, by what the terminal had booked last before it.
        let Some(Effect::Terminal(Terminal::Resolve(asked))) =
            shop.effects.iter().find(|effect| matches!(effect, Effect::Terminal(_))).cloned()
        else {
            panic!("{:?}", shop.effects)
        };
        assert_eq!(asked.kind, Order::Refund);
        assert!(matches!(asked.baseline, Baseline::Last(mark) if mark.trace == Some(41)));
        let intent = u64::try_from(asked.id.0).unwrap();
        assert!(matches!(shop.approve(intent, asked.amount, 9), Reply::Returned(_)));
        let amount = shop.money("5.00");
        let tender = Command::Tender { cart, tender: "cash".into(), amount, reference: None };
        let reply = shop.ok("101", tender);
        assert_eq!(shop.sold(reply).number, 4);

        let tables = || {
            let conn = shop.till.store.connection();
            (
                read::shift_totals(conn, 1).unwrap(),
                read::receipts_before(conn, (u32::MAX, u32::MAX), 9).unwrap(),
            )
        };
        let live = tables();
        rebuild(shop.till.store.connection(), &mut |_| {}).unwrap();
        assert_eq!(tables(), live);
    }
}
