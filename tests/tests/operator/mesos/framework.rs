//! A driver's framework, without its Spark.

use std::{thread, time::Duration};

use lcmap_mesos::{
    CredentialSource, FrameworkInfo, Settings,
    scheduler::{Ended, Ending},
    tls::Security,
};
use lcmap_spark_tests::mesos::{
    Bed,
    driver::{Driver, settings, state, subscribed},
};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::driver;

/// For how long Mesos keeps a framework whose scheduler is gone, in seconds: longer than any test.
const FAILOVER: f64 = 3600.0;

/// A framework that is registered.
pub(crate) struct Framework {
    runtime: Option<Runtime>,
    driver: Option<Driver>,
}

impl Framework {
    /// The one that the launch plan in a pod tells of.
    pub(crate) fn of(pod: &driver::Driver, mesos: &Bed) -> Self {
        Self::of_user("root", pod, mesos)
    }

    /// The same, whose executors run as this user.
    pub(crate) fn of_user(user: &str, pod: &driver::Driver, mesos: &Bed) -> Self {
        Self::of_plan(&plan(pod), settings(mesos), FrameworkInfo::new(user, "driver"), "")
    }

    /// A further one of the same driver: `suffix` is what its id has behind the first's.
    pub(crate) fn further(pod: &driver::Driver, mesos: &Bed, suffix: &str) -> Self {
        Self::of_plan(&plan(pod), settings(mesos), FrameworkInfo::new("root", "driver"), suffix)
    }

    /// The one that a plan tells of, registered as a principal.
    pub(crate) fn with_credential(pod: &driver::Driver, mesos: &Bed, credential: CredentialSource) -> Self {
        let settings = Settings { credential, security: Security::Plain, ..settings(mesos) };
        Self::of_plan(&plan(pod), settings, FrameworkInfo::new("root", "driver"), "")
    }

    fn of_plan(plan: &Value, settings: Settings, info: FrameworkInfo, suffix: &str) -> Self {
        let mesos = &plan["master"]["mesos"];
        let id = format!("{}{suffix}", mesos["frameworkId"].as_str().unwrap());
        let labels = mesos["labels"].as_object().unwrap();
        let labels = labels.iter().map(|(key, value)| (key.as_str(), value.as_str().unwrap()));
        Self::subscribe(settings, info.with_id(&id).with_labels(labels))
    }

    /// One with this id and these labels.
    pub(crate) fn register<'a>(
        settings: Settings,
        id: &str,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let info = FrameworkInfo::new("root", "driver");
        Self::subscribe(settings, info.with_id(id).with_labels(labels))
    }

    fn subscribe(settings: Settings, mut info: FrameworkInfo) -> Self {
        if let Ok(Some(credential)) = settings.credential.read() {
            info = info.with_principal(&credential.principal);
        }
        let mut encoded = info.encoded().to_vec();
        // Field 4, a double.
        encoded.push(4 << 3 | 1);
        encoded.extend(FAILOVER.to_le_bytes());
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let driver = runtime.block_on(async {
            let mut driver = Driver::start(settings, FrameworkInfo::from_encoded(encoded));
            driver.until(|signal| subscribed(&signal)).await;
            driver
        });
        Self { runtime: Some(runtime), driver: Some(driver) }
    }

    /// Runs a command on an agent, and waits until it runs.
    pub(crate) fn runs(&mut self, task: &str, command: &str) {
        self.brings(task, command, state::RUNNING);
    }

    /// Runs a command on an agent, and waits until that has come to this [`state`].
    pub(crate) fn brings(&mut self, task: &str, command: &str, state: i32) {
        let (Some(runtime), Some(driver)) = (&self.runtime, &mut self.driver) else { panic!("it has ended") };
        runtime.block_on(async {
            driver.launch(task, command).await;
            driver.until_state(task, state).await;
        });
    }

    /// Ends as a driver does that ends in order.
    pub(crate) fn stops(mut self) {
        let (runtime, driver) = (self.runtime.take().unwrap(), self.driver.take().unwrap());
        let ended = runtime.block_on(driver.stop(Ending::Teardown));
        assert!(matches!(ended, Ended::TornDown), "{ended:?}");
    }

    /// Dies without a word: Mesos keeps the framework for its failover timeout.
    pub(crate) fn dies(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
            self.driver.take();
            // The master notices a broken connection at once; what is done next must not overtake that.
            thread::sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Framework {
    fn drop(&mut self) {
        self.end();
    }
}

/// The launch plan in a driver's pod.
pub(crate) fn plan(pod: &driver::Driver) -> Value {
    let object = pod.object();
    let text = object["metadata"]["annotations"]["lcmap.usgs.gov/plan"].as_str().unwrap();
    serde_json::from_str(text).unwrap()
}
