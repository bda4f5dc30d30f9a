//! Columns as byte strings: varints, planes of bytes and a bit for each row, read strictly.
//!
//! Which column holds what is [`super::prices`]'s affair.

use super::BulkError;

/// Writes a number, seven bits a byte.
pub(crate) fn push_varint(column: &mut Vec<u8>, mut value: u64) {
    while let Some(more) = Some(value >> 7).filter(|more| *more > 0) {
        column.push(low_seven(value) | 0x80);
        value = more;
    }
    column.push(low_seven(value));
}

/// How many bytes [`push_varint`] writes.
pub(crate) const fn varint_bytes(value: u64) -> usize {
    let bits = u64::BITS - value.leading_zeros();
    if bits == 0 { 1 } else { bits.div_ceil(7) as usize }
}

/// A distance as a number that is small where the distance is, whatever its sign.
pub(crate) const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

/// The distance of [`zigzag`]'s number.
pub(crate) const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

const fn low_seven(value: u64) -> u8 {
    let [low, ..] = value.to_le_bytes();
    low & 0x7f
}

/// Reads a column's varints one after another.
pub(crate) struct Varints<'b> {
    name: &'static str,
    column: &'b [u8],
    at: usize,
}

impl<'b> Varints<'b> {
    pub(crate) const fn new(name: &'static str, column: &'b [u8]) -> Self {
        Self { name, column, at: 0 }
    }

    pub(crate) fn next(&mut self) -> Result<u64, BulkError> {
        let (mut value, mut shift) = (0_u64, 0);
        loop {
            let byte = *self.column.get(self.at).ok_or(self.refuse("ends too early"))?;
            let bits = u64::from(byte & 0x7f);
            // The tenth byte holds the 64th bit alone.
            if shift > 63 || (shift == 63 && bits > 1) {
                return Err(self.refuse("a number has more than 64 bits"));
            }
            if byte == 0 && shift > 0 {
                return Err(self.refuse("a number is not in its shortest form"));
            }
            value |= bits << shift;
            self.at += 1;
            shift += 7;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
    }

    /// What was not read yet.
    pub(crate) fn rest(&self) -> &'b [u8] {
        self.column.get(self.at..).unwrap_or_default()
    }

    /// Checks that nothing is left.
    pub(crate) fn end(&self) -> Result<(), BulkError> {
        if self.at == self.column.len() {
            return Ok(());
        }
        Err(self.refuse("something is left behind the last row"))
    }

    pub(crate) const fn refuse(&self, why: &'static str) -> BulkError {
        BulkError::Column { column: self.name, at: self.at, why }
    }
}

/// How many planes numbers up to this one need.
pub(crate) const fn planes_of(largest: u64) -> usize {
    (u64::BITS - largest.leading_zeros()).div_ceil(8) as usize
}

/// The lowest bytes of all values, then the next, up to the last that is not zero in all of them.
pub(crate) fn planes(values: &[u64]) -> Vec<Vec<u8>> {
    let count = planes_of(values.iter().copied().max().unwrap_or(0));
    let plane = |at: usize| {
        let byte = |value: &u64| value.to_le_bytes().get(at).copied().unwrap_or(0);
        values.iter().map(byte).collect()
    };
    (0..count).map(plane).collect()
}

/// Puts `count` values together from their [`planes`].
pub(crate) fn from_planes(
    name: &'static str,
    planes: &[&[u8]],
    count: usize,
) -> Result<Vec<u64>, BulkError> {
    let refuse = |at, why| BulkError::Column { column: name, at, why };
    if let Some(other) = planes.iter().find(|plane| plane.len() != count) {
        return Err(refuse(other.len(), "a plane has not a byte for each number"));
    }
    if planes.last().is_some_and(|top| top.iter().all(|byte| *byte == 0)) {
        return Err(refuse(0, "the highest plane is empty"));
    }
    let mut values = vec![0_u64; count];
    for plane in planes.iter().rev() {
        for (value, byte) in values.iter_mut().zip(*plane) {
            *value = *value << 8 | u64::from(*byte);
        }
    }
    Ok(values)
}

/// A bit for each row, the lowest of the first byte first; none when no bit is set.
pub(crate) fn bits(rows: impl ExactSizeIterator<Item = bool>) -> Option<Vec<u8>> {
    let mut column = vec![0_u8; rows.len().div_ceil(8)];
    for (at, set) in rows.enumerate() {
        if let Some(byte) = column.get_mut(at / 8) {
            *byte |= u8::from(set) << (at % 8);
        }
    }
    column.iter().any(|byte| *byte > 0).then_some(column)
}

