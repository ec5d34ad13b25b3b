//! The program's own `Scheduler`: one method for each callback.

use bytes::Bytes;
use jni::{Env, JValue, jni_sig, jni_str, objects::JObject, signature::MethodSignature, strings::JNIStr};
use lcmap_mesos::message::{ExecutorMessage, Failure};

use crate::{
    callbacks::{Callback, JavaSide},
    java::Classes,
    wishes::Wishes,
};

type Result<T> = jni::errors::Result<T>;

/// A scheduler, with the driver that is the first argument of each of its methods.
pub(crate) struct JavaScheduler<'c, 'l> {
    classes: &'c Classes,
    driver: JObject<'l>,
    scheduler: JObject<'l>,
}

impl<'c, 'l> JavaScheduler<'c, 'l> {
    /// The scheduler of a driver; none once Java has collected the driver.
    pub(crate) fn of(env: &mut Env<'l>, java: &'c JavaSide) -> Result<Option<Self>> {
        let Some(driver) = java.driver.upgrade_local(env)? else { return Ok(None) };
        let signature = jni_sig!(org.apache.mesos.Scheduler);
        let scheduler = env.get_field(&driver, jni_str!("scheduler"), signature)?.l()?;
        Ok(Some(Self { classes: &java.classes, driver, scheduler }))
    }

    /// Makes the callback.
    pub(crate) fn call(&self, env: &mut Env<'l>, callback: &Callback) -> Result<()> {
        match callback {
            Callback::Registered { framework_id, master_info } => {
                self.registered(env, framework_id, master_info)
            }
            Callback::Reregistered { master_info } => self.reregistered(env, master_info),
            Callback::Disconnected => {
                let signature = jni_sig!((org.apache.mesos.SchedulerDriver) -> void);
                self.invoke(env, jni_str!("disconnected"), &signature, &[])
            }
            Callback::Offers(offers) => self.resource_offers(env, offers),
            Callback::Rescinded(offer) => self.offer_rescinded(env, offer),
            Callback::Update(status) => self.status_update(env, status),
            Callback::Message(message) => self.framework_message(env, message),
            Callback::Failure(failure) => self.lost(env, failure),
            Callback::Error(why) => self.error(env, why),
            Callback::Wishes => Ok(()),
        }
    }

    /// What it asks of offers.
    pub(crate) fn wishes(&self, env: &mut Env<'_>) -> Result<Wishes> {
        Wishes::read(env, &self.scheduler)
    }

    fn registered(&self, env: &mut Env<'l>, framework_id: &[u8], master_info: &[u8]) -> Result<()> {
        let id = self.classes.framework_id.parse(env, framework_id)?;
        let master = self.classes.master_info.parse(env, master_info)?;
        let signature = jni_sig!(
            (org.apache.mesos.SchedulerDriver, org.apache.mesos.Protos::FrameworkID, org.apache.mesos.Protos::MasterInfo) -> void
        );
        self.invoke(env, jni_str!("registered"), &signature, &[(&id).into(), (&master).into()])
    }

    fn reregistered(&self, env: &mut Env<'l>, master_info: &[u8]) -> Result<()> {
        let master = self.classes.master_info.parse(env, master_info)?;
        let signature =
            jni_sig!((org.apache.mesos.SchedulerDriver, org.apache.mesos.Protos::MasterInfo) -> void);
        self.invoke(env, jni_str!("reregistered"), &signature, &[(&master).into()])
    }

    fn resource_offers(&self, env: &mut Env<'l>, offers: &[Bytes]) -> Result<()> {
        let offers = self.classes.list(env, &self.classes.offer, offers)?;
        let signature = jni_sig!((org.apache.mesos.SchedulerDriver, java.util.List) -> void);
        self.invoke(env, jni_str!("resourceOffers"), &signature, &[(&offers).into()])
    }

    fn offer_rescinded(&self, env: &mut Env<'l>, offer: &[u8]) -> Result<()> {
        let offer = self.classes.offer_id.parse(env, offer)?;
        let signature =
            jni_sig!((org.apache.mesos.SchedulerDriver, org.apache.mesos.Protos::OfferID) -> void);
        self.invoke(env, jni_str!("offerRescinded"), &signature, &[(&offer).into()])
    }

    fn status_update(&self, env: &mut Env<'l>, status: &[u8]) -> Result<()> {
        let status = self.classes.task_status.parse(env, status)?;
        let signature =
            jni_sig!((org.apache.mesos.SchedulerDriver, org.apache.mesos.Protos::TaskStatus) -> void);
        self.invoke(env, jni_str!("statusUpdate"), &signature, &[(&status).into()])
    }

    fn framework_message(&self, env: &mut Env<'l>, message: &ExecutorMessage) -> Result<()> {
        let executor = self.classes.executor_id.parse(env, &message.executor_id)?;
        let agent = self.classes.agent_id.parse(env, &message.agent_id)?;
        let data = env.byte_array_from_slice(&message.data)?;
        let signature = jni_sig!(
            (org.apache.mesos.SchedulerDriver, org.apache.mesos.Protos::ExecutorID, org.apache.mesos.Protos::SlaveID, [byte]) -> void
        );
        let arguments = [(&executor).into(), (&agent).into(), JValue::Object(&data)];
        self.invoke(env, jni_str!("frameworkMessage"), &signature, &arguments)
    }

    /// `executorLost` where the failure names an executor, `slaveLost` otherwise.
    fn lost(&self, env: &mut Env<'l>, failure: &Failure) -> Result<()> {
        let agent = self.classes.agent_id.parse(env, failure.agent_id.as_deref().unwrap_or_default())?;
        let Some(executor) = &failure.executor_id else {
            let signature =
                jni_sig!((org.apache.mesos.SchedulerDriver, org.apache.mesos.Protos::SlaveID) -> void);
            return self.invoke(env, jni_str!("slaveLost"), &signature, &[(&agent).into()]);
        };
        let executor = self.classes.executor_id.parse(env, executor)?;
        let signature = jni_sig!(
            (org.apache.mesos.SchedulerDriver, org.apache.mesos.Protos::ExecutorID, org.apache.mesos.Protos::SlaveID, int) -> void
        );
        let status = JValue::Int(failure.status.unwrap_or_default());
        self.invoke(env, jni_str!("executorLost"), &signature, &[(&executor).into(), (&agent).into(), status])
    }

    fn error(&self, env: &mut Env<'l>, why: &str) -> Result<()> {
        let why = env.new_string(why)?;
        let signature = jni_sig!((org.apache.mesos.SchedulerDriver, java.lang.String) -> void);
        self.invoke(env, jni_str!("error"), &signature, &[JValue::Object(&why)])
    }

    fn invoke(
        &self,
        env: &mut Env<'l>,
        name: &JNIStr,
        signature: &MethodSignature<'_, '_>,
        arguments: &[JValue<'_>],
    ) -> Result<()> {
        let all: Vec<JValue<'_>> =
            std::iter::once(JValue::Object(&self.driver)).chain(arguments.iter().copied()).collect();
        env.call_method(&self.scheduler, name, signature, &all).map(drop)
    }
}
