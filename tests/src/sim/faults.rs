//! What goes wrong in a world, by the dice.

use super::members::{COUNT, HUB, LATE, SHOPS, enrolment, key_of, shop_of, signed};
use super::net::{Ends, Net};
use super::script::{Act, Fault};
use super::world::World;
use crate::dice::Dice;
use crate::vfs::{DiskError, Fault as DiskFault, FaultOn};
use sync::log::StreamKind;
use sync::trust::{Revocation, Statement};

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

/// How far clocks go wrong: back to 1970 or so, an hour back, some minutes, ten years ahead.
const SKEWS_MS: [i64; 6] =
    [-56 * 365 * 86_400_000, -3_600_000, 0, 4 * 60_000, 7 * 60_000, 10 * 365 * 86_400_000];

impl World<'_> {
    /// A fault strikes.
    pub fn fault(&mut self, fault: Fault, mut dice: Dice) {
        let id = 1 + usize::try_from(dice.below(COUNT as u64)).unwrap();
        let for_ms = 500 + dice.below(MINUTE);
        let dice = &mut dice;
        match fault {
            Fault::Noise => self.noise(for_ms, dice),
            Fault::Cut => self.cut(for_ms, dice),
            Fault::CutShop => self.cut_shop(5 * for_ms, dice),
            Fault::Crash => self.crash(id, for_ms),
            Fault::PowerCut => self.power_cut(id, dice),
            Fault::FullDisk => self.full_disk(id, for_ms, dice),
            Fault::Clock => self.clock(id, dice),
            Fault::HubCrash => self.hub_crash(),
            Fault::Copy => self.copy(id),
            Fault::PutBack => self.put_back(id, dice),
            Fault::Lost => self.lose(id, dice),
            Fault::Clone => self.clone_of(id, dice),
            Fault::Lie => self.lie(dice),
            Fault::Newer => self.newer(id),
            Fault::Update => self.update(id, for_ms),
            Fault::Settings => self.settings(dice),
            Fault::Push => self.push(dice),
            Fault::Withdraw => self.withdraw(),
            Fault::Days => self.days(dice),
            Fault::Enrol => self.enrol(),
            Fault::Revoke => self.revoke(id),
            Fault::Rivals => self.rivals(for_ms, dice),
        }
    }

    fn say(&mut self, line: &str) {
        self.history.tell(self.ms, &format!("FAULT {line}"));
    }

    fn some_line(&self, dice: &mut Dice) -> Ends {
        let all: Vec<Ends> = self.net.lines.keys().copied().collect();
        dice.pick(&all)
    }

    fn noise(&mut self, for_ms: u64, dice: &mut Dice) {
        let (ends, until) = (self.some_line(dice), self.ms + for_ms);
        self.say(&format!("line {ends:?} is noisy for {for_ms} ms"));
        self.net.line(ends).noisy_until = until;
    }

    fn cut(&mut self, for_ms: u64, dice: &mut Dice) {
        let (ends, until, silent) = (self.some_line(dice), self.ms + for_ms, dice.one_in(3));
        self.say(&format!("line {ends:?} is cut for {for_ms} ms, noticed: {}", !silent));
        if silent {
            self.net.line(ends).silent_until = until;
        } else {
            self.net.line(ends).cut_until = until;
            self.relink();
            self.relink_after(for_ms);
        }
    }

    fn cut_shop(&mut self, for_ms: u64, dice: &mut Dice) {
        let shop = usize::try_from(dice.below(SHOPS.len() as u64)).unwrap();
        self.say(&format!("shop {shop} is cut off for {for_ms} ms"));
        for id in (1..=COUNT).filter(|id| shop_of(*id) == shop) {
            self.net.line(Net::ends(HUB, id)).cut_until = self.ms + for_ms;
        }
        self.relink();
        self.relink_after(for_ms);
    }

    fn crash(&mut self, id: usize, for_ms: u64) {
        if self.till(id).running.is_some() {
            self.say(&format!("till {id} dies for {for_ms} ms"));
            self.till(id).crash();
            self.stopped(id, for_ms);
        }
    }

    /// At some write of its next act, or when all is said and not all of it need be on disk.
    fn power_cut(&mut self, id: usize, dice: &mut Dice) {
        let seed = dice.below(u64::MAX);
        if dice.one_in(2) {
            self.till(id).cut = Some(seed);
        } else {
            self.till(id).begin_blackout(1 + dice.below(40), seed);
        }
    }

    fn full_disk(&mut self, id: usize, for_ms: u64, dice: &mut Dice) {
        if self.till(id).running.is_none() {
            return;
        }
        self.say(&format!("till {id}'s disk is full for {for_ms} ms"));
        self.till(id).shim.inject(DiskFault {
            on: FaultOn::Write,
            nth: 1 + dice.below(6),
            lasting: true,
            error: DiskError::Full,
            file_suffix: String::new(),
        });
        self.room_after(id, for_ms);
    }

    fn clock(&mut self, id: usize, dice: &mut Dice) {
        let skew_ms = dice.pick(&SKEWS_MS);
        self.say(&format!("till {id}'s clock is off by {skew_ms} ms"));
        self.till(id).skew_ms = skew_ms;
    }

    fn hub_crash(&mut self) {
        self.say("the hub dies and comes back");
        for id in 1..=COUNT {
            self.net.line(Net::ends(HUB, id)).cut_until = self.ms + 100;
        }
        self.relink();
        self.hub.crash(self.ms);
        self.relink_after(100);
    }

    fn copy(&mut self, id: usize) {
        if self.till(id).running.is_some() {
            self.say(&format!("till {id}'s folder is copied"));
            let copy = self.till(id).make_copy("copy");
            self.till(id).copy = Some(copy);
        }
    }

    fn put_back(&mut self, id: usize, dice: &mut Dice) {
        if self.till(id).running.is_none() {
            return;
        }
        let Some(copy) = self.till(id).copy.take() else { return };
        let with_witness = dice.one_in(2);
        self.say(&format!("till {id} is put back, witness and all: {with_witness}"));
        self.disturbed[id] = true;
        self.till(id).put_back(&copy, with_witness);
        self.account_for_losses(id);
        self.stopped(id, 2_000);
    }

    fn lose(&mut self, id: usize, dice: &mut Dice) {
        if self.till(id).running.is_none() {
            return;
        }
        let witness_too = dice.one_in(3);
        self.say(&format!("till {id}'s database is lost, witness and all: {witness_too}"));
        self.disturbed[id] = true;
        self.forgetful[id] |= witness_too;
        self.till(id).lose(witness_too);
        self.till(id).shown.clear();
        self.account_for_losses(id);
        self.stopped(id, 2_000);
    }

    /// The copy sells beside the till, out of reach of everyone; then the two change places, until
    /// each has been heard.
    fn clone_of(&mut self, id: usize, dice: &mut Dice) {
        if self.till(id).running.is_none() {
            return;
        }
        self.say(&format!("till {id}'s folder is copied, and both copies sell"));
        self.disturbed[id] = true;
        let twin = self.till(id).make_copy("twin");
        for ends in self.lines_of(id) {
            self.net.line(ends).cut_until = self.ms + 200;
        }
        self.relink();
        self.relink_after(200);
        for _ in 0..1 + dice.below(3) {
            let act = dice.pick(&[Act::Sell, Act::Sell, Act::Customer]);
            self.act(id, act, Dice::new(dice.below(u64::MAX)));
        }
        if self.till(id).running.is_none() {
            return;
        }
        let first = self.till(id).make_copy("first");
        self.till(id).shim.heal();
        self.till(id).put_back(&twin, true);
        let ms = self.ms;
        self.till(id).start(ms).unwrap();
        for _ in 0..1 + dice.below(3) {
            let act = dice.pick(&[Act::Sell, Act::Sell, Act::Customer]);
            self.act(id, act, Dice::new(dice.below(u64::MAX)));
        }
        // The second is heard first; what only it holds would be lost with it otherwise.
        self.pass(30_000);
        self.till(id).put_back_from(&first);
        self.account_for_losses(id);
        self.stopped(id, 1_000);
    }

    fn lines_of(&self, id: usize) -> Vec<Ends> {
        self.net.lines.keys().copied().filter(|(a, b)| *a == id || *b == id).collect()
    }

    fn lie(&mut self, dice: &mut Dice) {
        let (ends, frames) = (self.some_line(dice), 1 + dice.below(30));
        self.say(&format!("the next {frames} frames on line {ends:?} are changed"));
        self.net.line(ends).lies = u32::try_from(frames).unwrap();
    }

    /// A newer till writes facts that this version does not know.
    fn newer(&mut self, id: usize) {
        self.say(&format!("till {id} is a newer version for one entry"));
        self.newer = Some(id);
        let ms = self.ms;
        self.till(id).write_unknown(ms);
        self.till(id).refresh(ms);
        if self.till(id).running.is_some() {
            self.pump(id);
        }
    }

    fn update(&mut self, id: usize, for_ms: u64) {
        if std::mem::take(&mut self.till(id).old) {
            self.say(&format!("till {id} is updated"));
            self.crash(id, for_ms);
        }
    }

    fn settings(&mut self, dice: &mut Dice) {
        self.say("the hub writes settings");
        let body = dice.below(u64::MAX).to_be_bytes();
        self.hub.write(self.ms, StreamKind::Settings, &body);
        self.pump(HUB);
    }

    /// Its goods first, its manifest a while after: what comes in between sees half of it.
    fn push(&mut self, dice: &mut Dice) {
        let ms = self.ms;
        let Some(items) = (1..=COUNT).find_map(|id| self.till(id).pushed_items(ms)) else { return };
        let later = if dice.one_in(2) { 0 } else { dice.below(30 * MINUTE) };
        self.say(&format!("the hub pushes prices, to count in {later} ms"));
        let starts_ms = super::hub::wall(ms + later);
        let first = usize::try_from(dice.below(items.len() as u64 + 1)).unwrap();
        self.hub.begin_push(ms, &items, first, starts_ms);
        self.complete_push_after(dice.below(20_000));
        self.pump(HUB);
    }

    /// Two tills that don't hear each other take one cart of a third's by force.
    fn rivals(&mut self, for_ms: u64, dice: &mut Dice) {
        let mut tills: Vec<usize> = (1..=COUNT).filter(|id| shop_of(*id) == 0).collect();
        let holder = tills.remove(usize::try_from(dice.below(tills.len() as u64)).unwrap());
        let (Some(&one), Some(&other)) = (tills.first(), tills.last()) else { return };
        let number = Some(super::members::number_of(holder));
        let running = |world: &mut Self, id: usize| world.till(id).running.is_some();
        if !running(self, one) || !running(self, other) {
            return;
        }
        let till = &self.till(one).running.as_ref().expect("looked").till;
        let carts: Vec<_> = till.elsewhere().filter(|it| it.holder.till == number).collect();
        if carts.is_empty() {
            return;
        }
        let cart = dice.pick(&carts).cart.id;
        self.say(&format!("tills {one} and {other} both force cart {cart} of till {holder}"));
        self.net.line(Net::ends(one, other)).cut_until = self.ms + for_ms;
        self.relink();
        self.relink_after(for_ms);
        let ms = self.ms;
        for id in [one, other] {
            self.till(id).force_cart(ms, cart);
            self.pump(id);
        }
    }

    fn withdraw(&mut self) {
        if self.hub.withdraw_push(self.ms) {
            self.say("the hub takes its last push back");
            self.pump(HUB);
        }
    }

    fn days(&mut self, dice: &mut Dice) {
        let days = 1 + dice.below(20);
        self.say(&format!("{days} days pass"));
        self.pass(days * DAY);
    }

    fn enrol(&mut self) {
        self.say(&format!("till {LATE} is enrolled"));
        self.enrolled = true;
        self.hub.put_paper(self.ms, enrolment(LATE));
        self.pump(HUB);
    }

    /// The key counts up to what the hub holds of it now.
    fn revoke(&mut self, id: usize) {
        if id == LATE && !self.enrolled {
            return;
        }
        self.say(&format!("till {id}'s key is revoked"));
        self.revoked = Some(id);
        let key = key_of(id).public();
        let mut ends = Vec::new();
        for stream in sync::store::peer_streams(&self.hub.conn).unwrap() {
            if stream.key() == key && stream.id().kind == StreamKind::Journal {
                let head = sync::store::head(&self.hub.conn, &stream).unwrap();
                ends.push((stream.id().replica, StreamKind::Journal, head.seq));
            }
        }
        let why = "stolen".to_owned();
        let paper = signed(&Statement::Revoked(Revocation { key, why, serial: 1, ends }));
        self.hub.put_paper(self.ms, paper);
        self.pump(HUB);
    }

    /// What was told and is in no database any more is lost with the last one: nobody can have it.
    fn account_for_losses(&mut self, id: usize) {
        let mut told = std::mem::take(&mut self.told);
        for it in told.iter_mut().filter(|it| !it.lost) {
            let elsewhere = (1..=COUNT)
                .filter(|other| *other != id)
                .filter_map(|other| self.tills[other - 1].conn())
                .any(|conn| super::laws::holds(conn, it));
            let here = self.tills[id - 1].file().is_some_and(|conn| super::laws::holds(&conn, it));
            if !elsewhere && !here && !super::laws::holds(&self.hub.conn, it) {
                it.lost = true;
                self.tally.lost += 1;
            }
        }
        self.told = told;
    }
}
