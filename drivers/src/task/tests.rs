//! The task over memory connections, with a machine that echoes what it is told to say.

use super::*;
use crate::transport::{Memory, MemoryDevice};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

/// Sends each command as bytes and reports the answer; `!` in an answer makes it fail.
#[derive(Default)]
struct Echo {
    waiting: Option<u8>,
    deadline: Option<Duration>,
}

#[derive(Debug, PartialEq, Eq)]
enum Said {
    Answer(u8),
    Silent(u8),
    Lost(u8),
    Refused(u8),
}

impl Machine for Echo {
    type Command = u8;
    type Event = Said;

    fn connected(&mut self, _now: Duration, _out: &mut Actions<Said>) {}

    fn received(&mut self, bytes: &[u8], _now: Duration, out: &mut Actions<Said>) {
        assert_ne!(bytes[0], b'!', "told to fail");
        if self.waiting.take().is_some() {
            self.deadline = None;
            out.report(Said::Answer(bytes[0]));
        }
    }

    fn command(&mut self, command: u8, now: Duration, out: &mut Actions<Said>) {
        self.waiting = Some(command);
        self.deadline = (command == b't').then_some(now);
        out.send(&[command]);
    }

    fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    fn tick(&mut self, _now: Duration, out: &mut Actions<Said>) {
        self.deadline = None;
        out.events.extend(self.waiting.take().map(Said::Silent));
    }

    fn disconnected(&mut self, _why: &str, out: &mut Actions<Said>) {
        out.events.extend(self.waiting.take().map(Said::Lost));
    }

    fn refuse(&mut self, command: u8, _why: &str, out: &mut Actions<Said>) {
        out.report(Said::Refused(command));
    }

    fn accepts(&self) -> bool {
        self.waiting.is_none()
    }

    fn busy(&self) -> bool {
        self.waiting.is_some()
    }
}

struct Bench {
    device: Device<u8>,
    far: MemoryDevice,
    reports: mpsc::Receiver<Report<Said>>,
}

fn bench() -> Bench {
    let (near, far) = Memory::pair();
    let (events, reports) = mpsc::channel(4);
    let mut config = TaskConfig::new("echo", 1);
    config.reconnect_first = Duration::from_millis(1);
    config.reconnect_longest = Duration::from_millis(2);
    Bench { device: spawn(Echo::default(), Box::new(near), config, events), far, reports }
}

impl Bench {
    /// Connects and waits until the task has noticed.
    async fn connect(&mut self) -> DuplexStream {
        let stream = self.far.accept().await.unwrap();
        self.device.health().wait_for(Health::is_usable).await.unwrap();
        stream
    }

    async fn said(&mut self) -> (u64, Said) {
        let report = self.reports.recv().await.unwrap();
        assert_eq!(&*report.device, "echo");
        (report.generation, report.event)
    }
}

#[tokio::test]
async fn a_command_is_answered_or_times_out() {
    let mut bench = bench();
    let mut far = bench.connect().await;
    bench.device.send(b'a').unwrap();
    assert_eq!(far.read_u8().await.unwrap(), b'a');
    far.write_all(b"A").await.unwrap();
    assert_eq!(bench.said().await, (1, Said::Answer(b'A')));
    bench.device.send(b't').unwrap();
    assert_eq!(bench.said().await, (1, Said::Silent(b't')));
}

#[tokio::test]
async fn a_lost_connection_settles_and_the_next_is_another_generation() {
    let mut bench = bench();
    let mut far = bench.connect().await;
    bench.device.send(b'a').unwrap();
    assert_eq!(far.read_u8().await.unwrap(), b'a');
    drop(far);
    assert_eq!(bench.said().await, (1, Said::Lost(b'a')));
    bench.device.health().wait_for(|health| !health.is_usable()).await.unwrap();
    let mut far = bench.connect().await;
    bench.device.send(b'b').unwrap();
    assert_eq!(far.read_u8().await.unwrap(), b'b', "nothing of the first connection is sent again");
    far.write_all(b"B").await.unwrap();
    assert_eq!(bench.said().await, (2, Said::Answer(b'B')));
}

#[tokio::test]
async fn without_a_connection_commands_are_refused() {
    let mut bench = bench();
    let Bench { device, far, reports } = &mut bench;
    let (near, gone) = Memory::pair();
    drop(gone);
    let (events, mut refused) = mpsc::channel(1);
    let lonely = spawn(Echo::default(), Box::new(near), TaskConfig::new("echo", 1), events);
    lonely.send(b'x').unwrap();
    assert_eq!(refused.recv().await.unwrap().event, Said::Refused(b'x'));
    lonely.stop().await;
    // Beside the device in trouble, the other works.
    let mut stream = far.accept().await.unwrap();
    device.send(b'y').unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'y');
    stream.write_all(b"Y").await.unwrap();
    assert_eq!(reports.recv().await.unwrap().event, Said::Answer(b'Y'));
}

#[tokio::test]
async fn the_mailbox_is_bounded() {
    let mut bench = bench();
    let mut far = bench.connect().await;
    bench.device.send(b'0').unwrap();
    assert_eq!(far.read_u8().await.unwrap(), b'0');
    for number in 0..MAILBOX {
        bench.device.send(u8::try_from(number).unwrap()).unwrap();
    }
    assert_eq!(bench.device.send(b'z'), Err(SendError::Full(b'z')));
}

#[tokio::test]
async fn a_stop_waits_for_what_is_under_way() {
    let mut bench = bench();
    let mut far = bench.connect().await;
    bench.device.send(b'a').unwrap();
    assert_eq!(far.read_u8().await.unwrap(), b'a');
    let mut health = bench.device.health();
    let stopping = tokio::spawn(bench.device.stop());
    far.write_all(b"A").await.unwrap();
    assert_eq!(bench.reports.recv().await.unwrap().event, Said::Answer(b'A'));
    stopping.await.unwrap();
    assert_eq!(health.borrow_and_update().why(), Some("stopped"));
    assert_eq!(far.read(&mut [0; 1]).await.unwrap(), 0, "closed");
    assert_eq!(bench.reports.recv().await, None);
}

#[tokio::test]
async fn a_failing_driver_is_faulted_and_dropping_the_device_ends_the_task() {
    let mut bench = bench();
    let mut far = bench.connect().await;
    far.write_all(b"!").await.unwrap();
    let mut health = bench.device.health();
    health.wait_for(|health| matches!(health, Health::Faulted { .. })).await.unwrap();
    assert_eq!(bench.device.send(b'a'), Err(SendError::Stopped(b'a')));

    let Bench { device, far, mut reports } = self::bench();
    let stream = far.accept().await.unwrap();
    drop(device);
    assert_eq!(reports.recv().await, None);
    drop(stream);
}
