//! Columns of integers: one value, steps, or planes.

use super::{SAME, read_planes, unknown, write_planes};
use crate::bulk::columns::{Varints, planes, planes_of, push_varint, unzigzag, zigzag};
use crate::cbor::Reader;
use crate::snapshot::page::PageError;
use minicbor::Encoder;

const STEPS: u8 = 1;
const PLANES: u8 = 2;

/// How integers are told.
pub(super) enum Integers {
    Same(i64),
    Steps(Vec<u8>),
    Planes(i64, Vec<Vec<u8>>),
}

pub(super) fn integers(numbers: &[i64]) -> Integers {
    let first = numbers.first().copied().unwrap_or_default();
    if numbers.iter().all(|number| *number == first) {
        return Integers::Same(first);
    }
    let (mut before, mut steps) = (0_i64, Vec::new());
    for number in numbers {
        push_varint(&mut steps, zigzag(number.wrapping_sub(before)));
        before = *number;
    }
    let least = numbers.iter().copied().min().unwrap_or_default();
    let above: Vec<u64> =
        numbers.iter().map(|number| number.wrapping_sub(least).cast_unsigned()).collect();
    let wide = planes_of(above.iter().copied().max().unwrap_or_default());
    // Like bytes together compress better than the same bytes side by side.
    if wide * numbers.len() <= steps.len() {
        Integers::Planes(least, planes(&above))
    } else {
        Integers::Steps(steps)
    }
}

impl Integers {
    pub(super) fn write(&self, to: &mut Encoder<Vec<u8>>) -> Result<(), PageError> {
        match self {
            Self::Same(value) => to.u8(SAME)?.i64(*value)?,
            Self::Steps(steps) => to.u8(STEPS)?.bytes(steps)?,
            Self::Planes(least, planes) => {
                to.u8(PLANES)?.i64(*least)?;
                write_planes(planes, to)?;
                to
            }
        };
        Ok(())
    }
}

/// The integers, and how many fields behind the fourth were read.
pub(super) fn read_integers(
    from: &mut Reader<'_>,
    count: usize,
) -> Result<(Vec<i64>, u64), PageError> {
    match from.u8("a column's coding")? {
        SAME => Ok((vec![from.i64("a column's value")?; count], 0)),
        STEPS => {
            let mut steps = Varints::new("steps", from.bytes("a column's steps", usize::MAX)?);
            let (mut before, mut numbers) = (0_i64, Vec::with_capacity(count));
            for _ in 0..count {
                before = before.wrapping_add(unzigzag(steps.next()?));
                numbers.push(before);
            }
            steps.end()?;
            Ok((numbers, 0))
        }
        PLANES => {
            let least = from.i64("the least value of a column")?;
            let above = read_planes(from, count)?;
            Ok((above.into_iter().map(|it| least.wrapping_add(it.cast_signed())).collect(), 1))
        }
        other => Err(PageError::value("a column's coding", unknown(other))),
    }
}
