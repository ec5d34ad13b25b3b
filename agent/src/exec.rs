//! A command of the image that a person runs by hand: `docker run … IMAGE spark-submit job.py`.
//!
//! There is no plan. What the image and the command line say counts; the agent does what a PID 1 has to, and what a
//! `docker run` cannot say: certificates, a home that can be written, an entry in `/etc/passwd`.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::unistd::getpid;
use rustls_pki_types::UnixTime;

use crate::attempt;
use crate::certificates::{self, CertificateError, CertificateFiles, News, Rotation};
use crate::console;
use crate::error::Error;
use crate::home::Home;
use crate::identity::{self, Identity};
use crate::launch::{CommandLine, Input};
use crate::output::Output;
use crate::plan::Certificates;
use crate::private::PrivateFolder;
use crate::report::TerminationMessage;
use crate::sizing::cgroup;
use crate::spark::{self, Environment, Located};
use crate::supervise::signals::Inbox;
use crate::supervise::spawn::Prepared;
use crate::supervise::step::StopCause;
use crate::supervise::terminal::Terminal;
use crate::supervise::{Supervisor, Watch};
use crate::verdict::{self, Circumstances};

/// How long the command may take to end after a TERM. `docker stop` kills the container after 10 seconds.
const GRACE: Duration = Duration::from_secs(8);

/// How often certificates are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What is run, and where its certificates are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// The command and its arguments.
    pub command: Vec<OsString>,
    /// The folder that certificates are mounted at.
    pub certificates: PathBuf,
}

/// Runs the command to its end. The result is its exit code: 128 + n when signal n killed it, 127 when it was not found,
/// 126 when it could not be started, 125 when the agent itself failed before.
pub(crate) fn run(request: &Request) -> u8 {
    let message = execute(request).unwrap_or_else(|error| verdict::of_error(&error));
    attempt::report(&message, None);
    message.exit_code
}

fn execute(request: &Request) -> Result<TerminationMessage, Error> {
    let inbox = Inbox::open().map_err(Error::Signals)?;
    let mut environment: Environment = env::vars_os().collect();
    if getpid().as_raw() == 1
        && let Some(path) = certificates::find_private_key(&request.certificates)
    {
        return Err(CertificateError::InImage { path }.into());
    }
    let runtime_dir = environment.get(OsStr::new("XDG_RUNTIME_DIR")).cloned();
    let private = PrivateFolder::create(runtime_dir.as_deref(), &env::temp_dir())?;
    add_user(&mut environment, &private)?;
    let rotation = certify(&request.certificates, &private, &environment)?;
    if let Some(rotation) = &rotation {
        rotation.warnings().iter().for_each(|warning| console::warn(warning));
        add_tls(&mut environment, rotation.files());
    }
    let terminal = Terminal::acquire();
    let input = if terminal.is_some() { Input::Commands } else { Input::Data };
    let line = command_line(&request.command, input);
    let located = locate(&line.command, &environment);
    let prepared = Prepared::new(line, located, environment)?;
    supervise(&prepared, &inbox, terminal.as_ref(), Renewal(rotation))
}

fn supervise(
    prepared: &Prepared,
    inbox: &Inbox,
    terminal: Option<&Terminal>,
    mut renewal: Renewal,
) -> Result<TerminationMessage, Error> {
    let root = Path::new("/");
    let before = cgroup::oom_kills(root).unwrap_or_default();
    let supervisor = Supervisor::start(prepared, inbox, terminal, GRACE, &mut Output::untouched())?;
    let outcome = supervisor.run(&mut renewal).map_err(Error::Signals)?;
    let circumstances = Circumstances {
        command: &prepared.command,
        oom_kills: cgroup::oom_kills(root).unwrap_or_default().saturating_sub(before),
        grace_period_ms: u64::try_from(GRACE.as_millis()).unwrap_or(u64::MAX),
    };
    Ok(verdict::of_outcome(&outcome, &circumstances))
}

/// Gives the user a home that can be written, and a name.
fn add_user(environment: &mut Environment, private: &PrivateFolder) -> Result<(), Error> {
    let home = Home::choose(environment.get(OsStr::new("HOME")).map(Path::new), private.path())?;
    let user = environment.get(OsStr::new("USER")).and_then(|user| user.to_str());
    let identity = identity::ensure(user, home.path());
    if let Identity::Missing(_) = identity {
        console::warn(
            "this user id has no entry in /etc/passwd, and none can be added: Hadoop will not write files",
        );
    }
    environment.insert("HOME".into(), home.path().into());
    environment.entry("USER".into()).or_insert_with(|| identity.name().into());
    Ok(())
}

