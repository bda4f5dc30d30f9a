//! Carries out what a cashier typed, through the till's API, and shows what came of it.
//!
//! The basket here; money in [`super::paying`], shift and drawer in [`super::running`].

use super::client::{Client, ClientError};
use super::error::SellError;
use super::parse::{self, Entry, Off, ReceiptName};
use super::view::Table;
use super::wire::{Answer, Cart, CartList, ItemList, ReceiptList, Settings, TillStatus};
use super::{show, wire};
use crate::emulate::paper::framed;
use commerce::{Currency, Money};
use serde_json::{Value, json};
use ureq::http::Method;

/// Columns of the narrowest paper on which receipts are shown.
pub(super) const PAPER: usize = 32;

/// Where the cashier looks, and answers.
pub(super) trait Screen {
    /// Shows a text.
    fn show(&mut self, text: &str);

    /// Asks for something, unseen if it is `hidden`; `None` when nobody is there to ask.
    fn ask(&mut self, what: &str, hidden: bool) -> Option<String>;
}

/// Another person's word.
#[derive(Clone)]
pub(super) struct Approver {
    pub staff: String,
    pub pin: String,
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Go,
    Quit,
}

/// Someone who is logged in at a till.
pub(super) struct Cashier<S> {
    pub client: Client,
    pub settings: Settings,
    pub currency: Currency,
    pub approver: Option<Approver>,
    pub screen: S,
    /// The basket as it was shown last.
    shown: Option<String>,
}

impl<S: Screen> Cashier<S> {
    /// Learns what the store takes; `client` is logged in.
    pub fn at(client: Client, approver: Option<Approver>, screen: S) -> Result<Self, SellError> {
        let settings: Settings = client.get("/settings")?;
        let currency = Currency::parse(&settings.store.currency)?;
        Ok(Self { client, settings, currency, approver, screen, shown: None })
    }

    /// Says where one is and what is at hand.
    pub fn greet(&mut self) -> Result<(), SellError> {
        let store = self.settings.store.name.clone();
        self.screen.show(&format!("{store}. A code scans, `help` lists the commands."));
        let status: TillStatus = self.client.get("/status")?;
        if status.shift.is_none() {
            self.screen.show("No shift is open: `open 100` opens one with 100.00 in the drawer.");
        }
        if status.cart.is_some() { self.show_basket() } else { Ok(()) }
    }

