//! What the JVM finds in this library: the natives of `MesosSchedulerDriver` and `MesosNativeLibrary`.
//!
//! Symbol names: JNI's specification, "Resolving Native Method Names". The long names of `launchTasks`, `acceptOffers`,
//! `reviveOffers` and `suppressOffers` serve the overloads of every version.

use std::{ffi::c_void, sync::Arc};

use bytes::Bytes;
use jni::{
    Env, EnvUnowned, JValue, JavaVM,
    errors::ThrowRuntimeExAndDefault,
    jni_sig, jni_str,
    objects::{JByteArray, JClass, JObject},
    sys::{JNI_VERSION_1_6, jboolean, jint, jlong},
};
use lcmap_mesos::{
    scheduler::{Call, Ending, TaskRef, launch},
    wire,
};

use crate::{
    callbacks::acknowledgement,
    convert::{encoded, encoded_each, encoded_or_null, strings},
    create::create,
    driver::{Acknowledgements, Driver, Start},
    handles,
    java::Classes,
    status::Status,
    task,
};

type Result<T> = jni::errors::Result<T>;

/// The version that `MesosNativeLibrary.version()` tells: the one whose driver this library follows.
const VERSION: [jlong; 3] = [1, 11, 0];

/// Called when the library is loaded: tells `MesosNativeLibrary` so, as the C++ library does.
// SAFETY: the name and signature are those that the JVM looks for in a library that it loads; no other library of the process
// defines it in this one's scope.
#[allow(unsafe_code, non_snake_case)]
#[unsafe(no_mangle)]
extern "system" fn JNI_OnLoad(vm: *mut jni::sys::JavaVM, _: *mut c_void) -> jint {
    // SAFETY: the JVM hands its own live pointer to JNI_OnLoad.
    let vm = unsafe { JavaVM::from_raw(vm) };
    let loaded = vm.attach_current_thread(|env| -> Result<()> {
        let class = env.find_class(jni_str!("org/apache/mesos/MesosNativeLibrary"))?;
        let field = env.get_static_field_id(&class, jni_str!("loaded"), jni_sig!("Z"))?;
        // SAFETY: the field was just looked up in this class as a boolean.
        unsafe { env.set_static_field_unchecked(&class, field, JValue::Bool(true)) }
    });
    if let Err(error) = loaded {
        crate::say(&format!("MesosNativeLibrary.loaded could not be set: {error}"));
        // A program that loads the library by other means has no such class.
        let _ = vm.attach_current_thread(|env| -> Result<()> {
            env.exception_clear();
            Ok(())
        });
    }
    JNI_VERSION_1_6
}

/// Defines natives that take objects and return the driver's status. Each runs only while the driver does.
macro_rules! natives {
    ($( $(#[$doc:meta])* $symbol:ident ( $($argument:ident),* ) => $body:expr; )*) => { $(
        $(#[$doc])*
        // SAFETY: the name and signature are those that JNI derives from the Java method above; nothing else of this
        // process has the name.
        #[allow(unsafe_code, non_snake_case)]
        #[unsafe(no_mangle)]
        extern "system" fn $symbol<'l>(mut env: EnvUnowned<'l>, this: JObject<'l> $(, $argument: JObject<'l>)*) -> JObject<'l> {
            env.with_env(|env| while_running(env, &this, $body)).resolve::<ThrowRuntimeExAndDefault>()
        }
    )* };
}

