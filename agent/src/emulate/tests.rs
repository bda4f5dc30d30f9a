//! The emulators as a till meets them: real drivers on their transports, told over the socket.

use super::*;
use commerce::{Currency, Money};
use drivers::endpoint::Endpoint;
use drivers::health::Health;
use drivers::machine::Machine;
use drivers::printer::document::{Document, Element, Style};
use drivers::printer::driver::{
    DrawerOutcome, JobOutcome, PrinterCommand, PrinterEvent, PrinterMachine,
};
use drivers::printer::escpos;
use drivers::printer::profile::DrawerPin;
use drivers::scanner::{ScanEvent, ScannerMachine};
use drivers::task::{Device, Report, TaskConfig, spawn};
use drivers::terminal::command::{Command, Event, TerminalConfig};
use drivers::terminal::driver::TerminalDriver;
use drivers::terminal::exchange::Timing;
use drivers::terminal::intent::{Baseline, Intent, IntentId, Kind, Outcome};
use drivers::terminal::protocol::Password;
use tempfile::TempDir;
use tokio::sync::mpsc;

/// Cardholders a thousand times faster than life.
const PACE: u32 = 1_000;

struct Bench {
    folder: TempDir,
    emulators: Emulators,
    said: mpsc::UnboundedReceiver<String>,
}

fn options(folder: &TempDir) -> Options {
    Options {
        folder: folder.path().to_owned(),
        scanner: true,
        printer: Some(PrinterOptions {
            port: 0,
            profile: Profile::ROLL_80,
            drawer_closes_after: Duration::ZERO,
        }),
        terminal: Some(TerminalOptions { port: 0, password: 0, pace: PACE }),
    }
}

impl Bench {
    async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap()).await
    }

    async fn start_in(folder: TempDir) -> Self {
        let (sender, said) = mpsc::unbounded_channel();
        let say = Say::to(move |text| drop(sender.send(text.to_owned())));
        let emulators = Emulators::start(&options(&folder), say).await.unwrap();
        Self { folder, emulators, said }
    }

    /// What is said next with `part` in it.
    async fn hear(&mut self, part: &str) -> String {
        loop {
            let said = self.said.recv().await.unwrap();
            if said.contains(part) {
                return said;
            }
        }
    }

    /// Over the real socket, as `till emulate tell` does.
    async fn tell(&self, line: &str) -> Result<String, String> {
        let (folder, line) = (self.folder.path().to_owned(), line.to_owned());
        let told = tokio::task::spawn_blocking(move || tell(&folder, &line)).await.unwrap();
        told.map_err(|error| error.to_string())
    }

    fn device<M>(&self, machine: M, endpoint: &str) -> (Device<M::Command>, Reports<M>)
    where
        M: Machine + Send + 'static,
        M::Command: Send,
        M::Event: Send,
    {
        let endpoint: Endpoint = endpoint.parse().unwrap();
        let (sender, reports) = mpsc::channel(64);
        let mut config = TaskConfig::new("device", 5);
        config.reconnect_first = Duration::from_millis(1);
        config.reconnect_longest = Duration::from_millis(2);
        (spawn(machine, endpoint.transport(), config, sender), reports)
    }

    fn printer(&self) -> (Device<PrinterCommand>, Reports<PrinterMachine>) {
        let endpoint = format!("tcp://{}", self.emulators.printer().unwrap());
        self.device(PrinterMachine::new(Profile::ROLL_80), &endpoint)
    }

    async fn cashier(&self) -> Cashier {
        let config = TerminalConfig {
            password: Password::new(0).unwrap(),
            currency: Currency::parse("EUR").unwrap(),
            timing: Timing::default(),
            is_first_use: true,
        };
        let endpoint = format!("tcp://{}", self.emulators.terminal().unwrap());
        let (device, reports) = self.device(TerminalDriver::new(&config).unwrap(), &endpoint);
        let mut cashier = Cashier { device, reports, baseline: Baseline::Unknown, payments: 0 };
        cashier.learn().await;
        cashier
    }
}

type Reports<M> = mpsc::Receiver<Report<<M as Machine>::Event>>;

async fn online<C>(device: &Device<C>) {
    device.health().wait_for(|health| *health == Health::Online).await.unwrap();
}

fn receipt(line: &str) -> Vec<u8> {
    let document = Document::default().text(Style::PLAIN, line).with(Element::Cut);
    escpos::encode(&document, &Profile::ROLL_80)
}

async fn printed(reports: &mut Reports<PrinterMachine>) -> JobOutcome {
    loop {
        if let PrinterEvent::Job { outcome, .. } = reports.recv().await.unwrap().event {
            return outcome;
        }
    }
}

/// A till's side of the terminal.
struct Cashier {
    device: Device<Command>,
    reports: Reports<TerminalDriver>,
    baseline: Baseline,
    payments: u128,
}

