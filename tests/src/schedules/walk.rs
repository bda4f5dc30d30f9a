//! One random day at a counter: sales, refunds and reversals by card, while terminal, line and
//! till fail; in the end everything is asked about until nothing more can be learnt.

use super::counter::Counter;
use super::faults;
use crate::dice::Dice;
use crate::shop::{add, card, cash};
use agent::store::till::read::{self, ReceiptKind};
use agent::store::till::{Payment, PaymentState};
use agent::till::{Command, Refusal};
use commerce::Money;
use commerce::cart::CartId;
use commerce::fact::PaymentKind;
use commerce::sale::ReceiptNumber;
use std::collections::BTreeSet;
use std::time::Duration;

const COFFEE: &str = "9520000100377";
/// Beyond every wait of driver and terminal: nothing is under way any more.
const LONG: Duration = Duration::from_secs(400);
/// Looks at a payment under way before what was planned against it is over.
const PATIENCE: u32 = 10;
/// Questions until a manager takes over.
const QUESTIONS: u32 = 60;

pub struct Walk<'store> {
    pub counter: Counter<'store>,
    pub dice: Dice,
    /// Intents that a manager ended, from the terminal's own journal.
    pub by_hand: BTreeSet<u64>,
    pub crashes: u32,
    /// The intent looked at, and how often.
    looked: (u64, u32),
    /// Something was left open in front of a manager: the terminal takes no more.
    left_open: bool,
}

impl<'store> Walk<'store> {
    pub fn new(counter: Counter<'store>, dice: Dice) -> Self {
        let (by_hand, looked) = (BTreeSet::new(), (0, 0));
        Self { counter, dice, by_hand, crashes: 0, looked, left_open: false }
    }

    /// The whole day.
    pub fn go(&mut self) -> Result<(), String> {
        self.counter.run(Duration::from_secs(2));
        // A terminal that never took a payment has none to name, and can't be asked about one.
        if !self.dice.one_in(8) {
            self.first_card_sale()?;
        }
        let steps = 8 + self.dice.below(25);
        for _ in 0..steps {
            self.step()?;
        }
        self.counter.core.heal();
        self.counter.run(LONG);
        if let Some(payment) = self.paying()? {
            self.resolve(&payment)?;
        }
        Ok(())
    }

    fn first_card_sale(&mut self) -> Result<(), String> {
        self.ask("101", None, add(COFFEE, None))?;
        let cart = self.counter.shop().till.current().ok_or("no cart")?;
        self.ask("101", None, card(cart, None))?;
        self.counter.run(Duration::from_secs(20));
        match self.counter.shop().till.current() {
            None => Ok(()),
            Some(cart) => Err(format!("a payment without any fault did not settle cart {cart}")),
        }
    }

    fn step(&mut self) -> Result<(), String> {
        match self.paying()? {
            Some(_) if self.left_open => Ok(()),
            Some(payment) => self.while_paying(&payment),
            None if self.counter.shop().till.open_return().is_some() => self.pay_out(),
            None => match self.counter.shop().view() {
                Some(view) => self.pay(view.cart.id, view.totals.due.minor()),
                None => self.begin(),
            },
        }
    }

    /// The payment without an end, if there is one.
    fn paying(&self) -> Result<Option<Payment>, String> {
        let open = |payment: &Payment| payment.state == PaymentState::Open;
        Ok(self.unsettled()?.into_iter().find(open))
    }

    fn unsettled(&self) -> Result<Vec<Payment>, String> {
        let shop = self.counter.shop();
        read::unsettled_payments(shop.till.store().connection(), shop.currency())
            .map_err(|error| error.to_string())
    }

    /// A refusal is an answer; a store that fails is not.
    fn ask(&mut self, by: &str, approver: Option<&str>, command: Command) -> Result<(), String> {
        let what = format!("{command:?}");
        match self.counter.ask(by, approver, command) {
            Err(refusal @ (Refusal::Store(_) | Refusal::Catalogue(_) | Refusal::Settings(_))) => {
                Err(format!("{what}: {refusal}"))
            }
            _ => Ok(()),
        }
    }

    fn crash(&mut self) {
        self.crashes += 1;
        self.counter.crash();
    }

    fn begin(&mut self) -> Result<(), String> {
        match self.dice.below(10) {
            // Equal amounts on purpose: an amount alone must not identify a payment.
            0..=5 => {
                let quantity = self.dice.pick(&["1", "1", "2"]);
                self.ask("101", None, add(COFFEE, Some(quantity)))
            }
            6 => {
                let Some(of) = self.some_sale()? else { return Ok(()) };
                faults::plan(&mut self.dice, &mut self.counter.core);
                let (lines, reason) = (vec![(1, "1".to_owned())], "faulty".to_owned());
                self.ask("201", None, Command::Refund { of, lines, reason })
            }
            7 => {
                let Some(of) = self.some_sale()? else { return Ok(()) };
                faults::plan(&mut self.dice, &mut self.counter.core);
                let reason = "staff-mistake".to_owned();
                self.ask("201", None, Command::PostVoid { of, reason })
            }
            8 => {
                let taken = |payment: &Payment| payment.kind == PaymentKind::Authorise;
                let Some(stray) = self.unsettled()?.into_iter().find(taken) else { return Ok(()) };
                faults::plan(&mut self.dice, &mut self.counter.core);
                self.ask("301", None, Command::ReversePayment { intent: stray.intent })
            }
            _ => {
                let pause = self.dice.within(100_000);
                self.counter.run(pause);
                Ok(())
            }
        }
    }

