//! What a printer says of itself: real-time status, automatic status and buffered answers, read
//! from a stream that may hold anything. Called by [`super::driver`].
//!
//! The fixed bits tell the three apart: a real-time answer is `0xx1xx10`, an automatic status
//! begins with `0xx1xx00` and goes on with three of `0xx0xxxx`, a buffered answer is `000000xx`
//! or `0000xxxx`. Buffered and real-time answers count only while one is awaited.

/// A printer's state, as far as it has told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Status {
    /// The paper.
    pub paper: PaperState,
    /// The cover is open.
    pub cover_open: bool,
    /// The printer takes no print data.
    pub offline: bool,
    /// The cutter, the head or the supply failed.
    pub error: bool,
    /// The level of the drawer's sensor; which one means open depends on its wiring
    /// ([`super::profile::Profile::drawer_open_is_high`]). `None` until told.
    pub drawer_high: Option<bool>,
}

/// A printer's paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PaperState {
    /// Enough.
    #[default]
    Present,
    /// The roll is nearly used up.
    NearEnd,
    /// None.
    Out,
}

impl Status {
    /// Why nothing can be printed now, in words for the cashier.
    #[must_use]
    pub const fn blocked(&self) -> Option<&'static str> {
        if self.cover_open {
            Some("the printer's cover is open")
        } else if matches!(self.paper, PaperState::Out) {
            Some("the printer is out of paper")
        } else if self.error {
            Some("the printer reports an error: check its cutter and switch it off and on")
        } else if self.offline {
            Some("the printer is offline: check its cover, its paper and its feed button")
        } else {
            None
        }
    }

    fn apply_real_time(&mut self, which: u8, byte: u8) {
        let bit = |mask: u8| byte & mask != 0;
        match which {
            1 => {
                self.drawer_high = Some(bit(0x04));
                self.offline = bit(0x08);
            }
            2 => {
                self.cover_open = bit(0x04);
                self.error = bit(0x40);
            }
            _ => self.paper = PaperState::of(bit(0x0C), bit(0x60)),
        }
    }

    fn apply_automatic(&mut self, [first, second, third, _]: [u8; 4]) {
        self.drawer_high = Some(first & 0x04 != 0);
        self.offline = first & 0x08 != 0;
        self.cover_open = first & 0x20 != 0;
        self.error = second & 0x68 != 0;
        self.paper = PaperState::of(third & 0x03 != 0, third & 0x0C != 0);
    }
}

impl PaperState {
    const fn of(near_end: bool, out: bool) -> Self {
        if out {
            Self::Out
        } else if near_end {
            Self::NearEnd
        } else {
            Self::Present
        }
    }
}

/// What the driver waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// Nothing.
    Nothing,
    /// The answer to `DLE EOT n`, with its n: 1 printer, 2 cause of offline, 4 paper.
    RealTime(u8),
    /// The answer to `GS r 1`: all before it is printed.
    Printed,
    /// The answer to `GS r 2`: all before it is done.
    Kicked,
}

/// What the stream said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The awaited real-time answer; the status is up to date with it.
    RealTime,
    /// An automatic status; the status is up to date with it.
    Automatic,
    /// The awaited buffered answer.
    Buffered,
    /// A byte that means nothing here.
    Noise,
}

/// Reads a printer's stream byte by byte.
#[derive(Debug, Default)]
pub struct StatusDecoder {
    automatic: Option<Partial>,
}

#[derive(Debug, Clone, Copy)]
struct Partial {
    bytes: [u8; 4],
    filled: usize,
}

impl StatusDecoder {
    /// Takes one byte. `None` while it may be part of an automatic status, or is XON or XOFF.
    pub fn take(&mut self, byte: u8, awaited: Awaited, status: &mut Status) -> Option<Told> {
        // A byte that is not its next part makes the beginning noise, and starts anew.
        let part = self.automatic.take().filter(|_| byte & 0x90 == 0);
        if let Some(partial) = part {
            return self.go_on(partial, byte, status);
        }
        match (byte, awaited) {
            (0x11 | 0x13, _) => None,
            (_, Awaited::RealTime(which)) if byte & 0x93 == 0x12 => {
                status.apply_real_time(which, byte);
                Some(Told::RealTime)
            }
            _ if byte & 0x93 == 0x10 => {
                self.automatic = Some(Partial { bytes: [byte, 0, 0, 0], filled: 1 });
                None
            }
            (0x00 | 0x03 | 0x0C | 0x0F, Awaited::Printed) => {
                status.paper = PaperState::of(byte & 0x03 != 0, byte & 0x0C != 0);
                Some(Told::Buffered)
            }
            (0x00 | 0x01, Awaited::Kicked) => {
                status.drawer_high = Some(byte == 0x01);
                Some(Told::Buffered)
            }
            _ => Some(Told::Noise),
        }
    }

