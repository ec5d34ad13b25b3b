//! Which job to look at next.
//!
//! kube's own `Controller` has one queue, in which a job that ends waits behind a thousand that begin. Here there are
//! two lanes, and a job is in one of them at most, and worked on by one worker at most.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::metrics::Lane;
use super::watched::JobKey;

/// How many jobs of the first lane are served before one of the second is, while both have some. In a burst of a thousand
/// jobs one keeps the end of a job within seconds; with more the pods of jobs that begin come far apart.
const SHARE: u32 = 1;

/// The jobs that wait to be looked at.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    finishing: VecDeque<JobKey>,
    starting: VecDeque<JobKey>,
    waiting: HashMap<JobKey, Lane>,
    working: HashSet<JobKey>,
    /// What came up for a job while it was worked on.
    again: HashMap<JobKey, Lane>,
    due: HashMap<JobKey, Instant>,
    timetable: BTreeSet<(Instant, JobKey)>,
    served: u32,
}

impl Queue {
    /// Lets a job be looked at as soon as may be.
    pub(crate) fn push(&self, key: JobKey, lane: Lane) {
        self.lock().push(key, lane);
        self.changed.notify_one();
    }

    /// Lets a job be looked at after a while, in place of any while set before.
    pub(crate) fn push_after(&self, key: JobKey, wait: Duration) {
        self.lock().set_due(key, Instant::now() + wait);
        self.changed.notify_one();
    }

    /// The next job. [`Queue::done`] must follow.
    pub(crate) async fn pop(&self) -> JobKey {
        loop {
            let changed = self.changed.notified();
            let (next, wake) = {
                let mut state = self.lock();
                state.wake(Instant::now());
                (state.pop(), state.timetable.first().map(|(at, _)| *at))
            };
            match (next, wake) {
                (Some(key), _) => return key,
                (None, Some(at)) => {
                    tokio::select! { () = changed => {}, () = tokio::time::sleep_until(at) => {} }
                }
                (None, None) => changed.await,
            }
        }
    }

    /// Says that a job has been worked on.
    pub(crate) fn done(&self, key: &JobKey) {
        self.lock().done(key);
        self.changed.notify_one();
    }

    /// Forgets when a job was to be looked at.
    pub(crate) fn forget(&self, key: &JobKey) {
        self.lock().clear_due(key);
    }

    /// How many jobs wait or are worked on.
    pub(crate) fn load(&self) -> usize {
        let state = self.lock();
        state.waiting.len() + state.working.len()
    }

    /// How many jobs wait in a lane.
    pub(crate) fn depth(&self, lane: Lane) -> usize {
        let state = self.lock();
        match lane {
            Lane::Finishing => state.finishing.len(),
            Lane::Starting => state.starting.len(),
        }
    }

