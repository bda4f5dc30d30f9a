//! What people do at a till, by the dice. An act that the till refuses is part of the history too.

use super::members::{COUNT, shop_of};
use super::pushes::is_whole;
use super::script::Act;
use super::till::SimTill;
use super::world::{Told, World};
use crate::dice::Dice;
use crate::shop::{add, card, cash};
use agent::store::till::{Compacting, Opened};
use agent::till::{Command, Doubt, Event, JobOutcome, PaymentReport, Refusal, Reply};
use commerce::cart::CartId;
use commerce::discount::DiscountValue;
use commerce::fact::{CashDirection, PaymentOutcome};
use commerce::sale::ReceiptNumber;
use commerce::staff::StaffId;
use commerce::tax::Rate;
use commerce::tender::CardSlip;
use commerce::{Currency, Money};

/// Goods: by short code, by weight at the counter, by GTIN.
const CODES: [&str; 8] =
    ["101", "102", "103", "104", "105", "2110001004827", "9520000100377", "106"];

/// What is counted.
const SKUS: [&str; 4] = ["BAK-001", "BAK-002", "BAK-003", "BAK-004"];

/// A day's work of a till: its stream of carts is compacted some times in each seed.
const COMPACTING: Compacting = Compacting { at: 60, kept: 10 };

/// The most jobs that the printer takes in one go.
const JOBS: usize = 12;

fn money(minor: i64) -> Money {
    Money::new(minor, Currency::parse("EUR").unwrap()).unwrap()
}

type Done = Result<Vec<Reply>, Refusal>;

impl World<'_> {
    /// Someone does something at a till that runs.
    pub fn act(&mut self, id: usize, act: Act, mut dice: Dice) {
        let ms = self.ms;
        let till = self.till(id);
        if till.running.is_none() || till.old && act.is_new() {
            return;
        }
        self.tally.acts += 1;
        let till = self.till(id);
        let Some(seed) = till.cut.take() else {
            let done = till.act(ms, act, &mut dice);
            self.done(id, act, done);
            if dice.one_in(6) {
                self.till(id).write_witness();
            }
            self.till(id).when_nobody_waits(ms, &mut dice);
            self.till(id).refresh(ms);
            self.pump(id);
            if act == Act::Claim && dice.one_in(4) {
                self.power_after_grant(id, &mut dice);
            }
            return;
        };
        let recording = till.record();
        _ = till.act(ms, act, &mut dice);
        self.history.tell(ms, &format!("till {id}: the power goes during {act:?}"));
        self.power_gone(id, &recording, seed);
    }

    /// The power of whoever may hand a cart over goes once it has said so.
    fn power_after_grant(&mut self, to: usize, dice: &mut Dice) {
        let shop = shop_of(to);
        let others: Vec<usize> =
            (1..=COUNT).filter(|id| *id != to && shop_of(*id) == shop).collect();
        let (from, seed) = (dice.pick(&others), dice.below(u64::MAX));
        self.till(from).begin_blackout(1 + dice.below(3), seed);
    }

    /// Notes what an act came to, and what the client was told by it.
    fn done(&mut self, id: usize, act: Act, done: Done) {
        let ms = self.ms;
        let replies = match done {
            Ok(replies) => replies,
            Err(refusal) => {
                self.tally.refused += 1;
                // Where the files lie differs from run to run.
                let root = self.till(id).root.display().to_string();
                let refusal = refusal.to_string().replace(&root, "");
                self.history.tell(ms, &format!("till {id}: {act:?} refused: {refusal}"));
                return;
            }
        };
        self.history.tell(ms, &format!("till {id}: {act:?}"));
        for reply in replies {
            let receipt = match reply {
                Reply::Sold(receipt) => {
                    self.tally.sales += 1;
                    self.till(id).shown.push(receipt.clone());
                    receipt
                }
                Reply::Returned(receipt) => {
                    self.tally.returns += 1;
                    receipt
                }
                _ => continue,
            };
            self.tell(id, &receipt);
        }
    }

    fn tell(&mut self, id: usize, receipt: &ReceiptNumber) {
        let (stream, seq, hash) = self.till(id).place_of(receipt);
        let receipt = receipt.to_string();
        self.history.tell(self.ms, &format!("till {id}: receipt {receipt}"));
        self.told.push(Told { till: id, receipt, stream, seq, hash, lost: false });
    }
}

