//! A cashier at a real till: its API on a port of its own, over a store in a folder of its own, with
//! an emulated printer and card terminal that speak their own bytes.

#[path = "till_shop.rs"]
mod shop;

use super::*;
use drivers::terminal::emulator::{AskFault, Break, Fault, Moment};
use shop::{STAFF, Shop};

#[track_caller]
fn has(shown: &str, words: &[&str]) {
    for word in words {
        assert!(shown.contains(word), "`{word}` is missing in:\n{shown}");
    }
}

const CASHIER: (&str, &str) = STAFF[0];
const SUPERVISOR: (&str, &str) = STAFF[1];

#[test]
fn a_payment_that_nobody_knows_is_told_and_left_and_found_again() {
    let shop = Shop::open();
    let mut cashier = shop.selling(CASHIER);
    cashier.screen.leaves_at = Some("nobody knows");
    cashier.types("101");
    // It is booked, and the line goes.
    shop.terminal.plan(Fault::Break { at: Moment::BeforeStatus, how: Break::Line });
    let shown = cashier.types("card");
    has(
        &shown,
        &["payment 1: nobody knows whether 0.35 was charged", "goes on asking", "stays open"],
    );
    has(&cashier.types("cash"), &["card payment 1", "`payments`"]);
    // Its doubt was shown, and is not shown again.
    let told = serde_json::json!({ "payment": 1 });
    assert!(!cashier.notice("payment", &told).unwrap(), "{}", cashier.screen.shown);
    cashier.screen.leaves_at = None;
    let shown = cashier.types("ask 1");
    has(&shown, &["card: approved", "Wheat roll"]);
    has(&cashier.types("payments"), &["No card payment needs anyone."]);
}

#[test]
fn what_the_terminal_cannot_tell_a_manager_says() {
    let shop = Shop::open();
    let mut cashier = shop.selling(CASHIER);
    cashier.types("101");
    shop.terminal.plan(Fault::Break { at: Moment::BeforeStatus, how: Break::Line });
    // More than the questions of a renewed connection and of a person.
    for _ in 0..8 {
        shop.terminal.plan_ask(AskFault::Refuse);
    }
    cashier.screen.leaves_at = Some("nobody knows");
    cashier.types("card");
    cashier.screen.leaves_at = None;
    has(&cashier.types("ask 1"), &["`booked 1 NOTE`", "`not-booked 1 NOTE`"]);
    has(&cashier.types("payments"), &["unknown", "`booked 1 NOTE`"]);
    // Nobody who may say so.
    has(&cashier.types("booked 1 slip 1 on its journal"), &["another person must approve it"]);
    cashier.screen.answers = ["301", "692571"].into();
    let shown = cashier.types("booked 1 slip=1 slip 1 on its journal");
    has(&shown, &["Staff number of who approves", "Wheat roll"]);
    cashier.types("101");
    shop.terminal.plan(Fault::Break { at: Moment::BeforeBooking, how: Break::Line });
    for _ in 0..8 {
        shop.terminal.plan_ask(AskFault::Refuse);
    }
    cashier.screen.leaves_at = Some("nobody knows");
    cashier.types("card");
    cashier.screen.leaves_at = None;
    has(&cashier.types("ask 2"), &["`not-booked 2 NOTE`"]);
    cashier.screen.answers = ["301", "692571"].into();
    let shown = cashier.types("not-booked 2 nothing since slip 1");
    has(&shown, &["Payment 2 is over: nothing moved.", "DUE"]);
    assert!(!shown.contains("declined"), "{shown}");
    has(&cashier.types("cash"), &["Wheat roll"]);
}

#[test]
fn what_was_not_charged_is_not_called_charged() {
    let shop = Shop::open();
    let mut cashier = shop.selling(CASHIER);
    cashier.types("101");
    shop.terminal.plan(Fault::Decline(5));
    has(&cashier.types("card"), &["payment 1: nothing was charged: declined by the bank"]);
    shop.terminal.plan(Fault::Refuse(0x62));
    has(&cashier.types("card"), &["payment 2: nothing was charged: the card terminal refused"]);
    has(&cashier.types("cash"), &["Wheat roll"]);
}

#[test]
fn a_refund_that_the_terminal_declines_is_paid_out_in_cash() {
    let shop = Shop::open();
    let mut cashier = shop.selling(SUPERVISOR);
    cashier.types("101");
    has(&cashier.types("card"), &["card: approved"]);
    shop.terminal.plan(Fault::Decline(5));
    let shown = cashier.types("refund last 1 spoiled");
    has(&shown, &["payment 2: nothing went back", "payment 2: declined", "`payout 1 cash`"]);
    has(&cashier.types("return"), &["A return of receipt", "payment 2: declined"]);
    has(&cashier.types("payout 2 cash"), &["✗ no return is under way, or it has no such payout"]);
    has(&cashier.types("payout 1 cash"), &["Wheat roll", "-0,35"]);
    has(&cashier.types("return"), &["No return is under way."]);
}

#[test]
fn money_that_stands_nowhere_is_told_and_put_right() {
    let shop = Shop::open();
    let mut cashier = shop.selling(CASHIER);
    cashier.types("3 x 101");
    shop.terminal.plan(Fault::Amount(9900));
    let shown = cashier.types("card");
    has(&shown, &["the terminal booked 99.00, not 1.05", "`reverse 1`", "`put-right 1 NOTE`"]);
    has(
        &cashier.types("payments"),
        &["approved", "payment 1: 99.00 was charged, but stands in no"],
    );
    cashier.screen.answers = ["301", "692571"].into();
    has(&cashier.types("reverse 1"), &["card: approved"]);
    has(&cashier.types("payments"), &["No card payment needs anyone."]);
    has(&cashier.types("cash"), &["Wheat roll"]);
}

