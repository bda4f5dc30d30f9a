//! The till loop: one event in, facts and rows durable, one answer and some effects out.
//!
//! It knows neither a clock nor a runtime: the instant comes with the event, and effects are
//! carried out by the caller. Every act is one transaction of [`TillStore::act`]; the state held
//! here is what those transactions wrote, so a till that was killed comes back with the same
//! carts, the same totals, the same shift. Called by the agent's loop thread, by `till replay`
//! and by the tests, in the same way.

mod answer;
mod by_hand;
mod card;
mod customers;
mod event;
mod paying;
mod peers;
mod refusal;
mod resolve;
mod returning;
mod selling;
mod settings;
mod sharing;
mod shift;
mod spool;
#[cfg(test)]
pub(crate) mod tests;

pub use customers::CustomerAct;
pub use event::CartView;
pub use event::{
    Change, Command, Doubt, Effect, Event, JobOutcome, Once, PaymentReport, Reply, Request,
};
pub use peers::{PeerReply, PeerWord};
pub use refusal::{Refusal, payment_word};
pub use resolve::{Found, find_item};
pub(crate) use settings::MAX_FOOTER;
pub use settings::{Settings, SettingsError};

use answer::Answer;
use by_hand::Seen;
use sharing::Awaited;

use crate::store::catalogue::{Catalogue, Edition, ReasonKind};
use crate::store::till::read::{self, Shift};
use crate::store::till::{
    Act, OpenReturn, Payment, PaymentState, Shared, TillStore, TillStoreError,
};
use commerce::cart::{Cart, CartId};
use commerce::sale::Stamp;
use commerce::staff::{Authority, Role, StaffId};
use commerce::tax::Rate;
use drivers::terminal::intent::Baseline;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use sync::trust::Trust;

/// How much room the disk has, and below how much no new sale is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes left for the till's user.
    pub free: u64,
    /// Bytes kept for finishing what is under way.
    pub watermark: u64,
}

/// Looks how much room the disk has; `None` when it cannot be told.
pub type DiskRoom = Box<dyn Fn() -> Option<Room> + Send>;

/// The till.
pub struct Till {
    store: TillStore,
    catalogue: Catalogue,
    settings: Arc<Settings>,
    /// The edition that the settings are of.
    settings_of: Edition,
    number: u16,
    disk_room: DiskRoom,
    carts: BTreeMap<CartId, Cart>,
    elsewhere: BTreeMap<CartId, Shared>,
    /// Carts here to which lines may be offered that are not taken yet.
    offered: BTreeSet<CartId>,
    awaited: Option<Awaited>,
    current: Option<CartId>,
    shift: Option<Shift>,
    operator: Option<StaffId>,
    paying: Option<Payment>,
    baseline: Baseline,
    unknown: Option<(u64, Doubt)>,
    open_return: Option<OpenReturn>,
    trust: Arc<Trust>,
}

/// Who asks, who approves, when.
struct Context {
    now: Timestamp,
    by: Authority,
    approver: Option<Authority>,
    once: Option<Once>,
}

/// What handling an event came to.
pub struct Handled {
    /// The answer.
    pub reply: Result<Reply, Refusal>,
    /// What is to be done outside, in order.
    pub effects: Vec<Effect>,
}

impl Till {
    /// Takes up where the files left off. Returns also what is to be done first: a payment whose
    /// outcome was not known is asked about, the spool goes on.
    ///
    /// # Errors
    /// When a file cannot be read or settings are missing.
    pub fn open(
        mut store: TillStore,
        catalogue: Catalogue,
        number: u16,
        disk_room: DiskRoom,
        now: Timestamp,
    ) -> Result<(Self, Vec<Effect>), Refusal> {
        let settings_of = catalogue.edition();
        let settings = Arc::new(Settings::of_till(&catalogue, number)?);
        let currency = settings.store.currency;
        store.begin_carts(now, currency)?;
        let conn = store.connection();
        let shared = read::carts(conn, currency)?.into_iter();
        let (here, elsewhere): (Vec<_>, Vec<_>) = shared.partition(Shared::is_here);
        let carts: BTreeMap<CartId, Cart> =
            here.into_iter().map(|shared| (shared.cart.id, shared.cart)).collect();
        let offered = carts.keys().copied().collect();
        let elsewhere = elsewhere.into_iter().map(|shared| (shared.cart.id, shared)).collect();
        let current = read::current_cart(conn)?;
        let shift = read::last_shift(conn)?.filter(|shift| shift.closed.is_none());
        let open_return = read::open_return(conn)?;
        let paying = read::unsettled_payments(conn, currency)?
            .into_iter()
            .find(|payment| payment.state == PaymentState::Open);
        let mut till = Self {
            store,
            catalogue,
            settings,
            settings_of,
            number,
            disk_room,
            carts,
            elsewhere,
            offered,
            awaited: None,
            current,
            shift,
            operator: None,
            paying,
            baseline: Baseline::Unknown,
            unknown: None,
            open_return,
            trust: Arc::default(),
        };
        let mut effects = till.recover_spool(now)?;
        if let Some(payment) = till.paying.clone() {
            effects.push(till.ask(&payment)?);
        }
        Ok((till, effects))
    }

