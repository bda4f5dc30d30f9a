//! What is measured against: a catalogue of a million items, and tills with past sales. Built
//! once into `target/bench-data`, and anew when the stamp no longer matches.

use crate::goods::{self, Dice, ITEMS};
use crate::shop::{IMPORTED, Shop, begin};
use agent::import::{Input, Kind, import};
use agent::store::catalogue::Catalogue;
use agent::store::open::{OpenOptions, Synchronous};
use agent::store::{catalogue, till};
use agent::till::Event;
use anyhow::{Context, Result};
use commerce::staff::StaffId;
use jiff::Timestamp;
use rusqlite::Connection;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Raised whenever the data would come out differently.
const ROUND: &str = "3";

/// What the data was made with: of other schemas it is made anew.
fn stamp() -> String {
    let steps = till::MIGRATIONS.iter().chain(catalogue::MIGRATIONS);
    std::iter::once(ROUND).chain(steps.map(|step| step.sql)).collect()
}

/// Sales of one day: a busy till of a supermarket.
const SALES_A_DAY: u32 = 300;
/// Items of which the stock is counted before the first sale: all, or sales would be compared over
/// stock tables of two sizes.
const STOCKED: u64 = ITEMS;

/// Where the data is.
pub struct Data {
    folder: PathBuf,
}

impl Data {
    /// Finds the data, or builds it; some minutes the first time.
    pub fn build() -> Result<Self> {
        let folder = target().join("bench-data");
        let data = Self { folder };
        let file = data.folder.join("stamp");
        let stamp = stamp();
        if fs::read_to_string(&file).is_ok_and(|found| found == stamp) {
            return Ok(data);
        }
        if data.folder.exists() {
            fs::remove_dir_all(&data.folder)?;
        }
        fs::create_dir_all(&data.folder)?;
        data.write_files()?;
        data.import()?;
        for sales in [1_000, 100_000] {
            data.sell(sales)?;
        }
        fs::write(file, stamp)?;
        Ok(data)
    }

    /// The catalogue of a million items; figures only read it.
    pub fn catalogue(&self) -> OpenOptions {
        OpenOptions::new(self.folder.join("catalogue.db"))
    }

    /// A catalogue of the same items in a folder, to be written to.
    pub fn copy_catalogue(&self, folder: &Path) -> Result<OpenOptions> {
        // What a figure left in its log is in the file first.
        checkpoint(&Connection::open(self.catalogue().path)?)?;
        let copy = OpenOptions::new(folder.join("catalogue.db"));
        fs::copy(self.catalogue().path, &copy.path)?;
        Ok(copy)
    }

    /// The file of items.
    pub fn items(&self) -> PathBuf {
        self.folder.join("catalogue.csv")
    }

    /// A till's file with that many past sales; to be copied, never to be opened in place.
    pub fn past(&self, sales: u32) -> PathBuf {
        self.folder.join(format!("till-{sales}.db"))
    }

    /// A fresh folder on the same disk.
    pub fn scratch(&self) -> Result<tempfile::TempDir> {
        Ok(tempfile::tempdir_in(&self.folder)?)
    }

    /// A till with that many past sales, on the same disk, to be sold with.
    pub fn copy(&self, sales: u32) -> Result<Copy> {
        let copy = Copy { folder: self.scratch()? };
        fs::copy(self.past(sales), copy.till().path)?;
        Ok(copy)
    }

    fn write_files(&self) -> Result<()> {
        let mut items = BufWriter::new(File::create(self.items())?);
        let mut prices = BufWriter::new(File::create(self.folder.join("prices.csv"))?);
        writeln!(items, "sku,name,unit,tax_class,department,barcodes")?;
        writeln!(prices, "sku,price,layer,starts,ends")?;
        for number in 0..ITEMS {
            let good = goods::good(number)?;
            let (sku, price) = (&good.sku, good.price);
            writeln!(
                items,
                "{sku},{},each,{},{},{}",
                good.name, good.tax_class, good.department, good.gtin
            )?;
            writeln!(prices, "{sku},{}.{:02},,,", price / 100, price % 100)?;
        }
        items.flush()?;
        Ok(prices.flush()?)
    }

