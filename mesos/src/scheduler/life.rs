//! A scheduler from its first subscription to its end.

use std::time::Duration;

use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

use crate::{FrameworkInfo, Settings, error::Error, leader::Detector};

use super::{
    Command, Ended, Ending, Handle, Registration, Signal,
    backoff::Backoff,
    calls::{Calls, RefusedCall},
    known::{self, KnownTasks},
    presence::Presence,
    subscription::Subscription,
    unanswered::Unanswered,
    updates::Updates,
};

/// How long to wait for the master's word about a teardown.
const TEARDOWN_PATIENCE: Duration = Duration::from_secs(5);

/// Why a teardown is owed that nobody could be asked for.
const DISCONNECTED: &str = "it was stopped while no master was connected";

/// A scheduler. [`Self::run`] is its life.
pub struct Scheduler {
    settings: Settings,
    presence: Presence,
    /// As it was when it subscribed last.
    subscribed_as: Presence,
    registration: Registration,
    known: KnownTasks,
    unanswered: Unanswered,
    commands: mpsc::UnboundedReceiver<Command>,
    signals: mpsc::UnboundedSender<Signal>,
}

/// Why a subscription is over.
enum Over {
    Ended(Ended),
    /// It fell silent, or ZooKeeper names another leader. It is kept open until the next one stands: a master that sees it
    /// close removes a framework without failover timeout, with all its tasks.
    Superseded(Error),
    /// The master closed it.
    Closed(Error),
}

impl Scheduler {
    /// A scheduler, what controls it, and what it hears.
    pub fn new(
        settings: Settings,
        framework: FrameworkInfo,
    ) -> (Self, Handle, mpsc::UnboundedReceiver<Signal>) {
        let (sender, commands) = mpsc::unbounded_channel();
        let (signals, heard) = mpsc::unbounded_channel();
        let scheduler = Self {
            settings,
            presence: Presence::new(framework.clone()),
            subscribed_as: Presence::new(framework),
            registration: Registration::First,
            known: KnownTasks::default(),
            unanswered: Unanswered::default(),
            commands,
            signals,
        };
        (scheduler, Handle(sender), heard)
    }

    /// Subscribes without offers for these roles, until they are revived (Mesos 1.2 and later).
    #[must_use]
    pub fn with_suppressed_roles(mut self, suppressed_roles: Vec<String>) -> Self {
        self.presence.suppress(suppressed_roles);
        self
    }

    /// Subscribes, and comes back after each loss, until it is stopped or refused, or every [`Handle`] is dropped.
    pub async fn run(mut self) -> Ended {
        let mut detector = Detector::new(&self.settings.masters);
        let mut backoff = Backoff::new();
        let mut kept = None;
        loop {
            let subscription = match self.subscribe(&mut detector).await {
                Ok(Ok(subscription)) => subscription,
                Ok(Err(error)) if self.is_last_word(&error) => return self.refused(error),
                Ok(Err(error)) => {
                    self.emit(Signal::Waiting(error));
                    match self.pause(backoff.next()).await {
                        Some(ended) => return ended,
                        None => continue,
                    }
                }
                Err(ended) => return ended,
            };
            drop(kept.take());
            self.unanswered.subscribed();
            backoff = Backoff::new();
            let (over, subscription) = self.live(subscription, &mut detector).await;
            let error = match over {
                Over::Ended(ended) => return ended,
                Over::Closed(error) => match self.unanswered.explain(error) {
                    error if error.is_final() => return self.refused(error),
                    error => error,
                },
                Over::Superseded(error) => {
                    kept = Some(subscription);
                    error
                }
            };
            self.emit(Signal::Disconnected(error));
        }
    }

    /// One attempt to subscribe, or the end if it comes meanwhile.
    async fn subscribe(&mut self, detector: &mut Detector) -> Result<Result<Subscription, Error>, Ended> {
        self.subscribed_as = self.presence.as_subscribed();
        let call = self.presence.subscribe();
        let Self { settings, presence, unanswered, commands, signals, registration, .. } = self;
        let attempt = Subscription::open(detector, settings, &call, unanswered);
        tokio::pin!(attempt);
        loop {
            tokio::select! {
                biased;
                command = commands.recv() => match while_disconnected(command, presence, signals, *registration) {
                    // The master may have the framework already: only its answer tells.
                    Some(Ended::NeverSubscribed | Ended::TeardownOwed(_)) => {
                        return Err(match timeout(TEARDOWN_PATIENCE, attempt).await {
                            Ok(Ok(subscription)) => {
                                let (calls, _) = Calls::start(&subscription, &settings.security);
                                tear_down(&calls).await
                            }
                            Ok(Err(error)) => not_torn_down(*registration, &format!("{DISCONNECTED}: {error}")),
                            Err(_) if presence.framework.id().is_some() => {
                                Ended::TeardownOwed("the master did not answer in time".to_owned())
                            }
                            Err(_) => Ended::NeverSubscribed,
                        });
                    }
                    Some(ended) => return Err(ended),
                    None => {}
                },
                attempted = &mut attempt => return Ok(attempted),
            }
        }
    }

    /// Waits before the next attempt.
    async fn pause(&mut self, pause: Duration) -> Option<Ended> {
        let waiting = sleep(pause);
        tokio::pin!(waiting);
        loop {
            tokio::select! {
                biased;
                command = self.commands.recv() => {
                    let ended = while_disconnected(command, &mut self.presence, &self.signals, self.registration);
                    if ended.is_some() {
                        return ended;
                    }
                }
                () = &mut waiting => return None,
            }
        }
    }

