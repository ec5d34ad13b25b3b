//! PURE: the environment of the image's command, and the one place where its precedence is written down.
//!
//! Lowest first: the image's own environment; defaults for what it leaves unset; the plan's variables; what the
//! agent alone sets ([`RESERVED_VARIABLES`](crate::plan::RESERVED_VARIABLES), which a plan cannot name).

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::certificates::CertificateFiles;
use crate::plan::{EnvValue, EnvVar, LaunchPlan, Master, Mesos, Verify, Visibility};
use crate::spark::{DEFAULT_PATH, Environment, Spark};

/// The address at which executors reach a driver that runs them itself.
pub(crate) const LOCAL_DRIVER_HOST: &str = "127.0.0.1";

/// What the driver listens on, where that is not the address at which it is reached.
const BIND_ADDRESS: &str = "spark.driver.bindAddress";

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
    /// The file with the notebook's token.
    pub token_file: Option<&'a Path>,
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
    let mut environment = requested(&ours, given.variables);
    for (name, value) in defaults(&environment, plan, given) {
        environment.entry(name.into()).or_insert(value);
    }
    if let (true, Some(python)) = (crate::launch::needs_python_path(&plan.run), given.spark) {
        let path = python_path(python, environment.get(OsStr::new("PYTHONPATH")));
        environment.insert("PYTHONPATH".into(), path);
    }
    environment.remove(OsStr::new("MESOS_SECRET"));
    environment.remove(OsStr::new("JUPYTER_TOKEN"));
    environment.extend(owned(plan, given));
    environment
}

/// Variables of the plan that executors see, too, as Spark properties.
pub(crate) fn for_executors<'a>(
    plan: &'a LaunchPlan,
    variables: &'a [(String, OsString)],
) -> impl Iterator<Item = (String, String)> + 'a {
    let visible = |(variable, _): &(&EnvVar, _)| variable.visibility == Visibility::Executors;
    plan.env
        .iter()
        .zip(variables)
        .filter(visible)
        .map(|(variable, (_, value))| (executor_env(&variable.name), value.to_string_lossy().into_owned()))
}

/// The names of those properties whose values come from files: secrets, as a rule.
pub(crate) fn secret_for_executors(plan: &LaunchPlan) -> Vec<String> {
    let is_secret = |variable: &&EnvVar| {
        variable.visibility == Visibility::Executors && matches!(variable.value, EnvValue::File(_))
    };
    plan.env.iter().filter(is_secret).map(|variable| executor_env(&variable.name)).collect()
}

