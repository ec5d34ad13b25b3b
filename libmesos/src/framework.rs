//! What the program says of its framework, completed and overruled by the environment.

use std::fs;

use lcmap_mesos::{Credential, CredentialSource, FrameworkInfo};

use crate::{environment::Environment, say, state_file::StateFile};

/// The credential to use: the environment's before the program's, which Mesos takes as none when it names nobody.
pub(crate) fn credential(environment: &Environment, program: Option<Credential>) -> CredentialSource {
    match (&environment.credential, program) {
        (Some(files), None) => files.clone(),
        (Some(files), Some(_)) => {
            say(
                "the principal and secret that the program set are not used: LCMAP_MESOS_PRINCIPAL_FILE and \
                 LCMAP_MESOS_SECRET_FILE name others",
            );
            files.clone()
        }
        (None, Some(credential)) if !credential.principal.is_empty() => CredentialSource::Given(credential),
        (None, _) => CredentialSource::None,
    }
}

/// The framework as it is to register.
pub(crate) fn complete(
    info: FrameworkInfo,
    environment: &Environment,
    state_file: Option<&StateFile>,
    credential: Option<&Credential>,
) -> FrameworkInfo {
    let labels = environment.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let mut info = info.with_labels(labels);
    if let Some(id) = &environment.framework_id {
        info = match state_file.map_or(1, |file| file.number) {
            1 => info.with_id(id),
            number => info.with_id(&format!("{id}-{number}")),
        };
    }
    // The master refuses another principal than the one that authenticates.
    if let Some(credential) = credential {
        info = info.with_principal(&credential.principal);
    }
    // As the C++ driver completes it.
    if info.user().is_empty() {
        info = info.with_user(&user());
    }
    if info.hostname().is_empty() {
        info = info.with_hostname(&hostname());
    }
    info
}

/// The user of this process by name, or by number where it has none.
fn user() -> String {
    let numbers = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let uid =
        numbers.lines().find_map(|line| line.strip_prefix("Uid:")?.split_whitespace().next()).unwrap_or("0");
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let entry = passwd.lines().find(|line| line.split(':').nth(2) == Some(uid));
    entry.and_then(|entry| entry.split(':').next()).unwrap_or(uid).to_owned()
}

fn hostname() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &'static [(&str, &str)]) -> Environment {
        Environment::read(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
        .unwrap()
    }

    #[test]
    fn every_driver_gets_an_id_of_its_own() {
        let environment =
            environment(&[("LCMAP_MESOS_FRAMEWORK_ID", "uid-1"), ("LCMAP_MESOS_LABELS", r#"{"a": "b"}"#)]);
        let folder = tempfile::tempdir().unwrap();
        let ids: Vec<_> = (0..2)
            .map(|_| {
                let file = StateFile::claim(folder.path()).unwrap();
                complete(FrameworkInfo::new("u", "n"), &environment, Some(&file), None).id()
            })
            .collect();
        assert_eq!(ids, [Some("uid-1".to_owned()), Some("uid-1-2".to_owned())]);
    }

    #[test]
    fn the_principal_is_the_one_that_authenticates() {
        let credential = Credential::new("p", "s");
        let info = FrameworkInfo::new("u", "n").with_principal("other");
        let info = complete(info, &environment(&[]), None, Some(&credential));
        assert_eq!(info.principal().as_deref(), Some("p"));
    }

    #[test]
    fn user_and_host_are_filled_in_where_they_are_empty() {
        let info = complete(FrameworkInfo::new("", "n"), &environment(&[]), None, None);
        assert!(!info.user().is_empty() && !info.hostname().is_empty());
    }

    #[test]
    fn a_program_without_a_principal_has_no_credential() {
        let nobody = Some(Credential::new("", ""));
        assert_eq!(credential(&environment(&[]), nobody), CredentialSource::None);
    }
}
