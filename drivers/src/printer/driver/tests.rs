//! Outcomes, first of the machine alone, then over TCP with the emulated printer.

mod emulated;

use proptest::prelude::*;

use super::*;

/// What happens to a machine, one after the other.
#[derive(Debug, Clone)]
enum Step {
    /// The printer sends these bytes.
    Says(&'static [u8]),
    /// The bytes sent so far were taken.
    Taken,
    /// Nothing happens until the deadline.
    Silence,
    /// The connection breaks.
    Lost,
}
use Step::{Lost, Says, Silence, Taken};

/// All three real-time answers, nothing wrong.
const FINE: Step = Says(b"\x12\x12\x12");
/// Automatic status: out of paper; cover open.
const PAPER_OUT: Step = Says(b"\x18\x00\x0c\x0f");
const COVER_OPEN: Step = Says(b"\x38\x00\x00\x0f");

struct Bench {
    machine: PrinterMachine,
    now: Duration,
    sent: Vec<u8>,
    events: Vec<PrinterEvent>,
    closed: bool,
}

impl Bench {
    /// A printer that is connected and fine.
    fn ready() -> Self {
        let machine = PrinterMachine::new(Profile::ROLL_80);
        let mut bench = Self {
            machine,
            now: Duration::ZERO,
            sent: Vec::new(),
            events: Vec::new(),
            closed: false,
        };
        bench.connect();
        bench
    }

    fn connect(&mut self) {
        self.act(|machine, now, out| machine.connected(now, out));
        self.closed = false;
        self.step(&FINE);
        assert!(self.machine.accepts());
        self.sent.clear();
        self.events.clear();
    }

    fn act(&mut self, act: impl FnOnce(&mut PrinterMachine, Duration, &mut Actions<PrinterEvent>)) {
        let mut out = Actions::new();
        act(&mut self.machine, self.now, &mut out);
        self.sent.extend(out.bytes);
        self.events.extend(out.events);
        if out.close.is_some() {
            self.closed = true;
            let mut out = Actions::new();
            self.machine.disconnected("closed", &mut out);
            self.events.extend(out.events);
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Says(bytes) => self.act(|machine, now, out| machine.received(bytes, now, out)),
            Taken => self.act(|machine, now, out| machine.drained(now, out)),
            Silence => {
                self.now = self.machine.deadline().expect("a deadline on every wait");
                self.act(|machine, now, out| machine.tick(now, out));
            }
            Lost => self.act(|machine, _, out| machine.disconnected("the line broke", out)),
        }
    }

    fn command(&mut self, command: PrinterCommand) {
        self.act(|machine, now, out| machine.command(command, now, out));
    }

