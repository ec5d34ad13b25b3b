//! The seed's own code, byte for byte, on a real Mesos: what it says in code of master, role, principal, secret and image
//! comes from the environment, and some of it is empty.

use lcmap_spark_tests::{
    Folder,
    bed::repository,
    mesos::{Access, Bed},
    says,
};
use serde_json::{Value, json};

use super::bed::{nothing_is_left, run, secured, spec};

/// The cells of the example's notebook, which are the seed's, as a program.
fn cells() -> String {
    let text = std::fs::read_to_string(repository("examples/notebook/min-max.ipynb")).unwrap();
    let notebook: Value = serde_json::from_str(&text).unwrap();
    let cells = notebook["cells"].as_array().unwrap().iter().filter(|cell| cell["cell_type"] == "code");
    let lines =
        cells.flat_map(|cell| [cell["source"].as_array().unwrap().clone(), vec![json!("\n\n")]].concat());
    lines.map(|line| line.as_str().unwrap().to_owned()).collect()
}

/// The seed's executors have 4 GiB each.
fn bed() -> lcmap_spark_tests::mesos::Plan {
    Bed::plain().resources("cpus:2;mem:10240;disk:1000;ports:[31000-31999]")
}

#[test]
fn the_notebooks_code_runs_in_both_modes() {
    let bed = bed().start().unwrap();
    for mode in ["NonDistributed", "Distributed"] {
        let folder = Folder::new();
        let mut spec = spec(&bed);
        spec["mode"] = json!(mode);
        let run = run(&folder, &bed, &cells(), spec).finish().succeeded();
        says(&run.stdout, &["min 0 max 999999"]);
    }
    nothing_is_left(&bed);
}

#[test]
fn the_notebooks_code_registers_with_a_secret_that_it_never_sees() {
    let bed = bed().tls().access(Access::Credentials("{}".to_owned())).start().unwrap();
    let folder = Folder::new();
    let program = format!("{}\nassert 'MESOS_SECRET' not in os.environ\n", cells());
    let run = run(&folder, &bed, &program, secured(&bed, spec(&bed))).finish().succeeded();
    says(&run.stdout, &["min 0 max 999999"]);
    nothing_is_left(&bed);
}
