//! A chunk of a price push: one entry, many rows, and how a push is cut into chunks.

use super::BulkError;
use super::columns::{
    Varints, bit, bits, from_planes, planes, planes_of, push_varint, set_bits, varint_bytes,
};
use crate::cbor::Reader;
use crate::wire::MAX_FRAME_BYTES;
use commerce::price::Layer;
use commerce::{Currency, UnitPrice};
use jiff::Timestamp;
use minicbor::Encoder;
use std::iter::repeat_n;
use std::num::NonZeroU32;

/// The most rows of one chunk. Two bytes are the least that a price takes, so no more fit a frame;
/// withdrawals alone could be more.
pub const MAX_CHUNK_ROWS: usize = 60_000;

/// The most bytes of a chunk's body as [`PriceChunk::cut`] forms it: a run of one such entry fits a
/// frame even where nothing compresses. What a run adds stays below the difference.
const CUT_BYTES: usize = MAX_FRAME_BYTES - 1_024;

/// What a chunk takes beside its rows, at most: numbers, instants, currency, heads of columns.
const HEAD_BYTES: usize = 128;

/// The most planes of amounts: a price has at most five bytes.
const MAX_PLANES: usize = 8;

/// What a run of rows of one scale takes, at most.
const SCALE_BYTES: usize = 12;

/// Some of a push's price changes: all of one layer, instant and currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceChunk {
    /// The push, numbered by the hub.
    pub push: u64,
    /// Who sets the prices.
    pub layer: Layer,
    /// The first instant at which they count, in milliseconds since 1970.
    pub starts_ms: i64,
    /// The first at which they no longer do; `None` for open-ended.
    pub ends_ms: Option<i64>,
    /// Their currency.
    pub currency: Currency,
    /// The changes, by rising item.
    pub rows: Vec<PriceChange>,
}

/// One item's new price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceChange {
    /// The item, from 1.
    pub item: u32,
    /// The price in units of 10^-scale; `None` when the layer withdraws its price.
    pub amount: Option<i64>,
    /// Its decimals.
    pub scale: u8,
    /// How many units it is for, 1 or more.
    pub per: u32,
}

/// Rows on end that have one scale and number of units.
struct ScaleRun {
    rows: usize,
    scale: u8,
    per: u32,
}

impl PriceChunk {
    /// Cuts a chunk of any length into ones that each fit a frame, its rows sorted by item.
    ///
    /// # Errors
    /// [`BulkError::Value`] for what [`super::encode`] refuses too: an item twice, a price that is
    /// none, an end that is not after the start.
    pub fn cut(mut self) -> Result<Vec<Self>, BulkError> {
        self.rows.sort_unstable_by_key(|row| row.item);
        self.check()?;
        let head = self.without_rows();
        let (mut chunks, mut size) = (Vec::new(), Size::default());
        let mut rows: Vec<PriceChange> = Vec::new();
        for row in self.rows {
            let grown = size.with(row, rows.last());
            if grown.bytes() > CUT_BYTES || rows.len() == MAX_CHUNK_ROWS {
                chunks.push(Self { rows: std::mem::take(&mut rows), ..head.without_rows() });
                size = Size::default().with(row, None);
            } else {
                size = grown;
            }
            rows.push(row);
        }
        chunks.push(Self { rows, ..head });
        Ok(chunks)
    }

    /// The number of its layer in bodies and tables: the more specific, the higher.
    pub(crate) const fn layer_number(&self) -> u8 {
        layer_number(self.layer)
    }

    fn without_rows(&self) -> Self {
        let Self { push, layer, starts_ms, ends_ms, currency, .. } = *self;
        Self { push, layer, starts_ms, ends_ms, currency, rows: Vec::new() }
    }

