//! One attempt: what was seen of it on Mesos, and what of that is told.

use std::time::Duration;

use lcmap_spark_crd::Reason;
use lcmap_spark_crd::status::Executors;
use tokio::time::Instant;

use super::attempts::{Debt, Subject};
use crate::core::OnMesos;

/// How often numbers alone may change in a job's status: each change is a write.
const NUMBERS: Duration = Duration::from_secs(30);

/// An attempt that has, or had, something on Mesos.
#[derive(Debug)]
pub(super) struct Attempt {
    /// Who asks about it.
    pub(super) subject: Subject,
    /// What of it must go, once its driver is over.
    pub(super) debt: Option<Debt>,
    seen: OnMesos,
    told: OnMesos,
    told_at: Instant,
}

impl Attempt {
    /// One that nobody has looked at yet.
    pub(super) fn new(subject: Subject) -> Self {
        let seen = OnMesos {
            role: subject.role.clone(),
            executors: Executors { running: 0, ..subject.executors },
            ..OnMesos::default()
        };
        Self { subject, debt: None, told: seen.clone(), seen, told_at: Instant::now() }
    }

    /// What was seen last.
    pub(super) fn seen(&self) -> &OnMesos {
        &self.seen
    }

    /// What is told.
    pub(super) fn told(&self) -> &OnMesos {
        &self.told
    }

    /// What Mesos says now, in the light of what it said before: masters forget, and one that began to lead a moment ago has not
    /// heard of everything yet.
    pub(super) fn after(&self, mut now: OnMesos) -> OnMesos {
        let before = &self.seen;
        now.role.clone_from(&self.subject.role);
        now.registered = now.registered.or(before.registered);
        now.has_run |= before.has_run;
        now.executors.failed = now.executors.failed.max(before.executors.failed);
        now.executors.lost = now.executors.lost.max(before.executors.lost);
        now
    }

    /// Takes in what was seen. Answers whether that is to be told.
    pub(super) fn sees(&mut self, now: OnMesos) -> bool {
        self.seen = now.clone();
        self.tell(now)
    }

    /// Takes in why nothing is seen. What was seen before stays.
    pub(super) fn cannot_be_seen(&mut self, trouble: (Reason, String)) -> bool {
        self.tell(OnMesos { trouble: Some(trouble), ..self.seen.clone() })
    }

    /// Whether something is to be told: a turn at once, numbers alone after a while.
    fn tell(&mut self, now: OnMesos) -> bool {
        if now == self.told {
            return false;
        }
        let turn = |it: &OnMesos| {
            (
                it.registered.is_some(),
                it.executors.running > 0,
                // That executors are on their way is told if it lasts.
                it.wait.as_ref().map(|(reason, _)| *reason).filter(|reason| *reason != Reason::Registered),
                it.trouble.as_ref().map(|(reason, _)| *reason),
                it.frameworks.clone(),
            )
        };
        if turn(&now) == turn(&self.told) && self.told_at.elapsed() < NUMBERS {
            return false;
        }
        self.told = now;
        self.told_at = Instant::now();
        true
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::controller::watched::JobKey;
    use crate::mesos::Need;

    fn attempt(executors: Executors) -> Attempt {
        let job = JobKey { namespace: "ns".into(), name: "pi".into() };
        Attempt::new(Subject { job, need: Need::default(), user: "lcmap".into(), role: None, executors })
    }

    #[test]
    fn a_master_that_has_not_heard_of_an_attempt_yet_takes_nothing_back() {
        let mut attempt = attempt(Executors::default());
        let registered = Some(Timestamp::UNIX_EPOCH);
        attempt.sees(OnMesos { registered, has_run: true, ..OnMesos::default() });
        let now = attempt.after(OnMesos::default());
        assert_eq!((now.registered, now.has_run), (registered, true));
    }

    #[test]
    fn executors_that_failed_or_were_lost_stay_so() {
        let executors = |running, failed, lost| Executors { running, failed, lost };
        let mut attempt = attempt(executors(2, 1, 0));
        assert_eq!(attempt.told().executors, executors(0, 1, 0), "what an operator before has told");
        for (seen, told) in [
            (executors(2, 3, 0), executors(2, 3, 0)),
            (executors(0, 0, 0), executors(0, 3, 0)),
            (executors(1, 2, 4), executors(1, 3, 4)),
        ] {
            let now = attempt.after(OnMesos { executors: seen, ..OnMesos::default() });
            assert_eq!(now.executors, told);
            attempt.sees(now);
        }
    }
}