    fn go_on(&mut self, mut partial: Partial, byte: u8, status: &mut Status) -> Option<Told> {
        if let Some(place) = partial.bytes.get_mut(partial.filled) {
            *place = byte;
        }
        partial.filled += 1;
        if partial.filled < partial.bytes.len() {
            self.automatic = Some(partial);
            return None;
        }
        status.apply_automatic(partial.bytes);
        Some(Told::Automatic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8], awaited: Awaited) -> (Vec<Told>, Status) {
        let (mut decoder, mut status) = (StatusDecoder::default(), Status::default());
        let told =
            bytes.iter().filter_map(|&byte| decoder.take(byte, awaited, &mut status)).collect();
        (told, status)
    }

    #[test]
    fn each_bit_is_understood() {
        let fine = Status::default();
        let high = |high| Status { drawer_high: Some(high), ..fine };
        for (awaited, bytes, told, expected) in [
            (Awaited::RealTime(1), &[0x12][..], Told::RealTime, high(false)),
            (Awaited::RealTime(1), &[0x16], Told::RealTime, high(true)),
            (
                Awaited::RealTime(1),
                &[0x1A],
                Told::RealTime,
                Status { offline: true, ..high(false) },
            ),
            (Awaited::RealTime(2), &[0x16], Told::RealTime, Status { cover_open: true, ..fine }),
            (Awaited::RealTime(2), &[0x52], Told::RealTime, Status { error: true, ..fine }),
            (
                Awaited::RealTime(4),
                &[0x1E],
                Told::RealTime,
                Status { paper: PaperState::NearEnd, ..fine },
            ),
            (
                Awaited::RealTime(4),
                &[0x7E],
                Told::RealTime,
                Status { paper: PaperState::Out, ..fine },
            ),
            (Awaited::Nothing, &[0x14, 0, 0, 0x0F], Told::Automatic, high(true)),
            (
                Awaited::Nothing,
                &[0x38, 0, 0x0C, 0x0F],
                Told::Automatic,
                Status { cover_open: true, offline: true, paper: PaperState::Out, ..high(false) },
            ),
            (
                Awaited::Printed,
                &[0x10, 0x08, 0x03, 0],
                Told::Automatic,
                Status { error: true, paper: PaperState::NearEnd, ..high(false) },
            ),
            (Awaited::Printed, &[0x00], Told::Buffered, fine),
            (Awaited::Printed, &[0x0F], Told::Buffered, Status { paper: PaperState::Out, ..fine }),
            (Awaited::Kicked, &[0x01], Told::Buffered, high(true)),
            (Awaited::Printed, &[0x05], Told::Noise, fine),
            (Awaited::Nothing, &[0x12], Told::Noise, fine),
            (Awaited::Nothing, &[0x00], Told::Noise, fine),
            (Awaited::Nothing, &[0xFF], Told::Noise, fine),
        ] {
            assert_eq!(read(bytes, awaited), (vec![told], expected), "{awaited:?} {bytes:x?}");
        }
    }

    #[test]
    fn a_broken_automatic_status_does_not_swallow_the_answer_after_it() {
        assert_eq!(read(&[0x14, 0, 0x12], Awaited::RealTime(4)).0, [Told::RealTime]);
        assert_eq!(read(&[0x14, 0x10, 0, 0, 0], Awaited::Nothing).0, [Told::Automatic]);
        assert_eq!(read(&[0x13, 0x11], Awaited::Nothing).0, []);
    }

    proptest! {
        #[test]
        fn after_any_noise_a_whole_status_is_read(noise in prop::collection::vec(any::<u8>(), 0..200), awaited in prop_oneof![
            Just(Awaited::Nothing), Just(Awaited::RealTime(1)), Just(Awaited::RealTime(4)), Just(Awaited::Printed), Just(Awaited::Kicked),
        ]) {
            let (mut decoder, mut status) = (StatusDecoder::default(), Status::default());
            for byte in noise {
                decoder.take(byte, awaited, &mut status);
            }
            let told: Vec<_> = [0x30, 0x00, 0x0C, 0x0F].iter().filter_map(|&byte| decoder.take(byte, Awaited::Nothing, &mut status)).collect();
            prop_assert_eq!(told, vec![Told::Automatic]);
            prop_assert_eq!(status, Status { cover_open: true, paper: PaperState::Out, drawer_high: Some(false), ..Status::default() });
        }
    }
}
