//! What a cashier is told about a card payment: what is known, what is not, and what to do.

use super::wire::{Payment, State};

impl Payment {
    /// What the money would do, as the end of a sentence.
    fn moves(&self) -> &'static str {
        match self.kind.as_str() {
            "authorise" => "was charged",
            _ => "went back to the card",
        }
    }

    /// That nobody knows, why, and that the till goes on asking.
    pub(super) fn doubt(&self) -> String {
        let Self { payment, asked, .. } = self;
        format!(
            "✗ payment {payment}: nobody knows whether {} {}: {}\n  \
             The till goes on asking the terminal; `ask {payment}` asks at once. Until it is known\n  \
             no other card can be charged, and its basket cannot be paid in another way.",
            asked.text,
            self.moves(),
            self.reason()
        )
    }

    /// That the terminal has said all it can, and what a manager does.
    pub(super) fn for_manager(&self) -> String {
        let Self { payment, asked, .. } = self;
        format!(
            "✗ payment {payment}: nobody knows whether {} {}: {}\n  \
             The till has stopped asking: the terminal cannot tell. A manager looks into the\n  \
             terminal's own journal, and types what stands there:\n    \
             `booked {payment} NOTE`      it is there (with `amount=9.50 slip=231` before the note\n                        \
             for another amount, and its number)\n    \
             `not-booked {payment} NOTE`  it is not\n  \
             Until then its basket cannot be paid in another way.",
            asked.text,
            self.moves(),
            self.reason()
        )
    }

    /// How it ended, when nothing moved.
    pub(super) fn not_booked(&self) -> String {
        let nothing = match self.kind.as_str() {
            "authorise" => "nothing was charged",
            _ => "nothing went back",
        };
        let Self { payment, why, .. } = self;
        match (self.state, why) {
            (_, Some(why)) => format!("✗ payment {payment}: {nothing}: {why}"),
            (State::NotSent, None) => format!(
                "✗ payment {payment}: {nothing}: the terminal was not reached, or did not begin"
            ),
            (_, None) => format!(
                "✗ payment {payment}: {nothing}: the terminal declined, or has no such payment"
            ),
        }
    }

    /// That money moved and stands nowhere.
    pub(super) fn stray(&self) -> String {
        let Self { payment, moved, .. } = self;
        let reverse = match self.kind.as_str() {
            "authorise" => format!("`reverse {payment}` gives it back, "),
            _ => String::new(),
        };
        format!(
            "✗ payment {payment}: {} {}, but stands in no sale or return. For a manager:\n  \
             {reverse}`put-right {payment} NOTE` says that it was put right elsewhere",
            moved.text,
            self.moves()
        )
    }

    /// Whether money moved that stands nowhere, more of it than was asked.
    pub(super) const fn is_too_much(&self) -> bool {
        matches!(self.state, State::Approved) && !self.used && self.moved.minor > self.asked.minor
    }

    /// How it stands, for whoever comes to it.
    pub(super) fn standing(&self) -> String {
        match self.state {
            State::Unknown if self.asking => self.doubt(),
            State::Unknown => self.for_manager(),
            State::UnderWay => format!(
                "Payment {0} ({1}) is with the terminal: {2}. `abort {0}` asks it to give up.",
                self.payment,
                self.asked.text,
                self.progress.as_deref().unwrap_or("it has said nothing yet")
            ),
            State::Approved => self.stray(),
            State::Declined | State::NotSent => self.not_booked(),
        }
    }

    /// What is told when a person goes on without waiting for it.
    pub(super) fn left(&self) -> String {
        let Self { payment, .. } = self;
        let abort = match self.state {
            State::UnderWay => format!(" `abort {payment}` asks it to give up."),
            _ => String::new(),
        };
        format!(
            "  Payment {payment} stays open, and its end will be shown here.\n  \
             `ask {payment}` asks the terminal.{abort}"
        )
    }

    fn reason(&self) -> &str {
        self.why.as_deref().unwrap_or("the terminal did not say")
    }
}
