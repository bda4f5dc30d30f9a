//! The envelope of every ZVT message: class, instruction, length, data (section 2.2 of the
//! public specification), in its TCP form, which has no DLE framing and no checksum.
//!
//! What the data means is left to [`super::protocol`]. The machine and the emulator both call it.

/// The most data one message may carry. The length field allows 65,535 bytes; the longest real
/// messages (a slip as one text block) have some 4 KiB, and a peer must not make us hold more
/// than a few times that.
pub const MAX_DATA: usize = 16 * 1024;

/// Class, instruction and the longest length field.
const MAX_HEADER: usize = 5;

/// The most undecoded bytes a [`Decoder`] holds: one whole message and the start of the next.
pub const MAX_BUFFERED: usize = 2 * (MAX_DATA + MAX_HEADER);

/// What is wrong with a stream of messages. Nothing after it can be trusted: close the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApduError {
    /// A message announced, or was given, more than [`MAX_DATA`] bytes.
    #[error("a ZVT message of {0} bytes is longer than the {MAX_DATA} that are accepted")]
    TooLong(usize),
    /// More bytes arrived than anyone decoded.
    #[error("more than {MAX_BUFFERED} undecoded bytes from the card terminal")]
    TooMuch,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apdu {
    /// First byte of the control field.
    pub class: u8,
    /// Second byte of the control field.
    pub instr: u8,
    /// What follows the length.
    pub data: Vec<u8>,
}

impl Apdu {
    /// A message with `data`.
    ///
    /// # Errors
    /// [`ApduError::TooLong`] beyond [`MAX_DATA`].
    pub fn new(class: u8, instr: u8, data: Vec<u8>) -> Result<Self, ApduError> {
        if data.len() > MAX_DATA {
            return Err(ApduError::TooLong(data.len()));
        }
        Ok(Self { class, instr, data })
    }

    /// A message without data.
    #[must_use]
    pub const fn empty(class: u8, instr: u8) -> Self {
        Self { class, instr, data: Vec::new() }
    }

    /// The bytes on the line: up to 254 bytes of data have a one-byte length, more have `FF` and
    /// two bytes, the lower first.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(MAX_HEADER + self.data.len());
        bytes.extend([self.class, self.instr]);
        match u8::try_from(self.data.len()) {
            Ok(length) if length < 0xFF => bytes.push(length),
            _ => {
                bytes.push(0xFF);
                let length = u16::try_from(self.data.len()).unwrap_or(u16::MAX);
                bytes.extend(length.to_le_bytes());
            }
        }
        bytes.extend(&self.data);
        bytes
    }
}

/// Cuts a stream of bytes, in whatever pieces it comes, into messages.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    broken: Option<ApduError>,
}

impl Decoder {
    /// Takes bytes from the line; ask [`Decoder::next_apdu`] until it has no more.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.broken.is_some() {
            return;
        }
        if self.buffer.len() + bytes.len() > MAX_BUFFERED {
            self.broken = Some(ApduError::TooMuch);
            return;
        }
        self.buffer.extend(bytes);
    }

    /// The next whole message, `None` while there is none.
    ///
    /// # Errors
    /// The same error for ever once the stream is beyond reading.
    pub fn next_apdu(&mut self) -> Result<Option<Apdu>, ApduError> {
        let Some((header, length)) = self.header() else {
            return self.broken.map_or(Ok(None), Err);
        };
        if length > MAX_DATA {
            self.broken = Some(ApduError::TooLong(length));
            return Err(ApduError::TooLong(length));
        }
        let (Some(&[class, instr]), Some(data)) =
            (self.buffer.first_chunk(), self.buffer.get(header..header + length))
        else {
            return self.broken.map_or(Ok(None), Err);
        };
        let apdu = Apdu { class, instr, data: data.to_vec() };
        self.buffer.drain(..header + length);
        Ok(Some(apdu))
    }

    /// Whether bytes of an unfinished message are held.
    #[must_use]
    pub fn has_rest(&self) -> bool {
        !self.buffer.is_empty() || self.broken.is_some()
    }

    /// Bytes of header and of data of the first message, once its length is there.
    fn header(&self) -> Option<(usize, usize)> {
        match *self.buffer.as_slice() {
            [_, _, 0xFF, low, high, ..] => Some((5, usize::from(u16::from_le_bytes([low, high])))),
            [_, _, 0xFF, ..] | [] | [_] | [_, _] => None,
            [_, _, length, ..] => Some((3, usize::from(length))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(decoder: &mut Decoder) -> Vec<Apdu> {
        std::iter::from_fn(|| decoder.next_apdu().unwrap()).collect()
    }

    #[test]
    fn length_has_one_byte_up_to_254_and_three_beyond() {
        for (length, header) in
            [(0, vec![0]), (254, vec![254]), (255, vec![255, 255, 0]), (1121, vec![255, 0x61, 4])]
        {
            let bytes = Apdu::new(6, 0xD3, vec![0; length]).unwrap().encode();
            assert_eq!(bytes[2..bytes.len() - length], header, "{length}");
        }
        assert_eq!(Apdu::new(6, 1, vec![0; MAX_DATA + 1]), Err(ApduError::TooLong(MAX_DATA + 1)));
    }

    #[test]
    fn a_message_that_announces_too_much_breaks_the_stream_for_good() {
        let mut decoder = Decoder::default();
        decoder.push(&[0x80, 0, 0, 6, 0xD3, 0xFF, 0xFF, 0xFF]);
        assert_eq!(decoder.next_apdu(), Ok(Some(Apdu::empty(0x80, 0))));
        assert_eq!(decoder.next_apdu(), Err(ApduError::TooLong(0xFFFF)));
        decoder.push(&[0x80, 0, 0]);
        assert_eq!(decoder.next_apdu(), Err(ApduError::TooLong(0xFFFF)));
    }

    #[test]
    fn undecoded_bytes_are_bounded() {
        let mut decoder = Decoder::default();
        for _ in 0..100 {
            decoder.push(&[0; 1000]);
            assert!(decoder.buffer.len() <= MAX_BUFFERED);
        }
        while let Ok(Some(_)) = decoder.next_apdu() {}
        assert_eq!(decoder.next_apdu(), Err(ApduError::TooMuch));
    }

    proptest! {
        #[test]
        fn any_cut_of_the_stream_gives_the_same_messages(
            messages in prop::collection::vec((any::<u8>(), any::<u8>(), prop::collection::vec(any::<u8>(), 0..400)), 0..6),
            cut in 1_usize..300,
        ) {
            let messages: Vec<Apdu> = messages.into_iter().map(|(class, instr, data)| Apdu { class, instr, data }).collect();
            let stream: Vec<u8> = messages.iter().flat_map(Apdu::encode).collect();
            let mut decoder = Decoder::default();
            let mut found = Vec::new();
            for piece in stream.chunks(cut) {
                decoder.push(piece);
                found.extend(all(&mut decoder));
            }
            prop_assert_eq!(found, messages);
            prop_assert!(!decoder.has_rest());
        }

        #[test]
        fn arbitrary_bytes_never_panic_and_stay_bounded(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..2000), 0..40)) {
            let mut decoder = Decoder::default();
            for piece in pieces {
                decoder.push(&piece);
                while let Ok(Some(apdu)) = decoder.next_apdu() {
                    prop_assert!(apdu.data.len() <= MAX_DATA);
                }
                prop_assert!(decoder.buffer.len() <= MAX_BUFFERED);
            }
        }
    }
}
