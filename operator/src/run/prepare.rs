//! A manifest → a job that can be started here, or everything that is in its way.

mod site;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lcmap_spark_agent::plan::EnvValue;
use lcmap_spark_crd::spec::{ImagePullPolicy, Network as JobNetwork};
use lcmap_spark_crd::{Mode, SparkJob, admission};

use super::container::{Engine, Mount, Network, PidNamespace, Pull};
use super::fault::Fault;
use super::folders::{Folders, no_config_map, no_secret};
use super::launcher::{self, ImageLauncher, Launcher};
use super::localise::localise;
use super::paths::{Paths, Site as Where};
use super::spark::{Spark, SparkEnvironment, find};
use super::template::{self, Template};
use crate::core::{self, MesosDefaults, Site};
use crate::manifest::Manifest;
use crate::mesos::Files;
use crate::{pod_template, warnings};

/// Where the Secrets and ConfigMaps of a job are mounted in a container.
const SECRETS: &str = "/lcmap/secrets";
const CONFIG_MAPS: &str = "/lcmap/config-maps";

/// Where libmesos.so is mounted in a container.
const LIBMESOS: &str = "/lcmap/libmesos.so";

/// By which variable a job names a library of its own.
pub(crate) const NATIVE_LIBRARY: &str = "MESOS_NATIVE_JAVA_LIBRARY";

/// Where executors have their Spark when neither the job nor an image of its driver says so.
pub(crate) const EXECUTORS_SPARK_HOME: &str = "/opt/spark";

/// What their Python is called then.
pub(crate) const EXECUTORS_PYTHON: &str = "python3";

/// What is the same for every manifest of one `run`.
#[derive(Debug)]
pub(crate) struct Surface {
    /// What the command line has bound.
    pub(crate) folders: Folders,
    /// Where drivers run.
    pub(crate) place: Place,
    /// The libmesos.so for Distributed jobs.
    pub(crate) libmesos: Option<PathBuf>,
    /// What Distributed jobs get that do not say it.
    pub(crate) mesos: MesosDefaults,
}

/// Where drivers run.
#[derive(Debug)]
pub(crate) enum Place {
    /// On this machine.
    Host,
    /// In containers.
    Container {
        /// The program that runs them.
        engine: Engine,
        /// The static agent that becomes their PID 1.
        agent: PathBuf,
    },
}

/// A job that can be started here.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The job, its paths resolved.
    pub(crate) job: SparkJob,
    /// What its drivers are started with.
    pub(crate) launcher: Launcher,
    /// Where things lie for them.
    pub(crate) site: Site,
    /// The folders of this machine that stand for Secrets.
    pub(crate) secrets: BTreeMap<String, PathBuf>,
    /// Whom to ask about its frameworks, for a Distributed job.
    pub(crate) mesos: Option<lcmap_mesos::Settings>,
    /// The file with the token of its notebook server, when the job's own Secret has it.
    pub(crate) token: Option<PathBuf>,
    /// What its user should know.
    pub(crate) warnings: Vec<String>,
}

impl Prepared {
    /// Whether the job is a shell, which talks with somebody through its standard input.
    pub(crate) fn is_shell(&self) -> bool {
        self.job.spec.run.kind().is_ok_and(|run| run.kind().is_shell())
    }
}

/// Prepares a manifest.
pub(crate) fn prepare(manifest: &Manifest, surface: &Surface) -> Result<Prepared, Vec<Fault>> {
    let job = admit(manifest)?;
    let mut job = match job.spec.mode {
        Mode::Distributed => surface.mesos.fill(&job),
        Mode::NonDistributed => job,
    };
    // By it the job's frameworks are told from all others on a Mesos; in a cluster the API server gives one.
    job.metadata.uid = Some(unique_id());
    let place = match surface.place {
        Place::Host => Where::Host,
        Place::Container { .. } => Where::Image,
    };
    let paths = Paths { folders: folders(manifest), maps: &surface.folders.maps, site: place };
    let mut faults = Vec::new();
    let mounts = localise(&mut job.spec, &paths).unwrap_or_else(|found| {
        faults.extend(found);
        Vec::new()
    });
    let template = match &job.spec.pod {
        Some(pod) => template::read(&pod.spec, &surface.folders, place),
        None => Template::default(),
    };
    faults.extend(template.faults.iter().cloned());
    faults.extend(missing_keys(&job, &surface.folders));
    let mut warnings: Vec<String> = warnings::of(manifest, &job).iter().map(ToString::to_string).collect();
    warnings.extend(ignored(&job, &template, place));
    let launcher = launcher(&job, surface, mounts, &template).unwrap_or_else(|fault| {
        faults.push(fault);
        None
    });
    if job.spec.mode == Mode::Distributed {
        faults.extend(undistributable(&job, surface));
    }
    let token = token(&job, &surface.folders).unwrap_or_else(|fault| {
        faults.push(fault);
        None
    });
    let site = site::site(&job, surface, template, launcher.as_ref());
    if let Err(found) = core::plan(&job, 1, &site) {
        faults.extend(found.into_iter().map(plain));
    }
    let mesos = mesos(&job, &surface.folders).unwrap_or_else(|fault| {
        faults.push(fault);
        None
    });
    match launcher {
        Some(launcher) if faults.is_empty() => {
            let secrets = surface.folders.secrets.clone();
            Ok(Prepared { job, launcher, site, secrets, mesos, token, warnings })
        }
        _ => Err(faults),
    }
}

