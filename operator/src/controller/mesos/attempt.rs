//! One attempt: what Mesos has of it, and what of that the status reports.

use std::time::Duration;

use jiff::Timestamp;
use lcmap_mesos::operator::Frameworks;
use lcmap_spark_crd::Reason;
use lcmap_spark_crd::status::Executors;
use tokio::time::Instant;

use super::agents;
use super::attempts::{Debt, Subject};
use crate::core::{self, OnMesos};

/// How often numbers alone may change in a job's status: each change is a write.
const NUMBERS: Duration = Duration::from_secs(30);

/// How long a framework that a master does not list may be on its way back: drivers and agents try every few seconds.
const RETURN: Duration = Duration::from_secs(60);

/// What the look before had found, and this one does not find and does not explain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// Executors, of frameworks that live.
    Executors,
    /// This framework, which is neither among those that live nor among those that have ended.
    Framework(String),
}

/// An attempt that has, or had, something on Mesos.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) subject: Subject,
    /// What of it must go, once its driver is over.
    pub(super) debt: Option<Debt>,
    seen: OnMesos,
    told: OnMesos,
    told_at: Instant,
    /// When the last look at it began.
    looked: Option<Timestamp>,
    missing_since: Option<Instant>,
}

impl Attempt {
    /// One that nobody has looked at yet.
    pub(super) fn new(subject: Subject) -> Self {
        let seen = OnMesos {
            role: subject.role.clone(),
            executors: Executors { running: 0, ..subject.executors },
            ..OnMesos::default()
        };
        let told = seen.clone();
        Self { subject, debt: None, told, seen, told_at: Instant::now(), looked: None, missing_since: None }
    }

