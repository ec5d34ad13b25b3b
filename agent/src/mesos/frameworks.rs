//! The frameworks of the driver, by what libmesos.so writes of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use lcmap_mesos::{FrameworkPhase, FrameworkState, Settings, SupervisedFramework, read_states};
use nix::unistd::Pid;

use super::labels::Labels;
use super::settle::{is_owed, settle};
use crate::console;
use crate::supervise::has_ended;
use crate::supervise::signals::Signal;

/// How long a program may take to end by itself once Mesos took its framework: its own words about it are better.
const RESPITE: Duration = Duration::from_secs(5);

/// How long a JVM may take to end after TERM, before it is killed: Spark's own shutdown waits 10 s for executors.
const GRACE: Duration = Duration::from_secs(15);

/// Follows them while the driver runs.
#[derive(Debug)]
pub(crate) struct Frameworks {
    folder: PathBuf,
    settings: Settings,
    labels: Labels,
    /// JVMs that are to end.
    doomed: BTreeMap<u32, Doom>,
    /// Whether a JVM has ended after TERM.
    has_ended_one: bool,
    /// Those whose JVM was gone at the last look, by number.
    bereft: BTreeSet<u32>,
    /// Those of the bereft that somebody takes care of.
    released: BTreeSet<u32>,
}

/// What was done to end a JVM.
#[derive(Debug)]
enum Doom {
    /// Nothing: it may still end by itself. Since when.
    Spared(Instant),
    /// It got TERM, at this time.
    Asked(Instant),
}

impl Frameworks {
    /// Follows those of a state folder, on the Mesos of these settings.
    pub(crate) fn new(folder: PathBuf, settings: Settings) -> Self {
        let (bereft, released) = (BTreeSet::new(), BTreeSet::new());
        let labels = Labels::new(folder.clone());
        Self { folder, settings, labels, doomed: BTreeMap::new(), has_ended_one: false, bereft, released }
    }

    /// Has them say this of themselves by a label on Mesos, or nothing more.
    pub(crate) fn say(&mut self, label: &str, value: Option<&str>) {
        self.labels.say(label, value);
    }

    /// Looks. Ends the JVM of a framework that Mesos took from a living program: Spark alone would live on, and its next job
    /// hang for ever. Lets go the framework of a JVM that is gone while others of the driver live on, a notebook's kernel say.
    /// Only `descendants` are ever signalled.
    pub(crate) fn look(&mut self, descendants: impl FnOnce() -> Vec<Pid>) -> Vec<SupervisedFramework> {
        let frameworks = read_states(&self.folder);
        self.end_those_taken(&frameworks, descendants);
        for bereft in self.newly_bereft(&frameworks) {
            let settings = self.settings.clone();
            thread::spawn(move || {
                for (id, why) in settle(&settings, &[bereft]) {
                    console::warn(&format!(
                        "the framework {id}, whose JVM is gone, may be left on Mesos until the driver ends: {why}"
                    ));
                }
            });
        }
        frameworks
    }

    /// Whether a JVM has ended because its framework was taken.
    pub(crate) fn has_ended_one(&self) -> bool {
        self.has_ended_one
    }

    /// Those that may be on Mesos, and whose JVM was gone at the last look already: what it wrote last is read by now.
    fn newly_bereft(&mut self, frameworks: &[SupervisedFramework]) -> Vec<SupervisedFramework> {
        let bereft: Vec<&SupervisedFramework> = frameworks
            .iter()
            .filter(|it| is_owed(&it.state) && !self.released.contains(&it.number) && has_ended(it.state.pid))
            .collect();
        let (known, new): (Vec<_>, Vec<_>) =
            bereft.into_iter().partition(|it| self.bereft.contains(&it.number));
        self.bereft = new.iter().map(|it| it.number).collect();
        self.released.extend(known.iter().map(|it| it.number));
        known.into_iter().cloned().collect()
    }

    fn end_those_taken(
        &mut self,
        frameworks: &[SupervisedFramework],
        descendants: impl FnOnce() -> Vec<Pid>,
    ) {
        let taken: BTreeSet<u32> =
            frameworks.iter().filter(|it| is_taken(&it.state)).map(|it| it.state.pid).collect();
        // A program that has stopped its context meanwhile has understood.
        self.doomed.retain(|pid, doom| matches!(doom, Doom::Asked(_)) || taken.contains(pid));
        for pid in taken {
            self.doomed.entry(pid).or_insert_with(|| Doom::Spared(Instant::now()));
        }
        if self.doomed.is_empty() {
            return;
        }
        let ours = descendants();
        let Self { doomed, has_ended_one, .. } = self;
        doomed.retain(|pid, doom| {
            let process = i32::try_from(*pid).map(Pid::from_raw).ok();
            // A Python that does not look after its JVM keeps it as a zombie.
            let process = process.filter(|process| ours.contains(process) && !has_ended(*pid));
            match process {
                Some(process) => doom.advance(process),
                None => *has_ended_one |= matches!(doom, Doom::Asked(_)),
            }
            process.is_some()
        });
    }
}

impl Doom {
    fn advance(&mut self, process: Pid) {
        match self {
            Self::Spared(since) if since.elapsed() >= RESPITE => {
                console::say(&format!(
                    "ends the driver's JVM (process {process}), whose framework is gone from Mesos: its next Spark job would \
                     hang"
                ));
                Signal::TERM.send(process);
                *self = Self::Asked(Instant::now());
            }
            Self::Asked(when) if when.elapsed() >= GRACE => Signal::KILL.send(process),
            Self::Spared(_) | Self::Asked(_) => {}
        }
    }
}