    /// Handles one event at `now`.
    pub fn handle(&mut self, now: Timestamp, event: Event) -> Handled {
        let mut effects = Vec::new();
        self.notice_changes(&mut effects);
        let reply = self.dispatch(now, event, &mut effects);
        self.follow_carts(now, &mut effects);
        Handled { reply, effects }
    }

    /// Takes up prices that the hub pushed, settings that another process imported, a snapshot that
    /// took the catalogue's place. What cannot be read is left for the next event: the till goes on
    /// with what it knows.
    fn notice_changes(&mut self, effects: &mut Vec<Effect>) {
        if self.catalogue.refresh().is_err() || self.catalogue.edition() == self.settings_of {
            return;
        }
        if let Ok(settings) = Settings::of_till(&self.catalogue, self.number) {
            self.settings = Arc::new(settings);
            self.settings_of = self.catalogue.edition();
            effects.push(Effect::Changed(Change::Settings));
        }
    }

    /// Asks about the payment under way, where there is one, after its word could not be kept.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn ask_again(&self) -> Result<Option<Effect>, Refusal> {
        self.paying.as_ref().map(|payment| self.ask(payment)).transpose()
    }

    fn dispatch(
        &mut self,
        now: Timestamp,
        event: Event,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        match event {
            Event::Command(request) => self.command(now, *request, effects),
            Event::Scanned(scan) => {
                let scanned = self.scanned(now, &scan, effects);
                if let Err(refusal) = &scanned {
                    effects.push(Effect::Changed(Change::ScanRefused(refusal.to_string())));
                }
                scanned
            }
            Event::Payment { intent, report } => self.payment_report(now, intent, report, effects),
            Event::Baseline(baseline) => {
                self.baseline = baseline;
                Ok(Reply::Done)
            }
            Event::Job { id, outcome } => self.job_ended(now, id, outcome, effects),
            Event::Operator(operator) => {
                self.operator = operator;
                Ok(Reply::Done)
            }
            Event::Reload => {
                self.settings = Arc::new(Settings::of_till(&self.catalogue, self.number)?);
                effects.push(Effect::Changed(Change::Settings));
                Ok(Reply::Done)
            }
        }
    }

    fn command(
        &mut self,
        now: Timestamp,
        request: Request,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let Request { by, approver, once, command } = request;
        if let Some(once) = &once
            && let Some(reply) = self.answered(once)?
        {
            return Ok(reply);
        }
        let by = self.authority(&by)?;
        let approver = approver.map(|id| self.authority(&id)).transpose()?;
        let context = Context { now, by, approver, once };
        self.carry_out(&context, command, effects)
    }

    fn carry_out(
        &mut self,
        context: &Context,
        command: Command,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        match command {
            Command::Add { cart, code, quantity } => {
                self.add(context, cart, &code, quantity.as_deref(), effects)
            }
            Command::SetQuantity { cart, line, quantity } => {
                self.set_quantity(context, cart, line, &quantity, effects)
            }
            Command::VoidLine { cart, line, reason } => {
                self.void_line(context, cart, line, reason, effects)
            }
            Command::OverridePrice { cart, line, price, reason } => {
                self.override_price(context, cart, line, price, reason, effects)
            }
            Command::Discount { cart, line, value, reason } => {
                self.discount(context, cart, line, value, reason, effects)
            }
            Command::Park { cart, label } => self.park(context, cart, label, effects),
            Command::Recall { cart } => self.recall(context, cart, effects),
            Command::Claim { cart } => self.claim(cart, effects),
            Command::ForceClaim { cart } => self.force_claim(context, cart, effects),
            Command::Offer { cart, code, quantity } => {
                self.offer(context, cart, &code, quantity.as_deref(), effects)
            }
            Command::Cancel { cart, reason } => self.cancel(context, cart, reason, effects),
            Command::Tender { cart, tender, amount, reference } => {
                self.tender(context, cart, &tender, amount, reference, effects)
            }
            Command::TakeBackTenders { cart } => self.take_back_tenders(context, cart, effects),
            Command::Settle { cart } => self.settle(context, cart, effects),
            Command::PayByCard { cart, tender, amount } => {
                self.pay_by_card(context, cart, &tender, amount, effects)
            }
            Command::AbortPayment { intent } => self.abort_payment(intent, effects),
            Command::AskPayment { intent } => self.ask_payment(intent, effects),
            Command::EndPaymentByHand { intent, approved, amount, number, note } => {
                let seen = Seen { approved, amount, number, note };
                self.end_by_hand(context, intent, seen, effects)
            }
            Command::PutPaymentRight { intent, note } => {
                self.put_payment_right(context, intent, note, effects)
            }
            Command::ReversePayment { intent } => self.reverse_payment(context, intent, effects),
            Command::Refund { of, lines, reason } => {
                self.refund(context, &of, &lines, reason, effects)
            }
            Command::PostVoid { of, reason } => self.post_void(context, &of, reason, effects),
            Command::PayOut { payout, tender } => self.pay_out(context, payout, &tender, effects),
            Command::CancelReturn => self.cancel_return(context, effects),
            Command::OpenShift { float } => self.open_shift(context, float, effects),
            Command::MoveCash { direction, amount, reason } => {
                self.move_cash(context, direction, amount, reason, effects)
            }
            Command::OpenDrawer { reason } => self.open_drawer(context, reason, effects),
            Command::CloseShift { counted } => self.close_shift(context, &counted, effects),
            Command::Reprint { receipt } => self.reprint(context, &receipt, effects),
            Command::PrintReport { shift } => self.print_report(context, shift, effects),
            Command::RetryJob { job } => self.retry_job(context, job, effects),
            Command::DropJob { job } => self.drop_job(context, job, effects),
            Command::Customer { customer, act } => self.customer(context, customer, act, effects),
            Command::Attach { cart, customer } => self.attach(context, cart, customer, effects),
        }
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings)
    }

    /// The store, for reading.
    #[must_use]
    pub const fn store(&self) -> &TillStore {
        &self.store
    }

    /// The catalogue, for reading.
    #[must_use]
    pub const fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The till's number in the store.
    #[must_use]
    pub const fn number(&self) -> u16 {
        self.number
    }

    /// The open shift.
    #[must_use]
    pub const fn shift(&self) -> Option<&Shift> {
        self.shift.as_ref()
    }

    /// The cart at the till.
    #[must_use]
    pub const fn current(&self) -> Option<CartId> {
        self.current
    }

    /// Carts that this till holds, at the till and parked, in the order opened.
    pub fn carts(&self) -> impl Iterator<Item = &Cart> {
        self.carts.values()
    }

    /// The return under way.
    #[must_use]
    pub const fn open_return(&self) -> Option<&OpenReturn> {
        self.open_return.as_ref()
    }

    /// A cart with its amounts.
    ///
    /// # Errors
    /// When there is none, or its amounts cannot be computed.
    pub fn view(&self, id: CartId, line: Option<u32>) -> Result<CartView, Refusal> {
        let shared = self.elsewhere.get(&id);
        let elsewhere = shared.map(|shared| shared.holder);
        let cart = match shared {
            Some(shared) => shared.cart.clone(),
            None => self.cart(id)?.clone(),
        };
        let totals = cart.totals(&self.settings.taxes)?;
        let paying =
            self.paying.as_ref().filter(|payment| payment.cart == id).map(|payment| payment.intent);
        Ok(CartView { cart, totals, paying, line, elsewhere })
    }

    /// A cart that this till holds.
    fn cart(&self, id: CartId) -> Result<&Cart, Refusal> {
        self.carts.get(&id).ok_or_else(|| match self.elsewhere.get(&id) {
            Some(shared) => Refusal::HeldElsewhere { cart: id, till: shared.holder.till },
            None => Refusal::NoCart(id),
        })
    }

    fn authority(&self, id: &StaffId) -> Result<Authority, Refusal> {
        self.settings.authority(id).ok_or_else(|| Refusal::UnknownStaff(id.clone()))
    }

    /// Whoever began something that ends now; someone who left the shop meanwhile may do nothing
    /// new, but what money did must still be written down.
    fn authority_of_past_act(&self, id: &StaffId) -> Authority {
        self.settings.authority(id).unwrap_or_else(|| Authority {
            staff: id.clone(),
            role: Role::Cashier,
            discount_limit: Rate::ZERO,
            override_limit: Rate::ZERO,
            refund_limit: Some(0),
        })
    }

    fn open_shift_number(&self) -> Result<u32, Refusal> {
        self.shift.as_ref().map(|shift| shift.number).ok_or(Refusal::NoShift)
    }

    fn stamp(&self, context: &Context) -> Result<Stamp, Refusal> {
        Ok(Stamp {
            at: to_millisecond(context.now),
            shift: self.open_shift_number()?,
            by: context.by.staff.clone(),
        })
    }

    fn assert_reason(&self, reason: &str, kind: ReasonKind) -> Result<(), Refusal> {
        match self.settings.reason(reason, kind) {
            Some(_) => Ok(()),
            None => Err(Refusal::UnknownReason { reason: reason.to_owned(), kind }),
        }
    }

    /// Refuses an amount of another currency than the store's.
    fn assert_currency(&self, amount: commerce::Money) -> Result<(), Refusal> {
        let ours = self.settings.store.currency;
        if amount.currency() == ours {
            return Ok(());
        }
        Err(commerce::MoneyError::Mismatch(ours, amount.currency()).into())
    }

    /// Refuses to begin something new when the disk is nearly full.
    fn assert_room(&self) -> Result<(), Refusal> {
        match (self.disk_room)() {
            Some(Room { free, watermark }) if free < watermark => {
                Err(Refusal::DiskNearlyFull { free_mb: free / (1024 * 1024) })
            }
            _ => Ok(()),
        }
    }

    /// Does one act durably. A named request is remembered in the same transaction with the
    /// answer that `answer` gives it.
    fn act<T>(
        &mut self,
        context: &Context,
        answer: impl FnOnce(&T) -> Answer,
        act: impl FnOnce(&mut Act<'_>) -> Result<T, TillStoreError>,
    ) -> Result<T, Refusal> {
        let done = self.store.act(context.now, |doing| {
            let done = act(doing)?;
            if let Some(once) = &context.once {
                doing.remember(&once.key, &once.request, &answer(&done).text())?;
            }
            Ok(done)
        })?;
        Ok(done)
    }

    /// The answer to a request that was carried out before.
    fn answered(&self, once: &Once) -> Result<Option<Reply>, Refusal> {
        let Some(found) = read::remembered(self.store.connection(), &once.key)? else {
            return Ok(None);
        };
        if found.request != once.request {
            return Err(Refusal::KeyReused(once.key.clone()));
        }
        let answer = Answer::parse(&found.answer).ok_or_else(|| TillStoreError::Damaged {
            table: "idempotency",
            detail: found.answer.clone(),
        })?;
        Ok(Some(self.reply(answer)?))
    }

    /// An answer shown as things are now.
    fn reply(&self, answer: Answer) -> Result<Reply, Refusal> {
        Ok(match answer {
            Answer::Cart(id, line) if self.carts.contains_key(&id) => {
                Reply::Cart(Box::new(self.view(id, line)?))
            }
            Answer::Cart(id, _) => Reply::CartEnded(id),
            Answer::Sold(receipt) => Reply::Sold(receipt),
            Answer::Payment(intent) => Reply::Payment(intent),
            Answer::ReturnOpen(id) => Reply::ReturnOpen(id),
            Answer::Returned(receipt) => Reply::Returned(receipt),
            Answer::Shift(shift) => Reply::Shift(shift),
            Answer::Job(job) => Reply::Job(job),
            Answer::Customer(customer) => Reply::Customer(customer),
            Answer::Done => Reply::Done,
        })
    }
}

/// Facts carry whole milliseconds.
fn to_millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
