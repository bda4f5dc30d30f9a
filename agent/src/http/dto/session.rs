//! Logging in, PINs, staff. Nothing here shows a PIN when it is printed.

use crate::auth::PinHolder;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A log-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct LogIn {
    /// The staff number.
    #[schema(example = "101")]
    pub staff: String,
    /// 4 to 8 digits.
    #[schema(example = "4826")]
    pub pin: String,
}

/// Another person's word that an act may be done.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Approval {
    /// Their staff number.
    #[schema(example = "301")]
    pub staff: String,
    /// Their PIN.
    #[schema(example = "692571")]
    pub pin: String,
}

/// Who is logged in.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct LoggedIn {
    /// The staff number.
    staff: String,
    /// Their name.
    name: String,
    /// `cashier`, `supervisor`, `manager` or `administrator`.
    role: &'static str,
    /// To be sent as `X-Till-Csrf` with every request that changes something.
    csrf: String,
    /// Minutes without a request after which the log-in ends.
    idle_minutes: u64,
}

impl LoggedIn {
    /// Someone with their log-in's token.
    pub fn new(holder: PinHolder, csrf: String, idle_minutes: u64) -> Self {
        let PinHolder { staff, name, role } = holder;
        Self { staff: staff.to_string(), name, role: role.name(), csrf, idle_minutes }
    }
}

/// The first administrator's PIN.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct SetUp {
    /// The code that the agent showed when it started.
    pub code: String,
    /// The administrator's staff number.
    pub staff: String,
    /// The PIN to be: 4 to 8 digits.
    pub pin: String,
}

/// A PIN to be set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewPin {
    /// 4 to 8 digits.
    pub pin: String,
    /// The present PIN of whoever asks: their own, also when they set another person's.
    pub current: String,
}

/// Someone who works here.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct StaffMember {
    /// The staff number.
    pub staff: String,
    /// Their name.
    pub name: String,
    /// `cashier`, `supervisor`, `manager` or `administrator`.
    pub role: &'static str,
    /// Whether they have a PIN.
    pub has_pin: bool,
    /// Until when they are locked out after wrong PINs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locked_until: Option<String>,
}

/// Everyone who works here.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct StaffList {
    /// In the order of the staff file.
    pub staff: Vec<StaffMember>,
}
