//! Which machine this is, and what its clock says: the two things read from outside.

use jiff::Timestamp;
use std::path::Path;
use sync::store::{BootId, Machine, MachineId};

/// The machine this runs on. A file that is missing reads as zeros: a copy to another machine
/// without one goes unnoticed, a restored backup does not.
#[must_use]
pub fn machine_at(machine_id_file: &Path) -> Machine {
    Machine {
        machine: MachineId(hex_file(machine_id_file)),
        boot: BootId(hex_file(Path::new("/proc/sys/kernel/random/boot_id"))),
    }
}

/// The wall clock.
#[must_use]
pub fn wall_clock() -> Timestamp {
    Timestamp::now()
}

/// The first 32 hexadecimal digits of a file, whatever separates them.
fn hex_file(path: &Path) -> [u8; 16] {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .filter_map(|digit| u8::try_from(digit).ok())
        .collect();
    let mut id = [0; 16];
    for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
        if let [high, low] = pair {
            *byte = high << 4 | low;
        }
    }
    id
}
