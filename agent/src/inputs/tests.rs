use tempfile::TempDir;

use super::*;

/// A folder of files, and a private one; what is asked and answered is without their paths.
struct Bench {
    files: TempDir,
    private: TempDir,
}

impl Bench {
    fn with(names: &[&str]) -> Self {
        let bench = Self { files: TempDir::new().unwrap(), private: TempDir::new().unwrap() };
        for name in names {
            let path = bench.files.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        bench
    }

    fn here(&self, text: &str) -> String {
        text.replace('~', &self.files.path().display().to_string())
    }

    fn plain(&self, text: &str) -> String {
        let private = self.private.path().join("inputs").display().to_string();
        text.replace(&format!("file://{private}"), "P").replace(&self.files.path().display().to_string(), "~")
    }

    fn rewritten(&self, property: &str, list: &str) -> Result<String, String> {
        let mut properties = Properties::from([(property.to_owned(), self.here(list))]);
        let done = Inputs::new(&self.private.path().join("inputs")).rewrite(&mut properties);
        done.map(|()| self.plain(&properties[property])).map_err(|error| self.plain(&error.to_string()))
    }

    /// What a link of ours leads to.
    fn behind(&self, link: &str) -> String {
        let link = self.private.path().join("inputs").join(link.strip_prefix("P/").unwrap());
        self.plain(&fs::read_link(link).unwrap().display().to_string())
    }
}

const FILES: [&str; 10] = [
    "scene (1).csv",
    "50%.csv",
    "übersicht.csv",
    "run#2.csv",
    "tile[h05].csv",
    "a:b.csv",
    "lib.zip",
    "my lib.zip",
    "c, #1/data.csv",
    "what?.csv",
];

#[test]
fn what_spark_takes_as_it_is_stays_as_it_is() {
    let bench = Bench::with(&FILES);
    for entry in [
        "~/scene (1).csv",
        "~/50%.csv",
        "~/übersicht.csv",
        "~/*.csv",
        "~/none.csv",
        "file://~/lib.zip",
        "file://~/scene%20(1).csv",
        "local://~/lib.zip",
        "hdfs://nn/a[1].csv",
        "https://h/x.csv?a=b,s3a://b/c#d",
        "~/lib.zip,~/50%.csv",
    ] {
        assert_eq!(bench.rewritten("spark.files", entry), Ok(entry.to_owned()));
    }
    assert_eq!(bench.rewritten("spark.archives", "~/lib.zip#lib"), Ok("~/lib.zip#lib".to_owned()));
}

#[test]
fn a_file_keeps_its_name_by_a_pattern_that_fits_it_alone() {
    for (entry, name) in [
        ("~/run#2.csv", "run#2.csv"),
        ("~/tile[h05].csv", "tile[h05].csv"),
        ("~/what?.csv", "what?.csv"),
        ("file://~/run%232.csv", "run#2.csv"),
        ("local://~/tile[h05].csv", "tile[h05].csv"),
    ] {
        let bench = Bench::with(&FILES);
        assert_eq!(bench.rewritten("spark.files", entry), Ok("P/0/*".to_owned()), "{entry}");
        assert_eq!(bench.behind(&format!("P/0/{name}")), format!("~/{name}"));
    }
}

#[test]
fn a_folder_that_spark_would_misread_is_linked() {
    let bench = Bench::with(&FILES);
    let encoded = "file://~/c%2C%20%231/data.csv,file://~/c%2C%20%231/*.csv";
    assert_eq!(bench.rewritten("spark.files", encoded), Ok("P/0/data.csv,P/1/folder/*.csv".to_owned()));
    assert_eq!(bench.behind("P/0/data.csv"), "~/c, #1/data.csv");
    assert_eq!(bench.behind("P/1/folder"), "~/c, #1");
}

#[test]
fn an_archive_with_an_alias_may_have_any_name() {
    let bench = Bench::with(&["my lib.zip", "c#1/a.zip", "50%41.zip"]);
    let list = "~/my lib.zip#lib,~/c#1/a.zip#a,~/50%41.zip#b";
    let expected = "P/0/0-my_lib.zip#lib,P/1/1-a.zip#a,P/2/2-50_41.zip#b";
    assert_eq!(bench.rewritten("spark.archives", list), Ok(expected.to_owned()));
    assert_eq!(bench.behind("P/2/2-50_41.zip"), "~/50%41.zip");
}

#[test]
fn a_wheel_is_given_as_the_zip_that_it_is() {
    let bench = Bench::with(&["mylib-1.0-py3-none-any.whl", "x.py", "y[1].zip"]);
    let list = "~/mylib-1.0-py3-none-any.whl,~/x.py,~/y[1].zip";
    let expected = "P/0/mylib-1.0-py3-none-any.zip,~/x.py,P/1/1-y_1_.zip";
    assert_eq!(bench.rewritten("spark.submit.pyFiles", list), Ok(expected.to_owned()));
    assert_eq!(bench.behind("P/0/mylib-1.0-py3-none-any.zip"), "~/mylib-1.0-py3-none-any.whl");
}

#[test]
fn a_name_that_no_notation_of_sparks_says_is_refused_with_what_is_wrong() {
    let bench = Bench::with(&["a:b.csv", "m[1].py", "a,b.csv"]);
    for (property, entry, words) in [
        (
            "spark.files",
            "~/a:b.csv",
            "~/a:b.csv: Spark cannot take a file whose name holds a colon from spark.files; rename it",
        ),
        ("spark.files", "file://~/a%2Cb.csv", "holds a comma"),
        ("spark.submit.pyFiles", "~/m[1].py", "holds the character ["),
    ] {
        let error = bench.rewritten(property, entry).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
    assert_eq!(
        bench.rewritten("spark.jars", "~/a:b.csv"),
        Ok("P/0/0-a_b.csv".to_owned()),
        "a jar's name is nobody's"
    );
}

#[test]
fn a_program_keeps_its_path_and_a_jar_does_not_need_it() {
    let bench = Bench::with(&["c#1/a,b.py", "c#1/a,b.jar", "50% done/x.py"]);
    let program = |text: &str| {
        let application = bench.here(text);
        let run = Run::Submit(Submit { application, main_class: None, args: vec![] });
        let Ok(Run::Submit(submit)) = Inputs::new(&bench.private.path().join("inputs")).program(&run) else {
            panic!("{text}")
        };
        bench.plain(&submit.application)
    };
    assert_eq!(program("~/c#1/a,b.py"), "file://~/c%231/a%2Cb.py");
    assert_eq!(program("~/c#1/a,b.jar"), "P/0/program.jar");
    for text in ["~/50% done/x.py", "~/none#1.py", "hdfs://nn/a,b.py", "jobs/none.py"] {
        assert_eq!(program(text), text);
    }
}

#[test]
fn event_logs_need_a_folder_that_can_be_written() {
    let bench = Bench::with(&["events/x", "c#1/x", "file"]);
    let judged = |directory: &str, enabled: &str| {
        let pairs =
            [("spark.eventLog.enabled", enabled.to_owned()), ("spark.eventLog.dir", bench.here(directory))];
        let mut properties: Properties =
            pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        match check_event_log(&mut properties) {
            Ok(()) => bench.plain(&properties["spark.eventLog.dir"]),
            Err(error) => bench.plain(&error.to_string()),
        }
    };
    for (directory, enabled, expected) in [
        ("~/events", "true", "~/events"),
        ("file://~/events", "true", "file://~/events"),
        ("~/c#1", "true", "file://~/c%231"),
        ("hdfs://nn/events", "true", "hdfs://nn/events"),
        ("~/none", "false", "~/none"),
        ("~/none", "true", "spec.eventLog.directory: ~/none is not there; make it, or mount a volume there"),
        (
            "file:~/none",
            "true",
            "spec.eventLog.directory: ~/none is not there; make it, or mount a volume there",
        ),
        ("~/file", "true", "spec.eventLog.directory: ~/file is not a folder"),
    ] {
        assert_eq!(judged(directory, enabled), expected);
    }
}
