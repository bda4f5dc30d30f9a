//! Where a device is, as text in the configuration.
//!
//! `tcp://192.168.1.50:9100` connects, `listen://0.0.0.0:4001` waits to be connected to (many
//! network scanners call the host), `serial:///dev/ttyUSB0?baud=9600` opens a serial port or a
//! pty. Opening is [`crate::transport`]'s.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a device is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// Connect to a host and port.
    Tcp {
        /// Name or address, IPv6 without its brackets.
        host: String,
        /// TCP port.
        port: u16,
    },
    /// Wait for the device to connect; the newest connection is the one served.
    Listen {
        /// Local address, IPv6 without its brackets.
        host: String,
        /// TCP port; 0 lets the system choose.
        port: u16,
    },
    /// A serial port.
    Serial(Serial),
}

/// A serial port and its line settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serial {
    /// The device file.
    pub path: PathBuf,
    /// Bits a second.
    pub baud: u32,
    /// Parity bit.
    pub parity: Parity,
    /// 7 or 8.
    pub data_bits: u8,
    /// 1 or 2.
    pub stop_bits: u8,
    /// Flow control.
    pub flow: Flow,
}

/// A serial line's parity bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parity {
    /// No parity bit.
    None,
    /// Even.
    Even,
    /// Odd.
    Odd,
}

/// A serial line's flow control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// None.
    None,
    /// RTS and CTS.
    Hardware,
    /// XON and XOFF.
    Software,
}

/// Why a text is no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// No `scheme://`, or one not known.
    #[error(
        "`{0}` is not a device address: write tcp://HOST:PORT, listen://ADDRESS:PORT or serial:///dev/ttyUSB0?baud=9600"
    )]
    Scheme(String),
    /// No usable host and port.
    #[error("`{0}` needs a host and a port from 0 to 65535, such as tcp://192.168.1.50:9100")]
    HostPort(String),
    /// The serial port's path is not absolute.
    #[error(
        "`{0}` needs the device file's whole path, such as serial:///dev/ttyUSB0 (three slashes)"
    )]
    Path(String),
    /// A setting after `?` that is unknown or out of range.
    #[error(
        "`{setting}` in `{text}` is not a serial setting: baud=50..4000000, parity=none|even|odd, data=7|8, stop=1|2, flow=none|hardware|software"
    )]
    Setting {
        /// The whole address.
        text: String,
        /// The setting as written.
        setting: String,
    },
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        match text.split_once("://") {
            Some(("tcp", rest)) => {
                let (host, port) = host_port(text, rest)?;
                if port == 0 {
                    return Err(EndpointError::HostPort(text.to_owned()));
                }
                Ok(Self::Tcp { host, port })
            }
            Some(("listen", rest)) => {
                let (host, port) = host_port(text, rest)?;
                Ok(Self::Listen { host, port })
            }
            Some(("serial", rest)) => serial(text, rest).map(Self::Serial),
            _ => Err(EndpointError::Scheme(text.to_owned())),
        }
    }
}

fn host_port(text: &str, rest: &str) -> Result<(String, u16), EndpointError> {
    let wrong = || EndpointError::HostPort(text.to_owned());
    let (host, port) = rest.rsplit_once(':').ok_or_else(wrong)?;
    let port = port.parse().map_err(|_| wrong())?;
    let bare = match host.strip_prefix('[') {
        Some(open) => open.strip_suffix(']').ok_or_else(wrong)?,
        None if host.contains(':') => return Err(wrong()),
        None => host,
    };
    if bare.is_empty() || bare.contains(['/', '?', '@', ' ', '[', ']']) {
        return Err(wrong());
    }
    Ok((bare.to_owned(), port))
}

fn serial(text: &str, rest: &str) -> Result<Serial, EndpointError> {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    if !path.starts_with('/') || path.len() < 2 {
        return Err(EndpointError::Path(text.to_owned()));
    }
    let mut port = Serial::at(path);
    for setting in query.split('&').filter(|setting| !setting.is_empty()) {
        apply(&mut port, setting).ok_or_else(|| EndpointError::Setting {
            text: text.to_owned(),
            setting: setting.to_owned(),
        })?;
    }
    Ok(port)
}

