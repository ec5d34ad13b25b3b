//! A job's progress while it runs on this machine.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::watch::{Receiver, Sender, channel};

use crate::progress::{Progress, SparkUi};
use crate::supervise::supervised;

/// How often Spark is asked.
const PAUSE: Duration = Duration::from_secs(1);

/// Asks the UI at this address once a second, for as long as somebody listens.
pub(crate) fn follow(ui: SparkUi, address: SocketAddr) -> Receiver<Progress> {
    let (sender, receiver) = channel(Progress::default());
    tokio::spawn(async move { supervised(|| ask(&ui, address, &sender), || ()).await });
    receiver
}

async fn ask(ui: &SparkUi, address: SocketAddr, sender: &Sender<Progress>) {
    while !sender.is_closed() {
        if let Some(progress) = ui.ask(address).await {
            sender.send_if_modified(|last| std::mem::replace(last, progress) != progress);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