/// The masters and the principal of a Distributed job. A missing Secret has been refused before.
pub(crate) fn mesos(job: &SparkJob, folders: &Folders) -> Result<Option<lcmap_mesos::Settings>, Fault> {
    let spec = &job.spec.mesos;
    if job.spec.mode == Mode::NonDistributed || spec.master.is_none() {
        return Ok(None);
    }
    let folder = |name: &Option<String>| name.as_ref().and_then(|name| folders.secret(name).ok());
    let certificates = spec.certificates.as_ref().and_then(|certificates| folder(&certificates.secret_name));
    let files = Files { certificates, credentials: folder(&spec.credentials_secret_name) };
    let settings = crate::mesos::settings(spec, files);
    settings.map(Some).map_err(|error| Fault::at("spec.mesos.master", error.to_string()))
}

/// Judges a manifest as an API server would, and the pod that it would be asked for.
pub(crate) fn admit(manifest: &Manifest) -> Result<SparkJob, Vec<Fault>> {
    let admitted = admission::admit_written(manifest.value.clone(), &|path| manifest.fields.text(path));
    let mut violations = admitted.as_ref().err().cloned().unwrap_or_default();
    let of_pod = pod_template::judge(manifest).refused;
    violations.extend(of_pod.into_iter().filter(|one| {
        let is_told = |other: &admission::Violation| other.field == one.field;
        !admitted.as_ref().is_err_and(|told| told.iter().any(is_told))
    }));
    match admitted {
        Ok(job) if violations.is_empty() => Ok(job),
        _ => Err(violations.iter().map(|violation| refused(manifest, violation)).collect()),
    }
}

/// One refusal of the offline API server, with the line it is about.
pub(crate) fn refused(manifest: &Manifest, violation: &admission::Violation) -> Fault {
    if violation.field.is_empty() {
        return Fault::of_job(violation.to_string());
    }
    let remedy = violation.remedy.as_ref().map(|remedy| format!("; {remedy}")).unwrap_or_default();
    Fault::at(&*violation.field, format!("{}{remedy}", violation.problem)).on_line_of(manifest)
}

fn plain(fault: core::PlanFault) -> Fault {
    let message = match &fault.fault {
        core::Fault::SecretMissing(name) => no_secret(name),
        core::Fault::ConfigMapMissing(name) => no_config_map(name),
        core::Fault::MasterRequired => {
            format!("{}; or name your site's once, by LCMAP_MESOS_MASTER", fault.fault)
        }
        invalid @ core::Fault::Invalid(_) => invalid.to_string(),
    };
    Fault::at(fault.field, message)
}

fn folders(manifest: &Manifest) -> Vec<PathBuf> {
    let here = std::env::current_dir().unwrap_or_default();
    let beside =
        manifest.origin.source.folder().map(|folder| here.join(folder).components().collect::<PathBuf>());
    let mut folders: Vec<PathBuf> = beside.into_iter().collect();
    if !folders.contains(&here) {
        folders.push(here);
    }
    folders
}

/// The keys of the job's environment that a bound folder does not have.
fn missing_keys(job: &SparkJob, folders: &Folders) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (i, variable) in job.spec.env.iter().enumerate() {
        let source = variable.value_from.clone().unwrap_or_default();
        let (secret, config_map) = (source.secret_key_ref, source.config_map_key_ref);
        let found = secret
            .filter(|key| folders.secrets.contains_key(&key.name))
            .map(|key| folders.secret_key(&key.name, &key.key));
        let found = found.or_else(|| {
            let key = config_map.filter(|key| folders.config_maps.contains_key(&key.name))?;
            Some(folders.config_map_key(&key.name, &key.key))
        });
        faults.extend(
            found.and_then(Result::err).map(|message| Fault::at(format!("spec.env[{i}].valueFrom"), message)),
        );
    }
    faults
}

