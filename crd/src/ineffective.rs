//! Spark properties that do nothing here, which Spark does not say: those of other ways to run it, and slips of the pen.
//!
//! They are warned about and not refused: a `conf` may serve other clusters, too.

use std::collections::BTreeMap;

/// The properties of a `conf` that do nothing, with what to do instead.
pub fn ineffective(conf: &BTreeMap<String, String>) -> Vec<(&str, String)> {
    let allocates = conf.get("spark.dynamicAllocation.enabled").is_some_and(|value| value == "true");
    conf.keys()
        .map(String::as_str)
        // With dynamic allocation it is the number to begin with.
        .filter(|name| !(allocates && *name == "spark.executor.instances"))
        .filter_map(|name| Some((name, format!("has no effect: {}", why(name)?))))
        .collect()
}

/// Why a property does nothing; none for one that may do something.
fn why(name: &str) -> Option<String> {
    if KERBEROS.iter().any(|known| name.starts_with(known)) {
        return None;
    }
    let (_, why) = ELSEWHERE
        .iter()
        .find(|(known, _)| if known.ends_with('.') { name.starts_with(known) } else { name == *known })
        .copied()
        .unzip();
    why.map(str::to_owned).or_else(|| misspelt(name))
}

/// Names of YARN that Spark takes for others, under which they work everywhere.
const KERBEROS: &[&str] =
    &["spark.yarn.access.", "spark.yarn.keytab", "spark.yarn.principal", "spark.yarn.security."];

const CLUSTER_MODE: &str =
    "it is of Mesos' cluster mode, and the driver always runs where the job does; leave it out";
const YARN: &str = "it is of YARN; leave it out";
const STANDALONE: &str = "it is of Spark's own standalone cluster; leave it out";

/// Properties, and beginnings of properties, of other ways to run Spark. The first that fits counts.
const ELSEWHERE: &[(&str, &str)] = &[
    ("spark.executor.instances", "set spec.executor.totalCores, by which Mesos starts executors"),
    (
        "spark.kubernetes.authenticate.",
        "set spec.pod.spec.serviceAccountName for the driver; executors run on Mesos",
    ),
    ("spark.kubernetes.container.image", "set spec.image"),
    ("spark.kubernetes.container.image.", "set spec.imagePullPolicy or spec.imagePullSecrets"),
    ("spark.kubernetes.driver.", "set what the driver's pod needs in spec.pod or spec.driver"),
    ("spark.kubernetes.executor.volumes.", "executors run on Mesos; set spec.mesos.container.volumes"),
    ("spark.kubernetes.executor.", "executors run on Mesos; set spec.executor or spec.mesos"),
    ("spark.kubernetes.namespace", "set metadata.namespace"),
    ("spark.kubernetes.", "executors run on Mesos, and the driver's pod is that of spec.pod"),
    ("spark.yarn.queue", "set spec.mesos.role, by which Mesos shares itself out"),
    ("spark.yarn.executor.memoryOverhead", "set spec.executor.memoryOverhead"),
    ("spark.yarn.driver.memoryOverhead", "set spec.driver.memoryOverhead"),
    ("spark.yarn.", YARN),
    ("spark.deploy.", STANDALONE),
    ("spark.master.", STANDALONE),
    ("spark.worker.", STANDALONE),
    ("spark.mesos.appJar.local.resolution.mode", CLUSTER_MODE),
    ("spark.mesos.cluster.", CLUSTER_MODE),
    ("spark.mesos.dispatcher.", CLUSTER_MODE),
    ("spark.mesos.driver.constraints", CLUSTER_MODE),
    ("spark.mesos.driver.memoryOverhead", "set spec.driver.memoryOverhead"),
    ("spark.mesos.driver.secret.", CLUSTER_MODE),
    ("spark.mesos.driverEnv.", "set spec.env"),
    ("spark.mesos.maxDrivers", CLUSTER_MODE),
    ("spark.mesos.proxy.", CLUSTER_MODE),
    ("spark.mesos.retainedDrivers", CLUSTER_MODE),
];

/// What else Spark 3.5 knows of Mesos. Source: the names in `spark-mesos_2.12-3.5.9.jar`.
const OF_MESOS: &[&str] = &[
    "spark.mesos.coarse",
    "spark.mesos.coarse.shutdownTimeout",
    "spark.mesos.constraints",
    "spark.mesos.containerizer",
    "spark.mesos.driver.failoverTimeout",
    "spark.mesos.driver.frameworkId",
    "spark.mesos.driver.labels",
    "spark.mesos.driver.webui.url",
    "spark.mesos.executor.docker.forcePullImage",
    "spark.mesos.executor.docker.image",
    "spark.mesos.executor.docker.parameters",
    "spark.mesos.executor.docker.portmaps",
    "spark.mesos.executor.docker.volumes",
    "spark.mesos.executor.home",
    "spark.mesos.executor.memoryOverhead",
    "spark.mesos.executor.secret.envkeys",
    "spark.mesos.executor.secret.filenames",
    "spark.mesos.executor.secret.names",
    "spark.mesos.executor.secret.values",
    "spark.mesos.extra.cores",
    "spark.mesos.fetcherCache.enable",
    "spark.mesos.gpus.max",
    "spark.mesos.mesosExecutor.cores",
    "spark.mesos.network.labels",
    "spark.mesos.network.name",
    "spark.mesos.principal",
    "spark.mesos.principal.file",
    "spark.mesos.rejectOfferDuration",
    "spark.mesos.rejectOfferDurationForReachedMaxCores",
    "spark.mesos.rejectOfferDurationForUnmetConstraints",
    "spark.mesos.role",
    "spark.mesos.secret",
    "spark.mesos.secret.file",
    "spark.mesos.task.labels",
    "spark.mesos.uris",
];