    /// What the status reports.
    pub(super) fn told(&self) -> OnMesos {
        OnMesos { looked: self.looked, ..self.told.clone() }
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

    /// What was there before and is missing now.
    pub(super) fn missing(&self, listed: &Frameworks, now: &OnMesos) -> Option<Missing> {
        if self.debt.is_some() {
            return None;
        }
        let all = listed.frameworks.iter().chain(&listed.completed_frameworks);
        let unlisted = self.seen.frameworks.iter().find(|id| !all.clone().any(|it| it.id == **id));
        let fewer = !now.frameworks.is_empty() && now.executors.running < self.seen.executors.running;
        unlisted.cloned().map(Missing::Framework).or(fewer.then_some(Missing::Executors))
    }

    /// Why what is missing is not taken for gone yet, if it is not: a master that began to lead a moment ago learns from agents
    /// and drivers what there is. `unheard` agents have told it nothing so far; it gives them up after a time of its own.
    pub(super) fn doubt(&mut self, missing: Option<Missing>, unheard: usize) -> Option<(Reason, String)> {
        let Some(missing) = missing else {
            self.missing_since = None;
            return None;
        };
        let since = *self.missing_since.get_or_insert_with(Instant::now);
        let message = match missing {
            _ if unheard > 0 => {
                format!(
                    "the leading master has not heard of {} yet, where executors may run",
                    agents(unheard)
                )
            }
            Missing::Framework(id) if since.elapsed() < RETURN => {
                format!(
                    "the leading master lists neither the framework {id} nor its end; it may have begun to lead a moment ago"
                )
            }
            Missing::Framework(_) | Missing::Executors => return None,
        };
        Some((Reason::MesosUnreachable, message))
    }

    /// Whether somebody waits for what happens next.
    pub(super) fn is_expecting(&self) -> bool {
        match &self.debt {
            Some(debt) => debt.outcome != core::Frameworks::Gone,
            None => self.seen.executors.running == 0 || self.missing_since.is_some(),
        }
    }

    /// Takes in a look. Answers whether the status has to change.
    pub(super) fn sees(&mut self, mut now: OnMesos) -> bool {
        // The time of a look is left out: it alone changes nothing.
        self.looked = now.looked.take().or(self.looked);
        self.seen = now.clone();
        self.tell(now)
    }

    /// Takes in why the look failed. What is known stays.
    pub(super) fn cannot_be_seen(&mut self, trouble: (Reason, String)) -> bool {
        self.tell(OnMesos { trouble: Some(trouble), ..self.seen.clone() })
    }

    /// Whether the status has to change: a turn at once, numbers alone after a while.
    fn tell(&mut self, now: OnMesos) -> bool {
        if now == self.told {
            return false;
        }
        let turn = |it: &OnMesos| {
            (
                it.registered.is_some(),
                it.executors.running > 0,
                // That executors are on their way is reported if it lasts.
                it.wait.as_ref().map(|(reason, _)| *reason).filter(|reason| *reason != Reason::Registered),
                it.offers.standstill.as_ref().map(|(reason, _)| *reason),
                it.offers.wanted_since,
                it.trouble.as_ref().map(|(reason, _)| *reason),
                it.frameworks.clone(),
                it.connection,
                it.unreached.is_some(),
                it.certificate,
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
    use serde_json::json;

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

    fn seen(frameworks: &[&str], running: i32) -> OnMesos {
        let frameworks = frameworks.iter().map(|id| (*id).to_owned()).collect();
        let executors = Executors { running, ..Executors::default() };
        OnMesos { frameworks, executors, registered: Some(Timestamp::UNIX_EPOCH), ..OnMesos::default() }
    }

    fn listed(alive: &[&str], ended: &[&str]) -> Frameworks {
        let list = |ids: &[&str]| -> Vec<_> {
            ids.iter().map(|id| json!({"framework_info": {"id": {"value": id}}})).collect()
        };
        let all = json!({"frameworks": list(alive), "completed_frameworks": list(ended)});
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn only_what_a_master_does_not_explain_is_lacking() {
        let mut attempt = attempt(Executors::default());
        attempt.sees(seen(&["u-1"], 2));
        for (alive, ended, running, missing) in [
            (&["u-1"][..], &[][..], 2, None),
            (&["u-1"], &[], 3, None),
            (&["u-1"], &[], 1, Some(Missing::Executors)),
            (&[], &["u-1"], 0, None),
            (&["u-1-2"], &["u-1"], 2, None),
            (&[], &[], 0, Some(Missing::Framework("u-1".into()))),
        ] {
            let found = attempt.missing(&listed(alive, ended), &seen(alive, running));
            assert_eq!(found, missing, "{alive:?} live, {ended:?} have ended, {running} run");
        }
        attempt.debt = Some(Debt::of("u-1"));
        assert_eq!(attempt.missing(&listed(&[], &[]), &seen(&[], 0)), None, "who must go is not missed");
    }

    #[tokio::test(start_paused = true)]
    async fn a_master_that_leads_anew_is_doubted_until_it_has_heard_of_all_agents_and_then_not_for_ever() {
        let mut attempt = attempt(Executors::default());
        let unlisted = || Some(Missing::Framework("u-1".into()));
        for (after, missing, unheard, words) in [
            (0, Some(Missing::Executors), 1, Some("1 agent yet")),
            (0, Some(Missing::Executors), 0, None),
            (600, unlisted(), 2, Some("2 agents yet")),
            (0, None, 0, None),
            (0, unlisted(), 0, Some("framework u-1")),
            (59, unlisted(), 0, Some("framework u-1")),
            (1, unlisted(), 0, None),
        ] {
            tokio::time::advance(Duration::from_secs(after)).await;
            let doubt = attempt.doubt(missing.clone(), unheard).map(|(_, message)| message);
            let is_told = doubt.as_ref().zip(words).is_some_and(|(told, words)| told.contains(words));
            assert!(doubt.is_none() && words.is_none() || is_told, "{missing:?} with {unheard}: {doubt:?}");
        }
    }

    #[test]
    fn what_was_seen_is_told_with_what_keeps_it_from_being_seen_again() {
        let mut attempt = attempt(Executors::default());
        attempt.sees(seen(&["u-1"], 2));
        assert!(attempt.cannot_be_seen((Reason::MesosUnreachable, "no route".into())));
        let told = attempt.told();
        assert_eq!((told.executors.running, told.frameworks.as_slice()), (2, &["u-1".to_owned()][..]));
        assert!(told.trouble.is_some());
    }

    #[test]
    fn who_gets_no_answer_has_not_looked() {
        let mut attempt = attempt(Executors::default());
        assert_eq!(attempt.told().looked, None);
        let at = |second| Some(Timestamp::from_second(second).unwrap());
        attempt.sees(OnMesos { looked: at(60), ..seen(&["u-1"], 0) });
        assert!(!attempt.sees(OnMesos { looked: at(62), ..seen(&["u-1"], 0) }), "no news");
        attempt.cannot_be_seen((Reason::MesosUnreachable, "no route".into()));
        assert_eq!(attempt.told().looked, at(62));
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
