//! What stands in the documentation can be used: its manifests, and its links.

#![allow(clippy::unwrap_used)] // all of it is a test, and a panic its verdict

use std::fs;
use std::path::PathBuf;

use lcmap_spark_tests::{Folder, LcmapSpark, bed, says};

/// Every page, with its text.
fn pages() -> Vec<(PathBuf, String)> {
    let folders = ["", "docs", "docs/reference", "docs/decisions", "examples"].map(bed::repository);
    let files = folders.into_iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let paths = files.map(|file| file.unwrap().path());
    let pages = paths.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.map(|page| (page.clone(), fs::read_to_string(page).unwrap())).collect()
}

/// The SparkJobs that a page shows whole.
fn manifests(page: &str) -> impl Iterator<Item = &str> {
    let blocks = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    blocks.filter(|block| block.contains("\nkind: SparkJob\n"))
}

/// The same manifest with the one field switched.
fn in_mode(manifest: &str, mode: &str) -> String {
    let others: Vec<&str> = manifest.lines().filter(|line| !line.starts_with("  mode: ")).collect();
    others.join("\n").replace("\nspec:\n", &format!("\nspec:\n  mode: {mode}\n"))
}

/// Where a page links to, but for other sites.
fn links(page: &str) -> impl Iterator<Item = &str> {
    let links = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    links.filter(|link| !link.contains("://"))
}

/// What a heading is linked to by, as GitHub makes it.
fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter_map(|line| line.trim_start_matches('#').strip_prefix(' '));
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    headings
        .map(|heading| heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-"))
        .collect()
}

#[test]
fn every_sparkjob_is_valid_in_both_modes() {
    let folder = Folder::new();
    let mut files = Vec::new();
    for (page, text) in pages() {
        let page = page.file_stem().unwrap().to_string_lossy().into_owned();
        for (number, manifest) in manifests(&text).enumerate() {
            for mode in ["NonDistributed", "Distributed"] {
                let name = format!("{page}-{number}-{mode}.yaml");
                files.push(folder.write(&name, in_mode(manifest, mode)));
            }
        }
    }
    assert!(files.len() > 10, "{files:?}");
    let run = LcmapSpark::new("validate").arg("-f").args(&files).finish().succeeded();
    says(&run.stdout, &["0 refused, 0 not SparkJobs"]);
}

#[test]
fn every_link_leads_somewhere() {
    for (page, text) in pages() {
        for link in links(&text) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { page.clone() } else { page.parent().unwrap().join(path) };
            assert!(target.exists(), "{}: {link}", page.display());
            let anchored = anchor.is_empty()
                || anchors(&fs::read_to_string(target).unwrap()).contains(&anchor.to_owned());
            assert!(anchored, "{}: {link}", page.display());
        }
    }
}

#[test]
fn the_supported_versions_are_those_that_the_beds_have() {
    let page = fs::read_to_string(bed::repository("docs/support.md")).unwrap();
    let tests_run = |row: &str| {
        let row = page.lines().find(|line| line.starts_with(&format!("| {row} |"))).unwrap();
        row.split(" | ").nth(2).unwrap().trim_end_matches(" |").to_owned()
    };
    let pins = |file: &str| fs::read_to_string(bed::repository("tests/beds").join(file)).unwrap();
    let kubernetes = format!("k8s.io/kubernetes v{} ", tests_run("Kubernetes"));
    assert!(pins("kubernetes/tools/kubernetes/go.mod").contains(&kubernetes), "{kubernetes}");
    let mesos = tests_run("Mesos");
    let mesos = mesos.split(';').next().unwrap();
    assert!(pins("mesos/assemble.sh").contains(&format!("mesos-scheduler=={mesos}.")), "{mesos}");
    let spark = tests_run("Spark");
    let spark = spark.split(';').next().unwrap();
    assert!(pins("spark-requirements.txt").contains(&format!("pyspark=={spark}.*")), "{spark}");
    let java = tests_run("Java");
    let java = java.split(';').next().unwrap();
    assert!(pins("spark.sh").contains(&format!("openjdk-{java}-jre-headless")), "{java}");
}
