//! A register that is written last by (clock, replica), on `crdts::LWWReg`.
//!
//! Shared by [`crate::customer`]'s fields and [`crate::settings`]. Where it is kept is theirs.

use crate::clock::Hlc;
use crate::log::ReplicaId;
use crdts::LWWReg;

/// Of two values of a register the one with the greater marker counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Marker {
    /// When it was written.
    pub clock: Hlc,
    /// By whom.
    pub replica: ReplicaId,
}

/// A value with the marker that it counts by; `None` for a value taken away.
pub(crate) type Register<V> = LWWReg<Option<V>, Marker>;

/// Writes `val` where its marker is the greater one. No version of Till gives two values one marker;
/// should anyone, the greater value counts, so that all replicas still agree.
pub(crate) fn write<V: Ord>(register: &mut Register<V>, val: Option<V>, marker: Marker) {
    if register.validate_update(&val, &marker).is_err() {
        register.val = register.val.take().max(val);
    } else {
        register.update(val, marker);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = (Option<u8>, Marker)> {
        // Few instants and replicas, so that markers meet.
        (any::<Option<u8>>(), 0_u64..4, 0_u8..3).prop_map(|(val, ms, replica)| {
            (val, Marker { clock: Hlc::from_ms(ms), replica: ReplicaId([replica; 16]) })
        })
    }

    proptest! {
        #[test]
        fn the_order_in_which_values_come_means_nothing(
            values in prop::collection::vec(value(), 1..8),
            order in Just(()).prop_perturb(|(), mut rng| rng.random::<u64>()),
        ) {
            let fold = |values: &[(Option<u8>, Marker)]| {
                let (val, marker) = values[0];
                let mut register = LWWReg { val, marker };
                values.iter().for_each(|(val, marker)| write(&mut register, *val, *marker));
                register
            };
            let mut shuffled = values.clone();
            let turn = usize::try_from(order % values.len() as u64).unwrap();
            shuffled.rotate_left(turn);
            shuffled.reverse();
            shuffled.extend(values.iter().take(2));
            prop_assert_eq!(fold(&values), fold(&shuffled));
        }
    }
}