/// Whether Mesos took a framework from a program that had not stopped it.
fn is_taken(state: &FrameworkState) -> bool {
    state.phase == FrameworkPhase::Aborted && !state.stop_called && state.was_registered
}

/// Why Mesos refused or removed the driver's last framework, or never registered it, if so: by that its driver failed, if it
/// did. What became of an earlier one the program has survived.
pub(crate) fn refusal(frameworks: &[SupervisedFramework]) -> Option<&FrameworkState> {
    let last = &frameworks.last()?.state;
    Some(last).filter(|state| state.phase == FrameworkPhase::Aborted && state.reason.is_some())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::process::ExitStatusExt;
    use std::path::Path;
    use std::process::{Child, Command};

    use super::*;

    fn state(phase: FrameworkPhase) -> FrameworkState {
        FrameworkState {
            phase,
            pid: 7,
            master: "m:5050".to_owned(),
            user: "u".to_owned(),
            role: None,
            was_registered: true,
            framework_id: Some("uid-1".to_owned()),
            webui_url: None,
            reason: None,
            trouble: None,
            driver_address: None,
            has_run: false,
            refused: None,
            offers: lcmap_mesos::OfferState::default(),
            unresolved_hosts: vec![],
            stop_called: false,
            teardown_owed: None,
        }
    }

    fn refused(why: &str) -> FrameworkState {
        FrameworkState { reason: Some(why.to_owned()), ..state(FrameworkPhase::Aborted) }
    }

    #[test]
    fn a_framework_is_taken_if_it_was_registered_and_neither_stopped_nor_alive() {
        for (phase, was_registered, stop_called, taken) in [
            (FrameworkPhase::Aborted, true, false, true),
            (FrameworkPhase::Aborted, true, true, false),
            (FrameworkPhase::Aborted, false, false, false),
            (FrameworkPhase::Created, false, false, false),
            (FrameworkPhase::Connecting, false, false, false),
            (FrameworkPhase::Registered, true, false, false),
            (FrameworkPhase::Disconnected, true, false, false),
            (FrameworkPhase::Stopped, true, true, false),
        ] {
            let state = FrameworkState { was_registered, stop_called, ..state(phase) };
            assert_eq!(is_taken(&state), taken, "{state:?}");
        }
    }

    #[test]
    fn only_the_last_framework_tells_why_the_driver_failed() {
        use FrameworkPhase::{Aborted, Registered, Stopped};
        let stopped = FrameworkState { reason: Some("stopped".to_owned()), ..state(Stopped) };
        for (states, expected) in [
            (vec![], None),
            (vec![state(Registered)], None),
            (vec![state(Aborted)], None),
            (vec![stopped.clone()], None),
            (vec![refused("role")], Some("role")),
            (vec![refused("role"), refused("removed")], Some("removed")),
            (vec![refused("role"), state(Registered)], None),
            (vec![refused("role"), stopped], None),
        ] {
            let frameworks: Vec<SupervisedFramework> =
                (1..).zip(states).map(|(number, state)| SupervisedFramework { number, state }).collect();
            assert_eq!(refusal(&frameworks).and_then(|state| state.reason.as_deref()), expected);
        }
    }

    /// On a Mesos that nobody is asked for here.
    fn following(folder: &Path) -> Frameworks {
        let settings = Settings {
            masters: "127.0.0.1:1".parse().unwrap(),
            security: lcmap_mesos::tls::Security::Plain,
            credential: lcmap_mesos::CredentialSource::None,
        };
        Frameworks::new(folder.to_owned(), settings)
    }

    #[test]
    fn a_framework_whose_jvm_is_gone_is_let_go_once() {
        let mut frameworks = following(Path::new("/nowhere"));
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        let of = |phase| {
            let state = FrameworkState { pid: child.id(), ..state(phase) };
            [SupervisedFramework { number: 1, state }]
        };
        let (registered, stopped) = (of(FrameworkPhase::Registered), of(FrameworkPhase::Stopped));
        for _ in 0..2 {
            assert_eq!(frameworks.newly_bereft(&registered), [], "it lives");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(frameworks.newly_bereft(&registered), [], "its last words may be on their way");
        assert_eq!(frameworks.newly_bereft(&stopped), [], "it has stopped in order");
        assert_eq!(frameworks.newly_bereft(&registered), []);
        assert_eq!(frameworks.newly_bereft(&registered), registered);
        assert_eq!(frameworks.newly_bereft(&registered), [], "it is cared for");
    }

    /// A process that Mesos took its framework from, by what lies in a folder.
    fn abandoned(folder: &Path) -> Child {
        let child = Command::new("sleep").arg("600").spawn().unwrap();
        let state = FrameworkState { pid: child.id(), ..state(FrameworkPhase::Aborted) };
        fs::write(folder.join("framework-1.json"), serde_json::to_vec(&state).unwrap()).unwrap();
        child
    }

    #[test]
    fn a_program_whose_framework_was_taken_is_told_to_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = abandoned(folder.path());
        let pid = Pid::from_raw(child.id().cast_signed());
        let mut frameworks = following(folder.path());
        assert_eq!(frameworks.look(|| vec![pid]).len(), 1);
        assert!(child.try_wait().unwrap().is_none(), "it may end by itself");
        // Its parent takes no note of its end, as Python does not.
        while !frameworks.has_ended_one() {
            frameworks.look(|| vec![pid]);
            thread::sleep(Duration::from_millis(100));
        }
        assert_eq!(child.wait().unwrap().signal(), Some(Signal::TERM.number()));
    }

    #[test]
    fn a_stranger_of_the_same_number_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = abandoned(folder.path());
        let mut frameworks = following(folder.path());
        assert_eq!(frameworks.look(Vec::new).len(), 1);
        assert!(frameworks.doomed.is_empty() && child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
