//! Topics: where frames go at the broker, and what a topic says of where one came from.
//!
//! `till/1/<chain>/<store>/<thing>/up` and `…/down`, and `till/1/<chain>/hub/<stream>` to everyone.
//! The broker's rules hold each till to its own, so a topic's names can be believed.

use super::MqttError;
use super::limits::{TOPIC_BYTES, TOPIC_SLASHES};
use crate::link::Route;
use crate::log::{StreamKind, Zone};

/// The longest name in a topic; three of them and the rest stay below [`TOPIC_BYTES`].
pub const MAX_NAME_BYTES: usize = 64;
const _: () = assert!("till/1/////down".len() + 3 * MAX_NAME_BYTES <= TOPIC_BYTES);
const _: () = assert!(5 <= TOPIC_SLASHES);

/// Where the hub publishes to everyone; no store may have its name.
const HUB: &str = "hub";

/// Refuses what is no name in a topic.
///
/// # Errors
/// [`MqttError::Name`].
pub(super) fn name(text: &str) -> Result<(), MqttError> {
    if is_topic_name(text) { Ok(()) } else { Err(MqttError::Name(text.chars().take(64).collect())) }
}

/// Whether a text can be a name in a topic.
#[must_use]
pub fn is_topic_name(text: &str) -> bool {
    let wrong = |c: char| matches!(c, '/' | '+' | '#' | '$') || c.is_control() || c.is_whitespace();
    !text.is_empty() && text.len() <= MAX_NAME_BYTES && !text.contains(wrong)
}

/// The topics of one chain.
#[derive(Debug, Clone)]
pub(super) struct Topics {
    /// `till/1/<chain>`
    root: String,
    /// `$aws/rules/<rule>/` before what goes up, or nothing.
    ingest: String,
}

impl Topics {
    /// # Errors
    /// When a name is none.
    pub(super) fn new(chain: &str, rule: Option<&str>) -> Result<Self, MqttError> {
        name(chain)?;
        rule.map_or(Ok(()), name)?;
        let ingest = rule.map(|rule| format!("$aws/rules/{rule}/")).unwrap_or_default();
        Ok(Self { root: format!("till/1/{chain}"), ingest })
    }

    /// Where a till publishes.
    pub(super) fn up(&self, store: &str, thing: &str) -> Option<String> {
        let topic = self.tills(store, thing, "up")?;
        Some(format!("{}{topic}", self.ingest))
    }

    /// Where a till listens.
    pub(super) fn down(&self, store: &str, thing: &str) -> Option<String> {
        self.tills(store, thing, "down")
    }

    fn tills(&self, store: &str, thing: &str, end: &str) -> Option<String> {
        let named = is_topic_name(store) && is_topic_name(thing) && store != HUB;
        named.then(|| format!("{}/{store}/{thing}/{end}", self.root))
    }

    /// Where the hub listens.
    pub(super) fn every_up(&self) -> String {
        format!("{}/+/+/up", self.root)
    }

    /// Where the hub publishes a stream; `None` when a till writes it.
    pub(super) fn fan(&self, kind: StreamKind) -> Option<String> {
        Some(format!("{}/{HUB}/{}", self.root, stream_name(kind)?))
    }

    /// Where a frame that a hub hears came from.
    pub(super) fn heard_by_hub(&self, topic: &str) -> Option<Route> {
        let rest = topic.strip_prefix(&self.root)?.strip_prefix('/')?.strip_suffix("/up")?;
        let (store, thing) = rest.split_once('/')?;
        self.tills(store, thing, "up")?;
        Some(Route::Till { store: store.to_owned(), thing: thing.to_owned() })
    }

    /// Which stream a frame that a till hears is for, when it came to everyone.
    pub(super) fn heard_by_all(&self, topic: &str) -> Option<Route> {
        let rest = topic.strip_prefix(&self.root)?.strip_prefix('/')?.strip_prefix(HUB)?;
        stream_named(rest.strip_prefix('/')?).map(Route::Fan)
    }
}

fn stream_name(kind: StreamKind) -> Option<String> {
    match kind {
        StreamKind::Catalogue => Some("catalogue".to_owned()),
        StreamKind::Staff => Some("staff".to_owned()),
        StreamKind::Settings => Some("settings".to_owned()),
        StreamKind::Prices(zone) => Some(format!("prices-{}", zone.number())),
        StreamKind::Journal | StreamKind::Workspace | StreamKind::Customers => None,
    }
}