    fn count(&self, needle: &[u8]) -> usize {
        self.sent.windows(needle.len()).filter(|window| *window == needle).count()
    }
}

fn job(bytes: usize) -> PrinterCommand {
    PrinterCommand::Print { job_id: 7, bytes: vec![b'x'; bytes] }
}

fn kick(act_id: u64) -> PrinterCommand {
    PrinterCommand::KickDrawer { act_id, pin: DrawerPin::Two }
}

/// `printed`, `not printed: why` or `unknown: why` for each job outcome reported.
fn jobs(bench: &Bench) -> Vec<String> {
    let name = |event: &PrinterEvent| match event {
        PrinterEvent::Job { job_id: 7, outcome } => Some(match outcome {
            JobOutcome::Printed => "printed".to_owned(),
            JobOutcome::NotPrinted { why } => format!("not printed: {why}"),
            JobOutcome::Unknown { why } => format!("unknown: {why}"),
        }),
        _ => None,
    };
    bench.events.iter().filter_map(name).collect()
}

#[test]
fn every_job_ends_as_it_must() {
    let noise: Step = Says(&[0xFF; 17]);
    for (steps, expected) in [
        (vec![FINE, Taken, Taken, Taken, Says(b"\x00")], "printed"),
        (vec![FINE, Taken, Taken, Taken, Says(b"\x03"), Lost], "printed"),
        (vec![FINE, Says(b"\x00"), Taken, Taken, Taken, Says(b"\x00")], "printed"),
        (vec![Says(b"\x12\x12\x72")], "not printed: the printer is out of paper"),
        (vec![Says(b"\x1a\x16\x12")], "not printed: the printer's cover is open"),
        (vec![PAPER_OUT, Says(b"\x1a\x12\x72")], "not printed: the printer is out of paper"),
        (vec![Silence], "not printed: the printer does not answer"),
        (vec![Says(b"\x12"), Silence], "not printed: the printer does not answer"),
        (vec![Lost], "not printed: the line broke"),
        (vec![noise.clone()], "not printed: the printer sends bytes that make no sense"),
        (vec![FINE, Lost], "unknown: the line broke"),
        (vec![FINE, Taken, Taken, Taken, Lost], "unknown: the line broke"),
        (vec![FINE, Taken, PAPER_OUT], "unknown: the printer is out of paper"),
        (vec![FINE, COVER_OPEN], "unknown: the printer's cover is open"),
        (vec![FINE, Taken, Taken, Taken, COVER_OPEN], "unknown: the printer's cover is open"),
        (vec![FINE, Silence], "unknown: the printer does not answer"),
        (vec![FINE, Taken, Taken, Taken, Silence], "unknown: the printer does not answer"),
        (vec![FINE, Taken, Taken, Says(b"\x0c")], "unknown: the printer ran out of paper"),
        (vec![FINE, noise], "unknown: the printer sends bytes that make no sense"),
    ] {
        let mut bench = Bench::ready();
        bench.command(job(2500));
        assert!(!bench.machine.accepts(), "one thing at a time");
        steps.iter().for_each(|step| bench.step(step));
        assert_eq!(jobs(&bench), [expected], "{steps:?}");
        if expected.starts_with("unknown") && !steps.iter().any(|step| matches!(step, Lost)) {
            assert!(bench.closed, "a late answer must find nobody: {steps:?}");
        }
        if bench.closed || steps.iter().any(|step| matches!(step, Lost)) {
            bench.connect();
            bench.step(&Says(b"\x00"));
            assert_eq!(jobs(&bench), [] as [&str; 0], "a late answer is nobody's");
            assert_eq!(bench.count(b"x"), 0, "nothing is printed again");
        }
    }
}

#[test]
fn a_job_goes_out_in_chunks_and_asks_once_behind_its_last() {
    let mut bench = Bench::ready();
    bench.command(job(2500));
    assert_eq!(bench.count(b"x"), 0, "first the status");
    bench.step(&FINE);
    for expected in [1024, 2048, 2500, 2500] {
        assert_eq!(bench.count(b"x"), expected);
        assert_eq!(bench.count(escpos::ANSWER_WHEN_PRINTED), usize::from(expected == 2500));
        bench.step(&Taken);
    }
    bench.step(&Says(b"\x00"));
    assert!(bench.machine.accepts());
}

#[test]
fn a_job_that_is_too_large_is_refused() {
    let mut bench = Bench::ready();
    bench.command(job(MAX_JOB + 1));
    assert_eq!(jobs(&bench), ["not printed: 524289 bytes are more than one job may have"]);
    assert!(bench.sent.is_empty());
}

fn drawers(bench: &Bench) -> Vec<(u64, &DrawerOutcome)> {
    let outcome = |event| match event {
        &PrinterEvent::Drawer { act_id, ref outcome } => Some((act_id, outcome)),
        _ => None,
    };
    bench.events.iter().filter_map(outcome).collect()
}

#[test]
fn the_drawer_is_kicked_once_an_act() {
    let pulse = [0x1B, b'p', 0, 50, 250];
    let mut bench = Bench::ready();
    for (act, pulses) in [(1, 1), (1, 1), (2, 2)] {
        bench.command(kick(act));
        if !bench.machine.accepts() {
            bench.step(&FINE);
            bench.step(&Says(b"\x01"));
        }
        assert_eq!(drawers(&bench).last(), Some(&(act, &DrawerOutcome::Kicked)));
        assert_eq!(bench.count(&pulse), pulses);
    }
    // The line breaks with the pulse on its way: unknown, and unknown it stays.
    bench.command(kick(3));
    bench.step(&FINE);
    bench.step(&Lost);
    let unknown = DrawerOutcome::Unknown { why: "the line broke".into() };
    assert_eq!(drawers(&bench).last(), Some(&(3, &unknown)));
    bench.act(|machine, _, out| machine.refuse(kick(3), "not connected", out));
    assert_eq!(drawers(&bench).last(), Some(&(3, &unknown)));
    bench.connect();
    bench.command(kick(3));
    assert_eq!(drawers(&bench), [(3, &unknown)]);
    assert!(bench.sent.is_empty());
    // No pulse was sent: the act may be tried again.
    bench.command(kick(4));
    bench.step(&Says(b"\x12\x16\x12"));
    let why = "the printer's cover is open".to_owned();
    assert_eq!(drawers(&bench).last(), Some(&(4, &DrawerOutcome::NotKicked { why })));
    bench.command(kick(4));
    bench.step(&FINE);
    assert_eq!(bench.count(&pulse), 1);
    bench.step(&Silence);
    let why = "the printer does not answer".to_owned();
    assert_eq!(drawers(&bench).last(), Some(&(4, &DrawerOutcome::Unknown { why })));
}

#[test]
fn an_idle_printer_is_watched() {
    let mut bench = Bench::ready();
    bench.step(&Says(b"\x3c\x00\x03\x0f"));
    let Some(PrinterEvent::Status(status)) = bench.events.last() else { panic!("no status") };
    assert!(status.cover_open && status.drawer_high == Some(true));
    bench.step(&Silence);
    assert_eq!(bench.sent, escpos::ask_status(1));
    bench.step(&FINE);
    bench.step(&Silence);
    bench.step(&Silence);
    assert!(bench.closed, "a printer that went silent is connected to anew");
}

proptest! {
    /// Whatever the printer says, a job has one outcome, and `printed` needs all of it sent.
    #[test]
    fn one_job_one_outcome(steps in prop::collection::vec(any_step(), 0..30)) {
        let mut bench = Bench::ready();
        bench.command(job(2500));
        for step in &steps {
            let open = !bench.closed && !matches!(bench.machine.state, State::Offline);
            if open && (bench.machine.deadline().is_some() || !matches!(step, Silence)) {
                bench.step(step);
            }
        }
        bench.step(&Lost);
        let outcomes = jobs(&bench);
        prop_assert_eq!(outcomes.len(), 1, "{:?}", outcomes);
        let sent = bench.count(b"x");
        prop_assert!(outcomes[0] != "printed" || sent == 2500);
        prop_assert_eq!(outcomes[0].starts_with("not printed"), sent == 0);
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(FINE),
        4 => Just(Taken),
        2 => Just(Says(b"\x00")),
        1 => Just(Says(b"\x0c")),
        1 => Just(PAPER_OUT),
        1 => Just(COVER_OPEN),
        1 => Just(Says(b"\xff\x93\x01")),
        1 => Just(Says(b"\x12")),
        1 => Just(Silence),
        1 => Just(Lost),
    ]
}