natives! {
    /// `requestResources(Collection<Request>)`
    Java_org_apache_mesos_MesosSchedulerDriver_requestResources(requests) => |env, driver| {
        driver.call(Call::Request(encoded_each(env, &requests)?));
        Ok(())
    };
    /// `launchTasks(OfferID, Collection<TaskInfo>, Filters)`
    Java_org_apache_mesos_MesosSchedulerDriver_launchTasks__Lorg_apache_mesos_Protos_00024OfferID_2Ljava_util_Collection_2Lorg_apache_mesos_Protos_00024Filters_2(offer, tasks, filters) => |env, driver| {
        let offers = vec![encoded(env, &offer)?];
        launch_tasks(env, driver, offers, &tasks, &filters)
    };
    /// `launchTasks(Collection<OfferID>, Collection<TaskInfo>, Filters)`
    Java_org_apache_mesos_MesosSchedulerDriver_launchTasks__Ljava_util_Collection_2Ljava_util_Collection_2Lorg_apache_mesos_Protos_00024Filters_2(offers, tasks, filters) => |env, driver| {
        let offers = encoded_each(env, &offers)?;
        launch_tasks(env, driver, offers, &tasks, &filters)
    };
    /// `killTask(TaskID)`
    Java_org_apache_mesos_MesosSchedulerDriver_killTask(task) => |env, driver| {
        driver.call(Call::Kill(encoded(env, &task)?));
        Ok(())
    };
    /// `acceptOffers(Collection<OfferID>, Collection<Offer.Operation>, Filters)`
    Java_org_apache_mesos_MesosSchedulerDriver_acceptOffers__Ljava_util_Collection_2Ljava_util_Collection_2Lorg_apache_mesos_Protos_00024Filters_2(offers, operations, filters) => |env, driver| {
        let (offers, operations) = (encoded_each(env, &offers)?, encoded_each(env, &operations)?);
        driver.call(Call::Accept { offers, operations, filters: encoded_or_null(env, &filters)? });
        Ok(())
    };
    /// `declineOffer(OfferID, Filters)`
    Java_org_apache_mesos_MesosSchedulerDriver_declineOffer(offer, filters) => |env, driver| {
        let (offer, filters) = (encoded(env, &offer)?, encoded_or_null(env, &filters)?);
        driver.ledger().declined(&offer, filters.as_ref());
        driver.call(Call::Decline { offers: vec![offer], filters });
        Ok(())
    };
    /// `reviveOffers()`
    Java_org_apache_mesos_MesosSchedulerDriver_reviveOffers__() => |_env, driver| {
        driver.call(Call::Revive(vec![]));
        Ok(())
    };
    /// `reviveOffers(Collection<String>)`, Mesos 1.9 and later
    Java_org_apache_mesos_MesosSchedulerDriver_reviveOffers__Ljava_util_Collection_2(roles) => |env, driver| {
        // Without roles nothing is revived, whereas a REVIVE without roles revives all.
        let roles = strings(env, &roles)?;
        if !roles.is_empty() {
            driver.call(Call::Revive(roles));
        }
        Ok(())
    };
    /// `suppressOffers()`
    Java_org_apache_mesos_MesosSchedulerDriver_suppressOffers__() => |_env, driver| {
        driver.call(Call::Suppress(vec![]));
        Ok(())
    };
    /// `suppressOffers(Collection<String>)`, Mesos 1.9 and later
    Java_org_apache_mesos_MesosSchedulerDriver_suppressOffers__Ljava_util_Collection_2(roles) => |env, driver| {
        let roles = strings(env, &roles)?;
        if !roles.is_empty() {
            driver.call(Call::Suppress(roles));
        }
        Ok(())
    };
    /// `acknowledgeStatusUpdate(TaskStatus)`
    Java_org_apache_mesos_MesosSchedulerDriver_acknowledgeStatusUpdate(status) => |env, driver| {
        if driver.acknowledgements == Acknowledgements::Implicit {
            // The C++ driver ends the whole process here.
            let class = jni_str!("java/lang/IllegalStateException");
            env.throw_new(class, jni_str!("acknowledgeStatusUpdate: this driver acknowledges by itself"))?;
        }
        let status = encoded(env, &status)?;
        if let Some(call) = acknowledgement(&status) {
            driver.call(call);
        }
        Ok(())
    };
    /// `reconcileTasks(Collection<TaskStatus>)`
    Java_org_apache_mesos_MesosSchedulerDriver_reconcileTasks(statuses) => |env, driver| {
        let asked = |status: &Bytes| {
            let field = |number| wire::bytes(status, number).map(Bytes::copy_from_slice);
            field(1).map(|task| TaskRef { task, agent: field(5) })
        };
        let statuses = encoded_each(env, &statuses)?;
        driver.call(Call::Reconcile(statuses.iter().filter_map(asked).collect()));
        Ok(())
    };
    /// `updateFramework(FrameworkInfo, Collection<String>)`, Mesos 1.9 and later
    Java_org_apache_mesos_MesosSchedulerDriver_updateFramework(framework, suppressed) => |env, driver| {
        let (framework, suppressed_roles) = (encoded(env, &framework)?, strings(env, &suppressed)?);
        driver.call(Call::Update { framework, suppressed_roles, offer_constraints: None });
        Ok(())
    };
    /// `updateFrameworkWithConstraints(FrameworkInfo, Collection<String>, OfferConstraints)`, Mesos 1.11
    Java_org_apache_mesos_MesosSchedulerDriver_updateFrameworkWithConstraints(framework, suppressed, constraints) => |env, driver| {
        let (framework, suppressed_roles) = (encoded(env, &framework)?, strings(env, &suppressed)?);
        driver.call(Call::Update { framework, suppressed_roles, offer_constraints: encoded_or_null(env, &constraints)? });
        Ok(())
    };
    /// `sendFrameworkMessage(ExecutorID, SlaveID, byte[])`
    Java_org_apache_mesos_MesosSchedulerDriver_sendFrameworkMessage(executor, agent, data) => |env, driver| {
        let (executor, agent) = (encoded(env, &executor)?, encoded(env, &agent)?);
        let data = env.cast_local::<JByteArray<'_>>(data)?;
        let data = env.convert_byte_array(&data)?.into();
        driver.call(Call::Message { agent, executor, data });
        Ok(())
    };
}

