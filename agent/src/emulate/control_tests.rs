//! Lines told to the emulators, one by one.

use super::*;

#[test]
fn lines_are_read() {
    let broken = |at, how| Control::Order(Fault::Break { at, how });
    let scan = |identifier: &str, code: &str| Control::Scan {
        identifier: identifier.to_owned(),
        code: code.to_owned(),
    };
    for (line, expected) in [
        ("scan 4006381333931", scan("", "4006381333931")),
        ("  scan 4006381333931 --aim ]E0 ", scan("]E0", "4006381333931")),
        ("scan --aim ]C1 0104006381333931{GS}10AB", scan("]C1", "0104006381333931\u{1d}10AB")),
        ("paper out", Control::Paper(Some(0))),
        ("paper near-end", Control::Paper(Some(20))),
        ("paper in", Control::Paper(None)),
        ("cover open", Control::Cover { open: true }),
        ("cover close", Control::Cover { open: false }),
        ("drawer close", Control::CloseDrawer),
        ("printer silent", Control::Printer(PrinterFault::Silent)),
        ("printer babble", Control::Printer(PrinterFault::Babble)),
        ("printer hang-up-after 1500", Control::Printer(PrinterFault::HangUpAfter(1_500))),
        ("printer ok", Control::Printer(PrinterFault::Mended)),
        ("decline", Control::Order(Fault::Decline(0x05))),
        ("decline 6c", Control::Order(Fault::Decline(0x6C))),
        ("refuse b7", Control::Order(Fault::Refuse(0xB7))),
        ("busy", Control::Order(Fault::Refuse(0x9C))),
        ("deaf", Control::Order(Fault::Deaf)),
        ("lose-line unbooked", broken(Moment::BeforeBooking, Break::Line)),
        ("lose-line later", broken(Moment::BookedLater, Break::Line)),
        ("lose-line before", broken(Moment::BeforeStatus, Break::Line)),
        ("lose-line after", broken(Moment::BeforeCompletion, Break::Line)),
        ("lose-power before", broken(Moment::BeforeStatus, Break::Power(Duration::from_secs(10)))),
        (
            "lose-power after 30",
            broken(Moment::BeforeCompletion, Break::Power(Duration::from_secs(30))),
        ),
        ("mute before", broken(Moment::BeforeStatus, Break::Mute)),
        ("junk before", broken(Moment::BeforeStatus, Break::Junk(Junk::Noise))),
        ("late 12", Control::Order(Fault::Late(Duration::from_secs(12)))),
        ("slow 3", Control::Order(Fault::Slow(3))),
        ("another-amount 995", Control::Order(Fault::Amount(995))),
        ("no-status booked", Control::Order(Fault::NoStatus { booked: true })),
        ("no-status unbooked", Control::Order(Fault::NoStatus { booked: false })),
        ("takes-back", Control::Order(Fault::TakesBack)),
        ("refuses-abort", Control::Order(Fault::RefusesAbort)),
        ("ask busy", Control::Question(AskFault::Busy)),
        ("ask refuse", Control::Question(AskFault::Refuse)),
        ("ask lose-line", Control::Question(AskFault::Break(Break::Line))),
        ("power-cut 20", Control::CutPower(Duration::from_secs(20))),
        ("cut-line", Control::CutLine),
        ("faults", Control::Faults),
        ("heal", Control::Heal),
        ("ledger", Control::Ledger),
        ("status", Control::Status),
        ("help", Control::Help),
    ] {
        assert_eq!(Control::parse(line), Ok(expected), "{line}");
    }
}

#[test]
fn wrong_lines_are_answered_with_the_right_form() {
    for (line, expected) in [
        ("", "say what to do: `help` lists the commands"),
        ("make coffee", "there is no command `make`: `help` lists them"),
        ("scan", "write `scan CODE [--aim ]E0]`"),
        ("paper", "write `paper out|near-end|in`"),
        ("printer mad", "write `printer silent|babble|ok` or `printer hang-up-after BYTES`"),
        (
            "printer hang-up-after -1",
            "write `printer silent|babble|ok` or `printer hang-up-after BYTES`",
        ),
        ("decline 00", "write `decline [CODE]`"),
        ("decline 1ff", "write `decline [CODE]`"),
        ("lose-line sometime", "write `lose-line MOMENT`"),
        ("late 1.5", "write `late SECONDS`"),
        ("late 3601", "write `late SECONDS`"),
        ("another-amount 0", "write `another-amount MINOR`"),
        ("another-amount 1000000000", "write `another-amount MINOR`"),
        ("ledger now", "write `ledger`"),
    ] {
        assert_eq!(Control::parse(line), Err(expected.to_owned()), "{line}");
    }
    assert!(Control::parse(&"scan ".repeat(300)).unwrap_err().contains("1024 bytes"));
}

#[test]
fn every_command_of_the_list_is_known() {
    for (usage, _) in COMMANDS {
        let word = usage.split([' ', '[']).next().unwrap();
        let unknown = |why: String| why.contains("there is no command");
        assert!(!Control::parse(word).is_err_and(unknown), "{usage}");
        assert!(help().contains(usage));
    }
}
