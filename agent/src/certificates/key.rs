//! PURE: private keys in the encodings that OpenSSL writes, and the public half that tells whose they are.

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RsaKeyPair,
};

use super::pem::Block;

/// `PrivateKeyInfo` before its key, for an EC key on P-256 and on P-384: version, algorithm, curve (RFC 5958).
const EC_PREFIXES: [&[u8]; 2] = [
    b"\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07",
    b"\x02\x01\x00\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22",
];

/// Why a private key cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The key needs a password.
    #[error("is encrypted, and nobody is there to type a password; decrypt it with `openssl pkey -in FILE`")]
    Encrypted,
    /// The key is damaged, or of a kind that is not supported.
    #[error(
        "is damaged or of a kind that is not supported; RSA of 2048 to 4096 bits, EC on P-256 or P-384 and Ed25519 are"
    )]
    Unsupported,
}

/// A private key that can be used.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateKey {
    /// The label of its PEM block.
    pub label: String,
    /// What its PEM block holds.
    pub der: Vec<u8>,
    /// The public half, as it stands in a certificate's `subjectPublicKey`.
    pub public: Vec<u8>,
}

impl std::fmt::Debug for PrivateKey {
    /// Leaves the key out.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PrivateKey").field("label", &self.label).finish_non_exhaustive()
    }
}

impl PrivateKey {
    /// Reads PKCS#8, PKCS#1 or SEC1.
    pub fn parse(block: &Block) -> Result<Self, KeyError> {
        if block.encrypted || block.label == "ENCRYPTED PRIVATE KEY" {
            return Err(KeyError::Encrypted);
        }
        let public = match block.label.as_str() {
            "PRIVATE KEY" => of_pkcs8(&block.der),
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(&block.der).ok().map(|key| public_half(&key)),
            "EC PRIVATE KEY" => EC_PREFIXES.iter().find_map(|prefix| of_pkcs8(&wrap(prefix, &block.der))),
            _ => None,
        };
        let public = public.ok_or(KeyError::Unsupported)?;
        Ok(Self { label: block.label.clone(), der: block.der.clone(), public })
    }
}

fn of_pkcs8(der: &[u8]) -> Option<Vec<u8>> {
    let random = SystemRandom::new();
    let rsa = || Some(public_half(&RsaKeyPair::from_pkcs8(der).ok()?));
    let ed25519 = || Some(public_half(&Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok()?));
    let ec = |algorithm| Some(public_half(&EcdsaKeyPair::from_pkcs8(algorithm, der, &random).ok()?));
    rsa()
        .or_else(|| ec(&ECDSA_P256_SHA256_ASN1_SIGNING))
        .or_else(|| ec(&ECDSA_P384_SHA384_ASN1_SIGNING))
        .or_else(ed25519)
}

fn public_half(key: &impl KeyPair) -> Vec<u8> {
    key.public_key().as_ref().to_vec()
}

/// A SEC1 key as PKCS#8: SEQUENCE { prefix, OCTET STRING { key } }.
fn wrap(prefix: &[u8], sec1: &[u8]) -> Vec<u8> {
    let key = tagged(0x04, sec1);
    tagged(0x30, &[prefix, &key].concat())
}

/// Tag, length and content in DER.
fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant = length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1);
    let length = &length[significant..];
    let mut der = vec![tag];
    if let [short @ ..0x80] = length {
        der.push(*short);
    } else {
        der.push(0x80 | u8::try_from(length.len()).unwrap_or(0));
        der.extend_from_slice(length);
    }
    der.extend_from_slice(content);
    der
}
