//! The real task and machine against the emulated printer on TCP.

use std::net::Ipv4Addr;

use tokio::sync::mpsc;

use super::super::*;
use crate::endpoint::Endpoint;
use crate::health::Health;
use crate::printer::document::{Document, Element, Style};
use crate::printer::emulator::{PrinterControl, PrinterEmulator};
use crate::printer::layout::lay_out;
use crate::printer::text;
use crate::task::{Device, Report, TaskConfig, spawn};

struct Shop {
    device: Device<PrinterCommand>,
    reports: mpsc::Receiver<Report<PrinterEvent>>,
    printer: PrinterControl,
}

async fn shop() -> Shop {
    let emulator =
        PrinterEmulator::bind((Ipv4Addr::LOCALHOST, 0).into(), Profile::ROLL_80).await.unwrap();
    let address = emulator.address().unwrap();
    let printer = emulator.control();
    tokio::spawn(emulator.run());
    let endpoint: Endpoint = format!("tcp://{address}").parse().unwrap();
    let (events, reports) = mpsc::channel(16);
    let mut config = TaskConfig::new("printer", 5);
    config.reconnect_first = Duration::from_millis(1);
    config.reconnect_longest = Duration::from_millis(2);
    let machine = PrinterMachine::new(Profile::ROLL_80);
    let device = spawn(machine, endpoint.transport(), config, events);
    let mut shop = Shop { device, reports, printer };
    shop.online().await;
    shop
}

impl Shop {
    async fn online(&mut self) {
        self.device.health().wait_for(|health| *health == Health::Online).await.unwrap();
    }

    /// The next outcome of a job or a drawer act; statuses in between are passed over.
    async fn outcome(&mut self) -> PrinterEvent {
        loop {
            match self.reports.recv().await.unwrap().event {
                PrinterEvent::Status(_) | PrinterEvent::NoStatus { .. } => {}
                outcome => return outcome,
            }
        }
    }

    async fn print(&mut self, job_id: u64, document: &Document) -> JobOutcome {
        let bytes = escpos::encode(document, &Profile::ROLL_80);
        self.device.send(PrinterCommand::Print { job_id, bytes }).unwrap();
        match self.outcome().await {
            PrinterEvent::Job { job_id: told, outcome } if told == job_id => outcome,
            other => panic!("{other:?}"),
        }
    }

    async fn kick(&mut self, act_id: u64) -> DrawerOutcome {
        self.device.send(PrinterCommand::KickDrawer { act_id, pin: DrawerPin::Two }).unwrap();
        match self.outcome().await {
            PrinterEvent::Drawer { act_id: told, outcome } if told == act_id => outcome,
            other => panic!("{other:?}"),
        }
    }
}

fn receipt(lines: usize) -> Document {
    (0..lines)
        .fold(Document::default(), |document, line| {
            document.pair(Style::PLAIN, format!("Item {line}"), "1.00 €")
        })
        .with(Element::Cut)
}

fn shown(document: &Document) -> String {
    text::render(&lay_out(document, &Profile::ROLL_80))
}

#[tokio::test]
async fn a_long_receipt_prints_whole_and_the_drawer_opens_once() {
    let mut shop = shop().await;
    let long = receipt(400);
    assert_eq!(shop.print(1, &long).await, JobOutcome::Printed);
    assert_eq!(shop.printer.text(), shown(&long));
    assert_eq!(shop.kick(9).await, DrawerOutcome::Kicked);
    assert_eq!(shop.kick(9).await, DrawerOutcome::Kicked);
    assert!(shop.printer.with(|printer| printer.kicks() == 1 && printer.drawer_open()));
    shop.device.stop().await;
}

#[tokio::test]
async fn paper_that_runs_out_leaves_an_unknown_job_and_the_next_is_whole() {
    let mut shop = shop().await;
    shop.printer.with(|printer| printer.set_paper(Some(30)));
    let JobOutcome::Unknown { why } = shop.print(1, &receipt(60)).await else { panic!("known") };
    assert_eq!(why, "the printer is out of paper");
    // Until there is paper, jobs are refused; the rest of the first comes out with the new roll.
    let blocked = |health: &Health| matches!(health, Health::Faulted { .. });
    shop.device.health().wait_for(blocked).await.unwrap();
    let second = receipt(3);
    let JobOutcome::NotPrinted { .. } = shop.print(2, &second).await else { panic!("printed") };
    shop.printer.with(|printer| printer.set_paper(None));
    shop.online().await;
    shop.printer.with(|printer| printer.tear_off());
    assert_eq!(shop.print(2, &second).await, JobOutcome::Printed);
    assert_eq!(shop.printer.text(), shown(&second), "once, and nothing of the first");
    shop.device.stop().await;
}

#[tokio::test]
async fn an_open_cover_a_cut_line_and_babble_are_survived() {
    let mut shop = shop().await;
    shop.printer.with(|printer| printer.set_cover(true));
    let faulted = |health: &Health| matches!(health, Health::Faulted { .. });
    shop.device.health().wait_for(faulted).await.unwrap();
    let JobOutcome::NotPrinted { why } = shop.print(1, &receipt(3)).await else {
        panic!("printed")
    };
    assert_eq!(why, "the printer's cover is open");
    shop.printer.with(|printer| printer.set_cover(false));
    shop.online().await;

    shop.printer.with(|printer| printer.hang_up_after(1500));
    let JobOutcome::Unknown { .. } = shop.print(2, &receipt(60)).await else { panic!("known") };
    shop.online().await;

    shop.printer.with(|printer| printer.babble(&[0xFF; 4096]));
    shop.printer.with(|printer| printer.tear_off());
    let mut printed = shop.print(3, &receipt(3)).await;
    while let JobOutcome::NotPrinted { .. } = printed {
        shop.online().await;
        printed = shop.print(3, &receipt(3)).await;
    }
    assert_eq!(printed, JobOutcome::Printed);
    assert_eq!(shop.printer.text(), shown(&receipt(3)));
    shop.device.stop().await;
}

#[tokio::test]
async fn a_silent_printer_prints_nothing() {
    let mut shop = shop().await;
    shop.printer.with(|printer| printer.set_silent(true));
    let JobOutcome::NotPrinted { why } = shop.print(1, &receipt(3)).await else {
        panic!("printed")
    };
    assert_eq!(why, "the printer does not answer");
    assert_eq!(shop.printer.text(), "");
    shop.device.stop().await;
}
