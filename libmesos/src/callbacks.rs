//! The callback thread: calls the program's `Scheduler`, one callback after the other, holding no lock.

use std::{
    ffi::c_void,
    io,
    marker::PhantomData,
    ptr,
    sync::{Arc, mpsc},
    thread,
};

use bytes::Bytes;
use jni::{Env, EnvUnowned, JavaVM, Outcome, objects::JObject, refs::Weak, sys};
use lcmap_mesos::{
    message::{ExecutorMessage, Failure},
    scheduler::Call,
    wire,
};

use crate::{
    driver::{Acknowledgements, Driver},
    java::Classes,
    java_scheduler::JavaScheduler,
    say,
    status::Status,
    wishes::Wishes,
};

/// A callback that is due.
#[derive(Debug)]
pub(crate) enum Callback {
    Registered {
        framework_id: Bytes,
        master_info: Bytes,
    },
    Reregistered {
        master_info: Bytes,
    },
    Disconnected,
    Offers(Vec<Bytes>),
    Rescinded(Bytes),
    Update(Bytes),
    Message(ExecutorMessage),
    Failure(Failure),
    Error(String),
    /// No callback of Java: what the program asks of offers is to be read.
    Wishes,
}

/// What the callback thread knows of Java.
#[derive(Debug)]
pub(crate) struct JavaSide {
    pub(crate) vm: JavaVM,
    /// The Java driver. Weak, so that a program that forgets it lets it be collected; its scheduler hangs on it.
    pub(crate) driver: Weak<JObject<'static>>,
    pub(crate) classes: Classes,
}

impl JavaSide {
    /// Starts the callback thread, which ends when nobody is left to send.
    pub(crate) fn spawn(&self, driver: Arc<Driver>, callbacks: mpsc::Receiver<Callback>) -> io::Result<()> {
        let vm = self.vm.clone();
        let run = move || {
            if let Some(mut attached) = Attached::as_daemon(&vm) {
                let mut is_spark = true;
                for callback in callbacks {
                    match callback {
                        Callback::Wishes => is_spark = is_spark && attached.read_wishes(&driver),
                        callback => attached.deliver(&driver, &callback),
                    }
                }
            } else {
                fail(&driver, "the JVM does not let a thread attach: no callback can be made");
            }
        };
        thread::Builder::new().name("mesos-callbacks".to_owned()).spawn(run).map(drop)
    }

    /// Calls `error` on the calling thread: for a driver that cannot even start.
    pub(crate) fn error(&self, env: &mut Env<'_>, why: &str) -> jni::errors::Result<()> {
        self.call(env, &Callback::Error(why.to_owned()))
    }

    /// What the program asks of offers; an error means that it is not Spark.
    fn wishes(&self, env: &mut Env<'_>) -> jni::errors::Result<Option<Wishes>> {
        JavaScheduler::of(env, self)?.map(|scheduler| scheduler.wishes(env)).transpose()
    }

    fn call(&self, env: &mut Env<'_>, callback: &Callback) -> jni::errors::Result<()> {
        match JavaScheduler::of(env, self)? {
            Some(scheduler) => scheduler.call(env, callback),
            // Java has collected the driver: nobody is left to call.
            None => Ok(()),
        }
    }
}

/// This thread's attachment to the JVM. As a daemon: a program that ends must not wait for it.
///
/// jni has no such attachment, hence the raw calls.
struct Attached {
    env: *mut sys::JNIEnv,
    vm: *mut sys::JavaVM,
    /// The attachment belongs to the thread that made it.
    _not_send: PhantomData<*mut ()>,
}

impl Attached {
    fn as_daemon(vm: &JavaVM) -> Option<Self> {
        let vm = vm.get_raw();
        let mut env: *mut c_void = ptr::null_mut();
        let name = c"mesos-callbacks";
        let mut arguments = sys::JavaVMAttachArgs {
            version: sys::JNI_VERSION_1_6,
            name: name.as_ptr().cast_mut(),
            group: ptr::null_mut(),
        };
        let arguments = ptr::from_mut(&mut arguments).cast();
        // SAFETY: `vm` is the live JVM that called this library; the arguments outlive the call, which only reads them, and
        // `env` is written before it is read.
        #[allow(unsafe_code)]
        let result = unsafe { ((**vm).v1_4.AttachCurrentThreadAsDaemon)(vm, &raw mut env, arguments) };
        let attached = result == sys::JNI_OK && !env.is_null();
        attached.then(|| Self { env: env.cast(), vm, _not_send: PhantomData })
    }