fn executor_env(name: &str) -> String {
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
    owned.extend(given.token_file.map(|file| ("JUPYTER_TOKEN_FILE", file.into())));
    owned.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

/// What libmesos.so reads (docs/mesos.md), and the role, which the seed's programs read.
fn for_libmesos(mesos: &Mesos, state: &Path) -> Vec<(&'static str, OsString)> {
    let seconds = mesos.registration_timeout_ms.div_ceil(1000).max(1);
    let labels: Vec<String> = mesos.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let verify = match mesos.verify {
        Verify::Full => "Full",
        Verify::Chain => "Chain",
        Verify::None => "None",
    };
    let mut variables: Vec<(&str, OsString)> = vec![
        ("LCMAP_MESOS_FRAMEWORK_ID", mesos.framework_id.clone().into()),
        ("LCMAP_MESOS_LABELS", labels.join(",").into()),
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
mod tests {
    use super::*;
    use crate::plan::{Run, Shell};

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    fn plan(run: Run) -> LaunchPlan {
        let json = r#"{"version":2,"job":{"name":"j","attempt":1},"applicationName":"j","image":"i:1","run":{"pyspark":{}},"master":"local","gracePeriodMs":1}"#;
        LaunchPlan { run, ..LaunchPlan::parse(json).unwrap() }
    }

    fn shell() -> Run {
        Run::PySpark(Shell { args: Vec::new(), idle_timeout_ms: None })
    }

    fn given() -> Given<'static> {
        Given {
            variables: &[],
            master: "local[2]",
            driver_host: LOCAL_DRIVER_HOST,
            principal: "",
            state: Path::new("/state"),
            conf_dir: Path::new("/private/conf"),
            spark: None,
            user: "science",
            home: Path::new("/home/lcmap"),
            certificates: None,
            token_file: None,
        }
    }

    #[test]
    fn what_nobody_sets_has_its_default() {
        assert_eq!(
            compose(&Environment::new(), &plan(shell()), &given()),
            environment(&[
                ("HOME", "/home/lcmap"),
                ("HOSTNAME", "127.0.0.1"),
                ("IMAGE", "i:1"),
                ("MASTER", "local[2]"),
                ("MESOS_PRINCIPAL", ""),
                ("MESOS_ROLE", "*"),
                ("PATH", DEFAULT_PATH),
                ("PYSPARK_PYTHON", "python3"),
                ("SPARK_CONF_DIR", "/private/conf"),
                ("SPARK_NO_DAEMONIZE", "true"),
                ("SPARK_USER", "science"),
                ("USER", "science"),
            ])
        );
    }

    #[test]
    fn precedence_is_agent_over_plan_over_image_over_default() {
        let image = environment(&[
            ("MASTER", "yarn"),
            ("SPARK_CONF_DIR", "/etc/spark"),
            ("PYSPARK_PYTHON", "python2"),
            ("USER", "image"),
            ("KEPT", "image"),
        ]);
        let variables = [("PYSPARK_PYTHON".to_owned(), "pypy".into()), ("USER".to_owned(), "plan".into())];
        let composed = compose(&image, &plan(shell()), &Given { variables: &variables, ..given() });
        for (name, value) in [
            ("MASTER", "local[2]"),
            ("SPARK_CONF_DIR", "/private/conf"),
            ("PYSPARK_PYTHON", "pypy"),
            ("USER", "plan"),
            ("SPARK_USER", "plan"),
            ("KEPT", "image"),
        ] {
            assert_eq!(composed[OsStr::new(name)], OsStr::new(value), "{name}");
        }
    }

    #[test]
    fn secrets_of_the_image_are_not_passed_on() {
        let image = environment(&[("MESOS_SECRET", "s"), ("JUPYTER_TOKEN", "t")]);
        let composed = compose(&image, &plan(shell()), &given());
        assert!(!composed.contains_key(OsStr::new("MESOS_SECRET")));
        assert!(!composed.contains_key(OsStr::new("JUPYTER_TOKEN")));
    }

    #[test]
    fn certificates_are_pointed_at_and_verified_unless_the_image_says_otherwise() {
        let files = CertificateFiles {
            folder: "/certs".into(),
            certificate: "/certs/mesos.crt".into(),
            key: "/certs/mesos.key".into(),
            roots: "/certs/trustedroot.crt".into(),
        };
        let given = Given { certificates: Some(&files), ..given() };
        for (image, verify) in [(vec![], "1"), (vec![("LIBPROCESS_SSL_VERIFY_CERT", "0")], "0")] {
            let composed = compose(&environment(&image), &plan(shell()), &given);
            for (name, value) in [
                ("LIBPROCESS_SSL_ENABLED", "1"),
                ("LIBPROCESS_SSL_VERIFY_CERT", verify),
                ("LIBPROCESS_SSL_CERT_FILE", "/certs/mesos.crt"),
                ("LIBPROCESS_SSL_KEY_FILE", "/certs/mesos.key"),
                ("LIBPROCESS_SSL_CA_FILE", "/certs/trustedroot.crt"),
                ("LIBPROCESS_SSL_CA_DIR", "/certs"),
            ] {
                assert_eq!(composed[OsStr::new(name)], OsStr::new(value), "{name}");
            }
        }
    }

    fn for_mesos(library: Option<&str>) -> LaunchPlan {
        let mut plan = plan(shell());
        plan.master = Master::Mesos(Box::new(Mesos {
            masters: "m:5050".to_owned(),
            role: Some("science".to_owned()),
            credentials: Some("/credentials".into()),
            verify: Verify::Chain,
            server_name: None,
            framework_id: "uid-1".to_owned(),
            labels: [("a".to_owned(), "b".to_owned()), ("c".to_owned(), "d".to_owned())].into(),
            registration_timeout_ms: 1_500,
            library: library.map(Into::into),
        }));
        plan
    }

    #[test]
    fn libmesos_is_told_everything_by_variables_that_no_plan_may_set() {
        let plan = for_mesos(None);
        let Master::Mesos(mesos) = &plan.master else { unreachable!() };
        let told = for_libmesos(mesos, Path::new("/state"));
        let reserved = &crate::plan::RESERVED_VARIABLES;
        assert!(told.iter().all(|(name, _)| reserved.contains(name)), "{told:?}");
        for (name, value) in [
            ("LCMAP_MESOS_FRAMEWORK_ID", "uid-1"),
            ("LCMAP_MESOS_LABELS", "a=b,c=d"),
            ("LCMAP_MESOS_REGISTRATION_TIMEOUT", "2"),
            ("LCMAP_MESOS_STATE_DIR", "/state"),
            ("LCMAP_MESOS_VERIFY", "Chain"),
            ("LCMAP_MESOS_SERVER_NAME", ""),
            ("LCMAP_MESOS_PRINCIPAL_FILE", "/credentials/principal"),
            ("LCMAP_MESOS_SECRET_FILE", "/credentials/secret"),
            ("MESOS_ROLE", "science"),
        ] {
            assert!(told.contains(&(name, value.into())), "{name}: {told:?}");
        }
    }

    #[test]
    fn the_plans_library_goes_over_the_images_and_under_the_jobs() {
        const NAME: &str = "MESOS_NATIVE_JAVA_LIBRARY";
        for (library, image, job, used) in [
            (None, None, None, None),
            (None, Some("/image.so"), None, Some("/image.so")),
            (Some("/ours.so"), Some("/image.so"), None, Some("/ours.so")),
            (Some("/ours.so"), Some("/image.so"), Some("/job.so"), Some("/job.so")),
        ] {
            let image: Vec<(&str, &str)> = image.map(|path| (NAME, path)).into_iter().collect();
            let variables: Vec<_> = job.map(|path| (NAME.to_owned(), path.into())).into_iter().collect();
            let given = Given { variables: &variables, ..given() };
            let composed = compose(&environment(&image), &for_mesos(library), &given);
            assert_eq!(composed.get(OsStr::new(NAME)).map(OsString::as_os_str), used.map(OsStr::new));
        }
    }

    #[test]
    fn what_an_image_says_of_tls_counts_no_more_than_the_lack_of_certificates() {
        const NAME: &str = "LIBPROCESS_SSL_ENABLED";
        let image = environment(&[(NAME, "1"), ("LIBPROCESS_SSL_KEY_FILE", "/certs/mesos.key")]);
        let composed = |library, given: &Given<'_>| {
            compose(&image, &for_mesos(library), given)[OsStr::new(NAME)].clone()
        };
        assert_eq!(composed(Some("/ours.so"), &given()), "0");
        assert_eq!(composed(None, &given()), "1", "another's library is another's to configure");
        let job = [(NAME.to_owned(), "1".into())];
        assert_eq!(composed(Some("/ours.so"), &Given { variables: &job, ..given() }), "1");
    }

    #[test]
    fn a_driver_listens_where_executors_reach_it_unless_it_is_told_to_listen_elsewhere() {
        const NAME: &str = "SPARK_LOCAL_IP";
        let given = Given { driver_host: "10.0.0.5", ..given() };
        let mut plan = for_mesos(None);
        assert_eq!(compose(&Environment::new(), &plan, &given)[OsStr::new(NAME)], "10.0.0.5");
        plan.conf.insert(BIND_ADDRESS.to_owned(), "0.0.0.0".to_owned());
        assert!(!compose(&Environment::new(), &plan, &given).contains_key(OsStr::new(NAME)));
    }

    #[test]
    fn only_what_is_meant_for_executors_reaches_them() {
        let variable = |name: &str, visibility| EnvVar {
            name: name.to_owned(),
            value: EnvValue::Plain(String::new()),
            visibility,
        };
        let env = vec![variable("A", Visibility::Driver), variable("B", Visibility::Executors)];
        let plan = LaunchPlan { env, ..plan(shell()) };
        let variables = [("A".to_owned(), "a".into()), ("B".to_owned(), "b c".into())];
        let properties: Vec<_> = for_executors(&plan, &variables).collect();
        assert_eq!(properties, [("spark.executorEnv.B".to_owned(), "b c".to_owned())]);
    }
}
