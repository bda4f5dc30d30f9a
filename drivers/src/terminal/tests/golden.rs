//! Bytes of the public specification's messages and of real terminals, both ways. Append, never
//! change.

use commerce::{Currency, Money};
use proptest::prelude::*;

use super::world::World;
use crate::machine::{Actions, Machine as _};
use crate::terminal::apdu::{Apdu, Decoder};
use crate::terminal::codes;
use crate::terminal::command::{Command, Event};
use crate::terminal::intent::{Intent, Kind, Outcome, Unknown};
use crate::terminal::protocol::{
    ABORT, ACK, Amount, Copy, Incoming, Password, ProtocolError, Request, SlipLine, terminal_state,
};
use crate::terminal::status::{ClockTime, StatusInformation};

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().filter(|c| !c.is_whitespace()).collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn apdu(hex: &str) -> Apdu {
    let mut decoder = Decoder::default();
    decoder.push(&bytes(hex));
    let apdu = decoder.next_apdu().unwrap().unwrap();
    assert!(!decoder.has_rest(), "{hex}");
    assert_eq!(apdu.encode(), bytes(hex));
    apdu
}

fn read(hex: &str) -> Incoming {
    Incoming::read(&apdu(hex)).unwrap()
}

fn status(hex: &str) -> StatusInformation {
    match read(hex) {
        Incoming::Status(status) => *status,
        other => panic!("{other:?}"),
    }
}

#[test]
fn requests_have_the_bytes_of_the_specification() {
    let amount = |minor, code| {
        Amount::new(Money::new(minor, Currency::parse(code).unwrap()).unwrap()).unwrap()
    };
    for (request, hex) in [
        // 2.1 Registration, with this till's configuration byte 9E.
        (Request::Registration { currency: 978 }, "06 00 06 123456 9E 0978"),
        // 2.2 Authorisation
        (Request::Authorisation(amount(1_295, "EUR")), "06 01 0A 04 000000001295 49 0978"),
        (
            Request::Authorisation(amount(999_999_999_999, "CHF")),
            "06 01 0A 04 999999999999 49 0756",
        ),
        // 2.8 Reversal
        (Request::Reversal { receipt_no: 42 }, "06 30 06 123456 87 0042"),
        // 2.11 Refund
        (Request::Refund(amount(1, "EUR")), "06 31 0D 123456 04 000000000001 49 0978"),
        // 2.16 End of Day
        (Request::EndOfDay, "06 50 03 123456"),
        // 2.14 Repeat Receipt
        (Request::RepeatReceipt, "06 20 03 123456"),
        // 2.25 Status Enquiry
        (Request::StatusEnquiry, "05 01 03 123456"),
    ] {
        assert_eq!(request.encode(Password::new(123_456).unwrap()), bytes(hex), "{request:?}");
    }
    assert_eq!(ACK.to_vec(), bytes("80 00 00"));
    assert_eq!(ABORT.to_vec(), bytes("06 B0 00"));
}

