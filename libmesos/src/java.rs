//! The Java classes of Mesos, found once: later threads have no class loader that knows them.

use jni::{
    Env, jni_sig, jni_str,
    objects::{JClass, JObject, JValue},
    refs::Global,
    signature::RuntimeMethodSignature,
    strings::JNIString,
};

use crate::status::Status;

/// A message class of `org.apache.mesos.Protos`.
#[derive(Debug)]
pub(crate) struct Message {
    class: Global<JClass<'static>>,
    parse: RuntimeMethodSignature,
}

impl Message {
    fn find(env: &mut Env<'_>, name: &str) -> jni::errors::Result<Self> {
        let class = format!("org/apache/mesos/Protos${name}");
        let parse = RuntimeMethodSignature::from_str(format!("([B)L{class};"))?;
        let class = env.find_class(JNIString::from(class))?;
        Ok(Self { class: env.new_global_ref(class)?, parse })
    }

    /// Makes a Java object of an encoded message.
    pub(crate) fn parse<'l>(&self, env: &mut Env<'l>, encoded: &[u8]) -> jni::errors::Result<JObject<'l>> {
        let bytes = env.byte_array_from_slice(encoded)?;
        let signature = self.parse.method_signature();
        env.call_static_method(&self.class, jni_str!("parseFrom"), signature, &[JValue::Object(&bytes)])?.l()
    }
}

/// What callbacks and natives need.
#[derive(Debug)]
pub(crate) struct Classes {
    status: Global<JClass<'static>>,
    list: Global<JClass<'static>>,
    pub(crate) framework_id: Message,
    pub(crate) master_info: Message,
    pub(crate) offer: Message,
    pub(crate) offer_id: Message,
    pub(crate) task_status: Message,
    pub(crate) executor_id: Message,
    pub(crate) agent_id: Message,
}

impl Classes {
    /// Finds them with the class loader of the Java method that is being called.
    pub(crate) fn find(env: &mut Env<'_>) -> jni::errors::Result<Self> {
        let status = env.find_class(jni_str!("org/apache/mesos/Protos$Status"))?;
        let list = env.find_class(jni_str!("java/util/ArrayList"))?;
        Ok(Self {
            status: env.new_global_ref(status)?,
            list: env.new_global_ref(list)?,
            framework_id: Message::find(env, "FrameworkID")?,
            master_info: Message::find(env, "MasterInfo")?,
            offer: Message::find(env, "Offer")?,
            offer_id: Message::find(env, "OfferID")?,
            task_status: Message::find(env, "TaskStatus")?,
            executor_id: Message::find(env, "ExecutorID")?,
            agent_id: Message::find(env, "SlaveID")?,
        })
    }

    /// The Java enum constant of a status.
    pub(crate) fn status<'l>(&self, env: &mut Env<'l>, status: Status) -> jni::errors::Result<JObject<'l>> {
        let signature = jni_sig!("(I)Lorg/apache/mesos/Protos$Status;");
        env.call_static_method(&self.status, jni_str!("valueOf"), signature, &[JValue::Int(status as i32)])?
            .l()
    }

    /// A list of messages.
    pub(crate) fn list<'l>(
        &self,
        env: &mut Env<'l>,
        message: &Message,
        encoded: &[bytes::Bytes],
    ) -> jni::errors::Result<JObject<'l>> {
        let list = env.new_object(&self.list, jni_sig!("()V"), &[])?;
        for each in encoded {
            // A frame each: ten thousand offers would overflow the local references of one.
            env.with_local_frame(8, |env| -> jni::errors::Result<()> {
                let object = message.parse(env, each)?;
                let add = jni_sig!("(Ljava/lang/Object;)Z");
                env.call_method(&list, jni_str!("add"), add, &[JValue::Object(&object)]).map(drop)
            })?;
        }
        Ok(list)
    }
}
