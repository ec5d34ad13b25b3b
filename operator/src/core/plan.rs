//! A job → the launch plan of one attempt.

use std::collections::BTreeMap;
use std::path::PathBuf;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use lcmap_spark_agent::plan::{self, Certificates, DriverSize, EnvValue, LaunchPlan, Master, Visibility};
use lcmap_spark_crd::spec::{ConfSource, FailureMessage, Notebook, RunRef, Shell};
use lcmap_spark_crd::{Mode, SparkJob, SparkJobSpec, names};

use super::{conf, distributed};

/// Where a job's files are for its driver, and what its place adds: a pod, a container or this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    /// The folder of each Secret that the driver can read, by name.
    pub secrets: BTreeMap<String, PathBuf>,
    /// The folder of each ConfigMap that the driver can read, by name.
    pub config_maps: BTreeMap<String, PathBuf>,
    /// Where Mesos certificates are installed; the agent's private folder when unset.
    pub certificates: Option<PathBuf>,
    /// The address that a notebook server listens on.
    pub notebook_ip: String,
    /// The file with a notebook server's token, when it does not come from the job's own Secret.
    pub notebook_token: Option<PathBuf>,
    /// The image, when the job names none.
    pub image: String,
    /// Environment under the job's own.
    pub env: Vec<plan::EnvVar>,
    /// Spark properties under the job's own.
    pub conf: BTreeMap<String, String>,
    /// The Python of executors that have another image than the driver, when the job names none.
    pub executors_python: Option<String>,
    /// The libmesos.so for Distributed jobs. None: the image's own.
    pub libmesos: Option<PathBuf>,
    /// The cluster that frameworks are labelled with. Empty: they are not.
    pub cluster: String,
}

/// Why a job as it is written cannot be launched here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {fault}")]
pub struct PlanFault {
    /// The path of the field at fault.
    pub field: String,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A Secret is not there for the driver.
    #[error("the Secret {0} is not there for the driver")]
    SecretMissing(String),
    /// A ConfigMap is not there for the driver.
    #[error("the ConfigMap {0} is not there for the driver")]
    ConfigMapMissing(String),
    /// Nobody names a Mesos master.
    #[error("is needed for Distributed; write mesos://host:5050 or mesos://zk://host1:2181,host2:2181/mesos")]
    MasterRequired,
    /// A number or choice does not fit; admission refuses such a job.
    #[error("{0}")]
    Invalid(String),
}

/// The launch plan of one attempt, or every field that is in its way.
pub fn plan(job: &SparkJob, attempt: i32, site: &Site) -> Result<LaunchPlan, Vec<PlanFault>> {
    let mut planner = Planner { site, faults: Vec::new() };
    let plan = planner.plan(job, attempt);
    match plan {
        Some(plan) if planner.faults.is_empty() => Ok(plan),
        _ => Err(planner.faults),
    }
}

/// What a job is called where several namespaces meet: `<namespace>/<name>`, or the name alone where it is in none.
pub fn qualified_name(meta: &ObjectMeta) -> String {
    let name = meta.name.clone().unwrap_or_default();
    match meta.namespace.as_deref().unwrap_or_default() {
        "" => name,
        namespace => format!("{namespace}/{name}"),
    }
}

struct Planner<'a> {
    site: &'a Site,
    faults: Vec<PlanFault>,
}

