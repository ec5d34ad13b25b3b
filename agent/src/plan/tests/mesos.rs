use std::path::Path;

use super::*;

fn mesos() -> Mesos {
    Mesos {
        masters: "m:5050".to_owned(),
        role: None,
        credentials: None,
        verify: Verify::Full,
        server_name: None,
        framework_id: "uid-1".to_owned(),
        labels: BTreeMap::new(),
        registration_timeout_ms: 120_000,
        library: None,
        python: None,
    }
}

fn with(mesos: Mesos) -> LaunchPlan {
    LaunchPlan { master: Master::Mesos(Box::new(mesos)), ..plan() }
}

#[test]
fn what_a_plan_for_mesos_leaves_out_is_not_written() {
    let text = with(mesos()).encode().unwrap();
    let expected = r#""master":{"mesos":{"masters":"m:5050","verify":"Full","frameworkId":"uid-1","registrationTimeoutMs":120000}}"#;
    assert!(text.contains(expected), "{text}");
    assert_eq!(LaunchPlan::parse(&text).unwrap(), with(mesos()));
}

#[test]
fn a_whole_plan_for_mesos_is_read_back_as_it_was_written() {
    let whole = with(Mesos {
        role: Some("science".to_owned()),
        credentials: Some("/credentials".into()),
        verify: Verify::Chain,
        server_name: Some("master".to_owned()),
        labels: [("lcmap.usgs.gov/job".to_owned(), "a=b".to_owned())].into(),
        library: Some("/lcmap/libmesos.so".into()),
        python: None,
        ..mesos()
    });
    assert_eq!(LaunchPlan::parse(&whole.encode().unwrap()).unwrap(), whole);
}

#[test]
fn without_verify_everything_is_verified() {
    let text = with(mesos()).encode().unwrap().replace(r#""verify":"Full","#, "");
    assert_eq!(LaunchPlan::parse(&text).unwrap(), with(mesos()));
}

#[test]
fn a_nul_anywhere_in_mesos_is_refused_with_its_field() {
    type Edit = fn(&mut Mesos);
    let edits: [(&str, Edit); 8] = [
        ("masters", |mesos| mesos.masters = "\0".to_owned()),
        ("role", |mesos| mesos.role = Some("\0".to_owned())),
        ("serverName", |mesos| mesos.server_name = Some("\0".to_owned())),
        ("frameworkId", |mesos| mesos.framework_id = "\0".to_owned()),
        ("labels[\"k\\0\"]", |mesos| mesos.labels = [("k\0".to_owned(), String::new())].into()),
        ("labels[\"k\"]", |mesos| mesos.labels = [("k".to_owned(), "\0".to_owned())].into()),
        ("credentials", |mesos| mesos.credentials = Some("/a\0".into())),
        ("library", |mesos| mesos.library = Some("/a\0".into())),
    ];
    for (field, edit) in edits {
        let mut mesos = mesos();
        edit(&mut mesos);
        let said = with(mesos).encode().unwrap_err().to_string();
        assert!(said.starts_with(&format!("master.mesos.{field} holds a NUL")), "{said}");
    }
}

#[test]
fn a_nul_in_the_folders_of_certificates_is_refused_with_its_field() {
    let folder = |path: &str| Path::new(path).to_owned();
    for (source, target, field) in [("/a\0", "/b", "source"), ("/a", "/b\0", "target")] {
        let certificates = Some(Certificates { source: folder(source), target: Some(folder(target)) });
        let said = LaunchPlan { certificates, ..plan() }.encode().unwrap_err().to_string();
        assert!(said.starts_with(&format!("certificates.{field} holds a NUL")), "{said}");
    }
}

#[test]
fn no_variable_of_libmesos_can_be_set_by_a_job() {
    for name in [
        "LCMAP_MESOS_FRAMEWORK_ID",
        "LCMAP_MESOS_LABELS",
        "LCMAP_MESOS_PRINCIPAL_FILE",
        "LCMAP_MESOS_REGISTRATION_TIMEOUT",
        "LCMAP_MESOS_SECRET_FILE",
        "LCMAP_MESOS_SERVER_NAME",
        "LCMAP_MESOS_STATE_DIR",
        "LCMAP_MESOS_VERIFY",
    ] {
        let env = vec![variable(name, EnvValue::Plain(String::new()))];
        let said = LaunchPlan { env, ..with(mesos()) }.encode().unwrap_err().to_string();
        assert_eq!(said, format!("env[0].name sets {name}, which the agent sets itself; remove it"));
    }
}

#[test]
fn a_job_may_name_a_libmesos_of_its_own() {
    let env = vec![variable("MESOS_NATIVE_JAVA_LIBRARY", EnvValue::Plain("/own.so".to_owned()))];
    LaunchPlan { env, ..with(mesos()) }.encode().unwrap();
}
