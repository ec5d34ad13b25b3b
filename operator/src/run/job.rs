//! One job, from its first attempt to its end: observe → decide → apply, until the phase is final.

mod observe;

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use lcmap_spark_agent::notebook::in_url;
use lcmap_spark_agent::plan::LaunchPlan;
use lcmap_spark_crd::spec::{RunKind, RunRef};
use lcmap_spark_crd::{Phase, Reason, SparkJob, SparkJobStatus, names};
use tokio::sync::watch::Receiver;

use super::container::Streams;
use super::debt;
use super::driver::{Driver, Happened, Observation, Start};
use super::folder::AttemptFolder;
use super::launcher::Launcher;
use super::output::Route;
use super::prepare::Prepared;
use super::progress;
use super::report::{Event, Output, Reporter, Subject};
use super::reported::{Reported, ReportedAttempt};
use super::signals::{Request, Signals};
use super::{Args, RunError, exit};
use crate::core::{self, Decision, Effect, Ending, OnMesos, Requeue, Site};
use crate::mesos::{self, AttemptId, Need};
use crate::progress::{Progress, SparkUi};

/// How often the agent's state file is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// How a job's run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// By itself, with this exit code.
    ByItself(u8),
    /// Since somebody asked `run` to stop, with this exit code.
    OnRequest(u8),
}

/// One job on its way.
pub(crate) struct JobRun<'a> {
    subject: Subject,
    job: SparkJob,
    kind: RunKind,
    launcher: Launcher,
    site: Site,
    /// The folders of this machine that stand for Secrets.
    secrets: BTreeMap<String, PathBuf>,
    reporter: &'a mut Reporter,
    streams: Streams,
    route: Route,
    /// The token of a notebook server, when the job's own Secret has it.
    token: Option<PathBuf>,
    spark_ui: Option<SparkUi>,
    progress: Option<Receiver<Progress>>,
    /// Whom to ask about its frameworks, for a Distributed job.
    mesos: Option<lcmap_mesos::Settings>,
    /// What its driver has on Mesos.
    on_mesos: Option<Receiver<OnMesos>>,
    driver: Option<Driver>,
    /// An attempt that could not even be started.
    stillborn: Option<Ending>,
    request: Option<Request>,
    /// Whether something that may be left on Mesos was given up on: nothing of the job may start beside it.
    gave_up: bool,
    reported: Reported,
}

impl<'a> JobRun<'a> {
    /// A job that has not begun.
    pub(crate) fn new(subject: Subject, prepared: Prepared, args: &Args, reporter: &'a mut Reporter) -> Self {
        let Prepared { job, launcher, mut site, secrets, mesos, token, warnings } = prepared;
        let kind = job.spec.run.kind().map_or(RunKind::Submit, RunRef::kind);
        for message in warnings {
            reporter.tell(&subject, &Event::Warning { message });
        }
        let streams = streams(kind, args);
        let bar = args.output == Output::Text && kind == RunKind::Submit && std::io::stderr().is_terminal();
        let route = match args.output {
            Output::Json => Route::ToStandardError,
            Output::Text if bar => Route::AroundBar,
            Output::Text => Route::Inherit,
        };
        if bar {
            // Two bars on one terminal would fight.
            site.conf.insert("spark.ui.showConsoleProgress".into(), "false".into());
        }
        let asked = bar || args.output == Output::Json && !kind.is_shell();
        let spark_ui = asked.then(SparkUi::new).and_then(Result::ok);
        Self {
            subject,
            job,
            kind,
            launcher,
            site,
            secrets,
            reporter,
            streams,
            route,
            token,
            spark_ui,
            progress: None,
            mesos,
            on_mesos: None,
            driver: None,
            stillborn: None,
            request: None,
            gave_up: false,
            reported: Reported::default(),
        }
    }

    /// Runs it.
    pub(crate) async fn finish(mut self, signals: &mut Signals) -> Ended {
        loop {
            self.mind_debt();
            let observed = self.observe();
            let Decision { start, effects, status, requeue, .. } = core::decide(&self.job, &observed);
            if let Some(core::Start::Driver(attempt)) = start {
                self.begin(attempt);
            }
            self.tell(&status);
            self.job.status = Some(status);
            for effect in effects {
                self.apply(effect);
            }
            if let Some(ended) = self.ended() {
                return ended;
            }
            self.wait(requeue, signals).await;
        }
    }