/// A name of Mesos that Spark does not know. The message names the known one that is nearest.
fn misspelt(name: &str) -> Option<String> {
    // `spark.Mesos.` and `spark.meso.` are slips, too; `spark.memory.` is Spark's own.
    let (prefix, _) = name.strip_prefix("spark.")?.split_once('.')?;
    let of_mesos = strsim::damerau_levenshtein(&prefix.to_lowercase(), "mesos") <= 1;
    if !of_mesos || OF_MESOS.contains(&name) {
        return None;
    }
    let nearest = OF_MESOS
        .iter()
        .map(|known| (strsim::damerau_levenshtein(&known.to_lowercase(), &name.to_lowercase()), *known))
        .min()?;
    Some(match nearest {
        (distance, known) if distance <= 4 => match owner(known) {
            Some(field) => {
                format!("Spark knows no such property; did you mean {known}? Set spec.{field} for it")
            }
            None => format!("Spark knows no such property; did you mean {known}?"),
        },
        _ => "Spark knows no such property; leave it out".to_owned(),
    })
}

/// The field that sets a property.
fn owner(property: &str) -> Option<&'static str> {
    crate::owned::PROPERTIES.iter().find(|owned| owned.name == property).and_then(|owned| match owned.owner {
        crate::owned::Owner::Field(field) => Some(field),
        crate::owned::Owner::LcmapSpark(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(names: &[(&str, &str)]) -> Vec<String> {
        let conf = names.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        ineffective(&conf).into_iter().map(|(name, why)| format!("{name} {why}")).collect()
    }

    #[test]
    fn what_does_nothing_is_told_with_the_field_that_does_it() {
        for (name, remedy) in [
            ("spark.executor.instances", "spec.executor.totalCores"),
            ("spark.kubernetes.namespace", "metadata.namespace"),
            ("spark.kubernetes.container.image", "spec.image"),
            ("spark.kubernetes.container.image.pullPolicy", "spec.imagePullPolicy"),
            ("spark.kubernetes.driver.label.a", "spec.pod"),
            (
                "spark.kubernetes.executor.volumes.persistentVolumeClaim.a.mount.path",
                "spec.mesos.container.volumes",
            ),
            ("spark.kubernetes.memoryOverheadFactor", "spec.pod"),
            ("spark.yarn.queue", "spec.mesos.role"),
            ("spark.yarn.am.memory", "YARN"),
            ("spark.deploy.defaultCores", "standalone"),
            ("spark.mesos.maxDrivers", "cluster mode"),
            ("spark.mesos.driverEnv.A", "spec.env"),
            (
                "spark.mesos.executor.docker.imge",
                "did you mean spark.mesos.executor.docker.image? Set spec.image",
            ),
            ("spark.mesos.executor.Home", "Set spec.mesos.container.home"),
            ("spark.meso.extra.cores", "did you mean spark.mesos.extra.cores?"),
            ("spark.mesos.frobnicate.all", "Spark knows no such property; leave it out"),
        ] {
            let told = told(&[(name, "x")]);
            assert!(told.len() == 1 && told[0].contains(remedy), "{name}: {told:?}");
        }
    }

    #[test]
    fn what_may_do_something_is_not_told() {
        for name in [
            "spark.mesos.extra.cores",
            "spark.mesos.executor.secret.names",
            "spark.mesos.rejectOfferDuration",
            "spark.memory.fraction",
            "spark.yarn.keytab",
            "spark.yarn.access.hadoopFileSystems",
            "spark.sql.shuffle.partitions",
            "spark.of.my.own",
        ] {
            assert_eq!(told(&[(name, "x")]), [""; 0], "{name}");
        }
    }

    #[test]
    fn with_dynamic_allocation_the_number_of_executors_counts() {
        let instances = ("spark.executor.instances", "4");
        assert_eq!(told(&[instances, ("spark.dynamicAllocation.enabled", "true")]), [""; 0]);
        assert_eq!(told(&[instances, ("spark.dynamicAllocation.enabled", "false")]).len(), 1);
    }

    #[test]
    fn every_property_of_mesos_that_a_field_owns_is_known() {
        let owned = crate::owned::PROPERTIES.iter().map(|owned| owned.name);
        for name in owned.filter(|name| name.starts_with("spark.mesos.")) {
            assert!(OF_MESOS.contains(&name), "{name}");
        }
    }
}
