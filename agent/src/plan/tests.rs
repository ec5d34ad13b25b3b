mod mesos;

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;

const SMALLEST: &str = r#"{"version":3,"job":{"name":"pi","attempt":1},"applicationName":"pi","run":{"submit":{"application":"pi.py"}},"driver":{},"master":"local","gracePeriodMs":30000}"#;

fn plan() -> LaunchPlan {
    LaunchPlan::parse(SMALLEST).unwrap()
}

fn refusal(text: &str) -> String {
    LaunchPlan::parse(text).unwrap_err().to_string()
}

fn gzip(content: &[u8]) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    STANDARD.encode(encoder.finish().unwrap())
}

#[test]
fn the_smallest_plan_is_read_and_written_back() {
    assert_eq!(plan().encode().unwrap(), SMALLEST);
    assert_eq!(LaunchPlan::parse(&format!("\n {SMALLEST}\n")).unwrap(), plan());
}

#[test]
fn a_long_plan_is_packed_and_always_to_the_same_text() {
    let mut plan = plan();
    plan.conf.insert("spark.x".to_owned(), "x".repeat(PLAIN_LIMIT));
    let text = plan.encode().unwrap();
    assert!(text.len() < 1_000, "{} bytes", text.len());
    assert_eq!(plan.encode().unwrap(), text);
    assert_eq!(LaunchPlan::parse(&text).unwrap(), plan);
}

