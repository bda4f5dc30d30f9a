//! The values a key can have: each type admits only what the till can work with, and its error
//! says what would be right. Used by [`super::sections`]; places are [`super::read`]'s.

mod error;
mod net;
mod number;
mod text;
mod zones;

pub use error::ValueError;
pub use net::{HostName, HostPort, ThingName, TopicName};
pub use number::{DrawerPin, Within};
pub use text::{DeviceName, Given, LogFilter, Loopback, OwnThing, Text, TextValue};
pub use zones::{MAX_ZONES, Zones};
