//! The jobs' own output, where it must share a terminal with a progress bar.

use std::io::Write;
use std::process::Stdio;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Where a driver's standard streams go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// They are those of `run` itself.
    Inherit,
    /// Standard output goes to standard error, since events have standard output for themselves.
    ToStandardError,
    /// Through `run`, line by line, around its progress bar.
    AroundBar,
}

impl Route {
    /// Sets up a driver's output.
    pub(crate) fn prepare(self, command: &mut Command) -> std::io::Result<()> {
        use std::os::fd::AsFd;
        match self {
            Self::Inherit => {}
            Self::ToStandardError => {
                command.stdout(Stdio::from(std::io::stderr().as_fd().try_clone_to_owned()?));
            }
            Self::AroundBar => {
                command.stdout(Stdio::piped()).stderr(Stdio::piped());
            }
        }
        Ok(())
    }
}

/// Whole lines of a driver's output.
#[derive(Debug)]
pub(crate) enum Lines {
    /// Of its standard output.
    Out(Vec<u8>),
    /// Of its standard error.
    Err(Vec<u8>),
}

impl Lines {
    /// Writes them where the driver meant them to go. A reader that has gone away does not stop the job.
    pub(crate) fn write(&self) {
        let _ = match self {
            Self::Out(bytes) => write_all(std::io::stdout().lock(), bytes),
            Self::Err(bytes) => write_all(std::io::stderr().lock(), bytes),
        };
    }
}

fn write_all(mut to: impl Write, bytes: &[u8]) -> std::io::Result<()> {
    to.write_all(bytes)?;
    to.flush()
}

/// Reads a driver's output. The channel is short, so that a driver that writes endlessly waits for its reader.
pub(crate) fn read(child: &mut Child) -> Receiver<Lines> {
    let (sender, receiver) = channel(16);
    if let Some(out) = child.stdout.take() {
        tokio::spawn(forward(out, sender.clone(), Lines::Out));
    }
    if let Some(err) = child.stderr.take() {
        tokio::spawn(forward(err, sender, Lines::Err));
    }
    receiver
}

async fn forward(mut from: impl AsyncRead + Unpin, to: Sender<Lines>, kind: fn(Vec<u8>) -> Lines) {
    /// A line longer than this is passed on in parts.
    const LONGEST: usize = 64 * 1024;
    let mut held: Vec<u8> = Vec::new();
    loop {
        let read = from.read_buf(&mut held).await.unwrap_or(0);
        let whole = match held.iter().rposition(|byte| *byte == b'\n') {
            _ if read == 0 || held.len() > LONGEST => held.len(),
            Some(end) => end + 1,
            None => continue,
        };
        let rest = held.split_off(whole);
        let lines = std::mem::replace(&mut held, rest);
        if (!lines.is_empty() && to.send(kind(lines)).await.is_err()) || read == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn output_is_passed_on_in_whole_lines_and_to_its_last_byte() {
        let (sender, mut receiver) = channel(16);
        let (mut writer, reader) = tokio::io::duplex(8);
        tokio::spawn(forward(reader, sender, Lines::Out));
        tokio::spawn(async move {
            use tokio::io::AsyncWriteExt;
            writer.write_all(b"one\ntwo and more\nno newline").await
        });
        let mut seen = Vec::new();
        while let Some(Lines::Out(bytes)) = receiver.recv().await {
            seen.push(String::from_utf8(bytes).unwrap());
        }
        assert_eq!(seen.concat(), "one\ntwo and more\nno newline");
        assert!(seen[..seen.len() - 1].iter().all(|lines| lines.ends_with('\n')), "{seen:?}");
    }
}
