//! One connection on the SDK, from CONNECT to its end.

use super::super::flight::Sent;
use super::super::grant::shown;
use super::super::limits;
use super::super::pace::Pace;
use super::super::trouble::{End, Trouble};
use super::super::{Broker, Role, Side};
use super::NOTHING;
use crate::link::Route;
use crate::link::mailbox::{Limits, Line, Mailbox};
use crate::link::tls::{Tls, TlsError};
use crate::wire::MAX_FRAME_BYTES;
use aws_iot_device_sdk_rust::settings::{MQTTMaxPacketSize, MQTTOptionsOverrides};
use aws_iot_device_sdk_rust::{
    AWSIoTAsyncClient, AWSIoTSettings, ConnectionError, Event, EventLoop, Packet, Publish, QoS,
    TlsConfiguration, Transport,
};
use futures_util::{Stream, StreamExt, stream};
use rumqttc::{Outgoing, SubscribeReasonCode};
use std::pin::{Pin, pin};
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout_at};

/// Frames that wait for the client; those beyond wait in the session.
const QUEUE: usize = 64;

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
        connection.line.close(&trouble.why);
        End { trouble, was_up: connection.is_up }
    }
}

/// The client's events; its `poll` loses a packet when it is dropped half way.
fn packets(eventloop: EventLoop) -> impl Stream<Item = Result<Event, ConnectionError>> {
    stream::unfold(eventloop, |mut eventloop| async {
        let event = eventloop.poll().await;
        Some((event, eventloop))
    })
}

type Packets<'a, S> = Pin<&'a mut S>;

/// The next of the client's events. Dropping the future loses nothing.
async fn next<S>(packets: &mut Packets<'_, S>, deadline: Instant) -> Result<Event, Trouble>
where
    S: Stream<Item = Result<Event, ConnectionError>>,
{
    match timeout_at(deadline, packets.next()).await {
        Ok(Some(Ok(event))) => Ok(event),
        Ok(Some(Err(error))) => Err(error.into()),
        Ok(None) => Err(Trouble::passing("the line was closed".to_owned())),
        Err(_) => Err(Trouble::passing("it does not answer any more".to_owned())),
    }
}

/// What a connection has under way.
struct Connection {
    mailbox: Mailbox,
    client: AWSIoTAsyncClient,
    side: Side,
    line: Line,
    began: Instant,
    pace: Pace,
    sent: Sent<()>,
    /// Publishes that the client has not written.
    in_client: usize,
    /// A frame that the session has no room for; nothing more is read before it has.
    waiting: Option<(Route, Vec<u8>)>,
    is_up: bool,
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
            mailbox,
            client,
            side,
            line,
            began: Instant::now(),
            pace: Pace::new(Duration::ZERO),
            sent: Sent::new(limits::IN_FLIGHT),
            in_client: 0,
            waiting: None,
            is_up: false,
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
        let (inbox, fans) = self.side.filters();
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
                    self.mailbox.alarm(format!("the broker does not let us hear {filter}"));
                }
            }
        }
        self.is_up = true;
        for route in self.side.reached() {
            self.line.up(route, None);
        }
        if matches!(self.side.role, Role::Hub { .. }) {
            self.line.reaches_every_till();
        }
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
        let mut frame: Option<(Route, Vec<u8>)> = None;
        let mut not_before = Instant::now();
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
                () = self.line.credit(), if self.waiting.is_some() => {
                    // Whoever did not listen can't say that nothing was said.
                    heard = Instant::now();
                    if let Some((route, bytes)) = self.waiting.take() {
                        self.deliver(route, bytes);
                    }
                    Ok(())
                }
                taken = self.line.next_frame(), if frame.is_none() && has_room => {
                    frame = Some(taken);
                    Ok(())
                }
                () = sleep_until(not_before), if frame.is_some() => Ok(()),
            };
            if let Err(trouble) = went_on {
                return trouble;
            }
            if let Some((_, bytes)) = &frame {
                match self.pace.take(bytes.len(), self.began.elapsed()) {
                    Err(wait) => not_before = Instant::now() + wait,
                    Ok(()) => {
                        if let Some((route, bytes)) = frame.take()
                            && let Err(trouble) = self.publish(&route, bytes).await
                        {
                            return trouble;
                        }
                    }
                }
            }
        }
    }

    async fn publish(&mut self, route: &Route, bytes: Vec<u8>) -> Result<(), Trouble> {
        let Some(topic) = self.side.topic(route) else { return Ok(()) };
        self.client.publish(topic, QoS::AtLeastOnce, bytes).await?;
        self.sent.handed(());
        self.in_client += 1;
        Ok(())
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Outgoing(Outgoing::Publish(packet)) => {
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
        match self.side.heard(&publish.topic) {
            Some(route) if (1..=MAX_FRAME_BYTES).contains(&publish.payload.len()) => {
                self.deliver(route, publish.payload.to_vec());
            }
            _ => {
                let (bytes, topic) = (publish.payload.len(), shown(&publish.topic));
                self.mailbox.alarm(format!("{bytes} bytes in {topic} are no frame: dropped"));
            }
        }
    }

    fn deliver(&mut self, route: Route, bytes: Vec<u8>) {
        let is_till = matches!(route, Route::Till { .. });
        if is_till && !self.line.up(route.clone(), None) {
            self.mailbox.alarm(format!("more tills than a hub serves: {route} is not heard"));
        } else if self.line.has_credit() {
            self.line.deliver(route, bytes);
        } else {
            self.waiting = Some((route, bytes));
        }
    }
}
