//! A broker that does what a test says, byte by byte, over real TLS: for what no real one can be
//! brought to do. Its packets are written by hand, not by the library under test.

use crate::link::mqtt::{Broker, MqttLink, Role};
use crate::link::testing::{Authority, Issued, Subject};
use crate::link::tls::{Tls, TlsBytes};
use crate::log::StreamKind;
use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The first bytes of packets.
pub(super) const CONNECT: u8 = 0x10;
pub(super) const PUBLISH: u8 = 0x32;
pub(super) const PUBACK: u8 = 0x40;
pub(super) const SUBSCRIBE: u8 = 0x82;

/// Where the broker sends to the till of [`Scripted::till`].
pub(super) const DOWN: &str = "till/1/acme/HH01/till-1/down";

pub(super) struct Scripted {
    authority: Authority,
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Scripted {
    pub(super) async fn start(alpn: &[u8]) -> Self {
        let authority = Authority::new("acme");
        let issued = issue(&authority, "broker");
        let acceptor = TlsAcceptor::from(tls(&authority, &issued).till_server(alpn).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { authority, listener, acceptor }
    }

    /// A till of store HH01 that hears `streams`.
    pub(super) fn till(&self, streams: Vec<StreamKind>, aws_alpn: bool) -> MqttLink {
        let tls = tls(&self.authority, &issue(&self.authority, "till-1"));
        let broker = Broker {
            host: "127.0.0.1".into(),
            port: self.listener.local_addr().unwrap().port(),
            aws_alpn,
            keep_alive_s: 30,
            chain: "acme".into(),
            ingest_rule: None,
            paced: true,
        };
        let role = Role::Till { store: "HH01".into(), thing: "till-1".into(), streams };
        MqttLink::start(&broker, role, &tls).unwrap()
    }

    /// The next connection, and the body of its CONNECT.
    pub(super) async fn accept(&self) -> (Client, Vec<u8>) {
        let (tcp, _) = self.listener.accept().await.unwrap();
        let mut client = Client { stream: self.acceptor.accept(tcp).await.unwrap() };
        let (first, body) = client.packet().await;
        assert_eq!(first, CONNECT);
        (client, body)
    }

    /// The next connection, taken as asked for, with its inbox granted.
    pub(super) async fn welcome(&self) -> Client {
        let (mut client, _) = self.accept().await;
        client.connack(0, &[]).await;
        client.suback(&[1]).await;
        client
    }
}

fn issue(authority: &Authority, thing: &str) -> Issued {
    authority.issue(&Subject { thing, store: "HH01", chain: "acme" })
}

fn tls(authority: &Authority, issued: &Issued) -> Tls {
    let pem = TlsBytes {
        chain: issued.chain.as_bytes(),
        key: issued.key.as_bytes(),
        roots: authority.pem.as_bytes(),
    };
    Tls::from_pem(pem, Timestamp::UNIX_EPOCH).unwrap()
}

/// One connection, from the broker's side.
pub(super) struct Client {
    stream: TlsStream<TcpStream>,
}

impl Client {
    pub(super) fn alpn(&self) -> Option<&[u8]> {
        self.stream.get_ref().1.alpn_protocol()
    }

    /// The next packet: its first byte and its body.
    pub(super) async fn packet(&mut self) -> (u8, Vec<u8>) {
        let first = self.stream.read_u8().await.unwrap();
        let (mut length, mut shift) = (0_usize, 0);
        loop {
            let byte = self.stream.read_u8().await.unwrap();
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.unwrap();
        (first, body)
    }

    /// The next packet, which must be a publish: its packet id and payload.
    pub(super) async fn published(&mut self) -> (u16, Vec<u8>) {
        let (first, body) = self.packet().await;
        assert_eq!(first, PUBLISH, "{body:?}");
        let topic = usize::from(u16::from_be_bytes([body[0], body[1]]));
        let id = u16::from_be_bytes([body[2 + topic], body[3 + topic]]);
        // No properties: one byte of zero.
        assert_eq!(body[4 + topic], 0);
        (id, body[5 + topic..].to_vec())
    }

    /// The next packet, which must acknowledge: which one.
    pub(super) async fn acknowledged(&mut self) -> u16 {
        let (first, body) = self.packet().await;
        assert_eq!(first, PUBACK, "{body:?}");
        u16::from_be_bytes([body[0], body[1]])
    }

    pub(super) async fn connack(&mut self, code: u8, properties: &[u8]) {
        let mut body = vec![0, code, u8::try_from(properties.len()).unwrap()];
        body.extend(properties);
        self.send(0x20, &body).await;
    }

    /// Answers the SUBSCRIBE that must come next.
    pub(super) async fn suback(&mut self, codes: &[u8]) {
        let (first, asked) = self.packet().await;
        assert_eq!(first, SUBSCRIBE);
        let mut body = vec![asked[0], asked[1], 0];
        body.extend(codes);
        self.send(0x90, &body).await;
    }

    pub(super) async fn puback(&mut self, id: u16, reason: u8) {
        let [high, low] = id.to_be_bytes();
        self.send(PUBACK, &[high, low, reason, 0]).await;
    }

    pub(super) async fn publish(&mut self, id: u16, topic: &str, payload: &[u8]) {
        let mut body = u16::try_from(topic.len()).unwrap().to_be_bytes().to_vec();
        body.extend(topic.as_bytes());
        body.extend(id.to_be_bytes());
        body.push(0);
        body.extend(payload);
        self.send(PUBLISH, &body).await;
    }

    pub(super) async fn disconnect(&mut self, reason: u8) {
        self.send(0xe0, &[reason, 0]).await;
    }

    pub(super) async fn send(&mut self, first: u8, body: &[u8]) {
        let mut packet = vec![first];
        let mut length = body.len();
        while length >= 0x80 {
            packet.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        packet.push(u8::try_from(length).unwrap());
        packet.extend(body);
        self.raw(&packet).await;
    }

    pub(super) async fn raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }
}
