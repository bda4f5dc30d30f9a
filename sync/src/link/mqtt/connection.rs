//! One connection to the broker, from CONNECT to its end.
//!
//! Each has a client of its own: an old one taken up again sends what it kept in endless circles
//! when the broker has forgotten the session. The client is polled through a stream that is never
//! dropped half way, for its `poll` loses a packet when it is.

use super::carrier::{Carrier, Outgoing, Packets, QUEUE, next};
use super::flight::{Received, Sent};
use super::grant::{Grant, grant};
use super::limits::{CONNECTING, FILTERS_PER_SUBSCRIBE, IN_FLIGHT, RECEIVE_MAXIMUM};
use super::trouble::{End, Trouble};
use super::{Role, Side};
use crate::link::Route;
use crate::link::mailbox::{Limits, Mailbox};
use futures_util::{Stream, stream};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, Filter, Packet, PubAck, PubAckReason, Publish, SubAck, SubscribeReasonCode,
};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions};
use std::collections::VecDeque;
use std::pin::pin;
use std::time::Duration;
use tokio::time::Instant;

/// Requests that wait in the client: every publish that may be under way, every acknowledgement
/// that may be due, and a SUBSCRIBE. It is never full, so nothing here waits for it.
const REQUESTS: usize = IN_FLIGHT as usize + RECEIVE_MAXIMUM as usize + 8;

/// Runs a connection to its end, and says what ended it.
pub(super) async fn run(mailbox: Mailbox, options: MqttOptions, side: Side) -> End {
    let keep_alive = options.keep_alive();
    let (client, eventloop) = AsyncClient::new(options, REQUESTS);
    let mut packets = pin!(packets(eventloop));
    let deadline = Instant::now() + CONNECTING;
    let never_up = |trouble| End { trouble, was_up: false };
    let connack = match next(&mut packets, deadline).await {
        Ok(Event::Incoming(Packet::ConnAck(connack))) => connack,
        Ok(_) => return never_up(Trouble::alarm("it began without CONNACK".to_owned())),
        Err(trouble) => return never_up(trouble),
    };
    let mut connection = match Connection::new(mailbox, client, side, &connack, keep_alive) {
        Ok(connection) => connection,
        Err(why) => return never_up(Trouble::keep_away(why)),
    };
    let trouble = match connection.subscribe(&mut packets, deadline).await {
        Ok(()) => connection.carry(&mut packets).await,
        Err(trouble) => trouble,
    };
    connection.carrier.line.close(&trouble.why);
    End { trouble, was_up: connection.carrier.is_up }
}

fn packets(eventloop: EventLoop) -> impl Stream<Item = Result<Event, ConnectionError>> {
    stream::unfold(eventloop, |mut eventloop| async {
        let event = eventloop.poll().await;
        Some((event, eventloop))
    })
}

/// What a connection has under way.
struct Connection {
    carrier: Carrier,
    client: AsyncClient,
    grant: Grant,
    outgoing: Outgoing,
    sent: Sent<String>,
    received: Received,
    /// Frames that came before the last SUBSCRIBE was acknowledged; bounded by `received`.
    early: Vec<(Route, Vec<u8>, u16)>,
}

impl Connection {
    fn new(
        mailbox: Mailbox,
        client: AsyncClient,
        side: Side,
        connack: &ConnAck,
        asked_keep_alive: Duration,
    ) -> Result<Self, String> {
        let is_hub = matches!(side.role, Role::Hub { .. });
        let grant = grant(connack.properties.as_ref(), asked_keep_alive, is_hub)?;
        for less in &grant.less {
            mailbox.alarm(format!("the broker grants less than is needed: {less}"));
        }
        let line = mailbox.line(Limits {
            queue: QUEUE,
            window: usize::from(RECEIVE_MAXIMUM),
            frame_bytes: grant.frame_bytes,
            acknowledges: true,
        });
        Ok(Self {
            outgoing: Outgoing::new(&side),
            carrier: Carrier::new(mailbox, side, line),
            sent: Sent::new(grant.in_flight),
            received: Received::default(),
            early: Vec::new(),
            client,
            grant,
        })
    }

    /// Subscribes to what we hear. Our own inbox must be granted; a stream that is refused is an
    /// alarm, and the rest goes on.
    async fn subscribe<S>(
        &mut self,
        packets: &mut Packets<'_, S>,
        deadline: Instant,
    ) -> Result<(), Trouble>
    where
        S: Stream<Item = Result<Event, ConnectionError>>,
    {
        let (inbox, fans) = self.carrier.side.filters();
        let inbox: Vec<String> = inbox.into_iter().collect();
        if let Some(refused) = self.ask_for(&inbox, packets, deadline).await?.first() {
            return Err(Trouble::keep_away(format!("it does not let us hear {refused}")));
        }
        for filters in fans.chunks(FILTERS_PER_SUBSCRIBE) {
            for refused in self.ask_for(filters, packets, deadline).await? {
                self.carrier.mailbox.alarm(format!("the broker does not let us hear {refused}"));
            }
        }
        self.up()
    }

    /// One SUBSCRIBE and its answer: what of it was refused, and why.
    async fn ask_for<S>(
        &mut self,
        filters: &[String],
        packets: &mut Packets<'_, S>,
        deadline: Instant,
    ) -> Result<Vec<String>, Trouble>
    where
        S: Stream<Item = Result<Event, ConnectionError>>,
    {
        let asked = filters.iter().map(|filter| Filter::new(filter, QoS::AtLeastOnce));
        self.client.try_subscribe_many(asked).map_err(|_| client_is_full())?;
        loop {
            match next(packets, deadline).await? {
                Event::Incoming(Packet::SubAck(answer)) => return Ok(refusals(filters, &answer)),
                event => self.handle(event)?,
            }
        }
    }

