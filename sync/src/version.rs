//! Tills of two versions in one simulation: a till that plays the old one reads what a newer one
//! writes as what it is to it, a kind that it does not know.
//!
//! Only the feature `simulated` compiles it in; without it every kind that this version has is known.

/// What a kind is a kind of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Of fact, in a journal.
    Fact(u64),
    /// Of operation, in a workspace.
    Operation(u64),
}

#[cfg(feature = "simulated")]
mod played {
    use super::Kind;
    use std::cell::Cell;

    /// What the newer version added: returns and counts of stock, discounts on carts.
    const ADDED: [Kind; 3] = [Kind::Fact(6), Kind::Fact(9), Kind::Operation(4)];

    std::thread_local! {
        static OLD: Cell<bool> = const { Cell::new(false) };
    }

    /// While it is held, this thread plays one version.
    #[derive(Debug)]
    #[must_use = "the version ends with it"]
    pub struct Playing {
        before: bool,
    }

    impl Drop for Playing {
        fn drop(&mut self) {
            OLD.set(self.before);
        }
    }

    /// Plays the old version in this thread, or the present one.
    pub fn play(old: bool) -> Playing {
        Playing { before: OLD.replace(old) }
    }

    /// Whether the version that is played has this kind.
    pub(crate) fn knows(kind: Kind) -> bool {
        !OLD.get() || !ADDED.contains(&kind)
    }
}

#[cfg(feature = "simulated")]
pub(crate) use played::knows;
#[cfg(feature = "simulated")]
pub use played::{Playing, play};

/// Whether this version has a kind that it can read: always, in this build.
#[cfg(not(feature = "simulated"))]
pub(crate) const fn knows(_: Kind) -> bool {
    true
}
