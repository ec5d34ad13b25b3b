//! How far a driver is, asked of Spark's own REST API.

use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// How much of an answer is read. Spark keeps a thousand jobs (`spark.ui.retainedJobs`), of less than a kilobyte each.
const MOST: usize = 2 * 1024 * 1024;

/// How far the driver's current application is. Spark learns of stages and tasks as it submits jobs, so the
/// totals grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Progress {
    /// Spark jobs submitted so far.
    pub(crate) jobs: u64,
    /// Of these, the finished ones.
    pub(crate) jobs_done: u64,
    /// Stages of all jobs, without those that Spark skips.
    pub(crate) stages: u64,
    /// Of these, the finished ones.
    pub(crate) stages_done: u64,
    /// Tasks of all stages, without those that Spark skips.
    pub(crate) tasks: u64,
    /// Of these, the finished ones.
    pub(crate) tasks_done: u64,
    /// Finished tasks, in percent of those known.
    pub(crate) percent: u64,
}

/// A job in the answer of `/api/v1/applications/<id>/jobs`
/// (<https://spark.apache.org/docs/3.5.0/monitoring.html#rest-api>).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Job {
    status: String,
    stage_ids: Vec<i64>,
    num_tasks: u64,
    num_completed_tasks: u64,
    num_skipped_tasks: u64,
    num_completed_stages: u64,
    num_skipped_stages: u64,
}

#[derive(Debug, Deserialize)]
struct Application {
    id: String,
}

/// An executor in the answer of `/api/v1/applications/<id>/allexecutors`, which has every one that ever registered with the
/// driver, and the driver itself under a name of its own.
#[derive(Debug, Deserialize)]
struct Executor {
    id: String,
}

/// What Spark calls the driver among executors (`SparkContext.DRIVER_IDENTIFIER`).
const DRIVER: &str = "driver";

/// The answer of `/api/v1/applications/<id>/environment`, as far as it is read.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Environment {
    spark_properties: Vec<(String, String)>,
}

/// Asks drivers' UIs. Being unreachable is not a failure: a driver stops its UI before it ends.
#[derive(Debug, Clone)]
pub(crate) struct SparkUi {
    client: reqwest::Client,
}

impl SparkUi {
    /// A client that gives up on an answer after two seconds.
    pub(crate) fn new() -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder().timeout(PATIENCE).pool_idle_timeout(PATIENCE).no_proxy();
        // What answers may be a program of anybody's.
        let client = client.redirect(reqwest::redirect::Policy::none());
        Ok(Self { client: client.build()? })
    }

    /// How far the application is whose UI is at this address; none when nobody answers as Spark does.
    pub(crate) async fn ask(&self, address: SocketAddr) -> Option<Progress> {
        let application = self.application(address).await?;
        let jobs: Vec<Job> = self.get(&format!("{application}/jobs")).await?;
        Some(sum(&jobs))
    }

    /// Where its executors are to reach a driver, as host and port, if none ever has.
    pub(crate) async fn unreached(&self, address: SocketAddr) -> Option<String> {
        let application = self.application(address).await?;
        let executors: Vec<Executor> = self.get(&format!("{application}/allexecutors")).await?;
        if executors.iter().any(|executor| executor.id != DRIVER) {
            return None;
        }
        let environment: Environment = self.get(&format!("{application}/environment")).await?;
        environment.driver_address()
    }

    async fn application(&self, address: SocketAddr) -> Option<String> {
        let api = format!("http://{address}/api/v1/applications");
        let applications: Vec<Application> = self.get(&api).await?;
        Some(format!("{api}/{}", applications.first()?.id))
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, url: &str) -> Option<T> {
        let mut answer = self.client.get(url).send().await.ok()?.error_for_status().ok()?;
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.ok()? {
            body.extend_from_slice(&part);
            if body.len() > MOST {
                return None;
            }
        }
        serde_json::from_slice(&body).ok()
    }
}

impl Environment {
    fn driver_address(&self) -> Option<String> {
        let value = |name| self.spark_properties.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        Some(format!("{}:{}", value("spark.driver.host")?, value("spark.driver.port")?))
    }
}

fn sum(jobs: &[Job]) -> Progress {
    let sum = jobs.iter().fold(Progress::default(), |sum, job| {
        let stages = (job.stage_ids.len() as u64).saturating_sub(job.num_skipped_stages);
        let tasks = job.num_tasks.saturating_sub(job.num_skipped_tasks);
        Progress {
            jobs: sum.jobs + 1,
            jobs_done: sum.jobs_done + u64::from(job.status != "RUNNING"),
            stages: sum.stages + stages,
            stages_done: sum.stages_done + job.num_completed_stages.min(stages),
            tasks: sum.tasks + tasks,
            tasks_done: sum.tasks_done + job.num_completed_tasks.min(tasks),
            percent: 0,
        }
    });
    Progress { percent: (sum.tasks_done * 100).checked_div(sum.tasks).unwrap_or(0), ..sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipped_stages_are_neither_done_nor_to_do() {
        // As Spark 3.5 answers for a job whose shuffle an earlier job has already written.
        let jobs: Vec<Job> = serde_json::from_str(
            r#"[{"jobId":1,"status":"RUNNING","stageIds":[1,2],"numTasks":8,"numActiveTasks":2,
                 "numCompletedTasks":1,"numSkippedTasks":4,"numCompletedStages":0,"numSkippedStages":1},
                {"jobId":0,"status":"SUCCEEDED","stageIds":[0],"numTasks":4,"numCompletedTasks":4,
                 "numCompletedStages":1}]"#,
        )
        .unwrap();
        let progress = sum(&jobs);
        assert_eq!((progress.jobs, progress.jobs_done), (2, 1));
        assert_eq!((progress.stages, progress.stages_done), (2, 1));
        assert_eq!((progress.tasks, progress.tasks_done), (8, 5));
        assert_eq!(progress.percent, 62);
    }

    #[test]
    fn where_a_driver_listens_stands_in_its_environment() {
        let read = |text| serde_json::from_str::<Environment>(text).unwrap().driver_address();
        let properties = r#"{"sparkProperties":[["spark.driver.host","10.0.0.5"],["spark.driver.port","4711"]],"jvmInformation":[]}"#;
        assert_eq!(read(properties).as_deref(), Some("10.0.0.5:4711"));
        assert_eq!(read(r#"{"sparkProperties":[["spark.driver.host","10.0.0.5"]]}"#), None);
    }

    #[test]
    fn nothing_known_is_no_progress() {
        assert_eq!(sum(&[]), Progress::default());
    }
}
