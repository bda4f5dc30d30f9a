//! Items, prices and their search.
