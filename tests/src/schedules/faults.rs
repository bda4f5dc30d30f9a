//! What is planned against the terminal's next order, and against the next questions.

use crate::dice::Dice;
use drivers::terminal::emulator::{AskFault, Break, Core, Fault, Junk, Moment};
use std::time::Duration;

/// Plans for one order and the questions after it.
pub fn plan(dice: &mut Dice, core: &mut Core) {
    core.heal();
    core.plan(order(dice));
    for _ in 0..dice.below(4) {
        core.plan_ask(question(dice));
    }
}

fn order(dice: &mut Dice) -> Fault {
    let at = dice.pick(&[
        Moment::BeforeBooking,
        Moment::BookedLater,
        Moment::BeforeStatus,
        Moment::BeforeCompletion,
    ]);
    match dice.below(24) {
        0 => Fault::Decline(dice.pick(&[0x05, 0x6C, 0x78])),
        1 => Fault::Refuse(dice.pick(&[0x9C, 0xCC])),
        2 => Fault::Deaf,
        3 => Fault::Late(Duration::from_secs(dice.below(400))),
        4 => Fault::Slow(dice.pick(&[3, 20, 44])),
        5 => Fault::Amount(dice.pick(&[1, 499, 100_000])),
        6 => Fault::Currency(756),
        7 => Fault::NoStatus { booked: dice.one_in(2) },
        8 => Fault::TakesBack,
        9 => Fault::RefusesAbort,
        10..=14 => Fault::Break { at, how: breaks(dice) },
        _ => Fault::None,
    }
}

fn question(dice: &mut Dice) -> AskFault {
    match dice.below(6) {
        0 => AskFault::Busy,
        1 => AskFault::Refuse,
        2 => AskFault::Break(breaks(dice)),
        _ => AskFault::None,
    }
}

fn breaks(dice: &mut Dice) -> Break {
    match dice.below(4) {
        0 => Break::Line,
        1 => Break::Power(Duration::from_secs(dice.below(120))),
        2 => Break::Mute,
        _ => Break::Junk(dice.pick(&[Junk::Noise, Junk::BrokenStatus, Junk::Endless])),
    }
}
