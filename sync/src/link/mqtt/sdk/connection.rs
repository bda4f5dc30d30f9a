//! One connection on the SDK, from CONNECT to its end.

use super::super::carrier::{Carrier, Outgoing, Packets, QUEUE, next};
use super::super::flight::Sent;
use super::super::limits;
use super::super::trouble::{End, Trouble};
use super::super::{Broker, Side};
use super::NOTHING;
use crate::link::Route;
use crate::link::mailbox::{Limits, Mailbox};
use crate::link::tls::{Tls, TlsError};
use crate::wire::MAX_FRAME_BYTES;
use aws_iot_device_sdk_rust::settings::{MQTTMaxPacketSize, MQTTOptionsOverrides};
use aws_iot_device_sdk_rust::{
    AWSIoTAsyncClient, AWSIoTSettings, ConnectionError, Event, EventLoop, Packet, Publish, QoS,
    TlsConfiguration, Transport,
};
use futures_util::{Stream, stream};
use rumqttc::SubscribeReasonCode;
use std::pin::pin;
use std::time::Duration;
use tokio::time::Instant;

/// Publishes that wait in the client: the SDK gives it room for 10 requests, and whoever fills it
/// waits for the event loop, which is polled by the same task.
const IN_CLIENT: usize = 8;

/// What every connection of a link is made from.
#[derive(Clone)]
pub(super) struct Dialled {
    mailbox: Mailbox,
    broker: Broker,
    side: Side,
    transport: Transport,
}

impl Dialled {
    /// # Errors
    /// When TLS can't be set up.
    pub(super) fn new(
        mailbox: Mailbox,
        broker: Broker,
        side: Side,
        tls: &Tls,
    ) -> Result<Self, TlsError> {
        let alpn = broker.aws_alpn.then_some(limits::AWS_ALPN);
        let config = TlsConfiguration::Rustls(tls.broker_client(alpn)?);
        Ok(Self { mailbox, broker, side, transport: Transport::tls_with_config(config) })
    }

    fn keep_alive(&self) -> Duration {
        Duration::from_secs(u64::from(self.broker.keep_alive_s))
    }

    fn settings(&self) -> AWSIoTSettings {
        let incoming = usize::try_from(limits::INCOMING_PACKET_BYTES).unwrap_or(usize::MAX);
        let outgoing = MAX_FRAME_BYTES + limits::PACKET_OVERHEAD_BYTES;
        let overrides = MQTTOptionsOverrides {
            port: Some(self.broker.port),
            // No session outlives its connection: the broker replays it at a tenth of our speed.
            clean_session: Some(true),
            keep_alive: Some(self.keep_alive()),
            max_packet_size: Some(MQTTMaxPacketSize::new(incoming, outgoing)),
            inflight: Some(limits::IN_FLIGHT),
            conn_timeout: Some(limits::CONNECTING.as_secs()),
            transport: Some(self.transport.clone()),
            ..MQTTOptionsOverrides::default()
        };
        let id = self.side.client_id().to_owned();
        let host = self.broker.host.clone();
        let file = || NOTHING.to_owned();
        AWSIoTSettings::new(id, file(), file(), file(), host, Some(overrides))
    }

    /// Runs a connection to its end, and says what ended it.
    pub(super) async fn run(self) -> End {
        let never_up = |trouble| End { trouble, was_up: false };
        let (client, (eventloop, _)) = match AWSIoTAsyncClient::new(self.settings()).await {
            Ok(made) => made,
            Err(error) => return never_up(error.into()),
        };
        let mut packets = pin!(packets(eventloop));
        let deadline = Instant::now() + limits::CONNECTING;
        match next(&mut packets, deadline).await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {}
            Ok(_) => return never_up(Trouble::alarm("it began without CONNACK".to_owned())),
            Err(trouble) => return never_up(trouble),
        }
        let silence = self.keep_alive() * 3 / 2;
        let mut connection = Connection::new(self.mailbox, client, self.side);
        let trouble = match connection.subscribe(&mut packets, deadline).await {
            Ok(()) => connection.carry(&mut packets, silence).await,
            Err(trouble) => trouble,
        };
        connection.carrier.line.close(&trouble.why);
        End { trouble, was_up: connection.carrier.is_up }
    }
}

/// The client's events; its `poll` loses a packet when it is dropped half way.
fn packets(eventloop: EventLoop) -> impl Stream<Item = Result<Event, ConnectionError>> {
    stream::unfold(eventloop, |mut eventloop| async {
        let event = eventloop.poll().await;
        Some((event, eventloop))
    })
}

/// What a connection has under way.
struct Connection {
    carrier: Carrier,
    client: AWSIoTAsyncClient,
    outgoing: Outgoing,
    sent: Sent<()>,
    /// Publishes that the client has not written.
    in_client: usize,
    /// A frame that the session has no room for; nothing more is read before it has.
    waiting: Option<(Route, Vec<u8>)>,
}