    /// Shows what happened at the till by another hand: a scanner, another screen. `false` when
    /// there was nothing to show.
    pub fn notice(&mut self, event: &str, data: &Value) -> Result<bool, SellError> {
        let text = |key: &str| data.get(key).and_then(Value::as_str).unwrap_or_default();
        match event {
            "cart" => return self.notice_cart(),
            "scan_refused" => self.screen.show(&format!("\n✗ the scanner: {}", text("why"))),
            "device" => {
                let (name, health) = (text("name"), text("health"));
                let why = Some(text("why")).filter(|why| !why.is_empty());
                let why = why.map(|why| format!(": {why}")).unwrap_or_default();
                self.screen.show(&format!("\n  {name} is {health}{why}"));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Shows the basket at the till when it is not as it was shown last.
    fn notice_cart(&mut self) -> Result<bool, SellError> {
        let Some(cart) = self.current()? else { return Ok(false) };
        let cart = match self.client.get(&format!("/carts/{cart}")) {
            // Paid or given up in between.
            Err(error) if error.is("no-cart") => return Ok(false),
            cart => cart?,
        };
        let basket = show::basket(&wire::basket(&cart, &self.settings));
        let news = self.shown.as_ref() != Some(&basket);
        if news {
            self.screen.show("");
            self.show_cart(&cart);
        }
        Ok(news)
    }

    /// Carries an entry out.
    pub fn carry_out(&mut self, entry: Entry) -> Result<Next, SellError> {
        match entry {
            Entry::Quit => return Ok(Next::Quit),
            Entry::Help => self.screen.show(&parse::help()),
            Entry::Tender { .. }
            | Entry::Card { .. }
            | Entry::TakeBack
            | Entry::Refund { .. }
            | Entry::VoidLast { .. } => self.pay(entry)?,
            Entry::Open { .. }
            | Entry::Close { .. }
            | Entry::MoveCash { .. }
            | Entry::X
            | Entry::Drawer { .. }
            | Entry::Receipt(_)
            | Entry::Reprint(_)
            | Entry::Status
            | Entry::Reasons => self.run(entry)?,
            entry => self.change_basket(entry)?,
        }
        Ok(Next::Go)
    }

    fn change_basket(&mut self, entry: Entry) -> Result<(), SellError> {
        let (method, path, body) = match entry {
            Entry::Scan { code, quantity } => {
                (Method::POST, "/carts".to_owned(), json!({ "code": code, "quantity": quantity }))
            }
            Entry::Void { line, reason } => {
                let why = reason.map(|reason| format!("?reason={}", escaped(&reason)));
                let path = self.line_path(line, &why.unwrap_or_default())?;
                (Method::DELETE, path, json!({}))
            }
            Entry::Quantity { line, quantity } => {
                (Method::PATCH, self.line_path(line, "")?, json!({ "quantity": quantity }))
            }
            Entry::Discount { line, off, reason } => {
                let path = match line {
                    Some(line) => self.line_path(line, "/discounts")?,
                    None => self.cart_path("/discounts")?,
                };
                let body = match off {
                    Off::Percent(percent) => json!({ "percent": percent, "reason": reason }),
                    Off::Amount(amount) => {
                        json!({ "amount": self.amount(&amount)?, "reason": reason })
                    }
                };
                (Method::POST, path, body)
            }
            Entry::Price { line, price, reason } => {
                let body = json!({ "price": price, "reason": reason });
                (Method::POST, self.line_path(line, "/price")?, body)
            }
            Entry::Cancel { reason } => {
                (Method::POST, self.cart_path("/cancel")?, json!({ "reason": reason }))
            }
            Entry::Park(label) => {
                (Method::POST, self.cart_path("/park")?, json!({ "label": label }))
            }
            Entry::Recall(cart) => {
                (Method::POST, format!("/carts/{}/recall", escaped(&cart)), json!({}))
            }
            other => return self.look(&other),
        };
        let answer = self.act(&method, &path, body)?;
        self.show_answer(answer)
    }

    /// What changes nothing.
    fn look(&mut self, entry: &Entry) -> Result<(), SellError> {
        match entry {
            Entry::Carts => {
                let list: CartList = self.client.get("/carts")?;
                self.screen.show(&show::table(&Table::from(&list)));
            }
            Entry::Search(words) => {
                let path = format!("/items?q={}", escaped(words));
                let found: ItemList = self.client.get(&path)?;
                self.screen.show(&show::table(&Table::from(&found)));
            }
            Entry::PriceCheck(code) => {
                let item = self.client.get(&format!("/items/by-code/{}", escaped(code)))?;
                self.screen.show(&show::table(&Table::from(&ItemList { items: vec![item] })));
            }
            _ => self.show_basket()?,
        }
        Ok(())
    }

    /// Asks the till for something; where another person must approve it, they are asked.
    pub(super) fn act(
        &mut self,
        method: &Method,
        path: &str,
        mut body: Value,
    ) -> Result<Answer, SellError> {
        let refused = match self.client.change(method, path, &body) {
            Err(error) if error.is("needs-approval") => error,
            done => return Ok(done?),
        };
        let Some(approver) = self.approver.clone().or_else(|| self.ask_approver(&refused)) else {
            return Err(refused.into());
        };
        if let Value::Object(fields) = &mut body {
            let approval = json!({ "staff": approver.staff, "pin": approver.pin });
            fields.insert("approval".to_owned(), approval);
        }
        Ok(self.client.change(method, path, &body)?)
    }

    fn ask_approver(&mut self, why: &ClientError) -> Option<Approver> {
        self.screen.show(&why.to_string());
        let staff = self.screen.ask("Staff number of who approves (empty for nobody): ", false)?;
        if staff.trim().is_empty() {
            return None;
        }
        let pin = self.screen.ask("Their PIN: ", true)?;
        Some(Approver { staff: staff.trim().to_owned(), pin: pin.trim().to_owned() })
    }

    /// Shows what a request came to.
    pub(super) fn show_answer(&mut self, answer: Answer) -> Result<(), SellError> {
        match answer {
            Answer::Cart { cart } => {
                self.show_cart(&cart);
                Ok(())
            }
            Answer::CartEnded {} => self.show_basket(),
            Answer::Sold { receipt, change } => {
                self.show_receipt(&receipt)?;
                if change.minor > 0 {
                    self.screen.show(&show::change(&change.text, &change.currency));
                }
                Ok(())
            }
            Answer::Receipt { receipt } => {
                self.screen
                    .show(&format!("That is receipt {receipt}: `refund {receipt} N REASON`"));
                self.show_receipt(&receipt)
            }
            Answer::Returned { receipt } => self.show_receipt(&receipt),
            Answer::Payment { payment } => self.wait_for_card(payment),
            Answer::ReturnOpen {} => self.wait_for_return(),
            Answer::Shift { shift } => {
                self.screen.show(&format!("Done, in shift {shift}."));
                Ok(())
            }
            Answer::Job { job } => {
                self.screen.show(&format!("Print job {job} is on its way."));
                Ok(())
            }
            Answer::Done {} => {
                self.screen.show("Done.");
                Ok(())
            }
        }
    }

    pub(super) fn show_cart(&mut self, cart: &Cart) {
        let basket = show::basket(&wire::basket(cart, &self.settings));
        self.screen.show(&basket);
        self.shown = Some(basket);
    }

    /// Shows the basket at the till.
    pub(super) fn show_basket(&mut self) -> Result<(), SellError> {
        match self.current()? {
            Some(cart) => {
                let cart = self.client.get(&format!("/carts/{cart}"))?;
                self.show_cart(&cart);
            }
            None => self.screen.show("The basket is empty: scan something."),
        }
        Ok(())
    }

    /// Shows a receipt as it is printed.
    pub(super) fn show_receipt(&mut self, receipt: &str) -> Result<(), SellError> {
        let text = self.client.get_text(&format!("/receipts/{}.txt", escaped(receipt)))?;
        self.screen.show(&framed(&text, PAPER));
        Ok(())
    }

    /// The number of a receipt, the last one's where none is named.
    pub(super) fn receipt(&self, name: ReceiptName) -> Result<String, SellError> {
        match name {
            ReceiptName::Number(number) => Ok(number),
            ReceiptName::Last => {
                let list: ReceiptList = self.client.get("/receipts?limit=1")?;
                list.receipts.into_iter().next().map(|row| row.receipt).ok_or(SellError::NoReceipts)
            }
        }
    }

    /// The cart at the till.
    pub(super) fn current(&self) -> Result<Option<u64>, SellError> {
        Ok(self.client.get::<CartList>("/carts")?.current)
    }

    /// A path of the cart at the till.
    pub(super) fn cart_path(&self, rest: &str) -> Result<String, SellError> {
        let cart = self.current()?.ok_or(SellError::NoBasket)?;
        Ok(format!("/carts/{cart}{rest}"))
    }

    fn line_path(&self, line: u32, rest: &str) -> Result<String, SellError> {
        self.cart_path(&format!("/lines/{line}{rest}"))
    }

    /// An amount as requests have it.
    pub(super) fn amount(&self, text: &str) -> Result<wire::Amount, SellError> {
        Ok(Money::parse(text, self.currency)?.into())
    }
}

/// `text` as a part of a path or query: all but letters, digits and a few signs as %XX.
pub(super) fn escaped(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
        escaped
    })
}
