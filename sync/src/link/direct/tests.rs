//! Two real tills over loopback TLS, and strangers who try.

use super::*;
use crate::link::testing::{Authority, Issued, Subject};
use crate::link::tls::TlsBytes;
use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

fn tls(issued: &Issued, ca: &Authority) -> Tls {
    let pem = TlsBytes {
        chain: issued.chain.as_bytes(),
        key: issued.key.as_bytes(),
        roots: ca.pem.as_bytes(),
    };
    Tls::from_pem(pem, Timestamp::UNIX_EPOCH).unwrap()
}

fn subject(thing: &str) -> Subject<'_> {
    Subject { thing, store: "HH01", chain: "acme" }
}

fn route(thing: &str) -> Route {
    Route::Till { store: "HH01".into(), thing: thing.into() }
}

/// Tills of the shop come in, `till-9` belongs to another store.
fn admission() -> Admission {
    Arc::new(|peer| match peer.name.as_str() {
        "till-9" => Err("it belongs to store HH02".to_owned()),
        name => Ok(route(name)),
    })
}

async fn bind() -> Listener {
    Listener::bind("127.0.0.1:0".parse().unwrap()).await.unwrap()
}

async fn start(
    listener: Listener,
    ca: &Authority,
    issued: &Issued,
    siblings: &[(&str, SocketAddr)],
) -> DirectLink {
    let siblings = siblings
        .iter()
        .map(|(thing, at)| Sibling { thing: (*thing).to_owned(), address: at.to_string() })
        .collect();
    DirectLink::start(listener, &tls(issued, ca), siblings, admission()).unwrap()
}

async fn alarm(link: &mut DirectLink) -> String {
    match link.event().await {
        Event::Alarm(words) => words,
        other => panic!("no alarm: {other:?}"),
    }
}

#[tokio::test]
async fn frames_travel_both_ways_and_the_key_is_the_peers() {
    let ca = Authority::new("acme");
    let (one, two) = (ca.issue(&subject("till-1")), ca.issue(&subject("till-2")));
    let (listen_one, listen_two) = (bind().await, bind().await);
    let (at_one, at_two) = (listen_one.address(), listen_two.address());
    let mut a = start(listen_one, &ca, &one, &[("till-2", at_two)]).await;
    let mut b = start(listen_two, &ca, &two, &[("till-1", at_one)]).await;
    let key = |issued: &Issued| Some(tls(issued, &ca).own().key);
    assert_eq!(a.event().await, Event::Up { route: route("till-2"), key: key(&two) });
    assert_eq!(b.event().await, Event::Up { route: route("till-1"), key: key(&one) });
    a.send(&route("till-2"), b"over".to_vec()).unwrap();
    b.send(&route("till-1"), vec![7; MAX_FRAME_BYTES]).unwrap();
    let Event::Frame { route: from, bytes, .. } = b.event().await else { panic!() };
    assert_eq!((from, bytes.as_slice()), (route("till-1"), b"over".as_slice()));
    let Event::Frame { bytes, .. } = a.event().await else { panic!() };
    assert_eq!(bytes, vec![7; MAX_FRAME_BYTES]);
}

#[tokio::test]
async fn strangers_are_refused_and_named() {
    let (ca, other) = (Authority::new("acme"), Authority::new("acme"));
    let mut cases = vec![
        (
            ca.issue(&subject("till-9")),
            ca.pem.clone(),
            "till-9 is refused: it belongs to store HH02",
        ),
        (ca.issue_expired(&subject("till-0")), ca.pem.clone(), "valid until 2021-01-01"),
        (other.issue(&subject("till-0")), ca.pem.clone(), "not issued by the authority"),
        (ca.issue(&subject("till-x")), ca.pem.clone(), "although it is our turn"),
    ];
    for (stranger, roots, says) in cases.drain(..) {
        let listener = bind().await;
        let at = listener.address();
        let mut link = start(listener, &ca, &ca.issue(&subject("till-5")), &[]).await;
        let pem = TlsBytes {
            chain: stranger.chain.as_bytes(),
            key: stranger.key.as_bytes(),
            roots: roots.as_bytes(),
        };
        let stranger = Tls::from_pem(pem, Timestamp::UNIX_EPOCH).unwrap();
        let connector = TlsConnector::from(stranger.till_client(ALPN).unwrap());
        let tcp = TcpStream::connect(at).await.unwrap();
        let name = "till-5".try_into().unwrap();
        if let Ok(mut stream) = connector.connect(name, tcp).await {
            // It is shut out without having been told a word.
            let mut heard = Vec::new();
            let _ = stream.write_all(&[0; 4]).await;
            let _ = stream.read_to_end(&mut heard).await;
            assert_eq!(heard, b"");
        }
        let words = alarm(&mut link).await;
        assert!(words.contains(says), "{words}");
    }
}