impl Connection {
    fn new(mailbox: Mailbox, client: AWSIoTAsyncClient, side: Side) -> Self {
        let line = mailbox.line(Limits {
            queue: QUEUE,
            window: usize::from(limits::RECEIVE_MAXIMUM),
            frame_bytes: MAX_FRAME_BYTES,
            acknowledges: false,
        });
        Self {
            outgoing: Outgoing::new(&side),
            carrier: Carrier::new(mailbox, side, line),
            client,
            sent: Sent::new(limits::IN_FLIGHT),
            in_client: 0,
            waiting: None,
        }
    }

    /// Subscribes to what we hear, and is up. Our own inbox must be granted; a stream that is
    /// refused is an alarm, and the rest goes on.
    async fn subscribe<S>(
        &mut self,
        packets: &mut Packets<'_, S>,
        deadline: Instant,
    ) -> Result<(), Trouble>
    where
        S: Stream<Item = Result<Event, ConnectionError>>,
    {
        let (inbox, fans) = self.carrier.side.filters();
        // Fans first: what comes to the inbox before all is up would have to be kept.
        for (filter, is_inbox) in
            fans.into_iter().map(|fan| (fan, false)).chain(inbox.into_iter().map(|it| (it, true)))
        {
            let granted = self.ask_for(&filter, packets, deadline).await?;
            match (granted, is_inbox) {
                (true, _) => {}
                (false, true) => {
                    return Err(Trouble::keep_away(format!("it does not let us hear {filter}")));
                }
                (false, false) => {
                    self.carrier.mailbox.alarm(format!("the broker does not let us hear {filter}"));
                }
            }
        }
        self.carrier.up();
        Ok(())
    }

    /// One SUBSCRIBE and its answer: whether it was granted at QoS 1.
    async fn ask_for<S>(
        &mut self,
        filter: &str,
        packets: &mut Packets<'_, S>,
        deadline: Instant,
    ) -> Result<bool, Trouble>
    where
        S: Stream<Item = Result<Event, ConnectionError>>,
    {
        self.client.subscribe(filter, QoS::AtLeastOnce).await?;
        loop {
            // A stream's frame that comes before all is up is lost; it is asked for again.
            if let Event::Incoming(Packet::SubAck(answer)) = next(packets, deadline).await? {
                let granted = match answer.return_codes.first() {
                    Some(SubscribeReasonCode::Success(qos)) => *qos != QoS::AtMostOnce,
                    Some(SubscribeReasonCode::Failure) | None => false,
                };
                return Ok(granted);
            }
        }
    }

    /// Carries frames until the connection ends.
    async fn carry<S>(&mut self, packets: &mut Packets<'_, S>, silence: Duration) -> Trouble
    where
        S: Stream<Item = Result<Event, ConnectionError>>,
    {
        let mut heard = Instant::now();
        loop {
            let has_room = self.sent.has_room() && self.in_client < IN_CLIENT;
            let went_on = tokio::select! {
                event = next(packets, heard + silence), if self.waiting.is_none() => {
                    event.map(|event| {
                        if matches!(event, Event::Incoming(_)) {
                            heard = Instant::now();
                        }
                        self.handle(event);
                    })
                }
                () = self.carrier.line.credit(), if self.waiting.is_some() => {
                    // Whoever did not listen can't say that nothing was said.
                    heard = Instant::now();
                    if let Some((route, bytes)) = self.waiting.take() {
                        self.deliver(route, bytes);
                    }
                    Ok(())
                }
                (route, bytes) = self.outgoing.next(&self.carrier.line, has_room) => {
                    self.publish(&route, bytes).await
                }
            };
            if let Err(trouble) = went_on {
                return trouble;
            }
        }
    }

    async fn publish(&mut self, route: &Route, bytes: Vec<u8>) -> Result<(), Trouble> {
        let Some(topic) = self.carrier.side.topic(route) else { return Ok(()) };
        self.client.publish(topic, QoS::AtLeastOnce, bytes).await?;
        self.sent.handed(());
        self.in_client += 1;
        Ok(())
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Outgoing(rumqttc::Outgoing::Publish(packet)) => {
                self.in_client = self.in_client.saturating_sub(1);
                self.sent.written(packet);
            }
            Event::Incoming(Packet::PubAck(answer)) => {
                self.sent.acknowledged(answer.pkid);
            }
            Event::Incoming(Packet::Publish(publish)) => self.heard(publish),
            _ => {}
        }
    }

    fn heard(&mut self, publish: Publish) {
        // Neither tills nor hubs send it, so it is not worth a place in the window.
        if publish.qos != QoS::AtLeastOnce {
            return;
        }
        if let Some(route) = self.carrier.heard(&publish.topic, publish.payload.len()) {
            self.deliver(route, publish.payload.to_vec());
        }
    }

    fn deliver(&mut self, route: Route, bytes: Vec<u8>) {
        if !self.carrier.admits(&route) {
            return;
        }
        if self.carrier.line.has_credit() {
            self.carrier.line.deliver(route, bytes);
        } else {
            self.waiting = Some((route, bytes));
        }
    }
}
