//! One attempt from plan to report: the only place that knows the order of things.

use std::env;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lcmap_mesos::read_states;
use nix::unistd::{Pid, getpid};
use rustls_pki_types::UnixTime;

use crate::certificates::{self, CertificateError, Rotation};
use crate::console;
use crate::error::Error;
use crate::failure::{Failure, Program};
use crate::launch;
use crate::lingering::Lingering;
use crate::mesos::{self, Frameworks};
use crate::output::{Output, Printed};
use crate::plan::{self, Certificates, FailureMessage, LaunchPlan, Master, PlanError, Run};
use crate::prepare::{Places, Ready, prepare};
use crate::private::PrivateFolder;
use crate::report::{ExitReason, Frameworks as Reported, TerminationMessage};
use crate::sizing::cgroup;
use crate::spark::Environment;
use crate::state::StateFile;
use crate::supervise::Supervisor;
use crate::supervise::signals::Inbox;
use crate::supervise::step::PATIENCE;
use crate::supervise::terminal::Terminal;
use crate::verdict::{self, Circumstances};
use crate::watch::{Watched, Watcher};

/// What an attempt is given beside its plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Doors {
    /// The file that holds the plan.
    pub plan: PathBuf,
    /// The folder of the state file.
    pub state: PathBuf,
    /// The file for the termination message, if one is wanted.
    pub termination_log: Option<PathBuf>,
    /// The process whose end stops the attempt, if one is watched.
    pub parent: Option<Pid>,
}

/// What is kept up to date while the command runs.
struct Kept {
    state: StateFile,
    certificates: Option<Rotation>,
}

/// Runs one attempt to its end and reports it. The result is the agent's exit code.
pub(crate) fn run(doors: &Doors) -> u8 {
    let mut warnings = Vec::new();
    let mut message = match attempt(doors, &mut warnings) {
        Ok(message) => message,
        Err(error) => {
            let mut message = verdict::of_error(&error);
            // A command that never started has asked Mesos for nothing.
            message.frameworks = (!matches!(error, Error::Signals(_))).then(Reported::default);
            message
        }
    };
    message.warnings = warnings;
    report(&message, doors.termination_log.as_deref());
    message.exit_code
}

/// Tells how it ended: people on standard error, where the command's own output leaves that open; programs in a
/// file, if one is wanted.
pub(crate) fn report(message: &TerminationMessage, file: Option<&Path>) {
    if message.needs_words() {
        console::say(&message.message);
    }
    if let Some(path) = file
        && let Err(error) = message.write(path)
    {
        console::warn(&format!("the termination message cannot be written to {}: {error}", path.display()));
    }
}

fn attempt(doors: &Doors, warnings: &mut Vec<String>) -> Result<TerminationMessage, Error> {
    // Before anything else, so that a TERM that comes while we prepare is not lost.
    let inbox = Inbox::open().map_err(Error::Signals)?;
    let plan = read_plan(&doors.plan)?;
    let mut state =
        StateFile::new(&doors.state).map_err(|source| Error::State { path: doors.state.clone(), source })?;
    let image: Environment = env::vars_os().collect();
    let runtime_dir = image.get(OsStr::new("XDG_RUNTIME_DIR")).cloned();
    let private = PrivateFolder::create(runtime_dir.as_deref(), &doors.state)?;
    state.update(|state| state.private_folder = Some(private.path().to_owned()));
    let certificates = certify(plan.certificates.as_ref(), &private)?;
    warnings.extend(certificates.iter().flat_map(Rotation::warnings).cloned());
    let mut kept = Kept { state, certificates };
    let files = kept.certificates.as_ref().map(Rotation::files);
    let cluster = match &plan.master {
        Master::Local => None,
        Master::Mesos(mesos) => Some(mesos::connect(mesos, files, &inbox)?),
    };
    let places =
        Places { private: &private, state: &doors.state, certificates: files, cluster: cluster.as_ref() };
    let ready = prepare(&plan, image, &places)?;
    warnings.extend_from_slice(&ready.warnings);
    for warning in &*warnings {
        console::warn(warning);
    }
    kept.state.update(|state| state.warnings.clone_from(warnings));
    let frameworks =
        cluster.as_ref().map(|cluster| Frameworks::new(doors.state.clone(), cluster.settings.clone()));
    let (mut message, printed) = supervise(&plan, &ready, doors, &inbox, (&mut kept, frameworks))?;
    warnings.clone_from(&kept.state.current().warnings);
    let frameworks = read_states(&doors.state);
    if cluster.is_some() {
        verdict::with_frameworks(&mut message, &frameworks);
    }
    // What Mesos has against a framework is why its program failed, whatever that says of it.
    if mesos::refusal(&frameworks).is_none() {
        let exited = (message.reason != ExitReason::KilledBySignal).then_some(message.exit_code);
        let failure = Failure::find(program(&plan.run), exited, &ready.secrets.redact_all(&printed));
        verdict::with_failure(&mut message, failure.as_ref());
    }
    if let Some(cluster) = &cluster {
        let left = mesos::settle(&cluster.settings, &frameworks);
        for (id, why) in &left {
            let warning = format!("the framework {id} may be left on Mesos: {why}");
            console::warn(&warning);
            warnings.push(warning);
        }
        let left: Vec<String> = left.into_iter().map(|(id, _)| id).collect();
        message.frameworks = mesos::knows_all(&plan).then(|| {
            let ids = frameworks.into_iter().filter_map(|framework| framework.state.framework_id);
            Reported::new(ids.collect(), left.clone())
        });
        kept.state.update(|state| state.frameworks_left = left);
    }
    Ok(message)
}