    fn up(&mut self) -> Result<(), Trouble> {
        self.carrier.up();
        for (route, bytes, packet) in std::mem::take(&mut self.early) {
            self.deliver(route, bytes, packet)?;
        }
        self.acknowledge()
    }

    /// Carries frames until the connection ends.
    async fn carry<S>(&mut self, packets: &mut Packets<'_, S>) -> Trouble
    where
        S: Stream<Item = Result<Event, ConnectionError>>,
    {
        // The client pings once a keep-alive, whatever else is said, so something is heard.
        let silence = self.grant.keep_alive * 3 / 2;
        let mut heard = Instant::now();
        loop {
            let went_on = tokio::select! {
                event = next(packets, heard + silence) => event.and_then(|event| {
                    if matches!(event, Event::Incoming(_)) {
                        heard = Instant::now();
                    }
                    self.handle(event)
                }),
                receipt = self.carrier.line.returned() => {
                    self.received.done(receipt);
                    self.acknowledge()
                }
                (route, bytes) = self.outgoing.next(&self.carrier.line, self.sent.has_room()) => {
                    self.publish(&route, bytes)
                }
            };
            if let Err(trouble) = went_on {
                return trouble;
            }
        }
    }

    fn publish(&mut self, route: &Route, bytes: Vec<u8>) -> Result<(), Trouble> {
        let Some(topic) = self.carrier.side.topic(route) else { return Ok(()) };
        self.client
            .try_publish(topic.clone(), QoS::AtLeastOnce, false, bytes)
            .map_err(|_| client_is_full())?;
        self.sent.handed(topic);
        Ok(())
    }

    fn handle(&mut self, event: Event) -> Result<(), Trouble> {
        match event {
            Event::Outgoing(rumqttc::Outgoing::Publish(packet)) => self.sent.written(packet),
            Event::Incoming(Packet::PubAck(answer)) => self.answered(&answer),
            Event::Incoming(Packet::Publish(publish)) => return self.heard(publish),
            _ => {}
        }
        Ok(())
    }

    /// A refused publish is lost: the session sends it again, and a person is told where not.
    fn answered(&mut self, answer: &PubAck) {
        let Some(topic) = self.sent.acknowledged(answer.pkid) else { return };
        if !matches!(answer.reason, PubAckReason::Success | PubAckReason::NoMatchingSubscribers) {
            let why = answer.reason;
            self.carrier
                .mailbox
                .alarm(format!("the broker refuses what we send to {topic} ({why:?})"));
        }
    }

    fn heard(&mut self, publish: Publish) -> Result<(), Trouble> {
        // Neither tills nor hubs send it, so it is not worth a place in the window.
        if publish.qos != QoS::AtLeastOnce {
            return Ok(());
        }
        if self.received.len() >= usize::from(RECEIVE_MAXIMUM) {
            let why = format!("it sent more than {RECEIVE_MAXIMUM} publishes at once");
            return Err(Trouble::alarm(why));
        }
        let topic = std::str::from_utf8(&publish.topic).unwrap_or_default();
        match self.carrier.heard(topic, publish.payload.len()) {
            Some(route) => self.deliver(route, publish.payload.to_vec(), publish.pkid),
            None => {
                self.received.dropped(publish.pkid);
                self.acknowledge()
            }
        }
    }

    fn deliver(&mut self, route: Route, bytes: Vec<u8>, packet: u16) -> Result<(), Trouble> {
        if !self.carrier.is_up {
            self.early.push((route, bytes, packet));
            return match self.early.len() > usize::from(RECEIVE_MAXIMUM) {
                true => Err(Trouble::alarm("it sends before we could subscribe".to_owned())),
                false => Ok(()),
            };
        }
        if !self.carrier.admits(&route) {
            self.received.dropped(packet);
            return self.acknowledge();
        }
        match self.carrier.line.deliver(route, bytes) {
            Some(receipt) => self.received.came(receipt, packet),
            None => return Err(Trouble::alarm("it sent more than it may at once".to_owned())),
        }
        Ok(())
    }

    fn acknowledge(&mut self) -> Result<(), Trouble> {
        while let Some(packet) = self.received.next_due() {
            // The client wants the publish itself, and takes only its number from it.
            let mut publish = Publish::new("", QoS::AtLeastOnce, Vec::new(), None);
            publish.pkid = packet;
            self.client.try_ack(&publish).map_err(|_| client_is_full())?;
        }
        Ok(())
    }
}

fn client_is_full() -> Trouble {
    Trouble::alarm("the MQTT client does not take a request that it has room for".to_owned())
}

/// Which filters were not granted at QoS 1, and the broker's reason.
fn refusals(filters: &[String], answer: &SubAck) -> Vec<String> {
    let mut codes: VecDeque<_> = answer.return_codes.iter().collect();
    let mut refused = Vec::new();
    for filter in filters {
        match codes.pop_front() {
            Some(SubscribeReasonCode::Success(QoS::AtLeastOnce | QoS::ExactlyOnce)) => {}
            Some(SubscribeReasonCode::Success(QoS::AtMostOnce)) => {
                refused.push(format!("{filter} (at QoS 0 only)"));
            }
            Some(code) => refused.push(format!("{filter} ({code:?})")),
            None => refused.push(format!("{filter} (no answer)")),
        }
    }
    refused
}