/// The command as it is run. Jupyter takes options only after its subcommand; people type `jupyter --ip=… notebook`, as
/// they could once.
fn command_line(words: &[OsString], input: Input) -> CommandLine {
    let mut words = words.iter().map(|word| word.to_string_lossy().into_owned());
    let command = words.next().unwrap_or_default();
    let mut args: Vec<String> = words.collect();
    if command == "jupyter" {
        let options = args.iter().take_while(|word| word.starts_with("--") && word.contains('=')).count();
        if options < args.len() {
            args[..=options].rotate_right(1);
        }
    }
    CommandLine { command: command.into(), args, input }
}

/// Finds a command as a shell does, and Spark's own though they are not on the PATH.
fn locate(command: &str, environment: &Environment) -> Located {
    let path = Path::new(command);
    if command.contains('/') && path.is_file() {
        return Located::At(path.to_owned());
    }
    spark::locate(command, spark::find(environment).as_ref(), environment)
}

/// Certificates are used where the folder has any, unless the person says how TLS is to be.
fn certify(
    folder: &Path,
    private: &PrivateFolder,
    environment: &Environment,
) -> Result<Option<Rotation>, CertificateError> {
    let has_files = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if !has_files || environment.contains_key(OsStr::new("LIBPROCESS_SSL_ENABLED")) {
        return Ok(None);
    }
    let wanted = Certificates { source: folder.to_owned(), target: None };
    Rotation::begin(&wanted, private.path(), UnixTime::now()).map(Some)
}

/// Says where the certificates are. What is set already stays.
fn add_tls(environment: &mut Environment, files: &CertificateFiles) {
    let variables: [(&str, OsString); 6] = [
        ("LIBPROCESS_SSL_ENABLED", "1".into()),
        ("LIBPROCESS_SSL_VERIFY_CERT", "1".into()),
        ("LIBPROCESS_SSL_CERT_FILE", files.certificate.clone().into()),
        ("LIBPROCESS_SSL_KEY_FILE", files.key.clone().into()),
        ("LIBPROCESS_SSL_CA_FILE", files.roots.clone().into()),
        ("LIBPROCESS_SSL_CA_DIR", files.folder.clone().into()),
    ];
    for (name, value) in variables {
        environment.entry(name.into()).or_insert(value);
    }
}

/// Takes renewed certificates while the command runs.
struct Renewal(Option<Rotation>);

impl Watch for Renewal {
    fn look(&mut self) -> Option<StopCause> {
        for news in self.0.iter_mut().flat_map(|rotation| rotation.look(Instant::now(), UnixTime::now())) {
            match news {
                News::Warning(words) => console::warn(&words),
                News::Error(words) => console::error(&words),
                News::Taken(words) => console::say(&words),
            }
        }
        None
    }

    fn every(&self) -> Duration {
        LOOK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn options_of_jupyter_stand_after_its_subcommand() {
        for (typed, run) in [
            ("jupyter --ip=host notebook", "jupyter notebook --ip=host"),
            (
                "jupyter --ip=host --port=1 notebook --no-browser",
                "jupyter notebook --ip=host --port=1 --no-browser",
            ),
            ("jupyter notebook --ip=host", "jupyter notebook --ip=host"),
            ("jupyter --version", "jupyter --version"),
            ("jupyter --ip=host", "jupyter --ip=host"),
            ("jupyter", "jupyter"),
            ("pyspark --master=local notebook", "pyspark --master=local notebook"),
        ] {
            let line = command_line(&words(typed), Input::Data);
            assert_eq!([&[line.command.into_owned()], &line.args[..]].concat().join(" "), run);
        }
    }

    #[test]
    fn a_variable_that_is_set_stays() {
        let files = CertificateFiles {
            folder: "/c".into(),
            certificate: "/c/mesos.crt".into(),
            key: "/c/mesos.key".into(),
            roots: "/c/trustedroot.crt".into(),
        };
        let mut environment = Environment::from([("LIBPROCESS_SSL_VERIFY_CERT".into(), "0".into())]);
        add_tls(&mut environment, &files);
        let value = |name: &str| environment.get(OsStr::new(name)).and_then(|value| value.to_str());
        assert_eq!(value("LIBPROCESS_SSL_VERIFY_CERT"), Some("0"));
        assert_eq!(value("LIBPROCESS_SSL_ENABLED"), Some("1"));
        assert_eq!(value("LIBPROCESS_SSL_KEY_FILE"), Some("/c/mesos.key"));
    }
}
