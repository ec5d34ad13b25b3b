//! From a plan to a command that can be started: looks at the world, lets the pure modules decide, writes files.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::ops::RangeInclusive;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use crate::certificates::CertificateFiles;
use crate::compatibility;
use crate::configuration::{self, ConfigurationError, Properties, Sources};
use crate::environment::{self, Given, LOCAL_DRIVER_HOST};
use crate::error::Error;
use crate::failure::Secrets;
use crate::home::Home;
use crate::identity::{self, Identity};
use crate::inherited;
use crate::inputs::{self, Inputs};
use crate::launch::{self, Privileges, SparkOptions};
use crate::locale::{self, Text};
use crate::mesos::Cluster;
use crate::notebook::Expected;
use crate::plan::{EnvValue, LaunchPlan, Master, Run};
use crate::private::PrivateFolder;
use crate::python;
use crate::rscript;
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
    /// The notebook server, for a notebook.
    pub notebook: Option<Expected>,
    /// What no message may hold.
    pub secrets: Secrets,
    /// What the user should know though the job runs.
    pub warnings: Vec<String>,
    /// Where packed Pythons are unpacked, as long as the command runs.
    _unpacked: Option<Unpacked>,
}

/// What was found before anything is decided.
struct World {
    /// The environment that the agent was started with.
    image: Environment,
    /// What of it reaches the command.
    taken: Environment,
    /// The plan's variables with their values, in order.
    variables: Vec<(String, OsString)>,
    /// The image's environment under the plan's variables.
    requested: Environment,
    spark: Option<Spark>,
    home: Home,
    identity: Identity,
    size: Size,
    text: Text,
}

/// Spark's configuration, as it was written.
struct Configured {
    properties: Properties,
    /// Those that Spark would not read from there as they are.
    exact: Properties,
    /// Where further files of the job are linked.
    inputs: Inputs,
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
    let mut plan = plan.clone();
    let mut variables = read_variables(&plan)?;
    let unpacked = Unpacked::of(&mut plan, &mut variables, &image)?;
    let plan = &plan;
    let world = World::observe(plan, image, variables, places.state)?;
    let master = match &plan.master {
        Master::Local => format!("local[{}]", world.size.cores),
        Master::Mesos(mesos) => format!("mesos://{}", mesos.masters),
    };
    let driver_host =
        places.cluster.map_or(LOCAL_DRIVER_HOST.to_owned(), |cluster| cluster.driver_host.to_string());
    let conf_dir = private.path().join("conf");
    let Configured { properties, exact, mut inputs } =
        world.configure(plan, &master, &driver_host, &conf_dir)?;
    world.check_text(plan, &exact)?;
    let options = SparkOptions { name: &plan.application_name, conf: &exact };
    let notebook = match &plan.run {
        Run::Notebook(notebook) => Some(Expected::prepare(notebook, private)?),
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
        notebook: notebook.as_ref(),
        locale: locale::variable(&world.text),
        pythons: python::of_distributed(plan, &world.variables, &world.taken),
        submit_args: options.for_kernels().filter(|_| matches!(plan.run, Run::Notebook(_))),
    };
    let environment = environment::compose(&world.taken, plan, &given);
    compatibility::check(&plan.master, world.spark.as_ref(), &environment)?;
    rscript::check(&plan.run, &properties, &environment)?;
    let missed = inherited::missed(&world.image, &environment);
    let privileges = if geteuid().is_root() { Privileges::Root } else { Privileges::User };
    let token_file = notebook.as_ref().map(|notebook| notebook.token.file.as_path());
    let secrets = world.secrets(plan, &properties, &environment, token_file)?;
    let line = launch::command_line(&inputs.program(&plan.run)?, privileges, options);
    let located = spark::locate(&line.command, world.spark.as_ref(), &environment);
    let prepared = Prepared::new(line, located, environment)?;
    let (ui_ports, warnings) = (ui::ports(&properties), world.warnings(private, &missed));
    Ok(Ready { prepared, ui_ports, notebook, secrets, warnings, _unpacked: unpacked })
}