fn apply(port: &mut Serial, setting: &str) -> Option<()> {
    match setting.split_once('=')? {
        ("baud", baud) => {
            port.baud = baud.parse().ok().filter(|baud| (50..=4_000_000).contains(baud))?;
        }
        ("parity", "none") => port.parity = Parity::None,
        ("parity", "even") => port.parity = Parity::Even,
        ("parity", "odd") => port.parity = Parity::Odd,
        ("data", "7") => port.data_bits = 7,
        ("data", "8") => port.data_bits = 8,
        ("stop", "1") => port.stop_bits = 1,
        ("stop", "2") => port.stop_bits = 2,
        ("flow", "none") => port.flow = Flow::None,
        ("flow", "hardware") => port.flow = Flow::Hardware,
        ("flow", "software") => port.flow = Flow::Software,
        _ => return None,
    }
    Some(())
}

impl Serial {
    /// The port at `path` with the usual settings: 9600 baud, 8 data bits, no parity, 1 stop bit.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            baud: 9600,
            parity: Parity::None,
            data_bits: 8,
            stop_bits: 1,
            flow: Flow::None,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bracketed = |host: &str| {
            if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
        };
        match self {
            Self::Tcp { host, port } => write!(f, "tcp://{}:{port}", bracketed(host)),
            Self::Listen { host, port } => write!(f, "listen://{}:{port}", bracketed(host)),
            Self::Serial(port) => {
                write!(f, "serial://{}?baud={}", port.path.display(), port.baud)?;
                match port.parity {
                    Parity::None => {}
                    Parity::Even => f.write_str("&parity=even")?,
                    Parity::Odd => f.write_str("&parity=odd")?,
                }
                if port.data_bits != 8 {
                    write!(f, "&data={}", port.data_bits)?;
                }
                if port.stop_bits != 1 {
                    write!(f, "&stop={}", port.stop_bits)?;
                }
                match port.flow {
                    Flow::None => Ok(()),
                    Flow::Hardware => f.write_str("&flow=hardware"),
                    Flow::Software => f.write_str("&flow=software"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_and_writes_the_same() {
        for text in [
            "tcp://127.0.0.1:9100",
            "tcp://printer.shop.example:9100",
            "tcp://[fe80::1]:9100",
            "listen://0.0.0.0:4001",
            "listen://[::]:0",
            "serial:///dev/ttyUSB0?baud=9600",
            "serial:///dev/ttyS1?baud=19200&parity=even&data=7&stop=2&flow=hardware",
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
        }
        assert_eq!(
            "serial:///dev/pts/3".parse(),
            Ok(Endpoint::Serial(Serial::at("/dev/pts/3"))),
            "9600 baud is understood"
        );
    }

    #[test]
    fn a_wrong_address_is_named() {
        let scheme = |text: &str| EndpointError::Scheme(text.to_owned());
        let host_port = |text: &str| EndpointError::HostPort(text.to_owned());
        let setting = |text: &str, setting: &str| EndpointError::Setting {
            text: text.to_owned(),
            setting: setting.to_owned(),
        };
        for (text, expected) in [
            ("", scheme("")),
            ("127.0.0.1:9100", scheme("127.0.0.1:9100")),
            ("usb://04b8", scheme("usb://04b8")),
            ("tcp://127.0.0.1", host_port("tcp://127.0.0.1")),
            ("tcp://127.0.0.1:0", host_port("tcp://127.0.0.1:0")),
            ("tcp://127.0.0.1:99999", host_port("tcp://127.0.0.1:99999")),
            ("tcp://:9100", host_port("tcp://:9100")),
            ("tcp://fe80::1:9100", host_port("tcp://fe80::1:9100")),
            ("tcp://host:9100/x", host_port("tcp://host:9100/x")),
            ("serial://ttyUSB0", EndpointError::Path("serial://ttyUSB0".into())),
            ("serial:///dev/t?baud=1", setting("serial:///dev/t?baud=1", "baud=1")),
            ("serial:///dev/t?bits=8", setting("serial:///dev/t?bits=8", "bits=8")),
        ] {
            assert_eq!(text.parse::<Endpoint>(), Err(expected), "{text}");
        }
    }
}
