//! What the operator asks of the API server, and what it hears.

use std::rc::Rc;

use lcmap_spark::core::Obstacle;
use lcmap_spark::core::pod::DriverPod;
use lcmap_spark_crd::{SparkJob, SparkJobStatus};

/// What the operator asks of the API server.
pub(crate) enum Request {
    Create(i32),
    Write(Box<SparkJobStatus>),
    Stop { name: String, uid: String },
    Remove { name: String, uid: String, attempt: i32 },
    DeleteJob,
}

/// What it hears.
pub(crate) enum Answer {
    Pod(Rc<DriverPod>),
    Obstructed(Obstacle),
    Written(Rc<SparkJob>),
    Conflict,
    Done,
}

impl Request {
    /// What it is, for whoever reads a history.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Create(attempt) => format!("creates pod {attempt}"),
            Self::Write(_) => "writes the status".into(),
            Self::Stop { name, .. } => format!("stops {name}"),
            Self::Remove { name, .. } => format!("removes {name}"),
            Self::DeleteJob => "deletes the job".into(),
        }
    }
}

impl Answer {
    /// What it is, for whoever reads a history.
    pub(crate) fn told(&self) -> &'static str {
        match self {
            Self::Pod(_) => "it is there",
            Self::Obstructed(_) => "refused",
            Self::Written(_) => "written",
            Self::Conflict => "conflict",
            Self::Done => "done",
        }
    }
}
