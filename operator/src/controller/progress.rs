//! How far the running drivers are: asked of their own web UIs now and then, within bounds. Nothing depends on an answer:
//! a network may keep the operator from drivers, and a driver may have no UI.

use std::collections::{HashMap, HashSet};
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::{StreamExt, stream};
use lcmap_spark_crd::DurationError;
use lcmap_spark_crd::status::{Count, Progress};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::index::{DriverUi, Index};
use super::lease::Leadership;
use super::metrics::Lane;
use super::queue::Queue;
use crate::core::SparkUi;
use crate::progress;

/// How many drivers are asked at a time.
const AT_A_TIME: usize = 8;

/// How long an executor may take from its start until it has come through to its driver: its JVM has to start.
const UNREACHED: Duration = Duration::from_secs(30);

/// How often running drivers are asked how far they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Not at all.
    Never,
    /// Once in so long. A job's status is written half as often at most.
    Every(Duration),
}

impl FromStr for Pace {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "never" => Ok(Self::Never),
            text => text.parse().map(|every: lcmap_spark_crd::Duration| Self::Every(every.into())),
        }
    }
}

/// The last report of each driver, by its pod's UID. Cheap to clone: all clones are one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reports(Arc<Mutex<HashMap<String, Report>>>);

#[derive(Debug)]
struct Report {
    ui: SparkUi,
    since: Instant,
    /// Since when executors run and none has come through.
    alone_since: Option<Instant>,
}

/// Asks drivers how far they are, for as long as this replica leads.
pub(crate) struct Inquirer {
    /// Asks one.
    pub(crate) spark_ui: progress::SparkUi,
    /// Whom there is to ask.
    pub(crate) index: Index,
    /// Where jobs go of which there is something new to tell.
    pub(crate) queue: Arc<Queue>,
    /// Where reports go.
    pub(crate) reports: Reports,
    /// Whether this replica leads.
    pub(crate) leadership: Leadership,
    /// How often they are asked.
    pub(crate) every: Duration,
}

impl Inquirer {
    /// Asks until it is cancelled.
    pub(crate) async fn run(self, cancel: CancellationToken) {
        let mut rounds = interval(self.every);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let ask = async {
            loop {
                rounds.tick().await;
                if self.leadership.leads() {
                    self.round().await;
                }
            }
        };
        cancel.run_until_cancelled(ask).await;
    }

    async fn round(&self) {
        let uis = self.index.uis();
        self.reports.retain(&uis);
        stream::iter(uis).for_each_concurrent(AT_A_TIME, |ui| self.ask(ui)).await;
    }

    async fn ask(&self, DriverUi { job, pod, address, has_executors }: DriverUi) {
        let Some(progress) = self.spark_ui.ask(address).await else { return };
        // One task that an executor has done says that it came through.
        let may_be_alone = progress.tasks_done == 0 && (has_executors || self.reports.is_alone(&pod));
        let unreached = if may_be_alone { self.spark_ui.unreached(address).await } else { None };
        let ui = SparkUi { url: format!("http://{address}"), progress: summary(progress), unreached };
        if self.reports.report(pod, ui, self.every * 2) {
            self.queue.push(job, Lane::Starting);
        }
    }
}

impl Reports {
    /// The last report of a driver.
    pub(crate) fn of(&self, pod: &str) -> Option<SparkUi> {
        self.lock().get(pod).map(|report| report.ui.clone())
    }

    /// Takes a report, if it is news and the last one is older than `pause`. That executors reach the driver is taken at once;
    /// that they do not, once they had time to start. Returns whether the report was taken.
    fn report(&self, pod: String, mut ui: SparkUi, pause: Duration) -> bool {
        let (mut reports, now) = (self.lock(), Instant::now());
        let last = reports.get_mut(&pod);
        let alone_since = last.as_ref().and_then(|last| last.alone_since).unwrap_or(now);
        let alone_since = ui.unreached.is_some().then_some(alone_since);
        ui.unreached = ui.unreached.filter(|_| alone_since.is_some_and(|since| now - since >= UNREACHED));
        if let Some(last) = last {
            last.alone_since = alone_since;
            let is_early = now - last.since < pause && last.ui.unreached == ui.unreached;
            if last.ui == ui || is_early {
                return false;
            }
        }
        reports.insert(pod, Report { ui, since: now, alone_since });
        true
    }

    /// Whether executors of a driver have run, and none had come through when it was last asked.
    fn is_alone(&self, pod: &str) -> bool {
        self.lock().get(pod).is_some_and(|report| report.alone_since.is_some())
    }

    /// Forgets the drivers that do not run any more.
    fn retain(&self, uis: &[DriverUi]) {
        let running: HashSet<_> = uis.iter().map(|ui| ui.pod.as_str()).collect();
        self.lock().retain(|pod, _| running.contains(pod.as_str()));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Report>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn summary(progress: progress::Progress) -> Progress {
    let count = |completed: u64, total: u64| Count {
        completed: i64::try_from(completed).unwrap_or(i64::MAX),
        total: i64::try_from(total).unwrap_or(i64::MAX),
    };
    Progress {
        stages: count(progress.stages_done, progress.stages),
        tasks: count(progress.tasks_done, progress.tasks),
        percent: i32::try_from(progress.percent).unwrap_or(100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ui(percent: i32) -> SparkUi {
        let progress = Progress { percent, ..Progress::default() };
        SparkUi { url: "http://10.0.0.1:4040".into(), progress, unreached: None }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_new_is_told_no_oftener_than_allowed() {
        let (reports, pause) = (Reports::default(), Duration::from_secs(30));
        assert!(reports.report("a".into(), ui(1), pause), "the first at once");
        tokio::time::advance(Duration::from_secs(29)).await;
        assert!(!reports.report("a".into(), ui(2), pause));
        assert_eq!(reports.of("a"), Some(ui(1)), "what is reported does not change without being written");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(reports.report("a".into(), ui(2), pause));
        tokio::time::advance(pause).await;
        assert!(!reports.report("a".into(), ui(2), pause), "nothing new");
    }

    #[tokio::test(start_paused = true)]
    async fn that_no_executor_comes_through_is_told_after_their_time_to_start_and_taken_back_at_once() {
        let (reports, pause) = (Reports::default(), Duration::from_secs(60));
        let alone = || SparkUi { unreached: Some("10.0.0.1:4711".into()), ..ui(0) };
        assert!(reports.report("a".into(), alone(), pause));
        assert_eq!(reports.of("a"), Some(ui(0)), "executors have only just started");
        tokio::time::advance(UNREACHED).await;
        assert!(reports.report("a".into(), alone(), pause), "before the pause is over");
        assert_eq!(reports.of("a"), Some(alone()));
        assert!(reports.report("a".into(), ui(0), pause));
        assert!(!reports.report("a".into(), alone(), pause), "others begin anew");
    }

    #[test]
    fn a_pace_is_a_time_or_never() {
        assert_eq!("never".parse(), Ok(Pace::Never));
        assert_eq!("15s".parse(), Ok(Pace::Every(Duration::from_secs(15))));
        for none in ["often", "", "0s"] {
            assert!(none.parse::<Pace>().is_err(), "{none}");
        }
    }
}
