//! What the till does with its peers' words: entries, papers, marks, suspicions.
//!
//! The host of the links (`crate::link`) hands them in, [`Till::hear`], and passes the answers on to
//! the exchange. Nothing here waits for a network.

use super::{Change, Effect, Refusal, Till};
use crate::store::till::{Compacting, Looked, Received};
use commerce::cart::CartId;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;
use sync::batch::Batch;
use sync::log::{ReplicaId, SealKey, StreamId};
use sync::store::AlarmKind;
use sync::trust::Trust;
use sync::wire::{Checkpoint, Held};

/// A peer's word, for the till loop.
#[derive(Debug, Clone)]
pub enum PeerWord {
    /// Entries that a peer sent.
    Run {
        /// Who, for alarms.
        sender: String,
        /// The entries.
        run: Batch,
    },
    /// Papers that a peer passed on, or that were put in by hand.
    Papers {
        /// Who, for alarms.
        sender: String,
        /// The papers.
        papers: Vec<Vec<u8>>,
    },
    /// A peer's stream begins behind a checkpoint.
    Begin {
        /// The stream.
        stream: StreamId,
        /// The last sequence that was pruned.
        seq: u64,
        /// Its hash and seal.
        checkpoint: Checkpoint,
    },
    /// How far peers have made streams durable.
    Marks(Vec<(ReplicaId, StreamId, u64)>),
    /// Something that nobody can believe.
    Suspicious {
        /// What it is about.
        kind: AlarmKind,
        /// Who or what, for alarms.
        sender: String,
        /// What is wrong.
        why: String,
        /// What was sent, as evidence; may be empty.
        frame: Vec<u8>,
    },
    /// This till's own stream is further at a peer than here: it goes on as another incarnation.
    Anew(ReplicaId),
    /// Another till asks for a cart.
    ClaimAsked {
        /// Who asks.
        from: ReplicaId,
        /// The cart.
        cart: CartId,
    },
    /// The till that holds a cart did not grant it, or can't be reached.
    ClaimRefused {
        /// The cart.
        cart: CartId,
        /// Why.
        why: String,
    },
}

/// What the till answers to a peer's word.
#[derive(Debug, Clone)]
pub enum PeerReply {
    /// What became of entries.
    Received(Box<Received>),
    /// Papers were looked at, or written.
    Papers {
        /// Those that are new.
        new: Vec<Vec<u8>>,
        /// What all papers come to now.
        trust: Arc<Trust>,
        /// Whether some could not be believed.
        disbelieved: bool,
        /// Whether the till must begin a new incarnation, for an earlier life of it counts by them that
        /// gave numbers of its series.
        put_back: bool,
    },
    /// What is held of a stream now that it begins behind a checkpoint; `None` when it was left as it
    /// was.
    Begun(Option<Held>),
    /// Whether a cart was granted, or why not.
    Claim(Result<(), String>),
    /// It was kept.
    Kept,
}

