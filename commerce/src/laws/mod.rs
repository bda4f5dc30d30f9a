//! Laws that hold of every cart, sale, return and shift, whatever was done: property tests over
//! what [`crate::testing`] makes by the public acts alone. Compiled for tests only.

mod cart;
mod figures;
mod returns;
mod shift;
mod staff;
