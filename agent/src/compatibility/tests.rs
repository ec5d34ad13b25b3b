use super::*;

/// A Spark with these jars, and a Java of this version.
struct Installed {
    folder: tempfile::TempDir,
    environment: Environment,
}

impl Installed {
    fn new(jars: &[&str], java_version: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for path in ["spark/jars", "java"] {
            fs::create_dir_all(folder.path().join(path)).unwrap();
        }
        for jar in jars {
            fs::write(folder.path().join("spark/jars").join(jar), "").unwrap();
        }
        let release = format!("IMPLEMENTOR=\"Debian\"\nJAVA_VERSION=\"{java_version}\"\n");
        fs::write(folder.path().join("java/release"), release).unwrap();
        let environment = Environment::from([("JAVA_HOME".into(), folder.path().join("java").into())]);
        Self { folder, environment }
    }

    fn check(&self, master: &Master) -> Result<(), String> {
        let spark = Spark { home: self.folder.path().join("spark"), python_path: Vec::new() };
        let folder = self.folder.path().display().to_string();
        check(master, Some(&spark), &self.environment).map_err(|error| error.to_string().replace(&folder, ""))
    }
}

const SPARK_3: [&str; 2] = ["spark-core_2.12-3.5.9.jar", "spark-mesos_2.12-3.5.9.jar"];
const SPARK_4: [&str; 2] = ["spark-core_2.13-4.0.1.jar", "spark-sql_2.13-4.0.1.jar"];

fn mesos() -> Master {
    let plan = serde_json::json!({
        "mesos": {"masters": "m:5050", "verify": "Full", "frameworkId": "uid-1", "registrationTimeoutMs": 1}
    });
    serde_json::from_value(plan).unwrap()
}

#[test]
fn spark_and_java_that_go_together_are_taken() {
    for (jars, java) in [
        (SPARK_3, "1.8.0_392"),
        (SPARK_3, "11.0.21"),
        (SPARK_3, "17.0.9"),
        (SPARK_3, "21"),
        (SPARK_4, "17"),
        (SPARK_4, "25-ea"),
        (SPARK_4, "unheard of"),
    ] {
        assert_eq!(Installed::new(&jars, java).check(&Master::Local), Ok(()), "{jars:?} {java}");
    }
    assert_eq!(Installed::new(&SPARK_3, "17.0.9").check(&mesos()), Ok(()));
    assert_eq!(Installed::new(&["other.jar"], "25").check(&mesos()), Ok(()), "a Spark of unknown version");
    let without_backend = Installed::new(&SPARK_3[..1], "17.0.9");
    assert_eq!(without_backend.check(&mesos()), Ok(()), "its backend may lie elsewhere");
}

#[test]
fn a_java_that_spark_does_not_run_on_is_refused_with_the_ones_that_it_needs() {
    let error = Installed::new(&SPARK_4, "11.0.21").check(&Master::Local).unwrap_err();
    let expected =
        "Spark 4.0.1 does not run on the Java 11 in /java: it needs Java 17 or later; set JAVA_HOME to one";
    assert_eq!(error, expected);
    let error = Installed::new(&SPARK_3, "25.0.1").check(&Master::Local).unwrap_err();
    assert!(error.starts_with("Spark 3.5.9 does not run on the Java 25 in /java: it needs Java 8, 11 or 17"));
}

#[test]
fn a_spark_without_mesos_is_refused_where_the_master_is_mesos() {
    let error = Installed::new(&SPARK_4, "17").check(&mesos()).unwrap_err();
    let expected = "spec.mode: Spark 4.0.1 in /spark has no Mesos backend, which Spark dropped in 4.0; use Spark 3.5, or mode: \
                    NonDistributed";
    assert_eq!(error, expected);
}
