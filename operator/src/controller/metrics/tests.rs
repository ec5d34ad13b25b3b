use std::path::Path;

use prometheus_client::encoding::text;
use serde_json::json;

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
    scrape_as(Identities::default(), metrics, leadership, census)
}

fn scrape_as(own: Identities, metrics: &Metrics, leadership: Leadership, census: JobCensus) -> String {
    let mut text = String::new();
    let registry = metrics.registry(leadership, Counted(census), own);
    text::encode(&mut text, &registry).unwrap();
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

/// An identity on a Mesos of this name, whose certificate is its own root.
fn identity(folder: &Path, master: &str, last_year: i32) -> serde_json::Value {
    let mut params = rcgen::CertificateParams::new(vec![]).unwrap();
    params.not_before = rcgen::date_time_ymd(2019, 1, 1);
    params.not_after = rcgen::date_time_ymd(last_year, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    let folder = folder.join(master);
    std::fs::create_dir(&folder).unwrap();
    for (name, pem) in
        [("mesos.crt", &certificate), ("trustedroot.crt", &certificate), ("mesos.key", &key.serialize_pem())]
    {
        std::fs::write(folder.join(name), pem).unwrap();
    }
    json!({"master": master, "certificates": folder})
}

#[test]
fn the_end_of_the_operators_own_certificates_is_told_and_that_it_is_near() {
    let folder = tempfile::tempdir().unwrap();
    let list = json!([
        identity(folder.path(), "good", 2099),
        identity(folder.path(), "over", 2020),
        {"master": "gone", "certificates": folder.path().join("gone")},
        {"master": "plain"},
    ]);
    let file = folder.path().join("identities.json");
    std::fs::write(&file, list.to_string()).unwrap();
    let identities = Identities::read(Some(&file)).unwrap();
    let text = scrape_as(identities, &Metrics::new(), Leadership::never(), JobCensus::default());
    for (master, end, is_expiring) in
        [("good", 4_070_908_800_u64, 0), ("over", 1_577_836_800, 1), ("gone", 0, 1)]
    {
        has(
            &text,
            &format!(r#"lcmap_spark_own_certificate_expiry_timestamp_seconds{{master="{master}"}} {end}"#),
        );
        has(&text, &format!(r#"lcmap_spark_own_certificate_expiring{{master="{master}"}} {is_expiring}"#));
    }
    assert!(!text.contains("plain"), "{text}");
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
    assert_eq!((types, helps.len()), (22, 22), "{text}");
    for help in helps {
        assert!(help.ends_with('.') && !help.ends_with("..") && help.len() > 80, "{help}");
    }
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn each_metric_stands_in_the_page_for_operation() {
    let page = include_str!("../../../../docs/operations.md");
    let metrics = Metrics::new();
    // Families without members are left out.
    metrics.attempt_ended(Reason::Completed);
    metrics.job_ended(Phase::Succeeded, Duration::ZERO);
    let text = scrape(&metrics, Leadership::never(), JobCensus::default());
    let names = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    for name in names {
        assert!(page.contains(&format!("| `{name}")), "{name}");
    }
}

#[test]
fn the_version_is_told() {
    let text = scrape(&Metrics::new(), Leadership::never(), JobCensus::default());
    has(&text, &format!(r#"lcmap_spark_build_info{{version="{}"}} 1"#, env!("CARGO_PKG_VERSION")));
}
