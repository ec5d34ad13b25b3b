//! What this machine adds to a job: where its Secrets, ConfigMaps and libmesos.so are, and what its executors get.

use std::path::Path;

use lcmap_spark_agent::plan::{EnvValue, EnvVar, Visibility};
use lcmap_spark_crd::{Mode, SparkJob};

use super::{CONFIG_MAPS, EXECUTORS_PYTHON, EXECUTORS_SPARK_HOME, LIBMESOS, SECRETS, Surface};
use crate::core::Site;
use crate::run::container::Network;
use crate::run::launcher::{self, Launcher};
use crate::run::template::Template;

/// The locale of executors where the job names none: Java loses text without UTF-8.
const EXECUTORS_LOCALE: &str = "C.UTF-8";

pub(super) fn site(
    job: &SparkJob,
    surface: &Surface,
    template: Template,
    launcher: Option<&Launcher>,
) -> Site {
    let mounted = |root: &str, name: &String| Path::new(root).join(name);
    let folders = &surface.folders;
    let mut site = Site { env: template.env, notebook_ip: "127.0.0.1".into(), ..Site::default() };
    let own_network = matches!(launcher, Some(Launcher::Image(image)) if image.network != Network::Host);
    if job.spec.mode == Mode::NonDistributed && !own_network {
        site.env.insert(0, loopback());
    }
    match launcher {
        Some(Launcher::Image(image)) => {
            site.secrets =
                folders.secrets.keys().map(|name| (name.clone(), mounted(SECRETS, name))).collect();
            site.config_maps =
                folders.config_maps.keys().map(|name| (name.clone(), mounted(CONFIG_MAPS, name))).collect();
            site.certificates = Some(launcher::CERTIFICATES.into());
            site.libmesos = surface.libmesos.as_ref().map(|_| LIBMESOS.into());
            if image.network != Network::Host {
                site.notebook_ip = "0.0.0.0".into();
            }
        }
        Some(Launcher::Host(spark)) => {
            site.secrets = folders.secrets.clone();
            site.config_maps = folders.config_maps.clone();
            site.libmesos.clone_from(&surface.libmesos);
            if job.spec.mode == Mode::Distributed {
                // Executors have another Spark and Python than this machine's.
                site.conf.insert("spark.mesos.executor.home".into(), EXECUTORS_SPARK_HOME.into());
                site.executors_python = Some(EXECUTORS_PYTHON.into());
                // Nor does this machine know their locale; without a UTF-8 Java loses text there.
                if !names_locale(job) {
                    site.conf.insert("spark.executorEnv.LC_ALL".into(), EXECUTORS_LOCALE.into());
                }
            }
            // Spark's own default is a hundred lines of INFO; whoever has a log4j2.properties has decided.
            if !spark.configures_logging() && job.spec.run.submit.is_some() {
                site.conf.insert("spark.log.level".into(), "WARN".into());
            }
        }
        // Nothing can be launched, which is told already: what is bound is bound all the same.
        None => {
            site.secrets = folders.secrets.clone();
            site.config_maps = folders.config_maps.clone();
        }
    }
    site
}

/// Without it Spark opens its UI and its ports to everybody who can reach this machine
/// (<https://spark.apache.org/docs/3.5.0/configuration.html#environment-variables>). The job's own `env` wins.
fn loopback() -> EnvVar {
    driver_variable("SPARK_LOCAL_IP", std::env::var("SPARK_LOCAL_IP").unwrap_or_else(|_| "127.0.0.1".into()))
}

fn names_locale(job: &SparkJob) -> bool {
    job.spec.env.iter().any(|variable| ["LANG", "LC_ALL", "LC_CTYPE"].contains(&variable.name.as_str()))
}

fn driver_variable(name: &str, value: String) -> EnvVar {
    EnvVar { name: name.into(), value: EnvValue::Plain(value), visibility: Visibility::Driver }
}
