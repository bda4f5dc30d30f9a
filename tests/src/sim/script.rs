//! What is to happen in a seed: acts and faults with their instants, drawn before anything runs.
//!
//! Each step has dice of its own, so leaving some out changes nothing about the others: a failing
//! script shrinks by dropping steps.

use crate::dice::Dice;

/// How much happens in a seed.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub acts: u64,
    pub faults: u64,
}

/// One thing that happens.
#[derive(Debug, Clone)]
pub struct Step {
    pub at_ms: u64,
    /// The seed of its own dice.
    pub salt: u64,
    pub what: What,
}

#[derive(Debug, Clone)]
pub enum What {
    /// Someone at a till does something.
    Act(usize, Act),
    Fault(Fault),
}

/// What people do at a till.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    Sell,
    Card,
    Scan,
    Discount,
    Park,
    Recall,
    /// Asks another till for a cart of its.
    Claim,
    /// Takes a cart of another till's with a manager's approval.
    Force,
    /// Offers a thing to whoever holds a cart.
    Offer,
    Cancel,
    /// Says something about a customer, or whose cart it is.
    Customer,
    Refund,
    PostVoid,
    MoveCash,
    NoSale,
    Count,
    Report,
    EndOfDay,
    Print,
    Terminal,
}

impl Act {
    /// Whether only the newer version can do it.
    pub const fn is_new(self) -> bool {
        matches!(self, Self::Discount | Self::Refund | Self::PostVoid | Self::Count)
    }
}

/// Acts with how often they come.
const ACTS: [(Act, u64); 20] = [
    (Act::Sell, 40),
    (Act::Card, 12),
    (Act::Scan, 8),
    (Act::Discount, 4),
    (Act::Park, 7),
    (Act::Recall, 5),
    (Act::Claim, 4),
    (Act::Force, 1),
    (Act::Offer, 4),
    (Act::Cancel, 2),
    (Act::Customer, 6),
    (Act::Refund, 6),
    (Act::PostVoid, 2),
    (Act::MoveCash, 4),
    (Act::NoSale, 2),
    (Act::Count, 4),
    (Act::Report, 2),
    (Act::EndOfDay, 2),
    (Act::Print, 6),
    (Act::Terminal, 6),
];

/// What goes wrong. Lengths of time are in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A line loses, doubles and reorders frames for a while.
    Noise,
    /// A line between two replicas is cut, and both sides notice or do not.
    Cut,
    /// A shop is cut off from the hub.
    CutShop,
    /// A till's process dies and comes back.
    Crash,
    /// The power of a till goes, at some write of its next act or when all was said.
    PowerCut,
    /// A till's disk is full for a while.
    FullDisk,
    /// A till's clock jumps.
    Clock,
    /// The hub's process dies and comes back.
    HubCrash,
    /// A copy of a till's folder is made, to be put back some time.
    Copy,
    /// The last copy of a till's folder is put back.
    PutBack,
    /// A till's database is gone: it begins with an empty folder.
    Lost,
    /// The copy runs beside the till under its identity: both sell.
    Clone,
    /// A peer sends what no honest one would.
    Lie,
    /// A newer till writes what this version does not know.
    Newer,
    /// A till that runs the old version is updated.
    Update,
    /// The hub changes its settings.
    Settings,
    /// The hub pushes prices, at once or for later.
    Push,
    /// The hub takes its last push back.
    Withdraw,
    /// Days pass.
    Days,
    /// The till that nobody signed for is enrolled.
    Enrol,
    /// A till's key is revoked.
    Revoke,
    /// Two tills take one cart by force, and don't hear each other.
    Rivals,
}

/// Faults with how often they come.
const FAULTS: [(Fault, u64); 19] = [
    (Fault::Noise, 30),
    (Fault::Cut, 25),
    (Fault::CutShop, 6),
    (Fault::Crash, 25),
    (Fault::PowerCut, 30),
    (Fault::FullDisk, 8),
    (Fault::Clock, 10),
    (Fault::HubCrash, 6),
    (Fault::Copy, 8),
    (Fault::PutBack, 5),
    (Fault::Lost, 2),
    (Fault::Clone, 3),
    (Fault::Lie, 15),
    (Fault::Update, 6),
    (Fault::Settings, 6),
    (Fault::Push, 10),
    (Fault::Withdraw, 3),
    (Fault::Days, 3),
    (Fault::Rivals, 6),
];

/// Draws a script for tills numbered from 1.
pub fn script(seed: u64, size: Size, tills: usize) -> Vec<Step> {
    let mut dice = Dice::new(seed ^ 0x5c41_9717);
    let total = size.acts + size.faults;
    let mut faults_left = size.faults;
    let mut steps = Vec::new();
    let mut at_ms = 5_000;
    for done in 0..total {
        let left = total - done;
        let salt = dice.below(u64::MAX);
        // Mostly a busy shop, sometimes a lull in which everything settles.
        at_ms += if dice.one_in(12) { 5_000 + dice.below(60_000) } else { 20 + dice.below(1_500) };
        let what = if dice.below(left) < faults_left {
            faults_left -= 1;
            What::Fault(weighted(&FAULTS, &mut dice))
        } else {
            let till = 1 + usize::try_from(dice.below(tills as u64)).unwrap();
            What::Act(till, weighted(&ACTS, &mut dice))
        };
        steps.push(Step { at_ms, salt, what });
    }
    rare(&mut steps, &mut dice, Fault::Revoke, 4);
    rare(&mut steps, &mut dice, Fault::Newer, 2);
    // Last, so that no other takes its place: every till is enrolled in the end.
    rare(&mut steps, &mut dice, Fault::Enrol, 1);
    steps
}

/// Puts a fault that comes once, in one seed of `n`, in the place of a step after the first third.
fn rare(steps: &mut [Step], dice: &mut Dice, fault: Fault, n: u64) {
    let (first, span) = (steps.len() / 3, steps.len() as u64 / 2);
    if dice.one_in(n)
        && span > 0
        && let Some(step) = steps.get_mut(first + usize::try_from(dice.below(span)).unwrap())
    {
        step.what = What::Fault(fault);
    }
}

fn weighted<T: Copy>(of: &[(T, u64)], dice: &mut Dice) -> T {
    let mut drawn = dice.below(of.iter().map(|(_, weight)| weight).sum());
    for (what, weight) in of {
        match drawn.checked_sub(*weight) {
            Some(rest) => drawn = rest,
            None => return *what,
        }
    }
    unreachable!("drawn below the sum")
}
