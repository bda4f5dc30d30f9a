//! The loop's thread, and the handle that everything else holds.

use crate::home::{Home, wall_clock};
use crate::runtime::feed::{Feed, What};
use crate::store::till::Compacting;
use crate::till::{Effect, Event, Handled, PeerReply, PeerWord, Refusal, Reply, Till};
use commerce::cart::CartId;
use drivers::terminal::command::Command as Terminal;
use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use sync::log::ReplicaId;
use sync::store::Machine;
use tokio::sync::{Notify, mpsc, oneshot};

/// Events that may wait: more than cashier, scanners and devices cause within a slow commit.
const QUEUE: usize = 256;

/// Orders that may wait for the card terminal's task; the loop has one under way at most.
const ORDERS: usize = 16;

/// Carts that may wait to be asked for; a cashier asks for one at a time.
const CLAIMS: usize = 16;

/// How often a device's word is tried again when the store cannot keep it, and after how long: a
/// lock is gone by then. After that a payment is asked about anew.
const KEEP_TRIES: u32 = 20;
const KEEP_AGAIN: Duration = Duration::from_millis(250);

/// How often the witness is written, at most; it may lag.
const WITNESS_EVERY: Duration = Duration::from_secs(30);

/// Why the loop did not do something.
#[derive(Debug, thiserror::Error)]
pub enum LoopError {
    /// The till refuses.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Too much waits already.
    #[error("the till is busy: try again shortly")]
    Busy,
    /// The till is stopping.
    #[error("the till is stopping")]
    Stopped,
}

type Look = Box<dyn FnOnce(&mut Till) + Send>;

enum Message {
    Event(Box<Event>, Option<oneshot::Sender<Result<Reply, Refusal>>>),
    Peer(Box<PeerWord>, oneshot::Sender<Result<PeerReply, Refusal>>),
    Look(Look),
    Stop,
}

/// The way to the till loop. Cheap to clone.
#[derive(Clone)]
pub struct Loop {
    queue: mpsc::Sender<Message>,
    feed: Feed,
    written: Arc<Notify>,
}

/// A cart that is asked of the till that holds it.
pub type Claim = (ReplicaId, CartId);

/// What the devices take from the loop.
pub(super) struct Outlets {
    /// Orders for the card terminal.
    pub orders: mpsc::Receiver<Terminal>,
    /// Wakes the spool.
    pub spool: Arc<Notify>,
}

/// The loop's thread; joined at the end.
pub struct LoopThread(JoinHandle<()>);

impl LoopThread {
    /// Waits for the loop to end.
    pub async fn join(self) {
        // A panic of the loop has been printed; there is nothing to add.
        tokio::task::spawn_blocking(move || self.0.join().ok()).await.ok();
    }
}

impl Loop {
    /// Starts the loop's thread. `first` is what the till asked for when it was opened. Gives also
    /// the carts that other tills are to be asked for; whoever drops them refuses all.
    pub(super) fn start(
        till: Till,
        first: Vec<Effect>,
        home: Home,
        machine: Machine,
        feed: Feed,
    ) -> (Self, LoopThread, Outlets, mpsc::Receiver<Claim>) {
        let (queue, inbox) = mpsc::channel(QUEUE);
        let (orders, to_terminal) = mpsc::channel(ORDERS);
        let (claims, to_links) = mpsc::channel(CLAIMS);
        let spool = Arc::new(Notify::new());
        let outlets = Outlets { orders: to_terminal, spool: Arc::clone(&spool) };
        let written = Arc::new(Notify::new());
        let looping = Looping {
            till,
            feed: feed.clone(),
            spool,
            written: Arc::clone(&written),
            claims,
            orders,
            home,
            machine,
        };
        let thread = std::thread::spawn(move || looping.run(first, inbox));
        (Self { queue, feed, written }, LoopThread(thread), outlets, to_links)
    }

    /// Hands an event to the till and waits until what it did is durable.
    ///
    /// # Errors
    /// Why the till refuses, or that it is busy or stopping.
    pub async fn event(&self, event: Event) -> Result<Reply, LoopError> {
        let (answer, answered) = oneshot::channel();
        self.put(Message::Event(Box::new(event), Some(answer)))?;
        Ok(answered.await.map_err(|_| LoopError::Stopped)??)
    }

    /// Hands over an event whose answer nobody waits for; a refusal is logged.
    pub(super) async fn report(&self, event: Event) {
        // A device's word must not be lost to a full queue: its task waits, nobody else does.
        self.queue.send(Message::Event(Box::new(event), None)).await.ok();
    }

    /// Tells the till a peer's word and waits until what follows is durable. It waits for its turn
    /// behind whoever stands at the till.
    ///
    /// # Errors
    /// Why the till could not keep it, or that it is stopping.
    pub async fn peer(&self, word: PeerWord) -> Result<PeerReply, LoopError> {
        let (answer, answered) = oneshot::channel();
        let message = Message::Peer(Box::new(word), answer);
        self.queue.send(message).await.map_err(|_| LoopError::Stopped)?;
        Ok(answered.await.map_err(|_| LoopError::Stopped)??)
    }

    /// Woken whenever the till may have written something.
    #[must_use]
    pub fn written(&self) -> Arc<Notify> {
        Arc::clone(&self.written)
    }

