//! What replicas agree on: the log that each writes, and how anyone can check it.
//!
//! | module | what it is | what it does not know |
//! | --- | --- | --- |
//! | [`clock`] | the hybrid logical clock: strictly increasing whatever the wall clock does | the wall clock: `now_ms` is passed in |
//! | [`log`] | replicas, streams, entries, hashes, seals | tables, meaning of bodies |
//! | [`body`] | what the entries' bodies say, as numbered CBOR | the log around them |
//! | [`trust`] | whose keys count: papers that a chain, its stores and its hub sign | where papers come from |
//! | [`enrol`] | becoming one of the chain: requests, who grants them, certificates and papers | files, clocks |
//! | [`bulk`] | what the hub's bulk entries say: price pushes in columns | the tables they merge into |
//! | [`space`] | what the shop's shared carts are told in: operations, as numbered CBOR | carts' rows, who may do what |
//! | [`customer`] | what a customers stream says, and the state it merges into | tables, who may do what |
//! | [`settings`] | what the hub's settings say, and which count in a store | tables, what a setting does |
//! | [`store`] | the log's tables: append, read, verify; the witness's decision | files, transactions, migrations, folding into state |
//! | [`batch`] | a run of entries in few bytes, for archives and exports | tables, the network |
//! | [`wire`] | what replicas say to each other | who says what when |
//! | [`snapshot`] | a catalogue as one file or as pages, sealed by the hub | tables, who asks for which |
//! | [`session`] | the conversation of replicas: who says what when | clocks, sockets, tables |
//! | [`link`] | how frames travel | what is in them |
//! | [`planted`] | faults that the simulation must see | everything else: it is empty outside that build |
//! | [`version`] | what an old version of Till knows, in a simulation | everything else, likewise |
//!
//! How an entry is bound: each hash covers replica, kind, sequence, clock, the hash before and the
//! body; the chain begins with a hash over the replica's public key; a seal signs replica, kind,
//! sequence and hash. What each kind of damage comes to:
//!
//! | changed | found by |
//! | --- | --- |
//! | a body, clock, hash or seal; an entry removed, moved or added | [`store::verify`] |
//! | the replica's id or key, the head row | [`store::verify`] |
//! | the last entries and the head row cut off together | [`store::verify`] with a [`store::Mark`] seen elsewhere |
//! | the whole chain written anew with another key | comparing the public key with the till's own, or a [`store::Mark`] |
//! | the database restored from a backup, or copied to another machine | [`store::judge`] |
//! | database and witness restored together | peers' acknowledgements, which are not here |
//!
//! Only [`link`] names a runtime or a network, only [`store`] names SQLite.

pub mod batch;
pub mod body;
pub mod bulk;
mod cbor;
pub mod clock;
pub mod customer;
pub mod enrol;
pub mod link;
pub mod log;
pub mod planted;
mod register;
pub mod session;
pub mod settings;
pub mod snapshot;
pub mod space;
mod squeeze;
pub mod store;
pub mod trust;
pub mod version;
pub mod wire;
