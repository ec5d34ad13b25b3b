//! PURE: the environment of the image's command, and the one place where its precedence is written down.
//!
//! Lowest first: what is taken of the image's own environment ([`crate::inherited`]); defaults for what it leaves
//! unset; the plan's variables; what the agent alone sets, which a plan cannot name.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use lcmap_mesos::encode_labels;

use crate::certificates::CertificateFiles;
use crate::configuration::{ConfigurationError, Properties};
use crate::notebook::Expected;
use crate::plan::{EnvValue, EnvVar, LaunchPlan, Master, Mesos, Verify, Visibility};
use crate::spark::{DEFAULT_PATH, Environment, Spark};

/// The address at which executors reach a driver that runs them itself.
pub(crate) const LOCAL_DRIVER_HOST: &str = "127.0.0.1";

/// What the driver listens on, where that is not the address at which it is reached.
const BIND_ADDRESS: &str = "spark.driver.bindAddress";

/// Folders that Jupyter reads before all others
/// (<https://docs.jupyter.org/en/latest/use/jupyter-directories.html>).
const CONFIG_PATH: &str = "JUPYTER_CONFIG_PATH";

/// What the environment is made of, beside the plan and the image's own.
#[derive(Debug)]
pub(crate) struct Given<'a> {
    /// The plan's variables with their values, in order; see [`crate::attempt`].
    pub variables: &'a [(String, OsString)],
    /// `MASTER`: what the seed's programs hand to `SparkContext`.
    pub master: &'a str,
    /// `HOSTNAME`: the value of `spark.driver.host`, as the seed's programs set it in code.
    pub driver_host: &'a str,
    /// `MESOS_PRINCIPAL`: as whom the driver registers on Mesos; empty when there is none.
    pub principal: &'a str,
    /// The state folder, for libmesos.so.
    pub state: &'a Path,
    /// The private `SPARK_CONF_DIR`.
    pub conf_dir: &'a Path,
    /// The Spark that is run, if it is known.
    pub spark: Option<&'a Spark>,
    /// Our user's name, for what the image leaves unset.
    pub user: &'a str,
    /// `HOME`: the one of image and plan if it can be written.
    pub home: &'a Path,
    /// Where the Mesos certificates were installed.
    pub certificates: Option<&'a CertificateFiles>,
    /// The notebook server.
    pub notebook: Option<&'a Expected>,
    /// What makes text arrive, if anything is needed; see [`crate::locale`].
    pub locale: Option<(&'static str, OsString)>,
    /// Workers' and driver's Python of a Distributed plan; see [`crate::python`].
    pub pythons: Vec<(&'static str, OsString)>,
    /// What a notebook's kernels give to `spark-submit`.
    pub submit_args: Option<String>,
}

/// The environment as image and plan want it: what decides which Spark is found, and where home is.
pub(crate) fn requested(image: &Environment, variables: &[(String, OsString)]) -> Environment {
    let mut environment = image.clone();
    environment.extend(variables.iter().map(|(name, value)| (name.into(), value.clone())));
    environment
}

/// The whole environment of the image's command.
pub(crate) fn compose(image: &Environment, plan: &LaunchPlan, given: &Given<'_>) -> Environment {
    let mut ours = image.clone();
    if let Master::Mesos(mesos) = &plan.master
        && let Some(library) = &mesos.library
    {
        // The image's own, where it names one, is Mesos' C++ library, or dead; a job may still name one.
        ours.insert("MESOS_NATIVE_JAVA_LIBRARY".into(), library.clone().into());
        if given.certificates.is_none() {
            // Mesos was asked without TLS, whatever the image says of masters of its own time.
            ours.insert("LIBPROCESS_SSL_ENABLED".into(), "0".into());
        }
    }
    let pythons = given.pythons.iter().map(|(name, value)| ((*name).into(), value.clone()));
    ours.extend(pythons);
    let mut environment = requested(&ours, given.variables);
    environment.extend(given.locale.iter().map(|(name, value)| ((*name).into(), value.clone())));
    for (name, value) in defaults(&environment, plan, given) {
        environment.entry(name.into()).or_insert(value);
    }
    if let (true, Some(python)) = (crate::launch::needs_python_path(&plan.run), given.spark) {
        let path = python_path(python, environment.get(OsStr::new("PYTHONPATH")));
        environment.insert("PYTHONPATH".into(), path);
    }
    if let Some(notebook) = given.notebook {
        let path = [
            Some(notebook.folders.configuration.as_os_str()),
            environment.get(OsStr::new(CONFIG_PATH)).map(|path| &**path),
        ];
        let path: Vec<&OsStr> = path.into_iter().flatten().filter(|path| !path.is_empty()).collect();
        environment.insert(CONFIG_PATH.into(), path.join(OsStr::new(":")));
    }
    environment.extend(owned(plan, given));
    environment
}

/// Variables of the plan that executors see, too, as Spark properties.
pub(crate) fn for_executors(
    plan: &LaunchPlan,
    variables: &[(String, OsString)],
) -> Result<Properties, ConfigurationError> {
    let visible = |(variable, _): &(&EnvVar, _)| variable.visibility == Visibility::Executors;
    let property = |(variable, (_, value)): (&EnvVar, &(String, OsString))| match value.to_str() {
        Some(value) => Ok((executor_env(&variable.name), value.to_owned())),
        None => Err(ConfigurationError::VariableNotUtf8 { name: variable.name.clone() }),
    };
    plan.env.iter().zip(variables).filter(visible).map(property).collect()
}

/// The names of those properties whose values come from files: secrets, as a rule.
pub(crate) fn secret_for_executors(plan: &LaunchPlan) -> Vec<String> {
    let is_secret = |variable: &&EnvVar| {
        variable.visibility == Visibility::Executors && matches!(variable.value, EnvValue::File(_))
    };
    plan.env.iter().filter(is_secret).map(|variable| executor_env(&variable.name)).collect()
}

/// The property by which executors get a variable.
pub(crate) fn executor_env(name: &str) -> String {
    format!("spark.executorEnv.{name}")
}

/// What image and plan may leave unset.
fn defaults(
    environment: &Environment,
    plan: &LaunchPlan,
    given: &Given<'_>,
) -> Vec<(&'static str, OsString)> {
    let named = |name: &str| environment.get(OsStr::new(name)).cloned();
    let user = named("USER").unwrap_or_else(|| given.user.into());
    let mut defaults = vec![
        ("PATH", DEFAULT_PATH.into()),
        ("SPARK_USER", user.clone()),
        ("USER", user),
        ("PYSPARK_PYTHON", "python3".into()),
        ("SPARK_NO_DAEMONIZE", "true".into()),
        // As spark-submit sets it: workers would disagree on where a key belongs.
        ("PYTHONHASHSEED", "0".into()),
    ];
    defaults.extend(given.spark.map(|spark| ("SPARK_HOME", spark.home.clone().into())));
    if let (Master::Mesos(_), None) = (&plan.master, plan.conf.get(BIND_ADDRESS)) {
        // What executors reach the driver at is what it listens on, its UI too, unless the plan says another.
        defaults.push(("SPARK_LOCAL_IP", given.driver_host.into()));
    }
    if given.certificates.is_some() {
        // Whether the master's certificate is checked is the image's or the job's to say; unsaid, it is.
        defaults.push(("LIBPROCESS_SSL_VERIFY_CERT", "1".into()));
    }
    defaults
}

/// What the agent alone sets.
fn owned(plan: &LaunchPlan, given: &Given<'_>) -> Environment {
    let mut owned: Vec<(&str, OsString)> = vec![
        ("MASTER", given.master.into()),
        ("IMAGE", plan.image.clone().into()),
        ("MESOS_ROLE", "*".into()),
        ("MESOS_PRINCIPAL", given.principal.into()),
        ("HOME", given.home.into()),
        ("HOSTNAME", given.driver_host.into()),
        ("SPARK_CONF_DIR", given.conf_dir.into()),
    ];
    if let Some(files) = given.certificates {
        owned.extend([
            ("LIBPROCESS_SSL_ENABLED", "1".into()),
            ("LIBPROCESS_SSL_CERT_FILE", files.certificate.clone().into()),
            ("LIBPROCESS_SSL_KEY_FILE", files.key.clone().into()),
            ("LIBPROCESS_SSL_CA_FILE", files.roots.clone().into()),
            ("LIBPROCESS_SSL_CA_DIR", files.folder.clone().into()),
        ]);
    }
    if let Master::Mesos(mesos) = &plan.master {
        owned.extend(for_libmesos(mesos, given.state));
    }
    if let Some(notebook) = given.notebook {
        owned.push(("JUPYTER_TOKEN_FILE", notebook.token.file.clone().into()));
        owned.push(("JUPYTER_RUNTIME_DIR", notebook.folders.runtime.clone().into()));
    }
    owned.extend(given.submit_args.iter().map(|args| ("PYSPARK_SUBMIT_ARGS", args.into())));
    owned.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

/// What libmesos.so reads (docs/mesos.md), and the role, which the seed's programs read.
fn for_libmesos(mesos: &Mesos, state: &Path) -> Vec<(&'static str, OsString)> {
    let seconds = mesos.registration_timeout_ms.div_ceil(1000).max(1);
    let verify = match mesos.verify {
        Verify::Full => "Full",
        Verify::Chain => "Chain",
        Verify::None => "None",
    };
    let mut variables: Vec<(&str, OsString)> = vec![
        ("LCMAP_MESOS_FRAMEWORK_ID", mesos.framework_id.clone().into()),
        ("LCMAP_MESOS_LABELS", encode_labels(&mesos.labels).into()),
        ("LCMAP_MESOS_REGISTRATION_TIMEOUT", seconds.to_string().into()),
        ("LCMAP_MESOS_STATE_DIR", state.into()),
        ("LCMAP_MESOS_VERIFY", verify.into()),
        ("LCMAP_MESOS_SERVER_NAME", mesos.server_name.clone().unwrap_or_default().into()),
    ];
    variables.extend(mesos.role.as_ref().map(|role| ("MESOS_ROLE", role.into())));
    for (variable, file) in
        [("LCMAP_MESOS_PRINCIPAL_FILE", "principal"), ("LCMAP_MESOS_SECRET_FILE", "secret")]
    {
        let path = mesos.credentials.as_ref().map(|folder| folder.join(file)).unwrap_or_default();
        variables.push((variable, path.into()));
    }
    variables
}

fn python_path(spark: &Spark, inherited: Option<&OsString>) -> OsString {
    let inherited = inherited.filter(|path| !path.is_empty()).map(PathBuf::from);
    let entries: Vec<OsString> = spark.python_path.iter().cloned().chain(inherited).map(Into::into).collect();
    entries.join(OsStr::new(":"))
}

#[cfg(test)]
mod tests;
