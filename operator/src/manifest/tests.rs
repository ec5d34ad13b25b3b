use std::path::PathBuf;

use super::*;

/// What a file of this text turns out to be, one line a document.
fn told(text: &str) -> Vec<String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    tell(&Files { given: vec![file.path().to_owned()], allow_none: false })
}

fn tell(files: &Files) -> Vec<String> {
    let name = |origin: &Origin| match &origin.source {
        Source::File(path) | Source::Found(path) => {
            let known = path.file_name().unwrap_or_default().display().to_string();
            origin.to_string().replacen(&path.display().to_string(), &known, 1)
        }
        Source::Stdin => origin.to_string(),
    };
    let place = |origin: &Origin| {
        name(origin).split_once(", ").map(|(_, place)| place.to_owned()).unwrap_or_default()
    };
    read(files)
        .into_iter()
        .map(|document| match document {
            Document::Job(manifest) => {
                format!("job {} {}", manifest.name().unwrap_or("?"), place(&manifest.origin))
            }
            Document::Foreign { origin, name } => format!("other {name} {}", place(&origin)),
            Document::Faulty(error) => format!("fault {} {}", error.fault, place(&error.origin)),
        })
        .map(|line| line.trim_end().to_owned())
        .collect()
}

const JOB: &str = "apiVersion: lcmap.usgs.gov/v1alpha1\nkind: SparkJob\nmetadata: {name: pi}\n";

#[test]
fn a_broken_document_does_not_hide_its_neighbours() {
    let told = told(&format!("{JOB}---\na: [\n---\nkind: Secret\nmetadata: {{name: s}}\n"));
    assert_eq!(told[0], "job pi");
    assert!(told[1].starts_with("fault not valid YAML") && told[1].contains("line 5"), "{told:?}");
    assert!(told[1].ends_with("document 2"), "{told:?}");
    assert_eq!(told[2], "other Secret/s document 3");
}

#[test]
fn comments_and_empty_documents_are_not_counted() {
    assert_eq!(told(&format!("# a licence\n---\n---\n{JOB}...\n# the end\n")), ["job pi"]);
}

#[test]
fn lists_are_taken_apart_into_their_items() {
    let items = "items:\n- {kind: SparkJob, metadata: {name: a}}\n- {kind: ConfigMap, metadata: {name: b}}\n\
                 - {apiVersion: v1, kind: List, items: [{kind: Sparkjob, metadata: {name: c}}]}\n";
    for head in ["apiVersion: v1\nkind: List\n", "apiVersion: lcmap.usgs.gov/v1alpha1\nkind: SparkJobList\n"]
    {
        assert_eq!(
            told(&format!("{head}{items}")),
            ["job a item 1", "other ConfigMap/b item 2", "job c item 1"]
        );
    }
    let told = told(&format!("{JOB}---\nkind: List\napiVersion: v1\n{items}"));
    assert_eq!(told[1], "job a document 2, item 1");
}

#[test]
fn a_list_that_kubectl_would_not_take_apart_is_refused() {
    for (text, words) in [
        ("apiVersion: v1\nkind: list\nitems: []", "kind: is \"list\", and must be List"),
        ("apiVersion: v2\nkind: List\nitems: []", "apiVersion: is \"v2\", and must be v1"),
        ("kind: SparkJobList\nitems: []", "apiVersion: is \"\", and must be lcmap.usgs.gov/v1alpha1"),
        ("apiVersion: v1\nkind: List", "items: is required"),
        ("apiVersion: v1\nkind: List\nitems: {a: b}", "items: must be a list"),
    ] {
        let told = told(text);
        assert!(told.len() == 1 && told[0].starts_with(&format!("fault {words}")), "{told:?}");
    }
}

#[test]
fn the_lines_of_an_item_are_those_of_its_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        file.path(),
        "apiVersion: v1\nkind: List\nitems:\n- kind: SparkJob\n  spec:\n    driver: {cores: 010}\n",
    )
    .unwrap();
    let documents = read(&Files { given: vec![file.path().to_owned()], allow_none: false });
    let [Document::Job(manifest)] = documents.as_slice() else { panic!("{documents:?}") };
    assert_eq!(manifest.fields.line("spec.driver.cores"), Some(6));
    assert_eq!(manifest.fields.text("spec.driver.cores").as_deref(), Some("010"));
}

#[test]
fn nothing_to_judge_is_an_error_unless_it_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name)
    };
    let other = write("other.yaml", "kind: ConfigMap\nmetadata: {name: x}\n");
    let (empty, list) =
        (write("empty.yaml", "# nothing\n"), write("list.yaml", "apiVersion: v1\nkind: List\nitems: []\n"));
    for (given, lines, allowed) in [
        (vec![other.clone()], vec!["other ConfigMap/x", "fault no SparkJob"], vec!["other ConfigMap/x"]),
        (
            vec![list.clone(), other],
            vec!["other ConfigMap/x", "fault no SparkJob"],
            vec!["other ConfigMap/x"],
        ),
        (vec![list], vec!["fault no SparkJob"], vec![]),
        (vec![empty], vec!["fault holds no document"], vec![]),
        (vec![folder.path().join("none.yaml")], vec!["fault cannot be read"], vec!["fault cannot be read"]),
    ] {
        for (allow_none, expected) in [(false, lines), (true, allowed)] {
            let told = tell(&Files { given: given.clone(), allow_none });
            let begins = |(told, expected): (&String, &&str)| told.starts_with(expected);
            assert!(told.len() == expected.len() && told.iter().zip(&expected).all(begins), "{told:?}");
        }
    }
}

#[test]
fn in_a_folder_what_is_no_sparkjob_is_passed_over_and_what_is_meant_to_be_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("a.yaml", JOB),
        ("b.yaml", "kind: Deployment\nmetadata: {name: b}\n"),
        ("c.yaml", "image: x\nreplicas: 3\n"),
        ("d.yaml", "{{ if .Values.on }}\nkind: Deployment\n{{ end }}\n"),
        ("e.json", "[1, 2]"),
        ("f.yaml", "# nothing\n"),
        ("g.yaml", "apiVersion: lcmap.usgs.gov/v1alpha1\nmetadata: {name: {{ .Release.Name }}}\n"),
        ("h.yaml", "apiVersion: lcmap.usgs.go/v1\nkind: Sparkjob\nmetadata: {name: h}\n"),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let told = tell(&Files { given: vec![PathBuf::from(folder.path())], allow_none: false });
    let kinds: Vec<&str> = told.iter().map(|line| line.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(kinds, ["job", "other", "other", "other", "other", "fault", "job"], "{told:#?}");
    assert!(told[5].contains("a template that was not rendered"), "{told:#?}");
}
