//! Whatever the network does, all comes to the same.

use super::*;
use crate::log::StreamKind;
use proptest::prelude::*;

/// Bytes that nothing compresses, so that a frame does not hold many.
pub fn noise(length: u64) -> Vec<u8> {
    let mut state = length | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever is lost, doubled or reordered, all come to the same within a day.
    #[test]
    fn everything_arrives(
        dice in 1_u64..u64::MAX,
        lose in 0_u64..40,
        double in 0_u64..40,
        reorder in 0_u64..60,
        acts in prop::collection::vec((0_u8..10, 1_u64..3_000), 1..60),
    ) {
        let mut net = Net::new(&[HUB, A, B, B + 1], dice, Faults { lose, double, reorder });
        let pairs = [(HUB, A), (A, B), (B, B + 1), (HUB, B + 1)];
        for (a, b) in pairs {
            net.connect(a, b);
        }
        for (act, wait) in acts {
            let seed = A + act % 3;
            match act {
                0..=4 => net.write(seed, StreamKind::Journal, &[act; 200]),
                5 | 6 => net.write(seed, StreamKind::Workspace, &[act]),
                7 => net.write(HUB, StreamKind::Settings, &noise(wait * 60)),
                8 => {
                    let (a, b) = pairs[usize::try_from(wait).unwrap() % pairs.len()];
                    net.cut(a, b);
                    net.settle(wait);
                    net.connect(a, b);
                }
                _ => net.settle(wait),
            }
        }
        net.settle(24 * 3_600_000);
        net.assert_converged();
        prop_assert_eq!(net.under_way.len(), 0, "and then all is quiet");
    }
}