    fn import(&self) -> Result<()> {
        let mut catalogue = Catalogue::open(&self.catalogue())?;
        import_sets(&mut catalogue)?;
        for (kind, path) in
            [(Kind::Catalogue, self.items()), (Kind::Prices, self.folder.join("prices.csv"))]
        {
            import_file(kind, &path, &mut catalogue)?;
        }
        Ok(())
    }

    /// Rings past sales. Nothing of this is measured, so nothing waits for the disk.
    fn sell(&self, sales: u32) -> Result<()> {
        let file = self.past(sales);
        let options = OpenOptions { synchronous: Synchronous::Off, ..OpenOptions::new(&file) };
        count_stock(&options)?;
        let mut shop = Shop::open(&options, &self.catalogue(), IMPORTED)?;
        let mut dice = Dice::new(u64::from(sales));
        let paper = Connection::open(&file)?;
        for number in 1..=sales {
            shop.sell(&mut dice, 5)?;
            if number % SALES_A_DAY == 0 {
                paper.execute("DELETE FROM job", [])?;
                shop.next_day(1)?;
            }
            if number % 500 == 0 || number == sales {
                progress("past sales", u64::from(number), u64::from(sales));
            }
        }
        paper.execute("DELETE FROM job", [])?;
        shop.next_day(1)?;
        paper.execute("DELETE FROM job", [])?;
        shop.event(Event::Operator(None))?;
        drop(shop);
        checkpoint(&paper)
    }
}

/// The folder `target`.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from)
}

/// Writes the log back into the file and empties it.
pub fn checkpoint(connection: &Connection) -> Result<()> {
    Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
}

/// The shop itself, its taxes, tenders, reasons and people: those of the demo store.
pub fn import_sets(catalogue: &mut Catalogue) -> Result<()> {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/stores/demo");
    for kind in [Kind::Store, Kind::Taxes, Kind::Tenders, Kind::Reasons, Kind::Staff] {
        import_file(kind, &demo.join(format!("{}.csv", kind.name())), catalogue)?;
    }
    Ok(())
}

fn import_file(kind: Kind, path: &Path, catalogue: &mut Catalogue) -> Result<()> {
    let mut told = |at: agent::import::Progress| progress(kind.name(), at.bytes, at.total);
    let input = Input { path, format: None, progress: &mut told };
    import(kind, input, catalogue, IMPORTED.parse()?)
        .with_context(|| format!("importing {}", path.display()))?;
    Ok(())
}

/// A shop counts its stock before it opens; without a count each first sale would add a row.
pub fn count_stock(options: &OpenOptions) -> Result<()> {
    let now: Timestamp = IMPORTED.parse()?;
    let mut store = begin(options, now)?;
    for first in (0..STOCKED).step_by(1_000) {
        let items: Result<Vec<_>> =
            (first..first + 1_000).map(|n| Ok((goods::good(n)?.sku, 500_000))).collect();
        let (by, items) = (StaffId::parse("0")?, items?);
        store.act(now, |act| act.count_stock(by, "shop".to_owned(), items))?;
    }
    Ok(())
}

/// One line that says how far it is, on the terminal that waits.
pub fn progress(what: &str, done: u64, of: u64) {
    let end = if done >= of { "\n" } else { "" };
    eprint!("\r  {what}: {} %{end}", done * 100 / of.max(1));
}

/// A copy of a till's file in a folder that goes with it.
pub struct Copy {
    folder: tempfile::TempDir,
}

impl Copy {
    pub fn till(&self) -> OpenOptions {
        OpenOptions::new(self.folder.path().join("till.db"))
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}
