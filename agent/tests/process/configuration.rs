//! What the image's command finds: its arguments, its environment, its configuration, and what is gone afterwards.

use std::fs;
use std::path::PathBuf;

use crate::support::{Bed, run, stderr, stdout};
use lcmap_spark_agent::plan::{DriverSize, EnvValue, EnvVar, Run, Submit, Visibility};

/// Shows spark-defaults.conf without what differs from run to run.
const SHOW: &str = "grep -v spark.ui.port \"$SPARK_CONF_DIR/spark-defaults.conf\"";

fn variable(name: &str, value: EnvValue, visibility: Visibility) -> EnvVar {
    EnvVar { name: name.to_owned(), value, visibility }
}

#[test]
fn arguments_arrive_byte_for_byte() {
    let bed = Bed::with_submit("printf '<%s>' \"$@\"");
    let hostile = ["a b", "'\"", "$(id)", "`id`", "a\nb", "", "--conf", "*", "é😀", "\\"];
    let args = hostile.map(str::to_owned).to_vec();
    let main_class = Some("org.example.Main".to_owned());
    bed.plan(|plan| {
        plan.run = Run::Submit(Submit { application: "my job.jar".to_owned(), main_class, args });
    });
    let shown = hostile.join("><");
    assert_eq!(stdout(&run(bed.as_child())), format!("<--class><org.example.Main><my job.jar><{shown}>"));
}

#[test]
fn properties_are_merged_and_those_of_the_agent_win() {
    let bed = Bed::with_submit(SHOW);
    let conf = bed.path("spark/conf");
    fs::create_dir_all(&conf).unwrap();
    fs::write(conf.join("spark-defaults.conf"), "spark.master yarn\nspark.image kept\nspark.both image\n")
        .unwrap();
    let secrets = bed.path("secrets");
    fs::create_dir_all(&secrets).unwrap();
    fs::write(secrets.join("spark.cassandra.auth.password"), "s3cret \\ $(id)\n").unwrap();
    bed.plan(|plan| {
        plan.application_name = "my job".to_owned();
        plan.conf = [("spark.both".to_owned(), "plan".to_owned())].into();
        plan.conf_from = vec![secrets];
        plan.env = vec![variable("SHARED", EnvValue::Plain("a b".to_owned()), Visibility::Executors)];
        plan.driver = DriverSize { cores: Some(3), memory_mib: Some(1500), memory_overhead_mib: None };
    });
    assert_eq!(
        stdout(&run(bed.as_child())),
        "spark.app.name=my job\n\
         spark.both=plan\n\
         spark.cassandra.auth.password=s3cret \\\\ $(id)\n\
         spark.driver.host=127.0.0.1\n\
         spark.driver.memory=1500m\n\
         spark.executorEnv.SHARED=a b\n\
         spark.image=kept\n\
         spark.master=local[3]\n\
         spark.redaction.regex=(?i)secret|password|token|access[.]key|^spark\\\\.cassandra\\\\.auth\\\\.password$\n\
         spark.submit.deployMode=client\n"
    );
}

#[test]
fn secrets_are_in_no_argument_and_readable_by_nobody_else() {
    let bed = Bed::with_submit(
        "tr '\\0' '\\n' < /proc/$$/cmdline; tr '\\0' '\\n' < /proc/$PPID/cmdline; env; \
         stat -c '%a %n' \"$SPARK_CONF_DIR/..\" \"$SPARK_CONF_DIR\" \"$SPARK_CONF_DIR/spark-defaults.conf\"",
    );
    let secrets = bed.path("secrets");
    fs::create_dir_all(&secrets).unwrap();
    fs::write(secrets.join("spark.x"), "s3cret").unwrap();
    bed.plan(|plan| plan.conf_from = vec![secrets]);
    let shown = stdout(&run(bed.as_child()));
    assert!(!shown.contains("s3cret"), "{shown}");
    let modes: Vec<&str> =
        shown.lines().filter_map(|line| line.split_once(" /dev/shm/")).map(|(m, _)| m).collect();
    assert_eq!(modes, ["700", "700", "600"], "{shown}");
}

#[test]
fn the_rest_of_the_images_configuration_stays_in_force() {
    let bed = Bed::with_submit(
        ". \"$SPARK_CONF_DIR\"/spark-env.sh; echo $A; cat \"$SPARK_CONF_DIR\"/sub/site.xml; ls -A $SPARK_CONF_DIR",
    );
    let conf = bed.path("elsewhere");
    fs::create_dir_all(conf.join("sub")).unwrap();
    fs::create_dir_all(conf.join("..data")).unwrap();
    fs::write(conf.join("spark-env.sh"), "export A=1\n").unwrap();
    fs::write(conf.join("sub/site.xml"), "<site/>\n").unwrap();
    let mut command = bed.as_child();
    command.env("SPARK_CONF_DIR", conf);
    assert_eq!(stdout(&run(command)), "1\n<site/>\nspark-defaults.conf\nspark-env.sh\nsub\n");
}