    fn begin(&mut self, attempt: i32) {
        self.reported.attempt = ReportedAttempt::default();
        self.progress = None;
        self.stillborn = None;
        self.on_mesos = self.mesos.clone().map(|settings| {
            let uid = self.job.metadata.uid.as_deref().unwrap_or_default();
            let whose = AttemptId::new(names::framework_id(uid, attempt));
            mesos::follow(settings, whose, Need::of(&self.job.spec))
        });
        self.driver = None;
        match self.start(attempt) {
            Ok(driver) => self.driver = Some(driver),
            Err(error) => {
                self.stillborn = Some(Ending {
                    at: Timestamp::now(),
                    exit_code: Some(i32::from(exit::FAULT)),
                    reason: Reason::ConfigurationFailed,
                    message: error.to_string(),
                });
            }
        }
    }

    fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::StopDriver(_) => {
                if let Some(driver) = &mut self.driver {
                    driver.stop();
                }
            }
            // Each attempt's folder goes with it, and a job here is a file that is somebody else's.
            Effect::RemoveDriver(_) | Effect::DeleteJob | Effect::RemoveFinalizer => {}
            Effect::Settle(_) => {
                if let Some(debt) = self.driver.as_mut().and_then(Driver::debt) {
                    debt.pay();
                }
            }
        }
    }

    fn start(&self, attempt: i32) -> Result<Driver, RunError> {
        let folder = AttemptFolder::create()?;
        let mut site = self.site.clone();
        if self.kind == RunKind::Notebook {
            folder.write_token(self.token.as_deref())?;
            site.notebook_token = Some(self.launcher.token(&folder));
        }
        let plan = core::plan(&self.job, attempt, &site).map_err(RunError::Unplannable)?;
        folder.write_plan(&plan)?;
        if self.mesos.is_some() {
            folder.write_owed(&owed(&self.job, attempt, site, &self.secrets)?)?;
        }
        // A container's name is the whole machine's; the folder's is already unique.
        let unique = folder.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = format!("{unique}-{}-{attempt}", self.subject.job.as_deref().unwrap_or_default());
        let launcher = self.launcher.clone();
        let (streams, route, mesos) = (self.streams, self.route, self.mesos.clone());
        Driver::start(Start { launcher, folder, name, attempt, streams, route, mesos })
    }

    async fn wait(&mut self, requeue: Requeue, signals: &mut Signals) {
        let waiting_for_state = self.driver.is_some();
        let pause = match requeue {
            Requeue::After(wait) if waiting_for_state => wait.min(LOOK),
            Requeue::After(wait) => wait,
            Requeue::OnChange => LOOK,
            Requeue::AtOnce => return,
        };
        tokio::select! {
            happened = next(&mut self.driver) => match happened {
                Happened::Output(lines) => self.reporter.around_bar(|| lines.write()),
                Happened::Moved => self.drain().await,
            },
            request = signals.next() => self.requested(request),
            () = tokio::time::sleep(pause) => self.look(),
        }
    }

    fn requested(&mut self, request: Request) {
        if self.driver.as_mut().and_then(Driver::debt).is_some() {
            self.give_up();
        // The first request is for `core` to decide on; whoever asks again does not want to wait for it.
        } else if self.request.is_some()
            && let Some(driver) = &mut self.driver
        {
            driver.stop();
        }
        self.request.get_or_insert(request);
    }

    /// Tells of what may be left on Mesos, and gives up on it when it has been tried for long enough.
    fn mind_debt(&mut self) {
        let Some(debt) = self.driver.as_mut().and_then(Driver::debt) else { return };
        let (is_overdue, left) = (debt.is_overdue(), debt::in_words(debt.left()));
        if !self.reported.attempt.debt {
            self.reported.attempt.debt = true;
            let message = format!(
                "may be left on Mesos: {left}; tried for {} s more, which ctrl-C ends",
                debt::PATIENCE.as_secs()
            );
            self.reporter.tell(&self.subject, &Event::Warning { message });
        }
        if is_overdue {
            self.give_up();
        }
    }

    fn give_up(&mut self) {
        let left = self.driver.as_mut().map(Driver::give_up).unwrap_or_default();
        self.gave_up = true;
        let message = format!(
            "given up on, and may be left on Mesos: {}; the next `lcmap-spark run` of this user tears it down, or a Mesos admin",
            debt::in_words(&left)
        );
        self.reporter.tell(&self.subject, &Event::Warning { message });
    }

    async fn drain(&mut self) {
        while let Some(driver) = &mut self.driver
            && let Some(lines) = driver.rest().await
        {
            self.reporter.around_bar(|| lines.write());
        }
    }

    /// Looks at what changes without a word: the agent's state, and how far Spark is.
    fn look(&mut self) {
        let Some(Observation::Agent(state)) = self.driver.as_ref().map(Driver::observe) else { return };
        // People have read the agent's own words on standard error.
        if matches!(self.reporter, Reporter::Json) {
            for message in state.warnings.iter().skip(self.reported.attempt.warnings) {
                self.reporter.tell(&self.subject, &Event::Warning { message: message.clone() });
            }
            self.reported.attempt.warnings = self.reported.attempt.warnings.max(state.warnings.len());
        }
        if let (Some(notebook), false) = (&state.notebook, self.reported.attempt.notebook) {
            self.reported.attempt.notebook = true;
            let token = self.driver.as_ref().map(Driver::token).unwrap_or_default();
            let (scheme, token) = (notebook.scheme.as_str(), in_url(&token));
            let url = format!("{scheme}://127.0.0.1:{}{}?token={token}", notebook.port, notebook.base_url);
            self.reporter.tell(&self.subject, &Event::Notebook { url });
        }
        let Some(address) = state.ui.filter(|_| self.launcher.shares_network()) else { return };
        if self.reported.attempt.ui != Some(address) && !self.kind.is_shell() {
            self.reported.attempt.ui = Some(address);
            self.progress = self.spark_ui.clone().map(|ui| progress::follow(ui, address));
            self.reporter.tell(&self.subject, &Event::Ui { url: format!("http://{address}") });
        }
        if let Some(progress) = &mut self.progress
            && progress.has_changed().unwrap_or_default()
        {
            let event = Event::Progress(*progress.borrow_and_update());
            self.reporter.tell(&self.subject, &event);
        }
    }

    fn tell(&mut self, status: &SparkJobStatus) {
        let events = [
            self.reported.phase(status, Instant::now(), self.reporter.pace()),
            self.reported.executors(status),
        ];
        for event in events.into_iter().flatten() {
            self.reporter.tell(&self.subject, &event);
        }
    }

    fn ended(&mut self) -> Option<Ended> {
        let status = self.job.status.as_ref()?;
        let phase = status.phase?;
        if !phase.is_final() && phase != Phase::Suspended {
            return None;
        }
        let exit_code = exit::of(status, self.request);
        let seconds = status.duration.map_or(0, lcmap_spark_crd::Duration::as_secs);
        self.reporter.tell(&self.subject, &Event::Result { phase: phase.as_str(), exit_code, seconds });
        Some(if self.request.is_some() { Ended::OnRequest(exit_code) } else { Ended::ByItself(exit_code) })
    }
}

