//! A till with a store and two items to import into, and what good files lead to.

mod files;
mod rows;

use super::*;
use crate::store::catalogue::{ReasonKind, View};
use crate::store::open::OpenOptions;
use commerce::staff::Role;
use commerce::tender::TenderKind;
use std::fs;
use std::path::PathBuf;

const STORE: &str = "store,name,address,postcode,city,country,phone,tax_number,currency,time_zone,tax_rounding,day_starts,in_store_patterns,receipt_footer\n";
const STORE_ROW: &str = "HH01,Hafen,Gasse 1,20457,Hamburg,DE,,DE999,EUR,Europe/Berlin,receipt,04:00,21IIIIIWWWWWC,\"Danke\nschön\"\n";
const TAXES: &str = "class,class_name,tax,tax_name,rate_percent,inclusive\n";
const TENDERS: &str = "tender,name,kind,opens_drawer,gives_change,limit\n";
const REASONS: &str = "reason,kind,name\n";
const STAFF: &str =
    "staff,name,role,pin,discount_limit_percent,override_limit_percent,refund_limit\n";
const CATALOGUE: &str =
    "sku,name,unit,tax_class,department,barcodes,short_code,in_store_item,minimum_age\n";
const PRICES: &str = "sku,price,layer,starts,ends\n";

/// A till with a store, two tax classes and two items.
struct Shop {
    folder: tempfile::TempDir,
    catalogue: Catalogue,
}

impl Shop {
    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = OpenOptions::new(folder.path().join("catalogue.db"));
        Self { folder, catalogue: Catalogue::open(&options).unwrap() }
    }

    fn new() -> Self {
        let mut shop = Self::empty();
        for (kind, text) in [
            (Kind::Store, format!("{STORE}{STORE_ROW}")),
            (Kind::Taxes, format!("{TAXES}A,Standard,vat,VAT,19,yes\nZ,None,,,,\n")),
            (
                Kind::Catalogue,
                format!(
                    "{CATALOGUE}A-1,Milk,each,A,,4006381333931,,,\nW-1,Gouda,kg,Z,,,4011,10001,\n"
                ),
            ),
        ] {
            shop.import(kind, &text).unwrap();
        }
        shop
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn import_file(&mut self, kind: Kind, path: &PathBuf) -> Result<ImportReport, ImportError> {
        let input = Input { path, format: None, progress: &mut |_| {} };
        import(kind, input, &mut self.catalogue, Timestamp::from_second(1_000).unwrap())
    }

    fn import(&mut self, kind: Kind, text: &str) -> Result<ImportReport, ImportError> {
        let path = self.file("rows.csv", text);
        self.import_file(kind, &path)
    }

    fn json(&mut self, kind: Kind, text: &str) -> Result<ImportReport, ImportError> {
        let path = self.file("rows.jsonl", text);
        self.import_file(kind, &path)
    }

    fn view(&self) -> View<'_> {
        self.catalogue.view()
    }
}

fn bad_rows(result: Result<ImportReport, ImportError>) -> BadRows {
    match result {
        Err(ImportError::BadRows { rows, .. }) => rows,
        other => panic!("expected bad rows, got {other:?}"),
    }
}

