//! Money: tenders, the card, refunds. The wait for the terminal is [`super::waiting`]'s.

use super::cashier::{Cashier, Screen, escaped};
use super::entry::{Entry, Kind, ReceiptName};
use super::error::SellError;
use super::wire::{Amount, Cart, Receipt};
use commerce::quantity::{parse_thousandths, thousandths_text};
use serde_json::json;
use ureq::http::Method;

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
    pub(super) fn tender(&self, kind: &'static str) -> Result<String, SellError> {
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