/// `initialize()`, called by the constructor.
// SAFETY: the name and signature are those that JNI derives from the Java method; nothing else of this process has the name.
#[allow(unsafe_code, non_snake_case)]
#[unsafe(no_mangle)]
extern "system" fn Java_org_apache_mesos_MesosSchedulerDriver_initialize<'l>(
    mut env: EnvUnowned<'l>,
    this: JObject<'l>,
) {
    env.with_env(|env| {
        let handle = handles::keep(Arc::new(create(env, &this)?));
        env.set_field(&this, jni_str!("__driver"), jni_sig!("J"), JValue::Long(handle))
    })
    .resolve::<ThrowRuntimeExAndDefault>();
}

/// `finalize()`: lets go of what `initialize` made. The framework is not unregistered.
// SAFETY: as for `initialize`.
#[allow(unsafe_code, non_snake_case)]
#[unsafe(no_mangle)]
extern "system" fn Java_org_apache_mesos_MesosSchedulerDriver_finalize<'l>(
    mut env: EnvUnowned<'l>,
    this: JObject<'l>,
) {
    env.with_env(|env| -> Result<()> {
        if let Some(driver) = handles::remove(handle(env, &this)?) {
            driver.forget();
        }
        Ok(())
    })
    .resolve::<ThrowRuntimeExAndDefault>();
}

/// `start()`
// SAFETY: as for `initialize`.
#[allow(unsafe_code, non_snake_case)]
#[unsafe(no_mangle)]
extern "system" fn Java_org_apache_mesos_MesosSchedulerDriver_start<'l>(
    mut env: EnvUnowned<'l>,
    this: JObject<'l>,
) -> JObject<'l> {
    env.with_env(|env| {
        let Some(driver) = driver(env, &this)? else { return not_initialized(env) };
        let status = match driver.start() {
            Start::Was(status) => status,
            Start::Failed(why) => {
                crate::say(&why);
                driver.java.error(env, &why)?;
                driver.status()
            }
        };
        driver.java.classes.status(env, status)
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}

/// `stop(boolean failover)`
// SAFETY: as for `initialize`.
#[allow(unsafe_code, non_snake_case)]
#[unsafe(no_mangle)]
extern "system" fn Java_org_apache_mesos_MesosSchedulerDriver_stop<'l>(
    mut env: EnvUnowned<'l>,
    this: JObject<'l>,
    failover: jboolean,
) -> JObject<'l> {
    let ending = if failover { Ending::Failover } else { Ending::Teardown };
    env.with_env(|env| with_driver(env, &this, |driver| driver.stop(ending)))
        .resolve::<ThrowRuntimeExAndDefault>()
}