#[test]
fn the_version_is_judged_before_anything_else() {
    for text in
        [r#"{"version":1}"#, r#"{"version":4}"#, r#"{"version":0,"new":[]}"#, r#"{"version":4294967297}"#]
    {
        assert!(matches!(LaunchPlan::parse(text), Err(PlanError::UnknownVersion { .. })), "{text}");
    }
    assert!(refusal("{}").contains("missing field `version`"), "{}", refusal("{}"));
}

#[test]
fn what_is_no_plan_is_refused_in_words() {
    let unknown_field = SMALLEST.replacen('{', r#"{"extra":1,"#, 1);
    let deep = format!("{{\"version\":3,\"x\":{}", "[".repeat(100_000));
    for (text, said) in [
        ("", "unpacked"),
        ("hello, world", "neither JSON nor base64"),
        ("aGVsbG8=", "unpacked"),
        ("{", "EOF"),
        (&unknown_field, "unknown field `extra`"),
        (&deep, "recursion limit"),
        (&gzip(b"not json"), "expected"),
        (&gzip(br#"{"version":9}"#), "has version 9"),
    ] {
        assert!(refusal(text).contains(said), "{:.80}: {}", text, refusal(text));
    }
}

#[test]
fn a_gzip_bomb_is_not_unpacked() {
    let bomb = gzip(&vec![b' '; MAX_BYTES + 1]);
    assert!(bomb.len() < MAX_BYTES / 100);
    assert!(matches!(LaunchPlan::parse(&bomb), Err(PlanError::TooLarge)));
    assert!(matches!(LaunchPlan::parse(&" {".repeat(MAX_BYTES)), Err(PlanError::TooLarge)));
}

#[test]
fn a_carriage_return_is_refused_where_sparks_script_would_take_it_out() {
    for (run, field) in [
        (submit("a\r", &[]), Some("run.submit.application")),
        (submit("a", &["b", "\r"]), Some("run.submit.args[1]")),
        (submit("a", &["\n"]), None),
    ] {
        let refused = LaunchPlan { run, ..plan() }.encode().err().map(|error| error.to_string());
        let refused = refused.as_deref().and_then(|said| said.split_once(" holds a carriage return"));
        assert_eq!(refused.map(|(named, _)| named), field);
    }
}

#[test]
fn a_nul_is_refused_with_its_field_both_ways() {
    type Edit = fn(&mut LaunchPlan);
    let edits: [(&str, Edit); 10] = [
        ("applicationName", |plan| plan.application_name = "\0".to_owned()),
        ("image", |plan| plan.image = "\0".to_owned()),
        ("run.submit.application", |plan| plan.run = submit("\0", &[])),
        ("run.submit.args[1]", |plan| plan.run = submit("a", &["b", "c\0"])),
        ("conf[\"spark.x\"]", |plan| plan.conf = [("spark.x".to_owned(), "\0".to_owned())].into()),
        ("confFrom[0]", |plan| plan.conf_from = vec!["/a\0".into()]),
        ("env[0].name", |plan| plan.env = vec![variable("\0", EnvValue::Plain(String::new()))]),
        ("env[0].value.file", |plan| plan.env = vec![variable("A", EnvValue::File("\0".into()))]),
        ("master.mesos.masters", |plan| plan.master = mesos(Mesos { masters: "\0".into(), ..some_mesos() })),
        ("master.mesos.role", |plan| plan.master = mesos(Mesos { role: Some("\0".into()), ..some_mesos() })),
    ];
    for (field, edit) in edits {
        let mut plan = plan();
        edit(&mut plan);
        let said = plan.encode().unwrap_err().to_string();
        assert!(said.starts_with(&format!("{field} holds a NUL")), "{said}");
        let json = serde_json::to_string(&plan).unwrap();
        assert_eq!(refusal(&json), said);
    }
}

#[test]
fn what_the_agent_sets_itself_is_refused() {
    let mut with_master = plan();
    with_master.conf.insert("spark.master".to_owned(), "yarn".to_owned());
    assert_eq!(
        with_master.encode().unwrap_err().to_string(),
        "conf sets spark.master, which comes from spec.mode and spec.driver.cores; remove it there and set that field"
    );
    for (name, said) in [
        ("MASTER", "env[0].name sets MASTER, which the agent sets itself; remove it"),
        ("MESOS_SECRET", "env[0].name sets MESOS_SECRET, which the agent sets itself; remove it"),
        ("A=B", "env[0].name is \"A=B\"; a variable's name is not empty and holds no '='"),
        ("", "env[0].name is \"\"; a variable's name is not empty and holds no '='"),
    ] {
        let mut plan = plan();
        plan.env = vec![variable(name, EnvValue::Plain(String::new()))];
        assert_eq!(plan.encode().unwrap_err().to_string(), said);
    }
}

fn submit(application: &str, args: &[&str]) -> Run {
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    Run::Submit(Submit { application: application.to_owned(), main_class: None, args })
}

fn variable(name: &str, value: EnvValue) -> EnvVar {
    EnvVar { name: name.to_owned(), value, visibility: Visibility::Driver }
}

fn some_mesos() -> Mesos {
    Mesos {
        masters: "m:5050".to_owned(),
        role: None,
        credentials: None,
        verify: Verify::Full,
        server_name: None,
        framework_id: "u-1".to_owned(),
        labels: BTreeMap::new(),
        registration_timeout_ms: 1,
        library: None,
        python: None,
    }
}

fn mesos(mesos: Mesos) -> Master {
    Master::Mesos(Box::new(mesos))
}

/// Text of any kind, without what is refused.
fn text() -> impl Strategy<Value = String> {
    "[^\0\r]{0,40}"
}

prop_compose! {
    fn any_run()(
        (application, main_class, args) in (text(), prop::option::of(text()), prop::collection::vec(text(), 0..4)),
        (directory, port, idle_timeout_ms) in (prop::option::of(text()), any::<u16>(), prop::option::of(any::<u64>())),
        kind in 0..4,
    ) -> Run {
        let shell = || Shell { args: args.clone(), idle_timeout_ms };
        match kind {
            0 => Run::Submit(Submit { application, main_class, args }),
            1 => Run::Shell(shell()),
            2 => Run::PySpark(shell()),
            _ => Run::Notebook(Notebook {
                directory: directory.map(Into::into),
                ip: application,
                port,
                token_file: main_class.map(Into::into),
                idle_timeout_ms,
                args,
            }),
        }
    }
}

prop_compose! {
    fn any_master()(
        (masters, framework_id, registration_timeout_ms) in (text(), text(), any::<u64>()),
        (role, server_name) in (prop::option::of(text()), prop::option::of(text())),
        (credentials, library) in (prop::option::of(text()), prop::option::of(text())),
        labels in prop::collection::btree_map(text(), text(), 0..3),
        verify in prop::sample::select(vec![Verify::Full, Verify::Chain, Verify::None]),
        local in any::<bool>(),
    ) -> Master {
        let (credentials, library) = (credentials.map(Into::into), library.map(Into::into));
        if local {
            return Master::Local;
        }
        mesos(Mesos {
            masters, role, credentials, verify, server_name, framework_id, labels, registration_timeout_ms, library,
            python: None,
        })
    }
}

prop_compose! {
    fn any_plan()(
        (application_name, image, run) in (text(), text(), any_run()),
        conf in prop::collection::btree_map("spark\\.x[^\0]{0,20}", text(), 0..4),
        env in prop::collection::vec(("X[A-Z]{0,9}", text(), any::<bool>()), 0..4),
        master in any_master(),
        (cores, memory_mib, grace_period_ms) in (prop::option::of(any::<u32>()), prop::option::of(any::<u64>()), any::<u64>()),
    ) -> LaunchPlan {
        let env = env.into_iter().map(|(name, text, file)| {
            variable(&name, if file { EnvValue::File(text.into()) } else { EnvValue::Plain(text) })
        });
        let driver = DriverSize { cores, memory_mib, memory_overhead_mib: None };
        LaunchPlan { application_name, image, run, conf, env: env.collect(), driver, master, grace_period_ms, ..plan() }
    }
}

proptest! {
    #[test]
    fn every_plan_is_read_back_as_it_was_written(plan in any_plan()) {
        prop_assert_eq!(LaunchPlan::parse(&plan.encode().unwrap()).unwrap(), plan);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(?s).{0,300}") {
        let _ = LaunchPlan::parse(&text);
    }
}
