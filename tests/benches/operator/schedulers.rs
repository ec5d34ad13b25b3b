//! The schedulers of drivers that only seem to run: a real one for each pod, without its Spark.

use std::time::Duration;

use futures::{StreamExt, stream};
use lcmap_mesos::{
    Error, FrameworkInfo,
    scheduler::{Call, Ended, Ending, Handle, Registration, Scheduler, Signal},
};
use lcmap_spark_tests::mesos::{Bed, driver::settings};
use serde_json::Value;
use tokio::{
    runtime::Runtime,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinHandle,
    time::timeout,
};

/// As the operator's jobs are made.
const AT_A_TIME: usize = 32;

/// Longer than Mesos takes for all of them together.
const LIMIT: Duration = Duration::from_secs(300);

/// Schedulers, registered and connected.
pub(crate) struct Schedulers {
    runtime: Runtime,
    all: Vec<(Handle, JoinHandle<Ended>)>,
}

impl Schedulers {
    /// Registers what launch plans tell of, and waits until Mesos has taken them all.
    pub(crate) fn register(mesos: &Bed, plans: &[Value]) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (told, mut heard) = unbounded_channel();
        let all = runtime.block_on(async {
            let all = plans.iter().map(|plan| {
                let (scheduler, handle, signals) = Scheduler::new(settings(mesos), framework(plan));
                tokio::spawn(listen(signals, handle.clone(), told.clone()));
                (handle, tokio::spawn(scheduler.run()))
            });
            let all = all.collect();
            for _ in plans {
                timeout(LIMIT, heard.recv()).await.unwrap().unwrap().unwrap();
            }
            all
        });
        Self { runtime, all }
    }

    /// Ends them all in order, so many at a time that Mesos confirms each soon.
    pub(crate) fn stop(self) {
        let Self { runtime, all } = self;
        let endings = stream::iter(all).map(|(handle, life)| async move {
            handle.stop(Ending::Teardown);
            timeout(LIMIT, life).await.unwrap().unwrap()
        });
        for ended in runtime.block_on(endings.buffer_unordered(AT_A_TIME).collect::<Vec<_>>()) {
            assert!(matches!(ended, Ended::TornDown), "{ended:?}");
        }
    }
}

/// Tells when Mesos has taken a framework, or why it does not. It wants no offers, or it would have to give thousands back.
async fn listen(
    mut signals: UnboundedReceiver<Signal>,
    handle: Handle,
    told: UnboundedSender<Result<(), Error>>,
) {
    while let Some(signal) = signals.recv().await {
        match signal {
            Signal::Subscribed { registration, .. } => {
                handle.call(Call::Suppress(vec![]));
                if registration == Registration::First {
                    let _ = told.send(Ok(()));
                }
            }
            Signal::Refused(error) => {
                let _ = told.send(Err(error));
            }
            _ => {}
        }
    }
}

fn framework(plan: &Value) -> FrameworkInfo {
    let mesos = &plan["master"]["mesos"];
    let labels = mesos["labels"].as_object().unwrap();
    let labels = labels.iter().map(|(key, value)| (key.as_str(), value.as_str().unwrap()));
    FrameworkInfo::new("root", "driver").with_id(mesos["frameworkId"].as_str().unwrap()).with_labels(labels)
}
