//! Makes a driver of what the program gave to the constructor of the Java one, and of the environment.

use std::path::Path;

use bytes::Bytes;
use jni::{Env, jni_sig, jni_str, objects::JObject};
use lcmap_mesos::{
    Credential, FrameworkInfo, FrameworkPhase, FrameworkState, Masters, OfferState, Settings, wire,
};

use crate::{
    callbacks::JavaSide,
    convert::{encoded, encoded_or_null, string, strings},
    driver::{Acknowledgements, Driver, Prepared, Reporter},
    environment::Environment,
    framework,
    java::Classes,
    state_file::StateFile,
};

type Result<T> = jni::errors::Result<T>;

/// Makes a driver of what the program gave to the constructor.
pub(crate) fn create(env: &mut Env<'_>, this: &JObject<'_>) -> Result<Driver> {
    let classes = Classes::find(env)?;
    let given = Given::read(env, this)?;
    let java = JavaSide { vm: env.get_java_vm()?, driver: env.new_weak_ref(this)?, classes };
    let acknowledgements = given.acknowledgements;
    // For messages, without a password; a bad address is refused at the start.
    let master =
        given.master.parse::<Masters>().map_or_else(|_| String::new(), |masters| masters.to_string());
    let mut file = None;
    let program = FrameworkInfo::from_encoded(given.framework.to_vec());
    let prepared = given.prepare(&mut file);
    let framework = prepared.as_ref().map_or(&program, |prepared| &prepared.framework);
    let state = FrameworkState {
        phase: FrameworkPhase::Created,
        pid: std::process::id(),
        master,
        user: framework.user(),
        role: framework.role(),
        was_registered: false,
        framework_id: framework.id(),
        webui_url: framework.webui_url(),
        reason: None,
        trouble: None,
        driver_address: None,
        has_run: false,
        refused: None,
        offers: OfferState::default(),
        unresolved_hosts: vec![],
        stop_called: false,
        teardown_owed: None,
    };
    let driver = Driver::new(java, acknowledgements, prepared, Reporter { state, file });
    driver.report(|_| ());
    Ok(driver)
}

/// What the program gave to the constructor.
struct Given {
    framework: Bytes,
    master: String,
    credential: Option<Bytes>,
    acknowledgements: Acknowledgements,
    suppressed_roles: Vec<String>,
}

impl Given {
    fn read(env: &mut Env<'_>, this: &JObject<'_>) -> Result<Self> {
        let framework = env
            .get_field(this, jni_str!("framework"), jni_sig!("Lorg/apache/mesos/Protos$FrameworkInfo;"))?
            .l()?;
        let master = env.get_field(this, jni_str!("master"), jni_sig!("Ljava/lang/String;"))?.l()?;
        let credential = env
            .get_field(this, jni_str!("credential"), jni_sig!("Lorg/apache/mesos/Protos$Credential;"))?
            .l()?;
        let implicit = env.get_field(this, jni_str!("implicitAcknowledgements"), jni_sig!("Z"))?.z()?;
        let suppressed = env.get_field(this, jni_str!("suppressedRoles"), jni_sig!("Ljava/util/Collection;"));
        let suppressed_roles = if let Ok(roles) = suppressed {
            strings(env, &roles.l()?)?
        } else {
            // The classes of before Mesos 1.9 have no such field.
            env.exception_clear();
            vec![]
        };
        Ok(Self {
            framework: encoded(env, &framework)?,
            master: string(env, &master)?,
            credential: encoded_or_null(env, &credential)?,
            acknowledgements: if implicit { Acknowledgements::Implicit } else { Acknowledgements::Explicit },
            suppressed_roles,
        })
    }

    /// What a start needs, or why it cannot be had.
    fn prepare(self, file: &mut Option<StateFile>) -> std::result::Result<Prepared, String> {
        let words = |error: &dyn std::error::Error| error.to_string();
        let environment =
            Environment::read(|name| std::env::var(name).ok()).map_err(|error| words(&error))?;
        let claim = |folder: &Path| {
            StateFile::claim(folder).map_err(|error| {
                format!(
                    "LCMAP_MESOS_STATE_DIR={}: no state file can be made there: {error}",
                    folder.display()
                )
            })
        };
        *file = environment.state_folder.as_deref().map(claim).transpose()?;
        let program = self
            .credential
            .map(|credential| Credential::new(wire::text(&credential, 1), wire::text(&credential, 2)));
        let credential = framework::credential(&environment, program);
        let masters: Masters =
            self.master.parse().map_err(|error| words(&error as &lcmap_mesos::AddressError))?;
        let known = credential.read().map_err(|error| words(&error))?;
        let info = FrameworkInfo::from_encoded(self.framework.to_vec());
        Ok(Prepared {
            framework: framework::complete(info, &environment, file.as_ref(), known.as_ref()),
            settings: Settings { masters, security: environment.security, credential },
            suppressed_roles: self.suppressed_roles,
            registration_timeout: environment.registration_timeout,
        })
    }
}