    /// The state is only ever changed in whole steps, so that a panic in one leaves it usable.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, key: JobKey, lane: Lane) {
        if self.working.contains(&key) {
            self.again.insert(key, lane);
            return;
        }
        match self.waiting.get(&key).copied() {
            Some(known) if known == lane || known == Lane::Finishing => {}
            Some(_) => {
                // It moves up: rare enough to be looked for.
                self.starting.retain(|other| *other != key);
                self.waiting.insert(key.clone(), lane);
                self.finishing.push_back(key);
            }
            None => {
                self.waiting.insert(key.clone(), lane);
                match lane {
                    Lane::Finishing => self.finishing.push_back(key),
                    Lane::Starting => self.starting.push_back(key),
                }
            }
        }
    }

    fn pop(&mut self) -> Option<JobKey> {
        let favour_starting = self.served >= SHARE && !self.starting.is_empty();
        let key = if favour_starting {
            self.served = 0;
            self.starting.pop_front()
        } else {
            self.served = self.served.saturating_add(1);
            self.finishing.pop_front().or_else(|| self.starting.pop_front())
        }?;
        self.waiting.remove(&key);
        self.clear_due(&key);
        self.working.insert(key.clone());
        Some(key)
    }

    fn done(&mut self, key: &JobKey) {
        self.working.remove(key);
        if let Some(lane) = self.again.remove(key) {
            self.push(key.clone(), lane);
        }
    }

    fn set_due(&mut self, key: JobKey, at: Instant) {
        self.clear_due(&key);
        self.due.insert(key.clone(), at);
        self.timetable.insert((at, key));
    }

    fn clear_due(&mut self, key: &JobKey) {
        if let Some(at) = self.due.remove(key) {
            self.timetable.remove(&(at, key.clone()));
        }
    }

    /// Moves what is due into the lanes.
    fn wake(&mut self, now: Instant) {
        while let Some((at, _)) = self.timetable.first() {
            if *at > now {
                return;
            }
            if let Some((_, key)) = self.timetable.pop_first() {
                self.due.remove(&key);
                self.push(key, Lane::Finishing);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> JobKey {
        JobKey { namespace: "ns".into(), name: name.into() }
    }

    fn names(state: &mut State, count: usize) -> Vec<String> {
        (0..count).filter_map(|_| state.pop()).map(|key| key.name).collect()
    }

    #[test]
    fn a_job_that_ends_overtakes_those_that_begin() {
        let mut state = State::default();
        for name in ["new-1", "new-2"] {
            state.push(key(name), Lane::Starting);
        }
        state.push(key("ending"), Lane::Finishing);
        assert_eq!(names(&mut state, 3), ["ending", "new-1", "new-2"]);
    }

    #[test]
    fn a_flood_of_ends_lets_a_new_job_through_now_and_then() {
        let mut state = State::default();
        state.push(key("new"), Lane::Starting);
        for i in 0..20 {
            state.push(key(&i.to_string()), Lane::Finishing);
        }
        let order = names(&mut state, 10);
        assert!(order.contains(&"new".to_owned()), "{order:?}");
    }

    #[test]
    fn a_job_waits_once_however_often_it_is_pushed() {
        let mut state = State::default();
        for lane in [Lane::Starting, Lane::Starting, Lane::Finishing, Lane::Starting] {
            state.push(key("a"), lane);
        }
        assert_eq!(names(&mut state, 5), ["a"]);
    }

    #[test]
    fn jobs_that_wait_and_jobs_that_are_worked_on_are_load() {
        let queue = Queue::default();
        for name in ["a", "b", "c"] {
            queue.push(key(name), Lane::Starting);
        }
        queue.push_after(key("later"), Duration::from_secs(60));
        assert_eq!(queue.load(), 3);
        let worked_on = queue.lock().pop().unwrap();
        assert_eq!(queue.load(), 3);
        queue.done(&worked_on);
        assert_eq!(queue.load(), 2);
    }

    #[test]
    fn what_comes_up_during_the_work_is_looked_at_after_it() {
        let mut state = State::default();
        state.push(key("a"), Lane::Starting);
        assert_eq!(names(&mut state, 1), ["a"]);
        state.push(key("a"), Lane::Finishing);
        assert_eq!(state.pop(), None, "nobody works on a job that is worked on");
        state.done(&key("a"));
        assert_eq!(names(&mut state, 1), ["a"]);
    }

    #[test]
    fn a_later_time_takes_the_place_of_an_earlier_one() {
        let (mut state, now) = (State::default(), Instant::now());
        state.set_due(key("a"), now + Duration::from_secs(1));
        state.set_due(key("a"), now + Duration::from_secs(5));
        state.wake(now + Duration::from_secs(2));
        assert_eq!(state.pop(), None);
        state.wake(now + Duration::from_secs(5));
        assert_eq!(names(&mut state, 1), ["a"]);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_gets_what_becomes_due() {
        let queue = Queue::default();
        queue.push_after(key("a"), Duration::from_secs(30));
        let began = Instant::now();
        assert_eq!(queue.pop().await, key("a"));
        assert_eq!(began.elapsed().as_secs(), 30);
    }
}
