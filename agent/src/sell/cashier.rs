//! Carries out what a cashier typed, through the till's API, and shows what came of it.
//!
//! The basket here; money in [`super::paying`], card payments in [`super::payments`], shift and
//! drawer in [`super::running`].

use super::client::{Client, ClientError};
use super::entry::{Entry, Off, ReceiptName};
use super::error::SellError;
use super::help;
use super::view::Table;
use super::wire::{Answer, Cart, CartList, ItemList, ReceiptList, Settings};
use super::{coming, show, wire};
use crate::emulate::paper::framed;
use commerce::cart::CartId;
use commerce::{Currency, Money};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use ureq::http::Method;

/// Columns of the narrowest paper on which receipts are shown.
pub(super) const PAPER: usize = 32;

/// Where the cashier looks, and answers.
pub(super) trait Screen {
    /// Shows a text.
    fn show(&mut self, text: &str);

    /// Asks for something, unseen if it is `hidden`; `None` when nobody is there to ask.
    fn ask(&mut self, what: &str, hidden: bool) -> Option<String>;

    /// Lets time pass in a wait.
    fn pause(&mut self, time: Duration) -> Pause;

    /// Whether a person is there.
    fn attended(&self) -> bool;
}

/// How a pause ended.
#[derive(Debug, PartialEq)]
pub(super) enum Pause {
    /// Its time is over.
    Over,
    /// Something happened at the till: the event's name, and what it says.
    Happened(String, Value),
    /// Someone goes on without the end of the wait.
    Left,
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
    pub shown: Option<String>,
    /// The card payment that was left open, and what was said of its doubt.
    pub left: Option<u64>,
    pub doubted: Option<String>,
    /// Print jobs that were stuck when last looked at.
    pub stuck: u64,
    /// How each device is, as told last.
    pub devices: BTreeMap<String, String>,
}

impl<S: Screen> Cashier<S> {
    /// Learns what the store takes; `client` is logged in.
    pub fn at(client: Client, approver: Option<Approver>, screen: S) -> Result<Self, SellError> {
        let settings: Settings = client.get("/settings")?;
        let currency = Currency::parse(&settings.store.currency)?;
        Ok(Self {
            client,
            settings,
            currency,
            approver,
            screen,
            shown: None,
            left: None,
            doubted: None,
            stuck: 0,
            devices: BTreeMap::new(),
        })
    }

    /// Carries an entry out.
    pub fn carry_out(&mut self, entry: Entry) -> Result<Next, SellError> {
        match entry {
            Entry::Quit => return Ok(Next::Quit),
            Entry::Help(word) => self.help(word.as_deref())?,
            Entry::Tender { .. }
            | Entry::Card { .. }
            | Entry::TakeBack
            | Entry::Refund { .. }
            | Entry::VoidLast { .. } => self.pay(entry)?,
            Entry::Payments
            | Entry::Payment { .. }
            | Entry::Return
            | Entry::PayOut { .. }
            | Entry::GiveUp => self.settle(entry)?,
            Entry::Open { .. }
            | Entry::Close { .. }
            | Entry::MoveCash { .. }
            | Entry::X
            | Entry::Drawer { .. }
            | Entry::Receipt(_)
            | Entry::Reprint(_)
            | Entry::Jobs
            | Entry::Retry(_)
            | Entry::Drop(_)
            | Entry::Status
            | Entry::Reasons => self.run(entry)?,
            entry => self.change_basket(entry)?,
        }
        Ok(Next::Go)
    }

    fn help(&mut self, word: Option<&str>) -> Result<(), SellError> {
        let Some(word) = word else {
            self.screen.show(&help::short());
            return Ok(());
        };
        let unknown = || SellError::Line(format!("`{word}` is no command: `help` lists them"));
        self.screen.show(&help::about(&word.to_lowercase()).ok_or_else(unknown)?);
        Ok(())
    }

    fn change_basket(&mut self, entry: Entry) -> Result<(), SellError> {
        let forced = if let Entry::Force(cart) = &entry { Some(cart.clone()) } else { None };
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
                (Method::POST, format!("/carts/{}/recall", numbered(&cart)), json!({}))
            }
            Entry::Force(cart) => {
                (Method::POST, format!("/carts/{}/force-claim", numbered(&cart)), json!({}))
            }
            Entry::Offer { cart, code } => {
                let path = format!("/carts/{}/offers", numbered(&cart));
                (Method::POST, path, json!({ "code": code }))
            }
            other => return self.look(&other),
        };
        let answer = self.act(&method, &path, body)?;
        self.show_answer(answer)?;
        // It may have been at this till all the while.
        if let Some(cart) = forced
            && self.current()?.map(|current| current.to_string()) != Some(numbered(&cart))
        {
            self.screen.show(&format!("It is parked here: `recall {cart}` takes it to the till."));
        }
        Ok(())
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
            Answer::ClaimAsked { cart } => {
                self.screen.show("The till that holds it was asked for it: it comes once granted.");
                match self.screen.attended() {
                    true => Ok(()),
                    false => self.wait_for_cart(cart, coming::LONGEST),
                }
            }
            Answer::Sold { receipt, change } => {
                self.show_printed(&receipt)?;
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
            Answer::Returned { receipt } => self.show_printed(&receipt),
            Answer::Payment { payment } => self.follow(payment, false),
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

    /// Shows a receipt that was just made, and why it is not on paper, where it is not.
    pub(super) fn show_printed(&mut self, receipt: &str) -> Result<(), SellError> {
        self.show_receipt(receipt)?;
        self.say_printer_trouble()
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
        Ok(self.money(text)?.into())
    }

    /// An amount in the store's currency.
    pub(super) fn money(&self, text: &str) -> Result<Money, SellError> {
        Ok(Money::parse(text, self.currency)?)
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

/// A basket's number as it stands in paths, from the text that people read and type.
fn numbered(cart: &str) -> String {
    cart.parse::<CartId>().map_or_else(|_| escaped(cart), |cart| cart.0.to_string())
}