/// How many of a column's [`bits`] over `rows` rows are set.
pub(crate) fn set_bits(
    name: &'static str,
    column: Option<&[u8]>,
    rows: usize,
) -> Result<usize, BulkError> {
    let Some(column) = column else { return Ok(0) };
    let refuse = |why| Err(BulkError::Column { column: name, at: column.len(), why });
    if column.len() != rows.div_ceil(8) {
        return refuse("it has not a bit for each row");
    }
    let unused =
        column.last().is_some_and(|last| !rows.is_multiple_of(8) && last >> (rows % 8) > 0);
    let set: u32 = column.iter().map(|byte| byte.count_ones()).sum();
    if unused || set == 0 {
        return refuse("a bit behind the last row is set, or none is at all");
    }
    Ok(usize::try_from(set).unwrap_or(rows).min(rows))
}

/// Whether a row's bit is set.
pub(crate) fn bit(column: Option<&[u8]>, row: usize) -> bool {
    let byte = column.and_then(|column| column.get(row / 8));
    byte.is_some_and(|byte| byte >> (row % 8) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn refused(column: &[u8], at: usize, why: &'static str) {
        let error = BulkError::Column { column: "tests", at, why };
        assert_eq!(Varints::new("tests", column).next(), Err(error), "{column:02x?}");
    }

    #[test]
    fn refuses_other_forms() {
        refused(&[], 0, "ends too early");
        refused(&[0x80], 1, "ends too early");
        refused(&[0x80, 0x00], 1, "a number is not in its shortest form");
        refused(&[0xff, 0x80, 0x00], 2, "a number is not in its shortest form");
        refused(&[0xff; 11], 9, "a number has more than 64 bits");
        let beyond = [&[0xff; 9][..], &[0x02]].concat();
        refused(&beyond, 9, "a number has more than 64 bits");
        let mut left = Varints::new("tests", &[1, 2]);
        assert_eq!(left.next(), Ok(1));
        assert!(left.end().is_err());
    }

    #[test]
    fn bits_have_one_form() {
        assert_eq!(bits([false; 9].into_iter()), None);
        let column =
            bits([true, false, false, false, false, false, false, false, true].into_iter());
        assert_eq!(column.as_deref(), Some(&[1, 1][..]));
        assert_eq!(set_bits("tests", column.as_deref(), 9), Ok(2));
        for (column, rows) in
            [(&[1_u8, 1][..], 8), (&[1], 9), (&[0, 2], 9), (&[0, 0], 9), (&[], 0), (&[0x10], 4)]
        {
            assert!(set_bits("tests", Some(column), rows).is_err(), "{column:?} {rows}");
        }
    }

    #[test]
    fn planes_have_one_form() {
        assert_eq!(planes(&[]), Vec::<Vec<u8>>::new());
        assert_eq!(planes(&[0, 0]), Vec::<Vec<u8>>::new());
        assert_eq!(planes(&[1, 0x0302]), [[1, 2], [0, 3]]);
        for planes in [&[&[1][..]][..], &[&[1, 2], &[3]], &[&[1, 2], &[0, 0]], &[&[0, 0]]] {
            assert!(from_planes("tests", planes, 2).is_err(), "{planes:?}");
        }
    }

    proptest! {
        #[test]
        fn round_trips(values in prop::collection::vec((any::<u64>(), 0_u32..64), 0..50)) {
            let values: Vec<_> = values.into_iter().map(|(value, less)| value >> less).collect();
            let mut column = Vec::new();
            values.iter().for_each(|value| push_varint(&mut column, *value));
            let bytes: usize = values.iter().map(|value| varint_bytes(*value)).sum();
            prop_assert_eq!(column.len(), bytes);
            let mut varints = Varints::new("tests", &column);
            for value in values {
                prop_assert_eq!(varints.next(), Ok(value));
            }
            prop_assert_eq!(varints.end(), Ok(()));
        }

        #[test]
        fn planes_round_trip(values in prop::collection::vec((any::<u64>(), 0_u32..64), 0..50)) {
            let values: Vec<_> = values.into_iter().map(|(value, less)| value >> less).collect();
            let planes = planes(&values);
            let planes: Vec<_> = planes.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(from_planes("tests", &planes, values.len()), Ok(values));
        }

        #[test]
        fn bits_round_trip(rows in prop::collection::vec(any::<bool>(), 1..50)) {
            let column = bits(rows.iter().copied());
            let set = rows.iter().filter(|set| **set).count();
            prop_assert_eq!(set_bits("tests", column.as_deref(), rows.len()), Ok(set));
            for (at, set) in rows.iter().enumerate() {
                prop_assert_eq!(bit(column.as_deref(), at), *set);
            }
        }
    }
}
