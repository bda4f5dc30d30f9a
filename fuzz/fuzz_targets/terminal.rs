//! What a card terminal sends while a payment is under way.
#![no_main]

use commerce::{Currency, Money};
use drivers::machine::{Actions, Machine};
use drivers::terminal::command::{Command, TerminalConfig};
use drivers::terminal::driver::TerminalDriver;
use drivers::terminal::exchange::Timing;
use drivers::terminal::intent::{Baseline, Intent, IntentId, Kind};
use drivers::terminal::protocol::Password;
use libfuzzer_sys::fuzz_target;
use std::time::Duration;

fuzz_target!(|bytes: &[u8]| {
    let currency = Currency::parse("EUR").expect("a currency");
    let password = Password::new(0).expect("a password");
    let config =
        TerminalConfig { password, currency, timing: Timing::default(), is_first_use: true };
    let mut machine = TerminalDriver::new(&config).expect("euros have a number");
    let mut out = Actions::default();
    machine.connected(Duration::ZERO, &mut out);
    let intent = Intent {
        id: IntentId(1),
        kind: Kind::Payment,
        amount: Money::new(1_234, currency).expect("an amount"),
        baseline: Baseline::Unknown,
    };
    for (step, chunk) in (0_u64..).zip(bytes.chunks(11)) {
        let now = Duration::from_millis(step * 100);
        machine.received(chunk, now, &mut out);
        if step == 2 {
            machine.command(Command::Perform(intent), now, &mut out);
        }
        if machine.deadline().is_some_and(|deadline| deadline <= now) {
            machine.tick(now, &mut out);
        }
    }
    machine.disconnected("the line went down", &mut out);
});