    pub(super) fn write(&self, to: &mut Encoder<Vec<u8>>) -> Result<(), BulkError> {
        if self.rows.len() > MAX_CHUNK_ROWS {
            let why =
                format!("{} where at most {MAX_CHUNK_ROWS} are taken: cut it", self.rows.len());
            return Err(BulkError::value("the rows of a price chunk", why));
        }
        self.check()?;
        let (mut items, mut before) = (Vec::new(), 0);
        for row in &self.rows {
            push_varint(&mut items, u64::from(row.item - before - 1));
            before = row.item;
        }
        let amounts = self.rows.iter().filter_map(|row| row.amount).map(i64::cast_unsigned);
        let amounts = planes(&amounts.collect::<Vec<_>>());
        to.array(10)?.u64(self.push)?.u8(self.layer_number())?.i64(self.starts_ms)?;
        match self.ends_ms {
            Some(ends) => to.i64(ends)?,
            None => to.null()?,
        };
        to.str(self.currency.code())?.u64(self.rows.len() as u64)?;
        to.bytes(&items)?.array(amounts.len() as u64)?;
        for plane in &amounts {
            to.bytes(plane)?;
        }
        match bits(self.rows.iter().map(|row| row.amount.is_none())) {
            Some(withdrawn) => to.bytes(&withdrawn)?,
            None => to.null()?,
        };
        let runs = scale_runs(&self.rows);
        to.array(runs.len() as u64)?;
        for ScaleRun { rows, scale, per } in runs {
            to.array(3)?.u64(rows as u64)?.u8(scale)?.u32(per)?;
        }
        Ok(())
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, BulkError> {
        from.open("a price chunk", 10)?;
        let chunk = Self {
            push: from.u64("a price chunk's push")?,
            layer: layer(from.u8("a price chunk's layer")?)?,
            starts_ms: from.i64("a price chunk's start")?,
            ends_ms: from.maybe("a price chunk's end", |from| from.i64("a price chunk's end"))?,
            currency: Currency::parse(from.text("a price chunk's currency")?)
                .map_err(|error| BulkError::value("a price chunk's currency", error))?,
            rows: rows(from)?,
        };
        chunk.check()?;
        Ok(chunk)
    }

    /// Checks what holds in both directions and before cutting.
    fn check(&self) -> Result<(), BulkError> {
        instant("a price chunk's start", self.starts_ms)?;
        if let Some(ends) = self.ends_ms {
            instant("a price chunk's end", ends)?;
            if ends <= self.starts_ms {
                return Err(BulkError::value("a price chunk's end", "it is not after its start"));
            }
        }
        if self.rows.is_empty() {
            return Err(BulkError::value("the rows of a price chunk", "there are none"));
        }
        let mut before = 0;
        for row in &self.rows {
            if row.item <= before {
                let why = format!("item {} stands behind item {before}", row.item);
                return Err(BulkError::value("the rows of a price chunk", why));
            }
            before = row.item;
            row.check(self.currency)?;
        }
        Ok(())
    }
}

impl PriceChange {
    /// A price must be one that a till can read; a withdrawn one keeps sound decimals too.
    fn check(self, currency: Currency) -> Result<(), BulkError> {
        let refuse = |why: &dyn ToString| {
            let why = format!("item {}: {}", self.item, why.to_string());
            BulkError::value("a price change", why)
        };
        let per = NonZeroU32::new(self.per).ok_or_else(|| refuse(&"it is for no units"))?;
        UnitPrice::new(self.amount.unwrap_or(0), u32::from(self.scale), per, currency)
            .map(drop)
            .map_err(|error| refuse(&error))
    }
}

/// How long the columns of some rows are, at most.
#[derive(Clone, Copy, Default)]
struct Size {
    items_and_scales: usize,
    rows: usize,
    priced: usize,
    largest: u64,
}

impl Size {
    fn with(self, row: PriceChange, before: Option<&PriceChange>) -> Self {
        let distance = row.item.saturating_sub(before.map_or(0, |before| before.item));
        let same = before.is_some_and(|last| (last.scale, last.per) == (row.scale, row.per));
        let scale = if same { 0 } else { SCALE_BYTES };
        let item = varint_bytes(u64::from(distance));
        Self {
            items_and_scales: self.items_and_scales + item + scale,
            rows: self.rows + 1,
            priced: self.priced + usize::from(row.amount.is_some()),
            largest: self.largest.max(row.amount.unwrap_or(0).cast_unsigned()),
        }
    }