impl SimTill<'_> {
    /// What a till does when nobody waits. Refused on a full disk; done another time.
    pub fn tidy(&mut self, ms: u64) {
        let (now, _version) = (self.wall(ms), self.version());
        let tidied = self.running.as_mut().map(|running| running.till.tidy(now, COMPACTING));
        if let Some(Ok(effects)) = tidied {
            self.carry_out(ms, effects);
        }
    }

    /// What a till does between customers, and a look at its prices.
    fn when_nobody_waits(&mut self, ms: u64, dice: &mut Dice) {
        if dice.one_in(8) {
            self.tidy(ms);
        }
        if dice.one_in(4)
            && let Some(prices) = self.pushed_prices(ms)
        {
            assert!(is_whole(&prices), "till {} sells at half a push: {prices:?}", self.id);
        }
    }

    /// Does an act, and gives the replies that show something as complete.
    fn act(&mut self, ms: u64, act: Act, dice: &mut Dice) -> Done {
        let mut replies = Vec::new();
        // The terminal mostly answers before anyone does something else.
        if act != Act::Terminal && !dice.one_in(5) {
            replies.extend(self.terminal(ms, dice));
        }
        replies.extend(self.act_now(ms, act, dice)?);
        Ok(replies)
    }

    fn act_now(&mut self, ms: u64, act: Act, dice: &mut Dice) -> Done {
        if act != Act::EndOfDay && self.shift_is_closed() {
            self.ask(ms, "201", None, Command::OpenShift { float: money(20_000) })?;
        }
        let none = |_: Reply| Vec::new();
        match act {
            Act::Sell => self.sell(ms, dice),
            Act::Card => self.pay_by_card(ms, dice),
            Act::Scan => self.scan(ms, dice).map(|_| Vec::new()),
            Act::Discount => self.discount(ms, dice).map(none),
            Act::Park => {
                let cart = self.scan(ms, dice)?;
                let label = format!("customer {}", dice.below(90));
                self.ask(ms, "101", None, Command::Park { cart, label }).map(none)
            }
            Act::Recall => self.recall(ms, dice).map(none),
            Act::Claim => self.on_another(ms, dice, "101", |cart| Command::Claim { cart }),
            Act::Force => self.force(ms, dice),
            Act::Offer => {
                let (code, quantity) = (dice.pick(&CODES).to_owned(), None);
                self.on_another(ms, dice, "101", |cart| Command::Offer { cart, code, quantity })
            }
            Act::Cancel => {
                let cart = self.scan(ms, dice)?;
                let reason = Some("left-without-paying".to_owned());
                self.ask(ms, "201", None, Command::Cancel { cart, reason }).map(none)
            }
            Act::Customer => self.about_a_customer(ms, dice).map(none),
            Act::Refund => self.refund(ms, dice),
            Act::PostVoid => {
                let Some(of) = self.shown.last().cloned() else { return Ok(Vec::new()) };
                let void = Command::PostVoid { of, reason: "staff-mistake".to_owned() };
                self.ask(ms, "201", Some("301"), void).map(|reply| vec![reply])
            }
            Act::MoveCash => self.move_cash(ms, dice).map(none),
            Act::NoSale => {
                let reason = "give-change".to_owned();
                self.ask(ms, "101", None, Command::OpenDrawer { reason }).map(none)
            }
            Act::Count => self.count(ms, dice),
            Act::Report => {
                let shift = self.running().till.shift().map_or(1, |shift| shift.number);
                self.ask(ms, "201", None, Command::PrintReport { shift }).map(none)
            }
            Act::EndOfDay => {
                let counted = vec![("cash".to_owned(), money(20_000))];
                self.ask(ms, "201", None, Command::CloseShift { counted }).map(none)
            }
            Act::Print => self.print(ms),
            Act::Terminal => Ok(self.terminal(ms, dice)),
        }
    }

    fn running(&self) -> &super::till::Running {
        self.running.as_ref().expect("the till runs")
    }

    fn shift_is_closed(&self) -> bool {
        self.running().till.shift().is_none()
    }

    /// Scans one thing; gives the cart at the till.
    pub fn scan(&mut self, ms: u64, dice: &mut Dice) -> Result<CartId, Refusal> {
        let quantity = (1 + dice.below(3)).to_string();
        let code = dice.pick(&CODES);
        let weighed = code.len() == 13 && code.starts_with("21");
        let command = add(code, (!weighed).then_some(quantity.as_str()));
        match self.ask(ms, "101", None, command)? {
            Reply::Cart(view) => Ok(view.cart.id),
            other => panic!("a scan came to {other:?}"),
        }
    }

    fn sell(&mut self, ms: u64, dice: &mut Dice) -> Done {
        let mut cart = self.scan(ms, dice)?;
        for _ in 0..dice.below(3) {
            cart = self.scan(ms, dice)?;
        }
        let due = self.running().till.view(cart, None)?.totals.due;
        let handed = if dice.one_in(2) { due } else { money(due.minor() + 500) };
        Ok(vec![self.ask(ms, "101", None, cash(cart, handed))?])
    }

    fn pay_by_card(&mut self, ms: u64, dice: &mut Dice) -> Done {
        let cart = self.scan(ms, dice)?;
        self.ask(ms, "101", None, card(cart, None))?;
        Ok(if dice.one_in(3) { Vec::new() } else { self.terminal(ms, dice) })
    }

    fn discount(&mut self, ms: u64, dice: &mut Dice) -> Result<Reply, Refusal> {
        let cart = self.scan(ms, dice)?;
        let value = DiscountValue::Percent(Rate::parse_percent("10").unwrap());
        let reason = "loyalty".to_owned();
        self.ask(ms, "101", Some("201"), Command::Discount { cart, line: None, value, reason })
    }

    fn recall(&mut self, ms: u64, dice: &mut Dice) -> Result<Reply, Refusal> {
        let till = &self.running().till;
        let here = till.carts().map(|cart| cart.id).filter(|id| till.current() != Some(*id));
        let parked: Vec<CartId> =
            here.chain(till.elsewhere().map(|shared| shared.cart.id)).collect();
        if parked.is_empty() {
            return Ok(Reply::Done);
        }
        self.ask(ms, "102", None, Command::Recall { cart: dice.pick(&parked) })
    }

    /// Does something to a cart that another till holds, where there is one.
    fn on_another(
        &mut self,
        ms: u64,
        dice: &mut Dice,
        by: &str,
        command: impl FnOnce(CartId) -> Command,
    ) -> Done {
        let till = &self.running().till;
        let elsewhere: Vec<CartId> = till.elsewhere().map(|shared| shared.cart.id).collect();
        if elsewhere.is_empty() {
            return Ok(Vec::new());
        }
        self.ask(ms, by, None, command(dice.pick(&elsewhere))).map(|_| Vec::new())
    }

    fn force(&mut self, ms: u64, dice: &mut Dice) -> Done {
        let mut forced = None;
        let done = self.on_another(ms, dice, "301", |cart| {
            forced = Some(cart);
            Command::ForceClaim { cart }
        });
        self.forced.extend(forced);
        done
    }

    /// Takes a cart by force, where that is granted.
    pub fn force_cart(&mut self, ms: u64, cart: CartId) {
        self.forced.insert(cart);
        _ = self.ask(ms, "301", None, Command::ForceClaim { cart });
    }

    fn refund(&mut self, ms: u64, dice: &mut Dice) -> Done {
        if self.shown.is_empty() {
            return Ok(Vec::new());
        }
        let back = dice.below(self.shown.len().min(8) as u64);
        let at = self.shown.len() - 1 - usize::try_from(back).unwrap();
        let of = self.shown[at].clone();
        let (lines, reason) = (vec![(1, "1".to_owned())], "faulty".to_owned());
        let refund = Command::Refund { of, lines, reason };
        Ok(vec![self.ask(ms, "201", Some("301"), refund)?])
    }

    fn move_cash(&mut self, ms: u64, dice: &mut Dice) -> Result<Reply, Refusal> {
        let (direction, reason) = match dice.below(2) {
            0 => (CashDirection::In, "change-float"),
            _ => (CashDirection::Out, "postage"),
        };
        let amount = money(100 + i64::try_from(dice.below(900)).unwrap());
        let reason = reason.to_owned();
        self.ask(ms, "201", None, Command::MoveCash { direction, amount, reason })
    }

    /// As an import of counts does it: another connection, beside the running till.
    fn count(&mut self, ms: u64, dice: &mut Dice) -> Done {
        let now = self.wall(ms);
        let mut items = Vec::new();
        for sku in SKUS {
            if dice.one_in(2) {
                items.push((sku.to_owned(), i64::try_from(dice.below(50)).unwrap() * 1_000));
            }
        }
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let by = StaffId::parse("301").unwrap();
        let key = super::members::owned_key_of(self.id);
        let mut other = Opened::open(&self.options())?.begin(key, 0, now, None)?;
        other.act(now, |act| act.count_stock(by, "shop".to_owned(), items).map(|_| ()))?;
        Ok(Vec::new())
    }

    fn print(&mut self, ms: u64) -> Done {
        for _ in 0..JOBS {
            let now = self.wall(ms);
            let running = self.running.as_mut().expect("the till runs");
            let Some(job) = running.till.next_job(now)? else { break };
            self.event(ms, Event::Job { id: job.id, outcome: JobOutcome::Done })?;
        }
        Ok(Vec::new())
    }

    /// The terminal answers all it was asked. It keeps its word on a payment: asked again, it says
    /// the same; asked about one that never reached it, it says so.
    fn terminal(&mut self, ms: u64, dice: &mut Dice) -> Vec<Reply> {
        let mut replies = Vec::new();
        while let Some((order, performs)) = self.orders.pop_front() {
            let intent = u64::try_from(order.id.0).unwrap();
            if performs {
                let outcome = self.decide(order.amount, dice);
                self.decided.insert(intent, outcome);
            }
            let never = PaymentOutcome::NotSent { why: "it never reached the terminal".to_owned() };
            let outcome = self.decided.get(&intent).cloned().unwrap_or(never);
            let report = if dice.one_in(10) {
                let why = "the line is down".to_owned();
                PaymentReport::Unknown(Doubt { why, asking: true })
            } else {
                PaymentReport::Ended(outcome)
            };
            if matches!(report, PaymentReport::Unknown(_)) {
                self.orders.push_back((order, false));
            }
            // A late word on a payment that has ended is refused, and that is right.
            replies.extend(self.event(ms, Event::Payment { intent, report }).ok());
        }
        replies
    }

    fn decide(&mut self, amount: Money, dice: &mut Dice) -> PaymentOutcome {
        match dice.below(10) {
            0 | 1 => PaymentOutcome::Declined { code: 5, text: "declined".to_owned() },
            2 => PaymentOutcome::NotSent { why: "the terminal is away".to_owned() },
            _ => {
                self.slips += 1;
                let card = CardSlip {
                    receipt_number: 1 + self.slips % 9_999,
                    trace: 700 + self.slips,
                    masked_pan: "672590######1234".to_owned(),
                    ..CardSlip::default()
                };
                PaymentOutcome::Approved { amount, card }
            }
        }
    }
}
