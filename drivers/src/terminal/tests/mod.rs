//! Tests that span the terminal's modules: real bytes, the driver against the emulator in
//! virtual time, and both over TCP.

mod golden;
mod outcomes;
mod schedules;
mod sockets;
mod world;
