//! The emulated terminal's clock.

use crate::terminal::status::ClockTime;

/// Seconds into a year of 365 days as the terminal shows them.
pub fn clock(seconds: u64) -> ClockTime {
    const MONTHS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let small = |number: u64| u8::try_from(number).unwrap_or(0);
    let mut day = seconds / 86_400 % 365;
    let mut month = 1;
    for length in MONTHS {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    ClockTime {
        month,
        day: small(day + 1),
        hour: small(seconds / 3_600 % 24),
        minute: small(seconds / 60 % 60),
        second: small(seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_counts_days_and_months() {
        let shown = |seconds| {
            let ClockTime { month, day, hour, minute, second } = clock(seconds);
            (month, day, hour, minute, second)
        };
        assert_eq!(shown(0), (1, 1, 0, 0, 0));
        assert_eq!(shown(59 * 86_400 + 3_661), (3, 1, 1, 1, 1));
        assert_eq!(shown(365 * 86_400 - 1), (12, 31, 23, 59, 59));
        assert_eq!(shown(365 * 86_400), (1, 1, 0, 0, 0));
    }
}