    const fn bytes(self) -> usize {
        let bits = if self.priced < self.rows { self.rows.div_ceil(8) } else { 0 };
        HEAD_BYTES + self.items_and_scales + self.priced * planes_of(self.largest) + bits
    }
}

/// The columns of a chunk, put together again.
fn rows(from: &mut Reader<'_>) -> Result<Vec<PriceChange>, BulkError> {
    let count = from.u32("the rows of a price chunk")?;
    let count = usize::try_from(count).ok().filter(|count| *count <= MAX_CHUNK_ROWS);
    let count = count.ok_or_else(|| {
        let why = format!("more than {MAX_CHUNK_ROWS} are claimed");
        BulkError::value("the rows of a price chunk", why)
    })?;
    // The scan has held every length to the bytes that are there.
    let column = usize::MAX;
    let mut items = Varints::new("items", from.bytes("the items of a price chunk", column)?);
    let what = "the amounts of a price chunk";
    let planes = from.list(what, MAX_PLANES, |from| from.bytes(what, column))?;
    let what = "the withdrawn prices of a price chunk";
    let withdrawn = from.maybe(what, |from| from.bytes(what, column))?;
    let priced = count - set_bits("withdrawn prices", withdrawn, count)?;
    let mut amounts = from_planes("amounts", &planes, priced)?.into_iter();
    let scales = scales(from, count)?;
    let scales = scales.iter().flat_map(|run| repeat_n((run.scale, run.per), run.rows));
    let mut rows = Vec::with_capacity(count);
    let mut before = 0_u32;
    for (at, (scale, per)) in scales.enumerate() {
        let item = u32::try_from(items.next()?).ok();
        let item = item.and_then(|more| before.checked_add(more)?.checked_add(1));
        before = item.ok_or(items.refuse("an item is out of range"))?;
        let amount = if bit(withdrawn, at) { None } else { amounts.next() };
        let amount = amount.map(i64::try_from).transpose();
        let amount = amount.map_err(|error| BulkError::value("an amount", error))?;
        rows.push(PriceChange { item: before, amount, scale, per });
    }
    items.end()?;
    Ok(rows)
}

/// The scales of `count` rows, as runs that differ from their neighbours.
fn scales(from: &mut Reader<'_>, count: usize) -> Result<Vec<ScaleRun>, BulkError> {
    let runs = from.list("the decimals of a price chunk", count, |from| {
        from.fields("the decimals of a price chunk", 3, |from| {
            let rows = from.u32("how many rows have the same decimals")?;
            let (scale, per) = (from.u8("a price's decimals")?, from.u32("a price's units")?);
            Ok(ScaleRun { rows: usize::try_from(rows).unwrap_or(usize::MAX), scale, per })
        })
    })?;
    let total = runs.iter().fold(0_usize, |total, run| total.saturating_add(run.rows));
    let alike = runs.iter().zip(runs.iter().skip(1));
    let mut alike = alike.filter(|(run, next)| (run.scale, run.per) == (next.scale, next.per));
    if total != count || runs.iter().any(|run| run.rows == 0) || alike.next().is_some() {
        let why = format!("they do not stand for {count} rows in one way");
        return Err(BulkError::value("the decimals of a price chunk", why));
    }
    Ok(runs)
}

fn scale_runs(rows: &[PriceChange]) -> Vec<ScaleRun> {
    rows.chunk_by(|row, next| (row.scale, row.per) == (next.scale, next.per))
        .filter_map(|run| run.first().map(|row| (run.len(), row)))
        .map(|(rows, row)| ScaleRun { rows, scale: row.scale, per: row.per })
        .collect()
}

/// Checks that a till's clock can show an instant.
pub(super) fn instant(what: &'static str, ms: i64) -> Result<(), BulkError> {
    Timestamp::from_millisecond(ms).map(drop).map_err(|error| BulkError::value(what, error))
}

/// The number of a layer, as the catalogue's tables have it too.
const fn layer_number(layer: Layer) -> u8 {
    match layer {
        Layer::Headquarters => 0,
        Layer::Zone => 1,
        Layer::Store => 2,
    }
}

fn layer(number: u8) -> Result<Layer, BulkError> {
    let found = Layer::BY_PRECEDENCE.into_iter().find(|layer| layer_number(*layer) == number);
    found.ok_or_else(|| {
        let why = format!("{number}, which this version does not know: update Till");
        BulkError::value("a price chunk's layer", why)
    })
}