/// `abort()`
// SAFETY: as for `initialize`.
#[allow(unsafe_code, non_snake_case)]
#[unsafe(no_mangle)]
extern "system" fn Java_org_apache_mesos_MesosSchedulerDriver_abort<'l>(
    mut env: EnvUnowned<'l>,
    this: JObject<'l>,
) -> JObject<'l> {
    env.with_env(|env| with_driver(env, &this, Driver::abort)).resolve::<ThrowRuntimeExAndDefault>()
}

/// `join()`
// SAFETY: as for `initialize`.
#[allow(unsafe_code, non_snake_case)]
#[unsafe(no_mangle)]
extern "system" fn Java_org_apache_mesos_MesosSchedulerDriver_join<'l>(
    mut env: EnvUnowned<'l>,
    this: JObject<'l>,
) -> JObject<'l> {
    env.with_env(|env| with_driver(env, &this, Driver::join)).resolve::<ThrowRuntimeExAndDefault>()
}

/// `MesosNativeLibrary._version()`
// SAFETY: as for `initialize`.
#[allow(unsafe_code, non_snake_case)]
#[unsafe(no_mangle)]
extern "system" fn Java_org_apache_mesos_MesosNativeLibrary__1version<'l>(
    mut env: EnvUnowned<'l>,
    _: JClass<'l>,
) -> JObject<'l> {
    env.with_env(|env| {
        let class = env.find_class(jni_str!("org/apache/mesos/MesosNativeLibrary$Version"))?;
        env.new_object(class, jni_sig!("(JJJ)V"), &VERSION.map(JValue::Long))
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}

fn launch_tasks(
    env: &mut Env<'_>,
    driver: &Driver,
    offers: Vec<Bytes>,
    tasks: &JObject<'_>,
    filters: &JObject<'_>,
) -> Result<()> {
    let tasks: Vec<Bytes> = encoded_each(env, tasks)?.into_iter().map(task::meant).collect();
    driver.launches(&offers, &tasks);
    let operations = if tasks.is_empty() { vec![] } else { vec![launch(&tasks)] };
    driver.call(Call::Accept { offers, operations, filters: encoded_or_null(env, filters)? });
    Ok(())
}

/// Does something while the driver runs, and gives its status.
fn while_running<'l>(
    env: &mut Env<'l>,
    this: &JObject<'l>,
    what: impl FnOnce(&mut Env<'l>, &Driver) -> Result<()>,
) -> Result<JObject<'l>> {
    let Some(driver) = driver(env, this)? else { return not_initialized(env) };
    if driver.status() == Status::Running {
        what(env, &driver)?;
    }
    driver.java.classes.status(env, driver.status())
}

fn with_driver<'l>(
    env: &mut Env<'l>,
    this: &JObject<'l>,
    what: impl FnOnce(&Driver) -> Status,
) -> Result<JObject<'l>> {
    let Some(driver) = driver(env, this)? else { return not_initialized(env) };
    let status = what(&driver);
    driver.java.classes.status(env, status)
}

/// A driver whose `initialize` threw has never been started.
fn not_initialized<'l>(env: &mut Env<'l>) -> Result<JObject<'l>> {
    Classes::find(env)?.status(env, Status::NotStarted)
}

/// The driver of a Java object, kept alive while it is held.
fn driver(env: &mut Env<'_>, this: &JObject<'_>) -> Result<Option<Arc<Driver>>> {
    Ok(handles::get(handle(env, this)?))
}

fn handle(env: &mut Env<'_>, this: &JObject<'_>) -> Result<jlong> {
    env.get_field(this, jni_str!("__driver"), jni_sig!("J"))?.j()
}
