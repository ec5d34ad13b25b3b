//! After the end: what is kept, for how long, and whether the job runs again.

use lcmap_spark_crd::spec::RetainPods;
use lcmap_spark_crd::{Phase, Reason};

use super::{Step, later};
use crate::core::{Effect, Life, Stopping};

impl Step<'_> {
    /// A run that has ended stays as it is, until the job asks for another or its time is over.
    pub(super) fn after_the_end(&mut self) {
        if let Some(renewal) = self.renewal() {
            return self.begin(&renewal);
        }
        let lives = self.observed.driver.as_ref().filter(|driver| driver.life == Life::Living);
        if lives.is_some_and(|driver| driver.stopping == Stopping::No) {
            // A container beside the driver keeps its pod alive.
            self.effects.push(Effect::StopDriver(self.attempt()));
        }
        if self.is_being_deleted() || self.spec.suspend {
            return;
        }
        let completed = self.status.completion_time.as_ref().map(|time| time.0);
        let until = completed.zip(self.spec.ttl_after_finished).and_then(|(at, ttl)| later(at, ttl.into()));
        if self.passed(until) {
            self.effects.push(Effect::DeleteJob);
        }
    }

    /// Stops what still lives of ended attempts, such as a container beside the driver, and removes what is left of
    /// them beyond what `retention` keeps.
    ///
    /// Only of attempts whose end the status already tells, as it was read: nothing is taken away that is known
    /// nowhere else.
    pub(super) fn tidy_up(&mut self) {
        let recorded = self.job.status.as_ref();
        let told = |attempt| {
            recorded.is_some_and(|status| {
                status.attempt.is_some_and(|current| attempt < current)
                    || status.phase.is_some_and(Phase::is_final) && status.attempt == Some(attempt)
            })
        };
        let living = self.observed.remnants.iter().filter(|it| it.life == Life::Living);
        let unasked = living.filter(|it| it.stopping == Stopping::No && told(it.attempt));
        self.effects.extend(unasked.map(|it| Effect::StopDriver(it.attempt)));
        let over = self.observed.remnants.iter().filter(|it| it.life == Life::Over).map(|it| it.attempt);
        let current = self.observed.driver.iter().filter(|it| it.life == Life::Over).map(|_| self.attempt());
        let surplus = over.chain(current).filter(|attempt| told(*attempt) && !self.keeps(*attempt));
        let removals: Vec<_> = surplus.map(Effect::RemoveDriver).collect();
        self.effects.extend(removals);
    }

    fn keeps(&self, attempt: i32) -> bool {
        let told = self.status.attempts.iter().find(|it| it.attempt == attempt);
        match (self.spec.retention.pods, told) {
            (RetainPods::Never, _) | (_, None) => false, // attempts are told of as long as they are kept
            (RetainPods::Always, Some(_)) => true,
            (RetainPods::OnFailure, Some(attempt)) => {
                !matches!(attempt.reason, Reason::Completed | Reason::NeverConnected | Reason::IdleTimeout)
            }
        }
    }
}
