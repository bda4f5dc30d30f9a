//! A manifest sealed, read back, spoilt.
