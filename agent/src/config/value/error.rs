//! What can be wrong with a text, and what would be right. Said by [`super::text`].

use std::net::IpAddr;

use drivers::printer::profile::Profile;

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Not a path.
    #[error("`{0}` is not a path: write it out, without `~` and without variables")]
    Path(String),
    /// Not an IP address.
    #[error("`{0}` is not an IP address: write 127.0.0.1 or ::1")]
    Address(String),
    /// An address that others can reach.
    #[error(
        "other machines can reach `{0}`, and there is no TLS yet to keep PINs from being read on \
         the network: write 127.0.0.1 or ::1"
    )]
    NotLoopback(IpAddr),
    /// Not a log filter.
    #[error(
        "`{0}` is not a log filter: write a level (off, error, warn, info, debug, trace), or \
         levels by module, such as info,agent::till=debug"
    )]
    LogFilter(String),
    /// Not a name for a device.
    #[error("`{0}` is not a name: write 1 to 32 letters, digits, `-` or `_`")]
    Name(String),
    /// Not an address with a port.
    #[error("`{0}` is not an address to listen at: write it with its port, such as 0.0.0.0:8421")]
    ListenAddress(String),
    /// Not a host with a port.
    #[error(
        "`{0}` is not where a till listens: write its host or IP address with the port, such as 192.168.1.12:8421"
    )]
    HostPort(String),
    /// Not a host.
    #[error("`{0}` is not a machine: write its host name or IP address, without a port")]
    HostName(String),
    /// Not a name in a topic.
    #[error("`{0}` can't stand in a topic: write 1 to 64 bytes without spaces, /, +, # and $")]
    TopicName(String),
    /// Not a thing's name.
    #[error(
        "`{0}` is not a thing's name: write 1 to 64 lower-case letters, digits, `-` or `.`, as its certificate has it"
    )]
    Thing(String),
    /// Not a name for a till among the chain's things.
    #[error(
        "`{0}` is not a till's name: write 1 to 63 small letters, digits or `-`, no `-` at either \
         end, or leave it empty"
    )]
    OwnThing(String),
    /// No printer profile of this name.
    #[error("`{0}` is not a printer profile: write {list}", list = profile_names().join(" or "))]
    Profile(String),
    /// Not a terminal's password; it is not repeated here, because messages are logged.
    #[error("the password is not six digits: write it as it is set in the terminal")]
    Password,
}

/// The names of the built-in profiles.
pub(super) fn profile_names() -> Vec<String> {
    Profile::ALL.iter().map(|profile| profile.name.to_string()).collect()
}