    /// Looks at the till on its own thread.
    ///
    /// # Errors
    /// That it is busy or stopping.
    pub async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Till) -> T + Send + 'static,
    ) -> Result<T, LoopError> {
        let (answer, answered) = oneshot::channel();
        let look = Box::new(move |till: &mut Till| {
            // Whoever asked may have gone.
            answer.send(look(till)).ok();
        });
        self.put(Message::Look(look))?;
        answered.await.map_err(|_| LoopError::Stopped)
    }

    /// What has changed, for whoever watches.
    #[must_use]
    pub const fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Waits until the loop has ended, by [`Loop::stop`] or by a mistake of its own.
    pub async fn ended(&self) {
        self.queue.closed().await;
    }

    /// Stops the loop after what waits already.
    pub async fn stop(&self) {
        self.queue.send(Message::Stop).await.ok();
    }

    fn put(&self, message: Message) -> Result<(), LoopError> {
        self.queue.try_send(message).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => LoopError::Busy,
            mpsc::error::TrySendError::Closed(_) => LoopError::Stopped,
        })
    }
}

/// What the thread owns.
struct Looping {
    till: Till,
    feed: Feed,
    spool: Arc<Notify>,
    written: Arc<Notify>,
    claims: mpsc::Sender<Claim>,
    orders: mpsc::Sender<Terminal>,
    home: Home,
    machine: Machine,
}

impl Looping {
    fn run(mut self, first: Vec<Effect>, mut inbox: mpsc::Receiver<Message>) {
        self.carry_out(first);
        let mut witnessed = std::time::Instant::now();
        while let Some(message) = inbox.blocking_recv() {
            match message {
                Message::Event(event, answer) => {
                    self.handle(*event, answer);
                    self.written.notify_one();
                }
                Message::Peer(word, answer) => {
                    self.hear(*word, answer);
                    // A cart that is granted, or an offer that is answered, is an entry of this
                    // till's: it must not wait for the next sale to be sent.
                    self.written.notify_one();
                }
                Message::Look(look) => look(&mut self.till),
                Message::Stop => break,
            }
            // Only when nobody waits: it syncs a file.
            if inbox.is_empty() && witnessed.elapsed() >= WITNESS_EVERY {
                self.write_witness();
                match self.till.tidy(wall_clock(), Compacting::USUAL) {
                    Ok(effects) => self.carry_out(effects),
                    Err(error) => {
                        tracing::warn!(%error, "the till's own streams were not compacted");
                    }
                }
                self.written.notify_one();
                witnessed = std::time::Instant::now();
            }
        }
        self.write_witness();
    }

    fn handle(&mut self, event: Event, answer: Option<oneshot::Sender<Result<Reply, Refusal>>>) {
        let Handled { reply, effects } = match &answer {
            Some(_) => self.till.handle(wall_clock(), event),
            None => self.keep(event),
        };
        if let Err(refusal) = &reply {
            tracing::debug!(%refusal, "refused");
        }
        // Answer first: what it did is durable, and the client waits.
        match answer {
            Some(answer) => drop(answer.send(reply)),
            None => {
                if let Err(refusal) = reply {
                    tracing::warn!(%refusal, "a device's report was refused");
                }
            }
        }
        self.carry_out(effects);
    }

    fn hear(&mut self, word: PeerWord, answer: oneshot::Sender<Result<PeerReply, Refusal>>) {
        let (reply, effects) = self.till.hear(wall_clock(), word);
        // The link's task may have ended meanwhile.
        drop(answer.send(reply));
        self.carry_out(effects);
    }

    /// Handles a device's word, which is not said twice: a store that is busy or full is tried
    /// again.
    fn keep(&mut self, event: Event) -> Handled {
        // Whoever scanned sees that it failed, and scans again; nobody waits for that.
        let said_once = matches!(event, Event::Payment { .. } | Event::Job { .. });
        let mut tries = 0;
        loop {
            let handled = self.till.handle(wall_clock(), event.clone());
            let Err(refusal @ (Refusal::Store(_) | Refusal::Catalogue(_))) = &handled.reply else {
                return handled;
            };
            if !said_once {
                return handled;
            }
            tries += 1;
            tracing::error!(%refusal, tries, "a device's word cannot be kept yet");
            if tries >= KEEP_TRIES {
                let again = self.till.ask_again().ok().flatten();
                return Handled { effects: again.into_iter().collect(), ..handled };
            }
            std::thread::sleep(KEEP_AGAIN);
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        let mut more: VecDeque<Effect> = effects.into();
        while let Some(effect) = more.pop_front() {
            match effect {
                Effect::AskClaim { holder, cart } => {
                    if self.claims.try_send((holder, cart)).is_err() {
                        let why = "this till has no link to other tills".to_owned();
                        let word = PeerWord::ClaimRefused { cart, why };
                        let (_, told) = self.till.hear(wall_clock(), word);
                        more.extend(told);
                    }
                }
                Effect::Spool => self.spool.notify_one(),
                Effect::Changed(change) => self.feed.say(What::Till(change)),
                Effect::Terminal(order) => {
                    if self.orders.try_send(order).is_err() {
                        tracing::error!(
                            "the card terminal's task takes no orders; ask about the payment again"
                        );
                    }
                }
            }
        }
    }

    fn write_witness(&self) {
        let written = self.till.store().head().map_err(Into::into).and_then(|head| {
            self.home.write_witness(self.machine, head, self.till.store().series())
        });
        if let Err(error) = written {
            tracing::warn!(%error, "the witness was not written");
        }
    }
}

#[cfg(test)]
mod tests;