impl World {
    fn observe(
        plan: &LaunchPlan,
        image: Environment,
        variables: Vec<(String, OsString)>,
        state: &Path,
    ) -> Result<Self, Error> {
        let requested = environment::requested(&image, &variables);
        let mut taken = inherited::taken(&image, |property| plan.has_property(property));
        let tells_locale = |name: &str| locale::VARIABLES.contains(&name);
        let told = variables.iter().any(|(name, _)| tells_locale(name));
        if told {
            // An inherited one may not overrule the manifest's.
            taken.retain(|name, _| !name.to_str().is_some_and(tells_locale));
        }
        let home = Home::choose(requested.get(OsStr::new("HOME")).map(Path::new), state)?;
        let user = requested.get(OsStr::new("USER")).and_then(|user| user.to_str());
        Ok(Self {
            spark: spark::find(&requested),
            identity: identity::ensure(user, home.path()),
            size: sizing::decide(&plan.driver, &plan.run, &cgroup::read(Path::new("/"))),
            text: locale::text(&environment::requested(&taken, &variables), told),
            image,
            taken,
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

    /// Refuses text that would be lost on its way.
    fn check_text(&self, plan: &LaunchPlan, exact: &Properties) -> Result<(), ConfigurationError> {
        let Text::IsLost(why) = &self.text else { return Ok(()) };
        let of_conf = exact.iter().find(|(name, value)| !name.is_ascii() || !value.is_ascii());
        match locale::beyond_ascii(plan).or_else(|| of_conf.map(|(name, _)| name.clone())) {
            Some(field) => Err(ConfigurationError::TextLost { field, why: why.clone() }),
            None => Ok(()),
        }
    }

    /// Executors on Mesos that run the driver's image need there what the driver needs.
    fn executor_locale(&self, plan: &LaunchPlan) -> Option<(String, String)> {
        let Master::Mesos(_) = plan.master else { return None };
        let (name, value) = locale::variable(&self.text)?;
        Some((environment::executor_env(name), value.into_string().ok()?))
    }

    /// Writes the private `SPARK_CONF_DIR` and returns the properties that are in it.
    fn configure(
        &self,
        plan: &LaunchPlan,
        master: &str,
        driver_host: &str,
        conf_dir: &Path,
    ) -> Result<Configured, Error> {
        let folder = configuration::of_image(
            self.requested.get(OsStr::new("SPARK_CONF_DIR")).map(Path::new),
            self.spark.as_ref().map(|spark| spark.home.as_path()),
        );
        let mut proposed: Properties = self.executor_locale(plan).into_iter().collect();
        proposed.extend(environment::for_executors(plan, &self.variables)?);
        proposed.insert("spark.driver.host".to_owned(), driver_host.to_owned());
        proposed.extend(ui::free_port().map(|port| ("spark.ui.port".to_owned(), port.to_string())));
        let mut image = configuration::read_image(folder.as_deref())?;
        python::yield_to(&self.variables, &mut image);
        if !image.contains_key(EXECUTOR_HOME) {
            proposed.extend(self.executor_home(plan).map(|home| (EXECUTOR_HOME.to_owned(), home)));
        }
        let owned = [
            ("spark.master", master.to_owned()),
            ("spark.app.name", plan.application_name.clone()),
            ("spark.driver.memory", format!("{}m", self.size.heap_mib)),
            // Else the variable DEPLOY_MODE would say it.
            ("spark.submit.deployMode", "client".to_owned()),
        ];
        let sources = Sources {
            image,
            proposed,
            secret: environment::secret_for_executors(plan),
            plan: plan.conf.clone(),
            folders: configuration::read_folders(&plan.conf_from)?,
            owned: owned.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        };
        let names = configuration::exact(&sources, &plan.conf_from)?;
        let mut properties = configuration::merge(sources);
        let mut inputs = Inputs::new(&conf_dir.with_file_name("inputs"));
        inputs.rewrite(&mut properties)?;
        inputs::check_event_log(&mut properties)?;
        let of_job = self.variables.iter().map(|(name, _)| name.as_str());
        configuration::write(folder.as_deref(), &properties, of_job, conf_dir)?;
        let value = |name: String| properties.get(&name).cloned().map(|value| (name, value));
        let exact = names.into_iter().filter_map(value).collect();
        Ok(Configured { properties, exact, inputs })
    }

    /// Every value that is known to be secret: what comes from a Secret, and what has such a name.
    fn secrets(
        &self,
        plan: &LaunchPlan,
        properties: &Properties,
        environment: &Environment,
        token_file: Option<&Path>,
    ) -> Result<Secrets, ConfigurationError> {
        let text = |value: &OsStr| value.to_string_lossy().into_owned();
        let of_files = plan.env.iter().zip(&self.variables);
        let of_files = of_files.filter(|(variable, _)| matches!(variable.value, EnvValue::File(_)));
        let of_files = of_files.map(|(_, (_, value))| text(value));
        let of_folders =
            configuration::read_folders(&plan.conf_from)?.into_iter().flat_map(Properties::into_values);
        let named = properties
            .iter()
            .filter(|(name, _)| Secrets::is_secret_name(name))
            .map(|(_, value)| value.clone());
        let in_environment =
            environment.iter().filter(|(name, _)| Secrets::is_secret_name(&name.to_string_lossy()));
        let credentials = match &plan.master {
            Master::Mesos(mesos) => mesos.credentials.as_ref().map(|folder| folder.join("secret")),
            Master::Local => None,
        };
        let files = token_file.map(Path::to_owned).into_iter().chain(credentials);
        let contents = files.filter_map(|file| fs::read_to_string(file).ok());
        let in_environment = in_environment.map(|(_, value)| text(value));
        Ok(Secrets::new(of_files.chain(of_folders).chain(named).chain(in_environment).chain(contents)))
    }

    fn warnings(&self, private: &PrivateFolder, missed: &[&str]) -> Vec<String> {
        let mut warnings = Vec::new();
        if !missed.is_empty() {
            warnings.push(format!(
                "not taken from the environment, since the manifest decides: {}; what the job needs of it belongs in spec.env",
                missed.join(", ")
            ));
        }
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

/// Where packed Pythons are, gone with this value.
#[derive(Debug)]
struct Unpacked(PathBuf);

impl Drop for Unpacked {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            crate::console::warn(&format!("{} could not be removed: {error}", self.0.display()));
        }
    }
}

impl Unpacked {
    /// Unpacks what a driver needs that runs its tasks itself, and puts its paths into plan and variables.
    fn of(
        plan: &mut LaunchPlan,
        variables: &mut [(String, OsString)],
        image: &Environment,
    ) -> Result<Option<Self>, Error> {
        let pythons = python::packed_of(plan, variables);
        if pythons.is_empty() || plan.master != Master::Local {
            return Ok(None);
        }
        // As large as what Spark itself unpacks, and put where Spark puts that.
        let scratch = ["SPARK_LOCAL_DIRS", "TMPDIR"].iter().find_map(|name| {
            let folder = image.get(OsStr::new(name)).filter(|folder| !folder.is_empty())?;
            std::env::split_paths(&folder.to_string_lossy().replace(',', ":")).next()
        });
        let scratch = scratch.unwrap_or_else(|| "/tmp".into());
        let folder = nix::unistd::mkdtemp(&scratch.join("lcmap-spark-python-XXXXXX"))
            .map_err(|error| ConfigurationError::Unwritable { path: scratch, source: error.into() })?;
        let folder = Self(folder);
        let unpacked = python::unpack(pythons, &folder.0)?;
        python::resolve(variables, &unpacked);
        python::resolve_properties(&mut plan.conf, &unpacked);
        Ok(Some(folder))
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
