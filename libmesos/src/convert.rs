//! Java's messages and collections into bytes and lists.

use bytes::Bytes;
use jni::{
    Env, jni_sig, jni_str,
    objects::{JByteArray, JObject, JObjectArray, JString},
};

type Result<T> = jni::errors::Result<T>;

/// An encoded message: what its `toByteArray` says.
pub(crate) fn encoded(env: &mut Env<'_>, message: &JObject<'_>) -> Result<Bytes> {
    env.with_local_frame(4, |env| {
        let array = env.call_method(message, jni_str!("toByteArray"), jni_sig!("()[B"), &[])?.l()?;
        let array = env.cast_local::<JByteArray<'_>>(array)?;
        Ok(env.convert_byte_array(&array)?.into())
    })
}

/// An encoded message, or none for null.
pub(crate) fn encoded_or_null(env: &mut Env<'_>, message: &JObject<'_>) -> Result<Option<Bytes>> {
    if message.is_null() { Ok(None) } else { encoded(env, message).map(Some) }
}

/// The encoded messages of a collection.
pub(crate) fn encoded_each(env: &mut Env<'_>, collection: &JObject<'_>) -> Result<Vec<Bytes>> {
    each(env, collection, encoded)
}

/// The strings of a collection; none for null.
pub(crate) fn strings(env: &mut Env<'_>, collection: &JObject<'_>) -> Result<Vec<String>> {
    if collection.is_null() { Ok(vec![]) } else { each(env, collection, string) }
}

/// A string.
pub(crate) fn string(env: &mut Env<'_>, object: &JObject<'_>) -> Result<String> {
    env.with_local_frame(4, |env| {
        let object = env.new_local_ref(object)?;
        let string = env.cast_local::<JString<'_>>(object)?;
        string.try_to_string(env)
    })
}

fn each<T>(
    env: &mut Env<'_>,
    collection: &JObject<'_>,
    convert: impl Fn(&mut Env<'_>, &JObject<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    env.with_local_frame(4, |env| {
        let array =
            env.call_method(collection, jni_str!("toArray"), jni_sig!("()[Ljava/lang/Object;"), &[])?.l()?;
        let array = env.cast_local::<JObjectArray<'_>>(array)?;
        let length = array.len(env)?;
        let one = |env: &mut Env<'_>, index| {
            env.with_local_frame(4, |env| {
                let element = array.get_element(env, index)?;
                convert(env, &element)
            })
        };
        (0..length).map(|index| one(env, index)).collect()
    })
}