impl Cashier {
    async fn event(&mut self) -> Event {
        let event = self.reports.recv().await.unwrap().event;
        if let Event::Baseline(baseline) = event {
            self.baseline = baseline;
        }
        event
    }

    /// Waits until the driver knows the terminal's last payment.
    async fn learn(&mut self) {
        while !matches!(self.event().await, Event::Baseline(_)) {}
    }

    /// Pays 12.95 EUR.
    async fn pay(&mut self) -> Outcome {
        self.payments += 1;
        let amount = Money::new(1_295, Currency::parse("EUR").unwrap()).unwrap();
        let id = IntentId(self.payments);
        let intent = Intent { id, kind: Kind::Payment, amount, baseline: self.baseline };
        self.device.send(Command::Perform(intent)).unwrap();
        // With a booking the new baseline comes before its outcome.
        loop {
            if let Event::Outcome { outcome, .. } = self.event().await {
                return outcome;
            }
        }
    }
}

#[tokio::test]
async fn a_receipt_is_shown_and_saved_and_the_drawer_shuts_by_itself() {
    let mut bench = Bench::start().await;
    let (printer, mut reports) = bench.printer();
    online(&printer).await;
    printer.send(PrinterCommand::Print { job_id: 1, bytes: receipt("Thank you") }).unwrap();
    assert_eq!(printed(&mut reports).await, JobOutcome::Printed);
    assert!(bench.hear("Thank you").await.starts_with("┌──"));
    let saved = bench.hear("saved as").await;
    let stem = bench.folder.path().join("paper/0001");
    assert!(saved.contains(stem.to_str().unwrap()), "{saved}");
    assert!(std::fs::read_to_string(stem.with_extension("txt")).unwrap().contains("Thank you"));
    assert!(stem.with_extension("png").exists());

    for act_id in 1..=2 {
        printer.send(PrinterCommand::KickDrawer { act_id, pin: DrawerPin::Two }).unwrap();
        loop {
            if let PrinterEvent::Drawer { outcome, .. } = reports.recv().await.unwrap().event {
                assert_eq!(outcome, DrawerOutcome::Kicked);
                break;
            }
        }
        assert!(bench.hear("OPEN").await.contains(&format!("kick {act_id}")));
        bench.hear("shut").await;
    }
    printer.stop().await;
}

#[tokio::test]
async fn paper_and_cover_are_told_to_the_driver() {
    let bench = Bench::start().await;
    let (printer, mut reports) = bench.printer();
    online(&printer).await;
    for (broken, mended) in
        [("paper out", "paper in"), ("cover open", "cover close"), ("paper out", "printer ok")]
    {
        bench.tell(broken).await.unwrap();
        let faulted = |health: &Health| matches!(health, Health::Faulted { .. });
        printer.health().wait_for(faulted).await.unwrap();
        bench.tell(mended).await.unwrap();
        online(&printer).await;
    }
    bench.tell("printer hang-up-after 4").await.unwrap();
    printer.send(PrinterCommand::Print { job_id: 1, bytes: receipt("Lost") }).unwrap();
    assert_ne!(printed(&mut reports).await, JobOutcome::Printed);
    printer.stop().await;
}

#[tokio::test]
async fn payments_are_announced_and_faults_are_met() {
    let mut bench = Bench::start().await;
    let mut cashier = bench.cashier().await;
    assert!(matches!(cashier.pay().await, Outcome::Approved(_)));
    let said = bench.hear("balance").await;
    assert!(said.contains("paid 12.95 EUR (receipt 1, trace 1), balance 12.95 EUR"), "{said}");

    bench.tell("decline 6c").await.unwrap();
    assert!(matches!(cashier.pay().await, Outcome::Declined(_)));
    bench.tell("another-amount 995").await.unwrap();
    let outcome = cashier.pay().await;
    assert!(matches!(outcome, Outcome::Mismatch { .. }), "{outcome:?}");
    assert!(bench.hear("balance").await.ends_with("balance 22.90 EUR"));

    bench.tell("lose-line before").await.unwrap();
    let outcome = cashier.pay().await;
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
    bench.hear("balance 35.85 EUR").await;
    let books = bench.tell("ledger").await.unwrap();
    assert!(books.ends_with("balance 35.85 EUR\n"), "{books}");
    cashier.device.stop().await;
}

#[tokio::test]
async fn planned_faults_are_shown_and_forgotten() {
    let mut bench = Bench::start().await;
    let told = bench.tell("faults").await.unwrap();
    assert_eq!(told, "no faults are planned\n");
    for (line, place) in [
        ("decline 6c", "the next order"),
        ("another-amount 995", "order 2 from now"),
        ("ask busy", "the next question"),
        ("ask mute", "question 2 from now"),
    ] {
        let told = bench.tell(line).await.unwrap();
        assert!(told.contains(place) && told.contains(line), "{told}");
    }
    let told = bench.tell("faults").await.unwrap();
    assert_eq!(
        told,
        "order 1: decline 6c\norder 2: another-amount 995\nquestion 1: ask busy\nquestion 2: ask mute\n"
    );
    let status = bench.tell("status").await.unwrap();
    assert!(status.contains("4 planned faults"), "{status}");

    let told = bench.tell("heal").await.unwrap();
    assert!(told.contains("faults forgotten: 4"), "{told}");
    assert_eq!(bench.tell("faults").await.unwrap(), "no faults are planned\n");
    let mut cashier = bench.cashier().await;
    assert!(matches!(cashier.pay().await, Outcome::Approved(_)));
    assert!(bench.hear("balance").await.ends_with("balance 12.95 EUR"));
    cashier.device.stop().await;
}

