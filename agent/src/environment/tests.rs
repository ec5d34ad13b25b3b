use super::*;
use crate::plan::{Run, Shell};

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

fn plan(run: Run) -> LaunchPlan {
    let json = r#"{"version":3,"job":{"name":"j","attempt":1},"applicationName":"j","image":"i:1","run":{"pyspark":{}},"master":"local","gracePeriodMs":1}"#;
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
        notebook: None,
        locale: None,
        pythons: Vec::new(),
        submit_args: None,
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
            ("PYTHONHASHSEED", "0"),
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
        labels: [("a".to_owned(), "b,c=\"d\"\n".to_owned())].into(),
        registration_timeout_ms: 1_500,
        library: library.map(Into::into),
        python: None,
    }));
    plan
}

#[test]
fn libmesos_is_told_everything_by_variables_that_no_plan_may_set() {
    let plan = for_mesos(None);
    let Master::Mesos(mesos) = &plan.master else { unreachable!() };
    let told = for_libmesos(mesos, Path::new("/state"));
    let is_ours =
        |name| lcmap_spark_variables::find(name).is_some_and(lcmap_spark_variables::Variable::is_ours);
    assert!(told.iter().all(|(name, _)| is_ours(name)), "{told:?}");
    for (name, value) in [
        ("LCMAP_MESOS_FRAMEWORK_ID", "uid-1"),
        ("LCMAP_MESOS_LABELS", r#"{"a":"b,c=\"d\"\n"}"#),
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
    let composed =
        |library, given: &Given<'_>| compose(&image, &for_mesos(library), given)[OsStr::new(NAME)].clone();
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
    let properties = for_executors(&plan, &variables).unwrap();
    assert_eq!(properties, [("spark.executorEnv.B".to_owned(), "b c".to_owned())].into());
}
