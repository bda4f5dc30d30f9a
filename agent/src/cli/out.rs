//! What a command says: standard output for what was asked for, standard error for what went wrong.
//!
//! Every command of this module prints through here. A reader that is gone (`till backup | head -1`)
//! stops nothing: the work is done to its end, and the exit code says how it went. Output that
//! can't be written for another reason, such as a full disk, is an error.

use std::fmt;
use std::io::{self, ErrorKind, Write};

/// Writes to standard output what `write` has to say.
///
/// # Errors
/// When it can't be written although somebody reads.
pub(super) fn write(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    write_to(&mut io::stdout().lock(), write)
}

/// Writes a line to standard output.
///
/// # Errors
/// When it can't be written although somebody reads.
pub(super) fn line(words: fmt::Arguments<'_>) -> io::Result<()> {
    write(|out| writeln!(out, "{words}"))
}

/// Writes a text with its own line ends to standard output.
///
/// # Errors
/// When it can't be written although somebody reads.
pub(super) fn text(text: &dyn fmt::Display) -> io::Result<()> {
    write(|out| write!(out, "{text}"))
}

/// Writes a line to standard error; there is nowhere to say that it can't be written.
pub(super) fn complain(words: fmt::Arguments<'_>) {
    writeln!(io::stderr().lock(), "{words}").ok();
}

fn write_to(
    out: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    match write(out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An output that takes nothing.
    struct Refusing(ErrorKind);

    impl Write for Refusing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn a_reader_that_is_gone_stops_nothing_and_a_full_disk_does() {
        let say = |out: &mut dyn Write| writeln!(out, "done");
        assert!(write_to(&mut Refusing(ErrorKind::BrokenPipe), say).is_ok());
        let full = write_to(&mut Refusing(ErrorKind::StorageFull), say).unwrap_err();
        assert_eq!(full.kind(), ErrorKind::StorageFull);
        let mut paper = Vec::new();
        write_to(&mut paper, say).unwrap();
        assert_eq!(paper, b"done\n");
    }
}