    fn some_sale(&mut self) -> Result<Option<ReceiptNumber>, String> {
        let store = self.counter.shop().till.store();
        let rows = read::receipts_before(store.connection(), (u32::MAX, u32::MAX), 20);
        let rows = rows.map_err(|error| error.to_string())?;
        let sales: Vec<_> =
            rows.iter().filter(|row| row.kind == ReceiptKind::Sale).map(|row| row.number).collect();
        let series = store.series();
        Ok((!sales.is_empty()).then(|| {
            let number = self.dice.pick(&sales);
            ReceiptNumber { store: "HH01".to_owned(), till: 1, series, number }
        }))
    }

    fn pay(&mut self, cart: CartId, due: i64) -> Result<(), String> {
        let money = |minor| commerce::Money::new(minor, self.counter.shop().currency()).unwrap();
        let (all, part) = (money(due), money(due.min(100)));
        match self.dice.below(14) {
            0..=6 => {
                let amount = (self.dice.one_in(4)).then_some(part);
                faults::plan(&mut self.dice, &mut self.counter.core);
                if self.dice.one_in(12) {
                    self.crashes += 1;
                    self.counter.ask_and_crash("101", card(cart, amount));
                    return Ok(());
                }
                self.ask("101", None, card(cart, amount))
            }
            7 => self.ask("101", None, cash(cart, all)),
            8 => self.ask("101", None, cash(cart, part)),
            9 => self.ask("101", None, Command::TakeBackTenders { cart }),
            10 => self.ask("101", None, Command::Cancel { cart, reason: None }),
            11 => {
                self.crash();
                Ok(())
            }
            _ => {
                let pause = self.dice.within(30_000);
                self.counter.run(pause);
                Ok(())
            }
        }
    }

    fn pay_out(&mut self) -> Result<(), String> {
        let payouts = self.counter.shop().till.open_return().map_or(0, |open| open.payouts.len());
        let payout = u32::try_from(self.dice.below(payouts.max(1) as u64)).unwrap();
        let tender = |id: &str| Command::PayOut { payout, tender: id.to_owned() };
        match self.dice.below(6) {
            0..=2 => {
                faults::plan(&mut self.dice, &mut self.counter.core);
                self.ask("201", None, tender("card"))
            }
            3 => self.ask("101", Some("201"), tender("cash")),
            4 => self.ask("201", None, Command::CancelReturn),
            _ => {
                self.crash();
                Ok(())
            }
        }
    }

    /// Someone waits, presses buttons, pulls cables.
    fn while_paying(&mut self, payment: &Payment) -> Result<(), String> {
        let intent = payment.intent;
        self.looked =
            if self.looked.0 == intent { (intent, self.looked.1 + 1) } else { (intent, 0) };
        if self.looked.1 > PATIENCE {
            return self.resolve(payment);
        }
        match self.dice.below(12) {
            0..=3 => {
                let pause = self.dice.within(8_000);
                self.counter.run(pause);
            }
            4 | 5 => self.counter.run(Duration::from_secs(30)),
            6 => self.ask("101", None, Command::AbortPayment { intent })?,
            7 => self.counter.cut_line(),
            8 => {
                let off = self.dice.within(120_000);
                self.counter.cut_power(off);
            }
            9 => self.crash(),
            10 => self.ask("101", None, Command::AskPayment { intent })?,
            _ => self.counter.run(LONG),
        }
        Ok(())
    }

    /// Asks until the terminal has told, or a manager looks into the terminal's own journal.
    fn resolve(&mut self, payment: &Payment) -> Result<(), String> {
        let intent = payment.intent;
        self.counter.core.heal();
        for _ in 0..QUESTIONS {
            self.counter.run(Duration::from_secs(10));
            if self.paying()?.is_none_or(|open| open.intent != intent) {
                return Ok(());
            }
            self.ask("101", None, Command::AskPayment { intent })?;
        }
        self.counter.run(LONG);
        if self.paying()?.is_none_or(|open| open.intent != intent) {
            return Ok(());
        }
        let asked = payment.asked.minor();
        let booked = self.counter.booked.get(&intent).map_or(&[][..], Vec::as_slice);
        let seen = match booked {
            [] => Some((false, None, None)),
            [one] if one.currency == 978 => {
                let other = (one.amount_minor != asked).then_some(one.amount_minor);
                let amount =
                    other.map(|minor| Money::new(minor, payment.asked.currency()).unwrap());
                Some((true, amount, Some(one.receipt_no)))
            }
            _ => None,
        };
        let Some((approved, amount, number)) = seen.filter(|_| !self.dice.one_in(4)) else {
            self.left_open = true;
            return Ok(());
        };
        self.by_hand.insert(intent);
        let note = "read off the terminal's own journal".to_owned();
        self.ask("301", None, Command::EndPaymentByHand { intent, approved, amount, number, note })
    }
}
