//! The emulated terminal on a TCP socket, with a handle that plans faults and reads the ledger.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::core::{Core, EmulatorConfig, Output};
use super::fault::{AskFault, Fault};
use super::ledger::Ledger;

/// Bytes read at once.
const READ: usize = 1024;

/// A running terminal. Clones hold the same one; it stops when the last is dropped.
#[derive(Debug, Clone)]
pub struct Emulator {
    shared: Arc<Shared>,
    _stop: Arc<Stop>,
}

#[derive(Debug)]
struct Shared {
    core: Mutex<Core>,
    address: SocketAddr,
    changed: Notify,
    epoch: Instant,
    /// How many times faster than real time it works; for tests.
    pace: u32,
}

#[derive(Debug)]
struct Stop(JoinHandle<()>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Emulator {
    /// Starts a terminal on `listener`. At a `pace` of 1 a cardholder takes some seconds; at
    /// 1000 some milliseconds.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start(
        listener: TcpListener,
        config: EmulatorConfig,
        pace: u32,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            core: Mutex::new(Core::new(config)),
            address: listener.local_addr()?,
            changed: Notify::new(),
            epoch: Instant::now(),
            pace: pace.max(1),
        });
        let task = tokio::spawn(serve(listener, Arc::clone(&shared)));
        Ok(Self { shared, _stop: Arc::new(Stop(task)) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// Plans a fault for one payment, refund or reversal.
    pub fn plan(&self, fault: Fault) {
        self.shared.core().plan(fault);
    }

    /// Plans a fault for one question.
    pub fn plan_ask(&self, fault: AskFault) {
        self.shared.core().plan_ask(fault);
    }

    /// The faults that wait, for orders and for questions, the next one first.
    #[must_use]
    pub fn planned(&self) -> (Vec<Fault>, Vec<AskFault>) {
        self.shared.core().planned()
    }

    /// Forgets all planned faults; says how many.
    pub fn heal(&self) -> usize {
        let mut core = self.shared.core();
        let (orders, questions) = core.planned();
        core.heal();
        orders.len() + questions.len()
    }

    /// A copy of the books.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.shared.core().ledger().clone()
    }

    /// Cuts the power for `off` of the terminal's own time.
    pub fn cut_power(&self, off: Duration) {
        let now = self.shared.now();
        self.shared.core().cut_power(off, now);
        self.shared.changed.notify_one();
    }

    /// Closes the line.
    pub fn cut_line(&self) {
        self.shared.core().cut_line();
        self.shared.changed.notify_one();
    }
}

impl Shared {
    fn core(&self) -> MutexGuard<'_, Core> {
        // The core holds no invariant across a panic that a test would care about.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.epoch.elapsed() * self.pace
    }

    /// When the core wants to be polled, in real time.
    fn wake(&self) -> Option<Instant> {
        self.core().wake().map(|wake| self.epoch + wake / self.pace)
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut line: Option<TcpStream> = None;
    let mut inbound = [0_u8; READ];
    loop {
        if carry_out(&mut line, &shared).await.is_err() {
            line = None;
            shared.core().disconnect();
        }
        let wake = shared.wake();
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    // A terminal without power refuses: the stream is dropped.
                    line = shared.core().connect(shared.now()).then_some(stream);
                }
            }
            read = read(&mut line, &mut inbound) => match read {
                Some(length) => {
                    let now = shared.now();
                    shared.core().receive(inbound.get(..length).unwrap_or_default(), now);
                }
                None => {
                    line = None;
                    shared.core().disconnect();
                }
            },
            () = at(wake) => {}
            () = shared.changed.notified() => {}
        }
    }
}

async fn carry_out(line: &mut Option<TcpStream>, shared: &Shared) -> std::io::Result<()> {
    let outputs = shared.core().poll(shared.now());
    for output in outputs {
        match (output, line.as_mut()) {
            (Output::Send(bytes), Some(stream)) => stream.write_all(&bytes).await?,
            (Output::Close, _) => *line = None,
            (Output::Send(_), None) => {}
        }
    }
    Ok(())
}

/// Bytes that came, `None` when the line is gone; never ends without a line.
async fn read(line: &mut Option<TcpStream>, inbound: &mut [u8]) -> Option<usize> {
    match line {
        Some(stream) => stream.read(inbound).await.ok().filter(|length| *length > 0),
        None => std::future::pending().await,
    }
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