impl Planner<'_> {
    fn plan(&mut self, job: &SparkJob, attempt: i32) -> Option<LaunchPlan> {
        let spec = &job.spec;
        let meta = &job.metadata;
        let name = meta.name.clone().unwrap_or_default();
        let namespace = meta.namespace.clone().unwrap_or_default();
        let image = spec.image.clone().unwrap_or_else(|| self.site.image.clone());
        let conf_from = self.conf_from(&spec.conf_from);
        let env = self.env(spec);
        let run = self.run(spec)?;
        let master = self.master(job, attempt)?;
        let mut conf = conf::properties(spec, &self.site.conf);
        if spec.mode == Mode::Distributed {
            conf.extend(distributed::properties(spec, &image));
        }
        Some(LaunchPlan {
            version: plan::VERSION,
            application_name: spec.name.clone().unwrap_or_else(|| qualified_name(meta)),
            job: plan::Job {
                name,
                namespace,
                uid: meta.uid.clone().unwrap_or_default(),
                attempt: u32::try_from(attempt).unwrap_or_default(),
            },
            image,
            run,
            conf,
            conf_from,
            env,
            driver: size(spec),
            master,
            certificates: self.certificates(spec),
            grace_period_ms: spec.termination_grace_period.as_millis(),
            failure_message: match spec.failure_message {
                FailureMessage::Exception => plan::FailureMessage::Exception,
                FailureMessage::ExitCode => plan::FailureMessage::ExitCode,
            },
        })
    }

    fn master(&mut self, job: &SparkJob, attempt: i32) -> Option<Master> {
        if job.spec.mode == Mode::NonDistributed {
            return Some(Master::Local);
        }
        let mesos = &job.spec.mesos;
        let Some(masters) = &mesos.master else {
            self.fault("spec.mesos.master", Fault::MasterRequired);
            return None;
        };
        let credentials = match &mesos.credentials_secret_name {
            Some(name) => Some(self.secret("spec.mesos.credentialsSecretName", name)?),
            None => None,
        };
        let certificates = mesos.certificates.clone().unwrap_or_default();
        Some(Master::Mesos(Box::new(plan::Mesos {
            masters: masters.strip_prefix("mesos://").unwrap_or(masters).to_owned(),
            role: mesos.role.clone(),
            credentials,
            verify: distributed::verify(certificates.verify),
            server_name: certificates.server_name,
            framework_id: names::framework_id(job.metadata.uid.as_deref().unwrap_or_default(), attempt),
            labels: distributed::labels(&job.metadata, &self.site.cluster),
            registration_timeout_ms: mesos.registration_timeout.as_millis(),
            library: self.site.libmesos.clone(),
            python: mesos.container.python.clone().or_else(|| self.site.executors_python.clone()),
        })))
    }

    fn run(&mut self, spec: &SparkJobSpec) -> Option<plan::Run> {
        let kind = match spec.run.kind() {
            Ok(kind) => kind,
            Err(error) => {
                self.fault("spec.run", Fault::Invalid(error.to_string()));
                return None;
            }
        };
        let shell = |shell: &Shell| plan::Shell {
            args: shell.args.clone(),
            idle_timeout_ms: shell.idle_timeout.map(lcmap_spark_crd::Duration::as_millis),
        };
        Some(match kind {
            RunRef::Submit(submit) => plan::Run::Submit(plan::Submit {
                application: submit.application.clone(),
                main_class: submit.main_class.clone(),
                args: submit.args.clone(),
            }),
            RunRef::Shell(it) => plan::Run::Shell(shell(it)),
            RunRef::PySpark(it) => plan::Run::PySpark(shell(it)),
            RunRef::Notebook(notebook) => plan::Run::Notebook(self.notebook(notebook)?),
        })
    }

    fn notebook(&mut self, notebook: &Notebook) -> Option<plan::Notebook> {
        let Ok(port) = u16::try_from(notebook.port) else {
            self.fault("spec.run.notebook.port", Fault::Invalid("is not a port".into()));
            return None;
        };
        let token_file = match (&self.site.notebook_token, &notebook.token_secret_name) {
            (Some(file), _) => Some(file.clone()),
            (None, Some(name)) => {
                self.secret("spec.run.notebook.tokenSecretName", name).map(|folder| folder.join("token"))
            }
            (None, None) => None,
        };
        Some(plan::Notebook {
            args: notebook.args.clone(),
            directory: notebook.directory.as_ref().map(PathBuf::from),
            ip: self.site.notebook_ip.clone(),
            port,
            token_file,
            idle_timeout_ms: Some(notebook.idle_timeout.as_millis()),
        })
    }

    fn conf_from(&mut self, sources: &[ConfSource]) -> Vec<PathBuf> {
        let mut folders = Vec::new();
        for (i, source) in sources.iter().enumerate() {
            let field = format!("spec.confFrom[{i}]");
            folders.extend(match (&source.secret_name, &source.config_map_name) {
                (Some(name), _) => self.secret(&format!("{field}.secretName"), name),
                (None, Some(name)) => self.config_map(&format!("{field}.configMapName"), name),
                (None, None) => None,
            });
        }
        folders
    }

    fn env(&mut self, spec: &SparkJobSpec) -> Vec<plan::EnvVar> {
        let mut env = self.site.env.clone();
        match spec.mode {
            Mode::Distributed => env.extend(distributed::env(&spec.mesos)),
            Mode::NonDistributed => env.extend(packed_python(spec)),
        }
        for (i, variable) in spec.env.iter().enumerate() {
            let field = format!("spec.env[{i}].valueFrom");
            let source = variable.value_from.clone().unwrap_or_default();
            let value = match (source.secret_key_ref, source.config_map_key_ref) {
                (Some(key), _) => {
                    self.secret(&field, &key.name).map(|folder| EnvValue::File(folder.join(key.key)))
                }
                (None, Some(key)) => {
                    self.config_map(&field, &key.name).map(|folder| EnvValue::File(folder.join(key.key)))
                }
                (None, None) => Some(EnvValue::Plain(variable.value.clone().unwrap_or_default())),
            };
            let visibility =
                if variable.reaches_executors() { Visibility::Executors } else { Visibility::Driver };
            env.extend(value.map(|value| plan::EnvVar { name: variable.name.clone(), value, visibility }));
        }
        env
    }

    /// In `NonDistributed` mode nothing needs certificates: they are installed where they are given, for programs
    /// that read them, and not missed where they are not, so that the mode can be switched alone.
    fn certificates(&mut self, spec: &SparkJobSpec) -> Option<Certificates> {
        let name = spec.mesos.certificates.as_ref()?.secret_name.as_ref()?;
        let source = match spec.mode {
            Mode::NonDistributed => self.site.secrets.get(name)?.clone(),
            Mode::Distributed => self.secret("spec.mesos.certificates.secretName", name)?,
        };
        Some(Certificates { source, target: self.site.certificates.clone() })
    }

    fn secret(&mut self, field: &str, name: &str) -> Option<PathBuf> {
        let folder = self.site.secrets.get(name).cloned();
        if folder.is_none() {
            self.fault(field, Fault::SecretMissing(name.to_owned()));
        }
        folder
    }

    fn config_map(&mut self, field: &str, name: &str) -> Option<PathBuf> {
        let folder = self.site.config_maps.get(name).cloned();
        if folder.is_none() {
            self.fault(field, Fault::ConfigMapMissing(name.to_owned()));
        }
        folder
    }

    fn fault(&mut self, field: &str, fault: Fault) {
        self.faults.push(PlanFault { field: field.to_owned(), fault });
    }
}

/// The executors' Python of a job whose executors are its driver: one that is in an archive of the job's, so that the mode
/// can be switched alone. Any other is a Python of the executors' image.
fn packed_python(spec: &SparkJobSpec) -> Option<plan::EnvVar> {
    let python = spec.mesos.container.python.as_ref()?;
    plan::packed(python, spec.dependencies.archives.iter().map(String::as_str))?;
    Some(distributed::variable("PYSPARK_PYTHON", python))
}

fn size(spec: &SparkJobSpec) -> DriverSize {
    DriverSize {
        cores: spec.driver.cores.and_then(|cores| u32::try_from(cores).ok()),
        memory_mib: spec.driver.memory.map(lcmap_spark_crd::Memory::mib),
        memory_overhead_mib: spec.driver.memory_overhead.map(lcmap_spark_crd::Memory::mib),
    }
}
