//! A line that can be cut, stalled and healed: TCP on 127.0.0.1 passed on to somewhere else.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// Bytes pass.
    Whole,
    /// Connections are closed, and new ones too.
    Cut,
    /// Nothing passes and nobody is told, as when a cable is pulled.
    Stalled,
}

/// A line to an address. Dropped, it is cut.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    line: watch::Sender<Line>,
    _task: JoinSet<()>,
}

impl Proxy {
    /// A whole line to `target`. Needs a tokio runtime.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (line, state) = watch::channel(Line::Whole);
        let mut task = JoinSet::new();
        task.spawn(accept(listener, target, state));
        Ok(Self { address, line, _task: task })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes every connection, and refuses new ones.
    pub fn cut(&self) {
        self.line.send_replace(Line::Cut);
    }

    /// Lets nothing pass any more, without closing anything.
    pub fn stall(&self) {
        self.line.send_replace(Line::Stalled);
    }

    /// Makes the line whole; connections that were only stalled go on.
    pub fn heal(&self) {
        self.line.send_replace(Line::Whole);
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, line: watch::Receiver<Line>) {
    let mut connections = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let mut line = line.clone();
        connections.spawn(async move {
            let open =
                line.wait_for(|line| *line != Line::Stalled).await.is_ok_and(|l| *l == Line::Whole);
            if open && let Ok(far) = TcpStream::connect(target).await {
                pass(near, far, line).await;
            }
        });
    }
}

/// Passes bytes both ways until one end closes or the line is cut.
async fn pass(near: TcpStream, far: TcpStream, line: watch::Receiver<Line>) {
    let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
    let mut cut = line.clone();
    tokio::select! {
        () = pump(from_near, to_far, line.clone()) => {}
        () = pump(from_far, to_near, line) => {}
        _ = cut.wait_for(|line| *line == Line::Cut) => {}
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut line: watch::Receiver<Line>) {
    let mut bytes = vec![0; 16 << 10];
    loop {
        let Ok(length @ 1..) = from.read(&mut bytes).await else { return };
        if line.wait_for(|line| *line == Line::Whole).await.is_err() {
            return;
        }
        let read = bytes.get(..length).unwrap_or_default();
        if to.write_all(read).await.is_err() {
            return;
        }
    }
}