impl Till {
    /// Takes up the papers that are here, under the chain's root where there is one, and makes
    /// sure that one names the present incarnation.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn join(&mut self, root: Option<SealKey>) -> Result<Arc<Trust>, Refusal> {
        let mut trust = Trust::new(root);
        self.store.load_trust(&mut trust)?;
        self.store.declare_self(&mut trust)?;
        self.trust = Arc::new(trust);
        Ok(Arc::clone(&self.trust))
    }

    /// Whose word counts, by the papers as they are known now.
    #[must_use]
    pub const fn trust(&self) -> &Arc<Trust> {
        &self.trust
    }

    /// Forgets what this till's part in the shop's carts came to and is over, once enough of it
    /// stands in the log, and what is known of customers who were erased; looks through the shop's
    /// carts again where siblings' streams came in another order than they were written. For when
    /// nobody waits. Gives what is to be done outside.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn tidy(&mut self, now: Timestamp, compacting: Compacting) -> Result<Vec<Effect>, Refusal> {
        let mut effects = Vec::new();
        self.store.tidy_workspace(now, compacting)?;
        self.store.tidy_customers(now, &self.trust)?;
        self.folded(now, BTreeSet::new(), &mut effects)?;
        Ok(effects)
    }

    /// Notes that somebody has seen to an alarm; false when there is none of this number.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn see_alarm(&mut self, number: i64, now: Timestamp) -> Result<bool, Refusal> {
        Ok(self.store.see_alarm(number, now)?)
    }

    /// Handles a peer's word at `now`; gives the answer, and what is to be done outside.
    pub fn hear(
        &mut self,
        now: Timestamp,
        word: PeerWord,
    ) -> (Result<PeerReply, Refusal>, Vec<Effect>) {
        let mut effects = Vec::new();
        let reply = self.hear_word(now, word, &mut effects);
        (reply, effects)
    }

    fn hear_word(
        &mut self,
        now: Timestamp,
        word: PeerWord,
        effects: &mut Vec<Effect>,
    ) -> Result<PeerReply, Refusal> {
        match word {
            PeerWord::Run { sender, run } => {
                let received = self.store.receive(now, &self.trust, &sender, &run)?;
                if received.folded {
                    self.peers_folded(now, effects)?;
                }
                if received.alarmed {
                    effects.push(Effect::Changed(Change::Alarm));
                }
                Ok(PeerReply::Received(Box::new(received)))
            }
            PeerWord::Papers { sender, papers } => {
                let mut trust = Trust::clone(&self.trust);
                let looked = self.store.admit(now, &mut trust, &sender, papers)?;
                let Looked { new, folded, alarmed, disbelieved, put_back } = looked;
                if !new.is_empty() {
                    self.trust = Arc::new(trust);
                }
                if folded {
                    self.peers_folded(now, effects)?;
                }
                if alarmed {
                    effects.push(Effect::Changed(Change::Alarm));
                }
                let trust = Arc::clone(&self.trust);
                Ok(PeerReply::Papers { new, trust, disbelieved, put_back })
            }
            PeerWord::Begin { stream, seq, checkpoint } => {
                let begun = self.store.begin_behind(now, &self.trust, stream, seq, &checkpoint)?;
                if begun.is_some() {
                    self.peers_folded(now, effects)?;
                }
                Ok(PeerReply::Begun(begun))
            }
            PeerWord::Marks(marks) => {
                self.store.keep_marks(&marks)?;
                Ok(PeerReply::Kept)
            }
            PeerWord::Suspicious { kind, sender, why, frame } => {
                self.store.suspect(now.as_millisecond(), kind, &sender, &why, &frame)?;
                effects.push(Effect::Changed(Change::Alarm));
                Ok(PeerReply::Kept)
            }
            PeerWord::Anew(replica) => self.begin_anew(now, replica, effects),
            PeerWord::ClaimAsked { from, cart } => {
                let granted = self.claim_asked(now, from, cart, effects);
                match granted {
                    Err(error @ (Refusal::Store(_) | Refusal::Catalogue(_))) => Err(error),
                    granted => Ok(PeerReply::Claim(granted.map_err(|why| why.to_string()))),
                }
            }
            PeerWord::ClaimRefused { cart, why } => {
                self.claim_refused(cart, why, effects);
                Ok(PeerReply::Kept)
            }
        }
    }

    /// State changed by what peers wrote: carts are read again, and what was offered is taken.
    fn peers_folded(&mut self, now: Timestamp, effects: &mut Vec<Effect>) -> Result<(), Refusal> {
        effects.push(Effect::Changed(Change::Peers));
        self.tell_of_customers(effects);
        self.folded(now, BTreeSet::new(), effects)?;
        self.follow_carts(now, effects);
        Ok(())
    }

    /// Goes on as another incarnation with a receipt series of its own, between two acts. Payments
    /// under way are asked about as after a restore.
    fn begin_anew(
        &mut self,
        now: Timestamp,
        replica: ReplicaId,
        effects: &mut Vec<Effect>,
    ) -> Result<PeerReply, Refusal> {
        let store = self.settings.store.code.clone();
        let trust = Arc::clone(&self.trust);
        self.store.begin_anew(now, &trust, replica, (store, self.number))?;
        // The new incarnation holds what the one before did.
        self.folded(now, self.carts.keys().copied().collect(), effects)?;
        let mut trust = Trust::clone(&self.trust);
        let new = self.store.declare_self(&mut trust)?;
        let why = "a peer holds more of this till's journal than its database does: it was put back \
                   from a backup, was lost, or runs twice; it goes on in a new receipt series";
        self.store.suspect(now.as_millisecond(), AlarmKind::PutBack, "this till", why, &[])?;
        self.trust = Arc::new(trust);
        effects.push(Effect::Changed(Change::Alarm));
        effects.extend(self.ask_again()?);
        let trust = Arc::clone(&self.trust);
        Ok(PeerReply::Papers { new, trust, disbelieved: false, put_back: false })
    }
}
