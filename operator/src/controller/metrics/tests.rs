use prometheus_client::encoding::text;

use super::*;

/// Jobs that stand where the test says.
#[derive(Debug)]
struct Counted(JobCensus);

impl Census for Counted {
    fn count(&self) -> JobCensus {
        self.0.clone()
    }
}

fn scrape(metrics: &Metrics, leadership: Leadership, census: JobCensus) -> String {
    let mut text = String::new();
    text::encode(&mut text, &metrics.registry(leadership, Counted(census))).unwrap();
    text
}

fn has(text: &str, line: &str) {
    assert!(text.lines().any(|found| found == line), "no {line} in\n{text}");
}

#[test]
fn what_happened_is_counted_under_its_word() {
    let metrics = Metrics::new();
    metrics.reconciled(Outcome::Conflict, Duration::from_millis(3));
    metrics.request_failed(ErrorReason::Throttled);
    metrics.status_written();
    metrics.driver_pod_created();
    metrics.attempt_ended(Reason::OutOfMemory);
    metrics.job_started(Duration::from_secs(3));
    metrics.job_ended(Phase::Failed, Duration::from_secs(31));
    metrics.queued(Lane::Starting, 7);
    metrics.watch_restarted(Watched::Pod);
    let text = scrape(&metrics, Leadership::never(), JobCensus::default());
    for line in [
        r#"lcmap_spark_reconciles_total{outcome="conflict"} 1"#,
        r#"lcmap_spark_reconciles_total{outcome="done"} 0"#,
        r#"lcmap_spark_reconcile_seconds_bucket{le="0.004"} 1"#,
        r#"lcmap_spark_errors_total{reason="throttled"} 1"#,
        "lcmap_spark_status_writes_total 1",
        "lcmap_spark_driver_pods_created_total 1",
        r#"lcmap_spark_attempts_ended_total{reason="OutOfMemory"} 1"#,
        r#"lcmap_spark_job_start_seconds_bucket{le="5.0"} 1"#,
        r#"lcmap_spark_job_seconds_bucket{le="60.0",phase="Failed"} 1"#,
        r#"lcmap_spark_queue_depth{lane="starting"} 7"#,
        r#"lcmap_spark_watch_restarts_total{kind="Pod"} 1"#,
    ] {
        has(&text, line);
    }
}

#[test]
fn who_leads_and_where_the_jobs_stand_is_counted_at_the_scrape() {
    let census = JobCensus {
        phases: [(Phase::Running, 3)].into(),
        waiting: [(Reason::Unschedulable, 2)].into(),
        stalled: [(Reason::ImageRequired, 1)].into(),
        expiring: 4,
        unreadable: 1,
        oldest_waiting: Some(Duration::from_millis(1500)),
    };
    let text = scrape(&Metrics::new(), Leadership::for_a_minute(), census);
    for line in [
        "lcmap_spark_leader 1",
        r#"lcmap_spark_jobs{phase="Running"} 3"#,
        r#"lcmap_spark_jobs{phase="Pending"} 0"#,
        r#"lcmap_spark_waiting_jobs{reason="Unschedulable"} 2"#,
        r#"lcmap_spark_stalled_jobs{reason="ImageRequired"} 1"#,
        "lcmap_spark_jobs_with_expiring_certificates 4",
        "lcmap_spark_unreadable_jobs 1",
        "lcmap_spark_oldest_waiting_seconds 1.5",
    ] {
        has(&text, line);
    }
    has(&scrape(&Metrics::new(), Leadership::never(), JobCensus::default()), "lcmap_spark_leader 0");
}

#[test]
fn each_metric_has_a_type_and_a_help_of_whole_sentences() {
    let metrics = Metrics::new();
    // Families without members are left out.
    metrics.attempt_ended(Reason::Completed);
    metrics.job_ended(Phase::Succeeded, Duration::ZERO);
    let text = scrape(&metrics, Leadership::never(), JobCensus::default());
    let types = text.lines().filter(|line| line.starts_with("# TYPE lcmap_spark_")).count();
    let helps: Vec<_> = text.lines().filter(|line| line.starts_with("# HELP lcmap_spark_")).collect();
    assert_eq!((types, helps.len()), (20, 20), "{text}");
    for help in helps {
        assert!(help.ends_with('.') && !help.ends_with("..") && help.len() > 80, "{help}");
    }
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn the_version_is_told() {
    let text = scrape(&Metrics::new(), Leadership::never(), JobCensus::default());
    has(&text, &format!(r#"lcmap_spark_build_info{{version="{}"}} 1"#, env!("CARGO_PKG_VERSION")));
}
