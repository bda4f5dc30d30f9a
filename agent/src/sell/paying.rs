//! Money: tenders, the card and its wait, refunds.

use super::cashier::{Cashier, Screen, escaped};
use super::error::SellError;
use super::parse::{Entry, Kind, ReceiptName};
use super::wire::{Amount, Cart, CurrentReturn, Payment, Receipt};
use commerce::quantity::{parse_thousandths, thousandths_text};
use serde_json::json;
use std::time::{Duration, Instant};
use ureq::http::Method;

/// Between two looks at a payment: a person takes a change at once.
const LOOK: Duration = Duration::from_millis(250);

/// The longest wait for a card: the terminal's own longest and some questions after it.
const LONGEST: Duration = Duration::from_secs(400);

impl<S: Screen> Cashier<S> {
    pub(super) fn pay(&mut self, entry: Entry) -> Result<(), SellError> {
        let (method, path, body) = match entry {
            Entry::Tender { kind, amount, reference } => {
                let tender = self.tender(kind.name())?;
                let amount = match amount {
                    Some(amount) => self.amount(&amount)?,
                    None => self.due()?,
                };
                let body = json!({ "tender": tender, "amount": amount, "reference": reference });
                (Method::POST, self.cart_path("/tenders")?, body)
            }
            Entry::Card { amount } => {
                let amount = amount.map(|amount| self.amount(&amount)).transpose()?;
                let body = json!({ "tender": self.tender("card")?, "amount": amount });
                (Method::POST, self.cart_path("/card")?, body)
            }
            Entry::Refund { receipt, line, quantity, reason } => {
                let receipt = self.receipt(receipt)?;
                let quantity = match quantity {
                    Some(quantity) => quantity,
                    None => self.left_of(&receipt, line)?,
                };
                let lines = json!([{ "line": line, "quantity": quantity }]);
                let path = format!("/receipts/{}/refund", escaped(&receipt));
                (Method::POST, path, json!({ "lines": lines, "reason": reason }))
            }
            Entry::VoidLast { reason } => {
                let receipt = self.receipt(ReceiptName::Last)?;
                let path = format!("/receipts/{}/void", escaped(&receipt));
                (Method::POST, path, json!({ "reason": reason }))
            }
            _ => (Method::DELETE, self.cart_path("/tenders")?, json!({})),
        };
        let answer = self.act(&method, &path, body)?;
        self.show_answer(answer)
    }

    /// The store's first tender of a kind.
    fn tender(&self, kind: &'static str) -> Result<String, SellError> {
        let tender = self.settings.tenders.iter().find(|tender| tender.kind == kind);
        tender.map(|tender| tender.tender.clone()).ok_or(SellError::NoTender(kind))
    }

    fn due(&self) -> Result<Amount, SellError> {
        let cart: Cart = self.client.get(&self.cart_path("")?)?;
        Ok(cart.due)
    }

    /// How much of a line did not come back yet.
    fn left_of(&self, receipt: &str, line: u32) -> Result<String, SellError> {
        let shown: Receipt = self.client.get(&format!("/receipts/{}", escaped(receipt)))?;
        let thousandths = |text: &str| parse_thousandths(text).unwrap_or(0);
        let found = shown.lines.iter().find(|sold| sold.line == line);
        let left = found.map_or(0, |sold| {
            thousandths(&sold.quantity) - sold.returned.as_deref().map_or(0, thousandths)
        });
        if left > 0 {
            Ok(thousandths_text(left))
        } else {
            Err(SellError::NothingLeft { receipt: receipt.to_owned(), line })
        }
    }

    /// Waits until the terminal's word on a payment is known, and shows what it says meanwhile.
    pub(super) fn wait_for_card(&mut self, payment: u64) -> Result<(), SellError> {
        let mut progress = Progress::begin();
        loop {
            let now: Payment = self.client.get(&format!("/payments/{payment}"))?;
            match now.state.as_str() {
                "under_way" | "unknown" if progress.goes_on() => {
                    if let Some(words) = progress.news(now.progress) {
                        self.screen.show(&format!("  card: {words}"));
                    }
                }
                "under_way" | "unknown" => return Err(SellError::Unknown(payment)),
                "approved" => {
                    self.screen.show("  card: approved");
                    return self.show_paid(now.cart);
                }
                state => return Err(SellError::NotCharged(state.replace('_', " "))),
            }
            std::thread::sleep(LOOK);
        }
    }

    /// After an approval: the receipt when it was all, else what is still due.
    fn show_paid(&mut self, cart: u64) -> Result<(), SellError> {
        match self.client.get::<Cart>(&format!("/carts/{cart}")) {
            Ok(cart) => self.show_cart(&cart),
            Err(error) if error.is("no-cart") => {
                let receipt = self.receipt(ReceiptName::Last)?;
                self.show_receipt(&receipt)?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Waits until the return under way is paid back.
    pub(super) fn wait_for_return(&mut self) -> Result<(), SellError> {
        let mut progress = Progress::begin();
        loop {
            let CurrentReturn { open } = self.client.get("/returns/current")?;
            let Some(open) = open else {
                let receipt = self.receipt(ReceiptName::Last)?;
                return self.show_receipt(&receipt);
            };
            // A part without a payment is one that the terminal refused.
            let asked = open.payouts.iter().find_map(|payout| payout.payment);
            let (Some(payment), true) = (asked, progress.goes_on()) else {
                let first = open.payouts.first();
                let amount = first.map(|payout| payout.amount.text.clone()).unwrap_or_default();
                return Err(SellError::NotPaidBack { amount });
            };
            let payment: Payment = self.client.get(&format!("/payments/{payment}"))?;
            if let Some(words) = progress.news(payment.progress) {
                self.screen.show(&format!("  card: {words}"));
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// What was shown of a wait, and how long it lasts.
struct Progress {
    until: Instant,
    shown: Option<String>,
}

impl Progress {
    fn begin() -> Self {
        Self { until: Instant::now() + LONGEST, shown: None }
    }

    fn goes_on(&self) -> bool {
        Instant::now() < self.until
    }

    /// Words that were not shown last.
    fn news(&mut self, words: Option<String>) -> Option<String> {
        let words = words.filter(|words| self.shown.as_ref() != Some(words))?;
        self.shown = Some(words.clone());
        Some(words)
    }
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::Voucher => "voucher",
            Self::Coupon => "coupon",
        }
    }
}