#[test]
fn takes_over_what_is_right_in_both_formats() {
    let mut shop = Shop::new();
    let store = shop.view().store().unwrap().unwrap();
    assert_eq!((store.code.as_str(), store.day_starts_minute), ("HH01", 240));
    assert_eq!((store.receipt_footer.as_str(), store.in_store_patterns.len()), ("Danke\nschön", 1));

    // A byte order mark, columns in another order, optional ones absent.
    shop.import(Kind::Reasons, "\u{feff}name,reason,kind\nLoyal,r1,discount\nBank,r2,paid_out\n")
        .unwrap();
    let reasons = shop.view().reasons().unwrap();
    assert_eq!((reasons[1].id.as_str(), reasons[1].kind), ("r2", ReasonKind::PaidOut));

    shop.json(Kind::Tenders, "\u{feff}{\"tender\":\"cash\",\"name\":\"Cash\",\"kind\":\"cash\",\"opens_drawer\":\"yes\",\"gives_change\":\"yes\",\"limit\":250.5}\n\n{\"tender\":\"card\",\"name\":\"Card\",\"kind\":\"card\",\"opens_drawer\":\"no\",\"gives_change\":\"no\",\"limit\":null}\n").unwrap();
    let tenders = shop.view().tenders().unwrap();
    assert_eq!((tenders[0].limit, tenders[1].limit), (Some(25_050), None));
    assert_eq!(tenders[1].kind, TenderKind::Card);

    let report = shop
        .import(Kind::Staff, &format!("{STAFF}7,Anna,cashier,7305,5,0,25.00\n8,Ben,manager,,,,\n"))
        .unwrap();
    assert_eq!((report.rows, report.pins.len(), report.pins[0].1.expose()), (2, 1, "7305"));
    assert!(!format!("{report:?}").contains("7305"));
    let staff = shop.view().staff().unwrap();
    assert_eq!(staff[0].discount_limit.unwrap().millionths(), 50_000);
    assert_eq!((staff[0].refund_limit_minor, staff[1].role), (Some(2_500), Role::Manager));

    let taxes = "T,Taxable,state,State tax,6.25,no\nT,Taxable,city,City tax,1.5,no\nZ,None,,,,\n";
    shop.import(Kind::Taxes, &format!("{TAXES}{taxes}")).unwrap();
    let classes = shop.view().taxes().unwrap();
    assert_eq!((classes.len(), classes[0].taxes.len(), classes[1].taxes.len()), (2, 2, 0));
    assert_eq!(classes[0].taxes[1].rate.millionths(), 15_000);
}

#[test]
fn prices_start_on_the_shops_clock() {
    let mut shop = Shop::new();
    shop.import(
        Kind::Prices,
        &format!(
            "{PRICES}A-1,3/1.00,,,\nA-1,0.99,store,2026-06-15,2026-06-16T08:30\nA-1,,zone,,\n"
        ),
    )
    .unwrap();
    let view = shop.view();
    let item = view.item_by_sku("A-1").unwrap().unwrap();
    let currency = view.store().unwrap().unwrap().currency;
    for (at, expected) in [
        ("1970-01-01T00:16:39Z", None),
        ("1970-01-01T00:16:40Z", Some("3/1.00")),
        ("2026-06-14T21:59:59Z", Some("3/1.00")),
        ("2026-06-14T22:00:00Z", Some("0.99")),
        ("2026-06-16T06:29:59Z", Some("0.99")),
        ("2026-06-16T06:30:00Z", Some("3/1.00")),
    ] {
        let found = view.price_at(item.id, at.parse().unwrap(), currency).unwrap();
        assert_eq!(found.map(|found| found.price.amount_text()).as_deref(), expected, "{at}");
    }
}

#[test]
fn stock_is_checked_whole_before_any_is_handed_over() {
    let shop = Shop::new();
    let run = |text: &str| {
        let path = shop.file("stock.csv", format!("sku,quantity,place\n{text}"));
        let mut taken = Vec::new();
        let mut last = None;
        let input = Input { path: &path, format: None, progress: &mut |p| last = Some(p) };
        let result = check_stock(input, shop.view()).and_then(|checked| {
            checked.import(&mut |batch| {
                taken.extend(batch);
                Ok(())
            })
        });
        assert!(last.is_some_and(|p: Progress| p.bytes <= p.total));
        (result, taken)
    };
    let (report, taken) = run("W-1,35.5,\nW-1,54,storeroom\nA-1,0,\n");
    assert_eq!(report.unwrap().rows, 3);
    let shown: Vec<_> =
        taken.iter().map(|c| (c.sku.as_str(), c.thousandths, c.place.as_str())).collect();
    assert_eq!(shown, [("W-1", 35_500, "shop"), ("W-1", 54_000, "storeroom"), ("A-1", 0, "shop")]);
    for (row, column) in [
        ("X,1,", "sku"),
        ("A-1,1.5,", "quantity"),
        ("A-1,-1,", "quantity"),
        ("W-1,1.2345,", "quantity"),
        ("W-1,9999999999,", "quantity"),
        ("W-1,,", "quantity"),
        ("A-1,2,", "place"),
    ] {
        let (result, taken) = run(&format!("A-1,1,\n{row}\n"));
        let bad = bad_rows(result);
        assert_eq!((bad.named[0].line, bad.named[0].column), (3, column), "{row}");
        assert_eq!((bad.named.len(), taken.len()), (1, 0), "{row}: {bad}");
    }
    let (result, _) = run("X,-1,a place with a name of more than 24\n");
    let named: Vec<_> = bad_rows(result).named.iter().map(|bad| bad.column).collect();
    assert_eq!(named, ["sku", "quantity", "place"]);
}
