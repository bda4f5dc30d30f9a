//! Counts in words for people: one thing, several things. Every command that counts calls it.

use std::fmt::Display;

/// `1 row`, `2 rows`
pub(crate) fn counted<N>(count: N, one: &str, many: &str) -> String
where
    N: Display + PartialEq + From<u8>,
{
    format!("{count} {}", if count == N::from(1) { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        let rows = [0_u64, 1, 2].map(|count| counted(count, "row", "rows"));
        assert_eq!(rows, ["0 rows", "1 row", "2 rows"]);
    }
}
