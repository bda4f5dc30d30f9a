//! How the till, its devices and its spool are.

use super::shift::ShiftShown;
use crate::runtime::DeviceStatus;
use crate::store::till::{Job, JobKind, JobState};
use serde::Serialize;
use utoipa::ToSchema;

/// How the till is.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct TillStatus {
    /// The store's code.
    pub store: String,
    /// The shop's name.
    pub store_name: String,
    /// The till's number.
    pub till: u16,
    /// The receipt series.
    pub series: u32,
    /// How the till stands to others, in words.
    #[schema(example = "this till works on its own")]
    pub line: String,
    /// The time on the store's clock.
    pub now: String,
    /// The open shift; missing when none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shift: Option<ShiftShown>,
    /// The cart at the till.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cart: Option<u64>,
    /// The number of the return under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_return: Option<u64>,
    /// Payments that still need someone.
    pub unsettled_payments: usize,
    /// What waits in the spool.
    pub spool: SpoolStatus,
    /// The devices.
    pub devices: Vec<DeviceShown>,
    /// The disk.
    pub disk: DiskStatus,
    /// What runs.
    pub version: &'static str,
    /// The schema of `till.db`.
    pub till_schema: u32,
    /// The schema of `catalogue.db`.
    pub catalogue_schema: u32,
    /// Whether nobody has a PIN yet.
    pub needs_setup: bool,
}

/// What waits in the spool.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(in crate::http) struct SpoolStatus {
    /// To be printed.
    pub waiting: u32,
    /// Not printed, or nobody knows: someone must look.
    pub stuck: u32,
}

/// The disk of the till's folder.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct DiskStatus {
    /// Mebibytes left; missing when it cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_mb: Option<u64>,
}

/// A device.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Device)]
pub(in crate::http) struct DeviceShown {
    /// Its name.
    name: String,
    /// `printer`, `terminal` or `scanner`.
    kind: &'static str,
    /// Where it is.
    endpoint: String,
    /// `online`, `degraded`, `offline` or `faulted`.
    health: &'static str,
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl From<DeviceStatus> for DeviceShown {
    fn from(status: DeviceStatus) -> Self {
        let DeviceStatus { name, kind, endpoint, health, why } = status;
        Self { name, kind, endpoint, health, why }
    }
}

/// The devices.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct DeviceList {
    /// In the order of the configuration.
    pub devices: Vec<DeviceShown>,
    /// What the card terminal is doing, in words, while a payment is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
}

/// A print job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub(in crate::http) struct JobShown {
    /// Its number.
    job: u64,
    /// `drawer`, `receipt` or `report`.
    kind: &'static str,
    /// The receipt's series.
    series: u32,
    /// The receipt's or shift's number.
    number: u32,
    /// Whether it is marked as a duplicate.
    duplicate: bool,
    /// `waiting`, `sent`, `unknown` or `not_printed`.
    state: &'static str,
    /// Why, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    why: String,
}

impl From<Job> for JobShown {
    fn from(job: Job) -> Self {
        Self {
            job: job.id,
            kind: match job.kind {
                JobKind::Drawer => "drawer",
                JobKind::Receipt => "receipt",
                JobKind::Report => "report",
            },
            series: job.series,
            number: job.number,
            duplicate: job.duplicate,
            state: match job.state {
                JobState::Waiting => "waiting",
                JobState::Sent => "sent",
                JobState::Unknown => "unknown",
                JobState::NotPrinted => "not_printed",
            },
            why: job.why,
        }
    }
}

/// The spool.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct JobList {
    /// In order; the first hundred.
    pub jobs: Vec<JobShown>,
}
