//! From a plan to a command that can be started: looks at the world, lets the pure modules decide, writes files.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::ops::RangeInclusive;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use crate::certificates::CertificateFiles;
use crate::configuration::{self, ConfigurationError, Properties, Sources};
use crate::environment::{self, Given, LOCAL_DRIVER_HOST};
use crate::error::Error;
use crate::home::Home;
use crate::identity::{self, Identity};
use crate::launch::{self, Privileges};
use crate::mesos::Cluster;
use crate::notebook;
use crate::plan::{EnvValue, LaunchPlan, Master, Run};
use crate::private::PrivateFolder;
use crate::sizing::{self, Size, cgroup};
use crate::spark::{self, Environment, Spark};
use crate::supervise::spawn::Prepared;
use crate::ui;

/// Where executors on Mesos find Spark (<https://spark.apache.org/docs/3.5.0/running-on-mesos.html#configuration>).
const EXECUTOR_HOME: &str = "spark.mesos.executor.home";

/// A command that can be started, and what the user and the watcher should know of it.
#[derive(Debug)]
pub(crate) struct Ready {
    /// The command.
    pub prepared: Prepared,
    /// The ports that Spark's UI may come up on.
    pub ui_ports: Option<RangeInclusive<u16>>,
    /// The file with the notebook's token, for a notebook.
    pub token_file: Option<PathBuf>,
    /// What the user should know though the job runs.
    pub warnings: Vec<String>,
}

/// What was found before anything is decided.
struct World {
    image: Environment,
    /// The plan's variables with their values, in order.
    variables: Vec<(String, OsString)>,
    /// The image's environment under the plan's variables.
    requested: Environment,
    spark: Option<Spark>,
    home: Home,
    identity: Identity,
    size: Size,
}

/// Where an attempt has its things, and the Mesos that it has asked.
#[derive(Debug)]
pub(crate) struct Places<'a> {
    /// The private folder.
    pub private: &'a PrivateFolder,
    /// The state folder, where a missing home is made up for and libmesos.so writes of its frameworks.
    pub state: &'a Path,
    /// The installed certificates.
    pub certificates: Option<&'a CertificateFiles>,
    /// The Mesos of a plan for one.
    pub cluster: Option<&'a Cluster>,
}

/// Makes a plan ready.
pub(crate) fn prepare(plan: &LaunchPlan, image: Environment, places: &Places<'_>) -> Result<Ready, Error> {
    let private = places.private;
    let world = World::observe(plan, image, places.state)?;
    let master = match &plan.master {
        Master::Local => format!("local[{}]", world.size.cores),
        Master::Mesos(mesos) => format!("mesos://{}", mesos.masters),
    };
    let driver_host =
        places.cluster.map_or(LOCAL_DRIVER_HOST.to_owned(), |cluster| cluster.driver_host.to_string());
    let conf_dir = private.path().join("conf");
    let properties = world.configure(plan, &master, &driver_host, &conf_dir)?;
    let token_file = match &plan.run {
        Run::Notebook(notebook) => {
            Some(notebook::token_file(notebook.token_file.as_deref(), private.path())?)
        }
        _ => None,
    };
    let given = Given {
        variables: &world.variables,
        master: &master,
        driver_host: properties.get("spark.driver.host").unwrap_or(&driver_host),
        principal: places.cluster.map_or("", |cluster| &cluster.principal),
        state: places.state,
        conf_dir: &conf_dir,
        spark: world.spark.as_ref(),
        user: world.identity.name(),
        home: world.home.path(),
        certificates: places.certificates,
        token_file: token_file.as_deref(),
    };
    let environment = environment::compose(&world.image, plan, &given);
    let privileges = if geteuid().is_root() { Privileges::Root } else { Privileges::User };
    let line = launch::command_line(&plan.run, privileges);
    let located = spark::locate(line.command, world.spark.as_ref(), &environment);
    let prepared = Prepared::new(line, located, environment)?;
    Ok(Ready { prepared, ui_ports: ui::ports(&properties), token_file, warnings: world.warnings(private) })
}