    /// Reads what the program asks of offers while it has no task, or had none; `is_spark` until it proves to be another's.
    fn read_wishes(&mut self, driver: &Driver) -> bool {
        if driver.status() != Status::Running || !driver.ledger().has_to_say() {
            return true;
        }
        // SAFETY: as in `deliver`.
        #[allow(unsafe_code)]
        let mut env = unsafe { EnvUnowned::from_raw(self.env) };
        let read = env.with_env(|env| {
            let wishes = env.with_local_frame(16, |env| driver.java.wishes(env));
            if wishes.is_err() && env.exception_check() {
                env.exception_clear();
            }
            wishes
        });
        match read.into_outcome() {
            Outcome::Ok(Some(wishes)) => driver.judge(&wishes),
            Outcome::Ok(None) => {}
            Outcome::Err(_) | Outcome::Panic(_) => return false,
        }
        true
    }

    /// Makes one callback, and what has to follow it.
    fn deliver(&mut self, driver: &Driver, callback: &Callback) {
        let due = match callback {
            // As the C++ driver: the driver is aborted before the program hears of it.
            Callback::Error(_) => driver.abort_running(),
            _ => driver.status() == Status::Running,
        };
        if !due {
            return;
        }
        // SAFETY: `env` is this thread's attachment, which lives as long as `self`, and `self` stays on this thread.
        #[allow(unsafe_code)]
        let mut env = unsafe { EnvUnowned::from_raw(self.env) };
        let called = env.with_env(|env| {
            let outcome = env.with_local_frame(16, |env| driver.java.call(env, callback));
            if outcome.is_err() && env.exception_check() {
                env.exception_describe();
                env.exception_clear();
            }
            outcome
        });
        match called.into_outcome() {
            Outcome::Ok(()) => acknowledge(driver, callback),
            // The program's own exception, described above: as the C++ driver, abort.
            Outcome::Err(error) => {
                fail(driver, &format!("{} failed, the driver is aborted: {error}", callback.name()));
            }
            Outcome::Panic(_) => fail(
                driver,
                &format!("{} failed by a fault of libmesos itself, the driver is aborted", callback.name()),
            ),
        }
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        // SAFETY: this thread is attached, by `as_daemon`, and no Java frame is on its stack.
        #[allow(unsafe_code)]
        let _ = unsafe { ((**self.vm).v1_4.DetachCurrentThread)(self.vm) };
    }
}

impl Callback {
    /// The method of `Scheduler` that it calls.
    fn name(&self) -> &'static str {
        match self {
            Self::Registered { .. } => "registered",
            Self::Reregistered { .. } => "reregistered",
            Self::Disconnected => "disconnected",
            Self::Offers(_) => "resourceOffers",
            Self::Rescinded(_) => "offerRescinded",
            Self::Update(_) => "statusUpdate",
            Self::Message(_) => "frameworkMessage",
            Self::Failure(Failure { executor_id: Some(_), .. }) => "executorLost",
            Self::Failure(_) => "slaveLost",
            Self::Error(_) => "error",
            Self::Wishes => "wishes",
        }
    }
}

/// Aborts a driver whose callbacks cannot go on, and says why: here, and to whoever supervises the process. What Mesos had against
/// it before, which the program may have answered with an exception, stays the reason.
fn fail(driver: &Driver, why: &str) {
    say(why);
    driver.report(|state| {
        state.reason.get_or_insert_with(|| why.to_owned());
    });
    driver.abort();
}

/// The driver's own acknowledgement, after a callback that went well.
fn acknowledge(driver: &Driver, callback: &Callback) {
    if let (Callback::Update(status), Acknowledgements::Implicit) = (callback, driver.acknowledgements)
        && let Some(call) = acknowledgement(status)
    {
        driver.call(call);
    }
}

/// The acknowledgement of a status; none for one that wants none.
pub(crate) fn acknowledgement(status: &[u8]) -> Option<Call> {
    let field = |number| wire::bytes(status, number).map(Bytes::copy_from_slice);
    let uuid = field(11).filter(|uuid| !uuid.is_empty())?;
    Some(Call::Acknowledge { agent: field(5)?, task: field(1)?, uuid })
}
