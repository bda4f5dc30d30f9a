//! Baskets of other tills, for a script: its next line is about a basket that was only asked for, so
//! it waits until that is here. A person sees it come.

use super::cashier::{Cashier, Pause, Screen};
use super::error::SellError;
use std::time::{Duration, Instant};

/// How long a script waits: the till gives its question up after 3 s, and a grant comes at once.
pub(super) const LONGEST: Duration = Duration::from_secs(8);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);

impl<S: Screen> Cashier<S> {
    /// Waits until a basket that was asked for is at the till, and shows it.
    ///
    /// # Errors
    /// When it does not come within `longest`.
    pub(super) fn wait_for_cart(&mut self, cart: u64, longest: Duration) -> Result<(), SellError> {
        let begin = Instant::now();
        loop {
            if self.current()? == Some(cart) {
                let cart = self.client.get(&format!("/carts/{cart}"))?;
                self.show_cart(&cart);
                return Ok(());
            }
            if begin.elapsed() >= longest || self.screen.pause(LOOK) == Pause::Left {
                return Err(SellError::NotCome { seconds: longest.as_secs() });
            }
        }
    }
}

#[cfg(test)]
#[path = "coming_tests.rs"]
mod tests;