#[tokio::test]
async fn the_terminal_counts_on_after_a_new_start() {
    let mut bench = Bench::start().await;
    let mut cashier = bench.cashier().await;
    cashier.pay().await;
    bench.hear("balance").await;
    cashier.device.stop().await;
    bench.emulators.stop().await;

    let mut bench = Bench::start_in(bench.folder).await;
    let mut cashier = bench.cashier().await;
    cashier.pay().await;
    assert!(bench.hear("balance").await.contains("(receipt 2, trace 2), balance 12.95"));
    cashier.device.stop().await;
}

#[tokio::test]
async fn a_code_is_scanned_over_the_line_that_keeps_its_name() {
    let bench = Bench::start().await;
    let link = bench.folder.path().join("scanner");
    let endpoint = format!("serial://{}?baud=9600", link.display());
    // A second till after the first finds the same line.
    for code in ["4006381333931", "96385074"] {
        let (scanner, mut reports) = bench.device(ScannerMachine::new(), &endpoint);
        scanner.health().wait_for(Health::is_usable).await.unwrap();
        bench.tell(&format!("scan {code} --aim ]E0")).await.unwrap();
        let event = reports.recv().await.unwrap().event;
        let ScanEvent::Scanned(scan) = event else { panic!("{event:?}") };
        assert_eq!(scan.text, code);
        scanner.stop().await;
    }
}

#[tokio::test]
async fn lines_over_the_socket_are_answered() {
    let bench = Bench::start().await;
    for (line, expected) in [
        ("help", Ok("scan CODE")),
        ("status", Ok("printer   tcp://127.0.0.1:")),
        ("ledger", Ok("nothing was booked")),
        ("drawer close", Ok("the drawer is pushed shut")),
        ("printer silent", Ok("the printer answers nothing")),
        ("printer babble", Ok("the printer babbled")),
        ("power-cut 1", Ok("the terminal is dark for 1 s")),
        ("ask busy", Ok("planned for the next question: ask busy")),
        ("coffee", Err("there is no command `coffee`")),
        ("paper", Err("write `paper out|near-end|in`")),
    ] {
        let told = bench.tell(line).await;
        let (Ok(text) | Err(text)) = &told;
        let (Ok(part) | Err(part)) = &expected;
        assert!(told.is_ok() == expected.is_ok() && text.contains(part), "{line}: {told:?}");
    }
    let long = bench.tell(&format!("scan {}", "7".repeat(5_000))).await.unwrap_err();
    assert!(long.contains("1024 bytes"), "{long}");
    let long = bench.tell(&format!("scan {}", "7".repeat(300))).await.unwrap_err();
    assert!(long.contains("256 bytes"), "{long}");
}

#[tokio::test]
async fn what_stands_in_the_way_is_named() {
    let bench = Bench::start().await;
    let check = async |options: Options, part: &str| {
        let error = Emulators::start(&options, Say::to(|_| {})).await.unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    check(options(&bench.folder), "are running in").await;

    let folder = tempfile::tempdir().unwrap();
    let port = bench.emulators.printer().unwrap().port();
    let mut taken = options(&folder);
    taken.printer.as_mut().unwrap().port = port;
    check(taken, "choose another with --printer-port").await;
    let port = bench.emulators.terminal().unwrap().port();
    let mut taken = options(&folder);
    taken.terminal.as_mut().unwrap().port = port;
    check(taken, "choose another with --terminal-port").await;

    for name in ["control", "scanner"] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), "mine").unwrap();
        check(options(&folder), "was not made by `till emulate`").await;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    check(Options { folder: file, ..options(&folder) }, "--folder").await;
    let nobody = tell(folder.path(), "status").unwrap_err().to_string();
    assert!(nobody.contains("start `till emulate all`"), "{nobody}");
}

#[tokio::test]
async fn stopped_emulators_leave_the_folder_free() {
    let bench = Bench::start().await;
    bench.emulators.stop().await;
    assert!(!bench.folder.path().join("control").exists());
    assert!(!bench.folder.path().join("scanner").exists());
    // As after a power cut: a socket that nobody listens to.
    drop(std::os::unix::net::UnixListener::bind(bench.folder.path().join("control")).unwrap());
    Bench::start_in(bench.folder).await;
}