impl World {
    fn observe(plan: &LaunchPlan, image: Environment, state: &Path) -> Result<Self, Error> {
        let variables = read_variables(plan)?;
        let requested = environment::requested(&image, &variables);
        let home = Home::choose(requested.get(OsStr::new("HOME")).map(Path::new), state)?;
        let user = requested.get(OsStr::new("USER")).and_then(|user| user.to_str());
        Ok(Self {
            spark: spark::find(&requested),
            identity: identity::ensure(user, home.path()),
            size: sizing::decide(&plan.driver, &plan.run, &cgroup::read(Path::new("/"))),
            image,
            variables,
            requested,
            home,
        })
    }

    /// Where executors on Mesos find Spark, unless image or plan say so: they run the driver's image.
    fn executor_home(&self, plan: &LaunchPlan) -> Option<String> {
        let Master::Mesos(_) = plan.master else { return None };
        Some(self.spark.as_ref()?.home.to_str()?.to_owned())
    }

    /// Writes the private `SPARK_CONF_DIR` and returns the properties that are in it.
    fn configure(
        &self,
        plan: &LaunchPlan,
        master: &str,
        driver_host: &str,
        conf_dir: &Path,
    ) -> Result<Properties, ConfigurationError> {
        let folder = configuration::of_image(
            self.requested.get(OsStr::new("SPARK_CONF_DIR")).map(Path::new),
            self.spark.as_ref().map(|spark| spark.home.as_path()),
        );
        let mut proposed: Properties = environment::for_executors(plan, &self.variables).collect();
        proposed.insert("spark.driver.host".to_owned(), driver_host.to_owned());
        proposed.extend(ui::free_port().map(|port| ("spark.ui.port".to_owned(), port.to_string())));
        let image = configuration::read_image(folder.as_deref())?;
        if !image.contains_key(EXECUTOR_HOME) {
            proposed.extend(self.executor_home(plan).map(|home| (EXECUTOR_HOME.to_owned(), home)));
        }
        let owned = [
            ("spark.master", master.to_owned()),
            ("spark.app.name", plan.application_name.clone()),
            ("spark.driver.memory", format!("{}m", self.size.heap_mib)),
        ];
        let merged = configuration::merge(Sources {
            image,
            proposed,
            secret: environment::secret_for_executors(plan),
            plan: plan.conf.clone(),
            folders: configuration::read_folders(&plan.conf_from)?,
            owned: owned.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        });
        configuration::write(folder.as_deref(), &merged, conf_dir)?;
        Ok(merged)
    }

    fn warnings(&self, private: &PrivateFolder) -> Vec<String> {
        let mut warnings = Vec::new();
        if !private.memory_backed() {
            warnings.push(format!(
                "secrets lie on a disk until the job ends, in {}: no memory-backed folder can be written",
                private.path().display()
            ));
        }
        if let Identity::Missing(_) = self.identity {
            warnings.push(format!(
                "user id {} has no entry in /etc/passwd, and none can be added: Hadoop will not write files; \
                 mount the passwd and group that `lcmap-agent inspect --out DIR` writes over /etc/passwd and \
                 /etc/group",
                geteuid()
            ));
        }
        warnings
    }
}

fn read_variables(plan: &LaunchPlan) -> Result<Vec<(String, OsString)>, ConfigurationError> {
    plan.env.iter().map(|variable| Ok((variable.name.clone(), read_value(&variable.value)?))).collect()
}

fn read_value(value: &EnvValue) -> Result<OsString, ConfigurationError> {
    match value {
        EnvValue::Plain(value) => Ok(value.into()),
        EnvValue::File(path) => {
            let content = fs::read(path)
                .map_err(|source| ConfigurationError::Unreadable { path: path.clone(), source })?;
            if content.contains(&0) {
                return Err(ConfigurationError::Nul { path: path.clone() });
            }
            Ok(OsString::from_vec(content))
        }
    }
}
