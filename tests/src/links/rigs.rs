//! Two links of a kind with a line between them that can be broken.

use super::up;
use crate::broker::{Chain, Mosquitto, Proxy, Settings};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use sync::link::direct::{Admission, DirectLink, Listener, Sibling};
use sync::link::memory::{Cables, MemoryLink, mesh};
use sync::link::mqtt::{Broker, MqttError, MqttLink, Role};
use sync::link::tls::Tls;
use sync::link::{Link, Route};
use sync::log::StreamKind;

/// Two ends. `near` is the one that loses its line.
pub struct Rig<A, B> {
    pub near: A,
    pub far: B,
    /// The far end as the near one knows it.
    pub to_far: Route,
    /// The near end as the far one knows it.
    pub to_near: Route,
    pub line: Line,
    /// What is up at the far end when it can send.
    far_is_up: Route,
    _broker: Option<Mosquitto>,
}

/// What can be broken.
pub enum Line {
    Cables(Cables, [Route; 2]),
    Proxy(Proxy),
}

impl Line {
    pub fn cut(&self) {
        match self {
            Self::Cables(cables, [one, other]) => cables.cut(one, other),
            Self::Proxy(proxy) => proxy.cut(),
        }
    }

    pub fn heal(&self) {
        match self {
            Self::Cables(cables, [one, other]) => cables.join(one, other),
            Self::Proxy(proxy) => proxy.heal(),
        }
    }
}

impl<A: Link, B: Link> Rig<A, B> {
    /// Waits until either end can send.
    pub async fn up(&mut self) {
        up(&mut self.far, &self.far_is_up).await;
        up(&mut self.near, &self.to_far).await;
    }

    /// Somewhere that the near end can't send to.
    pub fn stranger(&self) -> Route {
        till("till-99")
    }
}

pub fn till(thing: &str) -> Route {
    Route::Till { store: "HH01".into(), thing: thing.into() }
}

pub async fn memory() -> Rig<MemoryLink, MemoryLink> {
    let ends = [till("till-1"), till("till-2")];
    let (links, cables) = mesh(&ends);
    let [near, far] = <[MemoryLink; 2]>::try_from(links).ok().unwrap();
    let [to_near, to_far] = ends.clone();
    let line = Line::Cables(cables, ends);
    Rig { near, far, to_far, far_is_up: to_near.clone(), to_near, line, _broker: None }
}

/// `till-1` dials `till-2` through the line.
pub async fn direct() -> Rig<DirectLink, DirectLink> {
    let chain = Chain::new("acme");
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let (near, far) = (Listener::bind(any).await.unwrap(), Listener::bind(any).await.unwrap());
    let proxy = Proxy::start(far.address()).await.unwrap();
    let admission: Admission = Arc::new(|peer| Ok(till(&peer.name)));
    let start = |listener, thing: &str, sibling: &str, address: SocketAddr| {
        let tls = chain.tls(&chain.till("HH01", thing)).unwrap();
        let sibling = Sibling { thing: sibling.to_owned(), address: address.to_string() };
        DirectLink::start(listener, &tls, vec![sibling], admission.clone()).unwrap()
    };
    let back = near.address();
    Rig {
        near: start(near, "till-1", "till-2", proxy.address()),
        far: start(far, "till-2", "till-1", back),
        to_far: till("till-2"),
        to_near: till("till-1"),
        line: Line::Proxy(proxy),
        far_is_up: till("till-1"),
        _broker: None,
    }
}

/// A till behind the line, and a hub at the broker.
pub async fn mqtt() -> Rig<MqttLink, MqttLink> {
    through_a_broker(MqttLink::start).await
}

/// The same over the second link.
#[cfg(feature = "aws-iot-sdk")]
pub async fn sdk() -> Rig<sync::link::mqtt::MqttLink, sync::link::mqtt::MqttLink> {
    through_a_broker(sync::link::mqtt::MqttLink::start_on_sdk).await
}

async fn through_a_broker<L: Link>(
    start: impl Fn(&Broker, Role, &Tls) -> Result<L, MqttError>,
) -> Rig<L, L> {
    let chain = Chain::new("acme");
    let settings = Settings { tills: vec![("HH01", "till-1")], ..Settings::default() };
    let broker = Mosquitto::start(&chain, &settings).unwrap();
    let proxy = Proxy::start((Ipv4Addr::LOCALHOST, broker.port()).into()).await.unwrap();
    let near = Role::Till { store: "HH01".into(), thing: "till-1".into(), streams: vec![] };
    let far = Role::Hub { client_id: "hub-1".into(), streams: vec![StreamKind::Staff] };
    let tls = chain.tls(&chain.till("HH01", "till-1")).unwrap();
    let hub_tls = chain.tls(&chain.hub()).unwrap();
    Rig {
        near: start(&chain.at(proxy.address().port()), near, &tls).unwrap(),
        far: start(&chain.at(broker.port()), far, &hub_tls).unwrap(),
        to_far: Route::Hub,
        to_near: till("till-1"),
        line: Line::Proxy(proxy),
        far_is_up: Route::Fan(StreamKind::Staff),
        _broker: Some(broker),
    }
}
