//! The control socket: one line in, an answer, closed. Both ends: the emulators' and that of
//! `till emulate tell`.

use super::control::{self, MAX_LINE_BYTES};
use super::devices::Devices;
use super::error::EmulateError;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

/// Who connects has this long to say its line and to take the answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest answer taken: the list of commands and more.
const MAX_ANSWER_BYTES: u64 = 64 * 1024;

/// The socket's file.
pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join("control")
}

/// A listening control socket; its file goes with it.
#[derive(Debug)]
pub(super) struct ControlSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl ControlSocket {
    /// Listens in `folder`, for the user it runs as only. Must be called within a tokio runtime.
    pub(super) fn bind(folder: &Path) -> Result<Self, EmulateError> {
        let path = path(folder);
        make_way(folder, &path)?;
        let failed = |why| EmulateError::Socket { path: path.clone(), why };
        let listener = UnixListener::bind(&path).map_err(failed)?;
        let socket = Self { listener, path };
        fs::set_permissions(&socket.path, fs::Permissions::from_mode(0o600))
            .map_err(EmulateError::folder(&socket.path))?;
        Ok(socket)
    }

    /// Serves one client after another until the future is dropped.
    pub(super) async fn serve(self, devices: Arc<Devices>) {
        loop {
            match self.listener.accept().await {
                // A client that breaks off hurts nobody but itself.
                Ok((stream, _)) => {
                    let answered = tokio::time::timeout(PATIENCE, answer(stream, &devices));
                    drop(answered.await);
                }
                Err(error) => {
                    devices.say.say(&format!("control   no client can connect: {error}"));
                    tokio::time::sleep(PATIENCE).await;
                }
            }
        }
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        fs::remove_file(&self.path).ok();
    }
}

/// Takes away the socket of a run that is over, and nothing else.
fn make_way(folder: &Path, path: &Path) -> Result<(), EmulateError> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => Err(EmulateError::InTheWay(path.to_owned())),
        Ok(_) if BlockingStream::connect(path).is_ok() => {
            Err(EmulateError::Running(folder.to_owned()))
        }
        Ok(_) => fs::remove_file(path).map_err(EmulateError::folder(path)),
        Err(_) => Ok(()),
    }
}

async fn answer(mut stream: UnixStream, devices: &Devices) -> std::io::Result<()> {
    let (inbound, mut outbound) = stream.split();
    // One byte more than a line may have shows that it is too long.
    let limit = u64::try_from(MAX_LINE_BYTES).unwrap_or(u64::MAX) + 1;
    let mut line = Vec::new();
    BufReader::new(inbound.take(limit)).read_until(b'\n', &mut line).await?;
    let told = match String::from_utf8(line) {
        Ok(line) => devices.tell(line.trim_end_matches('\n')).await,
        Err(_) => Err("a command is UTF-8 text".to_owned()),
    };
    let (word, text) = match told {
        Ok(text) => ("ok", text),
        Err(text) => ("no", text),
    };
    outbound.write_all(format!("{word} {}\n", text.trim_end()).as_bytes()).await?;
    outbound.shutdown().await
}

/// Tells the emulators in `folder` a line, and returns their answer.
///
/// # Errors
/// When none run there, or they refuse.
pub fn tell(folder: &Path, line: &str) -> Result<String, EmulateError> {
    if line.len() > MAX_LINE_BYTES {
        return Err(EmulateError::Refused(control::too_long()));
    }
    let stream = BlockingStream::connect(path(folder));
    let stream = stream.map_err(|_| EmulateError::NotRunning(folder.to_owned()))?;
    let answer = talk(stream, line).map_err(EmulateError::Silent)?;
    match answer.split_once(' ') {
        Some(("ok", text)) => Ok(text.to_owned()),
        Some(("no", text)) => Err(EmulateError::Refused(text.trim_end().to_owned())),
        _ => Err(EmulateError::Silent(std::io::ErrorKind::InvalidData.into())),
    }
}

fn talk(mut stream: BlockingStream, line: &str) -> std::io::Result<String> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(format!("{}\n", line.replace('\n', " ")).as_bytes())?;
    let mut answer = String::new();
    stream.take(MAX_ANSWER_BYTES).read_to_string(&mut answer)?;
    Ok(answer)
}
