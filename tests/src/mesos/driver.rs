//! Settings for a bed, and a scheduler of Mesos with its signals.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a harness fails its test so"
)]

use std::time::Duration;

use super::{Authority, Bed, Identity};
use bytes::Bytes;
use lcmap_mesos::{
    Credential, CredentialSource, FrameworkInfo, Settings,
    message::{Id, TaskStatus},
    scheduler::{Call, Ended, Ending, Handle, Scheduler, Signal, launch},
    tls::{Authorities, IdentityFiles, Security, TlsSettings, Verify},
    wire,
};
use prost::Message;
use tokio::{sync::mpsc::UnboundedReceiver, task::JoinHandle, time::timeout};

/// How long any one signal may take: an agent that comes back needs some seconds.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// Numbers of Mesos' `TaskState`.
pub mod state {
    /// It runs.
    pub const RUNNING: i32 = 1;
    /// It has ended well.
    pub const FINISHED: i32 = 2;
    /// It has failed.
    pub const FAILED: i32 = 3;
    /// It was killed.
    pub const KILLED: i32 = 4;
    /// It was lost.
    pub const LOST: i32 = 5;
}

/// Plain HTTP to the bed's first master, or to the leader that its ZooKeeper names.
pub fn settings(bed: &Bed) -> Settings {
    let masters = bed.zookeeper_url().unwrap_or_else(|| bed.master(0).address().to_string());
    Settings {
        masters: masters.parse().unwrap(),
        security: Security::Plain,
        credential: CredentialSource::None,
    }
}

/// Mutual TLS with everything as it should be.
pub fn tls(bed: &Bed) -> TlsSettings {
    TlsSettings {
        identity: Some(identity_files(bed.pki().client())),
        authorities: Authorities { file: Some(bed.pki().authority(Authority::Trusted)), folder: None },
        verify: Verify::Full,
        server_name: None,
    }
}

/// Where an identity's files are.
pub fn identity_files(identity: Identity) -> IdentityFiles {
    IdentityFiles { certificate: identity.certificate, key: identity.key }
}

/// A principal of the bed, with its secret.
pub fn principal(name: &str) -> CredentialSource {
    CredentialSource::Given(Credential::new(name, format!("{name}-secret")))
}

/// A framework without anything special.
pub fn framework() -> FrameworkInfo {
    FrameworkInfo::new("root", "test")
}

/// A scheduler that runs, and what it hears.
pub struct Driver {
    /// For its calls.
    pub handle: Handle,
    /// Its id, once it is subscribed.
    pub framework_id: Option<String>,
    signals: UnboundedReceiver<Signal>,
    life: JoinHandle<Ended>,
}

impl Driver {
    /// Starts it.
    pub fn start(settings: Settings, framework: FrameworkInfo) -> Self {
        let (scheduler, handle, signals) = Scheduler::new(settings, framework);
        Self { handle, framework_id: None, signals, life: tokio::spawn(scheduler.run()) }
    }

    /// The next signal.
    pub async fn next(&mut self) -> Signal {
        let signal = timeout(PATIENCE, self.signals.recv()).await;
        let signal = signal.expect("a signal in time").expect("a scheduler that lives");
        eprintln!("{signal:?}");
        if let Signal::Subscribed { framework_id, .. } = &signal {
            self.framework_id = Some(framework_id.value.clone());
        }
        signal
    }

    /// The first signal that `pick` takes; those before it are passed over.
    pub async fn until<T>(&mut self, pick: impl Fn(Signal) -> Option<T>) -> T {
        loop {
            if let Some(picked) = pick(self.next().await) {
                return picked;
            }
        }
    }

    /// Waits for offers and launches a task with this command on the first; the rest is declined.
    pub async fn launch(&mut self, task: &str, command: &str) {
        let offers = self.until(offers).await;
        for (index, offer) in offers.iter().enumerate() {
            let id = Bytes::copy_from_slice(wire::bytes(offer, 1).unwrap());
            let operations =
                if index == 0 { vec![launch(&[task_info(task, command, offer)])] } else { vec![] };
            self.handle.call(Call::Accept { offers: vec![id], operations, filters: None });
        }
    }

    /// Waits for this state of this task, acknowledging every update on the way.
    pub async fn until_state(&mut self, task: &str, state: i32) -> TaskStatus {
        loop {
            let status = self.until(update).await;
            if let (Some(uuid), Some(agent)) = (status.uuid.clone(), status.agent_id.clone()) {
                let (agent, task) = (agent.encode_to_vec().into(), status.task_id.encode_to_vec().into());
                self.handle.call(Call::Acknowledge { agent, task, uuid });
            }
            if status.task_id.value == task && status.state == state {
                return status;
            }
        }
    }

    /// Stops it.
    pub async fn stop(self, ending: Ending) -> Ended {
        self.handle.stop(ending);
        self.ended().await
    }

    /// How it ended.
    pub async fn ended(self) -> Ended {
        timeout(PATIENCE, self.life).await.expect("an end in time").expect("no panic")
    }
}

/// Offers, if it is some.
pub fn offers(signal: Signal) -> Option<Vec<Bytes>> {
    if let Signal::Offers(offers) = signal { Some(offers) } else { None }
}

/// An update, if it is one.
pub fn update(signal: Signal) -> Option<TaskStatus> {
    if let Signal::Update(status) = signal { TaskStatus::decode(status).ok() } else { None }
}

/// Whether it subscribed, and how.
pub fn subscribed(signal: &Signal) -> Option<lcmap_mesos::scheduler::Registration> {
    match signal {
        Signal::Subscribed { registration, .. } => Some(*registration),
        _ => None,
    }
}

/// A `TaskInfo` of half a CPU and 64 MiB.
pub fn task_info(task: &str, command: &str, offer: &[u8]) -> Bytes {
    let mut info = vec![];
    wire::put_bytes(&mut info, 1, task.as_bytes());
    wire::put_bytes(&mut info, 2, &Id::new(task).encode_to_vec());
    wire::put_bytes(&mut info, 3, wire::bytes(offer, 3).unwrap());
    for (name, amount) in [("cpus", 0.5f64), ("mem", 64.0)] {
        let mut scalar = vec![0x09]; // field 1, a double
        scalar.extend(amount.to_le_bytes());
        let mut resource = vec![];
        wire::put_bytes(&mut resource, 1, name.as_bytes());
        wire::put_number(&mut resource, 2, 0);
        wire::put_bytes(&mut resource, 3, &scalar);
        wire::put_bytes(&mut info, 4, &resource);
    }
    let mut shell = vec![];
    wire::put_bytes(&mut shell, 3, command.as_bytes());
    wire::put_bytes(&mut info, 7, &shell);
    info.into()
}
