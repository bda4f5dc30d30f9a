//! Claims of carts, as questions between tills: who was asked for which, and how long that may take.
//!
//! A question travels outside the log; the grant itself is an entry of the holder's stream. Topic 1
//! asks for a cart: its number, 8 bytes big-endian. The answer is empty when the cart was granted,
//! else why not, as UTF-8.

use commerce::cart::CartId;
use std::collections::BTreeMap;
use sync::link::Route;
use sync::wire::{Answer, Ask};

/// The topic of these questions.
pub const CLAIM: u16 = 1;

/// How long an answer is waited for: a sibling answers within milliseconds, or its till is stuck.
const PATIENCE_MS: u64 = 3_000;

/// The most questions that wait for an answer: a cashier asks for one cart at a time.
const MAX_WAITING: usize = 64;

/// The longest reason that is shown, in characters.
const MAX_WHY: usize = 200;

/// The questions that wait for an answer.
#[derive(Debug, Default)]
pub struct Claims {
    last: u64,
    waiting: BTreeMap<u64, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    cart: CartId,
    route: Route,
    due: u64,
}

/// A claim that came to nothing.
pub type Refused = (CartId, String);

impl Claims {
    /// A question about a cart, for the till at `route`; `None` when too many wait.
    pub fn ask(&mut self, now_ms: u64, route: Route, cart: CartId) -> Option<Ask> {
        if self.waiting.len() >= MAX_WAITING {
            return None;
        }
        self.last += 1;
        self.waiting.insert(self.last, Waiting { cart, route, due: now_ms + PATIENCE_MS });
        Some(Ask { number: self.last, topic: CLAIM, body: cart.0.to_be_bytes().to_vec() })
    }

    /// What an answer says; `None` when the cart was granted, or nobody waits for it any more.
    pub fn answered(&mut self, route: &Route, answer: &Answer) -> Option<Refused> {
        if self.waiting.get(&answer.number).is_none_or(|waiting| waiting.route != *route) {
            return None;
        }
        let Waiting { cart, .. } = self.waiting.remove(&answer.number)?;
        if answer.ok {
            return None;
        }
        let why = String::from_utf8_lossy(&answer.body).chars().take(MAX_WHY).collect();
        Some((cart, why))
    }

    /// Claims that will not be answered, since the line went down.
    pub fn cut(&mut self, route: &Route) -> Vec<Refused> {
        self.give_up(|waiting| waiting.route == *route, "the line to it went down")
    }

    /// Claims that were not answered in time.
    pub fn late(&mut self, now_ms: u64) -> Vec<Refused> {
        self.give_up(|waiting| now_ms >= waiting.due, "it does not answer")
    }

    fn give_up(&mut self, gone: impl Fn(&Waiting) -> bool, why: &str) -> Vec<Refused> {
        let given_up = self.waiting.extract_if(.., |_, waiting| gone(waiting));
        given_up.map(|(_, waiting)| (waiting.cart, format!("{}: {why}", waiting.route))).collect()
    }

    /// When the next one is late, in milliseconds of the exchange's clock.
    #[must_use]
    pub fn due_at(&self) -> Option<u64> {
        self.waiting.values().map(|waiting| waiting.due).min()
    }
}

/// The cart that a question asks for; `None` when it is about something else.
#[must_use]
pub fn asked_for(ask: &Ask) -> Option<CartId> {
    let number = ask.body.as_slice().try_into().map(u64::from_be_bytes).ok()?;
    (ask.topic == CLAIM).then_some(CartId(number))
}

/// The answer to a claim.
#[must_use]
pub fn answer(number: u64, granted: Result<(), String>) -> Answer {
    match granted {
        Ok(()) => Answer { number, ok: true, body: Vec::new() },
        Err(why) => {
            let why: String = why.chars().take(MAX_WHY).collect();
            Answer { number, ok: false, body: why.into_bytes() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(till: u8) -> Route {
        Route::Till { store: "HH01".into(), thing: format!("till-{till}") }
    }

    #[test]
    fn a_claim_is_answered_once_by_whom_it_was_asked_of() {
        let mut claims = Claims::default();
        let ask = claims.ask(0, route(1), CartId(1 << 40)).unwrap();
        assert_eq!(asked_for(&ask), Some(CartId(1 << 40)));
        let refused = answer(ask.number, Err("it is at the till".into()));
        assert_eq!(claims.answered(&route(2), &refused), None, "another till's word");
        let told = (CartId(1 << 40), "it is at the till".to_owned());
        assert_eq!(claims.answered(&route(1), &refused), Some(told));
        assert_eq!(claims.answered(&route(1), &refused), None, "once");
        let ask = claims.ask(0, route(1), CartId(7)).unwrap();
        assert_eq!(claims.answered(&route(1), &answer(ask.number, Ok(()))), None);
        assert_eq!(claims.due_at(), None);
    }

    #[test]
    fn nobody_waits_for_ever() {
        let mut claims = Claims::default();
        claims.ask(10, route(1), CartId(1)).unwrap();
        claims.ask(20, route(2), CartId(2)).unwrap();
        assert_eq!(claims.due_at(), Some(10 + PATIENCE_MS));
        assert!(claims.late(10 + PATIENCE_MS - 1).is_empty());
        let late = claims.late(10 + PATIENCE_MS);
        assert_eq!(late, [(CartId(1), "HH01/till-1: it does not answer".to_owned())]);
        assert_eq!(claims.cut(&route(2)).len(), 1);
        for cart in 0..MAX_WAITING as u64 {
            assert!(claims.ask(0, route(1), CartId(cart)).is_some());
        }
        assert_eq!(claims.ask(0, route(1), CartId(99)), None);
    }

    #[test]
    fn other_questions_are_none_of_ours() {
        for (topic, body) in [(2, vec![0; 8]), (CLAIM, vec![0; 7]), (CLAIM, Vec::new())] {
            assert_eq!(asked_for(&Ask { number: 1, topic, body }), None);
        }
        let long = answer(1, Err("ä".repeat(10_000)));
        assert_eq!(long.body.len(), 2 * MAX_WHY);
    }
}