#[test]
fn a_status_of_an_approved_payment_is_read() {
    // A payment as a terminal in Germany sent it.
    let paid = status(
        "04 0F 5A 27 00 04 000000002500 49 0978 0C 225558 0D 0405 22 F0F8 559883EEEEEE8074 \
         87 0231 3B 3735303037310000 0B 000975 19 60 29 52523535 0E 2405 8A 06 8C 01 \
         8B F1F1 4D61737465724361726400 2A 383034303131393236202020202020",
    );
    let at = ClockTime { month: 4, day: 5, hour: 22, minute: 55, second: 58 };
    assert_eq!(
        paid,
        StatusInformation {
            result: Some(0),
            amount_minor: Some(2_500),
            currency: Some(978),
            trace: Some(975),
            original_trace: None,
            receipt_no: Some(231),
            terminal_id: Some(52_523_535),
            vu_number: Some("804011926".to_owned()),
            at: Some(at),
            masked_pan: Some("559883******8074".to_owned()),
            card_type: Some(6),
            card_name: Some("MasterCard".to_owned()),
            authorisation: Some("750071".to_owned()),
            text: None,
            is_totals: false,
        }
    );
    // Another, with BMP 88, a text in 3C and a card number masked but for four digits.
    let paid = status(
        "04 0F 77 27 00 04 000000002040 0B 000470 0C 223953 0D 1006 0E 2512 17 0001 19 70 \
         22 F0F8 EEEEEEEEEEEE4771 29 28004869 2A 313030343631373633202020202020 \
         3B 3631313830340000 3C F0F1F4 47454E2E4E522E3A363131383034 49 0978 87 0470 88 000470 \
         8A 2E 8B F1F7 4465626974204D61737465726361726400",
    );
    assert_eq!(paid.masked_pan.as_deref(), Some("************4771"));
    assert_eq!(paid.card_name.as_deref(), Some("Debit Mastercard"));
    assert_eq!(paid.text.as_deref(), Some("GEN.NR.:611804"));
    assert_eq!((paid.trace, paid.receipt_no), (Some(470), Some(470)));
    // One with a TLV container, without an amount, and with an empty trace number.
    let paid = status(
        "04 0F 65 27 00 0C 231355 0D 1029 0E 9999 22 F0F8 EEEEEEEEEEEE4771 A0 01 29 00000006 \
         87 0008 0B 000000 8A 06 8B F1F1 4D41535445524341524400 06 2E 2F 08 1F12 01 02 1F10 01 00 \
         60 1B 43 07 A0000000041010 44 10 4465626974204D617374657263617264 1F2B 04 10015008",
    );
    assert_eq!((paid.amount_minor, paid.trace, paid.receipt_no), (None, None, Some(8)));
}

#[test]
fn the_totals_of_a_day_are_no_payment() {
    let totals = status(
        "04 0F 4D 27 00 04 000000000958 0B 000982 0D 0406 0C 081706 60 F0F5F3 \
         0233023400000000000000000000000000000200000000095800000000000000000000000000000000000000\
         000000000000000000",
    );
    assert!(totals.is_totals);
    assert_eq!((totals.amount_minor, totals.trace), (Some(958), Some(982)));
}

#[test]
fn refusals_are_read() {
    let aborted =
        status("04 0F 1E 27 6C 29 28004869 3C F0F1F9 416262727563682064757263682 04B756E6465");
    assert_eq!(aborted.result, Some(codes::ABORTED));
    assert_eq!(aborted.text.as_deref(), Some("Abbruch durch Kunde"));
    let wrong = status("04 0F 18 27 FF 29 28004869 3C F0F1F3 4265747261672066616C736368");
    assert_eq!((wrong.result, wrong.text.as_deref()), (Some(0xFF), Some("Betrag falsch")));
    assert_eq!(read("06 1E 04 B8 87 FFFF"), Incoming::Aborted(0xB8));
    assert_eq!(read("84 9C 00"), Incoming::Nack(0x9C));
}

#[test]
fn the_other_messages_are_read() {
    assert_eq!(read("80 00 00"), Incoming::Ack);
    assert_eq!(read("04 FF 01 17"), Incoming::Intermediate(0x17));
    assert_eq!(codes::progress(0x0A), "insert card");
    assert_eq!(codes::progress(0x4A), "insert card");
    assert_eq!(read("06 0F 00"), Incoming::Completion(vec![]));
    // 2.25: version as LLL, then the state.
    let Incoming::Completion(data) = read("06 0F 08 F0F0F4 76322E30 A0") else { panic!() };
    assert_eq!(terminal_state(&data), Some(0xA0));
    let line = |copy, text: &str| SlipLine { copy, text: text.to_owned() };
    assert_eq!(
        read("06 D1 07 00 42657472 8467"),
        Incoming::Print(vec![line(Copy::Other, "Beträg")])
    );
    assert_eq!(
        read("06 D3 12 06 10 1F07 01 02 25 0A 07 02 4869 07 00 07 02 8E20"),
        Incoming::Print(vec![
            line(Copy::Customer, "Hi"),
            line(Copy::Customer, ""),
            line(Copy::Customer, "Ä"),
        ])
    );
    assert_eq!(read("06 85 00"), Incoming::Other);
    assert_eq!(
        Incoming::read(&Apdu::empty(0x3F, 0x55)),
        Err(ProtocolError::NotZvt { class: 0x3F, instr: 0x55 })
    );
    assert!(Incoming::read(&apdu("04 FF 00")).is_err());
    assert!(Incoming::read(&apdu("04 0F 04 27 00 04 00")).is_err());
}