    /// Lives with a subscription until it is over.
    async fn live(
        &mut self,
        mut subscription: Subscription,
        detector: &mut Detector,
    ) -> (Over, Subscription) {
        let (calls, mut refusals) = Calls::start(&subscription, &self.settings.security);
        self.begin(&subscription, &calls);
        let mut updates = Updates::new(self.subscribed_as.clone());
        let master = subscription.master.clone();
        let over = loop {
            updates.send(&self.presence, &calls);
            tokio::select! {
                biased;
                command = self.commands.recv() => match command {
                    Some(Command::Call(call)) => {
                        self.known.note_call(&call);
                        self.presence.note(&call);
                        updates.note(&call);
                        calls.send(call);
                    }
                    Some(Command::Label(key, value)) => self.presence.label(&key, value.as_deref()),
                    Some(Command::Stop(Ending::Teardown)) => break Over::Ended(tear_down(&calls).await),
                    Some(Command::Stop(Ending::Failover)) | None => break Over::Ended(Ended::LeftBehind),
                },
                Some(refused) = refusals.recv() => self.call_refused(refused),
                answer = updates.answered() => if let Err(error) = answer {
                    self.emit(Signal::CallRefused(error));
                },
                signal = subscription.next() => match signal {
                    Ok(signal) => self.hear(signal),
                    Err(error @ Error::TimedOut { .. }) => break Over::Superseded(error),
                    Err(error) => break Over::Closed(error),
                },
                () = detector.other_than(&master) => {
                    let why = "ZooKeeper names another leader".to_owned();
                    break Over::Superseded(Error::NoLeader { at: master.at.clone(), why });
                }
            }
        };
        (over, subscription)
    }

    fn begin(&mut self, subscription: &Subscription, calls: &Calls) {
        let subscribed = &subscription.subscribed;
        for presence in [&mut self.presence, &mut self.subscribed_as] {
            presence.is_called(&subscribed.framework_id.value);
        }
        self.emit(Signal::Subscribed {
            framework_id: subscribed.framework_id.clone(),
            master_info: subscribed.master_info.clone().unwrap_or_default(),
            registration: self.registration,
        });
        // What became of the tasks meanwhile, updates that were lost included, the master tells only when it is asked.
        if self.registration == Registration::Again
            && let Some(call) = self.known.reconciliation()
        {
            calls.send(call);
        }
        self.registration = Registration::Again;
    }

    fn hear(&mut self, signal: Signal) {
        if let Signal::Update(status) = &signal {
            self.known.note_status(status);
        }
        self.emit(signal);
    }

    fn call_refused(&mut self, RefusedCall { call, error }: RefusedCall) {
        for status in known::lost(&call, "the master refused the launch") {
            self.hear(Signal::Update(status));
        }
        self.emit(Signal::CallRefused(error));
    }

    /// Whether an answer ends the scheduler. A secret that was good before is being rotated: it is read anew.
    fn is_last_word(&self, error: &Error) -> bool {
        let rotated =
            self.registration == Registration::Again && matches!(error, Error::Unauthenticated { .. });
        error.is_final() && !rotated
    }

    fn refused(&self, error: Error) -> Ended {
        self.emit(Signal::Refused(error));
        Ended::Refused
    }

    fn emit(&self, signal: Signal) {
        // A receiver that is gone is about to stop.
        let _ = self.signals.send(signal);
    }
}

/// What a command does while there is no master to send it to. What it changes of the framework the next subscription says.
fn while_disconnected(
    command: Option<Command>,
    presence: &mut Presence,
    signals: &mpsc::UnboundedSender<Signal>,
    registration: Registration,
) -> Option<Ended> {
    match (command, registration) {
        (Some(Command::Label(key, value)), _) => {
            presence.label(&key, value.as_deref());
            None
        }
        (Some(Command::Call(call)), _) => {
            presence.note(&call);
            for status in known::lost(&call, "the master is disconnected") {
                // A receiver that is gone is about to stop.
                let _ = signals.send(Signal::Update(status));
            }
            None
        }
        (Some(Command::Stop(Ending::Teardown)), _) => Some(not_torn_down(registration, DISCONNECTED)),
        (Some(Command::Stop(Ending::Failover)) | None, Registration::First) => Some(Ended::NeverSubscribed),
        (Some(Command::Stop(Ending::Failover)) | None, Registration::Again) => Some(Ended::LeftBehind),
    }
}

/// The end of a scheduler that no master knows.
fn not_torn_down(registration: Registration, why: &str) -> Ended {
    match registration {
        Registration::First => Ended::NeverSubscribed,
        Registration::Again => Ended::TeardownOwed(why.to_owned()),
    }
}

async fn tear_down(calls: &Calls) -> Ended {
    match timeout(TEARDOWN_PATIENCE, calls.teardown()).await {
        Ok(Ok(())) => Ended::TornDown,
        Ok(Err(error)) => Ended::TeardownOwed(error.to_string()),
        Err(_) => {
            let waited = TEARDOWN_PATIENCE.as_secs();
            Ended::TeardownOwed(format!("the master did not confirm it within {waited} s"))
        }
    }
}
