//! PURE: what `run` has reported of a job already, and what is news.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use lcmap_spark_crd::{Phase, Reason, SparkJobStatus};

use super::report::{Event, Executors};

/// What has been reported already.
#[derive(Debug, Default)]
pub(super) struct Reported {
    phase: Option<(Option<Phase>, Option<Reason>, Option<i32>)>,
    /// The phase's message, and when it was reported.
    message: Option<(String, Instant)>,
    /// The same of the current attempt.
    pub(super) attempt: ReportedAttempt,
}

/// What has been reported of one attempt.
#[derive(Debug, Default)]
pub(super) struct ReportedAttempt {
    executors: Option<Executors>,
    /// How many of its agent's warnings.
    pub(super) warnings: usize,
    /// Where its UI is.
    pub(super) ui: Option<SocketAddr>,
    /// That its notebook answers.
    pub(super) notebook: bool,
    /// That something of it may be left on Mesos.
    pub(super) debt: bool,
}

impl Reported {
    /// The phase, if it is news. A new message alone, as of executors that come and go, is reported once per `pace` at most.
    pub(super) fn phase(&mut self, status: &SparkJobStatus, now: Instant, pace: Duration) -> Option<Event> {
        let phase = (status.phase, status.reason, status.attempt);
        if self.phase == Some(phase)
            && let Some((message, at)) = &self.message
            && (*message == status.message || now.duration_since(*at) < pace)
        {
            return None;
        }
        self.phase = Some(phase);
        self.message = Some((status.message.clone(), now));
        Some(Event::Phase {
            phase: status.phase.unwrap_or_default().as_str(),
            reason: status.reason.map(Reason::as_str),
            message: status.message.clone(),
            attempt: status.attempt.unwrap_or_default(),
        })
    }

    /// The executors, if that is news.
    pub(super) fn executors(&mut self, status: &SparkJobStatus) -> Option<Event> {
        let mesos = status.mesos.as_ref()?;
        let counts = mesos.executors?;
        let executors = Executors {
            running: counts.running,
            failed: counts.failed,
            lost: counts.lost,
            cores: mesos.cores.unwrap_or_default(),
            memory: mesos.memory.clone().unwrap_or_else(|| "0Mi".to_owned()),
        };
        let is_news = self.attempt.executors.as_ref() != Some(&executors);
        self.attempt.executors = Some(executors.clone());
        is_news.then_some(Event::Executors(executors))
    }
}

#[cfg(test)]
mod tests {
    use lcmap_spark_crd::status::{Executors as Counts, MesosStatus};

    use super::*;

    const PACE: Duration = Duration::from_secs(2);

    fn status(reason: Reason, message: &str) -> SparkJobStatus {
        SparkJobStatus {
            phase: Some(Phase::Running),
            reason: Some(reason),
            message: message.to_owned(),
            ..SparkJobStatus::default()
        }
    }

    #[test]
    fn a_phase_is_reported_once_and_another_message_of_it_at_a_pace() {
        let (mut reported, start) = (Reported::default(), Instant::now());
        for (seconds, reason, message, is_reported) in [
            (0, Reason::ExecutorsRunning, "1 executor runs", true),
            (1, Reason::ExecutorsRunning, "1 executor runs", false),
            (1, Reason::ExecutorsRunning, "2 executors run", false),
            (2, Reason::ExecutorsRunning, "3 executors run", true),
            (3, Reason::ExecutorsGone, "none runs", true),
        ] {
            let event = reported.phase(&status(reason, message), start + Duration::from_secs(seconds), PACE);
            assert_eq!(event.is_some(), is_reported, "{message} after {seconds} s");
        }
        let soon = start + Duration::from_secs(3);
        let other = reported.phase(&status(Reason::ExecutorsGone, "other words"), soon, Duration::ZERO);
        assert!(other.is_some(), "a program reads it at once");
    }

    #[test]
    fn executors_are_reported_whenever_they_change() {
        let mut reported = Reported::default();
        let mut counted = |running| {
            let mesos = MesosStatus {
                executors: Some(Counts { running, failed: 0, lost: 0 }),
                cores: Some(2 * i64::from(running)),
                ..MesosStatus::default()
            };
            reported.executors(&SparkJobStatus { mesos: Some(mesos), ..SparkJobStatus::default() })
        };
        assert!(counted(1).is_some());
        assert!(counted(1).is_none());
        let Some(Event::Executors(executors)) = counted(2) else { panic!("news") };
        assert_eq!((executors.running, executors.cores, executors.memory.as_str()), (2, 4, "0Mi"));
        assert_eq!(Reported::default().executors(&SparkJobStatus::default()), None);
    }
}
