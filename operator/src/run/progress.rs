//! A job's progress while it runs on this machine.

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::sync::watch::{Receiver, channel};

use crate::progress::{Progress, SparkUi};

/// How often Spark is asked.
const PAUSE: Duration = Duration::from_secs(1);

/// Asks the UI behind this port of the loopback interface once a second, for as long as somebody listens.
pub(crate) fn follow(ui: SparkUi, port: u16) -> Receiver<Progress> {
    let (sender, receiver) = channel(Progress::default());
    let address = (Ipv4Addr::LOCALHOST, port).into();
    tokio::spawn(async move {
        while !sender.is_closed() {
            if let Some(progress) = ui.ask(address).await {
                sender.send_if_modified(|last| std::mem::replace(last, progress) != progress);
            }
            tokio::time::sleep(PAUSE).await;
        }
    });
    receiver
}
