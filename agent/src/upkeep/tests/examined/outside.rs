//! What doctor finds around a till: emulated devices, closed ports, an API that answers.

use super::*;
use crate::upkeep::devices::{DevicesReport, ask_running, probe};
use drivers::printer::emulator::PrinterEmulator;
use drivers::printer::profile::Profile;
use drivers::terminal::emulator::{Emulator, EmulatorConfig};
use std::io::Read as _;
use std::net::SocketAddr;

/// A port of the system's choice that nobody listens at any more.
fn closed_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn each_device_is_reached_or_said_not_to_be() {
    let shop = Shop::healthy();
    let printer =
        PrinterEmulator::bind(([127, 0, 0, 1], 0).into(), Profile::ROLL_80).await.unwrap();
    let (at, control) = (printer.address().unwrap(), printer.control());
    let serving = tokio::spawn(printer.run());
    let section = format!("[printer]\nendpoint = \"tcp://{at}\"\n");
    check(&doctor(&shop, &section, &shop.options()).await, "device", Fine, "printer at tcp://");
    control.with(|printer| printer.set_cover(true));
    let report = doctor(&shop, &section, &shop.options()).await;
    check(&report, "device", Problem, "cover");
    control.with(|printer| {
        printer.set_cover(false);
        printer.set_paper(Some(0));
    });
    let report = doctor(&shop, &section, &shop.options()).await;
    check(&report, "device", Problem, "paper");
    serving.abort();

    for (section, name, outcome, text) in [
        (
            format!("[printer]\nendpoint = \"tcp://{}\"", closed_port()),
            "device",
            Problem,
            "offline",
        ),
        (
            format!("[terminal]\nendpoint = \"tcp://{}\"", closed_port()),
            "device",
            Problem,
            "offline",
        ),
    ] {
        check(&doctor(&shop, &section, &shop.options()).await, name, outcome, text);
    }
    let section = "[[scanner]]\nname = \"hand\"\nendpoint = \"serial:///dev/no-such-scanner\"";
    let report = doctor(&shop, section, &shop.options()).await;
    assert_eq!(worst(&report, "device file").outcome, Problem, "{report}");
    assert_eq!(report.exit_code(), 1);
}

#[tokio::test]
async fn a_terminal_that_refuses_to_register_is_found() {
    let shop = Shop::healthy();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = EmulatorConfig {
        terminal_id: 7,
        password: 123_456,
        clock_start_s: 0,
        last_trace: 1,
        last_receipt_no: 1,
    };
    let emulator = Emulator::start(listener, config, 1_000).unwrap();
    let at = emulator.address();
    let right = format!("[terminal]\nendpoint = \"tcp://{at}\"\npassword = \"123456\"\n");
    check(&doctor(&shop, &right, &shop.options()).await, "device", Fine, "online");
    let wrong = format!("[terminal]\nendpoint = \"tcp://{at}\"\n");
    let report = doctor(&shop, &wrong, &shop.options()).await;
    assert_eq!(worst(&report, "device").outcome, Problem, "{report}");
    let currency = Some(commerce::Currency::parse("EUR").unwrap());
    let devices = probe(&shop.config(&right), currency, Duration::from_secs(20)).await;
    let report = DevicesReport { from_running_till: false, devices };
    assert!(report.to_string().starts_with("terminal   terminal"), "{report}");
}

/// Answers one request with `body` and hangs up.
fn answer_once(status: &'static str, body: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut byte = [0];
        while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
            request.push(byte[0]);
        }
        assert!(request.starts_with(b"GET /api/v1/devices "));
        let length = body.len();
        write!(stream, "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").unwrap();
    });
    address
}

const FAULTED: &str = r#"{"devices":[{"name":"printer","kind":"printer","endpoint":"tcp://10.0.0.9:9100","health":"faulted","why":"no paper"}]}"#;

#[tokio::test]
async fn a_running_till_is_asked_through_its_api() {
    let mut shop = Shop::healthy();
    shop.start().unwrap();
    let (intent, _) = shop.begin_card();
    assert_eq!(intent, 1);
    for (status, body, name, outcome, text) in [
        ("200 OK", r#"{"devices":[]}"#, "api", Fine, "answers"),
        ("200 OK", FAULTED, "device", Problem, "no paper"),
        ("401 Unauthorized", "{}", "api", Warning, "HTTP 401"),
        ("200 OK", "<html>", "api", Warning, "not with the state"),
    ] {
        let port = answer_once(status, body).port();
        let report = doctor(&shop, &format!("[http]\nport = {port}"), &shop.options()).await;
        assert!(report.running);
        check(&report, name, outcome, text);
        check_ok(&report, "payments", "younger than 6 minutes");
    }
    let port = closed_port().port();
    let report = doctor(&shop, &format!("[http]\nport = {port}"), &shop.options()).await;
    check(&report, "api", Problem, "no till answers");
    let devices = ask_running(answer_once("200 OK", FAULTED)).unwrap();
    assert_eq!(devices[0].why.as_deref(), Some("no paper"));
}

fn check_ok(report: &DoctorReport, name: &str, text: &str) {
    let found = worst(report, name);
    assert_eq!(found.outcome, Fine, "{report}");
    assert!(found.found.contains(text), "{}", found.found);
}
