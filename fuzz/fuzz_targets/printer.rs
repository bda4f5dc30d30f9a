//! What a printer answers, and what its emulator is sent.
#![no_main]

use drivers::machine::{Actions, Machine};
use drivers::printer::driver::{PrinterCommand, PrinterMachine};
use drivers::printer::profile::Profile;
use libfuzzer_sys::fuzz_target;
use std::time::Duration;

fuzz_target!(|bytes: &[u8]| {
    let mut machine = PrinterMachine::new(Profile::ROLL_80);
    let mut out = Actions::default();
    machine.connected(Duration::ZERO, &mut out);
    machine.command(PrinterCommand::Print { job_id: 1, bytes: vec![b'x'; 64] }, Duration::ZERO, &mut out);
    for (step, chunk) in (0_u64..).zip(bytes.chunks(7)) {
        let now = Duration::from_millis(step * 100);
        machine.received(chunk, now, &mut out);
        machine.drained(now, &mut out);
        if machine.deadline().is_some_and(|deadline| deadline <= now) {
            machine.tick(now, &mut out);
        }
    }
    machine.disconnected("the line went down", &mut out);
});
