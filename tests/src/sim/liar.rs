//! What a liar makes of frames: bytes that are none, and words that no honest peer says.

use super::members::HUB;
use super::net::Ends;
use crate::dice::Dice;
use sync::batch::Batch;
use sync::log::{Hash, StreamId};
use sync::wire::codec::{decode, encode};
use sync::wire::{Envelope, Frame};

/// Changes a frame on its way.
pub fn change(bytes: &mut Vec<u8>, ends: Ends, dice: &mut Dice) {
    if bytes.is_empty() {
        return;
    }
    if !dice.one_in(3)
        && let Some(forged) = forge(bytes, ends, dice)
    {
        *bytes = forged;
        return;
    }
    let at = usize::try_from(dice.below(bytes.len() as u64)).unwrap();
    bytes[at] ^= 1 << dice.below(8);
}

/// The frame with another meaning, in good form; `None` for what is left alone.
fn forge(bytes: &[u8], ends: Ends, dice: &mut Dice) -> Option<Vec<u8>> {
    let Envelope { from, mut frame } = decode(bytes).ok()?;
    match &mut frame {
        Frame::Run(run) => forge_run(run, dice)?,
        Frame::Have(have) => {
            let held = have.streams.first_mut()?;
            held.head += 1 + dice.below(50);
            held.hash = Hash([7; 32]);
        }
        // What the hub says of itself counts; a liar in its place could have all sales forgotten.
        Frame::Mark(mark) if ends.0 != HUB => {
            mark.streams.iter_mut().for_each(|(_, seq)| *seq += 1 + dice.below(50));
        }
        Frame::Papers(papers) => {
            let byte = papers.first_mut()?.last_mut()?;
            *byte ^= 1;
        }
        _ => return None,
    }
    encode(&Envelope { from, frame }).ok()
}

/// A run with other goods, with less than was sealed, or in another's name: under the old seal.
fn forge_run(run: &mut Batch, dice: &mut Dice) -> Option<()> {
    match dice.below(3) {
        0 => {
            let byte = run.entries.last_mut()?.body.last_mut()?;
            *byte ^= 1;
        }
        1 if run.entries.len() > 1 => drop(run.entries.pop()),
        _ => {
            let mut replica = run.stream.replica;
            replica.0[15] ^= 1;
            run.stream = StreamId { replica, ..run.stream };
        }
    }
    Some(())
}