/// One warning for all that a cluster would honour and this machine does not.
fn ignored(job: &SparkJob, template: &Template, place: Where) -> Vec<String> {
    let mut ignored = template.ignored.clone();
    let pod = job.spec.pod.as_ref();
    ignored.extend(
        pod.into_iter().flat_map(|pod| pod.metadata.keys()).map(|key| format!("spec.pod.metadata.{key}")),
    );
    if place == Where::Host && job.spec.user.is_some() {
        ignored.push("spec.user".to_owned());
    }
    if job.spec.run.notebook.as_ref().is_some_and(|notebook| notebook.storage.is_some()) {
        ignored.push("spec.run.notebook.storage".to_owned());
    }
    if ignored.is_empty() {
        vec![]
    } else {
        vec![format!("not honoured outside a cluster: {}", ignored.join(", "))]
    }
}

fn launcher(
    job: &SparkJob,
    surface: &Surface,
    mut mounts: Vec<Mount>,
    template: &Template,
) -> Result<Option<Launcher>, Fault> {
    let Place::Container { engine, agent } = &surface.place else {
        return spark().map(|spark| Some(Launcher::Host(spark)));
    };
    let image = job.spec.image.clone().ok_or_else(|| {
        Fault::at(
            "spec.image",
            "is needed to run the job in a container; write the image that it is made for",
        )
    })?;
    mounts.extend(template.mounts.iter().cloned());
    mounts.extend(surface.folders.maps.iter().map(|(target, source)| Mount::read_write(source, target)));
    for (root, bound) in [(SECRETS, &surface.folders.secrets), (CONFIG_MAPS, &surface.folders.config_maps)] {
        mounts
            .extend(bound.iter().map(|(name, folder)| Mount::read_only(folder, Path::new(root).join(name))));
    }
    if job.spec.mode == Mode::Distributed {
        mounts.extend(surface.libmesos.iter().map(|library| Mount::read_only(library, LIBMESOS)));
    }
    let mut tmpfs = vec![PathBuf::from(launcher::CERTIFICATES)];
    tmpfs.extend(template.tmpfs.iter().cloned());
    Ok(Some(Launcher::Image(ImageLauncher {
        engine: *engine,
        agent: agent.clone(),
        image,
        pull: match job.spec.image_pull_policy {
            Some(ImagePullPolicy::Always) => Pull::Always,
            Some(ImagePullPolicy::Never) => Pull::Never,
            Some(ImagePullPolicy::IfNotPresent) | None => Pull::Missing,
        },
        user: user(job),
        network: match job.spec.network {
            // The seed document runs every container in the host's network; only a job that says so does not.
            Some(JobNetwork::Pod) => Network::Own { ports: ports(job) },
            Some(JobNetwork::Host) | None => Network::Host,
        },
        pid: if job.spec.host_pid { PidNamespace::Host } else { PidNamespace::Own },
        mounts,
        tmpfs,
    })))
}

/// What keeps a Distributed job from being run from here.
fn undistributable(job: &SparkJob, surface: &Surface) -> Vec<Fault> {
    let mut faults = Vec::new();
    let names_one = job.spec.env.iter().any(|variable| variable.name == NATIVE_LIBRARY);
    if surface.libmesos.is_none() && !names_one && matches!(surface.place, Place::Host) {
        faults.push(Fault::at(
            "spec.mode",
            "Distributed needs libmesos.so, and there is none beside lcmap-spark; the wheel has one, and `make libmesos` builds \
             it: name it with --libmesos FILE",
        ));
    }
    if matches!(surface.place, Place::Container { .. }) && job.spec.network == Some(JobNetwork::Pod) {
        faults.push(Fault::at(
            "spec.network",
            "executors on Mesos cannot reach a container in a network of its own; leave it out, or write Host",
        ));
    }
    faults
}

/// A random UUID, of the kernel's making.
pub(crate) fn unique_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap_or_default().trim().to_owned()
}

fn spark() -> Result<Spark, Fault> {
    find(&SparkEnvironment::here()).map_err(|error| Fault::of_job(error.to_string()))
}

fn user(job: &SparkJob) -> (u32, u32) {
    let own = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    let Some(user) = job.spec.user else { return own };
    let uid = u32::try_from(user.uid).unwrap_or(own.0);
    // Without a gid, the engines and the kubelet alike use the root group.
    (uid, user.gid.and_then(|gid| u32::try_from(gid).ok()).unwrap_or(0))
}

fn token(job: &SparkJob, folders: &Folders) -> Result<Option<PathBuf>, Fault> {
    let Some(name) = job.spec.run.notebook.as_ref().and_then(|notebook| notebook.token_secret_name.as_ref())
    else {
        return Ok(None);
    };
    match folders.secret_key(name, "token") {
        Ok(EnvValue::File(file)) => Ok(Some(file)),
        Ok(EnvValue::Plain(_)) => Ok(None),
        Err(message) => Err(Fault::at("spec.run.notebook.tokenSecretName", message)),
    }
}

fn ports(job: &SparkJob) -> Vec<u16> {
    job.spec
        .run
        .notebook
        .as_ref()
        .and_then(|notebook| u16::try_from(notebook.port).ok())
        .into_iter()
        .collect()
}
