//! What of a job's `pod` template has a meaning outside a cluster: the driver's environment and volumes.

use std::path::{Path, PathBuf};

use lcmap_spark_agent::plan::{EnvValue, EnvVar, Visibility};
use serde_json::{Map, Value};

use super::container::{Access, Mount};
use super::fault::Fault;
use super::folders::Folders;
use super::paths::Site;

const ROOT: &str = "spec.pod.spec";

/// What a template comes to on this machine.
#[derive(Debug, Default)]
pub(crate) struct Template {
    /// The driver's environment, under the job's own.
    pub(crate) env: Vec<EnvVar>,
    /// What a container mounts.
    pub(crate) mounts: Vec<Mount>,
    /// Folders that a container has in memory.
    pub(crate) tmpfs: Vec<PathBuf>,
    /// The paths of what has no meaning here.
    pub(crate) ignored: Vec<String>,
    /// What the job needs and this machine does not have.
    pub(crate) faults: Vec<Fault>,
}

/// Reads a template. `site` is where the driver will be.
pub(crate) fn read(spec: &Map<String, Value>, folders: &Folders, site: Site) -> Template {
    let mut reader = Reader { spec, folders, site, template: Template::default() };
    for (key, value) in spec {
        match (key.as_str(), value) {
            ("volumes", _) => {} // read where they are mounted
            ("containers", Value::Array(containers)) => {
                containers.iter().enumerate().for_each(|(i, container)| reader.container(i, container));
            }
            _ => reader.template.ignored.push(format!("{ROOT}.{key}")),
        }
    }
    reader.template
}

struct Reader<'a> {
    spec: &'a Map<String, Value>,
    folders: &'a Folders,
    site: Site,
    template: Template,
}