/// The driver's outcome of a payment of 5.00 to which the terminal answers `hex` at once, and
/// whether the line was closed.
fn answered(hex: &str) -> (Outcome, bool) {
    answered_to(Command::Perform, hex)
}

fn answered_to(command: fn(Intent) -> Command, hex: &str) -> (Outcome, bool) {
    let mut world = World::after_one_payment();
    let intent = world.intent(Kind::Payment, 500);
    let mut out = Actions::new();
    world.driver.command(command(intent), world.now, &mut out);
    world.driver.received(&bytes(hex), world.now, &mut out);
    let outcome = out.events.into_iter().find_map(|event| match event {
        Event::Outcome { outcome, .. } => Some(outcome),
        _ => None,
    });
    (outcome.unwrap(), out.close.is_some())
}

#[test]
fn an_order_has_one_status_and_nothing_after_its_end() {
    const PAID: &str = "80 00 00 04 0F 0F 27 00 04 000000000500 49 0978 87 9999 ";
    let (outcome, closed) = answered(&format!("{PAID} 06 0F 00"));
    assert!(matches!(outcome, Outcome::Approved(_)) && !closed, "{outcome:?}");
    let (outcome, closed) = answered(&format!("{PAID} {} 06 0F 00", &PAID[9..]));
    assert!(matches!(outcome, Outcome::Approved(_)) && !closed, "said twice: {outcome:?}");
    let (outcome, closed) = answered(&format!("{PAID} 04 0F 02 27 6C 06 0F 00"));
    assert!(matches!(outcome, Outcome::Unknown(_)) && closed, "{outcome:?}");
    let (outcome, closed) = answered(&format!("{PAID} 06 0F 00 04"));
    assert!(matches!(outcome, Outcome::Approved(_)) && closed, "{outcome:?}");
}

#[test]
fn a_terminal_that_says_it_is_busy_is_not_asked_on() {
    for hex in ["80 00 00 06 0F 04 F0F0F0 9C", "84 A0 00", "80 00 00 06 1E 01 9C"] {
        let (outcome, _) = answered_to(Command::Resolve, hex);
        assert_eq!(outcome, Outcome::Unknown(Unknown::Busy), "{hex}");
    }
}

/// A conversation as a terminal has it, to be spoilt.
const TRAFFIC: &str = "80 00 00 04 FF 01 0A 04 0F 1D 27 00 04 000000000500 49 0978 0B 999999 \
     22 F0F4 47114711 29 52523535 87 9999 06 D3 08 06 06 25 04 07 02 4869 06 0F 00";

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(class in any::<u8>(), instr in any::<u8>(), data in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Incoming::read(&Apdu { class, instr, data });
    }

    #[test]
    fn no_bytes_make_the_emulator_panic(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..8)) {
        let mut world = World::after_one_payment();
        for piece in pieces {
            world.core.receive(&piece, world.now);
            world.core.poll(world.now);
            let order = Request::RepeatReceipt.encode(Password::new(0).unwrap());
            world.core.receive(&order, world.now);
            world.core.poll(world.now);
        }
        prop_assert_eq!(world.core.ledger().bookings().len(), 1);
    }

    #[test]
    fn spoilt_traffic_never_panics_and_always_ends(
        spoilt in prop::collection::vec((0_usize..80, any::<u8>()), 0..4),
        cut in 1_usize..30,
    ) {
        let mut traffic = bytes(TRAFFIC);
        for (at, byte) in spoilt {
            let at = at % traffic.len();
            traffic[at] = byte;
        }
        let mut world = World::after_one_payment();
        let intent = world.intent(Kind::Payment, 500);
        let mut out = Actions::new();
        world.driver.command(Command::Perform(intent), world.now, &mut out);
        for piece in traffic.chunks(cut) {
            if out.close.is_none() {
                world.driver.received(piece, world.now, &mut out);
            }
        }
        // Whatever came, the deadline ends it, with exactly one outcome.
        while let (None, Some(deadline)) = (&out.close, world.driver.deadline()) {
            world.driver.tick(deadline, &mut out);
        }
        let outcomes = out.events.iter().filter(|event| matches!(event, Event::Outcome { .. }));
        prop_assert_eq!(outcomes.count(), 1);
    }
}