#[tokio::test]
async fn the_dialler_names_a_peer_that_is_not_who_it_should_be() {
    let (ca, other) = (Authority::new("acme"), Authority::new("acme"));
    let cases = [
        (ca.issue(&subject("till-3")), &ca, "is not for till-2 but for till-3"),
        (ca.issue_expired(&subject("till-2")), &ca, "valid until 2021-01-01"),
        (other.issue(&subject("till-2")), &ca, "not issued by the authority"),
        // Ours is refused over there, for its roots are others.
        (
            ca.issue(&subject("till-2")),
            &other,
            "it refuses this till's certificate: it does not know the authority",
        ),
    ];
    for (theirs, their_roots, says) in cases {
        let listener = bind().await;
        let at = listener.address();
        let _their = start(listener, their_roots, &theirs, &[]).await;
        let ours = ca.issue(&subject("till-1"));
        let mut link = start(bind().await, &ca, &ours, &[("till-2", at)]).await;
        let words = alarm(&mut link).await;
        assert!(words.contains(says), "{words}");
        assert!(words.contains(&at.to_string()), "{words}");
    }
}

#[tokio::test]
async fn why_a_sibling_is_not_reached_is_told_by_its_name() {
    let ca = Authority::new("acme");
    let ours = tls(&ca.issue(&subject("till-1")), &ca);
    let listener = bind().await;
    let at = listener.address();
    let _other = start(listener, &ca, &ca.issue(&subject("till-3")), &[]).await;
    // Nobody ever listens on port 0.
    for (address, says) in [
        ("127.0.0.1:0".to_owned(), "till-2: it can't be reached ("),
        (at.to_string(), "till-2: its certificate is not for till-2 but for till-3"),
    ] {
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let unreached: Unreached = Arc::new(move |thing: &str, why: &str| {
            tell.send(format!("{thing}: {why}")).ok();
        });
        let siblings = vec![Sibling { thing: "till-2".into(), address }];
        let listener = bind().await;
        let _link = DirectLink::start_and_tell(listener, &ours, siblings, admission(), unreached);
        let words = told.recv().await.unwrap();
        assert!(words.starts_with(says), "{words}");
    }
}

#[tokio::test]
async fn a_frame_that_is_too_long_ends_the_connection_with_an_alarm() {
    let ca = Authority::new("acme");
    let listener = bind().await;
    let at = listener.address();
    let mut link = start(listener, &ca, &ca.issue(&subject("till-5")), &[]).await;
    let wrong = tls(&ca.issue(&subject("till-1")), &ca);
    let connector = TlsConnector::from(wrong.till_client(ALPN).unwrap());
    let tcp = TcpStream::connect(at).await.unwrap();
    let mut stream = connector.connect("till-5".try_into().unwrap(), tcp).await.unwrap();
    stream.write_all(&[0, 0, 0, 0, 0xff, 0, 0, 0]).await.unwrap();
    assert!(matches!(link.event().await, Event::Up { .. }));
    let words = alarm(&mut link).await;
    assert!(words.contains("HH01/till-1 was cut off: a frame of 4278190080 bytes"), "{words}");
    assert!(matches!(link.event().await, Event::Down { .. }));
}

#[tokio::test]
async fn what_can_not_be_started_says_why() {
    let ca = Authority::new("acme");
    let taken = bind().await;
    let error = Listener::bind(taken.address()).await.err().unwrap().to_string();
    assert!(error.contains("free the port or set another"), "{error}");
    let tls = tls(&ca.issue(&subject("till-1")), &ca);
    for thing in ["", "a b", "127.0.0.1"] {
        let siblings = vec![Sibling { thing: thing.into(), address: "127.0.0.1:1".into() }];
        let error = DirectLink::start(bind().await, &tls, siblings, admission()).err().unwrap();
        assert!(matches!(error, StartError::Name(_)), "{error}");
    }
    let many = vec![Sibling { thing: "till-2".into(), address: "127.0.0.1:1".into() }; 129];
    let error = DirectLink::start(taken, &tls, many, admission()).err().unwrap();
    assert!(matches!(error, StartError::TooMany(129)), "{error}");
}
