//! What Spark itself reads, and what lcmap-spark sets for it.
//!
//! Source: Spark 3.5, every `System.getenv` and `sys.env` of its jars and every variable of its `bin` scripts. A test
//! compares this table with the Spark of the tests.

use super::Inherited::{Dropped, KeptUnless, Replaced, ReplacedIfCertified};
use super::Manifest::{Field, Honoured, Refused};
use super::{Variable, dropped, field, internal, kept, row};

const CREDENTIALS: &str = "mesos.credentialsSecretName";
const CERTIFICATES: &str = "mesos.certificates.secretName";
const FRAMEWORK: &str = "it tells libmesos.so of the job's framework";

const fn ours(name: &'static str, field: &'static str, note: &'static str) -> Variable {
    row(name, Replaced, Field(field), note)
}

const fn mesos(name: &'static str) -> Variable {
    row(name, Replaced, Refused(FRAMEWORK), "for libmesos.so")
}

const fn certificate(name: &'static str) -> Variable {
    row(name, ReplacedIfCertified, Field(CERTIFICATES), "for Mesos")
}

pub(crate) const OURS: &[Variable] = &[
    row(
        "HOSTNAME",
        Replaced,
        Refused("lcmap-spark sets it to the address that executors reach"),
        "the address that executors reach",
    ),
    ours("IMAGE", "image", "programs read it"),
    mesos("LCMAP_MESOS_FRAMEWORK_ID"),
    mesos("LCMAP_MESOS_LABELS"),
    mesos("LCMAP_MESOS_PRINCIPAL_FILE"),
    mesos("LCMAP_MESOS_REGISTRATION_TIMEOUT"),
    mesos("LCMAP_MESOS_SECRET_FILE"),
    mesos("LCMAP_MESOS_SERVER_NAME"),
    mesos("LCMAP_MESOS_STATE_DIR"),
    mesos("LCMAP_MESOS_VERIFY"),
    certificate("LIBPROCESS_SSL_CA_DIR"),
    certificate("LIBPROCESS_SSL_CA_FILE"),
    certificate("LIBPROCESS_SSL_CERT_FILE"),
    certificate("LIBPROCESS_SSL_KEY_FILE"),
    ours("MASTER", "mode and spec.mesos.master", "programs read it"),
    ours("MESOS_PRINCIPAL", CREDENTIALS, "programs read it"),
    ours("MESOS_ROLE", "mesos.role", "programs read it"),
    ours("MESOS_SECRET", CREDENTIALS, "never set: libmesos.so reads it from a file"),
    row(
        "SPARK_CONF_DIR",
        Replaced,
        Refused("lcmap-spark writes Spark's configuration from this specification"),
        "the driver gets a private copy of the folder that it names",
    ),
];

pub(crate) const SPARK: &[Variable] = &[
    dropped("APPLICATION_WEB_PROXY_BASE", "where YARN's proxy puts the web UI"),
    kept("AWS_ACCESS_KEY_ID", "credentials for S3"),
    kept("AWS_SECRET_ACCESS_KEY", "credentials for S3"),
    kept("AWS_SESSION_TOKEN", "credentials for S3"),
    dropped("CONTAINER_ID", "by it Spark takes itself for a container of YARN, and fails"),
    kept("DEFAULT_ARTIFACT_REPOSITORY", "the site's mirror of Maven Central"),
    kept("DEPLOY_MODE", "without effect: `spark.submit.deployMode` is set, and beats it"),
    kept("HADOOP_CONF_DIR", "the site's Hadoop; `spark.hadoop.*` in `spec.conf` beats what is in it"),
    kept("KRB5CCNAME", "credentials for Kerberos"),
    kept("LD_LIBRARY_PATH", "where the place has its libraries"),
    kept(
        "LIBPROCESS_SSL_VERIFY_CERT",
        "whether the certificate of a master is checked at all; by default it is",
    ),
    dropped("LIVE_UI_LOCAL_STORE_DIR", "where the web UI keeps its store; `spark.ui.store.path`"),
    kept("LOCAL_DIRS", "without effect outside YARN"),
    kept("MESOS_NATIVE_JAVA_LIBRARY", "Distributed: ours takes its place, one in `spec.env` beats ours"),
    row(
        "MESOS_SANDBOX",
        KeptUnless("spark.local.dir"),
        Honoured,
        "scratch folder of a driver that itself is a task of Mesos",
    ),
    kept("OMP_NUM_THREADS", "threads of numerical libraries"),
    kept("R_PROFILE_USER", "without effect: Spark sets its own for R"),
    kept("SPARKR_DRIVER_R", "without effect: R is run as a program"),
    dropped("SPARK_ANSI_SQL_MODE", "another SQL; `spark.sql.ansi.enabled`"),
    dropped("SPARK_CLASSPATH", "of Spark 1 and 2; `spark.driver.extraClassPath`"),
    dropped("SPARK_CONNECT_MODE_ENABLED", "turns the program into a client of another Spark"),
    kept("SPARK_DIST_CLASSPATH", "where a Spark without Hadoop finds Hadoop"),
    field("SPARK_DRIVER_MEMORY", "driver.memory", ""),
    dropped("SPARK_EXECUTOR_CLASSPATH", "`spark.executor.extraClassPath`"),
    field("SPARK_EXECUTOR_CORES", "executor.cores", ""),
    dropped("SPARK_EXECUTOR_DIRS", "scratch folders; `spark.local.dir`"),
    field("SPARK_EXECUTOR_MEMORY", "executor.memory", ""),
    dropped("SPARK_EXECUTOR_OPTS", "`spark.executor.extraJavaOptions`"),
    dropped("SPARK_EXECUTOR_URI", "another Spark for executors; `spark.executor.uri`"),
    kept("SPARK_HOME", "where Spark is"),
    dropped("SPARK_JAVA_OPTS", "of Spark 1; `spark.driver.extraJavaOptions`"),
    dropped("SPARK_LAUNCHER_OPTS", "options of the Java that makes Spark's command line"),
    row("SPARK_LOCAL_DIRS", KeptUnless("spark.local.dir"), Honoured, "scratch folders of the place"),
    dropped("SPARK_LOCAL_HOSTNAME", "`spark.driver.host` is set"),
    dropped(
        "SPARK_LOCAL_IP",
        "what Spark listens on; `lcmap-spark run` takes the shell's for NonDistributed, else 127.0.0.1",
    ),
    dropped("SPARK_LOCAL_REMOTE", "turns the program into a client of another Spark"),
    dropped("SPARK_MEM", "of Spark 1: `driver.memory`, `executor.memory`"),
    field("SPARK_MESOS_PRINCIPAL", CREDENTIALS, ""),
    field("SPARK_MESOS_PRINCIPAL_FILE", CREDENTIALS, ""),
    field("SPARK_MESOS_SECRET", CREDENTIALS, ""),
    field("SPARK_MESOS_SECRET_FILE", CREDENTIALS, ""),
    dropped("SPARK_PREFER_IPV6", "which addresses Spark's parts use among themselves"),
    dropped("SPARK_PREPEND_CLASSES", "classes of a Spark that is being developed"),
    dropped("SPARK_PRINT_LAUNCH_COMMAND", "prints Spark's command line into the output"),
    dropped("SPARK_PUBLIC_DNS", "the name in the web UI's address"),
    row(
        "SPARK_REMOTE",
        Dropped,
        Refused("the job has a driver of its own, and mode says where its executors run"),
        "turns the program into a client of another Spark",
    ),
    dropped("SPARK_SQL_TESTING", "Spark's own tests"),
    dropped(
        "SPARK_SUBMIT_OPTS",
        "options of the driver's Java, `-Dspark.…` too; `spark.driver.extraJavaOptions`",
    ),
    dropped("SPARK_TESTING", "Spark's own tests"),
    field("SPARK_USER", "mesos.user", "as whom executors run; by default the value of `USER`"),
    kept("USER", "as whom the driver runs"),
    kept("YARN_CONF_DIR", "as `HADOOP_CONF_DIR`"),
];

