//! Opening a device's bytes: TCP, a listening socket, a serial port, memory.
//!
//! [`crate::task`] connects through [`Transport`] and never knows which one it has.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc};
use tokio_serial::SerialPortBuilderExt as _;

use crate::endpoint::{Endpoint, Flow, Parity, Serial};

/// A device's two-way bytes.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection of any kind.
pub type BoxStream = Box<dyn Stream>;

/// A future that a [`Transport`] returns.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A TCP connection that does not stand after this long will not: the device is in the shop.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Why no connection stands.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The device or its address refused.
    #[error("{endpoint} can't be opened: {source}")]
    Refused {
        /// The address.
        endpoint: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// Nothing answered.
    #[error("{0} does not answer: is the device switched on and on this network?")]
    Silent(String),
    /// The test at the other end is gone.
    #[error("the memory transport's other end is gone")]
    Gone,
}

/// A way to reach one device, again and again.
pub trait Transport: Send + Sync + 'static {
    /// Opens a new connection. It must be safe to drop the future at any time.
    fn connect(&self) -> BoxFuture<'_, Result<BoxStream, ConnectError>>;

    /// Ends when the device itself opened a newer connection, which `connect` will then return;
    /// transports that only call out never end.
    fn superseded(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}

impl Endpoint {
    /// The transport that opens this endpoint; nothing is opened yet.
    #[must_use]
    pub fn transport(&self) -> Box<dyn Transport> {
        match self {
            Self::Tcp { host, port } => Box::new(Tcp { host: host.clone(), port: *port }),
            Self::Listen { host, port } => Box::new(Listen::at(host, *port)),
            Self::Serial(port) => Box::new(port.clone()),
        }
    }
}

struct Tcp {
    host: String,
    port: u16,
}

impl Transport for Tcp {
    fn connect(&self) -> BoxFuture<'_, Result<BoxStream, ConnectError>> {
        Box::pin(async {
            let endpoint =
                || Endpoint::Tcp { host: self.host.clone(), port: self.port }.to_string();
            let opening = TcpStream::connect((self.host.as_str(), self.port));
            let stream = tokio::time::timeout(CONNECT_TIMEOUT, opening)
                .await
                .map_err(|_| ConnectError::Silent(endpoint()))?
                .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
                .map_err(|source| ConnectError::Refused { endpoint: endpoint(), source })?;
            Ok(Box::new(stream) as BoxStream)
        })
    }
}

/// Waits for the device to connect. A device that lost power leaves a dead connection behind
/// and calls again, so the newest connection wins.
pub struct Listen {
    host: String,
    port: u16,
    state: Mutex<ListenState>,
}

#[derive(Default)]
struct ListenState {
    listener: Option<TcpListener>,
    newest: Option<TcpStream>,
}

impl Listen {
    /// Listens on a local address once connected.
    #[must_use]
    pub fn at(host: &str, port: u16) -> Self {
        Self { host: host.to_owned(), port, state: Mutex::default() }
    }

    /// Listens on a socket that is bound already.
    #[must_use]
    pub fn on(listener: TcpListener) -> Self {
        let address = listener.local_addr().ok();
        let state = ListenState { listener: Some(listener), newest: None };
        Self {
            host: address.map_or_else(String::new, |address| address.ip().to_string()),
            port: address.map_or(0, |address| address.port()),
            state: Mutex::new(state),
        }
    }

    async fn accept(&self, state: &mut ListenState) -> io::Result<TcpStream> {
        let listener = match state.listener.take() {
            Some(listener) => listener,
            None => TcpListener::bind((self.host.as_str(), self.port)).await?,
        };
        let (stream, _) = state.listener.insert(listener).accept().await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

impl Transport for Listen {
    fn connect(&self) -> BoxFuture<'_, Result<BoxStream, ConnectError>> {
        Box::pin(async {
            let mut state = self.state.lock().await;
            if let Some(stream) = state.newest.take() {
                return Ok(Box::new(stream) as BoxStream);
            }
            match self.accept(&mut state).await {
                Ok(stream) => Ok(Box::new(stream) as BoxStream),
                Err(source) => Err(ConnectError::Refused {
                    endpoint: Endpoint::Listen { host: self.host.clone(), port: self.port }
                        .to_string(),
                    source,
                }),
            }
        })
    }

    fn superseded(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let mut state = self.state.lock().await;
            match self.accept(&mut state).await {
                Ok(stream) => state.newest = Some(stream),
                // The connection that stands goes on; `connect` meets the error if it lasts.
                Err(_) => std::future::pending().await,
            }
        })
    }
}

impl Transport for Serial {
    fn connect(&self) -> BoxFuture<'_, Result<BoxStream, ConnectError>> {
        Box::pin(async {
            let path = self.path.to_string_lossy();
            tokio_serial::new(path.as_ref(), self.baud)
                .data_bits(if self.data_bits == 7 {
                    tokio_serial::DataBits::Seven
                } else {
                    tokio_serial::DataBits::Eight
                })
                .stop_bits(if self.stop_bits == 2 {
                    tokio_serial::StopBits::Two
                } else {
                    tokio_serial::StopBits::One
                })
                .parity(match self.parity {
                    Parity::None => tokio_serial::Parity::None,
                    Parity::Even => tokio_serial::Parity::Even,
                    Parity::Odd => tokio_serial::Parity::Odd,
                })
                .flow_control(match self.flow {
                    Flow::None => tokio_serial::FlowControl::None,
                    Flow::Hardware => tokio_serial::FlowControl::Hardware,
                    Flow::Software => tokio_serial::FlowControl::Software,
                })
                .open_native_async()
                .map(|stream| Box::new(stream) as BoxStream)
                .map_err(|error| ConnectError::Refused {
                    endpoint: Endpoint::Serial(self.clone()).to_string(),
                    source: error.into(),
                })
        })
    }
}

/// Connections in memory, for tests: each `connect` takes the next that the other end offered.
pub struct Memory {
    offered: Mutex<mpsc::Receiver<DuplexStream>>,
}

/// The device's end of [`Memory`].
pub struct MemoryDevice {
    offer: mpsc::Sender<DuplexStream>,
}

/// Bytes a memory connection holds in each direction before a writer waits; small, so that
/// tests meet back pressure.
const MEMORY_BUFFER: usize = 256;

impl Memory {
    /// A transport and the device's end of it.
    #[must_use]
    pub fn pair() -> (Self, MemoryDevice) {
        let (offer, offered) = mpsc::channel(1);
        (Self { offered: Mutex::new(offered) }, MemoryDevice { offer })
    }
}

impl MemoryDevice {
    /// Offers a connection and returns the device's side of it; `None` when the task is gone.
    pub async fn accept(&self) -> Option<DuplexStream> {
        let (near, far) = tokio::io::duplex(MEMORY_BUFFER);
        self.offer.send(near).await.ok()?;
        Some(far)
    }
}

impl Transport for Memory {
    fn connect(&self) -> BoxFuture<'_, Result<BoxStream, ConnectError>> {
        Box::pin(async {
            let mut offered = self.offered.lock().await;
            let stream = offered.recv().await.ok_or(ConnectError::Gone)?;
            Ok(Box::new(stream) as BoxStream)
        })
    }
}
