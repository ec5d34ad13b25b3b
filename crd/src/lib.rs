//! The SparkJob API: types, schema, CEL rules and offline admission. No I/O.