pub(crate) const INTERNAL: &[Variable] = &[
    internal("EXISTING_SPARKR_BACKEND_PORT"),
    internal("OLD_PYTHONSTARTUP"),
    internal("PYSPARK_EXECUTOR_MEMORY_MB"),
    internal("PYSPARK_GATEWAY_PORT"),
    internal("PYSPARK_GATEWAY_SECRET"),
    internal("PYTHON_FAULTHANDLER_DIR"),
    internal("PYTHON_WORKER_FACTORY_PORT"),
    internal("PYTHON_WORKER_FACTORY_SECRET"),
    internal("SPARKR_BACKEND_AUTH_SECRET"),
    internal("SPARKR_BACKEND_CONNECTION_TIMEOUT"),
    internal("SPARKR_BACKEND_TIMEOUT"),
    internal("SPARKR_PACKAGE_DIR"),
    internal("SPARKR_SUBMIT_ARGS"),
    internal("SPARK_AUTH_SOCKET_TIMEOUT"),
    internal("SPARK_BUFFER_SIZE"),
    internal("SPARK_CONNECT_LOCAL_URL"),
    internal("SPARK_ENV_LOADED"),
    internal("SPARK_JOB_ARTIFACT_UUID"),
    internal("SPARK_REUSE_WORKER"),
    internal("SPARK_SCALA_VERSION"),
    internal("SPARK_SIMPLIFIED_TRACEBACK"),
    internal("_PYSPARK_DRIVER_CONN_INFO_PATH"),
    internal("_SPARK_CMD_USAGE"),
    internal("_SPARK_LAUNCHER_PORT"),
    internal("_SPARK_LAUNCHER_SECRET"),
];

const fn server(name: &'static str) -> Variable {
    kept(name, "without effect")
}

pub(crate) const SERVERS: &[Variable] = &[
    server("HIVE_SERVER2_THRIFT_BIND_HOST"),
    server("HIVE_SERVER2_THRIFT_HTTP_PORT"),
    server("HIVE_SERVER2_THRIFT_PORT"),
    server("HIVE_SERVER2_TRANSPORT_MODE"),
    server("SPARK_BEELINE_MEMORY"),
    server("SPARK_BEELINE_OPTS"),
    server("SPARK_DAEMON_CLASSPATH"),
    server("SPARK_DAEMON_JAVA_OPTS"),
    server("SPARK_DAEMON_MEMORY"),
    server("SPARK_HISTORY_OPTS"),
    server("SPARK_MASTER_HOST"),
    server("SPARK_MASTER_IP"),
    server("SPARK_MASTER_OPTS"),
    server("SPARK_MASTER_PORT"),
    server("SPARK_MASTER_WEBUI_PORT"),
    server("SPARK_NO_DAEMONIZE"),
    server("SPARK_SHUFFLE_OPTS"),
    server("SPARK_WORKER_CORES"),
    server("SPARK_WORKER_DIR"),
    server("SPARK_WORKER_INSTANCES"),
    server("SPARK_WORKER_MEMORY"),
    server("SPARK_WORKER_OPTS"),
    server("SPARK_WORKER_PORT"),
    server("SPARK_WORKER_WEBUI_PORT"),
    server("SPARK_YARN_APP_NAME"),
    server("SPARK_YARN_STAGING_DIR"),
];
