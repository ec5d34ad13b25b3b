//! `validate`, `crd` and the command line itself.

use lcmap_spark_tests::{Folder, LcmapSpark, bed, says};
use serde_json::{Value, json};

fn examples() -> Vec<std::path::PathBuf> {
    let folders = std::fs::read_dir(bed::repository("examples")).into_iter().flatten().flatten();
    folders.map(|folder| folder.path().join("sparkjob.yaml")).filter(|file| file.exists()).collect()
}

#[test]
fn every_example_is_valid() {
    let examples = examples();
    assert!(!examples.is_empty());
    let run = LcmapSpark::new("validate").arg("-f").args(&examples).finish().succeeded();
    says(&run.stdout, &[&format!("{} valid, 0 refused", examples.len())]);
}

#[test]
fn every_example_is_valid_in_both_modes_by_the_one_switch() {
    let folder = Folder::new();
    for example in examples() {
        let here = std::fs::read_to_string(&example).unwrap();
        let there = here.replacen("\n  mode: NonDistributed\n", "\n  mode: Distributed\n", 1);
        assert_ne!(here, there, "{} leaves its mode unsaid", example.display());
        let switched = folder.write("sparkjob.yaml", there);
        LcmapSpark::new("validate").arg("-f").arg(switched).finish().succeeded();
    }
}

#[test]
fn validate_names_file_document_line_and_field() {
    let folder = Folder::new();
    let good = json!({"run": {"shell": {}}});
    let file =
        folder.jobs("jobs.yaml", [("a", good), ("b", json!({"run": {"shell": {}}, "driver": {"cores": 0}}))]);
    let run = LcmapSpark::new("validate").arg("-f").arg(file).finish().failed_with(2);
    says(&run.stdout, &["jobs.yaml", "document 2", "spec.driver.cores", "1 valid, 1 refused"]);
}

#[test]
fn a_reader_that_has_seen_enough_changes_no_verdict() {
    let folder = Folder::new();
    let file = folder.jobs("jobs.yaml", [("a", json!({"run": {}})), ("b", json!({"run": {"shell": {}}}))]);
    for subcommand in ["validate", "doctor"] {
        let run = LcmapSpark::new(subcommand).arg(&file).finish_with_closed_output();
        assert_eq!(run.stderr, "", "{subcommand}");
        assert_eq!(run.code, Some(if subcommand == "validate" { 2 } else { 1 }));
    }
}

#[test]
fn validate_warns_of_what_does_nothing_and_refuses_it_not() {
    let folder = Folder::new();
    let conf = json!({"spark.executor.instances": "4", "spark.mesos.executor.docker.imge": "x"});
    let run = LcmapSpark::new("validate").arg(folder.job("job", json!({"run": {"shell": {}}, "conf": conf})));
    let words = [
        "warning: spec.conf[spark.executor.instances]",
        "spec.executor.totalCores",
        "1 valid, 0 refused, 0 not SparkJobs, 2 warnings",
    ];
    says(&run.finish().succeeded().stdout, &words);
}

#[test]
fn validate_needs_neither_spark_nor_the_files_of_the_job() {
    let folder = Folder::new();
    let spec = json!({"run": {"submit": {"application": "nowhere.py"}}});
    LcmapSpark::new("validate").arg("-f").arg(folder.job("job", spec)).finish().succeeded();
}

#[test]
fn validate_takes_a_manifest_of_both_modes() {
    let folder = Folder::new();
    let spec = json!({
        "mode": "Distributed",
        "run": {"notebook": {}},
        "mesos": {"master": "mesos://zk://zk1:2181,zk2:2181/mesos", "role": "science"},
        "executor": {"cores": 1, "memory": "4g", "totalCores": 1000},
    });
    LcmapSpark::new("validate").arg("-f").arg(folder.job("job", spec)).finish().succeeded();
}

#[test]
fn crd_prints_a_definition_that_kubectl_apply_can_keep() {
    let json = LcmapSpark::new("crd").args(["--output", "json"]).finish().succeeded().stdout;
    let definition: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(definition["kind"], "CustomResourceDefinition");
    assert_eq!(definition["metadata"]["name"], "sparkjobs.lcmap.usgs.gov");
    let yaml = LcmapSpark::new("crd").finish().succeeded().stdout;
    says(&yaml, &["kind: CustomResourceDefinition\n", "name: sparkjobs.lcmap.usgs.gov\n"]);
    // kubectl apply keeps a copy in an annotation, and annotations end at 262,144 bytes.
    assert!(definition.to_string().len() < 200_000, "{} bytes", definition.to_string().len());
}

#[test]
fn help_says_what_each_command_is_for() {
    let help = LcmapSpark::new("--help").finish().succeeded().stdout;
    says(&help, &["run", "validate", "crd"]);
    assert!(!help.contains("leash"), "hidden commands are for lcmap-spark itself:\n{help}");
}

#[test]
fn a_leashed_program_runs_beside_the_parent_that_it_was_given_and_no_other() {
    let leashed = |parent: u32| {
        let leash = LcmapSpark::new("leash").arg("--parent").arg(parent.to_string());
        leash.args(["--", "/bin/echo", "runs"]).finish()
    };
    // Whatever its number is: of a container's entrypoint it is 1.
    assert_eq!(leashed(std::process::id()).succeeded().stdout, "runs\n");
    assert_eq!(leashed(u32::MAX >> 2).failed_with(143).stdout, "");
}

#[test]
fn a_command_line_that_is_wrong_is_refused_with_a_hint() {
    let run = LcmapSpark::new("run").finish().failed_with(2);
    says(&run.stderr, &["--filename"]);
    let run = LcmapSpark::new("run").args(["-f", "x.yaml", "--secret", "no-folder"]).finish().failed_with(2);
    says(&run.stderr, &["--secret", "NAME=DIR"]);
}