#[test]
fn a_refund_of_too_much_is_put_right_by_a_manager() {
    let shop = Shop::open();
    let mut cashier = shop.selling(SUPERVISOR);
    cashier.types("101");
    cashier.types("card");
    shop.terminal.plan(Fault::Amount(9900));
    let shown = cashier.types("refund last 1 spoiled");
    has(
        &shown,
        &["payment 2: 99.00 went back to the card, but stands in no", "`put-right 2 NOTE`"],
    );
    assert!(!shown.contains("`reverse"), "{shown}");
    cashier.screen.answers = ["301", "692571"].into();
    has(&cashier.types("put-right 2 taken back in cash"), &["needs nobody any more"]);
    has(&cashier.types("payments"), &["No card payment needs anyone."]);
}

#[test]
fn a_count_that_is_far_off_is_asked_about() {
    let shop = Shop::open();
    let mut cashier = shop.selling(SUPERVISOR);
    cashier.types("101");
    let shown = cashier.types("close 10");
    assert!(!shown.contains("anyway"), "it cannot be closed yet, so nothing is asked: {shown}");
    cashier.types("cash");
    has(&cashier.types("close 10"), &["100.35", "10.00", "-90.35", "Close anyway?", "`close!`"]);
    cashier.screen.answers = ["no"].into();
    has(&cashier.types("close 10"), &["The shift stays open."]);
    cashier.screen.answers = ["yes"].into();
    has(&cashier.types("close 10"), &["Shift 1 is closed."]);
    cashier.types("open 100");
    has(&cashier.types("close 95"), &["Shift 2 is closed."]);
    cashier.types("open 100");
    has(&cashier.types("close! 0"), &["Shift 3 is closed."]);
}

#[test]
fn a_cashier_who_may_not_see_the_sums_is_asked_about_the_count_itself() {
    let shop = Shop::open();
    let mut cashier = shop.selling(CASHIER);
    cashier.screen.answers = ["no"].into();
    let shown = cashier.types("close 10");
    has(&shown, &["Close the shift with 10.00 counted in cash?", "stays open"]);
    assert!(!shown.contains("100.00"), "{shown}");
}

#[test]
fn paper_that_is_out_is_told_behind_the_receipt() {
    let shop = Shop::open();
    let mut cashier = shop.selling(CASHIER);
    cashier.until("the drawer is open", |status| status.spool.waiting + status.spool.stuck == 0);
    shop.printer.with(|printer| printer.set_paper(Some(0)));
    cashier.until("the printer says so", |status| {
        status.devices.iter().any(|device| device.kind == "printer" && device.health != "online")
    });
    // By card: a drawer that had no paper in time would stay shut.
    cashier.types("101");
    has(&cashier.types("card"), &["Wheat roll", "✗ The receipt waits: ", "paper"]);
    has(&cashier.types("jobs"), &["receipt"]);
    shop.printer.with(|printer| printer.set_paper(None));
    cashier.until("it is printed", |status| status.spool.waiting + status.spool.stuck == 0);
    has(&cashier.types("jobs"), &["Nothing waits for the printer."]);
}

#[test]
fn a_script_says_what_it_left_undone_and_what_it_adds_to() {
    let shop = Shop::open();
    let mut cashier = shop.selling(CASHIER);
    let script = "101\nnonsense\n# nothing\n\ncash\nx\n";
    let error = follow(&mut cashier, script.as_bytes(), true).unwrap_err().to_string();
    has(&error, &["line 2, `nonsense`", "The 2 lines after it were not done."]);
    let error = follow(&mut cashier, "nonsense".as_bytes(), true).unwrap_err().to_string();
    has(&error, &["It was the last line."]);
    let error = follow(&mut cashier, "nonsense\ncash".as_bytes(), false).unwrap_err().to_string();
    has(&error, &["Nothing that follows it was done."]);
    cashier.screen.shown.clear();
    cashier.say_what_is_open().unwrap();
    has(&cashier.screen.shown, &["The basket already has 1 line (0.35)"]);
}

#[test]
fn a_code_that_cannot_be_sold_so_says_what_to_do() {
    let shop = Shop::open();
    let mut cashier = shop.selling(CASHIER);
    has(&cashier.types("4011"), &["weigh it", "`0.482 CODE`"]);
    has(&cashier.types("4999"), &["`search WORDS`"]);
}

#[test]
fn a_device_that_tries_to_come_back_is_told_once() {
    let shop = Shop::open();
    let mut cashier = shop.selling(CASHIER);
    let mut told = |health: &str, why: &str| {
        let data = serde_json::json!({ "name": "terminal", "health": health, "why": why });
        cashier.notice("device", &data).unwrap()
    };
    assert!(told("offline", "refused"));
    assert!(!told("degraded", "registering"));
    assert!(!told("offline", "reset"));
    assert!(told("online", ""));
    assert!(told("degraded", "the paper is nearly used up"));
    assert!(told("faulted", "no paper"));
    assert!(!told("faulted", "no paper"));
    assert!(told("faulted", "the cover is open"));
    assert!(told("online", ""));
    assert!(told("offline", "refused"));
}
