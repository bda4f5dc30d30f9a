//! Reading files of master data.
