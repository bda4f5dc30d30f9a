//! The scanner's machine: codes as events, a pause as a terminator. [`crate::task`] runs it.

use std::convert::Infallible;
use std::time::Duration;

use commerce::code::{CodeError, MAX_SCAN_BYTES, Scan};

use super::decoder::{Decoded, MAX_CODE, ScanDecoder};
use crate::machine::{Actions, Machine};

/// A code whose bytes paused this long is complete: twenty times a byte at 1,200 baud, and
/// longer than a USB bridge or a shop's network holds bytes back.
pub const PAUSE: Duration = Duration::from_millis(150);

/// What a scanner reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanEvent {
    /// A code; `commerce::code::read` says what it means.
    Scanned(Scan),
    /// Bytes that are no code: too long, or with control characters. The next code is read.
    Refused(CodeError),
}

/// One scanner.
#[derive(Debug, Default)]
pub struct ScannerMachine {
    decoder: ScanDecoder,
    deadline: Option<Duration>,
}

impl ScannerMachine {
    /// A scanner that is not connected yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl From<Decoded> for ScanEvent {
    fn from(decoded: Decoded) -> Self {
        let scan = match decoded {
            Decoded::Code(text) => Scan::parse(&text),
            Decoded::TooLong => {
                Err(CodeError::TooLong { bytes: MAX_CODE + 1, limit: MAX_SCAN_BYTES })
            }
        };
        scan.map_or_else(Self::Refused, Self::Scanned)
    }
}

impl Machine for ScannerMachine {
    /// A scanner takes no commands.
    type Command = Infallible;
    type Event = ScanEvent;

    fn connected(&mut self, _now: Duration, _out: &mut Actions<ScanEvent>) {
        self.decoder.reset();
        self.deadline = None;
    }

    fn received(&mut self, bytes: &[u8], now: Duration, out: &mut Actions<ScanEvent>) {
        out.events.extend(self.decoder.feed(bytes).into_iter().map(ScanEvent::from));
        self.deadline = self.decoder.is_within_code().then(|| now + PAUSE);
    }

    fn command(&mut self, command: Infallible, _now: Duration, _out: &mut Actions<ScanEvent>) {
        match command {}
    }

    fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    fn tick(&mut self, _now: Duration, out: &mut Actions<ScanEvent>) {
        self.deadline = None;
        out.events.extend(self.decoder.pause().map(ScanEvent::from));
    }

    fn disconnected(&mut self, _why: &str, _out: &mut Actions<ScanEvent>) {
        self.decoder.reset();
        self.deadline = None;
    }

