//! The one rounding Till uses: half away from zero, on exact integers.

/// `numerator / denominator`, rounded half away from zero.
///
/// `denominator` must be positive. Returns `None` when the result does not fit an `i64` or the
/// denominator is not positive.
#[must_use]
pub fn div_half_away(numerator: i128, denominator: i128) -> Option<i64> {
    if denominator <= 0 {
        return None;
    }
    let magnitude = numerator.unsigned_abs();
    let divisor = denominator.unsigned_abs();
    let rounded = magnitude / divisor + u128::from(magnitude % divisor >= divisor.div_ceil(2));
    let signed = i128::try_from(rounded).ok()?;
    i64::try_from(if numerator < 0 { -signed } else { signed }).ok()
}

/// Splits `total` over `weights` so that the shares are proportional and sum to `total` exactly.
///
/// The shares are the differences of the rounded running sum, so no share is off by more than
/// one unit. Weights must not be negative; when they are all zero the last takes everything.
/// Returns `None` on overflow.
#[must_use]
pub fn share_out(total: i64, weights: &[i64]) -> Option<Vec<i64>> {
    let whole: i128 = weights.iter().map(|&weight| i128::from(weight)).sum();
    let mut shares = Vec::with_capacity(weights.len());
    let (mut running, mut given) = (0_i128, 0_i64);
    for (position, &weight) in weights.iter().enumerate() {
        running += i128::from(weight);
        let upto = if position + 1 == weights.len() {
            total
        } else if whole == 0 {
            0
        } else {
            div_half_away(i128::from(total) * running, whole)?
        };
        shares.push(upto.checked_sub(given)?);
        given = upto;
    }
    Some(shares)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn half_goes_away_from_zero() {
        for (numerator, denominator, expected) in [
            (5, 10, 1),
            (-5, 10, -1),
            (4, 10, 0),
            (-4, 10, 0),
            (15, 10, 2),
            (1, 3, 0),
            (2, 3, 1),
            (3, 2, 2),
        ] {
            assert_eq!(
                div_half_away(numerator, denominator),
                Some(expected),
                "{numerator}/{denominator}"
            );
        }
        assert_eq!(div_half_away(1, 0), None);
        assert_eq!(div_half_away(i128::MAX, 1), None);
    }

    proptest! {
        #[test]
        fn shares_sum_and_stay_within_one(total in -10_000_000_i64..10_000_000, weights in prop::collection::vec(0_i64..100_000, 1..40)) {
            let shares = share_out(total, &weights).unwrap();
            prop_assert_eq!(shares.iter().sum::<i64>(), total);
            let whole: i128 = weights.iter().map(|&weight| i128::from(weight)).sum();
            if whole > 0 {
                for (share, weight) in shares.iter().zip(&weights) {
                    let exact = div_half_away(i128::from(total) * i128::from(*weight), whole).unwrap();
                    prop_assert!((share - exact).abs() <= 1, "{} against {}", share, exact);
                }
            }
        }
    }
}
