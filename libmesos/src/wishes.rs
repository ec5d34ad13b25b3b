//! What Spark asks of an offer, by its own configuration: programs may change that, so that only the scheduler itself knows.

use std::fmt;

use jni::{Env, JValue, jni_sig, jni_str, objects::JObject};

use crate::{
    convert,
    offer::{Offer, amount},
};

type Result<T> = jni::errors::Result<T>;

/// What Spark asks of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// How many executors it wants at most at the moment.
    pub(crate) limit: i32,
    /// The cores of each. None: all that an offer has.
    pub(crate) cores: Option<u32>,
    /// The memory of each with its overhead, where that can be asked.
    pub(crate) memory_mib: Option<u32>,
    /// The port that each must have: the only one that Spark looks for in offers (`managedPortNames`, Spark 2.3 and later).
    pub(crate) port: Option<u64>,
    /// The cores of all together.
    pub(crate) most_cores: Option<u32>,
}

impl Wishes {
    /// Asks a scheduler; an error means that it is not Spark's.
    pub(crate) fn read(env: &mut Env<'_>, scheduler: &JObject<'_>) -> Result<Self> {
        env.with_local_frame(16, |env| {
            let limit = env.call_method(scheduler, jni_str!("executorLimit"), jni_sig!("()I"), &[])?.i()?;
            let conf = env
                .call_method(scheduler, jni_str!("conf"), jni_sig!("()Lorg/apache/spark/SparkConf;"), &[])?
                .l()?;
            let cores = property(env, &conf, "spark.executor.cores")?;
            let most_cores = property(env, &conf, "spark.cores.max")?;
            let port = property(env, &conf, "spark.blockManager.port")?;
            let memory = memory(env, scheduler);
            if memory.is_err() {
                env.exception_clear();
            }
            Ok(Self {
                limit,
                cores,
                memory_mib: memory.ok().and_then(|memory| u32::try_from(memory).ok()),
                port: port.filter(|port| *port != 0).map(u64::from),
                most_cores,
            })
        })
    }

    /// Whether an offer holds an executor.
    pub(crate) fn fit(&self, offer: &Offer) -> bool {
        self.short(offer) <= 0.0
    }

    /// What an offer lacks for an executor, as a share of what that needs. Spark takes whole cores alone.
    pub(crate) fn short(&self, offer: &Offer) -> f64 {
        let share = |needed: f64, offered: f64| (needed - offered).max(0.0) / needed.max(1.0);
        share(f64::from(self.each()), offer.cores.floor()).max(share(self.memory(), offer.memory_mib))
    }

    /// Why it may launch none at all, if that is so. It gives an executor all of its cores or none.
    pub(crate) fn too_few_cores(&self) -> Option<String> {
        let (most, each) = (self.most_cores?, self.each());
        (most < each).then(|| format!("spark.cores.max is {most}, and one executor needs {each} cores"))
    }

    fn each(&self) -> u32 {
        self.cores.unwrap_or(1).max(1)
    }

    fn memory(&self) -> f64 {
        f64::from(self.memory_mib.unwrap_or_default())
    }
}

impl fmt::Display for Wishes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&amount(f64::from(self.each()), self.memory()))
    }
}

/// A property that is a number; none where it is not set.
fn property(env: &mut Env<'_>, conf: &JObject<'_>, name: &str) -> Result<Option<u32>> {
    let name = env.new_string(name)?;
    let unset = env.new_string("")?;
    let signature = jni_sig!((java.lang.String, java.lang.String) -> java.lang.String);
    let value = env
        .call_method(conf, jni_str!("get"), signature, &[JValue::Object(&name), JValue::Object(&unset)])?
        .l()?;
    Ok(convert::string(env, &value)?.trim().parse().ok())
}

/// By Spark's own rule, which differs from version to version.
fn memory(env: &mut Env<'_>, scheduler: &JObject<'_>) -> Result<i32> {
    let field = jni_str!("org$apache$spark$scheduler$cluster$mesos$MesosCoarseGrainedSchedulerBackend$$sc");
    let context = env.get_field(scheduler, field, jni_sig!("Lorg/apache/spark/SparkContext;"))?.l()?;
    let signature = jni_sig!("(Lorg/apache/spark/SparkContext;)I");
    env.call_method(scheduler, jni_str!("executorMemory"), signature, &[JValue::Object(&context)])?.i()
}
