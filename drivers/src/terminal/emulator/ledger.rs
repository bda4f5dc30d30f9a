//! The emulated terminal's own books: what really moved, whatever the till was told.

use crate::terminal::status::ClockTime;

/// What was booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Booked {
    /// The cardholder paid.
    Payment,
    /// The cardholder got money back.
    Refund,
    /// A payment was taken back; its trace number.
    Reversal {
        /// The trace number of the payment.
        of: u32,
    },
}

/// One booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booking {
    /// What.
    pub what: Booked,
    /// Minor units, positive.
    pub amount_minor: i64,
    /// Numeric ISO 4217.
    pub currency: u16,
    /// 1 to 999999, then again from 1.
    pub trace: u32,
    /// 1 to 9999, then again from 1.
    pub receipt_no: u16,
    /// The terminal's clock.
    pub at: ClockTime,
}

/// All bookings, in order. Survives the line and the power.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    bookings: Vec<Booking>,
    trace: u32,
    receipt_no: u16,
}

impl Ledger {
    /// A ledger whose counters stand at these last numbers.
    #[must_use]
    pub const fn counting_from(trace: u32, receipt_no: u16) -> Self {
        Self { bookings: Vec::new(), trace, receipt_no }
    }

    /// All bookings, the oldest first.
    #[must_use]
    pub fn bookings(&self) -> &[Booking] {
        &self.bookings
    }

    /// The last booking.
    #[must_use]
    pub fn last(&self) -> Option<&Booking> {
        self.bookings.last()
    }

    /// Payments less refunds and reversals, in minor units of one currency.
    #[must_use]
    pub fn net_minor(&self, currency: u16) -> i64 {
        let signed = |booking: &Booking| match booking.what {
            Booked::Payment => booking.amount_minor,
            Booked::Refund | Booked::Reversal { .. } => -booking.amount_minor,
        };
        self.bookings.iter().filter(|booking| booking.currency == currency).map(signed).sum()
    }

    /// The payment with this receipt number that can still be reversed.
    pub(super) fn reversible(&self, receipt_no: u16) -> Option<&Booking> {
        let payment =
            self.bookings.iter().rev().find(|booking| {
                booking.receipt_no == receipt_no && booking.what == Booked::Payment
            })?;
        let taken = Booked::Reversal { of: payment.trace };
        (!self.bookings.iter().any(|booking| booking.what == taken)).then_some(payment)
    }

    pub(super) fn book(&mut self, what: Booked, amount_minor: i64, currency: u16, at: ClockTime) {
        self.skip_trace();
        self.receipt_no = self.receipt_no % 9_999 + 1;
        self.bookings.push(Booking {
            what,
            amount_minor,
            currency,
            trace: self.trace,
            receipt_no: self.receipt_no,
            at,
        });
    }

    /// The next trace number: declined orders and closed days use them up too.
    pub(super) const fn skip_trace(&mut self) -> u32 {
        self.trace = self.trace % 999_999 + 1;
        self.trace
    }
}