impl Reader<'_> {
    fn container(&mut self, i: usize, container: &Value) {
        let path = format!("{ROOT}.containers[{i}]");
        if container["name"] != lcmap_spark_crd::names::DRIVER_CONTAINER {
            return self.template.ignored.push(path);
        }
        for (key, value) in container.as_object().into_iter().flatten() {
            let field = format!("{path}.{key}");
            match (key.as_str(), value) {
                ("name", _) => {}
                ("env", Value::Array(variables)) => {
                    variables
                        .iter()
                        .enumerate()
                        .for_each(|(i, v)| self.variable(&format!("{field}[{i}]"), v));
                }
                ("volumeMounts", Value::Array(mounts)) => {
                    mounts.iter().enumerate().for_each(|(i, m)| self.mount(&format!("{field}[{i}]"), m));
                }
                _ => self.template.ignored.push(field),
            }
        }
    }

    fn variable(&mut self, field: &str, variable: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let source = &variable["valueFrom"];
        let (secret, config_map) = (&source["secretKeyRef"], &source["configMapKeyRef"]);
        let value = if source.is_null() {
            Some(EnvValue::Plain(text(&variable["value"])))
        } else if secret.is_object() {
            self.folders
                .secret_key(&text(&secret["name"]), &text(&secret["key"]))
                .map_err(|f| self.fault(field, f))
                .ok()
        } else if config_map.is_object() {
            let key = self.folders.config_map_key(&text(&config_map["name"]), &text(&config_map["key"]));
            key.map_err(|f| self.fault(field, f)).ok()
        } else {
            self.fault(
                field,
                "only a cluster knows this value: write a plain `value` to run the job here".into(),
            );
            None
        };
        let name = text(&variable["name"]);
        self.template.env.extend(value.map(|value| EnvVar { name, value, visibility: Visibility::Driver }));
    }

    fn mount(&mut self, field: &str, mount: &Value) {
        let text = |key: &str| mount[key].as_str().unwrap_or_default();
        let target = Path::new(text("mountPath"));
        if self.folders.maps.here(target).is_some() {
            return; // the command line has said what stands for it
        }
        let volume = self.volume(text("name")).unwrap_or(&Value::Null);
        let source = match self.source(volume) {
            Ok(source) => source,
            Err(fault) => return self.fault(field, fault),
        };
        if self.site == Site::Host {
            if source.as_deref() != Some(target) || !target.exists() {
                let message = format!(
                    "nothing on this machine can be mounted at {}; run the job with `--container podman` (or docker)",
                    target.display()
                );
                self.fault(field, message);
            }
            return;
        }
        let access = if mount["readOnly"] == true { Access::ReadOnly } else { Access::ReadWrite };
        match source {
            Some(folder) => {
                let source = if text("subPath").is_empty() { folder } else { folder.join(text("subPath")) };
                self.template.mounts.push(Mount { source, target: target.to_owned(), access });
            }
            None => self.template.tmpfs.push(target.to_owned()),
        }
    }

    fn volume(&self, name: &str) -> Option<&Value> {
        self.spec.get("volumes")?.as_array()?.iter().find(|volume| volume["name"] == name)
    }

    /// The folder behind a volume; `None` for one that starts empty.
    fn source(&self, volume: &Value) -> Result<Option<PathBuf>, String> {
        let text = |pointer: &str| volume.pointer(pointer).and_then(Value::as_str);
        if let Some(path) = text("/hostPath/path") {
            return Ok(Some(path.into()));
        }
        if let Some(name) = text("/secret/secretName") {
            return self.folders.secret(name).map(|folder| Some(folder.to_owned()));
        }
        if let Some(name) = text("/configMap/name") {
            return self.folders.config_map(name).map(|folder| Some(folder.to_owned()));
        }
        if volume["emptyDir"].is_object() {
            return Ok(None);
        }
        Err("only a cluster has this volume: say which folder stands for it here with `--map MOUNTPATH=DIR`"
            .into())
    }

    fn fault(&mut self, field: &str, message: String) {
        self.template.faults.push(Fault::at(field, message));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template(site: Site, spec: &Value) -> Template {
        read(spec.as_object().unwrap(), &Folders::default(), site)
    }

    #[test]
    fn plain_variables_of_the_driver_are_honoured_and_the_rest_is_named() {
        let template = template(
            Site::Host,
            &json!({"nodeSelector": {"a": "b"}, "containers": [
                {"name": "driver", "env": [{"name": "A", "value": "1"}], "resources": {}},
                {"name": "sidecar"}]}),
        );
        assert_eq!(template.env[0].value, EnvValue::Plain("1".into()));
        let ignored =
            ["containers[0].resources", "containers[1]", "nodeSelector"].map(|p| format!("{ROOT}.{p}"));
        assert_eq!(template.ignored, ignored);
        assert!(template.faults.is_empty());
    }

    #[test]
    fn what_only_a_cluster_has_is_a_fault_that_names_its_remedy() {
        let spec = json!({
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "c"}}, {"name": "s", "secret": {"secretName": "db"}}],
            "containers": [{"name": "driver",
                "env": [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
                "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "s", "mountPath": "/db"}]}]});
        let faults: Vec<_> = template(Site::Image, &spec).faults.iter().map(ToString::to_string).collect();
        assert!(faults[0].contains("env[0]") && faults[0].contains("plain `value`"), "{faults:?}");
        assert!(faults[1].contains("volumeMounts[0]") && faults[1].contains("--map"), "{faults:?}");
        assert!(faults[2].contains("--secret db=DIR"), "{faults:?}");
    }

    #[test]
    fn in_a_container_host_paths_are_mounted_and_empty_folders_are_in_memory() {
        let spec = json!({
            "volumes": [{"name": "data", "hostPath": {"path": "/srv"}}, {"name": "tmp", "emptyDir": {}}],
            "containers": [{"name": "driver", "volumeMounts": [
                {"name": "data", "mountPath": "/data", "subPath": "a", "readOnly": true},
                {"name": "tmp", "mountPath": "/scratch"}]}]});
        let template = template(Site::Image, &spec);
        assert_eq!(template.mounts, [Mount::read_only("/srv/a", "/data")]);
        assert_eq!(template.tmpfs, [PathBuf::from("/scratch")]);
    }
}