/// The plan of an attempt for whoever settles on this machine what it leaves on Mesos: its driver may have had its Secrets in a
/// container.
fn owed(
    job: &SparkJob,
    attempt: i32,
    site: Site,
    secrets: &BTreeMap<String, PathBuf>,
) -> Result<LaunchPlan, RunError> {
    let here = Site { secrets: secrets.clone(), ..site };
    core::plan(job, attempt, &here).map_err(RunError::Unplannable)
}

fn streams(kind: RunKind, args: &Args) -> Streams {
    let standard_input_is_taken = args.files.read_standard_input();
    let terminal = std::io::stdin().is_terminal();
    match kind {
        _ if standard_input_is_taken => Streams::Output,
        RunKind::Shell | RunKind::PySpark if terminal => Streams::Terminal,
        // A program that reads a terminal from the background would be stopped by it.
        RunKind::Submit | RunKind::Notebook if terminal => Streams::Output,
        _ => Streams::Piped,
    }
}

async fn next(driver: &mut Option<Driver>) -> Happened {
    match driver {
        Some(driver) => driver.next().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use lcmap_spark_agent::plan::Master;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_owed_is_settled_with_the_folders_of_this_machine_and_not_of_a_container() {
        let job = json!({"apiVersion": "lcmap.usgs.gov/v1alpha1", "kind": "SparkJob", "metadata": {"name": "pi", "uid": "u"},
            "spec": {"mode": "Distributed", "run": {"submit": {"application": "pi.py"}}, "mesos": {"master": "mesos://m:5050",
            "credentialsSecretName": "credentials", "certificates": {"secretName": "keys"}}}});
        let job: SparkJob = serde_json::from_value(job).unwrap();
        let folders = |root: &str| {
            ["credentials", "keys"].map(|name| (name.to_owned(), Path::new(root).join(name))).into()
        };
        let site = Site { secrets: folders("/lcmap/secrets"), ..Site::default() };
        let plan = owed(&job, 1, site, &folders("/home/alice")).unwrap();
        assert_eq!(plan.certificates.unwrap().source, Path::new("/home/alice/keys"));
        let Master::Mesos(mesos) = plan.master else { panic!("Distributed") };
        assert_eq!(mesos.credentials.as_deref(), Some(Path::new("/home/alice/credentials")));
    }
}