/// Refuses keys in the image, then reads, checks and installs the certificates, if there are to be any.
fn certify(
    wanted: Option<&Certificates>,
    private: &PrivateFolder,
) -> Result<Option<Rotation>, CertificateError> {
    let target = wanted.and_then(|wanted| wanted.target.as_deref());
    // PID 1 is in a container for certain. Elsewhere a target says so: a laptop's own /certs is no image's.
    if target.is_some() || getpid().as_raw() == 1 {
        let folder = target.unwrap_or(Path::new(certificates::IMAGE_FOLDER));
        if let Some(path) = certificates::find_private_key(folder) {
            return Err(CertificateError::InImage { path });
        }
    }
    wanted.map(|wanted| Rotation::begin(wanted, private.path(), UnixTime::now())).transpose()
}

fn supervise(
    plan: &LaunchPlan,
    ready: &Ready,
    doors: &Doors,
    inbox: &Inbox,
    (kept, frameworks): (&mut Kept, Option<Frameworks>),
) -> Result<(TerminationMessage, Printed), Error> {
    let Kept { state, certificates } = kept;
    let root = Path::new("/");
    let oom_kills_before = cgroup::oom_kills(root).unwrap_or_default();
    let shell = launch::shell(&plan.run);
    let terminal = shell.and_then(|_| Terminal::acquire());
    let grace = Duration::from_millis(plan.grace_period_ms);
    let mut output = output(plan.failure_message, terminal.as_ref());
    let supervisor = Supervisor::start(&ready.prepared, inbox, terminal.as_ref(), grace, &mut output)?;
    state.update(|state| state.pid = u32::try_from(supervisor.main().as_raw()).ok());
    let idle_timeout = shell.and_then(|shell| shell.idle_timeout_ms).map(Duration::from_millis);
    let mut watcher = Watcher::new(
        Watched {
            ui_ports: ready.ui_ports.clone(),
            notebook: ready.notebook.as_ref(),
            idle: terminal.as_ref().zip(idle_timeout),
            frameworks,
            needs_its_jvm: matches!(plan.run, Run::PySpark(_)),
            ends_by_itself: matches!(plan.run, Run::Submit(_)),
            lingering: (program(&plan.run) == Program::SubmittedPython).then(|| Lingering::new(grace)),
            certificates: certificates.as_mut(),
            parent: doors.parent,
        },
        state,
    );
    let outcome = supervisor.run(&mut watcher).map_err(Error::Signals)?;
    let refused = watcher.refusal();
    let longest = if outcome.stop.is_some() { PATIENCE } else { Duration::MAX };
    let printed = output.finish(inbox, longest).map_err(Error::Signals)?;
    state.update(|state| {
        (state.pid, state.ui, state.notebook) = (None, None, None);
    });
    let circumstances = Circumstances {
        command: &ready.prepared.command,
        oom_kills: cgroup::oom_kills(root).unwrap_or_default().saturating_sub(oom_kills_before),
        grace_period_ms: plan.grace_period_ms,
    };
    let mut message = verdict::of_outcome(&outcome, &circumstances);
    if let Some(why) = refused {
        verdict::with_refusal(&mut message, why);
    }
    Ok((message, printed))
}

fn output(wanted: FailureMessage, terminal: Option<&Terminal>) -> Output {
    match wanted {
        FailureMessage::Exception if terminal.is_none() => Output::kept(),
        FailureMessage::Exception | FailureMessage::ExitCode => Output::untouched(),
    }
}

fn is_python(application: &str) -> bool {
    Path::new(application).extension().is_some_and(|suffix| suffix == "py")
}

fn program(run: &Run) -> Program {
    match run {
        // As spark-submit tells them apart (`SparkSubmit.isPython`).
        Run::Submit(submit) if is_python(&submit.application) => Program::SubmittedPython,
        Run::Submit(_) | Run::Shell(_) => Program::Jvm,
        Run::PySpark(_) | Run::Notebook(_) => Program::Python,
    }
}

fn read_plan(path: &Path) -> Result<LaunchPlan, Error> {
    let read = || -> io::Result<String> {
        let longest = u64::try_from(plan::MAX_BYTES).unwrap_or(u64::MAX);
        let mut text = String::new();
        File::open(path)?.take(longest + 1).read_to_string(&mut text)?;
        Ok(text)
    };
    let text = read().map_err(|source| Error::PlanUnreadable { path: path.to_owned(), source })?;
    if text.len() > plan::MAX_BYTES {
        return Err(PlanError::TooLarge.into());
    }
    Ok(LaunchPlan::parse(&text)?)
}