fn stream_named(name: &str) -> Option<StreamKind> {
    let kind = match name {
        "catalogue" => StreamKind::Catalogue,
        "staff" => StreamKind::Staff,
        "settings" => StreamKind::Settings,
        other => StreamKind::Prices(Zone::new(other.strip_prefix("prices-")?.parse().ok()?)?),
    };
    // One name for each stream: `prices-007` is not another one for zone 7.
    (stream_name(kind).as_deref() == Some(name)).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn till(store: &str, thing: &str) -> Route {
        Route::Till { store: store.into(), thing: thing.into() }
    }

    /// Appended to, never changed: brokers' rules name these topics.
    #[test]
    fn golden() {
        let topics = Topics::new("acme", Some("ingest")).unwrap();
        let zone = Zone::new(7).unwrap();
        for (topic, golden) in [
            (topics.up("HH01", "till-3"), "$aws/rules/ingest/till/1/acme/HH01/till-3/up"),
            (topics.down("HH01", "till-3"), "till/1/acme/HH01/till-3/down"),
            (topics.fan(StreamKind::Catalogue), "till/1/acme/hub/catalogue"),
            (topics.fan(StreamKind::Staff), "till/1/acme/hub/staff"),
            (topics.fan(StreamKind::Settings), "till/1/acme/hub/settings"),
            (topics.fan(StreamKind::Prices(zone)), "till/1/acme/hub/prices-7"),
            (Some(topics.every_up()), "till/1/acme/+/+/up"),
        ] {
            assert_eq!(topic.as_deref(), Some(golden));
        }
        assert_eq!(topics.fan(StreamKind::Journal), None);
        let plain = Topics::new("acme", None).unwrap();
        assert_eq!(plain.up("HH01", "till-3").as_deref(), Some("till/1/acme/HH01/till-3/up"));
    }

    proptest! {
        #[test]
        fn a_till_is_known_by_its_topic(
            store in "[^/+#$\\pC\\s]{1,16}", thing in "[^/+#$\\pC\\s]{1,16}"
        ) {
            let topics = Topics::new("acme", None).unwrap();
            let up = topics.up(&store, &thing).unwrap();
            prop_assert!(up.len() <= TOPIC_BYTES);
            prop_assert!(up.matches('/').count() <= TOPIC_SLASHES);
            prop_assert_eq!(topics.heard_by_hub(&up), Some(till(&store, &thing)));
        }

        #[test]
        fn a_stream_is_known_by_its_topic(number in 0_i64..0x2000) {
            let Ok(kind) = StreamKind::from_number(number) else { return Ok(()) };
            let topics = Topics::new("acme", None).unwrap();
            if let Some(topic) = topics.fan(kind) {
                prop_assert_eq!(topics.heard_by_all(&topic), Some(Route::Fan(kind)));
            }
        }

        #[test]
        fn no_topic_makes_it_fall_over(topic in "\\PC{0,60}") {
            let topics = Topics::new("acme", None).unwrap();
            prop_assert!(topics.heard_by_hub(&topic).is_none());
            prop_assert!(topics.heard_by_all(&topic).is_none());
        }
    }

    #[test]
    fn what_is_no_name_gets_into_no_topic() {
        let topics = Topics::new("acme", None).unwrap();
        let long = "x".repeat(MAX_NAME_BYTES + 1);
        for bad in ["", "a/b", "+", "#", "$aws", "a b", "a\0", "a\nb", &long] {
            assert!(name(bad).is_err(), "{bad:?}");
            assert!(Topics::new(bad, None).is_err(), "{bad:?}");
            assert!(Topics::new("acme", Some(bad)).is_err(), "{bad:?}");
            assert_eq!(topics.up(bad, "till-1"), None);
            assert_eq!(topics.down("HH01", bad), None);
        }
        assert_eq!(topics.down("hub", "till-1"), None);
    }

    #[test]
    fn other_topics_are_nobodys() {
        let topics = Topics::new("acme", None).unwrap();
        for topic in [
            "",
            "till/1/acme/HH01/till-1/down",
            "till/1/acme/HH01/up",
            "till/1/acme/HH01/a/b/up",
            "till/1/acme/hub/till-1/up",
            "till/1/acmes/HH01/till-1/up",
            "till/2/acme/HH01/till-1/up",
        ] {
            assert_eq!(topics.heard_by_hub(topic), None, "{topic}");
        }
        for topic in [
            "till/1/acme/hub",
            "till/1/acme/hub/",
            "till/1/acme/hub/journal",
            "till/1/acme/hub/prices-",
            "till/1/acme/hub/prices-007",
            "till/1/acme/hub/prices-+7",
            "till/1/acme/hub/prices-4096",
            "till/1/acme/hubs/staff",
        ] {
            assert_eq!(topics.heard_by_all(topic), None, "{topic}");
        }
    }
}
