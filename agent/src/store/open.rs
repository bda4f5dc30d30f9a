//! Opening a database file.
