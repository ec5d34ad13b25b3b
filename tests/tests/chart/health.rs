//! Argo CD's health of a job, by the Lua that Argo CD has.

use serde_json::{Map, Value, json};

use super::{Outcome, control_plane, repository};

/// Argo CD loads no other libraries than `table` and a part of `os`.
const SANDBOX: &str = "string, io, debug, math, coroutine, require = nil, nil, nil, nil, nil, nil";

/// A value as Lua writes it. Lua's `%q` and JSON quote alike what is used here.
fn lua(value: &Value) -> String {
    match value {
        Value::Null => "nil".into(),
        Value::Array(items) => format!("{{{}}}", items.iter().map(lua).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("[{name:?}] = {}", lua(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn health(job: &Value) -> Outcome<(String, String)> {
    let script = std::fs::read_to_string(repository("charts/argocd/health.lua"))?;
    let run = format!(
        "{SANDBOX}\nobj = {}\nlocal health = (function()\n{script}\nend)()\nprint(health.status)\nprint(health.message)",
        lua(job)
    );
    let printed = control_plane().lua(&run)?;
    let (status, message) = printed.trim_end().split_once('\n').ok_or(printed.clone())?;
    Ok((status.into(), message.into()))
}

/// A job of generation 2 that has been seen.
fn job(run: &str, phase: &str, conditions: &[&str]) -> Value {
    let condition = |type_: &&str| {
        let (type_, status) = type_.strip_prefix('!').map_or((*type_, "True"), |type_| (type_, "False"));
        json!({"type": type_, "status": status, "reason": "Because", "message": format!("{type_}, it says")})
    };
    json!({
        "metadata": {"name": "pi", "generation": 2},
        "spec": {"suspend": false},
        "status": {
            "observedGeneration": 2, "run": run, "phase": phase, "reason": "Why", "message": "",
            "conditions": conditions.iter().map(condition).collect::<Vec<_>>(),
        },
    })
}

#[test]
fn health_follows_the_conditions() {
    let rows = [
        ("Submit", "Pending", &["Accepted", "Reconciling", "!Failed"][..], "Progressing", "Why"),
        ("Submit", "Connecting", &["Reconciling"], "Progressing", "Why"),
        ("Submit", "Requesting", &["Reconciling"], "Progressing", "Why"),
        ("Submit", "Running", &["DriverReady", "!Stalled"], "Progressing", "Why"),
        ("Notebook", "Pending", &["Reconciling"], "Progressing", "Why"),
        ("Notebook", "Running", &["DriverReady"], "Healthy", "Why"),
        ("Shell", "Running", &["DriverReady"], "Healthy", "Why"),
        ("PySpark", "Running", &["DriverReady"], "Healthy", "Why"),
        ("Submit", "Releasing", &["Reconciling"], "Progressing", "Why"),
        ("Submit", "Succeeded", &["Completed", "Finished"], "Healthy", "Completed, it says"),
        ("Submit", "Failed", &["Failed", "Finished", "Stalled"], "Degraded", "Failed, it says"),
        ("Submit", "Pending", &["!Accepted", "Stalled"], "Degraded", "Stalled, it says"),
        ("Submit", "Suspended", &["Released", "!Stalled"], "Suspended", "Why"),
        ("Notebook", "Failed", &["Failed"], "Degraded", "Failed, it says"),
    ];
    for (run, phase, conditions, status, message) in rows {
        let found = health(&job(run, phase, conditions)).unwrap();
        assert_eq!(found, (status.into(), message.into()), "{run} {phase} {conditions:?}");
    }
}

#[test]
fn a_program_that_is_always_restarted_is_healthy_while_it_runs() {
    let mut streaming = job("Submit", "Running", &["DriverReady"]);
    streaming["spec"]["restart"] = json!({"policy": "Always"});
    assert_eq!(health(&streaming).unwrap().0, "Healthy");
}

#[test]
fn a_job_that_nobody_has_looked_at_is_progressing() {
    for status in [Value::Null, json!({}), json!({"conditions": []})] {
        let unseen = json!({"metadata": {"name": "pi", "generation": 1}, "spec": {}, "status": status});
        let found = health(&unseen).unwrap();
        assert_eq!(found, ("Progressing".into(), "The operator has not seen this job yet.".into()));
    }
}

#[test]
fn what_was_true_before_an_edit_says_nothing() {
    let mut edited = job("Submit", "Succeeded", &["Completed"]);
    edited["metadata"]["generation"] = json!(3);
    let found = health(&edited).unwrap();
    assert_eq!(found, ("Progressing".into(), "The operator has not seen the last edit yet.".into()));
}

#[test]
fn a_status_with_half_of_its_fields_is_no_error() {
    let whole = job("Submit", "Pending", &["Stalled"]);
    let fields: Vec<String> = whole["status"].as_object().map(Map::keys).unwrap().cloned().collect();
    for missing in fields {
        let mut half = whole.clone();
        half["status"].as_object_mut().unwrap().remove(&missing);
        half["spec"] = Value::Null;
        health(&half).unwrap_or_else(|error| panic!("without {missing}: {error}"));
    }
}
