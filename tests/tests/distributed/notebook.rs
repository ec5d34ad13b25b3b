//! A notebook whose kernels are frameworks.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
};

use lcmap_spark_tests::{
    Folder, LcmapSpark,
    bed::repository,
    mesos::Bed,
    notebook::{executing, free_port, url},
};
use rustix::process::Signal;
use serde_json::json;

use super::bed::{bound, nothing_is_left, spec};

/// Executes a notebook until its numbers are there.
fn counted(url: &str, notebook: &str) -> Child {
    let mut browser = executing(url, notebook).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(browser.stdout.take().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said, "min 0 max 999999\n", "{notebook}");
    browser
}

#[test]
fn each_kernel_is_a_framework_and_none_outlives_its_server() {
    // The example's executors have 4 GiB each.
    let bed = Bed::plain().resources("cpus:2;mem:10240;disk:1000;ports:[31000-31999]").start().unwrap();
    let folder = Folder::new();
    let example = std::fs::read_to_string(repository("examples/notebook/min-max.ipynb")).unwrap();
    let holds = example.replace("sc.stop()", "import time; time.sleep(600)");
    // It leaves room for the other one.
    folder.write("first.ipynb", holds.replace(r#"\"1000\""#, r#"\"1\""#));
    folder.write("second.ipynb", holds);
    let mut spec = spec(&bed);
    spec["run"] = json!({"notebook": {"directory": ".", "port": free_port()}});
    let running =
        bound(LcmapSpark::run(folder.job("notebook", spec)), &bed).args(["--output", "json"]).start();
    let url = url(&running);
    let browsers = ["first.ipynb", "second.ipynb"].map(|notebook| counted(&url, notebook));
    let mut ids: Vec<String> = bed.frameworks().into_iter().map(|framework| framework.id).collect();
    ids.sort_unstable();
    assert!(ids.len() == 2 && ids[0].ends_with("-1") && ids[1] == format!("{}-2", ids[0]), "{ids:?}");
    running.signal(Signal::INT);
    running.finish();
    nothing_is_left(&bed);
    for mut browser in browsers {
        browser.wait().unwrap();
    }
}