    fn refuse(&mut self, command: Infallible, _why: &str, _out: &mut Actions<ScanEvent>) {
        match command {}
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tokio::sync::mpsc;

    use super::*;
    use crate::endpoint::Endpoint;
    use crate::health::Health;
    use crate::scanner::emulator::ScannerEmulator;
    use crate::task::{Device, Report, TaskConfig, spawn};
    use crate::transport::{Listen, Transport};

    type Reports = mpsc::Receiver<Report<ScanEvent>>;

    fn start(transport: Box<dyn Transport>) -> (Device<Infallible>, Reports) {
        let (events, reports) = mpsc::channel(8);
        let mut config = TaskConfig::new("scanner", 3);
        config.reconnect_first = Duration::from_millis(1);
        config.reconnect_longest = Duration::from_millis(2);
        (spawn(ScannerMachine::new(), transport, config, events), reports)
    }

    async fn scanned(reports: &mut Reports) -> (u64, Scan) {
        let report = reports.recv().await.unwrap();
        let ScanEvent::Scanned(scan) = report.event else { panic!("{report:?}") };
        (report.generation, scan)
    }

    fn scan(raw: &str) -> Scan {
        Scan::parse(raw).unwrap()
    }

    #[test]
    fn what_is_no_code_is_refused_and_the_next_is_read() {
        let mut machine = ScannerMachine::new();
        let mut out = Actions::new();
        machine.connected(Duration::ZERO, &mut out);
        machine.received(&[b'7'; MAX_CODE + 50], Duration::ZERO, &mut out);
        machine.received(b"\r\x1b[A\r]E496385074\r", Duration::ZERO, &mut out);
        assert_eq!(
            out.events,
            [
                ScanEvent::Refused(CodeError::TooLong { bytes: 4097, limit: 256 }),
                ScanEvent::Refused(CodeError::ControlCharacter { character: 0x1B, place: 1 }),
                ScanEvent::Scanned(scan("]E496385074")),
            ]
        );
    }

    #[test]
    fn a_pause_completes_a_code_and_a_lost_connection_drops_its_half() {
        let mut machine = ScannerMachine::new();
        let mut out = Actions::new();
        let at = Duration::from_millis;
        machine.connected(at(0), &mut out);
        machine.received(b"40063", at(10), &mut out);
        machine.received(b"81", at(60), &mut out);
        assert_eq!(machine.deadline(), Some(at(60) + PAUSE));
        machine.tick(at(60) + PAUSE, &mut out);
        assert_eq!(out.events, [ScanEvent::Scanned(scan("4006381"))]);
        assert_eq!(machine.deadline(), None);
        out.events.clear();
        machine.received(b"12", at(500), &mut out);
        machine.disconnected("unplugged", &mut out);
        machine.connected(at(600), &mut out);
        machine.received(b"34\r", at(700), &mut out);
        assert_eq!(out.events, [ScanEvent::Scanned(scan("34"))]);
    }

    #[tokio::test]
    async fn codes_come_over_a_serial_line() {
        let (mut scanner, path) = ScannerEmulator::pty().unwrap();
        let endpoint: Endpoint =
            format!("serial://{}?baud=115200", path.display()).parse().unwrap();
        let (device, mut reports) = start(endpoint.transport());
        device.health().wait_for(Health::is_usable).await.unwrap();
        scanner.scan("]E0", "4006381333931").await.unwrap();
        scanner.scan("]C1", "0104006381333931\u{1d}10AB").await.unwrap();
        assert_eq!(scanned(&mut reports).await, (1, scan("]E04006381333931")));
        assert_eq!(scanned(&mut reports).await, (1, scan("]C10104006381333931\u{1d}10AB")));
        drop(scanner);
        device.health().wait_for(|health| !health.is_usable()).await.unwrap();
        device.stop().await;
    }

    #[tokio::test]
    async fn codes_come_from_a_scanner_that_is_called() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint: Endpoint =
            format!("tcp://{}", listener.local_addr().unwrap()).parse().unwrap();
        let (device, mut reports) = start(endpoint.transport());
        let mut scanner = ScannerEmulator::accept(&listener).await.unwrap();
        scanner.scan("]E4", "96385074").await.unwrap();
        assert_eq!(scanned(&mut reports).await, (1, scan("]E496385074")));
        drop(scanner);
        let mut scanner = ScannerEmulator::accept(&listener).await.unwrap();
        scanner.type_raw(b"96385074").await.unwrap();
        assert_eq!(scanned(&mut reports).await, (2, scan("96385074")), "a pause is enough");
        device.stop().await;
    }

    #[tokio::test]
    async fn codes_come_from_scanners_that_call_and_the_newest_call_wins() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (device, mut reports) = start(Box::new(Listen::on(listener)));
        let mut scanner = ScannerEmulator::connect(address).await.unwrap();
        scanner.scan("]E0", "4006381333931").await.unwrap();
        assert_eq!(scanned(&mut reports).await, (1, scan("]E04006381333931")));
        // The scanner lost power without a goodbye and calls again.
        let mut again = ScannerEmulator::connect(address).await.unwrap();
        again.scan("]E0", "96385074").await.unwrap();
        assert_eq!(scanned(&mut reports).await, (2, scan("]E096385074")));
        device.stop().await;
        drop(scanner);
    }
}
