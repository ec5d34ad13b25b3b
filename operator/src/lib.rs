//! SparkJobs on this machine.