#[test]
fn the_environment_is_what_the_seeds_programs_read() {
    let names = "MASTER IMAGE MESOS_ROLE MESOS_PRINCIPAL MESOS_SECRET HOSTNAME USER SPARK_USER HOME PYSPARK_PYTHON \
                 SPARK_NO_DAEMONIZE GREETING FROM_FILE";
    let bed = Bed::with_submit(&format!("for n in {names}; do echo \"$n=${{!n-unset}}\"; done"));
    fs::write(bed.path("value"), "of a file\n").unwrap();
    let value = bed.path("value");
    bed.plan(|plan| {
        plan.image = "usgseros/lcmap-spark:2.0".to_owned();
        plan.driver.cores = Some(2);
        plan.env = vec![
            variable("GREETING", EnvValue::Plain("first".to_owned()), Visibility::Driver),
            variable("GREETING", EnvValue::Plain("of the plan".to_owned()), Visibility::Driver),
            variable("FROM_FILE", EnvValue::File(value), Visibility::Driver),
        ];
    });
    let mut command = bed.as_child();
    command.envs([
        ("USER", "lcmap"),
        ("MESOS_SECRET", "s3cret"),
        ("HOSTNAME", "laptop"),
        ("GREETING", "image"),
    ]);
    let home = bed.path("");
    let home = home.display().to_string();
    let expected = format!(
        "MASTER=local[2]\nIMAGE=usgseros/lcmap-spark:2.0\nMESOS_ROLE=*\nMESOS_PRINCIPAL=\nMESOS_SECRET=unset\n\
         HOSTNAME=127.0.0.1\nUSER=lcmap\nSPARK_USER=lcmap\nHOME={}\nPYSPARK_PYTHON=python3\n\
         SPARK_NO_DAEMONIZE=true\nGREETING=of the plan\nFROM_FILE=of a file\n\n",
        home.trim_end_matches('/')
    );
    assert_eq!(stdout(&run(command)), expected);
}

#[test]
fn a_home_that_cannot_be_written_is_made_up_for() {
    let bed = Bed::with_submit("echo $HOME; touch $HOME/file && echo written");
    let mut command = bed.as_child();
    command.env("HOME", "/nonexistent");
    assert_eq!(stdout(&run(command)), format!("{}\nwritten\n", bed.path("state/home").display()));
}

#[test]
fn nothing_private_outlives_the_attempt() {
    for script in ["exit 0", "exit 1", "kill -KILL $$"] {
        let bed = Bed::with_submit(&format!("dirname $SPARK_CONF_DIR; {script}"));
        let private = PathBuf::from(stdout(&run(bed.as_child())).trim());
        assert!(private.starts_with("/dev/shm"), "{}", private.display());
        assert!(!private.exists(), "{}", private.display());
    }
}

#[test]
fn what_a_killed_agent_left_is_swept_by_the_next_one() {
    let bed = Bed::with_submit("dirname $SPARK_CONF_DIR > $HOME/private; exec sleep 60");
    let mut killed = crate::support::Running::start(bed.as_child());
    let left = PathBuf::from(bed.wait_for("private").trim());
    let other = Bed::with_submit(&format!("test -d {} && echo kept", left.display()));
    assert_eq!(stdout(&run(other.as_child())), "kept\n", "a living agent's folder was swept");
    killed.child().kill().unwrap();
    killed.child().wait().unwrap();
    run(other.as_child());
    assert!(!left.exists());
}

#[test]
fn without_memory_backed_storage_secrets_lie_in_the_state_folder_and_it_is_said() {
    let bed = Bed::with_submit("dirname $SPARK_CONF_DIR");
    let mut wrapper = crate::support::unshare(&["--mount"]);
    let cover = format!(
        "for f in {}; do mount --bind \"$HOME\" $f; done; exec \"$@\"",
        crate::support::MEMORY_BACKED
    );
    wrapper.extend(["sh", "-c", &cover, "sh"].map(str::to_owned));
    let output = run(bed.wrapped(&wrapper));
    assert!(stdout(&output).starts_with(&bed.path("state/lcmap-spark-agent-").display().to_string()));
    assert!(
        stderr(&output).contains("warning: secrets lie on a disk until the job ends"),
        "{}",
        stderr(&output)
    );
    assert_eq!(bed.termination_message().warnings, bed.state().warnings);
}

#[test]
fn cores_and_heap_follow_the_machine_when_the_plan_is_silent() {
    let bed = Bed::with_submit(&format!("echo $MASTER; {SHOW}"));
    let one_cpu = ["taskset", "--cpu-list", "0"].map(str::to_owned);
    let shown = stdout(&run(bed.wrapped(&one_cpu)));
    assert!(shown.starts_with("local[1]\n"), "{shown}");
    let heap = shown.lines().find_map(|line| line.strip_prefix("spark.driver.memory=")?.strip_suffix('m'));
    assert!(heap.unwrap().parse::<u64>().unwrap() >= 512, "{shown}");
}
